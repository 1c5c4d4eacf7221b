/* users.c — MQTT users: the hub's own operations. What is stored of a password is its hash: Argon2id when it was
 * hashed here, else what was imported (crypto/password.h), until the user comes with the password and auth replaces
 * it by ".RehashUser".
 *
 *  I1  password_id is another with each password, and stays when the hash of the same one is replaced: that is how
 *      auth tells who has to log in anew.
 *  I2  An import changes all of its users or none. */
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "crypto/crypto.h"
#include "crypto/password.h"
#include "registry/credentials_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- one user ---- */

/* Hashes are computed by the worker; a password goes no further. */
static int hash_password(struct registry_call *call, const char *password)
{
    char hash[PASSWORD_HASH_LEN];
    if (!password) return fail(call, ERR_INVALID, "A user needs a password");
    int rc = password_hash(slice_str(password), hash);
    if (rc < 0) return fail(call, rc, "The password cannot be used: %s", err_text(rc));
    json_set_str(call->params, ".hash", hash);
    crypto_wipe((char *)password, strlen(password));
    json_remove(call->params, "password");
    return 0;
}

static int check_hash(struct registry_call *call, const char *hash)
{
    struct diag diag = DIAG_INIT;
    int rc = password_check_hash(hash, &diag);
    if (rc < 0) return fail(call, ERR_INVALID, "The passwordHash cannot be used: %s", diag.text);
    json_set_str(call->params, ".hash", hash);
    return 0;
}

static int prepare_user(struct registry_call *call)
{
    const char *name;
    const char *password = param_str(call, "password"), *hash = param_str(call, "passwordHash");
    int rc = param_name(call, "userName", &param_credential_name, &name);
    if (rc < 0) return rc;
    if (password && hash)
        return fail(call, ERR_INVALID, "A user has a password or a passwordHash, not both");
    return hash ? check_hash(call, hash) : hash_password(call, password);
}

/* Gives the user a password, and makes it where it is missing: *ret_made. */
static int write_user(struct registry_call *call, struct db *db, const char *name, const char *hash,
                      bool *ret_made)
{
    uint64_t chance;
    rand_system_bytes(&chance, sizeof chance);
    const int64_t password_id = (int64_t)(chance >> 1);
    struct db_stmt *q = db_query(db, "UPDATE user SET hash = ?2, password_id = ?3 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, hash);
    db_bind_int(q, 3, password_id);
    int rc = db_exec(q);
    *ret_made = rc == 0 && db_changes(db) == 0;
    if (!*ret_made) return rc;
    q = db_query(db, "INSERT INTO user (name, hash, password_id, created_at) "
                     "VALUES (?1, ?2, ?3, ?4)");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, hash);
    db_bind_int(q, 3, password_id);
    db_bind_int(q, 4, call->now_ms);
    return db_exec(q);
}

/* With its policy: the one that is named, or UserDefault for one who is new. */
static int put_one(struct registry_call *call, struct db *db, const char *name, const char *hash,
                   bool *ret_made)
{
    int rc = write_user(call, db, name, hash, ret_made);
    if (rc < 0) return rc;
    char *label = xasprintf("user:%s", name);
    rc = credential_attach(call, db, label, *ret_made ? "UserDefault" : NULL);
    if (rc == 0) changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return rc;
}

static int put_user(struct registry_call *call, struct db *db)
{
    const char *name;
    bool made;
    int rc = param_name(call, "userName", &param_credential_name, &name);
    if (rc == 0) rc = put_one(call, db, name, param_str(call, ".hash"), &made);
    if (rc < 0) return rc;
    json_set_str(result_of(call), "userName", name);
    result_arn(call, result_of(call), "arn", "user", name);
    return 0;
}

static int list_users(struct registry_call *call, struct db *db)
{
    return credential_list(call,
                           db_query(db, "SELECT name, NULL, 0, status, created_at, NULL FROM user "
                                        "ORDER BY name"),
                           "users", "userName", "user");
}

static int update_user(struct registry_call *call, struct db *db)
{
    return credential_update(call, db, "UPDATE user SET status = ?2 WHERE name = ?1", "user",
                             "userName");
}

static int delete_user(struct registry_call *call, struct db *db)
{
    return credential_delete(call, db, "DELETE FROM user WHERE name = ?1", "user", "userName");
}

/* ERR_CONFLICT when it is not the user's hash any more: then the better one is of a password of yesterday. */
static int rehash_user(struct registry_call *call, struct db *db)
{
    const char *name = param_str(call, "userName");
    struct db_stmt *q = db_query(db, "UPDATE user SET hash = ?3 WHERE name = ?1 AND hash = ?2");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, param_str(call, "hash"));
    db_bind_text(q, 3, param_str(call, "betterHash"));
    int rc = db_exec(q);
    if (rc < 0) return rc;
    if (db_changes(db) == 0) return fail(call, ERR_CONFLICT, "The hash has changed meanwhile");
    char *label = xasprintf("user:%s", name);
    changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return 0;
}

/* ---- many ---- */

static int user_exists(struct db *db, const char *name, bool *ret_exists)
{
    struct db_stmt *q = db_query(db, "SELECT 1 FROM user WHERE name = ?1");
    db_bind_text(q, 1, name);
    *ret_exists = db_step(q);
    return db_done(q);
}

/* Why this one cannot be imported: diag has it then, else it is empty. `seen`: those before it. */
static int judge_import(struct registry_call *call, struct db *db, const struct json *user,
                        struct map *seen, struct diag *diag)
{
    const char *name = json_get_str(user, "userName"), *hash = json_get_str(user, "passwordHash");
    bool exists = false;
    if (!name || !param_fits(&param_credential_name, name)) {
        diag_set(diag, ERR_INVALID, "a name has 1 to 128 characters of %s",
                 param_credential_name.allowed);
        return 0;
    }
    if (map_put(seen, slice_str(name), seen)) {
        diag_set(diag, ERR_INVALID, "the name is there twice");
        return 0;
    }
    if (!hash) {
        diag_set(diag, ERR_INVALID, "there is no passwordHash");
        return 0;
    }
    if (password_check_hash(hash, diag) < 0 || param_flag(call, "update")) return 0;
    int rc = user_exists(db, name, &exists);
    if (exists) diag_set(diag, ERR_EXISTS, "the user is there already");
    return rc;
}

/* Puts those that cannot be imported into `refused`. */
static int judge_imports(struct registry_call *call, struct db *db, const struct json *users,
                         struct json *refused)
{
    struct map seen = { 0 };
    int rc = 0;
    json_for_each(user, users) {
        struct diag diag = DIAG_INIT;
        rc = judge_import(call, db, user, &seen, &diag);
        if (rc < 0) break;
        if (!diag.text[0]) continue;
        struct json *one = json_push(refused, json_new_object());
        json_set_str(one, "userName",
                     json_get_str(user, "userName") ? json_get_str(user, "userName") : "");
        json_set_str(one, "reason", diag.text);
    }
    map_deinit(&seen);
    return rc;
}

static int import_users(struct registry_call *call, struct db *db)
{
    const struct json *users = json_get(call->params, "users");
    int64_t added = 0, updated = 0;
    bool made = false;
    if (!json_is(users, JSON_ARRAY)) return fail(call, ERR_INVALID, "There are no users");
    struct json *refused = json_set(result_of(call), "refused", json_new_array());
    int rc = judge_imports(call, db, users, refused);
    if (rc == 0 && json_count(refused) == 0) {
        json_for_each(user, users) {
            rc = put_one(call, db, json_get_str(user, "userName"),
                         json_get_str(user, "passwordHash"), &made);
            if (rc < 0) break;
            added += made;
            updated += !made;
        }
    }
    json_set_int(result_of(call), "added", added);
    json_set_int(result_of(call), "updated", updated);
    return rc;
}

const struct registry_op user_ops[] = {
    { .name = "PutUser", .prepare = prepare_user, .run = put_user },
    { .name = "ListUsers", .run = list_users, .reads = true },
    { .name = "UpdateUser", .run = update_user },
    { .name = "DeleteUser", .run = delete_user },
    { .name = "ImportUsers", .run = import_users },
    { .name = ".RehashUser", .run = rehash_user },
    { 0 },
};
