/* net.c — what the streams of a loop share: the buffers that only one of them needs at a time, and
 * the list of those with output.
 *
 * Streams queue their output and are flushed once, by a hook at the end of the turn: a message to a
 * client and the acknowledgement behind it leave in one system call.
 *
 *  I1  A stream is in the dirty list at most once and not when it is free.
 *  I2  When the list is not empty, the loop will not sleep: `wake` is deferred with the first entry.
 *      So output that a later hook produces leaves in a turn that follows at once.
 *  I3  A flush calls no owner back; it may mark other streams dirty (the layer below). */
#include "net/net_priv.h"

#include "base/mem.h"
#include "net/admission.h"
#include "net/tcp_priv.h"

#include <stdlib.h>

static void on_turn_end(struct loop_hook *hook)
{
    struct net *net = container_of(hook, struct net, hook);
    net->flushing = true;
    for (struct list *link; (link = list_pop_front(&net->dirty));) {
        struct stream_core *core = container_of(link, struct stream_core, dirty);
        loop_event(net->loop);
        core->s.ops->flush(core);
    }
    net->flushing = false;
}

static void on_wake(struct loop_task *task)
{
}

struct net *net_ref(struct loop *loop)
{
    struct net **slot = (struct net **)loop_net(loop);
    struct net *net = *slot;
    if (!net) {
        net = xnew(struct net);
        net->loop = loop;
        net->gauge = conn_gauge_create();
        net->admission = admission_create();
        list_init(&net->dirty);
        list_init(&net->tls_waiting);
        list_init(&net->tls_held);
        loop_timer_init(&net->tls_retry, loop, net_tls_retry);
        loop_hook_add(loop, &net->hook, on_turn_end);
        loop_task_init(&net->wake, on_wake);
        net->read_buf = xmalloc(NET_READ_SIZE);
        net->plain_buf = xmalloc(NET_PLAIN_SIZE);
        net->join_buf = xmalloc(NET_PLAIN_SIZE);
        *slot = net;
    }
    net->refs++;
    return net;
}

void net_unref(struct net *net)
{
    if (--net->refs) return;
    *loop_net(net->loop) = NULL;
    loop_hook_remove(&net->hook);
    loop_task_cancel(&net->wake);
    loop_timer_stop(&net->tls_retry);
    conn_gauge_unref(net->gauge);
    admission_destroy(net->admission);
    free(net->read_buf);
    free(net->plain_buf);
    free(net->join_buf);
    free(net->tls_in);
    free(net->tls_out);
    free(net);
}

void net_mark_dirty(struct net *net, struct stream_core *core)
{
    if (!list_empty(&core->dirty)) return;
    if (list_empty(&net->dirty) && !net->flushing) loop_defer(net->loop, &net->wake);
    list_push_back(&net->dirty, &core->dirty);
}
