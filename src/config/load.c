/* load.c — from sources to one struct config.
 *
 * A loader holds the config under construction, the errors, and for every key the label of the
 * place that set it last ("thingd.conf:12: listener.web.port"), so that a complaint about two keys
 * together can still say where. Sources run from weak to strong and simply overwrite; nothing stops
 * at an error, and a config is given out only when there was none.
 *
 *  I1  While a loader lives, every string of its config is set (never NULL).
 *  I2  loader->listeners and conf->listeners have the same length and order.
 *  I3  There are at most CONFIG_ERRORS_MOST errors; one more line says that there were more.
 *
 * Labels live in the arena of the loader; the config keeps nothing of it. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/config_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors --------------------------------------------------------------------------------- */

void loader_error(struct loader *l, const char *fmt, ...)
{
    if (l->errors.count > CONFIG_ERRORS_MOST) return;
    if (l->errors.count == CONFIG_ERRORS_MOST) {
        config_list_push(&l->errors, "and more errors, which are not shown");
        return;
    }
    struct buf text = { 0 };
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f) text.data[i] = '?';
    config_list_push(&l->errors, buf_str(&text));
    buf_deinit(&text);
}

const char *loader_label(struct loader *l, const struct place *place, const char *key)
{
    if (place->names_key) return place->text;
    return arena_printf(&l->arena, "%s: %s", place->text, key);
}

/* ---- did you mean --------------------------------------------------------------------------- */

struct near {
    const char *text;
    const char *best; /* NULL: none is near enough */
    unsigned distance;
};

static const char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

/* Near is less than a third of the word away; the same key in another group is nearest. */
static void near_offer(struct near *n, const char *word)
{
    unsigned distance = text_distance(slice_str(n->text), slice_str(word));
    if (distance > 1 && strchr(word, '.') && strcmp(last_part(word), last_part(n->text)) == 0)
        distance = 1;
    if (distance > (strlen(last_part(word)) + 2) / 3) return;
    if (n->best && distance >= n->distance) return;
    n->best = word;
    n->distance = distance;
}

static void report_unknown(struct loader *l, const struct place *place, const char *what,
                           const struct near *near, const char *prefix)
{
    if (near->best)
        loader_error(l, "%s: unknown %s '%s%.100s' (did you mean '%s%s'?)", place->text, what,
                     prefix, near->text, prefix, near->best);
    else
        loader_error(l, "%s: unknown %s '%s%.100s'", place->text, what, prefix, near->text);
}

/* ---- groups --------------------------------------------------------------------------------- */

static size_t group_len(const char *key)
{
    return strcspn(key, ".");
}

bool loader_is_group(const char *name)
{
    size_t len = strlen(name);
    if (strcmp(name, "listener") == 0) return true;
    for (size_t i = 0; i < config_option_count; i++)
        if (group_len(config_options[i].name) == len &&
            memcmp(config_options[i].name, name, len) == 0)
            return true;
    return false;
}

void loader_unknown_group(struct loader *l, const struct place *place, const char *name)
{
    if (l->errors.count > CONFIG_ERRORS_MOST) return; /* a hostile file should cost no more */
    struct near near = { .text = name };
    near_offer(&near, "listener");
    for (size_t i = 0; i < config_option_count; i++) {
        const char *key = config_options[i].name;
        near_offer(&near, arena_strndup(&l->arena, key, group_len(key)));
    }
    report_unknown(l, place, "group", &near, "");
}

/* ---- listeners ------------------------------------------------------------------------------ */

static int find_listener(const struct loader *l, const char *name)
{
    for (size_t i = 0; i < l->conf->listener_count; i++)
        if (strcmp(l->conf->listeners[i].name, name) == 0) return (int)i;
    return -1;
}

static bool valid_listener_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return len > 0 && len <= CONFIG_NAME_MOST && name[len] == '\0';
}

static void set_default(const struct option *option, void *base, const char *text)
{
    struct diag diag = DIAG_INIT;
    if (option_set(option, base, text, NULL, &diag) < 0)
        BUG("default of %s: %s", option->name, diag.text);
}

static int add_listener(struct loader *l, const char *name, const char *label)
{
    struct config *conf = l->conf;
    size_t at = conf->listener_count++;
    conf->listeners = xrealloc(conf->listeners, conf->listener_count * sizeof *conf->listeners);
    l->listeners = xrealloc(l->listeners, conf->listener_count * sizeof *l->listeners);
    conf->listeners[at] = (struct config_listener){ .name = xstrdup(name) };
    l->listeners[at] = (struct listener_labels){ .first = label };
    for (size_t i = 0; i < listener_option_count; i++)
        set_default(&listener_options[i], &conf->listeners[at], listener_options[i].fallback);
    return (int)at;
}

int loader_listener(struct loader *l, const struct place *place, const char *name)
{
    int at = find_listener(l, name);
    if (at >= 0) return at;
    if (!valid_listener_name(name)) {
        loader_error(l, "%s: '%.80s' is no name for a listener (1 to %d of a-z, 0-9, _ and -)",
                     place->text, name, CONFIG_NAME_MOST);
        return -1;
    }
    if (l->conf->listener_count >= CONFIG_LISTENERS_MOST) {
        loader_error(l, "%s: more than %d listeners", place->text, CONFIG_LISTENERS_MOST);
        return -1;
    }
    return add_listener(l, name, arena_strdup(&l->arena, place->text));
}

static bool find_listener_key(struct loader *l, const struct place *place, const char *key,
                              struct target *ret_target)
{
    const char *name = key + strlen("listener."), *dot = strchr(name, '.');
    if (!dot) {
        loader_error(l, "%s: '%.100s' is a group; a key of it is '%.100s.port'", place->text, key,
                     key);
        return false;
    }
    const char *prefix = arena_strndup(&l->arena, key, (size_t)(dot + 1 - key));
    struct near near = { .text = dot + 1 };
    for (size_t i = 0; i < listener_option_count; i++) {
        near_offer(&near, listener_options[i].name);
        if (strcmp(listener_options[i].name, dot + 1) != 0) continue;
        int at = loader_listener(l, place, arena_strndup(&l->arena, name, (size_t)(dot - name)));
        if (at < 0) return false;
        *ret_target = (struct target){ &listener_options[i], &l->conf->listeners[at],
                                       &l->listeners[at].keys[i] };
        return true;
    }
    report_unknown(l, place, "key", &near, prefix);
    return false;
}

/* ---- keys ----------------------------------------------------------------------------------- */

void loader_unknown_key(struct loader *l, const struct place *place, const char *key)
{
    if (l->errors.count > CONFIG_ERRORS_MOST) return;
    struct near near = { .text = key };
    for (size_t i = 0; i < config_option_count; i++)
        near_offer(&near, config_options[i].name);
    const char *group = arena_strndup(&l->arena, key, group_len(key));
    if (strcmp(group, key) == 0 && loader_is_group(group))
        loader_error(l, "%s: '%s' is a group, not a key", place->text, group);
    else if (loader_is_group(group) || near.best || strcmp(group, key) == 0)
        report_unknown(l, place, "key", &near, "");
    else
        loader_unknown_group(l, place, group);
}

bool loader_find(struct loader *l, const struct place *place, const char *key,
                 struct target *ret_target)
{
    if (strncmp(key, "listener.", strlen("listener.")) == 0)
        return find_listener_key(l, place, key, ret_target);
    for (size_t i = 0; i < config_option_count; i++) {
        if (strcmp(config_options[i].name, key) != 0) continue;
        *ret_target = (struct target){ &config_options[i], l->conf, &l->labels[i] };
        return true;
    }
    loader_unknown_key(l, place, key);
    return false;
}

void loader_set(struct loader *l, const struct place *place, const char *key, const char *text,
                const char *shown)
{
    struct target target;
    if (!loader_find(l, place, key, &target)) return;
    struct diag diag = DIAG_INIT;
    const char *label = loader_label(l, place, key);
    *target.label = label; /* of a refused value too: it was meant to be set */
    if (option_set(target.option, target.base, text, shown, &diag) < 0)
        loader_error(l, "%s: %s", label, diag.text);
}

/* ---- the loader ----------------------------------------------------------------------------- */

static void add_preset(struct loader *l, const struct listener_preset *preset)
{
    int at = add_listener(l, preset->name, NULL);
    for (size_t i = 0; i < ARRAY_LEN(preset->pairs) && preset->pairs[i][0]; i++)
        for (size_t j = 0; j < listener_option_count; j++)
            if (strcmp(listener_options[j].name, preset->pairs[i][0]) == 0)
                set_default(&listener_options[j], &l->conf->listeners[at], preset->pairs[i][1]);
}

void loader_init(struct loader *l)
{
    *l = (struct loader){ .conf = xnew(struct config) };
    l->labels = arena_array(&l->arena, const char *, config_option_count);
    for (size_t i = 0; i < config_option_count; i++)
        set_default(&config_options[i], l->conf, config_options[i].fallback);
    for (size_t i = 0; i < listener_preset_count; i++)
        add_preset(l, &listener_presets[i]);
}

void loader_deinit(struct loader *l)
{
    config_list_deinit(&l->errors);
    free(l->listeners);
    arena_deinit(&l->arena);
}

static void load(struct loader *l, const struct config_sources *sources)
{
    loader_init(l);
    if (sources->file) {
        loader_read_file(l, sources->file);
        loader_read_conf_d(l, sources->file);
    }
    loader_read_environ(l, sources->environ);
    for (size_t i = 0; i < sources->set_count; i++)
        loader_read_set(l, sources->sets[i]);
    loader_finish(l, sources->environ);
}

int config_load(const struct config_sources *sources, struct config **ret_config, struct diag *diag)
{
    struct loader l;
    load(&l, sources);
    int rc = 0;
    if (l.errors.count == 1)
        rc = diag_set(diag, ERR_CONFIG, "%s", l.errors.items[0]);
    else if (l.errors.count > 1)
        rc = diag_set(diag, ERR_CONFIG, "%.600s (and %zu more: see 'thingd check')",
                      l.errors.items[0], l.errors.count - 1);
    if (rc < 0)
        config_free(l.conf);
    else
        *ret_config = l.conf;
    loader_deinit(&l);
    return rc;
}

int config_check(const struct config_sources *sources, struct config_list *ret_errors,
                 struct config_list *ret_warnings)
{
    struct loader l;
    load(&l, sources);
    *ret_errors = l.errors;
    *ret_warnings = l.conf->warnings;
    l.errors = l.conf->warnings = (struct config_list){ 0 };
    config_free(l.conf);
    loader_deinit(&l);
    return ret_errors->count ? ERR_CONFIG : 0;
}

void config_free(struct config *config)
{
    if (!config) return;
    for (size_t i = 0; i < config_option_count; i++)
        option_clear(&config_options[i], config);
    for (size_t i = 0; i < config->listener_count; i++) {
        for (size_t j = 0; j < listener_option_count; j++)
            option_clear(&listener_options[j], &config->listeners[i]);
        free(config->listeners[i].name);
    }
    free(config->listeners);
    config_list_deinit(&config->warnings);
    free(config);
}
