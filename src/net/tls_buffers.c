/* tls_buffers.c — see tls_buffers.h.
 *
 * mbedTLS 2.28 allocates a buffer for reading and one for writing with each connection, for the largest record, and
 * has no way to do without. All records are read and written on the loop, one after the other, so one pair is enough
 * for all connections (net->tls_in, net->tls_out), save for those that have a part of a record.
 *  I1  Between two records nothing in a buffer counts, but for the number of the next incoming record, which is in
 *      its first eight bytes. The number of the next outgoing one is elsewhere (cur_out_ctr).
 *  I2  A connection that holds a part of a record keeps the buffer; the next one gets a new one, which becomes
 *      everyone's when it is given back, or is freed.
 *  I3  What is not lent is NULL in mbedTLS's struct, which it accepts where it frees. */
#include "net/tls_buffers.h"

#include "base/mem.h"
#include "crypto/crypto.h"

#if TLS_INSIDES

#include <mbedtls/ssl_internal.h>

static uint8_t *borrow(uint8_t **spare, size_t size)
{
    uint8_t *buf = *spare ? *spare : xcalloc(1, size);
    *spare = NULL;
    return buf;
}

/* The first ones come from a handshake. What was in them is overwritten by the next record. */
static void give_back(uint8_t **spare, uint8_t **buf, size_t size)
{
    if (*spare) {
        crypto_wipe(*buf, size);
        free(*buf);
    } else {
        *spare = *buf;
    }
    *buf = NULL;
}

void tls_buffers_lend(struct tls_buffers *buffers, mbedtls_ssl_context *ssl, struct net *net)
{
    const size_t counter = sizeof buffers->in_counter;
    if (!ssl->in_buf) {
        ssl->in_buf = borrow(&net->tls_in, MBEDTLS_SSL_IN_BUFFER_LEN);
        memcpy(ssl->in_buf, buffers->in_counter, counter);
        ssl->in_hdr = ssl->in_buf + counter;
        mbedtls_ssl_update_in_pointers(ssl);
    }
    if (!ssl->out_buf) {
        ssl->out_buf = borrow(&net->tls_out, MBEDTLS_SSL_OUT_BUFFER_LEN);
        ssl->out_hdr = ssl->out_buf + counter;
        mbedtls_ssl_update_out_pointers(ssl, ssl->transform_out);
    }
}

/* A message of a handshake stays until the next record is read; only others behind it in its record count. */
static bool holds_input(const mbedtls_ssl_context *ssl)
{
    return ssl->in_left > 0 || ssl->in_offt || (ssl->in_hslen && ssl->in_hslen < ssl->in_msglen);
}

void tls_buffers_take(struct tls_buffers *buffers, mbedtls_ssl_context *ssl, struct net *net)
{
    if (ssl->in_buf && !holds_input(ssl)) {
        memcpy(buffers->in_counter, ssl->in_buf, sizeof buffers->in_counter);
        give_back(&net->tls_in, &ssl->in_buf, MBEDTLS_SSL_IN_BUFFER_LEN);
    }
    if (ssl->out_buf && ssl->out_left == 0)
        give_back(&net->tls_out, &ssl->out_buf, MBEDTLS_SSL_OUT_BUFFER_LEN);
}

#else

void tls_buffers_lend(struct tls_buffers *buffers, mbedtls_ssl_context *ssl, struct net *net)
{
}

void tls_buffers_take(struct tls_buffers *buffers, mbedtls_ssl_context *ssl, struct net *net)
{
}

#endif
