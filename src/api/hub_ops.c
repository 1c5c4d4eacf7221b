/* hub_ops.c — what the hub tells of itself: health, figures, the dry run of a rule. */
#include "api/api_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "rules/rules.h"

#include <stdlib.h>

/* ---- health ---- */

void hub_live(struct api_call *call)
{
    struct json *result = json_new_object();
    json_set_str(result, "status", "live");
    api_answer_json(call, 200, result);
}

void hub_ready(struct api_call *call)
{
    const struct store *store = call->api->opts.store;
    bool failing = store_failing(store);
    struct json *result = json_new_object();
    json_set_str(result, "status", failing ? "not ready" : "ready");
    if (failing) {
        char *reason = xasprintf("the store is failing: %s", store_failure(store));
        json_set_str(result, "message", reason);
        free(reason);
    }
    api_answer_json(call, failing ? 503 : 200, result);
}

void hub_metrics(struct api_call *call)
{
    struct buf text = { 0 };
    metrics_print(&text);
    api_answer(call, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&text));
    buf_deinit(&text);
}

/* ---- status ---- */

static const struct {
    const char *member;
    enum metric metric;
} figures[] = {
    { "connections", METRIC_CONNECTIONS },
    { "mqttClients", METRIC_MQTT_CLIENTS },
    { "sessions", METRIC_SESSIONS },
    { "subscriptions", METRIC_SUBSCRIPTIONS },
    { "retained", METRIC_RETAINED },
    { "messagesReceived", METRIC_MESSAGES_IN },
    { "messagesSent", METRIC_MESSAGES_OUT },
    { "messagesDropped", METRIC_DROPS },
    { "denials", METRIC_DENIALS },
    { "authFailures", METRIC_AUTH_FAILURES },
    { "rules", METRIC_RULES },
    { "httpRequests", METRIC_HTTP_REQUESTS },
};

static struct json *store_status(const struct store *store)
{
    struct json *status = json_new_object();
    json_set_bool(status, "failing", store_failing(store));
    if (store_failing(store)) json_set_str(status, "failure", store_failure(store));
    json_set_int(status, "committed", store_committed(store));
    json_set_int(status, "pending", metrics_get(METRIC_STORE_PENDING));
    return status;
}

void hub_status(struct api_call *call)
{
    const struct api *api = call->api;
    struct json *result = json_new_object();
    json_set_str(result, "version", api->opts.version);
    json_set_str(result, "hostName", api->opts.hostname);
    json_set_str(result, "dataDir", api->opts.data_dir);
    json_set_int(result, "uptimeSeconds", (clock_mono_ms() - api->started_ms) / 1000);
    json_set_bool(result, "ready", !store_failing(api->opts.store));
    json_set(result, "store", store_status(api->opts.store));
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        json_set_int(result, figures[i].member, metrics_get(figures[i].metric));
    api_answer_json(call, 200, result);
}

/* ---- the dry run of a rule ---- */

/* payload: a string stands for its bytes, any other value for its JSON text. */
static int take_payload(const struct json *params, struct buf *out, struct diag *diag)
{
    const struct json *payload = json_get(params, "payload");
    const struct json *encoded = json_get(params, "payloadBase64");
    if (payload && encoded)
        return diag_set(diag, ERR_INVALID, "payload and payloadBase64 exclude each other");
    if (encoded && (!json_str(encoded) || base64_decode(out, slice_str(json_str(encoded))) < 0))
        return diag_set(diag, ERR_INVALID, "payloadBase64 must be base64");
    if (json_is(payload, JSON_STRING))
        buf_puts(out, json_str(payload));
    else if (payload)
        json_print(payload, out);
    return 0;
}

/* JSON where the statement made JSON, else the bytes. */
static struct json *print_output(bool fired, struct slice output)
{
    struct json *result = json_new_object();
    json_set_bool(result, "fired", fired);
    if (!fired) return result;
    struct json *value;
    if (json_parse(output, NULL, &value, NULL) == 0) {
        json_set(result, "output", value);
        return result;
    }
    struct buf text = { 0 };
    base64_encode(&text, output.ptr, output.len);
    json_set_str(result, "outputBase64", buf_str(&text));
    buf_deinit(&text);
    return result;
}

void hub_test_rule(struct api_call *call)
{
    const char *sql = json_get_str(call->params, "sql");
    const char *topic = json_get_str(call->params, "topic");
    struct buf payload = { 0 }, output = { 0 };
    struct diag diag = DIAG_INIT;
    bool fired = false;
    int rc = sql && topic ? take_payload(call->params, &payload, &diag)
                          : diag_set(&diag, ERR_INVALID, "sql and topic are needed");
    if (rc == 0)
        rc = rules_test(call->api->opts.rules, sql, json_get_str(call->params, "awsIotSqlVersion"),
                        slice_str(topic), buf_slice(&payload), &fired, &output, &diag);
    if (rc < 0)
        api_fail(call, rc, diag_text(&diag, rc), NULL);
    else
        api_answer_json(call, 200, print_output(fired, buf_slice(&output)));
    buf_deinit(&payload);
    buf_deinit(&output);
}
