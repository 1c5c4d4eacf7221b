/* admission.h — how many connections an address has, and how fast it makes new ones. Loop thread only.
 *
 * An IPv6 host has a whole /64 for itself, so that counts as one address. Loopback and Unix sockets are
 * spared: who is on the machine can end what a flood from the network has begun. */
#ifndef NET_ADMISSION_H
#define NET_ADMISSION_H

#include "base/bucket.h"

#include <stdbool.h>
#include <stddef.h>

struct sockaddr_storage;
struct admission;
struct admission_address;

/* All zero: nobody is counted. Connections made before a limit was there are not counted. */
struct admission_limits {
    struct bucket_limit rate; /* connects a second */
    size_t connections;       /* of one address; 0: no limit */
    bool loopback_too;        /* for tests */
};

struct admission *admission_create(void);
/* All addresses must have been left. */
void admission_destroy(struct admission *admission);

/* May one more connection come from there? Returns NULL, and the address that is to be left when the
 * connection ends (NULL: not counted); else the name of the limit, and the address for
 * admission_complain. */
const char *admission_enter(struct admission *admission, const struct sockaddr_storage *from,
                            const struct admission_limits *limits, int64_t now_ms,
                            struct admission_address **ret_address);
/* Accepts NULL. */
void admission_leave(struct admission *admission, struct admission_address *address);
/* After a refusal: once a minute an address the number of its refusals since the last time, for the log;
 * else 0. */
int64_t admission_complain(struct admission_address *address, int64_t now_ms);
/* "192.0.2.1", "2001:db8::/64" */
const char *admission_address_text(const struct admission_address *address);
/* Addresses that are remembered. */
size_t admission_count(const struct admission *admission);

#endif
