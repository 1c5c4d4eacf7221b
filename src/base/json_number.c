/* json_number.c — numbers of JSON as texts, doubles and decimals.
 * A tree keeps a double beside each number, and the text too when the double alone would print
 * differently. So the question "is this text plain?" is asked for every number of every document:
 *  - Texts of at most 15 significant digits without needless zeros or an exponent are plain, since
 *    a double carries any 15 decimal digits; that is decided by looking at the characters.
 *  - Only what is left (long fractions, exponents, big integers) is converted there and back.
 * Comparison works on the digits of the texts, never on powers of ten, so its cost is bounded by
 * the length of the texts whatever their exponents say.
 * The C locale is assumed, as everywhere: the program never calls setlocale. */
#include "base/json_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PLAIN_DIGITS = 15, EXPONENT_DIGITS = 17 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && is_digit(text.ptr[end]))
        end++;
    return end - at;
}

size_t json_number_span(struct slice text)
{
    size_t at = text.len && text.ptr[0] == '-';
    size_t whole = digits_at(text, at);
    if (whole == 0 || (whole > 1 && text.ptr[at] == '0')) return 0;
    at += whole;
    if (at < text.len && text.ptr[at] == '.') {
        size_t fraction = digits_at(text, at + 1);
        if (fraction == 0) return 0;
        at += 1 + fraction;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-')) at++;
        size_t exponent = digits_at(text, at);
        if (exponent == 0) return 0;
        at += exponent;
    }
    return at;
}

/* Plain by its looks alone: no exponent, at most 15 digits, no zero at the end of a fraction, not
 * below 1e-6 (which prints with an exponent), not "-0". */
static bool looks_plain(struct slice text)
{
    size_t start = text.len && text.ptr[0] == '-';
    size_t whole = digits_at(text, start);
    size_t at = start + whole;
    if (at == text.len) return whole <= PLAIN_DIGITS && !(start && text.ptr[1] == '0');
    if (text.ptr[at] != '.' || whole + digits_at(text, at + 1) > PLAIN_DIGITS) return false;
    if (at + 1 + digits_at(text, at + 1) != text.len || text.ptr[text.len - 1] == '0') return false;
    if (text.ptr[start] != '0') return true;
    size_t zeros = 0;
    while (text.ptr[at + 1 + zeros] == '0')
        zeros++;
    return zeros < 6;
}

bool json_number_is_plain(struct slice text)
{
    char copy[32], printed[32];
    if (looks_plain(text)) return true;
    if (text.len >= sizeof copy) return false; /* longer than anything that is printed */
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    double value = strtod(copy, NULL);
    return isfinite(value) && slice_eq(slice_of(printed, json_double_text(value, printed)), text);
}

double json_plain_value(struct slice text)
{
    char copy[32];
    bool negative = text.ptr[0] == '-';
    if (text.len <= PLAIN_DIGITS && digits_at(text, negative) == text.len - negative) {
        int64_t value = 0;
        for (size_t i = negative; i < text.len; i++)
            value = value * 10 + (text.ptr[i] - '0');
        return (double)(negative ? -value : value);
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return strtod(copy, NULL);
}

/* The fewest significant digits that give value (positive) back, as "%e" writes them. */
static void shortest(double value, char text[32])
{
    /* A subnormal has fewer than 15 good digits, so begin at one. */
    for (int precision = value < DBL_MIN ? 0 : PLAIN_DIGITS - 1; precision <= 16; precision++) {
        snprintf(text, 32, "%.*e", precision, value);
        if (strtod(text, NULL) == value) return;
    }
}

/* ECMA-262 Number::toString: value = 0.DIGITS * 10^point. */
static int lay_out(char *out, size_t size, const char *digits, int count, int point)
{
    static const char zeros[] = "000000000000000000000";
    if (point > 21 || point <= -6)
        return snprintf(out, size, "%c%s%se%+d", digits[0], count > 1 ? "." : "", digits + 1,
                        point - 1);
    if (point <= 0) return snprintf(out, size, "0.%.*s%s", -point, zeros, digits);
    if (point < count) return snprintf(out, size, "%.*s.%s", point, digits, digits + point);
    return snprintf(out, size, "%s%.*s", digits, point - count, zeros);
}

size_t json_double_text(double value, char ret_text[32])
{
    if (!isfinite(value)) BUG("a number that is not finite");
    if (value == floor(value) && fabs(value) < 1e15) return text_from_int((int64_t)value, ret_text);
    char text[32], digits[20];
    shortest(fabs(value), text);
    int count = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.') digits[count++] = *at;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    size_t sign = value < 0;
    if (sign) ret_text[0] = '-';
    return sign + (size_t)lay_out(ret_text + sign, 32 - sign, digits, count, atoi(at + 1) + 1);
}

/* Value = the digits from first to last (a point between them is skipped) * 10^exponent, where
 * neither end is a zero. count 0: zero. */
struct decimal {
    const char *first;
    size_t count;
    int64_t exponent;
    bool negative;
    bool huge; /* the exponent did not fit */
};

static void read_exponent(struct slice text, struct decimal *dec)
{
    bool negative = text.ptr[0] == '-';
    size_t at = negative || text.ptr[0] == '+';
    while (at < text.len && text.ptr[at] == '0')
        at++;
    int64_t value = 0;
    if (text.len - at > EXPONENT_DIGITS) {
        dec->huge = true;
        return;
    }
    for (; at < text.len; at++)
        value = value * 10 + (text.ptr[at] - '0');
    dec->exponent += negative ? -value : value;
}

static struct decimal decimal_of(struct slice text)
{
    struct decimal dec = { 0 };
    size_t at = text.len && text.ptr[0] == '-', since_first = 0, fraction = 0, zeros = 0;
    bool in_fraction = false;
    dec.negative = at == 1;
    for (; at < text.len && (is_digit(text.ptr[at]) || text.ptr[at] == '.'); at++) {
        if (text.ptr[at] == '.') {
            in_fraction = true;
            continue;
        }
        fraction += in_fraction;
        if (text.ptr[at] != '0' && !dec.first) dec.first = text.ptr + at;
        if (!dec.first) continue;
        since_first++;
        zeros = text.ptr[at] == '0' ? zeros + 1 : 0;
    }
    dec.count = since_first - zeros;
    dec.exponent = (int64_t)zeros - (int64_t)fraction;
    if (at < text.len) read_exponent(slice_from(text, at + 1), &dec);
    return dec;
}

static bool digits_equal(const char *a, const char *b, size_t count)
{
    for (; count; count--, a++, b++) {
        a += *a == '.';
        b += *b == '.';
        if (*a != *b) return false;
    }
    return true;
}

bool json_decimal_equal(struct slice a, struct slice b)
{
    if (slice_eq(a, b)) return true;
    struct decimal x = decimal_of(a), y = decimal_of(b);
    if (x.count == 0 || y.count == 0) return x.count == y.count;
    return !x.huge && !y.huge && x.negative == y.negative && x.count == y.count &&
           x.exponent == y.exponent && digits_equal(x.first, y.first, x.count);
}

bool json_decimal_to_int64(struct slice text, int64_t *ret_value)
{
    struct decimal dec = decimal_of(text);
    if (dec.count == 0) {
        *ret_value = 0;
        return true;
    }
    if (dec.huge || dec.exponent < 0 || dec.count > 19 || dec.exponent > 19 - (int64_t)dec.count)
        return false;
    uint64_t value = 0; /* 19 digits fit */
    const char *at = dec.first;
    for (size_t i = 0; i < dec.count; i++, at++) {
        at += *at == '.';
        value = value * 10 + (uint64_t)(*at - '0');
    }
    for (int64_t i = 0; i < dec.exponent; i++)
        value *= 10;
    if (value > (uint64_t)INT64_MAX + dec.negative) return false;
    *ret_value = dec.negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}
