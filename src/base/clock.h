/* clock.h — the one place that asks the system for the time. A test may own it (tests/lib/clock_fake). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <sys/types.h>

/* Milliseconds since 1970-01-01 UTC. Thread safe. */
int64_t clock_real_ms(void);
/* Nanoseconds and milliseconds of a clock that never goes back, from an unknown origin. Thread safe. */
int64_t clock_mono_ns(void);
int64_t clock_mono_ms(void);
/* CPU time that a process has used, all its threads, those that ended too; pid 0: our own. Negative
 * errno when there is no such process. Always the system's. */
int64_t clock_cpu_ns(pid_t pid);

struct clock_source {
    int64_t (*real_ms)(void);
    int64_t (*mono_ns)(void);
};
/* NULL puts the system's clocks back. Not for use while other threads run. */
void clock_set_source(const struct clock_source *source);

#define SECONDS(n) ((int64_t)(n)*1000)
#define MINUTES(n) SECONDS((n)*60)
#define HOURS(n)   MINUTES((n)*60)
#define DAYS(n)    HOURS((n)*24)

#endif
