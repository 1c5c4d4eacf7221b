/* slice.h — a borrowed run of bytes. Never owns; not zero-terminated. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE_LIT(text) ((struct slice){ "" text, sizeof(text) - 1 })

static inline struct slice slice_of(const char *ptr, size_t len)
{
    return (struct slice){ ptr, len };
}

static inline struct slice slice_str(const char *text)
{
    return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_eq_str(struct slice a, const char *text)
{
    return slice_eq(a, slice_str(text));
}

static inline bool slice_starts(struct slice a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.ptr, prefix, len) == 0;
}

/* FNV-1a, of 32 bits: the same on every machine and in every version. */
static inline uint32_t slice_fnv1a(struct slice a)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < a.len; i++)
        hash = (hash ^ (uint8_t)a.ptr[i]) * 16777619u;
    return hash;
}

static inline struct slice slice_from(struct slice a, size_t at)
{
    return at >= a.len ? slice_of(a.ptr + a.len, 0) : slice_of(a.ptr + at, a.len - at);
}

#endif
