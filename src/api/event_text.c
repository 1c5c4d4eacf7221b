/* event_text.c — a message as a server-sent event: WHATWG HTML, "Server-sent events", "Parsing an event stream".
 *
 *   event: message
 *   id: 7
 *   data: {"topic":"a/b","payload":"21.5","qos":1,"retain":false,"timestamp":1767323045000}
 *
 * The payload is text where it is text, else base64 under another name; it is not read as JSON, whatever it
 * looks like. Who has published it is not told: subscribers over MQTT do not learn it either.
 *
 *  I1  An event is four lines, the last one empty, whatever bytes the message has: JSON escapes the ends of lines.
 *      So are those escaped which only some programs take for one (U+0085, U+2028, U+2029). */
#include "api/api_priv.h"

#include "base/text.h"
#include "hub/msg.h"
#include "mqtt/property.h"

#include <string.h>

/* ---- text ---- */

static const struct {
    const char *bytes;
    size_t len;
    const char *escape;
} breaks[] = {
    { "\xc2\x85", 2, "\\u0085" },
    { "\xe2\x80\xa8", 3, "\\u2028" },
    { "\xe2\x80\xa9", 3, "\\u2029" },
};

/* The row of what stands at `at`, or as many as there are. */
static size_t break_at(struct slice text, size_t at)
{
    size_t i = 0;
    if (text.ptr[at] != '\xc2' && text.ptr[at] != '\xe2')
        return ARRAY_LEN(breaks); /* nearly always */
    struct slice rest = slice_from(text, at);
    while (i < ARRAY_LEN(breaks) &&
           (rest.len < breaks[i].len || memcmp(rest.ptr, breaks[i].bytes, breaks[i].len) != 0))
        i++;
    return i;
}

/* In a string that has been printed from `from` on. */
static void escape_breaks(struct buf *out, size_t from)
{
    struct buf copy = { 0 };
    struct slice text = buf_slice(out);
    while (from < text.len && break_at(text, from) == ARRAY_LEN(breaks))
        from++;
    if (from == text.len) return;
    buf_put_slice(&copy, slice_from(text, from));
    out->len = from;
    text = buf_slice(&copy);
    for (size_t at = 0, row; at < text.len; at += row < ARRAY_LEN(breaks) ? breaks[row].len : 1) {
        row = break_at(text, at);
        if (row < ARRAY_LEN(breaks))
            buf_puts(out, breaks[row].escape);
        else
            buf_putc(out, text.ptr[at]);
    }
    buf_deinit(&copy);
}

static void put_str(struct buf *out, struct slice text)
{
    size_t from = out->len;
    json_print_str(out, text);
    escape_breaks(out, from);
}

static void put_base64(struct buf *out, struct slice bytes)
{
    buf_putc(out, '"');
    base64_encode(out, bytes.ptr, bytes.len);
    buf_putc(out, '"');
}

/* UTF-8, with no control characters but those of plain text. */
static bool is_text(struct slice bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        int32_t c = utf8_next(bytes, &at);
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
        if (c >= 0x7f && c < 0xa0) return false;
    }
    return true;
}

/* ---- properties ---- */

static void put_user(struct buf *out, const struct mqtt_property *prop)
{
    buf_putc(out, '{');
    put_str(out, prop->text);
    buf_putc(out, ':');
    put_str(out, prop->value);
    buf_putc(out, '}');
}

static void put_users(struct buf *out, struct slice block)
{
    const char *before = ",\"userProperties\":[";
    struct mqtt_property prop;
    for (size_t at = 0; mqtt_property_next(block, &at, &prop);) {
        if (prop.id != MQTT_PROP_user_property) continue;
        buf_puts(out, before);
        put_user(out, &prop);
        before = ",";
    }
    if (*before == ',' && !before[1]) buf_putc(out, ']');
}

static void put_properties(struct buf *out, struct slice block)
{
    struct slice type = mqtt_property_text(block, MQTT_PROP_content_type);
    struct slice response = mqtt_property_text(block, MQTT_PROP_response_topic);
    struct slice correlation = mqtt_property_text(block, MQTT_PROP_correlation_data);
    if (type.ptr) {
        buf_puts(out, ",\"contentType\":");
        put_str(out, type);
    }
    if (response.ptr) {
        buf_puts(out, ",\"responseTopic\":");
        put_str(out, response);
    }
    if (correlation.ptr) {
        buf_puts(out, ",\"correlationData\":");
        put_base64(out, correlation);
    }
    put_users(out, block);
}

/* ---- the event ---- */

void api_put_event_data(struct buf *out, const struct msg *msg, bool retain)
{
    bool text = is_text(msg->payload);
    buf_puts(out, "data: {\"topic\":");
    put_str(out, msg->topic);
    buf_puts(out, text ? ",\"payload\":" : ",\"payloadBase64\":");
    if (text)
        put_str(out, msg->payload);
    else
        put_base64(out, msg->payload);
    buf_printf(out, ",\"qos\":%d,\"retain\":%s,\"timestamp\":%lld", msg->qos,
               retain ? "true" : "false", (long long)msg->at_ms);
    put_properties(out, msg->properties);
    buf_puts(out, "}\n\n");
}
