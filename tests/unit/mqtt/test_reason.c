/* Unit tests of reason codes: every code in every packet that has one, by table 2-6 of MQTT 5.0 and the senders of
 * section 3.14.2.1; their texts, and what they are to clients of MQTT 3.1.1. */
#include "decode_any.h"

#include "base/err.h"
#include "base/mem.h"

/* C: CONNACK, a: PUBACK, r: PUBREC, l: PUBREL, c: PUBCOMP, S: SUBACK, U: UNSUBACK, A: AUTH; DISCONNECT of
 * d: both, k: a client, s: a server. */
static const struct {
    uint8_t code;
    const char *packets;
} codes[] = {
    { 0x00, "CarlcSUdA" }, { 0x01, "S" },      { 0x02, "S" },  { 0x04, "k" },      { 0x10, "ar" },
    { 0x11, "U" },         { 0x18, "A" },      { 0x19, "A" },  { 0x80, "CarSUd" }, { 0x81, "Cd" },
    { 0x82, "Cd" },        { 0x83, "CarSUd" }, { 0x84, "C" },  { 0x85, "C" },      { 0x86, "C" },
    { 0x87, "CarSUs" },    { 0x88, "C" },      { 0x89, "Cs" }, { 0x8a, "C" },      { 0x8b, "s" },
    { 0x8c, "C" },         { 0x8d, "s" },      { 0x8e, "s" },  { 0x8f, "SUs" },    { 0x90, "Card" },
    { 0x91, "arSU" },      { 0x92, "lc" },     { 0x93, "d" },  { 0x94, "d" },      { 0x95, "Cd" },
    { 0x96, "d" },         { 0x97, "CarSd" },  { 0x98, "d" },  { 0x99, "Card" },   { 0x9a, "Cs" },
    { 0x9b, "Cs" },        { 0x9c, "Cs" },     { 0x9d, "Cs" }, { 0x9e, "Ss" },     { 0x9f, "Cs" },
    { 0xa0, "s" },         { 0xa1, "Ss" },     { 0xa2, "Ss" },
};

static const char *packets_of(int code)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].code == code) return codes[i].packets;
    return "";
}

/* A packet with the code at `at`. */
static const struct {
    const char *letters;
    bool from_client;
    struct slice packet;
    size_t at;
    const char *statement;
} shapes[] = {
    { "C", false, BYTES("\x20\3\0?\0"), 3, "MQTT-3.2.2-8" },
    { "a", true, BYTES("\x40\3\0\1?"), 4, "MQTT-3.4.2-1" },
    { "a", true, BYTES("\x40\4\0\1?\0"), 4, "MQTT-3.4.2-1" },
    { "r", true, BYTES("\x50\3\0\1?"), 4, "MQTT-3.5.2-1" },
    { "l", true, BYTES("\x62\3\0\1?"), 4, "MQTT-3.6.2-1" },
    { "c", true, BYTES("\x70\3\0\1?"), 4, "MQTT-3.7.2-1" },
    { "S", false, BYTES("\x90\4\0\1\0?"), 5, "MQTT-3.9.3-2" },
    { "S", false, BYTES("\x90\6\0\1\0\0\1?"), 7, "MQTT-3.9.3-2" },
    { "U", false, BYTES("\xb0\4\0\1\0?"), 5, "MQTT-3.11.3-2" },
    { "dk", true, BYTES("\xe0\1?"), 2, "MQTT-3.14.2-1" },
    { "ds", false, BYTES("\xe0\1?"), 2, "MQTT-3.14.2-1" },
    { "ds", false, BYTES("\xe0\2?\0"), 2, "MQTT-3.14.2-1" },
    { "A", true, BYTES("\xf0\6?\4\x15\0\1m"), 2, "MQTT-3.15.2-1" },
};

/* [MQTT-3.2.2-8], [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-3.9.3-2], [MQTT-3.11.3-2],
 * [MQTT-3.14.2-1], [MQTT-3.15.2-1] */
static void every_code_in_every_packet(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        char packet[16];
        memcpy(packet, shapes[i].packet.ptr, shapes[i].packet.len);
        for (int code = 0; code < 256; code++) {
            bool fine = strpbrk(packets_of(code), shapes[i].letters);
            const char *why = "";
            packet[shapes[i].at] = (char)code;
            int rc = decode_copy(packet, shapes[i].packet.len, MQTT_LEVEL_5, shapes[i].from_client,
                                 &why);
            if (rc != (fine ? 0 : ERR_PROTOCOL) || (!fine && !strstr(why, shapes[i].statement)))
                fail_msg("shape %zu, code %02x: %d, %s", i, (unsigned)code, rc, why);
        }
    }
}

static void every_code_has_a_text(void **state)
{
    for (int code = 0; code < 256; code++) {
        const char *text = mqtt_reason_text((uint8_t)code);
        assert_int_equal(strcmp(text, "unknown reason") != 0, *packets_of(code) != 0);
    }
    assert_string_equal(mqtt_reason_text(0x87), "not authorized");
    assert_string_equal(mqtt_reason_text(MQTT_REASON_SUCCESS), "success");
    assert_string_equal(mqtt_reason_text(0xa2), "wildcard subscriptions not supported");
    assert_string_equal(mqtt_reason_text(0xff), "unknown reason");
}

static void errors_have_reasons(void **state)
{
    assert_int_equal(mqtt_reason_of(ERR_MALFORMED, MQTT_TYPE_publish), 0x81);
    assert_int_equal(mqtt_reason_of(ERR_PROTOCOL, MQTT_TYPE_subscribe), 0x82);
    assert_int_equal(mqtt_reason_of(ERR_UNSUPPORTED, MQTT_TYPE_connect), 0x84);
    assert_int_equal(mqtt_reason_of(ERR_INVALID, MQTT_TYPE_connect), 0x85);
    assert_int_equal(mqtt_reason_of(ERR_TOPIC, MQTT_TYPE_subscribe), 0x8f);
    assert_int_equal(mqtt_reason_of(ERR_TOPIC, MQTT_TYPE_unsubscribe), 0x8f);
    assert_int_equal(mqtt_reason_of(ERR_TOPIC, MQTT_TYPE_publish), 0x90);
    assert_int_equal(mqtt_reason_of(ERR_TOPIC, MQTT_TYPE_connect), 0x90);
    assert_int_equal(mqtt_reason_of(ERR_TOO_LARGE, MQTT_TYPE_publish), 0x95);
    assert_int_equal(mqtt_reason_of(ERR_STORE, MQTT_TYPE_publish), 0x80);
}

/* MQTT 3.1.1, table 3.1 */
static void reasons_have_old_codes(void **state)
{
    static const struct {
        uint8_t reason, code;
    } rows[] = {
        { 0x84, MQTT_REFUSED_LEVEL },          { 0x85, MQTT_REFUSED_CLIENT_ID },
        { 0x86, MQTT_REFUSED_BAD_LOGIN },      { 0x8c, MQTT_REFUSED_BAD_LOGIN },
        { 0x87, MQTT_REFUSED_NOT_AUTHORIZED }, { 0x8a, MQTT_REFUSED_NOT_AUTHORIZED },
        { 0x90, MQTT_REFUSED_NOT_AUTHORIZED }, { 0x9a, MQTT_REFUSED_NOT_AUTHORIZED },
    };
    for (int reason = 0; reason < 256; reason++) {
        uint8_t want = MQTT_REFUSED_UNAVAILABLE;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (rows[i].reason == reason) want = rows[i].code;
        assert_int_equal(mqtt_connack_code_of((uint8_t)reason), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_in_every_packet),
        cmocka_unit_test(every_code_has_a_text),
        cmocka_unit_test(errors_have_reasons),
        cmocka_unit_test(reasons_have_old_codes),
    };
    return cmocka_run_group_tests_name("mqtt_reason", tests, NULL, NULL);
}
