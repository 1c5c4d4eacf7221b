/* test_mqtt5_alias.c — MQTT 5.0, section 3.3.2.3.4: topic aliases in both directions, and the forms of a PUBLISH
 * that are a client's own: aliases, subscription identifiers and the rest of an expiry together, for payloads that
 * are copied and for those that are shared, within the client's maximum packet size. */
#include "mqtt_steps5.h"

#include "base/err.h"

enum { MOST_ALIAS = 8 };

/* What a client knows of aliases, and counts. */
struct reader {
    struct peer *peer;
    size_t max;
    size_t most; /* bytes of a packet; 0: no limit */
    char names[MOST_ALIAS + 1][64];
    int count, with_alias, bare;
};

/* The topic, by what has been said of its alias before. Checks the rules of section 3.3.2.3.4. */
static void resolve(struct reader *reader, const struct mqtt_publish *got, char topic[64])
{
    snprintf(topic, 64, "%.*s", (int)got->topic.len, got->topic.ptr);
    if (!got->has_alias) {
        assert_true(got->topic.len > 0);
        return;
    }
    assert_in_range(got->alias, 1, reader->max);
    reader->with_alias++;
    char *name = reader->names[got->alias];
    if (got->topic.len) {
        snprintf(name, sizeof reader->names[0], "%s", topic);
        return;
    }
    reader->bare++;
    assert_true(*name);
    snprintf(topic, 64, "%s", name);
}

/* Each payload begins with its topic, and a colon; the rest is one letter. */
static void check_payload(const char *topic, struct slice payload)
{
    size_t len = strlen(topic);
    assert_true(payload.len > len);
    assert_memory_equal(payload.ptr, topic, len);
    assert_int_equal(payload.ptr[len], ':');
    for (size_t i = len + 1; i < payload.len; i++)
        assert_int_equal(payload.ptr[i], 'x');
}

/* Reads all that has come. NULL properties: they are not looked at; else what stands in each, but for the
 * alias. */
static void read_all(struct reader *reader, const char *properties)
{
    struct mqtt_frame frame;
    struct buf *in = &reader->peer->in, others = { 0 };
    char topic[64];
    while (mqtt_frame((const uint8_t *)in->data, in->len, 1 << 20, 5, &frame, NULL) == 1) {
        if (frame.type == MQTT_TYPE_publish) {
            struct mqtt_publish got;
            assert_int_equal(mqtt_decode_publish(&frame, 5, false, &got, NULL), 0);
            if (reader->most) assert_true(frame.size <= reader->most);
            resolve(reader, &got, topic);
            check_payload(topic, got.payload);
            buf_clear(&others);
            mqtt_put_others(&others, got.properties, MQTT_PROP_topic_alias);
            if (properties) assert_true(slice_eq(buf_slice(&others), props(properties)));
            reader->count++;
        }
        buf_consume(in, frame.size);
    }
    buf_deinit(&others);
}

/* A payload of that topic, and of this length at least. */
static void publish_sized(struct peer *peer, const char *topic, size_t len, uint8_t qos,
                          uint16_t id, const char *properties)
{
    struct buf payload = { 0 };
    buf_printf(&payload, "%s:", topic);
    while (payload.len < len)
        buf_putc(&payload, 'x');
    peer5_publish(peer, topic, buf_str(&payload), qos, id, properties);
    buf_deinit(&payload);
}

static void allow_aliases(uint16_t most)
{
    front_opts.max_topic_alias = most;
    front_again();
}

/* ---- ours ---- */

/* [MQTT-3.1.2-26], [MQTT-3.3.2-11]: aliases are 1 to the client's maximum; each has been there with its name before it
 * stands alone, and stands for the right one. [MQTT-3.3.2-8]: none is 0. */
static void aliases_out(void **state)
{
    static const char *const topics[] = { "sensor/one", "sensor/two", "sensor/three", "sensor/four",
                                          "sensor/five" };
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    struct reader reader = { .peer = &lamp, .max = 2 };
    allow_aliases(100);
    peer5_start(f, &lamp, "lamp", true, "topic_alias_maximum=2");
    peer5_subscribe(&lamp, 1, "#", "2", NULL);
    peer5_start(f, &pump, "pump", true, NULL);
    for (int round = 0; round < 12; round++) {
        for (size_t i = 0; i < ARRAY_LEN(topics); i++)
            publish_sized(&pump, topics[i], 0, (uint8_t)(round % 3), (uint16_t)(round * 8 + i + 1),
                          NULL);
        read_all(&reader, "");
    }
    assert_int_equal(reader.count, 60);
    assert_true(reader.bare > 10);
    for (int i = 0; i < 20; i++) { /* the others are not used any more */
        publish_sized(&pump, "other/one", 0, 0, 0, NULL);
        publish_sized(&pump, "other/two", 0, 0, 0, NULL);
    }
    int before = reader.bare;
    read_all(&reader, "");
    assert_int_equal(reader.count, 100);
    assert_true(reader.bare > before + 20);
    peer_close(&lamp);
    peer_close(&pump);
}

/* [MQTT-3.1.2-27]: without a maximum, or with 0, there is none; nor when we have none ourselves. */
static void no_aliases_out(void **state)
{
    static const struct {
        uint16_t ours;
        const char *properties;
    } cases[] = { { 100, NULL }, { 100, "topic_alias_maximum=0" }, { 0, "topic_alias_maximum=5" } };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        struct reader reader = { .peer = &lamp };
        allow_aliases(cases[i].ours);
        peer5_start(f, &lamp, "lamp", true, cases[i].properties);
        peer5_subscribe(&lamp, 1, "#", "0", NULL);
        for (int k = 0; k < 5; k++)
            publish_sized(&lamp, "sensor/one", 0, 0, 0, NULL);
        read_all(&reader, "");
        assert_int_equal(reader.count, 5);
        assert_int_equal(reader.with_alias, 0);
        peer_close(&lamp);
    }
}

/* [MQTT-3.3.2-7]: aliases end with the connection: what comes on the next one, again or for the first time, has its
 * name. */
static void aliases_end_with_the_connection(void **state)
{
    static const char with[] = KEPT " topic_alias_maximum=4";
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    allow_aliases(100);
    kept5_with(f, &lamp, "lamp", "#", "1", with);
    peer5_start(f, &pump, "pump", true, NULL);
    for (int round = 0; round < 3; round++) {
        struct reader reader = { .peer = &lamp, .max = 4 };
        for (uint16_t i = 1; i <= 4; i++)
            publish_sized(&pump, "sensor/one", 0, 1, i, NULL);
        peer_settle(&pump);
        if (round) drop5(&lamp);
        if (round) back5(f, &lamp, "lamp", with);
        read_all(&reader, "");
        assert_int_equal(reader.count, 4 * (round + 1));
        assert_true(reader.bare >= 2);
    }
    peer_close(&lamp);
    peer_close(&pump);
}

/* An alias, identifiers and an expiry in one packet, for payloads that are copied and such that are shared, beside a
 * client of 3.1.1 and one without any of it, which share the same bytes. */
static void all_of_it_together(void **state)
{
    static const size_t sizes[] = {
        0, 115, 127, 128, 900, 1000, 1023, 1024, 1025, 1100, 2000, 3500
    };
    static const char expected[] = "subscription_id=7 subscription_id=268435455 user_property=a:1 "
                                   "message_expiry=10 user_property=a:1";
    struct fixture *f = *state;
    struct peer lamp = { 0 }, plain = { 0 }, old = { 0 }, pump = { 0 };
    struct reader reader = { .peer = &lamp, .max = 3 }, simple = { .peer = &plain };
    allow_aliases(100);
    f->opts.max_inflight = 200;
    hub_set_opts(f->hub, &f->opts);
    peer5_start(f, &lamp, "lamp", true, "topic_alias_maximum=3");
    peer5_subscribe(&lamp, 1, "sensor/+", "2", "subscription_id=7");
    peer5_subscribe(&lamp, 2, "#", "1", "subscription_id=268435455");
    peer5_start(f, &plain, "plain", true, NULL);
    peer5_subscribe(&plain, 1, "sensor/#", "1", NULL);
    peer_start(f, &old, "old", true);
    peer_subscribe(&old, 1, "sensor/#", 1);
    peer_log(&old);
    peer5_start(f, &pump, "pump", true, NULL);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (uint8_t qos = 0; qos <= 2; qos++) {
            char want[4000];
            publish_sized(&pump, "sensor/one", sizes[i], qos, (uint16_t)(i * 3 + qos + 1),
                          "user_property=a:1 message_expiry=10 user_property=a:1");
            read_all(&reader, expected);
            read_all(&simple, "user_property=a:1 message_expiry=10 user_property=a:1");
            size_t len = (size_t)snprintf(want, sizeof want, "sensor/one=sensor/one:");
            size_t payload = sizes[i] > 11 ? sizes[i] : 11;
            memset(want + len, 'x', payload - 11);
            snprintf(want + len + payload - 11, 64, "/%d", qos ? 1 : 0);
            assert_int_equal(strncmp(peer_log(&old), want, strlen(want)), 0);
        }
    }
    assert_int_equal(reader.count, 36);
    assert_int_equal(reader.bare, 34);
    assert_int_equal(simple.count, 36);
    peer_close(&lamp);
    peer_close(&plain);
    peer_close(&old);
    peer_close(&pump);
}

/* The rest of an expiry is the client's own, wherever it stands among the properties. */
static void expiry_in_a_shared_payload(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    struct reader reader = { .peer = &lamp, .max = 3 };
    allow_aliases(100);
    kept5_with(f, &lamp, "lamp", "sensor/#", "1", KEPT);
    drop5(&lamp);
    peer5_start(f, &pump, "pump", true, NULL);
    for (uint16_t i = 1; i <= 3; i++)
        publish_sized(&pump, "sensor/one", i == 2 ? 3000 : 50, 1, i,
                      "content_type=x message_expiry=70000 user_property=b:2");
    peer_settle(&pump);
    clock_fake_advance(SECONDS(20));
    back5(f, &lamp, "lamp", KEPT " topic_alias_maximum=3");
    read_all(&reader, "content_type=x message_expiry=69980 user_property=b:2");
    assert_int_equal(reader.count, 3);
    assert_int_equal(reader.bare, 1);
    peer_close(&lamp);
    peer_close(&pump);
}

/* [MQTT-3.1.2-24], [MQTT-3.1.2-25]: with an alias a message may fit that would not with its name; what does not fit is
 * gone, and an alias is never given in a packet that does not leave. */
static void aliases_and_the_maximum_packet_size(void **state)
{
    static const char topic[] = "sensor/with/a/name/of/40/bytes/or/about/";
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    struct reader reader = { .peer = &lamp, .max = 2, .most = 140 };
    allow_aliases(100);
    f->opts.max_inflight = 1;
    hub_set_opts(f->hub, &f->opts);
    peer5_start(f, &lamp, "lamp", true, "topic_alias_maximum=2 maximum_packet_size=140");
    peer5_subscribe(&lamp, 1, "#", "1", "subscription_id=1");
    peer_log(&lamp);
    peer5_start(f, &pump, "pump", true, NULL);
    publish_sized(&pump, topic, 120, 0, 0, NULL); /* too large */
    publish_sized(&pump, topic, 0, 0, 0, NULL);
    publish_sized(&pump, topic, 120, 0, 0, NULL); /* too large: not even the first with an alias */
    read_all(&reader, "subscription_id=1");
    assert_int_equal(reader.count, 1);
    assert_int_equal(reader.with_alias, 0);
    publish_sized(&pump, topic, 0, 0, 0, NULL);
    read_all(&reader, "subscription_id=1");
    assert_int_equal(reader.count, 2);
    assert_int_equal(reader.with_alias, 1);
    assert_int_equal(reader.bare, 0);
    publish_sized(&pump, topic, 120, 0, 0, NULL); /* by the alias it fits */
    publish_sized(&pump, topic, 140, 0, 0, NULL);
    publish_sized(&pump, topic, 120, 1, 1, NULL);
    read_all(&reader, "subscription_id=1");
    assert_int_equal(reader.count, 4);
    assert_int_equal(reader.bare, 2);
    publish_sized(&pump, topic, 2000, 1, 2, NULL);
    publish_sized(&pump, topic, 140, 1, 3, NULL);
    publish_sized(&pump, topic, 0, 1, 4, NULL);
    read_all(&reader, "subscription_id=1");
    assert_int_equal(reader.count, 4); /* one is in flight, the window is 1 */
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
    read_all(&reader, "subscription_id=1");
    assert_int_equal(reader.count, 5); /* those that are too large are through */
    peer_close(&lamp);
    peer_close(&pump);
}

/* Every size around the limit: what is sent has at most so many bytes, and what would have fits is sent. */
static void each_size_around_the_maximum(void **state)
{
    enum { MOST = 300 };
    struct fixture *f = *state;
    for (int with = 0; with <= 1; with++) {
        struct peer lamp = { 0 }, pump = { 0 };
        struct reader reader = { .peer = &lamp, .max = 1, .most = MOST };
        char topic[] = "sensor/one";
        allow_aliases(with ? 100 : 0);
        peer5_start(f, &lamp, "lamp", true, "topic_alias_maximum=1 maximum_packet_size=300");
        peer5_subscribe(&lamp, 1, "#", "0", with ? "subscription_id=1" : NULL);
        peer5_start(f, &pump, "pump", true, NULL);
        publish_sized(&pump, topic, 0, 0, 0, NULL);
        publish_sized(&pump, topic, 0, 0, 0, NULL);
        read_all(&reader, with ? "subscription_id=1" : "");
        /* first byte, two of length, topic, length of properties, those */
        size_t head = with ? 3 + 2 + 1 + 3 + 2 : 3 + 2 + sizeof topic - 1 + 1;
        for (size_t len = MOST - head - 3; len <= MOST - head + 3; len++) {
            int before = reader.count;
            publish_sized(&pump, topic, len, 0, 0, NULL);
            read_all(&reader, with ? "subscription_id=1" : "");
            assert_int_equal(reader.count - before, len + head <= MOST);
        }
        peer_close(&lamp);
        peer_close(&pump);
    }
}

/* [MQTT-3.3.2-7]: the second message of a topic would bring its alias, but is sent without where both do not fit, or
 * not at all: the third must not stand for a name that was not said. */
static void no_alias_at_the_edge(void **state)
{
    enum { MOST = 300 };
    struct fixture *f = *state;
    allow_aliases(100);
    for (size_t len = MOST - 40; len <= MOST; len++) {
        struct peer lamp = { 0 };
        struct reader reader = { .peer = &lamp, .max = 1, .most = MOST };
        peer5_start(f, &lamp, "lamp", true, "topic_alias_maximum=1 maximum_packet_size=300");
        peer5_subscribe(&lamp, 1, "#", "0", NULL);
        publish_sized(&lamp, "sensor/one", 0, 0, 0, NULL);
        publish_sized(&lamp, "sensor/one", len, 0, 0, NULL);
        publish_sized(&lamp, "sensor/one", 0, 0, 0, NULL);
        read_all(&reader, "");
        assert_int_equal(reader.count, len + 16 <= MOST ? 3 : 2);
        assert_true(reader.with_alias > 0);
        peer_close(&lamp);
    }
}

/* ---- theirs ---- */

/* [MQTT-3.3.2-12]: an alias stands for its name from then on, until it is set anew; what others get has the name, and
 * none of the publisher's aliases. */
static void aliases_in(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, away = { 0 }, pump = { 0 };
    allow_aliases(3);
    kept5(f, &away, "away", "#", "2");
    drop5(&away);
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "#", "2", NULL);
    peer_log(&lamp);
    peer_open(f, &pump);
    peer5_connect(&pump, "pump", true, NULL);
    assert_peer(&pump, "connack:0{maximum_packet_size=4096 topic_alias_maximum=3} ");
    peer5_publish(&pump, "a/1", "x", 0, 0, "topic_alias=1");
    peer5_publish(&pump, "a/3", "x", 1, 1, "user_property=a:1 topic_alias=3 user_property=b:2");
    peer5_publish(&pump, "", "y", 0, 0, "topic_alias=1");
    peer5_publish(&pump, "", "y", 2, 2, "topic_alias=3 user_property=a:1");
    peer5_publish(&pump, "a/2", "x", 0, 0, "topic_alias=1"); /* anew */
    peer5_publish(&pump, "", "z", 1, 3, "topic_alias=1");
    peer5_publish(&pump, "a/1", "w", 0, 0, NULL);
    peer5_retain(&pump, "", "kept", 2, 4, "topic_alias=3");
    peer_settle(&pump);
    assert_peer(&pump, "puback#1 pubrec#2 puback#3 pubrec#4 ");
    peer_settle(&lamp);
    assert_peer(&lamp, "a/1=x/0 a/3=x/1#2{user_property=a:1 user_property=b:2} a/1=y/0 "
                       "a/3=y/2#3{user_property=a:1} a/2=x/0 a/2=z/1#4 a/1=w/0 a/3=kept/2#5 ");
    peer_close(&lamp);
    peer_close(&pump);
    hub_again(f);
    back5(f, &away, "away", KEPT " topic_alias_maximum=3");
    assert_peer(&away,
                "a/3=x/1#2{user_property=a:1 user_property=b:2} a/3=y/2#3{user_property=a:1} "
                "a/2=z/1#4 a/3=kept/2#5 ");
    peer5_subscribe(&away, 2, "a/3", "0", NULL);
    peer_settle(&away);
    assert_non_null(strstr(peer_log(&away), "a/3=kept/0r "));
    peer_close(&away);
}

/* A publish that is denied has said its alias all the same. */
static void a_denied_publish_sets_its_alias(void **state)
{
    struct fixture *f = *state;
    struct peer pump = { 0 };
    allow_aliases(3);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_publish(&pump, "denied", "x", 1, 1, "topic_alias=1");
    peer5_publish(&pump, "", "x", 1, 2, "topic_alias=1");
    peer5_publish(&pump, "t", "x", 1, 3, "topic_alias=1");
    peer5_publish(&pump, "", "x", 1, 4, "topic_alias=1");
    assert_peer(&pump, "puback#1:87 puback#2:87 puback#3:10 puback#4:10 ");
    peer_close(&pump);
}

/* [MQTT-3.3.2-8], [MQTT-3.3.2-9], [MQTT-3.2.2-17], [MQTT-3.2.2-18]: an alias of 0, above the maximum, or without one: 0x94;
 * [MQTT-3.3.2-7], [MQTT-3.3.2-12]: one that was not set on this connection: 0x82. */
static void aliases_that_are_none(void **state)
{
    static const struct {
        uint16_t most;
        const char *topic;
        const char *properties;
        const char *expected;
    } cases[] = {
        { 3, "t", "topic_alias=3", "puback#1:10 " },
        { 3, "t", "topic_alias=0", "disconnect:94{why} end" },
        { 3, "", "topic_alias=0", "disconnect:94{why} end" },
        { 3, "t", "topic_alias=4", "disconnect:94{why} end" },
        { 3, "t", "topic_alias=65535", "disconnect:94{why} end" },
        { 0, "t", "topic_alias=1", "disconnect:94{why} end" },
        { 0, "", "topic_alias=1", "disconnect:94{why} end" },
        { 3, "", "topic_alias=3", "disconnect:82{why} end" }, /* set on the first connection */
        { 3, "", "topic_alias=1", "disconnect:82{why} end" },
        { 3, "", NULL, "disconnect:82{why} end" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer pump = { 0 };
        allow_aliases(cases[i].most);
        peer5_start(f, &pump, "pump", false, KEPT);
        peer5_publish(&pump, cases[i].topic, "x", 1, 1, cases[i].properties);
        peer_settle(&pump);
        const char *log = peer_log(&pump);
        if (strcmp(log, cases[i].expected) != 0) fail_msg("case %zu: %s", i, log);
        peer_close(&pump);
    }
}

/* What a connection was told once holds for it. */
static void the_maximum_is_that_of_connack(void **state)
{
    struct fixture *f = *state;
    struct peer pump = { 0 };
    allow_aliases(2);
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_publish(&pump, "t", "x", 1, 1, "topic_alias=2");
    allow_aliases(0);
    peer5_publish(&pump, "", "x", 1, 2, "topic_alias=2");
    peer5_publish(&pump, "u", "x", 1, 3, "topic_alias=1");
    assert_peer(&pump, "puback#1:10 puback#2:10 puback#3:10 ");
    allow_aliases(10);
    peer5_publish(&pump, "u", "x", 1, 4, "topic_alias=3");
    assert_peer(&pump, "disconnect:94{why} end");
    peer_close(&pump);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(aliases_out),
        TEST(no_aliases_out),
        TEST(aliases_end_with_the_connection),
        TEST(all_of_it_together),
        TEST(expiry_in_a_shared_payload),
        TEST(aliases_and_the_maximum_packet_size),
        TEST(each_size_around_the_maximum),
        TEST(no_alias_at_the_edge),
        TEST(aliases_in),
        TEST(a_denied_publish_sets_its_alias),
        TEST(aliases_that_are_none),
        TEST(the_maximum_is_that_of_connack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
