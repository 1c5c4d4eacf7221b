/* print.c — the sample file and the page of the manual, from the option table.
 *
 * Both are committed, and a unit test holds them equal to what is printed here; so a reader finds
 * every key, and no key that is gone. The sample is a valid file which changes nothing: groups with
 * every key commented out at its default. The values come from a config of the defaults, by
 * option_format, and not from the text of the table: what is printed is what is in force. */
#include "base/mem.h"
#include "config/config_priv.h"

#include <string.h>

enum { WIDTH = 96 };

/* Appends text in lines that begin with `indent`. */
static void put_wrapped(struct buf *out, const char *indent, const char *text)
{
    size_t room = WIDTH - strlen(indent);
    while (*text) {
        size_t len = strlen(text);
        if (len > room) {
            len = room;
            while (len > 0 && text[len] != ' ')
                len--;
        }
        buf_printf(out, "%s%.*s\n", indent, (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

/* The name of the group of the i-th option when a new group begins there, NULL otherwise. */
static const char *group_begins(size_t i, size_t *ret_len)
{
    const char *name = config_options[i].name, *before = i ? config_options[i - 1].name : "";
    *ret_len = strcspn(name, ".");
    return strncmp(name, before, *ret_len + 1) == 0 ? NULL : name;
}

static const char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

/* "1k to 256m", "text, json" or nothing. */
static void put_range(struct buf *out, const struct option *option)
{
    if (option->type == OPT_INT || option->type == OPT_BYTES || option->type == OPT_DURATION) {
        option_format_number(option->type, option->min, out);
        buf_puts(out, " to ");
        option_format_number(option->type, option->max, out);
    }
    for (size_t i = 0; option->type == OPT_ENUM && option->choices[i]; i++)
        buf_printf(out, "%s%s", i ? ", " : "", option->choices[i]);
}

/* In the syntax of a file. */
static void put_value(struct buf *out, const struct option *option, const void *base)
{
    const struct config_list *list = option_at(option, base);
    if (option->type == OPT_INT || option->type == OPT_BOOL) {
        option_format(option, base, out);
    } else if (option->type != OPT_LIST) {
        buf_putc(out, '"');
        option_format(option, base, out);
        buf_putc(out, '"');
    } else {
        buf_puts(out, "[");
        for (size_t i = 0; i < list->count; i++)
            buf_printf(out, "%s \"%s\"", i ? "," : "", list->items[i]);
        buf_puts(out, " ]");
    }
}

/* ---- the sample ----------------------------------------------------------------------------- */

static const char sample_head[] =
    "# thingd.conf: the configuration of thingd.\n"
    "#\n"
    "# Every key is here, commented out, with its default; an empty file is a good file.\n"
    "# Sizes take k, m and g (powers of 1024), durations need ms, s, m, h or d. Relative paths "
    "are\n"
    "# below the data directory. Files conf.d/NAME.conf beside this one are read after it in the\n"
    "# order of their names, then the environment (THINGD_MQTT__MAX_PACKET=4m), then --set\n"
    "# mqtt.max_packet=4m; each overrides the ones before it.\n"
    "# Keys marked with * take effect on SIGHUP, the others at the next start.\n"
    "# 'thingd check -c FILE' names every mistake in a file.\n";

static void put_meaning(struct buf *out, const struct option *option)
{
    buf_puts(out, option->text);
    if (option->strict) buf_printf(out, " Under aws-strict the default is %s.", option->strict);
}

static void sample_option(struct buf *out, const struct option *option, const void *base)
{
    struct buf text = { 0 };
    put_meaning(&text, option);
    put_wrapped(out, "    # ", buf_str(&text));
    buf_deinit(&text);
    buf_printf(out, "    # %s = ", last_part(option->name));
    put_value(out, option, base);
    buf_putc(out, ';');
    struct buf range = { 0 };
    put_range(&range, option);
    if (range.len || option->reload)
        buf_printf(out, "  # %s%s%s", buf_str(&range), range.len && option->reload ? " " : "",
                   option->reload ? "*" : "");
    buf_deinit(&range);
    buf_puts(out, "\n");
}

/* A path excludes address and port, and they exclude it. */
static bool has_place(const struct config_listener *listener, const char *key)
{
    bool tcp = strcmp(key, "address") == 0 || strcmp(key, "port") == 0;
    return *listener->path ? !tcp : strcmp(key, "path") != 0;
}

static void sample_listener(struct buf *out, const struct config_listener *listener)
{
    buf_printf(out, "\n    %s:\n    {\n", listener->name);
    for (size_t i = 0; i < listener_option_count; i++) {
        if (!has_place(listener, listener_options[i].name)) continue;
        buf_printf(out, "        # %s = ", listener_options[i].name);
        put_value(out, &listener_options[i], listener);
        buf_puts(out, ";\n");
    }
    buf_puts(out, "    };\n");
}

static void sample_listeners(struct buf *out, const struct config *conf)
{
    buf_puts(out,
             "\n# Where clients connect: any listener serves MQTT, HTTP and WebSocket. The five "
             "below are\n# always there (enabled = false takes one away); other names make more."
             "\n#\n");
    for (size_t i = 0; i < listener_option_count; i++) {
        const struct option *option = &listener_options[i];
        struct buf line = { 0 };
        buf_printf(&line, "%-17s %s", option->name, option->text);
        if (option->type == OPT_ENUM) {
            buf_puts(&line, " (");
            put_range(&line, option);
            buf_putc(&line, ')');
        }
        put_wrapped(out, "# ", buf_str(&line));
        buf_deinit(&line);
    }
    buf_puts(out, "listener:\n{");
    for (size_t i = 0; i < conf->listener_count; i++)
        sample_listener(out, &conf->listeners[i]);
    buf_puts(out, "};\n");
}

void config_print_sample(struct buf *out)
{
    struct loader l;
    loader_init(&l);
    buf_puts(out, sample_head);
    for (size_t i = 0; i < config_option_count; i++) {
        size_t len;
        const char *group = group_begins(i, &len);
        if (group) buf_printf(out, "%s\n%.*s:\n{\n", i ? "};\n" : "", (int)len, group);
        if (!group) buf_putc(out, '\n');
        sample_option(out, &config_options[i], l.conf);
    }
    buf_puts(out, "};\n");
    sample_listeners(out, l.conf);
    config_free(l.conf);
    loader_deinit(&l);
}

/* ---- the manual ----------------------------------------------------------------------------- */

static const char manual_head[] =
    "# Configuration\n"
    "\n"
    "This page is printed from the program's table of options. thingd runs without any\n"
    "configuration; each of these overrides the defaults and the ones above it:\n"
    "\n"
    "1. the file given with `-c`, in the format of libconfig (`conf/thingd.conf` has every key),\n"
    "2. `conf.d/NAME.conf` beside that file, in the order of their names,\n"
    "3. the environment: `THINGD_MQTT__MAX_PACKET=4m` is `mqtt.max_packet`, two underscores for "
    "the\n"
    "   dot. `THINGD_TLS__KEY_FILE=PATH` takes the value from a file. `THINGD_DATA` is another "
    "name\n"
    "   of `THINGD_HUB__DATA`. Other names without two underscores are ignored,\n"
    "4. `--set mqtt.max_packet=4m`; `-d DIR` is `hub.data`.\n"
    "\n"
    "In a file, text stands in quotes, numbers and `true` or `false` do not, and a list is\n"
    "`[ \"a\", \"b\" ]`; elsewhere it is `a,b`. Sizes take `k`, `m` and `g` (powers of 1024), "
    "durations\n"
    "need `ms`, `s`, `m`, `h` or `d`. Relative paths are below the data directory. Unknown keys "
    "and\n"
    "values out of range are errors; `thingd check -c FILE` names all of them. `@include` is not\n"
    "supported.\n"
    "\n"
    "Keys with *yes* under reload take effect on SIGHUP (`systemctl reload thingd`); a change of\n"
    "another is logged and waits for the next start.\n";

static const char *const type_names[] = {
    [OPT_INT] = "number",  [OPT_BYTES] = "size", [OPT_DURATION] = "duration", [OPT_BOOL] = "bool",
    [OPT_STRING] = "text", [OPT_ENUM] = "word",  [OPT_LIST] = "list",
};

static void manual_row(struct buf *out, const char *prefix, const struct option *option,
                       const void *base)
{
    struct buf value = { 0 }, range = { 0 };
    option_format(option, base, &value);
    put_range(&range, option);
    buf_printf(out, "| `%s%s` | %s | %s%s%s | %s | %s | ", prefix, option->name,
               type_names[option->type], value.len ? "`" : "", buf_str(&value),
               value.len ? "`" : "", buf_str(&range), option->reload ? "yes" : "no");
    put_meaning(out, option);
    buf_puts(out, " |\n");
    buf_deinit(&value);
    buf_deinit(&range);
}

static void manual_table(struct buf *out, const char *group, size_t len)
{
    buf_printf(out,
               "\n## %.*s\n\n| key | type | default | range | reload | meaning |\n"
               "| --- | --- | --- | --- | --- | --- |\n",
               (int)len, group);
}

/* The listeners that exist by default, by what sets them apart from `plain`. */
static void manual_listeners(struct buf *out, const struct config *conf,
                             const struct config_listener *plain)
{
    buf_puts(out, "\nThese are always there; `enabled = false` takes one away, and other names "
                  "(`a-z`, `0-9`,\n`_` and `-`) make more. Any listener serves MQTT, HTTP and "
                  "WebSocket.\n\n| name | differs from the defaults above by |\n| --- | --- |\n");
    for (size_t i = 0; i < listener_preset_count; i++) {
        const char *comma = "";
        buf_printf(out, "| `%s` | ", conf->listeners[i].name);
        for (size_t j = 0; j < listener_option_count; j++) {
            const struct option *option = &listener_options[j];
            if (option_equal(option, &conf->listeners[i], plain)) continue;
            buf_printf(out, "%s`%s = ", comma, option->name);
            put_value(out, option, &conf->listeners[i]);
            buf_putc(out, '`');
            comma = ", ";
        }
        buf_puts(out, " |\n");
    }
}

void config_print_manual(struct buf *out)
{
    struct loader l;
    loader_init(&l);
    buf_puts(out, manual_head);
    for (size_t i = 0; i < config_option_count; i++) {
        size_t len;
        const char *group = group_begins(i, &len);
        if (group) manual_table(out, group, len);
        manual_row(out, "", &config_options[i], l.conf);
    }
    const struct place nowhere = { "defaults", true };
    int at = loader_listener(&l, &nowhere, "plain"); /* any name gives a listener's defaults */
    const struct config_listener *plain = &l.conf->listeners[at];
    manual_table(out, "listener.NAME", strlen("listener.NAME"));
    for (size_t i = 0; i < listener_option_count; i++)
        manual_row(out, "listener.NAME.", &listener_options[i], plain);
    manual_listeners(out, l.conf, plain);
    config_free(l.conf);
    loader_deinit(&l);
}
