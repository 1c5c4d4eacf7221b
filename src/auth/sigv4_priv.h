/* sigv4_priv.h — the pieces of a canonical request, for the files of this folder. */
#ifndef AUTH_SIGV4_PRIV_H
#define AUTH_SIGV4_PRIV_H

#include "auth/sigv4.h"

#define SIGV4_ALGORITHM        "AWS4-HMAC-SHA256"
#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* How a client may have written the path into what it signed. */
enum sigv4_path_form {
    SIGV4_PATH_NORMAL,  /* without dot segments and empty ones, encoded once more: the standard */
    SIGV4_PATH_ENCODED, /* encoded once more */
    SIGV4_PATH_AS_SENT, /* as S3 wants it, and as simple clients do */
    SIGV4_PATH_FORMS,
};

enum sigv4_query_form {
    SIGV4_QUERY_CANONICAL,     /* decoded, encoded, sorted: the standard */
    SIGV4_QUERY_PLUS_IS_SPACE, /* the same, with '+' sent for %20 as HTML forms do */
    SIGV4_QUERY_SORTED,        /* sorted, each parameter as it was sent */
    SIGV4_QUERY_AS_SENT,
    SIGV4_QUERY_FORMS,
};

/* What to leave out of a query: parameters of the presigned form. */
enum { SIGV4_DROP_SIGNATURE = 1, SIGV4_DROP_TOKEN = 2 };

void sigv4_put_path(struct buf *out, struct slice path, enum sigv4_path_form form);
/* ERR_MALFORMED above SIGV4_PARAMS_MAX. */
int sigv4_put_query(struct buf *out, struct slice query, enum sigv4_query_form form, unsigned drop);
/* "name:value\n" for each of the signed names ("host;x-amz-date"). */
void sigv4_put_headers(struct buf *out, const struct sigv4_request *request,
                       struct slice signed_headers, bool host_without_port);
/* The next parameter of a query, cut from its front; false at the end. */
bool sigv4_next_param(struct slice *query, struct slice *ret_key, struct slice *ret_value);
/* The n-th header of this name, of any case; false if there is none. */
bool sigv4_find_header(const struct sigv4_request *request, struct slice name, size_t n,
                       struct slice *ret_value);
struct slice sigv4_trim(struct slice text);
/* "20261124T063450Z", or the date of HTTP. ERR_MALFORMED. */
int sigv4_parse_time(struct slice text, int64_t *ret_epoch_s);
/* Hexadecimal SHA-256 of the body, in ret_hex. */
void sigv4_body_hash(const struct sigv4_request *request, char ret_hex[65]);

/* The canonical request, in pieces. */
struct sigv4_canonical {
    struct slice method;
    struct slice path;
    struct slice query;
    struct slice headers;
    struct slice signed_headers;
    struct slice payload_hash;
};

struct sigv4_scope {
    struct slice date;
    struct slice region;
    struct slice service;
};

void sigv4_derive_key(struct slice secret, const struct sigv4_scope *scope, uint8_t ret_key[32]);
void sigv4_compute(const uint8_t key[32], const struct sigv4_scope *scope, const char *timestamp,
                   const struct sigv4_canonical *canonical, char ret_signature[65]);

#endif
