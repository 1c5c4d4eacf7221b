/* manual.c — docs/manual/rest.md, printed from the tables of routes and errors. A test holds the page
 * equal to what is printed here. */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/mem.h"

#include <string.h>

static const char *const intro =
    "# REST\n"
    "\n"
    "This page is printed from the program's tables of routes and errors. The same for programs, "
    "with\n"
    "the schemas of what is asked and answered, is the OpenAPI 3.1 document at `/openapi.json` of "
    "a\n"
    "hub; its `ETag` changes with the program only.\n"
    "\n"
    "Every listener speaks HTTP/1.1 beside MQTT, and the Unix socket in the data directory does "
    "too.\n"
    "Operations, paths, members and errors are those of AWS IoT (API version 2015-05-28), so that "
    "its\n"
    "SDKs and its command line work with `--endpoint-url`. What AWS has no operation for is below\n"
    "`/hub/`.\n"
    "\n"
    "A request proves who it is by SigV4 (header or query) with an access key, by\n"
    "`Authorization: Bearer TOKEN`, by a client certificate (data plane only), or by the Unix "
    "socket,\n"
    "whose peer is the administrator. Without any of these only a listener with `anonymous = "
    "true`\n"
    "serves the data plane (an upgrade to WebSocket is granted to nobody too: CONNECT says then "
    "who it\n"
    "is); it refuses requests whose `Host` is not a name of this machine, or which a proxy has\n"
    "forwarded. What a connection proves, and not the request itself, does not count for web "
    "pages:\n"
    "refused is an `Origin` that is neither in `http.allowed_origins` nor the hub's own, and what "
    "a\n"
    "browser says to be part of a page of another site (`Sec-Fetch-Site`). Errors of HTTP itself "
    "(400,\n"
    "408, 413, 414, 431) come without CORS headers.\n"
    "\n"
    "Bodies are JSON objects, except the payload of `Publish` and the documents of shadows; an "
    "absent\n"
    "body is `{}`. A parameter is a member of the body unless the table says that it travels in "
    "the\n"
    "path, the query (`?name`) or a header (`name:`). Times are seconds since 1970. A change is\n"
    "answered after it is kept. While the store is failing, changes are answered 503; a request "
    "that\n"
    "is not carried out in time is answered 503 too, and may still be carried out.\n"
    "\n"
    "Where operations of two services have the same method and path (`GET /things/NAME/jobs`), "
    "the\n"
    "service that the request was signed for decides; without a signature certificates and "
    "anonymous\n"
    "callers get the data plane's. Elsewhere a signature is good whatever service of AWS IoT it "
    "names.\n"
    "\n"
    "Every answer has `x-amzn-RequestId`; an error has its name in `x-amzn-ErrorType` and a "
    "sentence in\n"
    "`message`, on the data plane `traceId` too.\n";

static const struct {
    enum api_plane first, last;
    const char *title;
    const char *text;
} parts[] = {
    { API_DATA, API_DATA, "Data plane",
      "The policies of the caller decide, of certificates and anonymous callers too. Refused: 403\n"
      "`ForbiddenException`.\n" },
    { API_CONTROL, API_CONTROL, "Control plane",
      "For administrators, and for keys, users and tokens whose policies allow the action.\n"
      "Certificates and anonymous callers are refused: 403 `AccessDeniedException`.\n" },
    { API_HUB, API_HUB, "The hub's own paths",
      "As the control plane; only an administrator makes credentials with `\"admin\": true`.\n" },
    { API_KEYS, API_KEYS, "Temporary keys",
      "For client certificates alone, whose policies must allow the action. AWS has this on a "
      "host\n"
      "of its own.\n" },
    { API_OPEN, API_METRICS, "Health and figures",
      "Health needs no credential. `/metrics` and `/openapi.json` need any, but for anonymous\n"
      "connections from this machine and for the Unix socket.\n" },
};

static void put_bind(struct buf *out, const char *bind)
{
    struct slice rest = slice_str(bind), name, param;
    char kind;
    const char *separator = "";
    while (api_bind_next(&rest, &kind, &name, &param)) {
        buf_puts(out, separator);
        separator = ", ";
        if (kind == '*')
            buf_puts(out, "body");
        else if (kind == '{')
            buf_printf(out, "body = `%.*s`", (int)name.len, name.ptr);
        else
            buf_printf(out, "`%s%.*s%s`", kind == '?' ? "?" : "", (int)name.len, name.ptr,
                       kind == '@' ? ":" : "");
        if (kind != '*' && kind != '{' && !slice_eq(name, param))
            buf_printf(out, " (%.*s)", (int)param.len, param.ptr);
    }
}

static void put_code(struct buf *out, const char *text)
{
    if (text) buf_printf(out, "`%s`", text);
}

static void put_route(struct buf *out, const struct api_route *route)
{
    buf_printf(out, "| `%s %s` | %s | ", http_method_name(route->route.method), route->route.path,
               route->op);
    put_code(out, route->route.action);
    buf_puts(out, " | ");
    put_code(out, route->resource);
    buf_puts(out, " | ");
    put_bind(out, route->bind);
    buf_printf(out, " | %s |\n", route->route.summary);
}

static void put_parts(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_printf(out, "\n## %s\n\n%s\n", parts[i].title, parts[i].text);
        buf_puts(out, "| request | operation | action | resource | parameters | meaning |\n"
                      "| --- | --- | --- | --- | --- | --- |\n");
        for (size_t j = 0; j < api_route_count; j++)
            if (api_routes[j].plane >= parts[i].first && api_routes[j].plane <= parts[i].last)
                put_route(out, &api_routes[j]);
    }
}

static void put_errors(struct buf *out)
{
    buf_puts(out, "\n## Errors\n\n"
                  "| of | control plane | data plane |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < api_failure_count; i++) {
        const struct api_failure *row = &api_failures[i];
        const char *what = row->rc ? err_text(row->rc) : "all others";
        buf_printf(out, "| %s%s%s | %d `%s` | ", what, row->op ? ", " : "", row->op ? row->op : "",
                   row->status[0], row->error[0]);
        if (row->op)
            buf_puts(out, "|\n");
        else
            buf_printf(out, "%d `%s` |\n", row->status[1], row->error[1]);
    }
    buf_puts(out, "\nCredentials that are not accepted:\n\n| status | error |\n| --- | --- |\n");
    for (size_t i = 0; i < api_auth_failure_count; i++)
        buf_printf(out, "| %d | `%s` |\n", api_auth_failures[i].status, api_auth_failures[i].error);
}

static void put_rest(struct buf *out)
{
    buf_puts(out, "\n## Not built\n\n"
                  "These operations of AWS are answered 501 `NotImplementedException`:\n\n");
    size_t column = 0;
    for (size_t i = 0; i < api_aws_operation_count; i++) {
        const char *op = api_aws_operations[i].op;
        if (api_route_built(&api_aws_operations[i])) continue;
        size_t len = strlen(op);
        if (column + len + 2 > 98) {
            buf_puts(out, ",\n");
            column = 0;
        } else if (column) {
            buf_puts(out, ", ");
            column += 2;
        }
        buf_puts(out, op);
        column += len;
    }
    buf_puts(out, ".\n");
}

void api_print_manual(struct buf *out)
{
    buf_puts(out, intro);
    put_parts(out);
    put_errors(out);
    put_rest(out);
}
