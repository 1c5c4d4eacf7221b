/* Unit tests of the subscription tree, its cache, and the ordered map of names. topic_match is the
 * oracle of the randomised ones. */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"
#include "topic/topic.h"
#include "topic/topic_map.h"
#include "topic/tree.h"

struct sub {
    struct topic_entry entry;
    char filter[64];
};

static struct topic_tree *tree_of(size_t cache_entries)
{
    return topic_tree_create(&(struct topic_tree_opts){ .cache_entries = cache_entries });
}

static void subscribe(struct topic_tree *tree, struct sub *sub, const char *filter, void *owner)
{
    snprintf(sub->filter, sizeof sub->filter, "%s", filter);
    sub->entry = (struct topic_entry){ .owner = owner };
    assert_int_equal(topic_tree_add(tree, slice_str(filter), &sub->entry), 0);
}

static size_t matches(struct topic_tree *tree, const char *topic)
{
    struct topic_match *match = topic_tree_match(tree, slice_str(topic));
    size_t count = match->count;
    topic_match_unref(match);
    return count;
}

static void empty_tree_matches_nothing(void **state)
{
    struct topic_tree *tree = tree_of(8);
    assert_int_equal(matches(tree, "a"), 0);
    assert_int_equal(matches(tree, "$a/b"), 0);
    struct sub never = { 0 };
    topic_tree_remove(tree, &never.entry);
    topic_tree_destroy(tree);
    topic_tree_destroy(NULL);
    topic_match_unref(NULL);
}

static void nodes_go_with_the_last_entry(void **state)
{
    struct topic_tree *tree = tree_of(8);
    static const char *filters[] = { "a/b/c", "a/+/c", "a/b/#", "#", "+", "/", "+/+/+/#", "a/b/c" };
    struct sub subs[ARRAY_LEN(filters)];
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        subscribe(tree, &subs[i], filters[i], &subs[i]);
    assert_int_equal(topic_tree_stats(tree).entries, ARRAY_LEN(filters));
    assert_int_equal(matches(tree, "a/b/c"), 6);
    assert_int_equal(matches(tree, "a/b"), 2);
    assert_int_equal(matches(tree, "a"), 2);
    assert_int_equal(matches(tree, "/"), 2);
    assert_int_equal(matches(tree, "$x/b/c"), 0);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        topic_tree_remove(tree, &subs[i].entry);
        topic_tree_remove(tree, &subs[i].entry);
    }
    struct topic_tree_stats stats = topic_tree_stats(tree);
    assert_int_equal(stats.entries, 0);
    assert_int_equal(stats.nodes, 0);
    assert_int_equal(stats.levels, 0);
    topic_tree_destroy(tree);
}

static void filters_read_back(void **state)
{
    struct topic_tree *tree = tree_of(0);
    static const char *filters[] = {
        "a",  "#", "+", "/", "//", "/#", "a/#", "+/#", "a//b/+/c/#", "$aws/things/+/shadow/update",
        "/+", "+/"
    };
    struct buf out = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        struct sub sub;
        subscribe(tree, &sub, filters[i], NULL);
        buf_puts(&out, "x:");
        topic_tree_filter(&sub.entry, &out);
        assert_string_equal(buf_str(&out) + 2, filters[i]);
        topic_tree_remove(tree, &sub.entry);
        buf_clear(&out);
        topic_tree_filter(&sub.entry, &out);
        assert_int_equal(out.len, 0);
    }
    buf_deinit(&out);
    topic_tree_destroy(tree);
}

static void bad_filters_and_limits_are_refused(void **state)
{
    struct topic_tree *tree = topic_tree_create(&(struct topic_tree_opts){ .max_levels = 3 });
    struct topic_entry entry = { 0 };
    assert_int_equal(topic_tree_add(tree, slice_str(""), &entry), ERR_TOPIC);
    assert_int_equal(topic_tree_add(tree, slice_str("a/#/b"), &entry), ERR_TOPIC);
    assert_int_equal(topic_tree_add(tree, slice_str("a/b/c/d"), &entry), ERR_LIMIT);
    assert_int_equal(topic_tree_add(tree, slice_str("a/b/c/#"), &entry), ERR_LIMIT);
    assert_null(entry.node);
    assert_int_equal(topic_tree_stats(tree).nodes, 0);
    assert_int_equal(topic_tree_add(tree, slice_str("a/b/#"), &entry), 0);
    assert_int_equal(matches(tree, "a/b/c/d/e"), 1);
    topic_tree_destroy(tree);
    assert_null(entry.node);
}

static void deepest_filters_work(void **state)
{
    struct topic_tree *tree = tree_of(8);
    char *text = xmalloc(65535);
    memset(text, '/', 65535);
    struct topic_entry exact = { 0 }, wild = { 0 };
    assert_int_equal(topic_tree_add(tree, slice_of(text, 65535), &exact), 0);
    for (size_t i = 0; i < 65535; i += 2)
        text[i] = '+';
    assert_int_equal(topic_tree_add(tree, slice_of(text, 65535), &wild), 0);
    memset(text, '/', 65535);
    struct topic_match *match = topic_tree_match(tree, slice_of(text, 65535));
    assert_int_equal(match->count, 1);
    topic_match_unref(match);
    match = topic_tree_match(tree, slice_of(text, 32767));
    assert_int_equal(match->count, 1);
    assert_ptr_equal(match->rows[0].entry, &wild);
    topic_match_unref(match);
    topic_tree_remove(tree, &exact);
    topic_tree_remove(tree, &wild);
    assert_int_equal(topic_tree_stats(tree).nodes, 0);
    free(text);
    topic_tree_destroy(tree);
}

static void rows_of_an_owner_are_adjacent_and_in_order(void **state)
{
    struct topic_tree *tree = tree_of(8);
    static const char *filters[] = { "a/b", "+/b", "a/#", "#", "a/+" };
    struct sub subs[50];
    int owners[10];
    for (size_t i = 0; i < ARRAY_LEN(subs); i++)
        subscribe(tree, &subs[i], filters[i / 10], &owners[i * 7 % 10]);
    struct topic_match *match = topic_tree_match(tree, slice_str("a/b"));
    assert_int_equal(match->count, 50);
    for (size_t i = 0; i < 50; i += 5) {
        for (size_t j = 0; j < 5; j++) {
            const struct topic_entry *entry = match->rows[i + j].entry;
            assert_ptr_equal(entry->owner, match->rows[i].entry->owner);
            assert_string_equal(container_of(entry, struct sub, entry)->filter, filters[j]);
        }
    }
    topic_match_unref(match);
    topic_tree_destroy(tree);
}

static void held_match_survives_changes(void **state)
{
    struct topic_tree *tree = tree_of(8);
    struct sub *subs = xcalloc(3, sizeof *subs);
    struct sub late;
    subscribe(tree, &subs[0], "a/b", &subs[0]);
    subscribe(tree, &subs[1], "a/+", &subs[1]);
    subscribe(tree, &subs[2], "a/#", &subs[2]);
    struct topic_match *match = topic_match_ref(topic_tree_match(tree, slice_str("a/b")));
    assert_int_equal(match->count, 3);
    topic_tree_remove(tree, &subs[1].entry);
    subscribe(tree, &late, "a/b", &late);
    assert_int_equal(match->count, 3);
    assert_ptr_equal(match->rows[0].entry, &subs[0].entry);
    assert_null(match->rows[1].entry);
    assert_ptr_equal(match->rows[2].entry, &subs[2].entry);
    topic_match_unref(match);
    /* another holder of a newer match of the same topic */
    struct topic_match *newer = topic_tree_match(tree, slice_str("a/b"));
    assert_ptr_not_equal(newer, match);
    assert_int_equal(newer->count, 3);
    topic_tree_remove(tree, &subs[0].entry);
    topic_tree_remove(tree, &subs[2].entry);
    free(subs);
    for (size_t i = 0; i < match->count; i++)
        assert_null(match->rows[i].entry);
    size_t left = 0;
    for (size_t i = 0; i < newer->count; i++)
        left += newer->rows[i].entry != NULL;
    assert_int_equal(left, 1);
    topic_match_unref(match);
    topic_tree_destroy(tree);
    assert_null(late.entry.node);
    for (size_t i = 0; i < newer->count; i++)
        assert_null(newer->rows[i].entry);
    topic_match_unref(newer);
}

static void marks_stay_until_forgotten(void **state)
{
    struct topic_tree *tree = tree_of(8);
    struct sub subs[2];
    subscribe(tree, &subs[0], "a/b", &subs[0]);
    subscribe(tree, &subs[1], "c", &subs[1]);
    struct topic_match *match = topic_tree_match(tree, slice_str("a/b"));
    assert_int_equal(match->rows[0].mark, 0);
    match->rows[0].mark = 7;
    topic_match_unref(match);
    match = topic_tree_match(tree, slice_str("a/b"));
    assert_int_equal(match->rows[0].mark, 7);
    topic_tree_forget_marks(tree);
    assert_int_equal(match->rows[0].mark, 7); /* held */
    topic_match_unref(match);
    match = topic_tree_match(tree, slice_str("a/b"));
    assert_int_equal(match->rows[0].mark, 0);
    match->rows[0].mark = 9;
    topic_match_unref(match);
    topic_tree_remove(tree, &subs[1].entry); /* of no concern to a/b */
    match = topic_tree_match(tree, slice_str("a/b"));
    assert_int_equal(match->rows[0].mark, 9);
    topic_match_unref(match);
    topic_tree_remove(tree, &subs[0].entry);
    topic_tree_destroy(tree);
}

static bool is_cached(struct topic_tree *tree, const char *topic)
{
    uint64_t hits = topic_tree_stats(tree).hits;
    matches(tree, topic);
    return topic_tree_stats(tree).hits > hits;
}

static void changes_touch_only_what_they_match(void **state)
{
    static const struct {
        const char *filter;
        bool kept[5];
    } cases[] = {
        { "home/1/temp", { false, true, true, true, true } },
        { "home/1/other", { true, true, true, true, true } },
        { "home/1/#", { false, false, true, true, true } },
        { "home/#", { false, false, false, true, true } },
        { "home/+/temp", { false, true, false, true, true } },
        { "+/1/#", { false, false, true, true, true } },
        { "#", { false, false, false, false, true } },
        { "+/#", { false, false, false, false, true } },
        { "$aws/#", { true, true, true, true, false } },
        { "$aws/+", { true, true, true, true, false } },
    };
    static const char *topics[] = { "home/1/temp", "home/1/hum", "home/2/temp", "lab", "$aws/x" };
    struct topic_tree *tree = tree_of(16);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int add = 1; add >= 0; add--) {
            struct sub sub;
            if (!add) subscribe(tree, &sub, cases[i].filter, NULL);
            for (size_t t = 0; t < ARRAY_LEN(topics); t++)
                matches(tree, topics[t]);
            if (add) subscribe(tree, &sub, cases[i].filter, NULL);
            if (!add) topic_tree_remove(tree, &sub.entry);
            for (size_t t = 0; t < ARRAY_LEN(topics); t++)
                if (is_cached(tree, topics[t]) != cases[i].kept[t])
                    fail_msg("'%s' and '%s'", cases[i].filter, topics[t]);
            if (add) topic_tree_remove(tree, &sub.entry);
        }
    }
    topic_tree_destroy(tree);
}

static void cache_is_bounded_and_drops_the_oldest(void **state)
{
    struct topic_tree *tree = tree_of(4);
    static const char *topics[] = { "t/0", "t/1", "t/2", "t/3" };
    for (size_t i = 0; i < 4; i++)
        matches(tree, topics[i]);
    assert_true(is_cached(tree, "t/0"));
    for (int i = 0; i < 7; i++) { /* full: the eighth gets in */
        matches(tree, "t/4");
        assert_int_equal(topic_tree_stats(tree).evictions, 0);
    }
    matches(tree, "t/4");
    assert_int_equal(topic_tree_stats(tree).cached, 4);
    assert_int_equal(topic_tree_stats(tree).evictions, 1);
    assert_true(is_cached(tree, "t/0"));
    assert_true(is_cached(tree, "t/2"));
    assert_false(is_cached(tree, "t/1"));
    topic_tree_destroy(tree);
}

static void cache_is_bounded_in_bytes(void **state)
{
    struct topic_tree *tree =
        topic_tree_create(&(struct topic_tree_opts){ .cache_entries = 1000, .cache_bytes = 8192 });
    char topic[4000];
    for (int i = 0; i < 100; i++) {
        memset(topic, 'a' + i % 26, 900 + (size_t)i); /* another length each */
        topic[900 + i] = '\0';
        matches(tree, topic);
        assert_true(topic_tree_stats(tree).cache_bytes <= 8192);
    }
    assert_true(topic_tree_stats(tree).cached >= 2);
    struct sub *subs = xcalloc(1000, sizeof *subs);
    for (size_t i = 0; i < 1000; i++)
        subscribe(tree, &subs[i], "wide", &subs[i]);
    struct topic_match *match = topic_tree_match(tree, slice_str("wide"));
    assert_int_equal(match->count, 1000);
    assert_false(match->cached); /* larger than the whole cache */
    topic_tree_remove(tree, &subs[500].entry);
    size_t gone = 0;
    for (size_t i = 0; i < match->count; i++)
        gone += match->rows[i].entry == NULL;
    assert_int_equal(gone, 1);
    topic_match_unref(match);
    assert_true(topic_tree_stats(tree).cache_bytes <= 8192);
    topic_tree_destroy(tree);
    free(subs);
}

/* ---- against the oracle ---- */

static uint64_t dice = 88172645463325252u;
static size_t roll(size_t sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (size_t)(dice >> 11) % sides;
}

static void random_topic(char *out, bool filter)
{
    static const char *words[] = { "a", "b", "ab", "", "$s", "a!", "a.b", "c", "\x01", "\xc3\xa9" };
    size_t levels = 1 + roll(5);
    out[0] = '\0';
    for (size_t i = 0; i < levels; i++) {
        if (i) strcat(out, "/");
        if (filter && i + 1 == levels && roll(4) == 0)
            strcat(out, "#");
        else if (filter && roll(4) == 0)
            strcat(out, "+");
        else
            strcat(out, words[roll(ARRAY_LEN(words))]);
    }
    if (!out[0]) strcpy(out, "a");
}

#define SUBS 400

static void expect_like_oracle(struct sub *subs, const struct topic_match *match, const char *topic)
{
    size_t expected = 0;
    for (size_t i = 0; i < SUBS; i++)
        expected += subs[i].entry.node && topic_match(slice_str(subs[i].filter), slice_str(topic));
    if (match->count != expected)
        fail_msg("'%s': %zu instead of %zu", topic, match->count, expected);
    const struct topic_entry *last = NULL;
    for (size_t i = 0; i < match->count; i++) {
        const struct topic_entry *entry = match->rows[i].entry;
        struct sub *sub = container_of(entry, struct sub, entry);
        assert_true(topic_match(slice_str(sub->filter), slice_str(topic)));
        if (last) assert_true((uintptr_t)last->owner <= (uintptr_t)entry->owner);
        if (last && last->owner == entry->owner) assert_true(last->seq < entry->seq);
        last = entry;
    }
}

struct holding {
    struct topic_match *match;
    char topic[64];
};

/* Rows of a match that is held are live entries which match, or NULL. */
static void check_held(struct holding *held)
{
    for (size_t i = 0; i < held->match->count; i++) {
        const struct topic_entry *entry = held->match->rows[i].entry;
        if (!entry) continue;
        assert_non_null(entry->node);
        struct sub *sub = container_of(entry, struct sub, entry);
        assert_true(topic_match(slice_str(sub->filter), slice_str(held->topic)));
    }
    topic_match_unref(held->match);
    held->match = NULL;
}

static void run_random(size_t cache_entries, size_t steps)
{
    struct topic_tree *tree = tree_of(cache_entries);
    struct sub *subs = xcalloc(SUBS, sizeof *subs);
    struct holding held[8] = { 0 };
    char text[64];
    for (size_t step = 0; step < steps; step++) {
        struct sub *sub = &subs[roll(SUBS)];
        size_t what = roll(10);
        if (what < 3 && sub->entry.node) {
            topic_tree_remove(tree, &sub->entry);
            /* what is gone may not be looked at again: poison it for the sanitizer's sake */
            memset(sub, 0, sizeof *sub);
        } else if (what < 4 && !sub->entry.node) {
            random_topic(text, true);
            subscribe(tree, sub, text, &held[roll(ARRAY_LEN(held))]);
        } else {
            random_topic(text, false);
            struct topic_match *match = topic_tree_match(tree, slice_str(text));
            expect_like_oracle(subs, match, text);
            struct holding *hold = &held[roll(ARRAY_LEN(held))];
            if (hold->match) check_held(hold);
            hold->match = match;
            strcpy(hold->topic, text);
        }
        if (roll(200) == 0) topic_tree_forget_marks(tree);
    }
    struct topic_tree_stats stats = topic_tree_stats(tree);
    assert_true(stats.cached <= cache_entries);
    if (cache_entries) assert_true(stats.hits > 0 && stats.invalidations > 0);
    for (size_t i = 0; i < SUBS; i++)
        topic_tree_remove(tree, &subs[i].entry);
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        if (held[i].match) check_held(&held[i]);
    stats = topic_tree_stats(tree);
    assert_int_equal(stats.nodes, 0);
    assert_int_equal(stats.levels, 0);
    topic_tree_destroy(tree);
    free(subs);
}

static void random_steps_agree_with_topic_match(void **state)
{
    run_random(0, 5000);
    run_random(16, 15000);
    run_random(4096, 30000);
}

/* ---- topic_map ---- */

static void map_puts_gets_deletes(void **state)
{
    struct topic_map *map = topic_map_create();
    int one, two;
    assert_null(topic_map_get(map, slice_str("a")));
    assert_null(topic_map_put(map, slice_str("a/b"), &one));
    assert_null(topic_map_put(map, slice_str("a"), &one));
    assert_ptr_equal(topic_map_put(map, slice_str("a"), &two), &one);
    assert_ptr_equal(topic_map_get(map, slice_str("a")), &two);
    assert_ptr_equal(topic_map_get(map, slice_str("a/b")), &one);
    assert_null(topic_map_get(map, slice_str("a/")));
    assert_int_equal(topic_map_count(map), 2);
    assert_null(topic_map_del(map, slice_str("b")));
    assert_ptr_equal(topic_map_del(map, slice_str("a")), &two);
    assert_null(topic_map_del(map, slice_str("a")));
    assert_int_equal(topic_map_count(map), 1);
    topic_map_destroy(map);
    topic_map_destroy(NULL);
}

static bool join(struct slice name, void *value, void *arg)
{
    buf_put_slice(arg, name);
    buf_putc(arg, ' ');
    return true;
}

static void map_visits_in_order(void **state)
{
    static const char *names[] = { "b", "ab", "a/c", "a/b", "a",      "a!", "a/b/c", "$s/a",
                                   "/", "a/", "/x",  "$s",  "a/b/+x", "%",  "a/b.c" };
    static const struct {
        const char *filter, *expected;
    } cases[] = {
        { "#", "/ /x % a a/ a/b a/b/+x a/b/c a/b.c a/c a! ab b " },
        { "+", "% a a! ab b " },
        { "$s/#", "$s $s/a " },
        { "$s/+", "$s/a " },
        { "+/a", "" },
        { "a/#", "a a/ a/b a/b/+x a/b/c a/b.c a/c " },
        { "a/+", "a/ a/b a/b.c a/c " },
        { "+/b/#", "a/b a/b/+x a/b/c " },
        { "+/+/c", "a/b/c " },
        { "a/b", "a/b " },
        { "a/bb", "" },
        { "/+", "/ /x " },
        { "+/", "/ a/ " },
        { "zz/#", "" },
    };
    struct topic_map *map = topic_map_create();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        topic_map_put(map, slice_str(names[i]), (void *)names[i]);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = { 0 };
        topic_map_match(map, slice_str(cases[i].filter), join, &out);
        assert_string_equal(buf_str(&out), cases[i].expected);
        buf_deinit(&out);
    }
    topic_map_destroy(map);
}

static bool stop_at_two(struct slice name, void *value, void *arg)
{
    return ++*(int *)arg < 2;
}

static void map_stops_when_told(void **state)
{
    struct topic_map *map = topic_map_create();
    int calls = 0;
    for (int i = 0; i < 5; i++)
        topic_map_put(map, slice_of(&"abcde"[i], 1), map);
    topic_map_match(map, slice_str("#"), stop_at_two, &calls);
    assert_int_equal(calls, 2);
    struct topic_map_iter none = { 0 };
    struct slice name;
    void *value;
    assert_false(topic_map_iter_next(&none, map, &name, &value));
    topic_map_iter_deinit(&none);
    topic_map_destroy(map);
}

static void map_iterates_while_it_changes(void **state)
{
    struct topic_map *map = topic_map_create();
    char text[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "d/%03d/x", i);
        topic_map_put(map, slice_str(text), map);
    }
    struct topic_map_iter iter;
    topic_map_iter_init(&iter, slice_str("d/+/x"));
    struct slice name;
    void *value;
    int expected = 0;
    while (topic_map_iter_next(&iter, map, &name, &value)) {
        snprintf(text, sizeof text, "d/%03d/x", expected);
        assert_true(slice_eq_str(name, text));
        topic_map_del(map, slice_str(text)); /* under its feet */
        snprintf(text, sizeof text, "d/%03d/x", expected + 1);
        if (expected % 10 == 0) topic_map_del(map, slice_str(text)); /* the next one */
        snprintf(text, sizeof text, "d/%03d/w", expected);
        topic_map_put(map, slice_str(text), map); /* behind or beside: does not match */
        expected += expected % 10 == 0 ? 2 : 1;
    }
    assert_int_equal(expected, 1000);
    topic_map_iter_deinit(&iter);
    topic_map_destroy(map);
}

static void map_step_spends_its_budget(void **state)
{
    struct topic_map *map = topic_map_create();
    char text[32];
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "d/%03d/%s", i, i % 50 == 49 ? "x" : "w");
        topic_map_put(map, slice_str(text), map);
    }
    struct topic_map_iter iter;
    topic_map_iter_init(&iter, slice_str("+/+/x"));
    size_t found = 0, turns = 0;
    struct slice name;
    void *value;
    for (int rc = ERR_BUSY; rc; turns++) {
        size_t budget = 7;
        while ((rc = topic_map_iter_step(&iter, map, &budget, &name, &value)) == 1)
            found++;
        assert_true(rc == 0 || budget == 0);
        topic_map_put(map, slice_str(turns % 2 ? "e" : "a"), map);
        topic_map_del(map, slice_str(turns % 2 ? "a" : "e"));
    }
    assert_int_equal(found, 10);
    assert_true(turns > 500 / 8);
    topic_map_iter_deinit(&iter);
    topic_map_destroy(map);
}

#define NAMES 300

static void random_map_agrees_with_topic_match(void **state)
{
    static char names[NAMES][64];
    bool seen[NAMES], there[NAMES] = { false };
    struct topic_map *map = topic_map_create();
    for (size_t i = 0; i < NAMES; i++) {
        bool again = true;
        while (again) {
            random_topic(names[i], false);
            snprintf(names[i] + strlen(names[i]), 8, "/%c", (int)('a' + roll(3)));
            again = false;
            for (size_t j = 0; j < i; j++)
                again |= strcmp(names[i], names[j]) == 0;
        }
    }
    for (int round = 0; round < 3000; round++) {
        for (int i = 0; i < 10; i++) {
            size_t at = roll(NAMES);
            void *old = there[at] ? topic_map_del(map, slice_str(names[at]))
                                  : topic_map_put(map, slice_str(names[at]), names[at]);
            assert_ptr_equal(old, there[at] ? names[at] : NULL);
            there[at] = !there[at];
        }
        char filter[64];
        random_topic(filter, true);
        memset(seen, 0, sizeof seen);
        struct topic_map_iter iter;
        topic_map_iter_init(&iter, slice_str(filter));
        struct slice name;
        void *value;
        while (topic_map_iter_next(&iter, map, &name, &value)) {
            size_t at = (size_t)((char(*)[64])value - names);
            assert_true(slice_eq_str(name, names[at]) && !seen[at]);
            seen[at] = true;
            if (roll(8) == 0) { /* force a search */
                topic_map_put(map, slice_str("zz/zz/zz/zz/zz/zz/zz/zz"), map);
                topic_map_del(map, slice_str("zz/zz/zz/zz/zz/zz/zz/zz"));
            }
        }
        topic_map_iter_deinit(&iter);
        for (size_t i = 0; i < NAMES; i++) {
            bool expected = there[i] && topic_match(slice_str(filter), slice_str(names[i]));
            if (expected != seen[i]) fail_msg("'%s' and '%s'", filter, names[i]);
        }
    }
    topic_map_destroy(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tree_matches_nothing),
        cmocka_unit_test(nodes_go_with_the_last_entry),
        cmocka_unit_test(filters_read_back),
        cmocka_unit_test(bad_filters_and_limits_are_refused),
        cmocka_unit_test(deepest_filters_work),
        cmocka_unit_test(rows_of_an_owner_are_adjacent_and_in_order),
        cmocka_unit_test(held_match_survives_changes),
        cmocka_unit_test(marks_stay_until_forgotten),
        cmocka_unit_test(changes_touch_only_what_they_match),
        cmocka_unit_test(cache_is_bounded_and_drops_the_oldest),
        cmocka_unit_test(cache_is_bounded_in_bytes),
        cmocka_unit_test(random_steps_agree_with_topic_match),
        cmocka_unit_test(map_puts_gets_deletes),
        cmocka_unit_test(map_visits_in_order),
        cmocka_unit_test(map_stops_when_told),
        cmocka_unit_test(map_iterates_while_it_changes),
        cmocka_unit_test(map_step_spends_its_budget),
        cmocka_unit_test(random_map_agrees_with_topic_match),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
