/* buf.c — see buf.h. Grows by halves again, so that appending is linear in all. */
#include "base/buf.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_deinit(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ 0 };
}

char *buf_reserve(struct buf *buf, size_t more)
{
    if (more >= SIZE_MAX / 4 || buf->len >= SIZE_MAX / 4) BUG("buffer of %zu bytes", more);
    size_t need = buf->len + more + 1;
    if (need > buf->cap) {
        size_t cap = buf->cap + buf->cap / 2;
        if (cap < need) cap = need;
        if (cap < 32) cap = 32;
        buf->data = xrealloc(buf->data, cap);
        buf->cap = cap;
        buf->data[buf->len] = '\0';
    }
    return buf->data + buf->len;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    char *to = buf_reserve(buf, len);
    if (len) memcpy(to, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
    if (buf->len + 1 >= buf->cap) buf_reserve(buf, 1);
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}

void buf_put_slice(struct buf *buf, struct slice slice)
{
    buf_append(buf, slice.ptr, slice.len);
}

void buf_put_int(struct buf *buf, int64_t value)
{
    char text[20];
    size_t len = text_from_int(value, text);
    buf_append(buf, text, len);
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0) BUG("bad format '%s'", fmt);
    char *to = buf_reserve(buf, (size_t)len);
    vsnprintf(to, (size_t)len + 1, fmt, ap);
    buf->len += (size_t)len;
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(buf, fmt, ap);
    va_end(ap);
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
    buf_append(buf, &value, 1);
}

void buf_put_u16(struct buf *buf, uint16_t value)
{
    uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };
    buf_append(buf, bytes, 2);
}

void buf_put_u32(struct buf *buf, uint32_t value)
{
    uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value };
    buf_append(buf, bytes, 4);
}

void buf_put_varint(struct buf *buf, uint64_t value)
{
    while (value >= 0x80) {
        buf_put_u8(buf, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    buf_put_u8(buf, (uint8_t)value);
}

void buf_consume(struct buf *buf, size_t n)
{
    if (n == 0) return;
    if (n > buf->len) BUG("consumes %zu of %zu bytes", n, buf->len);
    memmove(buf->data, buf->data + n, buf->len - n + 1);
    buf->len -= n;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->data) buf->data[0] = '\0';
}

char *buf_take(struct buf *buf, size_t *ret_len)
{
    buf_reserve(buf, 0);
    char *data = buf->data;
    if (ret_len) *ret_len = buf->len;
    *buf = (struct buf){ 0 };
    return data;
}

const char *buf_str(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}
