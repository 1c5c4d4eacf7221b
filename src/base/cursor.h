/* cursor.h — reads a run of bytes from front to back. Errors stick: after the first short read all
 * further reads give zeros and empty slices, and cursor_error() tells at the end. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct cursor {
    const uint8_t *ptr;
    const uint8_t *end;
    int rc; /* 0, or ERR_MALFORMED after a read past the end */
};

static inline struct cursor cursor_init(const void *data, size_t len)
{
    return (struct cursor){ (const uint8_t *)data, (const uint8_t *)data + len, 0 };
}

static inline size_t cursor_left(const struct cursor *cur)
{
    return (size_t)(cur->end - cur->ptr);
}

static inline struct slice cursor_bytes(struct cursor *cur, size_t len)
{
    if (cur->rc || cursor_left(cur) < len) {
        cur->rc = ERR_MALFORMED;
        cur->ptr = cur->end;
        return slice_of("", 0);
    }
    struct slice got = slice_of((const char *)cur->ptr, len);
    cur->ptr += len;
    return got;
}

static inline uint8_t cursor_u8(struct cursor *cur)
{
    struct slice got = cursor_bytes(cur, 1);
    return got.len ? (uint8_t)got.ptr[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *cur)
{
    struct slice got = cursor_bytes(cur, 2);
    if (!got.len) return 0;
    return (uint16_t)((unsigned)(uint8_t)got.ptr[0] << 8 | (uint8_t)got.ptr[1]);
}

static inline uint32_t cursor_u32(struct cursor *cur)
{
    uint32_t high = cursor_u16(cur);
    return high << 16 | cursor_u16(cur);
}

/* A 16-bit length and that many bytes: MQTT's strings and binary data. */
static inline struct slice cursor_str16(struct cursor *cur)
{
    return cursor_bytes(cur, cursor_u16(cur));
}

static inline struct slice cursor_rest(struct cursor *cur)
{
    return cursor_bytes(cur, cursor_left(cur));
}

static inline int cursor_error(const struct cursor *cur)
{
    return cur->rc;
}

#endif
