/* sigv4.h — AWS Signature Version 4: reading, checking and making signatures of HTTP requests.
 * Source: "Signature Version 4 signing process" of the AWS general reference; the header form
 * (Authorization) and the query form (presigned URL, as WebSocket clients use it).
 * Pure: no key store, no clock, no state; any thread. The caller looks up the secret of
 * access_key_id between sigv4_parse() and sigv4_verify(), decides whether region and service are
 * acceptable, and compares security_token with that of a temporary key. */
#ifndef AUTH_SIGV4_H
#define AUTH_SIGV4_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGV4_PARAMS_MAX    256         /* of a query */
#define SIGV4_HEADERS_MAX   128         /* signed ones */
#define SIGV4_TARGET_MAX    (64 * 1024) /* bytes of path and query each */
#define SIGV4_SKEW_S        300
#define SIGV4_EXPIRES_MAX   604800
#define SIGV4_TIMESTAMP_LEN 17 /* "20261124T063450Z" and its zero byte */

/* What AWS answers to ERR_AUTH, word for word. */
#define SIGV4_MISMATCH_TEXT                                                                      \
    "The request signature we calculated does not match the signature you provided. Check your " \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."

struct sigv4_header {
    struct slice name; /* of any case */
    struct slice value;
};

/* A request as it was on the wire; all borrowed. */
struct sigv4_request {
    struct slice method;
    struct slice path_raw;  /* percent-encoded as sent, without the query; "" counts as "/" */
    struct slice query_raw; /* behind the '?', without it */
    const struct sigv4_header *headers;
    size_t header_count;
    struct slice body;
    struct slice body_sha256; /* lower-case hexadecimal, if known already: body is not looked at */
    int64_t now_s;
};

/* Slices point into the request or the arena. Nothing of it is proven before sigv4_verify(). */
struct sigv4_credential {
    struct slice access_key_id;
    struct slice date; /* of the scope: 20261124 */
    struct slice region;
    struct slice service;
    struct slice signed_headers; /* "host;x-amz-date" */
    struct slice signature;      /* 64 hexadecimal digits */
    struct slice security_token; /* empty without */
    char timestamp[SIGV4_TIMESTAMP_LEN];
    int64_t signed_at_s;
    int64_t expires_s; /* query form: X-Amz-Expires, or SIGV4_SKEW_S without; header form: 0 */
    bool is_query;
};

/* Finds and reads the credentials. Returns
 *   0              ret_credential is set;
 *   ERR_NOT_FOUND  the request has no SigV4 credentials (another Authorization scheme, or none);
 *   ERR_MALFORMED  it does, but they cannot be used; diag is the text of AWS's
 *                  IncompleteSignatureException and names what is missing or wrong. */
int sigv4_parse(const struct sigv4_request *request, struct arena *arena,
                struct sigv4_credential *ret_credential, struct diag *diag);

/* Checks time and signature. Where clients differ, every known reading is tried: path encoded twice
 * or once, dot segments removed or not, query sorted or as sent, the session token of a presigned
 * URL signed or appended, host with and without its port. Returns
 *   0            the request was signed with this secret, now;
 *   ERR_TIMEOUT  too old or too new; diag is AWS's text ("Signature expired: ...");
 *   ERR_AUTH     another secret, or the request was altered; diag is AWS's text;
 *   ERR_UNSUPPORTED  the body is signed in chunks (STREAMING-...), which only S3 has. */
int sigv4_verify(const struct sigv4_request *request, const struct sigv4_credential *credential,
                 struct slice secret, struct diag *diag);

/* Who signs. */
struct sigv4_signer {
    struct slice access_key_id;
    struct slice secret;
    struct slice security_token; /* used by sigv4_presign(); else the caller sends the header */
    struct slice region;
    struct slice service;
};

/* The value of X-Amz-Date. Between the years 0 and 9999. */
void sigv4_timestamp(int64_t epoch_s, char ret_timestamp[SIGV4_TIMESTAMP_LEN]);
/* Appends the value of Authorization for a request that carries `X-Amz-Date:
 * sigv4_timestamp(request->now_s)`. Every header of the request is signed, and Host must be one.
 * ERR_INVALID without it, or above the limits. */
int sigv4_sign(const struct sigv4_request *request, const struct sigv4_signer *signer,
               struct buf *ret_authorization);
/* Appends the whole query of a presigned URL: that of the request, and the parameters of AWS. With
 * `token_unsigned` the session token stands behind the signature, as IoT's WebSocket clients do. */
int sigv4_presign(const struct sigv4_request *request, const struct sigv4_signer *signer,
                  int64_t expires_s, bool token_unsigned, struct buf *ret_query);

#endif
