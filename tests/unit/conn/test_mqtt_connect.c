/* test_mqtt_connect.c — MQTT 3.1.1, sections 3.1, 3.2, 3.14 and 4.1, statement by statement: who may connect and
 * how, the life of a session, wills, keep-alive; and what MQTT 3.1 has otherwise. */
#include "mqtt_peer.h"

#include "base/err.h"

static const char ping[] = { (char)0xc0, 0 };
static const char disconnect[] = { (char)0xe0, 0 };

/* ---- the first packet ---- */

/* [MQTT-3.1.0-1], [MQTT-3.1.4-1]: whatever else comes first ends the connection, unanswered. (PUBREC begins with a
 * letter: it is HTTP that refuses it, see test_broker.py.) */
static void first_packet_is_connect(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
    } cases[] = {
        { BYTES("\x20\x02\x00\x00") },
        { BYTES("\x30\x03\x00\x01t") },
        { BYTES("\x40\x02\x00\x01") },
        { BYTES("\x62\x02\x00\x01") },
        { BYTES("\x70\x02\x00\x01") },
        { BYTES("\x82\x06\x00\x01\x00\x01t\x00") },
        { BYTES("\x90\x03\x00\x01\x00") },
        { BYTES("\xa2\x05\x00\x01\x00\x01t") },
        { BYTES("\xb0\x02\x00\x01") },
        { BYTES("\xc0\x00") },
        { BYTES("\xd0\x00") },
        { BYTES("\xe0\x00") },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_send(&lamp, cases[i].packet, cases[i].len);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.0-2]: a second CONNECT is a violation, also when it is the same one; the will is due. */
static void second_connect_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &wills, "will");
    peer_open(f, &lamp);
    peer_connect_will(&lamp, "lamp", true, 1, false);
    peer_connect_will(&lamp, "lamp", true, 1, false);
    assert_peer(&lamp, "connack:0 end");
    assert_int_equal(wills.count, 1);
    service_stop(&wills);
    peer_close(&lamp);
}

/* [MQTT-3.1.2-1], [MQTT-3.1.2-2], [MQTT-3.2.2-4], [MQTT-3.2.2-5], [MQTT-3.2.2-6]: a level that we do not have is
 * told with code 1 and closed; one above 5 as MQTT 5 tells it; under another name there is no code that fits, and no
 * answer. */
static void unknown_protocols_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
        const char *answer;
        uint8_t form; /* the level that the answer has the form of */
    } cases[] = {
        { BYTES("\x10\x0d\x00\x04MQTT\x00\x02\x00\x00\x00\x01x"), "connack:1 end" },
        { BYTES("\x10\x0d\x00\x04MQTT\x01\x02\x00\x00\x00\x01x"), "connack:1 end" },
        { BYTES("\x10\x0d\x00\x04MQTT\x02\x02\x00\x00\x00\x01x"), "connack:1 end" },
        { BYTES("\x10\x0d\x00\x04MQTT\x03\x02\x00\x00\x00\x01x"), "connack:1 end" },
        { BYTES("\x10\x0d\x00\x04MQTT\x06\x02\x00\x00\x00\x01x"), "connack:84{why} end", 5 },
        { BYTES("\x10\x0d\x00\x04MQTT\x84\x02\x00\x00\x00\x01x"), "connack:1 end" }, /* a bridge */
        { BYTES("\x10\x0d\x00\x04MQTT\xff\x02\x00\x00\x00\x01x"), "connack:84{why} end", 5 },
        { BYTES("\x10\x0f\x00\x06MQIsdp\x04\x02\x00\x00\x00\x01x"), "connack:1 end" },
        { BYTES("\x10\x0d\x00\x04MQTX\x04\x02\x00\x00\x00\x01x"), "end" },
        { BYTES("\x10\x0d\x00\x04mqtt\x04\x02\x00\x00\x00\x01x"), "end" },
        { BYTES("\x10\x0d\x00\x04MQTX\x05\x02\x00\x00\x00\x01x"), "end" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_send(&lamp, cases[i].packet, cases[i].len);
        lamp.level = cases[i].form;
        if (lamp.in.len && !lamp.level) assert_memory_equal(lamp.in.data, "\x20\x02\x00", 3);
        const char *log = peer_log(&lamp);
        if (strcmp(log, cases[i].answer) != 0) fail_msg("case %zu: %s", i, log);
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.4-5]: what stands behind a CONNECT that is refused is not looked at. */
static void nothing_is_processed_behind_a_refusal(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    service_start(f, &all, "#");
    buf_append(&packets, BYTES("\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00"));
    put_publish(&packets, "t", "x", 1, 1, false);
    put_connect(&packets, "lamp", true, 0);
    buf_append(&packets, ping, 2);
    peer_open(f, &lamp);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "connack:2 end");
    assert_int_equal(all.count, 0);
    peer_close(&lamp);

    auth_fake_deny(f->auth, NULL, POLICY_ACTION_CONNECT, "lamp");
    put_connect(&packets, "lamp", true, 0);
    put_publish(&packets, "t", "x", 1, 1, false);
    peer_open(f, &lamp);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "connack:5 end");
    assert_int_equal(all.count, 0);
    service_stop(&all);
    peer_close(&lamp);
}

/* [MQTT-3.1.4-4], [MQTT-3.2.0-1]: CONNACK is the first packet that the client gets, whatever waits. */
static void connack_comes_first(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    peer_start(f, &lamp, "lamp", false);
    peer_subscribe(&lamp, 1, "t", 1);
    peer_settle(&lamp);
    peer_close(&lamp);
    publish(f, "t", "waits", 1);
    peer_open(f, &lamp);
    put_connect(&packets, "lamp", false, 0);
    put_subscribe(&packets, 2, "t", 1);
    buf_append(&packets, ping, 2);
    peer_send_buf(&lamp, &packets);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ suback#2:1 pingresp t=waits/1#2 ");
    peer_close(&lamp);
}

/* ---- client identifiers ---- */

/* [MQTT-3.1.3-5]: 1 to 23 letters and digits are allowed; we allow more. */
static void client_ids_that_must_be_allowed(void **state)
{
    struct fixture *f = *state;
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char id[301];
    for (size_t len = 1; len <= 23; len++) {
        for (size_t i = 0; i < len; i++)
            id[i] = letters[(i + 3 * len) % (sizeof letters - 1)];
        id[len] = '\0';
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_connect(&lamp, id, true);
        assert_peer(&lamp, "connack:0 ");
        peer_close(&lamp);
    }
    static const char *const others[] = {
        "a b",    "\xc3\xbc\xe2\x88\x9e", "+/#",
        "$SYS/x", "\xef\xbb\xbf",         "a client identifier of more than twenty-three bytes"
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_connect(&lamp, others[i], true);
        assert_peer(&lamp, "connack:0 ");
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.3-9]: an identifier that we do not take is told with code 2. */
static void longest_client_id(void **state)
{
    struct fixture *f = *state;
    char id[258];
    memset(id, 'x', sizeof id);
    for (size_t len = 256; len <= 257; len++) {
        struct peer lamp = { 0 };
        id[len] = '\0';
        peer_open(f, &lamp);
        peer_connect(&lamp, id, true);
        assert_peer(&lamp, len == 256 ? "connack:0 " : "connack:2 end");
        peer_close(&lamp);
        id[len] = 'x';
    }
}

/* [MQTT-3.1.3-6], [MQTT-3.1.3-7], [MQTT-3.1.3-8]: no identifier is one that nobody else has, and a session as any
 * other; but it cannot be kept. */
static void empty_client_ids(void **state)
{
    struct fixture *f = *state;
    struct peer one = { 0 }, two = { 0 }, kept = { 0 };
    peer_start(f, &one, "", true);
    peer_start(f, &two, "", true);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 2);
    peer_subscribe(&one, 1, "t", 1);
    peer_subscribe(&two, 1, "t", 0);
    peer_publish(&two, "t", "x", 1, 1);
    assert_peer(&one, "suback#1:1 t=x/1#2 ");
    assert_peer(&two, "suback#1:0 t=x/0 puback#1 ");
    peer_open(f, &kept);
    peer_connect(&kept, "", false);
    assert_peer(&kept, "connack:2 end");
    peer_close(&one);
    peer_close(&two);
    peer_close(&kept);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
}

/* [MQTT-3.1.3-2]: the identifier is what a session is found by, byte by byte. */
static void sessions_are_told_apart_by_client_id(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    static const char *const others[] = { "Lamp", "lamp ", "lam", "lamp\xef\xbb\xbf" };
    peer_start(f, &lamp, "lamp", false);
    peer_close(&lamp);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        peer_open(f, &lamp);
        peer_connect(&lamp, others[i], false);
        peer_settle(&lamp);
        assert_peer(&lamp, "connack:0 ");
        peer_close(&lamp);
    }
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    assert_peer(&lamp, "connack:0+ ");
    peer_close(&lamp);
}

/* ---- sessions ---- */

/* [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-4.1.0-1], [MQTT-4.5.0-1]: a kept session has its subscriptions, and what was
 * sent to them meanwhile with QoS 1 and 2, in order. */
static void kept_session_goes_on(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", false);
    peer_subscribe(&lamp, 1, "t/+", 2);
    peer_subscribe(&lamp, 2, "u", 1);
    peer_subscribe(&lamp, 3, "never", 1);
    peer_unsubscribe(&lamp, 4, "never");
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#1:2 suback#2:1 suback#3:1 unsuback#4 ");
    peer_close(&lamp);
    publish(f, "t/a", "1", 1);
    publish(f, "t/a", "0", 0); /* we do not keep QoS 0 */
    publish(f, "t/b", "2", 2);
    publish(f, "u", "3", 2);
    publish(f, "never", "x", 2);
    publish(f, "v", "x", 2);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ t/a=1/1#2 t/b=2/2#3 u=3/1#4 ");
    publish(f, "t/c", "still", 0);
    turns(f, 3);
    assert_peer(&lamp, "t/c=still/0 ");
    peer_close(&lamp);
}

/* [MQTT-3.1.2-6], [MQTT-3.1.4-3], [MQTT-4.1.0-2]: with CleanSession what was there is gone, and nothing of it comes
 * back; the new session is as long as its connection. */
static void clean_session_starts_anew(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", false);
    peer_subscribe(&lamp, 1, "t", 1);
    peer_settle(&lamp);
    publish(f, "t", "in flight", 1);
    peer_close(&lamp);
    publish(f, "t", "waits", 1);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_settle(&lamp);
    publish(f, "t", "not subscribed", 1);
    turns(f, 3);
    assert_peer(&lamp, "connack:0 ");
    peer_subscribe(&lamp, 1, "u", 1);
    clock_fake_advance(DAYS(100));
    turns(f, 3);
    publish(f, "u", "as long as it is there", 1);
    turns(f, 3);
    assert_peer(&lamp, "suback#1:1 u=as long as it is there/1#2 ");
    peer_close(&lamp);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    publish(f, "u", "forgotten", 1);
    turns(f, 3);
    assert_peer(&lamp, "connack:0 ");
    peer_close(&lamp);
}

/* [MQTT-3.2.2-1], [MQTT-3.2.2-2], [MQTT-3.2.2-3]: session present says whether there is one to go on with. */
static void session_present_tells(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool clean;
        const char *answer;
    } steps[] = { { true, "connack:0 " },   { false, "connack:0 " },  { false, "connack:0+ " },
                  { false, "connack:0+ " }, { true, "connack:0 " },   { true, "connack:0 " },
                  { false, "connack:0 " },  { false, "connack:0+ " }, { true, "connack:0 " } };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_connect(&lamp, "lamp", steps[i].clean);
        peer_settle(&lamp);
        const char *log = peer_log(&lamp);
        if (strcmp(log, steps[i].answer) != 0) fail_msg("step %zu: %s", i, log);
        peer_close(&lamp);
        settle(f);
    }
}

/* [MQTT-3.1.2-7]: retained messages are not the session's. */
static void retained_messages_outlive_their_session(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "t", "kept", 1, 1);
    peer_settle(&lamp);
    peer_close(&lamp);
    peer_start(f, &lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "t", 0);
    assert_peer(&lamp, "suback#1:0 t=kept/0r ");
    peer_close(&lamp);
}

/* [MQTT-3.1.4-2]: one connection an identifier; the newcomer stays, and goes on where the other was. */
static void newcomer_takes_over(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    struct peer old = { 0 }, new = { 0 };
    service_start(f, &wills, "will");
    peer_open(f, &old);
    peer_connect_will(&old, "lamp", false, 1, false);
    peer_settle(&old);
    peer_subscribe(&old, 1, "t", 1);
    peer_settle(&old);
    publish(f, "t", "1", 1);
    turns(f, 3);
    assert_peer(&old, "connack:0 suback#1:1 t=1/1#2 ");
    peer_open(f, &new);
    peer_connect(&new, "lamp", false);
    peer_settle(&new);
    assert_peer(&old, "end");
    assert_int_equal(wills.count, 1);
    publish(f, "t", "2", 1);
    turns(f, 3);
    assert_peer(&new, "connack:0+ t=1/1d#2 t=2/1#3 ");
    peer_close(&old);
    peer_close(&new);
    settle(f);
    assert_int_equal(wills.count, 1); /* the newcomer had none */
    service_stop(&wills);
}

/* [MQTT-3.1.4-2], [MQTT-3.1.4-3]: what the newcomer finds follows from both of them: a session only if both keep it. */
static void newcomer_of_each_kind(void **state)
{
    struct fixture *f = *state;
    for (int kinds = 0; kinds < 4; kinds++) {
        struct peer old = { 0 }, new = { 0 };
        bool old_clean = kinds & 1, new_clean = kinds & 2;
        bool goes_on = !old_clean && !new_clean;
        peer_start(f, &old, "lamp", old_clean);
        peer_subscribe(&old, 1, "t", 1);
        peer_settle(&old);
        publish(f, "t", "1", 1);
        turns(f, 3);
        assert_peer(&old, "suback#1:1 t=1/1#2 ");
        peer_open(f, &new);
        peer_connect(&new, "lamp", new_clean);
        peer_settle(&new);
        publish(f, "t", "2", 1);
        turns(f, 3);
        assert_peer(&old, "end");
        assert_peer(&new, goes_on ? "connack:0+ t=1/1d#2 t=2/1#3 " : "connack:0 ");
        assert_int_equal(sessions_count(hub_sessions(f->hub)), 1);
        peer_close(&old);
        peer_close(&new);
        peer_start(f, &new, "lamp", true);
        peer_close(&new);
        settle(f);
    }
}

/* Many of them at once: the last one stays. */
static void newcomers_in_a_row(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    struct peer peers[20] = { 0 };
    service_start(f, &wills, "will");
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        struct buf packet = { 0 };
        peer_open(f, &peers[i]);
        mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                             .clean_session = i % 3 == 0,
                                                             .client_id = SLICE_LIT("lamp"),
                                                             .will = true,
                                                             .will_topic = SLICE_LIT("will"),
                                                             .will_payload = SLICE_LIT("bye") });
        peer_put(&peers[i], packet.data, packet.len); /* all in the same turn */
        buf_deinit(&packet);
    }
    settle(f);
    turns(f, 10);
    settle(f);
    turns(f, 10);
    int up = 0;
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        up += !peers[i].ended;
    assert_int_equal(up, 1);
    assert_int_equal(wills.count, ARRAY_LEN(peers) - 1);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 1);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        peer_close(&peers[i]);
    assert_int_equal(wills.count, ARRAY_LEN(peers));
    service_stop(&wills);
}

/* A will that its own session would get goes to the newcomer, if it keeps the session. */
static void will_of_the_old_connection_may_reach_the_new(void **state)
{
    struct fixture *f = *state;
    struct peer old = { 0 }, new = { 0 };
    peer_open(f, &old);
    peer_connect_will(&old, "lamp", false, 1, false);
    peer_settle(&old);
    peer_subscribe(&old, 1, "will", 1);
    peer_settle(&old);
    peer_open(f, &new);
    peer_connect(&new, "lamp", false);
    peer_settle(&new);
    assert_peer(&new, "connack:0+ will=bye/1#2 ");
    peer_close(&old);
    peer_close(&new);
}

/* ---- wills ---- */

enum end {
    CLOSE,
    BREAK,
    MALFORMED,
    BAD_DISCONNECT,
    TOO_LARGE,
    KEEP_ALIVE,
    TAKE_OVER,
    DENIED,
    SHUTDOWN,
    LATE_PUBREL,
    ENDS
};

static void end_abnormally(struct fixture *f, struct peer *lamp, enum end end)
{
    struct peer other = { 0 };
    switch (end) {
    case CLOSE:
        stream_close(lamp->stream, false, NULL);
        lamp->stream = NULL;
        break;
    case BREAK:
        stream_pair_break(lamp->stream, -ECONNRESET);
        break;
    case MALFORMED:
        peer_send(lamp, BYTES("\x36\x05\x00\x01t\x00\x01"));
        break;
    case BAD_DISCONNECT:
        peer_send(lamp, BYTES("\xe1\x00"));
        break;
    case TOO_LARGE:
        peer_send(lamp, BYTES("\x30\xff\xff\x7f"));
        break;
    case KEEP_ALIVE:
        clock_fake_advance(SECONDS(15));
        break;
    case TAKE_OVER:
        peer_start(f, &other, "lamp", true);
        peer_send(&other, disconnect, 2);
        peer_close(&other);
        break;
    case DENIED:
        auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
        peer_publish(lamp, "denied", "x", 0, 0);
        break;
    case SHUTDOWN:
        front_close_all(front);
        break;
    case LATE_PUBREL:
        peer_send(lamp, BYTES("\x60\x02\x00\x01"));
        break;
    case ENDS:
        break;
    }
    turns(f, 8);
}

static void connect_with_will(struct fixture *f, struct peer *lamp, uint8_t qos, bool retain)
{
    struct buf packet = { 0 };
    mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                         .clean_session = true,
                                                         .keep_alive = 10,
                                                         .client_id = SLICE_LIT("lamp"),
                                                         .will = true,
                                                         .will_qos = qos,
                                                         .will_retain = retain,
                                                         .will_topic = SLICE_LIT("will"),
                                                         .will_payload = SLICE_LIT("bye") });
    peer_open(f, lamp);
    peer_send_buf(lamp, &packet);
    assert_peer(lamp, "connack:0 ");
}

/* [MQTT-3.1.2-8], [MQTT-3.1.2-10]: the will is published once, whatever has ended the connection. */
static void will_after_each_abnormal_end(void **state)
{
    struct fixture *f = *state;
    for (enum end end = CLOSE; end < ENDS; end++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &wills, "will");
        connect_with_will(f, &lamp, 0, false);
        end_abnormally(f, &lamp, end);
        if (strcmp(buf_str(&wills.log), "will=bye ") != 0)
            fail_msg("end %d: wills: %s", end, buf_str(&wills.log));
        peer_close(&lamp);
        peer_start(f, &lamp, "lamp", true); /* it is not left for the next connection */
        stream_pair_break(lamp.stream, -ECONNRESET);
        turns(f, 5);
        peer_close(&lamp);
        assert_int_equal(wills.count, 1);
        service_stop(&wills);
    }
}

/* [MQTT-3.14.4-3], [MQTT-3.1.2-8], [MQTT-3.1.2-10]: DISCONNECT takes the will away; the session of a will that came
 * back is without one too. [MQTT-3.1.2-12]: no flag, no will. */
static void no_will_after_disconnect(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &wills, "#");
    connect_with_will(f, &lamp, 2, true);
    peer_send(&lamp, disconnect, 2);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
    peer_open(f, &lamp);
    peer_connect_will(&lamp, "lamp", false, 1, true);
    peer_settle(&lamp);
    peer_send(&lamp, disconnect, 2);
    peer_close(&lamp);
    for (int i = 0; i < 2; i++) {
        peer_start(f, &lamp, "lamp", i == 1);
        stream_pair_break(lamp.stream, -ECONNRESET);
        turns(f, 5);
        peer_close(&lamp);
    }
    settle(f);
    assert_int_equal(wills.count, 0);
    assert_int_equal(hub_retained_count(f->hub), 0);
    service_stop(&wills);
}

/* [MQTT-3.1.2-9], [MQTT-3.1.2-14], [MQTT-3.1.2-16], [MQTT-3.1.2-17]: a will has the QoS and the retain flag that
 * CONNECT gave it. */
static void will_has_its_qos_and_retain_flag(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        for (int retain = 0; retain <= 1; retain++) {
            struct peer lamp = { 0 }, watch = { 0 };
            char expected[64];
            peer_start(f, &watch, "watch", true);
            peer_subscribe(&watch, 1, "will", 2);
            connect_with_will(f, &lamp, qos, retain);
            stream_pair_break(lamp.stream, -ECONNRESET);
            turns(f, 5);
            settle(f);
            snprintf(expected, sizeof expected, "suback#1:2 will=bye/%d%s ", qos, qos ? "#2" : "");
            assert_peer(&watch, expected);
            peer_subscribe(&watch, 2, "will", 0);
            assert_peer(&watch, retain ? "suback#2:0 will=bye/0r " : "suback#2:0 ");
            peer_retain(&watch, "will", "", 0, 0);
            peer_close(&lamp);
            peer_close(&watch);
        }
    }
}

/* [MQTT-3.14.4-1], [MQTT-3.14.4-2]: what a client sends behind its DISCONNECT is not heard. */
static void nothing_behind_disconnect(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    service_start(f, &all, "#");
    peer_start(f, &lamp, "lamp", true);
    put_disconnect(&packets);
    put_publish(&packets, "t", "x", 1, 1, false);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "end");
    assert_int_equal(all.count, 0);
    service_stop(&all);
    peer_close(&lamp);
}

/* ---- keep-alive ---- */

static void connect_alive(struct fixture *f, struct peer *lamp, uint16_t seconds)
{
    struct buf packet = { 0 };
    peer_open(f, lamp);
    put_connect(&packet, "lamp", true, seconds);
    peer_send_buf(lamp, &packet);
    assert_peer(lamp, "connack:0 ");
}

/* [MQTT-3.1.2-23], [MQTT-3.1.2-24], [MQTT-3.12.4-1]: any packet counts, for one and a half times. */
static void keep_alive_ends_a_silent_connection(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    connect_alive(f, &lamp, 10);
    for (int i = 0; i < 4; i++) {
        clock_fake_advance(14999);
        turns(f, 3);
        if (i % 2)
            peer_send(&lamp, ping, 2);
        else
            peer_publish(&lamp, "t", "x", 1, 1);
    }
    assert_peer(&lamp, "puback#1 pingresp puback#1 pingresp ");
    clock_fake_advance(14999);
    turns(f, 3);
    assert_peer(&lamp, "");
    clock_fake_advance(1);
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
    connect_alive(f, &lamp, 0); /* for ever */
    clock_fake_advance(DAYS(30));
    turns(f, 5);
    assert_peer(&lamp, "");
    peer_close(&lamp);
    connect_alive(f, &lamp, 65535);
    clock_fake_advance(SECONDS(98302));
    turns(f, 5);
    assert_peer(&lamp, "");
    clock_fake_advance(SECONDS(1));
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

/* [MQTT-3.1.2-24]: it takes a packet, a byte of one now and then is none … */
static void sips_do_not_keep_alive(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    connect_alive(f, &lamp, 10);
    peer_send(&lamp, "\x30\x7f\x00\x01t", 5);
    for (int i = 0; i < 3; i++) {
        clock_fake_advance(4999);
        turns(f, 3);
        peer_send(&lamp, "x", 1);
    }
    assert_false(lamp.ended);
    clock_fake_advance(3);
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

/* … but one that is long and comes slowly is no silence. */
static void long_packet_on_a_slow_line_keeps_alive(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packet = { 0 };
    char payload[4001];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    put_publish(&packet, "t", payload, 1, 7, false);
    connect_alive(f, &lamp, 10);
    for (size_t at = 0; at < packet.len; at += 1100) {
        clock_fake_advance(SECONDS(14));
        turns(f, 3);
        peer_send(&lamp, packet.data + at, packet.len - at < 1100 ? packet.len - at : 1100);
    }
    assert_peer(&lamp, "puback#7 ");
    buf_deinit(&packet);
    peer_close(&lamp);
}

/* [MQTT-3.1.2-24]: a client that only listens is silent too. */
static void listening_is_not_speaking(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char payload[2001];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    connect_alive(f, &lamp, 10);
    peer_subscribe(&lamp, 1, "t", 0);
    stream_pair_set_window(lamp.stream, 3000);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 20; j++)
            publish(f, "t", payload, 0); /* more than the output takes: it drains below its mark */
        turns(f, 60);
        clock_fake_advance(SECONDS(5));
        turns(f, 3);
    }
    assert_true(lamp.ended);
    peer_close(&lamp);
}

/* ---- MQTT 3.1 ---- */

#define CONNECT31(len, flags, rest) "\x10" len "\x00\x06MQIsdp\x03" flags "\x00\x00" rest
#define LAMP                        "\x00\x04lamp"

static void start31(struct fixture *f, struct peer *lamp, bool clean)
{
    peer_open(f, lamp);
    if (clean)
        peer_send(lamp, BYTES(CONNECT31("\x12", "\x02", LAMP)));
    else
        peer_send(lamp, BYTES(CONNECT31("\x12", "\x00", LAMP)));
    peer_settle(lamp);
    assert_peer(lamp, "connack:0 ");
}

/* MQTT 3.1, section 3.2: the first byte of CONNACK's body is reserved there, so it does not tell of the session,
 * which goes on all the same. */
static void mqtt31_session_goes_on(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start31(f, &lamp, false);
    peer_subscribe(&lamp, 1, "t", 2);
    peer_settle(&lamp);
    peer_close(&lamp);
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 2);
    peer_open(f, &lamp);
    peer_send(&lamp, BYTES(CONNECT31("\x12", "\x00", LAMP)));
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0 t=1/1#2 t=2/2#3 ");
    peer_send(&lamp, BYTES("\x40\x02\x00\x02\x50\x02\x00\x03"));
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#3 ");
    peer_close(&lamp);
}

/* MQTT 3.1, section 3.1: no empty identifier; up to 23 bytes, and we are as lenient as with 3.1.1. */
static void mqtt31_client_ids(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
        const char *answer;
    } cases[] = {
        { BYTES(CONNECT31("\x0e", "\x02", "\x00\x00")), "connack:2 end" },
        { BYTES(CONNECT31("\x0e", "\x00", "\x00\x00")), "connack:2 end" },
        { BYTES(CONNECT31("\x0f", "\x02", "\x00\x01x")), "connack:0 " },
        { BYTES(CONNECT31("\x26", "\x02",
                          "\x00\x18"
                          "abcdefghijklmnopqrstuvwx")),
          "connack:0 " },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_send(&lamp, cases[i].packet, cases[i].len);
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
}

/* MQTT 3.1, section 3.1: without the will flag, will QoS and retain are disregarded; the reserved bit is unused. User
 * name and password that do not fit into the remaining length are not there. */
static void mqtt31_flags_that_are_disregarded(void **state)
{
    struct fixture *f = *state;
    static const char flags[] = {
        0x02, 0x03, 0x0a, 0x12, 0x1a, 0x22, 0x3b, (char)0x82, (char)0xc2
    };
    for (size_t i = 0; i < sizeof flags; i++) {
        struct peer lamp = { 0 };
        char packet[] = CONNECT31("\x12", "\x02", LAMP);
        packet[11] = flags[i];
        peer_open(f, &lamp);
        peer_send(&lamp, packet, sizeof packet - 1);
        const char *log = peer_log(&lamp);
        if (strcmp(log, "connack:0 ") != 0) fail_msg("flags %02x: %s", (uint8_t)flags[i], log);
        peer_close(&lamp);
    }
}

/* MQTT 3.1, sections 3.8 and 3.9: there is no code for a refusal. So it is answered as if it were granted, and nothing
 * is subscribed. */
static void mqtt31_refused_subscription_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct mqtt_filter filters[] = { { SLICE_LIT("denied"), 2 }, { SLICE_LIT("t"), 1 } };
    struct buf packet = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    start31(f, &lamp, true);
    peer_retain(&lamp, "denied", "kept", 0, 0);
    put_request(&packet, MQTT_TYPE_subscribe, 5, filters, 2);
    peer_send_buf(&lamp, &packet);
    peer_publish(&lamp, "denied", "x", 1, 1);
    peer_publish(&lamp, "t", "y", 1, 2);
    assert_peer(&lamp, "suback#5:2:1 puback#1 t=y/1#2 puback#2 ");
    peer_close(&lamp);
}

/* MQTT 3.1, section 2.1: requests are repeated with DUP. */
static void mqtt31_repeats_requests_with_dup(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "t");
    start31(f, &lamp, true);
    peer_send(&lamp, BYTES("\x82\x06\x00\x01\x00\x01u\x01\x8a\x06\x00\x01\x00\x01u\x01"));
    peer_send(&lamp, BYTES("\x34\x06\x00\x01t\x00\x05x\x3c\x06\x00\x01t\x00\x05x"));
    peer_send(&lamp, BYTES("\x62\x02\x00\x05\x6a\x02\x00\x05"));
    peer_send(&lamp, BYTES("\xa2\x05\x00\x02\x00\x01u\xaa\x05\x00\x02\x00\x01u"));
    assert_peer(&lamp, "suback#1:1 suback#1:1 pubrec#5 pubrec#5 pubcomp#5 pubcomp#5 "
                       "unsuback#2 unsuback#2 ");
    assert_int_equal(all.count, 1);
    service_stop(&all);
    peer_close(&lamp);
}

/* A will, a retained message, each QoS: as with 3.1.1. */
static void mqtt31_delivers_as_311(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &wills, "will");
    peer_open(f, &lamp);
    peer_send(&lamp, BYTES(CONNECT31("\x1d", "\x2e",
                                     LAMP "\x00\x04will\x00\x03"
                                          "bye")));
    peer_retain(&lamp, "t", "kept", 1, 1);
    peer_settle(&lamp);
    peer_subscribe(&lamp, 2, "t", 2);
    for (uint8_t qos = 0; qos <= 2; qos++)
        peer_publish(&lamp, "t", "x", qos, (uint16_t)(10 + qos));
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0 puback#1 suback#2:2 t=kept/1r#2 t=x/0 t=x/1#3 puback#11 "
                       "t=x/2#4 pubrec#12 ");
    stream_pair_break(lamp.stream, -ECONNRESET);
    turns(f, 5);
    assert_string_equal(buf_str(&wills.log), "will=bye ");
    assert_int_equal(hub_retained_count(f->hub), 2);
    service_stop(&wills);
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(first_packet_is_connect),
        TEST(second_connect_ends_the_connection),
        TEST(unknown_protocols_are_refused),
        TEST(nothing_is_processed_behind_a_refusal),
        TEST(connack_comes_first),
        TEST(client_ids_that_must_be_allowed),
        TEST(longest_client_id),
        TEST(empty_client_ids),
        TEST(sessions_are_told_apart_by_client_id),
        TEST(kept_session_goes_on),
        TEST(clean_session_starts_anew),
        TEST(session_present_tells),
        TEST(retained_messages_outlive_their_session),
        TEST(newcomer_takes_over),
        TEST(newcomer_of_each_kind),
        TEST(newcomers_in_a_row),
        TEST(will_of_the_old_connection_may_reach_the_new),
        TEST(will_after_each_abnormal_end),
        TEST(no_will_after_disconnect),
        TEST(will_has_its_qos_and_retain_flag),
        TEST(nothing_behind_disconnect),
        TEST(keep_alive_ends_a_silent_connection),
        TEST(sips_do_not_keep_alive),
        TEST(long_packet_on_a_slow_line_keeps_alive),
        TEST(listening_is_not_speaking),
        TEST(mqtt31_session_goes_on),
        TEST(mqtt31_client_ids),
        TEST(mqtt31_flags_that_are_disregarded),
        TEST(mqtt31_refused_subscription_is_acknowledged),
        TEST(mqtt31_repeats_requests_with_dup),
        TEST(mqtt31_delivers_as_311),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
