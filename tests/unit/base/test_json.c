/* Unit tests of json: the grammar and its limits, numbers that keep their text, repeated keys, the
 * tree, equality, printing. */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "lib/test.h"

#include <math.h>

static struct json *parse(const char *text)
{
    struct json *json = NULL;
    struct diag diag = DIAG_INIT;
    if (json_parse(slice_str(text), NULL, &json, &diag) < 0) fail_msg("%s: %s", text, diag.text);
    return json;
}

static void expect_print(const struct json *json, const char *text)
{
    struct buf out = { 0 };
    json_print(json, &out);
    assert_string_equal(buf_str(&out), text);
    buf_deinit(&out);
}

#define BYTES(text) SLICE_LIT(text)

static void refuses(void **state)
{
    static const struct {
        struct slice text;
        int rc;
        const char *say; /* how the sentence begins; NULL: any */
    } cases[] = {
        { BYTES(""), ERR_SYNTAX, "line 1, column 1: expected a value, found the end" },
        { BYTES(" \n\t\r "), ERR_SYNTAX, "line 2, column 4: expected a value" },
        { BYTES("\xef\xbb\xbf{}"), ERR_SYNTAX,
          "line 1, column 1: expected a value, found byte 0xef" },
        { BYTES("\xff"), ERR_ENCODING, NULL },
        { BYTES("{} {}"), ERR_SYNTAX, "line 1, column 4: expected the end, found '{'" },
        { BYTES("1 2"), ERR_SYNTAX, NULL },
        { BYTES("null\0"), ERR_SYNTAX, "line 1, column 5: expected the end, found byte 0x00" },
        { BYTES("[1]\0]"), ERR_SYNTAX, NULL },
        { BYTES("[1]x"), ERR_SYNTAX, NULL },
        { BYTES("\f1"), ERR_SYNTAX, NULL },
        { BYTES("\v1"), ERR_SYNTAX, NULL },
        { BYTES("\xc2\xa0"
                "1"),
          ERR_SYNTAX, NULL },
        { BYTES("True"), ERR_SYNTAX, NULL },
        { BYTES("tru"), ERR_SYNTAX, NULL },
        { BYTES("truex"), ERR_SYNTAX, NULL },
        { BYTES("nul"), ERR_SYNTAX, NULL },
        { BYTES("NaN"), ERR_SYNTAX, NULL },
        { BYTES("Infinity"), ERR_SYNTAX, NULL },
        { BYTES("-Infinity"), ERR_SYNTAX, NULL },
        { BYTES("undefined"), ERR_SYNTAX, NULL },
        { BYTES("/* c */1"), ERR_SYNTAX, NULL },
        { BYTES("1//c"), ERR_SYNTAX, NULL },
        { BYTES("'a'"), ERR_SYNTAX, NULL },
        /* numbers */
        { BYTES("01"), ERR_SYNTAX, "line 1, column 1: not a number" },
        { BYTES("-01"), ERR_SYNTAX, NULL },
        { BYTES("00"), ERR_SYNTAX, NULL },
        { BYTES("-"), ERR_SYNTAX, NULL },
        { BYTES("--1"), ERR_SYNTAX, NULL },
        { BYTES("+1"), ERR_SYNTAX, NULL },
        { BYTES(".5"), ERR_SYNTAX, NULL },
        { BYTES("-.5"), ERR_SYNTAX, NULL },
        { BYTES("1."), ERR_SYNTAX, NULL },
        { BYTES("1.e5"), ERR_SYNTAX, NULL },
        { BYTES("1e"), ERR_SYNTAX, NULL },
        { BYTES("1e+"), ERR_SYNTAX, NULL },
        { BYTES("1e-"), ERR_SYNTAX, NULL },
        { BYTES("1e5.0"), ERR_SYNTAX, NULL },
        { BYTES("1.2.3"), ERR_SYNTAX, NULL },
        { BYTES("0x10"), ERR_SYNTAX, NULL },
        { BYTES("1_000"), ERR_SYNTAX, NULL },
        { BYTES("1 000"), ERR_SYNTAX, NULL },
        { BYTES("[1 2]"), ERR_SYNTAX, "line 1, column 4: expected ',' or ']', found '2'" },
        /* arrays and objects */
        { BYTES("["), ERR_SYNTAX, NULL },
        { BYTES("]"), ERR_SYNTAX, NULL },
        { BYTES("[1,]"), ERR_SYNTAX, "line 1, column 4: expected a value, found ']'" },
        { BYTES("[,1]"), ERR_SYNTAX, NULL },
        { BYTES("[1,,2]"), ERR_SYNTAX, NULL },
        { BYTES("[1"), ERR_SYNTAX, NULL },
        { BYTES("[1,"), ERR_SYNTAX, NULL },
        { BYTES("[1}"), ERR_SYNTAX, NULL },
        { BYTES("{"), ERR_SYNTAX, NULL },
        { BYTES("{]"), ERR_SYNTAX, NULL },
        { BYTES("{\"a\"}"), ERR_SYNTAX, "line 1, column 5: expected ':', found '}'" },
        { BYTES("{\"a\":}"), ERR_SYNTAX, NULL },
        { BYTES("{\"a\":1,}"), ERR_SYNTAX, "line 1, column 8: expected a key in quotes" },
        { BYTES("{,}"), ERR_SYNTAX, NULL },
        { BYTES("{a:1}"), ERR_SYNTAX, NULL },
        { BYTES("{'a':1}"), ERR_SYNTAX, NULL },
        { BYTES("{1:1}"), ERR_SYNTAX, NULL },
        { BYTES("{null:1}"), ERR_SYNTAX, NULL },
        { BYTES("{\"a\" 1}"), ERR_SYNTAX, NULL },
        { BYTES("{\"a\":1 \"b\":2}"), ERR_SYNTAX, NULL },
        { BYTES("{\"a\":1"), ERR_SYNTAX, NULL },
        { BYTES("{\"a\""), ERR_SYNTAX, NULL },
        { BYTES("{\n  \"\xc3\xa9\": 1,\n  \"\xc3\xa9\" x}"), ERR_SYNTAX, "line 3, column 7:" },
        /* strings */
        { BYTES("\""), ERR_SYNTAX, "line 1, column 1: a string without end" },
        { BYTES("\"a"), ERR_SYNTAX, NULL },
        { BYTES("\"a\\\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\"), ERR_SYNTAX, NULL },
        { BYTES("\"a\nb\""), ERR_SYNTAX, "line 1, column 3: a bare control character" },
        { BYTES("\"a\tb\""), ERR_SYNTAX, NULL },
        { BYTES("\"a\0b\""), ERR_SYNTAX, NULL },
        { BYTES("\"\x1f\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\x41\""), ERR_SYNTAX, "line 1, column 3: expected an escape, found 'x'" },
        { BYTES("\"\\'\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\0\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\\0\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\U0041\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\u\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\u12\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\u123"), ERR_SYNTAX, NULL },
        { BYTES("\"\\u12g4\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\u+123\""), ERR_SYNTAX, NULL },
        { BYTES("\"\\u0000\""), ERR_SYNTAX, "line 1, column 2: U+0000 in a string" },
        { BYTES("{\"\\u0000\":1}"), ERR_SYNTAX, NULL },
        { BYTES("\"\\ud800\""), ERR_ENCODING, "line 1, column 2: half of a surrogate pair" },
        { BYTES("\"\\ud800"), ERR_ENCODING, NULL },
        { BYTES("\"\\ud800\\"), ERR_ENCODING, NULL },
        { BYTES("\"\\ud800\\u"), ERR_SYNTAX, NULL },
        { BYTES("\"\\ud800x\""), ERR_ENCODING, NULL },
        { BYTES("\"\\ud800\\n\""), ERR_ENCODING, NULL },
        { BYTES("\"\\ud800\\u0041\""), ERR_ENCODING, NULL },
        { BYTES("\"\\ud800\\ud800\""), ERR_ENCODING, NULL },
        { BYTES("\"\\udc00\""), ERR_ENCODING, NULL },
        { BYTES("\"\\udc00\\ud800\""), ERR_ENCODING, NULL },
        { BYTES("{\"\\udfff\":1}"), ERR_ENCODING, NULL },
        { BYTES("\"\xff\""), ERR_ENCODING, "line 1, column 2: not UTF-8" },
        { BYTES("\"\x80\""), ERR_ENCODING, NULL },
        { BYTES("\"\xc3\""), ERR_ENCODING, NULL },
        { BYTES("\"\xc3"), ERR_ENCODING, NULL },
        { BYTES("\"\xc0\x80\""), ERR_ENCODING, NULL },
        { BYTES("\"\xe0\x80\xaf\""), ERR_ENCODING, NULL },
        { BYTES("\"\xed\xa0\x80\""), ERR_ENCODING, NULL },
        { BYTES("\"\xf4\x90\x80\x80\""), ERR_ENCODING, NULL },
        { BYTES("{\"\xff\":1}"), ERR_ENCODING, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        /* A copy of exactly that length, so that the sanitizer sees a read past it. */
        char *copy = xmalloc(cases[i].text.len + !cases[i].text.len);
        memcpy(copy, cases[i].text.ptr, cases[i].text.len);
        struct slice text = slice_of(copy, cases[i].text.len);
        struct json *json = (struct json *)&diag_set;
        struct diag diag = DIAG_INIT;
        int rc = json_parse(text, NULL, &json, &diag);
        if (rc != cases[i].rc || json != (struct json *)&diag_set)
            fail_msg("case %zu: %s: %s %s", i, cases[i].text.ptr, err_name(rc), diag.text);
        if (cases[i].say && strncmp(diag.text, cases[i].say, strlen(cases[i].say)) != 0)
            fail_msg("case %zu: %s: said %s", i, cases[i].text.ptr, diag.text);
        assert_int_equal(json_check(text, NULL, NULL), cases[i].rc);
        free(copy);
    }
}

static void prints_what_it_parsed(void **state)
{
    static const char *cases[][2] = {
        { "null", "null" },
        { " true ", "true" },
        { "\t\r\n false\n", "false" },
        { "{}", "{}" },
        { "[ ]", "[]" },
        { "[[[]],{}]", "[[[]],{}]" },
        { "{ \"b\" : 1 , \"a\" : [ 1 , 2 ] }", "{\"b\":1,\"a\":[1,2]}" },
        { "{\"\":0}", "{\"\":0}" },
        { "{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}" },
        { "{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}" },
        { "{\"a\":{\"x\":1.10},\"a\":{\"x\":1,\"x\":2.50},\"z\":1e5}",
          "{\"a\":{\"x\":2.50},\"z\":1e5}" },
        { "{\"a\":1,\"\\u0061\":2}", "{\"a\":2}" },
        /* strings */
        { "\"\"", "\"\"" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
        { "\"\\u0041\\u00e9\\u20ac\"", "\"A\xc3\xa9\xe2\x82\xac\"" },
        { "\"\\ud83d\\ude00\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\"" },
        { "\"\\udbff\\udfff\"", "\"\xf4\x8f\xbf\xbf\"" },
        { "\"\\u0001\\u001f\"", "\"\\u0001\\u001f\"" },
        { "\"\x7f\xc3\xa9\"", "\"\x7f\xc3\xa9\"" },
        { "\"\\uffff\\ufffe\"", "\"\xef\xbf\xbf\xef\xbf\xbe\"" },
        /* numbers which a double reproduces, and those which keep their text */
        { "0", "0" },
        { "-0", "-0" },
        { "-0.0", "-0.0" },
        { "0e10", "0e10" },
        { "1", "1" },
        { "-1", "-1" },
        { "1.0", "1.0" },
        { "1.10", "1.10" },
        { "0.1", "0.1" },
        { "0.30000000000000004", "0.30000000000000004" },
        { "1E5", "1E5" },
        { "1e5", "1e5" },
        { "1e+21", "1e+21" },
        { "1e21", "1e21" },
        { "100000000000000000000", "100000000000000000000" },
        { "1000000000000000000000", "1000000000000000000000" },
        { "0.000001", "0.000001" },
        { "0.0000001", "0.0000001" },
        { "1e-7", "1e-7" },
        { "9007199254740991", "9007199254740991" },
        { "9007199254740992", "9007199254740992" },
        { "9007199254740993", "9007199254740993" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "18446744073709551616", "18446744073709551616" },
        { "1e400", "1e400" },
        { "-1e400", "-1e400" },
        { "1e-400", "1e-400" },
        { "1e999999999999999999999999", "1e999999999999999999999999" },
        { "5e-324", "5e-324" },
        { "1.7976931348623157e+308", "1.7976931348623157e+308" },
        { "123456789012345.6", "123456789012345.6" },
        { "3.141592653589793238462643383279502884197169399375105820974944592307816406286",
          "3.141592653589793238462643383279502884197169399375105820974944592307816406286" },
        { "[1.10,{\"a\":[2.20,9007199254740993],\"b\":3},4e4]",
          "[1.10,{\"a\":[2.20,9007199254740993],\"b\":3},4e4]" },
        { "[1111111111111111111111111111111111111111111111111111111111111111111111111,2.0,\"3.0\"]",
          "[1111111111111111111111111111111111111111111111111111111111111111111111111,2.0,\"3."
          "0\"]" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *json = parse(cases[i][0]);
        expect_print(json, cases[i][1]);
        struct json *again = parse(cases[i][1]), *dup = json_dup(json);
        assert_true(json_equal(json, again));
        expect_print(dup, cases[i][1]);
        json_free(again);
        json_free(dup);
        json_free(json);
    }
}

static void doubles_print_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { -0.0, "0" },
        { 1, "1" },
        { -42, "-42" },
        { 0.1, "0.1" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 1.0 / 3, "0.3333333333333333" },
        { 100, "100" },
        { 1e15, "1000000000000000" },
        { 1.5e20, "150000000000000000000" },
        { 1e21, "1e+21" },
        { -1.5e300, "-1.5e+300" },
        { 1e-6, "0.000001" },
        { 1.5e-6, "0.0000015" },
        { -1.2345678901234567e-6, "-0.0000012345678901234567" },
        { 1e-7, "1e-7" },
        { 123.456, "123.456" },
        { 123456789.125, "123456789.125" },
        { 4503599627370495.5, "4503599627370495.5" },
        { 9007199254740992.0, "9007199254740992" },
        { 1152921504606846976.0, "1152921504606847000" },
        { 5e-324, "5e-324" },
        { 2.2250738585072014e-308, "2.2250738585072014e-308" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { (double)INFINITY, "null" },
        { (double)NAN, "null" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *json = json_new_double(cases[i].value);
        expect_print(json, cases[i].text);
        struct json *back = parse(cases[i].text);
        assert_true(json_equal(json, back));
        if (isfinite(cases[i].value)) assert_true(json_number(back) == cases[i].value);
        json_free(back);
        json_free(json);
    }
}

static void equality_is_exact(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        { "1", "1.0", true },
        { "1", "10e-1", true },
        { "1", "0.01E+2", true },
        { "1000", "1e3", true },
        { "0", "-0", true },
        { "0.0", "-0e99999999999999999999", true },
        { "1", "-1", false },
        { "0.1", "0.10", true },
        { "0.1", "0.1000000000000000000000000001", false },
        { "0.1", "0.1000000000000000055511151231257827021181583404541015625", false },
        { "9007199254740993", "9007199254740992", false },
        { "9007199254740993", "9007199254740993.000", true },
        { "9007199254740993", "9.007199254740993e15", true },
        { "100000000000000000000", "1e20", true },
        { "1e400", "10e399", true },
        { "1e400", "1e401", false },
        { "1e400", "-1e400", false },
        { "1e-400", "0", false },
        { "1e999999999", "1e999999998", false },
        { "1e999999999", "10e999999998", true },
        { "1e99999999999999999999", "1e99999999999999999999", true },
        { "1e99999999999999999999", "1e99999999999999999998", false },
        { "1e00000000000000000000000000000003", "1000", true },
        { "102.5", "1025e-1", true },
        { "102.5", "1205e-1", false },
        { "1", "\"1\"", false },
        { "1", "true", false },
        { "null", "false", false },
        { "null", "null", true },
        { "true", "false", false },
        { "\"a\"", "\"\\u0061\"", true },
        { "\"a\"", "\"A\"", false },
        { "[]", "{}", false },
        { "[1,2]", "[1.0,2.0]", true },
        { "[1,2]", "[2,1]", false },
        { "[1,2]", "[1]", false },
        { "[1]", "[1,2]", false },
        { "{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1.0}", true },
        { "{\"a\":1,\"b\":2}", "{\"a\":1}", false },
        { "{\"a\":1}", "{\"a\":1,\"b\":2}", false },
        { "{\"a\":1}", "{\"A\":1}", false },
        { "{\"a\":1}", "{\"b\":1}", false },
        { "{\"a\":null}", "{}", false },
        { "{\"a\":[{\"b\":1e0}]}", "{\"a\":[{\"b\":1}]}", true },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *a = parse(cases[i].a), *b = parse(cases[i].b);
        if (json_equal(a, b) != cases[i].equal || json_equal(b, a) != cases[i].equal)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        assert_true(json_equal(a, a));
        json_free(a);
        json_free(b);
    }
}

static void integers_are_exact(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "0e99999999999999999999", true, 0 },
        { "7", true, 7 },
        { "1.0", true, 1 },
        { "1e2", true, 100 },
        { "100e-2", true, 1 },
        { "1.50e1", true, 15 },
        { "1.5", false, 0 },
        { "1e-1", false, 0 },
        { "9007199254740993", true, 9007199254740993 },
        { "-9007199254740993.0", true, -9007199254740993 },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775808", true, INT64_MIN },
        { "-9223372036854775809", false, 0 },
        { "10000000000000000000", false, 0 },
        { "1e18", true, 1000000000000000000 },
        { "1e19", false, 0 },
        { "9999999999999999999", false, 0 },
        { "92233720368547758070", false, 0 },
        { "1e999999999", false, 0 },
        { "1e99999999999999999999", false, 0 },
        { "1e-99999999999999999999", false, 0 },
        { "\"1\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *json = parse(cases[i].text);
        int64_t value = 4711;
        bool fits = json_to_int64(json, &value);
        if (fits != cases[i].fits || value != (fits ? cases[i].value : 4711))
            fail_msg("%s gave %lld", cases[i].text, (long long)value);
        json_free(json);
    }
    static const int64_t exact[] = {
        0, -1, 9007199254740992, 9007199254740993, INT64_MAX, INT64_MIN
    };
    for (size_t i = 0; i < ARRAY_LEN(exact); i++) {
        char text[32];
        int64_t value;
        snprintf(text, sizeof text, "%lld", (long long)exact[i]);
        struct json *json = json_new_int(exact[i]);
        expect_print(json, text);
        assert_true(json_to_int64(json, &value) && value == exact[i]);
        json_free(json);
    }
    int64_t value = 1;
    assert_false(json_to_int64(NULL, &value));
}

static struct slice repeat(struct buf *out, const char *open, const char *middle, const char *close,
                           size_t count)
{
    buf_clear(out);
    for (size_t i = 0; i < count; i++)
        buf_puts(out, open);
    buf_puts(out, middle);
    for (size_t i = 0; i < count; i++)
        buf_puts(out, close);
    return buf_slice(out);
}

static void limits_hold(void **state)
{
    static const struct {
        const char *text;
        struct json_limits limits;
        int rc;
    } cases[] = {
        { "[1,2]", { 5, 3, 1 }, 0 },
        { "[1,2]", { 4, 3, 1 }, ERR_TOO_LARGE },
        { "[1,2]", { 5, 2, 1 }, ERR_LIMIT },
        { "[1,2]", { 5, 3, 0 }, ERR_DEPTH },
        { "1", { 1, 1, 0 }, 0 },
        { "1", { 1, 0, 0 }, ERR_LIMIT },
        { "[[]]", { 9, 9, 1 }, ERR_DEPTH },
        { "[{\"a\":[]}]", { 99, 9, 3 }, 0 },
        { "[{\"a\":[]}]", { 99, 9, 2 }, ERR_DEPTH },
        { "[[],[],[]]", { 99, 9, 2 }, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *json = NULL;
        struct slice text = slice_str(cases[i].text);
        int rc = json_parse(text, &cases[i].limits, &json, NULL);
        if (rc != cases[i].rc) fail_msg("%s: %s", cases[i].text, err_name(rc));
        assert_int_equal(json_check(text, &cases[i].limits, NULL), cases[i].rc);
        if (rc == 0) assert_true(json_depth(json) <= cases[i].limits.depth);
        json_free(json);
    }
    struct buf text = { 0 };
    struct json *json = NULL;
    assert_int_equal(json_check(repeat(&text, "[", "", "]", 64), NULL, NULL), 0);
    assert_int_equal(json_check(repeat(&text, "[", "", "]", 65), NULL, NULL), ERR_DEPTH);
    assert_int_equal(json_check(repeat(&text, "[", "", "", 100000), NULL, NULL), ERR_DEPTH);
    assert_int_equal(json_check(repeat(&text, "{\"a\":", "1", "}", 100), NULL, NULL), ERR_DEPTH);
    static const struct json_limits huge = { SIZE_MAX, SIZE_MAX, 1000000 };
    assert_int_equal(json_parse(repeat(&text, "[", "1.0", "]", 1000), &huge, &json, NULL), 0);
    assert_int_equal(json_depth(json), 1000);
    json_free(json);
    assert_int_equal(json_check(repeat(&text, "[", "", "]", 1001), &huge, NULL), ERR_DEPTH);
    assert_int_equal(json_check(repeat(&text, " ", "1", "", 131071), NULL, NULL), 0);
    assert_int_equal(json_check(repeat(&text, " ", "1", "", 131072), NULL, NULL), ERR_TOO_LARGE);
    buf_deinit(&text);
}

static void many_members_and_repeats(void **state)
{
    struct buf text = { 0 }, expected = { 0 };
    enum { KEYS = 300, ROUNDS = 20 };
    buf_putc(&text, '{');
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < KEYS; i++)
            buf_printf(&text, "%s\"k%d\":%d.0", text.len > 1 ? "," : "", i, round);
    buf_putc(&text, '}');
    buf_putc(&expected, '{');
    for (int i = 0; i < KEYS; i++)
        buf_printf(&expected, "%s\"k%d\":%d.0", i ? "," : "", i, ROUNDS - 1);
    buf_putc(&expected, '}');
    struct json *json = parse(buf_str(&text));
    expect_print(json, buf_str(&expected));
    struct json *other = json_dup(json), *first = json_detach(other, "k0");
    assert_false(json_equal(json, other));
    json_set(other, "k0", first);
    assert_true(json_equal(json, other));
    json_set_int(other, "k7", 7);
    assert_false(json_equal(json, other));
    json_remove(other, "k7");
    json_set_int(other, "other", ROUNDS - 1);
    assert_false(json_equal(json, other));
    json_free(other);
    json_free(json);

    buf_clear(&text);
    buf_puts(&text, "{\"a\":0");
    for (int i = 1; i < 12000; i++)
        buf_printf(&text, ",\"a\":%d", i);
    buf_putc(&text, '}');
    json = parse(buf_str(&text));
    expect_print(json, "{\"a\":11999}");
    json_free(json);
    buf_deinit(&text);
    buf_deinit(&expected);
}

static void keys_are_unique_on_request(void **state)
{
    static const struct {
        const char *text;
        const char *say; /* NULL: fine */
    } cases[] = {
        { "{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":3},{\"a\":4}]}", NULL },
        { "{\"a\":1,\"A\":1,\"\":1}", NULL },
        { "{\"a\":1,\"a\":1}", "line 1, column 8: a key that was there before" },
        { "{\"a\":1,\n\"\\u0061\":2}", "line 2, column 1: a key that was there before" },
        { "[0,{\"x\":{\"\":1,\"\":1}}]", "line 1, column 15: a key that was there before" },
        { "{\"a\":1,\"a\":", "line 1, column 8: a key that was there before" },
    };
    struct json_limits limits = json_default_limits;
    limits.unique_keys = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *json = NULL;
        struct diag diag = DIAG_INIT;
        int rc = json_parse(slice_str(cases[i].text), &limits, &json, &diag);
        if (rc != (cases[i].say ? ERR_SYNTAX : 0)) fail_msg("%s: %s", cases[i].text, err_name(rc));
        if (cases[i].say) assert_string_equal(diag.text, cases[i].say);
        assert_true((json == NULL) == (rc < 0));
        assert_int_equal(json_check(slice_str(cases[i].text), &limits, NULL), rc);
        json_free(json);
    }
    struct buf text = { 0 };
    buf_putc(&text, '{');
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "\"k%d\":%d,", i, i);
    size_t len = text.len;
    buf_puts(&text, "\"k100\":0}");
    assert_int_equal(json_check(buf_slice(&text), &limits, NULL), 0);
    text.len = len;
    buf_puts(&text, "\"k50\":0}");
    assert_int_equal(json_check(buf_slice(&text), &limits, NULL), ERR_SYNTAX);
    buf_deinit(&text);
}

static void escapes_become_bytes(void **state)
{
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"a\\u0041z\"", "aAz" },
        { "\"\\u00e9\\u20AC\"", "\xc3\xa9\xe2\x82\xac" },
        { "\"\\ud83d\\uDE00!\"", "\xf0\x9f\x98\x80!" },
        { "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
        { "\"\\\\u0041\"", "\\u0041" },
        { "\"\"", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *json = parse(cases[i].text);
        assert_string_equal(json_str(json), cases[i].value);
        json_free(json);
    }
    struct json *json = parse("{\"\\u0061\\n\":1,\"a\\u000a\":2}");
    expect_print(json, "{\"a\\n\":2}");
    json_free(json);
}

static void reads_the_tree(void **state)
{
    struct json *json = parse("{\"s\":\"x\",\"n\":1.5,\"t\":true,\"f\":false,\"z\":null,"
                              "\"a\":[10,20],\"o\":{\"k\":\"v\"},\"S\":\"upper\"}");
    assert_string_equal(json_get_str(json, "s"), "x");
    assert_string_equal(json_get_str(json, "S"), "upper");
    assert_null(json_get_str(json, "n"));
    assert_null(json_get(json, "missing"));
    assert_true(json_number(json_get(json, "n")) == 1.5);
    assert_true(json_is_true(json_get(json, "t")));
    assert_false(json_is_true(json_get(json, "f")));
    assert_false(json_is_true(NULL));
    assert_int_equal(json_type(json_get(json, "f")), JSON_BOOL);
    assert_true(json_is(json_get(json, "z"), JSON_NULL));
    assert_false(json_is(NULL, JSON_NULL));
    assert_int_equal(json_count(json), 8);
    assert_int_equal(json_count(json_get(json, "s")), 0);
    assert_int_equal(json_count(NULL), 0);
    assert_true(json_number(json_at(json_get(json, "a"), 1)) == 20);
    assert_null(json_at(json_get(json, "a"), 2));
    assert_null(json_at(json, 0));
    assert_null(json_get(json_get(json, "a"), "k"));
    assert_null(json_get(NULL, "k"));
    assert_null(json_get_str(NULL, "k"));
    assert_null(json_first(NULL));
    assert_null(json_first(json_get(json, "s")));
    assert_null(json_str(NULL));
    assert_true(json_number(NULL) == 0);
    assert_non_null(json_get_slice(json, slice_of("sx", 1)));
    assert_null(json_get_slice(json, slice_of("s\0", 2)));
    assert_null(json_get_slice(json, slice_of("", 0)));
    assert_string_equal(json_key(json_first(json)), "s");
    assert_null(json_key(json));
    assert_null(json_key(json_at(json_get(json, "a"), 0)));
    assert_int_equal(json_depth(json), 2);
    assert_int_equal(json_depth(json_get(json, "s")), 0);
    assert_true(json_number(json_get(json, "missing")) == 0);
    char scratch[32];
    assert_true(slice_eq_str(json_number_text(json_get(json, "n"), scratch), "1.5"));
    json_free(json);
    json = parse("[1e400,-1e400]");
    assert_true(json_number(json_first(json)) > 1e308 && json_number(json_at(json, 1)) < -1e308);
    json_free(json);
    json_free(NULL);
}

static void builds_and_changes(void **state)
{
    struct json *json = json_new_object();
    json_set_str(json, "a", "one");
    json_set_str(json, "none", NULL);
    json_set_int(json, "b", 2);
    json_set_bool(json, "c", true);
    struct json *list = json_set(json, "d", json_new_array());
    json_push(list, json_new_null());
    json_push(list, json_new_number_text(SLICE_LIT("1.50")));
    json_push(list, json_new_number_text(SLICE_LIT("15")));
    json_push(list, json_new_slice(slice_of("xyz", 2)));
    json_push(list, json_new_slice(slice_of(NULL, 0)));
    expect_print(json, "{\"a\":\"one\",\"b\":2,\"c\":true,\"d\":[null,1.50,15,\"xy\",\"\"]}");
    json_set_int(json, "a", 1);      /* in its place: first, */
    json_set_bool(json, "b", false); /* in the middle, */
    json_set_str(json, "d", "end");  /* last */
    expect_print(json, "{\"a\":1,\"b\":false,\"c\":true,\"d\":\"end\"}");
    json_set_int(json, json_key(json_get(json, "c")), 3); /* the key of what is replaced */
    struct json *moved = json_detach(json, "a");
    assert_null(json_key(moved));
    json_set(json, "e", moved);
    expect_print(json, "{\"b\":false,\"c\":3,\"d\":\"end\",\"e\":1}");
    assert_true(json_remove(json, "e"));
    assert_false(json_remove(json, "e"));
    assert_null(json_detach(json, "e"));
    json_set_int(json, "f", 6); /* after the last was removed */
    json_free(json_detach_child(json, json_first(json)));
    expect_print(json, "{\"c\":3,\"d\":\"end\",\"f\":6}");
    struct json *array = json_new_array();
    json_push(array, json_dup(json_get(json, "c")));
    json_push(array, json_detach(json, "d"));
    expect_print(array, "[3,\"end\"]");
    json_for_each(it, array) {
        assert_null(json_key(it));
        json_free(json_detach_child(array, it));
    }
    expect_print(array, "[]");
    json_free(array);
    json_free(json);
}

static void prints_for_humans(void **state)
{
    struct json *json = parse("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"x\"}]}");
    struct buf out = { 0 };
    json_print_pretty(json, &out);
    assert_string_equal(buf_str(&out), "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n"
                                       "      \"d\": \"x\"\n    }\n  ]\n}");
    buf_deinit(&out);
    json_free(json);
}

static void prints_any_bytes_as_a_string(void **state)
{
    static const struct {
        struct slice text;
        const char *printed;
    } cases[] = {
        { { NULL, 0 }, "\"\"" },
        { BYTES("plain"), "\"plain\"" },
        { BYTES("a\0b"), "\"a\\u0000b\"" },
        { BYTES("\"\\/"), "\"\\\"\\\\/\"" },
        { BYTES("\b\f\n\r\t\x1b"), "\"\\b\\f\\n\\r\\t\\u001b\"" },
        { BYTES("\xc3\xa9\xff"
                "x"),
          "\"\xc3\xa9\xef\xbf\xbdx\"" },
        { BYTES("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { BYTES("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = { 0 };
        json_print_str(&out, cases[i].text);
        assert_string_equal(buf_str(&out), cases[i].printed);
        if (cases[i].text.len != 3 || cases[i].text.ptr[1]) /* U+0000 prints but does not parse */
            assert_int_equal(json_check(buf_slice(&out), NULL, NULL), 0);
        buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(prints_what_it_parsed),
        cmocka_unit_test(doubles_print_short),
        cmocka_unit_test(equality_is_exact),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(many_members_and_repeats),
        cmocka_unit_test(keys_are_unique_on_request),
        cmocka_unit_test(escapes_become_bytes),
        cmocka_unit_test(reads_the_tree),
        cmocka_unit_test(builds_and_changes),
        cmocka_unit_test(prints_for_humans),
        cmocka_unit_test(prints_any_bytes_as_a_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
