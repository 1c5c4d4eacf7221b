/* http_conn.c — HTTP/1.1 over a stream: bytes in, one request at a time to the handler, its answer out.
 *
 *   idle ─► head ─► body ─► served (the handler has it) ─► answered ─┬─► idle, or the next of the pipeline
 *    │       │       │                                               └─► closing: "Connection: close",
 *    └───────┴───────┴─► time-out, malformed, end of the peer ─────────► draining, end of the peer
 *
 * A connection between requests holds neither parser nor buffer: what a request needs is one struct turn,
 * made with its first byte and freed with its answer. A turn outlives its connection when the handler
 * still has it: the request is carried out, the answer goes nowhere.
 *
 * Back-pressure has two causes and one means, stream_pause: bytes of a next request that come before the
 * answer, and answers that the peer does not read. A connection that is served and silent is not paused,
 * so the loss of the peer is seen.
 *
 *  I1  The handler has at most one turn of a connection; answers leave in the order of the requests.
 *  I2  conn->serving is true exactly while the handler has the turn.
 *  I3  A turn has conn NULL once the connection is closing; then peer is NULL too.
 *  I4  After conn_close nothing of the connection is touched but by on_closed.
 *
 * The time of the handler is the handler's to limit; the timer here covers what the peer owes us. */
#include "conn/http_conn_priv.h"

#include "auth/principal.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"

#include <stdlib.h>

/* ---- turns ---- */

static const struct http_exchange_ops exchange_ops;

static struct turn *turn_create(struct http_conn *c)
{
    struct turn *turn = xnew(struct turn);
    turn->conn = c;
    turn->loop = c->server->loop;
    turn->limits = c->server->limits;
    http_parser_init(&turn->parser, &turn->limits);
    turn->exchange.request = &turn->parser.req;
    turn->exchange.peer = &c->stream->peer;
    turn->exchange.transport = c->principal ? principal_ref(c->principal) : NULL;
    turn->exchange.ops = &exchange_ops;
    rand_uuid(turn->exchange.request_id);
    return turn;
}

void http_turn_free(struct turn *turn)
{
    if (!turn) return;
    http_parser_deinit(&turn->parser);
    arena_deinit(&turn->exchange.arena);
    principal_unref(turn->exchange.transport);
    principal_unref(turn->granted);
    free(turn);
}

/* ---- the end ---- */

static void on_closed(struct stream *stream)
{
    struct http_conn *c = stream->owner;
    list_remove(&c->link);
    c->server->count--;
    principal_unref(c->principal);
    free(c);
}

void http_conn_close(struct http_conn *c, bool linger)
{
    if (c->closing && !linger) stream_cut(c->stream);
    if (c->closing) return;
    c->closing = true;
    loop_timer_stop(&c->timer);
    if (c->serving) {
        if (c->turn->cbs) http_body_lost(c->turn);
        c->turn->conn = NULL;
        c->turn->exchange.peer = NULL;
    } else {
        http_turn_free(c->turn);
    }
    c->turn = NULL;
    stream_close(c->stream, linger, on_closed);
}

void http_conn_pause(struct http_conn *c)
{
    if (c->paused) return;
    c->paused = true;
    stream_pause(c->stream);
}

void http_conn_resume(struct http_conn *c)
{
    if (!c->paused) return;
    c->paused = false;
    stream_resume(c->stream);
}

/* ---- time-outs ---- */

static int64_t timeout_of(const struct http_conn *c, enum http_phase phase)
{
    const struct http_server_opts *opts = &c->server->opts;
    switch (phase) {
    case HTTP_IDLE:
        return opts->idle_timeout_ms;
    case HTTP_IN_HEAD:
        return opts->header_timeout_ms;
    case HTTP_IN_BODY:
        return opts->body_timeout_ms;
    case HTTP_COMPLETE:
        break;
    }
    return 0;
}

/* The timer of a phase runs from its beginning: a byte now and then does not renew it. */
static void enter_phase(struct http_conn *c, enum http_phase phase)
{
    if (phase == c->phase) return;
    c->phase = phase;
    c->unread = stream_pending(c->stream);
    int64_t timeout = timeout_of(c, phase);
    if (timeout > 0)
        loop_timer_start(&c->timer, timeout);
    else
        loop_timer_stop(&c->timer);
}

/* ---- answers ---- */

static void count(int status)
{
    metrics_inc(METRIC_HTTP_REQUESTS);
    if (status >= 400) metrics_inc(METRIC_HTTP_ERRORS);
}

/* Of what never reached the handler. */
static void count_refusal(int status)
{
    switch (status) {
    case 408:
        metrics_inc(METRIC_HTTP_SLOW);
        break;
    case 413:
    case 414:
    case 431:
        metrics_inc(METRIC_HTTP_TOO_LARGE);
        break;
    default:
        metrics_inc(METRIC_HTTP_MALFORMED);
        break;
    }
}

bool http_conn_put(struct http_conn *c, const struct http_response *response)
{
    struct buf out = { 0 };
    bool valid = http_put_response(&out, response) == 0;
    if (!valid) {
        LOG(LOG_ERROR, "http", "an answer could not be written: a header is not valid",
            LOG_S("request", response->request_id), LOG_I("status", response->status));
        struct http_response plain = { .status = 500,
                                       .request_id = response->request_id,
                                       .keep_alive = response->keep_alive };
        http_put_response(&out, &plain);
    }
    stream_write(c->stream, out.data, out.len);
    buf_deinit(&out);
    return valid;
}

const char *http_error_type(int status)
{
    switch (status) {
    case 408:
        return "RequestTimeoutException";
    case 413:
        return "RequestEntityTooLargeException";
    case 501:
        return "NotImplementedException";
    case 503:
        return "ServiceUnavailableException";
    default:
        return "InvalidRequestException";
    }
}

void http_put_error(struct buf *body, const struct turn *turn, const char *why)
{
    buf_puts(body, "{\"message\":");
    json_print_str(body, slice_str(why));
    buf_printf(body, ",\"traceId\":\"%s\"}", turn->exchange.request_id);
}

/* Refuses a request that never reached the handler, and closes. */
static void refuse(struct http_conn *c, int status, const char *why)
{
    struct buf body = { 0 };
    http_put_error(&body, c->turn, why);
    struct http_field type = { "x-amzn-ErrorType", slice_str(http_error_type(status)) };
    http_conn_put(c, &(struct http_response){ .status = status,
                                              .content_type = "application/json",
                                              .request_id = c->turn->exchange.request_id,
                                              .fields = &type,
                                              .field_count = 1,
                                              .body = buf_slice(&body) });
    buf_deinit(&body);
    count(status);
    count_refusal(status);
    LOG(LOG_INFO, "http", "request refused", LOG_S("request", c->turn->exchange.request_id),
        LOG_S("peer", c->stream->peer.address), LOG_I("status", status), LOG_S("reason", why));
    http_conn_close(c, true);
}

/* A long answer on a slow line: as long as some of it is taken, the peer is not idle. */
static bool still_takes(struct http_conn *c)
{
    size_t unread = stream_pending(c->stream);
    if (unread == 0 || unread >= c->unread) return false;
    c->unread = unread;
    loop_timer_start(&c->timer, c->server->opts.idle_timeout_ms);
    return true;
}

/* Nothing was asked for long, or the peer takes nothing of its answers. */
static void close_idle(struct http_conn *c)
{
    bool unread = stream_pending(c->stream) > 0;
    if (unread) {
        metrics_inc(METRIC_HTTP_SLOW);
        LOG(LOG_INFO, "http", "closed: an answer is not read",
            LOG_S("peer", c->stream->peer.address), LOG_I("bytes", stream_pending(c->stream)));
    }
    http_conn_close(c, unread);
}

static void on_timeout(struct loop_timer *timer)
{
    struct http_conn *c = container_of(timer, struct http_conn, timer);
    switch (c->phase) {
    case HTTP_IN_HEAD:
        if (!c->turn) c->turn = turn_create(c);
        refuse(c, 408, "the headers did not arrive in time");
        break;
    case HTTP_IN_BODY:
        refuse(c, 408, "the body did not arrive in time");
        break;
    default:
        if (!still_takes(c)) close_idle(c);
        break;
    }
}

/* The turn is over; on with the next request, or close. */
void http_turn_done(struct http_conn *c, bool keep_alive)
{
    http_turn_free(c->turn);
    c->turn = NULL;
    c->serving = false;
    if (!keep_alive) {
        http_conn_close(c, true);
        return;
    }
    enter_phase(c, HTTP_IDLE);
    if (!stream_over_high_water(c->stream)) http_conn_resume(c);
}

void http_turn_note(const struct turn *turn, int status)
{
    count(status);
    const struct http_request *request = turn->exchange.request;
    LOG(LOG_DEBUG, "http", "request answered", LOG_S("request", turn->exchange.request_id),
        LOG_S("method", http_method_name(request->method)), LOG_SLICE("path", request->path),
        LOG_I("status", status), LOG_S("peer", turn->conn ? turn->conn->stream->peer.address : ""));
}

bool http_turn_stays(const struct turn *turn)
{
    const struct http_request *request = turn->exchange.request;
    const struct http_conn *c = turn->conn;
    /* after a request to upgrade the peer may go on in the other protocol */
    return request->keep_alive && !c->server->draining && !request->upgrade.len && !c->ended;
}

void http_take_fields(struct http_field *fields, const struct http_header_out *headers,
                      size_t count)
{
    if (count > MOST_HEADERS) BUG("%zu headers in an answer", count);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct http_field){ headers[i].name, slice_str(headers[i].value) };
}

static void respond(struct http_exchange *exchange, int status, const char *content_type,
                    struct slice body, const struct http_header_out *headers, size_t header_count)
{
    struct turn *turn = container_of(exchange, struct turn, exchange);
    struct http_conn *c = turn->conn;
    http_turn_note(turn, status);
    if (!c) {
        http_turn_free(turn);
        return;
    }
    struct http_field fields[MOST_HEADERS];
    http_take_fields(fields, headers, header_count);
    bool keep_alive = http_turn_stays(turn);
    http_conn_put(c, &(struct http_response){ .status = status,
                                              .content_type = content_type,
                                              .request_id = exchange->request_id,
                                              .fields = fields,
                                              .field_count = header_count,
                                              .body = body,
                                              .head = exchange->request->method == HTTP_HEAD,
                                              .keep_alive = keep_alive });
    http_turn_done(c, keep_alive);
}

static const struct http_exchange_ops exchange_ops = {
    .respond = respond,
    .begin = http_body_begin,
    .write = http_body_write,
    .write_shared = http_body_write_shared,
    .pending = http_body_pending,
    .end = http_body_end,
    .accept = http_upgrade_grant,
};

/* ---- requests ---- */

static void serve(struct http_conn *c)
{
    struct http_server *server = c->server;
    enter_phase(c, HTTP_COMPLETE);
    c->serving = true;
    c->turn->parser.req.id = c->turn->exchange.request_id;
    server->opts.handler(server->opts.arg, &c->turn->exchange);
}

/* Feeds the parser once; false when it needs more bytes, or the connection is closing. */
static bool feed(struct http_conn *c, const uint8_t *data, size_t len, size_t *at)
{
    struct turn *turn = c->turn;
    size_t used = 0;
    int rc = http_feed(&turn->parser, data + *at, len - *at, &used);
    if (rc < 0) {
        refuse(c, turn->parser.failure->status, turn->parser.failure->why);
        return false;
    }
    *at += used;
    enter_phase(c, http_parser_phase(&turn->parser));
    if (rc == HTTP_CONTINUE) {
        struct buf out = { 0 };
        http_put_continue(&out);
        stream_write(c->stream, out.data, out.len);
        buf_deinit(&out);
        return true;
    }
    if (rc == HTTP_DONE) serve(c);
    return rc == HTTP_DONE;
}

static bool may_read(const struct http_conn *c)
{
    return !c->closing && !c->serving && !stream_over_high_water(c->stream);
}

static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    struct http_conn *c = stream->owner;
    size_t at = 0;
    while (at < len && may_read(c)) {
        if (!c->turn) c->turn = turn_create(c);
        if (!feed(c, data, len, &at)) break;
    }
    if (c->closing) return len;
    bool in_pieces = c->turn && c->turn->cbs; /* its end must be heard; the rest is limited */
    if (at < len && !may_read(c) && !in_pieces) http_conn_pause(c);
    return at;
}

static void on_writable(struct stream *stream)
{
    struct http_conn *c = stream->owner;
    if (c->closing) return;
    if (c->turn && c->turn->cbs)
        http_body_drained(c->turn);
    else if (!c->serving)
        http_conn_resume(c);
}

static void on_end(struct stream *stream, int rc)
{
    struct http_conn *c = stream->owner;
    c->ended = true;
    bool in_pieces = c->turn && c->turn->cbs;
    /* it may have closed its side only: answer first */
    if (rc == 0 && c->serving && !in_pieces) return;
    http_conn_close(c, rc == 0);
}

static const struct stream_cbs conn_cbs = {
    .on_read = on_read,
    .on_writable = on_writable,
    .on_end = on_end,
};

void http_conn_start(struct http_server *server, struct stream *stream, struct principal *principal)
{
    struct http_conn *c = xnew(struct http_conn);
    c->server = server;
    c->stream = stream;
    c->principal = principal;
    list_push_back(&server->conns, &c->link);
    server->count++;
    loop_timer_init(&c->timer, server->loop, on_timeout);
    stream->owner = c;
    stream->cbs = &conn_cbs;
    enter_phase(c, HTTP_IN_HEAD);
}

/* ---- the server ---- */

struct http_server *http_server_create(struct loop *loop, const struct http_server_opts *opts)
{
    struct http_server *server = xnew(struct http_server);
    server->loop = loop;
    server->opts = *opts;
    server->limits = http_default_limits;
    if (opts->max_body) server->limits.max_body = opts->max_body;
    if (opts->max_header) server->limits.max_head = opts->max_header;
    if (opts->max_headers) server->limits.max_headers = opts->max_headers;
    if (opts->max_target) server->limits.max_target = opts->max_target;
    list_init(&server->conns);
    return server;
}

static struct http_conn *conn_of(struct list *link)
{
    return container_of(link, struct http_conn, link);
}

/* No byte of a request has come that is not answered; c->phase says "in head" from the start. */
static bool is_between(const struct http_conn *c)
{
    return !c->serving && (!c->turn || http_parser_phase(&c->turn->parser) == HTTP_IDLE);
}

void http_server_drain(struct http_server *server)
{
    server->draining = true;
    list_for_each_safe(it, &server->conns) {
        struct http_conn *c = conn_of(it);
        if (c->turn && c->turn->cbs) http_body_cut(c);
        if (is_between(c)) http_conn_close(c, stream_pending(c->stream) > 0);
    }
}

void http_server_close_all(struct http_server *server)
{
    list_for_each_safe(it, &server->conns)
        http_conn_close(conn_of(it), false);
}

void http_server_on_upgraded(struct http_server *server, http_upgraded_cb cb, void *arg)
{
    server->on_upgraded = cb;
    server->upgraded_arg = arg;
}

size_t http_server_count(const struct http_server *server)
{
    return server->count;
}

void http_server_destroy(struct http_server *server)
{
    if (!server) return;
    if (server->count) BUG("HTTP server destroyed with connections");
    free(server);
}
