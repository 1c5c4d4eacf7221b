/* property_text.c — see property_text.h. */
#include "mqtt/property_text.h"

#include "base/err.h"
#include "base/text.h"
#include "mqtt/property.h"
#include "topic/topic.h"

enum { LENGTH_MAX = 65535 };

static int put_payload_format(struct buf *block, struct slice text, struct slice payload,
                              struct diag *diag)
{
    bool is_utf8 = slice_eq_str(text, "UTF8_DATA");
    if (!is_utf8 && !slice_eq_str(text, "UNSPECIFIED_BYTES"))
        return diag_set(diag, ERR_INVALID,
                        "payloadFormatIndicator: must be UNSPECIFIED_BYTES or UTF8_DATA");
    if (is_utf8 && !utf8_valid(payload))
        return diag_set(diag, ERR_INVALID,
                        "payloadFormatIndicator: is UTF8_DATA, but the payload is not UTF-8");
    mqtt_put_number(block, MQTT_PROP_payload_format, is_utf8);
    return 0;
}

static int put_expiry(struct buf *block, struct slice text, struct diag *diag)
{
    int64_t seconds;
    if (text_to_int(text, 0, MQTT_TEXT_EXPIRY_MAX, &seconds) < 0)
        return diag_set(diag, ERR_INVALID, "messageExpiry: must be seconds from 0 to %d",
                        MQTT_TEXT_EXPIRY_MAX);
    mqtt_put_number(block, MQTT_PROP_message_expiry, seconds ? (uint32_t)seconds : 1);
    return 0;
}

static int check_length(const char *member, struct slice bytes, struct diag *diag)
{
    if (bytes.len <= LENGTH_MAX) return 0;
    return diag_set(diag, ERR_INVALID, "%s: has more than %d bytes", member, LENGTH_MAX);
}

static int check_text(const char *member, struct slice text, struct diag *diag)
{
    if (!utf8_valid(text) || (text.len && memchr(text.ptr, '\0', text.len)))
        return diag_set(diag, ERR_INVALID, "%s: is not UTF-8, or has U+0000", member);
    return check_length(member, text, diag);
}

static int put_content_type(struct buf *block, struct slice text, struct diag *diag)
{
    int rc = check_text("contentType", text, diag);
    if (rc == 0) mqtt_put_text(block, MQTT_PROP_content_type, text);
    return rc;
}

static int put_response_topic(struct buf *block, struct slice text, struct diag *diag)
{
    const char *why = topic_name_why(text);
    if (why) return diag_set(diag, ERR_INVALID, "responseTopic: is no topic name: %s", why);
    mqtt_put_text(block, MQTT_PROP_response_topic, text);
    return 0;
}

static int put_correlation_data(struct buf *block, struct slice text, struct diag *diag)
{
    struct buf bytes = { 0 };
    int rc = base64_decode(&bytes, text);
    if (rc < 0)
        rc = diag_set(diag, ERR_INVALID, "correlationData: is not base64");
    else
        rc = check_length("correlationData", buf_slice(&bytes), diag);
    if (rc == 0) mqtt_put_text(block, MQTT_PROP_correlation_data, buf_slice(&bytes));
    buf_deinit(&bytes);
    return rc;
}

int mqtt_put_texts(struct buf *block, const struct mqtt_property_texts *texts, struct slice payload,
                   struct diag *diag)
{
    int rc = 0;
    if (texts->payload_format.ptr)
        rc = put_payload_format(block, texts->payload_format, payload, diag);
    if (rc == 0 && texts->message_expiry.ptr) rc = put_expiry(block, texts->message_expiry, diag);
    if (rc == 0 && texts->content_type.ptr) rc = put_content_type(block, texts->content_type, diag);
    if (rc == 0 && texts->response_topic.ptr)
        rc = put_response_topic(block, texts->response_topic, diag);
    if (rc == 0 && texts->correlation_data.ptr)
        rc = put_correlation_data(block, texts->correlation_data, diag);
    return rc;
}

int mqtt_put_user_text(struct buf *block, struct slice name, struct slice value, struct diag *diag)
{
    int rc = check_text("userProperties: a name", name, diag);
    if (rc == 0) rc = check_text("userProperties: a value", value, diag);
    if (rc == 0) mqtt_put_pair(block, name, value);
    return rc;
}
