/* session.c — connections and subscriptions themselves: how many a second, and what an idle
 * connection costs the broker in memory. */
#include "cli/bench/bench_priv.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 100 /* filters of one UNSUBSCRIBE */ };

#define FILTER "bench/%03zu/%04d/+" /* client, number */

/* ---- connects ------------------------------------------------------------------------------- */

/* Each goes from connect over CONNACK and DISCONNECT to the end, then begins again. Without an id
 * of ours the broker makes one. */
static void keep_connecting(struct bench *b, struct link *links, size_t count)
{
    int64_t opened = 0;
    for (bool again = true; b->rc == 0 && (again || b->ended < opened);) {
        again = again && !meter_full(b);
        for (size_t i = 0; i < count && b->rc == 0; i++) {
            struct link *l = &links[i];
            if (l->stage == LINK_CLOSED && again) {
                link_open(b, l, NULL, true);
                opened++;
            } else if (l->up && !l->leaving) {
                link_leave(l);
            }
        }
        bench_turn(b, BENCH_TICK_MS);
        if (bench_stalled(b)) bench_fail(b, ERR_TIMEOUT, "connections do not end");
    }
    b->result->count = b->ended;
}

int bench_connects(struct bench *b)
{
    size_t count = (size_t)bench_scaled(b, b->scenario->pubs);
    struct link *links = xcalloc(count, sizeof *links);
    meter_start(b);
    keep_connecting(b, links, count);
    meter_stop(b);
    for (size_t i = 0; i < count; i++)
        link_close(&links[i]);
    free(links);
    b->result->unit = "connections";
    return b->rc;
}

/* ---- subscriptions -------------------------------------------------------------------------- */

/* What has not been answered stays below the scenario's window for each client. */
static void subscribe_all(struct bench *b, struct link *links, size_t count, int64_t each)
{
    int64_t start = b->subacked, sent = 0;
    while (b->rc == 0 && b->subacked - start < each * (int64_t)count) {
        for (size_t i = 0; i < count && sent < each; i++) {
            char filter[64];
            snprintf(filter, sizeof filter, FILTER, i, (int)sent);
            link_subscribe(&links[i], (uint16_t)(sent % UINT16_MAX + 1), filter, 0);
        }
        if (sent < each) sent++;
        bool ahead = sent - (b->subacked - start) / (int64_t)count >= b->scenario->window;
        if (ahead || sent == each) bench_turn(b, BENCH_TICK_MS);
        if (bench_stalled(b)) bench_fail(b, ERR_TIMEOUT, "SUBACKs do not come");
    }
}

/* The filters of client `index` from number `from` on, as many as one packet takes. */
static void put_unsubscribe(struct link *l, size_t index, int64_t from, int64_t to)
{
    char text[MANY][64];
    struct mqtt_filter filters[MANY];
    size_t count = 0;
    for (int64_t n = from; n < to && count < MANY; n++, count++) {
        snprintf(text[count], sizeof text[count], FILTER, index, (int)n);
        filters[count] = (struct mqtt_filter){ .filter = slice_str(text[count]) };
    }
    mqtt_encode_subscribe(&l->out, l->bench->opts->level, MQTT_TYPE_unsubscribe,
                          (uint16_t)(from + 1), (struct slice){ 0 }, filters, count);
    link_touch(l);
}

static void unsubscribe_all(struct bench *b, struct link *links, size_t count, int64_t each)
{
    int64_t want = b->unsubacked;
    for (size_t i = 0; i < count; i++) {
        for (int64_t n = 0; n < each; n += MANY, want++)
            put_unsubscribe(&links[i], i, n, each);
    }
    bench_await(b, &b->unsubacked, want, "UNSUBACKs");
}

/* Subscribes to all, is measured, unsubscribes, and again. */
int bench_subscribe(struct bench *b)
{
    size_t count = (size_t)bench_scaled(b, b->scenario->subs);
    int64_t each = b->scenario->filters / b->scenario->subs;
    struct link *links = xcalloc(count, sizeof *links);
    bool full = bench_open_all(b, links, count, "sub") < 0;
    while (b->rc == 0 && !full) {
        meter_start(b);
        subscribe_all(b, links, count, each);
        meter_stop(b);
        full = meter_enough(b);
        unsubscribe_all(b, links, count, each);
    }
    b->result->count = b->subacked;
    b->result->unit = "subscriptions";
    for (size_t i = 0; i < count; i++)
        link_close(&links[i]);
    free(links);
    return b->rc;
}

/* ---- idle connections ----------------------------------------------------------------------- */

static int64_t resident_bytes(struct bench *b)
{
    char path[64];
    struct buf text = { 0 };
    long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)b->opts->pid);
    int rc = file_read(path, 64 * 1024, &text, b->diag);
    const char *line = rc == 0 ? strstr(buf_str(&text), "VmRSS:") : NULL;
    if (line) kib = strtoll(line + strlen("VmRSS:"), NULL, 10);
    buf_deinit(&text);
    if (rc < 0) bench_fail(b, rc, NULL);
    return kib * 1024;
}

/* What connecting needed for a moment only is given back, or not, by the time the broker rests. */
int bench_idle(struct bench *b)
{
    if (!b->opts->pid)
        return bench_fail(b, ERR_USAGE,
                          "needs --pid: the memory is read from the broker's process");
    size_t count = (size_t)bench_scaled(b, b->scenario->pubs);
    struct link *links = xcalloc(count, sizeof *links);
    int64_t before = resident_bytes(b);
    meter_start(b);
    bench_open_all(b, links, count, "idle");
    meter_stop(b);
    b->result->memory = true;
    b->result->conn_bytes = (resident_bytes(b) - before) / (int64_t)count;
    b->result->count = (int64_t)count;
    b->result->unit = "connections";
    for (size_t i = 0; i < count; i++)
        link_close(&links[i]);
    free(links);
    return b->rc;
}
