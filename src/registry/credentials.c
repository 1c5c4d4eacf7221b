/* credentials.c — access keys and bearer tokens: the hub's own operations, for which AWS IoT has none. Secrets are
 * shown once, when they are made; what is stored is sealed (keys) or hashed (tokens). Users: users.c. */
#include "registry/credentials_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/password.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_MAX = 128 };

int credential_attach(struct registry_call *call, struct db *db, const char *label,
                      const char *fallback)
{
    const char *policy = param_str(call, "policyName");
    bool is_new;
    if (!policy) policy = fallback;
    return policy ? policy_attach(call, db, policy, label, &is_new) : 0;
}

static int detach_all(struct registry_call *call, struct db *db, const char *label)
{
    struct db_stmt *q = db_query(db, "DELETE FROM policy_target WHERE target = ?1");
    db_bind_text(q, 1, label);
    int rc = db_exec(q);
    if (rc < 0) return rc;
    q = db_query(db, "DELETE FROM thing_principal WHERE principal = ?1");
    db_bind_text(q, 1, label);
    rc = db_exec(q);
    if (rc == 0) changed(call, REGISTRY_PRINCIPAL, label);
    return rc;
}

/* The optional "name", for humans: "" without. */
static int comment_of(struct registry_call *call, const char **ret_name)
{
    const char *name = param_str(call, "name");
    if (name && strlen(name) > COMMENT_MAX)
        return fail(call, ERR_INVALID, "The name of a credential has at most %d bytes",
                    COMMENT_MAX);
    *ret_name = name ? name : "";
    return 0;
}

/* ---- access keys ---- */

static int create_key(struct registry_call *call, struct db *db)
{
    char id[ACCESS_KEY_ID_LEN], secret[ACCESS_KEY_SECRET_LEN], label[128];
    const char *name = NULL;
    struct buf sealed = { 0 };
    int rc = comment_of(call, &name);
    if (rc < 0) return rc;
    access_key_make_id(false, id);
    access_key_make_secret(secret);
    snprintf(label, sizeof label, "access-key/%s", id);
    rc = secret_seal(registry_opts(call->registry)->secrets, slice_str(label), slice_str(secret),
                     &sealed);
    if (rc < 0) {
        crypto_wipe(secret, sizeof secret);
        return rc;
    }
    struct db_stmt *q = db_query(db, "INSERT INTO access_key (id, name, secret, admin, created_at) "
                                     "VALUES (?1, ?2, ?3, ?4, ?5)");
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, name);
    db_bind_blob(q, 3, buf_slice(&sealed));
    db_bind_int(q, 4, param_flag(call, "admin"));
    db_bind_int(q, 5, call->now_ms);
    rc = db_exec(q);
    buf_deinit(&sealed);
    snprintf(label, sizeof label, "key:%s", id);
    if (rc == 0) rc = credential_attach(call, db, label, NULL);
    if (rc == 0) {
        json_set_str(result_of(call), "accessKeyId", id);
        json_set_str(result_of(call), "secretAccessKey", secret);
        result_arn(call, result_of(call), "arn", "key", id);
    }
    crypto_wipe(secret, sizeof secret);
    return rc;
}

int credential_list(struct registry_call *call, struct db_stmt *q, const char *member,
                    const char *id_member, const char *kind)
{
    struct json *list = json_set(result_of(call), member, json_new_array());
    while (db_step(q)) {
        struct json *one = json_push(list, json_new_object());
        json_set_str(one, id_member, db_text(q, 0));
        if (db_text(q, 1)) json_set_str(one, "name", db_text(q, 1));
        result_arn(call, one, "arn", kind, db_text(q, 0));
        json_set_bool(one, "admin", db_int(q, 2) != 0);
        json_set_str(one, "status", db_text(q, 3));
        result_time(one, "creationDate", db_int(q, 4));
        if (!db_is_null(q, 5)) result_time(one, "expirationDate", db_int(q, 5));
    }
    return db_done(q);
}

static int list_keys(struct registry_call *call, struct db *db)
{
    return credential_list(call,
                           db_query(db, "SELECT id, name, admin, status, created_at, NULL "
                                        "FROM access_key ORDER BY created_at, id"),
                           "accessKeys", "accessKeyId", "key");
}

/* What follows a statement for one row, whose id is bound as ?1: the label of what it has changed, owned. */
static int exec_one(struct registry_call *call, struct db *db, struct db_stmt *q, const char *kind,
                    const char *id, char **ret_label)
{
    int rc = db_exec(q);
    if (rc < 0) return rc;
    if (db_changes(db) == 0) return fail(call, ERR_NOT_FOUND, "There is no %s %s", kind, id);
    *ret_label = xasprintf("%s:%s", kind, id);
    return 0;
}

int credential_delete(struct registry_call *call, struct db *db, const char *sql, const char *kind,
                      const char *id_member)
{
    const char *id;
    char *label = NULL;
    int rc = param_name(call, id_member, &param_credential_name, &id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, id);
    rc = exec_one(call, db, q, kind, id, &label);
    if (rc == 0) rc = detach_all(call, db, label);
    free(label);
    return rc;
}

int credential_update(struct registry_call *call, struct db *db, const char *sql, const char *kind,
                      const char *id_member)
{
    const char *id, *status = param_str(call, "status");
    char *label = NULL;
    int rc = param_name(call, id_member, &param_credential_name, &id);
    if (rc < 0) return rc;
    if (!status || (strcmp(status, "ACTIVE") != 0 && strcmp(status, "INACTIVE") != 0))
        return fail(call, ERR_INVALID, "The status is ACTIVE or INACTIVE");
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, status);
    rc = exec_one(call, db, q, kind, id, &label);
    if (rc == 0) changed(call, REGISTRY_PRINCIPAL, label);
    free(label);
    return rc;
}

static int update_key(struct registry_call *call, struct db *db)
{
    return credential_update(call, db, "UPDATE access_key SET status = ?2 WHERE id = ?1", "key",
                             "accessKeyId");
}

static int delete_key(struct registry_call *call, struct db *db)
{
    return credential_delete(call, db, "DELETE FROM access_key WHERE id = ?1", "key",
                             "accessKeyId");
}

/* ---- tokens ---- */

static int create_token(struct registry_call *call, struct db *db)
{
    char token[TOKEN_LEN], hash[TOKEN_HASH_LEN], random[8], id[17], label[64];
    const char *name = NULL;
    int64_t seconds = 0;
    int rc = param_int(call, "expiresInSeconds", 0, (int64_t)100 * 365 * 86400, 0, &seconds);
    if (rc == 0) rc = comment_of(call, &name);
    if (rc < 0) return rc;
    token_make("thd_", token);
    token_hash(slice_str(token), hash);
    rand_system_bytes(random, sizeof random);
    hex_encode(random, sizeof random, id);
    struct db_stmt *q = db_query(db, "INSERT INTO token (id, name, hash, admin, created_at, "
                                     "expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, name);
    db_bind_text(q, 3, hash);
    db_bind_int(q, 4, param_flag(call, "admin"));
    db_bind_int(q, 5, call->now_ms);
    if (seconds)
        db_bind_int(q, 6, call->now_ms + seconds * 1000);
    else
        db_bind_null(q, 6);
    rc = db_exec(q);
    snprintf(label, sizeof label, "token:%s", id);
    if (rc == 0) rc = credential_attach(call, db, label, NULL);
    if (rc == 0) {
        json_set_str(result_of(call), "tokenId", id);
        json_set_str(result_of(call), "token", token);
        result_arn(call, result_of(call), "arn", "token", id);
    }
    crypto_wipe(token, sizeof token);
    return rc;
}

static int list_tokens(struct registry_call *call, struct db *db)
{
    return credential_list(call,
                           db_query(db, "SELECT id, name, admin, status, created_at, expires_at "
                                        "FROM token ORDER BY created_at, id"),
                           "tokens", "tokenId", "token");
}

static int update_token(struct registry_call *call, struct db *db)
{
    return credential_update(call, db, "UPDATE token SET status = ?2 WHERE id = ?1", "token",
                             "tokenId");
}

static int delete_token(struct registry_call *call, struct db *db)
{
    return credential_delete(call, db, "DELETE FROM token WHERE id = ?1", "token", "tokenId");
}

const struct registry_op credential_ops[] = {
    { .name = "CreateAccessKey", .run = create_key },
    { .name = "ListAccessKeys", .run = list_keys, .reads = true },
    { .name = "UpdateAccessKey", .run = update_key },
    { .name = "DeleteAccessKey", .run = delete_key },
    { .name = "CreateToken", .run = create_token },
    { .name = "ListTokens", .run = list_tokens, .reads = true },
    { .name = "UpdateToken", .run = update_token },
    { .name = "DeleteToken", .run = delete_token },
    { 0 },
};
