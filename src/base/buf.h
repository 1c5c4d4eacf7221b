/* buf.h — a growable run of bytes which always ends in a zero byte that len does not count.
 * Zero-initialised is valid and empty: `struct buf b = { 0 };`. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* NULL while nothing was ever added */
    size_t len;
    size_t cap;
};

void buf_deinit(struct buf *buf);
/* Makes room for `more` bytes beyond len and returns where they go; len stays. */
char *buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *data, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_put_slice(struct buf *buf, struct slice slice);
void buf_put_int(struct buf *buf, int64_t value); /* decimal */
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Big-endian numbers, for wire formats. */
void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_u16(struct buf *buf, uint16_t value);
void buf_put_u32(struct buf *buf, uint32_t value);
/* Seven bits a byte, the lowest first, the high bit set on all but the last. */
void buf_put_varint(struct buf *buf, uint64_t value);
/* Removes the first n bytes. */
void buf_consume(struct buf *buf, size_t n);
/* Empties, keeps the memory. */
void buf_clear(struct buf *buf);
/* Returns owned (free()), never NULL, and leaves the buffer empty. */
char *buf_take(struct buf *buf, size_t *ret_len);
/* The bytes as a zero-terminated string, "" when empty; borrowed until the next change. */
const char *buf_str(const struct buf *buf);

static inline struct slice buf_slice(const struct buf *buf)
{
    return slice_of(buf->data ? buf->data : "", buf->len);
}

#endif
