/* check.c — may it: the request of a policy decision, its variables, and the log line of a refusal.
 * Runs for every publish: the ARN is put together on the stack, of parts that are ready, and variables are
 * looked up only where a policy mentions them. Reference: security, sections 7.2 to 7.6. */
#include "auth/auth_priv.h"
#include "auth/ledger.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct question {
    const struct auth *auth;
    const struct principal *principal;
    const struct auth_conn *conn;
    char *will_arn; /* made when a policy asks for it */
};

/* The thing whose name is the client id. Outside MQTT there is no client id: then the only thing of the
 * principal, so that a device reaches its shadow over HTTPS with the policy that it has. */
static const struct principal_thing *connection_thing(const struct question *question)
{
    const struct principal *p = question->principal;
    const char *client_id = question->conn ? question->conn->client_id : NULL;
    if (!client_id) return p->thing_count == 1 ? &p->things[0] : NULL;
    for (size_t i = 0; i < p->thing_count; i++)
        if (strcmp(p->things[i].name, client_id) == 0) return &p->things[i];
    return NULL;
}

static bool give(const char *text, size_t index, struct slice *ret_value)
{
    if (!text || index) return false;
    *ret_value = slice_str(text);
    return true;
}

static bool get_attribute(const struct principal_thing *thing, const char *rest,
                          struct slice *ret_value)
{
    size_t len = strlen(rest);
    if (!thing || len < 2 || rest[len - 1] != ']') return false;
    struct slice wanted = slice_of(rest, len - 1);
    for (size_t i = 0; i < thing->attr_count; i++)
        if (slice_eq_str(wanted, thing->attrs[i].name))
            return give(thing->attrs[i].value, 0, ret_value);
    return false;
}

static bool get_connect_attribute(const struct auth_conn *conn, size_t index,
                                  struct slice *ret_value)
{
    const char *values[2];
    size_t count = 0;
    if (conn && conn->persistent) values[count++] = "PersistentConnect";
    if (conn && conn->will_topic) values[count++] = "LastWill";
    return index < count && give(values[index], 0, ret_value);
}

/* Whole, however long: a cut one would slip through a Deny. */
static bool get_will_topic(struct question *question, size_t index, struct slice *ret_value)
{
    if (!question->conn || !question->conn->will_topic) return false;
    struct slice prefix = auth_arn_prefix(question->auth);
    if (!question->will_arn)
        question->will_arn = xasprintf("%.*s" AUTH_TOPIC "%s", (int)prefix.len, prefix.ptr,
                                       question->conn->will_topic);
    return give(question->will_arn, index, ret_value);
}

#define THING_ATTRIBUTES "iot:Connection.Thing.Attributes["

static bool get_variable(void *arg, const char *name, size_t index, struct slice *ret_value)
{
    struct question *question = arg;
    const struct auth_conn *conn = question->conn;
    const struct principal *p = question->principal;
    if (strcmp(name, "iot:ClientId") == 0)
        return give(conn ? conn->client_id : NULL, index, ret_value);
    if (strcmp(name, "aws:SourceIp") == 0)
        return give(conn ? conn->source_ip : NULL, index, ret_value);
    if (strcmp(name, "iot:CertificateId") == 0)
        return give(p->kind == PRINCIPAL_CERT ? p->id : NULL, index, ret_value);
    if (strcmp(name, "iot:ConnectAttributes") == 0)
        return get_connect_attribute(conn, index, ret_value);
    if (strcmp(name, "iot:LastWillTopic") == 0) return get_will_topic(question, index, ret_value);
    if (strncmp(name, "iot:Connection.Thing.", 21) != 0) return false;

    const struct principal_thing *thing = connection_thing(question);
    if (strcmp(name, "iot:Connection.Thing.ThingName") == 0)
        return give(thing ? thing->name : NULL, index, ret_value);
    if (strcmp(name, "iot:Connection.Thing.ThingTypeName") == 0)
        return give(thing ? thing->type : NULL, index, ret_value);
    if (strcmp(name, "iot:Connection.Thing.IsAttached") == 0)
        return give(thing ? "true" : "false", index, ret_value);
    if (index == 0 && strncmp(name, THING_ATTRIBUTES, sizeof THING_ATTRIBUTES - 1) == 0)
        return get_attribute(thing, name + sizeof THING_ATTRIBUTES - 1, ret_value);
    return false;
}

static int decide(struct auth *auth, const struct principal *principal,
                  const struct auth_conn *conn, enum policy_action id, const char *action,
                  struct slice arn, struct policy_decision *ret_decision)
{
    struct policy_decision decision = { POLICY_IMPLICIT_DENY, NULL, -1, NULL };
    struct question question = { auth, principal, conn, NULL };
    struct policy_vars vars = { get_variable, &question };
    struct policy_request request = { action, id, arn, &vars };
    policy_eval(principal->policies, principal->policy_count, &request, &decision);
    free(question.will_arn);
    if (ret_decision) *ret_decision = decision;
    return decision.effect == POLICY_ALLOW ? 0 : ERR_DENIED;
}

static void join(char *to, const struct slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len) memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
}

int auth_check(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
               enum policy_action action, const char *type, struct slice name,
               struct policy_decision *ret_decision)
{
    if (ret_decision)
        *ret_decision = (struct policy_decision){ POLICY_IMPLICIT_DENY, NULL, -1, NULL };
    if (!principal->valid) return ERR_DENIED;
    if (principal->admin) return 0;
    struct slice parts[] = { auth_arn_prefix(auth), slice_str(type), name };
    char small[512];
    size_t len = parts[0].len + parts[1].len + parts[2].len;
    char *arn = len <= sizeof small ? small : xmalloc(len);
    join(arn, parts, ARRAY_LEN(parts));
    int rc = decide(auth, principal, conn, action, NULL, slice_of(arn, len), ret_decision);
    if (arn != small) free(arn);
    return rc;
}

static void log_denial(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const char *action, struct slice resource,
                       const char *decision)
{
    const char *client_id = conn && conn->client_id ? conn->client_id : "";
    const char *label = principal ? principal->label : "nobody";
    metrics_inc(METRIC_DENIALS);
    const char *request_id = conn ? conn->request_id : NULL;
    const struct log_field fields[] = {
        LOG_S("principal", label),       LOG_S("client", client_id),  LOG_S("action", action),
        LOG_SLICE("resource", resource), LOG_S("decision", decision), LOG_S("request", request_id)
    };
    if (log_enabled(LOG_WARN))
        log_write(LOG_WARN, "auth", "not authorized", fields, ARRAY_LEN(fields) - !request_id);
    ledger_note(auth_ledger(auth),
                &(struct ledger_entry){
                    .kind = LEDGER_DENIED,
                    .principal = slice_str(label),
                    .client_id = slice_str(client_id),
                    .address = slice_str(conn && conn->source_ip ? conn->source_ip : ""),
                    .action = slice_str(action),
                    .resource = resource,
                    .reason = slice_str(decision),
                });
}

static void log_decision(struct auth *auth, const struct principal *principal,
                         const struct auth_conn *conn, const char *action, struct slice resource,
                         const struct policy_decision *decision)
{
    struct buf text = { 0 };
    if (principal->valid)
        policy_decision_text(decision, &text);
    else
        buf_puts(&text, "the credential is no longer valid");
    log_denial(auth, principal, conn, action, resource, buf_str(&text));
    buf_deinit(&text);
}

int auth_require(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
                 enum policy_action action, const char *type, struct slice name)
{
    struct policy_decision decision;
    int rc = auth_check(auth, principal, conn, action, type, name, &decision);
    if (rc < 0) {
        struct buf resource = { 0 };
        buf_puts(&resource, type);
        buf_put_slice(&resource, name);
        log_decision(auth, principal, conn, policy_action_name(action), buf_slice(&resource),
                     &decision);
        buf_deinit(&resource);
    }
    return rc;
}

int auth_require_admin(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const char *action, const char *resource)
{
    if (principal->valid && principal->admin) return 0;
    if (principal->kind == PRINCIPAL_CERT || principal->kind == PRINCIPAL_ANONYMOUS) {
        log_denial(auth, principal, conn, action, slice_str(resource),
                   "certificates and anonymous callers have the data plane only");
        return ERR_DENIED;
    }
    struct policy_decision decision = { POLICY_IMPLICIT_DENY, NULL, -1, NULL };
    int rc = principal->valid ? decide(auth, principal, conn, POLICY_ACTION_OTHER, action,
                                       slice_str(resource), &decision)
                              : ERR_DENIED;
    if (rc < 0) log_decision(auth, principal, conn, action, slice_str(resource), &decision);
    return rc;
}

void auth_log_refusal(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, const char *action, struct slice resource,
                      const char *reason)
{
    log_denial(auth, principal, conn, action, resource, reason);
}
