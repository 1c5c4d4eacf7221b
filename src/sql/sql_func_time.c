/* sql_func_time.c — parse_time(): formats a time by Joda-Time's pattern letters.
 * Names are English. A letter repeated n times is a number of at least n digits, or a text: short
 * below four letters, full from four on. Letters without a meaning make the result Undefined. */
#include "sql/sql_func.h"
#include "sql/sql_time.h"
#include "sql/sql_zone.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY_MS = 86400000, SHORT = 3, PATTERN_MAX = 1024 };

struct moment {
    const struct sql_zone *zone;
    struct sql_zone_state state;
    int64_t year;
    int month, day;
    int weekday; /* Monday is 1 */
    int year_day;
    int64_t week_year;
    int week;
    int hour, minute, second, milli;
};

/* ISO 8601: the week belongs to the year of its Thursday. */
static void set_week(struct moment *m, int64_t days)
{
    int64_t thursday = days - (m->weekday - 1) + 3;
    int month, day;
    sql_civil_from_days(thursday, &m->week_year, &month, &day);
    m->week = (int)((thursday - sql_days_from_civil(m->week_year, 1, 1)) / 7) + 1;
}

static struct moment moment_at(int64_t epoch_ms, const struct sql_zone *zone)
{
    struct moment m = { .zone = zone, .state = sql_zone_at(zone, sql_floor_div(epoch_ms, 1000)) };
    int64_t local = epoch_ms + (int64_t)m.state.offset * 1000;
    int64_t days = sql_floor_div(local, DAY_MS);
    int of_day = (int)(local - days * DAY_MS);
    sql_civil_from_days(days, &m.year, &m.month, &m.day);
    m.weekday = (int)((days + 3) % 7 + 7) % 7 + 1;
    m.year_day = (int)(days - sql_days_from_civil(m.year, 1, 1)) + 1;
    set_week(&m, days);
    m.hour = of_day / 3600000;
    m.minute = of_day / 60000 % 60;
    m.second = of_day / 1000 % 60;
    m.milli = of_day % 1000;
    return m;
}

/* ---- fields --------------------------------------------------------------------------------- */

static void put_number(struct buf *out, int64_t value, int width)
{
    if (value < 0) buf_putc(out, '-');
    buf_printf(out, "%0*lld", width, (long long)llabs(value));
}

static void put_year(struct buf *out, int64_t year, int width)
{
    if (width == 2)
        put_number(out, llabs(year) % 100, 2);
    else
        put_number(out, year, width);
}

static void put_name(struct buf *out, const char *name, bool is_full)
{
    buf_append(out, name, is_full ? strlen(name) : SHORT);
}

static void put_fraction(struct buf *out, int milli, int width)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%03d", milli);
    for (int i = 0; i < width; i++)
        buf_putc(out, i < 3 ? digits[i] : '0');
}

static void put_offset(struct buf *out, const struct moment *m, int width)
{
    int minutes = abs(m->state.offset) / 60;
    if (width >= 3) {
        buf_puts(out, sql_zone_name(m->zone));
        return;
    }
    buf_printf(out, "%c%02d%s%02d", m->state.offset < 0 ? '-' : '+', minutes / 60,
               width == 2 ? ":" : "", minutes % 60);
}

/* By abbreviation and, as these are not unique, by the part of the world. */
static const struct {
    const char *abbreviation;
    const char *area;
    const char *name;
} long_names[] = {
    { "UTC", "", "Coordinated Universal Time" },
    { "GMT", "", "Greenwich Mean Time" },
    { "PST", "America/", "Pacific Standard Time" },
    { "PDT", "America/", "Pacific Daylight Time" },
    { "MST", "America/", "Mountain Standard Time" },
    { "MDT", "America/", "Mountain Daylight Time" },
    { "CST", "America/", "Central Standard Time" },
    { "CDT", "America/", "Central Daylight Time" },
    { "EST", "America/", "Eastern Standard Time" },
    { "EDT", "America/", "Eastern Daylight Time" },
    { "AKST", "America/", "Alaska Standard Time" },
    { "AKDT", "America/", "Alaska Daylight Time" },
    { "HST", "", "Hawaii Standard Time" },
    { "BST", "Europe/", "British Summer Time" },
    { "WET", "", "Western European Time" },
    { "WEST", "", "Western European Summer Time" },
    { "CET", "", "Central European Time" },
    { "CEST", "", "Central European Summer Time" },
    { "EET", "", "Eastern European Time" },
    { "EEST", "", "Eastern European Summer Time" },
    { "MSK", "", "Moscow Standard Time" },
    { "IST", "Asia/", "India Standard Time" },
    { "CST", "Asia/", "China Standard Time" },
    { "JST", "", "Japan Standard Time" },
    { "KST", "Asia/", "Korea Standard Time" },
    { "AEST", "", "Australian Eastern Standard Time" },
    { "AEDT", "", "Australian Eastern Daylight Time" },
    { "NZST", "", "New Zealand Standard Time" },
    { "NZDT", "", "New Zealand Daylight Time" },
};

static void put_zone(struct buf *out, const struct moment *m, int width)
{
    const char *name = m->state.abbreviation;
    struct slice zone = slice_str(sql_zone_name(m->zone));
    for (size_t i = 0; width >= 4 && i < sizeof long_names / sizeof *long_names; i++) {
        if (strcmp(m->state.abbreviation, long_names[i].abbreviation) != 0) continue;
        if (slice_starts(zone, long_names[i].area)) name = long_names[i].name;
    }
    buf_puts(out, name);
}

static void put_month(struct buf *out, int month, int width)
{
    if (width < 3)
        put_number(out, month, width);
    else
        put_name(out, sql_month_names[month - 1], width > 3);
}

static bool put_field(struct buf *out, const struct moment *m, char letter, int width)
{
    int64_t of_era = m->year > 0 ? m->year : 1 - m->year;
    int half = m->hour % 12;
    switch (letter) {
    case 'G':
        buf_puts(out, m->year > 0 ? "AD" : "BC");
        break;
    case 'C':
        put_number(out, of_era / 100, width);
        break;
    case 'Y':
        put_year(out, of_era, width);
        break;
    case 'x':
        put_year(out, m->week_year, width);
        break;
    case 'w':
        put_number(out, m->week, width);
        break;
    case 'e':
        put_number(out, m->weekday, width);
        break;
    case 'E':
        put_name(out, sql_day_names[m->weekday - 1], width > 3);
        break;
    case 'y':
        put_year(out, m->year, width);
        break;
    case 'D':
        put_number(out, m->year_day, width);
        break;
    case 'M':
        put_month(out, m->month, width);
        break;
    case 'd':
        put_number(out, m->day, width);
        break;
    case 'a':
        buf_puts(out, m->hour < 12 ? "AM" : "PM");
        break;
    case 'K':
        put_number(out, half, width);
        break;
    case 'h':
        put_number(out, half ? half : 12, width);
        break;
    case 'H':
        put_number(out, m->hour, width);
        break;
    case 'k':
        put_number(out, m->hour ? m->hour : 24, width);
        break;
    case 'm':
        put_number(out, m->minute, width);
        break;
    case 's':
        put_number(out, m->second, width);
        break;
    case 'S':
        put_fraction(out, m->milli, width);
        break;
    case 'z':
        put_zone(out, m, width);
        break;
    case 'Z':
        put_offset(out, m, width);
        break;
    default:
        return false;
    }
    return true;
}

/* ---- patterns ------------------------------------------------------------------------------- */

static bool format(struct slice pattern, const struct moment *m, struct buf *out)
{
    for (size_t at = 0; at < pattern.len;) {
        char c = pattern.ptr[at];
        if (c == '\'') {
            if (!sql_time_quoted(pattern, &at, out)) return false;
        } else if (sql_time_is_letter(c)) {
            int width = sql_time_repeat(pattern, at);
            if (!put_field(out, m, c, width)) return false;
            at += (size_t)width;
        } else {
            buf_putc(out, c);
            at++;
        }
    }
    return true;
}

/* parse_time(pattern, milliseconds [, zone]); without a zone, UTC. */
SQL_FUNC(sql_fn_parse_time)
{
    enum { STEPS_PER_FILE = 1000 };
    struct slice pattern, name = SLICE_LIT("UTC");
    struct sql_num num;
    int64_t ms;
    if (!sql_arg_str(eval, args, 0, &pattern) || pattern.len > PATTERN_MAX) return;
    if (!sql_value_to_index(&args->at[1], &num) || !sql_num_to_int64(num, &ms)) return;
    if (ms > SQL_TIME_MAX || ms < -SQL_TIME_MAX) return;
    if (args->count == 3 && !sql_arg_str(eval, args, 2, &name)) return;
    struct sql_zone *own = NULL;
    const struct sql_zone *zone = args->node->zone;
    if (!zone && sql_eval_charge(eval, STEPS_PER_FILE)) zone = own = sql_zone_create(name);
    struct buf out = { 0 };
    if (zone && sql_eval_charge(eval, pattern.len)) {
        struct moment m = moment_at(ms, zone);
        if (format(pattern, &m, &out)) *ret_value = sql_value_of_str(sql_eval_take(eval, &out));
    }
    buf_deinit(&out);
    sql_zone_destroy(own);
}
