/* level.c — a counted set of level texts.
 *
 * "temperature" in 100,000 filters is one text and one pointer, and a topic's levels are hashed
 * once for a match, not once for each node that is visited: below, nodes compare pointers. The hash
 * is keyed (map_hash), since clients choose the texts; node hashes are derived from it.
 *
 *  I1  A level is in the table while its count is above 0. */
#include "topic/level_priv.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

void topic_level_table_deinit(struct topic_level_table *table)
{
    if (table->count > 0) BUG("%zu levels are still in use", table->count);
    free(table->buckets);
    *table = (struct topic_level_table){ 0 };
}

static struct topic_level **place(const struct topic_level_table *table, struct slice text,
                                  uint64_t hash)
{
    struct topic_level **at = &table->buckets[hash & table->mask];
    while (*at && ((*at)->hash != hash || !slice_eq(slice_of((*at)->text, (*at)->len), text)))
        at = &(*at)->chain;
    return at;
}

struct topic_level *topic_level_find(const struct topic_level_table *table, struct slice text)
{
    if (!table->buckets) return NULL;
    return *place(table, text, map_hash(text.ptr, text.len));
}

static void resize(struct topic_level_table *table, size_t count)
{
    struct topic_level **buckets = xcalloc(count, sizeof *buckets);
    for (size_t i = 0; table->buckets && i <= table->mask; i++) {
        for (struct topic_level *level = table->buckets[i], *next; level; level = next) {
            next = level->chain;
            level->chain = buckets[level->hash & (count - 1)];
            buckets[level->hash & (count - 1)] = level;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->mask = count - 1;
}

struct topic_level *topic_level_get(struct topic_level_table *table, struct slice text)
{
    if (!table->buckets || table->count > table->mask)
        resize(table, table->buckets ? (table->mask + 1) * 2 : 16);
    uint64_t hash = map_hash(text.ptr, text.len);
    struct topic_level **at = place(table, text, hash);
    if (!*at) {
        struct topic_level *level = xmalloc(sizeof *level + text.len);
        *level = (struct topic_level){ .hash = hash, .len = (uint32_t)text.len };
        if (text.len) memcpy(level->text, text.ptr, text.len);
        *at = level;
        table->count++;
    }
    (*at)->refs++;
    return *at;
}

void topic_level_put(struct topic_level_table *table, struct topic_level *level)
{
    if (--level->refs > 0) return;
    struct topic_level **at = &table->buckets[level->hash & table->mask];
    while (*at != level)
        at = &(*at)->chain;
    *at = level->chain;
    free(level);
    table->count--;
}
