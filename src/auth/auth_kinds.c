/* auth_kinds.c — the credentials that need no more than a look-up: certificates, tokens, whoever is
 * at the other end of the Unix socket, and nobody. Each kind is a key for the cache, and a judge of
 * what was found.
 *
 *  I1  A certificate is right while it is registered, ACTIVE and within its validity; that the peer
 *      has its key, TLS has shown before.
 *  I2  Only the hash of a token is ever looked up, kept or compared. */
#include "auth/auth_ask_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- certificates ---- */

static bool judge_cert(struct ask *ask)
{
    struct known *known = ask->known;
    char why[128];
    if (ask->rc == ERR_NOT_FOUND) return auth_jit_ask(ask);
    if (auth_ask_expired(ask))
        return auth_ask_refuse(ask, ERR_CERT, "the certificate has expired", "certificate refused");
    if (ask->rc < 0) return auth_ask_refuse_unknown(ask, ask->rc);
    if (strcmp(known->status, "PENDING_ACTIVATION") == 0) return auth_jit_ask(ask);
    if (strcmp(known->status, "ACTIVE") != 0) {
        snprintf(why, sizeof why, "the certificate is %s, not ACTIVE", known->status);
        return auth_ask_refuse(ask, ERR_CERT, why, "certificate refused");
    }
    if (clock_real_ms() < known->not_before_ms)
        return auth_ask_refuse(ask, ERR_CERT, "the certificate is not yet valid",
                               "certificate refused");
    return auth_ask_accept(ask);
}

void auth_by_cert(struct auth *auth, const char *cert_id, struct slice der, const char *peer,
                  auth_done_cb done, void *arg)
{
    char key[80];
    snprintf(key, sizeof key, "cert:%s", cert_id);
    struct ask *ask = auth_ask_create(auth, "certificate", cert_id, peer, done, arg);
    ask->cert_der = slice_of(arena_strndup(&ask->arena, der.ptr, der.len), der.len);
    auth_ask_look_up(ask, key, judge_cert);
}

/* ---- tokens ---- */

static bool judge_token(struct ask *ask)
{
    if (ask->rc == ERR_NOT_FOUND)
        return auth_ask_refuse(ask, ERR_NOT_FOUND, "unknown token", AUTH_TOKEN_INVALID);
    if (auth_ask_expired(ask))
        return auth_ask_refuse(ask, ERR_EXPIRED, "the token has expired", AUTH_TOKEN_EXPIRED);
    if (ask->rc < 0) return auth_ask_refuse_unknown(ask, ask->rc);
    if (!ask->known->principal.valid)
        return auth_ask_refuse(ask, ERR_NOT_FOUND, "the token is disabled", AUTH_TOKEN_INVALID);
    return auth_ask_accept(ask);
}

void auth_ask_token(struct auth *auth, struct slice token, const struct http_request *request,
                    const char *peer, auth_done_cb done, void *arg)
{
    if (auth_takes_jwt(auth, token)) {
        auth_ask_jwt(auth, token, request, peer, done, arg);
        return;
    }
    char hash[TOKEN_HASH_LEN], key[TOKEN_HASH_LEN + 16];
    token_hash(token, hash);
    snprintf(key, sizeof key, "token-hash:%s", hash);
    struct ask *ask = auth_ask_create(auth, "token", "", peer, done, arg);
    ask->request = request;
    auth_ask_look_up(ask, key, judge_token);
}

void auth_by_token(struct auth *auth, struct slice token, const char *peer, auth_done_cb done,
                   void *arg)
{
    auth_ask_token(auth, token, NULL, peer, done, arg);
}

/* ---- peers of the Unix socket ---- */

static struct principal *local_principal(uid_t uid)
{
    struct principal *p = xnew(struct principal);
    p->refs = 1;
    p->kind = PRINCIPAL_LOCAL;
    p->id = xasprintf("%lu", (unsigned long)uid);
    p->label = xasprintf("local:%lu", (unsigned long)uid);
    p->admin = p->valid = true;
    list_init(&p->watches);
    return p;
}

void auth_by_peer(struct auth *auth, uid_t uid, auth_done_cb done, void *arg)
{
    if (uid == 0 || uid == geteuid()) {
        auth_ask_answer(auth, done, arg, 0, local_principal(uid), NULL);
        return;
    }
    char name[24];
    snprintf(name, sizeof name, "%lu", (unsigned long)uid);
    auth_ask_log_failure(auth, "local", slice_str(name), "", NULL,
                         "only root and the hub's own user may use the Unix socket");
    auth_ask_answer(auth, done, arg, ERR_AUTH, NULL, "not authorized");
}

/* ---- nobody ---- */

static bool judge_anonymous(struct ask *ask)
{
    if (ask->rc < 0) return auth_ask_refuse_unknown(ask, ask->rc);
    return auth_ask_accept(ask);
}

void auth_anonymous(struct auth *auth, const char *policy_name, auth_done_cb done, void *arg)
{
    char *key = xasprintf("anonymous:%s", policy_name);
    auth_ask_look_up(auth_ask_create(auth, "anonymous", policy_name, "", done, arg), key,
                     judge_anonymous);
    free(key);
}
