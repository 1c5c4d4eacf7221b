/* certs.c — device certificates: CreateKeysAndCertificate, CreateCertificateFromCsr, DescribeCertificate,
 * ListCertificates, ListCertificatesByCA, UpdateCertificate, DeleteCertificate; how they are registered stands in
 * cert_register.c. Reference: security, section 1.
 * Keys and signatures are made on a worker (prepare), which adds what it made to the parameters under names
 * that begin with '.': no request can carry those. */
#include "registry/certs_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ---- */

int cert_param_text(struct registry_call *call, const char *name, const char **ret_text)
{
    *ret_text = param_str(call, name);
    if (*ret_text && **ret_text) return 0;
    return fail(call, ERR_INVALID,
                "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                "Member must not be null",
                name);
}

int cert_param_id(struct registry_call *call, const char *name, const char **ret_id)
{
    static const struct param_kind kind = { 64, 64, "xa-fA-F0-9", "(0x)?[a-fA-F0-9]+" };
    static const struct param_kind digits = { 0, 64, "a-fA-F0-9", NULL }; /* behind "0x" */
    const char *given;
    int rc = param_name(call, name, &kind, &given);
    if (rc < 0) return rc;
    if (!param_fits(&digits, strncmp(given, "0x", 2) == 0 ? given + 2 : given))
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value '%s' at '%s' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: %s",
                    given, name, kind.pattern);
    char lower[65];
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = (char)(given[i] >= 'A' && given[i] <= 'F' ? given[i] - 'A' + 'a' : given[i]);
    json_set_str(call->params, name, lower);
    *ret_id = param_str(call, name);
    return 0;
}

/* ---- preparing, on a worker ---- */

void cert_note_info(struct registry_call *call, const char *pem, const struct x509_info *info)
{
    struct buf der = { 0 }, clean = { 0 };
    x509_pem_to_der(slice_str(pem), &der, NULL);
    x509_der_to_pem(buf_slice(&der), &clean);
    json_set_str(call->params, ".id", info->id);
    json_set_str(call->params, ".pem", buf_str(&clean));
    json_set_str(call->params, ".serial", info->serial);
    json_set_int(call->params, ".notBefore", info->not_before_s * 1000);
    json_set_int(call->params, ".notAfter", info->not_after_s * 1000);
    buf_deinit(&der);
    buf_deinit(&clean);
}

int cert_note(struct registry_call *call, const char *pem)
{
    struct arena arena = { 0 };
    struct x509_info info;
    int rc = x509_parse(slice_str(pem), &arena, &info, &call->diag);
    if (rc == 0) rc = x509_check_client(slice_str(pem), &call->diag);
    if (rc == 0) cert_note_info(call, pem, &info);
    arena_deinit(&arena);
    return rc;
}

static int issue(struct registry_call *call, struct slice key_pem, struct slice csr)
{
    const struct registry_opts *opts = registry_opts(call->registry);
    char *pem = NULL;
    int64_t until_s = 0;
    json_to_int64(json_get(call->params, ".until"), &until_s);
    int rc = x509_issue(
        &(struct x509_issue_opts){
            .issuer_cert = opts->ca_cert_pem,
            .issuer_key_pem = opts->ca_key_pem,
            .subject_key_pem = key_pem,
            .csr = csr,
            .common_name = "thingd device certificate",
            .until_s = until_s,
            .usage = X509_USE_CLIENT,
        },
        &pem, &call->diag);
    if (rc == 0) rc = cert_note(call, pem);
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
    const char *csr;
    int rc = cert_param_text(call, "certificateSigningRequest", &csr);
    if (rc == 0) rc = issue(call, slice_of("", 0), slice_str(csr));
    return rc == ERR_CERT ? ERR_INVALID : rc;
}

/* ---- making ---- */

void cert_changed(struct registry_call *call, const char *id)
{
    char *label = xasprintf("cert:%s", id);
    changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
}

int cert_exists(struct registry_call *call, const char *kind, const char *message)
{
    struct json *result = result_of(call);
    json_set_str(result, "resourceId", param_str(call, ".id"));
    result_arn(call, result, "resourceArn", kind, param_str(call, ".id"));
    return fail(call, ERR_EXISTS, "%s", message);
}

int64_t cert_noted(const struct registry_call *call, const char *name)
{
    int64_t value = 0;
    json_to_int64(json_get(call->params, name), &value);
    return value;
}

int cert_insert(struct registry_call *call, struct db *db, const char *status, const char *ca_id,
                const char *mode)
{
    const char *id = param_str(call, ".id");
    struct db_stmt *q =
        db_query(db, "INSERT INTO cert (id, pem, status, mode, not_before, not_after, created_at, "
                     "modified_at, ca_id, serial) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)");
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, param_str(call, ".pem"));
    db_bind_text(q, 3, status);
    db_bind_text(q, 4, mode);
    db_bind_int(q, 5, cert_noted(call, ".notBefore"));
    db_bind_int(q, 6, cert_noted(call, ".notAfter"));
    db_bind_int(q, 7, call->now_ms);
    db_bind_text(q, 8, ca_id);
    db_bind_text(q, 9, param_str(call, ".serial"));
    int rc = db_exec(q);
    if (rc == ERR_EXISTS)
        return cert_exists(call, "cert", "The certificate is already provisioned or registered");
    if (rc < 0) return rc;
    result_arn(call, result_of(call), "certificateArn", "cert", id);
    json_set_str(result_of(call), "certificateId", id);
    cert_changed(call, id);
    return 0;
}

static int create_from_csr(struct registry_call *call, struct db *db)
{
    const char *status = param_flag(call, "setAsActive") ? "ACTIVE" : "INACTIVE";
    int rc = cert_insert(call, db, status, NULL, "DEFAULT");
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

/* ---- reading ---- */

static int cert_id(struct registry_call *call, const char **ret_id)
{
    return cert_param_id(call, "certificateId", ret_id);
}

static int not_found(struct registry_call *call, const char *id)
{
    return fail(call, ERR_NOT_FOUND, "The certificate given in the request does not exist. Id: %s",
                id);
}

struct json *cert_describe(struct registry_call *call, struct db_stmt *q, const char *kind,
                           const char *id)
{
    struct json *about = json_set(result_of(call), "certificateDescription", json_new_object());
    result_arn(call, about, "certificateArn", kind, id);
    json_set_str(about, "certificateId", id);
    json_set_str(about, "certificatePem", db_text(q, 0));
    json_set_str(about, "status", db_text(q, CERT_COLUMN_STATUS));
    json_set_str(about, "certificateMode", db_text(q, 2));
    json_set_str(about, "ownedBy", registry_account(call->registry));
    struct json *validity = json_set(about, "validity", json_new_object());
    result_time(validity, "notBefore", db_int(q, 3));
    result_time(validity, "notAfter", db_int(q, 4));
    result_time(about, "creationDate", db_int(q, 5));
    result_time(about, "lastModifiedDate", db_int(q, 6));
    json_set_int(about, "customerVersion", db_int(q, 7));
    char *generation =
        xasprintf("%lld", (long long)db_int(q, 7)); /* another one after each change */
    json_set_str(about, "generationId", generation);
    free(generation);
    return about;
}

static int describe_cert(struct registry_call *call, struct db *db)
{
    const char *id;
    int rc = cert_id(call, &id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT " CERT_COLUMNS ", ca_id FROM cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    bool found = db_step(q);
    if (found) {
        struct json *about = cert_describe(call, q, "cert", id);
        json_set_str(about, "caCertificateId", db_text(q, CERT_COLUMN_COUNT));
        json_set(about, "transferData", json_new_object());
    }
    rc = db_done(q);
    return rc == 0 && !found ? not_found(call, id) : rc;
}

static void push_cert(struct registry_call *call, struct json *list, struct db_stmt *q,
                      const char *kind)
{
    struct json *one = json_push(list, json_new_object());
    result_arn(call, one, "certificateArn", kind, db_text(q, 0));
    json_set_str(one, "certificateId", db_text(q, 0));
    json_set_str(one, "status", db_text(q, 1));
    result_time(one, "creationDate", db_int(q, 2));
    json_set_str(one, "certificateMode", db_text(q, 3));
}

/* The marker is "<created>/<id>". */
static int list_page(struct registry_call *call, struct db *db, const struct page *page,
                     const struct cert_listing *listing)
{
    bool ascending = param_flag(call, "ascendingOrder");
    int64_t after;
    const char *after_id;
    int rc = page_split(call, page, ascending, &after, &after_id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, ascending ? listing->up : listing->down);
    db_bind_int(q, 1, after);
    db_bind_text(q, 2, after_id);
    db_bind_int(q, 3, page->size + 1);
    if (listing->filter) db_bind_text(q, 4, listing->filter);
    struct json *list = json_set(result_of(call), "certificates", json_new_array());
    char *last = NULL;
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            page_next(call, "nextMarker", last);
            break;
        }
        push_cert(call, list, q, listing->kind);
        free(last);
        last = xasprintf("%lld/%s", (long long)db_int(q, 2), db_text(q, 0));
    }
    free(last);
    return db_done(q);
}

int cert_list(struct registry_call *call, struct db *db, const struct cert_listing *listing)
{
    struct page page;
    int rc = page_open(call, "pageSize", "marker", 25, 250, &page);
    if (rc < 0) return rc;
    rc = list_page(call, db, &page, listing);
    page_close(&page);
    return rc;
}

static int list_certs(struct registry_call *call, struct db *db)
{
    return cert_list(
        call, db,
        &(struct cert_listing){
            .kind = "cert",
            .up = "SELECT id, status, created_at, mode FROM cert WHERE" CERT_PAGE_UP,
            .down = "SELECT id, status, created_at, mode FROM cert WHERE" CERT_PAGE_DOWN,
        });
}

static int list_certs_by_ca(struct registry_call *call, struct db *db)
{
    const char *ca;
    int rc = ca_param_id(call, &ca);
    if (rc < 0) return rc;
    return cert_list(
        call, db,
        &(struct cert_listing){
            .kind = "cert",
            .filter = ca,
            .up = "SELECT id, status, created_at, mode FROM cert WHERE ca_id = ?4 AND" CERT_PAGE_UP,
            .down =
                "SELECT id, status, created_at, mode FROM cert WHERE ca_id = ?4 AND" CERT_PAGE_DOWN,
        });
}

/* ---- changing ---- */

static int check_new_status(struct registry_call *call, const char *status)
{
    static const char *const settable[] = { "ACTIVE", "INACTIVE", "REVOKED" };
    static const char *const others[] = { "PENDING_TRANSFER", "PENDING_ACTIVATION",
                                          "REGISTER_INACTIVE" };
    for (size_t i = 0; i < ARRAY_LEN(settable); i++)
        if (strcmp(status, settable[i]) == 0) return 0;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(status, others[i]) == 0)
            return fail(call, ERR_INVALID,
                        "The status %s is not set by requests: a certificate becomes ACTIVE, "
                        "INACTIVE or REVOKED",
                        status);
    return fail(call, ERR_INVALID, "Invalid status for a certificate: %.50s", status);
}

/* What its CA has revoked stays so while the list says it. */
static int check_revocation(struct registry_call *call, struct db *db, const char *id)
{
    struct db_stmt *q = db_query(db, "SELECT ca_id, serial FROM cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    char *ca = NULL, *serial = NULL;
    bool found = db_step(q), named = false;
    if (found && !db_is_null(q, 0)) {
        ca = xstrdup(db_text(q, 0));
        serial = xstrdup(db_text(q, 1));
    }
    int rc = db_done(q);
    if (rc == 0 && !found) rc = not_found(call, id);
    if (rc == 0 && ca) rc = crl_names(call, db, ca, serial, &named);
    if (named)
        rc = fail(call, ERR_STATE, "The certificate is on the revocation list of its CA. Id: %s",
                  id);
    free(ca);
    free(serial);
    return rc;
}

static int update_cert(struct registry_call *call, struct db *db)
{
    const char *id, *status = NULL;
    int rc = cert_id(call, &id);
    if (rc == 0) rc = cert_param_text(call, "newStatus", &status);
    if (rc == 0) rc = check_new_status(call, status);
    if (rc == 0 && strcmp(status, "REVOKED") != 0) rc = check_revocation(call, db, id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "UPDATE cert SET status = ?2, modified_at = ?3, "
                                     "version = version + 1 WHERE id = ?1");
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, status);
    db_bind_int(q, 3, call->now_ms);
    rc = db_exec(q);
    if (rc < 0) return rc;
    if (db_changes(db) == 0) return not_found(call, id);
    cert_changed(call, id);
    return 0;
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
    if (rc == 0) rc = role_drop_keys(call, db, id);
    if (rc == 0) rc = delete_rows(db, id, label);
    if (rc == 0) changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return rc;
}

const struct registry_op cert_ops[] = {
    { .name = "CreateKeysAndCertificate", .prepare = prepare_keys, .run = create_keys },
    { .name = "CreateCertificateFromCsr", .prepare = prepare_csr, .run = create_from_csr },
    { .name = "DescribeCertificate", .run = describe_cert, .reads = true },
    { .name = "ListCertificates", .run = list_certs, .reads = true },
    { .name = "ListCertificatesByCA", .run = list_certs_by_ca, .reads = true },
    { .name = "UpdateCertificate", .run = update_cert },
    { .name = "DeleteCertificate", .run = delete_cert },
    { 0 },
};
