/* cmd_user.c — `user add` and `user import`, with the habits of mosquitto_passwd but one: a password is never an
 * argument. It comes from the terminal, where it is asked for twice and not shown, from a file, standard input, or
 * the environment; or one is made. */
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "cli/command.h"
#include "crypto/crypto.h"
#include "crypto/password.h"
#include "crypto/secret.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { RANDOM_BYTES = 18 /* 24 characters */, IMPORT_MAX = 5000, FILE_MAX = 4 << 20 };

/* ---- at the terminal ------------------------------------------------------------------------ */

static void read_line(FILE *in, struct buf *ret_line)
{
    char *line = buf_reserve(ret_line, PASSWORD_MAX + 2);
    if (fgets(line, PASSWORD_MAX + 2, in)) ret_line->len = strcspn(line, "\r\n");
    ret_line->data[ret_line->len] = '\0';
}

/* One line, which is not shown. */
static void ask(const struct cli_args *args, FILE *in, const char *question, struct buf *ret_line)
{
    struct termios shown, hidden;
    bool known = tcgetattr(fileno(in), &shown) == 0;
    if (known) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fileno(in), TCSAFLUSH, &hidden);
    }
    fputs(question, args->err); /* only now: an answer to it is neither shown nor dropped */
    fflush(args->err);
    read_line(in, ret_line);
    if (known) tcsetattr(fileno(in), TCSADRAIN, &shown);
    fputc('\n', args->err);
}

/* Empty: one is to be made. */
static int ask_twice(const struct cli_args *args, FILE *in, struct buf *ret_password)
{
    struct buf again = { 0 };
    int rc = 0;
    ask(args, in, "password (empty: one is made): ", ret_password);
    if (ret_password->len) {
        ask(args, in, "once more: ", &again);
        if (!slice_eq(buf_slice(ret_password), buf_slice(&again)))
            rc = cli_failed(args, "the two passwords are not the same");
    }
    secret_wipe(&again);
    return rc;
}

/* ---- user add ------------------------------------------------------------------------------- */

static void make_password(struct buf *ret_password)
{
    uint8_t bytes[RANDOM_BYTES];
    rand_system_bytes(bytes, sizeof bytes);
    base64url_encode(ret_password, bytes, sizeof bytes);
    crypto_wipe(bytes, sizeof bytes);
}

static int read_stdin_line(const struct cli_args *args, FILE *in, struct buf *ret_password)
{
    if (cli_flag_given(args, "--password-file"))
        return cli_bad_usage(args, "--password-file and --password-stdin exclude each other");
    read_line(in, ret_password);
    return ret_password->len ? 0 : cli_failed(args, "standard input has no password");
}

/* *ret_made: nobody knows it yet. */
static int get_password(const struct cli_args *args, struct buf *ret_password, bool *ret_made)
{
    FILE *in = command_input(args);
    *ret_made = false;
    if (cli_flag_given(args, "--batch") || args->count > 1)
        return cli_bad_usage(args,
                             "a password on the command line can be read by every user of this "
                             "host, and stays in the history of the shell: leave it out to be "
                             "asked for it, or use --password-file or --password-stdin");
    if (cli_flag_given(args, "--password-stdin")) return read_stdin_line(args, in, ret_password);
    int rc = command_password(args, "THINGD_USER_PASSWORD", ret_password);
    if (rc == 0 && !ret_password->len && isatty(fileno(in))) rc = ask_twice(args, in, ret_password);
    *ret_made = rc == 0 && !ret_password->len;
    if (*ret_made) make_password(ret_password);
    return rc;
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
    secret_wipe(&password);
    return rc;
}

/* ---- user import ---------------------------------------------------------------------------- */

/* A line "NAME:HASH", or "NAME:PASSWORD" with --plain. */
static int add_line(const struct cli_args *args, struct slice line, size_t number,
                    struct json *users)
{
    char hash[PASSWORD_HASH_LEN];
    const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    if (!colon) return cli_failed(args, "line %zu is not of the form NAME:HASH", number);
    struct slice name = slice_of(line.ptr, (size_t)(colon - line.ptr));
    struct slice secret = slice_from(line, name.len + 1);
    struct json *user = json_push(users, json_new_object());
    json_set(user, "userName", json_new_slice(name));
    if (!cli_flag_given(args, "--plain")) {
        json_set(user, "passwordHash", json_new_slice(secret));
        return 0;
    }
    int rc = password_hash(secret, hash);
    if (rc < 0)
        return cli_failed(args, "line %zu: the password cannot be used: %s", number, err_text(rc));
    json_set_str(user, "passwordHash", hash);
    return 0;
}

static int parse_lines(const struct cli_args *args, struct slice text, struct json *users)
{
    int rc = 0;
    for (size_t number = 1; text.len && rc == 0; number++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        struct slice line = slice_of(text.ptr, end ? (size_t)(end - text.ptr) : text.len);
        text = slice_from(text, line.len + 1);
        if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
        if (!utf8_valid(line) || (line.len && memchr(line.ptr, 0, line.len)))
            rc = cli_failed(args, "line %zu is no text", number);
        else if (line.len && line.ptr[0] != '#')
            rc = add_line(args, line, number, users);
    }
    if (rc == 0 && json_count(users) > IMPORT_MAX)
        rc = cli_failed(args, "there are %zu users in the file; at most %d may come at a time",
                        json_count(users), IMPORT_MAX);
    return rc;
}

static int read_users(const struct cli_args *args, struct json *users)
{
    struct buf text = { 0 };
    int rc = command_read(args, cli_arg(args, 0), FILE_MAX, &text);
    if (rc == 0) rc = parse_lines(args, buf_slice(&text), users);
    secret_wipe(&text);
    return rc;
}

static int print_import(struct command *cmd, const struct json *result)
{
    const struct json *refused = json_get(result, "refused");
    int64_t added = 0, updated = 0;
    if (cmd->json) output_json(cmd->args->out, result);
    if (json_count(refused)) {
        json_for_each(user, refused)
            cli_failed(cmd->args, "user '%s': %s", json_get_str(user, "userName"),
                       json_get_str(user, "reason"));
        return cli_failed(cmd->args, "nothing was imported");
    }
    json_to_int64(json_get(result, "added"), &added);
    json_to_int64(json_get(result, "updated"), &updated);
    if (!cmd->json)
        fprintf(cmd->args->out, "%lld users added, %lld updated\n", (long long)added,
                (long long)updated);
    return CLI_DONE;
}

static int import(struct command *cmd, struct json *users)
{
    struct json *params = json_new_object(), *result = NULL;
    json_set(params, "users", users);
    json_set_str(params, "policyName", cli_flag_value(cmd->args, "--policy", NULL));
    if (cli_flag_given(cmd->args, "--update")) json_set_bool(params, "update", true);
    if (command_try(cmd, "ImportUsers", params, &result) < 0) return command_fail(cmd);
    int rc = print_import(cmd, result);
    json_free(result);
    return rc;
}

int user_import_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *users = json_new_array();
    int rc = read_users(args, users);
    if (rc == 0) rc = command_open(&cmd, args, REACH_ANY);
    if (rc) {
        json_free(users);
        return rc;
    }
    return command_close(&cmd, import(&cmd, users));
}
