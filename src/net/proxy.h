/* proxy.h — the PROXY protocol: a proxy says at the front of a connection for whom it speaks.
 * Pure functions. Source: "The PROXY protocol" of HAProxy (doc/proxy-protocol.txt), sections 2.1 (version 1,
 * a line of text), 2.2 (version 2, binary) and 2.2.3 (the checksum).
 *
 *  - Version 1: TCP4 and TCP6 name the client; UNKNOWN does not, and what follows it in the line is
 *    ignored. The line with its CRLF has at most 107 bytes; a lone CR or LF does not end it.
 *  - Version 2: the command LOCAL (the proxy speaks for itself), the families UNSPEC and UNIX and the
 *    transports UNSPEC and DGRAM name nobody; values that the standard has not assigned are refused, as it
 *    asks. The whole header has at most PROXY_MOST bytes, a limit of ours: TLVs may carry a certificate.
 *  - TLVs behind an address are skipped, but must be whole, and a CRC32c must be right. The block of LOCAL
 *    and of what is unspecified is skipped unseen: nobody knows where TLVs begin in it. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PROXY_V1_MOST = 107, PROXY_MOST = 4096 };

struct proxy_header {
    bool named;                     /* false: the connection's own address stays */
    struct sockaddr_storage client; /* when named: IPv4 or IPv6, with its port */
};

/* Returns how many bytes at the front are the header; 0 when more are needed to tell; or ERR_MALFORMED or
 * ERR_TOO_LARGE, and ret_why is what is wrong, a constant. */
int proxy_parse(const uint8_t *data, size_t len, struct proxy_header *ret_header,
                const char **ret_why);

/* For connections that should have none: does a header begin here? */
enum proxy_first { PROXY_FIRST_MORE, PROXY_FIRST_HEADER, PROXY_FIRST_OTHER };
enum proxy_first proxy_first_bytes(const uint8_t *data, size_t len);

#endif
