/* test_mqtt5_publish.c — MQTT 5.0, sections 2.2.1, 3.3 to 3.7 and 4.3 to 4.6, statement by statement: packet
 * identifiers, the flows of QoS 1 and 2 on both sides and over reconnects, order, retained messages, what is
 * passed on of a message and what is not, and what a publisher is told that is refused. */
#include "mqtt_steps5.h"

#include "base/err.h"
#include "base/log.h"

/* ---- packet identifiers ---- */

/* [MQTT-2.2.1-2], [MQTT-4.3.1-1], [MQTT-3.3.1-2]: QoS 0 has no identifier, no DUP and no answer; with DUP it is
 * malformed. */
static void qos0_is_bare(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    kept5(f, &lamp, "lamp", "t", "2");
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_publish(&pump, "t", "x", 0, 0, NULL);
    peer_settle(&lamp);
    assert_int_equal(lamp.in.len, 7);
    assert_memory_equal(lamp.in.data, "\x30\x05\x00\x01t\x00x", 7);
    assert_peer(&lamp, "t=x/0 ");
    assert_peer(&pump, "");
    peer_send(&pump, BYTES("\x38\x05\x00\x01t\x00x"));
    assert_peer(&pump, "disconnect:81{why} end");
    assert_peer(&lamp, "");
    peer_close(&lamp);
    peer_close(&pump);
}

/* The identifiers that are under way, each with its QoS; 0: none. */
struct under_way {
    struct peer *peer;
    uint8_t qos[65536];
    uint16_t order[8];
    size_t count;
    int seen;
};

static void note_publishes(struct under_way *way)
{
    struct mqtt_frame frame;
    struct mqtt_publish got;
    struct buf *in = &way->peer->in;
    while (mqtt_frame((const uint8_t *)in->data, in->len, 100, MQTT_LEVEL_5, &frame, NULL) == 1) {
        if (frame.type == MQTT_TYPE_publish) {
            assert_int_equal(mqtt_decode_publish(&frame, MQTT_LEVEL_5, false, &got, NULL), 0);
            assert_int_not_equal(got.id, 0);
            assert_false(got.dup);
            assert_int_equal(way->qos[got.id], 0);
            assert_true(way->count < 3);
            way->qos[got.id] = got.qos;
            way->order[way->count++] = got.id;
            way->seen++;
        }
        buf_consume(in, frame.size);
    }
}

/* Lets go of the one at this place. */
static void acknowledge(struct under_way *way, size_t at)
{
    uint16_t id = way->order[at];
    uint8_t qos = way->qos[id];
    if (qos == 2) {
        peer5_ack(way->peer, MQTT_TYPE_pubrec, id, 0);
        note_publishes(way); /* nothing but PUBREL: there are three under way */
    }
    way->qos[id] = 0;
    way->order[at] = way->order[--way->count];
    peer5_ack(way->peer, qos == 2 ? MQTT_TYPE_pubcomp : MQTT_TYPE_puback, id, 0);
    note_publishes(way);
}

/* [MQTT-2.2.1-4], [MQTT-4.3.2-1], [MQTT-4.3.3-1]: no identifier is 0, and none is one under way, in whatever order
 * messages are acknowledged. */
static void outgoing_identifiers_are_unused(void **state)
{
    enum { COUNT = 60 };
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct under_way *way = xnew(struct under_way);
    way->peer = &lamp;
    peer5_start(f, &lamp, "lamp", true, "receive_maximum=3");
    peer5_subscribe(&lamp, 1, "#", "2", NULL);
    assert_peer(&lamp, "suback#1:2 ");
    for (int i = 0; i < COUNT; i++)
        publish(f, "t", "x", i % 2 ? 1 : 2);
    turns(f, 3);
    note_publishes(way);
    assert_int_equal(way->count, 3);
    for (int i = 0; way->count; i++)
        acknowledge(way, (size_t)(i * 7 + 2) % way->count);
    assert_int_equal(way->seen, COUNT);
    peer_close(&lamp);
    free(way);
}

/* [MQTT-2.2.1-5], [MQTT-3.3.4-1], [MQTT-4.3.3-11]: nothing, PUBACK, or PUBREC and PUBCOMP, with the identifier of the
 * question; PUBCOMP also where there was none. */
static void answers_carry_the_identifier(void **state)
{
    struct fixture *f = *state;
    static const uint16_t ids[] = { 1, 255, 65535 };
    struct peer lamp = { 0 };
    struct service all = { 0 };
    service_start(f, &all, "t");
    peer5_start(f, &lamp, "lamp", true, NULL);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        char expected[80];
        peer5_publish(&lamp, "t", "x", 0, 0, NULL);
        assert_peer(&lamp, "");
        peer5_publish(&lamp, "t", "x", 1, ids[i], NULL);
        peer5_publish(&lamp, "t", "x", 2, ids[i], NULL);
        peer5_ack(&lamp, MQTT_TYPE_pubrel, ids[i], 0);
        peer5_ack(&lamp, MQTT_TYPE_pubrel, ids[i], 0);
        snprintf(expected, sizeof expected, "puback#%d pubrec#%d pubcomp#%d pubcomp#%d:92 ", ids[i],
                 ids[i], ids[i], ids[i]);
        assert_peer(&lamp, expected);
    }
    service_stop(&all);
    peer_close(&lamp);
}

/* [MQTT-4.3.2-4], [MQTT-4.3.3-8], [MQTT-4.3.3-11]: PUBACK, PUBREC and PUBCOMP promise what is committed. */
static void answers_wait_for_the_commit(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    kept5(f, &lamp, "lamp", "t", "2");
    kept5(f, &pump, "pump", NULL, NULL);
    store_hold();
    peer5_publish(&pump, "t", "1", 1, 1, NULL);
    peer5_publish(&pump, "t", "2", 2, 2, NULL);
    assert_peer(&pump, "");
    store_go(f);
    assert_peer(&pump, "puback#1 pubrec#2 ");
    assert_peer(&lamp, "t=1/1#2 t=2/2#3 ");
    store_hold();
    peer5_ack(&pump, MQTT_TYPE_pubrel, 2, 0);
    assert_peer(&pump, "");
    store_go(f);
    assert_peer(&pump, "pubcomp#2 ");
    peer_close(&lamp);
    peer_close(&pump);
}

static void publish_dup(struct peer *peer, const char *payload, uint8_t qos, uint16_t id)
{
    peer5_send_publish(peer, &(struct mqtt_publish){ .dup = true,
                                                     .qos = qos,
                                                     .id = id,
                                                     .topic = SLICE_LIT("t"),
                                                     .payload = slice_str(payload) });
}

/* [MQTT-4.3.2-5]: behind PUBACK the identifier means a new message, DUP or not. */
static void qos1_identifier_is_free_behind_puback(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "t");
    kept5(f, &lamp, "lamp", NULL, NULL);
    peer5_publish(&lamp, "t", "1", 1, 7, NULL);
    publish_dup(&lamp, "2", 1, 7);
    peer5_publish(&lamp, "t", "3", 1, 7, NULL);
    assert_peer(&lamp, "puback#7 puback#7 puback#7 ");
    assert_string_equal(buf_str(&all.log), "t=1 t=2 t=3 ");
    service_stop(&all);
    peer_close(&lamp);
}

/* [MQTT-3.3.1-1], [MQTT-3.3.1-3]: DUP says that we have sent it before, whatever the publisher said of its own. */
static void dup_is_our_own(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    kept5(f, &lamp, "lamp", "t", "2");
    peer5_start(f, &pump, "pump", true, NULL);
    publish_dup(&pump, "1", 1, 5);
    publish_dup(&pump, "2", 2, 6);
    peer_settle(&pump);
    assert_peer(&lamp, "t=1/1#2 t=2/2#3 ");
    peer5_publish(&pump, "t", "0", 0, 0, NULL);
    assert_peer(&lamp, "t=0/0 ");
    again5(&lamp, "lamp", "t=1/1d#2 t=2/2d#3 ");
    again5(&lamp, "lamp", "t=1/1d#2 t=2/2d#3 ");
    peer_close(&lamp);
    peer_close(&pump);
}

/* ---- QoS 1 and 2 to the client ---- */

/* [MQTT-4.3.2-2], [MQTT-4.3.2-3]: QoS 1 is under way until PUBACK, without DUP at first; it is not repeated while the
 * connection lasts, however long. */
static void qos1_out_until_puback(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "t", "1");
    publish_settled(f, "t", "x", 1);
    assert_peer(&lamp, "t=x/1#2 ");
    for (int i = 0; i < 5; i++) {
        clock_fake_advance(HOURS(5));
        turns(f, 3);
    }
    peer5_ack(&lamp, MQTT_TYPE_puback, 3, 0);  /* of nothing */
    peer5_ack(&lamp, MQTT_TYPE_pubcomp, 2, 0); /* of another QoS */
    assert_peer(&lamp, "");
    for (int i = 0; i < 3; i++)
        again5(&lamp, "lamp", "t=x/1d#2 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0x10);
    again5(&lamp, "lamp", "");
    peer_close(&lamp);
}

/* [MQTT-4.4.0-1]: what is under way comes again with its identifier, in its order, when the session goes on, and at no
 * other time; a clean start forgets it. */
static void resent_when_the_session_goes_on(void **state)
{
    struct fixture *f = *state;
    for (int clean_start = 0; clean_start <= 1; clean_start++) {
        struct peer lamp = { 0 };
        kept5(f, &lamp, "lamp", "#", "2");
        publish(f, "a", "1", 2);
        publish(f, "b", "2", 1);
        publish(f, "c", "3", 2);
        peer_settle(&lamp);
        peer_log(&lamp);
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrel#2 ");
        clock_fake_advance(DAYS(1));
        turns(f, 3);
        assert_peer(&lamp, "");
        if (!clean_start) {
            again5(&lamp, "lamp", "pubrel#2 b=2/1d#3 c=3/2d#4 ");
        } else {
            drop5(&lamp);
            peer5_start(f, &lamp, "lamp", true, KEPT);
            assert_peer(&lamp, "");
        }
        peer_close(&lamp);
    }
}

/* [MQTT-4.4.0-2], [MQTT-4.3.3-4]: a refusal ends a message as an acknowledgement does: no PUBREL, nothing again, and
 * room for the next. */
static void error_acknowledges(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5_with(f, &lamp, "lamp", "t", "2", KEPT " receive_maximum=2");
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 2);
    publish(f, "t", "3", 1);
    publish(f, "t", "4", 2);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=1/1#2 t=2/2#3 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0x80);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=3/1#4 ");
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 3, 0x97);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=4/2#5 ");
    again5(&lamp, "lamp", "t=3/1d#4 t=4/2d#5 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 4, 0x83);
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 5, 0x87);
    again5(&lamp, "lamp", "");
    peer_close(&lamp);
}

/* [MQTT-4.3.3-2] PUBLISH without DUP, [MQTT-4.3.3-3] until PUBREC, [MQTT-4.3.3-4]
 * PUBREL with the same identifier, [MQTT-4.3.3-5] until PUBCOMP, [MQTT-4.3.3-6] and never the message behind it. */
static void qos2_out_step_by_step(void **state)
{
    static const uint8_t codes[] = { 0x00, 0x10 };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct peer lamp = { 0 };
        char id[32];
        snprintf(id, sizeof id, "lamp%zu", i);
        kept5(f, &lamp, id, "t", "2");
        publish_settled(f, "t", "x", 2);
        assert_peer(&lamp, "t=x/2#2 ");
        peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);  /* of another QoS */
        peer5_ack(&lamp, MQTT_TYPE_pubcomp, 2, 0); /* too early */
        assert_peer(&lamp, "");
        again5(&lamp, id, "t=x/2d#2 ");
        again5(&lamp, id, "t=x/2d#2 ");
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, codes[i]);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrel#2 ");
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, codes[i]);
        assert_peer(&lamp, "pubrel#2 ");
        again5(&lamp, id, "pubrel#2 ");
        again5(&lamp, id, "pubrel#2 ");
        peer5_ack(&lamp, MQTT_TYPE_pubcomp, 2, 0);
        again5(&lamp, id, "");
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, 0); /* of nothing: let it finish */
        peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, 0x80);
        assert_peer(&lamp, "pubrel#2:92 ");
        peer_close(&lamp);
    }
}

/* ---- QoS 2 from the client ---- */

/* [MQTT-4.3.3-10], [MQTT-4.3.3-12]: until PUBREL the identifier means the same message, behind PUBCOMP a new one. */
static void qos2_in_is_delivered_once(void **state)
{
    struct fixture *f = *state;
    for (int kept = 0; kept <= 1; kept++) {
        struct service all = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &all, "t");
        peer5_start(f, &lamp, kept ? "kept" : "clean", false, kept ? KEPT : NULL);
        for (int i = 0; i < 2; i++) {
            peer5_publish(&lamp, "t", "x", 2, 7, NULL);
            peer_settle(&lamp);
            publish_dup(&lamp, "x", 2, 7);
            peer_settle(&lamp);
            assert_peer(&lamp, "pubrec#7 pubrec#7 ");
            if (kept) again5(&lamp, "kept", "");
            publish_dup(&lamp, "x", 2, 7);
            peer_settle(&lamp);
            assert_peer(&lamp, "pubrec#7 ");
            if (kept) again5(&lamp, "kept", "");
            peer5_ack(&lamp, MQTT_TYPE_pubrel, 7, 0);
            peer_settle(&lamp);
            peer5_ack(&lamp, MQTT_TYPE_pubrel, 7, 0);
            peer_settle(&lamp);
            assert_peer(&lamp, "pubcomp#7 pubcomp#7:92 ");
            assert_int_equal(all.count, i + 1);
        }
        service_stop(&all);
        peer_close(&lamp);
    }
}

/* [MQTT-4.3.3-9]: behind a PUBREC that refuses the identifier is free, and so is its place in the receive maximum. */
static void qos2_in_is_free_behind_a_refusal(void **state)
{
    struct fixture *f = *state;
    for (int kept = 0; kept <= 1; kept++) {
        struct service all = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &all, "#");
        auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
        front_opts.receive_maximum = 1;
        front_again();
        peer5_start(f, &lamp, kept ? "kept" : "clean", false, kept ? KEPT : NULL);
        for (int i = 0; i < 3; i++)
            peer5_publish(&lamp, "denied", "x", 2, 7, NULL);
        peer5_publish(&lamp, "t", "x", 2, 7, NULL);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrec#7:87 pubrec#7:87 pubrec#7:87 pubrec#7 ");
        assert_string_equal(buf_str(&all.log), "t=x ");
        peer5_ack(&lamp, MQTT_TYPE_pubrel, 7, 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubcomp#7 ");
        service_stop(&all);
        peer_close(&lamp);
    }
}

/* [MQTT-4.9.0-2]: so it is when the refusal has much to say, and its length takes two bytes. */
static void long_refusal_makes_room(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char why[201];
    memset(why, 'w', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    auth_fake_note(f->auth);
    auth_fake_say(f->auth, why);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    front_opts.receive_maximum = 1;
    front_again();
    peer5_start(f, &lamp, "lamp", true, NULL);
    for (int i = 0; i < 3; i++) {
        peer5_publish(&lamp, "denied", "x", 2, 7, NULL);
        assert_peer(&lamp, "pubrec#7:87{why} ");
        assert_string_equal(lamp.why, why);
    }
    peer5_publish(&lamp, "t", "x", 2, 0x81, NULL); /* the identifier is no code */
    assert_peer(&lamp, "pubrec#129:10 ");
    peer5_publish(&lamp, "t", "x", 1, 1, NULL);
    assert_peer(&lamp, "disconnect:93{why} end");
    peer_close(&lamp);
}

static int refusals;

static void count_refusals(const char *line, size_t len)
{
    refusals += memmem(line, len, "refused", 7) != NULL;
}

static void no_line(const char *line, size_t len)
{
}

/* What a client may bring about with each packet is logged once a minute. */
static void refusals_do_not_fill_the_log(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer5_start(f, &lamp, "lamp", true, NULL);
    refusals = 0;
    log_set_sink(count_refusals);
    for (uint16_t id = 1; id <= 5; id++)
        peer5_ack(&lamp, MQTT_TYPE_puback, id, 0x80);
    assert_int_equal(refusals, 1);
    for (uint16_t id = 1; id <= 5; id++)
        peer5_publish(&lamp, "t", "\xff", 1, id, "payload_format=1");
    assert_int_equal(refusals, 2);
    clock_fake_advance(MINUTES(1));
    peer5_ack(&lamp, MQTT_TYPE_puback, 1, 0x80);
    peer5_publish(&lamp, "t", "\xff", 1, 1, "payload_format=1");
    assert_int_equal(refusals, 4);
    log_set_sink(no_line);
    peer_close(&lamp);
}

/* ---- order ---- */

/* [MQTT-4.6.0-2], [MQTT-4.6.0-3]: PUBACK and PUBREC go in the order of the PUBLISHes, also when only some wait. */
static void answers_in_order(void **state)
{
    struct fixture *f = *state;
    struct peer pump = { 0 }, away = { 0 };
    struct service all = { 0 };
    service_start(f, &all, "#");
    kept5(f, &away, "away", "kept", "2");
    drop5(&away);
    peer5_start(f, &pump, "pump", true, NULL);
    store_hold();
    for (uint16_t i = 1; i <= 8; i++)
        peer5_publish(&pump, i % 3 == 1 ? "kept" : "free", "x", i % 4 < 2 ? 1 : 2, i, NULL);
    assert_peer(&pump, "");
    store_go(f);
    assert_peer(&pump, "puback#1 pubrec#2 pubrec#3 puback#4 puback#5 pubrec#6 pubrec#7 puback#8 ");
    service_stop(&all);
    peer_close(&pump);
}

/* [MQTT-4.6.0-4]: PUBREL goes in the order of the PUBRECs, not of the messages. */
static void released_in_the_order_of_pubrec(void **state)
{
    struct fixture *f = *state;
    static const uint16_t order[] = { 4, 2, 5, 3 };
    for (int kept = 0; kept <= 1; kept++) {
        struct peer lamp = { 0 };
        kept5_with(f, &lamp, kept ? "kept" : "clean", "t", "2", kept ? KEPT : NULL);
        for (size_t i = 0; i < ARRAY_LEN(order); i++)
            publish(f, "t", "x", 2);
        peer_settle(&lamp);
        peer_log(&lamp);
        for (size_t i = 0; i < ARRAY_LEN(order); i++)
            peer5_ack(&lamp, MQTT_TYPE_pubrec, order[i], 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubrel#4 pubrel#2 pubrel#5 pubrel#3 ");
        peer_close(&lamp);
    }
}

/* [MQTT-4.6.0-1]: what is sent again goes in the order in which it was sent first. */
static void resent_in_the_original_order(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "#", "2");
    for (int i = 0; i < 5; i++) {
        char payload[2] = { (char)('1' + i), '\0' };
        publish(f, i % 2 ? "b" : "a", payload, i % 2 ? 2 : 1);
    }
    peer_settle(&lamp);
    assert_peer(&lamp, "a=1/1#2 b=2/2#3 a=3/1#4 b=4/2#5 a=5/1#6 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 4, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 5, 0);
    publish(f, "a", "6", 1);
    peer_settle(&lamp);
    again5(&lamp, "lamp", "a=1/1d#2 b=2/2d#3 pubrel#5 a=5/1d#6 a=6/1d#7 ");
    drop5(&lamp);
    hub_again(f);
    back5(f, &lamp, "lamp", KEPT);
    assert_peer(&lamp, "a=1/1d#2 b=2/2d#3 pubrel#5 a=5/1d#6 a=6/1d#7 ");
    peer_close(&lamp);
}

/* Words of `text` that begin so, in rising order of the number behind it. */
static void check_order(const char *text, const char *word, int count)
{
    const char *at = text;
    char next[32];
    for (int i = 0; i < count; i++) {
        snprintf(next, sizeof next, "%s%d/", word, i);
        const char *found = strstr(at, next);
        if (!found) fail_msg("%s is missing or out of order in %s", next, text);
        at = found;
    }
}

/* [MQTT-4.6.0-5], [MQTT-4.6.0-6]: each publisher's messages of a topic and QoS keep their order, whatever stands
 * between them, with wildcards and identifiers too. */
static void each_publisher_keeps_its_order(void **state)
{
    enum { COUNT = 12 };
    struct fixture *f = *state;
    struct peer one = { 0 }, two = { 0 }, lamp = { 0 }, away = { 0 };
    peer5_start(f, &one, "one", true, NULL);
    peer5_start(f, &two, "two", false, KEPT);
    kept5(f, &away, "away", "+/b", "2");
    drop5(&away);
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "a/+", "2", "subscription_id=1");
    peer5_subscribe(&lamp, 2, "#", "1", "subscription_id=2");
    peer_log(&lamp);
    for (int i = 0; i < COUNT; i++) {
        for (uint8_t qos = 0; qos <= 2; qos++) {
            char payload[32];
            snprintf(payload, sizeof payload, "one%d-%d", qos, i);
            peer5_publish(&one, "a/b", payload, qos, (uint16_t)(i * 3 + qos), NULL);
            memcpy(payload, "two", 3);
            peer5_publish(&two, "a/b", payload, qos, (uint16_t)(i * 3 + qos), NULL);
        }
    }
    peer_settle(&one);
    char *heard = xstrdup(peer_log(&lamp));
    back5(f, &away, "away", KEPT);
    const char *late = peer_log(&away);
    for (int qos = 0; qos <= 2; qos++) {
        char word[32];
        snprintf(word, sizeof word, "a/b=one%d-", qos);
        check_order(heard, word, COUNT);
        if (qos) check_order(late, word, COUNT);
        memcpy(word + 4, "two", 3);
        check_order(heard, word, COUNT);
        if (qos) check_order(late, word, COUNT);
    }
    free(heard);
    peer_close(&one);
    peer_close(&two);
    peer_close(&lamp);
    peer_close(&away);
}

/* ---- who gets it ---- */

/* [MQTT-3.3.2-3], [MQTT-4.5.0-1]: every session whose filter matches gets it, of either version, there or away, under
 * the topic as it was written; the others do not. */
static void every_matching_session_gets_it(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *filter;
        bool five, away, gets;
    } cases[] = {
        { "room/\xc3\xbc", true, false, true },
        { "room/\xc3\xbc", false, false, true },
        { "room/+", true, true, true },
        { "#", false, true, true },
        { "room/\xc3\xbc/#", true, false, true },
        { "+", true, false, false },
        { "room/u\xcc\x88", true, true, false },
        { "Room/+", false, false, false },
        { "room/\xc3\xbc/+", false, true, false },
    };
    struct peer peers[ARRAY_LEN(cases)] = { 0 };
    char id[32];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(id, sizeof id, "p%zu", i);
        if (cases[i].five) {
            kept5(f, &peers[i], id, cases[i].filter, "1");
        } else {
            peer_start(f, &peers[i], id, false);
            peer_subscribe(&peers[i], 1, cases[i].filter, 1);
            peer_settle(&peers[i]);
            peer_log(&peers[i]);
        }
        if (cases[i].away) drop5(&peers[i]);
    }
    publish_settled(f, "room/\xc3\xbc", "x", 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *expected = cases[i].gets ? "room/\xc3\xbc=x/1#2 " : "";
        snprintf(id, sizeof id, "p%zu", i);
        if (!cases[i].away)
            assert_peer(&peers[i], expected);
        else if (cases[i].five)
            again5(&peers[i], id, expected);
        else
            again311(&peers[i], id, expected);
        peer_close(&peers[i]);
    }
}

/* [MQTT-3.3.4-2], [MQTT-3.3.4-3], [MQTT-3.3.4-4]: one copy at the highest QoS of all that match, with the identifiers
 * of those that have one. */
static void overlapping_subscriptions_deliver_once(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "a/+", "1");
    peer5_subscribe(&lamp, 2, "a/b", "2", NULL);
    peer5_subscribe(&lamp, 3, "#", "0", NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#2:2 suback#3:0 ");
    publish_settled(f, "a/b", "x", 2);
    assert_peer(&lamp, "a/b=x/2#2 ");
    peer5_subscribe(&lamp, 4, "a/+", "1", "subscription_id=1");
    peer5_subscribe(&lamp, 5, "a/b", "2", "subscription_id=268435455");
    peer_settle(&lamp);
    peer_log(&lamp);
    for (uint8_t qos = 0; qos <= 2; qos++)
        publish(f, "a/b", "y", qos);
    publish(f, "a/c", "y", 2);
    publish(f, "z", "y", 0);
    peer_settle(&lamp);
    assert_peer(&lamp, "a/b=y/0{subscription_id=1 subscription_id=268435455} "
                       "a/b=y/1#3{subscription_id=1 subscription_id=268435455} "
                       "z=y/0 "
                       "a/b=y/2#4{subscription_id=1 subscription_id=268435455} "
                       "a/c=y/1#5{subscription_id=1} ");
    peer_close(&lamp);
}

/* Section 3.3.4: an identifier that several of them have stands there as often. */
static void the_same_identifier_twice(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "a/b", "0", "subscription_id=5");
    peer5_subscribe(&lamp, 2, "a/+", "0", "subscription_id=5");
    peer_log(&lamp);
    publish_settled(f, "a/b", "x", 0);
    assert_peer(&lamp, "a/b=x/0{subscription_id=5 subscription_id=5} ");
    peer_close(&lamp);
}

/* [MQTT-3.3.4-3]: the identifiers are those of the time when it was published, in the queue too. */
static void identifiers_stay_with_what_is_queued(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "a/+", "1");
    peer5_subscribe(&lamp, 2, "a/b", "1", "subscription_id=7");
    peer5_subscribe(&lamp, 3, "+/b", "2", "subscription_id=9");
    drop5(&lamp);
    publish_settled(f, "a/b", "x", 1);
    hub_again(f);
    publish_settled(f, "c/b", "y", 2);
    back5(f, &lamp, "lamp", KEPT);
    assert_peer(&lamp, "a/b=x/1#2{subscription_id=7 subscription_id=9} "
                       "c/b=y/2#3{subscription_id=9} ");
    peer5_subscribe(&lamp, 4, "a/b", "1", NULL);
    peer5_unsubscribe(&lamp, 5, "+/b");
    peer_settle(&lamp);
    peer_log(&lamp);
    again5(&lamp, "lamp",
           "a/b=x/1d#2{subscription_id=7 subscription_id=9} "
           "c/b=y/2d#3{subscription_id=9} ");
    publish_settled(f, "a/b", "z", 1);
    assert_peer(&lamp, "a/b=z/1#4 ");
    peer_close(&lamp);
}

/* [MQTT-3.3.4-5]: a shared subscription beside one of the session's own: a copy for each, with its identifier. */
static void shared_beside_its_own(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "a/b", "1", "subscription_id=1");
    peer5_subscribe(&lamp, 2, "$share/g/a/b", "1", "subscription_id=2");
    peer_log(&lamp);
    publish_settled(f, "a/b", "x", 1);
    const char *log = peer_log(&lamp);
    if (strcmp(log, "a/b=x/1#2{subscription_id=1} a/b=x/1#3{subscription_id=2} ") != 0)
        assert_string_equal(log, "a/b=x/1#2{subscription_id=2} a/b=x/1#3{subscription_id=1} ");
    peer5_subscribe(&lamp, 3, "a/b", "1", NULL);
    peer5_subscribe(&lamp, 4, "$share/g/a/b", "1", NULL);
    peer_log(&lamp);
    publish_settled(f, "a/b", "y", 1);
    assert_peer(&lamp, "a/b=y/1#4 a/b=y/1#5 ");
    peer_close(&lamp);
}

/* ---- retained messages ---- */

/* [MQTT-3.3.1-5] the last one of a topic is kept, with its properties; [MQTT-3.3.1-6]
 * an empty one is passed on and takes it away, [MQTT-3.3.1-7] and is not kept; [MQTT-3.3.1-8] without RETAIN nothing
 * changes. */
static void retained_message_replaces(void **state)
{
    struct fixture *f = *state;
    struct peer pump = { 0 }, lamp = { 0 };
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "t", "1", NULL);
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_retain(&pump, "t", "old", 1, 1, "content_type=old user_property=a:1");
    peer5_retain(&pump, "t", "new", 2, 2, "user_property=b:2");
    peer5_publish(&pump, "t", "passes", 1, 3, NULL);
    peer5_publish(&pump, "t", "", 1, 4, NULL);
    peer_settle(&pump);
    assert_peer(&pump, "puback#1 pubrec#2 puback#3 puback#4 ");
    assert_peer(&lamp, "suback#1:1 t=old/1#2{content_type=old user_property=a:1} "
                       "t=new/1#3{user_property=b:2} t=passes/1#4 t=/1#5 ");
    peer5_subscribe(&lamp, 2, "t", "2", NULL);
    turns(f, 5);
    assert_peer(&lamp, "suback#2:2 t=new/2r#6{user_property=b:2} ");
    peer5_retain(&pump, "t", "", 1, 5, "user_property=c:3");
    peer5_retain(&pump, "never", "", 1, 6, NULL);
    peer_settle(&pump);
    assert_peer(&pump, "puback#5 puback#6:10 ");
    assert_peer(&lamp, "t=/1#7{user_property=c:3} ");
    assert_int_equal(hub_retained_count(f->hub), 0);
    peer5_subscribe(&lamp, 3, "#", "2", NULL);
    turns(f, 5);
    assert_peer(&lamp, "suback#3:2 ");
    peer_close(&pump);
    peer_close(&lamp);
}

/* ---- what is passed on ---- */

/* Subscribers that are there, away over a restart of the hub, and late; of 5 and of 3.1.1. */
static void check_passed_on(struct fixture *f, const char *properties)
{
    struct peer pump = { 0 }, five = { 0 }, four = { 0 }, away = { 0 }, late = { 0 };
    char with[256] = "", expected[300];
    if (*properties) snprintf(with, sizeof with, "{%s}", properties);
    kept5(f, &away, "away", "t", "1");
    drop5(&away);
    kept5(f, &five, "five", "t", "1");
    peer_start(f, &four, "four", true);
    peer_subscribe(&four, 1, "t", 1);
    peer_log(&four);
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_retain(&pump, "t", "x", 1, 1, properties);
    peer_settle(&pump);
    snprintf(expected, sizeof expected, "t=x/1#2%s ", with);
    assert_peer(&five, expected);
    assert_peer(&four, "t=x/1#2 ");
    peer_close(&pump);
    peer_close(&five);
    peer_close(&four);
    hub_again(f);
    back5(f, &away, "away", KEPT);
    assert_peer(&away, expected);
    peer5_start(f, &late, "late", true, NULL);
    peer5_subscribe(&late, 1, "t", "0", NULL);
    turns(f, 5);
    snprintf(expected, sizeof expected, "suback#1:0 t=x/0r%s ", with);
    assert_peer(&late, expected);
    peer5_start(f, &pump, "away", true, NULL); /* ends those that are kept */
    peer5_start(f, &five, "five", true, NULL);
    peer_close(&pump);
    peer_close(&five);
    peer_close(&away);
    peer_close(&late);
    hub_retained_remove(f->hub, SLICE_LIT("t"));
}

/* [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-16], [MQTT-3.3.2-20], [MQTT-3.3.2-17], [MQTT-3.3.2-18]: what the
 * publisher says of its message is passed on unchanged, user properties in their order. */
static void properties_are_passed_on(void **state)
{
    static const char *const cases[] = {
        "",
        "payload_format=0",
        "payload_format=1",
        "response_topic=answers/\xc3\xbc",
        "correlation_data=",
        "correlation_data=\x01\xff\x80=,;\x7f",
        "content_type=",
        "content_type=text/plain;charset=utf-8",
        "user_property=z:1 user_property=a:2 user_property=z:1 user_property=: user_property=a:",
        "user_property=z:1 content_type=x user_property=a:2 correlation_data=c response_topic=r "
        "user_property=z:0 payload_format=1",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_passed_on(*state, cases[i]);
}

/* [MQTT-3.3.2-16]: correlation data are bytes, the null among them. */
static void correlation_data_are_bytes(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char all[256];
    struct buf block = { 0 };
    struct mqtt_frame frame;
    struct mqtt_publish got;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    mqtt_put_text(&block, MQTT_PROP_correlation_data, slice_of(all, sizeof all));
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "t", "0", NULL);
    peer_log(&lamp);
    peer5_send_publish(&lamp, &(struct mqtt_publish){ .topic = SLICE_LIT("t"),
                                                      .payload = slice_of(all, sizeof all),
                                                      .properties = buf_slice(&block) });
    assert_int_equal(
        mqtt_frame((const uint8_t *)lamp.in.data, lamp.in.len, MAX_PACKET, 5, &frame, NULL), 1);
    assert_int_equal(mqtt_decode_publish(&frame, 5, false, &got, NULL), 0);
    assert_true(slice_eq(got.properties, buf_slice(&block)));
    assert_true(slice_eq(got.payload, slice_of(all, sizeof all)));
    buf_deinit(&block);
    peer_close(&lamp);
}

/* ---- message expiry ---- */

/* [MQTT-3.3.2-5], [MQTT-3.3.2-6]: what is left of it is told; what has expired in a queue, or retained, is not sent. */
static void messages_expire(void **state)
{
    static const struct {
        int64_t after_ms;
        const char *queued;
        const char *retained;
    } cases[] = {
        { 0, "t=x/1#2{message_expiry=10} ", "suback#1:1 t=x/1r#2{message_expiry=10} " },
        { 4000, "t=x/1#2{message_expiry=6} ", "suback#1:1 t=x/1r#2{message_expiry=6} " },
        { 9000, "t=x/1#2{message_expiry=1} ", "suback#1:1 t=x/1r#2{message_expiry=1} " },
        { 11000, "", "suback#1:1 " },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer away = { 0 }, pump = { 0 }, late = { 0 };
        char id[32];
        snprintf(id, sizeof id, "away%zu", i);
        kept5(f, &away, id, "t", "1");
        drop5(&away);
        peer5_start(f, &pump, "pump", true, NULL);
        peer5_retain(&pump, "t", "x", 1, 1, "message_expiry=10");
        peer_settle(&pump);
        assert_peer(&pump, "puback#1 ");
        clock_fake_advance(cases[i].after_ms);
        back5(f, &away, id, KEPT);
        assert_peer(&away, cases[i].queued);
        peer5_start(f, &late, "late", true, NULL);
        peer5_subscribe(&late, 1, "t", "1", NULL);
        turns(f, 5);
        assert_peer(&late, cases[i].retained);
        hub_retained_remove(f->hub, SLICE_LIT("t"));
        peer_close(&late);
        peer_close(&pump);
        peer_close(&away);
    }
}

/* [MQTT-3.3.2-5]: with an expiry of 0 it is for those who take it at once. */
static void expiry_of_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer away = { 0 }, there = { 0 }, pump = { 0 };
    kept5(f, &away, "away", "t", "1");
    drop5(&away);
    kept5(f, &there, "there", "t", "1");
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_publish(&pump, "t", "x", 1, 1, "message_expiry=0");
    peer5_publish(&pump, "t", "x", 0, 0, "message_expiry=0");
    peer_settle(&pump);
    assert_peer(&there, "t=x/1#2{message_expiry=0} t=x/0{message_expiry=0} ");
    clock_fake_advance(1);
    back5(f, &away, "away", KEPT);
    assert_peer(&away, "");
    peer_close(&pump);
    peer_close(&there);
    peer_close(&away);
}

/* [MQTT-4.3.3-7], [MQTT-4.3.3-13], [MQTT-3.3.2-6]: what was sent once is sent again, expired or not, and completed;
 * the client is told what is left. */
static void what_was_sent_does_not_expire(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    kept5(f, &lamp, "lamp", "t", "2");
    peer5_start(f, &pump, "pump", false, KEPT);
    peer5_publish(&pump, "t", "x", 2, 1, "message_expiry=10");
    peer_settle(&pump);
    assert_peer(&pump, "pubrec#1 ");
    assert_peer(&lamp, "t=x/2#2{message_expiry=10} ");
    clock_fake_advance(3000);
    again5(&lamp, "lamp", "t=x/2d#2{message_expiry=7} ");
    clock_fake_advance(8000);
    again5(&lamp, "lamp", "t=x/2d#2{message_expiry=0} ");
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, 0);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#2 ");
    clock_fake_advance(50000);
    again5(&lamp, "lamp", "pubrel#2 ");
    peer5_ack(&lamp, MQTT_TYPE_pubcomp, 2, 0);
    peer5_ack(&pump, MQTT_TYPE_pubrel, 1, 0);
    peer_settle(&pump);
    assert_peer(&pump, "pubcomp#1 ");
    again5(&lamp, "lamp", "");
    peer_close(&lamp);
    peer_close(&pump);
}

/* ---- what a publisher is told ---- */

/* A publish that may not be leaves the connection as it is: [MQTT-3.4.2-1] and [MQTT-3.5.2-1], code 0x87, and the
 * sentence of the log where the client wants it [MQTT-3.1.2-29]. */
static void denied_publish_is_answered(void **state)
{
    static const struct {
        const char *topic;
        bool retain;
        const char *why;
    } cases[] = {
        { "denied", false, AUTH_FAKE_WHY },
        { "unkept", true, AUTH_FAKE_WHY },
        { "$SYS/broker/uptime", false, "reserved topic: clients cannot publish to it" },
        { "$aws/events/x", true, "reserved topic: clients cannot publish to it" },
    };
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 }, curt = { 0 };
    service_start(f, &all, "#");
    auth_fake_note(f->auth);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_RETAIN_PUBLISH, "unkept");
    kept5(f, &lamp, "lamp", NULL, NULL);
    peer5_start(f, &curt, "curt", true, "request_problem_info=0");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        void (*put)(struct peer *, const char *, const char *, uint8_t, uint16_t, const char *) =
            cases[i].retain ? peer5_retain : peer5_publish;
        put(&lamp, cases[i].topic, "x", 0, 0, NULL);
        assert_peer(&lamp, "");
        put(&lamp, cases[i].topic, "x", 1, 1, NULL);
        assert_peer(&lamp, "puback#1:87{why} ");
        assert_string_equal(lamp.why, cases[i].why);
        put(&lamp, cases[i].topic, "x", 2, 2, NULL);
        assert_peer(&lamp, "pubrec#2:87{why} ");
        assert_string_equal(lamp.why, cases[i].why);
        peer5_ack(&lamp, MQTT_TYPE_pubrel, 2, 0);
        peer_settle(&lamp);
        assert_peer(&lamp, "pubcomp#2:92 ");
        put(&curt, cases[i].topic, "x", 0, 0, NULL);
        put(&curt, cases[i].topic, "x", 1, 1, NULL);
        put(&curt, cases[i].topic, "x", 2, 2, NULL);
        assert_peer(&curt, "puback#1:87 pubrec#2:87 ");
    }
    assert_int_equal(all.count, 0);
    peer5_publish(&lamp, "t", "x", 1, 3, NULL);
    assert_peer(&lamp, "puback#3 ");
    assert_int_equal(all.count, 1);
    service_stop(&all);
    peer_close(&lamp);
    peer_close(&curt);
}

/* [MQTT-3.4.2-2], [MQTT-3.5.2-2]: the reason string is left out where the client does not take so much. */
static void denial_for_little_room(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_note(f->auth);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    front_opts.max_packet = MQTT_MAX_REMAINING + MQTT_MAX_HEADER; /* CONNACK does not mention it */
    front_again();
    peer5_start(f, &lamp, "lamp", true, "maximum_packet_size=5");
    peer5_publish(&lamp, "denied", "x", 1, 1, NULL);
    peer5_publish(&lamp, "denied", "x", 2, 2, NULL);
    peer5_publish(&lamp, "t", "x", 1, 3, NULL);
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 2, 0);
    assert_peer(&lamp, "puback#1:87 pubrec#2:87 puback#3:10 pubcomp#2:92 ");
    peer_close(&lamp);
}

/* A denial between others keeps its place in the order [MQTT-4.6.0-2]. */
static void denied_publish_in_its_order(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, away = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    kept5(f, &away, "away", "#", "2");
    drop5(&away);
    peer5_start(f, &lamp, "lamp", true, NULL);
    store_hold();
    peer5_publish(&lamp, "t", "x", 1, 1, NULL);
    peer5_publish(&lamp, "denied", "x", 1, 2, NULL);
    peer5_publish(&lamp, "denied", "x", 2, 3, NULL);
    peer5_publish(&lamp, "t", "x", 2, 4, NULL);
    assert_peer(&lamp, "");
    store_go(f);
    assert_peer(&lamp, "puback#1 puback#2:87 pubrec#3:87 pubrec#4 ");
    peer_close(&lamp);
}

/* A topic of too many levels: code 0x90. */
static void name_that_is_not_taken(void **state)
{
    static const char deep[] = "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17";
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_note(f->auth);
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_publish(&lamp, deep, "x", 0, 0, NULL);
    peer5_publish(&lamp, deep, "x", 1, 1, NULL);
    assert_peer(&lamp, "puback#1:90{why} ");
    assert_string_equal(lamp.why, "more levels than mqtt.max_topic_levels");
    peer5_publish(&lamp, deep, "x", 2, 2, NULL);
    assert_peer(&lamp, "pubrec#2:90{why} ");
    peer_close(&lamp);
}

/* QoS 1, then QoS 2 up to its end. */
static void check_wanted(struct peer *pump, const char *topic, const char *puback, const char *rest)
{
    peer5_publish(pump, topic, "x", 1, 1, NULL);
    peer_settle(pump);
    assert_peer(pump, puback);
    peer5_publish(pump, topic, "x", 2, 2, NULL);
    peer_settle(pump);
    peer5_ack(pump, MQTT_TYPE_pubrel, 2, 0);
    peer_settle(pump);
    assert_peer(pump, rest);
}

#define NOBODY   "puback#1:10 ", "pubrec#2:10 pubcomp#2 "
#define SOMEBODY "puback#1 ", "pubrec#2 pubcomp#2 "

/* [MQTT-3.4.2-1], [MQTT-3.5.2-1]: 0x10 says that nobody has subscribed: no session, there or away, and no rule or
 * shadow. The flow of QoS 2 goes on all the same. */
static void nobody_matches(void **state)
{
    struct fixture *f = *state;
    for (int kept = 0; kept <= 1; kept++) {
        struct peer pump = { 0 }, lamp = { 0 }, member = { 0 };
        struct service rule = { 0 };
        peer5_start(f, &pump, kept ? "kept" : "clean", false, kept ? KEPT : NULL);
        check_wanted(&pump, "t", NOBODY);
        kept5(f, &lamp, "lamp", "t", "0");
        check_wanted(&pump, "t", SOMEBODY);
        check_wanted(&pump, "u", NOBODY);
        drop5(&lamp);
        check_wanted(&pump, "t", SOMEBODY);
        peer5_start(f, &lamp, "lamp", true, NULL); /* its session ends */
        check_wanted(&pump, "t", NOBODY);
        service_start(f, &rule, "+");
        check_wanted(&pump, "t", SOMEBODY);
        service_stop(&rule);
        rule = (struct service){ 0 };
        peer5_start(f, &member, "member", true, NULL);
        peer5_subscribe(&member, 1, "$share/g/t", "1", NULL);
        check_wanted(&pump, "t", SOMEBODY);
        peer5_unsubscribe(&member, 2, "$share/g/t");
        check_wanted(&pump, "t", NOBODY);
        peer5_subscribe(&pump, 1, "t", "0 nl", NULL);
        peer_settle(&pump);
        peer_log(&pump);
        check_wanted(&pump, "t", SOMEBODY);
        peer_close(&pump);
        peer_close(&lamp);
        peer_close(&member);
    }
}

/* Below level 5 there is no code. */
static void nobody_matches_below_level_5(void **state)
{
    struct fixture *f = *state;
    struct peer pump = { 0 };
    peer_start(f, &pump, "pump", true);
    peer_publish(&pump, "t", "x", 1, 1);
    peer_publish(&pump, "t", "x", 2, 2);
    assert_int_equal(pump.in.len, 2 * MQTT_ACK_SIZE);
    assert_peer(&pump, "puback#1 pubrec#2 ");
    peer_close(&pump);
}

/* Who holds the decision has subscribed: 0x00, once it has decided. */
static void held_decision(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 1; qos <= 2; qos++) {
        struct service rule = { .does = SERVICE_HOLD };
        struct peer pump = { 0 };
        service_start(f, &rule, "t");
        peer5_start(f, &pump, "pump", true, NULL);
        peer5_publish(&pump, "t", "x", qos, 1, NULL);
        peer5_publish(&pump, "u", "x", 1, 2, NULL);
        assert_peer(&pump, "");
        hub_release(rule.hold, 0);
        turns(f, 3);
        assert_peer(&pump, qos == 1 ? "puback#1 puback#2:10 " : "pubrec#1 puback#2:10 ");
        peer5_publish(&pump, "t", "x", 1, 3, NULL);
        hub_release(rule.hold, ERR_STORE);
        turns(f, 3);
        assert_peer(&pump, "disconnect:89{why} end");
        service_stop(&rule);
        peer_close(&pump);
    }
}

/* What cannot be kept is not acknowledged: the client is told, and sends it again on its next connection. */
static void failing_store_closes(void **state)
{
    struct fixture *f = *state;
    struct service all = { .does = SERVICE_COUNT, .commit = ERR_STORE };
    service_start(f, &all, "t");
    for (uint8_t qos = 1; qos <= 2; qos++) {
        struct peer lamp = { 0 };
        peer5_start(f, &lamp, "lamp", true, NULL);
        peer5_publish(&lamp, "t", "x", qos, 1, NULL);
        assert_peer(&lamp, "disconnect:89{why} end");
        assert_string_equal(lamp.why, "the store is behind or failing");
        peer_close(&lamp);
    }
    assert_int_equal(all.count, 2);
    service_stop(&all);
}

/* Section 3.3.2.3.2: a payload that is not the text that it says is refused, by QoS. Any other may be bytes. */
static void payload_format_is_checked(void **state)
{
    static const char *const ill_formed[] = { "\xff", "a\xed\xa0\x80", "\xc0\x80", "cut\xe2\x82" };
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 }, curt = { 0 };
    service_start(f, &all, "t");
    peer5_start(f, &curt, "curt", true, "request_problem_info=0");
    for (size_t i = 0; i < ARRAY_LEN(ill_formed); i++) {
        peer5_start(f, &lamp, "lamp", true, NULL);
        peer5_retain(&lamp, "t", ill_formed[i], 1, 1, "payload_format=1");
        peer5_publish(&lamp, "t", ill_formed[i], 2, 2, "payload_format=1");
        assert_peer(&lamp, "puback#1:99{why} pubrec#2:99{why} ");
        assert_string_equal(lamp.why, "the payload is not UTF-8, as its payload format says");
        peer5_publish(&curt, "t", ill_formed[i], 1, 1, "payload_format=1");
        assert_peer(&curt, "puback#1:99 ");
        assert_int_equal(all.count, 0);
        peer5_publish(&lamp, "t", ill_formed[i], 1, 1, "payload_format=0");
        peer5_publish(&lamp, "t", ill_formed[i], 1, 1, NULL);
        peer5_publish(&lamp, "t", "\xc3\xbc", 2, 2, "payload_format=1");
        assert_peer(&lamp, "puback#1 puback#1 pubrec#2 ");
        peer5_publish(&lamp, "t", ill_formed[i], 0, 0, "payload_format=1");
        assert_peer(&lamp, "disconnect:99{why} end");
        assert_int_equal(all.count, 3);
        assert_int_equal(hub_retained_count(f->hub), 0);
        all.count = 0;
        peer_close(&lamp);
    }
    service_stop(&all);
    peer_close(&curt);
}

/* The identifier and the quota of a message whose format was refused are free [MQTT-4.3.3-9]. */
static void refused_format_frees_the_quota(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    front_opts.receive_maximum = 1;
    front_again();
    peer5_start(f, &lamp, "lamp", true, NULL);
    for (int i = 0; i < 3; i++) {
        peer5_publish(&lamp, "t", "\xff", 1, 1, "payload_format=1");
        peer5_publish(&lamp, "t", "\xff", 2, 1, "payload_format=1");
    }
    peer5_publish(&lamp, "t", "x", 2, 1, "payload_format=1");
    assert_peer(&lamp, "puback#1:99{why} pubrec#1:99{why} puback#1:99{why} pubrec#1:99{why} "
                       "puback#1:99{why} pubrec#1:99{why} pubrec#1:10 ");
    peer_close(&lamp);
}

/* CONNACK says that nothing is retained; who does it all the same is told so, and closed [MQTT-3.2.2-14]. */
static void retain_that_is_not_available(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    service_start(f, &all, "t");
    f->opts.no_retain = true;
    hub_set_opts(f->hub, &f->opts);
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer5_connect(&lamp, "lamp", true, NULL);
        assert_peer(&lamp, "connack:0{retain_available=0 maximum_packet_size=4096} ");
        peer5_publish(&lamp, "t", "x", qos, 1, NULL);
        peer_log(&lamp);
        assert_int_equal(all.count, qos + 1);
        peer5_retain(&lamp, "t", "x", qos, 2, NULL);
        assert_peer(&lamp, "disconnect:9a{why} end");
        peer_close(&lamp);
    }
    assert_int_equal(all.count, 3);
    service_stop(&all);
}

/* [MQTT-3.2.2-11], hub.profile = aws-strict: a PUBLISH of QoS 2 ends the connection. */
static void qos2_that_the_profile_does_not_allow(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    f->opts.profile = &mqtt_profile_aws_strict;
    hub_again(f);
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_publish(&lamp, "t", "x", 1, 1, NULL);
    assert_peer(&lamp, "puback#1:10 ");
    peer5_publish(&lamp, "t", "x", 2, 2, NULL);
    assert_peer(&lamp, "disconnect:9b{why} end");
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(qos0_is_bare),
        TEST(outgoing_identifiers_are_unused),
        TEST(answers_carry_the_identifier),
        TEST(answers_wait_for_the_commit),
        TEST(qos1_identifier_is_free_behind_puback),
        TEST(dup_is_our_own),
        TEST(qos1_out_until_puback),
        TEST(resent_when_the_session_goes_on),
        TEST(error_acknowledges),
        TEST(qos2_out_step_by_step),
        TEST(qos2_in_is_delivered_once),
        TEST(qos2_in_is_free_behind_a_refusal),
        TEST(long_refusal_makes_room),
        TEST(refusals_do_not_fill_the_log),
        TEST(answers_in_order),
        TEST(released_in_the_order_of_pubrec),
        TEST(resent_in_the_original_order),
        TEST(each_publisher_keeps_its_order),
        TEST(every_matching_session_gets_it),
        TEST(overlapping_subscriptions_deliver_once),
        TEST(the_same_identifier_twice),
        TEST(identifiers_stay_with_what_is_queued),
        TEST(shared_beside_its_own),
        TEST(retained_message_replaces),
        TEST(properties_are_passed_on),
        TEST(correlation_data_are_bytes),
        TEST(messages_expire),
        TEST(expiry_of_nothing),
        TEST(what_was_sent_does_not_expire),
        TEST(denied_publish_is_answered),
        TEST(denial_for_little_room),
        TEST(denied_publish_in_its_order),
        TEST(name_that_is_not_taken),
        TEST(nobody_matches),
        TEST(nobody_matches_below_level_5),
        TEST(held_decision),
        TEST(failing_store_closes),
        TEST(payload_format_is_checked),
        TEST(refused_format_frees_the_quota),
        TEST(retain_that_is_not_available),
        TEST(qos2_that_the_profile_does_not_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
