/* policies.c — policies and their versions: CreatePolicy, GetPolicy, ListPolicies, DeletePolicy,
 * CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion, DeletePolicyVersion.
 * Who has them: policy_targets.c.
 * Reference: security, section 7.1; the errors' wording: live-verified. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/policy.h"
#include "registry/registry_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS_MAX = 5, DOCUMENT_MAX = 2048 /* characters that are no white space */ };

static int not_found(struct registry_call *call, const char *name)
{
    return fail(call, ERR_NOT_FOUND, "Policy not found (name=%s)", name);
}

int policy_name_of(struct registry_call *call, const char **ret_name)
{
    return param_name(call, "policyName", &param_policy_name, ret_name);
}

struct head {
    int64_t default_version;
    int64_t last_version;
    int64_t created_at;
    int64_t modified_at;
};

static int find_policy(struct registry_call *call, struct db *db, const char *name,
                       struct head *ret_head)
{
    struct db_stmt *q =
        db_query(db, "SELECT default_version, last_version, created_at, modified_at "
                     "FROM policy WHERE name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    if (found) *ret_head = (struct head){ db_int(q, 0), db_int(q, 1), db_int(q, 2), db_int(q, 3) };
    int rc = db_done(q);
    return rc < 0 ? rc : found ? 0 : not_found(call, name);
}

int check_policy(struct registry_call *call, struct db *db, const char *name)
{
    struct head head;
    return find_policy(call, db, name, &head);
}

/* White space does not count: so a document may be indented. */
static int check_size(struct registry_call *call, const char *document)
{
    struct slice text = slice_str(document);
    size_t count = 0, line = 1, column = 0;
    for (size_t at = 0; at < text.len;) {
        int32_t c = utf8_next(text, &at);
        column++;
        if (c == '\n') {
            line++;
            column = 0;
        }
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (++count > DOCUMENT_MAX)
            return fail(call, ERR_SYNTAX,
                        "Policy document is malformed: line %zu, column %zu: more than %d "
                        "characters that are no white space",
                        line, column, DOCUMENT_MAX);
    }
    return 0;
}

/* The document as sent, if it is one. */
static int document_of(struct registry_call *call, const char *name, const char **ret_document)
{
    const char *document = param_str(call, "policyDocument");
    if (!document)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value null at 'policyDocument' failed to satisfy "
                    "constraint: Member must not be null");
    struct policy *policy;
    struct diag diag = DIAG_INIT;
    int rc = policy_parse(name, slice_str(document), &policy, &diag);
    if (rc < 0)
        return fail(call, ERR_SYNTAX, "Policy document is malformed: %s", diag_text(&diag, rc));
    policy_unref(policy);
    *ret_document = document;
    return check_size(call, document);
}

static int insert_version(struct db *db, const char *name, int64_t version, const char *document,
                          int64_t now_ms)
{
    struct db_stmt *q = db_query(db, "INSERT INTO policy_version (policy, version, document, "
                                     "created_at) VALUES (?1, ?2, ?3, ?4)");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    db_bind_text(q, 3, document);
    db_bind_int(q, 4, now_ms);
    return db_exec(q);
}

static void set_version(struct json *into, const char *member, int64_t version)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)version);
    json_set_str(into, member, text);
}

static int create_policy(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *document = NULL;
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = document_of(call, name, &document);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "INSERT INTO policy (name, default_version, last_version, "
                                     "created_at, modified_at) VALUES (?1, 1, 1, ?2, ?2)");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, call->now_ms);
    rc = db_exec(q);
    struct json *result = result_of(call);
    if (rc == ERR_EXISTS) {
        json_set_str(result, "resourceId", name);
        result_arn(call, result, "resourceArn", "policy", name);
        return fail(call, rc, "Policy cannot be created - name already exists (name=%s)", name);
    }
    if (rc == 0) rc = insert_version(db, name, 1, document, call->now_ms);
    if (rc < 0) return rc;
    json_set_str(result, "policyName", name);
    result_arn(call, result, "policyArn", "policy", name);
    json_set_str(result, "policyDocument", document);
    json_set_str(result, "policyVersionId", "1");
    changed(call, REGISTRY_POLICY, name);
    return 0;
}

static int get_policy(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct head head = { 0 };
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = find_policy(call, db, name, &head);
    if (rc < 0) return rc;
    struct json *result = result_of(call);
    json_set_str(result, "policyName", name);
    result_arn(call, result, "policyArn", "policy", name);
    struct db_stmt *q =
        db_query(db, "SELECT document FROM policy_version WHERE policy = ?1 AND version = ?2");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, head.default_version);
    if (db_step(q)) json_set_str(result, "policyDocument", db_text(q, 0));
    set_version(result, "defaultVersionId", head.default_version);
    result_time(result, "creationDate", head.created_at);
    result_time(result, "lastModifiedDate", head.modified_at);
    set_version(result, "generationId", head.last_version);
    return db_done(q);
}

void push_policy(struct registry_call *call, struct json *list, const char *name)
{
    struct json *one = json_push(list, json_new_object());
    json_set_str(one, "policyName", name);
    result_arn(call, one, "policyArn", "policy", name);
}

static int list_policies(struct registry_call *call, struct db *db)
{
    struct page page = { 0 };
    bool ascending = param_flag(call, "ascendingOrder");
    int rc = page_open(call, "pageSize", "marker", 25, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, ascending ? "SELECT name, created_at FROM policy WHERE (created_at, name) > (?1, ?2) "
                        "ORDER BY created_at, name LIMIT ?3"
                      : "SELECT name, created_at FROM policy WHERE (created_at, name) < (?1, ?2) "
                        "ORDER BY created_at DESC, name DESC LIMIT ?3");
    rc = page_list_split(call, q, &page, ascending, "policies", "nextMarker", push_policy);
    page_close(&page);
    return rc;
}

static int count_rows(struct db *db, const char *sql, const char *name, int64_t *ret_count)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, name);
    if (db_step(q)) *ret_count = db_int(q, 0);
    return db_done(q);
}

static int delete_policy(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct head head = { 0 };
    int64_t targets = 0, versions = 0;
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = find_policy(call, db, name, &head);
    if (rc == 0)
        rc = count_rows(db, "SELECT count(*) FROM policy_target WHERE policy = ?1", name, &targets);
    if (rc == 0)
        rc = count_rows(db, "SELECT count(*) FROM policy_version WHERE policy = ?1", name,
                        &versions);
    if (rc < 0) return rc;
    if (targets)
        return fail(
            call, ERR_IN_USE,
            "The policy cannot be deleted as the policy is attached to one or more principals "
            "(name=%s)",
            name);
    if (versions > 1)
        return fail(
            call, ERR_IN_USE,
            "The policy cannot be deleted as versions other than than default version exist");
    struct db_stmt *q = db_query(db, "DELETE FROM policy WHERE name = ?1");
    db_bind_text(q, 1, name);
    rc = db_exec(q);
    if (rc == 0) changed(call, REGISTRY_POLICY, name);
    return rc;
}

/* ---- versions ---- */

static int version_of(struct registry_call *call, int64_t *ret_version)
{
    static const struct param_kind kind = { 1, 18, "0-9", "[0-9]+" };
    const char *text = NULL;
    int rc = param_name(call, "policyVersionId", &kind, &text);
    return rc < 0 ? rc : text_to_int(slice_str(text), 0, INT64_MAX, ret_version);
}

static int set_default(struct registry_call *call, struct db *db, const char *name, int64_t version)
{
    struct db_stmt *q =
        db_query(db, "UPDATE policy SET default_version = ?2, modified_at = ?3 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    db_bind_int(q, 3, call->now_ms);
    int rc = db_exec(q);
    if (rc == 0) rc = changed_targets(call, db, name);
    if (rc == 0) changed(call, REGISTRY_POLICY, name);
    return rc;
}

static int create_version(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *document = NULL;
    struct head head = { 0 };
    int64_t versions = 0;
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = document_of(call, name, &document);
    if (rc == 0) rc = find_policy(call, db, name, &head);
    if (rc == 0)
        rc = count_rows(db, "SELECT count(*) FROM policy_version WHERE policy = ?1", name,
                        &versions);
    if (rc < 0) return rc;
    if (versions >= VERSIONS_MAX)
        return fail(call, ERR_LIMIT,
                    "The policy %s already has the maximum number of versions (%d)", name,
                    VERSIONS_MAX);
    int64_t version = head.last_version + 1;
    rc = insert_version(db, name, version, document, call->now_ms);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "UPDATE policy SET last_version = ?2 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    rc = db_exec(q);
    bool as_default = param_flag(call, "setAsDefault");
    if (rc == 0 && as_default) rc = set_default(call, db, name, version);
    if (rc < 0) return rc;
    struct json *result = result_of(call);
    result_arn(call, result, "policyArn", "policy", name);
    json_set_str(result, "policyDocument", document);
    set_version(result, "policyVersionId", version);
    json_set_bool(result, "isDefaultVersion", as_default);
    return 0;
}

static int get_version(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct head head = { 0 };
    int64_t version = 0;
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = version_of(call, &version);
    if (rc == 0) rc = find_policy(call, db, name, &head);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, "SELECT document, created_at FROM policy_version WHERE policy = ?1 AND version = ?2");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    bool found = db_step(q);
    if (found) {
        struct json *result = result_of(call);
        result_arn(call, result, "policyArn", "policy", name);
        json_set_str(result, "policyName", name);
        json_set_str(result, "policyDocument", db_text(q, 0));
        set_version(result, "policyVersionId", version);
        json_set_bool(result, "isDefaultVersion", version == head.default_version);
        result_time(result, "creationDate", db_int(q, 1));
        result_time(result, "lastModifiedDate", db_int(q, 1));
        set_version(result, "generationId", version);
    }
    rc = db_done(q);
    return rc == 0 && !found ? fail(call, ERR_NOT_FOUND,
                                    "Policy version not found (name=%s, "
                                    "version=%lld)",
                                    name, (long long)version)
                             : rc;
}

static int list_versions(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct head head = { 0 };
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = find_policy(call, db, name, &head);
    if (rc < 0) return rc;
    struct json *list = json_set(result_of(call), "policyVersions", json_new_array());
    struct db_stmt *q = db_query(db, "SELECT version, created_at FROM policy_version "
                                     "WHERE policy = ?1 ORDER BY version DESC");
    db_bind_text(q, 1, name);
    while (db_step(q)) {
        struct json *one = json_push(list, json_new_object());
        set_version(one, "versionId", db_int(q, 0));
        json_set_bool(one, "isDefaultVersion", db_int(q, 0) == head.default_version);
        result_time(one, "createDate", db_int(q, 1));
    }
    return db_done(q);
}

static int set_default_version(struct registry_call *call, struct db *db)
{
    int rc = get_version(call, db); /* 404s included */
    json_free(call->result);
    call->result = NULL;
    if (rc < 0) return rc;
    int64_t version = 0;
    version_of(call, &version);
    return set_default(call, db, param_str(call, "policyName"), version);
}

static int delete_version(struct registry_call *call, struct db *db)
{
    int64_t version = 0;
    int rc = get_version(call, db);
    bool is_default = json_is_true(json_get(call->result, "isDefaultVersion"));
    json_free(call->result);
    call->result = NULL;
    if (rc < 0) return rc;
    if (is_default) return fail(call, ERR_IN_USE, "Cannot delete the default version of a policy");
    version_of(call, &version);
    struct db_stmt *q =
        db_query(db, "DELETE FROM policy_version WHERE policy = ?1 AND version = ?2");
    db_bind_text(q, 1, param_str(call, "policyName"));
    db_bind_int(q, 2, version);
    return db_exec(q);
}

const struct registry_op policy_ops[] = {
    { .name = "CreatePolicy", .run = create_policy },
    { .name = "GetPolicy", .run = get_policy, .reads = true },
    { .name = "ListPolicies", .run = list_policies, .reads = true },
    { .name = "DeletePolicy", .run = delete_policy },
    { .name = "CreatePolicyVersion", .run = create_version },
    { .name = "GetPolicyVersion", .run = get_version, .reads = true },
    { .name = "ListPolicyVersions", .run = list_versions, .reads = true },
    { .name = "SetDefaultPolicyVersion", .run = set_default_version },
    { .name = "DeletePolicyVersion", .run = delete_version },
    { 0 },
};
