/* test_alias.c — topic aliases: those that a client sets, and those that we give to topics that come again. */
#include "base/err.h"
#include "base/mem.h"
#include "conn/alias.h"
#include "lib/test.h"

#include <stdio.h>

static struct slice resolved(struct alias_in *in, uint16_t alias, const char *topic)
{
    struct slice found = { NULL, 0 };
    assert_int_equal(alias_in_resolve(in, alias, slice_str(topic), &found), 0);
    return found;
}

/* [MQTT-3.3.2-7], [MQTT-3.3.2-12] */
static void an_alias_stands_for_its_topic(void **state)
{
    struct alias_in in = { .max = 2 };
    assert_true(slice_eq_str(resolved(&in, 1, "a/b"), "a/b"));
    assert_true(slice_eq_str(resolved(&in, 2, "c"), "c"));
    assert_true(slice_eq_str(resolved(&in, 1, ""), "a/b"));
    assert_true(slice_eq_str(resolved(&in, 1, "a/other"), "a/other"));
    assert_true(slice_eq_str(resolved(&in, 1, ""), "a/other"));
    assert_true(slice_eq_str(resolved(&in, 2, ""), "c"));
    alias_in_deinit(&in);
}

/* [MQTT-3.3.2-8], [MQTT-3.3.2-9] */
static void aliases_out_of_range(void **state)
{
    struct alias_in in = { .max = 2 }, none = { .max = 0 };
    struct slice found = { NULL, 0 };
    assert_int_equal(alias_in_resolve(&in, 0, SLICE_LIT("a"), &found), ERR_INVALID);
    assert_int_equal(alias_in_resolve(&in, 3, SLICE_LIT("a"), &found), ERR_INVALID);
    assert_int_equal(alias_in_resolve(&none, 1, SLICE_LIT("a"), &found), ERR_INVALID);
    assert_int_equal(alias_in_resolve(&in, 1, SLICE_LIT(""), &found), ERR_NOT_FOUND);
    assert_null(found.ptr);
    resolved(&in, 2, "x");
    assert_int_equal(alias_in_resolve(&in, 1, SLICE_LIT(""), &found), ERR_NOT_FOUND);
    alias_in_deinit(&in);
}

/* So a client cannot make us keep 64 KB for each alias. */
static void topics_of_aliases_are_bounded(void **state)
{
    enum { LEN = 60000 };
    struct alias_in in = { .max = 32 };
    char *topic = xmalloc(LEN);
    struct slice found;
    memset(topic, 'x', LEN);
    assert_int_equal(alias_in_resolve(&in, 1, slice_of(topic, LEN), &found), 0);
    assert_int_equal(alias_in_resolve(&in, 2, slice_of(topic, LEN), &found), ERR_LIMIT);
    assert_int_equal(alias_in_resolve(&in, 1, slice_of(topic, LEN - 1), &found), 0);
    assert_true(slice_eq_str(resolved(&in, 1, "short"), "short"));
    assert_int_equal(alias_in_resolve(&in, 2, slice_of(topic, LEN), &found), 0);
    assert_int_equal(found.len, LEN);
    alias_in_deinit(&in);
    free(topic);
}

static uint16_t next(struct alias_out *out, const char *topic, bool *ret_known)
{
    *ret_known = false;
    return alias_out_next(out, slice_str(topic), ret_known);
}

static void a_topic_gets_one_when_it_comes_again(void **state)
{
    struct alias_out out = { .max = 4 };
    bool known;
    assert_int_equal(next(&out, "sensor/1", &known), 0);
    assert_int_equal(next(&out, "sensor/2", &known), 0);
    assert_int_equal(next(&out, "sensor/1", &known), 1);
    assert_false(known);
    assert_int_equal(next(&out, "sensor/1", &known), 1);
    assert_true(known);
    assert_int_equal(next(&out, "sensor/2", &known), 2);
    assert_false(known);
    assert_int_equal(alias_out_known(&out, SLICE_LIT("sensor/2")), 2);
    assert_int_equal(alias_out_known(&out, SLICE_LIT("sensor/3")), 0);
    alias_out_deinit(&out);
}

static void short_topics_and_none_at_all(void **state)
{
    struct alias_out out = { .max = 4 }, none = { .max = 0 };
    bool known;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(&out, "a/b", &known), 0);
        assert_int_equal(next(&none, "sensor/1", &known), 0);
    }
    assert_null(out.slots);
    assert_null(none.slots);
}

/* A topic that is not used any more makes room; those in use do not take each other's. */
static void the_oldest_makes_room(void **state)
{
    struct alias_out out = { .max = 2 };
    bool known;
    next(&out, "t/one", &known), next(&out, "t/one", &known);
    next(&out, "t/two", &known), next(&out, "t/two", &known);
    next(&out, "t/three", &known);
    assert_int_equal(next(&out, "t/three", &known), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(next(&out, "t/two", &known), 2);
        assert_true(known);
    }
    assert_int_equal(next(&out, "t/three", &known), 1);
    assert_false(known);
    assert_int_equal(next(&out, "t/one", &known), 0);
    assert_int_equal(alias_out_known(&out, SLICE_LIT("t/one")), 0);
    alias_out_deinit(&out);
}

/* Never more than are allowed, and the client's idea of each is ours. */
static void what_the_client_knows_is_what_we_know(void **state)
{
    struct alias_out out = { .max = 7 };
    struct alias_in client = { .max = 7 };
    uint32_t seed = 1;
    for (int i = 0; i < 5000; i++) {
        char topic[32];
        bool known = false;
        struct slice found;
        seed = seed * 1664525u + 1013904223u;
        snprintf(topic, sizeof topic, "topic/%u", (seed >> 16) % (i < 2500 ? 6 : 30));
        uint16_t alias = alias_out_next(&out, slice_str(topic), &known);
        if (!alias) continue;
        struct slice sent = known ? slice_of("", 0) : slice_str(topic);
        assert_int_equal(alias_in_resolve(&client, alias, sent, &found), 0);
        assert_true(slice_eq_str(found, topic));
    }
    alias_out_deinit(&out);
    alias_in_deinit(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alias_stands_for_its_topic),
        cmocka_unit_test(aliases_out_of_range),
        cmocka_unit_test(topics_of_aliases_are_bounded),
        cmocka_unit_test(a_topic_gets_one_when_it_comes_again),
        cmocka_unit_test(short_topics_and_none_at_all),
        cmocka_unit_test(the_oldest_makes_room),
        cmocka_unit_test(what_the_client_knows_is_what_we_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
