/* http_body.c — answers whose end is not known when they begin, and connections that go on in another protocol.
 *
 *   http_begin ─► head ─► http_write … ─► http_end ─► the next request, or close
 *                            │
 *                            └─ peer gone, or shutdown ─► on_gone, later
 *
 *   http_accept ─► (later) handshake ─┬─ 101 ─► on_upgraded has the stream; the connection is no more of HTTP
 *                                     └─ 400, 426: the request did not ask for what there is
 *
 *  I1  While the answer goes out, conn->serving is true: what the peer sends meanwhile waits, up to MOST_BEHIND. It
 *      is read all the same, since the end of the peer stands behind it.
 *  I2  The handler hears of each end exactly once: it calls http_end, or on_gone is called.
 *  I3  A connection is handed over from a task of the loop, never from within a call of its own. */
#include "conn/http_conn_priv.h"

#include "auth/principal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "conn/ws_upgrade.h"

#include <stdlib.h>

/* Bytes of next requests that may come while an answer goes out. */
enum { MOST_BEHIND = 128 << 10 };

static struct turn *turn_of(const struct http_exchange *exchange)
{
    return (struct turn *)exchange;
}

/* Nothing is read after the peer's end, so nothing would tell when the peer is gone: it is taken for gone. */
static void drop_ended(struct turn *turn)
{
    if (turn->conn && turn->conn->ended) http_conn_close(turn->conn, false);
}

/* ---- answers in pieces ---- */

bool http_body_begin(struct http_exchange *exchange, int status, const char *content_type,
                     const struct http_header_out *headers, size_t count,
                     const struct http_body_cbs *cbs, void *arg)
{
    struct turn *turn = turn_of(exchange);
    http_turn_note(turn, status);
    drop_ended(turn);
    struct http_conn *c = turn->conn;
    if (!c) {
        http_turn_free(turn);
        return false;
    }
    const struct http_request *request = exchange->request;
    bool head = request->method == HTTP_HEAD;
    struct http_field fields[MOST_HEADERS];
    http_take_fields(fields, headers, count);
    turn->chunked = request->minor > 0;
    turn->stays = http_turn_stays(turn) && turn->chunked;
    bool written = http_conn_put(
        c, &(struct http_response){ .status = status,
                                    .content_type = content_type,
                                    .request_id = exchange->request_id,
                                    .fields = fields,
                                    .field_count = count,
                                    .framing = turn->chunked ? HTTP_CHUNKED : HTTP_UNTIL_CLOSE,
                                    .head = head,
                                    .keep_alive = turn->stays });
    if (head || !written) {
        http_turn_done(c, written && turn->stays);
        return false;
    }
    turn->cbs = cbs;
    turn->cbs_arg = arg;
    stream_set_read_limit(c->stream, MOST_BEHIND);
    http_conn_resume(c);
    stream_set_high_water(c->stream, 1); /* so that on_writable says when all has left */
    return true;
}

void http_body_write(struct http_exchange *exchange, const void *data, size_t len)
{
    struct turn *turn = turn_of(exchange);
    if (!turn->conn || len == 0) return;
    struct stream *stream = turn->conn->stream;
    if (!turn->chunked) {
        stream_write(stream, data, len);
        return;
    }
    struct buf out = { 0 };
    http_put_chunk(&out, slice_of(data, len));
    stream_write(stream, out.data, out.len);
    buf_deinit(&out);
}

void http_body_write_shared(struct http_exchange *exchange, struct slice head, struct chunk *tail)
{
    struct turn *turn = turn_of(exchange);
    if (!turn->conn || head.len + tail->len == 0) return;
    struct stream *stream = turn->conn->stream;
    struct buf out = { 0 };
    if (turn->chunked) http_put_chunk_head(&out, head.len + tail->len);
    buf_put_slice(&out, head);
    stream_write(stream, out.data, out.len);
    buf_deinit(&out);
    stream_write_chunk(stream, tail, 0, tail->len);
    if (turn->chunked) stream_write(stream, "\r\n", 2);
}

size_t http_body_pending(const struct http_exchange *exchange)
{
    const struct turn *turn = turn_of(exchange);
    return turn->conn ? stream_pending(turn->conn->stream) : 0;
}

static void put_end(struct turn *turn)
{
    struct buf out = { 0 };
    if (turn->chunked) http_put_last_chunk(&out);
    stream_write(turn->conn->stream, out.data, out.len);
    buf_deinit(&out);
}

void http_body_end(struct http_exchange *exchange)
{
    struct turn *turn = turn_of(exchange);
    struct http_conn *c = turn->conn;
    if (!c) {
        loop_task_cancel(&turn->later);
        http_turn_free(turn);
        return;
    }
    put_end(turn);
    turn->cbs = NULL;
    stream_set_high_water(c->stream, STREAM_HIGH_WATER);
    stream_set_read_limit(c->stream, STREAM_READ_LIMIT);
    http_conn_pause(c); /* until http_turn_done, which has what came meanwhile shown again */
    http_turn_done(c, turn->stays && !c->server->draining);
}

static void on_lost(struct loop_task *task)
{
    struct turn *turn = container_of(task, struct turn, later);
    turn->cbs->on_gone(turn->cbs_arg);
    http_turn_free(turn);
}

void http_body_lost(struct turn *turn)
{
    loop_task_init(&turn->later, on_lost);
    loop_defer(turn->loop, &turn->later);
}

void http_body_cut(struct http_conn *c)
{
    put_end(c->turn);
    http_conn_close(c, true);
}

void http_body_drained(struct turn *turn)
{
    if (turn->cbs->on_drained) turn->cbs->on_drained(turn->cbs_arg);
}

/* ---- upgrades ---- */

static void refuse_upgrade(struct turn *turn, const struct ws_upgrade *upgrade)
{
    struct buf body = { 0 };
    http_put_error(&body, turn, upgrade->why);
    struct http_header_out headers[] = { { "x-amzn-ErrorType", http_error_type(upgrade->status) },
                                         { "Upgrade", "websocket" },
                                         { "Sec-WebSocket-Version", WS_VERSION } };
    LOG(LOG_INFO, "http", "upgrade refused", LOG_S("request", turn->exchange.request_id),
        LOG_S("peer", turn->conn->stream->peer.address), LOG_S("reason", upgrade->why));
    http_respond(&turn->exchange, upgrade->status, "application/json", buf_slice(&body), headers,
                 upgrade->status == 426 ? ARRAY_LEN(headers) : 1);
    buf_deinit(&body);
}

/* The stream goes on without us. */
static void hand_over(struct turn *turn)
{
    struct http_conn *c = turn->conn;
    struct http_server *server = c->server;
    struct stream *stream = c->stream;
    struct principal *principal = turn->granted;
    turn->granted = NULL;
    loop_timer_stop(&c->timer);
    list_remove(&c->link);
    server->count--;
    http_turn_free(turn);
    principal_unref(c->principal);
    free(c);
    server->on_upgraded(server->upgraded_arg, stream, principal);
}

static void switch_protocol(struct turn *turn, const struct ws_upgrade *upgrade)
{
    struct http_field fields[] = { { "Upgrade", SLICE_LIT("websocket") },
                                   { "Sec-WebSocket-Accept", slice_str(upgrade->accept) },
                                   { "Sec-WebSocket-Protocol", slice_str(upgrade->protocol) } };
    http_turn_note(turn, 101);
    metrics_inc(METRIC_WEBSOCKET_UPGRADES);
    const struct http_response answer = { .status = 101,
                                          .request_id = turn->exchange.request_id,
                                          .fields = fields,
                                          .field_count = *upgrade->protocol ? 3 : 2 };
    if (!http_conn_put(turn->conn, &answer)) BUG("a handshake that is not valid");
    hand_over(turn);
}

static void on_granted(struct loop_task *task)
{
    struct turn *turn = container_of(task, struct turn, later);
    struct ws_upgrade upgrade;
    drop_ended(turn);
    if (!turn->conn) {
        http_turn_free(turn);
        return;
    }
    ws_upgrade_read(turn->exchange.request, &upgrade);
    if (upgrade.status == 101 &&
        (turn->conn->server->draining || !turn->conn->server->on_upgraded)) {
        upgrade.status = 503;
        upgrade.why = "the hub does not take new connections now";
    }
    if (upgrade.status == 101)
        switch_protocol(turn, &upgrade);
    else
        refuse_upgrade(turn, &upgrade);
}

void http_upgrade_grant(struct http_exchange *exchange, struct principal *principal)
{
    struct turn *turn = turn_of(exchange);
    turn->granted = principal;
    loop_task_init(&turn->later, on_granted);
    loop_defer(turn->loop, &turn->later);
}
