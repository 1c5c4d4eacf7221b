/* sql_time.h — the calendar, and what formatting and parsing of times share. */
#ifndef SQL_SQL_TIME_H
#define SQL_SQL_TIME_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Toward minus infinity. */
int64_t sql_floor_div(int64_t a, int64_t b);

/* Proleptic Gregorian. Days since 1970-01-01; month and day from 1. */
int64_t sql_days_from_civil(int64_t year, int month, int day);
void sql_civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
bool sql_is_leap_year(int64_t year);
int sql_days_in_month(int64_t year, int month);

extern const char *const sql_month_names[12];
extern const char *const sql_day_names[7]; /* from Monday */

/* Milliseconds from 1970 within which times are handled, some 270,000 years. */
#define SQL_TIME_MAX 8640000000000000

static inline bool sql_time_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

enum { SQL_TIME_REPEAT_MAX = 32 };

/* How often the letter at `at` is repeated; what is above SQL_TIME_REPEAT_MAX is another field. */
int sql_time_repeat(struct slice pattern, size_t at);
/* The text in quotes that begins at *at; '' is one quote. False: the quote is not closed. */
bool sql_time_quoted(struct slice pattern, size_t *at, struct buf *out);

#endif
