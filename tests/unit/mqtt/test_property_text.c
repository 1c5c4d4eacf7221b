/* test_property_text.c — AWS's texts of properties to blocks. */
#include "mqtt/property_text.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "lib/test.h"
#include "mqtt/mqtt.h"
#include "mqtt/property.h"

#define NONE    \
    {           \
        NULL, 0 \
    }
#define TEXT(x)             \
    {                       \
        "" x, sizeof(x) - 1 \
    }

/* Each alone; `says` NULL: taken. */
static const struct {
    struct mqtt_property_texts texts;
    const char *payload;
    struct slice block;
    const char *says;
} cases[] = {
    { { .payload_format = TEXT("UNSPECIFIED_BYTES") }, "\xff", TEXT("\x01\x00"), NULL },
    { { .payload_format = TEXT("UTF8_DATA") }, "\xc3\xa9", TEXT("\x01\x01"), NULL },
    { { .payload_format = TEXT("UTF8_DATA") }, "", TEXT("\x01\x01"), NULL },
    { { .payload_format = TEXT("UTF8_DATA") }, "\xff", NONE, "the payload is not UTF-8" },
    { { .payload_format = TEXT("utf8_data") }, "", NONE, "payloadFormatIndicator: must be" },
    { { .payload_format = TEXT("") }, "", NONE, "payloadFormatIndicator: must be" },
    { { .message_expiry = TEXT("0") }, "", TEXT("\x02\x00\x00\x00\x01"), NULL },
    { { .message_expiry = TEXT("1") }, "", TEXT("\x02\x00\x00\x00\x01"), NULL },
    { { .message_expiry = TEXT("604800") }, "", TEXT("\x02\x00\x09\x3a\x80"), NULL },
    { { .message_expiry = TEXT("604801") }, "", NONE, "messageExpiry: must be" },
    { { .message_expiry = TEXT("-1") }, "", NONE, "messageExpiry: must be" },
    { { .message_expiry = TEXT("1.5") }, "", NONE, "messageExpiry: must be" },
    { { .message_expiry = TEXT("") }, "", NONE, "messageExpiry: must be" },
    { { .content_type = TEXT("a/b") },
      "",
      TEXT("\x03\x00\x03"
           "a/b"),
      NULL },
    { { .content_type = TEXT("") }, "", TEXT("\x03\x00\x00"), NULL },
    { { .content_type = TEXT("\xff") }, "", NONE, "contentType: is not UTF-8" },
    { { .content_type = TEXT("a\0b") }, "", NONE, "contentType: is not UTF-8" },
    { { .response_topic = TEXT("a/b") },
      "",
      TEXT("\x08\x00\x03"
           "a/b"),
      NULL },
    { { .response_topic = TEXT("a/+") }, "", NONE, "responseTopic: is no topic name" },
    { { .response_topic = TEXT("") }, "", NONE, "responseTopic: is no topic name" },
    { { .correlation_data = TEXT("AP8=") }, "", TEXT("\x09\x00\x02\x00\xff"), NULL },
    { { .correlation_data = TEXT("") }, "", TEXT("\x09\x00\x00"), NULL },
    { { .correlation_data = TEXT("AP8") }, "", NONE, "correlationData: is not base64" },
    { { .correlation_data = TEXT("AQ=="),
        .response_topic = TEXT("r"),
        .content_type = TEXT("c"),
        .message_expiry = TEXT("2"),
        .payload_format = TEXT("UTF8_DATA") },
      "",
      TEXT("\x01\x01"
           "\x02\x00\x00\x00\x02"
           "\x03\x00\x01"
           "c"
           "\x08\x00\x01"
           "r"
           "\x09\x00\x01\x01"),
      NULL },
};

static void texts_become_properties(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf block = { 0 };
        struct diag diag = DIAG_INIT;
        int rc = mqtt_put_texts(&block, &cases[i].texts, slice_str(cases[i].payload), &diag);
        if (rc != (cases[i].says ? ERR_INVALID : 0) || !slice_eq(buf_slice(&block), cases[i].block))
            fail_msg("case %zu: %s \"%s\"", i, err_name(rc), diag.text);
        if (cases[i].says && !strstr(diag.text, cases[i].says))
            fail_msg("case %zu: \"%s\"", i, diag.text);
        assert_int_equal(mqtt_properties_check(buf_slice(&block), MQTT_TYPE_publish, NULL), 0);
        buf_deinit(&block);
    }
}

static void texts_have_65535_bytes_at_most(void **state)
{
    struct slice payload = SLICE_LIT("");
    char *big = xmalloc(65536);
    memset(big, 'a', 65536);
    for (size_t len = 65535; len <= 65536; len++) {
        struct buf base64 = { 0 }, block = { 0 };
        struct slice text = slice_of(big, len);
        base64_encode(&base64, big, len);
        int want = len == 65535 ? 0 : ERR_INVALID;
        const struct mqtt_property_texts each[] = { { .content_type = text },
                                                    { .response_topic = text },
                                                    { .correlation_data = buf_slice(&base64) } };
        for (size_t i = 0; i < ARRAY_LEN(each); i++)
            assert_int_equal(mqtt_put_texts(&block, &each[i], payload, NULL), want);
        assert_int_equal(mqtt_put_user_text(&block, text, payload, NULL), want);
        assert_int_equal(mqtt_put_user_text(&block, payload, text, NULL), want);
        assert_int_equal(block.len, want ? 0 : 3 * 65538 + 2 * 65540);
        buf_deinit(&base64);
        buf_deinit(&block);
    }
    free(big);
}

static void user_properties_are_texts(void **state)
{
    struct buf block = { 0 };
    struct diag diag = DIAG_INIT;
    assert_int_equal(mqtt_put_user_text(&block, SLICE_LIT("\xff"), SLICE_LIT(""), &diag),
                     ERR_INVALID);
    assert_string_equal(diag.text, "userProperties: a name: is not UTF-8, or has U+0000");
    assert_int_equal(mqtt_put_user_text(&block, SLICE_LIT(""), SLICE_LIT("\0"), &diag),
                     ERR_INVALID);
    assert_string_equal(diag.text, "userProperties: a value: is not UTF-8, or has U+0000");
    assert_int_equal(block.len, 0);
    assert_int_equal(mqtt_put_user_text(&block, SLICE_LIT("k"), SLICE_LIT(""), &diag), 0);
    assert_true(slice_eq(buf_slice(&block), SLICE_LIT("\x26\x00\x01"
                                                      "k"
                                                      "\x00\x00")));
    buf_deinit(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_properties),
        cmocka_unit_test(texts_have_65535_bytes_at_most),
        cmocka_unit_test(user_properties_are_texts),
    };
    return cmocka_run_group_tests_name("property_text", tests, NULL, NULL);
}
