/* auth.h — who is it, and may it. Loop thread only.
 *
 * Credentials become principals (auth_by_…), asynchronously where the registry must be read; a principal
 * that is used by anybody is kept in a cache and shared. Policies decide by auth_check, synchronously.
 * A refusal is logged once, here, with principal, action, resource and what decided, and noted in the
 * ledger. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "auth/login_delay.h"
#include "auth/principal.h"
#include "base/diag.h"
#include "base/list.h"
#include "base/slice.h"
#include "policy/policy.h"

#include <stddef.h>
#include <sys/types.h>

struct arena;
struct auth;
struct ledger;
struct loop;
struct registry;
struct http_request;
struct json;
struct jwt_keys;
struct jwt_rules;
struct stream_peer;

struct auth_opts {
    const char *region;            /* for ARNs: "local" */
    const char *account;           /* "000000000000" */
    bool strict_region;            /* SigV4 credential scopes must name our region */
    size_t ledger;                 /* refusals that are remembered */
    size_t decisions;              /* and decisions that were yes */
    struct login_delay_opts delay; /* after wrong passwords */
    const struct jwt_rules
        *jwt; /* which tokens of a foreign issuer are taken; NULL: none; borrowed */
};

struct auth *auth_create(struct loop *loop, struct registry *registry,
                         const struct auth_opts *opts);
/* Answers every open question with ERR_CLOSED, waiting for a password that is being checked. While those
 * who asked are still there; passwords are refused afterwards. Repeatable. */
void auth_stop(struct auth *auth);
/* Stops first where that was not done. Principals may be held on; then they deny or allow as before, but
 * follow no changes. The store may still answer what was asked: destroy before the registry. Accepts NULL. */
void auth_destroy(struct auth *auth);

/* rc 0 and a principal (a reference that the callback's owner takes), or ERR_AUTH / ERR_CERT with the
 * reason in `why` (already logged and counted), ERR_BUSY, ERR_CLOSED, or an error of the store. Called
 * later, on the loop, once. */
typedef void (*auth_done_cb)(void *arg, int rc, struct principal *principal, const char *why);

/* A client certificate: registered and ACTIVE, within its validity. der is borrowed during the call. */
void auth_by_cert(struct auth *auth, const char *cert_id, struct slice der, const char *peer,
                  auth_done_cb done, void *arg);
/* An MQTT user name and password; the password is copied and wiped. */
void auth_by_password(struct auth *auth, struct slice user, struct slice password, const char *peer,
                      auth_done_cb done, void *arg);
/* One of ours, or a JSON Web Token by auth_opts.jwt. */
void auth_by_token(struct auth *auth, struct slice token, const char *peer, auth_done_cb done,
                   void *arg);
/* The keys of the issuer of JSON Web Tokens from now on; those whose token was signed by a key that is no longer
 * there are no longer valid. Takes keys; NULL: no token is taken. */
void auth_set_jwt_keys(struct auth *auth, struct jwt_keys *keys);
/* Peer credentials of the Unix socket: uid 0 or our own are administrators; others are refused. */
void auth_by_peer(struct auth *auth, uid_t uid, auth_done_cb done, void *arg);
/* The anonymous principal with this policy. */
void auth_anonymous(struct auth *auth, const char *policy_name, auth_done_cb done, void *arg);

/* An HTTP request: SigV4 in the header or the query, a bearer token, else who the transport says it is
 * (NULL: nobody). A request that carries credentials is judged by them alone. Without any, and with nobody, it is
 * refused if they are `required`; else the principal is NULL. The request must live until `done`. Failures, with
 * the message for the client in `why`:
 *   ERR_USAGE      no credentials at all        MissingAuthenticationTokenException
 *   ERR_MALFORMED  credentials, but incomplete  IncompleteSignatureException
 *   ERR_NOT_FOUND  unknown key or token         UnrecognizedClientException
 *   ERR_AUTH       wrong signature              InvalidSignatureException
 *   ERR_TIMEOUT    out of its time              InvalidSignatureException
 *   ERR_EXPIRED    a token has expired          ExpiredTokenException
 *   ERR_UNSUPPORTED  a body signed in chunks    NotImplementedException
 *   ERR_BUSY, ERR_CLOSED                        ServiceUnavailableException */
void auth_by_request(struct auth *auth, const struct http_request *request,
                     struct principal *transport, bool required, const char *peer,
                     auth_done_cb done, void *arg);

/* The service in the credential scope of a signed request ("iotdata"); empty where there is none. Nothing is
 * proven by it: what it decides must be harmless before auth_by_request has said yes. */
struct slice auth_request_service(const struct http_request *request, struct arena *arena);

/* Principals in the cache, those in use included: at most 256 more than these. */
size_t auth_cached(const struct auth *auth);

/* Told of a certificate that waits for its activation, each time that it comes (just-in-time registration):
 * what AWS publishes on $aws/events/certificates/registered/<caCertificateId>. Borrowed. */
typedef void (*auth_registered_cb)(void *arg, const char *ca_id, const struct json *event);
void auth_on_registered(struct auth *auth, auth_registered_cb cb, void *arg);

/* What a CONNECT asks for. */
struct auth_connect {
    bool persistent;
    const char *will_topic; /* NULL: no will */
};

/* What a policy may ask about the connection. All borrowed; NULL members are absent. */
struct auth_conn {
    const char *client_id; /* NULL outside MQTT */
    const char *source_ip;
    const char *
        domain; /* the name by which the client has called the hub; "": TLS without it; NULL: no TLS */
    const struct auth_connect *connect; /* while it is decided; no such decision is remembered */
    const char *request_id;             /* of an HTTP request, for the log */
};

/* Resource types of ARNs: what stands between the account and the name. */
#define AUTH_TOPIC       "topic/"
#define AUTH_TOPICFILTER "topicfilter/"
#define AUTH_CLIENT      "client/"
#define AUTH_THING       "thing/"
#define AUTH_ROLE_ALIAS  "rolealias/"

/* 0 or ERR_DENIED; ret_decision (may be NULL) says which policy and statement; none does for an
 * administrator. Does not log; allocates only for names of more than some 400 bytes. */
int auth_check(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
               enum policy_action action, const char *type, struct slice name,
               struct policy_decision *ret_decision);
/* The same, and logs and counts a refusal: message "not authorized", fields principal, client, action,
 * resource, decision; request where there is one. */
int auth_require(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
                 enum policy_action action, const char *type, struct slice name);
/* iot:Receive of a delivery. A refusal is counted each time, and noted once in a while. */
bool auth_may_receive(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, struct slice topic);
/* For the control plane: any action by its name ("iot:CreateThing") on a whole ARN or "*". Certificates
 * and anonymous callers are refused whatever their policies say: those are for the data plane. */
int auth_require_admin(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const char *action, const char *resource);
/* Logs, counts and notes a refusal that was not decided by a policy; principal NULL: nobody. */
void auth_log_refusal(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, const char *action, struct slice resource,
                      const char *reason);

/* Where all refusals are noted. Nothing is on the way of what is allowed. */
struct ledger *auth_ledger(const struct auth *auth);

/* Told after a principal was reloaded (its policies may have changed, or valid is false now). */
struct auth_watch {
    struct list link;
    void (*on_change)(struct auth_watch *watch, struct principal *principal);
};
void auth_watch_principal(struct principal *principal, struct auth_watch *watch,
                          void (*on_change)(struct auth_watch *, struct principal *));
void auth_unwatch(struct auth_watch *watch);
/* Told whenever any decision may come out otherwise than before: caches of decisions must go. */
void auth_on_policy_change(struct auth *auth, void (*cb)(void *arg), void *arg);

#endif
