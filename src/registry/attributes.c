/* attributes.c — the attributes that things and thing groups carry: what a request says of them, and how it
 * changes those that are there. Reference: registry-and-search, sections 1 and 3. */
#include "base/err.h"
#include "registry/registry_priv.h"

static const struct param_kind attr_value = { 0, 800, "a-zA-Z0-9_.,@/:#=[]-",
                                              "[a-zA-Z0-9_.,@/:#=\\[\\]-]*" };

static int refuse(struct registry_call *call, const char *what, const struct param_kind *kind)
{
    return fail(call, ERR_INVALID,
                "1 validation error detected: Value at 'attributePayload.attributes' failed to "
                "satisfy constraint: Map %s must satisfy constraint: [Member must have length less "
                "than or equal to %zu, Member must have length greater than or equal to 0, Member "
                "must satisfy regular expression pattern: %s]",
                what, kind->max, kind->pattern);
}

int attrs_asked(struct registry_call *call, const struct json *payload,
                const struct json **ret_attrs, bool *ret_merge)
{
    const struct json *attrs = json_get(payload, "attributes");
    if (payload && !json_is(payload, JSON_OBJECT) && !json_is(payload, JSON_NULL))
        return fail(call, ERR_INVALID, "attributePayload must be an object");
    if (attrs && !json_is(attrs, JSON_OBJECT) && !json_is(attrs, JSON_NULL))
        return fail(call, ERR_INVALID, "attributes must be a map of strings");
    json_for_each(attr, attrs) {
        const char *value = json_str(attr);
        if (!param_fits(&param_attribute_name, json_key(attr)))
            return refuse(call, "keys", &param_attribute_name);
        if (!value || !param_fits(&attr_value, value)) return refuse(call, "value", &attr_value);
    }
    *ret_merge = json_is_true(json_get(payload, "merge"));
    *ret_attrs = json_is(attrs, JSON_OBJECT) ? attrs : NULL;
    return 0;
}

struct json *attrs_combine(const struct json *old, const struct json *attrs, bool merge)
{
    struct json *all = merge ? json_dup(old) : json_new_object();
    json_for_each(attr, attrs) {
        if (*json_str(attr))
            json_set_str(all, json_key(attr), json_str(attr));
        else
            json_remove(all, json_key(attr));
    }
    return all;
}
