/* sql_func_time_parse.c — time_to_epoch(): reads a time by the pattern letters of Java's
 * DateTimeFormatter.
 *
 * Pattern and text are walked side by side; what a field says is noted, and only at the end made into a
 * moment: a day needs year, month and day (or year and day of the year); a time that is missing is
 * midnight, a zone that is missing UTC. As in Java's default mode day 31 of a shorter month is its last
 * day, and 24:00 is the next midnight. Numbers of two and more letters have that many digits; a single
 * letter takes what is there but leaves the digits which the fields right behind it need.
 * [ ] is optional: when its inside does not match, it is passed over. */
#include "sql/sql_func.h"
#include "sql/sql_time.h"
#include "sql/sql_zone.h"

#include <stdlib.h>
#include <strings.h>

enum { PATTERN_MAX = 256, TEXT_MAX = 1024, DIGITS_MAX = 18, OPTIONAL_MAX = 8 };

enum field {
    FIELD_YEAR,
    FIELD_YEAR_OF_ERA,
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_YEAR_DAY,
    FIELD_WEEKDAY,
    FIELD_QUARTER,
    FIELD_HOUR,   /* 0-23, and 24 for 24:00 */
    FIELD_HOUR_1, /* 1-24 */
    FIELD_HALF,   /* 0-11 */
    FIELD_HALF_1, /* 1-12 */
    FIELD_IS_PM,
    FIELD_MINUTE,
    FIELD_SECOND,
    FIELD_NANO,
    FIELD_DAY_MS,
    FIELD_DAY_NANO,
    FIELD_ERA,
    FIELD_OFFSET,
    FIELD_COUNT
};

struct reader {
    struct slice pattern;
    struct slice text;
    size_t at; /* in the text */
    int64_t value[FIELD_COUNT];
    bool has[FIELD_COUNT];
    struct slice zone; /* empty: none */
};

static bool set(struct reader *r, enum field field, int64_t value)
{
    if (r->has[field] && r->value[field] != value) return false;
    r->has[field] = true;
    r->value[field] = value;
    return true;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* letter, the least and greatest value, and what it sets */
static const struct number {
    char letter;
    enum field field;
    int64_t least;
    int64_t most;
} numbers[] = {
    { 'u', FIELD_YEAR, 0, 275000 },
    { 'y', FIELD_YEAR_OF_ERA, 1, 275000 },
    { 'M', FIELD_MONTH, 1, 12 },
    { 'L', FIELD_MONTH, 1, 12 },
    { 'd', FIELD_DAY, 1, 31 },
    { 'D', FIELD_YEAR_DAY, 1, 366 },
    { 'Q', FIELD_QUARTER, 1, 4 },
    { 'q', FIELD_QUARTER, 1, 4 },
    { 'H', FIELD_HOUR, 0, 24 },
    { 'k', FIELD_HOUR_1, 1, 24 },
    { 'K', FIELD_HALF, 0, 11 },
    { 'h', FIELD_HALF_1, 1, 12 },
    { 'm', FIELD_MINUTE, 0, 59 },
    { 's', FIELD_SECOND, 0, 59 },
    { 'n', FIELD_NANO, 0, 999999999 },
    { 'A', FIELD_DAY_MS, 0, 86399999 },
    { 'N', FIELD_DAY_NANO, 0, 86399999999999 },
};

static const struct number *number_of(char letter, int width)
{
    if (width > 2 && strchr("MLQq", letter)) return NULL; /* a name */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].letter == letter) return &numbers[i];
    return NULL;
}

/* The digits which number fields right behind `at` need. */
static size_t reserved(struct slice pattern, size_t at)
{
    size_t sum = 0;
    while (at < pattern.len && sql_time_is_letter(pattern.ptr[at])) {
        int width = sql_time_repeat(pattern, at);
        if (pattern.ptr[at] != 'S' && !number_of(pattern.ptr[at], width)) break;
        sum += (size_t)width;
        at += (size_t)width;
    }
    return sum;
}

static bool read_digits(struct reader *r, size_t least, size_t most, size_t keep,
                        int64_t *ret_value)
{
    size_t count = 0;
    int64_t value = 0;
    while (r->at + count < r->text.len && r->text.ptr[r->at + count] >= '0' &&
           r->text.ptr[r->at + count] <= '9')
        count++;
    if (least != most) count = count > keep ? count - keep : 0;
    if (count > most) count = most;
    if (count < least) return false;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (r->text.ptr[r->at + i] - '0');
    r->at += count;
    *ret_value = value;
    return true;
}

static bool read_number(struct reader *r, const struct number *number, int width, size_t keep)
{
    int64_t value;
    size_t least = (size_t)width, most = width == 1 ? DIGITS_MAX : (size_t)width;
    bool is_year = number->field == FIELD_YEAR || number->field == FIELD_YEAR_OF_ERA;
    if (least > DIGITS_MAX || !read_digits(r, least, most, keep, &value)) return false;
    if (is_year && width == 2) value += 2000;
    return value >= number->least && value <= number->most && set(r, number->field, value);
}

static bool read_fraction(struct reader *r, int width)
{
    int64_t value;
    if (width > 9 || !read_digits(r, (size_t)width, (size_t)width, 0, &value)) return false;
    for (int i = width; i < 9; i++)
        value *= 10;
    return set(r, FIELD_NANO, value);
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool read_word(struct reader *r, const char *word, size_t len)
{
    if (r->text.len - r->at < len || strncasecmp(r->text.ptr + r->at, word, len) != 0) return false;
    r->at += len;
    return true;
}

static bool read_name(struct reader *r, const char *const *names, int count, bool is_full,
                      enum field field)
{
    for (int i = 0; i < count; i++)
        if (read_word(r, names[i], is_full ? strlen(names[i]) : 3)) return set(r, field, i + 1);
    return false;
}

static bool read_either(struct reader *r, const char *zero, const char *one, enum field field)
{
    if (read_word(r, zero, strlen(zero))) return set(r, field, 0);
    return read_word(r, one, strlen(one)) && set(r, field, 1);
}

static bool read_zone(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.len &&
           (sql_time_is_letter(r->text.ptr[r->at]) ||
            (r->text.ptr[r->at] && strchr("0123456789/_+-:", r->text.ptr[r->at]))))
        r->at++;
    r->zone = slice_of(r->text.ptr + from, r->at - from);
    return r->zone.len > 0;
}

static bool read_offset(struct reader *r, char letter, int width)
{
    int32_t offset;
    bool with_z = letter == 'X' || (letter == 'Z' && width == 5);
    if (letter == 'O' || (letter == 'Z' && width == 4)) {
        if (!read_word(r, "GMT", 3)) return false;
        if (r->at == r->text.len || !strchr("+-", r->text.ptr[r->at]))
            return set(r, FIELD_OFFSET, 0);
    } else if (with_z && r->at < r->text.len && r->text.ptr[r->at] == 'Z') {
        r->at++;
        return set(r, FIELD_OFFSET, 0);
    }
    return sql_zone_parse_offset(r->text, &r->at, &offset) && set(r, FIELD_OFFSET, offset);
}

static bool read_field(struct reader *r, char letter, int width, size_t keep)
{
    const struct number *number = number_of(letter, width);
    if (number) return read_number(r, number, width, keep);
    switch (letter) {
    case 'M':
    case 'L':
        return read_name(r, sql_month_names, 12, width > 3, FIELD_MONTH);
    case 'E':
        return read_name(r, sql_day_names, 7, width > 3, FIELD_WEEKDAY);
    case 'G':
        return read_either(r, "BC", "AD", FIELD_ERA);
    case 'a':
        return read_either(r, "AM", "PM", FIELD_IS_PM);
    case 'S':
        return read_fraction(r, width);
    case 'V':
    case 'z':
    case 'v':
        return (letter != 'V' || width == 2) && read_zone(r);
    case 'O':
    case 'X':
    case 'x':
    case 'Z':
        return read_offset(r, letter, width);
    case 'p': /* padding before the next field */
        while (r->at < r->text.len && r->text.ptr[r->at] == ' ')
            r->at++;
        return true;
    default:
        return false;
    }
}

/* ---- patterns ------------------------------------------------------------------------------- */

/* Behind the ']' that belongs to the '[' at `at`; 0 when there is none. */
static size_t behind_optional(struct slice pattern, size_t at)
{
    int depth = 0;
    bool quoted = false;
    for (; at < pattern.len; at++) {
        char c = pattern.ptr[at];
        if (c == '\'') quoted = !quoted;
        if (quoted) continue;
        if (c == '[') depth++;
        if (c == ']' && --depth == 0) return at + 1;
    }
    return 0;
}

static bool read_literal(struct reader *r, struct slice pattern, size_t *at)
{
    struct buf literal = { 0 };
    bool ok = true;
    if (pattern.ptr[*at] == '\'') {
        ok = sql_time_quoted(pattern, at, &literal);
    } else {
        buf_putc(&literal, pattern.ptr[*at]);
        *at += 1;
    }
    struct slice text = buf_slice(&literal);
    ok = ok && r->text.len - r->at >= text.len &&
         memcmp(r->text.ptr + r->at, text.ptr, text.len) == 0;
    if (ok) r->at += text.len;
    buf_deinit(&literal);
    return ok;
}

static bool read_pattern(struct reader *r, struct slice pattern, int depth)
{
    for (size_t at = 0; at < pattern.len;) {
        char c = pattern.ptr[at];
        if (c == '[') {
            size_t end = behind_optional(pattern, at);
            struct reader before = *r;
            if (end == 0 || depth == OPTIONAL_MAX) return false;
            if (!read_pattern(r, slice_of(pattern.ptr + at + 1, end - at - 2), depth + 1))
                *r = before;
            at = end;
        } else if (sql_time_is_letter(c)) {
            int width = sql_time_repeat(pattern, at);
            at += (size_t)width;
            if (!read_field(r, c, width, reserved(pattern, at))) return false;
        } else if (strchr("]{}#", c) || !read_literal(r, pattern, &at)) {
            return false;
        }
    }
    return true;
}

/* ---- the moment ----------------------------------------------------------------------------- */

static bool resolve_days(const struct reader *r, int64_t *ret_days)
{
    int64_t year = r->value[FIELD_YEAR];
    if (!r->has[FIELD_YEAR]) {
        if (!r->has[FIELD_YEAR_OF_ERA]) return false;
        year = r->value[FIELD_YEAR_OF_ERA];
        if (r->has[FIELD_ERA] && r->value[FIELD_ERA] == 0) year = 1 - year;
    }
    if (r->has[FIELD_MONTH] && r->has[FIELD_DAY]) {
        int month = (int)r->value[FIELD_MONTH], day = (int)r->value[FIELD_DAY];
        if (r->has[FIELD_QUARTER] && r->value[FIELD_QUARTER] != (month + 2) / 3) return false;
        int last = sql_days_in_month(year, month);
        *ret_days = sql_days_from_civil(year, month, day > last ? last : day);
    } else if (r->has[FIELD_YEAR_DAY]) {
        if (r->value[FIELD_YEAR_DAY] > 365 + sql_is_leap_year(year)) return false;
        *ret_days = sql_days_from_civil(year, 1, 1) + r->value[FIELD_YEAR_DAY] - 1;
    } else {
        return false;
    }
    int64_t weekday = (*ret_days + 3) % 7;
    return !r->has[FIELD_WEEKDAY] || (weekday + 7) % 7 + 1 == r->value[FIELD_WEEKDAY];
}

static bool resolve_hour(const struct reader *r, int64_t *ret_hour)
{
    int64_t pm = r->has[FIELD_IS_PM] ? r->value[FIELD_IS_PM] : -1;
    *ret_hour = 0;
    if (r->has[FIELD_HOUR]) {
        *ret_hour = r->value[FIELD_HOUR];
    } else if (r->has[FIELD_HOUR_1]) {
        *ret_hour = r->value[FIELD_HOUR_1] % 24;
    } else if (r->has[FIELD_HALF] || r->has[FIELD_HALF_1]) {
        if (pm < 0) return false;
        *ret_hour =
            (r->has[FIELD_HALF] ? r->value[FIELD_HALF] : r->value[FIELD_HALF_1] % 12) + pm * 12;
        return true;
    }
    return pm < 0 || !(r->has[FIELD_HOUR] || r->has[FIELD_HOUR_1]) || pm == (*ret_hour >= 12);
}

static bool resolve_day_ms(const struct reader *r, int64_t *ret_ms)
{
    int64_t hour;
    if (!resolve_hour(r, &hour)) return false;
    int64_t rest = r->value[FIELD_MINUTE] * 60000 + r->value[FIELD_SECOND] * 1000 +
                   r->value[FIELD_NANO] / 1000000;
    *ret_ms = hour * 3600000 + rest;
    if (hour == 24 && rest) return false;
    if (r->has[FIELD_DAY_MS]) *ret_ms = r->value[FIELD_DAY_MS];
    if (r->has[FIELD_DAY_NANO]) *ret_ms = r->value[FIELD_DAY_NANO] / 1000000;
    return true;
}

static bool resolve(const struct reader *r, int64_t *ret_epoch_ms)
{
    int64_t days, ms;
    if (!resolve_days(r, &days) || !resolve_day_ms(r, &ms)) return false;
    int64_t local = days * 86400 + ms / 1000, epoch = local - r->value[FIELD_OFFSET];
    if (r->zone.len && !r->has[FIELD_OFFSET]) {
        struct sql_zone *zone = sql_zone_create(r->zone);
        if (!zone) return false;
        epoch = sql_zone_to_epoch(zone, local);
        sql_zone_destroy(zone);
    }
    *ret_epoch_ms = epoch * 1000 + ms % 1000;
    return true;
}

SQL_FUNC(sql_fn_time_to_epoch)
{
    enum { STEPS = 1000 };
    struct reader r = { 0 };
    int64_t epoch_ms;
    if (!sql_arg_str(eval, args, 0, &r.text) || !sql_arg_str(eval, args, 1, &r.pattern)) return;
    if (r.text.len > TEXT_MAX || r.pattern.len > PATTERN_MAX || r.pattern.len == 0) return;
    if (!sql_eval_charge(eval, STEPS + r.pattern.len * 4)) return;
    if (read_pattern(&r, r.pattern, 0) && r.at == r.text.len && resolve(&r, &epoch_ms))
        *ret_value = sql_value_of_int(epoch_ms);
}
