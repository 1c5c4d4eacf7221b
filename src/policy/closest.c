/* closest.c — see closest.h. A statement has three parts that must fit: action, resource, conditions. Each part
 * is judged alone, by what decides in earnest (policy_priv.h), so that an explanation cannot disagree with the
 * decision. */
#include "policy/closest.h"

#include "base/json.h"
#include "policy/policy_priv.h"

enum { RESOURCES_TOLD = 3 };

/* ---- which ---- */

/* How much of the text is like the pattern, before its first wildcard or variable. */
static size_t likeness(const struct pattern *pattern, struct slice text)
{
    const struct pattern_token *first = pattern->tokens;
    if (pattern->count == 0 || first->kind != PATTERN_TEXT) return 0;
    size_t len = 0;
    while (len < text.len && len < first->text.len && text.ptr[len] == first->text.ptr[len])
        len++;
    return len;
}

static size_t most_likeness(const struct statement *st, struct slice resource)
{
    size_t most = 0;
    for (size_t i = 0; i < st->resource_count; i++) {
        size_t here = likeness(&st->resources[i], resource);
        if (here > most) most = here;
    }
    return most;
}

struct candidate {
    struct policy_closest closest;
    unsigned rank; /* the lower, the closer */
    size_t likeness;
};

static struct candidate judge(const struct policy *policy, size_t index,
                              const struct policy_request *request, enum policy_action id)
{
    const struct statement *st = &policy->statements[index];
    struct candidate c = { .closest = { .policy = policy, .statement = (int)index } };
    c.closest.condition = statement_failing(st, request->vars);
    if (c.closest.condition) c.closest.gaps |= POLICY_GAP_CONDITION;
    if (!statement_has_resource(st, request)) c.closest.gaps |= POLICY_GAP_RESOURCE;
    if (!statement_has_action(st, request, id)) c.closest.gaps |= POLICY_GAP_ACTION;
    c.rank = (unsigned)__builtin_popcount(c.closest.gaps) * 8 + c.closest.gaps;
    c.likeness = most_likeness(st, request->resource);
    return c;
}

static bool is_closer(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->likeness > b->likeness;
}

void policy_find_closest(struct policy *const *policies, size_t count,
                         const struct policy_request *request, struct policy_closest *ret_closest)
{
    struct candidate best = { .rank = UINT32_MAX };
    enum policy_action id = request->id;
    if (id == POLICY_ACTION_OTHER) id = policy_action_of(request->action);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < policies[i]->count; j++) {
            if (policies[i]->statements[j].deny) continue;
            struct candidate c = judge(policies[i], j, request, id);
            if (is_closer(&c, &best)) best = c;
        }
    }
    *ret_closest = best.closest;
}

/* ---- in words ---- */

static const char *action_of(const struct policy_request *request)
{
    return request->action ? request->action : policy_action_name(request->id);
}

static void put_resources(const struct statement *st, struct buf *out)
{
    for (size_t i = 0; i < st->resource_count && i < RESOURCES_TOLD; i++) {
        if (i) buf_puts(out, ", ");
        pattern_put(&st->resources[i], out);
    }
    if (st->resource_count > RESOURCES_TOLD)
        buf_printf(out, " and %zu others", st->resource_count - RESOURCES_TOLD);
}

/* The first variable of the resources that has no value to put in. */
static const struct variable *missing_variable(const struct statement *st,
                                               const struct policy_vars *vars)
{
    struct slice value;
    for (size_t i = 0; i < st->resource_count; i++) {
        const struct pattern *pattern = &st->resources[i];
        for (uint32_t j = 0; j < pattern->count; j++)
            if (pattern->tokens[j].kind == PATTERN_VAR &&
                !variable_substitute(&pattern->tokens[j].var, vars, &value))
                return &pattern->tokens[j].var;
    }
    return NULL;
}

static void put_resource_gap(const struct statement *st, const struct policy_request *request,
                             struct buf *out)
{
    const struct variable *missing = missing_variable(st, request->vars);
    buf_puts(out, "its resource is ");
    put_resources(st, out);
    if (!missing) return;
    buf_puts(out, ", and ");
    variable_put(missing, out);
    buf_puts(out, " has no value here that could be put in");
}

static void put_condition_gap(const struct condition *condition,
                              const struct policy_request *request, struct buf *out)
{
    struct slice value;
    buf_puts(out, "its condition ");
    condition_put_name(condition, out);
    buf_puts(out, " does not hold: ");
    if (variable_get(&condition->key, 0, request->vars, &value)) {
        buf_puts(out, "the value is '");
        buf_put_slice(out, value);
        buf_putc(out, '\'');
    } else {
        buf_puts(out, "there is no value");
    }
}

void policy_closest_text(const struct policy_closest *closest, const struct policy_request *request,
                         struct buf *out)
{
    unsigned gaps = closest->gaps;
    if (!closest->policy) {
        buf_puts(out, "there is no statement that allows anything");
        return;
    }
    const struct statement *st = &closest->policy->statements[closest->statement];
    policy_statement_put(closest->policy, closest->statement, out);
    buf_puts(out, ": ");
    if (gaps & POLICY_GAP_ACTION) buf_printf(out, "it is not about %s", action_of(request));
    if (gaps & POLICY_GAP_RESOURCE) {
        if (gaps & POLICY_GAP_ACTION) buf_puts(out, "; ");
        put_resource_gap(st, request, out);
    }
    if (gaps & POLICY_GAP_CONDITION) {
        if (gaps & ~(unsigned)POLICY_GAP_CONDITION) buf_puts(out, "; ");
        put_condition_gap(closest->condition, request, out);
    }
}

void policy_change_text(const struct policy_decision *decision,
                        const struct policy_request *request, struct buf *out)
{
    struct buf resource = { 0 };
    if (decision->effect == POLICY_EXPLICIT_DENY) {
        buf_puts(out, "narrow or remove ");
        policy_statement_put(decision->policy, decision->statement, out);
        buf_puts(out, ", which denies it");
        return;
    }
    if (slice_eq_str(request->resource, "*"))
        buf_putc(&resource, '*');
    else
        pattern_put_literal(request->resource, &resource);
    buf_puts(out, "{\"Effect\":\"Allow\",\"Action\":");
    json_print_str(out, slice_str(action_of(request)));
    buf_puts(out, ",\"Resource\":");
    json_print_str(out, buf_slice(&resource));
    buf_putc(out, '}');
    buf_deinit(&resource);
}
