/* pem.c — see pem_priv.h. Our own reader, since mbedTLS' wants a zero-terminated copy of all text,
 * has no limit, and says of several blocks in one text only how many were wrong. */
#include "crypto/pem_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define MARK_MAX 64

static const char *find(struct slice text, const char *mark)
{
    return text.len > 0 ? memmem(text.ptr, text.len, mark, strlen(mark)) : NULL;
}

/* The base64 digits without line ends and blanks; what else is there fails in the decoder. */
static void put_digits(struct buf *out, struct slice body)
{
    buf_reserve(out, body.len);
    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') buf_putc(out, c);
    }
}

static int decode_body(struct slice body, const char *label, size_t max, struct buf *ret_der,
                       struct diag *diag)
{
    struct buf digits = { 0 }, der = { 0 };
    int rc = 0;
    if (body.len / 2 > max) {
        rc = diag_set(diag, ERR_CERT, "the %s is longer than %zu bytes", label, max);
        goto out;
    }
    put_digits(&digits, body);
    if (digits.len == 0 || base64_decode(&der, buf_slice(&digits)) < 0)
        rc = diag_set(diag, ERR_CERT, "the %s is not valid base64", label);
    else if (der.len > max)
        rc = diag_set(diag, ERR_CERT, "the %s is longer than %zu bytes", label, max);
    else
        buf_append(ret_der, der.data, der.len);
out:
    buf_deinit(&digits);
    buf_deinit(&der);
    return rc;
}

int pem_next(struct slice *text, const char *label, size_t max, struct buf *ret_der,
             struct diag *diag)
{
    char begin[MARK_MAX], end[MARK_MAX];
    snprintf(begin, sizeof begin, "-----BEGIN %s-----", label);
    snprintf(end, sizeof end, "-----END %s-----", label);

    const char *from = find(*text, begin);
    if (!from) return diag_set(diag, ERR_NOT_FOUND, "no '%s' in the text", begin);
    from += strlen(begin);
    struct slice rest = slice_from(*text, (size_t)(from - text->ptr));
    const char *to = find(rest, end);
    if (!to) return diag_set(diag, ERR_CERT, "'%s' without '%s'", begin, end);

    int rc = decode_body(slice_of(from, (size_t)(to - from)), label, max, ret_der, diag);
    if (rc < 0) return rc;
    *text = slice_from(rest, (size_t)(to - from) + strlen(end));
    return 0;
}

void pem_put(struct buf *out, const char *label, const void *der, size_t len)
{
    struct buf digits = { 0 };
    base64_encode(&digits, der, len);
    buf_printf(out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < digits.len; at += 64) {
        size_t line = digits.len - at < 64 ? digits.len - at : 64;
        buf_append(out, digits.data + at, line);
        buf_putc(out, '\n');
    }
    buf_printf(out, "-----END %s-----\n", label);
    buf_deinit(&digits);
}
