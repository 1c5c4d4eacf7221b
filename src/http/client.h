/* client.h — the other side: writes requests and reads responses, for webhooks and for the command
 * line. No socket: the caller moves the bytes. As strict as request.h.
 *
 *   http_put_request(&out, &call);  …send…
 *   http_client_init(&c, NULL, call.method);
 *   on each read:  http_client_feed(&c, data, len, &used) until HTTP_DONE or < 0
 *   at the end of the stream:  http_client_finish(&c) */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/buf.h"
#include "http/wire.h"

struct http_call {
    enum http_method method;
    struct slice target; /* raw path and query, encoded: "/things/a?x=1" */
    const char *host;    /* with the port where it is not the usual one */
    const struct http_field *fields;
    size_t field_count;
    struct slice body;
    bool keep_alive; /* else "Connection: close" */
};

/* Appends the request; borrows all. Content-Length is written for a body, and for POST, PUT and
 * PATCH always. ERR_INVALID for a malformed target, host, name or value, or a field that is written
 * here anyway (Connection, Content-Length, Host, Transfer-Encoding); out is as before then. */
int http_put_request(struct buf *out, const struct http_call *call);

/* Valid until http_client_deinit or http_client_next; status and headers from the first feed that
 * returns HTTP_DONE. */
struct http_client {
    int status;          /* 200 to 999, or 101 */
    struct slice reason; /* may be empty */
    struct http_headers headers;
    struct slice body;
    bool keep_alive;                    /* another request may follow on this connection */
    const struct http_failure *failure; /* NULL, or why it failed (the status means nothing here) */
    struct http_wire wire;              /* private */
    unsigned interim;                   /* private */
    bool no_body;                       /* private */
};

/* `method` of the request that is answered: a response to HEAD has no body. limits NULL: the
 * default ones; else borrowed as long as the client lives. */
void http_client_init(struct http_client *c, const struct http_limits *limits,
                      enum http_method method);
void http_client_deinit(struct http_client *c);
/* Ready for the answer to the next request. */
void http_client_next(struct http_client *c, enum http_method method);

/* Reads up to the end of one response; interim ones (1xx but 101) are skipped, eight at most.
 * Returns HTTP_MORE or HTTP_DONE; *ret_used bytes were taken. Else c->failure says why, ret_used is
 * untouched, and all further calls return the same: ERR_MALFORMED, ERR_TOO_LARGE,
 * ERR_UNSUPPORTED. */
int http_client_feed(struct http_client *c, const uint8_t *data, size_t len, size_t *ret_used);
/* The peer has closed. HTTP_DONE when the response is complete by that or was before; ERR_CLOSED
 * when it is cut short or never began; or the earlier error. */
int http_client_finish(struct http_client *c);

#endif
