/* mbedtls_compat.h — the differences between mbedTLS 2.28 and 3.x that this folder meets, once.
 * Only .c files of src/crypto include it. */
#ifndef CRYPTO_MBEDTLS_COMPAT_H
#define CRYPTO_MBEDTLS_COMPAT_H

#include "base/rand.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#define MBED_FIELD(name) MBEDTLS_PRIVATE(name)
#else
#define MBED_FIELD(name) name
#endif

/* Call once, before other threads run. */
static inline int mbed_init(void)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return psa_crypto_init() == PSA_SUCCESS ? 0 : -1;
#else
    return 0;
#endif
}

/* The kernel is the generator: no state that threads would have to share or lock. */
static inline int mbed_rng(void *arg, unsigned char *ret_data, size_t len)
{
    rand_system_bytes(ret_data, len);
    return 0;
}

/* `pem` ends in a zero byte that len counts. */
static inline int mbed_pk_parse_key(mbedtls_pk_context *ret_pk, const unsigned char *pem,
                                    size_t len)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_parse_key(ret_pk, pem, len, NULL, 0, mbed_rng, NULL);
#else
    return mbedtls_pk_parse_key(ret_pk, pem, len, NULL, 0);
#endif
}

static inline int mbed_pk_check_pair(const mbedtls_pk_context *public_key,
                                     const mbedtls_pk_context *private_key)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_check_pair(public_key, private_key, mbed_rng, NULL);
#else
    return mbedtls_pk_check_pair(public_key, private_key);
#endif
}

static inline int mbed_pk_sign(mbedtls_pk_context *pk, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len,
                               unsigned char ret_sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE],
                               size_t *ret_len)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_sign(pk, md, hash, hash_len, ret_sig, MBEDTLS_PK_SIGNATURE_MAX_SIZE, ret_len,
                           mbed_rng, NULL);
#else
    return mbedtls_pk_sign(pk, md, hash, hash_len, ret_sig, ret_len, mbed_rng, NULL);
#endif
}

static inline mbedtls_ecp_group_id mbed_pk_curve(const mbedtls_pk_context *pk)
{
    const mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*pk);
    return pair ? pair->MBED_FIELD(grp).id : MBEDTLS_ECP_DP_NONE;
}

static inline int mbed_crt_is_ca(const mbedtls_x509_crt *crt)
{
    return crt->MBED_FIELD(ca_istrue) != 0;
}

#endif
