/* outcome.c — see outcome.h. The sentences for MQTT 3.1.1 are ours, since it has but numbers; MQTT 5 names its
 * reasons, and hubs may say more. */
#include "cli/mqtt/outcome.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static size_t append(char *out, size_t at, const char *between, struct slice text)
{
    if (!text.len || at >= MQTT_OUTCOME_SIZE) return at;
    int len =
        snprintf(out + at, MQTT_OUTCOME_SIZE - at, "%s%.*s", between, (int)text.len, text.ptr);
    return at + (len > 0 ? (size_t)len : 0);
}

void mqtt_outcome_text(uint8_t code, struct slice properties, char out[MQTT_OUTCOME_SIZE])
{
    size_t at = append(out, 0, "", slice_str(mqtt_reason_text(code)));
    at = append(out, at, ": ", mqtt_property_text(properties, MQTT_PROP_reason_string));
    append(out, at, ", namely ", mqtt_property_text(properties, MQTT_PROP_server_reference));
}

static const struct {
    int code;
    const char *text;
} refusals[] = {
    [MQTT_REFUSED_LEVEL] = { ERR_UNSUPPORTED, "the hub does not speak this version of MQTT" },
    [MQTT_REFUSED_CLIENT_ID] = { ERR_DENIED, "the hub refuses the client id" },
    [MQTT_REFUSED_UNAVAILABLE] = { ERR_BUSY, "the hub cannot serve now" },
    [MQTT_REFUSED_BAD_LOGIN] = { ERR_AUTH, "the hub refuses user name and password" },
    [MQTT_REFUSED_NOT_AUTHORIZED] = { ERR_DENIED, "not authorized to connect" },
};

int mqtt_connack_outcome(uint8_t level, const struct mqtt_connack *ack, struct diag *diag)
{
    char text[MQTT_OUTCOME_SIZE];
    if (level < MQTT_LEVEL_5 && ack->code < ARRAY_LEN(refusals))
        return diag_set(diag, refusals[ack->code].code, "%s", refusals[ack->code].text);
    if (level < MQTT_LEVEL_5)
        return diag_set(diag, ERR_DENIED, "the hub refuses the connection, code %d", ack->code);
    mqtt_outcome_text(ack->code, ack->properties, text);
    return diag_set(diag, refusals[mqtt_connack_code_of(ack->code)].code,
                    "the hub refuses the connection: %s", text);
}

int mqtt_farewell_outcome(const struct mqtt_farewell *farewell, struct diag *diag)
{
    static const uint8_t lasting[] = {
        MQTT_REASON_MALFORMED_PACKET,
        MQTT_REASON_PROTOCOL_ERROR,
        MQTT_REASON_NOT_AUTHORIZED,
        MQTT_REASON_TOPIC_FILTER_INVALID,
        MQTT_REASON_TOPIC_NAME_INVALID,
        MQTT_REASON_TOPIC_ALIAS_INVALID,
        MQTT_REASON_PACKET_TOO_LARGE,
        MQTT_REASON_PAYLOAD_FORMAT_INVALID,
        MQTT_REASON_RETAIN_NOT_SUPPORTED,
        MQTT_REASON_QOS_NOT_SUPPORTED,
        MQTT_REASON_SERVER_MOVED,
        MQTT_REASON_SHARED_NOT_SUPPORTED,
        MQTT_REASON_WILDCARDS_NOT_SUPPORTED,
        MQTT_REASON_SUBSCRIPTION_IDS_NOT_SUPPORTED,
    };
    char text[MQTT_OUTCOME_SIZE];
    bool lasts = memchr(lasting, farewell->code, sizeof lasting);
    mqtt_outcome_text(farewell->code, farewell->properties, text);
    return diag_set(diag, lasts ? ERR_DENIED : ERR_CLOSED, "the hub has ended the connection: %s",
                    text);
}
