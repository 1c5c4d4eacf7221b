/* client.c — writes requests and reads responses (see client.h). The framing is wire.c's; here are
 * only the interim responses and the end of the stream.
 *
 *  I1  A response that is cut short is never taken for a complete one: without Content-Length and
 *      chunked coding the end of the stream completes it, in every other state it is an error.
 *  I2  No byte of the target, of a name or of a value ends a line of the request. */
#include "http/client.h"

#include "base/err.h"
#include "http/wire_priv.h"

enum { MAX_INTERIM = 8 };

static bool is_ours(struct slice name)
{
    switch (http_header_find(name)) {
    case HTTP_H_CONNECTION:
    case HTTP_H_CONTENT_LENGTH:
    case HTTP_H_HOST:
    case HTTP_H_TRANSFER_ENCODING:
        return true;
    default:
        return false;
    }
}

static bool target_valid(struct slice target)
{
    if (!slice_starts(target, "/") && !slice_eq_str(target, "*")) return false;
    for (size_t i = 0; i < target.len; i++)
        if (!http_is_target_char((uint8_t)target.ptr[i])) return false;
    return true;
}

static bool call_valid(const struct http_call *call)
{
    if ((unsigned)call->method >= HTTP_METHOD_COUNT || !target_valid(call->target) || !call->host ||
        !call->host[0] || !http_host_valid(slice_str(call->host)))
        return false;
    for (size_t i = 0; i < call->field_count; i++) {
        struct slice name = slice_str(call->fields[i].name);
        if (is_ours(name) || !http_field_valid(name, call->fields[i].value)) return false;
    }
    return true;
}

/* RFC 9110, 8.6: methods for which a body is expected say so even when it is empty. */
static bool says_length(const struct http_call *call)
{
    return call->body.len || call->method == HTTP_POST || call->method == HTTP_PUT ||
           call->method == HTTP_PATCH;
}

int http_put_request(struct buf *out, const struct http_call *call)
{
    if (!call_valid(call)) return ERR_INVALID;
    buf_printf(out, "%s ", http_method_name(call->method));
    buf_put_slice(out, call->target);
    buf_printf(out, " HTTP/1.1\r\nHost: %s\r\n", call->host);
    if (!call->keep_alive) buf_puts(out, "Connection: close\r\n");
    if (says_length(call)) buf_printf(out, "Content-Length: %zu\r\n", call->body.len);
    for (size_t i = 0; i < call->field_count; i++) {
        buf_puts(out, call->fields[i].name);
        buf_puts(out, ": ");
        buf_put_slice(out, call->fields[i].value);
        buf_puts(out, "\r\n");
    }
    buf_puts(out, "\r\n");
    buf_put_slice(out, call->body);
    return 0;
}

void http_client_init(struct http_client *c, const struct http_limits *limits,
                      enum http_method method)
{
    *c = (struct http_client){ 0 };
    http_wire_init(&c->wire, limits, true);
    c->no_body = c->wire.no_body = method == HTTP_HEAD;
}

void http_client_deinit(struct http_client *c)
{
    http_wire_reset(&c->wire);
}

void http_client_next(struct http_client *c, enum http_method method)
{
    const struct http_limits *limits = c->wire.limits;
    http_client_deinit(c);
    http_client_init(c, limits, method);
}

static int fail(struct http_client *c, int rc)
{
    c->failure = c->wire.failure;
    return rc;
}

static int skip_interim(struct http_client *c)
{
    if (++c->interim > MAX_INTERIM) return fail(c, http_wire_fail(&c->wire, FAIL_INTERIM));
    http_wire_reset(&c->wire);
    c->wire.no_body = c->no_body;
    return HTTP_MORE;
}

static int take_response(struct http_client *c)
{
    struct http_wire *w = &c->wire;
    c->status = w->status;
    c->reason = w->reason.ptr ? w->reason : slice_of("", 0);
    c->headers = w->headers;
    c->body = buf_slice(&w->body);
    c->keep_alive = w->keep_alive && w->status != 101;
    return HTTP_DONE;
}

static bool is_interim(int status)
{
    return status / 100 == 1 && status != 101;
}

int http_client_feed(struct http_client *c, const uint8_t *data, size_t len, size_t *ret_used)
{
    size_t used = 0;
    int rc = HTTP_MORE;
    while (rc == HTTP_MORE) {
        size_t more = 0;
        int event = http_wire_feed(&c->wire, data + used, len - used, &more);
        if (event < 0) return fail(c, event);
        used += more;
        if (event == WIRE_MORE) break;
        if (event == WIRE_GOT_HEAD && is_interim(c->wire.status))
            rc = skip_interim(c);
        else if (event == WIRE_GOT_ALL)
            rc = take_response(c);
    }
    if (rc < 0) return rc;
    *ret_used = used;
    return rc;
}

int http_client_finish(struct http_client *c)
{
    if (c->wire.state == WIRE_FAILED) return fail(c, c->wire.rc);
    return http_wire_finish(&c->wire) ? take_response(c) : ERR_CLOSED;
}
