/* guard.c — see guard.h. Private networks are allowed: a hub at home talks to its neighbours. */
#include "webhook/guard.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const char loopback[] = "a loopback address";
static const char link_local[] = "a link-local address";
static const char unspecified[] = "no address of a host";
static const char multicast[] = "a multicast address";
static const char reserved[] = "a reserved address";
static const char metadata[] = "an address of a cloud's metadata";

/* RFC 6890; 64:ff9b::/96 (RFC 6052) leads to the IPv4 address in its last four bytes. */
static const struct {
    const char *net;
    const char *what;
} refused[] = {
    { "0.0.0.0/8", unspecified },
    { "127.0.0.0/8", loopback },
    { "169.254.0.0/16", link_local },
    { "224.0.0.0/4", multicast },
    { "240.0.0.0/4", reserved },
    { "::1", loopback },
    { "::/96", unspecified },
    { "fe80::/10", link_local },
    { "ff00::/8", multicast },
    { "fd00:ec2::/32", metadata },
    { "64:ff9b::0.0.0.0/104", unspecified },
    { "64:ff9b::127.0.0.0/104", loopback },
    { "64:ff9b::169.254.0.0/112", link_local },
    { "64:ff9b::224.0.0.0/99", multicast },
};

static bool in_net(const char *text, const struct sockaddr_storage *address)
{
    struct ip_net net;
    if (ip_net_parse(text, &net) < 0) BUG("a network of the table: %s", text);
    return ip_nets_have(&net, 1, address);
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    /* The port is at the same place in both. */
    return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

/* Only an address of this machine can be bound. */
static bool is_ours(const struct sockaddr_storage *address)
{
    struct sockaddr_storage any_port = *address;
    ((struct sockaddr_in *)&any_port)->sin_port = 0;
    int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return true;
    socklen_t len =
        address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    bool ours = bind(fd, (const struct sockaddr *)&any_port, len) == 0;
    close(fd);
    return ours;
}

static bool is_own_listener(const struct webhook_guard *guard,
                            const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < guard->own_port_count; i++)
        if (guard->own_ports[i] == port_of(address)) return is_ours(address);
    return false;
}

const char *webhook_guard_refuses(const struct webhook_guard *guard,
                                  const struct sockaddr_storage *address)
{
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6)
        return "no address of the internet";
    if (ip_nets_have(guard->allow, guard->allow_count, address)) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (in_net(refused[i].net, address)) return refused[i].what;
    return is_own_listener(guard, address) ? "a listener of this hub" : NULL;
}
