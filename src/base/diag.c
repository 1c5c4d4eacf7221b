/* diag.c — see diag.h. */
#include "base/diag.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int diag_set(struct diag *diag, int code, const char *fmt, ...)
{
    if (!diag) return code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(diag->text, sizeof diag->text, fmt, ap);
    va_end(ap);
    diag->code = code;
    return code;
}

int diag_wrap(struct diag *diag, int code, const char *fmt, ...)
{
    if (!diag) return code;
    char what[sizeof diag->text];
    snprintf(what, sizeof what, "%s", diag_text(diag, code));
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(diag->text, sizeof diag->text, fmt, ap);
    va_end(ap);
    size_t len = strlen(diag->text);
    snprintf(diag->text + len, sizeof diag->text - len, ": %s", what);
    diag->code = code;
    return code;
}

const char *diag_text(const struct diag *diag, int code)
{
    return diag && diag->text[0] ? diag->text : err_text(code);
}
