/* registry.h — things, types, certificates, policies, credentials and rules as records.
 *
 * Every operation of AWS IoT's control plane is one struct registry_op: JSON parameters in, JSON result
 * out, run on the store thread inside the batch, answered on the loop after the commit. Parameters have
 * the names of AWS's members, whether they travel in path, query, header or body. Loop thread only. */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "base/diag.h"
#include "base/json.h"
#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry;
struct registry_call;
struct registry_op;
struct loop;
struct secret_box;
struct store;

struct registry_opts {
    const char *region;
    const char *account;
    const struct secret_box *secrets; /* borrowed */
    struct slice ca_cert_pem; /* the hub's own CA, which signs device certificates; borrowed */
    struct slice ca_key_pem;
    size_t temporary_keys; /* of one certificate: the oldest go; 0: no limit */
};

/* Makes the built-in policies ThingDefault, UserDefault and AnonymousLocal where they are missing. */
int registry_create(struct registry **ret_registry, struct loop *loop, struct store *store,
                    const struct registry_opts *opts, struct diag *diag);
/* Before store_stop, while those who called are still there: what is being prepared (keys, signatures,
 * password hashes) ends with ERR_CLOSED, here or, if it was refused, already; what needs no preparation
 * can be called on. Waits for the one that runs. Repeatable. */
void registry_stop(struct registry *registry);
/* After store_stop, or when nothing is under way. Accepts NULL. */
void registry_destroy(struct registry *registry);

/* How an operation failed: code is
 *   ERR_NOT_FOUND, ERR_EXISTS (result has resourceId and resourceArn), ERR_CONFLICT (versions),
 *   ERR_IN_USE, ERR_INVALID, ERR_SYNTAX (policy document or SQL), ERR_STATE (status of a certificate),
 *   ERR_CERT, ERR_LIMIT, ERR_UNSUPPORTED, ERR_BUSY, ERR_AUTH (a topic rule that is not there: AWS answers
 *   UnauthorizedException), or one of the store's;
 * diag has the message in AWS's words. */
typedef void (*registry_done_cb)(void *arg, int rc, struct json *result, const struct diag *diag);

/* Runs op. Takes params (an object). `done` is called later, once; result is borrowed there (NULL for
 * operations without output). */
void registry_call(struct registry *registry, const struct registry_op *op, struct json *params,
                   registry_done_cb done, void *arg);

/* By the name of the operation, "CreateThing"; NULL when there is none. */
const struct registry_op *registry_op_find(const char *name);

/* A change that was committed. */
enum registry_kind {
    REGISTRY_PRINCIPAL, /* name: the label of a principal whose rights may have changed */
    REGISTRY_POLICY,    /* name of the policy: made, changed or deleted */
    REGISTRY_RULE,      /* name of the rule: made, changed or deleted */
    REGISTRY_THING,     /* name of the thing */
};
struct registry_listener {
    struct list link;
    /* detail: of a rule that is there, {"payload": the TopicRulePayload as text, "disabled": bool};
     * else NULL. Borrowed. */
    void (*on_change)(struct registry_listener *listener, enum registry_kind kind, const char *name,
                      const struct json *detail);
};
void registry_listen(struct registry *registry, struct registry_listener *listener);
/* Within on_change: whoever made the change is not answered before the hold is released, so that the
 * listener can follow the change first. To be released, once, also when the registry stops. The link is
 * the holder's. */
struct registry_hold {
    struct list link;
    struct registry_call *call;
};
struct registry_hold *registry_hold(struct registry *registry);
void registry_release(struct registry_hold *hold);
void registry_unlisten(struct registry_listener *listener);

/* ---- what auth needs to know of a principal ---- */

struct registry_policy_doc {
    char *name;
    int64_t version;
    char *document;
};

struct registry_thing_info {
    char *name;
    char *type; /* NULL if none */
    struct json *attributes;
    /* Of the groups that it is in, and of their parents. */
    struct registry_policy_doc *policies;
    size_t policy_count;
};

struct registry_principal {
    char *label;
    char *id;
    char *status;          /* of a certificate, key, user or token: "ACTIVE", ... ; else NULL */
    char *cert_pem;        /* of a certificate; for the variables of policies */
    int64_t not_before_ms; /* of a certificate */
    int64_t not_after_ms;  /* of a certificate and a temporary key; of a token, 0: never */
    bool admin;
    char *secret;        /* of an access key, also a temporary one: opened; wiped when freed */
    char *token_hash;    /* of a temporary key: of its session token */
    char *cert_id;       /* of a temporary key: the certificate that it was given to */
    char *password_hash; /* of a user */
    int64_t
        password_id; /* of a user: another with each password, not with another hash of the same */
    struct registry_policy_doc *policies;
    size_t policy_count;
    struct registry_thing_info *things;
    size_t thing_count;
};

/* rc 0, or ERR_NOT_FOUND. The callback owns `principal` then: registry_principal_free. */
typedef void (*registry_principal_cb)(void *arg, int rc, struct registry_principal *principal);
/* label "cert:…", "key:…", "user:…", "temp:…", or "token-hash:<hash>", which finds a token by its hash, or
 * "anonymous:<policy>", which has that policy alone, or "policies:<policy> <policy> …", which has those. */
void registry_load_principal(struct registry *registry, const char *label,
                             registry_principal_cb done, void *arg);
void registry_principal_free(struct registry_principal *principal); /* accepts NULL */

/* ---- at start, blocking ---- */

/* Calls cb for each rule that is enabled or not, in the order of names. */
typedef void (*registry_rule_cb)(void *arg, const char *name, const char *payload, bool disabled,
                                 int64_t created_at);
int registry_each_rule(struct registry *registry, registry_rule_cb cb, void *arg,
                       struct diag *diag);

/* ---- parts ---- */
const char *registry_region(const struct registry *registry);
const char *registry_account(const struct registry *registry);

#endif
