/* mqtt_packets.c — the packets of a connection that is up: each type has one handler, found through a table. Those
 * of SUBSCRIBE and UNSUBSCRIBE are in mqtt_subscribe.c.
 *
 * The protocol level is data: a handler answers with a reason code, and what a client of that level cannot be
 * told is left out when the answer is written, or is the end of the connection:
 *
 *                                 5                               3.1.1
 *   a publish is not allowed      PUBACK or PUBREC from 0x80 on;  the end
 *                                 nothing with QoS 0
 *   a subscription is refused     the code in SUBACK              0x80
 *   the protocol is broken, or    DISCONNECT with the code        the end
 *   more is asked for than CONNACK has said
 *
 * Who goes on with what is refused is read from slowly (mqtt_pace.c). */
#include "conn/mqtt_conn_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

#include <stdlib.h>
#include <string.h>

/* What each packet may bring about is logged once a minute. 0: not now; else how often it has happened. */
static int64_t may_log(const struct mqtt_conn *c, struct log_pace *pace)
{
    return log_pace(pace, MINUTES(1), loop_now(hub_loop(c->env->hub)));
}

/* ---- answers ---- */

struct slice mqtt_reason_string(const struct mqtt_conn *c, struct buf *block, struct slice why)
{
    buf_clear(block);
    if (c->five && c->five->tells_problems && why.len)
        mqtt_put_text(block, MQTT_PROP_reason_string, why);
    return buf_slice(block);
}

/* An acknowledgement with a code, and why (may be empty). */
static void encode_ack(const struct mqtt_conn *c, struct buf *packet, struct mqtt_ack ack,
                       struct slice why)
{
    struct buf block = { 0 };
    ack.level = c->level;
    ack.properties = mqtt_reason_string(c, &block, why);
    mqtt_encode_ack(packet, &ack);
    if (ack.properties.len && !mqtt_fits(c, packet->len)) {
        buf_clear(packet);
        ack.properties = slice_of("", 0);
        mqtt_encode_ack(packet, &ack);
    }
    buf_deinit(&block);
}

/* Owes the acknowledgement; below level 5 the code is left out. */
static void owe_ack(struct mqtt_conn *c, uint8_t type, uint16_t id, uint8_t code, struct slice why,
                    int64_t commit)
{
    uint8_t bare[MQTT_ACK_SIZE];
    struct buf packet = { 0 };
    if (code == MQTT_REASON_SUCCESS || !c->five) {
        mqtt_put_ack(bare, type, id);
        mqtt_owe(c, bare, sizeof bare, commit);
        return;
    }
    encode_ack(c, &packet, (struct mqtt_ack){ .type = type, .id = id, .code = code }, why);
    mqtt_owe(c, (const uint8_t *)packet.data, packet.len, commit);
    buf_deinit(&packet);
}

/* ---- PUBLISH ---- */

void mqtt_publish_failed(struct mqtt_conn *c, int64_t rc)
{
    switch (rc) {
    case ERR_STORE: /* the client sends it again on its next connection */
        LOG(LOG_ERROR, "mqtt", "publish refused: the store is behind or failing",
            LOG_S("client", mqtt_client_id(c)));
        mqtt_end(c, SESSION_END_SERVER_ERROR, MQTT_REASON_SERVER_BUSY,
                 "the store is behind or failing");
        break;
    case ERR_DENIED:
        mqtt_end(c, SESSION_END_FORBIDDEN, MQTT_REASON_NOT_AUTHORIZED, NULL);
        break;
    case ERR_TOO_LARGE:
        mqtt_end(c, SESSION_END_CLIENT_ERROR, MQTT_REASON_PACKET_TOO_LARGE,
                 "payload larger than hub.profile allows");
        break;
    case ERR_UNSUPPORTED:
        mqtt_end(c, SESSION_END_CLIENT_ERROR, MQTT_REASON_RETAIN_NOT_SUPPORTED,
                 "nothing is retained here: mqtt.retain_available");
        break;
    default:
        mqtt_end(c, SESSION_END_CLIENT_ERROR, MQTT_REASON_UNSPECIFIED, NULL);
    }
}

static uint8_t answer_type(const struct mqtt_publish *publish)
{
    return publish->qos == 1 ? MQTT_TYPE_puback : MQTT_TYPE_pubrec;
}

/* The message is not taken, and the client is told where its level and the QoS have a way to do so. */
static void refuse_publish(struct mqtt_conn *c, const struct mqtt_publish *publish, int64_t rc)
{
    bool goes_on = rc == ERR_DENIED || rc == ERR_TOPIC || rc == ERR_LIMIT;
    if (!c->five || !goes_on) {
        mqtt_publish_failed(c, rc);
        return;
    }
    mqtt_pace_refused(c);
    if (publish->qos)
        owe_ack(c, answer_type(publish), publish->id,
                rc == ERR_DENIED ? MQTT_REASON_NOT_AUTHORIZED : MQTT_REASON_TOPIC_NAME_INVALID,
                mqtt_refusal_why(c, mqtt_client_id(c)), 0);
}

static void refuse_format(struct mqtt_conn *c, const struct mqtt_publish *publish)
{
    static const char why[] = "the payload is not UTF-8, as its payload format says";
    int64_t times = may_log(c, &c->five->refused);
    if (times)
        LOG(LOG_WARN, "mqtt", "publish refused", LOG_S("client", mqtt_client_id(c)),
            LOG_SLICE("topic", publish->topic), LOG_S("reason", why), LOG_I("times", times));
    if (publish->qos)
        owe_ack(c, answer_type(publish), publish->id, MQTT_REASON_PAYLOAD_FORMAT_INVALID,
                slice_str(why), 0);
    else
        mqtt_end(c, SESSION_END_CLIENT_ERROR, MQTT_REASON_PAYLOAD_FORMAT_INVALID, why);
}

/* The topic, and properties without the alias, which is of this connection alone. False: the end. */
static bool resolve_alias(struct mqtt_conn *c, struct mqtt_publish *publish)
{
    struct buf *others = &c->env->scratch;
    int rc =
        alias_in_resolve(&c->five->aliases_in, publish->alias, publish->topic, &publish->topic);
    if (rc == ERR_INVALID)
        mqtt_fail(c, MQTT_REASON_TOPIC_ALIAS_INVALID,
                  "[MQTT-3.3.2-9] a topic alias of 0, or above the maximum");
    else if (rc == ERR_LIMIT)
        mqtt_fail(c, MQTT_REASON_QUOTA_EXCEEDED, "aliases for topics that are too long together");
    else if (rc < 0)
        mqtt_fail(c, MQTT_REASON_PROTOCOL_ERROR,
                  "[section 3.3.2.3.4] a topic alias that was not set");
    if (rc < 0) return false;
    buf_clear(others);
    mqtt_put_others(others, publish->properties, MQTT_PROP_topic_alias);
    publish->properties = buf_slice(others);
    return true;
}

/* Section 4.9. False: the end. */
static bool take_quota(struct mqtt_conn *c)
{
    if (c->five->receiving == c->five->receive_maximum) {
        mqtt_fail(c, MQTT_REASON_RECEIVE_MAXIMUM_EXCEEDED,
                  "[MQTT-3.3.4-9] more messages in flight than the receive maximum");
        return false;
    }
    c->five->receiving++;
    return true;
}

/* What the packet asks of the connection. False: the end. */
static bool admit(struct mqtt_conn *c, struct mqtt_publish *publish)
{
    if (publish->qos > hub_profile(c->env->hub)->max_qos) {
        mqtt_fail(c, MQTT_REASON_QOS_NOT_SUPPORTED,
                  "a PUBLISH of a QoS that hub.profile does not allow");
        return false;
    }
    if (!c->five) return true;
    if (publish->qos && !take_quota(c)) return false;
    return !publish->has_alias || resolve_alias(c, publish);
}

/* Of QoS 1 and 2. */
static void publish_acknowledged(struct mqtt_conn *c, const struct mqtt_publish *publish,
                                 struct msg *msg)
{
    struct ack *spare = ack_queue_spare(&c->acks);
    int64_t commit = publish->qos == 1
                         ? session_publish(c->session, msg, mqtt_decided, spare)
                         : session_receive(c->session, publish->id, msg, mqtt_decided, spare);
    bool again = publish->dup && publish->qos == 2; /* who got it is not known any more */
    uint8_t code = msg->wanted || again ? MQTT_REASON_SUCCESS : MQTT_REASON_NO_MATCHING_SUBSCRIBERS;
    if (commit == HUB_HELD) { /* there is who holds it */
        uint8_t packet[MQTT_ACK_SIZE];
        mqtt_put_ack(packet, answer_type(publish), publish->id);
        mqtt_owe_held(c, packet, sizeof packet);
    } else if (commit < 0) {
        refuse_publish(c, publish, commit);
    } else {
        owe_ack(c, answer_type(publish), publish->id, code, slice_of("", 0), commit);
    }
}

static void on_publish(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_publish publish;
    const char *why = NULL;
    int rc = mqtt_decode_publish(frame, c->level, true, &publish, &why);
    if (rc < 0) {
        mqtt_fail(c, mqtt_reason_of(rc, MQTT_TYPE_publish), why);
        return;
    }
    metrics_inc(METRIC_PUBLISHES_IN);
    metrics_add(METRIC_PUBLISH_BYTES_IN, (int64_t)publish.payload.len);
    if (!admit(c, &publish)) return;
    if (publish.properties.len && !mqtt_payload_fits(publish.properties, publish.payload)) {
        refuse_format(c, &publish);
        return;
    }
    struct msg *msg = msg_create(&(struct msg_opts){
        .level = c->level,
        .topic = publish.topic,
        .payload = publish.payload,
        .properties = publish.properties,
        .origin = session_origin(c->session),
        .qos = publish.qos,
        .retain = publish.retain,
        .over_mqtt = true,
        .at_ms = loop_real(hub_loop(c->env->hub)),
    });
    if (publish.qos == 0) {
        int64_t commit = session_publish(c->session, msg, NULL, NULL);
        if (commit < 0 && commit != HUB_HELD) refuse_publish(c, &publish, commit);
    } else {
        publish_acknowledged(c, &publish, msg);
    }
    msg_unref(msg);
}

/* ---- acknowledgements of what we have sent; PUBREL ---- */

static void on_pubrel(struct mqtt_conn *c, const struct mqtt_ack *ack)
{
    bool found;
    int64_t commit = session_release(c->session, ack->id, &found);
    if (commit < 0) {
        mqtt_fail(c, MQTT_REASON_PROTOCOL_ERROR, "PUBREL before PUBREC was sent");
        return;
    }
    uint8_t code = found ? MQTT_REASON_SUCCESS : MQTT_REASON_PACKET_ID_NOT_FOUND;
    owe_ack(c, MQTT_TYPE_pubcomp, ack->id, code, slice_of("", 0), commit);
}

static void on_ack(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_ack ack;
    const char *why = NULL;
    int rc = mqtt_decode_ack(frame, c->level, &ack, &why);
    if (rc < 0) {
        mqtt_fail(c, mqtt_reason_of(rc, frame->type), why);
        return;
    }
    int64_t times = ack.code >= 0x80 ? may_log(c, &c->five->rejected) : 0;
    if (times)
        LOG(LOG_INFO, "mqtt", "a client has refused a message", LOG_S("client", mqtt_client_id(c)),
            LOG_S("reason", mqtt_reason_text(ack.code)), LOG_I("times", times));
    switch (ack.type) {
    case MQTT_TYPE_puback:
        session_puback(c->session, ack.id);
        break;
    case MQTT_TYPE_pubrec:
        session_pubrec(c->session, ack.id, ack.code);
        break;
    case MQTT_TYPE_pubcomp:
        session_pubcomp(c->session, ack.id);
        break;
    default:
        on_pubrel(c, &ack);
    }
}

/* ---- the others ---- */

static void on_pingreq(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    static const uint8_t pingresp[] = { 0xd0, 0x00 };
    const char *why = NULL;
    int rc = mqtt_decode_empty(frame, &why);
    if (rc < 0)
        mqtt_fail(c, mqtt_reason_of(rc, MQTT_TYPE_pingreq), why);
    else
        mqtt_send_packet(c, pingresp, sizeof pingresp);
}

/* Section 3.14.2.2.2. False: the end. */
static bool change_expiry(struct mqtt_conn *c, struct slice properties)
{
    struct mqtt_property expiry;
    if (!mqtt_property_find(properties, MQTT_PROP_session_expiry, &expiry)) return true;
    if (session_set_expiry(c->session, mqtt_expiry_ms(expiry.number)) == 0) return true;
    mqtt_fail(c, MQTT_REASON_PROTOCOL_ERROR,
              "[section 3.14.2.2.2] a session that ends with its connection cannot be kept");
    return false;
}

static void on_disconnect(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_farewell farewell;
    const char *why = NULL;
    int rc = mqtt_decode_disconnect(frame, c->level, true, &farewell, &why);
    if (rc < 0) {
        mqtt_fail(c, mqtt_reason_of(rc, MQTT_TYPE_disconnect), why);
        return;
    }
    if (!change_expiry(c, farewell.properties)) return;
    if (farewell.code >= 0x80)
        LOG(LOG_WARN, "mqtt", "a client gives up", LOG_S("client", mqtt_client_id(c)),
            LOG_S("reason", mqtt_reason_text(farewell.code)),
            LOG_SLICE("text", mqtt_property_text(farewell.properties, MQTT_PROP_reason_string)));
    mqtt_close(c, farewell.code ? SESSION_END_CLIENT_WITH_WILL : SESSION_END_CLIENT_INITIATED,
               stream_pending(c->stream) > 0);
}

/* There is no method that a CONNECT could have named, so nothing goes on or begins again [MQTT-4.12.0-7]. */
static void on_auth(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_farewell auth;
    const char *why = "[MQTT-4.12.0-7] AUTH, though CONNECT has named no authentication method";
    int rc = mqtt_decode_auth(frame, &auth, &why);
    mqtt_fail(c, rc < 0 ? mqtt_reason_of(rc, MQTT_TYPE_auth) : MQTT_REASON_PROTOCOL_ERROR, why);
}

static void on_second_connect(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    mqtt_fail(c, MQTT_REASON_PROTOCOL_ERROR, "a second CONNECT [MQTT-3.1.0-2]");
}

typedef void (*packet_cb)(struct mqtt_conn *c, const struct mqtt_frame *frame);
static const packet_cb handlers[MQTT_TYPE_COUNT] = {
    [MQTT_TYPE_connect] = on_second_connect,
    [MQTT_TYPE_publish] = on_publish,
    [MQTT_TYPE_puback] = on_ack,
    [MQTT_TYPE_pubrec] = on_ack,
    [MQTT_TYPE_pubrel] = on_ack,
    [MQTT_TYPE_pubcomp] = on_ack,
    [MQTT_TYPE_subscribe] = mqtt_subscribe_received,
    [MQTT_TYPE_unsubscribe] = mqtt_unsubscribe_received,
    [MQTT_TYPE_pingreq] = on_pingreq,
    [MQTT_TYPE_disconnect] = on_disconnect,
    [MQTT_TYPE_auth] = on_auth,
};

void mqtt_packet_received(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    packet_cb handler = handlers[frame->type];
    if (handler)
        handler(c, frame);
    else
        mqtt_fail(c, MQTT_REASON_PROTOCOL_ERROR, "a packet that only servers send");
}
