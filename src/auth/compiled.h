/* compiled.h — policies that were compiled lately, so that many principals with one policy share one.
 * Loop thread only. */
#ifndef AUTH_COMPILED_H
#define AUTH_COMPILED_H

#include "base/diag.h"
#include "base/list.h"
#include "base/map.h"

#include <stdint.h>

struct policy;

struct compiled {
    struct map entries; /* by the policy's name */
    struct list used;   /* the last used at the end */
};

void compiled_init(struct compiled *compiled);
/* Policies that others hold stay. */
void compiled_deinit(struct compiled *compiled);
/* Returns 0 and a reference, or what policy_parse says. The document must be that of this version. */
int compiled_get(struct compiled *compiled, const char *name, int64_t version, const char *document,
                 struct policy **ret_policy, struct diag *diag);
/* The policy was changed or deleted: a new one of its name may have the same versions. */
void compiled_drop(struct compiled *compiled, const char *name);

#endif
