/* command.c — one run of a client command (see command.h).
 *
 * A command asks the running hub over its socket. The commands for credentials also work while no
 * hub runs: then the data directory is opened instead, and the command does not notice. */
#include "cli/command.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/offline.h"
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { TIMEOUT_MS = 30000, JSON_FILE_MAX = 1 << 20, PASSWORD_FILE_MAX = 4096 };

static const struct client_env *env_of(const struct cli_args *args)
{
    return args->program->data;
}

const char *const *command_environ(const struct cli_args *args)
{
    const struct client_env *env = env_of(args);
    return env ? env->environ : (const char *const *)environ;
}

/* ---- opening -------------------------------------------------------------------------------- */

static int open_client(struct command *cmd, enum command_reach reach)
{
    const struct client_env *env = env_of(cmd->args);
    int64_t timeout_ms = env && env->timeout_ms ? env->timeout_ms : TIMEOUT_MS;
    int rc = client_open(cmd->data_dir, timeout_ms, &cmd->client, &cmd->diag);
    if (reach != REACH_ANY || (rc != -ENOENT && rc != -ECONNREFUSED)) return rc;
    rc = offline_open(cmd->data_dir, command_environ(cmd->args), &cmd->client, &cmd->diag);
    if (rc == ERR_LOCKED)
        diag_set(&cmd->diag, rc, "the hub of '%s' is just starting or stopping; try again",
                 cmd->data_dir);
    return rc;
}

int command_open(struct command *cmd, const struct cli_args *args, enum command_reach reach)
{
    const char *dir = cli_flag_value(args, "--data", NULL);
    *cmd = (struct command){ .args = args, .json = cli_flag_given(args, "--json") };
    cmd->data_dir = dir && *dir ? xstrdup(dir) : config_data_dir(command_environ(args));
    if (open_client(cmd, reach) == 0) return 0;
    command_fail(cmd);
    free(cmd->data_dir);
    return CLI_FAILED;
}

int command_close(struct command *cmd, int exit_code)
{
    client_close(cmd->client);
    free(cmd->data_dir);
    return exit_code;
}

/* ---- calls ---------------------------------------------------------------------------------- */

struct json *params_of(const char *member, const char *text)
{
    struct json *params = json_new_object();
    json_set_str(params, member, text);
    return params;
}

int command_try(struct command *cmd, const char *op, struct json *params, struct json **ret_result)
{
    return client_call(cmd->client, op, params, ret_result, &cmd->diag);
}

int command_try_list(struct command *cmd, const char *op, struct json *params, const char *member,
                     struct json **ret_result)
{
    return client_list(cmd->client, op, params, member, ret_result, &cmd->diag);
}

int command_fail(struct command *cmd)
{
    for (char *p = cmd->diag.text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
    return cli_failed(cmd->args, "%s", diag_text(&cmd->diag, cmd->diag.code));
}

void command_done(struct command *cmd, const struct json *result, const char *fmt, ...)
{
    if (cmd->json) {
        output_json(cmd->args->out, result);
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    vfprintf(cmd->args->out, fmt, ap);
    va_end(ap);
    fputc('\n', cmd->args->out);
}

int command_read_attrs(const struct cli_args *args, struct json **ret_attrs)
{
    size_t count;
    const char *const *attrs = cli_flag_values(args, "--attr", &count);
    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(attrs[i], "=");
        if (len == 0 || !attrs[i][len])
            return cli_bad_usage(args, "flag '--attr': '%s' is not KEY=VALUE", attrs[i]);
        char *key = xstrndup(attrs[i], len);
        if (!*ret_attrs) *ret_attrs = json_new_object();
        json_set_str(*ret_attrs, key, attrs[i] + len + 1);
        free(key);
    }
    return 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

FILE *command_input(const struct cli_args *args)
{
    const struct client_env *env = env_of(args);
    return env && env->in ? env->in : stdin;
}

static int read_stdin(const struct cli_args *args, size_t most, struct buf *ret_data)
{
    FILE *in = command_input(args);
    while (!feof(in)) {
        char *to = buf_reserve(ret_data, 4096);
        ret_data->len += fread(to, 1, 4096, in);
        if (ferror(in)) return cli_failed(args, "standard input: %s", strerror(errno));
        if (ret_data->len > most)
            return cli_failed(args, "standard input is larger than %zu bytes", most);
    }
    buf_reserve(ret_data, 1)[0] = '\0';
    return 0;
}

int command_read(const struct cli_args *args, const char *file, size_t most, struct buf *ret_data)
{
    struct diag diag = DIAG_INIT;
    if (strcmp(file, "-") == 0) return read_stdin(args, most, ret_data);
    int rc = file_read(file, most, ret_data, &diag);
    return rc < 0 ? cli_failed(args, "%s", diag_text(&diag, rc)) : 0;
}

int command_read_json(const struct cli_args *args, const char *file, struct json **ret_json)
{
    const struct json_limits limits = { JSON_FILE_MAX, JSON_FILE_MAX, 128 };
    struct diag diag = DIAG_INIT;
    struct buf text = { 0 };
    int rc = command_read(args, file, JSON_FILE_MAX, &text);
    if (rc == 0 && json_parse(buf_slice(&text), &limits, ret_json, &diag) < 0)
        rc = cli_failed(args, "%s: %s", strcmp(file, "-") ? file : "standard input",
                        diag_text(&diag, diag.code));
    buf_deinit(&text);
    return rc;
}

/* ---- passwords ------------------------------------------------------------------------------ */

static const char *variable_of(const struct cli_args *args, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *one = command_environ(args); one && *one; one++)
        if (strncmp(*one, name, len) == 0 && (*one)[len] == '=') return *one + len + 1;
    return NULL;
}

int command_password(const struct cli_args *args, const char *variable, struct buf *ret_password)
{
    const char *file = cli_flag_value(args, "--password-file", NULL);
    const char *value = file ? NULL : variable_of(args, variable);
    if (value) buf_puts(ret_password, value);
    if (!file) return 0;
    int rc = command_read(args, file, PASSWORD_FILE_MAX, ret_password);
    if (rc) return rc;
    ret_password->len = strcspn(buf_str(ret_password), "\r\n");
    ret_password->data[ret_password->len] = '\0';
    if (ret_password->len) return 0;
    return cli_failed(args, "%s has no password", strcmp(file, "-") ? file : "standard input");
}

int command_client_password(const struct cli_args *args, bool *ret_given, struct buf *ret_password)
{
    const char *value = cli_flag_value(args, "--pw", NULL);
    bool by_file = cli_flag_given(args, "--password-file");
    if (value && by_file) return cli_bad_usage(args, "--pw and --password-file exclude each other");
    if (value) buf_puts(ret_password, value);
    int rc = 0;
    if (!value && (by_file || cli_flag_given(args, "--username")))
        rc = command_password(args, "THINGD_PASSWORD", ret_password);
    *ret_given = value || ret_password->len;
    return rc;
}
