/* host_names.c — see host_names.h. Link-local IPv6 addresses are left out: nobody connects to them without
 * a scope, and they come and go. */
#include "app/host_names.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void host_name(char ret_name[256])
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) < 0) name[0] = '\0';
    size_t n = 0;
    for (const char *at = name; *at && n < 63; at++)
        if (isalnum((unsigned char)*at) || *at == '-' || *at == '.') ret_name[n++] = *at;
    while (n > 0 && (ret_name[n - 1] == '.' || ret_name[n - 1] == '-'))
        n--;
    ret_name[n] = '\0';
    if (n == 0) memcpy(ret_name, "thingd", 7);
}

static void add(struct host_names *names, const char *name)
{
    if (!*name) return;
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->items[i], name) == 0) return;
    names->items = xrealloc(names->items, (names->count + 1) * sizeof *names->items);
    names->items[names->count++] = xstrdup(name);
}

static void add_addresses(struct host_names *names)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) < 0) return;
    for (struct ifaddrs *it = all; it; it = it->ifa_next) {
        char text[INET6_ADDRSTRLEN];
        if (!it->ifa_addr || !(it->ifa_flags & IFF_UP)) continue;
        if (it->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *in = (const void *)it->ifa_addr;
            if (inet_ntop(AF_INET, &in->sin_addr, text, sizeof text)) add(names, text);
        } else if (it->ifa_addr->sa_family == AF_INET6) {
            const struct sockaddr_in6 *in6 = (const void *)it->ifa_addr;
            if (!IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) &&
                inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text))
                add(names, text);
        }
    }
    freeifaddrs(all);
}

void host_names_init(struct host_names *names, const char *const *more, size_t count)
{
    *names = (struct host_names){ 0 };
    char host[256], local[272];
    host_name(host);
    snprintf(local, sizeof local, "%s.local", host);
    add(names, host);
    if (!strchr(host, '.')) add(names, local);
    add(names, "localhost");
    add(names, "127.0.0.1");
    add(names, "::1");
    add_addresses(names);
    for (size_t i = 0; i < count; i++)
        add(names, more[i]);
}

void host_names_deinit(struct host_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct host_names){ 0 };
}
