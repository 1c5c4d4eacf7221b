/* main.c — the table of subcommands and nothing else. */
#include "base/mem.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/serve.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_flag program_flags[] = {
    { .name = "--data",
      .letter = 'd',
      .value = "DIR",
      .text = "data directory (default: $THINGD_DATA, else /var/lib/thingd, else ./var)" },
    { .name = "--json", .text = "print JSON" },
    { 0 },
};

static const struct cli_flag config_flags[] = {
    { .name = "--config", .letter = 'c', .value = "FILE", .text = "configuration file" },
    { .name = "--set",
      .value = "KEY=VALUE",
      .repeatable = true,
      .text = "set a key of the configuration, such as listener.mqtt.port=1884" },
    { 0 },
};

static const struct cli_command hub_commands[] = {
    { .name = "serve",
      .flags = config_flags,
      .run = serve_run,
      .summary = "run the hub in the foreground" },
    { .name = "init",
      .flags = config_flags,
      .run = init_run,
      .summary = "make the data directory and the first administrator" },
};

int main(int argc, char **argv)
{
    size_t client = 0, hub = ARRAY_LEN(hub_commands);
    while (client_commands[client].name)
        client++;
    struct cli_command *commands = xcalloc(hub + client, sizeof *commands);
    memcpy(commands, hub_commands, sizeof hub_commands);
    memcpy(commands + hub, client_commands, client * sizeof *commands);
    int code = cli_main(&(struct cli_program){ .name = "thingd",
                                               .version = THINGD_VERSION,
                                               .about = "an IoT cloud of your own in one program: "
                                                        "MQTT broker, shadows, rules, registry",
                                               .commands = commands,
                                               .command_count = hub + client,
                                               .flags = program_flags,
                                               .fallback = "serve" },
                        argc, (const char *const *)argv, stdout, stderr);
    free(commands);
    return code;
}
