/* mqtt_peer5.h — clients of MQTT 5 for tests: the packets that they send. Properties are written as text:
 *   "message_expiry=10 user_property=name:value" (no spaces in values; names of property_tbl.h)
 * What comes back is read by peer_log. */
#ifndef TESTS_UNIT_CONN_MQTT_PEER5_H
#define TESTS_UNIT_CONN_MQTT_PEER5_H

#include "mqtt_peer.h"

/* The block; valid until sixteen more are made. Does not judge: misplaced and repeated ones are written too. */
struct slice props(const char *text);

/* CONNECT as it stands; sets its level and the peer's. */
void peer5_connect_as(struct peer *peer, const struct mqtt_connect *connect);
void peer5_connect(struct peer *peer, const char *id, bool clean_start, const char *properties);
/* With a will of QoS 1 on topic "will", payload "bye". */
void peer5_connect_will(struct peer *peer, const char *id, const char *properties,
                        const char *will_properties);
/* Opens, connects, and forgets CONNACK. */
void peer5_start(struct fixture *f, struct peer *peer, const char *id, bool clean_start,
                 const char *properties);

void peer5_send_publish(struct peer *peer, const struct mqtt_publish *publish);
void peer5_publish(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                   uint16_t id, const char *properties);
void peer5_retain(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                  uint16_t id, const char *properties);
/* options: a QoS and words, such as "1 nl rap rh2". */
void peer5_subscribe(struct peer *peer, uint16_t id, const char *filter, const char *options,
                     const char *properties);
void peer5_unsubscribe(struct peer *peer, uint16_t id, const char *filter);
void peer5_ack(struct peer *peer, uint8_t type, uint16_t id, uint8_t code);
void peer5_disconnect(struct peer *peer, uint8_t code, const char *properties);
void peer5_auth(struct peer *peer, uint8_t code, const char *properties);

#endif
