/* principal.h — who acts: everything that a decision or a log line needs to know of a caller, loaded
 * once and cached. Shared by reference count; its contents are replaced in place by auth when policies,
 * attachments or the status change, so that live connections follow. Loop thread only. */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct auth;
struct cert_vars;
struct policy;

enum principal_kind {
    PRINCIPAL_SYSTEM,    /* the hub itself: rules, shadow service, presence */
    PRINCIPAL_ANONYMOUS, /* an anonymous listener; id is the name of its policy */
    PRINCIPAL_CERT,      /* id: SHA-256 of the certificate, 64 hex digits */
    PRINCIPAL_KEY,       /* id: access key id */
    PRINCIPAL_USER,      /* id: user name */
    PRINCIPAL_TOKEN,     /* id: token id, not the token */
    PRINCIPAL_ROLE,      /* temporary keys of a device; id: the access key id */
    PRINCIPAL_JWT,       /* a JSON Web Token of a foreign issuer; id: its subject */
    PRINCIPAL_LOCAL,     /* peer of the Unix socket; id: the uid in decimal */
};

struct principal_attr {
    char *name;
    char *value;
};

struct principal_thing { /* a thing attached to the certificate */
    char *name;
    char *type; /* NULL if none */
    struct principal_attr *attrs;
    size_t attr_count;
    /* What decides for a connection of this thing: the principal's own policies, and those of the groups that
     * the thing is in and of their parents. Each once. */
    struct policy **policies;
    size_t policy_count;
};

struct principal {
    uint32_t refs;
    enum principal_kind kind;
    char *id;
    char *
        label; /* "cert:ab12…", "key:AKIA…", "anonymous:AnonymousLocal": for logs and the session table */
    bool admin; /* may do everything */
    bool
        valid; /* false once it was revoked or deleted: everything is denied, connections are closed */
    struct policy **policies; /* its own */
    size_t policy_count;
    char *cert_id; /* of temporary keys: the certificate that they were given to; else NULL */
    int64_t
        expires_ms; /* since the epoch; then it is no longer valid, and those who watch are told. 0: never */
    bool timed; /* what its policies say depends on the time: nobody may remember a decision */
    struct principal_thing *things; /* of PRINCIPAL_ROLE: the one that the keys were made for */
    size_t thing_count;
    struct cert_vars *cert; /* what policies ask of its certificate; NULL: none of them asks */
    uint64_t
        stamp; /* another one whenever its rights have changed; 0: nobody may remember a decision */
    struct list watches; /* of struct auth_watch: who wants to know of changes */
    struct auth *auth;   /* whose cache it is in; NULL: in none */
};

struct principal *principal_ref(struct principal *principal);
void principal_unref(struct principal *principal); /* accepts NULL */
/* The one of the hub itself: may do everything. Not counted. */
struct principal *principal_system(void);
/* What AWS calls principalIdentifier in events and principal() in rules. */
const char *principal_identifier(const struct principal *principal);

#endif
