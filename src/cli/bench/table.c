/* table.c — the scenarios of the load generator, and what may be asked of it. */
#include "cli/bench/bench_priv.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct bench_scenario bench_scenarios[] = {
    { "fan-in-0", "10 publishers to 1 subscriber, QoS 0, batched writes", bench_flow,
      .pubs = 10, .subs = 1, .qos = 0, .window = 1000 },
    { "fan-in-0-single", "the same, one packet for each write", bench_flow,
      .pubs = 10, .subs = 1, .qos = 0, .window = 200, .single = true },
    { "fan-in-1", "10 publishers to 1 subscriber, QoS 1, window 100", bench_flow,
      .pubs = 10, .subs = 1, .qos = 1, .window = 100 },
    { "fan-in-2", "10 publishers to 1 subscriber, QoS 2, window 100", bench_flow,
      .pubs = 10, .subs = 1, .qos = 2, .window = 100 },
    { "fan-out-100-0", "1 publisher to 100 subscribers, QoS 0", bench_flow,
      .pubs = 1, .subs = 100, .qos = 0, .window = 200 },
    { "fan-out-100-1", "1 publisher to 100 subscribers, QoS 1", bench_flow,
      .pubs = 1, .subs = 100, .qos = 1, .window = 100 },
    { "fan-out-1000-0", "1 publisher to 1000 subscribers, QoS 0", bench_flow,
      .pubs = 1, .subs = 1000, .qos = 0, .window = 100 },
    { "fan-out-1000-1", "1 publisher to 1000 subscribers, QoS 1", bench_flow,
      .pubs = 1, .subs = 1000, .qos = 1, .window = 100 },
    { "pairs-50-0", "50 pairs, each its own topic, QoS 0", bench_flow,
      .pubs = 50, .subs = 50, .qos = 0, .window = 200, .topics = BENCH_PAIRS },
    { "pairs-50-1", "50 pairs, each its own topic, QoS 1, window 100", bench_flow,
      .pubs = 50, .subs = 50, .qos = 1, .window = 100, .topics = BENCH_PAIRS },
    { "pairs-500-1", "500 pairs, QoS 1, window 1", bench_flow,
      .pubs = 500, .subs = 500, .qos = 1, .window = 1, .topics = BENCH_PAIRS },
    { "filters-10k", "10,000 wildcard subscriptions of 100 clients, topics by turns", bench_flow,
      .pubs = 1, .subs = 100, .qos = 0, .window = 2000, .topics = BENCH_TREE, .filters = 10000 },
    { "filters-100k", "100,000 wildcard subscriptions of 100 clients, topics by turns", bench_flow,
      .pubs = 1, .subs = 100, .qos = 0, .window = 2000, .topics = BENCH_TREE, .filters = 100000 },
    { "subscribe", "subscribing 100,000 filters, 1000 for each of 100 clients", bench_subscribe,
      .subs = 100, .window = 100, .filters = 100000 },
    { "connect", "connect, CONNACK, DISCONNECT, end, by 50 clients at a time", bench_connects,
      .pubs = 50 },
    { "queue-in", "60,000 messages of QoS 1 for a session whose client is away, window 100",
      bench_enqueue, .window = 100, .messages = 60000 },
    { "queue-out", "the same messages, handed over when the client is back; checks their order",
      bench_drain, .window = 100, .messages = 60000 },
    { "guests", "as filters-10k, while 100 clients a second come, subscribe and go", bench_flow,
      .pubs = 1, .subs = 100, .qos = 0, .window = 2000, .topics = BENCH_TREE, .filters = 10000,
      .guests = 100 },
    { "latency", "from sending to receiving, QoS 0, at the rate of --rate", bench_latency,
      .pubs = 1, .subs = 1 },
    { "idle", "memory of the broker for each of 10,000 idle connections; needs --pid", bench_idle,
      .pubs = 10000 },
    { 0 },
};
/* clang-format on */

const struct bench_scenario *bench_scenario_find(const char *name)
{
    for (const struct bench_scenario *s = bench_scenarios; s->name; s++)
        if (strcmp(s->name, name) == 0) return s;
    return NULL;
}

int bench_opts_check(const struct bench_opts *opts, struct diag *diag)
{
    if (opts->password && !opts->user)
        return diag_set(diag, ERR_USAGE, "a password needs a user name");
    if (opts->cpu > 0 && !opts->pid)
        return diag_set(diag, ERR_USAGE,
                        "CPU seconds of the broker can be counted only when its "
                        "process is known");
    if (opts->frame && !opts->ws)
        return diag_set(diag, ERR_USAGE, "only WebSocket has frames that packets could share");
    if (!*opts->host) return diag_set(diag, ERR_USAGE, "the host is empty");
    return 0;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bench_percentile(int64_t *values, size_t count, unsigned permille)
{
    qsort(values, count, sizeof *values, compare);
    size_t rank = (count * permille + 999) / 1000;
    return values[rank > 0 ? rank - 1 : 0];
}
