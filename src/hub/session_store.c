/* session_store.c — the requests by which sessions reach the database.
 * Every request owns copies of what it binds, since it runs on the store thread. What a request inserts
 * can be cancelled while it has not begun: a message that its receiver acknowledges within the batch never
 * reaches the disk. */
#include "hub/session_store.h"

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows of messages ---- */

struct msg_rows {
    struct store *store;
    int64_t next_id;
};

struct msg_row {
    int64_t id;
    uint32_t refs;
    struct msg_insert *insert; /* under way, else NULL */
};

struct msg_insert {
    struct store_req req; /* first */
    struct msg_row *row;  /* NULL once the row is gone */
    int64_t id;
    struct buf data;
};

struct msg_delete {
    struct store_req req; /* first */
    int64_t id;
};

static int run_msg_insert(struct store_req *req, struct db *db)
{
    struct msg_insert *insert = container_of(req, struct msg_insert, req);
    struct db_stmt *q = db_query(db, "INSERT INTO message (id, data) VALUES (?1, ?2)");
    db_bind_int(q, 1, insert->id);
    db_bind_blob(q, 2, buf_slice(&insert->data));
    return db_exec(q);
}

static void msg_insert_free(struct msg_insert *insert)
{
    if (insert->row) insert->row->insert = NULL;
    buf_deinit(&insert->data);
    free(insert);
}

static void on_msg_inserted(struct store_req *req, int rc)
{
    msg_insert_free(container_of(req, struct msg_insert, req));
}

static int run_msg_delete(struct store_req *req, struct db *db)
{
    struct db_stmt *q = db_query(db, "DELETE FROM message WHERE id = ?1");
    db_bind_int(q, 1, container_of(req, struct msg_delete, req)->id);
    return db_exec(q);
}

struct msg_rows *msg_rows_create(struct store *store)
{
    struct msg_rows *rows = xnew(struct msg_rows);
    rows->store = store;
    rows->next_id = 1;
    return rows;
}

void msg_rows_destroy(struct msg_rows *rows)
{
    free(rows);
}

int64_t msg_row_id(const struct msg *msg)
{
    return msg->row->id;
}

void msg_row_loaded(struct msg_rows *rows, struct msg *msg, int64_t id)
{
    if (!msg->row) {
        msg->row = xnew(struct msg_row);
        msg->row->id = id;
    }
    msg->row->refs++;
    if (id >= rows->next_id) rows->next_id = id + 1;
}

void msg_row_ref(struct msg_rows *rows, struct msg *msg)
{
    if (msg->row) {
        msg->row->refs++;
        return;
    }
    struct msg_insert *insert = xnew(struct msg_insert);
    insert->req =
        (struct store_req){ .run = run_msg_insert, .done = on_msg_inserted, .single = true };
    insert->id = rows->next_id++;
    msg_save(msg, &insert->data);
    insert->req.bytes = (uint32_t)insert->data.len;
    msg->row = xnew(struct msg_row);
    *msg->row = (struct msg_row){ .id = insert->id, .refs = 1, .insert = insert };
    insert->row = msg->row;
    store_submit(rows->store, &insert->req);
}

void msg_row_unref(struct msg_rows *rows, struct msg *msg)
{
    struct msg_row *row = msg->row;
    if (--row->refs) return;
    if (row->insert && store_cancel(rows->store, &row->insert->req)) {
        msg_insert_free(row->insert);
    } else {
        if (row->insert) row->insert->row = NULL;
        struct msg_delete *delete = xnew(struct msg_delete);
        delete->req = (struct store_req){ .run = run_msg_delete, .single = true };
        delete->id = row->id;
        store_submit(rows->store, &delete->req);
    }
    free(row);
    msg->row = NULL;
}

void msg_row_forget(struct msg *msg)
{
    struct msg_row *row = msg->row;
    if (--row->refs) return;
    if (row->insert) row->insert->row = NULL;
    free(row);
    msg->row = NULL;
}

/* ---- rows of sessions and subscriptions: one kind of request, the statement is the difference ---- */

struct row_write {
    struct store_req req; /* first */
    const char *sql;
    int64_t numbers[5]; /* ?1 to ?5, as many as number_count */
    int number_count;
    char *texts[2]; /* behind them */
    int text_count;
};

static int run_row(struct store_req *req, struct db *db)
{
    struct row_write *write = container_of(req, struct row_write, req);
    struct db_stmt *q = db_query(db, write->sql);
    for (int i = 0; i < write->number_count; i++)
        db_bind_int(q, i + 1, write->numbers[i]);
    for (int i = 0; i < write->text_count; i++)
        db_bind_text(q, write->number_count + i + 1, write->texts[i]);
    return db_exec(q);
}

static void on_row_done(struct store_req *req, int rc)
{
    struct row_write *write = container_of(req, struct row_write, req);
    if (rc < 0 && rc != ERR_CLOSED)
        LOG(LOG_ERROR, "hub", "a session's row was refused", LOG_S("sql", write->sql), LOG_ERR(rc));
    for (int i = 0; i < write->text_count; i++)
        free(write->texts[i]);
    free(write);
}

static int64_t submit_row(struct store *store, struct row_write row)
{
    struct row_write *write = xmemdup(&row, sizeof row);
    write->req = (struct store_req){ .run = run_row, .done = on_row_done, .single = true };
    return store_submit(store, &write->req);
}

int64_t session_row_create(struct store *store, int64_t id, const char *client_id,
                           const char *principal, int64_t now_ms, int64_t expiry_ms)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "INSERT INTO session (id, created_at, expiry_ms, client_id, principal) "
                          "VALUES (?1, ?2, ?3, ?4, ?5)",
                   .numbers = { id, now_ms, expiry_ms },
                   .number_count = 3,
                   .texts = { xstrdup(client_id), xstrdup(principal) },
                   .text_count = 2,
               });
}

int64_t session_row_delete(struct store *store, int64_t id)
{
    return submit_row(store, (struct row_write){ .sql = "DELETE FROM session WHERE id = ?1",
                                                 .numbers = { id },
                                                 .number_count = 1 });
}

int64_t session_row_online(struct store *store, int64_t id, const char *principal)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "UPDATE session SET disconnected_at = NULL, principal = ?2 WHERE id = ?1",
                   .numbers = { id },
                   .number_count = 1,
                   .texts = { xstrdup(principal) },
                   .text_count = 1,
               });
}

int64_t session_row_offline(struct store *store, int64_t id, int64_t now_ms, int64_t sent_seq)
{
    return submit_row(
        store, (struct row_write){
                   .sql = "UPDATE session SET disconnected_at = ?2, sent_seq = ?3 WHERE id = ?1",
                   .numbers = { id, now_ms, sent_seq },
                   .number_count = 3,
               });
}

int64_t subscription_row_put(struct store *store, int64_t id, struct slice filter, uint8_t qos)
{
    return submit_row(store, (struct row_write){
                                 .sql = "INSERT INTO subscription (session, qos, filter) "
                                        "VALUES (?1, ?2, ?3) "
                                        "ON CONFLICT (session, filter) DO UPDATE SET qos = ?2",
                                 .numbers = { id, qos },
                                 .number_count = 2,
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

/* ---- rows of the queue ---- */

struct queue_write {
    struct store_req req;       /* first */
    struct queue_write **owner; /* where the entry points at this; NULL when it is gone */
    int64_t session, seq, message;
    uint8_t qos;
    bool retain;
};

static int run_queue_put(struct store_req *req, struct db *db)
{
    struct queue_write *write = container_of(req, struct queue_write, req);
    struct db_stmt *q =
        db_query(db, "INSERT INTO queue (session, seq, message, qos, retain, state) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, 0)");
    db_bind_int(q, 1, write->session);
    db_bind_int(q, 2, write->seq);
    db_bind_int(q, 3, write->message);
    db_bind_int(q, 4, write->qos);
    db_bind_int(q, 5, write->retain);
    return db_exec(q);
}

static void queue_write_free(struct queue_write *write)
{
    if (write->owner) *write->owner = NULL;
    free(write);
}

static void on_queue_put(struct store_req *req, int rc)
{
    if (rc < 0 && rc != ERR_CLOSED)
        LOG(LOG_ERROR, "hub", "a queued message was refused", LOG_ERR(rc));
    queue_write_free(container_of(req, struct queue_write, req));
}

int64_t queue_row_put(struct store *store, int64_t id, int64_t seq, int64_t message, uint8_t qos,
                      bool retain, struct queue_write **owner)
{
    struct queue_write *write = xmalloc(sizeof *write);
    *write = (struct queue_write){
        .req = { .run = run_queue_put, .done = on_queue_put, .single = true },
        .owner = owner,
        .session = id,
        .seq = seq,
        .message = message,
        .qos = qos,
        .retain = retain,
    };
    *owner = write;
    return store_submit(store, &write->req);
}

void queue_write_forget(struct queue_write **owner)
{
    if (*owner) (*owner)->owner = NULL;
    *owner = NULL;
}

int64_t queue_row_delete(struct store *store, int64_t id, int64_t seq, struct queue_write **owner)
{
    if (*owner && store_cancel(store, &(*owner)->req)) {
        queue_write_free(*owner);
        return 0;
    }
    queue_write_forget(owner);
    return submit_row(
        store, (struct row_write){ .sql = "DELETE FROM queue WHERE session = ?1 AND seq = ?2",
                                   .numbers = { id, seq },
                                   .number_count = 2 });
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

int64_t queue_row_released(struct store *store, int64_t id, int64_t seq, session_noted_cb cb,
                           void *arg)
{
    struct noted *noted = noted_create(id, seq, cb, arg);
    noted->row.sql = "UPDATE queue SET state = 1, message = NULL WHERE session = ?1 AND seq = ?2";
    return store_submit(store, &noted->row.req);
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
    noted->row.req.bytes = (uint32_t)noted->data.len;
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
    struct store *store;
    struct msg_rows *rows;
    const struct session_load_ops *ops;
    void *arg;
    struct map messages; /* message id (8 bytes) to struct msg, a reference each */
};

static struct slice key_of(const int64_t *id)
{
    return slice_of((const char *)id, sizeof *id);
}

static int load_sessions(struct db *db, struct loading *loading)
{
    struct db_stmt *q = db_query(db, "SELECT id, client_id, principal, created_at, "
                                     "disconnected_at, expiry_ms, sent_seq FROM session");
    while (db_step(q))
        loading->ops->session(loading->arg, db_int(q, 0), db_text(q, 1), db_text(q, 2),
                              db_int(q, 3), db_int(q, 4), db_int(q, 5), db_int(q, 6));
    return db_done(q);
}

static int load_subscriptions(struct db *db, struct loading *loading)
{
    struct db_stmt *q = db_query(db, "SELECT session, filter, qos FROM subscription");
    while (db_step(q))
        loading->ops->subscription(loading->arg, db_int(q, 0), db_text(q, 1),
                                   (uint8_t)db_int(q, 2));
    return db_done(q);
}

static void remove_message(struct store *store, int64_t id)
{
    submit_row(store, (struct row_write){ .sql = "DELETE FROM message WHERE id = ?1",
                                          .numbers = { id },
                                          .number_count = 1 });
}

static int load_messages(struct db *db, struct loading *loading)
{
    struct db_stmt *q = db_query(db, "SELECT id, data FROM message");
    while (db_step(q)) {
        int64_t id = db_int(q, 0);
        struct msg *msg;
        if (id >= loading->rows->next_id) loading->rows->next_id = id + 1;
        if (msg_load(db_blob(q, 1), &msg) < 0) {
            LOG(LOG_ERROR, "hub", "a queued message in the database is damaged, removed",
                LOG_I("id", id));
            remove_message(loading->store, id);
        } else {
            map_put(&loading->messages, key_of(&id), msg);
        }
    }
    return db_done(q);
}

static int load_queues(struct db *db, struct loading *loading)
{
    struct db_stmt *q = db_query(db, "SELECT session, seq, message, qos, retain, state FROM queue "
                                     "ORDER BY session, seq");
    while (db_step(q)) {
        int64_t message = db_int(q, 2);
        struct msg *msg = db_int(q, 5) ? NULL : map_get(&loading->messages, key_of(&message));
        if (!db_int(q, 5) && !msg) {
            struct queue_write *none = NULL;
            queue_row_delete(loading->store, db_int(q, 0), db_int(q, 1), &none);
            continue;
        }
        if (msg) msg_row_loaded(loading->rows, msg, message);
        loading->ops->queued(loading->arg, db_int(q, 0), db_int(q, 1), msg, (uint8_t)db_int(q, 3),
                             db_int(q, 4) != 0);
    }
    return db_done(q);
}

static int load_inbound(struct db *db, struct loading *loading)
{
    struct db_stmt *q =
        db_query(db, "SELECT session, packet_id, data, routed FROM inbound ORDER BY rowid");
    while (db_step(q)) {
        struct msg *msg = NULL;
        if (!db_is_null(q, 2) && msg_load(db_blob(q, 2), &msg) < 0)
            LOG(LOG_ERROR, "hub", "an incoming message in the database is damaged, skipped",
                LOG_I("session", db_int(q, 0)));
        loading->ops->inbound(loading->arg, db_int(q, 0), db_int(q, 1), msg, db_int(q, 3) != 0);
        msg_unref(msg);
    }
    return db_done(q);
}

static int load_all(struct db *db, void *arg)
{
    struct loading *loading = arg;
    int rc = load_sessions(db, loading);
    if (rc == 0) rc = load_subscriptions(db, loading);
    if (rc == 0) rc = load_messages(db, loading);
    if (rc == 0) rc = load_queues(db, loading);
    if (rc == 0) rc = load_inbound(db, loading);
    return rc;
}

int session_load(struct store *store, struct msg_rows *rows, const struct session_load_ops *ops,
                 void *arg, struct diag *diag)
{
    struct loading loading = { .store = store, .rows = rows, .ops = ops, .arg = arg };
    int rc = store_read_now(store, load_all, &loading, diag);
    map_for_each(it, &loading.messages) {
        struct msg *msg = it->value;
        if (!msg->row) { /* nobody waits for it: a crash came between two commits */
            int64_t id;
            memcpy(&id, it->key, sizeof id);
            remove_message(store, id);
        }
        msg_unref(msg);
    }
    map_deinit(&loading.messages);
    return rc;
}
