/* cli_run.h — runs a line of the client commands in this process, for tests. */
#ifndef TESTS_UNIT_CLI_RUN_H
#define TESTS_UNIT_CLI_RUN_H

#include "cli/commands.h"

struct outcome {
    int rc;
    char *out, *err; /* owned: what was printed */
};

/* argv[0] is the program; env->environ is set here, to an empty one. */
struct outcome cli_run(int argc, const char *const *argv, struct client_env *env);
void outcome_free(struct outcome *o);

#endif
