/* http_conn_priv.h — between http_conn.c (requests, answers as a whole, the end) and http_body.c (answers in pieces,
 * upgrades). */
#ifndef CONN_HTTP_CONN_PRIV_H
#define CONN_HTTP_CONN_PRIV_H

#include "base/list.h"
#include "conn/http_conn.h"
#include "http/request.h"
#include "http/response.h"
#include "loop/loop.h"

enum { MOST_HEADERS = 16 }; /* which a handler may add */

struct http_server {
    struct loop *loop;
    struct http_server_opts opts;
    struct http_limits limits;
    struct list conns;
    size_t count;
    http_upgraded_cb on_upgraded; /* NULL: nobody takes connections over */
    void *upgraded_arg;
    bool draining;
};

struct turn {
    struct http_exchange exchange; /* first */
    struct http_conn *conn;        /* NULL: gone */
    struct loop *loop;
    struct http_parser parser;
    struct http_limits limits; /* the parser's, whatever becomes of the server */
    /* http_body.c */
    struct loop_task later; /* to tell that the peer is gone; to hand the connection over */
    const struct http_body_cbs *cbs; /* the answer goes out in pieces; else NULL */
    void *cbs_arg;
    struct principal *granted; /* to whom the upgrade is granted */
    bool chunked;
    bool stays; /* the connection goes on after the answer */
};

struct http_conn {
    struct list link;
    struct http_server *server;
    struct stream *stream;
    struct principal *principal;
    struct turn *turn;
    enum http_phase phase; /* for which the timer runs */
    size_t unread;         /* bytes that the peer had not taken when it began */
    struct loop_timer timer;
    bool serving;
    bool paused;
    bool ended; /* the peer sends nothing more */
    bool closing;
};

/* ---- http_conn.c ---- */
void http_turn_free(struct turn *turn);
/* The turn is over; on with the next request, or close. */
void http_turn_done(struct http_conn *c, bool keep_alive);
void http_conn_close(struct http_conn *c, bool linger);
void http_conn_pause(struct http_conn *c);
/* What was not used is shown again. */
void http_conn_resume(struct http_conn *c);
/* False: a header is not valid, which is logged; a plain 500 was written in its place. */
bool http_conn_put(struct http_conn *c, const struct http_response *response);
/* Counts the answer, and logs it. */
void http_turn_note(const struct turn *turn, int status);
/* May the connection go on to another request after this one? */
bool http_turn_stays(const struct turn *turn);
/* What boto3 and others show as the name of the error. */
const char *http_error_type(int status);
/* The body of an error that the handler does not know of, as those of AWS's data plane are. */
void http_put_error(struct buf *body, const struct turn *turn, const char *why);
/* fields gets count of MOST_HEADERS. */
void http_take_fields(struct http_field *fields, const struct http_header_out *headers,
                      size_t count);

/* ---- http_body.c: of struct http_exchange_ops ---- */
bool http_body_begin(struct http_exchange *exchange, int status, const char *content_type,
                     const struct http_header_out *headers, size_t count,
                     const struct http_body_cbs *cbs, void *arg);
void http_body_write(struct http_exchange *exchange, const void *data, size_t len);
void http_body_write_shared(struct http_exchange *exchange, struct slice head, struct chunk *tail);
size_t http_body_pending(const struct http_exchange *exchange);
void http_body_end(struct http_exchange *exchange);
void http_upgrade_grant(struct http_exchange *exchange, struct principal *principal);
/* The connection of an answer in pieces is gone: on_gone follows. */
void http_body_lost(struct turn *turn);
/* Writes the end of an answer in pieces for a handler that does not know yet; closes. */
void http_body_cut(struct http_conn *c);
/* Its output has left. */
void http_body_drained(struct turn *turn);

#endif
