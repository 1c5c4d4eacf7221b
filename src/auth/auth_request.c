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
#include "http/request.h"

#include <stdlib.h>
#include <strings.h>

static bool judge_sigv4(struct ask *ask)
{
    struct known *known = ask->known;
    if (ask->rc == ERR_NOT_FOUND)
        return auth_ask_refuse(ask, ERR_NOT_FOUND, "unknown access key",
                               "The security token included in the request is invalid.");
    if (ask->rc < 0) return auth_ask_refuse_unknown(ask, ask->rc);
    if (ask->credential.security_token.len)
        return auth_ask_refuse(ask, ERR_NOT_FOUND,
                               "a session token with a key that is not temporary",
                               "The security token included in the request is invalid.");
    if (ask->auth->opts.strict_region &&
        !slice_eq_str(ask->credential.region, ask->auth->opts.region))
        return auth_ask_refuse(ask, ERR_AUTH, "the credential is scoped to another region",
                               "Credential should be scoped to a valid region.");
    struct diag diag = DIAG_INIT;
    int rc = sigv4_verify(&ask->sigv4, &ask->credential, slice_str(known->secret), &diag);
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
        char *key = xasprintf("key:%s", ask->name);
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
