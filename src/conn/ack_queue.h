/* ack_queue.h — the acknowledgements that a connection owes, in the order in which they must leave
 * [MQTT-4.6.0-2], [MQTT-4.6.0-3]. Each waits for a commit number, or for a decision that is still held;
 * none overtakes another. Nothing is queued while nothing waits. Loop thread only. */
#ifndef CONN_ACK_QUEUE_H
#define CONN_ACK_QUEUE_H

#include "base/list.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ack_queue;
struct buf;

/* One acknowledgement that waits: its encoded packet. */
struct ack {
    struct list link;
    struct ack_queue *queue; /* NULL: the connection is gone, the decision is still held */
    int64_t commit;          /* 0: none */
    bool held;
    uint32_t len;
    uint8_t inline_bytes[8];
    uint8_t *bytes; /* inline_bytes or owned */
};

struct ack_queue {
    struct list acks;
    size_t count;
    struct ack *spare; /* lent to hub_publish as the argument of its callback */
    void *owner;
};

void ack_queue_init(struct ack_queue *queue, void *owner);
/* Held acknowledgements live on until their decision; everything else is freed. */
void ack_queue_deinit(struct ack_queue *queue);

/* An acknowledgement that is not in the queue: what a held decision will find. Stays the queue's until
 * ack_queue_hold. */
struct ack *ack_queue_spare(struct ack_queue *queue);
/* Puts the spare one into the queue: its decision is held. */
void ack_queue_hold(struct ack_queue *queue, const uint8_t *packet, size_t len);
/* The decision has fallen. Returns the queue, or NULL when the connection is gone (the ack is freed). */
struct ack_queue *ack_decided(struct ack *ack, int64_t commit);
/* Puts one into the queue which waits for `commit`. */
void ack_queue_push(struct ack_queue *queue, const uint8_t *packet, size_t len, int64_t commit);
/* Appends the next packet that may leave when `committed` is reached; false: none. */
bool ack_queue_pop(struct ack_queue *queue, int64_t committed, struct buf *packet);

#endif
