/* main.c — the program: its name, its version, its commands. */
#include "cli/args.h"
#include "cli/commands.h"
#include "version.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    size_t count;
    struct cli_command *commands = commands_collect(&count);
    int code = cli_main(&(struct cli_program){ .name = "thingd",
                                               .version = THINGD_VERSION,
                                               .about = "an IoT cloud of your own in one program: "
                                                        "MQTT broker, shadows, rules, registry",
                                               .commands = commands,
                                               .command_count = count,
                                               .flags = client_flags,
                                               .fallback = "serve" },
                        argc, (const char *const *)argv, stdout, stderr);
    free(commands);
    return code;
}
