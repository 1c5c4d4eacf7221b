/* digest.h — digests, HMAC, comparison in constant time. Any thread, also before crypto_init(). */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum crypto_alg {
    CRYPTO_MD5,  /* RFC 1321: a checksum, never a proof */
    CRYPTO_SHA1, /* FIPS 180-4, as all that follow; as MD5 not for proofs */
    CRYPTO_SHA224,
    CRYPTO_SHA256,
    CRYPTO_SHA384,
    CRYPTO_SHA512,
};

#define CRYPTO_DIGEST_MAX 64
#define CRYPTO_SHA256_LEN 32

/* The digest's length in bytes. */
size_t crypto_digest_len(enum crypto_alg alg);
/* ret_digest gets *ret_len bytes; ret_len may be NULL. Returns 0, or ERR_UNSUPPORTED when the
 * library was built without this algorithm. */
int crypto_digest(enum crypto_alg alg, const void *data, size_t len,
                  uint8_t ret_digest[CRYPTO_DIGEST_MAX], size_t *ret_len);

void crypto_sha256(const void *data, size_t len, uint8_t ret_digest[CRYPTO_SHA256_LEN]);
/* Lower case, zero-terminated. */
void crypto_sha256_hex(const void *data, size_t len, char ret_hex[2 * CRYPTO_SHA256_LEN + 1]);

/* SHA-256 of what comes in pieces. Plain memory: nothing to free; a copy forks the digest. */
struct crypto_sha256_state {
    _Alignas(8) uint8_t opaque[128];
};
void crypto_sha256_init(struct crypto_sha256_state *state);
void crypto_sha256_update(struct crypto_sha256_state *state, const void *data, size_t len);
/* The state is spent after. */
void crypto_sha256_final(struct crypto_sha256_state *state, uint8_t ret_digest[CRYPTO_SHA256_LEN]);

/* RFC 2104 over SHA-256; a key of any length. */
void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                        uint8_t ret_mac[CRYPTO_SHA256_LEN]);

/* Takes as long for unequal as for equal bytes. */
bool crypto_equal(const void *a, const void *b, size_t len);

#endif
