/* decode.c — frames, strings, properties, PUBLISH: bytes to packet structs, each check with its statement; see
 * mqtt.h. The other packets are in decode_connect.c, decode_request.c, decode_ack.c.
 *
 * A decoder is a list of fields read through a cursor, whose error sticks: it is asked once, before
 * the values are judged. Then come the rules, each a line that names what is broken; the sentence
 * goes to the log, since "malformed" alone sends people to a packet capture. The result is copied
 * out at the end, so that a caller never sees half of a packet.
 *
 *  I1  Nothing is allocated and nothing copied: slices point into the frame.
 *  I2  A packet that decodes has no bytes left over.
 *  I3  Strings that decode are valid UTF-8 without U+0000 (passwords, payloads and will payloads
 *      are bytes), topics are valid names, filters valid filters.
 *
 * MQTT 3.1 (level 3) differs in five places: the protocol's name, the DUP bit of requests, empty
 * client identifiers, user name and password that may be missing though they are announced, and
 * flags of CONNECT that are disregarded. MQTT 5.0 adds properties and reason codes, and tells what is not
 * allowed (ERR_PROTOCOL) from what cannot be read (ERR_MALFORMED). */
#include "base/mem.h"
#include "base/text.h"
#include "mqtt/mqtt_priv.h"
#include "topic/topic.h"

static const struct mqtt_type_info types[MQTT_TYPE_COUNT] = {
#define FLAGS_WHY(number, name) "[" number "] wrong flags in the fixed header of " name
#define SHORT_WHY(number, name) "[" number "] too short: " name
#define PACKET(name_, type_, mask_, flags_, min_, client_, server_, first_, flags311, flags5, \
               short311, short5)                                                              \
    [type_] = { .name = #name_,                                                               \
                .mask = (mask_),                                                              \
                .flags = (flags_),                                                            \
                .min = (min_),                                                                \
                .client = (client_),                                                          \
                .server = (server_),                                                          \
                .first = (first_),                                                            \
                .flags_why = { FLAGS_WHY(flags311, #name_), FLAGS_WHY(flags5, #name_) },      \
                .short_why = { SHORT_WHY(short311, #name_), SHORT_WHY(short5, #name_) } },
#include "mqtt/packet_tbl.h"
};

const struct mqtt_type_info *mqtt_type_info(unsigned type)
{
    return &types[type & 15];
}

bool mqtt_server_sends(unsigned type, uint8_t level)
{
    if (level < MQTT_LEVEL_5 && (type == MQTT_TYPE_disconnect || type == MQTT_TYPE_auth))
        return false;
    return mqtt_type_info(type)->server;
}

/* ---- frames ---- */

/* Requests which MQTT 3.1 repeats with DUP set (its section 2.1). */
static bool may_have_dup(uint8_t level, unsigned type)
{
    return level == MQTT_LEVEL_31 && (type == MQTT_TYPE_pubrel || type == MQTT_TYPE_subscribe ||
                                      type == MQTT_TYPE_unsubscribe);
}

static int check_publish_flags(uint8_t flags, const char **ret_why)
{
    unsigned qos = flags >> 1 & 3;
    if (qos == 3) return malformed("[MQTT-3.3.1-4] PUBLISH with QoS 3", ret_why);
    if ((flags & MQTT_PUBLISH_DUP) && qos == 0)
        return malformed("[MQTT-3.3.1-2] PUBLISH with DUP and QoS 0", ret_why);
    return 0;
}

static int check_first_byte(uint8_t byte, uint8_t level, const char **ret_why)
{
    unsigned type = byte >> 4;
    uint8_t flags = byte & 15;
    if (type == MQTT_TYPE_publish) return check_publish_flags(flags, ret_why);
    const struct mqtt_type_info *info = mqtt_type_info(type);
    if (!info->name || (type == MQTT_TYPE_auth && level < MQTT_LEVEL_5))
        return malformed(WHY(level, "section 2.2.1", "section 2.1.2", "a reserved packet type"),
                         ret_why);
    if (may_have_dup(level, type)) flags &= (uint8_t)~MQTT_PUBLISH_DUP;
    if ((flags & info->mask) != info->flags)
        return malformed(info->flags_why[level >= MQTT_LEVEL_5], ret_why);
    return 0;
}

int mqtt_frame(const uint8_t *data, size_t len, size_t max_packet, uint8_t level,
               struct mqtt_frame *ret, const char **ret_why)
{
    if (len == 0) return 0;
    int rc = check_first_byte(data[0], level, ret_why);
    if (rc < 0) return rc;
    uint32_t body = 0;
    int used = read_length(data + 1, len - 1, &body);
    if (used < 0)
        return malformed(WHY(level, "section 2.2.3", "section 2.1.4",
                             "a remaining length of more than four bytes"),
                         ret_why);
    if (used == 0) return 0;
    if (used > 1 && data[used] == 0 && level >= MQTT_LEVEL_5)
        return malformed(LONG_LENGTH, ret_why);
    size_t head = 1 + (size_t)used;
    const struct mqtt_type_info *info = mqtt_type_info(data[0] >> 4);
    if (body < info->min) return malformed(info->short_why[level >= MQTT_LEVEL_5], ret_why);
    if (body > max_packet || head > max_packet - body)
        return fail(ERR_TOO_LARGE, "a packet longer than this listener accepts", ret_why);
    if (len - head < body) return 0;
    *ret = (struct mqtt_frame){ .type = data[0] >> 4,
                                .flags = data[0] & 15,
                                .body = slice_of((const char *)data + head, body),
                                .size = head + body };
    return 1;
}

/* ---- strings ---- */

const char *mqtt_string_why(struct slice text, uint8_t level)
{
    if (text.len && memchr(text.ptr, '\0', text.len))
        return WHY(level, "MQTT-1.5.3-2", "MQTT-1.5.4-2", "U+0000 in a string");
    if (!utf8_valid(text))
        return WHY(level, "MQTT-1.5.3-1", "MQTT-1.5.4-1", "a string which is not UTF-8");
    return NULL;
}

/* topic/ counts as 3.1.1 does. */
static const struct {
    const char *number311, *why5;
} topic_whys[] = {
    { "[MQTT-4.7.1-1]", "[MQTT-4.7.0-1] a wildcard in a topic name" },
    { "[MQTT-4.7.1-2]", "[MQTT-4.7.1-1] '#' which is not alone in the last level" },
    { "[MQTT-4.7.1-3]", "[MQTT-4.7.1-2] '+' which is not alone in its level" },
};

static const char *topic_why_at(uint8_t level, const char *why)
{
    if (level < MQTT_LEVEL_5) return why;
    for (size_t i = 0; i < ARRAY_LEN(topic_whys); i++)
        if (slice_starts(slice_str(why), topic_whys[i].number311)) return topic_whys[i].why5;
    return why;
}

int mqtt_judge_topic(struct slice text, const char *why, uint8_t level, const char **ret_why)
{
    if (!why) return 0;
    const char *bad = mqtt_string_why(text, level);
    if (bad) return malformed(bad, ret_why);
    return fail(ERR_TOPIC, topic_why_at(level, why), ret_why);
}

/* ---- properties ---- */

int mqtt_read_block(struct cursor *cur, unsigned where, struct slice *ret, const char **ret_why)
{
    uint32_t len = 0;
    int used = read_length(cur->ptr, cursor_left(cur), &len);
    if (used == 0)
        return malformed("[MQTT-2.2.2-1] the length of the properties is missing", ret_why);
    if (used < 0)
        return malformed("[section 1.5.5] a length of properties of more than four bytes", ret_why);
    if (length_size(len) != (size_t)used) return malformed(LONG_LENGTH, ret_why);
    cur->ptr += used;
    if (len > cursor_left(cur))
        return malformed("[section 2.2.2.1] properties that are longer than the packet", ret_why);
    struct slice block = cursor_bytes(cur, len);
    int rc = mqtt_properties_check(block, where, ret_why);
    if (rc == 0) *ret = block;
    return rc;
}

/* ---- PUBLISH ---- */

struct publish_properties {
    struct slice block;
    bool has_alias;
    uint16_t alias;
};

static int judge_properties(struct publish_properties *props, bool from_client,
                            const char **ret_why)
{
    struct mqtt_property prop;
    for (size_t at = 0; mqtt_property_next(props->block, &at, &prop);) {
        if (prop.id == MQTT_PROP_subscription_id && from_client)
            return fail(ERR_PROTOCOL,
                        "[MQTT-3.3.4-6] PUBLISH of a client with a subscription identifier",
                        ret_why);
        if (prop.id != MQTT_PROP_topic_alias) continue;
        props->has_alias = true;
        props->alias = (uint16_t)prop.number;
    }
    return 0;
}

static int judge_name(struct slice topic, uint8_t level, bool has_alias, const char **ret_why)
{
    if (level < MQTT_LEVEL_5 || topic.len)
        return mqtt_judge_topic(topic, topic_name_why(topic), level, ret_why);
    if (has_alias) return 0;
    return fail(ERR_PROTOCOL, "[section 3.3.2.1] PUBLISH with neither topic nor alias", ret_why);
}

static int no_publish_id(uint8_t level, bool from_client, bool is_cut, const char **ret_why)
{
    const char *why =
        from_client
            ? WHY(level, "MQTT-2.3.1-1", "MQTT-2.2.1-3", "PUBLISH without a packet identifier")
            : WHY(level, "MQTT-2.3.1-1", "MQTT-2.2.1-4", "PUBLISH without a packet identifier");
    return is_cut ? malformed(why, ret_why) : forbidden(level, why, ret_why);
}

int mqtt_decode_publish(const struct mqtt_frame *frame, uint8_t level, bool from_client,
                        struct mqtt_publish *ret, const char **ret_why)
{
    struct cursor cur = body_of(frame);
    uint8_t qos = frame->flags >> 1 & 3;
    int rc = check_publish_flags(frame->flags, ret_why);
    if (rc < 0) return rc;
    struct slice topic = cursor_str16(&cur);
    if (cursor_error(&cur) < 0) return malformed("[MQTT-3.3.2-1] PUBLISH without a topic", ret_why);
    uint16_t id = qos ? cursor_u16(&cur) : 0;
    if (qos && id == 0) return no_publish_id(level, from_client, cursor_error(&cur) < 0, ret_why);
    struct publish_properties props = { .has_alias = false };
    rc = read_properties(&cur, level, MQTT_TYPE_publish, &props.block, ret_why);
    if (rc == 0 && props.block.len) rc = judge_properties(&props, from_client, ret_why);
    if (rc == 0) rc = judge_name(topic, level, props.has_alias, ret_why);
    if (rc < 0) return rc;
    *ret = (struct mqtt_publish){ .level = level,
                                  .dup = frame->flags & MQTT_PUBLISH_DUP,
                                  .qos = qos,
                                  .retain = frame->flags & MQTT_PUBLISH_RETAIN,
                                  .id = id,
                                  .topic = topic,
                                  .has_alias = props.has_alias,
                                  .alias = props.alias,
                                  .properties = props.block,
                                  .payload = cursor_rest(&cur) };
    return 0;
}
