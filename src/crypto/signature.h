/* signature.h — signatures of others by the algorithms of JSON Web Signatures (RFC 7518, RFC 8037), with public keys
 * that come as numbers.
 * A key is plain bytes, checked when it was made: copy it as you like. Any thread. A check takes up to a millisecond of
 * a small machine's core: not on the loop. */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include "base/diag.h"
#include "base/slice.h"
#include "crypto/digest.h"

#include <stddef.h>
#include <stdint.h>

enum signature_alg {
    SIGNATURE_RS256, /* RSA of 2048 to 4096 bits, PKCS#1 v1.5, SHA-256 */
    SIGNATURE_ES256, /* ECDSA on P-256, SHA-256; a signature is r and s, 32 bytes each */
    SIGNATURE_EDDSA, /* Ed25519 */
};

struct signature_key {
    enum signature_alg alg;
    uint8_t n[512]; /* modulus; x and y; or the point */
    size_t n_len;
    uint8_t e[8]; /* exponent */
    size_t e_len;
};

/* Big-endian numbers, as JWK has them. All: ERR_INVALID for what is no such key. */
int signature_key_rsa(struct slice n, struct slice e, struct signature_key *ret_key,
                      struct diag *diag);
int signature_key_p256(struct slice x, struct slice y, struct signature_key *ret_key,
                       struct diag *diag);
int signature_key_ed25519(struct slice x, struct signature_key *ret_key, struct diag *diag);
/* What the key is known by: a digest of its type and its numbers. */
void signature_key_id(const struct signature_key *key, uint8_t ret_id[CRYPTO_SHA256_LEN]);

/* 0, or ERR_AUTH when the text was not signed by this key. */
int signature_check(const struct signature_key *key, struct slice text, struct slice signature);

#endif
