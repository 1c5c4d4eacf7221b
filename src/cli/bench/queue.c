/* queue.c — messages for a session whose client is away: how fast they are taken, and how
 * fast they are handed over, all of them and in order, when it comes back. Both scenarios do the
 * same rounds; they differ in what is measured. */
#include "cli/bench/bench_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_BYTES = 32 * 1024 };

struct queue_run {
    struct bench *b;
    struct link pub, sub;
    int64_t count; /* of messages in a round */
    int64_t sent;
    int64_t expected; /* the number of the message that comes next */
    uint16_t id;
    char topic[64], client[64];
};

/* ---- the client that goes and comes --------------------------------------------------------- */

/* The payload begins with the message's number. */
static void on_message(struct link *l, const uint8_t *payload, size_t len)
{
    struct queue_run *q = l->owner;
    int64_t number = -1;
    if (len >= sizeof number) memcpy(&number, payload, sizeof number);
    if (number != q->expected)
        bench_fail(q->b, ERR_STATE, "message %" PRId64 " came where %" PRId64 " was due", number,
                   q->expected);
    q->expected++;
}

static int come(struct queue_run *q, bool clean)
{
    int64_t up = q->b->up;
    q->sub.on_publish = on_message;
    q->sub.owner = q;
    link_open(q->b, &q->sub, q->client, clean);
    return bench_await(q->b, &q->b->up, up + 1, "connections");
}

static int go(struct queue_run *q)
{
    int64_t ended = q->b->ended;
    link_leave(&q->sub);
    return bench_await(q->b, &q->b->ended, ended + 1, "connections that end");
}

static int be_absent(struct queue_run *q)
{
    int64_t subacked = q->b->subacked;
    if (come(q, false) < 0) return q->b->rc;
    link_subscribe(&q->sub, 1, q->topic, 1);
    bench_await(q->b, &q->b->subacked, subacked + 1, "SUBACKs");
    return go(q);
}

/* ---- a round -------------------------------------------------------------------------------- */

static void publish_one(struct queue_run *q)
{
    static char payload[BENCH_PAYLOAD_MAX];
    q->id = (uint16_t)(q->id % UINT16_MAX + 1);
    memcpy(payload, &q->sent, sizeof q->sent);
    struct mqtt_publish publish = { .level = q->b->opts->level,
                                    .qos = 1,
                                    .id = q->id,
                                    .topic = slice_str(q->topic),
                                    .payload = slice_of(payload, (size_t)q->b->opts->payload) };
    size_t size = mqtt_publish_size(&publish);
    mqtt_encode_publish((uint8_t *)buf_reserve(&q->pub.out, size), &publish, NULL);
    q->pub.out.len += size;
    link_touch(&q->pub);
    q->sent++;
}

static void enqueue(struct queue_run *q)
{
    struct bench *b = q->b;
    int64_t start = b->acked, window = bench_window(b, 1);
    q->sent = 0;
    while (b->rc == 0 && b->acked - start < q->count) {
        while (q->sent < q->count && q->sent - (b->acked - start) < window &&
               q->pub.out.len < BATCH_BYTES)
            publish_one(q);
        bench_turn(b, BENCH_TICK_MS);
        if (bench_stalled(b)) bench_fail(b, ERR_TIMEOUT, "PUBACKs do not come");
    }
}

static void drain(struct queue_run *q)
{
    int64_t received = q->b->received;
    q->expected = 0;
    if (come(q, false) < 0) return;
    if (!q->sub.present) bench_fail(q->b, ERR_STATE, "the broker has forgotten the session");
    bench_await(q->b, &q->b->received, received + q->count, "messages");
}

static void round_of(struct queue_run *q, bool measure_drain)
{
    if (be_absent(q) < 0) return;
    if (!measure_drain) meter_start(q->b);
    enqueue(q);
    if (!measure_drain) meter_stop(q->b);
    if (q->b->rc < 0) return;
    if (measure_drain) meter_start(q->b);
    drain(q);
    if (measure_drain) meter_stop(q->b);
    if (q->b->rc < 0 || go(q) < 0) return;
    if (come(q, true) == 0) go(q); /* ends the session */
    q->b->result->count += q->count;
}

static int run(struct bench *b, bool measure_drain)
{
    struct queue_run q = { .b = b, .count = bench_scaled(b, b->scenario->messages) };
    snprintf(q.client, sizeof q.client, "bench-absent-%d", (int)getpid());
    snprintf(q.topic, sizeof q.topic, "bench/queue/%d", (int)getpid());
    bench_open_all(b, &q.pub, 1, "pub");
    do
        round_of(&q, measure_drain);
    while (b->rc == 0 && !meter_enough(b));
    link_close(&q.pub);
    link_close(&q.sub);
    return b->rc;
}

int bench_enqueue(struct bench *b)
{
    return run(b, false);
}

int bench_drain(struct bench *b)
{
    return run(b, true);
}
