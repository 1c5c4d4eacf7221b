/* profile.h — in which points MQTT differs here by hub.profile. One is chosen at the start; code asks for the
 * point, never for the profile. Limits with an option of their own (subscriptions, keep-alive, rates, expiry,
 * topic levels) are not here: under a profile their options have other defaults, see config/options.c. */
#ifndef HUB_PROFILE_H
#define HUB_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt_profile {
    const char *name;
    uint8_t max_qos;           /* a PUBLISH above it closes, a SUBSCRIBE above it is refused */
    size_t max_payload;        /* of a PUBLISH; above: refused, which closes */
    size_t max_topic;          /* bytes of a topic or filter, as topic_counted counts */
    size_t max_filters;        /* in one SUBSCRIBE; above: closes */
    size_t max_client_id;      /* bytes */
    uint16_t min_keep_alive_s; /* shorter ones are taken for this one */
    bool reserved_client_ids;  /* client ids may begin with '$' */
    bool reserved_filters; /* filters may begin with '$' and be neither of $aws/ nor of $share/ */
    bool parent_matches;   /* sensor/# matches sensor */
    bool retained_for_wildcards;    /* a new subscription with wildcards gets retained messages */
    bool subscription_ids;          /* MQTT 5: subscriptions may have identifiers */
    bool close_frame_is_disconnect; /* the Close frame of WebSocket counts as DISCONNECT: no will */
    bool refusal_closes; /* a refused subscription ends the connection, without a SUBACK */
};

extern const struct mqtt_profile mqtt_profile_standard;
extern const struct mqtt_profile mqtt_profile_aws_strict;

#endif
