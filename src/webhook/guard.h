/* guard.h — which addresses a request may go to. Any thread. */
#ifndef WEBHOOK_GUARD_H
#define WEBHOOK_GUARD_H

#include "base/ip_net.h"

struct webhook_guard {
    const struct ip_net *allow; /* these go before all that is refused */
    size_t allow_count;
    const uint16_t *own_ports; /* of the hub's listeners */
    size_t own_port_count;
};

/* NULL, or what the address is that it is refused: "a loopback address". IPv4 in IPv6 counts as what it is. */
const char *webhook_guard_refuses(const struct webhook_guard *guard,
                                  const struct sockaddr_storage *address);

#endif
