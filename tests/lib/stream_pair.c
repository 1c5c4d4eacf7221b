/* stream_pair.c — a transport in memory; see stream_pair.h.
 *
 * A flush moves queued bytes into the other end's `in`, as far as its window goes, and defers the
 * other's pump; the pump shows them to the owner and asks the writer for more. Each end points to
 * its other until one of them is freed. */
#include "lib/stream_pair.h"

#include "net/stream_core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 64 << 10 };

struct pair_end {
    struct stream_core core; /* first */
    struct pair_end *other;  /* NULL when it is closed */
    struct buf in;           /* on the way to us */
    size_t window;           /* of `in` */
    bool peer_closed;
    struct loop_task pump;
};

static struct pair_end *end_of(struct stream_core *core)
{
    return (struct pair_end *)core;
}

static void wake(struct pair_end *end)
{
    loop_defer(stream_loop(&end->core.s), &end->pump);
}

static void pair_flush(struct stream_core *core)
{
    struct pair_end *end = end_of(core);
    struct pair_end *other = end->other;
    struct iovec iov[1];
    if (!other) {
        stream_core_broken(core, -EPIPE);
        return;
    }
    while (core->queued && other->in.len < other->window) {
        stream_core_iov(core, iov, 1);
        size_t room = other->window - other->in.len;
        size_t part = iov[0].iov_len < room ? iov[0].iov_len : room;
        buf_append(&other->in, iov[0].iov_base, part);
        wake(other);
        stream_core_sent(core, part);
    }
}

static void on_pump(struct loop_task *task)
{
    struct pair_end *end = container_of(task, struct pair_end, pump);
    if (!stream_core_reading(&end->core)) return;
    if (end->in.len) {
        struct buf bytes = end->in;
        end->in = (struct buf){ 0 };
        stream_core_read(&end->core, (uint8_t *)bytes.data, bytes.len);
        buf_deinit(&bytes);
        if (end->other && end->other->core.queued) stream_core_touch(&end->other->core);
    }
    if (end->peer_closed && end->in.len == 0) stream_core_end(&end->core, 0);
}

static void pair_set_reading(struct stream_core *core, bool on)
{
    if (on) wake(end_of(core));
}

static void part_from(struct pair_end *end)
{
    struct pair_end *other = end->other;
    end->other = NULL;
    if (!other) return;
    other->other = NULL;
    other->peer_closed = true;
    wake(other);
}

static void pair_close(struct stream_core *core, bool linger)
{
    part_from(end_of(core));
    stream_core_closed(core);
}

static void pair_free(struct stream_core *core)
{
    struct pair_end *end = end_of(core);
    loop_task_cancel(&end->pump);
    buf_deinit(&end->in);
    stream_core_deinit(core);
    free(end);
}

static const struct stream_ops pair_ops = {
    .flush = pair_flush,
    .set_reading = pair_set_reading,
    .close = pair_close,
    .free = pair_free,
};

static struct pair_end *end_create(struct loop *loop, uint16_t port)
{
    struct pair_end *end = xnew(struct pair_end);
    struct stream_peer *peer = &end->core.s.peer;
    end->window = WINDOW;
    peer->kind = STREAM_PAIR;
    peer->loopback = true;
    snprintf(peer->address, sizeof peer->address, "127.0.0.1");
    peer->port = port;
    stream_core_init(&end->core, loop, &pair_ops);
    loop_task_init(&end->pump, on_pump);
    return end;
}

void stream_pair_create(struct loop *loop, struct stream **ret_a, struct stream **ret_b)
{
    struct pair_end *a = end_create(loop, 1883);
    struct pair_end *b = end_create(loop, 50000);
    a->other = b;
    b->other = a;
    *ret_a = &a->core.s;
    *ret_b = &b->core.s;
}

static void cut(struct pair_end *end, int rc)
{
    end->other = NULL;
    buf_deinit(&end->in);
    stream_core_broken(&end->core, rc);
    stream_core_end(&end->core, rc);
}

void stream_pair_break(struct stream *end, int rc)
{
    struct pair_end *one = end_of(stream_core(end));
    struct pair_end *other = one->other;
    cut(one, rc);
    if (other) cut(other, rc);
}

void stream_pair_set_window(struct stream *end, size_t bytes)
{
    struct pair_end *other = end_of(stream_core(end))->other;
    if (other) other->window = bytes;
}
