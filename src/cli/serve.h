/* serve.h — the commands that are the hub. */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

struct cli_args;

int serve_run(const struct cli_args *args);
int init_run(const struct cli_args *args);

#endif
