/* config.h — every setting of the program, read once into one plain struct that nobody changes.
 *
 * Sources, each over the one before it: the defaults, the file, conf.d/NAME.conf beside it in the
 * order of their names, the environment, --set. Files are in libconfig's format (groups of keys).
 *
 *   THINGD_MQTT__MAX_PACKET=4m     the key mqtt.max_packet: two underscores stand for the dot
 *   THINGD_LISTENER__HTTP__PORT=80 listener.http.port
 *   THINGD_TLS__KEY_FILE=/run/x    the value is the text of that file, without its last line end
 *   THINGD_DATA=/srv/thingd        another name of THINGD_HUB__DATA, which goes before it
 *
 * Other names without two underscores are ignored. A list is written with commas outside of files.
 * Pure apart from reading the files named; any thread. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/log.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owned strings. Zero-initialised is valid and empty. */
struct config_list {
    char **items;
    size_t count;
};

enum config_profile { CONFIG_PROFILE_STANDARD, CONFIG_PROFILE_AWS_STRICT };
enum config_queue_full { CONFIG_QUEUE_FULL_REJECT_NEW, CONFIG_QUEUE_FULL_DROP_OLDEST };
enum config_shared_qos2 { CONFIG_SHARED_QOS2_PASS_ON, CONFIG_SHARED_QOS2_KEEP };
enum config_durability { CONFIG_DURABILITY_PROCESS, CONFIG_DURABILITY_POWER };
enum config_client_cert {
    CONFIG_CLIENT_CERT_NONE,
    CONFIG_CLIENT_CERT_OPTIONAL,
    CONFIG_CLIENT_CERT_REQUIRED
};

struct config_listener {
    char *name;
    char *address; /* numeric; of no meaning where path is not empty */
    int64_t port;  /* 0: a free one */
    char *path;    /* of a Unix socket, or empty */
    char *anonymous_policy;
    enum config_client_cert client_cert; /* NONE without tls */
    struct config_list proxy_trusted;    /* see ip_net_parse */
    bool proxy_protocol;
    bool tls;
    bool anonymous;
    bool enabled;
};

/* Members are called as their keys; options.c says what each means. Sizes are bytes, durations
 * milliseconds. Strings are never NULL. Paths are absolute or begin with hub.data, but for those in lists. */
struct config {
    struct {
        char *region;
        char *account;
        char *data; /* never empty: see config_data_dir */
        struct config_list names;
        enum config_profile profile;
        bool strict_region;
        bool core_dumps;
    } hub;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
    struct {
        enum config_durability durability;
        int64_t linger;
        int64_t max_pending;
        int64_t max_pending_bytes;
    } store;
    struct {
        int64_t max_packet;
        int64_t max_inflight;
        int64_t max_queued;
        int64_t max_queued_bytes;
        enum config_queue_full queue_full;
        int64_t max_subscriptions;
        int64_t max_topic_levels;
        int64_t connect_timeout;
        int64_t max_keepalive;                       /* seconds, as on the wire */
        int64_t session_expiry;                      /* 0: never */
        struct config_list session_expiry_by_client; /* see config_expiry_parse */
        int64_t max_sessions;
        int64_t output_buffer;
        int64_t output_timeout;
        int64_t max_packet_rate;
        int64_t max_byte_rate;
        int64_t max_retained;
        int64_t max_retained_bytes;
        int64_t match_cache;
        int64_t sys_interval;
        /* of MQTT 5 */
        int64_t receive_maximum;
        int64_t max_topic_alias;
        bool retain_available;
        bool wildcard_subscriptions;
        bool shared_subscriptions;
        enum config_shared_qos2 shared_qos2;
        char *server_reference;
        char *response_information;
    } mqtt;
    struct {
        int64_t max_body;
        int64_t max_header;
        int64_t max_header_count;
        int64_t max_target;
        int64_t idle_timeout;
        int64_t header_timeout;
        int64_t request_timeout;
        struct config_list allowed_origins;
        int64_t max_event_streams;
        int64_t events_buffer;
        int64_t events_heartbeat;
    } http;
    struct {
        int64_t max_frame;
        int64_t max_message;
    } websocket;
    struct {
        char *cert;
        char *key;
        struct config_list certificates; /* see config_certificate_parse */
        int64_t handshake_workers;
        int64_t handshake_timeout;
        bool session_tickets;
        int64_t session_cache;
        int64_t session_lifetime;
        int64_t ticket_key_lifetime;
    } tls;
    struct {
        int64_t max_bytes;
        int64_t max_depth;
    } json;
    struct {
        int64_t max_bytes;
        int64_t max_depth;
        int64_t cache;
    } shadow;
    struct {
        int64_t max_pending;
        int64_t hook_timeout;
    } provisioning;
    struct {
        int64_t max_hops;
        int64_t max_rules;
        int64_t outbox_max;
        char *file_root;
    } rules;
    struct {
        int64_t timeout;
        int64_t workers;
        int64_t queue;
        char *ca_file;
        struct config_list allow; /* see ip_net_parse */
    } webhook;
    struct {
        int64_t connections;
        int64_t connections_per_address;
        int64_t connect_rate;
        int64_t connect_burst;
        int64_t memory;
        int64_t ledger;
        int64_t temporary_keys;
        int64_t decisions;
    } limits;
    struct {
        char *issuer;
        char *audience;
        char *keys_file;
        int64_t leeway;
        char *policy_claim;
        struct config_list policies; /* "value=PolicyName" */
    } jwt;
    struct {
        int64_t free_failures;
        int64_t delay; /* 0: none */
        int64_t max_delay;
    } auth;

    struct config_listener
        *listeners; /* the five that are always there, then others as they came */
    size_t listener_count;
    struct config_list warnings; /* allowed but doubtful; sentences to be logged once */
};

struct config_sources {
    const char *file;        /* NULL: none, and no conf.d */
    const char *const *sets; /* "group.key=value" each */
    size_t set_count;
    const char *const *environ; /* NULL-terminated "NAME=value"; NULL: none */
};

/* Returns 0 and an owned config; or ERR_CONFIG, and diag has the first error and how many more. */
int config_load(const struct config_sources *sources, struct config **ret_config,
                struct diag *diag);
/* Accepts NULL. */
void config_free(struct config *config);

/* The same without keeping the result: returns 0 or ERR_CONFIG, and in either case both lists,
 * which the caller owns. Each error names its file and line, its variable or its argument:
 *   thingd.conf:12: unknown key 'mqtt.max_paket' (did you mean 'mqtt.max_packet'?)
 * At most 100 errors are kept. */
int config_check(const struct config_sources *sources, struct config_list *ret_errors,
                 struct config_list *ret_warnings);

/* Where the data is when nothing says so: $THINGD_HUB__DATA, else $THINGD_DATA, else
 * /var/lib/thingd if that is there, else ./var. Returns owned. */
char *config_data_dir(const char *const *env);

/* The keys which differ and take effect only at the next start, such as "listener.mqtt.port"; a
 * listener which is in one of the two only is "listener.NAME". The caller owns the list. */
void config_reload_diff(const struct config *before, const struct config *after,
                        struct config_list *ret_keys);

/* Gives `into` the values of `from` for every key that SIGHUP may change. `from` is good only to be freed
 * afterwards. */
void config_take_reloaded(struct config *into, struct config *from);

/* conf/thingd.conf: every key commented out, with its default and its text. */
void config_print_sample(struct buf *out);
/* docs/manual/configuration.md. */
void config_print_manual(struct buf *out);

/* "sensor-*=30d": a pattern for text_glob (a view of item), and how long; 0: never. ERR_INVALID. */
int config_expiry_parse(const char *item, struct slice *ret_pattern, int64_t *ret_ms);

/* "site.pem:site.key", or "both.pem" for the two: views of item. Relative ones are below hub.data.
 * ERR_INVALID. */
int config_certificate_parse(const char *item, struct slice *ret_cert, struct slice *ret_key);

/* "value=PolicyName": views of item; the first '=' parts them. ERR_INVALID. */
int config_jwt_policy_parse(const char *item, struct slice *ret_value, struct slice *ret_policy);

void config_list_deinit(struct config_list *list);

#endif
