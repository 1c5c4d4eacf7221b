/* tls_peer.h — a TLS client for tests, by mbedTLS over a non-blocking socket, in the test's own
 * thread: each step does what can be done at once; the test turns the loop between. */
#ifndef TESTS_UNIT_NET_TLS_PEER_H
#define TESTS_UNIT_NET_TLS_PEER_H

#include "net_tests.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

struct tls_peer_opts {
    const char *cert; /* PEM, or NULL */
    const char *key;
    const char **alpn; /* NULL-terminated, or NULL */
    const char *sni;
    int suite;                  /* the only one offered; 0: mbedTLS's defaults */
    mbedtls_ecp_group_id curve; /* beside secp256r1 for signatures; 0: defaults */
    unsigned char max_fragment; /* MBEDTLS_SSL_MAX_FRAG_LEN_... */
    bool tls11;                 /* offer TLS 1.1 at most */
    bool renegotiation;
    bool no_tickets;
    bool no_extended_ms;                /* RFC 7627 */
    const mbedtls_ssl_session *session; /* to take up; NULL: none */
};

struct tls_peer {
    int fd;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    int suites[2];
    mbedtls_ecp_group_id curves[3];
    int rc;         /* of the last call of mbedTLS */
    size_t largest; /* bytes of one record */
    struct buf got;
};

void tls_peer_init(struct tls_peer *client, uint16_t port, const struct tls_peer_opts *opts);
void tls_peer_deinit(struct tls_peer *client);
/* True when the handshake is over, well or not: see rc. */
bool tls_peer_shake(struct tls_peer *client);
/* Turns the loop until the handshake is over; returns mbedTLS's code. */
int tls_peer_handshake(struct tls_peer *client);
/* Writes all, turning the loop meanwhile. */
void tls_peer_write(struct tls_peer *client, const void *data, size_t len);
/* Appends to got what is there. False when the connection has ended: rc says how. */
bool tls_peer_read(struct tls_peer *client);

#endif
