/* policy.h — AWS IoT policy documents: compiled once, evaluated to allow or deny with the reason.
 *
 * A document that parses here means what it means to AWS IoT; what AWS IoT policies do not have
 * (Principal, NotAction, NotResource) is refused by name, never ignored. Evaluation is pure: what a
 * policy asks of the connection it gets from struct policy_vars. Policies are immutable and
 * counted; loop thread only. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct policy;

/* Actions that devices and data-plane requests ask for often; every other action is known by its
 * name alone. Sorted by name without regard to case. */
#define POLICY_ACTIONS(X)                                                   \
    X(ASSUME_ROLE_WITH_CERTIFICATE, "iot:AssumeRoleWithCertificate")        \
    X(CONNECT, "iot:Connect")                                               \
    X(DELETE_CONNECTION, "iot:DeleteConnection")                            \
    X(DELETE_THING_SHADOW, "iot:DeleteThingShadow")                         \
    X(DESCRIBE_JOB_EXECUTION, "iot:DescribeJobExecution")                   \
    X(GET_PENDING_JOB_EXECUTIONS, "iot:GetPendingJobExecutions")            \
    X(GET_RETAINED_MESSAGE, "iot:GetRetainedMessage")                       \
    X(GET_THING_SHADOW, "iot:GetThingShadow")                               \
    X(LIST_NAMED_SHADOWS_FOR_THING, "iot:ListNamedShadowsForThing")         \
    X(LIST_RETAINED_MESSAGES, "iot:ListRetainedMessages")                   \
    X(PUBLISH, "iot:Publish")                                               \
    X(RECEIVE, "iot:Receive")                                               \
    X(RETAIN_PUBLISH, "iot:RetainPublish")                                  \
    X(START_NEXT_PENDING_JOB_EXECUTION, "iot:StartNextPendingJobExecution") \
    X(SUBSCRIBE, "iot:Subscribe")                                           \
    X(UPDATE_JOB_EXECUTION, "iot:UpdateJobExecution")                       \
    X(UPDATE_THING_SHADOW, "iot:UpdateThingShadow")

enum policy_action {
    POLICY_ACTION_OTHER, /* known by its name only */
#define X(id, name) POLICY_ACTION_##id,
    POLICY_ACTIONS(X)
#undef X
        POLICY_ACTION_COUNT
};

/* POLICY_ACTION_OTHER unless it is in the table; without regard to case. */
enum policy_action policy_action_of(const char *name);
/* NULL for POLICY_ACTION_OTHER. */
const char *policy_action_name(enum policy_action action);

/* Gives the value number `index` (from 0) of the variable or condition key `name`; false when there
 * is none. Names that the guide lists arrive in its spelling, however the policy spells them;
 * "iot:Connection.Thing.Attributes[NAME]" carries the attribute's name as the policy spells it. The
 * suffixes ".List" and ".1" of certificate variables are gone: they became the index. The value is
 * borrowed until policy_eval returns. Source: AWS IoT Core developer guide, "Policy variables". */
struct policy_vars {
    bool (*get)(void *arg, const char *name, size_t index, struct slice *ret_value);
    void *arg;
};

struct policy_request {
    const char *action;             /* "iot:Publish"; NULL when id tells it */
    enum policy_action id;          /* POLICY_ACTION_OTHER (0): looked up from action */
    struct slice resource;          /* the whole ARN, or "*" where an action has no resource */
    const struct policy_vars *vars; /* NULL: no variable has a value */
};

enum policy_effect { POLICY_IMPLICIT_DENY, POLICY_ALLOW, POLICY_EXPLICIT_DENY };

struct policy_decision {
    enum policy_effect effect;
    const struct policy *policy; /* which decided, borrowed; NULL for an implicit deny */
    int statement;               /* its index from 0; -1 for an implicit deny */
    const char *sid;             /* borrowed from policy; NULL if it has none */
};

/* Longest document, in bytes: the limit of CreatePolicy. */
#define POLICY_DOCUMENT_MAX ((size_t)404600)

/* Compiles. Borrows all; returns 0 and one reference, or
 *   ERR_TOO_LARGE  longer than POLICY_DOCUMENT_MAX;
 *   ERR_SYNTAX     no JSON; diag has line and column;
 *   ERR_INVALID    JSON but no policy; diag has the place:
 *                  "Statement[1].Effect: must be Allow or Deny".
 * All three are MalformedPolicyException to AWS clients. */
int policy_parse(const char *name, struct slice document, struct policy **ret_policy,
                 struct diag *diag);
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy); /* accepts NULL */

const char *policy_name(const struct policy *policy);
size_t policy_statement_count(const struct policy *policy);
/* Calls cb once for each variable or condition key that a decision may depend on, as `get` would be
 * asked for it. */
void policy_each_variable(const struct policy *policy, void (*cb)(void *arg, const char *name),
                          void *arg);
/* Whether any statement asks for that variable or key, such as "iot:ConnectAttributes". */
bool policy_uses_variable(const struct policy *policy, const char *name);

/* Whether what it says may change with nothing but the time. */
bool policy_depends_on_time(const struct policy *policy);

/* A statement speaks when its action and one of its resources match and all its conditions hold.
 * Any Deny that speaks decides; else the first Allow; else the deny is implicit.
 * Allocates nothing. */
void policy_eval(struct policy *const *policies, size_t count, const struct policy_request *request,
                 struct policy_decision *ret_decision);
/* Appends "explicit deny by policy P, Statement[2] (sid)", or "no statement allows it". */
void policy_decision_text(const struct policy_decision *decision, struct buf *out);

#endif
