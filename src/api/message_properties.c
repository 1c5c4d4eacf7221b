/* message_properties.c — the MQTT 5 properties of messages in the data plane: members of Publish to a block,
 * user properties of a block to what GetRetainedMessage answers. */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/text.h"
#include "mqtt/property.h"
#include "mqtt/property_text.h"

/* How many there may be: each takes two values. The bytes are bounded by http.max_header. */
enum { USER_VALUES_MAX = 16384 };

static int put_user(struct buf *block, const struct json *one, struct diag *diag)
{
    const struct json *member = json_first(one);
    if (!json_is(one, JSON_OBJECT) || json_count(one) != 1 || !json_is(member, JSON_STRING))
        return diag_set(diag, ERR_INVALID,
                        "userProperties: must be objects of one member each, a string");
    return mqtt_put_user_text(block, slice_str(json_key(member)), slice_str(json_str(member)),
                              diag);
}

static int put_all_users(struct buf *block, const struct json *list, struct diag *diag)
{
    if (!json_is(list, JSON_ARRAY))
        return diag_set(diag, ERR_INVALID, "userProperties: must be a JSON array of objects");
    int rc = 0;
    json_for_each(one, list) {
        if (rc == 0) rc = put_user(block, one, diag);
    }
    return rc;
}

/* text: base64 of [{"name":"value"}, ...]. */
static int put_user_properties(struct buf *block, const char *text, struct diag *diag)
{
    static const struct json_limits limits = {
        .bytes = 1 << 20, .nodes = USER_VALUES_MAX, .depth = 2, .unique_keys = true
    };
    struct buf decoded = { 0 };
    struct json *list = NULL;
    int rc = base64_decode(&decoded, slice_str(text));
    if (rc < 0)
        rc = diag_set(diag, ERR_INVALID, "userProperties: is not base64");
    else if (json_parse(buf_slice(&decoded), &limits, &list, diag) < 0)
        rc = diag_wrap(diag, ERR_INVALID, "userProperties: no JSON that can be used");
    else
        rc = put_all_users(block, list, diag);
    json_free(list);
    buf_deinit(&decoded);
    return rc;
}

int api_read_properties(const struct json *params, struct slice payload, struct buf *block,
                        struct diag *diag)
{
    const struct mqtt_property_texts texts = {
        .payload_format = slice_str(json_get_str(params, "payloadFormatIndicator")),
        .message_expiry = slice_str(json_get_str(params, "messageExpiry")),
        .content_type = slice_str(json_get_str(params, "contentType")),
        .response_topic = slice_str(json_get_str(params, "responseTopic")),
        .correlation_data = slice_str(json_get_str(params, "correlationData")),
    };
    const char *user = json_get_str(params, "userProperties");
    int rc = mqtt_put_texts(block, &texts, payload, diag);
    return rc == 0 && user ? put_user_properties(block, user, diag) : rc;
}

void api_set_user_properties(struct json *result, struct slice block)
{
    struct buf list = { 0 }, base64 = { 0 };
    struct mqtt_property prop;
    for (size_t at = 0; mqtt_property_next(block, &at, &prop);) {
        if (prop.id != MQTT_PROP_user_property) continue;
        buf_puts(&list, list.len ? ",{" : "[{");
        json_print_str(&list, prop.text);
        buf_putc(&list, ':');
        json_print_str(&list, prop.value);
        buf_putc(&list, '}');
    }
    if (list.len) {
        buf_putc(&list, ']');
        base64_encode(&base64, list.data, list.len);
        json_set_str(result, "userProperties", buf_str(&base64));
    }
    buf_deinit(&list);
    buf_deinit(&base64);
}
