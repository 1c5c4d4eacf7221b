/* proxy_priv.h — what proxy_accept.c and listener.c share: the header at the front of a connection. */
#ifndef NET_PROXY_PRIV_H
#define NET_PROXY_PRIV_H

#include "net/net_priv.h"
#include "net/proxy.h"

struct proxy_accept_opts {
    const char *name; /* of the listener, for log lines; outlives the wait */
    int64_t timeout_ms;
    struct list *all; /* who waits links itself here meanwhile */
    /* Exactly one of the two is called, later, on the loop.
     * on_ready: the header is read, and s has the address and the port which it names; `from` is the same,
     * and `named` says that it is not the socket's own. on_ready sets other callbacks or closes s; the
     * bytes behind the header follow when it has returned. on_gone: refused or aborted, all is closed. */
    void (*on_ready)(struct stream *s, const struct sockaddr_storage *from, bool named, void *arg);
    void (*on_gone)(void *arg);
    /* Before on_gone, if something had been sent: why it was refused, a sentence. */
    void (*on_refused)(const struct stream_peer *peer, const char *why, void *arg);
    void *arg;
};
/* Takes the stream of a socket from that address, which has not been started, and waits for the header. */
void proxy_accept(struct stream *s, const struct sockaddr_storage *from,
                  const struct proxy_accept_opts *opts);
/* link: out of `all`. Closes; on_gone is called later. */
void proxy_accept_abort(struct list *link);

#endif
