/* answer.c — how answers and errors look: api-operations, sections 1.1 and 1.2; security, section 9.4.
 *
 * The name of an error travels in x-amzn-ErrorType, the sentence in the body. The data plane adds a
 * traceId, which is the request's id. What is wrong with the hub itself is told in the log, not to the
 * caller. */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "registry/registry.h"

#include <errno.h>
#include <stdlib.h>

#define JSON_TYPE "application/json"

/* The first row that fits counts: rows for one operation stand before those for all. */
/* clang-format off */
#define FOR(op_, rc_, status_, name)                                                               \
    { .rc = (rc_), .op = (op_), .status = { (status_), 400 },                                      \
      .error = { name "Exception", "InvalidRequestException" } }
#define EACH(rc_, control_status, control_name, data_status, data_name)                            \
    { .rc = (rc_), .status = { (control_status), (data_status) },                                  \
      .error = { control_name "Exception", data_name "Exception" } }
#define BOTH(rc_, status_, name) EACH(rc_, status_, name, status_, name)
const struct api_failure api_failures[] = {
    /*   operation              code         control plane */
    FOR("CreatePolicy",        ERR_SYNTAX,  400, "MalformedPolicy"),
    FOR("CreatePolicyVersion", ERR_SYNTAX,  400, "MalformedPolicy"),
    FOR("CreateTopicRule",     ERR_SYNTAX,  400, "SqlParse"),
    FOR("ReplaceTopicRule",    ERR_SYNTAX,  400, "SqlParse"),
    FOR("TestTopicRule",       ERR_SYNTAX,  400, "SqlParse"),
    FOR("CreatePolicyVersion", ERR_LIMIT,   409, "VersionsLimitExceeded"),
    FOR("RegisterCertificate", ERR_CONFLICT, 409, "CertificateConflict"),
    FOR("RegisterCACertificate", ERR_AUTH,  400, "RegistrationCodeValidation"),
    FOR("CreateProvisioningTemplateVersion", ERR_LIMIT, 409, "VersionsLimitExceeded"),
    FOR("RegisterThing",       ERR_CONFLICT, 409, "ConflictingResourceUpdate"),
    FOR("RegisterThing",       ERR_NOT_FOUND, 400, "ResourceRegistrationFailure"),
    FOR("RegisterThing",       ERR_SYNTAX,  400, "ResourceRegistrationFailure"),
    FOR("RegisterThing",       ERR_STATE,   400, "ResourceRegistrationFailure"),
    FOR("RegisterThing",       ERR_CERT,    400, "ResourceRegistrationFailure"),
    /*   code              control plane                       data plane */
    BOTH(ERR_INVALID,     400, "InvalidRequest"),
    BOTH(ERR_SYNTAX,      400, "InvalidRequest"),
    BOTH(ERR_MALFORMED,   400, "InvalidRequest"),
    BOTH(ERR_USAGE,       400, "InvalidRequest"),
    BOTH(ERR_TOPIC,       400, "InvalidRequest"),
    BOTH(ERR_DEPTH,       400, "InvalidRequest"),
    EACH(ERR_ENCODING,    400, "InvalidRequest",            415, "UnsupportedDocumentEncoding"),
    BOTH(ERR_UNSUPPORTED, 400, "InvalidRequest"),
    EACH(ERR_CERT,        400, "CertificateValidation",     400, "InvalidRequest"),
    BOTH(ERR_AUTH,        401, "Unauthorized"),
    EACH(ERR_DENIED,      403, "AccessDenied",              403, "Forbidden"),
    BOTH(ERR_NOT_FOUND,   404, "ResourceNotFound"),
    EACH(ERR_STATE,       406, "CertificateState",          400, "InvalidRequest"),
    EACH(ERR_EXISTS,      409, "ResourceAlreadyExists",     409, "Conflict"),
    EACH(ERR_CONFLICT,    409, "VersionConflict",           409, "Conflict"),
    EACH(ERR_IN_USE,      409, "DeleteConflict",            409, "Conflict"),
    EACH(ERR_LIMIT,       410, "LimitExceeded",             400, "InvalidRequest"),
    BOTH(ERR_TOO_LARGE,   413, "RequestEntityTooLarge"),
    EACH(ERR_BUSY,        400, "Throttling",                429, "Throttling"),
    BOTH(ERR_STORE,       503, "ServiceUnavailable"),
    BOTH(ERR_CLOSED,      503, "ServiceUnavailable"),
    BOTH(ERR_TIMEOUT,     503, "ServiceUnavailable"),
    BOTH(-ENOSPC,         503, "ServiceUnavailable"),
    BOTH(-EIO,            503, "ServiceUnavailable"),
    BOTH(0,                500, "InternalFailure"), /* all others */
};
#undef FOR
#undef BOTH
#undef EACH

/* What auth_by_request says. */
const struct api_auth_failure api_auth_failures[] = {
    { ERR_USAGE,     403, "MissingAuthenticationTokenException" }, /* data plane: ForbiddenException */
    { ERR_MALFORMED, 400, "IncompleteSignatureException" },
    { ERR_NOT_FOUND, 403, "UnrecognizedClientException" },
    { ERR_AUTH,      403, "InvalidSignatureException" },
    { ERR_TIMEOUT,   403, "InvalidSignatureException" },
    { ERR_EXPIRED,   403, "ExpiredTokenException" },
    { ERR_UNSUPPORTED, 501, "NotImplementedException" },
    { ERR_DENIED,    403, "AccessDeniedException" },
    { ERR_BUSY,      503, "ServiceUnavailableException" },
    { ERR_CLOSED,    503, "ServiceUnavailableException" },
    { ERR_STORE,     503, "ServiceUnavailableException" },
    { 0,             500, "InternalFailureException" }, /* all others */
};
/* clang-format on */
const size_t api_failure_count = ARRAY_LEN(api_failures);
const size_t api_auth_failure_count = ARRAY_LEN(api_auth_failures);

/* shadows, section 6 */
static const struct {
    int code;
    const char *error;
} shadow_errors[] = {
    { 400, "InvalidRequestException" },
    { 401, "UnauthorizedException" },
    { 403, "ForbiddenException" },
    { 404, "ResourceNotFoundException" },
    { 405, "MethodNotAllowedException" },
    { 409, "ConflictException" },
    { 413, "RequestEntityTooLargeException" },
    { 415, "UnsupportedDocumentEncodingException" },
    { 422, "InvalidRequestException" },
    { 429, "ThrottlingException" },
    { 500, "InternalFailureException" },
    { 503, "ServiceUnavailableException" },
};

const char *api_shadow_error(int code)
{
    for (size_t i = 0; i < ARRAY_LEN(shadow_errors); i++)
        if (shadow_errors[i].code == code) return shadow_errors[i].error;
    return code < 500 ? "InvalidRequestException" : "InternalFailureException";
}

const struct api_failure *api_failure_of(int rc, const char *op)
{
    const struct api_failure *row = api_failures;
    for (; row->rc; row++)
        if (row->rc == rc && (!row->op || (op && strcmp(row->op, op) == 0))) break;
    return row;
}

/* A path that is none of ours looks as on AWS's data host. */
bool api_is_data_plane(const struct api_call *call)
{
    return !call->route || call->route->plane == API_DATA;
}

const char *api_action(const struct api_call *call)
{
    if (!call->route) return "";
    return call->route->route.action ? call->route->route.action : call->route->op;
}

/* ---- writing ---- */

struct headers {
    struct http_header_out items[6 + CORS_HEADERS];
    size_t count;
};

static void add(struct headers *headers, const char *name, const char *value)
{
    headers->items[headers->count++] = (struct http_header_out){ name, value };
}

static void finish(struct api_call *call, int status, const char *content_type, struct slice body,
                   const char *error)
{
    struct http_exchange *exchange = call->exchange;
    struct headers headers = { 0 };
    if (error) add(&headers, "x-amzn-ErrorType", error);
    if (call->allow) add(&headers, "Allow", call->allow);
    if (call->upgrade) add(&headers, "Upgrade", call->upgrade);
    if (call->etag) {
        add(&headers, "ETag", call->etag);
        add(&headers, "Cache-Control", "private, no-cache");
    }
    headers.count += cors_headers(call, headers.items + headers.count);
    call->exchange = NULL;
    http_respond(exchange, status, content_type, body, headers.items, headers.count);
    api_call_done(call);
}

bool api_answer_begin(struct api_call *call, const char *content_type,
                      const struct http_header_out *more, size_t count,
                      const struct http_body_cbs *cbs, void *arg)
{
    struct http_exchange *exchange = call->exchange;
    struct headers headers = { 0 };
    for (size_t i = 0; i < count; i++)
        add(&headers, more[i].name, more[i].value);
    headers.count += cors_headers(call, headers.items + headers.count);
    loop_timer_stop(&call->timer);
    if (http_begin(exchange, 200, content_type, headers.items, headers.count, cbs, arg))
        return true;
    api_answer_gone(call);
    return false;
}

void api_answer_end(struct api_call *call)
{
    http_end(call->exchange);
    api_answer_gone(call);
}

void api_answer_gone(struct api_call *call)
{
    call->exchange = NULL;
    api_call_done(call);
}

void api_answer(struct api_call *call, int status, const char *content_type, struct slice body)
{
    finish(call, status, content_type, body, NULL);
}

void api_answer_json(struct api_call *call, int status, struct json *json)
{
    struct buf body = { 0 };
    json_print(json, &body);
    finish(call, status, JSON_TYPE, buf_slice(&body), NULL);
    buf_deinit(&body);
    json_free(json);
}

/* ---- errors ---- */

static void log_failure(const struct api_call *call, int status, const char *error,
                        const char *message)
{
    if (status < 500 || status == 501) return;
    LOG(LOG_WARN, "api", "request failed", LOG_S("request", call->exchange->request_id),
        LOG_S("operation", call->route ? call->route->op : ""), LOG_I("status", status),
        LOG_S("error", error), LOG_S("reason", message));
}

static void fail_with(struct api_call *call, int status, const char *error, const char *message,
                      const struct json *result)
{
    static const char *const members[] = { "resourceId", "resourceArn" };
    struct json *body = json_new_object();
    json_set_str(body, "message", message);
    if (api_is_data_plane(call)) json_set_str(body, "traceId", call->exchange->request_id);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        json_set_str(body, members[i], json_get_str(result, members[i]));
    struct buf text = { 0 };
    json_print(body, &text);
    finish(call, status, JSON_TYPE, buf_slice(&text), error);
    buf_deinit(&text);
    json_free(body);
}

void api_set_time(struct json *object, const char *member, int64_t ms)
{
    if (ms) json_set(object, member, json_new_double((double)ms / 1000.0));
}

void api_fail_as(struct api_call *call, int status, const char *error, const char *message)
{
    fail_with(call, status, error, message, NULL);
}

void api_fail(struct api_call *call, int rc, const char *message, const struct json *result)
{
    bool data = api_is_data_plane(call);
    const struct api_failure *row = api_failure_of(rc, call->route ? call->route->op : NULL);
    if (!message || !*message) message = err_text(rc);
    log_failure(call, row->status[data], row->error[data], message);
    if (row->status[data] == 500) message = "Internal service failure";
    fail_with(call, row->status[data], row->error[data], message, rc == ERR_EXISTS ? result : NULL);
}

void api_fail_auth(struct api_call *call, int rc, const char *why)
{
    const struct api_auth_failure *row = api_auth_failures;
    while (row->rc && row->rc != rc)
        row++;
    const char *error = row->error;
    if (rc == ERR_USAGE) {
        why = "Missing Authentication Token";
        if (api_is_data_plane(call)) error = "ForbiddenException";
    }
    log_failure(call, row->status, error, why ? why : err_text(rc));
    if (row->status == 500) why = "Internal service failure";
    fail_with(call, row->status, error, why ? why : err_text(rc), NULL);
}

/* "key:AKIA…" becomes "key/AKIA…". */
static char *user_arn(const struct api_call *call)
{
    const struct registry *registry = call->api->opts.registry;
    const char *label = call->principal->label;
    const char *colon = strchr(label, ':');
    int kind = colon ? (int)(colon - label) : (int)strlen(label);
    return xasprintf("arn:aws:iot:%s:%s:%.*s%s%s", registry_region(registry),
                     registry_account(registry), kind, label, colon ? "/" : "",
                     colon ? colon + 1 : "");
}

void api_fail_denied(struct api_call *call, const char *resource)
{
    if (api_is_data_plane(call)) {
        fail_with(call, 403, "ForbiddenException", "Forbidden", NULL);
        return;
    }
    char *arn = user_arn(call);
    char *message = xasprintf("User: %s is not authorized to perform: %s on resource: %s", arn,
                              api_action(call), resource);
    fail_with(call, 403, "AccessDeniedException", message, NULL);
    free(message);
    free(arn);
}
