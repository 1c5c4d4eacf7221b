/* clock_fake.c — see clock_fake.h. Atomic, since workers and log lines read it from other threads. */
#include "lib/clock_fake.h"

#include <stdatomic.h>
#include <stddef.h>

#define START_REAL_MS INT64_C(1767323045000)
#define START_MONO_MS INT64_C(1000000)

static _Atomic int64_t real_now;
static _Atomic int64_t mono_now;

static int64_t fake_real_ms(void)
{
    return atomic_load(&real_now);
}

static int64_t fake_mono_ns(void)
{
    return atomic_load(&mono_now) * 1000000;
}

void clock_fake_install(void)
{
    static const struct clock_source source = { fake_real_ms, fake_mono_ns };
    atomic_store(&real_now, START_REAL_MS);
    atomic_store(&mono_now, START_MONO_MS);
    clock_set_source(&source);
}

void clock_fake_remove(void)
{
    clock_set_source(NULL);
}

void clock_fake_advance(int64_t ms)
{
    atomic_fetch_add(&real_now, ms);
    atomic_fetch_add(&mono_now, ms);
}

void clock_fake_set_real(int64_t epoch_ms)
{
    atomic_store(&real_now, epoch_ms);
}
