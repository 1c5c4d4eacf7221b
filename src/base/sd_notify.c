/* sd_notify.c — the notification protocol of systemd.
 *
 * $NOTIFY_SOCKET names a datagram socket: an absolute path, or '@' and an abstract name. A message
 * is NAME=value lines. The whole protocol is one sendto, so no library is linked for it.
 * The socket is made for each message: messages are rare, and nothing has to be closed or be valid
 * after a fork. MSG_DONTWAIT, because a manager that does not read must not hold the loop. */
#include "base/sd_notify.h"

#include "base/clock.h"
#include "base/slice.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int make_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_len)
{
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || !name[1]) return -EINVAL;
    if (len >= sizeof ret_address->sun_path) return -ENAMETOOLONG;
    *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(ret_address->sun_path, name, len);
    if (name[0] == '@') ret_address->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
    return 0;
}

int sd_notify_send(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || !*name) return 0;
    struct sockaddr_un address;
    socklen_t len;
    int rc = make_address(name, &address, &len);
    if (rc < 0) return rc;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                          (const struct sockaddr *)&address, len);
    rc = sent < 0 ? -errno : 1;
    close(fd);
    return rc;
}

int sd_notify_ready(void)
{
    return sd_notify_send("READY=1");
}

int sd_notify_reloading(void)
{
    char state[64];
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_ns() / 1000);
    return sd_notify_send(state);
}

int sd_notify_stopping(void)
{
    return sd_notify_send("STOPPING=1");
}

int sd_notify_watchdog(void)
{
    return sd_notify_send("WATCHDOG=1");
}

int sd_notify_status(const char *fmt, ...)
{
    static const char prefix[] = "STATUS=";
    enum { PREFIX = sizeof prefix - 1 };
    char state[PREFIX + 501];
    memcpy(state, prefix, sizeof prefix);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(state + PREFIX, sizeof state - PREFIX, fmt, ap);
    va_end(ap);
    for (char *p = state; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
    return sd_notify_send(state);
}

int64_t sd_watchdog_interval_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t allowed, whose;
    if (!usec || text_to_int(slice_str(usec), 1, INT64_MAX, &allowed) < 0) return 0;
    if (pid && (text_to_int(slice_str(pid), 1, INT64_MAX, &whose) < 0 || whose != getpid()))
        return 0;
    int64_t half = allowed / 2000;
    return half > 0 ? half : 1;
}
