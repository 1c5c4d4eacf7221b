/* auth_fake.h — auth.h without registry and policies: everything is allowed but what the test denies.
 * Link auth_fake.c in the place of auth: it defines all that hub and conn use of it. */
#ifndef TESTS_UNIT_HUB_AUTH_FAKE_H
#define TESTS_UNIT_HUB_AUTH_FAKE_H

#include "auth/auth.h"

struct loop;

struct auth *auth_fake_create(struct loop *loop);
void auth_fake_destroy(struct auth *auth);
/* `action` on the resource of this name is denied from now on ("*": on every one), for the principal with
 * this id (NULL: for all). Does not tell of the change. */
void auth_fake_deny(struct auth *auth, const char *principal, enum policy_action action,
                    const char *name);
void auth_fake_allow_all(struct auth *auth);
/* Tells whoever asked that decisions may have changed. */
void auth_fake_changed(struct auth *auth);
/* How often auth_check was asked, by auth_require too. */
int auth_fake_checks(const struct auth *auth);
/* Refusals logged since the start. */
int auth_fake_refusals(void);
/* From now on refusals stand in the ledger, as they do with the real one. */
void auth_fake_note(struct auth *auth);
/* What auth_fake_deny's denials say from now on; borrowed. */
void auth_fake_say(struct auth *auth, const char *why);
/* auth_by_password answers only when this is undone: for the time between. */
void auth_fake_hold(struct auth *auth, bool hold);

/* Returns owned. */
struct principal *auth_fake_principal(enum principal_kind kind, const char *id);
/* The last one that a question was answered with; borrowed. */
struct principal *auth_fake_last(const struct auth *auth);
/* The credential is gone: watchers are told. */
void auth_fake_revoke(struct principal *principal);

/* The user that auth_by_password knows. */
#define AUTH_FAKE_USER     "plug"
#define AUTH_FAKE_PASSWORD "secret"
/* Why auth_fake_deny denies, unless auth_fake_say says otherwise. */
#define AUTH_FAKE_WHY "denied by the test"

#endif
