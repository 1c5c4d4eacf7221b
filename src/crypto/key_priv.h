/* key_priv.h — keys as mbedTLS has them, for the files of this folder. */
#ifndef CRYPTO_KEY_PRIV_H
#define CRYPTO_KEY_PRIV_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "crypto/key.h"
#include "crypto/mbedtls_compat.h"

/* ret_pk comes initialised, and is freed by the caller whatever is returned. ERR_INVALID. */
int key_read_private(struct slice pem, mbedtls_pk_context *ret_pk, struct diag *diag);
/* A private or a public key. */
int key_read_any(struct slice pem, mbedtls_pk_context *ret_pk, struct diag *diag);
/* 0, or `code` unless the key is RSA of 2048 to max_rsa_bits, or EC on P-256, P-384 or P-521. */
int key_check_strength(const mbedtls_pk_context *pk, size_t max_rsa_bits, int code,
                       struct diag *diag);
/* Makes a key of this type in ret_pk, which comes initialised. ERR_CRYPTO. */
int key_generate(enum key_type type, mbedtls_pk_context *ret_pk, struct diag *diag);
/* Returns owned, or NULL when the library fails. */
char *key_write_private(mbedtls_pk_context *pk);
/* Appends SubjectPublicKeyInfo. ERR_CRYPTO. */
int key_put_public_der(mbedtls_pk_context *pk, struct buf *ret_der, struct diag *diag);
/* "library: text" of an error of mbedTLS; returns code. */
int key_library_error(struct diag *diag, int code, const char *what, int mbed_rc);

#endif
