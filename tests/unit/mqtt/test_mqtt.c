/* Unit tests of the MQTT codec at levels 3 and 4: a table of hostile packets with the statement that each breaks,
 * valid ones with all their prefixes and mutations. */
#include "decode_any.h"

#include "base/err.h"
#include "base/mem.h"

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
        int rc = decode_copy(packet.data, packet.len, bad->level ? bad->level : MQTT_LEVEL_311,
                             true, &why);
        if (rc != (bad->rc ? bad->rc : ERR_MALFORMED) || !strstr(why, bad->statement))
            fail_msg("row %zu (first byte %02x): %d, %s instead of %s", i, packet.data[0] & 0xff,
                     rc, why, bad->statement);
        assert_int_equal(decode_copy(packet.data, packet.len,
                                     bad->level ? bad->level : MQTT_LEVEL_311, true, NULL),
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
        int rc = decode_copy(packet.ptr, packet.len, level_of(&goods[i]), true, &why);
        if (rc != 0) fail_msg("good packet %zu: %d, %s", i, rc, why);
        for (size_t len = 0; len < packet.len; len++) {
            rc = decode_copy(packet.ptr, len, level_of(&goods[i]), true, &why);
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
                int rc = decode_any(copy, packet.len, level_of(&goods[i]), true, &why);
                assert_true(rc >= 0 || why);
                decode_any(copy, packet.len, MQTT_LEVEL_31, true, &why);
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

static void servers_send_by_level(void **state)
{
    for (uint8_t level = 3; level <= 5; level++) {
        for (unsigned type = 0; type <= 15; type++) {
            bool sends = type == 2 || (type >= 3 && type <= 7) || type == 9 || type == 11 ||
                         type == 13 || (type >= 14 && level == 5);
            assert_int_equal(mqtt_server_sends(type, level), sends);
        }
    }
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
        cmocka_unit_test(servers_send_by_level),
        cmocka_unit_test(table_knows_all_types),
    };
    return cmocka_run_group_tests_name("mqtt", tests, NULL, NULL);
}
