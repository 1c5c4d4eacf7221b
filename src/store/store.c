/* store.c — the writer thread and its batches.
 *
 *   loop:   submit ──► writes of the batch being built ──┐ one batch at a time
 *           read   ──► reads ────────────────────────────┤
 *                                                        ▼
 *   thread:                     BEGIN · run each · COMMIT · run the reads
 *                                                        │
 *   loop:   done of each, committed = number, listeners ◄┘ then the next batch
 *
 * A batch goes out when the thread is idle and either somebody waits (store_hurry), or the linger time
 * is over. While the thread works, the next batch grows: that is the group commit. It goes out at the end
 * of a turn and never within one, so what one turn submits is committed together or not at all.
 *
 * A failed transaction comes back whole. The loop keeps it as `retry` and hands it out again every
 * retry_ms; until it succeeds no younger batch may pass, but reads do.
 *
 *  I1  Commit numbers are handed out and committed in order, without a gap.
 *  I2  done is called exactly once for each request which was not cancelled.
 *  I3  A request belongs to the thread from hand_over until its letter is read: the loop touches neither
 *      link nor fields in between. */
#include "store/store.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "store/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch {
    struct letter letter; /* first */
    int64_t number;       /* 0: reads only */
    size_t count;         /* of writes */
    size_t bytes;
    struct list writes;
    struct list reads;
    int rc; /* of the transaction */
    char failure[256];
};

struct store {
    struct loop *loop;
    struct mailbox *box;
    struct loop_hook hook;
    struct loop_timer linger;
    struct loop_timer retry_timer;
    struct store_opts opts;
    char *path;
    struct list listeners;

    /* the batch being built */
    struct list writes;
    struct list reads;
    size_t pending; /* writes, those handed out included */
    size_t building;
    size_t pending_bytes;
    size_t building_bytes;
    int64_t next;
    int64_t committed;
    bool hurry;
    bool promised; /* somebody was given `next`, though all requests may be cancelled since */

    struct batch *retry; /* failed, to be tried again */
    bool retry_due;
    bool out; /* a batch is with the thread */
    bool closing;
    bool failing;
    char failure[256];

    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    struct batch *handed; /* under mutex */
    bool stop;            /* under mutex */
    struct db *db;        /* the thread's */
};

/* ---- on the store thread ---- */

static int run_one(struct db *db, struct store_req *req)
{
    if (req->single) {
        req->rc = req->run(req, db);
    } else {
        db_exec(db_query(db, "SAVEPOINT req"));
        req->rc = req->run(req, db);
        if (req->rc < 0 && !db_fatal(db)) db_exec(db_query(db, "ROLLBACK TO req"));
        if (!db_fatal(db)) db_exec(db_query(db, "RELEASE req"));
    }
    return db_fatal(db) ? ERR_STORE : 0;
}

static int run_writes(struct db *db, struct batch *batch)
{
    list_for_each(it, &batch->writes) {
        int rc = run_one(db, container_of(it, struct store_req, link));
        if (rc < 0) return rc;
    }
    return 0;
}

static int transact(struct db *db, struct batch *batch)
{
    struct diag diag = DIAG_INIT;
    db_clear_fatal(db);
    int rc = db_script(db, "BEGIN IMMEDIATE", &diag);
    if (rc == 0) {
        rc = run_writes(db, batch);
        if (rc < 0) diag_set(&diag, rc, "%s", db_error(db));
    }
    if (rc == 0) rc = db_script(db, "COMMIT", &diag);
    if (rc < 0) {
        snprintf(batch->failure, sizeof batch->failure, "%.255s", diag_text(&diag, rc));
        if (db_in_transaction(db)) db_script(db, "ROLLBACK", NULL);
    }
    return rc;
}

static void work(struct db *db, struct batch *batch)
{
    int64_t start = clock_mono_ns();
    batch->rc = batch->number ? transact(db, batch) : 0;
    if (batch->number) {
        int64_t took = clock_mono_ns() - start;
        metrics_add(METRIC_COMMIT_NANOSECONDS, took);
        metrics_set(METRIC_COMMIT_LAST_NS, took);
        if (took > metrics_get(METRIC_COMMIT_MAX_NS)) metrics_set(METRIC_COMMIT_MAX_NS, took);
        metrics_inc(batch->rc < 0 ? METRIC_COMMIT_FAILURES : METRIC_COMMITS);
        if (batch->rc == 0) metrics_add(METRIC_COMMIT_REQUESTS, (int64_t)batch->count);
    }
    list_for_each(it, &batch->reads) {
        struct store_req *req = container_of(it, struct store_req, link);
        req->rc = req->run(req, db);
    }
}

static void *thread_main(void *arg)
{
    struct store *store = arg;
    pthread_setname_np(pthread_self(), "thingd-store");
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        while (!store->handed && !store->stop)
            pthread_cond_wait(&store->cond, &store->mutex);
        struct batch *batch = store->handed;
        store->handed = NULL;
        if (!batch) break;
        pthread_mutex_unlock(&store->mutex);
        work(store->db, batch);
        mailbox_post(store->box, &batch->letter);
        pthread_mutex_lock(&store->mutex);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* ---- on the loop ---- */

static struct batch *batch_create(int64_t number)
{
    struct batch *batch = xnew(struct batch);
    batch->number = number;
    list_init(&batch->writes);
    list_init(&batch->reads);
    return batch;
}

static void hand_over(struct store *store, struct batch *batch)
{
    list_splice(&batch->reads, &store->reads);
    store->out = true;
    pthread_mutex_lock(&store->mutex);
    store->handed = batch;
    pthread_cond_signal(&store->cond);
    pthread_mutex_unlock(&store->mutex);
}

static void tell_listeners(struct store *store)
{
    list_for_each_safe(it, &store->listeners) {
        struct store_listener *listener = container_of(it, struct store_listener, link);
        listener->on_commit(listener, store->committed);
    }
}

static struct batch *take_building(struct store *store)
{
    struct batch *batch = batch_create(store->next++);
    list_for_each(it, &store->writes) {
        struct store_req *req = container_of(it, struct store_req, link);
        if (req->seal) req->seal(req);
        req->taken = true;
    }
    list_splice(&batch->writes, &store->writes);
    batch->count = store->building;
    batch->bytes = store->building_bytes;
    store->building = 0;
    store->building_bytes = 0;
    store->hurry = false;
    store->promised = false;
    loop_timer_stop(&store->linger);
    return batch;
}

/* All of the batch was cancelled: its number is reached without touching the disk. */
static void skip_empty(struct store *store)
{
    store->promised = false;
    store->committed = store->next++;
    loop_timer_stop(&store->linger);
    tell_listeners(store);
}

static struct batch *take_retry(struct store *store)
{
    struct batch *batch = store->retry;
    store->retry = NULL;
    store->retry_due = false;
    return batch;
}

/* Hands out what may go now. Listeners of a skipped number may have submitted more: then again. */
static void kick(struct store *store)
{
    while (!store->out && !store->retry && list_empty(&store->writes) && store->promised)
        skip_empty(store);
    if (store->out) return;
    if (store->retry && store->retry_due)
        hand_over(store, take_retry(store));
    else if (!store->retry && !list_empty(&store->writes) &&
             (store->hurry || store->opts.linger_ms == 0))
        hand_over(store, take_building(store));
    else if (!list_empty(&store->reads))
        hand_over(store, batch_create(0));
    if (list_empty(&store->writes)) store->hurry = false; /* nobody is left to be waited for */
}

static void on_turn_end(struct loop_hook *hook)
{
    kick(container_of(hook, struct store, hook));
}

static void on_linger(struct loop_timer *timer)
{
    container_of(timer, struct store, linger)->hurry = true;
}

static void on_retry(struct loop_timer *timer)
{
    container_of(timer, struct store, retry_timer)->retry_due = true;
}

static void finish(struct store_req *req, int rc)
{
    if (req->done)
        req->done(req, rc);
    else
        free(req);
}

static void finish_all(struct list *reqs, int rc)
{
    struct list *link;
    while ((link = list_pop_front(reqs))) {
        struct store_req *req = container_of(link, struct store_req, link);
        finish(req, rc < 0 ? rc : req->rc);
    }
}

static void set_failing(struct store *store, const struct batch *batch)
{
    bool failing = batch->rc < 0;
    if (failing == store->failing) return;
    store->failing = failing;
    if (failing) {
        snprintf(store->failure, sizeof store->failure, "%s", batch->failure);
        LOG(LOG_ERROR, "store", "cannot commit; trying again until it succeeds",
            LOG_S("reason", batch->failure), LOG_S("file", store->path));
    } else {
        store->failure[0] = '\0';
        LOG(LOG_WARN, "store", "commits again", LOG_S("file", store->path));
    }
}

static void on_letter(struct mailbox *box, struct letter *letter, void *arg)
{
    struct store *store = arg;
    struct batch *batch = container_of(letter, struct batch, letter);
    bool was_failing = store->failing;

    store->out = false;
    if (batch->number) set_failing(store, batch);
    if (batch->number && batch->rc < 0) {
        store->retry = batch;
        finish_all(&batch->reads, 0);
        if (!store->closing) loop_timer_start(&store->retry_timer, store->opts.retry_ms);
        if (!was_failing) tell_listeners(store);
        return;
    }
    if (batch->number) {
        store->committed = batch->number;
        store->pending -= batch->count;
        store->pending_bytes -= batch->bytes;
        metrics_set(METRIC_STORE_PENDING, (int64_t)store->pending);
        finish_all(&batch->writes, 0);
    }
    finish_all(&batch->reads, 0);
    if (batch->number) tell_listeners(store);
    free(batch);
}

/* More, or less by the negative of it. */
static void count(struct store *store, size_t changes, size_t bytes)
{
    store->building += changes;
    store->pending += changes;
    store->building_bytes += bytes;
    store->pending_bytes += bytes;
    metrics_set(METRIC_STORE_PENDING, (int64_t)store->pending);
}

int64_t store_submit(struct store *store, struct store_req *req)
{
    req->taken = false;
    req->rc = 0;
    if (list_empty(&store->writes) && store->opts.linger_ms)
        loop_timer_start(&store->linger, store->opts.linger_ms);
    list_push_back(&store->writes, &req->link);
    store->promised = true;
    count(store, req->more + 1, req->bytes);
    return store->next;
}

void store_read(struct store *store, struct store_req *req)
{
    req->taken = false;
    req->rc = 0;
    list_push_back(&store->reads, &req->link);
    store->hurry = true; /* what was submitted before must be visible */
}

void store_peek(struct store *store, struct store_req *req)
{
    req->taken = false;
    req->rc = 0;
    list_push_back(&store->reads, &req->link);
}

bool store_cancel(struct store *store, struct store_req *req)
{
    if (req->taken) return false;
    list_remove(&req->link);
    count(store, -(req->more + 1), -req->bytes);
    metrics_inc(METRIC_COMMIT_CANCELLED);
    return true;
}

void store_weigh(struct store *store, struct store_req *req, size_t more, size_t bytes)
{
    count(store, more - req->more, bytes - req->bytes);
    if (more < req->more) metrics_add(METRIC_COMMIT_CANCELLED, (int64_t)(req->more - more));
    req->more = more;
    req->bytes = bytes;
}

int64_t store_next_commit(const struct store *store)
{
    return store->next;
}

int64_t store_committed(const struct store *store)
{
    return store->committed;
}

void store_hurry(struct store *store)
{
    store->hurry = true;
}

bool store_failing(const struct store *store)
{
    return store->failing;
}

const char *store_failure(const struct store *store)
{
    return store->failure;
}

static bool above(size_t value, size_t limit)
{
    return limit && value > limit;
}

bool store_busy(const struct store *store)
{
    return above(store->pending, store->opts.max_pending) ||
           above(store->pending_bytes, store->opts.max_pending_bytes);
}

void store_listen(struct store *store, struct store_listener *listener)
{
    list_push_back(&store->listeners, &listener->link);
}

void store_unlisten(struct store_listener *listener)
{
    list_remove(&listener->link);
}

int store_read_now(struct store *store, int (*fn)(struct db *db, void *arg), void *arg,
                   struct diag *diag)
{
    struct db *db;
    int rc = db_open(&db, store->path, store->opts.vfs, false, diag);
    if (rc < 0) return rc;
    rc = fn(db, arg);
    if (rc < 0) diag_set(diag, rc, "cannot read the database: %s", db_error(db));
    db_close(db);
    return rc;
}

void store_sync(struct store *store)
{
    int64_t until = store->promised ? store->next : store->next - 1;
    while ((store->committed < until && !store->failing) || !list_empty(&store->reads) ||
           (store->out && !store->failing)) {
        if (store->committed < until) store->hurry = true;
        kick(store);
        if (store->out) loop_turn_wait(store->loop, 1000);
    }
}

int store_open(struct store **ret_store, struct loop *loop, const struct store_opts *opts,
               struct diag *diag)
{
    struct db *db;
    int rc = db_open(&db, opts->path, opts->vfs, opts->durability == STORE_POWER, diag);
    if (rc < 0) return rc;
    rc = db_migrate(db, diag);
    if (rc < 0) {
        diag_wrap(diag, rc, "database '%s'", opts->path);
        db_close(db);
        return rc;
    }
    struct store *store = xnew(struct store);
    store->loop = loop;
    store->opts = *opts;
    if (store->opts.retry_ms == 0) store->opts.retry_ms = 500;
    store->path = xstrdup(opts->path);
    store->db = db;
    store->next = 1;
    list_init(&store->writes);
    list_init(&store->reads);
    list_init(&store->listeners);
    loop_timer_init(&store->linger, loop, on_linger);
    loop_timer_init(&store->retry_timer, loop, on_retry);
    loop_hook_add(loop, &store->hook, on_turn_end);
    store->box = mailbox_create(loop, on_letter, store);
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->cond, NULL);
    rc = pthread_create(&store->thread, NULL, thread_main, store);
    if (rc) BUG("pthread_create: %s", strerror(rc));
    *ret_store = store;
    return 0;
}

/* Hands out what is pending until nothing is left, or a transaction fails. */
static void drain(struct store *store)
{
    store->retry_due = store->retry != NULL;
    for (;;) {
        store->hurry = true;
        kick(store);
        if (!store->out) return;
        loop_turn_wait(store->loop, 1000);
    }
}

void store_stop(struct store *store)
{
    if (store->stop) return;
    store->closing = true;
    drain(store);
    pthread_mutex_lock(&store->mutex);
    store->stop = true;
    pthread_cond_signal(&store->cond);
    pthread_mutex_unlock(&store->mutex);
    pthread_join(store->thread, NULL);
    if (store->retry) {
        LOG(LOG_ERROR, "store", "stops with changes that could not be committed",
            LOG_I("requests", store->pending), LOG_S("reason", store->failure));
        finish_all(&store->retry->writes, ERR_CLOSED);
        free(store->retry);
        store->retry = NULL;
    }
    finish_all(&store->writes, ERR_CLOSED);
    finish_all(&store->reads, ERR_CLOSED);
    loop_timer_stop(&store->linger);
    loop_timer_stop(&store->retry_timer);
    loop_hook_remove(&store->hook);
    mailbox_destroy(store->box);
}

void store_close(struct store *store)
{
    if (!store) return;
    store_stop(store);
    db_close(store->db);
    pthread_cond_destroy(&store->cond);
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}
