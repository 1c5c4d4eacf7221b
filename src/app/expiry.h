/* expiry.h — the ends of certificates: in the metrics, and in the log 30, 7 and 1 days before, each once, also over
 * a restart. Of the server's, the hub's own CAs, the registered CAs, and the devices' that are ACTIVE; looked at once
 * an hour. Also of revocation lists whose successors are overdue, once a day. Loop thread only. */
#ifndef APP_EXPIRY_H
#define APP_EXPIRY_H

#include "base/slice.h"

#include <stddef.h>

struct expiry;
struct loop;
struct registry;

struct expiry_cert {
    const char *name; /* of the file, for the log; NULL: the hub has made it */
    struct slice cert_pem;
};

/* cas: the hub's own. Looks for the first time once the loop runs. */
struct expiry *expiry_create(struct loop *loop, struct registry *registry,
                             const struct expiry_cert *cas, size_t count);
/* These are served from now on. */
void expiry_serve(struct expiry *expiry, const struct expiry_cert *certs, size_t count);
/* Nothing is begun any more. Accepts NULL. */
void expiry_stop(struct expiry *expiry);
/* When nothing is under way in the registry. Accepts NULL. */
void expiry_destroy(struct expiry *expiry);

#endif
