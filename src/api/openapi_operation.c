/* openapi_operation.c — one route as an operation of the document. Its members are put where the route takes
 * them from: labels of the path first, then its column of sources; what is left is the body.
 *
 *  I1  Every label and source has a member, and every member a place; else openapi_misfit. */
#include "api/openapi.h"

#include "api/api_priv.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int openapi_misfit(struct diag *diag, const char *op, const char *what, const char *name)
{
    return diag_set(diag, ERR_SYNTAX, "%s: %s%s%s", op, what, name ? " " : "", name ? name : "");
}

/* ---- members, until each has found its place ---- */

static bool is_required(const struct json *members, const char *name)
{
    json_for_each(one, json_get(members, "required")) {
        if (strcmp(json_str(one), name) == 0) return true;
    }
    return false;
}

/* The schema of a member, owned; NULL when there is none. */
static struct json *take_member(struct json *members, struct slice name, bool *ret_required)
{
    char *key = xstrndup(name.ptr, name.len);
    struct json *schema = json_detach(json_get(members, "properties"), key);
    *ret_required = is_required(members, key);
    json_for_each(one, json_get(members, "required")) {
        if (strcmp(json_str(one), key) == 0)
            json_free(json_detach_child(json_get(members, "required"), one));
    }
    free(key);
    return schema;
}

/* ---- parameters ---- */

static struct json *new_parameter(struct slice name, const char *in, bool required,
                                  struct json *schema)
{
    struct json *parameter = json_new_object();
    json_set(parameter, "name", json_new_slice(name));
    json_set_str(parameter, "in", in);
    json_set_bool(parameter, "required", required);
    json_set(parameter, "schema", schema);
    return parameter;
}

/* Takes the next label off *path; false at the end. */
static bool next_label(const char **path, struct slice *ret_name, bool *ret_greedy)
{
    const char *open = strchr(*path, '{');
    const char *close = open ? strchr(open, '}') : NULL;
    if (!close) return false;
    *path = close + 1;
    *ret_greedy = close[-1] == '+';
    *ret_name = slice_of(open + 1, (size_t)(close - open) - 1 - *ret_greedy);
    return true;
}

static int add_labels(const struct api_route *route, struct json *members, struct json *parameters,
                      struct diag *diag)
{
    const char *path = route->route.path;
    struct slice name;
    bool greedy, required;
    while (next_label(&path, &name, &greedy)) {
        struct json *schema = take_member(members, name, &required);
        if (!schema)
            return openapi_misfit(diag, route->op, "a label has no member in", route->route.path);
        struct json *one = json_push(parameters, new_parameter(name, "path", true, schema));
        if (!required)
            return openapi_misfit(diag, route->op, "no label may be absent in", route->route.path);
        if (!greedy) continue;
        json_set_str(one, "description", "Its slashes may be escaped or not.");
        json_set_bool(one, "x-thingd-greedy", true);
    }
    return 0;
}

static int add_sources(const struct api_route *route, struct json *members, struct json *parameters,
                       struct diag *diag)
{
    struct slice bind = slice_str(route->bind), name, member;
    char kind;
    bool required;
    while (api_bind_next(&bind, &kind, &name, &member)) {
        if (kind != '?' && kind != '@') continue;
        struct json *schema = take_member(members, member, &required);
        if (!schema) return openapi_misfit(diag, route->op, "a parameter has no member", name.ptr);
        json_push(parameters,
                  new_parameter(name, kind == '?' ? "query" : "header", required, schema));
    }
    return 0;
}

/* ---- schemas ---- */

/* Takes schema, puts it to the others as "CreateThingRequest", and returns what refers to it: schema itself,
 * if it is a reference already; NULL when the name is taken. */
static struct json *share(struct json *schemas, const char *op, const char *what,
                          struct json *schema)
{
    if (json_get(schema, "$ref")) return schema;
    char *name = xasprintf("%s%s", op, what);
    struct json *ref = json_get(schemas, name) ? NULL : openapi_ref("schemas", name);
    if (ref)
        json_set(schemas, name, schema);
    else
        json_free(schema);
    free(name);
    return ref;
}

/* ---- the body of a request ---- */

/* The member that is the body as a whole: what {name} binds, or "=payload". NULL: none. */
static int take_whole(const struct api_route *route, struct json *members, bool *ret_required,
                      struct json **ret_schema, struct diag *diag)
{
    struct slice bind = slice_str(route->bind), name, member;
    char kind;
    while (api_bind_next(&bind, &kind, &name, &member)) {
        if (kind != '{') continue;
        *ret_schema = take_member(members, member, ret_required);
        return *ret_schema ? 0 : openapi_misfit(diag, route->op, "the body has no member", NULL);
    }
    *ret_schema = take_member(members, SLICE_LIT("=payload"), ret_required);
    return 0;
}

static bool binds_body(const struct api_route *route)
{
    return route->bind && strstr(route->bind, "{*}");
}

static void set_body(struct json *operation, const char *type, bool required, struct json *schema)
{
    struct json *body = json_set(operation, "requestBody", json_new_object());
    json_set_bool(body, "required", required);
    json_set(body, "content", openapi_content(type, schema));
}

static bool is_json(const struct json *schema)
{
    return json_get(schema, "$ref") || json_get(schema, "type");
}

/* Takes members, which are the body. */
static int add_members(const struct api_route *route, struct json *members, struct json *schemas,
                       struct json *operation, struct diag *diag)
{
    bool required = json_count(json_get(members, "required")) > 0;
    if (!required) json_remove(members, "required");
    struct json *ref = share(schemas, route->op, "Request", members);
    if (!ref) return openapi_misfit(diag, route->op, "the name of its request is taken", NULL);
    set_body(operation, OPENAPI_JSON, required, ref);
    return 0;
}

/* Takes members, of which those with a place are gone. */
static int add_body(const struct api_route *route, struct json *members, struct json *schemas,
                    struct json *operation, struct diag *diag)
{
    bool required = false;
    struct json *schema = NULL;
    int rc = take_whole(route, members, &required, &schema, diag);
    if (rc == 0 && !schema && binds_body(route))
        return add_members(route, members, schemas, operation, diag);
    if (schema) set_body(operation, is_json(schema) ? OPENAPI_JSON : "*/*", required, schema);
    const struct json *left = json_first(json_get(members, "properties"));
    if (rc == 0 && left)
        rc = openapi_misfit(diag, route->op, "a member has no place in a request:", json_key(left));
    json_free(members);
    return rc;
}

/* Members, for nothing else has a place in a request. */
static int parse_input(const struct api_route *route, const char *text, struct json **ret_members,
                       struct diag *diag)
{
    struct json *members;
    int rc = shape_parse(text, &members, diag);
    if (rc < 0) return diag_wrap(diag, rc, "%s", route->op);
    if (!json_get(members, "properties")) {
        json_free(members);
        return openapi_misfit(diag, route->op, "a request is made of members, not of", text);
    }
    *ret_members = members;
    return 0;
}

static int add_input(const struct api_route *route, const char *text, struct json *schemas,
                     struct json *operation, struct diag *diag)
{
    struct json *members = NULL;
    int rc = parse_input(route, text, &members, diag);
    if (rc < 0) return rc;
    struct json *parameters = json_new_array();
    rc = add_labels(route, members, parameters, diag);
    if (rc == 0) rc = add_sources(route, members, parameters, diag);
    if (json_count(parameters))
        json_set(operation, "parameters", parameters);
    else
        json_free(parameters);
    if (rc == 0) return add_body(route, members, schemas, operation, diag);
    json_free(members);
    return rc;
}

/* ---- answers ---- */

static struct json *add_answer(struct json *responses, int status, const char *text)
{
    char key[12];
    snprintf(key, sizeof key, "%d", status);
    struct json *answer = json_set(responses, key, json_new_object());
    json_set_str(answer, "description", text);
    return answer;
}

static int add_ok(const struct api_route *route, const char *text, struct json *schemas,
                  struct json *responses, struct diag *diag)
{
    struct json *schema;
    int rc = shape_parse(text, &schema, diag);
    if (rc < 0) return diag_wrap(diag, rc, "%s", route->op);
    schema = share(schemas, route->op, "Response", schema);
    if (!schema) return openapi_misfit(diag, route->op, "the name of its answer is taken", NULL);
    json_set(add_answer(responses, 200, http_status_reason(200)), "content",
             openapi_content(OPENAPI_JSON, schema));
    return 0;
}

static int add_others(const struct api_route *route, struct json *responses, struct diag *diag)
{
    for (size_t i = 0; i < shape_answer_count; i++) {
        const struct shape_answer *row = &shape_answers[i];
        if (strcmp(row->op, route->op)) continue;
        struct json *schema;
        struct json *answer = add_answer(responses, row->status, http_status_reason(row->status));
        if (!row->content_type) continue;
        int rc = shape_parse(row->text, &schema, diag);
        if (rc < 0) return diag_wrap(diag, rc, "%s", route->op);
        json_set(answer, "content", openapi_content(row->content_type, schema));
    }
    return 0;
}

/* ---- who may ---- */

static void add_scheme(struct json *security, const char *scheme)
{
    struct json *one = json_push(security, json_new_object());
    if (scheme) json_set(one, scheme, json_new_array());
}

/* {} stands for no credential. */
static struct json *new_security(enum api_plane plane)
{
    struct json *security = json_new_array();
    if (plane == API_OPEN) return security;
    if (plane == API_KEYS) {
        add_scheme(security, "certificate");
        return security;
    }
    add_scheme(security, "sigv4");
    add_scheme(security, "bearer");
    if (plane == API_CONTROL || plane == API_HUB) return security;
    add_scheme(security, "certificate");
    add_scheme(security, NULL);
    return security;
}

/* ---- operations ---- */

static void add_words(const struct api_route *route, struct json *operation)
{
    const struct route *row = &route->route;
    char *summary = xstrdup(row->summary);
    if (*summary >= 'a' && *summary <= 'z') *summary = (char)(*summary - 'a' + 'A');
    json_push(json_set(operation, "tags", json_new_array()),
              json_new_str(openapi_tag(route->plane)));
    json_set_str(operation, "operationId", route->op);
    json_set_str(operation, "summary", summary);
    free(summary);
    if (!row->action) return;
    char *text = xasprintf("Needs %s on %s.", row->action, route->resource);
    json_set_str(operation, "description", text);
    free(text);
}

int openapi_operation(const struct api_route *route, const struct shape_op *shape,
                      struct json *schemas, struct json **ret_operation, struct diag *diag)
{
    if (!route->route.summary || !*route->route.summary)
        return openapi_misfit(diag, route->op, "the route has no summary", NULL);
    struct json *operation = json_new_object(), *responses = json_new_object();
    add_words(route, operation);
    int rc = add_input(route, shape->in, schemas, operation, diag);
    if (rc == 0 && shape->out) rc = add_ok(route, shape->out, schemas, responses, diag);
    openapi_add_errors(route, responses);
    if (rc == 0) rc = add_others(route, responses, diag);
    json_set(operation, "responses", responses);
    json_set(operation, "security", new_security(route->plane));
    if (rc < 0) {
        json_free(operation);
        return rc;
    }
    *ret_operation = operation;
    return 0;
}
