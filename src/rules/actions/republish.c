/* republish.c — publishes what the statement made to another topic. AWS IoT: RepublishAction.
 * It is inline: the new message is routed behind the one that caused it, and kept under the same
 * commit.
 *
 * A topic that begins with '$' is written "$$aws/...", also where a template gives the rest; a
 * single '$' is refused. Rules publish in the name of the hub, which no policy binds, so what they
 * may reach is decided here: topics without '$', and requests to shadows. Answers of services,
 * events and $SYS are the hub's own word, and no rule may speak it. */
#include "rules/actions/actions.h"

#include "base/err.h"
#include "base/mem.h"
#include "mqtt/property_text.h"
#include "topic/topic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PARAM_ROLE,
    PARAM_TOPIC,
    PARAM_QOS,
    PARAM_PAYLOAD_FORMAT,
    PARAM_CONTENT_TYPE,
    PARAM_RESPONSE_TOPIC,
    PARAM_CORRELATION_DATA,
    PARAM_MESSAGE_EXPIRY,
    PARAM_USER_PROPERTIES,
};

enum { HEADER_MAX = 1024, USER_PROPERTIES_MAX = 100 }; /* AWS IoT: MqttHeaders */

static const struct td_param republish_params[] = {
    [PARAM_ROLE] = { "roleArn", TD_ARN, 0, 0, 2048, 0,
                     "Taken so that rules copied from AWS work; there are no roles here." },
    [PARAM_TOPIC] = { "topic", TD_STRING, TD_REQUIRED | TD_TEMPLATE, 1, TOPIC_MAX_LEN, 0,
                      "The topic. One that begins with `$` is written `$$`; of those, only "
                      "requests to "
                      "shadows are allowed: `$$aws/things/NAME/shadow/update`." },
    [PARAM_QOS] = { "qos", TD_INT, 0, 0, 1, 0, "Quality of service of the new message." },
    [PARAM_PAYLOAD_FORMAT] = { "headers.payloadFormatIndicator", TD_STRING, TD_TEMPLATE, 0,
                               HEADER_MAX, 0,
                               "`UNSPECIFIED_BYTES` or `UTF8_DATA`, of which the result is "
                               "checked. This and the next ones are MQTT 5 properties of the new "
                               "message; one that is empty is left out." },
    [PARAM_CONTENT_TYPE] = { "headers.contentType", TD_STRING, TD_TEMPLATE, 0, HEADER_MAX, 0,
                             "What the payload is, such as `application/json`." },
    [PARAM_RESPONSE_TOPIC] = { "headers.responseTopic", TD_STRING, TD_TEMPLATE, 0, HEADER_MAX, 0,
                               "The topic for an answer." },
    [PARAM_CORRELATION_DATA] = { "headers.correlationData", TD_STRING, TD_TEMPLATE, 0, HEADER_MAX,
                                 0, "Base64 of the bytes that the answer shall bring back." },
    [PARAM_MESSAGE_EXPIRY] = { "headers.messageExpiry", TD_STRING, TD_TEMPLATE, 0, HEADER_MAX, 0,
                               "Seconds after which nobody gets the message, a string: `1` to "
                               "`604800`." },
    [PARAM_USER_PROPERTIES] = { "headers.userProperties", TD_PAIRS, TD_TEMPLATE, 1,
                                USER_PROPERTIES_MAX, 0,
                                "User properties: an array of objects with `key` and `value`." },
    { 0 },
};

struct republish {
    const struct td_host *host;
};

/* ---- where rules may publish ---- */

static const char *const shadow_requests[] = {
    "$aws/things/+/shadow/update",     "$aws/things/+/shadow/get",
    "$aws/things/+/shadow/delete",     "$aws/things/+/shadow/name/+/update",
    "$aws/things/+/shadow/name/+/get", "$aws/things/+/shadow/name/+/delete",
};

static bool is_shadow_request(struct slice topic)
{
    for (size_t i = 0; i < ARRAY_LEN(shadow_requests); i++)
        if (topic_match(slice_str(shadow_requests[i]), topic)) return true;
    return false;
}

int rule_topic_check(struct td_bytes topic, size_t max_levels, const char **ret_why)
{
    struct slice name = slice_of(topic.ptr, topic.len);
    if (topic_name_check(name) < 0) {
        *ret_why = topic_name_why(name);
        return -EINVAL;
    }
    if (max_levels && topic_levels(name) > max_levels) {
        *ret_why = "the topic has too many levels";
        return -EINVAL;
    }
    if (topic_is_reserved(name) && !is_shadow_request(name)) {
        *ret_why = "rules cannot publish to this reserved topic";
        return -EPERM;
    }
    return 0;
}

/* Takes the escape off. */
static int resolve(struct td_bytes text, size_t max_levels, struct td_bytes *ret_topic,
                   const char **ret_why)
{
    bool dollar = text.len && text.ptr[0] == '$';
    if (dollar && (text.len < 2 || text.ptr[1] != '$')) {
        *ret_why = "a topic that begins with '$' must be written with '$$'";
        return -EINVAL;
    }
    struct td_bytes topic = dollar ? (struct td_bytes){ text.ptr + 1, text.len - 1 } : text;
    int rc = rule_topic_check(topic, max_levels, ret_why);
    if (rc == 0) *ret_topic = topic;
    return rc;
}

/* ---- what it publishes with ---- */

static struct slice text_of(const struct td_value *value)
{
    bool is_there = value->present && value->constant && value->text.len;
    return is_there ? slice_of(value->text.ptr, value->text.len) : slice_of(NULL, 0);
}

/* Those that are rendered already. ERR_INVALID with the member. */
static int put_headers(const struct td_value *values, struct slice payload, struct buf *block,
                       struct diag *diag)
{
    const struct mqtt_property_texts texts = {
        .payload_format = text_of(&values[PARAM_PAYLOAD_FORMAT]),
        .message_expiry = text_of(&values[PARAM_MESSAGE_EXPIRY]),
        .content_type = text_of(&values[PARAM_CONTENT_TYPE]),
        .response_topic = text_of(&values[PARAM_RESPONSE_TOPIC]),
        .correlation_data = text_of(&values[PARAM_CORRELATION_DATA]),
    };
    const struct td_value *user = &values[PARAM_USER_PROPERTIES];
    int rc = mqtt_put_texts(block, &texts, payload, diag);
    for (size_t i = 0; i < user->pair_count && rc == 0; i++) {
        const struct td_pair *pair = &user->pairs[i];
        rc = mqtt_put_user_text(block, slice_of(pair->name.ptr, pair->name.len),
                                slice_of(pair->value.ptr, pair->value.len), diag);
    }
    return rc < 0 ? diag_wrap(diag, rc, "headers") : 0;
}

static int check_headers(const struct td_setup *setup)
{
    struct buf ignored = { 0 };
    struct diag diag = DIAG_INIT;
    int rc = put_headers(setup->values, SLICE_LIT(""), &ignored, &diag);
    buf_deinit(&ignored);
    if (rc == 0) return 0;
    snprintf(setup->why, setup->why_size, "%s", diag.text);
    return -EINVAL;
}

/* ---- the action ---- */

static int republish_create(const struct td_setup *setup, void **ret_action)
{
    const struct td_value *topic = &setup->values[PARAM_TOPIC];
    const char *why;
    struct td_bytes resolved;
    if (topic->constant) {
        int rc = resolve(topic->text, host_max_levels(setup->host), &resolved, &why);
        if (rc < 0) {
            snprintf(setup->why, setup->why_size, "topic: %s", why);
            return rc;
        }
    }
    int rc = check_headers(setup);
    if (rc < 0) return rc;
    struct republish *republish = xnew(struct republish);
    republish->host = setup->host;
    *ret_action = republish;
    return 0;
}

static const char *publish_why(int rc)
{
    switch (rc) {
    case -ELOOP:
        return "republished too often (rules.max_hops)";
    case -EIO:
        return err_text(ERR_STORE);
    default:
        return NULL;
    }
}

static void republish_run(void *action, struct td_run *run, const struct td_input *input)
{
    struct republish *republish = action;
    const struct td_host *host = republish->host;
    const struct td_value *values = input->values;
    struct slice payload = slice_of(input->payload.ptr, input->payload.len);
    struct td_bytes topic;
    struct buf block = { 0 };
    struct diag diag = DIAG_INIT;
    const char *why = NULL;
    int rc = resolve(values[PARAM_TOPIC].text, host_max_levels(host), &topic, &why);
    if (rc == 0 && put_headers(values, payload, &block, &diag) < 0) {
        rc = -EINVAL;
        why = diag.text;
    }
    if (rc == 0) {
        struct td_bytes properties = { block.data, block.len };
        rc = host->publish(run, topic, input->payload, (int)values[PARAM_QOS].number, properties);
        why = publish_why(rc);
    }
    host->complete(run, rc, why);
    buf_deinit(&block);
}

static void republish_destroy(void *action)
{
    free(action);
}

const struct td_action action_republish = {
    .abi = TD_ACTION_ABI,
    .name = "republish",
    .label = "RepublishAction",
    .text = "Publishes the result to another topic, before the message is acknowledged.",
    .flags = TD_ACTION_INLINE,
    .resource = PARAM_TOPIC,
    .params = republish_params,
    .create = republish_create,
    .run = republish_run,
    .destroy = republish_destroy,
};
