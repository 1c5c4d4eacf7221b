/* tree.h — the subscription tree: filters in, and for a topic the rows of all that match.
 * Loop thread only; nothing here calls back. What matches a topic is kept in a bounded cache. */
#ifndef TOPIC_TREE_H
#define TOPIC_TREE_H

#include "base/list.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct topic_tree;
struct topic_node;

/* One subscription, embedded in the subscriber's own struct. Zero-initialised is valid and in no
 * tree. `owner` is the user's: set it before topic_tree_add and leave it until topic_tree_remove;
 * rows of one owner are adjacent in a match. The other fields belong to the tree. */
struct topic_entry {
    void *owner;
    struct topic_entry *next;
    struct topic_entry **pprev;
    struct topic_node *node; /* NULL: in no tree */
    uint32_t seq;
    bool below; /* the filter ends in '#' */
};

struct topic_tree_opts {
    size_t cache_entries; /* matches kept; 0: no cache */
    size_t cache_bytes;   /* memory of all matches kept; 0: 16 MiB */
    size_t max_levels;    /* levels of a filter; 0: no limit */
};

struct topic_tree *topic_tree_create(const struct topic_tree_opts *opts);
/* Accepts NULL. Entries that are left count as removed; held matches stay with their holders. */
void topic_tree_destroy(struct topic_tree *tree);

/* Borrows entry until topic_tree_remove; copies what it needs of the filter. A shared filter is
 * split before (topic_share_split): here "$share" is a level like others. The same filter may be
 * added any number of times, also by one owner. Returns 0, or, with nothing done, ERR_TOPIC (no
 * valid filter) or ERR_LIMIT (more than max_levels). */
int topic_tree_add(struct topic_tree *tree, struct slice filter, struct topic_entry *entry);
/* The entry is free when this returns: no match has it any more. Harmless when it is in no tree. */
void topic_tree_remove(struct topic_tree *tree, struct topic_entry *entry);
/* Appends the filter under which the entry is in its tree; nothing when it is in none. */
void topic_tree_filter(const struct topic_entry *entry, struct buf *out);

struct topic_match_row {
    struct topic_entry *entry; /* NULL: removed while the match was held; skip the row */
    uint32_t mark; /* the user's; 0 in a fresh match and after topic_tree_forget_marks */
};

/* All entries whose filter matches one topic, sorted by owner, then by order of subscription.
 * Shared: the next topic_tree_match of the topic gives the same one, with the marks set so far. */
struct topic_match {
    size_t count;
    struct topic_match_row *rows;
    uint32_t refs; /* holders outside the tree */
    /* what follows is the tree's */
    uint64_t epoch;
    struct topic_tree *tree; /* NULL when it was destroyed */
    struct list held;        /* all with refs > 0 */
    struct list lru;         /* of the cache, the newest first */
    struct topic_match *chain;
    uint64_t hash;
    size_t bytes;
    struct slice topic;
    bool cached;
};

/* Returns owned (topic_match_unref), never NULL. `topic` is a valid name.
 * A match that is held stays readable while the tree changes: an entry that is removed turns into
 * NULL in its row; one that is added does not appear. Hold it for the time of one delivery, not for
 * long: each topic_tree_remove looks at the matches that are held. */
struct topic_match *topic_tree_match(struct topic_tree *tree, struct slice topic);
/* Whether any filter matches. Leaves the cache alone: for topics that seldom come twice. */
bool topic_tree_wants(struct topic_tree *tree, struct slice topic);
struct topic_match *topic_match_ref(struct topic_match *match);
/* Accepts NULL. */
void topic_match_unref(struct topic_match *match);

/* Every mark counts as 0 from the next topic_tree_match on (policies have changed). O(1): a match
 * is cleared when it is asked for again. A match that is held keeps its marks until then. */
void topic_tree_forget_marks(struct topic_tree *tree);

struct topic_tree_stats {
    size_t entries;     /* subscriptions */
    size_t nodes;       /* of the tree, without the root */
    size_t levels;      /* distinct level texts */
    size_t cached;      /* matches in the cache */
    size_t cache_bytes; /* and their memory */
    uint64_t hits;
    uint64_t misses;
    uint64_t evictions;     /* to keep the bounds */
    uint64_t invalidations; /* because of a subscription that came or went */
};
struct topic_tree_stats topic_tree_stats(const struct topic_tree *tree);

#endif
