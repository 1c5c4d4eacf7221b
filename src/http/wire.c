/* wire.c — one message off the wire.
 *
 * The head is collected, checked byte by byte by the guard, until it is whole; then llhttp reads it
 * at once, so that every name and value is a slice of one run of memory. The body goes through the
 * guard and llhttp as it comes. Framing is decided here from the headers, and must agree with
 * llhttp's:
 *
 *  I1  Guard and llhttp find as many headers, and the end of the message at the same byte; else the
 *      message is refused.
 *  I2  head does not change once it is complete: slices point into it.
 *  I3  Memory is bounded by the limits: what the peer announces allocates nothing.
 *  I4  When the guard refuses a byte, llhttp has seen all bytes before it, so that the first
 *      failure is the same however the stream was cut. */
#include "http/wire_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "http/glue.h"

static void on_target(void *arg, const char *at, size_t len)
{
    struct http_wire *w = arg;
    w->target = slice_of(at, len);
}

static void on_reason(void *arg, const char *at, size_t len)
{
    struct http_wire *w = arg;
    w->reason = slice_of(at, len);
}

static void on_header(void *arg, const char *name, size_t name_len, const char *value,
                      size_t value_len)
{
    struct http_wire *w = arg;
    struct http_headers *headers = &w->headers;
    size_t at = headers->count++;
    if (at >= w->guard.lines) return; /* found out by I1 */
    struct http_header *header = &headers->items[at];
    header->name = slice_of(name, name_len);
    header->value = http_trim(slice_of(value, value_len));
    header->id = http_header_find(header->name);
    if (header->id != HTTP_H_OTHER && headers->first[header->id] == 0)
        headers->first[header->id] = (uint16_t)(at + 1);
}

/* RFC 9112, 6.3: responses that have no body whatever their headers say. */
static bool has_no_body(const struct http_wire *w)
{
    return w->response &&
           (w->no_body || w->status / 100 == 1 || w->status == 204 || w->status == 304);
}

/* RFC 9112, 9.3, without the extension of HTTP/1.0. */
static bool stays_open(const struct http_wire *w)
{
    return w->minor > 0 && !guard_ends_by_close(&w->guard) &&
           !http_header_has_token(&w->headers, "connection", "close");
}

static bool on_head(void *arg)
{
    struct http_wire *w = arg;
    w->status = glue_status(w->glue);
    w->minor = glue_minor(w->glue);
    w->upgrade = glue_upgrade(w->glue);
    w->head_read = true;
    return has_no_body(w);
}

static void on_body(void *arg, const char *at, size_t len)
{
    struct http_wire *w = arg;
    buf_append(&w->body, at, len);
}

static const struct glue_cbs glue_cbs = {
    .on_target = on_target,
    .on_reason = on_reason,
    .on_header = on_header,
    .on_head = on_head,
    .on_body = on_body,
};

void http_wire_init(struct http_wire *w, const struct http_limits *limits, bool response)
{
    *w = (struct http_wire){ .limits = limits ? limits : &http_default_limits,
                             .response = response };
    if (w->limits->max_headers > 1000 || w->limits->max_body > (size_t)1 << 40)
        BUG("limits of HTTP out of range");
    guard_init(&w->guard, w->limits, response);
}

void http_wire_reset(struct http_wire *w)
{
    glue_destroy(w->glue);
    buf_deinit(&w->head);
    buf_deinit(&w->body);
    arena_deinit(&w->arena);
    http_wire_init(w, w->limits, w->response);
}

int http_wire_fail(struct http_wire *w, enum http_failure_id failure)
{
    w->state = WIRE_FAILED;
    w->failure = http_failure_of(failure);
    w->rc = http_failure_rc(w->failure);
    buf_deinit(&w->body);
    return w->rc;
}

static bool has(const struct http_wire *w, enum http_header_id id)
{
    return http_header_known(&w->headers, id).ptr != NULL;
}

static enum http_failure_id glue_failure(const struct http_wire *w, enum glue_rc rc)
{
    static const enum http_failure_id failures[] = {
        [GLUE_OK] = FAIL_NONE,
        [GLUE_METHOD] = FAIL_METHOD,
        [GLUE_TARGET] = FAIL_TARGET_FORM,
        [GLUE_VERSION] = FAIL_VERSION,
        [GLUE_LENGTH] = FAIL_LENGTH,
        [GLUE_LENGTH_AND_CODING] = FAIL_LENGTH_AND_CODING,
        [GLUE_CODING] = FAIL_CODING,
        [GLUE_CHUNK_SIZE] = FAIL_CHUNK_SIZE,
        [GLUE_MALFORMED] = FAIL_MALFORMED,
    };
    /* llhttp stops at the second of the two headers, before it is reported */
    if (rc == GLUE_LENGTH_AND_CODING && !has(w, HTTP_H_TRANSFER_ENCODING)) return FAIL_TWO_LENGTHS;
    if (rc == GLUE_CODING && has(w, HTTP_H_CONTENT_LENGTH)) return FAIL_LENGTH_AND_CODING;
    return failures[rc];
}

static bool coding_is_chunked(struct slice coding)
{
    return http_eq_nocase(coding, SLICE_LIT("chunked"));
}

static enum http_failure_id frame_by_coding(struct http_wire *w, struct slice codings)
{
    if (w->minor == 0) return FAIL_CODING_OLD;
    if (has(w, HTTP_H_CONTENT_LENGTH)) return FAIL_LENGTH_AND_CODING;
    if (http_header_count(&w->headers, "transfer-encoding") > 1) return FAIL_CODING;
    if (!coding_is_chunked(codings)) {
        struct slice element = { "", 0 };
        unsigned chunked = 0;
        while (http_list_next(&codings, &element))
            chunked += coding_is_chunked(element);
        return chunked == 1 && coding_is_chunked(element) ? FAIL_CODING_UNKNOWN : FAIL_CODING;
    }
    guard_body_chunked(&w->guard);
    return FAIL_NONE;
}

static enum http_failure_id frame_by_length(struct http_wire *w, struct slice text)
{
    if (http_header_count(&w->headers, "content-length") > 1) return FAIL_TWO_LENGTHS;
    uint64_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return FAIL_LENGTH;
        length = length * 10 + (uint64_t)(text.ptr[i] - '0');
        if (length > w->limits->max_body) length = w->limits->max_body + 1;
    }
    return text.len ? guard_body_length(&w->guard, length) : FAIL_LENGTH;
}

/* RFC 9112, 6.3. */
static enum http_failure_id frame(struct http_wire *w)
{
    struct slice coding = http_header_known(&w->headers, HTTP_H_TRANSFER_ENCODING);
    struct slice length = http_header_known(&w->headers, HTTP_H_CONTENT_LENGTH);
    if (has_no_body(w))
        guard_body_none(&w->guard);
    else if (coding.ptr)
        return frame_by_coding(w, coding);
    else if (length.ptr)
        return frame_by_length(w, length);
    else if (w->response)
        guard_body_until_close(&w->guard);
    else
        guard_body_none(&w->guard);
    return FAIL_NONE;
}

static enum http_failure_id read_head(struct http_wire *w)
{
    size_t lines = w->guard.lines;
    w->headers.items = arena_array(&w->arena, struct http_header, lines + 1);
    w->glue = glue_create(w->response, &glue_cbs, w);
    enum glue_rc rc = glue_execute(w->glue, w->head.data, w->head.len);
    if (!w->head_read) return rc ? glue_failure(w, rc) : FAIL_MALFORMED;
    if (w->headers.count != lines) return FAIL_MALFORMED;
    if (w->response && w->status < 100) return FAIL_START_LINE;
    if (!w->response && http_method_find(slice_str(glue_method(w->glue)), &w->method) < 0)
        return FAIL_METHOD;
    enum http_failure_id failure = frame(w);
    if (failure) return failure;
    if (rc) return glue_failure(w, rc);
    w->keep_alive = stays_open(w);
    return guard_done(&w->guard) == glue_complete(w->glue) ? FAIL_NONE : FAIL_MALFORMED;
}

static void advance(struct http_wire *w)
{
    w->state = WIRE_BODY;
    if (!guard_done(&w->guard)) return;
    w->state = WIRE_DONE;
    glue_destroy(w->glue);
    w->glue = NULL;
}

static int feed_head(struct http_wire *w, const char *data, size_t len, size_t *ret_used)
{
    size_t used;
    enum http_failure_id failure = guard_feed(&w->guard, data, len, &used);
    if (failure) return http_wire_fail(w, failure);
    if (used) buf_append(&w->head, data, used);
    if (!guard_done(&w->guard)) {
        *ret_used = used;
        return WIRE_MORE;
    }
    failure = read_head(w);
    if (failure) return http_wire_fail(w, failure);
    advance(w);
    *ret_used = used;
    return WIRE_GOT_HEAD;
}

static int feed_body(struct http_wire *w, const char *data, size_t len, size_t *ret_used)
{
    size_t used;
    enum http_failure_id failure = guard_feed(&w->guard, data, len, &used);
    enum glue_rc rc = glue_execute(w->glue, data, used);
    if (rc) return http_wire_fail(w, glue_failure(w, rc));
    if (failure) return http_wire_fail(w, failure);
    if (guard_done(&w->guard) != glue_complete(w->glue)) return http_wire_fail(w, FAIL_MALFORMED);
    advance(w);
    *ret_used = used;
    return w->state == WIRE_DONE ? WIRE_GOT_ALL : WIRE_MORE;
}

int http_wire_feed(struct http_wire *w, const uint8_t *data, size_t len, size_t *ret_used)
{
    switch (w->state) {
    case WIRE_HEAD:
        return feed_head(w, (const char *)data, len, ret_used);
    case WIRE_BODY:
        return feed_body(w, (const char *)data, len, ret_used);
    case WIRE_DONE:
        *ret_used = 0;
        return WIRE_GOT_ALL;
    case WIRE_FAILED:
        return w->rc;
    }
    BUG("state %d of a message", (int)w->state);
}

bool http_wire_finish(struct http_wire *w)
{
    if (w->state == WIRE_BODY && guard_ends_by_close(&w->guard)) {
        guard_body_none(&w->guard);
        advance(w);
    }
    return w->state == WIRE_DONE;
}
