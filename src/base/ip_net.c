/* ip_net.c — see ip_net.h. */
#include "base/ip_net.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

static void map_ip4(const void *four, uint8_t ret_address[16])
{
    memset(ret_address, 0, 10);
    memset(ret_address + 10, 0xff, 2);
    memcpy(ret_address + 12, four, 4);
}

/* One to three digits without a leading zero, at most `most`. */
static bool parse_bits(const char *text, unsigned most, unsigned *ret_bits)
{
    size_t len = strspn(text, "0123456789");
    unsigned bits = 0;
    if (len == 0 || len > 3 || text[len] || (len > 1 && text[0] == '0')) return false;
    for (size_t i = 0; i < len; i++)
        bits = bits * 10 + (unsigned)(text[i] - '0');
    *ret_bits = bits;
    return bits <= most;
}

int ip_net_parse(const char *text, struct ip_net *ret_net)
{
    char host[INET6_ADDRSTRLEN];
    struct ip_net net;
    struct in_addr four;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof host) return ERR_INVALID;
    memcpy(host, text, len);
    host[len] = '\0';
    unsigned before = 0;
    if (inet_pton(AF_INET, host, &four) == 1) {
        map_ip4(&four, net.address);
        before = MAPPED_BITS;
    } else if (inet_pton(AF_INET6, host, net.address) != 1) {
        return ERR_INVALID;
    }
    unsigned bits = ADDRESS_BITS - before;
    if (slash && !parse_bits(slash + 1, bits, &bits)) return ERR_INVALID;
    net.bits = (uint8_t)(before + bits);
    *ret_net = net;
    return 0;
}

static bool has(const struct ip_net *net, const uint8_t address[16])
{
    size_t whole = net->bits / 8;
    unsigned left = net->bits % 8;
    if (memcmp(net->address, address, whole) != 0) return false;
    return left == 0 || ((net->address[whole] ^ address[whole]) >> (8 - left)) == 0;
}

bool ip_nets_have(const struct ip_net *nets, size_t count, const struct sockaddr_storage *address)
{
    uint8_t bytes[16];
    if (address->ss_family == AF_INET)
        map_ip4(&((const struct sockaddr_in *)address)->sin_addr, bytes);
    else if (address->ss_family == AF_INET6)
        memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof bytes);
    else
        return false;
    for (size_t i = 0; i < count; i++)
        if (has(&nets[i], bytes)) return true;
    return false;
}
