/* certs.c — device certificates: CreateKeysAndCertificate, CreateCertificateFromCsr,
 * RegisterCertificateWithoutCA, DescribeCertificate, ListCertificates, UpdateCertificate,
 * DeleteCertificate. Reference: security, section 1.
 * Keys and signatures are made on a worker (prepare), which adds what it made to the parameters under names
 * that begin with '.': no request can carry those. */
#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "registry/registry_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- preparing, on a worker ---- */

/* security, section 1: "key types accepted". */
static int check_key(struct registry_call *call, const struct x509_info *info)
{
    bool fine = info->key_type == X509_KEY_RSA  ? info->key_bits >= 2048
                : info->key_type == X509_KEY_EC ? info->key_bits >= 256
                                                : false;
    return fine ? 0
                : fail(call, ERR_CERT, "The certificate has a key of an unsupported type or size");
}

/* Puts .id, .pem and the validity into the parameters. */
static int note_cert(struct registry_call *call, const char *pem)
{
    struct arena arena = { 0 };
    struct x509_info info;
    int rc = x509_parse(slice_str(pem), &arena, &info, &call->diag);
    if (rc == 0) rc = check_key(call, &info);
    if (rc == 0) {
        struct buf der = { 0 }, clean = { 0 };
        x509_pem_to_der(slice_str(pem), &der, NULL);
        x509_der_to_pem(buf_slice(&der), &clean);
        json_set_str(call->params, ".id", info.id);
        json_set_str(call->params, ".pem", buf_str(&clean));
        json_set_int(call->params, ".notBefore", info.not_before_s * 1000);
        json_set_int(call->params, ".notAfter", info.not_after_s * 1000);
        buf_deinit(&der);
        buf_deinit(&clean);
    }
    arena_deinit(&arena);
    return rc;
}

static int issue(struct registry_call *call, struct slice key_pem, struct slice csr)
{
    const struct registry_opts *opts = registry_opts(call->registry);
    char *pem = NULL;
    int rc = x509_issue(
        &(struct x509_issue_opts){
            .issuer_cert = opts->ca_cert_pem,
            .issuer_key_pem = opts->ca_key_pem,
            .subject_key_pem = key_pem,
            .csr = csr,
            .common_name = "thingd device certificate",
            .usage = X509_USE_CLIENT,
        },
        &pem, &call->diag);
    if (rc == 0) rc = note_cert(call, pem);
    free(pem);
    return rc;
}

static int prepare_keys(struct registry_call *call)
{
    char *private_pem = NULL, *public_pem = NULL;
    int rc = key_create(KEY_RSA_2048, &private_pem, &call->diag);
    if (rc == 0) rc = key_public_pem(slice_str(private_pem), &public_pem, &call->diag);
    if (rc == 0) rc = issue(call, slice_str(private_pem), slice_of("", 0));
    if (rc == 0) {
        json_set_str(call->params, ".privateKey", private_pem);
        json_set_str(call->params, ".publicKey", public_pem);
    }
    crypto_free_secret(private_pem);
    free(public_pem);
    return rc;
}

static int prepare_csr(struct registry_call *call)
{
    const char *csr = param_str(call, "certificateSigningRequest");
    if (!csr || !*csr)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value null at 'certificateSigningRequest' failed "
                    "to satisfy constraint: Member must not be null");
    int rc = issue(call, slice_of("", 0), slice_str(csr));
    return rc == ERR_CERT ? ERR_INVALID : rc;
}

static int prepare_register(struct registry_call *call)
{
    const char *pem = param_str(call, "certificatePem");
    if (!pem)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value null at 'certificatePem' failed to satisfy "
                    "constraint: Member must not be null");
    return note_cert(call, pem);
}

/* ---- making ---- */

static int insert_cert(struct registry_call *call, struct db *db, const char *status,
                       const char *mode)
{
    int64_t not_before = 0, not_after = 0;
    json_to_int64(json_get(call->params, ".notBefore"), &not_before);
    json_to_int64(json_get(call->params, ".notAfter"), &not_after);
    struct db_stmt *q =
        db_query(db, "INSERT INTO cert (id, pem, status, mode, not_before, not_after, "
                     "created_at, modified_at) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)");
    db_bind_text(q, 1, param_str(call, ".id"));
    db_bind_text(q, 2, param_str(call, ".pem"));
    db_bind_text(q, 3, status);
    db_bind_text(q, 4, mode);
    db_bind_int(q, 5, not_before);
    db_bind_int(q, 6, not_after);
    db_bind_int(q, 7, call->now_ms);
    int rc = db_exec(q);
    struct json *result = result_of(call);
    if (rc == ERR_EXISTS) {
        json_set_str(result, "resourceId", param_str(call, ".id"));
        result_arn(call, result, "resourceArn", "cert", param_str(call, ".id"));
        return fail(call, rc, "The certificate is already provisioned or registered");
    }
    if (rc < 0) return rc;
    result_arn(call, result, "certificateArn", "cert", param_str(call, ".id"));
    json_set_str(result, "certificateId", param_str(call, ".id"));
    char *label = xasprintf("cert:%s", param_str(call, ".id"));
    changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return 0;
}

static int create_from_csr(struct registry_call *call, struct db *db)
{
    const char *status = param_flag(call, "setAsActive") ? "ACTIVE" : "INACTIVE";
    int rc = insert_cert(call, db, status, "DEFAULT");
    if (rc == 0) json_set_str(result_of(call), "certificatePem", param_str(call, ".pem"));
    return rc;
}

static int create_keys(struct registry_call *call, struct db *db)
{
    int rc = create_from_csr(call, db);
    if (rc < 0) return rc;
    struct json *pair = json_set(result_of(call), "keyPair", json_new_object());
    json_set_str(pair, "PublicKey", param_str(call, ".publicKey"));
    json_set_str(pair, "PrivateKey", param_str(call, ".privateKey"));
    return 0;
}

static int register_without_ca(struct registry_call *call, struct db *db)
{
    const char *status = param_str(call, "status");
    if (!status) status = "INACTIVE";
    if (strcmp(status, "PENDING_ACTIVATION") == 0)
        return fail(call, ERR_STATE,
                    "Not allowed to register certificate with PENDING_ACTIVATION status");
    if (strcmp(status, "ACTIVE") && strcmp(status, "INACTIVE") && strcmp(status, "REVOKED"))
        return fail(call, ERR_INVALID, "Invalid status for a certificate: %.50s", status);
    return insert_cert(call, db, status, "SNI_ONLY");
}

/* ---- reading ---- */

static int cert_id(struct registry_call *call, const char **ret_id)
{
    static const struct param_kind kind = { 64, 64, "a-fA-F0-9", "(0x)?[a-fA-F0-9]+" };
    return param_name(call, "certificateId", &kind, ret_id);
}

static int not_found(struct registry_call *call, const char *id)
{
    return fail(call, ERR_NOT_FOUND, "The certificate given in the request does not exist. Id: %s",
                id);
}

static int describe_cert(struct registry_call *call, struct db *db)
{
    const char *id;
    int rc = cert_id(call, &id);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "SELECT pem, status, ca_id, mode, not_before, not_after, created_at, "
                     "modified_at FROM cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    bool found = db_step(q);
    if (found) {
        struct json *about = json_set(result_of(call), "certificateDescription", json_new_object());
        result_arn(call, about, "certificateArn", "cert", id);
        json_set_str(about, "certificateId", id);
        json_set_str(about, "caCertificateId", db_text(q, 2));
        json_set_str(about, "status", db_text(q, 1));
        json_set_str(about, "certificatePem", db_text(q, 0));
        json_set_str(about, "ownedBy", registry_account(call->registry));
        result_time(about, "creationDate", db_int(q, 6));
        result_time(about, "lastModifiedDate", db_int(q, 7));
        json_set_int(about, "customerVersion", 1);
        json_set(about, "transferData", json_new_object());
        char generation[24]; /* another one after each change */
        snprintf(generation, sizeof generation, "%lld", (long long)db_int(q, 7));
        json_set_str(about, "generationId", generation);
        struct json *validity = json_set(about, "validity", json_new_object());
        result_time(validity, "notBefore", db_int(q, 4));
        result_time(validity, "notAfter", db_int(q, 5));
        json_set_str(about, "certificateMode", db_text(q, 3));
    }
    rc = db_done(q);
    return rc == 0 && !found ? not_found(call, id) : rc;
}

/* By creation date; the marker is "<created>/<id>". */
static int list_page(struct registry_call *call, struct db *db, const struct page *page,
                     bool ascending)
{
    int64_t after;
    const char *after_id;
    int rc = page_split(call, page, ascending, &after, &after_id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, ascending ? "SELECT id, status, mode, created_at FROM cert WHERE "
                        "(created_at, id) > (?1, ?2) ORDER BY created_at, id LIMIT ?3"
                      : "SELECT id, status, mode, created_at FROM cert WHERE "
                        "(created_at, id) < (?1, ?2) ORDER BY created_at DESC, id DESC LIMIT ?3");
    db_bind_int(q, 1, after);
    db_bind_text(q, 2, after_id);
    db_bind_int(q, 3, page->size + 1);
    struct json *list = json_set(result_of(call), "certificates", json_new_array());
    char *last = NULL;
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            page_next(call, "nextMarker", last);
            break;
        }
        struct json *one = json_push(list, json_new_object());
        result_arn(call, one, "certificateArn", "cert", db_text(q, 0));
        json_set_str(one, "certificateId", db_text(q, 0));
        json_set_str(one, "status", db_text(q, 1));
        json_set_str(one, "certificateMode", db_text(q, 2));
        result_time(one, "creationDate", db_int(q, 3));
        free(last);
        last = xasprintf("%lld/%s", (long long)db_int(q, 3), db_text(q, 0));
    }
    free(last);
    return db_done(q);
}

static int list_certs(struct registry_call *call, struct db *db)
{
    struct page page;
    int rc = page_open(call, "pageSize", "marker", 25, 250, &page);
    if (rc < 0) return rc;
    rc = list_page(call, db, &page, param_flag(call, "ascendingOrder"));
    page_close(&page);
    return rc;
}

/* ---- changing ---- */

static int update_cert(struct registry_call *call, struct db *db)
{
    const char *id, *status = param_str(call, "newStatus");
    int rc = cert_id(call, &id);
    if (rc < 0) return rc;
    if (!status ||
        (strcmp(status, "ACTIVE") && strcmp(status, "INACTIVE") && strcmp(status, "REVOKED")))
        return fail(call, ERR_INVALID, "Cannot set the status of a certificate to %.50s",
                    status ? status : "null");
    struct db_stmt *q = db_query(db, "UPDATE cert SET status = ?2, modified_at = ?3 WHERE id = ?1");
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, status);
    db_bind_int(q, 3, call->now_ms);
    rc = db_exec(q);
    if (rc < 0) return rc;
    if (db_changes(db) == 0) return not_found(call, id);
    char *label = xasprintf("cert:%s", id);
    changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return 0;
}

static int has_row(struct db *db, const char *sql, const char *label, bool *ret_has)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, label);
    *ret_has = db_step(q);
    return db_done(q);
}

static int check_deletable(struct registry_call *call, struct db *db, const char *id,
                           const char *label)
{
    bool active = false, attached = false, policies = false;
    int rc = has_row(db, "SELECT 1 FROM cert WHERE id = substr(?1, 6) AND status = 'ACTIVE'", label,
                     &active);
    if (rc == 0)
        rc = has_row(db, "SELECT 1 FROM thing_principal WHERE principal = ?1", label, &attached);
    if (rc == 0)
        rc = has_row(db, "SELECT 1 FROM policy_target WHERE target = ?1", label, &policies);
    if (rc < 0) return rc;
    char *arn = arn_of_label(call->registry, label);
    if (active)
        rc = fail(call, ERR_STATE,
                  "Certificate must be deactivated (not ACTIVE) before deletion. Id: %s", id);
    else if (attached)
        rc = fail(call, ERR_IN_USE, "Things must be detached before deletion (arn: %s)", arn);
    else if (policies && !param_flag(call, "forceDelete"))
        rc = fail(call, ERR_IN_USE,
                  "Certificate policies must be detached before deletion (arn: %s)", arn);
    free(arn);
    return rc;
}

static int delete_rows(struct db *db, const char *id, const char *label)
{
    struct db_stmt *q = db_query(db, "DELETE FROM policy_target WHERE target = ?1");
    db_bind_text(q, 1, label);
    int rc = db_exec(q);
    if (rc < 0) return rc;
    q = db_query(db, "DELETE FROM cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    return db_exec(q);
}

static int delete_cert(struct registry_call *call, struct db *db)
{
    const char *id = NULL;
    bool exists = false;
    int rc = cert_id(call, &id);
    if (rc < 0) return rc;
    char *label = xasprintf("cert:%s", id);
    rc = has_row(db, "SELECT 1 FROM cert WHERE id = substr(?1, 6)", label, &exists);
    if (rc == 0 && !exists) rc = not_found(call, id);
    if (rc == 0) rc = check_deletable(call, db, id, label);
    if (rc == 0) rc = delete_rows(db, id, label);
    if (rc == 0) changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return rc;
}

const struct registry_op cert_ops[] = {
    { .name = "CreateKeysAndCertificate", .prepare = prepare_keys, .run = create_keys },
    { .name = "CreateCertificateFromCsr", .prepare = prepare_csr, .run = create_from_csr },
    { .name = "RegisterCertificateWithoutCA",
      .prepare = prepare_register,
      .run = register_without_ca },
    { .name = "DescribeCertificate", .run = describe_cert, .reads = true },
    { .name = "ListCertificates", .run = list_certs, .reads = true },
    { .name = "UpdateCertificate", .run = update_cert },
    { .name = "DeleteCertificate", .run = delete_cert },
    { 0 },
};
