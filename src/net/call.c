/* call.c — see call.h. */
#include "net/call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { SEE_OFF_MS = 1000 };

struct net_call {
    int fd;
    struct tls_call *tls; /* NULL: plain */
    bool tls_write;       /* the last write waits for tls_call_events */
};

static int wait_for(int fd, short events, const struct net_patience *patience)
{
    struct pollfd fds[] = { { .fd = fd, .events = events },
                            { .fd = patience->stop_fd, .events = POLLIN } };
    for (;;) {
        int64_t left = patience->deadline - clock_mono_ms();
        if (left <= 0) return ERR_TIMEOUT;
        int n = poll(fds, 2, (int)(left < INT32_MAX ? left : INT32_MAX));
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) return fds[1].revents ? -EINTR : 0;
    }
}

static int connect_fd(int fd, const struct sockaddr *address, socklen_t len,
                      const struct net_patience *patience)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(fd, address, len) == 0) return 0;
    if (errno != EINPROGRESS) return -errno;
    int rc = wait_for(fd, POLLOUT, patience);
    if (rc < 0) return rc;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno;
}

int net_call_open(struct net_call **ret_call, const struct sockaddr *address, socklen_t len,
                  const struct net_patience *patience)
{
    const int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    int rc = connect_fd(fd, address, len, patience);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    if (address->sa_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct net_call *call = xnew(struct net_call);
    call->fd = fd;
    *ret_call = call;
    return 0;
}

int net_call_start_tls(struct net_call *call, struct tls_client *tls,
                       const struct net_patience *patience, struct diag *diag)
{
    int rc = tls_call_create(&call->tls, tls, call->fd, diag);
    while (rc == 0) {
        rc = tls_call_handshake(call->tls, diag);
        if (rc != -EAGAIN) return rc;
        rc = wait_for(call->fd, tls_call_events(call->tls), patience);
    }
    return rc;
}

/* A socket that is closed with bytes unread is reset, and what was sent last may be lost with it. */
static void see_off(struct net_call *call)
{
    const struct net_patience patience = { clock_mono_ms() + SEE_OFF_MS, -1 };
    char data[16384];
    if (call->tls) tls_call_close(call->tls);
    shutdown(call->fd, SHUT_WR);
    while (wait_for(call->fd, POLLIN, &patience) == 0)
        if (recv(call->fd, data, sizeof data, 0) <= 0) return;
}

void net_call_close(struct net_call *call, bool polite)
{
    if (!call) return;
    if (polite) see_off(call);
    tls_call_destroy(call->tls);
    close(call->fd);
    free(call);
}

static ssize_t result_of(ssize_t n, struct diag *diag)
{
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EINTR) return -EAGAIN;
    return diag_set(diag, -errno, "the connection was lost: %s", err_text(-errno));
}

ssize_t net_call_read(struct net_call *call, void *data, size_t len, struct diag *diag)
{
    if (call->tls) return tls_call_read(call->tls, data, len, diag);
    return result_of(recv(call->fd, data, len, 0), diag);
}

ssize_t net_call_write(struct net_call *call, const void *data, size_t len, struct diag *diag)
{
    if (!call->tls) return result_of(send(call->fd, data, len, MSG_NOSIGNAL), diag);
    ssize_t taken = tls_call_write(call->tls, data, len, diag);
    call->tls_write = taken == -EAGAIN;
    return taken;
}

int net_call_wait(const struct net_call *call, bool writing, const struct net_patience *patience)
{
    short events = call->tls ? tls_call_events(call->tls) : writing ? POLLOUT : POLLIN;
    return wait_for(call->fd, events, patience);
}

int net_call_fd(const struct net_call *call)
{
    return call->fd;
}

short net_call_events(const struct net_call *call, bool writing)
{
    if (!writing) return POLLIN;
    return call->tls && call->tls_write ? tls_call_events(call->tls) | POLLIN : POLLIN | POLLOUT;
}

bool net_call_pending(const struct net_call *call)
{
    return call->tls && tls_call_pending(call->tls);
}
