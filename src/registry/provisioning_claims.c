/* provisioning_claims.c — fleet provisioning: claims (CreateProvisioningClaim), certificates that wait for their owner to
 * prove the token that came with them, and the provisioning of such a one. Reference: security, sections 6.2 and 6.3.
 *  I1  A token is kept as its digest, is good for one certificate, once, and for an hour.
 *  I2  A certificate whose token has ended is gone, unless somebody has taken it into use.
 *  I3  The certificate of a claim provisions by the template of the claim only. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "registry/builtin.h"
#include "registry/provisioning_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIM_S = 300, TOKEN_BYTES = 32, SWEEP_ROWS = 100 };
#define TOKEN_MS      HOURS(1)
#define CLAIM_KEPT_MS HOURS(1) /* after its end: whoever is connected by it may finish */

static int count_of(struct db *db, const char *sql, int64_t *ret_count)
{
    struct db_stmt *q = db_query(db, sql);
    if (db_step(q)) *ret_count = db_int(q, 0);
    return db_done(q);
}

/* How many certificates wait, in a result. */
static int set_pending(struct registry_call *call, struct db *db)
{
    int64_t count = 0;
    int rc = count_of(db, "SELECT count(*) FROM ownership_token", &count);
    json_set_int(result_of(call), "pending", count);
    return rc;
}

/* ---- claims ---- */

int claim_look(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct template_row row = { 0 };
    int rc = template_name_of(call, &name);
    if (rc == 0) rc = template_find(call, db, name, &row);
    if (rc < 0) return rc;
    if (row.is_jitp)
        rc = fail(call, ERR_INVALID, "The template %s is not of the type FLEET_PROVISIONING", name);
    template_row_deinit(&row);
    return rc;
}

int claim_prepare(struct registry_call *call)
{
    json_set_int(call->params, ".until", call->now_ms / 1000 + CLAIM_S);
    return other_prepare(call, "CreateKeysAndCertificate", call->params);
}

static int insert_claim(struct registry_call *call, struct db *db, const char *cert_id,
                        int64_t expires_at)
{
    struct db_stmt *q = db_query(db, "INSERT INTO provisioning_claim (cert, template, expires_at) "
                                     "VALUES (?1, ?2, ?3)");
    db_bind_text(q, 1, cert_id);
    db_bind_text(q, 2, param_str(call, "templateName"));
    db_bind_int(q, 3, expires_at);
    return db_exec(q);
}

static int allow_claim(struct registry_call *call, struct db *db, const char *cert_arn)
{
    struct json *params = json_new_object();
    json_set_str(params, "policyName", BUILTIN_CLAIM_POLICY);
    json_set_str(params, "target", cert_arn);
    return other_run(call, db, "AttachPolicy", params, NULL);
}

int claim_create(struct registry_call *call, struct db *db)
{
    struct json *made = NULL;
    int64_t until_s = 0;
    int rc = claim_look(call, db);
    if (rc < 0) return rc;
    struct json *params = json_dup(call->params);
    json_set_bool(params, "setAsActive", true);
    json_to_int64(json_get(params, ".until"), &until_s);
    rc = other_run(call, db, "CreateKeysAndCertificate", params, &made);
    if (rc < 0) return rc;
    rc = insert_claim(call, db, json_get_str(made, "certificateId"), until_s * 1000);
    if (rc == 0) rc = allow_claim(call, db, json_get_str(made, "certificateArn"));
    json_remove(made, "certificateArn");
    result_time(made, "expiration", until_s * 1000);
    call->result = made;
    return rc;
}

/* ---- certificates that wait for their owner ---- */

int owned_look(struct registry_call *call, struct db *db)
{
    int64_t most = 0, count = 0;
    int rc = count_of(db, "SELECT count(*) FROM ownership_token", &count);
    json_to_int64(json_get(call->params, "maxPending"), &most);
    if (rc < 0 || count < most) return rc;
    return fail(call, ERR_LIMIT, "Too many certificates wait for their provisioning");
}

static void add_token(struct registry_call *call)
{
    uint8_t random[TOKEN_BYTES];
    struct buf token = { 0 };
    rand_system_bytes(random, sizeof random);
    base64url_encode(&token, random, sizeof random);
    json_set_str(call->params, ".token", buf_str(&token));
    crypto_wipe(random, sizeof random);
    crypto_wipe(token.data, token.len);
    buf_deinit(&token);
}

static int prepare_owned(struct registry_call *call, const char *op)
{
    add_token(call);
    return other_prepare(call, op, call->params);
}

int owned_keys_prepare(struct registry_call *call)
{
    return prepare_owned(call, "CreateKeysAndCertificate");
}

int owned_csr_prepare(struct registry_call *call)
{
    return prepare_owned(call, "CreateCertificateFromCsr");
}

static int insert_token(struct registry_call *call, struct db *db, const char *cert_id)
{
    const char *token = param_str(call, ".token");
    char hash[65];
    crypto_sha256_hex(token, strlen(token), hash);
    struct db_stmt *q = db_query(db, "INSERT INTO ownership_token (hash, cert, expires_at) "
                                     "VALUES (?1, ?2, ?3)");
    db_bind_text(q, 1, hash);
    db_bind_text(q, 2, cert_id);
    db_bind_int(q, 3, call->now_ms + TOKEN_MS);
    return db_exec(q);
}

static int let_wait(struct db *db, const char *cert_id)
{
    struct db_stmt *q = db_query(db, "UPDATE cert SET status = 'PENDING_ACTIVATION' WHERE id = ?1");
    db_bind_text(q, 1, cert_id);
    return db_exec(q);
}

static int create_owned(struct registry_call *call, struct db *db, const char *op)
{
    struct json *made = NULL;
    int rc = owned_look(call, db);
    if (rc == 0) rc = other_run(call, db, op, json_dup(call->params), &made);
    if (rc < 0) return rc;
    const char *id = json_get_str(made, "certificateId");
    struct json *result = result_of(call);
    json_set_str(result, "certificateId", id);
    json_set_str(result, "certificatePem", json_get_str(made, "certificatePem"));
    json_set_str(result, "privateKey", json_get_str(json_get(made, "keyPair"), "PrivateKey"));
    json_set_str(result, "certificateOwnershipToken", param_str(call, ".token"));
    rc = let_wait(db, id);
    if (rc == 0) rc = insert_token(call, db, id);
    if (rc == 0) rc = set_pending(call, db);
    json_free(made);
    return rc;
}

int owned_keys_create(struct registry_call *call, struct db *db)
{
    return create_owned(call, db, "CreateKeysAndCertificate");
}

int owned_csr_create(struct registry_call *call, struct db *db)
{
    return create_owned(call, db, "CreateCertificateFromCsr");
}

/* ---- provisioning one ---- */

struct ownership {
    char hash[65];
    char cert_id[65];
    char *cert_pem; /* owned */
};

/* The certificate that the token is for, while it waits. ERR_AUTH: the token proves nothing. */
static int find_ownership(struct registry_call *call, struct db *db, struct ownership *ret)
{
    const char *token = param_str(call, "certificateOwnershipToken");
    if (!token || !*token)
        return fail(call, ERR_AUTH, "Certificate ownership token cannot be empty.");
    crypto_sha256_hex(token, strlen(token), ret->hash);
    struct db_stmt *q =
        db_query(db, "SELECT c.id, c.pem FROM ownership_token t JOIN cert c ON c.id = t.cert "
                     "WHERE t.hash = ?1 AND t.expires_at > ?2 AND c.status = 'PENDING_ACTIVATION'");
    db_bind_text(q, 1, ret->hash);
    db_bind_int(q, 2, call->now_ms);
    bool found = db_step(q);
    if (found) {
        snprintf(ret->cert_id, sizeof ret->cert_id, "%s", db_text(q, 0));
        ret->cert_pem = xstrdup(db_text(q, 1));
    }
    int rc = db_done(q);
    return rc < 0  ? rc
           : found ? 0
                   : fail(call, ERR_AUTH, "The certificate ownership token is invalid or expired.");
}

static int check_claim(struct registry_call *call, struct db *db, const char *template)
{
    struct db_stmt *q =
        db_query(db, "SELECT 1 FROM provisioning_claim WHERE cert = ?1 AND template <> ?2");
    db_bind_text(q, 1, param_str(call, "principal"));
    db_bind_text(q, 2, template);
    bool foreign = db_step(q);
    int rc = db_done(q);
    if (rc < 0 || !foreign) return rc;
    return fail(call, ERR_DENIED, "The claim is for another template.");
}

/* A template that may not be used is told from one that is not there by nobody. */
static int find_usable(struct registry_call *call, struct db *db, struct template_row *ret_row)
{
    const char *name = NULL;
    int rc = template_name_of(call, &name);
    if (rc == 0) rc = check_claim(call, db, name);
    if (rc == 0) rc = template_find(call, db, name, ret_row);
    if (rc == ERR_NOT_FOUND || rc == ERR_INVALID)
        return fail(call, ERR_DENIED, "The provisioning template cannot be used.");
    if (rc < 0) return rc;
    if (ret_row->enabled && !ret_row->is_jitp) return 0;
    template_row_deinit(ret_row);
    return fail(call, ERR_DENIED, "The provisioning template cannot be used.");
}

/* Before anything happens: whom the hook is to be asked about, and where it is. */
int provision_look(struct registry_call *call, struct db *db)
{
    struct template_row row = { 0 };
    struct ownership own = { 0 };
    int rc = find_usable(call, db, &row);
    if (rc < 0) return rc;
    rc = find_ownership(call, db, &own);
    if (rc == 0) {
        struct json *result = result_of(call);
        json_set_str(result, "certificateId", own.cert_id);
        json_set_str(result, "certificatePem", own.cert_pem);
        json_set_str(result, "hook", row.hook);
        result_arn(call, result, "templateArn", "provisioningtemplate", row.name);
    }
    free(own.cert_pem);
    template_row_deinit(&row);
    return rc;
}

static int use_token(struct db *db, const char *hash)
{
    struct db_stmt *q = db_query(db, "DELETE FROM ownership_token WHERE hash = ?1");
    db_bind_text(q, 1, hash);
    return db_exec(q);
}

static int evaluate_fleet(struct registry_call *call, const struct template_row *row,
                          const char *cert_id, struct template_plan *ret_plan)
{
    struct template *template = NULL;
    int rc = template_parse(slice_str(row->body), TEMPLATE_FLEET, &template, &call->diag);
    if (rc < 0) return rc;
    struct json *system = template_system_values(call, cert_id);
    rc = template_evaluate(template, json_get(call->params, "parameters"), system, ret_plan,
                           &call->diag);
    json_free(system);
    template_free(template);
    return rc;
}

static int provision(struct registry_call *call, struct db *db, const struct template_row *row,
                     const struct ownership *own)
{
    struct template_plan plan = { 0 };
    char cert_id[65];
    int rc = evaluate_fleet(call, row, own->cert_id, &plan);
    if (rc < 0) return rc;
    rc = template_apply(call, db, &plan, NULL, cert_id);
    if (rc == 0) rc = use_token(db, own->hash);
    struct json *result = result_of(call);
    json_set(result, "deviceConfiguration",
             plan.configuration ? json_dup(plan.configuration) : json_new_object());
    json_set_str(result, "thingName", plan.thing.name);
    template_plan_deinit(&plan);
    return rc < 0 ? rc : set_pending(call, db);
}

int provision_run(struct registry_call *call, struct db *db)
{
    struct template_row row = { 0 };
    struct ownership own = { 0 };
    int rc = find_usable(call, db, &row);
    if (rc < 0) return rc;
    rc = find_ownership(call, db, &own);
    if (rc == 0) rc = provision(call, db, &row, &own);
    free(own.cert_pem);
    template_row_deinit(&row);
    return rc;
}

/* ---- what has ended ---- */

static int run_for(struct db *db, const char *sql, int64_t before)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_int(q, 1, before);
    return db_exec(q);
}

static int cert_ids(struct db *db, const char *sql, int64_t before, struct json *into)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_int(q, 1, before);
    db_bind_int(q, 2, SWEEP_ROWS);
    while (db_step(q))
        json_push(into, json_new_str(db_text(q, 0)));
    return db_done(q);
}

static int forget(struct db *db, const char *sql, const char *cert_id)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, cert_id);
    return db_exec(q);
}

/* One that somebody has attached to a thing stays, as any other certificate. */
static int drop_cert(struct registry_call *call, struct db *db, const char *id)
{
    struct json *params = json_new_object();
    json_set_str(params, "certificateId", id);
    json_set_bool(params, "forceDelete", true);
    int rc = other_run(call, db, "DeleteCertificate", params, NULL);
    if (rc < 0 && rc != ERR_IN_USE) return rc;
    rc = forget(db, "DELETE FROM ownership_token WHERE cert = ?1", id);
    return rc < 0 ? rc : forget(db, "DELETE FROM provisioning_claim WHERE cert = ?1", id);
}

static int drop_ended(struct registry_call *call, struct db *db, int64_t claims_before)
{
    struct json *ids = json_new_array();
    int rc = cert_ids(db,
                      "SELECT t.cert FROM ownership_token t JOIN cert c ON c.id = t.cert "
                      "WHERE t.expires_at <= ?1 AND c.status = 'PENDING_ACTIVATION' LIMIT ?2",
                      call->now_ms, ids);
    if (rc == 0)
        rc = cert_ids(db, "SELECT cert FROM provisioning_claim WHERE expires_at <= ?1 LIMIT ?2",
                      claims_before, ids);
    for (struct json *id = json_first(ids); id && rc == 0; id = json_next(id))
        rc = drop_cert(call, db, json_str(id));
    json_free(ids);
    return rc;
}

/* What remains is told, so that nobody sweeps where there is nothing. */
static int set_left(struct registry_call *call, struct db *db)
{
    int64_t claims = 0;
    int rc = count_of(db, "SELECT count(*) FROM provisioning_claim", &claims);
    json_set_int(result_of(call), "claims", claims);
    return rc < 0 ? rc : set_pending(call, db);
}

int ownership_sweep(struct registry_call *call, struct db *db)
{
    int64_t claims_before = call->now_ms - CLAIM_KEPT_MS;
    int rc = run_for(db,
                     "DELETE FROM ownership_token WHERE expires_at <= ?1 AND cert IN "
                     "(SELECT id FROM cert WHERE status <> 'PENDING_ACTIVATION')",
                     call->now_ms);
    if (rc == 0)
        rc = run_for(db,
                     "UPDATE cert SET status = 'INACTIVE' WHERE status = 'ACTIVE' AND id IN "
                     "(SELECT cert FROM provisioning_claim WHERE expires_at <= ?1)",
                     claims_before);
    if (rc == 0) rc = drop_ended(call, db, claims_before);
    return rc < 0 ? rc : set_left(call, db);
}
