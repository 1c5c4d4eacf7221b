/* hub_sessions.c — the sessions of MQTT clients: list, show, delete; and whom the hub has refused. What
 * is shown is of the moment; a deletion is answered when it is durable. */
#include "api/api_priv.h"

#include "auth/ledger.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "hub/session.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE_USUAL = 100, PAGE_MOST = 1000 };

/* ---- sessions ---- */

static struct json *session_json(const struct session_info *info)
{
    struct json *one = json_new_object();
    json_set_str(one, "clientId", info->client_id);
    json_set_bool(one, "connected", info->connected);
    json_set_bool(one, "persistent", info->persistent);
    json_set_str(one, "principal", info->principal);
    if (*info->address) json_set_str(one, "sourceIp", info->address);
    if (info->level) json_set_int(one, "protocolLevel", info->level);
    if (info->level) json_set_str(one, "protocolVersion", session_protocol_version(info->level));
    if (info->level) json_set_int(one, "keepAlive", info->keep_alive_s);
    if (info->expiry_ms != SESSION_EXPIRY_NEVER)
        json_set_int(one, "sessionExpiry", info->expiry_ms / 1000);
    if (info->will_delay_ms) json_set_int(one, "willDelay", info->will_delay_ms / 1000);
    api_set_time(one, "willAt", info->will_at);
    api_set_time(one, "connectedAt", info->connected_at);
    api_set_time(one, "disconnectedAt", info->disconnected_at);
    api_set_time(one, "lastSeenAt", info->seen_at);
    api_set_time(one, "expiresAt", info->expires_at);
    json_set_int(one, "queued", (int64_t)info->queued);
    json_set_int(one, "queuedBytes", (int64_t)info->queued_bytes);
    json_set_int(one, "inFlight", (int64_t)info->inflight);
    json_set_int(one, "subscriptionCount", (int64_t)info->subscriptions);
    return one;
}

static struct json *list_page(struct hub *hub, const struct session_query *query, size_t want)
{
    struct session_info *infos = xcalloc(want, sizeof *infos);
    struct json *result = json_new_object();
    struct json *sessions = json_set(result, "sessions", json_new_array());
    bool more;
    size_t count = session_info_list(hub, query, want, infos, &more);
    for (size_t i = 0; i < count; i++)
        json_push(sessions, session_json(&infos[i]));
    if (more) api_page_next(result, infos[count - 1].client_id);
    free(infos);
    return result;
}

void hub_list_sessions(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    struct session_query query = { .prefix = json_get_str(call->params, "clientIdPrefix") };
    int64_t want = 0;
    bool connected = false;
    char *after = NULL;
    int rc = api_param_int(call->params, "maxResults", 1, PAGE_MOST, PAGE_USUAL, &want, &diag);
    if (rc == 0) rc = api_param_bool(call->params, "connected", &connected, &diag);
    if (rc == 0) rc = api_page_after(call->params, "nextToken", &after, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
    if (json_get(call->params, "connected"))
        query.which = connected ? SESSION_CONNECTED : SESSION_AWAY;
    query.after = after;
    api_answer_json(call, 200, list_page(call->api->opts.hub, &query, (size_t)want));
    free(after);
}

static struct slice client_id_of(const struct api_call *call)
{
    return slice_str(json_get_str(call->params, "clientId"));
}

/* Options of MQTT 5 only where they ask for something. */
static void push_subscription(void *arg, struct slice filter, const struct sub_opts *opts)
{
    struct json *one = json_push(arg, json_new_object());
    json_set(one, "filter", json_new_slice(filter));
    json_set_int(one, "qos", opts->qos);
    if (opts->no_local) json_set_bool(one, "noLocal", true);
    if (opts->retain_as_published) json_set_bool(one, "retainAsPublished", true);
    if (opts->retain_handling) json_set_int(one, "retainHandling", opts->retain_handling);
    if (opts->id) json_set_int(one, "subscriptionIdentifier", opts->id);
}

void hub_get_session(struct api_call *call)
{
    struct hub *hub = call->api->opts.hub;
    struct session_info info;
    if (!session_info_get(hub, client_id_of(call), &info)) {
        api_fail(call, ERR_NOT_FOUND, "There is no session of this client id", NULL);
        return;
    }
    struct json *result = session_json(&info);
    struct json *subscriptions = json_set(result, "subscriptions", json_new_array());
    session_info_subs(hub, client_id_of(call), push_subscription, subscriptions);
    api_answer_json(call, 200, result);
}

static void answer_empty(struct api_call *call)
{
    api_answer_json(call, 200, json_new_object());
}

void hub_delete_session(struct api_call *call)
{
    int64_t commit = session_remove(call->api->opts.hub, client_id_of(call));
    if (commit == ERR_NOT_FOUND)
        api_fail(call, ERR_NOT_FOUND, "There is no session of this client id", NULL);
    else
        api_wait_commit(call, commit, answer_empty);
}

/* ---- refusals ---- */

static void set_text(struct json *object, const char *member, struct slice text)
{
    if (text.len) json_set(object, member, json_new_slice(text));
}

static struct json *denial_json(const struct ledger_entry *entry)
{
    struct json *one = json_new_object();
    api_set_time(one, "time", entry->at_ms);
    api_set_time(one, "firstTime", entry->first_ms);
    json_set(one, "count", json_new_int((int64_t)entry->count));
    json_set_str(one, "kind", ledger_kind_name(entry->kind));
    set_text(one, "principal", entry->principal);
    set_text(one, "clientId", entry->client_id);
    set_text(one, "sourceIp", entry->address);
    set_text(one, "action", entry->action);
    set_text(one, "resource", entry->resource);
    set_text(one, "reason", entry->reason);
    set_text(one, "thingName", entry->thing);
    set_text(one, "closest", entry->closest);
    set_text(one, "change", entry->change);
    return one;
}

/* The place of a page is a number: what comes meanwhile is before it. */
static int place_of(const struct json *params, int64_t *ret_before, struct diag *diag)
{
    char *after = NULL;
    int rc = api_page_after(params, "nextToken", &after, diag);
    if (rc == 0 && after && text_to_int(slice_str(after), 1, INT64_MAX, ret_before) < 0)
        rc = diag_set(diag, ERR_INVALID, "Invalid nextToken");
    free(after);
    return rc;
}

static struct json *denials_page(const struct ledger *ledger, const struct ledger_query *query,
                                 int64_t before, size_t want)
{
    struct json *result = json_new_object();
    struct json *denials = json_set(result, "denials", json_new_array());
    const struct ledger_entry *entry = ledger_find(ledger, before, query);
    for (; entry && json_count(denials) < want; entry = ledger_next(ledger, entry, query)) {
        json_push(denials, denial_json(entry));
        before = entry->number;
    }
    char place[24];
    snprintf(place, sizeof place, "%lld", (long long)before);
    if (entry) api_page_next(result, place);
    return result;
}

void hub_list_denials(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    int64_t want = 0, before = 0;
    int rc = api_param_int(call->params, "maxResults", 1, PAGE_MOST, PAGE_USUAL, &want, &diag);
    if (rc == 0) rc = place_of(call->params, &before, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
    const struct ledger_query query = { .client_id = json_get_str(call->params, "clientId"),
                                        .address = json_get_str(call->params, "sourceIp"),
                                        .thing = json_get_str(call->params, "thingName") };
    api_answer_json(call, 200,
                    denials_page(auth_ledger(call->api->opts.auth), &query, before, (size_t)want));
}
