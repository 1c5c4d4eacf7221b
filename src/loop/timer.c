/* timer.c — timers in a binary heap by due time; each knows its place, so stopping one is
 * O(log n) and needs no search. Thousands of keep-alive timers are restarted far more often than
 * they fire, which is why libuv's own timers (a heap as well, but by libuv's clock) are not used:
 * ours run by base/clock.
 *
 *  I1  items[i]->at == i; a stopped timer has at == SIZE_MAX; one that the present turn has taken
 *      out to fire it has the bit FIRING and its index in `firing`.
 *  I2  A timer that is started by a callback never fires in the same turn, even with delay 0.
 *  I3  A timer that is stopped by a callback of the same turn does not fire. */
#include "loop/loop_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

#define STOPPED SIZE_MAX
#define FIRING  ((size_t)1 << (sizeof(size_t) * 8 - 1))

static void put(struct timer_heap *heap, size_t at, struct loop_timer *timer)
{
    heap->items[at] = timer;
    timer->at = at;
}

static void sift_up(struct timer_heap *heap, size_t at, struct loop_timer *timer)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (heap->items[parent]->due <= timer->due) break;
        put(heap, at, heap->items[parent]);
        at = parent;
    }
    put(heap, at, timer);
}

static void sift_down(struct timer_heap *heap, size_t at, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count) break;
        if (child + 1 < heap->count && heap->items[child + 1]->due < heap->items[child]->due)
            child++;
        if (timer->due <= heap->items[child]->due) break;
        put(heap, at, heap->items[child]);
        at = child;
    }
    put(heap, at, timer);
}

static void insert(struct timer_heap *heap, struct loop_timer *timer)
{
    if (heap->count == heap->cap) {
        heap->cap = heap->cap ? heap->cap * 2 : 16;
        heap->items = xrealloc(heap->items, heap->cap * sizeof(struct loop_timer *));
    }
    sift_up(heap, heap->count++, timer);
}

static void take_out(struct timer_heap *heap, size_t at)
{
    heap->items[at]->at = STOPPED;
    struct loop_timer *last = heap->items[--heap->count];
    if (at == heap->count) return;
    if (at > 0 && heap->items[(at - 1) / 2]->due > last->due)
        sift_up(heap, at, last);
    else
        sift_down(heap, at, last);
}

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_timer_cb cb)
{
    *timer = (struct loop_timer){ loop, cb, 0, STOPPED };
}

void loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
    int64_t now = clock_mono_ms();
    loop_timer_stop(timer);
    if (delay_ms < 0) delay_ms = 0;
    timer->due = delay_ms > INT64_MAX - now ? INT64_MAX : now + delay_ms;
    insert(&timer->loop->timers, timer);
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer->at == STOPPED) return;
    struct timer_heap *heap = &timer->loop->timers;
    if (timer->at & FIRING)
        heap->firing[timer->at & ~FIRING] = NULL;
    else
        take_out(heap, timer->at);
    timer->at = STOPPED;
}

bool loop_timer_active(const struct loop_timer *timer)
{
    return timer->at != STOPPED;
}

int64_t timer_heap_wait(const struct loop *loop)
{
    if (!loop->timers.count) return -1;
    int64_t due = loop->timers.items[0]->due;
    int64_t now = clock_mono_ms();
    return due > now ? due - now : 0;
}

static size_t collect_due(struct timer_heap *heap, int64_t now)
{
    size_t count = 0;
    while (heap->count && heap->items[0]->due <= now) {
        if (count == heap->firing_cap) {
            heap->firing_cap = heap->firing_cap ? heap->firing_cap * 2 : 16;
            heap->firing = xrealloc(heap->firing, heap->firing_cap * sizeof(struct loop_timer *));
        }
        struct loop_timer *timer = heap->items[0];
        take_out(heap, 0);
        timer->at = FIRING | count;
        heap->firing[count++] = timer;
    }
    return count;
}

void timer_heap_fire(struct loop *loop)
{
    struct timer_heap *heap = &loop->timers;
    size_t count = collect_due(heap, loop->now);
    for (size_t i = 0; i < count; i++) {
        struct loop_timer *timer = heap->firing[i];
        if (!timer) continue;
        heap->firing[i] = NULL;
        timer->at = STOPPED;
        loop->event = true;
        timer->cb(timer);
    }
}

void timer_heap_deinit(struct loop *loop)
{
    free(loop->timers.items);
    free(loop->timers.firing);
}
