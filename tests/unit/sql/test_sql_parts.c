/* test_sql_parts.c — what stands under the language: decimals, the calendar, time zones, patterns. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "lib/test.h"
#include "sql/sql_num.h"
#include "sql/sql_regex.h"
#include "sql/sql_time.h"
#include "sql/sql_zone.h"

#include <math.h>

/* `head`, then `part` n times, then `tail`. */
static char *repeated(const char *head, const char *part, size_t n, const char *tail)
{
    struct buf text = { 0 };
    buf_puts(&text, head);
    while (n--)
        buf_puts(&text, part);
    buf_puts(&text, tail);
    return buf_take(&text, NULL);
}

static void decimals_agree_with_doubles(void **state)
{
    uint64_t x = 88172645463325252ull;
    for (int i = 0; i < 20000; i++) {
        int64_t parts[2];
        for (int j = 0; j < 2; j++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            parts[j] = (int64_t)(x % 20000001) - 10000000;
        }
        struct sql_num a, b, result;
        assert_true(sql_num_of_double((double)parts[0] / 1000, &a));
        assert_true(sql_num_of_double((double)parts[1] / 100, &b));
        double p = (double)parts[0] / 1000, q = (double)parts[1] / 100;
        assert_true(sql_num_to_double(a) == p);
        assert_true(sql_num_add(a, b, &result));
        assert_true(fabs(sql_num_to_double(result) - (p + q)) <= 1e-9 * (fabs(p) + fabs(q)));
        assert_true(sql_num_mul(a, b, &result));
        assert_true(fabs(sql_num_to_double(result) - p * q) <= 1e-12 * fabs(p * q) + 1e-9);
        assert_int_equal(sql_num_cmp(a, b), (p > q) - (p < q));
        if (parts[1] == 0) continue;
        assert_true(sql_num_div(a, b, &result));
        assert_true(fabs(sql_num_to_double(result) - p / q) <= 1e-12 * fabs(p / q));
        assert_true(sql_num_mod(a, b, &result));
        assert_true(fabs(sql_num_to_double(result) - fmod(p, q)) <= 1e-7 ||
                    fabs(fabs(sql_num_to_double(result) - fmod(p, q)) - fabs(q)) <= 1e-7);
        assert_true(sql_num_to_double(sql_num_round(a, SQL_FLOOR, 0)) == floor(p));
        assert_true(sql_num_to_double(sql_num_round(a, SQL_CEIL, 0)) == ceil(p));
        assert_true(sql_num_to_double(sql_num_round(a, SQL_TRUNC, 0)) == trunc(p));
        assert_true(sql_num_to_double(sql_num_round(a, SQL_NEAREST, 0)) == round(p));
    }
}

static void decimals_parse_and_print(void **state)
{
    static const struct {
        const char *text;
        const char *printed; /* NULL: no number */
        bool exact;
    } rows[] = {
        { "0", "0", true },
        { "-0", "0", true },
        { "007", "7", true },
        { "12.3400", "12.34", true },
        { "1e3", "1000", true },
        { "1E+3", "1000", true },
        { "1200e-2", "12", true },
        { "0.0000001", "0.0000001", true },
        { "0.00000001", "1e-8", true },
        { "123e-10", "1.23e-8", true },
        { "1e34", "1e34", true },
        { "1e33", "1000000000000000000000000000000000", true },
        { "9.99e999", "9.99e999", true },
        { "1e1000", NULL, false },
        { "1e-999", "1e-999", true },
        { "1e-1000", "0", false },
        { "1e99999999999999999999", NULL, false },
        { "0e99999999999999999999", "0", true },
        { "1e-99999999999999999999", "0", false },
        { "12345678901234567890123456789012345", "1.234567890123456789012345678901234e34", false },
        { "99999999999999999999999999999999999", "1e35", false },
        { "99999999999999999999999999999999995e-1", "1e34", false },
        { "99999999999999999999999999999999985e-1", "9999999999999999999999999999999998", false },
        { "12345678901234567890123456789012340", "1.234567890123456789012345678901234e34", true },
        { "0.1234567890123456789012345678901234567890123", "0.1234567890123456789012345678901235",
          false },
        { "", NULL, false },
        { "-", NULL, false },
        { "+1", NULL, false },
        { ".5", NULL, false },
        { "5.", NULL, false },
        { "1e", NULL, false },
        { "1e+", NULL, false },
        { "1 ", NULL, false },
        { "1.2.3", NULL, false },
        { "0x10", NULL, false },
        { "NaN", NULL, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sql_num num;
        struct buf out = { 0 };
        bool exact = false, ok = sql_num_parse(slice_str(rows[i].text), &num, &exact);
        if (ok != (rows[i].printed != NULL)) fail_msg("'%s': %d", rows[i].text, ok);
        if (!ok) continue;
        sql_num_print(num, false, &out);
        assert_string_equal(buf_str(&out), rows[i].printed);
        if (exact != rows[i].exact) fail_msg("'%s': exact %d", rows[i].text, exact);
        buf_deinit(&out);
    }
}

static void decimals_of_many_digits(void **state)
{
    struct sql_num a, b, result;
    struct buf out = { 0 };
    bool exact;
    assert_true(sql_num_parse(SLICE_LIT("9999999999999999999999999999999999"), &a, &exact));
    assert_true(sql_num_parse(SLICE_LIT("0.9999999999999999999999999999999999"), &b, &exact));
    assert_true(sql_num_mul(a, b, &result));
    assert_true(sql_num_add(a, b, &result));
    sql_num_print(result, false, &out);
    assert_string_equal(buf_str(&out), "1e34");
    buf_deinit(&out);
    assert_true(sql_num_mul(a, a, &result));
    assert_true(fabs(sql_num_to_double(result) / 1e68 - 1) < 1e-15);
    assert_true(sql_num_mod(a, b, &result));
    assert_true(sql_num_sign(result) >= 0 && sql_num_cmp(result, b) < 0);
    assert_true(sql_num_mod(b, a, &result));
    assert_int_equal(sql_num_cmp(result, b), 0);
    assert_false(sql_num_mod(a, (struct sql_num){ 0, 0 }, &result));
    assert_false(sql_num_div(a, (struct sql_num){ 0, 0 }, &result));
    assert_true(sql_num_div(a, a, &result));
    assert_int_equal(sql_num_cmp(result, sql_num_of_int64(1)), 0);
    assert_int_equal(sql_num_cmp(sql_num_neg(a), a), -1);
    int64_t value;
    assert_false(sql_num_to_int64(a, &value));
    assert_true(sql_num_to_int64(sql_num_of_int64(INT64_MIN), &value) && value == INT64_MIN);
    assert_false(sql_num_of_double(INFINITY, &result));
    assert_false(sql_num_of_double(NAN, &result));
    assert_true(sql_num_of_double(5e-324, &result));
    assert_true(sql_num_to_double(result) == 5e-324);
    assert_true(sql_num_of_double(1.7976931348623157e308, &result));
    assert_true(sql_num_to_double(result) == 1.7976931348623157e308);
}

static void the_calendar_goes_both_ways(void **state)
{
    for (int64_t days = -800000; days <= 800000; days += 97) {
        int64_t year;
        int month, day;
        sql_civil_from_days(days, &year, &month, &day);
        assert_true(month >= 1 && month <= 12 && day >= 1 && day <= sql_days_in_month(year, month));
        assert_true(sql_days_from_civil(year, month, day) == days);
    }
    assert_true(sql_days_from_civil(1970, 1, 1) == 0);
    assert_true(sql_days_from_civil(2000, 3, 1) == 11017);
}

static void zones_by_name_and_by_offset(void **state)
{
    static const struct {
        const char *name;
        bool ok;
        int32_t winter; /* on 1 January 2024 */
        int32_t summer; /* on 1 July 2024 */
    } rows[] = {
        { "UTC", true, 0, 0 },
        { "GMT", true, 0, 0 },
        { "Z", true, 0, 0 },
        { "+01:00", true, 3600, 3600 },
        { "-0830", true, -30600, -30600 },
        { "+5", true, 18000, 18000 },
        { "GMT-8", true, -28800, -28800 },
        { "UTC+01:00", true, 3600, 3600 },
        { "+18:00", true, 64800, 64800 },
        { "+18:01", false, 0, 0 },
        { "+1:", false, 0, 0 },
        { "+123", false, 0, 0 },
        { "+", false, 0, 0 },
        { "", false, 0, 0 },
        { "Europe/Paris", true, 3600, 7200 },
        { "America/New_York", true, -18000, -14400 },
        { "PST", true, -28800, -25200 },
        { "Australia/Lord_Howe", true, 39600, 37800 },
        { "Asia/Kathmandu", true, 20700, 20700 },
        { "Etc/GMT+5", true, -18000, -18000 },
        { "Europe", false, 0, 0 },
        { "Europe/../UTC", false, 0, 0 },
        { "../zoneinfo/UTC", false, 0, 0 },
        { "/etc/passwd", false, 0, 0 },
        { "zone.tab", false, 0, 0 },
        { "tzdata", false, 0, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sql_zone *zone = sql_zone_create(slice_str(rows[i].name));
        if ((zone != NULL) != rows[i].ok) fail_msg("zone '%s'", rows[i].name);
        if (!zone) continue;
        assert_int_equal(sql_zone_at(zone, 1704067200).offset, rows[i].winter);
        assert_int_equal(sql_zone_at(zone, 1719792000).offset, rows[i].summer);
        assert_true(sql_zone_to_epoch(zone, 1704067200) == 1704067200 - rows[i].winter);
        sql_zone_destroy(zone);
    }
    char long_name[200];
    memset(long_name, 'a', sizeof long_name);
    assert_null(sql_zone_create(slice_of(long_name, sizeof long_name)));
}

/* A TZif file of version 2 with one state, no moments and this rule for all times. */
static void make_zone_file(struct buf *out, const char *rule)
{
    buf_clear(out);
    for (int block = 0; block < 2; block++) {
        static const uint32_t counts[] = { 0, 0, 0, 0, 1, 4 };
        buf_append(out, "TZif2", 5);
        for (int i = 0; i < 15; i++)
            buf_put_u8(out, 0);
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            buf_put_u32(out, counts[i]);
        buf_append(out, "\0\0\0\0\0\0LMT\0", 10);
    }
    buf_printf(out, "\n%s\n", rule);
}

static void zone_rules_for_later_years(void **state)
{
    static const struct {
        const char *rule;
        int64_t at; /* the first second of summer */
        int32_t before;
        int32_t after;
    } rows[] = {
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1711846800, 3600, 7200 },     /* 31 March 2024, 01:00 */
        { "EST5EDT,M3.2.0,M11.1.0", 1710054000, -18000, -14400 },     /* 10 March 2024, 07:00 */
        { "AEST-10AEDT,M10.1.0,M4.1.0/3", 1728144000, 36000, 39600 }, /* 5 October 2024, 16:00 */
        { "AAA0BBB,J60/0,J300/0", 1709251200, 0, 3600 },              /* 1 March 2024 */
        { "AAA0BBB-2,59/0,300/0", 1709164800, 0, 7200 },              /* 29 February 2024 */
        { "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 1711846800, -10800, -7200 },
        { "LHST-10:30LHDT-11,M10.1.0,M4.1.0", 1728142200, 37800, 39600 },
    };
    struct buf bytes = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        make_zone_file(&bytes, rows[i].rule);
        struct sql_zone *zone = sql_zone_create_from(SLICE_LIT("Test/Zone"), buf_slice(&bytes));
        assert_non_null(zone);
        assert_string_equal(sql_zone_name(zone), "Test/Zone");
        int32_t before = sql_zone_at(zone, rows[i].at - 1).offset;
        int32_t after = sql_zone_at(zone, rows[i].at).offset;
        if (before != rows[i].before || after != rows[i].after)
            fail_msg("%s: %d, %d", rows[i].rule, before, after);
        sql_zone_destroy(zone);
    }
    buf_deinit(&bytes);
}

static void malformed_zone_files(void **state)
{
    static const char *const rules[] = { "",
                                         "A0",
                                         "AAA",
                                         "AAA0BBB",
                                         "AAA0BBB,",
                                         "AAA0BBB,M1",
                                         "AAA0BBB,M1.1",
                                         "AAA0BBB,M13.1.0,M1.1.0",
                                         "AAA0BBB,M1.6.0,M1.1.0",
                                         "AAA0BBB,M1.1.7,M1.1.0",
                                         "AAA0BBB,J400,J1",
                                         "AAA999",
                                         "<AAA0",
                                         "AAA0BBB,J1,J2x",
                                         "AAAAAAAAAAAAAAAAAAAAAAAA0",
                                         "AAA0:99" };
    struct buf bytes = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        make_zone_file(&bytes, rules[i]);
        struct sql_zone *zone = sql_zone_create_from(SLICE_LIT("x"), buf_slice(&bytes));
        assert_non_null(zone); /* the rule is left out, the first state holds */
        assert_int_equal(sql_zone_at(zone, 1711846800).offset, 0);
        assert_string_equal(sql_zone_at(zone, 1711846800).abbreviation, "LMT");
        sql_zone_destroy(zone);
    }
    make_zone_file(&bytes, "CET-1CEST,M3.5.0,M10.5.0/3");
    size_t body = bytes.len - strlen("\nCET-1CEST,M3.5.0,M10.5.0/3\n");
    for (size_t len = 0; len < body; len++)
        assert_null(sql_zone_create_from(SLICE_LIT("x"), slice_of(bytes.data, len)));
    for (size_t at = 0; at < body; at++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[at] = (char)(bytes.data[at] ^ 1 << bit);
            struct sql_zone *zone = sql_zone_create_from(SLICE_LIT("x"), buf_slice(&bytes));
            if (zone) sql_zone_at(zone, 1711846800);
            sql_zone_destroy(zone);
            bytes.data[at] = (char)(bytes.data[at] ^ 1 << bit);
        }
    }
    buf_deinit(&bytes);
}

static void patterns_have_limits(void **state)
{
    char *long_pattern = repeated("", "a", SQL_REGEX_MAX_PATTERN + 1, "");
    char *nested = repeated("", "(", 200, "");
    struct sql_regex *regex = sql_regex_create(slice_str(long_pattern));
    assert_false(sql_regex_ok(regex));
    sql_regex_destroy(regex);
    regex = sql_regex_create(slice_str(nested));
    assert_false(sql_regex_ok(regex));
    sql_regex_destroy(regex);
    regex = sql_regex_create(slice_of(NULL, 0));
    assert_true(sql_regex_ok(regex));
    sql_regex_destroy(regex);
    sql_regex_destroy(NULL);
    free(long_pattern);
    free(nested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_agree_with_doubles),
        cmocka_unit_test(decimals_parse_and_print),
        cmocka_unit_test(decimals_of_many_digits),
        cmocka_unit_test(the_calendar_goes_both_ways),
        cmocka_unit_test(zones_by_name_and_by_offset),
        cmocka_unit_test(zone_rules_for_later_years),
        cmocka_unit_test(malformed_zone_files),
        cmocka_unit_test(patterns_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
