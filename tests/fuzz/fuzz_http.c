/* fuzz_http.c — requests and responses off the wire. The first byte chooses: bit 0 a request or a
 * response, bit 1 the answer to HEAD, bit 2 the default limits or small ones; the second seeds the
 * places where the rest is cut. Properties: however the bytes are cut, the outcome is the same; no
 * more is taken than there is; what was parsed can be routed, searched and answered; a request that
 * was written again is read as the same. */
#include "base/err.h"
#include "http/client.h"
#include "http/query.h"
#include "http/request.h"
#include "http/response.h"
#include "http/route.h"

#include "pieces.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct http_limits small_limits = { 64, 256, 8, 64 };

static const struct route routes[] = {
    { HTTP_GET, "/" },
    { HTTP_GET, "/things/{thingName}" },
    { HTTP_POST, "/things/{thingName}/shadow" },
    { HTTP_PUT, "/things/{a}/{b}/{c}" },
    { HTTP_POST, "/topics/{topic+}" },
    { HTTP_DELETE, "/authorizers", .flags = ROUTE_SLASH },
};

static void put_headers(struct buf *out, const struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct http_header *h = &headers->items[i];
        REQUIRE(http_field_valid(h->name, h->value));
        REQUIRE(h->id == HTTP_H_OTHER || http_header_known(headers, h->id).ptr);
        buf_put_slice(out, h->name);
        buf_putc(out, ':');
        buf_put_slice(out, h->value);
        buf_putc(out, '\n');
    }
}

static void use_request(const struct route_table *table, const struct http_request *req)
{
    struct arena arena = { 0 };
    struct route_match match;
    struct slice value, query = req->query, name;
    struct buf out = { 0 };
    int rc = route_find(table, req->method, req->path, &arena, &match);
    unsigned allowed = route_allowed(table, req->path);
    REQUIRE((rc == 0 || rc == ERR_UNSUPPORTED) == (allowed != 0) || rc == ERR_MALFORMED);
    while (http_query_next(&query, &name, &value))
        REQUIRE(name.len > 0);
    http_query_get(req->query, "a", &arena, &value);
    struct http_field field = { "X-Target", req->target };
    struct http_response response = { .status = 200, .fields = &field, .field_count = 1 };
    REQUIRE(http_put_response(&out, &response) == 0);
    buf_deinit(&out);
    arena_deinit(&arena);
}

/* Written by the client's half and read again. */
static void echo_request(const struct http_request *req)
{
    if (req->target.ptr[0] != '/' || req->host.len == 0) return;
    struct buf host = { 0 }, out = { 0 };
    buf_put_slice(&host, req->host);
    struct http_call call = { .method = req->method,
                              .target = req->target,
                              .host = buf_str(&host),
                              .body = req->body,
                              .keep_alive = req->keep_alive };
    REQUIRE(http_put_request(&out, &call) == 0);
    struct http_parser p;
    size_t used = 0;
    http_parser_init(&p, NULL);
    REQUIRE(http_feed(&p, (const uint8_t *)out.data, out.len, &used) == HTTP_DONE);
    REQUIRE(used == out.len && slice_eq(p.req.path, req->path) && slice_eq(p.req.body, req->body));
    http_parser_deinit(&p);
    buf_deinit(&out);
    buf_deinit(&host);
}

static bool put_request(struct buf *out, const struct route_table *table, struct http_parser *p,
                        int rc)
{
    buf_printf(out, "[%d]", rc);
    if (rc < 0) {
        REQUIRE(p->failure && p->failure->status >= 400 && p->failure->why);
        buf_printf(out, "%d %s", p->failure->status, p->failure->why);
        return false;
    }
    if (rc == HTTP_MORE) return true;
    const struct http_request *req = &p->req;
    buf_printf(out, "%d %d %d ", (int)req->method, req->minor, req->keep_alive);
    const struct slice parts[] = { req->path, req->query, req->host, req->body, req->upgrade };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_putc(out, ' ');
        buf_put_slice(out, parts[i]);
    }
    put_headers(out, &req->headers);
    if (rc == HTTP_CONTINUE) return true;
    use_request(table, req);
    echo_request(req);
    http_parser_next(p);
    return true;
}

static void read_requests(struct buf *out, const struct route_table *table,
                          const struct http_limits *limits, struct slice in, uint32_t seed)
{
    struct http_parser p;
    http_parser_init(&p, limits);
    bool going = true;
    while (going && in.len) {
        size_t len = piece_len(&seed, in.len, 1, 16), used = 0;
        for (size_t done = 0; going && done < len; done += used) {
            int rc = http_feed(&p, (const uint8_t *)in.ptr + done, len - done, &used);
            REQUIRE(rc < 0 || used <= len - done);
            REQUIRE(rc != HTTP_MORE || used == len - done);
            if (rc != HTTP_MORE) going = put_request(out, table, &p, rc);
        }
        in = slice_from(in, len);
    }
    buf_printf(out, " phase %d", (int)http_parser_phase(&p));
    http_parser_deinit(&p);
}

static void read_response(struct buf *out, enum http_method method,
                          const struct http_limits *limits, struct slice in, uint32_t seed)
{
    struct http_client c;
    http_client_init(&c, limits, method);
    int rc = HTTP_MORE;
    while (rc == HTTP_MORE && in.len) {
        size_t len = piece_len(&seed, in.len, 1, 16), used = 0;
        rc = http_client_feed(&c, (const uint8_t *)in.ptr, len, &used);
        REQUIRE(rc < 0 || used <= len);
        in = slice_from(in, rc < 0 ? 0 : used);
    }
    if (rc == HTTP_MORE) rc = http_client_finish(&c);
    buf_printf(out, "[%d] %d %d ", rc, c.status, c.keep_alive);
    if (rc >= 0) buf_printf(out, "left %zu ", in.len);
    if (rc == HTTP_DONE) {
        REQUIRE(c.status >= 100 && c.status <= 999);
        put_headers(out, &c.headers);
        buf_put_slice(out, c.reason);
        buf_put_slice(out, c.body);
    } else if (rc != ERR_CLOSED) {
        buf_puts(out, c.failure->why);
    }
    http_client_deinit(&c);
}

static struct route_table *table_of_routes(void)
{
    static struct route_table *table;
    if (table) return table;
    table = route_table_create();
    REQUIRE(route_table_add(table, routes, sizeof routes / sizeof *routes, sizeof *routes, NULL) ==
            0);
    return table;
}

static void read_input(struct buf *out, uint8_t choice, struct slice in, uint32_t seed)
{
    const struct http_limits *limits = choice & 4 ? NULL : &small_limits;
    if (choice & 1)
        read_response(out, choice & 2 ? HTTP_HEAD : HTTP_GET, limits, in, seed);
    else
        read_requests(out, table_of_routes(), limits, in, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    require_same_however_cut(data, len, read_input);
    return 0;
}
