/* mqtt_pace.c — when a connection is read from, and how long it may be silent.
 *
 * A connection is not read from while it owes us something: room for our answers (too many of its
 * acknowledgements wait for the store, or it does not take its output), or time (it sends faster than it may).
 * And while the hub has no memory to spare, who publishes is not read from for a while, and nobody's output may
 * grow beyond LEAN_OUTPUT: QoS 0 is dropped for who is behind, the rest waits in its session. So publishers are
 * slowed by their own sockets, and nothing is lost. Each reason is a bit of `pauses`.
 *
 * For a while, not until there is memory: behind a PUBLISH may stand the acknowledgements of the very messages
 * that fill it. So each may send one PUBLISH in STARVE_MS.
 *
 * One timer watches the silence of a client that is up: it fires when the keep-alive or the time for output
 * could be over, looks, and sleeps again; packets only note when they came.
 *
 *  I1  The stream is paused while `pauses` is not 0.
 *  I2  While we do not read, the client's silence is our doing, unless it takes no output.
 *  I3  Output that waits either moves between two looks, or its time runs. */
#include "conn/mqtt_conn_priv.h"

#include "base/budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

#include <stdlib.h>

enum {
    MOST_OWED = 4096,       /* acknowledgements above which nothing more is read */
    LEAN_OUTPUT = 64 << 10, /* more than a turn has for a client that keeps up */
    FEED_MS = 20,
    STARVE_MS = 1000,
    BRAKE_MS = 5000, /* at most, for what was refused */
};

/* What is refused costs a line of the log each time, and no longer the connection. */
static const struct bucket_limit most_refusals = { .rate = 20, .burst = 200 };

struct throttle {
    struct loop_timer timer;
    struct mqtt_conn *conn;
    struct bucket packets;
    struct bucket bytes;
    struct bucket refusals;
    struct log_pace waits;
};

static int64_t now_of(const struct mqtt_conn *c)
{
    return loop_now(hub_loop(c->env->hub));
}

static void pause(struct mqtt_conn *c, enum mqtt_pause why)
{
    if (!c->pauses) stream_pause(c->stream);
    c->pauses |= (uint8_t)why;
}

static void unpause(struct mqtt_conn *c, enum mqtt_pause why)
{
    if (!(c->pauses & why)) return;
    c->pauses &= (uint8_t)~why;
    if (!c->pauses) stream_resume(c->stream);
}

void mqtt_balance(struct mqtt_conn *c)
{
    bool flooded = stream_over_high_water(c->stream);
    if (flooded || c->acks.count > MOST_OWED)
        pause(c, PAUSE_OWED);
    else if (c->acks.count < MOST_OWED / 2)
        unpause(c, PAUSE_OWED);
    if (c->acks.count && list_empty(&c->waiting)) list_push_back(&c->env->waiting, &c->waiting);
    if (!c->acks.count) list_remove(&c->waiting);
}

/* ---- rates ---- */

static void on_tokens(struct loop_timer *timer)
{
    struct mqtt_conn *c = container_of(timer, struct throttle, timer)->conn;
    c->braked = false;
    unpause(c, PAUSE_RATE);
}

static struct throttle *throttle_of(struct mqtt_conn *c)
{
    if (c->throttle) return c->throttle;
    c->throttle = xnew(struct throttle);
    c->throttle->conn = c;
    loop_timer_init(&c->throttle->timer, hub_loop(c->env->hub), on_tokens);
    return c->throttle;
}

/* Once a minute. */
static void complain(struct throttle *throttle, int64_t now)
{
    metrics_inc(METRIC_MQTT_THROTTLED);
    int64_t waits = log_pace(&throttle->waits, MINUTES(1), now);
    if (!waits) return;
    LOG(LOG_WARN, "mqtt",
        throttle->conn->braked ? "a client goes on with what is refused, and is read from slowly"
                               : "a client sends faster than mqtt.max_packet_rate or max_byte_rate",
        LOG_S("client", mqtt_client_id(throttle->conn)), LOG_I("waits", waits));
}

void mqtt_pace_refused(struct mqtt_conn *c)
{
    struct bucket *refusals = &throttle_of(c)->refusals;
    if (bucket_take(refusals, most_refusals, now_of(c)) == 0) return;
    bucket_spend(refusals, 1);
    c->braked = true;
}

/* One SUBSCRIBE may have a thousand filters that are refused: no packet waits longer for that than this. */
static int64_t refusals_wait(struct throttle *throttle, int64_t now)
{
    int64_t wait = bucket_wait_ms(&throttle->refusals, most_refusals, now);
    return wait < BRAKE_MS ? wait : BRAKE_MS;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool mqtt_pace_limited(struct mqtt_conn *c)
{
    if (c->state != CONN_UP) return true;
    struct throttle *throttle = throttle_of(c);
    int64_t now = now_of(c);
    int64_t wait = bucket_wait_ms(&throttle->packets, c->env->opts->packet_rate, now);
    wait = longer(wait, bucket_wait_ms(&throttle->bytes, c->env->opts->byte_rate, now));
    if (c->braked) wait = longer(wait, refusals_wait(throttle, now));
    if (wait == 0) return true;
    complain(throttle, now);
    pause(c, PAUSE_RATE);
    loop_timer_start(&throttle->timer, wait);
    return false;
}

/* An acknowledgement answers what we have sent: we set their pace. */
static bool is_answer(uint8_t type)
{
    return type == MQTT_TYPE_puback || type == MQTT_TYPE_pubrec || type == MQTT_TYPE_pubcomp;
}

static void starve(struct mqtt_conn *c)
{
    struct mqtt_env *env = c->env;
    metrics_inc(METRIC_MEMORY_WAITS);
    pause(c, PAUSE_MEMORY);
    list_push_back(&env->starved, &c->starved);
    if (!loop_timer_active(&env->starving)) loop_timer_start(&env->starving, FEED_MS);
    int64_t now = c->starved_at = now_of(c);
    if (!log_pace(&env->starvation, MINUTES(1), now)) return;
    LOG(LOG_WARN, "mqtt", "limits.memory is reached: publishers wait",
        LOG_I("messages", metrics_get(METRIC_MEMORY_MESSAGES)),
        LOG_I("queues", metrics_get(METRIC_MEMORY_QUEUES)),
        LOG_I("output", metrics_get(METRIC_MEMORY_OUTPUT)), LOG_I("limit", budget_limit()));
}

void mqtt_conn_feed(struct loop_timer *starving)
{
    struct mqtt_env *env = container_of(starving, struct mqtt_env, starving);
    bool relaxed = budget_relaxed();
    while (!list_empty(&env->starved)) {
        struct mqtt_conn *c = container_of(env->starved.next, struct mqtt_conn, starved);
        if (!relaxed && now_of(c) - c->starved_at < STARVE_MS) break;
        list_remove(&c->starved);
        unpause(c, PAUSE_MEMORY);
    }
    if (!list_empty(&env->starved)) loop_timer_start(starving, FEED_MS);
}

bool mqtt_pace_congested(struct mqtt_conn *c)
{
    if (!c->lean && budget_over() && stream_pending(c->stream) > LEAN_OUTPUT) {
        c->lean = true;
        stream_set_high_water(c->stream, LEAN_OUTPUT);
    }
    return stream_over_high_water(c->stream); /* on_writable follows it */
}

void mqtt_pace_writable(struct mqtt_conn *c)
{
    if (!c->lean) return;
    c->lean = false;
    stream_set_high_water(c->stream, c->env->opts->output_buffer);
}

void mqtt_pace_spend(struct mqtt_conn *c, uint8_t type, size_t size)
{
    if (type == MQTT_TYPE_publish && budget_over() && c->state == CONN_UP &&
        !(c->pauses & PAUSE_MEMORY))
        starve(c);
    if (!c->throttle) return;
    bucket_spend(&c->throttle->bytes, (int64_t)size);
    if (!is_answer(type)) bucket_spend(&c->throttle->packets, 1);
}

/* ---- time ---- */

/* Has output moved since the last look, or is there none that could? */
static bool output_moves(struct mqtt_conn *c)
{
    size_t pending = stream_pending(c->stream);
    uint64_t sent = stream_sent(c->stream);
    bool moves = pending == 0 || c->pending == 0 || pending < c->pending || sent != c->sent;
    c->pending = pending;
    c->sent = sent;
    return moves;
}

static bool silence_is_ours(struct mqtt_conn *c, bool moves)
{
    if (!c->pauses) return false;
    mqtt_balance(c);
    return moves || !c->pauses || c->acks.count >= MOST_OWED / 2;
}

static void sleep_on(struct mqtt_conn *c, int64_t now)
{
    int64_t keep_alive = c->keep_alive_ms ? c->keep_alive_ms - (now - c->heard_at) : 0;
    int64_t wait = c->env->opts->output_timeout_ms;
    if (keep_alive && (!wait || keep_alive < wait)) wait = keep_alive;
    if (wait) loop_timer_start(&c->timer, wait);
}

void mqtt_watch_begin(struct mqtt_conn *c)
{
    c->heard_at = c->moved_at = now_of(c);
    loop_timer_stop(&c->timer);
    sleep_on(c, c->heard_at);
}

void mqtt_watch_time(struct mqtt_conn *c)
{
    int64_t now = now_of(c), most = c->env->opts->output_timeout_ms;
    bool moves = output_moves(c);
    if (moves) c->moved_at = now;
    if (silence_is_ours(c, moves)) c->heard_at = now;
    if (c->keep_alive_ms && now - c->heard_at >= c->keep_alive_ms) {
        LOG(LOG_INFO, "mqtt", "keep-alive time-out", LOG_S("client", mqtt_client_id(c)),
            LOG_I("silent_ms", now - c->heard_at));
        mqtt_end(c, SESSION_END_KEEP_ALIVE, MQTT_REASON_KEEP_ALIVE_TIMEOUT,
                 "nothing was heard for one and a half times the keep-alive");
    } else if (most && now - c->moved_at >= most) {
        LOG(LOG_WARN, "mqtt", "closed: the client takes no output",
            LOG_S("client", mqtt_client_id(c)), LOG_I("pending", c->pending),
            LOG_I("for_ms", now - c->moved_at));
        mqtt_close(c, SESSION_END_CONNECTION_LOST, false);
    } else {
        sleep_on(c, now);
    }
}

/* ---- the end ---- */

void mqtt_pace_stop(struct mqtt_conn *c)
{
    list_remove(&c->starved);
    if (c->throttle) loop_timer_stop(&c->throttle->timer);
}

void mqtt_pace_free(struct mqtt_conn *c)
{
    free(c->throttle);
}
