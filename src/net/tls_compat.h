/* tls_compat.h — the differences between mbedTLS 2.28 and 3.x that this folder meets, once. */
#ifndef NET_TLS_COMPAT_H
#define NET_TLS_COMPAT_H

#include "base/rand.h"
#include "base/slice.h"

#include <mbedtls/aes.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>

/* 2.28 lets its structs be seen, and a few of its inner functions be called. */
#define TLS_INSIDES (MBEDTLS_VERSION_NUMBER < 0x03000000)

/* The private operations of an RSA key change its blinding values; mbedTLS guards them only when it
 * was built with threads. */
#ifndef MBEDTLS_THREADING_C
#error "mbedTLS must be built with MBEDTLS_THREADING_C: handshakes run on several threads"
#endif

/* What 2.28 tells apart and 3.x does not. */
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN          MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE
#define MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION   MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
#define MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE        MBEDTLS_ERR_SSL_BAD_CERTIFICATE
#define MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE_VERIFY MBEDTLS_ERR_PK_SIG_LEN_MISMATCH
#define MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO       MBEDTLS_ERR_SSL_DECODE_ERROR
#endif

/* The kernel is the generator: no state that threads would have to share or lock. */
static inline int tls_rng(void *arg, unsigned char *ret_data, size_t len)
{
    rand_system_bytes(ret_data, len);
    return 0;
}

/* mbedTLS may compute its AES tables at the first use, behind a plain flag. */
static inline void tls_prime_tables(void)
{
    static const unsigned char key[16] = { 1 };
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    mbedtls_aes_setkey_enc(&aes, key, 128);
    mbedtls_aes_free(&aes);
}

static inline int tls_pk_parse(mbedtls_pk_context *ret_pk, const unsigned char *pem, size_t len)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_parse_key(ret_pk, pem, len, NULL, 0, tls_rng, NULL);
#else
    return mbedtls_pk_parse_key(ret_pk, pem, len, NULL, 0);
#endif
}

static inline int tls_pk_check_pair(const mbedtls_pk_context *cert_key,
                                    const mbedtls_pk_context *key)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_check_pair(cert_key, key, tls_rng, NULL);
#else
    return mbedtls_pk_check_pair(cert_key, key);
#endif
}

static inline int tls_pk_sign(mbedtls_pk_context *pk, const unsigned char hash[32],
                              unsigned char ret_sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE], size_t *ret_len)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, hash, 32, ret_sig, MBEDTLS_PK_SIGNATURE_MAX_SIZE,
                           ret_len, tls_rng, NULL);
#else
    return mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, hash, 32, ret_sig, ret_len, tls_rng, NULL);
#endif
}

static inline int tls_handshake_over(mbedtls_ssl_context *ssl)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    return mbedtls_ssl_is_handshake_over(ssl);
#elif MBEDTLS_VERSION_NUMBER >= 0x03000000
    return ssl->MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_HANDSHAKE_OVER;
#else
    return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER;
#endif
}

/* TLS 1.2 exactly: 2.28 knows no newer one, and 3.x would need its PSA key store for 1.3. Curves,
 * then hashes, by preference: secp256r1 is faster than x25519 here (see tls_step.c). */
static inline void tls_conf_algorithms(mbedtls_ssl_config *conf)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_NONE };
    mbedtls_ssl_conf_groups(conf, groups);
    mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    static const mbedtls_ecp_group_id curves[] = { MBEDTLS_ECP_DP_SECP256R1,
                                                   MBEDTLS_ECP_DP_CURVE25519,
                                                   MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE };
    static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
                                  MBEDTLS_MD_NONE };
    mbedtls_ssl_conf_curves(conf, curves);
    mbedtls_ssl_conf_sig_hashes(conf, hashes);
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

/* Of an open connection: a parsed certificate is several times its DER. */
static inline void tls_drop_peer_cert(mbedtls_ssl_context *ssl)
{
#if TLS_INSIDES
    mbedtls_x509_crt_free(ssl->session->peer_cert);
    free(ssl->session->peer_cert);
    ssl->session->peer_cert = NULL;
#endif
}

/* DER of a certificate; borrowed. */
static inline struct slice tls_crt_der(const mbedtls_x509_crt *crt)
{
    return slice_of((const char *)crt->raw.p, crt->raw.len);
}

#endif
