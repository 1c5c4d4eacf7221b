/* x509_csr.c — certificate signing requests (PKCS#10, RFC 2986).
 * Only the key and the name of a request are used; what extensions it asks for is ignored, since
 * the hub and not the device decides what a certificate is good for. The key's kind and size are
 * checked before the signature, so that a giant modulus costs nothing. */
#include "crypto/x509_priv.h"

#include "base/err.h"
#include "crypto/key_priv.h"
#include "crypto/pem_priv.h"

static int csr_from_pem(struct slice pem, struct buf *ret_der, struct diag *diag)
{
    static const char *const labels[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST" };
    if (pem.len > X509_PEM_MAX)
        return diag_set(diag, ERR_CERT, "the request is longer than %d bytes", X509_PEM_MAX);
    for (size_t i = 0; i < 2; i++) {
        int rc = pem_next(&pem, labels[i], X509_DER_MAX, ret_der, diag);
        if (rc != ERR_NOT_FOUND) return rc;
    }
    return diag_set(diag, ERR_CERT, "the text holds no certificate signing request in PEM");
}

static int parse_der(struct slice der, mbedtls_x509_csr *ret_csr, struct diag *diag)
{
    if (der.len > X509_DER_MAX)
        return diag_set(diag, ERR_CERT, "the request is longer than %d bytes", X509_DER_MAX);
    int rc = mbedtls_x509_csr_parse_der(ret_csr, (const unsigned char *)der.ptr, der.len);
    if (rc != 0) return key_library_error(diag, ERR_CERT, "the request cannot be parsed", rc);
    return 0;
}

static int prove_possession(mbedtls_x509_csr *csr, struct diag *diag)
{
    int rc = key_check_strength(&csr->pk, X509_SUBJECT_RSA_MAX, ERR_CERT, diag);
    if (rc < 0) return rc;
    const struct x509_signed what = {
        .body = slice_of((const char *)csr->cri.p, csr->cri.len),
        .signature = slice_of((const char *)csr->MBED_FIELD(sig).p, csr->MBED_FIELD(sig).len),
        .md = csr->MBED_FIELD(sig_md),
        .pk_type = csr->MBED_FIELD(sig_pk),
        .pk_opts = csr->MBED_FIELD(sig_opts),
    };
    return x509_check_signature(&what, &csr->pk, diag);
}

int x509_csr_read(struct slice csr, mbedtls_x509_csr *ret_csr, struct diag *diag)
{
    struct buf der = { 0 };
    int rc = 0;
    if (csr.len == 0) return diag_set(diag, ERR_CERT, "the request is empty");
    if (csr.ptr[0] == 0x30) {
        rc = parse_der(csr, ret_csr, diag);
    } else {
        rc = csr_from_pem(csr, &der, diag);
        if (rc == 0) rc = parse_der(buf_slice(&der), ret_csr, diag);
        buf_deinit(&der);
    }
    return rc < 0 ? rc : prove_possession(ret_csr, diag);
}

int x509_csr_check(struct slice csr, struct arena *arena, struct x509_csr_info *ret_info,
                   struct diag *diag)
{
    mbedtls_x509_csr parsed;
    struct x509_csr_info info = { 0 };
    mbedtls_x509_csr_init(&parsed);
    int rc = x509_csr_read(csr, &parsed, diag);
    if (rc == 0 && ret_info) {
        rc = x509_read_name(&parsed.subject, "subject", arena, &info.subject, diag);
        info.key_type = x509_key_type_of(&parsed.pk);
        info.key_bits = (unsigned)mbedtls_pk_get_bitlen(&parsed.pk);
        if (rc == 0) *ret_info = info;
    }
    mbedtls_x509_csr_free(&parsed);
    return rc;
}
