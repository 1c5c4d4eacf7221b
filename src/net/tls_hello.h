/* tls_hello.h — a look at the first bytes of a connection to a TLS port, before any TLS is spent on
 * them: are they TLS, or what else, which server and protocols does the ClientHello name.
 * Pure functions. Source: RFC 5246 (records, ClientHello), RFC 6066 section 3, RFC 7301. */
#ifndef NET_TLS_HELLO_H
#define NET_TLS_HELLO_H

#include "base/slice.h"

#include <stdint.h>

enum { TLS_HEADER_SIZE = 5, TLS_RECORD_MAX = 16384 + 2048 };

enum tls_first {
    TLS_FIRST_MORE,  /* too few bytes to tell */
    TLS_FIRST_TLS,   /* a handshake record of SSL 3 or later begins */
    TLS_FIRST_HTTP,  /* looks like a request in plain HTTP */
    TLS_FIRST_MQTT,  /* looks like a CONNECT in plain MQTT */
    TLS_FIRST_PROXY, /* a PROXY header begins (net/proxy.h) */
    TLS_FIRST_OTHER,
};
enum tls_first tls_first_bytes(const uint8_t *data, size_t len);

/* How many bytes at the front are whole records of the handshake (types 20 to 22); 0 when there is
 * none yet. ERR_MALFORMED when the first record is of another type or too long. */
int tls_handshake_records(const uint8_t *data, size_t len, size_t *ret_used);

struct tls_hello {
    char sni[256];    /* "" if none, or if it is no printable name */
    bool alpn_known;  /* names at least one of the protocols asked for */
    bool extended_ms; /* RFC 7627 */
};
/* record: the first record, whole. protocols: NULL-terminated. ERR_MALFORMED when it is not one
 * whole, well-formed ClientHello; ret_hello is zeroed then. */
int tls_hello_parse(const uint8_t *record, size_t len, const char *const *protocols,
                    struct tls_hello *ret_hello);

#endif
