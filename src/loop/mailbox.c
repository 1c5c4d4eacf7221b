/* mailbox.c — letters from any thread to the loop.
 *
 * The hand-over is a mutex and a list of ours; the uv_async is only the bell, rung when the inbox
 * was empty. Letters are taken out all at once, so a busy poster holds the loop for one batch.
 *
 *  I1  The bell is rung under the lock. So a box may be destroyed as soon as its last letter has
 *      been delivered: mailbox_destroy takes the lock, and by then the poster has left the box.
 *  I2  Memory goes in libuv's close callback, which never runs within a delivery. */
#include "loop/loop_priv.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

struct mailbox {
    uv_async_t bell;
    struct loop *loop;
    mailbox_cb cb;
    void *arg;
    pthread_mutex_t mutex;
    struct list inbox; /* under the mutex */
    struct list ready; /* of the loop: taken out and not yet delivered */
};

static void deliver(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    list_splice(&box->ready, &box->inbox);
    pthread_mutex_unlock(&box->mutex);
    for (struct list *link; (link = list_pop_front(&box->ready));)
        box->cb(box, container_of(link, struct letter, link), box->arg);
}

static void on_bell(uv_async_t *bell)
{
    struct mailbox *box = container_of(bell, struct mailbox, bell);
    loop_event(box->loop);
    deliver(box);
}

struct mailbox *mailbox_create(struct loop *loop, mailbox_cb cb, void *arg)
{
    struct mailbox *box = xnew(struct mailbox);
    box->loop = loop;
    box->cb = cb;
    box->arg = arg;
    list_init(&box->inbox);
    list_init(&box->ready);
    pthread_mutex_init(&box->mutex, NULL);
    /* The loop's own bell has opened the descriptor that all of them share: this cannot fail. */
    if (uv_async_init(&loop->uv, &box->bell, on_bell) < 0) BUG("uv_async_init");
    loop->uv_changed = true;
    return box;
}

void mailbox_post(struct mailbox *box, struct letter *letter)
{
    pthread_mutex_lock(&box->mutex);
    bool first = list_empty(&box->inbox);
    list_push_back(&box->inbox, &letter->link);
    if (first) uv_async_send(&box->bell);
    pthread_mutex_unlock(&box->mutex);
}

static void on_closed(uv_handle_t *handle)
{
    struct mailbox *box = container_of(handle, struct mailbox, bell);
    pthread_mutex_destroy(&box->mutex);
    free(box);
}

void mailbox_destroy(struct mailbox *box)
{
    if (!box) return;
    deliver(box);
    box->loop->uv_changed = true;
    uv_close((uv_handle_t *)&box->bell, on_closed);
}
