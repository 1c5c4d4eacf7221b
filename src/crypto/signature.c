/* signature.c — see signature.h. The library's own contexts are made for each check: an RSA context remembers what it
 * has computed, and so must not be shared by threads. */
#include "crypto/signature.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/mbedtls_compat.h"

#include <mbedtls/ecdsa.h>
#include <sodium.h>
#include <string.h>

enum { RSA_MIN_BITS = 2048, P256_LEN = 32, ED25519_LEN = 32 };

/* ---- RSA ---- */

static int load_rsa(const struct signature_key *key, mbedtls_pk_context *ret_pk)
{
    int rc = mbedtls_pk_setup(ret_pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
    if (rc != 0) return rc;
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(*ret_pk);
    rc = mbedtls_rsa_import_raw(rsa, key->n, key->n_len, NULL, 0, NULL, 0, NULL, 0, key->e,
                                key->e_len);
    if (rc == 0) rc = mbedtls_rsa_complete(rsa);
    return rc ? rc : mbedtls_rsa_check_pubkey(rsa);
}

static int check_rsa(const struct signature_key *key, const uint8_t hash[CRYPTO_SHA256_LEN],
                     struct slice signature)
{
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int rc = load_rsa(key, &pk);
    if (rc == 0)
        rc = mbedtls_pk_verify(&pk, MBEDTLS_MD_SHA256, hash, CRYPTO_SHA256_LEN,
                               (const unsigned char *)signature.ptr, signature.len);
    mbedtls_pk_free(&pk);
    return rc == 0 ? 0 : ERR_AUTH;
}

/* Appends a number without the zero bytes before it. False: it does not fit. */
static bool take_number(struct slice number, uint8_t *to, size_t max, size_t *ret_len)
{
    while (number.len && !number.ptr[0])
        number = slice_from(number, 1);
    if (!number.len || number.len > max) return false;
    memcpy(to, number.ptr, number.len);
    *ret_len = number.len;
    return true;
}

int signature_key_rsa(struct slice n, struct slice e, struct signature_key *ret_key,
                      struct diag *diag)
{
    struct signature_key key = { .alg = SIGNATURE_RS256 };
    if (!take_number(n, key.n, sizeof key.n, &key.n_len) ||
        !take_number(e, key.e, sizeof key.e, &key.e_len))
        return diag_set(diag, ERR_INVALID, "an RSA key of more than %zu bits, or without numbers",
                        8 * sizeof key.n);
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int rc = load_rsa(&key, &pk);
    size_t bits = rc == 0 ? mbedtls_pk_get_bitlen(&pk) : 0;
    mbedtls_pk_free(&pk);
    if (rc != 0) return diag_set(diag, ERR_INVALID, "not the public key of an RSA pair");
    if (bits < RSA_MIN_BITS)
        return diag_set(diag, ERR_INVALID, "an RSA key of %zu bits; %d to 4096 are accepted", bits,
                        RSA_MIN_BITS);
    *ret_key = key;
    return 0;
}

/* ---- P-256 ---- */

static int load_p256(const struct signature_key *key, mbedtls_ecp_group *ret_group,
                     mbedtls_ecp_point *ret_point)
{
    unsigned char point[1 + 2 * P256_LEN] = { 0x04 }; /* SEC 1, section 2.3.3: uncompressed */
    memcpy(point + 1, key->n, 2 * P256_LEN);
    int rc = mbedtls_ecp_group_load(ret_group, MBEDTLS_ECP_DP_SECP256R1);
    if (rc == 0) rc = mbedtls_ecp_point_read_binary(ret_group, ret_point, point, sizeof point);
    return rc ? rc : mbedtls_ecp_check_pubkey(ret_group, ret_point);
}

static int check_p256(const struct signature_key *key, const uint8_t hash[CRYPTO_SHA256_LEN],
                      struct slice signature)
{
    if (signature.len != 2 * P256_LEN) return ERR_AUTH;
    const unsigned char *bytes = (const unsigned char *)signature.ptr;
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi r, s;
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    int rc = load_p256(key, &group, &point);
    if (rc == 0) rc = mbedtls_mpi_read_binary(&r, bytes, P256_LEN);
    if (rc == 0) rc = mbedtls_mpi_read_binary(&s, bytes + P256_LEN, P256_LEN);
    if (rc == 0) rc = mbedtls_ecdsa_verify(&group, hash, CRYPTO_SHA256_LEN, &point, &r, &s);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    return rc == 0 ? 0 : ERR_AUTH;
}

/* RFC 7518, section 6.2.1.2: coordinates have their full length. */
int signature_key_p256(struct slice x, struct slice y, struct signature_key *ret_key,
                       struct diag *diag)
{
    struct signature_key key = { .alg = SIGNATURE_ES256, .n_len = 2 * P256_LEN };
    if (x.len != P256_LEN || y.len != P256_LEN)
        return diag_set(diag, ERR_INVALID, "the coordinates of a P-256 key have %d bytes each",
                        P256_LEN);
    memcpy(key.n, x.ptr, P256_LEN);
    memcpy(key.n + P256_LEN, y.ptr, P256_LEN);
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    int rc = load_p256(&key, &group, &point);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    if (rc != 0) return diag_set(diag, ERR_INVALID, "the point is not on the curve P-256");
    *ret_key = key;
    return 0;
}

/* ---- Ed25519 ---- */

int signature_key_ed25519(struct slice x, struct signature_key *ret_key, struct diag *diag)
{
    if (x.len != ED25519_LEN)
        return diag_set(diag, ERR_INVALID, "an Ed25519 key has %d bytes", ED25519_LEN);
    if (!crypto_core_ed25519_is_valid_point((const unsigned char *)x.ptr))
        return diag_set(diag, ERR_INVALID, "not the public key of an Ed25519 pair");
    *ret_key = (struct signature_key){ .alg = SIGNATURE_EDDSA, .n_len = ED25519_LEN };
    memcpy(ret_key->n, x.ptr, ED25519_LEN);
    return 0;
}

static int check_ed25519(const struct signature_key *key, struct slice text, struct slice signature)
{
    if (signature.len != crypto_sign_BYTES) return ERR_AUTH;
    int rc = crypto_sign_verify_detached((const unsigned char *)signature.ptr,
                                         (const unsigned char *)text.ptr, text.len, key->n);
    return rc == 0 ? 0 : ERR_AUTH;
}

/* ---- all ---- */

void signature_key_id(const struct signature_key *key, uint8_t ret_id[CRYPTO_SHA256_LEN])
{
    struct crypto_sha256_state state;
    uint8_t alg = (uint8_t)key->alg;
    crypto_sha256_init(&state);
    crypto_sha256_update(&state, &alg, 1);
    crypto_sha256_update(&state, key->n, key->n_len);
    crypto_sha256_update(&state, key->e, key->e_len);
    crypto_sha256_final(&state, ret_id);
}

int signature_check(const struct signature_key *key, struct slice text, struct slice signature)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    if (key->alg == SIGNATURE_EDDSA) return check_ed25519(key, text, signature);
    crypto_sha256(text.ptr, text.len, hash);
    return key->alg == SIGNATURE_RS256 ? check_rsa(key, hash, signature)
                                       : check_p256(key, hash, signature);
}
