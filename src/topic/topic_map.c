/* topic_map.c — names in order: a skip list, and a walk that jumps over what a filter cannot match.
 *
 * The order compares bytes, with '/' below every other byte. So a level that is another's beginning
 * comes first, and all names below "a/b" stand together right behind "a/b". A filter is answered by
 * looking at a name and, when it does not match, saying which is the least one that could: the walk
 * goes there by one step or, when that is too short, by a search. "a/+/x" over a million names
 * below "a/1" looks at two of them.
 * Why a skip list and not a tree of levels: one search serves get, put, del, seek and going on from
 * a name that is not there any more; nothing recurses, whatever the depth of the names.
 *
 *  I1  next[0] lists all nodes in strict order; next[h] those of a height above h.
 *  I2  `version` changes with every node that comes or goes, so that an iterator knows whether the
 *      node that it remembers is still there.
 *  I3  The place a walk jumps to is always greater than the name that it looked at. */
#include "topic/topic_map.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "topic/topic.h"

#include <stdlib.h>

#define MAX_HEIGHT 16 /* one in four goes a level up: good for 4^16 names */

struct topic_map_node {
    void *value;
    const char *name; /* behind next[] */
    uint32_t len;
    uint32_t height;
    struct topic_map_node *next[];
};

struct topic_map {
    struct topic_map_node *head[MAX_HEIGHT];
    size_t count;
    uint64_t version;
    uint64_t chance;
};

struct topic_map *topic_map_create(void)
{
    struct topic_map *map = xnew(struct topic_map);
    map->chance = rand_u64() | 1;
    return map;
}

void topic_map_destroy(struct topic_map *map)
{
    if (!map) return;
    for (struct topic_map_node *node = map->head[0], *next; node; node = next) {
        next = node->next[0];
        free(node);
    }
    free(map);
}

static inline struct slice node_name(const struct topic_map_node *node)
{
    return slice_of(node->name, node->len);
}

static inline int order_of(char c)
{
    return c == '/' ? -1 : (uint8_t)c;
}

int topic_map_order(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len, i = 0;
    while (i + 8 <= len && memcmp(a.ptr + i, b.ptr + i, 8) == 0)
        i += 8;
    while (i < len && a.ptr[i] == b.ptr[i])
        i++;
    if (i < len) return order_of(a.ptr[i]) - order_of(b.ptr[i]);
    return a.len < b.len ? -1 : a.len > b.len;
}

/* The first node that is not less than key; ret_links (may be NULL) gets, for each height, the link
 * that points at the first node of that height which is not less. */
static struct topic_map_node *find(const struct topic_map *map, struct slice key,
                                   struct topic_map_node ***ret_links)
{
    struct topic_map_node *const *links = map->head;
    struct topic_map_node *known = NULL; /* not less than key: no need to compare again */
    for (int h = MAX_HEIGHT - 1; h >= 0; h--) {
        while (links[h] && links[h] != known && topic_map_order(node_name(links[h]), key) < 0)
            links = links[h]->next;
        known = links[h];
        if (ret_links) ret_links[h] = (struct topic_map_node **)&links[h];
    }
    return known;
}

static uint32_t random_height(struct topic_map *map)
{
    map->chance ^= map->chance << 13;
    map->chance ^= map->chance >> 7;
    map->chance ^= map->chance << 17;
    uint32_t height = 1;
    for (uint64_t bits = map->chance >> 8; (bits & 3) == 0 && height < MAX_HEIGHT; bits >>= 2)
        height++;
    return height;
}

void *topic_map_put(struct topic_map *map, struct slice name, void *value)
{
    if (!value) BUG("a name without a value");
    struct topic_map_node **links[MAX_HEIGHT];
    struct topic_map_node *node = find(map, name, links);
    if (node && slice_eq(node_name(node), name)) {
        void *old = node->value;
        node->value = value;
        return old;
    }
    uint32_t height = random_height(map);
    size_t head = sizeof *node + height * sizeof node->next[0];
    node = xmalloc(head + name.len);
    memcpy((char *)node + head, name.ptr, name.len);
    node->value = value;
    node->name = (char *)node + head;
    node->len = (uint32_t)name.len;
    node->height = height;
    for (uint32_t h = 0; h < height; h++) {
        node->next[h] = *links[h];
        *links[h] = node;
    }
    map->count++;
    map->version++;
    return NULL;
}

void *topic_map_get(const struct topic_map *map, struct slice name)
{
    const struct topic_map_node *node = find(map, name, NULL);
    return node && slice_eq(node_name(node), name) ? node->value : NULL;
}

void *topic_map_del(struct topic_map *map, struct slice name)
{
    struct topic_map_node **links[MAX_HEIGHT];
    struct topic_map_node *node = find(map, name, links);
    if (!node || !slice_eq(node_name(node), name)) return NULL;
    void *value = node->value;
    for (uint32_t h = 0; h < node->height; h++)
        *links[h] = node->next[h];
    free(node);
    map->count--;
    map->version++;
    return value;
}

size_t topic_map_count(const struct topic_map *map)
{
    return map->count;
}

enum verdict { MATCH, NEXT, JUMP, END };

/* Where to go on: `keep` bytes of the name that was looked at, then `add`. */
struct jump {
    size_t keep;
    struct slice add;
};

/* Behind all names which begin with the first `len` bytes of this one and are that, or are below
 * it. */
static struct jump jump_behind(size_t len)
{
    return (struct jump){ len, SLICE_LIT("\0") };
}

static enum verdict judge_level(struct slice want, struct slice have, size_t from, bool wild,
                                struct jump *ret)
{
    int rc = topic_map_order(have, want);
    if (rc < 0) {
        *ret = (struct jump){ from, want };
        return JUMP;
    }
    if (!wild) return END; /* what stands before is fixed, and here we are beyond */
    *ret = jump_behind(from - 1);
    return JUMP;
}

static enum verdict judge(struct slice filter, struct slice name, struct jump *ret)
{
    bool wild = false; /* a wildcard was seen */
    size_t f = 0, n = 0;
    if ((filter.ptr[0] == '+' || filter.ptr[0] == '#') && topic_is_reserved(name)) {
        *ret = (struct jump){ 0, SLICE_LIT("%") }; /* the byte behind '$' */
        return JUMP;
    }
    while (f <= filter.len) {
        struct slice want = topic_next_level(filter, &f);
        if (slice_eq(want, SLICE_LIT("#"))) return MATCH;
        if (n > name.len) return NEXT; /* what is below it comes next */
        size_t from = n;
        struct slice have = topic_next_level(name, &n);
        if (slice_eq(want, SLICE_LIT("+")))
            wild = true;
        else if (!slice_eq(want, have))
            return judge_level(want, have, from, wild, ret);
    }
    if (n > name.len) return MATCH;
    if (!wild) return END;
    *ret = jump_behind(n - 1);
    return JUMP;
}

void topic_map_iter_init(struct topic_map_iter *iter, struct slice filter)
{
    *iter = (struct topic_map_iter){ .more = filter.len > 0 };
    buf_put_slice(&iter->filter, filter);
    size_t at = 0, fixed = 0;
    while (at <= filter.len) {
        struct slice level = topic_next_level(filter, &at);
        if (topic_has_wildcard(level)) break;
        fixed = at - 1;
    }
    buf_append(&iter->at, filter.ptr, fixed);
}

void topic_map_iter_seek(struct topic_map_iter *iter, struct slice after)
{
    buf_clear(&iter->at);
    buf_put_slice(&iter->at, after);
    iter->after = true;
}

void topic_map_iter_deinit(struct topic_map_iter *iter)
{
    buf_deinit(&iter->filter);
    buf_deinit(&iter->at);
    *iter = (struct topic_map_iter){ 0 };
}

static const struct topic_map_node *resume(const struct topic_map_iter *iter,
                                           const struct topic_map *map)
{
    const struct topic_map_node *node = iter->node;
    if (!node || iter->version != map->version) node = find(map, buf_slice(&iter->at), NULL);
    if (node && iter->after && slice_eq(node_name(node), buf_slice(&iter->at)))
        node = node->next[0];
    return node;
}

static void stay(struct topic_map_iter *iter, const struct topic_map *map,
                 const struct topic_map_node *node, bool after)
{
    buf_clear(&iter->at);
    buf_put_slice(&iter->at, node_name(node));
    iter->after = after;
    iter->node = node;
    iter->version = map->version;
}

static const struct topic_map_node *leap(struct topic_map_iter *iter, const struct topic_map *map,
                                         const struct topic_map_node *node, struct jump jump)
{
    buf_clear(&iter->at);
    buf_append(&iter->at, node->name, jump.keep);
    buf_put_slice(&iter->at, jump.add);
    struct slice to = buf_slice(&iter->at);
    node = node->next[0];
    return node && topic_map_order(node_name(node), to) < 0 ? find(map, to, NULL) : node;
}

int topic_map_iter_step(struct topic_map_iter *iter, const struct topic_map *map, size_t *budget,
                        struct slice *ret_name, void **ret_value)
{
    if (!iter->more) return 0;
    struct slice filter = buf_slice(&iter->filter);
    const struct topic_map_node *node = resume(iter, map);
    struct jump jump;
    for (; node; (*budget)--) {
        if (*budget == 0) {
            stay(iter, map, node, false);
            return ERR_BUSY;
        }
        enum verdict verdict = judge(filter, node_name(node), &jump);
        if (verdict == MATCH) {
            (*budget)--;
            stay(iter, map, node, true);
            *ret_name = node_name(node);
            *ret_value = node->value;
            return 1;
        }
        if (verdict == END) break;
        node = verdict == NEXT ? node->next[0] : leap(iter, map, node, jump);
    }
    iter->more = false;
    return 0;
}

bool topic_map_iter_next(struct topic_map_iter *iter, const struct topic_map *map,
                         struct slice *ret_name, void **ret_value)
{
    size_t budget = SIZE_MAX;
    return topic_map_iter_step(iter, map, &budget, ret_name, ret_value) == 1;
}

void topic_map_match(const struct topic_map *map, struct slice filter, topic_map_cb cb, void *arg)
{
    struct topic_map_iter iter;
    topic_map_iter_init(&iter, filter);
    struct slice name;
    void *value;
    while (topic_map_iter_next(&iter, map, &name, &value) && cb(name, value, arg))
        ;
    topic_map_iter_deinit(&iter);
}
