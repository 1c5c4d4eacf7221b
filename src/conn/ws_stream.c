/* ws_stream.c — see ws_stream.h.
 *
 *   owner ─► core's queue ─► one frame for all of it ─► transport        transport ─► frames ─► owner
 *
 *   open ─┬─ owner closes ─► Close sent ─► (peer's Close, or a second) ─► transport closes
 *         └─ peer's Close, or a mistake of the peer ─► Close sent, on_end ─► owner closes ─┘
 *
 *  I1  A frame goes down as a whole, head and payload, so a Pong or a Close never stands within another frame.
 *  I2  What has gathered in a turn leaves as one frame, of at most FRAME_MOST bytes: some clients take no larger
 *      messages (a megabyte is the limit of Python's websockets).
 *  I3  While the peer does not take its output, its Pings are answered by one Pong, with the last payload
 *      (section 5.5.3), so they make no queue.
 *      Beyond a rate, frames with nothing in them are read from later: `brake`.
 *  I4  After the Close frame nothing is sent; after the peer's, nothing is read.
 *  I5  Between two frames there is no buffer: neither here nor in the reader. */
#include "conn/ws_stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "net/stream_core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_SIZE = 64 << 10,  /* bytes of the transport that are read as one */
    FRAME_MOST = 1 << 20,  /* of payload */
    PONGS_MOST = 64 << 10, /* output above which Pings wait for their answer */
    GOODBYE_MS = 1000,     /* for the peer's Close frame */
};

struct pong {
    size_t len;
    uint8_t payload[WS_CONTROL_PAYLOAD_MAX];
};

/* Of a peer that sends frames with nothing in them: they cost, and count in none of MQTT's limits. */
struct brake {
    struct ws_stream *ws;
    struct bucket bucket;
    struct loop_timer timer; /* runs while the transport is not read */
};

struct ws_stream {
    struct stream_core core; /* first */
    struct ws_env *env;
    struct stream *transport; /* NULL once it is closed */
    struct ws_reader reader;
    struct loop_timer goodbye; /* runs while the peer's Close frame is waited for */
    struct pong *pong;         /* that is owed */
    struct brake *brake;       /* NULL while it was not needed */
    bool told;                 /* our Close frame has been sent */
    bool heard;                /* the peer sends nothing more that counts */
    bool waiting;              /* the owner has closed, the peer's Close is waited for */
};

static struct ws_stream *ws_of(struct stream_core *core)
{
    return container_of(core, struct ws_stream, core);
}

void ws_env_limit(struct ws_env *env, struct ws_limits limits, struct bucket_limit bare_rate)
{
    env->limits = limits;
    env->bare_rate = bare_rate;
}

void ws_env_init(struct ws_env *env, struct ws_limits limits, struct bucket_limit bare_rate)
{
    ws_env_limit(env, limits, bare_rate);
    env->writer = ws_writer_create();
    if (!env->writer) BUG("no memory for WebSocket");
    env->payload = xmalloc(READ_SIZE);
}

void ws_env_deinit(struct ws_env *env)
{
    ws_writer_destroy(env->writer);
    free(env->payload);
}

static void ws_flush(struct stream_core *core);

/* ---- control frames ---- */

static void tell(struct ws_stream *ws, unsigned code, const char *why)
{
    uint8_t frame[WS_CONTROL_MAX];
    if (ws->told) return;
    ws->told = true;
    stream_write(ws->transport, frame,
                 ws_put_close(ws->env->writer, code, slice_str(why ? why : ""), frame));
}

/* The transport's on_writable comes in time for the owner's mark, and for a Pong that is owed. */
static void mark_transport(struct ws_stream *ws)
{
    stream_core_mark_lower(&ws->core, ws->transport, ws->pong ? PONGS_MOST / 2 : SIZE_MAX);
}

static void put_pong(struct ws_stream *ws, struct slice payload)
{
    uint8_t frame[WS_CONTROL_MAX];
    if (ws->told) return;
    stream_write(ws->transport, frame, ws_put_control(ws->env->writer, WS_PONG, payload, frame));
}

static void on_ping(void *arg, struct slice payload)
{
    struct ws_stream *ws = arg;
    if (stream_pending(ws->transport) < PONGS_MOST) {
        put_pong(ws, payload);
        return;
    }
    if (!ws->pong) ws->pong = xnew(struct pong);
    mark_transport(ws); /* on_writable says when */
    ws->pong->len = payload.len;
    memcpy(ws->pong->payload, payload.ptr, payload.len);
}

static const struct ws_reader_cbs reader_cbs = { .on_ping = on_ping };

static void pay_pong(struct ws_stream *ws)
{
    struct pong *pong = ws->pong;
    if (!pong || stream_pending(ws->transport) >= PONGS_MOST) return;
    ws->pong = NULL;
    put_pong(ws, slice_of((const char *)pong->payload, pong->len));
    free(pong);
}

/* ---- the end ---- */

static void on_transport_closed(struct stream *transport)
{
    struct ws_stream *ws = transport->owner;
    ws->transport = NULL;
    stream_core_closed(&ws->core);
}

static void close_transport(struct ws_stream *ws, int64_t deadline)
{
    loop_timer_stop(&ws->goodbye);
    stream_close_until(ws->transport, deadline, on_transport_closed);
}

static void on_goodbye_late(struct loop_timer *timer)
{
    struct ws_stream *ws = container_of(timer, struct ws_stream, goodbye);
    close_transport(ws, ws->core.deadline);
}

/* Nothing more comes from the peer. */
static void hear_end(struct ws_stream *ws, int rc)
{
    ws->heard = true;
    if (ws->waiting)
        close_transport(ws, ws->core.deadline);
    else
        stream_core_end(&ws->core, rc);
}

/* What was written in answer to the frames before leaves before our own Close frame. */
static void peer_closes(struct ws_stream *ws)
{
    ws_flush(&ws->core);
    tell(ws, ws->reader.code, NULL);
    hear_end(ws, STREAM_SAID_GOODBYE);
    stream_core_broken(&ws->core, -EPIPE);
}

static void peer_fails(struct ws_stream *ws, int rc)
{
    metrics_inc(METRIC_WEBSOCKET_ERRORS);
    LOG(LOG_WARN, "ws", "WebSocket protocol error, connection closed",
        LOG_S("peer", ws->core.s.peer.address), LOG_I("code", ws->reader.code),
        LOG_S("reason", ws->reader.why));
    tell(ws, ws->reader.code, ws->reader.why);
    hear_end(ws, rc);
    stream_core_broken(&ws->core, rc);
}

/* ---- reading ---- */

static bool braked(const struct ws_stream *ws)
{
    return ws->brake && loop_timer_active(&ws->brake->timer);
}

static void on_brake_over(struct loop_timer *timer)
{
    struct ws_stream *ws = container_of(timer, struct brake, timer)->ws;
    if (ws->transport && stream_core_reading(&ws->core)) stream_resume(ws->transport);
}

static void count_bare(struct ws_stream *ws)
{
    struct bucket_limit limit = ws->env->bare_rate;
    int64_t now = loop_now(stream_loop(&ws->core.s)), count = ws->reader.bare;
    ws->reader.bare = 0;
    if (!count || !limit.rate || ws->heard || ws->waiting) return;
    if (!ws->brake) {
        ws->brake = xnew(struct brake);
        ws->brake->ws = ws;
        loop_timer_init(&ws->brake->timer, stream_loop(&ws->core.s), on_brake_over);
    }
    bucket_wait_ms(&ws->brake->bucket, limit, now);
    bucket_spend(&ws->brake->bucket, count);
    int64_t wait = bucket_wait_ms(&ws->brake->bucket, limit, now);
    if (wait == 0) return;
    metrics_inc(METRIC_MQTT_THROTTLED);
    loop_timer_start(&ws->brake->timer, wait);
    stream_pause(ws->transport);
}

/* While the owner reads, or while only the peer's Close frame is of interest. */
static bool reads(const struct ws_stream *ws)
{
    if (ws->heard || ws->waiting) return !ws->heard;
    return !braked(ws) && stream_core_reading(&ws->core);
}

static void read_part(struct ws_stream *ws, const uint8_t *data, size_t len)
{
    size_t got = 0;
    int rc = ws_read(&ws->reader, data, len, ws->env->payload, &got);
    if (got && !ws->waiting) stream_core_read(&ws->core, ws->env->payload, got);
    count_bare(ws);
    if (rc == WS_CLOSED)
        peer_closes(ws);
    else if (rc < 0)
        peer_fails(ws, rc);
}

static size_t on_read(struct stream *transport, const uint8_t *data, size_t len)
{
    struct ws_stream *ws = transport->owner;
    size_t at = 0;
    while (at < len && reads(ws)) {
        size_t part = len - at < READ_SIZE ? len - at : READ_SIZE;
        read_part(ws, data + at, part);
        at += part;
    }
    return ws->heard ? len : at;
}

static void on_end(struct stream *transport, int rc)
{
    struct ws_stream *ws = transport->owner;
    if (!ws->heard) hear_end(ws, rc);
}

/* ---- writing ---- */

static void ws_flush(struct stream_core *core)
{
    struct ws_stream *ws = ws_of(core);
    uint8_t head[WS_HEAD_MAX];
    if (!ws->transport || ws->told) return;
    mark_transport(ws);
    while (core->queued) {
        size_t len = core->queued < FRAME_MOST ? core->queued : FRAME_MOST;
        stream_write(ws->transport, head, ws_put_head(ws->env->writer, WS_BINARY, len, head));
        stream_core_move(core, ws->transport, len);
    }
    stream_flush(ws->transport);
    stream_core_sent(core, 0);
}

static void on_writable(struct stream *transport)
{
    struct ws_stream *ws = transport->owner;
    if (ws->core.closed) return;
    pay_pong(ws);
    stream_core_sent(&ws->core, 0);
}

static const struct stream_cbs transport_cbs = { on_read, on_writable, on_end };

/* ---- the transport's side ---- */

static void ws_set_reading(struct stream_core *core, bool on)
{
    struct ws_stream *ws = ws_of(core);
    if (!ws->transport) return;
    if (on && !braked(ws))
        stream_resume(ws->transport);
    else if (!on)
        stream_pause(ws->transport);
}

static unsigned code_of(enum stream_farewell farewell)
{
    static const uint16_t codes[] = {
        [STREAM_DONE] = WS_CLOSE_NORMAL,      [STREAM_AWAY] = WS_CLOSE_GOING_AWAY,
        [STREAM_MISUSED] = WS_CLOSE_PROTOCOL, [STREAM_REFUSED] = WS_CLOSE_POLICY,
        [STREAM_TOO_BIG] = WS_CLOSE_TOO_BIG,  [STREAM_FAILED] = WS_CLOSE_INTERNAL,
    };
    return codes[farewell];
}

/* Who does not take its output is not waited for, unless the owner lingers. */
static void ws_close(struct stream_core *core, bool linger)
{
    struct ws_stream *ws = ws_of(core);
    int64_t now = clock_mono_ms();
    tell(ws, code_of(core->s.farewell), NULL);
    stream_flush(ws->transport);
    bool taken = stream_pending(ws->transport) == 0;
    if (taken && (!linger || ws->heard))
        core->deadline = now + GOODBYE_MS;
    else if (!linger)
        core->deadline = 0;
    if (ws->heard || !(linger || taken)) {
        close_transport(ws, core->deadline);
        return;
    }
    ws->waiting = true;
    int64_t left = core->deadline - now;
    loop_timer_start(&ws->goodbye, left < GOODBYE_MS ? left : GOODBYE_MS);
    stream_resume(ws->transport);
}

static void ws_cut(struct stream_core *core)
{
    struct ws_stream *ws = ws_of(core);
    if (ws->transport && !ws->transport->closing) close_transport(ws, 0);
    if (ws->transport) stream_cut(ws->transport);
}

static void ws_free(struct stream_core *core)
{
    struct ws_stream *ws = ws_of(core);
    ws_reader_deinit(&ws->reader);
    loop_timer_stop(&ws->goodbye);
    if (ws->brake) loop_timer_stop(&ws->brake->timer);
    free(ws->brake);
    free(ws->pong);
    stream_core_deinit(core);
    free(ws);
}

static size_t ws_below(const struct stream_core *core)
{
    const struct ws_stream *ws = (const struct ws_stream *)core;
    return ws->transport ? stream_pending(ws->transport) : 0;
}

static uint64_t ws_sent(const struct stream_core *core)
{
    const struct ws_stream *ws = (const struct ws_stream *)core;
    return ws->transport ? stream_sent(ws->transport) : 0;
}

static const struct stream_ops ws_ops = {
    .flush = ws_flush,
    .set_reading = ws_set_reading,
    .close = ws_close,
    .cut = ws_cut,
    .free = ws_free,
    .below = ws_below,
    .sent = ws_sent,
};

struct stream *ws_stream_create(struct ws_env *env, struct stream *transport)
{
    struct ws_stream *ws = xnew(struct ws_stream);
    ws->env = env;
    ws->transport = transport;
    ws->core.s.peer = transport->peer;
    transport->peer.tls =
        NULL; /* what TLS has found out goes with the stream that its owner sees */
    stream_core_init(&ws->core, stream_loop(transport), &ws_ops);
    loop_timer_init(&ws->goodbye, stream_loop(transport), on_goodbye_late);
    ws_reader_init(&ws->reader, WS_SERVER, &env->limits, &reader_cbs, ws);
    transport->owner = ws;
    transport->cbs = &transport_cbs;
    stream_set_high_water(transport, STREAM_HIGH_WATER);
    stream_resume(transport);
    return &ws->core.s;
}
