/* cmd_rule.c — `rule create` and `rule test`. A rule of the command line is AWS's
 * TopicRulePayload with the actions that have flags here; others can be made over REST. */
#include "base/text.h"
#include "cli/command.h"

enum { PAYLOAD_MAX = 1 << 20, BYTES_MIN = 256, FILES_MAX = 100 };

static const int64_t bytes_max = (int64_t)1 << 40;

#define SQL_VERSION "2016-03-23"

/* ---- create --------------------------------------------------------------------------------- */

/* { "republish": { ... } } at the end of the array; borrowed. */
static struct json *add_action(struct json *actions, const char *kind, const char *member,
                               const char *text)
{
    struct json *action = json_push(actions, json_new_object());
    return json_set(action, kind, params_of(member, text));
}

/* The flags in `without` are of no meaning when `with` is not there. */
static int check_goes_with(const struct cli_args *args, const char *with, const char *without)
{
    if (!cli_flag_given(args, without) || cli_flag_given(args, with)) return 0;
    return cli_bad_usage(args, "%s goes with %s", without, with);
}

static int add_files(const struct cli_args *args, struct json *actions)
{
    size_t count;
    int64_t max_bytes = 0, max_files = 0;
    const char *const *paths = cli_flag_values(args, "--file", &count);
    int rc = cli_flag_number(args, "--max-bytes", BYTES_MIN, bytes_max, 0, &max_bytes);
    if (rc == 0) rc = cli_flag_number(args, "--max-files", 1, FILES_MAX, 0, &max_files);
    if (rc == 0) rc = check_goes_with(args, "--file", "--max-bytes");
    if (rc == 0) rc = check_goes_with(args, "--file", "--max-files");
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct json *file = add_action(actions, "file", "path", paths[i]);
        if (max_bytes > 0) json_set_int(file, "maxBytes", max_bytes);
        if (max_files > 0) json_set_int(file, "maxFiles", max_files);
    }
    return rc;
}

static int add_republishes(const struct cli_args *args, struct json *actions)
{
    size_t count;
    int64_t qos = -1;
    const char *const *topics = cli_flag_values(args, "--republish", &count);
    int rc = cli_flag_number(args, "--qos", 0, 1, -1, &qos);
    if (rc == 0) rc = check_goes_with(args, "--republish", "--qos");
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct json *republish = add_action(actions, "republish", "topic", topics[i]);
        if (qos >= 0) json_set_int(republish, "qos", qos);
    }
    return rc;
}

static int make_rule(const struct cli_args *args, struct json *rule)
{
    const char *error_topic = cli_flag_value(args, "--error-republish", NULL);
    json_set_str(rule, "sql", cli_flag_value(args, "--sql", NULL));
    json_set_str(rule, "awsIotSqlVersion", SQL_VERSION);
    json_set_str(rule, "description", cli_flag_value(args, "--description", NULL));
    json_set_bool(rule, "ruleDisabled", cli_flag_given(args, "--disabled"));
    struct json *actions = json_set(rule, "actions", json_new_array());
    int rc = add_files(args, actions);
    if (rc == 0) rc = add_republishes(args, actions);
    if (rc == 0 && json_count(actions) == 0)
        rc = cli_bad_usage(args, "a rule needs an action: --file or --republish");
    if (error_topic)
        json_set(json_set(rule, "errorAction", json_new_object()), "republish",
                 params_of("topic", error_topic));
    return rc;
}

int rule_create_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *result, *params = params_of("ruleName", cli_arg(args, 0));
    int rc = make_rule(args, json_set(params, "topicRulePayload", json_new_object()));
    if (rc == 0) rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, "CreateTopicRule", params, &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    command_done(&cmd, result, "rule %s created", cli_arg(args, 0));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

/* ---- test ----------------------------------------------------------------------------------- */

static void print_output(const struct cli_args *args, const struct json *result)
{
    const struct json *output = json_get(result, "output");
    const char *encoded = json_get_str(result, "outputBase64");
    struct buf bytes = { 0 };
    if (!json_is_true(json_get(result, "fired"))) {
        fprintf(args->err, "the rule does not fire\n");
    } else if (output) {
        output_json(args->out, output);
    } else if (encoded && base64_decode(&bytes, slice_str(encoded)) == 0 && bytes.len) {
        fwrite(bytes.data, 1, bytes.len, args->out);
    }
    buf_deinit(&bytes);
}

static int test_params(const struct cli_args *args, struct json *params)
{
    const char *file = cli_flag_value(args, "--payload", NULL);
    struct buf payload = { 0 }, encoded = { 0 };
    int rc = file ? command_read(args, file, PAYLOAD_MAX, &payload) : 0;
    if (!file) buf_puts(&payload, "{}");
    base64_encode(&encoded, buf_str(&payload), payload.len);
    json_set_str(params, "sql", cli_flag_value(args, "--sql", NULL));
    json_set_str(params, "awsIotSqlVersion", SQL_VERSION);
    json_set_str(params, "topic", cli_flag_value(args, "--topic", NULL));
    json_set_str(params, "payloadBase64", buf_str(&encoded));
    buf_deinit(&payload);
    buf_deinit(&encoded);
    return rc;
}

int rule_test_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *result, *params = json_new_object();
    int rc = test_params(args, params);
    if (rc == 0) rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, "TestTopicRule", params, &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    if (cmd.json)
        output_json(args->out, result);
    else
        print_output(args, result);
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}
