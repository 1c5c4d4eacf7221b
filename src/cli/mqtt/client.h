/* client.h — the protocol of an MQTT client, of any level: sessions, acknowledgements, windows. No socket: bytes
 * come in by mqtt_client_feed and go out through a buffer; time comes from base/clock.h. What was not acknowledged
 * outlives a connection and is sent again on the next one. What a hub of MQTT 5 tells in its CONNACK is kept to:
 * its receive maximum, the largest packet, QoS and topic alias, its keep alive, the client id that it has made. */
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
    /* A code for each filter of the last SUBSCRIBE: 0 to 2, or from MQTT_SUBACK_FAILURE on. */
    void (*on_granted)(void *arg, const struct mqtt_suback *ack);
    /* The same for UNSUBSCRIBE. Below level 5 there are no codes. */
    void (*on_released)(void *arg, const struct mqtt_suback *ack);
    /* A publish with QoS 1 or 2 is complete. */
    void (*on_delivered)(void *arg);
    /* The same, but the hub has refused it: level 5. */
    void (*on_refused)(void *arg, const struct mqtt_ack *ack);
    /* Each packet, for --debug. May be NULL. */
    void (*on_packet)(void *arg, bool sent, const char *type, size_t size);
};

struct mqtt_client_opts {
    struct mqtt_connect connect; /* its texts are borrowed for the client's life */
    struct slice subscribe, unsubscribe, disconnect; /* properties, borrowed too; level 5 */
    size_t window;      /* publishes under way with QoS 1 and 2, 1 to 65535 */
    size_t max_waiting; /* bytes of those that wait for the window */
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
/* Bytes of the hub. 0; ERR_DENIED, ERR_AUTH, ERR_BUSY: the hub refuses the connection; ERR_DENIED, ERR_CLOSED: it
 * ends it; ERR_UNSUPPORTED, ERR_TOO_LARGE: it does not take what is under way; ERR_MALFORMED, ERR_PROTOCOL. diag
 * says why. After an error only mqtt_client_lost or destroy may follow. */
int mqtt_client_feed(struct mqtt_client *client, const void *data, size_t len, struct diag *diag);
/* What is to be sent; the caller consumes what it has sent. Borrowed. */
struct buf *mqtt_client_out(struct mqtt_client *client);

/* Sends what is due: a PINGREQ. 0, or ERR_TIMEOUT: the hub has not answered for too long. */
int mqtt_client_tick(struct mqtt_client *client);
/* When the next call of tick is due, by clock_mono_ms; INT64_MAX: never. */
int64_t mqtt_client_deadline(const struct mqtt_client *client);

/* QoS 0 needs a connection that is up, ERR_STATE without; QoS 1 and 2 wait for it, and for their
 * place in the window. ERR_INVALID: too long for a packet; ERR_LIMIT: too much waits; ERR_UNSUPPORTED,
 * ERR_TOO_LARGE: the hub does not take it. diag says why. A topic alias among the properties is used: the topic
 * is sent with it once on each connection. */
int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publish *publish,
                        struct diag *diag);
/* Connection up; one at a time each. ERR_INVALID, ERR_TOO_LARGE: does not fit into a packet. */
int mqtt_client_subscribe(struct mqtt_client *client, const struct mqtt_filter *filters,
                          size_t count);
int mqtt_client_unsubscribe(struct mqtt_client *client, const struct mqtt_filter *filters,
                            size_t count);
/* A PINGREQ whose answer, as it comes in order, proves that the hub has read all before it. */
void mqtt_client_ping(struct mqtt_client *client);
void mqtt_client_disconnect(struct mqtt_client *client);

/* The one of the options, or that which the hub has made. Borrowed. */
struct slice mqtt_client_id(const struct mqtt_client *client);
bool mqtt_client_is_up(const struct mqtt_client *client);
/* Room in the window for one more. */
bool mqtt_client_has_room(const struct mqtt_client *client);
/* Publishes with QoS 1 and 2 that are not complete. */
size_t mqtt_client_unfinished(const struct mqtt_client *client);
/* Nothing is awaited from the hub, in neither direction. */
bool mqtt_client_is_idle(const struct mqtt_client *client);

#endif
