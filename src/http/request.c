/* request.c — what makes a message a request: target, Host, Expect, Upgrade (see request.h).
 *
 * wire.c delivers a well-framed head; here the rules of RFC 9112, section 3.2, are applied, once,
 * before any byte of the body is taken. So a request that is refused costs at most its head, and a
 * client that waits for "100 Continue" is told before it sends a body.
 *
 *  I1  A request reaches its handler with exactly one host, from the target or from the header.
 *  I2  req is filled at HTTP_CONTINUE or HTTP_DONE, and only then. */
#include "http/request.h"

#include "base/err.h"
#include "http/wire_priv.h"

#include <strings.h>

void http_parser_init(struct http_parser *p, const struct http_limits *limits)
{
    *p = (struct http_parser){ 0 };
    http_wire_init(&p->wire, limits, false);
}

void http_parser_deinit(struct http_parser *p)
{
    http_parser_next(p);
}

void http_parser_next(struct http_parser *p)
{
    http_wire_reset(&p->wire);
    p->req = (struct http_request){ 0 };
    p->failure = NULL;
}

static enum http_failure_id read_host(struct http_request *req)
{
    size_t count = http_header_count(&req->headers, "host");
    if (count > 1) return FAIL_TWO_HOSTS;
    if (count == 0) return req->minor == 0 ? FAIL_NONE : FAIL_NO_HOST;
    struct slice host = http_header_known(&req->headers, HTTP_H_HOST);
    if (!http_host_valid(host)) return FAIL_HOST;
    req->host = host;
    return FAIL_NONE;
}

static void split_path(struct http_request *req, struct slice rest)
{
    const char *mark = memchr(rest.ptr, '?', rest.len);
    size_t len = mark ? (size_t)(mark - rest.ptr) : rest.len;
    req->path = slice_of(rest.ptr, len);
    req->query = slice_from(rest, mark ? len + 1 : len);
    if (len == 0) req->path = req->method == HTTP_OPTIONS ? SLICE_LIT("*") : SLICE_LIT("/");
}

static size_t scheme_len(struct slice target)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (target.len > len && strncasecmp(target.ptr, schemes[i], len) == 0) return len;
    }
    return 0;
}

/* RFC 9112, 3.2.2: the host of an absolute target takes the place of the header's. */
static enum http_failure_id read_absolute(struct http_request *req)
{
    size_t scheme = scheme_len(req->target);
    if (!scheme) return FAIL_TARGET_FORM;
    struct slice rest = slice_from(req->target, scheme);
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?')
        len++;
    struct slice host = slice_of(rest.ptr, len);
    if (len == 0 || !http_host_valid(host)) return FAIL_TARGET_FORM;
    req->host = host;
    split_path(req, slice_from(rest, len));
    return FAIL_NONE;
}

static enum http_failure_id read_target(struct http_request *req)
{
    if (slice_starts(req->target, "/")) {
        split_path(req, req->target);
        return FAIL_NONE;
    }
    if (slice_eq_str(req->target, "*")) {
        req->path = req->target;
        return req->method == HTTP_OPTIONS ? FAIL_NONE : FAIL_TARGET_FORM;
    }
    return read_absolute(req);
}

/* RFC 9110, 10.1.1; a server of HTTP/1.0 does not know the header. */
static enum http_failure_id read_expect(struct http_request *req, bool *ret_expects)
{
    struct slice expect = http_header_known(&req->headers, HTTP_H_EXPECT);
    if (!expect.ptr || req->minor == 0) return FAIL_NONE;
    if (http_header_count(&req->headers, "expect") > 1 ||
        !http_eq_nocase(expect, SLICE_LIT("100-continue")))
        return FAIL_EXPECTATION;
    *ret_expects = true;
    return FAIL_NONE;
}

static enum http_failure_id read_request(struct http_parser *p, bool *ret_expects)
{
    const struct http_wire *w = &p->wire;
    struct http_request *req = &p->req;
    *req = (struct http_request){ .method = w->method,
                                  .minor = w->minor,
                                  .target = w->target,
                                  .query = { "", 0 },
                                  .host = { "", 0 },
                                  .headers = w->headers,
                                  .body = { "", 0 },
                                  .upgrade = { "", 0 },
                                  .keep_alive = w->keep_alive };
    enum http_failure_id failure = read_host(req);
    if (!failure) failure = read_target(req);
    if (!failure) failure = read_expect(req, ret_expects);
    if (!failure && w->upgrade && req->method == HTTP_GET && w->minor > 0 && w->state == WIRE_DONE)
        req->upgrade = http_header_known(&req->headers, HTTP_H_UPGRADE);
    return failure;
}

static int fail(struct http_parser *p, int rc)
{
    p->failure = p->wire.failure;
    p->req = (struct http_request){ 0 };
    return rc;
}

static int finish_head(struct http_parser *p, bool *ret_expects)
{
    enum http_failure_id failure = read_request(p, ret_expects);
    return failure ? http_wire_fail(&p->wire, failure) : 0;
}

int http_feed(struct http_parser *p, const uint8_t *data, size_t len, size_t *ret_used)
{
    size_t used = 0, more = 0;
    int rc = http_wire_feed(&p->wire, data, len, &used);
    if (rc == WIRE_GOT_HEAD) {
        bool expects = false;
        rc = finish_head(p, &expects);
        if (rc < 0) return fail(p, rc);
        if (expects && p->wire.state == WIRE_BODY) {
            *ret_used = used;
            return HTTP_CONTINUE;
        }
        rc = http_wire_feed(&p->wire, data + used, len - used, &more);
    }
    if (rc < 0) return fail(p, rc);
    *ret_used = used + more;
    if (rc != WIRE_GOT_ALL) return HTTP_MORE;
    p->req.body = buf_slice(&p->wire.body);
    return HTTP_DONE;
}

enum http_phase http_parser_phase(const struct http_parser *p)
{
    switch (p->wire.state) {
    case WIRE_HEAD:
        return guard_begun(&p->wire.guard) ? HTTP_IN_HEAD : HTTP_IDLE;
    case WIRE_BODY:
        return HTTP_IN_BODY;
    default:
        return HTTP_COMPLETE;
    }
}
