/* ack_queue.c — see ack_queue.h.
 * The spare: a publish may turn out to be held only after the hub was given the argument of its callback.
 * So each connection keeps one acknowledgement ready, which costs an allocation only when it is used. */
#include "conn/ack_queue.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void ack_queue_init(struct ack_queue *queue, void *owner)
{
    *queue = (struct ack_queue){ .owner = owner };
    list_init(&queue->acks);
}

static void ack_free(struct ack *ack)
{
    if (ack->bytes != ack->inline_bytes) free(ack->bytes);
    free(ack);
}

void ack_queue_deinit(struct ack_queue *queue)
{
    list_for_each_safe(it, &queue->acks) {
        struct ack *ack = container_of(it, struct ack, link);
        list_remove(&ack->link);
        ack->queue = NULL;
        if (!ack->held) ack_free(ack);
    }
    free(queue->spare);
    *queue = (struct ack_queue){ 0 };
    list_init(&queue->acks);
}

static void fill(struct ack *ack, const uint8_t *packet, size_t len)
{
    ack->bytes = len <= sizeof ack->inline_bytes ? ack->inline_bytes : xmalloc(len);
    ack->len = (uint32_t)len;
    memcpy(ack->bytes, packet, len);
}

struct ack *ack_queue_spare(struct ack_queue *queue)
{
    if (!queue->spare) queue->spare = xnew(struct ack);
    return queue->spare;
}

static void append(struct ack_queue *queue, struct ack *ack)
{
    ack->queue = queue;
    list_push_back(&queue->acks, &ack->link);
    queue->count++;
}

void ack_queue_hold(struct ack_queue *queue, const uint8_t *packet, size_t len)
{
    struct ack *ack = ack_queue_spare(queue);
    queue->spare = NULL;
    fill(ack, packet, len);
    ack->held = true;
    append(queue, ack);
}

struct ack_queue *ack_decided(struct ack *ack, int64_t commit)
{
    struct ack_queue *queue = ack->queue;
    ack->held = false;
    ack->commit = commit;
    if (!queue) ack_free(ack);
    return queue;
}

void ack_queue_push(struct ack_queue *queue, const uint8_t *packet, size_t len, int64_t commit)
{
    struct ack *ack = xnew(struct ack);
    fill(ack, packet, len);
    ack->commit = commit;
    append(queue, ack);
}

bool ack_queue_pop(struct ack_queue *queue, int64_t committed, struct buf *packet)
{
    if (list_empty(&queue->acks)) return false;
    struct ack *ack = container_of(queue->acks.next, struct ack, link);
    if (ack->held || ack->commit > committed) return false;
    buf_append(packet, ack->bytes, ack->len);
    list_remove(&ack->link);
    queue->count--;
    ack_free(ack);
    return true;
}
