/* profile.c — see profile.h. Where the figures of aws-strict come from: docs/aws-compatibility.md. */
#include "hub/profile.h"

#include "topic/topic.h"

const struct mqtt_profile mqtt_profile_standard = {
    .name = "standard",
    .max_qos = 2,
    .max_payload = SIZE_MAX, /* mqtt.max_packet */
    .max_topic = TOPIC_MAX_LEN,
    .max_filters = 1024,
    .max_client_id = 256, /* it is kept in many places */
    .min_keep_alive_s = 0,
    .reserved_client_ids = true,
    .reserved_filters = true,
    .parent_matches = true,
    .retained_for_wildcards = true,
    .subscription_ids = true,
    .close_frame_is_disconnect = false,
    .refusal_closes = false,
};

const struct mqtt_profile mqtt_profile_aws_strict = {
    .name = "aws-strict",
    .max_qos = 1,
    .max_payload = 128 << 10,
    .max_topic = 256,
    .max_filters = 8,
    .max_client_id = 128,
    .min_keep_alive_s = 30,
    .reserved_client_ids = false,
    .reserved_filters = false,
    .parent_matches = false,
    .retained_for_wildcards = false,
    .subscription_ids = false,
    .close_frame_is_disconnect = true,
    .refusal_closes = true,
};
