/* variable.h — names of policy variables and condition keys. */
#ifndef POLICY_VARIABLE_H
#define POLICY_VARIABLE_H

#include "base/arena.h"
#include "base/diag.h"
#include "policy/policy.h"

struct variable {
    const char *name; /* in the spelling of the documentation */
    size_t index;     /* which value: "….2" is 2 */
    bool single;      /* of several values that one alone */
};

/* ERR_INVALID when it cannot be a name. The name lives in arena, or for ever. */
int variable_compile(struct arena *arena, struct slice text, struct variable *ret_var,
                     struct diag *diag);
/* False when there is no such value. */
bool variable_get(const struct variable *var, size_t offset, const struct policy_vars *vars,
                  struct slice *ret_value);
/* The same for text that is put into a pattern: also false when the value is empty, longer than
 * 1024 bytes or contains one of * $ + ? #. */
bool variable_substitute(const struct variable *var, const struct policy_vars *vars,
                         struct slice *ret_value);
/* Appends "${iot:ClientId}". */
void variable_put(const struct variable *var, struct buf *out);

#endif
