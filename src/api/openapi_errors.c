/* openapi_errors.c — the errors of operations, from the tables of answer.c. They are those of a plane, once in
 * the document ("control-404"), which operations refer to; where the table has a row for an operation alone,
 * that one has its own. */
#include "api/openapi.h"

#include "api/api_priv.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json *openapi_ref(const char *kind, const char *name)
{
    struct json *object = json_new_object();
    char *ref = xasprintf("#/components/%s/%s", kind, name);
    json_set_str(object, "$ref", ref);
    free(ref);
    return object;
}

struct json *openapi_content(const char *type, struct json *schema)
{
    struct json *content = json_new_object();
    json_set(json_set(content, type, json_new_object()), "schema", schema);
    return content;
}

static void add_name(struct json *names, const char *name)
{
    json_for_each(one, names) {
        if (strcmp(json_str(one), name) == 0) return;
    }
    json_push(names, json_new_str(name));
}

static bool has_failures(enum api_plane plane)
{
    return plane != API_OPEN && plane != API_METRICS;
}

/* Those of the plane; with op, those of this operation too. */
static struct json *error_names(enum api_plane plane, const char *op, int status)
{
    bool data = plane == API_DATA;
    struct json *names = json_new_array();
    for (size_t i = 0; has_failures(plane) && i < api_failure_count; i++) {
        const struct api_failure *row = &api_failures[i];
        bool counts = !row->op || (op && strcmp(row->op, op) == 0);
        if (counts && row->status[data] == status) add_name(names, row->error[data]);
    }
    for (size_t i = 0; i < api_auth_failure_count; i++) {
        const struct api_auth_failure *row = &api_auth_failures[i];
        bool hidden = data && row->rc == ERR_USAGE; /* api_fail_auth: Forbidden */
        if (row->status == status && !hidden) add_name(names, row->error);
    }
    return names;
}

static bool has_own_errors(const char *op, int status)
{
    for (size_t i = 0; i < api_failure_count; i++) {
        const struct api_failure *row = &api_failures[i];
        if (row->op && strcmp(row->op, op) == 0 && row->status[0] == status) return true;
    }
    return false;
}

/* Takes names. */
static struct json *new_error(enum api_plane plane, int status, struct json *names)
{
    struct json *error = json_new_object();
    json_set_str(error, "description", http_status_reason(status));
    struct json *header = json_set(json_set(error, "headers", json_new_object()),
                                   "x-amzn-ErrorType", json_new_object());
    json_set_bool(header, "required", true);
    struct json *schema = json_set(header, "schema", json_new_object());
    json_set_str(schema, "type", "string");
    json_set(schema, "enum", names);
    json_set(error, "content",
             openapi_content(OPENAPI_JSON,
                             openapi_ref("schemas", plane == API_DATA ? "DataError" : "Error")));
    return error;
}

enum { FIRST_ERROR = 400, LAST_ERROR = 599 };

static void error_key(enum api_plane plane, int status, char ret_key[24])
{
    const char *tag = plane == API_HUB ? openapi_tag(API_CONTROL) : openapi_tag(plane);
    snprintf(ret_key, 24, "%s-%d", tag, status);
}

void openapi_add_shared_errors(enum api_plane plane, struct json *responses)
{
    for (int status = FIRST_ERROR; status <= LAST_ERROR; status++) {
        char key[24];
        struct json *names = error_names(plane, NULL, status);
        error_key(plane, status, key);
        if (json_count(names))
            json_set(responses, key, new_error(plane, status, names));
        else
            json_free(names);
    }
}

void openapi_add_errors(const struct api_route *route, struct json *responses)
{
    for (int status = FIRST_ERROR; status <= LAST_ERROR; status++) {
        char number[12], key[24];
        struct json *names = error_names(route->plane, route->op, status);
        bool any = json_count(names) && route->plane != API_OPEN;
        snprintf(number, sizeof number, "%d", status);
        error_key(route->plane, status, key);
        if (any && has_own_errors(route->op, status)) {
            json_set(responses, number, new_error(route->plane, status, names));
            continue;
        }
        if (any) json_set(responses, number, openapi_ref("responses", key));
        json_free(names);
    }
}
