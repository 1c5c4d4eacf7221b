/* mqtt.h — bytes to checked packet structs and back: MQTT 3.1 (MQIsdp, level 3), 3.1.1 (level 4), 5.0
 * (level 5). The level is data: one decoder and one encoder for each packet.
 * Pure: no sockets, no state. Decoded structs are views into the frame's bytes and live as long.
 *
 * All that a codec alone can judge is judged here; what needs the connection's or the session's
 * state (first packet, unknown packet id, quotas) is conn's. Outputs are untouched on failure,
 * except *ret_why: a static sentence for the log that names the broken statement, by the number that
 * it has in the standard of that level; ret_why may be NULL everywhere. Decoders return 0 or
 *   ERR_MALFORMED  the connection must be closed [MQTT-4.8.0-1];
 *   ERR_PROTOCOL   the same, for what can be parsed but is not allowed (at level 5 only);
 *   ERR_TOPIC      the same, for a topic that is well-formed text but no valid name or filter;
 *   others         as noted.
 * mqtt_reason_of tells the reason code. Slices named `properties` are blocks (property.h) which have been
 * checked; they are empty below level 5. */
#ifndef MQTT_MQTT_H
#define MQTT_MQTT_H

#include "base/buf.h"
#include "base/slice.h"
#include "mqtt/property.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mqtt_level {
    MQTT_LEVEL_31 = 3,
    MQTT_LEVEL_311 = 4,
    MQTT_LEVEL_5 = 5,
};

/* MQTT_TYPE_connect = 1 ... MQTT_TYPE_auth = 15, named as in packet_tbl.h. */
enum mqtt_type {
#define PACKET(name, type, mask, flags, min, client, server, first, flags311, flags5, short311, \
               short5)                                                                          \
    MQTT_TYPE_##name = (type),
#include "mqtt/packet_tbl.h"
    MQTT_TYPE_COUNT = 16
};

/* MQTT 3.1.1, section 3.2.2.3. */
enum mqtt_connack_code {
    MQTT_ACCEPTED = 0,
    MQTT_REFUSED_LEVEL = 1,
    MQTT_REFUSED_CLIENT_ID = 2,
    MQTT_REFUSED_UNAVAILABLE = 3,
    MQTT_REFUSED_BAD_LOGIN = 4,
    MQTT_REFUSED_NOT_AUTHORIZED = 5,
};

/* MQTT_REASON_SUCCESS = 0 and so on, named as in reason_tbl.h. */
enum mqtt_reason {
#define REASON(name, code, text) MQTT_REASON_##name = (code),
#include "mqtt/reason_tbl.h"
};
/* "not authorized"; "unknown reason" for a code that there is not. Never NULL. */
const char *mqtt_reason_text(uint8_t code);
/* The reason for what mqtt_frame or a decoder has returned for a packet of that type: 0x81, 0x82, 0x84, 0x85,
 * 0x8f, 0x90, 0x95. */
uint8_t mqtt_reason_of(int rc, unsigned type);
/* The reason that says the same to a client of MQTT 3.1.1 in CONNACK: enum mqtt_connack_code, never 0. */
uint8_t mqtt_connack_code_of(uint8_t reason);

#define MQTT_SUBACK_FAILURE 0x80
#define MQTT_PUBLISH_DUP    0x08 /* in the first byte of a PUBLISH */
#define MQTT_PUBLISH_RETAIN 0x01
#define MQTT_MAX_REMAINING  268435455u
#define MQTT_MAX_HEADER     5 /* first byte and remaining length */
#define MQTT_LONGEST_PACKET (MQTT_MAX_HEADER + MQTT_MAX_REMAINING)

/* A row of packet_tbl.h. */
struct mqtt_type_info {
    const char *name; /* NULL: a reserved type */
    uint8_t mask;
    uint8_t flags;
    uint8_t min;
    bool client;
    bool server;
    bool first;
    const char *flags_why[2]; /* the statement that other flags break, below level 5 and at it */
    const char *short_why[2]; /* the one that a remaining length below min breaks */
};
/* A row of packet_tbl.h; `type` is 0 to 15. Never NULL. */
const struct mqtt_type_info *mqtt_type_info(unsigned type);
/* May a server send it at that level? Below level 5 it sends no DISCONNECT, and nobody AUTH. */
bool mqtt_server_sends(unsigned type, uint8_t level);

/* ---- frames ---- */

struct mqtt_frame {
    uint8_t type;      /* enum mqtt_type, never a reserved one */
    uint8_t flags;     /* low four bits of the first byte, checked against the table */
    struct slice body; /* what "remaining length" counts */
    size_t size;       /* of the whole packet: how much to consume */
};

/* Looks at the front of the stream. Returns
 *   1               a whole packet is there;
 *   0               more bytes are needed, and what is there is fine so far;
 *   ERR_MALFORMED   a reserved type, wrong flags, a remaining length of more than four bytes or
 *                   less than the type's least: as soon as it can be seen;
 *   ERR_TOO_LARGE   header and body together are longer than max_packet.
 * `level` is the connection's, 0 before CONNECT. A remaining length that could be written shorter
 * is accepted below level 5: 3.1.1 does not forbid it. At level 3 PUBREL, SUBSCRIBE, UNSUBSCRIBE may have
 * DUP. AUTH is a reserved type below level 5. */
int mqtt_frame(const uint8_t *data, size_t len, size_t max_packet, uint8_t level,
               struct mqtt_frame *ret, const char **ret_why);

/* ---- what a client sends ---- */

struct mqtt_connect {
    uint8_t level;          /* enum mqtt_level */
    bool clean_session;     /* level 5: clean start */
    uint16_t keep_alive;    /* seconds, 0: off */
    struct slice client_id; /* may be empty: at level 4 with clean_session, at level 5 */
    bool will;
    uint8_t will_qos;
    bool will_retain;
    struct slice will_topic;
    struct slice will_payload;
    struct slice will_properties; /* will delay among them */
    bool has_username;
    bool has_password; /* at level 5 also without a user name */
    struct slice username;
    struct slice password;
    struct slice properties;
};

/* Also returns
 *   ERR_UNSUPPORTED  right protocol name, unknown level: CONNACK 1 or 0x84, close [MQTT-3.1.2-2];
 *   ERR_INVALID      empty client id where it may not be: CONNACK 2, close [MQTT-3.1.3-8]. */
int mqtt_decode_connect(const struct mqtt_frame *frame, struct mqtt_connect *ret,
                        const char **ret_why);
/* The level that a CONNECT asks for, supported or not, without the high bit that bridges set; 0
 * when there is none to be read. For the log. */
uint8_t mqtt_connect_level(const struct mqtt_frame *frame);

struct mqtt_publish {
    uint8_t level;
    bool dup;
    uint8_t qos;
    bool retain;
    uint16_t id;        /* 0 with QoS 0, never 0 otherwise */
    struct slice topic; /* may be empty at level 5, with an alias */
    bool has_alias;     /* decoding; it is among the properties too */
    uint16_t alias;     /* may be 0, which is for the connection to refuse (0x94) */
    struct slice added; /* encoding, level 5: a block that stands before `properties` */
    struct slice properties;
    struct slice payload;
};
/* from_client: subscription identifiers are a protocol error [MQTT-3.3.4-6]. */
int mqtt_decode_publish(const struct mqtt_frame *frame, uint8_t level, bool from_client,
                        struct mqtt_publish *ret, const char **ret_why);

struct mqtt_ack {
    uint8_t level;
    uint8_t type; /* of the frame */
    uint16_t id;  /* never 0 */
    uint8_t code; /* enum mqtt_reason, one that the type can have; 0 below level 5 */
    struct slice properties;
};
/* PUBACK, PUBREC, PUBREL, PUBCOMP; below level 5 UNSUBACK too (for clients). */
int mqtt_decode_ack(const struct mqtt_frame *frame, uint8_t level, struct mqtt_ack *ret,
                    const char **ret_why);

/* One element of a SUBSCRIBE or UNSUBSCRIBE. */
struct mqtt_filter {
    struct slice filter; /* valid by topic_filter_check */
    uint8_t qos;         /* 0 to 2; 0 in UNSUBSCRIBE */
    /* level 5, false and 0 below */
    bool no_local; /* never with a shared filter [MQTT-3.8.3-4] */
    bool retain_as_published;
    uint8_t retain_handling; /* 0 to 2 */
};

/* Both packets. The whole payload has been checked when the decoder returns 0, so the iterator
 * cannot fail and nothing needs to be undone. */
struct mqtt_subscribe {
    uint8_t level;
    uint16_t id;             /* never 0 */
    size_t count;            /* of filters, at least 1 */
    bool with_qos;           /* SUBSCRIBE */
    struct slice properties; /* at most one subscription identifier */
    struct slice filters;    /* encoded */
};
int mqtt_decode_subscribe(const struct mqtt_frame *frame, uint8_t level, struct mqtt_subscribe *ret,
                          const char **ret_why);
int mqtt_decode_unsubscribe(const struct mqtt_frame *frame, uint8_t level,
                            struct mqtt_subscribe *ret, const char **ret_why);
/* Start with *at = 0; false after the last one. */
bool mqtt_subscribe_next(const struct mqtt_subscribe *sub, size_t *at, struct mqtt_filter *ret);

/* PINGREQ, PINGRESP: nothing may follow the header. */
int mqtt_decode_empty(const struct mqtt_frame *frame, const char **ret_why);

/* DISCONNECT and AUTH. */
struct mqtt_farewell {
    uint8_t code; /* enum mqtt_reason, one that the type and the sender can have; 0 below level 5 */
    struct slice properties;
};
/* DISCONNECT. Below level 5 nothing may follow the header. from_client: a session expiry may only be there from
 * a client, a server reference only from a server. */
int mqtt_decode_disconnect(const struct mqtt_frame *frame, uint8_t level, bool from_client,
                           struct mqtt_farewell *ret, const char **ret_why);
/* AUTH: level 5. Authentication method missing though there are properties or a code: ERR_PROTOCOL. */
int mqtt_decode_auth(const struct mqtt_frame *frame, struct mqtt_farewell *ret,
                     const char **ret_why);

/* ---- what a server sends, for clients ---- */

struct mqtt_connack {
    bool session_present;
    uint8_t code; /* enum mqtt_connack_code, or a reserved one; level 5: enum mqtt_reason */
    struct slice properties;
};
int mqtt_decode_connack(const struct mqtt_frame *frame, uint8_t level, struct mqtt_connack *ret,
                        const char **ret_why);

struct mqtt_suback {
    uint16_t id;
    struct slice codes; /* a byte for each filter: 0, 1, 2 or MQTT_SUBACK_FAILURE; at level 5
                           enum mqtt_reason; at least one */
    struct slice properties;
};
/* SUBACK, and at level 5 UNSUBACK. */
int mqtt_decode_suback(const struct mqtt_frame *frame, uint8_t level, struct mqtt_suback *ret,
                       const char **ret_why);

/* ---- encoding: appends one whole packet to out ---- */

/* session_present is sent as 0 with a code other than 0 [MQTT-3.2.2-4], and at level 3. Levels above 5 get
 * the form of level 5. */
void mqtt_encode_connack(struct buf *out, uint8_t level, const struct mqtt_connack *connack);
/* PUBACK, PUBREC, PUBREL, PUBCOMP; below level 5 UNSUBACK too. Code and properties are left out where they can
 * be: success without properties is the short form, which all levels share. */
void mqtt_encode_ack(struct buf *out, const struct mqtt_ack *ack);
/* The short form into an array, for those who keep no buffer. */
#define MQTT_ACK_SIZE 4
void mqtt_put_ack(uint8_t out[MQTT_ACK_SIZE], uint8_t type, uint16_t id);
/* SUBACK or UNSUBACK: codes in the order of the filters, at least one; UNSUBACK has none below level 5. */
void mqtt_encode_suback(struct buf *out, uint8_t level, uint8_t type,
                        const struct mqtt_suback *suback);
/* PINGREQ, PINGRESP. */
void mqtt_encode_empty(struct buf *out, uint8_t type);
/* DISCONNECT, AUTH (level 5). Below level 5 the code and the properties are left out. */
void mqtt_encode_farewell(struct buf *out, uint8_t level, uint8_t type,
                          const struct mqtt_farewell *farewell);
/* 0, or ERR_INVALID with nothing appended: a string above 65535 bytes, an id of 0, a QoS above 2, below level 5
 * a password without user name, no filter at all, or a packet above MQTT_MAX_REMAINING. Topics are not
 * checked: the caller has done so. */
int mqtt_encode_connect(struct buf *out, const struct mqtt_connect *connect);
/* SUBSCRIBE or UNSUBSCRIBE. */
int mqtt_encode_subscribe(struct buf *out, uint8_t level, uint8_t type, uint16_t id,
                          struct slice properties, const struct mqtt_filter *filters, size_t count);

/* A PUBLISH is one run of bytes: first byte, remaining length, topic, id (QoS 1, 2), at level 5 the length of
 * the properties, `added`, `properties`; payload. So `properties` end where the payload begins.
 * Receivers share it: each sends its own first byte (DUP, RETAIN, QoS 1 or 2 may be exchanged in
 * it) and, at the known offset, its own id. QoS 0 has no id, hence another encoding. */

/* Size of the packet; 0 when it cannot be encoded (topic or payload too long). */
size_t mqtt_publish_size(const struct mqtt_publish *publish);
/* Size of what stands before the payload; 0 when it cannot be encoded. */
size_t mqtt_publish_head_size(const struct mqtt_publish *publish);
/* Writes mqtt_publish_size bytes, which is not 0. *ret_id_offset is where the two bytes of the id
 * are, 0 with QoS 0; may be NULL. With QoS 1 and 2 an id of 0 is written too, to be replaced. */
void mqtt_encode_publish(uint8_t *out, const struct mqtt_publish *publish, size_t *ret_id_offset);
/* The same without the payload: mqtt_publish_head_size bytes, to be followed by the payload. */
void mqtt_encode_publish_head(uint8_t *out, const struct mqtt_publish *publish,
                              size_t *ret_id_offset);
static inline uint8_t mqtt_publish_first_byte(uint8_t qos, bool dup, bool retain)
{
    return (uint8_t)(MQTT_TYPE_publish << 4 | (dup ? MQTT_PUBLISH_DUP : 0) | qos << 1 |
                     (retain ? MQTT_PUBLISH_RETAIN : 0));
}
/* Where the two bytes of the id are in an encoded PUBLISH of QoS 1 or 2. */
static inline size_t mqtt_publish_id_at(const uint8_t *packet)
{
    size_t at = 1;
    while (packet[at++] & 0x80)
        ;
    return at + 2 + ((size_t)packet[at] << 8 | packet[at + 1]);
}

#endif
