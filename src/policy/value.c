/* value.c — values of conditions from text; see value.h.
 * The texts come from policies and from what a connection says of itself, so nothing is assumed of
 * them.
 * Dates are computed without the C library's calendar, which would ask for the time zone of the
 * host. */
#include "policy/value.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { NUMBER_LEN_MAX = 63 };

bool value_number(struct slice text, double *ret_value)
{
    char copy[NUMBER_LEN_MAX + 1], *end;
    if (text.len == 0 || text.len > NUMBER_LEN_MAX) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\0' || !strchr("0123456789+-.eE", text.ptr[i])) return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    double value = strtod(copy, &end);
    if (*end || !isfinite(value)) return false;
    *ret_value = value;
    return true;
}

bool value_bool(struct slice text, bool *ret_value)
{
    bool is_true = text.len == 4 && strncasecmp(text.ptr, "true", 4) == 0;
    if (!is_true && (text.len != 5 || strncasecmp(text.ptr, "false", 5) != 0)) return false;
    *ret_value = is_true;
    return true;
}

/* --- dates ------------------------------------------------------------------------------------ */

/* Takes exactly `digits` digits from the front. */
static bool take_int(struct slice *text, size_t digits, int min, int max, int *ret_value)
{
    int64_t value;
    if (text->len < digits || text_to_int(slice_of(text->ptr, digits), min, max, &value) < 0)
        return false;
    if (text->ptr[0] == '-' || text->ptr[0] == '+') return false;
    *text = slice_from(*text, digits);
    *ret_value = (int)value;
    return true;
}

static bool take_char(struct slice *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) return false;
    *text = slice_from(*text, 1);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Of the proleptic Gregorian calendar, from 1970-01-01; the year begins in March, so that the leap
 * day is its last. */
static int64_t days_from_epoch(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static bool take_zone(struct slice *text, int64_t *ms)
{
    int hour, minute;
    if (take_char(text, 'Z')) return true;
    int sign = take_char(text, '+') ? 1 : take_char(text, '-') ? -1 : 0;
    if (!sign || !take_int(text, 2, 0, 23, &hour)) return false;
    take_char(text, ':');
    if (!take_int(text, 2, 0, 59, &minute)) return false;
    *ms -= sign * (hour * 60 + minute) * INT64_C(60000);
    return true;
}

static bool take_time(struct slice *text, int64_t *ms)
{
    int hour, minute, second = 0, digit;
    if (!take_int(text, 2, 0, 23, &hour) || !take_char(text, ':') ||
        !take_int(text, 2, 0, 59, &minute))
        return false;
    if (take_char(text, ':') && !take_int(text, 2, 0, 60, &second)) return false;
    *ms += (hour * 60 + minute) * INT64_C(60000) + second * 1000;
    if (take_char(text, '.')) {
        size_t before = text->len;
        for (int scale = 100; take_int(text, 1, 0, 9, &digit); scale /= 10)
            *ms += digit * scale;
        if (text->len == before) return false;
    }
    return take_zone(text, ms);
}

bool value_date(struct slice text, int64_t *ret_ms)
{
    int year, month, day;
    int64_t epoch;
    if (text_to_int(text, -100000000000, 100000000000, &epoch) == 0) {
        *ret_ms = epoch * 1000;
        return true;
    }
    if (!take_int(&text, 4, 1, 9999, &year) || !take_char(&text, '-') ||
        !take_int(&text, 2, 1, 12, &month) || !take_char(&text, '-') ||
        !take_int(&text, 2, 1, days_in_month(year, month), &day))
        return false;
    int64_t ms = days_from_epoch(year, month, day) * 86400000;
    if (take_char(&text, 'T') && !take_time(&text, &ms)) return false;
    if (text.len) return false;
    *ret_ms = ms;
    return true;
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool address(struct slice text, uint8_t ret_addr[16], bool *ret_v4)
{
    char copy[INET6_ADDRSTRLEN + 1];
    uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len)) return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *ret_v4 = inet_pton(AF_INET, copy, addr + 12) == 1;
    if (!*ret_v4 && inet_pton(AF_INET6, copy, addr) != 1) return false;
    memcpy(ret_addr, addr, 16);
    return true;
}

bool value_net(struct slice text, struct value_net *ret_net)
{
    struct value_net net;
    bool v4;
    int64_t bits;
    const char *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    struct slice host = slash ? slice_of(text.ptr, (size_t)(slash - text.ptr)) : text;
    if (!address(host, net.addr, &v4)) return false;
    bits = v4 ? 32 : 128;
    if (slash && text_to_int(slice_from(text, host.len + 1), 0, bits, &bits) < 0) return false;
    net.bits = (unsigned)bits + (v4 ? 96 : 0);
    *ret_net = net;
    return true;
}

bool value_in_net(struct slice text, const struct value_net *net)
{
    uint8_t addr[16];
    bool v4;
    if (!address(text, addr, &v4)) return false;
    size_t bytes = net->bits / 8, rest = net->bits % 8;
    if (memcmp(addr, net->addr, bytes) != 0) return false;
    return rest == 0 || (addr[bytes] ^ net->addr[bytes]) >> (8 - rest) == 0;
}
