/* crl_make.c — see crl_make.h; the order is that of RFC 5280, section 5.1. */
#include "unit/crypto/crl_make.h"

#include "base/text.h"
#include "crypto/der_priv.h"
#include "crypto/digest.h"
#include "crypto/key_priv.h"
#include "crypto/pem_priv.h"
#include "crypto/x509_priv.h"
#include "lib/test.h"

#include <mbedtls/oid.h>
#include <time.h>

struct slice crl_make_ext(struct slice oid, struct slice value, bool critical)
{
    struct buf out = { 0 };
    size_t ext = der_begin(&out, DER_SEQUENCE);
    der_put(&out, DER_OID, oid.ptr, oid.len);
    if (critical) der_put(&out, DER_BOOLEAN, "\xff", 1);
    der_put(&out, DER_OCTET_STRING, value.ptr, value.len);
    der_end(&out, ext);
    size_t len;
    char *bytes = buf_take(&out, &len);
    return slice_of(bytes, len);
}

void crl_make_ext_free(struct slice ext)
{
    free((void *)(uintptr_t)ext.ptr);
}

static void put_algorithm(struct buf *out, const struct crl_make *what)
{
    size_t sequence = der_begin(out, DER_SEQUENCE);
    if (what->sha1)
        der_put_oid(out, MBEDTLS_OID_ECDSA_SHA1);
    else
        der_put_oid(out, MBEDTLS_OID_ECDSA_SHA256);
    der_end(out, sequence);
}

static void put_time(struct buf *out, int64_t epoch_s)
{
    char text[32];
    time_t at = (time_t)epoch_s;
    struct tm tm;
    gmtime_r(&at, &tm);
    size_t len = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
    der_put(out, DER_GENERALIZED_TIME, text, len);
}

static void put_entries(struct buf *out, const struct crl_make *what)
{
    size_t list = der_begin(out, DER_SEQUENCE);
    for (const char *const *serial = what->serials; *serial; serial++) {
        uint8_t bytes[32];
        size_t len = strlen(*serial) / 2;
        assert_int_equal(hex_decode(slice_str(*serial), bytes, len), 0);
        size_t entry = der_begin(out, DER_SEQUENCE);
        der_put(out, DER_INTEGER, bytes, len);
        put_time(out, what->this_update_s - 1);
        if (what->entry_ext.len)
            der_put(out, DER_SEQUENCE, what->entry_ext.ptr, what->entry_ext.len);
        der_end(out, entry);
    }
    der_end(out, list);
}

static void put_extensions(struct buf *out, const struct crl_make *what)
{
    if (!what->number.len && !what->ext.len) return;
    size_t explicit = der_begin(out, DER_CONTEXT | DER_CONSTRUCTED | 0);
    size_t list = der_begin(out, DER_SEQUENCE);
    if (what->number.len) {
        struct buf number = { 0 };
        der_put(&number, DER_INTEGER, what->number.ptr, what->number.len);
        struct slice ext =
            crl_make_ext(SLICE_LIT(MBEDTLS_OID_CRL_NUMBER), buf_slice(&number), false);
        buf_put_slice(out, ext);
        crl_make_ext_free(ext);
        buf_deinit(&number);
    }
    buf_put_slice(out, what->ext);
    der_end(out, list);
    der_end(out, explicit);
}

static void put_body(struct buf *out, const struct crl_make *what, struct slice issuer)
{
    size_t body = der_begin(out, DER_SEQUENCE);
    der_put(out, DER_INTEGER, "\x01", 1); /* v2 */
    put_algorithm(out, what);
    buf_put_slice(out, issuer);
    put_time(out, what->this_update_s);
    if (what->next_update_s) put_time(out, what->next_update_s);
    if (what->serials) put_entries(out, what);
    put_extensions(out, what);
    der_end(out, body);
}

static void put_signature(struct buf *out, const struct crl_make *what, struct slice body)
{
    uint8_t hash[CRYPTO_DIGEST_MAX];
    unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len, hash_len;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    assert_int_equal(key_read_private(slice_str(what->ca_key), &key, NULL), 0);
    crypto_digest(what->sha1 ? CRYPTO_SHA1 : CRYPTO_SHA256, body.ptr, body.len, hash, &hash_len);
    assert_int_equal(mbed_pk_sign(&key, what->sha1 ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_SHA256, hash,
                                  hash_len, signature, &len),
                     0);
    mbedtls_pk_free(&key);
    size_t bits = der_begin(out, DER_BIT_STRING);
    buf_putc(out, '\0');
    buf_append(out, signature, len);
    der_end(out, bits);
}

char *crl_make(const struct crl_make *what)
{
    struct buf body = { 0 }, der = { 0 }, pem = { 0 };
    mbedtls_x509_crt ca;
    mbedtls_x509_crt_init(&ca);
    assert_int_equal(x509_read(slice_str(what->ca_cert), &ca, NULL), 0);
    put_body(&body, what, slice_of((const char *)ca.subject_raw.p, ca.subject_raw.len));
    size_t list = der_begin(&der, DER_SEQUENCE);
    buf_put_slice(&der, buf_slice(&body));
    put_algorithm(&der, what);
    put_signature(&der, what, buf_slice(&body));
    der_end(&der, list);
    pem_put(&pem, "X509 CRL", der.data, der.len);
    mbedtls_x509_crt_free(&ca);
    buf_deinit(&body);
    buf_deinit(&der);
    return buf_take(&pem, NULL);
}
