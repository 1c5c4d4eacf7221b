/* template_apply.c — what a template says is brought about, by the operations that a client would use one by one, in one
 * transaction: RegisterThing, and just-in-time provisioning. Reference: security, sections 5, 6 and 6.1.
 *  I1  Nothing of a template stays when any of it fails.
 *  I2  A certificate that is new, or waits for its activation, gets the status of the template; another one as
 *      OverrideSettings say. */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "registry/provisioning_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- other operations ---- */

static const struct registry_op *other_op(const char *name)
{
    const struct registry_op *op = registry_op_find(name);
    if (!op) BUG("no operation '%s'", name);
    return op;
}

int other_prepare(struct registry_call *call, const char *op, struct json *params)
{
    struct json *own = call->params;
    call->params = params;
    int rc = other_op(op)->prepare(call);
    call->params = own;
    return rc;
}

int other_run(struct registry_call *call, struct db *db, const char *op, struct json *params,
              struct json **ret_result)
{
    struct json *own_params = call->params, *own_result = call->result;
    call->params = params;
    call->result = NULL;
    int rc = other_op(op)->run(call, db);
    if (rc == 0 && ret_result)
        *ret_result = call->result;
    else
        json_free(call->result);
    json_free(params);
    call->params = own_params;
    call->result = own_result;
    return rc;
}

static struct json *one_param(const char *name, const char *value)
{
    struct json *params = json_new_object();
    json_set_str(params, name, value);
    return params;
}

/* ---- the certificate ---- */

struct apply {
    struct registry_call *call;
    struct db *db;
    const struct template_plan *plan;
    char cert_id[65];
    bool cert_waits; /* for a status: it is new, or PENDING_ACTIVATION */
    bool cert_active;
};

static int read_status(struct apply *a, bool *ret_found)
{
    struct db_stmt *q = db_query(a->db, "SELECT status FROM cert WHERE id = ?1");
    db_bind_text(q, 1, a->cert_id);
    *ret_found = db_step(q);
    if (*ret_found) {
        a->cert_waits = strcmp(db_text(q, 0), "PENDING_ACTIVATION") == 0;
        a->cert_active = strcmp(db_text(q, 0), "ACTIVE") == 0;
    }
    return db_done(q);
}

/* The authority of a PEM is one of the owner's: it has signed it, as was checked before. */
static int set_authority(struct apply *a)
{
    const char *ca_id = json_get_str(json_get(a->call->params, ".cert"), ".ca");
    bool known = false;
    if (!ca_id) return 0;
    int rc =
        has_row(a->db, "SELECT 1 FROM ca_cert WHERE id = ?1 AND status = 'ACTIVE'", ca_id, &known);
    if (rc < 0) return rc;
    if (!known)
        return fail(a->call, ERR_NOT_FOUND, "CACertificatePem is no active CA of this account");
    struct db_stmt *q =
        db_query(a->db, "UPDATE cert SET ca_id = ?2, mode = 'DEFAULT' WHERE id = ?1");
    db_bind_text(q, 1, a->cert_id);
    db_bind_text(q, 2, ca_id);
    return db_exec(q);
}

/* By the operation that makes it out of params[".cert"]. */
static int make_cert(struct apply *a, const char *op)
{
    struct json *params = json_dup(json_get(a->call->params, ".cert"));
    a->cert_waits = true;
    return other_run(a->call, a->db, op, params, NULL);
}

static int take_cert(struct apply *a)
{
    const struct template_cert *cert = &a->plan->cert;
    const char *id = cert->id ? cert->id : json_get_str(json_get(a->call->params, ".cert"), ".id");
    bool found = false;
    size_t len = (size_t)snprintf(a->cert_id, sizeof a->cert_id, "%s", id);
    if (cert->csr) return make_cert(a, "CreateCertificateFromCsr");
    int rc = len < sizeof a->cert_id ? read_status(a, &found) : 0;
    if (rc < 0 || found) return rc;
    if (!cert->pem)
        return fail(a->call, ERR_NOT_FOUND,
                    "The certificate given in the request does not exist. Id: %.64s", id);
    rc = make_cert(a, "RegisterCertificateWithoutCA");
    return rc < 0 ? rc : set_authority(a);
}

static int finish_status(struct apply *a)
{
    const struct template_cert *cert = &a->plan->cert;
    if (!a->cert_waits) {
        if (cert->active == a->cert_active || cert->on_status == TEMPLATE_DO_NOTHING) return 0;
        if (cert->on_status == TEMPLATE_FAIL)
            return fail(a->call, ERR_CONFLICT, "The certificate has another status already");
    }
    struct json *params = one_param("certificateId", a->cert_id);
    json_set_str(params, "newStatus", cert->active ? "ACTIVE" : "INACTIVE");
    return other_run(a->call, a->db, "UpdateCertificate", params, NULL);
}

/* ---- the thing ---- */

static struct json *thing_params(const struct template_thing *thing, bool type, bool attributes,
                                 bool merge)
{
    struct json *params = one_param("thingName", thing->name);
    if (type) json_set_str(params, "thingTypeName", thing->type);
    if (attributes && thing->attributes) {
        struct json *payload = json_set(params, "attributePayload", json_new_object());
        json_set(payload, "attributes", json_dup(thing->attributes));
        json_set_bool(payload, "merge", merge);
    }
    return params;
}

static int refuse_existing(struct apply *a, const char *what)
{
    return fail(a->call, ERR_CONFLICT, "The thing %s exists already, and the template's %s is FAIL",
                a->plan->thing.name, what);
}

static int update_thing(struct apply *a)
{
    const struct template_thing *thing = &a->plan->thing;
    if (thing->attributes && thing->on_attributes == TEMPLATE_FAIL)
        return refuse_existing(a, "AttributePayload");
    if (thing->type && thing->on_type == TEMPLATE_FAIL) return refuse_existing(a, "ThingTypeName");
    if (thing->groups && thing->on_groups == TEMPLATE_FAIL)
        return refuse_existing(a, "ThingGroups");
    bool type = thing->type && thing->on_type == TEMPLATE_REPLACE;
    bool attributes = thing->attributes && thing->on_attributes != TEMPLATE_DO_NOTHING;
    if (!type && !attributes) return 0;
    bool merge = thing->on_attributes == TEMPLATE_MERGE;
    return other_run(a->call, a->db, "UpdateThing", thing_params(thing, type, attributes, merge),
                     NULL);
}

static int put_groups(struct apply *a, bool existed)
{
    const struct template_thing *thing = &a->plan->thing;
    if (!thing->groups || (existed && thing->on_groups == TEMPLATE_DO_NOTHING)) return 0;
    return thing_put_groups(a->call, a->db, thing->name, thing->groups,
                            existed && thing->on_groups == TEMPLATE_REPLACE);
}

static int put_thing(struct apply *a)
{
    const struct template_thing *thing = &a->plan->thing;
    bool exists = false;
    if (!thing->resource) return 0;
    int rc = has_row(a->db, "SELECT 1 FROM thing WHERE name = ?1", thing->name, &exists);
    if (rc < 0) return rc;
    rc = exists ? update_thing(a)
                : other_run(a->call, a->db, "CreateThing", thing_params(thing, true, true, false),
                            NULL);
    return rc < 0 ? rc : put_groups(a, exists);
}

/* ---- policies ---- */

/* A document has the name of its digest, so the same one is the same policy. */
static int make_policy(struct apply *a, const char *document, char ret_name[65])
{
    bool exists = false;
    crypto_sha256_hex(document, strlen(document), ret_name);
    int rc = has_row(a->db, "SELECT 1 FROM policy WHERE name = ?1", ret_name, &exists);
    if (rc < 0 || exists) return rc;
    struct json *params = one_param("policyName", ret_name);
    json_set_str(params, "policyDocument", document);
    return other_run(a->call, a->db, "CreatePolicy", params, NULL);
}

static int put_policies(struct apply *a, const char *cert_arn, struct json *arns)
{
    int rc = 0;
    for (size_t i = 0; i < a->plan->policy_count && rc == 0; i++) {
        const struct template_policy *policy = &a->plan->policies[i];
        char name[65];
        if (policy->document) rc = make_policy(a, policy->document, name);
        if (rc < 0) return rc;
        struct json *params = one_param("policyName", policy->document ? name : policy->name);
        json_set_str(params, "target", cert_arn);
        result_arn(a->call, arns, policy->resource, "policy", json_get_str(params, "policyName"));
        rc = other_run(a->call, a->db, "AttachPolicy", params, NULL);
    }
    return rc;
}

static int attach_thing(struct apply *a, const char *cert_arn, struct json *arns)
{
    const struct template_thing *thing = &a->plan->thing;
    if (!thing->resource) return 0;
    struct json *params = one_param("thingName", thing->name);
    json_set_str(params, "principal", cert_arn);
    result_arn(a->call, arns, thing->resource, "thing", thing->name);
    return other_run(a->call, a->db, "AttachThingPrincipal", params, NULL);
}

/* ---- all of it ---- */

struct json *template_system_values(const struct registry_call *call, const char *cert_id)
{
    struct json *values = one_param(TEMPLATE_CERT_ID, cert_id);
    json_set_str(values, TEMPLATE_REGION, registry_region(call->registry));
    json_set_str(values, TEMPLATE_ACCOUNT_ID, registry_account(call->registry));
    return values;
}

/* What follows when there is a certificate. */
static int apply_to(struct apply *a, const char *cert_arn, struct json *arns)
{
    int rc = put_thing(a);
    if (rc == 0) rc = put_policies(a, cert_arn, arns);
    if (rc == 0) rc = attach_thing(a, cert_arn, arns);
    return rc < 0 ? rc : finish_status(a);
}

int template_apply(struct registry_call *call, struct db *db, const struct template_plan *plan,
                   struct json **ret_arns, char ret_cert_id[65])
{
    struct apply a = { .call = call, .db = db, .plan = plan };
    struct json *arns = json_new_object();
    int rc = take_cert(&a);
    if (rc == 0) {
        result_arn(call, arns, plan->cert.resource, "cert", a.cert_id);
        rc = apply_to(&a, json_get_str(arns, plan->cert.resource), arns);
    }
    memcpy(ret_cert_id, a.cert_id, sizeof a.cert_id);
    if (rc == 0 && ret_arns)
        *ret_arns = arns;
    else
        json_free(arns);
    return rc;
}

/* ---- RegisterThing ---- */

static int evaluate_request(struct registry_call *call, struct template_plan *ret_plan)
{
    const char *body = param_str(call, "templateBody");
    const struct json *params = json_get(call->params, "parameters");
    struct template *template = NULL;
    if (!body)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value null at 'templateBody' failed to satisfy "
                    "constraint: Member must not be null");
    int rc = template_parse(slice_str(body), TEMPLATE_REGISTER, &template, &call->diag);
    if (rc < 0) return rc == ERR_UNSUPPORTED ? rc : ERR_INVALID;
    struct json *system = template_system_values(call, NULL);
    rc = template_evaluate(template, params, system, ret_plan, &call->diag);
    json_free(system);
    template_free(template);
    return rc;
}

/* With the authority that is said to have signed it. */
static int prepare_pem(struct registry_call *call, const struct template_cert *cert,
                       struct json *params)
{
    struct arena arena = { 0 };
    struct x509_info ca;
    json_set_str(params, "certificatePem", cert->pem);
    int rc = other_prepare(call, "RegisterCertificateWithoutCA", params);
    if (rc < 0 || !cert->ca_pem) return rc;
    rc = x509_parse(slice_str(cert->ca_pem), &arena, &ca, &call->diag);
    if (rc == 0)
        rc = x509_verify_issued(slice_str(cert->pem), slice_str(cert->ca_pem), &call->diag);
    if (rc == 0) json_set_str(params, ".ca", ca.id);
    arena_deinit(&arena);
    return rc;
}

int register_thing_prepare(struct registry_call *call)
{
    struct template_plan plan = { 0 };
    int rc = evaluate_request(call, &plan);
    if (rc < 0) return rc;
    struct json *params = json_new_object();
    if (plan.cert.csr) {
        json_set_str(params, "certificateSigningRequest", plan.cert.csr);
        rc = other_prepare(call, "CreateCertificateFromCsr", params);
    } else if (plan.cert.pem) {
        rc = prepare_pem(call, &plan.cert, params);
    }
    json_set(call->params, ".cert", params);
    template_plan_deinit(&plan);
    return rc;
}

static int set_cert_pem(struct registry_call *call, struct db *db, const char *cert_id)
{
    struct db_stmt *q = db_query(db, "SELECT pem FROM cert WHERE id = ?1");
    db_bind_text(q, 1, cert_id);
    if (db_step(q)) json_set_str(result_of(call), "certificatePem", db_text(q, 0));
    return db_done(q);
}

int register_thing(struct registry_call *call, struct db *db)
{
    struct template_plan plan = { 0 };
    struct json *arns = NULL;
    char cert_id[65];
    int rc = evaluate_request(call, &plan);
    if (rc < 0) return rc;
    rc = template_apply(call, db, &plan, &arns, cert_id);
    template_plan_deinit(&plan);
    if (rc < 0) return rc == ERR_EXISTS ? ERR_CONFLICT : rc;
    rc = set_cert_pem(call, db, cert_id);
    json_set(result_of(call), "resourceArns", arns);
    return rc;
}

/* ---- just-in-time provisioning ---- */

static int add_subject(struct registry_call *call, const char *cert_pem, struct json *values)
{
    struct arena arena = { 0 };
    struct x509_info info;
    int rc = x509_parse(slice_str(cert_pem), &arena, &info, &call->diag);
    for (const struct template_subject *s = template_subjects; s->parameter && rc == 0; s++)
        json_set_str(values, s->parameter, x509_name_get(&info.subject, s->type, 0));
    arena_deinit(&arena);
    return rc;
}

static int apply_body(struct registry_call *call, struct db *db, const char *cert_id,
                      const char *cert_pem, const char *body)
{
    struct template *template = NULL;
    struct template_plan plan = { 0 };
    char same_id[65];
    int rc = template_parse(slice_str(body), TEMPLATE_JITP, &template, &call->diag);
    if (rc < 0) return rc;
    struct json *values = template_system_values(call, cert_id);
    rc = add_subject(call, cert_pem, values);
    if (rc == 0) rc = template_evaluate(template, NULL, values, &plan, &call->diag);
    if (rc == 0) {
        rc = template_apply(call, db, &plan, NULL, same_id);
        template_plan_deinit(&plan);
    }
    json_free(values);
    template_free(template);
    return rc;
}

static int apply_named(struct registry_call *call, struct db *db, const char *cert_id,
                       const char *cert_pem, const char *name)
{
    struct template_row row = { 0 };
    int rc = template_find(call, db, name, &row);
    if (rc < 0) return rc;
    if (!row.is_jitp)
        rc = fail(call, ERR_STATE, "The template %s is not of the type JITP", name);
    else if (!row.enabled)
        rc = fail(call, ERR_STATE, "The template %s is not enabled", name);
    else
        rc = apply_body(call, db, cert_id, cert_pem, row.body);
    template_row_deinit(&row);
    return rc;
}

/* What the template has told so far is taken back with what it has done. */
static void drop_changes(struct registry_call *call, size_t keep)
{
    while (json_count(call->changes) > keep)
        json_free(json_detach_child(call->changes,
                                    json_at(call->changes, json_count(call->changes) - 1)));
}

int template_apply_jitp(struct registry_call *call, struct db *db, const char *cert_id,
                        const char *cert_pem, const char *template_name, const char *template_body)
{
    size_t told = json_count(call->changes);
    int rc = db_exec(db_query(db, "SAVEPOINT template"));
    if (rc < 0) return rc;
    rc = template_body ? apply_body(call, db, cert_id, cert_pem, template_body)
                       : apply_named(call, db, cert_id, cert_pem, template_name);
    if (rc < 0) {
        drop_changes(call, told);
        db_exec(db_query(db, "ROLLBACK TO template"));
    }
    int released = db_exec(db_query(db, "RELEASE template"));
    return rc < 0 ? rc : released;
}
