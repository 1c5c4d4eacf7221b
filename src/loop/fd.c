/* fd.c — descriptors that the loop watches, by epoll; the loop sleeps here.
 *
 * libuv's uv_poll would do, but costs six system calls and 160 bytes more for each connection: it probes
 * the descriptor, makes it non-blocking again, and takes it out of the set before it is closed. So the
 * sockets are in a set of ours, and libuv's own descriptor is one of its members: libuv runs when it has
 * something to do (mailboxes, signals).
 *
 *  I1  A descriptor is in the set exactly while its events are not 0.
 *  I2  Events that were fetched for a watch which is closed meanwhile, or watches no more, are dropped.
 *  I3  A failed socket is told of once: it is taken out of the set, and comes back with the next
 *      loop_fd_watch. */
#include "loop/loop_priv.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

int loop_poll_open(struct loop *loop)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) return -errno;
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, uv_backend_fd(&loop->uv), &event) == 0) return 0;
    int rc = -errno;
    close(loop->epoll);
    return rc;
}

void loop_poll_close(struct loop *loop)
{
    close(loop->epoll);
}

void loop_fd_init(struct loop_fd *watch, struct loop *loop, int fd, loop_fd_cb cb)
{
    *watch = (struct loop_fd){ .loop = loop, .fd = fd, .cb = cb };
}

int loop_fd_watch(struct loop_fd *watch, int events)
{
    if (events == watch->events) return 0;
    struct epoll_event event = { .data.ptr = watch };
    if (events & LOOP_READ) event.events |= EPOLLIN;
    if (events & LOOP_WRITE) event.events |= EPOLLOUT;
    int op = !events ? EPOLL_CTL_DEL : watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(watch->loop->epoll, op, watch->fd, &event) < 0) return -errno;
    watch->events = events;
    return 0;
}

void loop_fd_close(struct loop_fd *watch)
{
    struct loop *loop = watch->loop;
    for (int i = loop->ready_at; i < loop->ready_count; i++)
        if (loop->ready[i].data.ptr == watch) loop->ready[i].events = 0;
    if (watch->fd < 0) return;
    close(watch->fd); /* takes it out of the set */
    watch->fd = -1;
    watch->events = 0;
}

static void dispatch(struct loop_fd *watch, uint32_t events)
{
    int got = 0;
    if (events & EPOLLIN) got |= LOOP_READ;
    if (events & EPOLLOUT) got |= LOOP_WRITE;
    if (events & EPOLLERR) {
        loop_fd_watch(watch, 0);
        got = LOOP_READ | LOOP_WRITE | LOOP_FAILED;
    } else if (events & EPOLLHUP) {
        got = watch->events; /* what is tried next will tell */
    }
    if (got & (watch->events | LOOP_FAILED)) watch->cb(watch, got);
}

void loop_poll(struct loop *loop, int64_t wait_ms)
{
    int timeout = wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms;
    bool run_uv = loop->uv_changed || uv_backend_timeout(&loop->uv) == 0;
    loop->uv_changed = false;
    if (run_uv) uv_run(&loop->uv, UV_RUN_NOWAIT); /* it takes up what is new, and may defer more */
    if (run_uv && loop->event) timeout = 0;
    int count = epoll_wait(loop->epoll, loop->ready, LOOP_READY, timeout);
    loop->ready_count = count < 0 ? 0 : count;
    for (loop->ready_at = 0; loop->ready_at < loop->ready_count;) {
        struct epoll_event event = loop->ready[loop->ready_at++];
        if (event.data.ptr && event.events)
            dispatch(event.data.ptr, event.events);
        else if (!event.data.ptr)
            uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    loop->ready_count = loop->ready_at = 0;
}
