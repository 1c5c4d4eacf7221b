/* policy_eval.c — does any policy allow this, and which statement says so; see policy.h.
 * This stands on the path of every publish, so: no allocation, an action of the table is one bit,
 * an Allow is not looked at any more once there is one, and resources are compared before
 * conditions, which are rare.
 *  I1  A Deny that speaks decides, whatever its place among policies and statements.
 *  I2  Of several statements which would give the same answer, the first is named. */
#include "base/map.h"
#include "policy/policy_priv.h"

#include <stdlib.h>
#include <strings.h>

static const char *const action_names[POLICY_ACTION_COUNT] = {
#define X(id, name) [POLICY_ACTION_##id] = name,
    POLICY_ACTIONS(X)
#undef X
};

enum policy_action policy_action_of(const char *name)
{
    size_t low = 1, high = POLICY_ACTION_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcasecmp(name, action_names[middle]);
        if (order == 0) return (enum policy_action)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return POLICY_ACTION_OTHER;
}

const char *policy_action_name(enum policy_action action)
{
    return action_names[action];
}

struct policy *policy_ref(struct policy *policy)
{
    policy->refs++;
    return policy;
}

void policy_unref(struct policy *policy)
{
    if (!policy || --policy->refs) return;
    arena_deinit(&policy->arena);
    free(policy);
}

const char *policy_name(const struct policy *policy)
{
    return policy->name;
}

size_t policy_statement_count(const struct policy *policy)
{
    return policy->count;
}

/* --- variables -------------------------------------------------------------------------------- */

static void each_in_statement(const struct statement *st, void (*cb)(void *arg, const char *name),
                              void *arg)
{
    for (size_t i = 0; i < st->resource_count; i++)
        pattern_each_variable(&st->resources[i], cb, arg);
    for (size_t i = 0; i < st->condition_count; i++)
        condition_each_variable(&st->conditions[i], cb, arg);
}

struct once {
    struct map seen;
    void (*cb)(void *arg, const char *name);
    void *arg;
};

static void call_once(void *arg, const char *name)
{
    struct once *once = arg;
    if (map_put(&once->seen, slice_str(name), once)) return;
    once->cb(once->arg, name);
}

void policy_each_variable(const struct policy *policy, void (*cb)(void *arg, const char *name),
                          void *arg)
{
    struct once once = { .cb = cb, .arg = arg };
    for (size_t i = 0; i < policy->count; i++)
        each_in_statement(&policy->statements[i], call_once, &once);
    map_deinit(&once.seen);
}

struct search {
    const char *name;
    bool found;
};

static void compare_name(void *arg, const char *name)
{
    struct search *search = arg;
    search->found |= strcmp(search->name, name) == 0;
}

bool policy_uses_variable(const struct policy *policy, const char *name)
{
    struct search search = { .name = name };
    for (size_t i = 0; i < policy->count; i++)
        each_in_statement(&policy->statements[i], compare_name, &search);
    return search.found;
}

bool policy_depends_on_time(const struct policy *policy)
{
    return policy->timed;
}

/* --- evaluation ------------------------------------------------------------------------------- */

static bool any_matches(const struct pattern *patterns, size_t count, struct slice text,
                        const struct policy_vars *vars)
{
    for (size_t i = 0; i < count; i++)
        if (pattern_match(&patterns[i], text, vars)) return true;
    return false;
}

bool statement_has_action(const struct statement *st, const struct policy_request *request,
                          enum policy_action id)
{
    if (id != POLICY_ACTION_OTHER) return st->known >> id & 1;
    return any_matches(st->actions, st->action_count, slice_str(request->action), NULL);
}

bool statement_has_resource(const struct statement *st, const struct policy_request *request)
{
    return any_matches(st->resources, st->resource_count, request->resource, request->vars);
}

const struct condition *statement_failing(const struct statement *st,
                                          const struct policy_vars *vars)
{
    for (size_t i = 0; i < st->condition_count; i++)
        if (!condition_holds(&st->conditions[i], vars)) return &st->conditions[i];
    return NULL;
}

static bool speaks(const struct statement *st, const struct policy_request *request,
                   enum policy_action id)
{
    return statement_has_action(st, request, id) && statement_has_resource(st, request) &&
           !statement_failing(st, request->vars);
}

/* True when it is decided for good. */
static bool eval_one(const struct policy *policy, const struct policy_request *request,
                     enum policy_action id, struct policy_decision *decision)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct statement *st = &policy->statements[i];
        if (!st->deny && decision->effect == POLICY_ALLOW) continue;
        if (!speaks(st, request, id)) continue;
        *decision =
            (struct policy_decision){ .effect = st->deny ? POLICY_EXPLICIT_DENY : POLICY_ALLOW,
                                      .policy = policy,
                                      .statement = (int)i,
                                      .sid = st->sid };
        if (st->deny) return true;
    }
    return false;
}

void policy_eval(struct policy *const *policies, size_t count, const struct policy_request *request,
                 struct policy_decision *ret_decision)
{
    struct policy_decision decision = { .effect = POLICY_IMPLICIT_DENY, .statement = -1 };
    enum policy_action id = request->id;
    if (id == POLICY_ACTION_OTHER) id = policy_action_of(request->action);
    for (size_t i = 0; i < count; i++)
        if (eval_one(policies[i], request, id, &decision)) break;
    *ret_decision = decision;
}

void policy_statement_put(const struct policy *policy, int statement, struct buf *out)
{
    const char *sid = policy->statements[statement].sid;
    buf_printf(out, "policy %s, Statement[%d]", policy_name(policy), statement);
    if (sid) buf_printf(out, " (%s)", sid);
}

void policy_decision_text(const struct policy_decision *decision, struct buf *out)
{
    if (decision->effect == POLICY_IMPLICIT_DENY) {
        buf_puts(out, "no statement allows it");
        return;
    }
    buf_puts(out, decision->effect == POLICY_ALLOW ? "allowed by " : "explicit deny by ");
    policy_statement_put(decision->policy, decision->statement, out);
}
