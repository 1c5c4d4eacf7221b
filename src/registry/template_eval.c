/* template_eval.c — a template and its parameters to a plan. Everything in the template was checked when it was read
 * (template.c, I1), so what can go wrong here is a value: one that is missing, an index or key that is not there.
 *  I1  One evaluation makes TEMPLATE_TEXT_MAX bytes at most, whatever its functions multiply: each byte that is written
 *      anywhere counts.
 *  I2  What a device says of itself (the parameters of its request, the subject of its certificate) puts nothing into
 *      the document of a policy but names: nothing that ends a string of JSON, is a wildcard or begins a variable. */
#include "registry/template.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "registry/template_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct eval {
    const struct template *template;
    struct json *values; /* of the parameters */
    size_t left;         /* bytes that may still be made */
    bool names_only;     /* see I2 */
    struct diag *diag;
};

static int put(struct eval *e, struct buf *out, struct slice text)
{
    if (text.len > e->left)
        return diag_set(e->diag, ERR_TOO_LARGE, "the template gives more than %d bytes",
                        TEMPLATE_TEXT_MAX);
    e->left -= text.len;
    buf_put_slice(out, text);
    return 0;
}

/* ---- expressions ---- */

static int put_string(struct eval *e, const struct json *expr, struct buf *out);
static int list_of(struct eval *e, const struct json *expr, struct json **ret_list);

/* Returns owned. */
static int string_of(struct eval *e, const struct json *expr, char **ret_text)
{
    struct buf text = { 0 };
    int rc = put_string(e, expr, &text);
    if (rc == 0) *ret_text = buf_take(&text, NULL);
    buf_deinit(&text);
    return rc;
}

static bool is_name(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < ' ' || strchr("\"\\*?$+#", *value)) return false;
    return true;
}

/* Defaults are the template's own. */
static bool is_default(const struct eval *e, struct slice name, const char *value)
{
    const struct json *declared = json_get(e->template->root, "Parameters");
    const char *text = json_get_str(json_get_slice(declared, name), "Default");
    return text && strcmp(text, value) == 0;
}

static int put_value(struct eval *e, struct slice name, struct buf *out)
{
    const char *value = json_str(json_get_slice(e->values, name));
    int shown = name.len < 100 ? (int)name.len : 100;
    if (!value)
        return diag_set(e->diag, ERR_INVALID, "the parameter '%.*s' has no value", shown, name.ptr);
    if (e->names_only && !is_name(value) && !is_default(e, name, value))
        return diag_set(e->diag, ERR_INVALID,
                        "the parameter '%.*s' has characters that mean something in a policy: "
                        "one of \" \\ * ? $ + # or a control character",
                        shown, name.ptr);
    return put(e, out, slice_str(value));
}

/* A map of expressions, evaluated. Returns owned. */
static int map_of(struct eval *e, const struct json *map, struct json **ret_map)
{
    struct json *values = json_new_object();
    int rc = 0;
    for (const struct json *item = json_first(map); item && rc == 0; item = json_next(item)) {
        char *text = NULL;
        rc = string_of(e, item, &text);
        json_set_str(values, json_key(item), text);
        free(text);
    }
    if (rc == 0)
        *ret_map = values;
    else
        json_free(values);
    return rc;
}

static int put_sub(struct eval *e, const struct json *arg, struct buf *out)
{
    struct json *vars = NULL;
    bool pair = json_is(arg, JSON_ARRAY);
    int rc = map_of(e, pair ? json_at(arg, 1) : NULL, &vars);
    struct slice rest = slice_str(json_str(pair ? json_at(arg, 0) : arg));
    while (rc == 0 && rest.len) {
        struct sub_piece piece = template_sub_next(&rest);
        rc = put(e, out, piece.literal);
        if (rc < 0 || !piece.name.ptr) continue;
        const struct json *var = json_get_slice(vars, piece.name);
        rc = var ? put(e, out, slice_str(json_str(var))) : put_value(e, piece.name, out);
    }
    json_free(vars);
    return rc;
}

static int put_ref(struct eval *e, const struct json *arg, struct buf *out)
{
    return put_value(e, slice_str(json_str(arg)), out);
}

static int put_join(struct eval *e, const struct json *arg, struct buf *out)
{
    char *between = NULL;
    struct json *list = NULL;
    int rc = string_of(e, json_at(arg, 0), &between);
    if (rc == 0) rc = list_of(e, json_at(arg, 1), &list);
    for (const struct json *item = json_first(list); item && rc == 0; item = json_next(item)) {
        if (item != json_first(list)) rc = put(e, out, slice_str(between));
        if (rc == 0) rc = put(e, out, slice_str(json_str(item)));
    }
    free(between);
    json_free(list);
    return rc;
}

static int index_of(struct eval *e, const struct json *expr, size_t count, int64_t *ret_index)
{
    char *text = NULL;
    bool fine = json_to_int64(expr, ret_index);
    int rc = fine ? 0 : string_of(e, expr, &text);
    if (text) fine = text_to_int(slice_str(text), 0, INT64_MAX, ret_index) == 0;
    free(text);
    if (rc < 0) return rc;
    if (!fine || *ret_index < 0 || (uint64_t)*ret_index >= count)
        return diag_set(e->diag, ERR_INVALID, "Fn::Select: the list of %zu has no such element",
                        count);
    return 0;
}

static int put_select(struct eval *e, const struct json *arg, struct buf *out)
{
    struct json *list = NULL;
    int64_t index = 0;
    int rc = list_of(e, json_at(arg, 1), &list);
    if (rc == 0) rc = index_of(e, json_at(arg, 0), json_count(list), &index);
    if (rc == 0) rc = put(e, out, slice_str(json_str(json_at(list, (size_t)index))));
    json_free(list);
    return rc;
}

static int put_mapped(struct eval *e, const struct json *arg, struct buf *out)
{
    const struct json *at = json_get(e->template->root, "Mappings");
    for (size_t i = 0; i < 3; i++) {
        char *key = NULL;
        int rc = string_of(e, json_at(arg, i), &key);
        if (rc < 0) return rc;
        at = json_get(at, key);
        if (!at) rc = diag_set(e->diag, ERR_INVALID, "Fn::FindInMap: there is no '%.100s'", key);
        free(key);
        if (rc < 0) return rc;
    }
    return put(e, out, slice_str(json_str(at)));
}

static int put_string(struct eval *e, const struct json *expr, struct buf *out)
{
    static int (*const puts_of[])(struct eval *, const struct json *, struct buf *) = {
        [FN_REF] = put_ref,
        [FN_SUB] = put_sub,
        [FN_JOIN] = put_join,
        [FN_SELECT] = put_select,
        [FN_FIND_IN_MAP] = put_mapped,
    };
    const struct json *arg;
    enum template_fn_id id = template_call_of(expr, &arg);
    return id < FN_COUNT ? puts_of[id](e, arg, out) : put(e, out, slice_str(json_str(expr)));
}

/* ---- lists ---- */

/* An empty delimiter splits nothing. */
static void split(struct slice text, const char *between, struct json *into)
{
    size_t len = strlen(between);
    size_t from = 0;
    for (size_t at = 0; len && at + len <= text.len;) {
        if (memcmp(text.ptr + at, between, len) != 0) {
            at++;
            continue;
        }
        json_push(into, json_new_slice(slice_of(text.ptr + from, at - from)));
        from = at += len;
    }
    json_push(into, json_new_slice(slice_from(text, from)));
}

static int split_list(struct eval *e, const struct json *arg, struct json *into)
{
    char *between = NULL, *text = NULL;
    int rc = string_of(e, json_at(arg, 0), &between);
    if (rc == 0) rc = string_of(e, json_at(arg, 1), &text);
    if (rc == 0) split(slice_str(text), between, into);
    free(between);
    free(text);
    return rc;
}

static int evaluate_items(struct eval *e, const struct json *items, struct json *into)
{
    int rc = 0;
    for (const struct json *item = json_first(items); item && rc == 0; item = json_next(item)) {
        char *text = NULL;
        rc = string_of(e, item, &text);
        if (rc == 0) json_push(into, json_new_str(text));
        free(text);
    }
    return rc;
}

/* Returns owned. */
static int list_of(struct eval *e, const struct json *expr, struct json **ret_list)
{
    const struct json *arg;
    struct json *list = json_new_array();
    int rc = template_call_of(expr, &arg) == FN_SPLIT ? split_list(e, arg, list)
                                                      : evaluate_items(e, expr, list);
    if (rc == 0)
        *ret_list = list;
    else
        json_free(list);
    return rc;
}

/* ---- parameters ---- */

static bool is_reserved(const char *name)
{
    return strncmp(name, "AWS::", 5) == 0;
}

/* Those of the hub, then those of the request, then defaults; and each that is declared has one. */
static int collect_values(struct eval *e, const struct json *params, const struct json *system)
{
    const struct json *declared = json_get(e->template->root, "Parameters");
    e->values = json_dup(system);
    json_for_each(parameter, declared) {
        const char *name = json_key(parameter), *value = json_get_str(system, name);
        const struct json *given = is_reserved(name) ? NULL : json_get(params, name);
        if (!value && given && !json_str(given))
            return diag_set(e->diag, ERR_INVALID, "the parameter '%.100s' must be a string", name);
        if (!value) value = json_str(given);
        if (!value) value = json_get_str(parameter, "Default");
        if (!value)
            return diag_set(e->diag, ERR_INVALID, "the parameter '%.100s' has no value", name);
        json_set_str(e->values, name, value);
    }
    return 0;
}

/* ---- the plan ---- */

/* One property of a resource, evaluated: a map, a list or a string. */
static int evaluate_property(struct eval *e, const struct json *expr, struct json **ret_value)
{
    if (strcmp(json_key(expr), "AttributePayload") == 0) return map_of(e, expr, ret_value);
    if (strcmp(json_key(expr), "ThingGroups") == 0) return list_of(e, expr, ret_value);
    char *text = NULL;
    e->names_only =
        e->template->use != TEMPLATE_REGISTER && strcmp(json_key(expr), "PolicyDocument") == 0;
    int rc = string_of(e, expr, &text);
    e->names_only = false;
    if (rc == 0) *ret_value = json_new_str(text);
    free(text);
    return rc;
}

/* Into values of the plan, under the name of the resource; *ret_into is what stands there. */
static int evaluate_resource(struct eval *e, const struct json *resource, struct json *values,
                             const struct json **ret_into)
{
    struct json *into = json_set(values, json_key(resource), json_new_object());
    int rc = 0;
    const struct json *property = json_first(json_get(resource, "Properties"));
    for (; property && rc == 0; property = json_next(property)) {
        struct json *value = NULL;
        rc = evaluate_property(e, property, &value);
        if (rc < 0)
            diag_wrap(e->diag, rc, "Resources.%.50s.%.50s", json_key(resource), json_key(property));
        else
            json_set(into, json_key(property), value);
    }
    *ret_into = into;
    return rc;
}

/* Under either spelling. */
static enum template_override override_of(const struct json *resource, const char *name,
                                          const char *other)
{
    static const struct {
        const char *name;
        enum template_override value;
    } overrides[] = { { "REPLACE", TEMPLATE_REPLACE },
                      { "FAIL", TEMPLATE_FAIL },
                      { "MERGE", TEMPLATE_MERGE } };
    const struct json *settings = json_get(resource, "OverrideSettings");
    const char *text = json_get_str(settings, name);
    if (!text) text = json_get_str(settings, other);
    for (size_t i = 0; text && i < ARRAY_LEN(overrides); i++)
        if (strcmp(text, overrides[i].name) == 0) return overrides[i].value;
    return TEMPLATE_DO_NOTHING;
}

static int plan_thing(struct eval *e, struct template_plan *plan)
{
    const struct json *resource = e->template->thing, *values;
    if (!resource) return 0;
    int rc = evaluate_resource(e, resource, plan->values, &values);
    plan->thing = (struct template_thing){
        .resource = json_key(values),
        .name = json_get_str(values, "ThingName"),
        .type = json_get_str(values, "ThingTypeName"),
        .attributes = json_get(values, "AttributePayload"),
        .groups = json_get(values, "ThingGroups"),
        .on_attributes = override_of(resource, "AttributePayload", "ATTRIBUTE_PAYLOAD"),
        .on_type = override_of(resource, "ThingTypeName", "THING_TYPE_NAME"),
        .on_groups = override_of(resource, "ThingGroups", "THING_GROUPS"),
    };
    return rc;
}

static int plan_cert(struct eval *e, struct template_plan *plan)
{
    const struct json *resource = e->template->cert, *values;
    int rc = evaluate_resource(e, resource, plan->values, &values);
    if (rc < 0) return rc;
    const char *status = json_get_str(values, "Status");
    plan->cert = (struct template_cert){
        .resource = json_key(values),
        .csr = json_get_str(values, "CertificateSigningRequest"),
        .id = json_get_str(values, "CertificateId"),
        .pem = json_get_str(values, "CertificatePem"),
        .ca_pem = json_get_str(values, "CACertificatePem"),
        .active = !status || strcasecmp(status, "ACTIVE") == 0,
        .on_status = override_of(resource, "Status", "Status"),
    };
    if (status && !plan->cert.active && strcasecmp(status, "INACTIVE") != 0)
        return diag_set(e->diag, ERR_INVALID, "Resources.%.50s.Status: '%.50s' is no status",
                        plan->cert.resource, status);
    return 0;
}

static int plan_policies(struct eval *e, struct template_plan *plan)
{
    for (size_t i = 0; i < e->template->policy_count; i++) {
        const struct json *values, *resource = e->template->policies[i];
        int rc = evaluate_resource(e, resource, plan->values, &values);
        if (rc < 0) return rc;
        plan->policies[plan->policy_count++] =
            (struct template_policy){ json_key(values), json_get_str(values, "PolicyName"),
                                      json_get_str(values, "PolicyDocument") };
    }
    return 0;
}

static int plan_configuration(struct eval *e, struct template_plan *plan)
{
    const struct json *configuration = json_get(e->template->root, "DeviceConfiguration");
    if (!configuration) return 0;
    int rc = map_of(e, configuration, &plan->configuration);
    return rc < 0 ? diag_wrap(e->diag, rc, "DeviceConfiguration") : 0;
}

int template_evaluate(const struct template *template, const struct json *params,
                      const struct json *system, struct template_plan *ret_plan, struct diag *diag)
{
    struct eval e = { .template = template, .left = TEMPLATE_TEXT_MAX, .diag = diag };
    struct template_plan plan = { .values = json_new_object() };
    int rc = collect_values(&e, params, system);
    if (rc == 0) rc = plan_thing(&e, &plan);
    if (rc == 0) rc = plan_cert(&e, &plan);
    if (rc == 0) rc = plan_policies(&e, &plan);
    if (rc == 0) rc = plan_configuration(&e, &plan);
    json_free(e.values);
    if (rc == 0)
        *ret_plan = plan;
    else
        template_plan_deinit(&plan);
    return rc;
}

void template_plan_deinit(struct template_plan *plan)
{
    json_free(plan->configuration);
    json_free(plan->values);
    *plan = (struct template_plan){ 0 };
}
