/* Unit tests of the formats of `thingd sub`: each sequence, its flags, and every mistake by name. */
#include "lib/test.h"

#include "base/err.h"
#include "base/mem.h"
#include "cli/sub_format.h"
#include "mqtt/property.h"

#include <time.h>

static const struct sub_message plain = { .topic = { "room/1", 6 },
                                          .payload = { "21.5", 4 },
                                          .qos = 1,
                                          .retain = true,
                                          .id = 7,
                                          .time_ms = 1767323045123 }; /* 2026-01-02T03:04:05 */

static int set_zone(void **state)
{
    setenv("TZ", "XST-1", 1);
    tzset();
    return 0;
}

static void check(const char *format, bool pretty, const struct sub_message *msg,
                  struct slice expected)
{
    struct sub_format *f;
    struct diag diag = DIAG_INIT;
    struct buf out = { 0 };
    if (sub_format_parse(format, pretty, &f, &diag) < 0) fail_msg("%s: %s", format, diag.text);
    assert_int_equal(sub_format_put(f, msg, &out), 0);
    if (!slice_eq(buf_slice(&out), expected))
        fail_msg("%s: '%s', expected '%s'", format, buf_str(&out), expected.ptr);
    buf_deinit(&out);
    sub_format_free(f);
}

static void sequences(void **state)
{
    static const struct {
        const char *format, *expected;
    } cases[] = {
        { "", "" },
        { "text", "text" },
        { "%t %p", "room/1 21.5" },
        { "%x %X", "32312e35 32312E35" },
        { "%l %q %r %m", "4 1 1 7" },
        { "%I", "2026-01-02T04:04:05+0100" },
        { "%U", "1767323045.123000000" },
        { "@Y-@m-@d @H:@M:@S.@N @z", "2026-01-02 04:04:05.123000000 +0100" },
        { "@s", "1767323045" },
        { "%%|@@|\\\\", "%|@|\\" },
        { "\\a\\e\\n\\r\\t\\v@n@t", "\a\x1b\n\r\t\v\n\t" },
        /* flags */
        { "[%10t][%-10t][%3t]", "[    room/1][room/1    ][room/1]" },
        { "[%.2t][%5.2t][%-5.2t][%.0t]", "[ro][   ro][ro   ][]" },
        { "[%8p][%-8p][%08p]", "[    21.5][21.5    ][    21.5]" },
        { "[%5l][%05l][%-5l][%-05l]", "[    4][00004][4    ][4    ]" },
        { "[%010x][%-10X]", "[0032312e35][32312E35  ]" },
        { "[%03q][%2r][%03m]", "[001][ 1][007]" },
        { "[%26I][%.4I]", "[  2026-01-02T04:04:05+0100][2026]" },
        /* JSON */
        { "%j", "{\"tst\":\"2026-01-02T04:04:05.123000+0100\",\"topic\":\"room/1\",\"qos\":1,"
                "\"retain\":1,\"payloadlen\":4,\"mid\":7,\"payload\":\"21.5\"}" },
        { "%J", "{\"tst\":\"2026-01-02T04:04:05.123000+0100\",\"topic\":\"room/1\",\"qos\":1,"
                "\"retain\":1,\"payloadlen\":4,\"mid\":7,\"payload\":21.5}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(cases[i].format, false, &plain, slice_str(cases[i].expected));
}

static void bytes_are_kept(void **state)
{
    const struct sub_message msg = { .topic = { "t", 1 }, .payload = { "a\0\xff\"\n", 5 } };
    check("%p\\0%l", false, &msg,
          SLICE_LIT("a\0\xff\"\n\0"
                    "5"));
    check("%x", false, &msg, SLICE_LIT("6100ff220a"));
    check("%j", false, &msg,
          SLICE_LIT("{\"tst\":\"1970-01-01T01:00:00.000000+0100\",\"topic\":\"t\",\"qos\":0,"
                    "\"retain\":0,\"payloadlen\":5,\"payload\":\"a\\u0000\xef\xbf\xbd\\\"\\n\"}"));
    const struct sub_message empty = { .topic = { "t", 1 }, .payload = { "", 0 } };
    check("[%p][%x][%l][%m]", false, &empty, SLICE_LIT("[][][0][0]"));
}

static void pretty(void **state)
{
    const struct sub_message msg = { .topic = { "t", 1 }, .payload = { "[1]", 3 } };
    check("%j", true, &msg,
          SLICE_LIT("{\n  \"tst\": \"1970-01-01T01:00:00.000000+0100\",\n  \"topic\": \"t\",\n"
                    "  \"qos\": 0,\n  \"retain\": 0,\n  \"payloadlen\": 3,\n"
                    "  \"payload\": \"[1]\"\n}"));
    check("%J", true, &msg,
          SLICE_LIT("{\n  \"tst\": \"1970-01-01T01:00:00.000000+0100\",\n  \"topic\": \"t\",\n"
                    "  \"qos\": 0,\n  \"retain\": 0,\n  \"payloadlen\": 3,\n"
                    "  \"payload\": [\n    1\n  ]\n}"));
}

#define HEAD                                                                               \
    "{\"tst\":\"1970-01-01T01:00:00.000000+0100\",\"topic\":\"t\",\"qos\":0,\"retain\":0," \
    "\"payloadlen\":0,"

static struct slice block_of(struct buf *block)
{
    mqtt_put_number(block, MQTT_PROP_payload_format, 1);
    mqtt_put_number(block, MQTT_PROP_message_expiry, 4000000000);
    mqtt_put_text(block, MQTT_PROP_content_type, SLICE_LIT("text/plain"));
    mqtt_put_text(block, MQTT_PROP_response_topic, SLICE_LIT("re/ply"));
    mqtt_put_text(block, MQTT_PROP_correlation_data, SLICE_LIT("a\0\xff"));
    mqtt_put_number(block, MQTT_PROP_subscription_id, 7);
    mqtt_put_number(block, MQTT_PROP_subscription_id, 300);
    mqtt_put_number(block, MQTT_PROP_topic_alias, 3);
    mqtt_put_pair(block, SLICE_LIT("a"), SLICE_LIT("1"));
    mqtt_put_pair(block, SLICE_LIT("b"), SLICE_LIT(""));
    mqtt_put_pair(block, SLICE_LIT("a"), SLICE_LIT("2"));
    mqtt_put_pair(block, SLICE_LIT("a"), SLICE_LIT("3"));
    return buf_slice(block);
}

static void properties(void **state)
{
    struct buf block = { 0 };
    const struct sub_message msg = { .topic = { "t", 1 }, .properties = block_of(&block) };
    check("%A %C %E %F %R %S", false, &msg, SLICE_LIT("3 text/plain 4000000000 1 re/ply 7"));
    check("%D", false, &msg, SLICE_LIT("a\0\xff"));
    check("%P", false, &msg, SLICE_LIT("a:1 b: a:2 a:3"));
    check("[%3A][%03A][%-3A][%12.4C][%-7.2R][%02F]", false, &msg,
          SLICE_LIT("[  3][003][3  ][        text][re     ][01]"));
    check("%j", false, &msg,
          SLICE_LIT(HEAD "\"properties\":{\"payload-format-indicator\":1,"
                         "\"message-expiry-interval\":4000000000,\"content-type\":\"text/plain\","
                         "\"response-topic\":\"re/ply\",\"correlation-data\":[97,0,255],"
                         "\"subscription-identifier\":[7,300],\"topic-alias\":3,"
                         "\"user-properties\":{\"a\":[\"1\",\"2\",\"3\"],\"b\":\"\"}},"
                         "\"payload\":\"\"}"));
    buf_deinit(&block);
}

static void properties_that_are_not_there(void **state)
{
    const struct sub_message msg = { .topic = { "t", 1 } };
    check("[%A%C%D%E%F%P%R%S]", false, &msg, SLICE_LIT("[]"));
    check("[%2A][%-2C][%02S]", false, &msg, SLICE_LIT("[  ][  ][00]"));
    check("%j", false, &msg, SLICE_LIT(HEAD "\"payload\":\"\"}"));
    struct buf block = { 0 };
    mqtt_put_text(&block, MQTT_PROP_correlation_data, SLICE_LIT("id-1"));
    const struct sub_message one = { .topic = { "t", 1 }, .properties = buf_slice(&block) };
    check("%j", false, &one,
          SLICE_LIT(HEAD "\"properties\":{\"correlation-data\":\"id-1\"},\"payload\":\"\"}"));
    buf_deinit(&block);
}

/* As a document, 9007199254740993 and 1.50 stay as they came. */
static void numbers_keep_their_text(void **state)
{
    const struct sub_message msg = { .topic = { "t", 1 }, .payload = { "9007199254740993", 16 } };
    check("%J", false, &msg,
          SLICE_LIT("{\"tst\":\"1970-01-01T01:00:00.000000+0100\",\"topic\":\"t\",\"qos\":0,"
                    "\"retain\":0,\"payloadlen\":16,\"payload\":9007199254740993}"));
}

static void what_is_no_json(void **state)
{
    static const char *const payloads[] = { "", "x", "{", "{}}", "\xff" };
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        struct sub_message msg = plain;
        struct sub_format *f;
        struct buf out = { 0 };
        msg.payload = slice_str(payloads[i]);
        buf_puts(&out, "before");
        assert_int_equal(sub_format_parse("%t %J", false, &f, NULL), 0);
        assert_int_equal(sub_format_put(f, &msg, &out), ERR_SYNTAX);
        assert_string_equal(buf_str(&out), "before");
        assert_int_equal(out.len, 6);
        buf_deinit(&out);
        sub_format_free(f);
    }
}

static void mistakes(void **state)
{
    static const struct {
        const char *format;
        int rc;
        const char *why;
    } cases[] = {
        { "%z", ERR_SYNTAX, "'%z' is no sequence" },
        { "a%", ERR_SYNTAX, "'%' at the end" },
        { "%5", ERR_SYNTAX, "'%' at the end" },
        { "%99999t", ERR_SYNTAX, "a width above 10000" },
        { "%99999999999999999999999t", ERR_SYNTAX, "a width above 10000" },
        { "%.99999t", ERR_SYNTAX, "a width above 10000" },
        { "%.3p", ERR_SYNTAX, "'%p' does not take such flags" },
        { "%5U", ERR_SYNTAX, "'%U' does not take such flags" },
        { "%-j", ERR_SYNTAX, "'%j' does not take such flags" },
        { "%0J", ERR_SYNTAX, "'%J' does not take such flags" },
        { "%.2x", ERR_SYNTAX, "'%x' does not take such flags" },
        { "%\xff", ERR_SYNTAX, "'%?' is no sequence" },
        { "@", ERR_SYNTAX, "'@' at the end" },
        { "@E", ERR_SYNTAX, "'@E' is no sequence" },
        { "@\xff", ERR_SYNTAX, "'@?' is no sequence" },
        { "\\q", ERR_SYNTAX, "'\\q' is no sequence" },
        { "\\", ERR_SYNTAX, "'\\' at the end" },
        { "%5P", ERR_SYNTAX, "'%P' does not take such flags" },
        { "%5D", ERR_SYNTAX, "'%D' does not take such flags" },
        { "%.3S", ERR_SYNTAX, "'%S' does not take such flags" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sub_format *f;
        struct diag diag = DIAG_INIT;
        assert_int_equal(sub_format_parse(cases[i].format, false, &f, &diag), cases[i].rc);
        assert_string_equal(diag.text, cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences),       cmocka_unit_test(bytes_are_kept),
        cmocka_unit_test(pretty),          cmocka_unit_test(numbers_keep_their_text),
        cmocka_unit_test(what_is_no_json), cmocka_unit_test(mistakes),
        cmocka_unit_test(properties),      cmocka_unit_test(properties_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, set_zone, NULL);
}
