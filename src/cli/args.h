/* args.h — subcommands and their flags, from tables.
 *
 *   thingd [FLAG]... COMMAND [VERB] [FLAG | ARGUMENT]...
 *
 * Flags of the program may stand before the command, all others after it, in any order with the
 * arguments. "--out DIR", "--out=DIR", "-o DIR", "-oDIR" are the same; letters without a value may
 * be joined (-rv); "--" ends the flags. --help, and -h unless the command has a flag with it,
 * prints help made from the tables. Exit codes: 0 done, 1 refused or failed, 2 bad usage. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_flag {
    const char *name;   /* "--out" */
    char letter;        /* 'o' for -o; 0: none */
    const char *value;  /* what it takes, for usage: "DIR"; NULL: nothing */
    unsigned words;     /* of which it consists, each a value of its own; 0: one; else repeatable */
    const char *longer; /* when the second is this, there is one more; NULL: never */
    bool repeatable;    /* may be given more than once; otherwise twice is an error */
    bool required;
    bool secret;      /* its value goes to cli_program.hide */
    const char *text; /* one line */
};

struct cli_args;

struct cli_command {
    const char *name; /* "serve", "thing add"; at most two words */
    const char *args; /* arguments for usage: "NAME [FILE]..."; NULL: none */
    unsigned min_args;
    unsigned max_args;                       /* CLI_ANY: no limit */
    const struct cli_flag *flags;            /* ends with { 0 }; NULL: none */
    int (*run)(const struct cli_args *args); /* returns the exit code */
    const char *summary;                     /* one line, for the list */
    const char *text;                        /* more, for --help; NULL: nothing */
};
#define CLI_ANY UINT_MAX

/* All borrowed, usually static. */
struct cli_program {
    const char *name;
    const char *version;
    const char *about;
    const struct cli_command *commands; /* as they are to be listed */
    size_t command_count;
    const struct cli_flag *flags; /* of every command; ends with { 0 }; NULL: none */
    const char *fallback;         /* the command when none is named */
    void (*hide)(
        const char
            *secret); /* a part of argv, as soon as it is read; NULL: nobody else sees argv */
    void *data;       /* for the commands */
};

struct cli_given {
    const struct cli_flag *flag;
    const char **values; /* as often as it was given; NULL for a flag without a value */
    size_t count;
};

/* What a command gets; borrowed for the time of its run. */
struct cli_args {
    const struct cli_program *program;
    const struct cli_command *command;
    FILE *out; /* results */
    FILE *err; /* reasons */
    const char **args;
    size_t count;            /* within min_args and max_args */
    struct cli_given *given; /* one for each flag of the command, then of the program */
    size_t given_count;
};

/* Finds the command, parses, runs it or prints help; returns the exit code. */
int cli_main(const struct cli_program *program, int argc, const char *const *argv, FILE *out,
             FILE *err);

/* `name` is one of the flags of the command or the program: another is a mistake of the caller. */
bool cli_flag_given(const struct cli_args *args, const char *name);
/* The last value, or fallback. */
const char *cli_flag_value(const struct cli_args *args, const char *name, const char *fallback);
/* All values in order; NULL and 0 when it was not given. */
const char *const *cli_flag_values(const struct cli_args *args, const char *name,
                                   size_t *ret_count);
/* The value as a number, or fallback. 0; or CLI_USAGE, and the reason is printed. */
int cli_flag_number(const struct cli_args *args, const char *name, int64_t min, int64_t max,
                    int64_t fallback, int64_t *ret_value);
/* The n-th argument, NULL when there are fewer. */
const char *cli_arg(const struct cli_args *args, size_t n);

/* Print the reason to err, the first with a hint to --help. Return CLI_USAGE and CLI_FAILED. */
int cli_bad_usage(const struct cli_args *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int cli_failed(const struct cli_args *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* help.c */
void cli_print_help(const struct cli_program *program, FILE *out);
/* One command. */
void cli_print_command_help(const struct cli_program *program, const struct cli_command *command,
                            FILE *out);
/* The commands that begin with the word. */
void cli_print_group_help(const struct cli_program *program, const char *word, FILE *out);
/* Whether the command's name is the word and one more: "thing add" in "thing". */
bool cli_in_group(const struct cli_command *command, const char *word);

#endif
