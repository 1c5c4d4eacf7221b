/* output.c — tables and fields out of JSON (see output.h).
 *
 * A value becomes one line of text: an object "a=1 b=2", an array "x, y", nothing for what is
 * absent. What a device or another administrator has written into the registry is shown with its
 * control characters replaced, so that no name can speak to the terminal. */
#include "cli/output.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ---------------------------------------------------------------------------------- */

/* C0, DEL and C1. */
static bool is_control(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static void put_clean(struct buf *out, struct slice text, bool lines)
{
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        int32_t c = utf8_next(text, &at);
        if (c < 0) {
            buf_putc(out, '?');
            at = from + 1;
        } else if (is_control(c) && !(lines && (c == '\n' || c == '\t'))) {
            buf_putc(out, '?');
        } else {
            buf_append(out, text.ptr + from, at - from);
        }
    }
}

static void put_value(struct buf *out, const struct json *value);

static void put_elements(struct buf *out, const struct json *container)
{
    const char *separator = "";
    json_for_each(element, container) {
        buf_puts(out, separator);
        if (json_key(element)) buf_printf(out, "%s=", json_key(element));
        put_value(out, element);
        separator = json_is(container, JSON_ARRAY) ? ", " : " ";
    }
}

static void put_value(struct buf *out, const struct json *value)
{
    if (!value || json_is(value, JSON_NULL)) return;
    if (json_str(value))
        buf_puts(out, json_str(value));
    else if (json_is(value, JSON_OBJECT) || json_is(value, JSON_ARRAY))
        put_elements(out, value);
    else
        json_print(value, out);
}

/* Up to the second. */
static void put_time(struct buf *out, const struct json *value)
{
    char text[25];
    double seconds = json_number(value);
    if (!json_is(value, JSON_NUMBER) || !(fabs(seconds) < 1e11)) {
        put_value(out, value);
        return;
    }
    text_iso8601((int64_t)floor(seconds) * 1000, text);
    buf_printf(out, "%.19sZ", text);
}

static void put_cell(struct buf *out, const struct json *object, const struct output_column *column)
{
    const struct json *value = output_find(object, column->path);
    struct buf raw = { 0 };
    if (column->kind == OUTPUT_TIME)
        put_time(&raw, value);
    else if (column->kind == OUTPUT_FLAG)
        buf_puts(&raw, json_is_true(value) ? "yes" : "");
    else if (column->kind == OUTPUT_JSON && value)
        json_print(value, &raw);
    else
        put_value(&raw, value);
    put_clean(out, buf_slice(&raw), false);
    buf_deinit(&raw);
}

const struct json *output_find(const struct json *object, const char *path)
{
    const struct json *value = object;
    while (value && *path) {
        size_t len = strcspn(path, ".");
        value = json_get_slice(value, slice_of(path, len));
        path += len + (path[len] == '.');
    }
    return value;
}

/* Columns on the screen, near enough: one for each code point. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void put_padded(FILE *out, const char *text, int width)
{
    fprintf(out, "%s%*s", text, width - width_of(text), "");
}

/* ---- tables --------------------------------------------------------------------------------- */

static size_t column_count(const struct output_column *columns)
{
    size_t count = 0;
    while (columns[count].title)
        count++;
    return count;
}

static void put_line(FILE *out, const struct buf *cells, const int *widths, size_t count)
{
    size_t last = count;
    while (last > 1 && cells[last - 1].len == 0)
        last--;
    for (size_t i = 0; i + 1 < last; i++)
        put_padded(out, buf_str(&cells[i]), widths[i] + 2);
    fprintf(out, "%s\n", buf_str(&cells[last - 1]));
}

void output_table(FILE *out, const struct output_column *columns, const struct json *rows)
{
    const size_t count = column_count(columns), lines = json_count(rows) + 1;
    struct buf *cells = xcalloc(lines * count, sizeof *cells);
    int *widths = xcalloc(count, sizeof *widths);
    size_t at = count;
    for (size_t i = 0; i < count; i++)
        buf_puts(&cells[i], columns[i].title);
    json_for_each(row, rows) {
        for (size_t i = 0; i < count; i++)
            put_cell(&cells[at++], row, &columns[i]);
    }
    for (size_t i = 0; i < at; i++) {
        int width = width_of(buf_str(&cells[i]));
        if (width > widths[i % count]) widths[i % count] = width;
    }
    for (size_t i = 0; i < lines; i++)
        put_line(out, cells + i * count, widths, count);
    for (size_t i = 0; i < lines * count; i++)
        buf_deinit(&cells[i]);
    free(cells);
    free(widths);
}

/* ---- fields --------------------------------------------------------------------------------- */

void output_fields(FILE *out, const struct output_column *columns, const struct json *object)
{
    const size_t count = column_count(columns);
    struct buf *cells = xcalloc(count, sizeof *cells);
    int width = 0;
    for (size_t i = 0; i < count; i++) {
        put_cell(&cells[i], object, &columns[i]);
        if (cells[i].len && width_of(columns[i].title) > width) width = width_of(columns[i].title);
    }
    for (size_t i = 0; i < count; i++) {
        if (cells[i].len) {
            put_padded(out, columns[i].title, width + 2);
            fprintf(out, "%s\n", buf_str(&cells[i]));
        }
        buf_deinit(&cells[i]);
    }
    free(cells);
}

/* Rows { "name", "value" } of all scalars below. */
static void collect(struct json *rows, const char *prefix, const struct json *object)
{
    json_for_each(member, object) {
        char *name = xasprintf("%s%s%s", prefix, *prefix ? "." : "", json_key(member));
        if (json_is(member, JSON_OBJECT)) {
            collect(rows, name, member);
        } else {
            struct json *row = json_push(rows, json_new_object());
            json_set_str(row, "name", name);
            json_set(row, "value", json_dup(member));
        }
        free(name);
    }
}

void output_tree(FILE *out, const struct json *object)
{
    static const struct output_column name = { "", "name" }, value = { "", "value" };
    struct json *rows = json_new_array();
    struct buf left = { 0 }, right = { 0 };
    int width = 0;
    collect(rows, "", object);
    json_for_each(row, rows) {
        int own = width_of(json_get_str(row, "name"));
        if (own > width) width = own;
    }
    json_for_each(row, rows) {
        buf_clear(&left);
        buf_clear(&right);
        put_cell(&left, row, &name);
        put_cell(&right, row, &value);
        put_padded(out, buf_str(&left), width + 2);
        fprintf(out, "%s\n", buf_str(&right));
    }
    buf_deinit(&left);
    buf_deinit(&right);
    json_free(rows);
}

/* ---- the rest ------------------------------------------------------------------------------- */

void output_block(FILE *out, const char *text)
{
    struct buf clean = { 0 };
    put_clean(&clean, slice_str(text), true);
    fputs(buf_str(&clean), out);
    if (clean.len && clean.data[clean.len - 1] != '\n') fputc('\n', out);
    buf_deinit(&clean);
}

void output_json(FILE *out, const struct json *json)
{
    struct buf text = { 0 };
    json_print_pretty(json, &text);
    output_block(out, buf_str(&text));
    buf_deinit(&text);
}
