/* test_mqtt5_mixed.c — clients of MQTT 3.1.1 and 5.0 beside each other: messages of both QoS and sizes, retained
 * messages, expiry, shared subscriptions, and sessions that go on in the other version. */
#include "mqtt_steps5.h"

#include "base/err.h"

enum { LARGE = 70000 };

static const char ALL[] = "payload_format=0 response_topic=r/t correlation_data=\x01\xff "
                          "content_type=x user_property=z:1 user_property=a:2 user_property=z:1";

/* Starts a client of that level, which keeps its session when it is told to. */
static void start_at(struct fixture *f, struct peer *peer, uint8_t level, const char *id, bool kept)
{
    peer->level = 0;
    if (level == MQTT_LEVEL_5)
        peer5_start(f, peer, id, !kept, kept ? KEPT : NULL);
    else
        peer_start(f, peer, id, !kept);
}

static void subscribe_at(struct peer *peer, const char *filter, uint8_t qos)
{
    char options[] = { (char)('0' + qos), '\0' };
    if (peer->level)
        peer5_subscribe(peer, 1, filter, options, NULL);
    else
        peer_subscribe(peer, 1, filter, qos);
    peer_settle(peer);
}

/* A PUBLISH in the form of the peer's level. */
static void send_at(struct peer *peer, struct mqtt_publish publish)
{
    struct buf packet = { 0 };
    size_t id_at;
    publish.level = peer->level ? peer->level : MQTT_LEVEL_311;
    if (!peer->level) publish.properties = slice_of("", 0);
    size_t size = mqtt_publish_size(&publish);
    char *at = buf_reserve(&packet, size);
    mqtt_encode_publish((uint8_t *)at, &publish, &id_at);
    if (id_at) at[id_at + 1] = (char)publish.id;
    packet.len += size;
    peer_send_buf(peer, &packet);
    peer_settle(peer);
    peer_settle(peer);
}

/* The next PUBLISH among what has come; everything before it is forgotten. */
static void next_publish(struct peer *peer, struct mqtt_publish *ret_got)
{
    uint8_t level = peer->level ? peer->level : MQTT_LEVEL_311;
    struct mqtt_frame frame;
    for (;;) {
        const uint8_t *data = (const uint8_t *)peer->in.data;
        assert_int_equal(mqtt_frame(data, peer->in.len, 1 << 20, level, &frame, NULL), 1);
        if (frame.type == MQTT_TYPE_publish) break;
        buf_consume(&peer->in, frame.size);
    }
    assert_int_equal(mqtt_decode_publish(&frame, level, false, ret_got, NULL), 0);
}

static void check_next(struct peer *peer, uint8_t qos, bool retain, struct slice payload,
                       const char *properties)
{
    struct mqtt_publish got;
    next_publish(peer, &got);
    assert_true(slice_eq_str(got.topic, "t"));
    assert_int_equal(got.qos, qos);
    assert_int_equal(got.retain, retain);
    assert_true(slice_eq(got.payload, payload));
    assert_true(slice_eq(got.properties, props(peer->level ? properties : "")));
    peer_log(peer);
}

/* Bytes of every value. */
static struct slice bytes(size_t len)
{
    static char all[LARGE];
    assert_true(len <= sizeof all);
    for (size_t i = 0; i < len; i++)
        all[i] = (char)(i * 31 + i / 256);
    return slice_of(all, len);
}

static void allow_large(void)
{
    front_opts.max_packet = 2 * LARGE;
    front_opts.output_buffer = 4 * LARGE;
    front_again();
}

/* From one level to the other, with each QoS of both, retained and not. */
static void check_pair(struct fixture *f, uint8_t from, uint8_t to, size_t size)
{
    struct slice payload = bytes(size);
    const char *with = from == MQTT_LEVEL_5 ? ALL : "";
    struct peer pump = { 0 };
    start_at(f, &pump, from, "pump", false);
    for (uint8_t published = 0; published <= 2; published++) {
        for (uint8_t granted = 0; granted <= 2; granted++) {
            uint8_t qos = published < granted ? published : granted;
            struct peer lamp = { 0 };
            start_at(f, &lamp, to, "lamp", false);
            subscribe_at(&lamp, "t", granted);
            send_at(&pump, (struct mqtt_publish){ .topic = SLICE_LIT("t"),
                                                  .qos = published,
                                                  .id = (uint16_t)(1 + published * 3 + granted),
                                                  .retain = true,
                                                  .properties = props(ALL),
                                                  .payload = payload });
            check_next(&lamp, qos, false, payload, with);
            subscribe_at(&lamp, "t", granted);
            turns(f, 5);
            if (size) check_next(&lamp, qos, true, payload, with); /* an empty one is not kept */
            hub_retained_remove(f->hub, SLICE_LIT("t"));
            peer_close(&lamp);
        }
    }
    peer_close(&pump);
}

static void each_pair_of_qos(void **state)
{
    static const size_t sizes[] = { 0, 900, LARGE };
    allow_large();
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        check_pair(*state, MQTT_LEVEL_311, MQTT_LEVEL_5, sizes[i]);
        check_pair(*state, MQTT_LEVEL_5, MQTT_LEVEL_311, sizes[i]);
        check_pair(*state, MQTT_LEVEL_5, MQTT_LEVEL_5, sizes[i]);
    }
}

/* ---- one message for all ---- */

enum { LAMPS = 6 }; /* three QoS of 3.1.1 and 5 by turns */

static uint8_t level_of_lamp(size_t k)
{
    return k % 2 ? MQTT_LEVEL_5 : MQTT_LEVEL_311;
}

static void start_lamps(struct fixture *f, struct peer lamps[LAMPS])
{
    for (size_t k = 0; k < LAMPS; k++) {
        char id[] = { 'l', (char)('0' + k), '\0' };
        start_at(f, &lamps[k], level_of_lamp(k), id, true);
        subscribe_at(&lamps[k], "t", (uint8_t)(k / 2));
    }
}

static void take_at(struct peer *peer, uint16_t id, uint8_t qos)
{
    if (peer->level) {
        take5(peer, id, qos);
        return;
    }
    if (qos == 1) peer_ack(peer, MQTT_TYPE_puback, id);
    if (qos == 2) peer_ack(peer, MQTT_TYPE_pubrec, id);
    peer_settle(peer);
    if (qos == 2) peer_ack(peer, MQTT_TYPE_pubcomp, id);
    peer_settle(peer);
}

static void back_at(struct fixture *f, struct peer *peer, const char *id)
{
    if (peer->level)
        back5(f, peer, id, KEPT);
    else
        back311(f, peer, id);
}

/* Its bytes are shared by all who are there; then they come out of queues, over a restart. */
static void check_all(struct fixture *f, uint8_t from, struct slice payload)
{
    const char *with = from == MQTT_LEVEL_5 ? ALL : "";
    struct mqtt_publish publish = {
        .topic = SLICE_LIT("t"), .qos = 2, .id = 1, .properties = props(ALL), .payload = payload
    };
    struct peer lamps[LAMPS] = { 0 }, pump = { 0 };
    start_lamps(f, lamps);
    start_at(f, &pump, from, "pump", false);
    send_at(&pump, publish);
    for (size_t k = 0; k < LAMPS; k++) {
        check_next(&lamps[k], (uint8_t)(k / 2), false, payload, with);
        take_at(&lamps[k], 2, (uint8_t)(k / 2));
        drop5(&lamps[k]);
    }
    publish.id = 2;
    send_at(&pump, publish);
    peer_close(&pump);
    hub_again(f);
    for (size_t k = 2; k < LAMPS; k++) {
        char id[] = { 'l', (char)('0' + k), '\0' };
        back_at(f, &lamps[k], id);
        check_next(&lamps[k], (uint8_t)(k / 2), false, payload, with);
        take_at(&lamps[k], 3, (uint8_t)(k / 2));
        peer_close(&lamps[k]);
    }
    f->opts.session_expiry_ms = 1; /* they are forgotten */
    hub_set_opts(f->hub, &f->opts);
    clock_fake_advance(HOURS(1));
    turns(f, 3);
    settle(f);
    f->opts.session_expiry_ms = HOURS(1);
    hub_set_opts(f->hub, &f->opts);
}

static void one_message_for_all(void **state)
{
    static const size_t sizes[] = { 10, 980, LARGE };
    allow_large();
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        check_all(*state, MQTT_LEVEL_311, bytes(sizes[i]));
        check_all(*state, MQTT_LEVEL_5, bytes(sizes[i]));
    }
}

/* ---- expiry ---- */

/* A client of 3.1.1 is not told of an expiry, but what has expired does not reach it either; its own messages
 * have none. */
static void expiry_towards_both(void **state)
{
    struct fixture *f = *state;
    struct peer old = { 0 }, there = { 0 }, five = { 0 }, pump = { 0 };
    start_at(f, &old, MQTT_LEVEL_311, "old", true);
    subscribe_at(&old, "t", 1);
    drop5(&old);
    start_at(f, &five, MQTT_LEVEL_5, "five", true);
    subscribe_at(&five, "t", 1);
    drop5(&five);
    start_at(f, &there, MQTT_LEVEL_311, "there", false);
    subscribe_at(&there, "t", 1);
    peer_log(&there);
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_publish(&pump, "t", "short", 1, 1, "message_expiry=5");
    peer5_retain(&pump, "t", "long", 1, 2, "message_expiry=60");
    peer5_publish(&pump, "t", "for ever", 1, 3, NULL);
    peer_settle(&pump);
    assert_peer(&there, "t=short/1#2 t=long/1#3 t=for ever/1#4 ");
    clock_fake_advance(SECONDS(10));
    again311(&old, "old", "t=long/1#3 t=for ever/1#4 ");
    back5(f, &five, "five", KEPT);
    assert_peer(&five, "t=long/1#3{message_expiry=50} t=for ever/1#4 ");
    peer_subscribe(&there, 2, "t", 0);
    turns(f, 5);
    assert_peer(&there, "suback#2:0 t=long/0r ");
    clock_fake_advance(SECONDS(60));
    peer_subscribe(&there, 3, "t", 0);
    turns(f, 5);
    assert_peer(&there, "suback#3:0 ");
    peer_close(&old);
    peer_close(&there);
    peer_close(&five);
    peer_close(&pump);
}

/* ---- shared subscriptions ---- */

/* How many messages of `text` have come. */
static int count_of(struct peer *peer)
{
    int count = 0;
    for (const char *at = peer_log(peer); (at = strstr(at, "t=")); at++)
        count++;
    return count;
}

/* Members of both versions take turns, each message with the properties for who understands them. */
static void groups_of_both(void **state)
{
    enum { ROUNDS = 12 };
    struct fixture *f = *state;
    struct peer old = { 0 }, five = { 0 }, pump = { 0 };
    start_at(f, &old, MQTT_LEVEL_311, "old", true);
    subscribe_at(&old, "$share/g/t", 1);
    start_at(f, &five, MQTT_LEVEL_5, "five", true);
    peer5_subscribe(&five, 1, "$share/g/t", "2", "subscription_id=4");
    peer_settle(&five);
    peer_log(&old);
    peer_log(&five);
    start_at(f, &pump, MQTT_LEVEL_5, "pump", false);
    peer5_publish(&pump, "t", "1", 2, 1, "user_property=a:1");
    peer5_publish(&pump, "t", "2", 2, 2, "user_property=a:1");
    peer_settle(&pump);
    const char *log = peer_log(&old);
    bool first = strcmp(log, "t=1/1#2 ") == 0;
    if (!first) assert_string_equal(log, "t=2/1#2 ");
    assert_peer(&five, first ? "t=2/2#2{subscription_id=4 user_property=a:1} "
                             : "t=1/2#2{subscription_id=4 user_property=a:1} ");
    for (uint16_t i = 0; i < ROUNDS; i++)
        peer5_publish(&pump, "t", "x", 1, (uint16_t)(3 + i), NULL);
    peer_settle(&pump);
    assert_int_equal(count_of(&old), ROUNDS / 2);
    assert_int_equal(count_of(&five), ROUNDS / 2);
    peer_close(&old);
    peer_close(&five);
    peer_close(&pump);
}

/* What a member had not acknowledged when its line broke goes to one of the other version. */
static void passed_on_to_the_other(void **state)
{
    struct fixture *f = *state;
    struct peer old = { 0 }, five = { 0 }, pump = { 0 };
    start_at(f, &five, MQTT_LEVEL_5, "five", true);
    peer5_subscribe(&five, 1, "$share/g/t", "1", "subscription_id=4");
    peer_settle(&five);
    peer_log(&five);
    start_at(f, &pump, MQTT_LEVEL_5, "pump", false);
    peer5_publish(&pump, "t", "x", 1, 1, "user_property=a:1 message_expiry=60");
    peer_settle(&pump);
    assert_peer(&five, "t=x/1#2{subscription_id=4 user_property=a:1 message_expiry=60} ");
    start_at(f, &old, MQTT_LEVEL_311, "old", true);
    subscribe_at(&old, "$share/g/t", 1);
    peer_log(&old);
    drop5(&five);
    peer_settle(&old);
    assert_peer(&old, "t=x/1#2 ");
    back5(f, &five, "five", KEPT);
    assert_peer(&five, "");
    clock_fake_advance(SECONDS(10));
    drop5(&old);
    turns(f, 3);
    assert_peer(&five, "t=x/1#3{subscription_id=4 user_property=a:1 message_expiry=50} ");
    peer_close(&old);
    peer_close(&five);
    peer_close(&pump);
}

/* ---- sessions that go on ---- */

/* From 3.1.1 to 5 and back: subscriptions, what waits, what is under way, and the identifiers of both sides. */
static void a_session_goes_on(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    start_at(f, &pump, MQTT_LEVEL_5, "pump", false);
    start_at(f, &lamp, MQTT_LEVEL_311, "lamp", true);
    subscribe_at(&lamp, "t", 2);
    peer5_publish(&pump, "t", "1", 1, 1, "user_property=a:1");
    peer5_publish(&pump, "t", "2", 2, 2, "user_property=a:2");
    peer5_publish(&pump, "t", "3", 2, 3, "user_property=a:3");
    peer_settle(&pump);
    assert_peer(&lamp, "suback#1:2 t=1/1#2 t=2/2#3 t=3/2#4 ");
    peer_ack(&lamp, MQTT_TYPE_pubrec, 4);
    peer_publish(&lamp, "u", "x", 2, 9); /* no PUBREL yet */
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#4 pubrec#9 ");
    drop5(&lamp);
    peer5_publish(&pump, "t", "4", 1, 4, "user_property=a:4");
    peer_settle(&pump);
    back5(f, &lamp, "lamp", KEPT);
    assert_peer(&lamp, "t=1/1d#2{user_property=a:1} t=2/2d#3{user_property=a:2} pubrel#4 "
                       "t=4/1#5{user_property=a:4} ");
    take5(&lamp, 2, 1);
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 3, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 9, 0);
    peer5_subscribe(&lamp, 2, "v", "1", "subscription_id=8");
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#3 pubcomp#9 suback#2:1 ");
    drop5(&lamp);
    peer5_publish(&pump, "v", "5", 1, 5, "user_property=a:5");
    peer_settle(&pump);
    again311(&lamp, "lamp", "pubrel#3 pubrel#4 t=4/1d#5 v=5/1#6 ");
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 3);
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 4);
    peer_ack(&lamp, MQTT_TYPE_puback, 5);
    drop5(&lamp);
    peer_close(&pump);
    hub_again(f);
    back5(f, &lamp, "lamp", KEPT);
    assert_peer(&lamp, "v=5/1d#6{subscription_id=8 user_property=a:5} ");
    peer_close(&lamp);
}

/* 3.1.1, [MQTT-3.3.1-9]: RETAIN is 0 for a subscription that is there, whatever was asked for at level 5. */
static void retain_as_published_is_none_of_3_1_1(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "t", "1 rap");
    again311(&lamp, "lamp", "");
    struct msg *msg = message("t", "x", 1, true);
    hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=x/1#2 ");
    peer_close(&lamp);
}

/* The receive maximum and the maximum packet size are those of a connection of 5: one of 3.1.1 has none. */
static void limits_end_with_their_connection(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5_with(f, &lamp, "lamp", "t", "1", KEPT " receive_maximum=1 maximum_packet_size=30");
    for (int i = 0; i < 3; i++)
        publish(f, "t", i == 1 ? "as long as thirty bytes or more" : "x", 1);
    peer_settle(&lamp);
    assert_peer(&lamp, "t=x/1#2 ");
    again311(&lamp, "lamp", "t=x/1d#2 t=as long as thirty bytes or more/1#3 t=x/1#4 ");
    drop5(&lamp);
    back5(f, &lamp, "lamp", KEPT " maximum_packet_size=30");
    assert_peer(&lamp, "t=x/1d#2 t=x/1d#4 "); /* what does not fit now is gone */
    again311(&lamp, "lamp", "t=x/1d#2 t=x/1d#4 ");
    peer_close(&lamp);
}

/* Back at 3.1.1 the session is kept for as long as the configuration says; at 5 for as long as the client does. */
static void how_long_it_is_kept(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    start_at(f, &lamp, MQTT_LEVEL_5, "lamp", true);
    again311(&lamp, "lamp", "");
    drop5(&lamp);
    clock_fake_advance(SECONDS(1000)); /* more than 5's 100 */
    turns(f, 3);
    settle(f);
    back5(f, &lamp, "lamp", NULL); /* no expiry: it ends with this connection */
    drop5(&lamp);
    peer_open(f, &lamp);
    lamp.level = 0;
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0 ");
    drop5(&lamp);
    back5(f, &lamp, "lamp", KEPT);
    drop5(&lamp);
    clock_fake_advance(SECONDS(101));
    turns(f, 3);
    settle(f);
    peer_open(f, &lamp);
    lamp.level = 0;
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0 ");
    peer_close(&lamp);
}

/* ---- policy, at both levels ---- */

/* A publish that is denied is the end at 3.1.1, as before, and an answer at 5. */
static void denials_at_both_levels(void **state)
{
    struct fixture *f = *state;
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    for (uint8_t qos = 0; qos <= 2; qos++) {
        static const char *const answers[] = { "", "puback#1:87 ", "pubrec#1:87 " };
        struct peer old = { 0 }, five = { 0 };
        start_at(f, &old, MQTT_LEVEL_311, "old", false);
        start_at(f, &five, MQTT_LEVEL_5, "five", false);
        peer_subscribe(&old, 1, "denied", qos);
        peer5_subscribe(&five, 1, "denied", qos ? "1" : "0", NULL);
        assert_peer(&old, "suback#1:80 ");
        assert_peer(&five, "suback#1:87 ");
        peer_publish(&old, "denied", "x", qos, 1);
        peer5_publish(&five, "denied", "x", qos, 1, NULL);
        assert_peer(&old, "end");
        assert_peer(&five, answers[qos]);
        peer_send(&five, BYTES("\xc0\x00"));
        assert_peer(&five, "pingresp ");
        peer_close(&old);
        peer_close(&five);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_pair_of_qos),
        TEST(one_message_for_all),
        TEST(expiry_towards_both),
        TEST(groups_of_both),
        TEST(passed_on_to_the_other),
        TEST(a_session_goes_on),
        TEST(limits_end_with_their_connection),
        TEST(retain_as_published_is_none_of_3_1_1),
        TEST(how_long_it_is_kept),
        TEST(denials_at_both_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
