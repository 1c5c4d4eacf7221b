/* encode.c — packet structs to bytes; see mqtt.h.
 *
 * Sizes are computed first, checked against what the format can hold, and only then is anything
 * written, in one piece. What comes from a peer or a user (topics, payloads, user names) can be too
 * long, which is an error; what only we choose (packet types, ids) is a BUG when it is wrong.
 * A PUBLISH is written into the caller's memory, not into a buffer: it is made once, in a chunk
 * that all receivers share. */
#include "base/mem.h"
#include "mqtt/mqtt_priv.h"

#define STR_MAX 65535

static uint8_t first_byte(uint8_t type)
{
    return (uint8_t)(type << 4 | mqtt_type_info(type)->flags);
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

/* ---- properties ---- */

/* A block with the length before it; below level 5 there is none. */
static size_t block_size(uint8_t level, struct slice block)
{
    return level >= MQTT_LEVEL_5 ? length_size(block.len) + block.len : 0;
}

static uint8_t *put_block(uint8_t *out, uint8_t level, struct slice block)
{
    return level >= MQTT_LEVEL_5 ? put_bytes(put_length(out, block.len), block) : out;
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

void mqtt_encode_connack(struct buf *out, uint8_t level, const struct mqtt_connack *connack)
{
    size_t size = 2 + block_size(level, connack->properties);
    uint8_t *at = begin(out, first_byte(MQTT_TYPE_connack), size);
    *at++ = connack->session_present && connack->code == 0 && level != MQTT_LEVEL_31;
    *at++ = connack->code;
    put_block(at, level, connack->properties);
}

void mqtt_put_ack(uint8_t out[MQTT_ACK_SIZE], uint8_t type, uint16_t id)
{
    bool is_ack = type >= MQTT_TYPE_puback && type <= MQTT_TYPE_pubcomp;
    if (!is_ack && type != MQTT_TYPE_unsuback) BUG("packet type %d is no acknowledgement", type);
    out[0] = first_byte(type);
    out[1] = 2;
    put_u16(out + 2, id);
}

/* What stands behind the id: nothing, the code, or the code and the properties. */
static size_t outcome_size(const struct mqtt_ack *ack)
{
    if (ack->level < MQTT_LEVEL_5) return 0;
    if (ack->properties.len) return 1 + block_size(ack->level, ack->properties);
    return ack->code ? 1 : 0;
}

void mqtt_encode_ack(struct buf *out, const struct mqtt_ack *ack)
{
    if (ack->type == MQTT_TYPE_unsuback && ack->level >= MQTT_LEVEL_5) BUG("UNSUBACK has codes");
    size_t outcome = outcome_size(ack);
    if (outcome == 0) {
        uint8_t packet[MQTT_ACK_SIZE];
        mqtt_put_ack(packet, ack->type, ack->id);
        buf_append(out, packet, sizeof packet);
        return;
    }
    uint8_t *at = put_u16(begin(out, first_byte(ack->type), 2 + outcome), ack->id);
    *at++ = ack->code;
    if (outcome > 1) put_block(at, ack->level, ack->properties);
}

void mqtt_encode_suback(struct buf *out, uint8_t level, uint8_t type,
                        const struct mqtt_suback *suback)
{
    bool has_codes = type == MQTT_TYPE_suback || level >= MQTT_LEVEL_5;
    struct slice codes = has_codes ? suback->codes : slice_of("", 0);
    size_t size = 2 + block_size(level, suback->properties) + codes.len;
    uint8_t *at = put_u16(begin(out, first_byte(type), size), suback->id);
    put_bytes(put_block(at, level, suback->properties), codes);
}

/* ---- what both send ---- */

void mqtt_encode_empty(struct buf *out, uint8_t type)
{
    if (mqtt_type_info(type)->min > 0) BUG("packet type %d has a body", type);
    begin(out, first_byte(type), 0);
}

/* DISCONNECT may leave out the properties alone, AUTH only all [section 3.15.2.1]. */
static size_t farewell_size(uint8_t level, uint8_t type, const struct mqtt_farewell *farewell)
{
    if (level < MQTT_LEVEL_5 || (farewell->code == 0 && !farewell->properties.len)) return 0;
    if (type == MQTT_TYPE_disconnect && !farewell->properties.len) return 1;
    return 1 + block_size(level, farewell->properties);
}

void mqtt_encode_farewell(struct buf *out, uint8_t level, uint8_t type,
                          const struct mqtt_farewell *farewell)
{
    size_t size = farewell_size(level, type, farewell);
    uint8_t *at = begin(out, first_byte(type), size);
    if (size > 0) *at++ = farewell->code;
    if (size > 1) put_block(at, level, farewell->properties);
}

/* ---- what a client sends ---- */

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
    uint8_t level = connect->level;
    if (level < MQTT_LEVEL_31 || level > MQTT_LEVEL_5 || connect->will_qos > 2) return false;
    if (connect->has_password && !connect->has_username && level < MQTT_LEVEL_5) return false;
    return connect->client_id.len <= STR_MAX && connect->will_topic.len <= STR_MAX &&
           connect->will_payload.len <= STR_MAX && connect->username.len <= STR_MAX &&
           connect->password.len <= STR_MAX && connect->properties.len <= MQTT_MAX_REMAINING &&
           connect->will_properties.len <= MQTT_MAX_REMAINING;
}

static size_t connect_size(const struct mqtt_connect *connect, struct slice name)
{
    uint8_t level = connect->level;
    size_t size = 2 + name.len + 1 + 1 + 2 + 2 + connect->client_id.len;
    size += block_size(level, connect->properties);
    if (connect->will) {
        size += block_size(level, connect->will_properties);
        size += 2 + connect->will_topic.len + 2 + connect->will_payload.len;
    }
    if (connect->has_username) size += 2 + connect->username.len;
    if (connect->has_password) size += 2 + connect->password.len;
    return size;
}

int mqtt_encode_connect(struct buf *out, const struct mqtt_connect *connect)
{
    if (!connect_fits(connect)) return ERR_INVALID;
    uint8_t level = connect->level;
    struct slice name = level == MQTT_LEVEL_31 ? SLICE_LIT("MQIsdp") : SLICE_LIT("MQTT");
    size_t size = connect_size(connect, name);
    if (size > MQTT_MAX_REMAINING) return ERR_INVALID;

    uint8_t *at = begin(out, first_byte(MQTT_TYPE_connect), size);
    at = put_str16(at, name);
    *at++ = level;
    *at++ = connect_flags(connect);
    at = put_u16(at, connect->keep_alive);
    at = put_block(at, level, connect->properties);
    at = put_str16(at, connect->client_id);
    if (connect->will) {
        at = put_block(at, level, connect->will_properties);
        at = put_str16(put_str16(at, connect->will_topic), connect->will_payload);
    }
    if (connect->has_username) at = put_str16(at, connect->username);
    if (connect->has_password) put_str16(at, connect->password);
    return 0;
}

/* The byte behind a filter of SUBSCRIBE. */
static uint8_t options_of(const struct mqtt_filter *filter, uint8_t level)
{
    if (level < MQTT_LEVEL_5) return filter->qos;
    return (uint8_t)(filter->qos | filter->no_local << 2 | filter->retain_as_published << 3 |
                     filter->retain_handling << 4);
}

int mqtt_encode_subscribe(struct buf *out, uint8_t level, uint8_t type, uint16_t id,
                          struct slice properties, const struct mqtt_filter *filters, size_t count)
{
    bool with_qos = type == MQTT_TYPE_subscribe;
    if (id == 0 || count == 0 || properties.len > MQTT_MAX_REMAINING) return ERR_INVALID;
    size_t size = 2 + block_size(level, properties);
    for (size_t i = 0; i < count; i++) {
        if (filters[i].filter.len > STR_MAX || filters[i].qos > 2 || filters[i].retain_handling > 2)
            return ERR_INVALID;
        size += 2 + filters[i].filter.len + with_qos;
        if (size > MQTT_MAX_REMAINING) return ERR_INVALID;
    }
    uint8_t *at = put_u16(begin(out, first_byte(type), size), id);
    at = put_block(at, level, properties);
    for (size_t i = 0; i < count; i++) {
        at = put_str16(at, filters[i].filter);
        if (with_qos) *at++ = options_of(&filters[i], level);
    }
    return 0;
}

/* ---- PUBLISH ---- */

static bool publish_fits(const struct mqtt_publish *publish)
{
    if (publish->topic.len > STR_MAX || publish->payload.len > MQTT_MAX_REMAINING) return false;
    return publish->level < MQTT_LEVEL_5 || (publish->added.len <= MQTT_MAX_REMAINING &&
                                             publish->properties.len <= MQTT_MAX_REMAINING);
}

static size_t publish_remaining(const struct mqtt_publish *publish)
{
    size_t size = 2 + publish->topic.len + (publish->qos ? 2 : 0) + publish->payload.len;
    if (publish->level < MQTT_LEVEL_5) return size;
    size_t properties = publish->added.len + publish->properties.len;
    return size + length_size(properties) + properties;
}

size_t mqtt_publish_head_size(const struct mqtt_publish *publish)
{
    if (!publish_fits(publish)) return 0;
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
    if (publish->qos) at = put_u16(at, publish->id);
    if (publish->level < MQTT_LEVEL_5) return;
    at = put_length(at, publish->added.len + publish->properties.len);
    put_bytes(put_bytes(at, publish->added), publish->properties);
}

void mqtt_encode_publish(uint8_t *out, const struct mqtt_publish *publish, size_t *ret_id_offset)
{
    mqtt_encode_publish_head(out, publish, ret_id_offset);
    put_bytes(out + mqtt_publish_head_size(publish), publish->payload);
}
