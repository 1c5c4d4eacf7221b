/* tls_caller.h — the client side of TLS, by mbedTLS over a non-blocking socket that somebody else
 * owns. No loop: every call does what can be done at once. For the command line.
 *
 * TLS 1.2; the server's chain must end at one of the CAs, be in time, and be made for the host. */
#ifndef NET_TLS_CALLER_H
#define NET_TLS_CALLER_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_caller;

struct tls_caller_opts {
    struct slice ca_pem;         /* the CAs trusted, one or more */
    struct slice cert_chain_pem; /* leaf first; empty: none */
    struct slice key_pem;
    const char *host; /* a name, or a numeric address */
    bool any_host;    /* the certificate may be made for another */
    const char *alpn; /* the protocol to ask for; NULL: none */
};

/* Returns 0 and an owned caller; ERR_CERT or ERR_CRYPTO with the reason. Nothing is borrowed; the
 * descriptor stays with its owner, open as long as the tls_caller is there. */
int tls_caller_create(struct tls_caller **ret_caller, int fd, const struct tls_caller_opts *opts,
                      struct diag *diag);
/* Accepts NULL. */
void tls_caller_destroy(struct tls_caller *client);

/* These return -EAGAIN when the socket must be waited for: see tls_caller_events. After another error
 * only tls_caller_destroy may follow. */

/* 0 when it is over; ERR_CERT and what is wrong with the server's certificate; others. */
int tls_caller_handshake(struct tls_caller *client, struct diag *diag);
/* Bytes; 0: the server has ended the connection. */
ssize_t tls_caller_read(struct tls_caller *client, void *data, size_t len, struct diag *diag);
/* Bytes taken. After -EAGAIN the next call must offer at least the same bytes. */
ssize_t tls_caller_write(struct tls_caller *client, const void *data, size_t len,
                         struct diag *diag);
/* POLLIN or POLLOUT: what the last -EAGAIN waits for. */
short tls_caller_events(const struct tls_caller *client);
/* Bytes wait that no poll would tell of. */
bool tls_caller_pending(const struct tls_caller *client);
/* Tells the server that nothing more is sent, as far as the socket takes it. */
void tls_caller_close(struct tls_caller *client);

#endif
