/* json_scan.c — text to tree: is it a JSON document by RFC 8259, within limits?
 * One pass checks and builds. The grammar is ours and not cJSON's, which lets much pass (leading
 * zeros, any control character as space, raw control characters and broken UTF-8 in strings, a cut
 * \u0000), knows no limits but its own 1000 levels, and keeps where it failed in a variable of the
 * process, so that two threads cannot parse at once. The tree is made by the builders of json.h and
 * the three of json_priv.h. Recursion is bounded by the depth limit, the work by the length: one
 * pass, and a second over the front part only to name the line of an error.
 *  I1  After a failure nothing of the tree is left.
 *  I2  Without `build` nothing is allocated, and ret_json stays untouched. */
#include "base/json_priv.h"

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 1000, FEW = 16 };

struct scan {
    struct slice text;
    size_t at;
    const struct json_limits *limits;
    size_t nodes;
    int depth;
    bool build;
    struct diag *diag;
};

static int scan_value(struct scan *s, struct json **ret_json);

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
    uint32_t unit = 0, low = 0;
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

/* At the opening quote. ret_raw is what stands between the quotes. */
static int scan_string(struct scan *s, struct slice *ret_raw, bool *ret_escapes)
{
    size_t start = s->at++;
    bool escapes = false;
    for (;;) {
        int c = peek(s), rc = 0;
        if (c < 0) return fail_at(s, start, ERR_SYNTAX, "a string without end");
        if (c == '"') break;
        if (c < 0x20) return fail_at(s, s->at, ERR_SYNTAX, "a bare control character in a string");
        if (c == '\\') {
            escapes = true;
            rc = scan_escape(s);
        } else if (c < 0x80) {
            s->at++;
        } else if (utf8_next(s->text, &s->at) < 0) {
            rc = fail_at(s, s->at, ERR_ENCODING, "not UTF-8");
        }
        if (rc < 0) return rc;
    }
    *ret_raw = slice_of(s->text.ptr + start + 1, s->at - start - 1);
    *ret_escapes = escapes;
    s->at++;
    return 0;
}

/* The code unit behind "\u". */
static uint32_t unit_at(const char *digits)
{
    uint8_t bytes[2] = { 0 };
    hex_decode(slice_of(digits, 4), bytes, sizeof bytes);
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* One escape, which scan_escape has passed: appends what it means, returns its length. */
static size_t put_unescaped(struct buf *out, const char *escape)
{
    static const char shorts[] = "b\bf\fn\nr\rt\t";
    if (escape[1] == 'u') {
        uint32_t unit = unit_at(escape + 2);
        bool pair = unit >= 0xd800 && unit < 0xdc00;
        if (pair) unit = 0x10000 + ((unit - 0xd800) << 10) + (unit_at(escape + 8) - 0xdc00);
        utf8_put(out, unit);
        return pair ? 12 : 6;
    }
    const char *found = NULL;
    for (const char *it = shorts; *it && !found; it += 2)
        if (*it == escape[1]) found = it;
    buf_putc(out, found ? found[1] : escape[1]);
    return 2;
}

/* Returns owned. */
static char *unescape(struct slice raw, bool escapes)
{
    if (!escapes) return xstrndup(raw.ptr, raw.len);
    struct buf out = { 0 };
    buf_reserve(&out, raw.len + 1); /* no escape is shorter than what it means */
    for (size_t at = 0; at < raw.len;) {
        const char *slash = memchr(raw.ptr + at, '\\', raw.len - at);
        size_t plain = slash ? (size_t)(slash - raw.ptr) - at : raw.len - at;
        buf_append(&out, raw.ptr + at, plain);
        at += plain;
        if (slash) at += put_unescaped(&out, slash);
    }
    return buf_take(&out, NULL);
}

static int scan_text(struct scan *s, struct json **ret_json)
{
    struct slice raw = { 0 };
    bool escapes = false;
    int rc = scan_string(s, &raw, &escapes);
    if (rc == 0 && s->build) *ret_json = json_new_str_taken(unescape(raw, escapes));
    return rc;
}

static int scan_number(struct scan *s, struct json **ret_json)
{
    struct slice rest = slice_from(s->text, s->at);
    rest.len = json_number_span(rest);
    if (rest.len == 0) return fail_at(s, s->at, ERR_SYNTAX, "not a number");
    if (s->build) *ret_json = json_new_number_known(rest);
    s->at += rest.len;
    return 0;
}

static int scan_word(struct scan *s, struct json **ret_json)
{
    static const struct slice words[] = { SLICE_LIT("true"), SLICE_LIT("false"),
                                          SLICE_LIT("null") };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!slice_starts(slice_from(s->text, s->at), words[i].ptr)) continue;
        s->at += words[i].len;
        if (s->build) *ret_json = i < 2 ? json_new_bool(i == 0) : json_new_null();
        return 0;
    }
    return fail_expected(s, "a value");
}

/* --- containers ------------------------------------------------------------------------------- */

/* An array or object in the making. `seen` has the members of an object of more than FEW. */
struct container {
    struct json *json; /* NULL: nothing is built */
    size_t count;
    struct map seen;
};

static struct json *earlier_of(const struct container *in, const char *key)
{
    return in->seen.count ? map_get_str(&in->seen, key) : json_get(in->json, key);
}

/* The last member of a key wins, in its place; or none may repeat. */
static int check_repeat(struct scan *s, struct container *in, size_t at, const char *key)
{
    struct json *earlier = earlier_of(in, key);
    if (!earlier) return 0;
    if (s->limits->unique_keys) return fail_at(s, at, ERR_SYNTAX, "a key that was there before");
    if (in->seen.count) map_del(&in->seen, slice_str(key));
    json_free(json_detach_child(in->json, earlier));
    in->count--;
    return 0;
}

static void add_member(struct container *in, char *key, struct json *value)
{
    json_append_taken(in->json, key, value);
    if (++in->count <= FEW && !in->seen.count) return;
    if (in->seen.count) {
        map_put(&in->seen, slice_str(key), value);
        return;
    }
    json_for_each(it, in->json)
        map_put(&in->seen, slice_str(json_key(it)), it);
}

/* The colon and the value behind a key. */
static int scan_rest_of_member(struct scan *s, struct json **ret_value)
{
    skip_space(s);
    if (peek(s) != ':') return fail_expected(s, "':'");
    s->at++;
    return scan_value(s, ret_value);
}

static int scan_member(struct scan *s, struct container *in)
{
    struct slice raw;
    bool escapes;
    struct json *value = NULL;
    skip_space(s);
    if (peek(s) != '"') return fail_expected(s, "a key in quotes");
    size_t start = s->at;
    int rc = scan_string(s, &raw, &escapes);
    if (rc < 0 || !s->build) return rc < 0 ? rc : scan_rest_of_member(s, &value);
    char *key = unescape(raw, escapes);
    rc = check_repeat(s, in, start, key);
    if (rc == 0) rc = scan_rest_of_member(s, &value);
    if (rc == 0)
        add_member(in, key, value);
    else
        free(key);
    return rc;
}

static int scan_item(struct scan *s, struct container *in)
{
    struct json *value = NULL;
    int rc = scan_value(s, &value);
    if (rc == 0 && s->build) json_append_taken(in->json, NULL, value);
    return rc;
}

/* Behind the opening bracket. */
static int scan_items(struct scan *s, int close,
                      int (*scan_one)(struct scan *s, struct container *in), struct container *in)
{
    skip_space(s);
    bool more = peek(s) != close;
    while (more) {
        int rc = scan_one(s, in);
        if (rc < 0) return rc;
        skip_space(s);
        more = peek(s) == ',';
        if (!more && peek(s) != close)
            return fail_expected(s, close == ']' ? "',' or ']'" : "',' or '}'");
        s->at += more;
    }
    s->at++;
    return 0;
}

/* At the opening bracket. */
static int scan_container(struct scan *s, int open, struct json **ret_json)
{
    bool object = open == '{';
    struct container in = { 0 };
    if (s->depth >= s->limits->depth || s->depth >= DEPTH_MAX)
        return fail_at(s, s->at, ERR_DEPTH, "nested too deeply");
    s->depth++;
    s->at++;
    if (s->build) in.json = object ? json_new_object() : json_new_array();
    int rc = object ? scan_items(s, '}', scan_member, &in) : scan_items(s, ']', scan_item, &in);
    map_deinit(&in.seen);
    if (rc < 0) {
        json_free(in.json);
        return rc;
    }
    s->depth--;
    if (s->build) *ret_json = in.json;
    return 0;
}

static int scan_value(struct scan *s, struct json **ret_json)
{
    skip_space(s);
    if (s->nodes >= s->limits->nodes) return fail_at(s, s->at, ERR_LIMIT, "too many values");
    s->nodes++;
    int c = peek(s);
    if (c == '{' || c == '[') return scan_container(s, c, ret_json);
    if (c == '"') return scan_text(s, ret_json);
    if (c == '-' || (c >= '0' && c <= '9')) return scan_number(s, ret_json);
    return scan_word(s, ret_json);
}

int json_scan(struct slice text, const struct json_limits *limits, struct json **ret_json,
              struct diag *diag)
{
    if (text.len > limits->bytes)
        return diag_set(diag, ERR_TOO_LARGE, "%zu bytes of JSON where %zu are allowed", text.len,
                        limits->bytes);
    struct scan s = { .text = text, .limits = limits, .build = ret_json != NULL, .diag = diag };
    struct json *json = NULL;
    int rc = scan_value(&s, &json);
    if (rc < 0) return rc;
    skip_space(&s);
    if (s.at != text.len) {
        json_free(json);
        return fail_expected(&s, "the end");
    }
    if (ret_json) *ret_json = json;
    return 0;
}
