/* cmd_check.c — `thingd check`: what `thingd serve` would say of a configuration, without starting.
 * The environment counts too, since it would for serve. */
#include "cli/command.h"
#include "config/config.h"

static struct json *texts_of(const struct config_list *list)
{
    struct json *texts = json_new_array();
    for (size_t i = 0; i < list->count; i++)
        json_push(texts, json_new_str(list->items[i]));
    return texts;
}

static void print_json(const struct cli_args *args, const struct config_list *errors,
                       const struct config_list *warnings)
{
    struct json *result = json_new_object();
    json_set_bool(result, "valid", errors->count == 0);
    json_set(result, "errors", texts_of(errors));
    json_set(result, "warnings", texts_of(warnings));
    output_json(args->out, result);
    json_free(result);
}

static void print_text(const struct cli_args *args, const struct config_list *errors,
                       const struct config_list *warnings)
{
    for (size_t i = 0; i < errors->count; i++)
        fprintf(args->err, "%s\n", errors->items[i]);
    for (size_t i = 0; i < warnings->count; i++)
        fprintf(args->err, "warning: %s\n", warnings->items[i]);
    if (errors->count == 0) fprintf(args->out, "the configuration is valid\n");
}

int check_run(const struct cli_args *args)
{
    struct config_list errors = { 0 }, warnings = { 0 };
    struct config_sources sources = { .file = cli_flag_value(args, "--config", NULL),
                                      .environ = command_environ(args) };
    sources.sets = cli_flag_values(args, "--set", &sources.set_count);
    int rc = config_check(&sources, &errors, &warnings);
    if (cli_flag_given(args, "--json"))
        print_json(args, &errors, &warnings);
    else
        print_text(args, &errors, &warnings);
    config_list_deinit(&errors);
    config_list_deinit(&warnings);
    return rc < 0 ? CLI_USAGE : CLI_DONE;
}
