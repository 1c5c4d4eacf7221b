/* ip_net.h — networks of IP addresses, such as a list of whom to trust. IPv4 stands in IPv6's mapped form
 * (::ffff:0:0/96), so an address is the same however its socket shows it. Pure; any thread. */
#ifndef BASE_IP_NET_H
#define BASE_IP_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr_storage;

struct ip_net {
    uint8_t address[16];
    uint8_t bits; /* of the prefix, 0 to 128 */
};

/* "192.0.2.7", "10.0.0.0/8", "::1", "2001:db8::/32"; bits of the address behind the prefix do not count.
 * 0 or ERR_INVALID. */
int ip_net_parse(const char *text, struct ip_net *ret_net);
/* Is the address in one of the networks? False for what is no IP address. */
bool ip_nets_have(const struct ip_net *nets, size_t count, const struct sockaddr_storage *address);

#endif
