/* ws.c — MQTT in WebSocket frames for one connection of the load generator (see bench_priv.h). Source: RFC 6455.
 *
 * Packets are queued as without WebSocket and go into frames when they are written; what is not of MQTT (the request
 * to upgrade, Pong, Close) is put between. How many packets share a frame is what is measured, so frames are cut
 * between packets only. Every frame has a mask of its own, as section 5.3 wants: it is copied and masked in one go,
 * and that is all that a message costs more than without.
 *
 *  I1  ws->out holds whole frames, and the rest of one whose front is out.
 *  I2  Behind our Close frame nothing is sent. */
#include "cli/bench/bench_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "http/client.h"
#include "ws/ws.h"

#include <stdlib.h>
#include <string.h>

#define PATH     "/mqtt"
#define PROTOCOL "mqtt"

enum { KEY_BYTES = 16 };

struct bench_ws {
    struct bench *bench;
    struct buf out;
    struct ws_reader reader;
    struct http_client *answer; /* to the request to upgrade; NULL when it has come */
    char accept[29];            /* that it must have */
    bool closed;                /* our Close frame was queued */
};

/* ---- frames to the broker ------------------------------------------------------------------- */

static void put_frame(struct bench_ws *ws, enum ws_opcode opcode, const void *payload, size_t len)
{
    uint8_t key[4];
    if (ws->closed) return;
    rand_bytes(key, sizeof key);
    uint8_t *to = (uint8_t *)buf_reserve(&ws->out, WS_HEAD_MAX + len);
    size_t head = ws_put_masked_head(ws->bench->ws_writer, opcode, len, key, to);
    ws_mask(to + head, payload, len, key, 0);
    ws->out.len += head + len;
}

/* The size of the first of the packets, which are ours and whole. */
static size_t packet_size(const uint8_t *packets)
{
    size_t body = 0, at = 1;
    unsigned shift = 0;
    do
        body |= (size_t)(packets[at] & 0x7f) << shift;
    while (shift += 7, packets[at++] & 0x80);
    return at + body;
}

static size_t frame_size(const struct bench_ws *ws, const uint8_t *packets, size_t len)
{
    const int64_t most = ws->bench->opts->frame;
    size_t size = 0;
    if (most == 0) return len;
    for (int64_t count = 0; count < most && size < len; count++)
        size += packet_size(packets + size);
    return size;
}

void bench_ws_wrap(struct bench_ws *ws, const void *packets, size_t len)
{
    for (const uint8_t *at = packets; len > 0;) {
        size_t size = frame_size(ws, at, len);
        put_frame(ws, WS_BINARY, at, size);
        at += size;
        len -= size;
    }
}

/* ---- frames from the broker ----------------------------------------------------------------- */

static void on_ping(void *arg, struct slice payload)
{
    put_frame(arg, WS_PONG, payload.ptr, payload.len);
}

/* The code is given back; section 5.5.1. */
static void put_close(struct bench_ws *ws)
{
    const unsigned code = ws->reader.code;
    const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };
    put_frame(ws, WS_CLOSE, payload, code == WS_CLOSE_NONE ? 0 : sizeof payload);
    ws->closed = true;
}

int bench_ws_unwrap(struct bench_ws *ws, uint8_t *data, size_t len, size_t *ret_len)
{
    int rc = ws_read(&ws->reader, data, len, data, ret_len);
    if (rc == WS_CLOSED && !ws->closed) put_close(ws);
    return rc;
}

const char *bench_ws_why(const struct bench_ws *ws)
{
    return ws->reader.why;
}

unsigned bench_ws_code(const struct bench_ws *ws)
{
    return ws->reader.code;
}

/* ---- the upgrade: section 4.1 --------------------------------------------------------------- */

static void put_request(struct bench_ws *ws)
{
    const struct bench_opts *opts = ws->bench->opts;
    const bool numeric6 = strchr(opts->host, ':');
    uint8_t bytes[KEY_BYTES];
    struct buf key = { 0 };
    rand_bytes(bytes, sizeof bytes);
    base64_encode(&key, bytes, sizeof bytes);
    int rc = ws_accept_key(buf_slice(&key), ws->accept);
    if (rc < 0) bench_fail(ws->bench, rc, "WebSocket needs SHA-1: %s", err_text(rc));
    buf_printf(&ws->out,
               "GET " PATH " HTTP/1.1\r\n"
               "Host: %s%s%s:%d\r\n"
               "Connection: Upgrade\r\n"
               "Upgrade: websocket\r\n"
               "Sec-WebSocket-Version: " WS_VERSION "\r\n"
               "Sec-WebSocket-Protocol: " PROTOCOL "\r\n"
               "Sec-WebSocket-Key: %s\r\n\r\n",
               numeric6 ? "[" : "", opts->host, numeric6 ? "]" : "", (int)opts->port,
               buf_str(&key));
    buf_deinit(&key);
}

/* NULL, or what is wrong with a 101. */
static const char *judge(const struct bench_ws *ws, const struct http_headers *headers)
{
    if (!http_header_has_token(headers, "Connection", "upgrade") ||
        !http_header_has_token(headers, "Upgrade", "websocket"))
        return "it does not upgrade to WebSocket";
    if (!slice_eq_str(http_header(headers, "Sec-WebSocket-Accept"), ws->accept))
        return "Sec-WebSocket-Accept is not of this key";
    if (!slice_eq_str(http_header(headers, "Sec-WebSocket-Protocol"), PROTOCOL))
        return "the subprotocol is not 'mqtt'";
    if (http_header(headers, "Sec-WebSocket-Extensions").ptr) return "an extension was not offered";
    return NULL;
}

static int judge_answer(const struct bench_ws *ws)
{
    const struct http_client *answer = ws->answer;
    if (answer->status != 101)
        return bench_fail(ws->bench, ERR_DENIED, "the broker refused WebSocket: %d %.*s",
                          answer->status, (int)answer->reason.len, answer->reason.ptr);
    const char *why = judge(ws, &answer->headers);
    if (why)
        return bench_fail(ws->bench, ERR_PROTOCOL, "the broker's answer to the upgrade: %s", why);
    return 1;
}

int bench_ws_upgrade(struct bench_ws *ws, const uint8_t *data, size_t len, size_t *ret_used)
{
    int rc = http_client_feed(ws->answer, data, len, ret_used);
    if (rc < 0)
        return bench_fail(ws->bench, rc, "the broker's answer to the upgrade: %s",
                          ws->answer->failure->why);
    if (rc == HTTP_MORE) return 0;
    rc = judge_answer(ws);
    http_client_deinit(ws->answer);
    free(ws->answer);
    ws->answer = NULL;
    return rc;
}

/* ---- the connection ------------------------------------------------------------------------- */

struct bench_ws *bench_ws_create(struct bench *b)
{
    static const struct ws_limits none = { 0 };
    static const struct ws_reader_cbs cbs = { .on_ping = on_ping };
    struct bench_ws *ws = xnew(struct bench_ws);
    ws->bench = b;
    ws->answer = xnew(struct http_client);
    ws_reader_init(&ws->reader, WS_CLIENT, &none, &cbs, ws);
    http_client_init(ws->answer, NULL, HTTP_GET);
    put_request(ws);
    return ws;
}

void bench_ws_destroy(struct bench_ws *ws)
{
    if (!ws) return;
    if (ws->answer) http_client_deinit(ws->answer);
    free(ws->answer);
    ws_reader_deinit(&ws->reader);
    buf_deinit(&ws->out);
    free(ws);
}

struct buf *bench_ws_out(struct bench_ws *ws)
{
    return &ws->out;
}
