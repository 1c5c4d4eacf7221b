/* sql_func_math.c — numeric functions (AWS IoT SQL reference, "Functions").
 * Rounding, remainders and comparisons are exact; transcendental functions go by way of double, and
 * what they have no value for (a domain error, an overflow) is Undefined. */
#include "base/rand.h"
#include "sql/sql_func.h"

#include <math.h>

static void by_double(const struct sql_args *args, double (*call)(double),
                      struct sql_value *ret_value)
{
    struct sql_num num;
    if (sql_arg_num(args, 0, &num)) *ret_value = sql_value_of_double(call(sql_num_to_double(num)));
}

static void by_doubles(const struct sql_args *args, double (*call)(double, double),
                       struct sql_value *ret_value)
{
    struct sql_num a, b;
    if (sql_arg_num(args, 0, &a) && sql_arg_num(args, 1, &b))
        *ret_value = sql_value_of_double(call(sql_num_to_double(a), sql_num_to_double(b)));
}

#define BY_DOUBLE(name)                   \
    SQL_FUNC(sql_fn_##name)               \
    {                                     \
        by_double(args, name, ret_value); \
    }

BY_DOUBLE(acos)
BY_DOUBLE(asin)
BY_DOUBLE(atan)
BY_DOUBLE(cos)
BY_DOUBLE(cosh)
BY_DOUBLE(exp)
BY_DOUBLE(sin)
BY_DOUBLE(sinh)
BY_DOUBLE(sqrt)
BY_DOUBLE(tan)
BY_DOUBLE(tanh)

SQL_FUNC(sql_fn_ln)
{
    by_double(args, log, ret_value);
}

SQL_FUNC(sql_fn_log)
{
    by_double(args, log10, ret_value);
}

SQL_FUNC(sql_fn_atan2)
{
    by_doubles(args, atan2, ret_value);
}

SQL_FUNC(sql_fn_power)
{
    by_doubles(args, pow, ret_value);
}

SQL_FUNC(sql_fn_abs)
{
    struct sql_num num;
    if (!sql_arg_num(args, 0, &num)) return;
    *ret_value =
        sql_value_of_num(num.coef < 0 ? sql_num_neg(num) : num, args->at[0].type == SQL_INT);
}

/* Integers of 64 bits, as the bits of a larger one would have no end. */
static bool bits_of(const struct sql_args *args, size_t i, int64_t *ret_bits)
{
    struct sql_num num;
    return sql_arg_num(args, i, &num) &&
           sql_num_to_int64(sql_num_round(num, SQL_FLOOR, 0), ret_bits);
}

SQL_FUNC(sql_fn_bitand)
{
    int64_t a, b;
    if (bits_of(args, 0, &a) && bits_of(args, 1, &b)) *ret_value = sql_value_of_int(a & b);
}

SQL_FUNC(sql_fn_bitor)
{
    int64_t a, b;
    if (bits_of(args, 0, &a) && bits_of(args, 1, &b)) *ret_value = sql_value_of_int(a | b);
}

SQL_FUNC(sql_fn_bitxor)
{
    int64_t a, b;
    if (bits_of(args, 0, &a) && bits_of(args, 1, &b)) *ret_value = sql_value_of_int(a ^ b);
}

SQL_FUNC(sql_fn_bitnot)
{
    int64_t a;
    if (bits_of(args, 0, &a)) *ret_value = sql_value_of_int(~a);
}

static void rounded(const struct sql_args *args, enum sql_rounding how, struct sql_value *ret_value)
{
    struct sql_num num;
    if (sql_arg_num(args, 0, &num)) *ret_value = sql_value_of_num(sql_num_round(num, how, 0), true);
}

SQL_FUNC(sql_fn_ceil)
{
    rounded(args, SQL_CEIL, ret_value);
}

SQL_FUNC(sql_fn_floor)
{
    rounded(args, SQL_FLOOR, ret_value);
}

SQL_FUNC(sql_fn_round)
{
    rounded(args, SQL_NEAREST, ret_value);
}

/* A String as the number of places is Undefined, unlike everywhere else. */
SQL_FUNC(sql_fn_trunc)
{
    enum { MOST_PLACES = 34 };
    struct sql_num num, places;
    int64_t n;
    if (!sql_value_is_number(&args->at[1]) || !sql_arg_num(args, 0, &num)) return;
    if (!sql_arg_num(args, 1, &places)) return;
    places = sql_num_round(places, SQL_FLOOR, 0);
    if (!sql_num_to_int64(places, &n)) n = places.coef < 0 ? 0 : MOST_PLACES;
    n = n < 0 ? 0 : n > MOST_PLACES ? MOST_PLACES : n;
    *ret_value =
        sql_value_of_num(sql_num_round(num, SQL_TRUNC, (int)n), args->at[0].type == SQL_INT);
}

SQL_FUNC(sql_fn_mod)
{
    *ret_value = sql_eval_arithmetic(SQL_OP_MOD, &args->at[0], &args->at[1]);
}

/* There is no NaN among our numbers: what would be one is Undefined. */
SQL_FUNC(sql_fn_nanvl)
{
    bool is_missing = args->at[0].type == SQL_UNDEFINED || args->at[0].type == SQL_NULL;
    *ret_value = args->at[is_missing ? 1 : 0];
}

SQL_FUNC(sql_fn_rand)
{
    *ret_value = sql_value_of_double((double)(rand_u64() >> 11) * 0x1p-53);
}

SQL_FUNC(sql_fn_sign)
{
    struct sql_num num;
    if (sql_arg_num(args, 0, &num)) *ret_value = sql_value_of_int(sql_num_sign(num));
}
