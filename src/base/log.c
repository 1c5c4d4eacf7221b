/* log.c — formats a line and writes it at once; see log.h.
 * A reader of stderr that stands still must not stop the hub: a line is shorter than what a pipe takes whole
 * (PIPE_BUF), and is written only when poll says that there is room; else it is dropped and counted, and the
 * next line that finds room tells how many were lost. Values are cut, so that a peer cannot fill a disk with
 * long names. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };
/* syslog(3): 3 error, 4 warning, 6 info, 7 debug */
static const int level_priorities[] = { 3, 4, 6, 7, 7 };

static _Atomic int current_level = LOG_INFO;
static _Atomic int current_format = LOG_TEXT;
static log_sink_cb current_sink;
static _Atomic int64_t lost; /* lines since the last one that was written */

enum { VALUE_MAX = 256, LINE_MAX_LEN = 4000 };

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

/* Cut before a character that would be broken. */
static struct slice shortened(struct slice text)
{
    if (text.len <= VALUE_MAX) return text;
    size_t len = VALUE_MAX;
    while (len > VALUE_MAX - 4 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return slice_of(text.ptr, len);
}

static void put_value(struct buf *out, const struct log_field *field, bool always_quote)
{
    struct slice text = shortened(field->text);
    if (field->type == LOG_FIELD_INT)
        buf_printf(out, "%lld", (long long)field->number);
    else if (always_quote || text.len < field->text.len || !plain(text))
        put_quoted(out, text);
    else
        buf_put_slice(out, text);
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

static void format(struct buf *out, enum log_level level, const char *area, const char *message,
                   const struct log_field *fields, size_t count)
{
    if (atomic_load_explicit(&current_format, memory_order_relaxed) == LOG_JSON)
        format_json(out, level, area, message, fields, count);
    else
        format_text(out, level, area, message, fields, count);
    buf_putc(out, '\n');
}

/* False when the reader has no room now. */
static bool write_line(const struct buf *line)
{
    struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
    if (poll(&fd, 1, 0) == 0) return false;
    while (write(STDERR_FILENO, line->data, line->len) < 0 && errno == EINTR)
        ;
    return true;
}

static void tell_lost(void)
{
    int64_t count = atomic_exchange(&lost, 0);
    if (!count) return;
    struct buf line = { 0 };
    format(&line, LOG_WARN, "log", "lines were lost: nobody read them", &LOG_I("lines", count), 1);
    if (!write_line(&line)) atomic_fetch_add(&lost, count);
    buf_deinit(&line);
}

void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count)
{
    struct buf line = { 0 };
    format(&line, level, area, message, fields, count);
    while (line.len > LINE_MAX_LEN && count > 0) { /* the last fields go first */
        buf_clear(&line);
        format(&line, level, area, message, fields, --count);
    }
    if (current_sink) {
        current_sink(line.data, line.len);
    } else {
        tell_lost();
        if (!write_line(&line)) atomic_fetch_add(&lost, 1);
    }
    buf_deinit(&line);
}

int64_t log_pace(struct log_pace *pace, int64_t every_ms, int64_t now_ms)
{
    pace->count++;
    if (now_ms < pace->next_ms) return 0;
    int64_t count = pace->count;
    *pace = (struct log_pace){ .next_ms = now_ms + every_ms };
    return count;
}
