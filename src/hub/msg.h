/* msg.h — a message: immutable after msg_create but for its caches, shared by reference count between
 * all its receivers. Loop thread only. */
#ifndef HUB_MSG_H
#define HUB_MSG_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct chunk;

/* Who publishes: shared by the messages of a connection. */
struct msg_origin {
    uint32_t refs;
    struct slice client_id;
    struct slice principal;
    char data[];
};

struct msg {
    uint32_t refs;
    uint8_t qos;
    bool retain;    /* the flag of the publisher */
    uint8_t hops;   /* republished so many times */
    bool over_mqtt; /* false: over HTTP, or by the hub itself */
    bool will;      /* a last will: the shadow service ignores those */
    bool keep;      /* QoS 0, but its publisher waits for the commit all the same (REST) */
    bool fleeting;  /* a figure of the hub itself: retained in memory only */
    uint8_t level;  /* of the form in `packet`: MQTT_LEVEL_5 or MQTT_LEVEL_311 */
    bool wanted;    /* of hub_route: somebody has subscribed to its topic */
    int64_t at_ms;  /* when it was published, ms since the epoch */
    int64_t
        expires_at; /* ms since the epoch, 0: never. at_ms and the expiry among its properties */
    struct slice topic;
    struct slice payload;
    /* MQTT 5 property block (mqtt/property.h), in the order of the publisher: payload format, message expiry
     * as it was given, content type, response topic, correlation data, user properties. Nothing else. */
    struct slice properties;
    struct slice client_id;    /* of the publisher; empty outside MQTT */
    struct slice principal;    /* its principalIdentifier */
    struct msg_origin *origin; /* has these two; NULL: they are the message's own */

    /* The PUBLISH of `level` in the form of its own QoS (id and flags vary): topic, properties and payload lie
     * in it. Empty when they are longer than a packet can hold. */
    struct slice packet;

    /* caches */
    struct chunk *wire[2][2]; /* to be shared by outputs: [level 5][QoS 1 and 2] */
    int64_t waits_in;         /* queue_journal.c: the commit that counts its bytes */
    int64_t journal;          /* the commit in which it stands in `row` at row_at */
    int64_t row;
    uint32_t row_at;
    uint32_t expiry_at; /* no cache: where in `properties` the four bytes of the expiry are */
    char data[];
};

struct msg_opts {
    struct slice topic;
    struct slice payload;
    struct slice properties;
    struct slice client_id;
    struct slice principal;
    struct msg_origin *origin; /* in the place of the two; a reference is taken */
    uint8_t qos;
    bool retain;
    uint8_t hops;
    bool over_mqtt;
    bool will;
    bool keep;
    bool fleeting;
    uint8_t
        level; /* the publisher's; 0: MQTT_LEVEL_311. With properties it is MQTT_LEVEL_5 in any case */
    int64_t at_ms; /* 0: now */
};

/* Copies both; refs 1. */
struct msg_origin *msg_origin_create(struct slice client_id, struct slice principal);
void msg_origin_unref(struct msg_origin *origin); /* accepts NULL */

/* Copies everything but the origin; refs 1. The properties are a checked block. */
struct msg *msg_create(const struct msg_opts *opts);
struct msg *msg_ref(struct msg *msg);
void msg_unref(struct msg *msg); /* accepts NULL */

/* The same message, as if it were published now: a will, whose time begins when it is sent. refs 1. */
struct msg *msg_published_now(const struct msg *msg);

/* Where the packet id stands in `packet`; QoS 1 and 2. */
static inline size_t msg_packet_id_at(const struct msg *msg)
{
    return (size_t)(msg->topic.ptr + msg->topic.len - msg->packet.ptr);
}

/* MQTT 5.0, section 3.3.2.3.3: whoever has not got it yet does not get it any more. */
static inline bool msg_is_expired(const struct msg *msg, int64_t now_ms)
{
    return msg->expires_at && now_ms > msg->expires_at;
}
/* The same, now. */
static inline bool msg_has_expired(const struct msg *msg)
{
    return msg->expires_at && msg_is_expired(msg, clock_real_ms());
}
/* Seconds left of a message that expires, rounded up: the expiry that its receiver is told
 * [MQTT-3.3.2-6]. */
uint32_t msg_expiry_left(const struct msg *msg, int64_t now_ms);

/* Bytes of memory, its share of the origin taken as if it had one of its own. */
size_t msg_size(const struct msg *msg);
/* An acknowledgement promises that what must be kept of it is kept: QoS 1 and 2, and what came by REST. */
static inline bool msg_is_kept(const struct msg *msg)
{
    return msg->qos > 0 || msg->keep;
}

/* The form in the database, appended; msg_load returns ERR_MALFORMED for anything that msg_save did not
 * write. */
void msg_save(const struct msg *msg, struct buf *out);
int msg_load(struct slice data, struct msg **ret_msg);
/* Bytes that msg_save appends. */
size_t msg_saved_size(const struct msg *msg);
/* Several behind one another, each after its length: appends one, and finds the one that begins at
 * `at`. */
void msg_save_framed(const struct msg *msg, struct buf *out);
int msg_find_framed(struct slice data, size_t at, struct slice *ret_saved);

#endif
