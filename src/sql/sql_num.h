/* sql_num.h — the numbers of the language: decimal, up to 34 digits, exact where they can be.
 *
 * A number is coef * 10^exp. Invariants of every number made here:
 *  I1  |coef| < 10^34, and -999 <= exponent of the first digit <= 999; 0 has exp 0.
 *  I2  exp is 0 for every whole number below 10^34; else coef has no trailing zero.
 * Functions that return bool give false, and leave the result alone, when there is no such number. */
#ifndef SQL_SQL_NUM_H
#define SQL_SQL_NUM_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct sql_num {
    __int128 coef;
    int32_t exp;
};

/* text: "-"? digits ("." digits)? ([eE] [+-]? digits)?, the whole of it. More than 34 digits are
 * rounded; *ret_exact tells. False on other text or out of range. */
bool sql_num_parse(struct slice text, struct sql_num *ret_num, bool *ret_exact);
struct sql_num sql_num_of_int64(int64_t value);
/* The shortest digits which give the same double again; false for infinities and NaN. */
bool sql_num_of_double(double value, struct sql_num *ret_num);
double sql_num_to_double(struct sql_num num);
/* False when the number has a fraction or does not fit. */
bool sql_num_to_int64(struct sql_num num, int64_t *ret_value);
/* whole_as_decimal: 10 is printed as 10.0. */
void sql_num_print(struct sql_num num, bool whole_as_decimal, struct buf *out);

static inline int sql_num_sign(struct sql_num num)
{
    return (num.coef > 0) - (num.coef < 0);
}

struct sql_num sql_num_neg(struct sql_num num);
int sql_num_cmp(struct sql_num a, struct sql_num b); /* < 0, 0, > 0 */
/* Exact up to 34 digits, rounded to 34 (products to no fewer than 18) beyond. */
bool sql_num_add(struct sql_num a, struct sql_num b, struct sql_num *ret_num);
bool sql_num_sub(struct sql_num a, struct sql_num b, struct sql_num *ret_num);
bool sql_num_mul(struct sql_num a, struct sql_num b, struct sql_num *ret_num);
/* Exact when the quotient ends within 34 digits, else the double's. False for b = 0. */
bool sql_num_div(struct sql_num a, struct sql_num b, struct sql_num *ret_num);
/* The whole part of the quotient, toward zero; both have exp 0. */
bool sql_num_div_int(struct sql_num a, struct sql_num b, struct sql_num *ret_num);
/* The remainder, with the sign of a. False for b = 0. */
bool sql_num_mod(struct sql_num a, struct sql_num b, struct sql_num *ret_num);

enum sql_rounding { SQL_FLOOR, SQL_CEIL, SQL_TRUNC, SQL_NEAREST /* half away from zero */ };
/* Keeps `places` digits behind the point, 0 to 34. */
struct sql_num sql_num_round(struct sql_num num, enum sql_rounding how, int places);

#endif
