/* cors.c — what the scripts of web pages may do: Fetch standard, "CORS protocol". Only those of pages from an
 * origin in http.allowed_origins may read answers, and send what a form could not send; a page of any other
 * gets not one of these headers. Credentials travel in headers or in the query, which a page has to have, so
 * Access-Control-Allow-Credentials is never sent: cookies mean nothing here.
 *
 * A preflight is the question of a browser before the request, and carries no credentials. It is told the
 * methods that the path has, and of the headers it names those which mean something here. That the path exists
 * is in the manual; whether the caller may use it is decided with the request. */
#include "api/api_priv.h"

#include "base/mem.h"

/* Credentials, the type of a payload, what readers of events and of documents that they have send, and what the SDKs
 * of AWS send along. */
static bool means_something(struct slice name)
{
    static const char *const names[] = { "authorization", "content-type", "cache-control",
                                         "last-event-id", "if-none-match" };
    static const char *const prefixes[] = { "x-amz-", "x-amzn-", "amz-sdk-" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (http_eq_nocase(name, slice_str(names[i]))) return true;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        struct slice prefix = slice_str(prefixes[i]);
        if (name.len > prefix.len && http_eq_nocase(slice_of(name.ptr, prefix.len), prefix))
            return true;
    }
    return false;
}

static const char *methods_of(struct api_call *call)
{
    struct http_exchange *exchange = call->exchange;
    struct buf text = { 0 };
    route_put_allow(&text, route_allowed(call->api->table, exchange->request->path));
    const char *methods = arena_strdup(&exchange->arena, buf_str(&text));
    buf_deinit(&text);
    return methods;
}

static const char *headers_of(struct api_call *call)
{
    struct http_exchange *exchange = call->exchange;
    struct slice wanted =
        http_header(&exchange->request->headers, "access-control-request-headers");
    struct slice name;
    struct buf text = { 0 };
    while (http_list_next(&wanted, &name)) {
        if (!http_field_valid(name, SLICE_LIT("")) || !means_something(name)) continue;
        if (text.len) buf_puts(&text, ", ");
        buf_put_slice(&text, name);
    }
    const char *headers = arena_strdup(&exchange->arena, buf_str(&text));
    buf_deinit(&text);
    return headers;
}

static bool is_preflight(const struct http_request *request)
{
    return request->method == HTTP_OPTIONS &&
           http_header(&request->headers, "access-control-request-method").len;
}

static void add(struct http_header_out *headers, size_t *count, const char *name, const char *value)
{
    if (*value) headers[(*count)++] = (struct http_header_out){ name, value };
}

size_t cors_headers(struct api_call *call, struct http_header_out ret_headers[CORS_HEADERS])
{
    struct http_exchange *exchange = call->exchange;
    const struct api_opts *opts = &call->api->opts;
    struct slice origin = guard_origin(opts, exchange->request);
    bool preflight = origin.len && is_preflight(exchange->request);
    size_t count = 0;
    if (!opts->origin_count) return 0;
    add(ret_headers, &count, "Vary",
        preflight ? "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
                  : "Origin"); /* whoever asks: the answer is another with a listed origin */
    if (!origin.len) return count;
    add(ret_headers, &count, "Access-Control-Allow-Origin",
        arena_strndup(&exchange->arena, origin.ptr, origin.len));
    if (!preflight) {
        add(ret_headers, &count, "Access-Control-Expose-Headers",
            "x-amzn-RequestId, x-amzn-ErrorType, Date, ETag");
        return count;
    }
    add(ret_headers, &count, "Access-Control-Allow-Methods", methods_of(call));
    add(ret_headers, &count, "Access-Control-Allow-Headers", headers_of(call));
    add(ret_headers, &count, "Access-Control-Max-Age", "600");
    return count;
}

bool cors_preflight(struct api_call *call)
{
    const struct http_request *request = call->exchange->request;
    if (!is_preflight(request) || !guard_origin(&call->api->opts, request).len) return false;
    api_answer(call, 204, NULL, SLICE_LIT(""));
    return true;
}
