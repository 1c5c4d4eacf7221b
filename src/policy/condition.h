/* condition.h — the Condition block of a statement. */
#ifndef POLICY_CONDITION_H
#define POLICY_CONDITION_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"
#include "policy/pattern.h"

struct condition_value;
struct condition_op;

/* One operator on one key. Plain data, immutable once compiled; all of it lives in the arena. */
struct condition {
    const struct condition_op *op;
    enum { CONDITION_PLAIN, CONDITION_ALL, CONDITION_ANY } set; /* ForAllValues:, ForAnyValue: */
    bool if_exists;
    struct variable key;
    struct condition_value *values;
    size_t count;
};

/* Compiles the object `block`. ERR_INVALID with the place within the block:
 * "StringLike.iot:ClientId: must be …". */
int condition_compile(struct arena *arena, const struct json *block, struct condition **ret_items,
                      size_t *ret_count, struct diag *diag);
/* Appends "ForAllValues:StringLikeIfExists on iot:ClientId". */
void condition_put_name(const struct condition *condition, struct buf *out);
bool condition_holds(const struct condition *condition, const struct policy_vars *vars);
/* Calls cb for the key and for each variable in the values. */
void condition_each_variable(const struct condition *condition,
                             void (*cb)(void *arg, const char *name), void *arg);

#endif
