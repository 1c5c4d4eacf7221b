/* sys_topics.c — $SYS/broker/...: a table of names, each with the metric behind it.
 *
 *   every interval:  sample ─► figures (whole numbers) ─► those that differ from what was told
 *                          └─► loads (moving averages) ─┘      └─► hub_publish: retained, fleeting
 *
 * A value is a retained message that is in memory alone (msg.fleeting). So a new subscriber of $SYS/# gets
 * every figure at once, in order and with the back-pressure of all retained messages, and nothing here
 * knows who subscribes. QoS 0: a session that is away does not collect them.
 *
 * A load is a rate per minute, smoothed over 1, 5 and 15 minutes:
 *     load = rate + exp(-seconds / window) * (load - rate)
 *
 *  I1  A value is published when it differs from the one published last, a load by 0.01 or more.
 *  I2  While the interval is 0 there are no such topics.
 * What waits in all sessions is added up first, in portions, with a pause between them. */
#include "hub/sys_topics.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "topic/topic_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "$SYS/broker/"

enum { WINDOWS = 3, PORTION = 1000, PAUSE_MS = 1 };
static const struct {
    const char *name;
    double seconds;
} windows[WINDOWS] = { { "1min", 60 }, { "5min", 300 }, { "15min", 900 } };

/* ---- what stands behind a name ---- */

struct figure {
    const char *name;
    enum metric metric;
    int64_t (*value)(const struct sys_topics *sys); /* instead of the metric; < 0: not known */
    const char *unit;
};

static int64_t uptime(const struct sys_topics *sys);
static int64_t disconnected(const struct sys_topics *sys);
static int64_t stored(const struct sys_topics *sys);
static int64_t stored_bytes(const struct sys_topics *sys);
static int64_t heap(const struct sys_topics *sys);
static int64_t heap_most(const struct sys_topics *sys);
static int64_t connects(const struct sys_topics *sys);

/* clang-format off */
static const struct figure figures[] = {
    { "uptime", .value = uptime, .unit = " seconds" },
    { "clients/connected",          METRIC_MQTT_CLIENTS },
    { "clients/disconnected",       .value = disconnected },
    { "clients/total",              METRIC_SESSIONS },
    { "clients/maximum",            METRIC_MQTT_CLIENTS_MAX },
    { "clients/expired",            METRIC_SESSIONS_EXPIRED },
    { "messages/received",          METRIC_MQTT_PACKETS_IN },
    { "messages/sent",              METRIC_MQTT_PACKETS_OUT },
    { "messages/stored",            .value = stored },
    { "store/messages/count",       .value = stored },
    { "store/messages/bytes",       .value = stored_bytes },
    { "publish/messages/received",  METRIC_PUBLISHES_IN },
    { "publish/messages/sent",      METRIC_PUBLISHES_OUT },
    { "publish/messages/dropped",   METRIC_DROPS },
    { "publish/bytes/received",     METRIC_PUBLISH_BYTES_IN },
    { "publish/bytes/sent",         METRIC_PUBLISH_BYTES_OUT },
    { "bytes/received",             METRIC_BYTES_IN },
    { "bytes/sent",                 METRIC_BYTES_OUT },
    { "subscriptions/count",        METRIC_SUBSCRIPTIONS },
    { "shared_subscriptions/count", METRIC_SHARED_SUBSCRIPTIONS },
    { "retained messages/count",    METRIC_RETAINED },
    { "heap/current",               .value = heap },
    { "heap/maximum",               .value = heap_most },
};
static const struct figure loads[] = {
    { "load/messages/received",     METRIC_MQTT_PACKETS_IN },
    { "load/messages/sent",         METRIC_MQTT_PACKETS_OUT },
    { "load/publish/received",      METRIC_PUBLISHES_IN },
    { "load/publish/sent",          METRIC_PUBLISHES_OUT },
    { "load/publish/dropped",       METRIC_DROPS },
    { "load/bytes/received",        METRIC_BYTES_IN },
    { "load/bytes/sent",            METRIC_BYTES_OUT },
    { "load/connections",           .value = connects },
    { "load/sockets",               METRIC_CONNECTIONS_TOTAL },
};
/* clang-format on */
enum { FIGURES = ARRAY_LEN(figures), LOADS = ARRAY_LEN(loads) };

struct load {
    int64_t value; /* of the counter, at the last sample */
    double now[WINDOWS];
    double told[WINDOWS];
};

struct sys_topics {
    struct hub *hub;
    const char *version;
    int64_t interval_ms;
    int64_t started_at;
    int64_t sampled_at;
    bool told; /* the topics are there */
    struct loop_timer timer;
    struct session_tally waiting;
    bool tallying;
    int64_t heap;
    int64_t heap_most;
    int64_t values[FIGURES]; /* as told */
    struct load loads[LOADS];
};

static int64_t uptime(const struct sys_topics *sys)
{
    return (sys->sampled_at - sys->started_at) / SECONDS(1);
}

static int64_t disconnected(const struct sys_topics *sys)
{
    return metrics_get(METRIC_SESSIONS) - metrics_get(METRIC_MQTT_CLIENTS);
}

static int64_t stored(const struct sys_topics *sys)
{
    return (int64_t)(hub_retained_count(sys->hub) + sys->waiting.queued);
}

static int64_t stored_bytes(const struct sys_topics *sys)
{
    return (int64_t)(hub_retained_bytes(sys->hub) + sys->waiting.queued_bytes);
}

static int64_t heap(const struct sys_topics *sys)
{
    return sys->heap;
}

static int64_t heap_most(const struct sys_topics *sys)
{
    return sys->heap_most;
}

/* CONNECT packets. */
static int64_t connects(const struct sys_topics *sys)
{
    return metrics_get(METRIC_MQTT_CONNECTS) + metrics_get(METRIC_MQTT_CONNECTS_REFUSED);
}

static int64_t value_of(const struct sys_topics *sys, const struct figure *figure)
{
    return figure->value ? figure->value(sys) : metrics_get(figure->metric);
}

/* ---- telling ---- */

static void tell(struct sys_topics *sys, const char *topic, const char *text)
{
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = slice_str(topic), .payload = slice_str(text), .retain = true, .fleeting = true });
    hub_publish(sys->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
}

static void tell_figure(struct sys_topics *sys, size_t i)
{
    const struct figure *figure = &figures[i];
    int64_t value = value_of(sys, figure);
    if (value < 0 || (sys->told && value == sys->values[i])) return;
    sys->values[i] = value;
    char topic[64], text[40];
    snprintf(topic, sizeof topic, PREFIX "%s", figure->name);
    snprintf(text, sizeof text, "%lld%s", (long long)value, figure->unit ? figure->unit : "");
    tell(sys, topic, text);
}

static void tell_load(struct sys_topics *sys, const struct load *load, size_t i, int window)
{
    char topic[64], text[40];
    snprintf(topic, sizeof topic, PREFIX "%s/%s", loads[i].name, windows[window].name);
    snprintf(text, sizeof text, "%.2f", load->now[window]);
    tell(sys, topic, text);
}

static void sample_load(struct sys_topics *sys, size_t i, double seconds)
{
    struct load *load = &sys->loads[i];
    int64_t value = value_of(sys, &loads[i]);
    double rate = seconds > 0 ? (double)(value - load->value) * 60 / seconds : 0;
    load->value = value;
    for (int w = 0; w < WINDOWS; w++) {
        if (seconds > 0)
            load->now[w] = rate + exp(-seconds / windows[w].seconds) * (load->now[w] - rate);
        if (sys->told && fabs(load->now[w] - load->told[w]) < 0.01) continue;
        load->told[w] = load->now[w];
        tell_load(sys, load, i, w);
    }
}

static void sample_heap(struct sys_topics *sys)
{
    size_t used = mem_heap_used();
    sys->heap = used ? (int64_t)used : -1;
    if (sys->heap > sys->heap_most) sys->heap_most = sys->heap;
    if (!used && !sys->heap_most) sys->heap_most = -1;
}

static void sample(struct sys_topics *sys, double seconds)
{
    sys->sampled_at = clock_mono_ms();
    sample_heap(sys);
    if (!sys->told) tell(sys, PREFIX "version", sys->version);
    for (size_t i = 0; i < FIGURES; i++)
        tell_figure(sys, i);
    for (size_t i = 0; i < LOADS; i++)
        sample_load(sys, i, seconds);
    sys->told = true;
}

static void on_interval(struct loop_timer *timer)
{
    struct sys_topics *sys = container_of(timer, struct sys_topics, timer);
    struct sessions *sessions = hub_sessions(sys->hub);
    if (!sys->tallying) session_tally_start(sessions, &sys->waiting);
    sys->tallying = !session_tally_step(sessions, &sys->waiting, PORTION);
    loop_timer_start(timer, sys->tallying ? PAUSE_MS : sys->interval_ms);
    if (sys->tallying) return;
    sample(sys, (double)(clock_mono_ms() - sys->sampled_at) / 1000);
}

/* ---- life ---- */

static void begin(struct sys_topics *sys)
{
    session_tally_start(hub_sessions(sys->hub), &sys->waiting);
    session_tally_step(hub_sessions(sys->hub), &sys->waiting, SIZE_MAX);
    for (size_t i = 0; i < LOADS; i++)
        sys->loads[i] = (struct load){ .value = value_of(sys, &loads[i]) };
    sample(sys, 0);
    loop_timer_start(&sys->timer, sys->interval_ms);
}

/* The map may change between two steps. */
static void take_away(struct sys_topics *sys)
{
    struct topic_map_iter iter;
    size_t budget = 10 * (FIGURES + LOADS * WINDOWS);
    struct msg *msg;
    topic_map_iter_init(&iter, SLICE_LIT(PREFIX "#"));
    while (hub_retained_step(sys->hub, &iter, &budget, &msg) == 1)
        hub_retained_remove(sys->hub, msg->topic);
    topic_map_iter_deinit(&iter);
    sys->told = false;
}

static void stop(struct sys_topics *sys)
{
    loop_timer_stop(&sys->timer);
    if (sys->tallying) session_tally_stop(&sys->waiting);
    sys->tallying = false;
}

void sys_topics_set_interval(struct sys_topics *sys, int64_t interval_ms)
{
    if (interval_ms == sys->interval_ms) return;
    bool off = sys->interval_ms == 0;
    sys->interval_ms = interval_ms;
    stop(sys);
    if (off)
        begin(sys);
    else if (interval_ms)
        loop_timer_start(&sys->timer, interval_ms);
    else
        take_away(sys);
}

struct sys_topics *sys_topics_create(struct hub *hub, const char *version, int64_t interval_ms)
{
    struct sys_topics *sys = xnew(struct sys_topics);
    sys->hub = hub;
    sys->version = version;
    sys->started_at = clock_mono_ms();
    loop_timer_init(&sys->timer, hub_loop(hub), on_interval);
    sys_topics_set_interval(sys, interval_ms);
    return sys;
}

void sys_topics_destroy(struct sys_topics *sys)
{
    if (!sys) return;
    stop(sys);
    free(sys);
}

const char *sys_topics_name(size_t index)
{
    if (index < FIGURES) return figures[index].name;
    return index < FIGURES + LOADS ? loads[index - FIGURES].name : NULL;
}
