/* auth_ask_priv.h — the inside of struct auth, between auth.c, auth_ask.c (questions), auth_cache.c (the
 * principals that are known), auth_jwt.c, auth_kinds.c, auth_password.c and auth_request.c (credentials by kind).
 * Others of this folder get by with auth_priv.h. Loop thread only. */
#ifndef AUTH_AUTH_ASK_PRIV_H
#define AUTH_AUTH_ASK_PRIV_H

#include "auth/auth_priv.h"
#include "auth/compiled.h"
#include "auth/login_delay.h"
#include "auth/sigv4.h"
#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "crypto/digest.h"
#include "crypto/password.h"
#include "loop/loop.h"
#include "registry/registry.h"

struct jwt_ask;
struct jwt_keys;

/* What clients are told of tokens, in AWS's words. */
#define AUTH_TOKEN_INVALID "The security token included in the request is invalid."
#define AUTH_TOKEN_EXPIRED "The security token included in the request is expired"

struct known {
    struct principal principal; /* first */
    char *key;                  /* by which it was looked up */
    char *status;               /* of what can be deactivated; NULL: it cannot */
    char *source;               /* what the registry is asked for; NULL: key */
    char *secret;               /* of an access key */
    char *token_hash;           /* of a temporary key */
    char *password_hash;        /* of a user */
    int64_t password_id;        /* another with each password */
    bool renewed;               /* its password has changed: another principal has its name */
    int64_t not_before_ms;
    uint8_t jwt_key[CRYPTO_SHA256_LEN];       /* id of the key that has signed a JSON Web Token */
    uint8_t password_seen[CRYPTO_SHA256_LEN]; /* HMAC of the last right password */
    bool has_password_seen;
    int rc;             /* of what the registry said last */
    bool fresh;         /* what the registry said last is here */
    bool asking;        /* the registry is being asked */
    bool again;         /* and must be asked once more: it has changed meanwhile */
    struct list idle;   /* nobody but the cache holds it */
    struct list ending; /* see auth_cache_end_all */
    struct list waiters;
    struct list holds; /* those who changed it are answered when it is here */
};

#define AUTH_SECRET_LEN 32

struct auth {
    struct loop *loop;
    struct registry *registry;
    struct auth_opts opts;
    char *arn_prefix;
    struct ledger *ledger;
    struct decisions *decisions;
    struct registry_listener listener;
    struct worker_lane *lane; /* NULL: stopped */
    struct login_delays *delays;
    struct list asks;
    struct list earlies;
    struct list trials; /* those that have not begun */
    struct map known;   /* key to struct known */
    struct map aliases; /* label of a token to struct known */
    struct list idle;
    size_t idle_count;
    struct compiled compiled;
    struct loop_timer ends;       /* when the next principal expires */
    struct worker_lane *jwt_lane; /* NULL: none, or stopped */
    struct jwt_keys *jwt_keys;    /* NULL: none */
    uint8_t *process_secret;      /* AUTH_SECRET_LEN bytes, guarded */
    void (*on_policy_change)(void *arg);
    void *on_policy_change_arg;
    auth_registered_cb on_registered;
    void *on_registered_arg;
};

/* One question by a caller, on its way. */
struct ask {
    struct list open; /* in asks */
    struct list link; /* in the waiters of known */
    struct loop_task task;
    struct auth *auth;
    struct known *known; /* held while the answer is on its way */
    int rc;
    /* judges and calls done; the ask ends after it unless it returns false */
    bool (*judge)(struct ask *ask);
    auth_done_cb done;
    void *arg;
    char peer[48];
    const char *what;                   /* for the log: "certificate", "user", ... */
    char *name;                         /* of the credential, for the log */
    const struct http_request *request; /* NULL: it came otherwise */
    struct arena arena;                 /* of what it takes along */
    /* certificates */
    struct slice cert_der;
    struct jit *jit; /* the registry is being asked to register it */
    /* SigV4 */
    struct sigv4_request sigv4;
    struct sigv4_credential credential;
    /* passwords */
    struct worker_job job;
    char *password;
    char *password_hash;
    char better_hash[PASSWORD_HASH_LEN]; /* of the same password; "" where it needs none */
    struct loop_timer hold;
    bool held;   /* it has waited once */
    bool nobody; /* there is no such user, or none that may come in */
    uint8_t password_mac[CRYPTO_SHA256_LEN];
    struct jwt_ask *jwt; /* a JSON Web Token, while it is being checked */
};

/* ---- auth_cache.c ---- */

void auth_cache_init(struct auth *auth);
/* Forgets all; principals may be held on. */
void auth_cache_deinit(struct auth *auth);
/* What has this key, made when it is not there: then nothing is known of it yet. Returns a reference,
 * let go by principal_unref(&known->principal). */
struct known *auth_cache_get(struct auth *auth, const char *key);
/* Asks the registry; the waiters are judged when it answers. Only while !known->asking. */
void auth_cache_load(struct known *known);
/* Notes that a principal is no longer valid. */
void auth_cache_ending(struct known *known, struct list *ending);
/* Forgets those noted, and tells who watches them. rc: for who asks for one of them now. */
void auth_cache_end_all(struct list *ending, int rc, const char *why);
/* A principal of that label without rights, in no cache; a reference. Not for tokens by their hashes. */
struct principal *auth_principal_create(const char *label);
/* Policies, things and certificate, as the registry tells them, to one without rights. */
void auth_fill_rights(struct auth *auth, struct principal *p, struct registry_principal *from);
/* The listener of struct auth: loads again what has changed. */
void auth_cache_on_change(struct registry_listener *listener, enum registry_kind kind,
                          const char *name, const struct json *detail);

/* ---- auth_ask.c ---- */

void auth_ask_init(struct auth *auth);
/* Answers every open question with ERR_CLOSED. No password may be under way. */
void auth_ask_close(struct auth *auth);

/* what, name and peer are for the log; `what` must live on, the others are copied. */
struct ask *auth_ask_create(struct auth *auth, const char *what, const char *name, const char *peer,
                            auth_done_cb done, void *arg);
/* Looks the key up and calls judge_cb, later, with ask->rc and, if that is 0, the contents of
 * ask->known. Takes the ask; after auth_stop it is answered with ERR_CLOSED. */
void auth_ask_look_up(struct ask *ask, const char *key, bool (*judge_cb)(struct ask *ask));
/* Judges again by what is known now: waits while that is being asked for, and looks up anew what has been
 * renewed. */
void auth_ask_go_on(struct ask *ask);
/* The registry has said rc: judges now, and ends the ask if that has answered it. */
void auth_ask_judge(struct ask *ask, int rc);
/* Wipes what is secret and frees it. Does not call done. */
void auth_ask_end(struct ask *ask);

/* What it is about was valid, but is so no longer. */
bool auth_ask_expired(const struct ask *ask);

/* The ways to answer. Each calls done and returns true, as a judge does then. `why` is for the log,
 * `told` for the client: it must not reveal what exists. */
bool auth_ask_accept(struct ask *ask);
bool auth_ask_refuse(struct ask *ask, int rc, const char *why, const char *told);
/* The registry could not be asked, or we stop. */
bool auth_ask_refuse_unknown(struct ask *ask, int rc);

/* ---- auth_jit.c ---- */

/* Asks the registry to register ask->cert_der just in time; answers and ends the ask later. Returns false. */
bool auth_jit_ask(struct ask *ask);
/* The ask ends: nothing more is to be done for it. */
void auth_jit_forget(struct ask *ask);

/* ---- auth_ask.c, again ---- */

/* Without an ask: calls done later. Takes the reference to principal; `why` (NULL: none) is copied. */
void auth_ask_answer(struct auth *auth, auth_done_cb done, void *arg, int rc,
                     struct principal *principal, const char *why);
/* Logs, counts and notes a credential that was refused. request_id: NULL outside HTTP. */
void auth_ask_log_failure(struct auth *auth, const char *what, struct slice name, const char *peer,
                          const char *request_id, const char *why);

/* ---- trial.c ---- */

/* Those that have not begun end with ERR_CLOSED; the others do when the registry answers. */
void auth_trials_close(struct auth *auth);

/* ---- auth_kinds.c ---- */

/* auth_by_token for a request, which names itself in the log; NULL: there is none. */
void auth_ask_token(struct auth *auth, struct slice token, const struct http_request *request,
                    const char *peer, auth_done_cb done, void *arg);

/* ---- auth_jwt.c ---- */

/* Does it look like a JSON Web Token, and are those taken? Tokens of ours have no dots. */
bool auth_takes_jwt(const struct auth *auth, struct slice token);
/* As auth_ask_token. */
void auth_ask_jwt(struct auth *auth, struct slice token, const struct http_request *request,
                  const char *peer, auth_done_cb done, void *arg);
/* Is it one of the policies that this token has? */
bool auth_jwt_has_policy(const struct known *known, const char *policy);
/* Accepts NULL. */
void auth_jwt_ask_free(struct jwt_ask *jwt);

#endif
