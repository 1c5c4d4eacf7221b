/* rand_fake.h — chance that repeats: the same seed gives the same bytes. */
#ifndef TESTS_LIB_RAND_FAKE_H
#define TESTS_LIB_RAND_FAKE_H

#include "base/rand.h"

/* Puts rand_bytes and what is built on it under the seed. Before other threads run. */
void rand_fake_install(uint64_t seed);
void rand_fake_remove(void);
/* A number below `limit` (> 0) from a state of the test's own: for random tests that must repeat. */
uint64_t rand_fake_below(uint64_t *state, uint64_t limit);

#endif
