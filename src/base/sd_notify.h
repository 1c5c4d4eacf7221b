/* sd_notify.h — tells the service manager how the process is: systemd's notification protocol
 * (sd_notify(3), section "Description" and "Notes"), spoken by hand.
 *
 * Without $NOTIFY_SOCKET in the environment everything here does nothing and returns 0. A message
 * is one datagram which is never waited for: 1 when it is sent, or a negative errno, for which
 * nobody need care.
 * Any thread, as long as no other changes the environment. */
#ifndef BASE_SD_NOTIFY_H
#define BASE_SD_NOTIFY_H

#include <stdint.h>

int sd_notify_ready(void);
/* Before a reload; sd_notify_ready() ends it. Carries the monotonic time. */
int sd_notify_reloading(void);
int sd_notify_stopping(void);
int sd_notify_watchdog(void);
/* One line for `systemctl status`; cut at 500 bytes, line ends become blanks. */
int sd_notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Any assignments, separated by line ends. */
int sd_notify_send(const char *state);

/* How often sd_notify_watchdog() should be called: half of what the service manager allows
 * (WATCHDOG_USEC), at least 1 ms. 0: it does not watch this process. */
int64_t sd_watchdog_interval_ms(void);

#endif
