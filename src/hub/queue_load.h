/* queue_load.h — reads queues back: what there is at start, the next entries of one when its client takes
 * them, and the end of one. For session_paging.c and sessions.c. */
#ifndef HUB_QUEUE_LOAD_H
#define HUB_QUEUE_LOAD_H

#include "base/diag.h"
#include "hub/queue_page.h"
#include "store/store.h"

struct db;
struct msg;

/* ---- at start ---- */

/* What stands in the database of one queue. */
struct queue_summary {
    int64_t session;
    size_t count; /* of entries that are not gone */
    size_t bytes; /* of their messages in memory, about */
    int64_t end;  /* behind the last sequence number that is known of */
    int64_t maybe_sent;
};
typedef void (*queue_summary_cb)(void *arg, const struct queue_summary *summary);
/* On any thread, within a read: all queues, then the first row that is free. */
int queue_load_summaries(struct db *db, queue_summary_cb cb, void *arg, int64_t *ret_next_row);
/* Queues of sessions that were connected when the hub died: nobody knows how far they were sent. */
int64_t queue_mark_crashed(struct store *store);

/* ---- one queue, page by page ---- */

struct queue_loaded {
    struct queue_ref ref;  /* but for its identifiers */
    struct queue_ids *ids; /* the callee's to keep, by setting NULL; NULL: none */
    struct msg *msg;       /* a reference, likewise; NULL: it is gone, or damaged */
};

struct queue_load {
    int64_t session;
    uint64_t round; /* the caller's */
    bool with_state;
    struct queue_state state; /* if asked for; zeros when there is none yet */
    struct queue_loaded *entries;
    size_t count;
    int64_t end; /* behind what was read; `from` when nothing was there */
    bool last;   /* there was no more */
    int rc;
};
/* On the loop. The load is freed afterwards; references to messages that the callee has taken it sets to
 * NULL. */
typedef void (*queue_load_cb)(void *arg, struct queue_load *load);
/* Reads what is committed, from the sequence number on: some pages, at least one if there is one. Which
 * of their entries are gone the caller must ask the state. */
void queue_load(struct store *store, int64_t session, int64_t from, bool with_state, uint64_t round,
                queue_load_cb cb, void *arg);

/* ---- the end ---- */

/* Deletes a session's row and all that hangs on it: subscriptions, queue, messages that nobody else waits
 * for, inbound messages. */
int64_t session_row_delete(struct store *store, int64_t session);

#endif
