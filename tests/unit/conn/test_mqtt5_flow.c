/* test_mqtt5_flow.c — MQTT 5.0, sections 3.3.4 and 4.9, statement by statement: how many messages of QoS 1 and 2 may
 * be under way, in both directions. */
#include "mqtt_steps5.h"

#include "base/err.h"

/* Messages "1" and on, of QoS 1 and 2 by turns. */
static void publish_five(struct fixture *f)
{
    for (int i = 0; i < 5; i++) {
        char payload[2] = { (char)('1' + i), '\0' };
        publish(f, "t", payload, i % 2 ? 2 : 1);
    }
    settle(f);
    turns(f, 3);
}

/* [MQTT-3.3.4-9], [MQTT-4.9.0-1], [MQTT-4.9.0-2]: not more than the client's receive maximum is under way; PUBACK, PUBCOMP
 * and a PUBREC that refuses let the next one go, a PUBREC does not. */
static void receive_maximum_is_kept(void **state)
{
    struct fixture *f = *state;
    for (int kept = 0; kept <= 1; kept++) {
        struct peer lamp = { 0 };
        kept5_with(f, &lamp, kept ? "kept" : "clean", "t", "2",
                   kept ? KEPT " receive_maximum=2" : "receive_maximum=2");
        publish_five(f);
        assert_peer(&lamp, "t=1/1#2 t=2/2#3 ");
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 3, 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrel#3 ");
        peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "t=3/1#4 ");
        peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0); /* it was acknowledged already */
        peer5_ack(&lamp, MQTT_TYPE_pubcomp, 2, 0);
        assert_peer(&lamp, "");
        peer5_ack(&lamp, MQTT_TYPE_pubcomp, 3, 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "t=4/2#5 ");
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 5, 0x83);
        peer_settle(&lamp);
        assert_peer(&lamp, "t=5/1#6 ");
        peer_close(&lamp);
    }
}

/* [MQTT-3.3.4-9]: without a receive maximum, or with a greater one, mqtt.max_inflight holds. */
static void the_smaller_one_holds(void **state)
{
    static const struct {
        const char *properties;
        size_t max_inflight;
        const char *expected;
    } cases[] = {
        { NULL, 3, "t=1/1#2 t=2/2#3 t=3/1#4 " },
        { "receive_maximum=65535", 3, "t=1/1#2 t=2/2#3 t=3/1#4 " },
        { "receive_maximum=4", 3, "t=1/1#2 t=2/2#3 t=3/1#4 " },
        { "receive_maximum=1", 3, "t=1/1#2 " },
        { NULL, 100, "t=1/1#2 t=2/2#3 t=3/1#4 t=4/2#5 t=5/1#6 " },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        f->opts.max_inflight = cases[i].max_inflight;
        hub_set_opts(f->hub, &f->opts);
        kept5_with(f, &lamp, "lamp", "t", "2", cases[i].properties);
        publish_five(f);
        assert_peer(&lamp, cases[i].expected);
        peer_close(&lamp);
    }
}

/* [MQTT-3.3.4-9]: it is that of the connection: a greater one lets more go. */
static void a_greater_one_behind_a_reconnect(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5_with(f, &lamp, "lamp", "t", "2", KEPT " receive_maximum=1");
    publish_five(f);
    assert_peer(&lamp, "t=1/1#2 ");
    drop5(&lamp);
    back5(f, &lamp, "lamp", KEPT " receive_maximum=3");
    assert_peer(&lamp, "t=1/1d#2 t=2/2#3 t=3/1#4 ");
    peer_close(&lamp);
}

/* [MQTT-3.3.4-9]: a smaller one holds for what is sent again, too. */
static void a_smaller_one_behind_a_reconnect(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5_with(f, &lamp, "lamp", "t", "2", KEPT " receive_maximum=4");
    publish_five(f);
    assert_peer(&lamp, "t=1/1#2 t=2/2#3 t=3/1#4 t=4/2#5 ");
    drop5(&lamp);
    back5(f, &lamp, "lamp", KEPT " receive_maximum=2");
    assert_peer(&lamp, "t=1/1d#2 t=2/2d#3 ");
    take5(&lamp, 2, 1);
    assert_peer(&lamp, "t=3/1d#4 ");
    take5(&lamp, 3, 2);
    assert_peer(&lamp, "pubrel#3 t=4/2d#5 ");
    take5(&lamp, 4, 1);
    take5(&lamp, 5, 2);
    assert_peer(&lamp, "t=5/1#6 pubrel#5 ");
    peer_close(&lamp);
}

/* [MQTT-3.3.4-10], [MQTT-4.9.0-3]: whatever is no PUBLISH of QoS 1 or 2 leaves, and is read and answered, while the
 * quota is spent. */
static void the_quota_stops_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct service rule = { 0 };
    service_start(f, &rule, "in");
    kept5_with(f, &lamp, "lamp", "t", "2", "receive_maximum=1");
    publish_five(f);
    assert_peer(&lamp, "t=1/1#2 ");
    publish_settled(f, "t", "0", 0);
    assert_peer(&lamp, "t=0/0 ");
    peer_send(&lamp, BYTES("\xc0\x00"));
    peer5_subscribe(&lamp, 2, "u", "1", NULL);
    peer5_publish(&lamp, "in", "x", 1, 1, NULL);
    peer5_publish(&lamp, "in", "x", 2, 2, NULL);
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 2, 0);
    peer5_unsubscribe(&lamp, 3, "u");
    assert_peer(&lamp, "pingresp suback#2:1 puback#1 pubrec#2 pubcomp#2 unsuback#3:0 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
    assert_peer(&lamp, "t=2/2#3 ");
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 3, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 3, 0);
    assert_peer(&lamp, "pubrel#3 pubrel#3 ");
    service_stop(&rule);
    peer_close(&lamp);
}

/* What is retained waits for the quota as well [MQTT-3.3.4-9]. */
static void retained_messages_keep_it(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    for (int i = 0; i < 3; i++) {
        char topic[] = { 'r', '/', (char)('1' + i), '\0' };
        struct msg *msg = message(topic, "x", 1, true);
        hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
        msg_unref(msg);
    }
    settle(f);
    peer5_start(f, &lamp, "lamp", true, "receive_maximum=1");
    peer5_subscribe(&lamp, 1, "r/#", "1", NULL);
    turns(f, 5);
    assert_peer(&lamp, "suback#1:1 r/1=x/1r#2 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
    turns(f, 5);
    assert_peer(&lamp, "r/2=x/1r#3 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 3, 0x80);
    turns(f, 5);
    assert_peer(&lamp, "r/3=x/1r#4 ");
    peer_close(&lamp);
}

/* ---- ours ---- */

static void start_limited(struct fixture *f, struct peer *peer, const char *properties)
{
    front_opts.receive_maximum = 3;
    front_again();
    peer_open(f, peer);
    peer5_connect(peer, "lamp", false, properties);
    peer_settle(peer);
    assert_non_null(strstr(peer_log(peer), "receive_maximum=3"));
}

/* [MQTT-3.3.4-7], [MQTT-3.3.4-8]: as many as CONNACK has said may be under way to us, and while they are everything
 * else is answered; one more is the end. */
static void receive_maximum_of_the_server(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 1; qos <= 2; qos++) {
        struct peer lamp = { 0 };
        struct service rule = { .does = SERVICE_HOLD };
        service_start(f, &rule, "held");
        start_limited(f, &lamp, NULL);
        for (uint16_t id = 1; id <= 3; id++)
            peer5_publish(&lamp, "t", "x", 2, id, NULL);
        peer5_publish(&lamp, "t", "x", 0, 0, NULL);
        peer_send(&lamp, BYTES("\xc0\x00"));
        peer5_subscribe(&lamp, 9, "u", "1", NULL);
        peer5_ack(&lamp, MQTT_TYPE_pubrel, 2, 0);
        assert_peer(&lamp, "pubrec#1:10 pubrec#2:10 pubrec#3:10 pingresp suback#9:1 pubcomp#2 ");
        peer5_publish(&lamp, "t", "x", qos, 2, NULL); /* in its place */
        if (qos == 1) {                               /* is answered for good at once */
            assert_peer(&lamp, "puback#2:10 ");
            peer5_publish(&lamp, "held", "x", 1, 2, NULL);
        } else {
            assert_peer(&lamp, "pubrec#2:10 ");
        }
        peer5_publish(&lamp, "t", "x", 0, 0, NULL);
        peer5_publish(&lamp, "t", "x", qos, 4, NULL);
        assert_peer(&lamp, "disconnect:93{why} end");
        if (rule.hold) hub_release(rule.hold, 0);
        service_stop(&rule);
        peer_close(&lamp);
    }
}

/* [MQTT-3.3.4-7]: what is under way in the store counts until its answer has left. */
static void what_is_not_committed_is_under_way(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, away = { 0 };
    kept5(f, &away, "away", "t", "1");
    drop5(&away);
    start_limited(f, &lamp, NULL);
    store_hold();
    for (uint16_t id = 1; id <= 3; id++)
        peer5_publish(&lamp, "t", "x", 1, id, NULL);
    assert_peer(&lamp, "");
    store_go(f);
    assert_peer(&lamp, "puback#1 puback#2 puback#3 ");
    store_hold();
    for (uint16_t id = 1; id <= 4; id++)
        peer5_publish(&lamp, "t", "x", 1, id, NULL);
    assert_peer(&lamp, "disconnect:93{why} end");
    store_go(f);
    peer_close(&lamp);
}

/* Section 4.9: each connection begins with the whole of it; what was under way counts when it is sent again. */
static void the_quota_begins_anew(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start_limited(f, &lamp, KEPT);
    for (uint16_t id = 1; id <= 3; id++)
        peer5_publish(&lamp, "t", "x", 2, id, NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrec#1:10 pubrec#2:10 pubrec#3:10 ");
    drop5(&lamp);
    back5(f, &lamp, "lamp", KEPT);
    for (uint16_t id = 1; id <= 3; id++)
        peer5_send_publish(&lamp, &(struct mqtt_publish){ .dup = true,
                                                          .qos = 2,
                                                          .id = id,
                                                          .topic = SLICE_LIT("t"),
                                                          .payload = SLICE_LIT("x") });
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrec#1 pubrec#2 pubrec#3 "); /* whether somebody got it is not known */
    for (uint16_t id = 1; id <= 3; id++)
        peer5_ack(&lamp, MQTT_TYPE_pubrel, id, 0);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubcomp#1 pubcomp#2 pubcomp#3 ");
    for (uint16_t id = 1; id <= 3; id++)
        peer5_publish(&lamp, "t", "x", 2, id, NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrec#1:10 pubrec#2:10 pubrec#3:10 ");
    peer_close(&lamp);
}

/* Below level 5 nobody has been told of a maximum. */
static void no_maximum_below_level_5(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    front_opts.receive_maximum = 3;
    front_again();
    peer_start(f, &lamp, "lamp", true);
    for (uint16_t id = 1; id <= 5; id++)
        peer_publish(&lamp, "t", "x", 2, id);
    assert_peer(&lamp, "pubrec#1 pubrec#2 pubrec#3 pubrec#4 pubrec#5 ");
    peer_close(&lamp);
}

/* What is refused does not end the connection, so it is slowed instead: each refusal is a line of the log. The
 * first two hundred are free. Nothing is lost, and silence is not held against the client meanwhile. */
static void who_is_refused_again_and_again_is_slowed(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    peer5_start(f, &lamp, "lamp", true, NULL);
    for (int i = 0; i < 300; i++)
        peer5_publish(&lamp, "denied", "x", 1, (uint16_t)(i + 1), NULL);
    peer5_publish(&lamp, "t", "x", 1, 301, NULL);
    turns(f, 3);
    const char *log = peer_log(&lamp);
    assert_non_null(strstr(log, "puback#200:87 "));
    assert_null(strstr(log, "puback#210:87 "));
    for (int second = 0; second < 3; second++) {
        clock_fake_advance(1000);
        turns(f, 3);
    }
    assert_null(strstr(peer_log(&lamp), "puback#301"));
    for (int i = 0; i < 100; i++) {
        clock_fake_advance(100);
        turns(f, 3);
    }
    log = peer_log(&lamp);
    assert_non_null(strstr(log, "puback#300:87 puback#301:10 "));
    assert_null(strstr(log, "end"));
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(receive_maximum_is_kept),
        TEST(the_smaller_one_holds),
        TEST(a_greater_one_behind_a_reconnect),
        TEST(a_smaller_one_behind_a_reconnect),
        TEST(the_quota_stops_nothing_else),
        TEST(retained_messages_keep_it),
        TEST(receive_maximum_of_the_server),
        TEST(what_is_not_committed_is_under_way),
        TEST(the_quota_begins_anew),
        TEST(no_maximum_below_level_5),
        TEST(who_is_refused_again_and_again_is_slowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
