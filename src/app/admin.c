/* admin.c — the first administrator: an access key and a token, made once, written to admin.json. */
#include "app/admin.h"

#include "app/app.h"
#include "app/core.h"
#include "app/data_dir.h"
#include "base/err.h"
#include "base/mem.h"
#include "config/config.h"
#include "crypto/crypto.h"

#include <stdlib.h>

static int make(struct core *core, const char *op, struct json **ret_result, struct diag *diag)
{
    struct json *params = json_new_object();
    json_set_str(params, "name", "first administrator");
    json_set_bool(params, "admin", true);
    return core_call(core, op, params, ret_result, diag);
}

void app_admin_deinit(struct app_admin *admin)
{
    free(admin->access_key_id);
    crypto_free_secret(admin->secret_access_key);
    crypto_free_secret(admin->token);
    *admin = (struct app_admin){ 0 };
}

int admin_create(struct core *core, struct data_dir *dir, struct app_admin *ret_admin,
                 struct diag *diag)
{
    struct json *key = NULL, *token = NULL;
    int rc = make(core, "CreateAccessKey", &key, diag);
    if (rc == 0) rc = make(core, "CreateToken", &token, diag);
    if (rc == 0)
        rc = data_dir_write_admin(dir, json_get_str(key, "accessKeyId"),
                                  json_get_str(key, "secretAccessKey"),
                                  json_get_str(token, "token"), diag);
    if (rc == 0)
        *ret_admin = (struct app_admin){ xstrdup(json_get_str(key, "accessKeyId")),
                                         xstrdup(json_get_str(key, "secretAccessKey")),
                                         xstrdup(json_get_str(token, "token")) };
    json_free(key);
    json_free(token);
    return rc;
}

int app_init(struct config *conf, struct data_dir *dir, struct app_admin *ret_admin,
             struct diag *diag)
{
    if (!dir->is_new)
        return diag_set(diag, ERR_EXISTS, "the data directory '%s' is in use already", dir->path);
    int rc = data_dir_server_certs(dir, (const char *const *)conf->hub.names.items,
                                   conf->hub.names.count, NULL, diag);
    if (rc < 0) return rc;
    struct core core;
    rc = core_open(&core, conf, dir, diag);
    if (rc < 0) return rc;
    rc = admin_create(&core, dir, ret_admin, diag);
    core_close(&core);
    return rc;
}
