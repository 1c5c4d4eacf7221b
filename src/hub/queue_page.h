/* queue_page.h — the bytes of a session's queue in the database: pages of references to messages, and
 * bitmaps. Pure. The tables are in src/store/migrations/0005_queue_pages.sql. */
#ifndef HUB_QUEUE_PAGE_H
#define HUB_QUEUE_PAGE_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A page is full at the one or above the other. */
enum { QUEUE_PAGE_ENTRIES = 128, QUEUE_PAGE_BYTES = 256 << 10 };

/* One message in a queue. */
struct queue_ref {
    int64_t seq;
    int64_t row;     /* of message_row; 0: PUBREC has come, the message is gone */
    uint32_t offset; /* in the row */
    uint8_t qos;     /* 1 or 2 */
    bool retain;
    bool released;  /* PUBREC has come */
    uint32_t share; /* number of the group whose turn brought it here; 0: none */
    uint32_t id_count;
    struct slice
        ids; /* so many subscription identifiers, as queue_ids_write writes them. Borrowed */
};

/* The last page of a queue, as far as it is written. Zero-initialised: there is none. */
struct queue_tail {
    int64_t first_seq;
    int64_t last_seq;
    int64_t last_row;
    uint32_t count;
    size_t bytes; /* of the messages in memory */
};

/* Appends ref to `out`, which continues the page `tail`, or begins a new one when tail->count is 0.
 * Sequence numbers rise; rows are below 2^61. */
void queue_page_put(struct buf *out, struct queue_tail *tail, const struct queue_ref *ref,
                    size_t bytes);
bool queue_page_full(const struct queue_tail *tail);

struct queue_page_reader {
    struct cursor cur;
    int64_t seq;
    int64_t row;
};
void queue_page_read(struct queue_page_reader *reader, int64_t first_seq, struct slice data);
/* 1 and the next one, 0 at the end, ERR_MALFORMED for what queue_page_put has not written. */
int queue_page_next(struct queue_page_reader *reader, struct queue_ref *ret_ref);

/* ---- subscription identifiers ---- */

/* Of one entry: immutable, at least one. */
struct queue_ids {
    uint32_t count;
    uint32_t at[]; /* 1 to QUEUE_MAX_ID */
};
enum { QUEUE_MAX_ID = 268435455 };

/* Returns owned, for free(). NULL when there are none. */
struct queue_ids *queue_ids_create(const uint32_t *ids, size_t count);
struct queue_ids *queue_ids_read(const struct queue_ref *ref);
/* Appends them as they stand in a page; ids may be NULL. */
void queue_ids_write(struct buf *out, const struct queue_ids *ids);
/* What so many take in memory. */
static inline size_t queue_ids_bytes(size_t count)
{
    return count ? sizeof(struct queue_ids) + count * sizeof(uint32_t) : 0;
}
static inline size_t queue_ids_size(const struct queue_ids *ids)
{
    return ids ? queue_ids_bytes(ids->count) : 0;
}

/* ---- what is gone: the columns of queue_state ---- */

struct queue_state {
    int64_t head;
    int64_t flight_end;
    int64_t unsent;
    int64_t maybe_sent; /* 0: it is known what was sent */
    struct slice done;  /* bitmaps from head on; what lies beyond them is 0 */
    struct slice released;
};

bool queue_bit(struct slice bits, int64_t at);
void queue_bit_set(struct buf *bits, int64_t at);
bool queue_state_is_gone(const struct queue_state *state, int64_t seq);
bool queue_state_is_released(const struct queue_state *state, int64_t seq);

#endif
