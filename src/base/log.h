/* log.h — the one way to stderr. Thread safe; a line is one write.
 *
 *   LOG(LOG_WARN, "hub", "publish refused", LOG_S("client", id), LOG_S("topic", topic));
 *
 * text:  2026-11-24T06:34:50.123Z warn  hub: publish refused client=lamp topic="a b"
 * json:  {"time":"…","level":"warn","area":"hub","message":"publish refused","client":"lamp",…}
 * Under systemd (JOURNAL_STREAM) a text line begins with its priority, "<4>", and has no time.
 * No secret is ever a field. Control characters of values are escaped; values above 256 bytes are cut. Never
 * blocks: a line that stderr has no room for is dropped, and the next one that fits tells how many were. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *name;
    enum { LOG_FIELD_STR, LOG_FIELD_INT } type;
    struct slice text;
    int64_t number;
};

#define LOG_S(key, value)     ((struct log_field){ (key), LOG_FIELD_STR, slice_str(value), 0 })
#define LOG_SLICE(key, value) ((struct log_field){ (key), LOG_FIELD_STR, (value), 0 })
#define LOG_I(key, value)     ((struct log_field){ (key), LOG_FIELD_INT, { 0, 0 }, (int64_t)(value) })
/* For an error code: its name and text as one value. */
#define LOG_ERR(code) LOG_S("error", err_text(code))

#define LOG(level, area, message, ...)                                     \
    do {                                                                   \
        if (log_enabled(level)) {                                          \
            const struct log_field log_fields_[] = { { 0 }, __VA_ARGS__ }; \
            log_write((level), (area), (message), log_fields_ + 1,         \
                      sizeof log_fields_ / sizeof *log_fields_ - 1);       \
        }                                                                  \
    } while (0)

void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count);
bool log_enabled(enum log_level level);

/* For what may happen very often: one line in a while, which tells how often it did. Zero-initialised is
 * valid. */
struct log_pace {
    int64_t next_ms; /* before that nothing is said */
    int64_t count;   /* since something was said */
};
/* It has happened once more. 0: say nothing now; else how often it has, since that was said last. */
int64_t log_pace(struct log_pace *pace, int64_t every_ms, int64_t now_ms);

/* May be called again (reload). Before the first call: info, text. */
void log_configure(enum log_level level, enum log_format format);
/* Takes each finished line instead of stderr; NULL puts stderr back. For tests. */
typedef void (*log_sink_cb)(const char *line, size_t len);
void log_set_sink(log_sink_cb sink);

#endif
