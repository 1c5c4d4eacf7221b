/* Unit tests of the argument parser, on a small program of its own. */
#include "cli/args.h"
#include "lib/test.h"

#include "base/buf.h"

static struct buf seen; /* what the command found */

static void note_values(const struct cli_args *args, const char *name)
{
    size_t count;
    const char *const *values = cli_flag_values(args, name, &count);
    for (size_t i = 0; i < count; i++)
        buf_printf(&seen, " %s=%s", name, values[i] ? values[i] : "yes");
}

/* Writes the command, its flags in the order of the table, and its arguments. */
static int run_note(const struct cli_args *args)
{
    buf_puts(&seen, args->command->name);
    for (size_t i = 0; i < args->given_count; i++)
        note_values(args, args->given[i].flag->name);
    for (size_t i = 0; cli_arg(args, i); i++)
        buf_printf(&seen, " <%s>", cli_arg(args, i));
    return CLI_DONE;
}

static int run_fail(const struct cli_args *args)
{
    return cli_failed(args, "no thing is called '%s'", cli_arg(args, 0));
}

static int run_number(const struct cli_args *args)
{
    int64_t count;
    int rc = cli_flag_number(args, "--count", 1, 100, 7, &count);
    if (rc) return rc;
    buf_printf(&seen, "%d %s %d", (int)count, cli_flag_value(args, "--name", "none"),
               cli_flag_given(args, "--json"));
    fprintf(args->out, "printed\n");
    return CLI_DONE;
}

static const struct cli_flag serve_flags[] = {
    { .name = "--config", .letter = 'c', .value = "FILE", .text = "configuration file" },
    { .name = "--set", .value = "KEY=VALUE", .repeatable = true, .text = "set one key" },
    { 0 },
};
static const struct cli_flag add_flags[] = {
    { .name = "--type", .letter = 't', .value = "T", .secret = true, .text = "its type" },
    { .name = "--attr", .letter = 'a', .value = "K=V", .repeatable = true, .text = "an attribute" },
    { .name = "--verbose", .letter = 'v', .text = "say more" },
    { .name = "--retain", .letter = 'r', .text = "keep it" },
    { 0 },
};
static const struct cli_flag explain_flags[] = {
    { .name = "--principal", .value = "P", .required = true, .text = "who" },
    { 0 },
};
static const struct cli_flag sub_flags[] = {
    { .name = "--host", .letter = 'h', .value = "HOST", .text = "where" },
    { 0 },
};
static const struct cli_flag number_flags[] = {
    { .name = "--count", .letter = 'n', .value = "N", .text = "how many" },
    { .name = "--name", .value = "NAME", .text = "who" },
    { 0 },
};
static const struct cli_flag common_flags[] = {
    { .name = "--data", .letter = 'd', .value = "DIR", .text = "data directory" },
    { .name = "--json", .text = "print JSON" },
    { 0 },
};
static const struct cli_command commands[] = {
    { "serve", NULL, 0, 0, serve_flags, run_note, "run the hub", NULL },
    { "thing", NULL, 0, 0, NULL, run_note, "count the things", NULL },
    { "thing add", "NAME", 1, 1, add_flags, run_note, "register a thing", "Makes its key too." },
    { "thing delete", "NAME", 1, 1, NULL, run_fail, "forget a thing", NULL },
    { "key list", NULL, 0, 0, NULL, run_note, "list the keys", NULL },
    { "key create", "[NAME]...", 0, CLI_ANY, NULL, run_note, "make keys", NULL },
    { "policy explain", NULL, 0, 0, explain_flags, run_note, "why", NULL },
    { "sub", "FILTER", 1, 1, sub_flags, run_note, "subscribe", NULL },
    { "number", NULL, 0, 0, number_flags, run_number, "a number", NULL },
};
static struct buf hidden;

static void hide(const char *secret)
{
    buf_printf(&hidden, "<%s>", secret);
}

static const struct cli_program program = {
    .name = "hub",
    .version = "1.2.3",
    .about = "A hub.",
    .commands = commands,
    .command_count = sizeof commands / sizeof *commands,
    .flags = common_flags,
    .fallback = "serve",
    .hide = hide,
};

struct outcome {
    int rc;
    char *out, *err;
};

/* The words are split at blanks; "_" stands for an empty word. */
static struct outcome run(const char *line)
{
    char *copy = strdup(line);
    const char *argv[32] = { "hub" };
    int argc = 1;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? "" : word;
    struct outcome o = { 0 };
    size_t out_len, err_len;
    FILE *out = open_memstream(&o.out, &out_len), *err = open_memstream(&o.err, &err_len);
    buf_clear(&seen);
    o.rc = cli_main(&program, argc, argv, out, err);
    fclose(out);
    fclose(err);
    free(copy);
    return o;
}

static void outcome_free(struct outcome *o)
{
    free(o->out);
    free(o->err);
}

/* As soon as it is read, also where the line is wrong in the end. */
static void secrets_are_hidden(void **state)
{
    static const struct {
        const char *line, *hidden;
    } rows[] = {
        { "thing add x -t secret", "<secret>" },
        { "thing add x -tsecret", "<secret>" },
        { "thing add --type secret x", "<secret>" },
        { "-d x thing add x --type=secret", "<secret>" },
        { "thing add -t secret x y", "<secret>" },
        { "thing add -a other=secret x", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&hidden);
        struct outcome o = run(rows[i].line);
        assert_string_equal(buf_str(&hidden), rows[i].hidden);
        outcome_free(&o);
    }
    buf_deinit(&hidden);
}

static void good_lines(void **state)
{
    static const struct {
        const char *line, *seen;
    } rows[] = {
        { "", "serve" },
        { "serve", "serve" },
        { "-c a.conf", "serve --config=a.conf" },
        { "--config=a.conf --set a=1 --set b=2", "serve --config=a.conf --set=a=1 --set=b=2" },
        { "-d /x", "serve --data=/x" },
        { "--json", "serve --json=yes" },
        { "serve -ca.conf", "serve --config=a.conf" },
        { "serve --set=a=b=c", "serve --set=a=b=c" },
        { "serve --config=", "serve --config=" },
        { "serve --config --json", "serve --config=--json" },
        { "thing", "thing" },
        { "thing --json", "thing --json=yes" },
        { "thing add lamp", "thing add <lamp>" },
        { "thing add lamp --type T", "thing add --type=T <lamp>" },
        { "thing add --type T lamp -a x=1 -ay=2",
          "thing add --type=T --attr=x=1 --attr=y=2 <lamp>" },
        { "thing add -vr lamp", "thing add --verbose=yes --retain=yes <lamp>" },
        { "thing add -vtT lamp", "thing add --type=T --verbose=yes <lamp>" },
        { "thing add -vt T lamp", "thing add --type=T --verbose=yes <lamp>" },
        { "thing add -- --lamp", "thing add <--lamp>" },
        { "thing add -- -v", "thing add <-v>" },
        { "thing add -", "thing add <->" },
        { "thing add _", "thing add <>" },
        { "thing add lamp -v -v", "thing add --verbose=yes --verbose=yes <lamp>" },
        { "-d /x thing add lamp", "thing add --data=/x <lamp>" },
        { "-d/x --json thing add lamp", "thing add --data=/x --json=yes <lamp>" },
        { "--data=/x thing add lamp", "thing add --data=/x <lamp>" },
        { "--data thing thing add lamp", "thing add --data=thing <lamp>" },
        { "key list -d /x", "key list --data=/x" },
        { "key create", "key create" },
        { "key create a b c d", "key create <a> <b> <c> <d>" },
        { "policy explain --principal me", "policy explain --principal=me" },
        { "sub -h localhost a/#", "sub --host=localhost <a/#>" },
        { "number", "7 none 0" },
        { "number -n 100 --name x --json", "100 x 1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o = run(rows[i].line);
        assert_string_equal(o.err, "");
        assert_string_equal(buf_str(&seen), rows[i].seen);
        assert_int_equal(o.rc, CLI_DONE);
        outcome_free(&o);
    }
}

static void bad_lines(void **state)
{
    static const struct {
        const char *line;
        int rc;
        const char *err;
    } rows[] = {
        { "serve x", 2, "hub serve: unexpected argument 'x'\ntry 'hub serve --help'\n" },
        { "--confg a", 2,
          "hub serve: unknown flag '--confg' (did you mean '--config'?)\n"
          "try 'hub serve --help'\n" },
        { "--zzzzzz", 2, "hub serve: unknown flag '--zzzzzz'\ntry 'hub serve --help'\n" },
        { "-x", 2, "hub serve: unknown flag '-x'\ntry 'hub serve --help'\n" },
        { "thing add", 2, "hub thing add: needs NAME\ntry 'hub thing add --help'\n" },
        { "thing add a b", 2,
          "hub thing add: unexpected argument 'b'\ntry 'hub thing add --help'\n" },
        { "thing add a --tpe=5", 2,
          "hub thing add: unknown flag '--tpe' (did you mean '--type'?)\n"
          "try 'hub thing add --help'\n" },
        { "thing add a --jsn", 2,
          "hub thing add: unknown flag '--jsn' (did you mean '--json'?)\n"
          "try 'hub thing add --help'\n" },
        { "thing add a --type", 2,
          "hub thing add: flag '--type' needs a value T\ntry 'hub thing add --help'\n" },
        { "thing add a -t", 2,
          "hub thing add: flag '--type' needs a value T\ntry 'hub thing add --help'\n" },
        { "thing add a --json=1", 2,
          "hub thing add: flag '--json' takes no value\ntry 'hub thing add --help'\n" },
        { "thing add a -t 1 --type 2", 2,
          "hub thing add: flag '--type' is given twice\ntry 'hub thing add --help'\n" },
        { "thing add a -vx", 2, "hub thing add: unknown flag '-x'\ntry 'hub thing add --help'\n" },
        { "-d /a thing -d /b", 2,
          "hub thing: flag '--data' is given twice\ntry 'hub thing --help'\n" },
        { "thing delete lamp", 1, "hub thing delete: no thing is called 'lamp'\n" },
        { "thing ad lamp", 2, "hub thing: unexpected argument 'ad'\ntry 'hub thing --help'\n" },
        { "key", 2, "hub: 'key' needs a verb (see 'hub help key')\ntry 'hub --help'\n" },
        { "key --json", 2, "hub: 'key' needs a verb (see 'hub help key')\ntry 'hub --help'\n" },
        { "key crate", 2,
          "hub: unknown command 'key crate' (did you mean 'key create'?)\ntry 'hub --help'\n" },
        { "key frobnicate", 2, "hub: unknown command 'key frobnicate'\ntry 'hub --help'\n" },
        { "serv", 2, "hub: unknown command 'serv' (did you mean 'serve'?)\ntry 'hub --help'\n" },
        { "xyzzy", 2, "hub: unknown command 'xyzzy'\ntry 'hub --help'\n" },
        { "_", 2, "hub: unknown command ''\ntry 'hub --help'\n" },
        { "help xyzzy", 2, "hub: unknown command 'xyzzy'\ntry 'hub --help'\n" },
        { "help key crate", 2,
          "hub: unknown command 'key crate' (did you mean 'key create'?)\ntry 'hub --help'\n" },
        { "policy explain", 2,
          "hub policy explain: needs --principal P\ntry 'hub policy explain --help'\n" },
        { "number -n 0", 2,
          "hub number: flag '--count': '0' is not a number from 1 to 100\n"
          "try 'hub number --help'\n" },
        { "number -n x", 2,
          "hub number: flag '--count': 'x' is not a number from 1 to 100\n"
          "try 'hub number --help'\n" },
        { "number --count=", 2,
          "hub number: flag '--count': '' is not a number from 1 to 100\n"
          "try 'hub number --help'\n" },
        { "-d", 2, "hub serve: flag '--data' needs a value DIR\ntry 'hub serve --help'\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o = run(rows[i].line);
        assert_string_equal(o.err, rows[i].err);
        assert_string_equal(o.out, "");
        assert_string_equal(buf_str(&seen), "");
        assert_int_equal(o.rc, rows[i].rc);
        outcome_free(&o);
    }
}

static const char program_help[] = "usage: hub [COMMAND] [FLAG | ARGUMENT]...\n"
                                   "\n"
                                   "A hub.\n"
                                   "\n"
                                   "commands:\n"
                                   "  serve                 run the hub\n"
                                   "  thing                 count the things\n"
                                   "  thing add NAME        register a thing\n"
                                   "  thing delete NAME     forget a thing\n"
                                   "  key list              list the keys\n"
                                   "  key create [NAME]...  make keys\n"
                                   "  policy explain        why\n"
                                   "  sub FILTER            subscribe\n"
                                   "  number                a number\n"
                                   "\n"
                                   "flags of every command:\n"
                                   "  -d, --data DIR  data directory\n"
                                   "      --json      print JSON\n"
                                   "  -h, --help      print this\n"
                                   "  -V, --version   print the version\n"
                                   "\n"
                                   "Without a command: serve. 'hub help COMMAND' tells more.\n";

static const char add_help[] =
    "usage: hub thing add [--type T] [--attr K=V]... [--verbose] [--retain] NAME\n"
    "\n"
    "register a thing\n"
    "\n"
    "Makes its key too.\n"
    "\n"
    "flags:\n"
    "  -t, --type T       its type\n"
    "  -a, --attr K=V...  an attribute\n"
    "  -v, --verbose      say more\n"
    "  -r, --retain       keep it\n"
    "  -d, --data DIR     data directory\n"
    "      --json         print JSON\n"
    "  -h, --help         print this\n";

static const char key_help[] = "usage: hub key VERB [FLAG | ARGUMENT]...\n"
                               "\n"
                               "commands:\n"
                               "  key list              list the keys\n"
                               "  key create [NAME]...  make keys\n"
                               "\n"
                               "'hub help key VERB' tells more.\n";

static const char explain_help[] = "usage: hub policy explain --principal P\n"
                                   "\n"
                                   "why\n"
                                   "\n"
                                   "flags:\n"
                                   "      --principal P  who\n"
                                   "  -d, --data DIR     data directory\n"
                                   "      --json         print JSON\n"
                                   "  -h, --help         print this\n";

static const char sub_help[] = "usage: hub sub [--host HOST] FILTER\n"
                               "\n"
                               "subscribe\n"
                               "\n"
                               "flags:\n"
                               "  -h, --host HOST  where\n"
                               "  -d, --data DIR   data directory\n"
                               "      --json       print JSON\n"
                               "      --help       print this\n";

static void help_lines(void **state)
{
    static const struct {
        const char *line, *out;
    } rows[] = {
        { "--version", "hub 1.2.3\n" },
        { "-V", "hub 1.2.3\n" },
        { "help", program_help },
        { "--help", program_help },
        { "-h", program_help },
        { "-d /x --help", program_help },
        { "help thing add", add_help },
        { "--help thing add", add_help },
        { "thing add --help", add_help },
        { "thing add -h", add_help },
        { "thing add a b c --help", "" },
        { "thing add a --help --nonsense", add_help },
        { "help key", key_help },
        { "key --help", key_help },
        { "policy explain -h", explain_help },
        { "help sub", sub_help },
        { "sub --help", sub_help },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o = run(rows[i].line);
        assert_string_equal(o.out, rows[i].out);
        assert_int_equal(o.rc, *rows[i].out ? CLI_DONE : CLI_USAGE);
        assert_string_equal(buf_str(&seen), "");
        outcome_free(&o);
    }
}

static void no_arguments_at_all(void **state)
{
    buf_clear(&seen);
    assert_int_equal(cli_main(&program, 0, NULL, stdout, stderr), CLI_DONE);
    assert_string_equal(buf_str(&seen), "serve");
}

static int teardown(void **state)
{
    buf_deinit(&seen);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_hidden),  cmocka_unit_test(good_lines),
        cmocka_unit_test(bad_lines),           cmocka_unit_test(help_lines),
        cmocka_unit_test(no_arguments_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
