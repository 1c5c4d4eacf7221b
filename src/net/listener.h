/* listener.h — accepts connections on TCP or Unix sockets, with TLS where asked for, behind a PROXY header
 * (net/proxy.h) where asked for. Handshakes run on the worker lane given; on_accept gets a stream that is ready for bytes.
 * Loop thread only. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "base/diag.h"
#include "base/ip_net.h"
#include "net/admission.h"
#include "net/stream.h"

struct loop;
struct worker_lane;
struct tls_server; /* net/tls.h */
struct listener;

struct listener_opts {
    const char *name;         /* as configured, for log lines; borrowed for the listener's life */
    const char *address;      /* "127.0.0.1", "::" (dual stack), ...; NULL with path */
    uint16_t port;            /* 0: a free one */
    const char *path;         /* Unix socket (mode 0600); NULL for TCP. A stale file is replaced. */
    struct tls_server *tls;   /* NULL: plain. The listener and each connection take a reference */
    struct worker_lane *lane; /* for handshakes; needed with tls */
    int backlog;              /* 0: 1024 */
    size_t max_connections; /* open ones of all listeners of the loop, a few more for a Unix socket;
                                 above it: closed, counted, logged. 0: no limit */
    int64_t handshake_timeout_ms;      /* for the PROXY header, and then for TLS; 0: 10 s */
    struct admission_limits admission; /* for each address; all listeners count together */
    /* Every connection begins with a PROXY header, before TLS: the client that it names is the peer, also
     * for `admission`, and nobody is on loopback. Not with path. Who is in none of the networks is closed
     * at once. They are copied. */
    bool proxy_protocol;
    const struct ip_net *proxy_trusted;
    size_t proxy_trusted_count;
    /* Somebody was refused before there was a connection: who had begun to speak, and who met a limit, these as
     * often as the log tells of them. The address is a number, or "unix"; why is a sentence with the cause and the
     * remedy. NULL: nobody wants to know. */
    void (*on_refused)(void *arg, const char *address, const char *why);
    void *arg;
};

/* The new owner must set s->owner and s->cbs, or close s. */
typedef void (*listener_accept_cb)(struct listener *listener, struct stream *s, void *arg);

/* Failure names the address or path and the reason. A path too long for a socket is such an error.
 * "::" falls back to IPv4 where the system has no IPv6. A lane is best shared by all TLS listeners:
 * handshakes that find it full wait in one line. */
int listener_open(struct listener **ret_listener, struct loop *loop,
                  const struct listener_opts *opts, listener_accept_cb on_accept,
                  struct diag *diag);
/* The port really bound; 0 for Unix sockets. */
uint16_t listener_port(const struct listener *listener);
const char *listener_name(const struct listener *listener);
/* Reload: connections accepted from now on get this server. Takes its own reference. Only for
 * listeners opened with TLS. */
void listener_set_tls(struct listener *listener, struct tls_server *tls);
/* Other limits for connections from now on. */
void listener_set_admission(struct listener *listener, const struct admission_limits *limits);
/* Stops accepting; connections in their handshake are closed; established ones live on. Removes the
 * socket file. cb (may be NULL) is called later on the loop when nothing of it is left. */
void listener_close(struct listener *listener, void (*cb)(void *arg), void *arg);

#endif
