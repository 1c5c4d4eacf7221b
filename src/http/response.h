/* response.h — writes HTTP/1.1 responses into a buffer. Pure but for the clock of the Date header.
 * A name or value that would break the head is refused, so no header can be smuggled in. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "base/buf.h"
#include "http/http.h"

enum http_framing {
    HTTP_LENGTH,     /* Content-Length and the body, at once */
    HTTP_CHUNKED,    /* Transfer-Encoding: chunked; http_put_chunk, http_put_last_chunk follow */
    HTTP_UNTIL_CLOSE /* for HTTP/1.0 peers: the connection ends the body, whatever keep_alive */
};

struct http_response {
    int status;               /* 100 to 599; 1xx, 204 and 304 have no body, whatever is given */
    const char *content_type; /* NULL: no such header */
    const char *request_id;   /* x-amzn-RequestId; NULL: no such header */
    const struct http_field *fields;
    size_t field_count;
    struct slice body;
    enum http_framing framing;
    bool head;       /* answers HEAD: Content-Length of the body, but no body */
    bool keep_alive; /* else "Connection: close" */
};

/* Appends the response, with the headers that guard a browser's user. ERR_INVALID for a bad status, name or value, or a field that is written
 * here anyway (Connection, Content-Length, Date, Transfer-Encoding); out is as before then. A 101
 * gets "Connection: Upgrade"; the caller gives the Upgrade field. Borrows all. */
int http_put_response(struct buf *out, const struct http_response *response);
/* The line before a chunk of an HTTP_CHUNKED body: its bytes and CRLF follow. */
void http_put_chunk_head(struct buf *out, size_t len);
/* One chunk of an HTTP_CHUNKED body; nothing for empty data, which would end it. */
void http_put_chunk(struct buf *out, struct slice data);
void http_put_last_chunk(struct buf *out);
/* "HTTP/1.1 100 Continue" */
void http_put_continue(struct buf *out);
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); ret_text gets 30 bytes. */
void http_date(int64_t epoch_s, char ret_text[30]);

#endif
