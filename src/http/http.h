/* http.h — what requests and responses share: methods, header lists, status codes, limits.
 * Source: RFC 9110 (semantics), RFC 9112 (HTTP/1.1). Pure; any thread. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The methods which the hub answers; all others are refused with 501. */
#define HTTP_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)

enum http_method {
#define X(name) HTTP_##name,
    HTTP_METHODS(X)
#undef X
        HTTP_METHOD_COUNT
};

/* "GET"; never NULL. */
const char *http_method_name(enum http_method method);
/* Case-sensitive, as methods are. ERR_NOT_FOUND for one that is not in the list. */
int http_method_find(struct slice name, enum http_method *ret_method);

enum http_header_id {
    HTTP_H_OTHER,
#define HEADER(id, name) HTTP_H_##id,
#include "http/header_table.h"
#undef HEADER
    HTTP_H_COUNT
};

struct http_header {
    struct slice name;  /* as it came */
    struct slice value; /* trimmed; bytes above 0x7f may occur, control characters cannot */
    enum http_header_id id;
};

struct http_headers {
    struct http_header *items; /* in the order in which they came */
    size_t count;
    uint16_t first[HTTP_H_COUNT]; /* index + 1 of the first one of that id; 0 for none */
};

/* The id of a name in any case; HTTP_H_OTHER when it is not in the table. */
enum http_header_id http_header_find(struct slice name);
/* The value of the first header of that name; ptr is NULL when there is none. */
struct slice http_header(const struct http_headers *headers, const char *name);
struct slice http_header_known(const struct http_headers *headers, enum http_header_id id);
/* The next header of that name (any case) at or after *at (start at 0), or NULL; *at moves
 * behind it. */
const struct http_header *http_header_next(const struct http_headers *headers, struct slice name,
                                           size_t *at);
/* How many headers have that name. */
size_t http_header_count(const struct http_headers *headers, const char *name);
/* Does the comma-separated list, over all headers of that name, hold the token? Any case. */
bool http_header_has_token(const struct http_headers *headers, const char *name, const char *token);
/* Takes the next element of a comma-separated list, trimmed; empty ones are left out. False at
 * the end. */
bool http_list_next(struct slice *list, struct slice *ret_element);
/* Equal but for the case of ASCII letters. */
bool http_eq_nocase(struct slice a, struct slice b);

/* A header to be written. */
struct http_field {
    const char *name;
    struct slice value;
};
/* May this name (a token) and value (no control characters but the tab) be written? */
bool http_field_valid(struct slice name, struct slice value);

/* Why a message was refused. Static storage. */
struct http_failure {
    int status;      /* what to answer a request with; then close */
    const char *why; /* a sentence without a full stop */
};

struct http_limits {
    size_t max_target;  /* bytes of the request target or of the status line */
    size_t max_head;    /* bytes of all header lines; of all trailer lines too */
    size_t max_headers; /* lines; at most 1000 */
    size_t max_body;    /* bytes after the chunked coding is taken off; at most 2^40 */
};
/* 8 KB, 16 KB, 100, 2 MB. */
extern const struct http_limits http_default_limits;

/* "Not Found"; for a code that is not in the table the first of its class ("Bad Request"). */
const char *http_status_reason(int status);

/* What a feed function reports; negative is an error. */
enum http_event {
    HTTP_MORE,     /* all bytes used; the message is not complete */
    HTTP_CONTINUE, /* requests only: the peer waits for a word before it sends the body */
    HTTP_DONE      /* the message is complete; what follows it was left */
};

#endif
