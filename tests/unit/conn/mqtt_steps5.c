/* mqtt_steps5.c — see mqtt_steps5.h. */
#include "mqtt_steps5.h"

#include <sqlite3.h>
#include <string.h>

void kept5_with(struct fixture *f, struct peer *peer, const char *id, const char *filter,
                const char *options, const char *properties)
{
    peer5_start(f, peer, id, false, properties);
    if (!filter) return;
    peer5_subscribe(peer, 1, filter, options, NULL);
    peer_settle(peer);
    assert_non_null(strstr(peer_log(peer), "suback#1:"));
}

void kept5(struct fixture *f, struct peer *peer, const char *id, const char *filter,
           const char *options)
{
    kept5_with(f, peer, id, filter, options, KEPT);
}

void drop5(struct peer *peer)
{
    struct fixture *f = peer->f;
    uint8_t level = peer->level;
    peer_close(peer);
    settle(f);
    peer->f = f;
    peer->level = level;
}

/* Reads CONNACK, and leaves what is behind it. */
static void check_present(struct peer *peer)
{
    struct mqtt_frame frame;
    struct mqtt_connack connack;
    uint8_t level = peer->level ? peer->level : MQTT_LEVEL_311;
    assert_int_equal(
        mqtt_frame((const uint8_t *)peer->in.data, peer->in.len, MAX_PACKET, level, &frame, NULL),
        1);
    assert_int_equal(mqtt_decode_connack(&frame, level, &connack, NULL), 0);
    assert_int_equal(connack.code, 0);
    assert_true(connack.session_present);
    buf_consume(&peer->in, frame.size);
}

void back5(struct fixture *f, struct peer *peer, const char *id, const char *properties)
{
    peer_open(f, peer);
    peer5_connect(peer, id, false, properties);
    peer_settle(peer);
    check_present(peer);
}

void again5(struct peer *peer, const char *id, const char *expected)
{
    drop5(peer);
    back5(peer->f, peer, id, KEPT);
    assert_peer(peer, expected);
}

void back311(struct fixture *f, struct peer *peer, const char *id)
{
    peer->level = 0;
    peer_open(f, peer);
    peer_connect(peer, id, false);
    peer_settle(peer);
    check_present(peer);
}

void again311(struct peer *peer, const char *id, const char *expected)
{
    drop5(peer);
    back311(peer->f, peer, id);
    assert_peer(peer, expected);
}

void publish_settled(struct fixture *f, const char *topic, const char *payload, uint8_t qos)
{
    publish(f, topic, payload, qos);
    settle(f);
    turns(f, 3);
}

void take5(struct peer *peer, uint16_t id, uint8_t qos)
{
    if (qos == 1) peer5_ack(peer, MQTT_TYPE_puback, id, 0);
    if (qos == 2) {
        peer5_ack(peer, MQTT_TYPE_pubrec, id, 0);
        peer_settle(peer);
        peer5_ack(peer, MQTT_TYPE_pubcomp, id, 0);
    }
    peer_settle(peer);
}

void peer5_subscribe_all(struct peer *peer, uint16_t id, const struct mqtt_filter *filters,
                         size_t count, const char *properties)
{
    struct buf packet = { 0 };
    mqtt_encode_subscribe(&packet, MQTT_LEVEL_5, MQTT_TYPE_subscribe, id, props(properties),
                          filters, count);
    peer_send_buf(peer, &packet);
}

void store_hold(void)
{
    vfs_fault_fail_from(1, SQLITE_FULL);
}

void store_go(struct fixture *f)
{
    store_sync(f->store); /* it has tried in vain */
    vfs_fault_heal();
    clock_fake_advance(500); /* it tries again */
    loop_turn(f->loop);
    settle(f);
    turns(f, 5);
    settle(f);
    turns(f, 5);
}

void hub_again(struct fixture *f)
{
    front_destroy(front);
    fixture_restart(f);
    front = front_create(f->hub, &front_opts);
    open_listener.front = closed_listener.front = front;
}

void front_again(void)
{
    front_set_opts(front, &front_opts);
}
