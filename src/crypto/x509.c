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

#include <arpa/inet.h>
#include <mbedtls/asn1.h>
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

/* GeneralName's context tags, RFC 5280, section 4.2.1.6. */
static enum x509_san_type san_type(int tag)
{
    switch (tag & MBEDTLS_ASN1_TAG_VALUE_MASK) {
    case 1:
        return X509_SAN_EMAIL;
    case 2:
        return X509_SAN_DNS;
    case 6:
        return X509_SAN_URI;
    case 7:
        return X509_SAN_IP;
    default:
        return X509_SAN_OTHER;
    }
}

static int read_address(const mbedtls_x509_buf *from, struct arena *arena, const char **ret_text,
                        struct diag *diag)
{
    char text[INET6_ADDRSTRLEN];
    if (from->len != 4 && from->len != 16)
        return diag_set(diag, ERR_CERT, "an alternative name is an IP address of %zu bytes",
                        from->len);
    inet_ntop(from->len == 4 ? AF_INET : AF_INET6, from->p, text, sizeof text);
    *ret_text = arena_strdup(arena, text);
    return 0;
}

static int read_ia5(const mbedtls_x509_buf *from, struct arena *arena, const char **ret_text,
                    struct diag *diag)
{
    for (size_t i = 0; i < from->len; i++) {
        if (from->p[i] < 0x20 || from->p[i] > 0x7e)
            return diag_set(diag, ERR_CERT, "an alternative name has the byte 0x%02x", from->p[i]);
    }
    *ret_text = arena_strndup(arena, (const char *)from->p, from->len);
    return 0;
}

static int read_san(const mbedtls_x509_buf *from, struct arena *arena, struct x509_san *ret_san,
                    struct diag *diag)
{
    struct x509_san san = { san_type(from->tag), "" };
    int rc = 0;
    if (san.type == X509_SAN_IP)
        rc = read_address(from, arena, &san.value, diag);
    else if (san.type != X509_SAN_OTHER)
        rc = read_ia5(from, arena, &san.value, diag);
    if (rc == 0) *ret_san = san;
    return rc;
}

static int read_sans(const mbedtls_x509_crt *crt, struct arena *arena, struct x509_info *info,
                     struct diag *diag)
{
    size_t count = 0;
    const mbedtls_x509_sequence *first = &crt->subject_alt_names;
    if (!first->buf.p) return 0;
    for (const mbedtls_x509_sequence *it = first; it; it = it->next)
        count++;
    if (count > X509_SAN_MAX)
        return diag_set(diag, ERR_CERT, "%zu alternative names; %d are accepted", count,
                        X509_SAN_MAX);
    struct x509_san *sans = arena_array(arena, struct x509_san, count);
    size_t n = 0;
    for (const mbedtls_x509_sequence *it = first; it; it = it->next) {
        int rc = read_san(&it->buf, arena, &sans[n++], diag);
        if (rc < 0) return rc;
    }
    info->sans = sans;
    info->san_count = count;
    return 0;
}

static int read_info(const mbedtls_x509_crt *crt, struct arena *arena, struct x509_info *info,
                     struct diag *diag)
{
    int rc = x509_read_name(&crt->subject, "subject", arena, &info->subject, diag);
    if (rc == 0) rc = x509_read_name(&crt->issuer, "issuer", arena, &info->issuer, diag);
    if (rc == 0) rc = read_sans(crt, arena, info, diag);
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

bool x509_find_extension(const mbedtls_x509_crt *crt, struct slice oid, struct slice *ret_value)
{
    unsigned char *at = crt->v3_ext.p;
    if (!at) return false;
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    size_t len;
    unsigned char *end = at + crt->v3_ext.len;
    if (mbedtls_asn1_get_tag(&at, end, &len, sequence) != 0) return false;
    while (at < end) {
        if (mbedtls_asn1_get_tag(&at, end, &len, sequence) != 0) return false;
        unsigned char *next = at + len;
        if (mbedtls_asn1_get_tag(&at, next, &len, MBEDTLS_ASN1_OID) != 0) return false;
        bool found = slice_eq(slice_of((const char *)at, len), oid);
        at += len;
        if (found) {
            int critical;
            mbedtls_asn1_get_bool(&at, next, &critical); /* optional */
            if (mbedtls_asn1_get_tag(&at, next, &len, MBEDTLS_ASN1_OCTET_STRING) != 0) return false;
            *ret_value = slice_of((const char *)at, len);
            return true;
        }
        at = next;
    }
    return false;
}

int x509_check_is_ca(const mbedtls_x509_crt *crt, struct diag *diag)
{
    if (crt->version != 3 || !mbed_crt_is_ca(crt))
        return diag_set(diag, ERR_CERT, "the issuer is no CA (no X.509 v3 with CA:TRUE)");
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0)
        return diag_set(diag, ERR_CERT, "the issuer's key usage does not permit certificates");
    return 0;
}

static bool md_is_accepted(mbedtls_md_type_t md)
{
    return md == MBEDTLS_MD_SHA256 || md == MBEDTLS_MD_SHA384 || md == MBEDTLS_MD_SHA512;
}

int x509_check_signature(const struct x509_signed *what, mbedtls_pk_context *signer,
                         struct diag *diag)
{
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(what->md);
    if (!md || !md_is_accepted(what->md))
        return diag_set(diag, ERR_CERT, "signed with %s; SHA-256, SHA-384 and SHA-512 are accepted",
                        md ? mbedtls_md_get_name(md) : "an unknown digest");
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    if (mbedtls_md(md, (const unsigned char *)what->body.ptr, what->body.len, hash) != 0 ||
        mbedtls_pk_verify_ext(what->pk_type, what->pk_opts, signer, what->md, hash,
                              mbedtls_md_get_size(md), (const unsigned char *)what->signature.ptr,
                              what->signature.len) != 0)
        return diag_set(diag, ERR_CERT, "the signature is wrong");
    return 0;
}

static int check_names_fit(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *ca,
                           struct diag *diag)
{
    struct arena arena = { 0 };
    struct x509_name issuer, subject;
    int rc = x509_read_name(&crt->issuer, "issuer", &arena, &issuer, diag);
    if (rc == 0) rc = x509_read_name(&ca->subject, "subject", &arena, &subject, diag);
    if (rc == 0 && strcmp(issuer.id, subject.id) != 0)
        rc = diag_set(diag, ERR_CERT, "the certificate names another issuer");
    arena_deinit(&arena);
    return rc;
}

static int verify_issued(const mbedtls_x509_crt *crt, mbedtls_x509_crt *ca, struct diag *diag)
{
    int rc = check_names_fit(crt, ca, diag);
    if (rc == 0) rc = x509_check_is_ca(ca, diag);
    if (rc == 0) rc = key_check_strength(&ca->pk, X509_CA_RSA_MAX, ERR_CERT, diag);
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

int x509_verify_issued(struct slice cert, struct slice ca, struct diag *diag)
{
    mbedtls_x509_crt crt, ca_crt;
    mbedtls_x509_crt_init(&crt);
    mbedtls_x509_crt_init(&ca_crt);
    int rc = x509_read(ca, &ca_crt, diag);
    if (rc < 0)
        rc = diag_wrap(diag, rc, "CA");
    else
        rc = x509_read(cert, &crt, diag);
    if (rc == 0) rc = verify_issued(&crt, &ca_crt, diag);
    mbedtls_x509_crt_free(&ca_crt);
    mbedtls_x509_crt_free(&crt);
    return rc;
}
