/* expiring.h — how long before its end a certificate is told of, and which revocation lists are overdue: for the operations ".ListExpiring" and
 * ".SaveExpiring", and for who tells.
 *
 * ".ListExpiring": what is there now, and which ACTIVE certificates have come nearer to their end since the last
 * ".SaveExpiring". Result:
 *   state                      what was saved last; absent: nothing
 *   nextCa, nextDevice         ms: the first end that is to come; absent: none
 *   within                     devices' certificates that end within expiring_days[i]
 *   authorities, certificates  {"names": [{"id", "end": ms, "days"}, ...], "more": number}
 *   overdue                    likewise the CAs whose revocation list should have been followed by another, once for
 *                              each day of that: "end" is when, "days" how many are over
 * ".SaveExpiring": {"state": an object; its member "checked", in ms, is the time of the last check}. */
#ifndef REGISTRY_EXPIRING_H
#define REGISTRY_EXPIRING_H

#include <stdint.h>

enum { EXPIRING_STEPS = 3 };
/* Rising. */
extern const int expiring_days[EXPIRING_STEPS];

/* The least of the days within which it ends; 0: it has more time, or has ended, or is made for no longer than
 * that. */
int expiring_within(int64_t begin_ms, int64_t end_ms, int64_t now_ms);

#endif
