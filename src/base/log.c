/* log.c — formats a line into a buffer of the thread and writes it at once; see log.h. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };
/* syslog(3): 3 error, 4 warning, 6 info, 7 debug */
static const int level_priorities[] = { 3, 4, 6, 7, 7 };

static _Atomic int current_level = LOG_INFO;
static _Atomic int current_format = LOG_TEXT;
static log_sink_cb current_sink;

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

void log_configure(enum log_level level, enum log_format format)
{
    atomic_store(&current_level, (int)level);
    atomic_store(&current_format, (int)format);
}

void log_set_sink(log_sink_cb sink)
{
    current_sink = sink;
}

static void put_escaped(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t at = i;
        if (c == '"' || c == '\\') {
            buf_printf(out, "\\%c", c);
            i++;
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(out, "\\u%04x", c);
            i++;
        } else if (utf8_next(text, &at) < 0) {
            buf_puts(out, "\\ufffd");
            i++;
        } else {
            buf_append(out, text.ptr + i, at - i);
            i = at;
        }
    }
}

static void put_quoted(struct buf *out, struct slice text)
{
    buf_putc(out, '"');
    put_escaped(out, text);
    buf_putc(out, '"');
}

static bool plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f) return false;
    }
    return text.len > 0;
}

static void put_value(struct buf *out, const struct log_field *field, bool always_quote)
{
    if (field->type == LOG_FIELD_INT)
        buf_printf(out, "%lld", (long long)field->number);
    else if (always_quote || !plain(field->text))
        put_quoted(out, field->text);
    else
        buf_put_slice(out, field->text);
}

static void format_text(struct buf *out, enum log_level level, const char *area,
                        const char *message, const struct log_field *fields, size_t count)
{
    if (getenv("JOURNAL_STREAM")) {
        buf_printf(out, "<%d>%s: ", level_priorities[level], area);
    } else {
        char time[25];
        text_iso8601(clock_real_ms(), time);
        buf_printf(out, "%s %-5s %s: ", time, level_names[level], area);
    }
    buf_puts(out, message);
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, " %s=", fields[i].name);
        put_value(out, &fields[i], false);
    }
}

static void format_json(struct buf *out, enum log_level level, const char *area,
                        const char *message, const struct log_field *fields, size_t count)
{
    char time[25];
    text_iso8601(clock_real_ms(), time);
    buf_printf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":", time,
               level_names[level], area);
    put_quoted(out, slice_str(message));
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, ",\"%s\":", fields[i].name);
        put_value(out, &fields[i], true);
    }
    buf_putc(out, '}');
}

void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count)
{
    struct buf line = { 0 };
    if (atomic_load_explicit(&current_format, memory_order_relaxed) == LOG_JSON)
        format_json(&line, level, area, message, fields, count);
    else
        format_text(&line, level, area, message, fields, count);
    buf_putc(&line, '\n');
    if (current_sink) {
        current_sink(line.data, line.len);
    } else {
        while (write(STDERR_FILENO, line.data, line.len) < 0 && errno == EINTR)
            ;
    }
    buf_deinit(&line);
}
