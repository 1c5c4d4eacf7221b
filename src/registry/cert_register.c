/* cert_register.c — certificates that others have signed: RegisterCertificate, RegisterCertificateWithoutCA, and
 * what a device brings that nobody has registered yet. Reference: security, sections 1.1, 4 and 5.
 *
 * The CAs that may have signed it are those that have its issuer's name: `look` reads them, `prepare` asks each for
 * its signature, and `run` judges those that have signed as they are then.
 *  I1  A certificate with a caCertificateId is one that this CA has signed, and that its list does not name. Just in
 *      time, the list of no other that has the same name and key names it either.
 *  I2  Just in time registers only what a CA has signed that is ACTIVE, in the mode DEFAULT, valid, and has
 *      auto registration enabled.
 *  I3  A template that fails leaves the certificate, PENDING_ACTIVATION, and nothing else. */
#include "registry/certs_priv.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- who may have signed it ---- */

static int issuer_of(struct registry_call *call, const char *pem, char ret_name[X509_ID_LEN])
{
    struct arena arena = { 0 };
    struct x509_info info;
    int rc = x509_parse(slice_str(pem), &arena, &info, &call->diag);
    if (rc == 0) memcpy(ret_name, info.issuer.id, X509_ID_LEN);
    arena_deinit(&arena);
    return rc;
}

/* Rows of id, pem become .cas; takes the statement. */
static int note_cas(struct registry_call *call, struct db_stmt *q)
{
    struct json *cas = json_set(call->params, ".cas", json_new_array());
    while (db_step(q)) {
        struct json *ca = json_push(cas, json_new_object());
        json_set_str(ca, "id", db_text(q, 0));
        json_set_str(ca, "pem", db_text(q, 1));
    }
    return db_done(q);
}

static int note_cas_of_issuer(struct registry_call *call, struct db *db)
{
    const char *pem;
    char issuer[X509_ID_LEN];
    int rc = cert_param_text(call, "certificatePem", &pem);
    if (rc == 0) rc = issuer_of(call, pem, issuer);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "SELECT id, pem FROM ca_cert WHERE subject_id = ?1 ORDER BY created_at, id");
    db_bind_text(q, 1, issuer);
    return note_cas(call, q);
}

static int note_given_ca(struct registry_call *call, struct db *db, const char *ca_pem)
{
    char id[X509_ID_LEN];
    struct buf der = { 0 };
    int rc = x509_pem_to_der(slice_str(ca_pem), &der, &call->diag);
    if (rc == 0) x509_der_id(buf_slice(&der), id);
    buf_deinit(&der);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT id, pem FROM ca_cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    rc = note_cas(call, q);
    if (rc == 0 && json_count(json_get(call->params, ".cas")) == 0)
        rc = fail(call, ERR_CERT,
                  "The CA certificate given in the request is not registered. Id: %s", id);
    return rc;
}

static int look_register(struct registry_call *call, struct db *db)
{
    const char *ca_pem = param_str(call, "caCertificatePem");
    int rc = note_cas_of_issuer(call, db);
    if (rc < 0) return rc;
    if (ca_pem) return note_given_ca(call, db, ca_pem);
    size_t count = json_count(json_get(call->params, ".cas"));
    if (count == 0)
        return fail(
            call, ERR_CERT,
            "No CA certificate is registered that has the name of the certificate's issuer");
    if (count > 1)
        return fail(call, ERR_CONFLICT,
                    "%zu CA certificates are registered that have the name of the certificate's "
                    "issuer: caCertificatePem has to say which one signed it",
                    count);
    return 0;
}

/* ---- who has, on a worker ---- */

/* Puts the ids of those that have into .signers; ERR_CERT when there are none. */
static int find_signers(struct registry_call *call)
{
    struct json *signers = json_set(call->params, ".signers", json_new_array());
    struct diag diag = DIAG_INIT;
    json_for_each(ca, json_get(call->params, ".cas")) {
        const char *id = json_get_str(ca, "id");
        int rc = x509_verify_issued(slice_str(param_str(call, ".pem")),
                                    slice_str(json_get_str(ca, "pem")), &diag);
        if (rc == 0)
            json_push(signers, json_new_str(id));
        else
            diag_wrap(&diag, rc, "the CA certificate %s did not sign it", id);
    }
    if (json_count(signers) > 0) return 0;
    if (diag.code) return fail(call, ERR_CERT, "%s", diag.text);
    return fail(call, ERR_CERT,
                "no registered CA has the name of its issuer: register its CA "
                "(RegisterCACertificate), or itself (RegisterCertificateWithoutCA)");
}

static int prepare_without_ca(struct registry_call *call)
{
    const char *pem;
    int rc = cert_param_text(call, "certificatePem", &pem);
    return rc == 0 ? cert_note(call, pem) : rc;
}

static int prepare_register(struct registry_call *call)
{
    int rc = prepare_without_ca(call);
    return rc == 0 ? find_signers(call) : rc;
}

/* ---- registering ---- */

static int status_of(struct registry_call *call, const char **ret_status)
{
    const char *status = param_str(call, "status");
    if (!status) status = param_flag(call, "setAsActive") ? "ACTIVE" : "INACTIVE";
    if (strcmp(status, "PENDING_ACTIVATION") == 0)
        return fail(call, ERR_STATE,
                    "Not allowed to register certificate with PENDING_ACTIVATION status");
    if (strcmp(status, "ACTIVE") != 0 && strcmp(status, "INACTIVE") != 0 &&
        strcmp(status, "REVOKED") != 0)
        return fail(call, ERR_INVALID, "Invalid status for a certificate: %.50s", status);
    *ret_status = status;
    return 0;
}

static int register_without_ca(struct registry_call *call, struct db *db)
{
    const char *status = NULL;
    int rc = status_of(call, &status);
    return rc == 0 ? cert_insert(call, db, status, NULL, "SNI_ONLY") : rc;
}

/* A CA as it is now; texts are owned. */
struct ca {
    bool found, active, registers, is_default;
    int64_t not_before, not_after;
    char *template_name, *template_body;
};

static int read_ca(struct db *db, const char *id, struct ca *ret_ca)
{
    struct db_stmt *q =
        db_query(db, "SELECT status = 'ACTIVE', auto_registration, mode = 'DEFAULT', not_before, "
                     "not_after, template_name, template_body FROM ca_cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    *ret_ca = (struct ca){ 0 };
    if (db_step(q))
        *ret_ca = (struct ca){
            .found = true,
            .active = db_int(q, 0) != 0,
            .registers = db_int(q, 1) != 0,
            .is_default = db_int(q, 2) != 0,
            .not_before = db_int(q, 3),
            .not_after = db_int(q, 4),
            .template_name = db_text_dup(q, 5),
            .template_body = db_text_dup(q, 6),
        };
    return db_done(q);
}

static void ca_deinit(struct ca *ca)
{
    free(ca->template_name);
    free(ca->template_body);
}

/* What holds for both ways to register under a CA. */
static int judge_ca(struct registry_call *call, const char *id, const struct ca *ca)
{
    if (!ca->found) return fail(call, ERR_CERT, "the CA certificate %s was deleted", id);
    if (!ca->active)
        return fail(call, ERR_STATE,
                    "the CA certificate %s is INACTIVE: UpdateCACertificate activates it", id);
    if (call->now_ms < ca->not_before || call->now_ms > ca->not_after)
        return fail(call, ERR_CERT, "the CA certificate %s %s: its owner has to make another", id,
                    call->now_ms > ca->not_after ? "has expired" : "is not yet valid");
    return 0;
}

/* Those of all signers: a CA that was renewed has its key, and its list, from before. */
static int judge_lists(struct registry_call *call, struct db *db)
{
    const char *serial = param_str(call, ".serial");
    json_for_each(signer, json_get(call->params, ".signers")) {
        bool named;
        int rc = crl_names(call, db, json_str(signer), serial, &named);
        if (rc < 0) return rc;
        if (named)
            return fail(call, ERR_CERT,
                        "the revocation list of the CA certificate %s names it (serial %s): the "
                        "device needs another certificate",
                        json_str(signer), serial);
    }
    return 0;
}

static int register_cert(struct registry_call *call, struct db *db)
{
    const char *status = NULL, *id = json_str(json_first(json_get(call->params, ".signers")));
    struct ca ca = { 0 };
    int rc = status_of(call, &status);
    if (rc == 0) rc = read_ca(db, id, &ca);
    if (rc == 0) rc = judge_ca(call, id, &ca);
    if (rc == 0) rc = judge_lists(call, db);
    if (rc == 0) rc = cert_insert(call, db, status, id, ca.is_default ? "DEFAULT" : "SNI_ONLY");
    ca_deinit(&ca);
    return rc;
}

/* ---- just in time ---- */

static int check_validity(struct registry_call *call)
{
    if (call->now_ms < cert_noted(call, ".notBefore"))
        return fail(call, ERR_CERT,
                    "it is not yet valid: the clock of this hub or of the one who signed is wrong");
    if (call->now_ms > cert_noted(call, ".notAfter"))
        return fail(call, ERR_CERT, "it has expired: the device needs another certificate");
    return 0;
}

/* What no device can use has its reason; here is the remedy. */
static int needs_another(struct registry_call *call)
{
    char *why = xstrdup(call->diag.text);
    int rc = fail(call, ERR_CERT, "%s: the device needs another certificate", why);
    free(why);
    return rc;
}

static int prepare_jit(struct registry_call *call)
{
    int rc = prepare_without_ca(call);
    if (rc == ERR_CERT) return needs_another(call);
    if (rc == 0) rc = check_validity(call);
    return rc == 0 ? find_signers(call) : rc;
}

static int judge_jit(struct registry_call *call, const char *id, const struct ca *ca)
{
    int rc = judge_ca(call, id, ca);
    if (rc == ERR_STATE)
        rc = call->diag.code = ERR_CERT; /* here it is the certificate that is judged */
    if (rc < 0) return rc;
    if (!ca->is_default)
        return fail(call, ERR_CERT,
                    "the CA certificate %s is in the mode SNI_ONLY, which registers nothing just "
                    "in time: RegisterCertificate does it",
                    id);
    if (!ca->registers)
        return fail(call, ERR_CERT,
                    "auto registration of the CA certificate %s is DISABLE: UpdateCACertificate "
                    "enables it, or RegisterCertificate registers the certificate",
                    id);
    return 0;
}

/* The first that will have it; else the reason of the last. */
static int choose_ca(struct registry_call *call, struct db *db, const char **ret_id,
                     struct ca *ret_ca)
{
    int rc = ERR_CERT;
    json_for_each(signer, json_get(call->params, ".signers")) {
        *ret_id = json_str(signer);
        rc = read_ca(db, *ret_id, ret_ca);
        if (rc == 0) rc = judge_jit(call, *ret_id, ret_ca);
        if (rc != ERR_CERT) return rc;
        ca_deinit(ret_ca);
        *ret_ca = (struct ca){ 0 };
    }
    return rc;
}

/* Its status, owned, and since when it is registered; *ret_status NULL: it is not. */
static int read_cert(struct registry_call *call, struct db *db, char **ret_status,
                     int64_t *ret_created)
{
    struct db_stmt *q = db_query(db, "SELECT status, created_at FROM cert WHERE id = ?1");
    db_bind_text(q, 1, param_str(call, ".id"));
    *ret_status = NULL;
    if (db_step(q)) {
        *ret_status = xstrdup(db_text(q, 0));
        *ret_created = db_int(q, 1);
    }
    return db_done(q);
}

/* Registers it unless it waits already. */
static int register_pending(struct registry_call *call, struct db *db, const char *ca_id,
                            int64_t *ret_created)
{
    char *status;
    int rc = read_cert(call, db, &status, ret_created);
    if (rc == 0 && !status) {
        *ret_created = call->now_ms;
        rc = cert_insert(call, db, "PENDING_ACTIVATION", ca_id, "DEFAULT");
    } else if (rc == 0 && strcmp(status, "PENDING_ACTIVATION") != 0) {
        rc = fail(call, ERR_CERT, "it was registered meanwhile, and is %s", status);
    }
    free(status);
    return rc;
}

static int provision(struct registry_call *call, struct db *db, const struct ca *ca,
                     bool *ret_provisioned)
{
    int rc = template_apply_jitp(call, db, param_str(call, ".id"), param_str(call, ".pem"),
                                 ca->template_name, ca->template_body);
    *ret_provisioned = rc == 0;
    if (rc == 0 || db_fatal(db)) return rc;
    LOG(LOG_WARN, "registry", "just-in-time provisioning failed",
        LOG_S("certificate", param_str(call, ".id")),
        LOG_S("template", ca->template_name ? ca->template_name : "of the CA"),
        LOG_S("reason", diag_text(&call->diag, rc)));
    call->diag = (struct diag)DIAG_INIT;
    return 0;
}

/* security, section 4 */
static void put_event(struct registry_call *call, const char *ca_id, int64_t created)
{
    struct json *event = json_set(result_of(call), "event", json_new_object());
    char *registered = xasprintf("%lld", (long long)created);
    json_set_str(event, "certificateId", param_str(call, ".id"));
    json_set_str(event, "caCertificateId", ca_id);
    json_set_int(event, "timestamp", call->now_ms);
    json_set_str(event, "certificateStatus", "PENDING_ACTIVATION");
    json_set_str(event, "awsAccountId", registry_account(call->registry));
    json_set_str(event, "certificateRegistrationTimestamp", registered);
    free(registered);
}

static int put_jit_result(struct registry_call *call, struct db *db, const char *ca_id,
                          int64_t created)
{
    char *status;
    int rc = read_cert(call, db, &status, &(int64_t){ 0 });
    json_set_str(result_of(call), "caCertificateId", ca_id);
    json_set_str(result_of(call), "certificateStatus", status);
    put_event(call, ca_id, created);
    free(status);
    return rc;
}

static int register_jit(struct registry_call *call, struct db *db)
{
    struct ca ca = { 0 };
    const char *id = NULL;
    int64_t created = 0;
    bool provisioned = false;
    int rc = choose_ca(call, db, &id, &ca);
    if (rc == 0) rc = judge_lists(call, db);
    if (rc == 0) rc = register_pending(call, db, id, &created);
    if (rc == 0 && (ca.template_name || ca.template_body)) {
        rc = provision(call, db, &ca, &provisioned);
        if (rc == 0) json_set_bool(result_of(call), "provisioned", provisioned);
    }
    if (rc == 0) rc = put_jit_result(call, db, id, created);
    ca_deinit(&ca);
    return rc;
}

const struct registry_op cert_register_ops[] = {
    { .name = "RegisterCertificate",
      .look = look_register,
      .prepare = prepare_register,
      .run = register_cert },
    { .name = "RegisterCertificateWithoutCA",
      .prepare = prepare_without_ca,
      .run = register_without_ca },
    { .name = ".RegisterJustInTime",
      .look = note_cas_of_issuer,
      .prepare = prepare_jit,
      .run = register_jit },
    { 0 },
};
