/* admin.h — see admin.c; for app.c. */
#ifndef APP_ADMIN_H
#define APP_ADMIN_H

#include "base/diag.h"

struct app_admin;
struct core;
struct data_dir;

/* Blocks until it is committed and written; nothing is served yet. */
int admin_create(struct core *core, struct data_dir *dir, struct app_admin *ret_admin,
                 struct diag *diag);

#endif
