/* budget.c — see budget.h. */
#include "base/budget.h"

int64_t budget_most = INT64_MAX;

void budget_set_limit(size_t bytes)
{
    budget_most = bytes ? (int64_t)bytes : INT64_MAX;
    metrics_set(METRIC_MEMORY_LIMIT, (int64_t)bytes);
}

size_t budget_limit(void)
{
    return (size_t)metrics_get(METRIC_MEMORY_LIMIT);
}
