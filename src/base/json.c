/* json.c — the tree of a JSON document; see json.h.
 * A `struct json` is a cJSON: the tree, its builders and its release are cJSON's, the grammar
 * (json_scan.c), the numbers (json_number.c), the printer (json_print.c), lookup and comparison are
 * ours.
 *  I1  A number has a valuestring exactly when its double does not print as its text; then that
 *      text is printed. (cJSON_Delete frees and cJSON_Duplicate copies a valuestring of any type.)
 *  I2  A number without a valuestring is finite.
 *  I3  An object has no two members of one key: json_scan drops earlier ones, json_set replaces.
 *  I4  A value which is no member of an object has no key.
 * cJSON's parser is not used: see json_scan.c. cJSON allocates through xmalloc, so its builders
 * cannot fail, and what is used of it has no state: threads need not care for one another.
 * Objects of more than FEW members are compared by a hash map, so that no document makes that
 * quadratic; json_get itself looks at the members one by one. */
#include "base/json.h"

#include "base/err.h"
#include "base/json_priv.h"
#include "base/map.h"
#include "base/mem.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEW = 16 };

#define EXACT_INT ((int64_t)1 << 53) /* up to here every integer is a double */

struct json_limits json_default_limits = { .bytes = 128 * 1024, .nodes = 16384, .depth = 64 };

void json_set_default_limits(size_t bytes, int depth)
{
    json_default_limits.bytes = bytes;
    json_default_limits.depth = depth;
}

__attribute__((constructor)) static void hooks_init(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = xmalloc, .free_fn = free });
}

static cJSON *node_of(const struct json *json)
{
    return (cJSON *)(uintptr_t)json;
}

static struct json *json_of(cJSON *node)
{
    return (struct json *)node;
}

/* --- parse ------------------------------------------------------------------------------------ */

int json_parse(struct slice text, const struct json_limits *limits, struct json **ret_json,
               struct diag *diag)
{
    return json_scan(text, limits ? limits : &json_default_limits, ret_json, diag);
}

int json_check(struct slice text, const struct json_limits *limits, struct diag *diag)
{
    if (!limits) limits = &json_default_limits;
    if (!limits->unique_keys) return json_scan(text, limits, NULL, diag);
    struct json *json = NULL;
    int rc = json_scan(text, limits, &json, diag);
    json_free(json);
    return rc;
}

void json_free(struct json *json)
{
    cJSON_Delete(node_of(json));
}

static struct json *without_key(cJSON *node)
{
    if (!node) return NULL;
    free(node->string);
    node->string = NULL;
    return json_of(node);
}

struct json *json_dup(const struct json *json)
{
    return without_key(cJSON_Duplicate(node_of(json), true));
}

/* --- read ------------------------------------------------------------------------------------- */

enum json_type json_type(const struct json *json)
{
    switch (node_of(json)->type & 0xff) {
    case cJSON_NULL:
        return JSON_NULL;
    case cJSON_False:
    case cJSON_True:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        BUG("json node of type %d", node_of(json)->type);
    }
}

bool json_is(const struct json *json, enum json_type type)
{
    return json && json_type(json) == type;
}

const char *json_str(const struct json *json)
{
    return json_is(json, JSON_STRING) ? node_of(json)->valuestring : NULL;
}

bool json_is_true(const struct json *json)
{
    return json && (node_of(json)->type & 0xff) == cJSON_True;
}

double json_number(const struct json *json)
{
    return json_is(json, JSON_NUMBER) ? node_of(json)->valuedouble : 0;
}

struct slice json_number_text(const struct json *json, char scratch[32])
{
    const cJSON *node = node_of(json);
    if (node->valuestring) return slice_str(node->valuestring);
    return slice_of(scratch, json_double_text(node->valuedouble, scratch));
}

bool json_to_int64(const struct json *json, int64_t *ret_value)
{
    if (!json_is(json, JSON_NUMBER)) return false;
    char scratch[32];
    const cJSON *node = node_of(json);
    double value = node->valuedouble;
    if (node->valuestring || fabs(value) > (double)EXACT_INT)
        return json_decimal_to_int64(json_number_text(json, scratch), ret_value);
    if (value != floor(value)) return false;
    *ret_value = (int64_t)value;
    return true;
}

static cJSON *children(const struct json *json)
{
    return json ? node_of(json)->child : NULL;
}

size_t json_count(const struct json *json)
{
    size_t count = 0;
    for (const cJSON *it = children(json); it; it = it->next)
        count++;
    return count;
}

struct json *json_get_slice(const struct json *object, struct slice key)
{
    if (!json_is(object, JSON_OBJECT)) return NULL;
    for (cJSON *it = children(object); it; it = it->next)
        if (slice_eq(slice_str(it->string), key)) return json_of(it);
    return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
    if (!json_is(object, JSON_OBJECT)) return NULL;
    for (cJSON *it = children(object); it; it = it->next)
        if (strcmp(it->string, key) == 0) return json_of(it);
    return NULL;
}

struct json *json_at(const struct json *array, size_t index)
{
    if (!json_is(array, JSON_ARRAY)) return NULL;
    cJSON *it = children(array);
    while (it && index--)
        it = it->next;
    return json_of(it);
}

const char *json_get_str(const struct json *object, const char *key)
{
    return json_str(json_get(object, key));
}

struct json *json_first(const struct json *container)
{
    return json_of(children(container));
}

struct json *json_next(const struct json *child)
{
    return json_of(node_of(child)->next);
}

const char *json_key(const struct json *member)
{
    return node_of(member)->string;
}

/* --- build ------------------------------------------------------------------------------------ */

struct json *json_new_null(void)
{
    return json_of(cJSON_CreateNull());
}

struct json *json_new_bool(bool value)
{
    return json_of(cJSON_CreateBool(value));
}

struct json *json_new_int(int64_t value)
{
    if (value >= -EXACT_INT && value <= EXACT_INT)
        return json_of(cJSON_CreateNumber((double)value));
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)value);
    return json_new_number_text(slice_of(text, (size_t)len));
}

struct json *json_new_double(double value)
{
    return isfinite(value) ? json_of(cJSON_CreateNumber(value)) : json_new_null();
}

struct json *json_new_number_known(struct slice text)
{
    cJSON *node = cJSON_CreateNull();
    node->type = cJSON_Number;
    if (json_number_is_plain(text)) {
        node->valuedouble = json_plain_value(text);
    } else {
        node->valuestring = xstrndup(text.ptr, text.len);
        node->valuedouble = strtod(node->valuestring, NULL);
    }
    return json_of(node);
}

struct json *json_new_number_text(struct slice text)
{
    if (text.len == 0 || json_number_span(text) != text.len)
        BUG("not a number of JSON: %.*s", (int)(text.len < 80 ? text.len : 80), text.ptr);
    return json_new_number_known(text);
}

struct json *json_new_str_taken(char *text)
{
    cJSON *node = cJSON_CreateNull();
    node->type = cJSON_String;
    node->valuestring = text;
    return json_of(node);
}

struct json *json_new_slice(struct slice text)
{
    return json_new_str_taken(xstrndup(text.ptr, text.len));
}

struct json *json_new_str(const char *text)
{
    return json_new_slice(slice_str(text));
}

struct json *json_new_array(void)
{
    return json_of(cJSON_CreateArray());
}

struct json *json_new_object(void)
{
    return json_of(cJSON_CreateObject());
}

void json_append_taken(struct json *container, char *key, struct json *value)
{
    node_of(value)->string = key;
    cJSON_AddItemToArray(node_of(container), node_of(value));
}

struct json *json_set(struct json *object, const char *key, struct json *value)
{
    cJSON *node = node_of(value), *old = node_of(json_get(object, key));
    char *own_key = xstrdup(key); /* before anything is freed: key may be the old member's */
    free(node->string);
    node->string = own_key;
    if (old)
        cJSON_ReplaceItemViaPointer(node_of(object), old, node);
    else
        cJSON_AddItemToArray(node_of(object), node);
    return value;
}

void json_set_str(struct json *object, const char *key, const char *text)
{
    if (text) json_set(object, key, json_new_str(text));
}

void json_set_int(struct json *object, const char *key, int64_t value)
{
    json_set(object, key, json_new_int(value));
}

void json_set_bool(struct json *object, const char *key, bool value)
{
    json_set(object, key, json_new_bool(value));
}

struct json *json_push(struct json *array, struct json *value)
{
    cJSON_AddItemToArray(node_of(array), node_of(without_key(node_of(value))));
    return value;
}

struct json *json_detach_child(struct json *container, struct json *child)
{
    return without_key(cJSON_DetachItemViaPointer(node_of(container), node_of(child)));
}

struct json *json_detach(struct json *object, const char *key)
{
    struct json *member = json_get(object, key);
    return member ? json_detach_child(object, member) : NULL;
}

bool json_remove(struct json *object, const char *key)
{
    struct json *member = json_detach(object, key);
    json_free(member);
    return member != NULL;
}

/* --- compare ---------------------------------------------------------------------------------- */

static bool numbers_equal(const struct json *a, const struct json *b)
{
    char scratch_a[32], scratch_b[32];
    if (!node_of(a)->valuestring && !node_of(b)->valuestring)
        return json_number(a) == json_number(b);
    return json_decimal_equal(json_number_text(a, scratch_a), json_number_text(b, scratch_b));
}

static bool arrays_equal(const struct json *a, const struct json *b)
{
    const struct json *y = json_first(b);
    json_for_each(x, a) {
        if (!y || !json_equal(x, y)) return false;
        y = json_next(y);
    }
    return !y;
}

static bool few_equal(const struct json *a, const struct json *b)
{
    json_for_each(x, a) {
        const struct json *y = json_get(b, json_key(x));
        if (!y || !json_equal(x, y)) return false;
    }
    return true;
}

static bool many_equal(const struct json *a, const struct json *b)
{
    struct map members = { 0 };
    bool equal = true;
    json_for_each(y, b)
        map_put(&members, slice_str(json_key(y)), y);
    for (const struct json *x = json_first(a); x && equal; x = json_next(x)) {
        const struct json *y = map_get_str(&members, json_key(x));
        equal = y && json_equal(x, y);
    }
    map_deinit(&members);
    return equal;
}

bool json_equal(const struct json *a, const struct json *b)
{
    enum json_type type = json_type(a);
    if (type != json_type(b)) return false;
    switch (type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return json_is_true(a) == json_is_true(b);
    case JSON_NUMBER:
        return numbers_equal(a, b);
    case JSON_STRING:
        return strcmp(json_str(a), json_str(b)) == 0;
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_OBJECT: {
        size_t count = json_count(a);
        if (count != json_count(b)) return false;
        return count > FEW ? many_equal(a, b) : few_equal(a, b);
    }
    }
    BUG("json type %d", type);
}

int json_depth(const struct json *json)
{
    int deepest = 0;
    if (!json_is(json, JSON_ARRAY) && !json_is(json, JSON_OBJECT)) return 0;
    json_for_each(it, json) {
        int depth = json_depth(it);
        if (depth > deepest) deepest = depth;
    }
    return deepest + 1;
}
