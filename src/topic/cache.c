/* cache.c — the match cache of the tree.
 *
 * A hash table finds the match of a topic, a list in order of use says who goes first when there is
 * no room, and an ordered index (topic_map) finds the topics that a filter matches. So a
 * subscription that comes or goes costs what it touches: an exact filter its own topic,
 * "device/7/#" the topics below device/7, and only a filter such as "#" everything. Clients which
 * come and go with their own wildcard filters therefore leave the others' matches alone; dropping
 * all that shares a first level would not, since fleets put everything below one word.
 * A full cache takes one in ADMIT of what it does not have: where more topics are in use by turns than
 * fit, each would push another out before it is asked for again, and all would pay for coming and going.
 * Bytes are bounded as well as entries: clients choose the length of topics and the number of
 * subscribers of one.
 *
 *  I1  A match is in the table, in the list and in the index, or in none: see `cached`.
 *  I2  count <= max_count and bytes <= max_bytes.
 *  I3  A match that is not cached and not held does not exist. */
#include "topic/cache_priv.h"

#include "topic/topic.h"

#include <stdlib.h>

enum { ADMIT = 8 };

#define DEFAULT_BYTES ((size_t)16 << 20)
#define INDEX_BYTES   64 /* what the index needs for a topic besides its text, about */

void topic_cache_init(struct topic_cache *cache, size_t max_count, size_t max_bytes)
{
    *cache = (struct topic_cache){ .max_count = max_count,
                                   .max_bytes = max_bytes ? max_bytes : DEFAULT_BYTES };
    list_init(&cache->lru);
    if (max_count == 0) return;
    size_t count = 16;
    while (count < max_count && count < SIZE_MAX / 4 / sizeof *cache->buckets)
        count *= 2;
    cache->buckets = xcalloc(count, sizeof *cache->buckets);
    cache->mask = count - 1;
    cache->index = topic_map_create();
}

static size_t cost(const struct topic_match *match)
{
    return match->bytes + match->topic.len + INDEX_BYTES;
}

static void drop(struct topic_cache *cache, struct topic_match *match)
{
    struct topic_match **at = &cache->buckets[match->hash & cache->mask];
    while (*at != match)
        at = &(*at)->chain;
    *at = match->chain;
    topic_map_del(cache->index, match->topic);
    list_remove(&match->lru);
    cache->count--;
    cache->bytes -= cost(match);
    match->cached = false;
    if (match->refs == 0) free(match);
}

static struct topic_match *oldest(const struct topic_cache *cache)
{
    return container_of(cache->lru.prev, struct topic_match, lru);
}

void topic_cache_deinit(struct topic_cache *cache)
{
    while (!list_empty(&cache->lru))
        drop(cache, oldest(cache));
    topic_map_destroy(cache->index);
    free(cache->buckets);
    *cache = (struct topic_cache){ 0 };
}

struct topic_match *topic_cache_get(struct topic_cache *cache, struct slice topic, uint64_t hash)
{
    if (!cache->buckets) return NULL;
    struct topic_match *match = cache->buckets[hash & cache->mask];
    while (match && (match->hash != hash || !slice_eq(match->topic, topic)))
        match = match->chain;
    if (match && cache->lru.next != &match->lru) {
        list_remove(&match->lru);
        list_push_front(&cache->lru, &match->lru);
    }
    return match;
}

static bool is_full(const struct topic_cache *cache, size_t bytes)
{
    return cache->count >= cache->max_count || cache->bytes + bytes > cache->max_bytes;
}

void topic_cache_put(struct topic_cache *cache, struct topic_match *match)
{
    size_t bytes = cost(match);
    if (!cache->buckets || bytes > cache->max_bytes) return;
    if (is_full(cache, bytes) && ++cache->waiting % ADMIT != 0) return;
    while (is_full(cache, bytes)) {
        drop(cache, oldest(cache));
        cache->evictions++;
    }
    struct topic_match **bucket = &cache->buckets[match->hash & cache->mask];
    match->chain = *bucket;
    *bucket = match;
    topic_map_put(cache->index, match->topic, match);
    list_push_front(&cache->lru, &match->lru);
    cache->count++;
    cache->bytes += bytes;
    match->cached = true;
}

static void invalidate_matching(struct topic_cache *cache, struct slice filter)
{
    struct topic_map_iter iter;
    topic_map_iter_init(&iter, filter);
    struct slice topic;
    void *match;
    while (topic_map_iter_next(&iter, cache->index, &topic, &match)) {
        drop(cache, match);
        cache->invalidations++;
    }
    topic_map_iter_deinit(&iter);
}

void topic_cache_invalidate(struct topic_cache *cache, struct slice filter)
{
    if (cache->count == 0) return;
    if (topic_has_wildcard(filter)) {
        invalidate_matching(cache, filter);
        return;
    }
    struct topic_match *match = topic_map_get(cache->index, filter);
    if (!match) return;
    drop(cache, match);
    cache->invalidations++;
}
