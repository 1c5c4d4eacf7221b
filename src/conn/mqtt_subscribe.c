/* mqtt_subscribe.c — SUBSCRIBE and UNSUBSCRIBE: what is asked for, may it, and the codes of the answer, one for each
 * filter, in their order.
 *
 *   SUBSCRIBE ─► wishes ─► (each) authorise ─► session ─► code ─► SUBACK ─► retained messages */
#include "conn/mqtt_conn_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "topic/topic.h"

#include <stdlib.h>

/* ---- answers ---- */

static void encode_suback(const struct mqtt_conn *c, struct buf *packet, uint8_t type,
                          struct mqtt_suback suback, struct slice why)
{
    struct buf block = { 0 };
    suback.properties = mqtt_reason_string(c, &block, why);
    mqtt_encode_suback(packet, c->level, type, &suback);
    if (suback.properties.len && !mqtt_fits(c, packet->len)) {
        buf_clear(packet);
        suback.properties = slice_of("", 0);
        mqtt_encode_suback(packet, c->level, type, &suback);
    }
    buf_deinit(&block);
}

/* codes: a byte for each filter. */
static void owe_suback(struct mqtt_conn *c, uint8_t type, uint16_t id, const struct buf *codes,
                       struct slice why, int64_t commit)
{
    struct buf packet = { 0 };
    encode_suback(c, &packet, type, (struct mqtt_suback){ .id = id, .codes = buf_slice(codes) },
                  why);
    if (mqtt_fits(c, packet.len))
        mqtt_owe(c, (const uint8_t *)packet.data, packet.len, commit);
    else
        mqtt_fail(c, MQTT_REASON_IMPLEMENTATION_SPECIFIC,
                  "[MQTT-3.1.2-24] an answer longer than the client takes");
    buf_deinit(&packet);
}

/* ---- one filter ---- */

/* One filter of a SUBSCRIBE: what was asked for, and what became of it. */
struct wish {
    struct slice filter;
    struct sub_opts opts;
    bool is_new;
    uint8_t code;
};

static const char too_many[] = "mqtt.max_subscriptions is reached";

static uint8_t refusal_code(const struct mqtt_conn *c, int64_t rc, struct slice filter)
{
    switch (rc) {
    case ERR_DENIED:
        return MQTT_REASON_NOT_AUTHORIZED;
    case ERR_TOPIC:
        return MQTT_REASON_TOPIC_FILTER_INVALID;
    case ERR_UNSUPPORTED:
        return topic_is_shared(filter) && hub_opts(c->env->hub)->no_shared
                   ? MQTT_REASON_SHARED_NOT_SUPPORTED
                   : MQTT_REASON_WILDCARDS_NOT_SUPPORTED;
    default:
        return MQTT_REASON_UNSPECIFIED;
    }
}

/* May it? Below level 5 a QoS that is too high is refused; from there on it is granted as far as it goes
 * [MQTT-3.2.2-9]. */
static uint8_t authorize_wish(struct mqtt_conn *c, struct wish *wish)
{
    struct hub *hub = c->env->hub;
    const struct auth_conn *conn = session_auth_conn(c->session);
    uint8_t most = hub_profile(hub)->max_qos;
    int rc = hub_authorize_subscribe(hub, c->principal, conn, wish->filter);
    if (rc == ERR_LIMIT) return MQTT_REASON_TOPIC_FILTER_INVALID; /* too long */
    if (rc < 0) return refusal_code(c, rc, wish->filter);
    if (wish->opts.qos <= most) return MQTT_REASON_SUCCESS;
    if (!c->five) {
        auth_log_refusal(hub_auth(hub), c->principal, conn, "iot:Subscribe", wish->filter,
                         "hub.profile does not allow this QoS");
        return MQTT_REASON_QOS_NOT_SUPPORTED;
    }
    wish->opts.qos = most;
    return MQTT_REASON_SUCCESS;
}

static void grant(struct mqtt_conn *c, struct wish *wish, int64_t *commit)
{
    wish->code = authorize_wish(c, wish);
    if (wish->code >= 0x80) return;
    int64_t number = session_subscribe(c->session, wish->filter, &wish->opts, &wish->is_new);
    if (number == ERR_LIMIT)
        wish->code = MQTT_REASON_QUOTA_EXCEEDED;
    else if (number < 0)
        wish->code = refusal_code(c, number, wish->filter);
    else
        wish->code = wish->opts.qos;
    if (number > *commit) *commit = number;
}

/* False: a refusal ends the connection (hub.profile), and is in the log. */
static bool grant_all(struct mqtt_conn *c, struct wish *wishes, size_t count, int64_t *commit,
                      struct slice *ret_why)
{
    bool closes = !c->five && hub_profile(c->env->hub)->refusal_closes;
    for (size_t i = 0; i < count; i++) {
        grant(c, &wishes[i], commit);
        if (wishes[i].code < 0x80) continue;
        mqtt_pace_refused(c);
        if (closes) return false;
        *ret_why = wishes[i].code == MQTT_REASON_QUOTA_EXCEEDED
                       ? slice_str(too_many)
                       : mqtt_refusal_why(c, mqtt_client_id(c));
    }
    return true;
}

/* What the client of that level is told. MQTT 3.1 has no code for a refusal: it is answered as if it were granted
 * (its section 3.8). */
static uint8_t told_code(const struct mqtt_conn *c, const struct wish *wish)
{
    if (wish->code < 0x80 || c->five) return wish->code;
    return c->level == MQTT_LEVEL_31 ? wish->opts.qos : MQTT_SUBACK_FAILURE;
}

/* ---- the packets ---- */

static void answer_wishes(struct mqtt_conn *c, const struct mqtt_subscribe *subscribe,
                          const struct wish *wishes, struct slice why, int64_t commit)
{
    struct buf codes = { 0 };
    for (size_t i = 0; i < subscribe->count; i++)
        buf_put_u8(&codes, told_code(c, &wishes[i]));
    owe_suback(c, MQTT_TYPE_suback, subscribe->id, &codes, why, commit);
    buf_deinit(&codes);
    for (size_t i = 0; i < subscribe->count && c->state == CONN_UP; i++)
        if (wishes[i].code < 0x80)
            session_send_retained(c->session, wishes[i].filter, &wishes[i].opts, wishes[i].is_new);
}

static struct wish *read_wishes(const struct mqtt_subscribe *subscribe)
{
    struct wish *wishes = xcalloc(subscribe->count, sizeof *wishes);
    uint32_t id = mqtt_property_number(subscribe->properties, MQTT_PROP_subscription_id, 0);
    struct mqtt_filter one;
    for (size_t at = 0, n = 0; mqtt_subscribe_next(subscribe, &at, &one); n++)
        wishes[n] = (struct wish){ .filter = one.filter,
                                   .opts = { .qos = one.qos,
                                             .no_local = one.no_local,
                                             .retain_as_published = one.retain_as_published,
                                             .retain_handling = one.retain_handling,
                                             .id = id } };
    return wishes;
}

static bool may_subscribe_so(struct mqtt_conn *c, const struct mqtt_subscribe *subscribe)
{
    const struct mqtt_profile *profile = hub_profile(c->env->hub);
    struct mqtt_property id;
    if (subscribe->count > profile->max_filters) {
        mqtt_fail(c, MQTT_REASON_QUOTA_EXCEEDED,
                  "more filters in one SUBSCRIBE than hub.profile allows");
        return false;
    }
    if (!profile->subscription_ids &&
        mqtt_property_find(subscribe->properties, MQTT_PROP_subscription_id, &id)) {
        mqtt_fail(c, MQTT_REASON_SUBSCRIPTION_IDS_NOT_SUPPORTED,
                  "hub.profile does not allow subscription identifiers");
        return false;
    }
    return true;
}

void mqtt_subscribe_received(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_subscribe subscribe;
    const char *broken = NULL;
    int rc = mqtt_decode_subscribe(frame, c->level, &subscribe, &broken);
    if (rc < 0) {
        mqtt_fail(c, mqtt_reason_of(rc, MQTT_TYPE_subscribe), broken);
        return;
    }
    if (!may_subscribe_so(c, &subscribe)) return;
    struct wish *wishes = read_wishes(&subscribe);
    struct slice why = { "", 0 };
    int64_t commit = 0;
    if (grant_all(c, wishes, subscribe.count, &commit, &why))
        answer_wishes(c, &subscribe, wishes, why, commit);
    else
        mqtt_close(c, SESSION_END_FORBIDDEN, false);
    free(wishes);
}

void mqtt_unsubscribe_received(struct mqtt_conn *c, const struct mqtt_frame *frame)
{
    struct mqtt_subscribe unsubscribe;
    const char *why = NULL;
    int rc = mqtt_decode_unsubscribe(frame, c->level, &unsubscribe, &why);
    if (rc < 0) {
        mqtt_fail(c, mqtt_reason_of(rc, MQTT_TYPE_unsubscribe), why);
        return;
    }
    struct buf codes = { 0 };
    struct mqtt_filter one;
    int64_t commit = 0;
    for (size_t at = 0; mqtt_subscribe_next(&unsubscribe, &at, &one);) {
        bool existed;
        int64_t number = session_unsubscribe(c->session, one.filter, &existed);
        if (number > commit) commit = number;
        buf_put_u8(&codes, existed ? MQTT_REASON_SUCCESS : MQTT_REASON_NO_SUBSCRIPTION_EXISTED);
    }
    owe_suback(c, MQTT_TYPE_unsuback, unsubscribe.id, &codes, slice_of("", 0), commit);
    buf_deinit(&codes);
}
