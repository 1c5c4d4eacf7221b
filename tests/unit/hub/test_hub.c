/* test_hub.c — the one entry: permission, matching, nested publishes, held decisions, retained messages,
 * presence, wills. Sessions themselves: test_session.c. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"
#include "mqtt/mqtt.h"

/* ---- matching ---- */

static void test_qos_is_the_lesser(void **state)
{
    struct fixture *f = *state;
    for (int granted = 0; granted <= 2; granted++) {
        for (int sent = 0; sent <= 2; sent++) {
            struct client lamp = { 0 };
            char expected[32];
            int qos = granted < sent ? granted : sent;
            client_open(f, &lamp, "lamp", true);
            client_subscribe(&lamp, "a/+", (uint8_t)granted);
            assert_true(publish(f, "a/b", "x", (uint8_t)sent) == 0);
            if (qos)
                snprintf(expected, sizeof expected, "a/b=x/%d#2 ", qos);
            else
                snprintf(expected, sizeof expected, "a/b=x/0 ");
            assert_log(&lamp, expected);
            client_free(&lamp);
        }
    }
}

static void test_overlapping_subscriptions_give_one_copy(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "a/#", 0);
    client_subscribe(&lamp, "a/+", 2);
    client_subscribe(&lamp, "a/b", 1);
    client_subscribe(&lamp, "+/b", 0);
    publish(f, "a/b", "x", 2);
    assert_log(&lamp, "a/b=x/2#2 ");
    publish(f, "a", "y", 2);
    assert_log(&lamp, "a=y/0 ");
    client_free(&lamp);
}

static void test_replaced_and_removed_subscription(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "a", 1);
    client_subscribe(&lamp, "a", 0);
    publish(f, "a", "x", 1);
    assert_log(&lamp, "a=x/0 ");
    assert_int_equal(metrics_get(METRIC_SUBSCRIPTIONS), 1);
    client_unsubscribe(&lamp, "a");
    client_unsubscribe(&lamp, "a");
    publish(f, "a", "x", 1);
    assert_log(&lamp, "");
    client_free(&lamp);
    assert_int_equal(metrics_get(METRIC_SUBSCRIPTIONS), 0);
}

/* ---- permission ---- */

static void test_receive_is_decided_once(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, probe = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_open(f, &probe, "probe", true);
    client_subscribe(&lamp, "#", 1);
    client_subscribe(&probe, "#", 0);
    auth_fake_deny(f->auth, "lamp", POLICY_ACTION_RECEIVE, "secret");
    for (int i = 0; i < 3; i++) {
        int before = auth_fake_checks(f->auth);
        publish(f, "secret", "x", 1);
        assert_int_equal(auth_fake_checks(f->auth) - before, i ? 0 : 2);
    }
    publish(f, "open", "y", 1);
    assert_log(&lamp, "open=y/1#2 ");
    assert_log(&probe, "secret=x/0 secret=x/0 secret=x/0 open=y/0 ");

    auth_fake_allow_all(f->auth);
    publish(f, "secret", "x", 1); /* nobody was told: the mark stands */
    assert_log(&lamp, "");
    auth_fake_changed(f->auth);
    publish(f, "secret", "x", 1);
    assert_log(&lamp, "secret=x/1#3 ");
    client_free(&lamp);
    client_free(&probe);
}

static void test_receive_of_retained(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "secret", "x", 1);
    client_retain(&lamp, "open", "y", 1);
    auth_fake_deny(f->auth, "lamp", POLICY_ACTION_RECEIVE, "secret");
    client_subscribe(&lamp, "+", 1);
    assert_log(&lamp, "open=y/1r#2 ");
    client_free(&lamp);
}

static void test_what_may_be_published(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *topic;
        bool retain;
        int64_t rc;
    } cases[] = {
        { "a/b", false, 0 },
        { "denied", false, ERR_DENIED },
        { "unretained", false, 0 },
        { "unretained", true, ERR_DENIED },
        { "", false, ERR_TOPIC },
        { "a/+", false, ERR_TOPIC },
        { "a/#", false, ERR_TOPIC },
        { "\xff", false, ERR_TOPIC },
        { "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", false, 0 },
        { "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", false, ERR_LIMIT },
        { "$SYS/broker", false, ERR_DENIED },
        { "$aws/events/presence/connected/lamp", false, ERR_DENIED },
        { "$aws/things/lamp/shadow/update/accepted", false, ERR_DENIED },
        { "$aws/things/lamp/shadow/update", false, 0 },
        { "$aws/things/lamp/shadow/update", true, ERR_DENIED },
        { "$thingd/x", false, ERR_DENIED },
        { "$", false, ERR_DENIED },
    };
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    hub_allow_reserved(f->hub, "$aws/things/+/shadow/update");
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_RETAIN_PUBLISH, "unretained");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int before = auth_fake_refusals();
        struct msg *msg = message(cases[i].topic, "x", 0, cases[i].retain);
        int64_t rc = hub_publish(f->hub, lamp.principal, NULL, msg, NULL, NULL);
        msg_unref(msg);
        if (rc != cases[i].rc) fail_msg("case %zu: %lld", i, (long long)rc);
        assert_int_equal(auth_fake_refusals() - before, rc < 0); /* said once */
    }
    assert_int_equal(hub_retained_count(f->hub), 0);
    client_free(&lamp);
}

static void test_what_may_be_subscribed(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *filter;
        int64_t rc;
    } cases[] = {
        { "a/#", 0 },           { "denied/#", ERR_DENIED },
        { "a/#/b", ERR_TOPIC }, { "", ERR_TOPIC },
        { "$share/g/a", 0 },    { "$aws/rules/x", ERR_DENIED },
        { "$aws/events/#", 0 }, { "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/#", ERR_LIMIT },
    };
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied/#");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(client_subscribe(&lamp, cases[i].filter, 1), cases[i].rc);
    client_free(&lamp);
}

/* The hub's own services build topics too: a bad one must not reach the tree or the wire. */
static void test_system_publishes_valid_topics_only(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(publish(f, "a/+", "x", 0), ERR_TOPIC);
    assert_int_equal(publish(f, "", "x", 0), ERR_TOPIC);
    assert_int_equal(publish(f, "$aws/events/x", "x", 0), 0);
    char *topic = xmalloc(70001);
    memset(topic, 'a', 70000);
    topic[70000] = '\0';
    assert_int_equal(publish(f, topic, "x", 0), ERR_TOPIC);
    free(topic);
}

/* ---- nested publishes ---- */

static void test_republish_comes_after_the_present_message(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct service rule = { .does = SERVICE_REPUBLISH, .to = "out" };
    service_start(f, &rule, "in");
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "#", 1);
    assert_int_equal(publish(f, "in", "x", 1), 0);
    assert_log(&lamp, "in=x/1#2 out=x/1#3 ");
    service_stop(&rule);
    client_free(&lamp);
}

static void test_republish_shares_the_commit(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct service rule = { .does = SERVICE_REPUBLISH, .to = "out" };
    service_start(f, &rule, "in");
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "out", 1);
    settle(f);
    int64_t commit = publish(f, "in", "x", 1);
    assert_true(commit > store_committed(f->store));
    settle(f);
    assert_true(commit <= store_committed(f->store));
    service_stop(&rule);
    client_free(&lamp);
}

static void test_hops_end_a_circle(void **state)
{
    struct fixture *f = *state;
    struct service rule = { .does = SERVICE_REPUBLISH, .to = "round" };
    int64_t cut = metrics_get(METRIC_HOPS_CUT);
    service_start(f, &rule, "round");
    publish(f, "round", "x", 0);
    assert_int_equal(rule.count, 1 + f->opts.max_hops);
    assert_int_equal(metrics_get(METRIC_HOPS_CUT), cut + 1);
    service_stop(&rule);
}

static void test_republish_to_an_invalid_topic(void **state)
{
    struct fixture *f = *state;
    struct service rule = { .does = SERVICE_REPUBLISH, .to = "a/#" };
    struct service all = { .does = SERVICE_COUNT };
    service_start(f, &rule, "in");
    service_start(f, &all, "#");
    assert_int_equal(publish(f, "in", "x", 0), 0);
    assert_int_equal(all.count, 1);
    service_stop(&rule);
    service_stop(&all);
}

/* ---- held decisions ---- */

static int64_t publish_held(struct fixture *f, struct decision *decision)
{
    struct msg *msg = message("in", "x", 1, false);
    int64_t commit = hub_publish(f->hub, principal_system(), NULL, msg, on_decision, decision);
    msg_unref(msg);
    return commit;
}

static void test_hold_released_at_once(void **state)
{
    struct fixture *f = *state;
    struct service service = { .does = SERVICE_RELEASE, .commit = 7 };
    struct service other = { .commit = 9 };
    struct decision decision = { 0 };
    service_start(f, &service, "in");
    service_start(f, &other, "in");
    assert_int_equal(publish_held(f, &decision), 9);
    service.commit = ERR_STORE;
    assert_int_equal(publish_held(f, &decision), ERR_STORE);
    turns(f, 2);
    assert_int_equal(decision.count, 0);
    service_stop(&service);
    service_stop(&other);
}

static void test_hold_released_late(void **state)
{
    struct fixture *f = *state;
    struct service first = { .does = SERVICE_HOLD }, second = { .does = SERVICE_HOLD };
    struct service other = { .commit = 9 };
    static const struct {
        int64_t first, second, expected;
    } cases[] = { { 0, 0, 9 }, { 12, 3, 12 }, { 3, 12, 12 }, { ERR_STORE, 3, ERR_STORE } };
    service_start(f, &first, "in");
    service_start(f, &second, "in");
    service_start(f, &other, "in");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct decision decision = { 0 };
        assert_int_equal(publish_held(f, &decision), HUB_HELD);
        turns(f, 2);
        hub_release(first.hold, cases[i].first);
        turns(f, 2);
        assert_int_equal(decision.count, 0);
        hub_release(second.hold, cases[i].second);
        assert_int_equal(decision.count, 0); /* later, on the loop */
        turns(f, 2);
        assert_int_equal(decision.count, 1);
        assert_int_equal(decision.commit, cases[i].expected);
    }
    service_stop(&first);
    service_stop(&second);
    service_stop(&other);
}

static void test_hold_without_a_listener(void **state)
{
    struct fixture *f = *state;
    struct service service = { .does = SERVICE_HOLD };
    service_start(f, &service, "in");
    assert_int_equal(publish(f, "in", "x", 0), HUB_HELD);
    hub_release(service.hold, 0);
    turns(f, 2);
    service_stop(&service);
}

/* Decisions that are open at the end: the publisher hears ERR_CLOSED, nothing leaks. */
static void test_hub_ends_with_open_decisions(void **state)
{
    struct fixture *f = *state;
    struct service service = { .does = SERVICE_HOLD };
    struct decision open = { 0 }, released = { 0 };
    service_start(f, &service, "in");
    publish_held(f, &open);
    publish_held(f, &released);
    hub_release(service.hold, 0); /* and no turn follows */
    fixture_close(f);
    assert_int_equal(open.count, 1);
    assert_int_equal(open.commit, ERR_CLOSED);
    assert_int_equal(released.count, 1);
    service_stop(&service);
}

/* ---- retained messages ---- */

static void test_retained_set_and_delete(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, late = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "a/#", 2);
    int64_t commit = client_retain(&lamp, "a/b", "one", 1);
    assert_true(commit > 0);
    assert_log(&lamp, "a/b=one/1#2 "); /* not marked: the subscription was there before */
    client_retain(&lamp, "a/b", "two", 1);
    client_retain(&lamp, "a/c", "three", 0);
    assert_int_equal(hub_retained_count(f->hub), 2);
    assert_true(slice_eq_str(hub_retained_get(f->hub, SLICE_LIT("a/b"))->payload, "two"));

    client_open(f, &late, "late", true);
    client_subscribe(&late, "a/b", 2);
    assert_log(&late, "a/b=two/1r#2 ");
    client_subscribe(&late, "a/b", 0); /* again: sent again [MQTT-3.8.4-3] */
    assert_log(&late, "a/b=two/0r ");
    client_subscribe(&late, "+/c", 1);
    assert_log(&late, "a/c=three/0r ");

    client_retain(&lamp, "a/b", "", 1);
    assert_int_equal(hub_retained_count(f->hub), 1);
    assert_null(hub_retained_get(f->hub, SLICE_LIT("a/b")));
    assert_log(&late, "a/b=/0 ");
    client_subscribe(&late, "a/b", 0);
    assert_log(&late, "");
    client_free(&lamp);
    client_free(&late);
}

static void test_retained_survives(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "kept", "one", 1);
    client_retain(&lamp, "kept", "two", 1);
    client_retain(&lamp, "gone", "x", 1);
    settle(f);
    int64_t commit = client_retain(&lamp, "gone", "", 1);
    assert_true(commit > store_committed(f->store));
    assert_int_equal(client_retain(&lamp, "gone", "", 1),
                     commit); /* gone already, but not for sure */
    settle(f);
    client_retain(&lamp, "late", "lost", 1); /* never committed, never acknowledged */
    fixture_crash(f);
    client_free(&lamp);
    assert_int_equal(hub_retained_count(f->hub), 1);
    struct msg *msg = hub_retained_get(f->hub, SLICE_LIT("kept"));
    assert_true(slice_eq_str(msg->payload, "two"));
    assert_int_equal(msg->qos, 1);
    assert_true(msg->retain);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "#", 2);
    assert_log(&lamp, "kept=two/1r#2 ");
    client_free(&lamp);
}

static void test_retained_qos0_is_coalesced(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    settle(f);
    int64_t requests = metrics_get(METRIC_COMMIT_REQUESTS);
    for (int i = 0; i < 50; i++)
        assert_int_equal(client_retain(&lamp, "t", i % 2 ? "odd" : "even", 0), 0);
    client_retain(&lamp, "brief", "x", 0);
    client_retain(&lamp, "brief", "", 0); /* came and went: nobody writes of it */
    settle(f);
    assert_int_equal(metrics_get(METRIC_COMMIT_REQUESTS), requests);
    clock_fake_advance(1000);
    turns(f, 2);
    settle(f);
    assert_int_equal(metrics_get(METRIC_COMMIT_REQUESTS), requests + 1);
    client_retain(&lamp, "t", "not yet written", 0);
    fixture_crash(f);
    assert_true(slice_eq_str(hub_retained_get(f->hub, SLICE_LIT("t"))->payload, "odd"));
    assert_int_equal(hub_retained_count(f->hub), 1);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "t", "flushed", 0);
    client_free(&lamp);
    fixture_restart(f); /* an orderly end writes what waits */
    assert_true(slice_eq_str(hub_retained_get(f->hub, SLICE_LIT("t"))->payload, "flushed"));
}

static void test_retained_in_one_batch_is_written_once(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    settle(f);
    int64_t requests = metrics_get(METRIC_COMMIT_REQUESTS);
    for (int i = 0; i < 50; i++)
        client_retain(&lamp, "t", "x", 1);
    client_retain(&lamp, "t", "", 1);
    client_retain(&lamp, "t", "last", 1);
    settle(f);
    assert_true(metrics_get(METRIC_COMMIT_REQUESTS) - requests <= 2);
    fixture_crash(f);
    assert_true(slice_eq_str(hub_retained_get(f->hub, SLICE_LIT("t"))->payload, "last"));
    client_free(&lamp);
}

static void test_retained_limit(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    char topic[32];
    client_open(f, &lamp, "lamp", true);
    for (size_t i = 0; i < f->opts.max_retained; i++) {
        snprintf(topic, sizeof topic, "t%zu", i);
        client_retain(&lamp, topic, "x", 1);
    }
    int64_t drops = metrics_get(METRIC_DROPS);
    assert_int_equal(client_retain(&lamp, "more", "x", 1), 0);
    assert_int_equal(hub_retained_count(f->hub), f->opts.max_retained);
    assert_int_equal(metrics_get(METRIC_DROPS), drops + 1);
    assert_true(client_retain(&lamp, "t0", "y", 1) > 0); /* those that are there may change */
    client_retain(&lamp, "t1", "", 1);
    assert_true(client_retain(&lamp, "more", "x", 1) > 0);
    client_free(&lamp);
}

/* While the disk fails, what waits is bounded, whoever keeps on publishing. */
static void test_retained_while_the_store_is_behind(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    fixture_close(f);
    client_free(&lamp);
    f->store_opts.max_pending = 10;
    fixture_open(f);
    client_open(f, &lamp, "lamp", true);
    char topic[32];
    int64_t rc = 0;
    int taken = 0;
    for (; taken < 90; taken++) {
        snprintf(topic, sizeof topic, "t%d", taken);
        rc = client_retain(&lamp, topic, "x", 1);
        if (rc < 0) break;
    }
    assert_int_equal(rc, ERR_STORE);
    assert_int_equal(taken, 11);
    assert_null(hub_retained_get(f->hub, slice_str(topic)));
    for (int i = 0; i < 1000; i++) {
        client_retain(&lamp, "brief", "x", 0);
        client_retain(&lamp, "brief", "", 0);
    }
    assert_int_equal(metrics_get(METRIC_STORE_PENDING), 11);
    settle(f);
    assert_true(client_retain(&lamp, topic, "x", 1) > 0);
    client_free(&lamp);
}

static void test_damaged_retained_row_is_skipped(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "a", "x", 1);
    client_retain(&lamp, "b", "y", 1);
    client_free(&lamp);
    fixture_close(f);
    query(f, "UPDATE retained SET data = x'01ff00' WHERE topic = 'a'");
    fixture_open(f);
    assert_int_equal(hub_retained_count(f->hub), 1);
}

/* ---- presence and wills ---- */

static const char *member(const char *payload, const char *name, char text[128])
{
    struct json *body = NULL;
    struct buf out = { 0 };
    assert_int_equal(json_parse(slice_str(payload), NULL, &body, NULL), 0);
    const struct json *value = json_get(body, name);
    if (value) json_print(value, &out);
    snprintf(text, 128, "%s", buf_str(&out));
    buf_deinit(&out);
    json_free(body);
    return text;
}

/* The payload of the n-th message that a service got. */
static const char *payload(struct service *service, int n, char text[512])
{
    const char *at = buf_str(&service->log);
    for (int i = 0; i < n; i++)
        at = strstr(at, "} ") + 2;
    at = strchr(at, '{');
    snprintf(text, 512, "%.*s", (int)(strstr(at, "} ") + 1 - at), at);
    return text;
}

static void test_presence(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct client lamp = { 0 }, again = { 0 };
    char text[512], value[128], session[128];
    service_start(f, &all, "$aws/events/presence/#");
    client_open(f, &lamp, "lamp", true);
    assert_int_equal(all.count, 1);
    assert_non_null(strstr(buf_str(&all.log), "$aws/events/presence/connected/lamp="));
    payload(&all, 0, text);
    assert_string_equal(member(text, "clientId", value), "\"lamp\"");
    assert_string_equal(member(text, "eventType", value), "\"connected\"");
    assert_string_equal(member(text, "principalIdentifier", value), "\"lamp\"");
    assert_string_equal(member(text, "ipAddress", value), "\"192.0.2.1\"");
    assert_string_equal(member(text, "versionNumber", value), "0");
    assert_string_equal(member(text, "protocolVersion", value), "\"3.1.1\"");
    assert_string_equal(member(text, "timestamp", value), "1767323045000");
    member(text, "sessionIdentifier", session);
    assert_int_equal(strlen(session), 38);

    client_open(f, &again, "lamp", true); /* takes over */
    assert_int_equal(all.count, 3);
    payload(&all, 1, text);
    assert_non_null(strstr(buf_str(&all.log), "$aws/events/presence/disconnected/lamp="));
    assert_string_equal(member(text, "eventType", value), "\"disconnected\"");
    assert_string_equal(member(text, "disconnectReason", value), "\"DUPLICATE_CLIENTID\"");
    assert_string_equal(member(text, "clientInitiatedDisconnect", value), "false");
    assert_string_equal(member(text, "sessionIdentifier", value), session);
    assert_string_equal(member(text, "versionNumber", value), "0");
    payload(&all, 2, text);
    assert_string_equal(member(text, "versionNumber", value), "1");
    assert_string_not_equal(member(text, "sessionIdentifier", value), session);

    client_drop(&again, SESSION_END_CLIENT_INITIATED);
    payload(&all, 3, text);
    assert_string_equal(member(text, "disconnectReason", value), "\"CLIENT_INITIATED_DISCONNECT\"");
    assert_string_equal(member(text, "clientInitiatedDisconnect", value), "true");
    assert_string_equal(member(text, "versionNumber", value), "1");

    clock_fake_advance(HOURS(1) + 1); /* unused for an hour: forgotten at the next sweep */
    turns(f, 2);
    client_open(f, &again, "lamp", true);
    payload(&all, 4, text);
    assert_string_equal(member(text, "versionNumber", value), "0");
    service_stop(&all);
    client_free(&lamp);
    client_free(&again);
}

/* A client of MQTT 5 is told what the hub calls it and may come back, so its numbers go on. */
static void test_presence_by_level(void **state)
{
    static const struct {
        uint8_t level;
        const char *version;
        const char *second;
    } cases[] = { { 3, "\"3.1\"", "0" }, { 4, "\"3.1.1\"", "0" }, { 5, "\"5.0\"", "1" } };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct service all = { 0 };
        struct client lamp = { 0 };
        char text[512], value[128];
        const struct session_open_opts opts = { .level = cases[i].level, .made_up = true };
        service_start(f, &all, "$aws/events/presence/#");
        client_open_with(f, &lamp, "auto-1", opts);
        client_drop(&lamp, SESSION_END_CLIENT_WITH_WILL);
        payload(&all, 1, text);
        assert_string_equal(member(text, "protocolVersion", value), cases[i].version);
        assert_string_equal(member(text, "disconnectReason", value),
                            "\"CLIENT_INITIATED_DISCONNECT\"");
        assert_string_equal(member(text, "clientInitiatedDisconnect", value), "true");
        client_open_with(f, &lamp, "auto-1", opts);
        payload(&all, 2, text);
        assert_string_equal(member(text, "protocolVersion", value), cases[i].version);
        assert_string_equal(member(text, "versionNumber", value), cases[i].second);
        client_free(&lamp);
        service_stop(&all);
    }
}

static void test_presence_of_strange_client_ids(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct client odd = { 0 }, long_one = { 0 };
    service_start(f, &all, "$aws/events/#");
    client_open(f, &odd, "a+b#", true);
    client_free(&odd);
    assert_int_equal(all.count, 0);
    char *id = xmalloc(65531); /* the topic of its events would be too long */
    memset(id, 'x', 65530);
    id[65530] = '\0';
    client_open(f, &long_one, id, true);
    client_free(&long_one);
    assert_int_equal(all.count, 0);
    free(id);
    service_stop(&all);
}

static void test_will(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum session_end why;
        bool sent;
    } cases[] = {
        { SESSION_END_CLIENT_INITIATED, false }, { SESSION_END_CONNECTION_LOST, true },
        { SESSION_END_CLIENT_ERROR, true },      { SESSION_END_KEEP_ALIVE, true },
        { SESSION_END_SERVER_INITIATED, true },  { SESSION_END_CLIENT_WITH_WILL, true },
    };
    struct service all = { 0 };
    service_start(f, &all, "will");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client lamp = { 0 };
        struct msg *will = message("will", "gone", 1, false);
        client_open_will(f, &lamp, "lamp", true, will);
        msg_unref(will);
        int before = all.count;
        client_drop(&lamp, cases[i].why);
        assert_int_equal(all.count - before, cases[i].sent);
        client_free(&lamp);
    }
    service_stop(&all);
}

static void test_will_of_one_who_may_not_publish_it(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct client lamp = { 0 };
    struct msg *will = message("will", "gone", 1, true);
    service_start(f, &all, "will");
    client_open_will(f, &lamp, "lamp", true, will);
    auth_fake_deny(f->auth, "lamp", POLICY_ACTION_PUBLISH, "will"); /* since */
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_int_equal(all.count, 0);
    assert_int_equal(hub_retained_count(f->hub), 0);
    msg_unref(will);
    client_free(&lamp);
    service_stop(&all);
}

/* ---- messages in the database ---- */

static void test_message_is_saved_and_loaded(void **state)
{
    struct msg *msg = msg_create(&(struct msg_opts){ .topic = SLICE_LIT("a/b"),
                                                     .payload = slice_of("x\0y", 3),
                                                     .properties = SLICE_LIT("\x01\x01"),
                                                     .client_id = SLICE_LIT("lamp"),
                                                     .principal = SLICE_LIT("user:lamp"),
                                                     .qos = 2,
                                                     .retain = true,
                                                     .hops = 3,
                                                     .over_mqtt = true,
                                                     .will = true,
                                                     .at_ms = INT64_C(0x123456789ab) });
    struct buf data = { 0 };
    struct msg *back = NULL;
    msg_save(msg, &data);
    assert_int_equal(msg_load(buf_slice(&data), &back), 0);
    assert_true(slice_eq(back->topic, msg->topic) && slice_eq(back->payload, msg->payload));
    assert_true(slice_eq(back->properties, msg->properties));
    assert_true(slice_eq(back->client_id, msg->client_id) &&
                slice_eq(back->principal, msg->principal));
    assert_true(back->qos == 2 && back->retain && back->hops == 3 && back->over_mqtt && back->will);
    assert_int_equal(back->at_ms, msg->at_ms);
    msg_unref(back);
    for (size_t len = 0; len < data.len; len++)
        assert_int_equal(msg_load(slice_of(data.data, len), &back), ERR_MALFORMED);
    buf_putc(&data, 'x');
    assert_int_equal(msg_load(buf_slice(&data), &back), ERR_MALFORMED);
    buf_deinit(&data);
    msg_unref(msg);
}

/* The form in which it leaves is that of its publisher, after a restart too; nothing of it needs properties. */
static void test_message_keeps_its_level(void **state)
{
    static const uint8_t levels[] = { MQTT_LEVEL_311, MQTT_LEVEL_5 };
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        struct msg *msg = msg_create(&(struct msg_opts){
            .level = levels[i], .topic = SLICE_LIT("a"), .payload = SLICE_LIT("x"), .qos = 1 });
        struct buf data = { 0 };
        struct msg *back = NULL;
        msg_save(msg, &data);
        assert_int_equal(msg_load(buf_slice(&data), &back), 0);
        assert_int_equal(msg->level, levels[i]);
        assert_int_equal(back->level, levels[i]);
        assert_true(slice_eq(back->packet, msg->packet));
        buf_deinit(&data);
        msg_unref(back);
        msg_unref(msg);
    }
}

/* ---- hub.profile ---- */

/* What AWS does otherwise than MQTT: sensor/# without sensor, nothing retained for wildcards, 128 KB. */
static void test_aws_strict(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.profile = &mqtt_profile_aws_strict;
    fixture_restart(f);
    struct msg *kept = message("sensor/a", "kept", 0, true);
    assert_true(hub_publish(f->hub, principal_system(), NULL, kept, NULL, NULL) >= 0);
    msg_unref(kept);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "sensor/#", 0);
    publish(f, "sensor", "no", 0);
    publish(f, "sensor/", "1", 0);
    publish(f, "sensor/b", "2", 0);
    publish(f, "sensor/b/c", "3", 0);
    turns(f, 5);
    assert_log(&lamp, "sensor/=1/0 sensor/b=2/0 sensor/b/c=3/0 ");
    client_unsubscribe(&lamp, "sensor/#");
    publish(f, "sensor/b", "4", 0);
    client_subscribe(&lamp, "sensor/a", 0);
    client_subscribe(&lamp, "sensor/+", 0);
    turns(f, 5);
    assert_log(&lamp, "sensor/a=kept/0r ");

    char *payload = xcalloc(1, (128 << 10) + 2);
    memset(payload, 'x', (128 << 10) + 1);
    for (int more = 0; more < 2; more++) {
        struct msg *msg = msg_create(&(struct msg_opts){
            .topic = SLICE_LIT("t"), .payload = slice_of(payload, (128 << 10) + (size_t)more) });
        int64_t rc = hub_publish(f->hub, lamp.principal, NULL, msg, NULL, NULL);
        assert_int_equal(rc, more ? ERR_TOO_LARGE : 0);
        msg_unref(msg);
    }
    free(payload);
    client_free(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_qos_is_the_lesser),
        TEST(test_overlapping_subscriptions_give_one_copy),
        TEST(test_replaced_and_removed_subscription),
        TEST(test_receive_is_decided_once),
        TEST(test_receive_of_retained),
        TEST(test_what_may_be_published),
        TEST(test_what_may_be_subscribed),
        TEST(test_system_publishes_valid_topics_only),
        TEST(test_republish_comes_after_the_present_message),
        TEST(test_republish_shares_the_commit),
        TEST(test_hops_end_a_circle),
        TEST(test_republish_to_an_invalid_topic),
        TEST(test_hold_released_at_once),
        TEST(test_hold_released_late),
        TEST(test_hold_without_a_listener),
        TEST(test_hub_ends_with_open_decisions),
        TEST(test_retained_set_and_delete),
        TEST(test_retained_survives),
        TEST(test_retained_qos0_is_coalesced),
        TEST(test_retained_in_one_batch_is_written_once),
        TEST(test_retained_limit),
        TEST(test_retained_while_the_store_is_behind),
        TEST(test_damaged_retained_row_is_skipped),
        TEST(test_presence),
        TEST(test_presence_by_level),
        TEST(test_presence_of_strange_client_ids),
        TEST(test_will),
        TEST(test_will_of_one_who_may_not_publish_it),
        TEST(test_message_is_saved_and_loaded),
        TEST(test_message_keeps_its_level),
        TEST(test_aws_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
