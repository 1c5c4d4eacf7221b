/* tls_buffers.h — the two record buffers of a TLS connection (17 KB each), which it needs only while a record is on its
 * way. Loop thread only, after the handshake. */
#ifndef NET_TLS_BUFFERS_H
#define NET_TLS_BUFFERS_H

#include "net/net_priv.h"
#include "net/tls_compat.h"

struct tls_buffers {
    uint8_t in_counter[8]; /* number of the next record, which mbedTLS keeps in the buffer */
};

/* Before mbedTLS is called: gives the connection buffers. */
void tls_buffers_lend(struct tls_buffers *buffers, mbedtls_ssl_context *ssl, struct net *net);
/* After: takes those back that hold nothing. */
void tls_buffers_take(struct tls_buffers *buffers, mbedtls_ssl_context *ssl, struct net *net);

#endif
