/* json_print.c — JSON text of a tree; see json.h.
 * It knows the tree by its public functions only. Numbers print as json_number_text says, strings
 * with no more escapes than RFC 8259 section 7 asks for. Recursion is as deep as the tree, which
 * the limits of json_parse bound for what came from outside. */
#include "base/json.h"
#include "base/text.h"

static void put_escape(struct buf *out, unsigned char c)
{
    static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *it = shorts; *it; it += 2) {
        if ((unsigned char)*it != c) continue;
        buf_putc(out, '\\');
        buf_putc(out, it[1]);
        return;
    }
    buf_printf(out, "\\u%04x", c);
}

void json_print_str(struct buf *out, struct slice text)
{
    size_t at = 0, from = 0; /* from: what is not yet appended */
    if (text.len == 0) text.ptr = "";
    buf_putc(out, '"');
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        size_t next = at;
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            at++;
            continue;
        }
        if (c >= 0x80 && utf8_next(text, &next) >= 0) {
            at = next;
            continue;
        }
        buf_append(out, text.ptr + from, at - from);
        if (c >= 0x80)
            buf_puts(out, "\xef\xbf\xbd");
        else
            put_escape(out, c);
        from = ++at;
    }
    buf_append(out, text.ptr + from, at - from);
    buf_putc(out, '"');
}

static void put_line(struct buf *out, int indent)
{
    if (indent < 0) return;
    buf_putc(out, '\n');
    for (int i = 0; i < indent; i++)
        buf_puts(out, "  ");
}

static void put(struct buf *out, const struct json *json, int indent);

/* indent < 0: compact. */
static void put_container(struct buf *out, const struct json *json, const char *brackets,
                          int indent)
{
    int inner = indent < 0 ? indent : indent + 1;
    buf_putc(out, brackets[0]);
    json_for_each(it, json) {
        if (it != json_first(json)) buf_putc(out, ',');
        put_line(out, inner);
        if (json_key(it)) {
            json_print_str(out, slice_str(json_key(it)));
            buf_puts(out, indent < 0 ? ":" : ": ");
        }
        put(out, it, inner);
    }
    if (json_first(json)) put_line(out, indent);
    buf_putc(out, brackets[1]);
}

static void put(struct buf *out, const struct json *json, int indent)
{
    char scratch[32];
    switch (json_type(json)) {
    case JSON_NULL:
        buf_puts(out, "null");
        break;
    case JSON_BOOL:
        buf_puts(out, json_is_true(json) ? "true" : "false");
        break;
    case JSON_NUMBER:
        buf_put_slice(out, json_number_text(json, scratch));
        break;
    case JSON_STRING:
        json_print_str(out, slice_str(json_str(json)));
        break;
    case JSON_ARRAY:
        put_container(out, json, "[]", indent);
        break;
    case JSON_OBJECT:
        put_container(out, json, "{}", indent);
        break;
    }
}

void json_print(const struct json *json, struct buf *out)
{
    put(out, json, -1);
}

void json_print_pretty(const struct json *json, struct buf *out)
{
    put(out, json, 0);
}
