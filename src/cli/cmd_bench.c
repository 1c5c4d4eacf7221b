/* cmd_bench.c — `thingd bench`: scenarios of the load generator against a broker, ours or another. */
#include "cli/bench/bench.h"
#include "cli/command.h"
#include "cli/mqtt/flags.h"
#include "crypto/secret.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct output_column list_columns[] = {
    { "SCENARIO", "scenario", OUTPUT_TEXT },
    { "WHAT IT IS", "text", OUTPUT_TEXT },
    { 0 },
};
static const struct output_column result_columns[] = {
    { "SCENARIO", "scenario", OUTPUT_TEXT },
    { "RESULT", "result", OUTPUT_TEXT },
    { "PER CPU SECOND", "perBrokerCpuSecond", OUTPUT_TEXT },
    { "LOST", "lost", OUTPUT_TEXT },
    { "BROKER", "brokerBusy", OUTPUT_TEXT },
    { "GENERATOR", "generatorBusy", OUTPUT_TEXT },
    { 0 },
};

/* ---- what is asked -------------------------------------------------------------------------- */

/* A number with a fraction. */
static int flag_seconds(const struct cli_args *args, const char *name, double min, double max,
                        double fallback, double *ret_value)
{
    const char *text = cli_flag_value(args, name, NULL);
    char *end = NULL;
    double value = text ? strtod(text, &end) : fallback;
    if (text && (*text < '0' || *text > '9' || *end || !(value >= min && value <= max)))
        return cli_bad_usage(args, "flag '%s': '%s' is not a number from %g to %g", name, text, min,
                             max);
    *ret_value = value;
    return 0;
}

static int read_version(const struct cli_args *args, struct bench_opts *opts)
{
    const char *text = cli_flag_value(args, "--protocol-version", "311");
    if (mqtt_parse_version(text, &opts->level) == 0 && opts->level >= MQTT_LEVEL_311) return 0;
    return cli_bad_usage(args, "flag '--protocol-version': '%s' is neither 311 nor 5", text);
}

/* Where the hub has it, if nothing is said: MQTT alone on the ports of MQTT, WebSocket on those of HTTP. */
static int usual_port(const struct bench_opts *opts)
{
    if (opts->ws) return opts->ca_file ? 8443 : 8080;
    return opts->ca_file ? 8883 : 1883;
}

static int read_login(const struct cli_args *args, struct bench_opts *opts, struct buf *password)
{
    bool given = false;
    int rc = command_client_password(args, &given, password);
    opts->user = cli_flag_value(args, "--username", NULL);
    if (given) opts->password = buf_str(password);
    return rc;
}

static int read_opts(const struct cli_args *args, struct bench_opts *opts)
{
    struct diag diag = DIAG_INIT;
    opts->host = cli_flag_value(args, "--host", "127.0.0.1");
    opts->ca_file = cli_flag_value(args, "--cafile", NULL);
    opts->ws = cli_flag_given(args, "--ws");
    int rc = read_version(args, opts);
    if (rc == 0) rc = cli_flag_number(args, "--port", 1, UINT16_MAX, usual_port(opts), &opts->port);
    if (rc == 0) rc = cli_flag_number(args, "--frame", 1, BENCH_FRAME_MAX, 0, &opts->frame);
    if (rc == 0)
        rc = cli_flag_number(args, "--payload", BENCH_PAYLOAD_MIN, BENCH_PAYLOAD_MAX, 64,
                             &opts->payload);
    if (rc == 0) rc = cli_flag_number(args, "--rate", 1, BENCH_RATE_MAX, 20000, &opts->rate);
    if (rc == 0) rc = cli_flag_number(args, "--scale", 1, 100, 100, &opts->scale);
    if (rc == 0) rc = cli_flag_number(args, "--pid", 1, BENCH_PID_MAX, 0, &opts->pid);
    if (rc == 0)
        rc = flag_seconds(args, "--seconds", BENCH_SECONDS_MIN, BENCH_SECONDS_MAX, 5,
                          &opts->seconds);
    if (rc == 0)
        rc = flag_seconds(args, "--cpu", BENCH_SECONDS_MIN, BENCH_SECONDS_MAX, 0, &opts->cpu);
    if (rc == 0 && bench_opts_check(opts, &diag) < 0) rc = cli_bad_usage(args, "%s", diag.text);
    return rc;
}

static int check_names(const struct cli_args *args)
{
    for (size_t i = 0; i < args->count; i++)
        if (!bench_scenario_find(cli_arg(args, i)))
            return cli_bad_usage(args, "there is no scenario '%s'; without one, all are listed",
                                 cli_arg(args, i));
    return 0;
}

/* ---- what is printed ------------------------------------------------------------------------ */

static int list_scenarios(const struct cli_args *args)
{
    struct json *rows = json_new_array();
    for (const struct bench_scenario *s = bench_scenarios; s->name; s++) {
        struct json *row = json_push(rows, json_new_object());
        json_set_str(row, "scenario", s->name);
        json_set_str(row, "text", s->text);
    }
    if (cli_flag_given(args, "--json"))
        output_json(args->out, rows);
    else
        output_table(args->out, list_columns, rows);
    json_free(rows);
    return CLI_DONE;
}

/* The figure that the scenario is about. */
static void add_result_text(struct json *row, const struct bench_result *r)
{
    char *text;
    if (r->memory)
        text = xasprintf("%" PRId64 " bytes a connection", r->conn_bytes);
    else if (r->p50_ns)
        text =
            xasprintf("p50 %.1f us, p99 %.1f us", (double)r->p50_ns / 1e3, (double)r->p99_ns / 1e3);
    else
        text = xasprintf("%.0f %s a second", r->seconds > 0 ? (double)r->count / r->seconds : 0.0,
                         r->unit);
    json_set_str(row, "result", text);
    free(text);
}

static void print_results(const struct cli_args *args, const struct json *rows)
{
    if (cli_flag_given(args, "--json")) {
        output_json(args->out, rows);
        return;
    }
    output_table(args->out, result_columns, rows);
    for (const struct json *row = json_first(rows); row; row = json_next(row))
        if (json_is_true(json_get(row, "generatorIsBottleneck")))
            fprintf(args->out,
                    "%s: the generator was the bottleneck; the broker could take more a second\n",
                    json_get_str(row, "scenario"));
}

static int run_scenarios(const struct cli_args *args, const struct bench_opts *opts)
{
    struct diag diag = DIAG_INIT;
    int rc = 0;
    struct json *rows = json_new_array();
    for (size_t i = 0; i < args->count && rc == 0; i++) {
        const struct bench_scenario *scenario = bench_scenario_find(cli_arg(args, i));
        struct bench_result result;
        if (bench_run(opts, scenario, &result, &diag) < 0) {
            rc = cli_failed(args, "%s: %s", scenario->name, diag_text(&diag, diag.code));
            break;
        }
        struct json *row = json_push(rows, bench_result_json(scenario, &result));
        if (!cli_flag_given(args, "--json")) add_result_text(row, &result);
    }
    if (json_count(rows)) print_results(args, rows);
    json_free(rows);
    return rc;
}

int bench_command(const struct cli_args *args)
{
    struct bench_opts opts = { 0 };
    struct buf password = { 0 };
    int rc = read_login(args, &opts, &password);
    if (rc == 0) rc = read_opts(args, &opts);
    if (rc == 0) rc = check_names(args);
    if (rc == 0) rc = args->count ? run_scenarios(args, &opts) : list_scenarios(args);
    secret_wipe(&password);
    return rc;
}
