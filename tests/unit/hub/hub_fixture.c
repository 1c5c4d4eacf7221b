/* hub_fixture.c — see hub_fixture.h. A crash is a copy of the database files, taken before the orderly
 * end and put back after it. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"
#include "store/db.h"
#include "store/migrations.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { MOST_TURNS = 2000, MOST_FILE = 64 << 20 };

static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

static void no_line(const char *line, size_t len)
{
}

/* ---- life ---- */

int fixture_try_open(struct fixture *f)
{
    struct diag diag = DIAG_INIT;
    int rc = store_open(&f->store, f->loop, &f->store_opts, &diag);
    if (rc < 0) {
        f->store = NULL;
        return rc;
    }
    rc = hub_create(&f->hub, f->loop, f->store, f->auth, &f->opts, &diag);
    if (rc < 0) {
        store_close(f->store);
        f->store = NULL;
        return rc;
    }
    if (f->service) service_start(f, f->service, f->service_filter);
    hub_start(f->hub);
    return 0;
}

void fixture_open(struct fixture *f)
{
    int rc = fixture_try_open(f);
    if (rc < 0) fail_msg("cannot open: %s", err_text(rc));
}

int fixture_setup(void **state)
{
    struct fixture *f = xnew(struct fixture);
    log_set_sink(no_line);
    clock_fake_install();
    list_init(&f->clients);
    snprintf(f->dir, sizeof f->dir, "/tmp/thingd-hub-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/test.db", f->dir);
    vfs_fault_reset();
    f->store_opts = (struct store_opts){
        .path = f->path, .linger_ms = LINGER_MS, .max_pending = 100000, .vfs = vfs_fault_name()
    };
    f->opts = (struct hub_opts){
        .max_topic_levels = 16,
        .match_cache = 64,
        .max_retained = 100,
        .max_hops = 5,
        .max_queued = 1000,
        .max_queued_bytes = 1 << 20,
        .max_inflight = 100,
        .max_subscriptions = 20,
        .max_sessions = 100,
        .session_expiry_ms = HOURS(1),
    };
    assert_int_equal(loop_create(&f->loop, NULL), 0);
    f->auth = auth_fake_create(f->loop);
    fixture_open(f);
    *state = f;
    return 0;
}

void fixture_close(struct fixture *f)
{
    if (!f->store) return;
    while (!list_empty(&f->clients))
        client_drop(container_of(f->clients.next, struct client, attached),
                    SESSION_END_CONNECTION_LOST);
    hub_flush(f->hub);
    store_stop(f->store);
    hub_destroy(f->hub);
    store_close(f->store);
    f->hub = NULL;
    f->store = NULL;
}

static void path_of(const struct fixture *f, const char *suffix, char path[128])
{
    snprintf(path, 128, "%s%s", f->path, suffix);
}

static void remove_files(const struct fixture *f)
{
    char path[128];
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        path_of(f, suffixes[i], path);
        unlink(path);
    }
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    vfs_fault_reset();
    fixture_close(f);
    auth_fake_destroy(f->auth);
    loop_destroy(f->loop);
    remove_files(f);
    rmdir(f->dir);
    clock_fake_remove();
    log_set_sink(NULL);
    free(f);
    return 0;
}

void fixture_restart(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

void fixture_make_old(struct fixture *f, int version, const char *sql)
{
    struct diag diag = DIAG_INIT;
    struct db *db;
    char set_version[64];
    remove_files(f);
    assert_int_equal(db_open(&db, f->path, NULL, false, &diag), 0);
    for (int i = 0; i < version; i++)
        assert_int_equal(db_script(db, migrations[i].sql, &diag), 0);
    snprintf(set_version, sizeof set_version, "PRAGMA user_version = %d", version);
    assert_int_equal(db_script(db, set_version, &diag), 0);
    int rc = db_script(db, sql, &diag);
    if (rc < 0) fail_msg("%s", diag_text(&diag, rc));
    db_close(db);
}

void put_blob(struct buf *sql, const struct msg *msg)
{
    struct buf data = { 0 };
    msg_save(msg, &data);
    buf_puts(sql, "x'");
    for (size_t i = 0; i < data.len; i++)
        buf_printf(sql, "%02x", (uint8_t)data.data[i]);
    buf_puts(sql, "'");
    buf_deinit(&data);
}

static void copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out;
    if (in < 0) return;
    assert_true((out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) >= 0);
    while (sendfile(out, in, NULL, MOST_FILE) > 0)
        ;
    close(in);
    close(out);
}

void fixture_crash(struct fixture *f)
{
    enum { KEPT = 2 }; /* the database and its log */
    char path[128], copy[160];
    for (int i = 0; i < KEPT; i++) {
        path_of(f, suffixes[i], path);
        snprintf(copy, sizeof copy, "%s.kept", path);
        copy_file(path, copy);
    }
    fixture_close(f);
    remove_files(f);
    for (int i = 0; i < KEPT; i++) {
        path_of(f, suffixes[i], path);
        snprintf(copy, sizeof copy, "%s.kept", path);
        rename(copy, path); /* which may not be there */
    }
    fixture_open(f);
}

void turns(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        loop_turn(f->loop);
}

void settle(struct fixture *f)
{
    int64_t before = 0;
    for (int i = 0; i < MOST_TURNS; i++) {
        store_sync(f->store);
        if (store_failing(f->store)) loop_turn_wait(f->loop, 5); /* the thread is trying again */
        int64_t next = store_next_commit(f->store);
        bool rests = !loop_turn(f->loop) && store_committed(f->store) + 1 == next;
        if (rests && next == before) return; /* and what commits have caused is committed too */
        before = next;
    }
    fail_msg("the loop does not come to rest");
}

int64_t query(struct fixture *f, const char *sql)
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

/* ---- clients ---- */

static struct client *client_of(struct session_link *link)
{
    return container_of(link, struct client, link);
}

static bool on_publish(struct session_link *link, struct msg *msg, const struct session_out *out)
{
    struct client *c = client_of(link);
    if (c->most && msg->payload.len > c->most) return false;
    buf_put_slice(&c->log, msg->topic);
    buf_putc(&c->log, '=');
    buf_put_slice(&c->log, msg->payload);
    buf_printf(&c->log, "/%d%s%s", out->qos, out->retain ? "r" : "", out->dup ? "d" : "");
    if (out->qos) buf_printf(&c->log, "#%d", out->id);
    for (size_t i = 0; i < out->id_count; i++)
        buf_printf(&c->log, "@%u", out->ids[i]);
    buf_putc(&c->log, ' ');
    return true;
}

static void on_pubrel(struct session_link *link, uint16_t id, bool found)
{
    buf_printf(&client_of(link)->log, "rel#%d%s ", id, found ? "" : "?");
}

static bool is_congested(struct session_link *link)
{
    return client_of(link)->congested;
}

static void on_end(struct session_link *link, enum session_end why)
{
    struct client *c = client_of(link);
    c->ended = true;
    c->why = why;
    c->session = NULL;
    list_remove(&c->attached);
}

static int64_t heard_at(const struct session_link *link)
{
    return container_of(link, struct client, link)->heard_at;
}

static const struct session_link_ops client_ops = { on_publish, on_pubrel, is_congested, on_end,
                                                    heard_at };

int64_t client_open_with(struct fixture *f, struct client *c, const char *id,
                         struct session_open_opts opts)
{
    c->f = f;
    c->link.ops = &client_ops;
    c->ended = false;
    c->heard_at = clock_mono_ms();
    if (!c->principal) c->principal = auth_fake_principal(PRINCIPAL_USER, id);
    opts.client_id = slice_str(id);
    opts.principal = c->principal;
    opts.source_ip = c->address ? c->address : "192.0.2.1";
    opts.link = &c->link;
    opts.keep_alive_s = 60;
    if (!opts.level) opts.level = 5;
    int64_t commit = session_open(f->hub, &opts, &c->session, &c->present);
    if (commit < 0) return commit;
    list_init(&c->attached);
    list_push_back(&f->clients, &c->attached);
    c->commit = commit;
    session_ready(c->session);
    for (int turn = 0; c->session && session_is_loading(c->session); turn++)
        loop_turn_wait(f->loop, turn ? 1000 : 0); /* the first hands the read to the thread */
    return commit;
}

int64_t client_open_will(struct fixture *f, struct client *c, const char *id, bool clean,
                         struct msg *will)
{
    return client_open_with(
        f, c, id,
        (struct session_open_opts){ .clean_start = clean,
                                    .expiry_ms =
                                        clean ? SESSION_EXPIRY_ENDS : SESSION_EXPIRY_CONFIGURED,
                                    .will = will,
                                    .level = c->level ? c->level : 4 });
}

int64_t client_open(struct fixture *f, struct client *c, const char *id, bool clean)
{
    return client_open_will(f, c, id, clean, NULL);
}

void client_drop(struct client *c, enum session_end why)
{
    struct session *session = c->session;
    c->session = NULL;
    list_remove(&c->attached);
    session_detach(session, why);
}

void client_free(struct client *c)
{
    if (c->session) client_drop(c, SESSION_END_CLIENT_INITIATED);
    principal_unref(c->principal);
    buf_deinit(&c->log);
    *c = (struct client){ .level = c->level }; /* it may come back */
}

int64_t client_subscribe(struct client *c, const char *filter, uint8_t qos)
{
    return client_subscribe_opts(c, filter, &(struct sub_opts){ .qos = qos });
}

int64_t client_subscribe_opts(struct client *c, const char *filter, const struct sub_opts *opts)
{
    int rc = hub_authorize_subscribe(c->f->hub, c->principal, session_auth_conn(c->session),
                                     slice_str(filter));
    if (rc < 0) return rc;
    bool is_new;
    int64_t commit = session_subscribe(c->session, slice_str(filter), opts, &is_new);
    if (commit >= 0) session_send_retained(c->session, slice_str(filter), opts, is_new);
    return commit;
}

int64_t client_unsubscribe(struct client *c, const char *filter)
{
    bool existed;
    return session_unsubscribe(c->session, slice_str(filter), &existed);
}

int64_t client_release(struct client *c, uint16_t id)
{
    bool found;
    return session_release(c->session, id, &found);
}

struct msg *message(const char *topic, const char *payload, uint8_t qos, bool retain)
{
    return msg_create(&(struct msg_opts){
        .topic = slice_str(topic), .payload = slice_str(payload), .qos = qos, .retain = retain });
}

static int64_t publish_as(struct client *c, struct msg *msg)
{
    int64_t commit = c->session ? session_publish(c->session, msg, NULL, NULL)
                                : hub_publish(c->f->hub, c->principal, NULL, msg, NULL, NULL);
    msg_unref(msg);
    return commit;
}

int64_t client_publish(struct client *c, const char *topic, const char *payload, uint8_t qos)
{
    return publish_as(c, message(topic, payload, qos, false));
}

int64_t client_retain(struct client *c, const char *topic, const char *payload, uint8_t qos)
{
    return publish_as(c, message(topic, payload, qos, true));
}

int64_t client_publish2(struct client *c, uint16_t id, const char *topic, const char *payload)
{
    struct msg *msg = message(topic, payload, 2, false);
    int64_t commit = session_receive(c->session, id, msg, NULL, NULL);
    msg_unref(msg);
    return commit;
}

const char *client_log(struct client *c)
{
    static char text[1 << 16];
    snprintf(text, sizeof text, "%s", buf_str(&c->log));
    buf_clear(&c->log);
    return text;
}

int64_t publish(struct fixture *f, const char *topic, const char *payload, uint8_t qos)
{
    struct msg *msg = message(topic, payload, qos, false);
    int64_t commit = hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    return commit;
}

/* ---- services ---- */

static int64_t service_deliver(struct subscriber *subscriber, struct msg *msg,
                               const struct delivery *how)
{
    struct service *service = container_of(subscriber, struct service, subscriber);
    service->count++;
    if (how->again) service->again++;
    buf_put_slice(&service->log, msg->topic);
    buf_putc(&service->log, '=');
    buf_put_slice(&service->log, msg->payload);
    buf_putc(&service->log, ' ');
    switch (service->does) {
    case SERVICE_COUNT:
        return service->commit;
    case SERVICE_RELEASE:
        hub_release(hub_hold(how->pub), service->commit);
        return 0;
    case SERVICE_HOLD:
        service->hold = hub_hold(how->pub);
        return 0;
    case SERVICE_REPUBLISH: {
        struct msg *next = msg_create(&(struct msg_opts){ .topic = slice_str(service->to),
                                                          .payload = msg->payload,
                                                          .qos = msg->qos,
                                                          .hops = (uint8_t)(msg->hops + 1) });
        hub_publish_nested(how->pub, next);
        msg_unref(next);
        return 0;
    }
    }
    return 0;
}

static const struct subscriber_ops service_ops = { service_deliver };

void service_start(struct fixture *f, struct service *service, const char *filter)
{
    service->f = f;
    service->subscriber = (struct subscriber){ &service_ops, principal_system(), NULL };
    assert_int_equal(hub_subscribe(f->hub, &service->subscriber, slice_str(filter),
                                   &(struct sub_opts){ .qos = 2 }, &service->subscription),
                     0);
}

void service_stop(struct service *service)
{
    if (service->f->hub) hub_unsubscribe(service->f->hub, &service->subscription);
    buf_deinit(&service->log);
}

void on_decision(void *arg, int64_t commit)
{
    struct decision *decision = arg;
    decision->count++;
    decision->commit = commit;
}
