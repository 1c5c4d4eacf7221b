/* x509_crl.h — certificate revocation lists (RFC 5280, section 5): read and checked at once.
 *
 * A list must be complete and of one CA: delta lists, indirect ones, and those that cover a part
 * of the certificates (issuingDistributionPoint) are refused, and so are critical extensions that
 * are not known, here and in entries. What cannot be accepted is ERR_CERT, with a reason.
 * Any thread. The signature is a public-key operation: not on the loop. */
#ifndef CRYPTO_X509_CRL_H
#define CRYPTO_X509_CRL_H

#include "crypto/x509.h"

#define X509_CRL_DER_MAX (1024 * 1024) /* longest list */
#define X509_CRL_MAX     10000         /* entries */

struct x509_revoked {
    const char *serial; /* as x509_info.serial */
    int64_t revoked_at_s;
};

struct x509_crl_info {
    const char *number; /* CRLNumber in hexadecimal, without zeros before it; NULL: it has none */
    int64_t this_update_s;
    int64_t next_update_s;              /* 0: it does not say */
    const struct x509_revoked *entries; /* in the order of the list */
    size_t count;
};

/* Reads a list, PEM ("X509 CRL", the first one of the text) or DER, of this CA: the names fit, ca may sign lists
 * (CA:TRUE and keyUsage), and the signature is right, as x509_verify_issued() has it. Times are not judged. All
 * pointers of ret_info live in the arena. */
int x509_crl_read(struct slice crl, struct slice ca, struct arena *arena,
                  struct x509_crl_info *ret_info, struct diag *diag);
/* Below 0 when the CRLNumber a is smaller than b, 0 when they are equal. */
int x509_crl_number_compare(const char *a, const char *b);

#endif
