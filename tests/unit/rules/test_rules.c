/* test_rules.c — rules from the registry to their actions: changes, republishing, Basic Ingest, the
 * outbox, error actions. */
#include "rules_fixture.h"

#include "base/log.h"
#include "hub/session.h"

#include <errno.h>

#define HOT_SQL \
    "SELECT temperature, topic(2) AS device FROM 'device/+/telemetry' WHERE temperature > 30"
#define ROLE   "\"roleArn\":\"arn:aws:iam::123456789012:role/r\""
#define OUTBOX "SELECT count(*) FROM outbox"

#define RULE(sql, actions) \
    "{\"sql\":\"" sql "\",\"awsIotSqlVersion\":\"2016-03-23\",\"actions\":[" actions "]}"
#define REPUBLISH(topic) "{\"republish\":{" ROLE ",\"topic\":\"" topic "\"}}"
#define FILE_TO(path)    "{\"file\":{\"path\":\"" path "\"}}"

static int setup(void **state)
{
    *state = fix_create();
    return 0;
}

static int teardown(void **state)
{
    fix_destroy(*state);
    return 0;
}

static ssize_t full_disk(int fd, const void *data, size_t len)
{
    errno = ENOSPC;
    return -1;
}

/* Turns the loop until the file action has tried what it was given. */
/* What no room will mend. */
static ssize_t broken_disk(int fd, const void *data, size_t len)
{
    errno = EROFS;
    return -1;
}

static void let_it_fail(struct fix *f)
{
    for (int i = 0; i < 20; i++)
        loop_turn_wait(f->loop, 5);
}

/* ---- matching ---- */

static void hundred_readings_make_forty_lines_and_messages(void **state)
{
    struct fix *f = *state;
    static struct probe alerts;
    assert_int_equal(
        rule_create(f, "hot", RULE(HOT_SQL, FILE_TO("hot.jsonl") "," REPUBLISH("hot/alerts"))), 0);
    probe_open(&alerts, f, "hot/alerts");
    for (int i = 0; i < 100; i++) {
        char payload[64];
        double value = i % 5 < 2 ? 30.5 + i : 20 + i % 5;
        snprintf(payload, sizeof payload, "{\"temperature\":%.1f,\"x\":1}", value);
        assert_true(publish(f, "device/t1/telemetry", payload, (uint8_t)(i % 2)) >= 0);
    }
    fix_settle(f);
    char *text = file_text(f, "hot.jsonl");
    assert_int_equal(alerts.count, 40);
    assert_int_equal(line_count(text), 40);
    assert_true(strncmp(buf_str(&alerts.seen),
                        "hot/alerts {\"temperature\":30.5,\"device\":\"t1\"}\n", 46) == 0);
    assert_non_null(strstr(text, "{\"temperature\":126.5,\"device\":\"t1\"}\n"));
    assert_int_equal(row_count(f, OUTBOX), 0);
    assert_int_equal(fix_count(f, METRIC_RULE_MATCHES), 100);
    assert_int_equal(fix_count(f, METRIC_RULE_FIRED), 40);
    assert_int_equal(fix_count(f, METRIC_ACTION_RUNS), 80);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 0);
    assert_int_equal(metrics_get(METRIC_RULES), 1);
    free(text);
    probe_close(&alerts);
}

static void a_change_takes_effect_for_the_next_message(void **state)
{
    struct fix *f = *state;
    static struct probe out;
    probe_open(&out, f, "out/#");
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", REPUBLISH("out/a"))), 0);
    publish(f, "in", "1", 0);
    assert_int_equal(rule_replace(f, "r", RULE("SELECT * FROM 'in'", REPUBLISH("out/b"))), 0);
    publish(f, "in", "2", 0);
    assert_int_equal(rule_replace(f, "r", RULE("SELECT * FROM 'other'", REPUBLISH("out/c"))), 0);
    publish(f, "in", "3", 0);
    publish(f, "other", "4", 0);
    rule_do(f, "DisableTopicRule", "r");
    assert_int_equal(metrics_get(METRIC_RULES), 0);
    publish(f, "other", "5", 0);
    rule_do(f, "EnableTopicRule", "r");
    publish(f, "other", "6", 0);
    rule_do(f, "DeleteTopicRule", "r");
    publish(f, "other", "7", 0);
    assert_string_equal(buf_str(&out.seen), "out/a 1\nout/b 2\nout/c 4\nout/c 6\n");
    assert_int_equal(rule_create(f, "r",
                                 "{\"sql\":\"SELECT * FROM 'in'\",\"ruleDisabled\":true,"
                                 "\"actions\":[" REPUBLISH("out/d") "]}"),
                     0);
    publish(f, "in", "8", 0);
    assert_int_equal(out.count, 4);
    fix_restart(f, true);
    assert_int_equal(metrics_get(METRIC_RULES), 0);
    buf_deinit(&out.seen);
}

static void rules_are_there_after_a_restart(void **state)
{
    struct fix *f = *state;
    static struct probe out;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", REPUBLISH("out"))), 0);
    fix_restart(f, true);
    probe_open(&out, f, "out");
    publish(f, "in", "1", 0);
    assert_string_equal(buf_str(&out.seen), "out 1\n");
    probe_close(&out);
}

static void a_stored_rule_that_does_not_compile_is_left_out(void **state)
{
    struct fix *f = *state;
    struct db *db;
    fix_close(f, true);
    assert_int_equal(db_open(&db, f->db, NULL, false, NULL), 0);
    assert_int_equal(
        db_script(db,
                  "INSERT INTO rule VALUES ('bad', '{\"sql\":\"SELEC\",\"actions\":[]}', 0, 1);"
                  "INSERT INTO rule VALUES ('worse', 'no json', 0, 1)",
                  NULL),
        0);
    db_close(db);
    fix_open(f);
    assert_int_equal(f->rules->by_name.count, 2);
    publish(f, "$aws/rules/bad/x", "{}", 0);
    assert_int_equal(fix_count(f, METRIC_RULE_FIRED), 0);
    assert_int_equal(rule_replace(f, "bad", RULE("SELECT * FROM 'in'", REPUBLISH("out"))), 0);
    publish(f, "in", "{}", 0);
    assert_int_equal(fix_count(f, METRIC_RULE_FIRED), 1);
}

static void functions_of_the_message(void **state)
{
    struct fix *f = *state;
    static struct probe out;
    probe_open(&out, f, "out");
    assert_int_equal(
        rule_create(f, "r",
                    RULE("SELECT clientid() AS c, principal() AS p, topic() AS t, accountid() "
                         "AS a FROM 'in/#'",
                         REPUBLISH("out"))),
        0);
    publish(f, "in/x", "{}", 0);
    publish_msg(f, &(struct msg_opts){ .topic = SLICE_LIT("in/y"),
                                       .payload = SLICE_LIT("{}"),
                                       .client_id = SLICE_LIT("web"),
                                       .principal = SLICE_LIT("key") });
    assert_string_equal(
        buf_str(&out.seen),
        "out {\"c\":\"probe\",\"p\":\"abc\",\"t\":\"in/x\",\"a\":\"000000000000\"}\n"
        "out {\"c\":\"n/a\",\"p\":\"key\",\"t\":\"in/y\",\"a\":\"000000000000\"}\n");
    probe_close(&out);
}

/* ---- republish ---- */

static void a_loop_of_republishes_is_cut(void **state)
{
    struct fix *f = *state;
    static struct probe out;
    probe_open(&out, f, "ring");
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'ring'", REPUBLISH("ring"))), 0);
    assert_true(publish(f, "ring", "1", 0) >= 0);
    assert_int_equal(out.count, 11);
    assert_int_equal(fix_count(f, METRIC_HOPS_CUT), 1);
    assert_int_equal(fix_count(f, METRIC_RULE_FIRED), 11);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 1);
    probe_close(&out);
}

static void topics_of_republish_are_templates(void **state)
{
    struct fix *f = *state;
    static struct probe out, shadow;
    probe_open(&out, f, "#");
    probe_open(&shadow, f, "$aws/things/#");
    assert_int_equal(rule_create(f, "r",
                                 RULE("SELECT VALUE v FROM 'in/+'",
                                      "{\"republish\":{\"topic\":\"out/${topic(2)}/${v + 1}\","
                                      "\"qos\":1}}")),
                     0);
    assert_int_equal(rule_create(f, "s",
                                 RULE("SELECT v AS state.reported.v FROM 'in/+'",
                                      REPUBLISH("$$aws/things/${topic(2)}/shadow/update"))),
                     0);
    assert_int_equal(rule_create(f, "t", RULE("SELECT v FROM 'in/+'", REPUBLISH("$${t}"))), 0);
    publish(f, "in/x", "{\"v\":1,\"t\":\"$aws/things/y/shadow/get\"}", 0);
    assert_string_equal(buf_str(&out.seen),
                        "in/x {\"v\":1,\"t\":\"$aws/things/y/shadow/get\"}\nout/x/2 1\n");
    assert_int_equal(out.qos, 1);
    assert_non_null(strstr(buf_str(&shadow.seen),
                           "$aws/things/x/shadow/update {\"state\":{\"reported\":{\"v\":1}}}\n"));
    assert_non_null(strstr(buf_str(&shadow.seen), "$aws/things/y/shadow/get {\"v\":1}\n"));
    probe_close(&out);
    probe_close(&shadow);
}

static void republish_reaches_no_reserved_topic(void **state)
{
    static const char *const topics[] = {
        "$aws/things/x/shadow/update/accepted",
        "$aws/events/presence/connected/x",
        "SYS/broker",
        "$aws/rules/r",
        "$aws/things/x/jobs/get",
        "$SYS/x",
        "$thingd/x",
        "",
        "a/+",
        "a/#",
        "$",
        "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33",
    };
    struct fix *f = *state;
    static struct probe all;
    assert_int_equal(rule_create(f, "r", RULE("SELECT 1 AS v FROM 'in'", REPUBLISH("$${t}"))), 0);
    assert_int_equal(rule_create(f, "s", RULE("SELECT 1 AS v FROM 'on'", REPUBLISH("${t}"))), 0);
    probe_open(&all, f, "$aws/#");
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        char payload[256];
        int64_t before = fix_count(f, METRIC_ACTION_FAILURES);
        snprintf(payload, sizeof payload, "{\"t\":\"%s\"}", topics[i]);
        publish(f, topics[i][0] == '$' ? "in" : "on", payload, 0);
        bool fine = strcmp(topics[i], "SYS/broker") == 0;
        assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES) - before, fine ? 0 : 1);
    }
    assert_int_equal(all.count, 0);
    probe_close(&all);
}

/* ---- Basic Ingest ---- */

static void basic_ingest_reaches_one_rule_alone(void **state)
{
    struct fix *f = *state;
    static struct probe out;
    probe_open(&out, f, "out/#");
    assert_int_equal(
        rule_create(f, "one",
                    RULE("SELECT topic() AS t, topic(1) AS a FROM 'x'", REPUBLISH("out/1"))),
        0);
    assert_int_equal(rule_create(f, "two", RULE("SELECT * FROM '$aws/#'", REPUBLISH("out/2"))), 0);
    assert_int_equal(rule_create(f, "bare", RULE("SELECT topic() AS t", REPUBLISH("out/3"))), 0);
    assert_true(publish(f, "$aws/rules/one/a/b", "{}", 1) >= 0);
    publish(f, "$aws/rules/one", "{}", 0);
    publish(f, "$aws/rules/bare/q", "{}", 0);
    publish(f, "$aws/rules/nobody/q", "{}", 0);
    rule_do(f, "DisableTopicRule", "one");
    publish(f, "$aws/rules/one/a", "{}", 0);
    assert_string_equal(buf_str(&out.seen), "out/1 {\"t\":\"a/b\",\"a\":\"a\"}\n"
                                            "out/1 {\"t\":\"\"}\n"
                                            "out/3 {\"t\":\"q\"}\n");
    assert_int_equal(fix_count(f, METRIC_RULE_FAILURES), 2);
    probe_close(&out);
}

static void clients_may_publish_to_rules(void **state)
{
    struct fix *f = *state;
    struct principal admin = { .refs = 2,
                               .kind = PRINCIPAL_LOCAL,
                               .id = (char *)"0",
                               .label = (char *)"local:0",
                               .admin = true,
                               .valid = true };
    list_init(&admin.watches);
    assert_int_equal(
        hub_authorize_publish(f->hub, &admin, NULL, SLICE_LIT("$aws/rules/r/x"), false), 0);
    assert_int_equal(hub_authorize_publish(f->hub, &admin, NULL, SLICE_LIT("$aws/rules/r"), false),
                     0);
    assert_int_equal(hub_authorize_publish(f->hub, &admin, NULL, SLICE_LIT("$aws/rules"), false),
                     ERR_DENIED);
    assert_int_equal(hub_authorize_publish(f->hub, &admin, NULL, SLICE_LIT("$aws/rules/r/x"), true),
                     ERR_DENIED);
}

/* ---- commits and the outbox ---- */

static bool nothing_goes_out(struct session_link *link, struct msg *msg,
                             const struct session_out *out)
{
    return true;
}

static void no_pubrel(struct session_link *link, uint16_t id, bool found)
{
}

static bool not_congested(struct session_link *link)
{
    return false;
}

static void on_end(struct session_link *link, enum session_end why)
{
}

static const struct session_link_ops link_ops = { nothing_goes_out, no_pubrel, not_congested,
                                                  on_end };

/* A persistent session that subscribed and went away. */
static void leave_session(struct fix *f, const char *filter)
{
    struct session_link link = { &link_ops };
    struct session *session;
    bool present;
    assert_true(session_open(f->hub,
                             &(struct session_open_opts){ .client_id = SLICE_LIT("keeper"),
                                                          .expiry_ms = SESSION_EXPIRY_CONFIGURED,
                                                          .principal = principal_system(),
                                                          .source_ip = "192.0.2.1",
                                                          .link = &link },
                             &session, &present) >= 0);
    session_ready(session);
    bool is_new;
    assert_true(session_subscribe(session, slice_str(filter), &(struct sub_opts){ .qos = 1 },
                                  &is_new) >= 0);
    session_detach(session, SESSION_END_CLIENT_INITIATED);
    store_sync(f->store);
}

static void the_commit_covers_outbox_and_sessions(void **state)
{
    struct fix *f = *state;
    assert_int_equal(
        rule_create(f, "r",
                    RULE("SELECT * FROM 'in'",
                         FILE_TO("a.jsonl") ",{\"republish\":{\"topic\":\"out\",\"qos\":1}}")),
        0);
    leave_session(f, "out");
    file_writer_set_write(full_disk);
    int64_t commit = publish(f, "in", "{\"v\":1}", 1);
    assert_true(commit > 0);
    assert_true(store_committed(f->store) < commit);
    assert_int_equal(row_count(f, OUTBOX), 0);
    store_sync(f->store);
    assert_true(store_committed(f->store) >= commit);
    assert_int_equal(row_count(f, OUTBOX), 1);
    assert_int_equal(row_count(f, "SELECT sum(count) FROM queue_page"), 1);
    assert_int_equal(publish(f, "nobody", "{}", 1), 0);
    let_it_fail(f);
    file_writer_set_write(NULL);
    clock_fake_advance(SECONDS(1));
    fix_settle(f);
    assert_int_equal(row_count(f, OUTBOX), 0);
    char *text = file_text(f, "a.jsonl");
    assert_string_equal(text, "{\"v\":1}\n");
    free(text);
}

static void qos0_runs_without_the_outbox(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("a.jsonl"))), 0);
    file_writer_set_write(full_disk);
    assert_int_equal(publish(f, "in", "{}", 0), 0);
    let_it_fail(f);
    assert_int_equal(f->rules->run_count, 1);
    store_sync(f->store);
    assert_int_equal(row_count(f, OUTBOX), 0);
}

static void what_a_crash_left_is_run_at_start(void **state)
{
    struct fix *f = *state;
    static struct probe out;
    assert_int_equal(
        rule_create(f, "r",
                    RULE("SELECT * FROM 'in/+'", FILE_TO("${topic(2)}.jsonl") "," FILE_TO(
                                                     "all/x.jsonl") "," REPUBLISH("out"))),
        0);
    file_writer_set_write(full_disk);
    for (int i = 0; i < 20; i++) {
        char payload[32];
        snprintf(payload, sizeof payload, "{\"v\":%d}", i);
        assert_true(publish(f, i % 2 ? "in/a" : "in/${b}", payload, 1) > 0);
    }
    store_sync(f->store);
    let_it_fail(f);
    fix_close(f, false);
    fix_open(f);
    assert_int_equal(row_count(f, OUTBOX), 40);
    rule_do(f, "DeleteTopicRule", "r"); /* what was promised is done all the same */
    fix_close(f, true);
    file_writer_set_write(NULL);
    fix_open(f);
    probe_open(&out, f, "out");
    fix_settle(f);
    char *a = file_text(f, "a.jsonl"), *b = file_text(f, "${b}.jsonl");
    char *all = file_text(f, "all/x.jsonl");
    assert_int_equal(line_count(a), 10);
    assert_int_equal(line_count(b), 10);
    assert_int_equal(line_count(all), 20);
    assert_true(strncmp(all, "{\"v\":0}\n{\"v\":1}\n", 16) == 0);
    assert_int_equal(out.count, 0);
    assert_int_equal(row_count(f, OUTBOX), 0);
    assert_int_equal(fix_count(f, METRIC_ACTION_RUNS), 40);
    assert_true(publish(f, "in/a", "{}", 1) == 0);
    free(a);
    free(b);
    free(all);
    probe_close(&out);
}

static void ids_go_on_after_a_restart(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("a.jsonl"))), 0);
    file_writer_set_write(full_disk);
    publish(f, "in", "1", 1);
    fix_restart(f, false);
    publish(f, "in", "2", 1);
    store_sync(f->store);
    assert_int_equal(row_count(f, OUTBOX), 2);
    file_writer_set_write(NULL);
    let_it_fail(f);
    clock_fake_advance(SECONDS(10));
    fix_settle(f);
    char *text = file_text(f, "a.jsonl");
    assert_string_equal(text, "1\n2\n");
    free(text);
}

static void a_polite_stop_repeats_nothing(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("a.jsonl"))), 0);
    for (int i = 0; i < 300; i++)
        publish(f, "in", "{}", i % 3 == 0 ? 0 : 1);
    store_sync(f->store);
    publish(f, "in", "{}", 1); /* its commit comes after rules_stop: the next start runs it */
    fix_restart(f, true);
    fix_settle(f);
    char *text = file_text(f, "a.jsonl");
    assert_int_equal(line_count(text), 301);
    assert_int_equal(row_count(f, OUTBOX), 0);
    free(text);
}

static void damaged_rows_are_dropped(void **state)
{
    struct fix *f = *state;
    struct db *db;
    fix_close(f, true);
    assert_int_equal(db_open(&db, f->db, NULL, false, NULL), 0);
    assert_int_equal(
        db_script(db,
                  "INSERT INTO outbox VALUES (1,'r',0,'file','{\"path\":\"a\"}',x'7b7d',x'00',1);"
                  "INSERT INTO outbox VALUES (2,'r',0,'bogus','{}',x'7b7d',"
                  "x'010000000000000000000000000000000000000000000000000000000000000000',1);"
                  "INSERT INTO outbox VALUES (3,'r',0,'file','{\"path\":\"../a\"}',x'7b7d',"
                  "x'010000000000000000000000000000000000000000000000000000000000000000',1);"
                  "INSERT INTO outbox VALUES (7,'r',0,'file','[',x'7b7d',"
                  "x'010000000000000000000000000000000000000000000000000000000000000000',1);",
                  NULL),
        0);
    db_close(db);
    fix_open(f);
    fix_settle(f);
    assert_int_equal(row_count(f, OUTBOX), 0);
    assert_true(f->rules->next_row == 8);
}

static void the_outbox_is_bounded(void **state)
{
    struct fix *f = *state;
    fix_close(f, true);
    f->opts.outbox_max = 5;
    fix_open(f);
    static struct probe errors;
    probe_open(&errors, f, "errors");
    assert_int_equal(rule_create(f, "r",
                                 "{\"sql\":\"SELECT * FROM 'in'\",\"actions\":[" FILE_TO(
                                     "a.jsonl") "],\"errorAction\":" REPUBLISH("errors") "}"),
                     0);
    for (int i = 0; i < 8; i++)
        publish(f, "in", "{}", 1);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 3);
    assert_int_equal(errors.count, 3);
    assert_non_null(strstr(buf_str(&errors.seen), "the outbox is full"));
    fix_settle(f);
    char *text = file_text(f, "a.jsonl");
    assert_int_equal(line_count(text), 5);
    free(text);
    probe_close(&errors);
}

static void the_outbox_is_bounded_in_bytes(void **state)
{
    struct fix *f = *state;
    fix_close(f, true);
    f->opts.outbox_max_bytes = 8000;
    fix_open(f);
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("a.jsonl"))), 0);
    char big[9000];
    memset(big, ' ', sizeof big);
    memcpy(big + sizeof big - 3, "{}", 3);
    publish(f, "in", big, 1);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 1);
    publish(f, "in", "{}", 1);
    fix_settle(f);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 1);
}

/* ---- failures ---- */

static void failures_are_collected_for_the_error_action(void **state)
{
    struct fix *f = *state;
    static struct probe errors;
    struct json *json;
    probe_open(&errors, f, "errors/#");
    assert_int_equal(
        rule_create(
            f, "r",
            "{\"sql\":\"SET @n = topic(2) SELECT * FROM 'in/+'\","
            "\"actions\":[" FILE_TO("../${@n}") "," REPUBLISH("a/+") "," REPUBLISH(
                "out") "," FILE_TO("b/${p}") "],\"errorAction\":" REPUBLISH("errors/${@n}/"
                                                                            "${topic(1)}") "}"),
        ERR_INVALID);
    assert_int_equal(
        rule_create(
            f, "r",
            "{\"sql\":\"SET @n = topic(2) SELECT * FROM 'in/+'\","
            "\"awsIotSqlVersion\":\"2016-03-23\","
            "\"actions\":[" FILE_TO("${p}${@n}") "," REPUBLISH("${bad}") "," REPUBLISH(
                "out") "," FILE_TO("b/${@n}") "],\"errorAction\":" REPUBLISH("errors/${@n}/"
                                                                             "${topic(1)}") "}"),
        0);
    publish(f, "in/x", "{\"p\":\"../\",\"bad\":\"q/#\"}", 1);
    fix_settle(f);
    assert_int_equal(errors.count, 1);
    assert_true(strncmp(buf_str(&errors.seen), "errors/x/in ", 12) == 0);
    assert_int_equal(
        json_parse(slice_of(errors.seen.data + 12, errors.seen.len - 13), NULL, &json, NULL), 0);
    assert_string_equal(json_get_str(json, "ruleName"), "r");
    assert_string_equal(json_get_str(json, "topic"), "in/x");
    assert_string_equal(json_get_str(json, "clientId"), "probe");
    assert_int_equal(strlen(json_get_str(json, "cloudwatchTraceId")), 36);
    assert_string_equal(json_get_str(json, "base64OriginalPayload"),
                        "eyJwIjoiLi4vIiwiYmFkIjoicS8jIn0=");
    const struct json *failures = json_get(json, "failures");
    assert_int_equal(json_count(failures), 2);
    assert_string_equal(json_get_str(json_at(failures, 0), "failedAction"), "RepublishAction");
    assert_string_equal(json_get_str(json_at(failures, 0), "failedResource"), "q/#");
    assert_string_equal(json_get_str(json_at(failures, 1), "failedAction"), "FileAction");
    assert_string_equal(json_get_str(json_at(failures, 1), "failedResource"), "../x");
    assert_non_null(strstr(json_get_str(json_at(failures, 1), "errorMessage"), ".."));
    assert_int_equal(row_count(f, OUTBOX), 0);
    json_free(json);
    probe_close(&errors);
}

static void an_error_action_may_be_outside_and_may_fail(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r",
                                 "{\"sql\":\"SELECT * FROM 'in'\",\"actions\":[" REPUBLISH(
                                     "${t}") "],\"errorAction\":" FILE_TO("${e}") "}"),
                     0);
    assert_true(publish(f, "in", "{\"t\":\"a/#\",\"e\":\"errors.jsonl\"}", 1) > 0);
    assert_int_equal(publish(f, "in", "{\"t\":\"a/#\",\"e\":\"/etc/x\"}", 0), 0);
    fix_settle(f);
    char *text = file_text(f, "errors.jsonl");
    assert_int_equal(line_count(text), 1);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 3);
    assert_int_equal(row_count(f, OUTBOX), 0);
    free(text);
}

static void payloads_that_are_no_json_fail(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("a.jsonl"))), 0);
    publish(f, "in", "not json", 1);
    publish(f, "in", "", 1);
    publish(f, "in", "{\n  \"a\": \"b\\n\",\r\n \"c\": 1 }", 1);
    fix_settle(f);
    char *text = file_text(f, "a.jsonl");
    assert_string_equal(text, "{   \"a\": \"b\\n\",   \"c\": 1 }\n");
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 2);
    assert_int_equal(row_count(f, OUTBOX), 0);
    free(text);
}

static void a_full_disk_is_tried_again_and_then_reported(void **state)
{
    struct fix *f = *state;
    static struct probe errors;
    probe_open(&errors, f, "errors");
    assert_int_equal(rule_create(f, "r",
                                 "{\"sql\":\"SELECT * FROM 'in'\",\"actions\":[" FILE_TO(
                                     "a.jsonl") "],\"errorAction\":" REPUBLISH("errors") "}"),
                     0);
    file_writer_set_write(full_disk);
    publish(f, "in", "1", 0);
    publish(f, "in", "2", 0);
    for (int tries = 0; tries < 5; tries++) {
        assert_int_equal(errors.count, 0);
        store_sync(f->store);
        let_it_fail(f);
        clock_fake_advance(SECONDS(10));
    }
    fix_settle(f);
    assert_int_equal(errors.count, 2);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 2);
    assert_int_equal(row_count(f, OUTBOX), 0);
    file_writer_set_write(NULL);
    publish(f, "in", "3", 1);
    fix_settle(f);
    char *text = file_text(f, "a.jsonl");
    assert_string_equal(text, "3\n");
    free(text);
    probe_close(&errors);
}

static void what_was_acknowledged_waits_for_room(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("a.jsonl"))), 0);
    file_writer_set_write(full_disk);
    publish(f, "in", "1", 1);
    publish(f, "in", "2", 0);
    for (int tries = 0; tries < 12; tries++) {
        store_sync(f->store);
        let_it_fail(f);
        clock_fake_advance(SECONDS(60));
    }
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 1); /* of QoS 0 */
    assert_int_equal(row_count(f, OUTBOX), 1);
    file_writer_set_write(NULL);
    clock_fake_advance(SECONDS(60));
    fix_settle(f);
    char *text = file_text(f, "a.jsonl");
    assert_string_equal(text, "1\n");
    assert_int_equal(row_count(f, OUTBOX), 0);
    free(text);
}

static void a_rule_may_go_while_its_runs_are_open(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", FILE_TO("${v}.jsonl"))), 0);
    file_writer_set_write(full_disk);
    publish(f, "in", "{\"v\":1}", 0);
    publish(f, "in", "{\"v\":2}", 1);
    rule_do(f, "DeleteTopicRule", "r");
    let_it_fail(f);
    file_writer_set_write(NULL);
    clock_fake_advance(SECONDS(1));
    fix_settle(f);
    char *one = file_text(f, "1.jsonl"), *two = file_text(f, "2.jsonl");
    assert_string_equal(one, "{\"v\":1}\n");
    assert_string_equal(two, "{\"v\":2}\n");
    assert_int_equal(row_count(f, OUTBOX), 0);
    free(one);
    free(two);
}

static int complaints;

static void count_complaints(const char *line, size_t len)
{
    if (strstr(line, "action failed")) complaints++;
}

static void failures_are_logged_once_a_minute(void **state)
{
    struct fix *f = *state;
    assert_int_equal(rule_create(f, "r", RULE("SELECT * FROM 'in'", REPUBLISH("${t}"))), 0);
    log_set_sink(count_complaints);
    complaints = 0;
    for (int i = 0; i < 100; i++) {
        publish(f, "in", "{\"t\":\"#\"}", 0);
        clock_fake_advance(SECONDS(1));
    }
    assert_int_equal(complaints, 2);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 100);
}

static void a_failed_run_of_a_former_life_reaches_the_error_action(void **state)
{
    struct fix *f = *state;
    static struct probe errors;
    assert_int_equal(rule_create(f, "r",
                                 "{\"sql\":\"SELECT v FROM 'in'\",\"actions\":[" FILE_TO(
                                     "a.jsonl") "],\"errorAction\":" REPUBLISH("errors/${v}") "}"),
                     0);
    file_writer_set_write(full_disk);
    publish(f, "in", "{\"v\":7}", 1);
    fix_restart(f, false);
    probe_open(&errors, f, "errors/#");
    let_it_fail(f);
    assert_int_equal(errors.count, 0); /* there may be room one day */
    file_writer_set_write(broken_disk);
    clock_fake_advance(SECONDS(60));
    fix_settle(f);
    assert_int_equal(errors.count, 1);
    assert_true(strncmp(buf_str(&errors.seen), "errors/7 ", 9) == 0);
    assert_non_null(strstr(buf_str(&errors.seen), "\"base64OriginalPayload\":\"eyJ2Ijo3fQ==\""));
    assert_int_equal(row_count(f, OUTBOX), 0);
    probe_close(&errors);
}

/* ---- trying ---- */

static void a_dry_run(void **state)
{
    struct fix *f = *state;
    struct buf out = { 0 };
    struct diag diag = DIAG_INIT;
    bool fired = false;
    assert_int_equal(rules_test(f->rules, HOT_SQL, "2016-03-23", SLICE_LIT("device/d/telemetry"),
                                SLICE_LIT("{\"temperature\":31}"), &fired, &out, &diag),
                     0);
    assert_true(fired);
    assert_string_equal(buf_str(&out), "{\"temperature\":31,\"device\":\"d\"}");
    assert_int_equal(rules_test(f->rules, HOT_SQL, NULL, SLICE_LIT("device/d/telemetry"),
                                SLICE_LIT("{\"temperature\":3}"), &fired, &out, &diag),
                     0);
    assert_false(fired);
    assert_int_equal(rules_test(f->rules, "SELECT x FROM", NULL, SLICE_LIT("t"), SLICE_LIT(""),
                                &fired, &out, &diag),
                     ERR_SYNTAX);
    assert_non_null(strstr(diag.text, "line 1"));
    buf_deinit(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(hundred_readings_make_forty_lines_and_messages),
        T(a_change_takes_effect_for_the_next_message),
        T(rules_are_there_after_a_restart),
        T(a_stored_rule_that_does_not_compile_is_left_out),
        T(functions_of_the_message),
        T(a_loop_of_republishes_is_cut),
        T(topics_of_republish_are_templates),
        T(republish_reaches_no_reserved_topic),
        T(basic_ingest_reaches_one_rule_alone),
        T(clients_may_publish_to_rules),
        T(the_commit_covers_outbox_and_sessions),
        T(qos0_runs_without_the_outbox),
        T(what_a_crash_left_is_run_at_start),
        T(ids_go_on_after_a_restart),
        T(a_polite_stop_repeats_nothing),
        T(damaged_rows_are_dropped),
        T(the_outbox_is_bounded),
        T(the_outbox_is_bounded_in_bytes),
        T(failures_are_collected_for_the_error_action),
        T(an_error_action_may_be_outside_and_may_fail),
        T(payloads_that_are_no_json_fail),
        T(a_full_disk_is_tried_again_and_then_reported),
        T(what_was_acknowledged_waits_for_room),
        T(a_rule_may_go_while_its_runs_are_open),
        T(failures_are_logged_once_a_minute),
        T(a_failed_run_of_a_former_life_reaches_the_error_action),
        T(a_dry_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
