/* decode_request.c — SUBSCRIBE, UNSUBSCRIBE, and SUBACK; see mqtt.h, and decode.c for how decoders are built. */
#include "base/mem.h"
#include "mqtt/mqtt_priv.h"
#include "topic/topic.h"

/* ---- SUBSCRIBE, UNSUBSCRIBE ---- */

/* The byte behind a filter: MQTT 5.0, section 3.8.3.1. Below level 5 it is the QoS alone. */
enum { QOS = 0x03, NO_LOCAL = 0x04, AS_PUBLISHED = 0x08, RESERVED = 0xc0 };

static unsigned retain_handling(uint8_t options)
{
    return options >> 4 & 3;
}

static int check_options(uint8_t options, struct slice filter, uint8_t level, const char **ret_why)
{
    if (level < MQTT_LEVEL_5) {
        if (options <= 2) return 0;
        return malformed("[MQTT-3-8.3-4] SUBSCRIBE with QoS 3 or reserved bits", ret_why);
    }
    if (options & RESERVED)
        return malformed("[MQTT-3.8.3-5] SUBSCRIBE with reserved bits", ret_why);
    if ((options & QOS) == 3)
        return fail(ERR_PROTOCOL, "[section 3.8.3.1] SUBSCRIBE with QoS 3", ret_why);
    if (retain_handling(options) == 3)
        return fail(ERR_PROTOCOL, "[section 3.8.3.1] SUBSCRIBE with retain handling 3", ret_why);
    if ((options & NO_LOCAL) && topic_is_shared(filter))
        return fail(ERR_PROTOCOL, "[MQTT-3.8.3-4] no local with a shared subscription", ret_why);
    return 0;
}

static int read_filters(const struct mqtt_subscribe *sub, size_t *ret_count, const char **ret_why)
{
    struct cursor cur = cursor_init(sub->filters.ptr, sub->filters.len);
    size_t count = 0;
    for (; cursor_left(&cur) > 0; count++) {
        struct slice filter = cursor_str16(&cur);
        uint8_t options = sub->with_qos ? cursor_u8(&cur) : 0;
        if (cursor_error(&cur) < 0)
            return malformed(sub->with_qos ? "[section 3.8.3] SUBSCRIBE whose payload is cut"
                                           : "[section 3.10.3] UNSUBSCRIBE whose payload is cut",
                             ret_why);
        int rc = check_options(options, filter, sub->level, ret_why);
        if (rc == 0) rc = mqtt_judge_topic(filter, topic_filter_why(filter), sub->level, ret_why);
        if (rc < 0) return rc;
    }
    *ret_count = count;
    return 0;
}

static int no_request_id(uint8_t level, bool is_cut, const char **ret_why)
{
    const char *why =
        WHY(level, "MQTT-2.3.1-1", "MQTT-2.2.1-3", "a request without a packet identifier");
    return is_cut ? malformed(why, ret_why) : forbidden(level, why, ret_why);
}

static int no_filter(uint8_t level, bool with_qos, const char **ret_why)
{
    return forbidden(level,
                     with_qos
                         ? WHY(level, "MQTT-3.8.3-3", "MQTT-3.8.3-2", "SUBSCRIBE without a filter")
                         : "[MQTT-3.10.3-2] UNSUBSCRIBE without a filter",
                     ret_why);
}

static int read_request(const struct mqtt_frame *frame, uint8_t level, bool with_qos,
                        struct mqtt_subscribe *ret, const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct mqtt_subscribe sub = { .level = level, .id = cursor_u16(&cur), .with_qos = with_qos };
    if (sub.id == 0) return no_request_id(level, cursor_error(&cur) < 0, ret_why);
    unsigned type = with_qos ? MQTT_TYPE_subscribe : MQTT_TYPE_unsubscribe;
    int rc = read_properties(&cur, level, type, &sub.properties, ret_why);
    if (rc < 0) return rc;
    sub.filters = cursor_rest(&cur);
    rc = read_filters(&sub, &sub.count, ret_why);
    if (rc < 0) return rc;
    if (sub.count == 0) return no_filter(level, with_qos, ret_why);
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
    struct slice filter = cursor_str16(&cur);
    uint8_t options = sub->with_qos ? cursor_u8(&cur) : 0;
    if (cursor_error(&cur) < 0) BUG("a SUBSCRIBE which was not decoded");
    *at = sub->filters.len - cursor_left(&cur);
    *ret = (struct mqtt_filter){ .filter = filter,
                                 .qos = options & QOS,
                                 .no_local = options & NO_LOCAL,
                                 .retain_as_published = options & AS_PUBLISHED,
                                 .retain_handling = (uint8_t)retain_handling(options) };
    return true;
}

/* ---- SUBACK, UNSUBACK ---- */

static bool may_answer(uint8_t code, uint8_t level, unsigned type)
{
    if (level >= MQTT_LEVEL_5) return mqtt_reason_fits(code, type, false);
    return code <= 2 || code == MQTT_SUBACK_FAILURE;
}

static int check_codes(struct slice codes, uint8_t level, unsigned type, const char **ret_why)
{
    bool subscribes = type == MQTT_TYPE_suback;
    if (codes.len == 0)
        return malformed(
            subscribes ? WHY(level, "MQTT-3.8.4-5", "section 3.9.3", "SUBACK without a return code")
                       : "[section 3.11.3] UNSUBACK without a reason code",
            ret_why);
    for (size_t i = 0; i < codes.len; i++)
        if (!may_answer((uint8_t)codes.ptr[i], level, type))
            return forbidden(level,
                             subscribes ? "[MQTT-3.9.3-2] SUBACK with a return code it cannot have"
                                        : "[MQTT-3.11.3-2] UNSUBACK with a code it cannot have",
                             ret_why);
    return 0;
}

int mqtt_decode_suback(const struct mqtt_frame *frame, uint8_t level, struct mqtt_suback *ret,
                       const char **ret_why)
{
    struct cursor cur = body_of(frame);
    struct mqtt_suback suback = { .id = cursor_u16(&cur) };
    if (suback.id == 0)
        return forbidden(
            level, WHY(level, "MQTT-2.3.1-7", "MQTT-2.2.1-6", "SUBACK without a packet identifier"),
            ret_why);
    int rc = read_properties(&cur, level, frame->type, &suback.properties, ret_why);
    if (rc < 0) return rc;
    suback.codes = cursor_rest(&cur);
    rc = check_codes(suback.codes, level, frame->type, ret_why);
    if (rc == 0) *ret = suback;
    return rc;
}
