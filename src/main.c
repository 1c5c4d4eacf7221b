/* main.c — the program: its name, its version, its commands. Everybody can read the arguments of a process; so
 * the commands work on a copy, and a secret among the true ones is overwritten as soon as it is found. */
#include "base/mem.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "version.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int count;
    char **originals;
    const char **copies;
} words;

static void copy_words(int argc, char **argv)
{
    words.count = argc;
    words.originals = argv;
    words.copies = xcalloc((size_t)argc + 1, sizeof *words.copies);
    for (int i = 0; i < argc; i++)
        words.copies[i] = xstrdup(argv[i]);
}

static void free_words(void)
{
    for (int i = 0; i < words.count; i++)
        free((char *)words.copies[i]);
    free(words.copies);
}

static void hide(const char *secret)
{
    for (int i = 0; i < words.count; i++) {
        const char *copy = words.copies[i];
        size_t len = strlen(copy);
        if (secret < copy || secret > copy + len) continue;
        size_t at = (size_t)(secret - copy);
        memset(words.originals[i] + at, 'x', len - at);
    }
}

int main(int argc, char **argv)
{
    size_t count;
    struct cli_command *commands = commands_collect(&count);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a failed write, as a full disk is */
    copy_words(argc, argv);
    int code = cli_main(&(struct cli_program){ .name = "thingd",
                                               .version = THINGD_VERSION,
                                               .about = "an IoT cloud of your own in one program: "
                                                        "MQTT broker, shadows, rules, registry",
                                               .commands = commands,
                                               .command_count = count,
                                               .flags = client_flags,
                                               .fallback = "serve",
                                               .hide = hide },
                        argc, words.copies, stdout, stderr);
    free_words();
    free(commands);
    return code;
}
