/* admission.c — see admission.h.
 *  I1  An address is in `idle` while it has no connection; the one that was used last is at the end.
 *  I2  At most MOST_IDLE addresses are idle: the oldest is forgotten first. Those with connections are
 *      bounded by the connections that there may be. So a flood from many addresses cannot make the table
 *      grow, only make it forget. */
#include "net/admission.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST_IDLE = 4096, IP4_LEN = 4, IP6_PREFIX = 8 };

struct admission_address {
    struct list idle;
    struct bucket connects;
    size_t connections;
    struct log_pace refusals;
    uint8_t key_len;
    uint8_t key[IP6_PREFIX];
    char text[INET6_ADDRSTRLEN + 4];
};

struct admission {
    struct map addresses;
    struct list idle;
    size_t idle_count;
};

struct admission *admission_create(void)
{
    struct admission *admission = xnew(struct admission);
    list_init(&admission->idle);
    return admission;
}

static struct slice key_of(const struct admission_address *address)
{
    return slice_of((const char *)address->key, address->key_len);
}

static void forget(struct admission *admission, struct admission_address *address)
{
    list_remove(&address->idle);
    admission->idle_count--;
    map_del(&admission->addresses, key_of(address));
    free(address);
}

void admission_destroy(struct admission *admission)
{
    while (!list_empty(&admission->idle))
        forget(admission, container_of(admission->idle.next, struct admission_address, idle));
    if (admission->addresses.count) BUG("an address still has connections");
    map_deinit(&admission->addresses);
    free(admission);
}

/* Fills in key and text; false: of no network, or spared. */
static bool identify(const struct sockaddr_storage *from, bool loopback_too,
                     struct admission_address *ret)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
    const uint8_t *ip4 = NULL;
    if (from->ss_family == AF_INET)
        ip4 = (const uint8_t *)&in->sin_addr;
    else if (from->ss_family != AF_INET6)
        return false;
    else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        ip4 = in6->sin6_addr.s6_addr + 12;
    bool loopback = ip4 ? ip4[0] == 127 : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    if (loopback && !loopback_too) return false;
    ret->key_len = ip4 ? IP4_LEN : IP6_PREFIX;
    memcpy(ret->key, ip4 ? ip4 : in6->sin6_addr.s6_addr, ret->key_len);
    if (ip4) {
        inet_ntop(AF_INET, ip4, ret->text, sizeof ret->text);
    } else {
        struct in6_addr net = in6->sin6_addr;
        memset(net.s6_addr + IP6_PREFIX, 0, sizeof net.s6_addr - IP6_PREFIX);
        inet_ntop(AF_INET6, &net, ret->text, INET6_ADDRSTRLEN);
        strncat(ret->text, "/64", 4);
    }
    return true;
}

static void rest(struct admission *admission, struct admission_address *address)
{
    list_push_back(&admission->idle, &address->idle);
    if (++admission->idle_count > MOST_IDLE)
        forget(admission, container_of(admission->idle.next, struct admission_address, idle));
}

/* Known and idle as the youngest. */
static struct admission_address *meet(struct admission *admission,
                                      const struct admission_address *who)
{
    struct admission_address *address = map_get(&admission->addresses, key_of(who));
    if (!address) {
        address = xnew(struct admission_address);
        *address = *who;
        list_init(&address->idle);
        map_put(&admission->addresses, key_of(address), address);
        rest(admission, address);
    } else if (!address->connections) {
        list_remove(&address->idle);
        list_push_back(&admission->idle, &address->idle);
    }
    return address;
}

const char *admission_enter(struct admission *admission, const struct sockaddr_storage *from,
                            const struct admission_limits *limits, int64_t now_ms,
                            struct admission_address **ret_address)
{
    struct admission_address who = { 0 };
    *ret_address = NULL;
    if (!limits->rate.rate && !limits->connections) return NULL;
    if (!identify(from, limits->loopback_too, &who)) return NULL;
    struct admission_address *address = meet(admission, &who);
    *ret_address = address;
    if (limits->connections && address->connections >= limits->connections)
        return "limits.connections_per_address";
    if (bucket_take(&address->connects, limits->rate, now_ms) > 0) return "limits.connect_rate";
    if (address->connections++ == 0) {
        list_remove(&address->idle);
        admission->idle_count--;
    }
    return NULL;
}

void admission_leave(struct admission *admission, struct admission_address *address)
{
    if (address && --address->connections == 0) rest(admission, address);
}

int64_t admission_complain(struct admission_address *address, int64_t now_ms)
{
    return log_pace(&address->refusals, MINUTES(1), now_ms);
}

const char *admission_address_text(const struct admission_address *address)
{
    return address->text;
}

size_t admission_count(const struct admission *admission)
{
    return admission->addresses.count;
}
