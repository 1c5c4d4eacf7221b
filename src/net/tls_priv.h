/* tls_priv.h — what the files of the server side and listener.c share. */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include "net/net_priv.h"
#include "net/tls.h"

struct worker_lane;
struct mbedtls_ssl_config;

/* Protocols that the server knows, by preference; NULL-terminated. */
extern const char *const tls_protocols[];
/* The configuration for a connection; alpn: with the list of protocols. Lives with the server. */
const struct mbedtls_ssl_config *tls_server_config(const struct tls_server *server, bool alpn);
enum tls_client_cert tls_server_client_cert(const struct tls_server *server);
struct tls_sessions *tls_server_sessions(const struct tls_server *server); /* or NULL; borrowed */
/* Sessions of the server that the configuration is part of are kept and resumed. */
void tls_sessions_configure(struct tls_server *server, struct mbedtls_ssl_config *conf);

struct tls_accept_opts {
    struct tls_server *server; /* a reference is taken */
    struct worker_lane *lane;  /* outlives the handshake */
    const char *name;          /* of the listener, for log lines; outlives the handshake */
    int64_t timeout_ms;
    struct list *all; /* the handshake links itself here while it lasts */
    /* Exactly one of the two is called, later, on the loop. on_ready: s has no callbacks yet; bytes
     * follow when it has returned. on_gone: the handshake failed or was aborted, all is closed. */
    void (*on_ready)(struct stream *s, void *arg);
    void (*on_gone)(void *arg);
    /* Before on_gone, if the client had begun: why it was refused, a sentence. */
    void (*on_refused)(const struct stream_peer *peer, const char *why, void *arg);
    void *arg;
};
/* Takes the transport, which has not been started, and begins the handshake on it. The caller starts
 * the transport after. */
void tls_accept(struct stream *transport, const struct tls_accept_opts *opts);
/* link: out of `all`. Closes; on_gone is called later. */
void tls_accept_abort(struct list *link);

#endif
