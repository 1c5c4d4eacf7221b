/* rand_fake.c — see rand_fake.h. SplitMix64 over a counter, so that threads need no lock. */
#include "lib/rand_fake.h"

#include <stdatomic.h>
#include <string.h>

static _Atomic uint64_t counter;

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

#define STEP UINT64_C(0x9e3779b97f4a7c15)

static void fake_bytes(void *data, size_t len)
{
    for (uint8_t *at = data; len > 0;) {
        uint64_t value = mix(atomic_fetch_add(&counter, STEP) + STEP);
        size_t part = len < sizeof value ? len : sizeof value;
        memcpy(at, &value, part);
        at += part;
        len -= part;
    }
}

void rand_fake_install(uint64_t seed)
{
    atomic_store(&counter, seed);
    rand_set_source(fake_bytes);
}

void rand_fake_remove(void)
{
    rand_set_source(NULL);
}

uint64_t rand_fake_below(uint64_t *state, uint64_t limit)
{
    *state += STEP;
    return mix(*state) % limit;
}
