/* offline.c — a client without a hub: the store and the registry are opened in this process.
 *
 * The lock of the data directory is held from open to close, so there is one writer at any time.
 * What was answered is committed. The configuration is what the environment says: region and
 * account, which stand in ARNs only. */
#include "cli/offline.h"

#include "app/core.h"
#include "app/data_dir.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/operation.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "registry/registry.h"

#include <stdlib.h>

struct offline {
    struct client client; /* first */
    struct config *conf;
    struct data_dir *dir;
    struct core core;
};

static int offline_call(struct client *client, const struct operation *op,
                        const struct json *params, struct json **ret_result, struct diag *diag)
{
    struct offline *o = container_of(client, struct offline, client);
    struct json *result = NULL;
    if (!registry_op_find(op->name))
        return diag_set(diag, ERR_UNSUPPORTED, "%s needs a running hub", op->name);
    int rc = core_call(&o->core, op->name, json_dup(params), &result, diag);
    if (rc == 0) *ret_result = result ? result : json_new_object();
    return rc;
}

static void offline_close(struct client *client)
{
    struct offline *o = container_of(client, struct offline, client);
    core_close(&o->core);
    data_dir_close(o->dir);
    config_free(o->conf);
    free(o);
}

static int open_parts(struct offline *o, const char *data_dir, const char *const *environ,
                      struct diag *diag)
{
    int rc = crypto_init();
    if (rc < 0) return diag_set(diag, rc, "the cryptographic library cannot be used");
    rc = config_load(&(struct config_sources){ .environ = environ }, &o->conf, diag);
    if (rc < 0) return rc;
    if (!o->conf->hub.core_dumps) crypto_forbid_dumps();
    rc = data_dir_open(data_dir, false, &o->dir, diag);
    if (rc < 0) goto free_config;
    rc = core_open(&o->core, o->conf, o->dir, diag);
    if (rc < 0) goto close_dir;
    return 0;

close_dir:
    data_dir_close(o->dir);
free_config:
    config_free(o->conf);
    return rc;
}

int offline_open(const char *data_dir, const char *const *environ, struct client **ret_client,
                 struct diag *diag)
{
    struct offline *o = xnew(struct offline);
    o->client = (struct client){ offline_call, offline_close };
    log_configure(LOG_WARN, LOG_TEXT);
    int rc = open_parts(o, data_dir, environ, diag);
    if (rc < 0) {
        free(o);
        return rc;
    }
    *ret_client = &o->client;
    return 0;
}
