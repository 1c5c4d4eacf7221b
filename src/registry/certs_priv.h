/* certs_priv.h — what the files of certificates share: certs.c, cert_register.c, cas.c and crls.c. */
#ifndef REGISTRY_CERTS_PRIV_H
#define REGISTRY_CERTS_PRIV_H

#include "crypto/x509.h"
#include "registry/registry_priv.h"

/* A parameter that must be there: ERR_INVALID with AWS's message. */
int cert_param_text(struct registry_call *call, const char *name, const char **ret_text);
/* The id of a certificate in lower case, which it is in the parameters from now on. */
int cert_param_id(struct registry_call *call, const char *name, const char **ret_id);

/* Reads a certificate on a worker, refuses what no device can use (ERR_CERT), and puts .id, .pem (clean), .serial,
 * .notBefore and .notAfter (milliseconds) into the parameters. */
int cert_note(struct registry_call *call, const char *pem);
/* The same for one that was read already, and is judged by the caller. */
void cert_note_info(struct registry_call *call, const char *pem, const struct x509_info *info);
/* A number that was noted; 0 when it was not. */
int64_t cert_noted(const struct registry_call *call, const char *name);
/* Stores what was noted, and puts certificateArn and certificateId into the result. ca_id NULL: of no registered CA. */
int cert_insert(struct registry_call *call, struct db *db, const char *status, const char *ca_id,
                const char *mode);
/* ERR_EXISTS, with resourceId and resourceArn in the result; kind "cert" or "cacert". */
int cert_exists(struct registry_call *call, const char *kind, const char *message);
/* Tells the change of a certificate. */
void cert_changed(struct registry_call *call, const char *id);

/* certificateDescription of a row: columns as CERT_COLUMNS, in the names of AWS. Borrowed. */
#define CERT_COLUMNS "pem, status, mode, not_before, not_after, created_at, modified_at, version"
enum { CERT_COLUMN_STATUS = 1, CERT_COLUMN_COUNT = 8 };
struct json *cert_describe(struct registry_call *call, struct db_stmt *q, const char *kind,
                           const char *id);

/* A list by date of creation, in pages: rows are id, status, created_at, mode; ?4 is the filter. */
struct cert_listing {
    const char *kind; /* of ARNs */
    const char *filter;
    const char *up, *down; /* statements, which end so: */
};
#define CERT_PAGE_UP   " (created_at, id) > (?1, ?2) ORDER BY created_at, id LIMIT ?3"
#define CERT_PAGE_DOWN " (created_at, id) < (?1, ?2) ORDER BY created_at DESC, id DESC LIMIT ?3"
int cert_list(struct registry_call *call, struct db *db, const struct cert_listing *listing);

/* The parameter caCertificateId, as cert_param_id() has it, and what to say when there is no such CA. */
int ca_param_id(struct registry_call *call, const char **ret_id);
int ca_not_found(struct registry_call *call, const char *id);
/* Makes a registration code, unless there is one. */
int ca_make_code(struct db *db);
/* Is the serial on the list of that CA? Warns when the list should have been followed by another. */
int crl_names(struct registry_call *call, struct db *db, const char *ca_id, const char *serial,
              bool *ret_named);

#endif
