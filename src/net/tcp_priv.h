/* tcp_priv.h — streams over connected sockets, TCP or Unix. */
#ifndef NET_TCP_PRIV_H
#define NET_TCP_PRIV_H

#include "net/net_priv.h"

#include <sys/socket.h>

/* How many connections the listeners of a loop have; outlives them. */
struct conn_gauge {
    size_t refs;
    size_t count;
};
struct conn_gauge *conn_gauge_create(void); /* refs 1 */
void conn_gauge_unref(struct conn_gauge *gauge);

/* Takes the connected, non-blocking socket, which accept says is from that address. Counts in the gauge
 * (may be NULL) while the socket is open. Nothing is read before tcp_stream_start. */
struct stream *tcp_stream_create(struct loop *loop, int fd, const struct sockaddr_storage *from,
                                 struct conn_gauge *gauge);
/* Options of a TCP socket. What a listening one has, the accepted ones have from it (Linux). */
void tcp_tune(int fd);
void tcp_stream_start(struct stream *s);
/* The socket's end is the end of a connection of that address (may be NULL). */
struct admission_address;
void tcp_stream_set_from(struct stream *s, struct admission_address *from);

/* Numeric address without brackets, IPv4 in IPv6 as IPv4, "unix" for a Unix socket. */
void tcp_address_print(const struct sockaddr_storage *address, char ret_text[48],
                       uint16_t *ret_port);

#endif
