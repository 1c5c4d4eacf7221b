/* link.c — one MQTT connection of the load generator (see bench_priv.h).
 *
 * It must cost less than what it measures. So: one read into a buffer that all share, packets with a
 * short header are judged in place, acknowledgements gather in the connection's output, which leaves
 * once a turn with one write. An idle connection has no buffers. With WebSocket (ws.c) what is written
 * passes into frames on its last step, and what is read out of them on its first: all between is the same.
 *
 *  I1  A closed link has no descriptor, no buffers, and ignores events of the turn in which it closed.
 *  I2  link->blocked is what epoll knows: it watches for room exactly when bytes wait for it. */
#include "cli/bench/bench_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"
#include "ws/ws.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { QOS_MASK = 3, SHORT_BODY = 128, REFUSED = 0x80, KEPT_SECONDS = 3600 };

/* ---- opening and closing -------------------------------------------------------------------- */

static void watch(struct link *l, int op, bool room)
{
    struct epoll_event event = { .events = room ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = l };
    if (epoll_ctl(l->bench->epoll_fd, op, l->fd, &event) < 0) BUG("epoll_ctl: %d", errno);
    l->blocked = room;
}

static int open_socket(struct bench *b, struct link *l)
{
    const int on = 1;
    l->fd = socket(b->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0) return -errno;
    int rc = connect(l->fd, (const struct sockaddr *)&b->addr, b->addr_len) < 0 ? -errno : 0;
    if (rc == 0 && fcntl(l->fd, F_SETFL, O_NONBLOCK) < 0) rc = -errno;
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (rc < 0) close(l->fd);
    return rc;
}

/* What waits for this stage goes out. */
static void enter(struct link *l, enum link_stage stage)
{
    l->stage = stage;
    link_touch(l);
}

static void connected(struct link *l)
{
    enter(l, l->ws ? LINK_UPGRADING : LINK_OPEN);
}

static void shake(struct link *l)
{
    int rc = tls_call_handshake(l->tls, l->bench->diag);
    if (rc == 0) {
        connected(l);
    } else if (rc != -EAGAIN) {
        bench_fail(l->bench, rc, NULL);
    }
}

static void put_connect(struct link *l, const char *id, bool clean)
{
    const struct bench_opts *opts = l->bench->opts;
    struct buf properties = { 0 };
    if (opts->level >= MQTT_LEVEL_5 && !clean) /* else the session ends with the connection */
        mqtt_put_number(&properties, MQTT_PROP_session_expiry, KEPT_SECONDS);
    struct mqtt_connect connect = { .level = opts->level,
                                    .clean_session = clean,
                                    .properties = buf_slice(&properties),
                                    .client_id = slice_str(id ? id : ""),
                                    .has_username = opts->user,
                                    .has_password = opts->password,
                                    .username = slice_str(opts->user ? opts->user : ""),
                                    .password = slice_str(opts->password ? opts->password : "") };
    mqtt_encode_connect(&l->out, &connect);
    buf_deinit(&properties);
}

int link_open(struct bench *b, struct link *l, const char *id, bool clean)
{
    l->bench = b;
    l->up = l->present = l->leaving = false;
    int rc = open_socket(b, l);
    if (rc < 0)
        return bench_fail(b, rc, "%s port %d: %s", b->opts->host, (int)b->opts->port, err_text(rc));
    l->stage = LINK_SHAKING;
    if (b->tls) rc = tls_call_create(&l->tls, b->tls, l->fd, b->diag);
    if (b->opts->ws) l->ws = bench_ws_create(b);
    watch(l, EPOLL_CTL_ADD, false);
    put_connect(l, id, clean);
    if (rc < 0) return bench_fail(b, rc, NULL);
    if (l->tls)
        shake(l);
    else
        connected(l);
    return b->rc;
}

void link_close(struct link *l)
{
    if (l->stage == LINK_CLOSED) return;
    l->stage = LINK_CLOSED;
    tls_call_destroy(l->tls);
    l->tls = NULL;
    bench_ws_destroy(l->ws);
    l->ws = NULL;
    close(l->fd);
    buf_deinit(&l->in);
    buf_deinit(&l->out);
}

/* The broker has closed. */
static void ended(struct link *l)
{
    struct bench *b = l->bench;
    bool expected = l->leaving;
    b->moved = true;
    link_close(l);
    if (expected)
        b->ended++;
    else
        bench_fail(b, ERR_CLOSED, "the broker closed a connection");
}

void link_subscribe(struct link *l, uint16_t packet_id, const char *filter, int qos)
{
    const struct mqtt_filter one = { .filter = slice_str(filter), .qos = (uint8_t)qos };
    mqtt_encode_subscribe(&l->out, l->bench->opts->level, MQTT_TYPE_subscribe, packet_id,
                          (struct slice){ 0 }, &one, 1);
    link_touch(l);
}

void link_leave(struct link *l)
{
    l->leaving = true;
    const struct mqtt_farewell farewell = { .code = MQTT_REASON_SUCCESS };
    mqtt_encode_farewell(&l->out, l->bench->opts->level, MQTT_TYPE_disconnect, &farewell);
    link_touch(l);
}

/* ---- writing -------------------------------------------------------------------------------- */

void link_touch(struct link *l)
{
    struct bench *b = l->bench;
    if (l->dirty) return;
    if (b->dirty_count == b->dirty_cap) {
        b->dirty_cap = b->dirty_cap ? b->dirty_cap * 2 : 64;
        b->dirty = xrealloc(b->dirty, b->dirty_cap * sizeof *b->dirty);
    }
    b->dirty[b->dirty_count++] = l;
    l->dirty = true;
}

/* How many bytes went out; -EAGAIN; or another code. */
static ssize_t put(struct link *l, const void *data, size_t len)
{
    if (l->tls) return tls_call_write(l->tls, data, len, NULL);
    ssize_t sent = send(l->fd, data, len, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

static bool is_gone(ssize_t rc)
{
    return rc == -EPIPE || rc == -ECONNRESET || rc == ERR_CLOSED;
}

/* How many of the bytes are gone: out, or with the connection. */
static size_t put_some(struct link *l, const void *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t rc = put(l, (const char *)data + done, len - done);
        if (rc == -EAGAIN) break;
        if (rc < 0 && !is_gone(rc))
            bench_fail(l->bench, (int)rc, "cannot write to the broker: %s", err_text((int)rc));
        if (rc < 0) return len; /* that it has ended is told by reading */
        done += (size_t)rc;
    }
    return done;
}

/* What is to be written, in frames if there are. */
static struct buf *wire_of(struct link *l)
{
    if (!l->ws) return &l->out;
    if (l->stage == LINK_OPEN && l->out.len) {
        bench_ws_wrap(l->ws, l->out.data, l->out.len);
        buf_clear(&l->out);
    }
    return bench_ws_out(l->ws);
}

static bool is_connected(const struct link *l)
{
    return l->stage == LINK_UPGRADING || l->stage == LINK_OPEN;
}

void link_flush(struct link *l)
{
    if (!is_connected(l)) return;
    struct buf *wire = wire_of(l);
    if (wire->len) buf_consume(wire, put_some(l, wire->data, wire->len));
    bool waits = wire->len > 0;
    if (waits != l->blocked) watch(l, EPOLL_CTL_MOD, waits);
}

static void send_frames(struct link *l, const void *packets, size_t len)
{
    bench_ws_wrap(l->ws, packets, len);
    if (l->tls)
        link_touch(l);
    else
        link_flush(l);
}

void link_send(struct link *l, const void *data, size_t len)
{
    size_t done = 0;
    if (l->ws && l->stage == LINK_OPEN && l->out.len == 0) {
        send_frames(l, data, len);
        return;
    }
    if (l->stage == LINK_OPEN && l->out.len == 0 && !l->tls) done = put_some(l, data, len);
    if (done == len) return;
    buf_append(&l->out, (const char *)data + done, len - done);
    link_touch(l);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void broken(struct link *l, const char *why)
{
    bench_fail(l->bench, ERR_MALFORMED, "the broker sent a malformed packet: %s", why);
}

/* Where the bytes behind the properties begin that stand at `at`; above `len` when they are cut. */
static size_t behind_properties(const struct link *l, const uint8_t *body, size_t len, size_t at)
{
    size_t size = 0;
    if (l->bench->opts->level < MQTT_LEVEL_5) return at;
    for (unsigned shift = 0; shift < 28 && at < len; shift += 7) {
        uint8_t byte = body[at++];
        size |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return at + size;
    }
    return SIZE_MAX;
}

static void on_received(struct link *l)
{
    l->received++;
    l->bench->received++;
}

/* `body` is what stands behind the fixed header. */
static void on_publish(struct link *l, uint8_t first, const uint8_t *body, size_t len)
{
    unsigned qos = first >> 1 & QOS_MASK;
    size_t head = len >= 2 ? 2 + ((size_t)body[0] << 8 | body[1]) : SIZE_MAX;
    size_t id_at = head;
    if (qos && head != SIZE_MAX) head += 2;
    if (head <= len) head = behind_properties(l, body, len, head);
    if (head > len) {
        broken(l, "PUBLISH");
        return;
    }
    if (qos < 2) on_received(l); /* else with PUBREL */
    if (l->on_publish) l->on_publish(l, body + head, len - head);
    if (qos == 0) return;
    uint8_t *ack = (uint8_t *)buf_reserve(&l->out, MQTT_ACK_SIZE);
    mqtt_put_ack(ack, qos == 1 ? MQTT_TYPE_puback : MQTT_TYPE_pubrec,
                 (uint16_t)(body[id_at] << 8 | body[id_at + 1]));
    l->out.len += MQTT_ACK_SIZE;
    link_touch(l);
}

static void answer(struct link *l, uint8_t type, const uint8_t *body)
{
    uint8_t ack[MQTT_ACK_SIZE];
    mqtt_put_ack(ack, type, (uint16_t)(body[0] << 8 | body[1]));
    buf_append(&l->out, ack, sizeof ack);
    link_touch(l);
}

/* A broker that does not know MQTT 5 answers as MQTT 3.1.1 has it. */
static const char *connack_text(uint8_t level, uint8_t code)
{
    static const char *const reasons[] = { "",
                                           "unacceptable protocol version",
                                           "identifier rejected",
                                           "server unavailable",
                                           "bad user name or password",
                                           "not authorized" };
    if (level >= MQTT_LEVEL_5 && code >= REFUSED) return mqtt_reason_text(code);
    return code < ARRAY_LEN(reasons) ? reasons[code] : "unknown reason";
}

/* What the properties say that concerns us: how much may be under way. */
static void take_connack(struct link *l, struct slice properties)
{
    int64_t most = mqtt_property_number(properties, MQTT_PROP_receive_maximum, UINT16_MAX);
    if (most < l->bench->receive_max) l->bench->receive_max = most;
}

static void on_connack(struct link *l, const struct mqtt_frame *frame)
{
    struct mqtt_connack connack;
    const char *why = "";
    const uint8_t level = l->bench->opts->level, code = (uint8_t)frame->body.ptr[1];
    if (code != 0) {
        bench_fail(l->bench, ERR_DENIED, "the broker refused to connect: %s",
                   connack_text(level, code));
        return;
    }
    if (mqtt_decode_connack(frame, level, &connack, &why) < 0) {
        broken(l, why);
        return;
    }
    take_connack(l, connack.properties);
    l->up = true;
    l->present = connack.session_present;
    l->bench->up++;
}

static void on_suback(struct link *l, const uint8_t *body, size_t len)
{
    size_t at = behind_properties(l, body, len, 2);
    if (at >= len) {
        broken(l, "SUBACK");
        return;
    }
    if (body[at] > 2) {
        bench_fail(l->bench, ERR_DENIED, "the broker refused a subscription");
        return;
    }
    l->subacked++;
    l->bench->subacked++;
}

/* The answers to a message may have a reason code behind the identifier. */
static bool is_refused(struct link *l, const uint8_t *body, size_t len)
{
    if (l->bench->opts->level < MQTT_LEVEL_5 || len < 3 || body[2] < REFUSED) return false;
    bench_fail(l->bench, ERR_DENIED, "the broker refused a message: %s", mqtt_reason_text(body[2]));
    return true;
}

static void on_disconnect(struct link *l, const uint8_t *body, size_t len)
{
    if (l->leaving) return;
    bench_fail(l->bench, ERR_CLOSED, "the broker ended a connection: %s",
               mqtt_reason_text(len ? body[0] : MQTT_REASON_SUCCESS));
}

static void on_acked(struct link *l)
{
    l->acked++;
    l->bench->acked++;
}

/* AUTH without an authentication method of ours never. */
static bool may_come(const struct link *l, uint8_t type)
{
    return mqtt_server_sends(type, l->bench->opts->level) && type != MQTT_TYPE_auth;
}

static void on_answer(struct link *l, uint8_t type, const uint8_t *body, size_t len)
{
    switch (type) {
    case MQTT_TYPE_suback:
        on_suback(l, body, len);
        break;
    case MQTT_TYPE_unsuback:
        l->bench->unsubacked++;
        break;
    case MQTT_TYPE_puback:
    case MQTT_TYPE_pubcomp:
        if (!is_refused(l, body, len)) on_acked(l);
        break;
    case MQTT_TYPE_pubrec:
        if (!is_refused(l, body, len)) answer(l, MQTT_TYPE_pubrel, body);
        break;
    case MQTT_TYPE_pubrel:
        on_received(l);
        answer(l, MQTT_TYPE_pubcomp, body);
        break;
    case MQTT_TYPE_disconnect:
        on_disconnect(l, body, len);
        break;
    default:
        break;
    }
}

/* Packets other than PUBLISH have two bytes or more, but for PINGRESP and DISCONNECT. */
static void on_packet(struct link *l, uint8_t first, const uint8_t *body, size_t len)
{
    uint8_t type = first >> 4;
    if (type == MQTT_TYPE_publish) {
        on_publish(l, first, body, len);
        return;
    }
    if (len < mqtt_type_info(type)->min || !may_come(l, type)) {
        broken(l, "not of a server, or too short");
        return;
    }
    if (type == MQTT_TYPE_connack) {
        const struct mqtt_frame frame = { .type = type, .body = slice_of((const char *)body, len) };
        on_connack(l, &frame);
    } else {
        on_answer(l, type, body, len);
    }
}

/* A packet whose length needs more than one byte. Its size; 0: not whole yet, or broken. */
static size_t on_long_packet(struct link *l, const uint8_t *data, size_t len)
{
    struct mqtt_frame frame;
    const char *why = "";
    int rc = mqtt_frame(data, len, BENCH_PACKET_MAX, l->bench->opts->level, &frame, &why);
    if (rc < 0) broken(l, why);
    if (rc != 1) return 0;
    on_packet(l, data[0], (const uint8_t *)frame.body.ptr, frame.body.len);
    return frame.size;
}

/* How many bytes were whole packets. */
static size_t parse(struct link *l, const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (len - at >= 2 && l->bench->rc == 0) {
        size_t body = data[at + 1], size = 2 + body;
        if (body >= SHORT_BODY)
            size = on_long_packet(l, data + at, len - at);
        else if (size <= len - at)
            on_packet(l, data[at], data + at + 2, body);
        else
            size = 0;
        if (size == 0) break;
        at += size;
    }
    return at;
}

static ssize_t get(struct link *l, void *to, size_t len)
{
    if (l->tls) return tls_call_read(l->tls, to, len, NULL);
    ssize_t got = recv(l->fd, to, len, 0);
    return got < 0 ? -errno : got;
}

/* The front of a packet that is not whole is kept. */
static void take_packets(struct link *l, const uint8_t *data, size_t len)
{
    size_t used = parse(l, data, len);
    buf_clear(&l->in);
    if (used < len) buf_append(&l->in, data + used, len - used);
}

/* The broker wants no more frames. That the connection ends, it tells itself when it has our Close frame. */
static void frames_end(struct link *l, int rc)
{
    if (rc < 0)
        bench_fail(l->bench, rc, "the broker sent a malformed frame: %s", bench_ws_why(l->ws));
    else if (!l->leaving)
        bench_fail(l->bench, ERR_CLOSED, "the broker closed a connection (WebSocket %u)",
                   bench_ws_code(l->ws));
}

/* In front of `len` bytes off the wire stand `kept` bytes of a packet's front. */
static void take_frames(struct link *l, uint8_t *data, size_t kept, size_t len)
{
    size_t used = 0, payload;
    if (l->stage == LINK_UPGRADING) { /* kept is 0 */
        if (bench_ws_upgrade(l->ws, data, len, &used) <= 0) return;
        enter(l, LINK_OPEN);
    }
    int rc = bench_ws_unwrap(l->ws, data + used + kept, len - used, &payload);
    take_packets(l, data + used, kept + payload);
    if (rc != WS_MORE) frames_end(l, rc);
    if (bench_ws_out(l->ws)->len) link_touch(l);
}

/* True when there may be more. */
static bool read_once(struct link *l)
{
    uint8_t *chunk = l->bench->chunk;
    size_t len = l->in.len;
    if (len) memcpy(chunk, l->in.data, len);
    ssize_t got = get(l, chunk + len, BENCH_CHUNK);
    if (got == -EAGAIN || got == -EINTR) return false;
    if (got == 0 || is_gone(got)) {
        ended(l);
        return false;
    }
    if (got < 0) {
        bench_fail(l->bench, (int)got, "cannot read from the broker: %s", err_text((int)got));
        return false;
    }
    l->bench->moved = true;
    if (l->ws)
        take_frames(l, chunk, len, (size_t)got);
    else
        take_packets(l, chunk, len + (size_t)got);
    return l->tls != NULL;
}

void link_on_event(struct link *l, uint32_t events)
{
    if (l->stage == LINK_SHAKING) shake(l);
    if (!is_connected(l)) return;
    while (read_once(l) && is_connected(l) && l->bench->rc == 0)
        ;
    if (events & EPOLLOUT) link_touch(l);
}
