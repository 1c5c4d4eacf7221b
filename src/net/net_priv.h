/* net_priv.h — what all streams and listeners of a loop share, made with the first of them and freed
 * with the last. */
#ifndef NET_NET_PRIV_H
#define NET_NET_PRIV_H

#include "net/stream_core.h"

enum {
    NET_READ_SIZE = 64 << 10, /* most bytes read from a socket at once */
    NET_PLAIN_SIZE = 16384,   /* the most that a TLS record carries */
    NET_TLS_RETRY_MS = 20,
};

/* Linked into net->tls_held by whoever waits there; out of it again when resume is called. */
struct net_held {
    struct list link;
    void (*resume)(struct net_held *held);
};

struct net {
    struct loop *loop;
    size_t refs;
    struct loop_hook hook; /* flushes the dirty streams */
    struct loop_task wake; /* keeps the loop from sleeping on a dirty stream */
    struct list dirty;
    bool flushing;               /* the hook is at it */
    struct conn_gauge *gauge;    /* connections of all listeners */
    struct admission *admission; /* and where they come from */
    struct list tls_waiting;     /* handshakes that the lane has no room for */
    struct list tls_held;        /* struct net_held: who waits until there are none of those */
    struct loop_timer tls_retry;
    uint8_t *read_buf;  /* NET_READ_SIZE */
    uint8_t *plain_buf; /* NET_PLAIN_SIZE, decrypted */
    uint8_t *join_buf;  /* NET_PLAIN_SIZE, to be encrypted */
    uint8_t *tls_in;    /* of tls_buffers.c; NULL: in use */
    uint8_t *tls_out;
};

struct net *net_ref(struct loop *loop);
void net_unref(struct net *net);
void net_tls_retry(struct loop_timer *timer);
/* Flushes the stream at the end of the turn. */
void net_mark_dirty(struct net *net, struct stream_core *core);

#endif
