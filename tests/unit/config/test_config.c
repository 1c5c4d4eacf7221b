/* Unit tests of config: good and bad sources, reload, and the two pages that are printed. */
#include "base/err.h"
#include "base/mem.h"
#include "config/config_priv.h"
#include "lib/test.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- fixture: an empty working directory ---------------------------------------------------- */

static char home[4096];
static char dir[] = "/tmp/thingd-config-XXXXXX";

static int setup(void **state)
{
    return getcwd(home, sizeof home) && mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const files[] = {
        "conf.d/10.conf", "conf.d/9.conf", "conf.d/x.conf", "conf.d/no.txt",   "conf.d/.hid.conf",
        "thingd.conf",    "secret",        "zero",          "etc/thingd.conf", "etc/conf.d/a.conf"
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        unlink(files[i]);
    rmdir("conf.d");
    rmdir("etc/conf.d");
    rmdir("etc");
    return chdir(home) == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void write_bytes(const char *file, const void *data, size_t len)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *file, const char *text)
{
    write_bytes(file, text, strlen(text));
}

static struct config *load_good(const char *file, const char *const *env, const char *const *sets)
{
    struct config_sources sources = { .file = file, .environ = env, .sets = sets };
    while (sets && sets[sources.set_count])
        sources.set_count++;
    struct config *conf = NULL;
    struct diag diag = DIAG_INIT;
    int rc = config_load(&sources, &conf, &diag);
    assert_string_equal(diag.text, "");
    assert_int_equal(rc, 0);
    return conf;
}

static char *joined(const struct config_list *list)
{
    struct buf text = { 0 };
    for (size_t i = 0; i < list->count; i++)
        buf_printf(&text, "%s%s", i ? "\n" : "", list->items[i]);
    return buf_take(&text, NULL);
}

/* The errors, a line each. Returns owned. */
static char *errors_of(const struct config_sources *sources)
{
    struct config_list errors, warnings;
    int rc = config_check(sources, &errors, &warnings);
    assert_int_equal(rc, errors.count ? ERR_CONFIG : 0);
    char *text = joined(&errors);
    config_list_deinit(&errors);
    config_list_deinit(&warnings);
    return text;
}

static void expect_errors(const struct config_sources *sources, const char *errors)
{
    char *text = errors_of(sources);
    assert_string_equal(text, errors);
    free(text);
}

static const struct config_listener *listener_of(const struct config *conf, const char *name)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (strcmp(conf->listeners[i].name, name) == 0) return &conf->listeners[i];
    fail_msg("no listener %s", name);
    return NULL;
}

/* ---- what is wrong -------------------------------------------------------------------------- */

enum source { FILE_TEXT, VARIABLE, SET };

static void bad_sources(void **state)
{
    static const struct {
        enum source source;
        const char *text;
        const char *errors;
    } rows[] = {
        /* syntax */
        { FILE_TEXT, "mqtt { max_packet = 5; };", "thingd.conf:1: syntax error" },
        { FILE_TEXT, "mqtt: {", "thingd.conf:1: syntax error" },
        { FILE_TEXT, "}", "thingd.conf:1: syntax error" },
        { FILE_TEXT, "mqtt: { max_packet 5 };", "thingd.conf:1: syntax error" },
        { FILE_TEXT, "mqtt: { max_packet = ; };", "thingd.conf:1: syntax error" },
        { FILE_TEXT, "mqtt: { max_packet = \"2m; };\n", "thingd.conf:1: the string is not closed" },
        { FILE_TEXT, "\n/* open\n\n", "thingd.conf:2: the comment is not closed" },
        { FILE_TEXT, "hub: { region \"x\" };",
          "thingd.conf:1: a string cannot stand here (is '=' missing?)" },
        { FILE_TEXT, "\"hub\"", "thingd.conf:1: a string cannot stand here (is '=' missing?)" },
        { FILE_TEXT, "log: { level = \"info\\x00\"; };",
          "thingd.conf:1: a string cannot have \\x00" },
        { FILE_TEXT, "@include \"other.conf\"",
          "thingd.conf:1: @include is not supported (files in conf.d are read)" },
        { FILE_TEXT, "hub: {};\n  @include \"other.conf\"\n",
          "thingd.conf:2: @include is not supported (files in conf.d are read)" },
        { FILE_TEXT, "log: { level = $x; };",
          "thingd.conf:1: a character that has no meaning here" },
        { FILE_TEXT, "mqtt: { };\nmqtt: { };", "thingd.conf:2: duplicate setting name" },
        { FILE_TEXT, "log: { level = \"info\"; level = \"warn\"; };",
          "thingd.conf:1: duplicate setting name" },
        { FILE_TEXT, "a={a={a={a={a={a={a={a={a={", "thingd.conf:1: nested too deeply" },
        { FILE_TEXT, "mqtt: { max_queued = 1234567890123456789; };",
          "thingd.conf:1: the number is too large" },
        { FILE_TEXT, "mqtt: { max_queued = 0x1234567890abcdef0; };",
          "thingd.conf:1: the number is too large" },
        { FILE_TEXT, "mqtt: { max_queued = 12x; };", "thingd.conf:1: syntax error" },
        { FILE_TEXT, "hub: { names = [ \"a\", 5 ]; };",
          "thingd.conf:1: mismatched element type in array" },
        /* groups and keys */
        { FILE_TEXT, "mqt: { };", "thingd.conf:1: unknown group 'mqt' (did you mean 'mqtt'?)" },
        { FILE_TEXT, "qwerty: { a = 1; };", "thingd.conf:1: unknown group 'qwerty'" },
        { FILE_TEXT, "mqtt = 5;",
          "thingd.conf:1: 'mqtt' wants a group of keys, not a whole number" },
        { FILE_TEXT, "max_packet = 5;",
          "thingd.conf:1: unknown key 'max_packet' (did you mean 'mqtt.max_packet'?)" },
        { FILE_TEXT, "mqtt: { max_paket = \"2m\"; };",
          "thingd.conf:1: unknown key 'mqtt.max_paket' (did you mean 'mqtt.max_packet'?)" },
        { FILE_TEXT, "\n\nlog:\n{\n  # x\n  levle = \"info\";\n};",
          "thingd.conf:6: unknown key 'log.levle' (did you mean 'log.level'?)" },
        { FILE_TEXT, "hub: { max_packet = \"2m\"; };",
          "thingd.conf:1: unknown key 'hub.max_packet' (did you mean 'mqtt.max_packet'?)" },
        { FILE_TEXT, "hub: { frobnicate = 1; };", "thingd.conf:1: unknown key 'hub.frobnicate'" },
        { FILE_TEXT, "frobnicate = 1;", "thingd.conf:1: unknown key 'frobnicate'" },
        { FILE_TEXT, "listener = 5;",
          "thingd.conf:1: 'listener' wants a group of keys, not a whole number" },
        { FILE_TEXT, "listener: { mqtt = 5; };",
          "thingd.conf:1: listener.mqtt: wants a group of keys, not a whole number" },
        { FILE_TEXT, "listener: { mqtt: { prt = 5; }; };",
          "thingd.conf:1: unknown key 'listener.mqtt.prt' (did you mean 'listener.mqtt.port'?)" },
        { FILE_TEXT, "listener: { mqtt: { qwertz = 5; }; };",
          "thingd.conf:1: unknown key 'listener.mqtt.qwertz'" },
        { FILE_TEXT, "listener: { MQTT: { }; };",
          "thingd.conf:1: 'MQTT' is no name for a listener (1 to 64 of a-z, 0-9, _ and -)" },
        { FILE_TEXT,
          "listener: { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: { }; };",
          "thingd.conf:1: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is "
          "no name for a listener (1 to 64 of a-z, 0-9, _ and -)" },
        { FILE_TEXT, "listener: { x*y: { }; };",
          "thingd.conf:1: 'x*y' is no name for a listener (1 to 64 of a-z, 0-9, _ and -)" },
        { FILE_TEXT, "listner: { };",
          "thingd.conf:1: unknown group 'listner' (did you mean 'listener'?)" },
        /* types */
        { FILE_TEXT, "mqtt: { max_inflight = \"5\"; };",
          "thingd.conf:1: mqtt.max_inflight: wants a whole number, not a string" },
        { FILE_TEXT, "mqtt: { max_inflight = true; };",
          "thingd.conf:1: mqtt.max_inflight: wants a whole number, not true or false" },
        { FILE_TEXT, "mqtt: { max_inflight = 1.5; };",
          "thingd.conf:1: mqtt.max_inflight: wants a whole number, not a fraction" },
        { FILE_TEXT, "mqtt: { max_packet = 1.5; };",
          "thingd.conf:1: mqtt.max_packet: wants a size such as \"2m\", not a fraction" },
        { FILE_TEXT, "mqtt: { max_packet = { }; };",
          "thingd.conf:1: mqtt.max_packet: wants a size such as \"2m\", not a group" },
        { FILE_TEXT, "mqtt: { connect_timeout = 1.5; };",
          "thingd.conf:1: mqtt.connect_timeout: wants a duration such as \"10s\", not a fraction" },
        { FILE_TEXT, "mqtt: { connect_timeout = 10; };",
          "thingd.conf:1: mqtt.connect_timeout: '10' is not a duration (a number with ms, s, m, h "
          "or d, such as 10s)" },
        { FILE_TEXT, "hub: { strict_region = 1; };",
          "thingd.conf:1: hub.strict_region: wants true or false, without quotes, not a whole "
          "number" },
        { FILE_TEXT, "hub: { strict_region = \"true\"; };",
          "thingd.conf:1: hub.strict_region: wants true or false, without quotes, not a string" },
        { FILE_TEXT, "hub: { account = 123456789012; };",
          "thingd.conf:1: hub.account: wants a string in quotes, not a whole number" },
        { FILE_TEXT, "log: { level = 3; };",
          "thingd.conf:1: log.level: wants a word in quotes, not a whole number" },
        { FILE_TEXT, "log: { level = true; };",
          "thingd.conf:1: log.level: wants a word in quotes, not true or false" },
        { FILE_TEXT, "hub: { names = \"a\"; };",
          "thingd.conf:1: hub.names: wants strings such as [ \"a\", \"b\" ], not a string" },
        { FILE_TEXT, "hub: { names = ( \"a\", 5 ); };",
          "thingd.conf:1: hub.names: wants strings such as [ \"a\", \"b\" ], not a whole number in "
          "it" },
        { FILE_TEXT, "hub: { names = ( \"a\", ( ) ); };",
          "thingd.conf:1: hub.names: wants strings such as [ \"a\", \"b\" ], not a list in it" },
        { FILE_TEXT, "hub: { region = [ \"a\" ]; };",
          "thingd.conf:1: hub.region: wants a string in quotes, not an array" },
        /* numbers */
        { FILE_TEXT, "mqtt: { max_inflight = 0; };",
          "thingd.conf:1: mqtt.max_inflight: '0' is out of range (1 to 65535)" },
        { FILE_TEXT, "mqtt: { max_inflight = 65536; };",
          "thingd.conf:1: mqtt.max_inflight: '65536' is out of range (1 to 65535)" },
        { FILE_TEXT, "mqtt: { max_inflight = -1; };",
          "thingd.conf:1: mqtt.max_inflight: '-1' is out of range (1 to 65535)" },
        { FILE_TEXT, "mqtt: { max_inflight = 4294967297; };",
          "thingd.conf:1: mqtt.max_inflight: '4294967297' is out of range (1 to 65535)" },
        { FILE_TEXT, "mqtt: { max_inflight = 0xffffffff; };",
          "thingd.conf:1: mqtt.max_inflight: '4294967295' is out of range (1 to 65535)" },
        { FILE_TEXT, "mqtt: { max_inflight = 9223372036854775807L; };",
          "thingd.conf:1: the number is too large" },
        { FILE_TEXT, "mqtt: { max_packet = 1023; };",
          "thingd.conf:1: mqtt.max_packet: '1023' is out of range (1k to 256m)" },
        { FILE_TEXT, "mqtt: { max_packet = \"257m\"; };",
          "thingd.conf:1: mqtt.max_packet: '257m' is out of range (1k to 256m)" },
        { FILE_TEXT, "mqtt: { max_packet = \"2x\"; };",
          "thingd.conf:1: mqtt.max_packet: '2x' is not a size (bytes, or a number with k, m or "
          "g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"\"; };",
          "thingd.conf:1: mqtt.max_packet: '' is not a size (bytes, or a number with k, m or g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"m\"; };",
          "thingd.conf:1: mqtt.max_packet: 'm' is not a size (bytes, or a number with k, m or g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"-2m\"; };",
          "thingd.conf:1: mqtt.max_packet: '-2m' is not a size (bytes, or a number with k, m or "
          "g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"2 m\"; };",
          "thingd.conf:1: mqtt.max_packet: '2 m' is not a size (bytes, or a number with k, m or "
          "g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"2mb\"; };",
          "thingd.conf:1: mqtt.max_packet: '2mb' is not a size (bytes, or a number with k, m or "
          "g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"1.5m\"; };",
          "thingd.conf:1: mqtt.max_packet: '1.5m' is not a size (bytes, or a number with k, m or "
          "g)" },
        { FILE_TEXT, "mqtt: { max_packet = \"99999999999999999999g\"; };",
          "thingd.conf:1: mqtt.max_packet: '99999999999999999999g' is out of range (1k to 256m)" },
        { FILE_TEXT, "mqtt: { max_packet = \"8589934592g\"; };",
          "thingd.conf:1: mqtt.max_packet: '8589934592g' is out of range (1k to 256m)" },
        { FILE_TEXT, "mqtt: { session_expiry = \"3651d\"; };",
          "thingd.conf:1: mqtt.session_expiry: '3651d' is out of range (0s to 3650d)" },
        { FILE_TEXT, "mqtt: { session_expiry = \"-1s\"; };",
          "thingd.conf:1: mqtt.session_expiry: '-1s' is not a duration (a number with ms, s, m, h "
          "or d, such as 10s)" },
        { FILE_TEXT, "mqtt: { session_expiry_by_client = ( \"a*=1h\",\n \"b*\" ); };",
          "thingd.conf:1: mqtt.session_expiry_by_client: 'b*' is not a pattern of client ids and a "
          "duration, such as sensor-*=30d" },
        { FILE_TEXT, "mqtt: { session_expiry_by_client = ( \"=1h\" ); };",
          "thingd.conf:1: mqtt.session_expiry_by_client: '=1h' is not a pattern of client ids and "
          "a duration, such as sensor-*=30d" },
        { FILE_TEXT, "mqtt: { session_expiry_by_client = ( \"a=4000d\" ); };",
          "thingd.conf:1: mqtt.session_expiry_by_client: 'a=4000d' is not a pattern of client ids "
          "and a duration, such as sensor-*=30d" },
        { FILE_TEXT, "mqtt: { session_expiry_by_client = ( \"a=5\" ); };",
          "thingd.conf:1: mqtt.session_expiry_by_client: 'a=5' is not a pattern of client ids and "
          "a duration, such as sensor-*=30d" },
        { FILE_TEXT, "mqtt: { session_expiry = \"1w\"; };",
          "thingd.conf:1: mqtt.session_expiry: '1w' is not a duration (a number with ms, s, m, h "
          "or d, such as 10s)" },
        { FILE_TEXT, "mqtt: { session_expiry = \"1h30m\"; };",
          "thingd.conf:1: mqtt.session_expiry: '1h30m' is not a duration (a number with ms, s, m, "
          "h or d, such as 10s)" },
        { FILE_TEXT, "mqtt: { session_expiry = \"d\"; };",
          "thingd.conf:1: mqtt.session_expiry: 'd' is not a duration (a number with ms, s, m, h or "
          "d, such as 10s)" },
        { FILE_TEXT, "mqtt: { session_expiry = \"99999999999999999d\"; };",
          "thingd.conf:1: mqtt.session_expiry: '99999999999999999d' is out of range (0s to "
          "3650d)" },
        { FILE_TEXT, "store: { linger = \"2s\"; };",
          "thingd.conf:1: store.linger: '2s' is out of range (0s to 1s)" },
        { FILE_TEXT, "store: { linger = \"-1s\"; };",
          "thingd.conf:1: store.linger: '-1s' is not a duration (a number with ms, s, m, h or d, "
          "such as 10s)" },
        /* words and strings */
        { FILE_TEXT, "log: { level = \"warm\"; };",
          "thingd.conf:1: log.level: 'warm' is not one of error, warn, info, debug, trace (did you "
          "mean 'warn'?)" },
        { FILE_TEXT, "log: { level = \"WARN\"; };",
          "thingd.conf:1: log.level: 'WARN' is not one of error, warn, info, debug, trace (did you "
          "mean 'warn'?)" },
        { FILE_TEXT, "log: { level = \"\"; };",
          "thingd.conf:1: log.level: '' is not one of error, warn, info, debug, trace" },
        { FILE_TEXT, "log: { format = \"xml\"; };",
          "thingd.conf:1: log.format: 'xml' is not one of text, json" },
        { FILE_TEXT, "store: { durability = \"proces\"; };",
          "thingd.conf:1: store.durability: 'proces' is not one of process, power (did you mean "
          "'process'?)" },
        { FILE_TEXT, "hub: { profile = \"aws\"; };",
          "thingd.conf:1: hub.profile: 'aws' is not one of standard, aws-strict" },
        { FILE_TEXT, "mqtt: { max_retained_bytes = \"200m\"; };",
          "thingd.conf:1: mqtt.max_retained_bytes: is more than half of limits.memory" },
        { FILE_TEXT, "hub: { account = \"12345678901\"; };",
          "thingd.conf:1: hub.account: '12345678901' is not an account of twelve digits" },
        { FILE_TEXT, "hub: { account = \"12345678901x\"; };",
          "thingd.conf:1: hub.account: '12345678901x' is not an account of twelve digits" },
        { FILE_TEXT, "hub: { region = \"\"; };", "thingd.conf:1: hub.region: must not be empty" },
        { FILE_TEXT, "hub: { region = \"eu west\"; };",
          "thingd.conf:1: hub.region: 'eu west' is not a region (lower-case letters, digits and "
          "'-')" },
        { FILE_TEXT, "hub: { region = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; };",
          "thingd.conf:1: hub.region: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is longer than 32 "
          "bytes" },
        { FILE_TEXT, "hub: { data = \"a\\tb\"; };",
          "thingd.conf:1: hub.data: 'a?b' has a control character" },
        { FILE_TEXT, "hub: { data = \"\\xff\"; };", "thingd.conf:1: hub.data: is not UTF-8" },
        { FILE_TEXT, "hub: { names = [ \"ok\", \"-bad\" ]; };",
          "thingd.conf:1: hub.names: '-bad' is not a host name or an IP address" },
        { FILE_TEXT, "hub: { names = [ \"a..b\" ]; };",
          "thingd.conf:1: hub.names: 'a..b' is not a host name or an IP address" },
        { FILE_TEXT, "hub: { names = [ \"fe80::1%eth0\" ]; };",
          "thingd.conf:1: hub.names: 'fe80::1%eth0' is not a host name or an IP address" },
        { FILE_TEXT, "hub: { names = [ \"\" ]; };", "thingd.conf:1: hub.names: has an empty item" },
        { FILE_TEXT, "http: { allowed_origins = [ \"console.example\" ]; };",
          "thingd.conf:1: http.allowed_origins: 'console.example' is not an origin such as "
          "https://console.example" },
        { FILE_TEXT, "http: { allowed_origins = [ \"https://a/b\" ]; };",
          "thingd.conf:1: http.allowed_origins: 'https://a/b' is not an origin such as "
          "https://console.example" },
        { FILE_TEXT, "http: { allowed_origins = [ \"*\" ]; };",
          "thingd.conf:1: http.allowed_origins: '*' is not an origin such as "
          "https://console.example" },
        { FILE_TEXT, "rules: { file_root = \"\"; };",
          "thingd.conf:1: rules.file_root: must not be empty" },
        { FILE_TEXT, "listener: { web: { port = 80; address = \"localhost\"; }; };",
          "thingd.conf:1: listener.web.address: 'localhost' is not an IP address such as 127.0.0.1 "
          "or ::" },
        { FILE_TEXT, "listener: { web: { port = 80; address = \"1.2.3\"; }; };",
          "thingd.conf:1: listener.web.address: '1.2.3' is not an IP address such as 127.0.0.1 or "
          "::" },
        { FILE_TEXT, "listener: { web: { port = 80; address = \"[::]\"; }; };",
          "thingd.conf:1: listener.web.address: '[::]' is not an IP address such as 127.0.0.1 or "
          "::" },
        { FILE_TEXT, "listener: { web: { port = 65536; }; };",
          "thingd.conf:1: listener.web.port: '65536' is out of range (0 to 65535)" },
        { FILE_TEXT, "listener: { web: { port = \"80\"; }; };",
          "thingd.conf:1: listener.web.port: wants a whole number, not a string" },
        { FILE_TEXT, "listener: { web: { port = 80; client_cert = \"yes\"; }; };",
          "thingd.conf:1: listener.web.client_cert: 'yes' is not one of none, optional, required" },
        { FILE_TEXT, "listener: { web: { port = 80; anonymous_policy = \"a/b\"; }; };",
          "thingd.conf:1: listener.web.anonymous_policy: 'a/b' is not the name of a policy" },
        /* two keys together */
        { FILE_TEXT, "tls: { cert = \"a.pem\"; };",
          "thingd.conf:1: tls.cert: needs tls.key as well" },
        { FILE_TEXT, "tls: { key = \"a.pem\"; };",
          "thingd.conf:1: tls.key: needs tls.cert as well" },
        { FILE_TEXT, "jwt: { keys_file = \"k\"; audience = \"a\"; };",
          "thingd.conf:1: jwt.keys_file: needs jwt.issuer as well" },
        { FILE_TEXT, "jwt: { keys_file = \"k\"; issuer = \"i\"; };",
          "thingd.conf:1: jwt.keys_file: needs jwt.audience as well" },
        { FILE_TEXT, "jwt: { policies = [\"read\"]; };",
          "thingd.conf:1: jwt.policies: 'read' is not a value of the claim, '=' and the name of a "
          "policy" },
        { FILE_TEXT, "listener: { web: { }; };",
          "thingd.conf:1: listener 'web' needs a port or a path" },
        { FILE_TEXT, "listener: { web: { tls = true; }; };",
          "thingd.conf:1: listener 'web' needs a port or a path" },
        { FILE_TEXT, "listener: { web: { path = \"x\"; port = 1; }; };",
          "thingd.conf:1: listener.web.port: listener 'web' has a path; an address and port need "
          "path = \"\"" },
        { FILE_TEXT, "listener: { local: { address = \"::1\"; }; };",
          "thingd.conf:1: listener.local.address: listener 'local' has a path; an address and port "
          "need path = \"\"" },
        { FILE_TEXT, "listener: { local: { path = \"\"; }; };",
          "thingd.conf:1: listener.local.path: listener 'local' needs a port or a path" },
        { FILE_TEXT, "listener: { web: { port = 80;\n client_cert = \"required\"; }; };",
          "thingd.conf:2: listener.web.client_cert: listener 'web' needs tls = true for that" },
        { FILE_TEXT, "listener: { web: { port = 1883; }; };",
          "thingd.conf:1: listener 'web' is at the same place as listener 'mqtt'" },
        { FILE_TEXT, "listener: { mqtt: { port = 8080; }; };",
          "thingd.conf:1: listener.mqtt.port: listener 'http' is at the same place as listener "
          "'mqtt'" },
        { FILE_TEXT, "listener: { web: { path = \"thingd.sock\"; }; };",
          "thingd.conf:1: listener 'web' is at the same place as listener 'local'" },
        { SET, "listener.http.proxy_protocol=true",
          "--set listener.http.proxy_protocol: listener 'http' takes its clients' addresses from a "
          "proxy and may not be anonymous: it needs anonymous = false" },
        { FILE_TEXT, "listener: { https: { anonymous = true; proxy_protocol = true; }; };",
          "thingd.conf:1: listener.https.proxy_protocol: listener 'https' takes its clients' "
          "addresses from a proxy and may not be anonymous: it needs anonymous = false" },
        { SET, "listener.local.proxy_protocol=true",
          "--set listener.local.proxy_protocol: listener 'local' is a Unix socket, which takes no "
          "PROXY header" },
        { SET, "listener.https.proxy_trusted=10.0.0.0/8",
          "--set listener.https.proxy_trusted: listener 'https' needs proxy_protocol = true for "
          "that" },
        { SET, "listener.https.proxy_trusted=10.0.0.0/33",
          "--set listener.https.proxy_trusted: '10.0.0.0/33' is not an IP address or a network "
          "such as 10.0.0.0/8" },
        { FILE_TEXT,
          "listener: { https: { proxy_protocol = true; proxy_trusted = [ \"proxy.example\" ]; }; "
          "};",
          "thingd.conf:1: listener.https.proxy_trusted: 'proxy.example' is not an IP address or a "
          "network such as 10.0.0.0/8" },
        { FILE_TEXT, "listener: { https: { proxy_protocol = true; proxy_trusted = [ ]; }; };",
          "thingd.conf:1: listener.https.proxy_trusted: listener 'https' would trust no proxy" },
        { SET, "tls.certificates=a.pem:b.key:c",
          "--set tls.certificates: 'a.pem:b.key:c' is not CERT.pem:KEY.pem, or one PEM file with "
          "both" },
        { SET, "tls.certificates=:b.key",
          "--set tls.certificates: ':b.key' is not CERT.pem:KEY.pem, or one PEM file with both" },
        { SET, "tls.certificates=a.pem:",
          "--set tls.certificates: 'a.pem:' is not CERT.pem:KEY.pem, or one PEM file with both" },
        { SET, "tls.certificates=a.pem,,b.pem", "--set tls.certificates: has an empty item" },
        /* the environment */
        { VARIABLE, "THINGD_MQTT__MAX_PACKET=1",
          "THINGD_MQTT__MAX_PACKET: '1' is out of range (1k to 256m)" },
        { VARIABLE, "THINGD_MQTT__MAX_PAKET=2m",
          "THINGD_MQTT__MAX_PAKET: unknown key 'mqtt.max_paket' (did you mean "
          "'mqtt.max_packet'?)" },
        { VARIABLE, "THINGD_MQT__MAX_PACKET=2m",
          "THINGD_MQT__MAX_PACKET: unknown key 'mqt.max_packet' (did you mean "
          "'mqtt.max_packet'?)" },
        { VARIABLE, "THINGD___X=1", "THINGD___X: unknown group ''" },
        { VARIABLE, "THINGD_LISTENER__MQTT__PORT=http",
          "THINGD_LISTENER__MQTT__PORT: 'http' is not a whole number" },
        { VARIABLE, "THINGD_LISTENER__MQTT__PRT=1",
          "THINGD_LISTENER__MQTT__PRT: unknown key 'listener.mqtt.prt' (did you mean "
          "'listener.mqtt.port'?)" },
        { VARIABLE, "THINGD_LISTENER__MQTT=1",
          "THINGD_LISTENER__MQTT: 'listener.mqtt' is a group; a key of it is "
          "'listener.mqtt.port'" },
        { VARIABLE, "THINGD_HUB__STRICT_REGION=maybe",
          "THINGD_HUB__STRICT_REGION: 'maybe' is neither true nor false" },
        { VARIABLE, "THINGD_HUB__NAMES=a,,b", "THINGD_HUB__NAMES: has an empty item" },
        { VARIABLE, "THINGD_HUB__NAMES=a,b c",
          "THINGD_HUB__NAMES: 'b c' is not a host name or an IP address" },
        { VARIABLE, "THINGD_TLS__KEY_FILE=missing",
          "THINGD_TLS__KEY_FILE: missing cannot be used: No such file or directory" },
        { VARIABLE, "THINGD_TLS__KEE_FILE=missing",
          "THINGD_TLS__KEE_FILE: unknown key 'tls.kee_file'" },
        { VARIABLE, "THINGD_LOG__LEVEL_FILE=secret",
          "THINGD_LOG__LEVEL_FILE: the text of secret is not one of error, warn, info, debug, "
          "trace" },
        { VARIABLE, "THINGD_HUB__ACCOUNT_FILE=secret",
          "THINGD_HUB__ACCOUNT_FILE: the text of secret is not an account of twelve digits" },
        { VARIABLE, "THINGD_MQTT__MAX_INFLIGHT_FILE=secret",
          "THINGD_MQTT__MAX_INFLIGHT_FILE: the text of secret is not a whole number" },
        { VARIABLE, "THINGD_LOG__LEVEL_FILE=zero",
          "THINGD_LOG__LEVEL_FILE: zero cannot be used: malformed" },
        { VARIABLE, "THINGD_DATA=a\tb", "THINGD_DATA: 'a?b' has a control character" },
        /* --set */
        { SET, "mqtt.max_packet=1", "--set mqtt.max_packet: '1' is out of range (1k to 256m)" },
        { SET, "mqtt.max_paket=2m",
          "--set mqtt.max_paket: unknown key 'mqtt.max_paket' (did you mean 'mqtt.max_packet'?)" },
        { SET, "mqtt.max_packet", "--set mqtt.max_packet: wants group.key=value" },
        { SET, "=1", "--set =1: wants group.key=value" },
        { SET, "", "--set : wants group.key=value" },
        { SET, "mqtt=1", "--set mqtt: 'mqtt' is a group, not a key" },
        { SET, "max_packet=2m",
          "--set max_packet: unknown key 'max_packet' (did you mean 'mqtt.max_packet'?)" },
        { SET, "mqt.max_inflght=2",
          "--set mqt.max_inflght: unknown key 'mqt.max_inflght' (did you mean "
          "'mqtt.max_inflight'?)" },
        { SET, "mqtt.max_packet.x=1",
          "--set mqtt.max_packet.x: unknown key 'mqtt.max_packet.x' (did you mean "
          "'mqtt.max_packet'?)" },
        { SET, "listener.mqtt=1",
          "--set listener.mqtt: 'listener.mqtt' is a group; a key of it is 'listener.mqtt.port'" },
        { SET, "listener.=1",
          "--set listener.: 'listener.' is a group; a key of it is 'listener..port'" },
        { SET, "listener..port=1",
          "--set listener..port: '' is no name for a listener (1 to 64 of a-z, 0-9, _ and -)" },
        { SET, "listener.a b.port=1",
          "--set listener.a b.port: 'a b' is no name for a listener (1 to 64 of a-z, 0-9, _ and "
          "-)" },
        { SET, "mqtt.max_inflight= 5", "--set mqtt.max_inflight: ' 5' is not a whole number" },
        { SET, "mqtt.max_inflight=5 ", "--set mqtt.max_inflight: '5 ' is not a whole number" },
        { SET, "mqtt.max_inflight=+5", "--set mqtt.max_inflight: '+5' is not a whole number" },
        { SET, "log.level=in\nfo",
          "--set log.level: 'in?fo' is not one of error, warn, info, debug, trace (did you mean "
          "'info'?)" },
        { SET, "hub.strict_region=", "--set hub.strict_region: '' is neither true nor false" },
        { SET,
          "hub.names=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,"
          "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a",
          "--set hub.names: has more than 64 items" },
    };
    write_file("secret", "hunter2\n");
    write_bytes("zero", "info\0x", 6);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const env[] = { rows[i].text, NULL };
        struct config_sources sources = { 0 };
        if (rows[i].source == FILE_TEXT) {
            write_file("thingd.conf", rows[i].text);
            sources.file = "thingd.conf";
        } else if (rows[i].source == VARIABLE) {
            sources.environ = env;
        } else {
            sources.sets = env;
            sources.set_count = 1;
        }
        expect_errors(&sources, rows[i].errors);
    }
}

static char *repeated(const char *before, const char *item, size_t count, const char *after)
{
    struct buf text = { 0 };
    buf_puts(&text, before);
    for (size_t i = 0; i < count; i++)
        buf_puts(&text, item);
    buf_puts(&text, after);
    return buf_take(&text, NULL);
}

/* Texts too long for the table above; the error need only contain the words. */
static void bad_long_texts(void **state)
{
    static const struct {
        enum source source;
        const char *before, *item;
        size_t count;
        const char *after, *error;
    } rows[] = {
        { FILE_TEXT, "hub: { data = \"", "a", 4097, "\"; };", "...' is longer than 4096 bytes" },
        { FILE_TEXT, "hub: { names = ( \"a\"", ", \"a\"", 64, " ); };", "has more than 64 items" },
        { FILE_TEXT, "listener: {", "y: {};", 1, "};", "thingd.conf:1: listener 'y' needs a port" },
        { FILE_TEXT, "x = ", "{a=", 100000, "", "thingd.conf:1: nested too deeply" },
        { FILE_TEXT, "", "a=1\n", 5000, "", "thingd.conf:4097: more than 4096 settings" },
        { FILE_TEXT, "x = ", "[", 100000, "", "thingd.conf:1: nested too deeply" },
        { FILE_TEXT, "#", "x", 1 << 20, "", "thingd.conf: longer than 1 MB" },
        { VARIABLE, "THINGD_", "A", 300, "__B=1", "...: longer than 200 bytes" },
        { VARIABLE, "THINGD_HUB__NAMES=a", ",a", 64, "", "has more than 64 items" },
        { VARIABLE, "THINGD_HUB__NAMES=", ",", 100000, "", "has more than 64 items" },
        { VARIABLE, "THINGD_MQTT__MAX_INFLIGHT=", "9", 100000, "", "...' is out of range" },
        { SET, "", "x", 300, "=1", "...: longer than 200 bytes" },
        { SET, "log.level=", "\xc3\xa4", 5000, "", "\xc3\xa4...' is not one of error" },
        { SET, "", "x", 5000, "", "xxx: wants group.key=value" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = repeated(rows[i].before, rows[i].item, rows[i].count, rows[i].after);
        const char *const env[] = { text, NULL };
        struct config_sources sources = { 0 };
        if (rows[i].source == FILE_TEXT) {
            write_file("thingd.conf", text);
            sources.file = "thingd.conf";
        } else if (rows[i].source == VARIABLE) {
            sources.environ = env;
        } else {
            sources.sets = env;
            sources.set_count = 1;
        }
        char *errors = errors_of(&sources);
        if (!strstr(errors, rows[i].error)) fail_msg("%zu: %.300s", i, errors);
        free(errors);
        free(text);
    }
}

static void bad_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *errors;
    } rows[] = {
        { "log: { };\n\0", 11, "thingd.conf:2: a zero byte" },
        { "\0", 1, "thingd.conf:1: a zero byte" },
        { "log: { level = \"a\0b\"; };", 24, "thingd.conf:1: the string is not closed" },
        { "# \0\n", 4, "thingd.conf:1: a zero byte" },
        { "\x01", 1, "thingd.conf:1: a character that has no meaning here" },
        { "\xff\xfe", 2, "thingd.conf:1: a character that has no meaning here" },
        { "/", 1, "thingd.conf:1: a character that has no meaning here" },
        { "/*", 2, "thingd.conf:1: the comment is not closed" },
        { "/*/", 3, "thingd.conf:1: the comment is not closed" },
        { "a = \"\\", 6, "thingd.conf:1: the string is not closed" },
        { "a = \"\\\n\"", 8, "thingd.conf:1: the string is not closed" },
        { "a = \"", 5, "thingd.conf:1: the string is not closed" },
        { "a = 1\r\n;\nb: {", 13, "thingd.conf:3: syntax error" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        write_bytes("thingd.conf", rows[i].text, rows[i].len);
        expect_errors(&(struct config_sources){ .file = "thingd.conf" }, rows[i].errors);
    }
}

static void all_errors_are_told(void **state)
{
    static const char *const env[] = { "THINGD_LOG__LEVEL=loud", "HOME=/x", NULL };
    static const char *const sets[] = { "x", "mqtt.max_inflight=0" };
    const struct config_sources sources = { "thingd.conf", sets, 2, env };
    write_file("thingd.conf", "mqtt:\n{\n  max_paket = 1;\n  max_queued = \"x\";\n};\n"
                              "tls: { cert = \"x\"; };\n");
    expect_errors(&sources,
                  "thingd.conf:3: unknown key 'mqtt.max_paket' (did you mean 'mqtt.max_packet'?)\n"
                  "thingd.conf:4: mqtt.max_queued: wants a whole number, not a string\n"
                  "THINGD_LOG__LEVEL: 'loud' is not one of error, warn, info, debug, trace\n"
                  "--set x: wants group.key=value\n"
                  "--set mqtt.max_inflight: '0' is out of range (1 to 65535)\n"
                  "thingd.conf:6: tls.cert: needs tls.key as well");
    struct config *conf = NULL;
    struct diag diag = DIAG_INIT;
    assert_int_equal(config_load(&sources, &conf, &diag), ERR_CONFIG);
    assert_null(conf);
    assert_string_equal(diag.text, "thingd.conf:3: unknown key 'mqtt.max_paket' (did you mean "
                                   "'mqtt.max_packet'?) (and 5 more: see 'thingd check')");
    const struct config_sources one = { NULL, sets, 1, NULL };
    assert_int_equal(config_load(&one, &conf, &diag), ERR_CONFIG);
    assert_string_equal(diag.text, "--set x: wants group.key=value");
    assert_int_equal(config_load(&one, &conf, NULL), ERR_CONFIG);
}

static void errors_are_bounded(void **state)
{
    struct buf text = { 0 };
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "g%d: { };\n", i);
    write_file("thingd.conf", buf_str(&text));
    struct config_list errors, warnings;
    const struct config_sources sources = { .file = "thingd.conf" };
    assert_int_equal(config_check(&sources, &errors, &warnings), ERR_CONFIG);
    assert_int_equal(errors.count, 101);
    assert_string_equal(errors.items[99], "thingd.conf:100: unknown group 'g99'");
    assert_string_equal(errors.items[100], "and more errors, which are not shown");
    config_list_deinit(&errors);
    config_list_deinit(&warnings);
    buf_deinit(&text);
}

static void listeners_are_bounded(void **state)
{
    struct buf text = { 0 };
    buf_puts(&text, "listener: {\n");
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "l%d: { port = 0; };\n", i);
    buf_puts(&text, "};\n");
    write_file("thingd.conf", buf_str(&text));
    expect_errors(&(struct config_sources){ .file = "thingd.conf" },
                  "thingd.conf:61: more than 64 listeners");
    buf_deinit(&text);
}

static void unreadable_files(void **state)
{
    expect_errors(&(struct config_sources){ .file = "nowhere/x.conf" },
                  "nowhere/x.conf: cannot be read: No such file or directory");
    mkdir("conf.d", 0755);
    expect_errors(&(struct config_sources){ .file = "conf.d" },
                  "conf.d: cannot be read: Is a directory");
    rmdir("conf.d");
    write_file("conf.d", "");
    write_file("thingd.conf", "");
    expect_errors(&(struct config_sources){ .file = "thingd.conf" },
                  "conf.d: cannot be read: Not a directory");
    unlink("conf.d");
}

/* ---- what is right -------------------------------------------------------------------------- */

static void defaults(void **state)
{
    struct config *conf = load_good(NULL, NULL, NULL);
    assert_string_equal(conf->hub.region, "local");
    assert_string_equal(conf->hub.account, "000000000000");
    assert_false(conf->hub.strict_region);
    assert_int_equal(conf->hub.profile, CONFIG_PROFILE_STANDARD);
    assert_int_equal(conf->hub.names.count, 0);
    assert_true(conf->hub.data[0]);
    assert_int_equal(conf->log.level, LOG_INFO);
    assert_int_equal(conf->log.format, LOG_TEXT);
    assert_int_equal(conf->store.durability, CONFIG_DURABILITY_PROCESS);
    assert_int_equal(conf->store.linger, 5);
    assert_int_equal(conf->mqtt.max_packet, 2 << 20);
    assert_int_equal(conf->mqtt.max_queued_bytes, 64 << 20);
    assert_int_equal(conf->mqtt.session_expiry, INT64_C(7) * 86400 * 1000);
    assert_int_equal(conf->http.max_header, 16 << 10);
    assert_int_equal(conf->http.idle_timeout, 60000);
    assert_string_equal(conf->tls.cert, "");
    assert_int_equal(conf->json.max_bytes, 128 << 10);
    assert_int_equal(conf->shadow.max_bytes, 8 << 10);
    assert_int_equal(conf->shadow.max_depth, 6);
    assert_int_equal(conf->rules.max_hops, 10);
    assert_int_equal(conf->limits.connections, 10000);
    assert_int_equal(conf->warnings.count, 0);
    config_free(conf);
    config_free(NULL);
}

static void default_listeners(void **state)
{
    static const struct {
        const char *name, *address;
        int port;
        const char *path;
        bool tls, anonymous;
        enum config_client_cert client_cert;
    } rows[] = {
        { "mqtt", "127.0.0.1", 1883, "", false, true, CONFIG_CLIENT_CERT_NONE },
        { "http", "127.0.0.1", 8080, "", false, true, CONFIG_CLIENT_CERT_NONE },
        { "mqtts", "::", 8883, "", true, false, CONFIG_CLIENT_CERT_OPTIONAL },
        { "https", "::", 8443, "", true, false, CONFIG_CLIENT_CERT_OPTIONAL },
        { "local", "127.0.0.1", 0, "/d/thingd.sock", false, false, CONFIG_CLIENT_CERT_NONE },
    };
    static const char *const sets[] = { "hub.data=/d", NULL };
    struct config *conf = load_good(NULL, NULL, sets);
    assert_int_equal(conf->listener_count, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct config_listener *l = &conf->listeners[i];
        assert_string_equal(l->name, rows[i].name);
        assert_string_equal(l->address, rows[i].address);
        assert_int_equal(l->port, rows[i].port);
        assert_string_equal(l->path, rows[i].path);
        assert_int_equal(l->tls, rows[i].tls);
        assert_int_equal(l->anonymous, rows[i].anonymous);
        assert_int_equal(l->client_cert, rows[i].client_cert);
        assert_string_equal(l->anonymous_policy, "AnonymousLocal");
        assert_true(l->enabled);
    }
    config_free(conf);
}

static void a_file_of_everything(void **state)
{
    write_file(
        "thingd.conf",
        "\xef\xbb\xbf# a comment with \"quotes\" and /* signs\n"
        "hub = { region = \"eu-west-1\", account = \"123456789012\", strict_region = TRUE,\n"
        "        names = [ \"hub.local\", \"192.168.1.2\", \"::1\" ], profile = \"standard\" }\n"
        "log: { level = \"debug\"; format = \"json\"; }; // no @include \"x\"\n"
        "/* log: { level = \"x\"; }; */\n"
        "store: { durability = \"power\"; linger = 0; };\n"
        "mqtt: { max_packet = 0x100000; max_queued_bytes = 4294967296; max_inflight = 7L;\n"
        "        session_expiry = \"2h\"; connect_timeout = \"1500MS\"; };\n"
        "http: { max_body = \"5M\"; allowed_origins = ( \"https://a.example:8443\" ); };\n"
        "tls: { cert = \"certs/hub.pem\"; key = \"/etc/hub.key\"; };\n"
        "listener: { mqtt: { port = 1884; }; web: { address = \"::1\"; port = 80; }; };\n");
    static const char *const sets[] = { "hub.data=/d/", NULL };
    struct config *conf = load_good("thingd.conf", NULL, sets);
    assert_string_equal(conf->hub.region, "eu-west-1");
    assert_true(conf->hub.strict_region);
    assert_int_equal(conf->hub.profile, CONFIG_PROFILE_STANDARD);
    assert_int_equal(conf->hub.names.count, 3);
    assert_string_equal(conf->hub.names.items[1], "192.168.1.2");
    assert_int_equal(conf->log.level, LOG_DEBUG);
    assert_int_equal(conf->log.format, LOG_JSON);
    assert_int_equal(conf->store.durability, CONFIG_DURABILITY_POWER);
    assert_int_equal(conf->store.linger, 0);
    assert_int_equal(conf->mqtt.max_packet, 1 << 20);
    assert_true(conf->mqtt.max_queued_bytes == INT64_C(4) << 30);
    assert_int_equal(conf->mqtt.max_inflight, 7);
    assert_int_equal(conf->mqtt.session_expiry, 7200000);
    assert_int_equal(conf->mqtt.connect_timeout, 1500);
    assert_int_equal(conf->http.max_body, 5 << 20);
    assert_string_equal(conf->http.allowed_origins.items[0], "https://a.example:8443");
    assert_string_equal(conf->tls.cert, "/d/certs/hub.pem");
    assert_string_equal(conf->tls.key, "/etc/hub.key");
    assert_string_equal(conf->rules.file_root, "/d/files");
    assert_int_equal(listener_of(conf, "mqtt")->port, 1884);
    assert_true(listener_of(conf, "mqtt")->anonymous);
    assert_string_equal(listener_of(conf, "web")->address, "::1");
    assert_false(listener_of(conf, "web")->anonymous);
    config_free(conf);
}

static void later_sources_win(void **state)
{
    static const char *const env[] = { "THINGD_MQTT__MAX_SESSIONS=50",
                                       "THINGD_MQTT__MAX_RETAINED=50", NULL };
    static const char *const sets[] = { "mqtt.max_retained=70", "mqtt.max_retained=60", NULL };
    mkdir("etc", 0755);
    mkdir("etc/conf.d", 0755);
    write_file("etc/thingd.conf",
               "mqtt: { max_inflight = 10; max_queued = 10; max_subscriptions = 10;"
               " max_sessions = 10; max_retained = 10; };");
    write_file("etc/conf.d/a.conf", "mqtt: { max_subscriptions = 20; max_sessions = 20;"
                                    " max_retained = 20; };");
    struct config *conf = load_good("etc/thingd.conf", env, sets);
    assert_int_equal(conf->mqtt.max_inflight, 10);
    assert_int_equal(conf->mqtt.max_queued, 10);
    assert_int_equal(conf->mqtt.max_subscriptions, 20);
    assert_int_equal(conf->mqtt.max_sessions, 50);
    assert_int_equal(conf->mqtt.max_retained, 60);
    config_free(conf);
}

static void conf_d_in_the_order_of_names(void **state)
{
    mkdir("conf.d", 0755);
    write_file("thingd.conf", "");
    write_file("conf.d/10.conf", "shadow: { cache = 100; max_depth = 10; };");
    write_file("conf.d/9.conf", "shadow: { cache = 90; };");
    write_file("conf.d/no.txt", "rubbish");
    write_file("conf.d/.hid.conf", "rubbish");
    struct config *conf = load_good("thingd.conf", NULL, NULL);
    assert_int_equal(conf->shadow.cache, 90);
    assert_int_equal(conf->shadow.max_depth, 10);
    config_free(conf);
    write_file("conf.d/x.conf", "shadow:\n{\n  cash = 1;\n};");
    write_file("conf.d/9.conf", "shadow: {");
    expect_errors(&(struct config_sources){ .file = "thingd.conf" },
                  "conf.d/9.conf:1: syntax error\n"
                  "conf.d/x.conf:3: unknown key 'shadow.cash' (did you mean 'shadow.cache'?)");
    unlink("conf.d/x.conf");
    unlink("conf.d/9.conf");
    unlink("conf.d/10.conf");
}

static void the_environment(void **state)
{
    static const char *const env[] = { "PATH=/bin",
                                       "THINGD",
                                       "THINGD_",
                                       "THINGD_X=1",
                                       "THINGD_MQTT_MAX_PACKET=1",
                                       "XTHINGD_A__B=1",
                                       "THINGD_A__B",
                                       "THINGD_DATA=/from/data",
                                       "THINGD_LISTENER__MQTT__PORT=1",
                                       "THINGD_LISTENER__MY_WEB__PORT=81",
                                       "THINGD_HUB__STRICT_REGION=yes",
                                       "THINGD_HUB__NAMES= a , b.example ",
                                       "THINGD_HTTP__ALLOWED_ORIGINS=",
                                       "THINGD_HUB__REGION_FILE=secret",
                                       "THINGD_RULES__FILE_ROOT=out",
                                       NULL };
    write_file("secret", "from-file\r\n");
    struct config *conf = load_good(NULL, env, NULL);
    assert_string_equal(conf->hub.data, "/from/data");
    assert_string_equal(conf->hub.region, "from-file");
    assert_true(conf->hub.strict_region);
    assert_int_equal(conf->hub.names.count, 2);
    assert_string_equal(conf->hub.names.items[0], "a");
    assert_string_equal(conf->hub.names.items[1], "b.example");
    assert_int_equal(conf->http.allowed_origins.count, 0);
    assert_int_equal(listener_of(conf, "mqtt")->port, 1);
    assert_int_equal(listener_of(conf, "my_web")->port, 81);
    assert_string_equal(conf->rules.file_root, "/from/data/out");
    config_free(conf);
}

static void a_variable_and_its_file(void **state)
{
    static const char *const env[] = { "THINGD_HUB__REGION_FILE=secret", "THINGD_HUB__REGION=a",
                                       NULL };
    write_file("secret", "b");
    expect_errors(&(struct config_sources){ .environ = env },
                  "THINGD_HUB__REGION_FILE: THINGD_HUB__REGION is set too");
}

static void data_dir(void **state)
{
    static const char *const both[] = { "THINGD_DATA=/a", "THINGD_HUB__DATA=/b", NULL };
    static const char *const one[] = { "THINGD_DATA=/a", "THINGD_HUB__DATA=", NULL };
    static const char *const none[] = { "THINGD_DATA=", "THINGD_DATAX=/x", NULL };
    struct stat info;
    const char *otherwise = lstat("/var/lib/thingd", &info) == 0 ? "/var/lib/thingd" : "./var";
    const struct {
        const char *const *env;
        const char *dir;
    } rows[] = { { both, "/b" }, { one, "/a" }, { none, otherwise }, { NULL, otherwise } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *got = config_data_dir(rows[i].env);
        assert_string_equal(got, rows[i].dir);
        free(got);
        if (rows[i].env == one) continue; /* an empty THINGD_HUB__DATA empties the key */
        struct config *conf = load_good(NULL, rows[i].env, NULL);
        assert_string_equal(conf->hub.data, rows[i].dir);
        config_free(conf);
    }
}

static void listeners_change_in_parts(void **state)
{
    static const char *const sets[] = { "listener.mqtts.tls=false",
                                        "listener.https.enabled=off",
                                        "listener.http.port=8443",
                                        "listener.https.address=127.0.0.1",
                                        "listener.local.path=",
                                        "listener.local.port=0",
                                        "listener.extra.path=x.sock",
                                        "hub.data=d",
                                        "listener.v6.address=fe80::1%eth0",
                                        "listener.v6.port=1",
                                        NULL };
    struct config *conf = load_good(NULL, NULL, sets);
    assert_false(listener_of(conf, "mqtts")->tls);
    assert_int_equal(listener_of(conf, "mqtts")->client_cert, CONFIG_CLIENT_CERT_NONE);
    assert_false(listener_of(conf, "https")->enabled);
    assert_string_equal(listener_of(conf, "local")->path, "");
    assert_string_equal(listener_of(conf, "extra")->path, "d/x.sock");
    assert_string_equal(listener_of(conf, "v6")->address, "fe80::1%eth0");
    config_free(conf);
}

static void anonymous_to_the_network_is_warned_of(void **state)
{
    static const struct {
        const char *address;
        bool warned;
    } rows[] = {
        { "127.0.0.1", false },        { "127.9.9.9", false },      { "::1", false },
        { "::ffff:127.0.0.1", false }, { "0.0.0.0", true },         { "::", true },
        { "192.168.1.2", true },       { "::ffff:10.0.0.1", true }, { "fe80::1%lo", true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *set = xasprintf("listener.mqtt.address=%s", rows[i].address);
        const char *sets[] = { set, NULL, NULL };
        struct config *conf = load_good(NULL, NULL, sets);
        assert_int_equal(conf->warnings.count, rows[i].warned);
        if (i == 4)
            assert_string_equal(conf->warnings.items[0],
                                "listener 'mqtt' lets clients without a credential in from the "
                                "network (address 0.0.0.0, port 1883, policy AnonymousLocal)");
        config_free(conf);
        sets[1] = "listener.mqtt.enabled=false";
        conf = load_good(NULL, NULL, sets);
        assert_int_equal(conf->warnings.count, 0);
        config_free(conf);
        free(set);
    }
}

static void listeners_behind_a_proxy(void **state)
{
    static const char *const sets[] = { "listener.http.proxy_protocol=true",
                                        "listener.http.anonymous=false",
                                        "listener.https.proxy_protocol=on",
                                        "listener.https.proxy_trusted=10.0.0.0/8, 2001:db8::7",
                                        NULL };
    struct config *conf = load_good(NULL, NULL, sets);
    const struct config_listener *http = listener_of(conf, "http");
    const struct config_listener *https = listener_of(conf, "https");
    assert_true(http->proxy_protocol && https->proxy_protocol);
    assert_false(listener_of(conf, "mqtt")->proxy_protocol);
    assert_int_equal(http->proxy_trusted.count, 2);
    assert_string_equal(http->proxy_trusted.items[0], "127.0.0.0/8");
    assert_string_equal(http->proxy_trusted.items[1], "::1");
    assert_int_equal(https->proxy_trusted.count, 2);
    assert_string_equal(https->proxy_trusted.items[1], "2001:db8::7");
    config_free(conf);
}

static void certificates_are_pairs(void **state)
{
    static const struct {
        const char *item, *cert, *key; /* cert NULL: it is none */
    } rows[] = {
        { "a.pem:a.key", "a.pem", "a.key" },
        { "/etc/a.pem:keys/a.key", "/etc/a.pem", "keys/a.key" },
        { "both.pem", "both.pem", "both.pem" },
        { "", NULL, NULL },
        { ":", NULL, NULL },
        { "a:", NULL, NULL },
        { ":a", NULL, NULL },
        { "a:b:c", NULL, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice cert, key;
        int rc = config_certificate_parse(rows[i].item, &cert, &key);
        assert_int_equal(rc, rows[i].cert ? 0 : ERR_INVALID);
        if (rc < 0) continue;
        assert_true(slice_eq_str(cert, rows[i].cert));
        assert_true(slice_eq_str(key, rows[i].key));
    }
    static const char *const sets[] = { "tls.certificates=a.pem:a.key, both.pem", "hub.data=/d",
                                        NULL };
    struct config *conf = load_good(NULL, NULL, sets);
    assert_int_equal(conf->tls.certificates.count, 2);
    assert_string_equal(conf->tls.certificates.items[0], "a.pem:a.key");
    config_free(conf);
}

static void policies_of_claims_are_parsed(void **state)
{
    static const struct {
        const char *item, *value, *policy; /* NULL: refused */
    } rows[] = {
        { "read=ReadOnly", "read", "ReadOnly" },
        { "*=Base", "*", "Base" },
        { "https://x/y z=A=b", "https://x/y z", "A=b" },
        { "read", NULL, NULL },
        { "=ReadOnly", NULL, NULL },
        { "read=", NULL, NULL },
        { "read=a b", NULL, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice value, policy;
        int rc = config_jwt_policy_parse(rows[i].item, &value, &policy);
        assert_int_equal(rc, rows[i].value ? 0 : ERR_INVALID);
        if (rc < 0) continue;
        assert_true(slice_eq_str(value, rows[i].value));
        assert_true(slice_eq_str(policy, rows[i].policy));
    }
}

/* ---- reload --------------------------------------------------------------------------------- */

static void reload_names_what_must_wait(void **state)
{
    static const char *const before[] = { "listener.a.port=1", "listener.b.port=2", NULL };
    static const char *const after[] = { "listener.a.port=3",
                                         "listener.c.port=4",
                                         "listener.mqtt.anonymous=false",
                                         "hub.names=x",
                                         "hub.region=y",
                                         "store.linger=1ms",
                                         "store.durability=power",
                                         "log.level=debug",
                                         "mqtt.max_packet=4m",
                                         "http.allowed_origins=http://a",
                                         "mqtt.match_cache=100",
                                         "tls.certificates=a.pem",
                                         "listener.https.proxy_protocol=true",
                                         "listener.https.proxy_trusted=::1",
                                         NULL };
    struct config *a = load_good(NULL, NULL, before), *b = load_good(NULL, NULL, after);
    struct config_list keys;
    config_reload_diff(a, b, &keys);
    char *text = joined(&keys);
    assert_string_equal(text, "hub.region\nhub.names\nstore.durability\nstore.linger\n"
                              "mqtt.match_cache\nhttp.allowed_origins\nlistener.mqtt.anonymous\n"
                              "listener.https.proxy_protocol\nlistener.https.proxy_trusted\n"
                              "listener.a.port\n"
                              "listener.b\nlistener.c");
    free(text);
    config_list_deinit(&keys);
    config_reload_diff(a, a, &keys);
    assert_int_equal(keys.count, 0);
    config_free(a);
    config_free(b);
}

/* A default that does not fit what was set gives way. */
static void memory_for_retained_messages(void **state)
{
    write_file("thingd.conf", "limits: { memory = \"32m\"; };");
    struct config *conf = load_good("thingd.conf", NULL, NULL);
    assert_int_equal(conf->mqtt.max_retained_bytes, 16 << 20);
    config_free(conf);
}

static void expiry_by_client(void **state)
{
    static const char *const sets[] = { "mqtt.session_expiry=0",
                                        "mqtt.session_expiry_by_client=a=b*=2h, ?=0", NULL };
    struct config *conf = load_good(NULL, NULL, sets);
    assert_int_equal(conf->mqtt.session_expiry, 0);
    assert_int_equal(conf->mqtt.session_expiry_by_client.count, 2);
    struct slice pattern;
    int64_t ms;
    char **items = conf->mqtt.session_expiry_by_client.items;
    assert_int_equal(config_expiry_parse(items[0], &pattern, &ms), 0);
    assert_true(slice_eq(pattern, slice_str("a=b*")));
    assert_int_equal(ms, 7200000);
    assert_int_equal(config_expiry_parse(items[1], &pattern, &ms), 0);
    assert_int_equal(ms, 0);
    config_free(conf);
}

/* The profile gives other defaults; what was set goes before. */
static void defaults_of_a_profile(void **state)
{
    static const char *const sets[] = { "hub.profile=aws-strict", "mqtt.max_topic_levels=9", NULL };
    static const char *const reload[] = { "hub.profile=standard", "mqtt.max_inflight=7", NULL };
    struct config *conf = load_good(NULL, NULL, sets);
    assert_int_equal(conf->mqtt.max_subscriptions, 50);
    assert_int_equal(conf->mqtt.max_topic_levels, 9);
    assert_int_equal(conf->mqtt.max_keepalive, 1200);
    assert_int_equal(conf->mqtt.session_expiry, 3600000);
    assert_int_equal(conf->mqtt.max_packet_rate, 100);
    assert_int_equal(conf->mqtt.max_byte_rate, 512 << 10);
    struct config *other = load_good(NULL, NULL, reload);
    config_take_reloaded(conf, other); /* the profile of the start stays, and its defaults */
    config_free(other);
    assert_int_equal(conf->mqtt.max_subscriptions, 50);
    assert_int_equal(conf->mqtt.max_inflight, 7);
    config_free(conf);
}

/* What SIGHUP may change moves, of every type; the rest stays. */
static void reloaded_keys_are_taken(void **state)
{
    write_file("thingd.conf",
               "log: { level = \"debug\"; }; tls: { cert = \"/new.pem\"; key = \"/k\"; };"
               "mqtt: { max_inflight = 7; match_cache = 17; };"
               "hub: { region = \"elsewhere\"; };");
    struct config *before = load_good(NULL, NULL, NULL);
    struct config *after = load_good("thingd.conf", NULL, NULL);
    config_take_reloaded(before, after);
    config_free(after);
    assert_int_equal(before->log.level, LOG_DEBUG);
    assert_string_equal(before->tls.cert, "/new.pem");
    assert_int_equal(before->mqtt.max_inflight, 7);
    assert_int_equal(before->mqtt.match_cache, 16384);
    assert_string_equal(before->hub.region, "local");
    config_free(before);
}

/* ---- the printed pages ---------------------------------------------------------------------- */

/* Compares with the committed file; THINGD_TEST_UPDATE=1 in the environment writes it instead. */
static void expect_page(const char *file, void (*print)(struct buf *out))
{
    struct buf page = { 0 }, committed = { 0 };
    char *path = xasprintf("%s/../../%s", TEST_GOLDEN, file);
    print(&page);
    if (getenv("THINGD_TEST_UPDATE")) write_bytes(path, page.data, page.len);
    assert_int_equal(config_slurp(path, 1 << 20, &committed), 0);
    assert_string_equal(buf_str(&committed), buf_str(&page));
    buf_deinit(&page);
    buf_deinit(&committed);
    free(path);
}

static void the_sample_is_as_printed(void **state)
{
    expect_page("conf/thingd.conf", config_print_sample);
}

/* "    # key = value;" without its '#'. */
static void uncomment(struct buf *sample)
{
    for (char *line = sample->data; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *p = line + strspn(line, " ");
        char *name = p + 2;
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
        if (p > line && p[0] == '#' && len && strncmp(name + len, " = ", 3) == 0) *p = ' ';
    }
}

static void print_all(struct buf *out)
{
    config_print_sample(out);
    uncomment(out);
}

/* The fuzzer begins with a file that sets every key. */
static void the_seed_of_the_fuzzer_has_all(void **state)
{
    expect_page("tests/fuzz/corpus/config/all.conf", print_all);
}

static void the_manual_is_as_printed(void **state)
{
    expect_page("docs/manual/configuration.md", config_print_manual);
}

static void the_sample_changes_nothing(void **state)
{
    struct buf sample = { 0 };
    struct config *plain = load_good(NULL, NULL, NULL);
    config_print_sample(&sample);
    for (int round = 0; round < 2; round++) {
        write_file("thingd.conf", buf_str(&sample));
        struct config *conf = load_good("thingd.conf", NULL, NULL);
        assert_int_equal(conf->listener_count, plain->listener_count);
        for (size_t i = 0; i < config_option_count; i++)
            assert_true(option_equal(&config_options[i], conf, plain));
        for (size_t i = 0; i < plain->listener_count; i++)
            for (size_t j = 0; j < listener_option_count; j++)
                assert_true(
                    option_equal(&listener_options[j], &conf->listeners[i], &plain->listeners[i]));
        config_free(conf);
        uncomment(&sample);
    }
    assert_non_null(strstr(buf_str(&sample), "      max_packet = \"2m\";"));
    config_free(plain);
    buf_deinit(&sample);
}

/* I2 of value.c, at both ends of every range. */
static void values_survive_their_text(void **state)
{
    struct loader l;
    loader_init(&l);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        if (option->type > OPT_DURATION) continue;
        const int64_t ends[] = { option->min, option->min + 1, option->max - 1, option->max };
        for (size_t j = 0; j < ARRAY_LEN(ends); j++) {
            struct buf text = { 0 };
            option_format_number(option->type, ends[j], &text);
            assert_int_equal(option_set(option, l.conf, buf_str(&text), NULL, NULL), 0);
            assert_true(*(int64_t *)option_at(option, l.conf) == ends[j]);
            buf_deinit(&text);
        }
        assert_int_equal(option_set(option, l.conf, "x", NULL, NULL), ERR_INVALID);
        assert_true(*(int64_t *)option_at(option, l.conf) == option->max);
    }
    config_free(l.conf);
    loader_deinit(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_sources),
        cmocka_unit_test(bad_long_texts),
        cmocka_unit_test(bad_bytes),
        cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(errors_are_bounded),
        cmocka_unit_test(listeners_are_bounded),
        cmocka_unit_test(unreadable_files),
        cmocka_unit_test(defaults),
        cmocka_unit_test(default_listeners),
        cmocka_unit_test(a_file_of_everything),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(conf_d_in_the_order_of_names),
        cmocka_unit_test(the_environment),
        cmocka_unit_test(a_variable_and_its_file),
        cmocka_unit_test(data_dir),
        cmocka_unit_test(listeners_change_in_parts),
        cmocka_unit_test(anonymous_to_the_network_is_warned_of),
        cmocka_unit_test(listeners_behind_a_proxy),
        cmocka_unit_test(certificates_are_pairs),
        cmocka_unit_test(policies_of_claims_are_parsed),
        cmocka_unit_test(reload_names_what_must_wait),
        cmocka_unit_test(the_sample_is_as_printed),
        cmocka_unit_test(the_seed_of_the_fuzzer_has_all),
        cmocka_unit_test(memory_for_retained_messages),
        cmocka_unit_test(expiry_by_client),
        cmocka_unit_test(defaults_of_a_profile),
        cmocka_unit_test(reloaded_keys_are_taken),
        cmocka_unit_test(the_manual_is_as_printed),
        cmocka_unit_test(the_sample_changes_nothing),
        cmocka_unit_test(values_survive_their_text),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
