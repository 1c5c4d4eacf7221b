/* cmd_why.c — `why`: what was refused, to whom and why, each refusal a paragraph. */
#include "base/err.h"
#include "base/json.h"
#include "cli/command.h"

static const struct output_column fields[] = {
    { "time", "time", OUTPUT_TIME },
    { "times", "count" },
    { "first", "firstTime", OUTPUT_TIME },
    { "kind", "kind" },
    { "client", "clientId" },
    { "thing", "thingName" },
    { "principal", "principal" },
    { "address", "sourceIp" },
    { "action", "action" },
    { "resource", "resource" },
    { "reason", "reason" },
    { "closest", "closest" },
    { "would help", "change" },
    { 0 },
};

static void print(FILE *out, const struct json *denials)
{
    json_for_each(one, denials) {
        if (one != json_first(denials)) fputc('\n', out);
        output_fields(out, fields, one);
    }
}

int why_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *result, *params = params_of("thingName", cli_arg(args, 0));
    const char *address = cli_flag_value(args, "--address", NULL);
    if (address) json_set_str(params, "sourceIp", address);
    json_set_str(params, "maxResults", "1000");
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    rc = command_try_list(&cmd, "ListDenials", params, "denials", &result);
    if (rc < 0) return command_close(&cmd, command_fail(&cmd));
    if (cmd.json)
        output_json(args->out, result);
    else
        print(args->out, json_get(result, "denials"));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}
