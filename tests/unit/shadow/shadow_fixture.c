/* shadow_fixture.c — see shadow_fixture.h. The failing disk is SQLite's own VFS whose files have another
 * xRead and xWrite. */
#include "shadow_fixture.h"

#include "base/err.h"
#include "lib/clock_fake.h"
#include "registry/registry.h"
#include "store/db.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- the disk */

struct patched {
    sqlite3_io_methods methods; /* first: what a file points at */
    const sqlite3_io_methods *original;
};

static atomic_bool disk_fails;
static atomic_bool reads_fail;
static sqlite3_vfs vfs;
static struct patched patches[8];

static int on_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    if (atomic_load(&disk_fails)) return SQLITE_FULL;
    return ((const struct patched *)file->pMethods)->original->xWrite(file, data, len, at);
}

static int on_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at)
{
    if (atomic_load(&reads_fail)) return SQLITE_IOERR_READ;
    return ((const struct patched *)file->pMethods)->original->xRead(file, data, len, at);
}

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                   int *ret_flags)
{
    sqlite3_vfs *original = self->pAppData;
    int rc = original->xOpen(original, name, file, flags, ret_flags);
    if (!file->pMethods) return rc;
    struct patched *patch = patches;
    while (patch->original && patch->original != file->pMethods)
        patch++;
    if (patch == patches + ARRAY_LEN(patches)) BUG("too many kinds of files");
    patch->original = file->pMethods;
    patch->methods = *file->pMethods;
    patch->methods.xWrite = on_write;
    patch->methods.xRead = on_read;
    file->pMethods = &patch->methods;
    return rc;
}

static const char *vfs_name(void)
{
    if (!vfs.zName) {
        sqlite3_vfs *original = sqlite3_vfs_find(NULL);
        vfs = *original;
        vfs.zName = "shadow-test";
        vfs.pNext = NULL;
        vfs.pAppData = original;
        vfs.xOpen = on_open;
        assert_int_equal(sqlite3_vfs_register(&vfs, 0), SQLITE_OK);
    }
    return vfs.zName;
}

void fix_disk_fail(bool fail)
{
    atomic_store(&disk_fails, fail);
}

void fix_disk_fail_reads(bool fail)
{
    atomic_store(&reads_fail, fail);
}

/* ---- life */

static bool is_answer(struct slice topic)
{
    static const char *const ends[] = { "/accepted", "/rejected", "/delta", "/documents" };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct slice end = slice_str(ends[i]);
        if (topic.len > end.len &&
            slice_eq(slice_of(topic.ptr + topic.len - end.len, end.len), end))
            return true;
    }
    return false;
}

static int64_t on_message(struct subscriber *subscriber, struct msg *msg,
                          const struct delivery *how)
{
    struct fix *fix = container_of(subscriber, struct fix, watcher);
    if (!is_answer(msg->topic)) return 0;
    assert_int_equal(msg->qos, 1);
    assert_false(msg->retain);
    assert_true(msg->hops >= 1);
    assert_true(slice_starts(msg->topic, "$aws/things/"));
    assert_true(fix->count < FIX_MAX_SEEN);
    struct fix_seen *seen = &fix->seen[fix->count++];
    struct slice topic = slice_from(msg->topic, strlen("$aws/things/"));
    seen->topic = xstrndup(topic.ptr, topic.len);
    seen->payload = xstrndup(msg->payload.ptr, msg->payload.len);
    seen->committed = store_committed(fix->store);
    if (fix->on_seen) fix->on_seen(fix, msg, how->pub);
    return 0;
}

static const struct subscriber_ops watcher_ops = { on_message };

static void start_hub(struct fix *fix)
{
    static const struct registry_opts registry_options = { .region = "local",
                                                           .account = "000000000000" };
    static const struct auth_opts auth_options = { .region = "local", .account = "000000000000" };
    static const struct hub_opts hub_options = { .max_topic_levels = 32,
                                                 .match_cache = 100,
                                                 .max_retained = 100,
                                                 .max_hops = 10,
                                                 .max_queued = 1000,
                                                 .max_queued_bytes = 1 << 20,
                                                 .max_inflight = 100,
                                                 .max_subscriptions = 100,
                                                 .max_sessions = 100 };
    assert_int_equal(
        registry_create(&fix->registry, fix->loop, fix->store, &registry_options, NULL), 0);
    fix->auth = auth_create(fix->loop, fix->registry, &auth_options);
    assert_int_equal(hub_create(&fix->hub, fix->loop, fix->store, fix->auth, &hub_options, NULL),
                     0);
}

void fix_start(struct fix *fix)
{
    struct diag diag = DIAG_INIT;
    assert_int_equal(loop_create(&fix->loop, &diag), 0);
    struct store_opts options = { .path = fix->path,
                                  .max_pending = fix->max_pending,
                                  .vfs = vfs_name() };
    if (store_open(&fix->store, fix->loop, &options, &diag) < 0) fail_msg("%s", diag.text);
    start_hub(fix);
    if (shadows_create(&fix->shadows, fix->hub, &fix->opts, &diag) < 0) fail_msg("%s", diag.text);
    fix->watcher = (struct subscriber){ .ops = &watcher_ops, .principal = principal_system() };
    assert_int_equal(hub_subscribe(fix->hub, &fix->watcher, SLICE_LIT("$aws/things/#"),
                                   &(struct sub_opts){ .qos = 1 }, &fix->watch),
                     0);
    hub_start(fix->hub);
    fix_sync(fix);
}

void fix_stop(struct fix *fix)
{
    store_stop(fix->store);
    shadows_destroy(fix->shadows);
    fix_turn(fix); /* held publishes */
    hub_unsubscribe(fix->hub, &fix->watch);
    hub_destroy(fix->hub);
    auth_destroy(fix->auth);
    registry_destroy(fix->registry);
    store_close(fix->store);
    loop_destroy(fix->loop);
}

void fix_restart(struct fix *fix)
{
    fix_stop(fix);
    fix_start(fix);
}

struct fix *fix_create(const struct shadows_opts *opts)
{
    clock_fake_install();
    fix_disk_fail(false);
    struct fix *fix = xnew(struct fix);
    fix->opts =
        opts ? *opts : (struct shadows_opts){ .max_bytes = 8192, .max_depth = 6, .cache = 64 };
    fix->max_pending = 100000;
    snprintf(fix->dir, sizeof fix->dir, "/tmp/thingd-shadow-XXXXXX");
    assert_non_null(mkdtemp(fix->dir));
    snprintf(fix->path, sizeof fix->path, "%s/t.db", fix->dir);
    fix_start(fix);
    return fix;
}

void fix_destroy(struct fix *fix)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    fix_stop(fix);
    fix_forget(fix);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", fix->path, ends[i]);
        unlink(path);
    }
    rmdir(fix->dir);
    free(fix);
    clock_fake_remove();
}

/* ---- doing */

static void on_held(void *arg, int64_t commit)
{
    struct fix_held *held = arg;
    held->calls++;
    held->commit = commit;
}

static void nobody(void *arg, int64_t commit)
{
}

int64_t fix_publish(struct fix *fix, const char *topic, struct slice payload, struct fix_held *held)
{
    char *full = xasprintf("$aws/things/%s", topic);
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = slice_str(full), .payload = payload, .qos = 1, .over_mqtt = true });
    int64_t rc =
        hub_publish(fix->hub, principal_system(), NULL, msg, held ? on_held : nobody, held);
    msg_unref(msg);
    free(full);
    return rc;
}

int64_t fix_send(struct fix *fix, const char *topic, const char *payload)
{
    return fix_publish(fix, topic, slice_str(payload), NULL);
}

void fix_turn(struct fix *fix)
{
    for (int i = 0; i < 4; i++)
        loop_turn(fix->loop);
}

/* The turns hand the batch over, so that store_sync need not wait for a turn to end. */
void fix_sync(struct fix *fix)
{
    fix_turn(fix);
    store_sync(fix->store);
    fix_turn(fix);
}

void fix_settle(struct fix *fix)
{
    fix_turn(fix);
    for (int i = 0; fix->shadows->ops && i < 2000; i++)
        loop_turn_wait(fix->loop, 50);
    assert_int_equal(fix->shadows->ops, 0);
    assert_int_equal(fix->shadows->bytes, 0);
    fix_sync(fix);
}

void fix_forget(struct fix *fix)
{
    for (int i = 0; i < fix->count; i++) {
        free(fix->seen[i].topic);
        free(fix->seen[i].payload);
    }
    fix->count = 0;
}

void fix_expect(struct fix *fix, ...)
{
    va_list topics;
    va_start(topics, fix);
    int count = 0;
    for (const char *topic; (topic = va_arg(topics, const char *)); count++) {
        if (count >= fix->count) fail_msg("no answer on %s", topic);
        assert_string_equal(fix->seen[count].topic, topic);
    }
    va_end(topics);
    if (fix->count > count) fail_msg("one more answer on %s", fix->seen[count].topic);
    fix_forget(fix);
}

void fix_expect_text(struct fix *fix, int index, const char *text)
{
    assert_true(index < fix->count);
    if (!strstr(fix->seen[index].payload, text))
        fail_msg("%s: no %s in %s", fix->seen[index].topic, text, fix->seen[index].payload);
}

void fix_disk_recover(struct fix *fix)
{
    fix_disk_fail(false);
    clock_fake_advance(1000);
    fix_settle(fix);
}

struct sql_req {
    struct store_req req;
    const char *sql;
    int64_t number;
    int rc;
    bool done;
};

static int run_sql(struct store_req *req, struct db *db)
{
    struct sql_req *sql = container_of(req, struct sql_req, req);
    struct db_stmt *q = db_query(db, sql->sql);
    while (db_step(q))
        sql->number = db_int(q, 0);
    return db_done(q);
}

static void on_sql_done(struct store_req *req, int rc)
{
    struct sql_req *sql = container_of(req, struct sql_req, req);
    sql->rc = rc;
    sql->done = true;
}

static int64_t execute(struct fix *fix, const char *text)
{
    struct sql_req sql = { .req = { .run = run_sql, .done = on_sql_done }, .sql = text };
    store_submit(fix->store, &sql.req);
    loop_turn(fix->loop);
    while (!sql.done)
        loop_turn_wait(fix->loop, 50);
    assert_int_equal(sql.rc, 0);
    return sql.number;
}

void fix_sql(struct fix *fix, const char *sql)
{
    execute(fix, sql);
}

int64_t fix_sql_number(struct fix *fix, const char *sql)
{
    return execute(fix, sql);
}

void fix_on_called(void *arg, int code, struct slice body)
{
    struct fix_called *called = arg;
    called->calls++;
    called->code = code;
    free(called->body);
    called->body = xstrndup(body.ptr, body.len);
}

void fix_called_reset(struct fix_called *called)
{
    free(called->body);
    *called = (struct fix_called){ 0 };
}
