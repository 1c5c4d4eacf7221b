/* property.c — see property.h.
 *
 * A block is walked through a cursor, by the form of each property. What has been checked is walked again by
 * the readers without a second thought: they stop the program when they meet what the check would have
 * refused.
 *
 *  I1  Numbers that are BYTE, U16, U32 stand big-endian behind the identifier; so whoever knows `at` may
 *      exchange the bytes in a copy of the block. */
#include "mqtt/property.h"

#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "mqtt/mqtt_priv.h"
#include "topic/topic.h"

enum { STR_MAX = 65535, PROP_COUNT = 64, VARINT_MAX = 268435455 };

enum range { ANY, FLAG, NONZERO, TOPIC };

enum {
    IN_CONNECT = 1 << MQTT_TYPE_connect,
    IN_CONNACK = 1 << MQTT_TYPE_connack,
    IN_PUBLISH = 1 << MQTT_TYPE_publish,
    IN_PUBACK = 1 << MQTT_TYPE_puback,
    IN_PUBREC = 1 << MQTT_TYPE_pubrec,
    IN_PUBREL = 1 << MQTT_TYPE_pubrel,
    IN_PUBCOMP = 1 << MQTT_TYPE_pubcomp,
    IN_SUBSCRIBE = 1 << MQTT_TYPE_subscribe,
    IN_SUBACK = 1 << MQTT_TYPE_suback,
    IN_UNSUBSCRIBE = 1 << MQTT_TYPE_unsubscribe,
    IN_UNSUBACK = 1 << MQTT_TYPE_unsuback,
    IN_DISCONNECT = 1 << MQTT_TYPE_disconnect,
    IN_AUTH = 1 << MQTT_TYPE_auth,
    IN_WILL = 1 << MQTT_WILL_PROPERTIES,
    IN_ALL = IN_CONNECT | IN_CONNACK | IN_PUBLISH | IN_PUBACK | IN_PUBREC | IN_PUBREL | IN_PUBCOMP |
             IN_SUBSCRIBE | IN_SUBACK | IN_UNSUBSCRIBE | IN_UNSUBACK | IN_DISCONNECT | IN_AUTH |
             IN_WILL,
};

struct kind {
    const char *name; /* NULL: there is no such property */
    uint8_t form;
    uint8_t range;
    bool many;
    uint32_t where;
};

static const struct kind kinds[PROP_COUNT] = {
#define PROPERTY(name_, id_, form_, range_, many_, where_) \
    [id_] = { #name_, MQTT_FORM_##form_, (range_), (many_), (where_) },
#include "mqtt/property_tbl.h"
};

const char *mqtt_property_name(unsigned id)
{
    return id < PROP_COUNT ? kinds[id].name : NULL;
}

/* ---- reading ---- */

/* Section 1.5.5; cut, above four bytes, or longer than need be: the cursor's error. */
static uint32_t read_varint(struct cursor *cur)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t byte = cursor_u8(cur);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte >= 0x80) continue;
        if (byte == 0 && shift > 0) break;
        return value;
    }
    cur->rc = ERR_MALFORMED;
    return 0;
}

static void read_value(struct cursor *cur, struct mqtt_property *prop)
{
    switch (prop->form) {
    case MQTT_FORM_BYTE:
        prop->number = cursor_u8(cur);
        break;
    case MQTT_FORM_U16:
        prop->number = cursor_u16(cur);
        break;
    case MQTT_FORM_U32:
        prop->number = cursor_u32(cur);
        break;
    case MQTT_FORM_VARINT:
        prop->number = read_varint(cur);
        break;
    case MQTT_FORM_PAIR:
        prop->text = cursor_str16(cur);
        prop->value = cursor_str16(cur);
        break;
    default:
        prop->text = cursor_str16(cur);
    }
}

/* One property. Every identifier is a varint [section 2.2.2.2], which for those that there are is one byte. */
static int read_one(struct cursor *cur, struct mqtt_property *ret, const char **ret_why)
{
    struct mqtt_property prop = { .id = cursor_u8(cur) };
    if (!mqtt_property_name(prop.id))
        return fail(ERR_MALFORMED, "[section 2.2.2.2] an unknown property", ret_why);
    prop.form = kinds[prop.id].form;
    read_value(cur, &prop);
    if (cursor_error(cur) < 0)
        return fail(ERR_MALFORMED, "[section 2.2.2] properties that are cut or run over", ret_why);
    *ret = prop;
    return 0;
}

bool mqtt_property_next(struct slice block, size_t *at, struct mqtt_property *ret)
{
    if (*at >= block.len) return false;
    struct cursor cur = cursor_init(block.ptr + *at, block.len - *at);
    const uint8_t *begin = cur.ptr;
    if (read_one(&cur, ret, NULL) < 0) BUG("a block of properties that was not checked");
    ret->at = *at;
    ret->size = (size_t)(cur.ptr - begin);
    *at += ret->size;
    return true;
}

bool mqtt_property_find(struct slice block, enum mqtt_prop id, struct mqtt_property *ret)
{
    struct mqtt_property prop = { .id = 0 };
    for (size_t at = 0; mqtt_property_next(block, &at, &prop);) {
        if (prop.id != id) continue;
        *ret = prop;
        return true;
    }
    return false;
}

uint32_t mqtt_property_number(struct slice block, enum mqtt_prop id, uint32_t fallback)
{
    struct mqtt_property prop;
    return mqtt_property_find(block, id, &prop) ? prop.number : fallback;
}

struct slice mqtt_property_text(struct slice block, enum mqtt_prop id)
{
    struct mqtt_property prop = { .id = 0 };
    mqtt_property_find(block, id, &prop);
    return prop.text;
}

bool mqtt_payload_fits(struct slice block, struct slice payload)
{
    return !mqtt_property_number(block, MQTT_PROP_payload_format, 0) || utf8_valid(payload);
}

/* ---- checking ---- */

static int check_text(const struct mqtt_property *prop, const char **ret_why)
{
    if (prop->form != MQTT_FORM_TEXT && prop->form != MQTT_FORM_PAIR) return 0;
    if (!mqtt_string_why(prop->text, MQTT_LEVEL_5) && !mqtt_string_why(prop->value, MQTT_LEVEL_5))
        return 0;
    return fail(ERR_MALFORMED, "[MQTT-1.5.4-1] a property which is not UTF-8, or has U+0000",
                ret_why);
}

static int check_range(const struct mqtt_property *prop, const char **ret_why)
{
    switch (kinds[prop->id].range) {
    case FLAG:
        if (prop->number <= 1) return 0;
        return fail(ERR_PROTOCOL, "[section 2.2.2.2] a property that is neither 0 nor 1", ret_why);
    case NONZERO:
        if (prop->number) return 0;
        return fail(ERR_PROTOCOL, "[section 2.2.2.2] a property that may not be 0", ret_why);
    case TOPIC:
        if (!topic_name_why(prop->text)) return 0;
        return fail(ERR_PROTOCOL, "[MQTT-3.3.2-14] a response topic which is no topic name",
                    ret_why);
    default:
        return 0;
    }
}

int mqtt_properties_check(struct slice block, unsigned where, const char **ret_why)
{
    struct cursor cur = cursor_init(block.ptr, block.len);
    struct mqtt_property prop;
    uint64_t seen = 0;
    while (cursor_left(&cur) > 0) {
        int rc = read_one(&cur, &prop, ret_why);
        if (rc < 0) return rc;
        const struct kind *kind = &kinds[prop.id];
        if (!(kind->where & 1u << where))
            return fail(ERR_MALFORMED, "[section 2.2.2.2] a property which this packet cannot have",
                        ret_why);
        rc = check_text(&prop, ret_why);
        if (rc == 0) rc = check_range(&prop, ret_why);
        if (rc < 0) return rc;
        bool once =
            !kind->many || (where == MQTT_TYPE_subscribe && prop.id == MQTT_PROP_subscription_id);
        if (once && (seen >> prop.id & 1))
            return fail(ERR_PROTOCOL, "[section 2.2.2.2] a property that is there twice", ret_why);
        seen |= (uint64_t)1 << prop.id;
    }
    return 0;
}

/* ---- making ---- */

static enum mqtt_prop_form begin(struct buf *block, enum mqtt_prop id)
{
    if (!mqtt_property_name(id)) BUG("there is no property %d", (int)id);
    buf_put_u8(block, (uint8_t)id);
    return kinds[id].form;
}

void mqtt_put_number(struct buf *block, enum mqtt_prop id, uint32_t number)
{
    enum mqtt_prop_form form = begin(block, id);
    uint32_t most = form == MQTT_FORM_BYTE     ? UINT8_MAX
                    : form == MQTT_FORM_U16    ? UINT16_MAX
                    : form == MQTT_FORM_VARINT ? VARINT_MAX
                                               : UINT32_MAX;
    if (form > MQTT_FORM_VARINT || number > most) BUG("property %d cannot be %u", (int)id, number);
    if (form == MQTT_FORM_VARINT)
        buf_put_varint(block, number);
    else if (form == MQTT_FORM_U32)
        buf_put_u32(block, number);
    else if (form == MQTT_FORM_U16)
        buf_put_u16(block, (uint16_t)number);
    else
        buf_put_u8(block, (uint8_t)number);
}

static void put_str16(struct buf *block, struct slice text)
{
    if (text.len > STR_MAX) BUG("a property of %zu bytes", text.len);
    buf_put_u16(block, (uint16_t)text.len);
    buf_put_slice(block, text);
}

void mqtt_put_text(struct buf *block, enum mqtt_prop id, struct slice text)
{
    enum mqtt_prop_form form = begin(block, id);
    if (form != MQTT_FORM_TEXT && form != MQTT_FORM_BYTES) BUG("property %d is no text", (int)id);
    put_str16(block, text);
}

void mqtt_put_pair(struct buf *block, struct slice name, struct slice value)
{
    begin(block, MQTT_PROP_user_property);
    put_str16(block, name);
    put_str16(block, value);
}

void mqtt_put_others(struct buf *block, struct slice from, enum mqtt_prop id)
{
    struct mqtt_property prop;
    for (size_t at = 0; mqtt_property_next(from, &at, &prop);)
        if (prop.id != id) buf_append(block, from.ptr + prop.at, prop.size);
}
