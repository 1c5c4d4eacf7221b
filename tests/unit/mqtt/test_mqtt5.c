/* Unit tests of the MQTT codec at level 5: hostile packets, with the error and the statement; valid ones with all
 * their prefixes and mutations. Properties and reason codes have tests of their own. */
#include "decode_any.h"

#include "base/err.h"
#include "base/mem.h"

enum sender { CLIENT, SERVER };

struct bad {
    const char *statement; /* part of the sentence */
    int first;             /* first byte; the remaining length is put behind. -1: raw bytes */
    struct slice body;
    int rc; /* 0: ERR_MALFORMED */
    enum sender sender;
};

#define RAW                -1
#define PROTOCOL           ERR_PROTOCOL
#define C5(flags, payload) BYTES("\0\4MQTT\5" flags "\0\x3c" payload)

/* A string with its length, everywhere a string may be. */
#define BAD_STRING(statement, len, text)                                                \
    { "MQTT-3.1.3-4", 0x10, C5("\2", "\0\0" len text), 0, CLIENT },                     \
        { "MQTT-3.1.3-11", 0x10, C5("\6", "\0\0\1c\0\0" len text "\0\1w"), 0, CLIENT }, \
        { "MQTT-3.1.3-12", 0x10, C5("\x82", "\0\0\1c\0" len text), 0, CLIENT },         \
        { statement, 0x30, BYTES("\0" len text "\0payload"), 0, CLIENT },               \
        { statement, 0x32, BYTES("\0" len text "\0\1\0"), 0, SERVER },                  \
        { statement, 0x82, BYTES("\0\1\0\0" len text "\0"), 0, CLIENT },                \
        { statement, 0x82, BYTES("\0\1\0\0\1a\0\0" len text "\0"), 0, CLIENT },         \
    {                                                                                   \
        statement, 0xa2, BYTES("\0\1\0\0" len text), 0, CLIENT                          \
    }

#define BAD_NAME(statement, len, text)                                               \
    { statement, 0x30, BYTES("\0" len text "\0x"), ERR_TOPIC, CLIENT },              \
        { statement, 0x3d, BYTES("\0" len text "\0\7\0x"), ERR_TOPIC, SERVER },      \
    {                                                                                \
        statement, 0x10, C5("\6", "\0\0\1c\0\0" len text "\0\1w"), ERR_TOPIC, CLIENT \
    }

#define BAD_FILTER(statement, len, text)                                                \
    { statement, 0x82, BYTES("\0\1\0\0" len text "\1"), ERR_TOPIC, CLIENT },            \
        { statement, 0x82, BYTES("\0\1\0\0\1a\2\0" len text "\1"), ERR_TOPIC, CLIENT }, \
    {                                                                                   \
        statement, 0xa2, BYTES("\0\1\0\0" len text), ERR_TOPIC, CLIENT                  \
    }

/* The length of the properties, behind everything that comes before it. */
#define BAD_LENGTH(statement, length)                                            \
    { statement, 0x10, C5("\2", length "\0\1c...."), 0, CLIENT },                \
        { statement, 0x10, C5("\6", "\0\0\1c" length "\0\1w\0\1w"), 0, CLIENT }, \
        { statement, 0x20, BYTES("\0\0" length), 0, SERVER },                    \
        { statement, 0x30, BYTES("\0\1a" length), 0, CLIENT },                   \
        { statement, 0x32, BYTES("\0\1a\0\1" length), 0, SERVER },               \
        { statement, 0x40, BYTES("\0\1\0" length), 0, CLIENT },                  \
        { statement, 0x50, BYTES("\0\1\0" length), 0, CLIENT },                  \
        { statement, 0x62, BYTES("\0\1\0" length), 0, CLIENT },                  \
        { statement, 0x70, BYTES("\0\1\0" length), 0, CLIENT },                  \
        { statement, 0x82, BYTES("\0\1" length), 0, CLIENT },                    \
        { statement, 0x90, BYTES("\0\1" length), 0, SERVER },                    \
        { statement, 0xa2, BYTES("\0\1" length), 0, CLIENT },                    \
        { statement, 0xb0, BYTES("\0\1" length), 0, SERVER },                    \
        { statement, 0xe0, BYTES("\0" length), 0, CLIENT },                      \
        { statement, 0xe0, BYTES("\0" length), 0, SERVER },                      \
    {                                                                            \
        statement, 0xf0, BYTES("\x18" length), 0, CLIENT                         \
    }

static const struct bad bads[] = {
    /* the fixed header */
    { "section 2.1.2", RAW, BYTES("\0\0"), 0, CLIENT },
    { "MQTT-2.1.3-1", RAW, BYTES("\x11"), 0, CLIENT },
    { "MQTT-2.1.3-1", RAW, BYTES("\x21"), 0, SERVER },
    { "MQTT-2.1.3-1", RAW, BYTES("\x48"), 0, CLIENT },
    { "MQTT-2.1.3-1", RAW, BYTES("\x52"), 0, CLIENT },
    { "MQTT-3.6.1-1", RAW, BYTES("\x60"), 0, CLIENT },
    { "MQTT-3.6.1-1", RAW, BYTES("\x6a"), 0, CLIENT },
    { "MQTT-3.8.1-1", RAW, BYTES("\x80"), 0, CLIENT },
    { "MQTT-3.8.1-1", RAW, BYTES("\x8a"), 0, CLIENT },
    { "MQTT-3.10.1-1", RAW, BYTES("\xa0"), 0, CLIENT },
    { "MQTT-3.14.1-1", RAW, BYTES("\xe1"), 0, CLIENT },
    { "MQTT-3.15.1-1", RAW, BYTES("\xf2"), 0, CLIENT },
    { "section 2.1.4", RAW, BYTES("\x30\x80\x80\x80\x80"), 0, CLIENT },
    { "section 2.1.4", RAW, BYTES("\x30\xff\xff\xff\xff\x0f"), 0, CLIENT }, /* 4 GB */
    { "longer", RAW, BYTES("\x30\xff\xff\xff\x7f"), ERR_TOO_LARGE, CLIENT },
    { "longer", RAW, BYTES("\xe0\xff\xff\xff\x7f"), ERR_TOO_LARGE, CLIENT },
    { "MQTT-1.5.5-1", RAW, BYTES("\x30\x84\0"), 0, CLIENT },
    { "MQTT-1.5.5-1", RAW, BYTES("\xc0\x80\0"), 0, CLIENT },
    { "MQTT-1.5.5-1", RAW, BYTES("\xe0\x80\x80\x80\0"), 0, CLIENT },
    { "MQTT-1.5.5-1", RAW, BYTES("\x30\xff\x80\0"), 0, CLIENT },
    { "MQTT-1.5.5-1", RAW, BYTES("\x10\x8e\0\0\4MQTT\5\2\0\x3c\0\0\1c"), 0, CLIENT },
    { "section 2.2.3", 0xc0, BYTES("\0"), 0, CLIENT },
    { "section 2.2.3", 0xd0, BYTES("\0"), 0, SERVER },
    { "MQTT-3.8.3-2", RAW, BYTES("\x82\2\0\1"), 0, CLIENT },
    { "MQTT-3.10.3-2", RAW, BYTES("\xa2\2\0\1"), 0, CLIENT },

    /* properties, in every packet */
    BAD_LENGTH("MQTT-1.5.5-1", "\x80\0"),
    BAD_LENGTH("MQTT-1.5.5-1", "\x87\x80\0"),
    BAD_LENGTH("MQTT-1.5.5-1", "\x80\x80\x80\0"),
    BAD_LENGTH("section 1.5.5", "\xff\xff\xff\xff\x0f"), /* 4 GB */
    BAD_LENGTH("section 1.5.5", "\x80\x80\x80\x80\0"),
    BAD_LENGTH("section 2.2.2.1", "\xff\xff\xff\x7f"),
    BAD_LENGTH("section 2.2.2.1", "\x7f\x26\0\1k\0\1v"),
    BAD_LENGTH("section 2.2.2", "\1\x26"),
    BAD_LENGTH("section 2.2.2", "\5\x26\0\1k\0.."),
    BAD_LENGTH("section 2.2.2", "\7\x26\xff\xffk\0\1v"),
    BAD_LENGTH("section 2.2.2", "\7\x26\0\1k\xff\xffv"),
    BAD_LENGTH("section 2.2.2.2", "\2\x7f\0"),
    BAD_LENGTH("section 2.2.2.2", "\2\xff\1"),
    BAD_LENGTH("section 2.2.2.2", "\2\0\0"),
    BAD_LENGTH("section 2.2.2.2", "\3\xa6\0\0"), /* 0x26 in two bytes */
    BAD_LENGTH("MQTT-1.5.4", "\7\x26\0\1\0\0\1v"),
    BAD_LENGTH("MQTT-1.5.4", "\7\x26\0\1k\0\1\x80"),

    /* CONNECT */
    { "MQTT-3.1.2-1", 0x10, BYTES("\0\4mqtt\5\2\0\x3c\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\6MQIsdp\5\2\0\x3c\0\0\1c"), ERR_UNSUPPORTED, CLIENT },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\6\2\0\x3c\0\0\1c"), ERR_UNSUPPORTED, CLIENT },
    { "MQTT-3.1.2-2", 0x10, BYTES("\0\4MQTT\x85\2\0\x3c\0\0\1c"), ERR_UNSUPPORTED, CLIENT },
    { "MQTT-3.1.2-3", 0x10, C5("\3", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-11", 0x10, C5("\x0a", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-11", 0x10, C5("\x12", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-11", 0x10, C5("\x1a", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-12", 0x10, C5("\x1e", "\0\0\1c\0\0\1t\0\1w"), 0, CLIENT },
    { "MQTT-3.1.2-13", 0x10, C5("\x22", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.3-3", 0x10, C5("\2", "\0\0"), 0, CLIENT },
    { "MQTT-3.1.3-3", 0x10, C5("\2", "\0\0\2c"), 0, CLIENT },
    { "MQTT-2.2.2-1", 0x10, C5("\6", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-9", 0x10, C5("\6", "\0\0\1c\0"), 0, CLIENT },
    { "MQTT-3.1.2-9", 0x10, C5("\6", "\0\0\1c\0\0\1t"), 0, CLIENT },
    { "MQTT-3.1.2-9", 0x10, C5("\6", "\0\0\1c\0\0\1t\0\2w"), 0, CLIENT },
    { "MQTT-3.1.2-17", 0x10, C5("\x82", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-17", 0x10, C5("\xc2", "\0\0\1c\0\2u"), 0, CLIENT },
    { "MQTT-3.1.2-19", 0x10, C5("\x42", "\0\0\1c"), 0, CLIENT },
    { "MQTT-3.1.2-19", 0x10, C5("\xc2", "\0\0\1c\0\1u"), 0, CLIENT },
    { "MQTT-3.1.3-1", 0x10, C5("\2", "\0\0\1c."), 0, CLIENT },
    { "section 2.2.2.2", 0x10, C5("\2", "\5\x18\0\0\0\1\0\1c"), 0, CLIENT }, /* the will's */
    { "section 2.2.2.2", 0x10, C5("\6", "\0\0\1c\5\x11\0\0\0\1\0\1t\0\1w"), 0, CLIENT },
    { "section 2.2.2.2", 0x10, C5("\2", "\3\x21\0\0\0\1c"), PROTOCOL, CLIENT },
    { "section 2.2.2.2", 0x10, C5("\2", "\4\x17\1\x17\1\0\1c"), PROTOCOL, CLIENT },
    { "section 3.1.2.11.10", 0x10, C5("\2", "\4\x16\0\1d\0\1c"), PROTOCOL, CLIENT },
    { "MQTT-3.3.2-14", 0x10, C5("\6", "\0\0\1c\4\x08\0\1#\0\1t\0\1w"), PROTOCOL, CLIENT },

    /* PUBLISH */
    { "MQTT-3.3.1-4", RAW, BYTES("\x36"), 0, CLIENT },
    { "MQTT-3.3.1-2", RAW, BYTES("\x38"), 0, SERVER },
    { "MQTT-3.3.2-1", 0x30, BYTES("\0\4a\0."), 0, CLIENT },
    { "MQTT-2.2.1-3", 0x32, BYTES("\0\1a\1"), 0, CLIENT },
    { "MQTT-2.2.1-3", 0x32, BYTES("\0\1a\0\0\0"), PROTOCOL, CLIENT },
    { "MQTT-2.2.1-4", 0x3d, BYTES("\0\1a\0\0\0"), PROTOCOL, SERVER },
    { "MQTT-2.2.2-1", 0x30, BYTES("\0\1a"), 0, CLIENT },
    { "MQTT-2.2.2-1", 0x32, BYTES("\0\1a\0\1"), 0, CLIENT },
    { "section 3.3.2.1", 0x30, BYTES("\0\0\0payload"), PROTOCOL, CLIENT },
    { "section 3.3.2.1", 0x30, BYTES("\0\0\2\1\1payload"), PROTOCOL, SERVER },
    { "MQTT-3.3.4-6", 0x30, BYTES("\0\1a\2\x0b\1"), PROTOCOL, CLIENT },
    { "MQTT-3.3.4-6", 0x30, BYTES("\0\0\5\x23\0\1\x0b\1"), PROTOCOL, CLIENT },
    { "MQTT-3.3.2-14", 0x30, BYTES("\0\1a\6\x08\0\3a/+"), PROTOCOL, CLIENT },
    { "MQTT-3.3.2-14", 0x30, BYTES("\0\1a\3\x08\0\0"), PROTOCOL, SERVER },
    BAD_NAME("MQTT-4.7.0-1", "\1", "#"),
    BAD_NAME("MQTT-4.7.0-1", "\5", "a/+/b"),
    { "MQTT-4.7.3-1", 0x10, C5("\6", "\0\0\1c\0\0\0\0\1w"), ERR_TOPIC, CLIENT },

    /* PUBACK and the like; their codes are in test_reason.c */
    { "MQTT-2.2.1-5", 0x40, BYTES("\0\0"), PROTOCOL, CLIENT },
    { "MQTT-2.2.1-5", 0x50, BYTES("\0\0\0"), PROTOCOL, CLIENT },
    { "MQTT-2.2.1-5", 0x62, BYTES("\0\0\0\0"), PROTOCOL, CLIENT },
    { "section 2.1.4", 0x40, BYTES("\0\1\0\0."), 0, CLIENT },
    { "section 2.1.4", 0x70, BYTES("\0\1\0\3\x1f\0\0."), 0, CLIENT },

    /* SUBSCRIBE, UNSUBSCRIBE */
    { "MQTT-2.2.1-3", 0x82, BYTES("\0\0\0\0\1a\0"), PROTOCOL, CLIENT },
    { "MQTT-2.2.1-3", 0xa2, BYTES("\0\0\0\0\1a"), PROTOCOL, CLIENT },
    { "MQTT-3.8.3-2", 0x82, BYTES("\0\1\0"), PROTOCOL, CLIENT },
    { "MQTT-3.8.3-2", 0x82, BYTES("\0\1\2\x0b\1"), PROTOCOL, CLIENT },
    { "MQTT-3.10.3-2", 0xa2, BYTES("\0\1\0"), PROTOCOL, CLIENT },
    { "MQTT-3.10.3-2", 0xa2, BYTES("\0\1\5\x26\0\0\0\0"), PROTOCOL, CLIENT },
    { "section 3.8.3", 0x82, BYTES("\0\1\0\0\2a\0"), 0, CLIENT },
    { "section 3.8.3", 0x82, BYTES("\0\1\0\0\1a\0\0"), 0, CLIENT },
    { "section 3.10.3", 0xa2, BYTES("\0\1\0\0\2a"), 0, CLIENT },
    { "section 3.8.3.1", 0x82, BYTES("\0\1\0\0\1a\3"), PROTOCOL, CLIENT },
    { "section 3.8.3.1", 0x82, BYTES("\0\1\0\0\1a\x30"), PROTOCOL, CLIENT },
    { "section 3.8.3.1", 0x82, BYTES("\0\1\0\0\1b\0\0\1a\x3e"), PROTOCOL, CLIENT },
    { "MQTT-3.8.3-5", 0x82, BYTES("\0\1\0\0\1a\x40"), 0, CLIENT },
    { "MQTT-3.8.3-5", 0x82, BYTES("\0\1\0\0\1a\x80"), 0, CLIENT },
    { "MQTT-3.8.3-5", 0x82, BYTES("\0\1\0\0\1a\xff"), 0, CLIENT },
    { "MQTT-3.8.3-4", 0x82, BYTES("\0\1\0\0\x0a$share/g/a\4"), PROTOCOL, CLIENT },
    { "MQTT-3.8.3-4", 0x82, BYTES("\0\1\0\0\1a\4\0\x0a$share/g/a\5"), PROTOCOL, CLIENT },
    { "section 2.2.2.2", 0x82, BYTES("\0\1\4\x0b\1\x0b\1\0\1a\0"), PROTOCOL, CLIENT },
    { "section 2.2.2.2", 0x82, BYTES("\0\1\2\x0b\0\0\1a\0"), PROTOCOL, CLIENT },
    { "section 2.2.2", 0x82, BYTES("\0\1\3\x0b\x81\0\0\1a\0"), 0, CLIENT },
    { "section 2.2.2.2", 0xa2, BYTES("\0\1\2\x0b\1\0\1a"), 0, CLIENT },
    BAD_FILTER("MQTT-4.7.3-1", "\0", ""),
    BAD_FILTER("MQTT-4.7.1-1", "\5", "a/#/b"),
    BAD_FILTER("MQTT-4.7.1-2", "\2", "a+"),
    BAD_FILTER("MQTT-4.8.2-2", "\x0a", "$share/+/a"),

    /* strings */
    BAD_STRING("MQTT-1.5.4-2", "\1", "\0"),
    BAD_STRING("MQTT-1.5.4-1", "\1", "\x80"),
    BAD_STRING("MQTT-1.5.4-1", "\3", "\xed\xa0\x80"),
    BAD_STRING("MQTT-1.5.4-1", "\4", "\xf4\x90\x80\x80"),

    /* DISCONNECT, AUTH */
    { "MQTT-3.14.2-2", 0xe0, BYTES("\x8b\5\x11\0\0\0\1"), PROTOCOL, SERVER },
    { "section 3.14.2.2.5", 0xe0, BYTES("\0\4\x1c\0\1s"), PROTOCOL, CLIENT },
    { "section 3.14.2", 0xe0, BYTES("\0\0."), 0, CLIENT },
    { "section 3.15.2", 0xf0, BYTES("\0\4\x15\0\1m."), 0, CLIENT },
    { "section 3.15.2.2.2", 0xf0, BYTES("\x18"), PROTOCOL, CLIENT },
    { "section 3.15.2.2.2", 0xf0, BYTES("\0\0"), PROTOCOL, SERVER },
    { "section 3.15.2.2.2", 0xf0, BYTES("\x18\4\x16\0\1d"), PROTOCOL, CLIENT },

    /* CONNACK, SUBACK, UNSUBACK */
    { "MQTT-2.2.2-1", 0x20, BYTES("\0\0"), 0, SERVER },
    { "section 3.2.1", 0x20, BYTES("\0\0\0."), 0, SERVER },
    { "MQTT-3.2.2-1", 0x20, BYTES("\2\0\0"), 0, SERVER },
    { "MQTT-3.2.2-6", 0x20, BYTES("\1\x87\0"), PROTOCOL, SERVER },
    { "MQTT-2.2.1-6", 0x90, BYTES("\0\0\0\0"), PROTOCOL, SERVER },
    { "MQTT-2.2.1-6", 0xb0, BYTES("\0\0\0\0"), PROTOCOL, SERVER },
    { "section 3.9.3", 0x90, BYTES("\0\1\0"), 0, SERVER },
    { "section 3.11.3", 0xb0, BYTES("\0\1\0"), 0, SERVER },
    { "MQTT-2.2.2-1", 0xb0, BYTES("\0\1"), 0, SERVER },
};

static void bad_packets_name_the_statement(void **state)
{
    assert_true(ARRAY_LEN(bads) >= 350);
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
        uint8_t level = (uint8_t)packet.data[0] >> 4 == MQTT_TYPE_connect && packet.len > 2
                            ? 0 /* not known yet */
                            : MQTT_LEVEL_5;
        int rc = decode_copy(packet.data, packet.len, level, bad->sender == CLIENT, &why);
        if (rc != (bad->rc ? bad->rc : ERR_MALFORMED) || !strstr(why, bad->statement))
            fail_msg("row %zu (first byte %02x): %d, %s instead of %s", i, packet.data[0] & 0xff,
                     rc, why, bad->statement);
        assert_int_equal(decode_copy(packet.data, packet.len, level, bad->sender == CLIENT, NULL),
                         rc);
        buf_deinit(&packet);
    }
}

/* ---- what is fine ---- */

static const struct good {
    struct slice packet;
    enum sender sender;
} goods[] = {
    { BYTES("\x10\x0e\0\4MQTT\5\2\0\x3c\0\0\1c"), CLIENT },
    { BYTES("\x10\x0d\0\4MQTT\5\0\0\0\0\0\0"), CLIENT }, /* no client id, no clean start */
    { BYTES("\x10\x11\0\4MQTT\5\x42\0\0\0\0\1c\0\1p"), CLIENT },
    { BYTES("\x10\x18\0\4MQTT\5\2\0\0\x0a\x15\0\1m\x16\0\3\0\xff\x80\0\1c"), CLIENT },
    { BYTES("\x10\x26\0\4MQTT\5\xf6\0\0\5\x11\xff\xff\xff\xff\0\1c\x05\x18\0\0\0\1\0\1t\0\2\xff"
            "\xfe\0\1u\0\1\0"),
      CLIENT },
    { BYTES("\x20\3\1\0\0"), SERVER },
    { BYTES("\x20\7\0\x87\4\x1f\0\1r"), SERVER },
    { BYTES("\x30\4\0\1a\0"), CLIENT },
    { BYTES("\x31\x0b\0\1a\0payload"), CLIENT },
    { BYTES("\x32\6\0\1a\0\1\0"), CLIENT },
    { BYTES("\x3d\x0c\0\1a\0\1\5\x02\0\0\0\1p"), CLIENT },
    { BYTES("\x30\7\0\0\3\x23\0\0p"), CLIENT }, /* alias 0: the connection's to refuse */
    { BYTES("\x30\x0a\0\1a\5\x0b\1\x0b\x80\1p"), SERVER },
    { BYTES("\x40\2\0\1"), CLIENT },
    { BYTES("\x40\3\0\1\x10"), CLIENT },
    { BYTES("\x40\4\0\1\0\0"), SERVER },
    { BYTES("\x50\x0b\0\1\x80\7\x26\0\1k\0\1v"), CLIENT },
    { BYTES("\x62\3\0\1\x92"), CLIENT },
    { BYTES("\x70\4\0\1\x92\0"), CLIENT },
    { BYTES("\x82\7\0\1\0\0\1a\x2e"), CLIENT },
    { BYTES("\x82\x16\0\1\2\x0b\1\0\1a\0\0\x0a$share/g/a\x1a"), CLIENT },
    { BYTES("\x90\6\0\1\0\0\1\x80"), SERVER },
    { BYTES("\xa2\x0d\0\1\7\x26\0\1k\0\1v\0\1a"), CLIENT },
    { BYTES("\xb0\5\0\1\0\0\x11"), SERVER },
    { BYTES("\xc0\0"), CLIENT },
    { BYTES("\xe0\0"), CLIENT },
    { BYTES("\xe0\1\4"), CLIENT },
    { BYTES("\xe0\2\0\0"), CLIENT },
    { BYTES("\xe0\7\0\5\x11\0\0\0\0"), CLIENT },
    { BYTES("\xe0\6\x9c\4\x1c\0\1s"), SERVER },
    { BYTES("\xf0\0"), CLIENT },
    { BYTES("\xf0\6\x18\4\x15\0\1m"), CLIENT },
    { BYTES("\xf0\x0a\x19\x08\x15\0\1m\x16\0\1\0"), CLIENT },
};

static void good_packets_decode_and_their_prefixes_wait(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(goods); i++) {
        const struct slice packet = goods[i].packet;
        bool client = goods[i].sender == CLIENT;
        const char *why = NULL;
        int rc = decode_copy(packet.ptr, packet.len, MQTT_LEVEL_5, client, &why);
        if (rc != 0) fail_msg("good packet %zu: %d, %s", i, rc, why);
        for (size_t len = 0; len < packet.len; len++) {
            rc = decode_copy(packet.ptr, len, MQTT_LEVEL_5, client, &why);
            if (rc != 1) fail_msg("good packet %zu, first %zu bytes: %d, %s", i, len, rc, why);
        }
    }
}

/* A body that is cut behind a header which says so is never more than refused. */
static void bodies_cut_anywhere_do_no_harm(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(goods); i++) {
        const struct slice packet = goods[i].packet;
        for (size_t len = 2; len < packet.len; len++) {
            uint8_t *copy = xmemdup(packet.ptr, len);
            copy[1] = (uint8_t)(len - 2);
            const char *why = NULL;
            int rc = decode_copy(copy, len, MQTT_LEVEL_5, goods[i].sender == CLIENT, &why);
            assert_true(rc == 0 || (rc < 0 && why));
            free(copy);
        }
    }
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
                for (int client = 0; client <= 1; client++) {
                    int rc = decode_any(copy, packet.len, MQTT_LEVEL_5, client, &why);
                    assert_true(rc >= 0 || why);
                }
                int rc = decode_any(copy, packet.len, MQTT_LEVEL_311, true, &why);
                assert_true(rc != ERR_PROTOCOL || copy[0] >> 4 == MQTT_TYPE_connect);
            }
            copy[at] = (uint8_t)packet.ptr[at];
        }
        free(copy);
    }
}

static void publish_tells_its_alias(void **state)
{
    struct mqtt_frame frame = { .type = MQTT_TYPE_publish };
    struct mqtt_publish publish;
    frame.body = (struct slice)BYTES("\0\1a\x0a\x26\0\1k\0\1v\x23\1\2p");
    assert_int_equal(mqtt_decode_publish(&frame, 5, true, &publish, NULL), 0);
    assert_true(publish.has_alias && publish.alias == 0x102);
    assert_int_equal(publish.properties.len, 10);
    assert_true(slice_eq_str(publish.payload, "p"));
    frame.body = (struct slice)BYTES("\0\1a\0p");
    assert_int_equal(mqtt_decode_publish(&frame, 5, true, &publish, NULL), 0);
    assert_false(publish.has_alias);
    assert_int_equal(publish.alias, 0);
    assert_int_equal(publish.properties.len, 0);
    assert_int_equal(mqtt_decode_publish(&frame, 4, true, &publish, NULL), 0);
    assert_true(slice_eq(publish.payload, SLICE_LIT("\0p")));    /* no properties there */
    frame.body = (struct slice)BYTES("\0\1a\3\x23\0\0\xff\xfe"); /* the payload is anything */
    assert_int_equal(mqtt_decode_publish(&frame, 5, true, &publish, NULL), 0);
    assert_true(publish.has_alias && publish.alias == 0);
}

static void outputs_stay_on_failure(void **state)
{
    struct mqtt_frame bad = { .type = MQTT_TYPE_connect };
    struct mqtt_connect connect = { .keep_alive = 99 };
    bad.body = (struct slice)BYTES("\0\4MQTT\5\2\0\x3c\4\x16\0\1d\0\1c");
    assert_int_equal(mqtt_decode_connect(&bad, &connect, NULL), ERR_PROTOCOL);
    assert_int_equal(connect.keep_alive, 99);
    bad.type = MQTT_TYPE_publish;
    struct mqtt_publish publish = { .id = 99 };
    bad.body = (struct slice)BYTES("\0\1a\2\x0b\1");
    assert_int_equal(mqtt_decode_publish(&bad, 5, true, &publish, NULL), ERR_PROTOCOL);
    assert_int_equal(publish.id, 99);
    bad.type = MQTT_TYPE_puback;
    struct mqtt_ack ack = { .id = 99 };
    bad.body = (struct slice)BYTES("\0\1\1");
    assert_int_equal(mqtt_decode_ack(&bad, 5, &ack, NULL), ERR_PROTOCOL);
    assert_int_equal(ack.id, 99);
    bad.type = MQTT_TYPE_disconnect;
    struct mqtt_farewell farewell = { .code = 99 };
    bad.body = (struct slice)BYTES("\0\4\x1c\0\1s");
    assert_int_equal(mqtt_decode_disconnect(&bad, 5, true, &farewell, NULL), ERR_PROTOCOL);
    assert_int_equal(farewell.code, 99);
}

/* AUTH does not exist below level 5, and nothing follows the header of a DISCONNECT there. */
static void level_5_is_not_let_in_below_it(void **state)
{
    const char *why = "";
    for (uint8_t level = 0; level < MQTT_LEVEL_5; level++) {
        assert_int_equal(decode_copy("\xf0\0", 2, level, true, &why), ERR_MALFORMED);
        assert_non_null(strstr(why, "section 2.2.1"));
        assert_int_equal(decode_copy("\xe0\1\0", 3, level, true, &why), ERR_MALFORMED);
        assert_int_equal(decode_copy("\x40\3\0\1\0", 5, level, true, &why), ERR_MALFORMED);
        assert_int_equal(decode_copy("\x82\6\0\1\0\1a\4", 8, level, true, &why), ERR_MALFORMED);
        assert_int_equal(decode_copy("\x30\x83\0\0\1a", 6, level, true, &why), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_packets_name_the_statement),
        cmocka_unit_test(good_packets_decode_and_their_prefixes_wait),
        cmocka_unit_test(bodies_cut_anywhere_do_no_harm),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(publish_tells_its_alias),
        cmocka_unit_test(outputs_stay_on_failure),
        cmocka_unit_test(level_5_is_not_let_in_below_it),
    };
    return cmocka_run_group_tests_name("mqtt5", tests, NULL, NULL);
}
