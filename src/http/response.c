/* response.c — writes responses (see response.h).
 *
 * Everything is checked before the first byte is written, so a refused response leaves the buffer
 * as it was. Connection, Content-Length, Transfer-Encoding and Date are written here and nowhere
 * else: where a response ends is decided in one place.
 *
 * Every answer says what a browser may do with it, since what devices send is shown to people in them:
 * not guess another type (nosniff), load nothing and stand in no frame (a policy for the case that it is
 * shown as a page), tell no address on (a presigned URL is a credential), and keep nothing: an answer is for
 * the one who asked, as of now. Only the last can be put otherwise by a field. There is no
 * Strict-Transport-Security: the same name may serve plain HTTP on another port.
 *
 *  I1  No byte of a name or value ends a line.
 *  I2  A response has exactly one of Content-Length, chunked coding, or the end of the connection,
 *      or is of a kind that has no body (RFC 9112, 6.3).
 *
 * The text of Date is kept for a second, once per thread. */
#include "http/response.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <time.h>

enum { USUAL_HEAD = 700 }; /* bytes */

void http_date(int64_t epoch_s, char ret_text[30])
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const int64_t last = 253402300799; /* the end of the year 9999 */
    time_t seconds = (time_t)(epoch_s < 0 ? 0 : epoch_s > last ? last : epoch_s);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    /* the remainders say to the compiler what gmtime_r promises: the text fits */
    snprintf(ret_text, 30, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
             (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12],
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static void put_date(struct buf *out)
{
    static _Thread_local int64_t cached = -1;
    static _Thread_local char text[30];
    int64_t now = clock_real_ms() / 1000;
    if (now != cached) {
        http_date(now, text);
        cached = now;
    }
    buf_puts(out, "Date: ");
    buf_puts(out, text);
    buf_puts(out, "\r\n");
}

/* Written here, so never by a caller. */
static bool is_ours(struct slice name)
{
    switch (http_header_find(name)) {
    case HTTP_H_CONNECTION:
    case HTTP_H_CONTENT_LENGTH:
    case HTTP_H_DATE:
    case HTTP_H_TRANSFER_ENCODING:
        return true;
    default:
        return false;
    }
}

static bool response_valid(const struct http_response *r)
{
    const struct slice name = SLICE_LIT("x");
    if (r->status < 100 || r->status > 599) return false;
    if (r->content_type && !http_field_valid(name, slice_str(r->content_type))) return false;
    if (r->request_id && !http_field_valid(name, slice_str(r->request_id))) return false;
    for (size_t i = 0; i < r->field_count; i++) {
        struct slice field = slice_str(r->fields[i].name);
        if (is_ours(field) || !http_field_valid(field, r->fields[i].value)) return false;
    }
    return true;
}

static void put_field(struct buf *out, const char *name, struct slice value)
{
    buf_puts(out, name);
    buf_puts(out, ": ");
    buf_put_slice(out, value);
    buf_puts(out, "\r\n");
}

static bool has_field(const struct http_response *r, const char *name)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (http_eq_nocase(slice_str(r->fields[i].name), slice_str(name))) return true;
    return false;
}

static void put_safety(struct buf *out, const struct http_response *r)
{
    if (r->status < 200) return;
    buf_puts(out, "X-Content-Type-Options: nosniff\r\n"
                  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
                  "Referrer-Policy: no-referrer\r\n");
    if (!has_field(r, "Cache-Control")) buf_puts(out, "Cache-Control: no-store\r\n");
}

static bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

static const char *connection_of(const struct http_response *r)
{
    if (r->status == 101) return "Upgrade";
    return r->keep_alive && r->framing != HTTP_UNTIL_CLOSE ? "keep-alive" : "close";
}

static void put_framing(struct buf *out, const struct http_response *r)
{
    if (has_no_body(r->status)) return;
    if (r->framing == HTTP_CHUNKED) put_field(out, "Transfer-Encoding", SLICE_LIT("chunked"));
    if (r->framing != HTTP_LENGTH) return;
    buf_puts(out, "Content-Length: ");
    buf_put_int(out, (int64_t)r->body.len);
    buf_puts(out, "\r\n");
}

static void put_status_line(struct buf *out, int status)
{
    buf_puts(out, "HTTP/1.1 ");
    buf_put_int(out, status);
    buf_putc(out, ' ');
    buf_puts(out, http_status_reason(status));
    buf_puts(out, "\r\n");
}

int http_put_response(struct buf *out, const struct http_response *r)
{
    if (!response_valid(r)) return ERR_INVALID;
    buf_reserve(out, USUAL_HEAD + r->body.len);
    put_status_line(out, r->status);
    put_date(out);
    if (r->content_type && !has_no_body(r->status))
        put_field(out, "Content-Type", slice_str(r->content_type));
    put_framing(out, r);
    put_field(out, "Connection", slice_str(connection_of(r)));
    if (r->request_id) put_field(out, "x-amzn-RequestId", slice_str(r->request_id));
    put_safety(out, r);
    for (size_t i = 0; i < r->field_count; i++)
        put_field(out, r->fields[i].name, r->fields[i].value);
    buf_puts(out, "\r\n");
    if (!r->head && !has_no_body(r->status) && r->framing != HTTP_CHUNKED)
        buf_put_slice(out, r->body);
    return 0;
}

void http_put_chunk_head(struct buf *out, size_t len)
{
    buf_printf(out, "%zx\r\n", len);
}

void http_put_chunk(struct buf *out, struct slice data)
{
    if (data.len == 0) return;
    http_put_chunk_head(out, data.len);
    buf_put_slice(out, data);
    buf_puts(out, "\r\n");
}

void http_put_last_chunk(struct buf *out)
{
    buf_puts(out, "0\r\n\r\n");
}

void http_put_continue(struct buf *out)
{
    buf_puts(out, "HTTP/1.1 100 Continue\r\n\r\n");
}
