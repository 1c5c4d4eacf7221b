/* auth_priv.h — between the files of this folder. */
#ifndef AUTH_AUTH_PRIV_H
#define AUTH_AUTH_PRIV_H

#include "auth/auth.h"

/* Frees a principal of which nobody has a reference; struct known is freed by auth. */
void principal_free(struct principal *principal);
/* Policies, things, what its certificate says; what was remembered of its decisions is void. */
void principal_clear_rights(struct principal *principal);
/* Only the cache holds it any more. */
void auth_principal_idle(struct principal *principal);

/* "arn:aws:iot:REGION:ACCOUNT:", what all names of ours begin with. */
struct slice auth_arn_prefix(const struct auth *auth);
struct decisions;
struct decisions *auth_decisions(const struct auth *auth);

#endif
