/* limits.h — what a hub of MQTT 5 takes from a client, as its CONNACK tells (section 3.2.2.3). Pure. */
#ifndef CLI_MQTT_LIMITS_H
#define CLI_MQTT_LIMITS_H

#include "base/diag.h"
#include "mqtt/mqtt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt_limits {
    uint32_t under_way; /* publishes with QoS 1 and 2 */
    uint32_t packet;    /* bytes */
    uint32_t alias;     /* the highest; 0: none */
    uint32_t qos;
    bool retain;
};

/* Of the properties of a CONNACK; an empty block, as below level 5, limits nothing but aliases. */
struct mqtt_limits mqtt_limits_of(struct slice properties);

/* What of a publish they are about. */
struct mqtt_outline {
    uint8_t qos;
    bool retain;
    uint16_t alias; /* 0: none */
    size_t size;    /* of the packet */
};
/* 0; ERR_UNSUPPORTED (QoS, RETAIN, alias) or ERR_TOO_LARGE with the sentence. */
int mqtt_limits_check(const struct mqtt_limits *limits, const struct mqtt_outline *publish,
                      struct diag *diag);

#endif
