/* Unit tests of closest.c: which statement is named, what of it does not fit, and that the change which is offered
 * allows what was refused. */
#include "lib/test.h"

#include "base/mem.h"
#include "policy/closest.h"

#define ARN "arn:aws:iot:local:000000000000:"

static bool get(void *arg, const char *name, size_t index, struct slice *ret_value)
{
    if (index || strcmp(name, "iot:ClientId") != 0) return false;
    *ret_value = SLICE_LIT("lamp");
    return true;
}

static struct policy *parse(const char *statements)
{
    struct policy *policy;
    struct diag diag = DIAG_INIT;
    char *text = xasprintf("{\"Version\":\"2012-10-17\",\"Statement\":%s}", statements);
    int rc = policy_parse("P", slice_str(text), &policy, &diag);
    if (rc < 0) fail_msg("%s", diag_text(&diag, rc));
    free(text);
    return policy;
}

#define ALLOW(action, resource) \
    "{\"Effect\":\"Allow\",\"Action\":\"" action "\",\"Resource\":\"" resource "\"}"
#define IF(action, resource, condition)                                        \
    "{\"Effect\":\"Allow\",\"Action\":\"" action "\",\"Resource\":\"" resource \
    "\",\"Condition\":" condition "}"

static void test_the_closest(void **state)
{
    static const struct {
        const char *statements;
        const char *text;
    } rows[] = {
        { "{\"Effect\":\"Deny\",\"Action\":\"x:y\",\"Resource\":\"*\"}",
          "there is no statement that allows anything" },
        { ALLOW("iot:Publish", ARN "topic/b"),
          "policy P, Statement[0]: its resource is " ARN "topic/b" },
        { ALLOW("iot:Connect", "*"), "policy P, Statement[0]: it is not about iot:Publish" },
        { ALLOW("iot:Connect", ARN "client/*"),
          "policy P, Statement[0]: it is not about iot:Publish; its resource is " ARN "client/*" },
        /* one part is closer than two, the later part than the earlier, the more alike than the first */
        { "[" ALLOW("iot:Connect", ARN "client/*") "," ALLOW("iot:Connect", "*") "]",
          "policy P, Statement[1]: it is not about iot:Publish" },
        { "[" ALLOW("iot:Connect", "*") "," ALLOW("iot:*", ARN "topic/b?${*}") "]",
          "policy P, Statement[1]: its resource is " ARN "topic/b?${*}" },
        { "[" ALLOW("iot:Publish", ARN "topic/x/*") "," ALLOW("iot:Publish", ARN "topic/a/c") "]",
          "policy P, Statement[1]: its resource is " ARN "topic/a/c" },
        { IF("iot:Publish", "*", "{\"StringNotEquals\":{\"iot:ClientId\":\"lamp\"}}"),
          "policy P, Statement[0]: its condition StringNotEquals on iot:ClientId does not hold: "
          "the value is "
          "'lamp'" },
        { IF("iot:Publish", "*", "{\"ForAnyValue:StringLike\":{\"iot:DomainName\":\"x\"}}"),
          "policy P, Statement[0]: its condition ForAnyValue:StringLike on iot:DomainName does not "
          "hold: there "
          "is no value" },
        { ALLOW("iot:Publish", ARN "topic/${iot:Connection.Thing.ThingName}"),
          "policy P, Statement[0]: its resource is " ARN
          "topic/${iot:Connection.Thing.ThingName}, and "
          "${iot:Connection.Thing.ThingName} has no value here that could be put in" },
    };
    struct policy_vars vars = { get, NULL };
    const struct policy_request request = { .action = "iot:Publish",
                                            .resource = SLICE_LIT(ARN "topic/a/b"),
                                            .vars = &vars };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy *policy = parse(rows[i].statements);
        struct policy_closest closest;
        struct buf text = { 0 };
        policy_find_closest(&policy, 1, &request, &closest);
        policy_closest_text(&closest, &request, &text);
        assert_string_equal(buf_str(&text), rows[i].text);
        buf_deinit(&text);
        policy_unref(policy);
    }
}

static void test_the_change_allows_it_and_no_more(void **state)
{
    static const struct {
        const char *resource, *other;
    } rows[] = {
        { ARN "topic/a", ARN "topic/ab" },
        { ARN "topic/a*b", ARN "topic/axb" },
        { ARN "topic/a?", ARN "topic/ab" },
        { ARN "topic/$aws/${iot:ClientId}", ARN "topic/$aws/lamp" },
        { ARN "topic/\"quoted\"\\", ARN "topic/quoted" },
        { "*", NULL },
    };
    struct policy_vars vars = { get, NULL };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_request request = { .action = "iot:Publish",
                                          .resource = slice_str(rows[i].resource),
                                          .vars = &vars };
        struct policy_decision decision;
        struct buf change = { 0 };
        policy_eval(NULL, 0, &request, &decision);
        policy_change_text(&decision, &request, &change);
        struct policy *policy = parse(buf_str(&change));
        policy_eval(&policy, 1, &request, &decision);
        assert_int_equal(decision.effect, POLICY_ALLOW);
        if (rows[i].other) {
            request.resource = slice_str(rows[i].other);
            policy_eval(&policy, 1, &request, &decision);
            assert_int_equal(decision.effect, POLICY_IMPLICIT_DENY);
        }
        policy_unref(policy);
        buf_deinit(&change);
    }
}

static void test_an_explicit_deny_names_itself(void **state)
{
    struct policy *policy =
        parse("{\"Sid\":\"No\",\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}");
    const struct policy_request request = { .action = "iot:Publish", .resource = SLICE_LIT("*") };
    struct policy_decision decision;
    struct buf change = { 0 };
    policy_eval(&policy, 1, &request, &decision);
    policy_change_text(&decision, &request, &change);
    assert_string_equal(buf_str(&change),
                        "narrow or remove policy P, Statement[0] (No), which denies it");
    buf_deinit(&change);
    policy_unref(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_closest),
        cmocka_unit_test(test_the_change_allows_it_and_no_more),
        cmocka_unit_test(test_an_explicit_deny_names_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
