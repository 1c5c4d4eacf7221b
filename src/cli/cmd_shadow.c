/* cmd_shadow.c — `shadow update`: a document from the command line, a file or standard input. */
#include "cli/command.h"

/* JSON, @FILE or "-". */
static int read_document(const struct cli_args *args, const char *text, struct json **ret_document)
{
    struct diag diag = DIAG_INIT;
    if (text[0] == '@') return command_read_json(args, text + 1, ret_document);
    if (text[0] == '-' && !text[1]) return command_read_json(args, text, ret_document);
    int rc = json_parse(slice_str(text), NULL, ret_document, &diag);
    return rc < 0 ? cli_bad_usage(args, "the document: %s", diag_text(&diag, rc)) : 0;
}

int shadow_update_run(const struct cli_args *args)
{
    struct command cmd;
    struct json *document, *result;
    int rc = read_document(args, cli_arg(args, 1), &document);
    if (rc) return rc;
    rc = command_open(&cmd, args, REACH_RUNNING);
    if (rc) {
        json_free(document);
        return rc;
    }
    struct json *params = params_of("thingName", cli_arg(args, 0));
    json_set_str(params, "shadowName", cli_flag_value(args, "--name", NULL));
    json_set(params, "payload", document);
    if (command_try(&cmd, "UpdateThingShadow", params, &result) < 0)
        return command_close(&cmd, command_fail(&cmd));
    output_json(args->out, result);
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}
