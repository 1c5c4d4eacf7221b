/* db.c — a thin skin over sqlite3; see db.h.
 * Statements are cached by the address of their text, which is static by contract: the look-up is a
 * pointer hash, cheap enough for the writer's inner loop. Errors of the steps stick to the statement
 * until db_done. Errors of the disk stick to the connection (`fatal`), since SQLite may have rolled the
 * whole transaction back by itself. */
#include "store/db.h"

#include "base/err.h"
#include "base/mem.h"
#include "store/blob_functions.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

enum { CACHE_SIZE = 1024 }; /* power of two, well above the number of statements in the program */

struct db_stmt {
    struct db *db;
    sqlite3_stmt *stmt;
    const char *sql;
    int rc; /* the first failure since the last db_done, in SQLite's codes */
    bool busy;
};

struct db {
    sqlite3 *sqlite;
    bool fatal;
    size_t count;
    struct db_stmt *cache[CACHE_SIZE];
};

static int error_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_FOREIGNKEY) return ERR_IN_USE;
        if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
            rc == SQLITE_CONSTRAINT_ROWID)
            return ERR_EXISTS;
        return ERR_STORE;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_IOERR:
        return -EIO;
    case SQLITE_TOOBIG:
        return ERR_TOO_LARGE;
    default:
        return ERR_STORE;
    }
}

static bool fatal_code(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_NOTADB:
        return true;
    default:
        return false;
    }
}

static void note(struct db_stmt *q, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) return;
    if (q->rc == SQLITE_OK) q->rc = rc;
    if (fatal_code(rc)) q->db->fatal = true;
}

int db_open(struct db **ret_db, const char *path, const char *vfs, bool full_sync,
            struct diag *diag)
{
    sqlite3 *sqlite = NULL;
    int rc = sqlite3_open_v2(path, &sqlite,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_EXRESCODE,
                             vfs);
    if (rc != SQLITE_OK) {
        int code = error_of(rc);
        diag_set(diag, code, "cannot open database '%s': %s", path,
                 sqlite ? sqlite3_errmsg(sqlite) : sqlite3_errstr(rc));
        sqlite3_close(sqlite);
        return code;
    }
    if (sqlite3_db_readonly(sqlite, "main") == 1) { /* SQLite falls back to that by itself */
        sqlite3_close(sqlite);
        return diag_set(diag, -EACCES, "cannot open database '%s': it may not be written", path);
    }
    struct db *db = xnew(struct db);
    db->sqlite = sqlite;
    sqlite3_busy_timeout(sqlite, 2000);
    if (blob_functions_add(sqlite) != SQLITE_OK) BUG("SQLite takes no functions");
    rc = db_script(db,
                   full_sync ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
                   diag);
    if (rc == 0)
        rc = db_script(db,
                       "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                       "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;",
                       diag);
    if (rc < 0) {
        db_close(db);
        return diag_wrap(diag, rc, "database '%s'", path);
    }
    *ret_db = db;
    return 0;
}

void db_close(struct db *db)
{
    if (!db) return;
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        if (!db->cache[i]) continue;
        sqlite3_finalize(db->cache[i]->stmt);
        free(db->cache[i]);
    }
    if (sqlite3_close(db->sqlite) != SQLITE_OK) BUG("database closed with open statements");
    free(db);
}

int db_script(struct db *db, const char *sql, struct diag *diag)
{
    char *text = NULL;
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, &text);
    if (rc == SQLITE_OK) return 0;
    if (fatal_code(rc)) db->fatal = true;
    int code = error_of(rc);
    diag_set(diag, code, "%s", text ? text : sqlite3_errstr(rc));
    sqlite3_free(text);
    return code;
}

bool db_fatal(const struct db *db)
{
    return db->fatal;
}

void db_clear_fatal(struct db *db)
{
    db->fatal = false;
}

bool db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->sqlite);
}

struct db_stmt *db_query(struct db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql * 0x9e3779b97f4a7c15u >> 40) & (CACHE_SIZE - 1);
    while (db->cache[at] && db->cache[at]->sql != sql)
        at = (at + 1) & (CACHE_SIZE - 1);
    struct db_stmt *q = db->cache[at];
    if (!q) {
        if (++db->count > CACHE_SIZE / 2) BUG("too many statements");
        q = xnew(struct db_stmt);
        q->db = db;
        q->sql = sql;
        db->cache[at] = q;
    }
    if (q->busy) BUG("statement is in use: %s", sql);
    if (!q->stmt) {
        int rc = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL);
        if (rc == SQLITE_ERROR || rc == SQLITE_MISUSE)
            BUG("statement does not compile: %s: %s", sqlite3_errmsg(db->sqlite), sql);
        note(q, rc); /* a failing disk shows here too, when the schema must be read again */
    }
    q->busy = true;
    return q;
}

void db_bind_int(struct db_stmt *q, int at, int64_t value)
{
    if (q->stmt) note(q, sqlite3_bind_int64(q->stmt, at, value));
}

void db_bind_text(struct db_stmt *q, int at, const char *text)
{
    db_bind_slice(q, at, slice_str(text));
}

void db_bind_slice(struct db_stmt *q, int at, struct slice text)
{
    if (!text.ptr)
        db_bind_null(q, at);
    else if (q->stmt)
        note(q, sqlite3_bind_text64(q->stmt, at, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_blob(struct db_stmt *q, int at, struct slice blob)
{
    if (!q->stmt) return;
    note(q, blob.len ? sqlite3_bind_blob64(q->stmt, at, blob.ptr, blob.len, SQLITE_STATIC)
                     : sqlite3_bind_zeroblob(q->stmt, at, 0));
}

void db_bind_null(struct db_stmt *q, int at)
{
    if (q->stmt) note(q, sqlite3_bind_null(q->stmt, at));
}

bool db_step(struct db_stmt *q)
{
    if (q->rc != SQLITE_OK || !q->stmt) return false;
    int rc = sqlite3_step(q->stmt);
    note(q, rc);
    return rc == SQLITE_ROW;
}

int64_t db_int(struct db_stmt *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

const char *db_text(struct db_stmt *q, int column)
{
    return (const char *)sqlite3_column_text(q->stmt, column);
}

char *db_text_dup(struct db_stmt *q, int column)
{
    const char *text = db_text(q, column);
    return text ? xstrdup(text) : NULL;
}

struct slice db_blob(struct db_stmt *q, int column)
{
    const void *data = sqlite3_column_blob(q->stmt, column);
    int len = sqlite3_column_bytes(q->stmt, column);
    return data ? slice_of(data, (size_t)len) : slice_of("", 0);
}

bool db_is_null(struct db_stmt *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

int db_done(struct db_stmt *q)
{
    int rc = error_of(q->rc);
    if (q->stmt) {
        sqlite3_reset(q->stmt); /* repeats the error of the step, which is known */
        sqlite3_clear_bindings(q->stmt);
    }
    q->rc = SQLITE_OK;
    q->busy = false;
    return rc;
}

int db_exec(struct db_stmt *q)
{
    while (db_step(q))
        ;
    return db_done(q);
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->sqlite);
}

const char *db_error(struct db *db)
{
    return sqlite3_errmsg(db->sqlite);
}
