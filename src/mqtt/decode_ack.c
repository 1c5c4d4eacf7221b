/* decode_ack.c — the packets that are all short: acknowledgements, PING, DISCONNECT, AUTH; see mqtt.h, and
 * decode.c for how decoders are built. At level 5 their reason code and their properties may be left out when
 * they say nothing. */
#include "base/mem.h"
#include "mqtt/mqtt_priv.h"

/* ---- PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK ---- */

static int check_code(const struct mqtt_ack *ack, const char **ret_why)
{
    static const char *const whys[MQTT_TYPE_COUNT] = {
        [MQTT_TYPE_puback] = "[MQTT-3.4.2-1] PUBACK with a reason code it cannot have",
        [MQTT_TYPE_pubrec] = "[MQTT-3.5.2-1] PUBREC with a reason code it cannot have",
        [MQTT_TYPE_pubrel] = "[MQTT-3.6.2-1] PUBREL with a reason code it cannot have",
        [MQTT_TYPE_pubcomp] = "[MQTT-3.7.2-1] PUBCOMP with a reason code it cannot have",
    };
    if (mqtt_reason_fits(ack->code, ack->type, true)) return 0;
    return fail(ERR_PROTOCOL, whys[ack->type], ret_why);
}

/* What level 5 has behind the identifier. */
static int read_outcome(struct cursor *cur, struct mqtt_ack *ret, const char **ret_why)
{
    if (ret->type == MQTT_TYPE_unsuback) BUG("at level 5 UNSUBACK is decoded as SUBACK is");
    if (cursor_left(cur) == 0) return 0;
    ret->code = cursor_u8(cur);
    int rc = check_code(ret, ret_why);
    if (rc < 0 || cursor_left(cur) == 0) return rc;
    return read_properties(cur, ret->level, ret->type, &ret->properties, ret_why);
}

static int no_ack_id(uint8_t level, bool is_cut, const char **ret_why)
{
    const char *why = WHY(level, "MQTT-2.3.1-1", "MQTT-2.2.1-5",
                          "an acknowledgement without a packet identifier");
    return is_cut ? malformed(why, ret_why) : forbidden(level, why, ret_why);
}

/* An identifier alone, as most of them are at any level. */
static bool is_bare(const struct mqtt_frame *frame)
{
    return frame->body.len == 2 && frame->type <= MQTT_TYPE_pubcomp;
}

static int decode_bare(const struct mqtt_frame *frame, uint8_t level, struct mqtt_ack *ret,
                       const char **ret_why)
{
    const uint8_t *body = (const uint8_t *)frame->body.ptr;
    uint16_t id = (uint16_t)(body[0] << 8 | body[1]);
    if (id == 0) return no_ack_id(level, false, ret_why);
    *ret = (struct mqtt_ack){ .level = level, .type = frame->type, .id = id };
    return 0;
}

int mqtt_decode_ack(const struct mqtt_frame *frame, uint8_t level, struct mqtt_ack *ret,
                    const char **ret_why)
{
    if (is_bare(frame)) return decode_bare(frame, level, ret, ret_why);
    struct cursor cur = body_of(frame);
    struct mqtt_ack ack = { .level = level, .type = frame->type, .id = cursor_u16(&cur) };
    if (ack.id == 0) return no_ack_id(level, cursor_error(&cur) < 0, ret_why);
    int rc = level >= MQTT_LEVEL_5 ? read_outcome(&cur, &ack, ret_why) : 0;
    if (rc < 0) return rc;
    if (cursor_left(&cur) > 0)
        return malformed(
            WHY(level, "section 2.3.1", "section 2.1.4", "an acknowledgement with bytes behind it"),
            ret_why);
    *ret = ack;
    return 0;
}

/* ---- PINGREQ, PINGRESP ---- */

int mqtt_decode_empty(const struct mqtt_frame *frame, const char **ret_why)
{
    if (frame->body.len == 0) return 0;
    return malformed("[section 2.2.3] a packet without a body has one", ret_why);
}

/* ---- DISCONNECT, AUTH ---- */

static int read_farewell(const struct mqtt_frame *frame, bool from_client,
                         struct mqtt_farewell *ret, const char **ret_why)
{
    struct cursor cur = body_of(frame);
    bool is_auth = frame->type == MQTT_TYPE_auth;
    if (cursor_left(&cur) == 0) return 0;
    ret->code = cursor_u8(&cur);
    if (!mqtt_reason_fits(ret->code, frame->type, from_client))
        return fail(ERR_PROTOCOL,
                    is_auth ? "[MQTT-3.15.2-1] AUTH with a reason code it cannot have"
                            : "[MQTT-3.14.2-1] DISCONNECT with a reason code it cannot have",
                    ret_why);
    if (cursor_left(&cur) == 0) return 0;
    int rc = read_properties(&cur, MQTT_LEVEL_5, frame->type, &ret->properties, ret_why);
    if (rc < 0 || cursor_left(&cur) == 0) return rc;
    return malformed(is_auth ? "[section 3.15.2] AUTH with bytes behind it"
                             : "[section 3.14.2] DISCONNECT with bytes behind it",
                     ret_why);
}

static int check_sender(struct slice properties, bool from_client, const char **ret_why)
{
    struct mqtt_property prop;
    if (!from_client && mqtt_property_find(properties, MQTT_PROP_session_expiry, &prop))
        return fail(ERR_PROTOCOL, "[MQTT-3.14.2-2] DISCONNECT of a server with a session expiry",
                    ret_why);
    if (from_client && mqtt_property_find(properties, MQTT_PROP_server_reference, &prop))
        return fail(ERR_PROTOCOL,
                    "[section 3.14.2.2.5] DISCONNECT of a client with a server reference", ret_why);
    return 0;
}

int mqtt_decode_disconnect(const struct mqtt_frame *frame, uint8_t level, bool from_client,
                           struct mqtt_farewell *ret, const char **ret_why)
{
    struct mqtt_farewell farewell = { .code = MQTT_REASON_SUCCESS };
    int rc = level < MQTT_LEVEL_5 ? mqtt_decode_empty(frame, ret_why)
                                  : read_farewell(frame, from_client, &farewell, ret_why);
    if (rc == 0) rc = check_sender(farewell.properties, from_client, ret_why);
    if (rc == 0) *ret = farewell;
    return rc;
}

int mqtt_decode_auth(const struct mqtt_frame *frame, struct mqtt_farewell *ret,
                     const char **ret_why)
{
    struct mqtt_farewell auth = { .code = MQTT_REASON_SUCCESS };
    struct mqtt_property method;
    int rc = read_farewell(frame, true, &auth, ret_why);
    if (rc < 0) return rc;
    if (frame->body.len && !mqtt_property_find(auth.properties, MQTT_PROP_auth_method, &method))
        return fail(ERR_PROTOCOL, "[section 3.15.2.2.2] AUTH without an authentication method",
                    ret_why);
    *ret = auth;
    return 0;
}
