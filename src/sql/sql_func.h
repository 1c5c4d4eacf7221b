/* sql_func.h — the functions of the language: the table's helpers, and what stands in it.
 * A function gets a number of arguments that its row allows, sets *ret_value or leaves it Undefined, and
 * never fails otherwise (eval->rc is set by what it calls). */
#ifndef SQL_SQL_FUNC_H
#define SQL_SQL_FUNC_H

#include "sql/sql_eval.h"

/* In any case; NULL when there is none. */
const struct sql_func *sql_func_find(struct slice name);
/* A name that may have been meant; NULL when none is near. */
const char *sql_func_nearest(struct slice name);
/* Prepares a call whose arguments are parsed: constant patterns and zones. Returns NULL, or a static
 * sentence why this call is not supported. */
const char *sql_func_prepare(struct sql_tree *tree, struct sql_node *call);

/* Argument i by the standard conversions; false: it is Undefined. */
bool sql_arg_num(const struct sql_args *args, size_t i, struct sql_num *ret_num);
bool sql_arg_str(struct sql_eval *eval, const struct sql_args *args, size_t i,
                 struct slice *ret_str);

#define SQL_FUNC(name) \
    void name(struct sql_eval *eval, const struct sql_args *args, struct sql_value *ret_value)

/* sql_func_math.c */
SQL_FUNC(sql_fn_abs);
SQL_FUNC(sql_fn_acos);
SQL_FUNC(sql_fn_asin);
SQL_FUNC(sql_fn_atan);
SQL_FUNC(sql_fn_atan2);
SQL_FUNC(sql_fn_bitand);
SQL_FUNC(sql_fn_bitnot);
SQL_FUNC(sql_fn_bitor);
SQL_FUNC(sql_fn_bitxor);
SQL_FUNC(sql_fn_ceil);
SQL_FUNC(sql_fn_cos);
SQL_FUNC(sql_fn_cosh);
SQL_FUNC(sql_fn_exp);
SQL_FUNC(sql_fn_floor);
SQL_FUNC(sql_fn_ln);
SQL_FUNC(sql_fn_log);
SQL_FUNC(sql_fn_mod);
SQL_FUNC(sql_fn_nanvl);
SQL_FUNC(sql_fn_power);
SQL_FUNC(sql_fn_rand);
SQL_FUNC(sql_fn_round);
SQL_FUNC(sql_fn_sign);
SQL_FUNC(sql_fn_sin);
SQL_FUNC(sql_fn_sinh);
SQL_FUNC(sql_fn_sqrt);
SQL_FUNC(sql_fn_tan);
SQL_FUNC(sql_fn_tanh);
SQL_FUNC(sql_fn_trunc);

/* sql_func_string.c */
SQL_FUNC(sql_fn_chr);
SQL_FUNC(sql_fn_concat);
SQL_FUNC(sql_fn_endswith);
SQL_FUNC(sql_fn_indexof);
SQL_FUNC(sql_fn_length);
SQL_FUNC(sql_fn_lower);
SQL_FUNC(sql_fn_lpad);
SQL_FUNC(sql_fn_ltrim);
SQL_FUNC(sql_fn_numbytes);
SQL_FUNC(sql_fn_replace);
SQL_FUNC(sql_fn_rpad);
SQL_FUNC(sql_fn_rtrim);
SQL_FUNC(sql_fn_startswith);
SQL_FUNC(sql_fn_substring);
SQL_FUNC(sql_fn_trim);
SQL_FUNC(sql_fn_upper);

/* sql_func_regex.c */
SQL_FUNC(sql_fn_regexp_matches);
SQL_FUNC(sql_fn_regexp_replace);
SQL_FUNC(sql_fn_regexp_substr);

/* sql_func_digest.c */
SQL_FUNC(sql_fn_md2);
SQL_FUNC(sql_fn_md5);
SQL_FUNC(sql_fn_sha1);
SQL_FUNC(sql_fn_sha224);
SQL_FUNC(sql_fn_sha256);
SQL_FUNC(sql_fn_sha384);
SQL_FUNC(sql_fn_sha512);

/* sql_func_data.c */
SQL_FUNC(sql_fn_decode);
SQL_FUNC(sql_fn_encode);
SQL_FUNC(sql_fn_get);
SQL_FUNC(sql_fn_get_or_default);
SQL_FUNC(sql_fn_isnull);
SQL_FUNC(sql_fn_isundefined);
SQL_FUNC(sql_fn_transform);

/* sql_func_message.c */
SQL_FUNC(sql_fn_accountid);
SQL_FUNC(sql_fn_clientid);
SQL_FUNC(sql_fn_get_mqtt_property);
SQL_FUNC(sql_fn_get_thing_shadow);
SQL_FUNC(sql_fn_get_user_properties);
SQL_FUNC(sql_fn_newuuid);
SQL_FUNC(sql_fn_principal);
SQL_FUNC(sql_fn_sourceip);
SQL_FUNC(sql_fn_sql_version);
SQL_FUNC(sql_fn_timestamp);
SQL_FUNC(sql_fn_topic);
SQL_FUNC(sql_fn_traceid);

/* sql_func_time.c, sql_func_time_parse.c */
SQL_FUNC(sql_fn_parse_time);
SQL_FUNC(sql_fn_time_to_epoch);

#endif
