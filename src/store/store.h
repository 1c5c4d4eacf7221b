/* store.h — SQLite behind a thread of its own: group commit, commit numbers, numbered migrations.
 *
 * The loop builds the pending batch out of requests; the store thread takes the whole batch, runs each
 * request under a savepoint inside one transaction, commits, and reports. Every batch has a commit
 * number, rising by one. What must not be answered before it is durable waits for its number. All that is
 * submitted within one turn of the loop is in one batch.
 *
 * A failed transaction (full or failing disk) is tried again until it succeeds: requests and commit
 * numbers stay pending, nothing is lost, nothing is reported as done. store_failing() tells, and the
 * owner refuses what would need the store. A request's own failure (its run returns < 0) rolls back to
 * its savepoint only, and is reported to its done.
 *
 * Loop thread only, except where said. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/diag.h"
#include "base/list.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct store;
struct loop;
struct db; /* store/db.h: the connection, for use in run callbacks */

enum store_durability {
    STORE_PROCESS, /* survives any death of the process (synchronous NORMAL) */
    STORE_POWER,   /* survives loss of power (FULL) */
};

struct store_opts {
    const char *path; /* the database file */
    enum store_durability durability;
    int64_t linger_ms;        /* how long a batch may wait when nobody waits for it */
    size_t max_pending;       /* changes pending above which store_busy() is true; 0: no limit */
    size_t max_pending_bytes; /* the same for their bytes */
    const char *vfs;          /* NULL: the default one. Tests put a failing one here. */
    int64_t retry_ms;         /* pause before a failed transaction is tried again; 0: 500 ms */
};

/* Opens or creates the file, migrates it, starts the thread. ERR_NEWER for a database of a newer
 * version, else what SQLite says, in diag. */
int store_open(struct store **ret_store, struct loop *loop, const struct store_opts *opts,
               struct diag *diag);
/* Commits what is pending (tries once when failing) and stops the thread. Every request's done is called
 * before it returns, with ERR_CLOSED where it was not committed. To be called while those who submit are
 * still there; afterwards nobody submits any more. */
void store_stop(struct store *store);
/* Releases the rest. Stops first where that was not done. Accepts NULL. */
void store_close(struct store *store);

struct store_req;
/* On the store thread, inside the transaction; may run again when the transaction is tried again.
 * Returns 0 or an error, which rolls back what this run has done. */
typedef int (*store_run_cb)(struct store_req *req, struct db *db);
/* On the loop, once: rc is what run returned, after the commit. The request may be freed in it. */
typedef void (*store_done_cb)(struct store_req *req, int rc);
/* On the loop, once, when the batch is taken: the last moment to say what run will do. So one request
 * can gather what a whole batch does, and what cancels out meanwhile leaves no trace. Must not submit,
 * cancel or read. */
typedef void (*store_seal_cb)(struct store_req *req);

struct store_req {
    struct list link;
    store_run_cb run;
    store_done_cb done; /* NULL: free(req) */
    store_seal_cb seal; /* may be NULL */
    size_t more;        /* changes that it stands for beyond the first; see store_weigh */
    size_t bytes;       /* of memory that it holds, when that is much */
    bool single;        /* run executes one statement at most: no savepoint is needed around it */
    bool taken;         /* by the store thread: can no more be cancelled */
    int rc;
};

/* Adds req to the pending batch; returns the commit number which makes it durable. */
int64_t store_submit(struct store *store, struct store_req *req);
/* The same for what only reads: runs after the pending batch is committed, outside of a transaction, and
 * sees it. While the store is failing it runs too, and sees what was committed last. */
void store_read(struct store *store, struct store_req *req);
/* The same, but sees no more than what is committed now for certain, and hurries nothing. */
void store_peek(struct store *store, struct store_req *req);
/* Takes req back out of a batch which the thread has not taken yet: true, `done` is not called, and the
 * memory is the caller's again. False: too late. */
bool store_cancel(struct store *store, struct store_req *req);
/* A request that is not taken yet stands for `more` changes and holds `bytes` from now on. */
void store_weigh(struct store *store, struct store_req *req, size_t more, size_t bytes);

/* The number of the batch being built: whatever is submitted now gets it. */
int64_t store_next_commit(const struct store *store);
/* The highest number committed. */
int64_t store_committed(const struct store *store);
/* Somebody waits for the pending batch: do not linger. */
void store_hurry(struct store *store);
/* True from the first failed transaction until one succeeds. */
bool store_failing(const struct store *store);
/* The last failure's reason, "" if none. */
const char *store_failure(const struct store *store);
/* More than max_pending changes, or max_pending_bytes, wait. */
bool store_busy(const struct store *store);

/* Called on the loop after each commit, after the done callbacks of its requests and reads, and whenever
 * store_failing changes. Listeners are called in the order of their registration. */
struct store_listener {
    struct list link;
    void (*on_commit)(struct store_listener *listener, int64_t committed);
};
void store_listen(struct store *store, struct store_listener *listener);
void store_unlisten(struct store_listener *listener);

/* Runs fn on the calling thread with a connection of its own; blocks. For start-up, before anything is
 * served. fn must not write. */
int store_read_now(struct store *store, int (*fn)(struct db *db, void *arg), void *arg,
                   struct diag *diag);
/* Pumps the loop until everything submitted so far is committed, or the store is failing, and what was to
 * be read is read: for tests. */
void store_sync(struct store *store);

#endif
