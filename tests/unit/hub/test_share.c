/* test_share.c — shared subscriptions: turns, members that come and go, restarts. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "hub/session.h"

/* Opens "m0", "m1", … and subscribes each to the group. */
static void open_members(struct fixture *f, struct client *members, int count, bool clean,
                         uint8_t qos)
{
    char id[16];
    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "m%d", i);
        client_open(f, &members[i], id, clean);
        assert_true(client_subscribe(&members[i], "$share/g/t/+", qos) >= 0);
    }
    settle(f);
}

static void free_members(struct client *members, int count)
{
    for (int i = 0; i < count; i++)
        client_free(&members[i]);
}

static int deliveries(struct client *c)
{
    int count = 0;
    for (const char *at = client_log(c); (at = strchr(at, '=')); at++)
        count++;
    return count;
}

static void publish_many(struct fixture *f, int count, uint8_t qos)
{
    for (int i = 0; i < count; i++)
        assert_true(publish(f, "t/1", "x", qos) >= 0);
}

static void test_members_take_turns(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct client members[3] = { 0 };
        open_members(f, members, 3, true, qos);
        publish_many(f, 30, qos);
        for (int i = 0; i < 3; i++)
            assert_int_equal(deliveries(&members[i]), 10);
        free_members(members, 3);
    }
}

/* Each group gets a copy, and so does who subscribes without one; a member that has the filter for itself
 * too gets both. */
static void test_each_group_gets_a_copy(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 }, plain = { 0 };
    client_open(f, &a, "a", true);
    client_open(f, &b, "b", true);
    client_open(f, &plain, "plain", true);
    client_subscribe(&a, "$share/one/t/#", 1);
    client_subscribe(&b, "$share/two/t/#", 1);
    client_subscribe(&b, "t/1", 0);
    client_subscribe(&plain, "t/+", 1);
    publish(f, "t/1", "x", 1);
    assert_log(&a, "t/1=x/1#2 ");
    assert_int_equal(deliveries(&b), 2);
    assert_log(&plain, "t/1=x/1#2 ");
    client_unsubscribe(&b, "$share/two/t/#");
    publish(f, "t/1", "y", 0);
    assert_log(&b, "t/1=y/0 ");
    assert_log(&a, "t/1=y/0 ");
    client_free(&a);
    client_free(&b);
    client_free(&plain);
}

static void test_refused_names(void **state)
{
    static const char *const names[] = { "$share/",     "$share/g",           "$share/g/",
                                         "$share//t",   "$share/+/t",         "$share/#/t",
                                         "$share/g/t#", "$share/g/$share/h/t" };
    struct fixture *f = *state;
    struct client a = { 0 };
    client_open(f, &a, "a", true);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (hub_authorize_subscribe(f->hub, a.principal, NULL, slice_str(names[i])) != ERR_TOPIC)
            fail_msg("%s is not refused", names[i]);
    assert_int_equal(
        hub_authorize_subscribe(f->hub, a.principal, NULL, SLICE_LIT("$share/g/$aws/rules/r")),
        ERR_DENIED);
    client_free(&a);
}

/* No retained messages: a member is one of many. */
static void test_no_retained_messages(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 };
    client_open(f, &a, "a", true);
    client_retain(&a, "t/1", "kept", 1);
    client_subscribe(&a, "$share/g/t/1", 1);
    session_send_retained(a.session, SLICE_LIT("$share/g/t/1"), &(struct sub_opts){ .qos = 1 },
                          true);
    settle(f);
    assert_log(&a, "");
    client_free(&a);
}

/* Who takes no more is passed over while others do. */
static void test_a_full_window_is_passed_over(void **state)
{
    struct fixture *f = *state;
    struct client members[2] = { 0 };
    f->opts.max_inflight = 5;
    hub_set_opts(f->hub, &f->opts);
    open_members(f, members, 2, true, 1);
    members[0].congested = true;
    publish_many(f, 5, 1);
    assert_int_equal(deliveries(&members[0]), 0);
    assert_int_equal(deliveries(&members[1]), 5);
    publish_many(f, 4, 1); /* nobody takes them at once: by turns again */
    for (uint16_t id = 2; id < 7; id++)
        session_puback(members[1].session, id);
    assert_int_equal(deliveries(&members[1]), 2);
    members[0].congested = false;
    session_pump(members[0].session);
    assert_int_equal(deliveries(&members[0]), 2);
    free_members(members, 2);
}

/* What was in flight to one that leaves goes to another, in order; what it has confirmed does not. */
static void test_in_flight_goes_to_another(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct client members[2] = { 0 };
        f->opts.max_inflight = 3;
        hub_set_opts(f->hub, &f->opts);
        open_members(f, &members[0], 1, clean, 2);
        for (int i = 0; i < 6; i++) {
            char payload[16];
            snprintf(payload, sizeof payload, "%d", i);
            publish(f, "t/1", payload, (uint8_t)(1 + i % 2));
        }
        settle(f);
        assert_log(&members[0], "t/1=0/1#2 t/1=1/2#3 t/1=2/1#4 ");
        session_puback(members[0].session, 2);
        session_pubrec(members[0].session, 3, 0);
        settle(f);
        client_open(f, &members[1], "other", clean);
        client_subscribe(&members[1], "$share/g/t/+", 2);
        settle(f);
        client_drop(&members[0], SESSION_END_CONNECTION_LOST);
        settle(f);
        /* 1 had its PUBREC */
        assert_log(&members[1], "t/1=2/1#2 t/1=3/2#3 t/1=4/1#4 ");
        session_puback(members[1].session, 2);
        session_puback(members[1].session, 4);
        settle(f);
        assert_log(&members[1], "t/1=5/2#5 ");
        publish(f, "t/1", "new", 0);
        assert_log(&members[1], "t/1=new/0 ");
        client_free(&members[0]);
        client_open(f, &members[0], "m0", false);
        assert_log(&members[0], clean ? "" : "rel#3 ");
        client_free(&members[0]);
        client_open(f, &members[0], "m0", true);
        free_members(members, 2);
        client_open(f, &members[1], "other", true);
        client_free(&members[1]);
        settle(f);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    }
}

/* Nobody is online: those who are persistent keep it, and have it after a restart. */
static void test_nobody_is_online(void **state)
{
    struct fixture *f = *state;
    struct client members[2] = { 0 };
    open_members(f, members, 2, false, 1);
    client_drop(&members[0], SESSION_END_CONNECTION_LOST);
    client_drop(&members[1], SESSION_END_CONNECTION_LOST);
    assert_int_equal(publish(f, "t/1", "lost", 0), 0);
    publish_many(f, 10, 1);
    settle(f);
    fixture_restart(f);
    free_members(members, 2);
    publish_many(f, 2, 1);
    settle(f);
    for (int i = 0; i < 2; i++) {
        client_open(f, &members[i], i ? "m1" : "m0", false);
        assert_true(members[i].present);
        assert_int_equal(deliveries(&members[i]), 6);
    }
    for (uint16_t id = 2; id < 8; id++)
        session_puback(members[0].session, id);
    client_drop(&members[1],
                SESSION_END_CONNECTION_LOST); /* from the database, and still the group's */
    settle(f);
    assert_int_equal(deliveries(&members[0]), 6);
    free_members(members, 2);
}

/* It stays where it is rather than being dropped by one whose queue is full, its identifier counted. */
static void test_who_is_full_gets_nothing(void **state)
{
    struct fixture *f = *state;
    struct client kept = { 0 }, full = { 0 };
    struct msg *msg = message("t/1", "x", 1, false);
    f->opts.max_queued_bytes = msg_size(msg) + 4;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &kept, "kept", false);
    client_subscribe(&kept, "$share/g/t/1", 1);
    publish(f, "t/1", "x", 1);
    assert_log(&kept, "t/1=x/1#2 ");
    client_open(f, &full, "full", true);
    client_subscribe_opts(&full, "$share/g/t/1", &(struct sub_opts){ .qos = 1, .id = 7 });
    client_drop(&kept, SESSION_END_CONNECTION_LOST);
    assert_log(&full, "");
    client_free(&kept);
    client_open(f, &kept, "kept", false);
    assert_log(&kept, "t/1=x/1d#2 ");
    msg_unref(msg);
    client_free(&kept);
    client_free(&full);
}

/* iot:Receive is each member's own. */
static void test_who_may_not_receive_is_passed_over(void **state)
{
    struct fixture *f = *state;
    struct client members[3] = { 0 };
    open_members(f, members, 3, true, 1);
    auth_fake_deny(f->auth, "m1", POLICY_ACTION_RECEIVE, "t/1");
    publish_many(f, 6, 1);
    assert_int_equal(deliveries(&members[0]), 3);
    assert_int_equal(deliveries(&members[1]), 0);
    assert_int_equal(deliveries(&members[2]), 3);
    free_members(members, 3);
}

/* A will and what follows from it come while a clean session ends: not into its queue. */
static void test_who_ends_takes_no_turn(void **state)
{
    struct fixture *f = *state;
    struct client kept = { 0 }, ends = { 0 };
    struct service service = { .does = SERVICE_REPUBLISH, .to = "t/2" };
    struct msg *will = message("w", "x", 1, false);
    service_start(f, &service, "w");
    client_open(f, &kept, "kept", false);
    client_subscribe(&kept, "$share/g/#", 1);
    client_drop(&kept, SESSION_END_CONNECTION_LOST);
    client_open_will(f, &ends, "ends", true, will);
    client_subscribe(&ends, "$share/g/#", 1);
    client_drop(&ends, SESSION_END_CONNECTION_LOST);
    settle(f);
    client_free(&kept);
    client_open(f, &kept, "kept", false);
    assert_log(&kept, "w=x/1#2 t/2=x/1#3 ");
    client_free(&kept);
    client_free(&ends);
    service_stop(&service);
    msg_unref(will);
}

/* ---- mqtt.queue_full ---- */

static void fill(struct fixture *f, int from, int to)
{
    char payload[16];
    for (int i = from; i < to; i++) {
        snprintf(payload, sizeof payload, "%d", i);
        publish(f, "q", payload, 1);
        if (i % 10 == 9) settle(f);
    }
    settle(f);
}

/* The numbers that come, from..to without a gap. */
static void expect_run(struct client *c, int from, int to)
{
    int next = from;
    for (const char *at = client_log(c); (at = strchr(at, '=')); at++)
        if (atoi(at + 1) != next++) fail_msg("%d where %d should be", atoi(at + 1), next - 1);
    assert_int_equal(next, to);
}

static void drop_oldest(struct fixture *f, size_t most)
{
    f->opts.drop_oldest = true;
    f->opts.max_queued = most;
    f->opts.max_inflight = 1000;
    hub_set_opts(f->hub, &f->opts);
}

static void test_oldest_is_dropped_for_an_absent_client(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    drop_oldest(f, 300);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "q", 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    fill(f, 0, 1000);
    assert_int_equal(query(f, "SELECT sum(refs) FROM message_ref"), 300);
    fixture_restart(f);
    fill(f, 1000, 1100); /* the oldest are in the database alone */
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    settle(f);
    expect_run(&lamp, 800, 1100);
    for (int id = 1; id < 1200; id++)
        session_puback(lamp.session, (uint16_t)id);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    client_free(&lamp);
}

static void test_oldest_is_dropped_for_a_slow_client(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    for (int clean = 0; clean <= 1; clean++) {
        drop_oldest(f, 50);
        f->opts.max_inflight = 5;
        hub_set_opts(f->hub, &f->opts);
        client_open(f, &lamp, "lamp", clean);
        client_subscribe(&lamp, "q", 1);
        fill(f, 0, 5);
        expect_run(&lamp, 0, 5); /* in flight: these are not dropped */
        fill(f, 5, 200);
        f->opts.max_inflight = 1000;
        hub_set_opts(f->hub, &f->opts);
        session_pump(lamp.session);
        settle(f);
        expect_run(&lamp, 155, 200);
        client_drop(&lamp, SESSION_END_CONNECTION_LOST);
        settle(f);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true);
        client_free(&lamp);
        settle(f);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    }
}

static void test_queue_of_one(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    drop_oldest(f, 1);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "q", 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    fill(f, 0, 30);
    client_open(f, &lamp, "lamp", false);
    expect_run(&lamp, 29, 30);
    client_free(&lamp);
}

/* [MQTT-4.8.2-3] */
static void test_granted_qos_of_each_member(void **state)
{
    struct fixture *f = *state;
    struct client members[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "m%d", i);
        client_open(f, &members[i], id, true);
        client_subscribe(&members[i], "$share/g/t", (uint8_t)i);
    }
    for (int i = 0; i < 3; i++)
        publish(f, "t", "x", 2);
    assert_log(&members[0], "t=x/0 ");
    assert_log(&members[1], "t=x/1#2 ");
    assert_log(&members[2], "t=x/2#2 ");
    free_members(members, 3);
}

/* [MQTT-4.8.2-6]: what a member refuses nobody else gets, nor it again. */
static void test_error_of_a_member_discards(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 1; qos <= 2; qos++) {
        struct client members[2] = { 0 };
        open_members(f, members, 1, false, qos);
        publish(f, "t/1", "x", qos);
        settle(f);
        assert_log(&members[0], qos == 1 ? "t/1=x/1#2 " : "t/1=x/2#2 ");
        client_open(f, &members[1], "m1", true);
        client_subscribe(&members[1], "$share/g/t/+", qos);
        if (qos == 1)
            session_puback(members[0].session, 2);
        else
            session_pubrec(members[0].session, 2, 0x97);
        client_drop(&members[0], SESSION_END_CONNECTION_LOST);
        settle(f);
        assert_log(&members[1], "");
        client_free(&members[0]);
        client_open(f, &members[0], "m0", false);
        settle(f);
        assert_log(&members[0], "");
        free_members(members, 2);
        client_open(f, &members[0], "m0", true);
        free_members(members, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_members_take_turns),
        TEST(test_each_group_gets_a_copy),
        TEST(test_refused_names),
        TEST(test_no_retained_messages),
        TEST(test_a_full_window_is_passed_over),
        TEST(test_in_flight_goes_to_another),
        TEST(test_nobody_is_online),
        TEST(test_who_is_full_gets_nothing),
        TEST(test_who_may_not_receive_is_passed_over),
        TEST(test_who_ends_takes_no_turn),
        TEST(test_oldest_is_dropped_for_an_absent_client),
        TEST(test_oldest_is_dropped_for_a_slow_client),
        TEST(test_queue_of_one),
        TEST(test_granted_qos_of_each_member),
        TEST(test_error_of_a_member_discards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
