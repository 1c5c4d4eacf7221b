/* openapi.c — the OpenAPI document: every route that is built, with what it takes and answers. Printed from
 * the tables of routes, errors and shapes, so it cannot tell of other paths, parameters or errors than the
 * program has; what no table says is the few sentences below.
 *
 * Members of an operation are put where the route takes them from: labels of the path first, then its
 * column of sources; what is left is the body. It is made when it is first asked for, and kept.
 *
 *  I1  A member that has no place, a label or source without a member, a reference to nothing, a row of an
 *      operation that is not there: each is an error of the whole document, never a gap in it.
 *  I2  It tells nothing of the hub's state but its version. */
#include "api/openapi.h"

#include "api/api_priv.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const char *const about =
    "An IoT hub. Operations, paths, members and errors without /hub/ are those of AWS IoT (API\n"
    "version 2015-05-28); its SDKs work with this address as their endpoint.\n\n"
    "A change is answered after it is kept. An error has its name in x-amzn-ErrorType. Requests\n"
    "that are no HTTP, too long or too slow are refused before any operation sees them: 400, 408,\n"
    "413, 414, 431, 501, 505. Members that an operation does not know are ignored.\n\n"
    "The Unix socket in the data directory needs no credential: its peer is the administrator.";

static const struct {
    enum api_plane plane;
    const char *tag;
    const char *text;
} tags[] = {
    { API_DATA, "data", "Messages and shadows. The policies of the caller decide." },
    { API_CONTROL, "control",
      "The registry. For administrators, and for keys, users and tokens whose policies allow it." },
    { API_HUB, "hub", "What AWS has no operation for. As the control plane." },
    { API_KEYS, "keys", "Temporary keys for devices. The policies of the certificate decide." },
    { API_OPEN, "health", "For everybody." },
    { API_METRICS, "figures", "For every credential, and for connections from this machine." },
};

const char *openapi_tag(enum api_plane plane)
{
    size_t i = 0;
    while (tags[i].plane != plane)
        i++;
    return tags[i].tag;
}

/* ---- who may ---- */

static const struct {
    const char *name, *type, *key, *value, *text;
} schemes[] = {
    { "sigv4", "apiKey", "in", "header",
      "AWS Signature Version 4 with an access key of this hub, as AWS's SDKs make it: in the\n"
      "header, or as a presigned query. The name of the service may be any of AWS IoT's." },
    { "bearer", "http", "scheme", "bearer",
      "A token of this hub: thingd token create. Or a JSON Web Token: see jwt.keys_file." },
    { "certificate", "mutualTLS", NULL, NULL, "The certificate of a thing; data plane only." },
};

static struct json *new_schemes(void)
{
    struct json *all = json_new_object();
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        struct json *one = json_set(all, schemes[i].name, json_new_object());
        json_set_str(one, "type", schemes[i].type);
        json_set_str(one, "description", schemes[i].text);
        if (schemes[i].key) json_set_str(one, schemes[i].key, schemes[i].value);
    }
    json_set_str(json_get(all, "sigv4"), "name", "Authorization");
    json_set_str(json_get(all, "sigv4"), "x-amazon-apigateway-authtype", "awsSigv4");
    return all;
}

/* ---- operations ---- */

/* "/topics/{topic+}" is "/topics/{topic}" there; methods are small. Takes operation. */
static void place(struct json *paths, const struct route *route, struct json *operation)
{
    struct buf path = { 0 };
    char method[16];
    for (const char *at = route->path; *at; at++)
        if (*at != '+' || at[1] != '}') buf_putc(&path, *at);
    snprintf(method, sizeof method, "%s", http_method_name(route->method));
    for (char *at = method; *at; at++)
        *at = (char)(*at - 'A' + 'a');
    struct json *item = json_get(paths, buf_str(&path));
    if (!item) item = json_set(paths, buf_str(&path), json_new_object());
    json_set(item, method, operation);
    buf_deinit(&path);
}

static int add_routes(struct json *paths, struct json *schemas, struct diag *diag)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct api_route *route = &api_routes[i];
        if (!route->run) continue;
        const struct shape_op *shape = shape_op_find(route->op);
        if (!shape)
            return diag_set(diag, ERR_NOT_FOUND, "%s: the table of shapes has no row", route->op);
        struct json *operation;
        int rc = openapi_operation(route, shape, schemas, &operation, diag);
        if (rc < 0) return rc;
        place(paths, &route->route, operation);
    }
    return 0;
}

/* ---- the document ---- */

static int add_shapes(struct json *schemas, struct diag *diag)
{
    for (size_t i = 0; i < shape_count; i++) {
        struct json *schema;
        int rc = shape_parse(shapes[i].text, &schema, diag);
        if (rc < 0) return diag_wrap(diag, rc, "%s", shapes[i].name);
        if (json_get(schemas, shapes[i].name)) {
            json_free(schema);
            return openapi_misfit(diag, shapes[i].name, "the shape is there already", NULL);
        }
        json_set(schemas, shapes[i].name, schema);
    }
    return 0;
}

static int check_row(const char *op, struct diag *diag)
{
    const struct api_route *route = api_route_of(op);
    return route && route->run ? 0
                               : openapi_misfit(diag, op, "a row of shapes without a route", NULL);
}

static int check_rows(struct diag *diag)
{
    int rc = 0;
    for (size_t i = 0; i < shape_op_count && rc == 0; i++) {
        rc = check_row(shape_ops[i].op, diag);
        if (rc == 0 && shape_op_find(shape_ops[i].op) != &shape_ops[i])
            rc = openapi_misfit(diag, shape_ops[i].op, "two rows of shapes", NULL);
    }
    for (size_t i = 0; i < shape_answer_count && rc == 0; i++)
        rc = check_row(shape_answers[i].op, diag);
    return rc;
}

/* "#/components/schemas/Name" */
static const struct json *resolve(const struct json *document, const char *ref)
{
    const struct json *at = document;
    if (ref[0] != '#') return NULL;
    for (const char *slash = ref + 1; *slash == '/' && at;) {
        size_t len = strcspn(slash + 1, "/");
        at = json_get_slice(at, slice_of(slash + 1, len));
        slash += 1 + len;
    }
    return at;
}

static int check_refs(const struct json *document, const struct json *part, struct diag *diag)
{
    const char *ref = json_get_str(part, "$ref");
    if (ref && !resolve(document, ref)) return diag_set(diag, ERR_NOT_FOUND, "there is no %s", ref);
    int rc = 0;
    json_for_each(child, part) {
        if (rc == 0) rc = check_refs(document, child, diag);
    }
    return rc;
}

static void add_info(struct json *document, const char *version)
{
    json_set_str(document, "openapi", "3.1.0");
    struct json *info = json_set(document, "info", json_new_object());
    json_set_str(info, "title", "thingd");
    json_set_str(info, "version", version ? version : "");
    json_set_str(info, "description", about);
    struct json *server =
        json_push(json_set(document, "servers", json_new_array()), json_new_object());
    json_set_str(server, "url", "/");
    struct json *list = json_set(document, "tags", json_new_array());
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        struct json *tag = json_push(list, json_new_object());
        json_set_str(tag, "name", tags[i].tag);
        json_set_str(tag, "description", tags[i].text);
    }
}

int openapi_make(const char *version, struct json **ret_document, struct diag *diag)
{
    struct json *document = json_new_object();
    add_info(document, version);
    struct json *paths = json_set(document, "paths", json_new_object());
    struct json *components = json_set(document, "components", json_new_object());
    struct json *schemas = json_set(components, "schemas", json_new_object());
    struct json *responses = json_set(components, "responses", json_new_object());
    openapi_add_shared_errors(API_DATA, responses);
    openapi_add_shared_errors(API_CONTROL, responses);
    openapi_add_shared_errors(API_KEYS, responses);
    openapi_add_shared_errors(API_METRICS, responses);
    json_set(components, "securitySchemes", new_schemes());
    int rc = add_shapes(schemas, diag);
    if (rc == 0) rc = add_routes(paths, schemas, diag);
    if (rc == 0) rc = check_rows(diag);
    if (rc == 0) rc = check_refs(document, document, diag);
    if (rc < 0) {
        json_free(document);
        return rc;
    }
    *ret_document = document;
    return 0;
}

/* ---- the operation ---- */

static int print_once(struct api *api, struct diag *diag)
{
    struct json *document;
    if (api->openapi.len) return 0;
    int rc = openapi_make(api->opts.version, &document, diag);
    if (rc < 0) return diag_wrap(diag, ERR_INTERNAL, "the tables of the API");
    json_print(document, &api->openapi);
    json_free(document);
    snprintf(api->openapi_tag, sizeof api->openapi_tag, "\"%08x\"",
             slice_fnv1a(buf_slice(&api->openapi)));
    return 0;
}

/* RFC 9110, 13.1.2: the comparison is weak. */
static bool is_known(const struct http_request *request, const char *tag)
{
    struct slice list = http_header_known(&request->headers, HTTP_H_IF_NONE_MATCH), one;
    while (http_list_next(&list, &one)) {
        if (slice_starts(one, "W/")) one = slice_from(one, 2);
        if (slice_eq_str(one, tag) || slice_eq_str(one, "*")) return true;
    }
    return false;
}

void hub_openapi(struct api_call *call)
{
    struct api *api = call->api;
    struct diag diag = DIAG_INIT;
    int rc = print_once(api, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
    call->etag = api->openapi_tag;
    if (is_known(call->exchange->request, api->openapi_tag))
        api_answer(call, 304, NULL, SLICE_LIT(""));
    else
        api_answer(call, 200, OPENAPI_JSON, buf_slice(&api->openapi));
}
