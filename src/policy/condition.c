/* condition.c — conditions of statements; see condition.h.
 * An operator is a row: how its values are compiled, how one value of the request is compared with
 * one value of the policy, and whether the answer is turned round. The rest is the same for all of
 * them:
 *  - several keys and several operators must all hold; of several values of the policy one is
 *    enough, and for a negated operator none may match;
 *  - a key that is absent fails a positive operator and satisfies a negated one; with IfExists it
 *    satisfies every one;
 *  - ForAllValues: each value of the request must hold (so an absent key does); ForAnyValue: one
 *    must (so an absent key does not);
 *  - a value of the request that is not of the operator's type (a number, a date) matches nothing.
 * Variables are replaced in the values of string and ARN operators, as IAM does.
 * Source: IAM user guide, "IAM JSON policy elements: Condition operators"; AWS IoT Core developer
 * guide, "AWS IoT Core policy condition keys". */
#include "policy/condition.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/value.h"

enum { ARN_PARTS = 6 };

struct condition_value {
    union {
        struct pattern text;
        struct pattern *arn; /* ARN_PARTS of them; NULL: any */
        struct value_net net;
        double number;
        int64_t date;
        bool truth;
    };
};

enum order { ORDER_LESS = 1, ORDER_EQUAL = 2, ORDER_MORE = 4 };

/* What a value is read with. */
struct reading {
    struct arena *arena;
    struct diag *diag;
};

struct condition_op {
    const char *name;
    int (*compile)(const struct reading *reading, const struct condition_op *op, struct slice text,
                   struct condition_value *ret_value);
    bool (*match)(const struct condition_op *op, const struct condition_value *value,
                  struct slice text, const struct policy_vars *vars);
    unsigned detail; /* pattern flags or enum order bits */
    bool negated;
};

/* --- kinds of operators ----------------------------------------------------------------------- */

static int compile_text(const struct reading *reading, const struct condition_op *op,
                        struct slice text, struct condition_value *ret_value)
{
    return pattern_compile(reading->arena, text, op->detail | PATTERN_VARS, &ret_value->text,
                           reading->diag);
}

static bool match_text(const struct condition_op *op, const struct condition_value *value,
                       struct slice text, const struct policy_vars *vars)
{
    return pattern_match(&value->text, text, vars);
}

/* Takes what stands before the next colon, past variables, or all that is left. */
static struct slice take_part(struct slice *rest, bool last)
{
    struct slice part = *rest;
    for (size_t i = 0; i < rest->len && !last; i++) {
        const char *end = slice_starts(slice_from(*rest, i), "${")
                              ? memchr(rest->ptr + i, '}', rest->len - i)
                              : NULL;
        if (end) i = (size_t)(end - rest->ptr);
        if (rest->ptr[i] != ':') continue;
        part.len = i;
        *rest = slice_from(*rest, i + 1);
        return part;
    }
    *rest = slice_of(rest->ptr + rest->len, 0);
    return part;
}

static int compile_arn(const struct reading *reading, const struct condition_op *op,
                       struct slice text, struct condition_value *ret_value)
{
    if (slice_eq_str(text, "*")) {
        ret_value->arn = NULL;
        return 0;
    }
    ret_value->arn = arena_array(reading->arena, struct pattern, ARN_PARTS);
    for (int i = 0; i < ARN_PARTS; i++) {
        if (text.len == 0) return diag_set(reading->diag, ERR_INVALID, "must be an ARN");
        int rc = pattern_compile(reading->arena, take_part(&text, i == ARN_PARTS - 1),
                                 PATTERN_WILD | PATTERN_VARS, &ret_value->arn[i], reading->diag);
        if (rc < 0) return rc;
    }
    return 0;
}

static bool match_arn(const struct condition_op *op, const struct condition_value *value,
                      struct slice text, const struct policy_vars *vars)
{
    for (int i = 0; value->arn && i < ARN_PARTS; i++) {
        const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
        if (!colon && i < ARN_PARTS - 1) return false;
        size_t len = i < ARN_PARTS - 1 ? (size_t)(colon - text.ptr) : text.len;
        if (!pattern_match(&value->arn[i], slice_of(text.ptr, len), vars)) return false;
        if (i < ARN_PARTS - 1) text = slice_from(text, len + 1);
    }
    return true;
}

static bool in_order(const struct condition_op *op, bool less, bool equal)
{
    return op->detail & (less ? ORDER_LESS : equal ? ORDER_EQUAL : ORDER_MORE);
}

static int compile_number(const struct reading *reading, const struct condition_op *op,
                          struct slice text, struct condition_value *ret_value)
{
    if (value_number(text, &ret_value->number)) return 0;
    return diag_set(reading->diag, ERR_INVALID, "must be a number");
}

static bool match_number(const struct condition_op *op, const struct condition_value *value,
                         struct slice text, const struct policy_vars *vars)
{
    double number;
    return value_number(text, &number) &&
           in_order(op, number < value->number, number == value->number);
}

static int compile_date(const struct reading *reading, const struct condition_op *op,
                        struct slice text, struct condition_value *ret_value)
{
    if (value_date(text, &ret_value->date)) return 0;
    return diag_set(reading->diag, ERR_INVALID,
                    "must be a date such as 2026-01-31T00:00:00Z or seconds since the epoch");
}

static bool match_date(const struct condition_op *op, const struct condition_value *value,
                       struct slice text, const struct policy_vars *vars)
{
    int64_t date;
    return value_date(text, &date) && in_order(op, date < value->date, date == value->date);
}

static int compile_bool(const struct reading *reading, const struct condition_op *op,
                        struct slice text, struct condition_value *ret_value)
{
    if (value_bool(text, &ret_value->truth)) return 0;
    return diag_set(reading->diag, ERR_INVALID, "must be true or false");
}

static bool match_bool(const struct condition_op *op, const struct condition_value *value,
                       struct slice text, const struct policy_vars *vars)
{
    bool truth;
    return value_bool(text, &truth) && truth == value->truth;
}

static int compile_net(const struct reading *reading, const struct condition_op *op,
                       struct slice text, struct condition_value *ret_value)
{
    if (value_net(text, &ret_value->net)) return 0;
    return diag_set(reading->diag, ERR_INVALID,
                    "must be an address or a network such as 10.0.0.0/8");
}

static bool match_net(const struct condition_op *op, const struct condition_value *value,
                      struct slice text, const struct policy_vars *vars)
{
    return value_in_net(text, &value->net);
}

#define TEXT(name, flags, negated)                     \
    {                                                  \
        name, compile_text, match_text, flags, negated \
    }
#define ARN(name, negated)                       \
    {                                            \
        name, compile_arn, match_arn, 0, negated \
    }
#define NUMBER(name, order, negated)                       \
    {                                                      \
        name, compile_number, match_number, order, negated \
    }
#define DATE(name, order, negated)                     \
    {                                                  \
        name, compile_date, match_date, order, negated \
    }

/* A Null has no match: it asks whether there is a value at all. */
static const struct condition_op ops[] = {
    TEXT("StringEquals", 0, false),
    TEXT("StringNotEquals", 0, true),
    TEXT("StringEqualsIgnoreCase", PATTERN_FOLD, false),
    TEXT("StringNotEqualsIgnoreCase", PATTERN_FOLD, true),
    TEXT("StringLike", PATTERN_WILD, false),
    TEXT("StringNotLike", PATTERN_WILD, true),
    NUMBER("NumericEquals", ORDER_EQUAL, false),
    NUMBER("NumericNotEquals", ORDER_EQUAL, true),
    NUMBER("NumericLessThan", ORDER_LESS, false),
    NUMBER("NumericLessThanEquals", ORDER_LESS | ORDER_EQUAL, false),
    NUMBER("NumericGreaterThan", ORDER_MORE, false),
    NUMBER("NumericGreaterThanEquals", ORDER_MORE | ORDER_EQUAL, false),
    DATE("DateEquals", ORDER_EQUAL, false),
    DATE("DateNotEquals", ORDER_EQUAL, true),
    DATE("DateLessThan", ORDER_LESS, false),
    DATE("DateLessThanEquals", ORDER_LESS | ORDER_EQUAL, false),
    DATE("DateGreaterThan", ORDER_MORE, false),
    DATE("DateGreaterThanEquals", ORDER_MORE | ORDER_EQUAL, false),
    { "Bool", compile_bool, match_bool, 0, false },
    { "IpAddress", compile_net, match_net, 0, false },
    { "NotIpAddress", compile_net, match_net, 0, true },
    ARN("ArnEquals", false),
    ARN("ArnLike", false),
    ARN("ArnNotEquals", true),
    ARN("ArnNotLike", true),
    { "Null", compile_bool, NULL, 0, false },
};

/* --- compile ---------------------------------------------------------------------------------- */

static const struct condition_op *find_op(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (slice_eq_str(name, ops[i].name)) return &ops[i];
    return NULL;
}

static int unknown_op(struct slice name, struct diag *diag)
{
    const struct condition_op *near = NULL;
    unsigned best = 4;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        unsigned distance = text_distance(name, slice_str(ops[i].name));
        if (distance >= best) continue;
        best = distance;
        near = &ops[i];
    }
    return diag_set(diag, ERR_INVALID, "unknown condition operator '%.*s'%s%s%s",
                    (int)(name.len < 64 ? name.len : 64), name.ptr, near ? " (did you mean '" : "",
                    near ? near->name : "", near ? "'?)" : "");
}

/* "ForAnyValue:StringLikeIfExists" to its parts. */
static int read_op(const char *text, struct condition *ret_condition, struct diag *diag)
{
    static const struct slice if_exists = SLICE_LIT("IfExists");
    struct condition found = { 0 };
    struct slice name = slice_str(text);
    if (slice_starts(name, "ForAllValues:"))
        found.set = CONDITION_ALL;
    else if (slice_starts(name, "ForAnyValue:"))
        found.set = CONDITION_ANY;
    if (found.set != CONDITION_PLAIN)
        name = slice_from(name, (size_t)(strchr(text, ':') - text) + 1);
    if (name.len > if_exists.len &&
        slice_eq(slice_from(name, name.len - if_exists.len), if_exists)) {
        found.if_exists = true;
        name.len -= if_exists.len;
    }
    found.op = find_op(name);
    if (!found.op) return unknown_op(name, diag);
    if (!found.op->match && (found.set != CONDITION_PLAIN || found.if_exists))
        return diag_set(diag, ERR_INVALID, "Null takes no ForAllValues, ForAnyValue or IfExists");
    *ret_condition = found;
    return 0;
}

static int read_value(const struct reading *reading, const struct condition_op *op,
                      const struct json *json, struct condition_value *ret_value)
{
    char scratch[32];
    struct slice text;
    switch (json_type(json)) {
    case JSON_STRING:
        text = slice_str(json_str(json));
        break;
    case JSON_BOOL:
        text = slice_str(json_is_true(json) ? "true" : "false");
        break;
    case JSON_NUMBER:
        text = json_number_text(json, scratch);
        break;
    default:
        return diag_set(reading->diag, ERR_INVALID, "must be a string or an array of strings");
    }
    return op->compile(reading, op, text, ret_value);
}

static int read_values(const struct reading *reading, const struct json *json,
                       struct condition *condition)
{
    bool list = json_is(json, JSON_ARRAY);
    size_t count = list ? json_count(json) : 1;
    const struct json *at = list ? json_first(json) : json;
    condition->values = arena_array(reading->arena, struct condition_value, count);
    condition->count = count;
    for (size_t i = 0; i < count; i++) {
        int rc = read_value(reading, condition->op, at, &condition->values[i]);
        if (rc < 0) return rc;
        if (list) at = json_next(at);
    }
    return 0;
}

static int read_key(const struct reading *reading, const struct json *member,
                    struct condition *condition)
{
    struct slice key = slice_str(json_key(member));
    if (key.len == 0 || !memchr(key.ptr, ':', key.len))
        return diag_set(reading->diag, ERR_INVALID,
                        "a condition key has the form iot:Name or aws:Name");
    int rc = variable_compile(reading->arena, key, &condition->key, reading->diag);
    return rc < 0 ? rc : read_values(reading, member, condition);
}

static int read_operator(const struct reading *reading, const struct json *member,
                         struct condition *items, size_t *count)
{
    struct condition with_op;
    int rc = read_op(json_key(member), &with_op, reading->diag);
    if (rc < 0) return rc;
    if (!json_is(member, JSON_OBJECT))
        return diag_set(reading->diag, ERR_INVALID, "%s: must be an object of keys and values",
                        json_key(member));
    json_for_each(it, member) {
        items[*count] = with_op;
        rc = read_key(reading, it, &items[*count]);
        if (rc < 0) return diag_wrap(reading->diag, rc, "%s.%s", json_key(member), json_key(it));
        ++*count;
    }
    return 0;
}

int condition_compile(struct arena *arena, const struct json *block, struct condition **ret_items,
                      size_t *ret_count, struct diag *diag)
{
    const struct reading reading = { arena, diag };
    size_t most = 0, count = 0;
    if (!json_is(block, JSON_OBJECT)) return diag_set(diag, ERR_INVALID, "must be an object");
    json_for_each(it, block)
        most += json_count(it);
    struct condition *items = arena_array(arena, struct condition, most);
    json_for_each(it, block) {
        int rc = read_operator(&reading, it, items, &count);
        if (rc < 0) return rc;
    }
    *ret_items = items;
    *ret_count = count;
    return 0;
}

void condition_put_name(const struct condition *c, struct buf *out)
{
    static const char *const sets[] = { "", "ForAllValues:", "ForAnyValue:" };
    buf_printf(out, "%s%s%s on %s", sets[c->set], c->op->name, c->if_exists ? "IfExists" : "",
               c->key.name);
}

/* --- evaluate --------------------------------------------------------------------------------- */

static bool value_holds(const struct condition *c, struct slice text,
                        const struct policy_vars *vars)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->op->match(c->op, &c->values[i], text, vars)) return !c->op->negated;
    return c->op->negated;
}

static bool null_holds(const struct condition *c, bool exists)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->values[i].truth == !exists) return true;
    return false;
}

/* first: the value number 0, which exists. */
static bool set_holds(const struct condition *c, struct slice first, const struct policy_vars *vars)
{
    bool all = c->set == CONDITION_ALL;
    if (value_holds(c, first, vars) != all) return !all;
    if (c->key.single) return all;
    struct slice text;
    for (size_t i = 1; variable_get(&c->key, i, vars, &text); i++)
        if (value_holds(c, text, vars) != all) return !all;
    return all;
}

bool condition_holds(const struct condition *c, const struct policy_vars *vars)
{
    struct slice first;
    bool exists = variable_get(&c->key, 0, vars, &first);
    if (!c->op->match) return null_holds(c, exists);
    if (!exists && c->if_exists) return true;
    if (!exists) return c->set == CONDITION_PLAIN ? c->op->negated : c->set == CONDITION_ALL;
    if (c->set == CONDITION_PLAIN) return value_holds(c, first, vars);
    return set_holds(c, first, vars);
}

void condition_each_variable(const struct condition *c, void (*cb)(void *arg, const char *name),
                             void *arg)
{
    cb(arg, c->key.name);
    for (size_t i = 0; i < c->count; i++) {
        if (c->op->compile == compile_text) pattern_each_variable(&c->values[i].text, cb, arg);
        for (int part = 0; c->op->compile == compile_arn && c->values[i].arn && part < ARN_PARTS;
             part++)
            pattern_each_variable(&c->values[i].arn[part], cb, arg);
    }
}
