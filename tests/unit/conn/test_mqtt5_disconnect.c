/* test_mqtt5_disconnect.c — MQTT 5.0, sections 3.14 and 4.13, statement by statement: how a client says that it goes, and
 * what it is told when it must. */
#include "mqtt_peer5.h"

#include "base/err.h"
#include "mqtt/mqtt.h"

static void pass(struct fixture *f, int64_t ms)
{
    clock_fake_advance(ms);
    turns(f, 8);
}

/* With a will, and forgets CONNACK. */
static void start_will(struct fixture *f, struct peer *lamp, const char *properties,
                       const char *will_properties)
{
    peer_open(f, lamp);
    peer5_connect_will(lamp, "lamp", properties, will_properties);
    peer_settle(lamp);
    assert_non_null(strstr(peer_log(lamp), "connack:0"));
}

/* ---- the client goes ---- */

/* [MQTT-3.14.4-3], [MQTT-3.1.2-10]: who goes with code 0 takes the will away, for good; with another one it is as if the
 * line had broken. */
static void no_will_after_disconnect(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
        const char *delay;
        int wills;
    } cases[] = {
        { BYTES("\xe0\x00"), "", 0 },
        { BYTES("\xe0\x01\x00"), "", 0 },
        { BYTES("\xe0\x02\x00\x00"), "", 0 },
        { BYTES("\xe0\x09\x00\x07\x26\x00\x01n\x00\x01v"), "", 0 },
        { BYTES("\xe0\x00"), "will_delay=10", 0 },
        { BYTES("\xe0\x01\x04"), "", 1 },
        { BYTES("\xe0\x02\x04\x00"), "", 1 },
        { BYTES("\xe0\x01\x80"), "", 1 },
        { BYTES("\xe0\x01\x04"), "will_delay=10", 1 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &wills, "will");
        start_will(f, &lamp, "session_expiry=100", cases[i].delay);
        peer_send(&lamp, cases[i].packet, cases[i].len);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
        if (!*cases[i].delay) assert_int_equal(wills.count, cases[i].wills);
        pass(f, SECONDS(10));
        if (wills.count != cases[i].wills) fail_msg("case %zu: %d wills", i, wills.count);
        pass(f, SECONDS(200)); /* the session ends */
        settle(f);
        assert_int_equal(wills.count, cases[i].wills);
        service_stop(&wills);
    }
}

/* [MQTT-4.13.2-1]: who gives up with an error is closed, and not told anything. */
static void client_gives_up(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer5_start(f, &lamp, "lamp", true, "");
    peer5_disconnect(&lamp, MQTT_REASON_UNSPECIFIED, "reason_string=enough");
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

/* Whether the session is there so many ms after DISCONNECT. */
static bool is_there(struct fixture *f, int64_t ms)
{
    struct session_info info;
    pass(f, ms);
    settle(f);
    return session_info_get(f->hub, SLICE_LIT("lamp"), &info);
}

/* Section 3.14.2.2.2: DISCONNECT may change how long the session is kept, but not keep one that was not to be. */
static void disconnect_changes_the_expiry(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *asked, *changed;
        int64_t kept_ms; /* 0: not at all */
    } cases[] = { { "session_expiry=100", "", 100000 },
                  { "session_expiry=100", "session_expiry=5", 5000 },
                  { "session_expiry=5", "session_expiry=100", 100000 },
                  { "session_expiry=100", "session_expiry=0", 0 },
                  { "session_expiry=5", "session_expiry=4294967295", 3600000 }, /* the fixture's */
                  { "", "session_expiry=0", 0 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer5_start(f, &lamp, "lamp", true, cases[i].asked);
        peer5_disconnect(&lamp, 0, cases[i].changed);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
        if (cases[i].kept_ms && !is_there(f, cases[i].kept_ms - 1000))
            fail_msg("case %zu: gone too early", i);
        if (is_there(f, cases[i].kept_ms ? 2000 : 0)) fail_msg("case %zu: still there", i);
    }
    struct service wills = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &wills, "will");
    start_will(f, &lamp, "", "");
    peer5_disconnect(&lamp, 0, "session_expiry=5");
    assert_peer(&lamp, "disconnect:82{why} end");
    assert_int_equal(wills.count, 1); /* so it did not go in peace */
    peer_close(&lamp);
    assert_false(is_there(f, 0));
    service_stop(&wills);
}

/* ---- nothing more ---- */

/* [MQTT-3.14.4-1], [MQTT-3.14.4-2]: what a client sends behind its DISCONNECT is not heard, and nothing is sent to it. */
static void nothing_behind_disconnect(void **state)
{
    struct fixture *f = *state;
    static const char packets[] =
        "\xe0\x00" /* and what is not heard: */
        "\x31\x06\x00\x01t\x00xy\xc0\x00\x82\x07\x00\x01\x00\x00\x01t\x01";
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "#");
    peer5_start(f, &lamp, "lamp", true, "");
    peer_send(&lamp, BYTES(packets));
    assert_peer(&lamp, "end");
    peer_settle(&lamp);
    assert_int_equal(all.count, 0);
    assert_int_equal(hub_retained_count(f->hub), 0);
    service_stop(&all);
    peer_close(&lamp);
}

/* One whose output does not get through any more, for the while. */
static void start_slow(struct fixture *f, struct peer *lamp)
{
    struct stream *server = peer_pair(f, lamp);
    front_accept(NULL, server, &open_listener);
    turns(f, 3);
    peer5_connect(lamp, "lamp", true, "");
    peer5_subscribe(lamp, 1, "t", "0", "");
    assert_non_null(strstr(peer_log(lamp), "suback#1:0"));
    peer_take_slowly(lamp, 10);
    stream_pause(lamp->stream);
    for (int i = 0; i < 3; i++)
        publish(f, "t", "0123456789", 0);
    turns(f, 3);
}

#define OUTPUT "t=0123456789/0 t=0123456789/0 t=0123456789/0 "

/* [MQTT-3.14.4-1], [MQTT-3.14.4-2]: what waits for a client that is sent away comes first, DISCONNECT is the last, and
 * nothing of what it still says is heard. */
static void disconnect_is_the_last_packet(void **state)
{
    struct fixture *f = *state;
    struct service heard = { 0 };
    struct peer lamp = { 0 }, other = { 0 };
    service_start(f, &heard, "u");
    for (int taken_over = 0; taken_over <= 1; taken_over++) {
        start_slow(f, &lamp);
        if (taken_over)
            peer5_start(f, &other, "lamp", true, "");
        else
            peer_send(&lamp, BYTES("\x82\x07\x00\x02\x00\x00\x01t\x03"));
        publish(f, "t", "too late", 0);
        peer5_publish(&lamp, "u", "x", 0, 0, "");
        stream_resume(lamp.stream);
        turns(f, 30);
        assert_peer(&lamp,
                    taken_over ? OUTPUT "disconnect:8e end" : OUTPUT "disconnect:82{why} end");
        assert_int_equal(heard.count, 0);
        peer_close(&lamp);
    }
    peer_close(&other);
    service_stop(&heard);
}

/* [MQTT-4.13.2-1]: who does not take what it is sent is closed all the same, told or not. */
static void deaf_clients_are_closed_too(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    front_opts.output_timeout_ms = SECONDS(60);
    front_set_opts(front, &front_opts);
    for (int silent = 0; silent <= 1; silent++) {
        start_slow(f, &lamp);
        if (silent) { /* nobody can tell it that its time is over */
            pass(f, SECONDS(60));
            pass(f, SECONDS(60));
        } else { /* and this one does not hear it */
            peer_send(&lamp, BYTES("\xd0\x00"));
            assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
            assert_int_equal(front_count(front), 1);
            pass(f, SECONDS(5));
        }
        assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
        assert_int_equal(front_count(front), 0);
        stream_resume(lamp.stream);
        turns(f, 8);
        assert_null(strstr(peer_log(&lamp), "disconnect"));
        assert_true(lamp.ended);
        peer_close(&lamp);
    }
}

/* ---- the server's word ---- */

enum cause {
    BAD_FLAGS,
    SECOND_CONNECT,
    BAD_NAME,
    BAD_FILTER,
    TOO_LARGE,
    TOO_MANY,
    BAD_ALIAS,
    BAD_TEXT,
    SILENCE,
    TAKEN_OVER,
    REVOKED,
    REMOVED,
    STORE_FAILS,
    SHUT_DOWN,
    SENT_ELSEWHERE,
    CAUSES
};

static const struct {
    const char *packet;
    size_t len;
    const char *answer;
} causes[CAUSES] = {
    [BAD_FLAGS] = { BYTES("\xc1\x00"), "disconnect:81{why} end" },
    [SECOND_CONNECT] = { BYTES("\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"),
                         "disconnect:82{why} end" },
    [BAD_NAME] = { BYTES("\x30\x05\x00\x01#\x00x"), "disconnect:90{why} end" },
    [BAD_FILTER] = { BYTES("\x82\x08\x00\x01\x00\x00\x02"
                           "a#\x00"),
                     "disconnect:8f{why} end" },
    [TOO_LARGE] = { BYTES("\x30\xff\xff\x7f"), "disconnect:95{why} end" },
    [TOO_MANY] = { BYTES("\x34\x06\x00\x01u\x00\x01\x00\x34\x06\x00\x01u\x00\x02\x00"),
                   "pubrec#1:10 disconnect:93{why} end" },
    [BAD_ALIAS] = { BYTES("\x30\x07\x00\x01t\x03\x23\x00\x00"), "disconnect:94{why} end" },
    [BAD_TEXT] = { BYTES("\x30\x07\x00\x01t\x02\x01\x01\xff"), "disconnect:99{why} end" },
    [SILENCE] = { NULL, 0, "disconnect:8d{why} end" },
    [TAKEN_OVER] = { NULL, 0, "disconnect:8e end" },
    [REVOKED] = { NULL, 0, "disconnect:87{why} end" },
    [REMOVED] = { NULL, 0, "disconnect:98 end" },
    [STORE_FAILS] = { BYTES("\x32\x07\x00\x01t\x00\x01\x00x"), "disconnect:89{why} end" },
    [SHUT_DOWN] = { NULL, 0, "disconnect:8b{why} end" },
    [SENT_ELSEWHERE] = { NULL, 0, "disconnect:9c{why server_reference=other:1883} end" },
};

static void bring_about(struct fixture *f, enum cause cause, struct peer *lamp, struct peer *other)
{
    if (causes[cause].packet) peer_send(lamp, causes[cause].packet, causes[cause].len);
    if (cause == SILENCE) clock_fake_advance(SECONDS(15));
    if (cause == TAKEN_OVER) peer5_start(f, other, "lamp", true, "");
    if (cause == REVOKED) auth_fake_revoke(auth_fake_last(f->auth));
    if (cause == REMOVED) assert_true(session_remove(f->hub, SLICE_LIT("lamp")) >= 0);
    if (cause == SHUT_DOWN || cause == SENT_ELSEWHERE) front_close_all(front);
    turns(f, 8);
}

static void start_alive(struct fixture *f, struct peer *lamp, const char *properties)
{
    peer_open(f, lamp);
    peer5_connect_as(lamp, &(struct mqtt_connect){ .clean_session = true,
                                                   .keep_alive = 10,
                                                   .client_id = SLICE_LIT("lamp"),
                                                   .properties = props(properties) });
    peer_settle(lamp);
    assert_non_null(strstr(peer_log(lamp), "connack:0"));
}

/* [MQTT-3.14.2-1]: each cause has its code. [MQTT-3.14.2-2]: no server says how long the session is kept. [MQTT-4.13.2-1]:
 * and each is the end. */
static void servers_disconnect(void **state)
{
    struct fixture *f = *state;
    struct service broken = { .does = SERVICE_COUNT, .commit = ERR_STORE };
    service_start(f, &broken, "t");
    front_opts.receive_maximum = 1;
    front_set_opts(front, &front_opts);
    for (enum cause cause = 0; cause < CAUSES; cause++) {
        struct peer lamp = { 0 }, other = { 0 };
        front_opts.server_reference = cause == SENT_ELSEWHERE ? "other:1883" : "";
        front_set_opts(front, &front_opts);
        start_alive(f, &lamp, "session_expiry=0");
        bring_about(f, cause, &lamp, &other);
        const char *log = peer_log(&lamp);
        if (strcmp(log, causes[cause].answer) != 0) fail_msg("cause %d: %s", cause, log);
        peer_close(&lamp);
        if (other.stream) peer_close(&other);
    }
    service_stop(&broken);
}

/* [MQTT-3.14.2-3]: what says more than the code is left out where the client takes no packet of that size. */
static void servers_disconnect_in_few_bytes(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t most;
        const char *answer;
    } cases[] = { { 6, "disconnect:9c end" },
                  { 200, "disconnect:9c{why server_reference=other:1883} end" } };
    front_opts.max_packet = MQTT_MAX_REMAINING; /* so that CONNACK has nothing to say */
    front_opts.server_reference = "other:1883";
    front_set_opts(front, &front_opts);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        char properties[64];
        snprintf(properties, sizeof properties, "maximum_packet_size=%d", cases[i].most);
        start_alive(f, &lamp, properties);
        peer_send(&lamp, BYTES("\xc1\x00"));
        assert_peer(&lamp, cases[i].most == 6 ? "disconnect:81 end" : "disconnect:81{why} end");
        peer_close(&lamp);
        start_alive(f, &lamp, properties);
        front_close_all(front);
        turns(f, 8);
        assert_peer(&lamp, cases[i].answer);
        peer_close(&lamp);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(no_will_after_disconnect),
        TEST(client_gives_up),
        TEST(disconnect_changes_the_expiry),
        TEST(nothing_behind_disconnect),
        TEST(disconnect_is_the_last_packet),
        TEST(deaf_clients_are_closed_too),
        TEST(servers_disconnect),
        TEST(servers_disconnect_in_few_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
