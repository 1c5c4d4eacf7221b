/* outcome.h — what a hub says when it refuses or ends something, as an error and a sentence. Pure. */
#ifndef CLI_MQTT_OUTCOME_H
#define CLI_MQTT_OUTCOME_H

#include "base/diag.h"
#include "mqtt/mqtt.h"

enum { MQTT_OUTCOME_SIZE = 512, MQTT_REFUSED = 0x80 };

/* "quota exceeded: come back tomorrow": the name of the reason, and behind it the hub's own words and another
 * server to turn to, if the properties have them. Cut when longer. */
void mqtt_outcome_text(uint8_t code, struct slice properties, char out[MQTT_OUTCOME_SIZE]);

/* A CONNACK whose code is not 0: ERR_UNSUPPORTED (this version of MQTT), ERR_AUTH, ERR_DENIED, or ERR_BUSY,
 * which may pass. */
int mqtt_connack_outcome(uint8_t level, const struct mqtt_connack *ack, struct diag *diag);
/* A DISCONNECT of the hub: ERR_CLOSED, or ERR_DENIED for what another connection would not change. */
int mqtt_farewell_outcome(const struct mqtt_farewell *farewell, struct diag *diag);

#endif
