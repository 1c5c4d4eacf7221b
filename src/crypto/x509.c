/* x509.c — reading certificates and checking who signed them.
 *
 * mbedTLS parses; what we add is what a registry needs and a TLS library does not:
 *  I1  The id is the digest of exactly the bytes that were parsed: nothing may follow them.
 *  I2  Sizes are checked before anything is decoded, counts before anything is copied.
 *  I3  A signature is checked against one given CA, by the CA's key alone. The library's chain
 *      building is not used: it trusts an identical certificate without looking at the signature,
 *      and judges times by the system's clock, which a test cannot turn and a board without a
 *      battery cannot keep.
 *  I4  Names are compared as RFC 5280 says (x509_name.c): tools re-encode issuers' strings. */
#include "crypto/x509_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key_priv.h"
#include "crypto/pem_priv.h"

#include <mbedtls/md.h>
#include <mbedtls/oid.h>

#define SECONDS_A_DAY 86400

void x509_der_id(struct slice der, char ret_id[X509_ID_LEN])
{
    crypto_sha256_hex(der.ptr, der.len, ret_id);
}

void x509_der_to_pem(struct slice der, struct buf *ret_pem)
{
    pem_put(ret_pem, "CERTIFICATE", der.ptr, der.len);
}

int x509_pem_next(struct slice *pem, struct buf *ret_der, struct diag *diag)
{
    if (pem->len > X509_PEM_MAX)
        return diag_set(diag, ERR_CERT, "the certificate text is longer than %d bytes",
                        X509_PEM_MAX);
    return pem_next(pem, "CERTIFICATE", X509_DER_MAX, ret_der, diag);
}

int x509_pem_to_der(struct slice pem, struct buf *ret_der, struct diag *diag)
{
    int rc = x509_pem_next(&pem, ret_der, diag);
    return rc == ERR_NOT_FOUND ? diag_set(diag, ERR_CERT, "the text holds no certificate in PEM")
                               : rc;
}

static int parse_der(struct slice der, mbedtls_x509_crt *ret_crt, struct diag *diag)
{
    if (der.len > X509_DER_MAX)
        return diag_set(diag, ERR_CERT, "the certificate is longer than %d bytes", X509_DER_MAX);
    int rc = mbedtls_x509_crt_parse_der(ret_crt, (const unsigned char *)der.ptr, der.len);
    if (rc != 0) return key_library_error(diag, ERR_CERT, "the certificate cannot be parsed", rc);
    if (ret_crt->raw.len != der.len)
        return diag_set(diag, ERR_CERT, "%zu bytes follow the certificate",
                        der.len - ret_crt->raw.len);
    return 0;
}

int x509_read(struct slice cert, mbedtls_x509_crt *ret_crt, struct diag *diag)
{
    if (cert.len == 0) return diag_set(diag, ERR_CERT, "the certificate is empty");
    if (cert.ptr[0] == 0x30) return parse_der(cert, ret_crt, diag);
    struct buf der = { 0 };
    int rc = x509_pem_to_der(cert, &der, diag);
    if (rc == 0) rc = parse_der(buf_slice(&der), ret_crt, diag);
    buf_deinit(&der);
    return rc;
}

/* Days since 1970-01-01: years are counted from March, so that the leap day is their last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t x509_time_to_epoch(const mbedtls_x509_time *time)
{
    return days_from_civil(time->year, time->mon, time->day) * SECONDS_A_DAY + time->hour * 3600 +
           time->min * 60 + time->sec;
}

enum x509_key_type x509_key_type_of(const mbedtls_pk_context *pk)
{
    switch (mbedtls_pk_get_type(pk)) {
    case MBEDTLS_PK_RSA:
        return X509_KEY_RSA;
    case MBEDTLS_PK_ECKEY:
    case MBEDTLS_PK_ECDSA:
        return X509_KEY_EC;
    default:
        return X509_KEY_OTHER;
    }
}

static int read_info(const mbedtls_x509_crt *crt, struct arena *arena, struct x509_info *info,
                     struct diag *diag)
{
    int rc = x509_read_name(&crt->subject, "subject", arena, &info->subject, diag);
    if (rc == 0) rc = x509_read_name(&crt->issuer, "issuer", arena, &info->issuer, diag);
    if (rc == 0)
        rc = x509_read_alt_names(crt, SLICE_LIT(MBEDTLS_OID_SUBJECT_ALT_NAME), arena, &info->sans,
                                 &info->san_count, diag);
    if (rc == 0)
        rc = x509_read_alt_names(crt, SLICE_LIT(MBEDTLS_OID_ISSUER_ALT_NAME), arena,
                                 &info->issuer_sans, &info->issuer_san_count, diag);
    if (rc < 0) return rc;

    x509_der_id(slice_of((const char *)crt->raw.p, crt->raw.len), info->id);
    char *serial = arena_alloc(arena, 2 * crt->serial.len + 1);
    hex_encode(crt->serial.p, crt->serial.len, serial);
    info->serial = serial;
    info->not_before_s = x509_time_to_epoch(&crt->valid_from);
    info->not_after_s = x509_time_to_epoch(&crt->valid_to);
    info->version = crt->version;
    info->is_ca = mbed_crt_is_ca(crt);
    info->is_self_issued = strcmp(info->subject.id, info->issuer.id) == 0;
    info->key_type = x509_key_type_of(&crt->pk);
    info->key_bits = (unsigned)mbedtls_pk_get_bitlen(&crt->pk);
    return 0;
}

int x509_parse(struct slice cert, struct arena *arena, struct x509_info *ret_info,
               struct diag *diag)
{
    struct x509_info info = { 0 };
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    int rc = x509_read(cert, &crt, diag);
    if (rc == 0) rc = read_info(&crt, arena, &info, diag);
    if (rc == 0) *ret_info = info;
    mbedtls_x509_crt_free(&crt);
    return rc;
}

int x509_check_time(const struct x509_info *info, int64_t now_s, struct diag *diag)
{
    if (now_s < info->not_before_s)
        return diag_set(diag, ERR_CERT, "the certificate is not valid yet (in %lld seconds)",
                        (long long)(info->not_before_s - now_s));
    if (now_s > info->not_after_s)
        return diag_set(diag, ERR_CERT, "the certificate expired %lld seconds ago",
                        (long long)(now_s - info->not_after_s));
    return 0;
}

int x509_check_is_ca(const mbedtls_x509_crt *crt, enum x509_signs what, struct diag *diag)
{
    static const struct {
        unsigned usage;
        const char *name;
    } kinds[] = {
        [X509_SIGNS_CERTS] = { MBEDTLS_X509_KU_KEY_CERT_SIGN, "certificates" },
        [X509_SIGNS_LISTS] = { MBEDTLS_X509_KU_CRL_SIGN, "revocation lists" },
    };
    if (crt->version != 3 || !mbed_crt_is_ca(crt))
        return diag_set(diag, ERR_CERT, "the issuer is no CA (no X.509 v3 with CA:TRUE)");
    if (mbedtls_x509_crt_check_key_usage(crt, kinds[what].usage) != 0)
        return diag_set(diag, ERR_CERT, "the issuer's key usage does not permit %s",
                        kinds[what].name);
    return 0;
}

static int check_digest(mbedtls_md_type_t md, struct diag *diag)
{
    if (md == MBEDTLS_MD_SHA256 || md == MBEDTLS_MD_SHA384 || md == MBEDTLS_MD_SHA512) return 0;
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md);
    return diag_set(diag, ERR_CERT, "signed with %s; SHA-256, SHA-384 and SHA-512 are accepted",
                    info ? mbedtls_md_get_name(info) : "an unknown digest");
}

int x509_check_signature(const struct x509_signed *what, mbedtls_pk_context *signer,
                         struct diag *diag)
{
    int rc = check_digest(what->md, diag);
    if (rc < 0) return rc;
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(what->md);
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    if (!md || mbedtls_md(md, (const unsigned char *)what->body.ptr, what->body.len, hash) != 0 ||
        mbedtls_pk_verify_ext(what->pk_type, what->pk_opts, signer, what->md, hash,
                              mbedtls_md_get_size(md), (const unsigned char *)what->signature.ptr,
                              what->signature.len) != 0)
        return diag_set(diag, ERR_CERT, "the signature is wrong");
    return 0;
}

static int check_names_fit(const mbedtls_x509_name *issuer, const mbedtls_x509_crt *ca,
                           struct diag *diag)
{
    struct arena arena = { 0 };
    struct x509_name named, subject;
    int rc = x509_read_name(issuer, "issuer", &arena, &named, diag);
    if (rc == 0) rc = x509_read_name(&ca->subject, "subject", &arena, &subject, diag);
    if (rc == 0 && strcmp(named.id, subject.id) != 0)
        rc = diag_set(diag, ERR_CERT, "it names another issuer");
    arena_deinit(&arena);
    return rc;
}

int x509_check_issuer(const mbedtls_x509_name *issuer, const mbedtls_x509_crt *ca,
                      enum x509_signs what, struct diag *diag)
{
    int rc = check_names_fit(issuer, ca, diag);
    if (rc == 0) rc = x509_check_is_ca(ca, what, diag);
    return rc == 0 ? key_check_strength(&ca->pk, X509_CA_RSA_MAX, ERR_CERT, diag) : rc;
}

static int verify_issued(const mbedtls_x509_crt *crt, mbedtls_x509_crt *ca, struct diag *diag)
{
    int rc = x509_check_issuer(&crt->issuer, ca, X509_SIGNS_CERTS, diag);
    if (rc < 0) return rc;
    const struct x509_signed what = {
        .body = slice_of((const char *)crt->tbs.p, crt->tbs.len),
        .signature = slice_of((const char *)crt->MBED_FIELD(sig).p, crt->MBED_FIELD(sig).len),
        .md = crt->MBED_FIELD(sig_md),
        .pk_type = crt->MBED_FIELD(sig_pk),
        .pk_opts = crt->MBED_FIELD(sig_opts),
    };
    return x509_check_signature(&what, &ca->pk, diag);
}

int x509_read_ca(struct slice ca, mbedtls_x509_crt *ret_crt, struct diag *diag)
{
    int rc = x509_read(ca, ret_crt, diag);
    return rc < 0 ? diag_wrap(diag, rc, "CA") : 0;
}

int x509_verify_issued(struct slice cert, struct slice ca, struct diag *diag)
{
    mbedtls_x509_crt crt, ca_crt;
    mbedtls_x509_crt_init(&crt);
    mbedtls_x509_crt_init(&ca_crt);
    int rc = x509_read_ca(ca, &ca_crt, diag);
    if (rc == 0) rc = x509_read(cert, &crt, diag);
    if (rc == 0) rc = verify_issued(&crt, &ca_crt, diag);
    mbedtls_x509_crt_free(&ca_crt);
    mbedtls_x509_crt_free(&crt);
    return rc;
}

/* ---- what a certificate is good for ---- */

static int check_ca(const mbedtls_x509_crt *crt, struct diag *diag)
{
    int rc = x509_check_is_ca(crt, X509_SIGNS_CERTS, diag);
    return rc == 0 ? key_check_strength(&crt->pk, X509_CA_RSA_MAX, ERR_CERT, diag) : rc;
}

/* A client signs in the handshake (RFC 8446, section 4.4.2.3; RFC 5280, sections 4.2.1.3 and 4.2.1.12). */
static int check_client(const mbedtls_x509_crt *crt, struct diag *diag)
{
    int rc = key_check_strength(&crt->pk, X509_SUBJECT_RSA_MAX, ERR_CERT, diag);
    if (rc < 0) return rc;
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
        return diag_set(
            diag, ERR_CERT,
            "its key usage does not permit digital signatures, which a TLS client makes");
    if (mbedtls_x509_crt_check_extended_key_usage(crt, MBEDTLS_OID_CLIENT_AUTH,
                                                  sizeof MBEDTLS_OID_CLIENT_AUTH - 1) != 0)
        return diag_set(diag, ERR_CERT,
                        "its extended key usage does not permit the authentication of TLS clients");
    return 0;
}

static int check_use(struct slice cert,
                     int (*check)(const mbedtls_x509_crt *crt, struct diag *diag),
                     struct diag *diag)
{
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    int rc = x509_read(cert, &crt, diag);
    if (rc == 0) rc = check_digest(crt.MBED_FIELD(sig_md), diag);
    if (rc == 0) rc = check(&crt, diag);
    mbedtls_x509_crt_free(&crt);
    return rc;
}

int x509_check_client(struct slice cert, struct diag *diag)
{
    return check_use(cert, check_client, diag);
}

int x509_check_ca(struct slice cert, struct diag *diag)
{
    return check_use(cert, check_ca, diag);
}
