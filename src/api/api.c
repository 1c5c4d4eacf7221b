/* api.c — the way of a request:
 *
 *   route ─► authenticate ─► guard ─► bind ─► authorise ─► run ─► answer
 *     │       (auth, later)    │        │         │          │
 *     └─ health: no credential └─ 403   └─ 400    └─ 403     └─ a callback of the service, or a commit
 *
 * Nothing about paths, names or operations is told to a caller whose credentials were not accepted; only
 * what is no path at all is refused before.
 *
 * A call is not bound to its connection: when the client goes, the exchange takes the answer and drops
 * it. A call that waits too long is answered 503 and goes on by itself, since what was handed to the
 * store cannot be called back.
 *
 *  I1  Each exchange is answered once; call->exchange is NULL from then on.
 *  I2  A call is freed when it is answered and no callback is outstanding (busy).
 *  I3  No handler runs before its route's permission was granted, but those of API_SELF_CHECK, whose
 *      service grants it. */
#include "api/api_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "net/stream.h"
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- calls ---- */

static void call_free(struct api_call *call)
{
    list_remove(&call->link);
    list_remove(&call->waiting);
    call->api->count--;
    loop_timer_stop(&call->timer);
    principal_unref(call->principal);
    json_free(call->params);
    free(call);
}

void api_begin(struct api_call *call)
{
    call->busy = true;
}

bool api_end(struct api_call *call)
{
    call->busy = false;
    if (call->exchange) return true;
    call_free(call);
    return false;
}

void api_call_done(struct api_call *call)
{
    loop_timer_stop(&call->timer);
    list_remove(&call->waiting);
    if (!call->busy) call_free(call);
}

static void on_timeout(struct loop_timer *timer)
{
    struct api_call *call = container_of(timer, struct api_call, timer);
    LOG(LOG_WARN, "api", "request not carried out in time", LOG_S("request", call->request_id),
        LOG_S("operation", call->route->op),
        LOG_S("principal", call->principal ? call->principal->label : ""));
    api_fail_as(call, 503, "ServiceUnavailableException",
                "The request was not carried out in time; it may still be carried out");
}

static struct api_call *call_create(struct api *api, struct http_exchange *exchange)
{
    struct api_call *call = xnew(struct api_call);
    call->api = api;
    call->exchange = exchange;
    memcpy(call->request_id, exchange->request_id, sizeof call->request_id);
    call->conn = (struct auth_conn){ .source_ip = call->source_ip, .request_id = call->request_id };
    if (exchange->peer) {
        snprintf(call->source_ip, sizeof call->source_ip, "%s", exchange->peer->address);
        call->conn.domain = stream_peer_domain(exchange->peer);
        call->loopback = exchange->peer->loopback || exchange->peer->kind == STREAM_UNIX;
    }
    list_push_back(&api->calls, &call->link);
    list_init(&call->waiting);
    api->count++;
    loop_timer_init(&call->timer, api->loop, on_timeout);
    return call;
}

/* ---- commits ---- */

static void on_commit(struct store_listener *listener, int64_t committed)
{
    struct api *api = container_of(listener, struct api, on_commit);
    list_for_each_safe(it, &api->waiting) {
        struct api_call *call = container_of(it, struct api_call, waiting);
        if (call->commit > committed) continue;
        list_remove(&call->waiting);
        call->after(call);
    }
}

void api_wait_commit(struct api_call *call, int64_t commit, void (*after)(struct api_call *call))
{
    struct store *store = call->api->opts.store;
    if (commit < 0) {
        api_fail(call, (int)commit, NULL, NULL);
    } else if (commit <= store_committed(store)) {
        after(call);
    } else {
        call->commit = commit;
        call->after = after;
        list_push_back(&call->api->waiting, &call->waiting);
        store_hurry(store);
    }
}

/* ---- permission ---- */

static int authorize_data(struct api_call *call, struct slice resource)
{
    const char *slash = memchr(resource.ptr, '/', resource.len);
    size_t type_len = slash ? (size_t)(slash - resource.ptr) + 1 : 0;
    char type[32];
    snprintf(type, sizeof type, "%.*s", (int)type_len, resource.ptr);
    return auth_require(call->api->opts.auth, call->principal, &call->conn,
                        policy_action_of(call->route->route.action), type,
                        slice_from(resource, type_len));
}

static char *whole_arn(const struct api_call *call, const char *resource)
{
    const struct registry *registry = call->api->opts.registry;
    if (strcmp(resource, "*") == 0) return xstrdup(resource);
    return xasprintf("arn:aws:iot:%s:%s:%s", registry_region(registry), registry_account(registry),
                     resource);
}

/* True when it is allowed; else the call is answered. */
static bool authorize(struct api_call *call)
{
    const struct api_route *route = call->route;
    if (route->route.flags & API_SELF_CHECK) return true;
    if (route->plane == API_METRICS) {
        if (call->principal->kind != PRINCIPAL_ANONYMOUS || call->loopback) return true;
        auth_log_refusal(call->api->opts.auth, call->principal, &call->conn, api_action(call),
                         SLICE_LIT("*"), "this needs a credential, but for local connections");
        api_fail_denied(call, "*");
        return false;
    }
    struct buf resource = { 0 };
    api_expand(route->resource, call->params, &resource);
    int rc = 0;
    if (route->plane == API_DATA) {
        rc = authorize_data(call, buf_slice(&resource));
        if (rc < 0) api_fail_denied(call, "");
    } else {
        char *arn = whole_arn(call, buf_str(&resource));
        rc = auth_require_admin(call->api->opts.auth, call->principal, &call->conn,
                                route->route.action, arn);
        if (rc < 0) api_fail_denied(call, arn);
        free(arn);
    }
    buf_deinit(&resource);
    return rc == 0;
}

/* ---- the steps ---- */

static bool changes(const struct api_route *route)
{
    if (route->plane == API_KEYS) return true;
    return route->route.method != HTTP_GET && !(route->route.flags & API_READS) &&
           route->plane != API_DATA;
}

/* A change that could not be kept is refused at once, rather than let wait for the disk. */
static bool store_takes(struct api_call *call)
{
    const struct store *store = call->api->opts.store;
    if (!changes(call->route)) return true;
    if (store_failing(store)) {
        struct diag diag = DIAG_INIT;
        diag_set(&diag, ERR_STORE, "The store cannot keep changes now: %s", store_failure(store));
        api_fail(call, ERR_STORE, diag.text, NULL);
        return false;
    }
    if (!store_busy(store)) return true;
    api_fail(call, ERR_BUSY, "The store is behind: try again later", NULL);
    return false;
}

static void run(struct api_call *call)
{
    struct http_exchange *exchange = call->exchange;
    const struct api_route *route = call->route;
    struct diag diag = DIAG_INIT;
    int rc = api_bind(route->bind, &call->match, exchange->request, &exchange->arena, &call->params,
                      &diag);
    if (rc < 0) {
        api_fail(call, rc, diag.text, NULL);
        return;
    }
    if (!authorize(call) || !store_takes(call)) return;
    if (call->api->opts.request_timeout_ms > 0)
        loop_timer_start(&call->timer, call->api->opts.request_timeout_ms);
    route->run(call);
}

static void answer_no_route(struct api_call *call)
{
    struct http_exchange *exchange = call->exchange;
    unsigned allowed = route_allowed(call->api->table, exchange->request->path);
    if (!allowed) {
        api_fail_as(call, 404, "ResourceNotFoundException", "Not Found");
        return;
    }
    struct buf text = { 0 };
    route_put_allow(&text, allowed);
    call->allow = arena_strdup(&exchange->arena, buf_str(&text));
    buf_deinit(&text);
    api_fail_as(call, 405, "MethodNotAllowedException", "This path does not have this method");
}

static void answer_not_built(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    diag_set(&diag, ERR_UNSUPPORTED,
             "%s is an operation of AWS IoT that this hub does not have yet", call->route->op);
    api_fail_as(call, 501, "NotImplementedException", diag.text);
}

bool api_wants_websocket(const struct api_call *call)
{
    if (!call->route || !(call->route->route.flags & API_UPGRADE)) return false;
    struct slice list = call->exchange->request->upgrade, one;
    while (http_list_next(&list, &one))
        if (http_eq_nocase(one, SLICE_LIT("websocket"))) return true;
    return false;
}

/* Credentials of the request itself are judged by auth; those which come with the connection only count
 * when no web page, rebound name or proxy stands between. */
static bool guard(struct api_call *call)
{
    struct http_exchange *exchange = call->exchange;
    if (call->principal != exchange->transport) return true;
    bool tls = exchange->peer && exchange->peer->tls;
    const char *why = guard_refusal(&call->api->opts, call->principal, exchange->request, tls);
    if (!why) return true;
    auth_log_refusal(call->api->opts.auth, call->principal, &call->conn, api_action(call),
                     exchange->request->path, why);
    struct diag diag = DIAG_INIT;
    diag_set(&diag, ERR_DENIED, "Forbidden: %s", why);
    api_fail_as(call, 403, api_is_data_plane(call) ? "ForbiddenException" : "AccessDeniedException",
                diag.text);
    return false;
}

static void choose_route(struct api_call *call)
{
    struct http_exchange *exchange = call->exchange;
    if (!call->route) return;
    const struct principal *who = call->principal ? call->principal : exchange->transport;
    api_choose_service(&call->match, exchange->request, who, &exchange->arena);
    call->route = container_of(call->match.route, struct api_route, route);
}

static void on_auth(void *arg, int rc, struct principal *principal, const char *why)
{
    struct api_call *call = arg;
    call->principal = principal;
    if (!api_end(call)) return;
    choose_route(call);
    if (rc < 0) {
        api_fail_auth(call, rc, why);
        return;
    }
    if (!guard(call)) return;
    if (!call->route)
        answer_no_route(call);
    else if (!call->route->run)
        answer_not_built(call);
    else
        run(call);
}

void api_handle(void *arg, struct http_exchange *exchange)
{
    struct api *api = arg;
    struct api_call *call = call_create(api, exchange);
    const struct http_request *request = exchange->request;
    if (cors_preflight(call)) return;
    int rc = route_find(api->table, request->method, request->path, &exchange->arena, &call->match);
    if (rc == ERR_MALFORMED && !slice_eq_str(request->path, "*")) {
        api_fail_as(call, 400, "InvalidRequestException", "The path is malformed");
        return;
    }
    if (rc == 0) call->route = container_of(call->match.route, struct api_route, route);
    if (call->route && call->route->plane == API_OPEN) {
        call->route->run(call);
        return;
    }
    api_begin(call);
    auth_by_request(api->opts.auth, request, exchange->transport, !api_wants_websocket(call),
                    call->source_ip, on_auth, call);
}

/* ---- life ---- */

/* First what is built, then the rest of AWS's operations. */
static int add_routes(struct route_table *table, struct diag *diag)
{
    int rc = route_table_add(table, api_routes, api_route_count, sizeof *api_routes, diag);
    for (size_t i = 0; i < api_aws_operation_count && rc == 0; i++) {
        if (api_route_built(&api_aws_operations[i])) continue;
        rc = route_table_add(table, &api_aws_operations[i], 1, sizeof *api_aws_operations, diag);
    }
    return rc;
}

int api_create(struct api **ret_api, const struct api_opts *opts, struct diag *diag)
{
    struct route_table *table = route_table_create();
    int rc = add_routes(table, diag);
    if (rc < 0) {
        route_table_destroy(table);
        return rc;
    }
    struct api *api = xnew(struct api);
    api->opts = *opts;
    api->loop = hub_loop(opts->hub);
    api->table = table;
    api->started_ms = clock_mono_ms();
    list_init(&api->calls);
    list_init(&api->waiting);
    list_init(&api->walks);
    hub_feeds_init(api);
    api->on_commit.on_commit = on_commit;
    store_listen(opts->store, &api->on_commit);
    *ret_api = api;
    return 0;
}

void api_end_streams(struct api *api)
{
    hub_feeds_stop(api);
}

void api_stop(struct api *api)
{
    hub_feeds_stop(api);
    list_for_each_safe(it, &api->calls) {
        struct api_call *call = container_of(it, struct api_call, link);
        if (call->exchange)
            api_fail_as(call, 503, "ServiceUnavailableException",
                        "The hub stops; the request may still be carried out");
    }
    hub_retained_stop(api);
}

size_t api_count(const struct api *api)
{
    return api->count;
}

void api_destroy(struct api *api)
{
    if (!api) return;
    if (api->count) BUG("api destroyed with %zu requests", api->count);
    store_unlisten(&api->on_commit);
    hub_feeds_deinit(api);
    route_table_destroy(api->table);
    buf_deinit(&api->openapi);
    free(api);
}
