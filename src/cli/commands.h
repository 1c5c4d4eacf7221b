/* commands.h — every command of the program, in one table. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

#include <stdint.h>

/* Ends with { 0 }. */
extern const struct cli_command client_commands[]; /* those which speak to the hub */
extern const struct cli_flag client_flags[];       /* of every command: --data, --json */

/* serve, init and all client commands, in the order of the manual. Returns owned: free(). */
struct cli_command *commands_collect(size_t *ret_count);

/* docs/manual/command-line.md. */
void commands_print_manual(const struct cli_program *program, FILE *out);

/* What cli_program.data may point at, for tests. NULL: the process' own, and 30 seconds. */
struct client_env {
    const char *const *environ;
    FILE *in;
    int64_t timeout_ms; /* of a call to the hub */
};

#endif
