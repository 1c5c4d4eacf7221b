/* Fuzz target of what the load generator reads from a broker. The first byte says where the rest is cut
 * in two, so that packets come in parts, by its highest bit that it is MQTT 5, and by the next that it is WebSocket,
 * from the answer to the upgrade on; the key of that is always the same. */
#include "base/diag.h"
#include "base/mem.h"
#include "base/rand.h"
#include "cli/bench/bench_priv.h"
#include "mqtt/mqtt.h"
#include "ws/ws.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looks at every byte that it is given. */
static void on_publish(struct link *link, const uint8_t *payload, size_t len)
{
    static volatile uint8_t seen;
    for (size_t i = 0; i < len; i++)
        seen ^= payload[i];
}

static void feed(struct link *link, int fd, const uint8_t *data, size_t len)
{
    if (len == 0 || link->stage == LINK_CLOSED || link->bench->rc < 0) return;
    ssize_t sent = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) link_on_event(link, EPOLLIN);
}

static void no_chance(void *data, size_t len)
{
    memset(data, 0, len);
}

/* What would be written next: packets, the answers to Ping and Close. */
static void wrap_output(struct link *link)
{
    if (link->stage != LINK_OPEN || !link->ws) return;
    bench_ws_wrap(link->ws, link->out.data, link->out.len);
    buf_clear(&link->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench_opts opts = { .host = "", .level = MQTT_LEVEL_311 };
    struct diag diag = DIAG_INIT;
    struct bench b = { .opts = &opts, .diag = &diag, .epoll_fd = -1 };
    struct link link = { .bench = &b, .stage = LINK_OPEN, .on_publish = on_publish };
    int pair[2];
    if (size == 0) return 0;
    if (data[0] & 0x80) opts.level = MQTT_LEVEL_5;
    opts.ws = data[0] & 0x40;
    opts.frame = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) abort();
    b.chunk = xmalloc(BENCH_CHUNK + BENCH_PACKET_MAX);
    link.fd = pair[0];
    rand_set_source(no_chance);
    if (opts.ws) {
        b.ws_writer = ws_writer_create();
        link.ws = bench_ws_create(&b);
        link.stage = LINK_UPGRADING;
    }
    size_t cut = data[0] & 0x3f;
    if (cut > size - 1) cut = size - 1;
    feed(&link, pair[1], data + 1, cut);
    wrap_output(&link);
    feed(&link, pair[1], data + 1 + cut, size - 1 - cut);
    wrap_output(&link);
    if (b.rc < 0 && !*diag.text) BUG("a failure without a reason");
    link_close(&link);
    close(pair[1]);
    ws_writer_destroy(b.ws_writer);
    free(b.chunk);
    free(b.dirty);
    return 0;
}
