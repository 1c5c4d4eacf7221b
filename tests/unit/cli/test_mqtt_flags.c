/* Unit tests of the flags of pub and sub: what each sets, and which lines are bad usage. */
#include "lib/test.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/mqtt/flags.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char *dir;
static const char *const no_environ[] = { NULL };
static const char *const *environment = no_environ;

static int make_dir(void **state)
{
    dir = xstrdup("/tmp/td-flags-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char *path = xasprintf("%s/thingd.sock", dir);
    unlink(path);
    free(path);
    rmdir(dir);
    free(dir);
    return 0;
}

/* ---- running a line ---- */

static struct mqtt_settings settings;

static int read_only(const struct cli_args *args)
{
    return mqtt_settings_read(args, &settings);
}

/* Words are parted by blanks, "_" is an empty one. Returns the exit code and what was said, owned. */
static int run(const char *line, char **ret_said)
{
    const struct cli_command commands[] = {
        { "pub", "[TOPIC]", 0, 1, pub_flags, read_only, "", NULL },
        { "sub", "[FILTER]...", 0, CLI_ANY, sub_flags, read_only, "", NULL },
    };
    struct client_env env = { .environ = environment };
    const struct cli_program program = { .name = "thingd",
                                         .version = "0",
                                         .about = "x",
                                         .commands = commands,
                                         .command_count = 2,
                                         .flags = client_flags,
                                         .fallback = "pub",
                                         .data = &env };
    static char copy[512]; /* the settings point into it */
    char *save = NULL;
    const char *argv[40] = { "thingd", "-d", dir };
    int argc = 3;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = strcmp(word, "_") == 0 ? "" : word;
    size_t len;
    FILE *err = open_memstream(ret_said, &len);
    int rc = cli_main(&program, argc, argv, err, err);
    fclose(err);
    return rc;
}

static void describe_block(struct buf *out, const char *name, struct slice block)
{
    char hex[256];
    if (!block.len) return;
    hex_encode(block.ptr, block.len, hex);
    buf_printf(out, " %s=%s", name, hex);
}

/* Everything that a test compares, in one line. */
static void describe(struct buf *out)
{
    const struct mqtt_connect *c = &settings.client.connect;
    char name[256];
    mqtt_target_name(&settings.target, name, sizeof name);
    buf_printf(out, "%s%s level=%d clean=%d alive=%d qos=%d", settings.tls ? "tls " : "", name,
               c->level, c->clean_session, c->keep_alive, settings.qos);
    if (c->has_username) buf_printf(out, " user=%.*s", (int)c->username.len, c->username.ptr);
    if (c->has_password) buf_printf(out, " pw=%.*s", (int)c->password.len, c->password.ptr);
    if (c->will)
        buf_printf(out, " will=%.*s:%.*s/%d%s", (int)c->will_topic.len, c->will_topic.ptr,
                   (int)c->will_payload.len, c->will_payload.ptr, c->will_qos,
                   c->will_retain ? "r" : "");
    if (settings.url_topic) buf_printf(out, " topic=%s", settings.url_topic);
    if (settings.timeout_ms) buf_printf(out, " timeout=%d", (int)settings.timeout_ms);
    describe_block(out, "connect", c->properties);
    describe_block(out, "publish", buf_slice(&settings.blocks.publish));
    describe_block(out, "subscribe", settings.client.subscribe);
    describe_block(out, "unsubscribe", settings.client.unsubscribe);
    describe_block(out, "disconnect", settings.client.disconnect);
    describe_block(out, "willprops", c->will_properties);
    if (settings.debug) buf_puts(out, " debug");
    if (settings.quiet) buf_puts(out, " quiet");
}

/* ---- tests ---- */

static void what_flags_set(void **state)
{
#define USUAL " level=4 clean=1 alive=60 qos=0"
    static const struct {
        const char *line, *expected;
    } cases[] = {
        { "pub", "localhost:1883" USUAL },
        { "sub -h hub", "hub:1883" USUAL },
        { "sub --host hub --port 99", "hub:99" USUAL },
        { "sub -p 99", "localhost:99" USUAL },
        { "sub -h ::1", "[::1]:1883" USUAL },
        { "sub -S /x/sock", "/x/sock" USUAL },
        { "sub --unix=/x/sock", "/x/sock" USUAL },
        { "sub -u me -P pw", "localhost:1883" USUAL " user=me pw=pw" },
        { "sub --username me --pw _", "localhost:1883" USUAL " user=me pw=" },
        { "sub -u me", "localhost:1883" USUAL " user=me" },
        { "sub -c -i id -k 5 -q 2", "localhost:1883 level=4 clean=0 alive=5 qos=2" },
        { "sub -k 0 -V 31", "localhost:1883 level=3 clean=1 alive=0 qos=0" },
        { "sub -V mqttv311", "localhost:1883" USUAL },
        { "sub -V mqttv31", "localhost:1883 level=3 clean=1 alive=60 qos=0" },
        { "sub -V 5", "localhost:1883 level=5 clean=1 alive=60 qos=0" },
        { "sub -V mqttv5 -P pw", "localhost:1883 level=5 clean=1 alive=60 qos=0 pw=pw" },
        /* what only MQTT 5 has means it */
        { "sub -x 5", "localhost:1883 level=5 clean=1 alive=60 qos=0 connect=1100000005" },
        { "sub -x 0", "localhost:1883 level=5 clean=1 alive=60 qos=0" },
        { "sub --retain-as-published", "localhost:1883 level=5 clean=1 alive=60 qos=0" },
        /* a kept session is kept for good, if nothing else is said */
        { "sub -V 5 -c -i id", "localhost:1883 level=5 clean=0 alive=60 qos=0 connect=11ffffffff" },
        { "sub -x ∞ -i id", "localhost:1883 level=5 clean=1 alive=60 qos=0 connect=11ffffffff" },
        { "sub -c -i id -x 0", "localhost:1883 level=5 clean=0 alive=60 qos=0" },
        { "sub -c -i id -D connect session-expiry-interval 1",
          "localhost:1883 level=5 clean=0 alive=60 qos=0 connect=1100000001" },
        { "pub -D publish content-type a -D PUBLISH topic-alias 2 -D publish user-property k v "
          "--property=publish user-property k _ -Dpublish correlation-data d",
          "localhost:1883 level=5 clean=1 alive=60 qos=0 "
          "publish=03000161230002"
          "2600016b000176"
          "2600016b0000"
          "09000164" },
        { "sub -D subscribe subscription-identifier 200 -D unsubscribe user-property a b "
          "-D disconnect user-property c d -D will will-delay-interval 5 --will-topic w",
          "localhost:1883 level=5 clean=1 alive=60 qos=0 will=w:/0 subscribe=0bc801 "
          "unsubscribe=26000161000162 disconnect=26000163000164 willprops=1800000005" },
        { "sub -W 3 --debug --quiet", "localhost:1883" USUAL " timeout=3000 debug quiet" },
        { "sub --will-topic w", "localhost:1883" USUAL " will=w:/0" },
        { "sub --will-topic w --will-payload x --will-qos 1 --will-retain",
          "localhost:1883" USUAL " will=w:x/1r" },
        { "sub -L mqtt://hub", "hub:1883" USUAL },
        { "sub -L mqtt://hub/", "hub:1883" USUAL },
        { "sub -L mqtt://me:p%40w@hub:99/a/b/#", "hub:99" USUAL " user=me pw=p@w topic=a/b/#" },
        { "sub -L mqtt://me@[::1]:99/a", "[::1]:99" USUAL " user=me topic=a" },
        { "sub -L mqtt://[::1]/a%20", "[::1]:1883" USUAL " topic=a%20" },
        { "sub -L mqtt://u:a:b@hub", "hub:1883" USUAL " user=u pw=a:b" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *said = NULL;
        struct buf got = { 0 };
        int rc = run(cases[i].line, &said);
        if (rc) fail_msg("%s: %d %s", cases[i].line, rc, said);
        describe(&got);
        if (strcmp(buf_str(&got), cases[i].expected) != 0)
            fail_msg("%s: '%s'", cases[i].line, buf_str(&got));
        buf_deinit(&got);
        mqtt_settings_free(&settings);
        free(said);
    }
}

static void bad_usage(void **state)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        { "sub -V 4", "flag '--protocol-version': '4' is none of 5, 311 and 31" },
        { "sub -V 311 -x 5", "flag '--session-expiry-interval' is for MQTT 5" },
        { "sub -V 31 -D will content-type x", "flag '--property' is for MQTT 5" },
        { "sub -V 311 --retain-as-published", "flag '--retain-as-published' is for MQTT 5" },
        { "sub -x 4294967296", "'4294967296' is not a number from 0 to 4294967295" },
        { "sub -x -2", "'-2' is not a number from 0 to 4294967295" },
        { "sub -x -1", "a session that is kept for good needs --id ID" },
        { "sub -D connect session-expiry-interval 4294967295", "kept for good needs --id ID" },
        { "sub -x 1 -D connect session-expiry-interval 2", "the session's expiry is given twice" },
        { "sub -D disconnect session-expiry-interval 2", "cannot be prolonged by DISCONNECT" },
        { "sub -D", "flag '--property' needs a value COMMAND PROPERTY VALUE" },
        { "sub -D connect", "flag '--property' needs a value COMMAND PROPERTY VALUE" },
        { "sub -D connect user-property a", "flag '--property' needs a value COMMAND PROPERTY" },
        { "sub -D nothing user-property a b", "flag '--property': sub sends no 'nothing'" },
        { "sub -D publish user-property a b", "flag '--property': sub sends no 'publish'" },
        { "pub -D subscribe user-property a b", "flag '--property': pub sends no 'subscribe'" },
        { "pub -D auth authentication-method x", "flag '--property': pub sends no 'auth'" },
        { "pub -D publish nothing x", "flag '--property': no property 'nothing'" },
        { "pub -D publish reason-string x", "flag '--property': no property 'reason-string'" },
        { "pub -D publish payload-format-indicator 256", "'256' is not a number from 0 to 255" },
        { "pub -D publish payload-format-indicator 2", "a property that is neither 0 nor 1" },
        { "pub -D publish topic-alias 65536", "'65536' is not a number from 0 to 65535" },
        { "pub -D publish topic-alias 0", "[MQTT-3.3.2-8] a topic alias may not be 0" },
        { "pub -D publish message-expiry-interval x", "'x' is not a number from 0 to 4294967295" },
        { "pub -D publish response-topic a/#", "a response topic which is no topic name" },
        { "pub -D publish content-type a -D publish content-type b",
          "a property that is there twice" },
        { "pub -D publish subscription-identifier 1", "[MQTT-3.3.4-6]" },
        { "pub -D connect receive-maximum 0", "a property that may not be 0" },
        { "sub -D subscribe subscription-identifier 268435456", "from 0 to 268435455" },
        { "sub -D will content-type x", "a will needs --will-topic TOPIC" },
        { "sub -q 3", "flag '--qos': '3' is not a number from 0 to 2" },
        { "sub -p 0", "flag '--port': '0' is not a number from 1 to 65535" },
        { "sub -p 65536", "flag '--port': '65536' is not a number from 1 to 65535" },
        { "sub -k 65536", "flag '--keepalive': '65536' is not a number from 0 to 65535" },
        { "sub -W 0", "flag '--timeout': '0' is not a number from 1 to 31536000" },
        { "sub -P pw", "a password needs --username NAME" },
        { "sub -c", "flag '--disable-clean-session' needs --id ID" },
        { "sub -c -I x", "flag '--disable-clean-session' needs --id ID" },
        { "sub -i a -I b", "either --id or --id-prefix" },
        { "sub --will-qos 1", "a will needs --will-topic TOPIC" },
        { "sub --will-retain", "a will needs --will-topic TOPIC" },
        { "sub --will-payload x", "a will needs --will-topic TOPIC" },
        { "sub --will-topic a/+", "flag '--will-topic': [MQTT-4.7.1-1] a wildcard" },
        { "sub --will-topic a --will-qos 3", "flag '--will-qos': '3' is not a number from 0 to 2" },
        { "sub -S x -h hub", "flag '--unix' goes with no host, no port and no TLS" },
        { "sub -S x --insecure", "flag '--unix' goes with no host, no port and no TLS" },
        { "sub --cert x", "flags '--cert' and '--key' go together" },
        { "sub --key x", "flags '--cert' and '--key' go together" },
        { "sub -L mqtt://h -p 1", "flag '--url' tells host, port, user name and password" },
        { "sub -L mqtt://h -u x", "flag '--url' tells host, port, user name and password" },
        { "sub -L mqtt://h --cafile x", "mqtt:// is without TLS: write mqtts://" },
        { "sub -L http://h", "flag '--url': the URL must begin with mqtt:// or mqtts://" },
        { "sub -L mqtt://", "flag '--url': the URL has no host" },
        { "sub -L mqtt://@h:x", "flag '--url': the URL has a bad port" },
        { "sub -L mqtt://h:", "flag '--url': the URL has a bad port" },
        { "sub -L mqtt://h:70000", "flag '--url': the URL has a bad port" },
        { "sub -L mqtt://[::1", "flag '--url': the URL has a bad port" },
        { "sub -L mqtt://[::1]x:5", "flag '--url': the URL has a bad address" },
        { "sub -L mqtt://a%zz@h", "flag '--url': the URL has a bad escape" },
        { "sub -L mqtt://a:%00@h", "flag '--url': the URL has a bad escape" },
        /* mosquitto's, but not ours: by name */
        { "sub -A 127.0.0.1", "unknown flag '-A'" },
        { "sub --proxy x", "unknown flag '--proxy'" },
        { "sub --psk x", "unknown flag '--psk'" },
        { "sub --capath x", "unknown flag '--capath'" },
        { "pub --random-filter 5", "unknown flag '--random-filter'" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *said = NULL;
        settings = (struct mqtt_settings){ 0 };
        assert_int_equal(run(cases[i].line, &said), CLI_USAGE);
        if (!strstr(said, cases[i].why)) fail_msg("%s: %s", cases[i].line, said);
        mqtt_settings_free(&settings);
        free(said);
    }
}

/* What names_tbl.h tells people is what the table of properties has. */
static void the_manual_of_properties_is_true(void **state)
{
    static const char *const commands[] = { "connect",     "publish",    "subscribe",
                                            "unsubscribe", "disconnect", "will" };
    static const struct {
        const char *name, *where;
    } names[] = {
#define NAME(text_, prop_, where_) { (text_), (where_) },
#include "cli/mqtt/names_tbl.h"
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = strcmp(names[i].name, "user-property") == 0 ? "1 1" : "1";
        for (size_t n = 0; n < ARRAY_LEN(commands); n++) {
            const char *word = n == 1 ? "pub" : "sub";
            char *said = NULL, *list = xasprintf(", %s,", names[i].where);
            char *line = xasprintf("%s -x 1 --will-topic w -D %s %s %s", word, commands[n],
                                   names[i].name, value);
            char *item = xasprintf(" %s,", commands[n]);
            int rc = run(line, &said);
            bool twice = strstr(said, "given twice"); /* by our -x: it may stand there */
            if ((rc == 0 || twice) != (strstr(list, item) != NULL)) fail_msg("%s: %s", line, said);
            mqtt_settings_free(&settings);
            settings = (struct mqtt_settings){ 0 };
            free(said);
            free(list);
            free(line);
            free(item);
        }
    }
}

static void passwords_that_are_no_arguments(void **state)
{
    static const char *const with_password[] = { "THINGD_PASSWORD=by variable", NULL };
    char *file = xasprintf("%s/password", dir);
    FILE *out = fopen(file, "we");
    assert_non_null(out);
    fputs("by file\r\nsecond line\n", out);
    fclose(out);
    const struct {
        const char *words;
        const char *password; /* NULL: none */
        int rc;
    } rows[] = {
        { "sub a -u me", "by variable", 0 },
        { "sub a", NULL, 0 },
        { "sub a -u me -P given", "given", 0 },
        { "sub a -u me -P _", "", 0 },
        { "sub a -u me --password-file @", "by file", 0 },
        { "sub a -u me -P given --password-file @", NULL, CLI_USAGE },
        { "sub a --password-file @", NULL, CLI_USAGE },
        { "sub a -u me --password-file @x", NULL, CLI_FAILED },
    };
    environment = with_password;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[256], *said = NULL;
        const char *at = strchr(rows[i].words, '@');
        snprintf(line, sizeof line, "%.*s%s%s", (int)strcspn(rows[i].words, "@"), rows[i].words,
                 at ? file : "", at ? at + 1 : "");
        int rc = run(line, &said);
        if (rc != rows[i].rc) fail_msg("%s: %d: %s", line, rc, said);
        const struct mqtt_connect *connect = &settings.client.connect;
        if (rc == 0) assert_int_equal(connect->has_password, rows[i].password != NULL);
        if (rows[i].password) assert_true(slice_eq_str(connect->password, rows[i].password));
        mqtt_settings_free(&settings);
        free(said);
    }
    environment = no_environ;
    unlink(file);
    free(file);
}

static void the_client_id(void **state)
{
    char *said = NULL, *expected = xasprintf("x-%ld", (long)getpid());
    assert_int_equal(run("sub -I x-", &said), 0);
    assert_true(slice_eq_str(settings.client.connect.client_id, expected));
    mqtt_settings_free(&settings);
    free(said);
    assert_int_equal(run("sub -i _", &said), 0);
    assert_int_equal(settings.client.connect.client_id.len, 0);
    mqtt_settings_free(&settings);
    free(said);
    assert_int_equal(run("pub", &said), 0);
    char *first =
        xstrndup(settings.client.connect.client_id.ptr, settings.client.connect.client_id.len);
    assert_true(slice_starts(slice_str(first), "thingd-pub-"));
    mqtt_settings_free(&settings);
    free(said);
    assert_int_equal(run("pub", &said), 0);
    assert_false(slice_eq_str(settings.client.connect.client_id, first));
    mqtt_settings_free(&settings);
    free(said);
    free(first);
    free(expected);
}

/* The socket of the data directory, where it is; every word about another place counts more. */
static void the_hub_of_the_data_directory(void **state)
{
    static const struct {
        const char *line;
        bool hub;
    } cases[] = {
        { "pub", true },       { "pub -i x -u y", true }, { "pub -h hub", false },
        { "pub -p 9", false }, { "pub -S /x", false },    { "pub -L mqtt://hub", false },
    };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char name[256];
    snprintf(address.sun_path, sizeof address.sun_path, "%s/thingd.sock", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *said = NULL;
        assert_int_equal(run(cases[i].line, &said), 0);
        mqtt_target_name(&settings.target, name, sizeof name);
        assert_int_equal(strcmp(name, address.sun_path) == 0, cases[i].hub);
        mqtt_settings_free(&settings);
        free(said);
    }
    close(fd);
}

static void files_that_are_not_there(void **state)
{
    static const char *const lines[] = { "sub --cafile /nowhere/ca",
                                         "sub -L mqtts://h --cafile /nowhere/ca" };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char *said = NULL;
        assert_int_equal(run(lines[i], &said), CLI_FAILED);
        assert_non_null(strstr(said, "/nowhere/ca"));
        mqtt_settings_free(&settings);
        free(said);
    }
}

static void seconds(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = { { "0", 0 },       { "1", 1000 },        { "2.5", 2500 }, { "0.05", 50 },
                  { "0.001", 1 },   { ".5", -1 },         { "", -1 },      { "1.", -1 },
                  { "1.0001", -1 }, { "-1", -1 },         { "1.-1", -1 },  { "1e3", -1 },
                  { "x", -1 },      { "99999999999", -1 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t ms = -1;
        int rc = mqtt_parse_seconds(cases[i].text, &ms);
        if (ms != cases[i].ms || rc != (cases[i].ms < 0 ? ERR_INVALID : 0))
            fail_msg("%s: %d", cases[i].text, (int)ms);
    }
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        IN_DIR(what_flags_set),
        IN_DIR(bad_usage),
        IN_DIR(the_manual_of_properties_is_true),
        IN_DIR(passwords_that_are_no_arguments),
        IN_DIR(the_client_id),
        IN_DIR(the_hub_of_the_data_directory),
        IN_DIR(files_that_are_not_there),
        cmocka_unit_test(seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
