/* groups.c — static thing groups: CreateThingGroup, DescribeThingGroup, UpdateThingGroup, DeleteThingGroup,
 * ListThingGroups. Who is in them: group_members.c; what they may: policies.c, principals.c.
 * Reference: registry-and-search, section 3.
 *
 *  I1  A group's parent is set when it is made and never changes, so the groups are trees, and nothing that
 *      happens to a group but its end changes the rights of anybody. */
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "registry/registry_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRS_MAX = 50, DEPTH_MAX = 7, CHILDREN_MAX = 100 };

struct group {
    char id[40];
    char *parent;      /* owned; NULL: at the top */
    char *description; /* owned; NULL: none */
    struct json *attrs;
    int64_t version;
    int64_t created_at;
};

static void group_deinit(struct group *group)
{
    free(group->parent);
    free(group->description);
    json_free(group->attrs);
}

/* ERR_NOT_FOUND without a message; else group_deinit. */
static int read_group(struct db *db, const char *name, struct group *ret_group)
{
    struct db_stmt *q = db_query(db, "SELECT id, parent, description, attributes, version, "
                                     "created_at FROM thing_group WHERE name = ?1");
    int rc = ERR_NOT_FOUND;
    *ret_group = (struct group){ 0 };
    db_bind_text(q, 1, name);
    if (db_step(q)) {
        snprintf(ret_group->id, sizeof ret_group->id, "%s", db_text(q, 0));
        ret_group->parent = db_text_dup(q, 1);
        ret_group->description = db_text_dup(q, 2);
        ret_group->version = db_int(q, 4);
        ret_group->created_at = db_int(q, 5);
        rc = json_parse(slice_str(db_text(q, 3)), NULL, &ret_group->attrs, NULL);
    }
    int done = db_done(q);
    return done < 0 ? done : rc;
}

static int find_group(struct registry_call *call, struct db *db, const char *name,
                      struct group *ret_group)
{
    int rc = read_group(db, name, ret_group);
    return rc == ERR_NOT_FOUND ? fail(call, rc, "Thing group %s does not exist", name) : rc;
}

int check_group(struct registry_call *call, struct db *db, const char *name)
{
    struct group group;
    int rc = find_group(call, db, name, &group);
    group_deinit(&group);
    return rc;
}

void push_group(struct registry_call *call, struct json *list, const char *name)
{
    struct json *one = json_push(list, json_new_object());
    json_set_str(one, "groupName", name);
    result_arn(call, one, "groupArn", "thinggroup", name);
}

static int group_name_of(struct registry_call *call, const char **ret_name)
{
    return param_name(call, "thingGroupName", &param_registry_name, ret_name);
}

/* ---- properties ---- */

struct properties { /* borrowed; NULL: nothing is said of it */
    const char *description;
    const struct json *attrs;
    bool merge;
};

static int properties_of(struct registry_call *call, struct properties *ret_properties)
{
    const struct json *all = json_get(call->params, "thingGroupProperties");
    if (all && !json_is(all, JSON_OBJECT) && !json_is(all, JSON_NULL))
        return fail(call, ERR_INVALID, "thingGroupProperties must be an object");
    *ret_properties =
        (struct properties){ .description = json_get_str(all, "thingGroupDescription") };
    int rc = check_description(call, ret_properties->description,
                               "thingGroupProperties.thingGroupDescription");
    return rc < 0 ? rc
                  : attrs_asked(call, json_get(all, "attributePayload"), &ret_properties->attrs,
                                &ret_properties->merge);
}

static int print_attrs(struct registry_call *call, const struct json *attrs, struct buf *ret_text)
{
    if (json_count(attrs) > ATTRS_MAX)
        return fail(call, ERR_INVALID, "The thing group has %zu attributes; %d is the limit",
                    json_count(attrs), ATTRS_MAX);
    json_print(attrs, ret_text);
    return 0;
}

/* ---- CreateThingGroup ---- */

static void describe_created(struct registry_call *call, const char *name, const char *id)
{
    struct json *result = result_of(call);
    json_set_str(result, "thingGroupName", name);
    result_arn(call, result, "thingGroupArn", "thinggroup", name);
    json_set_str(result, "thingGroupId", id);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The name is taken: fine when everything is as asked for. */
static int create_again(struct registry_call *call, const char *name, const struct group *have,
                        const char *parent, const struct properties *asked)
{
    struct json *attrs = attrs_combine(NULL, asked->attrs, false);
    bool same = same_text(have->parent, parent) &&
                same_text(have->description, asked->description) && json_equal(have->attrs, attrs);
    json_free(attrs);
    if (same) {
        describe_created(call, name, have->id);
        return 0;
    }
    json_set_str(result_of(call), "resourceId", have->id);
    result_arn(call, result_of(call), "resourceArn", "thinggroup", name);
    return fail(call, ERR_EXISTS,
                "Thing Group %s already exists in current account with different properties", name);
}

static int check_parent(struct registry_call *call, struct db *db, const char *parent)
{
    int64_t depth = 0, children = 0;
    int rc = check_group(call, db, parent);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "WITH RECURSIVE up (name) AS (SELECT ?1 UNION ALL SELECT g.parent FROM up u "
                     "JOIN thing_group g ON g.name = u.name WHERE g.parent IS NOT NULL) "
                     "SELECT (SELECT count(*) FROM up), "
                     "(SELECT count(*) FROM thing_group WHERE parent = ?1)");
    db_bind_text(q, 1, parent);
    if (db_step(q)) {
        depth = db_int(q, 0);
        children = db_int(q, 1);
    }
    rc = db_done(q);
    if (rc < 0) return rc;
    if (depth >= DEPTH_MAX)
        return fail(call, ERR_INVALID, "A hierarchy of thing groups has at most %d levels",
                    DEPTH_MAX);
    if (children >= CHILDREN_MAX)
        return fail(call, ERR_INVALID, "A thing group has at most %d direct children",
                    CHILDREN_MAX);
    return 0;
}

static int insert_group(struct registry_call *call, struct db *db, const char *name,
                        const char *parent, const struct properties *asked)
{
    char id[37];
    struct buf text = { 0 };
    struct json *attrs = attrs_combine(NULL, asked->attrs, false);
    int rc = print_attrs(call, attrs, &text);
    json_free(attrs);
    if (rc < 0) return rc;
    rand_uuid(id);
    struct db_stmt *q = db_query(db, "INSERT INTO thing_group (name, id, parent, description, "
                                     "attributes, version, created_at) "
                                     "VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, id);
    db_bind_text(q, 3, parent);
    db_bind_text(q, 4, asked->description);
    db_bind_text(q, 5, buf_str(&text));
    db_bind_int(q, 6, call->now_ms);
    rc = db_exec(q);
    buf_deinit(&text);
    if (rc == 0) describe_created(call, name, id);
    return rc;
}

static int create_group(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *parent = param_str(call, "parentGroupName");
    struct properties asked = { 0 };
    struct group have;
    int rc = group_name_of(call, &name);
    if (rc == 0) rc = properties_of(call, &asked);
    if (rc < 0) return rc;
    rc = read_group(db, name, &have);
    if (rc == 0) rc = create_again(call, name, &have, parent, &asked);
    group_deinit(&have);
    if (rc != ERR_NOT_FOUND) return rc;
    rc = parent ? check_parent(call, db, parent) : 0;
    return rc < 0 ? rc : insert_group(call, db, name, parent, &asked);
}

/* ---- DescribeThingGroup ---- */

/* From the root to the parent. */
static int describe_parents(struct registry_call *call, struct db *db, const char *parent,
                            struct json *metadata)
{
    struct json *list = json_set(metadata, "rootToParentThingGroups", json_new_array());
    struct db_stmt *q = db_query(
        db, "WITH RECURSIVE up (name, height) AS (SELECT ?1, 0 UNION ALL "
            "SELECT g.parent, u.height + 1 FROM up u JOIN thing_group g ON g.name = u.name "
            "WHERE g.parent IS NOT NULL) SELECT name FROM up ORDER BY height DESC");
    db_bind_text(q, 1, parent);
    while (db_step(q))
        push_group(call, list, db_text(q, 0));
    return db_done(q);
}

static void describe_properties(struct json *result, struct group *group)
{
    struct json *properties = json_set(result, "thingGroupProperties", json_new_object());
    json_set_str(properties, "thingGroupDescription", group->description);
    if (!json_count(group->attrs)) return;
    struct json *payload = json_set(properties, "attributePayload", json_new_object());
    json_set(payload, "attributes", group->attrs);
    group->attrs = NULL;
}

static int describe_group(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct group group = { 0 };
    int rc = group_name_of(call, &name);
    if (rc == 0) rc = find_group(call, db, name, &group);
    if (rc == 0) {
        struct json *result = result_of(call);
        describe_created(call, name, group.id);
        json_set_int(result, "version", group.version);
        describe_properties(result, &group);
        struct json *metadata = json_set(result, "thingGroupMetadata", json_new_object());
        json_set_str(metadata, "parentGroupName", group.parent);
        if (group.parent) rc = describe_parents(call, db, group.parent, metadata);
        result_time(metadata, "creationDate", group.created_at);
    }
    group_deinit(&group);
    return rc;
}

/* ---- UpdateThingGroup, DeleteThingGroup ---- */

/* What is not said of it stays. */
static int apply_update(struct registry_call *call, struct db *db, const char *name,
                        const struct group *group, const struct properties *asked)
{
    struct buf text = { 0 };
    struct json *attrs = attrs_combine(group->attrs, asked->attrs, asked->merge || !asked->attrs);
    int rc = print_attrs(call, attrs, &text);
    json_free(attrs);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "UPDATE thing_group SET description = ?2, attributes = ?3, "
                                     "version = version + 1 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, asked->description ? asked->description : group->description);
    db_bind_text(q, 3, buf_str(&text));
    rc = db_exec(q);
    buf_deinit(&text);
    if (rc == 0) json_set_int(result_of(call), "version", group->version + 1);
    return rc;
}

static int update_group(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct properties asked = { 0 };
    struct group group = { 0 };
    int rc = group_name_of(call, &name);
    if (rc == 0 && !json_is(json_get(call->params, "thingGroupProperties"), JSON_OBJECT))
        rc = fail(call, ERR_INVALID,
                  "1 validation error detected: Value null at 'thingGroupProperties' failed to "
                  "satisfy constraint: Member must not be null");
    if (rc == 0) rc = properties_of(call, &asked);
    if (rc == 0) rc = find_group(call, db, name, &group);
    if (rc == 0) rc = check_version(call, group.version);
    if (rc == 0) rc = apply_update(call, db, name, &group, &asked);
    group_deinit(&group);
    return rc;
}

static int delete_rows(struct db *db, const char *sql, const char *name)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, name);
    return db_exec(q);
}

/* Its things are let go, and its policies; its children must be gone before it. */
static int delete_existing(struct registry_call *call, struct db *db, const char *name)
{
    char *label = xasprintf("group:%s", name);
    int rc = changed_target(call, db, label);
    free(label);
    if (rc == 0)
        rc = delete_rows(db, "DELETE FROM policy_target WHERE target = 'group:' || ?1", name);
    if (rc == 0)
        rc = delete_rows(db, "DELETE FROM thing_group_member WHERE thing_group = ?1", name);
    if (rc == 0) rc = delete_rows(db, "DELETE FROM thing_group WHERE name = ?1", name);
    if (rc != ERR_IN_USE) return rc;
    return fail(call, ERR_INVALID,
                "Cannot delete thing group : %s when there are still child groups attached to it",
                name);
}

static int delete_group(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct group group = { 0 };
    int rc = group_name_of(call, &name);
    if (rc < 0) return rc;
    rc = read_group(db, name, &group);
    if (rc == ERR_NOT_FOUND) return 0; /* success on AWS too */
    if (rc == 0) rc = check_version(call, group.version);
    group_deinit(&group);
    return rc < 0 ? rc : delete_existing(call, db, name);
}

/* ---- ListThingGroups ---- */

/* Level by level; the token is "<level>/<name>". */
static int list_page(struct registry_call *call, struct db *db, const struct page *page)
{
    const char *recursive = "recursive";
    struct db_stmt *q = db_query(
        db, "WITH RECURSIVE below (name, level) AS (SELECT name, 1 FROM thing_group "
            "WHERE parent IS ?4 UNION ALL SELECT g.name, b.level + 1 FROM below b "
            "JOIN thing_group g ON g.parent = b.name WHERE ?5) "
            "SELECT name, level FROM below WHERE (level, name) > (?1, ?2) AND "
            "(?6 IS NULL OR substr(name, 1, length(?6)) = ?6) ORDER BY level, name LIMIT ?3");
    db_bind_text(q, 4, param_str(call, "parentGroup"));
    db_bind_int(q, 5, !json_get(call->params, recursive) || param_flag(call, recursive));
    db_bind_text(q, 6, param_str(call, "namePrefixFilter"));
    return page_list_split(call, q, page, true, "thingGroups", "nextToken", push_group);
}

static int list_groups(struct registry_call *call, struct db *db)
{
    const char *parent = param_str(call, "parentGroup");
    struct page page = { 0 };
    int rc = parent ? check_group(call, db, parent) : 0;
    if (rc == 0) rc = page_open(call, "maxResults", "nextToken", 50, 250, &page);
    if (rc == 0) rc = list_page(call, db, &page);
    page_close(&page);
    return rc;
}

const struct registry_op group_ops[] = {
    { .name = "CreateThingGroup", .run = create_group },
    { .name = "DescribeThingGroup", .run = describe_group, .reads = true },
    { .name = "UpdateThingGroup", .run = update_group },
    { .name = "DeleteThingGroup", .run = delete_group },
    { .name = "ListThingGroups", .run = list_groups, .reads = true },
    { 0 },
};
