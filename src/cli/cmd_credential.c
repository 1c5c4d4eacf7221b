/* cmd_credential.c — `key create`, `token create`, `user add`: what makes a secret and shows it
 * once. A secret stands in the output of the command that made it and nowhere else; a password
 * can come from standard input, since others can read the arguments of a process. */
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "cli/command.h"
#include "crypto/crypto.h"

#include <string.h>

enum { PASSWORD_MAX = 1024, PASSWORD_RANDOM = 18 /* bytes: 24 characters */ };

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

/* ---- users ---------------------------------------------------------------------------------- */

/* The first line of standard input. */
static int read_password(const struct cli_args *args, struct buf *ret_password)
{
    int rc = command_read(args, "-", PASSWORD_MAX, ret_password);
    if (rc) return rc;
    size_t len = strcspn(buf_str(ret_password), "\r\n");
    if (len < ret_password->len) ret_password->data[ret_password->len = len] = '\0';
    return len ? 0 : cli_failed(args, "standard input has no password");
}

static void make_password(struct buf *ret_password)
{
    uint8_t bytes[PASSWORD_RANDOM];
    rand_system_bytes(bytes, sizeof bytes);
    base64url_encode(ret_password, bytes, sizeof bytes);
    crypto_wipe(bytes, sizeof bytes);
}

/* *ret_made: nobody knows it yet. */
static int get_password(const struct cli_args *args, struct buf *ret_password, bool *ret_made)
{
    const char *given = cli_flag_value(args, "--password", NULL);
    bool from_stdin = cli_flag_given(args, "--password-stdin");
    if (given && from_stdin)
        return cli_bad_usage(args, "--password and --password-stdin exclude each other");
    if (given && !*given) return cli_bad_usage(args, "the password is empty");
    *ret_made = !given && !from_stdin;
    if (from_stdin) return read_password(args, ret_password);
    if (given)
        buf_puts(ret_password, given);
    else
        make_password(ret_password);
    return 0;
}

/* 1 when there is one of that name, 0, or an error. */
static int has_user(struct command *cmd, const char *name)
{
    struct json *result = NULL;
    int rc = command_try_list(cmd, "ListUsers", NULL, "users", &result);
    if (rc < 0) return rc;
    json_for_each(user, json_get(result, "users")) {
        const char *other = json_get_str(user, "userName");
        if (other && strcmp(other, name) == 0) rc = 1;
    }
    json_free(result);
    return rc;
}

static int put_user(struct command *cmd, const char *password, bool made)
{
    static const struct output_column fields[] = {
        { "user", "userName" },
        { "password", "password" },
        { 0 },
    };
    const char *name = cli_arg(cmd->args, 0);
    const char *policy = cli_flag_value(cmd->args, "--policy", NULL);
    struct json *result = NULL;
    int there = has_user(cmd, name);
    if (there < 0) return command_fail(cmd);
    if (there && policy)
        return cli_failed(cmd->args,
                          "the user '%s' is there already; '%s policy attach %s user:%s' gives a "
                          "policy",
                          name, cmd->args->program->name, policy, name);
    struct json *params = params_of("userName", name);
    json_set_str(params, "password", password);
    json_set_str(params, "policyName", policy);
    if (command_try(cmd, "PutUser", params, &result) < 0) return command_fail(cmd);
    if (made) json_set_str(result, "password", password);
    if (cmd->json)
        output_json(cmd->args->out, result);
    else if (made)
        output_fields(cmd->args->out, fields, result);
    else
        fprintf(cmd->args->out, "user %s %s\n", name, there ? "has another password" : "added");
    json_free(result);
    return CLI_DONE;
}

int user_add_run(const struct cli_args *args)
{
    struct command cmd;
    struct buf password = { 0 };
    bool made = false;
    int rc = get_password(args, &password, &made);
    if (rc == 0) rc = command_open(&cmd, args, REACH_ANY);
    if (rc == 0) rc = command_close(&cmd, put_user(&cmd, buf_str(&password), made));
    if (password.data) crypto_wipe(password.data, password.cap);
    buf_deinit(&password);
    return rc;
}
