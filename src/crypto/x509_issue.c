/* x509_issue.c — a CA of our own, and the certificates it signs; draft.c writes them.
 *  I1  The issuer's name and key identifier are copied from its certificate, byte by byte.
 *  I2  Validity begins an hour ago, since devices' clocks are behind; never before 1970.
 *  I3  What a request (CSR) asks for beyond its key and its name does not get in.
 *  I4  Nothing is signed before the issuer's key and certificate have been seen to fit. */
#include "crypto/x509_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/draft_priv.h"
#include "crypto/key_priv.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <stdlib.h>

#define BACKDATE_S    3600
#define SECONDS_A_DAY 86400
#define DAYS_MAX      36500

static int set_validity(struct draft *draft, int days, int64_t until_s, struct diag *diag)
{
    if (days < 0 || days > DAYS_MAX)
        return diag_set(diag, ERR_INVALID, "validity of %d days; 0 to %d are accepted", days,
                        DAYS_MAX);
    int64_t now_s = clock_real_ms() / 1000;
    draft->not_before_s = now_s > BACKDATE_S ? now_s - BACKDATE_S : 0;
    draft->not_after_s = until_s    ? until_s
                         : days > 0 ? now_s + (int64_t)days * SECONDS_A_DAY
                                    : DRAFT_END_OF_2049_S;
    if (draft->not_after_s <= now_s)
        return diag_set(diag, ERR_INVALID, "the certificate would have expired already");
    return 0;
}

int x509_ca_create(enum key_type key_type, const char *common_name, const char *organization,
                   int days, char **ret_cert_pem, char **ret_key_pem, struct diag *diag)
{
    struct draft draft = { .is_ca = true };
    struct buf name = { 0 }, public_key = { 0 };
    char *cert_pem = NULL, *key_pem = NULL;
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);

    int rc = set_validity(&draft, days, 0, diag);
    if (rc == 0) rc = draft_put_name(&name, common_name, organization, diag);
    if (rc == 0) rc = key_generate(key_type, &pk, diag);
    if (rc == 0) rc = key_put_public_der(&pk, &public_key, diag);
    if (rc < 0) goto out;
    draft.issuer_name = draft.subject_name = buf_slice(&name);
    draft.public_key = buf_slice(&public_key);
    rc = draft_write(&draft, &pk, &cert_pem, diag);
    if (rc < 0) goto out;
    key_pem = key_write_private(&pk);
    if (!key_pem) {
        free(cert_pem);
        rc = diag_set(diag, ERR_CRYPTO, "cannot write the CA's key");
        goto out;
    }
    *ret_cert_pem = cert_pem;
    *ret_key_pem = key_pem;
out:
    buf_deinit(&public_key);
    buf_deinit(&name);
    mbedtls_pk_free(&pk);
    return rc;
}

/* Everything that x509_issue has read, so that one place frees it. */
struct issue {
    mbedtls_x509_crt issuer;
    mbedtls_pk_context issuer_key;
    mbedtls_pk_context subject_key;
    mbedtls_x509_csr csr;
    struct buf subject_name;
    struct buf public_key;
};

static void issue_init(struct issue *issue)
{
    *issue = (struct issue){ 0 };
    mbedtls_x509_crt_init(&issue->issuer);
    mbedtls_pk_init(&issue->issuer_key);
    mbedtls_pk_init(&issue->subject_key);
    mbedtls_x509_csr_init(&issue->csr);
}

static void issue_deinit(struct issue *issue)
{
    buf_deinit(&issue->public_key);
    buf_deinit(&issue->subject_name);
    mbedtls_x509_csr_free(&issue->csr);
    mbedtls_pk_free(&issue->subject_key);
    mbedtls_pk_free(&issue->issuer_key);
    mbedtls_x509_crt_free(&issue->issuer);
}

static int read_issuer(struct issue *issue, const struct x509_issue_opts *opts, struct diag *diag)
{
    int rc = x509_read(opts->issuer_cert, &issue->issuer, diag);
    if (rc == 0) rc = x509_check_is_ca(&issue->issuer, X509_SIGNS_CERTS, diag);
    if (rc == 0) rc = key_read_private(opts->issuer_key_pem, &issue->issuer_key, diag);
    if (rc == 0) rc = key_check_strength(&issue->issuer_key, X509_CA_RSA_MAX, ERR_INVALID, diag);
    if (rc == 0 && mbed_pk_check_pair(&issue->issuer.pk, &issue->issuer_key) != 0)
        rc = diag_set(diag, ERR_INVALID, "the key is not that of the CA's certificate");
    return rc < 0 ? diag_wrap(diag, rc, "issuer") : 0;
}

static int read_subject_key(struct issue *issue, const struct x509_issue_opts *opts,
                            struct draft *draft, struct diag *diag)
{
    if ((opts->csr.len > 0) == (opts->subject_key_pem.len > 0))
        return diag_set(diag, ERR_INVALID, "either a key or a request is needed");
    mbedtls_pk_context *pk = opts->csr.len > 0 ? &issue->csr.pk : &issue->subject_key;
    int rc;
    if (opts->csr.len > 0) {
        rc = x509_csr_read(opts->csr, &issue->csr, diag);
    } else {
        rc = key_read_any(opts->subject_key_pem, pk, diag);
        if (rc == 0) rc = key_check_strength(pk, X509_SUBJECT_RSA_MAX, ERR_INVALID, diag);
    }
    if (rc == 0) rc = key_put_public_der(pk, &issue->public_key, diag);
    if (rc < 0) return rc;
    draft->public_key = buf_slice(&issue->public_key);
    draft->is_rsa = mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA;
    return 0;
}

/* The name as the request has it, if it is one that can be read. */
static int copy_csr_name(struct issue *issue, struct draft *draft, struct diag *diag)
{
    struct arena arena = { 0 };
    struct x509_name name;
    int rc = x509_read_name(&issue->csr.subject, "subject", &arena, &name, diag);
    if (rc == 0 && name.count == 0) rc = diag_set(diag, ERR_CERT, "the request names no subject");
    arena_deinit(&arena);
    draft->subject_name =
        slice_of((const char *)issue->csr.subject_raw.p, issue->csr.subject_raw.len);
    return rc;
}

static int read_subject_name(struct issue *issue, const struct x509_issue_opts *opts,
                             struct draft *draft, struct diag *diag)
{
    if (!opts->common_name && opts->csr.len > 0) return copy_csr_name(issue, draft, diag);
    int rc = draft_put_name(&issue->subject_name, opts->common_name ? opts->common_name : "",
                            opts->organization, diag);
    draft->subject_name = buf_slice(&issue->subject_name);
    return rc;
}

/* The issuer's own identifier, or the one its key would have by the usual method. */
static int read_authority_id(struct issue *issue, uint8_t scratch[DRAFT_KEY_ID_LEN],
                             struct slice *ret_id, struct diag *diag)
{
    static const struct slice oid = SLICE_LIT(MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER);
    struct slice value;
    if (x509_find_extension(&issue->issuer, oid, &value)) {
        unsigned char *at = (unsigned char *)(uintptr_t)value.ptr;
        size_t len;
        if (mbedtls_asn1_get_tag(&at, at + value.len, &len, MBEDTLS_ASN1_OCTET_STRING) == 0) {
            *ret_id = slice_of((const char *)at, len);
            return 0;
        }
    }
    struct buf public_key = { 0 };
    int rc = key_put_public_der(&issue->issuer.pk, &public_key, diag);
    if (rc == 0) rc = draft_key_id(buf_slice(&public_key), scratch, diag);
    if (rc == 0) *ret_id = slice_of((const char *)scratch, DRAFT_KEY_ID_LEN);
    buf_deinit(&public_key);
    return rc;
}

int x509_issue(const struct x509_issue_opts *opts, char **ret_cert_pem, struct diag *diag)
{
    struct draft draft = {
        .usage = opts->usage,
        .names = opts->names,
        .name_count = opts->name_count,
    };
    uint8_t scratch[DRAFT_KEY_ID_LEN];
    struct issue issue;
    issue_init(&issue);
    int rc = set_validity(&draft, opts->days, opts->until_s, diag);
    if (rc == 0) rc = read_issuer(&issue, opts, diag);
    if (rc == 0) rc = read_subject_key(&issue, opts, &draft, diag);
    if (rc == 0) rc = read_subject_name(&issue, opts, &draft, diag);
    if (rc == 0) rc = read_authority_id(&issue, scratch, &draft.authority_id, diag);
    if (rc == 0) {
        draft.issuer_name =
            slice_of((const char *)issue.issuer.subject_raw.p, issue.issuer.subject_raw.len);
        rc = draft_write(&draft, &issue.issuer_key, ret_cert_pem, diag);
    }
    issue_deinit(&issue);
    return rc;
}
