/* cmd_template.c — `template create`. The hub runs everything under itself: the role that AWS's API wants is a name. */
#include "base/err.h"
#include "cli/command.h"

enum { BODY_MAX = 1 << 20 };
#define ROLE "arn:aws:iam::000000000000:role/thingd"

static struct json *params_for(const struct cli_args *args, struct slice body)
{
    struct json *params = params_of("templateName", cli_arg(args, 0));
    const char *hook = cli_flag_value(args, "--hook", NULL);
    json_set(params, "templateBody", json_new_slice(body));
    json_set_str(params, "provisioningRoleArn", ROLE);
    json_set_bool(params, "enabled", !cli_flag_given(args, "--disabled"));
    if (cli_flag_given(args, "--jitp")) json_set_str(params, "type", "JITP");
    if (hook) json_set(params, "preProvisioningHook", params_of("targetArn", hook));
    return params;
}

int template_create_run(const struct cli_args *args)
{
    struct command cmd;
    struct buf body = { 0 };
    struct json *result, *params = NULL;
    int rc = command_read(args, cli_arg(args, 1), BODY_MAX, &body);
    if (rc == 0) params = params_for(args, buf_slice(&body));
    buf_deinit(&body);
    if (rc == 0) rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, "CreateProvisioningTemplate", params, &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    command_done(&cmd, result, "template %s created", cli_arg(args, 0));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}
