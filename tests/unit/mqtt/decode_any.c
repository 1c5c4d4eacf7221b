/* decode_any.c — see decode_any.h. */
#include "decode_any.h"

#include "base/mem.h"

static int decode_frame(const struct mqtt_frame *frame, uint8_t level, bool from_client,
                        const char **ret_why)
{
    struct mqtt_connect connect;
    struct mqtt_publish publish;
    struct mqtt_subscribe sub;
    struct mqtt_ack ack;
    struct mqtt_connack connack;
    struct mqtt_suback suback;
    struct mqtt_farewell farewell;
    switch (frame->type) {
    case MQTT_TYPE_connect:
        return mqtt_decode_connect(frame, &connect, ret_why);
    case MQTT_TYPE_connack:
        return mqtt_decode_connack(frame, level, &connack, ret_why);
    case MQTT_TYPE_publish:
        return mqtt_decode_publish(frame, level, from_client, &publish, ret_why);
    case MQTT_TYPE_subscribe:
        return mqtt_decode_subscribe(frame, level, &sub, ret_why);
    case MQTT_TYPE_unsubscribe:
        return mqtt_decode_unsubscribe(frame, level, &sub, ret_why);
    case MQTT_TYPE_suback:
        return mqtt_decode_suback(frame, level, &suback, ret_why);
    case MQTT_TYPE_pingreq:
    case MQTT_TYPE_pingresp:
        return mqtt_decode_empty(frame, ret_why);
    case MQTT_TYPE_disconnect:
        return mqtt_decode_disconnect(frame, level, from_client, &farewell, ret_why);
    case MQTT_TYPE_auth:
        return mqtt_decode_auth(frame, &farewell, ret_why);
    case MQTT_TYPE_unsuback:
        if (level >= MQTT_LEVEL_5) return mqtt_decode_suback(frame, level, &suback, ret_why);
        return mqtt_decode_ack(frame, level, &ack, ret_why);
    default:
        return mqtt_decode_ack(frame, level, &ack, ret_why);
    }
}

int decode_any(const uint8_t *data, size_t len, uint8_t level, bool from_client,
               const char **ret_why)
{
    struct mqtt_frame frame;
    int rc = mqtt_frame(data, len, MAX_PACKET, level, &frame, ret_why);
    if (rc <= 0) return rc < 0 ? rc : 1;
    return decode_frame(&frame, level, from_client, ret_why);
}

int decode_copy(const void *data, size_t len, uint8_t level, bool from_client, const char **ret_why)
{
    uint8_t *copy = xmalloc(len ? len : 1);
    memcpy(copy, data, len);
    int rc = decode_any(copy, len, level, from_client, ret_why);
    free(copy);
    return rc;
}

struct mqtt_frame frame_of(const struct buf *packet, uint8_t level)
{
    struct mqtt_frame frame = { 0 };
    assert_int_equal(
        mqtt_frame((const uint8_t *)packet->data, packet->len, SIZE_MAX, level, &frame, NULL), 1);
    assert_int_equal(frame.size, packet->len);
    return frame;
}
