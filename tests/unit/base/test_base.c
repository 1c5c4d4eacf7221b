/* Unit tests of buf, map, list, text, arena, diag, log. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "base/text.h"
#include "lib/test.h"

#include <unistd.h>

static void buf_grows_and_consumes(void **state)
{
    struct buf b = { 0 };
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i);
    assert_memory_equal(b.data, "0,1,2,", 6);
    buf_consume(&b, 4);
    assert_memory_equal(b.data, "2,3,", 4);
    buf_clear(&b);
    buf_put_u16(&b, 0x1234);
    buf_put_u32(&b, 0xdeadbeef);
    struct cursor cur = cursor_init(b.data, b.len);
    assert_int_equal(cursor_u16(&cur), 0x1234);
    assert_true(cursor_u32(&cur) == 0xdeadbeef);
    assert_int_equal(cursor_error(&cur), 0);
    assert_int_equal(cursor_u8(&cur), 0);
    assert_int_equal(cursor_error(&cur), ERR_MALFORMED);
    buf_deinit(&b);
}

static void map_keeps_many_and_deletes_while_iterating(void **state)
{
    struct map m = { 0 };
    static int values[1000];
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_null(map_put(&m, slice_str(key), &values[i]));
    }
    assert_ptr_equal(map_get_str(&m, "k42"), &values[42]);
    assert_ptr_equal(map_put(&m, slice_str("k42"), &values[1]), &values[42]);
    size_t seen = 0;
    map_for_each(it, &m) {
        seen++;
        map_del(&m, slice_of(it->key, it->key_len));
    }
    assert_int_equal(seen, 1000);
    assert_int_equal(m.count, 0);
    assert_null(map_get_str(&m, "k42"));
    map_deinit(&m);
}

static void list_splices(void **state)
{
    struct list a, b, x[4];
    list_init(&a);
    list_init(&b);
    for (int i = 0; i < 4; i++)
        list_push_back(i < 2 ? &a : &b, &x[i]);
    list_splice(&a, &b);
    assert_true(list_empty(&b));
    for (int i = 0; i < 4; i++)
        assert_ptr_equal(list_pop_front(&a), &x[i]);
    assert_null(list_pop_front(&a));
}

static void utf8_refuses_what_rfc3629_refuses(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool valid;
    } cases[] = {
        { "", 0, true },
        { "plain", 5, true },
        { "\xc3\xa9", 2, true },
        { "\xe2\x82\xac", 3, true },
        { "\xf0\x9f\x98\x80", 4, true },
        { "\xc0\x80", 2, false },         /* overlong zero */
        { "\xe0\x80\xaf", 3, false },     /* overlong slash */
        { "\xed\xa0\x80", 3, false },     /* surrogate */
        { "\xf4\x90\x80\x80", 4, false }, /* above U+10FFFF */
        { "\xe2\x82", 2, false },         /* cut */
        { "\x80", 1, false },
        { "\xff", 1, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(utf8_valid(slice_of(cases[i].text, cases[i].len)), cases[i].valid);
}

static void base64_round_trips(void **state)
{
    static const char *pairs[][2] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct buf out = { 0 }, back = { 0 };
        base64_encode(&out, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(buf_str(&out), pairs[i][1]);
        assert_int_equal(base64_decode(&back, buf_slice(&out)), 0);
        assert_string_equal(buf_str(&back), pairs[i][0]);
        buf_deinit(&out);
        buf_deinit(&back);
    }
    struct buf out = { 0 };
    static const char *bad[] = { "Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9*", "Zm 9" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(base64_decode(&out, slice_str(bad[i])), ERR_MALFORMED);
    assert_int_equal(out.len, 0);
    buf_deinit(&out);
}

static void base64url_has_no_padding(void **state)
{
    static const char *const good[][2] = {
        { "", "" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9v", "foo" }, { "Pz8_Pj4-", "\?\?\?>>>" }
    };
    static const char *const bad[] = { "Zg==", "Zh", "Z", "Zm9+", "Zm9/", "Zm9v=", "Zm 9" };
    struct buf out = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        buf_clear(&out);
        assert_int_equal(base64url_decode(&out, slice_str(good[i][0])), 0);
        assert_string_equal(buf_str(&out), good[i][1]);
    }
    buf_clear(&out);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(base64url_decode(&out, slice_str(bad[i])), ERR_MALFORMED);
    assert_int_equal(out.len, 0);
    buf_deinit(&out);
}

static void url_codes(void **state)
{
    struct buf out = { 0 };
    url_encode(&out, slice_str("a/b c%\xc3\xa9"), "/");
    assert_string_equal(buf_str(&out), "a/b%20c%25%C3%A9");
    struct buf back = { 0 };
    assert_int_equal(url_decode(&back, buf_slice(&out)), 0);
    assert_string_equal(buf_str(&back), "a/b c%\xc3\xa9");
    assert_int_equal(url_decode(&back, slice_str("%2")), ERR_MALFORMED);
    assert_int_equal(url_decode(&back, slice_str("%zz")), ERR_MALFORMED);
    assert_int_equal(url_decode(&back, slice_str("%00")), ERR_MALFORMED);
    buf_deinit(&out);
    buf_deinit(&back);
}

static void numbers_have_bounds(void **state)
{
    int64_t v = 7;
    assert_int_equal(text_to_int(slice_str("-12"), -12, 5, &v), 0);
    assert_int_equal(v, -12);
    assert_int_equal(text_to_int(slice_str("9223372036854775807"), 0, INT64_MAX, &v), 0);
    assert_int_equal(text_to_int(slice_str("9223372036854775808"), 0, INT64_MAX, &v), ERR_INVALID);
    assert_int_equal(text_to_int(slice_str(""), 0, 1, &v), ERR_INVALID);
    assert_int_equal(text_to_int(slice_str("1x"), 0, 1, &v), ERR_INVALID);
    assert_int_equal(text_to_int(slice_str("-"), 0, 1, &v), ERR_INVALID);
}

static void numbers_are_written(void **state)
{
    const int64_t values[] = { 0, 7, 10, -1, 1700000000, INT64_MAX, INT64_MIN };
    struct buf out = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char want[32];
        snprintf(want, sizeof want, "%lld", (long long)values[i]);
        buf_clear(&out);
        buf_put_int(&out, values[i]);
        assert_string_equal(buf_str(&out), want);
    }
    buf_deinit(&out);
}

static void distance_counts_swaps_once(void **state)
{
    assert_int_equal(text_distance(slice_str("avgg"), slice_str("avg")), 1);
    assert_int_equal(text_distance(slice_str("prot"), slice_str("port")), 1);
    assert_int_equal(text_distance(slice_str(""), slice_str("abc")), 3);
}

static void globs(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "**", "abc", true },
        { "?", "", false },
        { "?", "a", true },
        { "?", "\xc3\xa9", true }, /* one character, two bytes */
        { "??", "\xc3\xa9", false },
        { "?", "\xff", true },
        { "a", "A", false },
        { "sensor-*", "sensor-", true },
        { "sensor-*", "sensor", false },
        { "*-tmp", "a-tmp-tmp", true },
        { "*-tmp", "a-tmp-tmx", false },
        { "a*b*c", "a1b2b3c", true },
        { "a*b*c", "a1c2b", false },
        { "*?*?*", "a", false },
        { "*?*?*", "ab", true },
        { "a?c*", "abcd", true },
        { "*a?", "aaab", true },
        { "\xc3\xa9*", "\xc3\xa9", true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (text_glob(slice_str(rows[i].pattern), slice_str(rows[i].text)) != rows[i].matches)
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
    char text[301], pattern[301]; /* what makes the simple way exponential */
    memset(text, 'a', 300);
    text[300] = '\0';
    for (int i = 0; i < 300; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[300] = '\0';
    assert_true(text_glob(slice_str(pattern), slice_str(text)));
    pattern[299] = 'b';
    assert_false(text_glob(slice_str(pattern), slice_str(text)));
}

static void diag_collects_where(void **state)
{
    struct diag d = DIAG_INIT;
    int rc = diag_set(&d, ERR_SYNTAX, "unknown function '%s'", "avgg");
    rc = diag_wrap(&d, rc, "rule '%s'", "hot");
    assert_int_equal(rc, ERR_SYNTAX);
    assert_string_equal(d.text, "rule 'hot': unknown function 'avgg'");
    assert_string_equal(err_name(ERR_DENIED), "ERR_DENIED");
    assert_string_equal(err_name(-ENOSPC), "ENOSPC");
}

static char logged[1024];
static void take_line(const char *line, size_t len)
{
    snprintf(logged, sizeof logged, "%.*s", (int)len, line);
}

static void log_escapes_values(void **state)
{
    log_set_sink(take_line);
    log_configure(LOG_INFO, LOG_JSON);
    LOG(LOG_WARN, "hub", "refused", LOG_S("client", "a\"b\n"), LOG_I("code", 5));
    assert_non_null(
        strstr(logged, "\"message\":\"refused\",\"client\":\"a\\\"b\\u000a\",\"code\":5}"));
    log_configure(LOG_INFO, LOG_TEXT);
    char long_text[1000];
    memset(long_text, 'x', sizeof long_text);
    memcpy(long_text + 254, "\xe2\x82\xac", 3); /* would be cut in its middle */
    LOG(LOG_WARN, "hub", "long", LOG_SLICE("name", slice_of(long_text, sizeof long_text)));
    assert_int_equal(strlen(strstr(logged, "name=") + 5), 1 + 254 + 1 + 1); /* quotes, line end */
    LOG(LOG_WARN, "hub", "refused", LOG_S("client", "a b"), LOG_S("topic", "x/y"));
    assert_non_null(strstr(logged, "warn  hub: refused client=\"a b\" topic=x/y\n"));
    log_set_sink(NULL);
}

static void log_pace_says_it_once_in_a_while(void **state)
{
    struct log_pace pace = { 0 };
    assert_int_equal(log_pace(&pace, 1000, 0), 1); /* the first time, whatever the clock shows */
    assert_int_equal(log_pace(&pace, 1000, 0), 0);
    assert_int_equal(log_pace(&pace, 1000, 999), 0);
    assert_int_equal(log_pace(&pace, 1000, 1000), 3); /* this one, and the two that were not told */
    assert_int_equal(log_pace(&pace, 1000, 1999), 0);
    assert_int_equal(log_pace(&pace, 1000, 7000), 2);
    assert_int_equal(log_pace(&pace, 1000, 8000), 1);
}

static void arena_gives_aligned_zeroed_memory(void **state)
{
    struct arena a = { 0 };
    for (size_t i = 1; i < 5000; i += 7) {
        char *p = arena_alloc(&a, i);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        assert_int_equal(p[i - 1], 0);
        memset(p, 1, i);
    }
    assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    arena_deinit(&a);
}

static void uuid_has_version_and_variant(void **state)
{
    char text[37];
    rand_uuid(text);
    assert_int_equal(strlen(text), 36);
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_int_equal(text[i] == '-', dash);
        assert_true(dash || strchr("0123456789abcdef", text[i]));
    }
}

static void the_cpu_clock_counts_a_process(void **state)
{
    int64_t before = clock_cpu_ns(0);
    assert_true(before > 0);
    long turns = 0;
    while (clock_cpu_ns(getpid()) <= before && turns < 100000000)
        turns++;
    assert_true(clock_cpu_ns(0) > before);
    assert_int_equal(clock_cpu_ns(4194304), -ESRCH); /* one more than Linux has */
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        count++;
    return count;
}

static void metrics_of_one_family_are_told_once(void **state)
{
    struct buf out = { 0 };
    metrics_print(&out);
    const char *text = buf_str(&out);
    assert_int_equal(count_of(text, "# TYPE thingd_certificate_expiry_timestamp_seconds gauge\n"),
                     1);
    assert_int_equal(count_of(text, "# HELP thingd_certificate_expiry_timestamp_seconds First"), 1);
    assert_int_equal(count_of(text, "\nthingd_certificate_expiry_timestamp_seconds{kind=\""), 3);
    assert_int_equal(count_of(text, "# TYPE thingd_connections gauge\n"), 1);
    assert_int_equal(count_of(text, "# TYPE thingd_connections_total counter\n"), 1);
    assert_int_equal(count_of(text, "#") % 2, 0);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_grows_and_consumes),
        cmocka_unit_test(map_keeps_many_and_deletes_while_iterating),
        cmocka_unit_test(list_splices),
        cmocka_unit_test(utf8_refuses_what_rfc3629_refuses),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(base64url_has_no_padding),
        cmocka_unit_test(url_codes),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(numbers_are_written),
        cmocka_unit_test(distance_counts_swaps_once),
        cmocka_unit_test(globs),
        cmocka_unit_test(diag_collects_where),
        cmocka_unit_test(metrics_of_one_family_are_told_once),
        cmocka_unit_test(log_escapes_values),
        cmocka_unit_test(log_pace_says_it_once_in_a_while),
        cmocka_unit_test(arena_gives_aligned_zeroed_memory),
        cmocka_unit_test(uuid_has_version_and_variant),
        cmocka_unit_test(the_cpu_clock_counts_a_process),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
