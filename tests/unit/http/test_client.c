/* The client's side: requests as bytes, and responses in any pieces. */
#include "lib/test.h"

#include "base/err.h"
#include "http/client.h"
#include "http/request.h"
#include "http/response.h"

#include "http_tests.h"

static const struct http_limits small = { 64, 256, 8, 32 };

#define OK "HTTP/1.1 200 OK\r\n"

static const struct client_case {
    const char *name;
    enum http_method method;
    struct slice in;
    bool ends; /* the peer closes after it */
    const char *expected;
} client_cases[] = {
#define IN(text)                  \
    {                             \
        "" text, sizeof(text) - 1 \
    }
    { "length", HTTP_GET, IN(OK "Content-Length: 2\r\n\r\nhi"), false, "200 OK =hi" },
    { "no body", HTTP_GET, IN(OK "Content-Length: 0\r\n\r\n"), false, "200 OK" },
    { "what follows is left", HTTP_GET, IN(OK "Content-Length: 1\r\n\r\nhi"), false,
      "200 OK =h left 1" },
    { "chunked", HTTP_GET, IN(OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n"),
      false, "200 OK =hi" },
    { "until close", HTTP_GET, IN(OK "\r\nhello"), true, "200 OK =hello close" },
    { "until close, nothing", HTTP_GET, IN(OK "\r\n"), true, "200 OK close" },
    { "until close, still open", HTTP_GET, IN(OK "\r\nhello"), false, "more" },
    { "head", HTTP_HEAD, IN(OK "Content-Length: 5\r\n\r\n"), false, "200 OK" },
    { "head chunked", HTTP_HEAD, IN(OK "Transfer-Encoding: chunked\r\n\r\n"), false, "200 OK" },
    { "head without length", HTTP_HEAD, IN(OK "\r\n"), false, "200 OK" },
    { "head of a large body", HTTP_HEAD, IN(OK "Content-Length: 5000000\r\n\r\n"), false,
      "200 OK" },
    { "no content", HTTP_PUT, IN("HTTP/1.1 204 No Content\r\n\r\n"), false, "204 No Content" },
    { "not modified with a length", HTTP_GET,
      IN("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), false, "304 Not Modified" },
    { "no reason", HTTP_GET, IN("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), false, "200 " },
    { "no reason and no space", HTTP_GET, IN("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), false,
      "200 " },
    { "continue first", HTTP_POST,
      IN("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi"), false, "200 OK =hi" },
    { "early hints first", HTTP_GET,
      IN("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
      false, "404 No" },
    { "continue, then a head's answer", HTTP_HEAD,
      IN("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\n"), false, "200 OK" },
    { "continue alone", HTTP_GET, IN("HTTP/1.1 100 Continue\r\n\r\n"), true, "ERR_CLOSED" },
    { "switching", HTTP_GET,
      IN("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
         "websocket\r\n\r\n\x81"),
      false, "101 Switching Protocols close left 1" },
    { "close", HTTP_GET, IN(OK "Connection: close\r\nContent-Length: 0\r\n\r\n"), false,
      "200 OK close" },
    { "http 1.0", HTTP_GET, IN("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"), false,
      "200 OK =x close" },
    { "nothing", HTTP_GET, IN(""), true, "ERR_CLOSED" },
    { "half a head", HTTP_GET, IN("HTTP/1.1 200 OK\r\nConte"), true, "ERR_CLOSED" },
    { "half a body", HTTP_GET, IN(OK "Content-Length: 3\r\n\r\nhi"), true, "ERR_CLOSED" },
    { "half a chunk", HTTP_GET, IN(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhi"), true,
      "ERR_CLOSED" },
    { "no last chunk", HTTP_GET, IN(OK "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n"), true,
      "ERR_CLOSED" },
    { "body too long", HTTP_GET, IN(OK "Content-Length: 33\r\n\r\n"), false, "ERR_TOO_LARGE" },
    { "until close too long", HTTP_GET, IN(OK "\r\n123456789012345678901234567890123"), false,
      "ERR_TOO_LARGE" },
    { "chunk too long", HTTP_GET, IN(OK "Transfer-Encoding: chunked\r\n\r\n21\r\n"), false,
      "ERR_TOO_LARGE" },
    { "too many headers", HTTP_GET,
      IN(OK "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\ni:1\r\n\r\n"), false,
      "ERR_TOO_LARGE" },
    { "length and coding", HTTP_GET,
      IN(OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), false, "ERR_MALFORMED" },
    { "two lengths", HTTP_GET, IN(OK "Content-Length: 3\r\nContent-Length: 2\r\n\r\n"), false,
      "ERR_MALFORMED" },
    { "coding unknown", HTTP_GET, IN(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), false,
      "ERR_UNSUPPORTED" },
    { "coding without chunked", HTTP_GET, IN(OK "Transfer-Encoding: gzip\r\n\r\n"), false,
      "ERR_MALFORMED" },
    { "folding", HTTP_GET, IN(OK "A: b\r\n c\r\n\r\n"), false, "ERR_MALFORMED" },
    { "bare lf", HTTP_GET, IN("HTTP/1.1 200 OK\nA: b\n\n"), false, "ERR_MALFORMED" },
    { "bare cr in reason", HTTP_GET, IN("HTTP/1.1 200 O\rK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "control in reason", HTTP_GET, IN("HTTP/1.1 200 O\1K\r\n\r\n"), false, "ERR_MALFORMED" },
    { "two digits", HTTP_GET, IN("HTTP/1.1 20 OK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "four digits", HTTP_GET, IN("HTTP/1.1 2000 OK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "status below 100", HTTP_GET, IN("HTTP/1.1 099 OK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "long reason", HTTP_GET,
      IN("HTTP/1.1 200 "
         "123456789012345678901234567890123456789012345678901234567890\r\n\r\n"),
      false, "ERR_MALFORMED" },
    { "no space after the status", HTTP_GET, IN("HTTP/1.1 200OK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "two spaces", HTTP_GET, IN("HTTP/1.1  200 OK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "rtsp", HTTP_GET, IN("RTSP/1.0 200 OK\r\n\r\n"), false, "ERR_MALFORMED" },
    { "high bytes in reason", HTTP_GET, IN("HTTP/1.1 200 \xc3\xa4\r\nContent-Length: 0\r\n\r\n"),
      false, "200 \xc3\xa4" },
    { "another protocol", HTTP_GET, IN("SSH-2.0-OpenSSH\r\n\r\n"), false, "ERR_MALFORMED" },
    { "http 2", HTTP_GET, IN("HTTP/2.0 200 OK\r\n\r\n"), false, "ERR_UNSUPPORTED" },
    { "a request", HTTP_GET, IN("GET / HTTP/1.1\r\n\r\n"), false, "ERR_MALFORMED" },
#undef IN
};

static void put_result(struct buf *out, const struct http_client *c, int rc, size_t left)
{
    if (rc == HTTP_MORE) {
        buf_puts(out, "more");
        return;
    }
    if (rc < 0) {
        buf_puts(out, err_name(rc));
        if (rc != ERR_CLOSED) assert_non_null(c->failure);
        return;
    }
    buf_printf(out, "%d ", c->status);
    buf_put_slice(out, c->reason);
    if (c->body.len) buf_puts(out, " =");
    buf_put_slice(out, c->body);
    if (!c->keep_alive) buf_puts(out, " close");
    if (left) buf_printf(out, " left %zu", left);
}

static void read_response(struct buf *out, const struct client_case *c, size_t first, size_t step)
{
    struct http_client client;
    http_client_init(&client, &small, c->method);
    int rc = HTTP_MORE;
    size_t at = 0;
    for (size_t len = first; rc == HTTP_MORE && at < c->in.len; len = step) {
        size_t used = 0;
        if (len > c->in.len - at) len = c->in.len - at;
        uint8_t *piece = malloc(len);
        memcpy(piece, c->in.ptr + at, len);
        rc = http_client_feed(&client, piece, len, &used);
        free(piece);
        at += used;
    }
    if (c->ends && rc == HTTP_MORE) rc = http_client_finish(&client);
    put_result(out, &client, rc, c->in.len - at);
    if (rc != HTTP_MORE && rc != ERR_CLOSED) assert_int_equal(http_client_finish(&client), rc);
    http_client_deinit(&client);
}

static void test_responses(void **state)
{
    for (size_t i = 0; i < sizeof client_cases / sizeof *client_cases; i++) {
        const struct client_case *c = &client_cases[i];
        for (size_t at = 0; at <= c->in.len; at++) {
            struct buf out = { 0 };
            read_response(&out, c, at ? at : 1, at ? c->in.len : 1);
            if (strcmp(buf_str(&out), c->expected) != 0)
                fail_msg("%s, cut at %zu:\n got      %s\n expected %s", c->name, at, buf_str(&out),
                         c->expected);
            buf_deinit(&out);
        }
    }
}

static void test_interim_responses_are_bounded(void **state)
{
    struct buf in = { 0 };
    for (int i = 0; i < 9; i++)
        http_put_continue(&in);
    struct http_client c;
    size_t used = 0;
    http_client_init(&c, NULL, HTTP_GET);
    assert_int_equal(http_client_feed(&c, (const uint8_t *)in.data, in.len, &used), ERR_MALFORMED);
    assert_string_equal(c.failure->why, "too many interim responses");
    http_client_deinit(&c);
    buf_deinit(&in);
}

static void test_one_after_the_other(void **state)
{
    static const char in[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX-Amzn-ErrorType: E\r\n\r\na"
                             "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n";
    struct http_client c;
    size_t used = 0, more = 0;
    http_client_init(&c, NULL, HTTP_GET);
    assert_int_equal(http_client_feed(&c, (const uint8_t *)in, sizeof in - 1, &used), HTTP_DONE);
    assert_true(slice_eq_str(http_header(&c.headers, "x-amzn-errortype"), "E"));
    http_client_next(&c, HTTP_HEAD);
    assert_int_equal(http_client_feed(&c, (const uint8_t *)in + used, sizeof in - 1 - used, &more),
                     HTTP_DONE);
    assert_int_equal(c.status, 404);
    assert_int_equal(used + more, sizeof in - 1);
    http_client_deinit(&c);
}

static const struct http_field one_field[] = { { "X-A", { "b", 1 } } };

static const struct call_case {
    struct http_call call;
    const char *expected;
} call_cases[] = {
    { { .method = HTTP_GET, .target = { "/", 1 }, .host = "h" },
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" },
    { { .method = HTTP_POST,
        .target = { "/a?b=%20", 8 },
        .host = "[::1]:8443",
        .keep_alive = true },
      "POST /a?b=%20 HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 0\r\n\r\n" },
    { { .method = HTTP_DELETE,
        .target = { "/a", 2 },
        .host = "h",
        .fields = one_field,
        .field_count = 1,
        .body = { "{}", 2 },
        .keep_alive = true },
      "DELETE /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX-A: b\r\n\r\n{}" },
    { { .method = HTTP_OPTIONS, .target = { "*", 1 }, .host = "h", .keep_alive = true },
      "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n" },
};

/* What is written is read by the other half as it was meant. */
static void test_calls(void **state)
{
    for (size_t i = 0; i < sizeof call_cases / sizeof *call_cases; i++) {
        const struct http_call *call = &call_cases[i].call;
        struct buf out = { 0 };
        struct http_parser p;
        size_t used = 0;
        assert_int_equal(http_put_request(&out, call), 0);
        assert_string_equal(buf_str(&out), call_cases[i].expected);
        http_parser_init(&p, NULL);
        assert_int_equal(http_feed(&p, (const uint8_t *)out.data, out.len, &used), HTTP_DONE);
        assert_int_equal(used, out.len);
        assert_true(slice_eq(p.req.target, call->target));
        assert_true(slice_eq(p.req.body, call->body));
        assert_int_equal(p.req.keep_alive, call->keep_alive);
        http_parser_deinit(&p);
        buf_deinit(&out);
    }
}

static void test_bad_calls(void **state)
{
    static const struct http_field bad_value[] = { { "X", { "a\r\nB: c", 7 } } };
    static const struct http_field bad_name[] = { { "X Y", { "a", 1 } } };
    static const struct http_field host[] = { { "Host", { "a", 1 } } };
    static const struct http_field length[] = { { "content-length", { "9", 1 } } };
    static const struct http_call bad[] = {
        { .method = HTTP_METHOD_COUNT, .target = { "/", 1 }, .host = "h" },
        { .target = { "", 0 }, .host = "h" },
        { .target = { "a", 1 }, .host = "h" },
        { .target = { "/a b", 4 }, .host = "h" },
        { .target = { "/\r\n", 3 }, .host = "h" },
        { .target = { "/#", 2 }, .host = "h" },
        { .target = { "/\xc3\xa4", 3 }, .host = "h" },
        { .target = { "/", 1 }, .host = "" },
        { .target = { "/", 1 }, .host = NULL },
        { .target = { "/", 1 }, .host = "a\r\nb" },
        { .target = { "/", 1 }, .host = "a/b" },
        { .target = { "/", 1 }, .host = "h", .fields = bad_value, .field_count = 1 },
        { .target = { "/", 1 }, .host = "h", .fields = bad_name, .field_count = 1 },
        { .target = { "/", 1 }, .host = "h", .fields = host, .field_count = 1 },
        { .target = { "/", 1 }, .host = "h", .fields = length, .field_count = 1 },
    };
    struct buf out = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(http_put_request(&out, &bad[i]), ERR_INVALID);
    assert_int_equal(out.len, 0);
    buf_deinit(&out);
}

int test_client(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_interim_responses_are_bounded),
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_bad_calls),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
