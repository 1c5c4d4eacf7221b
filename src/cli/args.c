/* args.c — the command line: which command, which flags, which arguments.
 *
 * The tables of a cli_program are the whole truth: parsing, messages and help are made from them,
 * so that a flag cannot exist without its line of help. Nothing is printed but by cli_main and what
 * a command calls, and only to the two files given, so a test can look at every word.
 *
 *  I1  A command runs only when its flags and the number of its arguments are right.
 *  I2  args->given has one entry for each flag of the command, then of the program; where both have
 *      a flag of the same name or letter, the command's is found first.
 *  I3  Every text points into argv; nothing of it is copied but for a flag's name before '='. */
#include "cli/args.h"

#include "base/mem.h"
#include "base/slice.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages ------------------------------------------------------------------------------- */

static void put_reason(const struct cli_args *args, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void put_reason(const struct cli_args *args, const char *fmt, va_list ap)
{
    fprintf(args->err, "%s%s%s: ", args->program->name, args->command ? " " : "",
            args->command ? args->command->name : "");
    vfprintf(args->err, fmt, ap);
    fputc('\n', args->err);
}

int cli_bad_usage(const struct cli_args *args, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_reason(args, fmt, ap);
    va_end(ap);
    fprintf(args->err, "try '%s %s%s--help'\n", args->program->name,
            args->command ? args->command->name : "", args->command ? " " : "");
    return CLI_USAGE;
}

int cli_failed(const struct cli_args *args, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_reason(args, fmt, ap);
    va_end(ap);
    return CLI_FAILED;
}

/* ---- did you mean --------------------------------------------------------------------------- */

struct near {
    const char *text;
    const char *best; /* NULL: nothing is near enough */
    unsigned distance;
};

static void near_offer(struct near *n, const char *word)
{
    unsigned distance = text_distance(slice_str(n->text), slice_str(word));
    if (distance > 1 + strlen(word) / 4) return;
    if (n->best && distance >= n->distance) return;
    n->best = word;
    n->distance = distance;
}

/* ---- flags ---------------------------------------------------------------------------------- */

static size_t flag_count(const struct cli_flag *flags)
{
    size_t count = 0;
    while (flags && flags[count].name)
        count++;
    return count;
}

static void add_flags(struct cli_args *args, const struct cli_flag *flags)
{
    for (size_t i = 0; i < flag_count(flags); i++)
        args->given[args->given_count++] = (struct cli_given){ .flag = &flags[i] };
}

static struct cli_given *find_name(const struct cli_args *args, struct slice name)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (slice_eq_str(name, args->given[i].flag->name)) return &args->given[i];
    return NULL;
}

static struct cli_given *find_letter(const struct cli_args *args, char letter)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].flag->letter == letter) return &args->given[i];
    return NULL;
}

static int unknown_flag(const struct cli_args *args, struct slice name)
{
    char *text = xstrndup(name.ptr, name.len);
    struct near near = { .text = text };
    near_offer(&near, "--help");
    for (size_t i = 0; i < args->given_count; i++)
        near_offer(&near, args->given[i].flag->name);
    int rc = near.best
                 ? cli_bad_usage(args, "unknown flag '%s' (did you mean '%s'?)", text, near.best)
                 : cli_bad_usage(args, "unknown flag '%s'", text);
    free(text);
    return rc;
}

static int give(const struct cli_args *args, struct cli_given *given, const char *value)
{
    const struct cli_flag *flag = given->flag;
    if (flag->value && !flag->repeatable && given->count)
        return cli_bad_usage(args, "flag '%s' is given twice", flag->name);
    if (flag->secret && args->program->hide) args->program->hide(value);
    given->values = xrealloc(given->values, (given->count + 1) * sizeof *given->values);
    given->values[given->count++] = value;
    return 0;
}

/* ---- parsing -------------------------------------------------------------------------------- */

struct parse {
    struct cli_args *args;
    const char **words; /* NULL-terminated */
    size_t at;          /* the word after the one being looked at */
    bool help;
};

/* The words of a flag's value from the next one on; `have` stood in its own word already. */
static int give_next(struct parse *p, struct cli_given *given, unsigned have)
{
    const struct cli_flag *flag = given->flag;
    unsigned count = flag->words ? flag->words : 1;
    for (unsigned n = have; n < count; n++) {
        const char *value = p->words[p->at];
        if (!value)
            return cli_bad_usage(p->args, "flag '%s' needs a value %s", flag->name, flag->value);
        if (n == 1 && flag->longer && strcmp(value, flag->longer) == 0) count++;
        p->at++;
        int rc = give(p->args, given, value);
        if (rc) return rc;
    }
    return 0;
}

static int parse_long(struct parse *p, const char *word)
{
    const struct slice name = slice_of(word, strcspn(word, "="));
    const char *value = word[name.len] ? word + name.len + 1 : NULL;
    struct cli_given *given = find_name(p->args, name);
    if (!given && strcmp(word, "--help") == 0) {
        p->help = true;
        return 0;
    }
    if (!given) return unknown_flag(p->args, name);
    if (!given->flag->value && value)
        return cli_bad_usage(p->args, "flag '%s' takes no value", given->flag->name);
    if (given->flag->value && !value) return give_next(p, given, 0);
    int rc = give(p->args, given, value);
    return rc || !value ? rc : give_next(p, given, 1);
}

/* -rv, -oDIR, -o DIR */
static int parse_letters(struct parse *p, const char *letters)
{
    for (; *letters; letters++) {
        struct cli_given *given = find_letter(p->args, *letters);
        if (!given && *letters == 'h') {
            p->help = true;
            return 0;
        }
        if (!given) return cli_bad_usage(p->args, "unknown flag '-%c'", *letters);
        if (given->flag->value && !letters[1]) return give_next(p, given, 0);
        int rc = give(p->args, given, given->flag->value ? letters + 1 : NULL);
        if (rc) return rc;
        if (given->flag->value) return give_next(p, given, 1);
    }
    return 0;
}

static int parse_argument(struct parse *p, const char *word)
{
    if (p->args->count >= p->args->command->max_args)
        return cli_bad_usage(p->args, "unexpected argument '%s'", word);
    p->args->args[p->args->count++] = word;
    return 0;
}

static int check_complete(const struct cli_args *args)
{
    if (args->count < args->command->min_args)
        return cli_bad_usage(args, "needs %s", args->command->args);
    for (size_t i = 0; i < args->given_count; i++) {
        const struct cli_flag *flag = args->given[i].flag;
        if (flag->required && !args->given[i].count)
            return cli_bad_usage(args, "needs %s %s", flag->name, flag->value ? flag->value : "");
    }
    return 0;
}

static int parse_words(struct parse *p)
{
    bool flags = true;
    while (p->words[p->at] && !p->help) {
        const char *word = p->words[p->at++];
        int rc = 0;
        if (flags && strcmp(word, "--") == 0)
            flags = false;
        else if (flags && word[0] == '-' && word[1] == '-')
            rc = parse_long(p, word);
        else if (flags && word[0] == '-' && word[1])
            rc = parse_letters(p, word + 1);
        else
            rc = parse_argument(p, word);
        if (rc) return rc;
    }
    return p->help ? 0 : check_complete(p->args);
}

static int run_command(struct cli_args *args, const char **words)
{
    const struct cli_command *command = args->command;
    size_t flags = flag_count(command->flags) + flag_count(args->program->flags), count = 0;
    while (words[count])
        count++;
    args->given = xcalloc(flags + 1, sizeof *args->given);
    args->args = xcalloc(count + 1, sizeof *args->args);
    add_flags(args, command->flags);
    add_flags(args, args->program->flags);
    struct parse parse = { .args = args, .words = words };
    int rc = parse_words(&parse);
    if (rc == 0 && parse.help)
        cli_print_command_help(args->program, command, args->out);
    else if (rc == 0)
        rc = command->run(args);
    for (size_t i = 0; i < args->given_count; i++)
        free(args->given[i].values);
    free(args->given);
    free(args->args);
    return rc;
}

/* ---- the command ---------------------------------------------------------------------------- */

bool cli_in_group(const struct cli_command *command, const char *word)
{
    size_t len = strlen(word);
    return strncmp(command->name, word, len) == 0 && command->name[len] == ' ';
}

static bool is_group(const struct cli_program *program, const char *word)
{
    for (size_t i = 0; i < program->command_count; i++)
        if (cli_in_group(&program->commands[i], word)) return true;
    return false;
}

/* The command named by the first one or two words; how many they were. */
static const struct cli_command *find_command(const struct cli_program *program,
                                              const char *const *words, size_t *ret_words)
{
    const struct cli_command *found = NULL;
    for (size_t i = 0; i < program->command_count; i++) {
        const struct cli_command *command = &program->commands[i];
        if (strcmp(command->name, words[0]) == 0) {
            if (!found) *ret_words = 1;
            if (!found) found = command;
        } else if (words[1] && cli_in_group(command, words[0]) &&
                   strcmp(command->name + strlen(words[0]) + 1, words[1]) == 0) {
            *ret_words = 2;
            return command;
        }
    }
    return found;
}

static int unknown_command(const struct cli_args *args, const char *const *words)
{
    const struct cli_program *program = args->program;
    bool two = is_group(program, words[0]) && words[1] && words[1][0] != '-';
    if (is_group(program, words[0]) && !two)
        return cli_bad_usage(args, "'%s' needs a verb (see '%s help %s')", words[0], program->name,
                             words[0]);
    char *text = two ? xasprintf("%s %s", words[0], words[1]) : xstrdup(words[0]);
    struct near near = { .text = text };
    for (size_t i = 0; i < program->command_count; i++)
        near_offer(&near, program->commands[i].name);
    int rc = near.best
                 ? cli_bad_usage(args, "unknown command '%s' (did you mean '%s'?)", text, near.best)
                 : cli_bad_usage(args, "unknown command '%s'", text);
    free(text);
    return rc;
}

static int print_help(const struct cli_args *args, const char *const *words)
{
    const struct cli_program *program = args->program;
    size_t used = 0;
    if (!words[0]) {
        cli_print_help(program, args->out);
        return CLI_DONE;
    }
    const struct cli_command *command = find_command(program, words, &used);
    if (command && (used == 2 || !words[1]))
        cli_print_command_help(program, command, args->out);
    else if (is_group(program, words[0]) && !words[1])
        cli_print_group_help(program, words[0], args->out);
    else
        return unknown_command(args, words);
    return CLI_DONE;
}

/* How many words at the front are flags of the program, with their values. */
static size_t leading_flags(const struct cli_program *program, const char *const *words)
{
    size_t at = 0;
    while (words[at]) {
        const char *word = words[at];
        const struct cli_flag *found = NULL;
        bool value_inside = false;
        for (size_t i = 0; i < flag_count(program->flags) && !found; i++) {
            const struct cli_flag *flag = &program->flags[i];
            size_t len = strlen(flag->name);
            bool named = strncmp(word, flag->name, len) == 0 && (!word[len] || word[len] == '=');
            bool lettered = flag->letter && word[0] == '-' && word[1] == flag->letter;
            if (!named && !lettered) continue;
            found = flag;
            value_inside = named ? word[len] == '=' : word[2] != '\0';
        }
        if (!found) break;
        at += found->value && !value_inside && words[at + 1] ? 2 : 1;
    }
    return at;
}

/* The words without `count` of them from `at` on. Returns owned. */
static const char **without(const char *const *words, size_t at, size_t count)
{
    size_t total = 0, n = 0;
    while (words[total])
        total++;
    const char **rest = xcalloc(total + 1, sizeof *rest);
    for (size_t i = 0; i < total; i++)
        if (i < at || i >= at + count) rest[n++] = words[i];
    return rest;
}

static bool is_word(const char *word, const char *name, const char *letter)
{
    return word && (strcmp(word, name) == 0 || strcmp(word, letter) == 0);
}

static int choose(struct cli_args *args, const char *const *words)
{
    const struct cli_program *program = args->program;
    size_t at = leading_flags(program, words), used = 0;
    const char *first = words[at];
    if (is_word(first, "--version", "-V")) {
        fprintf(args->out, "%s %s\n", program->name, program->version);
        return CLI_DONE;
    }
    if (is_word(first, "--help", "-h")) return print_help(args, words + at + 1);
    const struct cli_command *command = first ? find_command(program, words + at, &used) : NULL;
    if (!command && first && strcmp(first, "help") == 0) return print_help(args, words + at + 1);
    if (!command && (!first || first[0] == '-')) {
        const char *fallback[] = { program->fallback, NULL };
        command = find_command(program, fallback, &used);
        if (!command) BUG("no command '%s'", program->fallback);
        used = 0;
    }
    if (!command && is_group(program, first) && is_word(words[at + 1], "--help", "-h")) {
        cli_print_group_help(program, first, args->out);
        return CLI_DONE;
    }
    if (!command) return unknown_command(args, words + at);
    args->command = command;
    const char **rest = without(words, at, used);
    int rc = run_command(args, rest);
    free(rest);
    return rc;
}

int cli_main(const struct cli_program *program, int argc, const char *const *argv, FILE *out,
             FILE *err)
{
    static const char *const none[] = { NULL };
    struct cli_args args = { .program = program, .out = out, .err = err };
    int rc = choose(&args, argc > 0 ? argv + 1 : none);
    if (fflush(out) != 0 && rc == CLI_DONE) {
        fprintf(err, "thingd: standard output: %s\n", strerror(errno));
        rc = CLI_FAILED;
    }
    return rc;
}

/* ---- what a command asks -------------------------------------------------------------------- */

static const struct cli_given *given_of(const struct cli_args *args, const char *name)
{
    const struct cli_given *given = find_name(args, slice_str(name));
    if (!given) BUG("command '%s' has no flag %s", args->command->name, name);
    return given;
}

bool cli_flag_given(const struct cli_args *args, const char *name)
{
    return given_of(args, name)->count > 0;
}

const char *cli_flag_value(const struct cli_args *args, const char *name, const char *fallback)
{
    const struct cli_given *given = given_of(args, name);
    return given->count ? given->values[given->count - 1] : fallback;
}

const char *const *cli_flag_values(const struct cli_args *args, const char *name, size_t *ret_count)
{
    const struct cli_given *given = given_of(args, name);
    *ret_count = given->count;
    return given->values;
}

int cli_flag_number(const struct cli_args *args, const char *name, int64_t min, int64_t max,
                    int64_t fallback, int64_t *ret_value)
{
    const char *text = cli_flag_value(args, name, NULL);
    int64_t value = fallback;
    if (text && text_to_int(slice_str(text), min, max, &value) < 0)
        return cli_bad_usage(args, "flag '%s': '%s' is not a number from %" PRId64 " to %" PRId64,
                             name, text, min, max);
    *ret_value = value;
    return 0;
}

const char *cli_arg(const struct cli_args *args, size_t n)
{
    return n < args->count ? args->args[n] : NULL;
}
