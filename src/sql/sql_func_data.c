/* sql_func_data.c — functions of values and structures. */
#include "base/text.h"
#include "sql/sql_func.h"

enum { ENRICHED_MAX = 128 * 1024 };

static bool is_missing(const struct sql_value *value)
{
    return value->type == SQL_UNDEFINED || value->type == SQL_NULL;
}

SQL_FUNC(sql_fn_get)
{
    *ret_value = sql_value_get(eval, &args->at[0], &args->at[1]);
}

SQL_FUNC(sql_fn_get_or_default)
{
    if (!is_missing(&args->at[0]))
        *ret_value = args->at[0];
    else if (args->count == 2)
        *ret_value = args->at[1];
}

SQL_FUNC(sql_fn_isnull)
{
    *ret_value = sql_value_of_bool(args->at[0].type == SQL_NULL);
}

SQL_FUNC(sql_fn_isundefined)
{
    *ret_value = sql_value_of_bool(args->at[0].type == SQL_UNDEFINED);
}

/* ---- base64 --------------------------------------------------------------------------------- */

static bool is_base64(struct sql_eval *eval, const struct sql_args *args)
{
    return args->at[1].type == SQL_STRING && slice_eq_str(args->at[1].str, "base64") && !eval->rc;
}

/* encode(*, 'base64') takes the payload's bytes as they came, JSON or not. */
SQL_FUNC(sql_fn_encode)
{
    struct slice text = eval->in->payload;
    struct buf out = { 0 };
    bool is_raw = args->node->kid->type == SQL_NODE_STAR;
    if (!is_base64(eval, args) || (!is_raw && !sql_arg_str(eval, args, 0, &text))) return;
    if (!sql_eval_charge(eval, text.len / 16) || !sql_eval_may_use(eval, text.len * 2 + 8)) return;
    base64_encode(&out, text.ptr, text.len);
    *ret_value = sql_value_of_str(sql_eval_take(eval, &out));
}

/* Text that is no base64, or base64 of no text, is Null; JSON becomes its value. */
SQL_FUNC(sql_fn_decode)
{
    struct slice text;
    struct buf out = { 0 };
    struct json *json;
    if (args->count != 2 || !is_base64(eval, args) || !sql_arg_str(eval, args, 0, &text)) return;
    if (!sql_eval_charge(eval, text.len / 2) || !sql_eval_may_use(eval, text.len * 4)) return;
    ret_value->type = SQL_NULL;
    if (base64_decode(&out, text) == 0 && sql_value_of_text(buf_slice(&out)).type == SQL_STRING) {
        if (json_parse(buf_slice(&out), NULL, &json, NULL) == 0) {
            sql_eval_keep(eval, json);
            *ret_value = sql_value_of_json(eval, json);
        } else {
            *ret_value = sql_value_of_str(sql_eval_take(eval, &out));
        }
    }
    buf_deinit(&out);
}

/* ---- transform ------------------------------------------------------------------------------ */

static struct sql_value enriched(struct sql_eval *eval, const struct sql_value *element,
                                 const struct sql_value *more)
{
    struct slice key;
    struct sql_value member, object = sql_value_new(eval, SQL_OBJECT);
    struct sql_iter it = sql_iter(eval, element);
    while (sql_iter_next(&it, &key, &member) && sql_eval_charge(eval, 1))
        sql_list_push(eval, object.list, key, member);
    it = sql_iter(eval, more);
    while (sql_iter_next(&it, &key, &member) && sql_eval_charge(eval, 1))
        sql_list_set(eval, object.list, key, member);
    return object;
}

static bool fits(struct sql_eval *eval, const struct sql_value *value)
{
    struct buf text = { 0 };
    sql_value_print(eval, value, &text);
    bool result = text.len <= ENRICHED_MAX;
    buf_deinit(&text);
    return result && !eval->rc;
}

/* Elements that are no objects stay as they are; on a clash of names the object's member wins. */
SQL_FUNC(sql_fn_transform)
{
    const struct sql_value *mode = &args->at[0], *more = &args->at[1], *array = &args->at[2];
    if (mode->type != SQL_STRING || !slice_eq_str(mode->str, "enrichArray")) return;
    if (more->type != SQL_OBJECT || array->type != SQL_ARRAY) return;
    struct sql_value result = sql_value_new(eval, SQL_ARRAY), element;
    struct sql_iter it = sql_iter(eval, array);
    struct slice key;
    while (sql_iter_next(&it, &key, &element) && sql_eval_charge(eval, 1)) {
        if (element.type == SQL_OBJECT) element = enriched(eval, &element, more);
        sql_list_push(eval, result.list, key, element);
    }
    if (fits(eval, &result)) *ret_value = result;
}
