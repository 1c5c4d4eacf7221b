/* things.c — things and what is attached to them: CreateThing, DescribeThing, UpdateThing, DeleteThing,
 * ListThings, Attach- and DetachThingPrincipal, ListThingPrincipals, ListPrincipalThings.
 * Reference: registry-and-search, sections 1 and 1.1. */
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "registry/registry_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRS_UNTYPED = 3, ATTRS_TYPED = 50 };

struct thing {
    char id[64];
    char *type; /* owned, NULL if none */
    int64_t version;
};

static void thing_deinit(struct thing *thing)
{
    free(thing->type);
}

static int not_found(struct registry_call *call, const char *name)
{
    return fail(call, ERR_NOT_FOUND, "Thing %s does not exist", name);
}

/* ERR_NOT_FOUND without a message. */
static int find_thing(struct db *db, const char *name, struct thing *ret_thing)
{
    struct db_stmt *q = db_query(db, "SELECT id, type, version FROM thing WHERE name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    if (found) {
        snprintf(ret_thing->id, sizeof ret_thing->id, "%s", db_text(q, 0));
        ret_thing->type = db_text(q, 1) ? xstrdup(db_text(q, 1)) : NULL;
        ret_thing->version = db_int(q, 2);
    }
    int rc = db_done(q);
    return rc < 0 ? rc : found ? 0 : ERR_NOT_FOUND;
}

int check_thing(struct registry_call *call, struct db *db, const char *name)
{
    struct thing thing = { 0 };
    int rc = find_thing(db, name, &thing);
    thing_deinit(&thing);
    return rc == ERR_NOT_FOUND ? not_found(call, name) : rc;
}

/* ---- attributes ---- */

static int read_attrs(struct db *db, const char *thing, struct json *into)
{
    struct db_stmt *q =
        db_query(db, "SELECT name, value FROM thing_attr WHERE thing = ?1 ORDER BY name");
    db_bind_text(q, 1, thing);
    while (db_step(q))
        json_set_str(into, db_text(q, 0), db_text(q, 1));
    return db_done(q);
}

static int write_attrs(struct registry_call *call, struct db *db, const char *thing,
                       const struct json *attrs, bool typed)
{
    size_t most = typed ? ATTRS_TYPED : ATTRS_UNTYPED;
    if (json_count(attrs) > most)
        return fail(call, ERR_INVALID,
                    "The thing has %zu attributes; %zu is the limit for a thing %s a thing type",
                    json_count(attrs), most, typed ? "with" : "without");
    struct db_stmt *q = db_query(db, "DELETE FROM thing_attr WHERE thing = ?1");
    db_bind_text(q, 1, thing);
    int rc = db_exec(q);
    json_for_each(attr, attrs) {
        if (rc < 0) return rc;
        q = db_query(db, "INSERT INTO thing_attr (thing, name, value) VALUES (?1, ?2, ?3)");
        db_bind_text(q, 1, thing);
        db_bind_text(q, 2, json_key(attr));
        db_bind_text(q, 3, json_str(attr));
        rc = db_exec(q);
    }
    return rc;
}

/* ---- things ---- */

static int check_type(struct registry_call *call, struct db *db, const char *type, const char *verb)
{
    struct db_stmt *q = db_query(db, "SELECT deprecated_at FROM thing_type WHERE name = ?1");
    db_bind_text(q, 1, type);
    bool found = db_step(q);
    bool deprecated = found && !db_is_null(q, 0);
    int rc = db_done(q);
    if (rc < 0) return rc;
    if (!found) return fail(call, ERR_NOT_FOUND, "Thing type %s does not exist", type);
    if (deprecated)
        return fail(call, ERR_INVALID, "Can not %s deprecated thing type: %s", verb, type);
    return 0;
}

static void describe_created(struct registry_call *call, const char *name, const char *id)
{
    struct json *result = result_of(call);
    json_set_str(result, "thingName", name);
    result_arn(call, result, "thingArn", "thing", name);
    json_set_str(result, "thingId", id);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The name is taken: fine when everything is as asked for. */
static int create_again(struct registry_call *call, struct db *db, const char *name,
                        const struct thing *thing, const char *type, const struct json *attrs)
{
    struct json *have = json_new_object();
    struct json *want = attrs_combine(NULL, attrs, false);
    int rc = read_attrs(db, name, have);
    bool same = rc == 0 && same_text(thing->type, type) && json_equal(have, want);
    json_free(have);
    json_free(want);
    if (rc < 0) return rc;
    if (same) {
        describe_created(call, name, thing->id);
        return 0;
    }
    json_set_str(result_of(call), "resourceId", thing->id);
    result_arn(call, result_of(call), "resourceArn", "thing", name);
    return fail(call, ERR_EXISTS,
                "Thing %s already exists in account with different attributes or thing type", name);
}

static int insert_thing(struct registry_call *call, struct db *db, const char *name,
                        const char *type, const struct json *attrs)
{
    char id[37];
    rand_uuid(id);
    struct db_stmt *q = db_query(db, "INSERT INTO thing (name, id, type, version, created_at) "
                                     "VALUES (?1, ?2, ?3, 1, ?4)");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, id);
    db_bind_text(q, 3, type);
    db_bind_int(q, 4, call->now_ms);
    int rc = db_exec(q);
    if (rc < 0) return rc;
    struct json *all = attrs_combine(NULL, attrs, false);
    rc = write_attrs(call, db, name, all, type != NULL);
    json_free(all);
    if (rc < 0) return rc;
    describe_created(call, name, id);
    changed(call, REGISTRY_THING, name);
    return 0;
}

static int create_thing(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *type = param_str(call, "thingTypeName");
    const struct json *attrs = NULL;
    bool merge = false;
    int rc = param_name(call, "thingName", &param_registry_name, &name);
    if (rc == 0) rc = attrs_asked(call, json_get(call->params, "attributePayload"), &attrs, &merge);
    if (rc == 0 && param_str(call, "billingGroupName"))
        rc = fail(call, ERR_UNSUPPORTED, "billing groups are not supported yet");
    if (rc < 0) return rc;
    struct thing thing = { 0 };
    rc = find_thing(db, name, &thing);
    if (rc == 0) {
        rc = create_again(call, db, name, &thing, type, attrs);
        thing_deinit(&thing);
        return rc;
    }
    if (rc != ERR_NOT_FOUND) return rc;
    rc = type ? check_type(call, db, type, "create new thing with") : 0;
    return rc < 0 ? rc : insert_thing(call, db, name, type, attrs);
}

static int describe_thing(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct thing thing = { 0 };
    int rc = param_name(call, "thingName", &param_registry_name, &name);
    if (rc < 0) return rc;
    rc = find_thing(db, name, &thing);
    if (rc == ERR_NOT_FOUND) return not_found(call, name);
    if (rc < 0) return rc;
    struct json *result = result_of(call);
    json_set_str(result, "defaultClientId", name);
    describe_created(call, name, thing.id);
    json_set_str(result, "thingTypeName", thing.type);
    rc = read_attrs(db, name, json_set(result, "attributes", json_new_object()));
    json_set_int(result, "version", thing.version);
    thing_deinit(&thing);
    return rc;
}

static int apply_update(struct registry_call *call, struct db *db, const char *name,
                        const struct thing *thing, const struct json *attrs, bool merge)
{
    const char *asked = param_str(call, "thingTypeName");
    const char *type = param_flag(call, "removeThingType") ? NULL : asked ? asked : thing->type;
    struct json *have = json_new_object();
    int rc = read_attrs(db, name, have);
    struct json *all = attrs_combine(have, attrs, merge || !attrs);
    if (rc == 0) rc = write_attrs(call, db, name, all, type != NULL);
    json_free(have);
    json_free(all);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "UPDATE thing SET type = ?2, version = version + 1 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, type);
    return db_exec(q);
}

static int update_thing(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *type = param_str(call, "thingTypeName");
    const struct json *attrs = NULL;
    bool merge = false;
    int rc = param_name(call, "thingName", &param_registry_name, &name);
    if (rc == 0) rc = attrs_asked(call, json_get(call->params, "attributePayload"), &attrs, &merge);
    if (rc < 0) return rc;
    if (type && param_flag(call, "removeThingType"))
        return fail(call, ERR_INVALID, "thingTypeName and removeThingType exclude each other");
    struct thing thing = { 0 };
    rc = find_thing(db, name, &thing);
    if (rc == ERR_NOT_FOUND) return not_found(call, name);
    if (rc < 0) return rc;
    rc = check_version(call, thing.version);
    if (rc == 0 && type && !same_text(type, thing.type))
        rc = check_type(call, db, type, "update a thing to use");
    if (rc == 0) rc = apply_update(call, db, name, &thing, attrs, merge);
    thing_deinit(&thing);
    if (rc == 0) rc = changed_thing(call, db, name);
    if (rc == 0) changed(call, REGISTRY_THING, name);
    return rc;
}

static int delete_thing(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct thing thing = { 0 };
    int rc = param_name(call, "thingName", &param_registry_name, &name);
    if (rc < 0) return rc;
    rc = find_thing(db, name, &thing);
    if (rc == ERR_NOT_FOUND) return 0; /* success on AWS too */
    if (rc < 0) return rc;
    rc = check_version(call, thing.version);
    thing_deinit(&thing);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "DELETE FROM thing WHERE name = ?1");
    db_bind_text(q, 1, name);
    rc = db_exec(q);
    if (rc == ERR_IN_USE)
        return fail(call, ERR_INVALID,
                    "Cannot delete. Thing %s is still attached to one or more principals", name);
    if (rc == 0) changed(call, REGISTRY_THING, name);
    return rc;
}

/* ---- ListThings ---- */

static int add_to_list(struct registry_call *call, struct db *db, struct json *list,
                       const char *name)
{
    struct thing thing = { 0 };
    int rc = find_thing(db, name, &thing);
    if (rc < 0) return rc;
    struct json *one = json_push(list, json_new_object());
    json_set_str(one, "thingName", name);
    json_set_str(one, "thingTypeName", thing.type);
    result_arn(call, one, "thingArn", "thing", name);
    rc = read_attrs(db, name, json_set(one, "attributes", json_new_object()));
    json_set_int(one, "version", thing.version);
    thing_deinit(&thing);
    return rc;
}

static int list_page(struct registry_call *call, struct db *db, const struct page *page)
{
    const char *attr = param_str(call, "attributeName");
    const char *value = param_str(call, "attributeValue");
    bool prefix = param_flag(call, "usePrefixAttributeValue");
    struct db_stmt *q = db_query(
        db,
        "SELECT t.name FROM thing t WHERE t.name > ?1 AND (?2 IS NULL OR t.type = ?2) AND "
        "(?3 IS NULL OR EXISTS (SELECT 1 FROM thing_attr a WHERE a.thing = t.name AND a.name = ?3 "
        "AND (?4 IS NULL OR a.value = ?4 OR (?5 AND substr(a.value, 1, length(?4)) = ?4)))) "
        "ORDER BY t.name LIMIT ?6");
    db_bind_text(q, 1, page->after ? page->after : "");
    db_bind_text(q, 2, param_str(call, "thingTypeName"));
    db_bind_text(q, 3, attr);
    db_bind_text(q, 4, value);
    db_bind_int(q, 5, prefix);
    db_bind_int(q, 6, page->size + 1);
    struct json *list = json_set(result_of(call), "things", json_new_array());
    char *last = NULL;
    bool more = false;
    int rc = 0;
    while (rc == 0 && db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            more = true;
            break;
        }
        free(last);
        last = xstrdup(db_text(q, 0));
        rc = add_to_list(call, db, list, last);
    }
    int done = db_done(q);
    if (more) page_next(call, "nextToken", last);
    free(last);
    return rc < 0 ? rc : done;
}

static int list_things(struct registry_call *call, struct db *db)
{
    struct page page = { 0 };
    if (param_str(call, "attributeValue") && !param_str(call, "attributeName"))
        return fail(call, ERR_INVALID, "attributeValue needs an attributeName");
    int rc = page_open(call, "maxResults", "nextToken", 50, 250, &page);
    if (rc < 0) return rc;
    rc = list_page(call, db, &page);
    page_close(&page);
    return rc;
}

/* ---- principals ---- */

static int thing_and_principal(struct registry_call *call, struct db *db, const char **ret_thing,
                               char ret_label[256])
{
    int rc = param_name(call, "thingName", &param_registry_name, ret_thing);
    if (rc == 0) rc = principal_of_arn(call, param_str(call, "principal"), ret_label);
    if (rc == 0) rc = check_thing(call, db, *ret_thing);
    return rc < 0 ? rc : check_label(call, db, ret_label);
}

/* A principal that is exclusive to one thing can belong to no other. */
static int check_exclusive(struct registry_call *call, struct db *db, const char *thing,
                           const char *label, bool exclusive)
{
    struct db_stmt *q = db_query(db, "SELECT thing, exclusive FROM thing_principal "
                                     "WHERE principal = ?1 AND thing <> ?2");
    db_bind_text(q, 1, label);
    db_bind_text(q, 2, thing);
    bool clash = false;
    while (db_step(q))
        clash |= exclusive || db_int(q, 1);
    int rc = db_done(q);
    if (rc == 0 && clash)
        rc = fail(call, ERR_INVALID, "The principal is attached to another thing, exclusively");
    return rc;
}

static int attach_thing_principal(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *type = param_str(call, "thingPrincipalType");
    char label[256];
    int rc = thing_and_principal(call, db, &name, label);
    if (rc < 0) return rc;
    bool exclusive = type && strcmp(type, "EXCLUSIVE_THING") == 0;
    if (type && !exclusive && strcmp(type, "NON_EXCLUSIVE_THING") != 0)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value '%.100s' at 'thingPrincipalType' failed to "
                    "satisfy constraint: Member must satisfy enum value set: [EXCLUSIVE_THING, "
                    "NON_EXCLUSIVE_THING]",
                    type);
    rc = check_exclusive(call, db, name, label, exclusive);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "INSERT INTO thing_principal (thing, principal, exclusive) "
                                     "VALUES (?1, ?2, ?3) ON CONFLICT (thing, principal) "
                                     "DO UPDATE SET exclusive = ?3");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, label);
    db_bind_int(q, 3, exclusive);
    rc = db_exec(q);
    if (rc == 0) changed(call, REGISTRY_PRINCIPAL, label);
    return rc;
}

static int detach_thing_principal(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    char label[256];
    int rc = thing_and_principal(call, db, &name, label);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "DELETE FROM thing_principal WHERE thing = ?1 AND principal = ?2");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, label);
    rc = db_exec(q);
    if (rc == 0 && db_changes(db)) changed(call, REGISTRY_PRINCIPAL, label);
    return rc;
}

static int list_thing_principals(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    struct thing thing = { 0 };
    struct page page = { 0 };
    int rc = param_name(call, "thingName", &param_registry_name, &name);
    if (rc < 0) return rc;
    rc = find_thing(db, name, &thing);
    thing_deinit(&thing);
    if (rc == ERR_NOT_FOUND)
        return fail(call, rc,
                    "Failed to list principals for thing %s because the thing does not exist in "
                    "your account",
                    name);
    if (rc == 0) rc = page_open(call, "maxResults", "nextToken", 250, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT principal FROM thing_principal WHERE thing = ?1 "
                                     "AND principal > ?2 ORDER BY principal LIMIT ?3");
    db_bind_text(q, 1, name);
    rc = page_list(call, q, &page, "principals", "nextToken", push_arn);
    page_close(&page);
    return rc;
}

static int list_principal_things(struct registry_call *call, struct db *db)
{
    char label[256];
    struct page page = { 0 };
    int rc = principal_of_arn(call, param_str(call, "principal"), label);
    if (rc == 0) rc = check_label(call, db, label);
    if (rc == 0) rc = page_open(call, "maxResults", "nextToken", 250, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT thing FROM thing_principal WHERE principal = ?1 "
                                     "AND thing > ?2 ORDER BY thing LIMIT ?3");
    db_bind_text(q, 1, label);
    rc = page_list(call, q, &page, "things", "nextToken", push_name);
    page_close(&page);
    return rc;
}

const struct registry_op thing_ops[] = {
    { .name = "CreateThing", .run = create_thing },
    { .name = "DescribeThing", .run = describe_thing, .reads = true },
    { .name = "UpdateThing", .run = update_thing },
    { .name = "DeleteThing", .run = delete_thing },
    { .name = "ListThings", .run = list_things, .reads = true },
    { .name = "AttachThingPrincipal", .run = attach_thing_principal },
    { .name = "DetachThingPrincipal", .run = detach_thing_principal },
    { .name = "ListThingPrincipals", .run = list_thing_principals, .reads = true },
    { .name = "ListPrincipalThings", .run = list_principal_things, .reads = true },
    { 0 },
};
