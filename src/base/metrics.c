/* metrics.c — see metrics.h. */
#include "base/metrics.h"

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

void metrics_print(struct buf *out)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", infos[i].name, infos[i].help,
                   infos[i].name, infos[i].type, infos[i].name,
                   (long long)metrics_get((enum metric)i));
}
