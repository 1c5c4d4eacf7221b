/* template.c — reading a template, so that all of it that can be wrong without its parameters is found when it is made,
 * not by the first device. Reference: security, section 6.
 *  I1  Every expression is one that evaluates to the type that its place wants, and every name in it is known.
 *  I2  There is one certificate, at most one thing, and nothing that is not looked at.
 * A function's arguments are a row of template_fns; what is particular to Ref and Fn::Sub (names in text) is here. */
#include "registry/template.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "registry/template_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct template_subject template_subjects[] = {
    { "AWS::IoT::Certificate::Country", "C" },
    { "AWS::IoT::Certificate::Organization", "O" },
    { "AWS::IoT::Certificate::OrganizationalUnit", "OU" },
    { "AWS::IoT::Certificate::DistinguishedNameQualifier", "dnQualifier" },
    { "AWS::IoT::Certificate::StateName", "ST" },
    { "AWS::IoT::Certificate::CommonName", "CN" },
    { "AWS::IoT::Certificate::SerialNumber", "serialNumber" },
    { 0 },
};

const struct template_fn template_fns[FN_COUNT] = {
    [FN_REF] = { "Ref", EXPR_STRING, { EXPR_NONE } },
    [FN_SUB] = { "Fn::Sub", EXPR_STRING, { EXPR_NONE } },
    [FN_JOIN] = { "Fn::Join", EXPR_STRING, { EXPR_STRING, EXPR_LIST } },
    [FN_SELECT] = { "Fn::Select", EXPR_STRING, { EXPR_INDEX, EXPR_LIST } },
    [FN_FIND_IN_MAP] = { "Fn::FindInMap", EXPR_STRING, { EXPR_STRING, EXPR_STRING, EXPR_STRING } },
    [FN_SPLIT] = { "Fn::Split", EXPR_LIST, { EXPR_STRING, EXPR_STRING } },
};

enum template_fn_id template_call_of(const struct json *expr, const struct json **ret_arg)
{
    const struct json *arg = json_is(expr, JSON_OBJECT) ? json_first(expr) : NULL;
    int id = FN_COUNT;
    if (json_count(expr) == 1 && arg)
        for (id = 0; id < FN_COUNT && strcmp(json_key(arg), template_fns[id].name) != 0;)
            id++;
    *ret_arg = arg;
    return (enum template_fn_id)id;
}

struct sub_piece template_sub_next(struct slice *rest)
{
    struct sub_piece piece = { .literal = *rest };
    for (size_t i = 0; i + 1 < rest->len; i++) {
        if (rest->ptr[i] != '$' || rest->ptr[i + 1] != '{') continue;
        if (i + 2 < rest->len && rest->ptr[i + 2] == '!') { /* the '!' is left out */
            piece.literal = slice_of(rest->ptr, i + 2);
            *rest = slice_from(*rest, i + 3);
            return piece;
        }
        const char *end = memchr(rest->ptr + i, '}', rest->len - i);
        if (!end) break;
        piece.literal = slice_of(rest->ptr, i);
        piece.name = slice_of(rest->ptr + i + 2, (size_t)(end - rest->ptr) - i - 2);
        *rest = slice_from(*rest, (size_t)(end - rest->ptr) + 1);
        return piece;
    }
    *rest = slice_of("", 0);
    return piece;
}

/* ---- expressions ---- */

struct reader {
    struct template *template;
    struct diag *diag;
};

static bool is_system_name(struct slice name)
{
    static const char *const others[] = { TEMPLATE_REGION, TEMPLATE_ACCOUNT_ID };
    for (const struct template_subject *s = template_subjects; s->parameter; s++)
        if (slice_eq_str(name, s->parameter)) return true;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (slice_eq_str(name, others[i])) return true;
    return slice_eq_str(name, TEMPLATE_CERT_ID);
}

static int check_name(struct reader *r, struct slice name)
{
    if (is_system_name(name)) return 0;
    if (json_get_slice(json_get(r->template->root, "Parameters"), name)) return 0;
    return diag_set(r->diag, ERR_INVALID, "'%.*s' is no parameter of the template",
                    name.len < 100 ? (int)name.len : 100, name.ptr);
}

static int check_expr(struct reader *r, const struct json *expr, enum expr_type want);

static int check_list(struct reader *r, const struct json *list)
{
    json_for_each(item, list) {
        int rc = check_expr(r, item, EXPR_STRING);
        if (rc < 0) return rc;
    }
    return 0;
}

/* "text ${Name}", or [that, {Name: expression}]. */
static int check_sub(struct reader *r, const struct json *arg)
{
    bool pair = json_is(arg, JSON_ARRAY);
    const char *text = json_str(pair ? json_at(arg, 0) : arg);
    const struct json *vars = pair ? json_at(arg, 1) : NULL;
    if (!text || (pair && (json_count(arg) != 2 || !json_is(vars, JSON_OBJECT))))
        return diag_set(r->diag, ERR_INVALID, "needs a string, or [string, {name: value}]");
    json_for_each(var, vars) {
        int rc = check_expr(r, var, EXPR_STRING);
        if (rc < 0) return rc;
    }
    for (struct slice rest = slice_str(text); rest.len;) {
        struct sub_piece piece = template_sub_next(&rest);
        if (!piece.name.ptr || json_get_slice(vars, piece.name)) continue;
        int rc = check_name(r, piece.name);
        if (rc < 0) return rc;
    }
    return 0;
}

static int check_ref(struct reader *r, const struct json *arg)
{
    if (!json_str(arg)) return diag_set(r->diag, ERR_INVALID, "needs the name of a parameter");
    return check_name(r, slice_str(json_str(arg)));
}

static int check_args(struct reader *r, const struct template_fn *fn, const struct json *arg)
{
    size_t arity = 0;
    while (arity < EXPR_ARGS_MAX && fn->wants[arity])
        arity++;
    if (!json_is(arg, JSON_ARRAY) || json_count(arg) != arity)
        return diag_set(r->diag, ERR_INVALID, "needs an array of %zu", arity);
    int rc = 0;
    for (size_t i = 0; i < arity && rc == 0; i++)
        rc = check_expr(r, json_at(arg, i), fn->wants[i]);
    return rc;
}

static int check_call(struct reader *r, enum template_fn_id id, const struct json *arg)
{
    int rc = id == FN_REF   ? check_ref(r, arg)
             : id == FN_SUB ? check_sub(r, arg)
                            : check_args(r, &template_fns[id], arg);
    return rc < 0 ? diag_wrap(r->diag, rc, "%s", template_fns[id].name) : 0;
}

static const char *const type_names[] = { "", "a string", "an index", "a list" };

static int check_expr(struct reader *r, const struct json *expr, enum expr_type want)
{
    const struct json *arg;
    enum template_fn_id id = template_call_of(expr, &arg);
    if (id < FN_COUNT) {
        bool fits = template_fns[id].gives == want ||
                    (want == EXPR_INDEX && template_fns[id].gives == EXPR_STRING);
        if (!fits)
            return diag_set(r->diag, ERR_INVALID, "%s does not give %s", template_fns[id].name,
                            type_names[want]);
        return check_call(r, id, arg);
    }
    int64_t index;
    if (want == EXPR_LIST && json_is(expr, JSON_ARRAY)) return check_list(r, expr);
    if (want == EXPR_INDEX && json_to_int64(expr, &index)) return 0;
    if (want != EXPR_LIST && json_str(expr)) return 0;
    if (json_is(expr, JSON_OBJECT) && arg && json_count(expr) == 1)
        return diag_set(r->diag, ERR_INVALID, "unknown function '%.100s'", json_key(arg));
    return diag_set(r->diag, ERR_INVALID, "%s is needed", type_names[want]);
}

/* ---- members ---- */

static int check_map(struct reader *r, const struct json *map)
{
    if (!json_is(map, JSON_OBJECT)) return diag_set(r->diag, ERR_INVALID, "an object is needed");
    json_for_each(item, map) {
        int rc = check_expr(r, item, EXPR_STRING);
        if (rc < 0) return diag_wrap(r->diag, rc, "%.100s", json_key(item));
    }
    return 0;
}

static int check_string(struct reader *r, const struct json *value)
{
    return check_expr(r, value, EXPR_STRING);
}

static int check_names(struct reader *r, const struct json *value)
{
    return check_expr(r, value, EXPR_LIST);
}

static int refuse_billing(struct reader *r, const struct json *value)
{
    return diag_set(r->diag, ERR_UNSUPPORTED, "billing groups are not supported yet");
}

static int check_status(struct reader *r, const struct json *value)
{
    const char *text = json_str(value);
    if (text && strcasecmp(text, "ACTIVE") != 0 && strcasecmp(text, "INACTIVE") != 0)
        return diag_set(r->diag, ERR_INVALID, "ACTIVE or INACTIVE is needed, not '%.50s'", text);
    return check_string(r, value);
}

/* A member of an object: what may be there, and how it is read. */
struct member {
    const char *name;
    int (*check)(struct reader *r, const struct json *value);
};

static int check_members(struct reader *r, const struct json *object, const struct member *known)
{
    if (!json_is(object, JSON_OBJECT)) return diag_set(r->diag, ERR_INVALID, "an object is needed");
    json_for_each(value, object) {
        const struct member *member = known;
        while (member->name && strcmp(member->name, json_key(value)) != 0)
            member++;
        int rc = member->name ? member->check(r, value)
                              : diag_set(r->diag, ERR_INVALID, "unknown member");
        if (rc < 0) return diag_wrap(r->diag, rc, "%.100s", json_key(value));
    }
    return 0;
}

/* ---- resources ---- */

static int check_override(struct reader *r, const struct json *value, bool merges)
{
    static const char *const values[] = { "DO_NOTHING", "REPLACE", "FAIL", "MERGE" };
    const char *text = json_str(value);
    for (size_t i = 0; text && i < ARRAY_LEN(values) - !merges; i++)
        if (strcmp(text, values[i]) == 0) return 0;
    return diag_set(r->diag, ERR_INVALID, "DO_NOTHING, REPLACE%s or FAIL is needed",
                    merges ? ", MERGE" : "");
}

static int check_plain_override(struct reader *r, const struct json *value)
{
    return check_override(r, value, false);
}

static int check_merging_override(struct reader *r, const struct json *value)
{
    return check_override(r, value, true);
}

static const struct member thing_properties[] = {
    { "ThingName", check_string },      { "AttributePayload", check_map },
    { "ThingTypeName", check_string },  { "ThingGroups", check_names },
    { "BillingGroup", refuse_billing }, { 0 },
};
static const struct member thing_overrides[] = {
    { "AttributePayload", check_merging_override },
    { "ThingTypeName", check_plain_override },
    { "ThingGroups", check_merging_override },
    { "ATTRIBUTE_PAYLOAD", check_merging_override },
    { "THING_TYPE_NAME", check_plain_override },
    { "THING_GROUPS", check_merging_override },
    { 0 },
};
static const struct member cert_properties[] = {
    { "CertificateSigningRequest", check_string },
    { "CertificateId", check_string },
    { "CertificatePem", check_string },
    { "CACertificatePem", check_string },
    { "Status", check_status },
    { 0 },
};
static const struct member cert_overrides[] = { { "Status", check_plain_override }, { 0 } };
static const struct member policy_properties[] = { { "PolicyName", check_string },
                                                   { "PolicyDocument", check_string },
                                                   { 0 } };
static const struct member policy_overrides[] = { { 0 } };

static int take_thing(struct reader *r, const struct json *resource)
{
    if (r->template->thing)
        return diag_set(r->diag, ERR_INVALID, "a template has one thing at most");
    r->template->thing = resource;
    if (json_get(json_get(resource, "Properties"), "ThingName")) return 0;
    return diag_set(r->diag, ERR_INVALID, "ThingName is missing");
}

static bool is_ref_to(const struct json *expr, const char *name)
{
    const struct json *arg;
    return template_call_of(expr, &arg) == FN_REF && json_str(arg) &&
           strcmp(json_str(arg), name) == 0;
}

static int take_cert(struct reader *r, const struct json *resource)
{
    static const char *const sources[] = { "CertificateSigningRequest", "CertificateId",
                                           "CertificatePem" };
    const struct json *properties = json_get(resource, "Properties");
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        count += json_get(properties, sources[i]) != NULL;
    if (r->template->cert) return diag_set(r->diag, ERR_INVALID, "a template has one certificate");
    r->template->cert = resource;
    if (count != 1)
        return diag_set(r->diag, ERR_INVALID,
                        "one of CertificateSigningRequest, CertificateId and CertificatePem is "
                        "needed");
    if (json_get(properties, "CACertificatePem") && !json_get(properties, "CertificatePem"))
        return diag_set(r->diag, ERR_INVALID, "CACertificatePem goes with CertificatePem");
    if (r->template->use != TEMPLATE_REGISTER &&
        !is_ref_to(json_get(properties, "CertificateId"), TEMPLATE_CERT_ID))
        return diag_set(r->diag, ERR_INVALID,
                        "CertificateId must be {\"Ref\": \"" TEMPLATE_CERT_ID "\"}");
    return 0;
}

static int take_policy(struct reader *r, const struct json *resource)
{
    const struct json *properties = json_get(resource, "Properties");
    if (r->template->policy_count == TEMPLATE_POLICIES_MAX)
        return diag_set(r->diag, ERR_INVALID, "a template has %d policies at most",
                        TEMPLATE_POLICIES_MAX);
    r->template->policies[r->template->policy_count++] = resource;
    if (!json_get(properties, "PolicyName") == !json_get(properties, "PolicyDocument"))
        return diag_set(r->diag, ERR_INVALID, "either PolicyName or PolicyDocument is needed");
    return 0;
}

/* Types are compared without case: samples differ. */
static const struct resource_kind {
    const char *type;
    const struct member *properties, *overrides;
    int (*take)(struct reader *r, const struct json *resource);
} kinds[] = {
    { "AWS::IoT::Thing", thing_properties, thing_overrides, take_thing },
    { "AWS::IoT::Certificate", cert_properties, cert_overrides, take_cert },
    { "AWS::IoT::Policy", policy_properties, policy_overrides, take_policy },
};

static int check_nothing(struct reader *r, const struct json *value)
{
    return 0;
}

static int check_resource(struct reader *r, const struct json *resource)
{
    static const struct member members[] = { { "Type", check_nothing },
                                             { "Properties", check_nothing },
                                             { "OverrideSettings", check_nothing },
                                             { 0 } };
    int rc = check_members(r, resource, members);
    if (rc < 0) return rc;
    const char *type = json_get_str(resource, "Type");
    const struct json *overrides = json_get(resource, "OverrideSettings");
    const struct resource_kind *kind = NULL;
    for (size_t i = 0; type && !kind && i < ARRAY_LEN(kinds); i++)
        if (strcasecmp(type, kinds[i].type) == 0) kind = &kinds[i];
    if (!kind)
        return diag_set(r->diag, ERR_INVALID, "Type: '%.100s' is not supported",
                        type ? type : "null");
    rc = check_members(r, json_get(resource, "Properties"), kind->properties);
    if (rc < 0) return diag_wrap(r->diag, rc, "Properties");
    rc = overrides ? check_members(r, overrides, kind->overrides) : 0;
    if (rc < 0) return diag_wrap(r->diag, rc, "OverrideSettings");
    return kind->take(r, resource);
}

static int check_resources(struct reader *r, const struct json *resources)
{
    if (!json_is(resources, JSON_OBJECT))
        return diag_set(r->diag, ERR_INVALID, "an object is needed");
    json_for_each(resource, resources) {
        int rc = check_resource(r, resource);
        if (rc < 0) return diag_wrap(r->diag, rc, "%.100s", json_key(resource));
    }
    return 0;
}

/* ---- parameters and mappings ---- */

static int check_literal(struct reader *r, const struct json *value)
{
    return json_str(value) ? 0 : diag_set(r->diag, ERR_INVALID, "a string is needed");
}

static int check_type(struct reader *r, const struct json *value)
{
    const char *text = json_str(value);
    return text && strcmp(text, "String") == 0 ? 0
                                               : diag_set(r->diag, ERR_INVALID, "must be String");
}

/* Objects within an object, each read by `check`. */
static int check_each(struct reader *r, const struct json *object,
                      int (*check)(struct reader *, const struct json *))
{
    if (!json_is(object, JSON_OBJECT)) return diag_set(r->diag, ERR_INVALID, "an object is needed");
    json_for_each(value, object) {
        int rc = check(r, value);
        if (rc < 0) return diag_wrap(r->diag, rc, "%.100s", json_key(value));
    }
    return 0;
}

static int check_parameter(struct reader *r, const struct json *parameter)
{
    static const struct member members[] = { { "Type", check_type },
                                             { "Default", check_literal },
                                             { 0 } };
    int rc = check_members(r, parameter, members);
    if (rc < 0 || json_get(parameter, "Type")) return rc;
    return diag_set(r->diag, ERR_INVALID, "Type is missing");
}

static int check_parameters(struct reader *r, const struct json *parameters)
{
    return check_each(r, parameters, check_parameter);
}

static int check_mapping_row(struct reader *r, const struct json *row)
{
    return check_each(r, row, check_literal);
}

static int check_mapping(struct reader *r, const struct json *mapping)
{
    return check_each(r, mapping, check_mapping_row);
}

static int check_mappings(struct reader *r, const struct json *mappings)
{
    return check_each(r, mappings, check_mapping);
}

/* ---- the whole ---- */

static int check_root(struct reader *r)
{
    static const struct member members[] = { { "Parameters", check_parameters },
                                             { "Mappings", check_mappings },
                                             { "Resources", check_resources },
                                             { "DeviceConfiguration", check_map },
                                             { 0 } };
    int rc = check_members(r, r->template->root, members);
    if (rc < 0 || r->template->cert) return rc;
    return diag_set(r->diag, ERR_INVALID, "Resources: an AWS::IoT::Certificate is missing");
}

int template_parse(struct slice body, enum template_use use, struct template **ret_template,
                   struct diag *diag)
{
    static const struct json_limits limits = { .bytes = TEMPLATE_BODY_MAX,
                                               .nodes = TEMPLATE_BODY_MAX,
                                               .depth = TEMPLATE_DEPTH_MAX,
                                               .unique_keys = true };
    struct template *template = xnew(struct template);
    template->use = use;
    int rc = json_parse(body, &limits, &template->root, diag);
    if (rc == 0) rc = check_root(&(struct reader){ template, diag });
    if (rc < 0) {
        template_free(template);
        return rc;
    }
    *ret_template = template;
    return 0;
}

void template_free(struct template *template)
{
    if (!template) return;
    json_free(template->root);
    free(template);
}
