/* fuzz_policy.c — any bytes into policy_parse, and what parses is evaluated.
 * The input is a document, then (after the first zero byte) lines: the resource, and values which
 * every variable has in turn.
 *  P1  A failure says why and gives no policy; success gives one.
 *  P2  An action by its name and by its number decide alike.
 *  P3  Evaluation is a function: asked twice, it answers the same.
 *  P4  A refusal can be explained, and a statement that has no gap is not called the closest. */
#include "base/err.h"
#include "policy/closest.h"
#include "policy/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds) abort();
}

static struct slice take_line(struct slice *rest)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    struct slice line = slice_of(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
    *rest = slice_of(rest->ptr + line.len + (end != NULL), rest->len - line.len - (end != NULL));
    return line;
}

static bool get_line(void *arg, const char *name, size_t index, struct slice *ret_value)
{
    struct slice rest = *(const struct slice *)arg;
    size_t skip = index + strlen(name) % 3;
    while (skip-- && rest.len)
        take_line(&rest);
    if (rest.len == 0) return false;
    *ret_value = take_line(&rest);
    return true;
}

static void count_names(void *arg, const char *name)
{
    *(size_t *)arg += 1 + (name[0] != '\0');
}

static void explain(struct policy *policy, const struct policy_request *request,
                    const struct policy_decision *decision)
{
    struct policy_closest closest;
    struct buf text = { 0 };
    if (decision->effect == POLICY_ALLOW) return;
    policy_change_text(decision, request, &text);
    policy_find_closest(&policy, 1, request, &closest);
    expect(decision->effect == POLICY_EXPLICIT_DENY || !closest.policy || closest.gaps);
    policy_closest_text(&closest, request, &text);
    expect(text.len > 0);
    buf_deinit(&text);
}

static void evaluate(struct policy *policy, struct slice rest)
{
    static const char *const others[] = { "iot:CreateThing", "s3:GetObject", "" };
    struct slice resource = take_line(&rest);
    struct policy_vars vars = { get_line, &rest };
    for (int i = 0; i < POLICY_ACTION_COUNT + 2; i++) {
        bool known = i > 0 && i < POLICY_ACTION_COUNT;
        struct policy_request request = {
            .action = known ? policy_action_name((enum policy_action)i) : others[i % 3],
            .resource = resource,
            .vars = i % 4 == 3 ? NULL : &vars,
        };
        struct policy_decision by_name, again;
        struct policy *both[] = { policy, policy };
        policy_eval(both, 1, &request, &by_name);
        explain(policy, &request, &by_name);
        if (known) request.id = (enum policy_action)i;
        policy_eval(both, 2, &request, &again);
        expect(by_name.effect == again.effect && by_name.statement == again.statement);
        expect((by_name.policy == NULL) == (by_name.effect == POLICY_IMPLICIT_DENY));
        struct buf text = { 0 };
        policy_decision_text(&by_name, &text);
        expect(text.len > 0);
        buf_deinit(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), document = rest;
    const char *end = size ? memchr(data, '\0', size) : NULL;
    if (end) document.len = (size_t)(end - document.ptr);
    rest = slice_of(rest.ptr + document.len, rest.len - document.len);
    if (end) rest = slice_of(rest.ptr + 1, rest.len - 1);
    struct policy *policy = NULL;
    struct diag diag = DIAG_INIT;
    int rc = policy_parse("fuzz", document, &policy, &diag);
    expect((rc < 0) == (policy == NULL) && (rc < 0) == (diag.text[0] != '\0'));
    expect(rc == 0 || rc == ERR_SYNTAX || rc == ERR_INVALID || rc == ERR_TOO_LARGE);
    if (rc < 0) return 0;
    size_t names = 0;
    policy_each_variable(policy, count_names, &names);
    expect(!policy_uses_variable(policy, ""));
    evaluate(policy, rest);
    policy_unref(policy);
    return 0;
}
