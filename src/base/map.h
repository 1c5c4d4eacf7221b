/* map.h — hash map from byte strings to pointers. Keys are copied; values are borrowed.
 * Hashing is keyed by a random number of the process, so that peers cannot make keys collide. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"

#include <stdint.h>

struct map_entry {
    struct map_entry *next; /* chain of the bucket */
    void *value;
    uint64_t hash;
    uint32_t key_len;
    char key[]; /* zero-terminated */
};

struct map {
    struct map_entry **buckets;
    size_t mask; /* number of buckets - 1; 0 with buckets NULL when empty */
    size_t count;
};

/* Zero-initialised is valid and empty. Frees keys and buckets, not the values. */
void map_deinit(struct map *map);
/* NULL when there is none. */
void *map_get(const struct map *map, struct slice key);
/* Adds or replaces; returns the value that was there before, or NULL. */
void *map_put(struct map *map, struct slice key, void *value);
/* Removes; returns the value that was there, or NULL. */
void *map_del(struct map *map, struct slice key);
/* Iterates in no particular order. Start with NULL; returns NULL at the end. The entry just returned
 * may be deleted with map_del when `next` was fetched before (map_for_each does that). */
struct map_entry *map_next(const struct map *map, const struct map_entry *entry);

#define map_for_each(it, map)                                           \
    for (struct map_entry *it = map_next((map), NULL),                  \
                          *it##_next = it ? map_next((map), it) : NULL; \
         it; it = it##_next, it##_next = it ? map_next((map), it) : NULL)

static inline void *map_get_str(const struct map *map, const char *key)
{
    return map_get(map, slice_str(key));
}

/* SipHash-1-3 of the bytes under the key of the process. */
uint64_t map_hash(const void *data, size_t len);

#endif
