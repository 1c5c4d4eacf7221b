/* pem_priv.h — textual encoding of DER (RFC 7468), for the files of this folder. */
#ifndef CRYPTO_PEM_PRIV_H
#define CRYPTO_PEM_PRIV_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

/* Appends the bytes of the first block with this label ("CERTIFICATE") and moves *text behind it.
 * ERR_NOT_FOUND when there is none; ERR_CERT for a block that does not end, holds more than `max`
 * bytes, or is no base64. *text and ret_der are unchanged then. */
int pem_next(struct slice *text, const char *label, size_t max, struct buf *ret_der,
             struct diag *diag);
/* Appends the block, 64 characters a line. */
void pem_put(struct buf *out, const char *label, const void *der, size_t len);

#endif
