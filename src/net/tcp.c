/* tcp.c — a stream over a socket: TCP or Unix.
 *
 * The loop watches the descriptor (loop_fd); reading and writing are our own calls. uv_stream would
 * want a buffer for each read and a request for each write; here a ready socket gets one recv into
 * a buffer that all share, and one sendmsg of its whole queue, and an idle one has neither.
 *
 *  I1  Writable is watched only after the kernel took less than
 *      there was, so a connection that keeps up costs no epoll_ctl.
 *  I2  At most one recv and one sendmsg of a socket in each poll, so none starves the others.
 *  I3  The descriptor is open until shut(); the struct lives until the task after it.
 *
 * A lingering close ends our side (SHUT_WR) and throws away what still comes until the peer has
 * ended its own, for at most a second: closing a socket with unread input would send a reset, and
 * a reset can destroy our last words in the peer's buffer. */
#include "net/tcp_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "net/admission.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    DRAIN_MS = 1000,
    KEEP_IDLE_S = 120,
    KEEP_INTERVAL_S = 30,
    KEEP_COUNT = 4,
    /* for a peer that is gone while output is on its way: then no keep-alive is sent */
    USER_TIMEOUT_MS = (KEEP_IDLE_S + KEEP_COUNT * KEEP_INTERVAL_S) * 1000,
};

struct tcp_stream {
    struct stream_core core; /* first */
    struct loop_fd watch;
    struct conn_gauge *gauge;
    struct admission_address *from;
    bool started : 1;
    bool want_write : 1;
    bool draining : 1;
};

_Static_assert(sizeof(struct tcp_stream) < 1024, "an idle connection costs less than 1 KB");

/* ---- gauge ---- */

struct conn_gauge *conn_gauge_create(void)
{
    struct conn_gauge *gauge = xnew(struct conn_gauge);
    gauge->refs = 1;
    return gauge;
}

void conn_gauge_unref(struct conn_gauge *gauge)
{
    if (gauge && --gauge->refs == 0) free(gauge);
}

static void gauge_enter(struct tcp_stream *tcp, struct conn_gauge *gauge)
{
    metrics_inc(METRIC_CONNECTIONS);
    metrics_inc(METRIC_CONNECTIONS_TOTAL);
    tcp->gauge = gauge;
    if (!gauge) return;
    gauge->refs++;
    gauge->count++;
}

static void gauge_leave(struct tcp_stream *tcp)
{
    metrics_add(METRIC_CONNECTIONS, -1);
    admission_leave(tcp->core.net->admission, tcp->from);
    tcp->from = NULL;
    if (!tcp->gauge) return;
    tcp->gauge->count--;
    conn_gauge_unref(tcp->gauge);
    tcp->gauge = NULL;
}

/* ---- events ---- */

static void shut(struct tcp_stream *tcp)
{
    if (tcp->watch.fd < 0) return;
    loop_timer_stop(&tcp->core.linger);
    loop_fd_close(&tcp->watch);
    gauge_leave(tcp);
    stream_core_closed(&tcp->core);
}

static void watch(struct tcp_stream *tcp)
{
    if (tcp->watch.fd < 0 || !tcp->started) return;
    bool reading = tcp->draining || stream_core_reading(&tcp->core);
    int rc =
        loop_fd_watch(&tcp->watch, (reading ? LOOP_READ : 0) | (tcp->want_write ? LOOP_WRITE : 0));
    if (rc < 0) stream_core_end(&tcp->core, rc); /* the kernel has no memory for it */
}

static bool would_block(int code)
{
    return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

static void drain(struct tcp_stream *tcp)
{
    ssize_t got = recv(tcp->watch.fd, tcp->core.net->read_buf, NET_READ_SIZE, 0);
    if (got == 0 || (got < 0 && !would_block(errno))) shut(tcp);
}

static int socket_error(int fd)
{
    int code = 0;
    socklen_t len = sizeof code;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len);
    return code;
}

static void read_some(struct tcp_stream *tcp, bool failed)
{
    struct stream_core *core = &tcp->core;
    ssize_t got = recv(tcp->watch.fd, core->net->read_buf, NET_READ_SIZE, 0);
    int code = got < 0 ? errno : 0;
    if (got > 0) {
        metrics_add(METRIC_BYTES_IN, got);
        stream_core_read(core, core->net->read_buf, (size_t)got);
    } else if (got == 0) {
        stream_core_end(core, 0);
    } else if (!would_block(code)) {
        stream_core_end(core, -code);
    } else if (failed) {
        code = socket_error(tcp->watch.fd);
        if (code) stream_core_end(core, -code);
    }
}

static void write_some(struct tcp_stream *tcp)
{
    struct stream_core *core = &tcp->core;
    struct iovec iov[STREAM_IOV];
    struct msghdr message = { .msg_iov = iov };
    message.msg_iovlen = (size_t)stream_core_iov(core, iov, STREAM_IOV);
    tcp->want_write = false;
    if (message.msg_iovlen == 0) return;
    ssize_t sent = sendmsg(tcp->watch.fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && !would_block(errno)) {
        stream_core_broken(core, -errno);
        return;
    }
    tcp->want_write = true;
    if (sent > 0) {
        metrics_add(METRIC_BYTES_OUT, sent);
        stream_core_sent(core, (size_t)sent);
    }
    tcp->want_write = core->queued > 0;
}

static void on_ready(struct loop_fd *ready, int events)
{
    struct tcp_stream *tcp = container_of(ready, struct tcp_stream, watch);
    loop_event(tcp->core.net->loop);
    if (events & LOOP_READ) {
        if (tcp->draining)
            drain(tcp);
        else if (stream_core_reading(&tcp->core))
            read_some(tcp, events & LOOP_FAILED);
    }
    if ((events & LOOP_WRITE) && tcp->want_write && tcp->watch.fd >= 0) write_some(tcp);
    watch(tcp);
}

/* ---- operations ---- */

static struct tcp_stream *tcp_of(struct stream_core *core)
{
    return (struct tcp_stream *)core;
}

static void tcp_flush(struct stream_core *core)
{
    struct tcp_stream *tcp = tcp_of(core);
    if (tcp->want_write || tcp->watch.fd < 0) return;
    write_some(tcp);
    watch(tcp);
}

static void tcp_set_reading(struct stream_core *core, bool on)
{
    watch(tcp_of(core));
}

static void on_drained(struct loop_timer *timer)
{
    shut(container_of(timer, struct tcp_stream, core.linger));
}

static void tcp_close(struct stream_core *core, bool linger)
{
    struct tcp_stream *tcp = tcp_of(core);
    tcp->want_write = false;
    if (!linger || core->ended || shutdown(tcp->watch.fd, SHUT_WR) < 0) {
        shut(tcp);
        return;
    }
    tcp->draining = true;
    tcp->started = true;
    loop_timer_init(&core->linger, core->net->loop, on_drained);
    loop_timer_start(&core->linger, DRAIN_MS);
    watch(tcp);
}

static void tcp_free(struct stream_core *core)
{
    stream_core_deinit(core);
    free(core);
}

static const struct stream_ops tcp_ops = {
    .flush = tcp_flush,
    .set_reading = tcp_set_reading,
    .close = tcp_close,
    .free = tcp_free,
};

/* ---- birth ---- */

static bool is_v4_mapped(const struct sockaddr_storage *address)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
}

void tcp_address_print(const struct sockaddr_storage *address, char ret_text[48],
                       uint16_t *ret_port)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    *ret_port = 0;
    if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &in->sin_addr, ret_text, 48);
        *ret_port = ntohs(in->sin_port);
    } else if (address->ss_family == AF_INET6) {
        if (is_v4_mapped(address))
            inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, ret_text, 48);
        else
            inet_ntop(AF_INET6, &in6->sin6_addr, ret_text, 48);
        *ret_port = ntohs(in6->sin6_port);
    } else {
        memcpy(ret_text, "unix", sizeof "unix");
    }
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    if (address->ss_family == AF_INET) return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    if (address->ss_family != AF_INET6) return false;
    if (is_v4_mapped(address)) return in6->sin6_addr.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void name_unix_peer(int fd, struct stream_peer *peer)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    peer->kind = STREAM_UNIX;
    /* Without credentials the peer must not pass for root. */
    peer->uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) return;
    peer->uid = cred.uid;
    peer->pid = cred.pid;
}

static void name_peer(int fd, const struct sockaddr_storage *from, struct stream_peer *peer)
{
    tcp_address_print(from, peer->address, &peer->port);
    peer->loopback = is_loopback(from);
    peer->kind = STREAM_TCP;
    if (from->ss_family == AF_UNIX) name_unix_peer(fd, peer);
}

void tcp_tune(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        { IPPROTO_TCP, TCP_NODELAY, 1 },
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S },
        { IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S },
        { IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT },
        { IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
    };
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

struct stream *tcp_stream_create(struct loop *loop, int fd, const struct sockaddr_storage *from,
                                 struct conn_gauge *gauge)
{
    struct tcp_stream *tcp = xnew(struct tcp_stream);
    name_peer(fd, from, &tcp->core.s.peer);
    loop_fd_init(&tcp->watch, loop, fd, on_ready);
    stream_core_init(&tcp->core, loop, &tcp_ops);
    gauge_enter(tcp, gauge);
    return &tcp->core.s;
}

void tcp_stream_set_from(struct stream *s, struct admission_address *from)
{
    tcp_of(stream_core(s))->from = from;
}

void tcp_stream_start(struct stream *s)
{
    struct tcp_stream *tcp = tcp_of(stream_core(s));
    tcp->started = true;
    watch(tcp);
}
