/* crls.c — revocation lists of registered CAs: the hub's own operations PutCertificateRevocationList,
 * GetCertificateRevocationList and DeleteCertificateRevocationList.
 *  I1  A CA has the last list that was put, and no list is followed by one that is older.
 *  I2  What a list names is REVOKED when it is put, in its transaction, and stays so when a later list does not
 *      name it any more, until UpdateCertificate says otherwise.
 *  I3  A list of which the next was due stays in force; that it was due is told. */
#include "crypto/x509_crl.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "registry/certs_priv.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD_MS INT64_C(3600000) /* of our clock: how much a thisUpdate may be */

/* ---- what the others ask ---- */

/* When the next was due; 0: nothing was. */
static int64_t overdue_since(int64_t next_update, int64_t now_ms)
{
    return next_update && next_update < now_ms ? next_update : 0;
}

static void warn_if_overdue(const struct registry_call *call, const char *ca, int64_t next_update)
{
    int64_t since = overdue_since(next_update, call->now_ms);
    if (since)
        LOG(LOG_WARN, "registry", "the revocation list of a CA should have been renewed",
            LOG_S("ca", ca), LOG_I("days_ago", (call->now_ms - since) / 86400000));
}

int crl_names(struct registry_call *call, struct db *db, const char *ca_id, const char *serial,
              bool *ret_named)
{
    struct db_stmt *q =
        db_query(db, "SELECT next_update, EXISTS (SELECT 1 FROM crl_entry WHERE crl_entry.ca = "
                     "?1 AND serial = ?2) FROM crl WHERE ca = ?1");
    db_bind_text(q, 1, ca_id);
    db_bind_text(q, 2, serial);
    *ret_named = false;
    if (db_step(q)) {
        warn_if_overdue(call, ca_id, db_int(q, 0));
        *ret_named = db_int(q, 1) != 0;
    }
    return db_done(q);
}

/* ---- putting one ---- */

static int look_put(struct registry_call *call, struct db *db)
{
    const char *id;
    int rc = ca_param_id(call, &id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT pem FROM ca_cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    bool found = db_step(q);
    if (found) json_set_str(call->params, ".ca", db_text(q, 0));
    rc = db_done(q);
    if (rc == 0 && !found) rc = ca_not_found(call, id);
    return rc;
}

static void note_list(struct registry_call *call, const struct x509_crl_info *info)
{
    json_set_str(call->params, ".number", info->number);
    json_set_int(call->params, ".thisUpdate", info->this_update_s * 1000);
    json_set_int(call->params, ".nextUpdate", info->next_update_s * 1000);
    struct json *entries = json_set(call->params, ".entries", json_new_array());
    for (size_t i = 0; i < info->count; i++) {
        struct json *entry = json_push(entries, json_new_object());
        json_set_str(entry, "serial", info->entries[i].serial);
        json_set_int(entry, "revokedAt", info->entries[i].revoked_at_s * 1000);
    }
}

static int prepare_put(struct registry_call *call)
{
    const char *pem;
    struct arena arena = { 0 };
    struct x509_crl_info info;
    int rc = cert_param_text(call, "crlPem", &pem);
    if (rc < 0) return rc;
    rc = x509_crl_read(slice_str(pem), slice_str(param_str(call, ".ca")), &arena, &info,
                       &call->diag);
    if (rc == 0 && info.this_update_s * 1000 > call->now_ms + AHEAD_MS)
        rc = fail(
            call, ERR_CERT,
            "revocation list: it is not valid yet; the clock of this hub or of the CA is wrong");
    if (rc == 0) note_list(call, &info);
    arena_deinit(&arena);
    return rc;
}

static int check_newer(struct registry_call *call, struct db *db, const char *ca)
{
    const char *number = param_str(call, ".number");
    struct db_stmt *q = db_query(db, "SELECT number, this_update FROM crl WHERE ca = ?1");
    db_bind_text(q, 1, ca);
    bool older = false;
    if (db_step(q)) {
        older = cert_noted(call, ".thisUpdate") < db_int(q, 1);
        if (number && !db_is_null(q, 0))
            older = older || x509_crl_number_compare(number, db_text(q, 0)) < 0;
    }
    int rc = db_done(q);
    return rc == 0 && older
               ? fail(call, ERR_CONFLICT,
                      "The revocation list is older than the one that is in force (CRLNumber, "
                      "thisUpdate)")
               : rc;
}

static int delete_list(struct db *db, const char *ca)
{
    struct db_stmt *q = db_query(db, "DELETE FROM crl_entry WHERE ca = ?1");
    db_bind_text(q, 1, ca);
    int rc = db_exec(q);
    if (rc < 0) return rc;
    q = db_query(db, "DELETE FROM crl WHERE ca = ?1");
    db_bind_text(q, 1, ca);
    return db_exec(q);
}

static int insert_list(struct registry_call *call, struct db *db, const char *ca)
{
    struct db_stmt *q = db_query(db, "INSERT INTO crl (ca, number, this_update, next_update, "
                                     "created_at) VALUES (?1, ?2, ?3, nullif(?4, 0), ?5)");
    db_bind_text(q, 1, ca);
    db_bind_text(q, 2, param_str(call, ".number"));
    db_bind_int(q, 3, cert_noted(call, ".thisUpdate"));
    db_bind_int(q, 4, cert_noted(call, ".nextUpdate"));
    db_bind_int(q, 5, call->now_ms);
    int rc = db_exec(q);
    json_for_each(entry, json_get(call->params, ".entries")) {
        if (rc < 0) break;
        int64_t revoked_at = 0;
        json_to_int64(json_get(entry, "revokedAt"), &revoked_at);
        q = db_query(db, "INSERT OR IGNORE INTO crl_entry (ca, serial, revoked_at) "
                         "VALUES (?1, ?2, ?3)"); /* a serial may stand there twice */
        db_bind_text(q, 1, ca);
        db_bind_text(q, 2, json_get_str(entry, "serial"));
        db_bind_int(q, 3, revoked_at);
        rc = db_exec(q);
    }
    return rc;
}

static int revoke_named(struct registry_call *call, struct db *db, const char *ca,
                        int64_t *ret_count)
{
    struct db_stmt *q =
        db_query(db, "UPDATE cert SET status = 'REVOKED', modified_at = ?2, version = version + 1 "
                     "WHERE ca_id = ?1 AND status <> 'REVOKED' AND serial IN "
                     "(SELECT serial FROM crl_entry WHERE crl_entry.ca = ?1) RETURNING id");
    db_bind_text(q, 1, ca);
    db_bind_int(q, 2, call->now_ms);
    *ret_count = 0;
    while (db_step(q)) {
        cert_changed(call, db_text(q, 0));
        ++*ret_count;
    }
    return db_done(q);
}

/* ---- reading ---- */

/* *ret_found: there is a list. */
static int put_about(struct registry_call *call, struct db *db, const char *ca, bool *ret_found)
{
    struct db_stmt *q =
        db_query(db, "SELECT number, this_update, next_update, created_at, "
                     "(SELECT count(*) FROM crl_entry WHERE crl_entry.ca = ?1) FROM crl "
                     "WHERE ca = ?1");
    db_bind_text(q, 1, ca);
    *ret_found = db_step(q);
    if (*ret_found) {
        struct json *result = result_of(call);
        json_set_str(result, "caCertificateId", ca);
        json_set_str(result, "crlNumber", db_text(q, 0));
        result_time(result, "thisUpdate", db_int(q, 1));
        if (!db_is_null(q, 2)) result_time(result, "nextUpdate", db_int(q, 2));
        json_set_bool(result, "overdue", overdue_since(db_int(q, 2), call->now_ms) != 0);
        result_time(result, "uploadDate", db_int(q, 3));
        json_set_int(result, "entryCount", db_int(q, 4));
    }
    return db_done(q);
}

static int none(struct registry_call *call, const char *ca)
{
    return fail(call, ERR_NOT_FOUND, "There is no revocation list of the CA certificate %s", ca);
}

static int put_list(struct registry_call *call, struct db *db)
{
    const char *ca;
    int64_t revoked = 0;
    bool found;
    int rc = ca_param_id(call, &ca);
    if (rc == 0) rc = check_newer(call, db, ca);
    if (rc == 0) rc = delete_list(db, ca);
    if (rc == 0) rc = insert_list(call, db, ca);
    if (rc == ERR_IN_USE) return ca_not_found(call, ca); /* a foreign key: gone since look */
    if (rc == 0) rc = revoke_named(call, db, ca, &revoked);
    if (rc == 0) rc = put_about(call, db, ca, &found);
    if (rc < 0) return rc;
    json_set_int(result_of(call), "revokedCount", revoked);
    warn_if_overdue(call, ca, cert_noted(call, ".nextUpdate"));
    return 0;
}

static int put_entries(struct registry_call *call, struct db *db, const char *ca)
{
    struct page page;
    int rc = page_open(call, "maxResults", "nextToken", 250, 1000, &page);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT serial, revoked_at FROM crl_entry WHERE ca = ?1 AND "
                                     "serial > ?2 ORDER BY serial LIMIT ?3");
    db_bind_text(q, 1, ca);
    db_bind_text(q, 2, page.after ? page.after : "");
    db_bind_int(q, 3, page.size + 1);
    struct json *list = json_set(result_of(call), "revoked", json_new_array()), *one = NULL;
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page.size) {
            page_next(call, "nextToken", json_get_str(one, "serialNumber"));
            break;
        }
        one = json_push(list, json_new_object());
        json_set_str(one, "serialNumber", db_text(q, 0));
        result_time(one, "revocationDate", db_int(q, 1));
    }
    rc = db_done(q);
    page_close(&page);
    return rc;
}

static int get_list(struct registry_call *call, struct db *db)
{
    const char *ca;
    bool found = false;
    int rc = ca_param_id(call, &ca);
    if (rc == 0) rc = put_about(call, db, ca, &found);
    if (rc == 0 && !found) rc = none(call, ca);
    return rc == 0 ? put_entries(call, db, ca) : rc;
}

static int remove_list(struct registry_call *call, struct db *db)
{
    const char *ca;
    int rc = ca_param_id(call, &ca);
    if (rc == 0) rc = delete_list(db, ca);
    return rc == 0 && db_changes(db) == 0 ? none(call, ca) : rc;
}

const struct registry_op crl_ops[] = {
    { .name = "PutCertificateRevocationList",
      .look = look_put,
      .prepare = prepare_put,
      .run = put_list },
    { .name = "GetCertificateRevocationList", .run = get_list, .reads = true },
    { .name = "DeleteCertificateRevocationList", .run = remove_list },
    { 0 },
};
