/* exchange.h — a request and the place for its answer: what a connection hands to a handler. The two meet
 * here only: a handler knows no connection, a connection no handler. Loop thread only. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/arena.h"
#include "base/slice.h"

#include <stddef.h>

struct http_request; /* http/request.h */
struct principal;
struct stream_peer;

struct http_header_out {
    const char *name;
    const char *value;
};

struct http_exchange {
    const struct http_request *request; /* lives until the answer */
    const struct stream_peer *peer;     /* NULL once the connection is gone; check before use */
    struct principal *transport;        /* who the transport says it is; may be NULL; borrowed */
    struct arena arena;                 /* lives until the answer */
    char request_id[37];                /* a UUID: x-amzn-RequestId, traceId */
    void *user;                         /* the handler's */
    /* the connection's: see http_respond */
    void (*respond)(struct http_exchange *exchange, int status, const char *content_type,
                    struct slice body, const struct http_header_out *headers, size_t count);
};

/* Sends the answer; body is copied. The exchange is gone afterwards. Works, and does nothing more, when
 * the connection is gone. content_type NULL: none. headers: count more. */
static inline void http_respond(struct http_exchange *exchange, int status,
                                const char *content_type, struct slice body,
                                const struct http_header_out *headers, size_t count)
{
    exchange->respond(exchange, status, content_type, body, headers, count);
}

#endif
