/* link.c — see link.h.
 *
 * Names are resolved by getaddrinfo, which blocks: this is a command of a shell, whose second Ctrl-C ends
 * it whatever it waits for. Each address is tried in turn until one answers. */
#include "cli/mqtt/link.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SEE_OFF_MS = 1000 };

struct mqtt_link {
    int fd;
    struct tls_call *tls; /* NULL: plain */
    bool tls_write;       /* the last write waits for tls_call_events */
};

struct attempt {
    const struct mqtt_target *target;
    int64_t deadline;
    int stop_fd;
    struct diag *diag;
};

void mqtt_target_name(const struct mqtt_target *target, char *out, size_t size)
{
    if (target->path)
        snprintf(out, size, "%s", target->path);
    else
        snprintf(out, size, strchr(target->host, ':') ? "[%s]:%u" : "%s:%u", target->host,
                 target->port);
}

static int not_reached(const struct attempt *a, int rc)
{
    char name[256];
    mqtt_target_name(a->target, name, sizeof name);
    if (rc == ERR_TIMEOUT) return diag_set(a->diag, rc, "%s does not answer", name);
    if (rc == -EINTR) return diag_set(a->diag, rc, "interrupted");
    if (a->target->path && (rc == -ENOENT || rc == -ECONNREFUSED))
        return diag_set(a->diag, rc, "the hub is not running (nobody listens on %s)", name);
    return diag_set(a->diag, rc, "%s: %s", name, err_text(rc));
}

/* 0, -EINTR, ERR_TIMEOUT or an errno. */
static int wait_for(const struct attempt *a, int fd, short events)
{
    struct pollfd fds[] = { { .fd = fd, .events = events },
                            { .fd = a->stop_fd, .events = POLLIN } };
    for (;;) {
        int64_t left = a->deadline - clock_mono_ms();
        if (left <= 0) return ERR_TIMEOUT;
        int n = poll(fds, 2, (int)(left < INT32_MAX ? left : INT32_MAX));
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) return fds[1].revents ? -EINTR : 0;
    }
}

static int connect_to(const struct attempt *a, const struct sockaddr *address, socklen_t len,
                      int *ret_fd)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    int rc = connect(fd, address, len) == 0 ? 0 : -errno;
    if (rc == -EINPROGRESS) {
        int error = 0;
        socklen_t size = sizeof error;
        rc = wait_for(a, fd, POLLOUT);
        if (rc == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0) rc = -error;
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

static int connect_unix(const struct attempt *a, int *ret_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = a->target->path;
    if (strlen(path) >= sizeof address.sun_path)
        return diag_set(a->diag, -ENAMETOOLONG,
                        "%s is longer than %zu bytes, the most for a socket", path,
                        sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int rc = connect_to(a, (const struct sockaddr *)&address, sizeof address, ret_fd);
    return rc < 0 ? not_reached(a, rc) : 0;
}

static int connect_tcp(const struct attempt *a, int *ret_fd)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    const int on = 1;
    struct addrinfo *all;
    char port[8];
    snprintf(port, sizeof port, "%u", a->target->port);
    int failed = getaddrinfo(a->target->host, port, &hints, &all);
    if (failed)
        return diag_set(a->diag, ERR_NOT_FOUND, "%s: %s", a->target->host, gai_strerror(failed));
    int rc = ERR_NOT_FOUND;
    for (const struct addrinfo *it = all; it && rc < 0; it = it->ai_next) {
        rc = connect_to(a, it->ai_addr, it->ai_addrlen, ret_fd);
        if (rc == -EINTR || rc == ERR_TIMEOUT) break;
    }
    freeaddrinfo(all);
    if (rc < 0) return not_reached(a, rc);
    setsockopt(*ret_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return 0;
}

static int shake_hands(const struct attempt *a, struct mqtt_link *link)
{
    int rc = tls_call_create(&link->tls, a->target->tls, link->fd, a->diag);
    while (rc == 0) {
        rc = tls_call_handshake(link->tls, a->diag);
        if (rc != -EAGAIN) return rc;
        rc = wait_for(a, link->fd, tls_call_events(link->tls));
        if (rc < 0) return not_reached(a, rc);
    }
    return rc;
}

int mqtt_link_open(const struct mqtt_target *target, int64_t deadline, int stop_fd,
                   struct mqtt_link **ret_link, struct diag *diag)
{
    const struct attempt attempt = { target, deadline, stop_fd, diag };
    struct mqtt_link *link = xnew(struct mqtt_link);
    link->fd = -1;
    int rc = target->path ? connect_unix(&attempt, &link->fd) : connect_tcp(&attempt, &link->fd);
    if (rc == 0 && target->tls) rc = shake_hands(&attempt, link);
    if (rc < 0) {
        mqtt_link_close(link, false);
        return rc;
    }
    *ret_link = link;
    return 0;
}

/* A socket that is closed with bytes unread is reset, and what was sent last may be lost with it. */
static void see_off(struct mqtt_link *link)
{
    const int64_t end = clock_mono_ms() + SEE_OFF_MS;
    char data[16384];
    if (link->tls) tls_call_close(link->tls);
    shutdown(link->fd, SHUT_WR);
    for (int64_t left = SEE_OFF_MS; left > 0; left = end - clock_mono_ms()) {
        struct pollfd poll_fd = { .fd = link->fd, .events = POLLIN };
        if (poll(&poll_fd, 1, (int)left) <= 0 || recv(link->fd, data, sizeof data, 0) <= 0) return;
    }
}

void mqtt_link_close(struct mqtt_link *link, bool polite)
{
    if (!link) return;
    if (polite) see_off(link);
    tls_call_destroy(link->tls);
    if (link->fd >= 0) close(link->fd);
    free(link);
}

ssize_t mqtt_link_read(struct mqtt_link *link, void *data, size_t len, struct diag *diag)
{
    if (link->tls) return tls_call_read(link->tls, data, len, diag);
    ssize_t n = recv(link->fd, data, len, 0);
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EINTR) return -EAGAIN;
    return diag_set(diag, -errno, "the connection was lost: %s", err_text(-errno));
}

ssize_t mqtt_link_write(struct mqtt_link *link, const void *data, size_t len, struct diag *diag)
{
    if (link->tls) {
        ssize_t taken = tls_call_write(link->tls, data, len, diag);
        link->tls_write = taken == -EAGAIN;
        return taken;
    }
    ssize_t n = send(link->fd, data, len, MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EINTR) return -EAGAIN;
    return diag_set(diag, -errno, "the connection was lost: %s", err_text(-errno));
}

int mqtt_link_fd(const struct mqtt_link *link)
{
    return link->fd;
}

short mqtt_link_events(const struct mqtt_link *link, bool writing)
{
    if (!writing) return POLLIN;
    return link->tls && link->tls_write ? tls_call_events(link->tls) | POLLIN : POLLIN | POLLOUT;
}

bool mqtt_link_pending(const struct mqtt_link *link)
{
    return link->tls && tls_call_pending(link->tls);
}
