/* auth_request.c — HTTP requests: a bearer token, a SigV4 signature in the header or the query, or
 * whoever the transport says it is. AWS: Signature Version 4; RFC 9110, section 11.
 *
 *  I1  A request that carries credentials is judged by them alone: a wrong signature is never taken
 *      for none.
 *  I2  The request is borrowed until done; what is made of it lives in the arena of the ask. */
#include "auth/auth_ask_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/password.h"
#include "http/request.h"

#include <stdlib.h>
#include <strings.h>

/* A temporary key goes with its session token, any other without one. NULL: it is right. */
static const char *check_session(const struct ask *ask)
{
    const struct known *known = ask->known;
    struct slice token = ask->credential.security_token;
    char hash[TOKEN_HASH_LEN];
    if (!known->token_hash)
        return token.len ? "a session token with a key that is not temporary" : NULL;
    if (!token.len) return "a temporary key without its session token";
    token_hash(token, hash);
    return crypto_equal(hash, known->token_hash, TOKEN_HASH_LEN - 1) ? NULL
                                                                     : "another session token";
}

/* security, section 9.3: names differ between clients. */
static bool is_service(struct slice name)
{
    static const char *const names[] = { "iot", "execute-api", "iotdata", "iotdevicegateway",
                                         "iot-jobs-data" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq_str(name, names[i])) return true;
    return false;
}

/* Whose key it is, and whether it goes with its session token. 0: go on; else it is refused. */
static int judge_key(struct ask *ask, const char **ret_why)
{
    if (auth_ask_expired(ask)) {
        const char *wrong = ask->rc == 0 ? check_session(ask) : NULL;
        *ret_why = wrong ? wrong : "the temporary key has expired";
        return wrong ? ERR_NOT_FOUND : ERR_EXPIRED;
    }
    if (ask->rc == 0) *ret_why = check_session(ask);
    if (ask->rc == 0 && !ask->known->principal.valid) *ret_why = "the access key is disabled";
    if (ask->rc == ERR_NOT_FOUND) *ret_why = "unknown access key";
    return *ret_why ? ERR_NOT_FOUND : ask->rc;
}

static bool judge_sigv4(struct ask *ask)
{
    struct known *known = ask->known;
    const char *wrong = NULL;
    int rc = judge_key(ask, &wrong);
    if (wrong)
        return auth_ask_refuse(ask, rc, wrong,
                               rc == ERR_EXPIRED ? AUTH_TOKEN_EXPIRED : AUTH_TOKEN_INVALID);
    if (rc < 0) return auth_ask_refuse_unknown(ask, rc);
    if (!is_service(ask->credential.service))
        return auth_ask_refuse(ask, ERR_AUTH, "the credential is scoped to another service",
                               "Credential should be scoped to correct service: 'iot'.");
    if (ask->auth->opts.strict_region &&
        !slice_eq_str(ask->credential.region, ask->auth->opts.region))
        return auth_ask_refuse(ask, ERR_AUTH, "the credential is scoped to another region",
                               "Credential should be scoped to a valid region.");
    struct diag diag = DIAG_INIT;
    rc = sigv4_verify(&ask->sigv4, &ask->credential, slice_str(known->secret), &diag);
    if (rc < 0)
        return auth_ask_refuse(ask, rc, rc == ERR_AUTH ? "the signature does not match" : diag.text,
                               diag_text(&diag, rc));
    return auth_ask_accept(ask);
}

static struct sigv4_request describe(const struct http_request *request, struct arena *arena)
{
    struct sigv4_header *headers =
        arena_array(arena, struct sigv4_header, request->headers.count + 1);
    for (size_t i = 0; i < request->headers.count; i++)
        headers[i] = (struct sigv4_header){ request->headers.items[i].name,
                                            request->headers.items[i].value };
    return (struct sigv4_request){
        .method = slice_str(http_method_name(request->method)),
        .path_raw = request->path,
        .query_raw = request->query,
        .headers = headers,
        .header_count = request->headers.count,
        .body = request->body,
        .now_s = clock_real_ms() / 1000,
    };
}

/* RFC 9110, section 11.1: the name of a scheme has no case. */
static bool is_bearer(struct slice authorization)
{
    return authorization.len > 7 && strncasecmp(authorization.ptr, "Bearer ", 7) == 0;
}

/* What to say of a request whose credentials cannot be looked up. 0: it has none, and needs none. */
static int refuse_request(struct slice authorization, bool needs_none, int rc, struct diag *diag)
{
    if (rc != ERR_NOT_FOUND) return ERR_MALFORMED;
    if (authorization.len) return diag_set(diag, ERR_MALFORMED, "Unsupported authorization scheme");
    return needs_none ? 0 : diag_set(diag, ERR_USAGE, "Missing Authentication Token");
}

void auth_by_request(struct auth *auth, const struct http_request *request,
                     struct principal *transport, bool required, const char *peer,
                     auth_done_cb done, void *arg)
{
    struct slice authorization = http_header(&request->headers, "authorization");
    if (is_bearer(authorization)) {
        auth_ask_token(auth, slice_from(authorization, 7), request, peer, done, arg);
        return;
    }
    struct ask *ask = auth_ask_create(auth, "access key", "", peer, done, arg);
    struct diag diag = DIAG_INIT;
    ask->request = request;
    ask->sigv4 = describe(request, &ask->arena);
    int rc = sigv4_parse(&ask->sigv4, &ask->arena, &ask->credential, &diag);
    if (rc == 0) {
        free(ask->name);
        ask->name = xstrndup(ask->credential.access_key_id.ptr, ask->credential.access_key_id.len);
        bool temporary = strncmp(ask->name, "ASIA", 4) == 0;
        char *key = xasprintf("%s:%s", temporary ? "temp" : "key", ask->name);
        auth_ask_look_up(ask, key, judge_sigv4);
        free(key);
        return;
    }
    auth_ask_end(ask);
    rc = refuse_request(authorization, transport || !required, rc, &diag);
    if (rc < 0)
        auth_ask_log_failure(auth, "request", SLICE_LIT(""), peer, request->id,
                             diag_text(&diag, rc));
    bool known = rc == 0 && transport;
    auth_ask_answer(auth, done, arg, rc, known ? principal_ref(transport) : NULL,
                    diag_text(&diag, rc));
}

struct slice auth_request_service(const struct http_request *request, struct arena *arena)
{
    struct sigv4_request described = describe(request, arena);
    struct sigv4_credential credential;
    struct diag diag = DIAG_INIT;
    int rc = sigv4_parse(&described, arena, &credential, &diag);
    return rc < 0 ? slice_of("", 0) : credential.service;
}
