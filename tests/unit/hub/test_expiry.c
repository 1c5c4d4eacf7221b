/* test_expiry.c — messages of MQTT 5.0 that expire (section 3.3.2.3.3), and others that a session does not send
 * to the end: too large for the client, refused by it. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/session_priv.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"
#include "mqtt/mqtt.h"

/* Of the message's expiry, in seconds. */
static struct msg *mortal(const char *topic, const char *payload, uint8_t qos, uint32_t expiry)
{
    struct buf block = { 0 };
    mqtt_put_number(&block, MQTT_PROP_payload_format, 1);
    mqtt_put_number(&block, MQTT_PROP_message_expiry, expiry);
    struct msg *msg = msg_create(&(struct msg_opts){ .topic = slice_str(topic),
                                                     .payload = slice_str(payload),
                                                     .properties = buf_slice(&block),
                                                     .qos = qos });
    buf_deinit(&block);
    return msg;
}

static void publish_mortal(struct fixture *f, const char *payload, uint8_t qos, uint32_t expiry)
{
    struct msg *msg = mortal("t", payload, qos, expiry);
    assert_true(hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL) >= 0);
    msg_unref(msg);
}

/* Since the last call. */
static int expired(void)
{
    static int64_t before;
    int64_t now = metrics_get(METRIC_EXPIRED), more = now - before;
    before = now;
    return (int)more;
}

static int dropped(void)
{
    static int64_t before;
    int64_t now = metrics_get(METRIC_DROPS), more = now - before;
    before = now;
    return (int)more;
}

static size_t queued(struct fixture *f, const char *client_id)
{
    struct session_info info;
    assert_true(session_info_get(f->hub, slice_str(client_id), &info));
    return info.queued;
}

/* ---- of the message itself ---- */

static void test_expiry_of_a_message(void **state)
{
    struct msg *msg = mortal("t", "x", 1, 10), *back;
    struct buf saved = { 0 };
    int64_t at = msg->at_ms;
    assert_int_equal(msg->expires_at, at + 10000);
    assert_memory_equal(msg->properties.ptr + msg->expiry_at, "\0\0\0\x0a", 4);
    assert_false(msg_is_expired(msg, at + 10000));
    assert_true(msg_is_expired(msg, at + 10001));
    static const struct {
        int64_t after_ms;
        uint32_t left;
    } cases[] = { { 0, 10 },    { 1, 10 },    { 1000, 9 },  { 9001, 1 },
                  { 10000, 0 }, { 10001, 0 }, { 99999, 0 }, { -5000, 10 /* the clock was set */ } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(msg_expiry_left(msg, at + cases[i].after_ms), cases[i].left);
    msg_save(msg, &saved);
    clock_fake_advance(SECONDS(5));
    assert_int_equal(msg_load(buf_slice(&saved), &back), 0);
    assert_int_equal(back->expires_at, msg->expires_at);
    assert_int_equal(back->expiry_at, msg->expiry_at);
    buf_deinit(&saved);
    msg_unref(msg);
    msg_unref(back);
    msg = mortal("t", "x", 1, UINT32_MAX);
    assert_int_equal(msg_expiry_left(msg, msg->at_ms), UINT32_MAX);
    msg_unref(msg);
    msg = message("t", "x", 1, false);
    assert_int_equal(msg->expires_at, 0);
    assert_false(msg_is_expired(msg, INT64_MAX));
    msg_unref(msg);
}

/* Topic, properties and payload lie in the packet, which any decoder reads. */
static void test_packet_of_a_message(void **state)
{
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct msg *msg = mortal("some/topic", "payload", qos, 3);
        struct mqtt_frame frame;
        struct mqtt_publish publish;
        assert_int_equal(msg->level, MQTT_LEVEL_5);
        assert_int_equal(mqtt_frame((const uint8_t *)msg->packet.ptr, msg->packet.len, 1000,
                                    MQTT_LEVEL_5, &frame, NULL),
                         1);
        if (qos) /* an id must not be 0 */
            ((char *)msg->packet.ptr)[mqtt_publish_id_at((const uint8_t *)msg->packet.ptr)] = 1;
        assert_int_equal(mqtt_decode_publish(&frame, MQTT_LEVEL_5, true, &publish, NULL), 0);
        assert_int_equal(publish.id, qos ? 256 : 0);
        assert_ptr_equal(publish.topic.ptr, msg->topic.ptr);
        assert_ptr_equal(publish.properties.ptr, msg->properties.ptr);
        assert_int_equal(publish.properties.len, msg->properties.len);
        assert_ptr_equal(publish.payload.ptr, msg->payload.ptr);
        assert_ptr_equal(msg->payload.ptr, msg->properties.ptr + msg->properties.len);
        msg_unref(msg);
    }
    struct msg *plain = message("t", "x", 0, false);
    assert_int_equal(plain->level, MQTT_LEVEL_311);
    msg_unref(plain);
    plain = msg_create(&(struct msg_opts){ .topic = SLICE_LIT("t"), .level = MQTT_LEVEL_5 });
    assert_int_equal(plain->level, MQTT_LEVEL_5);
    assert_int_equal(plain->packet.len, 6);
    msg_unref(plain);
}

/* Larger than any packet: it has none, and its properties all the same. */
static void test_properties_without_a_packet(void **state)
{
    struct buf topic = { 0 }, saved = { 0 };
    for (int i = 0; i < 70000; i++)
        buf_putc(&topic, 'x');
    struct msg *msg = mortal(buf_str(&topic), "y", 1, 7), *back;
    assert_int_equal(msg->packet.len, 0);
    assert_int_equal(msg->topic.len, 70000);
    assert_int_equal(msg->expires_at, msg->at_ms + 7000);
    msg_save(msg, &saved);
    assert_int_equal(saved.len, msg_saved_size(msg));
    assert_int_equal(msg_load(buf_slice(&saved), &back), 0);
    assert_true(slice_eq(back->properties, msg->properties));
    msg_unref(msg);
    msg_unref(back);
    buf_deinit(&topic);
    buf_deinit(&saved);
}

/* What is in the database need not be a block. */
static void test_saved_properties_are_checked(void **state)
{
    struct msg *msg = mortal("t", "x", 1, 7), *back;
    struct buf saved = { 0 };
    msg_save(msg, &saved);
    char *id = memmem(saved.data, saved.len, "\x02\0\0\0\x07", 5);
    assert_non_null(id);
    *id = 0x7f;
    assert_true(msg_load(buf_slice(&saved), &back) < 0);
    buf_deinit(&saved);
    msg_unref(msg);
}

/* ---- in the queue ---- */

static void test_waiting_for_the_window(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct client lamp = { 0 };
        f->opts.max_inflight = 1;
        hub_set_opts(f->hub, &f->opts);
        client_open(f, &lamp, "lamp", clean);
        client_subscribe(&lamp, "t", 2);
        expired();
        publish_mortal(f, "1", 1, 10); /* in flight: it has begun */
        publish_mortal(f, "2", 1, 10);
        publish_mortal(f, "3", 2, 10);
        publish_mortal(f, "4", 1, 60);
        publish(f, "t", "5", 1);
        settle(f);
        assert_log(&lamp, "t=1/1#2 ");
        clock_fake_advance(SECONDS(11));
        session_puback(lamp.session, 2);
        settle(f);
        assert_log(&lamp, "t=4/1#5 ");
        assert_int_equal(expired(), 2);
        assert_int_equal(queued(f, "lamp"), 2);
        session_puback(lamp.session, 5);
        assert_log(&lamp, "t=5/1#6 ");
        session_puback(lamp.session, 6);
        settle(f);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
        client_free(&lamp);
    }
}

/* To the very end of its time it is sent. */
static void test_at_its_last_moment(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 1;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 1);
    publish(f, "t", "first", 1);
    publish_mortal(f, "second", 1, 10);
    publish_mortal(f, "third", 1, 0); /* now, or not at all */
    clock_fake_advance(SECONDS(10));
    session_puback(lamp.session, 2);
    assert_log(&lamp, "t=first/1#2 t=second/1#3 ");
    session_puback(lamp.session, 3);
    assert_log(&lamp, "");
    client_free(&lamp);
}

/* Away, and after a restart; what was sent before is sent again, however old. */
static void test_expired_while_away(void **state)
{
    struct fixture *f = *state;
    for (int restart = 0; restart <= 1; restart++) {
        struct client lamp = { 0 };
        client_open(f, &lamp, "lamp", false);
        client_subscribe(&lamp, "t", 2);
        publish_mortal(f, "sent", 1, 10);
        publish_mortal(f, "sent2", 2, 10);
        settle(f);
        assert_log(&lamp, "t=sent/1#2 t=sent2/2#3 ");
        client_drop(&lamp, SESSION_END_CONNECTION_LOST);
        publish_mortal(f, "soon", 1, 10);
        publish_mortal(f, "soon2", 2, 10);
        publish_mortal(f, "late", 1, 3600);
        settle(f);
        if (restart) fixture_restart(f);
        clock_fake_advance(SECONDS(60));
        expired();
        client_free(&lamp);
        client_open(f, &lamp, "lamp", false);
        settle(f);
        assert_log(&lamp, "t=sent/1d#2 t=sent2/2d#3 t=late/1#6 ");
        assert_int_equal(expired(), 2);
        session_puback(lamp.session, 2);
        session_puback(lamp.session, 6);
        session_pubrec(lamp.session, 3, 0);
        settle(f);
        session_pubcomp(lamp.session, 3);
        settle(f);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true);
        client_free(&lamp);
    }
}

/* A hub that has died may have sent it: so it is sent again. */
static void test_expired_after_a_crash(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    publish_mortal(f, "maybe", 1, 10);
    settle(f);
    fixture_crash(f);
    clock_fake_advance(SECONDS(60));
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=maybe/1d#2 ");
    client_free(&lamp);
}

/* QoS 0 goes at once or never; but a retained one may have waited. */
static void test_expired_qos0(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 0);
    expired();
    struct msg *msg = mortal("t", "x", 0, 10);
    clock_fake_advance(SECONDS(11));
    assert_int_equal(hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL), 0);
    msg_unref(msg);
    assert_log(&lamp, "");
    assert_int_equal(expired(), 1);
    publish_mortal(f, "y", 0, 10);
    assert_log(&lamp, "t=y/0 ");
    client_free(&lamp);
}

/* At its limit a queue lets go of what has expired first: nothing else is dropped for it. */
static void test_expired_make_room(void **state)
{
    struct fixture *f = *state;
    for (int oldest = 0; oldest <= 1; oldest++) {
        struct client lamp = { 0 };
        f->opts.max_inflight = 1;
        f->opts.max_queued = 4;
        f->opts.drop_oldest = oldest;
        hub_set_opts(f->hub, &f->opts);
        client_open(f, &lamp, "lamp", true);
        client_subscribe(&lamp, "t", 1);
        publish(f, "t", "1", 1);
        publish_mortal(f, "2", 1, 10);
        publish_mortal(f, "3", 1, 10);
        publish(f, "t", "4", 1);
        clock_fake_advance(SECONDS(11));
        expired();
        dropped();
        publish(f, "t", "5", 1);
        publish(f, "t", "6", 1);
        assert_int_equal(expired(), 2);
        assert_int_equal(dropped(), 0);
        publish(f, "t", "7", 1);
        assert_int_equal(dropped(), 1);
        f->opts.max_inflight = 10;
        hub_set_opts(f->hub, &f->opts);
        session_pump(lamp.session);
        assert_log(&lamp, oldest ? "t=1/1#2 t=5/1#6 t=6/1#7 t=7/1#8 "
                                 : "t=1/1#2 t=4/1#5 t=5/1#6 t=6/1#7 ");
        client_free(&lamp);
    }
}

/* What was dropped from the database's queue leaves nothing there. */
static void test_expired_make_room_while_away(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_queued = 3;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    publish_mortal(f, "1", 1, 10);
    publish_mortal(f, "2", 1, 10);
    publish(f, "t", "3", 1);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "4", 1); /* not committed yet: in memory */
    publish(f, "t", "5", 1);
    settle(f);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=3/1#4 t=4/1#5 t=5/1#6 ");
    for (uint16_t id = 4; id <= 6; id++)
        session_puback(lamp.session, id);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    client_free(&lamp);
}

static void limit_queue(struct fixture *f, size_t most, bool drop_oldest)
{
    f->opts.max_queued = most;
    f->opts.drop_oldest = drop_oldest;
    hub_set_opts(f->hub, &f->opts);
}

/* The client "lamp" has subscribed to "t", and is away. */
static void leave(struct fixture *f, struct client *c)
{
    client_open(f, c, "lamp", false);
    client_subscribe(c, "t", 1);
    client_drop(c, SESSION_END_CONNECTION_LOST);
    settle(f);
    expired();
    dropped();
}

static struct session *lamp_session(struct fixture *f)
{
    struct session *session = map_get(&hub_sessions(f->hub)->by_client, SLICE_LIT("lamp"));
    assert_non_null(session);
    return session;
}

/* How often its queue was read since the last call; of one session at a time. */
static int loads(struct fixture *f)
{
    static uint64_t before;
    uint64_t now = lamp_session(f)->load_round;
    int more = (int)(now - before);
    before = now;
    return more;
}

/* Comes back for what there is, acknowledges it, and leaves nothing in the database. */
static void take_all(struct fixture *f, struct client *c, const char *text)
{
    client_free(c);
    client_open(f, c, "lamp", false);
    settle(f);
    assert_log(c, text);
    for (uint16_t id = 1; id < 100; id++)
        session_puback(c->session, id);
    settle(f);
    assert_int_equal(queued(f, "lamp"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    client_open(f, c, "lamp", true);
    client_free(c);
}

/* Committed, they are in memory no more: the front is brought in when it must have expired [MQTT-3.3.2-5]. */
static void test_expired_make_room_in_the_database(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, 4, false);
    leave(f, &lamp);
    publish_mortal(f, "1", 1, 10);
    publish_mortal(f, "2", 1, 10);
    publish_mortal(f, "3", 1, 60);
    publish(f, "t", "4", 1);
    settle(f);
    assert_true(lamp_session(f)->unloaded);
    loads(f);
    clock_fake_advance(SECONDS(10));
    publish(f, "t", "5", 1); /* at their last moment they are not late */
    settle(f);
    assert_int_equal(dropped(), 1);
    assert_int_equal(loads(f), 0);
    clock_fake_advance(1);
    publish(f, "t", "6", 1);
    publish(f, "t", "7", 1);
    settle(f);
    assert_int_equal(dropped(), 0);
    assert_int_equal(expired(), 2);
    assert_int_equal(queued(f, "lamp"), 4);
    assert_true(lamp_session(f)->unloaded);
    publish(f, "t", "8", 1); /* the front is 3, for a while */
    settle(f);
    assert_int_equal(dropped(), 1);
    assert_int_equal(loads(f), 1);
    clock_fake_advance(SECONDS(60));
    publish(f, "t", "9", 1);
    publish(f, "t", "10", 1); /* taken as well while the front comes */
    publish(f, "t", "11", 1);
    settle(f);
    assert_int_equal(dropped(), 0);
    assert_int_equal(expired(), 1);
    assert_int_equal(loads(f), 1);
    for (int i = 0; i < 3; i++) { /* now it is one that does not expire */
        publish(f, "t", "12", 1);
        settle(f);
    }
    assert_int_equal(dropped(), 3);
    assert_int_equal(loads(f), 0);
    take_all(f, &lamp, "t=4/1#5 t=6/1#6 t=7/1#7 t=9/1#8 t=10/1#9 t=11/1#10 ");
}

/* All of them have expired, which are more than one load brings; the queue is as long as it may be again. */
static void test_expired_make_room_for_many(void **state)
{
    enum { COUNT = 1200 };
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, COUNT, false);
    f->opts.max_queued_bytes = 64 << 20;
    hub_set_opts(f->hub, &f->opts);
    leave(f, &lamp);
    for (int i = 0; i < COUNT; i++)
        publish_mortal(f, "old", 1, 10);
    settle(f);
    loads(f);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "new", 1);
    settle(f);
    assert_int_equal(expired(), COUNT);
    assert_int_equal(queued(f, "lamp"), 1);
    assert_in_range(loads(f), 2, 5);
    for (int i = 0; i < 2 * COUNT; i++) /* more than that is not taken */
        publish_mortal(f, "old", 1, 10);
    settle(f);
    assert_int_equal(dropped(), COUNT + 1);
    assert_int_equal(loads(f), 0);
    client_free(&lamp);
}

/* While the front comes, no more is taken than drop-oldest would take. */
static void test_excess_is_bounded(void **state)
{
    enum { LIMIT = 10, EXCESS = 1024 };
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, LIMIT, false);
    leave(f, &lamp);
    for (int i = 0; i < LIMIT; i++)
        publish_mortal(f, "old", 1, 10);
    settle(f);
    clock_fake_advance(SECONDS(11));
    for (int i = 0; i < 2 * EXCESS; i++)
        publish_mortal(f, "new", 1, 10);
    assert_int_equal(queued(f, "lamp"), LIMIT + EXCESS);
    settle(f);
    assert_int_equal(dropped(), EXCESS);
    assert_int_equal(expired(), LIMIT);
    publish(f, "t", "x", 1);
    assert_int_equal(dropped(), 1);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "last", 1);
    settle(f);
    assert_int_equal(expired(), EXCESS);
    assert_int_equal(queued(f, "lamp"), 1);
    client_free(&lamp);
}

/* After a restart nothing is known of the front: one message is refused for it, and one load made. */
static void test_expired_make_room_after_a_restart(void **state)
{
    struct fixture *f = *state;
    for (int mortals = 0; mortals <= 1; mortals++) {
        struct client lamp = { 0 };
        limit_queue(f, 3, false);
        leave(f, &lamp);
        for (int i = 1; i <= 2; i++)
            publish_mortal(f, "old", 1, mortals ? 10 : 3600);
        publish(f, "t", "3", 1);
        settle(f);
        fixture_restart(f);
        clock_fake_advance(SECONDS(11));
        loads(f);
        expired();
        for (int i = 4; i <= 7; i++) {
            char payload[2] = { (char)('0' + i) };
            publish(f, "t", payload, 1);
            settle(f);
        }
        assert_int_equal(dropped(), mortals ? 2 : 4);
        assert_int_equal(expired(), mortals ? 2 : 0);
        assert_int_equal(lamp_session(f)->load_round, 1);
        assert_true(lamp_session(f)->unloaded);
        take_all(f, &lamp, mortals ? "t=3/1#4 t=5/1#5 t=6/1#6 " : "t=old/1#2 t=old/1#3 t=3/1#4 ");
    }
}

/* What a hub that has died may have sent does not expire: it is looked at once. */
static void test_full_after_a_crash(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, 3, false);
    f->opts.max_inflight = 1;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    for (int i = 1; i <= 3; i++)
        publish_mortal(f, "old", 1, 10);
    settle(f);
    fixture_crash(f);
    clock_fake_advance(SECONDS(11));
    dropped();
    for (int i = 1; i <= 3; i++) {
        publish(f, "t", "new", 1);
        settle(f);
    }
    assert_int_equal(dropped(), 3);
    assert_int_equal(lamp_session(f)->load_round, 1);
    f->opts.max_inflight = 10;
    hub_set_opts(f->hub, &f->opts);
    take_all(f, &lamp, "t=old/1d#2 t=old/1d#3 t=old/1d#4 ");
}

/* What was sent has begun, and keeps its place; what has come behind it is the front. */
static void test_expired_make_room_behind_what_was_sent(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, 2, false);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    publish_mortal(f, "1", 1, 10);
    publish_mortal(f, "2", 1, 10);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    settle(f);
    assert_log(&lamp, "t=1/1#2 t=2/1#3 ");
    loads(f);
    dropped();
    expired();
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "3", 1);
    settle(f);
    assert_int_equal(dropped(), 1);
    assert_int_equal(loads(f), 0);
    limit_queue(f, 4, false);
    publish_mortal(f, "4", 1, 10);
    settle(f);
    publish_mortal(f, "5", 1, 3600);
    settle(f);
    publish(f, "t", "6", 1);
    settle(f);
    assert_int_equal(dropped(), 1);
    assert_int_equal(loads(f), 0);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "7", 1);
    settle(f);
    assert_int_equal(dropped(), 0);
    assert_int_equal(expired(), 1);
    assert_int_equal(loads(f), 1);
    take_all(f, &lamp, "t=1/1d#2 t=2/1d#3 t=5/1#5 t=7/1#6 ");
}

/* The client goes when it has been sent all that one load has brought: the front is another one then, behind
 * more than a load brings. */
static void test_expired_make_room_behind_many_in_flight(void **state)
{
    enum { SENT = 512, MORTAL = 500 };
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 10000;
    limit_queue(f, SENT + MORTAL, false);
    leave(f, &lamp);
    client_free(&lamp);
    for (int i = 0; i < SENT; i++)
        publish(f, "t", "x", 1);
    for (int i = 0; i < MORTAL; i++)
        publish_mortal(f, "old", 1, 10);
    settle(f);
    lamp.congested = true;
    client_open(f, &lamp, "lamp", false);
    lamp.congested = false;
    session_pump(lamp.session);
    assert_true(session_is_loading(lamp.session));
    assert_int_equal(lamp_session(f)->inflight, SENT);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    settle(f);
    assert_true(lamp_session(f)->unloaded);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "refused", 1);
    settle(f);
    publish(f, "t", "taken", 1);
    settle(f);
    assert_int_equal(dropped(), 1);
    assert_int_equal(expired(), MORTAL);
    assert_int_equal(queued(f, "lamp"), SENT + 1);
    client_free(&lamp);
}

/* The front is in a batch under way when the time has come. */
static void test_expired_make_room_in_a_batch(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, 2, false);
    leave(f, &lamp);
    publish_mortal(f, "1", 1, 10);
    publish(f, "t", "2", 1);
    turns(f, 1);
    assert_int_equal(lamp_session(f)->sealed_end, 3);
    assert_int_equal(lamp_session(f)->stored_end, 1);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "3", 1);
    settle(f);
    publish(f, "t", "4", 1); /* one more is there than may be, and one goes */
    publish(f, "t", "5", 1);
    settle(f);
    publish(f, "t", "6", 1);
    assert_int_equal(expired(), 1);
    take_all(f, &lamp, "t=2/1#3 t=3/1#4 t=4/1#5 t=5/1#6 ");
}

/* The front cannot be read: the next message that finds the queue full has it read again. */
static void test_expired_front_is_unread(void **state)
{
    struct fixture *f = *state;
    int failed = 1;
    limit_queue(f, 3, false);
    for (int n = 1; failed; n++) {
        struct client lamp = { 0 };
        leave(f, &lamp);
        for (int i = 1; i <= 3; i++)
            publish_mortal(f, "old", 1, 10);
        settle(f);
        fixture_restart(f); /* nothing is in SQLite's cache */
        clock_fake_advance(SECONDS(11));
        vfs_fault_fail_read(n);
        publish(f, "t", "refused", 1);
        for (int turn = 0; session_is_loading(lamp_session(f)); turn++)
            loop_turn_wait(f->loop, turn ? 1000 : 0);
        store_sync(f->store);
        if (store_failing(f->store)) clock_fake_advance(500);
        settle(f);
        failed = vfs_fault_heal();
        publish(f, "t", "perhaps", 1);
        settle(f);
        publish(f, "t", "taken", 1);
        settle(f);
        assert_int_equal(expired(), 3);
        assert_in_range(dropped(), 1, 2);
        client_open(f, &lamp, "lamp", false);
        settle(f);
        assert_non_null(strstr(client_log(&lamp), "t=taken/1"));
        client_open(f, &lamp, "lamp", true);
        client_free(&lamp);
        assert_true(!failed || n < 1000);
    }
}

/* With drop-oldest the oldest goes, expired or not. */
static void test_expired_and_drop_oldest(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    limit_queue(f, 3, true);
    leave(f, &lamp);
    publish_mortal(f, "1", 1, 10);
    publish_mortal(f, "2", 1, 3600);
    publish_mortal(f, "3", 1, 10);
    settle(f);
    clock_fake_advance(SECONDS(11));
    publish(f, "t", "4", 1);
    settle(f);
    assert_int_equal(expired(), 1);
    assert_int_equal(dropped(), 0);
    publish(f, "t", "5", 1);
    settle(f);
    assert_int_equal(dropped(), 1);
    publish(f, "t", "6", 1);
    settle(f);
    assert_int_equal(dropped(), 0);
    assert_int_equal(expired(), 1);
    take_all(f, &lamp, "t=4/1#5 t=5/1#6 t=6/1#7 ");
}

/* Passed on to another member of its group it does not become younger. */
static void test_expired_in_a_group(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 };
    client_open(f, &a, "a", true);
    client_subscribe(&a, "$share/g/t", 1);
    publish_mortal(f, "old", 1, 10);
    publish_mortal(f, "young", 1, 60);
    client_open(f, &b, "b", true);
    client_subscribe(&b, "$share/g/t", 1);
    clock_fake_advance(SECONDS(11));
    client_drop(&a, SESSION_END_CONNECTION_LOST);
    assert_log(&b, "t=young/1#3 ");
    assert_int_equal(queued(f, "b"), 1);
    client_free(&a);
    client_free(&b);
}

/* ---- what the client does not take ---- */

/* [MQTT-3.1.2-25] */
static void test_too_large_counts_as_delivered(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct client lamp = { .most = 4 };
        f->opts.max_inflight = 2;
        hub_set_opts(f->hub, &f->opts);
        client_open(f, &lamp, "lamp", clean);
        client_subscribe(&lamp, "t", 2);
        dropped();
        for (uint8_t qos = 0; qos <= 2; qos++) {
            publish(f, "t", "much too large", qos);
            publish(f, "t", "fits", qos);
        }
        settle(f);
        assert_log(&lamp, "t=fits/0 t=fits/1#3 t=fits/2#5 ");
        assert_int_equal(dropped(), 3);
        assert_int_equal(queued(f, "lamp"), 2);
        session_puback(lamp.session, 3);
        session_pubrec(lamp.session, 5, 0);
        settle(f);
        session_pubcomp(lamp.session, 5);
        settle(f);
        assert_int_equal(queued(f, "lamp"), 0);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
        client_free(&lamp);
    }
}

/* In flight, and the client comes back with a smaller limit; also from the database. */
static void test_too_large_when_it_is_sent_again(void **state)
{
    struct fixture *f = *state;
    for (int restart = 0; restart <= 1; restart++) {
        struct client lamp = { 0 };
        client_open(f, &lamp, "lamp", false);
        client_subscribe(&lamp, "t", 2);
        publish(f, "t", "large 1", 1);
        publish(f, "t", "tiny", 1);
        publish(f, "t", "large 2", 2);
        settle(f);
        if (restart) fixture_restart(f);
        client_free(&lamp);
        lamp.most = 4;
        client_open(f, &lamp, "lamp", false);
        settle(f);
        assert_log(&lamp, "t=tiny/1d#3 ");
        assert_int_equal(queued(f, "lamp"), 1);
        session_puback(lamp.session, 3);
        settle(f);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true);
        client_free(&lamp);
    }
}

/* Section 4.3.3: a PUBREC that refuses is the end; no PUBREL follows. */
static void test_refused_by_pubrec(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct client lamp = { 0 };
        f->opts.max_inflight = 1;
        hub_set_opts(f->hub, &f->opts);
        client_open(f, &lamp, "lamp", clean);
        client_subscribe(&lamp, "t", 2);
        for (int i = 1; i <= 4; i++)
            publish(f, "t", "x", 2);
        settle(f);
        assert_log(&lamp, "t=x/2#2 ");
        session_pubrec(lamp.session, 2, 0x97);
        settle(f);
        assert_log(&lamp, "t=x/2#3 ");         /* the window is open again */
        session_pubrec(lamp.session, 2, 0x97); /* unknown now, and nothing to say */
        session_pubrec(lamp.session, 3, 0x10); /* no refusal */
        session_pubrec(lamp.session, 3, 0x80); /* while its commit is awaited, or after it */
        settle(f);
        assert_log(&lamp, clean ? "rel#3 t=x/2#4 " : "t=x/2#4 ");
        session_pubrec(lamp.session, 4, 0x7f);
        settle(f);
        assert_log(&lamp, "rel#4 ");
        session_pubcomp(lamp.session, 4);
        settle(f);
        assert_log(&lamp, "t=x/2#5 ");
        session_pubrec(lamp.session, 5, 0x80);
        settle(f);
        assert_int_equal(queued(f, "lamp"), 0);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
        if (!clean) fixture_restart(f);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", clean);
        settle(f);
        assert_log(&lamp, "");
        session_pubrec(lamp.session, 77, 0);
        assert_log(&lamp, "rel#77? ");
        client_free(&lamp);
    }
}

/* ---- the window ---- */

static void open_taking(struct fixture *f, struct client *c, uint16_t receive_maximum)
{
    client_free(c);
    assert_true(
        client_open_with(f, c, "lamp",
                         (struct session_open_opts){ .expiry_ms = SESSION_EXPIRY_CONFIGURED,
                                                     .receive_maximum = receive_maximum }) >= 0);
}

/* The client takes fewer when it is back [MQTT-3.3.4-9]: what is in flight goes out again as it takes them, and
 * nothing new before. */
static void test_window_is_smaller_now(void **state)
{
    struct fixture *f = *state;
    for (int restart = 0; restart <= 1; restart++) {
        struct client lamp = { 0 };
        open_taking(f, &lamp, 5);
        client_subscribe(&lamp, "t", 2);
        for (int i = 1; i <= 7; i++) {
            char payload[2] = { (char)('0' + i) };
            publish(f, "t", payload, i == 3 ? 2 : 1);
        }
        settle(f);
        assert_log(&lamp, "t=1/1#2 t=2/1#3 t=3/2#4 t=4/1#5 t=5/1#6 ");
        if (restart) fixture_restart(f);
        open_taking(f, &lamp, 2);
        settle(f);
        assert_log(&lamp, "t=1/1d#2 t=2/1d#3 ");
        session_puback(lamp.session,
                       5); /* not sent on this connection: acknowledged all the same */
        assert_log(&lamp, "");
        session_puback(lamp.session, 2);
        assert_log(&lamp, "t=3/2d#4 ");
        session_puback(lamp.session, 3);
        assert_log(&lamp, "t=5/1d#6 ");
        session_pubrec(lamp.session, 4, 0);
        settle(f);
        assert_log(&lamp, "rel#4 "); /* and in the window still */
        session_puback(lamp.session, 6);
        assert_log(&lamp, "t=6/1#7 ");
        session_pubcomp(lamp.session, 4);
        assert_log(&lamp, "t=7/1#8 ");
        session_puback(lamp.session, 7);
        session_puback(lamp.session, 8);
        settle(f);
        assert_int_equal(queued(f, "lamp"), 0);
        assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true);
        client_free(&lamp);
    }
}

/* PUBRELs go out at once; what waits for the window when the connection ends again is as it was. */
static void test_window_is_smaller_twice(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    open_taking(f, &lamp, 0);
    client_subscribe(&lamp, "t", 2);
    for (int i = 1; i <= 4; i++)
        publish(f, "t", "x", 2);
    settle(f);
    session_pubrec(lamp.session, 4, 0);
    settle(f);
    assert_log(&lamp, "t=x/2#2 t=x/2#3 t=x/2#4 t=x/2#5 rel#4 ");
    open_taking(f, &lamp, 2);
    assert_log(&lamp, "t=x/2d#2 rel#4 ");
    session_pubrec(lamp.session, 5, 0); /* which is due only */
    settle(f);
    assert_log(&lamp, "rel#5 ");
    open_taking(f, &lamp, 2);
    assert_log(&lamp, "rel#4 rel#5 ");
    session_pubrec(lamp.session, 3, 0);
    settle(f);
    assert_log(&lamp, "rel#3 ");
    session_pubcomp(lamp.session, 4);
    assert_log(&lamp, "");
    session_pubcomp(lamp.session, 5);
    assert_log(&lamp, "t=x/2d#2 ");
    client_free(&lamp);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_expiry_of_a_message),
        TEST(test_packet_of_a_message),
        TEST(test_properties_without_a_packet),
        TEST(test_saved_properties_are_checked),
        TEST(test_waiting_for_the_window),
        TEST(test_at_its_last_moment),
        TEST(test_expired_while_away),
        TEST(test_expired_after_a_crash),
        TEST(test_expired_qos0),
        TEST(test_expired_make_room),
        TEST(test_expired_make_room_while_away),
        TEST(test_expired_make_room_in_the_database),
        TEST(test_expired_make_room_for_many),
        TEST(test_excess_is_bounded),
        TEST(test_expired_make_room_after_a_restart),
        TEST(test_full_after_a_crash),
        TEST(test_expired_make_room_behind_what_was_sent),
        TEST(test_expired_make_room_behind_many_in_flight),
        TEST(test_expired_make_room_in_a_batch),
        TEST(test_expired_front_is_unread),
        TEST(test_expired_and_drop_oldest),
        TEST(test_expired_in_a_group),
        TEST(test_too_large_counts_as_delivered),
        TEST(test_too_large_when_it_is_sent_again),
        TEST(test_refused_by_pubrec),
        TEST(test_window_is_smaller_now),
        TEST(test_window_is_smaller_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
