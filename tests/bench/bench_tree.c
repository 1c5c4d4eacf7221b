/* Measures the subscription tree: memory and time of 100,000 wildcard filters, matches with and
 * without the cache, clients that come and go. `./dev bench tree` runs it. */
#include "base/clock.h"
#include "base/mem.h"
#include "topic/topic_map.h"
#include "topic/tree.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define FILTERS 100000

static struct topic_entry entries[FILTERS];

static size_t used(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void report(const char *what, int64_t since, size_t count)
{
    int64_t ns = clock_mono_ns() - since;
    printf("%-44s %10.0f a second, %8.0f ns each\n", what, (double)count * 1e9 / (double)ns,
           (double)ns / (double)count);
}

static struct topic_tree *fill(size_t cache_entries)
{
    struct topic_tree *tree =
        topic_tree_create(&(struct topic_tree_opts){ .cache_entries = cache_entries });
    static const char *const shapes[][2] = {
        { "device/", "/#" }, { "device/", "/+/state" }, { "+/", "/cmd" }, { "room/+/lamp/", "/#" }
    };
    size_t before = used();
    int64_t start = clock_mono_ns();
    for (int i = 0; i < FILTERS; i++) {
        char filter[64];
        snprintf(filter, sizeof filter, "%s%d%s", shapes[i % 4][0], i, shapes[i % 4][1]);
        entries[i] = (struct topic_entry){ .owner = &entries[i] };
        topic_tree_add(tree, slice_str(filter), &entries[i]);
    }
    report("add a filter", start, FILTERS);
    struct topic_tree_stats stats = topic_tree_stats(tree);
    printf("%-44s %10.1f MB, %zu nodes, %zu levels\n", "memory of 100,000 filters",
           (double)(used() - before) / 1e6, stats.nodes, stats.levels);
    return tree;
}

static size_t match_many(struct topic_tree *tree, int topics, int rounds)
{
    size_t rows = 0;
    char topic[64];
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < topics; i++) {
            int len = snprintf(topic, sizeof topic, "device/%d/temp/state", i * 7 % FILTERS);
            struct topic_match *match = topic_tree_match(tree, slice_of(topic, (size_t)len));
            rows += match->count;
            topic_match_unref(match);
        }
    }
    return rows;
}

static void come_and_go(struct topic_tree *tree)
{
    struct topic_entry entry = { 0 };
    match_many(tree, 4000, 1);
    int64_t start = clock_mono_ns();
    for (int i = 0; i < 100000; i++) {
        char filter[64];
        snprintf(filter, sizeof filter, "device/new%d/#", i);
        topic_tree_add(tree, slice_str(filter), &entry);
        topic_tree_remove(tree, &entry);
    }
    report("a wildcard filter comes and goes", start, 100000);
    printf("%-44s %10zu\n", "matches left in the cache", topic_tree_stats(tree).cached);
}

static void many_of_one(void)
{
    struct topic_tree *tree = topic_tree_create(&(struct topic_tree_opts){ .cache_entries = 64 });
    for (int i = 0; i < FILTERS; i++) {
        entries[i] = (struct topic_entry){ .owner = &entries[i] };
        topic_tree_add(tree, slice_str(i % 2 ? "all/#" : "all/+"), &entries[i]);
    }
    int64_t start = clock_mono_ns();
    topic_match_unref(topic_tree_match(tree, slice_str("all/x")));
    report("first match of a topic with 100,000 rows", start, 1);
    start = clock_mono_ns();
    for (int i = 0; i < 100000; i++)
        topic_match_unref(topic_tree_match(tree, slice_str("all/x")));
    report("the same again", start, 100000);
    topic_tree_destroy(tree);
}

static void stored_names(void)
{
    struct topic_map *map = topic_map_create();
    char name[64];
    int64_t start = clock_mono_ns();
    for (int i = 0; i < FILTERS; i++) {
        snprintf(name, sizeof name, "home/%d/sensor/%d/value", i % 1000, i);
        topic_map_put(map, slice_str(name), map);
    }
    report("put a name", start, FILTERS);
    start = clock_mono_ns();
    for (int i = 0; i < FILTERS; i++) {
        snprintf(name, sizeof name, "home/%d/sensor/%d/value", i % 1000, i);
        topic_map_get(map, slice_str(name));
    }
    report("get a name", start, FILTERS);
    static const char *filters[] = { "#", "home/7/#", "home/+/sensor/4007/value" };
    for (size_t f = 0; f < ARRAY_LEN(filters); f++) {
        struct topic_map_iter iter;
        struct slice text;
        void *value;
        size_t count = 0;
        topic_map_iter_init(&iter, slice_str(filters[f]));
        start = clock_mono_ns();
        while (topic_map_iter_next(&iter, map, &text, &value))
            count++;
        printf("%s: %zu names; ", filters[f], count);
        report("each", start, count);
        topic_map_iter_deinit(&iter);
    }
    topic_map_destroy(map);
}

int main(void)
{
    struct topic_tree *tree = fill(0);
    int64_t start = clock_mono_ns();
    match_many(tree, 1000000, 1);
    report("match without a cache", start, 1000000);
    topic_tree_destroy(tree);
    tree = fill(4096);
    match_many(tree, 4000, 1);
    start = clock_mono_ns();
    match_many(tree, 4000, 250);
    report("match from the cache", start, 1000000);
    start = clock_mono_ns();
    match_many(tree, 100000, 5);
    report("match with a cache which never hits", start, 500000);
    come_and_go(tree);
    topic_tree_destroy(tree);
    many_of_one();
    stored_names();
    return 0;
}
