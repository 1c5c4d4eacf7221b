/* test_mqtt5_connect.c — MQTT 5.0, sections 3.1, 3.2 and 4.1, statement by statement: who may connect and how, the life
 * of a session, wills, keep-alive, and what a client says of itself in CONNECT. */
#include "mqtt_peer5.h"

#include "base/err.h"

#include <sqlite3.h>

/* What this hub has to say for itself: peer_setup. */
#define UP      "connack:0{maximum_packet_size=4096} "
#define PRESENT "connack:0+{maximum_packet_size=4096} "

static const char ping[] = { (char)0xc0, 0 };

/* Opens and connects, with the client id "lamp" when there is none. */
static void connect_so(struct fixture *f, struct peer *peer, struct mqtt_connect connect)
{
    if (!connect.client_id.ptr) connect.client_id = SLICE_LIT("lamp");
    peer_open(f, peer);
    peer5_connect_as(peer, &connect);
    peer_settle(peer);
}

static void connect_lamp(struct fixture *f, struct peer *peer, bool clean_start,
                         const char *properties)
{
    connect_so(
        f, peer,
        (struct mqtt_connect){ .clean_session = clean_start, .properties = props(properties) });
}

/* The line breaks. */
static void break_line(struct fixture *f, struct peer *peer)
{
    stream_pair_break(peer->stream, -ECONNRESET);
    turns(f, 5);
    peer_close(peer);
    settle(f);
}

static void pass(struct fixture *f, int64_t ms)
{
    clock_fake_advance(ms);
    turns(f, 8);
}

/* ---- the first packet ---- */

/* [MQTT-3.1.0-2], [MQTT-3.2.0-2]: a second CONNECT is a protocol error, also when it is the same one: no second CONNACK,
 * but the will. */
static void second_connect_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &wills, "will");
    peer_open(f, &lamp);
    peer5_connect_will(&lamp, "lamp", "", "");
    peer5_connect_will(&lamp, "lamp", "", "");
    assert_peer(&lamp, UP "disconnect:82{why} end");
    assert_non_null(strstr(lamp.why, "MQTT-3.1.0-2"));
    assert_int_equal(wills.count, 1);
    service_stop(&wills);
    peer_close(&lamp);
}

/* [MQTT-3.1.2-1]: under another name nothing is said. [MQTT-3.1.2-2]: a level that there is not is told with 0x84. */
static void unknown_protocols_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
        const char *answer;
    } cases[] = {
        { BYTES("\x10\x0e\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x01x"), "end" },
        { BYTES("\x10\x0e\x00\x04mqtt\x05\x02\x00\x00\x00\x00\x01x"), "end" },
        { BYTES("\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01x"), UP },
        { BYTES("\x10\x0e\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x01x"), "connack:84{why} end" },
        { BYTES("\x10\x0e\x00\x04MQTT\x07\x02\x00\x00\x00\x00\x01x"), "connack:84{why} end" },
        { BYTES("\x10\x0e\x00\x04MQTT\x7f\x02\x00\x00\x00\x00\x01x"), "connack:84{why} end" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        lamp.level = MQTT_LEVEL_5;
        peer_send(&lamp, cases[i].packet, cases[i].len);
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.4-1], [MQTT-3.1.2-3]: what breaks the rules is told and closed. [MQTT-3.2.2-6], [MQTT-3.2.2-7]: a refusal
 * has no session, though there is one, which stays. */
static void malformed_connect_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
        const char *answer;
    } cases[] = {
        { BYTES("\x10\x11\x00\x04MQTT\x05\x01\x00\x00\x00\x00\x04lamp"), "connack:81{why} end" },
        { BYTES("\x10\x17\x00\x04MQTT\x05\x00\x00\x00\x06\x21\x00\x01\x21\x00\x01\x00\x04lamp"),
          "connack:82{why} end" },
        { BYTES("\x10\x14\x00\x04MQTT\x05\x00\x00\x00\x03\x21\x00\x00\x00\x04lamp"),
          "connack:82{why} end" },
        { BYTES("\x10\x16\x00\x04MQTT\x05\x00\x00\x00\x05\x27\x00\x00\x00\x00\x00\x04lamp"),
          "connack:82{why} end" },
    };
    struct peer lamp = { 0 };
    connect_lamp(f, &lamp, true, "session_expiry=100");
    assert_peer(&lamp, UP);
    peer_close(&lamp);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        peer_open(f, &lamp);
        lamp.level = MQTT_LEVEL_5;
        peer_send(&lamp, cases[i].packet, cases[i].len);
        assert_peer(&lamp, cases[i].answer); /* no "+": session present is 0 */
        peer_close(&lamp);
    }
    connect_lamp(f, &lamp, false, "");
    assert_peer(&lamp, PRESENT);
    peer_close(&lamp);
}

/* [MQTT-3.1.4-2]: who may not connect is told so and closed; who may is not. */
static void login_is_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *user, *password, *answer;
    } cases[] = { { "nobody", "x", "connack:86{why} end" },
                  { AUTH_FAKE_USER, "x", "connack:86{why} end" },
                  { AUTH_FAKE_USER, AUTH_FAKE_PASSWORD, UP } };
    struct peer lamp = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        connect_so(f, &lamp,
                   (struct mqtt_connect){ .has_username = true,
                                          .has_password = true,
                                          .username = slice_str(cases[i].user),
                                          .password = slice_str(cases[i].password) });
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_CONNECT, "lamp");
    connect_lamp(f, &lamp, true, "");
    assert_peer(&lamp, "connack:87 end");
    peer_close(&lamp);
    peer5_start(f, &lamp, "plug", true, "");
    peer_close(&lamp);
}

/* Nothing is committed from now on; and this was seen to fail; and everything is again. */
static void hold_store(void)
{
    vfs_fault_fail_from(1, SQLITE_FULL);
}

static void await_failure(struct fixture *f)
{
    for (int i = 0; i < 1000 && !store_failing(f->store); i++)
        loop_turn_wait(f->loop, 5);
    assert_true(store_failing(f->store));
}

static void heal_store(struct fixture *f)
{
    vfs_fault_heal();
    pass(f, 500); /* it tries again */
    settle(f);
    turns(f, 5);
}

/* [MQTT-3.1.4-5], [MQTT-3.2.0-1]: CONNACK is the first packet that the client gets, whatever waits, and however long it
 * waits itself. */
static void connack_comes_first(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    for (int turn = 0; turn < 2; turn++) { /* a session that is new, and one with a message */
        struct buf packets = { 0 };
        mqtt_encode_connect(&packets,
                            &(struct mqtt_connect){ .level = MQTT_LEVEL_5,
                                                    .client_id = SLICE_LIT("lamp"),
                                                    .properties = props("session_expiry=100") });
        buf_append(&packets, BYTES("\x82\x07\x00\x01\x00\x00\x01t\x01"));
        buf_append(&packets, BYTES("\x32\x07\x00\x01u\x00\x02\x00x"));
        buf_append(&packets, ping, 2);
        peer_open(f, &lamp);
        lamp.level = MQTT_LEVEL_5;
        if (turn == 0) hold_store();
        peer_send_buf(&lamp, &packets);
        if (turn == 0) {
            await_failure(f);
            assert_peer(&lamp, ""); /* nothing overtakes what waits for its commit */
        }
        heal_store(f);
        assert_peer(&lamp, turn == 0 ? UP "pingresp suback#1:1 puback#2:10 "
                                     : PRESENT "suback#1:1 puback#2:10 pingresp t=waits/1#2 ");
        peer_close(&lamp);
        publish(f, "t", "waits", 1);
        settle(f);
    }
}

/* [MQTT-3.14.0-1]: before CONNACK there is no DISCONNECT, whatever happens. */
static void no_disconnect_before_connack(void **state)
{
    struct fixture *f = *state;
    enum { SHUTDOWN, REVOKED, TOO_LATE, CASES };
    static const char *const answers[CASES] = { "end", "end", "connack:88{why} end" };
    for (int i = 0; i < CASES; i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        hold_store();
        peer5_connect(&lamp, "lamp", true, "session_expiry=100");
        await_failure(f);
        assert_peer(&lamp, ""); /* it waits for the commit */
        if (i == SHUTDOWN)
            front_close_all(front);
        else if (i == REVOKED)
            auth_fake_revoke(auth_fake_last(f->auth));
        else
            clock_fake_advance(CONNECT_MS);
        turns(f, 8);
        assert_peer(&lamp, answers[i]);
        heal_store(f);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
    }
}

/* Whoever waits for the store in vain is told so in what it takes [MQTT-3.1.2-24], [MQTT-3.2.2-19], and the hub does not
 * say that the client was to blame. */
static void too_late_is_our_fault(void **state)
{
    struct fixture *f = *state;
    struct service presence = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &presence, "$aws/events/presence/disconnected/#");
    peer_open(f, &lamp);
    hold_store();
    peer5_connect(&lamp, "lamp", true, "session_expiry=100 maximum_packet_size=12");
    await_failure(f);
    clock_fake_advance(CONNECT_MS);
    turns(f, 8);
    assert_peer(&lamp, "connack:88 end");
    heal_store(f);
    assert_int_equal(presence.count, 1);
    assert_non_null(strstr(buf_str(&presence.log), "\"SERVER_ERROR\""));
    service_stop(&presence);
    peer_close(&lamp);
}

/* Section 3.2.2.3.6: a connection may send as much as it was told, also when those that come now may send less. */
static void maximum_packet_size_holds(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    struct buf payload = { 0 };
    for (int i = 0; i < 2000; i++)
        buf_putc(&payload, 'x');
    connect_lamp(f, &lamp, true, "");
    assert_peer(&lamp, UP);
    front_opts.max_packet = 1024;
    front_set_opts(front, &front_opts);
    peer5_publish(&lamp, "t", buf_str(&payload), 1, 1, NULL);
    assert_peer(&lamp, "puback#1:10 ");
    peer_open(f, &pump);
    peer5_connect(&pump, "pump", true, "");
    assert_peer(&pump, "connack:0{maximum_packet_size=1024} ");
    peer5_publish(&pump, "t", buf_str(&payload), 1, 1, NULL);
    assert_peer(&pump, "disconnect:95{why} end");
    buf_deinit(&payload);
    peer_close(&lamp);
    peer_close(&pump);
}

/* [MQTT-3.1.4-6]: what stands behind a CONNECT that is refused is not looked at. */
static void nothing_is_processed_behind_a_refusal(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_CONNECT, "lamp");
    service_start(f, &all, "#");
    peer_open(f, &lamp);
    stream_pair_set_window(lamp.stream, 1 << 16);
    struct buf packets = { 0 };
    mqtt_encode_connect(
        &packets, &(struct mqtt_connect){ .level = MQTT_LEVEL_5, .client_id = SLICE_LIT("lamp") });
    buf_append(&packets, BYTES("\x82\x07\x00\x01\x00\x00\x01t\x01"));
    buf_append(&packets, BYTES("\x31\x06\x00\x01t\x00xy"));
    lamp.level = MQTT_LEVEL_5;
    peer_send_buf(&lamp, &packets);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:87 end");
    assert_int_equal(all.count, 0);
    assert_int_equal(hub_retained_count(f->hub), 0);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    service_stop(&all);
    peer_close(&lamp);
}

/* ---- client identifiers ---- */

/* [MQTT-3.1.3-2]: the identifier is what a session is found by. */
static void sessions_are_told_apart_by_client_id(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = { "lamp", "Lamp" };
    struct peer peer = { 0 };
    char expected[128];
    for (int i = 0; i < 2; i++) {
        peer5_start(f, &peer, ids[i], false, "session_expiry=100");
        peer5_subscribe(&peer, 1, ids[i], "1", "");
        peer_settle(&peer);
        peer_close(&peer);
    }
    publish(f, "lamp", "1", 1);
    publish(f, "Lamp", "2", 1);
    settle(f);
    for (int i = 0; i < 2; i++) {
        peer_open(f, &peer);
        peer5_connect(&peer, ids[i], false, "session_expiry=100");
        peer_settle(&peer);
        snprintf(expected, sizeof expected, PRESENT "%s=%d/1#2 ", ids[i], i + 1);
        assert_peer(&peer, expected);
        peer_close(&peer);
    }
}

/* [MQTT-3.1.3-5]: 1 to 23 letters and digits are allowed, and are what the client is called. */
static void client_ids_that_must_be_allowed(void **state)
{
    struct fixture *f = *state;
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char id[24];
    for (size_t first = 0; first < sizeof letters - 1; first++) {
        struct peer lamp = { 0 };
        size_t len = first % 23 + 1;
        for (size_t i = 0; i < len; i++)
            id[i] = letters[(first + i) % (sizeof letters - 1)];
        id[len] = '\0';
        peer_open(f, &lamp);
        peer5_connect(&lamp, id, true, "");
        assert_peer(&lamp, UP); /* and no assigned identifier */
        peer_close(&lamp);
    }
}

/* The one in CONNACK, which is the whole of what came. */
static void assigned_id(struct peer *peer, char id[32])
{
    static const char begin[] = "connack:0{assigned_client_id=auto-";
    const char *log = peer_log(peer);
    if (strncmp(log, begin, sizeof begin - 1) != 0) fail_msg("%s", log);
    const char *at = log + sizeof begin - 1 - 5;
    size_t len = strcspn(at, " }");
    assert_int_equal(len, 5 + 16);
    assert_int_equal(strspn(at + 5, "0123456789abcdef"), 16);
    snprintf(id, 32, "%.*s", (int)len, at);
}

/* [MQTT-3.1.3-6], [MQTT-3.1.3-7], [MQTT-3.2.2-16]: without an identifier a client is given one that nobody else has, and
 * is told; with it, it comes back to its session. */
static void empty_client_id_is_assigned(void **state)
{
    struct fixture *f = *state;
    struct peer peers[4] = { 0 };
    char ids[4][32];
    for (int i = 0; i < 4; i++) {
        peer_open(f, &peers[i]);
        peer5_connect(&peers[i], "", i % 2, i == 3 ? "session_expiry=100" : "");
        peer_settle(&peers[i]);
        assigned_id(&peers[i], ids[i]);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
    }
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 4);
    for (int i = 0; i < 4; i++)
        peer_close(&peers[i]);
    connect_so(f, &peers[0], (struct mqtt_connect){ .client_id = slice_str(ids[3]) });
    assert_peer(&peers[0], PRESENT);
    peer_close(&peers[0]);
}

/* [MQTT-3.1.3-8]: an identifier that we do not take is told with 0x85. */
static void longest_client_id(void **state)
{
    struct fixture *f = *state;
    char id[258];
    memset(id, 'x', sizeof id);
    for (size_t len = 256; len <= 257; len++) {
        struct peer lamp = { 0 };
        id[len] = '\0';
        peer_open(f, &lamp);
        peer5_connect(&lamp, id, true, "");
        assert_peer(&lamp, len == 256 ? UP : "connack:85{why} end");
        peer_close(&lamp);
        id[len] = 'x';
    }
}

/* ---- sessions ---- */

/* [MQTT-3.1.2-4], [MQTT-3.1.4-4], [MQTT-3.2.2-2]: with clean start what was there is gone. */
static void clean_start_starts_anew(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    connect_lamp(f, &lamp, true, "session_expiry=100");
    peer5_subscribe(&lamp, 1, "t", "1", "");
    peer_settle(&lamp);
    assert_peer(&lamp, UP "suback#1:1 ");
    peer_close(&lamp);
    publish(f, "t", "waits", 1);
    settle(f);
    connect_lamp(f, &lamp, true, "session_expiry=100");
    publish(f, "t", "not subscribed", 1);
    turns(f, 3);
    assert_peer(&lamp, UP);
    peer_close(&lamp);
}

/* [MQTT-3.1.2-5], [MQTT-3.2.2-3]: a session that is there goes on. [MQTT-3.1.2-6]: where there is none, a new one begins.
 * [MQTT-3.1.2-23]: it is kept behind the end of the line as long as its client asks; without an expiry not at all.
 * [MQTT-4.1.0-1]: and never ends while the client is there, however short the expiry. */
static void session_goes_on(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    connect_lamp(f, &lamp, false, "session_expiry=100");
    peer5_subscribe(&lamp, 1, "t", "1", "");
    peer_settle(&lamp);
    assert_peer(&lamp, UP "suback#1:1 "); /* unknown, and works */
    break_line(f, &lamp);
    publish(f, "t", "1", 1);
    pass(f, SECONDS(99));
    connect_lamp(f, &lamp, false, "session_expiry=1");
    assert_peer(&lamp, PRESENT "t=1/1#2 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    pass(f, HOURS(1));
    publish(f, "t", "2", 0);
    turns(f, 3);
    assert_peer(&lamp, "t=2/0 ");
    break_line(f, &lamp);
    pass(f, MINUTES(2));
    connect_lamp(f, &lamp, false, ""); /* no expiry: none */
    assert_peer(&lamp, UP);
    break_line(f, &lamp);
    connect_lamp(f, &lamp, false, "");
    assert_peer(&lamp, UP);
    peer_close(&lamp);
}

/* [MQTT-3.1.2-5], [MQTT-3.2.2-3]: whichever level it began with. What is subscribed, what waits, and the states of QoS 2
 * are the same; 3.1.1 just does not see what it has no words for. */
static void session_goes_on_across_versions(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", false); /* 3.1.1 */
    peer_subscribe(&lamp, 1, "t", 2);
    peer_publish(&lamp, "u", "x", 2, 9);
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#1:2 pubrec#9 ");
    publish(f, "t", "1", 2);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=1/2#2 ");
    peer_close(&lamp);
    publish(f, "t", "2", 1);
    settle(f);
    connect_lamp(f, &lamp, false, "session_expiry=100");
    assert_peer(&lamp, PRESENT "t=1/2d#2 t=2/1#3 ");
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 2, 0);
    peer_settle(&lamp);
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 9, 0);
    peer_settle(&lamp);
    peer5_subscribe(&lamp, 4, "v", "1", "subscription_id=7");
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#2 pubcomp#9 suback#4:1 ");
    peer_close(&lamp);
    publish(f, "v", "3", 1);
    settle(f);
    lamp.level = 0;
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ pubrel#2 t=2/1d#3 v=3/1#4 ");
    peer_close(&lamp);
}

/* Section 3.2.2.3.2: what the hub does not keep as long as it is asked to, it says. */
static void session_expiry_is_bounded(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *asked, *answer;
    } cases[] = {
        { "session_expiry=3600", UP }, /* what the fixture allows */
        { "session_expiry=3601", "connack:0{session_expiry=3600 maximum_packet_size=4096} " },
        { "session_expiry=4294967295", "connack:0{session_expiry=3600 maximum_packet_size=4096} " },
        { "session_expiry=0", UP },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        connect_lamp(f, &lamp, true, cases[i].asked);
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.4-3]: one connection a client; the old one is told, if its level has words for it. */
static void newcomer_takes_over(void **state)
{
    struct fixture *f = *state;
    for (int kinds = 0; kinds < 3; kinds++) {
        struct peer old = { 0 }, new = { 0 };
        bool old_five = kinds != 2, new_five = kinds != 1;
        if (old_five)
            peer5_start(f, &old, "lamp", true, "");
        else
            peer_start(f, &old, "lamp", true);
        if (new_five)
            peer5_start(f, &new, "lamp", true, "");
        else
            peer_start(f, &new, "lamp", true);
        assert_peer(&old, old_five ? "disconnect:8e end" : "end");
        peer_send(&new, ping, 2);
        assert_peer(&new, "pingresp ");
        peer_close(&old);
        peer_close(&new);
    }
}

/* ---- wills ---- */

enum end { BREAK, KEEP_ALIVE, ERROR, WITH_WILL, TAKEN_OVER, SHUT_DOWN, ENDS };

static void end_abnormally(struct fixture *f, struct peer *lamp, enum end end)
{
    struct peer other = { 0 };
    switch (end) {
    case BREAK:
        stream_pair_break(lamp->stream, -ECONNRESET);
        break;
    case KEEP_ALIVE:
        clock_fake_advance(SECONDS(15));
        break;
    case ERROR:
        peer_send(lamp, BYTES("\x30\x04\x00\x01#\x00"));
        break;
    case WITH_WILL:
        peer5_disconnect(lamp, MQTT_REASON_DISCONNECT_WITH_WILL, "");
        break;
    case TAKEN_OVER:
        peer5_start(f, &other, "lamp", true, "");
        peer5_disconnect(&other, 0, "");
        peer_close(&other);
        break;
    case SHUT_DOWN:
        front_close_all(front);
        break;
    case ENDS:
        break;
    }
    turns(f, 8);
}

/* [MQTT-3.1.2-7], [MQTT-3.1.2-8]: the will is kept, and published whatever has ended the connection. [MQTT-3.1.2-10]:
 * once. */
static void will_after_each_abnormal_end(void **state)
{
    struct fixture *f = *state;
    for (enum end end = BREAK; end < ENDS; end++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &wills, "will");
        connect_so(f, &lamp,
                   (struct mqtt_connect){ .keep_alive = 10,
                                          .will = true,
                                          .will_topic = SLICE_LIT("will"),
                                          .will_payload = SLICE_LIT("bye") });
        assert_peer(&lamp, UP);
        end_abnormally(f, &lamp, end);
        if (strcmp(buf_str(&wills.log), "will=bye ") != 0)
            fail_msg("end %d: wills: %s", end, buf_str(&wills.log));
        peer_close(&lamp);
        connect_lamp(f, &lamp, false, ""); /* without one */
        break_line(f, &lamp);
        assert_int_equal(wills.count, 1);
        service_stop(&wills);
    }
}

static void connect_will(struct fixture *f, struct peer *lamp, uint8_t qos, bool retain,
                         const char *properties, const char *will_properties)
{
    connect_so(f, lamp,
               (struct mqtt_connect){ .properties = props(properties),
                                      .will = true,
                                      .will_qos = qos,
                                      .will_retain = retain,
                                      .will_topic = SLICE_LIT("will"),
                                      .will_payload = SLICE_LIT("bye"),
                                      .will_properties = props(will_properties) });
}

/* [MQTT-3.1.2-8]: the will waits for its delay, or for the end of the session, whichever comes first. */
static void will_waits_for_its_delay(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *expiry, *delay;
        int64_t due_ms;
    } cases[] = { { "session_expiry=100", "will_delay=10", 10000 },
                  { "session_expiry=5", "will_delay=100", 5000 },
                  { "session_expiry=10", "will_delay=10", 10000 },
                  { "session_expiry=100", "", 0 },
                  { "", "will_delay=10", 0 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &wills, "will");
        connect_will(f, &lamp, 1, false, cases[i].expiry, cases[i].delay);
        break_line(f, &lamp);
        if (cases[i].due_ms) {
            pass(f, cases[i].due_ms - 100);
            assert_int_equal(wills.count, 0);
            pass(f, 100);
            settle(f);
        }
        if (wills.count != 1) fail_msg("case %zu: %d wills", i, wills.count);
        pass(f, SECONDS(200));
        settle(f);
        assert_int_equal(wills.count, 1);
        service_stop(&wills);
    }
}

/* [MQTT-3.1.3-9]: who comes back in time has not died: its will is not sent. But the end of its session is one
 * [MQTT-3.1.2-8], so with clean start it goes out at once. */
static void will_is_taken_back_in_time(void **state)
{
    struct fixture *f = *state;
    enum { BACK, BACK_CLEAN, TAKE_OVER, TAKE_OVER_CLEAN, CASES };
    for (int i = 0; i < CASES; i++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 }, next = { 0 };
        bool clean = i == BACK_CLEAN || i == TAKE_OVER_CLEAN;
        service_start(f, &wills, "will");
        connect_will(f, &lamp, 1, false, "session_expiry=100", "will_delay=10");
        if (i == BACK || i == BACK_CLEAN) break_line(f, &lamp);
        pass(f, SECONDS(5));
        connect_lamp(f, &next, clean, "session_expiry=100");
        if (wills.count != clean) fail_msg("case %d: %d wills", i, wills.count);
        pass(f, SECONDS(200));
        settle(f);
        assert_int_equal(wills.count, clean);
        if (lamp.stream) peer_close(&lamp);
        peer_close(&next);
        pass(f, SECONDS(200));
        assert_int_equal(wills.count, clean);
        service_stop(&wills);
    }
}

/* [MQTT-3.1.2-9], [MQTT-3.1.2-14], [MQTT-3.1.2-15]: topic, message, QoS and retain flag are those that CONNECT gave. */
static void will_has_its_qos_and_retain_flag(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        for (int retain = 0; retain <= 1; retain++) {
            struct peer lamp = { 0 }, watch = { 0 };
            char expected[64];
            peer5_start(f, &watch, "watch", true, "");
            peer5_subscribe(&watch, 1, "will", "2 rap", "");
            connect_will(f, &lamp, qos, retain, "", "");
            break_line(f, &lamp);
            snprintf(expected, sizeof expected, "suback#1:2 will=bye/%d%s%s ", qos,
                     retain ? "r" : "", qos ? "#2" : "");
            assert_peer(&watch, expected);
            peer5_subscribe(&watch, 2, "will", "0", "");
            assert_peer(&watch, retain ? "suback#2:0 will=bye/0r " : "suback#2:0 ");
            peer5_retain(&watch, "will", "", 0, 0, "");
            peer_close(&watch);
        }
    }
}

#define WILL_PROPERTIES                                                             \
    "user_property=b:1 payload_format=1 user_property=a:2 content_type=text/plain " \
    "user_property=b:1 response_topic=r correlation_data=id message_expiry=60"

/* [MQTT-3.1.3-10], [MQTT-3.1.2-9]: its properties are those that CONNECT gave, in their order; the delay is for us. */
static void will_has_its_properties(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, watch = { 0 }, old = { 0 };
    peer5_start(f, &watch, "watch", true, "");
    peer5_subscribe(&watch, 1, "will", "1", "");
    peer_start(f, &old, "old", true);
    peer_subscribe(&old, 1, "will", 0);
    connect_will(f, &lamp, 1, false, "session_expiry=100", "will_delay=10 " WILL_PROPERTIES);
    break_line(f, &lamp);
    pass(f, SECONDS(10));
    peer_settle(&watch);
    assert_peer(&watch, "suback#1:1 will=bye/1#2{" WILL_PROPERTIES "} ");
    assert_peer(&old, "suback#1:0 will=bye/0 ");
    peer_close(&watch);
    peer_close(&old);
}

/* ---- keep-alive ---- */

/* [MQTT-3.1.2-22]: after one and a half times of silence a client is told and closed, and its will comes; with 0 never.
 * [MQTT-3.2.2-22]: CONNACK that says nothing means what CONNECT has said; what it says counts instead
 * ([MQTT-3.2.2-21], [MQTT-3.1.2-21]). [MQTT-3.1.2-20]: any packet is a sign of life. */
static void keep_alive_ends_a_silent_connection(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint16_t most, asked;
        const char *answer;
        int64_t ends_ms; /* 0: never */
    } cases[] = {
        { 0, 10, UP, 15000 },
        { 0, 0, UP, 0 },
        { 5, 10, "connack:0{server_keep_alive=5 maximum_packet_size=4096} ", 7500 },
        { 5, 0, "connack:0{server_keep_alive=5 maximum_packet_size=4096} ", 7500 },
        { 5, 5, UP, 7500 },
        { 5, 4, UP, 6000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &wills, "will");
        front_opts.max_keep_alive_s = cases[i].most;
        front_set_opts(front, &front_opts);
        connect_so(f, &lamp,
                   (struct mqtt_connect){ .keep_alive = cases[i].asked,
                                          .will = true,
                                          .will_topic = SLICE_LIT("will") });
        assert_peer(&lamp, cases[i].answer);
        for (int again = 0; again < 2; again++) {
            pass(f, cases[i].ends_ms ? cases[i].ends_ms - 100 : DAYS(30));
            peer_send(&lamp, ping, 2);
            assert_peer(&lamp, "pingresp ");
        }
        pass(f, cases[i].ends_ms ? cases[i].ends_ms - 100 : DAYS(30));
        assert_peer(&lamp, "");
        pass(f, 100);
        assert_peer(&lamp, cases[i].ends_ms ? "disconnect:8d{why} end" : "");
        assert_int_equal(wills.count, cases[i].ends_ms != 0);
        peer_close(&lamp);
        service_stop(&wills);
    }
}

/* ---- what a client says of itself ---- */

static const char *of_size(size_t len)
{
    static char payload[256];
    memset(payload, 'x', len);
    payload[len] = '\0';
    return payload;
}

/* [MQTT-3.1.2-24], [MQTT-3.1.2-25]: what is longer than the client takes is not sent, and is over as if it had been:
 * nothing waits for it, on the next connection neither. */
static void packets_above_the_clients_maximum(void **state)
{
    struct fixture *f = *state;
    struct session_info info;
    struct peer lamp = { 0 };
    connect_lamp(f, &lamp, true, "session_expiry=100 maximum_packet_size=100 receive_maximum=2");
    peer5_subscribe(&lamp, 1, "t", "2", "");
    peer_settle(&lamp);
    assert_peer(&lamp, UP "suback#1:2 ");
    for (uint8_t qos = 0; qos <= 2; qos++)
        for (int i = 0; i < 3; i++)
            publish(f, "t", of_size(200), qos);
    for (uint8_t qos = 0; qos <= 2; qos++)
        publish(f, "t", "x", qos);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=x/0 t=x/1#8 t=x/2#9 ");
    assert_true(session_info_get(f->hub, SLICE_LIT("lamp"), &info));
    assert_int_equal(info.queued, 2);
    break_line(f, &lamp);
    publish(f, "t", of_size(201), 1);
    settle(f);
    connect_lamp(f, &lamp, false, "maximum_packet_size=100");
    assert_peer(&lamp, PRESENT "t=x/1d#8 t=x/2d#9 ");
    assert_true(session_info_get(f->hub, SLICE_LIT("lamp"), &info));
    assert_int_equal(info.queued, 2);
    peer_close(&lamp);
}

/* Who subscribes to the topic anew, and has had two messages of it: an alias for it is known, if there may be one. */
static void listen_to(struct fixture *f, struct peer *lamp, const char *topic, const char *aliases,
                      const char *id)
{
    char properties[64];
    snprintf(properties, sizeof properties, "maximum_packet_size=100 %s", aliases);
    peer5_start(f, lamp, "lamp", true, properties);
    peer5_subscribe(lamp, 1, topic, "2", id);
    publish(f, topic, "1", 0);
    publish(f, topic, "2", 0);
    turns(f, 3);
    peer_log(lamp);
}

/* [MQTT-3.1.2-24]: to the byte, in each form that a packet is sent in. */
static void packets_of_just_the_maximum(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *topic, *aliases, *id;
        size_t head; /* bytes before the payload, with QoS 0 */
    } cases[] = {
        { "t", "", "", 6 },
        { "t", "", "subscription_id=5", 8 },
        { "t", "topic_alias_maximum=9", "", 6 }, /* the alias would be longer than the name */
        { "a/name/that/is/longer", "topic_alias_maximum=9", "", 8 }, /* and here shorter */
        { "a/name/that/is/longer", "topic_alias_maximum=9", "subscription_id=5", 10 },
    };
    front_opts.max_topic_alias = 9;
    front_set_opts(front, &front_opts);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        listen_to(f, &lamp, cases[i].topic, cases[i].aliases, cases[i].id);
        for (uint8_t qos = 0; qos <= 2; qos++) {
            size_t most = 100 - cases[i].head - (qos ? 2 : 0);
            publish(f, cases[i].topic, of_size(most + 1), qos);
            turns(f, 3);
            assert_peer(&lamp, "");
            publish(f, cases[i].topic, of_size(most), qos);
            turns(f, 3);
            if (lamp.in.len != 100) fail_msg("case %zu, QoS %d: %zu", i, qos, lamp.in.len);
            buf_clear(&lamp.in);
        }
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.2-24], [MQTT-3.1.2-25]: what just fits is sent without the alias that it could be given now. */
static void no_alias_where_it_does_not_fit(void **state)
{
    struct fixture *f = *state;
    static const char topic[] = "a/name/that/is/longer";
    struct peer lamp = { 0 };
    front_opts.max_topic_alias = 9;
    front_set_opts(front, &front_opts);
    peer5_start(f, &lamp, "lamp", true, "maximum_packet_size=100 topic_alias_maximum=9");
    peer5_subscribe(&lamp, 1, topic, "0", "");
    publish(f, topic, "1", 0);
    turns(f, 3);
    assert_peer(&lamp, "suback#1:0 a/name/that/is/longer=1/0 ");
    publish(f, topic, of_size(100 - 5 - (sizeof topic - 1)), 0);
    turns(f, 3);
    assert_int_equal(lamp.in.len, 100);
    buf_clear(&lamp.in);
    publish(f, topic, "2", 0); /* and this one, which has room for it, with */
    turns(f, 3);
    assert_peer(&lamp, "a/name/that/is/longer=2/0{topic_alias=1} ");
    peer_close(&lamp);
}

/* [MQTT-3.2.2-19], [MQTT-3.1.2-24]: a refusal too is no longer than the client takes. */
static void reason_of_a_refusal_that_fits(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *properties, *answer;
    } cases[] = { { "maximum_packet_size=4", "end" },
                  { "maximum_packet_size=5", "connack:86 end" },
                  { "maximum_packet_size=10", "connack:86{why} end" },
                  { "maximum_packet_size=9", "connack:86 end" },
                  { "", "connack:86{why} end" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) { /* auth_fake says "no": 5 bytes with its head */
        struct peer lamp = { 0 };
        connect_so(f, &lamp,
                   (struct mqtt_connect){ .properties = props(cases[i].properties),
                                          .has_username = true,
                                          .username = SLICE_LIT("nobody") });
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.2-28]: response information is for who asks. */
static void response_information(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *offered, *asked, *answer;
    } cases[] = {
        { NULL, "", UP },
        { NULL, "request_response_info=0", UP },
        { NULL, "request_response_info=1", UP },
        { "", "request_response_info=1", UP },
        { "answers/${clientId}/", "", UP },
        { "answers/${clientId}/", "request_response_info=0", UP },
        { "answers/${clientId}/", "request_response_info=1",
          "connack:0{response_info=answers/lamp/ maximum_packet_size=4096} " },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        front_opts.response_info = cases[i].offered;
        front_set_opts(front, &front_opts);
        connect_lamp(f, &lamp, true, cases[i].asked);
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
}

/* [MQTT-3.1.2-29]: who does not want to hear of problems gets codes alone; user properties of messages are no such
 * thing, and the last word may still say why. */
static void problem_information(void **state)
{
    struct fixture *f = *state;
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    for (int wants = 0; wants <= 1; wants++) {
        struct peer lamp = { 0 };
        peer5_start(f, &lamp, "lamp", true, wants ? "" : "request_problem_info=0");
        peer5_publish(&lamp, "denied", "x", 1, 1, "");
        peer5_subscribe(&lamp, 2, "denied", "1", "");
        peer5_publish(&lamp, "t", "\xff", 1, 3, "payload_format=1");
        peer5_publish(&lamp, "t", "\xff", 2, 4, "payload_format=1");
        assert_peer(&lamp, wants ? "puback#1:87 suback#2:87 puback#3:99{why} pubrec#4:99{why} "
                                 : "puback#1:87 suback#2:87 puback#3:99 pubrec#4:99 ");
        peer5_subscribe(&lamp, 5, "t", "0", "");
        peer5_publish(&lamp, "t", "x", 0, 0, "user_property=a:b");
        assert_peer(&lamp, "suback#5:0 t=x/0{user_property=a:b} ");
        peer_send(&lamp, BYTES("\xc1\x00"));
        assert_peer(&lamp, "disconnect:81{why} end");
        peer_close(&lamp);
    }
}

/* ---- hub.profile = aws-strict ---- */

/* [MQTT-3.2.2-9]: which QoS there is, is told. [MQTT-3.2.2-10]: a subscription of a higher one is taken, as far as it
 * goes. [MQTT-3.2.2-11]: a message of it is not, [MQTT-3.2.2-12]: nor a will. */
static void strict_quality_is_told(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    connect_lamp(f, &lamp, true, "");
    assert_peer(&lamp, UP); /* the standard: any */
    peer_close(&lamp);
    peer_become_strict(f);
    connect_lamp(f, &lamp, true, "");
    assert_peer(&lamp, "connack:0{maximum_qos=1 maximum_packet_size=4096 "
                       "subscription_ids_available=0} ");
    peer5_subscribe(&lamp, 1, "t", "2", "");
    peer5_publish(&lamp, "t", "x", 1, 2, "");
    assert_peer(&lamp, "suback#1:1 t=x/1#2 puback#2 ");
    peer5_publish(&lamp, "t", "x", 2, 3, "");
    assert_peer(&lamp, "disconnect:9b{why} end");
    peer_close(&lamp);
    for (uint8_t qos = 0; qos <= 2; qos++) {
        connect_will(f, &lamp, qos, false, "", "");
        assert_string_equal(strstr(peer_log(&lamp), "connack:0") ? "fine" : "refused",
                            qos <= 1 ? "fine" : "refused");
        peer_close(&lamp);
    }
    peer_open(f, &lamp);
    peer5_connect_as(&lamp, &(struct mqtt_connect){ .client_id = SLICE_LIT("lamp"),
                                                    .will = true,
                                                    .will_qos = 2,
                                                    .will_topic = SLICE_LIT("will") });
    assert_peer(&lamp, "connack:9b{why} end");
    peer_close(&lamp);
}

/* [MQTT-3.2.2-13]: a retained will is refused where nothing is retained; others are not. */
static void retained_will_where_nothing_is_retained(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    f->opts.no_retain = true;
    hub_set_opts(f->hub, &f->opts);
    connect_will(f, &lamp, 1, true, "", "");
    assert_peer(&lamp, "connack:9a end");
    peer_close(&lamp);
    connect_will(f, &lamp, 1, false, "", "");
    assert_non_null(strstr(peer_log(&lamp), "connack:0{retain_available=0"));
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(second_connect_ends_the_connection),
        TEST(unknown_protocols_are_refused),
        TEST(malformed_connect_is_refused),
        TEST(login_is_checked),
        TEST(connack_comes_first),
        TEST(no_disconnect_before_connack),
        TEST(too_late_is_our_fault),
        TEST(maximum_packet_size_holds),
        TEST(nothing_is_processed_behind_a_refusal),
        TEST(sessions_are_told_apart_by_client_id),
        TEST(client_ids_that_must_be_allowed),
        TEST(empty_client_id_is_assigned),
        TEST(longest_client_id),
        TEST(clean_start_starts_anew),
        TEST(session_goes_on),
        TEST(session_goes_on_across_versions),
        TEST(session_expiry_is_bounded),
        TEST(newcomer_takes_over),
        TEST(will_after_each_abnormal_end),
        TEST(will_waits_for_its_delay),
        TEST(will_is_taken_back_in_time),
        TEST(will_has_its_qos_and_retain_flag),
        TEST(will_has_its_properties),
        TEST(keep_alive_ends_a_silent_connection),
        TEST(packets_above_the_clients_maximum),
        TEST(packets_of_just_the_maximum),
        TEST(no_alias_where_it_does_not_fit),
        TEST(reason_of_a_refusal_that_fits),
        TEST(response_information),
        TEST(problem_information),
        TEST(strict_quality_is_told),
        TEST(retained_will_where_nothing_is_retained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
