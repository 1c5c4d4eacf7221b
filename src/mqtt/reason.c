/* reason.c — reason codes: which packets may have them, what they are called, and what they are to clients
 * of MQTT 3.1.1; see mqtt.h. The lists are the tables of MQTT 5.0 in the sections that stand beside them. */
#include "mqtt/mqtt_priv.h"

#include <string.h>

#define CODES(...) SLICE_OF_CODES(((const uint8_t[]){ __VA_ARGS__ }))
#define SLICE_OF_CODES(codes) \
    {                         \
        codes, sizeof codes   \
    }

static const struct {
    const uint8_t *list;
    size_t len;
} codes[MQTT_TYPE_COUNT] = {
    /* 3.2.2.2 */
    [MQTT_TYPE_connack] = CODES(0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
                                0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f),
    /* 3.4.2.1 */
    [MQTT_TYPE_puback] = CODES(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99),
    /* 3.5.2.1 */
    [MQTT_TYPE_pubrec] = CODES(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99),
    /* 3.6.2.1 */
    [MQTT_TYPE_pubrel] = CODES(0x00, 0x92),
    /* 3.7.2.1 */
    [MQTT_TYPE_pubcomp] = CODES(0x00, 0x92),
    /* 3.9.3 */
    [MQTT_TYPE_suback] =
        CODES(0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2),
    /* 3.11.3 */
    [MQTT_TYPE_unsuback] = CODES(0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91),
    /* 3.14.2.1: those that both may send; see client_codes, server_codes */
    [MQTT_TYPE_disconnect] =
        CODES(0x00, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99),
    /* 3.15.2.1 */
    [MQTT_TYPE_auth] = CODES(0x00, 0x18, 0x19),
};
/* Of DISCONNECT, section 3.14.2.1. */
static const uint8_t client_codes[] = { 0x04 };
static const uint8_t server_codes[] = { 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x9a, 0x9b,
                                        0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2 };

bool mqtt_reason_fits(uint8_t code, unsigned type, bool from_client)
{
    if (codes[type].len && memchr(codes[type].list, code, codes[type].len)) return true;
    if (type != MQTT_TYPE_disconnect) return false;
    return from_client ? memchr(client_codes, code, sizeof client_codes)
                       : memchr(server_codes, code, sizeof server_codes);
}

const char *mqtt_reason_text(uint8_t code)
{
    switch (code) {
#define REASON(name, code_, text) \
    case (code_):                 \
        return (text);
#include "mqtt/reason_tbl.h"
    default:
        return "unknown reason";
    }
}

uint8_t mqtt_reason_of(int rc, unsigned type)
{
    switch (rc) {
    case ERR_MALFORMED:
        return MQTT_REASON_MALFORMED_PACKET;
    case ERR_PROTOCOL:
        return MQTT_REASON_PROTOCOL_ERROR;
    case ERR_UNSUPPORTED:
        return MQTT_REASON_UNSUPPORTED_VERSION;
    case ERR_INVALID:
        return MQTT_REASON_CLIENT_ID_NOT_VALID;
    case ERR_TOO_LARGE:
        return MQTT_REASON_PACKET_TOO_LARGE;
    case ERR_TOPIC:
        return type == MQTT_TYPE_subscribe || type == MQTT_TYPE_unsubscribe
                   ? MQTT_REASON_TOPIC_FILTER_INVALID
                   : MQTT_REASON_TOPIC_NAME_INVALID;
    default:
        return MQTT_REASON_UNSPECIFIED;
    }
}

uint8_t mqtt_connack_code_of(uint8_t reason)
{
    switch (reason) {
    case MQTT_REASON_UNSUPPORTED_VERSION:
        return MQTT_REFUSED_LEVEL;
    case MQTT_REASON_CLIENT_ID_NOT_VALID:
        return MQTT_REFUSED_CLIENT_ID;
    case MQTT_REASON_BAD_LOGIN:
    case MQTT_REASON_BAD_AUTH_METHOD:
        return MQTT_REFUSED_BAD_LOGIN;
    case MQTT_REASON_NOT_AUTHORIZED:
    case MQTT_REASON_BANNED:
    case MQTT_REASON_TOPIC_NAME_INVALID: /* of a will that it may not have */
    case MQTT_REASON_RETAIN_NOT_SUPPORTED:
        return MQTT_REFUSED_NOT_AUTHORIZED;
    default:
        return MQTT_REFUSED_UNAVAILABLE;
    }
}
