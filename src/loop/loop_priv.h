/* loop_priv.h — what the files of src/loop share. */
#ifndef LOOP_LOOP_PRIV_H
#define LOOP_LOOP_PRIV_H

#include "loop/loop.h"

#include <stdatomic.h>
#include <sys/epoll.h>
#include <uv.h>

enum { LOOP_READY = 512 }; /* descriptors handled in one turn */

struct timer_heap {
    struct loop_timer **items; /* items[0] is due first */
    size_t count;
    size_t cap;
    struct loop_timer **firing; /* taken out of the heap by the turn that is firing them */
    size_t firing_cap;
};

struct loop {
    uv_loop_t uv;
    uv_async_t bell; /* ends the poll for loop_stop; also keeps libuv from being done */
    bool uv_changed; /* handles of libuv have come or gone: it must run to see to it */
    int epoll;
    struct epoll_event ready[LOOP_READY]; /* fetched */
    int ready_at;                         /* the first that is not handled */
    int ready_count;
    struct timer_heap timers;
    struct list tasks;
    struct list hooks;
    int64_t now;
    int64_t real;   /* 0: not asked for since `now` was taken */
    bool now_stale; /* the poll may have slept since `now` was taken */
    bool in_turn;
    bool event; /* something was done in this turn */
    _Atomic bool stopped;
    void *net; /* the context of src/net */
};

/* fd.c */
int loop_poll_open(struct loop *loop);
void loop_poll_close(struct loop *loop);
/* Waits for descriptors, letters and signals, -1 for ever, and calls back. */
void loop_poll(struct loop *loop, int64_t wait_ms);

/* Milliseconds until the first timer is due, 0 if one is, -1 if there is none. */
int64_t timer_heap_wait(const struct loop *loop);
/* Fires what is due by loop->now; timers started meanwhile wait for the next turn. */
void timer_heap_fire(struct loop *loop);
void timer_heap_deinit(struct loop *loop);

#endif
