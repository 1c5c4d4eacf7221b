/* encode.c — packet structs to bytes; see mqtt.h.
 *
 * Sizes are computed first, checked against what the format can hold, and only then is anything
 * written, in one piece. What comes from a peer or a user (topics, payloads, user names) can be too
 * long, which is an error; what only we choose (packet types, ids) is a BUG when it is wrong.
 * A PUBLISH is written into the caller's memory, not into a buffer: it is made once, in a chunk
 * that all receivers share. */
#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#define STR_MAX 65535

static uint8_t first_byte(uint8_t type)
{
    return (uint8_t)(type << 4 | mqtt_type_info(type)->flags);
}

static size_t length_size(size_t remaining)
{
    return remaining < 1u << 7 ? 1 : remaining < 1u << 14 ? 2 : remaining < 1u << 21 ? 3 : 4;
}

static uint8_t *put_length(uint8_t *out, size_t remaining)
{
    do {
        *out++ = (uint8_t)((remaining & 0x7f) | (remaining > 0x7f ? 0x80 : 0));
        remaining >>= 7;
    } while (remaining > 0);
    return out;
}

static uint8_t *put_u16(uint8_t *out, size_t value)
{
    *out++ = (uint8_t)(value >> 8);
    *out++ = (uint8_t)value;
    return out;
}

static uint8_t *put_bytes(uint8_t *out, struct slice bytes)
{
    if (bytes.len) memcpy(out, bytes.ptr, bytes.len);
    return out + bytes.len;
}

static uint8_t *put_str16(uint8_t *out, struct slice text)
{
    return put_bytes(put_u16(out, text.len), text);
}

/* Appends the fixed header and room for the rest, which the caller fills. */
static uint8_t *begin(struct buf *out, uint8_t byte, size_t remaining)
{
    size_t size = 1 + length_size(remaining) + remaining;
    uint8_t *at = (uint8_t *)buf_reserve(out, size);
    out->len += size;
    out->data[out->len] = '\0';
    *at++ = byte;
    return put_length(at, remaining);
}

/* ---- what a server sends ---- */

void mqtt_encode_connack(struct buf *out, uint8_t level, bool session_present, uint8_t code)
{
    bool present = session_present && code == 0 && level != MQTT_LEVEL_31;
    bool with_properties = level >= MQTT_LEVEL_5;
    uint8_t *at = begin(out, first_byte(MQTT_TYPE_connack), with_properties ? 3 : 2);
    *at++ = present;
    *at++ = code;
    if (with_properties) *at = 0;
}

void mqtt_put_ack(uint8_t out[MQTT_ACK_SIZE], uint8_t type, uint16_t id)
{
    bool is_ack = type >= MQTT_TYPE_puback && type <= MQTT_TYPE_pubcomp;
    if (!is_ack && type != MQTT_TYPE_unsuback) BUG("packet type %d is no acknowledgement", type);
    out[0] = first_byte(type);
    out[1] = 2;
    put_u16(out + 2, id);
}

void mqtt_encode_ack(struct buf *out, uint8_t type, uint16_t id)
{
    uint8_t ack[MQTT_ACK_SIZE];
    mqtt_put_ack(ack, type, id);
    buf_append(out, ack, sizeof ack);
}

void mqtt_encode_suback(struct buf *out, uint16_t id, const uint8_t *codes, size_t count)
{
    uint8_t *at = begin(out, first_byte(MQTT_TYPE_suback), 2 + count);
    put_bytes(put_u16(at, id), slice_of((const char *)codes, count));
}

void mqtt_encode_empty(struct buf *out, uint8_t type)
{
    if (mqtt_type_info(type)->min > 0) BUG("packet type %d has a body", type);
    begin(out, first_byte(type), 0);
}

/* ---- what a client sends ---- */

enum { CLEAN = 0x02, WILL = 0x04, WILL_RETAIN = 0x20, PASSWORD = 0x40, USERNAME = 0x80 };

static uint8_t connect_flags(const struct mqtt_connect *connect)
{
    int flags = connect->clean_session ? CLEAN : 0;
    if (connect->will)
        flags |= WILL | connect->will_qos << 3 | (connect->will_retain ? WILL_RETAIN : 0);
    if (connect->has_username) flags |= USERNAME;
    if (connect->has_password) flags |= PASSWORD;
    return (uint8_t)flags;
}

static bool connect_fits(const struct mqtt_connect *connect)
{
    if (connect->level != MQTT_LEVEL_31 && connect->level != MQTT_LEVEL_311) return false;
    if (connect->will_qos > 2 || (connect->has_password && !connect->has_username)) return false;
    return connect->client_id.len <= STR_MAX && connect->will_topic.len <= STR_MAX &&
           connect->will_payload.len <= STR_MAX && connect->username.len <= STR_MAX &&
           connect->password.len <= STR_MAX;
}

int mqtt_encode_connect(struct buf *out, const struct mqtt_connect *connect)
{
    if (!connect_fits(connect)) return ERR_INVALID;
    struct slice name = connect->level == MQTT_LEVEL_31 ? SLICE_LIT("MQIsdp") : SLICE_LIT("MQTT");
    size_t size = 2 + name.len + 1 + 1 + 2 + 2 + connect->client_id.len;
    if (connect->will) size += 2 + connect->will_topic.len + 2 + connect->will_payload.len;
    if (connect->has_username) size += 2 + connect->username.len;
    if (connect->has_password) size += 2 + connect->password.len;

    uint8_t *at = begin(out, first_byte(MQTT_TYPE_connect), size);
    at = put_str16(at, name);
    *at++ = connect->level;
    *at++ = connect_flags(connect);
    at = put_u16(at, connect->keep_alive);
    at = put_str16(at, connect->client_id);
    if (connect->will) at = put_str16(put_str16(at, connect->will_topic), connect->will_payload);
    if (connect->has_username) at = put_str16(at, connect->username);
    if (connect->has_password) put_str16(at, connect->password);
    return 0;
}

static int encode_request(struct buf *out, uint8_t type, uint16_t id,
                          const struct mqtt_filter *filters, size_t count)
{
    bool with_qos = type == MQTT_TYPE_subscribe;
    size_t size = 2;
    if (id == 0 || count == 0) return ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (filters[i].filter.len > STR_MAX || filters[i].qos > 2) return ERR_INVALID;
        size += 2 + filters[i].filter.len + with_qos;
        if (size > MQTT_MAX_REMAINING) return ERR_INVALID;
    }
    uint8_t *at = put_u16(begin(out, first_byte(type), size), id);
    for (size_t i = 0; i < count; i++) {
        at = put_str16(at, filters[i].filter);
        if (with_qos) *at++ = filters[i].qos;
    }
    return 0;
}

int mqtt_encode_subscribe(struct buf *out, uint16_t id, const struct mqtt_filter *filters,
                          size_t count)
{
    return encode_request(out, MQTT_TYPE_subscribe, id, filters, count);
}

int mqtt_encode_unsubscribe(struct buf *out, uint16_t id, const struct mqtt_filter *filters,
                            size_t count)
{
    return encode_request(out, MQTT_TYPE_unsubscribe, id, filters, count);
}

/* ---- PUBLISH ---- */

static size_t publish_remaining(const struct mqtt_publish *publish)
{
    return 2 + publish->topic.len + (publish->qos ? 2 : 0) + publish->payload.len;
}

size_t mqtt_publish_head_size(const struct mqtt_publish *publish)
{
    if (publish->topic.len > STR_MAX || publish->payload.len > MQTT_MAX_REMAINING) return 0;
    size_t remaining = publish_remaining(publish);
    if (remaining > MQTT_MAX_REMAINING) return 0;
    return 1 + length_size(remaining) + remaining - publish->payload.len;
}

size_t mqtt_publish_size(const struct mqtt_publish *publish)
{
    size_t head = mqtt_publish_head_size(publish);
    return head ? head + publish->payload.len : 0;
}

void mqtt_encode_publish_head(uint8_t *out, const struct mqtt_publish *publish,
                              size_t *ret_id_offset)
{
    uint8_t *at = out;
    *at++ = mqtt_publish_first_byte(publish->qos, publish->dup, publish->retain);
    at = put_length(at, publish_remaining(publish));
    at = put_str16(at, publish->topic);
    if (ret_id_offset) *ret_id_offset = publish->qos ? (size_t)(at - out) : 0;
    if (publish->qos) put_u16(at, publish->id);
}

void mqtt_encode_publish(uint8_t *out, const struct mqtt_publish *publish, size_t *ret_id_offset)
{
    mqtt_encode_publish_head(out, publish, ret_id_offset);
    put_bytes(out + mqtt_publish_head_size(publish), publish->payload);
}
