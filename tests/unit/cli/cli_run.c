/* cli_run.c — see cli_run.h. */
#include "cli_run.h"

#include <stdio.h>
#include <stdlib.h>

struct outcome cli_run(int argc, const char *const *argv, struct client_env *env)
{
    static const char *const no_environ[] = { NULL };
    struct cli_program program = { .name = "thingd",
                                   .version = "0",
                                   .about = "x",
                                   .commands = client_commands,
                                   .flags = client_flags,
                                   .fallback = "status",
                                   .data = env };
    env->environ = no_environ;
    while (client_commands[program.command_count].name)
        program.command_count++;
    struct outcome o = { 0 };
    size_t out_len, err_len;
    FILE *out = open_memstream(&o.out, &out_len), *err = open_memstream(&o.err, &err_len);
    o.rc = cli_main(&program, argc, argv, out, err);
    fclose(out);
    fclose(err);
    return o;
}

void outcome_free(struct outcome *o)
{
    free(o->out);
    free(o->err);
}
