/* link.c — see link.h.
 *
 * Names are resolved by getaddrinfo, which blocks: this is a command of a shell, whose second Ctrl-C ends
 * it whatever it waits for. Each address is tried in turn until one answers. */
#include "cli/mqtt/link.h"

#include "base/err.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct attempt {
    const struct mqtt_target *target;
    const struct net_patience *patience;
    struct diag *diag;
};

void mqtt_target_name(const struct mqtt_target *target, char *out, size_t size)
{
    if (target->path)
        snprintf(out, size, "%s", target->path);
    else
        snprintf(out, size, strchr(target->host, ':') ? "[%s]:%u" : "%s:%u", target->host,
                 target->port);
}

static int not_reached(const struct attempt *a, int rc)
{
    char name[256];
    mqtt_target_name(a->target, name, sizeof name);
    if (rc == ERR_TIMEOUT) return diag_set(a->diag, rc, "%s does not answer", name);
    if (rc == -EINTR) return diag_set(a->diag, rc, "interrupted");
    if (a->target->path && (rc == -ENOENT || rc == -ECONNREFUSED))
        return diag_set(a->diag, rc, "the hub is not running (nobody listens on %s)", name);
    return diag_set(a->diag, rc, "%s: %s", name, err_text(rc));
}

static int connect_unix(const struct attempt *a, struct net_call **ret_call)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = a->target->path;
    if (strlen(path) >= sizeof address.sun_path)
        return diag_set(a->diag, -ENAMETOOLONG,
                        "%s is longer than %zu bytes, the most for a socket", path,
                        sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int rc =
        net_call_open(ret_call, (const struct sockaddr *)&address, sizeof address, a->patience);
    return rc < 0 ? not_reached(a, rc) : 0;
}

static int connect_tcp(const struct attempt *a, struct net_call **ret_call)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *all;
    char port[8];
    snprintf(port, sizeof port, "%u", a->target->port);
    int failed = getaddrinfo(a->target->host, port, &hints, &all);
    if (failed)
        return diag_set(a->diag, ERR_NOT_FOUND, "%s: %s", a->target->host, gai_strerror(failed));
    int rc = ERR_NOT_FOUND;
    for (const struct addrinfo *it = all; it && rc < 0; it = it->ai_next) {
        rc = net_call_open(ret_call, it->ai_addr, it->ai_addrlen, a->patience);
        if (rc == -EINTR || rc == ERR_TIMEOUT) break;
    }
    freeaddrinfo(all);
    return rc < 0 ? not_reached(a, rc) : 0;
}

static int shake_hands(const struct attempt *a, struct net_call *call)
{
    int rc = net_call_start_tls(call, a->target->tls, a->patience, a->diag);
    return rc == -EINTR || rc == ERR_TIMEOUT ? not_reached(a, rc) : rc;
}

int mqtt_link_open(const struct mqtt_target *target, const struct net_patience *patience,
                   struct net_call **ret_call, struct diag *diag)
{
    const struct attempt attempt = { target, patience, diag };
    struct net_call *call = NULL;
    int rc = target->path ? connect_unix(&attempt, &call) : connect_tcp(&attempt, &call);
    if (rc == 0 && target->tls) rc = shake_hands(&attempt, call);
    if (rc < 0) {
        net_call_close(call, false);
        return rc;
    }
    *ret_call = call;
    return 0;
}
