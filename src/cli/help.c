/* help.c — usage and help, printed from the tables of args.h.
 *
 * Lines of two columns: what to write, what it does. The second column begins two blanks behind the
 * longest entry of its list, unless that is very long; a longer entry gets a line of its own. */
#include "cli/args.h"

#include <string.h>

enum { COLUMN_MOST = 30 };

/* "  -o, --out DIR" */
static int flag_text(const struct cli_flag *flag, char *out, size_t size)
{
    const char letter[] = { '-', flag->letter, ',', ' ', '\0' };
    return snprintf(out, size, "%s%s%s%s%s", flag->letter ? letter : "    ", flag->name,
                    flag->value ? " " : "", flag->value ? flag->value : "",
                    flag->repeatable ? "..." : "");
}

static int command_text(const struct cli_command *command, char *out, size_t size)
{
    return snprintf(out, size, "%s%s%s", command->name, command->args ? " " : "",
                    command->args ? command->args : "");
}

static void put_row(FILE *out, int column, const char *left, const char *right)
{
    if ((int)strlen(left) > column)
        fprintf(out, "  %s\n  %*s  %s\n", left, column, "", right);
    else
        fprintf(out, "  %-*s  %s\n", column, left, right);
}

static int wider(int column, int len)
{
    return len > column && len <= COLUMN_MOST ? len : column;
}

static int flags_width(const struct cli_flag *flags, int column)
{
    char left[160];
    for (; flags && flags->name; flags++)
        column = wider(column, flag_text(flags, left, sizeof left));
    return column;
}

static void put_flags(FILE *out, int column, const struct cli_flag *flags)
{
    char left[160];
    for (; flags && flags->name; flags++) {
        flag_text(flags, left, sizeof left);
        put_row(out, column, left, flags->text);
    }
}

static void put_commands(const struct cli_program *program, const char *group, FILE *out)
{
    char left[160];
    int column = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < program->command_count; i++) {
            const struct cli_command *command = &program->commands[i];
            if (group && !cli_in_group(command, group) && strcmp(command->name, group) != 0)
                continue;
            int len = command_text(command, left, sizeof left);
            if (pass == 0)
                column = wider(column, len);
            else
                put_row(out, column, left, command->summary);
        }
    }
}

/* -h is a flag of the command's own where it has one. */
static bool has_letter(const struct cli_flag *flags, char letter)
{
    for (; flags && flags->name; flags++)
        if (flags->letter == letter) return true;
    return false;
}

static void put_common_flags(const struct cli_program *program, const struct cli_flag *others,
                             int column, FILE *out)
{
    column = flags_width(program->flags, column);
    put_flags(out, column, program->flags);
    put_row(out, column, has_letter(others, 'h') ? "    --help" : "-h, --help", "print this");
}

void cli_print_help(const struct cli_program *program, FILE *out)
{
    fprintf(out, "usage: %s [COMMAND] [FLAG | ARGUMENT]...\n\n%s\n\ncommands:\n", program->name,
            program->about);
    put_commands(program, NULL, out);
    fputs("\nflags of every command:\n", out);
    put_common_flags(program, NULL, 13, out);
    put_row(out, flags_width(program->flags, 13), "-V, --version", "print the version");
    fprintf(out, "\nWithout a command: %s. '%s help COMMAND' tells more.\n", program->fallback,
            program->name);
}

void cli_print_group_help(const struct cli_program *program, const char *word, FILE *out)
{
    fprintf(out, "usage: %s %s VERB [FLAG | ARGUMENT]...\n\ncommands:\n", program->name, word);
    put_commands(program, word, out);
    fprintf(out, "\n'%s help %s VERB' tells more.\n", program->name, word);
}

static void put_usage(const struct cli_program *program, const struct cli_command *command,
                      FILE *out)
{
    fprintf(out, "usage: %s %s", program->name, command->name);
    for (const struct cli_flag *flag = command->flags; flag && flag->name; flag++)
        fprintf(out, " %s%s%s%s%s%s", flag->required ? "" : "[", flag->name, flag->value ? " " : "",
                flag->value ? flag->value : "", flag->required ? "" : "]",
                flag->repeatable ? "..." : "");
    if (command->args) fprintf(out, " %s", command->args);
    fputc('\n', out);
}

void cli_print_command_help(const struct cli_program *program, const struct cli_command *command,
                            FILE *out)
{
    put_usage(program, command, out);
    fprintf(out, "\n%s\n", command->summary);
    if (command->text) fprintf(out, "\n%s\n", command->text);
    fputs("\nflags:\n", out);
    int column = flags_width(program->flags, flags_width(command->flags, 10));
    put_flags(out, column, command->flags);
    put_common_flags(program, command->flags, column, out);
}
