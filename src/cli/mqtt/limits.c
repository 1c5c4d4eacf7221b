/* limits.c — see limits.h. What a hub does not take would end the connection, so it is not sent. */
#include "cli/mqtt/limits.h"

#include "base/err.h"

struct mqtt_limits mqtt_limits_of(struct slice properties)
{
    return (struct mqtt_limits){
        .under_way = mqtt_property_number(properties, MQTT_PROP_receive_maximum, UINT16_MAX),
        .packet = mqtt_property_number(properties, MQTT_PROP_maximum_packet_size, UINT32_MAX),
        .alias = mqtt_property_number(properties, MQTT_PROP_topic_alias_maximum, 0),
        .qos = mqtt_property_number(properties, MQTT_PROP_maximum_qos, 2),
        .retain = mqtt_property_number(properties, MQTT_PROP_retain_available, 1),
    };
}

static int check_alias(const struct mqtt_limits *limits, uint32_t alias, struct diag *diag)
{
    if (alias <= limits->alias) return 0;
    if (!limits->alias) return diag_set(diag, ERR_UNSUPPORTED, "the hub takes no topic aliases");
    return diag_set(diag, ERR_UNSUPPORTED, "the hub takes topic aliases up to %u", limits->alias);
}

int mqtt_limits_check(const struct mqtt_limits *limits, const struct mqtt_outline *p,
                      struct diag *diag)
{
    if (p->qos > limits->qos)
        return diag_set(diag, ERR_UNSUPPORTED, "the hub takes QoS up to %u", limits->qos);
    if (p->retain && !limits->retain)
        return diag_set(diag, ERR_UNSUPPORTED, "the hub retains no messages");
    if (p->size > limits->packet)
        return diag_set(diag, ERR_TOO_LARGE, "a packet of %zu bytes is too long: the hub takes %u",
                        p->size, limits->packet);
    return check_alias(limits, p->alias, diag);
}
