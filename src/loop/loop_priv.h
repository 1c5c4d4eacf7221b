/* loop_priv.h — what the files of src/loop share. */
#ifndef LOOP_LOOP_PRIV_H
#define LOOP_LOOP_PRIV_H

#include "loop/loop.h"

#include <stdatomic.h>
#include <uv.h>

struct timer_heap {
    struct loop_timer **items; /* items[0] is due first */
    size_t count;
    size_t cap;
    struct loop_timer **firing; /* taken out of the heap by the turn that is firing them */
    size_t firing_cap;
};

struct loop {
    uv_loop_t uv;
    uv_timer_t alarm; /* ends the poll when the first timer of the heap is due */
    uv_async_t bell;  /* ends the poll for loop_stop; also keeps the poll from returning at once */
    struct timer_heap timers;
    struct list tasks;
    struct list hooks;
    int64_t now;
    bool now_stale; /* the poll may have slept since `now` was taken */
    bool in_turn;
    bool event; /* something was done in this turn */
    _Atomic bool stopped;
    void *net; /* the context of src/net */
};

/* Milliseconds until the first timer is due, 0 if one is, -1 if there is none. */
int64_t timer_heap_wait(const struct loop *loop);
/* Fires what is due by loop->now; timers started meanwhile wait for the next turn. */
void timer_heap_fire(struct loop *loop);
void timer_heap_deinit(struct loop *loop);

#endif
