/* sql_num.c — decimal numbers in 128 bits; see sql_num.h.
 *
 * The language promises 34 decimal digits, and devices send decimal texts: 0.1 + 0.2 is 0.3 here, and
 * 9007199254740993 stays what it is. A coefficient of 34 digits leaves room for a factor of 10^4 in the
 * 127 bits of its type, which is what the algorithms below live on:
 *  - sums are aligned to 37 digits at most and then rounded;
 *  - quotients are made digit by digit: a remainder below 10^34 times 10 still fits;
 *  - products of more than 37 digits first lose digits of their longer factor.
 * Division that does not end, and all transcendental functions, go by way of double: nobody reads the
 * 34 digits of one third, and clients read doubles. */
#include "sql/sql_num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 34, ROOM = 37, EXP_MAX = 999, DIV_STEPS = 2 * DIGITS };

typedef unsigned __int128 u128;

static u128 pow10_of(int n)
{
    u128 p = 1;
    for (u128 base = 10; n > 0; n >>= 1, base *= base)
        if (n & 1) p *= base;
    return p;
}

static u128 magnitude(__int128 value)
{
    return value < 0 ? -(u128)value : (u128)value;
}

static int digits_of(u128 value)
{
    int n = 0;
    for (; value >= 10000000000000000000ull; value /= 10000000000000000000ull)
        n += 19;
    for (uint64_t low = (uint64_t)value; low; low /= 10)
        n++;
    return n;
}

/* Rounds away the last n digits, half to even; `sticky`: there was something below them. */
static u128 drop_digits(u128 value, int n, bool sticky)
{
    if (n > ROOM + 1) return 0;
    u128 unit = pow10_of(n), rest = value % unit, half = unit / 2;
    value /= unit;
    if (rest > half || (rest == half && (sticky || (value & 1)))) value++;
    return value;
}

/* Brings any coefficient and exponent to I1 and I2. */
static bool make(bool negative, u128 coef, int64_t exp, struct sql_num *ret_num)
{
    if (coef == 0) {
        *ret_num = (struct sql_num){ 0, 0 };
        return true;
    }
    int digits = digits_of(coef);
    if (digits > DIGITS) {
        coef = drop_digits(coef, digits - DIGITS, false);
        exp += digits - DIGITS;
        digits = digits_of(coef);
    }
    int64_t first = exp + digits - 1;
    if (first > EXP_MAX) return false;
    if (first < -EXP_MAX) {
        *ret_num = (struct sql_num){ 0, 0 };
        return true;
    }
    if (exp > 0 && exp + digits <= DIGITS) {
        coef *= pow10_of((int)exp);
        exp = 0;
    }
    while ((exp != 0 || digits > DIGITS) && coef % 10 == 0) {
        digits--;
        coef /= 10;
        exp++;
    }
    *ret_num = (struct sql_num){ negative ? -(__int128)coef : (__int128)coef, (int32_t)exp };
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads an exponent; a huge one is cut at 10^6, which is out of range as well. */
static bool parse_exponent(const char *p, const char *end, int64_t *ret_exp)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    int64_t exp = 0;
    for (; p < end; p++) {
        if (!is_digit(*p)) return false;
        if (exp < 1000000) exp = exp * 10 + (*p - '0');
    }
    *ret_exp = negative ? -exp : exp;
    return true;
}

struct digits {
    u128 coef;
    int64_t exp;
    int count;   /* significant ones taken */
    bool sticky; /* a digit that is not zero was left out */
};

static const char *parse_digits(struct digits *d, const char *p, const char *end, int64_t step)
{
    for (; p < end && is_digit(*p); p++) {
        if (d->count == ROOM) {
            d->sticky |= *p != '0';
            d->exp += step + 1;
        } else {
            d->coef = d->coef * 10 + (u128)(*p - '0');
            d->count += d->coef != 0;
            d->exp += step;
        }
    }
    return p;
}

bool sql_num_parse(struct slice text, struct sql_num *ret_num, bool *ret_exact)
{
    if (text.len == 0) return false;
    const char *p = text.ptr, *end = text.ptr + text.len;
    bool negative = *p == '-';
    p += negative;
    if (p == end || !is_digit(*p)) return false;
    struct digits d = { 0 };
    p = parse_digits(&d, p, end, 0);
    if (p < end && *p == '.') {
        if (++p == end || !is_digit(*p)) return false;
        p = parse_digits(&d, p, end, -1);
    }
    int64_t exp = 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        if (!parse_exponent(p + 1, end, &exp)) return false;
        p = end;
    }
    if (p != end) return false;
    bool exact = !d.sticky;
    if (d.count > DIGITS) {
        int extra = d.count - DIGITS;
        exact = exact && d.coef % pow10_of(extra) == 0;
        d.coef = drop_digits(d.coef, extra, d.sticky);
        d.exp += extra;
    }
    struct sql_num num;
    if (!make(negative, d.coef, d.exp + exp, &num)) return false;
    *ret_num = num;
    *ret_exact = exact && (num.coef != 0 || d.coef == 0);
    return true;
}

struct sql_num sql_num_of_int64(int64_t value)
{
    return (struct sql_num){ value, 0 };
}

bool sql_num_of_double(double value, struct sql_num *ret_num)
{
    if (!isfinite(value)) return false;
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value) break;
    }
    bool exact;
    return sql_num_parse(slice_str(text), ret_num, &exact);
}

double sql_num_to_double(struct sql_num num)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    /* both operands are exact, so the quotient is rounded once (Clinger, 1990) */
    if (magnitude(num.coef) <= (u128)1 << 53 && num.exp <= 0 && num.exp >= -22)
        return (double)(int64_t)num.coef / powers[-num.exp];
    struct buf text = { 0 };
    sql_num_print(num, false, &text);
    double value = strtod(buf_str(&text), NULL);
    buf_deinit(&text);
    return value;
}

bool sql_num_to_int64(struct sql_num num, int64_t *ret_value)
{
    if (num.exp != 0 || num.coef < INT64_MIN || num.coef > INT64_MAX) return false;
    *ret_value = (int64_t)num.coef;
    return true;
}

/* Returns the number of digits; text has room for 40. */
static int print_digits(u128 value, char *text)
{
    int n = 0;
    char reversed[40];
    do {
        reversed[n++] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    for (int i = 0; i < n; i++)
        text[i] = reversed[n - 1 - i];
    return n;
}

void sql_num_print(struct sql_num num, bool whole_as_decimal, struct buf *out)
{
    char digits[40];
    int n = print_digits(magnitude(num.coef), digits);
    int first = num.exp + n - 1; /* exponent of the first digit */
    if (num.coef < 0) buf_putc(out, '-');
    if (num.exp == 0) {
        buf_append(out, digits, (size_t)n);
        if (whole_as_decimal) buf_puts(out, ".0");
    } else if (num.exp > 0 || first < -7) {
        buf_putc(out, digits[0]);
        if (n > 1) buf_putc(out, '.');
        buf_append(out, digits + 1, (size_t)(n - 1));
        buf_printf(out, "e%d", first);
    } else if (first < 0) {
        buf_puts(out, "0.");
        for (int i = -1; i > first; i--)
            buf_putc(out, '0');
        buf_append(out, digits, (size_t)n);
    } else {
        buf_append(out, digits, (size_t)first + 1);
        buf_putc(out, '.');
        buf_append(out, digits + first + 1, (size_t)(n - first - 1));
    }
}

struct sql_num sql_num_neg(struct sql_num num)
{
    num.coef = -num.coef;
    return num;
}

int sql_num_cmp(struct sql_num a, struct sql_num b)
{
    int sign = sql_num_sign(a);
    if (sign != sql_num_sign(b)) return sign < sql_num_sign(b) ? -1 : 1;
    if (sign == 0) return 0;
    u128 x = magnitude(a.coef), y = magnitude(b.coef);
    int nx = digits_of(x), ny = digits_of(y);
    if (a.exp + nx != b.exp + ny) return a.exp + nx < b.exp + ny ? -sign : sign;
    if (nx < ny) x *= pow10_of(ny - nx);
    if (ny < nx) y *= pow10_of(nx - ny);
    return x == y ? 0 : x < y ? -sign : sign;
}

/* Gives both the exponent of the smaller one, as far as ROOM digits reach; the smaller number is
 * rounded when they do not. */
static int align(struct sql_num *a, struct sql_num *b)
{
    struct sql_num *high = a->exp > b->exp ? a : b, *low = high == a ? b : a;
    if (high->coef == 0) high->exp = low->exp;
    int apart = high->exp - low->exp, room = ROOM - digits_of(magnitude(high->coef));
    int up = apart < room ? apart : room;
    high->coef *= (__int128)pow10_of(up);
    high->exp -= up;
    if (apart > up) {
        u128 cut = drop_digits(magnitude(low->coef), apart - up, false);
        low->coef = low->coef < 0 ? -(__int128)cut : (__int128)cut;
        low->exp = high->exp;
    }
    return high->exp;
}

bool sql_num_add(struct sql_num a, struct sql_num b, struct sql_num *ret_num)
{
    if (a.coef == 0 || b.coef == 0) {
        *ret_num = a.coef == 0 ? b : a;
        return true;
    }
    int exp = align(&a, &b);
    __int128 sum = a.coef + b.coef;
    return make(sum < 0, magnitude(sum), exp, ret_num);
}

bool sql_num_sub(struct sql_num a, struct sql_num b, struct sql_num *ret_num)
{
    return sql_num_add(a, sql_num_neg(b), ret_num);
}

bool sql_num_mul(struct sql_num a, struct sql_num b, struct sql_num *ret_num)
{
    u128 x = magnitude(a.coef), y = magnitude(b.coef);
    int64_t exp = (int64_t)a.exp + b.exp;
    int nx = digits_of(x), ny = digits_of(y);
    while (nx + ny > ROOM) {
        u128 *longer = nx > ny ? &x : &y;
        int other = nx > ny ? ny : nx, length = nx > ny ? nx : ny;
        int cut = nx + ny - ROOM;
        if (length - cut < other) cut = (length - other + 1) / 2 + (length == other);
        *longer = drop_digits(*longer, cut, false);
        exp += cut;
        nx = digits_of(x);
        ny = digits_of(y);
    }
    return make((a.coef < 0) != (b.coef < 0), x * y, exp, ret_num);
}

bool sql_num_div(struct sql_num a, struct sql_num b, struct sql_num *ret_num)
{
    if (b.coef == 0) return false;
    u128 x = magnitude(a.coef), y = magnitude(b.coef);
    u128 quotient = x / y, rest = x % y;
    int64_t exp = (int64_t)a.exp - b.exp;
    for (int i = 0; rest && i < DIV_STEPS && digits_of(quotient) < DIGITS; i++) {
        rest *= 10;
        quotient = quotient * 10 + rest / y;
        rest %= y;
        exp--;
    }
    if (rest) {
        double value = sql_num_to_double(a) / sql_num_to_double(b);
        if (isfinite(value) && fabs(value) > 1e-300) return sql_num_of_double(value, ret_num);
    }
    return make((a.coef < 0) != (b.coef < 0), quotient, exp, ret_num);
}

bool sql_num_div_int(struct sql_num a, struct sql_num b, struct sql_num *ret_num)
{
    if (b.coef == 0) return false;
    *ret_num = (struct sql_num){ a.coef / b.coef, 0 };
    return true;
}

/* coef * 10^exp modulo m, by way of single digits: m < 10^34, so a remainder times 10 fits. */
static u128 scaled_mod(u128 coef, int64_t exp, u128 m)
{
    coef %= m;
    for (; exp > 0 && coef; exp--)
        coef = coef * 10 % m;
    return coef;
}

bool sql_num_mod(struct sql_num a, struct sql_num b, struct sql_num *ret_num)
{
    if (b.coef == 0) return false;
    u128 x = magnitude(a.coef), y = magnitude(b.coef);
    if (a.exp >= b.exp)
        return make(a.coef < 0, scaled_mod(x, (int64_t)a.exp - b.exp, y), b.exp, ret_num);
    /* b is given the exponent of a; when it does not fit then, b is the larger one by far */
    int apart = b.exp - a.exp;
    if (apart + digits_of(y) > ROOM) {
        *ret_num = a;
        return true;
    }
    return make(a.coef < 0, x % (y * pow10_of(apart)), a.exp, ret_num);
}

struct sql_num sql_num_round(struct sql_num num, enum sql_rounding how, int places)
{
    int cut = -num.exp - places;
    if (cut <= 0) return num;
    u128 value = magnitude(num.coef), kept = 0, rest = value, half = 1;
    if (cut <= ROOM) {
        u128 unit = pow10_of(cut);
        kept = value / unit;
        rest = value % unit;
        half = unit / 2;
    }
    bool negative = num.coef < 0, up = false;
    switch (how) {
    case SQL_TRUNC:
        break;
    case SQL_FLOOR:
        up = negative && rest;
        break;
    case SQL_CEIL:
        up = !negative && rest;
        break;
    case SQL_NEAREST:
        up = cut <= ROOM && rest >= half;
        break;
    }
    struct sql_num rounded = { 0, 0 };
    make(negative, kept + up, -places, &rounded);
    return rounded;
}
