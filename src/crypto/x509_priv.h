/* x509_priv.h — certificates as mbedTLS has them, for the files of this folder. */
#ifndef CRYPTO_X509_PRIV_H
#define CRYPTO_X509_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "crypto/mbedtls_compat.h"
#include "crypto/x509.h"

#define X509_CA_RSA_MAX      8192 /* bits of an RSA key whose signatures we check */
#define X509_SUBJECT_RSA_MAX 4096 /* bits of a key that we certify */

/* Contexts come initialised, and are freed by the caller whatever is returned. ERR_CERT. */
int x509_read(struct slice cert, mbedtls_x509_crt *ret_crt, struct diag *diag);
/* Parses and proves possession, as x509_csr_check(). */
int x509_csr_read(struct slice csr, mbedtls_x509_csr *ret_csr, struct diag *diag);
/* Pointers of ret_name go to the arena. `whose` is "subject" or "issuer". ERR_CERT. */
int x509_read_name(const mbedtls_x509_name *name, const char *whose, struct arena *arena,
                   struct x509_name *ret_name, struct diag *diag);
enum x509_key_type x509_key_type_of(const mbedtls_pk_context *pk);
/* The same for a Name in DER. */
int x509_read_name_der(struct slice der, const char *whose, struct arena *arena,
                       struct x509_name *ret_name, struct diag *diag);

struct x509_ext {
    struct slice oid;
    bool critical;
    struct slice value; /* the bytes inside its OCTET STRING */
};
/* Takes the first off a list of extensions. 1; 0 at the end of the list; ERR_CERT. */
int x509_ext_next(struct slice *list, struct x509_ext *ret_ext, struct diag *diag);
/* The value of an extension. False when it is not there. */
bool x509_find_extension(const mbedtls_x509_crt *crt, struct slice oid, struct slice *ret_value);
/* The GeneralNames that are the value of this extension; none when it is not there. ERR_CERT. */
int x509_read_alt_names(const mbedtls_x509_crt *crt, struct slice oid, struct arena *arena,
                        const struct x509_san **ret_names, size_t *ret_count, struct diag *diag);

enum x509_signs { X509_SIGNS_CERTS, X509_SIGNS_LISTS };
/* 0 if crt says that it is a CA and may sign these; ERR_CERT. */
int x509_check_is_ca(const mbedtls_x509_crt *crt, enum x509_signs what, struct diag *diag);
/* 0 if ca is the issuer of that name, a CA that may sign these, and has a key that is strong enough; ERR_CERT.
 * The signature is another question. */
int x509_check_issuer(const mbedtls_x509_name *issuer, const mbedtls_x509_crt *ca,
                      enum x509_signs what, struct diag *diag);
/* As x509_read(); the sentence says that the CA is meant. */
int x509_read_ca(struct slice ca, mbedtls_x509_crt *ret_crt, struct diag *diag);

/* What was signed, and how. */
struct x509_signed {
    struct slice body;
    struct slice signature;
    mbedtls_md_type_t md;
    mbedtls_pk_type_t pk_type;
    const void *pk_opts;
};
int x509_check_signature(const struct x509_signed *what, mbedtls_pk_context *signer,
                         struct diag *diag);

/* Days and seconds of the proleptic Gregorian calendar, whatever time_t can hold. */
int64_t x509_time_to_epoch(const mbedtls_x509_time *time);

#endif
