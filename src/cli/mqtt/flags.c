/* flags.c — see flags.h.
 *
 * Letters and meanings are mosquitto's, with these exceptions, which the manual tells:
 *   -d   is the data directory, as everywhere; debug output is --debug;
 *   -S   names a Unix socket (mosquitto looks up SRV records);
 *   -W   is for pub too;
 *   -x   means MQTT 5, as -D does.
 * What mosquitto has and we have not is an unknown flag. Where to connect: --unix, --url, or host and
 * port; with none of them the hub of the data directory by its socket, and when there is none which we
 * may use, localhost. */
#include "cli/mqtt/flags.h"

#include "app/data_dir.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "cli/command.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "crypto/secret.h"
#include "topic/topic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PORT = 1883,
    PORT_TLS = 8883,
    WINDOW = 20, /* as mosquitto's; its broker loses QoS 2 messages of a publisher with more */
    WAITING_MAX = 64 << 20,
    PEM_MAX = 4 << 20,
};
static const char system_ca[] = "/etc/ssl/certs/ca-certificates.crt";

/* clang-format off */
#define FLAG(name_, letter_, value_, text_) \
    { .name = (name_), .letter = (letter_), .value = (value_), .text = (text_) },
#define SECRET(name_, letter_, value_, text_) \
    { .name = (name_), .letter = (letter_), .value = (value_), .secret = true, .text = (text_) },
#define FLAGS(name_, letter_, value_, text_) \
    { .name = (name_), .letter = (letter_), .value = (value_), .repeatable = true, .text = (text_) },

#define CONNECTION_FLAGS                                                                           \
    FLAG("--host", 'h', "HOST", "name or address of the hub; localhost where only a port is given") \
    FLAG("--port", 'p', "PORT", "1883, or 8883 with TLS")                                          \
    FLAG("--unix", 'S', "PATH", "connect to this Unix socket")                                     \
    SECRET("--url", 'L', "URL", "mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC]; mqtts:// with TLS") \
    FLAG("--username", 'u', "NAME", "user name")                                                   \
    SECRET("--pw", 'P', "PASSWORD", "its password; better in a file or in THINGD_PASSWORD, where others cannot see it") \
    FLAG("--password-file", 0, "FILE", "its password is the first line of this file; '-' is standard input") \
    FLAG("--id", 'i', "ID", "client id; one is made without it")                                   \
    FLAG("--id-prefix", 'I', "PREFIX", "client id: this and the number of the process")            \
    FLAG("--keepalive", 'k', "SECONDS", "time of silence before a ping; 60 without it, 0: none")   \
    FLAG("--disable-clean-session", 'c', NULL, "keep the session; needs --id")                     \
    FLAG("--protocol-version", 'V', "VERSION", "5, 311 (3.1.1) or 31 (3.1); mqttv5 and so on too; 311 without it") \
    { .name = "--property", .letter = 'D', .value = "COMMAND PROPERTY VALUE", .words = 3,          \
      .longer = MQTT_PAIR_NAME, .repeatable = true, .text = "give a packet a property, see above" }, \
    FLAG("--session-expiry-interval", 'x', "SECONDS", "how long the hub keeps the session; -1: for good") \
    FLAG("--qos", 'q', "QOS", "0, 1 or 2; 0 without it")                                           \
    FLAG("--timeout", 'W', "SECONDS", "give up, or end, after so many seconds")        \
    FLAG("--will-topic", 0, "TOPIC", "leave a will with this topic")                               \
    FLAG("--will-payload", 0, "TEXT", "what it says; nothing without it")                          \
    FLAG("--will-qos", 0, "QOS", "its QoS")                                                        \
    FLAG("--will-retain", 0, NULL, "it is to be retained")                                         \
    FLAG("--cafile", 0, "FILE", "use TLS, and trust these CAs")                                    \
    FLAG("--cert", 0, "FILE", "certificate of the client; needs --key")                            \
    FLAG("--key", 0, "FILE", "its private key")                                                    \
    FLAG("--insecure", 0, NULL, "the hub's certificate may be made for another host")              \
    FLAG("--tls-alpn", 0, "PROTOCOL", "ask for this protocol within TLS")                          \
    FLAG("--debug", 0, NULL, "tell of each packet on standard error")                              \
    FLAG("--quiet", 0, NULL, "no reasons on standard error, but for bad usage")

const struct cli_flag pub_flags[] = {
    FLAG("--topic", 't', "TOPIC", "the topic, if it is not the argument")
    FLAG("--message", 'm', "TEXT", "publish this")
    FLAG("--file", 'f', "FILE", "publish what the file has")
    FLAG("--stdin-line", 'l', NULL, "publish each line of standard input")
    FLAG("--stdin-file", 's', NULL, "publish all of standard input as one message")
    FLAG("--null-message", 'n', NULL, "publish an empty message")
    FLAG("--retain", 'r', NULL, "the message is to be retained")
    FLAG("--repeat", 0, "N", "publish it so many times; not with --stdin-line")
    FLAG("--repeat-delay", 0, "SECONDS", "wait after each is delivered; 0.5 is half a second")
    FLAG("--max-inflight", 'M', "N", "unacknowledged messages at a time; 20 without it")
    CONNECTION_FLAGS
    { 0 },
};

const struct cli_flag sub_flags[] = {
    FLAGS("--topic", 't', "FILTER", "subscribe to this too")
    FLAGS("--filter-out", 'T', "FILTER", "leave out what matches this")
    FLAGS("--unsubscribe", 'U', "FILTER", "unsubscribe first, for a kept session")
    FLAG("--count", 'C', "N", "end after so many messages")
    FLAG("--exit-subscribed", 'E', NULL, "end when the hub has answered the subscriptions")
    FLAG("--format", 'F', "FORMAT", "how to print a message, see above")
    FLAG("--verbose", 'v', NULL, "print topic and payload")
    FLAG("--no-newline", 'N', NULL, "no line end behind a message")
    FLAG("--pretty", 0, NULL, "JSON in several lines")
    FLAG("--no-retained", 'R', NULL, "leave out retained messages")
    FLAG("--retained-only", 0, NULL, "only retained messages; end with the first other one")
    FLAG("--remove-retained", 0, NULL, "remove the retained messages that are received")
    FLAG("--retain-as-published", 0, NULL, "messages keep the retain flag of their publisher; else only old ones have it")
    CONNECTION_FLAGS
    { 0 },
};
/* clang-format on */

/* ---- small readers -------------------------------------------------------------------------- */

int mqtt_parse_version(const char *text, uint8_t *ret_level)
{
    static const struct {
        const char *name;
        uint8_t level;
    } versions[] = {
        { "311", MQTT_LEVEL_311 },    { "mqttv311", MQTT_LEVEL_311 }, { "31", MQTT_LEVEL_31 },
        { "mqttv31", MQTT_LEVEL_31 }, { "5", MQTT_LEVEL_5 },          { "mqttv5", MQTT_LEVEL_5 },
    };
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        if (strcmp(text, versions[i].name) != 0) continue;
        *ret_level = versions[i].level;
        return 0;
    }
    return ERR_INVALID;
}

int mqtt_parse_seconds(const char *text, int64_t *ret_ms)
{
    const struct slice all = slice_str(text);
    size_t whole = strcspn(text, ".");
    int64_t seconds = 0, parts = 0;
    if (text_to_int(slice_of(text, whole), 0, 365LL * 86400, &seconds) < 0) return ERR_INVALID;
    if (whole < all.len) {
        struct slice tail = slice_from(all, whole + 1);
        if (tail.len > 3 || text_to_int(tail, 0, 999, &parts) < 0) return ERR_INVALID;
        for (size_t i = tail.len; i < 3; i++)
            parts *= 10;
    }
    *ret_ms = seconds * 1000 + parts;
    return 0;
}

static int bad_url(struct diag *diag, const char *why)
{
    return diag_set(diag, ERR_INVALID, "the URL %s", why);
}

static const char *decode(struct arena *arena, struct slice text)
{
    struct buf out = { 0 };
    const char *copy = NULL;
    if (url_decode(&out, text) == 0) copy = arena_strndup(arena, buf_str(&out), out.len);
    buf_deinit(&out);
    return copy;
}

static int parse_login(struct slice login, struct arena *arena, struct mqtt_url *url,
                       struct diag *diag)
{
    const char *colon = memchr(login.ptr, ':', login.len);
    struct slice user = login;
    if (colon) user.len = (size_t)(colon - login.ptr);
    url->user = decode(arena, user);
    if (colon) url->password = decode(arena, slice_from(login, user.len + 1));
    if (!url->user || (colon && !url->password)) return bad_url(diag, "has a bad escape");
    return 0;
}

static int parse_host(struct slice text, struct arena *arena, struct mqtt_url *url,
                      struct diag *diag)
{
    struct slice host = text;
    const char *end = text.len && text.ptr[0] == '[' ? memchr(text.ptr, ']', text.len) : NULL;
    const char *colon = end ? memchr(end, ':', text.len - (size_t)(end - text.ptr))
                            : memchr(text.ptr, ':', text.len);
    int64_t port = url->port;
    if (colon) host.len = (size_t)(colon - text.ptr);
    if (colon && text_to_int(slice_from(text, host.len + 1), 1, 65535, &port) < 0)
        return bad_url(diag, "has a bad port");
    if (end && end + 1 != host.ptr + host.len) return bad_url(diag, "has a bad address");
    if (end) host = slice_of(host.ptr + 1, host.len - 2);
    if (host.len == 0) return bad_url(diag, "has no host");
    url->host = arena_strndup(arena, host.ptr, host.len);
    url->port = (uint16_t)port;
    return 0;
}

int mqtt_parse_url(const char *text, struct arena *arena, struct mqtt_url *ret_url,
                   struct diag *diag)
{
    static const struct {
        const char *prefix;
        bool tls;
    } schemes[] = { { "mqtt://", false }, { "mqtts://", true } };
    struct mqtt_url url = { 0 };
    size_t skip = 0;
    for (size_t i = 0; i < ARRAY_LEN(schemes) && !skip; i++) {
        if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) != 0) continue;
        skip = strlen(schemes[i].prefix);
        url.tls = schemes[i].tls;
    }
    if (!skip)
        return diag_set(diag, ERR_UNSUPPORTED, "the URL must begin with mqtt:// or mqtts://");
    url.port = url.tls ? PORT_TLS : PORT;
    struct slice place = slice_of(text + skip, strcspn(text + skip, "/"));
    const char *slash = place.ptr + place.len, *at = memchr(place.ptr, '@', place.len);
    int rc = 0;
    if (*slash && slash[1]) url.topic = arena_strdup(arena, slash + 1);
    if (at) {
        struct slice login = slice_of(place.ptr, (size_t)(at - place.ptr));
        rc = parse_login(login, arena, &url, diag);
        place = slice_from(place, login.len + 1);
    }
    if (rc == 0) rc = parse_host(place, arena, &url, diag);
    if (rc == 0) *ret_url = url;
    return rc;
}

/* ---- where ---------------------------------------------------------------------------------- */

static const char *data_dir(const struct cli_args *args, struct arena *arena)
{
    const char *given = cli_flag_value(args, "--data", NULL);
    if (given && *given) return given;
    char *dir = config_data_dir(command_environ(args));
    const char *copy = arena_strdup(arena, dir);
    free(dir);
    return copy;
}

static bool any_given(const struct cli_args *args, const char *const *names)
{
    for (; *names; names++)
        if (cli_flag_given(args, *names)) return true;
    return false;
}

static const char *const tls_names[] = { "--cafile",   "--cert",     "--key",
                                         "--insecure", "--tls-alpn", NULL };

static int read_url(const struct cli_args *args, struct mqtt_settings *s)
{
    static const char *const others[] = { "--host", "--port",          "--unix", "--username",
                                          "--pw",   "--password-file", NULL };
    struct mqtt_connect *connect = &s->client.connect;
    struct mqtt_url url = { 0 };
    struct diag diag = DIAG_INIT;
    if (any_given(args, others))
        return cli_bad_usage(args, "flag '--url' tells host, port, user name and password: give no "
                                   "flags for them");
    int rc = mqtt_parse_url(cli_flag_value(args, "--url", ""), &s->arena, &url, &diag);
    if (rc < 0) return cli_bad_usage(args, "flag '--url': %s", diag_text(&diag, rc));
    if (!url.tls && any_given(args, tls_names))
        return cli_bad_usage(args, "mqtt:// is without TLS: write mqtts://");
    s->target.host = url.host;
    s->target.port = url.port;
    s->tls = url.tls;
    s->url_topic = url.topic;
    connect->has_username = url.user;
    connect->has_password = url.password;
    connect->username = slice_str(url.user);
    connect->password = slice_str(url.password);
    return 0;
}

/* The hub of the data directory. Who may not use its socket is served like any other client. */
static void find_hub(const struct cli_args *args, struct mqtt_settings *s)
{
    const char *path = arena_printf(&s->arena, "%s/thingd.sock", data_dir(args, &s->arena));
    if (!any_given(args, tls_names) && access(path, R_OK | W_OK) == 0)
        s->target.path = path;
    else
        s->target.host = "localhost";
}

static int read_place(const struct cli_args *args, struct mqtt_settings *s)
{
    static const char *const others[] = { "--host", "--port", NULL };
    int64_t port = 0;
    if (cli_flag_given(args, "--url")) return read_url(args, s);
    s->target.path = cli_flag_value(args, "--unix", NULL);
    if (s->target.path && (any_given(args, others) || any_given(args, tls_names)))
        return cli_bad_usage(args, "flag '--unix' goes with no host, no port and no TLS");
    s->target.host = cli_flag_value(args, "--host", NULL);
    if (!s->target.host && cli_flag_given(args, "--port")) s->target.host = "localhost";
    if (!s->target.path && !s->target.host) find_hub(args, s);
    int rc = cli_flag_number(args, "--port", 1, 65535, 0, &port);
    /* as with mosquitto, the port of TLS means TLS */
    s->tls = any_given(args, tls_names) || port == PORT_TLS;
    s->target.port = (uint16_t)(port ? port : s->tls ? PORT_TLS : PORT);
    return rc;
}

/* ---- TLS ------------------------------------------------------------------------------------ */

static int read_pem(const struct cli_args *args, const char *file, struct buf *ret_pem)
{
    struct diag diag = DIAG_INIT;
    int rc = file_read(file, PEM_MAX, ret_pem, &diag);
    return rc < 0 ? cli_failed(args, "%s", diag_text(&diag, rc)) : 0;
}

static int read_own_cas(const struct cli_args *args, struct arena *arena, struct buf *ret_cas)
{
    struct diag diag = DIAG_INIT;
    const char *dir = data_dir(args, arena);
    const char *first = arena_printf(arena, "%s/%s", dir, data_dir_ca_name(DATA_DIR_EC));
    if (access(first, R_OK) < 0) return 0;
    int rc = data_dir_read_cas(dir, ret_cas, &diag);
    return rc < 0 ? cli_failed(args, "%s", diag_text(&diag, rc)) : 0;
}

/* Without --cafile: the CAs of the system and the hub's own, as far as they are there. */
static int read_cas(const struct cli_args *args, struct mqtt_settings *s, struct buf *ret_cas)
{
    const char *file = cli_flag_value(args, "--cafile", NULL);
    if (file) return read_pem(args, file, ret_cas);
    int rc = access(system_ca, R_OK) == 0 ? read_pem(args, system_ca, ret_cas) : 0;
    if (rc == 0) rc = read_own_cas(args, &s->arena, ret_cas);
    if (rc == 0 && ret_cas->len == 0) rc = cli_bad_usage(args, "TLS needs --cafile FILE here");
    return rc;
}

static int make_client(const struct cli_args *args, struct mqtt_settings *s, struct slice cas,
                       struct slice cert, struct slice key)
{
    struct diag diag = DIAG_INIT;
    const struct tls_client_opts opts = { .ca_pem = cas,
                                          .cert_chain_pem = cert,
                                          .key_pem = key,
                                          .host = s->target.host,
                                          .any_host = cli_flag_given(args, "--insecure"),
                                          .alpn = cli_flag_value(args, "--tls-alpn", NULL) };
    int rc = tls_client_create(&s->target.tls, &opts, &diag);
    return rc < 0 ? cli_failed(args, "%s", diag_text(&diag, rc)) : 0;
}

static int read_tls(const struct cli_args *args, struct mqtt_settings *s)
{
    const char *cert_file = cli_flag_value(args, "--cert", NULL);
    const char *key_file = cli_flag_value(args, "--key", NULL);
    struct buf cas = { 0 }, cert = { 0 }, key = { 0 };
    if (!cert_file != !key_file)
        return cli_bad_usage(args, "flags '--cert' and '--key' go together");
    if (!s->tls) return 0;
    int rc = read_cas(args, s, &cas);
    if (rc == 0 && cert_file) rc = read_pem(args, cert_file, &cert);
    if (rc == 0 && cert_file) rc = read_pem(args, key_file, &key);
    if (rc == 0) rc = make_client(args, s, buf_slice(&cas), buf_slice(&cert), buf_slice(&key));
    if (key.data) crypto_wipe(key.data, key.cap);
    buf_deinit(&cas);
    buf_deinit(&cert);
    buf_deinit(&key);
    return rc;
}

/* ---- who ------------------------------------------------------------------------------------ */

/* A flag that was given and is for MQTT 5; NULL: none. Not both commands have all of them. */
static const char *given_for_5(const struct cli_args *args)
{
    static const char *const names[] = { "--property", "--session-expiry-interval",
                                         "--retain-as-published" };
    for (size_t i = 0; i < args->given_count; i++) {
        for (size_t n = 0; n < ARRAY_LEN(names); n++)
            if (args->given[i].count && strcmp(args->given[i].flag->name, names[n]) == 0)
                return names[n];
    }
    return NULL;
}

static int read_version(const struct cli_args *args, struct mqtt_connect *connect)
{
    const char *only5 = given_for_5(args);
    const char *text = cli_flag_value(args, "--protocol-version", only5 ? "5" : "311");
    if (mqtt_parse_version(text, &connect->level) < 0)
        return cli_bad_usage(args, "flag '--protocol-version': '%s' is none of 5, 311 and 31",
                             text);
    if (only5 && connect->level < MQTT_LEVEL_5)
        return cli_bad_usage(args, "flag '%s' is for MQTT 5", only5);
    return 0;
}

static int read_login(const struct cli_args *args, struct arena *arena,
                      struct mqtt_connect *connect)
{
    const char *user = cli_flag_value(args, "--username", NULL);
    struct buf password = { 0 };
    bool given = false;
    if (cli_flag_given(args, "--url")) return 0;
    int rc = command_client_password(args, &given, &password);
    if (rc == 0 && given && !user && connect->level < MQTT_LEVEL_5)
        rc = cli_bad_usage(args, "a password needs --username NAME");
    connect->has_username = user;
    connect->has_password = given;
    connect->username = slice_str(user);
    connect->password = slice_str(arena_strndup(arena, buf_str(&password), password.len));
    secret_wipe(&password);
    return rc;
}

static int read_id(const struct cli_args *args, struct mqtt_settings *s)
{
    struct mqtt_connect *connect = &s->client.connect;
    const char *id = cli_flag_value(args, "--id", NULL);
    const char *prefix = cli_flag_value(args, "--id-prefix", NULL);
    if (id && prefix) return cli_bad_usage(args, "either --id or --id-prefix");
    connect->clean_session = !cli_flag_given(args, "--disable-clean-session");
    if (!connect->clean_session && !id)
        return cli_bad_usage(args, "flag '--disable-clean-session' needs --id ID");
    if (prefix)
        id = arena_printf(&s->arena, "%s%ld", prefix, (long)getpid());
    else if (!id)
        id = arena_printf(&s->arena, "thingd-%s-%08x", args->command->name,
                          (unsigned)(rand_u64() & UINT32_MAX));
    connect->client_id = slice_str(id);
    return 0;
}

static int read_will(const struct cli_args *args, struct mqtt_connect *connect)
{
    static const char *const parts[] = { "--will-payload", "--will-qos", "--will-retain", NULL };
    const char *topic = cli_flag_value(args, "--will-topic", NULL);
    int64_t qos = 0;
    if (!topic && any_given(args, parts))
        return cli_bad_usage(args, "a will needs --will-topic TOPIC");
    int rc = cli_flag_number(args, "--will-qos", 0, 2, 0, &qos);
    if (rc || !topic) return rc;
    const char *why = topic_name_why(slice_str(topic));
    if (why) return cli_bad_usage(args, "flag '--will-topic': %s", why);
    connect->will = true;
    connect->will_qos = (uint8_t)qos;
    connect->will_retain = cli_flag_given(args, "--will-retain");
    connect->will_topic = slice_str(topic);
    connect->will_payload = slice_str(cli_flag_value(args, "--will-payload", ""));
    return 0;
}

/* ---- properties ----------------------------------------------------------------------------- */

static int read_expiry(const struct cli_args *args, const struct mqtt_settings *s,
                       int64_t *ret_seconds)
{
    const char *text = cli_flag_value(args, "--session-expiry-interval", NULL);
    const struct slice given = buf_slice(&s->blocks.connect);
    int64_t seconds = mqtt_property_number(given, MQTT_PROP_session_expiry, 0);
    struct mqtt_property prop;
    if (mqtt_property_find(given, MQTT_PROP_session_expiry, &prop)) {
        if (text) return cli_bad_usage(args, "the session's expiry is given twice");
    } else if (text && strcmp(text, "-1") != 0 && strcmp(text, "∞") != 0) {
        int rc = cli_flag_number(args, "--session-expiry-interval", 0, UINT32_MAX, 0, &seconds);
        if (rc) return rc;
    } else if (text || !s->client.connect.clean_session) {
        seconds = UINT32_MAX;
    }
    if (seconds == UINT32_MAX && !cli_flag_given(args, "--id"))
        return cli_bad_usage(args, "a session that is kept for good needs --id ID");
    *ret_seconds = seconds;
    return 0;
}

static int check_blocks(const struct cli_args *args, const struct mqtt_blocks *blocks)
{
    const struct slice connect = buf_slice(&blocks->connect),
                       leave = buf_slice(&blocks->disconnect);
    if (blocks->will.len && !cli_flag_given(args, "--will-topic"))
        return cli_bad_usage(args, "a will needs --will-topic TOPIC");
    if (!mqtt_property_number(connect, MQTT_PROP_session_expiry, 0) &&
        mqtt_property_number(leave, MQTT_PROP_session_expiry, 0))
        return cli_bad_usage(args, "a session that ends with the connection cannot be prolonged by "
                                   "DISCONNECT");
    return 0;
}

static int read_properties(const struct cli_args *args, struct mqtt_settings *s)
{
    struct mqtt_blocks *blocks = &s->blocks;
    struct mqtt_connect *connect = &s->client.connect;
    struct mqtt_property prop;
    int64_t expiry = 0;
    if (connect->level < MQTT_LEVEL_5) return 0;
    int rc = mqtt_blocks_read(args, blocks);
    if (rc == 0) rc = read_expiry(args, s, &expiry);
    if (rc) return rc;
    if (expiry && !mqtt_property_find(buf_slice(&blocks->connect), MQTT_PROP_session_expiry, &prop))
        mqtt_put_number(&blocks->connect, MQTT_PROP_session_expiry, (uint32_t)expiry);
    connect->properties = buf_slice(&blocks->connect);
    connect->will_properties = buf_slice(&blocks->will);
    s->client.subscribe = buf_slice(&blocks->subscribe);
    s->client.unsubscribe = buf_slice(&blocks->unsubscribe);
    s->client.disconnect = buf_slice(&blocks->disconnect);
    return check_blocks(args, blocks);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int read_numbers(const struct cli_args *args, struct mqtt_settings *s)
{
    int64_t keep_alive = 0, qos = 0, timeout = 0;
    int rc = cli_flag_number(args, "--keepalive", 0, 65535, 60, &keep_alive);
    if (rc == 0) rc = cli_flag_number(args, "--qos", 0, 2, 0, &qos);
    if (rc == 0) rc = cli_flag_number(args, "--timeout", 1, 365 * 86400, 0, &timeout);
    if (rc) return rc;
    s->client.connect.keep_alive = (uint16_t)keep_alive;
    s->qos = (uint8_t)qos;
    s->timeout_ms = timeout * 1000;
    return 0;
}

int mqtt_settings_read(const struct cli_args *args, struct mqtt_settings *s)
{
    *s = (struct mqtt_settings){ .client = { .window = WINDOW, .max_waiting = WAITING_MAX },
                                 .debug = cli_flag_given(args, "--debug"),
                                 .quiet = cli_flag_given(args, "--quiet") };
    int rc = read_version(args, &s->client.connect);
    if (rc == 0) rc = read_numbers(args, s);
    if (rc == 0) rc = read_id(args, s);
    if (rc == 0) rc = read_login(args, &s->arena, &s->client.connect);
    if (rc == 0) rc = read_will(args, &s->client.connect);
    if (rc == 0) rc = read_properties(args, s);
    if (rc == 0) rc = read_place(args, s);
    if (rc == 0) rc = read_tls(args, s);
    return rc;
}

void mqtt_settings_free(struct mqtt_settings *s)
{
    tls_client_destroy(s->target.tls);
    mqtt_blocks_free(&s->blocks);
    arena_deinit(&s->arena);
}
