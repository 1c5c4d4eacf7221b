/* topic_map.h — topic names to pointers, in order, and all names which a filter matches.
 * For retained messages: a new subscriber with a wildcard wants every name below it, perhaps a
 * great many, in batches. Order: level by level, each level by its bytes, so "a" < "a/b" < "a/c" <
 * "ab". Names are copied, values borrowed and never NULL. One thread at a time. */
#ifndef TOPIC_TOPIC_MAP_H
#define TOPIC_TOPIC_MAP_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topic_map;
struct topic_map_node;

/* The order of two names: below, at or above 0. */
int topic_map_order(struct slice a, struct slice b);

struct topic_map *topic_map_create(void);
/* Accepts NULL. The values stay the caller's: pop or iterate before. */
void topic_map_destroy(struct topic_map *map);

/* Adds or replaces; returns the value that was there, or NULL. `name` is a valid topic name. */
void *topic_map_put(struct topic_map *map, struct slice name, void *value);
/* NULL when there is none. */
void *topic_map_get(const struct topic_map *map, struct slice name);
/* Removes; returns the value that was there, or NULL. */
void *topic_map_del(struct topic_map *map, struct slice name);
size_t topic_map_count(const struct topic_map *map);

/* Return false to stop. Must not change the map. */
typedef bool (*topic_map_cb)(struct slice name, void *value, void *arg);
/* Visits, in order, all names which the valid filter matches (as topic_match does). */
void topic_map_match(const struct topic_map *map, struct slice filter, topic_map_cb cb, void *arg);

/* The same, resumable: the place is a name, so the map may change between two calls as it likes. A
 * name that is there all the time is visited exactly once; one that comes or goes meanwhile, at
 * most once. Zero-initialised is valid and finds nothing. */
struct topic_map_iter {
    struct buf filter;
    struct buf at; /* go on at the first name that is not less than this ... */
    bool after;    /* ... or, when set, that is greater */
    bool more;
    const struct topic_map_node *node; /* the node of `at`, while the map's version is still this */
    uint64_t version;
};

/* Copies the filter. End with topic_map_iter_deinit. */
void topic_map_iter_init(struct topic_map_iter *iter, struct slice filter);
/* Goes on behind this name, which need not be there. Before the first step. */
void topic_map_iter_seek(struct topic_map_iter *iter, struct slice after);
void topic_map_iter_deinit(struct topic_map_iter *iter);
/* The next name and its value, the name borrowed until the map changes; false at the end. */
bool topic_map_iter_next(struct topic_map_iter *iter, const struct topic_map *map,
                         struct slice *ret_name, void **ret_value);
/* As above, but looks at no more than *budget stored names and takes what it looked at off it.
 * Returns 1 with a name, 0 at the end, ERR_BUSY when the budget was spent: go on later, nothing is
 * lost. */
int topic_map_iter_step(struct topic_map_iter *iter, const struct topic_map *map, size_t *budget,
                        struct slice *ret_name, void **ret_value);

#endif
