/* sql_select.c — the output of a SELECT: of the statement, and of nested ones over elements.
 *
 * A lone * is never taken apart: of the statement it is the payload's own bytes, of a nested SELECT the
 * element itself. Else an object is built, members in the order of the list; a later member of the
 * same name takes the place of the earlier one; Undefined makes no member. Aliases with dots meet in
 * one object: what they descend into is copied first unless an alias made it, for a value may be
 * shared with a variable or with the payload. */
#include "sql/sql_eval.h"

#include "base/text.h"

static bool is_lone_star(const struct sql_select *select)
{
    const struct sql_column *column = select->columns;
    return !column->next && !column->expr && column->path_len == 0;
}

/* An object of its own with the members of `value`, if that is an object. */
static struct sql_value path_object(struct sql_eval *eval, const struct sql_value *value)
{
    struct sql_value object = sql_value_new(eval, SQL_OBJECT);
    if (object.type == SQL_UNDEFINED) return object;
    object.list->is_path = true;
    if (value->type != SQL_OBJECT) return object;
    struct sql_iter it = sql_iter(eval, value);
    struct slice key;
    struct sql_value member;
    while (sql_iter_next(&it, &key, &member) && sql_eval_charge(eval, 1))
        sql_list_push(eval, object.list, key, member);
    return object;
}

static void set_path(struct sql_eval *eval, struct sql_value object,
                     const struct sql_column *column, struct sql_value value)
{
    if (value.type == SQL_UNDEFINED) return;
    size_t last = column->path_len - 1;
    for (size_t i = 0; i < last && !eval->rc; i++) {
        struct sql_value below = sql_value_member(eval, &object, column->path[i]);
        if (below.type != SQL_OBJECT || !below.list || !below.list->is_path) {
            below = path_object(eval, &below);
            sql_list_set(eval, object.list, column->path[i], below);
        }
        object = below;
    }
    if (!eval->rc) sql_list_set(eval, object.list, column->path[last], value);
}

static void spread(struct sql_eval *eval, struct sql_value object, const struct sql_value *star)
{
    struct sql_iter it = sql_iter(eval, star);
    struct slice key;
    struct sql_value member;
    bool fresh = object.list->count == 0;
    if (star->type != SQL_OBJECT && star->type != SQL_UNDEFINED)
        sql_list_set(eval, object.list, SLICE_LIT("payload"), *star);
    if (star->type != SQL_OBJECT) return;
    while (sql_iter_next(&it, &key, &member) && sql_eval_charge(eval, 1)) {
        if (fresh)
            sql_list_push(eval, object.list, key, member);
        else
            sql_list_set(eval, object.list, key, member);
    }
}

/* `star` is what * stands for; called only when the list has one. */
static struct sql_value build(struct sql_eval *eval, const struct sql_select *select,
                              struct sql_value (*star)(struct sql_eval *eval))
{
    struct sql_value object = sql_value_new(eval, SQL_OBJECT);
    for (const struct sql_column *column = select->columns; column && !eval->rc;
         column = column->next) {
        struct sql_value value = column->expr ? sql_eval_node(eval, column->expr) : star(eval);
        if (eval->rc) break;
        if (column->path_len)
            set_path(eval, object, column, value);
        else
            spread(eval, object, &value);
    }
    return object;
}

/* ---- nested --------------------------------------------------------------------------------- */

static struct sql_value element(struct sql_eval *eval)
{
    return eval->scope->element;
}

/* The entry for the element at which the scope stands; Undefined when WHERE leaves it out. */
static struct sql_value entry(struct sql_eval *eval, const struct sql_select *select)
{
    if (!sql_eval_where(eval, select->where)) return (struct sql_value){ 0 };
    if (select->is_value && select->columns->expr)
        return sql_eval_node(eval, select->columns->expr);
    if (select->is_value || is_lone_star(select)) return element(eval);
    return build(eval, select, element);
}

struct sql_value sql_eval_select(struct sql_eval *eval, const struct sql_select *select)
{
    struct sql_value from = sql_eval_node(eval, select->from), result = { 0 };
    struct sql_scope scope = { eval->scope, select->alias, from };
    struct slice key;
    if (from.type != SQL_ARRAY && from.type != SQL_OBJECT) return result;
    eval->scope = &scope;
    if (from.type == SQL_OBJECT) {
        result = entry(eval, select);
    } else {
        result = sql_value_new(eval, SQL_ARRAY);
        struct sql_iter it = sql_iter(eval, &from);
        while (sql_iter_next(&it, &key, &scope.element) && sql_eval_charge(eval, 1)) {
            struct sql_value value = entry(eval, select);
            if (value.type != SQL_UNDEFINED)
                sql_list_push(eval, result.list, slice_of("", 0), value);
        }
    }
    eval->scope = scope.outer;
    return result;
}

/* ---- the statement -------------------------------------------------------------------------- */

/* The payload as a value: what is no JSON is its base64 text, what is empty Undefined. */
static struct sql_value payload_or_base64(struct sql_eval *eval)
{
    struct slice raw = eval->in->payload;
    struct sql_value value = sql_eval_payload(eval);
    if (value.type != SQL_UNDEFINED || raw.len == 0 || !sql_eval_may_use(eval, raw.len * 2 + 8))
        return value;
    struct buf text = { 0 };
    base64_encode(&text, raw.ptr, raw.len);
    return sql_value_of_str(sql_eval_take(eval, &text));
}

void sql_eval_result(struct sql_eval *eval, const struct sql_select *select, struct buf *out)
{
    struct sql_value value;
    if (is_lone_star(select)) {
        buf_put_slice(out, eval->in->payload);
        return;
    }
    if (select->is_value)
        value = sql_eval_node(eval, select->columns->expr);
    else
        value = build(eval, select, payload_or_base64);
    size_t start = out->len;
    if (eval->rc == 0) sql_value_print(eval, &value, out);
    if (eval->rc == 0 || !out->data) return;
    out->len = start;
    out->data[start] = '\0';
}
