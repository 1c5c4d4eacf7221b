/* properties.h — the blocks of MQTT 5 properties that -D gives: "-D publish content-type text/plain". */
#ifndef CLI_MQTT_PROPERTIES_H
#define CLI_MQTT_PROPERTIES_H

#include "base/buf.h"
#include "cli/args.h"

/* The flag has three words, and a fourth, the value, for the property of this name. */
#define MQTT_PAIR_NAME "user-property"

/* By the packet that they go into. */
struct mqtt_blocks {
    struct buf connect, publish, subscribe, unsubscribe, disconnect, will;
};

/* From the values of the command's flag --property. 0 or CLI_USAGE, with the reason printed; to be freed in any
 * case. Each block is one that its packet can have. */
int mqtt_blocks_read(const struct cli_args *args, struct mqtt_blocks *ret_blocks);
void mqtt_blocks_free(struct mqtt_blocks *blocks);

#endif
