/* group_members.c — which things are in which thing groups: AddThingToThingGroup, RemoveThingFromThingGroup,
 * UpdateThingGroupsForThing, ListThingsInThingGroup, ListThingGroupsForThing.
 * Reference: registry-and-search, section 3. There are no dynamic groups, so overrideDynamicGroups has none to
 * override.
 *
 *  I1  A thing is in at most one group of a hierarchy.
 *  I2  A thing that comes or goes may change the rights of its principals: they are told, unless it was so
 *      before. */
#include "base/err.h"
#include "registry/registry_priv.h"

#include <string.h>

enum { GROUPS_PER_THING = 10, LIST_MAX = 10 };

/* By its name, by its ARN, or by both if they are the same. */
static int name_or_arn(struct registry_call *call, const char *name_member, const char *arn_member,
                       const char *kind, const char **ret_name)
{
    const char *name = param_str(call, name_member), *arn = param_str(call, arn_member);
    if (!arn) return param_name(call, name_member, &param_registry_name, ret_name);
    *ret_name = name_of_arn(call, arn, kind);
    if (!*ret_name || !param_fits(&param_registry_name, *ret_name))
        return fail(call, ERR_INVALID, "Invalid %s: %.200s", arn_member, arn);
    if (name && strcmp(name, *ret_name) != 0)
        return fail(call, ERR_INVALID, "%s and %s do not match", name_member, arn_member);
    return 0;
}

static int group_and_thing(struct registry_call *call, struct db *db, const char **ret_group,
                           const char **ret_thing)
{
    int rc = name_or_arn(call, "thingGroupName", "thingGroupArn", "thinggroup", ret_group);
    if (rc == 0) rc = name_or_arn(call, "thingName", "thingArn", "thing", ret_thing);
    if (rc == 0) rc = check_group(call, db, *ret_group);
    return rc < 0 ? rc : check_thing(call, db, *ret_thing);
}

/* ---- coming and going ---- */

/* The thing is in the group now: is that as it may be? */
static int check_groups(struct registry_call *call, struct db *db, const char *thing)
{
    int64_t groups = 0, roots = 0;
    struct db_stmt *q =
        db_query(db, "WITH RECURSIVE up (member, name) AS (SELECT thing_group, thing_group "
                     "FROM thing_group_member WHERE thing = ?1 UNION ALL SELECT u.member, g.parent "
                     "FROM up u JOIN thing_group g ON g.name = u.name WHERE g.parent IS NOT NULL) "
                     "SELECT count(*), count(DISTINCT u.name) FROM up u JOIN thing_group g "
                     "ON g.name = u.name WHERE g.parent IS NULL");
    db_bind_text(q, 1, thing);
    if (db_step(q)) {
        groups = db_int(q, 0);
        roots = db_int(q, 1);
    }
    int rc = db_done(q);
    if (rc < 0) return rc;
    if (groups > GROUPS_PER_THING)
        return fail(call, ERR_INVALID, "A thing can be in at most %d thing groups",
                    GROUPS_PER_THING);
    if (roots < groups)
        return fail(call, ERR_INVALID,
                    "Thing %s is in another thing group of the same hierarchy already", thing);
    return 0;
}

static int change(struct db *db, const char *sql, const char *group, const char *thing,
                  bool *ret_changed)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, group);
    db_bind_text(q, 2, thing);
    int rc = db_exec(q);
    *ret_changed |= rc == 0 && db_changes(db);
    return rc;
}

#define INSERT_MEMBER \
    "INSERT INTO thing_group_member (thing_group, thing) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
#define DELETE_MEMBER "DELETE FROM thing_group_member WHERE thing_group = ?1 AND thing = ?2"

static int add_thing(struct registry_call *call, struct db *db)
{
    const char *group = NULL, *thing = NULL;
    bool is_new = false;
    int rc = group_and_thing(call, db, &group, &thing);
    if (rc == 0) rc = change(db, INSERT_MEMBER, group, thing, &is_new);
    if (rc == 0) rc = check_groups(call, db, thing);
    return rc == 0 && is_new ? changed_thing(call, db, thing) : rc;
}

static int remove_thing(struct registry_call *call, struct db *db)
{
    const char *group = NULL, *thing = NULL;
    bool was_in = false;
    int rc = group_and_thing(call, db, &group, &thing);
    if (rc == 0) rc = change(db, DELETE_MEMBER, group, thing, &was_in);
    return rc == 0 && was_in ? changed_thing(call, db, thing) : rc;
}

static int change_all(struct registry_call *call, struct db *db, const char *list_name,
                      const struct json *list, const char *sql, const char *thing,
                      bool *ret_changed)
{
    if (json_count(list) > LIST_MAX)
        return fail(call, ERR_INVALID, "'%s' has at most %d thing groups", list_name, LIST_MAX);
    json_for_each(item, list) {
        const char *group = json_str(item);
        if (!group || !param_fits(&param_registry_name, group))
            return fail(call, ERR_INVALID, "'%s' must be a list of names of thing groups",
                        list_name);
        int rc = check_group(call, db, group);
        if (rc == 0) rc = change(db, sql, group, thing, ret_changed);
        if (rc < 0) return rc;
    }
    return 0;
}

static int change_asked(struct registry_call *call, struct db *db, const char *list_name,
                        const char *sql, const char *thing, bool *ret_changed)
{
    return change_all(call, db, list_name, json_get(call->params, list_name), sql, thing,
                      ret_changed);
}

/* First those that it leaves: so it can move within a hierarchy. */
static int update_groups(struct registry_call *call, struct db *db)
{
    const char *thing = NULL;
    bool any = false;
    int rc = param_name(call, "thingName", &param_registry_name, &thing);
    if (rc == 0) rc = check_thing(call, db, thing);
    if (rc == 0) rc = change_asked(call, db, "thingGroupsToRemove", DELETE_MEMBER, thing, &any);
    if (rc == 0) rc = change_asked(call, db, "thingGroupsToAdd", INSERT_MEMBER, thing, &any);
    if (rc == 0) rc = check_groups(call, db, thing);
    return rc == 0 && any ? changed_thing(call, db, thing) : rc;
}

static int leave_all(struct db *db, const char *thing, bool *ret_changed)
{
    struct db_stmt *q = db_query(db, "DELETE FROM thing_group_member WHERE thing = ?1");
    db_bind_text(q, 1, thing);
    int rc = db_exec(q);
    *ret_changed |= rc == 0 && db_changes(db);
    return rc;
}

int thing_put_groups(struct registry_call *call, struct db *db, const char *thing,
                     const struct json *groups, bool only)
{
    bool any = false;
    int rc = only ? leave_all(db, thing, &any) : 0;
    if (rc == 0) rc = change_all(call, db, "ThingGroups", groups, INSERT_MEMBER, thing, &any);
    if (rc == 0) rc = check_groups(call, db, thing);
    return rc == 0 && any ? changed_thing(call, db, thing) : rc;
}

/* ---- lists ---- */

static int list_things(struct registry_call *call, struct db *db)
{
    const char *group = NULL;
    struct page page = { 0 };
    int rc = param_name(call, "thingGroupName", &param_registry_name, &group);
    if (rc == 0) rc = check_group(call, db, group);
    if (rc == 0) rc = page_open(call, "maxResults", "nextToken", 50, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "WITH RECURSIVE below (name) AS (SELECT ?1 UNION SELECT g.name FROM below b "
                     "JOIN thing_group g ON g.parent = b.name WHERE ?4) "
                     "SELECT DISTINCT m.thing FROM below b JOIN thing_group_member m "
                     "ON m.thing_group = b.name WHERE m.thing > ?2 ORDER BY m.thing LIMIT ?3");
    db_bind_text(q, 1, group);
    db_bind_int(q, 4, param_flag(call, "recursive"));
    rc = page_list(call, q, &page, "things", "nextToken", push_name);
    page_close(&page);
    return rc;
}

static int list_groups(struct registry_call *call, struct db *db)
{
    const char *thing = NULL;
    struct page page = { 0 };
    int rc = param_name(call, "thingName", &param_registry_name, &thing);
    if (rc == 0) rc = check_thing(call, db, thing);
    if (rc == 0) rc = page_open(call, "maxResults", "nextToken", 50, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT thing_group FROM thing_group_member WHERE thing = ?1 "
                                     "AND thing_group > ?2 ORDER BY thing_group LIMIT ?3");
    db_bind_text(q, 1, thing);
    rc = page_list(call, q, &page, "thingGroups", "nextToken", push_group);
    page_close(&page);
    return rc;
}

const struct registry_op member_ops[] = {
    { .name = "AddThingToThingGroup", .run = add_thing },
    { .name = "RemoveThingFromThingGroup", .run = remove_thing },
    { .name = "UpdateThingGroupsForThing", .run = update_groups },
    { .name = "ListThingsInThingGroup", .run = list_things, .reads = true },
    { .name = "ListThingGroupsForThing", .run = list_groups, .reads = true },
    { 0 },
};
