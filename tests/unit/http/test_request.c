/* Requests off the wire. Each case is bytes and the transcript of what the parser makes of them; what is
 * refused has a table of its own, hostile_tbl.h. A case is checked for the whole at once, cut in two at every place, and byte by byte: invariant I1 of
 * the guard and I4 of the wire. */
#include "lib/test.h"

#include "base/err.h"
#include "http/request.h"

#include "hostile_tbl.h"
#include "http_tests.h"

struct input {
    const char *data;
    size_t len;
};
#define IN(text)                  \
    {                             \
        "" text, sizeof(text) - 1 \
    }

struct request_case {
    const char *name;
    struct input in;
    const char *expected;
};

static const struct http_limits small = HOSTILE_LIMITS;

static void put_request(struct buf *out, const struct http_request *req)
{
    buf_printf(out, "%s ", http_method_name(req->method));
    buf_put_slice(out, req->path);
    if (req->query.len) buf_putc(out, '?');
    buf_put_slice(out, req->query);
    buf_puts(out, " @");
    buf_put_slice(out, req->host);
    if (req->body.len) buf_puts(out, " =");
    buf_put_slice(out, req->body);
    if (!req->keep_alive) buf_puts(out, " close");
    if (req->upgrade.len) buf_puts(out, " up:");
    buf_put_slice(out, req->upgrade);
}

static bool put_event(struct buf *out, struct http_parser *p, int rc)
{
    switch (rc) {
    case HTTP_MORE:
        return true;
    case HTTP_CONTINUE:
        buf_puts(out, "continue; ");
        return true;
    case HTTP_DONE:
        put_request(out, &p->req);
        buf_puts(out, "; ");
        http_parser_next(p);
        return true;
    default:
        buf_printf(out, "%d %s", p->failure->status, p->failure->why);
        assert_int_equal(rc, p->failure->status == 400 ? ERR_MALFORMED
                             : p->failure->status == 413 || p->failure->status == 414 ||
                                     p->failure->status == 431
                                 ? ERR_TOO_LARGE
                                 : ERR_UNSUPPORTED);
        return false;
    }
}

static const char *phase_text(const struct http_parser *p)
{
    static const char *const texts[] = { "", "in head", "in body", "complete" };
    return texts[http_parser_phase(p)];
}

/* Feeds `pieces` of the input, each in a block of its own so that reading beyond it is found. */
static void transcribe(struct buf *out, const struct http_limits *limits, struct input in,
                       size_t first, size_t step)
{
    struct http_parser p;
    http_parser_init(&p, limits);
    bool going = true;
    for (size_t at = 0, len = first; going && at < in.len; len = step) {
        if (len > in.len - at) len = in.len - at;
        uint8_t *piece = malloc(len ? len : 1);
        memcpy(piece, in.data + at, len);
        for (size_t done = 0, used = 0; going && done < len; done += used) {
            int rc = http_feed(&p, piece + done, len - done, &used);
            if (rc >= 0) assert_true(used <= len - done);
            if (rc == HTTP_MORE) assert_int_equal(used, len - done);
            going = put_event(out, &p, rc);
        }
        free(piece);
        at += len;
    }
    if (going) buf_puts(out, phase_text(&p));
    http_parser_deinit(&p);
}

static void check(const struct request_case *c)
{
    struct buf whole = { 0 };
    transcribe(&whole, &small, c->in, c->in.len, 1);
    if (strcmp(buf_str(&whole), c->expected) != 0)
        fail_msg("%s:\n got      %s\n expected %s", c->name, buf_str(&whole), c->expected);
    struct buf cut = { 0 };
    for (size_t at = 0; at < c->in.len; at++) {
        /* at 0: byte by byte */
        buf_clear(&cut);
        transcribe(&cut, &small, c->in, at ? at : 1, at ? c->in.len : 1);
        if (strcmp(buf_str(&cut), c->expected) != 0)
            fail_msg("%s, cut at %zu:\n got      %s\n expected %s", c->name, at, buf_str(&cut),
                     c->expected);
    }
    buf_deinit(&cut);
    buf_deinit(&whole);
}

static const struct request_case plain_cases[] = {
    { "nothing", IN(""), "" },
    { "get", IN(GET(H)), "GET / @h; " },
    { "half a request line", IN("GE"), "in head" },
    { "half a header", IN("GET / HTTP/1.1\r\nHo"), "in head" },
    { "no last line feed", IN("GET / HTTP/1.1\r\n" H "\r"), "in head" },
    { "query", IN("GET /a/b?x=1&y HTTP/1.1\r\n" H "\r\n"), "GET /a/b?x=1&y @h; " },
    { "empty query", IN("GET /a? HTTP/1.1\r\n" H "\r\n"), "GET /a @h; " },
    { "second question mark", IN("GET /a?b?c HTTP/1.1\r\n" H "\r\n"), "GET /a?b?c @h; " },
    { "raw path stays", IN("GET /%2F/a//../%zz HTTP/1.1\r\n" H "\r\n"), "GET /%2F/a//../%zz @h; " },
    { "unwise characters", IN("GET /{a}|^\"<> HTTP/1.1\r\n" H "\r\n"), "GET /{a}|^\"<> @h; " },
    { "dollar topics", IN("GET /$aws/things HTTP/1.1\r\n" H "\r\n"), "GET /$aws/things @h; " },
    { "delete", IN("DELETE /x HTTP/1.1\r\n" H "\r\n"), "DELETE /x @h; " },
    { "patch", IN("PATCH /x HTTP/1.1\r\n" H "\r\n"), "PATCH /x @h; " },
    { "head", IN("HEAD /x HTTP/1.1\r\n" H "\r\n"), "HEAD /x @h; " },
    { "post with body", IN(POST("Content-Length: 3\r\n", "abc")), "POST /p @h =abc; " },
    { "post without length", IN(POST("", "")), "POST /p @h; " },
    { "post of nothing", IN(POST("Content-Length: 0\r\n", "")), "POST /p @h; " },
    { "body not all here", IN(POST("Content-Length: 3\r\n", "ab")), "in body" },
    { "get with body", IN("GET / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx"), "GET / @h =x; " },
    { "length with zeros in front", IN(POST("Content-Length: 0003\r\n", "abc")),
      "POST /p @h =abc; " },
    { "length with white space", IN(POST("Content-Length: \t 3  \r\n", "abc")),
      "POST /p @h =abc; " },
    { "body is not parsed", IN(POST("Content-Length: 6\r\n", "\r\n\0\n\r ")), "POST /p @h =\r\n" },
    { "no space after colon", IN("GET / HTTP/1.1\r\nHost:h\r\n\r\n"), "GET / @h; " },
    { "white space around value", IN("GET / HTTP/1.1\r\nHost: \t h \t\r\n\r\n"), "GET / @h; " },
    { "empty value", IN(GET(H "X:\r\nY: \r\n")), "GET / @h; " },
    { "obs-text in value", IN(GET(H "X: \xc3\xa4\xff\r\n")), "GET / @h; " },
    { "tab in value", IN(GET(H "X: a\tb\r\n")), "GET / @h; " },
    { "every token character", IN(GET(H "!#$%&'*+-.^_`|~09azAZ: v\r\n")), "GET / @h; " },
    { "host of another case", IN("GET / HTTP/1.1\r\nhOsT: h\r\n\r\n"), "GET / @h; " },
    { "host with port", IN("GET / HTTP/1.1\r\nHost: a.b-c:8080\r\n\r\n"), "GET / @a.b-c:8080; " },
    { "host is an address", IN("GET / HTTP/1.1\r\nHost: [::1%25lo]:80\r\n\r\n"),
      "GET / @[::1%25lo]:80; " },
    { "empty host", IN("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "GET / @; " },
    { "one empty line before", IN("\r\n" GET(H)), "GET / @h; " },
    { "four empty lines before", IN("\r\n\r\n\r\n\r\n" GET(H)), "GET / @h; " },
    { "only empty lines", IN("\r\n\r\n"), "" },
    { "connection close", IN(GET(H "Connection: close\r\n")), "GET / @h close; " },
    { "connection list", IN(GET(H "Connection: foo, CLOSE\r\n")), "GET / @h close; " },
    { "connection keep-alive", IN(GET(H "Connection: keep-alive\r\n")), "GET / @h; " },
    { "http 1.0", IN("GET / HTTP/1.0\r\n\r\n"), "GET / @ close; " },
    { "http 1.0 with host", IN("GET / HTTP/1.0\r\n" H "\r\n"), "GET / @h close; " },
    { "http 1.0 keep-alive", IN("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
      "GET / @ close; " },
    { "http 1.0 with body", IN("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi"),
      "POST / @ =hi close; " },
};

static const struct request_case target_cases[] = {
    { "absolute", IN("GET http://o:1/a?b HTTP/1.1\r\n" H "\r\n"), "GET /a?b @o:1; " },
    { "absolute https", IN("GET HTTPS://o/ HTTP/1.1\r\n" H "\r\n"), "GET / @o; " },
    { "absolute without path", IN("GET http://o HTTP/1.1\r\n" H "\r\n"), "GET / @o; " },
    { "absolute with query only", IN("GET http://o?x HTTP/1.1\r\n" H "\r\n"), "GET /?x @o; " },
    { "absolute 1.0", IN("GET http://o/ HTTP/1.0\r\n\r\n"), "GET / @o close; " },
    { "asterisk", IN("OPTIONS * HTTP/1.1\r\n" H "\r\n"), "OPTIONS * @h; " },
    { "options of a path", IN("OPTIONS /a HTTP/1.1\r\n" H "\r\n"), "OPTIONS /a @h; " },
    { "options absolute", IN("OPTIONS http://o HTTP/1.1\r\n" H "\r\n"), "OPTIONS * @o; " },
    { "longest target", IN("GET /" S60 "abc HTTP/1.1\r\n" H "\r\n"), "GET /" S60 "abc @h; " },
};

static const struct request_case header_cases[] = {
    { "eight headers", IN(GET(H "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\n")),
      "GET / @h; " },
};

static const struct request_case framing_cases[] = {
    { "longest body", IN(POST("Content-Length: 32\r\n", S30 "ab")), "POST /p @h =" S30 "ab; " },
    { "coding in another case", IN(POST("transfer-encoding: ChunKed\r\n", "0\r\n\r\n")),
      "POST /p @h; " },
    { "coding with white space after", IN(POST("Transfer-Encoding: \t chunked  \r\n", "0\r\n\r\n")),
      "POST /p @h; " },
    { "get chunked",
      IN("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
      "GET / @h =x; " },
};

static const struct request_case chunk_cases[] = {
    { "chunks", IN(CHUNKED("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")), "POST /p @h =abcde; " },
    { "no chunk", IN(CHUNKED("0\r\n\r\n")), "POST /p @h; " },
    { "upper and lower case", IN(CHUNKED("A\r\n" S10 "\r\na\r\n" S10 "\r\n0\r\n\r\n")),
      "POST /p @h =" S10 S10 "; " },
    { "zeros in front", IN(CHUNKED("0003\r\nabc\r\n0000\r\n\r\n")), "POST /p @h =abc; " },
    { "chunk not all here", IN(CHUNKED("3\r\nab")), "in body" },
    { "no last chunk", IN(CHUNKED("3\r\nabc\r\n")), "in body" },
    { "no end of trailers", IN(CHUNKED("0\r\n")), "in body" },
    { "extension", IN(CHUNKED("3;a=b\r\nabc\r\n0;c\r\n\r\n")), "POST /p @h =abc; " },
    { "trailers", IN(CHUNKED("1\r\na\r\n0\r\nX: y\r\nZ: w\r\n\r\n")), "POST /p @h =a; " },
    { "longest chunk", IN(CHUNKED("20\r\n" S30 "ab\r\n0\r\n\r\n")), "POST /p @h =" S30 "ab; " },
};

static const struct request_case event_cases[] = {
    { "two requests", IN(GET(H) "GET /2 HTTP/1.1\r\nHost: g\r\n\r\n"), "GET / @h; GET /2 @g; " },
    { "body, then a request", IN(POST("Content-Length: 2\r\n", "ab") GET(H)),
      "POST /p @h =ab; GET / @h; " },
    { "chunks, then a request", IN(CHUNKED("1\r\na\r\n0\r\n\r\n") GET(H)),
      "POST /p @h =a; GET / @h; " },
    { "trailers, then a request", IN(CHUNKED("0\r\nContent-Length: 9\r\n\r\n") GET(H)),
      "POST /p @h; GET / @h; " },
    { "empty line between", IN(POST("Content-Length: 1\r\n", "a\r\n") GET(H)),
      "POST /p @h =a; GET / @h; " },
    { "request after close", IN(GET(H "Connection: close\r\n") GET(H)),
      "GET / @h close; GET / @h; " },
    { "half of a second request", IN(GET(H) "GET"), "GET / @h; in head" },
    { "expect", IN(POST("Content-Length: 2\r\nExpect: 100-continue\r\n", "ab")),
      "continue; POST /p @h =ab; " },
    { "expect, no body yet", IN(POST("Content-Length: 2\r\nExpect: 100-Continue\r\n", "")),
      "continue; in body" },
    { "expect chunked",
      IN(POST("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "1\r\na\r\n0\r\n\r\n")),
      "continue; POST /p @h =a; " },
    { "expect without body", IN(GET(H "Expect: 100-continue\r\n")), "GET / @h; " },
    { "expect of 1.0", IN("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na"),
      "POST / @ =a close; " },
    { "upgrade", IN(GET(H "Connection: Upgrade\r\nUpgrade: websocket\r\n") "\x81\x80"),
      "GET / @h up:websocket; 400 the method has a character that no token may have" },
    { "upgrade with a length of 0",
      IN(GET(H "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n") "\x81"),
      "GET / @h up:h2c; 400 the method has a character that no token may have" },
    { "upgrade in a list", IN(GET(H "Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n")),
      "GET / @h up:WebSocket; " },
    { "upgrade without connection", IN(GET(H "Upgrade: websocket\r\n")), "GET / @h; " },
    { "connection without upgrade", IN(GET(H "Connection: upgrade\r\n")), "GET / @h; " },
    { "upgrade of a get with chunks",
      IN(GET(
          H
          "Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n") "1\r\na\r\n0\r\n"
                                                                                   "\r\n" GET(H)),
      "GET / @h =a; GET / @h; " },
    { "upgrade of a post",
      IN(POST("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n", "a") GET(H)),
      "POST /p @h =a; GET / @h; " },
    { "upgrade of a get with body",
      IN(GET(H "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n") "a"),
      "GET / @h =a; " },
    { "upgrade of 1.0",
      IN("GET / HTTP/1.0\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
      "GET / @h close; " },
};

static const struct hostile_case {
    const char *name;
    struct input in;
    const char *before;
    int status;
    const char *why;
} hostile_cases[] = {
#define HOSTILE(title, bytes, before, verdict) { title, IN(bytes), before, verdict },
#include "hostile_tbl.h"
};
_Static_assert(sizeof hostile_cases / sizeof *hostile_cases >= 200, "the table is whole");

static void test_hostile_cases(void **state)
{
    for (size_t i = 0; i < sizeof hostile_cases / sizeof *hostile_cases; i++) {
        const struct hostile_case *c = &hostile_cases[i];
        struct buf expected = { 0 };
        buf_printf(&expected, "%s%d %s", c->before, c->status, c->why);
        check(&(struct request_case){ c->name, c->in, buf_str(&expected) });
        buf_deinit(&expected);
    }
}

#define RUN(table)                                                \
    static void test_##table(void **state)                        \
    {                                                             \
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) \
            check(&table[i]);                                     \
    }
RUN(plain_cases)
RUN(target_cases)
RUN(header_cases)
RUN(framing_cases)
RUN(chunk_cases)
RUN(event_cases)

/* -- the parser as its users see it -- */

static int feed(struct http_parser *p, const char *text, size_t *ret_used)
{
    return http_feed(p, (const uint8_t *)text, strlen(text), ret_used);
}

static void test_headers(void **state)
{
    struct http_parser p;
    size_t used = 0, at = 0;
    http_parser_init(&p, NULL);
    assert_int_equal(feed(&p,
                          "GET /a HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nAccept: a\r\nx-one: 2\r\n"
                          "Via: \r\nConnection: a ,, Foo\r\nCONNECTION: bar,\r\n\r\nrest",
                          &used),
                     HTTP_DONE);
    assert_int_equal(used, 106);
    const struct http_headers *headers = &p.req.headers;
    assert_int_equal(headers->count, 7);
    assert_true(slice_eq_str(headers->items[1].name, "X-One"));
    assert_true(slice_eq_str(http_header(headers, "HOST"), "h"));
    assert_true(slice_eq_str(http_header_known(headers, HTTP_H_ACCEPT), "a"));
    assert_true(slice_eq_str(http_header(headers, "X-ONE"), "1"));
    assert_non_null(http_header(headers, "via").ptr);
    assert_int_equal(http_header(headers, "via").len, 0);
    assert_null(http_header(headers, "origin").ptr);
    assert_null(http_header(headers, "nonsense").ptr);
    assert_null(http_header(headers, "").ptr);
    assert_null(http_header_known(headers, HTTP_H_OTHER).ptr);
    assert_int_equal(http_header_count(headers, "x-one"), 2);
    assert_true(slice_eq_str(http_header_next(headers, SLICE_LIT("x-one"), &at)->value, "1"));
    assert_true(slice_eq_str(http_header_next(headers, SLICE_LIT("x-one"), &at)->value, "2"));
    assert_null(http_header_next(headers, SLICE_LIT("x-one"), &at));
    assert_true(http_header_has_token(headers, "connection", "foo"));
    assert_true(http_header_has_token(headers, "connection", "BAR"));
    assert_false(http_header_has_token(headers, "connection", "fo"));
    assert_false(http_header_has_token(headers, "connection", ""));
    assert_false(http_header_has_token(headers, "te", "trailers"));
    http_parser_deinit(&p);
}

static void test_table_is_sorted(void **state)
{
    static const char *const names[] = {
#define HEADER(id, name) name,
#include "http/header_table.h"
#undef HEADER
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(http_header_find(slice_str(names[i])), i + 1);
        for (const char *c = names[i]; *c; c++)
            assert_false(*c >= 'A' && *c <= 'Z');
    }
    assert_int_equal(http_header_find(SLICE_LIT("Content-TYPE")), HTTP_H_CONTENT_TYPE);
    assert_int_equal(http_header_find(SLICE_LIT("content-typ")), HTTP_H_OTHER);
    assert_int_equal(http_header_find(SLICE_LIT("")), HTTP_H_OTHER);
}

static void test_methods(void **state)
{
    enum http_method method = HTTP_GET;
    assert_int_equal(http_method_find(SLICE_LIT("PATCH"), &method), 0);
    assert_int_equal(method, HTTP_PATCH);
    assert_int_equal(http_method_find(SLICE_LIT("patch"), &method), ERR_NOT_FOUND);
    assert_int_equal(http_method_find(SLICE_LIT(""), &method), ERR_NOT_FOUND);
    assert_int_equal(method, HTTP_PATCH);
    assert_string_equal(http_method_name(HTTP_OPTIONS), "OPTIONS");
}

static void test_states(void **state)
{
    struct http_parser p;
    size_t used = 99;
    http_parser_init(&p, NULL);
    assert_int_equal(http_parser_phase(&p), HTTP_IDLE);
    assert_int_equal(feed(&p, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n", &used),
                     HTTP_MORE);
    assert_int_equal(http_parser_phase(&p), HTTP_IN_BODY);
    assert_int_equal(feed(&p, "abGET", &used), HTTP_DONE);
    assert_int_equal(used, 2);
    assert_int_equal(http_parser_phase(&p), HTTP_COMPLETE);
    /* until the next one is asked for, nothing is taken, and the request stays */
    assert_int_equal(feed(&p, "GET", &used), HTTP_DONE);
    assert_int_equal(used, 0);
    assert_true(slice_eq_str(p.req.body, "ab"));
    http_parser_next(&p);
    assert_int_equal(http_parser_phase(&p), HTTP_IDLE);
    assert_null(p.wire.head.data);
    assert_null(p.wire.body.data);
    assert_null(p.wire.arena.blocks);
    assert_null(p.wire.glue);
    http_parser_deinit(&p);
}

static void test_failure_stays(void **state)
{
    struct http_parser p;
    size_t used = 99;
    http_parser_init(&p, NULL);
    assert_null(p.failure);
    assert_int_equal(feed(&p, "GET / HTTP/3.0\r\n", &used), ERR_UNSUPPORTED);
    assert_int_equal(used, 99);
    assert_int_equal(p.failure->status, 505);
    assert_int_equal(feed(&p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", &used), ERR_UNSUPPORTED);
    assert_int_equal(p.failure->status, 505);
    http_parser_next(&p);
    assert_null(p.failure);
    assert_int_equal(feed(&p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", &used), HTTP_DONE);
    http_parser_deinit(&p);
}

static void test_head_at_continue(void **state)
{
    struct http_parser p;
    size_t used = 0;
    http_parser_init(&p, NULL);
    assert_int_equal(feed(&p,
                          "PUT /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
                          "Expect: 100-continue\r\n\r\n!",
                          &used),
                     HTTP_CONTINUE);
    assert_int_equal(p.req.method, HTTP_PUT);
    assert_true(slice_eq_str(p.req.path, "/a"));
    assert_true(slice_eq_str(p.req.target, "/a?b"));
    assert_int_equal(feed(&p, "!", &used), HTTP_DONE);
    assert_true(slice_eq_str(p.req.path, "/a"));
    assert_true(slice_eq_str(p.req.body, "!"));
    http_parser_deinit(&p);
}

/* What a peer announces must not allocate: 2 MB promised, one byte sent. */
static void test_promise_allocates_nothing(void **state)
{
    struct http_parser p;
    size_t used = 0;
    http_parser_init(&p, NULL);
    assert_int_equal(
        feed(&p, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2097152\r\n\r\nx", &used),
        HTTP_MORE);
    assert_true(p.wire.body.cap < 4096);
    http_parser_deinit(&p);
}

static void test_body_of_two_megabytes(void **state)
{
    enum { SIZE = 2 << 20, PIECE = 65536 };
    struct http_parser p;
    size_t used = 0;
    uint8_t *piece = malloc(PIECE);
    memset(piece, '\n', PIECE);
    http_parser_init(&p, NULL);
    assert_int_equal(
        feed(&p, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2097152\r\n\r\n", &used),
        HTTP_MORE);
    for (size_t sent = 0; sent < SIZE; sent += PIECE) {
        int expected = sent + PIECE < SIZE ? HTTP_MORE : HTTP_DONE;
        assert_int_equal(http_feed(&p, piece, PIECE, &used), expected);
    }
    assert_int_equal(p.req.body.len, SIZE);
    free(piece);
    http_parser_deinit(&p);
}

/* Extensions are counted over the whole body, so that many small ones are no way around. */
static void test_extensions_are_bounded(void **state)
{
    struct buf in = { 0 };
    struct http_parser p;
    size_t used = 0;
    buf_puts(&in, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; i++)
        buf_puts(&in, "1;abcdefg\r\nx\r\n");
    buf_puts(&in, "0\r\n\r\n");
    http_parser_init(&p, NULL);
    assert_int_equal(feed(&p, buf_str(&in), &used), ERR_MALFORMED);
    assert_string_equal(p.failure->why, "the chunk extensions are too long or malformed");
    http_parser_deinit(&p);
    buf_deinit(&in);
}

static void test_default_limits(void **state)
{
    struct buf in = { 0 };
    struct http_parser p;
    size_t used = 0;
    http_parser_init(&p, NULL);
    buf_puts(&in, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 100; i++)
        buf_puts(&in, "a: b\r\n");
    assert_int_equal(feed(&p, buf_str(&in), &used), ERR_TOO_LARGE);
    assert_int_equal(p.failure->status, 431);
    http_parser_deinit(&p);
    buf_deinit(&in);
}

int test_request(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_cases),
        cmocka_unit_test(test_target_cases),
        cmocka_unit_test(test_header_cases),
        cmocka_unit_test(test_framing_cases),
        cmocka_unit_test(test_chunk_cases),
        cmocka_unit_test(test_event_cases),
        cmocka_unit_test(test_hostile_cases),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_table_is_sorted),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_failure_stays),
        cmocka_unit_test(test_head_at_continue),
        cmocka_unit_test(test_promise_allocates_nothing),
        cmocka_unit_test(test_body_of_two_megabytes),
        cmocka_unit_test(test_extensions_are_bounded),
        cmocka_unit_test(test_default_limits),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
