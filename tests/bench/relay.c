/* relay.c — the floor: what a broker would cost that has nothing to decide.
 *
 *   relay PORT fan|pairs
 *
 * CONNECT and SUBSCRIBE get answers without thought; from a client's first PUBLISH on its bytes are
 * copied as they are: fan: to every subscriber; pairs: to the one whose filter is the topic. One read
 * for each readable socket and one write for each target in a turn. QoS 0 only; all packets of a
 * publisher must have the size of its first, so that whole packets are told without a look at them.
 * Ends by SIGTERM. Loopback only. */
#include "base/buf.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, PEERS = 4096, PENDING_MAX = 64 << 20 };

struct peer {
    int fd; /* -1: free */
    bool subscriber;
    bool publisher;
    bool blocked;
    size_t packet; /* size of a publisher's packets */
    char topic[64];
    struct buf rest; /* the front of a packet */
    struct buf out;
    struct peer *target; /* pairs */
};

static struct peer peers[PEERS];
static struct peer *subs[PEERS];
static int sub_count, epoll_fd, listen_fd;
static bool pairs;
static struct buf turn; /* fan: what all subscribers get at the end of the turn */
static uint8_t chunk[CHUNK + MQTT_MAX_HEADER];

static void die(const char *what)
{
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(struct peer *p, int op, bool room)
{
    struct epoll_event event = { .events = room ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = p };
    if (epoll_ctl(epoll_fd, op, p->fd, &event) < 0) die("epoll_ctl");
    p->blocked = room;
}

static void leave(struct peer *p)
{
    for (int i = 0; i < sub_count; i++)
        if (subs[i] == p) subs[i--] = subs[--sub_count];
    for (int i = 0; i < PEERS; i++)
        if (peers[i].target == p) peers[i].target = NULL;
    close(p->fd);
    buf_deinit(&p->rest);
    buf_deinit(&p->out);
    *p = (struct peer){ .fd = -1 };
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put(struct peer *p, const void *data, size_t len)
{
    size_t done = 0;
    if (p->out.len == 0) {
        ssize_t sent = send(p->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) done = (size_t)sent;
    }
    if (done < len) buf_append(&p->out, (const char *)data + done, len - done);
    if (p->out.len > PENDING_MAX) die("a subscriber does not read");
    if (p->out.len && !p->blocked) watch(p, EPOLL_CTL_MOD, true);
}

static void put_pending(struct peer *p)
{
    ssize_t sent = send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) buf_consume(&p->out, (size_t)sent);
    if (p->out.len == 0) watch(p, EPOLL_CTL_MOD, false);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void copy(struct peer *p, const uint8_t *data, size_t len)
{
    if (!pairs)
        buf_append(&turn, data, len);
    else if (p->target)
        put(p->target, data, len);
}

/* Passes on the whole packets among the bytes, which begin with one. */
static void pass(struct peer *p, const uint8_t *data, size_t len)
{
    size_t whole = len - len % p->packet;
    if (whole) copy(p, data, whole);
    buf_append(&p->rest, data + whole, len - whole);
}

static void on_subscribe(struct peer *p, const struct mqtt_frame *frame)
{
    struct buf ack = { 0 };
    struct mqtt_subscribe sub;
    struct mqtt_filter filter;
    size_t at = 0;
    if (mqtt_decode_subscribe(frame, MQTT_LEVEL_311, &sub, NULL) < 0) die("SUBSCRIBE");
    mqtt_subscribe_next(&sub, &at, &filter);
    snprintf(p->topic, sizeof p->topic, "%.*s", (int)filter.filter.len, filter.filter.ptr);
    p->subscriber = true;
    subs[sub_count++] = p;
    mqtt_encode_suback(&ack, MQTT_LEVEL_311, MQTT_TYPE_suback,
                       &(struct mqtt_suback){ .id = sub.id, .codes = slice_of("\0", 1) });
    put(p, ack.data, ack.len);
    buf_deinit(&ack);
}

static void on_first_publish(struct peer *p, const struct mqtt_frame *frame)
{
    struct mqtt_publish publish;
    if (mqtt_decode_publish(frame, MQTT_LEVEL_311, true, &publish, NULL) < 0) die("PUBLISH");
    p->publisher = true;
    p->packet = frame->size;
    for (int i = 0; i < sub_count && pairs; i++)
        if (slice_eq_str(publish.topic, subs[i]->topic)) p->target = subs[i];
}

/* Packets before the first PUBLISH. False when the peer has gone. */
static bool greet(struct peer *p, const struct mqtt_frame *frame)
{
    struct buf ack = { 0 };
    if (frame->type == MQTT_TYPE_connect) {
        mqtt_encode_connack(&ack, MQTT_LEVEL_311, &(struct mqtt_connack){ .code = MQTT_ACCEPTED });
        put(p, ack.data, ack.len);
        buf_deinit(&ack);
    } else if (frame->type == MQTT_TYPE_subscribe) {
        on_subscribe(p, frame);
    } else if (frame->type == MQTT_TYPE_publish) {
        on_first_publish(p, frame);
    } else {
        leave(p);
        return false;
    }
    return true;
}

static void on_bytes(struct peer *p, const uint8_t *data, size_t len)
{
    struct mqtt_frame frame;
    while (len && !p->publisher) {
        int rc = mqtt_frame(data, len, CHUNK, MQTT_LEVEL_311, &frame, NULL);
        if (rc < 0) die("malformed");
        if (rc == 0) break;
        if (!greet(p, &frame)) return;
        if (p->publisher) break;
        data += frame.size;
        len -= frame.size;
    }
    if (p->publisher)
        pass(p, data, len);
    else
        buf_append(&p->rest, data, len);
}

static void on_readable(struct peer *p)
{
    size_t rest = p->rest.len;
    if (rest > MQTT_MAX_HEADER && !p->publisher) die("a greeting in many parts");
    uint8_t *from = chunk;
    static uint8_t joined[2 * CHUNK];
    if (rest) {
        from = joined;
        memcpy(joined, p->rest.data, rest);
    }
    ssize_t got = recv(p->fd, from + rest, CHUNK, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        leave(p);
        return;
    }
    buf_clear(&p->rest);
    on_bytes(p, from, rest + (size_t)got);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void on_accept(void)
{
    const int on = 1;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct peer *p = peers;
    while (p < peers + PEERS && p->fd >= 0)
        p++;
    if (p == peers + PEERS) die("too many clients");
    *p = (struct peer){ .fd = fd };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(p, EPOLL_CTL_ADD, false);
}

static void run_turn(void)
{
    struct epoll_event events[512];
    int count = epoll_wait(epoll_fd, events, 512, -1);
    for (int i = 0; i < count; i++) {
        struct peer *p = events[i].data.ptr;
        if (!p) {
            on_accept();
            continue;
        }
        if (p->fd >= 0 && events[i].events & EPOLLOUT) put_pending(p);
        if (p->fd >= 0 && events[i].events & ~(unsigned)EPOLLOUT) on_readable(p);
    }
    for (int i = 0; i < sub_count && turn.len; i++)
        put(subs[i], turn.data, turn.len);
    buf_clear(&turn);
}

static void start(int port)
{
    const int on = 1;
    struct rlimit limit;
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event event = { .events = EPOLLIN };
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < PEERS; i++)
        peers[i].fd = -1;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listen_fd, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
    if (listen(listen_fd, 512) < 0) die("listen");
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) < 0) die("epoll_ctl");
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[2], "fan") != 0 && strcmp(argv[2], "pairs") != 0)) {
        fprintf(stderr, "usage: relay PORT fan|pairs\n");
        return 2;
    }
    pairs = strcmp(argv[2], "pairs") == 0;
    start(atoi(argv[1]));
    for (;;)
        run_turn();
}
