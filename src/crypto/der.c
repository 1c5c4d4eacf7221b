/* der.c — see der_priv.h. An element's length is known only at its end: der_begin leaves one byte
 * for it, and der_end moves the contents up where one does not do. Certificates are short, so the
 * moving costs nothing that matters, and the code reads in the order of the standard's ASN.1. */
#include "crypto/der_priv.h"

#include <mbedtls/asn1.h>
#include <string.h>

size_t der_begin(struct buf *out, uint8_t tag)
{
    buf_put_u8(out, tag);
    buf_put_u8(out, 0);
    return out->len;
}

void der_end(struct buf *out, size_t mark)
{
    size_t len = out->len - mark;
    if (len < 0x80) {
        out->data[mark - 1] = (char)len;
        return;
    }
    size_t more = len <= 0xff ? 1 : len <= 0xffff ? 2 : len <= 0xffffff ? 3 : 4;
    buf_reserve(out, more);
    memmove(out->data + mark + more, out->data + mark, len);
    out->data[mark - 1] = (char)(0x80 | more);
    for (size_t i = 0; i < more; i++)
        out->data[mark + i] = (char)(uint8_t)(len >> 8 * (more - 1 - i));
    out->len += more;
    out->data[out->len] = '\0';
}

void der_put(struct buf *out, uint8_t tag, const void *data, size_t len)
{
    size_t mark = der_begin(out, tag);
    buf_append(out, data, len);
    der_end(out, mark);
}

bool der_next(struct slice *from, int *ret_tag, struct slice *ret_value)
{
    if (from->len < 2) return false;
    unsigned char *at = (unsigned char *)(uintptr_t)from->ptr + 1;
    size_t len;
    if (mbedtls_asn1_get_len(&at, (const unsigned char *)from->ptr + from->len, &len) != 0)
        return false;
    *ret_tag = (uint8_t)from->ptr[0];
    *ret_value = slice_of((const char *)at, len);
    *from = slice_from(*from, (size_t)((const char *)at - from->ptr) + len);
    return true;
}

bool der_take(struct slice *from, int tag, struct slice *ret_value)
{
    int found;
    return from->len > 0 && (uint8_t)from->ptr[0] == tag && der_next(from, &found, ret_value);
}
