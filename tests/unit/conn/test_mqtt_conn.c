/* test_mqtt_conn.c — whole MQTT connections over stream pairs: front, mqtt_conn, a real hub and store, a fake
 * auth and clock. What a client gets is compared as text, one word a packet. */
#include "mqtt_peer.h"

#include "base/budget.h"
#include "base/err.h"

#include <sqlite3.h>

/* ---- CONNECT ---- */

static void test_connect(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_open(f, &lamp);
    assert_int_equal(front_count(front), 1);
    peer_connect(&lamp, "lamp", true);
    assert_peer(&lamp, "connack:0 ");
    peer_send(&lamp, "\xc0\x00", 2);
    assert_peer(&lamp, "pingresp ");
    peer_close(&lamp);
    assert_int_equal(front_count(front), 0);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
}

/* CONNACK waits for the session's row, and nothing is sent or read before [MQTT-3.2.0-1]. */
static void test_connack_waits_for_the_commit(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    peer_open(f, &lamp);
    vfs_fault_fail_from(1, SQLITE_FULL);
    put_connect(&packets, "lamp", false, 0);
    put_subscribe(&packets, 1, "t", 0);
    buf_append(&packets, "\xc0\x00", 2);
    peer_send_buf(&lamp, &packets);
    for (int i = 0; i < 1000 && !store_failing(f->store); i++)
        loop_turn_wait(f->loop, 5);
    publish(f, "t", "early", 0);
    turns(f, 5);
    assert_peer(&lamp, "");
    vfs_fault_heal();
    clock_fake_advance(500);
    loop_turn(f->loop);
    settle(f);
    turns(f, 5);
    settle(f);
    turns(f, 5);
    assert_peer(&lamp, "connack:0 pingresp suback#1:0 ");
    publish(f, "t", "now", 0);
    turns(f, 5);
    assert_peer(&lamp, "t=now/0 ");
    peer_close(&lamp);

    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    assert_peer(&lamp, "connack:0+ "); /* present: nothing to wait for */
    peer_close(&lamp);
}

static void test_connack_that_never_comes(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_open(f, &lamp);
    vfs_fault_fail_from(1, SQLITE_FULL);
    peer_connect(&lamp, "lamp", false);
    clock_fake_advance(CONNECT_MS);
    turns(f, 5);
    assert_peer(&lamp, "end");
    vfs_fault_heal();
    peer_close(&lamp);
}

/* [MQTT-3.1.4-1] */
static void test_connect_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *packet;
        size_t len;
        const char *expected;
    } cases[] = {
        /* unknown levels */
        { BYTES("\x10\x10\x00\x04MQTT\x03\x02\x00\x00\x00\x04lamp"), "connack:1 end" },
        { BYTES("\x10\x10\x00\x04MQTT\x02\x02\x00\x00\x00\x04lamp"), "connack:1 end" },
        /* an empty client id without clean session */
        { BYTES("\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00"), "connack:2 end" },
        { BYTES("\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"), "connack:0 " },
        /* a reserved flag, a wrong name, a packet cut short by its own length, no CONNECT at all */
        { BYTES("\x10\x0c\x00\x04MQTT\x04\x03\x00\x00\x00\x00"), "end" },
        { BYTES("\x10\x0c\x00\x04NQTT\x04\x02\x00\x00\x00\x00"), "end" },
        { BYTES("\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x02x"), "end" },
        { BYTES("\xc0\x00"), "end" },
        { BYTES("\x30\x03\x00\x01t"), "end" },
        { BYTES("\x16\x03\x01\x02\x00"), "end" },
        /* longer than allowed: known from the header */
        { BYTES("\x10\xff\xff\x7f"), "end" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_send(&lamp, cases[i].packet, cases[i].len);
        const char *log = peer_log(&lamp);
        if (strcmp(log, cases[i].expected) != 0) fail_msg("case %zu: %s", i, log);
        peer_close(&lamp);
    }
}

static void test_second_connect(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_connect(&lamp, "lamp", true);
    assert_peer(&lamp, "connack:0 end");
    peer_close(&lamp);
}

static void test_connect_denied_by_policy(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_CONNECT, "lamp");
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    assert_peer(&lamp, "connack:5 end");
    peer_close(&lamp);

    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "will");
    struct buf packet = { 0 };
    mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                         .clean_session = true,
                                                         .client_id = SLICE_LIT("bulb"),
                                                         .will = true,
                                                         .will_topic = SLICE_LIT("will"),
                                                         .will_payload = SLICE_LIT("x") });
    peer_open(f, &lamp);
    peer_send_buf(&lamp, &packet);
    assert_peer(&lamp, "connack:5 end");
    peer_close(&lamp);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
}

static void put_login(struct buf *out, const char *user, const char *password)
{
    mqtt_encode_connect(out, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                     .clean_session = true,
                                                     .client_id = SLICE_LIT("lamp"),
                                                     .has_username = true,
                                                     .username = slice_str(user),
                                                     .has_password = password != NULL,
                                                     .password = slice_str(password) });
}

static void test_login(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool anonymous;
        const char *cert, *user, *password, *expected;
    } cases[] = {
        { false, NULL, AUTH_FAKE_USER, AUTH_FAKE_PASSWORD, "connack:0 pingresp " },
        { false, NULL, AUTH_FAKE_USER, "wrong", "connack:4 end" },
        { true, NULL, AUTH_FAKE_USER, "wrong", "connack:4 end" }, /* never taken for anonymous */
        { true, NULL, AUTH_FAKE_USER, AUTH_FAKE_PASSWORD, "connack:0 pingresp " },
        { true, NULL, "?SDK=Python&Version=1", NULL, "connack:0 pingresp " }, /* AWS's metrics */
        { false, NULL, "?SDK=Python&Version=1", NULL, "connack:5 end" },
        { false, "c0ffee", "anybody", "x",
          "connack:0 pingresp " }, /* the certificate has decided */
        { true, "bad", AUTH_FAKE_USER, AUTH_FAKE_PASSWORD, "end" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        struct buf packet = { 0 };
        struct stream *server = peer_pair(f, &lamp);
        if (cases[i].cert) {
            server->peer.tls = xnew(struct stream_tls);
            snprintf(server->peer.tls->cert_id, sizeof server->peer.tls->cert_id, "%s",
                     cases[i].cert);
        }
        front_accept(NULL, server, cases[i].anonymous ? &open_listener : &closed_listener);
        put_login(&packet, cases[i].user, cases[i].password);
        buf_append(&packet, "\xc0\x00", 2); /* waits until the login is through */
        peer_send_buf(&lamp, &packet);
        const char *log = peer_log(&lamp);
        if (strcmp(log, cases[i].expected) != 0) fail_msg("case %zu: %s", i, log);
        peer_close(&lamp);
    }
}

static void test_end_while_auth_is_asked(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packet = { 0 };
    peer_open(f, &lamp);
    auth_fake_hold(f->auth, true);
    put_login(&packet, AUTH_FAKE_USER, AUTH_FAKE_PASSWORD);
    peer_send_buf(&lamp, &packet);
    assert_peer(&lamp, "");
    peer_close(&lamp);
    auth_fake_hold(f->auth, false);
    turns(f, 5);
    assert_int_equal(front_count(front), 0);

    peer_open(f, &lamp); /* closed by us while the login is asked */
    auth_fake_hold(f->auth, true);
    put_login(&packet, AUTH_FAKE_USER, AUTH_FAKE_PASSWORD);
    peer_send_buf(&lamp, &packet);
    clock_fake_advance(CONNECT_MS);
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
    assert_int_equal(front_count(front), 0);
    auth_fake_hold(f->auth, false);
    turns(f, 5);
    auth_fake_hold(f->auth, true);

    peer_open(f, &lamp); /* the identity itself is still open */
    assert_int_equal(front_count(front), 1);
    clock_fake_advance(CONNECT_MS);
    turns(f, 5);
    assert_peer(&lamp, "end");
    auth_fake_hold(f->auth, false);
    turns(f, 5);
    assert_int_equal(front_count(front), 0);
    peer_close(&lamp);
}

static void test_connect_time_out(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = { { "", 0 }, { BYTES("\x10") }, { BYTES("\x10\x10\x00\x04MQ") } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        if (cases[i].len) peer_send(&lamp, cases[i].bytes, cases[i].len);
        clock_fake_advance(CONNECT_MS - 1);
        turns(f, 5);
        assert_peer(&lamp, "");
        clock_fake_advance(1);
        turns(f, 5);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
    }
}

static void test_generated_client_ids_differ(void **state)
{
    struct fixture *f = *state;
    struct peer one = { 0 }, two = { 0 };
    peer_open(f, &one);
    peer_open(f, &two);
    peer_connect(&one, "", true);
    peer_connect(&two, "", true);
    assert_peer(&one, "connack:0 ");
    assert_peer(&two, "connack:0 ");
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 2);
    peer_close(&one);
    peer_close(&two);
}

static void test_take_over(void **state)
{
    struct fixture *f = *state;
    struct peer one = { 0 }, two = { 0 };
    peer_open(f, &one);
    peer_open(f, &two);
    peer_connect(&one, "lamp", true);
    peer_connect(&two, "lamp", true);
    assert_peer(&one, "connack:0 end");
    assert_peer(&two, "connack:0 ");
    peer_close(&one);
    peer_close(&two);
}

static void test_revoked_credential(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packet = { 0 };
    peer_open(f, &lamp);
    put_login(&packet, AUTH_FAKE_USER, AUTH_FAKE_PASSWORD);
    peer_send_buf(&lamp, &packet);
    assert_peer(&lamp, "connack:0 ");
    auth_fake_revoke(auth_fake_last(f->auth));
    turns(f, 5);
    assert_peer(&lamp, "end");
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    peer_close(&lamp);
}

/* ---- packets ---- */

/* Every packet split at every byte gives the same answers. */
static void test_split_everywhere(void **state)
{
    struct fixture *f = *state;
    struct buf all = { 0 };
    put_connect(&all, "lamp", true, 0);
    put_subscribe(&all, 7, "t/+", 2);
    put_publish(&all, "t/a", "zero", 0, 0, false);
    put_publish(&all, "t/b", "one", 1, 8, false);
    put_publish(&all, "t/c", "two", 2, 9, false);
    put_ack(&all, MQTT_TYPE_pubrel, 9);
    put_ack(&all, MQTT_TYPE_puback, 2);
    put_ack(&all, MQTT_TYPE_pubrec, 3);
    put_ack(&all, MQTT_TYPE_pubcomp, 3);
    struct mqtt_filter filter = { SLICE_LIT("t/+"), 0 };
    put_request(&all, MQTT_TYPE_unsubscribe, 10, &filter, 1);
    mqtt_encode_empty(&all, MQTT_TYPE_pingreq);
    static const char expected[] =
        "connack:0 suback#7:2 t/a=zero/0 t/b=one/1#2 puback#8 t/c=two/2#3 "
        "pubrec#9 pubcomp#9 pubrel#3 unsuback#10 pingresp ";
    for (size_t at = 1; at <= all.len; at++) {
        struct peer lamp = { 0 };
        peer_open(f, &lamp);
        peer_send(&lamp, all.data, at);
        if (at < all.len) peer_send(&lamp, all.data + at, all.len - at);
        assert_peer(&lamp, expected);
        peer_close(&lamp);
    }
    struct peer slow = { 0 };
    peer_open(f, &slow);
    for (size_t at = 0; at < all.len; at++)
        peer_send(&slow, all.data + at, 1);
    assert_peer(&slow, expected);
    peer_close(&slow);
    buf_deinit(&all);
}

static void test_broken_packets(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        { BYTES("\x00\x00") },         /* reserved type */
        { BYTES("\xf0\x00") },         /* MQTT 5's AUTH */
        { BYTES("\x20\x02\x00\x00") }, /* only servers send it */
        { BYTES("\xd0\x00") },
        { BYTES("\x90\x03\x00\x01\x00") },
        { BYTES("\x36\x05\x00\x01t\x00\x01") },     /* QoS 3 */
        { BYTES("\x32\x05\x00\x01t\x00\x00") },     /* id 0 */
        { BYTES("\x30\x04\x00\x03t/+") },           /* shorter than its topic */
        { BYTES("\x30\x05\x00\x03t/+") },           /* a wildcard */
        { BYTES("\x30\x04\x00\x02t\x00") },         /* U+0000 */
        { BYTES("\x82\x02\x00\x01") },              /* no filter */
        { BYTES("\x82\x06\x00\x01\x00\x01t\x03") }, /* QoS 3 */
        { BYTES("\x80\x06\x00\x01\x00\x01t\x00") }, /* flags */
        { BYTES("\xc0\x01x") },                     /* PINGREQ with a body */
        { BYTES("\xe0\x01x") },                     /* DISCONNECT with one */
        { BYTES("\x30\xff\xff\xff\xff\x01") },      /* length of five bytes */
        { BYTES("\x30\x80\x80\x01") },              /* more than max_packet */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        struct buf packet = { 0 };
        service_start(f, &wills, "will");
        mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                             .clean_session = true,
                                                             .client_id = SLICE_LIT("lamp"),
                                                             .will = true,
                                                             .will_topic = SLICE_LIT("will"),
                                                             .will_payload = SLICE_LIT("x") });
        peer_open(f, &lamp);
        peer_send_buf(&lamp, &packet);
        assert_peer(&lamp, "connack:0 ");
        peer_send(&lamp, cases[i].bytes, cases[i].len);
        const char *log = peer_log(&lamp);
        if (strcmp(log, "end") != 0 || wills.count != 1)
            fail_msg("case %zu: %s, %d wills", i, log, wills.count);
        service_stop(&wills);
        peer_close(&lamp);
    }
}

static void test_max_packet(void **state)
{
    struct fixture *f = *state;
    char payload[MAX_PACKET];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    struct peer lamp = { 0 };
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    payload[MAX_PACKET - 3 - 3] = '\0'; /* header of 3, topic of 3 */
    peer_publish(&lamp, "t", payload, 0, 0);
    peer_send(&lamp, "\xc0\x00", 2);
    assert_peer(&lamp, "connack:0 pingresp ");
    payload[MAX_PACKET - 3 - 3] = 'x';
    peer_publish(&lamp, "t", payload, 0, 0);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

static void test_subscribe_with_mixed_grants(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct mqtt_filter filters[] = { { SLICE_LIT("a"), 0 },
                                     { SLICE_LIT("denied"), 1 },
                                     { SLICE_LIT("b/#"), 2 },
                                     { SLICE_LIT("$share/g/$aws/rules/x"), 1 },
                                     { SLICE_LIT("a"), 1 } };
    struct buf packet = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    put_publish(&packet, "a", "kept", 1, 1, true);
    put_publish(&packet, "denied", "kept", 0, 0, true);
    peer_send_buf(&lamp, &packet);
    settle(f);
    assert_peer(&lamp, "connack:0 puback#1 ");
    put_request(&packet, MQTT_TYPE_subscribe, 5, filters, ARRAY_LEN(filters));
    peer_send_buf(&lamp, &packet);
    assert_peer(&lamp, "suback#5:0:80:2:80:1 a=kept/0r a=kept/1r#2 ");
    peer_close(&lamp);
}

/* ---- acknowledgements ---- */

/* Acknowledgements that wait for a commit leave in order, and so does what does not wait [MQTT-4.6.0-2],
 * [MQTT-4.6.0-3]. */
static void test_acknowledgements_in_commit_order(void **state)
{
    struct fixture *f = *state;
    struct client absent = { 0 };
    struct peer lamp = { 0 };
    client_open(f, &absent, "absent", false);
    client_subscribe(&absent, "kept", 1);
    settle(f);
    client_log(&absent);
    absent.congested = true;
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_log(&lamp);
    struct buf packets = { 0 };
    put_publish(&packets, "free", "x", 1, 1, false);
    put_publish(&packets, "kept", "x", 1, 2, false); /* online: its batch lingers */
    put_publish(&packets, "free", "x", 1, 3, false);
    put_publish(&packets, "free", "x", 2, 4, false);
    put_subscribe(&packets, 5, "s", 1);
    mqtt_encode_empty(&packets, MQTT_TYPE_pingreq);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "puback#1 pingresp ");
    settle(f);
    turns(f, 3);
    assert_peer(&lamp, "puback#2 puback#3 pubrec#4 suback#5:1 ");
    peer_publish(&lamp, "free", "x", 1, 6);
    assert_peer(&lamp, "puback#6 ");
    peer_close(&lamp);
    client_free(&absent);
}

static void test_held_acknowledgement_blocks_later_ones(void **state)
{
    struct fixture *f = *state;
    struct service shadow = { .does = SERVICE_HOLD };
    struct peer lamp = { 0 };
    service_start(f, &shadow, "shadow");
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_log(&lamp);
    peer_publish(&lamp, "shadow", "x", 1, 1);
    struct hub_hold *first = shadow.hold;
    peer_publish(&lamp, "free", "x", 1, 2);
    peer_publish(&lamp, "shadow", "x", 2, 3);
    struct hub_hold *second = shadow.hold;
    peer_publish(&lamp, "shadow", "x", 0, 0);
    hub_release(shadow.hold, 0);
    assert_peer(&lamp, "");
    hub_release(second, 0);
    turns(f, 3);
    assert_peer(&lamp, "");
    hub_release(first, 0);
    turns(f, 3);
    assert_peer(&lamp, "puback#1 puback#2 pubrec#3 ");

    peer_publish(&lamp, "shadow", "x", 1, 4); /* a decision against it ends the connection */
    hub_release(shadow.hold, ERR_STORE);
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);

    peer_open(f, &lamp); /* the connection goes first */
    peer_connect(&lamp, "lamp", true);
    peer_publish(&lamp, "shadow", "x", 1, 5);
    peer_close(&lamp);
    hub_release(shadow.hold, 0);
    turns(f, 3);
    service_stop(&shadow);
}

static void test_denied_publish_closes(void **state)
{
    struct fixture *f = *state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct peer lamp = { 0 };
        auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
        peer_open(f, &lamp);
        peer_connect(&lamp, "lamp", true);
        peer_publish(&lamp, "denied", "x", qos, 1);
        assert_peer(&lamp, "connack:0 end");
        peer_close(&lamp);
    }
}

static void test_qos2_of_a_persistent_session(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    service_start(f, &all, "t");
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    settle(f);
    turns(f, 3);
    peer_log(&lamp);
    peer_publish(&lamp, "t", "x", 2, 9);
    settle(f);
    turns(f, 3);
    assert_peer(&lamp, "pubrec#9 ");
    peer_close(&lamp);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_publish(&lamp, "t", "x", 2, 9);
    settle(f);
    turns(f, 3);
    assert_peer(&lamp, "connack:0+ pubrec#9 ");
    assert_int_equal(all.count, 1);
    peer_ack(&lamp, MQTT_TYPE_pubrel, 9);
    settle(f);
    turns(f, 3);
    peer_ack(&lamp, MQTT_TYPE_pubrel, 9);
    assert_peer(&lamp, "pubcomp#9 pubcomp#9 ");
    service_stop(&all);
    peer_close(&lamp);
}

/* Too many acknowledgements owed: nothing more is read until they are settled. */
static void test_back_pressure(void **state)
{
    struct fixture *f = *state;
    struct service all = { .does = SERVICE_COUNT };
    struct client absent = { 0 };
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    enum { SENT = 10000 };
    service_start(f, &all, "t");
    client_open(f, &absent, "absent", false);
    client_subscribe(&absent, "t", 1);
    settle(f);
    absent.congested = true;
    f->opts.max_queued = SENT + 1;
    hub_set_opts(f->hub, &f->opts);
    peer_open(f, &lamp);
    struct buf connect = { 0 };
    put_connect(&connect, "lamp", true, 60);
    peer_send_buf(&lamp, &connect);
    peer_log(&lamp);
    for (int i = 1; i <= SENT; i++)
        put_publish(&packets, "t", "x", 1, (uint16_t)i, false);
    peer_send_buf(&lamp, &packets);
    turns(f, 50);
    assert_int_equal(all.count, MOST_OWED + 1);
    clock_fake_advance(
        SECONDS(59)); /* the batch would linger; no keep-alive for whom we do not hear */
    for (int i = 0; i < 3; i++) {
        clock_fake_advance(SECONDS(59));
        turns(f, 2);
    }
    assert_false(lamp.ended);
    for (int i = 0; i < 2000 && all.count < SENT; i++) {
        settle(f);
        turns(f, 5);
    }
    settle(f);
    turns(f, 5);
    assert_int_equal(all.count, SENT);
    struct mqtt_frame frame;
    int acks = 0;
    while (mqtt_frame((const uint8_t *)lamp.in.data, lamp.in.len, 100, MQTT_LEVEL_311, &frame,
                      NULL) == 1) {
        assert_int_equal(frame.type, MQTT_TYPE_puback);
        acks++;
        assert_int_equal((uint8_t)frame.body.ptr[0] << 8 | (uint8_t)frame.body.ptr[1], acks);
        buf_consume(&lamp.in, frame.size);
    }
    assert_int_equal(acks, SENT);
    peer_close(&lamp);
    client_free(&absent);
    service_stop(&all);
}

/* ---- the end ---- */

static void test_keep_alive(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packet = { 0 };
    peer_open(f, &lamp);
    put_connect(&packet, "lamp", true, 10);
    peer_send_buf(&lamp, &packet);
    for (int i = 0; i < 5; i++) {
        clock_fake_advance(SECONDS(14));
        turns(f, 3);
        peer_send(&lamp, "\xc0\x00", 2);
    }
    assert_peer(&lamp, "connack:0 pingresp pingresp pingresp pingresp pingresp ");
    clock_fake_advance(14999);
    turns(f, 3);
    assert_peer(&lamp, "");
    clock_fake_advance(1);
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);

    peer_open(f, &lamp); /* 0: never */
    peer_connect(&lamp, "lamp", true);
    clock_fake_advance(DAYS(3));
    turns(f, 5);
    assert_peer(&lamp, "connack:0 ");
    peer_close(&lamp);

    front_opts.max_keep_alive_s = 60; /* unless there is a limit */
    front_set_opts(front, &front_opts);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    clock_fake_advance(SECONDS(89));
    turns(f, 5);
    assert_peer(&lamp, "connack:0 ");
    clock_fake_advance(SECONDS(1));
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

static void test_will(void **state)
{
    struct fixture *f = *state;
    enum { DISCONNECT, CLOSE, BREAK, SHUTDOWN, HOWS };
    for (int how = 0; how < HOWS; how++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        struct buf packet = { 0 };
        service_start(f, &wills, "will");
        mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                             .clean_session = true,
                                                             .client_id = SLICE_LIT("lamp"),
                                                             .will = true,
                                                             .will_qos = 1,
                                                             .will_retain = true,
                                                             .will_topic = SLICE_LIT("will"),
                                                             .will_payload = SLICE_LIT("bye") });
        peer_open(f, &lamp);
        peer_send_buf(&lamp, &packet);
        assert_peer(&lamp, "connack:0 ");
        if (how == DISCONNECT)
            peer_send(&lamp, "\xe0\x00", 2);
        else if (how == CLOSE)
            stream_close(lamp.stream, false, NULL), lamp.stream = NULL;
        else if (how == BREAK)
            stream_pair_break(lamp.stream, -ECONNRESET);
        else
            front_close_all(front);
        turns(f, 8);
        assert_int_equal(wills.count, how != DISCONNECT);
        if (how != DISCONNECT) assert_string_equal(buf_str(&wills.log), "will=bye ");
        assert_int_equal(hub_retained_count(f->hub), how != DISCONNECT);
        publish(f, "x", "x", 0);
        struct msg *gone = message("will", "", 0, true);
        hub_publish(f->hub, principal_system(), NULL, gone, NULL, NULL);
        msg_unref(gone);
        service_stop(&wills);
        peer_close(&lamp);
    }
}

/* What was sent before DISCONNECT in the same packet of the network is heard. */
static void test_publish_and_go(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    service_start(f, &all, "t");
    peer_open(f, &lamp);
    put_connect(&packets, "lamp", true, 0);
    put_publish(&packets, "t", "1", 0, 0, false);
    put_publish(&packets, "t", "2", 1, 1, false);
    put_disconnect(&packets);
    put_publish(&packets, "t", "3", 0, 0, false); /* after the end: never */
    peer_send_buf(&lamp, &packets);
    assert_string_equal(buf_str(&all.log), "t=1 t=2 ");
    assert_peer(&lamp, "connack:0 puback#1 end");
    service_stop(&all);
    peer_close(&lamp);
}

/* ---- slow readers ---- */

static void test_slow_reader(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char payload[2001], expected[64];
    memset(payload, 'x', 2000);
    payload[2000] = '\0';
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "t", 1);
    assert_peer(&lamp, "connack:0 suback#1:1 ");
    stream_pause(lamp.stream);
    for (int i = 0; i < 200; i++) { /* what is under way fills up, then our own buffer */
        publish(f, "t", payload, 0);
        turns(f, 2);
    }
    int64_t drops = metrics_get(METRIC_DROPS);
    publish(f, "t", "lost", 0);
    assert_int_equal(metrics_get(METRIC_DROPS), drops + 1);
    publish(f, "t", "kept 1", 1);
    publish(f, "t", "kept 2", 1);
    stream_resume(lamp.stream);
    turns(f, 50);
    const char *log = peer_log(&lamp);
    assert_null(strstr(log, "lost"));
    snprintf(expected, sizeof expected, "t=kept 1/1#2 t=kept 2/1#3 ");
    assert_true(strlen(log) > strlen(expected));
    assert_string_equal(log + strlen(log) - strlen(expected), expected);
    publish(f, "t", "again", 0);
    turns(f, 3);
    assert_peer(&lamp, "t=again/0 ");
    peer_close(&lamp);
}

/* Who takes no output is not read from either: its keep-alive must run all the same. */
static void test_dead_reader(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packet = { 0 };
    char payload[2001];
    memset(payload, 'x', 2000);
    payload[2000] = '\0';
    peer_open(f, &lamp);
    put_connect(&packet, "lamp", true, 10);
    put_subscribe(&packet, 1, "t", 0);
    peer_send_buf(&lamp, &packet);
    peer_log(&lamp);
    stream_pair_set_window(lamp.stream, 1);
    stream_pause(lamp.stream);
    for (int i = 0; i < 200; i++) {
        publish(f, "t", payload, 0);
        turns(f, 2);
    }
    peer_publish(&lamp, "u", "x", 1, 1);
    for (int i = 0; i < 4; i++) {
        peer_send(&lamp, "\xc0\x00", 2);
        clock_fake_advance(SECONDS(15));
        turns(f, 3);
    }
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    peer_close(&lamp);
}

/* ---- rates ---- */

static void set_rates(int64_t packets, int64_t bytes)
{
    front_opts.packet_rate.rate = packets;
    front_opts.byte_rate.rate = bytes;
    front_set_opts(front, &front_opts);
}

/* Faster than it may: read from later, and nothing is lost. */
static void test_packet_rate(void **state)
{
    struct fixture *f = *state;
    struct service all = { .does = SERVICE_COUNT };
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    service_start(f, &all, "t");
    peer_open(f, &lamp);
    put_connect(&packets, "lamp", true, 1);
    peer_send_buf(&lamp, &packets);
    set_rates(10, 0);
    int64_t throttled = metrics_get(METRIC_MQTT_THROTTLED);
    for (int i = 0; i < 35; i++)
        put_publish(&packets, "t", "x", 0, 0, false);
    peer_send_buf(&lamp, &packets);
    assert_int_equal(all.count, 10);
    assert_int_equal(metrics_get(METRIC_MQTT_THROTTLED), throttled + 1);
    for (int i = 1; i <= 25; i++) { /* its keep-alive is 1.5 s, and it is silent */
        clock_fake_advance(99);
        turns(f, 3);
        assert_int_equal(all.count, 9 + i);
        clock_fake_advance(1);
        turns(f, 3);
        assert_int_equal(all.count, 10 + i);
    }
    assert_false(lamp.ended);
    set_rates(0, 0);
    for (int i = 0; i < 100; i++)
        put_publish(&packets, "t", "x", 0, 0, false);
    peer_send_buf(&lamp, &packets);
    assert_int_equal(all.count, 135);
    service_stop(&all);
    peer_close(&lamp);
}

/* A packet that is larger than the burst goes through, and is paid for afterwards. */
static void test_byte_rate(void **state)
{
    struct fixture *f = *state;
    struct service all = { .does = SERVICE_COUNT };
    struct peer lamp = { 0 };
    char payload[1001];
    memset(payload, 'x', 1000);
    payload[1000] = '\0';
    service_start(f, &all, "t");
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    set_rates(0, 500);
    peer_publish(&lamp, "t", payload, 0, 0);
    assert_int_equal(all.count, 1);
    peer_publish(&lamp, "t", "y", 0, 0);
    clock_fake_advance(SECONDS(1));
    turns(f, 3);
    assert_int_equal(all.count, 1);
    clock_fake_advance(SECONDS(1));
    turns(f, 3);
    assert_int_equal(all.count, 2);
    service_stop(&all);
    peer_close(&lamp);
}

/* What a subscriber acknowledges does not count as its packets; closing while it waits does no harm. */
static void test_rate_of_acknowledgements(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    set_rates(1, 0);
    for (int i = 1; i <= 50; i++)
        put_ack(&packets, MQTT_TYPE_puback, (uint16_t)i);
    buf_append(&packets, "\xc0\x00\xc0\x00", 4);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "connack:0 pingresp ");
    clock_fake_advance(SECONDS(1));
    turns(f, 3);
    assert_peer(&lamp, "pingresp ");
    peer_send(&lamp, "\xc0\x00\xc0\x00", 4);
    front_close_all(front); /* while it waits */
    turns(f, 3);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

/* Without a keep-alive, and with output far below the mark: who takes none of it goes. */
static void test_output_that_is_never_taken(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char payload[2001];
    memset(payload, 'x', 2000);
    payload[2000] = '\0';
    front_opts.output_timeout_ms = SECONDS(60);
    front_set_opts(front, &front_opts);
    struct stream *server = peer_pair(f, &lamp);
    front_accept(NULL, server, &open_listener);
    turns(f, 3);
    peer_connect(&lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "t", 0);
    peer_take_slowly(&lamp, 1000);
    clock_fake_advance(DAYS(1)); /* nothing waits: it lives */
    turns(f, 3);
    stream_pause(lamp.stream);
    publish(f, "t", payload, 0);
    publish(f, "t", payload, 0);
    turns(f, 3);
    clock_fake_advance(SECONDS(60)); /* seen to wait for the first time */
    turns(f, 3);
    stream_resume(lamp.stream); /* it takes a little, in its own time */
    turns(f, 3);
    stream_pause(lamp.stream);
    publish(f, "t", payload, 0);
    turns(f, 3);
    clock_fake_advance(SECONDS(59));
    turns(f, 3);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 1);
    for (int i = 0; i < 2; i++) {
        peer_send(&lamp, "\xc0\x00", 2); /* and speaks, which does not help it */
        clock_fake_advance(SECONDS(60));
        turns(f, 3);
    }
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    peer_close(&lamp);
}

/* No memory to spare: publishers wait, who is behind gets no QoS 0; both are over with the lack. */
static void test_memory_budget(void **state)
{
    struct fixture *f = *state;
    struct service all = { .does = SERVICE_COUNT };
    struct peer lamp = { 0 }, deaf = { 0 };
    struct buf packets = { 0 };
    char payload[2001];
    memset(payload, 'x', 2000);
    payload[2000] = '\0';
    front_opts.output_buffer = 10 << 20;
    front_set_opts(front, &front_opts);
    service_start(f, &all, "u");
    peer_open(f, &deaf);
    peer_connect(&deaf, "deaf", true);
    peer_subscribe(&deaf, 1, "t", 1);
    stream_pause(deaf.stream);
    for (int i = 0; i < 100; i++) /* the line holds 64 KB, ours is more than that */
        publish(f, "t", payload, 0);
    turns(f, 3);
    peer_open(f, &lamp);
    put_connect(&packets, "lamp", true, 1);
    peer_send_buf(&lamp, &packets);

    int64_t drops = metrics_get(METRIC_DROPS), waits = metrics_get(METRIC_MEMORY_WAITS);
    budget_set_limit(1);
    publish(f, "t", "lost", 0);
    publish(f, "t", "kept", 1);
    assert_int_equal(metrics_get(METRIC_DROPS), drops + 1);
    for (int i = 1; i <= 3; i++)
        put_publish(&packets, "u", "x", 1, (uint16_t)i, false);
    peer_send_buf(&lamp, &packets);
    assert_int_equal(all.count, 1);
    assert_int_equal(metrics_get(METRIC_MEMORY_WAITS), waits + 1);
    clock_fake_advance(999);
    turns(f, 5);
    assert_int_equal(all.count, 1);
    clock_fake_advance(20); /* one a second: acknowledgements may stand behind it */
    turns(f, 8);
    assert_int_equal(all.count, 2);
    assert_int_equal(metrics_get(METRIC_MEMORY_WAITS), waits + 2);
    assert_peer(&lamp, "connack:0 puback#1 puback#2 ");

    budget_set_limit(0);
    clock_fake_advance(20);
    turns(f, 8);
    assert_peer(&lamp, "puback#3 ");
    assert_int_equal(all.count, 3);
    stream_resume(deaf.stream);
    turns(f, 50);
    const char *log = peer_log(&deaf);
    assert_null(strstr(log, "lost"));
    assert_non_null(strstr(log, "t=kept/1"));
    publish(f, "t", "again", 0);
    turns(f, 3);
    assert_peer(&deaf, "t=again/0 ");
    peer_close(&lamp);
    peer_close(&deaf);
    service_stop(&all);
}

/* The messages that fill the memory are those whose acknowledgements stand behind a PUBLISH. */
static void test_memory_is_given_back_behind_a_publish(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "t", 1);
    publish(f, "t", "x", 1);
    turns(f, 5);
    assert_peer(&lamp, "connack:0 suback#1:1 t=x/1#2 ");
    budget_set_limit((size_t)budget_used() - 1);
    put_publish(&packets, "u", "1", 0, 0, false);
    put_publish(&packets, "u", "2", 0, 0, false);
    put_ack(&packets, MQTT_TYPE_puback, 2);
    buf_append(&packets, "\xc0\x00", 2);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "");
    clock_fake_advance(SECONDS(1) + 20);
    turns(f, 8);
    assert_peer(&lamp, ""); /* the second one */
    clock_fake_advance(SECONDS(1) + 20);
    turns(f, 8);
    assert_peer(&lamp, "pingresp ");
    assert_false(budget_over());
    peer_close(&lamp);
}

/* Who keeps up gets everything, and a starved publisher may go while it waits. */
static void test_memory_budget_and_the_quick(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, quick = { 0 };
    peer_open(f, &quick);
    peer_connect(&quick, "quick", true);
    peer_subscribe(&quick, 1, "t", 0);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    budget_set_limit(1);
    publish(f, "t", "1", 0);
    peer_publish(&lamp, "t", "2", 0, 0);
    assert_peer(&quick, "connack:0 suback#1:0 t=1/0 t=2/0 ");
    front_close_all(front);
    turns(f, 3);
    assert_peer(&lamp, "connack:0 end");
    peer_close(&lamp);
    peer_close(&quick);
}

/* The mark may be lowered while a connection is above it: it must come to life again. */
static void test_smaller_output_buffer(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char payload[1001];
    memset(payload, 'x', 1000);
    payload[1000] = '\0';
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "t", 1);
    stream_pair_set_window(lamp.stream, 1);
    stream_pause(lamp.stream);
    front_opts.output_buffer = 1024;
    front_set_opts(front, &front_opts);
    for (int i = 0; i < 200; i++)
        publish(f, "t", payload, 0);
    publish(f, "t", "kept", 1);
    stream_resume(lamp.stream);
    turns(f, 100);
    assert_non_null(strstr(peer_log(&lamp), "t=kept/1#2 "));
    peer_close(&lamp);
}

/* Large messages are shared by their receivers; each has its own id and flags. */
static void test_large_messages(void **state)
{
    struct fixture *f = *state;
    struct peer one = { 0 }, two = { 0 };
    char *payload = xmalloc(3001);
    struct buf expected = { 0 };
    memset(payload, 'p', 3000);
    payload[3000] = '\0';
    peer_open(f, &one);
    peer_open(f, &two);
    peer_connect(&one, "one", true);
    peer_connect(&two, "two", true);
    peer_subscribe(&one, 1, "#", 2);
    peer_subscribe(&two, 1, "big", 1);
    peer_publish(&one, "x", "shifts the ids", 1, 1);
    peer_log(&one);
    peer_log(&two);
    publish(f, "big", payload, 0);
    publish(f, "big", payload, 2);
    turns(f, 5);
    buf_printf(&expected, "big=%s/0 big=%s/2#3 ", payload, payload);
    assert_peer(&one, buf_str(&expected));
    buf_clear(&expected);
    buf_printf(&expected, "big=%s/0 big=%s/1#2 ", payload, payload);
    assert_peer(&two, buf_str(&expected));
    buf_deinit(&expected);
    free(payload);
    peer_close(&one);
    peer_close(&two);
}

static void test_redelivery(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    settle(f);
    turns(f, 3);
    peer_subscribe(&lamp, 1, "t", 2);
    settle(f);
    turns(f, 3);
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 2);
    settle(f); /* QoS 2 is sent when its row is committed */
    turns(f, 3);
    assert_peer(&lamp, "connack:0 suback#1:2 t=1/1#2 t=2/2#3 ");
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    settle(f);
    turns(f, 3);
    assert_peer(&lamp, "connack:0+ t=1/1d#2 t=2/2d#3 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    peer_ack(&lamp, MQTT_TYPE_pubrec, 3);
    settle(f);
    turns(f, 3);
    assert_peer(&lamp, "pubrel#3 ");
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 3);
    peer_close(&lamp);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    assert_peer(&lamp, "connack:0+ ");
    peer_close(&lamp);
}

/* ---- hub.profile = aws-strict ---- */

/* Each of these closes, with nothing said after CONNACK; the first of a pair is still fine. */
static void test_strict_packets(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf good = { 0 }, bad = { 0 };
    char topic[300], payload[1] = { 0 };
    peer_become_strict(f);
    memset(topic, 't', sizeof topic);
    static const struct mqtt_filter nine[] = {
        { SLICE_LIT("1"), 0 }, { SLICE_LIT("2"), 0 }, { SLICE_LIT("3"), 0 },
        { SLICE_LIT("4"), 0 }, { SLICE_LIT("5"), 0 }, { SLICE_LIT("6"), 0 },
        { SLICE_LIT("7"), 0 }, { SLICE_LIT("8"), 0 }, { SLICE_LIT("9"), 0 },
    };
    enum { QOS2, QOS2_FILTER, FILTERS, TOPIC, LEVELS, SYS, DENIED, CASES };
    static const char *const answers[CASES] = {
        [QOS2] = "puback#1 ",     [QOS2_FILTER] = "suback#1:1 ",
        [TOPIC] = "puback#1 ",    [FILTERS] = "suback#1:0:0:0:0:0:0:0:0 ",
        [LEVELS] = "puback#1 ",   [SYS] = "suback#1:1 ",
        [DENIED] = "suback#1:1 ",
    };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    for (int i = 0; i < CASES; i++) {
        peer_open(f, &lamp);
        peer_connect(&lamp, "lamp", true);
        assert_peer(&lamp, "connack:0 ");
        switch (i) {
        case QOS2:
            put_publish(&good, "t", "x", 1, 1, false);
            put_publish(&bad, "t", "x", 2, 2, false);
            break;
        case QOS2_FILTER:
            put_subscribe(&good, 1, "t", 1);
            put_subscribe(&bad, 2, "u", 2);
            break;
        case FILTERS:
            put_request(&good, MQTT_TYPE_subscribe, 1, nine, 8);
            put_request(&bad, MQTT_TYPE_subscribe, 2, nine, 9);
            break;
        case TOPIC:
            topic[256] = '\0';
            put_publish(&good, topic, payload, 1, 1, false);
            topic[256] = 't';
            topic[257] = '\0';
            put_publish(&bad, topic, payload, 1, 2, false);
            break;
        case LEVELS:
            put_publish(&good, "1/2/3/4/5/6/7/8", "x", 1, 1, false);
            put_publish(&bad, "1/2/3/4/5/6/7/8/9", "x", 1, 2, false);
            break;
        case SYS:
            put_subscribe(&good, 1, "$aws/events/#", 1);
            put_subscribe(&bad, 2, "$SYS/#", 1);
            break;
        default:
            put_subscribe(&good, 1, "t", 1);
            put_subscribe(&bad, 2, "denied", 1);
        }
        peer_send_buf(&lamp, &good);
        settle(f);
        turns(f, 5);
        assert_peer(&lamp, answers[i]);
        peer_send_buf(&lamp, &bad);
        assert_peer(&lamp, "end");
        peer_close(&lamp);
    }
}

static void test_strict_connect(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packet = { 0 };
    char id[130];
    peer_become_strict(f);
    memset(id, 'i', sizeof id);
    id[128] = '\0';
    peer_open(f, &lamp);
    put_connect(&packet, id, true, 5); /* shorter than AWS's shortest: 30 s */
    peer_send_buf(&lamp, &packet);
    clock_fake_advance(44999);
    turns(f, 3);
    assert_peer(&lamp, "connack:0 ");
    clock_fake_advance(1);
    turns(f, 5);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
    id[128] = 'i';
    id[129] = '\0';
    const char *const bad[] = { id, "$lamp" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        peer_open(f, &lamp);
        peer_connect(&lamp, bad[i], true);
        assert_peer(&lamp, "connack:2 end");
        peer_close(&lamp);
    }
    for (uint8_t qos = 1; qos <= 2; qos++) {
        mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                             .clean_session = true,
                                                             .client_id = SLICE_LIT("lamp"),
                                                             .will = true,
                                                             .will_qos = qos,
                                                             .will_topic = SLICE_LIT("will"),
                                                             .will_payload = SLICE_LIT("bye") });
        peer_open(f, &lamp);
        peer_send_buf(&lamp, &packet);
        assert_peer(&lamp, qos == 1 ? "connack:0 " : "end");
        peer_close(&lamp);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_connect),
        TEST(test_connack_waits_for_the_commit),
        TEST(test_connack_that_never_comes),
        TEST(test_connect_refused),
        TEST(test_second_connect),
        TEST(test_connect_denied_by_policy),
        TEST(test_login),
        TEST(test_end_while_auth_is_asked),
        TEST(test_connect_time_out),
        TEST(test_generated_client_ids_differ),
        TEST(test_take_over),
        TEST(test_revoked_credential),
        TEST(test_split_everywhere),
        TEST(test_broken_packets),
        TEST(test_max_packet),
        TEST(test_subscribe_with_mixed_grants),
        TEST(test_acknowledgements_in_commit_order),
        TEST(test_held_acknowledgement_blocks_later_ones),
        TEST(test_denied_publish_closes),
        TEST(test_qos2_of_a_persistent_session),
        TEST(test_back_pressure),
        TEST(test_keep_alive),
        TEST(test_will),
        TEST(test_publish_and_go),
        TEST(test_slow_reader),
        TEST(test_dead_reader),
        TEST(test_packet_rate),
        TEST(test_byte_rate),
        TEST(test_rate_of_acknowledgements),
        TEST(test_output_that_is_never_taken),
        TEST(test_memory_budget),
        TEST(test_memory_is_given_back_behind_a_publish),
        TEST(test_memory_budget_and_the_quick),
        TEST(test_smaller_output_buffer),
        TEST(test_large_messages),
        TEST(test_redelivery),
        TEST(test_strict_packets),
        TEST(test_strict_connect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
