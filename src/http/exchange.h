/* exchange.h — a request and the place for its answer: what a connection hands to a handler. The two meet
 * here only: a handler knows no connection, a connection no handler. Loop thread only.
 *
 * Each exchange is answered once, now or later, in one of three ways, and is gone then:
 *   http_respond            an answer as a whole;
 *   http_begin … http_end   an answer whose end is not known yet, in pieces;
 *   http_accept             the connection goes on in the protocol that the request asks to upgrade to. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct chunk; /* net/stream.h */
struct http_exchange;
struct http_request; /* http/request.h */
struct principal;
struct stream_peer;

struct http_header_out {
    const char *name;
    const char *value;
};

/* Of an answer in pieces. Called later, on the loop, never from within the functions below. */
struct http_body_cbs {
    /* http_pending is 0 again after it was more than 1. May be NULL. */
    void (*on_drained)(void *arg);
    /* The peer is gone, or the server shuts down: the last call, and the exchange is gone when it returns. */
    void (*on_gone)(void *arg);
};

/* The connection's side: see the functions of the same names below. */
struct http_exchange_ops {
    void (*respond)(struct http_exchange *exchange, int status, const char *content_type,
                    struct slice body, const struct http_header_out *headers, size_t count);
    bool (*begin)(struct http_exchange *exchange, int status, const char *content_type,
                  const struct http_header_out *headers, size_t count,
                  const struct http_body_cbs *cbs, void *arg);
    void (*write)(struct http_exchange *exchange, const void *data, size_t len);
    void (*write_shared)(struct http_exchange *exchange, struct slice head, struct chunk *tail);
    size_t (*pending)(const struct http_exchange *exchange);
    void (*end)(struct http_exchange *exchange);
    void (*accept)(struct http_exchange *exchange, struct principal *principal);
};

struct http_exchange {
    const struct http_exchange_ops *ops;
    const struct http_request *request; /* lives until the answer is over */
    const struct stream_peer *peer;     /* NULL once the connection is gone; check before use */
    struct principal *transport;        /* who the transport says it is; may be NULL; borrowed */
    struct arena arena;                 /* lives until the answer is over */
    char request_id[37];                /* a UUID: x-amzn-RequestId, traceId */
    void *user;                         /* the handler's */
};

/* Sends the answer; body is copied. Works, and does nothing more, when the connection is gone. content_type
 * NULL: none. headers: count more. */
static inline void http_respond(struct http_exchange *exchange, int status,
                                const char *content_type, struct slice body,
                                const struct http_header_out *headers, size_t count)
{
    exchange->ops->respond(exchange, status, content_type, body, headers, count);
}

/* Sends the head of an answer: chunked coding, or up to the end of the connection for HTTP/1.0. True: the body
 * follows by http_write, up to http_end or on_gone. False: there is none, and the exchange is gone: the request
 * was HEAD, or the peer is gone, which it is too when it has ended its side: nobody could tell that later. cbs is borrowed until then. */
static inline bool http_begin(struct http_exchange *exchange, int status, const char *content_type,
                              const struct http_header_out *headers, size_t count,
                              const struct http_body_cbs *cbs, void *arg)
{
    return exchange->ops->begin(exchange, status, content_type, headers, count, cbs, arg);
}

/* A piece of the body, copied; it leaves at the end of the turn. Nothing is refused: who produces looks at
 * http_pending, the bytes which the peer has not taken yet. */
static inline void http_write(struct http_exchange *exchange, const void *data, size_t len)
{
    exchange->ops->write(exchange, data, len);
}

/* The same for a piece whose larger part other bodies have too: head is copied; tail behind it is not, where it is
 * long. */
static inline void http_write_shared(struct http_exchange *exchange, struct slice head,
                                     struct chunk *tail)
{
    exchange->ops->write_shared(exchange, head, tail);
}

static inline size_t http_pending(const struct http_exchange *exchange)
{
    return exchange->ops->pending(exchange);
}

/* The body is complete. The connection goes on to its next request. */
static inline void http_end(struct http_exchange *exchange)
{
    exchange->ops->end(exchange);
}

/* The request to upgrade (request->upgrade is not empty) is granted, in the name of principal (a reference that
 * is taken; NULL: who it is will be said later, by the protocol). What the handshake of that protocol asks for is
 * checked now, and answered with an error if it is not there. */
static inline void http_accept(struct http_exchange *exchange, struct principal *principal)
{
    exchange->ops->accept(exchange, principal);
}

#endif
