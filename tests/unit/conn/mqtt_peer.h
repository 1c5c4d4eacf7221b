/* mqtt_peer.h — whole MQTT connections over stream pairs, for tests: front, mqtt_conn, a real hub and store, a
 * fake auth and clock. What a client gets is compared as text, one word a packet. */
#ifndef TESTS_UNIT_CONN_MQTT_PEER_H
#define TESTS_UNIT_CONN_MQTT_PEER_H

#include "../hub/hub_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "conn/front.h"
#include "lib/clock_fake.h"
#include "lib/stream_pair.h"
#include "lib/vfs_fault.h"
#include "mqtt/mqtt.h"

enum { MAX_PACKET = 4096, CONNECT_MS = 5000, OUTPUT_BUFFER = 8192, MOST_OWED = 4096 };

#define BYTES(text) text, sizeof(text) - 1

/* Of the test that runs. */
extern struct front *front;
extern struct front_opts front_opts;
extern struct front_listener open_listener; /* anonymous clients may come */
extern struct front_listener closed_listener;

/* cmocka's; *state is the fixture of the hub. */
int peer_setup(void **state);
int peer_teardown(void **state);
/* In the place of what peer_setup has made, with front_opts as they are: the same under hub.profile = aws-strict,
 * with 8 topic levels. */
void peer_become_strict(struct fixture *f);

/* The client's end of a connection. */
struct peer {
    struct fixture *f;
    struct stream *stream;
    struct stream *far;       /* the other end of the pair: use peer_take_slowly */
    struct ws_reader *frames; /* over WebSocket; else NULL */
    bool closes;              /* it has sent its Close frame */
    struct buf in;
    bool ended;
    uint8_t level; /* 0: 3.1.1; mqtt_peer5.c sets it */
    char why[300]; /* the last reason string; "" when the last packet had none */
};

/* A pair; returns the stream for front, which does not have it yet. */
struct stream *peer_pair(struct fixture *f, struct peer *peer);
/* A connection to the open listener. */
void peer_open(struct fixture *f, struct peer *peer);
void peer_close(struct peer *peer);
void peer_send(struct peer *peer, const void *data, size_t len);
/* The same, without a turn of the loop. */
void peer_put(struct peer *peer, const void *data, size_t len);
/* At most so many bytes wait between the server and the peer. */
void peer_take_slowly(struct peer *peer, size_t window);
/* Sends and frees. */
void peer_send_buf(struct peer *peer, struct buf *packet);
/* Everything that waits for a commit is let go. */
void peer_settle(struct peer *peer);

void put_connect(struct buf *out, const char *id, bool clean, uint16_t keep_alive);
void put_publish(struct buf *out, const char *topic, const char *payload, uint8_t qos, uint16_t id,
                 bool retain);
void put_subscribe(struct buf *out, uint16_t id, const char *filter, uint8_t qos);
void put_unsubscribe(struct buf *out, uint16_t id, const char *filter);
/* SUBSCRIBE or UNSUBSCRIBE. */
void put_request(struct buf *out, uint8_t type, uint16_t id, const struct mqtt_filter *filters,
                 size_t count);
void put_ack(struct buf *out, uint8_t type, uint16_t id);
void put_disconnect(struct buf *out);

void peer_connect(struct peer *peer, const char *id, bool clean);
/* With a will of this QoS on topic "will", payload "bye". */
void peer_connect_will(struct peer *peer, const char *id, bool clean, uint8_t qos, bool retain);
/* Opens, connects, and forgets CONNACK. */
void peer_start(struct fixture *f, struct peer *peer, const char *id, bool clean);
/* Breaks the line, and connects again: a persistent session goes on. Forgets CONNACK. */
void peer_again(struct peer *peer, const char *id);
void peer_publish(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                  uint16_t id);
void peer_retain(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                 uint16_t id);
void peer_subscribe(struct peer *peer, uint16_t id, const char *filter, uint8_t qos);
void peer_unsubscribe(struct peer *peer, uint16_t id, const char *filter);
void peer_ack(struct peer *peer, uint8_t type, uint16_t id);

/* What came since the last call, and "end" when the server has closed. Valid until the next one:
 *   connack:0+ suback#1:2:80 t=payload/1rd#7 pubrel#7 pingresp end
 * (+ session present, r retained, d DUP, #n packet identifier). At level 5 with reason codes and properties, the
 * reason string but for its name:
 *   connack:0{receive_maximum=7} puback#1:10 suback#1:2:87{why} t=payload/0{message_expiry=3} disconnect:8e end
 * A success of PUBACK and the like has no code. */
const char *peer_log(struct peer *peer);
#define assert_peer(peer, text) assert_string_equal(peer_log(peer), (text))

#endif
