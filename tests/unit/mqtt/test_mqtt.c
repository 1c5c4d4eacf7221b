/* Unit tests of the MQTT codec: a table of hostile packets with the statement that each breaks,
 * valid ones with all their prefixes and mutations, and round trips. */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"
#include "mqtt/mqtt.h"
#include "topic/topic.h"

#define BYTES(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }
#define MAX_PACKET (1 << 20)

/* Decodes one packet of any type. Returns what the frame or the decoder says; 0 when all is well, 1
 * when more is needed. */
static int decode(const uint8_t *data, size_t len, size_t max, uint8_t level, const char **ret_why)
{
    struct mqtt_frame frame;
    struct mqtt_connect connect;
    struct mqtt_publish publish;
    struct mqtt_subscribe sub;
    struct mqtt_ack ack;
    struct mqtt_connack connack;
    struct mqtt_suback suback;
    struct mqtt_farewell farewell;
    int rc = mqtt_frame(data, len, max, level, &frame, ret_why);
    if (rc <= 0) return rc < 0 ? rc : 1;
    switch (frame.type) {
    case MQTT_TYPE_connect:
        return mqtt_decode_connect(&frame, &connect, ret_why);
    case MQTT_TYPE_connack:
        return mqtt_decode_connack(&frame, level, &connack, ret_why);
    case MQTT_TYPE_publish:
        return mqtt_decode_publish(&frame, level, true, &publish, ret_why);
    case MQTT_TYPE_subscribe:
        return mqtt_decode_subscribe(&frame, level, &sub, ret_why);
    case MQTT_TYPE_unsubscribe:
        return mqtt_decode_unsubscribe(&frame, level, &sub, ret_why);
    case MQTT_TYPE_suback:
        return mqtt_decode_suback(&frame, level, &suback, ret_why);
    case MQTT_TYPE_pingreq:
    case MQTT_TYPE_pingresp:
        return mqtt_decode_empty(&frame, ret_why);
    case MQTT_TYPE_disconnect:
        return mqtt_decode_disconnect(&frame, level, true, &farewell, ret_why);
    case MQTT_TYPE_auth:
        return mqtt_decode_auth(&frame, &farewell, ret_why);
    default:
        return mqtt_decode_ack(&frame, level, &ack, ret_why);
    }
}

/* In memory of exactly its size, so that the sanitizer sees a read beyond. */
static int decode_copy(const void *data, size_t len, uint8_t level, const char **ret_why)
{
    uint8_t *copy = xmalloc(len ? len : 1);
    memcpy(copy, data, len);
    int rc = decode(copy, len, MAX_PACKET, level, ret_why);
    free(copy);
    return rc;
}

/* ---- what must be refused ---- */

struct bad {
    const char *statement; /* part of the sentence */
    int first;             /* first byte; the remaining length is put behind. -1: raw bytes */
    struct slice body;
    int rc;        /* 0: ERR_MALFORMED */
    uint8_t level; /* 0: 3.1.1 */
};

#define RAW               -1
#define C(flags, payload) BYTES("\0\4MQTT\4" flags "\0\x3c" payload)
#define CONNECT311        "\0\4MQTT\4\2\0\x3c\0\1c"
#define FLAGS(first, statement)                      \
    {                                                \
        statement, first, BYTES("\0\1\0\1a\0"), 0, 0 \
    }
#define FLAGS_NOT_0(type, statement)                                          \
    FLAGS((type) << 4 | 1, statement), FLAGS((type) << 4 | 2, statement),     \
        FLAGS((type) << 4 | 4, statement), FLAGS((type) << 4 | 8, statement), \
        FLAGS((type) << 4 | 15, statement)
#define FLAGS_NOT_2(type, statement)                                          \
    FLAGS((type) << 4 | 0, statement), FLAGS((type) << 4 | 1, statement),     \
        FLAGS((type) << 4 | 3, statement), FLAGS((type) << 4 | 6, statement), \
        FLAGS((type) << 4 | 10, statement), FLAGS((type) << 4 | 15, statement)

/* A string with its length, everywhere a string may be. */
#define BAD_STRING(statement, len, text)                                                 \
    { "MQTT-3.1.3-4", 0x10, C("\2", "\0" len text), 0, 0 },                              \
        { "MQTT-3.1.3-10", 0x10, C("\6", "\0\1c\0" len text "\0\1w"), 0, 0 },            \
        { "MQTT-3.1.3-11", 0x10, C("\x82", "\0\1c\0" len text), 0, 0 },                  \
        { "MQTT-3.1.3-11", 0x10, C("\xc6", "\0\1c\0\1t\0\1w\0" len text "\0\0"), 0, 0 }, \
        { statement, 0x30, BYTES("\0" len text "payload"), 0, 0 },                       \
        { statement, 0x32, BYTES("\0" len text "\0\1"), 0, 0 },                          \
        { statement, 0x82, BYTES("\0\1\0" len text "\0"), 0, 0 },                        \
        { statement, 0x82, BYTES("\0\1\0\1a\0\0" len text "\0"), 0, 0 },                 \
    {                                                                                    \
        statement, 0xa2, BYTES("\0\1\0" len text), 0, 0                                  \
    }

#define BAD_NAME(statement, len, text)                                     \
    { statement, 0x30, BYTES("\0" len text "x"), ERR_TOPIC, 0 },           \
        { statement, 0x3d, BYTES("\0" len text "\0\7x"), ERR_TOPIC, 0 },   \
    {                                                                      \
        statement, 0x10, C("\6", "\0\1c\0" len text "\0\1w"), ERR_TOPIC, 0 \
    }

#define BAD_FILTER(statement, len, text)                                         \
    { statement, 0x82, BYTES("\0\1\0" len text "\1"), ERR_TOPIC, 0 },            \
        { statement, 0x82, BYTES("\0\1\0\1a\2\0" len text "\1"), ERR_TOPIC, 0 }, \
    {                                                                            \
        statement, 0xa2, BYTES("\0\1\0" len text), ERR_TOPIC, 0                  \
    }

static const struct bad bads[] = {
    /* the fixed header */
    { "section 2.2.1", RAW, BYTES("\0"), 0, 0 },
    { "section 2.2.1", RAW, BYTES("\0\0"), 0, 0 },
    { "section 2.2.1", RAW, BYTES("\x0f\0"), 0, 0 },
    { "section 2.2.1", RAW, BYTES("\xf0"), 0, 0 },
    { "section 2.2.1", RAW, BYTES("\xf0\0"), 0, 0 },
    { "section 2.2.1", RAW, BYTES("\xff\xff\xff\xff\xff"), 0, 0 },
    { "section 2.2.3", RAW, BYTES("\x30\x80\x80\x80\x80"), 0, 0 },
    { "section 2.2.3", RAW, BYTES("\x30\xff\xff\xff\xff"), 0, 0 },
    { "section 2.2.3", RAW, BYTES("\x30\x83\x80\x80\x80\x00\0\1a"), 0, 0 },
    { "section 2.2.3", RAW, BYTES("\x10\xff\xff\xff\xff\x7f"), 0, 0 },
    { "section 2.2.3", RAW, BYTES("\xc0\x80\x80\x80\x80\x00"), 0, 0 },
    { "longer", RAW, BYTES("\x30\xff\xff\xff\x7f"), ERR_TOO_LARGE, 0 },
    { "longer", RAW, BYTES("\x10\xff\xff\xff\x7f\0\4MQTT"), ERR_TOO_LARGE, 0 },
    { "longer", RAW, BYTES("\x30\x80\x80\x80\x01"), ERR_TOO_LARGE, 0 },
    { "longer", RAW, BYTES("\x82\x80\x80\x40"), ERR_TOO_LARGE, 0 },
    FLAGS_NOT_0(1, "MQTT-2.2.2-1"),
    FLAGS_NOT_0(2, "MQTT-2.2.2-1"),
    FLAGS_NOT_0(4, "MQTT-2.2.2-1"),
    FLAGS_NOT_0(5, "MQTT-2.2.2-1"),
    FLAGS_NOT_2(6, "MQTT-3.6.1-1"),
    FLAGS_NOT_0(7, "MQTT-2.2.2-1"),
    FLAGS_NOT_2(8, "MQTT-3.8.1-1"),
    FLAGS_NOT_0(9, "MQTT-2.2.2-1"),
    FLAGS_NOT_2(10, "MQTT-3.10.1-1"),
    FLAGS_NOT_0(11, "MQTT-2.2.2-1"),
    FLAGS_NOT_0(12, "MQTT-2.2.2-1"),
    FLAGS_NOT_0(13, "MQTT-2.2.2-1"),
    FLAGS_NOT_0(14, "MQTT-3.14.1-1"),
    /* bodies that are too short, seen before they are there */
    { "section 3.1.2", RAW, BYTES("\x10\0"), 0, 0 },
    { "section 3.1.2", RAW, BYTES("\x10\x0b"), 0, 0 },
    { "section 3.2.1", RAW, BYTES("\x20\x01"), 0, 0 },
    { "MQTT-3.3.2-1", RAW, BYTES("\x30\0"), 0, 0 },
    { "MQTT-3.3.2-1", RAW, BYTES("\x30\2"), 0, 0 },
    { "section 3.4.1", RAW, BYTES("\x40\0"), 0, 0 },
    { "section 3.4.1", RAW, BYTES("\x40\1"), 0, 0 },
    { "section 3.5.1", RAW, BYTES("\x50\1"), 0, 0 },
    { "section 3.6.1", RAW, BYTES("\x62\0"), 0, 0 },
    { "section 3.7.1", RAW, BYTES("\x70\1"), 0, 0 },
    { "MQTT-3.8.3-3", RAW, BYTES("\x82\0"), 0, 0 },
    { "MQTT-3.8.3-3", RAW, BYTES("\x82\2\0\1"), 0, 0 },
    { "MQTT-3.8.4-5", RAW, BYTES("\x90\2"), 0, 0 },
    { "MQTT-3.10.3-2", RAW, BYTES("\xa2\0"), 0, 0 },
    { "MQTT-3.10.3-2", RAW, BYTES("\xa2\2\0\1"), 0, 0 },
    { "section 3.11.1", RAW, BYTES("\xb0\1"), 0, 0 },

    /* CONNECT: variable header */
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\4mqtt\4\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\4MQTt\4\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\3MQT\4\2\0\x3c\0\1c."), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\5MQTT5\4\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\6MQIsdq\3\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\0\4\2\0\x3c\0\1c....."), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\xff\xffMQTT\4\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\x0cMQTT\4\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("GET / HTTP/1.1\r\n"), 0, 0 },
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\4MQT\0\4\2\0\x3c\0\1c"), 0, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\0\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\3\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\x85\2\0\x3c\0\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\6\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\x84\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\xff\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\6MQIsdp\4\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\6MQIsdp\x83\2\0\x3c\0\1c"), ERR_UNSUPPORTED, 0 },
    { "MQTT-3.1.3-3", 0x10, BYTES("\0\6MQIsdp\3\2\0\x3c"), 0, 0 },
    { "MQTT-3.1.2-3", 0x10, C("\1", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-3", 0x10, C("\3", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-3", 0x10, C("\xff", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-13", 0x10, C("\x0a", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-13", 0x10, C("\x12", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-13", 0x10, C("\x1a", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-14", 0x10, C("\x1e", "\0\1c\0\1t\0\1w"), 0, 0 },
    { "MQTT-3.1.2-14", 0x10, C("\x3e", "\0\1c\0\1t\0\1w"), 0, 0 },
    { "MQTT-3.1.2-14", 0x10, BYTES("\0\6MQIsdp\3\x1e\0\x3c\0\1c\0\1t\0\1w"), 0, 0 },
    { "MQTT-3.1.2-22", 0x10, BYTES("\0\6MQIsdp\3\x42\0\x3c\0\1c\0\1p"), 0, 0 },
    { "MQTT-3.1.2-15", 0x10, C("\x22", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-15", 0x10, C("\x20", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-22", 0x10, C("\x42", "\0\1c\0\1p"), 0, 0 },
    { "MQTT-3.1.2-22", 0x10, C("\x46", "\0\1c\0\1t\0\1w\0\1p"), 0, 0 },
    /* CONNECT: payload */
    { "MQTT-3.1.3-3", 0x10, C("\2", "\0\2c"), 0, 0 },
    { "MQTT-3.1.3-3", 0x10,
      C("\2", "\xff\xff"
              "c"),
      0, 0 },
    { "MQTT-3.1.3-8", 0x10, C("\0", "\0\0"), ERR_INVALID, 0 },
    { "MQTT-3.1.3-8", 0x10, C("\4", "\0\0\0\1t\0\1w"), ERR_INVALID, 0 },
    { "MQTT 3.1, ", 0x10, BYTES("\0\6MQIsdp\3\2\0\x3c\0\0"), ERR_INVALID, 0 },
    { "MQTT 3.1, ", 0x10, BYTES("\0\6MQIsdp\3\0\0\x3c\0\0"), ERR_INVALID, 0 },
    { "MQTT-3.1.2-9", 0x10, C("\6", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-9", 0x10, C("\6", "\0\1c\0"), 0, 0 },
    { "MQTT-3.1.2-9", 0x10, C("\6", "\0\1c\0\2t"), 0, 0 },
    { "MQTT-3.1.2-9", 0x10, C("\6", "\0\1c\0\1t"), 0, 0 },
    { "MQTT-3.1.2-9", 0x10, C("\6", "\0\1c\0\1t\0\2w"), 0, 0 },
    { "MQTT-3.1.2-19", 0x10, C("\x82", "\0\1c"), 0, 0 },
    { "MQTT-3.1.2-19", 0x10, C("\x82", "\0\1c\0"), 0, 0 },
    { "MQTT-3.1.2-19", 0x10, C("\x82", "\0\1c\0\2u"), 0, 0 },
    { "MQTT-3.1.2-19", 0x10, C("\xc2", "\0\1c\xff\xff"), 0, 0 },
    { "MQTT-3.1.2-21", 0x10, C("\xc2", "\0\1c\0\1u"), 0, 0 },
    { "MQTT-3.1.2-21", 0x10, C("\xc2", "\0\1c\0\1u\0"), 0, 0 },
    { "MQTT-3.1.2-21", 0x10, C("\xc2", "\0\1c\0\1u\0\2p"), 0, 0 },
    { "MQTT-3.1.2-21", 0x10, BYTES("\0\6MQIsdp\3\xc2\0\x3c\0\1c\0\1u\0"), 0, 0 },
    { "MQTT-3.1.3-1", 0x10, C("\2", "\0\1c."), 0, 0 },
    { "MQTT-3.1.3-1", 0x10, C("\2", "\0\1c\0\1t\0\1w"), 0, 0 },   /* [MQTT-3.1.2-11] */
    { "MQTT-3.1.3-1", 0x10, C("\2", "\0\1c\0\1u"), 0, 0 },        /* [MQTT-3.1.2-18] */
    { "MQTT-3.1.3-1", 0x10, C("\x82", "\0\1c\0\1u\0\1p"), 0, 0 }, /* [MQTT-3.1.2-20] */
    { "MQTT-3.1.3-1", 0x10, C("\xc6", "\0\1c\0\1t\0\1w\0\1u\0\1p\0"), 0, 0 },

    /* PUBLISH */
    { "MQTT-3.3.1-4", RAW, BYTES("\x36"), 0, 0 },
    { "MQTT-3.3.1-4", 0x36, BYTES("\0\1a\0\1"), 0, 0 },
    { "MQTT-3.3.1-4", 0x37, BYTES("\0\1a\0\1"), 0, 0 },
    { "MQTT-3.3.1-4", 0x3e, BYTES("\0\1a\0\1"), 0, 0 },
    { "MQTT-3.3.1-4", 0x3f, BYTES("\0\1a\0\1"), 0, 0 },
    { "MQTT-3.3.1-2", 0x38, BYTES("\0\1a"), 0, 0 },
    { "MQTT-3.3.1-2", 0x39, BYTES("\0\1a"), 0, 0 },
    { "MQTT-3.3.2-1", 0x30, BYTES("\0\2a"), 0, 0 },
    { "MQTT-3.3.2-1", 0x30,
      BYTES("\xff\xff"
            "a"),
      0, 0 },
    { "MQTT-3.3.2-1", 0x32, BYTES("\0\4a\0\1"), 0, 0 },
    { "MQTT-2.3.1-1", 0x32, BYTES("\0\1a"), 0, 0 },
    { "MQTT-2.3.1-1", 0x32, BYTES("\0\1a\1"), 0, 0 },
    { "MQTT-2.3.1-1", 0x34, BYTES("\0\1a\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0x32, BYTES("\0\1a\0\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0x34, BYTES("\0\1a\0\0payload"), 0, 0 },
    { "MQTT-2.3.1-1", 0x3d, BYTES("\0\1a\0\0"), 0, 0 },
    BAD_NAME("MQTT-4.7.3-1", "\0", ""),
    BAD_NAME("MQTT-4.7.1-1", "\1", "#"),
    BAD_NAME("MQTT-4.7.1-1", "\1", "+"),
    BAD_NAME("MQTT-4.7.1-1", "\3", "a/#"),
    BAD_NAME("MQTT-4.7.1-1", "\5", "a/+/b"),
    BAD_NAME("MQTT-4.7.1-1", "\2", "a#"),
    BAD_NAME("MQTT-4.7.1-1", "\2", "+a"),
    BAD_NAME("MQTT-4.7.1-1", "\4", "$a/+"),

    /* PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK */
    { "MQTT-2.3.1-1", 0x40, BYTES("\0\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0x50, BYTES("\0\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0x62, BYTES("\0\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0x70, BYTES("\0\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0xb0, BYTES("\0\0"), 0, 0 },
    { "section 2.3.1", 0x40, BYTES("\0\1\0"), 0, 0 },
    { "section 2.3.1", 0x50, BYTES("\0\1\0"), 0, 0 },
    { "section 2.3.1", 0x62, BYTES("\0\1\0\0"), 0, 0 },
    { "section 2.3.1", 0x70, BYTES("\0\1."), 0, 0 },
    { "section 2.3.1", 0xb0, BYTES("\0\1\0"), 0, 0 },
    { "MQTT-3.6.1-1", 0x6a, BYTES("\0\1"), 0, MQTT_LEVEL_311 }, /* DUP: of 3.1 only */
    { "MQTT-3.8.1-1", 0x8a, BYTES("\0\1\0\1a\0"), 0, MQTT_LEVEL_311 },
    { "MQTT-3.10.1-1", 0xaa, BYTES("\0\1\0\1a"), 0, MQTT_LEVEL_311 },
    { "MQTT-3.6.1-1", 0x68, BYTES("\0\1"), 0, MQTT_LEVEL_31 },
    { "MQTT-3.8.1-1", 0x88, BYTES("\0\1\0\1a\0"), 0, MQTT_LEVEL_31 },
    { "MQTT-2.2.2-1", 0x48, BYTES("\0\1"), 0, MQTT_LEVEL_31 },

    /* SUBSCRIBE, UNSUBSCRIBE */
    { "MQTT-2.3.1-1", 0x82, BYTES("\0\0\0\1a\0"), 0, 0 },
    { "MQTT-2.3.1-1", 0xa2, BYTES("\0\0\0\1a"), 0, 0 },
    { "section 3.8.3", 0x82, BYTES("\0\1\0\2a\0"), 0, 0 }, /* takes the QoS for text */
    { "section 3.8.3", 0x82, BYTES("\0\1\0\1a\0\0"), 0, 0 },
    { "section 3.8.3", 0x82, BYTES("\0\1\0\1a\0\0\1b"), 0, 0 },
    { "section 3.8.3", 0x82,
      BYTES("\0\1\0\1a\0\xff\xff"
            "b\0"),
      0, 0 },
    { "section 3.8.3", 0x82,
      BYTES("\0\1\xff\xff"
            "a\0"),
      0, 0 },
    { "section 3.10.3", 0xa2, BYTES("\0\1\0\2a"), 0, 0 },
    { "section 3.10.3", 0xa2, BYTES("\0\1\0\1a\0"), 0, 0 },
    { "section 3.10.3", 0xa2, BYTES("\0\1\0\1a\0\2b"), 0, 0 },
    { "MQTT-3-8.3-4", 0x82, BYTES("\0\1\0\1a\3"), 0, 0 },
    { "MQTT-3-8.3-4", 0x82, BYTES("\0\1\0\1a\4"), 0, 0 },
    { "MQTT-3-8.3-4", 0x82, BYTES("\0\1\0\1a\x80"), 0, 0 },
    { "MQTT-3-8.3-4", 0x82, BYTES("\0\1\0\1a\xff"), 0, 0 },
    { "MQTT-3-8.3-4", 0x82, BYTES("\0\1\0\1a\1\0\1b\x0a"), 0, 0 },
    BAD_FILTER("MQTT-4.7.3-1", "\0", ""),
    BAD_FILTER("MQTT-4.7.1-2", "\2", "a#"),
    BAD_FILTER("MQTT-4.7.1-2", "\3", "#/a"),
    BAD_FILTER("MQTT-4.7.1-2", "\5", "a/#/b"),
    BAD_FILTER("MQTT-4.7.1-2", "\2", "##"),
    BAD_FILTER("MQTT-4.7.1-3", "\2", "a+"),
    BAD_FILTER("MQTT-4.7.1-3", "\5", "a/+b/"),
    BAD_FILTER("MQTT-4.7.1-3", "\2", "++"),
    BAD_FILTER("MQTT-4.8.2-2", "\x08", "$share/g"),
    BAD_FILTER("MQTT-4.8.2-2", "\x0a", "$share/+/a"),
    BAD_FILTER("MQTT-4.7.3-1", "\x09", "$share/g/"),

    /* strings */
    BAD_STRING("MQTT-1.5.3-2", "\1", "\0"),
    BAD_STRING("MQTT-1.5.3-2", "\3", "a\0b"),
    BAD_STRING("MQTT-1.5.3-1", "\1", "\x80"),
    BAD_STRING("MQTT-1.5.3-1", "\1", "\xff"),
    BAD_STRING("MQTT-1.5.3-1", "\2", "\xc0\x80"),
    BAD_STRING("MQTT-1.5.3-1", "\3", "\xe0\x80\xaf"),
    BAD_STRING("MQTT-1.5.3-1", "\3", "\xed\xa0\x80"),
    BAD_STRING("MQTT-1.5.3-1", "\3", "\xed\xbf\xbf"),
    BAD_STRING("MQTT-1.5.3-1", "\4", "\xf4\x90\x80\x80"),
    BAD_STRING("MQTT-1.5.3-1", "\4", "\xf5\x80\x80\x80"),
    BAD_STRING("MQTT-1.5.3-1", "\2", "\xe2\x82"),
    BAD_STRING("MQTT-1.5.3-1", "\3", "a/\xc3"),

    /* packets without a body */
    { "section 2.2.3", 0xc0, BYTES("."), 0, 0 },
    { "section 2.2.3", 0xd0, BYTES("."), 0, 0 },
    { "section 2.2.3", 0xe0, BYTES("\0"), 0, 0 },
    { "section 2.2.3", 0xe0, BYTES("\0\0\0"), 0, 0 },

    /* what a server may not send */
    { "section 3.2.1", 0x20, BYTES("\0\0\0"), 0, 0 },
    { "section 3.2.2.1", 0x20, BYTES("\2\0"), 0, 0 },
    { "section 3.2.2.1", 0x20, BYTES("\x80\0"), 0, 0 },
    { "MQTT-3.2.2-4", 0x20, BYTES("\1\5"), 0, 0 },
    { "MQTT-2.3.1-7", 0x90, BYTES("\0\0\0"), 0, 0 },
    { "MQTT-3.9.3-2", 0x90, BYTES("\0\1\3"), 0, 0 },
    { "MQTT-3.9.3-2", 0x90, BYTES("\0\1\0\x81"), 0, 0 },
    { "MQTT-3.9.3-2", 0x90, BYTES("\0\1\0\x80\xff"), 0, 0 },
};

static void bad_packets_name_the_statement(void **state)
{
    assert_true(ARRAY_LEN(bads) >= 200);
    for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
        const struct bad *bad = &bads[i];
        struct buf packet = { 0 };
        if (bad->first != RAW) {
            assert_true(bad->body.len < 128);
            buf_put_u8(&packet, (uint8_t)bad->first);
            buf_put_u8(&packet, (uint8_t)bad->body.len);
        }
        buf_put_slice(&packet, bad->body);
        const char *why = "nothing";
        int rc =
            decode_copy(packet.data, packet.len, bad->level ? bad->level : MQTT_LEVEL_311, &why);
        if (rc != (bad->rc ? bad->rc : ERR_MALFORMED) || !strstr(why, bad->statement))
            fail_msg("row %zu (first byte %02x): %d, %s instead of %s", i, packet.data[0] & 0xff,
                     rc, why, bad->statement);
        assert_int_equal(
            decode_copy(packet.data, packet.len, bad->level ? bad->level : MQTT_LEVEL_311, NULL),
            rc);
        buf_deinit(&packet);
    }
}

/* ---- what is fine ---- */

static const struct good {
    struct slice packet;
    uint8_t level;
} goods[] = {
    { BYTES("\x10\x0d" CONNECT311), 0 },
    { BYTES("\x10\x0c\0\4MQTT\4\2\0\0\0\0"), 0 },
    { BYTES("\x10\x0f\0\6MQIsdp\3\0\0\x3c\0\1c"), 0 },
    { BYTES("\x10\x0f\0\6MQIsdp\3\x3b\0\x3c\0\1c"), 0 }, /* disregarded in 3.1 */
    { BYTES("\x10\x0f\0\6MQIsdp\3\xc2\0\x3c\0\1c"), 0 }, /* announced, but not there: 3.1 */
    { BYTES("\x10\x12\0\6MQIsdp\3\xc2\0\x3c\0\1c\0\1u"), 0 },
    { BYTES("\x10\x13\0\4MQTT\4\x36\0\x3c\0\1c\0\1t\0\1w"), 0 },
    { BYTES("\x10\x19\0\4MQTT\4\xce\xff\xff\0\1c\0\1t\0\0\0\1u\0\2\xff\xfe"), 0 },
    { BYTES("\x10\x10\0\4MQTT\4\x82\0\x3c\0\1c\0\1\x7f"), 0 },
    { BYTES("\x10\x10\0\4MQTT\4\2\0\x3c\0\4a#+/"), 0 },
    { BYTES("\x20\2\0\0"), 0 },
    { BYTES("\x20\2\1\0"), 0 },
    { BYTES("\x20\2\0\5"), 0 },
    { BYTES("\x30\3\0\1a"), 0 },
    { BYTES("\x31\4\0\1a\0"), 0 },
    { BYTES("\x32\5\0\1a\xff\xff"), 0 },
    { BYTES("\x3d\x07\0\3a/b\0\1"), 0 },
    { BYTES("\x30\x83\x00\0\1a"), 0 }, /* longer than it need be */
    { BYTES("\x30\x83\x80\x80\x00\0\1a"), 0 },
    { BYTES("\x40\2\0\1"), 0 },
    { BYTES("\x50\2\1\0"), 0 },
    { BYTES("\x62\2\xff\xff"), 0 },
    { BYTES("\x6a\2\0\1"), MQTT_LEVEL_31 },
    { BYTES("\x70\2\0\1"), 0 },
    { BYTES("\x82\6\0\1\0\1a\2"), 0 },
    { BYTES("\x8a\6\0\1\0\1a\2"), MQTT_LEVEL_31 },
    { BYTES("\x82\x19\0\1\0\1#\0\0\3+/a\1\0\x0a$share/g/+\2"), 0 },
    { BYTES("\x90\6\0\1\0\1\2\x80"), 0 },
    { BYTES("\xa2\5\0\1\0\1a"), 0 },
    { BYTES("\xaa\5\0\1\0\1a"), MQTT_LEVEL_31 },
    { BYTES("\xa2\x0a\0\1\0\1a\0\3b/#"), 0 },
    { BYTES("\xb0\2\0\1"), 0 },
    { BYTES("\xc0\0"), 0 },
    { BYTES("\xd0\0"), 0 },
    { BYTES("\xe0\0"), 0 },
};

static uint8_t level_of(const struct good *good)
{
    return good->level ? good->level : MQTT_LEVEL_311;
}

static void good_packets_decode_and_their_prefixes_wait(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(goods); i++) {
        const struct slice packet = goods[i].packet;
        const char *why = NULL;
        int rc = decode_copy(packet.ptr, packet.len, level_of(&goods[i]), &why);
        if (rc != 0) fail_msg("good packet %zu: %d, %s", i, rc, why);
        for (size_t len = 0; len < packet.len; len++) {
            rc = decode_copy(packet.ptr, len, level_of(&goods[i]), &why);
            if (rc != 1) fail_msg("good packet %zu, first %zu bytes: %d, %s", i, len, rc, why);
        }
        assert_null(why);
    }
}

static void packets_are_cut_from_a_stream(void **state)
{
    struct buf stream = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(goods); i++)
        buf_put_slice(&stream, goods[i].packet);
    const uint8_t *at = (const uint8_t *)stream.data;
    size_t left = stream.len;
    for (size_t i = 0; i < ARRAY_LEN(goods); i++) {
        struct mqtt_frame frame;
        assert_int_equal(mqtt_frame(at, left, MAX_PACKET, level_of(&goods[i]), &frame, NULL), 1);
        assert_int_equal(frame.size, goods[i].packet.len);
        at += frame.size;
        left -= frame.size;
    }
    assert_int_equal(left, 0);
    buf_deinit(&stream);
}

/* Every byte of every good packet takes every value: errors are fine, crashes are not. */
static void mutations_do_no_harm(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(goods); i++) {
        const struct slice packet = goods[i].packet;
        uint8_t *copy = xmemdup(packet.ptr, packet.len);
        for (size_t at = 0; at < packet.len; at++) {
            for (int value = 0; value < 256; value++) {
                const char *why = NULL;
                copy[at] = (uint8_t)value;
                int rc = decode(copy, packet.len, MAX_PACKET, level_of(&goods[i]), &why);
                assert_true(rc >= 0 || why);
                decode(copy, packet.len, MAX_PACKET, MQTT_LEVEL_31, &why);
            }
            copy[at] = (uint8_t)packet.ptr[at];
        }
        free(copy);
    }
}

static void largest_packet_is_a_limit(void **state)
{
    struct mqtt_frame frame;
    static const uint8_t packet[] = "\x30\x03\0\1a";
    assert_int_equal(mqtt_frame(packet, 5, 5, 4, &frame, NULL), 1);
    assert_int_equal(mqtt_frame(packet, 5, 4, 4, &frame, NULL), ERR_TOO_LARGE);
    assert_int_equal(mqtt_frame(packet, 2, 4, 4, &frame, NULL), ERR_TOO_LARGE);
    assert_int_equal(mqtt_frame(packet, 5, 2, 4, &frame, NULL), ERR_TOO_LARGE);
    assert_int_equal(mqtt_frame(packet, 5, 0, 4, &frame, NULL), ERR_TOO_LARGE);
    static const uint8_t huge[] = "\x30\xff\xff\xff\x7f";
    assert_int_equal(mqtt_frame(huge, 5, (size_t)MQTT_MAX_REMAINING + 4, 4, &frame, NULL),
                     ERR_TOO_LARGE);
    assert_int_equal(mqtt_frame(huge, 5, (size_t)MQTT_MAX_REMAINING + 5, 4, &frame, NULL), 0);
}

static void outputs_stay_on_failure(void **state)
{
    struct mqtt_frame frame = { .size = 99 }, bad = { .type = MQTT_TYPE_connect };
    assert_true(mqtt_frame((const uint8_t *)"\xf0\0", 2, 10, 4, &frame, NULL) < 0);
    assert_int_equal(mqtt_frame((const uint8_t *)"\xc0", 1, 10, 4, &frame, NULL), 0);
    assert_int_equal(frame.size, 99);
    bad.body = slice_of("\0\4MQTT\4\3\0\0\0\1c", 13);
    struct mqtt_connect connect = { .keep_alive = 99 };
    assert_true(mqtt_decode_connect(&bad, &connect, NULL) < 0);
    assert_int_equal(connect.keep_alive, 99);
    struct mqtt_publish publish = { .id = 99 };
    bad.body = slice_of("\0\1#", 3);
    assert_int_equal(mqtt_decode_publish(&bad, 4, true, &publish, NULL), ERR_TOPIC);
    assert_int_equal(publish.id, 99);
    struct mqtt_subscribe sub = { .id = 99 };
    bad.body = slice_of("\0\1\0\1a\3", 6);
    assert_true(mqtt_decode_subscribe(&bad, 4, &sub, NULL) < 0);
    assert_int_equal(sub.id, 99);
}

static void level_of_connect_is_told(void **state)
{
    static const struct {
        struct slice body;
        int level;
    } cases[] = {
        { BYTES("\0\4MQTT\4\2\0\0\0\0"), 4 },
        { BYTES("\0\4MQTT\5\2\0\0\0\0\0"), 5 },
        { BYTES("\0\4MQTT\x84\2\0\0\0\0"), 4 }, /* the bit that bridges set */
        { BYTES("\0\6MQIsdp\3"), 3 },
        { BYTES("\0\4MQTT"), 0 },
        { BYTES("\0\4HTTP\4"), 0 },
        { BYTES(""), 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct mqtt_frame frame = { .type = MQTT_TYPE_connect, .body = cases[i].body };
        assert_int_equal(mqtt_connect_level(&frame), cases[i].level);
    }
}

/* ---- round trips ---- */

static struct mqtt_frame frame_of(const struct buf *packet, uint8_t level)
{
    struct mqtt_frame frame = { 0 };
    assert_int_equal(
        mqtt_frame((const uint8_t *)packet->data, packet->len, SIZE_MAX, level, &frame, NULL), 1);
    assert_int_equal(frame.size, packet->len);
    return frame;
}

static void connect_round_trips(void **state)
{
    const struct mqtt_connect cases[] = {
        { .level = 4, .clean_session = true, .keep_alive = 0, .client_id = BYTES("") },
        { .level = 3, .keep_alive = 65535, .client_id = BYTES("old") },
        { .level = 4,
          .client_id = BYTES("c"),
          .will = true,
          .will_qos = 2,
          .will_retain = true,
          .will_topic = BYTES("t/\xc3\xa9"),
          .will_payload = BYTES("\0\xff") },
        { .level = 4,
          .client_id = BYTES("c"),
          .has_username = true,
          .username = BYTES("u"),
          .has_password = true,
          .password = BYTES("\0\1\2") },
        { .level = 4, .client_id = BYTES("c"), .has_username = true, .username = BYTES("") },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct mqtt_connect *in = &cases[i];
        struct mqtt_connect out;
        struct buf packet = { 0 };
        assert_int_equal(mqtt_encode_connect(&packet, in), 0);
        struct mqtt_frame frame = frame_of(&packet, 0);
        assert_int_equal(mqtt_decode_connect(&frame, &out, NULL), 0);
        assert_int_equal(out.level, in->level);
        assert_int_equal(out.clean_session, in->clean_session);
        assert_int_equal(out.keep_alive, in->keep_alive);
        assert_int_equal(out.will, in->will);
        assert_int_equal(out.will_qos, in->will_qos);
        assert_int_equal(out.will_retain, in->will_retain);
        assert_int_equal(out.has_username, in->has_username);
        assert_int_equal(out.has_password, in->has_password);
        assert_true(slice_eq(out.client_id, in->client_id));
        assert_true(slice_eq(out.will_topic, in->will_topic));
        assert_true(slice_eq(out.will_payload, in->will_payload));
        assert_true(slice_eq(out.username, in->username));
        assert_true(slice_eq(out.password, in->password));
        assert_int_equal(out.properties.len, 0);
        buf_deinit(&packet);
    }
}

static int put_request(struct buf *out, uint8_t type, uint16_t id,
                       const struct mqtt_filter *filters, size_t count)
{
    return mqtt_encode_subscribe(out, MQTT_LEVEL_311, type, id, (struct slice){ 0 }, filters,
                                 count);
}

static void what_does_not_fit_is_not_encoded(void **state)
{
    char *text = xmalloc(65536);
    memset(text, 'a', 65536);
    struct slice big = slice_of(text, 65536), id = slice_str("c");
    const struct mqtt_connect cases[] = {
        { .level = 6, .client_id = id },
        { .level = 4, .client_id = big },
        { .level = 4, .client_id = id, .will = true, .will_topic = big },
        { .level = 4, .client_id = id, .will = true, .will_topic = id, .will_payload = big },
        { .level = 4, .client_id = id, .will = true, .will_qos = 3, .will_topic = id },
        { .level = 4, .client_id = id, .has_password = true, .password = id },
        { .level = 4, .client_id = id, .has_username = true, .username = big },
    };
    struct buf out = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(mqtt_encode_connect(&out, &cases[i]), ERR_INVALID);
    struct mqtt_filter filters[2] = { { slice_str("a"), 1 }, { slice_str("b"), 3 } };
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, filters, 2), ERR_INVALID);
    filters[1] = (struct mqtt_filter){ big, 0 };
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, filters, 2), ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_unsubscribe, 1, filters, 2), ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 0, filters, 1), ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, filters, 0), ERR_INVALID);
    struct mqtt_filter *many = xcalloc(4096, sizeof *many);
    for (size_t i = 0; i < 4096; i++)
        many[i].filter = slice_of(text, 65535);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, many, 4096), ERR_INVALID);
    free(many);
    assert_int_equal(out.len, 0);
    struct mqtt_publish publish = { .topic = big };
    assert_int_equal(mqtt_publish_size(&publish), 0);
    publish.topic = id;
    publish.payload = slice_of(text, MQTT_MAX_REMAINING - 2);
    assert_int_equal(mqtt_publish_size(&publish), 0);
    assert_int_equal(mqtt_publish_head_size(&publish), 0);
    publish.payload.len--;
    assert_int_equal(mqtt_publish_size(&publish), (size_t)MQTT_MAX_REMAINING + 5);
    publish.payload.len = SIZE_MAX;
    assert_int_equal(mqtt_publish_size(&publish), 0);
    buf_deinit(&out);
    free(text);
}

static void publish_round_trips_at_every_length(void **state)
{
    static const size_t payloads[] = { 0,       1,       119,     120,    121,   122,
                                       123,     124,     16376,   16377,  16378, 16379,
                                       16380,   16381,   16382,   65535,  65536, 2097144,
                                       2097145, 2097146, 2097147, 2097148 };
    char *payload = xmalloc(2097148);
    memset(payload, 'p', 2097148);
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        for (uint8_t qos = 0; qos <= 2; qos++) {
            struct mqtt_publish in = { .level = 4,
                                       .dup = qos == 2,
                                       .qos = qos,
                                       .retain = qos == 1,
                                       .id = qos ? 0x1234 : 0,
                                       .topic = slice_str("a/b"),
                                       .payload = slice_of(payload, payloads[i]) };
            struct mqtt_publish out;
            struct buf packet = { 0 };
            size_t size = mqtt_publish_size(&in), id_at = 99;
            mqtt_encode_publish((uint8_t *)buf_reserve(&packet, size), &in, &id_at);
            packet.len = size;
            struct mqtt_frame frame = frame_of(&packet, 4);
            assert_int_equal(mqtt_decode_publish(&frame, 4, true, &out, NULL), 0);
            assert_true(slice_eq(out.topic, in.topic) && slice_eq(out.payload, in.payload));
            assert_int_equal(out.id, in.id);
            assert_int_equal(out.qos, in.qos);
            assert_int_equal(out.dup, in.dup);
            assert_int_equal(out.retain, in.retain);
            if (qos)
                assert_memory_equal(packet.data + id_at, "\x12\x34", 2);
            else
                assert_int_equal(id_at, 0);
            uint8_t head[32];
            assert_int_equal(mqtt_publish_head_size(&in) + payloads[i], size);
            mqtt_encode_publish_head(head, &in, NULL);
            assert_memory_equal(head, packet.data, mqtt_publish_head_size(&in));
            buf_deinit(&packet);
        }
    }
    free(payload);
}

static void shared_publish_is_patched(void **state)
{
    struct mqtt_publish in = { .qos = 1, .topic = slice_str("t"), .payload = slice_str("p") };
    uint8_t packet[16];
    size_t id_at = 0;
    mqtt_encode_publish(packet, &in, &id_at);
    packet[0] = mqtt_publish_first_byte(2, true, true);
    packet[id_at] = 0xab;
    packet[id_at + 1] = 0xcd;
    struct mqtt_frame frame;
    struct mqtt_publish out;
    assert_int_equal(mqtt_frame(packet, mqtt_publish_size(&in), 100, 4, &frame, NULL), 1);
    assert_int_equal(mqtt_decode_publish(&frame, 4, true, &out, NULL), 0);
    assert_int_equal(out.id, 0xabcd);
    assert_int_equal(out.qos, 2);
    assert_true(out.dup && out.retain);
}

static void subscribe_round_trips(void **state)
{
    static const struct mqtt_filter filters[] = { { BYTES("a"), 0 },
                                                  { BYTES("b/+"), 1 },
                                                  { BYTES("#"), 2 } };
    for (int with_qos = 0; with_qos <= 1; with_qos++) {
        struct buf packet = { 0 };
        struct mqtt_subscribe sub;
        if (with_qos)
            assert_int_equal(put_request(&packet, MQTT_TYPE_subscribe, 0x8001, filters, 3), 0);
        else
            assert_int_equal(put_request(&packet, MQTT_TYPE_unsubscribe, 0x8001, filters, 3), 0);
        struct mqtt_frame frame = frame_of(&packet, 4);
        int rc = with_qos ? mqtt_decode_subscribe(&frame, 4, &sub, NULL)
                          : mqtt_decode_unsubscribe(&frame, 4, &sub, NULL);
        assert_int_equal(rc, 0);
        assert_int_equal(sub.id, 0x8001);
        assert_int_equal(sub.count, 3);
        size_t at = 0, i = 0;
        struct mqtt_filter filter;
        for (; mqtt_subscribe_next(&sub, &at, &filter); i++) {
            assert_true(slice_eq(filter.filter, filters[i].filter));
            assert_int_equal(filter.qos, with_qos ? filters[i].qos : 0);
        }
        assert_int_equal(i, 3);
        buf_deinit(&packet);
    }
}

/* [MQTT-2.2.2-1]: the decoder does not take other flags than those of the table. */
static void server_packets_round_trip(void **state)
{
    struct buf packet = { 0 };
    struct mqtt_connack connack;
    static const struct {
        uint8_t level;
        bool present;
        uint8_t code;
        struct slice bytes;
    } connacks[] = {
        { 4, false, 0, BYTES("\x20\2\0\0") }, { 4, true, 0, BYTES("\x20\2\1\0") },
        { 4, true, 5, BYTES("\x20\2\0\5") },  { 3, true, 0, BYTES("\x20\2\0\0") },
        { 0, false, 1, BYTES("\x20\2\0\1") }, { 5, false, 0x84, BYTES("\x20\3\0\x84\0") },
    };
    for (size_t i = 0; i < ARRAY_LEN(connacks); i++) {
        buf_clear(&packet);
        struct mqtt_connack in = { .session_present = connacks[i].present,
                                   .code = connacks[i].code };
        mqtt_encode_connack(&packet, connacks[i].level, &in);
        assert_true(slice_eq(buf_slice(&packet), connacks[i].bytes));
        if (connacks[i].level >= 5) continue;
        struct mqtt_frame frame = frame_of(&packet, 4);
        assert_int_equal(mqtt_decode_connack(&frame, 4, &connack, NULL), 0);
        assert_int_equal(connack.code, connacks[i].code);
    }

    static const uint8_t acks[] = { MQTT_TYPE_puback, MQTT_TYPE_pubrec, MQTT_TYPE_pubrel,
                                    MQTT_TYPE_pubcomp, MQTT_TYPE_unsuback };
    for (size_t i = 0; i < ARRAY_LEN(acks); i++) {
        struct mqtt_ack ack;
        buf_clear(&packet);
        mqtt_encode_ack(&packet, &(struct mqtt_ack){ .level = 4, .type = acks[i], .id = 0xfedc });
        struct mqtt_frame frame = frame_of(&packet, 4);
        assert_int_equal(mqtt_decode_ack(&frame, 4, &ack, NULL), 0);
        assert_int_equal(ack.id, 0xfedc);
        assert_int_equal(ack.type, acks[i]);
    }

    uint8_t codes[200] = { 0, 1, 2, MQTT_SUBACK_FAILURE };
    struct mqtt_suback suback;
    buf_clear(&packet);
    const struct mqtt_suback granted = { .id = 7, .codes = slice_of((char *)codes, sizeof codes) };
    mqtt_encode_suback(&packet, 4, MQTT_TYPE_suback, &granted);
    struct mqtt_frame frame = frame_of(&packet, 4);
    assert_int_equal(mqtt_decode_suback(&frame, 4, &suback, NULL), 0);
    assert_int_equal(suback.id, 7);
    assert_true(slice_eq(suback.codes, slice_of((char *)codes, sizeof codes)));

    buf_clear(&packet);
    mqtt_encode_empty(&packet, MQTT_TYPE_pingreq);
    mqtt_encode_empty(&packet, MQTT_TYPE_pingresp);
    mqtt_encode_empty(&packet, MQTT_TYPE_disconnect);
    assert_true(slice_eq(buf_slice(&packet), SLICE_LIT("\xc0\0\xd0\0\xe0\0")));
    buf_deinit(&packet);
}

static void table_knows_all_types(void **state)
{
    assert_null(mqtt_type_info(0)->name);
    assert_string_equal(mqtt_type_info(MQTT_TYPE_pubrel)->name, "pubrel");
    size_t from_client = 0, first = 0;
    for (unsigned type = 1; type <= 15; type++) {
        const struct mqtt_type_info *info = mqtt_type_info(type);
        assert_non_null(info->name);
        assert_int_equal(info->flags & ~info->mask, 0);
        assert_true(info->client || info->server);
        from_client += info->client;
        first += info->first;
    }
    assert_int_equal(from_client, 11);
    assert_int_equal(first, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_packets_name_the_statement),
        cmocka_unit_test(good_packets_decode_and_their_prefixes_wait),
        cmocka_unit_test(packets_are_cut_from_a_stream),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(largest_packet_is_a_limit),
        cmocka_unit_test(outputs_stay_on_failure),
        cmocka_unit_test(level_of_connect_is_told),
        cmocka_unit_test(connect_round_trips),
        cmocka_unit_test(what_does_not_fit_is_not_encoded),
        cmocka_unit_test(publish_round_trips_at_every_length),
        cmocka_unit_test(shared_publish_is_patched),
        cmocka_unit_test(subscribe_round_trips),
        cmocka_unit_test(server_packets_round_trip),
        cmocka_unit_test(table_knows_all_types),
    };
    return cmocka_run_group_tests_name("mqtt", tests, NULL, NULL);
}
