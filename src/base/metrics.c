/* metrics.c — see metrics.h. */
#include "base/metrics.h"

#include "base/slice.h"

#include <string.h>

_Atomic int64_t metrics_values[METRIC_COUNT];

static const struct {
    const char *name;
    const char *type;
    const char *help;
} infos[METRIC_COUNT] = {
#define X(id, name, type, help) [METRIC_##id] = { name, type, help },
    METRICS_LIST(X)
#undef X
};

static struct slice family_of(const char *name)
{
    return slice_of(name, strcspn(name, "{"));
}

void metrics_print(struct buf *out)
{
    struct slice before = slice_of("", 0);
    for (int i = 0; i < METRIC_COUNT; i++) {
        struct slice family = family_of(infos[i].name);
        if (!slice_eq(family, before))
            buf_printf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)family.len, family.ptr,
                       infos[i].help, (int)family.len, family.ptr, infos[i].type);
        before = family;
        buf_printf(out, "%s %lld\n", infos[i].name, (long long)metrics_get((enum metric)i));
    }
}
