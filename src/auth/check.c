/* check.c — may it: the request of a policy decision, and what is remembered of the answers.
 * Runs for every publish: ARN and key are put together on the stack, of parts that are ready, and variables are
 * looked up only where a policy mentions them. Reference: security, sections 7.2 to 7.4.
 *
 * An answer is remembered (decisions.h) when it was yes. It depends on
 *
 *   the principal: its policies, things, certificate, credential    its stamp is another one after any change
 *   the connection: client id, address, name of the hub, TLS        in the key
 *   what a CONNECT asks for                                         never remembered
 *   the time                                                        never remembered, if a policy asks for it
 *   whether the principal is valid                                  asked before
 *
 *  I1  A refusal is decided, logged and noted each time. */
#include "auth/auth_priv.h"
#include "auth/decisions.h"
#include "auth/question.h"
#include "auth/refusal.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 768 };

/* ---- keys ---- */

struct key {
    size_t len; /* 0: there is none */
    char text[KEY_MAX];
};

static void put(struct key *key, const void *data, size_t len)
{
    if (len) memcpy(key->text + key->len, data, len);
    key->len += len;
}

/* With its zero byte, so that no two keys run into each other; absent is not empty. */
static void put_str(struct key *key, struct slice text, bool there)
{
    key->text[key->len++] = there ? '\1' : '\0';
    put(key, text.ptr, text.len);
    key->text[key->len++] = '\0';
}

static struct slice slice_or_empty(const char *text)
{
    return text ? slice_str(text) : slice_of("", 0);
}

static void key_make(struct key *key, const struct principal *principal,
                     const struct auth_conn *conn, enum policy_action action, const char *type,
                     struct slice name)
{
    static const struct auth_conn nowhere = { 0 };
    if (!conn) conn = &nowhere;
    struct slice client_id = slice_or_empty(conn->client_id);
    struct slice address = slice_or_empty(conn->source_ip);
    struct slice domain = slice_or_empty(conn->domain), kind = slice_str(type);
    const unsigned char head[] = { (unsigned char)action, conn == &nowhere };
    size_t len = sizeof principal->stamp + sizeof head + 3 * 2 + client_id.len + address.len +
                 domain.len + kind.len + name.len;
    key->len = 0;
    if (principal->stamp == 0 || conn->connect || len > sizeof key->text) return;
    put(key, &principal->stamp, sizeof principal->stamp);
    put(key, head, sizeof head);
    put_str(key, client_id, conn->client_id);
    put_str(key, address, conn->source_ip);
    put_str(key, domain, conn->domain);
    put(key, kind.ptr, kind.len);
    put(key, name.ptr, name.len);
}

static bool is_remembered(const struct auth *auth, const struct key *key)
{
    return key->len && decisions_has(auth_decisions(auth), slice_of(key->text, key->len));
}

/* ---- decisions ---- */

struct verdict {
    struct policy_decision decision;
    bool timed;
};

static const struct policy_decision implicit_deny = { POLICY_IMPLICIT_DENY, NULL, -1, NULL };

static int decide(const struct auth *auth, const struct principal *principal,
                  const struct auth_conn *conn, const struct policy_request *about,
                  struct verdict *ret_verdict)
{
    struct auth_question question;
    struct policy_vars vars = { auth_question_get, &question };
    struct policy_request request = *about;
    size_t count;
    auth_question_init(&question, auth, principal, conn);
    request.vars = &vars;
    struct policy *const *policies = auth_question_policies(&question, &count);
    policy_eval(policies, count, &request, &ret_verdict->decision);
    for (size_t i = 0; i < count; i++)
        ret_verdict->timed |= policy_depends_on_time(policies[i]);
    auth_question_deinit(&question);
    return ret_verdict->decision.effect == POLICY_ALLOW ? 0 : ERR_DENIED;
}

static void join(char *to, const struct slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len) memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
}

static int decide_on_name(const struct auth *auth, const struct principal *principal,
                          const struct auth_conn *conn, enum policy_action action, const char *type,
                          struct slice name, struct verdict *ret_verdict)
{
    struct slice parts[] = { auth_arn_prefix(auth), slice_str(type), name };
    char small[512];
    size_t len = parts[0].len + parts[1].len + parts[2].len;
    char *arn = len <= sizeof small ? small : xmalloc(len);
    join(arn, parts, ARRAY_LEN(parts));
    int rc = decide(auth, principal, conn,
                    &(struct policy_request){ .id = action, .resource = slice_of(arn, len) },
                    ret_verdict);
    if (arn != small) free(arn);
    return rc;
}

int auth_check(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
               enum policy_action action, const char *type, struct slice name,
               struct policy_decision *ret_decision)
{
    struct verdict verdict = { .decision = implicit_deny };
    struct key key;
    int rc = 0;
    if (!principal->valid) {
        rc = ERR_DENIED;
    } else if (!principal->admin) {
        key_make(&key, principal, conn, action, type, name);
        if (!ret_decision && is_remembered(auth, &key)) return 0;
        rc = decide_on_name(auth, principal, conn, action, type, name, &verdict);
        if (rc == 0 && key.len && !verdict.timed)
            decisions_add(auth_decisions(auth), slice_of(key.text, key.len));
    }
    if (ret_decision) *ret_decision = verdict.decision;
    return rc;
}

int auth_require(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
                 enum policy_action action, const char *type, struct slice name)
{
    int rc = auth_check(auth, principal, conn, action, type, name, NULL);
    if (rc < 0)
        refusal_by_policy(
            auth, principal, conn,
            &(struct refused){ LEDGER_DENIED, policy_action_name(action), type, name });
    return rc;
}

bool auth_may_receive(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, struct slice topic)
{
    int rc = auth_check(auth, principal, conn, POLICY_ACTION_RECEIVE, AUTH_TOPIC, topic, NULL);
    if (rc < 0)
        refusal_by_policy(auth, principal, conn,
                          &(struct refused){ LEDGER_SUPPRESSED, "iot:Receive", AUTH_TOPIC, topic });
    return rc == 0;
}

int auth_require_admin(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const char *action, const char *resource)
{
    if (principal->valid && principal->admin) return 0;
    if (principal->kind == PRINCIPAL_CERT || principal->kind == PRINCIPAL_ANONYMOUS) {
        auth_log_refusal(auth, principal, conn, action, slice_str(resource),
                         "certificates and anonymous callers have the data plane only");
        return ERR_DENIED;
    }
    struct verdict verdict = { .decision = implicit_deny };
    struct policy_request request = { .action = action, .resource = slice_str(resource) };
    int rc = principal->valid ? decide(auth, principal, conn, &request, &verdict) : ERR_DENIED;
    if (rc < 0)
        refusal_by_policy(auth, principal, conn,
                          &(struct refused){ LEDGER_DENIED, action, "", slice_str(resource) });
    return rc;
}
