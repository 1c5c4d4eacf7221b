/* Unit tests of the REST front door: real store, registry, auth and hub; connections, shadows and rules
 * are faked. A request is text, parsed by the true parser; its answer is what http_respond is given. */
#include "lib/test.h"

#include "api/api_priv.h"
#include "api_services.h"
#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "hub/hub.h"
#include "hub/session.h"
#include "hub/sys_topics.h"
#include "lib/clock_fake.h"
#include "mqtt/property.h"
#include "net/stream.h"
#include "registry/registry.h"
#pragma push_macro("fail") /* of cmocka: the registry has a function of that name */
#undef fail
#include "registry/registry_priv.h"
#pragma pop_macro("fail")
#include "rules/rules.h"
#include "shadow/shadow.h"
#include "store/store.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { TIMEOUT_MS = 30000 };

static struct api *api;

/* ---- principals ---- */

static struct principal admin, key, cert, anonymous;
static struct policy *all_iot, *all_data;

static void make_principal(struct principal *p, enum principal_kind kind, const char *label,
                           struct policy **policy)
{
    *p = (struct principal){ .refs = 1, .kind = kind, .valid = true };
    p->label = (char *)label;
    p->id = strchr(p->label, ':') + 1;
    p->policies = policy;
    p->policy_count = policy ? 1 : 0;
    list_init(&p->watches);
}

static void make_principals(void)
{
    static const char iot[] = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                              "\"Action\":\"iot:*\",\"Resource\":\"*\"},{\"Effect\":\"Allow\","
                              "\"Action\":\"thingd:CreateToken\",\"Resource\":\"*\"},"
                              "{\"Effect\":\"Deny\",\"Action\":\"iot:DeleteThing\","
                              "\"Resource\":\"arn:aws:iot:local:000000000000:thing/kept\"},"
                              "{\"Effect\":\"Deny\",\"Action\":\"iot:*\",\"Resource\":"
                              "\"arn:aws:iot:local:000000000000:thinggroup/kept\"}]}";
    static const char data[] = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                               "\"Action\":[\"iot:Publish\",\"iot:RetainPublish\"],"
                               "\"Resource\":\"arn:aws:iot:*:*:topic/free/*\"},"
                               "{\"Effect\":\"Allow\",\"Action\":[\"iot:GetThingShadow\","
                               "\"iot:UpdateThingShadow\",\"iot:DeleteThingShadow\"],\"Resource\":"
                               "\"arn:aws:iot:*:*:thing/mine\"},"
                               "{\"Effect\":\"Allow\",\"Action\":\"iot:ListRetainedMessages\","
                               "\"Resource\":\"*\"}]}";
    assert_int_equal(policy_parse("AllIot", slice_str(iot), &all_iot, NULL), 0);
    assert_int_equal(policy_parse("Data", slice_str(data), &all_data, NULL), 0);
    make_principal(&admin, PRINCIPAL_LOCAL, "local:0", NULL);
    admin.admin = true;
    make_principal(&key, PRINCIPAL_KEY, "key:AKIATEST", &all_iot);
    make_principal(&cert, PRINCIPAL_CERT, "cert:ab12", &all_data);
    make_principal(&anonymous, PRINCIPAL_ANONYMOUS, "anonymous:AnonymousLocal", &all_data);
}

/* ---- exchanges ---- */

struct sent {
    struct http_exchange exchange; /* first */
    struct http_parser parser;
    bool answered;
    int status;
    char request_id[37];
    struct buf head; /* "name: value\n" */
    struct buf body;
};

static struct stream_peer peer;

static void take_answer(struct http_exchange *exchange, int status, const char *content_type,
                        struct slice body, const struct http_header_out *headers, size_t count)
{
    struct sent *sent = (struct sent *)exchange;
    assert_false(sent->answered);
    sent->answered = true;
    sent->status = status;
    memcpy(sent->request_id, exchange->request_id, sizeof sent->request_id);
    if (content_type) buf_printf(&sent->head, "Content-Type: %s\n", content_type);
    for (size_t i = 0; i < count; i++)
        buf_printf(&sent->head, "%s: %s\n", headers[i].name, headers[i].value);
    buf_put_slice(&sent->body, body);
    arena_deinit(&exchange->arena);
    http_parser_deinit(&sent->parser);
    memset(exchange, 0xa5, sizeof *exchange); /* nobody may look at it any more */
}

/* An upgrade that was granted: as a 101, with the name of whom. */
static void take_accept(struct http_exchange *exchange, struct principal *principal)
{
    const char *label = principal ? principal->label : "nobody";
    take_answer(exchange, 101, NULL, slice_str(label), NULL, 0);
    principal_unref(principal);
}

static const struct http_exchange_ops fake_ops = { .respond = take_answer, .accept = take_accept };

static struct sent *send_request(struct principal *transport, const char *text)
{
    struct sent *sent = xnew(struct sent);
    size_t used = 0;
    http_parser_init(&sent->parser, NULL);
    int rc = http_feed(&sent->parser, (const uint8_t *)text, strlen(text), &used);
    if (rc != HTTP_DONE)
        fail_msg("%s: %s", text, sent->parser.failure ? sent->parser.failure->why : "");
    sent->parser.req.id = sent->exchange.request_id;
    sent->exchange.request = &sent->parser.req;
    sent->exchange.peer = &peer;
    sent->exchange.transport = transport;
    sent->exchange.ops = &fake_ops;
    memcpy(sent->exchange.request_id, "01234567-89ab-4cde-8f01-23456789abcd", 37);
    api_handle(api, &sent->exchange);
    return sent;
}

static void sent_free(struct sent *sent)
{
    assert_true(sent->answered);
    buf_deinit(&sent->head);
    buf_deinit(&sent->body);
    free(sent);
}

static void wait_answer(struct sent *sent)
{
    for (int i = 0; !sent->answered; i++) {
        assert_true(i < 2000);
        loop_turn_wait(loop, 10);
    }
}

/* "GET /path", a body or NULL, further headers or "". */
static struct sent *ask_with(struct principal *transport, const char *line, const char *body,
                             const char *headers)
{
    struct buf text = { 0 };
    buf_printf(&text, "%s HTTP/1.1\r\nHost: localhost:8080\r\n%s", line, headers);
    if (body) buf_printf(&text, "Content-Length: %zu\r\n", strlen(body));
    buf_printf(&text, "\r\n%s", body ? body : "");
    struct sent *sent = send_request(transport, buf_str(&text));
    buf_deinit(&text);
    return sent;
}

struct expected {
    struct principal *who;
    const char *line;
    const char *body;
    int status;
    const char *error; /* NULL: none */
    const char *holds; /* a part of the body */
};

static void check(const struct expected *e, const char *headers)
{
    struct sent *sent = ask_with(e->who, e->line, e->body, headers);
    wait_answer(sent);
    const char *head = buf_str(&sent->head), *body = buf_str(&sent->body);
    char type[128];
    snprintf(type, sizeof type, "x-amzn-ErrorType: %s\n", e->error ? e->error : "");
    if (sent->status != e->status || !strstr(body, e->holds ? e->holds : "") ||
        (e->error ? !strstr(head, type) : strstr(head, "ErrorType") != NULL))
        fail_msg("%s: %d %s%s", e->line, sent->status, head, body);
    if (e->status >= 400) assert_non_null(strstr(body, "\"message\":\""));
    sent_free(sent);
}

static void expect(struct principal *who, const char *line, const char *body, int status,
                   const char *error, const char *holds)
{
    check(&(struct expected){ who, line, body, status, error, holds }, "");
}

static void run_table(const struct expected *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&table[i], "");
}

/* ---- fakes of shadows and rules ---- */

static struct {
    struct loop_task task;
    shadow_done_cb done;
    void *arg;
    int code;
    const char *body;
    bool hold;
    struct buf asked;
} fake;

static void fake_answer(struct loop_task *task)
{
    fake.done(fake.arg, fake.code, slice_str(fake.body));
}

static void fake_ask(const char *what, const char *thing, const char *name, shadow_done_cb done,
                     void *arg)
{
    buf_clear(&fake.asked);
    buf_printf(&fake.asked, "%s %s %s", what, thing, name ? name : "-");
    fake.done = done;
    fake.arg = arg;
    if (fake.hold) return;
    loop_task_init(&fake.task, fake_answer);
    loop_defer(loop, &fake.task);
}

void shadow_rest_get(struct shadows *shadows, const char *thing, const char *name,
                     shadow_done_cb done, void *arg)
{
    fake_ask("get", thing, name, done, arg);
}

void shadow_rest_update(struct shadows *shadows, const char *thing, const char *name,
                        struct slice request, shadow_done_cb done, void *arg)
{
    fake_ask("update", thing, name, done, arg);
    buf_printf(&fake.asked, " %.*s", (int)request.len, request.ptr);
}

void shadow_rest_delete(struct shadows *shadows, const char *thing, const char *name,
                        shadow_done_cb done, void *arg)
{
    fake_ask("delete", thing, name, done, arg);
}

void shadow_rest_list_named(struct shadows *shadows, const char *thing, const char *after,
                            size_t count, shadow_done_cb done, void *arg)
{
    fake_ask("list", thing, after, done, arg);
    buf_printf(&fake.asked, " %zu", count);
}

static void shadow_says(int code, const char *body)
{
    fake.code = code;
    fake.body = body;
}

int rules_check(struct rules *rules, const char *name, const struct json *payload, bool replaces,
                struct diag *diag)
{
    const char *sql = json_get_str(payload, "sql");
    if (!sql) return diag_set(diag, ERR_INVALID, "sql is missing");
    if (strcmp(sql, "bad") == 0)
        return diag_set(diag, ERR_SYNTAX, "line 1, column 1: no statement");
    if (strcmp(sql, "kafka") == 0) return diag_set(diag, ERR_UNSUPPORTED, "no action kafka");
    if (strcmp(sql, "many") == 0 && !replaces) return diag_set(diag, ERR_LIMIT, "too many rules");
    return 0;
}

int rules_test(struct rules *rules, const char *sql, const char *version, struct slice topic,
               struct slice payload, bool *ret_fired, struct buf *ret_output, struct diag *diag)
{
    if (strcmp(sql, "bad") == 0)
        return diag_set(diag, ERR_SYNTAX, "line 1, column 1: no statement");
    *ret_fired = strcmp(sql, "never") != 0;
    buf_put_slice(ret_output, payload);
    return 0;
}

/* ---- set-up ---- */

static const char *const names[] = { "hub.example", "192.0.2.7" };
static const char *const origins[] = { "https://console.example" };

static int set_up(void **state)
{
    services_start(&(struct hub_opts){ .max_topic_levels = 32,
                                       .match_cache = 64,
                                       .max_retained = 1000,
                                       .max_hops = 10,
                                       .max_queued = 10,
                                       .max_queued_bytes = 10000,
                                       .max_inflight = 10,
                                       .max_subscriptions = 10,
                                       .max_sessions = 10,
                                       .session_expiry_ms = HOURS(1) });
    make_principals();
    peer = (struct stream_peer){ .kind = STREAM_PAIR, .loopback = true, .address = "127.0.0.1" };
    fake.hold = false;
    shadow_says(200, "{}");
    struct diag diag = DIAG_INIT;
    struct api_opts opts = { .hub = hub,
                             .auth = auth,
                             .registry = registry,
                             .store = store,
                             .request_timeout_ms = TIMEOUT_MS,
                             .max_payload = 1000,
                             .hostname = "hub.example",
                             .names = names,
                             .name_count = ARRAY_LEN(names),
                             .origins = origins,
                             .origin_count = ARRAY_LEN(origins),
                             .data_dir = "/data",
                             .version = "1.2.3" };
    if (api_create(&api, &opts, &diag) < 0) fail_msg("%s", diag.text);
    return 0;
}

static int tear_down(void **state)
{
    store_stop(store);
    quiet();
    assert_int_equal(api_count(api), 0);
    api_destroy(api);
    services_stop();
    assert_int_equal(admin.refs, 1);
    assert_int_equal(key.refs, 1);
    assert_int_equal(cert.refs, 1);
    assert_int_equal(anonymous.refs, 1);
    policy_unref(all_iot);
    policy_unref(all_data);
    buf_deinit(&fake.asked);
    return 0;
}

/* ---- the table of routes ---- */

static bool uses_registry(const struct api_route *route)
{
    return route->run == control_registry || route->run == control_rule ||
           route->run == control_credential || route->run == control_thing_groups;
}

static void routes_have_operations_that_exist(void **state)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct api_route *route = &api_routes[i];
        assert_non_null(route->run);
        assert_non_null(route->route.summary);
        if (uses_registry(route) && !registry_op_find(route->op)) fail_msg("no %s", route->op);
        bool open = route->plane == API_OPEN || route->plane == API_METRICS;
        assert_true(open == !route->resource);
        assert_true(open == !route->route.action);
        if (route->plane == API_DATA)
            assert_true(policy_action_of(route->route.action) != POLICY_ACTION_OTHER);
        assert_ptr_equal(api_route_of(route->op), route); /* no name twice */
    }
}

static void operations_of_the_registry_have_routes(void **state)
{
    const struct registry_op *const tables[] = {
        thing_ops, type_ops,  cert_ops,         policy_ops, credential_ops, rule_ops,
        ca_ops,    group_ops, provisioning_ops, role_ops,   crl_ops,        cert_register_ops,
    };
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct registry_op *op = tables[i]; op->name; op++) {
            if (*op->name == '.') continue; /* no route leads to it */
            const struct api_route *route = api_route_of(op->name);
            if (!route) fail_msg("%s has no route", op->name);
            bool reads = route->route.method == HTTP_GET || (route->route.flags & API_READS);
            if (reads != op->reads) fail_msg("%s: does it read or write?", op->name);
        }
}

/* Without the names of parameters, and without the '+' that only we have. */
static void shape_of(const char *path, struct buf *out)
{
    for (; *path; path++)
        if (*path == '{') {
            buf_puts(out, "{}");
            path = strchr(path, '}');
        } else {
            buf_putc(out, *path);
        }
}

static void operations_of_aws_are_where_aws_has_them(void **state)
{
    size_t built = 0;
    for (size_t i = 0; i < api_aws_operation_count; i++) {
        const struct api_route *theirs = &api_aws_operations[i];
        const struct api_route *ours = api_route_built(theirs);
        if (!ours) continue;
        struct buf a = { 0 }, b = { 0 };
        shape_of(ours->route.path, &a);
        shape_of(theirs->route.path, &b);
        assert_string_equal(buf_str(&a), buf_str(&b));
        assert_int_equal(ours->route.method, theirs->route.method);
        assert_int_equal(ours->plane, theirs->plane);
        assert_string_equal(ours->route.action, theirs->route.action);
        buf_deinit(&a);
        buf_deinit(&b);
        built++;
    }
    size_t named = 0;
    for (size_t i = 0; i < api_route_count; i++)
        named += (api_routes[i].plane == API_DATA || api_routes[i].plane == API_CONTROL) &&
                 !(api_routes[i].route.flags & API_UPGRADE) &&
                 strcmp(api_routes[i].op, "Subscribe") != 0;
    assert_int_equal(built, named);
}

static void bindings_are_well_formed(void **state)
{
    for (size_t i = 0; i < api_route_count; i++) {
        struct slice rest = slice_str(api_routes[i].bind), name, param;
        char kind;
        while (api_bind_next(&rest, &kind, &name, &param)) {
            assert_non_null(strchr("?@{*", kind));
            assert_true(name.len > 0 && param.len > 0);
        }
    }
}

static bool shares_its_path(const struct api_route *route)
{
    static const char *const shared[] = { "/things/{thingName}/jobs/{jobId}",
                                          "/things/{thingName}/jobs", "/command-executions" };
    for (size_t i = 0; i < ARRAY_LEN(shared); i++)
        if (strcmp(route->route.path, shared[i]) == 0) return true;
    return false;
}

static void what_is_not_built_says_so(void **state)
{
    size_t count = 0;
    for (size_t i = 0; i < api_aws_operation_count; i++) {
        const struct api_route *theirs = &api_aws_operations[i];
        if (api_route_built(theirs)) continue;
        struct buf line = { 0 };
        buf_printf(&line, "%s ", http_method_name(theirs->route.method));
        for (const char *at = theirs->route.path; *at; at++)
            if (*at == '{') {
                buf_putc(&line, 'x');
                at = strchr(at, '}');
            } else {
                buf_putc(&line, *at);
            }
        char *says = xasprintf("%s is an operation of AWS IoT that this hub does not have yet",
                               shares_its_path(theirs) ? "" : theirs->op);
        expect(&admin, buf_str(&line), NULL, 501, "NotImplementedException", says);
        free(says);
        buf_deinit(&line);
        count++;
    }
    assert_true(count > 150);
    expect(&admin, "GET /authorizers/", NULL, 501, "NotImplementedException", "ListAuthorizers");
    expect(NULL, "GET /authorizers", NULL, 403, "MissingAuthenticationTokenException", NULL);
}

static void the_manual_is_as_printed(void **state)
{
    struct buf page = { 0 }, committed = { 0 };
    char *path = xasprintf("%s/../../docs/manual/rest.md", TEST_GOLDEN);
    api_print_manual(&page);
    FILE *file = fopen(path, getenv("THINGD_TEST_UPDATE") ? "w+" : "r");
    assert_non_null(file);
    if (getenv("THINGD_TEST_UPDATE")) {
        assert_int_equal(fwrite(page.data, 1, page.len, file), page.len);
        rewind(file);
    }
    for (int c; (c = fgetc(file)) != EOF;)
        buf_putc(&committed, (char)c);
    fclose(file);
    assert_string_equal(buf_str(&committed), buf_str(&page));
    buf_deinit(&page);
    buf_deinit(&committed);
    free(path);
}

/* ---- binding ---- */

static const struct {
    const char *path; /* of the route */
    const char *bind;
    const char *line;
    const char *headers;
    const char *body;
    const char *params; /* as JSON; NULL: refused */
} bindings[] = {
    { "/a", NULL, "GET /a?x=1", "", NULL, "{}" },
    { "/a", NULL, "POST /a", "", "nonsense", "{}" },
    { "/a/{b}", NULL, "GET /a/x%2Fy%20z", "", NULL, "{\"b\":\"x/y z\"}" },
    { "/a/{b+}", NULL, "GET /a/x/y%2Fz", "", NULL, "{\"b\":\"x/y/z\"}" },
    { "/a/{b}", NULL, "GET /a/%c3%bc", "", NULL, "{\"b\":\"\\u00fc\"}" },
    { "/a/{b}", NULL, "GET /a/%ff", "", NULL, NULL },
    { "/a", "?q ?isAscendingOrder=ascendingOrder", "GET /a?isAscendingOrder=true&q=%25+1", "", NULL,
      "{\"q\":\"%+1\",\"ascendingOrder\":\"true\"}" },
    { "/a", "?q", "GET /a?q=", "", NULL, "{\"q\":\"\"}" },
    { "/a", "?q", "GET /a?p=1&qq=2", "", NULL, "{}" },
    { "/a", "?q", "GET /a?q=%zz", "", NULL, NULL },
    { "/a", "?q", "GET /a?q=%ff", "", NULL, NULL },
    { "/a", "?q", "GET /a?q=1&q=2", "", NULL, "{\"q\":\"1\"}" },
    { "/a", "@x-amzn-principal=principal", "PUT /a", "X-Amzn-Principal: arn:x\r\n", NULL,
      "{\"principal\":\"arn:x\"}" },
    { "/a", "@x-amzn-principal=principal", "PUT /a", "", NULL, "{}" },
    { "/a", "@x-a=b", "PUT /a", "X-A: \xff\r\n", NULL, NULL },
    { "/a", "{*}", "POST /a", "", NULL, "{}" },
    { "/a", "{*}", "POST /a", "", " \r\n\t", "{}" },
    { "/a", "{*}", "POST /a", "", "{\"b\":{\"c\":[1]}}", "{\"b\":{\"c\":[1]}}" },
    { "/a", "{*}", "POST /a", "", "[]", NULL },
    { "/a", "{*}", "POST /a", "", "\"x\"", NULL },
    { "/a", "{*}", "POST /a", "", "{", NULL },
    { "/a", "{*}", "POST /a", "", "{} x", NULL },
    { "/a", "{*}", "POST /a", "", "{\"a\":\"\xff\"}", NULL },
    /* the registry's own notes cannot come from outside */
    { "/a", "{*}", "POST /a", "", "{\".id\":\"x\",\"..\":1,\"b\":{\".c\":1}}",
      "{\"b\":{\".c\":1}}" },
    /* nor what travels elsewhere */
    { "/a/{b}", "{*}", "POST /a/label", "", "{\"b\":\"body\"}", "{\"b\":\"label\"}" },
    { "/a", "?q {*}", "POST /a", "", "{\"q\":\"body\",\"r\":1}", "{\"r\":1}" },
    { "/a", "@x-a=b {*}", "POST /a", "x-a: head\r\n", "{\"b\":\"body\"}", "{\"b\":\"head\"}" },
    { "/a/{n}", "{payload}", "POST /a/x", "", "{\"sql\":1,\".k\":2}",
      "{\"payload\":{\"sql\":1,\".k\":2},\"n\":\"x\"}" },
    { "/a/{n}", "{payload}", "POST /a/x", "", NULL, "{\"payload\":{},\"n\":\"x\"}" },
    { "/a/{n}", "{payload}", "POST /a/x", "", "7", NULL },
};

static void check_binding(size_t i)
{
    struct route route = { .method = HTTP_GET, .path = bindings[i].path };
    struct buf text = { 0 };
    buf_printf(&text, "%s HTTP/1.1\r\nHost: h\r\n%s", bindings[i].line, bindings[i].headers);
    if (bindings[i].body) buf_printf(&text, "Content-Length: %zu\r\n", strlen(bindings[i].body));
    buf_printf(&text, "\r\n%s", bindings[i].body ? bindings[i].body : "");
    struct http_parser parser;
    struct route_table *table = route_table_create();
    struct route_match match;
    struct arena arena = { 0 };
    struct json *params = NULL, *wanted = NULL;
    struct diag diag = DIAG_INIT;
    size_t used;
    http_parser_init(&parser, NULL);
    assert_int_equal(http_feed(&parser, (uint8_t *)text.data, text.len, &used), HTTP_DONE);
    assert_int_equal(route_table_add(table, &route, 1, sizeof route, NULL), 0);
    assert_int_equal(route_find(table, HTTP_GET, parser.req.path, &arena, &match), 0);
    int rc = api_bind(bindings[i].bind, &match, &parser.req, &arena, &params, &diag);
    if (!bindings[i].params) {
        assert_int_equal(rc, ERR_INVALID);
        assert_true(diag.text[0]);
    } else {
        assert_int_equal(rc, 0);
        assert_int_equal(json_parse(slice_str(bindings[i].params), NULL, &wanted, NULL), 0);
        if (!json_equal(params, wanted)) fail_msg("binding %zu: %s", i, bindings[i].line);
    }
    json_free(params);
    json_free(wanted);
    arena_deinit(&arena);
    route_table_destroy(table);
    http_parser_deinit(&parser);
    buf_deinit(&text);
}

static void parameters_are_bound(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
        check_binding(i);
}

static void a_body_above_the_limit_of_json(void **state)
{
    struct buf body = { 0 };
    buf_puts(&body, "{\"a\":\"");
    while (body.len < (3 << 19))
        buf_puts(&body, "xxxxxxxx");
    buf_puts(&body, "\"}");
    expect(&admin, "POST /things/a", buf_str(&body), 413, "RequestEntityTooLargeException", NULL);
    buf_clear(&body);
    for (int i = 0; i < 100; i++)
        buf_puts(&body, "{\"a\":");
    expect(&admin, "POST /things/a", buf_str(&body), 400, "InvalidRequestException", NULL);
    buf_deinit(&body);
}

static void resources_are_filled_in(void **state)
{
    static const struct {
        const char *resource, *params, *wanted;
    } cases[] = {
        { "*", "{}", "*" },
        { "thing/{thingName}", "{\"thingName\":\"lamp\"}", "thing/lamp" },
        { "thing/{thingName}", "{}", "thing" },
        { "thing/{thingName}", "{\"thingName\":7}", "thing" },
        { "thing/{thingName}/{shadowName}", "{\"thingName\":\"a\",\"shadowName\":\"b\"}",
          "thing/a/b" },
        { "thing/{thingName}/{shadowName}", "{\"thingName\":\"a\"}", "thing/a" },
        { "topic/{topic}", "{\"topic\":\"a/{b}/c\"}", "topic/a/{b}/c" },
        { "g/{name,arn}", "{\"name\":\"a\",\"arn\":\"arn:x:g/b\"}", "g/a" },
        { "g/{name,arn}", "{\"arn\":\"arn:x:g/b\"}", "g/b" },
        { "g/{name,arn}", "{\"arn\":\"b\"}", "g/b" },
        { "g/{name,arn}", "{\"arn\":1}", "g" },
        { "thing/{thingName}", "{\"thingName\":\"LAMP\"}", "thing/LAMP" },
        { "cert/{certificateId}", "{\"certificateId\":\"09AFaf\"}", "cert/09afaf" },
        { "cacert/{caCertificateId}", "{\"caCertificateId\":\"09AFaf\"}", "cacert/09afaf" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *params;
        struct buf out = { 0 };
        assert_int_equal(json_parse(slice_str(cases[i].params), NULL, &params, NULL), 0);
        api_expand(cases[i].resource, params, &out);
        assert_string_equal(buf_str(&out), cases[i].wanted);
        json_free(params);
        buf_deinit(&out);
    }
}

/* ---- errors ---- */

static void errors_have_names(void **state)
{
    static const struct {
        int rc;
        const char *op;
        bool data;
        int status;
        const char *error;
    } cases[] = {
        { ERR_NOT_FOUND, "DescribeThing", false, 404, "ResourceNotFoundException" },
        { ERR_EXISTS, "CreateThing", false, 409, "ResourceAlreadyExistsException" },
        { ERR_CONFLICT, "UpdateThing", false, 409, "VersionConflictException" },
        { ERR_CONFLICT, "UpdateThingShadow", true, 409, "ConflictException" },
        { ERR_IN_USE, "DeletePolicy", false, 409, "DeleteConflictException" },
        { ERR_SYNTAX, "CreatePolicy", false, 400, "MalformedPolicyException" },
        { ERR_SYNTAX, "CreatePolicyVersion", false, 400, "MalformedPolicyException" },
        { ERR_SYNTAX, "CreateTopicRule", false, 400, "SqlParseException" },
        { ERR_SYNTAX, "ReplaceTopicRule", false, 400, "SqlParseException" },
        { ERR_SYNTAX, "CreateThing", false, 400, "InvalidRequestException" },
        { ERR_LIMIT, "CreatePolicyVersion", false, 409, "VersionsLimitExceededException" },
        { ERR_LIMIT, "AttachPolicy", false, 410, "LimitExceededException" },
        { ERR_LIMIT, NULL, false, 410, "LimitExceededException" },
        { ERR_STATE, "DeleteCertificate", false, 406, "CertificateStateException" },
        { ERR_CERT, "RegisterCertificateWithoutCA", false, 400, "CertificateValidationException" },
        { ERR_CONFLICT, "RegisterCertificate", false, 409, "CertificateConflictException" },
        { ERR_CONFLICT, "PutCertificateRevocationList", false, 409, "VersionConflictException" },
        { ERR_AUTH, "RegisterCACertificate", false, 400, "RegistrationCodeValidationException" },
        { ERR_AUTH, "GetTopicRule", false, 401, "UnauthorizedException" },
        { ERR_DENIED, "Publish", true, 403, "ForbiddenException" },
        { ERR_BUSY, "Publish", true, 429, "ThrottlingException" },
        { ERR_BUSY, "CreateThing", false, 400, "ThrottlingException" },
        { ERR_STORE, "Publish", true, 503, "ServiceUnavailableException" },
        { -ENOSPC, "CreateThing", false, 503, "ServiceUnavailableException" },
        { ERR_INTERNAL, "CreateThing", false, 500, "InternalFailureException" },
        { -EPERM, "CreateThing", false, 500, "InternalFailureException" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct api_failure *row = api_failure_of(cases[i].rc, cases[i].op);
        assert_int_equal(row->status[cases[i].data], cases[i].status);
        assert_string_equal(row->error[cases[i].data], cases[i].error);
    }
    for (size_t i = 0; i < api_failure_count; i++)
        assert_true(!api_failures[i].op || api_route_of(api_failures[i].op));
}

static void shadow_errors_have_names(void **state)
{
    static const struct {
        int code;
        const char *error;
    } cases[] = {
        { 400, "InvalidRequestException" },
        { 404, "ResourceNotFoundException" },
        { 409, "ConflictException" },
        { 413, "RequestEntityTooLargeException" },
        { 415, "UnsupportedDocumentEncodingException" },
        { 429, "ThrottlingException" },
        { 500, "InternalFailureException" },
        { 503, "ServiceUnavailableException" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        shadow_says(cases[i].code, "a \"word\"");
        expect(&admin, "GET /things/t/shadow", NULL, cases[i].code, cases[i].error,
               "{\"message\":\"a \\\"word\\\"\",\"traceId\":\"01234567-");
    }
}

/* ---- who is let in ---- */

static void callers_without_a_credential(void **state)
{
    static const struct expected cases[] = {
        { NULL, "GET /things", NULL, 403, "MissingAuthenticationTokenException",
          "{\"message\":\"Missing Authentication Token\"}" },
        { NULL, "GET /things/a/shadow", NULL, 403, "ForbiddenException",
          "{\"message\":\"Missing Authentication Token\",\"traceId\":\"01234567-" },
        { NULL, "GET /nowhere", NULL, 403, "ForbiddenException", "Missing" },
        { NULL, "GET /hub/keys", NULL, 403, "MissingAuthenticationTokenException", NULL },
        { NULL, "GET /metrics", NULL, 403, "MissingAuthenticationTokenException", NULL },
        { NULL, "GET /openapi.json", NULL, 403, "MissingAuthenticationTokenException", NULL },
        { NULL, "POST /topics/a", "x", 403, "ForbiddenException", NULL },
        { NULL, "GET /livez", NULL, 200, NULL, "live" },
        { NULL, "GET /readyz", NULL, 200, NULL, "ready" },
        { NULL, "GET /healthz", NULL, 200, NULL, "ready" },
        { NULL, "HEAD /livez", NULL, 200, NULL, NULL },
        { NULL, "GET /things/%zz", NULL, 400, "InvalidRequestException", "malformed" },
    };
    run_table(cases, ARRAY_LEN(cases));
}

static void anonymous_callers(void **state)
{
    const struct expected cases[] = {
        { &anonymous, "GET /things/mine/shadow", NULL, 200, NULL, "{}" },
        { &anonymous, "GET /things/other/shadow", NULL, 403, "ForbiddenException",
          "{\"message\":\"Forbidden\",\"traceId\":\"01234567-" },
        { &anonymous, "POST /topics/free/a?qos=1", "x", 200, NULL, "\"message\":\"OK\"" },
        { &anonymous, "POST /topics/closed/a", "x", 403, "ForbiddenException", "Forbidden" },
        { &anonymous, "GET /things", NULL, 403, "AccessDeniedException",
          "User: arn:aws:iot:local:000000000000:anonymous/AnonymousLocal is not authorized to "
          "perform: iot:ListThings on resource: *" },
        { &anonymous, "POST /things/a", "{}", 403, "AccessDeniedException",
          "perform: iot:CreateThing on resource: arn:aws:iot:local:000000000000:thing/a" },
        { &anonymous, "GET /hub/status", NULL, 403, "AccessDeniedException", NULL },
        { &anonymous, "GET /metrics", NULL, 200, NULL, "# TYPE thingd_" },
        { &anonymous, "GET /openapi.json", NULL, 200, NULL, "{\"openapi\":\"3.1.0\"" },
        { &anonymous, "GET /nowhere", NULL, 404, "ResourceNotFoundException",
          "{\"message\":\"Not Found\",\"traceId\":" },
    };
    run_table(cases, ARRAY_LEN(cases));
    assert_non_null(strstr(buf_str(&logged), "thing/a"));
    peer.loopback = false;
    expect(&anonymous, "GET /metrics", NULL, 403, "AccessDeniedException", NULL);
    expect(&anonymous, "GET /openapi.json", NULL, 403, "AccessDeniedException", NULL);
}

static void certificates_have_the_data_plane(void **state)
{
    const struct expected cases[] = {
        { &cert, "GET /things/mine/shadow", NULL, 200, NULL, NULL },
        { &cert, "GET /things/mine/shadow?name=a", NULL, 403, "ForbiddenException", NULL },
        { &cert, "GET /things/other/shadow", NULL, 403, "ForbiddenException", NULL },
        { &cert, "POST /topics/free/x?qos=1", "x", 200, NULL, "OK" },
        { &cert, "GET /retainedMessage", NULL, 200, NULL, "retainedTopics" },
        { &cert, "GET /things", NULL, 403, "AccessDeniedException",
          "User: arn:aws:iot:local:000000000000:cert/ab12 is not" },
        { &cert, "GET /hub/keys", NULL, 403, "AccessDeniedException", NULL },
        { &cert, "GET /metrics", NULL, 200, NULL, NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* The members of AWS travel where AWS sends them. */
static void authorities_are_reached(void **state)
{
#define NOBODY "0000000000000000000000000000000000000000000000000000000000000000"
    const struct expected cases[] = {
        { &admin, "GET /registrationcode", NULL, 200, NULL, "{\"registrationCode\":\"" },
        { &admin, "DELETE /registrationcode", NULL, 200, NULL, "{}" },
        { &admin, "POST /cacertificate?setAsActive=true", "{\"caCertificate\":\"x\"}", 400,
          "InvalidRequestException", "verificationCertificate" },
        { &admin, "POST /cacertificate",
          "{\"caCertificate\":\"x\",\"certificateMode\":\"SNI_ONLY\"}", 400,
          "CertificateValidationException", "no certificate in PEM" },
        { &admin, "POST /cacertificate", "{\"caCertificate\":\"x\",\"tags\":[{\"Key\":\"a\"}]}",
          400, "InvalidRequestException", "tags" },
        { &admin, "GET /cacertificates?pageSize=1&isAscendingOrder=true&templateName=T", NULL, 200,
          NULL, "{\"certificates\":[]}" },
        { &admin, "GET /cacertificate/" NOBODY, NULL, 404, "ResourceNotFoundException", NOBODY },
        { &admin, "PUT /cacertificate/" NOBODY "?newStatus=LOST", NULL, 400,
          "InvalidRequestException", "newStatus" },
        { &admin, "PUT /cacertificate/" NOBODY "?newAutoRegistrationStatus=LOST", NULL, 400,
          "InvalidRequestException", "newAutoRegistrationStatus" },
        { &admin, "PUT /cacertificate/" NOBODY, "{\"registrationConfig\":{\"templateName\":\"T\"}}",
          404, "ResourceNotFoundException", "template T" },
        { &admin, "DELETE /cacertificate/" NOBODY, NULL, 404, "ResourceNotFoundException", NOBODY },
        { &admin, "GET /certificates-by-ca/" NOBODY "?pageSize=1", NULL, 200, NULL,
          "{\"certificates\":[]}" },
        { &admin, "POST /certificate/register?setAsActive=true", "{\"certificatePem\":\"x\"}", 400,
          "CertificateValidationException", NULL },
        { &admin, "PUT /hub/cas/" NOBODY "/crl", "{\"crlPem\":\"x\"}", 404,
          "ResourceNotFoundException", NOBODY },
        { &admin, "GET /hub/cas/" NOBODY "/crl", NULL, 404, "ResourceNotFoundException", NOBODY },
        { &admin, "DELETE /hub/cas/" NOBODY "/crl", NULL, 404, "ResourceNotFoundException",
          NOBODY },
        { &key, "PUT /hub/cas/" NOBODY "/crl", "{}", 403, "AccessDeniedException",
          "thingd:PutCertificateRevocationList on resource: "
          "arn:aws:iot:local:000000000000:cacert/" NOBODY },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* The checks of the credential provider, in their order. */
static void certificates_ask_for_keys(void **state)
{
    static const char assume[] =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
        "\"iot:AssumeRoleWithCertificate\",\"Resource\":\"arn:aws:iot:*:*:rolealias/may*\"}]}";
    struct policy *policy;
    struct principal_thing lamp = { .name = (char *)"lamp" };
    struct principal device;
    assert_int_equal(policy_parse("Assume", slice_str(assume), &policy, NULL), 0);
    make_principal(&device, PRINCIPAL_CERT, "cert:ab12", &policy);
    device.things = &lamp;
    device.thing_count = 1;
    expect(&admin, "POST /role-aliases/may", "{\"roleArn\":\"arn:aws:iam::111111111111:role/R\"}",
           200, NULL, "rolealias/may");
    static const struct {
        const char *line, *headers;
        int status;
        const char *error, *holds;
    } cases[] = {
        { "GET /role-aliases/not/credentials", "x-amzn-iot-thingname: other\r\n", 403,
          "AccessDeniedException", "{\"message\":\"Invalid thing name passed\"}" },
        { "GET /role-aliases/not/credentials", "x-amzn-iot-thingname: lamp\r\n", 403,
          "AccessDeniedException", "{\"message\":\"Access Denied\"}" },
        { "GET /role-aliases/maybe/credentials", "x-amzn-iot-thingname: lamp\r\n", 404,
          "ResourceNotFoundException", "{\"message\":\"Role alias does not exist\"}" },
        { "GET /role-aliases/may/credentials", "", 400, "InvalidRequestException",
          "{\"message\":\"Unable to assume the role, or the role to assume does not exist\"}" },
        { "GET /role-aliases/may", "", 403, "AccessDeniedException", "iot:DescribeRoleAlias" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct expected e = { &device,         cases[i].line,  NULL,
                                    cases[i].status, cases[i].error, cases[i].holds };
        check(&e, cases[i].headers);
    }
    expect(&admin, "GET /role-aliases/may/credentials", NULL, 403, "AccessDeniedException",
           "{\"message\":\"Access Denied\"}");
    expect(NULL, "GET /role-aliases/may/credentials", NULL, 403,
           "MissingAuthenticationTokenException", NULL);
    expect(&admin, "GET /role-aliases/may", NULL, 200, NULL, "\"credentialDurationSeconds\":3600");
    policy_unref(policy);
}

static void policies_decide_for_keys(void **state)
{
    const struct expected cases[] = {
        { &key, "POST /things/kept", "{}", 200, NULL, NULL },
        { &key, "DELETE /things/kept", NULL, 403, "AccessDeniedException",
          "User: arn:aws:iot:local:000000000000:key/AKIATEST is not authorized to perform: "
          "iot:DeleteThing on resource: arn:aws:iot:local:000000000000:thing/kept" },
        { &key, "GET /things/kept", NULL, 200, NULL, NULL },
        { &key, "GET /hub/keys", NULL, 403, "AccessDeniedException", "thingd:ListAccessKeys" },
        { &key, "POST /hub/tokens", "{\"name\":\"x\"}", 200, NULL, "\"token\":" },
        { &key, "POST /hub/tokens", "{\"admin\":true}", 403, "AccessDeniedException", NULL },
        { &key, "POST /hub/tokens", "{\"admin\":\"true\"}", 403, "AccessDeniedException", NULL },
        { &admin, "POST /hub/tokens", "{\"admin\":true}", 200, NULL, "\"token\":" },
    };
    run_table(cases, ARRAY_LEN(cases));
}

static void groups_are_resources_however_they_are_named(void **state)
{
#define NOT_ON_KEPT \
    403, "AccessDeniedException", "on resource: arn:aws:iot:local:000000000000:thinggroup/kept"
#define KEPT_ARN "arn:aws:iot:local:000000000000:thinggroup/kept"
    const struct expected cases[] = {
        { &admin, "POST /thing-groups/kept", "{}", 200, NULL, NULL },
        { &admin, "POST /thing-groups/open", "{}", 200, NULL, NULL },
        { &admin, "POST /things/t", "{}", 200, NULL, NULL },
        { &key, "GET /thing-groups/kept", NULL, NOT_ON_KEPT },
        { &key, "PUT /thing-groups/addThingToThingGroup",
          "{\"thingGroupName\":\"kept\",\"thingName\":\"t\"}", NOT_ON_KEPT },
        { &key, "PUT /thing-groups/addThingToThingGroup",
          "{\"thingGroupArn\":\"" KEPT_ARN "\",\"thingName\":\"t\"}", NOT_ON_KEPT },
        { &key, "PUT /thing-groups/removeThingFromThingGroup",
          "{\"thingGroupArn\":\"" KEPT_ARN "\",\"thingName\":\"t\"}", NOT_ON_KEPT },
        { &key, "PUT /thing-groups/addThingToThingGroup", /* not judged by one, done by the other */
          "{\"thingGroupName\":\"open\",\"thingGroupArn\":\"" KEPT_ARN "\",\"thingName\":\"t\"}",
          400, "InvalidRequestException", "do not match" },
        { &key, "PUT /thing-groups/updateThingGroupsForThing",
          "{\"thingName\":\"t\",\"thingGroupsToAdd\":[\"open\",\"kept\"]}", NOT_ON_KEPT },
        { &key, "PUT /thing-groups/updateThingGroupsForThing",
          "{\"thingName\":\"t\",\"thingGroupsToRemove\":[\"kept\"]}", NOT_ON_KEPT },
        { &admin, "GET /things/t/thing-groups", NULL, 200, NULL, "{\"thingGroups\":[]}" },
        { &key, "PUT /thing-groups/updateThingGroupsForThing",
          "{\"thingName\":\"t\",\"thingGroupsToAdd\":[\"open\"]}", 200, NULL, "{}" },
        { &key, "GET /things/t/thing-groups", NULL, 200, NULL, "\"groupName\":\"open\"" },
    };
    run_table(cases, ARRAY_LEN(cases));
}

static void a_token_is_a_credential(void **state)
{
    struct sent *sent = ask_with(&admin, "POST /hub/tokens", "{\"name\":\"t\",\"admin\":true}", "");
    wait_answer(sent);
    struct json *made;
    assert_int_equal(json_parse(buf_slice(&sent->body), NULL, &made, NULL), 0);
    sent_free(sent);
    char *headers = xasprintf("Authorization: Bearer %s\r\n", json_get_str(made, "token"));
    struct expected fine = { NULL, "GET /things", NULL, 200, NULL, "\"things\":[]" };
    check(&fine, headers);
    /* what comes with the connection does not matter then, nor where the page is from */
    char *foreign = xasprintf("%sOrigin: http://evil.example\r\nVia: 1.1 x\r\n", headers);
    fine.who = &anonymous;
    check(&fine, foreign);
    struct expected wrong = { &anonymous, "GET /things/mine/shadow",     NULL,
                              403,        "UnrecognizedClientException", NULL };
    check(&wrong, "Authorization: Bearer thd_wrong\r\n");
    struct expected broken = { &anonymous, "GET /things/mine/shadow",      NULL,
                               400,        "IncompleteSignatureException", NULL };
    check(&broken, "Authorization: Basic YTpi\r\n");
    check(&broken, "Authorization: AWS4-HMAC-SHA256 Credential=x\r\n");
    char *line = xasprintf("DELETE /hub/tokens/%s", json_get_str(made, "tokenId"));
    expect(&admin, line, NULL, 200, NULL, "{}");
    wrong.who = NULL;
    check(&wrong, headers);
    free(line);
    free(foreign);
    free(headers);
    json_free(made);
}

/* The answer to a request that is signed with this key for this service. */
static struct sent *ask_signed(const struct json *made, const char *service, const char *method,
                               const char *path)
{
    char stamp[SIGV4_TIMESTAMP_LEN];
    sigv4_timestamp(clock_real_ms() / 1000, stamp);
    const struct sigv4_header headers[] = { { SLICE_LIT("host"), SLICE_LIT("localhost:8080") },
                                            { SLICE_LIT("x-amz-date"), slice_str(stamp) } };
    struct sigv4_request request = { .method = slice_str(method),
                                     .path_raw = slice_str(path),
                                     .headers = headers,
                                     .header_count = ARRAY_LEN(headers),
                                     .now_s = clock_real_ms() / 1000 };
    struct sigv4_signer signer = { .access_key_id = slice_str(json_get_str(made, "accessKeyId")),
                                   .secret = slice_str(json_get_str(made, "secretAccessKey")),
                                   .region = SLICE_LIT("local"),
                                   .service = slice_str(service) };
    struct buf authorization = { 0 };
    assert_int_equal(sigv4_sign(&request, &signer, &authorization), 0);
    char *more =
        xasprintf("X-Amz-Date: %s\r\nAuthorization: %s\r\n", stamp, buf_str(&authorization));
    char *line = xasprintf("%s %s", method, path);
    struct sent *sent = ask_with(NULL, line, NULL, more);
    wait_answer(sent);
    free(line);
    free(more);
    buf_deinit(&authorization);
    return sent;
}

/* Where two services share a path, what was signed for decides; any service of AWS IoT is good for any other path. */
static void the_service_that_is_signed_for_decides(void **state)
{
    static const struct {
        const char *service, *method, *path;
        int status;
        const char *holds;
    } cases[] = {
        { "iot", "GET", "/things/x/jobs", 501, "ListJobExecutionsForThing is" },
        { "execute-api", "GET", "/things/x/jobs", 501, "ListJobExecutionsForThing is" },
        { "iot-jobs-data", "GET", "/things/x/jobs", 501, "GetPendingJobExecutions is" },
        { "iotdata", "GET", "/things/x/jobs", 501, "GetPendingJobExecutions is" },
        { "iotdevicegateway", "GET", "/things/x/jobs/", 501, "GetPendingJobExecutions is" },
        { "s3", "GET", "/things", 403, "Credential should be scoped to correct service" },
        { "iot-jobs-data", "POST", "/command-executions", 501, "StartCommandExecution is" },
        { "iot", "POST", "/command-executions", 501, "ListCommandExecutions is" },
        { "iot-jobs-data", "PUT", "/things/x/jobs/$next", 501, "StartNextPendingJobExecution is" },
        { "iot-jobs-data", "PUT", "/things/x/jobs/%24next", 501, "StartNextPendingJobExecution" },
        { "iot", "PUT", "/things/x/jobs/$next", 501, "StartNextPendingJobExecution is" },
        { "iot-jobs-data", "GET", "/things", 200, "\"things\":[]" },
        { "iotdata", "GET", "/things", 200, "\"things\":[]" },
        { "iot", "GET", "/things/mine/shadow", 200, "{}" },
        { "iot-jobs-data", "GET", "/things/mine/shadow", 200, "{}" },
        { "iotdata", "GET", "/hub/status", 200, "version" },
    };
    struct sent *sent = ask_with(&admin, "POST /hub/keys", "{\"name\":\"k\",\"admin\":true}", "");
    wait_answer(sent);
    struct json *made;
    assert_int_equal(json_parse(buf_slice(&sent->body), NULL, &made, NULL), 0);
    sent_free(sent);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        sent = ask_signed(made, cases[i].service, cases[i].method, cases[i].path);
        if (sent->status != cases[i].status || !strstr(buf_str(&sent->body), cases[i].holds))
            fail_msg("%s %s: %d %s", cases[i].service, cases[i].path, sent->status,
                     buf_str(&sent->body));
        /* DescribeJobExecution is an operation of both: the form of the error tells which */
        bool data = strcmp(cases[i].service, "iot-jobs-data") == 0;
        sent_free(sent);
        sent = ask_signed(made, cases[i].service, "GET", "/things/x/jobs/j");
        if (strcmp(cases[i].service, "s3") != 0) assert_int_equal(sent->status, 501);
        if (data) assert_non_null(strstr(buf_str(&sent->body), "traceId"));
        sent_free(sent);
    }
    json_free(made);
}

static void without_a_signature_the_kind_of_principal_decides(void **state)
{
    const struct expected cases[] = {
        { &cert, "GET /things/x/jobs", NULL, 501, "NotImplementedException",
          "GetPendingJobExecutions is" },
        { &anonymous, "GET /things/x/jobs", NULL, 501, "NotImplementedException",
          "GetPendingJobExecutions is" },
        { &admin, "GET /things/x/jobs", NULL, 501, "NotImplementedException",
          "ListJobExecutionsForThing is" },
        { &key, "GET /things/x/jobs", NULL, 501, "NotImplementedException",
          "ListJobExecutionsForThing is" },
        { &cert, "GET /things/x/jobs/j", NULL, 501, "NotImplementedException", "traceId" },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* Parts are split at the slashes as they came, and decoded once. */
static void parts_of_the_path_are_decoded_once(void **state)
{
    static const struct {
        const char *path, *topic;
    } topics[] = {
        { "a", "a" },           { "a/b", "a/b" },         { "a%2Fb", "a/b" },
        { "a%2fb/c", "a/b/c" }, { "a%252Fb", "a%2Fb" },   { "/a", "/a" },
        { "a//b", "a//b" },     { "a/", "a/" },           { "%2F", "/" },
        { "//", "//" },         { "a%20b", "a b" },       { "a%3Ab", "a:b" },
        { "a%3Fb", "a?b" },     { "%C3%A9", "\xc3\xa9" }, { "a/../b", "a/../b" },
        { "./a", "./a" },       { "%2E%2E/a", "../a" },   { "a;b=c", "a;b=c" },
    };
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        char *line = xasprintf("POST /topics/%s?retain=true", topics[i].path);
        char *told = xasprintf("\"topic\":\"%s\"", topics[i].topic);
        expect(&admin, line, "x", 200, NULL, NULL);
        expect(&admin, "GET /retainedMessage", NULL, 200, NULL, told);
        expect(&admin, line, NULL, 200, NULL, NULL); /* an empty one removes it */
        free(line);
        line = xasprintf("GET /retainedMessage/%s", topics[i].path);
        expect(&admin, line, NULL, 404, "ResourceNotFoundException", NULL);
        free(line);
        free(told);
    }
    const struct expected cases[] = {
        { &admin, "POST /topics/a%2B", "x", 400, "InvalidRequestException", "topic" },
        { &admin, "POST /topics/+", "x", 400, "InvalidRequestException", "topic" },
        { &admin, "POST /topics/%", "x", 400, "InvalidRequestException", "malformed" },
        { &admin, "POST /topics/", "x", 404, "ResourceNotFoundException", NULL },
        { &admin, "GET /things/a%2Fb/shadow", NULL, 400, "InvalidRequestException", "thingName" },
        { &admin, "GET /things/a/b/shadow", NULL, 404, "ResourceNotFoundException", "Not Found" },
        { &admin, "GET /things//shadow", NULL, 404, "ResourceNotFoundException", "Not Found" },
        { &admin, "GET //things/mine/shadow", NULL, 404, "ResourceNotFoundException", NULL },
        { &admin, "GET /things/mi%6Ee/shadow", NULL, 200, NULL, "{}" },
        { &admin, "GET /things/%6Dine/%73hadow", NULL, 200, NULL, "{}" },
        { &admin, "GET /things/mine%2Fshadow", NULL, 400, "InvalidRequestException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* A refusal can be found by the id that the caller was given. */
static void refusals_have_the_request_in_the_log(void **state)
{
    static const struct {
        struct principal *who;
        const char *line, *headers, *says;
    } cases[] = {
        { &cert, "GET /things/other/shadow", "", "not authorized" },
        { &cert, "GET /things", "", "not authorized" },
        { &cert, "POST /topics/elsewhere", "", "not authorized" },
        { &anonymous, "GET /things/mine/shadow", "Via: 1.1 x\r\n", "not authorized" },
        { NULL, "GET /things", "", "credential refused" },
        { NULL, "GET /things", "Authorization: Bearer thd_wrong\r\n", "credential refused" },
        { NULL, "GET /things", "Authorization: AWS4-HMAC-SHA256 Credential=x\r\n",
          "credential refused" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&logged);
        struct sent *sent = ask_with(cases[i].who, cases[i].line, NULL, cases[i].headers);
        wait_answer(sent);
        assert_true(sent->status >= 400);
        sent_free(sent);
        const char *line = strstr(buf_str(&logged), cases[i].says);
        if (!line || !strstr(line, "request=01234567-89ab-4cde-8f01-23456789abcd"))
            fail_msg("%s: %s", cases[i].line, buf_str(&logged));
    }
}

static void pages_and_proxies_are_no_local_users(void **state)
{
    static const struct {
        const char *host;
        const char *headers;
        bool anonymous, cert; /* may pass */
    } cases[] = {
        { "localhost", "", true, true },
        { "LOCALHOST:8080", "", true, true },
        { "127.0.0.1", "", true, true },
        { "127.0.0.1:1", "", true, true },
        { "[::1]", "", true, true },
        { "[::1]:8080", "", true, true },
        { "hub.example", "", true, true },
        { "HUB.example:80", "", true, true },
        { "192.0.2.7", "", true, true },
        { "evil.example", "", false, true },
        { "localhost.evil.example", "", false, true },
        { "127.0.0.1.evil.example", "", false, true },
        { "xlocalhost", "", false, true },
        { "localhost.", "", false, true },
        { "[::2]:8080", "", false, true },
        { "127.0.0.2", "", false, true },
        { "localhost", "Origin: https://console.example\r\n", true, true },
        { "localhost", "Origin: http://console.example\r\n", false, false },
        { "localhost", "Origin: https://console.example.evil\r\n", false, false },
        { "localhost", "Origin: http://localhost\r\n", true, true },
        { "localhost:8080", "Origin: https://LOCALHOST:8080\r\n", true, true },
        { "localhost:8080", "Origin: http://localhost\r\n", false, false },
        { "localhost:8080", "Origin: http://localhost:80\r\n", false, false },
        { "localhost:8080", "Origin: ws://localhost:8080\r\n", false, false },
        { "evil.example", "Origin: http://evil.example\r\n", false, false }, /* a rebound name */
        { "198.51.100.9:1883", "Origin: https://198.51.100.9:1883\r\n", false, true },
        { "[2001:db8::1]", "Origin: http://[2001:db8::1]\r\n", false, true },
        { "1.2.3.4.evil.example", "Origin: http://1.2.3.4.evil.example\r\n", false, false },
        { "localhost", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", false, false },
        { "localhost", "Sec-Fetch-Site: cross-site\r\n", false, false },
        { "localhost", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", true, true },
        { "localhost", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n", true, true },
        { "localhost", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n", true, true },
        { "localhost",
          "Origin: https://console.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: "
          "cors\r\n",
          true, true },
        { "localhost", "Origin: null\r\n", false, false },
        { "localhost", "Origin:\r\n", false, false },
        { "localhost", "Origin: https://console.example\r\nOrigin: http://evil\r\n", false, false },
        { "localhost", "X-Forwarded-For: 192.0.2.1\r\n", false, true },
        { "localhost", "x-forwarded-host: a\r\n", false, true },
        { "localhost", "X-FORWARDED-anything: a\r\n", false, true },
        { "localhost", "X-Real-IP: a\r\n", false, true },
        { "localhost", "Forwarded: for=a\r\n", false, true },
        { "localhost", "Via: 1.1 a\r\n", false, true },
        { "localhost", "True-Client-IP: a\r\n", false, true },
        { "localhost", "X-Forwarded: a\r\n", false, true },
        { "localhost", "X-For: a\r\nX-Forward: a\r\n", true, true },
    };
    struct api_opts opts = { .names = names,
                             .name_count = ARRAY_LEN(names),
                             .origins = origins,
                             .origin_count = ARRAY_LEN(origins) };
    const struct principal of[] = { { .kind = PRINCIPAL_ANONYMOUS },
                                    { .kind = PRINCIPAL_CERT },
                                    { .kind = PRINCIPAL_LOCAL } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[512];
        size_t used;
        struct http_parser parser;
        http_parser_init(&parser, NULL);
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n", cases[i].host,
                 cases[i].headers);
        assert_int_equal(http_feed(&parser, (uint8_t *)text, strlen(text), &used), HTTP_DONE);
        bool anon = !guard_refusal(&opts, &of[0], &parser.req, false);
        bool with_cert = !guard_refusal(&opts, &of[1], &parser.req, false);
        if (anon != cases[i].anonymous || with_cert != cases[i].cert) fail_msg("%s", text);
        assert_int_equal(!guard_refusal(&opts, &of[2], &parser.req, false), anon);
        /* whose password comes later */
        assert_int_equal(!guard_refusal(&opts, NULL, &parser.req, false), with_cert);
        http_parser_deinit(&parser);
    }
    struct http_parser parser;
    static const char rebound[] =
        "GET / HTTP/1.1\r\nHost: hub.lan\r\nOrigin: https://hub.lan\r\n\r\n";
    size_t used;
    http_parser_init(&parser, NULL);
    assert_int_equal(http_feed(&parser, (const uint8_t *)rebound, strlen(rebound), &used),
                     HTTP_DONE);
    assert_non_null(guard_refusal(&opts, NULL, &parser.req, false));
    assert_null(guard_refusal(&opts, NULL, &parser.req, true)); /* the certificate says who it is */
    http_parser_deinit(&parser);
    struct expected plain = { &anonymous, "GET /things/mine/shadow", NULL,
                              403,        "ForbiddenException",      "proxy" };
    check(&plain, "X-Forwarded-For: 192.0.2.1\r\n");
    assert_non_null(strstr(buf_str(&logged), "proxy"));
    plain.error = "AccessDeniedException";
    plain.line = "GET /things";
    plain.holds = "http.allowed_origins";
    check(&plain, "Origin: http://evil.example\r\n");
}

/* Which headers for pages an answer has; the names are given without their common beginning. */
static void check_page(const char *line, const char *headers, int status, const char *const *has,
                       const char *const *has_not)
{
    struct sent *sent = ask_with(&anonymous, line, NULL, headers);
    wait_answer(sent);
    const char *head = buf_str(&sent->head);
    if (sent->status != status) fail_msg("%s: %d %s", line, sent->status, buf_str(&sent->body));
    for (; *has; has++)
        if (!strstr(head, *has)) fail_msg("%s: no '%s' in %s", line, *has, head);
    for (; *has_not; has_not++)
        if (strstr(head, *has_not)) fail_msg("%s: '%s' in %s", line, *has_not, head);
    sent_free(sent);
}

/* Made once: the ETag says whether it is the one that the client has. */
static void the_document_is_sent_once(void **state)
{
    static const struct {
        const char *before, *after; /* around the tag; after NULL: instead of it */
        int status;
    } cases[] = {
        { "", "", 304 },
        { "\"other\", W/", "", 304 },
        { "", ", \"other\"", 304 },
        { "*", NULL, 304 },
        { "\"other\"", NULL, 200 },
        { "W/\"other\"", NULL, 200 },
        { "", "x", 200 },
        { "x", "", 200 },
    };
    struct sent *sent = ask_with(&key, "GET /openapi.json", NULL, "");
    char tag[32], headers[128];
    wait_answer(sent);
    assert_int_equal(sent->status, 200);
    assert_non_null(strstr(buf_str(&sent->body), "\"version\":\"1.2.3\""));
    assert_non_null(strstr(buf_str(&sent->head), "Cache-Control: private, no-cache\n"));
    const char *at = strstr(buf_str(&sent->head), "ETag: ");
    assert_int_equal(sscanf(at, "ETag: %31s", tag), 1);
    sent_free(sent);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(headers, sizeof headers, "If-None-Match: %s%s%s\r\n", cases[i].before,
                 cases[i].after ? tag : "", cases[i].after ? cases[i].after : "");
        sent = ask_with(&key, "GET /openapi.json", NULL, headers);
        wait_answer(sent);
        if (sent->status != cases[i].status) fail_msg("%s: %d", headers, sent->status);
        assert_int_equal(sent->body.len > 0, sent->status == 200);
        assert_non_null(strstr(buf_str(&sent->head), tag));
        sent_free(sent);
    }
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define PAGE      "Origin: https://console.example\r\n"
#define WANTS     "Access-Control-Request-Method: DELETE\r\n"

static void browsers_of_listed_origins(void **state)
{
    check_page(
        "OPTIONS /things/a/shadow",
        PAGE WANTS "Access-Control-Request-Headers: authorization,X-Amz-Date, cookie, x-amz-,"
                   " x-evil,amz-sdk-request\r\n",
        204,
        LIST("Access-Control-Allow-Origin: https://console.example\n",
             "Access-Control-Allow-Methods: GET, HEAD, POST, DELETE\n",
             "Access-Control-Allow-Headers: authorization, X-Amz-Date, amz-sdk-request\n",
             "Access-Control-Max-Age: 600\n",
             "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\n"),
        LIST("Expose", "Credentials", "cookie", "evil"));
    check_page("OPTIONS /topics/a/b", PAGE WANTS, 204, LIST("Allow-Methods: POST\n"),
               LIST("Allow-Headers"));
    check_page("OPTIONS /nowhere", PAGE WANTS, 204, LIST("Allow-Origin: "), LIST("Allow-Methods"));
    check_page(
        "GET /things/mine/shadow", PAGE, 200,
        LIST("Access-Control-Allow-Origin: https://console.example\n", "Vary: Origin\n",
             "Access-Control-Expose-Headers: x-amzn-RequestId, x-amzn-ErrorType, Date, ETag\n"),
        LIST("Allow-Methods", "Max-Age"));
    /* errors too, so that the page can read them */
    check_page("GET /nowhere", PAGE, 404, LIST("Access-Control-Allow-Origin: "), LIST("Max-Age"));
}

static void pages_of_other_origins_get_no_word(void **state)
{
    static const char *const pages[] = {
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: https://console.example.evil.example\r\n",
        "Origin: https://console.example:8443\r\n",
        "Origin: http://console.example\r\n",
        "Origin: https://console.example\r\nOrigin: https://evil.example\r\n",
        "Origin:\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        char *asks = xasprintf("%s" WANTS, pages[i]);
        check_page("OPTIONS /things/a/shadow", asks, 403, LIST("Vary: Origin\n"),
                   LIST("Access-Control"));
        check_page("GET /things/mine/shadow", pages[i], 403, LIST("Vary: Origin\n"),
                   LIST("Access-Control"));
        free(asks);
    }
    check_page("GET /things/mine/shadow", "", 200, LIST("Vary: Origin\n"), LIST("Access-Control"));
    /* without the method that is wanted it is no preflight */
    check_page("OPTIONS /things/a/shadow", PAGE, 405, LIST("Allow: GET, HEAD, POST, DELETE\n"),
               LIST("Max-Age"));
}

#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"

static void upgrades_are_granted_to_those_who_may_ask(void **state)
{
    static const char bearer[] = "Authorization: Bearer wrong\r\n";
    static const struct {
        struct expected e;
        const char *headers;
    } cases[] = {
        { { &anonymous, "GET /mqtt", NULL, 101, NULL, "anonymous:AnonymousLocal" }, UPGRADE },
        { { &anonymous, "GET /", NULL, 101, NULL, "anonymous:AnonymousLocal" }, UPGRADE },
        { { &anonymous, "GET /mqtt?x=1", NULL, 101, NULL, "anonymous" }, UPGRADE },
        { { &anonymous, "GET /mqtt/", NULL, 101, NULL, "anonymous" }, UPGRADE },
        { { &cert, "GET /mqtt", NULL, 101, NULL, "cert:ab12" }, UPGRADE },
        { { &cert, "GET /mqtt", NULL, 101, NULL, "cert:ab12" },
          "Connection: Upgrade\r\nUpgrade: h2c, WebSocket\r\n" },
        /* a user name and password may come with CONNECT */
        { { NULL, "GET /mqtt", NULL, 101, NULL, "nobody" }, UPGRADE },
        { { NULL, "GET /mqtt", NULL, 101, NULL, "nobody" },
          UPGRADE "Origin: https://console.example\r\n" },
        { { NULL, "GET /mqtt", NULL, 101, NULL, "nobody" },
          UPGRADE "Origin: https://localhost:8080\r\n" },
        /* pages of others, names that are not ours, proxies */
        { { NULL, "GET /mqtt", NULL, 403, "ForbiddenException", "origin" },
          UPGRADE "Origin: https://evil.example\r\n" },
        { { &cert, "GET /mqtt", NULL, 403, "ForbiddenException", "origin" },
          UPGRADE "Origin: https://evil.example\r\n" },
        { { &anonymous, "GET /mqtt", NULL, 403, "ForbiddenException", "origin" },
          UPGRADE "Origin: null\r\n" },
        { { &anonymous, "GET /mqtt", NULL, 403, "ForbiddenException", "proxy" },
          UPGRADE "X-Forwarded-For: 192.0.2.1\r\n" },
        { { NULL, "GET /mqtt", NULL, 101, NULL, "nobody" },
          UPGRADE "X-Forwarded-For: 192.0.2.1\r\n" },
        /* no upgrade, or not there */
        { { &anonymous, "GET /mqtt", NULL, 426, "InvalidRequestException", "upgrade" }, "" },
        { { &anonymous, "GET /", NULL, 426, "InvalidRequestException", "upgrade" }, "" },
        { { &anonymous, "GET /mqtt", NULL, 426, "InvalidRequestException", "upgrade" },
          "Connection: Upgrade\r\nUpgrade: h2c\r\n" },
        { { &anonymous, "GET /mqtt", NULL, 426, "InvalidRequestException", "upgrade" },
          "Upgrade: websocket\r\n" },
        { { NULL, "GET /mqtt", NULL, 403, "ForbiddenException", "Missing" }, "" },
        { { &anonymous, "POST /mqtt", "x", 405, "MethodNotAllowedException", "method" }, UPGRADE },
        { { &anonymous, "GET /things/mine/shadow", NULL, 200, NULL, NULL }, UPGRADE },
        { { NULL, "GET /things/mine/shadow", NULL, 403, "ForbiddenException", "Missing" },
          UPGRADE },
        { { &anonymous, "GET /mqtt/more", NULL, 404, "ResourceNotFoundException", "" }, UPGRADE },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i].e, cases[i].headers);
    /* what is not right is never taken for none */
    struct buf headers = { 0 };
    buf_printf(&headers, UPGRADE "%s", bearer);
    check(&(struct expected){ &cert, "GET /mqtt", NULL, 403, "UnrecognizedClientException", "" },
          buf_str(&headers));
    buf_deinit(&headers);
}

/* ---- the control plane ---- */

static void things_and_types(void **state)
{
    const struct expected cases[] = {
        { &admin, "POST /thing-types/lamp", NULL, 200, NULL, "\"thingTypeName\":\"lamp\"" },
        { &admin, "POST /things/a",
          "{\"thingTypeName\":\"lamp\",\"attributePayload\":"
          "{\"attributes\":{\"room\":\"attic\"}}}",
          200, NULL, "\"thingArn\":\"arn:aws:iot:local:000000000000:thing/a\"" },
        { &admin, "POST /things/a", "{}", 409, "ResourceAlreadyExistsException",
          "\"resourceArn\":\"arn:aws:iot:local:000000000000:thing/a\"" },
        { &admin, "GET /things/a", NULL, 200, NULL, "\"attributes\":{\"room\":\"attic\"}" },
        { &admin, "HEAD /things/a", NULL, 200, NULL, NULL },
        { &admin, "GET /things/b", NULL, 404, "ResourceNotFoundException",
          "{\"message\":\"Thing b" },
        { &admin, "PATCH /things/a", "{\"expectedVersion\":7}", 409, "VersionConflictException",
          NULL },
        { &admin, "GET /things?attributeName=room&attributeValue=attic", NULL, 200, NULL,
          "\"thingName\":\"a\"" },
        { &admin, "GET /things?maxResults=251", NULL, 400, "InvalidRequestException",
          "maxResults" },
        { &admin, "GET /things?nextToken=nonsense", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "POST /things/a%20b", "{}", 400, "InvalidRequestException", "thingName" },
        { &admin, "POST /things/c", "{nonsense", 400, "InvalidRequestException", "line 1" },
        { &admin, "POST /things/c", "[]", 400, "InvalidRequestException", "object" },
        { &admin, "PATCH /things", NULL, 405, "MethodNotAllowedException", NULL },
        { &admin, "GET /no/such/path", NULL, 404, "ResourceNotFoundException", "Not Found" },
        { &admin, "DELETE /things/a?expectedVersion=1", NULL, 200, NULL, "{}" },
        { &admin, "POST /thing-types/lamp/deprecate", NULL, 200, NULL, "{}" },
        { &admin, "DELETE /thing-types/lamp", NULL, 200, NULL, NULL },
    };
    run_table(cases, ARRAY_LEN(cases) - 1); /* the last: some minutes after the deprecation */
    struct sent *sent = ask_with(&admin, "PATCH /things", NULL, "");
    wait_answer(sent);
    assert_non_null(strstr(buf_str(&sent->head), "Allow: GET, HEAD, POST\n"));
    sent_free(sent);
}

static void policies(void **state)
{
    static const char body[] =
        "{\"policyDocument\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{"
        "\\\"Effect\\\":"
        "\\\"Allow\\\",\\\"Action\\\":\\\"iot:*\\\",\\\"Resource\\\":\\\"*\\\"}]}\"}";
    static const char target[] = "{\"target\":\"arn:aws:iot:local:000000000000:user/ann\"}";
    const struct expected cases[] = {
        { &admin, "POST /policies/p", "{\"policyDocument\":\"{\"}", 400, "MalformedPolicyException",
          NULL },
        { &admin, "POST /policies/p", body, 200, NULL, "\"policyVersionId\":\"1\"" },
        { &admin, "POST /policies/p", body, 409, "ResourceAlreadyExistsException",
          "Policy cannot be created - name already exists (name=p)" },
        { &admin, "POST /policies/p/version?setAsDefault=true", body, 200, NULL, "\"2\"" },
        { &admin, "GET /policies/p", NULL, 200, NULL, "\"defaultVersionId\":\"2\"" },
        { &admin, "DELETE /policies/p", NULL, 409, "DeleteConflictException", NULL },
        { &admin, "DELETE /policies/p/version/1", NULL, 200, NULL, NULL },
        { &admin, "POST /hub/users", "{\"userName\":\"ann\",\"password\":\"secret-word\"}", 200,
          NULL, "\"userName\":\"ann\"" },
        { &admin, "PUT /target-policies/p", target, 200, NULL, NULL },
        { &admin, "POST /attached-policies/arn%3Aaws%3Aiot%3Alocal%3A000000000000%3Auser%2Fann",
          NULL, 200, NULL, "\"policyName\":\"p\"" },
        { &admin, "POST /policy-targets/p", NULL, 200, NULL, "user/ann" },
        { &admin, "POST /target-policies/p", target, 200, NULL, NULL },
        { &admin, "DELETE /policies/p", NULL, 200, NULL, NULL },
        { &admin, "GET /policies?isAscendingOrder=true&pageSize=1", NULL, 200, NULL, "nextMarker" },
        { &admin, "GET /hub/users", NULL, 200, NULL, "ann" },
        { &admin, "DELETE /hub/users/ann", NULL, 200, NULL, NULL },
        { &admin, "DELETE /hub/users/ann", NULL, 404, "ResourceNotFoundException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
    assert_null(strstr(buf_str(&logged), "secret-word"));
}

static void rules(void **state)
{
    const struct expected cases[] = {
        { &admin, "POST /rules/r", "{\"sql\":\"bad\"}", 400, "SqlParseException",
          "line 1, column 1" },
        { &admin, "POST /rules/r", "{\"sql\":\"kafka\"}", 400, "InvalidRequestException", "kafka" },
        { &admin, "POST /rules/r", "{\"sql\":\"many\"}", 410, "LimitExceededException", NULL },
        { &admin, "POST /rules/r", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "GET /rules/r", NULL, 401, "UnauthorizedException",
          "Access to topic rule 'r' was denied" },
        { &admin, "POST /rules/r", "{\"sql\":\"fine\",\"actions\":[]}", 200, NULL, "{}" },
        { &admin, "POST /rules/r", "{\"sql\":\"fine\"}", 409, "ResourceAlreadyExistsException",
          "\"resourceArn\"" },
        { &admin, "PATCH /rules/r", "{\"sql\":\"bad\"}", 400, "SqlParseException", NULL },
        { &admin, "PATCH /rules/r", "{\"sql\":\"many\"}", 200, NULL, NULL },
        { &admin, "GET /rules/r", NULL, 200, NULL, "\"sql\":\"many\"" },
        { &admin, "POST /rules/r/disable", NULL, 200, NULL, NULL },
        { &admin, "GET /rules?ruleDisabled=true", NULL, 200, NULL, "\"ruleName\":\"r\"" },
        { &admin, "POST /rules/a-b", "{\"sql\":\"fine\"}", 400, "InvalidRequestException",
          "ruleName" },
        { &admin, "DELETE /rules/r", NULL, 200, NULL, NULL },
        { &admin, "POST /hub/rules/test", "{\"sql\":\"x\",\"topic\":\"t\",\"payload\":{\"a\":1}}",
          200, NULL, "{\"fired\":true,\"output\":{\"a\":1}}" },
        { &admin, "POST /hub/rules/test", "{\"sql\":\"x\",\"topic\":\"t\",\"payload\":\"{}\"}", 200,
          NULL, "\"output\":{}" },
        { &admin, "POST /hub/rules/test",
          "{\"sql\":\"x\",\"topic\":\"t\",\"payloadBase64\":\"AP8=\"}", 200, NULL,
          "\"outputBase64\":\"AP8=\"" },
        { &admin, "POST /hub/rules/test", "{\"sql\":\"never\",\"topic\":\"t\"}", 200, NULL,
          "{\"fired\":false}" },
        { &admin, "POST /hub/rules/test", "{\"sql\":\"bad\",\"topic\":\"t\"}", 400,
          "SqlParseException", NULL },
        { &admin, "POST /hub/rules/test", "{\"sql\":\"x\"}", 400, "InvalidRequestException", NULL },
        { &admin, "POST /hub/rules/test", "{\"sql\":\"x\",\"topic\":\"t\",\"payloadBase64\":7}",
          400, "InvalidRequestException", NULL },
        { &admin, "POST /hub/rules/test",
          "{\"sql\":\"x\",\"topic\":\"t\",\"payload\":1,"
          "\"payloadBase64\":\"AP8=\"}",
          400, "InvalidRequestException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
}

static void keys_endpoint_status(void **state)
{
    const struct expected cases[] = {
        { &admin, "POST /hub/keys", "{\"name\":\"x\"}", 200, NULL, "\"secretAccessKey\":" },
        { &admin, "GET /hub/keys", NULL, 200, NULL, "\"accessKeyId\":" },
        { &admin, "DELETE /hub/keys/AKIANONE", NULL, 404, "ResourceNotFoundException", NULL },
        { &admin, "GET /endpoint", NULL, 200, NULL, "{\"endpointAddress\":\"hub.example\"}" },
        { &admin, "GET /endpoint?endpointType=iot%3AData-ATS", NULL, 200, NULL, "hub.example" },
        { &admin, "GET /endpoint?endpointType=iot:CredentialProvider", NULL, 200, NULL,
          "hub.example" },
        { &admin, "GET /endpoint?endpointType=iot:Data", NULL, 400, "InvalidRequestException",
          "Endpoint type iot:Data not recognized" },
        { &admin, "GET /hub/status", NULL, 200, NULL, "\"version\":\"1.2.3\"" },
        { &admin, "GET /hub/status", NULL, 200, NULL, "\"store\":{\"failing\":false" },
        { &admin, "GET /metrics", NULL, 200, NULL, "# HELP" },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* ---- the data plane ---- */

static void publishing(void **state)
{
    const struct expected cases[] = {
        { &admin, "POST /topics/a/b?qos=1", "x", 200, NULL,
          "{\"message\":\"OK\",\"traceId\":\"01234567-89ab-4cde-8f01-23456789abcd\"}" },
        { &admin, "POST /topics/a%2Fb", NULL, 200, NULL, "OK" },
        { &admin, "POST /topics/a?qos=2", "x", 400, "InvalidRequestException", "qos" },
        { &admin, "POST /topics/a?qos=x", "x", 400, "InvalidRequestException", "qos" },
        { &admin, "POST /topics/a?retain=1", "x", 400, "InvalidRequestException", "retain" },
        { &admin, "POST /topics/a/%23", "x", 400, "InvalidRequestException", "topic" },
        { &admin, "POST /topics/a/+/b", "x", 400, "InvalidRequestException", "topic" },
        { &admin, "POST /topics/%24aws%2Fevents%2Fx", "x", 403, "ForbiddenException", "Forbidden" },
        { &admin, "POST /topics/%24SYS/x", "x", 403, "ForbiddenException", "Forbidden" },
        { &admin, "POST /topics/%00", "x", 400, "InvalidRequestException", NULL },
        { &admin, "POST /topics/%ff", "x", 400, "InvalidRequestException", NULL },
        { &admin, "GET /topics/a", NULL, 405, "MethodNotAllowedException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
    char big[1002];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    expect(&admin, "POST /topics/a", big, 413, "RequestEntityTooLargeException", NULL);
}

static void publishing_with_properties(void **state)
{
    struct expected e = { &admin,
                          "POST /topics/p?retain=true&contentType=text%2Fplain&responseTopic="
                          "to%2F%C3%A9&messageExpiry=60",
                          "x",
                          200,
                          NULL,
                          "OK" };
    struct buf want = { 0 };
    mqtt_put_number(&want, MQTT_PROP_payload_format, 1);
    mqtt_put_number(&want, MQTT_PROP_message_expiry, 60);
    mqtt_put_text(&want, MQTT_PROP_content_type, SLICE_LIT("text/plain"));
    mqtt_put_text(&want, MQTT_PROP_response_topic, SLICE_LIT("to/é"));
    mqtt_put_text(&want, MQTT_PROP_correlation_data, SLICE_LIT("\0\xff"));
    mqtt_put_pair(&want, SLICE_LIT("k"), SLICE_LIT("1"));
    mqtt_put_pair(&want, SLICE_LIT("k"), SLICE_LIT("\"é\""));
    /* [{"k":"1"},{"k":"\"é\""}] */
    check(&e, "x-amz-mqtt5-correlation-data: AP8=\r\n"
              "x-amz-mqtt5-payload-format-indicator: UTF8_DATA\r\n"
              "x-amz-mqtt5-user-properties: W3siayI6IjEifSx7ImsiOiJcIsOpXCIifV0=\r\n");
    const struct msg *msg = hub_retained_get(hub, SLICE_LIT("p"));
    assert_non_null(msg);
    assert_true(slice_eq(msg->properties, buf_slice(&want)));
    expect(&admin, "GET /retainedMessage/p", NULL, 200, NULL,
           "\"userProperties\":\"W3siayI6IjEifSx7ImsiOiJcIsOpXCIifV0=\"}");
    buf_deinit(&want);
    e.line = "POST /topics/p?retain=true";
    check(&e, "x-amz-mqtt5-user-properties: W10=\r\n"); /* [] */
    assert_int_equal(hub_retained_get(hub, SLICE_LIT("p"))->properties.len, 0);
    struct sent *sent = ask_with(&admin, "GET /retainedMessage/p", NULL, "");
    wait_answer(sent);
    assert_int_equal(sent->status, 200);
    assert_null(strstr(buf_str(&sent->body), "userProperties"));
    sent_free(sent);
}

/* text: what the header has in base64; NULL: the header as it is. */
static void refuse_user_properties(const char *text, const char *says)
{
    struct expected e = { &admin, "POST /topics/a", "x", 400, "InvalidRequestException", says };
    struct buf header = { 0 };
    buf_puts(&header, "x-amz-mqtt5-user-properties: ");
    base64_encode(&header, text, strlen(text));
    buf_puts(&header, "\r\n");
    check(&e, buf_str(&header));
    buf_deinit(&header);
}

static void bad_properties_are_refused(void **state)
{
    const struct expected cases[] = {
        { &admin, "POST /topics/a?contentType=%ff", "x", 400, "InvalidRequestException",
          "contentType" },
        { &admin, "POST /topics/a?contentType=a%00", "x", 400, "InvalidRequestException", NULL },
        { &admin, "POST /topics/a?responseTopic=a/%23", "x", 400, "InvalidRequestException",
          "responseTopic: is no topic name" },
        { &admin, "POST /topics/a?responseTopic=", "x", 400, "InvalidRequestException",
          "responseTopic" },
        { &admin, "POST /topics/a?messageExpiry=604801", "x", 400, "InvalidRequestException",
          "messageExpiry: must be seconds from 0 to 604800" },
        { &admin, "POST /topics/a?messageExpiry=-1", "x", 400, "InvalidRequestException",
          "messageExpiry" },
    };
    run_table(cases, ARRAY_LEN(cases));
    struct expected e = { &admin, "POST /topics/a",          "\xff",
                          400,    "InvalidRequestException", "the payload is not UTF-8" };
    check(&e, "x-amz-mqtt5-payload-format-indicator: UTF8_DATA\r\n");
    e.holds = "payloadFormatIndicator: must be";
    check(&e, "x-amz-mqtt5-payload-format-indicator: UTF8\r\n");
    e.holds = "correlationData: is not base64";
    check(&e, "x-amz-mqtt5-correlation-data: a\r\n");
    e.holds = "userProperties: is not base64";
    check(&e, "x-amz-mqtt5-user-properties: [{}]\r\n");
    refuse_user_properties("[{]", "userProperties: no JSON that can be used");
    refuse_user_properties("{\"k\":\"v\"}", "userProperties: must be a JSON array");
    refuse_user_properties("\"[]\"", "userProperties: must be a JSON array");
    refuse_user_properties("[{\"k\":\"v\"},{}]", "userProperties: must be objects of one member");
    refuse_user_properties("[{\"k\":\"v\",\"l\":\"w\"}]", "must be objects of one member");
    refuse_user_properties("[{\"k\":\"v\",\"k\":\"w\"}]", "no JSON that can be used");
    refuse_user_properties("[{\"k\":1}]", "must be objects of one member");
    refuse_user_properties("[\"k\"]", "must be objects of one member");
    refuse_user_properties("[{\"k\":\"\\u0000\"}]", "no JSON that can be used");
}

static void a_publish_is_answered_after_its_commit(void **state)
{
    struct sent *sent = ask_with(&admin, "POST /topics/kept?qos=1&retain=true", "v", "");
    loop_turn(loop);
    int64_t before = store_committed(store);
    if (!sent->answered) assert_int_equal(api_count(api), 1);
    wait_answer(sent);
    assert_int_equal(sent->status, 200);
    assert_true(store_committed(store) >= before);
    sent_free(sent);
    const struct msg *msg = hub_retained_get(hub, SLICE_LIT("kept"));
    assert_true(slice_eq_str(msg->payload, "v"));
    assert_true(slice_eq_str(msg->principal, principal_identifier(&admin)));
    assert_false(msg->over_mqtt);
}

static void retained_messages(void **state)
{
    for (int i = 0; i < 5; i++) {
        char line[64];
        snprintf(line, sizeof line, "POST /topics/r/%d?retain=true&qos=%d", 4 - i, i % 2);
        expect(&admin, line, "ab", 200, NULL, "OK");
    }
    const struct expected cases[] = {
        { &admin, "GET /retainedMessage/r%2F3", NULL, 200, NULL,
          "{\"topic\":\"r/3\",\"payload\":\"YWI=\",\"qos\":1,\"lastModifiedTime\":17673" },
        { &admin, "GET /retainedMessage/r/3", NULL, 200, NULL, "YWI=" },
        { &admin, "GET /retainedMessage/none", NULL, 404, "ResourceNotFoundException", "traceId" },
        { &admin, "GET /retainedMessage?maxResults=2", NULL, 200, NULL,
          "[{\"topic\":\"r/0\",\"payloadSize\":2,\"qos\":0,\"lastModifiedTime\":" },
        /* base64 of "1r/1", "1r/3", "1r/4" */
        { &admin, "GET /retainedMessage?maxResults=2", NULL, 200, NULL,
          "\"nextToken\":\"MXIvMQ==\"" },
        { &admin, "GET /retainedMessage?maxResults=2&nextToken=MXIvMQ%3D%3D", NULL, 200, NULL,
          "[{\"topic\":\"r/2\"" },
        { &admin, "GET /retainedMessage?maxResults=2&nextToken=MXIvMw%3D%3D", NULL, 200, NULL,
          "{\"retainedTopics\":[{\"topic\":\"r/4\"" },
        { &admin, "GET /retainedMessage?nextToken=MXIvNA%3D%3D", NULL, 200, NULL,
          "{\"retainedTopics\":[]}" },
        { &admin, "GET /retainedMessage?maxResults=201", NULL, 400, "InvalidRequestException",
          NULL },
        { &admin, "GET /retainedMessage?nextToken=x", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "POST /topics/r/3?retain=true&qos=1", NULL, 200, NULL, NULL },
        { &admin, "GET /retainedMessage/r/3", NULL, 404, "ResourceNotFoundException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
}

static void shadows(void **state)
{
    static const struct {
        const char *line, *body, *asked;
    } cases[] = {
        { "GET /things/t/shadow", NULL, "get t -" },
        { "GET /things/t/shadow?name=n", NULL, "get t n" },
        { "GET /things/t/shadow?name=%24package", NULL, "get t $package" },
        { "POST /things/t/shadow", "{\"state\":{}}", "update t - {\"state\":{}}" },
        { "POST /things/t%3Ax/shadow?name=n", "not json", "update t:x n not json" },
        { "DELETE /things/t/shadow?name=n", NULL, "delete t n" },
    };
    shadow_says(200, "{\"state\":{\"n\":9007199254740993}}");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect(&admin, cases[i].line, cases[i].body, 200, NULL,
               "{\"state\":{\"n\":9007199254740993}}");
        assert_string_equal(buf_str(&fake.asked), cases[i].asked);
    }
    buf_clear(&fake.asked);
    static const char *const bad[] = {
        "GET /things/a%2Fb/shadow",      "GET /things/%23/shadow",
        "GET /things/a/shadow?name=",    "GET /things/a/shadow?name=a%2Fb",
        "GET /things/a/shadow?name=%2B", "GET /things/%24a/shadow"
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect(&admin, bad[i], NULL, 400, "InvalidRequestException", "1 validation error");
    assert_int_equal(fake.asked.len, 0);
}

static void lists_of_shadows(void **state)
{
    static const char path[] = "GET /api/things/shadow/ListNamedShadowsForThing/t";
    shadow_says(200, "[\"a\",\"b\",\"c\"]");
    expect(&admin, path, NULL, 200, NULL,
           "{\"results\":[\"a\",\"b\",\"c\"],\"timestamp\":1767323045}");
    assert_string_equal(buf_str(&fake.asked), "list t - 25");
    char line[128];
    snprintf(line, sizeof line, "%s?pageSize=2", path);
    expect(&admin, line, NULL, 200, NULL, "\"results\":[\"a\",\"b\"]");
    expect(&admin, line, NULL, 200, NULL, "\"nextToken\":\"MWI=\"");
    snprintf(line, sizeof line, "%s?pageSize=3&nextToken=MWI%%3D", path);
    expect(&admin, line, NULL, 200, NULL, "\"results\":[\"a\",\"b\",\"c\"],\"timestamp\"");
    assert_string_equal(buf_str(&fake.asked), "list t b 3");
    snprintf(line, sizeof line, "%s?pageSize=101", path);
    expect(&admin, line, NULL, 400, "InvalidRequestException", "pageSize");
}

/* ---- sessions, retained messages by filter, refusals ---- */

struct visitor {
    struct session_link link; /* first */
    struct session *session;
    enum session_end why;
};

static bool take_nothing(struct session_link *link, struct msg *msg, const struct session_out *out)
{
    return true;
}

static bool never_congested(struct session_link *link)
{
    return false;
}

static void on_visitor_end(struct session_link *link, enum session_end why)
{
    struct visitor *visitor = (struct visitor *)link;
    visitor->session = NULL;
    visitor->why = why;
}

static int64_t visitor_heard_at(const struct session_link *link)
{
    return clock_mono_ms();
}

static const struct session_link_ops visitor_ops = { .publish = take_nothing,
                                                     .congested = never_congested,
                                                     .end = on_visitor_end,
                                                     .heard_at = visitor_heard_at };

static void visit(struct visitor *visitor, const char *client_id, bool clean)
{
    bool present;
    visitor->link.ops = &visitor_ops;
    struct session_open_opts opts = { .client_id = slice_str(client_id),
                                      .clean_start = clean,
                                      .expiry_ms =
                                          clean ? SESSION_EXPIRY_ENDS : SESSION_EXPIRY_CONFIGURED,
                                      .principal = &key,
                                      .source_ip = "192.0.2.5",
                                      .link = &visitor->link,
                                      .level = 4,
                                      .keep_alive_s = 60 };
    assert_true(session_open(hub, &opts, &visitor->session, &present) >= 0);
    session_ready(visitor->session);
}

static void leave(struct visitor *visitor)
{
    if (visitor->session) session_detach(visitor->session, SESSION_END_CLIENT_INITIATED);
    visitor->session = NULL;
}

static void publish_as_system(const char *topic, uint8_t qos, bool retain)
{
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = slice_str(topic), .payload = SLICE_LIT("v"), .qos = qos, .retain = retain });
    assert_true(hub_publish(hub, principal_system(), NULL, msg, NULL, NULL) >= 0);
    msg_unref(msg);
}

static void sessions(void **state)
{
    struct visitor lamp = { 0 }, plug = { 0 }, deep = { 0 };
    expect(&admin, "GET /hub/sessions", NULL, 200, NULL, "{\"sessions\":[]}");
    visit(&lamp, "lamp", true);
    visit(&plug, "plug", false);
    visit(&deep, "a/b", true);
    bool is_new;
    session_subscribe(lamp.session, SLICE_LIT("x/#"), &(struct sub_opts){ .qos = 0 }, &is_new);
    session_subscribe(lamp.session, SLICE_LIT("x/+"), &(struct sub_opts){ .qos = 1 }, &is_new);
    publish_as_system("x/y", 1, false);
    leave(&plug);
    const struct expected cases[] = {
        { &admin, "GET /hub/sessions", NULL, 200, NULL, "[{\"clientId\":\"a/b\"," },
        { &admin, "GET /hub/sessions?maxResults=1", NULL, 200, NULL, "\"nextToken\":\"MWEvYg==\"" },
        { &admin, "GET /hub/sessions?maxResults=1&nextToken=MWEvYg%3D%3D", NULL, 200, NULL,
          "[{\"clientId\":\"lamp\"," },
        { &admin, "GET /hub/sessions?clientIdPrefix=p", NULL, 200, NULL,
          "{\"sessions\":[{\"clientId\":\"plug\",\"connected\":false,\"persistent\":true," },
        { &admin, "GET /hub/sessions?connected=false", NULL, 200, NULL, "[{\"clientId\":\"plug" },
        { &admin, "GET /hub/sessions?connected=true&maxResults=2", NULL, 200, NULL,
          "\"subscriptionCount\":2}]}" }, /* a/b and lamp, and no more */
        { &admin, "GET /hub/sessions?connected=maybe", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "GET /hub/sessions?maxResults=1001", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "GET /hub/sessions?nextToken=x", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "GET /hub/sessions/lamp", NULL, 200, NULL,
          "{\"clientId\":\"lamp\",\"connected\":true,\"persistent\":false,"
          "\"principal\":\"key:AKIATEST\",\"sourceIp\":\"192.0.2.5\",\"protocolLevel\":4,"
          "\"protocolVersion\":\"3.1.1\",\"keepAlive\":60,\"sessionExpiry\":0,"
          "\"connectedAt\":1767323045,\"lastSeenAt\":1767323045,"
          "\"queued\":1,\"queuedBytes\":" },
        { &admin, "GET /hub/sessions/lamp", NULL, 200, NULL,
          "\"inFlight\":1,\"subscriptionCount\":2,\"subscriptions\":["
          "{\"filter\":\"x/#\",\"qos\":0},{\"filter\":\"x/+\",\"qos\":1}]}" },
        { &admin, "GET /hub/sessions/plug", NULL, 200, NULL,
          "\"disconnectedAt\":1767323045,\"lastSeenAt\":1767323045,\"expiresAt\":1767326645," },
        { &admin, "GET /hub/sessions/a%2Fb", NULL, 200, NULL, "\"clientId\":\"a/b\"" },
        { &admin, "GET /hub/sessions/a/b", NULL, 200, NULL, "\"clientId\":\"a/b\"" },
        { &admin, "GET /hub/sessions/none", NULL, 404, "ResourceNotFoundException", NULL },
        { &admin, "DELETE /hub/sessions/none", NULL, 404, "ResourceNotFoundException", NULL },
        { &key, "GET /hub/sessions", NULL, 403, "AccessDeniedException", "thingd:ListSessions" },
        { &key, "GET /hub/sessions/lamp", NULL, 403, "AccessDeniedException",
          "thingd:GetSession on resource: arn:aws:iot:local:000000000000:client/lamp" },
        { &cert, "DELETE /hub/sessions/lamp", NULL, 403, "AccessDeniedException", NULL },
        { &anonymous, "GET /hub/sessions", NULL, 403, "AccessDeniedException", NULL },
        { &admin, "DELETE /hub/sessions/lamp", NULL, 200, NULL, "{}" },
        { &admin, "GET /hub/sessions/lamp", NULL, 404, "ResourceNotFoundException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
    assert_null(lamp.session);
    assert_int_equal(lamp.why, SESSION_END_SERVER_INITIATED);
    leave(&deep);
}

static void a_session_is_deleted_when_it_is_durable(void **state)
{
    struct visitor plug = { 0 };
    visit(&plug, "plug", false);
    quiet();
    store_sync(store);
    quiet();
    int64_t before = store_committed(store);
    struct sent *sent = ask_with(&admin, "DELETE /hub/sessions/plug", NULL, "");
    loop_turn(loop);
    assert_null(plug.session);
    assert_false(sent->answered && store_committed(store) == before);
    wait_answer(sent);
    assert_int_equal(sent->status, 200);
    assert_true(store_committed(store) > before);
    sent_free(sent);
}

static void retained_by_filter(void **state)
{
    publish_as_system("a/1", 0, true);
    publish_as_system("a/2", 1, true);
    publish_as_system("a/2/x", 1, true);
    publish_as_system("b", 1, true);
    struct sys_topics *sys = sys_topics_create(hub, "v9", SECONDS(10));
    const struct expected cases[] = {
        { &admin, "GET /hub/retained", NULL, 200, NULL,
          "{\"retained\":[{\"topic\":\"a/1\",\"payloadSize\":1,\"qos\":0,"
          "\"publishedAt\":1767323045}," },
        { &admin, "GET /hub/retained?filter=%2B%2F%2B", NULL, 200, NULL,
          "\"qos\":1,\"publishedAt\":1767323045}]}" },
        { &admin, "GET /hub/retained?filter=a%2F%23&maxResults=2", NULL, 200, NULL,
          "\"nextToken\":\"MWEvMg==\"" },
        { &admin, "GET /hub/retained?filter=a%2F%23&maxResults=2&nextToken=MWEvMg%3D%3D", NULL, 200,
          NULL,
          "{\"retained\":[{\"topic\":\"a/2/x\",\"payloadSize\":1,\"qos\":1,"
          "\"publishedAt\":1767323045}]}" },
        { &admin, "GET /hub/retained?filter=none", NULL, 200, NULL, "{\"retained\":[]}" },
        { &admin, "GET /hub/retained?filter=%24SYS%2Fbroker%2Fversion", NULL, 200, NULL,
          "[{\"topic\":\"$SYS/broker/version\",\"payloadSize\":2," },
        { &admin, "GET /hub/retained?filter=a%23", NULL, 400, "InvalidRequestException", "filter" },
        { &admin, "GET /hub/retained?maxResults=0", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "DELETE /hub/retained", NULL, 400, "InvalidRequestException",
          "filter is needed" },
        { &admin, "DELETE /hub/retained?filter=%24SYS%2F%23", NULL, 400, "InvalidRequestException",
          "$SYS" },
        { &admin, "DELETE /hub/retained?filter=b&dryRun=1", NULL, 400, "InvalidRequestException",
          NULL },
        { &key, "DELETE /hub/retained?filter=b", NULL, 403, "AccessDeniedException",
          "thingd:PurgeRetained" },
        { &admin, "DELETE /hub/retained?filter=a%2F%2B&dryRun=true", NULL, 200, NULL,
          "{\"dryRun\":true,\"count\":2,\"truncated\":false,\"topics\":[\"a/1\",\"a/2\"]}" },
        { &admin, "DELETE /hub/retained?filter=a%2F%2B", NULL, 200, NULL,
          "{\"dryRun\":false,\"count\":2,\"truncated\":false,\"topics\":[\"a/1\",\"a/2\"]}" },
        { &admin, "GET /hub/retained", NULL, 200, NULL, "{\"retained\":[{\"topic\":\"a/2/x\"" },
        { &admin, "DELETE /hub/retained?filter=%23", NULL, 200, NULL, "\"count\":2" },
        { &admin, "DELETE /hub/retained?filter=%23", NULL, 200, NULL,
          "{\"dryRun\":false,\"count\":0,\"truncated\":false,\"topics\":[]}" },
    };
    run_table(cases, ARRAY_LEN(cases));
    assert_int_equal(hub_retained_count(hub), 0);
    assert_non_null(hub_retained_get(hub, SLICE_LIT("$SYS/broker/version")));
    sys_topics_destroy(sys);
}

enum { MANY = 1200 };

static void retain_many(void)
{
    struct hub_opts opts = *hub_opts(hub);
    char topic[32];
    opts.max_retained = MANY + 1;
    hub_set_opts(hub, &opts);
    for (int i = 0; i < MANY; i++) {
        snprintf(topic, sizeof topic, "many/%04d", i);
        publish_as_system(topic, 0, true);
    }
    assert_int_equal(hub_retained_count(hub), MANY);
}

/* A portion in a turn: others are answered meanwhile. */
static void a_long_removal_goes_in_portions(void **state)
{
    retain_many();
    struct sent *sent = ask_with(&admin, "DELETE /hub/retained?filter=many%2F%23", NULL, "");
    quiet();
    assert_false(sent->answered);
    assert_int_equal(hub_retained_count(hub), MANY - 500);
    expect(&admin, "GET /hub/retained?maxResults=1", NULL, 200, NULL, "many/0500");
    clock_fake_advance(1);
    quiet();
    assert_int_equal(hub_retained_count(hub), MANY - 1000);
    clock_fake_advance(1);
    wait_answer(sent);
    assert_int_equal(sent->status, 200);
    assert_non_null(strstr(buf_str(&sent->body), "\"count\":1200,\"truncated\":true,"));
    assert_non_null(strstr(buf_str(&sent->body), "\"many/0999\"]}"));
    sent_free(sent);
    assert_int_equal(hub_retained_count(hub), 0);
}

/* Also a list, where few of many match. */
static void a_long_search_goes_in_portions(void **state)
{
    retain_many();
    publish_as_system("many/1199/x", 0, true);
    struct sent *sent = ask_with(&admin, "GET /hub/retained?filter=many%2F%2B%2Fx", NULL, "");
    quiet();
    assert_false(sent->answered);
    for (int i = 0; i < 2; i++) {
        clock_fake_advance(1);
        quiet();
    }
    assert_true(sent->answered);
    assert_non_null(strstr(buf_str(&sent->body), "[{\"topic\":\"many/1199/x\","));
    sent_free(sent);
}

static void a_removal_that_nobody_waits_for_ends(void **state)
{
    retain_many();
    struct sent *sent = ask_with(&admin, "DELETE /hub/retained?filter=%23", NULL, "");
    quiet();
    clock_fake_advance(TIMEOUT_MS);
    quiet();
    assert_true(sent->answered);
    assert_int_equal(sent->status, 503);
    clock_fake_advance(1);
    quiet();
    assert_int_equal(api_count(api), 0);
    assert_int_equal(hub_retained_count(hub), MANY - 1000);
    sent_free(sent);
}

static void a_removal_ends_with_the_hub(void **state)
{
    retain_many();
    struct sent *sent = ask_with(&admin, "DELETE /hub/retained?filter=%23", NULL, "");
    quiet();
    assert_int_equal(api_count(api), 1);
    api_stop(api);
    assert_true(sent->answered);
    assert_int_equal(sent->status, 503);
    assert_int_equal(api_count(api), 0);
    sent_free(sent);
}

static void refusals(void **state)
{
    expect(&admin, "GET /hub/denials", NULL, 200, NULL, "{\"denials\":[]}");
    expect(&key, "GET /hub/keys", NULL, 403, "AccessDeniedException", NULL);
    clock_fake_advance(1500);
    const struct auth_conn conn = { .client_id = "lamp", .source_ip = "192.0.2.7" };
    auth_log_refusal(auth, &cert, &conn, "iot:Publish", SLICE_LIT("topic/x"), "because");
    expect(&key, "GET /hub/status", NULL, 403, "AccessDeniedException", NULL);
    const struct expected cases[] = {
        { &admin, "GET /hub/denials?clientId=lamp", NULL, 200, NULL,
          "{\"denials\":[{\"time\":1767323046.5,\"firstTime\":1767323046.5,\"count\":1,"
          "\"kind\":\"denied\",\"principal\":\"cert:ab12\","
          "\"clientId\":\"lamp\",\"sourceIp\":\"192.0.2.7\",\"action\":\"iot:Publish\","
          "\"resource\":\"topic/x\",\"reason\":\"because\"}]}" },
        { &admin, "GET /hub/denials?clientId=plug", NULL, 200, NULL, "{\"denials\":[]}" },
        { &admin, "GET /hub/denials?maxResults=1", NULL, 200, NULL, "thingd:GetStatus" },
        { &admin, "GET /hub/denials?maxResults=2", NULL, 200, NULL, "\"nextToken\":\"MTI=\"" },
        { &admin, "GET /hub/denials?nextToken=MTI%3D", NULL, 200, NULL,
          "{\"denials\":[{\"time\":1767323045,\"firstTime\":1767323045,\"count\":1,"
          "\"kind\":\"denied\",\"principal\":\"key:AKIATEST\"" },
        { &admin, "GET /hub/denials?sourceIp=192.0.2.7&thingName=lamp", NULL, 200, NULL,
          "\"cert:ab12\"" },
        { &admin, "GET /hub/denials?sourceIp=192.0.2.8", NULL, 200, NULL, "{\"denials\":[]}" },
        { &admin, "GET /hub/denials?nextToken=MXg%3D", NULL, 400, "InvalidRequestException", NULL },
        { &admin, "GET /hub/denials?maxResults=x", NULL, 400, "InvalidRequestException", NULL },
        { &cert, "GET /hub/denials", NULL, 403, "AccessDeniedException", NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* ---- what policies would say ---- */

#define CONTROL_POLICY(statement)                                                                  \
    "{\"policyDocument\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":" statement "}\"" \
    "}"

static void policies_are_asked_what_if(void **state)
{
#define ALLOW "{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"iot:Publish\\\",\\\"Resource\\\":"
#define DENY  "{\\\"Effect\\\":\\\"Deny\\\",\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":"
#define TOPIC "arn:aws:iot:local:000000000000:topic/"
    expect(&admin, "POST /policies/TrialAllow",
           CONTROL_POLICY(ALLOW "\\\"" TOPIC "a/${iot:ClientId}\\\"}"), 200, NULL, "");
    expect(&admin, "POST /policies/TrialDeny", CONTROL_POLICY(DENY "\\\"" TOPIC "a/plug\\\"}"), 200,
           NULL, "");
    static const char infos[] =
        "{\"authInfos\":[{\"actionType\":\"PUBLISH\",\"resources\":[\"" TOPIC "a/lamp\"]}],"
        "\"policyNamesToAdd\":[\"TrialAllow\",\"TrialDeny\"]}";
    const struct expected cases[] = {
        { &admin, "POST /test-authorization?clientId=lamp", infos, 200, NULL,
          "\"allowed\":{\"policies\":[{\"policyName\":\"TrialAllow\",\"policyArn\":"
          "\"arn:aws:iot:local:000000000000:policy/TrialAllow\"}]},\"denied\":{\"implicitDeny\":"
          "{\"policies\":[]},\"explicitDeny\":{\"policies\":[]}},\"authDecision\":\"ALLOWED\","
          "\"missingContextValues\":[]" },
        { &admin, "POST /test-authorization", infos, 200, NULL,
          "\"authDecision\":\"IMPLICIT_DENY\",\"missingContextValues\":[\"iot:ClientId\"]" },
        { &admin, "POST /test-authorization?clientId=plug",
          "{\"authInfos\":[{\"actionType\":\"PUBLISH\",\"resources\":[\"" TOPIC "a/b\",\"" TOPIC
          "a/plug\"]}],\"policyNamesToAdd\":[\"TrialAllow\",\"TrialDeny\"]}",
          200, NULL, "\"authDecision\":\"EXPLICIT_DENY\"" },
        { &admin, "POST /test-authorization", "{}", 400, "InvalidRequestException", NULL },
        { &admin, "POST /test-authorization",
          "{\"authInfos\":[{\"actionType\":\"DANCE\",\"resources\":[\"x\"]}]}", 400,
          "InvalidRequestException", NULL },
        { &admin, "POST /test-authorization",
          "{\"authInfos\":[{\"actionType\":\"CONNECT\",\"resources\":[]}]}", 400,
          "InvalidRequestException", NULL },
        { &admin, "POST /test-authorization",
          "{\"authInfos\":[{\"actionType\":\"CONNECT\",\"resources\":[\"x\"]}],"
          "\"policyNamesToAdd\":[\"None\"]}",
          404, "ResourceNotFoundException", "Policy not found: None" },
        { &admin, "POST /test-authorization",
          "{\"principal\":\"arn:aws:iot:local:000000000000:cert/ab\",\"authInfos\":"
          "[{\"actionType\":\"CONNECT\",\"resources\":[\"x\"]}]}",
          404, "ResourceNotFoundException", "Principal not found" },
        { &admin, "POST /hub/explain",
          "{\"principal\":\"anonymous:TrialAllow\",\"action\":\"iot:Publish\",\"resource\":"
          "\"topic/b\",\"context\":{\"iot:ClientId\":\"x\"}}",
          200, NULL,
          "{\"decision\":\"implicitDeny\",\"reason\":\"no statement allows it\",\"closest\":"
          "\"policy TrialAllow, Statement[0]: its resource is " TOPIC
          "a/${iot:ClientId}\",\"change\":"
          "\"{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"iot:Publish\\\",\\\"Resource\\\":"
          "\\\"" TOPIC "b\\\"}\",\"missingContextValues\":[]}" },
        { &admin, "POST /hub/explain",
          "{\"principal\":\"anonymous:TrialAllow\",\"action\":\"iot:Publish\",\"resource\":"
          "\"topic/a/x\",\"clientId\":\"y\",\"context\":{\"iot:ClientId\":[\"x\"]}}",
          200, NULL,
          "{\"decision\":\"allowed\",\"reason\":\"allowed by policy TrialAllow, Statement[0]\","
          "\"policyName\":\"TrialAllow\",\"statement\":0,\"missingContextValues\":[]}" },
        { &admin, "POST /hub/explain",
          "{\"principal\":\"who\",\"action\":\"iot:Publish\",\"resource\":\"*\"}", 400,
          "InvalidRequestException", "no principal is called 'who'" },
        { &admin, "POST /hub/explain", "{\"principal\":\"user:x\",\"action\":\"iot:Publish\"}", 400,
          "InvalidRequestException", "resource is missing" },
        { &cert, "POST /hub/explain", "{}", 403, "AccessDeniedException", NULL },
        { &admin, "DELETE /policies/TrialAllow", NULL, 200, NULL, NULL },
        { &admin, "DELETE /policies/TrialDeny", NULL, 200, NULL, NULL },
    };
    run_table(cases, ARRAY_LEN(cases));
}

/* ---- time and trouble ---- */

static int64_t hold_deliver(struct subscriber *subscriber, struct msg *msg,
                            const struct delivery *how);
static const struct subscriber_ops hold_ops = { hold_deliver };
static struct hub_hold *held;

static int64_t hold_deliver(struct subscriber *subscriber, struct msg *msg,
                            const struct delivery *how)
{
    held = hub_hold(how->pub);
    return 0;
}

static void a_held_publish_waits_for_the_decision(void **state)
{
    static const struct {
        int64_t commit;
        int status;
    } cases[] = { { 0, 200 }, { ERR_STORE, 503 } };
    struct subscriber subscriber = { &hold_ops, principal_system(), NULL };
    struct subscription subscription;
    assert_int_equal(hub_subscribe(hub, &subscriber, SLICE_LIT("h"), &(struct sub_opts){ .qos = 1 },
                                   &subscription),
                     0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sent *sent = ask_with(&admin, "POST /topics/h?qos=1", "x", "");
        quiet();
        assert_false(sent->answered);
        hub_release(held, cases[i].commit);
        wait_answer(sent);
        assert_int_equal(sent->status, cases[i].status);
        sent_free(sent);
    }
    /* and when it comes too late */
    struct sent *sent = ask_with(&admin, "POST /topics/h?qos=1", "x", "");
    quiet();
    clock_fake_advance(TIMEOUT_MS);
    wait_answer(sent);
    assert_int_equal(sent->status, 503);
    assert_int_equal(api_count(api), 1);
    hub_release(held, 0);
    quiet();
    assert_int_equal(api_count(api), 0);
    sent_free(sent);
    hub_unsubscribe(hub, &subscription);
}

static void what_takes_too_long_is_answered_503(void **state)
{
    fake.hold = true;
    struct sent *sent = ask_with(&admin, "POST /things/t/shadow", "{\"state\":{}}", "");
    quiet();
    clock_fake_advance(TIMEOUT_MS - 1);
    quiet();
    assert_false(sent->answered);
    clock_fake_advance(1);
    quiet();
    assert_true(sent->answered);
    assert_int_equal(sent->status, 503);
    assert_non_null(strstr(buf_str(&sent->head), "ServiceUnavailableException"));
    assert_non_null(strstr(buf_str(&sent->body), "may still be carried out"));
    assert_int_equal(api_count(api), 1);
    fake_answer(NULL);
    assert_int_equal(api_count(api), 0);
    sent_free(sent);
}

static void a_request_goes_on_without_its_connection(void **state)
{
    struct sent *sent = ask_with(&admin, "POST /things/alone", "{}", "");
    sent->exchange.peer = NULL;
    wait_answer(sent);
    assert_int_equal(sent->status, 200);
    sent_free(sent);
    expect(&admin, "GET /things/alone", NULL, 200, NULL, "alone");
}

static void let_files_grow(bool may)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = may ? limit.rlim_max : 0;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_failing_store_refuses_changes_only(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    let_files_grow(false);
    struct sent *first = ask_with(&admin, "POST /things/first", "{}", "");
    for (int i = 0; !store_failing(store); i++) {
        assert_true(i < 2000);
        loop_turn_wait(loop, 10);
    }
    assert_false(first->answered);
    static const struct expected cases[] = {
        { &admin, "POST /things/second", "{}", 503, "ServiceUnavailableException",
          "The store cannot" },
        { &admin, "POST /hub/tokens", "{}", 503, "ServiceUnavailableException", NULL },
        { &admin, "GET /things", NULL, 200, NULL, "\"things\":[]" },
        { &admin, "POST /policy-targets/ThingDefault", NULL, 200, NULL, "targets" },
        { &admin, "POST /topics/a", "x", 200, NULL, "OK" },
        { NULL, "GET /livez", NULL, 200, NULL, NULL },
        { NULL, "GET /readyz", NULL, 503, NULL, "the store is failing: " },
        { NULL, "GET /healthz", NULL, 503, NULL, "message" },
        { &admin, "GET /hub/status", NULL, 200, NULL, "\"failing\":true,\"failure\":\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i], "");
    let_files_grow(true);
    clock_fake_advance(1000);
    wait_answer(first);
    assert_int_equal(first->status, 200);
    sent_free(first);
    expect(NULL, "GET /readyz", NULL, 200, NULL, "ready");
    expect(&admin, "GET /things", NULL, 200, NULL, "\"first\"");
}

/* Closing the store answers what waits for it. */
static void stopping_answers_everything(void **state)
{
    struct sent *sent = ask_with(&admin, "POST /things/last", "{}", "");
    quiet();
    store_stop(store);
    quiet();
    assert_true(sent->answered);
    assert_int_equal(api_count(api), 0);
    sent_free(sent);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_have_operations_that_exist),
        cmocka_unit_test(operations_of_the_registry_have_routes),
        cmocka_unit_test(operations_of_aws_are_where_aws_has_them),
        cmocka_unit_test(bindings_are_well_formed),
        cmocka_unit_test(the_manual_is_as_printed),
        cmocka_unit_test(parameters_are_bound),
        cmocka_unit_test(resources_are_filled_in),
        cmocka_unit_test(errors_have_names),
        T(what_is_not_built_says_so),
        T(a_body_above_the_limit_of_json),
        T(shadow_errors_have_names),
        T(callers_without_a_credential),
        T(anonymous_callers),
        T(certificates_have_the_data_plane),
        T(authorities_are_reached),
        T(certificates_ask_for_keys),
        T(policies_decide_for_keys),
        T(groups_are_resources_however_they_are_named),
        T(a_token_is_a_credential),
        T(refusals_have_the_request_in_the_log),
        T(the_service_that_is_signed_for_decides),
        T(without_a_signature_the_kind_of_principal_decides),
        T(parts_of_the_path_are_decoded_once),
        T(pages_and_proxies_are_no_local_users),
        T(browsers_of_listed_origins),
        T(upgrades_are_granted_to_those_who_may_ask),
        T(pages_of_other_origins_get_no_word),
        T(the_document_is_sent_once),
        T(things_and_types),
        T(policies),
        T(rules),
        T(keys_endpoint_status),
        T(publishing),
        T(publishing_with_properties),
        T(bad_properties_are_refused),
        T(a_publish_is_answered_after_its_commit),
        T(retained_messages),
        T(shadows),
        T(lists_of_shadows),
        T(sessions),
        T(a_session_is_deleted_when_it_is_durable),
        T(retained_by_filter),
        T(a_long_removal_goes_in_portions),
        T(a_long_search_goes_in_portions),
        T(a_removal_that_nobody_waits_for_ends),
        T(a_removal_ends_with_the_hub),
        T(refusals),
        T(policies_are_asked_what_if),
        T(a_held_publish_waits_for_the_decision),
        T(what_takes_too_long_is_answered_503),
        T(a_request_goes_on_without_its_connection),
        T(a_failing_store_refuses_changes_only),
        T(stopping_answers_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
