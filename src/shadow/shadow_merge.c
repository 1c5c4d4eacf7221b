/* shadow_merge.c — merge and difference of shadow sections.
 *
 * Both walk two trees and print the outcome, value and metadata at once, instead of changing a tree
 * in place. What is printed is measured against the size limit and stored anyway, the old document
 * stays whole for update/documents, and the cost is linear: setting members of a tree one by one
 * looks each key up again, and a peer may send sixteen thousand of them.
 *
 *  I1  The two texts of a twin have the same shape: every object of the value has an object of the
 *      same keys in the metadata, every array an array of the same length, every other value
 *      {"timestamp":N}.
 *  I2  No null is ever printed: null members are left out, and nulls under arrays were refused.
 *  I3  Members keep their order; new ones come last. So the trees which meet here are nearly always
 *      in the same order, and `members` finds a key where the last search ended.
 *
 * Recursion is as deep as the documents, which the parser limits. */
#include "shadow/shadow_merge.h"

#include "base/map.h"

#include <string.h>

/* Finds members of an object by key: at the guessed place, then by a few searches from the front,
 * then by a map. */
struct members {
    const struct json *object;
    struct json *guess;
    unsigned searches;
    struct map map;
};

static struct members members_of(const struct json *object)
{
    if (!json_is(object, JSON_OBJECT)) return (struct members){ 0 };
    return (struct members){ .object = object, .guess = json_first(object) };
}

static struct json *members_search(struct members *members, const char *key)
{
    enum { FEW = 16 };
    if (members->searches < FEW) {
        members->searches++;
        return json_get(members->object, key);
    }
    if (members->map.count == 0)
        json_for_each(member, members->object)
            map_put(&members->map, slice_str(json_key(member)), member);
    return map_get_str(&members->map, key);
}

static struct json *members_find(struct members *members, const char *key)
{
    struct json *found = members->guess;
    if (!found || strcmp(json_key(found), key) != 0) found = members_search(members, key);
    if (found) members->guess = json_next(found);
    return found;
}

static void members_deinit(struct members *members)
{
    map_deinit(&members->map);
}

void shadow_twin_deinit(struct shadow_twin *twin)
{
    buf_deinit(&twin->value);
    buf_deinit(&twin->metadata);
}

static void twin_putc(struct shadow_twin *twin, char c)
{
    buf_putc(&twin->value, c);
    buf_putc(&twin->metadata, c);
}

static void twin_key(struct shadow_twin *twin, const char *key)
{
    shadow_print_key(&twin->value, key);
    shadow_print_key(&twin->metadata, key);
}

static void cut(struct buf *buf, size_t len)
{
    buf->len = len;
    buf->data[len] = '\0';
}

static void print_comma(struct buf *out)
{
    if (out->data[out->len - 1] != '{' && out->data[out->len - 1] != '[') buf_putc(out, ',');
}

void shadow_print_key(struct buf *out, const char *key)
{
    print_comma(out);
    json_print_str(out, slice_str(key));
    buf_putc(out, ':');
}

void shadow_print_times(const struct json *value, int64_t when_s, struct buf *out)
{
    enum json_type type = json_type(value);
    if (type != JSON_OBJECT && type != JSON_ARRAY) {
        buf_puts(out, "{\"timestamp\":");
        buf_put_int(out, when_s);
        buf_putc(out, '}');
        return;
    }
    buf_putc(out, type == JSON_OBJECT ? '{' : '[');
    json_for_each(child, value) {
        if (type == JSON_OBJECT)
            shadow_print_key(out, json_key(child));
        else
            print_comma(out);
        shadow_print_times(child, when_s, out);
    }
    buf_putc(out, type == JSON_OBJECT ? '}' : ']');
}

static void put_kept(const struct json *value, const struct json *metadata, int64_t written_s,
                     struct shadow_twin *out)
{
    json_print(value, &out->value);
    if (metadata)
        json_print(metadata, &out->metadata);
    else
        shadow_print_times(value, written_s, &out->metadata);
}

static void put_fresh(const struct json *value, int64_t now_s, struct shadow_twin *out)
{
    if (!json_is(value, JSON_OBJECT)) {
        put_kept(value, NULL, now_s, out);
        return;
    }
    twin_putc(out, '{');
    json_for_each(member, value) {
        if (json_is(member, JSON_NULL)) continue;
        twin_key(out, json_key(member));
        put_fresh(member, now_s, out);
    }
    twin_putc(out, '}');
}

struct merge {
    int64_t written_s;
    int64_t now_s;
    struct shadow_twin *out;
};

static void merge_objects(const struct merge *merge, const struct json *old,
                          const struct json *metadata, const struct json *change);

static void merge_member(const struct merge *merge, const struct json *old,
                         const struct json *metadata, const struct json *change)
{
    if (!change)
        put_kept(old, metadata, merge->written_s, merge->out);
    else if (json_is(old, JSON_OBJECT) && json_is(change, JSON_OBJECT))
        merge_objects(merge, old, metadata, change);
    else
        put_fresh(change, merge->now_s, merge->out);
}

static void merge_objects(const struct merge *merge, const struct json *old,
                          const struct json *metadata, const struct json *change)
{
    struct members before = members_of(old);
    struct members times = members_of(metadata);
    struct members changes = members_of(change);
    twin_putc(merge->out, '{');
    json_for_each(member, old) {
        const char *key = json_key(member);
        const struct json *changed = members_find(&changes, key);
        const struct json *time = members_find(&times, key);
        if (json_is(changed, JSON_NULL)) continue;
        twin_key(merge->out, key);
        merge_member(merge, member, time, changed);
    }
    json_for_each(member, change) {
        if (json_is(member, JSON_NULL) || members_find(&before, json_key(member))) continue;
        twin_key(merge->out, json_key(member));
        put_fresh(member, merge->now_s, merge->out);
    }
    twin_putc(merge->out, '}');
    members_deinit(&before);
    members_deinit(&times);
    members_deinit(&changes);
}

void shadow_merge(const struct shadow_section *old, const struct json *change, int64_t written_s,
                  int64_t now_s, struct shadow_twin *out)
{
    const struct merge merge = { written_s, now_s, out };
    bool removed = json_is(change, JSON_NULL);
    merge_objects(&merge, removed ? NULL : old->value, removed ? NULL : old->metadata, change);
}

static bool diff_objects(const struct json *desired, const struct json *metadata,
                         const struct json *reported, int64_t written_s, struct shadow_twin *out);

/* Prints one member if it differs, with its key; true if it did. */
static bool diff_member(const struct json *desired, const struct json *metadata,
                        const struct json *reported, int64_t written_s, struct shadow_twin *out)
{
    bool nested = json_is(desired, JSON_OBJECT) && json_is(reported, JSON_OBJECT);
    if (!nested && reported && json_equal(desired, reported)) return false;
    size_t value_len = out->value.len, metadata_len = out->metadata.len;
    twin_key(out, json_key(desired));
    if (!nested) {
        put_kept(desired, metadata, written_s, out);
        return true;
    }
    if (diff_objects(desired, metadata, reported, written_s, out)) return true;
    cut(&out->value, value_len);
    cut(&out->metadata, metadata_len);
    return false;
}

static bool diff_objects(const struct json *desired, const struct json *metadata,
                         const struct json *reported, int64_t written_s, struct shadow_twin *out)
{
    struct members times = members_of(metadata);
    struct members others = members_of(reported);
    bool differ = false;
    twin_putc(out, '{');
    json_for_each(member, desired) {
        const struct json *time = members_find(&times, json_key(member));
        const struct json *other = members_find(&others, json_key(member));
        if (diff_member(member, time, other, written_s, out)) differ = true;
    }
    twin_putc(out, '}');
    members_deinit(&times);
    members_deinit(&others);
    return differ;
}

bool shadow_diff(const struct shadow_section *desired, const struct shadow_section *reported,
                 int64_t written_s, struct shadow_twin *out)
{
    return diff_objects(desired->value, desired->metadata, reported->value, written_s, out);
}
