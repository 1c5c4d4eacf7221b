/* x509.h — X.509 certificates and signing requests (RFC 5280, RFC 2986): read, check, issue.
 *
 * Certificates come as PEM or DER, wherever a parameter is a slice called cert or csr. Of a PEM
 * text with several certificates the first is taken; text around the blocks is ignored (RFC 7468).
 * Everything here is for hostile input: what cannot be accepted is ERR_CERT, with a reason.
 * Any thread. Issuing and checking of signatures are public-key operations: not on the loop. */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "crypto/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X509_PEM_MAX  (64 * 1024) /* longest text that is read, as AWS limits certificatePem */
#define X509_DER_MAX  (32 * 1024) /* longest certificate or request */
#define X509_ATTR_MAX 64          /* attributes of a name */
#define X509_SAN_MAX  256         /* alternative names */
#define X509_CN_MAX   128 /* characters of a common name or an organization that is issued: */
                          /* ub-common-name is 64, but thing names may be longer */
#define X509_ID_LEN 65    /* SHA-256 in hexadecimal with its zero byte */

enum x509_key_type { X509_KEY_RSA, X509_KEY_EC, X509_KEY_OTHER };

/* One attribute of a name. The type is a short name ("CN", "O", "OU", "C", "ST", "L",
 * "serialNumber", "dnQualifier", "DC", "emailAddress", "title", "SN", "GN", "pseudonym", ...), or a
 * dotted OID. */
struct x509_attr {
    const char *type;
    const char *value; /* UTF-8, without zero bytes */
};

struct x509_name {
    const struct x509_attr *attrs; /* in the order of the certificate */
    size_t count;
    /* SHA-256 of the types and values, letters without case and runs of spaces as one, as RFC 5280,
     * section 7.1, compares names: an issuer's id is that of its CA's subject. */
    char id[X509_ID_LEN];
};

enum x509_san_type {
    X509_SAN_DNS,
    X509_SAN_IP,
    X509_SAN_EMAIL,
    X509_SAN_URI,
    X509_SAN_DIRECTORY,
    X509_SAN_OTHER,
};

struct x509_san {
    enum x509_san_type type;
    /* Text; an address as 192.0.2.1 or 2001:db8::1; a directory name as "CN=x,O=y" (RFC 4514: the last
     * attribute first); "" for OTHER. */
    const char *value;
};

struct x509_info {
    char id[X509_ID_LEN]; /* certificateId: SHA-256 of the DER, lower-case hexadecimal */
    int64_t not_before_s; /* seconds since the epoch, both inclusive */
    int64_t not_after_s;
    struct x509_name subject;
    struct x509_name issuer;
    const char *serial;          /* lower-case hexadecimal, two digits a byte, as in the DER */
    const struct x509_san *sans; /* subjectAltName */
    size_t san_count;
    const struct x509_san *issuer_sans; /* issuerAltName */
    size_t issuer_san_count;
    int version;         /* 1 to 3 */
    bool is_ca;          /* basicConstraints says CA:TRUE */
    bool is_self_issued; /* subject and issuer are the same name */
    enum x509_key_type key_type;
    unsigned key_bits;
};

/* Reads a certificate. All pointers of ret_info live in the arena. Signatures, times and uses are
 * not judged. Returns 0 or ERR_CERT. */
int x509_parse(struct slice cert, struct arena *arena, struct x509_info *ret_info,
               struct diag *diag);
/* The n-th value (from 0) of attributes of this type, NULL if there is none. Borrowed. */
const char *x509_name_get(const struct x509_name *name, const char *type, size_t n);
/* 0 if now lies within the validity; else ERR_CERT, and the sentence says which end was missed. */
int x509_check_time(const struct x509_info *info, int64_t now_s, struct diag *diag);

/* Appends the DER of the first certificate of a PEM text. ret_der is unchanged on ERR_CERT. */
int x509_pem_to_der(struct slice pem, struct buf *ret_der, struct diag *diag);
/* As above for one certificate after the other: moves *pem behind the block it took. ERR_NOT_FOUND
 * when there are no more. */
int x509_pem_next(struct slice *pem, struct buf *ret_der, struct diag *diag);
/* Appends "-----BEGIN CERTIFICATE-----" and so on. The bytes are not looked at. */
void x509_der_to_pem(struct slice der, struct buf *ret_pem);
/* The certificateId of DER bytes, not looked at: what a TLS handshake gives. */
void x509_der_id(struct slice der, char ret_id[X509_ID_LEN]);

/* 0 when ca signed cert: the names fit, ca may sign certificates (CA:TRUE and keyUsage), and the
 * signature is right by RSA (PKCS#1 or PSS, 2048 bits or more) or ECDSA (P-256, P-384, P-521) with
 * SHA-256, -384 or -512. Times are not judged: see x509_check_time(). ERR_CERT otherwise. */
int x509_verify_issued(struct slice cert, struct slice ca, struct diag *diag);

/* 0 when whoever has the key may be a TLS client by this certificate: RSA of 2048 to 4096 bits or EC on P-256,
 * P-384 or P-521, signed with SHA-256 or longer (by whom is not judged), and its keyUsage and extendedKeyUsage,
 * where it has them, permit it. ERR_CERT otherwise. */
int x509_check_client(struct slice cert, struct diag *diag);
/* 0 when it may sign certificates: X.509 v3 with CA:TRUE, keyUsage, a key as x509_verify_issued() wants it, signed
 * with SHA-256 or longer. ERR_CERT otherwise. */
int x509_check_ca(struct slice cert, struct diag *diag);

/* A self-signed CA: ECDSA on P-256 or RSA-2048 (PKCS#1), with SHA-256, CA:TRUE, keyCertSign and cRLSign, a subject
 * key identifier, a random serial of 159 bits, valid from an hour ago for `days` days (0: until the end
 * of 2049). Returns owned PEM texts: free(), crypto_free_secret().
 * ERR_INVALID for a name or a number out of range, ERR_CRYPTO when the library fails. */
int x509_ca_create(enum key_type key_type, const char *common_name, const char *organization,
                   int days, char **ret_cert_pem, char **ret_key_pem, struct diag *diag);

enum x509_usage { X509_USE_SERVER = 1, X509_USE_CLIENT = 2 };

struct x509_issue_opts {
    struct slice issuer_cert; /* PEM or DER; CA:TRUE */
    struct slice issuer_key_pem;
    /* The subject's public key comes from exactly one of these: */
    struct slice subject_key_pem; /* a private or public key */
    struct slice csr;             /* checked as by x509_csr_check() */
    /* The subject. common_name NULL with a csr: the name that the request asks for. */
    const char *common_name;
    const char *organization; /* or NULL */
    /* Alternative names: what reads as an IP address becomes one, the rest must be DNS names. */
    const char *const *names;
    size_t name_count;
    int days;        /* from now; 0: until 2049-12-31T23:59:59Z */
    int64_t until_s; /* seconds since the epoch, in the place of days; 0: by days */
    unsigned usage;  /* of enum x509_usage */
};

/* Issues a certificate which is no CA. Valid from an hour ago, for clocks that are behind.
 * Returns owned PEM: free(). ERR_CERT for the issuer or the request, ERR_INVALID for keys, names
 * and numbers, ERR_CRYPTO when the library fails. */
int x509_issue(const struct x509_issue_opts *opts, char **ret_cert_pem, struct diag *diag);

struct x509_csr_info {
    struct x509_name subject;
    enum x509_key_type key_type;
    unsigned key_bits;
};

/* Reads a request and proves that its maker has the private key: the signature must be right, by
 * SHA-256 or longer, and the key RSA of 2048 to 4096 bits or EC on P-256, P-384 or P-521.
 * ret_info, whose pointers live in the arena, may be NULL, and arena with it. 0 or ERR_CERT. */
int x509_csr_check(struct slice csr, struct arena *arena, struct x509_csr_info *ret_info,
                   struct diag *diag);

#endif
