/* mqtt_connack.c — the answer to CONNECT: what the hub offers to a client of MQTT 5, or why it is refused. Section
 * 3.2 of both standards. */
#include "conn/mqtt_conn_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

#include <string.h>

/* ---- refused ---- */

/* That the client takes, as far as we know. */
static size_t max_packet_of(const struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    if (c->five) return c->five->max_packet;
    if (!connect) return SIZE_MAX;
    return mqtt_property_number(connect->properties, MQTT_PROP_maximum_packet_size, UINT32_MAX);
}

void mqtt_send_refusal(struct mqtt_conn *c, const struct mqtt_connect *connect, uint8_t level,
                       uint8_t reason, struct slice why)
{
    struct buf packet = { 0 }, block = { 0 };
    struct mqtt_connack connack = { .code = reason };
    if (level < MQTT_LEVEL_5) connack.code = mqtt_connack_code_of(reason);
    if (why.len) mqtt_put_text(&block, MQTT_PROP_reason_string, why);
    connack.properties = buf_slice(&block);
    size_t most = max_packet_of(c, connect);
    mqtt_encode_connack(&packet, level, &connack);
    if (packet.len > most) {
        buf_clear(&packet);
        connack.properties = slice_of("", 0);
        mqtt_encode_connack(&packet, level, &connack);
    }
    metrics_inc(METRIC_MQTT_CONNECTS_REFUSED);
    if (packet.len <= most) mqtt_send_packet(c, packet.data, packet.len);
    buf_deinit(&packet);
    buf_deinit(&block);
}

void mqtt_refuse(struct mqtt_conn *c, const struct mqtt_connect *connect, uint8_t level,
                 uint8_t reason, struct slice why)
{
    mqtt_send_refusal(c, connect, level, reason, why);
    mqtt_close(c, SESSION_END_AUTH_ERROR, true);
}

/* ---- accepted ---- */

struct mqtt_five *mqtt_five_create(const struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    const struct front_opts *opts = c->env->opts;
    struct slice asked = connect->properties;
    uint32_t aliases = mqtt_property_number(asked, MQTT_PROP_topic_alias_maximum, 0);
    struct mqtt_five *five = xnew(struct mqtt_five);
    five->max_packet = mqtt_property_number(asked, MQTT_PROP_maximum_packet_size, UINT32_MAX);
    if (five->max_packet > MQTT_LONGEST_PACKET) five->max_packet = MQTT_LONGEST_PACKET;
    five->tells_problems = mqtt_property_number(asked, MQTT_PROP_request_problem_info, 1);
    five->takes = opts->max_packet;
    five->receive_maximum = opts->receive_maximum ? opts->receive_maximum : UINT16_MAX;
    five->aliases_in.max = opts->max_topic_alias;
    five->aliases_out.max =
        aliases < opts->max_topic_alias ? (uint16_t)aliases : opts->max_topic_alias;
    return five;
}

/* Section 3.2.2.3.15: a template of response topics. */
static void put_response_info(struct mqtt_conn *c, struct buf *block)
{
    static const char variable[] = "${clientId}";
    struct buf text = { 0 };
    const char *from = c->env->opts->response_info;
    for (const char *at; (at = strstr(from, variable)); from = at + sizeof variable - 1) {
        buf_append(&text, from, (size_t)(at - from));
        buf_puts(&text, mqtt_client_id(c));
    }
    buf_puts(&text, from);
    if (text.len <= UINT16_MAX) mqtt_put_text(block, MQTT_PROP_response_info, buf_slice(&text));
    buf_deinit(&text);
}

/* What is not available here, as far as it is not what a client takes for granted. */
static void put_limits(const struct mqtt_conn *c, struct buf *block)
{
    const struct hub_opts *opts = hub_opts(c->env->hub);
    const struct mqtt_profile *profile = hub_profile(c->env->hub);
    if (c->five->receive_maximum < UINT16_MAX)
        mqtt_put_number(block, MQTT_PROP_receive_maximum, c->five->receive_maximum);
    if (profile->max_qos < 2) mqtt_put_number(block, MQTT_PROP_maximum_qos, profile->max_qos);
    if (opts->no_retain) mqtt_put_number(block, MQTT_PROP_retain_available, 0);
    if (c->five->takes < MQTT_MAX_REMAINING)
        mqtt_put_number(block, MQTT_PROP_maximum_packet_size, (uint32_t)c->five->takes);
    if (c->five->aliases_in.max)
        mqtt_put_number(block, MQTT_PROP_topic_alias_maximum, c->five->aliases_in.max);
    if (opts->no_wildcards) mqtt_put_number(block, MQTT_PROP_wildcard_available, 0);
    if (!profile->subscription_ids) mqtt_put_number(block, MQTT_PROP_subscription_ids_available, 0);
    if (opts->no_shared) mqtt_put_number(block, MQTT_PROP_shared_available, 0);
}

uint16_t mqtt_keep_alive(const struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    uint16_t seconds = connect->keep_alive;
    uint16_t most = c->env->opts->max_keep_alive_s;
    uint16_t least = hub_profile(c->env->hub)->min_keep_alive_s;
    if (most && (seconds == 0 || seconds > most)) seconds = most;
    if (seconds && seconds < least) seconds = least;
    return seconds;
}

static void put_answers(struct mqtt_conn *c, const struct mqtt_connect *connect, struct buf *block)
{
    struct slice asked = connect->properties;
    const char *response_info = c->env->opts->response_info;
    uint32_t expiry = mqtt_expiry_s(session_expiry_ms(c->session));
    uint16_t keep_alive = mqtt_keep_alive(c, connect);
    if (expiry != mqtt_property_number(asked, MQTT_PROP_session_expiry, 0))
        mqtt_put_number(block, MQTT_PROP_session_expiry, expiry);
    if (!connect->client_id.len)
        mqtt_put_text(block, MQTT_PROP_assigned_client_id, slice_str(mqtt_client_id(c)));
    if (keep_alive != connect->keep_alive)
        mqtt_put_number(block, MQTT_PROP_server_keep_alive, keep_alive);
    if (response_info && *response_info &&
        mqtt_property_number(asked, MQTT_PROP_request_response_info, 0))
        put_response_info(c, block);
}

void mqtt_owe_connack(struct mqtt_conn *c, const struct mqtt_connect *connect, bool present,
                      int64_t commit)
{
    struct buf packet = { 0 }, block = { 0 };
    if (c->five) {
        put_answers(c, connect, &block);
        put_limits(c, &block);
    }
    mqtt_encode_connack(&packet, c->level,
                        &(struct mqtt_connack){ .session_present = present,
                                                .code = MQTT_ACCEPTED,
                                                .properties = buf_slice(&block) });
    if (mqtt_fits(c, packet.len)) {
        mqtt_owe(c, (const uint8_t *)packet.data, packet.len, commit);
    } else {
        LOG(LOG_WARN, "mqtt", "closed: the client takes no packet as long as CONNACK",
            LOG_S("client", mqtt_client_id(c)), LOG_I("most", c->five->max_packet));
        session_forget_will(c->session);
        mqtt_close(c, SESSION_END_CLIENT_ERROR, false);
    }
    buf_deinit(&packet);
    buf_deinit(&block);
}
