/* load.c — a load generator for MQTT brokers, cheap enough not to be the bottleneck: one thread, epoll,
 * batched writes, acknowledgements in bulk.
 *
 *   load HOST PORT --shape fan|pairs --pubs N --subs N --qos 0|1|2 --window W --payload BYTES
 *        --seconds S
 *
 * fan:   every subscriber subscribes to bench/#, publisher i publishes to bench/i;
 * pairs: subscriber i subscribes to bench/i only.
 * The load is closed: no more than `window` messages of a publisher are under way (QoS 0: sent and not yet
 * received by all; QoS 1 and 2: not yet acknowledged, and not more than 16 windows received by nobody), so
 * nothing is dropped by a broker that bounds its queues. Prints one line of JSON. */
#include "base/buf.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, BATCH = 32 * 1024 };

struct options {
    const char *host;
    int port;
    bool pairs;
    int pubs, subs, qos, window, payload, seconds;
};

struct client {
    int fd;
    int index;
    bool publisher;
    bool ready; /* connected, subscribed */
    uint16_t next_id;
    int64_t sent; /* by a publisher */
    int64_t acked;
    int64_t received; /* by a subscriber */
    struct buf in;
    struct buf out;
    char topic[32];
};

static struct options opt = { .pubs = 1, .subs = 1, .window = 100, .payload = 64, .seconds = 3 };
static struct client *clients;
static int client_count, ready_count;
static int64_t total_sent, total_received;
static int epoll_fd;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* How many receivers a message has. */
static int64_t fan(void)
{
    return opt.pairs ? 1 : opt.subs;
}

static void open_client(struct client *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port) };
    inet_pton(AF_INET, opt.host, &to.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    char id[32];
    snprintf(id, sizeof id, "%s-%d", c->publisher ? "pub" : "sub", c->index);
    struct mqtt_connect connect = { .level = 4, .clean_session = true, .client_id = slice_str(id) };
    mqtt_encode_connect(&c->out, &connect);
    if (!c->publisher) {
        char filter[32];
        snprintf(filter, sizeof filter, opt.pairs ? "bench/%d" : "bench/#", c->index);
        struct mqtt_filter one = { slice_str(filter), (uint8_t)opt.qos };
        mqtt_encode_subscribe(&c->out, 1, &one, 1);
    }
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev);
}

static void flush(struct client *c)
{
    while (c->out.len) {
        ssize_t put = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
        if (put < 0 && errno == EAGAIN) return;
        if (put < 0) die("send");
        buf_consume(&c->out, (size_t)put);
    }
}

static void set_ready(struct client *c)
{
    if (c->ready) return;
    c->ready = true;
    ready_count++;
}

static void ack(struct client *c, uint8_t type, uint16_t id)
{
    mqtt_encode_ack(&c->out, type, id);
}

static void on_packet(struct client *c, const struct mqtt_frame *frame)
{
    struct mqtt_publish publish;
    struct mqtt_ack got;
    const char *why = "";
    switch (frame->type) {
    case MQTT_TYPE_connack:
        if (c->publisher) set_ready(c);
        break;
    case MQTT_TYPE_suback:
        set_ready(c);
        break;
    case MQTT_TYPE_publish:
        if (mqtt_decode_publish(frame, 4, &publish, &why) < 0) die(why);
        c->received++;
        total_received++;
        if (publish.qos == 1) ack(c, MQTT_TYPE_puback, publish.id);
        if (publish.qos == 2) ack(c, MQTT_TYPE_pubrec, publish.id);
        break;
    case MQTT_TYPE_puback:
    case MQTT_TYPE_pubcomp:
        c->acked++;
        break;
    case MQTT_TYPE_pubrec:
        mqtt_decode_ack(frame, 4, &got, &why);
        ack(c, MQTT_TYPE_pubrel, got.id);
        break;
    case MQTT_TYPE_pubrel:
        mqtt_decode_ack(frame, 4, &got, &why);
        ack(c, MQTT_TYPE_pubcomp, got.id);
        break;
    default:
        break;
    }
}

static void on_readable(struct client *c)
{
    char *to = buf_reserve(&c->in, CHUNK);
    ssize_t got = recv(c->fd, to, CHUNK, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die("the broker closed a connection");
    c->in.len += (size_t)got;
    size_t used = 0;
    struct mqtt_frame frame;
    const char *why = "";
    int rc;
    while ((rc = mqtt_frame((const uint8_t *)c->in.data + used, c->in.len - used, 1 << 20, 4,
                            &frame, &why)) == 1) {
        on_packet(c, &frame);
        used += frame.size;
    }
    if (rc < 0) die(why);
    buf_consume(&c->in, used);
}

static bool may_send(const struct client *c)
{
    int64_t behind = total_sent * fan() - total_received;
    int64_t most = (int64_t)opt.window * opt.pubs * fan();
    if (opt.qos == 0) return behind < most;
    return c->sent - c->acked < opt.window && behind < most * 16;
}

static void publish_some(struct client *c)
{
    static uint8_t packet[4096];
    static char payload[2048];
    while (c->out.len < BATCH && may_send(c)) {
        c->next_id = (uint16_t)(c->next_id % 65535 + 1);
        struct mqtt_publish publish = { .level = 4,
                                        .qos = (uint8_t)opt.qos,
                                        .id = opt.qos ? c->next_id : 0,
                                        .topic = slice_str(c->topic),
                                        .payload = slice_of(payload, (size_t)opt.payload) };
        size_t size = mqtt_publish_size(&publish);
        mqtt_encode_publish(packet, &publish, NULL);
        buf_append(&c->out, packet, size);
        c->sent++;
        total_sent++;
    }
}

/* One round: wait for bytes, answer them, publish what may be published. */
static void turn(bool publishing)
{
    struct epoll_event events[256];
    int n = epoll_wait(epoll_fd, events, 256, 1);
    for (int i = 0; i < n; i++)
        on_readable(events[i].data.ptr);
    for (int i = 0; i < client_count; i++) {
        struct client *c = &clients[i];
        if (publishing && c->publisher) publish_some(c);
        if (c->out.len) flush(c);
    }
}

static void parse(int argc, char **argv)
{
    static const struct {
        const char *name;
        int *value;
    } numbers[] = { { "--pubs", &opt.pubs },       { "--subs", &opt.subs },
                    { "--qos", &opt.qos },         { "--window", &opt.window },
                    { "--payload", &opt.payload }, { "--seconds", &opt.seconds } };
    if (argc < 3) die("usage: load HOST PORT [OPTION VALUE]...");
    opt.host = argv[1];
    opt.port = atoi(argv[2]);
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--shape") == 0) opt.pairs = strcmp(argv[i + 1], "pairs") == 0;
        for (size_t j = 0; j < ARRAY_LEN(numbers); j++)
            if (strcmp(argv[i], numbers[j].name) == 0) *numbers[j].value = atoi(argv[i + 1]);
    }
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    epoll_fd = epoll_create1(0);
    client_count = opt.pubs + opt.subs;
    clients = xcalloc((size_t)client_count, sizeof *clients);
    for (int i = 0; i < client_count; i++) {
        struct client *c = &clients[i];
        c->publisher = i >= opt.subs;
        c->index = c->publisher ? i - opt.subs : i;
        snprintf(c->topic, sizeof c->topic, "bench/%d", c->index);
        open_client(c);
    }
    double give_up = now() + 30;
    while (ready_count < client_count && now() < give_up)
        turn(false);
    if (ready_count < client_count) die("not all clients could connect");
    double start = now();
    while (now() < start + opt.seconds)
        turn(true);
    double took = now() - start;
    int64_t received = total_received, sent = total_sent;
    printf("{\"sent\": %lld, \"received\": %lld, \"seconds\": %.3f}\n", (long long)sent,
           (long long)received, took);
    double drained = now() + 5;
    while (total_received < total_sent * fan() && now() < drained)
        turn(false);
    if (total_received < total_sent * fan())
        fprintf(stderr, "load: %lld of %lld deliveries are missing\n",
                (long long)(total_sent * fan() - total_received), (long long)(total_sent * fan()));
    return 0;
}
