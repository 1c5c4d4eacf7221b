/* refusal.c — see refusal.h. All of it happens only when something was refused: policies are asked once more, to
 * find out what decided, what came closest and what would help. */
#include "auth/refusal.h"

#include "auth/question.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "policy/closest.h"

enum { SUPPRESSED_EVERY_MS = 60000 };

/* ---- why ---- */

void explanation_decide(struct policy *const *policies, size_t count,
                        const struct policy_request *request, struct explanation *ret_why)
{
    policy_eval(policies, count, request, &ret_why->decision);
    policy_decision_text(&ret_why->decision, &ret_why->reason);
}

void explanation_advise(struct policy *const *policies, size_t count,
                        const struct policy_request *request, struct explanation *why)
{
    struct policy_closest closest;
    if (why->decision.effect == POLICY_ALLOW) return;
    policy_change_text(&why->decision, request, &why->change);
    if (why->decision.effect == POLICY_EXPLICIT_DENY) return;
    policy_find_closest(policies, count, request, &closest);
    policy_closest_text(&closest, request, &why->closest);
}

void explanation_deinit(struct explanation *why)
{
    buf_deinit(&why->reason);
    buf_deinit(&why->closest);
    buf_deinit(&why->change);
}

struct slice refusal_thing(const struct principal *principal, const struct auth_conn *conn)
{
    struct auth_question question;
    if (!principal) return slice_of("", 0);
    auth_question_init(&question, NULL, principal, conn);
    if (question.thing) return slice_str(question.thing->name);
    return principal->thing_count == 1 ? slice_str(principal->things[0].name) : slice_of("", 0);
}

/* ---- log and ledger ---- */

static struct slice or_empty(const char *text)
{
    return slice_str(text ? text : "");
}

static struct ledger_entry entry_of(const struct principal *principal, const struct auth_conn *conn,
                                    const char *action, struct slice resource)
{
    return (struct ledger_entry){
        .kind = LEDGER_DENIED,
        .principal = slice_str(principal ? principal->label : "nobody"),
        .client_id = or_empty(conn ? conn->client_id : NULL),
        .address = or_empty(conn ? conn->source_ip : NULL),
        .action = slice_str(action),
        .resource = resource,
        .thing = refusal_thing(principal, conn),
    };
}

static void publish(struct auth *auth, const struct auth_conn *conn,
                    const struct ledger_entry *entry)
{
    const char *request_id = conn ? conn->request_id : NULL;
    enum log_level level = entry->kind == LEDGER_SUPPRESSED ? LOG_DEBUG : LOG_WARN;
    const struct log_field fields[] = {
        LOG_SLICE("principal", entry->principal), LOG_SLICE("client", entry->client_id),
        LOG_SLICE("action", entry->action),       LOG_SLICE("resource", entry->resource),
        LOG_SLICE("decision", entry->reason),     LOG_S("request", request_id),
    };
    if (log_enabled(level))
        log_write(level, "auth", "not authorized", fields, ARRAY_LEN(fields) - !request_id);
    ledger_note(auth_ledger(auth), entry);
}

void auth_log_refusal(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, const char *action, struct slice resource,
                      const char *reason)
{
    struct ledger_entry entry = entry_of(principal, conn, action, resource);
    metrics_inc(METRIC_DENIALS);
    entry.reason = slice_str(reason);
    publish(auth, conn, &entry);
}

/* What is suppressed again and again is noted once in a while. */
static bool was_noted(const struct auth *auth, const struct ledger_entry *entry)
{
    return entry->kind == LEDGER_SUPPRESSED &&
           ledger_noted_since(auth_ledger(auth), entry, clock_real_ms() - SUPPRESSED_EVERY_MS);
}

static void explain_policies(struct auth *auth, const struct principal *principal,
                             const struct auth_conn *conn, struct slice arn,
                             struct ledger_entry *entry)
{
    struct auth_question question;
    struct explanation why = { 0 };
    size_t count;
    auth_question_init(&question, auth, principal, conn);
    struct policy *const *policies = auth_question_policies(&question, &count);
    struct policy_vars vars = { auth_question_get, &question };
    struct policy_request request = { .action = entry->action.ptr, .resource = arn, .vars = &vars };
    explanation_decide(policies, count, &request, &why);
    entry->reason = buf_slice(&why.reason);
    if (!was_noted(auth, entry)) {
        explanation_advise(policies, count, &request, &why);
        entry->closest = buf_slice(&why.closest);
        entry->change = buf_slice(&why.change);
        publish(auth, conn, entry);
    }
    explanation_deinit(&why);
    auth_question_deinit(&question);
}

void refusal_by_policy(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const struct refused *what)
{
    struct buf arn = { 0 };
    metrics_inc(METRIC_DENIALS);
    if (*what->type) buf_put_slice(&arn, auth_arn_prefix(auth));
    size_t prefix = arn.len;
    buf_puts(&arn, what->type);
    buf_put_slice(&arn, what->name);
    struct ledger_entry entry =
        entry_of(principal, conn, what->action, slice_from(buf_slice(&arn), prefix));
    entry.kind = what->kind;
    if (principal->valid) {
        explain_policies(auth, principal, conn, buf_slice(&arn), &entry);
    } else {
        entry.reason = SLICE_LIT("the credential is no longer valid");
        if (!was_noted(auth, &entry)) publish(auth, conn, &entry);
    }
    buf_deinit(&arn);
}
