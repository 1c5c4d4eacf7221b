/* alias.h — topic aliases of one direction of one connection: MQTT 5.0, section 3.3.2.3.4. Pure. */
#ifndef CLI_MQTT_ALIAS_H
#define CLI_MQTT_ALIAS_H

#include "base/buf.h"
#include "mqtt/mqtt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is empty. */
struct mqtt_aliases {
    struct buf *topics; /* by alias */
    size_t count;
};

/* Forgets all: the connection is gone. */
void mqtt_aliases_clear(struct mqtt_aliases *aliases);
/* Notes what the alias stands for from now on. True when it has stood for that topic already. */
bool mqtt_aliases_set(struct mqtt_aliases *aliases, uint16_t alias, struct slice topic);
/* For a publish that was received with an alias: notes its topic, or puts in the one that the alias stands
 * for, borrowed until that alias is set again. 0, or ERR_PROTOCOL and a static sentence. */
int mqtt_aliases_resolve(struct mqtt_aliases *aliases, uint32_t highest,
                         struct mqtt_publish *publish, const char **ret_why);

#endif
