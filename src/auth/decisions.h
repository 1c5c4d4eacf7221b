/* decisions.h — what was allowed before, and to whom: one hash look-up instead of an evaluation. Bounded; loop
 * thread only.
 *
 * A key has everything that an answer depends on (the stamp of the principal stands for policies, attachments,
 * groups, things, certificate, credential), so nothing has to be dropped when something changes: what holds no more
 * is not asked for any more, and makes room. What depends on the time is never put here: check.c sees to both. */
#ifndef AUTH_DECISIONS_H
#define AUTH_DECISIONS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct decisions;

/* most: entries, rounded up to a power of two; 0: nothing is remembered. */
struct decisions *decisions_create(size_t most);
/* Accepts NULL. */
void decisions_destroy(struct decisions *decisions);
bool decisions_has(const struct decisions *decisions, struct slice key);
/* Copies the key. */
void decisions_add(struct decisions *decisions, struct slice key);

#endif
