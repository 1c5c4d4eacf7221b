/* mem.h — allocation that cannot fail (the process ends with a message instead), and small helpers.
 * Sizes which a peer chooses are checked against a limit before they come here. Free with free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
/* Copies len bytes and adds a zero byte. */
char *xstrndup(const char *text, size_t len) __attribute__((malloc, returns_nonnull));
void *xmemdup(const void *data, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* Bytes of the heap in use; 0 where the C library does not tell. Looks at every free block: not for a
 * path that is run often. */
size_t mem_heap_used(void);

/* Memory of one zeroed struct: `struct foo *f = xnew(struct foo);` */
#define xnew(type)                      ((type *)xcalloc(1, sizeof(type)))

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define ARRAY_LEN(array)                (sizeof(array) / sizeof((array)[0]))

/* What only a mistake of our own can bring about: logs file and line to stderr and aborts. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *fmt, ...)
    __attribute__((noreturn, cold, format(printf, 3, 4)));

#endif
