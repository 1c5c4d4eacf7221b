/* mqtt.h — bytes to checked packet structs and back: MQTT 3.1 (MQIsdp, level 3), 3.1.1 (level 4).
 * Pure: no sockets, no state. Decoded structs are views into the frame's bytes and live as long.
 *
 * All that a codec alone can judge is judged here; what needs the connection's or the session's
 * state (first packet, unknown packet id, quotas) is conn's. Outputs are untouched on failure,
 * except *ret_why: a static sentence for the log that names the broken statement; ret_why may be
 * NULL everywhere. Decoders return 0 or
 *   ERR_MALFORMED  the connection must be closed [MQTT-4.8.0-1];
 *   ERR_TOPIC      the same, for a topic that is well-formed text but no valid name or filter;
 *   others         as noted. */
#ifndef MQTT_MQTT_H
#define MQTT_MQTT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mqtt_level {
    MQTT_LEVEL_31 = 3,
    MQTT_LEVEL_311 = 4,
    MQTT_LEVEL_5 = 5, /* not yet decoded: ERR_UNSUPPORTED */
};

/* MQTT_TYPE_connect = 1 ... MQTT_TYPE_disconnect = 14, named as in packet_tbl.h. */
enum mqtt_type {
#define PACKET(name, type, mask, flags, min, client, server, first, broken, short_) \
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

#define MQTT_SUBACK_FAILURE 0x80
#define MQTT_PUBLISH_DUP    0x08 /* in the first byte of a PUBLISH */
#define MQTT_PUBLISH_RETAIN 0x01
#define MQTT_MAX_REMAINING  268435455u
#define MQTT_MAX_HEADER     5 /* first byte and remaining length */

struct mqtt_type_info {
    const char *name; /* NULL: a reserved type */
    uint8_t mask;
    uint8_t flags;
    uint8_t min;
    bool client;
    bool server;
    bool first;
    const char *flags_why; /* the statement that other flags break */
    const char *short_why; /* the one that a remaining length below min breaks */
};
/* A row of packet_tbl.h; `type` is 0 to 15. Never NULL. */
const struct mqtt_type_info *mqtt_type_info(unsigned type);

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
 * is accepted: 3.1.1 does not forbid it. At level 3 PUBREL, SUBSCRIBE, UNSUBSCRIBE may have DUP. */
int mqtt_frame(const uint8_t *data, size_t len, size_t max_packet, uint8_t level,
               struct mqtt_frame *ret, const char **ret_why);

/* ---- what a client sends ---- */

struct mqtt_connect {
    uint8_t level; /* enum mqtt_level */
    bool clean_session;
    uint16_t keep_alive;    /* seconds, 0: off */
    struct slice client_id; /* may be empty, with clean_session and level 4 only */
    bool will;
    uint8_t will_qos;
    bool will_retain;
    struct slice will_topic;
    struct slice will_payload;
    struct slice will_properties; /* empty below level 5 */
    bool has_username;
    bool has_password;
    struct slice username;
    struct slice password;
    struct slice properties; /* empty below level 5 */
};

/* Also returns
 *   ERR_UNSUPPORTED  right protocol name, unknown level: CONNACK 1, close [MQTT-3.1.2-2];
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
    uint16_t id; /* 0 with QoS 0, never 0 otherwise */
    struct slice topic;
    struct slice properties; /* empty below level 5 */
    struct slice payload;
};
int mqtt_decode_publish(const struct mqtt_frame *frame, uint8_t level, struct mqtt_publish *ret,
                        const char **ret_why);

struct mqtt_ack {
    uint8_t level;
    uint8_t type; /* of the frame */
    uint16_t id;  /* never 0 */
    uint8_t code; /* reason; 0 below level 5 */
    struct slice properties;
};
/* PUBACK, PUBREC, PUBREL, PUBCOMP, and UNSUBACK (for clients). */
int mqtt_decode_ack(const struct mqtt_frame *frame, uint8_t level, struct mqtt_ack *ret,
                    const char **ret_why);

/* One element of a SUBSCRIBE or UNSUBSCRIBE. */
struct mqtt_filter {
    struct slice filter; /* valid by topic_filter_check */
    uint8_t qos;         /* 0 to 2; 0 in UNSUBSCRIBE */
};

/* Both packets. The whole payload has been checked when the decoder returns 0, so the iterator
 * cannot fail and nothing needs to be undone. */
struct mqtt_subscribe {
    uint8_t level;
    uint16_t id;   /* never 0 */
    size_t count;  /* of filters, at least 1 */
    bool with_qos; /* SUBSCRIBE */
    struct slice properties;
    struct slice filters; /* encoded */
};
int mqtt_decode_subscribe(const struct mqtt_frame *frame, uint8_t level, struct mqtt_subscribe *ret,
                          const char **ret_why);
int mqtt_decode_unsubscribe(const struct mqtt_frame *frame, uint8_t level,
                            struct mqtt_subscribe *ret, const char **ret_why);
/* Start with *at = 0; false after the last one. */
bool mqtt_subscribe_next(const struct mqtt_subscribe *sub, size_t *at, struct mqtt_filter *ret);

/* PINGREQ, PINGRESP, DISCONNECT: nothing may follow the header. */
int mqtt_decode_empty(const struct mqtt_frame *frame, const char **ret_why);

/* ---- what a server sends, for clients ---- */

struct mqtt_connack {
    bool session_present;
    uint8_t code; /* enum mqtt_connack_code, or a reserved one */
    struct slice properties;
};
int mqtt_decode_connack(const struct mqtt_frame *frame, struct mqtt_connack *ret,
                        const char **ret_why);

struct mqtt_suback {
    uint16_t id;
    struct slice codes; /* a byte for each filter: 0, 1, 2 or MQTT_SUBACK_FAILURE; at least one */
    struct slice properties;
};
int mqtt_decode_suback(const struct mqtt_frame *frame, struct mqtt_suback *ret,
                       const char **ret_why);

/* ---- encoding: appends one whole packet to out ---- */

/* session_present is sent as 0 with a code other than 0 [MQTT-3.2.2-4], and at level 3. A level of
 * 5 or more gets the form of that version (with no properties), so that its clients understand a
 * refusal: `code` is that version's reason code then (0x84: unsupported protocol version). */
void mqtt_encode_connack(struct buf *out, uint8_t level, bool session_present, uint8_t code);
/* PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK. */
void mqtt_encode_ack(struct buf *out, uint8_t type, uint16_t id);
/* The same into an array, for those who keep no buffer. */
#define MQTT_ACK_SIZE 4
void mqtt_put_ack(uint8_t out[MQTT_ACK_SIZE], uint8_t type, uint16_t id);
/* codes in the order of the filters; count is at least 1. */
void mqtt_encode_suback(struct buf *out, uint16_t id, const uint8_t *codes, size_t count);
/* PINGREQ, PINGRESP, DISCONNECT. */
void mqtt_encode_empty(struct buf *out, uint8_t type);
/* 0, or ERR_INVALID with nothing appended: a string above 65535 bytes, an id of 0, a QoS above 2, a
 * password without user name, no filter at all, or a packet above MQTT_MAX_REMAINING. Topics are
 * not checked: the caller has done so. */
int mqtt_encode_connect(struct buf *out, const struct mqtt_connect *connect);
int mqtt_encode_subscribe(struct buf *out, uint16_t id, const struct mqtt_filter *filters,
                          size_t count);
int mqtt_encode_unsubscribe(struct buf *out, uint16_t id, const struct mqtt_filter *filters,
                            size_t count);

/* A PUBLISH is one run of bytes: first byte, remaining length, topic, id (QoS 1, 2), payload.
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
