/* http_conn.h — HTTP/1.1 connections over any stream. The exchange of a request for its answer:
 * http/exchange.h.
 * Knows no routes: every request goes to one handler. Loop thread only. */
#ifndef CONN_HTTP_CONN_H
#define CONN_HTTP_CONN_H

#include "http/exchange.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_exchange;
struct http_server;
struct loop;
struct principal;

/* Gets each request once; answers by http_respond, now or later, exactly once. */
typedef void (*http_handler_cb)(void *arg, struct http_exchange *exchange);

struct http_server_opts {
    size_t max_body;
    size_t max_header;         /* bytes of all headers */
    size_t max_headers;        /* lines */
    size_t max_target;         /* bytes */
    int64_t header_timeout_ms; /* from the first byte of a request to its last header */
    int64_t body_timeout_ms;   /* for the body */
    int64_t idle_timeout_ms;   /* between requests */
    http_handler_cb handler;
    void *arg;
};

/* Gets a connection that goes on as WebSocket, and a reference to principal (NULL: nobody yet): the answer 101 is
 * queued; the stream, which may be paused, still has the callbacks of HTTP. Must set owner and cbs, and resume it. */
typedef void (*http_upgraded_cb)(void *arg, struct stream *stream, struct principal *principal);

struct http_server *http_server_create(struct loop *loop, const struct http_server_opts *opts);
/* Without it, upgrades are answered 503. */
void http_server_on_upgraded(struct http_server *server, http_upgraded_cb cb, void *arg);
/* Idle connections are closed, answers in pieces are ended, others after their answer ("Connection: close"). */
void http_server_drain(struct http_server *server);
/* Closes all. */
void http_server_close_all(struct http_server *server);
size_t http_server_count(const struct http_server *server);
/* When the count is 0. */
void http_server_destroy(struct http_server *server);

/* Takes the stream, whose unread bytes begin with a request, and a reference to principal: who the
 * transport says it is (certificate, peer of the Unix socket, anonymous); NULL: nobody. */
void http_conn_start(struct http_server *server, struct stream *stream,
                     struct principal *principal);

#endif
