/* budget.h — what messages and output take of the memory, all together, against one limit (limits.memory).
 * Each use is a gauge of metrics.h, so what is counted can be seen. Loop thread only.
 *
 * Nobody is refused memory here: who makes the amount grow asks budget_over() and slows down, drops what
 * may be dropped, or takes no more guests. */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include "base/metrics.h"

#include <stdbool.h>
#include <stddef.h>

enum budget_use {
    BUDGET_MESSAGES = METRIC_MEMORY_MESSAGES, /* every struct msg: queued, retained, on its way */
    BUDGET_QUEUES = METRIC_MEMORY_QUEUES,     /* what queues have beside the messages */
    BUDGET_OUTPUT = METRIC_MEMORY_OUTPUT,     /* encoded, waiting for sockets */
};

static inline void budget_add(enum budget_use use, size_t bytes)
{
    metrics_add((enum metric)use, (int64_t)bytes);
}

static inline void budget_sub(enum budget_use use, size_t bytes)
{
    metrics_add((enum metric)use, -(int64_t)bytes);
}

/* 0: no limit. */
void budget_set_limit(size_t bytes);
size_t budget_limit(void);
static inline int64_t budget_used(void)
{
    return metrics_get(METRIC_MEMORY_MESSAGES) + metrics_get(METRIC_MEMORY_QUEUES) +
           metrics_get(METRIC_MEMORY_OUTPUT);
}

extern int64_t budget_most; /* for the two below */
static inline bool budget_over(void)
{
    return budget_used() > budget_most;
}

/* Well below the limit again: whoever was held back may go on. */
static inline bool budget_relaxed(void)
{
    return budget_used() <= budget_most - budget_most / 8;
}

#endif
