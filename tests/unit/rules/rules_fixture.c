/* rules_fixture.c — see rules_fixture.h. */
#include "rules_fixture.h"

#include "base/ip_net.h"
#include "base/log.h"
#include "webhook/webhook.h"

#include <ftw.h>
#include <unistd.h>

static void silent(const char *line, size_t len)
{
}

static void open_webhooks(struct fix *f)
{
    struct ip_net local;
    assert_int_equal(ip_net_parse("127.0.0.0/8", &local), 0);
    assert_int_equal(webhooks_create(&f->webhooks, f->loop,
                                     &(struct webhooks_opts){ .workers = 2,
                                                              .queue = 1000,
                                                              .timeout_ms = 20000,
                                                              .max_response = 1000,
                                                              .allow = &local,
                                                              .allow_count = 1 },
                                     NULL),
                     0);
    f->opts.webhooks = f->webhooks;
}

void fix_open(struct fix *f)
{
    struct diag diag = DIAG_INIT;
    struct hub_opts hub = { .max_topic_levels = 32,
                            .match_cache = 100,
                            .max_retained = 100,
                            .max_hops = 10,
                            .max_queued = 1000,
                            .max_queued_bytes = 1 << 20,
                            .max_inflight = 20,
                            .max_subscriptions = 50,
                            .max_sessions = 100 };
    assert_int_equal(loop_create(&f->loop, &diag), 0);
    assert_int_equal(store_open(&f->store, f->loop,
                                &(struct store_opts){ .path = f->db, .max_pending = 100000 },
                                &diag),
                     0);
    assert_int_equal(
        registry_create(&f->registry, f->loop, f->store,
                        &(struct registry_opts){ .region = "local", .account = "000000000000" },
                        &diag),
        0);
    f->auth =
        auth_create(f->loop, f->registry, &(struct auth_opts){ "local", "000000000000", false, 0 });
    assert_int_equal(hub_create(&f->hub, f->loop, f->store, f->auth, &hub, &diag), 0);
    open_webhooks(f);
    assert_int_equal(rules_create(&f->rules, f->hub, f->registry, &f->opts, &diag), 0);
    hub_start(f->hub);
    for (int id = 0; id < METRIC_COUNT; id++)
        f->counted[id] = metrics_get((enum metric)id);
    rules_start(f->rules);
    store_sync(f->store);
}

void fix_close(struct fix *f, bool polite)
{
    if (polite) rules_stop(f->rules);
    store_stop(f->store);
    rules_destroy(f->rules);
    webhooks_destroy(f->webhooks);
    hub_destroy(f->hub);
    auth_destroy(f->auth);
    registry_destroy(f->registry);
    store_close(f->store);
    loop_destroy(f->loop);
}

void fix_restart(struct fix *f, bool polite)
{
    fix_close(f, polite);
    fix_open(f);
}

struct fix *fix_create(void)
{
    struct fix *f = xnew(struct fix);
    log_set_sink(silent);
    clock_fake_install();
    snprintf(f->dir, sizeof f->dir, "/tmp/thingd-rules-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->db = xasprintf("%s/thingd.db", f->dir);
    f->files = xasprintf("%s/files", f->dir);
    f->opts = (struct rules_opts){
        .file_root = f->files, .max_rules = 50, .outbox_max = 1000, .file_max_bytes = 10 << 20
    };
    fix_open(f);
    return f;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

void fix_destroy(struct fix *f)
{
    fix_close(f, true);
    file_writer_set_write(NULL);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    clock_fake_remove();
    log_set_sink(NULL);
    free(f->db);
    free(f->files);
    free(f);
}

void fix_settle(struct fix *f)
{
    for (int i = 0; i < 1000; i++) {
        while (loop_turn(f->loop)) {}
        store_sync(f->store);
        if (f->rules->run_count == 0 && list_empty(&f->rules->ready)) break;
        loop_turn_wait(f->loop, 20);
    }
    assert_int_equal(f->rules->run_count, 0);
    assert_int_equal(f->rules->run_bytes, 0);
    store_sync(f->store);
}

int64_t fix_count(struct fix *f, enum metric id)
{
    return metrics_get(id) - f->counted[id];
}

/* ---- rules ---- */

struct answer {
    bool done;
    int rc;
};

static void on_answer(void *arg, int rc, struct json *result, const struct diag *diag)
{
    *(struct answer *)arg = (struct answer){ true, rc };
}

static int call(struct fix *f, const char *op, const char *name, struct json *payload)
{
    struct answer answer = { 0 };
    struct json *params = json_new_object();
    json_set_str(params, "ruleName", name);
    if (payload) json_set(params, "topicRulePayload", payload);
    registry_call(f->registry, registry_op_find(op), params, on_answer, &answer);
    for (int i = 0; i < 200 && !answer.done; i++)
        loop_turn_wait(f->loop, 100);
    assert_true(answer.done);
    return answer.rc;
}

static struct json *parse(const char *text)
{
    struct json *json;
    struct diag diag = DIAG_INIT;
    if (json_parse(slice_str(text), NULL, &json, &diag) < 0) fail_msg("%s: %s", text, diag.text);
    return json;
}

static int put(struct fix *f, const char *op, const char *name, const char *text, bool replaces)
{
    struct json *payload = parse(text);
    struct diag diag = DIAG_INIT;
    int rc = rules_check(f->rules, name, payload, replaces, &diag);
    if (rc < 0) {
        json_free(payload);
        return rc;
    }
    return call(f, op, name, payload);
}

int rule_create(struct fix *f, const char *name, const char *payload)
{
    return put(f, "CreateTopicRule", name, payload, false);
}

int rule_replace(struct fix *f, const char *name, const char *payload)
{
    return put(f, "ReplaceTopicRule", name, payload, true);
}

void rule_do(struct fix *f, const char *op, const char *name)
{
    assert_int_equal(call(f, op, name, NULL), 0);
}

int rule_check(struct fix *f, const char *text, struct diag *diag)
{
    struct json *payload = parse(text);
    int rc = rules_check(f->rules, "r", payload, false, diag);
    json_free(payload);
    return rc;
}

/* ---- messages ---- */

int64_t publish_msg(struct fix *f, const struct msg_opts *opts)
{
    struct msg *msg = msg_create(opts);
    int64_t commit = hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    return commit;
}

int64_t publish(struct fix *f, const char *topic, const char *payload, uint8_t qos)
{
    return publish_msg(f, &(struct msg_opts){ .topic = slice_str(topic),
                                              .payload = slice_str(payload),
                                              .client_id = SLICE_LIT("probe"),
                                              .principal = SLICE_LIT("abc"),
                                              .over_mqtt = true,
                                              .qos = qos });
}

static int64_t on_message(struct subscriber *subscriber, struct msg *msg,
                          const struct delivery *how)
{
    struct probe *p = container_of(subscriber, struct probe, subscriber);
    buf_put_slice(&p->seen, msg->topic);
    buf_putc(&p->seen, ' ');
    buf_put_slice(&p->seen, msg->payload);
    buf_putc(&p->seen, '\n');
    p->count++;
    p->qos = msg->qos;
    return 0;
}

static const struct subscriber_ops probe_ops = { .deliver = on_message };

void probe_open(struct probe *p, struct fix *f, const char *filter)
{
    *p = (struct probe){ .f = f };
    p->subscriber = (struct subscriber){ .ops = &probe_ops, .principal = principal_system() };
    assert_int_equal(hub_subscribe(f->hub, &p->subscriber, slice_str(filter),
                                   &(struct sub_opts){ .qos = 2 }, &p->subscription),
                     0);
}

void probe_close(struct probe *p)
{
    hub_unsubscribe(p->f->hub, &p->subscription);
    buf_deinit(&p->seen);
}

/* ---- what is on the disk ---- */

char *file_text(struct fix *f, const char *path)
{
    char *full = xasprintf("%s/%s", f->files, path);
    FILE *file = fopen(full, "rb");
    struct buf text = { 0 };
    char block[4096];
    size_t n;
    free(full);
    if (!file) return NULL;
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        buf_append(&text, block, n);
    fclose(file);
    return buf_take(&text, NULL);
}

size_t line_count(const char *text)
{
    size_t lines = 0;
    for (; text && *text; text++)
        lines += *text == '\n';
    return lines;
}

struct counting {
    const char *sql;
    int64_t count;
};

static int count_rows(struct db *db, void *arg)
{
    struct counting *counting = arg;
    struct db_stmt *q = db_query(db, counting->sql);
    if (db_step(q)) counting->count = db_int(q, 0);
    return db_done(q);
}

int64_t row_count(struct fix *f, const char *sql)
{
    struct counting counting = { sql, -1 };
    assert_int_equal(store_read_now(f->store, count_rows, &counting, NULL), 0);
    return counting.count;
}
