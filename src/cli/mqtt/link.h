/* link.h — where an MQTT hub is, and the connection to it. */
#ifndef CLI_MQTT_LINK_H
#define CLI_MQTT_LINK_H

#include "base/diag.h"
#include "net/call.h"

#include <stddef.h>
#include <stdint.h>

struct mqtt_target {
    const char *path; /* of a Unix socket; NULL: host and port */
    const char *host;
    uint16_t port;
    struct tls_client *tls; /* for this host; NULL: plain */
};

/* 0 and an owned call, with its handshake done; errors as of net/call.h, always with the reason. */
int mqtt_link_open(const struct mqtt_target *target, const struct net_patience *patience,
                   struct net_call **ret_call, struct diag *diag);

/* "localhost:1883", "/run/thingd.sock"; for messages. */
void mqtt_target_name(const struct mqtt_target *target, char *out, size_t size);

#endif
