/* clock_fake.h — a clock that moves only when the test says so. */
#ifndef TESTS_LIB_CLOCK_FAKE_H
#define TESTS_LIB_CLOCK_FAKE_H

#include "base/clock.h"

/* Puts the fake in place: real time 2026-01-02T03:04:05.000Z, monotonic time 1,000,000 ms. Before
 * other threads run. */
void clock_fake_install(void);
/* Puts the system's clocks back. */
void clock_fake_remove(void);
/* Moves both clocks. Any thread may read meanwhile. */
void clock_fake_advance(int64_t ms);
/* Sets the real-time clock alone, as an administrator or NTP does. */
void clock_fake_set_real(int64_t epoch_ms);

#endif
