/* policy_targets.c — who has which policies: AttachPolicy, DetachPolicy, ListAttachedPolicies,
 * ListTargetsForPolicy; the same attachments in AWS's older API, which knows principals only:
 * AttachPrincipalPolicy, DetachPrincipalPolicy, ListPrincipalPolicies, ListPolicyPrincipals; and
 * GetEffectivePolicies. Targets are principals, thing groups and roles. Reference: security, section 7.1. */
#include "base/err.h"
#include "registry/registry_priv.h"

#include <string.h>

enum { POLICIES_PER_TARGET = 10, POLICIES_PER_GROUP = 2 };

/* ---- whose rights have changed ---- */

static int changed_each(struct registry_call *call, struct db_stmt *q, const char *name)
{
    db_bind_text(q, 1, name);
    while (db_step(q))
        changed(call, REGISTRY_PRINCIPAL, db_text(q, 0));
    return db_done(q);
}

/* The principals of the things in groups and below: `seeds` selects the groups' names. */
#define PRINCIPALS_BELOW(seeds)                                                            \
    "WITH RECURSIVE below (name) AS (" seeds                                               \
    " UNION SELECT g.name FROM below b JOIN thing_group g ON g.parent = b.name) "          \
    "SELECT p.principal FROM below b JOIN thing_group_member m ON m.thing_group = b.name " \
    "JOIN thing_principal p ON p.thing = m.thing "
#define TARGETS_THAT(are_groups) \
    "FROM policy_target WHERE policy = ?1 AND substr(target, 1, 6) " are_groups " 'group:' "

int changed_targets(struct registry_call *call, struct db *db, const char *policy)
{
    struct db_stmt *q =
        db_query(db, PRINCIPALS_BELOW("SELECT substr(target, 7) " TARGETS_THAT(
                         "=")) "UNION SELECT target " TARGETS_THAT("<>") "ORDER BY 1");
    return changed_each(call, q, policy);
}

int changed_target(struct registry_call *call, struct db *db, const char *label)
{
    if (strncmp(label, "group:", 6) == 0) {
        struct db_stmt *q = db_query(db, PRINCIPALS_BELOW("SELECT ?1") "GROUP BY 1 ORDER BY 1");
        return changed_each(call, q, label + 6);
    }
    changed(call, REGISTRY_PRINCIPAL, label);
    return 0;
}

int changed_thing(struct registry_call *call, struct db *db, const char *thing)
{
    struct db_stmt *q =
        db_query(db, "SELECT principal FROM thing_principal WHERE thing = ?1 ORDER BY principal");
    return changed_each(call, q, thing);
}

/* ---- attachments ---- */

static int check_count(struct registry_call *call, struct db *db, const char *label)
{
    int64_t count = 0;
    bool group = strncmp(label, "group:", 6) == 0;
    int most = group ? POLICIES_PER_GROUP : POLICIES_PER_TARGET;
    struct db_stmt *q = db_query(db, "SELECT count(*) FROM policy_target WHERE target = ?1");
    db_bind_text(q, 1, label);
    if (db_step(q)) count = db_int(q, 0);
    int rc = db_done(q);
    if (rc < 0 || count <= most) return rc;
    return fail(call, ERR_LIMIT, "A %s can have at most %d policies",
                group ? "thing group" : "target", most);
}

int policy_attach(struct registry_call *call, struct db *db, const char *policy, const char *label,
                  bool *ret_new)
{
    int rc = check_policy(call, db, policy);
    if (rc == 0) rc = check_label(call, db, label);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, "INSERT INTO policy_target (policy, target) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
    db_bind_text(q, 1, policy);
    db_bind_text(q, 2, label);
    rc = db_exec(q);
    *ret_new = rc == 0 && db_changes(db);
    return *ret_new ? check_count(call, db, label) : rc;
}

static int attach(struct registry_call *call, struct db *db, const char *label)
{
    const char *name = NULL;
    bool is_new = false;
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = policy_attach(call, db, name, label, &is_new);
    return rc == 0 && is_new ? changed_target(call, db, label) : rc;
}

/* What is not attached, or is not there, is detached: AWS knows no 404 here. */
static int detach(struct registry_call *call, struct db *db, const char *label)
{
    const char *name = NULL;
    int rc = policy_name_of(call, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "DELETE FROM policy_target WHERE policy = ?1 AND target = ?2");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, label);
    rc = db_exec(q);
    return rc == 0 && db_changes(db) ? changed_target(call, db, label) : rc;
}

static int attach_policy(struct registry_call *call, struct db *db)
{
    char label[256];
    int rc = label_of_arn(call, param_str(call, "target"), label);
    return rc < 0 ? rc : attach(call, db, label);
}

static int detach_policy(struct registry_call *call, struct db *db)
{
    char label[256];
    int rc = label_of_arn(call, param_str(call, "target"), label);
    return rc < 0 ? rc : detach(call, db, label);
}

/* With `recursive` those of a group's parents too: its own and theirs, each once. */
static int list_attached(struct registry_call *call, struct db *db)
{
    char label[256];
    struct page page = { 0 };
    int rc = label_of_arn(call, param_str(call, "target"), label);
    if (rc == 0) rc = check_label(call, db, label);
    if (rc == 0) rc = page_open(call, "pageSize", "marker", 250, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(
        db, "WITH RECURSIVE up (target) AS (SELECT ?1 UNION SELECT 'group:' || g.parent FROM up u "
            "JOIN thing_group g ON g.name = substr(u.target, 7) "
            "WHERE ?4 AND substr(u.target, 1, 6) = 'group:' AND g.parent IS NOT NULL) "
            "SELECT DISTINCT t.policy FROM up u JOIN policy_target t ON t.target = u.target "
            "WHERE t.policy > ?2 ORDER BY t.policy LIMIT ?3");
    db_bind_text(q, 1, label);
    db_bind_int(q, 4, param_flag(call, "recursive"));
    rc = page_list(call, q, &page, "policies", "nextMarker", push_policy);
    page_close(&page);
    return rc;
}

static int list_targets(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct page page = { 0 };
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = check_policy(call, db, name);
    if (rc == 0) rc = page_open(call, "pageSize", "marker", 250, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT target FROM policy_target WHERE policy = ?1 "
                                     "AND target > ?2 ORDER BY target LIMIT ?3");
    db_bind_text(q, 1, name);
    rc = page_list(call, q, &page, "targets", "nextMarker", push_arn);
    page_close(&page);
    return rc;
}

/* ---- the older API ---- */

static int attach_principal_policy(struct registry_call *call, struct db *db)
{
    char label[256];
    int rc = principal_of_arn(call, param_str(call, "principal"), label);
    return rc < 0 ? rc : attach(call, db, label);
}

static int detach_principal_policy(struct registry_call *call, struct db *db)
{
    char label[256];
    int rc = principal_of_arn(call, param_str(call, "principal"), label);
    return rc < 0 ? rc : detach(call, db, label);
}

/* By their dates of creation. */
static int list_principal_policies(struct registry_call *call, struct db *db)
{
    char label[256];
    struct page page = { 0 };
    bool ascending = param_flag(call, "ascendingOrder");
    int rc = principal_of_arn(call, param_str(call, "principal"), label);
    if (rc == 0) rc = check_label(call, db, label);
    if (rc == 0) rc = page_open(call, "pageSize", "marker", 25, 250, &page);
    if (rc < 0) return rc;
#define POLICIES_OF_PRINCIPAL                                                              \
    "SELECT p.name, p.created_at FROM policy_target t JOIN policy p ON p.name = t.policy " \
    "WHERE t.target = ?4 "
    struct db_stmt *q = db_query(
        db, ascending ? POLICIES_OF_PRINCIPAL "AND (p.created_at, p.name) > (?1, ?2) "
                                              "ORDER BY p.created_at, p.name LIMIT ?3"
                      : POLICIES_OF_PRINCIPAL "AND (p.created_at, p.name) < (?1, ?2) "
                                              "ORDER BY p.created_at DESC, p.name DESC LIMIT ?3");
    db_bind_text(q, 4, label);
    rc = page_list_split(call, q, &page, ascending, "policies", "nextMarker", push_policy);
    page_close(&page);
    return rc;
}

/* Groups and roles are no principals. In the order of labels: attachments have no dates. */
static int list_principals(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct page page = { 0 };
    int rc = policy_name_of(call, &name);
    if (rc == 0) rc = check_policy(call, db, name);
    if (rc == 0) rc = page_open(call, "pageSize", "marker", 25, 250, &page);
    if (rc < 0) return rc;
#define PRINCIPALS_OF_POLICY                                  \
    "SELECT target FROM policy_target WHERE policy = ?1 AND " \
    "substr(target, 1, 6) <> 'group:' AND substr(target, 1, 5) <> 'role:' "
    struct db_stmt *q =
        db_query(db, param_flag(call, "ascendingOrder")
                         ? PRINCIPALS_OF_POLICY "AND target > ?2 ORDER BY target LIMIT ?3"
                         : PRINCIPALS_OF_POLICY "AND (?2 = '' OR target < ?2) "
                                                "ORDER BY target DESC LIMIT ?3");
    db_bind_text(q, 1, name);
    rc = page_list(call, q, &page, "principals", "nextMarker", push_arn);
    page_close(&page);
    return rc;
}

/* ---- GetEffectivePolicies ---- */

/* Rows: name, document. First a principal's own, then those of the groups of a thing and of their parents. The
 * groups of a thing that is another's have no effect on a principal. */
static struct db_stmt *query_effective(struct db *db, const char *label, const char *thing)
{
    struct db_stmt *q = db_query(
        db, "WITH RECURSIVE up (name) AS (SELECT m.thing_group FROM thing_group_member m "
            "WHERE m.thing = ?2 AND (?1 IS NULL OR EXISTS (SELECT 1 FROM thing_principal tp "
            "WHERE tp.thing = ?2 AND tp.principal = ?1)) UNION SELECT g.parent FROM up u "
            "JOIN thing_group g ON g.name = u.name WHERE g.parent IS NOT NULL), "
            "target (label, rank) AS (SELECT ?1, 1 UNION SELECT 'group:' || name, 2 FROM up) "
            "SELECT v.policy, v.document FROM target t JOIN policy_target a ON a.target = t.label "
            "JOIN policy p ON p.name = a.policy "
            "JOIN policy_version v ON v.policy = p.name AND v.version = p.default_version "
            "GROUP BY v.policy ORDER BY min(t.rank), v.policy");
    db_bind_text(q, 1, label);
    db_bind_text(q, 2, thing);
    return q;
}

static int effective_asked(struct registry_call *call, struct db *db, char label[256],
                           const char **ret_thing)
{
    const char *principal = param_str(call, "principal");
    bool has_thing = json_get(call->params, "thingName") != NULL;
    int rc = 0;
    if (param_str(call, "cognitoIdentityPoolId"))
        return fail(call, ERR_UNSUPPORTED, "There are no identity pools of Amazon Cognito here");
    if (!principal && !has_thing)
        return fail(call, ERR_INVALID, "Either principal or thingName must be given");
    if (principal) rc = principal_of_arn(call, principal, label);
    if (rc == 0 && principal) rc = check_label(call, db, label);
    if (rc == 0 && has_thing) rc = param_name(call, "thingName", &param_registry_name, ret_thing);
    return rc == 0 && has_thing ? check_thing(call, db, *ret_thing) : rc;
}

static int get_effective(struct registry_call *call, struct db *db)
{
    char label[256] = "";
    const char *thing = NULL;
    int rc = effective_asked(call, db, label, &thing);
    if (rc < 0) return rc;
    struct json *list = json_set(result_of(call), "effectivePolicies", json_new_array());
    struct db_stmt *q = query_effective(db, *label ? label : NULL, thing);
    while (db_step(q)) {
        push_policy(call, list, db_text(q, 0));
        json_set_str(json_at(list, json_count(list) - 1), "policyDocument", db_text(q, 1));
    }
    return db_done(q);
}

const struct registry_op policy_target_ops[] = {
    { .name = "AttachPolicy", .run = attach_policy },
    { .name = "DetachPolicy", .run = detach_policy },
    { .name = "ListAttachedPolicies", .run = list_attached, .reads = true },
    { .name = "ListTargetsForPolicy", .run = list_targets, .reads = true },
    { .name = "AttachPrincipalPolicy", .run = attach_principal_policy },
    { .name = "DetachPrincipalPolicy", .run = detach_principal_policy },
    { .name = "ListPrincipalPolicies", .run = list_principal_policies, .reads = true },
    { .name = "ListPolicyPrincipals", .run = list_principals, .reads = true },
    { .name = "GetEffectivePolicies", .run = get_effective, .reads = true },
    { 0 },
};
