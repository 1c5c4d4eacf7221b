/* mqtt_conn.c — translates between packets and the session; decides nothing that the hub decides. CONNECT
 * is in mqtt_connect.c, when a connection is read from in mqtt_pace.c.
 *
 *   await CONNECT ─► (user name: ask auth) ─► greet ─► connected ─► closing
 *
 * Every packet type has one handler, found through a table; the protocol level is data.
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
    SMALL_PACKET = 1024,          /* copied into the output rather than referenced */
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
    free(c);
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
    stream_close(c->stream, linger, on_closed);
}

/* What the peer has sent breaks the protocol [MQTT-4.8.0-1]. */
void mqtt_protocol_error(struct mqtt_conn *c, const char *why)
{
    metrics_inc(METRIC_MQTT_MALFORMED);
    LOG(LOG_WARN, "mqtt", "protocol error, connection closed", LOG_S("client", mqtt_client_id(c)),
        LOG_S("peer", c->stream->peer.address), LOG_S("reason", why ? why : "malformed packet"));
    mqtt_close(c, SESSION_END_CLIENT_ERROR, false);
}

/* A publish that the hub has not taken: the reason is in the log already, but for the store's. */
static void publish_failed(struct mqtt_conn *c, int64_t rc)
{
    if (rc == ERR_STORE) {
        LOG(LOG_ERROR, "mqtt", "publish refused: the store is behind or failing",
            LOG_S("client", mqtt_client_id(c)));
        mqtt_close(c, SESSION_END_SERVER_ERROR, false);
    } else {
        mqtt_close(c, rc == ERR_DENIED ? SESSION_END_FORBIDDEN : SESSION_END_CLIENT_ERROR, false);
    }
}

/* ---- what the session asks of the connection ---- */

static struct chunk *encode_shared(struct msg *msg, bool has_id)
{
    struct mqtt_publish publish = {
        .level = MQTT_LEVEL_311, .qos = has_id, .topic = msg->topic, .payload = msg->payload
    };
    size_t size = mqtt_publish_size(&publish);
    if (!size) BUG("a message that no packet can hold");
    struct chunk *chunk = msg->wire[0][has_id] = chunk_create(size);
    mqtt_encode_publish(chunk->data, &publish, NULL);
    return chunk;
}

/* What differs between the receivers of a message. */
struct how {
    uint8_t first;
    bool has_id;
    uint16_t id;
};

/* The beginning of a packet: a copy of our own. */
static void write_head(struct stream *stream, struct slice head, size_t id_at,
                       const struct how *how)
{
    uint8_t small[SMALL_PACKET];
    uint8_t *copy = head.len <= sizeof small ? small : xmalloc(head.len);
    memcpy(copy, head.ptr, head.len);
    copy[0] = how->first;
    if (how->has_id) {
        copy[id_at] = (uint8_t)(how->id >> 8);
        copy[id_at + 1] = (uint8_t)how->id;
    }
    stream_write(stream, copy, head.len);
    if (copy != small) free(copy);
}

static void write_small(struct stream *stream, struct slice packet, size_t id_at,
                        const struct how *how)
{
    if (how->has_id || how->first != (uint8_t)packet.ptr[0])
        write_head(stream, packet, id_at, how);
    else
        stream_write(stream, packet.ptr, packet.len);
}

/* Up to the id, or to the payload if there is none, a copy of our own. */
static void write_shared(struct stream *stream, struct msg *msg, const struct how *how)
{
    struct chunk *chunk = msg->wire[0][how->has_id];
    if (!chunk) chunk = encode_shared(msg, how->has_id);
    struct slice head = slice_of((const char *)chunk->data, chunk->len - msg->payload.len);
    if (chunk->len <= SMALL_PACKET)
        head.len = chunk->len;
    else if (how->first == chunk->data[0] && !how->has_id)
        head.len = 0;
    if (head.len) write_head(stream, head, how->has_id ? mqtt_publish_id_at(chunk->data) : 0, how);
    if (head.len < chunk->len) stream_write_chunk(stream, chunk, head.len, chunk->len - head.len);
}

static bool link_publish(struct session_link *link, struct msg *msg, const struct session_out *out)
{
    struct mqtt_conn *c = conn_of(link);
    metrics_inc(METRIC_MQTT_PACKETS_OUT);
    metrics_inc(METRIC_PUBLISHES_OUT);
    metrics_add(METRIC_PUBLISH_BYTES_OUT, (int64_t)msg->payload.len);
    struct how how = { mqtt_publish_first_byte(out->qos, out->dup, out->retain), out->qos > 0,
                       out->id };
    bool as_it_came = msg->level == MQTT_LEVEL_311 && (out->qos > 0) == (msg->qos > 0);
    if (as_it_came && msg->packet.len && msg->packet.len <= SMALL_PACKET)
        write_small(c->stream, msg->packet, msg_packet_id_at(msg), &how);
    else
        write_shared(c->stream, msg, &how);
    return true;
}

void mqtt_send_packet(struct mqtt_conn *c, const void *packet, size_t len)
{
    metrics_inc(METRIC_MQTT_PACKETS_OUT);
    stream_write(c->stream, packet, len);
}

static void send_ack(struct mqtt_conn *c, uint8_t type, uint16_t id)
{
    uint8_t packet[MQTT_ACK_SIZE];
    mqtt_put_ack(packet, type, id);
    mqtt_send_packet(c, packet, sizeof packet);
}

static void link_pubrel(struct session_link *link, uint16_t id, bool found)
{
    send_ack(conn_of(link), MQTT_TYPE_pubrel, id);
}

static bool link_congested(struct session_link *link)
{
    return mqtt_pace_congested(conn_of(link));
}

static void link_end(struct session_link *link, enum session_end why)
{
    struct mqtt_conn *c = conn_of(link);
    LOG(LOG_INFO, "mqtt", "client disconnected", LOG_S("client", mqtt_client_id(c)),
        LOG_S("reason", session_end_name(why)));
    c->session = NULL;
    mqtt_close(c, why, false);
}

static int64_t link_heard_at(const struct session_link *link)
{
    return container_of(link, struct mqtt_conn, link)->heard_at;
}

static const struct session_link_ops link_ops = { link_publish, link_pubrel, link_congested,
                                                  link_end, link_heard_at };

/* ---- acknowledgements ---- */

static int64_t committed(const struct mqtt_conn *c)
{
    return store_committed(hub_store(c->env->hub));
}

static void release(struct mqtt_conn *c)
{
    struct buf out = { 0 };
    while (ack_queue_pop(&c->acks, committed(c), &out))
        metrics_inc(METRIC_MQTT_PACKETS_OUT);
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
        mqtt_send_packet(c, packet, len);
        return;
    }
    ack_queue_push(&c->acks, packet, len, commit);
    mqtt_balance(c);
}

static void on_decided(void *arg, int64_t commit)
{
    struct ack_queue *queue = ack_decided(arg, commit);
    if (!queue) return;
    struct mqtt_conn *c = queue->owner;
    if (commit < 0)
        publish_failed(c, commit);
    else
        release(c);
}

/* What session_publish or session_receive has returned for a packet that wants an acknowledgement. */
static void settle(struct mqtt_conn *c, uint8_t type, uint16_t id, int64_t commit)
{
    uint8_t packet[MQTT_ACK_SIZE];
    mqtt_put_ack(packet, type, id);
    if (commit == HUB_HELD) {
        ack_queue_hold(&c->acks, packet, sizeof packet);
        mqtt_balance(c);
    } else if (commit < 0) {
        publish_failed(c, commit);
    } else {
        mqtt_owe(c, packet, sizeof packet, commit);
    }
}

/* ---- packets ---- */

static void on_publish(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_publish publish;
    const char *why = NULL;
    if (mqtt_decode_publish(frame, c->level, true, &publish, &why) < 0) {
        mqtt_protocol_error(c, why);
        return;
    }
    metrics_inc(METRIC_PUBLISHES_IN);
    metrics_add(METRIC_PUBLISH_BYTES_IN, (int64_t)publish.payload.len);
    struct hub *hub = c->env->hub;
    if (publish.qos > hub_profile(hub)->max_qos) {
        mqtt_protocol_error(c, "a PUBLISH of a QoS that hub.profile does not allow");
        return;
    }
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = publish.topic,
        .payload = publish.payload,
        .properties = publish.properties,
        .origin = session_origin(c->session),
        .qos = publish.qos,
        .retain = publish.retain,
        .over_mqtt = true,
        .at_ms = loop_real(hub_loop(hub)),
    });
    if (publish.qos == 0) {
        int64_t rc = session_publish(c->session, msg, NULL, NULL);
        if (rc < 0 && rc != HUB_HELD) publish_failed(c, rc);
    } else {
        struct ack *spare = ack_queue_spare(&c->acks);
        int64_t commit = publish.qos == 1
                             ? session_publish(c->session, msg, on_decided, spare)
                             : session_receive(c->session, publish.id, msg, on_decided, spare);
        settle(c, publish.qos == 1 ? MQTT_TYPE_puback : MQTT_TYPE_pubrec, publish.id, commit);
    }
    msg_unref(msg);
}

static void on_ack(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_ack ack;
    const char *why = NULL;
    if (mqtt_decode_ack(frame, c->level, &ack, &why) < 0) {
        mqtt_protocol_error(c, why);
        return;
    }
    switch (ack.type) {
    case MQTT_TYPE_puback:
        session_puback(c->session, ack.id);
        break;
    case MQTT_TYPE_pubrec:
        session_pubrec(c->session, ack.id, ack.code);
        break;
    case MQTT_TYPE_pubcomp:
        session_pubcomp(c->session, ack.id);
        break;
    default: {
        bool found;
        int64_t commit = session_release(c->session, ack.id, &found);
        if (commit < 0)
            mqtt_protocol_error(c, "PUBREL before PUBREC was sent");
        else
            settle(c, MQTT_TYPE_pubcomp, ack.id, commit);
    }
    }
}

static uint8_t subscribe_one(struct mqtt_conn *c, const struct mqtt_filter *one, int64_t *commit)
{
    bool is_new;
    int rc = hub_authorize_subscribe(c->env->hub, c->principal, session_auth_conn(c->session),
                                     one->filter);
    if (rc == 0 && one->qos > hub_profile(c->env->hub)->max_qos) {
        auth_log_refusal(hub_auth(c->env->hub), c->principal, session_auth_conn(c->session),
                         "iot:Subscribe", one->filter, "hub.profile does not allow this QoS");
        rc = ERR_UNSUPPORTED;
    }
    if (rc < 0) return MQTT_SUBACK_FAILURE;
    int64_t number =
        session_subscribe(c->session, one->filter, &(struct sub_opts){ .qos = one->qos }, &is_new);
    if (number < 0) return MQTT_SUBACK_FAILURE;
    if (number > *commit) *commit = number;
    return one->qos;
}

/* MQTT 3.1 has no code for a refusal: it is answered as if it were granted (its section 3.8). */
static void hide_refusals(const struct mqtt_subscribe *subscribe, char *codes)
{
    struct mqtt_filter one;
    for (size_t at = 0; mqtt_subscribe_next(subscribe, &at, &one);)
        *codes++ = (char)one.qos;
}

static void on_subscribe(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_subscribe subscribe;
    const char *why = NULL;
    if (mqtt_decode_subscribe(frame, c->level, &subscribe, &why) < 0) {
        mqtt_protocol_error(c, why);
        return;
    }
    const struct mqtt_profile *profile = hub_profile(c->env->hub);
    if (subscribe.count > profile->max_filters) {
        mqtt_protocol_error(c, "more filters in one SUBSCRIBE than hub.profile allows");
        return;
    }
    uint8_t *codes = xmalloc(subscribe.count);
    struct mqtt_filter one;
    int64_t commit = 0;
    size_t at = 0, n = 0;
    bool closes = false;
    while (!closes && mqtt_subscribe_next(&subscribe, &at, &one)) {
        codes[n] = subscribe_one(c, &one, &commit);
        closes = codes[n++] == MQTT_SUBACK_FAILURE && profile->refusal_closes;
    }
    if (closes) { /* the refusal is in the log */
        free(codes);
        mqtt_close(c, SESSION_END_FORBIDDEN, false);
        return;
    }
    struct buf packet = { 0 };
    const struct mqtt_suback suback = { .id = subscribe.id,
                                        .codes = slice_of((const char *)codes, n) };
    mqtt_encode_suback(&packet, c->level, MQTT_TYPE_suback, &suback);
    if (c->level == MQTT_LEVEL_31) hide_refusals(&subscribe, packet.data + packet.len - n);
    mqtt_owe(c, (const uint8_t *)packet.data, packet.len, commit);
    buf_deinit(&packet);
    at = n = 0;
    while (mqtt_subscribe_next(&subscribe, &at, &one))
        if (codes[n++] != MQTT_SUBACK_FAILURE)
            session_send_retained(c->session, one.filter, &(struct sub_opts){ .qos = one.qos },
                                  true);
    free(codes);
}

static void on_unsubscribe(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_subscribe unsubscribe;
    const char *why = NULL;
    if (mqtt_decode_unsubscribe(frame, c->level, &unsubscribe, &why) < 0) {
        mqtt_protocol_error(c, why);
        return;
    }
    struct mqtt_filter one;
    int64_t commit = 0;
    for (size_t at = 0; mqtt_subscribe_next(&unsubscribe, &at, &one);) {
        bool existed;
        int64_t number = session_unsubscribe(c->session, one.filter, &existed);
        if (number > commit) commit = number;
    }
    settle(c, MQTT_TYPE_unsuback, unsubscribe.id, commit);
}

static void on_pingreq(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    static const uint8_t pingresp[] = { 0xd0, 0x00 };
    const char *why = NULL;
    if (mqtt_decode_empty(frame, &why) < 0)
        mqtt_protocol_error(c, why);
    else
        mqtt_send_packet(c, pingresp, sizeof pingresp);
}

static void on_disconnect(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_farewell farewell;
    const char *why = NULL;
    if (mqtt_decode_disconnect(frame, c->level, true, &farewell, &why) < 0)
        mqtt_protocol_error(c, why);
    else
        mqtt_close(c, SESSION_END_CLIENT_INITIATED, stream_pending(c->stream) > 0);
}

static void on_second_connect(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    mqtt_protocol_error(c, "a second CONNECT [MQTT-3.1.0-2]");
}

typedef void (*packet_cb)(struct mqtt_conn *c, const struct mqtt_frame *frame);
static const packet_cb packet_handlers[MQTT_TYPE_COUNT] = {
    [MQTT_TYPE_connect] = on_second_connect,
    [MQTT_TYPE_publish] = on_publish,
    [MQTT_TYPE_puback] = on_ack,
    [MQTT_TYPE_pubrec] = on_ack,
    [MQTT_TYPE_pubrel] = on_ack,
    [MQTT_TYPE_pubcomp] = on_ack,
    [MQTT_TYPE_subscribe] = on_subscribe,
    [MQTT_TYPE_unsubscribe] = on_unsubscribe,
    [MQTT_TYPE_pingreq] = on_pingreq,
    [MQTT_TYPE_disconnect] = on_disconnect,
};

/* ---- time ---- */

static void on_timer(struct loop_timer *timer)
{
    struct mqtt_conn *c = container_of(timer, struct mqtt_conn, timer);
    if (c->state == CONN_GREET) {
        LOG(LOG_WARN, "mqtt", "closed: the store could not keep the session in time",
            LOG_S("client", mqtt_client_id(c)));
        mqtt_close(c, SESSION_END_SERVER_ERROR, false);
        return;
    }
    if (c->state != CONN_UP) {
        LOG(LOG_INFO, "mqtt", "closed: no CONNECT in time", LOG_S("peer", c->stream->peer.address));
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
    size_t most = c->env->opts->max_packet;
    if (c->state == CONN_AWAIT && most > CONNECT_MAX) most = CONNECT_MAX;
    int rc = mqtt_frame(data, len, most, c->level, &frame, &why);
    if (rc == 0) return 0;
    if (rc < 0) {
        mqtt_protocol_error(c, rc == ERR_TOO_LARGE ? "packet longer than mqtt.max_packet" : why);
        return 0;
    }
    metrics_inc(METRIC_MQTT_PACKETS_IN);
    if (c->state == CONN_AWAIT && frame.type != MQTT_TYPE_connect) {
        mqtt_protocol_error(c, "[MQTT-3.1.0-1] the first packet is no CONNECT");
    } else if (c->state == CONN_AWAIT) {
        mqtt_connect_received(c, &frame, data);
    } else {
        packet_cb handler = packet_handlers[frame.type];
        if (handler)
            handler(c, &frame);
        else
            mqtt_protocol_error(c, "a packet that only servers send");
    }
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

static void on_end(struct stream *stream, int rc)
{
    struct mqtt_conn *c = stream->owner;
    mqtt_close(c, rc == ERR_TOO_LARGE ? SESSION_END_CLIENT_ERROR : SESSION_END_CONNECTION_LOST,
               false);
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
    if (c->state == CONN_CLOSING)
        stream_cut(c->stream);
    else
        mqtt_close(c, SESSION_END_SERVER_INITIATED, true);
}
