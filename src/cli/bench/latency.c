/* latency.c — the time from sending to receiving at a fixed rate.
 *
 * The load is open: a message leaves when its time has come, whether others have arrived or not, so
 * a broker that stalls is charged for all that had to wait. One publisher, one subscriber, a write
 * for each message. The stamp is the time of the write; how far the generator itself was behind its
 * schedule is told beside. */
#include "cli/bench/bench_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { SAMPLES_MAX = 4000000, BURST = 64, LEAST_TICK_NS = 20000 };

struct latency {
    struct bench *b;
    struct link pub, sub;
    struct buf packet;
    size_t stamp_at; /* of the payload in the packet */
    int64_t *times;  /* from sending to receiving */
    int64_t *lates;
    size_t limit, received, sent;
};

static void on_message(struct link *l, const uint8_t *payload, size_t len)
{
    struct latency *t = l->owner;
    int64_t stamp;
    if (len < sizeof stamp || t->received == t->limit) return;
    memcpy(&stamp, payload, sizeof stamp);
    t->times[t->received++] = clock_mono_ns() - stamp;
}

static void prepare(struct latency *t)
{
    static const char payload[BENCH_PAYLOAD_MAX];
    const struct bench_opts *opts = t->b->opts;
    double wanted = (double)opts->rate * opts->seconds + 1;
    t->limit = wanted < SAMPLES_MAX ? (size_t)wanted : SAMPLES_MAX;
    t->times = xcalloc(t->limit, sizeof *t->times);
    t->lates = xcalloc(t->limit, sizeof *t->lates);
    struct mqtt_publish publish = { .level = opts->level,
                                    .topic = SLICE_LIT("bench/latency"),
                                    .payload = slice_of(payload, (size_t)opts->payload) };
    size_t size = mqtt_publish_size(&publish);
    mqtt_encode_publish((uint8_t *)buf_reserve(&t->packet, size), &publish, NULL);
    t->packet.len = size;
    t->stamp_at = size - (size_t)opts->payload;
}

static void send_due(struct latency *t, int64_t start)
{
    double period = 1e9 / (double)t->b->opts->rate;
    for (int i = 0; i < BURST && t->sent < t->limit; i++) {
        int64_t due = start + (int64_t)((double)t->sent * period), now = clock_mono_ns();
        if (now < due) return;
        t->lates[t->sent++] = now - due;
        memcpy(t->packet.data + t->stamp_at, &now, sizeof now);
        link_send(&t->pub, t->packet.data, t->packet.len);
    }
}

/* A timer among the descriptors wakes for the next message: epoll's own wait counts milliseconds. It
 * must be read, or the kernel does not wind it up again. */
static int start_timer(struct latency *t, struct link *tick)
{
    int64_t period = 1000000000 / t->b->opts->rate;
    if (period < LEAST_TICK_NS) period = LEAST_TICK_NS;
    struct timespec each = { .tv_sec = period / 1000000000, .tv_nsec = period % 1000000000 };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = tick };
    prctl(PR_SET_TIMERSLACK, 1UL);
    tick->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (tick->fd < 0 ||
        timerfd_settime(tick->fd, 0, &(struct itimerspec){ each, each }, NULL) < 0 ||
        epoll_ctl(t->b->epoll_fd, EPOLL_CTL_ADD, tick->fd, &event) < 0)
        return bench_fail(t->b, -errno, "timer: %s", err_text(-errno));
    return 0;
}

/* Sends what is due, each in its time. */
static void keep_pace(struct latency *t, int timer)
{
    struct bench *b = t->b;
    int64_t start = clock_mono_ns();
    uint64_t ticks;
    while (b->rc == 0 && t->sent < t->limit && !meter_full(b)) {
        send_due(t, start);
        bench_turn(b, BENCH_TICK_MS);
        if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
            bench_fail(b, -errno, "timer: %s", err_text(-errno));
    }
}

static void measure(struct latency *t)
{
    struct bench *b = t->b;
    struct link tick = { .bench = b, .fd = -1 }; /* closed: its events only wake */
    if (start_timer(t, &tick) == 0) {
        meter_start(b);
        keep_pace(t, tick.fd);
    }
    if (tick.fd >= 0) close(tick.fd);
    if (b->rc < 0) return;
    while (b->rc == 0 && b->received < (int64_t)t->sent && !bench_stalled(b))
        bench_turn(b, BENCH_TICK_MS);
    meter_stop(b);
}

static void take_times(struct latency *t)
{
    struct bench_result *r = t->b->result;
    r->count = (int64_t)t->received;
    r->lost = (int64_t)t->sent - (int64_t)t->received;
    if (!t->received) {
        bench_fail(t->b, ERR_TIMEOUT, "no message came");
        return;
    }
    r->p50_ns = bench_percentile(t->times, t->received, 500);
    r->p99_ns = bench_percentile(t->times, t->received, 990);
    r->late_ns = bench_percentile(t->lates, t->sent, 990);
}

int bench_latency(struct bench *b)
{
    struct latency t = { .b = b };
    prepare(&t);
    t.sub.on_publish = on_message;
    t.sub.owner = &t;
    if (bench_open_all(b, &t.sub, 1, "sub") == 0 && bench_open_all(b, &t.pub, 1, "pub") == 0) {
        link_subscribe(&t.sub, 1, "bench/latency", 0);
        if (bench_await(b, &b->subacked, 1, "SUBACKs") == 0) measure(&t);
        if (b->rc == 0) take_times(&t);
    }
    link_close(&t.pub);
    link_close(&t.sub);
    buf_deinit(&t.packet);
    free(t.times);
    free(t.lates);
    return b->rc;
}
