/* queue_journal.h — what a batch of the store changes in the queues of persistent sessions: one request
 * for all of them. It is filled when the batch is taken, so what was queued and acknowledged meanwhile
 * never reaches the disk. For session_queue.c and session_paging.c. Loop thread only. */
#ifndef HUB_QUEUE_JOURNAL_H
#define HUB_QUEUE_JOURNAL_H

#include "hub/queue_page.h"

struct msg;
struct queue_entry;
struct session;
struct sessions;
struct queue_journal; /* the one of the batch being built, and those under way */

struct queue_journal *queue_journal_create(struct sessions *all);
/* After store_stop. */
void queue_journal_destroy(struct queue_journal *journal);
/* At start: the first row that is free. */
void queue_journal_set_next_row(struct queue_journal *journal, int64_t next_row);

/* The session has one thing more to write in the batch being built: an entry with this message, or, msg
 * NULL, its state. Returns the batch's commit. */
int64_t queue_journal_add(struct session *session, struct msg *msg);
/* So many of them have cancelled out. */
void queue_journal_cancel(struct session *session, size_t changes);
/* An entry that pointed into the row is gone. The session must have its state to write in this batch. */
void queue_journal_unref(struct session *session, int64_t row);
/* The session ends: what it has to write is dropped, but for its state. */
void queue_journal_end(struct session *session);

/* ---- for session_queue_seal, called by the journal for each session that has something to write ---- */

struct queue_part; /* of one session */
/* A new entry; returns the row of its message. The journal takes a reference of its own. */
int64_t queue_part_put(struct queue_part *part, int64_t seq, const struct queue_entry *entry);
/* Copies the bitmaps. */
void queue_part_state(struct queue_part *part, const struct queue_state *state);

/* On the store thread: so many entries less point into the row; the last one deletes it. */
struct db;
int queue_row_unref(struct db *db, int64_t row, int64_t count);

#endif
