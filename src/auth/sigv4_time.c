/* sigv4_time.c — the two ways in which a signed request tells its time. The calendar is computed
 * here, not by gmtime() and timegm(), whose time_t ends in 2038 on small boards. */
#include "auth/sigv4_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>

#define SECONDS_A_DAY 86400

struct moment {
    int64_t year, month, day, hour, minute, second;
};

/* Days since 1970-01-01: years are counted from March, so that the leap day is their last. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct moment moment_of(int64_t epoch_s)
{
    int64_t second = ((epoch_s % SECONDS_A_DAY) + SECONDS_A_DAY) % SECONDS_A_DAY;
    int64_t days = (epoch_s - second) / SECONDS_A_DAY + 719468; /* since 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    return (struct moment){
        .year = year + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
    };
}

void sigv4_timestamp(int64_t epoch_s, char ret_timestamp[SIGV4_TIMESTAMP_LEN])
{
    struct moment m = moment_of(epoch_s);
    char text[64];
    snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", (int)(m.year % 10000), (int)m.month,
             (int)m.day, (int)m.hour, (int)m.minute, (int)m.second);
    memcpy(ret_timestamp, text, SIGV4_TIMESTAMP_LEN - 1);
    ret_timestamp[SIGV4_TIMESTAMP_LEN - 1] = '\0';
}

static int moment_to_epoch(const struct moment *m, int64_t *ret_epoch_s)
{
    int64_t epoch_s = days_from_civil(m->year, m->month, m->day) * SECONDS_A_DAY + m->hour * 3600 +
                      m->minute * 60 + m->second;
    struct moment back = moment_of(epoch_s);
    if (back.month != m->month || back.day != m->day) return ERR_MALFORMED; /* February 30 */
    *ret_epoch_s = epoch_s;
    return 0;
}

/* Digits at a place of a text of known length. */
static bool read_number(struct slice text, size_t at, size_t len, int64_t min, int64_t max,
                        int64_t *ret_value)
{
    for (size_t i = at; i < at + len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    return text_to_int(slice_of(text.ptr + at, len), min, max, ret_value) == 0;
}

static bool read_clock(struct slice text, const size_t at[3], struct moment *m)
{
    return read_number(text, at[0], 2, 0, 23, &m->hour) &&
           read_number(text, at[1], 2, 0, 59, &m->minute) &&
           read_number(text, at[2], 2, 0, 59, &m->second);
}

/* 20261124T063450Z */
static int parse_basic(struct slice text, int64_t *ret_epoch_s)
{
    static const size_t clock_at[] = { 9, 11, 13 };
    struct moment m;
    if (text.len != 16 || text.ptr[8] != 'T' || text.ptr[15] != 'Z' ||
        !read_number(text, 0, 4, 1, 9999, &m.year) || !read_number(text, 4, 2, 1, 12, &m.month) ||
        !read_number(text, 6, 2, 1, 31, &m.day) || !read_clock(text, clock_at, &m))
        return ERR_MALFORMED;
    return moment_to_epoch(&m, ret_epoch_s);
}

/* Tue, 24 Nov 2026 06:34:50 GMT: RFC 9110, section 5.6.7; mail's +0000 and -0000 occur. */
static int parse_http_date(struct slice text, int64_t *ret_epoch_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char *const zones[] = { " GMT", " UTC", " +0000", " -0000" };
    static const size_t clock_at[] = { 17, 20, 23 };
    struct moment m = { 0 };
    if (text.len < 25 || text.ptr[19] != ':' || text.ptr[22] != ':' ||
        memcmp(text.ptr + 3, ", ", 2) != 0 || !read_number(text, 5, 2, 1, 31, &m.day) ||
        !read_number(text, 12, 4, 1, 9999, &m.year) || !read_clock(text, clock_at, &m))
        return ERR_MALFORMED;
    bool has_zone = false;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        has_zone = has_zone || slice_eq_str(slice_from(text, 25), zones[i]);
    for (int64_t i = 0; i < 12; i++)
        if (memcmp(months + 3 * i, text.ptr + 8, 3) == 0) m.month = i + 1;
    return has_zone && m.month ? moment_to_epoch(&m, ret_epoch_s) : ERR_MALFORMED;
}

int sigv4_parse_time(struct slice text, int64_t *ret_epoch_s)
{
    text = sigv4_trim(text);
    int rc = parse_basic(text, ret_epoch_s);
    return rc < 0 ? parse_http_date(text, ret_epoch_s) : 0;
}
