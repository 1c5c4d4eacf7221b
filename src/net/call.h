/* call.h — the calling side of a connection: TCP or a Unix socket, with TLS or without. For threads that may
 * block: opening does, until a deadline or until somebody asks to stop; reading and writing do not. No
 * loop. */
#ifndef NET_CALL_H
#define NET_CALL_H

#include "base/diag.h"
#include "net/tls_client.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct net_call;

struct net_patience {
    int64_t deadline; /* by clock_mono_ms */
    int stop_fd;      /* when it is readable, nobody waits any more; -1: none */
};

/* 0 and an owned call. -EINTR: stop_fd has become readable. ERR_TIMEOUT: not before the deadline. Else a
 * negative errno. */
int net_call_open(struct net_call **ret_call, const struct sockaddr *address, socklen_t len,
                  const struct net_patience *patience);
/* The handshake; `tls`, for the host that is meant, is borrowed as long as the call lives. -EINTR, ERR_TIMEOUT
 * and errnos as above; ERR_CERT, ERR_CRYPTO, ERR_CLOSED have the reason. */
int net_call_start_tls(struct net_call *call, struct tls_client *tls,
                       const struct net_patience *patience, struct diag *diag);
/* Accepts NULL. polite: what has been written arrives, if the other side ends the connection within a
 * second; without, it may be thrown away. */
void net_call_close(struct net_call *call, bool polite);

/* Bytes; 0 of a read: the other side has ended the connection; -EAGAIN: wait. */
ssize_t net_call_read(struct net_call *call, void *data, size_t len, struct diag *diag);
ssize_t net_call_write(struct net_call *call, const void *data, size_t len, struct diag *diag);
/* Until the read or the write may be tried again: 0, -EINTR, ERR_TIMEOUT or an errno. */
int net_call_wait(const struct net_call *call, bool writing, const struct net_patience *patience);

/* For those with a poll of their own. writing: there is something to be written. */
int net_call_fd(const struct net_call *call);
short net_call_events(const struct net_call *call, bool writing);
/* Bytes are there already: do not wait in poll. */
bool net_call_pending(const struct net_call *call);

#endif
