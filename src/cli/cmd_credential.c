/* cmd_credential.c — `key create`, `token create`: what makes a secret and shows it once. It stands in the output of
 * the command that made it and nowhere else. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"

#include <string.h>

/* ---- keys and tokens ------------------------------------------------------------------------ */

static int common_params(const struct cli_args *args, struct json **ret_params)
{
    const char *policy = cli_flag_value(args, "--policy", NULL);
    bool admin = cli_flag_given(args, "--admin");
    if (policy && admin) return cli_bad_usage(args, "--policy and --admin exclude each other");
    struct json *params = params_of("name", cli_flag_value(args, "--name", NULL));
    json_set_str(params, "policyName", policy);
    if (admin) json_set_bool(params, "admin", true);
    *ret_params = params;
    return 0;
}

static void hint_rights(const struct cli_args *args, const char *id)
{
    if (cli_flag_given(args, "--policy") || cli_flag_given(args, "--admin")) return;
    fprintf(args->err, "it may do nothing yet: see '%s policy attach POLICY %s'\n",
            args->program->name, id);
}

static int create(const struct cli_args *args, const char *op, struct json *params,
                  const struct output_column *fields, const char *id)
{
    struct command cmd;
    struct json *result = NULL;
    int rc = command_open(&cmd, args, REACH_ANY);
    if (rc) {
        json_free(params);
        return rc;
    }
    if (command_try(&cmd, op, params, &result) < 0) return command_close(&cmd, command_fail(&cmd));
    if (cmd.json)
        output_json(args->out, result);
    else
        output_fields(args->out, fields, result);
    hint_rights(args, json_get_str(result, id) ? json_get_str(result, id) : "ID");
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}

int key_create_run(const struct cli_args *args)
{
    static const struct output_column fields[] = {
        { "access key id", "accessKeyId" },
        { "secret access key", "secretAccessKey" },
        { 0 },
    };
    struct json *params = NULL;
    int rc = common_params(args, &params);
    return rc ? rc : create(args, "CreateAccessKey", params, fields, "accessKeyId");
}

/* "90s", "15m", "12h", "30d", "52w" in seconds; at most 100 years. */
static int parse_expiry(const struct cli_args *args, const char *text, int64_t *ret_seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
    const int64_t most = (int64_t)36500 * 86400;
    size_t len = strlen(text);
    int64_t number = 0;
    for (size_t i = 0; len && i < ARRAY_LEN(units); i++) {
        if (text[len - 1] != units[i].unit) continue;
        if (text_to_int(slice_of(text, len - 1), 1, most / units[i].seconds, &number) < 0) break;
        *ret_seconds = number * units[i].seconds;
        return 0;
    }
    return cli_bad_usage(args,
                         "flag '--expires': '%s' is not a number with s, m, h, d or w up to "
                         "36500d, such as 30d",
                         text);
}

int token_create_run(const struct cli_args *args)
{
    static const struct output_column fields[] = {
        { "token id", "tokenId" },
        { "token", "token" },
        { 0 },
    };
    const char *expires = cli_flag_value(args, "--expires", NULL);
    struct json *params = NULL;
    int64_t seconds = 0;
    int rc = expires ? parse_expiry(args, expires, &seconds) : 0;
    if (rc == 0) rc = common_params(args, &params);
    if (rc) return rc;
    if (seconds) json_set_int(params, "expiresInSeconds", seconds);
    return create(args, "CreateToken", params, fields, "tokenId");
}
