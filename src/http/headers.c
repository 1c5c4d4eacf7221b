/* headers.c — names, lists and lookups.
 *
 * A header's name is looked up once, when it is read, in the sorted table; after that the headers
 * which the program asks for are found by index. Names outside the table are found by going through
 * the list, which max_headers keeps short. */
#include "http/http.h"

#include "base/err.h"
#include "base/mem.h"
#include "http/guard.h"

#include <strings.h>

const struct http_limits http_default_limits = { 8 << 10, 16 << 10, 100, 2 << 20 };

static const struct slice method_names[] = {
#define X(name) [HTTP_##name] = { #name, sizeof #name - 1 },
    HTTP_METHODS(X)
#undef X
};

const char *http_method_name(enum http_method method)
{
    if ((unsigned)method >= HTTP_METHOD_COUNT) BUG("method %d", (int)method);
    return method_names[method].ptr;
}

int http_method_find(struct slice name, enum http_method *ret_method)
{
    for (unsigned i = 0; i < HTTP_METHOD_COUNT; i++)
        if (slice_eq(name, method_names[i])) {
            *ret_method = (enum http_method)i;
            return 0;
        }
    return ERR_NOT_FOUND;
}

static const struct slice header_names[HTTP_H_COUNT] = {
    { "", 0 },
#define HEADER(id, name) [HTTP_H_##id] = { name, sizeof name - 1 },
#include "http/header_table.h"
#undef HEADER
};

static int compare_names(struct slice a, struct slice b)
{
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return a.len ? strncasecmp(a.ptr, b.ptr, a.len) : 0;
}

bool http_eq_nocase(struct slice a, struct slice b)
{
    return compare_names(a, b) == 0;
}

enum http_header_id http_header_find(struct slice name)
{
    unsigned low = 1, high = HTTP_H_COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = compare_names(name, header_names[middle]);
        if (order == 0) return (enum http_header_id)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return HTTP_H_OTHER;
}

struct slice http_header_known(const struct http_headers *headers, enum http_header_id id)
{
    if (id == HTTP_H_OTHER || headers->first[id] == 0) return slice_of(NULL, 0);
    return headers->items[headers->first[id] - 1].value;
}

struct slice http_header(const struct http_headers *headers, const char *name)
{
    enum http_header_id id = http_header_find(slice_str(name));
    if (id != HTTP_H_OTHER) return http_header_known(headers, id);
    size_t at = 0;
    const struct http_header *header = http_header_next(headers, slice_str(name), &at);
    return header ? header->value : slice_of(NULL, 0);
}

const struct http_header *http_header_next(const struct http_headers *headers, struct slice name,
                                           size_t *at)
{
    while (*at < headers->count) {
        const struct http_header *header = &headers->items[(*at)++];
        if (http_eq_nocase(header->name, name)) return header;
    }
    return NULL;
}

size_t http_header_count(const struct http_headers *headers, const char *name)
{
    size_t at = 0, count = 0;
    while (http_header_next(headers, slice_str(name), &at))
        count++;
    return count;
}

struct slice http_trim(struct slice text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_from(text, 1);
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

bool http_list_next(struct slice *list, struct slice *ret_element)
{
    while (list->len) {
        const char *comma = memchr(list->ptr, ',', list->len);
        size_t len = comma ? (size_t)(comma - list->ptr) : list->len;
        struct slice element = http_trim(slice_of(list->ptr, len));
        *list = slice_from(*list, comma ? len + 1 : len);
        if (element.len == 0) continue;
        *ret_element = element;
        return true;
    }
    return false;
}

bool http_header_has_token(const struct http_headers *headers, const char *name, const char *token)
{
    size_t at = 0;
    const struct http_header *header;
    while ((header = http_header_next(headers, slice_str(name), &at)) != NULL) {
        struct slice list = header->value, element;
        while (http_list_next(&list, &element))
            if (http_eq_nocase(element, slice_str(token))) return true;
    }
    return false;
}

bool http_field_valid(struct slice name, struct slice value)
{
    if (name.len == 0) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!http_is_tchar((uint8_t)name.ptr[i])) return false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = (uint8_t)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static const struct {
    int status;
    const char *reason;
} statuses[] = {
#define STATUS(status, reason) { status, reason },
#include "http/status_table.h"
#undef STATUS
};

const char *http_status_reason(int status)
{
    const char *of_class = "Unknown";
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].status == status) return statuses[i].reason;
        if (statuses[i].status == status / 100 * 100) of_class = statuses[i].reason;
    }
    return of_class;
}
