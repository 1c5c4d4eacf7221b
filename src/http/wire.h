/* wire.h — the framing which request and client share. Complete here only so that its owners can be
 * embedded; nobody outside of src/http touches it. */
#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/http.h"

struct http_glue;

/* The byte-wise check before llhttp: guard.c. */
struct http_guard {
    uint8_t state;
    bool response;
    bool trailer;
    uint8_t major, minor;
    uint8_t digits;      /* of the chunk size */
    uint8_t empty_lines; /* before the first line */
    size_t line;         /* bytes of the part of the first line that is being read */
    size_t head;         /* bytes of header lines */
    size_t lines;        /* header lines */
    size_t ext;          /* bytes of chunk extensions */
    uint64_t left;       /* of the body or of the chunk */
    uint64_t body;       /* bytes announced so far */
    const struct http_limits *limits;
};

enum wire_state { WIRE_HEAD, WIRE_BODY, WIRE_DONE, WIRE_FAILED };

struct http_wire {
    const struct http_limits *limits;
    enum wire_state state;
    bool response;
    bool no_body; /* set by the owner before the head: this response has none (HEAD) */
    bool head_read;
    bool keep_alive;
    bool upgrade;
    int minor;  /* HTTP/1.minor */
    int status; /* responses */
    int rc;     /* of the failure */
    enum http_method method;
    struct slice target; /* into head */
    struct slice reason; /* into head */
    struct http_headers headers;
    struct buf head;
    struct buf body;
    struct arena arena;
    struct http_guard guard;
    struct http_glue *glue;
    const struct http_failure *failure;
};

#endif
