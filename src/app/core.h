/* core.h — the part of the hub that needs no sockets: loop, store, registry. What `serve`, `init` and the
 * commands that work on a stopped hub have in common. */
#ifndef APP_CORE_H
#define APP_CORE_H

#include "base/diag.h"
#include "base/json.h"

struct config;
struct data_dir;
struct loop;
struct registry;
struct store;

struct core {
    struct loop *loop;
    struct store *store;
    struct registry *registry;
};

/* Borrows conf and dir. */
int core_open(struct core *core, const struct config *conf, const struct data_dir *dir,
              struct diag *diag);
/* Commits what is pending. The loop must be empty but for the core's own. */
void core_close(struct core *core);

/* Runs one operation of the registry and waits for its end: while nothing is served. Takes params.
 * ret_result is owned, NULL without one. */
int core_call(struct core *core, const char *op, struct json *params, struct json **ret_result,
              struct diag *diag);

#endif
