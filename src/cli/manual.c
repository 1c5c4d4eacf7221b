/* manual.c — docs/manual/command-line.md, printed from the tables, so that the page and the program
 * cannot differ; a test compares them. */
#include "cli/commands.h"

#include <string.h>

static const char head[] =
    "# Command line\n"
    "\n"
    "This page is printed from the program's table of commands. `thingd COMMAND --help` prints "
    "the\n"
    "same.\n"
    "\n"
    "`thingd` without a command is `thingd serve`. `pub`, `sub` and `bench` are MQTT clients; "
    "`init`\n"
    "and `check` need no hub. All other commands speak to the running hub over the Unix socket\n"
    "`thingd.sock` in the data directory, with the REST API that everyone uses; only root and the\n"
    "hub's own user may. The commands `key`, `token` and `user` also work while the hub does not\n"
    "run.\n"
    "\n"
    "`--out DIR`, `--out=DIR`, `-o DIR` and `-oDIR` are the same; `--` ends the flags. With "
    "`--json` a\n"
    "command prints the answer of the REST API; reasons of failure go to standard error.\n"
    "\n"
    "| exit code | meaning |\n"
    "| --- | --- |\n"
    "| 0 | done |\n"
    "| 1 | refused or failed |\n"
    "| 2 | bad usage, or a bad configuration |\n";

/* Text within a table: '|' would end the cell. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_flags(FILE *out, const struct cli_flag *flags)
{
    if (!flags || !flags->name) return;
    fputs("\n| flag | meaning |\n| --- | --- |\n", out);
    for (; flags->name; flags++) {
        const char letter[] = { '-', flags->letter, ',', ' ', '\0' };
        fprintf(out, "| `%s%s%s", flags->letter ? letter : "", flags->name,
                flags->value ? " " : "");
        put_cell(out, flags->value ? flags->value : "");
        fprintf(out, "`%s | ", flags->repeatable ? "..." : "");
        put_cell(out, flags->text);
        fputs(flags->required ? " (required) |\n" : " |\n", out);
    }
}

static void put_command(FILE *out, const char *program, const struct cli_command *command)
{
    fprintf(out, "\n### %s %s%s%s\n\n%c%s.\n", program, command->name, command->args ? " " : "",
            command->args ? command->args : "",
            command->summary[0] >= 'a' && command->summary[0] <= 'z' ? command->summary[0] - 32
                                                                     : command->summary[0],
            command->summary + 1);
    if (command->text) fprintf(out, "\n%s\n", command->text);
    put_flags(out, command->flags);
}

/* A heading for each first word. */
static bool same_group(const struct cli_command *a, const struct cli_command *b)
{
    size_t len = strcspn(a->name, " ");
    return a->name[len] && strcspn(b->name, " ") == len && strncmp(a->name, b->name, len) == 0;
}

void commands_print_manual(const struct cli_program *program, FILE *out)
{
    fputs(head, out);
    fputs("\nFlags of every command:\n", out);
    put_flags(out, program->flags);
    for (size_t i = 0; i < program->command_count; i++) {
        const struct cli_command *command = &program->commands[i];
        if (i == 0 || !same_group(command, command - 1))
            fprintf(out, "\n## %.*s\n", (int)strcspn(command->name, " "), command->name);
        put_command(out, program->name, command);
    }
}
