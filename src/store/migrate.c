/* migrate.c — numbered migrations, src/store/migrations/NNNN_name.sql, compiled in. PRAGMA user_version
 * holds the number of the last one. A released file is never edited; a change is a new file. */
#include "store/db.h"
#include "store/migrations.h"

#include "base/err.h"

#include <stdio.h>

int db_schema_version(void)
{
    return migration_count;
}

static int user_version(struct db *db, int *ret_version)
{
    struct db_stmt *q = db_query(db, "PRAGMA user_version");
    if (db_step(q)) *ret_version = (int)db_int(q, 0);
    return db_done(q);
}

/* Within the transaction: another process may have been here since we have looked. */
static int run_migration(struct db *db, int number, const struct migration *migration,
                         struct diag *diag)
{
    char set_version[64];
    snprintf(set_version, sizeof set_version, "PRAGMA user_version = %d", number);
    int version = 0;
    int rc = user_version(db, &version);
    if (rc < 0) return diag_set(diag, rc, "cannot read the schema version: %s", db_error(db));
    if (version >= number) return 0;
    rc = db_script(db, migration->sql, diag);
    return rc < 0 ? rc : db_script(db, set_version, diag);
}

static int apply(struct db *db, int number, const struct migration *migration, struct diag *diag)
{
    int rc = db_script(db, "BEGIN IMMEDIATE", diag);
    if (rc < 0) return diag_wrap(diag, rc, "migration %s", migration->name);
    rc = run_migration(db, number, migration, diag);
    if (rc == 0) rc = db_script(db, "COMMIT", diag);
    if (rc < 0) {
        if (db_in_transaction(db)) db_script(db, "ROLLBACK", NULL);
        return diag_wrap(diag, rc, "migration %s", migration->name);
    }
    return 0;
}

int db_migrate(struct db *db, struct diag *diag)
{
    int version = 0;
    int rc = user_version(db, &version);
    if (rc < 0) return diag_set(diag, rc, "cannot read the schema version: %s", db_error(db));
    if (version > migration_count)
        return diag_set(diag, ERR_NEWER,
                        "the database has schema version %d, this program knows %d: a newer thingd "
                        "has made it",
                        version, migration_count);
    for (int i = version; i < migration_count; i++) {
        rc = apply(db, i + 1, &migrations[i], diag);
        if (rc < 0) return rc;
    }
    return 0;
}
