/* session_store.c — the requests by which sessions reach the database.
 * Every request owns copies of what it binds, since it runs on the store thread. Queues have files of
 * their own: queue_journal.c writes them, queue_load.c reads them. */
#include "hub/session_store.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/session.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows of sessions and subscriptions: one kind of request, the statement is the difference ---- */

struct row_write {
    struct store_req req; /* first */
    const char *sql;
    int64_t numbers[6]; /* ?1 to ?6, as many as number_count */
    int number_count;
    char *texts[2]; /* behind them */
    int text_count;
    const struct msg *will; /* of the submitter; its saved form is bound as ?7, NULL for none */
    struct buf data;
};

static int run_row(struct store_req *req, struct db *db)
{
    struct row_write *write = container_of(req, struct row_write, req);
    struct db_stmt *q = db_query(db, write->sql);
    for (int i = 0; i < write->number_count; i++)
        db_bind_int(q, i + 1, write->numbers[i]);
    for (int i = 0; i < write->text_count; i++)
        db_bind_text(q, write->number_count + i + 1, write->texts[i]);
    if (write->data.len) db_bind_blob(q, 7, buf_slice(&write->data));
    return db_exec(q);
}

static void on_row_done(struct store_req *req, int rc)
{
    struct row_write *write = container_of(req, struct row_write, req);
    if (rc < 0 && rc != ERR_CLOSED)
        LOG(LOG_ERROR, "hub", "a session's row was refused", LOG_S("sql", write->sql), LOG_ERR(rc));
    for (int i = 0; i < write->text_count; i++)
        free(write->texts[i]);
    buf_deinit(&write->data);
    free(write);
}

static int64_t submit_row(struct store *store, struct row_write row)
{
    struct row_write *write = xmemdup(&row, sizeof row);
    write->req = (struct store_req){ .run = run_row, .done = on_row_done, .single = true };
    if (row.will) msg_save(row.will, &write->data);
    write->will = NULL;
    return store_submit(store, &write->req);
}

/* -1 is SESSION_EXPIRY_CONFIGURED, which is NULL in the table: nullif. */

int64_t session_row_create(struct store *store, const struct session_row *row)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "INSERT INTO session (id, created_at, expiry_ms, will_delay_ms, "
                          "client_id, principal, will) "
                          "VALUES (?1, ?2, nullif(?3, -1), ?4, ?5, ?6, ?7)",
                   .numbers = { row->id, row->created_at, row->expiry_ms, row->will_delay_ms },
                   .number_count = 4,
                   .texts = { xstrdup(row->client_id), xstrdup(row->principal) },
                   .text_count = 2,
                   .will = row->will,
               });
}

int64_t session_row_online(struct store *store, const struct session_row *row)
{
    return submit_row(store, (struct row_write){
                                 .sql = "UPDATE session SET disconnected_at = NULL, "
                                        "expiry_ms = nullif(?2, -1), will_delay_ms = ?3, "
                                        "principal = ?4, will = ?7, will_at = NULL WHERE id = ?1",
                                 .numbers = { row->id, row->expiry_ms, row->will_delay_ms },
                                 .number_count = 3,
                                 .texts = { xstrdup(row->principal) },
                                 .text_count = 1,
                                 .will = row->will,
                             });
}

static const char offline[] = "UPDATE session SET disconnected_at = ?2, will = NULL WHERE id = ?1";
static const char offline_with_will[] =
    "UPDATE session SET disconnected_at = ?2, will_at = ?3 WHERE id = ?1";

int64_t session_row_offline(struct store *store, int64_t id, int64_t now_ms, int64_t will_at)
{
    return submit_row(store, (struct row_write){ .sql = will_at ? offline_with_will : offline,
                                                 .numbers = { id, now_ms, will_at },
                                                 .number_count = will_at ? 3 : 2 });
}

int64_t session_row_will_sent(struct store *store, int64_t id)
{
    return submit_row(
        store,
        (struct row_write){ .sql = "UPDATE session SET will = NULL, will_at = NULL WHERE id = ?1",
                            .numbers = { id },
                            .number_count = 1 });
}

int64_t session_row_expiry(struct store *store, int64_t id, int64_t expiry_ms)
{
    return submit_row(
        store,
        (struct row_write){ .sql = "UPDATE session SET expiry_ms = nullif(?2, -1) WHERE id = ?1",
                            .numbers = { id, expiry_ms },
                            .number_count = 2 });
}

int64_t subscription_row_put(struct store *store, int64_t id, struct slice filter,
                             const struct sub_opts *opts)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "INSERT INTO subscription (session, qos, no_local, retain_as_published, "
                          "retain_handling, sub_id, filter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                          "ON CONFLICT (session, filter) DO UPDATE SET qos = ?2, no_local = ?3, "
                          "retain_as_published = ?4, retain_handling = ?5, sub_id = ?6",
                   .numbers = { id, opts->qos, opts->no_local, opts->retain_as_published,
                                opts->retain_handling, opts->id },
                   .number_count = 6,
                   .texts = { xstrndup(filter.ptr, filter.len) },
                   .text_count = 1,
               });
}

int64_t subscription_row_delete(struct store *store, int64_t id, struct slice filter)
{
    return submit_row(store,
                      (struct row_write){
                          .sql = "DELETE FROM subscription WHERE session = ?1 AND filter = ?2",
                          .numbers = { id },
                          .number_count = 1,
                          .texts = { xstrndup(filter.ptr, filter.len) },
                          .text_count = 1,
                      });
}

/* ---- requests whose commit the session must see ---- */

struct noted {
    struct row_write row; /* first */
    struct buf data;      /* of an inbound message */
    session_noted_cb cb;
    void *arg;
    int64_t session;
    int64_t number;
};

static void on_noted(struct store_req *req, int rc)
{
    struct noted *noted = container_of(req, struct noted, row.req);
    noted->cb(noted->arg, noted->session, noted->number, rc);
    buf_deinit(&noted->data);
    free(noted);
}

static struct noted *noted_create(int64_t session, int64_t number, session_noted_cb cb, void *arg)
{
    struct noted *noted = xnew(struct noted);
    noted->row.req = (struct store_req){ .run = run_row, .done = on_noted, .single = true };
    noted->row.numbers[0] = noted->session = session;
    noted->row.numbers[1] = noted->number = number;
    noted->row.number_count = 2;
    noted->cb = cb;
    noted->arg = arg;
    return noted;
}

static int run_inbound_put(struct store_req *req, struct db *db)
{
    struct noted *noted = container_of(req, struct noted, row.req);
    struct db_stmt *q =
        db_query(db, "INSERT INTO inbound (session, packet_id, data) VALUES (?1, ?2, ?3)");
    db_bind_int(q, 1, noted->session);
    db_bind_int(q, 2, noted->number);
    db_bind_blob(q, 3, buf_slice(&noted->data));
    return db_exec(q);
}

int64_t inbound_row_put(struct store *store, int64_t id, int64_t key, const struct msg *msg,
                        session_noted_cb cb, void *arg)
{
    struct noted *noted = noted_create(id, key, cb, arg);
    noted->row.req.run = run_inbound_put;
    msg_save(msg, &noted->data);
    noted->row.req.bytes = noted->data.len;
    return store_submit(store, &noted->row.req);
}

int64_t inbound_row_routed(struct store *store, int64_t id, int64_t key)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "UPDATE inbound SET routed = 1 WHERE session = ?1 AND packet_id = ?2",
                   .numbers = { id, key },
                   .number_count = 2 });
}

int64_t inbound_row_delivered(struct store *store, int64_t id, int64_t key)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "UPDATE inbound SET data = NULL WHERE session = ?1 AND packet_id = ?2",
                   .numbers = { id, key },
                   .number_count = 2 });
}

int64_t inbound_row_delete(struct store *store, int64_t id, int64_t key)
{
    return submit_row(store, (struct row_write){
                                 .sql = "DELETE FROM inbound WHERE session = ?1 AND packet_id = ?2",
                                 .numbers = { id, key },
                                 .number_count = 2 });
}

int64_t inbound_row_park(struct store *store, int64_t id, int64_t key, int64_t new_key)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "UPDATE inbound SET packet_id = ?3 WHERE session = ?1 AND packet_id = ?2",
                   .numbers = { id, key, new_key },
                   .number_count = 3 });
}

/* ---- loading ---- */

struct loading {
    const struct session_load_ops *ops;
    void *arg;
};

/* NULL for NULL, and for what is damaged. */
static struct msg *load_msg(struct db_stmt *q, int column, int64_t session)
{
    struct msg *msg = NULL;
    if (!db_is_null(q, column) && msg_load(db_blob(q, column), &msg) < 0)
        LOG(LOG_ERROR, "hub", "a message in the database is damaged, skipped",
            LOG_I("session", session));
    return msg;
}

static int load_sessions(struct db *db, struct loading *loading)
{
    struct db_stmt *q =
        db_query(db, "SELECT id, client_id, principal, created_at, disconnected_at, expiry_ms, "
                     "will, will_delay_ms, will_at FROM session");
    while (db_step(q)) {
        struct session_row row = {
            .id = db_int(q, 0),
            .client_id = db_text(q, 1),
            .principal = db_text(q, 2),
            .created_at = db_int(q, 3),
            .disconnected_at = db_int(q, 4),
            .expiry_ms = db_is_null(q, 5) ? SESSION_EXPIRY_CONFIGURED : db_int(q, 5),
            .will = load_msg(q, 6, db_int(q, 0)),
            .will_delay_ms = db_int(q, 7),
            .will_at = db_int(q, 8),
        };
        loading->ops->session(loading->arg, &row);
        msg_unref(row.will);
    }
    return db_done(q);
}

static int load_subscriptions(struct db *db, struct loading *loading)
{
    struct db_stmt *q = db_query(db, "SELECT session, filter, qos, no_local, retain_as_published, "
                                     "retain_handling, sub_id FROM subscription");
    while (db_step(q)) {
        const struct sub_opts opts = { .qos = (uint8_t)db_int(q, 2),
                                       .no_local = db_int(q, 3) != 0,
                                       .retain_as_published = db_int(q, 4) != 0,
                                       .retain_handling = (uint8_t)db_int(q, 5),
                                       .id = (uint32_t)db_int(q, 6) };
        loading->ops->subscription(loading->arg, db_int(q, 0), db_text(q, 1), &opts);
    }
    return db_done(q);
}

static int load_inbound(struct db *db, struct loading *loading)
{
    struct db_stmt *q =
        db_query(db, "SELECT session, packet_id, data, routed FROM inbound ORDER BY rowid");
    while (db_step(q)) {
        struct msg *msg = load_msg(q, 2, db_int(q, 0));
        loading->ops->inbound(loading->arg, db_int(q, 0), db_int(q, 1), msg, db_int(q, 3) != 0);
        msg_unref(msg);
    }
    return db_done(q);
}

int session_load(struct db *db, const struct session_load_ops *ops, void *arg)
{
    struct loading loading = { .ops = ops, .arg = arg };
    int rc = load_sessions(db, &loading);
    if (rc == 0) rc = load_subscriptions(db, &loading);
    if (rc == 0) rc = load_inbound(db, &loading);
    return rc;
}
