/* data_message.c — Publish, GetRetainedMessage, ListRetainedMessages: mqtt-and-topics, section 8;
 * api-operations, section 6.
 *
 * A publish is answered when what it has caused is committed, whatever its QoS: a 200 is an
 * acknowledgement. Permission is the hub's to decide (API_SELF_CHECK). */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "hub/hub.h"

#include <stdlib.h>
#include <string.h>

/* ---- Publish ---- */

static void answer_published(struct api_call *call)
{
    struct json *result = json_new_object();
    json_set_str(result, "message", "OK");
    json_set_str(result, "traceId", call->exchange->request_id);
    api_answer_json(call, 200, result);
}

static void settle(struct api_call *call, int64_t commit)
{
    if (commit == ERR_DENIED)
        api_fail_denied(call, "*");
    else if (commit == ERR_TOPIC)
        api_fail(call, ERR_TOPIC, "The topic is no valid topic name", NULL);
    else
        api_wait_commit(call, commit, answer_published);
}

static void on_held(void *arg, int64_t commit)
{
    struct api_call *call = arg;
    if (api_end(call)) settle(call, commit);
}

/* What MQTT 5 adds is refused rather than dropped: a receiver may count on it. */
static int check_properties(const struct json *params, struct diag *diag)
{
    static const char *const members[] = { "contentType", "responseTopic", "messageExpiry",
                                           "userProperties", "correlationData" };
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (json_get(params, members[i]))
            return diag_set(diag, ERR_UNSUPPORTED,
                            "%s is a property of MQTT 5, which is not supported yet", members[i]);
    const char *format = json_get_str(params, "payloadFormatIndicator");
    if (format && strcmp(format, "UNSPECIFIED_BYTES"))
        return diag_set(
            diag, ERR_UNSUPPORTED,
            "payloadFormatIndicator is a property of MQTT 5, which is not supported yet");
    return 0;
}

static int read_publish(struct api_call *call, struct msg_opts *opts, struct diag *diag)
{
    int64_t qos = 0;
    int rc = api_param_int(call->params, "qos", 0, 1, 0, &qos, diag);
    if (rc == 0) rc = api_param_bool(call->params, "retain", &opts->retain, diag);
    if (rc == 0) rc = check_properties(call->params, diag);
    if (rc < 0) return rc;
    opts->qos = (uint8_t)qos;
    opts->topic = slice_str(json_get_str(call->params, "topic"));
    opts->payload = call->exchange->request->body;
    opts->principal = slice_str(principal_identifier(call->principal));
    size_t max = call->api->opts.max_payload;
    if (max && opts->payload.len > max)
        return diag_set(diag, ERR_TOO_LARGE, "The payload exceeds the maximum size allowed");
    return 0;
}

void data_publish(struct api_call *call)
{
    struct msg_opts opts = { 0 };
    struct diag diag = DIAG_INIT;
    int rc = read_publish(call, &opts, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
    struct msg *msg = msg_create(&opts);
    int64_t commit =
        hub_publish(call->api->opts.hub, call->principal, &call->conn, msg, on_held, call);
    msg_unref(msg);
    if (commit == HUB_HELD)
        api_begin(call);
    else
        settle(call, commit);
}

/* ---- GetRetainedMessage ---- */

void data_get_retained(struct api_call *call)
{
    const char *topic = json_get_str(call->params, "topic");
    const struct msg *msg = hub_retained_get(call->api->opts.hub, slice_str(topic));
    if (!msg) {
        api_fail(call, ERR_NOT_FOUND, "There is no retained message of this topic", NULL);
        return;
    }
    struct buf payload = { 0 };
    base64_encode(&payload, msg->payload.ptr, msg->payload.len);
    struct json *result = json_new_object();
    json_set_str(result, "topic", topic);
    json_set_str(result, "payload", buf_str(&payload));
    json_set_int(result, "qos", msg->qos);
    json_set_int(result, "lastModifiedTime", msg->at_ms);
    buf_deinit(&payload);
    api_answer_json(call, 200, result);
}

/* ---- ListRetainedMessages ---- */

enum { LIST_MOST = 200 };

/* The first messages behind `after`, by topic. One more than asked for tells that there are more. */
struct listing {
    const char *after;
    size_t want;
    size_t count;
    const struct msg *found[LIST_MOST + 1];
};

static int compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static size_t place_of(const struct listing *listing, struct slice topic)
{
    size_t low = 0, high = listing->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(listing->found[middle]->topic, topic) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void consider(void *arg, struct msg *msg)
{
    struct listing *listing = arg;
    if (listing->after && compare(msg->topic, slice_str(listing->after)) <= 0) return;
    size_t at = place_of(listing, msg->topic);
    if (at == listing->want + 1) return;
    if (listing->count < listing->want + 1) listing->count++;
    memmove(&listing->found[at + 1], &listing->found[at],
            (listing->count - at - 1) * sizeof *listing->found);
    listing->found[at] = msg;
}

static struct json *print_listing(const struct listing *listing)
{
    struct json *result = json_new_object();
    struct json *topics = json_set(result, "retainedTopics", json_new_array());
    size_t count = listing->count < listing->want ? listing->count : listing->want;
    for (size_t i = 0; i < count; i++) {
        const struct msg *msg = listing->found[i];
        struct json *one = json_push(topics, json_new_object());
        json_set(one, "topic", json_new_slice(msg->topic));
        json_set_int(one, "payloadSize", (int64_t)msg->payload.len);
        json_set_int(one, "qos", msg->qos);
        json_set_int(one, "lastModifiedTime", msg->at_ms);
    }
    if (listing->count > listing->want)
        api_page_next(result, json_get_str(json_at(topics, count - 1), "topic"));
    return result;
}

void data_list_retained(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    int64_t want = 0;
    char *after = NULL;
    int rc = api_param_int(call->params, "maxResults", 1, LIST_MOST, LIST_MOST, &want, &diag);
    if (rc == 0) rc = api_page_after(call->params, "nextToken", &after, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
    struct listing listing = { .after = after, .want = (size_t)want };
    hub_retained_match(call->api->opts.hub, SLICE_LIT("#"), consider, &listing);
    api_answer_json(call, 200, print_listing(&listing));
    free(after);
}
