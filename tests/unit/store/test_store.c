/* test_store.c — the store against a real file: migrations, batches, failing disks, loss of power.
 * The clock is a fake: a batch that lingers and a transaction to be tried again wait for the test. */
#include "lib/test.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"
#include "loop/loop.h"
#include "store/db.h"
#include "store/store.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 4096, TURNS = 2000, RETRY_MS = 500, LINGER_MS = 1000 };

/* ---- the fixture ---- */

struct fixture {
    struct loop *loop;
    struct store *store;
    char dir[64];
    char path[96];
    struct store_opts opts;
    char events[MOST]; /* what was called back, in order */
    struct store_listener listener;
    int64_t heard; /* the last commit that the listener was told */
    int told;
};

static void no_line(const char *line, size_t len)
{
}

static void note_event(struct fixture *f, const char *what, int64_t number)
{
    size_t len = strlen(f->events);
    snprintf(f->events + len, sizeof f->events - len, "%s%lld ", what, (long long)number);
}

static void on_commit(struct store_listener *listener, int64_t committed)
{
    struct fixture *f = container_of(listener, struct fixture, listener);
    f->heard = committed;
    f->told++;
    note_event(f, "L", committed);
}

static int open_store(struct fixture *f, struct diag *diag)
{
    int rc = store_open(&f->store, f->loop, &f->opts, diag);
    if (rc < 0) return rc;
    f->listener.on_commit = on_commit;
    store_listen(f->store, &f->listener);
    f->heard = 0;
    return 0;
}

static void must_open(struct fixture *f)
{
    struct diag diag = DIAG_INIT;
    int rc = open_store(f, &diag);
    if (rc < 0) fail_msg("store_open: %s", diag.text);
}

static void close_store(struct fixture *f)
{
    if (!f->store) return;
    store_stop(f->store);
    store_close(f->store);
    f->store = NULL;
}

static int setup(void **state)
{
    struct fixture *f = xnew(struct fixture);
    log_set_sink(no_line);
    clock_fake_install();
    snprintf(f->dir, sizeof f->dir, "/tmp/thingd-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/test.db", f->dir);
    f->opts = (struct store_opts){
        .path = f->path, .max_pending = 1000, .retry_ms = RETRY_MS, .vfs = vfs_fault_name()
    };
    vfs_fault_reset();
    assert_int_equal(loop_create(&f->loop, NULL), 0);
    *state = f;
    return 0;
}

static void remove_file(const struct fixture *f, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s", f->path, suffix);
    unlink(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    vfs_fault_reset();
    close_store(f);
    loop_destroy(f->loop);
    remove_file(f, "");
    remove_file(f, "-wal");
    remove_file(f, "-shm");
    rmdir(f->dir);
    clock_fake_remove();
    log_set_sink(NULL);
    free(f);
    return 0;
}

/* Turns the loop until the number is committed; fails when it is not. */
static void await(struct fixture *f, int64_t number)
{
    for (int i = 0; i < TURNS && store_committed(f->store) < number; i++)
        loop_turn_wait(f->loop, 5);
    assert_true(store_committed(f->store) >= number);
}

static void await_failing(struct fixture *f, bool failing)
{
    for (int i = 0; i < TURNS && store_failing(f->store) != failing; i++)
        loop_turn_wait(f->loop, 5);
    assert_int_equal(store_failing(f->store), failing);
}

static void turns(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        loop_turn(f->loop);
}

/* ---- requests: rows of the table `retained` serve as keys and values ---- */

struct put {
    struct store_req req;
    struct fixture *f;
    char key[16];
    int id;
    int fail; /* what run returns after its insertion */
    int rc;
    int done; /* how often done was called */
};

static int run_put(struct store_req *req, struct db *db)
{
    struct put *put = container_of(req, struct put, req);
    struct db_stmt *q = db_query(db, "INSERT INTO retained (topic, data) VALUES (?1, x'00')");
    db_bind_text(q, 1, put->key);
    int rc = db_exec(q);
    return rc < 0 ? rc : put->fail;
}

static void on_put(struct store_req *req, int rc)
{
    struct put *put = container_of(req, struct put, req);
    put->rc = rc;
    put->done++;
    note_event(put->f, rc < 0 ? "!" : "", put->id);
}

static struct put *put_new(struct fixture *f, int id)
{
    struct put *put = xnew(struct put);
    put->req = (struct store_req){ .run = run_put, .done = on_put };
    put->f = f;
    put->id = id;
    snprintf(put->key, sizeof put->key, "k%d", id);
    return put;
}

struct count {
    struct store_req req;
    struct fixture *f;
    int64_t rows;
    int done;
    int rc;
};

static int count_rows(struct db *db, void *arg)
{
    struct db_stmt *q = db_query(db, "SELECT count(*) FROM retained");
    if (db_step(q)) *(int64_t *)arg = db_int(q, 0);
    return db_done(q);
}

static int run_count(struct store_req *req, struct db *db)
{
    return count_rows(db, &container_of(req, struct count, req)->rows);
}

static void on_count(struct store_req *req, int rc)
{
    struct count *count = container_of(req, struct count, req);
    count->done++;
    count->rc = rc;
    note_event(count->f, "R", count->rows);
}

static int64_t rows(struct fixture *f)
{
    int64_t count = -1;
    assert_int_equal(store_read_now(f->store, count_rows, &count, NULL), 0);
    return count;
}

/* ---- migrations ---- */

static int64_t pragma(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_finalize(q);
    sqlite3_close(db);
    return value;
}

static void test_migrates_a_fresh_file(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    close_store(f);
    assert_int_equal(pragma(f, "PRAGMA user_version"), db_schema_version());
    assert_true(pragma(f, "SELECT count(*) FROM sqlite_schema") > 10);
    must_open(f); /* nothing is left to be done */
    assert_int_equal(rows(f), 0);
}

static void test_refuses_a_newer_file(void **state)
{
    struct fixture *f = *state;
    struct diag diag = DIAG_INIT;
    must_open(f);
    close_store(f);
    pragma(f, "PRAGMA user_version = 9999");
    assert_int_equal(open_store(f, &diag), ERR_NEWER);
    assert_non_null(strstr(diag.text, "9999"));
    assert_non_null(strstr(diag.text, f->path));
    assert_null(f->store);
    assert_int_equal(pragma(f, "PRAGMA user_version"), 9999);
}

static void test_refuses_what_is_no_database(void **state)
{
    struct fixture *f = *state;
    struct diag diag = DIAG_INIT;
    FILE *file = fopen(f->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database\n", file);
    fclose(file);
    assert_true(open_store(f, &diag) < 0);
    assert_non_null(strstr(diag.text, f->path));
    f->opts.path = "/nowhere/at/all/test.db";
    assert_true(open_store(f, &diag) < 0);
    assert_non_null(strstr(diag.text, "/nowhere/at/all"));
    f->opts.path = f->path;
}

/* Each write of the migration fails once: an error, and the next start completes what is missing. */
static void test_migration_that_fails_half_way(void **state)
{
    struct fixture *f = *state;
    int failures = 0;
    for (int n = 1;; n++) {
        struct diag diag = DIAG_INIT;
        remove_file(f, "");
        remove_file(f, "-wal");
        remove_file(f, "-shm");
        vfs_fault_fail_from(n, n % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
        int rc = open_store(f, &diag);
        int failed = vfs_fault_heal();
        if (rc < 0) {
            assert_true(diag.text[0] != '\0');
            failures++;
            must_open(f);
        }
        assert_int_equal(rows(f), 0);
        close_store(f);
        assert_int_equal(pragma(f, "PRAGMA user_version"), db_schema_version());
        if (!failed) break;
    }
    assert_true(failures > 3);
}

/* ---- batches ---- */

static void test_commits_together_and_in_order(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *puts[6];
    for (int i = 0; i < 6; i++)
        puts[i] = put_new(f, i);
    assert_int_equal(store_next_commit(f->store), 1);
    assert_int_equal(store_committed(f->store), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_submit(f->store, &puts[i]->req), 1);
    turns(f, 1); /* handed over: what follows is the next batch */
    for (int i = 3; i < 6; i++)
        assert_int_equal(store_submit(f->store, &puts[i]->req), 2);
    await(f, 2);
    assert_string_equal(f->events, "0 1 2 L1 3 4 5 L2 ");
    assert_int_equal(rows(f), 6);
    for (int i = 0; i < 6; i++)
        free(puts[i]);
}

static void test_request_without_done_is_freed(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *put = put_new(f, 1);
    put->req.done = NULL;
    await(f, store_submit(f->store, &put->req));
    assert_int_equal(rows(f), 1);
}

static void test_one_request_fails_and_others_stay(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *good = put_new(f, 1), *bad = put_new(f, 2), *twice = put_new(f, 1);
    struct put *single = put_new(f, 1), *last = put_new(f, 3);
    bad->fail = ERR_CONFLICT; /* after its insertion, which must be undone */
    single->req.single = true;
    struct put *all[] = { good, bad, twice, single, last };
    int64_t number = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        number = store_submit(f->store, &all[i]->req);
    await(f, number);
    static const int expected[] = { 0, ERR_CONFLICT, ERR_EXISTS, ERR_EXISTS, 0 };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(all[i]->rc, expected[i]);
        assert_int_equal(all[i]->done, 1);
        free(all[i]);
    }
    assert_int_equal(rows(f), 2);
    assert_false(store_failing(f->store));
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *a = put_new(f, 1), *b = put_new(f, 2);
    int64_t number = store_submit(f->store, &a->req);
    store_submit(f->store, &b->req);
    assert_true(store_cancel(f->store, &a->req));
    store_hurry(f->store);
    turns(f, 1);
    assert_false(store_cancel(f->store, &b->req)); /* the thread has it */
    await(f, number);
    assert_int_equal(a->done, 0);
    assert_int_equal(b->done, 1);
    assert_int_equal(rows(f), 1);
    free(a);
    free(b);
}

static void test_empty_batch_touches_no_disk(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *put = put_new(f, 1);
    int before = vfs_fault_writes();
    int64_t number = store_submit(f->store, &put->req);
    assert_true(store_cancel(f->store, &put->req));
    turns(f, 1); /* nobody has to hurry it */
    assert_int_equal(store_committed(f->store), number);
    assert_string_equal(f->events, "L1 ");
    assert_int_equal(vfs_fault_writes(), before);
    assert_int_equal(store_next_commit(f->store), number + 1);
    free(put);
}

/* A read that waits with an emptied batch once stayed until something else woke the store. */
static void test_read_beside_a_cancelled_batch(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *put = put_new(f, 1);
    struct count count = { .req = { .run = run_count, .done = on_count }, .f = f };
    store_submit(f->store, &put->req);
    store_read(f->store, &count.req);
    assert_true(store_cancel(f->store, &put->req));
    for (int i = 0; i < TURNS && !count.done; i++)
        loop_turn_wait(f->loop, 5);
    assert_int_equal(count.done, 1);
    assert_string_equal(f->events, "L1 R0 ");
    free(put);
}

struct chain {
    struct store_listener listener;
    struct fixture *f;
    struct put *put;
};

static void submit_once(struct store_listener *listener, int64_t committed)
{
    struct chain *chain = container_of(listener, struct chain, listener);
    if (!chain->put) return;
    store_submit(chain->f->store, &chain->put->req);
    chain->put = NULL;
}

/* What a listener submits when a number is reached without the disk must not wait for another event. */
static void test_listener_submits_after_a_skipped_number(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *gone = put_new(f, 1), *next = put_new(f, 2);
    struct chain chain = { .listener.on_commit = submit_once, .f = f, .put = next };
    store_listen(f->store, &chain.listener);
    store_submit(f->store, &gone->req);
    assert_true(store_cancel(f->store, &gone->req));
    turns(f, 1);
    loop_turn_wait(f->loop, 2000); /* wakes by the letter of the second batch */
    await(f, 2);
    assert_int_equal(next->done, 1);
    store_unlisten(&chain.listener);
    free(gone);
    free(next);
}

static void test_linger_and_hurry(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *puts[4];
    for (int i = 0; i < 4; i++)
        puts[i] = put_new(f, i);
    int64_t first = store_submit(f->store, &puts[0]->req);
    clock_fake_advance(LINGER_MS - 1);
    store_submit(f->store, &puts[1]->req); /* does not prolong the wait */
    turns(f, 3);
    assert_int_equal(store_committed(f->store), 0);
    clock_fake_advance(1);
    turns(f, 1);
    await(f, first);

    int64_t second = store_submit(f->store, &puts[2]->req);
    turns(f, 3);
    assert_int_equal(store_committed(f->store), first);
    store_hurry(f->store);
    await(f, second);

    store_hurry(f->store); /* nothing is there to be hurried: no longer true for what comes later */
    turns(f, 1);
    int64_t third = store_submit(f->store, &puts[3]->req);
    turns(f, 3);
    assert_int_equal(store_committed(f->store), second);
    clock_fake_advance(LINGER_MS);
    turns(f, 1);
    await(f, third);
    for (int i = 0; i < 4; i++)
        free(puts[i]);
}

static void test_reads_see_earlier_writes(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *puts[3];
    struct count counts[3];
    for (int i = 0; i < 3; i++) {
        puts[i] = put_new(f, i);
        counts[i] = (struct count){ .req = { .run = run_count, .done = on_count }, .f = f };
        store_submit(f->store, &puts[i]->req);
        store_read(f->store, &counts[i].req);
        turns(f, i); /* in one batch or in several */
    }
    for (int i = 0; i < TURNS && !(counts[0].done && counts[1].done && counts[2].done); i++)
        loop_turn_wait(f->loop, 5);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(counts[i].done, 1);
        assert_true(counts[i].rows >= i + 1);
        assert_int_equal(puts[i]->done, 1);
        free(puts[i]);
    }
}

static void test_read_without_writes(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct count count = { .req = { .run = run_count, .done = on_count }, .f = f };
    store_read(f->store, &count.req);
    for (int i = 0; i < TURNS && !count.done; i++)
        loop_turn_wait(f->loop, 5);
    assert_string_equal(f->events, "R0 ");
    assert_int_equal(store_committed(f->store), 0);
}

static void test_busy(void **state)
{
    struct fixture *f = *state;
    f->opts.max_pending = 2;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *puts[3];
    for (int i = 0; i < 3; i++) {
        puts[i] = put_new(f, i);
        assert_false(store_busy(f->store));
        store_submit(f->store, &puts[i]->req);
    }
    assert_true(store_busy(f->store));
    assert_int_equal(metrics_get(METRIC_STORE_PENDING), 3);
    store_cancel(f->store, &puts[2]->req);
    assert_false(store_busy(f->store));
    store_sync(f->store);
    assert_int_equal(metrics_get(METRIC_STORE_PENDING), 0);
    for (int i = 0; i < 3; i++)
        free(puts[i]);
}

/* ---- failing disks ---- */

static void test_tries_until_the_disk_is_well(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *puts[3];
    for (int i = 0; i < 3; i++)
        puts[i] = put_new(f, i);
    vfs_fault_fail_from(1, SQLITE_FULL);
    store_submit(f->store, &puts[0]->req);
    await_failing(f, true);
    assert_true(store_failure(f->store)[0] != '\0');
    assert_string_equal(f->events, "L0 "); /* listeners hear of it */

    int64_t last = store_submit(f->store, &puts[1]->req); /* joins the next batch */
    struct count count = { .req = { .run = run_count, .done = on_count }, .f = f };
    store_read(f->store, &count.req);
    for (int i = 0; i < TURNS && !count.done; i++)
        loop_turn_wait(f->loop, 5);
    assert_int_equal(count.rc, 0);
    assert_int_equal(count.rows, 0);

    for (int i = 0; i < 3; i++) { /* it goes on failing */
        clock_fake_advance(RETRY_MS);
        for (int turn = 0; turn < 20; turn++)
            loop_turn_wait(f->loop, 2);
        assert_int_equal(store_committed(f->store), 0);
        assert_true(store_failing(f->store));
    }
    assert_int_equal(puts[0]->done, 0);

    assert_true(vfs_fault_heal() >= 4);
    clock_fake_advance(RETRY_MS);
    await(f, last);
    assert_false(store_failing(f->store));
    assert_string_equal(store_failure(f->store), "");
    assert_string_equal(f->events, "L0 R0 0 L1 1 L2 ");
    await(f, store_submit(f->store, &puts[2]->req));
    assert_int_equal(rows(f), 3);
    for (int i = 0; i < 3; i++)
        free(puts[i]);
}

static void test_stop_with_a_failing_disk(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *kept = put_new(f, 0), *tried = put_new(f, 1), *waiting = put_new(f, 2);
    await(f, store_submit(f->store, &kept->req));
    vfs_fault_fail_from(1, SQLITE_IOERR_WRITE);
    store_submit(f->store, &tried->req);
    await_failing(f, true);
    store_submit(f->store, &waiting->req);
    store_stop(f->store);
    assert_int_equal(tried->rc, ERR_CLOSED);
    assert_int_equal(tried->done, 1);
    assert_int_equal(waiting->rc, ERR_CLOSED);
    assert_int_equal(waiting->done, 1);
    store_stop(f->store); /* again: nothing happens */
    vfs_fault_heal();
    close_store(f);
    must_open(f);
    assert_int_equal(rows(f), 1);
    free(kept);
    free(tried);
    free(waiting);
}

static void test_stop_commits_what_is_pending(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = LINGER_MS;
    must_open(f);
    struct put *out = put_new(f, 1), *building = put_new(f, 2), *gone = put_new(f, 3);
    struct count count = { .req = { .run = run_count, .done = on_count }, .f = f };
    store_submit(f->store, &out->req);
    store_hurry(f->store);
    turns(f, 1);
    store_submit(f->store, &building->req);
    store_submit(f->store, &gone->req);
    store_cancel(f->store, &gone->req);
    store_read(f->store, &count.req);
    store_stop(f->store);
    assert_int_equal(out->rc + building->rc + count.rc, 0);
    assert_int_equal(out->done + building->done + count.done, 3);
    assert_int_equal(count.rows, 2);
    close_store(f);
    must_open(f);
    assert_int_equal(rows(f), 2);
    free(out);
    free(building);
    free(gone);
}

static void test_stop_with_only_a_cancelled_batch(void **state)
{
    struct fixture *f = *state;
    must_open(f);
    struct put *put = put_new(f, 1);
    struct count count = { .req = { .run = run_count, .done = on_count }, .f = f };
    store_submit(f->store, &put->req);
    store_cancel(f->store, &put->req);
    store_read(f->store, &count.req);
    store_stop(f->store);
    assert_int_equal(count.done, 1);
    assert_int_equal(count.rc, 0);
    free(put);
}

enum { BATCHES = 6, IN_BATCH = 5 };

static void check_all_there(struct fixture *f)
{
    assert_int_equal(rows(f), BATCHES * IN_BATCH);
}

/* The n-th write fails once, or all from it on until the disk is healed; whatever n is, everything is
 * committed in the end, once and in order. */
static int fail_everywhere_once(struct fixture *f, int n, bool all)
{
    struct put *puts[BATCHES * IN_BATCH];
    memset(f->events, 0, sizeof f->events);
    must_open(f);
    int rc = n % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    if (all)
        vfs_fault_fail_from(n, rc);
    else
        vfs_fault_fail_one(n, rc);
    int64_t number = 0;
    for (int i = 0; i < BATCHES * IN_BATCH; i++) {
        puts[i] = put_new(f, i);
        number = store_submit(f->store, &puts[i]->req);
        if (i % IN_BATCH == IN_BATCH - 1)
            for (int turn = 0;
                 turn < 50 && store_committed(f->store) < number && !store_failing(f->store);
                 turn++)
                loop_turn_wait(f->loop, 5);
    }
    int failed = vfs_fault_heal();
    for (int i = 0; i < TURNS && store_committed(f->store) < number; i++) {
        clock_fake_advance(RETRY_MS);
        loop_turn_wait(f->loop, 1);
    }
    assert_int_equal(store_committed(f->store), number);
    for (int i = 0; i < BATCHES * IN_BATCH; i++) {
        assert_int_equal(puts[i]->done, 1);
        assert_int_equal(puts[i]->rc, 0);
        free(puts[i]);
    }
    check_all_there(f);
    close_store(f);
    must_open(f);
    check_all_there(f);
    close_store(f);
    remove_file(f, "");
    return failed;
}

static void test_fail_everywhere(void **state)
{
    struct fixture *f = *state;
    int n = 1;
    while (fail_everywhere_once(f, n, false))
        n++;
    assert_true(n > BATCHES);
    n = 1;
    while (fail_everywhere_once(f, n, true))
        n += 3;
}

/* ---- loss of power ---- */

static int64_t rows_after_power_loss(struct fixture *f, enum store_durability durability)
{
    struct put *puts[20];
    f->opts.durability = durability;
    must_open(f);
    struct put *first = put_new(f, 1000);
    await(f, store_submit(f->store, &first->req));
    free(first);
    vfs_fault_track_syncs();
    for (int i = 0; i < 20; i++) {
        puts[i] = put_new(f, i);
        await(f, store_submit(f->store, &puts[i]->req));
    }
    vfs_fault_power_off(NULL);
    close_store(f);
    for (int i = 0; i < 20; i++)
        free(puts[i]);
    vfs_fault_reset();
    must_open(f);
    assert_int_equal(pragma(f, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    return rows(f);
}

static void test_power_keeps_all_that_was_committed(void **state)
{
    assert_int_equal(rows_after_power_loss(*state, STORE_POWER), 21);
}

/* The documented difference: what a loss of power takes, it takes from the end. */
static void test_process_may_lose_the_last_commits(void **state)
{
    int64_t kept = rows_after_power_loss(*state, STORE_PROCESS);
    assert_true(kept < 21);
}

/* ---- many threads' worth of traffic, for the thread sanitizer ---- */

static void test_traffic(void **state)
{
    struct fixture *f = *state;
    f->opts.linger_ms = 1;
    f->opts.max_pending = 100000;
    must_open(f);
    enum { PUTS = 3000 };
    struct put **puts = xcalloc(PUTS, sizeof *puts);
    struct count count = { .req = { .run = run_count, .done = on_count }, .f = f };
    int64_t number = 0;
    int cancelled = 0;
    for (int i = 0; i < PUTS; i++) {
        puts[i] = put_new(f, i);
        number = store_submit(f->store, &puts[i]->req);
        if (i % 7 == 0) cancelled += store_cancel(f->store, &puts[i]->req);
        if (i % 50 == 0) clock_fake_advance(1);
        if (i % 11 == 0) loop_turn(f->loop);
        if (i == PUTS / 2) store_read(f->store, &count.req);
    }
    store_hurry(f->store);
    await(f, number);
    assert_int_equal(count.done, 1);
    assert_int_equal(rows(f), PUTS - cancelled);
    for (int i = 0; i < PUTS; i++)
        free(puts[i]);
    free(puts);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_migrates_a_fresh_file),
        TEST(test_refuses_a_newer_file),
        TEST(test_refuses_what_is_no_database),
        TEST(test_migration_that_fails_half_way),
        TEST(test_commits_together_and_in_order),
        TEST(test_request_without_done_is_freed),
        TEST(test_one_request_fails_and_others_stay),
        TEST(test_cancel),
        TEST(test_empty_batch_touches_no_disk),
        TEST(test_read_beside_a_cancelled_batch),
        TEST(test_listener_submits_after_a_skipped_number),
        TEST(test_linger_and_hurry),
        TEST(test_reads_see_earlier_writes),
        TEST(test_read_without_writes),
        TEST(test_busy),
        TEST(test_tries_until_the_disk_is_well),
        TEST(test_stop_with_a_failing_disk),
        TEST(test_stop_commits_what_is_pending),
        TEST(test_stop_with_only_a_cancelled_batch),
        TEST(test_fail_everywhere),
        TEST(test_power_keeps_all_that_was_committed),
        TEST(test_process_may_lose_the_last_commits),
        TEST(test_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
