/* cmd_sub.c — `sub`: subscribes and prints what comes.
 *
 * A message is acknowledged when it is printed: what a kept session has sent but we could not print comes
 * again. The same holds for what arrives behind the last message asked for. */
#include "cli/command.h"
#include "cli/mqtt/outcome.h"
#include "cli/mqtt/run.h"
#include "cli/sub_format.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "topic/topic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { LEAVE_MS = 5000 };

struct filters {
    struct mqtt_filter *all;
    size_t count;
};

struct sub {
    struct mqtt_run run; /* first */
    struct mqtt_settings settings;
    struct filters subscribe, unsubscribe, leave_out;
    struct sub_format *format; /* NULL: the payload, or topic and payload */
    bool verbose, no_newline, no_retained, retained_only, remove_retained, exit_subscribed;
    int64_t count; /* messages still to come; -1: all */
    bool asked;    /* on this connection */
    bool granted;  /* by this session */
    bool refused;  /* a filter */
    struct buf line;
};

static struct sub *sub_of(struct mqtt_run *run)
{
    return container_of(run, struct sub, run);
}

/* ---- printing ------------------------------------------------------------------------------- */

/* As mosquitto_sub: an empty message is "(null)" with its topic, and nothing alone. */
static void put_plain(const struct sub *sub, const struct sub_message *msg, struct buf *out)
{
    if (sub->verbose) {
        buf_put_slice(out, msg->topic);
        buf_putc(out, ' ');
        if (!msg->payload.len) buf_puts(out, "(null)");
    }
    buf_put_slice(out, msg->payload);
    if (!sub->no_newline && (sub->verbose || msg->payload.len)) buf_putc(out, '\n');
}

static void print(struct sub *sub, const struct mqtt_publish *p)
{
    const struct sub_message msg = { p->topic, p->payload,      p->qos,       p->retain,
                                     p->id,    clock_real_ms(), p->properties };
    struct buf *out = &sub->line;
    buf_clear(out);
    if (!sub->format) {
        put_plain(sub, &msg, out);
    } else if (sub_format_put(sub->format, &msg, out) < 0) {
        mqtt_run_complain(&sub->run, "the message on topic '%.*s' is no JSON", (int)p->topic.len,
                          p->topic.ptr);
        return;
    } else if (!sub->no_newline) {
        buf_putc(out, '\n');
    }
    fwrite(out->data ? out->data : "", 1, out->len, sub->run.args->out);
}

static int flush(struct mqtt_run *run)
{
    errno = 0;
    if (fflush(run->args->out) == 0 && !ferror(run->args->out)) return 0;
    return errno ? -errno : -EIO;
}

/* ---- messages ------------------------------------------------------------------------------- */

static bool is_left_out(const struct sub *sub, struct slice topic)
{
    for (size_t i = 0; i < sub->leave_out.count; i++)
        if (topic_match(sub->leave_out.all[i].filter, topic)) return true;
    return false;
}

static void remove_retained(struct sub *sub, const struct mqtt_publish *p)
{
    const struct mqtt_publish empty = {
        .level = p->level, .topic = p->topic, .qos = 1, .retain = true
    };
    struct diag diag = DIAG_INIT;
    int rc = mqtt_client_publish(sub->run.client, &empty, &diag);
    if (rc < 0)
        mqtt_run_fail(&sub->run, "retained messages cannot be removed: %s", diag_text(&diag, rc));
}

static bool on_message(struct mqtt_run *run, const struct mqtt_publish *p)
{
    struct sub *sub = sub_of(run);
    if (run->finishing) return false;
    if (sub->retained_only && !p->retain) {
        mqtt_run_finish(run, CLI_DONE, LEAVE_MS);
        return false;
    }
    if (is_left_out(sub, p->topic)) return true;
    if (sub->remove_retained && p->retain && p->payload.len) remove_retained(sub, p);
    if (sub->no_retained && p->retain) return true;
    print(sub, p);
    if (sub->count > 0 && --sub->count == 0) mqtt_run_finish(run, CLI_DONE, LEAVE_MS);
    return true;
}

/* ---- subscribing ---------------------------------------------------------------------------- */

static void on_connected(struct mqtt_run *run, bool session_present)
{
    struct sub *sub = sub_of(run);
    int rc = 0;
    if (run->finishing || (session_present && sub->granted)) return;
    sub->granted = false;
    if (sub->unsubscribe.count)
        rc = mqtt_client_unsubscribe(run->client, sub->unsubscribe.all, sub->unsubscribe.count);
    if (rc == 0 && sub->subscribe.count)
        rc = mqtt_client_subscribe(run->client, sub->subscribe.all, sub->subscribe.count);
    if (rc < 0)
        mqtt_run_fail(run, "the filters are too long for %s",
                      rc == ERR_TOO_LARGE ? "the hub" : "MQTT");
    sub->asked = true;
}

/* Tells which filters the hub has refused, and how many. Below level 5 it does not say why. */
static size_t tell_refusals(const struct sub *sub, const struct filters *filters,
                            const struct mqtt_suback *ack, const char *what)
{
    size_t refused = 0;
    for (size_t i = 0; i < ack->codes.len; i++) {
        const uint8_t code = (uint8_t)ack->codes.ptr[i];
        const struct slice filter = filters->all[i].filter;
        char text[MQTT_OUTCOME_SIZE];
        if (code < MQTT_REFUSED) continue;
        mqtt_outcome_text(code, ack->properties, text);
        bool has_reason = sub->settings.client.connect.level >= MQTT_LEVEL_5;
        mqtt_run_complain(&sub->run, "the hub refuses %s '%.*s'%s%s", what, (int)filter.len,
                          filter.ptr, has_reason ? ": " : "", has_reason ? text : "");
        refused++;
    }
    return refused;
}

static void on_granted(struct mqtt_run *run, const struct mqtt_suback *ack)
{
    struct sub *sub = sub_of(run);
    size_t refused = tell_refusals(sub, &sub->subscribe, ack, "the subscription to");
    sub->refused = refused > 0;
    sub->granted = refused < ack->codes.len;
    if (!sub->granted) mqtt_run_finish(run, CLI_FAILED, LEAVE_MS);
}

static void on_released(struct mqtt_run *run, const struct mqtt_suback *ack)
{
    struct sub *sub = sub_of(run);
    if (tell_refusals(sub, &sub->unsubscribe, ack, "to end the subscription to"))
        run->refused = true;
}

static void step(struct mqtt_run *run)
{
    struct sub *sub = sub_of(run);
    if (sub->exit_subscribed && sub->asked && mqtt_client_is_idle(run->client))
        mqtt_run_finish(run, sub->refused ? CLI_FAILED : CLI_DONE, LEAVE_MS);
}

static const struct mqtt_run_ops ops = { on_connected, on_message, on_granted,
                                         on_released,  step,       flush };

/* ---- flags ---------------------------------------------------------------------------------- */

static int add_filter(const struct cli_args *args, struct filters *to, const char *text,
                      uint8_t qos)
{
    const char *why = topic_filter_why(slice_str(text));
    if (why) return cli_bad_usage(args, "filter '%s': %s", text, why);
    to->all = xrealloc(to->all, (to->count + 1) * sizeof *to->all);
    to->all[to->count++] = (struct mqtt_filter){ .filter = slice_str(text), .qos = qos };
    return 0;
}

static int add_filters(const struct cli_args *args, struct filters *to, const char *flag,
                       uint8_t qos)
{
    size_t count;
    const char *const *values = cli_flag_values(args, flag, &count);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_filter(args, to, values[i], qos);
    return rc;
}

static int read_filters(const struct cli_args *args, struct sub *sub)
{
    int rc = 0;
    for (size_t i = 0; i < args->count && rc == 0; i++)
        rc = add_filter(args, &sub->subscribe, cli_arg(args, i), sub->settings.qos);
    if (rc == 0) rc = add_filters(args, &sub->subscribe, "--topic", sub->settings.qos);
    if (rc == 0 && sub->settings.url_topic)
        rc = add_filter(args, &sub->subscribe, sub->settings.url_topic, sub->settings.qos);
    if (rc == 0) rc = add_filters(args, &sub->leave_out, "--filter-out", 0);
    if (rc == 0) rc = add_filters(args, &sub->unsubscribe, "--unsubscribe", 0);
    if (rc == 0 && !sub->subscribe.count && !sub->unsubscribe.count)
        rc = cli_bad_usage(args, "needs FILTER");
    if (rc == 0 && sub->settings.client.unsubscribe.len && !sub->unsubscribe.count)
        rc = cli_bad_usage(args, "properties of unsubscribe need --unsubscribe FILTER");
    for (size_t i = 0; i < sub->subscribe.count; i++)
        sub->subscribe.all[i].retain_as_published = cli_flag_given(args, "--retain-as-published");
    return rc;
}

static int read_format(const struct cli_args *args, struct sub *sub)
{
    const char *text = cli_flag_value(args, "--format", NULL);
    bool json = cli_flag_given(args, "--json"), pretty = cli_flag_given(args, "--pretty");
    struct diag diag = DIAG_INIT;
    if (json && text) return cli_bad_usage(args, "either --json or --format");
    if (pretty && !json && !text) return cli_bad_usage(args, "flag '--pretty' is for JSON");
    if (json) text = "%j";
    if (!text) return 0;
    int rc = sub_format_parse(text, pretty, &sub->format, &diag);
    return rc < 0 ? cli_bad_usage(args, "flag '--format': %s", diag_text(&diag, rc)) : 0;
}

static int read_flags(const struct cli_args *args, struct sub *sub)
{
    int rc = mqtt_settings_read(args, &sub->settings);
    if (rc == 0) rc = cli_flag_number(args, "--count", 1, INT64_MAX, -1, &sub->count);
    if (rc == 0) rc = read_filters(args, sub);
    if (rc == 0) rc = read_format(args, sub);
    if (rc) return rc;
    sub->verbose = cli_flag_given(args, "--verbose");
    sub->no_newline = cli_flag_given(args, "--no-newline");
    sub->no_retained = cli_flag_given(args, "--no-retained");
    sub->retained_only = cli_flag_given(args, "--retained-only");
    sub->remove_retained = cli_flag_given(args, "--remove-retained");
    sub->exit_subscribed = cli_flag_given(args, "--exit-subscribed");
    if (sub->no_retained && sub->retained_only)
        return cli_bad_usage(args, "either --no-retained or --retained-only");
    return 0;
}

int sub_run(const struct cli_args *args)
{
    struct sub sub = { .run = { .args = args, .ops = &ops, .retry = true } };
    int rc = read_flags(args, &sub);
    if (rc == 0) {
        sub.run.settings = &sub.settings;
        /* to listen for a while is done when it ends; to wait for messages is not */
        sub.run.stop_code = sub.run.timeout_code = sub.count > 0 ? CLI_FAILED : CLI_DONE;
        rc = mqtt_run(&sub.run);
    }
    sub_format_free(sub.format);
    buf_deinit(&sub.line);
    free(sub.subscribe.all);
    free(sub.unsubscribe.all);
    free(sub.leave_out.all);
    mqtt_settings_free(&sub.settings);
    return rc;
}
