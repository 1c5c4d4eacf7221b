/* loop.c — the turns of the loop thread.
 *
 * One turn is: poll (descriptors, letters, signals: fd.c) · due timers · deferred tasks · hooks. We
 * poll ourselves, once a turn, so that the order above is ours and not libuv's, and so that a test
 * can make turns by hand under a fake clock.
 *
 *  I1  The poll sleeps only when no task waits and no timer is due: what a hook defers, or what
 *      was deferred before the first turn, is done without delay.
 *  I2  Timers live by base/clock; the first of them only bounds the sleep. Under a fake clock its
 *      end is a turn in which nothing is due.
 *  I3  Hooks run after everything else of the turn, so whatever they flush or hand over is whole.
 *  I4  `now` is taken once a turn, by the first event after the sleep (loop_event), else after the
 *      poll. Callbacks of one turn agree on the time. So they do on the time of day, which is asked
 *      for by the first that needs it.
 *
 * Tasks which defer tasks get TASK_ROUNDS rounds in a turn; after that I/O has its turn first. */
#include "loop/loop_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>

enum { TASK_ROUNDS = 32, CLOSE_ROUNDS = 64 };

static void on_bell(uv_async_t *handle)
{
}

int loop_create(struct loop **ret_loop, struct diag *diag)
{
    struct loop *loop = xnew(struct loop);
    int rc = uv_loop_init(&loop->uv);
    if (rc < 0) goto fail;
    rc = uv_async_init(&loop->uv, &loop->bell, on_bell);
    if (rc < 0) goto close_uv;
    loop->uv_changed = true;
    rc = loop_poll_open(loop);
    if (rc < 0) goto close_bell;
    list_init(&loop->tasks);
    list_init(&loop->hooks);
    loop->now = clock_mono_ms();
    *ret_loop = loop;
    return 0;

close_bell:
    uv_close((uv_handle_t *)&loop->bell, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
close_uv:
    uv_loop_close(&loop->uv);
fail:
    free(loop);
    return diag_set(diag, rc, "the event loop cannot start: %s", err_text(rc));
}

static void forget_links(struct list *head)
{
    while (list_pop_front(head))
        ;
}

void loop_destroy(struct loop *loop)
{
    if (!loop) return;
    if (loop->in_turn) BUG("the loop is destroyed from within its turn");
    if (loop->timers.count) BUG("%zu timers run at the end of the loop", loop->timers.count);
    uv_close((uv_handle_t *)&loop->bell, NULL);
    int rc = UV_EBUSY;
    for (int i = 0; i < CLOSE_ROUNDS && rc == UV_EBUSY; i++) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        rc = uv_loop_close(&loop->uv);
    }
    if (rc < 0) BUG("open handles at the end of the loop");
    loop_poll_close(loop);
    forget_links(&loop->tasks);
    forget_links(&loop->hooks);
    timer_heap_deinit(loop);
    free(loop);
}

static void take_time(struct loop *loop)
{
    loop->now = clock_mono_ms();
    loop->real = 0;
}

void loop_event(struct loop *loop)
{
    loop->event = true;
    if (!loop->now_stale) return;
    loop->now_stale = false;
    take_time(loop);
}

static void poll_events(struct loop *loop, int64_t max_wait)
{
    int64_t wait = list_empty(&loop->tasks) ? timer_heap_wait(loop) : 0;
    if (max_wait >= 0 && (wait < 0 || wait > max_wait)) wait = max_wait;
    loop->now_stale = true;
    loop_poll(loop, wait);
    if (loop->now_stale) take_time(loop);
    loop->now_stale = false;
}

static void run_tasks(struct loop *loop)
{
    for (int round = 0; round < TASK_ROUNDS && !list_empty(&loop->tasks); round++) {
        struct list batch;
        list_init(&batch);
        list_splice(&batch, &loop->tasks);
        for (struct list *link; (link = list_pop_front(&batch));) {
            struct loop_task *task = container_of(link, struct loop_task, link);
            task->waiting = false;
            loop->event = true;
            task->cb(task);
        }
    }
}

/* A link of our own walks along the list, so that hooks may come and go meanwhile. */
static void run_hooks(struct loop *loop)
{
    struct list here;
    list_push_front(&loop->hooks, &here);
    while (here.next != &loop->hooks) {
        struct list *link = here.next;
        list_remove(&here);
        list_insert_before(link->next, &here);
        struct loop_hook *hook = container_of(link, struct loop_hook, link);
        hook->cb(hook);
    }
    list_remove(&here);
}

static bool turn(struct loop *loop, int64_t max_wait)
{
    if (loop->in_turn) BUG("a turn of the loop within a turn");
    loop->in_turn = true;
    loop->event = false;
    poll_events(loop, max_wait);
    timer_heap_fire(loop);
    run_tasks(loop);
    run_hooks(loop);
    loop->in_turn = false;
    return loop->event;
}

void loop_run(struct loop *loop)
{
    /* Whoever set things up before the first turn counts on the hooks before we sleep. */
    int64_t max_wait = 0;
    while (!atomic_load(&loop->stopped)) {
        turn(loop, max_wait);
        max_wait = -1;
    }
    atomic_store(&loop->stopped, false);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopped, true);
    uv_async_send(&loop->bell);
}

bool loop_turn(struct loop *loop)
{
    return turn(loop, 0);
}

void loop_turn_wait(struct loop *loop, int timeout_ms)
{
    turn(loop, timeout_ms > 0 ? timeout_ms : 0);
}

int64_t loop_now(const struct loop *loop)
{
    return loop->now;
}

int64_t loop_real(struct loop *loop)
{
    if (!loop->real) loop->real = clock_real_ms();
    return loop->real;
}

void **loop_net(struct loop *loop)
{
    return &loop->net;
}

void loop_task_init(struct loop_task *task, loop_task_cb cb)
{
    list_init(&task->link);
    task->cb = cb;
    task->waiting = false;
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
    if (task->waiting) return;
    task->waiting = true;
    list_push_back(&loop->tasks, &task->link);
}

void loop_task_cancel(struct loop_task *task)
{
    list_remove(&task->link);
    task->waiting = false;
}

void loop_hook_add(struct loop *loop, struct loop_hook *hook, loop_hook_cb cb)
{
    hook->cb = cb;
    list_push_back(&loop->hooks, &hook->link);
}

void loop_hook_remove(struct loop_hook *hook)
{
    list_remove(&hook->link);
}
