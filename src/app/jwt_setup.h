/* jwt_setup.h — which JSON Web Tokens are taken, as the configuration says it. */
#ifndef APP_JWT_SETUP_H
#define APP_JWT_SETUP_H

#include "auth/jwt.h"
#include "base/diag.h"

struct config;

/* False: none are. The rules view conf; to be freed by jwt_setup_deinit. */
bool jwt_setup_rules(const struct config *conf, struct jwt_rules *ret_rules);
void jwt_setup_deinit(struct jwt_rules *rules);
/* The keys of jwt.keys_file; NULL when none is configured. */
int jwt_setup_keys(const struct config *conf, struct jwt_keys **ret_keys, struct diag *diag);

#endif
