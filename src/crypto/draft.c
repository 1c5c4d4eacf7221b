/* draft.c — writes certificates (RFC 5280, section 4.1).
 *
 * The DER is written here and not by mbedTLS' writer, for three reasons: 2.28 has no alternative
 * names; it rebuilds the issuer's name from text, which loses string types and repeated attributes,
 * so that byte-comparing verifiers find no chain; and its interface differs between 2.28 and 3.x.
 * The functions stand in the order of the standard's ASN.1, from the inside out. Serial numbers
 * have 159 bits by chance and are never counted, so issuing needs no state. */
#include "crypto/draft_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/der_priv.h"
#include "crypto/digest.h"
#include "crypto/key_priv.h"
#include "crypto/x509.h"

#include <arpa/inet.h>
#include <mbedtls/asn1.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>

#define SECONDS_A_DAY 86400
#define SERIAL_LEN    20
#define DNS_NAME_MAX  253
#define DNS_LABEL_MAX 63

/* The SHA-1 of the public key's bits: RFC 5280, section 4.2.1.2, method 1. */
int draft_key_id(struct slice public_key, uint8_t ret_id[DRAFT_KEY_ID_LEN], struct diag *diag)
{
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    unsigned char *at = (unsigned char *)(uintptr_t)public_key.ptr;
    unsigned char *end = at + public_key.len;
    uint8_t digest[CRYPTO_DIGEST_MAX];
    size_t len;
    if (mbedtls_asn1_get_tag(&at, end, &len, sequence) != 0 ||
        mbedtls_asn1_get_tag(&at, end, &len, sequence) != 0)
        return diag_set(diag, ERR_CRYPTO, "cannot read the public key");
    at += len;
    if (mbedtls_asn1_get_bitstring_null(&at, end, &len) != 0)
        return diag_set(diag, ERR_CRYPTO, "cannot read the public key");
    int rc = crypto_digest(CRYPTO_SHA1, at, len, digest, NULL);
    if (rc < 0) return diag_set(diag, ERR_CRYPTO, "no SHA-1 for key identifiers");
    memcpy(ret_id, digest, DRAFT_KEY_ID_LEN);
    return 0;
}

static void put_algorithm(struct buf *out, const mbedtls_pk_context *signer)
{
    size_t sequence = der_begin(out, DER_SEQUENCE);
    if (mbedtls_pk_get_type(signer) == MBEDTLS_PK_RSA) {
        der_put_oid(out, MBEDTLS_OID_PKCS1_SHA256);
        der_put(out, DER_NULL, NULL, 0);
    } else {
        der_put_oid(out, MBEDTLS_OID_ECDSA_SHA256);
    }
    der_end(out, sequence);
}

static void put_serial(struct buf *out)
{
    uint8_t serial[SERIAL_LEN];
    rand_bytes(serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and of full length */
    der_put(out, DER_INTEGER, serial, sizeof serial);
}

struct civil {
    int year;
    int month;
    int day;
};

/* Of days since 1970-01-01, not before it. gmtime() would not do where time_t has 32 bits. */
static struct civil civil_from_days(int64_t days)
{
    days += 719468; /* since 0000-03-01 */
    int64_t era = days / 146097;
    int64_t of_era = days % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    return (struct civil){
        .year = (int)(year + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
    };
}

static void put_time(struct buf *out, int64_t epoch_s)
{
    struct civil day = civil_from_days(epoch_s / SECONDS_A_DAY);
    int second = (int)(epoch_s % SECONDS_A_DAY);
    bool is_utc = epoch_s <= DRAFT_END_OF_2049_S;
    size_t time = der_begin(out, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    buf_printf(out, is_utc ? "%02d" : "%04d", is_utc ? day.year % 100 : day.year);
    buf_printf(out, "%02d%02d%02d%02d%02dZ", day.month, day.day, second / 3600, second / 60 % 60,
               second % 60);
    der_end(out, time);
}

static void put_validity(struct buf *out, const struct draft *draft)
{
    size_t sequence = der_begin(out, DER_SEQUENCE);
    put_time(out, draft->not_before_s);
    put_time(out, draft->not_after_s);
    der_end(out, sequence);
}

static void put_attr(struct buf *out, const char *oid, size_t oid_len, const char *value)
{
    size_t set = der_begin(out, DER_SET);
    size_t attr = der_begin(out, DER_SEQUENCE);
    der_put(out, DER_OID, oid, oid_len);
    der_put(out, DER_UTF8_STRING, value, strlen(value));
    der_end(out, attr);
    der_end(out, set);
}

static int check_attr(const char *what, const char *value, struct diag *diag)
{
    struct slice text = slice_str(value);
    size_t at = 0, count = 0;
    for (; at < text.len; count++) {
        int32_t code = utf8_next(text, &at);
        if (code < 0) return diag_set(diag, ERR_INVALID, "the %s is not UTF-8", what);
        if (code < 0x20 || code == 0x7f)
            return diag_set(diag, ERR_INVALID, "the %s has a control character", what);
    }
    if (count < 1 || count > X509_CN_MAX)
        return diag_set(diag, ERR_INVALID, "the %s has %zu characters; 1 to %d are accepted", what,
                        count, X509_CN_MAX);
    return 0;
}

int draft_put_name(struct buf *out, const char *common_name, const char *organization,
                   struct diag *diag)
{
    int rc = check_attr("common name", common_name, diag);
    if (rc == 0 && organization) rc = check_attr("organization", organization, diag);
    if (rc < 0) return rc;
    size_t name = der_begin(out, DER_SEQUENCE);
    if (organization)
        put_attr(out, MBEDTLS_OID_AT_ORGANIZATION, sizeof MBEDTLS_OID_AT_ORGANIZATION - 1,
                 organization);
    put_attr(out, MBEDTLS_OID_AT_CN, sizeof MBEDTLS_OID_AT_CN - 1, common_name);
    der_end(out, name);
    return 0;
}

/* An extension's two open elements. */
struct ext {
    size_t sequence;
    size_t value;
};

static struct ext ext_begin(struct buf *out, const char *oid, size_t oid_len, bool critical)
{
    struct ext ext;
    ext.sequence = der_begin(out, DER_SEQUENCE);
    der_put(out, DER_OID, oid, oid_len);
    if (critical) der_put(out, DER_BOOLEAN, "\xff", 1);
    ext.value = der_begin(out, DER_OCTET_STRING);
    return ext;
}

static void ext_end(struct buf *out, struct ext ext)
{
    der_end(out, ext.value);
    der_end(out, ext.sequence);
}

#define EXT_BEGIN(out, oid, critical) ext_begin((out), (oid), sizeof(oid) - 1, (critical))

static void put_basic_constraints(struct buf *out, const struct draft *draft)
{
    struct ext ext = EXT_BEGIN(out, MBEDTLS_OID_BASIC_CONSTRAINTS, true);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    if (draft->is_ca) der_put(out, DER_BOOLEAN, "\xff", 1);
    der_end(out, sequence);
    ext_end(out, ext);
}

/* The first byte counts the unused bits; RFC 5280, section 4.2.1.3, has the bits. */
static void put_key_usage(struct buf *out, const struct draft *draft)
{
    static const char sign_certs_and_lists[] = "\x01\x06";
    static const char sign[] = "\x07\x80";
    static const char sign_and_encipher_keys[] = "\x05\xa0"; /* RSA key exchange of TLS 1.2 */
    struct ext ext = EXT_BEGIN(out, MBEDTLS_OID_KEY_USAGE, true);
    der_put(out, DER_BIT_STRING,
            draft->is_ca    ? sign_certs_and_lists
            : draft->is_rsa ? sign_and_encipher_keys
                            : sign,
            2);
    ext_end(out, ext);
}

static void put_extended_key_usage(struct buf *out, const struct draft *draft)
{
    if (!draft->usage) return;
    struct ext ext = EXT_BEGIN(out, MBEDTLS_OID_EXTENDED_KEY_USAGE, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    if (draft->usage & X509_USE_SERVER) der_put_oid(out, MBEDTLS_OID_SERVER_AUTH);
    if (draft->usage & X509_USE_CLIENT) der_put_oid(out, MBEDTLS_OID_CLIENT_AUTH);
    der_end(out, sequence);
    ext_end(out, ext);
}

static void put_key_ids(struct buf *out, struct slice subject, struct slice authority)
{
    struct ext ext = EXT_BEGIN(out, MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER, false);
    der_put(out, DER_OCTET_STRING, subject.ptr, subject.len);
    ext_end(out, ext);

    ext = EXT_BEGIN(out, MBEDTLS_OID_AUTHORITY_KEY_IDENTIFIER, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    der_put(out, DER_CONTEXT | 0, authority.ptr, authority.len);
    der_end(out, sequence);
    ext_end(out, ext);
}

static bool is_label(const char *text, size_t len)
{
    if (len == 0 || len > DNS_LABEL_MAX || text[0] == '-' || text[len - 1] == '-') return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_';
        if (!fits) return false;
    }
    return true;
}

/* Labels of letters, digits and hyphens; a first label "*"; no last label of digits alone, which
 * would be half an address. */
static bool is_dns_name(const char *name)
{
    if (strlen(name) > DNS_NAME_MAX) return false;
    if (strncmp(name, "*.", 2) == 0) name += 2;
    for (;;) {
        size_t len = strcspn(name, ".");
        if (!is_label(name, len)) return false;
        if (name[len] == '\0') return strspn(name, "0123456789") < len;
        name += len + 1;
    }
}

static int put_san(struct buf *out, const char *name, struct diag *diag)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, name, address) == 1)
        der_put(out, DER_CONTEXT | 7, address, 4);
    else if (inet_pton(AF_INET6, name, address) == 1)
        der_put(out, DER_CONTEXT | 7, address, 16);
    else if (is_dns_name(name))
        der_put(out, DER_CONTEXT | 2, name, strlen(name));
    else
        return diag_set(diag, ERR_INVALID, "'%.64s' is neither a DNS name nor an IP address", name);
    return 0;
}

static int put_sans(struct buf *out, const struct draft *draft, struct diag *diag)
{
    if (draft->name_count == 0) return 0;
    if (draft->name_count > X509_SAN_MAX)
        return diag_set(diag, ERR_INVALID, "%zu alternative names; %d are accepted",
                        draft->name_count, X509_SAN_MAX);
    struct ext ext = EXT_BEGIN(out, MBEDTLS_OID_SUBJECT_ALT_NAME, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    for (size_t i = 0; i < draft->name_count; i++) {
        int rc = put_san(out, draft->names[i], diag);
        if (rc < 0) return rc;
    }
    der_end(out, sequence);
    ext_end(out, ext);
    return 0;
}

static int put_extensions(struct buf *out, const struct draft *draft, struct diag *diag)
{
    uint8_t id[DRAFT_KEY_ID_LEN];
    int rc = draft_key_id(draft->public_key, id, diag);
    if (rc < 0) return rc;
    struct slice own = slice_of((const char *)id, sizeof id);

    size_t explicit = der_begin(out, DER_CONTEXT | DER_CONSTRUCTED | 3);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    put_basic_constraints(out, draft);
    put_key_usage(out, draft);
    put_extended_key_usage(out, draft);
    put_key_ids(out, own, draft->authority_id.len > 0 ? draft->authority_id : own);
    rc = put_sans(out, draft, diag);
    der_end(out, sequence);
    der_end(out, explicit);
    return rc;
}

/* TBSCertificate */
static int put_body(struct buf *out, const struct draft *draft, const mbedtls_pk_context *signer,
                    struct diag *diag)
{
    size_t sequence = der_begin(out, DER_SEQUENCE);
    size_t version = der_begin(out, DER_CONTEXT | DER_CONSTRUCTED | 0);
    der_put(out, DER_INTEGER, "\x02", 1); /* v3 */
    der_end(out, version);
    put_serial(out);
    put_algorithm(out, signer);
    buf_put_slice(out, draft->issuer_name);
    put_validity(out, draft);
    buf_put_slice(out, draft->subject_name);
    buf_put_slice(out, draft->public_key);
    int rc = put_extensions(out, draft, diag);
    der_end(out, sequence);
    return rc;
}

static int put_signature(struct buf *out, struct slice body, mbedtls_pk_context *signer,
                         struct diag *diag)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0;
    crypto_sha256(body.ptr, body.len, hash);
    int rc = mbed_pk_sign(signer, MBEDTLS_MD_SHA256, hash, sizeof hash, signature, &len);
    if (rc != 0) return key_library_error(diag, ERR_CRYPTO, "cannot sign the certificate", rc);
    size_t bits = der_begin(out, DER_BIT_STRING);
    buf_putc(out, '\0'); /* no unused bits */
    buf_append(out, signature, len);
    der_end(out, bits);
    return 0;
}

int draft_write(const struct draft *draft, mbedtls_pk_context *signer, char **ret_cert_pem,
                struct diag *diag)
{
    struct buf body = { 0 }, der = { 0 }, pem = { 0 };
    size_t sequence = der_begin(&der, DER_SEQUENCE);
    int rc = put_body(&body, draft, signer, diag);
    if (rc < 0) goto out;
    buf_append(&der, body.data, body.len);
    put_algorithm(&der, signer);
    rc = put_signature(&der, buf_slice(&body), signer, diag);
    if (rc < 0) goto out;
    der_end(&der, sequence);
    if (der.len > X509_DER_MAX) {
        rc = diag_set(diag, ERR_INVALID, "the certificate would have %zu bytes", der.len);
        goto out;
    }
    x509_der_to_pem(buf_slice(&der), &pem);
    *ret_cert_pem = buf_take(&pem, NULL);
out:
    buf_deinit(&body);
    buf_deinit(&der);
    return rc;
}
