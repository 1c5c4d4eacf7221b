/* mqtt_steps5.h — what the tests of MQTT 5 do again and again: sessions that are kept, lines that break, messages that
 * are taken. */
#ifndef TESTS_UNIT_CONN_MQTT_STEPS5_H
#define TESTS_UNIT_CONN_MQTT_STEPS5_H

#include "mqtt_peer5.h"

#define KEPT "session_expiry=100"

/* A client with this session expiry and more, which wants the filter; what it has heard is forgotten. NULL: no
 * filter. */
void kept5(struct fixture *f, struct peer *peer, const char *id, const char *filter,
           const char *options);
void kept5_with(struct fixture *f, struct peer *peer, const char *id, const char *filter,
                const char *options, const char *properties);
/* The line breaks, and what waits is committed. The level stays. */
void drop5(struct peer *peer);
/* Comes back with clean start 0; the session must be there. What follows CONNACK is for peer_log. */
void back5(struct fixture *f, struct peer *peer, const char *id, const char *properties);
/* drop5, back5, and what must follow CONNACK. */
void again5(struct peer *peer, const char *id, const char *expected);
/* The same for a client of 3.1.1. */
void back311(struct fixture *f, struct peer *peer, const char *id);
void again311(struct peer *peer, const char *id, const char *expected);
/* By the hub itself. */
void publish_settled(struct fixture *f, const char *topic, const char *payload, uint8_t qos);
/* Acknowledges a message that it has got, step by step; what comes meanwhile stays to be read. */
void take5(struct peer *peer, uint16_t id, uint8_t qos);
/* SUBSCRIBE with several filters. */
void peer5_subscribe_all(struct peer *peer, uint16_t id, const struct mqtt_filter *filters,
                         size_t count, const char *properties);
/* From here on the store commits nothing; until it may again, and has. */
void store_hold(void);
void store_go(struct fixture *f);
/* The hub ends, and begins again with f->opts, those too that cannot be changed while it runs. All peers are
 * closed. */
void hub_again(struct fixture *f);
/* front_opts as they are now hold for connections to come. */
void front_again(void);

#endif
