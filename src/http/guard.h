/* guard.h — the strict byte-wise check in front of llhttp. Private to src/http. */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include "http/wire.h"

enum http_failure_id {
    FAIL_NONE,
#define FAILURE(id, status, why) FAIL_##id,
#include "http/failure_table.h"
#undef FAILURE
    FAIL_COUNT
};

const struct http_failure *http_failure_of(enum http_failure_id id);
/* The error code for a status: ERR_MALFORMED, ERR_TOO_LARGE or ERR_UNSUPPORTED. */
int http_failure_rc(const struct http_failure *failure);

/* RFC 9110, 5.6.2. */
bool http_is_tchar(uint8_t c);
/* May stand in a request target: RFC 3986 has no spaces, controls, '#' or bytes above ASCII. */
bool http_is_target_char(uint8_t c);
/* RFC 9110, 7.2: a name, an address or [IPv6], perhaps with a port; empty is valid. Nothing at
 * which another reader could split: no commas, no user. */
bool http_host_valid(struct slice host);
/* Without the spaces and tabs around it. */
struct slice http_trim(struct slice text);

void guard_init(struct http_guard *g, const struct http_limits *limits, bool response);
/* Checks bytes up to the end of the head, or after guard_body_* up to the end of the body.
 * *ret_used bytes are good, also when it returns a failure: the byte after them is to blame. */
enum http_failure_id guard_feed(struct http_guard *g, const char *data, size_t len,
                                size_t *ret_used);
/* Has the part that was asked for ended? */
bool guard_done(const struct http_guard *g);
/* Has any byte of a message come? Empty lines before it do not count. */
bool guard_begun(const struct http_guard *g);
/* What follows the head. */
void guard_body_none(struct http_guard *g);
enum http_failure_id guard_body_length(struct http_guard *g, uint64_t length);
void guard_body_chunked(struct http_guard *g);
void guard_body_until_close(struct http_guard *g);
bool guard_ends_by_close(const struct http_guard *g);

#endif
