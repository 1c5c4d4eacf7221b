/* test_mqtt_publish.c — MQTT 3.1.1, sections 2.3, 3.3 to 3.7 and 4.3 to 4.6, statement by statement: packet
 * identifiers, DUP and RETAIN, the flows of QoS 1 and 2 on both sides and over reconnects, order. */
#include "mqtt_peer.h"

#include "base/err.h"

/* A client that keeps its session and wants this filter. */
static void start_subscribed(struct fixture *f, struct peer *peer, const char *id,
                             const char *filter, uint8_t qos)
{
    peer_start(f, peer, id, false);
    peer_subscribe(peer, 1, filter, qos);
    peer_settle(peer);
    peer_log(peer);
}

static void publish_settled(struct fixture *f, const char *topic, const char *payload, uint8_t qos)
{
    publish(f, topic, payload, qos);
    settle(f);
    turns(f, 3);
}

/* ---- packet identifiers ---- */

/* [MQTT-2.3.1-1], [MQTT-2.3.1-4], [MQTT-4.3.2-1], [MQTT-4.3.3-1]: what is under way has identifiers that are not 0
 * and differ, and an identifier is free again when its message is through. */
static void outgoing_identifiers_are_unused(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    bool used[65536] = { false };
    struct mqtt_frame frame;
    struct mqtt_publish publish_packet;
    int count = 0;
    start_subscribed(f, &lamp, "lamp", "#", 2);
    for (int i = 0; i < 100; i++)
        publish(f, "t", "x", i % 2 ? 1 : 2);
    peer_settle(&lamp);
    while (mqtt_frame((const uint8_t *)lamp.in.data, lamp.in.len, 100, 4, &frame, NULL) == 1) {
        assert_int_equal(mqtt_decode_publish(&frame, 4, false, &publish_packet, NULL), 0);
        assert_int_not_equal(publish_packet.id, 0);
        assert_false(publish_packet.dup);
        assert_false(used[publish_packet.id]);
        used[publish_packet.id] = true;
        buf_consume(&lamp.in, frame.size);
        count++;
    }
    assert_int_equal(count, 100);
    peer_close(&lamp);
}

/* [MQTT-2.3.1-5], [MQTT-4.3.1-1]: QoS 0 has no identifier and no DUP. */
static void qos0_is_bare(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start_subscribed(f, &lamp, "lamp", "t", 2);
    publish_settled(f, "t", "x", 0);
    assert_int_equal(lamp.in.len, 6);
    assert_memory_equal(lamp.in.data, "\x30\x04\x00\x01tx", 6);
    peer_close(&lamp);
}

/* [MQTT-2.3.1-6], [MQTT-3.3.4-1], [MQTT-4.3.2-2], [MQTT-4.3.3-2]: an answer as the QoS wants it, with the identifier
 * of the question; both sides count for themselves. */
static void answers_carry_the_identifier(void **state)
{
    struct fixture *f = *state;
    static const uint16_t ids[] = { 1, 2, 255, 256, 32768, 65535 };
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        char expected[64];
        peer_publish(&lamp, "t", "x", 0, 0);
        assert_peer(&lamp, "");
        peer_publish(&lamp, "t", "x", 1, ids[i]);
        peer_publish(&lamp, "t", "x", 2, ids[i]);
        peer_ack(&lamp, MQTT_TYPE_pubrel, ids[i]);
        snprintf(expected, sizeof expected, "puback#%d pubrec#%d pubcomp#%d ", ids[i], ids[i],
                 ids[i]);
        assert_peer(&lamp, expected);
    }
    peer_subscribe(&lamp, 9, "t", 2);
    peer_publish(&lamp, "t", "mine", 2, 2);
    assert_peer(&lamp, "suback#9:2 t=mine/2#2 pubrec#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubrec, 2);
    assert_peer(&lamp, "pubrel#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubrel, 2);
    assert_peer(&lamp, "pubcomp#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 2);
    assert_peer(&lamp, "");
    peer_close(&lamp);
}

/* ---- DUP ---- */

/* [MQTT-3.3.1-1], [MQTT-3.3.1-2], [MQTT-3.3.1-3]: DUP says that we have sent it before, whatever the publisher said
 * of its own. */
static void dup_is_our_own(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    start_subscribed(f, &lamp, "lamp", "t", 2);
    peer_start(f, &pump, "pump", true);
    peer_send(&pump, BYTES("\x3a\x06\x00\x01t\x00\x05"
                           "1"));
    peer_send(&pump, BYTES("\x3c\x06\x00\x01t\x00\x06"
                           "2"));
    peer_settle(&lamp);
    assert_peer(&lamp, "t=1/1#2 t=2/2#3 ");
    peer_publish(&pump, "t", "0", 0, 0);
    assert_peer(&lamp, "t=0/0 ");
    peer_again(&lamp, "lamp");
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ t=1/1d#2 t=2/2d#3 ");
    peer_close(&lamp);
    peer_close(&pump);
}

/* ---- retained messages ---- */

/* [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-8], [MQTT-3.3.1-9]: the last one of each topic, with its QoS, comes to a
 * new subscription with RETAIN set; to those who were there before it comes without. */
static void retained_message_meets_new_subscriptions(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, watch = { 0 };
    peer_start(f, &watch, "watch", true);
    peer_subscribe(&watch, 1, "#", 2);
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "t/1", "old", 1, 1);
    peer_retain(&lamp, "t/1", "new", 1, 2);
    peer_retain(&lamp, "t/2", "two", 2, 3);
    peer_retain(&lamp, "z", "zero", 0, 0);
    peer_settle(&lamp);
    assert_peer(&watch, "suback#1:2 t/1=old/1#2 t/1=new/1#3 t/2=two/2#4 z=zero/0 ");
    assert_peer(&lamp, "puback#1 puback#2 pubrec#3 ");
    peer_subscribe(&lamp, 4, "t/+", 2);
    assert_peer(&lamp, "suback#4:2 t/1=new/1r#2 t/2=two/2r#3 ");
    peer_subscribe(&lamp, 5, "t/2", 1);
    assert_peer(&lamp, "suback#5:1 t/2=two/1r#4 ");
    peer_subscribe(&lamp, 6, "#", 0);
    assert_peer(&lamp, "suback#6:0 t/1=new/0r t/2=two/0r z=zero/0r ");
    peer_close(&lamp);
    peer_close(&watch);
}

/* [MQTT-3.3.1-7]: a retained message of QoS 0 takes the place of any other. */
static void retained_qos0_replaces(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "t", "two", 2, 1);
    peer_settle(&lamp);
    peer_retain(&lamp, "t", "zero", 0, 0);
    peer_log(&lamp);
    peer_subscribe(&lamp, 2, "t", 2);
    assert_peer(&lamp, "suback#2:2 t=zero/0r ");
    peer_close(&lamp);
}

/* What one message looks like to a receiver of each granted QoS, published before it came or after. */
static void check_forms(struct fixture *f, const char *payload, uint8_t qos)
{
    struct peer peers[3] = { 0 };
    struct buf expected = { 0 };
    char id[16];
    for (uint8_t granted = 0; granted < ARRAY_LEN(peers); granted++) {
        snprintf(id, sizeof id, "p%d", granted);
        peer_start(f, &peers[granted], id, true);
        peer_subscribe(&peers[granted], 1, "form", granted);
        peer_log(&peers[granted]);
    }
    struct msg *msg = message("form", payload, qos, true);
    hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    turns(f, 5);
    for (uint8_t granted = 0; granted < ARRAY_LEN(peers); granted++) {
        uint8_t got = granted < qos ? granted : qos;
        buf_clear(&expected);
        buf_printf(&expected, "form=%s/%d%s ", payload, got, got ? "#2" : "");
        assert_peer(&peers[granted], buf_str(&expected));
        peer_subscribe(&peers[granted], 9, "form", granted);
        turns(f, 5);
        buf_clear(&expected);
        buf_printf(&expected, "suback#9:%d form=%s/%dr%s ", granted, payload, got, got ? "#3" : "");
        assert_peer(&peers[granted], buf_str(&expected));
        peer_close(&peers[granted]);
    }
    hub_retained_remove(f->hub, SLICE_LIT("form"));
    buf_deinit(&expected);
}

static void each_form_of_a_message(void **state)
{
    static const size_t sizes[] = { 1,    115,  116,  117,  118,  119,  120,  121,  122,
                                    1000, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 3000 };
    char payload[3001];
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        memset(payload, 'a' + (int)i, sizes[i]);
        payload[sizes[i]] = '\0';
        for (uint8_t qos = 0; qos <= 2; qos++)
            check_forms(*state, payload, qos);
    }
}

/* [MQTT-3.3.1-10], [MQTT-3.3.1-11]: an empty one is passed on, takes the old one away and is not kept. */
static void empty_retained_message_removes(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct peer lamp = { 0 };
        char expected[64];
        peer_start(f, &lamp, "lamp", true);
        peer_retain(&lamp, "t", "kept", 1, 1);
        peer_settle(&lamp);
        peer_subscribe(&lamp, 2, "t", 2);
        peer_log(&lamp);
        peer_retain(&lamp, "t", "", qos, 3);
        peer_settle(&lamp);
        snprintf(expected, sizeof expected, "t=/%d%s %s", qos, qos ? "#3" : "",
                 qos == 0   ? ""
                 : qos == 1 ? "puback#3 "
                            : "pubrec#3 ");
        assert_peer(&lamp, expected);
        assert_int_equal(hub_retained_count(f->hub), 0);
        peer_subscribe(&lamp, 4, "t", 2);
        assert_peer(&lamp, "suback#4:2 ");
        peer_retain(&lamp, "never/kept", "", qos, 5); /* nothing to remove */
        peer_settle(&lamp);
        assert_int_equal(hub_retained_count(f->hub), 0);
        peer_close(&lamp);
    }
}

/* [MQTT-3.3.1-12]: without RETAIN nothing is stored, replaced or removed. */
static void retained_message_stays(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "t", "kept", 1, 1);
    peer_publish(&lamp, "t", "passes", 1, 2);
    peer_publish(&lamp, "t", "", 1, 3);
    peer_publish(&lamp, "u", "passes", 1, 4);
    peer_settle(&lamp);
    peer_log(&lamp);
    peer_subscribe(&lamp, 5, "#", 1);
    assert_peer(&lamp, "suback#5:1 t=kept/1r#2 ");
    peer_close(&lamp);
}

/* ---- who gets it ---- */

/* [MQTT-3.3.5-1], [MQTT-3.8.4-6]: one copy at the highest QoS of all subscriptions that match, and never more than
 * the publisher's. */
static void overlapping_subscriptions_deliver_once(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    static const char *const expected[] = { "a/b=x/0 ", "a/b=x/1#2 ", "a/b=x/2#3 " };
    peer_start(f, &lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "a/b", 1);
    peer_subscribe(&lamp, 2, "a/+", 0);
    peer_subscribe(&lamp, 3, "a/#", 2);
    peer_subscribe(&lamp, 4, "#", 0);
    peer_subscribe(&lamp, 5, "+/b", 1);
    peer_log(&lamp);
    for (uint8_t qos = 0; qos <= 2; qos++) {
        publish(f, "a/b", "x", qos);
        turns(f, 3);
        assert_peer(&lamp, expected[qos]);
    }
    peer_unsubscribe(&lamp, 6, "a/#");
    publish(f, "a/b", "y", 2);
    turns(f, 3);
    assert_peer(&lamp, "unsuback#6 a/b=y/1#4 ");
    peer_close(&lamp);
}

/* [MQTT-4.5.0-1], [MQTT-3.3.2-3], [MQTT-4.7.3-4]: every session whose filter matches gets it, there or away, under
 * the topic as it was written. */
static void every_matching_session_gets_it(void **state)
{
    struct fixture *f = *state;
    static const char topic[] = "Room/\xc3\xbc/\xef\xbb\xbf/ x";
    static const char *const filters[] = { topic,        "#",
                                           "Room/+/+/+", "+/\xc3\xbc/#",
                                           "Room/#",     "Room/\xc3\xbc/\xef\xbb\xbf/ x/#" };
    static const char *const others[] = {
        "room/#", "Room/u\xcc\x88/#", "Room/\xc3\xbc/ x", "Room/\xc3\xbc/+/x",
        "+",      "/Room/#",          "Room/+/+"
    };
    struct peer peers[ARRAY_LEN(filters)] = { 0 }, deaf[ARRAY_LEN(others)] = { 0 };
    char id[16], expected[64];
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        snprintf(id, sizeof id, "yes%zu", i);
        start_subscribed(f, &peers[i], id, filters[i], 1);
        if (i % 2) peer_close(&peers[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        snprintf(id, sizeof id, "no%zu", i);
        start_subscribed(f, &deaf[i], id, others[i], 1);
    }
    publish_settled(f, topic, "x", 1);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        snprintf(id, sizeof id, "yes%zu", i);
        if (i % 2) {
            peer_open(f, &peers[i]);
            peer_connect(&peers[i], id, false);
            peer_settle(&peers[i]); /* its queue comes from the store */
        }
        snprintf(expected, sizeof expected, "%s%s=x/1#2 ", i % 2 ? "connack:0+ " : "", topic);
        assert_peer(&peers[i], expected);
        peer_close(&peers[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_peer(&deaf[i], "");
        peer_close(&deaf[i]);
    }
}

/* [MQTT-3.3.5-2], [MQTT-4.8.0-1]: who publishes what it may not is closed; nothing is acknowledged or delivered. */
static void refused_publish_closes(void **state)
{
    struct fixture *f = *state;
    static const char *const topics[] = { "denied", "$SYS/broker/uptime", "$aws/events/x", "$x" };
    struct service all = { 0 };
    service_start(f, &all, "#");
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        for (uint8_t qos = 0; qos <= 2; qos++) {
            struct peer lamp = { 0 };
            peer_start(f, &lamp, "lamp", qos == 0);
            peer_publish(&lamp, topics[i], "x", qos, 1);
            peer_publish(&lamp, "t", "x", qos, 2);
            settle(f);
            turns(f, 3);
            assert_peer(&lamp, "end");
            peer_close(&lamp);
        }
    }
    assert_int_equal(all.count, 0);
    service_stop(&all);
}

/* [MQTT-4.8.0-2]: a publish that cannot be kept now is not acknowledged, and its connection is closed. */
static void transient_error_closes(void **state)
{
    struct fixture *f = *state;
    struct service all = { .does = SERVICE_COUNT, .commit = ERR_STORE };
    service_start(f, &all, "t");
    for (uint8_t qos = 1; qos <= 2; qos++) {
        struct peer lamp = { 0 };
        peer_start(f, &lamp, "lamp", true);
        peer_publish(&lamp, "t", "x", qos, 1);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
    }
    assert_int_equal(all.count, 2);
    service_stop(&all);
}

/* ---- QoS 1 and 2 from the client ---- */

/* [MQTT-4.3.2-2]: behind PUBACK the identifier means a new message, DUP or not. */
static void qos1_identifier_is_free_behind_puback(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "t");
    peer_start(f, &lamp, "lamp", false);
    peer_publish(&lamp, "t", "1", 1, 7);
    peer_send(&lamp, BYTES("\x3a\x06\x00\x01t\x00\x07"
                           "2"));
    peer_publish(&lamp, "t", "3", 1, 7);
    assert_peer(&lamp, "puback#7 puback#7 puback#7 ");
    assert_string_equal(buf_str(&all.log), "t=1 t=2 t=3 ");
    service_stop(&all);
    peer_close(&lamp);
}

/* [MQTT-4.3.3-2]: until PUBREL the identifier means the same message, behind it a new one; each PUBLISH has its
 * PUBREC, each PUBREL its PUBCOMP. */
static void qos2_in_is_delivered_once(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct service all = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &all, "t");
        peer_start(f, &lamp, clean ? "clean" : "kept", clean);
        for (int i = 0; i < 2; i++) {
            peer_publish(&lamp, "t", "x", 2, 7);
            peer_settle(&lamp);
            peer_send(&lamp, BYTES("\x3c\x06\x00\x01t\x00\x07x"));
            peer_publish(&lamp, "t", "x", 2, 7);
            peer_settle(&lamp);
            peer_ack(&lamp, MQTT_TYPE_pubrel, 7);
            peer_settle(&lamp);
            peer_ack(&lamp, MQTT_TYPE_pubrel, 7);
            peer_settle(&lamp);
            assert_peer(&lamp, "pubrec#7 pubrec#7 pubrec#7 pubcomp#7 pubcomp#7 ");
            assert_int_equal(all.count, i + 1);
        }
        service_stop(&all);
        peer_close(&lamp);
    }
}

/* [MQTT-4.3.3-2], [MQTT-4.4.0-1]: the same, when the line breaks behind each step. */
static void qos2_in_over_reconnects(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "t");
    peer_start(f, &lamp, "lamp", false);
    peer_publish(&lamp, "t", "x", 2, 7);
    peer_publish(&lamp, "t", "y", 2, 8);
    peer_again(&lamp, "lamp");
    for (int i = 0; i < 2; i++) {
        peer_send(&lamp, BYTES("\x3c\x06\x00\x01t\x00\x07x\x3c\x06\x00\x01t\x00\x08y"));
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrec#7 pubrec#8 ");
        peer_again(&lamp, "lamp");
    }
    for (int i = 0; i < 2; i++) {
        peer_ack(&lamp, MQTT_TYPE_pubrel, 7);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubcomp#7 ");
        peer_again(&lamp, "lamp");
    }
    peer_publish(&lamp, "t", "new", 2, 7);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrec#7 ");
    peer_send(&lamp, BYTES("\x3c\x06\x00\x01t\x00\x08y"));
    peer_ack(&lamp, MQTT_TYPE_pubrel, 8);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrec#8 pubcomp#8 ");
    assert_string_equal(buf_str(&all.log), "t=x t=y t=new ");
    service_stop(&all);
    peer_close(&lamp);
}

/* The identifiers of a clean session are forgotten with it. */
static void qos2_in_of_a_clean_session_ends_with_it(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "t");
    for (int i = 0; i < 2; i++) {
        peer_start(f, &lamp, "lamp", true);
        peer_publish(&lamp, "t", "x", 2, 7);
        assert_peer(&lamp, "pubrec#7 ");
        peer_close(&lamp);
    }
    assert_int_equal(all.count, 2);
    service_stop(&all);
}

/* ---- QoS 1 and 2 to the client ---- */

/* [MQTT-4.3.2-1], [MQTT-4.4.0-1]: QoS 1 is under way until PUBACK; it is sent again when the client has come back,
 * with its identifier, and at no other time. */
static void qos1_out_until_puback(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start_subscribed(f, &lamp, "lamp", "t", 1);
    publish_settled(f, "t", "x", 1);
    assert_peer(&lamp, "t=x/1#2 ");
    for (int i = 0; i < 5; i++) {
        clock_fake_advance(HOURS(5));
        turns(f, 3);
    }
    peer_ack(&lamp, MQTT_TYPE_puback, 3); /* of nothing */
    peer_ack(&lamp, MQTT_TYPE_pubrec,
             2); /* of another QoS: let it finish, it acknowledges nothing */
    assert_peer(&lamp, "pubrel#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 2);
    for (int i = 0; i < 3; i++) {
        peer_close(&lamp);
        settle(f);
        peer_open(f, &lamp);
        peer_connect(&lamp, "lamp", false);
        peer_settle(&lamp);
        assert_peer(&lamp, "connack:0+ t=x/1d#2 ");
    }
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ ");
    peer_close(&lamp);
}

static void come_back(struct fixture *f, struct peer *lamp, const char *expected)
{
    peer_close(lamp);
    settle(f);
    peer_open(f, lamp);
    peer_connect(lamp, "lamp", false);
    peer_settle(lamp);
    assert_peer(lamp, expected);
}

/* [MQTT-4.3.3-1], [MQTT-4.4.0-1]: QoS 2 is under way until PUBREC, its PUBREL until PUBCOMP; behind PUBREL the message
 * is never sent again. */
static void qos2_out_step_by_step(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start_subscribed(f, &lamp, "lamp", "t", 2);
    publish_settled(f, "t", "x", 2);
    assert_peer(&lamp, "t=x/2#2 ");
    clock_fake_advance(DAYS(1));
    turns(f, 3);
    peer_ack(&lamp, MQTT_TYPE_puback, 2);  /* of another QoS */
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 2); /* too early */
    assert_peer(&lamp, "");
    come_back(f, &lamp, "connack:0+ t=x/2d#2 ");
    come_back(f, &lamp, "connack:0+ t=x/2d#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubrec, 2);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubrec, 2);
    assert_peer(&lamp, "pubrel#2 ");
    come_back(f, &lamp, "connack:0+ pubrel#2 ");
    come_back(f, &lamp, "connack:0+ pubrel#2 ");
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 2);
    come_back(f, &lamp, "connack:0+ ");
    peer_close(&lamp);
}

/* Not more is under way than mqtt.max_inflight; what is acknowledged makes room for the next, in order. */
static void window_is_kept(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    f->opts.max_inflight = 3;
    hub_set_opts(f->hub, &f->opts);
    start_subscribed(f, &lamp, "lamp", "t", 2);
    for (int i = 1; i <= 6; i++) {
        char payload[8];
        snprintf(payload, sizeof payload, "%d", i);
        publish(f, "t", payload, i == 2 ? 2 : 1);
    }
    peer_settle(&lamp);
    assert_peer(&lamp, "t=1/1#2 t=2/2#3 t=3/1#4 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 4);
    assert_peer(&lamp, "t=4/1#5 ");
    peer_ack(&lamp, MQTT_TYPE_pubrec, 3);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#3 "); /* it is still under way */
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 3);
    assert_peer(&lamp, "t=5/1#6 ");
    come_back(f, &lamp, "connack:0+ t=1/1d#2 t=4/1d#5 t=5/1d#6 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    assert_peer(&lamp, "t=6/1#7 ");
    peer_close(&lamp);
}

/* ---- order ---- */

/* [MQTT-4.6.0-1]: what is sent again goes in the order in which it was sent first. */
static void resent_in_the_original_order(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start_subscribed(f, &lamp, "lamp", "#", 2);
    publish(f, "a", "1", 1);
    publish(f, "b", "2", 2);
    publish(f, "a", "3", 1);
    publish(f, "b", "4", 2);
    publish(f, "c", "5", 1);
    peer_settle(&lamp);
    assert_peer(&lamp, "a=1/1#2 b=2/2#3 a=3/1#4 b=4/2#5 c=5/1#6 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 4);
    peer_ack(&lamp, MQTT_TYPE_pubrec, 5);
    peer_settle(&lamp);
    peer_log(&lamp);
    publish(f, "a", "6", 1);
    peer_settle(&lamp);
    assert_peer(&lamp, "a=6/1#7 ");
    come_back(f, &lamp, "connack:0+ a=1/1d#2 b=2/2d#3 pubrel#5 c=5/1d#6 a=6/1d#7 ");
    peer_close(&lamp);
}

/* [MQTT-4.6.0-2], [MQTT-4.6.0-3]: PUBACK and PUBREC go in the order of the PUBLISHes, also when only some wait. */
static void acknowledged_in_the_order_of_arrival(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, absent = { 0 };
    struct buf packets = { 0 };
    start_subscribed(f, &absent, "absent", "kept", 2);
    peer_close(&absent);
    peer_start(f, &lamp, "lamp", true);
    for (uint16_t i = 1; i <= 8; i++)
        put_publish(&packets, i % 3 == 1 ? "kept" : "free", "x", i > 4 ? 2 : 1, i, false);
    peer_send_buf(&lamp, &packets);
    peer_settle(&lamp);
    assert_peer(&lamp, "puback#1 puback#2 puback#3 puback#4 pubrec#5 pubrec#6 pubrec#7 pubrec#8 ");
    peer_close(&lamp);
}

/* [MQTT-4.6.0-4]: PUBREL goes in the order of the PUBRECs. */
static void released_in_the_order_of_pubrec(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct peer lamp = { 0 };
        peer_start(f, &lamp, clean ? "clean" : "kept", clean);
        peer_subscribe(&lamp, 1, "t", 2);
        for (int i = 0; i < 4; i++)
            publish(f, "t", "x", 2);
        peer_settle(&lamp);
        peer_log(&lamp);
        static const uint16_t order[] = { 4, 2, 5, 3 };
        struct buf packets = { 0 }; /* all in one commit */
        for (size_t i = 0; i < ARRAY_LEN(order); i++)
            put_ack(&packets, MQTT_TYPE_pubrec, order[i]);
        peer_send_buf(&lamp, &packets);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrel#4 pubrel#2 pubrel#5 pubrel#3 ");
        peer_close(&lamp);
    }
}

/* What a subscriber has got of one publisher: the numbers must rise by one. */
static void check_order(const char *log, const char *publisher, int count)
{
    char word[32];
    const char *at = log;
    for (int i = 0; i < count; i++) {
        snprintf(word, sizeof word, "t=%s%d/", publisher, i);
        const char *found = strstr(log, word);
        if (!found || found < at) fail_msg("%s is missing or out of order in %s", word, log);
        at = found;
    }
}

/* [MQTT-4.6.0-5], [MQTT-4.6.0-6]: a topic and QoS keep each publisher's order, to subscribers who are there, who come
 * back, and whose window is small. */
static void each_publisher_keeps_its_order(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 60 };
    f->opts.max_inflight = 5;
    hub_set_opts(f->hub, &f->opts);
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct peer one = { 0 }, two = { 0 }, there = { 0 }, away = { 0 };
        peer_start(f, &one, "one", false);
        peer_start(f, &two, "two", true);
        peer_start(f, &there, "there", true);
        peer_subscribe(&there, 1, "t", qos);
        start_subscribed(f, &away, "away", "#", qos);
        if (qos) peer_close(&away);
        for (int i = 0; i < COUNT; i++) {
            char payload[16];
            snprintf(payload, sizeof payload, "a%d", i);
            peer_publish(&one, "t", payload, qos, (uint16_t)(i + 1));
            payload[0] = 'b';
            peer_publish(&two, "t", payload, qos, (uint16_t)(i + 1));
        }
        peer_settle(&one);
        if (qos) {
            peer_open(f, &away);
            peer_connect(&away, "away", false);
        }
        struct peer *const readers[] = { &there, &away };
        for (size_t r = 0; r < ARRAY_LEN(readers); r++) {
            struct buf all = { 0 };
            for (uint16_t id = 2; id < 2 * COUNT + 2; id++) {
                peer_settle(readers[r]);
                buf_puts(&all, peer_log(readers[r]));
                if (qos == 1) peer_ack(readers[r], MQTT_TYPE_puback, id);
                if (qos < 2) continue;
                peer_ack(readers[r], MQTT_TYPE_pubrec, id);
                peer_settle(readers[r]);
                peer_ack(readers[r], MQTT_TYPE_pubcomp, id);
            }
            buf_puts(&all, peer_log(readers[r]));
            check_order(buf_str(&all), "a", COUNT);
            check_order(buf_str(&all), "b", COUNT);
            buf_deinit(&all);
        }
        peer_close(&one);
        peer_close(&two);
        peer_close(&there);
        peer_close(&away);
        peer_start(f, &away, "away", true);
        peer_close(&away);
        settle(f);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(outgoing_identifiers_are_unused),
        TEST(qos0_is_bare),
        TEST(answers_carry_the_identifier),
        TEST(dup_is_our_own),
        TEST(retained_message_meets_new_subscriptions),
        TEST(retained_qos0_replaces),
        TEST(each_form_of_a_message),
        TEST(empty_retained_message_removes),
        TEST(retained_message_stays),
        TEST(overlapping_subscriptions_deliver_once),
        TEST(every_matching_session_gets_it),
        TEST(refused_publish_closes),
        TEST(transient_error_closes),
        TEST(qos1_identifier_is_free_behind_puback),
        TEST(qos2_in_is_delivered_once),
        TEST(qos2_in_over_reconnects),
        TEST(qos2_in_of_a_clean_session_ends_with_it),
        TEST(qos1_out_until_puback),
        TEST(qos2_out_step_by_step),
        TEST(window_is_kept),
        TEST(resent_in_the_original_order),
        TEST(acknowledged_in_the_order_of_arrival),
        TEST(released_in_the_order_of_pubrec),
        TEST(each_publisher_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
