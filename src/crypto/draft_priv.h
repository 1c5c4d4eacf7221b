/* draft_priv.h — a certificate before it is written, for the files of this folder. */
#ifndef CRYPTO_DRAFT_PRIV_H
#define CRYPTO_DRAFT_PRIV_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "crypto/mbedtls_compat.h"

#include <stdbool.h>
#include <stdint.h>

#define DRAFT_KEY_ID_LEN    20
#define DRAFT_END_OF_2049_S INT64_C(2524607999)

/* What makes one certificate; all borrowed. */
struct draft {
    struct slice issuer_name; /* DER */
    struct slice subject_name;
    struct slice public_key;
    struct slice authority_id; /* key identifier of the issuer; empty: the subject's own */
    int64_t not_before_s;
    int64_t not_after_s;
    bool is_ca;
    bool is_rsa;
    unsigned usage;
    const char *const *names;
    size_t name_count;
};

/* Appends a Name: organization (unless NULL) and common name. ERR_INVALID when one is not UTF-8,
 * has control characters, or is empty or too long. */
int draft_put_name(struct buf *out, const char *common_name, const char *organization,
                   struct diag *diag);
/* The key identifier that a SubjectPublicKeyInfo has by the usual method. ERR_CRYPTO. */
int draft_key_id(struct slice public_key, uint8_t ret_id[DRAFT_KEY_ID_LEN], struct diag *diag);
/* Writes and signs; returns owned PEM. ERR_INVALID for alternative names, ERR_CRYPTO. */
int draft_write(const struct draft *draft, mbedtls_pk_context *signer, char **ret_cert_pem,
                struct diag *diag);

#endif
