/* secret.h — encryption at rest: secrets in the database are sealed under the hub's master key.
 * XChaCha20-Poly1305 with a random nonce; a label (such as "access-key/AKIA...") is authenticated
 * with the text, so that a sealed secret cannot be moved to another row.
 * A box is immutable after it was made: any thread may seal and open with it. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define SECRET_KEY_LEN   32
#define SECRET_OVERHEAD  41 /* version 1, nonce 24, tag 16: what sealing adds */
#define SECRET_LABEL_MAX 1024
#define SECRET_TEXT_MAX  (1024 * 1024)

struct secret_box;

/* Reads the master key of a file: 32 raw bytes, or 64 hexadecimal digits and an optional line end.
 * With `create`, a missing file is made (0600, on disk before this returns, and whole or not at all
 * if the machine dies meanwhile), and a file which others than its owner may touch is refused.
 * Without, as for a systemd credential, the file must exist and only the world is kept out.
 * Returns 0 and a box (secret_box_close()); a negative errno of the file; ERR_INVALID for wrong
 * content; ERR_DENIED for its permissions. */
int secret_box_open(const char *path, bool create, struct secret_box **ret_box, struct diag *diag);
/* A box of given bytes, which the caller wipes. */
struct secret_box *secret_box_create(const uint8_t key[SECRET_KEY_LEN]);
/* Wipes and frees; accepts NULL. */
void secret_box_close(struct secret_box *box);

/* Appends the sealed text. ERR_TOO_LARGE above the limits; ret_sealed is unchanged then. */
int secret_seal(const struct secret_box *box, struct slice label, struct slice text,
                struct buf *ret_sealed);
/* Appends the text. ERR_CRYPTO when the key, the label or the bytes are not those of the sealing,
 * ERR_NEWER for a version which is not known; ret_text is unchanged then. Wipe by secret_wipe(). */
int secret_open(const struct secret_box *box, struct slice label, struct slice sealed,
                struct buf *ret_text, struct diag *diag);
/* Overwrites and frees what the buffer holds. */
void secret_wipe(struct buf *buf);

#endif
