/* mem.c — see mem.h. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __GLIBC__ && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
#include <malloc.h>
#define HAVE_MALLINFO2 1
#endif

static void *checked(void *ptr, size_t size)
{
    if (ptr) return ptr;
    fprintf(stderr, "thingd: out of memory, %zu bytes were asked for\n", size);
    abort();
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1), size);
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1), size);
}

void *xrealloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1), size);
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);
    if (len) memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *xmemdup(const void *data, size_t len)
{
    void *copy = xmalloc(len);
    if (len) memcpy(copy, data, len);
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int rc = vasprintf(&text, fmt, ap);
    va_end(ap);
    return checked(rc < 0 ? NULL : text, 0);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fprintf(stderr, "thingd: BUG at %s:%d: %s\n", file, line, text);
    abort();
}

size_t mem_heap_used(void)
{
#ifdef HAVE_MALLINFO2
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}
