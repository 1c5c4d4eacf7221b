/* stream.c — the half of a stream that is the same for every transport.
 *
 * Output is a chain of segments: shared chunks by reference, small writes copied together into
 * segments of our own. All of it goes when it is sent, so that an idle stream holds no buffer.
 * Input that the owner has not used is kept in `rest` and shown again in front of what comes.
 *
 *  I1  Owners are called from stream_core_read (an event of the transport) and from `task` only,
 *      never from a function that an owner called.
 *  I2  After stream_close: no callback but on_closed. It comes once, later, and then s is freed.
 *  I3  on_end comes once, after everything that was read has been shown; a broken write side
 *      does not end the reading, since the peer's last words may wait there.
 *  I4  Chunks and segments are counted in the budget while they live.
 *  I5  rest is at most read_limit long, and has no memory when it is empty.
 *
 * The way of the end:
 *    stream_close ─┬─ queue empty, or no linger ──────────────────► ops->close ─► closed ─► on_closed
 *                  └─ lingering ── all sent, broken, or 5 s over ──────┘ */
#include "net/net_priv.h"

#include "base/budget.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    COPY_BELOW = 512, /* a smaller part of a chunk is copied: cheaper than a part of its own */
    SEG_SIZE = 1024,  /* of a segment for copies, its head included */
};

struct stream_seg {
    struct stream_seg *next;
    struct chunk *chunk; /* NULL: the bytes are our own */
    const uint8_t *data;
    size_t len;
    size_t room; /* free bytes behind own ones */
    size_t size; /* of the segment's memory, without the chunk */
    uint8_t own[];
};

/* ---- chunks ---- */

struct chunk *chunk_create(size_t len)
{
    if (len > UINT32_MAX) BUG("chunk of %zu bytes", len);
    struct chunk *chunk = xmalloc(sizeof *chunk + len);
    budget_add(BUDGET_OUTPUT, sizeof *chunk + len);
    chunk->refs = 1;
    chunk->len = (uint32_t)len;
    return chunk;
}

struct chunk *chunk_ref(struct chunk *chunk)
{
    chunk->refs++;
    return chunk;
}

void chunk_unref(struct chunk *chunk)
{
    if (!chunk || --chunk->refs) return;
    budget_sub(BUDGET_OUTPUT, sizeof *chunk + chunk->len);
    free(chunk);
}

/* ---- output queue ---- */

static void push_seg(struct stream_core *core, struct stream_seg *seg)
{
    budget_add(BUDGET_OUTPUT, seg->size);
    seg->next = NULL;
    if (core->tail)
        core->tail->next = seg;
    else
        core->head = seg;
    core->tail = seg;
}

static void pop_seg(struct stream_core *core)
{
    struct stream_seg *seg = core->head;
    core->head = seg->next;
    if (!core->head) core->tail = NULL;
    chunk_unref(seg->chunk);
    budget_sub(BUDGET_OUTPUT, seg->size);
    free(seg);
}

static void drop_queue(struct stream_core *core)
{
    while (core->head)
        pop_seg(core);
    core->queued = 0;
}

static void append_own(struct stream_seg *seg, const uint8_t *data, size_t len)
{
    memcpy((uint8_t *)seg->data + seg->len, data, len);
    seg->len += len;
    seg->room -= len;
}

static void push_copy(struct stream_core *core, const uint8_t *data, size_t len)
{
    size_t fits = core->tail && core->tail->room < len ? core->tail->room : len;
    if (core->tail && fits) {
        append_own(core->tail, data, fits);
        data += fits;
        len -= fits;
        if (len == 0) return;
    }
    size_t size = sizeof(struct stream_seg) + len;
    if (size < SEG_SIZE) size = SEG_SIZE;
    struct stream_seg *seg = xmalloc(size);
    *seg = (struct stream_seg){ .data = seg->own, .room = size - sizeof *seg, .size = size };
    append_own(seg, data, len);
    push_seg(core, seg);
}

static void push_chunk(struct stream_core *core, struct chunk *chunk, size_t at, size_t len)
{
    struct stream_seg *seg = xmalloc(sizeof *seg);
    *seg = (struct stream_seg){
        .chunk = chunk_ref(chunk), .data = chunk->data + at, .len = len, .size = sizeof *seg
    };
    push_seg(core, seg);
}

static bool writable(const struct stream_core *core)
{
    return !core->s.closing && !core->write_rc;
}

void stream_core_touch(struct stream_core *core)
{
    net_mark_dirty(core->net, core);
}

static void queue_grew(struct stream_core *core, size_t len)
{
    core->queued += len;
    if (stream_over_high_water(&core->s)) core->above = true;
    stream_core_touch(core);
}

void stream_write(struct stream *s, const void *data, size_t len)
{
    struct stream_core *core = stream_core(s);
    if (!writable(core) || len == 0) return;
    push_copy(core, data, len);
    queue_grew(core, len);
}

void stream_write_chunk(struct stream *s, struct chunk *chunk, size_t at, size_t len)
{
    struct stream_core *core = stream_core(s);
    if (at > chunk->len || len > chunk->len - at) BUG("writes beyond the end of a chunk");
    if (!writable(core) || len == 0) return;
    if (len < COPY_BELOW)
        push_copy(core, chunk->data + at, len);
    else
        push_chunk(core, chunk, at, len);
    queue_grew(core, len);
}

int stream_core_iov(const struct stream_core *core, struct iovec *iov, int max)
{
    int count = 0;
    for (struct stream_seg *seg = core->head; seg && count < max; seg = seg->next)
        iov[count++] = (struct iovec){ (void *)seg->data, seg->len };
    return count;
}

/* ---- tasks ---- */

static void schedule(struct stream_core *core)
{
    loop_defer(core->net->loop, &core->task);
}

static void show_rest(struct stream_core *core);

static void finish_close(struct stream_core *core)
{
    if (core->on_closed) core->on_closed(&core->s);
    core->s.ops->free(core);
}

/* One thing at a time: after each callback the owner may have closed the stream or changed cbs. */
static void on_task(struct loop_task *task)
{
    struct stream_core *core = container_of(task, struct stream_core, task);
    struct stream *s = &core->s;
    if (core->do_closed) {
        finish_close(core);
        return;
    }
    if (core->do_read) {
        core->do_read = false;
        show_rest(core);
    }
    if (core->do_writable && !s->closing) {
        core->do_writable = false;
        if (s->cbs && s->cbs->on_writable) s->cbs->on_writable(s);
    }
    if (core->do_end && !s->closing) {
        /* A paused owner sees the rest first, then the end. */
        if (core->paused && core->rest.len && core->end_rc >= 0) return;
        core->do_end = false;
        if (s->cbs && s->cbs->on_end) s->cbs->on_end(s, core->end_rc);
    }
}

/* ---- marks ---- */

size_t stream_pending(const struct stream *s)
{
    const struct stream_core *core = (const struct stream_core *)s;
    return core->queued + (s->ops->below ? s->ops->below(core) : 0);
}

uint64_t stream_sent(const struct stream *s)
{
    const struct stream_core *core = (const struct stream_core *)s;
    return s->ops->sent ? s->ops->sent(core) : core->sent;
}

bool stream_over_high_water(const struct stream *s)
{
    return stream_pending(s) > ((const struct stream_core *)s)->high_water;
}

void stream_set_high_water(struct stream *s, size_t bytes)
{
    struct stream_core *core = stream_core(s);
    core->high_water = bytes ? bytes : 1;
    if (stream_over_high_water(s)) core->above = true;
    if (s->ops->below && !s->closing) stream_core_touch(core); /* the lower layer's mark follows */
}

void stream_core_mark_lower(const struct stream_core *core, struct stream *lower, size_t most)
{
    size_t mark = core->high_water / 2 < most ? core->high_water / 2 : most;
    stream_set_high_water(lower, mark);
}

static void start_close(struct stream_core *core, bool linger)
{
    if (core->closed) return;
    core->closed = true;
    core->lingering = false;
    loop_timer_stop(&core->linger);
    drop_queue(core);
    list_remove(&core->dirty);
    core->s.ops->close(core, linger && !core->write_rc);
}

static void check_marks(struct stream_core *core)
{
    if (core->s.closing) {
        if (core->lingering && core->queued == 0) start_close(core, true);
        return;
    }
    if (!core->above || stream_pending(&core->s) > core->high_water / 2) return;
    core->above = false;
    core->do_writable = true;
    schedule(core);
}

void stream_core_sent(struct stream_core *core, size_t n)
{
    if (n > core->queued) BUG("%zu bytes sent of %zu", n, core->queued);
    core->queued -= n;
    core->sent += n;
    while (n > 0) {
        struct stream_seg *seg = core->head;
        if (n < seg->len) {
            seg->data += n;
            seg->len -= n;
            break;
        }
        n -= seg->len;
        pop_seg(core);
    }
    check_marks(core);
}

static struct stream_seg *take_seg(struct stream_core *core)
{
    struct stream_seg *seg = core->head;
    core->head = seg->next;
    if (!core->head) core->tail = NULL;
    seg->next = NULL;
    return seg;
}

/* The first segment goes down as it is, or is copied where it fits behind what is there already. */
static void move_seg(struct stream_core *core, struct stream_core *lower)
{
    struct stream_seg *last = lower->tail;
    if (!core->head->chunk && last && last->room >= core->head->len) {
        append_own(last, core->head->data, core->head->len);
        pop_seg(core);
        return;
    }
    struct stream_seg *seg = take_seg(core);
    if (last)
        last->next = seg;
    else
        lower->head = seg;
    lower->tail = seg;
}

static void move_part(struct stream_core *core, struct stream_core *lower, size_t n)
{
    struct stream_seg *seg = core->head;
    if (seg->chunk)
        push_chunk(lower, seg->chunk, (size_t)(seg->data - seg->chunk->data), n);
    else
        push_copy(lower, seg->data, n);
    seg->data += n;
    seg->len -= n;
}

void stream_core_move(struct stream_core *core, struct stream *to, size_t n)
{
    struct stream_core *lower = stream_core(to);
    if (n > core->queued) BUG("%zu bytes moved of %zu", n, core->queued);
    if (!writable(lower)) {
        stream_core_sent(core, n);
        return;
    }
    size_t left = n;
    while (left && core->head->len <= left) {
        left -= core->head->len;
        move_seg(core, lower);
    }
    if (left) move_part(core, lower, left);
    core->queued -= n;
    core->sent += n;
    if (n) queue_grew(lower, n);
    check_marks(core);
}

void stream_core_broken(struct stream_core *core, int rc)
{
    if (core->write_rc) return;
    core->write_rc = rc;
    drop_queue(core);
    list_remove(&core->dirty);
    check_marks(core);
}

void stream_flush(struct stream *s)
{
    struct stream_core *core = stream_core(s);
    if (core->closed || list_empty(&core->dirty)) return;
    list_remove(&core->dirty);
    s->ops->flush(core);
}

/* ---- reading ---- */

bool stream_core_reading(const struct stream_core *core)
{
    return !core->paused && !core->ended && !core->s.closing;
}

void stream_set_read_limit(struct stream *s, size_t bytes)
{
    stream_core(s)->read_limit = bytes;
}

static size_t show(struct stream_core *core, const uint8_t *data, size_t len)
{
    struct stream *s = &core->s;
    size_t used = s->cbs->on_read(s, data, len);
    if (used > len) BUG("on_read used %zu of %zu bytes", used, len);
    return used;
}

/* Shows data until the owner wants no more of it now; a change of cbs asks the new one at once. */
static size_t show_all(struct stream_core *core, const uint8_t *data, size_t len)
{
    struct stream *s = &core->s;
    size_t at = 0;
    const struct stream_cbs *asked;
    do {
        asked = s->cbs;
        if (!asked || !asked->on_read) break;
        at += show(core, data + at, len - at);
    } while (at < len && s->cbs != asked && !core->paused && !s->closing);
    return at;
}

static void check_rest(struct stream_core *core)
{
    if (core->s.closing || core->rest.len == 0) {
        buf_deinit(&core->rest);
    } else if (core->rest.len > core->read_limit) {
        buf_deinit(&core->rest);
        stream_core_end(core, ERR_TOO_LARGE);
    }
}

static void show_rest(struct stream_core *core)
{
    if (core->paused || core->s.closing || core->rest.len == 0) return;
    size_t used = show_all(core, (const uint8_t *)core->rest.data, core->rest.len);
    buf_consume(&core->rest, used);
    check_rest(core);
}

void stream_core_read(struct stream_core *core, const uint8_t *data, size_t len)
{
    if (!stream_core_reading(core) || len == 0) return;
    if (core->rest.len) {
        buf_append(&core->rest, data, len);
        show_rest(core);
        return;
    }
    size_t used = show_all(core, data, len);
    if (used < len && !core->s.closing) buf_append(&core->rest, data + used, len - used);
    check_rest(core);
}

void stream_core_end(struct stream_core *core, int rc)
{
    if (core->ended || core->s.closing) return;
    core->ended = true;
    core->end_rc = rc == 0 ? core->write_rc : rc;
    core->do_end = true;
    core->s.ops->set_reading(core, false);
    schedule(core);
}

void stream_pause(struct stream *s)
{
    struct stream_core *core = stream_core(s);
    if (core->paused || s->closing) return;
    core->paused = true;
    s->ops->set_reading(core, false);
}

void stream_resume(struct stream *s)
{
    struct stream_core *core = stream_core(s);
    if (s->closing) return;
    core->paused = false;
    if (core->ended && !core->do_end) return; /* on_end was called: nothing comes after it */
    if (core->rest.len || core->do_end) {
        core->do_read = core->rest.len > 0;
        schedule(core);
    }
    if (!core->ended) s->ops->set_reading(core, true);
}

/* ---- life ---- */

struct loop *stream_loop(const struct stream *s)
{
    return ((const struct stream_core *)s)->net->loop;
}

static void on_linger(struct loop_timer *timer)
{
    start_close(container_of(timer, struct stream_core, linger), false);
}

void stream_core_init(struct stream_core *core, struct loop *loop, const struct stream_ops *ops)
{
    core->s.ops = ops;
    core->net = net_ref(loop);
    core->high_water = STREAM_HIGH_WATER;
    core->read_limit = STREAM_READ_LIMIT;
    list_init(&core->dirty);
    loop_task_init(&core->task, on_task);
    loop_timer_init(&core->linger, loop, on_linger);
}

void stream_core_deinit(struct stream_core *core)
{
    drop_queue(core);
    list_remove(&core->dirty);
    loop_task_cancel(&core->task);
    loop_timer_stop(&core->linger);
    buf_deinit(&core->rest);
    if (core->s.peer.tls) free(core->s.peer.tls->cert_der);
    free(core->s.peer.tls);
    net_unref(core->net);
}

void stream_core_closed(struct stream_core *core)
{
    core->do_closed = true;
    schedule(core);
}

void stream_close_until(struct stream *s, int64_t deadline, stream_closed_cb cb)
{
    struct stream_core *core = stream_core(s);
    if (s->closing) return;
    s->closing = true;
    core->on_closed = cb;
    core->deadline = deadline;
    s->ops->set_reading(core, false);
    int64_t left = deadline ? deadline - clock_mono_ms() : 0;
    if (left <= 0 || core->queued == 0 || core->write_rc) {
        start_close(core, left > 0);
        return;
    }
    core->lingering = true;
    loop_timer_start(&core->linger, left);
}

void stream_cut(struct stream *s)
{
    struct stream_core *core = stream_core(s);
    if (!s->closing) return;
    if (loop_timer_active(&core->linger)) loop_timer_start(&core->linger, 0);
    if (s->ops->cut) s->ops->cut(core);
}

void stream_close_within(struct stream *s, int64_t linger_ms, stream_closed_cb cb)
{
    stream_close_until(s, linger_ms ? clock_mono_ms() + linger_ms : 0, cb);
}

void stream_close(struct stream *s, bool linger, stream_closed_cb cb)
{
    stream_close_within(s, linger ? STREAM_LINGER_MS : 0, cb);
}
