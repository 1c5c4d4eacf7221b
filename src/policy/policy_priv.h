/* policy_priv.h — a compiled policy, shared by parse and eval. */
#ifndef POLICY_POLICY_PRIV_H
#define POLICY_POLICY_PRIV_H

#include "base/arena.h"
#include "policy/condition.h"
#include "policy/pattern.h"
#include "policy/policy.h"

_Static_assert(POLICY_ACTION_COUNT <= 64, "the actions must fit a mask");

struct statement {
    const char *sid; /* NULL if there is none */
    bool deny;
    uint64_t known;          /* bit n: enum policy_action n matches */
    struct pattern *actions; /* for the others */
    size_t action_count;
    struct pattern *resources;
    size_t resource_count;
    struct condition *conditions;
    size_t condition_count;
};

/* Whether that part of the statement speaks for the request; id as policy_action_of tells it. */
bool statement_has_action(const struct statement *st, const struct policy_request *request,
                          enum policy_action id);
bool statement_has_resource(const struct statement *st, const struct policy_request *request);
/* The first condition that does not hold; NULL: all do. */
const struct condition *statement_failing(const struct statement *st,
                                          const struct policy_vars *vars);

struct policy {
    unsigned refs;
    struct arena arena; /* of all that is below */
    const char *name;
    struct statement *statements;
    size_t count;
    bool timed;
};

/* Appends "policy P, Statement[2] (sid)". */
void policy_statement_put(const struct policy *policy, int statement, struct buf *out);

#endif
