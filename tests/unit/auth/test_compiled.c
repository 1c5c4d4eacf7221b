/* Unit tests of the policies that were compiled lately. */
#include "auth/compiled.h"
#include "base/err.h"
#include "lib/test.h"
#include "policy/policy.h"

#include <stdio.h>

static const char document[] = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\","
                               "\"Action\":\"*\",\"Resource\":\"*\"}}";

static struct policy *get(struct compiled *compiled, const char *name, int64_t version)
{
    struct policy *policy = NULL;
    struct diag diag = DIAG_INIT;
    assert_int_equal(compiled_get(compiled, name, version, document, &policy, &diag), 0);
    assert_string_equal(policy_name(policy), name);
    return policy;
}

static void a_policy_is_compiled_once(void **state)
{
    struct compiled compiled;
    compiled_init(&compiled);
    struct policy *a = get(&compiled, "A", 1), *again = get(&compiled, "A", 1);
    assert_ptr_equal(a, again);
    struct policy *next = get(&compiled, "A", 2); /* in the place of the first */
    assert_ptr_not_equal(a, next);
    assert_int_equal(compiled.entries.count, 1);
    compiled_drop(&compiled, "A");
    compiled_drop(&compiled, "A");
    struct policy *anew = get(&compiled, "A", 2);
    assert_ptr_not_equal(anew, next);
    compiled_deinit(&compiled);
    policy_unref(a); /* those who hold it keep it */
    policy_unref(again);
    policy_unref(next);
    policy_unref(anew);
}

static void what_does_not_parse_is_not_kept(void **state)
{
    struct compiled compiled;
    struct policy *policy = NULL;
    struct diag diag = DIAG_INIT;
    compiled_init(&compiled);
    struct policy *a = get(&compiled, "A", 1);
    assert_int_equal(compiled_get(&compiled, "A", 2, "{", &policy, &diag), ERR_SYNTAX);
    assert_null(policy);
    struct policy *still = get(&compiled, "A", 1);
    assert_ptr_equal(still, a);
    policy_unref(a);
    policy_unref(still);
    compiled_deinit(&compiled);
}

static void the_longest_unused_goes(void **state)
{
    struct compiled compiled;
    char name[16];
    compiled_init(&compiled);
    struct policy *first = get(&compiled, "P0", 1), *second = get(&compiled, "P1", 1);
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "P%d", i);
        policy_unref(get(&compiled, name, 1));
        policy_unref(get(&compiled, "P0", 1)); /* used all the time */
    }
    assert_int_equal(compiled.entries.count, 256);
    struct policy *kept = get(&compiled, "P0", 1), *made = get(&compiled, "P1", 1);
    assert_ptr_equal(kept, first);
    assert_ptr_not_equal(made, second);
    policy_unref(first);
    policy_unref(second);
    policy_unref(kept);
    policy_unref(made);
    compiled_deinit(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_compiled_once),
        cmocka_unit_test(what_does_not_parse_is_not_kept),
        cmocka_unit_test(the_longest_unused_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
