/* outbox.c — the rows of action runs that were promised: put under the commit of the message that
 * caused them, deleted when the run is done, loaded after a crash. */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "rules/rules_priv.h"
#include "store/db.h"

#include <stdlib.h>

static int run_put(struct store_req *req, struct db *db)
{
    const struct outbox_insert *insert = container_of(req, struct outbox_insert, req);
    const struct outbox_row *row = &insert->row;
    struct db_stmt *q =
        db_query(db, "INSERT INTO outbox (id, rule, action, kind, params, payload, "
                     "message, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    db_bind_int(q, 1, row->id);
    db_bind_text(q, 2, row->rule);
    db_bind_int(q, 3, row->action);
    db_bind_text(q, 4, row->kind);
    db_bind_text(q, 5, row->params);
    db_bind_blob(q, 6, row->payload);
    db_bind_blob(q, 7, row->message);
    db_bind_int(q, 8, insert->created_at);
    return db_exec(q);
}

int64_t outbox_put(struct store *store, struct outbox_insert *insert, store_done_cb done)
{
    insert->req = (struct store_req){ .run = run_put, .done = done, .single = true };
    insert->created_at = clock_real_ms();
    return store_submit(store, &insert->req);
}

struct removal {
    struct store_req req; /* first */
    int64_t id;
};

static int run_delete(struct store_req *req, struct db *db)
{
    struct db_stmt *q = db_query(db, "DELETE FROM outbox WHERE id = ?1");
    db_bind_int(q, 1, container_of(req, struct removal, req)->id);
    return db_exec(q);
}

void outbox_delete(struct store *store, int64_t id)
{
    struct removal *removal = xnew(struct removal);
    removal->req = (struct store_req){ .run = run_delete, .single = true };
    removal->id = id;
    store_submit(store, &removal->req);
}

struct loading {
    void (*cb)(void *arg, const struct outbox_row *row);
    void *arg;
    int64_t last;
};

static int load(struct db *db, void *arg)
{
    struct loading *loading = arg;
    struct db_stmt *q = db_query(
        db, "SELECT id, rule, action, kind, params, payload, message FROM outbox ORDER BY id");
    while (db_step(q)) {
        struct outbox_row row = {
            .id = db_int(q, 0),
            .rule = db_text(q, 1),
            .action = db_int(q, 2),
            .kind = db_text(q, 3),
            .params = db_text(q, 4),
            .payload = db_blob(q, 5),
            .message = db_blob(q, 6),
        };
        loading->last = row.id;
        loading->cb(loading->arg, &row);
    }
    return db_done(q);
}

int outbox_load(struct store *store, void (*cb)(void *arg, const struct outbox_row *row), void *arg,
                int64_t *ret_last, struct diag *diag)
{
    struct loading loading = { .cb = cb, .arg = arg };
    int rc = store_read_now(store, load, &loading, diag);
    if (rc == 0) *ret_last = loading.last;
    return rc;
}
