/* credentials_priv.h — what access keys, tokens and users have in common. On the store thread. */
#ifndef REGISTRY_CREDENTIALS_PRIV_H
#define REGISTRY_CREDENTIALS_PRIV_H

#include "registry/registry_priv.h"

/* Attaches the optional "policyName", or else the fallback, which may be NULL. */
int credential_attach(struct registry_call *call, struct db *db, const char *label,
                      const char *fallback);
/* Columns of q: id, name, admin, status, created_at, expires_at. */
int credential_list(struct registry_call *call, struct db_stmt *q, const char *member,
                    const char *id_member, const char *kind);
/* Removes one row by `sql`; the last administrator's key or token may go too: the Unix socket remains. */
int credential_delete(struct registry_call *call, struct db *db, const char *sql, const char *kind,
                      const char *id_member);
/* Takes the parameter "status" over by `sql`; connections of what becomes INACTIVE end. */
int credential_update(struct registry_call *call, struct db *db, const char *sql, const char *kind,
                      const char *id_member);

#endif
