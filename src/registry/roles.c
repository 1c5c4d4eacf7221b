/* roles.c — role aliases, and the temporary keys that devices get by them. Reference: security, section 10.
 *
 * A role is a name to which policies are attached, and is there while some are. An alias leads to a role, and says how
 * long a key lives; a key is good for what its role may, as long as the certificate that it was given to is ACTIVE.
 *
 *  I1  A certificate has at most registry_opts.temporary_keys: the oldest go. Rows go KEPT_MS after their end, so that
 *      who comes late is told so.
 *  I2  Whatever changes a certificate or a role is told of their keys too. */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "registry/registry_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DURATION_MIN_S = 900, DURATION_MAX_S = 43200, DURATION_S = 3600, KEPT_MS = DAYS(1) };

static const struct param_kind alias_name = { 1, 128, "a-zA-Z0-9_=,@-", "[\\w=,@-]+" };
static const struct param_kind role_arn = { 20, 2048, " -~", "[\\u0020-\\u007E]+" };

/* ---- aliases ---- */

struct alias {
    const char *name;
    char *role_arn; /* owned */
    int64_t duration_s;
    int64_t created_ms, modified_ms;
    bool found;
};

static int find_alias(struct db *db, const char *name, struct alias *ret_alias)
{
    struct db_stmt *q = db_query(
        db, "SELECT role_arn, duration_s, created_at, modified_at FROM role_alias WHERE name = ?1");
    db_bind_text(q, 1, name);
    *ret_alias = (struct alias){ .name = name, .found = db_step(q) };
    if (ret_alias->found) {
        ret_alias->role_arn = xstrdup(db_text(q, 0));
        ret_alias->duration_s = db_int(q, 1);
        ret_alias->created_ms = db_int(q, 2);
        ret_alias->modified_ms = db_int(q, 3);
    }
    return db_done(q);
}

/* The alias that the parameters name, which must be there. */
static int require_alias(struct registry_call *call, struct db *db, struct alias *ret_alias)
{
    const char *name = NULL;
    int rc = param_name(call, "roleAlias", &alias_name, &name);
    if (rc == 0) rc = find_alias(db, name, ret_alias);
    if (rc < 0) return rc;
    return ret_alias->found ? 0 : fail(call, ERR_NOT_FOUND, "Role alias %s does not exist", name);
}

static int duration_of(struct registry_call *call, int64_t fallback, int64_t *ret_seconds)
{
    return param_int(call, "credentialDurationSeconds", DURATION_MIN_S, DURATION_MAX_S, fallback,
                     ret_seconds);
}

static void answer_alias(struct registry_call *call, const char *name)
{
    json_set_str(result_of(call), "roleAlias", name);
    result_arn(call, result_of(call), "roleAliasArn", "rolealias", name);
}

static int refuse_existing(struct registry_call *call, const char *name)
{
    json_set_str(result_of(call), "resourceId", name);
    result_arn(call, result_of(call), "resourceArn", "rolealias", name);
    return fail(call, ERR_EXISTS, "Role alias %s already exists", name);
}

static int put_alias(struct registry_call *call, struct db *db, const struct alias *alias)
{
    struct db_stmt *q =
        db_query(db, "INSERT INTO role_alias (name, role_arn, duration_s, created_at, modified_at) "
                     "VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (name) DO UPDATE SET "
                     "role_arn = ?2, duration_s = ?3, modified_at = ?4");
    db_bind_text(q, 1, alias->name);
    db_bind_text(q, 2, alias->role_arn);
    db_bind_int(q, 3, alias->duration_s);
    db_bind_int(q, 4, call->now_ms);
    int rc = db_exec(q);
    if (rc == 0) answer_alias(call, alias->name);
    return rc;
}

static int create_alias(struct registry_call *call, struct db *db)
{
    const char *name = NULL, *arn = NULL;
    struct alias alias = { 0 };
    int64_t seconds = 0;
    int rc = param_name(call, "roleAlias", &alias_name, &name);
    if (rc == 0) rc = param_name(call, "roleArn", &role_arn, &arn);
    if (rc == 0) rc = duration_of(call, DURATION_S, &seconds);
    if (rc == 0) rc = find_alias(db, name, &alias);
    if (rc == 0 && alias.found) rc = refuse_existing(call, name);
    free(alias.role_arn);
    if (rc < 0) return rc;
    alias = (struct alias){ .name = name, .role_arn = xstrdup(arn), .duration_s = seconds };
    rc = put_alias(call, db, &alias);
    free(alias.role_arn);
    return rc;
}

/* Keys that were given out keep their role and their end. */
static int update_alias(struct registry_call *call, struct db *db)
{
    struct alias alias = { 0 };
    const char *arn = NULL;
    int rc = require_alias(call, db, &alias);
    if (rc == 0 && param_str(call, "roleArn")) rc = param_name(call, "roleArn", &role_arn, &arn);
    if (rc == 0) rc = duration_of(call, alias.duration_s, &alias.duration_s);
    if (rc == 0 && arn) {
        free(alias.role_arn);
        alias.role_arn = xstrdup(arn);
    }
    if (rc == 0) rc = put_alias(call, db, &alias);
    free(alias.role_arn);
    return rc;
}

static int describe_alias(struct registry_call *call, struct db *db)
{
    struct alias alias = { 0 };
    int rc = require_alias(call, db, &alias);
    if (rc == 0) {
        struct json *one = json_set(result_of(call), "roleAliasDescription", json_new_object());
        json_set_str(one, "roleAlias", alias.name);
        result_arn(call, one, "roleAliasArn", "rolealias", alias.name);
        json_set_str(one, "roleArn", alias.role_arn);
        json_set_str(one, "owner", registry_account(call->registry));
        json_set_int(one, "credentialDurationSeconds", alias.duration_s);
        result_time(one, "creationDate", alias.created_ms);
        result_time(one, "lastModifiedDate", alias.modified_ms);
    }
    free(alias.role_arn);
    return rc;
}

static int list_aliases(struct registry_call *call, struct db *db)
{
    struct page page = { 0 };
    int rc = page_open(call, "pageSize", "marker", 25, 250, &page);
    if (rc < 0) return rc;
    bool ascending = param_flag(call, "ascendingOrder");
    struct db_stmt *q = db_query(
        db,
        ascending
            ? "SELECT name FROM role_alias WHERE name > ?2 ORDER BY name LIMIT ?3"
            : "SELECT name FROM role_alias WHERE ?2 = '' OR name < ?2 ORDER BY name DESC LIMIT ?3");
    rc = page_list(call, q, &page, "roleAliases", "nextMarker", push_name);
    page_close(&page);
    return rc;
}

/* ---- keys: telling of them, and their end ---- */

/* The youngest first; ?2 of them are left out. */
#define KEYS_OF(column)                                   \
    "SELECT id FROM temporary_key WHERE " column " = ?1 " \
    "ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2"

static struct db_stmt *query_keys(struct db *db, const char *sql, const char *name, size_t skip)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, (int64_t)skip);
    return q;
}

static int tell_keys(struct registry_call *call, struct db_stmt *q)
{
    while (db_step(q)) {
        char *label = xasprintf("temp:%s", db_text(q, 0));
        changed(call, REGISTRY_PRINCIPAL, label);
        free(label);
    }
    return db_done(q);
}

int role_keys_changed(struct registry_call *call, struct db *db)
{
    int rc = 0;
    for (size_t i = 0, count = json_count(call->changes); i < count && rc == 0; i++) {
        const struct json *pair = json_at(call->changes, i);
        int64_t kind = 0;
        const char *label = json_str(json_at(pair, 1));
        if (!json_to_int64(json_at(pair, 0), &kind) || kind != REGISTRY_PRINCIPAL) continue;
        if (strncmp(label, "cert:", 5) == 0)
            rc = tell_keys(call, query_keys(db, KEYS_OF("cert"), label + 5, 0));
        else if (strncmp(label, "role:", 5) == 0)
            rc = tell_keys(call, query_keys(db, KEYS_OF("role"), label + 5, 0));
    }
    return rc;
}

#define DROP(keys) "DELETE FROM temporary_key WHERE id IN (" keys ")"

/* Those of a certificate, but for the youngest. */
static int drop_keys_of(struct registry_call *call, struct db *db, const char *cert, size_t keep)
{
    int rc = tell_keys(call, query_keys(db, KEYS_OF("cert"), cert, keep));
    return rc < 0 ? rc : db_exec(query_keys(db, DROP(KEYS_OF("cert")), cert, keep));
}

int role_drop_keys(struct registry_call *call, struct db *db, const char *cert)
{
    return drop_keys_of(call, db, cert, 0);
}

static int delete_alias(struct registry_call *call, struct db *db)
{
    struct alias alias = { 0 };
    int rc = require_alias(call, db, &alias);
    free(alias.role_arn);
    if (rc == 0) rc = tell_keys(call, query_keys(db, KEYS_OF("role_alias"), alias.name, 0));
    if (rc == 0) rc = db_exec(query_keys(db, DROP(KEYS_OF("role_alias")), alias.name, 0));
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "DELETE FROM role_alias WHERE name = ?1");
    db_bind_text(q, 1, alias.name);
    return db_exec(q);
}

static int drop_ended(struct registry_call *call, struct db *db)
{
    struct db_stmt *q = db_query(db, "DELETE FROM temporary_key WHERE expires_at < ?1");
    db_bind_int(q, 1, call->now_ms - KEPT_MS);
    return db_exec(q);
}

/* Leaves room for one more. */
static int make_room(struct registry_call *call, struct db *db, const char *cert)
{
    size_t most = registry_opts(call->registry)->temporary_keys;
    return most ? drop_keys_of(call, db, cert, most - 1) : 0;
}

/* ---- keys: making one ---- */

static void key_label(const char *id, char ret_label[64])
{
    snprintf(ret_label, 64, "temporary-key/%.40s", id);
}

/* The name of a role of ours that has policies, into ret_label: "role:NAME". */
static int assume(struct registry_call *call, struct db *db, const struct alias *alias,
                  char ret_label[256])
{
    bool found = false;
    int rc = label_of_arn(call, alias->role_arn, ret_label);
    if (rc == 0 && strncmp(ret_label, "role:", 5) == 0) {
        struct db_stmt *q = db_query(db, "SELECT 1 FROM policy_target WHERE target = ?1 LIMIT 1");
        db_bind_text(q, 1, ret_label);
        found = db_step(q);
        rc = db_done(q);
        if (rc < 0) return rc;
    }
    return found ? 0
                 : fail(call, ERR_INVALID,
                        "Unable to assume the role, or the role to assume does not exist");
}

/* No key outlives its certificate. */
static int end_of_key(struct registry_call *call, struct db *db, const struct alias *alias,
                      const char *cert, int64_t *ret_expires_ms)
{
    struct db_stmt *q =
        db_query(db, "SELECT not_after FROM cert WHERE id = ?1 AND status = 'ACTIVE'");
    db_bind_text(q, 1, cert);
    bool found = db_step(q);
    int64_t not_after = found ? db_int(q, 0) : 0;
    int rc = db_done(q);
    if (rc < 0) return rc;
    if (!found) return fail(call, ERR_DENIED, "Access Denied");
    int64_t expires = call->now_ms + alias->duration_s * 1000;
    *ret_expires_ms = expires < not_after ? expires : not_after;
    return 0;
}

struct new_key {
    char id[ACCESS_KEY_ID_LEN];
    char secret[ACCESS_KEY_SECRET_LEN];
    char token[TOKEN_LEN];
    const char *cert;
    char role[256]; /* "role:NAME" */
    int64_t expires_ms;
};

static int insert_key(struct registry_call *call, struct db *db, const struct new_key *key,
                      const char *alias)
{
    char label[64], hash[TOKEN_HASH_LEN];
    struct buf sealed = { 0 };
    key_label(key->id, label);
    token_hash(slice_str(key->token), hash);
    int rc = secret_seal(registry_opts(call->registry)->secrets, slice_str(label),
                         slice_str(key->secret), &sealed);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "INSERT INTO temporary_key (id, secret, token_hash, role, role_alias, cert, "
                     "thing, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    db_bind_text(q, 1, key->id);
    db_bind_blob(q, 2, buf_slice(&sealed));
    db_bind_text(q, 3, hash);
    db_bind_text(q, 4, key->role + 5);
    db_bind_text(q, 5, alias);
    db_bind_text(q, 6, key->cert);
    db_bind_text(q, 7, param_str(call, "thingName"));
    db_bind_int(q, 8, call->now_ms);
    db_bind_int(q, 9, key->expires_ms);
    rc = db_exec(q);
    buf_deinit(&sealed);
    return rc;
}

/* AWS writes whole seconds. */
static void answer_key(struct registry_call *call, const struct new_key *key)
{
    char end[25];
    text_iso8601(key->expires_ms, end);
    memcpy(end + 19, "Z", 2);
    struct json *one = json_set(result_of(call), "credentials", json_new_object());
    json_set_str(one, "accessKeyId", key->id);
    json_set_str(one, "secretAccessKey", key->secret);
    json_set_str(one, "sessionToken", key->token);
    json_set_str(one, "expiration", end);
}

static int make_key(struct registry_call *call, struct db *db, const struct alias *alias)
{
    struct new_key key = { .cert = param_str(call, "certificateId") };
    int rc = assume(call, db, alias, key.role);
    if (rc == 0) rc = end_of_key(call, db, alias, key.cert, &key.expires_ms);
    if (rc == 0) rc = drop_ended(call, db);
    if (rc == 0) rc = make_room(call, db, key.cert);
    if (rc < 0) return rc;
    access_key_make_id(true, key.id);
    access_key_make_secret(key.secret);
    token_make("ths_", key.token);
    rc = insert_key(call, db, &key, alias->name);
    if (rc == 0) answer_key(call, &key);
    crypto_wipe(&key, sizeof key);
    return rc;
}

/* roleAlias, certificateId, and thingName where the device has named one. */
static int create_key(struct registry_call *call, struct db *db)
{
    struct alias alias = { 0 };
    const char *name = param_str(call, "roleAlias");
    int rc = find_alias(db, name, &alias);
    if (rc == 0 && !alias.found) rc = fail(call, ERR_NOT_FOUND, "Role alias does not exist");
    if (rc == 0) rc = make_key(call, db, &alias);
    free(alias.role_arn);
    return rc;
}

/* ---- keys: reading one ---- */

static int open_secret(struct registry *registry, struct registry_principal *p, struct slice sealed)
{
    char label[64];
    struct buf text = { 0 };
    struct diag diag = DIAG_INIT;
    key_label(p->id, label);
    int rc = secret_open(registry_opts(registry)->secrets, slice_str(label), sealed, &text, &diag);
    if (rc < 0)
        LOG(LOG_ERROR, "registry", "a temporary key cannot be decrypted", LOG_S("key", p->id),
            LOG_S("reason", diag_text(&diag, rc)));
    else
        p->secret = xstrndup(text.data, text.len);
    secret_wipe(&text);
    return rc;
}

int role_read_key(struct registry *registry, struct registry_principal *p, struct db *db,
                  struct role_key *ret_key)
{
    *ret_key = (struct role_key){ 0 };
    struct db_stmt *q =
        db_query(db, "SELECT k.secret, k.token_hash, k.expires_at, k.cert, k.role, "
                     "CASE WHEN EXISTS (SELECT 1 FROM thing_principal tp WHERE tp.thing = k.thing "
                     "AND tp.principal = 'cert:' || k.cert) THEN k.thing END "
                     "FROM temporary_key k JOIN cert c ON c.id = k.cert "
                     "WHERE k.id = ?1 AND c.status = 'ACTIVE'");
    db_bind_text(q, 1, p->id);
    if (db_step(q) && open_secret(registry, p, db_blob(q, 0)) == 0) {
        p->token_hash = xstrdup(db_text(q, 1));
        p->not_after_ms = db_int(q, 2);
        p->cert_id = xstrdup(db_text(q, 3));
        ret_key->role = xasprintf("role:%s", db_text(q, 4));
        ret_key->thing = db_text(q, 5) ? xstrdup(db_text(q, 5)) : NULL;
    }
    return db_done(q);
}

void role_key_deinit(struct role_key *key)
{
    free(key->role);
    free(key->thing);
}

const struct registry_op role_ops[] = {
    { .name = "CreateRoleAlias", .run = create_alias },
    { .name = "DescribeRoleAlias", .run = describe_alias, .reads = true },
    { .name = "UpdateRoleAlias", .run = update_alias },
    { .name = "DeleteRoleAlias", .run = delete_alias },
    { .name = "ListRoleAliases", .run = list_aliases, .reads = true },
    { .name = ".CreateTemporaryKey", .run = create_key },
    { 0 },
};
