/* auth_jwt.c — JSON Web Tokens of a foreign issuer as bearer tokens.
 *
 *   token ─┬─ seen before ────────────────────────────────────────────────► judge ─► accept, refuse
 *          └─ read, judged, key found ─► lane: its signature ─► look up ─► judge
 *
 * A token that was right is a principal of the cache, under the hash of the token, until it expires or its key goes:
 * so its signature is checked once. Its policies are those that auth_opts.jwt gives to its claims, by their names. */
#include "auth/auth_ask_priv.h"

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/password.h"
#include "http/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct jwt_ask {
    char *token; /* what jwt views */
    char *cache_key;
    struct jwt jwt;
    struct signature_key key;
    int rc;
};

void auth_jwt_ask_free(struct jwt_ask *jwt)
{
    if (!jwt) return;
    jwt_deinit(&jwt->jwt);
    free(jwt->cache_key);
    crypto_free_secret(jwt->token);
    free(jwt);
}

bool auth_takes_jwt(const struct auth *auth, struct slice token)
{
    return auth->jwt_keys && token.len && memchr(token.ptr, '.', token.len);
}

static bool judge_jwt(struct ask *ask)
{
    if (auth_ask_expired(ask))
        return auth_ask_refuse(ask, ERR_EXPIRED, "the token has expired", AUTH_TOKEN_EXPIRED);
    if (ask->rc == ERR_AUTH)
        return auth_ask_refuse(ask, ERR_NOT_FOUND, "the issuer's key is gone", AUTH_TOKEN_INVALID);
    if (ask->rc < 0) return auth_ask_refuse_unknown(ask, ask->rc);
    return auth_ask_accept(ask);
}

/* ---- a token that was right ---- */

static void fill_known(struct known *known, const struct jwt_ask *jwt)
{
    struct principal *p = &known->principal;
    const struct jwt_rules *rules = p->auth->opts.jwt;
    struct buf source = { 0 };
    buf_puts(&source, "policies:");
    jwt_put_policies(&jwt->jwt, rules, &source);
    known->source = buf_take(&source, NULL);
    signature_key_id(&jwt->key, known->jwt_key);
    free(p->id);
    free(p->label);
    p->id = xstrdup(jwt->jwt.subject);
    p->label = xasprintf("jwt:%s", jwt->jwt.subject);
    p->expires_ms = jwt->jwt.expires_ms + rules->leeway_ms;
}

static void look_up(struct ask *ask)
{
    const struct jwt_ask *jwt = ask->jwt;
    struct known *known = auth_cache_get(ask->auth, jwt->cache_key);
    if (!known->source) fill_known(known, jwt);
    auth_ask_look_up(ask, known->key, judge_jwt);
    principal_unref(&known->principal);
}

/* It may have gone while the signature was checked. */
static bool key_is_there(const struct auth *auth, const struct signature_key *key)
{
    uint8_t id[CRYPTO_SHA256_LEN];
    signature_key_id(key, id);
    return jwt_keys_have(auth->jwt_keys, id);
}

static void run_jwt(struct worker_job *job)
{
    struct jwt_ask *jwt = container_of(job, struct ask, job)->jwt;
    jwt->rc = jwt_check(&jwt->jwt, &jwt->key);
}

static void on_jwt(struct worker_job *job)
{
    struct ask *ask = container_of(job, struct ask, job);
    if (job->cancelled || !ask->auth->lane) {
        auth_ask_refuse_unknown(ask, ERR_CLOSED);
    } else if (ask->jwt->rc < 0 || !key_is_there(ask->auth, &ask->jwt->key)) {
        auth_ask_refuse(ask, ERR_NOT_FOUND, "the token's signature is wrong", AUTH_TOKEN_INVALID);
    } else {
        look_up(ask);
        return;
    }
    auth_ask_end(ask);
}

/* ---- a token that comes ---- */

static int read_token(struct auth *auth, struct slice token, struct jwt_ask *jwt, struct diag *diag)
{
    if (!auth->jwt_lane) return ERR_CLOSED;
    jwt->token = xstrndup(token.ptr, token.len);
    int rc = jwt_parse(slice_of(jwt->token, token.len), &jwt->jwt, diag);
    if (rc == 0) rc = jwt_judge(&jwt->jwt, auth->opts.jwt, clock_real_ms(), diag);
    return rc < 0 ? rc : jwt_key_for(&jwt->jwt, auth->jwt_keys, &jwt->key, diag);
}

/* Without a look at its signature. Takes the ask. */
static void refuse_unread(struct ask *ask, int rc, const char *why)
{
    bool ours = rc == ERR_BUSY || rc == ERR_CLOSED;
    if (rc != ERR_CLOSED)
        auth_ask_log_failure(ask->auth, ask->what, slice_str(ask->name), ask->peer,
                             ask->request ? ask->request->id : NULL, why);
    auth_ask_answer(ask->auth, ask->done, ask->arg, ours || rc == ERR_EXPIRED ? rc : ERR_NOT_FOUND,
                    NULL,
                    ours                ? "service unavailable"
                    : rc == ERR_EXPIRED ? AUTH_TOKEN_EXPIRED
                                        : AUTH_TOKEN_INVALID);
    auth_ask_end(ask);
}

static void check_token(struct ask *ask, struct slice token, const char *cache_key)
{
    struct diag diag = DIAG_INIT;
    struct jwt_ask *jwt = ask->jwt = xnew(struct jwt_ask);
    jwt->cache_key = xstrdup(cache_key);
    int rc = read_token(ask->auth, token, jwt, &diag);
    if (jwt->jwt.subject) {
        free(ask->name);
        ask->name = xstrdup(jwt->jwt.subject);
    }
    ask->job = (struct worker_job){ .run = run_jwt, .done = on_jwt };
    if (rc == 0) rc = worker_submit(ask->auth->jwt_lane, &ask->job);
    if (rc < 0) refuse_unread(ask, rc, diag_text(&diag, rc));
}

void auth_ask_jwt(struct auth *auth, struct slice token, const struct http_request *request,
                  const char *peer, auth_done_cb done, void *arg)
{
    char hash[TOKEN_HASH_LEN], key[TOKEN_HASH_LEN + 8];
    token_hash(token, hash);
    snprintf(key, sizeof key, "jwt:%s", hash);
    struct ask *ask = auth_ask_create(auth, "jwt", "", peer, done, arg);
    ask->request = request;
    if (map_get_str(&auth->known, key))
        auth_ask_look_up(ask, key, judge_jwt);
    else
        check_token(ask, token, key);
}

/* ---- changes ---- */

bool auth_jwt_has_policy(const struct known *known, const char *policy)
{
    size_t len = strlen(policy);
    const char *names = strchr(known->source, ':') + 1;
    for (const char *at = names; *at; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == len && memcmp(at, policy, len) == 0) return true;
    return false;
}

void auth_set_jwt_keys(struct auth *auth, struct jwt_keys *keys)
{
    struct list ending;
    list_init(&ending);
    jwt_keys_free(auth->jwt_keys);
    auth->jwt_keys = keys;
    map_for_each(it, &auth->known) {
        struct known *known = it->value;
        bool is_jwt = known->principal.kind == PRINCIPAL_JWT;
        if (is_jwt && !jwt_keys_have(keys, known->jwt_key)) auth_cache_ending(known, &ending);
    }
    auth_cache_end_all(&ending, ERR_AUTH, "the issuer's key is gone");
}
