/* level_priv.h — the texts of the levels of all filters, each kept once. Private to topic/. */
#ifndef TOPIC_LEVEL_PRIV_H
#define TOPIC_LEVEL_PRIV_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct topic_level {
    struct topic_level *chain;
    uint64_t hash;
    uint32_t refs;
    uint32_t len;
    char text[];
};

/* Zero-initialised is valid and empty. */
struct topic_level_table {
    struct topic_level **buckets;
    size_t mask;
    size_t count;
};

/* Frees the table; no level is in use any more. */
void topic_level_table_deinit(struct topic_level_table *table);
/* NULL when no filter has this level. */
struct topic_level *topic_level_find(const struct topic_level_table *table, struct slice text);
/* Finds or makes it; returns owned. */
struct topic_level *topic_level_get(struct topic_level_table *table, struct slice text);
void topic_level_put(struct topic_level_table *table, struct topic_level *level);

#endif
