/* cmd_policy.c — `policy create`, `update`, `use`, `attach`, `detach`, `effective`, `show`.
 *
 * A target is what people know: a certificate's id, a thing (its principals), a key's id, a user,
 * a token's id, a thing group. The operations want ARNs, which only the hub can tell, since region and account
 * are its own; so each kind of target has a way to ask for them. "user:lamp" names the kind where
 * a bare name would be two things. */
#include "base/err.h"
#include "base/mem.h"
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 1 << 20, CERT_ID_LEN = 64 };

/* ---- create --------------------------------------------------------------------------------- */

/* Takes params; adds the document that FILE has. */
static int send_document(const struct cli_args *args, const char *op, struct json *params,
                         const char *done)
{
    struct command cmd;
    struct buf document = { 0 };
    struct json *result;
    int rc = command_read(args, cli_arg(args, 1), DOCUMENT_MAX, &document);
    if (rc == 0) json_set(params, "policyDocument", json_new_slice(buf_slice(&document)));
    buf_deinit(&document);
    if (rc == 0) rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, op, params, &result) < 0) return command_close(&cmd, command_fail(&cmd));
    command_done(&cmd, result, "policy %s %s", cli_arg(args, 0), done);
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

int policy_create_run(const struct cli_args *args)
{
    return send_document(args, "CreatePolicy", params_of("policyName", cli_arg(args, 0)),
                         "created");
}

int policy_update_run(const struct cli_args *args)
{
    bool keeps = cli_flag_given(args, "--keep-default");
    struct json *params = params_of("policyName", cli_arg(args, 0));
    json_set_bool(params, "setAsDefault", !keeps);
    return send_document(args, "CreatePolicyVersion", params,
                         keeps ? "has a new version" : "updated");
}

int policy_use_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *result, *params = params_of("policyName", cli_arg(args, 0));
    json_set_str(params, "policyVersionId", cli_arg(args, 1));
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, "SetDefaultPolicyVersion", params, &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    command_done(&cmd, result, "policy %s: version %s decides", cli_arg(args, 0), cli_arg(args, 1));
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

/* ---- who is meant --------------------------------------------------------------------------- */

struct target_kind {
    const char *name;
    /* Adds the ARNs of what is called so: none when there is no such one. */
    int (*find)(struct command *cmd, const struct target_kind *kind, const char *name,
                struct json *arns);
    const char *op, *list, *member; /* for find_listed */
};

static int find_cert(struct command *cmd, const struct target_kind *kind, const char *name,
                     struct json *arns)
{
    struct json *result = NULL;
    if (strlen(name) != CERT_ID_LEN || strspn(name, "0123456789abcdefABCDEF") != CERT_ID_LEN)
        return 0;
    int rc = command_try(cmd, "DescribeCertificate", params_of("certificateId", name), &result);
    if (rc < 0) return rc == ERR_NOT_FOUND ? 0 : rc;
    const struct json *arn = output_find(result, "certificateDescription.certificateArn");
    if (json_str(arn)) json_push(arns, json_new_str(json_str(arn)));
    json_free(result);
    return 0;
}

/* In a list which has all of a kind with their ARNs. */
static int find_listed(struct command *cmd, const struct target_kind *kind, const char *name,
                       struct json *arns)
{
    struct json *result = NULL;
    int rc = command_try_list(cmd, kind->op, NULL, kind->list, &result);
    if (rc < 0) return rc;
    json_for_each(one, json_get(result, kind->list)) {
        const char *id = json_get_str(one, kind->member), *arn = json_get_str(one, "arn");
        if (id && arn && strcmp(id, name) == 0) json_push(arns, json_new_str(arn));
    }
    json_free(result);
    return 0;
}

static int find_thing(struct command *cmd, const struct target_kind *kind, const char *name,
                      struct json *arns)
{
    struct json *result = NULL;
    int rc = command_try(cmd, "DescribeThing", params_of("thingName", name), NULL);
    if (rc == ERR_NOT_FOUND || rc == ERR_INVALID) return 0; /* ERR_INVALID: no name of a thing */
    if (rc == 0)
        rc = command_try_list(cmd, "ListThingPrincipals", params_of("thingName", name),
                              "principals", &result);
    if (rc < 0) return rc;
    if (json_count(json_get(result, "principals")) == 0)
        rc = diag_set(&cmd->diag, ERR_NOT_FOUND, "the thing '%s' has no certificate", name);
    json_for_each(arn, json_get(result, "principals")) {
        if (json_str(arn)) json_push(arns, json_new_str(json_str(arn)));
    }
    json_free(result);
    return rc;
}

static int find_group(struct command *cmd, const struct target_kind *kind, const char *name,
                      struct json *arns)
{
    struct json *result = NULL;
    int rc = command_try(cmd, "DescribeThingGroup", params_of("thingGroupName", name), &result);
    if (rc == ERR_NOT_FOUND || rc == ERR_INVALID) return 0; /* ERR_INVALID: no name of a group */
    if (rc < 0) return rc;
    const char *arn = json_get_str(result, "thingGroupArn");
    if (arn) json_push(arns, json_new_str(arn));
    json_free(result);
    return 0;
}

static const struct target_kind kinds[] = {
    { "cert", find_cert },
    { "thing", find_thing },
    { "key", find_listed, "ListAccessKeys", "accessKeys", "accessKeyId" },
    { "user", find_listed, "ListUsers", "users", "userName" },
    { "token", find_listed, "ListTokens", "tokens", "tokenId" },
    { "group", find_group },
};

/* The kind that "user:lamp" begins with, and the rest. */
static const struct target_kind *named_kind(const char *target, const char **ret_name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i].name);
        if (strncmp(target, kinds[i].name, len) != 0 || target[len] != ':') continue;
        *ret_name = target + len + 1;
        return &kinds[i];
    }
    return NULL;
}

static int find_anywhere(struct command *cmd, const char *name, struct json *arns)
{
    const struct target_kind *first = NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t before = json_count(arns);
        int rc = kinds[i].find(cmd, &kinds[i], name, arns);
        if (rc < 0) return rc;
        if (json_count(arns) == before) continue;
        if (first)
            return diag_set(&cmd->diag, ERR_CONFLICT, "'%s' is a %s and a %s: write %s:%s or %s:%s",
                            name, first->name, kinds[i].name, first->name, name, kinds[i].name,
                            name);
        first = &kinds[i];
    }
    return 0;
}

static int find_targets(struct command *cmd, const char *target, struct json *arns)
{
    const char *name = target;
    const struct target_kind *kind = named_kind(target, &name);
    int rc = 0;
    if (strncmp(target, "arn:", 4) == 0)
        json_push(arns, json_new_str(target));
    else if (kind)
        rc = kind->find(cmd, kind, name, arns);
    else
        rc = find_anywhere(cmd, target, arns);
    if (rc == 0 && json_count(arns) == 0)
        rc = diag_set(&cmd->diag, ERR_NOT_FOUND,
                      "no certificate, thing, key, user, token or group is called '%s'", target);
    return rc;
}

/* ---- attach, detach ------------------------------------------------------------------------- */

static int change_targets(struct command *cmd, const char *op, const struct json *arns)
{
    json_for_each(arn, arns) {
        struct json *params = params_of("policyName", cli_arg(cmd->args, 0));
        json_set_str(params, "target", json_str(arn));
        int rc = command_try(cmd, op, params, NULL);
        if (rc < 0) return rc;
    }
    return 0;
}

static int change(const struct cli_args *args, const char *op, const char *done)
{
    struct command cmd;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) return rc;
    struct json *result = json_new_object();
    struct json *arns = json_set(result, "targets", json_new_array());
    rc = find_targets(&cmd, cli_arg(args, 1), arns);
    if (rc == 0) rc = change_targets(&cmd, op, arns);
    if (rc == 0)
        command_done(&cmd, result, "policy %s %s %s", cli_arg(args, 0), done, cli_arg(args, 1));
    json_free(result);
    return command_close(&cmd, rc < 0 ? command_fail(&cmd) : CLI_DONE);
}

int policy_attach_run(const struct cli_args *args)
{
    return change(args, "AttachPolicy", "attached to");
}

int policy_detach_run(const struct cli_args *args)
{
    return change(args, "DetachPolicy", "detached from");
}

/* ---- effective ------------------------------------------------------------------------------ */

/* Who --principal says, or the thing's only principal, if it has any. */
static int find_principal(struct command *cmd, const char *thing, struct json *params)
{
    const char *asked = cli_flag_value(cmd->args, "--principal", NULL);
    struct json *list = NULL, *arns = json_new_array();
    int rc = asked ? find_targets(cmd, asked, arns)
                   : command_try_list(cmd, "ListThingPrincipals", params_of("thingName", thing),
                                      "principals", &list);
    const struct json *found = asked ? arns : json_get(list, "principals");
    if (rc == 0 && json_count(found) > 1)
        rc = diag_set(&cmd->diag, ERR_CONFLICT,
                      "'%s' has %zu principals: say which with --principal", asked ? asked : thing,
                      json_count(found));
    if (rc == 0) json_set_str(params, "principal", json_str(json_at(found, 0)));
    json_free(list);
    json_free(arns);
    return rc;
}

int policy_effective_run(const struct cli_args *args)
{
    static const struct output_column columns[] = { { "NAME", "policyName" },
                                                    { "ARN", "policyArn" },
                                                    { 0 } };
    struct command cmd;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) return rc;
    struct json *result = NULL, *params = params_of("thingName", cli_arg(args, 0));
    rc = find_principal(&cmd, cli_arg(args, 0), params);
    if (rc == 0)
        rc = command_try(&cmd, "GetEffectivePolicies", params, &result);
    else
        json_free(params);
    if (rc == 0 && cmd.json) output_json(args->out, result);
    if (rc == 0 && !cmd.json)
        output_table(args->out, columns, json_get(result, "effectivePolicies"));
    json_free(result);
    return command_close(&cmd, rc < 0 ? command_fail(&cmd) : CLI_DONE);
}

/* ---- show ----------------------------------------------------------------------------------- */

static void print_document(FILE *out, const char *text)
{
    struct json *document = NULL;
    if (text && json_parse(slice_str(text), NULL, &document, NULL) == 0)
        output_json(out, document);
    else if (text)
        output_block(out, text);
    json_free(document);
}

static int show(struct command *cmd)
{
    static const struct output_column fields[] = {
        { "name", "policyName" },
        { "arn", "policyArn" },
        { "version", "defaultVersionId" },
        { "created", "creationDate", OUTPUT_TIME },
        { "modified", "lastModifiedDate", OUTPUT_TIME },
        { "targets", "targets" },
        { 0 },
    };
    const char *name = cli_arg(cmd->args, 0);
    struct json *policy, *list;
    int rc = command_try(cmd, "GetPolicy", params_of("policyName", name), &policy);
    if (rc < 0) return command_fail(cmd);
    rc = command_try_list(cmd, "ListTargetsForPolicy", params_of("policyName", name), "targets",
                          &list);
    if (rc == 0) {
        json_set(policy, "targets", json_detach(list, "targets"));
        json_free(list);
        if (cmd->json) {
            output_json(cmd->args->out, policy);
        } else {
            output_fields(cmd->args->out, fields, policy);
            print_document(cmd->args->out, json_get_str(policy, "policyDocument"));
        }
    }
    json_free(policy);
    return rc < 0 ? command_fail(cmd) : CLI_DONE;
}

int policy_show_run(const struct cli_args *args)
{
    struct command cmd;
    int rc = command_open(&cmd, args, REACH_RUNNING);
    return rc ? rc : command_close(&cmd, show(&cmd));
}

/* ---- explain -------------------------------------------------------------------------------- */

/* "iot:ClientId=lamp"; a name that is given again has several values. */
static int read_context(const struct cli_args *args, struct json *params)
{
    struct json *context = json_set(params, "context", json_new_object());
    size_t count;
    const char *const *given = cli_flag_values(args, "--context", &count);
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(given[i], '=');
        if (!equals || equals == given[i])
            return cli_bad_usage(args, "--context is KEY=VALUE, not '%s'", given[i]);
        char *key = xstrndup(given[i], (size_t)(equals - given[i]));
        struct json *values = json_get(context, key);
        if (!values) values = json_set(context, key, json_new_array());
        json_push(values, json_new_str(equals + 1));
        free(key);
    }
    return 0;
}

static int explain(struct command *cmd, struct json *params)
{
    static const struct output_column fields[] = {
        { "decision", "decision" },
        { "reason", "reason" },
        { "closest", "closest" },
        { "would help", "change" },
        { "missing", "missingContextValues" },
        { 0 },
    };
    struct json *result;
    int rc = find_principal(cmd, NULL, params);
    if (rc < 0) {
        json_free(params);
        return command_fail(cmd);
    }
    if (command_try(cmd, "ExplainAuthorization", params, &result) < 0) return command_fail(cmd);
    if (cmd->json)
        output_json(cmd->args->out, result);
    else
        output_fields(cmd->args->out, fields, result);
    bool allowed = strcmp(json_get_str(result, "decision"), "allowed") == 0;
    json_free(result);
    return allowed ? CLI_DONE : CLI_FAILED;
}

int policy_explain_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *params = params_of("action", cli_flag_value(args, "--action", NULL));
    const char *client_id = cli_flag_value(args, "--client-id", NULL);
    json_set_str(params, "resource", cli_flag_value(args, "--resource", NULL));
    if (client_id) json_set_str(params, "clientId", client_id);
    int rc = read_context(args, params);
    if (rc == 0) rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(params);
        return rc;
    }
    return command_close(&cmd, explain(&cmd, params));
}
