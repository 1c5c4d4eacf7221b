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

struct policy {
    unsigned refs;
    struct arena arena; /* of all that is below */
    const char *name;
    struct statement *statements;
    size_t count;
};

#endif
