/* key.h — private keys, in PEM. Any thread, concurrently. Making an RSA key takes a second or more
 * of a small machine's core: call from a worker, never from the loop. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>

enum key_type {
    KEY_EC_P256,  /* SEC1, "EC PRIVATE KEY" */
    KEY_RSA_2048, /* PKCS#1, "RSA PRIVATE KEY": what AWS hands out */
};

/* Longest PEM of a key that is read. */
#define KEY_PEM_MAX (16 * 1024)

/* Returns owned: crypto_free_secret(). ERR_CRYPTO when the library fails. */
int key_create(enum key_type type, char **ret_private_pem, struct diag *diag);
/* The public half as "PUBLIC KEY" (RFC 5280, SubjectPublicKeyInfo); returns owned, free().
 * ERR_INVALID when private_pem is no unencrypted private key in PKCS#8, SEC1 or PKCS#1. */
int key_public_pem(struct slice private_pem, char **ret_public_pem, struct diag *diag);
/* 0 when the first certificate of cert (PEM or DER) was made for this private key; ERR_CERT when it
 * was not or is no certificate, ERR_INVALID when the key cannot be read. */
int key_check_pair(struct slice private_pem, struct slice cert, struct diag *diag);

#endif
