/* topic.c — what a topic may be, and when a filter matches it; see topic.h.
 *
 * The rules are few and stand here once: the codec, REST, policies, rules and the tree all ask
 * these functions. Names and filters differ only in the wildcards, so one scan serves both and
 * returns the statement that is broken; the checks turn that into a code. Text is scanned byte by
 * byte: wildcards and '/' are ASCII, and no byte of a longer UTF-8 sequence can be mistaken for
 * one.
 *
 *  I1  Nothing here allocates or recurses; time is linear in the text.
 *  I2  topic_match is the definition of matching. The tree and the map are faster ways to the same
 *      answer, and their tests use it as the oracle. */
#include "topic/topic.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#define SHARE_PREFIX "$share/"

static const char *text_why(struct slice text)
{
    if (text.len == 0) return "[MQTT-4.7.3-1] a topic has at least one character";
    if (text.len > TOPIC_MAX_LEN) return "[MQTT-4.7.3-3] a topic has at most 65535 bytes";
    if (memchr(text.ptr, '\0', text.len)) return "[MQTT-4.7.3-2] U+0000 in a topic";
    if (!utf8_valid(text)) return "[MQTT-1.5.3-1] a topic which is not UTF-8";
    return NULL;
}

static const char *wildcards_why(struct slice filter)
{
    for (size_t at = 0; at <= filter.len;) {
        struct slice level = topic_next_level(filter, &at);
        if (level.len == 0) continue;
        bool last = at > filter.len;
        if (memchr(level.ptr, '#', level.len) && (level.len > 1 || !last))
            return "[MQTT-4.7.1-2] '#' which is not alone in the last level";
        if (memchr(level.ptr, '+', level.len) && level.len > 1)
            return "[MQTT-4.7.1-3] '+' which is not alone in its level";
    }
    return NULL;
}

static const char *plain_filter_why(struct slice filter)
{
    const char *why = text_why(filter);
    return why ? why : wildcards_why(filter);
}

bool topic_has_wildcard(struct slice filter)
{
    return filter.len > 0 &&
           (memchr(filter.ptr, '+', filter.len) || memchr(filter.ptr, '#', filter.len));
}

/* Any byte of the word that is zero, or not ASCII, has its highest bit set. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101) & ~word;
}

static inline bool is_plain_word(uint64_t word)
{
    uint64_t bad = word | zero_bytes(word) | zero_bytes(word ^ 0x2b2b2b2b2b2b2b2b) | /* '+' */
                   zero_bytes(word ^ 0x2323232323232323);                            /* '#' */
    return !(bad & 0x8080808080808080);
}

static inline uint64_t load_word(const char *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* ASCII without wildcards and U+0000, as nearly all names are: eight bytes at a time, since each PUBLISH
 * comes here. Shorter ones are left to the others. */
static bool is_plain(struct slice name)
{
    if (name.len < 8) return false;
    for (size_t at = 0; at < name.len - 8; at += 8)
        if (!is_plain_word(load_word(name.ptr + at))) return false;
    return is_plain_word(load_word(name.ptr + name.len - 8));
}

const char *topic_name_why(struct slice name)
{
    if (name.len <= TOPIC_MAX_LEN && is_plain(name)) return NULL;
    const char *why = text_why(name);
    if (why) return why;
    return topic_has_wildcard(name) ? "[MQTT-4.7.1-1] a wildcard in a topic name" : NULL;
}

/* The two parts of a shared filter, unchecked but for the group. */
static const char *share_why(struct slice filter, struct slice *ret_group, struct slice *ret_filter)
{
    size_t at = sizeof SHARE_PREFIX - 1;
    struct slice group = topic_next_level(filter, &at);
    if (group.len == 0 || topic_has_wildcard(group))
        return "[MQTT-4.8.2-2] a share name which is empty or has a wildcard";
    if (at > filter.len) return "[MQTT-4.8.2-2] a share name without a filter";
    struct slice inner = slice_from(filter, at);
    if (slice_starts(inner, SHARE_PREFIX))
        return "[MQTT-4.8.2-2] a shared filter within a shared filter";
    *ret_group = group;
    *ret_filter = inner;
    return NULL;
}

const char *topic_filter_why(struct slice filter)
{
    if (!slice_starts(filter, SHARE_PREFIX)) return plain_filter_why(filter);
    struct slice group = { 0 }, inner = { 0 };
    const char *why = text_why(filter);
    if (!why) why = share_why(filter, &group, &inner);
    return why ? why : plain_filter_why(inner);
}

int topic_name_check(struct slice name)
{
    return topic_name_why(name) ? ERR_TOPIC : 0;
}

int topic_filter_check(struct slice filter)
{
    return topic_filter_why(filter) ? ERR_TOPIC : 0;
}

int topic_share_split(struct slice filter, struct slice *ret_group, struct slice *ret_filter)
{
    if (!slice_starts(filter, SHARE_PREFIX)) return 0;
    struct slice group = { 0 }, inner = { 0 };
    if (text_why(filter) || share_why(filter, &group, &inner) || plain_filter_why(inner))
        return ERR_TOPIC;
    *ret_group = group;
    *ret_filter = inner;
    return 1;
}

bool topic_match(struct slice filter, struct slice name)
{
    bool wild_first = filter.len > 0 && (filter.ptr[0] == '+' || filter.ptr[0] == '#');
    if (wild_first && topic_is_reserved(name)) return false;
    size_t f = 0, n = 0;
    while (f <= filter.len) {
        struct slice want = topic_next_level(filter, &f);
        if (slice_eq(want, SLICE_LIT("#"))) return true;
        if (n > name.len) return false;
        struct slice have = topic_next_level(name, &n);
        if (!slice_eq(want, SLICE_LIT("+")) && !slice_eq(want, have)) return false;
    }
    return n > name.len;
}

struct slice topic_counted(struct slice text)
{
    static const char *const prefixes[] = { "$aws/rules/", SHARE_PREFIX };
    if (!topic_is_reserved(text)) return text; /* nearly all: this is asked for each message */
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (!slice_starts(text, prefixes[i])) continue;
        size_t at = strlen(prefixes[i]);
        topic_next_level(text, &at);
        if (at >= text.len) return text; /* nothing behind the prefix */
        return slice_of(text.ptr + at, text.len - at);
    }
    return text;
}

size_t topic_levels(struct slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '/';
    return count;
}

bool topic_is_reserved(struct slice name)
{
    return name.len > 0 && name.ptr[0] == '$';
}
