/* bench_conn.c — what a QoS 0 publish to one receiver costs from on_read over the hub to the receiver's
 * stream, without sockets: stream pairs, a real hub, a fake auth. Also QoS 1 to a clean receiver. `./dev bench
 * conn` runs it. */
#include "../unit/hub/auth_fake.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conn/front.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"
#include "mqtt/mqtt.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 500, BATCHES = 2000 };

static size_t received;

static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    received += len;
    return len;
}

static void on_end(struct stream *stream, int rc)
{
    abort();
}

static const struct stream_cbs cbs = { .on_read = on_read, .on_end = on_end };

static void no_line(const char *line, size_t len)
{
}

static struct stream *client(struct loop *loop, struct front_listener *listener, const char *id)
{
    struct stream *ours, *theirs;
    struct buf packet = { 0 };
    stream_pair_create(loop, &ours, &theirs);
    ours->cbs = &cbs;
    front_accept(NULL, theirs, listener);
    mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                         .clean_session = true,
                                                         .client_id = slice_str(id) });
    struct mqtt_filter filter = { slice_str(id), 1 };
    mqtt_encode_subscribe(&packet, MQTT_LEVEL_311, MQTT_TYPE_subscribe, 1, (struct slice){ 0 },
                          &filter, 1);
    stream_write(ours, packet.data, packet.len);
    buf_deinit(&packet);
    for (int i = 0; i < 10; i++)
        loop_turn(loop);
    return ours;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(struct loop *loop, struct stream *from, size_t payload_len)
{
    char payload[4096];
    struct buf batch = { 0 };
    memset(payload, 'x', sizeof payload);
    struct mqtt_publish publish = { .level = MQTT_LEVEL_311,
                                    .topic = SLICE_LIT("to"),
                                    .payload = slice_of(payload, payload_len) };
    size_t size = mqtt_publish_size(&publish);
    for (int i = 0; i < BATCH; i++) {
        mqtt_encode_publish((uint8_t *)buf_reserve(&batch, size), &publish, NULL);
        batch.len += size;
    }
    received = 0;
    double start = cpu_seconds();
    for (int i = 0; i < BATCHES; i++) {
        stream_write(from, batch.data, batch.len);
        size_t wanted = (size_t)(i + 1) * BATCH * size;
        for (int turn = 0; turn < 1000 && received < wanted; turn++)
            loop_turn(loop);
    }
    double took = cpu_seconds() - start;
    double count = (double)received / (double)size;
    printf("payload %4zu: %9.0f messages a CPU second, %5.0f ns each\n", payload_len, count / took,
           took * 1e9 / count);
    buf_deinit(&batch);
}

int main(void)
{
    struct diag diag = DIAG_INIT;
    struct loop *loop;
    struct store *store;
    struct hub *hub;
    log_set_sink(no_line);
    if (loop_create(&loop, &diag) < 0) BUG("%s", diag.text);
    struct auth *auth = auth_fake_create(loop);
    struct store_opts store_opts = { .path = "/bench.db", .vfs = "memdb", .max_pending = 1000 };
    if (store_open(&store, loop, &store_opts, &diag) < 0) BUG("%s", diag.text);
    struct hub_opts hub_opts = { .max_topic_levels = 8,
                                 .match_cache = 64,
                                 .max_retained = 8,
                                 .max_hops = 3,
                                 .max_queued = 1000,
                                 .max_queued_bytes = 1 << 20,
                                 .max_inflight = 100,
                                 .max_subscriptions = 8,
                                 .max_sessions = 8 };
    if (hub_create(&hub, loop, store, auth, &hub_opts, &diag) < 0) BUG("%s", diag.text);
    struct front_opts front_opts = { .max_packet = 1 << 20,
                                     .connect_timeout_ms = 5000,
                                     .output_buffer = 64 << 20 };
    struct front *front = front_create(hub, &front_opts);
    struct front_listener listener = { front, "bench", "policy" };
    struct stream *from = client(loop, &listener, "from");
    client(loop, &listener, "to");
    for (size_t len = 16; len <= 4096; len *= 4)
        measure(loop, from, len);
    fflush(stdout);
    _exit(0);
}
