/* query.c — see query.h. Pairs are found in the raw text, so that an escaped '&' or '=' is data. */
#include "http/query.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

bool http_query_next(struct slice *query, struct slice *ret_name, struct slice *ret_value)
{
    while (query->len) {
        const char *end = memchr(query->ptr, '&', query->len);
        size_t len = end ? (size_t)(end - query->ptr) : query->len;
        struct slice pair = slice_of(query->ptr, len);
        *query = slice_from(*query, end ? len + 1 : len);
        const char *equals = len ? memchr(pair.ptr, '=', len) : NULL;
        size_t name_len = equals ? (size_t)(equals - pair.ptr) : len;
        if (name_len == 0) continue;
        *ret_name = slice_of(pair.ptr, name_len);
        *ret_value = slice_from(pair, equals ? name_len + 1 : name_len);
        return true;
    }
    return false;
}

static int take_value(struct slice raw, struct buf *scratch, struct arena *arena,
                      struct slice *ret_value)
{
    buf_clear(scratch);
    int rc = url_decode(scratch, raw);
    if (rc < 0) return rc;
    *ret_value = slice_of(arena_strndup(arena, buf_str(scratch), scratch->len), scratch->len);
    return 0;
}

static int find_nth(struct slice query, struct slice wanted, size_t n, struct buf *scratch,
                    struct arena *arena, struct slice *ret_value)
{
    struct slice name, value;
    while (http_query_next(&query, &name, &value)) {
        buf_clear(scratch);
        int rc = url_decode(scratch, name);
        if (rc < 0) return rc;
        if (!slice_eq(buf_slice(scratch), wanted) || n-- > 0) continue;
        return take_value(value, scratch, arena, ret_value);
    }
    return ERR_NOT_FOUND;
}

int http_query_nth(struct slice query, const char *name, size_t n, struct arena *arena,
                   struct slice *ret_value)
{
    struct buf scratch = { 0 };
    int rc = find_nth(query, slice_str(name), n, &scratch, arena, ret_value);
    buf_deinit(&scratch);
    return rc;
}

int http_query_get(struct slice query, const char *name, struct arena *arena,
                   struct slice *ret_value)
{
    return http_query_nth(query, name, 0, arena, ret_value);
}
