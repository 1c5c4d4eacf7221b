/* decode.c — bytes to packet structs, each check with its statement; see mqtt.h.
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
 * flags of CONNECT that are disregarded. */
#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "mqtt/mqtt.h"
#include "topic/topic.h"

static const struct mqtt_type_info types[MQTT_TYPE_COUNT] = {
#define PACKET(name_, type_, mask_, flags_, min_, client_, server_, first_, broken_, short_) \
    [type_] = { .name = #name_,                                                              \
                .mask = (mask_),                                                             \
                .flags = (flags_),                                                           \
                .min = (min_),                                                               \
                .client = (client_),                                                         \
                .server = (server_),                                                         \
                .first = (first_),                                                           \
                .flags_why = "[" broken_ "] wrong flags in the fixed header of " #name_,     \
                .short_why = "[" short_ "] too short: " #name_ },
#include "mqtt/packet_tbl.h"
};

const struct mqtt_type_info *mqtt_type_info(unsigned type)
{
    return &types[type & 15];
}

static int fail(int code, const char *why, const char **ret_why)
{
    if (ret_why) *ret_why = why;
    return code;
}

static int malformed(const char *why, const char **ret_why)
{
    return fail(ERR_MALFORMED, why, ret_why);
}

/* ---- frames ---- */

/* Requests which MQTT 3.1 repeats with DUP set (its section 2.1). */
static bool may_have_dup(uint8_t level, unsigned type)
{
    return level == MQTT_LEVEL_31 && (type == MQTT_TYPE_pubrel || type == MQTT_TYPE_subscribe ||
                                      type == MQTT_TYPE_unsubscribe);
}

static int check_first_byte(uint8_t byte, uint8_t level, const char **ret_why)
{
    unsigned type = byte >> 4;
    const struct mqtt_type_info *info = mqtt_type_info(type);
    if (!info->name) return malformed("[section 2.2.1] a reserved packet type", ret_why);
    uint8_t flags = byte & 15;
    if (may_have_dup(level, type)) flags &= (uint8_t)~MQTT_PUBLISH_DUP;
    if ((flags & info->mask) != info->flags) return malformed(info->flags_why, ret_why);
    if (type != MQTT_TYPE_publish) return 0;
    if ((flags >> 1 & 3) == 3) return malformed("[MQTT-3.3.1-4] PUBLISH with QoS 3", ret_why);
    if ((flags & MQTT_PUBLISH_DUP) && (flags >> 1 & 3) == 0)
        return malformed("[MQTT-3.3.1-2] PUBLISH with DUP and QoS 0", ret_why);
    return 0;
}

/* Section 2.2.3. Returns the number of bytes, 0 when they are not all there. */
static int remaining_length(const uint8_t *data, size_t len, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        if ((size_t)i >= len) return 0;
        value |= (uint32_t)(data[i] & 0x7f) << (7 * i);
        if (data[i] & 0x80) continue;
        *ret = value;
        return i + 1;
    }
    return ERR_MALFORMED;
}

int mqtt_frame(const uint8_t *data, size_t len, size_t max_packet, uint8_t level,
               struct mqtt_frame *ret, const char **ret_why)
{
    if (len == 0) return 0;
    int rc = check_first_byte(data[0], level, ret_why);
    if (rc < 0) return rc;
    uint32_t body = 0;
    int used = remaining_length(data + 1, len - 1, &body);
    if (used < 0)
        return malformed("[section 2.2.3] a remaining length of more than four bytes", ret_why);
    if (used == 0) return 0;
    size_t head = 1 + (size_t)used;
    if (body < mqtt_type_info(data[0] >> 4)->min)
        return malformed(mqtt_type_info(data[0] >> 4)->short_why, ret_why);
    if (body > max_packet || head > max_packet - body)
        return fail(ERR_TOO_LARGE, "a packet longer than this listener accepts", ret_why);
    if (len - head < body) return 0;
    *ret = (struct mqtt_frame){ .type = data[0] >> 4,
                                .flags = data[0] & 15,
                                .body = slice_of((const char *)data + head, body),
                                .size = head + body };
    return 1;
}

static struct cursor body_of(const struct mqtt_frame *frame)
{
    return cursor_init(frame->body.ptr, frame->body.len);
}

/* ---- strings ---- */

static const char *string_why(struct slice text)
{
    if (text.len && memchr(text.ptr, '\0', text.len)) return "[MQTT-1.5.3-2] U+0000 in a string";
    return utf8_valid(text) ? NULL : "[MQTT-1.5.3-1] a string which is not UTF-8";
}

static int check_string(struct slice text, const char **ret_why)
{
    const char *why = string_why(text);
    return why ? malformed(why, ret_why) : 0;
}

/* `why` is the topic's own complaint, NULL for a good one; bad encoding counts first. */
static int judge_topic(struct slice text, const char *why, const char **ret_why)
{
    if (!why) return 0;
    int rc = check_string(text, ret_why);
    return rc < 0 ? rc : fail(ERR_TOPIC, why, ret_why);
}

/* ---- CONNECT ---- */

enum { CLEAN = 0x02, WILL = 0x04, WILL_RETAIN = 0x20, PASSWORD = 0x40, USERNAME = 0x80 };

static const struct {
    const char *name;
    uint8_t level;
} protocols[] = {
    { "MQIsdp", MQTT_LEVEL_31 },
    { "MQTT", MQTT_LEVEL_311 },
};

static bool is_protocol_name(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
        if (slice_eq_str(name, protocols[i].name)) return true;
    return false;
}

static bool is_supported(struct slice name, uint8_t level)
{
    for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
        if (protocols[i].level == level) return slice_eq_str(name, protocols[i].name);
    return false;
}

uint8_t mqtt_connect_level(const struct mqtt_frame *frame)
{
    struct cursor cur = body_of(frame);
    struct slice name = cursor_str16(&cur);
    uint8_t level = cursor_u8(&cur);
    return cursor_error(&cur) == 0 && is_protocol_name(name) ? level & 0x7f : 0;
}

static int check_protocol(struct slice name, uint8_t level, const char **ret_why)
{
    if (!is_protocol_name(name))
        return malformed("[MQTT-3.1.2-1] CONNECT with an unknown protocol name", ret_why);
    if (!is_supported(name, level))
        return fail(ERR_UNSUPPORTED, "[MQTT-3.1.2-2] CONNECT with an unsupported level", ret_why);
    return 0;
}

/* MQTT 3.1 disregards what says something of a will that is not there, and bit 0 (its section 3.1). */
static int check_connect_flags(uint8_t flags, uint8_t level, const char **ret_why)
{
    static const struct {
        uint8_t mask, value; /* flags & mask == value is wrong */
        uint8_t since;       /* from this level on */
        const char *why;
    } rules[] = {
        { 0x01, 0x01, MQTT_LEVEL_311, "[MQTT-3.1.2-3] CONNECT with the reserved flag" },
        { WILL | 0x18, WILL | 0x18, 0, "[MQTT-3.1.2-14] CONNECT with will QoS 3" },
        { WILL | 0x18, 0x08, MQTT_LEVEL_311,
          "[MQTT-3.1.2-13] CONNECT with will QoS 1 but no will" },
        { WILL | 0x18, 0x10, MQTT_LEVEL_311,
          "[MQTT-3.1.2-13] CONNECT with will QoS 2 but no will" },
        { WILL | 0x18, 0x18, MQTT_LEVEL_311,
          "[MQTT-3.1.2-13] CONNECT with will QoS 3 but no will" },
        { WILL | WILL_RETAIN, WILL_RETAIN, MQTT_LEVEL_311,
          "[MQTT-3.1.2-15] CONNECT with will retain, no will" },
        { USERNAME | PASSWORD, PASSWORD, 0, "[MQTT-3.1.2-22] CONNECT with password, no user name" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if ((flags & rules[i].mask) == rules[i].value && level >= rules[i].since)
            return malformed(rules[i].why, ret_why);
    return 0;
}

/* In MQTT 3.1 the remaining length has precedence over the flags (its section 3.1). */
static bool reads_login(const struct cursor *cur, uint8_t level, bool announced)
{
    return announced && !(level == MQTT_LEVEL_31 && cursor_left(cur) == 0);
}

static int read_payload(struct cursor *cur, uint8_t flags, struct mqtt_connect *ret,
                        const char **ret_why)
{
    ret->client_id = cursor_str16(cur);
    if (cursor_error(cur) < 0)
        return malformed("[MQTT-3.1.3-3] CONNECT without a client identifier", ret_why);
    if (ret->will) {
        ret->will_topic = cursor_str16(cur);
        ret->will_payload = cursor_str16(cur);
        if (cursor_error(cur) < 0)
            return malformed("[MQTT-3.1.2-9] CONNECT without the will that it announces", ret_why);
    }
    ret->has_username = reads_login(cur, ret->level, flags & USERNAME);
    if (ret->has_username) ret->username = cursor_str16(cur);
    if (cursor_error(cur) < 0)
        return malformed("[MQTT-3.1.2-19] CONNECT without the user name that it announces",
                         ret_why);
    ret->has_password = reads_login(cur, ret->level, flags & PASSWORD);
    if (ret->has_password) ret->password = cursor_str16(cur);
    if (cursor_error(cur) < 0)
        return malformed("[MQTT-3.1.2-21] CONNECT without the password that it announces", ret_why);
    return cursor_left(cur) ? malformed("[MQTT-3.1.3-1] CONNECT with bytes behind it", ret_why) : 0;
}

static int check_strings(const struct mqtt_connect *connect, const char **ret_why)
{
    if (string_why(connect->client_id))
        return malformed("[MQTT-3.1.3-4] a client identifier which is not UTF-8", ret_why);
    if (connect->will && string_why(connect->will_topic))
        return malformed("[MQTT-3.1.3-10] a will topic which is not UTF-8", ret_why);
    if (connect->has_username && string_why(connect->username))
        return malformed("[MQTT-3.1.3-11] a user name which is not UTF-8", ret_why);
    if (!connect->will) return 0;
    return judge_topic(connect->will_topic, topic_name_why(connect->will_topic), ret_why);
}

static int check_client_id(const struct mqtt_connect *connect, const char **ret_why)
{
    if (connect->client_id.len > 0) return 0;
    if (connect->level == MQTT_LEVEL_31)
        return fail(ERR_INVALID, "[MQTT 3.1, section 3.1] an empty client identifier", ret_why);
    if (!connect->clean_session)
        return fail(ERR_INVALID, "[MQTT-3.1.3-8] an empty client identifier with a kept session",
                    ret_why);
    return 0;
}

int mqtt_decode_connect(const struct mqtt_frame *frame, struct mqtt_connect *ret,
                        const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct slice name = cursor_str16(&cur);
    struct mqtt_connect connect = { .level = cursor_u8(&cur) };
    if (cursor_error(&cur) < 0)
        return malformed("[MQTT-3.1.2-1] CONNECT without protocol name and level", ret_why);
    int rc = check_protocol(name, connect.level, ret_why);
    if (rc < 0) return rc;

    uint8_t flags = cursor_u8(&cur);
    connect.clean_session = flags & CLEAN;
    connect.will = flags & WILL;
    connect.will_qos = connect.will ? flags >> 3 & 3 : 0;
    connect.will_retain = connect.will && (flags & WILL_RETAIN);
    connect.keep_alive = cursor_u16(&cur);
    if (cursor_error(&cur) < 0)
        return malformed("[section 3.1.2] CONNECT without flags and keep alive", ret_why);
    rc = check_connect_flags(flags, connect.level, ret_why);
    if (rc == 0) rc = read_payload(&cur, flags, &connect, ret_why);
    if (rc == 0) rc = check_strings(&connect, ret_why);
    if (rc == 0) rc = check_client_id(&connect, ret_why);
    if (rc == 0) *ret = connect;
    return rc;
}

/* ---- PUBLISH ---- */

int mqtt_decode_publish(const struct mqtt_frame *frame, uint8_t level, struct mqtt_publish *ret,
                        const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct mqtt_publish publish = { .level = level,
                                    .dup = frame->flags & MQTT_PUBLISH_DUP,
                                    .qos = frame->flags >> 1 & 3,
                                    .retain = frame->flags & MQTT_PUBLISH_RETAIN };
    int rc = check_first_byte((uint8_t)(MQTT_TYPE_publish << 4 | frame->flags), level, ret_why);
    if (rc < 0) return rc;
    publish.topic = cursor_str16(&cur);
    if (cursor_error(&cur) < 0) return malformed("[MQTT-3.3.2-1] PUBLISH without a topic", ret_why);
    publish.id = publish.qos ? cursor_u16(&cur) : 0;
    if (cursor_error(&cur) < 0 || (publish.qos && publish.id == 0))
        return malformed("[MQTT-2.3.1-1] PUBLISH without a packet identifier", ret_why);
    publish.payload = cursor_rest(&cur);
    rc = judge_topic(publish.topic, topic_name_why(publish.topic), ret_why);
    if (rc == 0) *ret = publish;
    return rc;
}

/* ---- acknowledgements ---- */

int mqtt_decode_ack(const struct mqtt_frame *frame, uint8_t level, struct mqtt_ack *ret,
                    const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct mqtt_ack ack = { .level = level, .type = frame->type, .id = cursor_u16(&cur) };
    if (cursor_error(&cur) < 0 || ack.id == 0)
        return malformed("[MQTT-2.3.1-1] an acknowledgement without a packet identifier", ret_why);
    if (cursor_left(&cur) > 0)
        return malformed("[section 2.3.1] an acknowledgement with bytes behind it", ret_why);
    *ret = ack;
    return 0;
}

/* ---- SUBSCRIBE, UNSUBSCRIBE ---- */

static int read_filters(struct cursor cur, bool with_qos, size_t *ret_count, const char **ret_why)
{
    size_t count = 0;
    for (; cursor_left(&cur) > 0; count++) {
        struct slice filter = cursor_str16(&cur);
        uint8_t qos = with_qos ? cursor_u8(&cur) : 0;
        if (cursor_error(&cur) < 0)
            return malformed(with_qos ? "[section 3.8.3] SUBSCRIBE whose payload is cut"
                                      : "[section 3.10.3] UNSUBSCRIBE whose payload is cut",
                             ret_why);
        if (qos > 2)
            return malformed("[MQTT-3-8.3-4] SUBSCRIBE with QoS 3 or reserved bits", ret_why);
        int rc = judge_topic(filter, topic_filter_why(filter), ret_why);
        if (rc < 0) return rc;
    }
    *ret_count = count;
    return 0;
}

static int read_request(const struct mqtt_frame *frame, uint8_t level, bool with_qos,
                        struct mqtt_subscribe *ret, const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct mqtt_subscribe sub = { .level = level, .id = cursor_u16(&cur), .with_qos = with_qos };
    if (sub.id == 0)
        return malformed("[MQTT-2.3.1-1] a request without a packet identifier", ret_why);
    sub.filters = cursor_rest(&cur);
    int rc =
        read_filters(cursor_init(sub.filters.ptr, sub.filters.len), with_qos, &sub.count, ret_why);
    if (rc < 0) return rc;
    if (sub.count == 0)
        return malformed(with_qos ? "[MQTT-3.8.3-3] SUBSCRIBE without a filter"
                                  : "[MQTT-3.10.3-2] UNSUBSCRIBE without a filter",
                         ret_why);
    *ret = sub;
    return 0;
}

int mqtt_decode_subscribe(const struct mqtt_frame *frame, uint8_t level, struct mqtt_subscribe *ret,
                          const char **ret_why)
{
    return read_request(frame, level, true, ret, ret_why);
}

int mqtt_decode_unsubscribe(const struct mqtt_frame *frame, uint8_t level,
                            struct mqtt_subscribe *ret, const char **ret_why)
{
    return read_request(frame, level, false, ret, ret_why);
}

bool mqtt_subscribe_next(const struct mqtt_subscribe *sub, size_t *at, struct mqtt_filter *ret)
{
    if (*at >= sub->filters.len) return false;
    struct cursor cur = cursor_init(sub->filters.ptr + *at, sub->filters.len - *at);
    struct mqtt_filter filter = { .filter = cursor_str16(&cur) };
    filter.qos = sub->with_qos ? cursor_u8(&cur) : 0;
    if (cursor_error(&cur) < 0) BUG("a SUBSCRIBE which was not decoded");
    *at = sub->filters.len - cursor_left(&cur);
    *ret = filter;
    return true;
}

/* ---- the others ---- */

int mqtt_decode_empty(const struct mqtt_frame *frame, const char **ret_why)
{
    if (frame->body.len == 0) return 0;
    return malformed("[section 2.2.3] a packet without a body has one", ret_why);
}

int mqtt_decode_connack(const struct mqtt_frame *frame, struct mqtt_connack *ret,
                        const char **ret_why)
{
    struct cursor cur = body_of(frame);
    uint8_t flags = cursor_u8(&cur);
    uint8_t code = cursor_u8(&cur);
    if (cursor_error(&cur) < 0 || cursor_left(&cur) > 0)
        return malformed("[section 3.2.1] CONNACK which is not two bytes long", ret_why);
    if (flags & 0xfe) return malformed("[section 3.2.2.1] CONNACK with reserved flags", ret_why);
    if ((flags & 1) && code != 0)
        return malformed("[MQTT-3.2.2-4] CONNACK which refuses and has a session", ret_why);
    *ret = (struct mqtt_connack){ .session_present = flags & 1, .code = code };
    return 0;
}

int mqtt_decode_suback(const struct mqtt_frame *frame, struct mqtt_suback *ret,
                       const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct mqtt_suback suback = { .id = cursor_u16(&cur) };
    suback.codes = cursor_rest(&cur);
    if (suback.id == 0)
        return malformed("[MQTT-2.3.1-7] SUBACK without a packet identifier", ret_why);
    if (suback.codes.len == 0)
        return malformed("[MQTT-3.8.4-5] SUBACK without a return code", ret_why);
    for (size_t i = 0; i < suback.codes.len; i++) {
        uint8_t code = (uint8_t)suback.codes.ptr[i];
        if (code > 2 && code != MQTT_SUBACK_FAILURE)
            return malformed("[MQTT-3.9.3-2] SUBACK with a reserved return code", ret_why);
    }
    *ret = suback;
    return 0;
}
