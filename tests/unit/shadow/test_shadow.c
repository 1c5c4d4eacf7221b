/* test_shadow.c — the shadow service end to end inside one process: requests as messages and as calls,
 * answers as messages, a real database. */
#include "shadow_fixture.h"

#include "base/err.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"

#define NOW "1767323045" /* of the fake clock */

static int setup(void **state)
{
    *state = fix_create(NULL);
    return 0;
}

static int setup_small_cache(void **state)
{
    *state = fix_create(&(struct shadows_opts){ .max_bytes = 8192, .max_depth = 6, .cache = 1 });
    return 0;
}

static int teardown(void **state)
{
    fix_destroy(*state);
    return 0;
}

static int64_t shadows_in_memory(const struct fix *fix)
{
    return (int64_t)fix->shadows->map.count;
}

/* ---- requests as messages */

static void creates_and_updates(void **state)
{
    struct fix *fix = *state;
    fix_send(fix, "lamp/shadow/update",
             "{\"state\":{\"desired\":{\"on\":true}},\"clientToken\":\"t1\"}");
    fix_settle(fix);
    fix_expect_text(fix, 0,
                    "{\"state\":{\"desired\":{\"on\":true}},\"metadata\":{\"desired\":{\"on\":{"
                    "\"timestamp\":" NOW "}}},\"version\":1,\"timestamp\":" NOW
                    ",\"clientToken\":\"t1\"}");
    fix_expect_text(fix, 1, "{\"state\":{\"on\":true},");
    fix_expect_text(fix, 2,
                    "{\"previous\":null,\"current\":{\"state\":{\"desired\":{\"on\":true}}");
    fix_expect(fix, "lamp/shadow/update/accepted", "lamp/shadow/update/delta",
               "lamp/shadow/update/documents", NULL);

    fix_send(fix, "lamp/shadow/update", "{\"state\":{\"reported\":{\"on\":true}}}");
    fix_settle(fix);
    fix_expect_text(fix, 0, "\"version\":2");
    fix_expect(fix, "lamp/shadow/update/accepted", "lamp/shadow/update/documents", NULL);

    fix_send(fix, "lamp/shadow/get", "");
    fix_settle(fix);
    fix_expect_text(
        fix, 0, "{\"state\":{\"desired\":{\"on\":true},\"reported\":{\"on\":true}},\"metadata\":");
    fix_expect(fix, "lamp/shadow/get/accepted", NULL);
}

static void refuses_by_message(void **state)
{
    static const struct {
        const char *topic, *request, *answer;
    } cases[] = {
        { "x/shadow/get", "", "{\"code\":404,\"message\":\"No shadow exists with name: 'x'\"}" },
        { "x/shadow/get", "{\"clientToken\":\"g\"}",
          "{\"code\":404,\"message\":\"No shadow exists with name: 'x'\",\"clientToken\":\"g\"}" },
        { "x/shadow/name/cfg/get", "{}",
          "{\"code\":404,\"message\":\"No shadow exists with name: 'x~cfg'\"}" },
        { "x/shadow/delete", "", "{\"code\":404,\"message\":\"No shadow exists with name: 'x'\"}" },
        { "x/shadow/get", "{",
          "{\"code\":400,\"message\":\"Invalid JSON\",\"timestamp\":" NOW "}" },
        { "x/shadow/delete", "7",
          "{\"code\":400,\"message\":\"Invalid JSON\",\"timestamp\":" NOW "}" },
        { "x/shadow/update", "",
          "{\"code\":400,\"message\":\"Invalid JSON\",\"timestamp\":" NOW "}" },
        { "x/shadow/update", "{\"state\":{},\"version\":4,\"clientToken\":\"u\"}",
          "{\"code\":409,\"message\":\"Version conflict\",\"timestamp\":" NOW
          ",\"clientToken\":\"u\"}" },
        { "x/shadow/update", "{\"clientToken\":\"u\"}",
          "{\"code\":400,\"message\":\"Missing required node: state\",\"timestamp\":" NOW
          ",\"clientToken\":\"u\"}" },
        { "x/shadow/update", "{\"state\":{\"desired\":{\"a\":\"\xff\"}}}",
          "{\"code\":415,\"message\":\"Unsupported documented encoding; supported encoding is "
          "UTF-8\",\"timestamp\":" NOW "}" },
        { "x/shadow/update",
          "{\"state\":{\"desired\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{}}}}}}}}}",
          "{\"code\":400,\"message\":\"JSON contains too many levels of nesting; maximum is "
          "6\",\"timestamp\":" NOW "}" },
        /* names */
        { "x/shadow/name//update", "{\"state\":{},\"clientToken\":\"n\"}",
          "{\"code\":400,\"message\":\"Invalid shadow name\",\"timestamp\":" NOW
          ",\"clientToken\":\"n\"}" },
        { "x/shadow/name/a b/get", "",
          "{\"code\":400,\"message\":\"Invalid shadow name\",\"timestamp\":" NOW "}" },
        { "x/shadow/name/1234567890123456789012345678901234567890123456789012345678901234x/delete",
          "not json", "{\"code\":400,\"message\":\"Invalid shadow name\",\"timestamp\":" NOW "}" },
        { "/shadow/get", "",
          "{\"code\":400,\"message\":\"Invalid thing name\",\"timestamp\":" NOW "}" },
        { "\xc3\xa4/shadow/update", "{\"state\":{}}",
          "{\"code\":400,\"message\":\"Invalid thing name\",\"timestamp\":" NOW "}" },
        { "$x/shadow/name/$package/update", "{\"state\":{}}",
          "{\"code\":400,\"message\":\"Invalid thing name\",\"timestamp\":" NOW "}" },
    };
    struct fix *fix = *state;
    int64_t before = metrics_get(METRIC_SHADOW_REJECTS);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fix_send(fix, cases[i].topic, cases[i].request);
        fix_settle(fix);
        assert_int_equal(fix->count, 1);
        assert_string_equal(fix->seen[0].payload, cases[i].answer);
        char *topic = xasprintf("%s/rejected", cases[i].topic);
        fix_expect(fix, topic, NULL);
        free(topic);
    }
    assert_int_equal(metrics_get(METRIC_SHADOW_REJECTS) - before, ARRAY_LEN(cases));
    assert_int_equal(fix_sql_number(fix, "SELECT count(*) FROM shadow"), 0);
}

static void refuses_what_is_too_large(void **state)
{
    struct fix *fix = *state;
    struct buf request = { 0 };
    buf_puts(&request, "{\"state\":{\"desired\":{\"a\":\"");
    for (int i = 0; i < 8192; i++)
        buf_putc(&request, 'x');
    buf_puts(&request, "\"}},\"clientToken\":\"big\"}");
    fix_publish(fix, "x/shadow/update", buf_slice(&request), NULL);
    while (request.len < (1 << 20))
        buf_putc(&request, ' ');
    fix_publish(fix, "x/shadow/update", buf_slice(&request), NULL);
    fix_publish(fix, "x/shadow/get", buf_slice(&request), NULL);
    fix_settle(fix);
    fix_expect_text(fix, 0,
                    "{\"code\":413,\"message\":\"The payload exceeds the maximum size "
                    "allowed\",\"timestamp\":" NOW ",\"clientToken\":\"big\"}");
    fix_expect_text(fix, 1, "{\"code\":413,");
    fix_expect_text(fix, 2, "{\"code\":413,");
    fix_expect(fix, "x/shadow/update/rejected", "x/shadow/update/rejected", "x/shadow/get/rejected",
               NULL);
    buf_deinit(&request);
}

static void survives_a_topic_without_room_for_an_answer(void **state)
{
    struct fix *fix = *state;
    struct buf topic = { 0 };
    while (topic.len < 65535 - strlen("$aws/things//shadow/get"))
        buf_putc(&topic, 'x');
    buf_puts(&topic, "/shadow/get");
    assert_int_equal(fix_send(fix, buf_str(&topic), ""), 0);
    fix_settle(fix);
    fix_expect(fix, NULL);
    buf_deinit(&topic);
}

static void ignores_wills(void **state)
{
    struct fix *fix = *state;
    struct msg *msg = msg_create(
        &(struct msg_opts){ .topic = SLICE_LIT("$aws/things/lamp/shadow/update"),
                            .payload = SLICE_LIT("{\"state\":{\"reported\":{\"online\":false}}}"),
                            .qos = 1,
                            .over_mqtt = true,
                            .will = true });
    assert_int_equal(hub_publish(fix->hub, principal_system(), NULL, msg, NULL, NULL), 0);
    msg_unref(msg);
    fix_settle(fix);
    fix_expect(fix, NULL);
    assert_int_equal(shadows_in_memory(fix), 0);
}

static void lets_clients_publish_requests_only(void **state)
{
    static const struct {
        const char *topic;
        int rc;
    } cases[] = {
        { "$aws/things/x/shadow/get", 0 },
        { "$aws/things/x/shadow/update", 0 },
        { "$aws/things/x/shadow/delete", 0 },
        { "$aws/things/x/shadow/name/y/get", 0 },
        { "$aws/things/x/shadow/name/y/update", 0 },
        { "$aws/things/x/shadow/name/y/delete", 0 },
        { "$aws/things/x/shadow/update/accepted", ERR_DENIED },
        { "$aws/things/x/shadow/name/y/update/delta", ERR_DENIED },
        { "$aws/things/x/shadow/list", ERR_DENIED },
        { "$aws/things/x/shadow/name/y", ERR_DENIED },
    };
    struct fix *fix = *state;
    struct principal admin = *principal_system();
    admin.kind = PRINCIPAL_KEY;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(
            hub_authorize_publish(fix->hub, &admin, NULL, slice_str(cases[i].topic), false),
            cases[i].rc);
}

/* ---- order, commits, holds */

static void answers_in_order_after_the_commit(void **state)
{
    struct fix *fix = *state;
    fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":0}}}");
    fix_settle(fix);
    fix_forget(fix);

    int64_t commit = fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":1}}}");
    assert_true(commit > store_committed(fix->store));
    assert_int_equal(fix_send(fix, "a/shadow/get", "{\"clientToken\":\"g\"}"), 0);
    assert_int_equal(fix_send(fix, "a/shadow/update", "{}"), 0);
    int64_t second = fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":2}}}");
    assert_true(second >= commit);
    assert_int_equal(fix->count, 0);
    fix_settle(fix);
    fix_expect_text(fix, 2, "\"reported\":{\"n\":1}");
    fix_expect_text(fix, 2, "\"clientToken\":\"g\"");
    fix_expect_text(fix, 4, "\"version\":3");
    for (int i = 0; i < 4; i++)
        assert_true(fix->seen[i].committed >= commit);
    assert_true(fix->seen[4].committed >= second);
    fix_expect(fix, "a/shadow/update/accepted", "a/shadow/update/documents",
               "a/shadow/get/accepted", "a/shadow/update/rejected", "a/shadow/update/accepted",
               "a/shadow/update/documents", NULL);
}

static void holds_publishers_until_the_shadow_is_read(void **state)
{
    struct fix *fix = *state;
    struct fix_held held[4] = { 0 };
    struct slice update = SLICE_LIT("{\"state\":{\"reported\":{\"n\":1}}}");
    assert_int_equal(fix_publish(fix, "a/shadow/update", update, &held[0]), HUB_HELD);
    assert_int_equal(fix_publish(fix, "a/shadow/update", update, &held[1]), HUB_HELD);
    assert_int_equal(fix_publish(fix, "a/shadow/update", SLICE_LIT("{"), &held[2]), HUB_HELD);
    assert_int_equal(fix_publish(fix, "a/shadow/get", SLICE_LIT(""), &held[3]), HUB_HELD);
    assert_int_equal(held[0].calls, 0);
    fix_settle(fix);
    for (int i = 0; i < 4; i++)
        assert_int_equal(held[i].calls, 1);
    assert_true(held[0].commit > 0);
    assert_true(held[1].commit >= held[0].commit);
    assert_int_equal(held[2].commit, 0);
    assert_int_equal(held[3].commit, 0);
    assert_true(fix->seen[0].committed >= held[0].commit);
    fix_expect_text(fix, 0, "\"version\":1");
    fix_expect_text(fix, 2, "\"version\":2");
    fix_expect(fix, "a/shadow/update/accepted", "a/shadow/update/documents",
               "a/shadow/update/accepted", "a/shadow/update/documents", "a/shadow/update/rejected",
               "a/shadow/get/accepted", NULL);
}

/* A rule that answers each `accepted` with another update. */
static void republish_update(struct fix *fix, struct msg *msg, struct hub_pub *pub)
{
    if (!strstr(fix->seen[fix->count - 1].topic, "update/accepted")) return;
    struct msg *next = msg_create(
        &(struct msg_opts){ .topic = SLICE_LIT("$aws/things/a/shadow/update"),
                            .payload = SLICE_LIT("{\"state\":{\"reported\":{\"again\":1}}}"),
                            .hops = (uint8_t)(msg->hops + 1) });
    hub_publish_nested(pub, next);
    msg_unref(next);
}

static void a_rule_that_answers_answers_is_cut(void **state)
{
    struct fix *fix = *state;
    int64_t cut = metrics_get(METRIC_HOPS_CUT);
    fix->on_seen = republish_update;
    fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":1}}}");
    fix_settle(fix);
    fix->on_seen = NULL;
    /* hops of the requests: 0, 2, 4, 6, 8, 10 */
    assert_int_equal(fix->count, 6 * 2);
    for (int i = 0; i < fix->count; i++)
        assert_non_null(strstr(fix->seen[i].topic, i % 2 ? "documents" : "accepted"));
    fix_expect_text(fix, 10, "\"version\":6");
    assert_int_equal(metrics_get(METRIC_HOPS_CUT) - cut, 1);
    fix_forget(fix);
}

/* ---- deletion and versions */

static void deletes_and_goes_on_counting(void **state)
{
    struct fix *fix = *state;
    for (int i = 0; i < 3; i++)
        fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":1}}}");
    fix_settle(fix);
    fix_forget(fix);

    int64_t commit = fix_send(fix, "a/shadow/delete", "{\"clientToken\":\"d\"}");
    assert_true(commit > 0);
    fix_send(fix, "a/shadow/get", "");
    fix_send(fix, "a/shadow/delete", "");
    fix_settle(fix);
    assert_string_equal(fix->seen[0].payload,
                        "{\"version\":3,\"timestamp\":" NOW ",\"clientToken\":\"d\"}");
    fix_expect(fix, "a/shadow/delete/accepted", "a/shadow/get/rejected", "a/shadow/delete/rejected",
               NULL);
    assert_int_equal(fix_sql_number(fix, "SELECT version FROM shadow WHERE thing = 'a' "
                                         "AND name = '' AND doc IS NULL AND deleted_at > 0"),
                     3);

    fix_send(fix, "a/shadow/update", "{\"state\":{}}");
    fix_settle(fix);
    fix_expect_text(fix, 0, "\"version\":4");
    fix_expect_text(fix, 1, "\"previous\":null");
    fix_forget(fix);
    assert_int_equal(fix_sql_number(fix, "SELECT version FROM shadow WHERE thing = 'a' "
                                         "AND doc IS NOT NULL AND deleted_at IS NULL"),
                     4);
}

static void expect_version(struct fix *fix, const char *thing, int version)
{
    char topic[200], text[64];
    snprintf(topic, sizeof topic, "%s/shadow/update", thing);
    snprintf(text, sizeof text, "\"version\":%d,", version);
    fix_forget(fix);
    fix_send(fix, topic, "{\"state\":{\"reported\":{\"n\":1}}}");
    fix_settle(fix);
    fix_expect_text(fix, 0, text);
    fix_forget(fix);
}

static void restart_keeps_documents_and_versions(void **state)
{
    struct fix *fix = *state;
    expect_version(fix, "a", 1);
    expect_version(fix, "a", 2);
    expect_version(fix, "gone", 1);
    fix_send(fix, "gone/shadow/delete", "");
    fix_settle(fix);
    fix_restart(fix);
    fix_forget(fix);
    fix_send(fix, "a/shadow/get", "");
    fix_settle(fix);
    fix_expect_text(fix, 0, "{\"state\":{\"reported\":{\"n\":1}},");
    fix_expect_text(fix, 0, "\"version\":2");
    expect_version(fix, "a", 3);
    expect_version(fix, "gone", 2);
}

static void tombstones_end_after_48_hours(void **state)
{
    struct fix *fix = *state;
    static const char *const things[] = { "early", "late", "cold" };
    for (size_t i = 0; i < ARRAY_LEN(things); i++) {
        char topic[64];
        expect_version(fix, things[i], 1);
        expect_version(fix, things[i], 2);
        snprintf(topic, sizeof topic, "%s/shadow/delete", things[i]);
        fix_send(fix, topic, "");
        fix_settle(fix);
    }
    clock_fake_advance(HOURS(48) - 1);
    expect_version(fix, "early", 3); /* revived in time */
    clock_fake_advance(1);
    expect_version(fix, "late", 1);
    fix_restart(fix); /* nothing is remembered but the row */
    assert_int_equal(fix_sql_number(fix, "SELECT count(*) FROM shadow WHERE thing = 'cold'"), 1);
    expect_version(fix, "cold", 1);
}

static void tombstones_are_swept(void **state)
{
    struct fix *fix = *state;
    fix_sql(fix, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1200) "
                 "INSERT INTO shadow (thing, name, version, deleted_at) "
                 "SELECT 't' || i, '', 5, 1767323045000 FROM n");
    expect_version(fix, "t7", 6);
    clock_fake_advance(HOURS(47));
    fix_sync(fix);
    assert_int_equal(fix_sql_number(fix, "SELECT count(*) FROM shadow"), 1200);
    clock_fake_advance(HOURS(1) + 1);
    for (int i = 0; i < 20; i++) { /* some rows at a time */
        fix_sync(fix);
        clock_fake_advance(1000);
    }
    assert_int_equal(fix_sql_number(fix, "SELECT count(*) FROM shadow"), 1);
    expect_version(fix, "t7", 7);
}

/* ---- named shadows */

static void named_shadows_are_their_own(void **state)
{
    struct fix *fix = *state;
    fix_send(fix, "a/shadow/name/$x:y_-/update", "{\"state\":{\"desired\":{\"n\":1}}}");
    fix_settle(fix);
    fix_expect(fix, "a/shadow/name/$x:y_-/update/accepted", "a/shadow/name/$x:y_-/update/delta",
               "a/shadow/name/$x:y_-/update/documents", NULL);
    fix_send(fix, "a/shadow/get", "");
    fix_send(fix, "a/shadow/name/other/get", "");
    fix_send(fix, "a/shadow/name/$x:y_-/get", "");
    fix_settle(fix);
    assert_int_equal(fix->count, 3);
    fix_forget(fix);
    expect_version(fix, "a", 1);
    fix_send(fix, "a/shadow/delete", "");
    fix_settle(fix);
    fix_send(fix, "a/shadow/name/$x:y_-/get", "");
    fix_settle(fix);
    fix_expect(fix, "a/shadow/delete/accepted", "a/shadow/name/$x:y_-/get/accepted", NULL);
    /* a classic shadow of a thing named like a named one */
    fix_send(fix, "name/shadow/name/name/update", "{\"state\":{}}");
    fix_settle(fix);
    fix_expect(fix, "name/shadow/name/name/update/accepted",
               "name/shadow/name/name/update/documents", NULL);
}

static void lists_named_shadows(void **state)
{
    struct fix *fix = *state;
    static const char *const names[] = { "b", "a", "c", "B", "$p" };
    struct fix_called called = { 0 };
    shadow_rest_list_named(fix->shadows, "t", NULL, 10, fix_on_called, &called);
    assert_int_equal(called.calls, 0);
    fix_settle(fix);
    assert_string_equal(called.body, "[]");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        shadow_rest_update(fix->shadows, "t", names[i], SLICE_LIT("{\"state\":{}}"), fix_on_called,
                           &called);
    shadow_rest_update(fix->shadows, "t", NULL, SLICE_LIT("{\"state\":{}}"), fix_on_called,
                       &called);
    shadow_rest_update(fix->shadows, "u", "z", SLICE_LIT("{\"state\":{}}"), fix_on_called, &called);
    fix_settle(fix);
    shadow_rest_delete(fix->shadows, "t", "b", fix_on_called, &called);
    fix_settle(fix);
    static const struct {
        const char *after;
        size_t count;
        const char *body;
    } cases[] = {
        { NULL, 10, "[\"$p\",\"B\",\"a\",\"c\"]" },
        { NULL, 4, "[\"$p\",\"B\",\"a\",\"c\"]" },
        { NULL, 2, "[\"$p\",\"B\",\"a\"]" },
        { "B", 2, "[\"a\",\"c\"]" },
        { "b", SIZE_MAX, "[\"c\"]" },
        { "c", 5, "[]" },
        { NULL, 0, "[\"$p\"]" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fix_called_reset(&called);
        shadow_rest_list_named(fix->shadows, "t", cases[i].after, cases[i].count, fix_on_called,
                               &called);
        fix_settle(fix);
        assert_int_equal(called.calls, 1);
        assert_int_equal(called.code, 200);
        assert_string_equal(called.body, cases[i].body);
    }
    shadow_rest_list_named(fix->shadows, "no/thing", NULL, 5, fix_on_called, &called);
    fix_settle(fix);
    assert_int_equal(called.code, 400);
    assert_string_equal(called.body, "Invalid thing name");
    fix_called_reset(&called);
    fix_forget(fix);
}

/* ---- over REST */

static void rest_answers_and_publishes(void **state)
{
    struct fix *fix = *state;
    struct fix_called get = { 0 }, update = { 0 }, again = { 0 }, deleted = { 0 };
    shadow_rest_get(fix->shadows, "a", NULL, fix_on_called, &get);
    shadow_rest_update(fix->shadows, "a", NULL,
                       SLICE_LIT("{\"state\":{\"desired\":{\"n\":1}},\"clientToken\":\"r\"}"),
                       fix_on_called, &update);
    assert_int_equal(get.calls + update.calls, 0);
    fix_settle(fix);
    assert_int_equal(get.calls, 1);
    assert_int_equal(get.code, 404);
    assert_string_equal(get.body, "No shadow exists with name: 'a'");
    assert_int_equal(update.calls, 1);
    assert_int_equal(update.code, 200);
    assert_string_equal(update.body, fix->seen[0].payload);
    fix_expect_text(fix, 0, "\"clientToken\":\"r\"");
    fix_expect(fix, "a/shadow/update/accepted", "a/shadow/update/delta",
               "a/shadow/update/documents", NULL);

    shadow_rest_update(fix->shadows, "a", NULL, SLICE_LIT("{\"state\":{},\"version\":9}"),
                       fix_on_called, &again);
    shadow_rest_get(fix->shadows, "a", NULL, fix_on_called, &get);
    assert_int_equal(again.calls, 0); /* though all is known by now */
    fix_settle(fix);
    assert_int_equal(again.code, 409);
    assert_string_equal(again.body, "Version conflict");
    assert_int_equal(get.calls, 2);
    assert_int_equal(get.code, 200);
    assert_non_null(strstr(get.body, "\"delta\":{\"n\":1}"));
    fix_expect(fix, NULL);

    shadow_rest_delete(fix->shadows, "a", NULL, fix_on_called, &deleted);
    fix_settle(fix);
    assert_int_equal(deleted.code, 200);
    assert_string_equal(deleted.body, "{\"version\":1,\"timestamp\":" NOW "}");
    assert_string_equal(fix->seen[0].payload, deleted.body);
    fix_expect(fix, "a/shadow/delete/accepted", NULL);
    shadow_rest_delete(fix->shadows, "a", NULL, fix_on_called, &deleted);
    fix_settle(fix);
    assert_int_equal(deleted.code, 404);
    fix_expect(fix, NULL);
    fix_called_reset(&get);
    fix_called_reset(&update);
    fix_called_reset(&again);
    fix_called_reset(&deleted);
}

static void rest_refuses_names(void **state)
{
    static const struct {
        const char *thing, *name, *text;
    } cases[] = {
        { "", NULL, "Invalid thing name" },    { "a b", NULL, "Invalid thing name" },
        { "a/b", "c", "Invalid thing name" },  { "a", "", "Invalid shadow name" },
        { "a", "b/c", "Invalid shadow name" }, { "a", "\xc3\xa4", "Invalid shadow name" },
    };
    struct fix *fix = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fix_called called = { 0 };
        shadow_rest_get(fix->shadows, cases[i].thing, cases[i].name, fix_on_called, &called);
        assert_int_equal(called.calls, 0);
        fix_settle(fix);
        assert_int_equal(called.calls, 1);
        assert_int_equal(called.code, 400);
        assert_string_equal(called.body, cases[i].text);
        fix_called_reset(&called);
    }
    fix_expect(fix, NULL);
}

/* ---- the cache */

static void a_cache_of_one_serves_many(void **state)
{
    struct fix *fix = *state;
    for (int round = 1; round <= 4; round++) {
        for (int i = 0; i < 20; i++) {
            char topic[64];
            snprintf(topic, sizeof topic, "t%d/shadow/update", i);
            fix_send(fix, topic, "{\"state\":{\"reported\":{\"n\":1}}}");
        }
        assert_int_equal(shadows_in_memory(fix), 20); /* all have something under way */
        fix_settle(fix);
        assert_int_equal(shadows_in_memory(fix), 1);
        assert_int_equal(fix->count, 40);
        char text[32];
        snprintf(text, sizeof text, "\"version\":%d", round);
        for (int i = 0; i < fix->count; i++)
            fix_expect_text(fix, i, text);
        fix_forget(fix);
    }
}

static void absent_shadows_stay_within_the_cache(void **state)
{
    struct fix *fix = *state;
    for (int i = 0; i < 500; i++) {
        char topic[64];
        snprintf(topic, sizeof topic, "t%d/shadow/get", i);
        fix_send(fix, topic, "");
    }
    fix_settle(fix);
    assert_int_equal(fix->count, 500);
    assert_int_equal(shadows_in_memory(fix), 64);
    fix_forget(fix);
    assert_int_equal(fix_send(fix, "t499/shadow/get", ""), 0); /* known to be absent */
    fix_settle(fix);
    fix_expect(fix, "t499/shadow/get/rejected", NULL);
}

/* ---- a disk that fails */

static void pending_while_the_store_fails(void **state)
{
    struct fix *fix = *state;
    struct fix_called get = { 0 }, other = { 0 };
    expect_version(fix, "a", 1);
    expect_version(fix, "b", 1);
    fix_restart(fix);
    expect_version(fix, "a", 2); /* in the cache; b is not */
    fix_disk_fail(true);
    int64_t commit = fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":3}}}");
    fix_send(fix, "a/shadow/update", "{\"state\":{},\"version\":2}");
    shadow_rest_get(fix->shadows, "a", NULL, fix_on_called, &get);
    fix_sync(fix);
    assert_true(store_failing(fix->store));
    assert_true(store_committed(fix->store) < commit);
    fix_turn(fix);
    assert_int_equal(get.calls, 0);
    assert_int_equal(fix->count, 0);

    shadow_rest_get(fix->shadows, "b", NULL, fix_on_called, &other); /* reading works */
    for (int i = 0; i < 100 && !other.calls; i++)
        loop_turn_wait(fix->loop, 50);
    assert_int_equal(other.code, 200);
    assert_int_equal(get.calls, 0);

    fix_disk_recover(fix);
    assert_false(store_failing(fix->store));
    assert_int_equal(get.code, 200);
    assert_non_null(strstr(get.body, "\"version\":3"));
    assert_true(fix->seen[0].committed >= commit);
    fix_expect(fix, "a/shadow/update/accepted", "a/shadow/update/documents",
               "a/shadow/update/rejected", NULL);
    fix_called_reset(&get);
    fix_called_reset(&other);
}

static void a_shadow_with_writes_pending_is_not_evicted(void **state)
{
    struct fix *fix = *state; /* a cache of one */
    expect_version(fix, "a", 1);
    fix_disk_fail(true);
    fix_send(fix, "a/shadow/update", "{\"state\":{\"reported\":{\"n\":2}}}");
    fix_sync(fix);
    for (int i = 0; i < 10; i++) {
        struct fix_called called = { 0 };
        char thing[16];
        snprintf(thing, sizeof thing, "t%d", i);
        shadow_rest_get(fix->shadows, thing, NULL, fix_on_called, &called);
        for (int turn = 0; turn < 100 && !called.calls; turn++)
            loop_turn_wait(fix->loop, 50);
        assert_int_equal(called.code, 404);
        fix_called_reset(&called);
    }
    fix_turn(fix);
    assert_int_equal(shadows_in_memory(fix), 1);
    fix_send(fix, "a/shadow/update", "{\"state\":{},\"version\":2}");
    fix_disk_recover(fix);
    fix_expect_text(fix, 2, "\"version\":3");
    fix_expect(fix, "a/shadow/update/accepted", "a/shadow/update/documents",
               "a/shadow/update/accepted", "a/shadow/update/documents", NULL);
}

static void stops_while_the_store_fails(void **state)
{
    struct fix *fix = *state;
    struct fix_called update = { 0 }, get = { 0 }, cold = { 0 }, list = { 0 };
    struct fix_held held = { 0 };
    expect_version(fix, "a", 1);
    fix_disk_fail(true);
    shadow_rest_update(fix->shadows, "a", NULL, SLICE_LIT("{\"state\":{}}"), fix_on_called,
                       &update);
    shadow_rest_get(fix->shadows, "a", NULL, fix_on_called, &get);
    fix_sync(fix);
    shadow_rest_get(fix->shadows, "cold", NULL, fix_on_called, &cold);
    shadow_rest_list_named(fix->shadows, "cold", NULL, 1, fix_on_called, &list);
    assert_int_equal(fix_publish(fix, "warm/shadow/update", SLICE_LIT("{\"state\":{}}"), &held),
                     HUB_HELD);
    store_stop(fix->store);
    assert_int_equal(update.calls, 1);
    assert_int_equal(update.code, 503);
    assert_int_equal(get.calls, 1);
    assert_int_equal(get.code, 503);
    assert_int_equal(cold.calls, 1);
    assert_int_equal(list.calls, 1);
    fix_stop(fix);
    assert_int_equal(held.calls, 1);
    assert_true(held.commit != 0); /* a commit that never came, or an error */
    fix_expect(fix, NULL);
    fix_disk_fail(false);
    fix_start(fix);
    expect_version(fix, "a", 2);
    fix_called_reset(&update);
    fix_called_reset(&get);
    fix_called_reset(&cold);
    fix_called_reset(&list);
}

static void a_lost_write_is_told(void **state)
{
    struct fix *fix = *state;
    expect_version(fix, "cursed", 1);
    fix_sql(fix,
            "CREATE TRIGGER curse BEFORE UPDATE ON shadow BEGIN SELECT RAISE(ABORT, 'no'); END");
    fix_send(fix, "cursed/shadow/update", "{\"state\":{},\"clientToken\":\"u\"}");
    fix_send(fix, "cursed/shadow/delete", "{\"clientToken\":\"d\"}");
    fix_settle(fix);
    assert_string_equal(fix->seen[0].payload,
                        "{\"code\":500,\"message\":\"Internal service failure\",\"timestamp\":" NOW
                        ",\"clientToken\":\"u\"}");
    fix_expect_text(fix, 1, "\"clientToken\":\"d\"");
    fix_expect(fix, "cursed/shadow/update/rejected", "cursed/shadow/delete/rejected", NULL);
    fix_sql(fix, "DROP TRIGGER curse");
    expect_version(fix, "cursed", 2);
}

static void a_damaged_shadow_can_be_deleted(void **state)
{
    static const char *const junk[] = {
        "INSERT INTO shadow (thing, name, version, doc) VALUES ('bad', '', 41, 'junk')",
        "UPDATE shadow SET version = 41, deleted_at = NULL, doc = ''",
        "UPDATE shadow SET version = 41, deleted_at = NULL, doc = '{\"state\":7}'",
    };
    struct fix *fix = *state;
    for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
        fix_restart(fix);
        fix_sql(fix, junk[i]);
        fix_send(fix, "bad/shadow/get", "{\"clientToken\":\"g\"}");
        fix_send(fix, "bad/shadow/update", "{\"state\":{},\"clientToken\":\"u\"}");
        fix_send(fix, "bad/shadow/update", "[");
        fix_send(fix, "bad/shadow/delete", "");
        fix_settle(fix);
        fix_expect_text(fix, 0, "\"code\":500");
        fix_expect_text(fix, 0, "\"clientToken\":\"g\"");
        fix_expect_text(fix, 1, "\"clientToken\":\"u\"");
        fix_expect_text(fix, 2, "\"code\":400");
        fix_expect_text(fix, 3, "\"version\":41");
        fix_expect(fix, "bad/shadow/get/rejected", "bad/shadow/update/rejected",
                   "bad/shadow/update/rejected", "bad/shadow/delete/accepted", NULL);
        expect_version(fix, "bad", 42);
    }
}

static void a_shadow_that_cannot_be_read_is_tried_again(void **state)
{
    struct fix *fix = *state;
    struct fix_called get = { 0 };
    struct fix_held held = { 0 };
    expect_version(fix, "a", 1);
    fix_restart(fix);
    fix_disk_fail_reads(true);
    shadow_rest_get(fix->shadows, "a", NULL, fix_on_called, &get);
    fix_publish(fix, "a/shadow/update", SLICE_LIT("{\"state\":{},\"clientToken\":\"u\"}"), &held);
    fix_settle(fix);
    fix_disk_fail_reads(false);
    assert_int_equal(get.calls, 1);
    assert_int_equal(get.code, 503);
    assert_int_equal(held.calls, 1);
    assert_int_equal(held.commit, 0);
    assert_string_equal(fix->seen[0].payload,
                        "{\"code\":503,\"message\":\"Service unavailable\",\"timestamp\":" NOW
                        ",\"clientToken\":\"u\"}");
    fix_expect(fix, "a/shadow/update/rejected", NULL);
    assert_int_equal(shadows_in_memory(fix), 0);
    expect_version(fix, "a", 2);
    fix_called_reset(&get);
}

/* ---- limits */

static void bounds_each_shadow(void **state)
{
    struct fix *fix = *state;
    struct fix_called called = { 0 };
    for (int i = 0; i < SHADOW_MAX_OPS_EACH; i++)
        fix_send(fix, "a/shadow/update", "{\"state\":{}}");
    assert_int_equal(fix->count, 0);
    assert_int_equal(fix_send(fix, "a/shadow/update", "{\"state\":{},\"clientToken\":\"late\"}"),
                     0);
    assert_string_equal(fix->seen[0].payload,
                        "{\"code\":429,\"message\":\"Too many requests\",\"timestamp\":" NOW
                        ",\"clientToken\":\"late\"}");
    fix_expect(fix, "a/shadow/update/rejected", NULL);
    shadow_rest_get(fix->shadows, "a", NULL, fix_on_called, &called);
    fix_turn(fix);
    assert_int_equal(called.code, 429);
    assert_string_equal(called.body, "Too many requests");
    fix_settle(fix);
    assert_int_equal(fix->count, 2 * SHADOW_MAX_OPS_EACH);
    expect_version(fix, "a", SHADOW_MAX_OPS_EACH + 1);
    fix_called_reset(&called);
}

static void bounds_all_shadows(void **state)
{
    struct fix *fix = *state;
    for (int i = 0; i < SHADOW_MAX_OPS; i++) {
        char topic[64];
        snprintf(topic, sizeof topic, "t%d/shadow/get", i / 100);
        fix_send(fix, topic, "");
    }
    assert_int_equal(fix->count, 0);
    fix_send(fix, "one-more/shadow/get", "");
    fix_expect_text(fix, 0, "{\"code\":503,\"message\":\"Service unavailable\"");
    fix_expect(fix, "one-more/shadow/get/rejected", NULL);
    fix_settle(fix);
    assert_int_equal(fix->count, SHADOW_MAX_OPS);
    fix_forget(fix);
}

static void bounds_the_bytes_that_wait(void **state)
{
    struct fix *fix = *state;
    size_t len = 1 << 20;
    char *payload = xmalloc(len);
    memset(payload, ' ', len);
    for (int i = 0; i < SHADOW_MAX_OP_BYTES / (1 << 20); i++)
        assert_int_equal(fix_publish(fix, "a/shadow/update", slice_of(payload, len), NULL),
                         HUB_HELD);
    assert_int_equal(fix_publish(fix, "b/shadow/update", slice_of(payload, len), NULL), 0);
    fix_expect_text(fix, 0, "{\"code\":503,");
    fix_expect(fix, "b/shadow/update/rejected", NULL);
    fix_settle(fix);
    fix_forget(fix);
    free(payload);
}

/* Small requests on a large shadow: what they would answer is bounded, not only what they send. */
static void bounds_the_bytes_of_answers(void **state)
{
    struct fix *fix = *state;
    struct buf request = { 0 };
    fix->opts.max_bytes = 1 << 20;
    fix_restart(fix);
    buf_puts(&request, "{\"state\":{\"reported\":{\"a\":\"");
    for (int i = 0; i < 1000000; i++)
        buf_putc(&request, 'x');
    buf_puts(&request, "\"}}}");
    fix_publish(fix, "a/shadow/update", buf_slice(&request), NULL);
    fix_settle(fix);
    fix_restart(fix);
    fix_forget(fix);
    for (int i = 0; i < 100; i++)
        fix_send(fix, "a/shadow/get", "");
    fix_settle(fix);
    assert_int_equal(fix->count, 100);
    for (int i = 0; i < 100; i++) {
        bool fits = i <= SHADOW_MAX_OP_BYTES / 1000000;
        assert_true(
            !strcmp(fix->seen[i].topic, fits ? "a/shadow/get/accepted" : "a/shadow/get/rejected"));
    }
    fix_forget(fix);
    buf_deinit(&request);
}

static void refuses_changes_while_the_store_lags(void **state)
{
    struct fix *fix = *state;
    struct fix_called called = { 0 };
    fix->max_pending = 2;
    fix_restart(fix);
    expect_version(fix, "a", 1);
    expect_version(fix, "b", 1);
    for (int i = 0; i < 3; i++)
        fix_send(fix, "a/shadow/update", "{\"state\":{}}");
    assert_true(store_busy(fix->store));
    fix_send(fix, "a/shadow/update", "{\"state\":{}}");
    fix_send(fix, "b/shadow/delete", "{\"clientToken\":\"d\"}");
    fix_expect_text(fix, 1,
                    "{\"code\":503,\"message\":\"Service unavailable\",\"timestamp\":" NOW
                    ",\"clientToken\":\"d\"}");
    fix_expect(fix, "a/shadow/update/rejected", "b/shadow/delete/rejected", NULL);
    shadow_rest_get(fix->shadows, "b", NULL, fix_on_called, &called);
    fix_turn(fix);
    assert_int_equal(called.code, 200);
    fix_settle(fix);
    assert_int_equal(fix->count, 6);
    fix_called_reset(&called);
    fix_forget(fix);
}

/* ---- at random, against a model */

enum { RANDOM_THINGS = 5, RANDOM_ROUNDS = 3000 };

struct model {
    int version;
    bool exists;
};

static void random_request(struct fix *fix, struct model *models, uint64_t *chance, int number,
                           char expected[48])
{
    static const struct {
        const char *verb, *state;
    } requests[] = {
        { "get", "" },
        { "update", "\"state\":{\"reported\":{\"n\":1}}," },
        { "update", "\"state\":{\"reported\":7}," },
        { "delete", "" },
    };
    size_t thing = rand_fake_below(chance, RANDOM_THINGS);
    size_t kind = rand_fake_below(chance, 4);
    struct model *model = &models[thing];
    char topic[64], payload[128];
    snprintf(topic, sizeof topic, "t%zu/shadow/%s", thing, requests[kind].verb);
    snprintf(payload, sizeof payload, "{%s\"clientToken\":\"%d\"}", requests[kind].state, number);
    bool accepted = kind == 1 || (kind != 2 && model->exists);
    if (kind == 1) {
        model->exists = true;
        model->version++;
    }
    if (accepted)
        snprintf(expected, 48, "\"version\":%d,", model->version);
    else
        snprintf(expected, 48, "\"code\":%d,", kind == 2 ? 400 : 404);
    if (kind == 3) model->exists = false;
    fix_send(fix, topic, payload);
}

/* Each request has one answer, with the version that the order of requests implies. */
static void random_requests_agree_with_a_model(void **state)
{
    struct fix *fix = *state;
    struct model models[RANDOM_THINGS] = { 0 };
    static char expected[RANDOM_ROUNDS][48];
    static bool answered[RANDOM_ROUNDS];
    uint64_t chance = 20260102;
    memset(answered, 0, sizeof answered);
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        random_request(fix, models, &chance, i, expected[i]);
        if (rand_fake_below(&chance, 4) == 0) loop_turn(fix->loop);
        if (rand_fake_below(&chance, 200) == 0) fix_settle(fix);
    }
    fix_settle(fix);
    for (int i = 0; i < fix->count; i++) {
        const char *token = strstr(fix->seen[i].payload, "\"clientToken\":\"");
        if (strstr(fix->seen[i].topic, "/documents")) continue;
        assert_non_null(token);
        int number = atoi(token + strlen("\"clientToken\":\""));
        assert_false(answered[number]);
        answered[number] = true;
        fix_expect_text(fix, i, expected[number]);
    }
    for (int i = 0; i < RANDOM_ROUNDS; i++)
        assert_true(answered[i]);
    fix_forget(fix);
}

int main(void)
{
#define WITH(test, how) cmocka_unit_test_setup_teardown(test, how, teardown)
    const struct CMUnitTest tests[] = {
        WITH(creates_and_updates, setup),
        WITH(refuses_by_message, setup),
        WITH(refuses_what_is_too_large, setup),
        WITH(survives_a_topic_without_room_for_an_answer, setup),
        WITH(ignores_wills, setup),
        WITH(lets_clients_publish_requests_only, setup),
        WITH(answers_in_order_after_the_commit, setup),
        WITH(holds_publishers_until_the_shadow_is_read, setup),
        WITH(a_rule_that_answers_answers_is_cut, setup),
        WITH(deletes_and_goes_on_counting, setup),
        WITH(restart_keeps_documents_and_versions, setup),
        WITH(tombstones_end_after_48_hours, setup),
        WITH(tombstones_are_swept, setup),
        WITH(named_shadows_are_their_own, setup),
        WITH(lists_named_shadows, setup),
        WITH(rest_answers_and_publishes, setup),
        WITH(rest_refuses_names, setup),
        WITH(a_cache_of_one_serves_many, setup_small_cache),
        WITH(absent_shadows_stay_within_the_cache, setup),
        WITH(pending_while_the_store_fails, setup),
        WITH(a_shadow_with_writes_pending_is_not_evicted, setup_small_cache),
        WITH(stops_while_the_store_fails, setup),
        WITH(a_lost_write_is_told, setup),
        WITH(a_damaged_shadow_can_be_deleted, setup),
        WITH(a_shadow_that_cannot_be_read_is_tried_again, setup),
        WITH(bounds_each_shadow, setup),
        WITH(bounds_all_shadows, setup),
        WITH(bounds_the_bytes_that_wait, setup),
        WITH(bounds_the_bytes_of_answers, setup),
        WITH(refuses_changes_while_the_store_lags, setup),
        WITH(random_requests_agree_with_a_model, setup),
        WITH(random_requests_agree_with_a_model, setup_small_cache),
    };
    return cmocka_run_group_tests_name("shadow", tests, NULL, NULL);
}
