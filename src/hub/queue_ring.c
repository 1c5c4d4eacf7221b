/* queue_ring.c — see queue_ring.h. The capacity is a power of two above the count, so that the place of
 * an entry is its number modulo the capacity, and stays when the front moves.
 * What it takes is counted in the budget, and so are the identifiers of entries.
 *  I1  from <= end; the entries between them are initialised. */
#include "hub/queue_ring.h"

#include "base/budget.h"
#include "hub/msg.h"
#include "hub/queue_page.h"

#include <stdlib.h>

enum { SMALLEST = 8 };

void queue_entry_give_ids(struct queue_entry *entry, struct queue_ids *ids)
{
    entry->ids = ids;
    budget_add(BUDGET_QUEUES, queue_ids_size(ids));
}

void queue_entry_clear(struct queue_entry *entry)
{
    msg_unref(entry->msg);
    entry->msg = NULL;
    if (!entry->ids) return;
    budget_sub(BUDGET_QUEUES, queue_ids_size(entry->ids));
    free(entry->ids);
    entry->ids = NULL;
}

size_t queue_entry_size(const struct queue_entry *entry)
{
    return (entry->msg ? msg_size(entry->msg) : 0) + queue_ids_size(entry->ids);
}

static void grow(struct queue_ring *ring)
{
    struct queue_ring more = *ring;
    more.cap = ring->cap ? ring->cap * 2 : SMALLEST;
    more.at = xcalloc(more.cap, sizeof *more.at);
    for (int64_t seq = ring->from; seq < ring->end; seq++)
        *queue_ring_at(&more, seq) = *queue_ring_at(ring, seq);
    free(ring->at);
    budget_add(BUDGET_QUEUES, (more.cap - ring->cap) * sizeof *more.at);
    *ring = more;
}

void queue_ring_free(struct queue_ring *ring)
{
    budget_sub(BUDGET_QUEUES, ring->cap * sizeof *ring->at);
    free(ring->at);
    ring->at = NULL;
    ring->cap = 0;
    ring->from = ring->end;
}

void queue_ring_drop(struct queue_ring *ring)
{
    queue_ring_for_each(entry, ring) queue_entry_clear(entry);
    queue_ring_free(ring);
}

void queue_ring_push(struct queue_ring *ring, const struct queue_entry *entry)
{
    if (queue_ring_count(ring) == ring->cap) grow(ring);
    *queue_ring_at(ring, ring->end++) = *entry;
}

void queue_ring_push_at(struct queue_ring *ring, int64_t seq, const struct queue_entry *entry)
{
    static const struct queue_entry gone = { .state = ENTRY_GONE };
    if (queue_ring_empty(ring)) queue_ring_move(ring, seq);
    while (ring->end < seq)
        queue_ring_push(ring, &gone);
    queue_ring_push(ring, entry);
}
