/* err.c — names and texts of error codes, printed from the list in err.h. */
#include "base/err.h"

#include <string.h>

const char *err_name(int code)
{
    switch (code) {
#define X(name, number, text) \
    case number:              \
        return #name;
        ERR_LIST(X)
#undef X
    default:
        break;
    }
    const char *name = code < 0 ? strerrorname_np(-code) : NULL;
    return name ? name : "OK";
}

const char *err_text(int code)
{
    switch (code) {
#define X(name, number, text) \
    case number:              \
        return text;
        ERR_LIST(X)
#undef X
    default:
        break;
    }
    const char *text = code < 0 ? strerrordesc_np(-code) : "success";
    return text ? text : "unknown error";
}
