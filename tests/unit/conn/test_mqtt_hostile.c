/* test_mqtt_hostile.c — the rows of hostile_tbl.h, by the ways of hostile.h. */
#include "hostile.h"

static const struct hostile inputs[] = {
#define HOSTILE(statement, title, state, bytes, outcome) \
    HOSTILE_ROW(statement, title, state, bytes, outcome),
#include "hostile_tbl.h"
};

static void hostile_inputs(void **state)
{
    hostile_whole(*state, inputs, ARRAY_LEN(inputs));
}

static void hostile_inputs_split_everywhere(void **state)
{
    hostile_in_two(*state, inputs, ARRAY_LEN(inputs));
}

static void hostile_inputs_byte_by_byte(void **state)
{
    hostile_by_bytes(*state, inputs, ARRAY_LEN(inputs));
}

static void rows_differ(void **state)
{
    assert_true(ARRAY_LEN(inputs) >= 400);
    hostile_differ(inputs, ARRAY_LEN(inputs));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(hostile_inputs),
        TEST(hostile_inputs_split_everywhere),
        TEST(hostile_inputs_byte_by_byte),
        cmocka_unit_test(rows_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
