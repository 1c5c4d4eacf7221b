/* topic.h — topic names and filters: validity, matching. MQTT 3.1.1, sections 1.5.3 and 4.7; shared
 * subscriptions: MQTT 5.0, section 4.8.2. Pure functions; any thread; nothing is allocated. */
#ifndef TOPIC_TOPIC_H
#define TOPIC_TOPIC_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define TOPIC_MAX_LEN 65535

/* 0, or ERR_TOPIC: a name is 1 to 65535 bytes of UTF-8 without U+0000 and wildcards
 * [MQTT-1.5.3-1, 1.5.3-2, 4.7.1-1, 4.7.3-1 to -3]. Names that begin with '$' are fine here. */
int topic_name_check(struct slice name);

/* 0, or ERR_TOPIC: as a name, with '+' alone in its level and '#' alone in the last one
 * [MQTT-4.7.1-2, 4.7.1-3]. A filter that begins with "$share/" must split (topic_share_split). */
int topic_filter_check(struct slice filter);

/* Why the last two said no: a static sentence with the number of the statement, or NULL when the
 * text is fine. For the log. */
const char *topic_name_why(struct slice name);
const char *topic_filter_why(struct slice filter);

/* Does the filter match the name? Both are valid; a filter "$share/..." has been split before.
 * "sensor/#" matches "sensor"; a wildcard in the first level does not match a name that begins with
 * '$' [MQTT-4.7.2-1]. */
bool topic_match(struct slice filter, struct slice name);

/* Number of levels: 1 + the number of '/'. */
size_t topic_levels(struct slice name_or_filter);

/* What limits of length and depth count: the text without "$aws/rules/RULE/" and "$share/GROUP/". */
struct slice topic_counted(struct slice name_or_filter);

/* Is there a '+' or '#'? */
bool topic_has_wildcard(struct slice filter);

/* Is it of the form of a shared filter? Whether it is a valid one topic_share_split says. */
static inline bool topic_is_shared(struct slice filter)
{
    return slice_starts(filter, "$share/");
}
/* Splits "$share/{group}/{filter}" into views of its parts. Returns 1 and both parts; 0 when the
 * filter is no shared one (outputs untouched: use it as it is); ERR_TOPIC when the group is empty
 * or has a wildcard, or the filter part is missing, invalid, or shared itself. */
int topic_share_split(struct slice filter, struct slice *ret_group, struct slice *ret_filter);

/* Does the name begin with '$'? */
bool topic_is_reserved(struct slice name);

/* Walks the levels: returns the one that begins at *at and moves *at behind the '/' that follows
 * it. Start with *at = 0; there are no more levels when *at > text.len. */
static inline struct slice topic_next_level(struct slice text, size_t *at)
{
    size_t from = *at;
    const char *slash = memchr(text.ptr + from, '/', text.len - from);
    size_t len = slash ? (size_t)(slash - text.ptr) - from : text.len - from;
    *at = from + len + 1;
    return slice_of(text.ptr + from, len);
}

#endif
