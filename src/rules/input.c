/* input.c — a message as the rule language sees it.
 * One input serves all the rules that a message matches, so its payload is parsed once, and
 * traceid() is the same in all of them. */
#include "base/mem.h"
#include "base/rand.h"
#include "mqtt/mqtt.h"
#include "registry/registry.h"
#include "rules/rules_priv.h"

#include <stdio.h>
#include <stdlib.h>

static char *text_or_null(struct slice text)
{
    return text.len ? xstrndup(text.ptr, text.len) : NULL;
}

/* What only MQTT 5 has. A message of 3.1.1 has no properties. */
static const struct sql_mqtt5 *open_mqtt5(struct input *input, const struct msg *msg)
{
    struct sql_mqtt5 *mqtt5 = &input->mqtt5;
    struct mqtt_property prop;
    struct slice block = msg->properties;
    if (msg->level != MQTT_LEVEL_5) return NULL;
    *mqtt5 = (struct sql_mqtt5){
        .content_type = mqtt_property_text(block, MQTT_PROP_content_type),
        .response_topic = mqtt_property_text(block, MQTT_PROP_response_topic),
        .correlation_data = mqtt_property_text(block, MQTT_PROP_correlation_data),
        .is_utf8 = mqtt_property_number(block, MQTT_PROP_payload_format, 0) == 1,
    };
    for (size_t at = 0; mqtt_property_next(block, &at, &prop);)
        mqtt5->user_count += prop.id == MQTT_PROP_user_property;
    input->user = xcalloc(mqtt5->user_count + 1, sizeof *input->user);
    mqtt5->user = input->user;
    size_t count = 0;
    for (size_t at = 0; mqtt_property_next(block, &at, &prop);)
        if (prop.id == MQTT_PROP_user_property)
            input->user[count++] = (struct sql_user_property){ prop.text, prop.value };
    return mqtt5;
}

void input_open(struct input *input, struct rules *rules, struct msg *msg, const char *trace_id)
{
    *input = (struct input){ .msg = msg_ref(msg) };
    if (trace_id)
        snprintf(input->trace_id, sizeof input->trace_id, "%s", trace_id);
    else
        rand_uuid(input->trace_id);
    if (msg->over_mqtt) input->client_id = text_or_null(msg->client_id);
    input->principal = text_or_null(msg->principal);
    input->sql = (struct sql_input){
        .topic = msg->topic,
        .payload = msg->payload,
        .client_id = input->client_id,
        .principal = input->principal,
        .account = registry_account(rules->registry),
        .trace_id = input->trace_id,
        .timestamp_ms = msg->at_ms,
        .mqtt5 = open_mqtt5(input, msg),
    };
}

void input_close(struct input *input)
{
    if (!input->msg) return;
    sql_input_deinit(&input->sql);
    free(input->client_id);
    free(input->principal);
    free(input->user);
    msg_unref(input->msg);
    input->msg = NULL;
}
