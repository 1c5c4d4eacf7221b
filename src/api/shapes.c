/* shapes.c — the notation of shapes_tbl.h, and its way to JSON Schema 2020-12.
 *
 *   shape    a type, or members separated by blanks: "thingName:ThingName version?:n<1..>"
 *   member   name:type, always there; name?:type, may be absent
 *            "!" among them: there are no others; "<1..1>": so many of them at a time
 *   type     s string · n integer · f number · b boolean · t time, seconds since 1970 · x base64 ·
 *            y bytes · o object · v any value · Name of another shape, with a capital letter ·
 *            [type] array · {type} map · {Name:type} map whose keys are of that shape · (a|b|c) one of
 *   after it <a..b> limits: of a length, a number, or how many; either may be absent
 *            ~pattern, up to the next blank: of a string
 *            ? may be null
 *
 *  I1  What is not in this grammar is ERR_SYNTAX: nothing is skipped. */
#include "api/openapi.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define REF "#/components/schemas/"

/* clang-format off */
#define SHAPE(name, text) { #name, text },
#define OP(name, in, out)
#define ANSWER(name, status, type, text)
const struct shape shapes[] = {
#include "api/shapes_tbl.h"
};
#undef SHAPE
#undef OP
#define SHAPE(name, text)
#define OP(name, in, out) { #name, in, out },
const struct shape_op shape_ops[] = {
#include "api/shapes_tbl.h"
};
#undef OP
#undef ANSWER
#define OP(name, in, out)
#define ANSWER(name, status, type, text) { #name, status, type, text },
const struct shape_answer shape_answers[] = {
#include "api/shapes_tbl.h"
};
#undef SHAPE
#undef OP
#undef ANSWER
/* clang-format on */
const size_t shape_count = ARRAY_LEN(shapes);
const size_t shape_op_count = ARRAY_LEN(shape_ops);
const size_t shape_answer_count = ARRAY_LEN(shape_answers);

const struct shape_op *shape_op_find(const char *op)
{
    for (size_t i = 0; i < ARRAY_LEN(shape_ops); i++)
        if (strcmp(shape_ops[i].op, op) == 0) return &shape_ops[i];
    return NULL;
}

/* ---- reading ---- */

struct reader {
    const char *text;
    const char *at;
    struct diag *diag;
};

static int wrong(const struct reader *r, const char *what)
{
    return diag_set(r->diag, ERR_SYNTAX, "column %zu of \"%.80s\": %s",
                    (size_t)(r->at - r->text) + 1, r->text, what);
}

static bool take(struct reader *r, char c)
{
    if (*r->at != c) return false;
    r->at++;
    return true;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct slice take_until(struct reader *r, const char *ends)
{
    const char *from = r->at;
    r->at += strcspn(r->at, ends);
    return slice_of(from, (size_t)(r->at - from));
}

static struct slice take_word(struct reader *r)
{
    const char *from = r->at;
    while (is_word(*r->at))
        r->at++;
    return slice_of(from, (size_t)(r->at - from));
}

/* ---- limits ---- */

static const struct {
    const char *type;
    const char *min;
    const char *max;
} limits[] = {
    { "string", "minLength", "maxLength" },
    { "integer", "minimum", "maximum" },
    { "number", "minimum", "maximum" },
    { "array", "minItems", "maxItems" },
    { "object", "minProperties", "maxProperties" },
};

static int take_limit(struct reader *r, struct json *schema, const char *keyword, const char *ends)
{
    struct slice digits = take_until(r, ends);
    int64_t value;
    if (!digits.len) return 0;
    if (text_to_int(digits, 0, INT64_MAX, &value) < 0) return wrong(r, "a limit is a number");
    json_set_int(schema, keyword, value);
    return 0;
}

/* Behind the '<'. */
static int take_range(struct reader *r, struct json *schema)
{
    const char *type = json_get_str(schema, "type");
    size_t row = 0;
    while (row < ARRAY_LEN(limits) && (!type || strcmp(limits[row].type, type)))
        row++;
    if (row == ARRAY_LEN(limits)) return wrong(r, "limits of what has none");
    int rc = take_limit(r, schema, limits[row].min, ".");
    if (rc == 0 && !(take(r, '.') && take(r, '.'))) rc = wrong(r, "'..' is missing");
    if (rc == 0) rc = take_limit(r, schema, limits[row].max, ">");
    if (rc == 0 && !take(r, '>')) rc = wrong(r, "'>' is missing");
    return rc;
}

static int take_pattern(struct reader *r, struct json *schema)
{
    const char *type = json_get_str(schema, "type");
    if (!type || strcmp(type, "string")) return wrong(r, "a pattern of what is no string");
    struct slice pattern = take_until(r, " ");
    if (!pattern.len) return wrong(r, "a pattern is missing");
    json_set(schema, "pattern", json_new_slice(pattern));
    return 0;
}

/* ---- types ---- */

static int parse_type(struct reader *r, struct json *schema);

static const struct {
    char letter;
    const char *type;
    const char *keyword; /* one more, with its value */
    const char *value;
} scalars[] = {
    { 's', "string", NULL, NULL },
    { 'n', "integer", NULL, NULL },
    { 'f', "number", NULL, NULL },
    { 'b', "boolean", NULL, NULL },
    { 't', "number", "description", "seconds since 1970" },
    { 'x', "string", "contentEncoding", "base64" },
    { 'y', NULL, "description", "any bytes" },
    { 'o', "object", NULL, NULL },
    { 'v', NULL, NULL, NULL },
};

static void set_ref(struct json *schema, struct slice name)
{
    char *ref = xasprintf(REF "%.*s", (int)name.len, name.ptr);
    json_set_str(schema, "$ref", ref);
    free(ref);
}

static int parse_word(struct reader *r, struct json *schema)
{
    struct slice word = take_word(r);
    if (word.len && *word.ptr >= 'A' && *word.ptr <= 'Z') {
        set_ref(schema, word);
        return 0;
    }
    for (size_t i = 0; word.len == 1 && i < ARRAY_LEN(scalars); i++) {
        if (scalars[i].letter != *word.ptr) continue;
        json_set_str(schema, "type", scalars[i].type);
        if (scalars[i].keyword) json_set_str(schema, scalars[i].keyword, scalars[i].value);
        return 0;
    }
    return wrong(r, "no type");
}

/* Behind the '('. */
static int parse_choice(struct reader *r, struct json *schema)
{
    json_set_str(schema, "type", "string");
    struct json *words = json_set(schema, "enum", json_new_array());
    do {
        struct slice word = take_until(r, "|) ");
        if (!word.len) return wrong(r, "a word is missing");
        json_push(words, json_new_slice(word));
    } while (take(r, '|'));
    return take(r, ')') ? 0 : wrong(r, "')' is missing");
}

/* Behind the '['. */
static int parse_array(struct reader *r, struct json *schema)
{
    json_set_str(schema, "type", "array");
    int rc = parse_type(r, json_set(schema, "items", json_new_object()));
    if (rc < 0) return rc;
    return take(r, ']') ? 0 : wrong(r, "']' is missing");
}

/* Behind the '{'. */
static int parse_map(struct reader *r, struct json *schema)
{
    json_set_str(schema, "type", "object");
    struct json *first = json_new_object();
    int rc = parse_type(r, first);
    if (rc == 0 && take(r, ':')) {
        json_set(schema, "propertyNames", first);
        rc = parse_type(r, json_set(schema, "additionalProperties", json_new_object()));
    } else {
        json_set(schema, "additionalProperties", first);
    }
    if (rc < 0) return rc;
    return take(r, '}') ? 0 : wrong(r, "'}' is missing");
}

/* The schema becomes one of two. */
static void allow_null(struct json *schema)
{
    struct json *either = json_new_array();
    struct json *own = json_push(either, json_new_object());
    json_for_each(member, schema) {
        const char *key = json_key(member);
        json_set(own, key, json_dup(member));
    }
    while (json_first(schema))
        json_free(json_detach_child(schema, json_first(schema)));
    json_set_str(json_push(either, json_new_object()), "type", "null");
    json_set(schema, "anyOf", either);
}

static int parse_type(struct reader *r, struct json *schema)
{
    int rc = take(r, '[')   ? parse_array(r, schema)
             : take(r, '{') ? parse_map(r, schema)
             : take(r, '(') ? parse_choice(r, schema)
                            : parse_word(r, schema);
    if (rc == 0 && take(r, '<')) rc = take_range(r, schema);
    if (rc == 0 && take(r, '~')) rc = take_pattern(r, schema);
    if (rc == 0 && take(r, '?')) allow_null(schema);
    return rc;
}

/* ---- members ---- */

static int parse_member(struct reader *r, struct json *properties, struct json *required)
{
    const char *from = r->at;
    take(r, '=');
    struct slice word = take_word(r);
    struct slice name = slice_of(from, (size_t)(r->at - from));
    bool optional = take(r, '?');
    if (!word.len || !take(r, ':')) return wrong(r, "a member is name:type");
    if (json_get_slice(properties, name)) return wrong(r, "the member is there already");
    if (!optional) json_push(required, json_new_slice(name));
    char *key = xstrndup(name.ptr, name.len);
    struct json *schema = json_set(properties, key, json_new_object());
    free(key);
    return parse_type(r, schema);
}

static int parse_members(struct reader *r, struct json *schema)
{
    json_set_str(schema, "type", "object");
    struct json *properties = json_set(schema, "properties", json_new_object());
    struct json *required = json_set(schema, "required", json_new_array());
    int rc = 0;
    while (rc == 0 && *r->at) {
        if (take(r, '!'))
            json_set_bool(schema, "additionalProperties", false);
        else if (take(r, '<'))
            rc = take_range(r, schema);
        else
            rc = parse_member(r, properties, required);
        if (rc == 0 && *r->at && !take(r, ' ')) rc = wrong(r, "a blank is missing");
    }
    if (rc == 0 && !json_count(required)) json_remove(schema, "required");
    return rc;
}

/* "name:" or "name?:" begins members, all else is a type. */
static bool is_members(const char *text)
{
    struct reader r = { .text = text, .at = text };
    if (!*text) return true;
    take(&r, '=');
    if (!take_word(&r).len) return false;
    take(&r, '?');
    return *r.at == ':';
}

int shape_parse(const char *text, struct json **ret_schema, struct diag *diag)
{
    struct reader r = { .text = text, .at = text, .diag = diag };
    struct json *schema = json_new_object();
    int rc = is_members(text) ? parse_members(&r, schema) : parse_type(&r, schema);
    if (rc == 0 && *r.at) rc = wrong(&r, "too much");
    if (rc < 0) {
        json_free(schema);
        return rc;
    }
    *ret_schema = schema;
    return 0;
}
