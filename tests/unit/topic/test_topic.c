/* Unit tests of topic names and filters, MQTT 3.1.1 sections 1.5.3 and 4.7. */
#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"
#include "topic/topic.h"

#define S(text)                \
    {                          \
        text, sizeof(text) - 1 \
    }

struct check_case {
    struct slice text;
    const char *name_why;   /* number of the statement, or NULL: valid */
    const char *filter_why; /* the same as a filter */
};

static const struct check_case checks[] = {
    { S("a"), NULL, NULL },
    { S("/"), NULL, NULL },
    { S("//"), NULL, NULL },
    { S("/a/"), NULL, NULL },
    { S("a b/c"), NULL, NULL },
    { S("$SYS/x"), NULL, NULL },
    { S("$"), NULL, NULL },
    { S("\xc3\xa9/\xf0\x9f\x98\x80"), NULL, NULL },
    { S("\xef\xbb\xbf"), NULL, NULL }, /* [MQTT-1.5.3-3] U+FEFF is a character */
    { S("\x01\x7f"), NULL, NULL },     /* SHOULD NOT, not MUST NOT */
    { S("$share"), NULL, NULL },
    { S("$shared/x/y"), NULL, NULL },
    { S(""), "4.7.3-1", "4.7.3-1" },
    { S("\0"), "4.7.3-2", "4.7.3-2" },
    { S("a/\0"), "4.7.3-2", "4.7.3-2" },
    { S("a\0b/+"), "4.7.3-2", "4.7.3-2" },
    { S("\xc0\x80"), "1.5.3-1", "1.5.3-1" },
    { S("\xed\xa0\x80"), "1.5.3-1", "1.5.3-1" },
    { S("\xed\xbf\xbf"), "1.5.3-1", "1.5.3-1" },
    { S("\xf4\x90\x80\x80"), "1.5.3-1", "1.5.3-1" },
    { S("a/\xff"), "1.5.3-1", "1.5.3-1" },
    { S("a/\xe2\x82"), "1.5.3-1", "1.5.3-1" },
    { S("\x80"), "1.5.3-1", "1.5.3-1" },
    { S("#"), "4.7.1-1", NULL },
    { S("+"), "4.7.1-1", NULL },
    { S("+/+"), "4.7.1-1", NULL },
    { S("/#"), "4.7.1-1", NULL },
    { S("a/#"), "4.7.1-1", NULL },
    { S("a/+/#"), "4.7.1-1", NULL },
    { S("+/"), "4.7.1-1", NULL },
    { S("/+"), "4.7.1-1", NULL },
    { S("a//+//#"), "4.7.1-1", NULL },
    { S("a#"), "4.7.1-1", "4.7.1-2" },
    { S("#a"), "4.7.1-1", "4.7.1-2" },
    { S("##"), "4.7.1-1", "4.7.1-2" },
    { S("#/"), "4.7.1-1", "4.7.1-2" },
    { S("#/a"), "4.7.1-1", "4.7.1-2" },
    { S("a/#/b"), "4.7.1-1", "4.7.1-2" },
    { S("a/#/"), "4.7.1-1", "4.7.1-2" },
    { S("a/#b"), "4.7.1-1", "4.7.1-2" },
    { S("a/+#"), "4.7.1-1", "4.7.1-2" },
    { S("a+"), "4.7.1-1", "4.7.1-3" },
    { S("+a"), "4.7.1-1", "4.7.1-3" },
    { S("++"), "4.7.1-1", "4.7.1-3" },
    { S("a/+b/c"), "4.7.1-1", "4.7.1-3" },
    { S("a/b+"), "4.7.1-1", "4.7.1-3" },
    { S("$share/g/a"), NULL, NULL },
    { S("$share/g/#"), "4.7.1-1", NULL },
    { S("$share/g//"), NULL, NULL },
    { S("$share/g"), NULL, "4.8.2-2" },
    { S("$share/"), NULL, "4.8.2-2" },
    { S("$share//a"), NULL, "4.8.2-2" },
    { S("$share/+/a"), "4.7.1-1", "4.8.2-2" },
    { S("$share/g#/a"), "4.7.1-1", "4.8.2-2" },
    { S("$share/#"), "4.7.1-1", "4.8.2-2" },
    { S("$share/g/"), NULL, "4.7.3-1" },
    { S("$share/g/$share/h/a"), NULL, "4.8.2-2" },
    { S("$share/g/a#"), "4.7.1-1", "4.7.1-2" },
    { S("$share/g/a+"), "4.7.1-1", "4.7.1-3" },
    { S("$share/\xff/a"), "1.5.3-1", "1.5.3-1" },
    { S("$share/g\0/a"), "4.7.3-2", "4.7.3-2" },
};

static void expect_why(const char *why, const char *number, const struct check_case *c)
{
    if (!number && why) fail_msg("'%.*s': %s", (int)c->text.len, c->text.ptr, why);
    if (number && (!why || !strstr(why, number)))
        fail_msg("'%.*s': %s instead of %s", (int)c->text.len, c->text.ptr, why, number);
}

static void checks_name_the_statement(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        const struct check_case *c = &checks[i];
        expect_why(topic_name_why(c->text), c->name_why, c);
        expect_why(topic_filter_why(c->text), c->filter_why, c);
        assert_int_equal(topic_name_check(c->text), c->name_why ? ERR_TOPIC : 0);
        assert_int_equal(topic_filter_check(c->text), c->filter_why ? ERR_TOPIC : 0);
    }
}

/* Names are looked at in words: a bad byte is found wherever it stands, and nothing else is. */
static void bad_bytes_are_found_everywhere(void **state)
{
    char name[32];
    for (size_t len = 1; len < sizeof name; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                memset(name, 'x', sizeof name);
                name[at] = (char)c;
                bool bad = c == 0 || c == '+' || c == '#' || c >= 0x80;
                if ((topic_name_check(slice_of(name, len)) < 0) != bad)
                    fail_msg("byte %02x at %zu of %zu", (unsigned)c, at, len);
            }
        }
    }
    assert_int_equal(topic_name_check(SLICE_LIT("xxxxxxx\xc3\xbcxxxxxxxx")), 0);
}

/* [MQTT-4.7.3-3] */
static void length_is_bounded(void **state)
{
    char *text = xmalloc(65536);
    memset(text, 'a', 65536);
    assert_int_equal(topic_name_check(slice_of(text, 65535)), 0);
    assert_int_equal(topic_filter_check(slice_of(text, 65535)), 0);
    assert_int_equal(topic_name_check(slice_of(text, 65536)), ERR_TOPIC);
    assert_int_equal(topic_filter_check(slice_of(text, 65536)), ERR_TOPIC);
    memset(text, '/', 65536);
    assert_int_equal(topic_name_check(slice_of(text, 65535)), 0);
    assert_int_equal(topic_levels(slice_of(text, 65535)), 65536);
    assert_true(topic_match(slice_str("#"), slice_of(text, 65535)));
    assert_true(topic_match(slice_of(text, 65535), slice_of(text, 65535)));
    assert_false(topic_match(slice_of(text, 65534), slice_of(text, 65535)));
    free(text);
}

static void matching_follows_the_standard(void **state)
{
    static const struct {
        const char *filter, *name;
        bool matches;
    } cases[] = {
        /* the examples of section 4.7 */
        { "sport/tennis/player1/#", "sport/tennis/player1", true },
        { "sport/tennis/player1/#", "sport/tennis/player1/ranking", true },
        { "sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true },
        { "sport/tennis/player1/#", "sport/tennis/player10", false },
        { "sport/#", "sport", true },
        { "#", "sport", true },
        { "#", "/", true },
        { "sport/tennis/+", "sport/tennis/player1", true },
        { "sport/tennis/+", "sport/tennis/player1/ranking", false },
        { "sport/+", "sport", false },
        { "sport/+", "sport/", true },
        { "+/+", "/finance", true },
        { "/+", "/finance", true },
        { "+", "/finance", false },
        { "#", "$SYS/monitor/Clients", false },
        { "+/monitor/Clients", "$SYS/monitor/Clients", false },
        { "$SYS/#", "$SYS/monitor/Clients", true },
        { "$SYS/#", "$SYS", true },
        { "$SYS/monitor/+", "$SYS/monitor/Clients", true },
        { "ACCOUNTS", "Accounts", false },
        { "/finance", "finance", false },
        /* corners */
        { "+", "", true },
        { "+", "a", true },
        { "+", "$", false },
        { "+/#", "$a/b", false },
        { "+/#", "a", true },
        { "a/+/#", "a", false },
        { "a/+/#", "a/", true },
        { "a/+/+/#", "a/b/c", true },
        { "a/+/+/#", "a/b", false },
        { "a//b", "a//b", true },
        { "a/+/b", "a//b", true },
        { "a/b", "a/b/", false },
        { "a/b/", "a/b", false },
        { "a/b", "a", false },
        { "a", "a/b", false },
        { "ab", "a", false },
        { "a", "ab", false },
        { "/#", "/", true },
        { "/#", "", true },
        { "/#", "a", false },
        { "a/+", "a/$b", true },
        { "a/#", "a/$b/c", true },
        { "+/a", "b/a", true },
        { "+/a", "b/a/c", false },
        { "+/+", "a", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (topic_match(slice_str(cases[i].filter), slice_str(cases[i].name)) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].filter, cases[i].name);
}

static void shared_filters_split(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *group, *filter;
    } cases[] = {
        { "$share/g/a/b", 1, "g", "a/b" },
        { "$share/g h/#", 1, "g h", "#" },
        { "$share/g//a", 1, "g", "/a" },
        { "$share/$x/+/y", 1, "$x", "+/y" },
        { "$share/g/$share", 1, "g", "$share" },
        { "$share/g/$share/h/a", ERR_TOPIC, NULL, NULL },
        { "$share/g/$share/", ERR_TOPIC, NULL, NULL },
        { "$share", 0, NULL, NULL },
        { "$SHARE/g/a", 0, NULL, NULL },
        { "share/g/a", 0, NULL, NULL },
        { "/$share/g/a", 0, NULL, NULL },
        { "$sharex/g/a", 0, NULL, NULL },
        { "$share/", ERR_TOPIC, NULL, NULL },
        { "$share/g", ERR_TOPIC, NULL, NULL },
        { "$share/g/", ERR_TOPIC, NULL, NULL },
        { "$share//a", ERR_TOPIC, NULL, NULL },
        { "$share/+/a", ERR_TOPIC, NULL, NULL },
        { "$share/a+b/a", ERR_TOPIC, NULL, NULL },
        { "$share/#/a", ERR_TOPIC, NULL, NULL },
        { "$share/g/a#", ERR_TOPIC, NULL, NULL },
        { "$share/g/\xff", ERR_TOPIC, NULL, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice group = slice_str("untouched"), filter = slice_str("untouched");
        assert_int_equal(topic_share_split(slice_str(cases[i].text), &group, &filter), cases[i].rc);
        assert_true(slice_eq_str(group, cases[i].group ? cases[i].group : "untouched"));
        assert_true(slice_eq_str(filter, cases[i].filter ? cases[i].filter : "untouched"));
    }
}

static void levels_are_walked(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *joined;
    } cases[] = {
        { "a", 1, "a|" },       { "a/b", 2, "a|b|" }, { "/", 2, "||" },
        { "a//b", 3, "a||b|" }, { "/a/", 3, "|a||" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char joined[32] = "";
        struct slice text = slice_str(cases[i].text);
        for (size_t at = 0; at <= text.len;) {
            struct slice level = topic_next_level(text, &at);
            strncat(joined, level.ptr, level.len);
            strcat(joined, "|");
        }
        assert_string_equal(joined, cases[i].joined);
        assert_int_equal(topic_levels(text), cases[i].count);
    }
}

static void reserved_and_wildcard_are_told(void **state)
{
    assert_true(topic_is_reserved(slice_str("$aws/x")));
    assert_false(topic_is_reserved(slice_str("a/$aws")));
    assert_false(topic_is_reserved(slice_str("")));
    assert_true(topic_has_wildcard(slice_str("a/+")));
    assert_true(topic_has_wildcard(slice_str("#")));
    assert_false(topic_has_wildcard(slice_str("a/b")));
    assert_false(topic_has_wildcard((struct slice){ NULL, 0 }));
}

static void counted_without_the_prefix(void **state)
{
    static const struct {
        const char *text, *counted;
    } cases[] = {
        { "a/b", "a/b" },
        { "$aws/rules/name/a/b", "a/b" },
        { "$aws/rules/name/", "$aws/rules/name/" },
        { "$aws/rules/name", "$aws/rules/name" },
        { "$aws/rules//x", "x" },
        { "$aws/rulesx/y/z", "$aws/rulesx/y/z" },
        { "$share/group/a/#", "a/#" },
        { "$share/group", "$share/group" },
        { "$aws/things/t/shadow/update", "$aws/things/t/shadow/update" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!slice_eq(topic_counted(slice_str(cases[i].text)), slice_str(cases[i].counted)))
            fail_msg("'%s'", cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_without_the_prefix),
        cmocka_unit_test(checks_name_the_statement),
        cmocka_unit_test(bad_bytes_are_found_everywhere),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(matching_follows_the_standard),
        cmocka_unit_test(shared_filters_split),
        cmocka_unit_test(levels_are_walked),
        cmocka_unit_test(reserved_and_wildcard_are_told),
    };
    return cmocka_run_group_tests_name("topic", tests, NULL, NULL);
}
