/* cmd_thing.c — `thing list`, `thing show`, `thing delete`. Adding one is in cmd_thing_add.c. */
#include "base/err.h"
#include "cli/command.h"

#include <string.h>

/* ---- list ----------------------------------------------------------------------------------- */

int thing_list_run(const struct cli_args *args)
{
    static const struct output_column columns[] = {
        { "NAME", "thingName" },
        { "TYPE", "thingTypeName" },
        { "ATTRIBUTES", "attributes" },
        { 0 },
    };
    struct command cmd;
    struct json *result, *params = params_of("thingTypeName", cli_flag_value(args, "--type", NULL));
    const char *attr = cli_flag_value(args, "--attr", NULL);
    if (attr) {
        size_t len = strcspn(attr, "=");
        json_set(params, "attributeName", json_new_slice(slice_of(attr, len)));
        if (attr[len]) json_set_str(params, "attributeValue", attr + len + 1);
    }
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try_list(&cmd, "ListThings", params, "things", &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    if (cmd.json)
        output_json(args->out, result);
    else
        output_table(args->out, columns, json_get(result, "things"));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

/* ---- show ----------------------------------------------------------------------------------- */

static int show(struct command *cmd)
{
    static const struct output_column fields[] = {
        { "name", "thingName" },
        { "arn", "thingArn" },
        { "id", "thingId" },
        { "type", "thingTypeName" },
        { "attributes", "attributes" },
        { "version", "version" },
        { "principals", "principals" },
        { 0 },
    };
    const char *name = cli_arg(cmd->args, 0);
    struct json *thing, *list;
    int rc = command_try(cmd, "DescribeThing", params_of("thingName", name), &thing);
    if (rc < 0) return command_fail(cmd);
    rc = command_try_list(cmd, "ListThingPrincipals", params_of("thingName", name), "principals",
                          &list);
    if (rc == 0) {
        json_set(thing, "principals", json_detach(list, "principals"));
        json_free(list);
        if (cmd->json)
            output_json(cmd->args->out, thing);
        else
            output_fields(cmd->args->out, fields, thing);
    }
    json_free(thing);
    return rc < 0 ? command_fail(cmd) : CLI_DONE;
}

int thing_show_run(const struct cli_args *args)
{
    struct command cmd;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    return rc ? rc : command_close(&cmd, show(&cmd));
}

/* ---- delete --------------------------------------------------------------------------------- */

/* The id in "arn:aws:iot:R:A:cert/ID", NULL for another principal. */
static const char *cert_id_of(const char *arn)
{
    const char *id = strstr(arn, ":cert/");
    return id ? id + strlen(":cert/") : NULL;
}

/* 1 when the principal belongs to another thing too, 0, or an error. */
static int is_shared(struct command *cmd, const char *arn)
{
    struct json *list;
    int rc =
        command_try_list(cmd, "ListPrincipalThings", params_of("principal", arn), "things", &list);
    if (rc < 0) return rc;
    rc = json_count(json_get(list, "things")) > 0;
    json_free(list);
    return rc;
}

static int delete_cert(struct command *cmd, const char *id)
{
    struct json *params = params_of("certificateId", id);
    json_set_str(params, "newStatus", "INACTIVE");
    int rc = command_try(cmd, "UpdateCertificate", params, NULL);
    if (rc < 0) return rc;
    params = params_of("certificateId", id);
    json_set_bool(params, "forceDelete", true);
    return command_try(cmd, "DeleteCertificate", params, NULL);
}

/* Takes one principal from the thing; its own certificate goes, another thing's stays. */
static int drop_principal(struct command *cmd, const char *thing, const char *arn,
                          struct json *deleted)
{
    const char *id = cert_id_of(arn);
    struct json *params = params_of("thingName", thing);
    json_set_str(params, "principal", arn);
    int rc = command_try(cmd, "DetachThingPrincipal", params, NULL);
    if (rc < 0 || !id) return rc;
    rc = is_shared(cmd, arn);
    if (rc > 0 && !cmd->json)
        fprintf(cmd->args->out, "certificate %s stays: another thing has it\n", id);
    if (rc != 0) return rc < 0 ? rc : 0;
    rc = delete_cert(cmd, id);
    if (rc < 0) return rc;
    json_push(deleted, json_new_str(id));
    if (!cmd->json) fprintf(cmd->args->out, "certificate %s deleted\n", id);
    return 0;
}

static int drop_principals(struct command *cmd, const char *thing, struct json *deleted)
{
    struct json *list;
    int rc = command_try_list(cmd, "ListThingPrincipals", params_of("thingName", thing),
                              "principals", &list);
    if (rc < 0) return rc;
    json_for_each(arn, json_get(list, "principals")) {
        if (json_str(arn)) rc = drop_principal(cmd, thing, json_str(arn), deleted);
        if (rc < 0) break;
    }
    json_free(list);
    return rc;
}

static int delete_thing(struct command *cmd)
{
    const char *name = cli_arg(cmd->args, 0);
    struct json *result = json_new_object();
    struct json *deleted = json_set(result, "deletedCertificates", json_new_array());
    int rc = 0;
    if (cli_flag_given(cmd->args, "--certs")) rc = drop_principals(cmd, name, deleted);
    if (rc == 0) rc = command_try(cmd, "DeleteThing", params_of("thingName", name), NULL);
    if (rc == 0) command_done(cmd, result, "thing %s deleted", name);
    json_free(result);
    return rc < 0 ? command_fail(cmd) : CLI_DONE;
}

int thing_delete_run(const struct cli_args *args)
{
    struct command cmd;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    return rc ? rc : command_close(&cmd, delete_thing(&cmd));
}
