/* options.c — the table of options, and what the rows need: names of choices, forms of strings.
 *
 * One row is everything that the program knows of a key: the parser, the ranges, the sample file,
 * the manual and the reload are driven by it. To add an option, add its member to struct config,
 * its row here, and print the sample and the manual anew (see tests/unit/config). A row without a
 * reader elsewhere is a mistake: nothing may be configurable that has no effect.
 *
 *  I1  Rows of one group stand together, groups in the order of the manual.
 *  I2  Every fallback passes its own row's checks; the unit test loads them all.
 *  I3  OPT_ENUM members are enums of the size of int whose values are the indexes of their choices.
 *
 * `reload` marks what SIGHUP may change: limits that are looked up at each use, timeouts, logging,
 * certificates. What sizes a structure or opens something at the start is not. */
#include "base/ip_net.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/text.h"
#include "config/config_priv.h"

#include <arpa/inet.h>
#include <string.h>

static const char *const profiles[] = { "standard", "aws-strict", NULL };
static const char *const levels[] = { "error", "warn", "info", "debug", "trace", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const durabilities[] = { "process", "power", NULL };
static const char *const queue_fulls[] = { "reject-new", "drop-oldest", NULL };
static const char *const shared_qos2s[] = { "pass-on", "keep", NULL };
static const char *const client_certs[] = { "none", "optional", "required", NULL };

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

/* Whether all of text is of the three sets. */
static bool consists_of(const char *text, const char *a, const char *b, const char *c)
{
    for (; *text; text++)
        if (!strchr(a, *text) && !strchr(b, *text) && !strchr(c, *text)) return false;
    return true;
}

static bool valid_region(const char *text)
{
    return *text && consists_of(text, lower, digits, "-");
}

static bool valid_account(const char *text)
{
    return strlen(text) == 12 && consists_of(text, digits, "", "");
}

static bool valid_ip(const char *text)
{
    unsigned char bytes[16];
    char address[64];
    size_t len = strcspn(text, "%"); /* fe80::1%eth0 */
    if (len >= sizeof address || (text[len] == '%' && !text[len + 1])) return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (text[len] == '\0' && inet_pton(AF_INET, address, bytes) == 1) return true;
    return inet_pton(AF_INET6, address, bytes) == 1;
}

static bool valid_net(const char *text)
{
    struct ip_net net;
    return ip_net_parse(text, &net) == 0;
}

/* RFC 1123, section 2.1, or an address. */
static bool valid_host(const char *text)
{
    if (valid_ip(text)) return !strchr(text, '%');
    size_t len = strlen(text), label = 0;
    if (len == 0 || len > 253) return false;
    for (size_t i = 0; i <= len; i++) {
        bool end = text[i] == '.' || text[i] == '\0';
        if (end && (label == 0 || label > 63 || text[i - 1] == '-')) return false;
        if (!end && label == 0 && text[i] == '-') return false;
        label = end ? 0 : label + 1;
    }
    return consists_of(text, lower, upper, "0123456789.-");
}

/* RFC 6454, section 6.2: scheme, host and port; nothing after them. */
static bool valid_origin(const char *text)
{
    size_t at = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
    return at && text[at] && text[at] != ':' && consists_of(text + at, lower, digits, ".-:[]");
}

/* What may stand in a property of MQTT 5. */
static bool valid_text(const char *text)
{
    return utf8_valid(slice_str(text));
}

bool config_policy_name_valid(const char *text)
{
    return *text && strlen(text) <= 128 && consists_of(text, lower, upper, "0123456789_+=,.@-");
}

#define CONF(member)     offsetof(struct config, member)
#define LISTENER(member) offsetof(struct config_listener, member)
#define MILLION          1000000
#define KIB(n)           ((int64_t)(n) << 10)
#define MIB(n)           ((int64_t)(n) << 20)
#define GIB(n)           ((int64_t)(n) << 30)

/* clang-format off */
const struct option config_options[] = {
    { .name = "hub.region", .type = OPT_STRING, .offset = CONF(hub.region),
      .min = 1, .max = 32, .fallback = "local",
      .valid = valid_region, .what = "a region (lower-case letters, digits and '-')",
      .text = "The region in ARNs." },
    { .name = "hub.account", .type = OPT_STRING, .offset = CONF(hub.account),
      .min = 12, .max = 12, .fallback = "000000000000",
      .valid = valid_account, .what = "an account of twelve digits",
      .text = "The account in ARNs, twelve digits." },
    { .name = "hub.strict_region", .type = OPT_BOOL, .offset = CONF(hub.strict_region),
      .fallback = "false",
      .text = "Refuse SigV4 requests which are signed for another region than hub.region." },
    { .name = "hub.profile", .type = OPT_ENUM, .offset = CONF(hub.profile),
      .choices = profiles, .fallback = "standard",
      .text = "Which restrictions hold. aws-strict turns those of AWS IoT Core on, so that what "
              "passes here passes there: 128 KB payloads, no QoS 2, retained messages for filters "
              "without wildcards only, and more: see docs/aws-compatibility.md. What an option sets "
              "goes before the profile's default." },
    { .name = "hub.names", .type = OPT_LIST, .offset = CONF(hub.names),
      .max = 253, .fallback = "",
      .valid = valid_host, .what = "a host name or an IP address",
      .text = "More names of this host, for the server's certificate and for the check of Host." },
    { .name = "hub.data", .type = OPT_STRING, .offset = CONF(hub.data),
      .max = CONFIG_STRING_MOST, .fallback = "",
      .text = "The data directory, normally given by -d. Empty: /var/lib/thingd where it exists, "
              "else ./var." },
    { .name = "hub.core_dumps", .type = OPT_BOOL, .offset = CONF(hub.core_dumps),
      .fallback = "false",
      .text = "Let the process leave core dumps, and debuggers of its own user attach. For the search of "
              "faults only: a dump holds passwords and keys." },

    { .name = "log.level", .type = OPT_ENUM, .offset = CONF(log.level),
      .choices = levels, .fallback = "info", .reload = true,
      .text = "The least grave lines that are logged." },
    { .name = "log.format", .type = OPT_ENUM, .offset = CONF(log.format),
      .choices = formats, .fallback = "text", .reload = true,
      .text = "Lines for people, or one JSON object a line." },

    { .name = "store.durability", .type = OPT_ENUM, .offset = CONF(store.durability),
      .choices = durabilities, .fallback = "process",
      .text = "What an acknowledged change survives: any death of the process, or a loss of power "
              "too (each commit waits for the disk)." },
    { .name = "store.linger", .type = OPT_DURATION, .offset = CONF(store.linger),
      .min = 0, .max = 1000, .fallback = "5ms",
      .text = "How long a batch may wait for more while nobody waits for it." },
    { .name = "store.max_pending", .type = OPT_INT, .offset = CONF(store.max_pending),
      .min = 100, .max = 10 * MILLION, .fallback = "100000",
      .text = "Changes waiting for the disk above which new ones are refused." },
    { .name = "store.max_pending_bytes", .type = OPT_BYTES, .offset = CONF(store.max_pending_bytes),
      .min = MIB(1), .max = GIB(4), .fallback = "64m",
      .text = "The same in bytes of messages." },

    { .name = "mqtt.max_packet", .type = OPT_BYTES, .offset = CONF(mqtt.max_packet),
      .min = KIB(1), .max = MIB(256), .fallback = "2m", .reload = true,
      .text = "Largest MQTT packet accepted; longer ones close the connection." },
    { .name = "mqtt.max_inflight", .type = OPT_INT, .offset = CONF(mqtt.max_inflight),
      .min = 1, .max = 65535, .fallback = "100", .reload = true,
      .text = "Messages sent to a session and not yet acknowledged by it." },
    { .name = "mqtt.max_queued", .type = OPT_INT, .offset = CONF(mqtt.max_queued),
      .min = 1, .max = 10 * MILLION, .fallback = "100000", .reload = true,
      .text = "Messages waiting for one session; further ones are dropped and counted." },
    { .name = "mqtt.max_queued_bytes", .type = OPT_BYTES, .offset = CONF(mqtt.max_queued_bytes),
      .min = KIB(64), .max = GIB(4), .fallback = "64m", .reload = true,
      .text = "Bytes of the messages waiting for one session; further ones are dropped and "
              "counted." },
    { .name = "mqtt.queue_full", .type = OPT_ENUM, .offset = CONF(mqtt.queue_full),
      .choices = queue_fulls, .fallback = "reject-new", .reload = true,
      .text = "What is dropped when a session's queue is full: the new message, or the oldest one that "
              "was not sent." },
    { .name = "mqtt.max_subscriptions", .type = OPT_INT, .offset = CONF(mqtt.max_subscriptions),
      .min = 1, .max = MILLION, .fallback = "1000", .strict = "50", .reload = true,
      .text = "Subscriptions of one session." },
    { .name = "mqtt.max_topic_levels", .type = OPT_INT, .offset = CONF(mqtt.max_topic_levels),
      .min = 1, .max = 1024, .fallback = "128", .strict = "8", .reload = true,
      .text = "Levels of a topic or filter." },
    { .name = "mqtt.connect_timeout", .type = OPT_DURATION, .offset = CONF(mqtt.connect_timeout),
      .min = 100, .max = 600 * 1000, .fallback = "10s", .reload = true,
      .text = "How long a new connection may take until its CONNECT is complete." },
    { .name = "mqtt.max_keepalive", .type = OPT_INT, .offset = CONF(mqtt.max_keepalive),
      .min = 0, .max = 65535, .fallback = "0", .strict = "1200", .reload = true,
      .text = "Longest keep-alive in seconds; a client that asks for more, or for none, gets this. "
              "0: what the client asks for." },
    { .name = "mqtt.session_expiry", .type = OPT_DURATION, .offset = CONF(mqtt.session_expiry),
      .min = 0, .max = CONFIG_EXPIRY_MOST_MS, .fallback = "7d", .strict = "1h", .reload = true,
      .text = "How long a persistent session is kept after its client has gone; 0: for ever. The most "
              "that a client of MQTT 5 is given, whatever it asks for. What is configured now holds "
              "for all sessions, also for those that wait already." },
    { .name = "mqtt.session_expiry_by_client", .type = OPT_LIST,
      .offset = CONF(mqtt.session_expiry_by_client),
      .max = 300, .fallback = "", .reload = true, .valid = config_expiry_valid,
      .what = "a pattern of client ids and a duration, such as sensor-*=30d",
      .text = "The same for some clients: items such as sensor-*=30d, where * stands for any text "
              "and ? for one character; the first that matches the client id counts." },
    { .name = "mqtt.max_sessions", .type = OPT_INT, .offset = CONF(mqtt.max_sessions),
      .min = 1, .max = 10 * MILLION, .fallback = "100000", .reload = true,
      .text = "Sessions, connected or kept; above it new clients are refused." },
    { .name = "mqtt.output_buffer", .type = OPT_BYTES, .offset = CONF(mqtt.output_buffer),
      .min = KIB(64), .max = GIB(1), .fallback = "4m", .reload = true,
      .text = "Bytes queued towards one connection above which QoS 0 messages to it are dropped "
              "and others wait in its session." },
    { .name = "mqtt.output_timeout", .type = OPT_DURATION, .offset = CONF(mqtt.output_timeout),
      .min = 1000, .max = 24 * 3600 * 1000, .fallback = "2m", .reload = true,
      .text = "A client that takes nothing of the output which waits for it for so long is "
              "disconnected, whatever its keep-alive." },
    { .name = "mqtt.max_packet_rate", .type = OPT_INT, .offset = CONF(mqtt.max_packet_rate),
      .min = 0, .max = MILLION, .fallback = "0", .strict = "100", .reload = true,
      .text = "Packets a second from one connection, and as many at once; a faster one is read "
              "from later, and nothing is lost. Acknowledgements of what the hub sent do not "
              "count. Of WebSocket frames with nothing in them (control frames, empty ones) as many are taken "
              "besides. 0: no limit." },
    { .name = "mqtt.max_byte_rate", .type = OPT_BYTES, .offset = CONF(mqtt.max_byte_rate),
      .min = 0, .max = GIB(1), .fallback = "0", .strict = "512k", .reload = true,
      .text = "The same in bytes a second." },
    { .name = "mqtt.max_retained", .type = OPT_INT, .offset = CONF(mqtt.max_retained),
      .min = 0, .max = 10 * MILLION, .fallback = "100000", .reload = true,
      .text = "Topics with a retained message; above it new ones are not retained." },
    { .name = "mqtt.max_retained_bytes", .type = OPT_BYTES, .offset = CONF(mqtt.max_retained_bytes),
      .min = KIB(64), .max = GIB(4), .fallback = "64m", .reload = true,
      .text = "Memory for retained messages; above it, and above max_retained topics, a message is "
              "delivered but not retained." },
    { .name = "mqtt.match_cache", .type = OPT_INT, .offset = CONF(mqtt.match_cache),
      .min = 16, .max = MILLION, .fallback = "16384",
      .text = "Topics whose receivers are remembered between publishes." },
    { .name = "mqtt.sys_interval", .type = OPT_DURATION, .offset = CONF(mqtt.sys_interval),
      .min = 0, .max = 3600 * 1000, .fallback = "10s", .reload = true,
      .text = "How often the topics below $SYS/broker are brought up to date; 0: there are none." },
    { .name = "mqtt.receive_maximum", .type = OPT_INT, .offset = CONF(mqtt.receive_maximum),
      .min = 1, .max = 65535, .fallback = "1000", .strict = "100", .reload = true,
      .text = "MQTT 5: messages of QoS 1 and 2 that a client may have under way to the hub; clients are "
              "told so, and one that sends more is disconnected." },
    { .name = "mqtt.max_topic_alias", .type = OPT_INT, .offset = CONF(mqtt.max_topic_alias),
      .min = 0, .max = 65535, .fallback = "32", .strict = "8", .reload = true,
      .text = "MQTT 5: topic aliases of a connection, in each direction; the hub uses at most 64 of its own. "
              "0: none." },
    { .name = "mqtt.retain_available", .type = OPT_BOOL, .offset = CONF(mqtt.retain_available),
      .fallback = "true", .reload = true,
      .text = "Retain messages. Without, a client that asks for it is disconnected; one of MQTT 5 is told so "
              "when it connects." },
    { .name = "mqtt.wildcard_subscriptions", .type = OPT_BOOL,
      .offset = CONF(mqtt.wildcard_subscriptions), .fallback = "true", .reload = true,
      .text = "Let clients subscribe to filters with wildcards." },
    { .name = "mqtt.shared_subscriptions", .type = OPT_BOOL,
      .offset = CONF(mqtt.shared_subscriptions), .fallback = "true", .reload = true,
      .text = "Let clients subscribe to $share/GROUP/FILTER." },
    { .name = "mqtt.shared_qos2", .type = OPT_ENUM, .offset = CONF(mqtt.shared_qos2),
      .choices = shared_qos2s, .fallback = "pass-on", .reload = true,
      .text = "What becomes of a message of QoS 2 that was sent to a member of a group which leaves before "
              "it has confirmed it: another member gets it, as with QoS 1, or it is kept for this one, so "
              "that nobody has it twice (MQTT 5.0, section 4.8.2)." },
    { .name = "mqtt.server_reference", .type = OPT_STRING, .offset = CONF(mqtt.server_reference),
      .max = 1024, .fallback = "", .reload = true,
      .valid = valid_text, .what = "UTF-8 text",
      .text = "Where clients of MQTT 5 are told to go when this hub shuts down, such as "
              "\"hub2.example:8883\"." },
    { .name = "mqtt.response_information", .type = OPT_STRING,
      .offset = CONF(mqtt.response_information),
      .max = 1024, .fallback = "", .reload = true,
      .valid = valid_text, .what = "UTF-8 text",
      .text = "What clients of MQTT 5 that ask for response information are told: the beginning of their "
              "response topics, such as \"answers/${clientId}\"." },

    { .name = "http.max_body", .type = OPT_BYTES, .offset = CONF(http.max_body),
      .min = KIB(1), .max = MIB(256), .fallback = "2m",
      .text = "Largest request body; longer ones are answered 413." },
    { .name = "http.max_header", .type = OPT_BYTES, .offset = CONF(http.max_header),
      .min = KIB(1), .max = MIB(1), .fallback = "16k",
      .text = "Bytes of all headers of a request; more are answered 431." },
    { .name = "http.max_header_count", .type = OPT_INT, .offset = CONF(http.max_header_count),
      .min = 8, .max = 1000, .fallback = "100",
      .text = "Headers of a request; more are answered 431." },
    { .name = "http.max_target", .type = OPT_BYTES, .offset = CONF(http.max_target),
      .min = KIB(1), .max = MIB(1), .fallback = "16k",
      .text = "Bytes of a request's target, the query included; longer ones are answered 414." },
    { .name = "http.idle_timeout", .type = OPT_DURATION, .offset = CONF(http.idle_timeout),
      .min = 1000, .max = 3600 * 1000, .fallback = "60s",
      .text = "How long a connection is kept between two requests, and how long one that takes nothing of its "
              "answer." },
    { .name = "http.header_timeout", .type = OPT_DURATION, .offset = CONF(http.header_timeout),
      .min = 100, .max = 600 * 1000, .fallback = "10s",
      .text = "How long request line and headers may take to arrive." },
    { .name = "http.request_timeout", .type = OPT_DURATION, .offset = CONF(http.request_timeout),
      .min = 100, .max = 3600 * 1000, .fallback = "30s",
      .text = "How long a request body may take to arrive." },
    { .name = "http.allowed_origins", .type = OPT_LIST, .offset = CONF(http.allowed_origins),
      .max = 300, .fallback = "",
      .valid = valid_origin, .what = "an origin such as https://console.example",
      .text = "Origins of web pages whose scripts may use the hub." },
    { .name = "http.max_event_streams", .type = OPT_INT, .offset = CONF(http.max_event_streams),
      .min = 0, .max = 100000, .fallback = "100",
      .text = "Streams of GET /hub/subscribe at one time; above it a request is answered 503. Clients without "
              "a credential have three quarters of them at most. 0: none." },
    { .name = "http.events_buffer", .type = OPT_BYTES, .offset = CONF(http.events_buffer),
      .min = KIB(4), .max = MIB(64), .fallback = "256k",
      .text = "Bytes that wait for the reader of an event stream, above which messages to it are dropped, "
              "counted, and told to it by their number." },
    { .name = "http.events_heartbeat", .type = OPT_DURATION, .offset = CONF(http.events_heartbeat),
      .min = 1000, .max = 3600 * 1000, .fallback = "15s",
      .text = "How often an event stream has a comment as a sign of life." },

    { .name = "websocket.max_frame", .type = OPT_BYTES, .offset = CONF(websocket.max_frame),
      .min = KIB(1), .max = MIB(256), .fallback = "4m", .reload = true,
      .text = "Largest payload of a WebSocket frame from a client; longer ones close with code 1009. "
              "A frame may hold many packets, and a packet may span frames." },
    { .name = "websocket.max_message", .type = OPT_BYTES, .offset = CONF(websocket.max_message),
      .min = KIB(1), .max = GIB(1), .fallback = "16m", .reload = true,
      .text = "The same for a message of several frames." },

    { .name = "tls.cert", .type = OPT_STRING, .offset = CONF(tls.cert), .path = true,
      .max = CONFIG_STRING_MOST, .fallback = "", .reload = true,
      .text = "PEM file of the server's certificate chain, leaf first. Empty: one of the hub's own "
              "CA." },
    { .name = "tls.key", .type = OPT_STRING, .offset = CONF(tls.key), .path = true,
      .max = CONFIG_STRING_MOST, .fallback = "", .reload = true,
      .text = "PEM file of the key of tls.cert." },
    { .name = "tls.certificates", .type = OPT_LIST, .offset = CONF(tls.certificates),
      .max = CONFIG_STRING_MOST, .fallback = "", .reload = true,
      .valid = config_certificate_valid, .what = "CERT.pem:KEY.pem, or one PEM file with both",
      .text = "More certificates, for clients that ask for a name of theirs (SNI): items such as "
              "site.pem:site.key, a chain and its key in PEM, or one file with both. A certificate with that "
              "very name goes before one with a wildcard (*.example.org, for one label); for all others "
              "there is tls.cert. Several for one name may have keys of different kinds." },
    { .name = "tls.handshake_workers", .type = OPT_INT, .offset = CONF(tls.handshake_workers),
      .min = 0, .max = 64, .fallback = "0",
      .text = "Threads for TLS handshakes; 0: as many as there are processor cores." },
    { .name = "tls.handshake_timeout", .type = OPT_DURATION, .offset = CONF(tls.handshake_timeout),
      .min = 100, .max = 300 * 1000, .fallback = "10s",
      .text = "How long a TLS handshake may take." },
    { .name = "tls.session_tickets", .type = OPT_BOOL, .offset = CONF(tls.session_tickets), .fallback = "true",
      .text = "Give clients tickets, with which their next connections need no signatures and key exchange. A "
              "client's certificate is looked up again all the same." },
    { .name = "tls.session_cache", .type = OPT_INT, .offset = CONF(tls.session_cache),
      .min = 0, .max = 1000000, .fallback = "4096",
      .text = "TLS sessions kept in memory, for clients that know no tickets; about 1 KB each. 0: none." },
    { .name = "tls.session_lifetime", .type = OPT_DURATION, .offset = CONF(tls.session_lifetime),
      .min = 60 * 1000, .max = 24 * 3600 * 1000, .fallback = "12h",
      .text = "How long after its full handshake a TLS session may be taken up again." },
    { .name = "tls.ticket_key_lifetime", .type = OPT_DURATION, .offset = CONF(tls.ticket_key_lifetime),
      .min = 60 * 1000, .max = 24 * 3600 * 1000, .fallback = "1h",
      .text = "How long one key makes tickets before another does. Keys are in memory only, for "
              "tls.session_lifetime more." },

    { .name = "json.max_bytes", .type = OPT_BYTES, .offset = CONF(json.max_bytes),
      .min = KIB(1), .max = MIB(16), .fallback = "128k",
      .text = "Longest payload which rules and shadows read as JSON." },
    { .name = "json.max_depth", .type = OPT_INT, .offset = CONF(json.max_depth),
      .min = 4, .max = 256, .fallback = "64",
      .text = "Deepest nesting of such a payload." },

    { .name = "shadow.max_bytes", .type = OPT_BYTES, .offset = CONF(shadow.max_bytes),
      .min = KIB(1), .max = MIB(1), .fallback = "8k",
      .text = "Largest state of a shadow, desired and reported together." },
    { .name = "shadow.max_depth", .type = OPT_INT, .offset = CONF(shadow.max_depth),
      .min = 1, .max = 64, .fallback = "6",
      .text = "Deepest nesting below desired and reported." },
    { .name = "shadow.cache", .type = OPT_INT, .offset = CONF(shadow.cache),
      .min = 16, .max = MILLION, .fallback = "1024",
      .text = "Shadows kept in memory." },

    { .name = "provisioning.max_pending", .type = OPT_INT, .offset = CONF(provisioning.max_pending),
      .min = 1, .max = MILLION, .fallback = "1000",
      .text = "Certificates that may wait for their device to be provisioned, an hour each; further "
              "ones are not made." },
    { .name = "provisioning.hook_timeout", .type = OPT_DURATION,
      .offset = CONF(provisioning.hook_timeout),
      .min = 100, .max = 60 * 1000, .fallback = "5s",
      .text = "How long a pre-provisioning hook may take; then it has said no." },

    { .name = "rules.max_hops", .type = OPT_INT, .offset = CONF(rules.max_hops),
      .min = 1, .max = 100, .fallback = "10",
      .text = "How often rules may republish what came of one message before it is cut." },
    { .name = "rules.max_rules", .type = OPT_INT, .offset = CONF(rules.max_rules),
      .min = 1, .max = 100000, .fallback = "1000",
      .text = "Rules that may exist." },
    { .name = "rules.file_root", .type = OPT_STRING, .offset = CONF(rules.file_root), .path = true,
      .min = 1, .max = CONFIG_STRING_MOST, .fallback = "files",
      .text = "The directory below which the file action may write." },
    { .name = "rules.outbox_max", .type = OPT_INT, .offset = CONF(rules.outbox_max),
      .min = 1, .max = 10 * MILLION, .fallback = "100000",
      .text = "Action runs waiting in the outbox; further ones fail and are counted." },

    { .name = "webhook.timeout", .type = OPT_DURATION, .offset = CONF(webhook.timeout),
      .min = 100, .max = 600 * 1000, .fallback = "10s",
      .text = "How long an HTTP request that the hub makes may take: of the rules' action http, and of the hooks "
              "of provisioning." },
    { .name = "webhook.workers", .type = OPT_INT, .offset = CONF(webhook.workers),
      .min = 1, .max = 64, .fallback = "4",
      .text = "Such requests at a time." },
    { .name = "webhook.queue", .type = OPT_INT, .offset = CONF(webhook.queue),
      .min = 64, .max = MILLION, .fallback = "1000",
      .text = "Such requests waiting; further ones fail." },
    { .name = "webhook.ca_file", .type = OPT_STRING, .offset = CONF(webhook.ca_file), .path = true,
      .max = CONFIG_STRING_MOST, .fallback = "",
      .text = "PEM file of the CAs that servers' certificates must come from, read for each request. Empty: "
              "the system's, /etc/ssl/certs/ca-certificates.crt." },
    { .name = "webhook.allow", .type = OPT_LIST, .offset = CONF(webhook.allow),
      .max = 64, .fallback = "",
      .valid = valid_net, .what = "an IP address or a network such as 127.0.0.0/8",
      .text = "Addresses and networks that such requests may go to although they are loopback, link-local or "
              "otherwise special, or this hub's own listeners. All others, private ones among them, they may "
              "go to anyway." },

    { .name = "limits.connections", .type = OPT_INT, .offset = CONF(limits.connections),
      .min = 10, .max = MILLION, .fallback = "10000",
      .text = "Open connections of all listeners; above it new ones are closed and counted." },
    { .name = "limits.connections_per_address", .type = OPT_INT,
      .offset = CONF(limits.connections_per_address),
      .min = 0, .max = MILLION, .fallback = "0", .reload = true,
      .text = "Of these, how many may come from one address (IPv6: one /64); loopback is spared. "
              "0: no limit." },
    { .name = "limits.connect_rate", .type = OPT_INT, .offset = CONF(limits.connect_rate),
      .min = 0, .max = MILLION, .fallback = "0", .reload = true,
      .text = "New connections a second from one address (IPv6: one /64), on average; further "
              "ones are closed. Loopback is spared. 0: no limit." },
    { .name = "limits.connect_burst", .type = OPT_INT, .offset = CONF(limits.connect_burst),
      .min = 1, .max = MILLION, .fallback = "20", .reload = true,
      .text = "How many of them may come at once." },
    { .name = "limits.memory", .type = OPT_BYTES, .offset = CONF(limits.memory),
      .min = MIB(1), .max = GIB(1024), .fallback = "256m", .reload = true,
      .text = "Memory for messages (retained, queued, on their way) and output of all together. "
              "Above it publishers have to wait, QoS 0 is dropped for clients that are behind, "
              "and all but ten new connections a second are refused. At least twice mqtt.max_retained_bytes, "
              "whose default gives way." },
    { .name = "limits.ledger", .type = OPT_INT, .offset = CONF(limits.ledger),
      .min = 0, .max = 100000, .fallback = "1000",
      .text = "Refusals that are remembered for 'thingd why'; an old one of the most frequent kind "
              "makes room. Up to some 4 KB each." },
    { .name = "limits.decisions", .type = OPT_INT, .offset = CONF(limits.decisions),
      .min = 0, .max = MILLION, .fallback = "65536",
      .text = "What policies have allowed is remembered for so many topics and clients, and need not be "
              "decided again. Some 0.2 KB each, 0.8 KB at most." },
    { .name = "limits.temporary_keys", .type = OPT_INT, .offset = CONF(limits.temporary_keys),
      .min = 1, .max = 1000, .fallback = "16",
      .text = "Temporary keys that a device certificate may have at one time by role aliases; the "
              "oldest makes room." },

    { .name = "jwt.keys_file", .type = OPT_STRING, .offset = CONF(jwt.keys_file), .path = true,
      .max = CONFIG_STRING_MOST, .fallback = "",
      .text = "The issuer's key set (JWKS, RFC 7517), whose JSON Web Tokens are taken as bearer "
              "tokens: RS256, ES256 and EdDSA with Ed25519. SIGHUP reads the file again. Empty: none "
              "are taken." },
    { .name = "jwt.issuer", .type = OPT_STRING, .offset = CONF(jwt.issuer),
      .max = 1024, .fallback = "",
      .text = "What their claim iss must be. Needed with jwt.keys_file." },
    { .name = "jwt.audience", .type = OPT_STRING, .offset = CONF(jwt.audience),
      .max = 1024, .fallback = "",
      .text = "What their claim aud must be or have among others. Needed with jwt.keys_file." },
    { .name = "jwt.leeway", .type = OPT_DURATION, .offset = CONF(jwt.leeway),
      .min = 0, .max = 600000, .fallback = "1m",
      .text = "How far the issuer's clock may be from ours." },
    { .name = "jwt.policy_claim", .type = OPT_STRING, .offset = CONF(jwt.policy_claim),
      .min = 1, .max = 128, .fallback = "scope",
      .text = "The claim that jwt.policies looks at: a list of values, or a text with blanks between "
              "them." },
    { .name = "jwt.policies", .type = OPT_LIST, .offset = CONF(jwt.policies),
      .max = 1024, .fallback = "",
      .valid = config_jwt_policy_valid, .what = "a value of the claim, '=' and the name of a policy",
      .text = "Which policies a token has: \"value=PolicyName\" for each value of the claim; \"*\" is "
              "every token's. Nobody is an administrator by a token of an issuer." },

    { .name = "auth.free_failures", .type = OPT_INT, .offset = CONF(auth.free_failures),
      .min = 0, .max = 1000, .fallback = "3",
      .text = "Wrong passwords of an MQTT user from one address that cost nothing; four times as many from "
              "the address in all, ten times as many of the user everywhere." },
    { .name = "auth.delay", .type = OPT_DURATION, .offset = CONF(auth.delay),
      .min = 0, .max = 3600000, .fallback = "1s",
      .text = "After the next one logins are refused for so long, and after each further one twice as long. "
              "0: never. See docs/operation.md." },
    { .name = "auth.max_delay", .type = OPT_DURATION, .offset = CONF(auth.max_delay),
      .min = 1000, .max = 86400000, .fallback = "5m",
      .text = "The longest delay. When no login has failed for so long, half of the failures are forgotten." },
};
const size_t config_option_count = ARRAY_LEN(config_options);

const struct option listener_options[] = {
    { .name = "address", .type = OPT_STRING, .offset = LISTENER(address),
      .min = 1, .max = 63, .fallback = "127.0.0.1",
      .valid = valid_ip, .what = "an IP address such as 127.0.0.1 or ::",
      .text = "IP address to listen on; \"::\" takes IPv4 too." },
    { .name = "port", .type = OPT_INT, .offset = LISTENER(port),
      .min = 0, .max = 65535, .fallback = "0",
      .text = "TCP port; 0 takes a free one, which the log line \"ready\" tells." },
    { .name = "path", .type = OPT_STRING, .offset = LISTENER(path), .path = true,
      .max = CONFIG_STRING_MOST, .fallback = "",
      .text = "A Unix socket in place of address and port." },
    { .name = "tls", .type = OPT_BOOL, .offset = LISTENER(tls), .fallback = "false",
      .text = "Speak TLS." },
    { .name = "client_cert", .type = OPT_ENUM, .offset = LISTENER(client_cert),
      .choices = client_certs, .fallback = "none",
      .text = "Whether TLS asks for the client's certificate, and insists on it." },
    { .name = "anonymous", .type = OPT_BOOL, .offset = LISTENER(anonymous), .fallback = "false",
      .text = "Let clients without a credential use the data plane." },
    { .name = "anonymous_policy", .type = OPT_STRING, .offset = LISTENER(anonymous_policy),
      .min = 1, .max = 128, .fallback = "AnonymousLocal",
      .valid = config_policy_name_valid, .what = "the name of a policy",
      .text = "The policy which says what they may do." },
    { .name = "proxy_protocol", .type = OPT_BOOL, .offset = LISTENER(proxy_protocol),
      .fallback = "false",
      .text = "Connections come by a proxy and begin with a PROXY header, version 1 or 2, which names the "
              "client; anything else is closed. Needs anonymous = false." },
    { .name = "proxy_trusted", .type = OPT_LIST, .offset = LISTENER(proxy_trusted),
      .max = 64, .fallback = "127.0.0.0/8, ::1",
      .valid = valid_net, .what = "an IP address or a network such as 10.0.0.0/8",
      .text = "Addresses and networks of such proxies; connections from others are closed." },
    { .name = "enabled", .type = OPT_BOOL, .offset = LISTENER(enabled), .fallback = "true",
      .text = "false: as if the group were not there." },
};
const size_t listener_option_count = ARRAY_LEN(listener_options);
_Static_assert(ARRAY_LEN(listener_options) <= ARRAY_LEN(((struct listener_labels *)0)->keys),
               "a label for each");

const struct listener_preset listener_presets[] = {
    { "mqtt",  { { "port", "1883" }, { "anonymous", "true" } } },
    { "http",  { { "port", "8080" }, { "anonymous", "true" } } },
    { "mqtts", { { "address", "::" }, { "port", "8883" }, { "tls", "true" },
                 { "client_cert", "optional" } } },
    { "https", { { "address", "::" }, { "port", "8443" }, { "tls", "true" },
                 { "client_cert", "optional" } } },
    { "local", { { "path", "thingd.sock" } } },
};
const size_t listener_preset_count = ARRAY_LEN(listener_presets);
/* clang-format on */
