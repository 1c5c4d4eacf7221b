/* shadow_doc.h — the document of a device shadow: values in, values out. No clock, store or topic.
 *
 * Messages and shapes are those of the Device Shadow service (UpdateThingShadow, GetThingShadow,
 * DeleteThingShadow, and the topics .../shadow/{update,get,delete}/...); numbers keep their digits.
 * Times are whole seconds since 1970. Not thread safe; a document belongs to one thread at a time. */
#ifndef SHADOW_SHADOW_DOC_H
#define SHADOW_SHADOW_DOC_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "shadow/shadow_merge.h"

#include <stddef.h>
#include <stdint.h>

/* Versions stay numbers that every JSON reader holds exactly. */
#define SHADOW_VERSION_MAX ((int64_t)1 << 53)
/* Upper ends of what shadow_limits may ask for. */
#define SHADOW_DEPTH_MAX 100
#define SHADOW_TOKEN_MAX 256

struct shadow_doc {
    struct shadow_section desired;
    struct shadow_section reported;
    int64_t version;     /* 1 and above */
    int64_t timestamp_s; /* of the last update */
};

struct shadow_limits {
    size_t max_bytes; /* of the state as compact JSON, metadata not counted */
    int max_depth;    /* of desired and of reported; the first level of keys is 1 */
    size_t max_token; /* bytes of a client token */
};
/* Those of AWS: 8192 bytes, depth 6, 64 bytes. */
extern const struct shadow_limits shadow_default_limits;

/* Accepts NULL. */
void shadow_doc_free(struct shadow_doc *doc);
/* Reads what shadow_doc_save wrote. ERR_MALFORMED if it is no such text. */
int shadow_doc_load(struct slice text, struct shadow_doc **ret_doc, struct diag *diag);
/* Appends one line of JSON. */
void shadow_doc_save(const struct shadow_doc *doc, struct buf *out);

#define SHADOW_TOO_DEEP_FORMAT "JSON contains too many levels of nesting; maximum is %d"
#define SHADOW_MISSING_FORMAT  "No shadow exists with name: '%s%s%s'" /* thing, "~", name */

/* Every way in which a shadow request fails:
 *  name                            code  returned        name over REST, message                    */
#define SHADOW_FAULT_LIST(X)                                                                      \
    X(SHADOW_BAD_JSON, 400, ERR_INVALID, "InvalidRequestException", "Invalid JSON")               \
    X(SHADOW_NO_STATE, 400, ERR_INVALID, "InvalidRequestException",                               \
      "Missing required node: state")                                                             \
    X(SHADOW_BAD_STATE, 400, ERR_INVALID, "InvalidRequestException",                              \
      "State node must be an object")                                                             \
    X(SHADOW_BAD_DESIRED, 400, ERR_INVALID, "InvalidRequestException",                            \
      "Desired node must be an object")                                                           \
    X(SHADOW_BAD_REPORTED, 400, ERR_INVALID, "InvalidRequestException",                           \
      "Reported node must be an object")                                                          \
    X(SHADOW_BAD_NODE, 400, ERR_INVALID, "InvalidRequestException",                               \
      "State contains an invalid node")                                                           \
    X(SHADOW_BAD_VERSION, 400, ERR_INVALID, "InvalidRequestException", "Invalid version")         \
    X(SHADOW_BAD_TOKEN, 400, ERR_INVALID, "InvalidRequestException", "Invalid clientToken")       \
    X(SHADOW_TOO_DEEP, 400, ERR_DEPTH, "InvalidRequestException", SHADOW_TOO_DEEP_FORMAT)         \
    X(SHADOW_UNAUTHORIZED, 401, ERR_AUTH, "UnauthorizedException", "Unauthorized")                \
    X(SHADOW_FORBIDDEN, 403, ERR_DENIED, "ForbiddenException", "Forbidden")                       \
    X(SHADOW_MISSING, 404, ERR_NOT_FOUND, "ResourceNotFoundException", SHADOW_MISSING_FORMAT)     \
    X(SHADOW_BAD_METHOD, 405, ERR_UNSUPPORTED, "MethodNotAllowedException", "Method not allowed") \
    X(SHADOW_CONFLICT, 409, ERR_CONFLICT, "ConflictException", "Version conflict")                \
    X(SHADOW_TOO_LARGE, 413, ERR_TOO_LARGE, "RequestEntityTooLargeException",                     \
      "The payload exceeds the maximum size allowed")                                             \
    X(SHADOW_BAD_ENCODING, 415, ERR_ENCODING, "UnsupportedDocumentEncodingException",             \
      "Unsupported documented encoding; supported encoding is UTF-8")                             \
    X(SHADOW_BUSY, 429, ERR_BUSY, "ThrottlingException", "Too many requests")                     \
    X(SHADOW_INTERNAL, 500, ERR_INTERNAL, "InternalFailureException", "Internal service failure") \
    X(SHADOW_UNAVAILABLE, 503, ERR_STORE, "ServiceUnavailableException", "Service unavailable")

enum shadow_fault {
#define X(fault, code, rc, name, message) fault,
    SHADOW_FAULT_LIST(X)
#undef X
};

struct shadow_failure {
    int code;                                /* 400, 404, ... */
    const char *error;                       /* the exception over REST; static storage */
    char message[320];                       /* a missing shadow's names included */
    char client_token[SHADOW_TOKEN_MAX + 1]; /* "" when the request had none, or none to be read */
};

/* Fills *ret_failure and returns its error code (of base/err.h). token may be NULL. Not for
 * SHADOW_TOO_DEEP and SHADOW_MISSING, whose messages take values. */
int shadow_fail(enum shadow_fault fault, const char *token, struct shadow_failure *ret_failure);
/* 404 for a thing's shadow; name NULL or "": the classic one. Returns ERR_NOT_FOUND. */
int shadow_fail_missing(const char *thing, const char *name, const char *token,
                        struct shadow_failure *ret_failure);
/* Appends the payload for a `rejected` topic; now_s 0: without a timestamp. */
void shadow_print_failure(const struct shadow_failure *failure, int64_t now_s, struct buf *out);

/* What an accepted update says. Zero-initialised is empty. */
struct shadow_answers {
    struct buf accepted;  /* for update/accepted and as the body of REST's 200 */
    struct buf delta;     /* for update/delta; empty: nothing is published */
    struct buf documents; /* for update/documents */
    char client_token[SHADOW_TOKEN_MAX + 1];
};

void shadow_answers_deinit(struct shadow_answers *answers);

/* Applies an update request to a document.
 *   old                the document as it is, unchanged by the call; NULL: there is none
 *   tombstone_version  with old NULL: the version of a deleted one, after which numbering goes on;
 *                      0: none
 *   limits             NULL: the default ones
 * Returns 0, an owned new document, and answers to be freed with shadow_answers_deinit; or an error
 * with *ret_failure filled and the other outputs untouched. A request with a version is refused
 * unless that is old's (0 where there is none). Members which the service does not know, beside
 * state, version and clientToken, are ignored. */
int shadow_update(const struct shadow_doc *old, int64_t tombstone_version, struct slice request,
                  int64_t now_s, const struct shadow_limits *limits, struct shadow_doc **ret_new,
                  struct shadow_answers *ret_answers, struct shadow_failure *ret_failure);

/* Reads the payload of a get or delete request: empty, or an object, with a clientToken or without.
 * ret_token becomes "" without one. On error as shadow_update. */
int shadow_request_token(struct slice payload, const struct shadow_limits *limits,
                         char ret_token[SHADOW_TOKEN_MAX + 1], struct shadow_failure *ret_failure);

/* Appends the document as GetThingShadow and get/accepted give it, delta included. token NULL or "":
 * none. */
void shadow_get_document(const struct shadow_doc *doc, int64_t now_s, const char *token,
                         struct buf *out);
/* Appends the answer to the deletion of doc. */
void shadow_delete_accepted(const struct shadow_doc *doc, int64_t now_s, const char *token,
                            struct buf *out);

#endif
