/* sql_time.c — see sql_time.h. Names are English, as the language has no argument for another one. */
#include "sql/sql_time.h"

const char *const sql_month_names[12] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
const char *const sql_day_names[7] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday" };

bool sql_is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int sql_days_in_month(int64_t year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && sql_is_leap_year(year));
}

int64_t sql_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day is the last of its year; 400 years are an era. */
int64_t sql_days_from_civil(int64_t year, int month, int day)
{
    if (month <= 2) year--;
    int64_t era = sql_floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void sql_civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = sql_floor_div(days, 146097), of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = year + era * 400 + (*ret_month <= 2);
}

bool sql_time_quoted(struct slice pattern, size_t *at, struct buf *out)
{
    size_t i = *at + 1;
    if (i < pattern.len && pattern.ptr[i] == '\'') {
        buf_putc(out, '\'');
        *at = i + 1;
        return true;
    }
    for (; i < pattern.len; i++) {
        if (pattern.ptr[i] == '\'') {
            if (i + 1 == pattern.len || pattern.ptr[i + 1] != '\'') break;
            i++;
        }
        buf_putc(out, pattern.ptr[i]);
    }
    *at = i + 1;
    return i < pattern.len;
}

int sql_time_repeat(struct slice pattern, size_t at)
{
    int n = 1;
    while (at + (size_t)n < pattern.len && n < SQL_TIME_REPEAT_MAX &&
           pattern.ptr[at + (size_t)n] == pattern.ptr[at])
        n++;
    return n;
}
