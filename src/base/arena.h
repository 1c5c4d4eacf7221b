/* arena.h — memory that goes all at once: a packet, a request, a compiled rule.
 * Zero-initialised is valid and empty. Not thread safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

#include <stddef.h>

struct arena {
    struct arena_block *blocks; /* the newest first */
    size_t used;                /* bytes given out, for limits */
};

void arena_deinit(struct arena *arena);
/* Zeroed, aligned for any type. Cannot fail. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

#endif
