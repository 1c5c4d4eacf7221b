/* Whatever a request says: its route, its parameters and the resource of the permission that is asked
 * for are found without harm, and no parameter begins with '.' (the registry's own notes).
 * Input: the bytes of one HTTP request. */
#include "api/api_priv.h"

#include "base/mem.h"
#include "base/text.h"

#define STUB(name)                   \
    void name(struct api_call *call) \
    {                                \
        BUG("nothing is run here");  \
    }
STUB(control_registry)
STUB(control_rule)
STUB(control_credential)
STUB(control_thing_groups)
STUB(control_endpoint)
STUB(data_publish)
STUB(data_get_retained)
STUB(data_list_retained)
STUB(data_get_shadow)
STUB(data_update_shadow)
STUB(data_delete_shadow)
STUB(data_list_shadows)
STUB(hub_live)
STUB(hub_ready)
STUB(hub_metrics)
STUB(hub_status)
STUB(hub_test_rule)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct route_table *make_table(void)
{
    struct route_table *table = route_table_create();
    struct diag diag = DIAG_INIT;
    if (route_table_add(table, api_routes, api_route_count, sizeof *api_routes, &diag) < 0)
        BUG("%s", diag.text);
    return table;
}

static void check_params(const struct json *params, const char *bind)
{
    bool whole = bind && strchr(bind, '{') && !strstr(bind, "{*}");
    json_for_each(member, params) {
        if (!whole && json_key(member)[0] == '.') BUG("a note from outside");
        const char *text = json_str(member);
        if (text && !utf8_valid(slice_str(text))) BUG("no UTF-8");
    }
}

static void serve(const struct route_table *table, const struct http_request *request)
{
    static const char *const names[] = { "hub.example" };
    static const char *const origins[] = { "https://a.example" };
    const struct api_opts opts = {
        .names = names, .name_count = 1, .origins = origins, .origin_count = 1
    };
    struct arena arena = { 0 };
    struct route_match match;
    struct json *params;
    guard_refusal(&opts, &(struct principal){ .kind = PRINCIPAL_ANONYMOUS }, request, false);
    if (route_find(table, request->method, request->path, &arena, &match) == 0) {
        const struct api_route *route = container_of(match.route, struct api_route, route);
        struct diag diag = DIAG_INIT;
        if (api_bind(route->bind, &match, request, &arena, &params, &diag) == 0) {
            struct buf resource = { 0 };
            check_params(params, route->bind);
            if (route->resource) api_expand(route->resource, params, &resource);
            buf_deinit(&resource);
            json_free(params);
        } else if (!diag.text[0]) {
            BUG("refused without a word");
        }
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct route_table *table;
    struct http_parser parser;
    size_t used = 0, at = 0;
    if (!table) table = make_table();
    http_parser_init(&parser, NULL);
    int rc;
    do {
        rc = http_feed(&parser, data + at, size - at, &used);
        if (rc >= 0) at += used;
    } while (rc == HTTP_CONTINUE);
    if (rc == HTTP_DONE) serve(table, &parser.req);
    http_parser_deinit(&parser);
    return 0;
}
