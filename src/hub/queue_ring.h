/* queue_ring.h — entries of a session's queue with consecutive sequence numbers, found by number.
 * Zero-initialised is valid and empty; it holds no memory while it never held an entry. */
#ifndef HUB_QUEUE_RING_H
#define HUB_QUEUE_RING_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msg;
struct queue_ids;

enum queue_entry_state {
    ENTRY_GONE, /* acknowledged, dropped or never there: keeps its place only */
    ENTRY_QUEUED,
    ENTRY_SENT,
    ENTRY_RELEASING, /* PUBREC has come, its commit is awaited */
    ENTRY_RELEASED,  /* PUBREL is out */
};

struct queue_entry {
    struct msg *msg; /* a reference; NULL when gone, and from PUBREC on */
    int64_t row;     /* in the store; 0: not sealed yet, or none */
    uint8_t qos;
    uint8_t state;
    bool retain : 1;
    bool dup : 1;   /* may have been sent before */
    bool due : 1;   /* in flight, and still to be sent again on this connection */
    uint32_t share; /* number of the group whose turn brought it here; 0: none */
    struct queue_ids
        *ids; /* its own (queue_entry_give_ids); NULL: none. They go with the message */
};

/* Takes ids, which may be NULL; the entry has none yet. */
void queue_entry_give_ids(struct queue_entry *entry, struct queue_ids *ids);
/* Lets go of the message and the identifiers, if there are any. */
void queue_entry_clear(struct queue_entry *entry);
/* Bytes of these two in memory. */
size_t queue_entry_size(const struct queue_entry *entry);

struct queue_ring {
    struct queue_entry *at;
    size_t cap; /* 0 or a power of two */
    int64_t from;
    int64_t end; /* behind the last */
};

static inline size_t queue_ring_count(const struct queue_ring *ring)
{
    return (size_t)(ring->end - ring->from);
}

static inline bool queue_ring_empty(const struct queue_ring *ring)
{
    return ring->from == ring->end;
}

/* seq must be within. Valid until the next push. */
static inline struct queue_entry *queue_ring_at(const struct queue_ring *ring, int64_t seq)
{
    return &ring->at[(size_t)seq & (ring->cap - 1)];
}

/* NULL when seq is not within. */
static inline struct queue_entry *queue_ring_get(const struct queue_ring *ring, int64_t seq)
{
    return seq >= ring->from && seq < ring->end ? queue_ring_at(ring, seq) : NULL;
}

/* Frees the memory; what entries own is the caller's. The place stays. */
void queue_ring_free(struct queue_ring *ring);
/* Clears the entries too. */
void queue_ring_drop(struct queue_ring *ring);

/* An empty ring goes on with this number. */
static inline void queue_ring_move(struct queue_ring *ring, int64_t seq)
{
    if (!queue_ring_empty(ring)) BUG("a queue that is not empty is moved");
    ring->from = ring->end = seq;
}

/* Adds entry under the number ring->end. */
void queue_ring_push(struct queue_ring *ring, const struct queue_entry *entry);
/* The same under seq, with gone ones between; an empty ring begins there. */
void queue_ring_push_at(struct queue_ring *ring, int64_t seq, const struct queue_entry *entry);

/* The entry is the caller's. The ring must not be empty. */
static inline struct queue_entry queue_ring_pop(struct queue_ring *ring)
{
    return *queue_ring_at(ring, ring->from++);
}

#define queue_ring_for_each(it, ring)                                         \
    for (int64_t it##_seq = (ring)->from; it##_seq < (ring)->end; it##_seq++) \
        for (struct queue_entry *it = queue_ring_at((ring), it##_seq); it; it = NULL)

#endif
