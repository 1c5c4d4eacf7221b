/* cmd_retained.c — `retained purge`: what was removed, or would be. */
#include "cli/command.h"

static void print_names(FILE *out, const struct json *topics, int64_t count)
{
    json_for_each(topic, topics)
        output_block(out, json_str(topic));
    int64_t others = count - (int64_t)json_count(topics);
    if (others > 0) fprintf(out, "... and %lld more\n", (long long)others);
}

int retained_purge_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *result, *params = params_of("filter", cli_arg(args, 0));
    bool dry = cli_flag_given(args, "--dry-run");
    int64_t count = 0;
    if (dry) json_set_bool(params, "dryRun", true);
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, "PurgeRetained", params, &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    json_to_int64(json_get(result, "count"), &count);
    if (dry && !cmd.json) print_names(args->out, json_get(result, "topics"), count);
    command_done(&cmd, result, "%lld retained message%s %s", (long long)count,
                 count == 1 ? "" : "s", dry ? "would be removed" : "removed");
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}
