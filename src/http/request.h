/* request.h — reads HTTP/1.x requests, one at a time, from bytes that come in any pieces.
 * No socket, no clock. One thread at a time per parser.
 *
 *   http_parser_init(&p, NULL);
 *   on each read:  rc = http_feed(&p, data, len, &used);
 *      HTTP_MORE      wait for more
 *      HTTP_CONTINUE  answer "100 Continue" (http_put_continue) and feed on, or refuse and close
 *      HTTP_DONE      serve p.req; then http_parser_next(&p) and feed the rest
 *      < 0            answer p.failure->status with p.failure->why, then close
 *
 * The result does not depend on how the bytes were cut. What is refused, although some servers take
 * it: folded header lines, bare CR or LF, control characters, white space before a colon, a
 * missing, repeated or malformed Host, Content-Length twice or beside Transfer-Encoding, any coding
 * but chunked, fragments and raw bytes above 0x7e in the target, CONNECT and unknown methods. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "http/wire.h"

/* Valid from HTTP_CONTINUE (without the body) or HTTP_DONE until http_parser_next or _deinit. */
struct http_request {
    enum http_method method;
    int minor;           /* HTTP/1.minor: 0 or 1 */
    struct slice target; /* as it came */
    struct slice path;   /* raw, beginning with '/'; or "*" (OPTIONS) */
    struct slice query;  /* raw, without the '?'; empty when there is none */
    struct slice host;   /* of an absolute target, else of Host; with the port; may be empty */
    struct http_headers headers;
    struct slice body; /* complete at HTTP_DONE; chunked coding is taken off, trailers dropped */
    /* The Upgrade header of a GET without a body that asks for it (RFC 9110, 7.8), else empty. What
     * follows the request is left. Answering it as any other request is a valid way to decline. */
    struct slice upgrade;
    const char *id;  /* for answers and log: the connection's to set; NULL: none */
    bool keep_alive; /* HTTP/1.1 without "Connection: close"; always false for HTTP/1.0 */
};

struct http_parser {
    struct http_request req;
    const struct http_failure *failure; /* NULL, or why http_feed failed */
    struct http_wire wire;              /* private */
};

enum http_phase {
    HTTP_IDLE,    /* nothing of a request has come: the idle timeout applies */
    HTTP_IN_HEAD, /* the header timeout */
    HTTP_IN_BODY, /* the request timeout */
    HTTP_COMPLETE /* waits for the answer and http_parser_next */
};

/* limits NULL: the default ones; else borrowed as long as the parser lives. */
void http_parser_init(struct http_parser *p, const struct http_limits *limits);
/* Frees all. The parser may be initialised again. */
void http_parser_deinit(struct http_parser *p);
/* Ready for the next request; a parser between requests holds no memory beside itself. */
void http_parser_next(struct http_parser *p);

/* Reads up to the end of one request, never beyond; *ret_used bytes were taken. Calling it in the
 * state HTTP_DONE takes nothing and says HTTP_DONE again.
 * Returns an enum http_event, or (p->failure says which status and why; ret_used untouched; all
 * further calls return the same)
 *   ERR_MALFORMED    400
 *   ERR_TOO_LARGE    413, 414, 431
 *   ERR_UNSUPPORTED  417, 501, 505 */
int http_feed(struct http_parser *p, const uint8_t *data, size_t len, size_t *ret_used);

enum http_phase http_parser_phase(const struct http_parser *p);

#endif
