/* flags.h — the flags of `thingd pub` and `thingd sub`: mosquitto's letters and names, and what they
 * set. */
#ifndef CLI_MQTT_FLAGS_H
#define CLI_MQTT_FLAGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/args.h"
#include "cli/mqtt/client.h"
#include "cli/mqtt/link.h"
#include "cli/mqtt/properties.h"

extern const struct cli_flag pub_flags[];
extern const struct cli_flag sub_flags[];

struct mqtt_settings {
    struct mqtt_target target;
    struct mqtt_client_opts client;
    uint8_t qos;
    int64_t timeout_ms; /* 0: none */
    bool debug, quiet, tls;
    const char *url_topic;     /* of --url; NULL: none */
    struct mqtt_blocks blocks; /* empty below level 5 */
    struct arena arena;        /* of the texts */
};

/* What both commands have in common. 0, CLI_USAGE or CLI_FAILED, with the reason printed; to be freed
 * in any case. */
int mqtt_settings_read(const struct cli_args *args, struct mqtt_settings *ret_settings);
void mqtt_settings_free(struct mqtt_settings *settings);

/* "5", "mqttv311", ... to enum mqtt_level; ERR_INVALID. */
int mqtt_parse_version(const char *text, uint8_t *ret_level);
/* "2.5" to 2500; ERR_INVALID. */
int mqtt_parse_seconds(const char *text, int64_t *ret_ms);

/* mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC]; mqtts:// with TLS. */
struct mqtt_url {
    bool tls;
    const char *user, *password; /* NULL: none; escapes are decoded */
    const char *host;
    uint16_t port;     /* the scheme's where none is given */
    const char *topic; /* as it is; NULL: none */
};
/* Texts live in the arena. ERR_INVALID or ERR_UNSUPPORTED with the sentence. */
int mqtt_parse_url(const char *text, struct arena *arena, struct mqtt_url *ret_url,
                   struct diag *diag);

#endif
