/* report.c — a result of the load generator as JSON, from which the table for people is made. */
#include "cli/bench/bench_priv.h"

#include <stdio.h>

/* Above this share of a core the generator may be what limits. */
static const double BUSY = 0.85;

static double share(double cpu, double seconds)
{
    return seconds > 0 ? cpu / seconds : 0;
}

static void set_number(struct json *row, const char *member, double value, int decimals)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%.*f", decimals, value);
    json_set(row, member, json_new_number_text(slice_of(text, (size_t)len)));
}

static void add_rate(struct json *row, const struct bench_result *r)
{
    if (r->seconds > 0) json_set_int(row, "perSecond", (int64_t)((double)r->count / r->seconds));
    if (r->broker_cpu > 0 && r->count > 0) {
        json_set_int(row, "perBrokerCpuSecond", (int64_t)((double)r->count / r->broker_cpu));
        set_number(row, "brokerCpuSeconds", r->broker_cpu, 3);
        set_number(row, "brokerBusy", share(r->broker_cpu, r->seconds), 2);
    }
    set_number(row, "generatorBusy", share(r->own_cpu, r->seconds), 2);
    json_set_bool(row, "generatorIsBottleneck",
                  share(r->own_cpu, r->seconds) > BUSY && share(r->broker_cpu, r->seconds) < BUSY);
}

static void add_latency(struct json *row, const struct bench_result *r)
{
    if (!r->p50_ns) return;
    set_number(row, "p50Microseconds", (double)r->p50_ns / 1e3, 1);
    set_number(row, "p99Microseconds", (double)r->p99_ns / 1e3, 1);
    set_number(row, "lateMicroseconds", (double)r->late_ns / 1e3, 1);
}

struct json *bench_result_json(const struct bench_scenario *scenario, const struct bench_result *r)
{
    struct json *row = json_new_object();
    json_set_str(row, "scenario", scenario->name);
    json_set_str(row, "unit", r->unit);
    json_set_int(row, "count", r->count);
    json_set_int(row, "lost", r->lost);
    set_number(row, "seconds", r->seconds, 3);
    add_rate(row, r);
    add_latency(row, r);
    if (r->memory) json_set_int(row, "bytesPerConnection", r->conn_bytes);
    if (r->guests) json_set_int(row, "guests", r->guests);
    return row;
}
