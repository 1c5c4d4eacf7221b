/* Fuzz target of the MQTT codec. The first byte chooses the level, the rest is a stream of packets.
 * What decodes is encoded again and must decode to the same. */
#include "base/buf.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"
#include "topic/topic.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                    \
    do {                               \
        if (!(what)) BUG("%s", #what); \
    } while (0)

static struct mqtt_frame again(const struct buf *packet, uint8_t level)
{
    struct mqtt_frame frame;
    const uint8_t *bytes = (const uint8_t *)packet->data;
    CHECK(mqtt_frame(bytes, packet->len, SIZE_MAX, level, &frame, NULL) == 1);
    CHECK(frame.size == packet->len);
    return frame;
}

static void on_connect(const struct mqtt_frame *frame)
{
    struct mqtt_connect a, b;
    const char *why = NULL;
    int rc = mqtt_decode_connect(frame, &a, &why);
    CHECK(rc == 0 || why);
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
    buf_deinit(&packet);
}

static void on_publish(const struct mqtt_frame *frame, uint8_t level)
{
    struct mqtt_publish a, b;
    const char *why = NULL;
    int rc = mqtt_decode_publish(frame, level, &a, &why);
    CHECK(rc == 0 || why);
    if (rc < 0) return;
    CHECK(topic_name_check(a.topic) == 0 && (a.id != 0) == (a.qos > 0));
    struct buf packet = { 0 };
    size_t id_at;
    size_t len = mqtt_publish_size(&a);
    mqtt_encode_publish((uint8_t *)buf_reserve(&packet, len), &a, &id_at);
    packet.len = len;
    struct mqtt_frame copy = again(&packet, level);
    CHECK(mqtt_decode_publish(&copy, level, &b, NULL) == 0);
    CHECK(a.dup == b.dup && a.qos == b.qos && a.retain == b.retain && a.id == b.id);
    CHECK(slice_eq(a.topic, b.topic) && slice_eq(a.payload, b.payload));
    buf_deinit(&packet);
}

static void on_request(const struct mqtt_frame *frame, uint8_t level)
{
    bool with_qos = frame->type == MQTT_TYPE_subscribe;
    struct mqtt_subscribe sub;
    const char *why = NULL;
    int rc = with_qos ? mqtt_decode_subscribe(frame, level, &sub, &why)
                      : mqtt_decode_unsubscribe(frame, level, &sub, &why);
    CHECK(rc == 0 || why);
    if (rc < 0) return;
    struct mqtt_filter *filters = xcalloc(sub.count, sizeof *filters);
    size_t at = 0, count = 0;
    while (mqtt_subscribe_next(&sub, &at, &filters[count])) {
        CHECK(topic_filter_check(filters[count].filter) == 0 && filters[count].qos <= 2);
        if (++count == sub.count) break;
    }
    CHECK(count == sub.count && at == sub.filters.len);
    struct buf packet = { 0 };
    rc = with_qos ? mqtt_encode_subscribe(&packet, sub.id, filters, count)
                  : mqtt_encode_unsubscribe(&packet, sub.id, filters, count);
    CHECK(rc == 0);
    struct mqtt_frame copy = again(&packet, level);
    CHECK(slice_eq(copy.body, frame->body));
    buf_deinit(&packet);
    free(filters);
}

static void on_other(const struct mqtt_frame *frame, uint8_t level)
{
    struct mqtt_connack connack;
    struct mqtt_suback suback;
    struct mqtt_ack ack;
    const char *why = NULL;
    int rc = 0;
    switch (frame->type) {
    case MQTT_TYPE_connack:
        rc = mqtt_decode_connack(frame, &connack, &why);
        break;
    case MQTT_TYPE_suback:
        rc = mqtt_decode_suback(frame, &suback, &why);
        CHECK(rc < 0 || (suback.id && suback.codes.len));
        break;
    case MQTT_TYPE_pingreq:
    case MQTT_TYPE_pingresp:
    case MQTT_TYPE_disconnect:
        rc = mqtt_decode_empty(frame, &why);
        break;
    default:
        rc = mqtt_decode_ack(frame, level, &ack, &why);
        CHECK(rc < 0 || ack.id);
    }
    CHECK(rc == 0 || why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    uint8_t level = data[0] % 6;
    const char *why = NULL;
    struct mqtt_frame frame;
    int rc;
    for (data++, size--; (rc = mqtt_frame(data, size, 65536, level, &frame, &why)) == 1;) {
        CHECK(frame.size <= size && mqtt_type_info(frame.type)->name);
        if (frame.type == MQTT_TYPE_connect)
            on_connect(&frame);
        else if (frame.type == MQTT_TYPE_publish)
            on_publish(&frame, level);
        else if (frame.type == MQTT_TYPE_subscribe || frame.type == MQTT_TYPE_unsubscribe)
            on_request(&frame, level);
        else
            on_other(&frame, level);
        data += frame.size;
        size -= frame.size;
    }
    CHECK(rc == 0 || why);
    return 0;
}
