/* login_delay.h — how long whoever fails to log in has to wait before the next try. Bounded memory; the time is
 * the caller's. Loop thread only. */
#ifndef AUTH_LOGIN_DELAY_H
#define AUTH_LOGIN_DELAY_H

#include "base/slice.h"

#include <stdint.h>

struct login_delay_opts {
    int64_t free; /* failures of a user from one address that cost nothing */
    int64_t
        first_ms; /* the delay after the next one; each further one doubles it. 0: no delays at all */
    int64_t
        most_ms; /* at most this; and when so long nothing has failed, half of the failures are forgotten */
};

#define LOGIN_DELAY_ENTRIES \
    4096 /* of users at addresses, of addresses, and of users; the oldest make room */
#define LOGIN_HOLD_MAX 5000 /* ms */

struct login_delays;

struct login_delays *login_delays_create(const struct login_delay_opts *opts);
void login_delays_destroy(struct login_delays *delays); /* accepts NULL */

struct login_verdict {
    int64_t refused_ms; /* 0, or: to be refused, without a look at the password; for so long */
    int64_t held_ms;    /* 0, or: to be looked at after so long */
};
/* Of an attempt at now_ms (clock_mono_ms). An address that cannot be read counts as this host's. */
struct login_verdict login_delays_judge(struct login_delays *delays, struct slice user,
                                        const char *address, int64_t now_ms);
void login_delays_failed(struct login_delays *delays, struct slice user, const char *address,
                         int64_t now_ms);
void login_delays_succeeded(struct login_delays *delays, struct slice user, const char *address,
                            int64_t now_ms);

#endif
