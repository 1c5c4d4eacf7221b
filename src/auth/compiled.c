/* compiled.c — see compiled.h. There is one entry for each policy, since only default versions are ever asked
 * for; when there are too many, the one that was not used for longest goes.
 *  I1  An entry holds a reference. Whoever got its policy has another, so dropping an entry only ends the
 *      sharing. */
#include "auth/compiled.h"

#include "base/mem.h"
#include "policy/policy.h"

#include <stdlib.h>

enum { MOST = 256 };

struct entry {
    struct list used;
    int64_t version;
    struct policy *policy;
};

void compiled_init(struct compiled *compiled)
{
    *compiled = (struct compiled){ 0 };
    list_init(&compiled->used);
}

static void drop(struct compiled *compiled, struct entry *entry)
{
    map_del(&compiled->entries, slice_str(policy_name(entry->policy)));
    list_remove(&entry->used);
    policy_unref(entry->policy);
    free(entry);
}

void compiled_deinit(struct compiled *compiled)
{
    while (!list_empty(&compiled->used))
        drop(compiled, container_of(compiled->used.next, struct entry, used));
    map_deinit(&compiled->entries);
}

void compiled_drop(struct compiled *compiled, const char *name)
{
    struct entry *entry = map_get_str(&compiled->entries, name);
    if (entry) drop(compiled, entry);
}

static void keep(struct compiled *compiled, const char *name, int64_t version,
                 struct policy *policy)
{
    struct entry *entry = xnew(struct entry);
    entry->version = version;
    entry->policy = policy_ref(policy);
    list_push_back(&compiled->used, &entry->used);
    map_put(&compiled->entries, slice_str(name), entry);
    if (compiled->entries.count > MOST)
        drop(compiled, container_of(compiled->used.next, struct entry, used));
}

int compiled_get(struct compiled *compiled, const char *name, int64_t version, const char *document,
                 struct policy **ret_policy, struct diag *diag)
{
    struct entry *entry = map_get_str(&compiled->entries, name);
    if (entry && entry->version == version) {
        list_remove(&entry->used);
        list_push_back(&compiled->used, &entry->used);
        *ret_policy = policy_ref(entry->policy);
        return 0;
    }
    int rc = policy_parse(name, slice_str(document), ret_policy, diag);
    if (rc < 0) return rc;
    if (entry) drop(compiled, entry);
    keep(compiled, name, version, *ret_policy);
    return 0;
}
