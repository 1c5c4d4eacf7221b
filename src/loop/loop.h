/* loop.h — the loop thread: libuv's loop, timers over base/clock, deferred calls, mailboxes between
 * threads, lanes of workers. Everything here is called on the loop thread unless it says otherwise.
 * The only includer of <uv.h> is src/loop. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include "base/diag.h"
#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

int loop_create(struct loop **ret_loop, struct diag *diag);
/* All handles must be closed and all timers stopped; a BUG otherwise. Accepts NULL. */
void loop_destroy(struct loop *loop);
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
/* Any thread. */
void loop_stop(struct loop *loop);
/* One turn without blocking: I/O that is ready, letters, due timers, deferred calls, end-of-turn
 * hooks. For tests, which move a fake clock between turns. Returns true if anything was done. */
bool loop_turn(struct loop *loop);
/* One turn which may block until something happens, at most timeout_ms of real time. For tests that
 * await another thread. */
void loop_turn_wait(struct loop *loop, int timeout_ms);
/* clock_mono_ms() as of the beginning of this turn. */
int64_t loop_now(const struct loop *loop);
/* clock_real_ms() as of this turn: when it was first asked for in it. Between turns it is as old as the last
 * one. */
int64_t loop_real(struct loop *loop);
/* For src/net alone: where it hangs the context that its objects share; NULL at first. */
void **loop_net(struct loop *loop);
/* For src/net alone: each callback of a descriptor begins with it. This turn has done something, and
 * loop_now() is fresh. */
void loop_event(struct loop *loop);

/* ---- descriptors: sockets that are watched. Embedded in the user's struct ---- */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_FAILED = 4 };
struct loop_fd;
/* events: what may be tried now. LOOP_FAILED comes once, with both of the others; the descriptor is not
 * watched any more then. The watch may be closed, and its memory freed, in the callback. */
typedef void (*loop_fd_cb)(struct loop_fd *watch, int events);
struct loop_fd {
    struct loop *loop;
    loop_fd_cb cb;
    int fd;
    int events; /* as watched */
};
/* Takes the descriptor; watches nothing yet. */
void loop_fd_init(struct loop_fd *watch, struct loop *loop, int fd, loop_fd_cb cb);
/* LOOP_READ, LOOP_WRITE, both or 0. Returns 0 or a negative code. */
int loop_fd_watch(struct loop_fd *watch, int events);
/* Closes the descriptor; no callback follows. Harmless when it is closed. */
void loop_fd_close(struct loop_fd *watch);

/* ---- timers: a binary heap that bounds the sleep ----
 * Embedded in the user's struct. Once; start again from the callback to repeat. */
struct loop_timer;
typedef void (*loop_timer_cb)(struct loop_timer *timer);
struct loop_timer {
    struct loop *loop;
    loop_timer_cb cb;
    int64_t due; /* clock_mono_ms */
    size_t at;   /* place in the heap, SIZE_MAX when stopped */
};
void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_timer_cb cb);
/* (Re)starts; delay 0 fires in the next turn, never from within this call. */
void loop_timer_start(struct loop_timer *timer, int64_t delay_ms);
/* Harmless when stopped. */
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_active(const struct loop_timer *timer);

/* ---- deferred calls: run later in this turn, before the hooks, in order ----
 * Embedded; deferring one that waits already does nothing. */
struct loop_task;
typedef void (*loop_task_cb)(struct loop_task *task);
struct loop_task {
    struct list link;
    loop_task_cb cb;
    bool waiting;
};
void loop_task_init(struct loop_task *task, loop_task_cb cb);
void loop_defer(struct loop *loop, struct loop_task *task);
void loop_task_cancel(struct loop_task *task);

/* ---- hooks: called once at the end of every turn, just before the loop may sleep, in the order of
 * their registration (flush connections, hand the batch to the store) ---- */
struct loop_hook;
typedef void (*loop_hook_cb)(struct loop_hook *hook);
struct loop_hook {
    struct list link;
    loop_hook_cb cb;
};
void loop_hook_add(struct loop *loop, struct loop_hook *hook, loop_hook_cb cb);
void loop_hook_remove(struct loop_hook *hook);

/* ---- mailbox: letters from other threads to the loop ----
 * Our own mutex and list with a uv_async as the bell, so that ThreadSanitizer sees the hand-over. */
struct mailbox;
struct letter {
    struct list link;
};
/* Called on the loop for each letter, in the order of posting. The letter may be freed in it. */
typedef void (*mailbox_cb)(struct mailbox *box, struct letter *letter, void *arg);
struct mailbox *mailbox_create(struct loop *loop, mailbox_cb cb, void *arg);
/* Any thread. Takes the letter until the callback. */
void mailbox_post(struct mailbox *box, struct letter *letter);
/* No thread may post any more. Letters that wait are delivered first. The memory is released by the
 * loop later. */
void mailbox_destroy(struct mailbox *box);

/* ---- worker lanes: blocking work off the loop ---- */
struct worker_lane;
struct worker_job;
typedef void (*worker_cb)(struct worker_job *job);
struct worker_job {
    struct letter letter; /* first */
    worker_cb run;        /* on a thread of the lane */
    worker_cb done;       /* on the loop, always, once; the job may be freed in it */
    bool cancelled;       /* in done: run was not called, the lane stopped */
};
/* A lane of `threads` threads and at most max_queue waiting jobs. name (static storage) is the
 * threads' name, at most 15 characters. */
struct worker_lane *worker_lane_create(struct loop *loop, const char *name, unsigned threads,
                                       size_t max_queue);
/* ERR_BUSY when the queue is full, ERR_CLOSED from a `done` that worker_lane_destroy calls: nothing
 * happens then, done is not called. */
int worker_submit(struct worker_lane *lane, struct worker_job *job);
/* Jobs waiting or running. */
size_t worker_lane_load(const struct worker_lane *lane);
/* Running jobs are waited for, waiting ones are cancelled; every `done` is called before it returns. */
void worker_lane_destroy(struct worker_lane *lane);

/* ---- signals ---- */
typedef void (*loop_signal_cb)(int signum, void *arg);
/* cb(SIGTERM | SIGINT | SIGHUP ...) on the loop. Undone by loop_signal_close. */
struct loop_signal;
struct loop_signal *loop_signal_open(struct loop *loop, int signum, loop_signal_cb cb, void *arg);
void loop_signal_close(struct loop_signal *sig);

#endif
