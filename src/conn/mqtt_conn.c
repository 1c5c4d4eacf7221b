/* mqtt_conn.c — one connection: its stream, what is owed to it, its end. It translates between packets and the
 * session (mqtt_connect.c, mqtt_packets.c, mqtt_publish.c), and decides nothing that the hub decides. When it is
 * read from is in mqtt_pace.c.
 *
 *   await CONNECT ─► (user name: ask auth) ─► greet ─► connected ─► closing
 *
 * The protocol level is data. A client of MQTT 5 is told why its connection ends: mqtt_end.
 *
 * Acknowledgements leave when what they promise is committed, in order (ack_queue). When nothing waits,
 * they are written at once. A connection that owes too many is not read from (mqtt_pace.c). CONNACK is such
 * an acknowledgement too: a new persistent session is committed first. Until it has left nothing else is
 * read or sent [MQTT-3.2.0-1].
 *
 *  I1  A session is attached from CONNECT to the end of the connection, or until the session has let go of
 *      us by link.end; it sends nothing before CONNACK has left (session_ready).
 *  I2  No packet is handled before the one before it is through (the stream is paused while auth is
 *      asked, and while CONNACK waits).
 *  I3  After mqtt_close nothing of the connection is touched but by on_closed. */
#include "conn/mqtt_conn_priv.h"

#include "auth/ledger.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MAX = 5 * 65537 + 16, /* the longest CONNECT */
    READ_AHEAD = 128 << 10, /* what a stream may have read beyond the packet that we stopped at */
    PIECE = 1024,           /* of a packet under way: as much is a sign of life */
};

static struct mqtt_conn *conn_of(struct session_link *link)
{
    return container_of(link, struct mqtt_conn, link);
}

/* ---- the end ---- */

static void on_closed(struct stream *stream)
{
    struct mqtt_conn *c = stream->owner;
    list_remove(&c->conns);
    principal_unref(c->principal);
    mqtt_pace_free(c);
    if (c->five) {
        alias_in_deinit(&c->five->aliases_in);
        alias_out_deinit(&c->five->aliases_out);
        free(c->five);
    }
    free(c);
}

/* What a transport that says goodbye is to say. */
static enum stream_farewell farewell_of(enum session_end why)
{
    switch (why) {
    case SESSION_END_CLIENT_ERROR:
        return STREAM_MISUSED;
    case SESSION_END_SERVER_INITIATED:
        return STREAM_AWAY;
    case SESSION_END_SERVER_ERROR:
        return STREAM_FAILED;
    case SESSION_END_CLIENT_INITIATED:
    case SESSION_END_CLIENT_WITH_WILL:
    case SESSION_END_CONNECTION_LOST:
        return STREAM_DONE;
    default:
        return STREAM_REFUSED;
    }
}

void mqtt_close(struct mqtt_conn *c, enum session_end why, bool linger)
{
    if (c->state == CONN_CLOSING) return;
    c->state = CONN_CLOSING;
    struct session *session = c->session;
    if (session)
        LOG(LOG_INFO, "mqtt", "client disconnected", LOG_S("client", mqtt_client_id(c)),
            LOG_S("reason", session_end_name(why)));
    c->session = NULL;
    loop_timer_stop(&c->timer);
    list_remove(&c->waiting);
    mqtt_pace_stop(c);
    auth_unwatch(&c->watch);
    ack_queue_deinit(&c->acks);
    if (c->login) c->login->conn = NULL;
    if (session) session_detach(session, why);
    if (c->stream->farewell == STREAM_DONE) c->stream->farewell = farewell_of(why);
    stream_close(c->stream, linger, on_closed);
}

static bool send_farewell(struct mqtt_conn *c, uint8_t code, const char *sentence,
                          const char *reference)
{
    struct buf packet = { 0 }, properties = { 0 };
    if (sentence) mqtt_put_text(&properties, MQTT_PROP_reason_string, slice_str(sentence));
    if (reference) mqtt_put_text(&properties, MQTT_PROP_server_reference, slice_str(reference));
    mqtt_encode_farewell(&packet, c->level, MQTT_TYPE_disconnect,
                         &(struct mqtt_farewell){ code, buf_slice(&properties) });
    bool fits = mqtt_fits(c, packet.len);
    if (fits) mqtt_send_packet(c, packet.data, packet.len);
    buf_deinit(&packet);
    buf_deinit(&properties);
    return fits;
}

/* Section 3.14. Where the client does not take so much, the sentence is left out, then the server reference. */
static void send_disconnect(struct mqtt_conn *c, uint8_t code, const char *sentence)
{
    bool elsewhere = code == MQTT_REASON_USE_ANOTHER_SERVER;
    const char *reference = elsewhere ? c->env->opts->server_reference : NULL;
    if (send_farewell(c, code, sentence, reference)) return;
    if (!send_farewell(c, code, NULL, reference)) send_farewell(c, code, NULL, NULL);
}

void mqtt_end(struct mqtt_conn *c, enum session_end why, uint8_t code, const char *sentence)
{
    bool told = c->five && c->state == CONN_UP; /* not before CONNACK */
    if (told) send_disconnect(c, code, sentence);
    if (code == MQTT_REASON_PACKET_TOO_LARGE) c->stream->farewell = STREAM_TOO_BIG;
    mqtt_close(c, why, told);
}

void mqtt_fail(struct mqtt_conn *c, uint8_t code, const char *why)
{
    metrics_inc(METRIC_MQTT_MALFORMED);
    if (!why) why = mqtt_reason_text(code);
    LOG(LOG_WARN, "mqtt", "protocol error, connection closed", LOG_S("client", mqtt_client_id(c)),
        LOG_S("peer", c->stream->peer.address), LOG_S("reason", why));
    mqtt_end(c, SESSION_END_CLIENT_ERROR, code, why);
}

/* ---- what the session asks of the connection ---- */

void mqtt_send_packet(struct mqtt_conn *c, const void *packet, size_t len)
{
    metrics_inc(METRIC_MQTT_PACKETS_OUT);
    stream_write(c->stream, packet, len);
}

static void link_pubrel(struct session_link *link, uint16_t id, bool found)
{
    struct mqtt_conn *c = conn_of(link);
    uint8_t bare[MQTT_ACK_SIZE];
    mqtt_put_ack(bare, MQTT_TYPE_pubrel, id);
    if (found || !c->five) {
        mqtt_send_packet(c, bare, sizeof bare);
        return;
    }
    struct buf packet = { 0 };
    mqtt_encode_ack(&packet, &(struct mqtt_ack){ .level = c->level,
                                                 .type = MQTT_TYPE_pubrel,
                                                 .id = id,
                                                 .code = MQTT_REASON_PACKET_ID_NOT_FOUND });
    mqtt_send_packet(c, packet.data, packet.len);
    buf_deinit(&packet);
}

static bool link_congested(struct session_link *link)
{
    return mqtt_pace_congested(conn_of(link));
}

/* Why the session lets go of a connection. */
static uint8_t code_of(enum session_end why)
{
    switch (why) {
    case SESSION_END_DUPLICATE:
        return MQTT_REASON_SESSION_TAKEN_OVER;
    case SESSION_END_SERVER_INITIATED:
        return MQTT_REASON_ADMINISTRATIVE_ACTION;
    default:
        return MQTT_REASON_UNSPECIFIED;
    }
}

static void link_end(struct session_link *link, enum session_end why)
{
    struct mqtt_conn *c = conn_of(link);
    LOG(LOG_INFO, "mqtt", "client disconnected", LOG_S("client", mqtt_client_id(c)),
        LOG_S("reason", session_end_name(why)));
    c->session = NULL;
    mqtt_end(c, why, code_of(why), NULL);
}

static int64_t link_heard_at(const struct session_link *link)
{
    return container_of(link, struct mqtt_conn, link)->heard_at;
}

static const struct session_link_ops link_ops = { mqtt_link_publish, link_pubrel, link_congested,
                                                  link_end, link_heard_at };

/* ---- acknowledgements ---- */

static int64_t committed(const struct mqtt_conn *c)
{
    return store_committed(hub_store(c->env->hub));
}

/* Whether an encoded acknowledgement has a reason code that refuses: behind its length and the identifier. */
static bool refuses(const uint8_t *packet, size_t len)
{
    size_t at = 1;
    while (packet[at++] & 0x80)
        ;
    at += 2;
    return at < len && packet[at] >= 0x80;
}

/* An answer leaves. The last one to a PUBLISH makes room for another [MQTT-4.9.0-2]. */
static void note_answer(struct mqtt_conn *c, const uint8_t *packet, size_t len)
{
    uint8_t type = packet[0] >> 4;
    if (!c->five || !c->five->receiving) return;
    if (type == MQTT_TYPE_puback || type == MQTT_TYPE_pubcomp ||
        (type == MQTT_TYPE_pubrec && refuses(packet, len)))
        c->five->receiving--;
}

static void release(struct mqtt_conn *c)
{
    struct buf out = { 0 };
    for (size_t at = 0; ack_queue_pop(&c->acks, committed(c), &out); at = out.len) {
        metrics_inc(METRIC_MQTT_PACKETS_OUT);
        note_answer(c, (const uint8_t *)out.data + at, out.len - at);
    }
    if (out.len) stream_write(c->stream, out.data, out.len);
    buf_deinit(&out);
    if (c->state == CONN_GREET && !c->acks.count) {
        mqtt_greet(c);
        stream_resume(c->stream);
    }
    mqtt_balance(c);
}

void mqtt_conn_release(struct list *waiting_link)
{
    release(container_of(waiting_link, struct mqtt_conn, waiting));
}

void mqtt_owe(struct mqtt_conn *c, const uint8_t *packet, size_t len, int64_t commit)
{
    if (!c->acks.count && commit <= committed(c)) {
        note_answer(c, packet, len);
        mqtt_send_packet(c, packet, len);
        return;
    }
    ack_queue_push(&c->acks, packet, len, commit);
    mqtt_balance(c);
}

void mqtt_owe_held(struct mqtt_conn *c, const uint8_t *packet, size_t len)
{
    ack_queue_hold(&c->acks, packet, len);
    mqtt_balance(c);
}

void mqtt_decided(void *arg, int64_t commit)
{
    struct ack_queue *queue = ack_decided(arg, commit);
    if (!queue) return;
    struct mqtt_conn *c = queue->owner;
    if (commit < 0)
        mqtt_publish_failed(c, commit);
    else
        release(c);
}

struct slice mqtt_refusal_why(const struct mqtt_conn *c, const char *client_id)
{
    return ledger_reason(auth_ledger(hub_auth(c->env->hub)), client_id);
}

/* ---- time ---- */

static void on_timer(struct loop_timer *timer)
{
    struct mqtt_conn *c = container_of(timer, struct mqtt_conn, timer);
    if (c->state == CONN_GREET) {
        LOG(LOG_WARN, "mqtt", "closed: the store could not keep the session in time",
            LOG_S("client", mqtt_client_id(c)));
        mqtt_greet_failed(c);
        return;
    }
    if (c->state != CONN_UP) {
        LOG(LOG_INFO, "mqtt", "closed: no CONNECT in time", LOG_S("peer", c->stream->peer.address));
        c->stream->farewell = STREAM_REFUSED;
        mqtt_close(c, SESSION_END_CLIENT_ERROR, false);
        return;
    }
    mqtt_watch_time(c);
}

/* ---- the stream ---- */

/* One packet; returns its size, 0 when more bytes are needed or nothing may be read now. */
static size_t handle_packet(struct mqtt_conn *c, const uint8_t *data, size_t len)
{
    struct mqtt_frame frame;
    const char *why = NULL;
    size_t most = c->five ? c->five->takes : c->env->opts->max_packet;
    if (c->state == CONN_AWAIT && most > CONNECT_MAX) most = CONNECT_MAX;
    int rc = mqtt_frame(data, len, most, c->level, &frame, &why);
    if (rc == 0) return 0;
    if (rc < 0) {
        mqtt_fail(c, mqtt_reason_of(rc, data[0] >> 4),
                  rc == ERR_TOO_LARGE ? "packet longer than mqtt.max_packet" : why);
        return 0;
    }
    metrics_inc(METRIC_MQTT_PACKETS_IN);
    if (c->state == CONN_AWAIT && frame.type != MQTT_TYPE_connect)
        mqtt_fail(c, MQTT_REASON_PROTOCOL_ERROR, "[MQTT-3.1.0-1] the first packet is no CONNECT");
    else if (c->state == CONN_AWAIT)
        mqtt_connect_received(c, &frame, data);
    else
        mqtt_packet_received(c, &frame);
    return frame.size;
}

static bool listening(const struct mqtt_conn *c)
{
    return (c->state == CONN_AWAIT || c->state == CONN_UP) && !c->pauses;
}

/* Packets count, and good pieces of one that takes its time [MQTT-3.1.2-24]; a byte now and then does
 * not. */
static void note_life(struct mqtt_conn *c, size_t used, size_t left)
{
    if (used == 0 && left < c->under_way + PIECE) return;
    c->heard_at = loop_now(hub_loop(c->env->hub));
    c->under_way = left;
}

static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    struct mqtt_conn *c = stream->owner;
    size_t used = 0;
    while (used < len && listening(c) && mqtt_pace_next(c)) {
        uint8_t type = data[used] >> 4;
        size_t size = handle_packet(c, data + used, len - used);
        if (size == 0) break;
        used += size;
        mqtt_pace_spend(c, type, size);
        if (c->state != CONN_CLOSING && stream_over_high_water(c->stream)) mqtt_balance(c);
    }
    note_life(c, used, len - used);
    return c->state == CONN_CLOSING ? len : used;
}

static void on_writable(struct stream *stream)
{
    struct mqtt_conn *c = stream->owner;
    if (c->pauses) c->heard_at = loop_now(hub_loop(c->env->hub)); /* it takes what we wait for */
    mqtt_pace_writable(c);
    if (c->session) session_pump(c->session);
    if (c->state != CONN_CLOSING) mqtt_balance(c);
}

/* Only DISCONNECT takes the will back [MQTT-3.1.2-8]; for AWS the Close frame of WebSocket does too
 * (mqtt-and-topics, section 5). */
static enum session_end end_by_close_frame(const struct mqtt_conn *c)
{
    return hub_profile(c->env->hub)->close_frame_is_disconnect ? SESSION_END_CLIENT_INITIATED
                                                               : SESSION_END_CLIENT_WITH_WILL;
}

static void on_end(struct stream *stream, int rc)
{
    struct mqtt_conn *c = stream->owner;
    bool mistake = rc == ERR_TOO_LARGE || rc == ERR_PROTOCOL;
    if (rc == ERR_TOO_LARGE) stream->farewell = STREAM_TOO_BIG;
    if (rc == STREAM_SAID_GOODBYE)
        mqtt_close(c, end_by_close_frame(c), false);
    else
        mqtt_close(c, mistake ? SESSION_END_CLIENT_ERROR : SESSION_END_CONNECTION_LOST, false);
}

static const struct stream_cbs mqtt_cbs = { on_read, on_writable, on_end };

void mqtt_conn_start(struct mqtt_env *env, struct stream *stream, struct principal *principal)
{
    struct mqtt_conn *c = xnew(struct mqtt_conn);
    c->link.ops = &link_ops;
    c->env = env;
    c->stream = stream;
    c->principal = principal;
    list_init(&c->waiting);
    list_init(&c->starved);
    list_init(&c->watch.link);
    ack_queue_init(&c->acks, c);
    list_push_back(&env->conns, &c->conns);
    loop_timer_init(&c->timer, hub_loop(env->hub), on_timer);
    loop_timer_start(&c->timer, env->opts->connect_timeout_ms);
    stream_set_high_water(stream, env->opts->output_buffer);
    stream_set_read_limit(stream, env->opts->max_packet + MQTT_MAX_HEADER + READ_AHEAD);
    stream->owner = c;
    stream->cbs = &mqtt_cbs;
}

void mqtt_conn_shutdown(struct list *conns_link)
{
    struct mqtt_conn *c = container_of(conns_link, struct mqtt_conn, conns);
    const char *reference = c->env->opts->server_reference;
    bool elsewhere = reference && *reference;
    if (c->state == CONN_CLOSING) {
        stream_cut(c->stream);
        return;
    }
    if (c->five && c->state == CONN_UP)
        send_disconnect(
            c, elsewhere ? MQTT_REASON_USE_ANOTHER_SERVER : MQTT_REASON_SERVER_SHUTTING_DOWN,
            "the hub is shutting down");
    mqtt_close(c, SESSION_END_SERVER_INITIATED, true);
}
