/* url.h — the URL of a request, in its parts. Stricter than RFC 3986: what two readers could take for two different
 * hosts is refused. Pure; any thread. */
#ifndef WEBHOOK_URL_H
#define WEBHOOK_URL_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { WEBHOOK_HOST_MAX = 253 };

struct webhook_url {
    bool tls;
    uint16_t port;
    char host[WEBHOOK_HOST_MAX +
              1]; /* to resolve and to verify: a name, or an address without brackets */
    char authority[WEBHOOK_HOST_MAX + 1 +
                   8];   /* of the field Host: with the port where it is not the usual one */
    struct slice target; /* path and query, a view of the text that was parsed */
};

/* 0, or ERR_INVALID with the reason. */
int webhook_url_parse(struct slice text, struct webhook_url *ret_url, struct diag *diag);

#endif
