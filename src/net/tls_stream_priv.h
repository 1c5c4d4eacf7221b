/* tls_stream_priv.h — what tls_handshake.c and tls_stream.c share: a connection of TLS. */
#ifndef NET_TLS_STREAM_PRIV_H
#define NET_TLS_STREAM_PRIV_H

#include "net/tls_buffers.h"
#include "net/tls_compat.h"
#include "net/tls_priv.h"

struct tls_stream {
    struct stream_core core;  /* first */
    struct stream *transport; /* NULL once it is closed */
    struct tls_server *server;
    bool open;         /* the handshake is over */
    bool failed;       /* of mbedTLS: it must not be called any more */
    const uint8_t *in; /* bytes given to us, while we read */
    size_t in_len;
    struct tls_buffers buffers;
    mbedtls_ssl_context ssl;
};

/* Over a transport that is not yet started; the peer is the transport's. */
struct tls_stream *tls_stream_create(struct stream *transport, struct tls_server *server);
/* The handshake is over: takes the transport's callbacks and what came behind the last flight. The
 * transport is still paused after. */
void tls_stream_open(struct tls_stream *tls, struct slice early);
/* The transport must be gone, or never have been started. */
void tls_stream_free(struct tls_stream *tls);

#endif
