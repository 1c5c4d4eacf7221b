/* key.c — see key.h.
 * Private keys are written in the forms of their own standards (SEC1, PKCS#1), which is what
 * mbedTLS writes, AWS hands out, and OpenSSL, s2n and the AWS SDKs read. Every copy of a private
 * key that is made on the way is wiped. There is no generator to seed or to share: randomness comes
 * from the kernel. */
#include "crypto/key_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/pem_priv.h"
#include "crypto/x509.h"
#include "crypto/x509_priv.h"

#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <stdlib.h>

#define RSA_BITS     2048
#define RSA_EXPONENT 65537

/* Room for the longest key that is written: an RSA key of 8192 bits in DER. */
#define KEY_DER_MAX (8 * 1024)

int key_library_error(struct diag *diag, int code, const char *what, int mbed_rc)
{
    char why[160];
    mbedtls_strerror(mbed_rc, why, sizeof why);
    return diag_set(diag, code, "%s (%s)", what, why);
}

static int generate_ec(mbedtls_pk_context *pk)
{
    int rc = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc != 0) return rc;
    return mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*pk), mbed_rng, NULL);
}

static int generate_rsa(mbedtls_pk_context *pk)
{
    int rc = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
    if (rc != 0) return rc;
    return mbedtls_rsa_gen_key(mbedtls_pk_rsa(*pk), mbed_rng, NULL, RSA_BITS, RSA_EXPONENT);
}

int key_generate(enum key_type type, mbedtls_pk_context *ret_pk, struct diag *diag)
{
    int rc = type == KEY_RSA_2048 ? generate_rsa(ret_pk) : generate_ec(ret_pk);
    return rc == 0 ? 0 : key_library_error(diag, ERR_CRYPTO, "cannot make a key", rc);
}

char *key_write_private(mbedtls_pk_context *pk)
{
    char *pem = xcalloc(1, KEY_PEM_MAX);
    if (mbedtls_pk_write_key_pem(pk, (unsigned char *)pem, KEY_PEM_MAX) == 0) return pem;
    crypto_wipe(pem, KEY_PEM_MAX);
    free(pem);
    return NULL;
}

int key_create(enum key_type type, char **ret_private_pem, struct diag *diag)
{
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int rc = key_generate(type, &pk, diag);
    if (rc == 0) {
        char *pem = key_write_private(&pk);
        if (pem)
            *ret_private_pem = pem;
        else
            rc = diag_set(diag, ERR_CRYPTO, "cannot write the new key");
    }
    mbedtls_pk_free(&pk);
    return rc;
}

/* The library wants a zero byte that is counted. */
static char *terminated_copy(struct slice pem, size_t *ret_len)
{
    *ret_len = pem.len + 1;
    return xstrndup(pem.ptr, pem.len);
}

static int check_pem(struct slice pem, struct diag *diag)
{
    if (pem.len > KEY_PEM_MAX)
        return diag_set(diag, ERR_INVALID, "the key is longer than %d bytes", KEY_PEM_MAX);
    if (pem.len == 0 || !memmem(pem.ptr, pem.len, "-----BEGIN ", 11))
        return diag_set(diag, ERR_INVALID, "the key is not in PEM");
    if (memchr(pem.ptr, 0, pem.len)) return diag_set(diag, ERR_INVALID, "the key has a zero byte");
    return 0;
}

static int private_key_error(struct diag *diag, int mbed_rc)
{
    if (mbed_rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED ||
        mbed_rc == MBEDTLS_ERR_PK_PASSWORD_MISMATCH || mbed_rc == MBEDTLS_ERR_PEM_PASSWORD_REQUIRED)
        return diag_set(diag, ERR_INVALID, "the private key is encrypted with a password");
    return key_library_error(diag, ERR_INVALID, "not a private key in PKCS#8, SEC1 or PKCS#1",
                             mbed_rc);
}

int key_read_private(struct slice pem, mbedtls_pk_context *ret_pk, struct diag *diag)
{
    int rc = check_pem(pem, diag);
    if (rc < 0) return rc;
    size_t len;
    char *text = terminated_copy(pem, &len);
    int mbed_rc = mbed_pk_parse_key(ret_pk, (unsigned char *)text, len);
    crypto_free_secret(text);
    return mbed_rc == 0 ? 0 : private_key_error(diag, mbed_rc);
}

int key_read_any(struct slice pem, mbedtls_pk_context *ret_pk, struct diag *diag)
{
    int rc = check_pem(pem, diag);
    if (rc < 0) return rc;
    if (!memmem(pem.ptr, pem.len, "PUBLIC KEY-----", 15))
        return key_read_private(pem, ret_pk, diag);
    size_t len;
    char *text = terminated_copy(pem, &len);
    int mbed_rc = mbedtls_pk_parse_public_key(ret_pk, (unsigned char *)text, len);
    free(text);
    return mbed_rc == 0 ? 0 : key_library_error(diag, ERR_INVALID, "not a public key", mbed_rc);
}

static int check_rsa(size_t bits, size_t max_bits, int code, struct diag *diag)
{
    if (bits >= RSA_BITS && bits <= max_bits) return 0;
    return diag_set(diag, code, "an RSA key of %zu bits; %d to %zu are accepted", bits, RSA_BITS,
                    max_bits);
}

static int check_curve(const mbedtls_pk_context *pk, int code, struct diag *diag)
{
    switch (mbed_pk_curve(pk)) {
    case MBEDTLS_ECP_DP_SECP256R1:
    case MBEDTLS_ECP_DP_SECP384R1:
    case MBEDTLS_ECP_DP_SECP521R1:
        return 0;
    default:
        return diag_set(diag, code, "an elliptic curve other than P-256, P-384 and P-521");
    }
}

int key_check_strength(const mbedtls_pk_context *pk, size_t max_rsa_bits, int code,
                       struct diag *diag)
{
    switch (mbedtls_pk_get_type(pk)) {
    case MBEDTLS_PK_RSA:
        return check_rsa(mbedtls_pk_get_bitlen(pk), max_rsa_bits, code, diag);
    case MBEDTLS_PK_ECKEY:
    case MBEDTLS_PK_ECDSA:
        return check_curve(pk, code, diag);
    default:
        return diag_set(diag, code, "a key which is neither RSA nor ECDSA");
    }
}

int key_put_public_der(mbedtls_pk_context *pk, struct buf *ret_der, struct diag *diag)
{
    unsigned char *der = xmalloc(KEY_DER_MAX);
    int len = mbedtls_pk_write_pubkey_der(pk, der, KEY_DER_MAX); /* at the end of the buffer */
    if (len > 0) buf_append(ret_der, der + KEY_DER_MAX - len, (size_t)len);
    free(der);
    return len > 0 ? 0 : key_library_error(diag, ERR_CRYPTO, "cannot write the public key", len);
}

int key_public_pem(struct slice private_pem, char **ret_public_pem, struct diag *diag)
{
    mbedtls_pk_context pk;
    struct buf der = { 0 }, pem = { 0 };
    mbedtls_pk_init(&pk);
    int rc = key_read_private(private_pem, &pk, diag);
    if (rc == 0) rc = key_put_public_der(&pk, &der, diag);
    if (rc == 0) {
        pem_put(&pem, "PUBLIC KEY", der.data, der.len);
        *ret_public_pem = buf_take(&pem, NULL);
    }
    buf_deinit(&der);
    mbedtls_pk_free(&pk);
    return rc;
}

int key_check_pair(struct slice private_pem, struct slice cert, struct diag *diag)
{
    mbedtls_pk_context pk;
    mbedtls_x509_crt crt;
    mbedtls_pk_init(&pk);
    mbedtls_x509_crt_init(&crt);
    int rc = x509_read(cert, &crt, diag);
    if (rc == 0) rc = key_read_private(private_pem, &pk, diag);
    if (rc == 0 && mbed_pk_check_pair(&crt.pk, &pk) != 0)
        rc = diag_set(diag, ERR_CERT, "the certificate was made for another private key");
    mbedtls_x509_crt_free(&crt);
    mbedtls_pk_free(&pk);
    return rc;
}
