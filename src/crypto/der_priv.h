/* der_priv.h — writes and reads DER (X.690) from front to back, for the files of this folder. */
#ifndef CRYPTO_DER_PRIV_H
#define CRYPTO_DER_PRIV_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,     /* + number: implicit and primitive */
    DER_CONSTRUCTED = 0x20, /* added to DER_CONTEXT: explicit */
};

/* Opens an element; the mark closes it, after what is inside was appended. Elements nest. */
size_t der_begin(struct buf *out, uint8_t tag);
void der_end(struct buf *out, size_t mark);
/* A whole element. */
void der_put(struct buf *out, uint8_t tag, const void *data, size_t len);
/* An object identifier, given as a literal of its encoded bytes. */
#define der_put_oid(out, oid) der_put((out), DER_OID, (oid), sizeof(oid) - 1)

/* Takes the first element off *from: its tag and what is inside. False when there is none that is whole. */
bool der_next(struct slice *from, int *ret_tag, struct slice *ret_value);
/* The same when it has this tag; else nothing is taken. */
bool der_take(struct slice *from, int tag, struct slice *ret_value);

#endif
