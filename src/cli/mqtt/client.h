/* client.h — the protocol of an MQTT client: sessions, acknowledgements, windows. No socket: bytes
 * come in by mqtt_client_feed and go out through a buffer; time comes from base/clock.h. What was
 * not acknowledged outlives a connection and is sent again on the next one. */
#ifndef CLI_MQTT_CLIENT_H
#define CLI_MQTT_CLIENT_H

#include "base/buf.h"
#include "base/diag.h"
#include "mqtt/mqtt.h"

#include <stdbool.h>
#include <stdint.h>

struct mqtt_client;

/* All are called from within mqtt_client_feed; they may call everything but feed and destroy. */
struct mqtt_client_cbs {
    /* The hub has accepted the connection; what was under way is sent again already. */
    void (*on_connected)(void *arg, bool session_present);
    /* False: not wanted, and never acknowledged; so a kept session gets it again. */
    bool (*on_message)(void *arg, const struct mqtt_publish *publish);
    /* One byte for each filter of the last SUBSCRIBE: 0 to 2, or MQTT_SUBACK_FAILURE. */
    void (*on_granted)(void *arg, struct slice codes);
    /* A publish with QoS 1 or 2 is complete. */
    void (*on_delivered)(void *arg);
    /* Each packet, for --debug. May be NULL. */
    void (*on_packet)(void *arg, bool sent, const char *type, size_t size);
};

struct mqtt_client_opts {
    struct mqtt_connect connect; /* its texts are borrowed for the client's life */
    size_t window;               /* publishes under way with QoS 1 and 2, 1 to 65535 */
    size_t max_waiting;          /* bytes of those that wait for the window */
};

/* Borrows cbs. */
struct mqtt_client *mqtt_client_create(const struct mqtt_client_opts *opts,
                                       const struct mqtt_client_cbs *cbs, void *arg);
/* Accepts NULL. */
void mqtt_client_destroy(struct mqtt_client *client);

/* There is a connection: begins with CONNECT. ERR_INVALID when a text is too long for it. */
int mqtt_client_open(struct mqtt_client *client);
/* The connection is gone. */
void mqtt_client_lost(struct mqtt_client *client);
/* Bytes of the hub. 0; ERR_DENIED, ERR_AUTH or ERR_BUSY: the hub refuses the connection, and diag says why;
 * ERR_MALFORMED. After an error only mqtt_client_lost or destroy may follow. */
int mqtt_client_feed(struct mqtt_client *client, const void *data, size_t len, struct diag *diag);
/* What is to be sent; the caller consumes what it has sent. Borrowed. */
struct buf *mqtt_client_out(struct mqtt_client *client);

/* Sends what is due: a PINGREQ. 0, or ERR_TIMEOUT: the hub has not answered for too long. */
int mqtt_client_tick(struct mqtt_client *client);
/* When the next call of tick is due, by clock_mono_ms; INT64_MAX: never. */
int64_t mqtt_client_deadline(const struct mqtt_client *client);

/* QoS 0 needs a connection that is up, ERR_STATE without; QoS 1 and 2 wait for it, and for their
 * place in the window. ERR_INVALID: too long for a packet; ERR_LIMIT: too much waits. */
int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publish *publish);
/* Connection up; one at a time each. ERR_INVALID: does not fit into a packet. */
int mqtt_client_subscribe(struct mqtt_client *client, const struct mqtt_filter *filters,
                          size_t count);
int mqtt_client_unsubscribe(struct mqtt_client *client, const struct mqtt_filter *filters,
                            size_t count);
/* A PINGREQ whose answer, as it comes in order, proves that the hub has read all before it. */
void mqtt_client_ping(struct mqtt_client *client);
void mqtt_client_disconnect(struct mqtt_client *client);

bool mqtt_client_is_up(const struct mqtt_client *client);
/* Room in the window for one more. */
bool mqtt_client_has_room(const struct mqtt_client *client);
/* Publishes with QoS 1 and 2 that are not complete. */
size_t mqtt_client_unfinished(const struct mqtt_client *client);
/* Nothing is awaited from the hub, in neither direction. */
bool mqtt_client_is_idle(const struct mqtt_client *client);

#endif
