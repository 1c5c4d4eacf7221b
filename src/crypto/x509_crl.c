/* x509_crl.c — see x509_crl.h. mbedTLS parses; extensions are looked at before, since it refuses the critical ones
 * without a reason, and skips those of entries unread: an indirect list would revoke another CA's certificates.
 *  I1  Sizes are checked before anything is decoded, the count before anything is copied.
 *  I2  Nothing of a list is believed before its signature. */
#include "crypto/x509_crl.h"

#include "base/err.h"
#include "base/text.h"
#include "crypto/der_priv.h"
#include "crypto/key_priv.h"
#include "crypto/pem_priv.h"
#include "crypto/x509_priv.h"

#include <mbedtls/oid.h>
#include <mbedtls/x509_crl.h>

#define NUMBER_MAX 20 /* bytes of a CRLNumber: RFC 5280, section 5.2.3 */

/* ---- extensions ---- */

static const struct {
    struct slice oid;
    const char *why;
} refused[] = {
    { SLICE_LIT(MBEDTLS_OID_ID_CE "\x1b"), "it is a delta list; complete ones are accepted" },
    { SLICE_LIT(MBEDTLS_OID_ID_CE "\x1c"),
      "it covers a part of the CA's certificates, or is indirect (issuingDistributionPoint)" },
    { SLICE_LIT(MBEDTLS_OID_ID_CE "\x1d"),
      "it is indirect: an entry names another issuer (certificateIssuer)" },
};

static int judge_ext(const struct x509_ext *ext, struct diag *diag)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (slice_eq(ext->oid, refused[i].oid))
            return diag_set(diag, ERR_CERT, "%s", refused[i].why);
    if (!ext->critical) return 0;
    char dotted[128];
    const mbedtls_asn1_buf oid = { DER_OID, ext->oid.len,
                                   (unsigned char *)(uintptr_t)ext->oid.ptr };
    int len = mbedtls_oid_get_numeric_string(dotted, sizeof dotted, &oid);
    return diag_set(diag, ERR_CERT, "it has the critical extension %s, which is not known",
                    len > 0 ? dotted : "?");
}

/* An INTEGER that is not negative. */
static int read_number(struct slice value, struct arena *arena, const char **ret_number,
                       struct diag *diag)
{
    struct slice number;
    if (!der_take(&value, DER_INTEGER, &number) || value.len > 0 || number.len == 0 ||
        (number.ptr[0] & 0x80) || number.len > NUMBER_MAX)
        return diag_set(diag, ERR_CERT, "its CRLNumber is none of up to %d bytes", NUMBER_MAX);
    char hex[2 * NUMBER_MAX + 1];
    hex_encode(number.ptr, number.len, hex);
    size_t zeros = strspn(hex, "0");
    *ret_number = arena_strdup(arena, hex[zeros] ? hex + zeros : "0");
    return 0;
}

/* Of the list and of entries alike; a CRLNumber is taken where ret_number is not NULL. */
static int judge_extensions(struct slice list, struct arena *arena, const char **ret_number,
                            struct diag *diag)
{
    struct x509_ext ext = { 0 };
    int rc;
    while ((rc = x509_ext_next(&list, &ext, diag)) > 0) {
        if (ret_number && slice_eq(ext.oid, SLICE_LIT(MBEDTLS_OID_CRL_NUMBER)))
            rc = read_number(ext.value, arena, ret_number, diag);
        else
            rc = judge_ext(&ext, diag);
        if (rc < 0) return rc;
    }
    return rc;
}

/* crlExtensions: the last element of TBSCertList, the only one with its tag. */
static int find_extensions(struct slice der, struct slice *ret_list, struct diag *diag)
{
    struct slice whole, body, value;
    int tag;
    bool fine = der_take(&der, DER_SEQUENCE, &whole) && der_take(&whole, DER_SEQUENCE, &body);
    *ret_list = slice_of("", 0);
    while (fine && body.len > 0) {
        fine = der_next(&body, &tag, &value);
        if (fine && tag == (DER_CONTEXT | DER_CONSTRUCTED | 0))
            fine = der_take(&value, DER_SEQUENCE, ret_list);
    }
    return fine ? 0 : diag_set(diag, ERR_CERT, "it cannot be parsed");
}

/* ---- entries ---- */

/* SEQUENCE { serial, date, extensions OPTIONAL } without its head */
static int judge_entry(const mbedtls_x509_crl_entry *entry, struct arena *arena, struct diag *diag)
{
    struct slice rest = slice_of((const char *)entry->raw.p, entry->raw.len), skipped, list;
    int tag;
    if (!der_next(&rest, &tag, &skipped) || !der_next(&rest, &tag, &skipped))
        return diag_set(diag, ERR_CERT, "an entry cannot be read");
    if (rest.len == 0) return 0;
    if (!der_take(&rest, DER_SEQUENCE, &list) || rest.len > 0)
        return diag_set(diag, ERR_CERT, "an entry cannot be read");
    return judge_extensions(list, arena, NULL, diag);
}

static size_t count_entries(const mbedtls_x509_crl *crl)
{
    size_t count = 0;
    for (const mbedtls_x509_crl_entry *entry = &crl->entry; entry; entry = entry->next)
        count += entry->raw.p != NULL; /* an empty list is one entry without bytes */
    return count;
}

static int read_entries(const mbedtls_x509_crl *crl, struct arena *arena,
                        struct x509_crl_info *info, struct diag *diag)
{
    size_t count = count_entries(crl), n = 0;
    if (count > X509_CRL_MAX)
        return diag_set(diag, ERR_CERT, "it has %zu entries; %d are accepted", count, X509_CRL_MAX);
    struct x509_revoked *entries = arena_array(arena, struct x509_revoked, count + 1);
    for (const mbedtls_x509_crl_entry *entry = &crl->entry; n < count; entry = entry->next) {
        int rc = judge_entry(entry, arena, diag);
        if (rc < 0) return rc;
        char *serial = arena_alloc(arena, 2 * entry->serial.len + 1);
        hex_encode(entry->serial.p, entry->serial.len, serial);
        entries[n].serial = serial;
        entries[n++].revoked_at_s = x509_time_to_epoch(&entry->revocation_date);
    }
    info->entries = entries;
    info->count = count;
    return 0;
}

/* ---- the list ---- */

static int verify(const mbedtls_x509_crl *crl, mbedtls_x509_crt *ca, struct diag *diag)
{
    int rc = x509_check_issuer(&crl->issuer, ca, X509_SIGNS_LISTS, diag);
    if (rc < 0) return rc;
    const struct x509_signed what = {
        .body = slice_of((const char *)crl->tbs.p, crl->tbs.len),
        .signature = slice_of((const char *)crl->MBED_FIELD(sig).p, crl->MBED_FIELD(sig).len),
        .md = crl->MBED_FIELD(sig_md),
        .pk_type = crl->MBED_FIELD(sig_pk),
        .pk_opts = crl->MBED_FIELD(sig_opts),
    };
    return x509_check_signature(&what, &ca->pk, diag);
}

static int read_list(struct slice der, mbedtls_x509_crt *ca, struct arena *arena,
                     struct x509_crl_info *info, struct diag *diag)
{
    struct slice extensions;
    mbedtls_x509_crl crl;
    int rc = find_extensions(der, &extensions, diag);
    if (rc == 0) rc = judge_extensions(extensions, arena, &info->number, diag);
    if (rc < 0) return rc;
    mbedtls_x509_crl_init(&crl);
    rc = mbedtls_x509_crl_parse_der(&crl, (const unsigned char *)der.ptr, der.len);
    if (rc != 0) rc = key_library_error(diag, ERR_CERT, "it cannot be parsed", rc);
    if (rc == 0) rc = verify(&crl, ca, diag);
    if (rc == 0) rc = read_entries(&crl, arena, info, diag);
    if (rc == 0) {
        info->this_update_s = x509_time_to_epoch(&crl.this_update);
        info->next_update_s = crl.next_update.year ? x509_time_to_epoch(&crl.next_update) : 0;
    }
    mbedtls_x509_crl_free(&crl);
    return rc;
}

static int find_der(struct slice crl, struct buf *scratch, struct slice *ret_der, struct diag *diag)
{
    *ret_der = crl;
    if (crl.len == 0) return diag_set(diag, ERR_CERT, "it is empty");
    if (crl.ptr[0] != 0x30) {
        int rc = pem_next(&crl, "X509 CRL", X509_CRL_DER_MAX, scratch, diag);
        *ret_der = buf_slice(scratch);
        return rc == ERR_NOT_FOUND ? diag_set(diag, ERR_CERT, "the text holds no list in PEM") : rc;
    }
    return crl.len <= X509_CRL_DER_MAX
               ? 0
               : diag_set(diag, ERR_CERT, "it is longer than %d bytes", X509_CRL_DER_MAX);
}

int x509_crl_read(struct slice crl, struct slice ca, struct arena *arena,
                  struct x509_crl_info *ret_info, struct diag *diag)
{
    struct x509_crl_info info = { 0 };
    struct buf scratch = { 0 };
    struct slice der;
    mbedtls_x509_crt ca_crt;
    mbedtls_x509_crt_init(&ca_crt);
    int rc = x509_read_ca(ca, &ca_crt, diag);
    if (rc == 0) {
        rc = find_der(crl, &scratch, &der, diag);
        if (rc == 0) rc = read_list(der, &ca_crt, arena, &info, diag);
        if (rc < 0) diag_wrap(diag, rc, "revocation list");
    }
    if (rc == 0) *ret_info = info;
    mbedtls_x509_crt_free(&ca_crt);
    buf_deinit(&scratch);
    return rc;
}

int x509_crl_number_compare(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    return a_len != b_len ? (a_len < b_len ? -1 : 1) : strcmp(a, b);
}
