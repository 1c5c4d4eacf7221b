/* shadow_store.c — what the shadow service asks of the database: load one, write one, list names, and
 * remove the tombstones that have served their time.
 *
 * A row outlives its shadow by 48 hours. Whether a tombstone still counts is decided by its time, on the
 * loop; the sweep only gives the room back, a bounded number of rows at a time.
 *
 * A request that is with the store thread owns what it reads: a write has its text, a load its buffer; the
 * names are those of the shadow, which does not go before the request is done. */
#include "shadow/shadow_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/db.h"

#include <stdlib.h>

enum { SWEEP_ROWS = 500 };
#define SWEEP_FIRST MINUTES(1)
#define SWEEP_EVERY HOURS(1)
#define SWEEP_AGAIN SECONDS(1)

/* While the store stops the loop may not turn any more, and who has called over REST goes next. */
static void flush_when_closed(struct shadows *all)
{
    if (all->closed) shadow_on_flush(&all->flush);
}

/* ---- load */

static int run_load(struct store_req *req, struct db *db)
{
    struct shadow_load *load = container_of(req, struct shadow_load, req);
    const struct shadow *shadow = container_of(load, struct shadow, load);
    struct db_stmt *q = db_query(db, "SELECT doc, version, deleted_at FROM shadow "
                                     "WHERE thing = ?1 AND name = ?2");
    db_bind_text(q, 1, shadow->thing);
    db_bind_text(q, 2, shadow->name);
    load->found = db_step(q);
    if (load->found) {
        load->deleted = db_is_null(q, 0);
        buf_clear(&load->text);
        buf_put_slice(&load->text, db_blob(q, 0));
        load->version = db_int(q, 1);
        load->deleted_at = db_int(q, 2);
    }
    return db_done(q);
}

static void take_damaged(struct shadow *shadow, const struct diag *diag)
{
    LOG(LOG_ERROR, "shadow", "a shadow in the database is damaged; deleting it is all that works",
        LOG_S("thing", shadow->thing), LOG_S("shadow", shadow->name),
        LOG_S("reason", diag_text(diag, ERR_MALFORMED)));
    shadow->damaged = true;
    shadow->doc = xnew(struct shadow_doc);
    shadow->doc->version = shadow->load.version;
}

static void take_loaded(struct shadow *shadow)
{
    struct shadow_load *load = &shadow->load;
    struct diag diag = DIAG_INIT;
    shadow->loaded = true;
    if (load->found && load->deleted) {
        shadow->deleted_version = load->version;
        shadow->deleted_at = load->deleted_at;
    } else if (load->found && shadow_doc_load(buf_slice(&load->text), &shadow->doc, &diag) < 0) {
        take_damaged(shadow, &diag);
    }
    buf_deinit(&load->text);
}

/* The answers of those that have waited may be many times their requests: the bound on bytes holds here
 * too. */
static void on_loaded(struct store_req *req, int rc)
{
    struct shadow *shadow = container_of(req, struct shadow, load.req);
    struct shadows *all = shadow->all;
    shadow->load.busy = false;
    if (rc == ERR_CLOSED)
        all->closed = true;
    else if (rc < 0)
        LOG(LOG_ERROR, "shadow", "cannot read a shadow", LOG_S("thing", shadow->thing),
            LOG_S("shadow", shadow->name), LOG_ERR(rc));
    else
        take_loaded(shadow);
    while (!list_empty(&shadow->waiting)) {
        struct shadow_op *op = container_of(shadow->waiting.next, struct shadow_op, link);
        if (rc < 0 || all->bytes > SHADOW_MAX_OP_BYTES)
            shadow_op_fail(op, SHADOW_UNAVAILABLE);
        else
            shadow_op_decide(op);
    }
    flush_when_closed(all);
}

void shadow_load_start(struct shadow *shadow)
{
    if (shadow->load.busy) return;
    shadow->load.busy = true;
    shadow->load.req = (struct store_req){ .run = run_load, .done = on_loaded };
    store_read(shadow->all->store, &shadow->load.req);
}

/* ---- write */

static int run_write(struct store_req *req, struct db *db)
{
    const struct shadow_op *op = container_of(req, struct shadow_op, write);
    bool deleted = op->text.len == 0;
    struct db_stmt *q =
        db_query(db, "INSERT INTO shadow (thing, name, version, deleted_at, doc) "
                     "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (thing, name) DO UPDATE "
                     "SET version = ?3, deleted_at = ?4, doc = ?5");
    db_bind_text(q, 1, op->shadow->thing);
    db_bind_text(q, 2, op->shadow->name);
    db_bind_int(q, 3, op->version);
    if (deleted) {
        db_bind_int(q, 4, op->deleted_at);
        db_bind_null(q, 5);
    } else {
        db_bind_null(q, 4);
        db_bind_slice(q, 5, buf_slice(&op->text));
    }
    return db_exec(q);
}

static void on_written(struct store_req *req, int rc)
{
    struct shadow_op *op = container_of(req, struct shadow_op, write);
    struct shadows *all = op->all;
    if (rc == ERR_CLOSED)
        all->closed = true;
    else if (rc < 0)
        LOG(LOG_ERROR, "shadow", "cannot write a shadow", LOG_S("thing", op->shadow->thing),
            LOG_S("shadow", op->shadow->name), LOG_ERR(rc));
    shadow_op_written(op, rc);
    flush_when_closed(all);
}

int64_t shadow_write_submit(struct shadow_op *op)
{
    struct store *store = op->all->store;
    op->write = (struct store_req){ .run = run_write, .done = on_written, .single = true };
    int64_t commit = store_submit(store, &op->write);
    store_hurry(store);
    return commit;
}

/* ---- tombstones */

static int run_sweep(struct store_req *req, struct db *db)
{
    struct shadows *all = container_of(req, struct shadows, sweep_req);
    struct db_stmt *q = db_query(db, "DELETE FROM shadow WHERE rowid IN (SELECT rowid FROM shadow "
                                     "WHERE deleted_at <= ?1 LIMIT ?2)");
    db_bind_int(q, 1, all->sweep_before);
    db_bind_int(q, 2, SWEEP_ROWS);
    int rc = db_exec(q);
    all->swept = rc < 0 ? 0 : db_changes(db);
    return rc;
}

static void on_swept(struct store_req *req, int rc)
{
    struct shadows *all = container_of(req, struct shadows, sweep_req);
    all->sweeping = false;
    if (rc == ERR_CLOSED) return;
    if (rc < 0) LOG(LOG_ERROR, "shadow", "cannot remove shadows deleted long ago", LOG_ERR(rc));
    if (all->swept == SWEEP_ROWS) loop_timer_start(&all->sweep, SWEEP_AGAIN);
}

static void on_sweep(struct loop_timer *timer)
{
    struct shadows *all = container_of(timer, struct shadows, sweep);
    loop_timer_start(&all->sweep, SWEEP_EVERY);
    if (all->sweeping || store_failing(all->store) || store_busy(all->store)) return;
    all->sweeping = true;
    all->sweep_before = clock_real_ms() - SHADOW_TOMBSTONE_MS;
    all->sweep_req = (struct store_req){ .run = run_sweep, .done = on_swept, .single = true };
    store_submit(all->store, &all->sweep_req);
}

void shadow_sweep_start(struct shadows *all)
{
    loop_timer_init(&all->sweep, all->loop, on_sweep);
    loop_timer_start(&all->sweep, SWEEP_FIRST);
}

void shadow_sweep_stop(struct shadows *all)
{
    loop_timer_stop(&all->sweep);
}

/* ---- names */

struct list_names {
    struct store_req req; /* first */
    struct shadows *all;
    char *after;
    int64_t count;
    shadow_done_cb done;
    void *arg;
    struct buf body;
    char thing[];
};

static int run_list(struct store_req *req, struct db *db)
{
    struct list_names *list = container_of(req, struct list_names, req);
    struct db_stmt *q = db_query(db, "SELECT name FROM shadow WHERE thing = ?1 AND name > ?2 "
                                     "AND deleted_at IS NULL ORDER BY name LIMIT ?3");
    db_bind_text(q, 1, list->thing);
    db_bind_text(q, 2, list->after);
    db_bind_int(q, 3, list->count + 1);
    buf_clear(&list->body);
    buf_putc(&list->body, '[');
    while (db_step(q)) {
        if (list->body.len > 1) buf_putc(&list->body, ',');
        json_print_str(&list->body, slice_str(db_text(q, 0)));
    }
    buf_putc(&list->body, ']');
    return db_done(q);
}

static void on_listed(struct store_req *req, int rc)
{
    struct list_names *list = container_of(req, struct list_names, req);
    list->all->ops--;
    if (rc == 0) {
        list->done(list->arg, 200, buf_slice(&list->body));
    } else {
        if (rc != ERR_CLOSED)
            LOG(LOG_ERROR, "shadow", "cannot list shadows", LOG_S("thing", list->thing),
                LOG_ERR(rc));
        list->done(list->arg, 503, SLICE_LIT("Service unavailable"));
    }
    buf_deinit(&list->body);
    free(list->after);
    free(list);
}

void shadow_list_submit(struct shadows *all, const char *thing, const char *after, size_t count,
                        shadow_done_cb done, void *arg)
{
    size_t len = strlen(thing) + 1;
    struct list_names *list = xcalloc(1, sizeof *list + len);
    memcpy(list->thing, thing, len);
    list->req = (struct store_req){ .run = run_list, .done = on_listed };
    list->all = all;
    list->after = xstrdup(after ? after : ""); /* the classic one has the name "" */
    list->count = count < SHADOW_MAX_LIST ? (int64_t)count : SHADOW_MAX_LIST;
    list->done = done;
    list->arg = arg;
    all->ops++;
    store_read(all->store, &list->req);
}
