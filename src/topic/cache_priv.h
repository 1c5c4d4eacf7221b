/* cache_priv.h — matches by topic, bounded in number and in bytes. Private to topic/. */
#ifndef TOPIC_CACHE_PRIV_H
#define TOPIC_CACHE_PRIV_H

#include "topic/topic_map.h"
#include "topic/tree.h"

struct topic_cache {
    struct topic_match **buckets; /* NULL: no cache */
    size_t mask;
    struct topic_map *index; /* the same topics in order, to find those below a filter */
    struct list lru;
    size_t count, bytes;
    size_t max_count, max_bytes;
    uint64_t evictions, invalidations;
    uint64_t waiting; /* have come while it was full */
};

void topic_cache_init(struct topic_cache *cache, size_t max_count, size_t max_bytes);
void topic_cache_deinit(struct topic_cache *cache);
/* Borrowed, the newest from now on; NULL when there is none. */
struct topic_match *topic_cache_get(struct topic_cache *cache, struct slice topic, uint64_t hash);
/* The same for the topic that was asked for last, without its hash; NULL when it is another one. */
static inline struct topic_match *topic_cache_again(const struct topic_cache *cache,
                                                    struct slice topic)
{
    if (list_empty(&cache->lru)) return NULL;
    struct topic_match *match = container_of(cache->lru.next, struct topic_match, lru);
    return slice_eq(match->topic, topic) ? match : NULL;
}
/* Takes the match, unless it is too large, or the cache is full and it is not its turn: look at
 * match->cached. Others may go for it. */
void topic_cache_put(struct topic_cache *cache, struct topic_match *match);
/* Lets go of every match whose topic the filter matches: freed, or, while it is held, left to its
 * holders. */
void topic_cache_invalidate(struct topic_cache *cache, struct slice filter);

#endif
