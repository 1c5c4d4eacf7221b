/* tls_fd.h — the client side of TLS 1.2 over a non-blocking descriptor that somebody else polls: for
 * programs of ours which connect to a broker and have no loop. One thread. */
#ifndef NET_TLS_FD_H
#define NET_TLS_FD_H

#include "base/diag.h"
#include "base/slice.h"

#include <stddef.h>
#include <sys/types.h>

struct tls_trust; /* the certificates that are believed, and the settings */
struct tls_fd;    /* one connection */

/* ca_pem: one certificate or more. 0; or ERR_CERT, ERR_CRYPTO. */
int tls_trust_create(struct tls_trust **ret_trust, struct slice ca_pem, struct diag *diag);
/* After its connections. Accepts NULL. */
void tls_trust_destroy(struct tls_trust *trust);

/* Borrows trust and fd. The server's certificate must be for `host`; NULL: any that is signed by
 * the trusted. 0 or ERR_CRYPTO. */
int tls_fd_create(struct tls_fd **ret_tls, const struct tls_trust *trust, int fd, const char *host,
                  struct diag *diag);
/* Accepts NULL; does not close fd. */
void tls_fd_destroy(struct tls_fd *tls);

/* 0 when it is over; -EAGAIN: again when fd is ready; or ERR_CERT, ERR_CRYPTO, ERR_CLOSED. */
int tls_fd_handshake(struct tls_fd *tls, struct diag *diag);
/* How many bytes; 0: the peer has ended; -EAGAIN; or ERR_CRYPTO, ERR_CLOSED. Records may wait
 * inside, so fd is silent only after -EAGAIN. */
ssize_t tls_fd_read(struct tls_fd *tls, void *ret_data, size_t len);
/* How many bytes were taken; after -EAGAIN the same bytes must come first in the next call. */
ssize_t tls_fd_write(struct tls_fd *tls, const void *data, size_t len);

#endif
