/* fuzz_config.c — a configuration file from anywhere: errors at worst. Whatever was accepted must
 * come back as itself when each value is printed and set again. Lines behind a vertical tab are
 * given to --set. */
#include "base/mem.h"
#include "config/config_priv.h"

#include <stdlib.h>
#include <string.h>

static void round_trip(const struct option *options, size_t count, void *base)
{
    for (size_t i = 0; i < count; i++) {
        struct buf text = { 0 }, again = { 0 };
        struct diag diag = DIAG_INIT;
        option_format(&options[i], base, &text);
        if (option_set(&options[i], base, buf_str(&text), NULL, &diag) < 0)
            BUG("%s: %s", options[i].name, diag.text);
        option_format(&options[i], base, &again);
        if (!slice_eq(buf_slice(&text), buf_slice(&again)))
            BUG("%s: %s became %s", options[i].name, buf_str(&text), buf_str(&again));
        buf_deinit(&text);
        buf_deinit(&again);
    }
}

static void read_sets(struct loader *l, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        size_t line = (size_t)((const char *)memchr(text, '\n', (size_t)(end - text)) - text);
        char *set = xstrndup(text, line);
        loader_read_set(l, set);
        free(set);
        text += line + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > 64 * 1024) return 0;
    struct loader l;
    loader_init(&l);
    const char *text = (const char *)data;
    const char *sets = len ? memchr(text, '\v', len) : NULL;
    loader_read_text(&l, "fuzz.conf", slice_of(text, sets ? (size_t)(sets - text) : len));
    if (sets) {
        size_t left = len - (size_t)(sets + 1 - text);
        char *lines = xasprintf("%.*s\n", (int)left, sets + 1);
        read_sets(&l, lines, strlen(lines));
        free(lines);
    }
    round_trip(config_options, config_option_count, l.conf);
    for (size_t i = 0; i < l.conf->listener_count; i++)
        round_trip(listener_options, listener_option_count, &l.conf->listeners[i]);
    loader_finish(&l, NULL);
    config_free(l.conf);
    loader_deinit(&l);
    return 0;
}
