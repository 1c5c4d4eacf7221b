/* cmd_pub.c — `pub`: publishes one message, the same one several times, or lines as they come.
 *
 * Lines are read only while the connection is up and there is room in the window, so whoever writes them is
 * slowed down, and nothing of them is lost with a connection but what QoS 0 loses. */
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/mqtt/run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "topic/topic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 65536, OUT_MOST = 256 << 10 };

struct pub {
    struct mqtt_run run; /* first */
    struct mqtt_settings settings;
    struct mqtt_publish publish;
    struct buf data;  /* the message, or lines not yet published */
    int64_t left;     /* how often the message is still to be published */
    int64_t delay_ms; /* between */
    bool delaying;    /* the last one is not yet delivered */
    int64_t published;
    int lines;   /* the descriptor of the lines; -1: one message */
    bool at_end; /* of the lines */
};

static struct pub *pub_of(struct mqtt_run *run)
{
    return container_of(run, struct pub, run);
}

/* ---- publishing ----------------------------------------------------------------------------- */

static bool has_room(struct pub *pub)
{
    if (mqtt_client_out(pub->run.client)->len > OUT_MOST) {
        pub->run.again = true;
        return false;
    }
    return pub->publish.qos == 0 || mqtt_client_has_room(pub->run.client);
}

static bool publish(struct pub *pub, struct slice payload)
{
    pub->publish.payload = payload;
    struct diag diag = DIAG_INIT;
    int rc = mqtt_client_publish(pub->run.client, &pub->publish, &diag);
    if (rc < 0) {
        mqtt_run_fail(&pub->run, "%s", diag_text(&diag, rc));
        return false;
    }
    pub->published++;
    return true;
}

static void step_message(struct pub *pub)
{
    const int64_t now = clock_mono_ms();
    if (pub->delaying && mqtt_client_unfinished(pub->run.client)) return;
    if (pub->delaying) pub->run.wake = now + pub->delay_ms;
    pub->delaying = false;
    while (pub->left && has_room(pub)) {
        if (pub->run.wake != INT64_MAX && now < pub->run.wake) return;
        pub->run.wake = INT64_MAX;
        if (!publish(pub, buf_slice(&pub->data))) return;
        pub->left--;
        if (!pub->left || !pub->delay_ms) continue;
        pub->delaying = true;
        /* QoS 0 is delivered when it is sent */
        if (!mqtt_client_unfinished(pub->run.client)) pub->run.again = true;
        return;
    }
    if (!pub->left) mqtt_run_finish(&pub->run, CLI_DONE, -1);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void read_lines(struct pub *pub)
{
    char *to = buf_reserve(&pub->data, READ_SIZE);
    ssize_t n = read(pub->lines, to, READ_SIZE);
    if (n > 0)
        pub->data.len += (size_t)n;
    else if (n == 0)
        pub->at_end = true;
    else if (errno != EINTR && errno != EAGAIN)
        mqtt_run_fail(&pub->run, "standard input: %s", strerror(errno));
    if (pub->data.len > (size_t)MQTT_MAX_REMAINING + READ_SIZE)
        mqtt_run_fail(&pub->run, "a line is too long for MQTT");
}

/* True when no whole line is left. */
static bool publish_lines(struct pub *pub)
{
    size_t at = 0;
    bool all = false;
    while (!all && has_room(pub)) {
        struct slice rest = slice_from(buf_slice(&pub->data), at);
        const char *end = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
        all = !end && !(pub->at_end && rest.len);
        if (all) break;
        struct slice line = slice_of(rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len);
        if (!publish(pub, line)) break;
        at += line.len + (end ? 1 : 0);
    }
    buf_consume(&pub->data, at);
    return all;
}

static void step_lines(struct pub *pub)
{
    if (pub->run.input_ready && !pub->at_end) read_lines(pub);
    pub->run.input_ready = false;
    bool all = publish_lines(pub);
    pub->run.input = all && !pub->at_end ? pub->lines : -1;
    if (all && pub->at_end) mqtt_run_finish(&pub->run, CLI_DONE, -1);
}

static void step(struct mqtt_run *run)
{
    struct pub *pub = pub_of(run);
    if (pub->lines >= 0)
        step_lines(pub);
    else
        step_message(pub);
}

static const struct mqtt_run_ops ops = { .step = step };

/* ---- flags ---------------------------------------------------------------------------------- */

static int read_topic(const struct cli_args *args, struct pub *pub)
{
    const char *given[] = { cli_arg(args, 0), cli_flag_value(args, "--topic", NULL),
                            pub->settings.url_topic };
    const char *topic = NULL;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        if (topic && given[i]) return cli_bad_usage(args, "more than one topic");
        if (given[i]) topic = given[i];
    }
    if (!topic) return cli_bad_usage(args, "needs TOPIC");
    const char *why = topic_name_why(slice_str(topic));
    if (why) return cli_bad_usage(args, "topic '%s': %s", topic, why);
    pub->publish.topic = slice_str(topic);
    return 0;
}

static int read_payload(const struct cli_args *args, struct pub *pub)
{
    const char *text = cli_flag_value(args, "--message", NULL);
    const char *file = cli_flag_value(args, "--file", NULL);
    bool all = cli_flag_given(args, "--stdin-file"), lines = cli_flag_given(args, "--stdin-line");
    int count =
        (text != NULL) + (file != NULL) + all + lines + cli_flag_given(args, "--null-message");
    if (count != 1)
        return cli_bad_usage(args, "needs one of --message, --file, --stdin-line, --stdin-file and "
                                   "--null-message");
    if (lines) {
        const struct client_env *env = args->program->data;
        pub->lines = fileno(env && env->in ? env->in : stdin);
        return 0;
    }
    if (text) buf_puts(&pub->data, text);
    if (!file && !all) return 0;
    return command_read(args, file ? file : "-", MQTT_MAX_REMAINING, &pub->data);
}

static int read_repeat(const struct cli_args *args, struct pub *pub)
{
    const char *delay = cli_flag_value(args, "--repeat-delay", NULL);
    bool repeats = cli_flag_given(args, "--repeat");
    int rc = cli_flag_number(args, "--repeat", 1, INT32_MAX, 1, &pub->left);
    if (rc) return rc;
    if (repeats && pub->lines >= 0)
        return cli_bad_usage(args, "flag '--repeat' does not go with --stdin-line");
    if (delay && !repeats) return cli_bad_usage(args, "flag '--repeat-delay' needs --repeat N");
    if (delay && mqtt_parse_seconds(delay, &pub->delay_ms) < 0)
        return cli_bad_usage(args, "flag '--repeat-delay': '%s' is not a number of seconds", delay);
    return 0;
}

static int read_flags(const struct cli_args *args, struct pub *pub)
{
    int64_t window = 0;
    int rc = mqtt_settings_read(args, &pub->settings);
    const int64_t usual = (int64_t)pub->settings.client.window;
    if (rc == 0) rc = cli_flag_number(args, "--max-inflight", 1, 65535, usual, &window);
    if (rc == 0) rc = read_topic(args, pub);
    if (rc == 0) rc = read_payload(args, pub);
    if (rc == 0) rc = read_repeat(args, pub);
    if (rc) return rc;
    pub->settings.client.window = (size_t)window;
    pub->publish.level = pub->settings.client.connect.level;
    pub->publish.qos = pub->settings.qos;
    pub->publish.properties = buf_slice(&pub->settings.blocks.publish);
    pub->publish.retain = cli_flag_given(args, "--retain");
    return 0;
}

static void print_result(const struct cli_args *args, const struct pub *pub)
{
    struct json *json = json_new_object();
    json_set_int(json, "published", pub->published);
    output_json(args->out, json);
    json_free(json);
}

int pub_run(const struct cli_args *args)
{
    struct pub pub = { .run = { .args = args, .ops = &ops, .confirm = true }, .lines = -1 };
    int rc = read_flags(args, &pub);
    if (rc == 0) {
        pub.run.settings = &pub.settings;
        pub.run.retry = pub.lines >= 0 || pub.left > 1;
        pub.run.stop_code = pub.lines >= 0 ? CLI_DONE : CLI_FAILED;
        pub.run.timeout_code = CLI_FAILED;
        rc = mqtt_run(&pub.run);
    }
    if (rc == CLI_DONE && cli_flag_given(args, "--json")) print_result(args, &pub);
    buf_deinit(&pub.data);
    mqtt_settings_free(&pub.settings);
    return rc;
}
