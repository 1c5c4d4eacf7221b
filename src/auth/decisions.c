/* decisions.c — a table of sets of two: a key has two places, and the one that was put there before makes room. No
 * chains, no clean-up: the memory is what the table was made for, and a look-up touches one line of cache
 * and, when it finds something, the key.
 *  I1  A key is in the set that its hash names, once. */
#include "auth/decisions.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 2 };

struct place {
    uint64_t hash;
    size_t len;
    char *key; /* NULL: empty */
};

struct decisions {
    struct place (*sets)[WAYS]; /* the younger one first */
    size_t count;               /* a power of two, or 0 */
};

struct decisions *decisions_create(size_t most)
{
    struct decisions *decisions = xnew(struct decisions);
    if (most == 0) return decisions;
    decisions->count = 1;
    while (decisions->count * WAYS < most)
        decisions->count *= 2;
    decisions->sets = xcalloc(decisions->count, sizeof *decisions->sets);
    return decisions;
}

void decisions_destroy(struct decisions *decisions)
{
    if (!decisions) return;
    for (size_t i = 0; i < decisions->count; i++)
        for (int way = 0; way < WAYS; way++)
            free(decisions->sets[i][way].key);
    free(decisions->sets);
    free(decisions);
}

static bool is_in(const struct place *set, uint64_t hash, struct slice key)
{
    for (int way = 0; way < WAYS; way++)
        if (set[way].hash == hash && set[way].key && set[way].len == key.len &&
            memcmp(set[way].key, key.ptr, key.len) == 0)
            return true;
    return false;
}

bool decisions_has(const struct decisions *decisions, struct slice key)
{
    if (decisions->count == 0) return false;
    uint64_t hash = map_hash(key.ptr, key.len);
    return is_in(decisions->sets[hash & (decisions->count - 1)], hash, key);
}

void decisions_add(struct decisions *decisions, struct slice key)
{
    if (decisions->count == 0) return;
    uint64_t hash = map_hash(key.ptr, key.len);
    struct place *set = decisions->sets[hash & (decisions->count - 1)];
    if (is_in(set, hash, key)) return;
    free(set[1].key);
    set[1] = set[0];
    set[0] = (struct place){ hash, key.len, xmemdup(key.ptr, key.len) };
}
