/* sources.c — the environment and the command line's --set.
 *
 * Both give a key and a text. A name of the environment is a key in capitals with two underscores
 * for each dot; one that ends in _FILE, and is no key as it stands, names a file with the text, so
 * that a secret need not be in the environment. Such a text is never shown in a message. */
#include "base/err.h"
#include "base/mem.h"
#include "config/config_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PREFIX "THINGD_"
enum { NAME_MOST = 200, SECRET_MOST = 64 * 1024 };

/* The value of a variable, NULL if it is not there. */
static const char *variable(const char *const *env, const char *name, size_t len)
{
    for (size_t i = 0; env && env[i]; i++)
        if (strncmp(env[i], name, len) == 0 && env[i][len] == '=') return env[i] + len + 1;
    return NULL;
}

static bool known(const char *key)
{
    const struct option *options = config_options;
    size_t count = config_option_count;
    if (strncmp(key, "listener.", 9) == 0) {
        const char *dot = strchr(key + 9, '.');
        if (!dot) return false;
        key = dot + 1;
        options = listener_options;
        count = listener_option_count;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, key) == 0) return true;
    return false;
}

/* MQTT__MAX_PACKET → mqtt.max_packet */
static void name_to_key(const char *name, size_t len, char *ret_key)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '_' && i + 1 < len && name[i + 1] == '_') {
            ret_key[n++] = '.';
            i++;
        } else {
            ret_key[n++] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
        }
    }
    ret_key[n] = '\0';
}

static void set_from_file(struct loader *l, const struct place *place, const char *key,
                          const char *file)
{
    struct buf text = { 0 };
    int rc = config_slurp(file, SECRET_MOST, &text);
    if (rc == 0 && memchr(buf_str(&text), '\0', text.len)) rc = ERR_MALFORMED;
    if (rc < 0) {
        loader_error(l, "%s: %s cannot be used: %s", place->text, file, err_text(rc));
    } else {
        if (text.len && text.data[text.len - 1] == '\n') text.data[--text.len] = '\0';
        if (text.len && text.data[text.len - 1] == '\r') text.data[--text.len] = '\0';
        char *shown = xasprintf("the text of %s", file);
        loader_set(l, place, key, buf_str(&text), shown);
        free(shown);
    }
    buf_deinit(&text);
}

static void read_variable(struct loader *l, const char *const *env, const char *entry, size_t len)
{
    const size_t suffix = strlen("_FILE");
    const struct place place = { arena_strndup(&l->arena, entry, len), true };
    char key[NAME_MOST + 1];
    name_to_key(entry + strlen(PREFIX), len - strlen(PREFIX), key);
    size_t key_len = strlen(key);
    const char *value = entry + len + 1;
    bool file = !known(key) && key_len > suffix && strcmp(key + key_len - suffix, "_file") == 0;
    if (file) key[key_len - suffix] = '\0';
    if (!file || !known(key)) {
        if (file) key[key_len - suffix] = '_';
        loader_set(l, &place, key, value, NULL);
    } else if (variable(env, entry, len - suffix)) {
        loader_error(l, "%s: %.*s is set too", place.text, (int)(len - suffix), entry);
    } else {
        set_from_file(l, &place, key, value);
    }
}

void loader_read_environ(struct loader *l, const char *const *env)
{
    const struct place data = { PREFIX "DATA", true };
    const char *dir = variable(env, data.text, strlen(data.text));
    if (dir) loader_set(l, &data, "hub.data", dir, NULL);
    for (size_t i = 0; env && env[i]; i++) {
        const char *entry = env[i];
        size_t len = strcspn(entry, "=");
        if (strncmp(entry, PREFIX, strlen(PREFIX)) != 0 || entry[len] == '\0') continue;
        if (!memmem(entry + strlen(PREFIX), len - strlen(PREFIX), "__", 2)) continue;
        if (len > NAME_MOST)
            loader_error(l, "%.60s...: longer than %d bytes", entry, NAME_MOST);
        else
            read_variable(l, env, entry, len);
    }
}

void loader_read_set(struct loader *l, const char *set)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set) {
        loader_error(l, "--set %.60s: wants group.key=value", set);
        return;
    }
    char *key = xstrndup(set, (size_t)(equals - set));
    const struct place place = { arena_printf(&l->arena, "--set %.*s", NAME_MOST, key), true };
    if (strlen(key) > NAME_MOST)
        loader_error(l, "%s...: longer than %d bytes", place.text, NAME_MOST);
    else
        loader_set(l, &place, key, equals + 1, NULL);
    free(key);
}

char *config_data_dir(const char *const *env)
{
    static const char *const names[] = { PREFIX "HUB__DATA", PREFIX "DATA" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *dir = variable(env, names[i], strlen(names[i]));
        if (dir && *dir) return xstrdup(dir);
    }
    struct stat info; /* lstat: it may be a link to what only the service can see */
    bool there = lstat("/var/lib/thingd", &info) == 0;
    return xstrdup(there ? "/var/lib/thingd" : "./var");
}
