/* types.c — thing types: CreateThingType, DescribeThingType, ListThingTypes, DeprecateThingType,
 * DeleteThingType. Reference: registry-and-search, section 2. */
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "registry/registry_priv.h"

#include <stdlib.h>
#include <string.h>

enum { SEARCHABLE_MAX = 3 };

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The searchable attributes in one order, each once, so that two sets compare as text. Returns owned. */
static int searchable_of(struct registry_call *call, char **ret_text)
{
    const struct json *properties = json_get(call->params, "thingTypeProperties");
    const struct json *list = json_get(properties, "searchableAttributes");
    const char *names[SEARCHABLE_MAX];
    size_t count = 0, used = 0;
    if (json_count(list) > SEARCHABLE_MAX)
        return fail(call, ERR_INVALID, "A thing type has at most %d searchable attributes",
                    SEARCHABLE_MAX);
    json_for_each(name, list) {
        if (!json_str(name) || !param_fits(&param_attribute_name, json_str(name)))
            return fail(call, ERR_INVALID,
                        "1 validation error detected: Value at 'thingTypeProperties."
                        "searchableAttributes' failed to satisfy constraint: Member must satisfy "
                        "constraint: [Member must have length less than or equal to 128, Member "
                        "must satisfy regular expression pattern: %s]",
                        param_attribute_name.pattern);
        names[count++] = json_str(name);
    }
    qsort(names, count, sizeof *names, compare_texts);
    struct json *sorted = json_new_array();
    for (size_t i = 0; i < count; i++) {
        if (i && strcmp(names[used], names[i]) == 0) continue;
        used = i;
        json_push(sorted, json_new_str(names[i]));
    }
    struct buf text = { 0 };
    json_print(sorted, &text);
    json_free(sorted);
    *ret_text = buf_take(&text, NULL);
    return 0;
}

static void describe_created(struct registry_call *call, const char *name, const char *id)
{
    struct json *result = result_of(call);
    json_set_str(result, "thingTypeName", name);
    result_arn(call, result, "thingTypeArn", "thingtype", name);
    json_set_str(result, "thingTypeId", id);
}

/* The name is taken: fine when everything is as asked for. */
static int create_again(struct registry_call *call, struct db *db, const char *name,
                        const char *description, const char *searchable)
{
    struct db_stmt *q = db_query(
        db, "SELECT id, ifnull(description, ''), searchable FROM thing_type WHERE name = ?1");
    db_bind_text(q, 1, name);
    if (db_step(q)) {
        bool same = strcmp(db_text(q, 1), description ? description : "") == 0 &&
                    strcmp(db_text(q, 2), searchable) == 0;
        if (same) {
            describe_created(call, name, db_text(q, 0));
            return db_done(q);
        }
        json_set_str(result_of(call), "resourceId", db_text(q, 0));
        result_arn(call, result_of(call), "resourceArn", "thingtype", name);
    }
    int rc = db_done(q);
    if (rc < 0) return rc;
    return fail(call, ERR_EXISTS,
                "ThingType %s already exists in account with different properties", name);
}

static int insert_type(struct registry_call *call, struct db *db, const char *name,
                       const char *description, const char *searchable)
{
    char id[37];
    rand_uuid(id);
    struct db_stmt *q = db_query(db, "INSERT INTO thing_type (name, id, description, searchable, "
                                     "created_at) VALUES (?1, ?2, ?3, ?4, ?5)");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, id);
    db_bind_text(q, 3, description);
    db_bind_text(q, 4, searchable);
    db_bind_int(q, 5, call->now_ms);
    int rc = db_exec(q);
    if (rc == ERR_EXISTS) return create_again(call, db, name, description, searchable);
    if (rc == 0) describe_created(call, name, id);
    return rc;
}

static int create_type(struct registry_call *call, struct db *db)
{
    const char *name = NULL;
    char *searchable = NULL;
    int rc = param_name(call, "thingTypeName", &param_registry_name, &name);
    if (rc < 0) return rc;
    const struct json *properties = json_get(call->params, "thingTypeProperties");
    const char *description = json_get_str(properties, "thingTypeDescription");
    rc = check_description(call, description, "thingTypeProperties.thingTypeDescription");
    if (rc < 0) return rc;
    if (json_count(json_get(properties, "mqtt5Configuration")))
        return fail(call, ERR_UNSUPPORTED, "mqtt5Configuration is not supported yet");
    rc = searchable_of(call, &searchable);
    if (!searchable) return rc;
    rc = insert_type(call, db, name, description, searchable);
    free(searchable);
    return rc;
}

/* Columns: name, id, description, searchable, created_at, deprecated_at. */
static void describe_row(struct registry_call *call, struct json *into, struct db_stmt *q,
                         bool with_id)
{
    json_set_str(into, "thingTypeName", db_text(q, 0));
    if (with_id) json_set_str(into, "thingTypeId", db_text(q, 1));
    result_arn(call, into, "thingTypeArn", "thingtype", db_text(q, 0));
    struct json *properties = json_set(into, "thingTypeProperties", json_new_object());
    json_set_str(properties, "thingTypeDescription", db_text(q, 2));
    struct json *searchable;
    if (json_parse(slice_str(db_text(q, 3)), NULL, &searchable, NULL) == 0)
        json_set(properties, "searchableAttributes", searchable);
    struct json *metadata = json_set(into, "thingTypeMetadata", json_new_object());
    json_set_bool(metadata, "deprecated", !db_is_null(q, 5));
    if (!db_is_null(q, 5)) result_time(metadata, "deprecationDate", db_int(q, 5));
    result_time(metadata, "creationDate", db_int(q, 4));
}

static int describe_type(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = param_name(call, "thingTypeName", &param_registry_name, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT name, id, description, searchable, created_at, "
                                     "deprecated_at FROM thing_type WHERE name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    if (found) describe_row(call, result_of(call), q, true);
    rc = db_done(q);
    if (rc == 0 && !found) rc = fail(call, ERR_NOT_FOUND, "Thing type %s does not exist", name);
    return rc;
}

static int list_types(struct registry_call *call, struct db *db)
{
    struct page page;
    int rc = page_open(call, "maxResults", "nextToken", 50, 250, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT name, id, description, searchable, created_at, "
                                     "deprecated_at FROM thing_type WHERE name > ?1 AND "
                                     "(?2 IS NULL OR name = ?2) ORDER BY name LIMIT ?3");
    db_bind_text(q, 1, page.after ? page.after : "");
    db_bind_text(q, 2, param_str(call, "thingTypeName"));
    db_bind_int(q, 3, page.size + 1);
    struct json *list = json_set(result_of(call), "thingTypes", json_new_array());
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page.size) {
            struct json *last = json_at(list, json_count(list) - 1);
            page_next(call, "nextToken", json_get_str(last, "thingTypeName"));
            break;
        }
        describe_row(call, json_push(list, json_new_object()), q, false);
    }
    page_close(&page);
    return db_done(q);
}

static int deprecate_type(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = param_name(call, "thingTypeName", &param_registry_name, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "UPDATE thing_type SET deprecated_at = ?2 WHERE name = ?1");
    db_bind_text(q, 1, name);
    if (param_flag(call, "undoDeprecate"))
        db_bind_null(q, 2);
    else
        db_bind_int(q, 2, call->now_ms);
    rc = db_exec(q);
    if (rc == 0 && db_changes(db) == 0)
        rc = fail(call, ERR_NOT_FOUND, "Thing type %s does not exist", name);
    return rc;
}

static int delete_type(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = param_name(call, "thingTypeName", &param_registry_name, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT deprecated_at FROM thing_type WHERE name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q);
    bool deprecated = found && !db_is_null(q, 0);
    rc = db_done(q);
    if (rc < 0) return rc;
    if (!found) return fail(call, ERR_NOT_FOUND, "Thing type %s does not exist", name);
    if (!deprecated)
        return fail(call, ERR_INVALID, "Cannot delete thing type %s: it must be deprecated first",
                    name);
    q = db_query(db, "DELETE FROM thing_type WHERE name = ?1");
    db_bind_text(q, 1, name);
    rc = db_exec(q);
    if (rc == ERR_IN_USE)
        rc = fail(call, ERR_INVALID, "Cannot delete thing type %s: things have this type", name);
    return rc;
}

const struct registry_op type_ops[] = {
    { .name = "CreateThingType", .run = create_type },
    { .name = "DescribeThingType", .run = describe_type, .reads = true },
    { .name = "ListThingTypes", .run = list_types, .reads = true },
    { .name = "DeprecateThingType", .run = deprecate_type },
    { .name = "DeleteThingType", .run = delete_type },
    { 0 },
};
