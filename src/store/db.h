/* db.h — SQLite in few words: cached statements with bound parameters, rows, errors as ours.
 * A struct db belongs to one thread at a time (the store thread inside a run callback).
 *
 *   struct db_stmt *q = db_query(db, "SELECT version FROM thing WHERE name = ?1");
 *   db_bind_text(q, 1, name);
 *   if (db_step(q)) version = db_int(q, 0);
 *   rc = db_done(q);      // 0, or the error of any of the steps; resets for the next use
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct db_stmt;

/* The statement of this text, prepared at first use and kept. `sql` must have static storage. A text that
 * does not compile is a BUG. A statement must be done before it is asked for again. */
struct db_stmt *db_query(struct db *db, const char *sql);
void db_bind_int(struct db_stmt *q, int at, int64_t value);
/* The bytes must live until db_done. text with ptr NULL binds NULL. */
void db_bind_text(struct db_stmt *q, int at, const char *text);
void db_bind_slice(struct db_stmt *q, int at, struct slice text);
void db_bind_blob(struct db_stmt *q, int at, struct slice blob);
void db_bind_null(struct db_stmt *q, int at);
/* True when there is a row. False at the end or on error: db_done tells which. */
bool db_step(struct db_stmt *q);
/* Columns from 0; what they point at lives until the next step or db_done. */
int64_t db_int(struct db_stmt *q, int column);
const char *db_text(struct db_stmt *q, int column); /* NULL for SQL NULL */
char *db_text_dup(struct db_stmt *q, int column);   /* the same, owned */
struct slice db_blob(struct db_stmt *q, int column);
bool db_is_null(struct db_stmt *q, int column);
/* 0, ERR_EXISTS (unique constraint), ERR_IN_USE (foreign key), -ENOSPC, -EIO, or ERR_STORE. */
int db_done(struct db_stmt *q);
/* db_step until the end, then db_done: for statements without rows. */
int db_exec(struct db_stmt *q);
/* Rows changed by the last INSERT, UPDATE or DELETE. */
int64_t db_changes(struct db *db);
/* SQLite's words for the last error. */
const char *db_error(struct db *db);

/* ---- for the store and for migrations ---- */
/* vfs NULL: the default one. Sets WAL, foreign keys, busy time-out. */
int db_open(struct db **ret_db, const char *path, const char *vfs, bool full_sync,
            struct diag *diag);
void db_close(struct db *db);
/* Statements of a script, not cached. */
int db_script(struct db *db, const char *sql, struct diag *diag);
/* True when an error since the last db_clear_fatal was about the disk or the file and not about the
 * statement: the whole transaction is lost then. */
bool db_fatal(const struct db *db);
void db_clear_fatal(struct db *db);
bool db_in_transaction(const struct db *db);

/* migrate.c: brings the schema to the newest version, each step in a transaction of its own.
 * ERR_NEWER when the file's user_version is above ours. */
int db_migrate(struct db *db, struct diag *diag);
int db_schema_version(void);

#endif
