/* sql_eval.c — evaluates expressions over one message.
 *
 * There are no errors of types at run time: what cannot be done is Undefined, and Undefined travels
 * upward. What does end a run is too much of it: every node, every looked-at member and every printed
 * value charges steps, every byte comes from the arena under a limit, and `rc` sticks once one is
 * reached; from then on all values are Undefined, so the recursion unwinds without further tests.
 *  I1  Nothing is evaluated that the result does not need: the payload is parsed at the first look at a
 *      member, SET variables are evaluated at their first use (and once, so that newuuid() stays).
 *  I2  Variables see the payload only, never the element of a nested SELECT. */
#include "sql/sql_eval.h"

#include "base/err.h"

#include <stdlib.h>

/* ---- what a run may use --------------------------------------------------------------------- */

bool sql_eval_charge(struct sql_eval *eval, size_t steps)
{
    if (eval->rc) return false;
    if (steps > SQL_MAX_STEPS - eval->steps) {
        eval->rc = ERR_LIMIT;
        return false;
    }
    eval->steps += (uint32_t)steps;
    return true;
}

bool sql_eval_may_use(struct sql_eval *eval, size_t size)
{
    if (eval->rc) return false;
    if (size <= SQL_MAX_MEMORY && eval->arena.used + size <= SQL_MAX_MEMORY) return true;
    eval->rc = ERR_TOO_LARGE;
    return false;
}

void *sql_eval_alloc(struct sql_eval *eval, size_t size)
{
    return sql_eval_may_use(eval, size) ? arena_alloc(&eval->arena, size) : NULL;
}

struct slice sql_eval_take(struct sql_eval *eval, struct buf *buf)
{
    struct slice taken = { "", 0 };
    if (sql_eval_may_use(eval, buf->len + 1))
        taken = slice_of(arena_strndup(&eval->arena, buf_str(buf), buf->len), buf->len);
    buf_deinit(buf);
    return taken;
}

void sql_eval_keep(struct sql_eval *eval, struct json *json)
{
    struct sql_kept_json *kept = arena_new(&eval->arena, struct sql_kept_json);
    *kept = (struct sql_kept_json){ eval->kept, json };
    eval->kept = kept;
}

void sql_eval_deinit(struct sql_eval *eval)
{
    for (struct sql_kept_json *it = eval->kept; it; it = it->next)
        json_free(it->json);
    arena_deinit(&eval->arena);
    *eval = (struct sql_eval){ 0 };
}

/* ---- names ---------------------------------------------------------------------------------- */

static struct sql_value eval_name(struct sql_eval *eval, struct slice name)
{
    for (const struct sql_scope *scope = eval->scope; scope; scope = scope->outer) {
        if (scope->alias.len && slice_eq(scope->alias, name)) return scope->element;
        struct sql_value value = sql_value_member(eval, &scope->element, name);
        if (value.type != SQL_UNDEFINED) return value;
    }
    struct sql_value payload = sql_eval_payload(eval);
    return sql_value_member(eval, &payload, name);
}

static struct sql_value eval_var(struct sql_eval *eval, struct slice name)
{
    size_t count = eval->tree ? eval->tree->var_count : 0, i = 0;
    while (i < count && !slice_eq(eval->tree->vars[i].name, name))
        i++;
    if (i == count) return (struct sql_value){ 0 };
    if (!eval->var_known[i]) {
        const struct sql_scope *scope = eval->scope;
        eval->scope = NULL;
        eval->vars[i] = sql_eval_node(eval, eval->tree->vars[i].expr);
        eval->scope = scope;
        eval->var_known[i] = eval->rc == 0;
    }
    return eval->vars[i];
}

/* ---- operators ------------------------------------------------------------------------------ */

static struct sql_value logic(enum sql_op op, const struct sql_value *a, const struct sql_value *b)
{
    bool x, y;
    if (!sql_value_to_bool(a, &x) || !sql_value_to_bool(b, &y)) return (struct sql_value){ 0 };
    return sql_value_of_bool(op == SQL_OP_AND ? x && y : x || y);
}

static struct sql_value equality(struct sql_eval *eval, enum sql_op op, const struct sql_value *a,
                                 const struct sql_value *b)
{
    if (a->type == SQL_UNDEFINED || b->type == SQL_UNDEFINED) return (struct sql_value){ 0 };
    return sql_value_of_bool(sql_value_equal(eval, a, b) == (op == SQL_OP_EQ));
}

static struct sql_value order(enum sql_op op, const struct sql_value *a, const struct sql_value *b)
{
    struct sql_num x, y;
    if (!sql_value_to_num(a, &x) || !sql_value_to_num(b, &y)) return (struct sql_value){ 0 };
    int cmp = sql_num_cmp(x, y);
    bool holds = op == SQL_OP_LT   ? cmp < 0
                 : op == SQL_OP_LE ? cmp <= 0
                 : op == SQL_OP_GT ? cmp > 0
                                   : cmp >= 0;
    return sql_value_of_bool(holds);
}

static struct sql_value in_array(struct sql_eval *eval, const struct sql_value *value,
                                 const struct sql_value *array)
{
    struct slice key;
    struct sql_value item;
    if (array->type != SQL_ARRAY || value->type == SQL_UNDEFINED) return (struct sql_value){ 0 };
    struct sql_iter it = sql_iter(eval, array);
    while (sql_iter_next(&it, &key, &item))
        if (sql_value_equal(eval, value, &item)) return sql_value_of_bool(true);
    return sql_value_of_bool(false);
}

static struct sql_value concatenation(struct sql_eval *eval, const struct sql_value *a,
                                      const struct sql_value *b)
{
    struct slice x, y;
    if (!sql_value_to_str(eval, a, &x) || !sql_value_to_str(eval, b, &y))
        return (struct sql_value){ 0 };
    char *text = sql_eval_alloc(eval, x.len + y.len + 1);
    if (!text) return (struct sql_value){ 0 };
    if (x.len) memcpy(text, x.ptr, x.len);
    if (y.len) memcpy(text + x.len, y.ptr, y.len);
    return sql_value_of_str(slice_of(text, x.len + y.len));
}

struct sql_value sql_eval_arithmetic(enum sql_op op, const struct sql_value *a,
                                     const struct sql_value *b)
{
    struct sql_num x, y, result = { 0, 0 };
    bool ints = a->type == SQL_INT && b->type == SQL_INT, ok = false;
    if (!sql_value_to_num(a, &x) || !sql_value_to_num(b, &y)) return (struct sql_value){ 0 };
    switch (op) {
    case SQL_OP_ADD:
        ok = sql_num_add(x, y, &result);
        break;
    case SQL_OP_SUB:
        ok = sql_num_sub(x, y, &result);
        break;
    case SQL_OP_MUL:
        ok = sql_num_mul(x, y, &result);
        break;
    case SQL_OP_DIV:
        ok = ints ? sql_num_div_int(x, y, &result) : sql_num_div(x, y, &result);
        break;
    default:
        ok = sql_num_mod(x, y, &result);
        break;
    }
    return ok ? sql_value_of_num(result, ints) : (struct sql_value){ 0 };
}

static struct sql_value eval_binary(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value a = sql_eval_node(eval, node->kid);
    struct sql_value b = sql_eval_node(eval, node->kid->next);
    switch (node->op) {
    case SQL_OP_OR:
    case SQL_OP_AND:
        return logic(node->op, &a, &b);
    case SQL_OP_EQ:
    case SQL_OP_NE:
        return equality(eval, node->op, &a, &b);
    case SQL_OP_LT:
    case SQL_OP_LE:
    case SQL_OP_GT:
    case SQL_OP_GE:
        return order(node->op, &a, &b);
    case SQL_OP_IN:
        return in_array(eval, &a, &b);
    case SQL_OP_ADD:
        if (a.type == SQL_STRING || b.type == SQL_STRING) return concatenation(eval, &a, &b);
        return sql_eval_arithmetic(node->op, &a, &b);
    default:
        return sql_eval_arithmetic(node->op, &a, &b);
    }
}

static struct sql_value eval_neg(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value value = sql_eval_node(eval, node->kid);
    struct sql_num num;
    if (!sql_value_to_num(&value, &num)) return (struct sql_value){ 0 };
    return sql_value_of_num(sql_num_neg(num), value.type == SQL_INT);
}

static struct sql_value eval_not(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value value = sql_eval_node(eval, node->kid);
    bool truth;
    if (!sql_value_to_bool(&value, &truth)) return (struct sql_value){ 0 };
    return sql_value_of_bool(!truth);
}

static struct sql_value eval_exists(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value value = sql_eval_node(eval, node->kid);
    if (value.type == SQL_ARRAY) return sql_value_of_bool(sql_value_count(&value) > 0);
    return sql_value_of_bool(value.type != SQL_UNDEFINED && value.type != SQL_NULL);
}

static struct sql_value eval_case(struct sql_eval *eval, const struct sql_node *node)
{
    const struct sql_node *kid = node->kid;
    struct sql_value operand = { .type = SQL_BOOL, .boolean = true };
    if (node->has_operand) {
        operand = sql_eval_node(eval, kid);
        kid = kid->next;
        if (operand.type == SQL_UNDEFINED) return operand;
    }
    while (kid && kid->next) {
        struct sql_value when = sql_eval_node(eval, kid);
        bool truth = false;
        bool match = node->has_operand ? sql_value_equal(eval, &operand, &when)
                                       : sql_value_to_bool(&when, &truth) && truth;
        if (match) return sql_eval_node(eval, kid->next);
        kid = kid->next->next;
    }
    return kid ? sql_eval_node(eval, kid) : (struct sql_value){ 0 };
}

static struct sql_value eval_cast(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value value = sql_eval_node(eval, node->kid), none = { 0 };
    struct sql_num num;
    struct slice text;
    bool truth;
    bool is_num = sql_value_to_num(&value, &num);
    if (value.type == SQL_BOOL) {
        num = sql_num_of_int64(value.boolean);
        is_num = true;
    }
    switch ((enum sql_cast)node->index) {
    case SQL_CAST_STRING:
        return sql_value_to_str(eval, &value, &text) ? sql_value_of_str(text) : none;
    case SQL_CAST_INT:
        return is_num ? sql_value_of_num(sql_num_round(num, SQL_FLOOR, 0), true) : none;
    case SQL_CAST_DECIMAL:
        return is_num ? sql_value_of_num(num, false) : none;
    case SQL_CAST_BOOL:
        if (sql_value_is_number(&value)) return sql_value_of_bool(!is_num || num.coef != 0);
        return sql_value_to_bool(&value, &truth) ? sql_value_of_bool(truth) : none;
    }
    return none;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static struct sql_value eval_call(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value few[4], *args = few, result = { 0 };
    const struct sql_func *func = node->func;
    if (node->count < func->min_args || node->count > func->max_args) return result;
    if (node->count > sizeof few / sizeof *few) {
        args = sql_eval_alloc(eval, node->count * sizeof *args);
        if (!args) return result;
    }
    size_t i = 0;
    for (const struct sql_node *kid = node->kid; kid; kid = kid->next)
        args[i++] = sql_eval_node(eval, kid);
    if (eval->rc) return result;
    func->call(eval, &(struct sql_args){ node, args, node->count }, &result);
    if (eval->rc) result = (struct sql_value){ 0 };
    return result;
}

static struct sql_value eval_items(struct sql_eval *eval, const struct sql_node *node)
{
    bool keyed = node->type == SQL_NODE_OBJECT;
    struct sql_value value = sql_value_new(eval, keyed ? SQL_OBJECT : SQL_ARRAY);
    for (const struct sql_node *kid = node->kid; kid && !eval->rc; kid = kid->next) {
        struct sql_value item = sql_eval_node(eval, kid);
        if (item.type == SQL_UNDEFINED) continue;
        if (keyed)
            sql_list_set(eval, value.list, kid->key, item);
        else
            sql_list_push(eval, value.list, kid->key, item);
    }
    return value;
}

static struct sql_value eval_member(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value object = sql_eval_node(eval, node->kid);
    return sql_value_member(eval, &object, node->name);
}

static struct sql_value eval_index(struct sql_eval *eval, const struct sql_node *node)
{
    struct sql_value container = sql_eval_node(eval, node->kid);
    struct sql_value key = sql_eval_node(eval, node->kid->next);
    return sql_value_get(eval, &container, &key);
}

struct sql_value sql_eval_node(struct sql_eval *eval, const struct sql_node *node)
{
    if (!sql_eval_charge(eval, 1)) return (struct sql_value){ 0 };
    switch (node->type) {
    case SQL_NODE_LITERAL:
        return node->value;
    case SQL_NODE_NAME:
        return eval_name(eval, node->name);
    case SQL_NODE_VAR:
        return eval_var(eval, node->name);
    case SQL_NODE_STAR:
        return sql_eval_payload(eval);
    case SQL_NODE_MEMBER:
        return eval_member(eval, node);
    case SQL_NODE_INDEX:
        return eval_index(eval, node);
    case SQL_NODE_CALL:
        return eval_call(eval, node);
    case SQL_NODE_CAST:
        return eval_cast(eval, node);
    case SQL_NODE_NEG:
        return eval_neg(eval, node);
    case SQL_NODE_NOT:
        return eval_not(eval, node);
    case SQL_NODE_EXISTS:
        return eval_exists(eval, node);
    case SQL_NODE_BINARY:
        return eval_binary(eval, node);
    case SQL_NODE_CASE:
        return eval_case(eval, node);
    case SQL_NODE_SELECT:
        return sql_eval_select(eval, node->select);
    case SQL_NODE_ARRAY:
    case SQL_NODE_OBJECT:
        return eval_items(eval, node);
    }
    return (struct sql_value){ 0 };
}

/* Behind a false left side of AND nothing can make the statement fire, so the rest is not looked at. */
bool sql_eval_where(struct sql_eval *eval, const struct sql_node *where)
{
    bool truth = false;
    if (!where) return eval->rc == 0;
    if (where->type == SQL_NODE_BINARY && where->op == SQL_OP_AND)
        return sql_eval_where(eval, where->kid) && sql_eval_where(eval, where->kid->next);
    struct sql_value value = sql_eval_node(eval, where);
    return sql_value_to_bool(&value, &truth) && truth && eval->rc == 0;
}
