/* map.c — chained hash map; see map.h.
 * The bucket array doubles when there are more entries than buckets. Chaining (not open addressing)
 * so that entries stay where they are and iteration survives a deletion. */
#include "base/map.h"

#include "base/mem.h"
#include "base/rand.h"

#include <stdlib.h>

static uint64_t hash_key[2];

__attribute__((constructor)) static void hash_key_init(void)
{
    rand_system_bytes(hash_key, sizeof hash_key);
}

static inline uint64_t rotl(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

#define SIP_ROUND                                                 \
    do {                                                          \
        v0 += v1, v1 = rotl(v1, 13), v1 ^= v0, v0 = rotl(v0, 32); \
        v2 += v3, v3 = rotl(v3, 16), v3 ^= v2;                    \
        v0 += v3, v3 = rotl(v3, 21), v3 ^= v0;                    \
        v2 += v1, v1 = rotl(v1, 17), v1 ^= v2, v2 = rotl(v2, 32); \
    } while (0)

uint64_t map_hash(const void *data, size_t len)
{
    uint64_t v0 = hash_key[0] ^ 0x736f6d6570736575u, v1 = hash_key[1] ^ 0x646f72616e646f6du;
    uint64_t v2 = hash_key[0] ^ 0x6c7967656e657261u, v3 = hash_key[1] ^ 0x7465646279746573u;
    const uint8_t *at = data;
    uint64_t word;
    for (size_t left = len; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        v3 ^= word;
        SIP_ROUND;
        v0 ^= word;
    }
    word = (uint64_t)len << 56;
    for (size_t i = 0; i < (len & 7); i++)
        word |= (uint64_t)at[i] << (8 * i);
    v3 ^= word;
    SIP_ROUND;
    v0 ^= word;
    v2 ^= 0xff;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

void map_deinit(struct map *map)
{
    for (size_t i = 0; map->buckets && i <= map->mask; i++) {
        for (struct map_entry *entry = map->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            free(entry);
        }
    }
    free(map->buckets);
    *map = (struct map){ 0 };
}

/* The place that points at the entry, or at the NULL where it would go. */
static struct map_entry **find(const struct map *map, struct slice key, uint64_t hash)
{
    struct map_entry **at = &map->buckets[hash & map->mask];
    while (*at && ((*at)->hash != hash || (*at)->key_len != key.len ||
                   memcmp((*at)->key, key.ptr, key.len) != 0))
        at = &(*at)->next;
    return at;
}

void *map_get(const struct map *map, struct slice key)
{
    if (!map->buckets) return NULL;
    struct map_entry *entry = *find(map, key, map_hash(key.ptr, key.len));
    return entry ? entry->value : NULL;
}

static void grow(struct map *map)
{
    size_t count = map->buckets ? (map->mask + 1) * 2 : 8;
    struct map_entry **buckets = xcalloc(count, sizeof *buckets);
    for (size_t i = 0; map->buckets && i <= map->mask; i++) {
        for (struct map_entry *entry = map->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            entry->next = buckets[entry->hash & (count - 1)];
            buckets[entry->hash & (count - 1)] = entry;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->mask = count - 1;
}

void *map_put(struct map *map, struct slice key, void *value)
{
    if (!map->buckets || map->count > map->mask) grow(map);
    uint64_t hash = map_hash(key.ptr, key.len);
    struct map_entry **at = find(map, key, hash);
    if (*at) {
        void *old = (*at)->value;
        (*at)->value = value;
        return old;
    }
    struct map_entry *entry = xmalloc(sizeof *entry + key.len + 1);
    *entry = (struct map_entry){ .value = value, .hash = hash, .key_len = (uint32_t)key.len };
    if (key.len) memcpy(entry->key, key.ptr, key.len);
    entry->key[key.len] = '\0';
    *at = entry;
    map->count++;
    return NULL;
}

void *map_del(struct map *map, struct slice key)
{
    if (!map->buckets) return NULL;
    struct map_entry **at = find(map, key, map_hash(key.ptr, key.len));
    struct map_entry *entry = *at;
    if (!entry) return NULL;
    void *value = entry->value;
    *at = entry->next;
    free(entry);
    map->count--;
    return value;
}

struct map_entry *map_next(const struct map *map, const struct map_entry *entry)
{
    if (!map->buckets) return NULL;
    if (entry && entry->next) return entry->next;
    for (size_t i = entry ? (entry->hash & map->mask) + 1 : 0; i <= map->mask; i++)
        if (map->buckets[i]) return map->buckets[i];
    return NULL;
}
