/* app.h — the whole hub: builds every service in order, wires their callbacks, and takes them down in
 * reverse. One per process. */
#ifndef APP_APP_H
#define APP_APP_H

#include "base/diag.h"
#include "config/config.h"

#include <stdbool.h>

struct app;
struct data_dir;

/* How to read the configuration again, on SIGHUP; all borrowed for the app's life. */
struct app_opts {
    const struct config_sources *sources;
};

/* Takes conf and dir, also when it fails. */
int app_start(struct app **ret_app, struct config *conf, struct data_dir *dir,
              const struct app_opts *opts, struct diag *diag);
/* Serves until SIGTERM or SIGINT. Returns 0. */
int app_run(struct app *app);
/* Stops accepting, lets connections finish for a moment, commits, releases everything. */
void app_stop(struct app *app);

/* Makes the first administrator of a new data directory and writes admin.json, without serving; the
 * strings are owned by the caller. */
struct app_admin {
    char *access_key_id;
    char *secret_access_key;
    char *token;
};
int app_init(struct config *conf, struct data_dir *dir, struct app_admin *ret_admin,
             struct diag *diag);
void app_admin_deinit(struct app_admin *admin);

#endif
