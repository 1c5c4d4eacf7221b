/* command.h — what the client commands share: one run of a command, its hub and its output. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/output.h"

#include <stdbool.h>

struct command {
    const struct cli_args *args;
    struct client *client;
    char *data_dir;
    struct diag diag; /* of the last failure */
    bool json;        /* --json */
};

enum command_reach {
    REACH_RUNNING, /* the hub must run */
    REACH_ANY,     /* without it, its data directory will do */
};

/* Every command: `if ((rc = command_open(...))) return rc; ... return command_close(&cmd, rc);`.
 * 0; or CLI_FAILED, the reason is printed, and nothing is to be closed. */
int command_open(struct command *cmd, const struct cli_args *args, enum command_reach reach);
int command_close(struct command *cmd, int exit_code);

/* Take params. 0; or the error's code, and cmd->diag has the sentence. */
int command_try(struct command *cmd, const char *op, struct json *params, struct json **ret_result);
int command_try_list(struct command *cmd, const char *op, struct json *params, const char *member,
                     struct json **ret_result);
/* Prints cmd->diag; returns CLI_FAILED. */
int command_fail(struct command *cmd);
/* Prints that nothing needs to be undone: "key AKIA... deleted"; with --json the result. */
void command_done(struct command *cmd, const struct json *result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* { member: text }; NULL text: an empty object. */
struct json *params_of(const char *member, const char *text);

/* Standard input. */
FILE *command_input(const struct cli_args *args);
/* Appends a file's bytes, or standard input's for "-". 0; or CLI_FAILED, and the reason is
 * printed. */
int command_read(const struct cli_args *args, const char *file, size_t most, struct buf *ret_data);
/* The same, as a JSON document. */
int command_read_json(const struct cli_args *args, const char *file, struct json **ret_json);
/* Adds those of the flags --attr KEY=VALUE to *ret_attrs, which is NULL or an object, made where it is needed;
 * the caller's, also when a flag is wrong. 0; or the exit code, and the reason is printed. */
int command_read_attrs(const struct cli_args *args, struct json **ret_attrs);
/* A password that is no argument, which everybody could read: the first line of --password-file FILE, or else the
 * variable of the environment. Empty where there is neither. 0; or CLI_FAILED, and the reason is printed. Wipe
 * by secret_wipe(). */
int command_password(const struct cli_args *args, const char *variable, struct buf *ret_password);
/* The same for a client of MQTT: --pw too, and THINGD_PASSWORD where there is a --username. */
int command_client_password(const struct cli_args *args, bool *ret_given, struct buf *ret_password);
/* What the process or the test has set. */
const char *const *command_environ(const struct cli_args *args);

/* ---- the commands that are more than one operation, by file ---- */
int bench_command(const struct cli_args *args);  /* cmd_bench.c */
int check_run(const struct cli_args *args);      /* cmd_check.c */
int key_create_run(const struct cli_args *args); /* cmd_credential.c */
int token_create_run(const struct cli_args *args);
int group_create_run(const struct cli_args *args); /* cmd_group.c */
int group_show_run(const struct cli_args *args);
int group_add_run(const struct cli_args *args);
int group_remove_run(const struct cli_args *args);
int user_add_run(const struct cli_args *args); /* cmd_user.c */
int user_import_run(const struct cli_args *args);
int thing_add_run(const struct cli_args *args);  /* cmd_thing_add.c */
int thing_list_run(const struct cli_args *args); /* cmd_thing.c */
int thing_show_run(const struct cli_args *args);
int thing_delete_run(const struct cli_args *args);
int policy_create_run(const struct cli_args *args); /* cmd_policy.c */
int policy_attach_run(const struct cli_args *args);
int policy_detach_run(const struct cli_args *args);
int policy_show_run(const struct cli_args *args);
int policy_update_run(const struct cli_args *args);
int policy_use_run(const struct cli_args *args);
int policy_effective_run(const struct cli_args *args);
int policy_explain_run(const struct cli_args *args);
int retained_purge_run(const struct cli_args *args); /* cmd_retained.c */
int rule_create_run(const struct cli_args *args);    /* cmd_rule.c */
int rule_test_run(const struct cli_args *args);
int shadow_update_run(const struct cli_args *args);   /* cmd_shadow.c */
int template_create_run(const struct cli_args *args); /* cmd_template.c */
int pub_run(const struct cli_args *args);             /* cmd_pub.c */
int sub_run(const struct cli_args *args);             /* cmd_sub.c */
int why_run(const struct cli_args *args);             /* cmd_why.c */
int simple_run(const struct cli_args *args);          /* cmd_simple.c: the others, from its table */

#endif
