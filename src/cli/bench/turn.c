/* turn.c — a run of the load generator: epoll, what is counted, and when it is enough.
 *
 * A scenario is a loop: it looks at the counters, queues what may be sent, and turns. All that is
 * counted is counted to the last message: a scenario stops sending, awaits what is under way, and
 * only then stops the meter, so that the broker's CPU time belongs to exactly the messages counted.
 *
 * Nothing lasts for ever: a run has a deadline, and one that waits gives up when no byte has come
 * for STALL_MS. */
#include "cli/bench/bench_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "ws/ws.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    STALL_MS = 5000,
    SPARE_MS = 300000, /* of a run, beside what is measured */
    AT_ONCE = 64,      /* connections that are being opened */
    LOOK_MS = 5,       /* how often the broker's clock is asked */
    REST_MS = 50,      /* the broker rests when it used less than REST_CPU_NS in so long */
    REST_MOST_MS = 3000,
};
static const int64_t REST_CPU_NS = 1500000;

int bench_fail(struct bench *b, int code, const char *fmt, ...)
{
    if (b->rc < 0) return b->rc;
    b->rc = code;
    if (!fmt) return code; /* diag has the sentence */
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return diag_set(b->diag, code, "%s", text);
}

static void flush_all(struct bench *b)
{
    for (size_t i = 0; i < b->dirty_count; i++) {
        b->dirty[i]->dirty = false;
        link_flush(b->dirty[i]);
    }
    b->dirty_count = 0;
}

int bench_turn(struct bench *b, int timeout_ms)
{
    struct epoll_event events[256];
    flush_all(b);
    if (b->rc < 0) return b->rc;
    int count = epoll_wait(b->epoll_fd, events, ARRAY_LEN(events), timeout_ms);
    if (count < 0 && errno != EINTR) return bench_fail(b, -errno, "epoll: %s", err_text(-errno));
    int64_t now = clock_mono_ns();
    b->moved = false;
    for (int i = 0; i < count; i++)
        link_on_event(events[i].data.ptr, events[i].events);
    if (b->moved) b->moved_at = now;
    if (now > b->deadline) return bench_fail(b, ERR_TIMEOUT, "the scenario takes too long");
    return b->rc;
}

bool bench_stalled(const struct bench *b)
{
    return clock_mono_ns() - b->moved_at > (int64_t)STALL_MS * 1000000;
}

int bench_await(struct bench *b, const int64_t *counter, int64_t want, const char *what)
{
    b->moved_at = clock_mono_ns();
    while (*counter < want && b->rc == 0) {
        bench_turn(b, BENCH_TICK_MS);
        if (bench_stalled(b))
            bench_fail(b, ERR_TIMEOUT, "%" PRId64 " of %" PRId64 " %s did not come",
                       (want - *counter), want, what);
    }
    return b->rc;
}

int64_t bench_window(const struct bench *b, int qos)
{
    int64_t window = b->scenario->window;
    return qos > 0 && b->receive_max < window ? b->receive_max : window;
}

int64_t bench_scaled(const struct bench *b, int64_t number)
{
    int64_t scaled = number * b->opts->scale / 100;
    return scaled > 0 || number == 0 ? scaled : 1;
}

int bench_open_all(struct bench *b, struct link *links, size_t count, const char *prefix)
{
    int64_t before = b->up;
    for (size_t i = 0; i < count && b->rc == 0; i++) {
        char id[64];
        snprintf(id, sizeof id, "bench-%s-%d-%zu", prefix, (int)getpid(), i);
        link_open(b, &links[i], id, true);
        int64_t must = (int64_t)i + 1 - AT_ONCE;
        if (b->rc == 0 && must > 0) bench_await(b, &b->up, before + must, "connections");
    }
    return b->rc < 0 ? b->rc : bench_await(b, &b->up, before + (int64_t)count, "connections");
}

/* ---- the meter ------------------------------------------------------------------------------ */

static int64_t broker_ns(const struct bench *b)
{
    int64_t ns = b->opts->pid ? clock_cpu_ns((pid_t)b->opts->pid) : 0;
    return ns < 0 ? 0 : ns;
}

void meter_start(struct bench *b)
{
    struct meter *m = &b->meter;
    m->broker_from = broker_ns(b);
    m->own_from = clock_cpu_ns(0);
    m->wall_from = m->looked_at = clock_mono_ns();
    b->moved_at = m->wall_from;
}

static void await_rest(struct bench *b)
{
    int64_t until = clock_mono_ns() + (int64_t)REST_MOST_MS * 1000000;
    int64_t last = broker_ns(b), used = INT64_MAX;
    while (used > REST_CPU_NS && clock_mono_ns() < until && b->rc == 0) {
        int64_t look_at = clock_mono_ns() + (int64_t)REST_MS * 1000000;
        while (clock_mono_ns() < look_at && b->rc == 0)
            bench_turn(b, REST_MS);
        int64_t now = broker_ns(b);
        used = now - last;
        last = now;
    }
}

void meter_stop(struct bench *b)
{
    struct meter *m = &b->meter;
    m->wall_ns += clock_mono_ns() - m->wall_from;
    m->own_ns += clock_cpu_ns(0) - m->own_from;
    if (b->opts->pid) await_rest(b);
    m->broker_ns += broker_ns(b) - m->broker_from;
}

bool meter_full(struct bench *b)
{
    struct meter *m = &b->meter;
    const struct bench_opts *opts = b->opts;
    int64_t now = clock_mono_ns();
    if (now - m->looked_at < (int64_t)LOOK_MS * 1000000) return false;
    m->looked_at = now;
    if ((double)(m->wall_ns + now - m->wall_from) >= opts->seconds * 1e9) return true;
    return opts->cpu > 0 &&
           (double)(m->broker_ns + broker_ns(b) - m->broker_from) >= opts->cpu * 1e9;
}

bool meter_enough(const struct bench *b)
{
    const struct meter *m = &b->meter;
    const struct bench_opts *opts = b->opts;
    return (double)m->wall_ns >= opts->seconds * 1e9 ||
           (opts->cpu > 0 && (double)m->broker_ns >= opts->cpu * 1e9);
}

/* ---- a run ---------------------------------------------------------------------------------- */

/* 0 when somebody listens there. */
static int try_address(struct bench *b, const struct addrinfo *one)
{
    int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = fd < 0 || connect(fd, one->ai_addr, one->ai_addrlen) < 0 ? -errno : 0;
    if (fd >= 0) close(fd);
    if (rc < 0) return rc;
    memcpy(&b->addr, one->ai_addr, one->ai_addrlen);
    b->addr_len = one->ai_addrlen;
    return 0;
}

/* The first address of the name that answers. */
static int resolve(struct bench *b)
{
    char port[16];
    const char *host = b->opts->host;
    struct addrinfo *found, hints = { .ai_socktype = SOCK_STREAM };
    snprintf(port, sizeof port, "%d", (int)b->opts->port);
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0) return bench_fail(b, ERR_NOT_FOUND, "host '%s': %s", host, gai_strerror(rc));
    rc = -EADDRNOTAVAIL;
    for (const struct addrinfo *one = found; one && rc < 0; one = one->ai_next)
        rc = try_address(b, one);
    freeaddrinfo(found);
    return rc < 0 ? bench_fail(b, rc, "%s port %s: %s", host, port, err_text(rc)) : 0;
}

static int set_up_tls(struct bench *b)
{
    struct buf pem = { 0 };
    if (!b->opts->ca_file) return 0;
    int rc = file_read(b->opts->ca_file, 1 << 20, &pem, b->diag);
    const struct tls_client_opts opts = { .ca_pem = buf_slice(&pem), .host = b->opts->host };
    if (rc == 0) rc = tls_client_create(&b->tls, &opts, b->diag);
    if (rc < 0) diag_wrap(b->diag, rc, "%s", b->opts->ca_file);
    buf_deinit(&pem);
    return rc < 0 ? bench_fail(b, rc, NULL) : 0;
}

static int set_up_ws(struct bench *b)
{
    if (!b->opts->ws) return 0;
    b->ws_writer = ws_writer_create();
    return b->ws_writer ? 0 : bench_fail(b, -ENOMEM, "WebSocket: %s", err_text(-ENOMEM));
}

static int check_pid(struct bench *b)
{
    int64_t rc = b->opts->pid ? clock_cpu_ns((pid_t)b->opts->pid) : 0;
    return rc < 0 ? bench_fail(b, (int)rc, "process %d: %s", (int)b->opts->pid, err_text((int)rc))
                  : 0;
}

/* A thousand connections are more than the usual soft limit allows. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void take_figures(struct bench *b)
{
    const struct meter *m = &b->meter;
    b->result->seconds = (double)m->wall_ns / 1e9;
    b->result->own_cpu = (double)m->own_ns / 1e9;
    b->result->broker_cpu = (double)m->broker_ns / 1e9;
}

int bench_run(const struct bench_opts *opts, const struct bench_scenario *scenario,
              struct bench_result *ret_result, struct diag *diag)
{
    struct bench_result result = { .unit = "messages" };
    struct bench b = { .opts = opts,
                       .scenario = scenario,
                       .diag = diag,
                       .result = &result,
                       .receive_max = UINT16_MAX };
    raise_limit();
    b.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (b.epoll_fd < 0) return diag_set(diag, -errno, "epoll: %s", err_text(-errno));
    b.chunk = xmalloc(BENCH_CHUNK + BENCH_PACKET_MAX);
    b.deadline = clock_mono_ns() + (int64_t)SPARE_MS * 1000000 + (int64_t)(opts->seconds * 1e9);
    if (check_pid(&b) == 0 && resolve(&b) == 0 && set_up_tls(&b) == 0 && set_up_ws(&b) == 0)
        scenario->run(&b);
    take_figures(&b);
    ws_writer_destroy(b.ws_writer);
    tls_client_destroy(b.tls);
    close(b.epoll_fd);
    free(b.chunk);
    free(b.dirty);
    if (b.rc == 0) *ret_result = result;
    return b.rc;
}
