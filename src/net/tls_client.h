/* tls_client.h — the client side of TLS 1.2, by mbedTLS over a non-blocking socket that somebody else
 * owns and polls. No loop: every call does what can be done at once. For the command line.
 *
 * The server's chain must end at one of the CAs, be in time, and be made for the host. */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_client; /* whom to call, whom to believe, what to show: for any number of calls */
struct tls_call;   /* one connection */

struct tls_client_opts {
    struct slice ca_pem;         /* the CAs trusted, one or more */
    struct slice cert_chain_pem; /* leaf first; empty: none */
    struct slice key_pem;
    const char *host; /* a name, or a numeric address */
    bool any_host;    /* the certificate may be made for another */
    const char *alpn; /* the protocol to ask for; NULL: none */
};

/* Returns 0 and an owned client; ERR_CERT or ERR_CRYPTO with the reason. Nothing is borrowed. */
int tls_client_create(struct tls_client **ret_client, const struct tls_client_opts *opts,
                      struct diag *diag);
/* After its calls. Accepts NULL. */
void tls_client_destroy(struct tls_client *client);

/* 0 or ERR_CRYPTO. Borrows the client; the descriptor stays with its owner, open as long as the call is
 * there. */
int tls_call_create(struct tls_call **ret_call, struct tls_client *client, int fd,
                    struct diag *diag);
/* Accepts NULL. */
void tls_call_destroy(struct tls_call *call);

/* These return -EAGAIN when the socket must be waited for: see tls_call_events. After another error
 * only tls_call_destroy may follow. */

/* 0 when it is over; ERR_CERT and what is wrong with the server's certificate; others. */
int tls_call_handshake(struct tls_call *call, struct diag *diag);
/* Bytes; 0: the server has ended the connection. */
ssize_t tls_call_read(struct tls_call *call, void *data, size_t len, struct diag *diag);
/* Bytes taken. After -EAGAIN the next call must offer at least the same bytes. */
ssize_t tls_call_write(struct tls_call *call, const void *data, size_t len, struct diag *diag);
/* POLLIN or POLLOUT: what the last -EAGAIN waits for. */
short tls_call_events(const struct tls_call *call);
/* Bytes wait that no poll would tell of. */
bool tls_call_pending(const struct tls_call *call);
/* Tells the server that nothing more is sent, as far as the socket takes it. */
void tls_call_close(struct tls_call *call);

#endif
