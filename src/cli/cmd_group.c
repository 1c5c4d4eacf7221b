/* cmd_group.c — `group create`, `group show`, `group add`, `group remove`. */
#include "cli/command.h"

/* ---- create --------------------------------------------------------------------------------- */

static struct json *group_params(const struct cli_args *args, struct json *attrs)
{
    struct json *params = params_of("thingGroupName", cli_arg(args, 0));
    json_set_str(params, "parentGroupName", cli_flag_value(args, "--parent", NULL));
    struct json *properties = json_set(params, "thingGroupProperties", json_new_object());
    json_set_str(properties, "thingGroupDescription", cli_flag_value(args, "--description", NULL));
    if (attrs)
        json_set(json_set(properties, "attributePayload", json_new_object()), "attributes", attrs);
    return params;
}

int group_create_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *attrs = NULL, *result;
    int rc = command_read_attrs(args, &attrs);
    if (rc == 0) rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(attrs);
        return rc;
    }
    if (command_try(&cmd, "CreateThingGroup", group_params(args, attrs), &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    command_done(&cmd, result, "group %s created", cli_arg(args, 0));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

/* ---- show ----------------------------------------------------------------------------------- */

static int add_list(struct command *cmd, struct json *group, const char *op, struct json *params,
                    const char *member)
{
    struct json *list;
    int rc = command_try_list(cmd, op, params, member, &list);
    if (rc < 0) return rc;
    json_set(group, member, json_detach(list, member));
    json_free(list);
    return 0;
}

static void print_group(struct command *cmd, const struct json *group)
{
    static const struct output_column fields[] = {
        { "name", "thingGroupName" },
        { "arn", "thingGroupArn" },
        { "id", "thingGroupId" },
        { "parent", "thingGroupMetadata.parentGroupName" },
        { "description", "thingGroupProperties.thingGroupDescription" },
        { "attributes", "thingGroupProperties.attributePayload.attributes" },
        { "version", "version" },
        { "created", "thingGroupMetadata.creationDate", OUTPUT_TIME },
        { "things", "things" },
        { 0 },
    };
    static const struct output_column policies[] = { { "POLICY", "policyName" },
                                                     { "ARN", "policyArn" },
                                                     { 0 } };
    FILE *out = cmd->args->out;
    if (cmd->json) {
        output_json(out, group);
        return;
    }
    output_fields(out, fields, group);
    if (json_count(json_get(group, "policies")) == 0) return;
    fputc('\n', out);
    output_table(out, policies, json_get(group, "policies"));
}

static int show(struct command *cmd)
{
    const char *name = cli_arg(cmd->args, 0);
    struct json *group;
    int rc = command_try(cmd, "DescribeThingGroup", params_of("thingGroupName", name), &group);
    if (rc < 0) return command_fail(cmd);
    rc =
        add_list(cmd, group, "ListThingsInThingGroup", params_of("thingGroupName", name), "things");
    if (rc == 0)
        rc = add_list(cmd, group, "ListAttachedPolicies",
                      params_of("target", json_get_str(group, "thingGroupArn")), "policies");
    if (rc == 0) print_group(cmd, group);
    json_free(group);
    return rc < 0 ? command_fail(cmd) : CLI_DONE;
}

int group_show_run(const struct cli_args *args)
{
    struct command cmd;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    return rc ? rc : command_close(&cmd, show(&cmd));
}

/* ---- add, remove ---------------------------------------------------------------------------- */

static int change(const struct cli_args *args, const char *op, const char *done)
{
    struct command cmd;
    struct json *result;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) return rc;
    struct json *params = params_of("thingGroupName", cli_arg(args, 0));
    json_set_str(params, "thingName", cli_arg(args, 1));
    if (command_try(&cmd, op, params, &result) < 0) return command_close(&cmd, command_fail(&cmd));
    command_done(&cmd, result, "thing %s %s group %s", cli_arg(args, 1), done, cli_arg(args, 0));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

int group_add_run(const struct cli_args *args)
{
    return change(args, "AddThingToThingGroup", "added to");
}

int group_remove_run(const struct cli_args *args)
{
    return change(args, "RemoveThingFromThingGroup", "removed from");
}
