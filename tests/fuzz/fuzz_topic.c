/* Fuzz target of topics: lines of a verb and a text drive the tree and the map, with topic_match as
 * the oracle. '+' subscribes, '-' ends the subscription that the text's first byte chooses, 'p' and
 * 'd' put and delete a stored name, '?' asks for the filter (map) or the topic (tree). */
#include "base/buf.h"
#include "base/mem.h"
#include "topic/topic.h"
#include "topic/topic_map.h"
#include "topic/tree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                    \
    do {                               \
        if (!(what)) BUG("%s", #what); \
    } while (0)

#define SUBS  32
#define NAMES 32

struct sub {
    struct topic_entry entry;
    struct slice filter;
};

struct world {
    struct topic_tree *tree;
    struct topic_map *map;
    struct sub subs[SUBS];
    struct slice names[NAMES];
    struct topic_match *held;
};

static void check_text(struct slice text)
{
    struct slice group, filter;
    int rc = topic_share_split(text, &group, &filter);
    CHECK((topic_filter_check(text) == 0) == (topic_filter_why(text) == NULL));
    CHECK(rc != 1 || (group.len > 0 && topic_filter_check(filter) == 0));
    CHECK(rc >= 0 || topic_filter_check(text) < 0);
    if (topic_name_check(text) == 0 && rc == 0)
        CHECK(topic_filter_check(text) == 0 && topic_match(text, text));
}

static void subscribe(struct world *w, struct slice text)
{
    struct sub *sub = w->subs;
    while (sub < w->subs + SUBS && sub->entry.node)
        sub++;
    if (sub == w->subs + SUBS) return;
    int rc = topic_tree_add(w->tree, text, &sub->entry);
    CHECK((rc == 0) == (topic_filter_check(text) == 0));
    if (rc < 0) return;
    sub->filter = text;
    struct buf back = { 0 };
    topic_tree_filter(&sub->entry, &back);
    CHECK(slice_eq(buf_slice(&back), text));
    buf_deinit(&back);
}

static void ask_tree(struct world *w, struct slice topic)
{
    size_t expected = 0;
    for (size_t i = 0; i < SUBS; i++)
        expected += w->subs[i].entry.node && topic_match(w->subs[i].filter, topic);
    struct topic_match *match = topic_tree_match(w->tree, topic);
    CHECK(match->count == expected);
    for (size_t i = 0; i < match->count; i++)
        CHECK(match->rows[i].entry);
    topic_match_unref(w->held);
    w->held = match;
}

static void change_map(struct world *w, struct slice name, bool put)
{
    size_t at = 0, room = NAMES;
    for (; at < NAMES && !(w->names[at].ptr && slice_eq(w->names[at], name)); at++)
        if (!w->names[at].ptr) room = at;
    if (!put) {
        CHECK((topic_map_del(w->map, name) != NULL) == (at < NAMES));
        if (at < NAMES) w->names[at] = (struct slice){ 0 };
    } else if (at < NAMES) {
        CHECK(topic_map_put(w->map, name, w));
    } else if (room < NAMES) {
        CHECK(!topic_map_put(w->map, name, w));
        w->names[room] = name;
    }
}

static void ask_map(struct world *w, struct slice filter)
{
    size_t expected = 0, found = 0, budget = 3;
    for (size_t i = 0; i < NAMES; i++)
        expected += w->names[i].ptr && topic_match(filter, w->names[i]);
    struct topic_map_iter iter;
    topic_map_iter_init(&iter, filter);
    struct slice name;
    void *value;
    for (int rc = 1; rc; budget = 3) {
        while ((rc = topic_map_iter_step(&iter, w->map, &budget, &name, &value)) == 1) {
            CHECK(topic_match(filter, name));
            found++;
        }
    }
    CHECK(found == expected);
    topic_map_iter_deinit(&iter);
}

static void run_line(struct world *w, char verb, struct slice text)
{
    check_text(text);
    if (verb == '+') subscribe(w, text);
    if (verb == '-' && text.len) topic_tree_remove(w->tree, &w->subs[text.ptr[0] & 31].entry);
    if (topic_name_check(text) == 0) {
        if (verb == 'p' || verb == 'd') change_map(w, text, verb == 'p');
        if (verb == '?') ask_tree(w, text);
    }
    if (verb == '?' && topic_filter_check(text) == 0) ask_map(w, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192) return 0;
    struct world w = { .map = topic_map_create() };
    w.tree = topic_tree_create(&(struct topic_tree_opts){ .cache_entries = 8 });
    struct slice rest = slice_of((const char *)data, size);
    while (rest.len > 1) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
        if (len > 1) run_line(&w, rest.ptr[0], slice_of(rest.ptr + 1, len - 1));
        rest = slice_from(rest, len + 1);
    }
    for (size_t i = 0; i < SUBS; i++)
        topic_tree_remove(w.tree, &w.subs[i].entry);
    CHECK(topic_tree_stats(w.tree).nodes == 0 && topic_tree_stats(w.tree).levels == 0);
    topic_match_unref(w.held);
    topic_tree_destroy(w.tree);
    topic_map_destroy(w.map);
    return 0;
}
