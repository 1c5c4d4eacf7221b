/* shadow_cache.c — the shadows in memory: those with something under way, and as many idle ones as the
 * configuration allows, the longest unused going first. Names under which there is no shadow are kept too,
 * so that a client which asks for them again does not reach the disk.
 *
 *  I1  A shadow is in the idle list, or has an operation or a load under way. Only idle ones are evicted:
 *      so what memory knows and the database does not yet is never dropped.
 *  I2  A shadow whose load has failed, or which lost a write, is not kept when idle: the next request
 *      reads the database again. */
#include "shadow/shadow_priv.h"

#include "base/err.h"

#include <stdlib.h>

enum { KEY_SIZE = SHADOW_THING_MAX + 1 + SHADOW_NAME_MAX + 1 };

/* The names are valid: they fit, and have no '/'. */
static struct slice key_of(struct slice thing, struct slice name, char scratch[KEY_SIZE])
{
    memcpy(scratch, thing.ptr, thing.len);
    scratch[thing.len] = '/';
    if (name.len) memcpy(scratch + thing.len + 1, name.ptr, name.len);
    return slice_of(scratch, thing.len + 1 + name.len);
}

static struct shadow *shadow_create(struct shadows *all, struct slice thing, struct slice name)
{
    struct shadow *shadow = xcalloc(1, sizeof *shadow + thing.len + name.len + 2);
    char *at = shadow->thing + thing.len + 1;
    memcpy(shadow->thing, thing.ptr, thing.len);
    if (name.len) memcpy(at, name.ptr, name.len);
    shadow->name = at;
    shadow->all = all;
    list_init(&shadow->idle);
    list_init(&shadow->ready);
    list_init(&shadow->waiting);
    list_init(&shadow->decided);
    return shadow;
}

static void shadow_destroy(struct shadow *shadow)
{
    char scratch[KEY_SIZE];
    map_del(&shadow->all->map, key_of(slice_str(shadow->thing), slice_str(shadow->name), scratch));
    list_remove(&shadow->idle);
    list_remove(&shadow->ready);
    shadow_doc_free(shadow->doc);
    buf_deinit(&shadow->load.text);
    free(shadow);
}

struct shadow *shadow_lookup(struct shadows *all, struct slice thing, struct slice name)
{
    char scratch[KEY_SIZE];
    return map_get(&all->map, key_of(thing, name, scratch));
}

struct shadow *shadow_acquire(struct shadows *all, struct slice thing, struct slice name)
{
    char scratch[KEY_SIZE];
    struct slice key = key_of(thing, name, scratch);
    struct shadow *shadow = map_get(&all->map, key);
    if (!shadow) {
        shadow = shadow_create(all, thing, name);
        map_put(&all->map, key, shadow);
    }
    list_remove(&shadow->idle);
    return shadow;
}

void shadow_rest(struct shadow *shadow)
{
    struct shadows *all = shadow->all;
    if (shadow->ops || shadow->load.busy) return;
    list_remove(&shadow->ready);
    if (!shadow->loaded || shadow->stale) {
        shadow_destroy(shadow);
        return;
    }
    list_remove(&shadow->idle);
    list_push_back(&all->idle, &shadow->idle);
    while (all->map.count > all->cache && !list_empty(&all->idle))
        shadow_destroy(container_of(all->idle.next, struct shadow, idle));
}

void shadow_cache_clear(struct shadows *all)
{
    map_for_each(it, &all->map) {
        struct shadow *shadow = it->value;
        if (shadow->ops || shadow->load.busy)
            BUG("shadows are destroyed before the store has stopped");
        shadow_destroy(shadow);
    }
    map_deinit(&all->map);
}
