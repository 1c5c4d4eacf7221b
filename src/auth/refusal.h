/* refusal.h — a refusal: its log line, its entry in the ledger, and why, in words. Loop thread only. */
#ifndef AUTH_REFUSAL_H
#define AUTH_REFUSAL_H

#include "auth/auth_priv.h"
#include "auth/ledger.h"
#include "base/buf.h"

/* Why policies decide as they do. Zero-initialised is valid. */
struct explanation {
    struct policy_decision decision;
    struct buf reason;  /* what decided */
    struct buf closest; /* empty, but for an implicit deny */
    struct buf change;  /* what would allow it; empty when it is allowed */
};
/* decision and reason. */
void explanation_decide(struct policy *const *policies, size_t count,
                        const struct policy_request *request, struct explanation *ret_why);
/* After that, the rest. */
void explanation_advise(struct policy *const *policies, size_t count,
                        const struct policy_request *request, struct explanation *why);
void explanation_deinit(struct explanation *why);

struct refused {
    enum ledger_kind kind;
    const char *action;
    const char *type; /* "topic/", of a name; "" when it is a whole ARN or "*" */
    struct slice name;
};
/* Logs, counts and notes what the policies of the principal, which may be valid no more, do not allow. Of
 * LEDGER_SUPPRESSED no more than one a minute is noted, and none is logged but for debugging. */
void refusal_by_policy(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const struct refused *what);

/* The thing that a refusal is about, for the ledger: of the connection, or the only one of the principal. Empty: not
 * known. Borrowed. */
struct slice refusal_thing(const struct principal *principal, const struct auth_conn *conn);

#endif
