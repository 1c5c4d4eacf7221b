/* core.c — see core.h. */
#include "app/core.h"

#include "app/data_dir.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "loop/loop.h"
#include "registry/registry.h"
#include "store/store.h"

#include <stdlib.h>

int core_open(struct core *core, const struct config *conf, const struct data_dir *dir,
              struct diag *diag)
{
    *core = (struct core){ 0 };
    char *db = data_dir_file(dir, "thingd.db");
    int rc = loop_create(&core->loop, diag);
    if (rc < 0) goto free_name;
    rc = store_open(&core->store, core->loop,
                    &(struct store_opts){
                        .path = db,
                        .durability = (enum store_durability)conf->store.durability,
                        .linger_ms = conf->store.linger,
                        .max_pending = (size_t)conf->store.max_pending,
                        .max_pending_bytes = (size_t)conf->store.max_pending_bytes,
                    },
                    diag);
    if (rc < 0) goto destroy_loop;
    rc = registry_create(&core->registry, core->loop, core->store,
                         &(struct registry_opts){
                             .region = conf->hub.region,
                             .account = conf->hub.account,
                             .secrets = dir->secrets,
                             .ca_cert_pem = slice_str(dir->cas[DATA_DIR_EC].cert_pem),
                             .ca_key_pem = slice_str(dir->cas[DATA_DIR_EC].key_pem),
                             .temporary_keys = (size_t)conf->limits.temporary_keys,
                         },
                         diag);
    if (rc < 0) goto close_store;
    free(db);
    return 0;

close_store:
    store_close(core->store);
destroy_loop:
    loop_destroy(core->loop);
free_name:
    free(db);
    return rc;
}

void core_close(struct core *core)
{
    registry_stop(core->registry);
    store_stop(core->store);
    registry_destroy(core->registry);
    store_close(core->store);
    loop_turn(core->loop); /* handles that were closed are released */
    loop_destroy(core->loop);
}

struct waiting {
    bool done;
    int rc;
    struct json *result;
    struct diag *diag;
};

static void on_done(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct waiting *waiting = arg;
    waiting->done = true;
    waiting->rc = rc;
    waiting->result = result ? json_dup(result) : NULL;
    if (rc < 0) diag_set(waiting->diag, rc, "%s", diag_text(diag, rc));
}

int core_call(struct core *core, const char *op, struct json *params, struct json **ret_result,
              struct diag *diag)
{
    struct waiting waiting = { .diag = diag };
    registry_call(core->registry, registry_op_find(op), params, on_done, &waiting);
    loop_turn(core->loop); /* what is submitted goes out at the end of a turn */
    while (!waiting.done && !store_failing(core->store))
        loop_turn_wait(core->loop, 1000);
    if (!waiting.done) {
        registry_stop(core->registry);
        store_stop(core->store); /* ends the request */
        return diag_set(diag, ERR_STORE, "the database cannot be written: %s",
                        store_failure(core->store));
    }
    if (waiting.rc == 0 && ret_result)
        *ret_result = waiting.result;
    else
        json_free(waiting.result);
    return waiting.rc;
}
