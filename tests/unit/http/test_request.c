/* Requests off the wire. Each case is bytes and the transcript of what the parser makes of them; it
 * is checked for the whole at once, cut in two at every place, and byte by byte: invariant I1 of
 * the guard and I4 of the wire. */
#include "lib/test.h"

#include "base/err.h"
#include "http/request.h"

#include "http_tests.h"

struct input {
    const char *data;
    size_t len;
};
#define IN(text)                  \
    {                             \
        "" text, sizeof(text) - 1 \
    }
#define H                   "Host: h\r\n"
#define GET(headers)        "GET / HTTP/1.1\r\n" headers "\r\n"
#define POST(headers, body) "POST /p HTTP/1.1\r\n" H headers "\r\n" body
#define CHUNKED(body)       POST("Transfer-Encoding: chunked\r\n", body)

struct request_case {
    const char *name;
    struct input in;
    const char *expected;
};

/* target 64, head 256, headers 8, body 32 */
static const struct http_limits small = { 64, 256, 8, 32 };

#define S10 "0123456789"
#define S30 S10 S10 S10
#define S60 S30 S30

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

#define E_BARE_CR "400 a carriage return that no line feed follows"
#define E_BARE_LF "400 a line feed without a carriage return before it"
#define E_START   "400 the first line is malformed"
#define E_METHODC "400 the method has a character that no token may have"
#define E_METHOD  "501 this method is not implemented"
#define E_TCHAR   "400 the target has a character that must be percent-encoded"
#define E_TFORM   "400 the target is neither a path nor an http or https address"
#define E_TLONG   "414 the target is longer than this server takes"
#define E_NOVER   "400 the request line has no HTTP version"
#define E_VERSION "505 only HTTP/1.0 and HTTP/1.1 are spoken here"
#define E_CONTROL "400 a control character in the head"
#define E_FOLD    "400 a header line that begins with white space"
#define E_NAME    "400 a header name is empty or no token"
#define E_SPACE   "400 white space between a header name and its colon"
#define E_COLON   "400 a header line without a colon"
#define E_HEAD    "431 the headers are larger than this server takes"
#define E_COUNT   "431 there are more headers than this server takes"
#define E_NOHOST  "400 an HTTP/1.1 request needs a Host header"
#define E_HOSTS   "400 there is more than one Host header"
#define E_HOST    "400 the Host header names no host"
#define E_LENGTH  "400 the Content-Length header is no number"
#define E_LENGTHS "400 there is more than one Content-Length"
#define E_BOTH    "400 Content-Length and Transfer-Encoding exclude each other"
#define E_CODING  "400 Transfer-Encoding must end in chunked, once"
#define E_UNKNOWN "501 no transfer coding but chunked is implemented"
#define E_OLD     "400 HTTP/1.0 has no Transfer-Encoding"
#define E_EXPECT  "417 no expectation but 100-continue can be met"
#define E_BODY    "413 the body is larger than this server takes"
#define E_CSIZE   "400 a chunk's size is no hexadecimal number"
#define E_CEXT    "400 the chunk extensions are too long or malformed"
#define E_CEND    "400 a chunk is longer or shorter than its size"
#define E_EMPTY   "400 too many empty lines before the request line"

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
    { "absolute without host header", IN("GET http://o/ HTTP/1.1\r\n\r\n"), E_NOHOST },
    { "absolute 1.0", IN("GET http://o/ HTTP/1.0\r\n\r\n"), "GET / @o close; " },
    { "absolute with user", IN("GET http://u:p@o/ HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "absolute without host", IN("GET http:///a HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "absolute ftp", IN("GET ftp://o/ HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "asterisk", IN("OPTIONS * HTTP/1.1\r\n" H "\r\n"), "OPTIONS * @h; " },
    { "options of a path", IN("OPTIONS /a HTTP/1.1\r\n" H "\r\n"), "OPTIONS /a @h; " },
    { "options absolute", IN("OPTIONS http://o HTTP/1.1\r\n" H "\r\n"), "OPTIONS * @o; " },
    { "asterisk of get", IN("GET * HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "asterisk and more", IN("OPTIONS *a HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "relative", IN("GET a HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "authority", IN("GET h:80 HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "question mark first", IN("GET ?a HTTP/1.1\r\n" H "\r\n"), E_TFORM },
    { "fragment", IN("GET /a#b HTTP/1.1\r\n" H "\r\n"), E_TCHAR },
    { "raw utf-8", IN("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"), E_TCHAR },
    { "tab in target", IN("GET /a\tb HTTP/1.1\r\n" H "\r\n"), E_TCHAR },
    { "nul in target", IN("GET /a\0b HTTP/1.1\r\n" H "\r\n"), E_TCHAR },
    { "del in target", IN("GET /a\x7f HTTP/1.1\r\n" H "\r\n"), E_TCHAR },
    { "space in target", IN("GET /a b HTTP/1.1\r\n" H "\r\n"), E_START },
    { "cr in target", IN("GET /a\rb HTTP/1.1\r\n" H "\r\n"), E_NOVER },
    { "lf in target", IN("GET /a\nb HTTP/1.1\r\n" H "\r\n"), E_BARE_LF },
    { "longest target", IN("GET /" S60 "abc HTTP/1.1\r\n" H "\r\n"), "GET /" S60 "abc @h; " },
    { "target too long", IN("GET /" S60 "abcd HTTP/1.1\r\n" H "\r\n"), E_TLONG },
    { "query too long", IN("GET /?" S60 "abc HTTP/1.1\r\n" H "\r\n"), E_TLONG },
};

static const struct request_case line_cases[] = {
    { "unknown method", IN("BREW / HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "method of another case", IN("get / HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "method with a tail", IN("GETX / HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "method too long", IN(S30 " / HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "connect", IN("CONNECT h:443 HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "trace", IN("TRACE / HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "propfind", IN("PROPFIND / HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "m-search", IN("M-SEARCH * HTTP/1.1\r\n" H "\r\n"), E_METHOD },
    { "rtsp", IN("DESCRIBE /a RTSP/1.0\r\n\r\n"), E_START },
    { "get of rtsp", IN("GET /a RTSP/1.0\r\n\r\n"), E_START },
    { "ice", IN("SOURCE /a ICE/1.0\r\n\r\n"), E_START },
    { "space first", IN(" GET / HTTP/1.1\r\n" H "\r\n"), E_METHODC },
    { "two spaces", IN("GET  / HTTP/1.1\r\n" H "\r\n"), E_START },
    { "two spaces before version", IN("GET /  HTTP/1.1\r\n" H "\r\n"), E_START },
    { "space after version", IN("GET / HTTP/1.1 \r\n" H "\r\n"), E_START },
    { "tab for space", IN("GET\t/ HTTP/1.1\r\n" H "\r\n"), E_METHODC },
    { "tls", IN("\x16\x03\x01\x02\x00\x01"), E_METHODC },
    { "nul", IN("\0"), E_METHODC },
    { "mqtt", IN("\x10\x0e\0\4MQTT"), E_METHODC },
    { "http 0.9", IN("GET /\r\n"), E_NOVER },
    { "method only", IN("GET\r\n"), E_START },
    { "http 2 preface", IN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), E_VERSION },
    { "http 1.2", IN("GET / HTTP/1.2\r\n" H "\r\n"), E_VERSION },
    { "http 0.9 with version", IN("GET / HTTP/0.9\r\n\r\n"), E_VERSION },
    { "http 3.1", IN("GET / HTTP/3.1\r\n" H "\r\n"), E_VERSION },
    { "version of two digits", IN("GET / HTTP/1.10\r\n" H "\r\n"), E_START },
    { "version without dot", IN("GET / HTTP/11\r\n" H "\r\n"), E_START },
    { "version with letters", IN("GET / HTTP/1.x\r\n" H "\r\n"), E_START },
    { "http in lower case", IN("GET / http/1.1\r\n" H "\r\n"), E_START },
    { "lf ends the request line", IN("GET / HTTP/1.1\n" H "\r\n"), E_BARE_LF },
    { "cr ends the request line", IN("GET / HTTP/1.1\r" H "\r\n"), E_BARE_CR },
    { "cr cr lf", IN("GET / HTTP/1.1\r\r\n" H "\r\n"), E_BARE_CR },
    { "lf first", IN("\n" GET(H)), E_BARE_LF },
    { "cr first", IN("\rGET / HTTP/1.1\r\n" H "\r\n"), E_BARE_CR },
    { "five empty lines", IN("\r\n\r\n\r\n\r\n\r\n" GET(H)), E_EMPTY },
};

static const struct request_case header_cases[] = {
    { "folding by space", IN(GET(H "X: a\r\n b\r\n")), E_FOLD },
    { "folding by tab", IN(GET(H "X: a\r\n\tb\r\n")), E_FOLD },
    { "folded length", IN(POST("Content-Length:\r\n 3\r\n", "abc")), E_FOLD },
    { "folded coding", IN(POST("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")), E_FOLD },
    { "space before the first header", IN("GET / HTTP/1.1\r\n " H "\r\n"), E_FOLD },
    { "line of white space", IN(GET(H " \r\n")), E_FOLD },
    { "space before colon", IN("GET / HTTP/1.1\r\nHost : h\r\n\r\n"), E_SPACE },
    { "tab before colon", IN(GET(H "X\t: a\r\n")), E_SPACE },
    { "length with space before colon", IN(POST("Content-Length : 3\r\n", "abc")), E_SPACE },
    { "space in name", IN(GET(H "X Y: a\r\n")), E_SPACE },
    { "no colon", IN(GET(H "nonsense\r\n")), E_COLON },
    { "empty name", IN(GET(H ": a\r\n")), E_NAME },
    { "parenthesis in name", IN(GET(H "X(: a\r\n")), E_NAME },
    { "high byte in name", IN(GET(H "X\xe4: a\r\n")), E_NAME },
    { "nul in name", IN(GET(H "X\0: a\r\n")), E_NAME },
    { "nul in value", IN(GET(H "X: a\0b\r\n")), E_CONTROL },
    { "escape in value", IN(GET(H "X: \x1b[0m\r\n")), E_CONTROL },
    { "del in value", IN(GET(H "X: \x7f\r\n")), E_CONTROL },
    { "vertical tab around coding", IN(POST("Transfer-Encoding: \vchunked\r\n", "")), E_CONTROL },
    { "cr in value", IN(GET(H "X: a\rY: b\r\n")), E_BARE_CR },
    { "lf in value", IN(GET(H "X: a\nY: b\r\n")), E_BARE_LF },
    { "lf in name", IN(GET(H "X\n: a\r\n")), E_BARE_LF },
    { "lf ends the head", IN("GET / HTTP/1.1\r\n" H "\n"), E_BARE_LF },
    { "cr ends the head", IN("GET / HTTP/1.1\r\n" H "\rX"), E_BARE_CR },
    { "no host", IN(GET("")), E_NOHOST },
    { "two hosts", IN(GET(H "Host: g\r\n")), E_HOSTS },
    { "the same host twice", IN(GET(H "host: h\r\n")), E_HOSTS },
    { "two hosts 1.0", IN("GET / HTTP/1.0\r\n" H H "\r\n"), E_HOSTS },
    { "hosts in a list", IN("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), E_HOST },
    { "host with space", IN("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), E_HOST },
    { "host with user", IN("GET / HTTP/1.1\r\nHost: u@b\r\n\r\n"), E_HOST },
    { "host with path", IN("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), E_HOST },
    { "eight headers", IN(GET(H "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\n")),
      "GET / @h; " },
    { "nine headers", IN(GET(H "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\n")),
      E_COUNT },
    { "head too large", IN(GET(H "X: " S60 S60 S60 S60 S10 "\r\n")), E_HEAD },
    { "name too large", IN(GET(H S60 S60 S60 S60 S10 "\r\n")), E_HEAD },
};

static const struct request_case framing_cases[] = {
    { "length and coding", IN(POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n")),
      E_BOTH },
    { "coding and length", IN(POST("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n")),
      E_BOTH },
    { "two lengths", IN(POST("Content-Length: 3\r\nContent-Length: 4\r\n", "abc")), E_LENGTHS },
    { "the same length twice", IN(POST("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")),
      E_LENGTHS },
    { "lengths in a list", IN(POST("Content-Length: 3, 3\r\n", "abc")), E_LENGTH },
    { "negative length", IN(POST("Content-Length: -1\r\n", "")), E_LENGTH },
    { "length with a tab after", IN(POST("Content-Length: 3\t\r\n", "abc")), E_LENGTH },
    { "coding with a tab after", IN(POST("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n")),
      E_CODING },
    { "minus zero", IN(POST("Content-Length: -0\r\n", "")), E_LENGTH },
    { "length with plus", IN(POST("Content-Length: +3\r\n", "abc")), E_LENGTH },
    { "hexadecimal length", IN(POST("Content-Length: 0x3\r\n", "abc")), E_LENGTH },
    { "length with a point", IN(POST("Content-Length: 3.0\r\n", "abc")), E_LENGTH },
    { "length with a space", IN(POST("Content-Length: 1 2\r\n", "abc")), E_LENGTH },
    { "empty length", IN(POST("Content-Length:\r\n", "")), E_LENGTH },
    { "length of 21 digits", IN(POST("Content-Length: 999999999999999999999\r\n", "")), E_LENGTH },
    { "length of 2^64", IN(POST("Content-Length: 18446744073709551616\r\n", "")), E_LENGTH },
    { "length of 2^64 - 1", IN(POST("Content-Length: 18446744073709551615\r\n", "")), E_BODY },
    { "longest body", IN(POST("Content-Length: 32\r\n", S30 "ab")), "POST /p @h =" S30 "ab; " },
    { "body too long", IN(POST("Content-Length: 33\r\n", "")), E_BODY },
    { "other coding", IN(POST("Transfer-Encoding: gzip\r\n", "")), E_CODING },
    { "identity", IN(POST("Transfer-Encoding: identity\r\n", "")), E_CODING },
    { "coding before chunked", IN(POST("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")),
      E_UNKNOWN },
    { "chunked is not last", IN(POST("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
      E_CODING },
    { "chunked twice", IN(POST("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")), E_CODING },
    { "two codings",
      IN(POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
      E_CODING },
    { "coding hidden by a second",
      IN(POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")),
      E_CODING },
    { "coding with a prefix", IN(POST("Transfer-Encoding: xchunked\r\n", "")), E_CODING },
    { "coding with a parameter", IN(POST("Transfer-Encoding: chunked;q=1\r\n", "")), E_CODING },
    { "quoted coding", IN(POST("Transfer-Encoding: \"chunked\"\r\n", "")), E_CODING },
    { "empty coding", IN(POST("Transfer-Encoding:\r\n", "")), E_CODING },
    { "coding in another case", IN(POST("transfer-encoding: ChunKed\r\n", "0\r\n\r\n")),
      "POST /p @h; " },
    { "coding with white space after", IN(POST("Transfer-Encoding: \t chunked  \r\n", "0\r\n\r\n")),
      "POST /p @h; " },
    { "coding of 1.0", IN("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      E_OLD },
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
    { "extension with cr", IN(CHUNKED("3;a\rb\r\nabc\r\n0\r\n\r\n")), E_BARE_CR },
    { "extension with lf", IN(CHUNKED("3;a\nb\r\nabc\r\n0\r\n\r\n")), E_BARE_LF },
    { "extension with nul", IN(CHUNKED("3;a\0\r\nabc\r\n0\r\n\r\n")), E_CEXT },
    { "trailers", IN(CHUNKED("1\r\na\r\n0\r\nX: y\r\nZ: w\r\n\r\n")), "POST /p @h =a; " },
    { "trailer folded", IN(CHUNKED("0\r\nX: y\r\n z\r\n\r\n")), E_FOLD },
    { "trailer without colon", IN(CHUNKED("0\r\nXy\r\n\r\n")), E_COLON },
    { "trailer with nul", IN(CHUNKED("0\r\nX: \0\r\n\r\n")), E_CONTROL },
    { "too many trailers",
      IN(CHUNKED("0\r\na:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\ni:1\r\n\r\n")),
      E_COUNT },
    { "trailers too large", IN(CHUNKED("0\r\nX: " S60 S60 S60 S60 S30 "\r\n\r\n")), E_HEAD },
    { "longest chunk", IN(CHUNKED("20\r\n" S30 "ab\r\n0\r\n\r\n")), "POST /p @h =" S30 "ab; " },
    { "chunk too long", IN(CHUNKED("21\r\n")), E_BODY },
    { "chunks too long", IN(CHUNKED("1f\r\n" S30 "a\r\n2\r\n")), E_BODY },
    { "chunk of 2^64", IN(CHUNKED("10000000000000000\r\n")), E_BODY },
    { "chunk of 2^64 - 1", IN(CHUNKED("ffffffffffffffff\r\n")), E_BODY },
    { "size of 17 zeros", IN(CHUNKED("00000000000000000\r\n\r\n")), E_CSIZE },
    { "size of letters", IN(CHUNKED("xyz\r\n")), E_CSIZE },
    { "size with 0x", IN(CHUNKED("0x3\r\nabc\r\n0\r\n\r\n")), E_CSIZE },
    { "size with minus", IN(CHUNKED("-1\r\n")), E_CSIZE },
    { "size with plus", IN(CHUNKED("+1\r\na\r\n0\r\n\r\n")), E_CSIZE },
    { "no size", IN(CHUNKED("\r\nabc\r\n0\r\n\r\n")), E_CSIZE },
    { "no size but an extension", IN(CHUNKED(";a\r\nabc\r\n0\r\n\r\n")), E_CSIZE },
    { "space before size", IN(CHUNKED(" 3\r\nabc\r\n0\r\n\r\n")), E_CSIZE },
    { "space after size", IN(CHUNKED("3 \r\nabc\r\n0\r\n\r\n")), E_CSIZE },
    { "size ended by lf", IN(CHUNKED("3\nabc\r\n0\r\n\r\n")), E_BARE_LF },
    { "size ended by cr", IN(CHUNKED("3\rabc\r\n0\r\n\r\n")), E_BARE_CR },
    { "chunk longer than its size", IN(CHUNKED("2\r\nabc\r\n0\r\n\r\n")), E_CEND },
    { "chunk shorter than its size", IN(CHUNKED("4\r\nabc\r\n0\r\n\r\n")), E_CEND },
    { "chunk ended by lf", IN(CHUNKED("3\r\nabc\n0\r\n\r\n")), E_CEND },
    { "chunk ended by two other bytes", IN(CHUNKED("3\r\nabcXX0\r\n\r\n")), E_CEND },
    { "chunk ended by cr", IN(CHUNKED("3\r\nabc\r0\r\n\r\n")), E_CEND },
    { "last chunk ended by lf", IN(CHUNKED("0\n\n")), E_BARE_LF },
    { "trailers ended by lf", IN(CHUNKED("0\r\n\n")), E_BARE_LF },
    { "trailers ended by cr", IN(CHUNKED("0\r\n\rG")), E_BARE_CR },
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
    { "bad second request", IN(GET(H) "\1"), "GET / @h; " E_METHODC },
    { "smuggled by the old length",
      IN(POST("Content-Length: 1\r\n", "aGET /x HTTP/1.1\r\n") "\r\n"),
      "POST /p @h =a; " E_NOHOST },
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
    { "expect too much", IN(POST("Content-Length: 99\r\nExpect: 100-continue\r\n", "")), E_BODY },
    { "expect something else", IN(POST("Content-Length: 1\r\nExpect: tea\r\n", "a")), E_EXPECT },
    { "expect twice", IN(GET(H "Expect: 100-continue\r\nExpect: 100-continue\r\n")), E_EXPECT },
    { "upgrade", IN(GET(H "Connection: Upgrade\r\nUpgrade: websocket\r\n") "\x81\x80"),
      "GET / @h up:websocket; " E_METHODC },
    { "upgrade in a list", IN(GET(H "Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n")),
      "GET / @h up:WebSocket; " },
    { "upgrade without connection", IN(GET(H "Upgrade: websocket\r\n")), "GET / @h; " },
    { "connection without upgrade", IN(GET(H "Connection: upgrade\r\n")), "GET / @h; " },
    { "upgrade with a length of 0",
      IN(GET(H "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n") "\x81"),
      "GET / @h up:h2c; " E_METHODC },
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

#define RUN(table)                                                \
    static void test_##table(void **state)                        \
    {                                                             \
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) \
            check(&table[i]);                                     \
    }
RUN(plain_cases)
RUN(target_cases)
RUN(line_cases)
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
        cmocka_unit_test(test_line_cases),
        cmocka_unit_test(test_header_cases),
        cmocka_unit_test(test_framing_cases),
        cmocka_unit_test(test_chunk_cases),
        cmocka_unit_test(test_event_cases),
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
