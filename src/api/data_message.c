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
#include "topic/topic_map.h"

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

/* properties: where the block goes, which opts borrows. */
static int read_publish(struct api_call *call, struct msg_opts *opts, struct buf *properties,
                        struct diag *diag)
{
    int64_t qos = 0;
    int rc = api_param_int(call->params, "qos", 0, 1, 0, &qos, diag);
    if (rc == 0) rc = api_param_bool(call->params, "retain", &opts->retain, diag);
    if (rc < 0) return rc;
    opts->qos = (uint8_t)qos;
    opts->keep = true; /* a 200 is an acknowledgement, whatever the QoS */
    opts->topic = slice_str(json_get_str(call->params, "topic"));
    opts->payload = call->exchange->request->body;
    opts->principal = slice_str(principal_identifier(call->principal));
    size_t max = call->api->opts.max_payload;
    if (max && opts->payload.len > max)
        return diag_set(diag, ERR_TOO_LARGE, "The payload exceeds the maximum size allowed");
    rc = api_read_properties(call->params, opts->payload, properties, diag);
    opts->properties = buf_slice(properties);
    return rc;
}

void data_publish(struct api_call *call)
{
    struct msg_opts opts = { 0 };
    struct buf properties = { 0 };
    struct diag diag = DIAG_INIT;
    int rc = read_publish(call, &opts, &properties, &diag);
    struct msg *msg = rc < 0 ? NULL : msg_create(&opts);
    buf_deinit(&properties);
    if (!msg) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
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
    api_set_user_properties(result, msg->properties);
    buf_deinit(&payload);
    api_answer_json(call, 200, result);
}

/* ---- ListRetainedMessages ---- */

enum { LIST_MOST = 200, LIST_LOOK = 20000 };

static void list_one(struct json *topics, const struct msg *msg)
{
    struct json *one = json_push(topics, json_new_object());
    json_set(one, "topic", json_new_slice(msg->topic));
    json_set_int(one, "payloadSize", (int64_t)msg->payload.len);
    json_set_int(one, "qos", msg->qos);
    json_set_int(one, "lastModifiedTime", msg->at_ms);
}

/* In the order of the map, level by level. A page ends when it is full, or when enough was looked at. */
static struct json *list_page(struct hub *hub, struct topic_map_iter *iter, size_t want)
{
    struct json *result = json_new_object();
    struct json *topics = json_set(result, "retainedTopics", json_new_array());
    size_t budget = LIST_LOOK;
    struct msg *msg;
    int rc;
    while ((rc = hub_retained_step(hub, iter, &budget, &msg)) == 1 && json_count(topics) < want)
        list_one(topics, msg);
    if (rc != 0 && json_count(topics))
        api_page_next(result, json_get_str(json_at(topics, json_count(topics) - 1), "topic"));
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
    struct topic_map_iter iter;
    topic_map_iter_init(&iter, SLICE_LIT("#"));
    if (after) topic_map_iter_seek(&iter, slice_str(after));
    api_answer_json(call, 200, list_page(call->api->opts.hub, &iter, (size_t)want));
    topic_map_iter_deinit(&iter);
    free(after);
}
