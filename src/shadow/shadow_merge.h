/* shadow_merge.h — what an update does to one section of a shadow, and what sets two sections apart.
 * Pure, and of use to shadow_doc.c only. Source: Device Shadow service developer guide, "Device
 * Shadow service documents"; tests/golden/shadow has the observed cases. */
#ifndef SHADOW_SHADOW_MERGE_H
#define SHADOW_SHADOW_MERGE_H

#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

/* `desired` or `reported`: an object that is not empty and holds no null, and the tree of the times
 * at which its leaves were written. Both NULL when the shadow has no such section. Owned. */
struct shadow_section {
    struct json *value;
    struct json *metadata;
};

/* The texts of a value and of its metadata, written side by side. Zero-initialised is empty. */
struct shadow_twin {
    struct buf value;
    struct buf metadata;
};

void shadow_twin_deinit(struct shadow_twin *twin);

/* Appends the section as it is after `change`: an object (merged in), JSON null (nothing is left), or
 * NULL (as it was). Appends "{}" twice when nothing is left. `change` has no null under an array.
 *   written_s   the time of members which have lost their metadata
 *   now_s       the time of what the change writes */
void shadow_merge(const struct shadow_section *old, const struct json *change, int64_t written_s,
                  int64_t now_s, struct shadow_twin *out);

/* Appends the members of desired which reported lacks or has otherwise, and their metadata; true if
 * there are any ("{}" twice if not). written_s as above. */
bool shadow_diff(const struct shadow_section *desired, const struct shadow_section *reported,
                 int64_t written_s, struct shadow_twin *out);

/* Appends the tree of times for a value all of which was written at when_s; a null counts as a leaf. */
void shadow_print_times(const struct json *value, int64_t when_s, struct buf *out);

/* Opens the next member of the object being printed: a comma where one is due, the key, a colon. */
void shadow_print_key(struct buf *out, const char *key);

#endif
