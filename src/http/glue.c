/* glue.c — llhttp behind glue.h.
 *
 * llhttp reports a header as spans of its name and value, each perhaps in several pieces, and never
 * looks back. As the head is given in one piece of memory, pieces of one span lie side by side, and
 * joining them is moving an end.
 *
 *  I1  A parser reads one message and is thrown away, so no state of llhttp outlives a message: its
 *      rules about what may follow "Connection: close" or an upgrade never come into play.
 *  I2  Trailers are parsed and dropped: after the head no header is reported.
 *
 * Both llhttp 8 (Debian 12) and 9 (Debian 13) do; only what both have is used. */
#include "http/glue.h"

#include "base/mem.h"

#include <llhttp.h>
#include <stdlib.h>

struct span {
    const char *at;
    size_t len;
};

struct http_glue {
    llhttp_t parser;
    const struct glue_cbs *cbs;
    void *arg;
    struct span target, reason, name, value;
    bool head_done;
    bool complete;
    bool upgrade;
};

static struct http_glue *glue_of(llhttp_t *parser)
{
    return container_of(parser, struct http_glue, parser);
}

static void span_join(struct span *span, const char *at, size_t len)
{
    if (!span->at) span->at = at;
    span->len = (size_t)(at - span->at) + len;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    span_join(&glue_of(parser)->target, at, len);
    return 0;
}

static int on_status(llhttp_t *parser, const char *at, size_t len)
{
    span_join(&glue_of(parser)->reason, at, len);
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct http_glue *g = glue_of(parser);
    if (!g->head_done) span_join(&g->name, at, len);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    struct http_glue *g = glue_of(parser);
    if (!g->head_done) span_join(&g->value, at, len);
    return 0;
}

static int on_header_value_complete(llhttp_t *parser)
{
    struct http_glue *g = glue_of(parser);
    if (g->head_done) return 0;
    g->cbs->on_header(g->arg, g->name.at, g->name.len, g->value.at ? g->value.at : "",
                      g->value.len);
    g->name = g->value = (struct span){ 0 };
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct http_glue *g = glue_of(parser);
    g->head_done = true;
    g->upgrade = llhttp_get_upgrade(parser);
    if (g->target.at) g->cbs->on_target(g->arg, g->target.at, g->target.len);
    if (g->reason.at) g->cbs->on_reason(g->arg, g->reason.at, g->reason.len);
    return g->cbs->on_head(g->arg) ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct http_glue *g = glue_of(parser);
    g->cbs->on_body(g->arg, at, len);
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    glue_of(parser)->complete = true;
    return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_status = on_status,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

struct http_glue *glue_create(bool response, const struct glue_cbs *cbs, void *arg)
{
    struct http_glue *g = xnew(struct http_glue);
    llhttp_init(&g->parser, response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
    g->cbs = cbs;
    g->arg = arg;
    return g;
}

void glue_destroy(struct http_glue *g)
{
    free(g);
}

static enum glue_rc glue_error(llhttp_errno_t code)
{
    switch (code) {
    case HPE_OK:
    case HPE_PAUSED_UPGRADE:
        return GLUE_OK;
    case HPE_INVALID_METHOD:
        return GLUE_METHOD;
    case HPE_INVALID_URL:
        return GLUE_TARGET;
    case HPE_INVALID_VERSION:
        return GLUE_VERSION;
    case HPE_INVALID_CONTENT_LENGTH:
        return GLUE_LENGTH;
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return GLUE_LENGTH_AND_CODING;
    case HPE_INVALID_TRANSFER_ENCODING:
        return GLUE_CODING;
    case HPE_INVALID_CHUNK_SIZE:
        return GLUE_CHUNK_SIZE;
    default:
        return GLUE_MALFORMED;
    }
}

enum glue_rc glue_execute(struct http_glue *g, const char *data, size_t len)
{
    return len ? glue_error(llhttp_execute(&g->parser, data, len)) : GLUE_OK;
}

bool glue_complete(const struct http_glue *g)
{
    return g->complete;
}

const char *glue_method(const struct http_glue *g)
{
    return llhttp_method_name((llhttp_method_t)g->parser.method);
}

int glue_status(const struct http_glue *g)
{
    return g->parser.status_code;
}

int glue_minor(const struct http_glue *g)
{
    return g->parser.http_minor;
}

bool glue_upgrade(const struct http_glue *g)
{
    return g->upgrade;
}
