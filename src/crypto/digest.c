/* digest.c — see digest.h.
 * SHA-256 and its HMAC come from libsodium: their states are plain memory, so a digest that is
 * carried along (a file, a request body) needs no allocation and nobody has to free it. The older
 * and longer digests, which only the rule language asks for, come from mbedTLS by one table. */
#include "crypto/digest.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <mbedtls/md.h>
#include <sodium.h>

static const struct {
    mbedtls_md_type_t md;
    size_t len;
} algs[] = {
    [CRYPTO_MD5] = { MBEDTLS_MD_MD5, 16 },       [CRYPTO_SHA1] = { MBEDTLS_MD_SHA1, 20 },
    [CRYPTO_SHA224] = { MBEDTLS_MD_SHA224, 28 }, [CRYPTO_SHA256] = { MBEDTLS_MD_SHA256, 32 },
    [CRYPTO_SHA384] = { MBEDTLS_MD_SHA384, 48 }, [CRYPTO_SHA512] = { MBEDTLS_MD_SHA512, 64 },
};

size_t crypto_digest_len(enum crypto_alg alg)
{
    return algs[alg].len;
}

int crypto_digest(enum crypto_alg alg, const void *data, size_t len,
                  uint8_t ret_digest[CRYPTO_DIGEST_MAX], size_t *ret_len)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(algs[alg].md);
    uint8_t digest[CRYPTO_DIGEST_MAX];
    if (!info || mbedtls_md(info, data ? data : "", len, digest) != 0) return ERR_UNSUPPORTED;
    memcpy(ret_digest, digest, algs[alg].len);
    if (ret_len) *ret_len = algs[alg].len;
    return 0;
}

void crypto_sha256(const void *data, size_t len, uint8_t ret_digest[CRYPTO_SHA256_LEN])
{
    crypto_hash_sha256(ret_digest, data ? data : "", len);
}

void crypto_sha256_hex(const void *data, size_t len, char ret_hex[2 * CRYPTO_SHA256_LEN + 1])
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256(data, len, digest);
    hex_encode(digest, sizeof digest, ret_hex);
}

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct crypto_sha256_state),
               "crypto_sha256_state is too small");
_Static_assert(_Alignof(crypto_hash_sha256_state) <= _Alignof(struct crypto_sha256_state),
               "crypto_sha256_state is aligned too little");

static crypto_hash_sha256_state *inner(struct crypto_sha256_state *state)
{
    return (void *)state;
}

void crypto_sha256_init(struct crypto_sha256_state *state)
{
    crypto_hash_sha256_init(inner(state));
}

void crypto_sha256_update(struct crypto_sha256_state *state, const void *data, size_t len)
{
    if (len > 0) crypto_hash_sha256_update(inner(state), data, len);
}

void crypto_sha256_final(struct crypto_sha256_state *state, uint8_t ret_digest[CRYPTO_SHA256_LEN])
{
    crypto_hash_sha256_final(inner(state), ret_digest);
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                        uint8_t ret_mac[CRYPTO_SHA256_LEN])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key ? key : "", key_len);
    if (len > 0) crypto_auth_hmacsha256_update(&state, data, len);
    crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof state);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return len == 0 || sodium_memcmp(a, b, len) == 0;
}
