/* Fuzz target of the MQTT codec. The first byte chooses the level, and by its high bit who sends; the rest is a
 * stream of packets. What decodes is encoded again and must decode to the same. */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"
#include "topic/topic.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                    \
    do {                               \
        if (!(what)) BUG("%s", #what); \
    } while (0)

struct source {
    uint8_t level;
    bool from_client;
};

static struct mqtt_frame again(const struct buf *packet, uint8_t level)
{
    struct mqtt_frame frame;
    const uint8_t *bytes = (const uint8_t *)packet->data;
    CHECK(mqtt_frame(bytes, packet->len, SIZE_MAX, level, &frame, NULL) == 1);
    CHECK(frame.size == packet->len);
    return frame;
}

/* A block that a decoder returns can be walked, and made again. */
static void check_block(struct slice block)
{
    struct buf copy = { 0 };
    struct mqtt_property prop;
    size_t at = 0, sum = 0;
    for (; mqtt_property_next(block, &at, &prop); sum += prop.size) {
        CHECK(prop.at == sum && mqtt_property_name(prop.id));
        if (prop.form == MQTT_FORM_PAIR)
            mqtt_put_pair(&copy, prop.text, prop.value);
        else if (prop.form == MQTT_FORM_TEXT || prop.form == MQTT_FORM_BYTES)
            mqtt_put_text(&copy, prop.id, prop.text);
        else
            mqtt_put_number(&copy, prop.id, prop.number);
    }
    CHECK(sum == block.len && slice_eq(block, buf_slice(&copy)));
    buf_deinit(&copy);
}

static bool same_block(struct slice a, struct slice b)
{
    check_block(a);
    return slice_eq(a, b);
}

static void on_connect(const struct mqtt_frame *frame)
{
    struct mqtt_connect a, b;
    const char *why = NULL;
    int rc = mqtt_decode_connect(frame, &a, &why);
    CHECK(rc == 0 || (why && mqtt_reason_of(rc, frame->type) >= 0x81));
    if (rc < 0) return;
    CHECK(mqtt_connect_level(frame) == a.level);
    struct buf packet = { 0 };
    CHECK(mqtt_encode_connect(&packet, &a) == 0);
    struct mqtt_frame copy = again(&packet, 0);
    CHECK(mqtt_decode_connect(&copy, &b, NULL) == 0);
    CHECK(a.level == b.level && a.clean_session == b.clean_session);
    CHECK(a.keep_alive == b.keep_alive && a.will == b.will && a.will_qos == b.will_qos);
    CHECK(a.will_retain == b.will_retain && slice_eq(a.client_id, b.client_id));
    CHECK(slice_eq(a.will_topic, b.will_topic) && slice_eq(a.will_payload, b.will_payload));
    CHECK(a.has_username == b.has_username && slice_eq(a.username, b.username));
    CHECK(a.has_password == b.has_password && slice_eq(a.password, b.password));
    CHECK(same_block(a.properties, b.properties));
    CHECK(same_block(a.will_properties, b.will_properties) && (a.will || !a.will_properties.len));
    CHECK(a.level == MQTT_LEVEL_5 || !(a.properties.len + a.will_properties.len));
    buf_deinit(&packet);
}

static int on_publish(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    struct mqtt_publish a, b;
    int rc = mqtt_decode_publish(frame, from.level, from.from_client, &a, ret_why);
    if (rc < 0) return rc;
    CHECK((a.id != 0) == (a.qos > 0));
    CHECK(topic_name_check(a.topic) == 0 || (a.has_alias && a.topic.len == 0));
    struct buf packet = { 0 };
    size_t id_at;
    size_t len = mqtt_publish_size(&a);
    CHECK(len == mqtt_publish_head_size(&a) + a.payload.len);
    mqtt_encode_publish((uint8_t *)buf_reserve(&packet, len), &a, &id_at);
    packet.len = len;
    struct mqtt_frame copy = again(&packet, from.level);
    CHECK(mqtt_decode_publish(&copy, from.level, from.from_client, &b, NULL) == 0);
    CHECK(a.dup == b.dup && a.qos == b.qos && a.retain == b.retain && a.id == b.id);
    CHECK(a.has_alias == b.has_alias && a.alias == b.alias);
    CHECK(slice_eq(a.topic, b.topic) && slice_eq(a.payload, b.payload));
    CHECK(same_block(a.properties, b.properties));
    buf_deinit(&packet);
    return 0;
}

static int on_request(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    bool with_qos = frame->type == MQTT_TYPE_subscribe;
    struct mqtt_subscribe sub;
    int rc = with_qos ? mqtt_decode_subscribe(frame, from.level, &sub, ret_why)
                      : mqtt_decode_unsubscribe(frame, from.level, &sub, ret_why);
    if (rc < 0) return rc;
    struct mqtt_filter *filters = xcalloc(sub.count, sizeof *filters);
    size_t at = 0, count = 0;
    while (mqtt_subscribe_next(&sub, &at, &filters[count])) {
        CHECK(topic_filter_check(filters[count].filter) == 0 && filters[count].qos <= 2);
        CHECK(filters[count].retain_handling <= 2);
        if (++count == sub.count) break;
    }
    CHECK(count == sub.count && at == sub.filters.len);
    check_block(sub.properties);
    struct buf packet = { 0 };
    CHECK(mqtt_encode_subscribe(&packet, from.level, frame->type, sub.id, sub.properties, filters,
                                count) == 0);
    struct mqtt_frame copy = again(&packet, from.level);
    CHECK(slice_eq(copy.body, frame->body));
    buf_deinit(&packet);
    free(filters);
    return 0;
}

static int on_suback(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    struct mqtt_suback a;
    int rc = mqtt_decode_suback(frame, from.level, &a, ret_why);
    if (rc < 0) return rc;
    CHECK(a.id && a.codes.len);
    check_block(a.properties);
    struct buf packet = { 0 };
    mqtt_encode_suback(&packet, from.level, frame->type, &a);
    struct mqtt_frame copy = again(&packet, from.level);
    CHECK(slice_eq(copy.body, frame->body));
    buf_deinit(&packet);
    return 0;
}

static int on_connack(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    struct mqtt_connack a, b;
    int rc = mqtt_decode_connack(frame, from.level, &a, ret_why);
    if (rc < 0) return rc;
    struct buf packet = { 0 };
    mqtt_encode_connack(&packet, from.level, &a);
    struct mqtt_frame copy = again(&packet, from.level);
    CHECK(mqtt_decode_connack(&copy, from.level, &b, NULL) == 0);
    CHECK(a.code == b.code && same_block(a.properties, b.properties));
    CHECK(a.session_present == b.session_present || from.level == MQTT_LEVEL_31);
    buf_deinit(&packet);
    return 0;
}

static int on_ack(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    struct mqtt_ack a, b;
    int rc = mqtt_decode_ack(frame, from.level, &a, ret_why);
    if (rc < 0) return rc;
    CHECK(a.id && a.type == frame->type);
    CHECK(from.level >= MQTT_LEVEL_5 || (a.code == 0 && !a.properties.len));
    struct buf packet = { 0 };
    mqtt_encode_ack(&packet, &a);
    struct mqtt_frame copy = again(&packet, from.level);
    CHECK(mqtt_decode_ack(&copy, from.level, &b, NULL) == 0);
    CHECK(a.id == b.id && a.code == b.code && same_block(a.properties, b.properties));
    buf_deinit(&packet);
    return 0;
}

static int farewell_of(const struct mqtt_frame *frame, struct source from,
                       struct mqtt_farewell *ret, const char **ret_why)
{
    if (frame->type == MQTT_TYPE_auth) return mqtt_decode_auth(frame, ret, ret_why);
    return mqtt_decode_disconnect(frame, from.level, from.from_client, ret, ret_why);
}

static int on_farewell(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    struct mqtt_farewell a, b;
    int rc = farewell_of(frame, from, &a, ret_why);
    if (rc < 0) return rc;
    struct buf packet = { 0 };
    mqtt_encode_farewell(&packet, from.level, frame->type, &a);
    struct mqtt_frame copy = again(&packet, from.level);
    CHECK(farewell_of(&copy, from, &b, NULL) == 0);
    CHECK(a.code == b.code && same_block(a.properties, b.properties));
    buf_deinit(&packet);
    return 0;
}

static int on_packet(const struct mqtt_frame *frame, struct source from, const char **ret_why)
{
    switch (frame->type) {
    case MQTT_TYPE_publish:
        return on_publish(frame, from, ret_why);
    case MQTT_TYPE_subscribe:
    case MQTT_TYPE_unsubscribe:
        return on_request(frame, from, ret_why);
    case MQTT_TYPE_connack:
        return on_connack(frame, from, ret_why);
    case MQTT_TYPE_suback:
        return on_suback(frame, from, ret_why);
    case MQTT_TYPE_unsuback:
        return from.level < MQTT_LEVEL_5 ? on_ack(frame, from, ret_why)
                                         : on_suback(frame, from, ret_why);
    case MQTT_TYPE_pingreq:
    case MQTT_TYPE_pingresp:
        return mqtt_decode_empty(frame, ret_why);
    case MQTT_TYPE_disconnect:
    case MQTT_TYPE_auth:
        return on_farewell(frame, from, ret_why);
    default:
        return on_ack(frame, from, ret_why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct source from = { .level = (data[0] & 0x7f) % 6, .from_client = data[0] < 0x80 };
    const char *why = NULL;
    struct mqtt_frame frame;
    int rc;
    for (data++, size--; (rc = mqtt_frame(data, size, 65536, from.level, &frame, &why)) == 1;) {
        CHECK(frame.size <= size && mqtt_type_info(frame.type)->name);
        const char *sentence = NULL;
        if (frame.type == MQTT_TYPE_connect)
            on_connect(&frame);
        else
            rc = on_packet(&frame, from, &sentence);
        CHECK(rc >= 0 || (sentence && mqtt_reason_of(rc, frame.type) >= 0x81));
        CHECK(rc != ERR_PROTOCOL || from.level == MQTT_LEVEL_5);
        data += frame.size;
        size -= frame.size;
    }
    CHECK(rc == 0 || (why && mqtt_reason_of(rc, 0) >= 0x81));
    return 0;
}
