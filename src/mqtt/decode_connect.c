/* decode_connect.c — CONNECT and CONNACK; see mqtt.h, and decode.c for how decoders are built. */
#include "base/mem.h"
#include "mqtt/mqtt_priv.h"
#include "topic/topic.h"

/* ---- CONNECT ---- */

static const struct {
    const char *name;
    uint8_t level;
} protocols[] = {
    { "MQIsdp", MQTT_LEVEL_31 },
    { "MQTT", MQTT_LEVEL_311 },
    { "MQTT", MQTT_LEVEL_5 },
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
#define BOTH(number311, number5, text)                 \
    {                                                  \
        "[" number311 "] " text, "[" number5 "] " text \
    }
    static const struct {
        uint8_t mask, value;  /* flags & mask == value is wrong */
        uint8_t since, until; /* these levels */
        const char *why[2];
    } rules[] = {
        { 0x01, 0x01, MQTT_LEVEL_311, MQTT_LEVEL_5,
          BOTH("MQTT-3.1.2-3", "MQTT-3.1.2-3", "CONNECT with the reserved flag") },
        { WILL | 0x18, WILL | 0x18, MQTT_LEVEL_31, MQTT_LEVEL_5,
          BOTH("MQTT-3.1.2-14", "MQTT-3.1.2-12", "CONNECT with will QoS 3") },
        { WILL | 0x18, 0x08, MQTT_LEVEL_311, MQTT_LEVEL_5,
          BOTH("MQTT-3.1.2-13", "MQTT-3.1.2-11", "CONNECT with will QoS 1 but no will") },
        { WILL | 0x18, 0x10, MQTT_LEVEL_311, MQTT_LEVEL_5,
          BOTH("MQTT-3.1.2-13", "MQTT-3.1.2-11", "CONNECT with will QoS 2 but no will") },
        { WILL | 0x18, 0x18, MQTT_LEVEL_311, MQTT_LEVEL_5,
          BOTH("MQTT-3.1.2-13", "MQTT-3.1.2-11", "CONNECT with will QoS 3 but no will") },
        { WILL | WILL_RETAIN, WILL_RETAIN, MQTT_LEVEL_311, MQTT_LEVEL_5,
          BOTH("MQTT-3.1.2-15", "MQTT-3.1.2-13", "CONNECT with will retain, no will") },
        { USERNAME | PASSWORD, PASSWORD, MQTT_LEVEL_31, MQTT_LEVEL_311,
          BOTH("MQTT-3.1.2-22", "", "CONNECT with password, no user name") },
    };
#undef BOTH
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if ((flags & rules[i].mask) == rules[i].value && level >= rules[i].since &&
            level <= rules[i].until)
            return malformed(rules[i].why[level >= MQTT_LEVEL_5], ret_why);
    return 0;
}

/* In MQTT 3.1 the remaining length has precedence over the flags (its section 3.1). */
static bool reads_login(const struct cursor *cur, uint8_t level, bool announced)
{
    return announced && !(level == MQTT_LEVEL_31 && cursor_left(cur) == 0);
}

static int read_will(struct cursor *cur, struct mqtt_connect *ret, const char **ret_why)
{
    int rc = read_properties(cur, ret->level, MQTT_WILL_PROPERTIES, &ret->will_properties, ret_why);
    if (rc < 0) return rc;
    ret->will_topic = cursor_str16(cur);
    ret->will_payload = cursor_str16(cur);
    if (cursor_error(cur) == 0) return 0;
    return malformed("[MQTT-3.1.2-9] CONNECT without the will that it announces", ret_why);
}

static int read_login(struct cursor *cur, uint8_t flags, struct mqtt_connect *ret,
                      const char **ret_why)
{
    ret->has_username = reads_login(cur, ret->level, flags & USERNAME);
    if (ret->has_username) ret->username = cursor_str16(cur);
    if (cursor_error(cur) < 0)
        return malformed(WHY(ret->level, "MQTT-3.1.2-19", "MQTT-3.1.2-17",
                             "CONNECT without the user name that it announces"),
                         ret_why);
    ret->has_password = reads_login(cur, ret->level, flags & PASSWORD);
    if (ret->has_password) ret->password = cursor_str16(cur);
    if (cursor_error(cur) < 0)
        return malformed(WHY(ret->level, "MQTT-3.1.2-21", "MQTT-3.1.2-19",
                             "CONNECT without the password that it announces"),
                         ret_why);
    return 0;
}

static int read_payload(struct cursor *cur, uint8_t flags, struct mqtt_connect *ret,
                        const char **ret_why)
{
    ret->client_id = cursor_str16(cur);
    if (cursor_error(cur) < 0)
        return malformed("[MQTT-3.1.3-3] CONNECT without a client identifier", ret_why);
    int rc = ret->will ? read_will(cur, ret, ret_why) : 0;
    if (rc == 0) rc = read_login(cur, flags, ret, ret_why);
    if (rc < 0 || cursor_left(cur) == 0) return rc;
    return malformed("[MQTT-3.1.3-1] CONNECT with bytes behind it", ret_why);
}

static int check_strings(const struct mqtt_connect *connect, const char **ret_why)
{
    uint8_t level = connect->level;
    if (mqtt_string_why(connect->client_id, level))
        return malformed("[MQTT-3.1.3-4] a client identifier which is not UTF-8", ret_why);
    if (connect->will && mqtt_string_why(connect->will_topic, level))
        return malformed(
            WHY(level, "MQTT-3.1.3-10", "MQTT-3.1.3-11", "a will topic which is not UTF-8"),
            ret_why);
    if (connect->has_username && mqtt_string_why(connect->username, level))
        return malformed(
            WHY(level, "MQTT-3.1.3-11", "MQTT-3.1.3-12", "a user name which is not UTF-8"),
            ret_why);
    if (!connect->will) return 0;
    return mqtt_judge_topic(connect->will_topic, topic_name_why(connect->will_topic), level,
                            ret_why);
}

static int check_client_id(const struct mqtt_connect *connect, const char **ret_why)
{
    if (connect->client_id.len > 0 || connect->level >= MQTT_LEVEL_5) return 0;
    if (connect->level == MQTT_LEVEL_31)
        return fail(ERR_INVALID, "[MQTT 3.1, section 3.1] an empty client identifier", ret_why);
    if (!connect->clean_session)
        return fail(ERR_INVALID, "[MQTT-3.1.3-8] an empty client identifier with a kept session",
                    ret_why);
    return 0;
}

/* The level is known only now, so the frame could not judge its length. */
static int check_length(const struct mqtt_frame *frame, uint8_t level, const char **ret_why)
{
    size_t least = 1 + length_size(frame->body.len) + frame->body.len;
    if (level < MQTT_LEVEL_5 || frame->size <= least) return 0;
    return malformed(LONG_LENGTH, ret_why);
}

static int check_auth(struct slice properties, const char **ret_why)
{
    struct mqtt_property prop;
    if (!mqtt_property_find(properties, MQTT_PROP_auth_data, &prop) ||
        mqtt_property_find(properties, MQTT_PROP_auth_method, &prop))
        return 0;
    return fail(ERR_PROTOCOL, "[section 3.1.2.11.10] authentication data without a method",
                ret_why);
}

/* Flags and keep alive, and what follows from them. */
static int read_head(struct cursor *cur, struct mqtt_connect *ret, uint8_t *ret_flags,
                     const char **ret_why)
{
    uint8_t flags = cursor_u8(cur);
    ret->clean_session = flags & CLEAN;
    ret->will = flags & WILL;
    ret->will_qos = ret->will ? flags >> 3 & 3 : 0;
    ret->will_retain = ret->will && (flags & WILL_RETAIN);
    ret->keep_alive = cursor_u16(cur);
    if (cursor_error(cur) < 0)
        return malformed("[section 3.1.2] CONNECT without flags and keep alive", ret_why);
    *ret_flags = flags;
    return check_connect_flags(flags, ret->level, ret_why);
}

int mqtt_decode_connect(const struct mqtt_frame *frame, struct mqtt_connect *ret,
                        const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct slice name = cursor_str16(&cur);
    struct mqtt_connect connect = { .level = cursor_u8(&cur) };
    uint8_t flags = 0;
    if (cursor_error(&cur) < 0)
        return malformed("[MQTT-3.1.2-1] CONNECT without protocol name and level", ret_why);
    int rc = check_protocol(name, connect.level, ret_why);
    if (rc == 0) rc = check_length(frame, connect.level, ret_why);
    if (rc == 0) rc = read_head(&cur, &connect, &flags, ret_why);
    if (rc == 0)
        rc = read_properties(&cur, connect.level, MQTT_TYPE_connect, &connect.properties, ret_why);
    if (rc == 0) rc = check_auth(connect.properties, ret_why);
    if (rc == 0) rc = read_payload(&cur, flags, &connect, ret_why);
    if (rc == 0) rc = check_strings(&connect, ret_why);
    if (rc == 0) rc = check_client_id(&connect, ret_why);
    if (rc == 0) *ret = connect;
    return rc;
}

/* ---- CONNACK ---- */

static int check_connack(const struct mqtt_connack *connack, uint8_t level, const char **ret_why)
{
    if (level >= MQTT_LEVEL_5 && !mqtt_reason_fits(connack->code, MQTT_TYPE_connack, false))
        return fail(ERR_PROTOCOL, "[MQTT-3.2.2-8] CONNACK with a reason code it cannot have",
                    ret_why);
    if (connack->session_present && connack->code != 0)
        return forbidden(
            level,
            WHY(level, "MQTT-3.2.2-4", "MQTT-3.2.2-6", "CONNACK which refuses and has a session"),
            ret_why);
    return 0;
}

int mqtt_decode_connack(const struct mqtt_frame *frame, uint8_t level, struct mqtt_connack *ret,
                        const char **ret_why)
{
    struct cursor cur = body_of(frame);
    uint8_t flags = cursor_u8(&cur);
    struct mqtt_connack connack = { .session_present = flags & 1, .code = cursor_u8(&cur) };
    if (cursor_error(&cur) == 0 && (flags & 0xfe))
        return malformed(
            WHY(level, "section 3.2.2.1", "MQTT-3.2.2-1", "CONNACK with reserved flags"), ret_why);
    int rc = read_properties(&cur, level, MQTT_TYPE_connack, &connack.properties, ret_why);
    if (rc < 0) return rc;
    if (cursor_error(&cur) < 0 || cursor_left(&cur) > 0)
        return malformed("[section 3.2.1] CONNACK which is too long or too short", ret_why);
    rc = check_connack(&connack, level, ret_why);
    if (rc == 0) *ret = connack;
    return rc;
}
