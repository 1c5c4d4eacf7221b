/* file.c — configuration files. The only includer of libconfig.
 *
 * A file is read whole, looked over by scan.c, parsed by libconfig and then walked: each group of
 * the first level must be known, each setting in it is checked for the type which its option wants
 * and handed to the loader as text. After an error in a value the walk goes on, so that one check
 * shows all of them; a syntax error ends the file at its line, as libconfig cannot go on.
 *
 * The text, and not the file, is given to libconfig: its own reading would follow @include. */
#include "base/err.h"
#include "base/mem.h"
#include "config/config_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int config_slurp(const char *file, size_t most, struct buf *out)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t start = out->len;
    int rc = 0;
    for (;;) {
        ssize_t got = read(fd, buf_reserve(out, 4096), 4096);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            rc = got < 0 ? -errno : 0;
            break;
        }
        out->len += (size_t)got;
        if (out->len - start > most) {
            rc = ERR_TOO_LARGE;
            break;
        }
    }
    close(fd);
    if (rc < 0) out->len = start;
    if (out->data) out->data[out->len] = '\0';
    return rc;
}

/* ---- types ---------------------------------------------------------------------------------- */

static const char *const type_names[] = {
    [CONFIG_TYPE_NONE] = "nothing",       [CONFIG_TYPE_GROUP] = "a group",
    [CONFIG_TYPE_INT] = "a whole number", [CONFIG_TYPE_INT64] = "a whole number",
    [CONFIG_TYPE_FLOAT] = "a fraction",   [CONFIG_TYPE_STRING] = "a string",
    [CONFIG_TYPE_BOOL] = "true or false", [CONFIG_TYPE_ARRAY] = "an array",
    [CONFIG_TYPE_LIST] = "a list",
};

static const char *const wanted[] = {
    [OPT_INT] = "a whole number",
    [OPT_BYTES] = "a size such as \"2m\"",
    [OPT_DURATION] = "a duration such as \"10s\"",
    [OPT_BOOL] = "true or false, without quotes",
    [OPT_STRING] = "a string in quotes",
    [OPT_ENUM] = "a word in quotes",
    [OPT_LIST] = "strings such as [ \"a\", \"b\" ]",
};

/* Which types of libconfig an option takes, as bits. A duration takes a number only to say that the
 * unit is missing. */
#define BIT(type) (1u << (type))
enum { INTEGERS = BIT(CONFIG_TYPE_INT) | BIT(CONFIG_TYPE_INT64) };
static const unsigned taken[] = {
    [OPT_INT] = INTEGERS,
    [OPT_BYTES] = INTEGERS | BIT(CONFIG_TYPE_STRING),
    [OPT_DURATION] = INTEGERS | BIT(CONFIG_TYPE_STRING),
    [OPT_BOOL] = BIT(CONFIG_TYPE_BOOL),
    [OPT_STRING] = BIT(CONFIG_TYPE_STRING),
    [OPT_ENUM] = BIT(CONFIG_TYPE_STRING),
    [OPT_LIST] = BIT(CONFIG_TYPE_ARRAY) | BIT(CONFIG_TYPE_LIST),
};

/* ---- the walk ------------------------------------------------------------------------------- */

struct walk {
    struct loader *loader;
    const char *file;
};

static struct place place_of(struct walk *w, const config_setting_t *setting)
{
    return (struct place){ arena_printf(&w->loader->arena, "%s:%u", w->file,
                                        config_setting_source_line(setting)),
                           false };
}

static void set_items(struct walk *w, const config_setting_t *setting, const struct target *target,
                      const char *label)
{
    const char *items[CONFIG_LIST_MOST + 1];
    size_t count = 0;
    for (int i = 0; i < config_setting_length(setting) && count < ARRAY_LEN(items); i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        if (config_setting_type(item) != CONFIG_TYPE_STRING) {
            loader_error(w->loader, "%s: wants %s, not %s in it", label, wanted[OPT_LIST],
                         type_names[config_setting_type(item)]);
            return;
        }
        items[count++] = config_setting_get_string(item);
    }
    struct diag diag = DIAG_INIT;
    if (option_set_items(target->option, target->base, items, count, NULL, &diag) < 0)
        loader_error(w->loader, "%s: %s", label, diag.text);
}

static void set_scalar(struct walk *w, const config_setting_t *setting, const struct place *place,
                       const char *key)
{
    char number[32];
    const char *text = number;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        text = config_setting_get_bool(setting) ? "true" : "false";
        break;
    case CONFIG_TYPE_STRING:
        text = config_setting_get_string(setting);
        break;
    case CONFIG_TYPE_INT:
        snprintf(number, sizeof number, "%d", config_setting_get_int(setting));
        break;
    default:
        snprintf(number, sizeof number, "%lld", config_setting_get_int64(setting));
    }
    loader_set(w->loader, place, key, text, NULL);
}

static void read_setting(struct walk *w, const config_setting_t *setting, const char *key)
{
    struct place place = place_of(w, setting);
    struct target target;
    if (!loader_find(w->loader, &place, key, &target)) return;
    int type = config_setting_type(setting);
    const char *label = *target.label = loader_label(w->loader, &place, key);
    if (!(taken[target.option->type] & BIT(type)))
        loader_error(w->loader, "%s: wants %s, not %s", label, wanted[target.option->type],
                     type_names[type]);
    else if (target.option->type == OPT_LIST)
        set_items(w, setting, &target, label);
    else
        set_scalar(w, setting, &place, key);
}

/* Each member of a group under "prefix.". */
static void read_members(struct walk *w, const config_setting_t *group, const char *prefix)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        read_setting(
            w, setting,
            arena_printf(&w->loader->arena, "%s.%s", prefix, config_setting_name(setting)));
    }
}

static void read_listeners(struct walk *w, const config_setting_t *group)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);
        struct place place = place_of(w, setting);
        if (!config_setting_is_group(setting))
            loader_error(w->loader, "%s: listener.%.80s: wants a group of keys, not %s", place.text,
                         name, type_names[config_setting_type(setting)]);
        else if (loader_listener(w->loader, &place, name) >= 0)
            read_members(w, setting, arena_printf(&w->loader->arena, "listener.%s", name));
    }
}

static void read_group(struct walk *w, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    struct place place = place_of(w, setting);
    if (!loader_is_group(name) && !config_setting_is_group(setting))
        loader_unknown_key(w->loader, &place, name);
    else if (!loader_is_group(name))
        loader_unknown_group(w->loader, &place, name);
    else if (!config_setting_is_group(setting))
        loader_error(w->loader, "%s: '%s' wants a group of keys, not %s", place.text, name,
                     type_names[config_setting_type(setting)]);
    else if (strcmp(name, "listener") == 0)
        read_listeners(w, setting);
    else
        read_members(w, setting, name);
}

void loader_read_text(struct loader *l, const char *file, struct slice text)
{
    struct buf fit = { 0 };
    struct diag diag = DIAG_INIT;
    unsigned line = 0;
    if (config_scan(text, &fit, &line, &diag) < 0) {
        loader_error(l, "%s:%u: %s", file, line, diag.text);
        buf_deinit(&fit);
        return;
    }
    config_t parsed;
    config_init(&parsed);
    struct walk walk = { l, file };
    if (config_read_string(&parsed, buf_str(&fit))) {
        const config_setting_t *root = config_root_setting(&parsed);
        for (int i = 0; i < config_setting_length(root); i++)
            read_group(&walk, config_setting_get_elem(root, (unsigned)i));
    } else {
        loader_error(l, "%s:%d: %s", file, config_error_line(&parsed), config_error_text(&parsed));
    }
    config_destroy(&parsed);
    buf_deinit(&fit);
}

void loader_read_file(struct loader *l, const char *file)
{
    struct buf text = { 0 };
    int rc = config_slurp(file, CONFIG_FILE_MOST, &text);
    if (rc == ERR_TOO_LARGE)
        loader_error(l, "%s: longer than 1 MB", file);
    else if (rc < 0)
        loader_error(l, "%s: cannot be read: %s", file, err_text(rc));
    else
        loader_read_text(l, file, buf_slice(&text));
    buf_deinit(&text);
}

/* ---- conf.d --------------------------------------------------------------------------------- */

static int is_conf(const struct dirent *entry)
{
    return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

/* By bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void loader_read_conf_d(struct loader *l, const char *file)
{
    const char *slash = strrchr(file, '/');
    char *dir = xasprintf("%.*sconf.d", slash ? (int)(slash + 1 - file) : 0, file);
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_conf, by_name);
    if (count < 0 && errno != ENOENT)
        loader_error(l, "%s: cannot be read: %s", dir, err_text(-errno));
    if (count > CONFIG_CONF_D_MOST)
        loader_error(l, "%s: more than %d files", dir, CONFIG_CONF_D_MOST);
    for (int i = 0; i < count; i++) {
        char *path = xasprintf("%s/%s", dir, entries[i]->d_name);
        if (count <= CONFIG_CONF_D_MOST) loader_read_file(l, path);
        free(path);
        free(entries[i]);
    }
    free(entries);
    free(dir);
}
