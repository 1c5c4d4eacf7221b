/* clock.c — see clock.h. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t system_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t system_real_ms(void)
{
    return system_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t system_mono_ns(void)
{
    return system_ns(CLOCK_MONOTONIC);
}

static const struct clock_source system_source = { system_real_ms, system_mono_ns };
static const struct clock_source *current = &system_source;

int64_t clock_real_ms(void)
{
    return current->real_ms();
}

int64_t clock_mono_ns(void)
{
    return current->mono_ns();
}

int64_t clock_mono_ms(void)
{
    return current->mono_ns() / 1000000;
}

int64_t clock_cpu_ns(pid_t pid)
{
    clockid_t id;
    int rc = clock_getcpuclockid(pid, &id);
    return rc ? -rc : system_ns(id);
}

void clock_set_source(const struct clock_source *source)
{
    current = source ? source : &system_source;
}
