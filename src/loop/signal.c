/* signal.c — signals of the process as callbacks on the loop, by libuv's self-pipe. A signal that
 * comes twice before the loop looks may be seen once. */
#include "loop/loop_priv.h"

#include "base/mem.h"

#include <stdlib.h>

struct loop_signal {
    uv_signal_t handle;
    struct loop *loop;
    loop_signal_cb cb;
    void *arg;
};

static void on_signal(uv_signal_t *handle, int signum)
{
    struct loop_signal *sig = container_of(handle, struct loop_signal, handle);
    loop_event(sig->loop);
    sig->cb(signum, sig->arg);
}

struct loop_signal *loop_signal_open(struct loop *loop, int signum, loop_signal_cb cb, void *arg)
{
    struct loop_signal *sig = xnew(struct loop_signal);
    sig->loop = loop;
    sig->cb = cb;
    sig->arg = arg;
    int rc = uv_signal_init(&loop->uv, &sig->handle);
    if (rc == 0) rc = uv_signal_start(&sig->handle, on_signal, signum);
    if (rc < 0) BUG("signal %d cannot be caught: %s", signum, uv_strerror(rc));
    loop->uv_changed = true;
    return sig;
}

static void on_closed(uv_handle_t *handle)
{
    free(container_of(handle, struct loop_signal, handle));
}

void loop_signal_close(struct loop_signal *sig)
{
    if (!sig) return;
    sig->loop->uv_changed = true;
    uv_close((uv_handle_t *)&sig->handle, on_closed);
}
