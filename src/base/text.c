/* text.c — see text.h. */
#include "base/text.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int32_t utf8_next(struct slice text, size_t *at)
{
    const uint8_t *p = (const uint8_t *)text.ptr + *at;
    size_t left = text.len - *at;
    if (left == 0) return -1;
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
    static const int32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < (size_t)more + 1) return -1;
    int32_t code = p[0] & (0x3f >> more);
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) return -1;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return -1;
    *at += (size_t)more + 1;
    return code;
}

bool utf8_valid(struct slice text)
{
    size_t at = 0;
    while (at < text.len) {
        if ((uint8_t)text.ptr[at] < 0x80) {
            at++;
            continue;
        }
        if (utf8_next(text, &at) < 0) return false;
    }
    return true;
}

static size_t char_len(struct slice text, size_t at)
{
    size_t end = at;
    return utf8_next(text, &end) < 0 ? 1 : end - at; /* a broken one: byte by byte */
}

/* When something does not match, the last '*' takes one byte more: no star before it need be tried again. */
bool text_glob(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, taken = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.len && pattern.ptr[p] == '?') {
            t += char_len(text, t);
            p++;
        } else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            taken += char_len(text, taken);
            t = taken;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

void utf8_put(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_put_u8(out, (uint8_t)c);
    } else if (c < 0x800) {
        buf_put_u8(out, (uint8_t)(0xc0 | c >> 6));
        buf_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_put_u8(out, (uint8_t)(0xe0 | c >> 12));
        buf_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        buf_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        buf_put_u8(out, (uint8_t)(0xf0 | c >> 18));
        buf_put_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        buf_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        buf_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

void hex_encode(const void *data, size_t len, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = digits[p[i] >> 4];
        ret_text[2 * i + 1] = digits[p[i] & 15];
    }
    ret_text[2 * len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int hex_decode(struct slice text, uint8_t *ret_data, size_t len)
{
    if (text.len != 2 * len) return ERR_MALFORMED;
    for (size_t i = 0; i < text.len; i++)
        if (hex_digit(text.ptr[i]) < 0) return ERR_MALFORMED;
    for (size_t i = 0; i < len; i++)
        ret_data[i] = (uint8_t)(hex_digit(text.ptr[2 * i]) << 4 | hex_digit(text.ptr[2 * i + 1]));
    return 0;
}

static void base64_with(struct buf *out, const uint8_t *p, size_t len, const char *last, bool pad)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
#define DIGIT(v) ((v) < 62 ? common[v] : last[(v)-62])
    char *to = buf_reserve(out, (len + 2) / 3 * 4);
    size_t n = 0;
    for (; len >= 3; p += 3, len -= 3) {
        to[n++] = DIGIT(p[0] >> 2);
        to[n++] = DIGIT((p[0] & 3) << 4 | p[1] >> 4);
        to[n++] = DIGIT((p[1] & 15) << 2 | p[2] >> 6);
        to[n++] = DIGIT(p[2] & 63);
    }
    if (len > 0) {
        int b1 = len > 1 ? p[1] : 0;
        to[n++] = DIGIT(p[0] >> 2);
        to[n++] = DIGIT((p[0] & 3) << 4 | b1 >> 4);
        if (len > 1) to[n++] = DIGIT((b1 & 15) << 2);
        for (; pad && n % 4;)
            to[n++] = '=';
    }
#undef DIGIT
    out->len += n;
    out->data[out->len] = '\0';
}

void base64_encode(struct buf *out, const void *data, size_t len)
{
    base64_with(out, data, len, "+/", true);
}

void base64url_encode(struct buf *out, const void *data, size_t len)
{
    base64_with(out, data, len, "-_", false);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(struct buf *out, struct slice text)
{
    if (text.len % 4) return ERR_MALFORMED;
    size_t digits = text.len;
    while (digits > 0 && text.len - digits < 2 && text.ptr[digits - 1] == '=')
        digits--;
    char *to = buf_reserve(out, digits / 4 * 3 + 3);
    size_t n = 0;
    uint32_t acc = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = base64_digit(text.ptr[i]);
        if (digit < 0) return ERR_MALFORMED;
        acc = (acc << 6 | (uint32_t)digit) & 0xffffff;
        if (i % 4 == 1) to[n++] = (char)(acc >> 4);
        if (i % 4 == 2) to[n++] = (char)(acc >> 2);
        if (i % 4 == 3) to[n++] = (char)acc;
    }
    if (digits % 4 == 1 || (digits % 4 == 2 && (acc & 15)) || (digits % 4 == 3 && (acc & 3)))
        return ERR_MALFORMED;
    out->len += n;
    out->data[out->len] = '\0';
    return 0;
}

int base64url_decode(struct buf *out, struct slice text)
{
    struct buf plain = { 0 };
    int rc = 0;
    for (size_t i = 0; i < text.len && rc == 0; i++) {
        char c = text.ptr[i];
        if (c == '+' || c == '/' || c == '=') rc = ERR_MALFORMED;
        buf_putc(&plain, c == '-' ? '+' : c == '_' ? '/' : c);
    }
    while (plain.len % 4)
        buf_putc(&plain, '=');
    if (rc == 0) rc = base64_decode(out, buf_slice(&plain));
    buf_deinit(&plain);
    return rc;
}

static bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void url_encode(struct buf *out, struct slice text, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (unreserved(c) || (c && strchr(keep, c))) {
            buf_putc(out, c);
            continue;
        }
        char *to = buf_reserve(out, 3);
        to[0] = '%';
        to[1] = digits[(uint8_t)c >> 4];
        to[2] = digits[(uint8_t)c & 15];
        out->len += 3;
        out->data[out->len] = '\0';
    }
}

int url_decode(struct buf *out, struct slice text)
{
    size_t start = out->len;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        if (byte == '%') {
            if (hex_decode(slice_of(text.ptr + i + 1, text.len - i < 3 ? 0 : 2), &byte, 1) < 0 ||
                byte == 0) {
                out->len = start;
                return ERR_MALFORMED;
            }
            i += 2;
        }
        buf_put_u8(out, byte);
    }
    return 0;
}

size_t text_from_int(int64_t value, char ret_text[20])
{
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0) digits[--at] = '-';
    memcpy(ret_text, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

int text_to_int(struct slice text, int64_t min, int64_t max, int64_t *ret_value)
{
    size_t at = text.len && text.ptr[0] == '-';
    if (at == text.len || text.len - at > 19) return ERR_INVALID;
    __int128 value = 0;
    for (size_t i = at; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return ERR_INVALID;
        value = value * 10 + (text.ptr[i] - '0');
    }
    if (at) value = -value;
    if (value < min || value > max) return ERR_INVALID;
    *ret_value = (int64_t)value;
    return 0;
}

unsigned text_distance(struct slice a, struct slice b)
{
    enum { MOST = 64 };
    unsigned rows[3][MOST + 1];
    size_t n = a.len < MOST ? a.len : MOST, m = b.len < MOST ? b.len : MOST;
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = before[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = last[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        unsigned *reused = before;
        before = last;
        last = row;
        row = reused;
    }
    return last[m];
}

void text_iso8601(int64_t epoch_ms, char ret_text[25])
{
    time_t seconds = (time_t)(epoch_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char text[64];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(epoch_ms % 1000));
    memcpy(ret_text, text, 24);
    ret_text[24] = '\0';
}
