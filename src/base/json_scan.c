/* json_scan.c — is this text a JSON document by RFC 8259, within limits?
 * It runs before cJSON sees the text, because cJSON lets much pass (leading zeros, any control
 * character as space, raw control characters and broken UTF-8 in strings, a cut \u0000) and knows
 * no limits but its own 1000 levels. What passes here, cJSON takes. Recursion is bounded by the
 * depth limit, the work by the length: one pass, and a second over the front part only to name the
 * line of an error. On the way it notes the numbers whose text must be kept. */
#include "base/json_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 1000 }; /* cJSON refuses more */

struct scan {
    struct slice text;
    size_t at;
    const struct json_limits *limits;
    size_t nodes;
    int depth;
    struct json_kept_list *kept;
    struct diag *diag;
};

static int scan_value(struct scan *s);

static int fail_at(struct scan *s, size_t at, int code, const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < s->text.len; i++) {
        if (s->text.ptr[i] == '\n')
            line++, column = 1;
        else if (((uint8_t)s->text.ptr[i] & 0xc0) != 0x80)
            column++;
    }
    return diag_set(s->diag, code, "line %zu, column %zu: %s", line, column, what);
}

/* Complains about what stands at the cursor, where something else was expected. */
static int fail_expected(struct scan *s, const char *expected)
{
    char found[40], what[160];
    size_t next = s->at;
    int code = ERR_SYNTAX;
    if (s->at >= s->text.len) {
        snprintf(found, sizeof found, "the end");
    } else if (isprint((unsigned char)s->text.ptr[s->at])) {
        snprintf(found, sizeof found, "'%c'", s->text.ptr[s->at]);
    } else {
        snprintf(found, sizeof found, "byte 0x%02x", (unsigned char)s->text.ptr[s->at]);
        if (utf8_next(s->text, &next) < 0) code = ERR_ENCODING;
    }
    snprintf(what, sizeof what, "expected %s, found %s", expected, found);
    return fail_at(s, s->at, code, what);
}

static int peek(const struct scan *s)
{
    return s->at < s->text.len ? (unsigned char)s->text.ptr[s->at] : -1;
}

static void skip_space(struct scan *s)
{
    for (int c = peek(s); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = peek(s))
        s->at++;
}

static int scan_hex4(struct scan *s, uint32_t *ret_unit)
{
    uint8_t bytes[2];
    if (s->text.len - s->at < 4 || hex_decode(slice_of(s->text.ptr + s->at, 4), bytes, 2) < 0)
        return fail_at(s, s->at, ERR_SYNTAX, "expected four hexadecimal digits after \\u");
    *ret_unit = (uint32_t)bytes[0] << 8 | bytes[1];
    s->at += 4;
    return 0;
}

/* After "\u". */
static int scan_unicode(struct scan *s)
{
    size_t start = s->at - 2;
    uint32_t unit, low;
    int rc = scan_hex4(s, &unit);
    if (rc < 0) return rc;
    if (unit == 0) return fail_at(s, start, ERR_SYNTAX, "U+0000 in a string");
    if (unit < 0xd800 || unit > 0xdfff) return 0;
    if (unit > 0xdbff || s->text.len - s->at < 2 || s->text.ptr[s->at] != '\\' ||
        s->text.ptr[s->at + 1] != 'u')
        return fail_at(s, start, ERR_ENCODING, "half of a surrogate pair");
    s->at += 2;
    rc = scan_hex4(s, &low);
    if (rc < 0) return rc;
    if (low < 0xdc00 || low > 0xdfff)
        return fail_at(s, start, ERR_ENCODING, "half of a surrogate pair");
    return 0;
}

static int scan_escape(struct scan *s)
{
    s->at++;
    int c = peek(s);
    if (c < 0 || c == 0 || !strchr("\"\\/bfnrtu", c)) return fail_expected(s, "an escape");
    s->at++;
    return c == 'u' ? scan_unicode(s) : 0;
}

/* At the opening quote. */
static int scan_string(struct scan *s)
{
    size_t start = s->at++;
    for (;;) {
        int c = peek(s), rc = 0;
        if (c < 0) return fail_at(s, start, ERR_SYNTAX, "a string without end");
        if (c == '"') break;
        if (c < 0x20) return fail_at(s, s->at, ERR_SYNTAX, "a bare control character in a string");
        if (c == '\\')
            rc = scan_escape(s);
        else if (c < 0x80)
            s->at++;
        else if (utf8_next(s->text, &s->at) < 0)
            rc = fail_at(s, s->at, ERR_ENCODING, "not UTF-8");
        if (rc < 0) return rc;
    }
    s->at++;
    return 0;
}

static void keep(struct json_kept_list *list, size_t node, struct slice text)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 8;
        list->items = xrealloc(list->items, list->cap * sizeof *list->items);
    }
    list->items[list->count++] = (struct json_kept){ node, text };
}

static int scan_number(struct scan *s)
{
    struct slice rest = slice_from(s->text, s->at);
    rest.len = json_number_span(rest);
    if (rest.len == 0) return fail_at(s, s->at, ERR_SYNTAX, "not a number");
    if (s->kept && !json_number_is_plain(rest)) keep(s->kept, s->nodes - 1, rest);
    s->at += rest.len;
    return 0;
}

static int scan_word(struct scan *s)
{
    static const struct slice words[] = { SLICE_LIT("true"), SLICE_LIT("false"),
                                          SLICE_LIT("null") };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!slice_starts(slice_from(s->text, s->at), words[i].ptr)) continue;
        s->at += words[i].len;
        return 0;
    }
    return fail_expected(s, "a value");
}

static int scan_member(struct scan *s)
{
    skip_space(s);
    if (peek(s) != '"') return fail_expected(s, "a key in quotes");
    int rc = scan_string(s);
    if (rc < 0) return rc;
    skip_space(s);
    if (peek(s) != ':') return fail_expected(s, "':'");
    s->at++;
    return scan_value(s);
}

/* At the opening bracket. */
static int scan_container(struct scan *s, int close, int (*scan_item)(struct scan *s))
{
    if (s->depth >= s->limits->depth || s->depth >= DEPTH_MAX)
        return fail_at(s, s->at, ERR_DEPTH, "nested too deeply");
    s->depth++;
    s->at++;
    skip_space(s);
    bool more = peek(s) != close;
    while (more) {
        int rc = scan_item(s);
        if (rc < 0) return rc;
        skip_space(s);
        more = peek(s) == ',';
        if (!more && peek(s) != close)
            return fail_expected(s, close == ']' ? "',' or ']'" : "',' or '}'");
        s->at += more;
    }
    s->at++;
    s->depth--;
    return 0;
}

static int scan_value(struct scan *s)
{
    skip_space(s);
    if (s->nodes >= s->limits->nodes) return fail_at(s, s->at, ERR_LIMIT, "too many values");
    s->nodes++;
    int c = peek(s);
    if (c == '{') return scan_container(s, '}', scan_member);
    if (c == '[') return scan_container(s, ']', scan_value);
    if (c == '"') return scan_string(s);
    if (c == '-' || (c >= '0' && c <= '9')) return scan_number(s);
    return scan_word(s);
}

int json_scan(struct slice text, const struct json_limits *limits, struct json_kept_list *kept,
              struct diag *diag)
{
    if (text.len > limits->bytes)
        return diag_set(diag, ERR_TOO_LARGE, "%zu bytes of JSON where %zu are allowed", text.len,
                        limits->bytes);
    struct scan s = { .text = text, .limits = limits, .kept = kept, .diag = diag };
    int rc = scan_value(&s);
    if (rc < 0) return rc;
    skip_space(&s);
    return s.at == text.len ? 0 : fail_expected(&s, "the end");
}
