/* auth_priv.h — between the files of this folder. */
#ifndef AUTH_AUTH_PRIV_H
#define AUTH_AUTH_PRIV_H

#include "auth/auth.h"

/* Frees a principal of which nobody has a reference; struct known is freed by auth. */
void principal_free(struct principal *principal);
/* Policies and things. */
void principal_clear_rights(struct principal *principal);
/* Only the cache holds it any more. */
void auth_principal_idle(struct principal *principal);

const struct auth_opts *auth_opts(const struct auth *auth);

#endif
