/* tree.c — filters by level; see tree.h.
 *
 * A node is a level of some filter below its parent. All nodes with a literal level hang in one
 * hash table, keyed by (parent, interned level): a node is 64 bytes whatever the number of its
 * children, and 100,000 filters "device/N/+/x" cost some 20 MB. The child for '+' is a pointer of
 * the node; '#' is no node but a second list of entries ("below"), so "sensor/#" is found when the
 * walk stands on "sensor".
 *
 * A match walks all nodes of a depth together (a set of at most two children for each node of the
 * set before), hence without recursion, whatever the depth. What it finds is sorted so that a
 * subscriber's rows are adjacent, and kept in the cache (cache.c).
 *
 *  I1  A node has an entry or a child; the root always stays.
 *  I2  A cached match holds exactly the entries whose filters match its topic: what changes that
 *      drops it from the cache.
 *  I3  The list `held` has exactly the matches with references outside the tree. There are as many
 *      as deliveries in progress, so a removal can afford to look at each: those whose topic the
 *      filter matches are searched, and the row's entry becomes NULL. A link from each entry to its
 *      rows would be faster there and cost 16 bytes a row everywhere else.
 *  I4  Marks of a match with another epoch than the tree's count as 0. */
#include "topic/tree.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "topic/cache_priv.h"
#include "topic/level_priv.h"
#include "topic/topic.h"

#include <stdlib.h>

struct topic_node {
    struct topic_node *parent; /* NULL: the root */
    struct topic_node *chain;
    struct topic_level *level; /* NULL: '+', or the root */
    struct topic_node *plus;
    struct topic_entry *exact; /* filters which end here */
    struct topic_entry *below; /* filters which end in '#' after this */
    uint32_t hash;
    uint32_t children;
};

struct set {
    void **items;
    size_t count, cap;
};

struct topic_tree {
    struct topic_node root;
    struct topic_node **buckets;
    size_t mask;
    size_t literals; /* nodes in the buckets */
    size_t nodes;
    size_t entries;
    size_t max_levels;
    struct topic_level_table levels;
    struct topic_cache cache;
    struct list held;
    uint64_t epoch;
    uint32_t seq;
    uint64_t hits, misses;
    struct set here, next, found; /* of the match in progress; kept for the next one */
    struct buf filter;            /* of the entry that is removed */
};

struct topic_tree *topic_tree_create(const struct topic_tree_opts *opts)
{
    struct topic_tree *tree = xnew(struct topic_tree);
    tree->max_levels = opts->max_levels ? opts->max_levels : SIZE_MAX;
    tree->mask = 15;
    tree->buckets = xcalloc(tree->mask + 1, sizeof *tree->buckets);
    list_init(&tree->held);
    topic_cache_init(&tree->cache, opts->cache_entries, opts->cache_bytes);
    return tree;
}

/* ---- nodes ---- */

static uint32_t node_hash(const struct topic_node *parent, const struct topic_level *level)
{
    uint64_t mixed = (level->hash ^ parent->hash) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(mixed >> 32);
}

static struct topic_node *find_child(const struct topic_tree *tree, const struct topic_node *parent,
                                     const struct topic_level *level)
{
    struct topic_node *node = tree->buckets[node_hash(parent, level) & tree->mask];
    while (node && (node->level != level || node->parent != parent))
        node = node->chain;
    return node;
}

static void resize(struct topic_tree *tree, size_t count)
{
    struct topic_node **buckets = xcalloc(count, sizeof *buckets);
    for (size_t i = 0; i <= tree->mask; i++) {
        for (struct topic_node *node = tree->buckets[i], *next; node; node = next) {
            next = node->chain;
            node->chain = buckets[node->hash & (count - 1)];
            buckets[node->hash & (count - 1)] = node;
        }
    }
    free(tree->buckets);
    tree->buckets = buckets;
    tree->mask = count - 1;
}

static struct topic_node *add_node(struct topic_tree *tree, struct topic_node *parent,
                                   uint32_t hash)
{
    struct topic_node *node = xnew(struct topic_node);
    node->parent = parent;
    node->hash = hash;
    parent->children++;
    tree->nodes++;
    return node;
}

static struct topic_node *plus_child(struct topic_tree *tree, struct topic_node *parent)
{
    /* any number does that differs from the parent's: children's hashes derive from it */
    if (!parent->plus) parent->plus = add_node(tree, parent, parent->hash * 31 + 17);
    return parent->plus;
}

static struct topic_node *literal_child(struct topic_tree *tree, struct topic_node *parent,
                                        struct slice text)
{
    struct topic_level *level = topic_level_get(&tree->levels, text);
    struct topic_node *node = find_child(tree, parent, level);
    if (node) {
        topic_level_put(&tree->levels, level);
        return node;
    }
    if (tree->literals++ > tree->mask) resize(tree, (tree->mask + 1) * 2);
    node = add_node(tree, parent, node_hash(parent, level));
    node->level = level;
    node->chain = tree->buckets[node->hash & tree->mask];
    tree->buckets[node->hash & tree->mask] = node;
    return node;
}

static void unlink_literal(struct topic_tree *tree, struct topic_node *node)
{
    struct topic_node **at = &tree->buckets[node->hash & tree->mask];
    while (*at != node)
        at = &(*at)->chain;
    *at = node->chain;
    tree->literals--;
    topic_level_put(&tree->levels, node->level);
}

/* Frees the node and those above it that are of no more use (I1). */
static void prune(struct topic_tree *tree, struct topic_node *node)
{
    while (node->parent && node->children == 0 && !node->exact && !node->below) {
        struct topic_node *parent = node->parent;
        if (node->level)
            unlink_literal(tree, node);
        else
            parent->plus = NULL;
        free(node);
        parent->children--;
        tree->nodes--;
        node = parent;
    }
}

/* ---- entries ---- */

int topic_tree_add(struct topic_tree *tree, struct slice filter, struct topic_entry *entry)
{
    if (entry->node) BUG("the entry is in a tree already");
    if (topic_filter_check(filter) < 0) return ERR_TOPIC;
    if (topic_levels(filter) > tree->max_levels) return ERR_LIMIT;
    struct topic_node *node = &tree->root;
    entry->below = false;
    for (size_t at = 0; at <= filter.len;) {
        struct slice level = topic_next_level(filter, &at);
        if (slice_eq(level, SLICE_LIT("#")))
            entry->below = true;
        else if (slice_eq(level, SLICE_LIT("+")))
            node = plus_child(tree, node);
        else
            node = literal_child(tree, node, level);
    }
    struct topic_entry **head = entry->below ? &node->below : &node->exact;
    entry->node = node;
    entry->seq = tree->seq++;
    entry->next = *head;
    entry->pprev = head;
    if (*head) (*head)->pprev = &entry->next;
    *head = entry;
    tree->entries++;
    topic_cache_invalidate(&tree->cache, filter);
    return 0;
}

static void unlink_entry(struct topic_entry *entry)
{
    *entry->pprev = entry->next;
    if (entry->next) entry->next->pprev = entry->pprev;
    entry->next = NULL;
    entry->pprev = NULL;
    entry->node = NULL;
}

static void forget_in(struct topic_match *match, const struct topic_entry *entry)
{
    for (size_t i = 0; i < match->count; i++) {
        if (match->rows[i].entry != entry) continue;
        match->rows[i].entry = NULL;
        return;
    }
}

void topic_tree_remove(struct topic_tree *tree, struct topic_entry *entry)
{
    struct topic_node *node = entry->node;
    if (!node) return;
    buf_clear(&tree->filter);
    topic_tree_filter(entry, &tree->filter);
    struct slice filter = buf_slice(&tree->filter);
    unlink_entry(entry);
    tree->entries--;
    prune(tree, node);
    topic_cache_invalidate(&tree->cache, filter);
    list_for_each(it, &tree->held) {
        struct topic_match *match = container_of(it, struct topic_match, held);
        if (topic_match(filter, match->topic)) forget_in(match, entry);
    }
}

static struct slice node_text(const struct topic_node *node)
{
    return node->level ? slice_of(node->level->text, node->level->len) : SLICE_LIT("+");
}

void topic_tree_filter(const struct topic_entry *entry, struct buf *out)
{
    if (!entry->node) return;
    size_t len = entry->below ? 1 : 0;
    for (const struct topic_node *node = entry->node; node->parent; node = node->parent)
        len += node_text(node).len + 1;
    if (!entry->below) len--; /* no '/' behind the last level */
    char *end = buf_reserve(out, len) + len;
    if (entry->below) *--end = '#';
    bool last = !entry->below;
    for (const struct topic_node *node = entry->node; node->parent; node = node->parent) {
        struct slice text = node_text(node);
        if (!last) *--end = '/';
        last = false;
        end -= text.len;
        memcpy(end, text.ptr, text.len);
    }
    out->len += len;
    out->data[out->len] = '\0';
}

/* ---- matching ---- */

static void set_add(struct set *set, void *item)
{
    if (set->count == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 16;
        set->items = xrealloc(set->items, set->cap * sizeof *set->items);
    }
    set->items[set->count++] = item;
}

static void take(struct topic_tree *tree, struct topic_entry *entry)
{
    for (; entry; entry = entry->next)
        set_add(&tree->found, entry);
}

static void descend(struct topic_tree *tree, const struct topic_node *node,
                    const struct topic_level *level, bool wild)
{
    if (wild) take(tree, node->below);
    if (level && node->children) {
        struct topic_node *child = find_child(tree, node, level);
        if (child) set_add(&tree->next, child);
    }
    if (wild && node->plus) set_add(&tree->next, node->plus);
}

static void collect(struct topic_tree *tree, struct slice topic)
{
    tree->found.count = 0;
    tree->here.count = 0;
    set_add(&tree->here, &tree->root);
    for (size_t at = 0; at <= topic.len && tree->here.count > 0;) {
        bool wild = at > 0 || !topic_is_reserved(topic); /* [MQTT-4.7.2-1] */
        struct slice text = topic_next_level(topic, &at);
        const struct topic_level *level = topic_level_find(&tree->levels, text);
        tree->next.count = 0;
        for (size_t i = 0; i < tree->here.count; i++)
            descend(tree, tree->here.items[i], level, wild);
        struct set swap = tree->here;
        tree->here = tree->next;
        tree->next = swap;
    }
    for (size_t i = 0; i < tree->here.count; i++) {
        const struct topic_node *node = tree->here.items[i];
        take(tree, node->exact);
        take(tree, node->below);
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct topic_entry *x = *(struct topic_entry *const *)a;
    const struct topic_entry *y = *(struct topic_entry *const *)b;
    uintptr_t x_owner = (uintptr_t)x->owner, y_owner = (uintptr_t)y->owner;
    if (x_owner != y_owner) return x_owner < y_owner ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static struct topic_match *match_create(struct topic_tree *tree, struct slice topic, uint64_t hash)
{
    struct set *found = &tree->found;
    if (found->count > 1) qsort(found->items, found->count, sizeof *found->items, compare_entries);
    size_t rows = found->count * sizeof(struct topic_match_row);
    size_t bytes = sizeof(struct topic_match) + rows + topic.len;
    struct topic_match *match = xmalloc(bytes);
    *match = (struct topic_match){ .tree = tree, .hash = hash, .bytes = bytes };
    match->count = found->count;
    match->rows = (struct topic_match_row *)(match + 1);
    for (size_t i = 0; i < found->count; i++)
        match->rows[i] = (struct topic_match_row){ .entry = found->items[i] };
    char *text = (char *)(match->rows + found->count);
    if (topic.len) memcpy(text, topic.ptr, topic.len);
    match->topic = slice_of(text, topic.len);
    match->epoch = tree->epoch;
    list_init(&match->held);
    list_init(&match->lru);
    return match;
}

static void refresh_marks(struct topic_match *match, uint64_t epoch)
{
    if (match->epoch == epoch) return;
    for (size_t i = 0; i < match->count; i++)
        match->rows[i].mark = 0;
    match->epoch = epoch;
}

static struct topic_match *look_up(struct topic_tree *tree, struct slice topic)
{
    uint64_t hash = map_hash(topic.ptr, topic.len);
    struct topic_match *match = topic_cache_get(&tree->cache, topic, hash);
    if (match) {
        tree->hits++;
        return match;
    }
    tree->misses++;
    collect(tree, topic);
    match = match_create(tree, topic, hash);
    topic_cache_put(&tree->cache, match);
    return match;
}

struct topic_match *topic_tree_match(struct topic_tree *tree, struct slice topic)
{
    struct topic_match *match = topic_cache_again(&tree->cache, topic);
    if (match)
        tree->hits++;
    else
        match = look_up(tree, topic);
    refresh_marks(match, tree->epoch);
    if (match->refs++ == 0) list_push_back(&tree->held, &match->held);
    return match;
}

bool topic_tree_wants(struct topic_tree *tree, struct slice topic)
{
    collect(tree, topic);
    return tree->found.count > 0;
}

struct topic_match *topic_match_ref(struct topic_match *match)
{
    match->refs++;
    return match;
}

void topic_match_unref(struct topic_match *match)
{
    if (!match || --match->refs > 0) return;
    list_remove(&match->held);
    if (!match->cached) free(match);
}

void topic_tree_forget_marks(struct topic_tree *tree)
{
    tree->epoch++;
}

struct topic_tree_stats topic_tree_stats(const struct topic_tree *tree)
{
    return (struct topic_tree_stats){
        .entries = tree->entries,
        .nodes = tree->nodes,
        .levels = tree->levels.count,
        .cached = tree->cache.count,
        .cache_bytes = tree->cache.bytes,
        .hits = tree->hits,
        .misses = tree->misses,
        .evictions = tree->cache.evictions,
        .invalidations = tree->cache.invalidations,
    };
}

/* ---- the end ---- */

static void let_go(struct topic_match *match)
{
    for (size_t i = 0; i < match->count; i++)
        match->rows[i].entry = NULL;
    list_remove(&match->held);
    match->tree = NULL;
}

static void free_entries(struct topic_entry *entry)
{
    while (entry) {
        struct topic_entry *next = entry->next;
        unlink_entry(entry);
        entry = next;
    }
}

/* Frees what hangs on the node, not itself. Literal children hang in the buckets, so the chain of
 * '+' is all that there is below. */
static void free_node(struct topic_tree *tree, struct topic_node *node)
{
    free_entries(node->exact);
    free_entries(node->below);
    if (node->level) topic_level_put(&tree->levels, node->level);
    for (struct topic_node *plus = node->plus, *next; plus; plus = next) {
        next = plus->plus;
        free_entries(plus->exact);
        free_entries(plus->below);
        free(plus);
    }
}

void topic_tree_destroy(struct topic_tree *tree)
{
    if (!tree) return;
    list_for_each_safe(it, &tree->held) {
        let_go(container_of(it, struct topic_match, held));
    }
    topic_cache_deinit(&tree->cache);
    for (size_t i = 0; i <= tree->mask; i++) {
        for (struct topic_node *node = tree->buckets[i], *next; node; node = next) {
            next = node->chain;
            free_node(tree, node);
            free(node);
        }
    }
    free_node(tree, &tree->root);
    topic_level_table_deinit(&tree->levels);
    free(tree->buckets);
    free(tree->here.items);
    free(tree->next.items);
    free(tree->found.items);
    buf_deinit(&tree->filter);
    free(tree);
}
