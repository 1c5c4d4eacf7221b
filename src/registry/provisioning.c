/* provisioning.c — provisioning templates and their versions: CreateProvisioningTemplate, DescribeProvisioningTemplate,
 * UpdateProvisioningTemplate, DeleteProvisioningTemplate, ListProvisioningTemplates, and the same of versions; and the
 * table of all operations of provisioning. Reference: security, section 6.2.
 * A hook is a webhook: AWS's ARNs of Lambda functions have nothing here that they could name, and are refused. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "registry/provisioning_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS_MAX = 5, DESCRIPTION_MAX = 500, URL_MAX = 2048 };
#define HOOK_VERSION "2020-04-01"
#define ARN_KIND     "provisioningtemplate"

static const struct param_kind role_kind = { 20, 2048, "!-~", "arn:.*" };

int template_name_of(struct registry_call *call, const char **ret_name)
{
    return param_name(call, "templateName", &param_template_name, ret_name);
}

static int not_found(struct registry_call *call, const char *name)
{
    return fail(call, ERR_NOT_FOUND, "Provisioning template %s does not exist", name);
}

int template_find(struct registry_call *call, struct db *db, const char *name,
                  struct template_row *ret_row)
{
    struct db_stmt *q = db_query(
        db, "SELECT t.type = 'JITP', t.hook_arn, t.enabled, v.body FROM provisioning_template t "
            "JOIN provisioning_template_version v ON v.template = t.name "
            "AND v.version = t.default_version WHERE t.name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    if (found)
        *ret_row = (struct template_row){ .name = xstrdup(name),
                                          .is_jitp = db_int(q, 0) != 0,
                                          .hook = db_text_dup(q, 1),
                                          .enabled = db_int(q, 2) != 0,
                                          .body = xstrdup(db_text(q, 3)) };
    int rc = db_done(q);
    if (rc < 0 && found) template_row_deinit(ret_row);
    return rc < 0 ? rc : found ? 0 : not_found(call, name);
}

void template_row_deinit(struct template_row *row)
{
    free(row->name);
    free(row->body);
    free(row->hook);
}

/* ---- parameters ---- */

static int body_of(struct registry_call *call, bool is_jitp, const char **ret_body)
{
    const char *body = param_str(call, "templateBody");
    enum template_use use = is_jitp ? TEMPLATE_JITP : TEMPLATE_FLEET;
    struct template *template = NULL;
    struct diag diag = DIAG_INIT;
    if (!body)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value null at 'templateBody' failed to satisfy "
                    "constraint: Member must not be null");
    int rc = template_parse(slice_str(body), use, &template, &diag);
    if (rc < 0)
        return fail(call, rc == ERR_UNSUPPORTED ? rc : ERR_INVALID, "Invalid template body: %s",
                    diag_text(&diag, rc));
    template_free(template);
    *ret_body = body;
    return 0;
}

static int type_of(struct registry_call *call, bool *ret_jitp)
{
    const char *type = param_str(call, "type");
    *ret_jitp = type && strcmp(type, "JITP") == 0;
    if (!type || *ret_jitp || strcmp(type, "FLEET_PROVISIONING") == 0) return 0;
    return fail(call, ERR_INVALID,
                "1 validation error detected: Value '%.50s' at 'type' failed to satisfy "
                "constraint: Member must satisfy enum value set: [FLEET_PROVISIONING, JITP]",
                type);
}

/* "http://host…" or "https://host…" of printable characters. */
static bool is_web_url(const char *text)
{
    const char *host = strncmp(text, "http://", 7) == 0    ? text + 7
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                                                           : "";
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at == 0x7f) return false;
    return *host && *host != '/' && strlen(text) <= URL_MAX;
}

struct hook {
    const char *arn, *version; /* NULL: there is none */
};

static int hook_of(struct registry_call *call, bool is_jitp, struct hook *ret_hook)
{
    const struct json *hook = json_get(call->params, "preProvisioningHook");
    if (!hook || json_is(hook, JSON_NULL)) return 0;
    const char *arn = json_get_str(hook, "targetArn");
    const char *version = json_get_str(hook, "payloadVersion");
    if (!arn) return fail(call, ERR_INVALID, "preProvisioningHook.targetArn is missing");
    if (is_jitp)
        return fail(call, ERR_INVALID, "A template of the type JITP has no pre-provisioning hook");
    if (version && strcmp(version, HOOK_VERSION) != 0)
        return fail(call, ERR_INVALID, "preProvisioningHook.payloadVersion must be " HOOK_VERSION);
    if (!is_web_url(arn))
        return fail(call, ERR_INVALID,
                    "preProvisioningHook.targetArn must be an http or https URL: this hub runs no "
                    "Lambda functions");
    *ret_hook = (struct hook){ arn, HOOK_VERSION };
    return 0;
}

static int description_of(struct registry_call *call, const char **ret_text)
{
    *ret_text = param_str(call, "description");
    if (!*ret_text || strlen(*ret_text) <= DESCRIPTION_MAX) return 0;
    return fail(call, ERR_INVALID,
                "1 validation error detected: Value at 'description' failed to satisfy constraint: "
                "Member must have length less than or equal to %d",
                DESCRIPTION_MAX);
}

/* ---- templates ---- */

static int insert_version(struct registry_call *call, struct db *db, const char *name,
                          int64_t version, const char *body)
{
    struct db_stmt *q = db_query(db, "INSERT INTO provisioning_template_version (template, "
                                     "version, body, created_at) VALUES (?1, ?2, ?3, ?4)");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    db_bind_text(q, 3, body);
    db_bind_int(q, 4, call->now_ms);
    return db_exec(q);
}

struct wanted { /* of a template that is to be */
    const char *name, *role, *body, *description;
    bool is_jitp;
    struct hook hook;
};

static int insert_template(struct registry_call *call, struct db *db, const struct wanted *want)
{
    struct db_stmt *q = db_query(
        db, "INSERT INTO provisioning_template (name, type, description, enabled, role_arn, "
            "hook_arn, hook_version, default_version, last_version, created_at, modified_at) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 1, ?8, ?8)");
    db_bind_text(q, 1, want->name);
    db_bind_text(q, 2, want->is_jitp ? "JITP" : "FLEET_PROVISIONING");
    db_bind_text(q, 3, want->description);
    db_bind_int(q, 4, param_flag(call, "enabled"));
    db_bind_text(q, 5, want->role);
    db_bind_text(q, 6, want->hook.arn);
    db_bind_text(q, 7, want->hook.version);
    db_bind_int(q, 8, call->now_ms);
    return db_exec(q);
}

static int create_template(struct registry_call *call, struct db *db)
{
    struct wanted want = { 0 };
    int rc = template_name_of(call, &want.name);
    if (rc == 0) rc = type_of(call, &want.is_jitp);
    if (rc == 0) rc = param_name(call, "provisioningRoleArn", &role_kind, &want.role);
    if (rc == 0) rc = description_of(call, &want.description);
    if (rc == 0) rc = hook_of(call, want.is_jitp, &want.hook);
    if (rc == 0) rc = body_of(call, want.is_jitp, &want.body);
    if (rc < 0) return rc;
    rc = insert_template(call, db, &want);
    struct json *result = result_of(call);
    if (rc == ERR_EXISTS) {
        json_set_str(result, "resourceId", want.name);
        result_arn(call, result, "resourceArn", ARN_KIND, want.name);
        return fail(call, rc, "Provisioning template %s already exists", want.name);
    }
    if (rc == 0) rc = insert_version(call, db, want.name, 1, want.body);
    if (rc < 0) return rc;
    result_arn(call, result, "templateArn", ARN_KIND, want.name);
    json_set_str(result, "templateName", want.name);
    json_set_int(result, "defaultVersionId", 1);
    return 0;
}

static int describe_template(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    int rc = template_name_of(call, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, "SELECT t.description, t.created_at, t.modified_at, t.default_version, v.body, "
            "t.enabled, t.role_arn, t.hook_arn, t.hook_version, t.type "
            "FROM provisioning_template t JOIN provisioning_template_version v "
            "ON v.template = t.name AND v.version = t.default_version WHERE t.name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    if (found) {
        struct json *result = result_of(call);
        result_arn(call, result, "templateArn", ARN_KIND, name);
        json_set_str(result, "templateName", name);
        json_set_str(result, "description", db_text(q, 0));
        result_time(result, "creationDate", db_int(q, 1));
        result_time(result, "lastModifiedDate", db_int(q, 2));
        json_set_int(result, "defaultVersionId", db_int(q, 3));
        json_set_str(result, "templateBody", db_text(q, 4));
        json_set_bool(result, "enabled", db_int(q, 5) != 0);
        json_set_str(result, "provisioningRoleArn", db_text(q, 6));
        if (db_text(q, 7)) {
            struct json *hook = json_set(result, "preProvisioningHook", json_new_object());
            json_set_str(hook, "payloadVersion", db_text(q, 8));
            json_set_str(hook, "targetArn", db_text(q, 7));
        }
        json_set_str(result, "type", db_text(q, 9));
    }
    rc = db_done(q);
    return rc == 0 && !found ? not_found(call, name) : rc;
}

static int has_version(struct db *db, const char *name, int64_t version, bool *ret_has)
{
    struct db_stmt *q = db_query(db, "SELECT 1 FROM provisioning_template_version "
                                     "WHERE template = ?1 AND version = ?2");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    *ret_has = db_step(q);
    return db_done(q);
}

static int version_not_found(struct registry_call *call, const char *name, int64_t version)
{
    return fail(call, ERR_NOT_FOUND, "Version %lld of the provisioning template %s does not exist",
                (long long)version, name);
}

/* What is absent (NULL, below 0) stays. */
static int update_row(struct registry_call *call, struct db *db, const struct wanted *want,
                      int64_t version)
{
    const struct json *enabled = json_get(call->params, "enabled");
    struct db_stmt *q = db_query(
        db, "UPDATE provisioning_template SET description = coalesce(?2, description), "
            "enabled = coalesce(?3, enabled), role_arn = coalesce(?4, role_arn), "
            "hook_arn = CASE WHEN ?5 THEN NULL ELSE coalesce(?6, hook_arn) END, "
            "hook_version = CASE WHEN ?5 THEN NULL ELSE coalesce(?7, hook_version) END, "
            "default_version = coalesce(?8, default_version), modified_at = ?9 WHERE name = ?1");
    db_bind_text(q, 1, want->name);
    db_bind_text(q, 2, want->description);
    if (enabled && !json_is(enabled, JSON_NULL))
        db_bind_int(q, 3, param_flag(call, "enabled"));
    else
        db_bind_null(q, 3);
    db_bind_text(q, 4, want->role);
    db_bind_int(q, 5, param_flag(call, "removePreProvisioningHook"));
    db_bind_text(q, 6, want->hook.arn);
    db_bind_text(q, 7, want->hook.version);
    if (version < 0)
        db_bind_null(q, 8);
    else
        db_bind_int(q, 8, version);
    db_bind_int(q, 9, call->now_ms);
    return db_exec(q);
}

static int update_template(struct registry_call *call, struct db *db)
{
    struct wanted want = { 0 };
    struct template_row row = { 0 };
    int64_t version = -1;
    bool known = true;
    int rc = template_name_of(call, &want.name);
    if (rc == 0) rc = description_of(call, &want.description);
    if (rc == 0 && param_str(call, "provisioningRoleArn"))
        rc = param_name(call, "provisioningRoleArn", &role_kind, &want.role);
    if (rc == 0) rc = param_int(call, "defaultVersionId", 1, INT64_MAX, -1, &version);
    if (rc == 0) rc = template_find(call, db, want.name, &row);
    if (rc < 0) return rc;
    rc = hook_of(call, row.is_jitp, &want.hook);
    template_row_deinit(&row);
    if (rc == 0 && want.hook.arn && param_flag(call, "removePreProvisioningHook"))
        rc = fail(call, ERR_INVALID,
                  "preProvisioningHook and removePreProvisioningHook exclude each other");
    if (rc == 0 && version >= 0) rc = has_version(db, want.name, version, &known);
    if (rc < 0) return rc;
    return known ? update_row(call, db, &want, version)
                 : version_not_found(call, want.name, version);
}

static int delete_template(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    int rc = template_name_of(call, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT 1 FROM ca_cert WHERE template_name = ?1");
    db_bind_text(q, 1, name);
    bool used = db_step(q);
    rc = db_done(q);
    if (rc < 0) return rc;
    if (used)
        return fail(call, ERR_IN_USE, "Provisioning template %s is that of a CA certificate", name);
    q = db_query(db, "DELETE FROM provisioning_template WHERE name = ?1");
    db_bind_text(q, 1, name);
    rc = db_exec(q);
    return rc == 0 && db_changes(db) == 0 ? not_found(call, name) : rc;
}

static int list_page(struct registry_call *call, struct db *db, const struct page *page)
{
    struct db_stmt *q = db_query(db, "SELECT name, description, created_at, modified_at, enabled, "
                                     "type FROM provisioning_template WHERE name > ?1 "
                                     "ORDER BY name LIMIT ?2");
    db_bind_text(q, 1, page->after ? page->after : "");
    db_bind_int(q, 2, page->size + 1);
    struct json *list = json_set(result_of(call), "templates", json_new_array());
    const char *last = NULL;
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            page_next(call, "nextToken", last);
            break;
        }
        struct json *one = json_push(list, json_new_object());
        result_arn(call, one, "templateArn", ARN_KIND, db_text(q, 0));
        json_set_str(one, "templateName", db_text(q, 0));
        json_set_str(one, "description", db_text(q, 1));
        result_time(one, "creationDate", db_int(q, 2));
        result_time(one, "lastModifiedDate", db_int(q, 3));
        json_set_bool(one, "enabled", db_int(q, 4) != 0);
        json_set_str(one, "type", db_text(q, 5));
        last = json_get_str(one, "templateName");
    }
    return db_done(q);
}

static int list_templates(struct registry_call *call, struct db *db)
{
    struct page page = { 0 };
    int rc = page_open(call, "maxResults", "nextToken", 25, 250, &page);
    if (rc < 0) return rc;
    rc = list_page(call, db, &page);
    page_close(&page);
    return rc;
}

/* ---- versions ---- */

struct head {
    int64_t default_version, last_version, count;
    bool is_jitp;
};

/* The template that is named, and its versions. */
static int find_head(struct registry_call *call, struct db *db, const char *name,
                     struct head *ret_head)
{
    struct db_stmt *q =
        db_query(db, "SELECT default_version, last_version, (SELECT count(*) FROM "
                     "provisioning_template_version WHERE template = name), type = 'JITP' "
                     "FROM provisioning_template WHERE name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    if (found)
        *ret_head = (struct head){ db_int(q, 0), db_int(q, 1), db_int(q, 2), db_int(q, 3) != 0 };
    int rc = db_done(q);
    return rc < 0 ? rc : found ? 0 : not_found(call, name);
}

static int make_version(struct registry_call *call, struct db *db, const char *name,
                        const char *body, int64_t version)
{
    int rc = insert_version(call, db, name, version, body);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, "UPDATE provisioning_template SET last_version = ?2, modified_at = ?4, "
            "default_version = CASE WHEN ?3 THEN ?2 ELSE default_version END WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    db_bind_int(q, 3, param_flag(call, "setAsDefault"));
    db_bind_int(q, 4, call->now_ms);
    return db_exec(q);
}

static int create_version(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *body = NULL;
    struct head head = { 0 };
    int rc = template_name_of(call, &name);
    if (rc == 0) rc = find_head(call, db, name, &head);
    if (rc == 0) rc = body_of(call, head.is_jitp, &body);
    if (rc < 0) return rc;
    if (head.count >= VERSIONS_MAX)
        return fail(call, ERR_LIMIT,
                    "The provisioning template %s already has the maximum number of versions (%d)",
                    name, VERSIONS_MAX);
    rc = make_version(call, db, name, body, head.last_version + 1);
    if (rc < 0) return rc;
    struct json *result = result_of(call);
    result_arn(call, result, "templateArn", ARN_KIND, name);
    json_set_str(result, "templateName", name);
    json_set_int(result, "versionId", head.last_version + 1);
    json_set_bool(result, "isDefaultVersion", param_flag(call, "setAsDefault"));
    return 0;
}

/* Name and number of the version that a request is about. */
static int version_of(struct registry_call *call, struct db *db, const char **ret_name,
                      int64_t *ret_version, struct head *ret_head)
{
    int rc = template_name_of(call, ret_name);
    if (rc == 0) rc = param_int(call, "versionId", 1, INT64_MAX, 0, ret_version);
    return rc < 0 ? rc : find_head(call, db, *ret_name, ret_head);
}

static int describe_version(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    int64_t version = 0;
    struct head head = { 0 };
    int rc = version_of(call, db, &name, &version, &head);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT created_at, body FROM provisioning_template_version "
                                     "WHERE template = ?1 AND version = ?2");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    bool found = db_step(q);
    if (found) {
        struct json *result = result_of(call);
        json_set_int(result, "versionId", version);
        result_time(result, "creationDate", db_int(q, 0));
        json_set_str(result, "templateBody", db_text(q, 1));
        json_set_bool(result, "isDefaultVersion", version == head.default_version);
    }
    rc = db_done(q);
    return rc == 0 && !found ? version_not_found(call, name, version) : rc;
}

/* The last one first; the token is the number after which the page begins. */
static int list_version_page(struct registry_call *call, struct db *db, const char *name,
                             const struct page *page, int64_t default_version)
{
    int64_t before = INT64_MAX;
    if (page->after && text_to_int(slice_str(page->after), 1, INT64_MAX, &before) < 0)
        return fail(call, ERR_INVALID, "Invalid nextToken");
    struct db_stmt *q = db_query(db, "SELECT version, created_at FROM "
                                     "provisioning_template_version WHERE template = ?1 "
                                     "AND version < ?2 ORDER BY version DESC LIMIT ?3");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, before);
    db_bind_int(q, 3, page->size + 1);
    struct json *list = json_set(result_of(call), "versions", json_new_array());
    char last[21] = "";
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            page_next(call, "nextToken", last);
            break;
        }
        struct json *one = json_push(list, json_new_object());
        json_set_int(one, "versionId", db_int(q, 0));
        result_time(one, "creationDate", db_int(q, 1));
        json_set_bool(one, "isDefaultVersion", db_int(q, 0) == default_version);
        snprintf(last, sizeof last, "%lld", (long long)db_int(q, 0));
    }
    return db_done(q);
}

static int list_versions(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct head head = { 0 };
    struct page page = { 0 };
    int rc = template_name_of(call, &name);
    if (rc == 0) rc = find_head(call, db, name, &head);
    if (rc == 0) rc = page_open(call, "maxResults", "nextToken", 25, 250, &page);
    if (rc < 0) return rc;
    rc = list_version_page(call, db, name, &page, head.default_version);
    page_close(&page);
    return rc;
}

static int delete_version(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    int64_t version = 0;
    struct head head = { 0 };
    int rc = version_of(call, db, &name, &version, &head);
    if (rc < 0) return rc;
    if (version == head.default_version)
        return fail(call, ERR_IN_USE, "The default version of a template cannot be deleted");
    struct db_stmt *q = db_query(db, "DELETE FROM provisioning_template_version "
                                     "WHERE template = ?1 AND version = ?2");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, version);
    rc = db_exec(q);
    return rc == 0 && db_changes(db) == 0 ? version_not_found(call, name, version) : rc;
}

const struct registry_op provisioning_ops[] = {
    { .name = "CreateProvisioningTemplate", .run = create_template },
    { .name = "DescribeProvisioningTemplate", .run = describe_template, .reads = true },
    { .name = "UpdateProvisioningTemplate", .run = update_template },
    { .name = "DeleteProvisioningTemplate", .run = delete_template },
    { .name = "ListProvisioningTemplates", .run = list_templates, .reads = true },
    { .name = "CreateProvisioningTemplateVersion", .run = create_version },
    { .name = "DescribeProvisioningTemplateVersion", .run = describe_version, .reads = true },
    { .name = "ListProvisioningTemplateVersions", .run = list_versions, .reads = true },
    { .name = "DeleteProvisioningTemplateVersion", .run = delete_version },
    { .name = "CreateProvisioningClaim",
      .look = claim_look,
      .prepare = claim_prepare,
      .run = claim_create },
    { .name = "RegisterThing", .prepare = register_thing_prepare, .run = register_thing },
    { .name = ".CreateOwnedKeys",
      .look = owned_look,
      .prepare = owned_keys_prepare,
      .run = owned_keys_create },
    { .name = ".CreateOwnedFromCsr",
      .look = owned_look,
      .prepare = owned_csr_prepare,
      .run = owned_csr_create },
    { .name = ".LookProvision", .run = provision_look, .reads = true },
    { .name = ".Provision", .run = provision_run },
    { .name = ".SweepOwnership", .run = ownership_sweep },
    { 0 },
};
