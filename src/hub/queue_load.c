/* queue_load.c — see queue_load.h. Runs on the store thread, beside what it writes; so what is read is
 * copied there, and becomes messages on the loop.
 *
 * Pages and rows that are damaged are logged and left out: the rest of a queue is worth more than its
 * order of numbers, which goes on behind them. */
#include "hub/queue_load.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/msg.h"
#include "hub/queue_journal.h"
#include "store/db.h"

#include <stdlib.h>

/* One load reads pages until it has so many entries or bytes. */
enum { LOAD_ENTRIES = 512, LOAD_BYTES = 512 << 10 };

/* ---- state and pages ---- */

static int read_state(struct db *db, int64_t session, struct queue_state *ret_state,
                      struct buf *bits)
{
    struct db_stmt *q =
        db_query(db, "SELECT head, flight_end, unsent, maybe_sent, done, released FROM queue_state "
                     "WHERE session = ?1");
    struct queue_state state = { 0 };
    db_bind_int(q, 1, session);
    if (db_step(q)) {
        struct slice done = db_blob(q, 4), released = db_blob(q, 5);
        state = (struct queue_state){ db_int(q, 0), db_int(q, 1), db_int(q, 2), db_int(q, 3) };
        buf_put_slice(bits, done);
        buf_put_slice(bits, released);
        state.done = slice_of(bits->data, done.len);
        state.released = slice_of(bits->data ? bits->data + done.len : NULL, released.len);
    }
    *ret_state = state;
    return db_done(q);
}

static void complain(int64_t session, int64_t page)
{
    LOG(LOG_ERROR, "hub", "a page of a queue in the database is damaged, its rest is skipped",
        LOG_I("session", session), LOG_I("page", page));
}

/* ---- at start ---- */

/* Some of the first pages may be gone in part: counts what is. */
static int count_gone(struct db *db, int64_t session, const struct queue_state *state,
                      size_t *ret_gone)
{
    int64_t most = state->head + (int64_t)state->done.len * 8;
    if (state->unsent > most) most = state->unsent;
    struct db_stmt *q = db_query(
        db, "SELECT first_seq, data FROM queue_page WHERE session = ?1 AND first_seq < ?2");
    db_bind_int(q, 1, session);
    db_bind_int(q, 2, most);
    while (db_step(q)) {
        struct queue_page_reader reader;
        struct queue_ref ref;
        queue_page_read(&reader, db_int(q, 0), db_blob(q, 1));
        while (queue_page_next(&reader, &ref) == 1)
            if (queue_state_is_gone(state, ref.seq)) ++*ret_gone;
    }
    return db_done(q);
}

static int finish_summary(struct db *db, struct queue_summary *summary)
{
    struct queue_state state;
    struct buf bits = { 0 };
    size_t gone = 0;
    int rc = read_state(db, summary->session, &state, &bits);
    if (rc == 0) rc = count_gone(db, summary->session, &state, &gone);
    buf_deinit(&bits);
    if (state.unsent > summary->end) summary->end = state.unsent;
    summary->maybe_sent = state.maybe_sent;
    if (gone > summary->count) gone = summary->count;
    if (summary->count) summary->bytes -= summary->bytes / summary->count * gone;
    summary->count -= gone;
    return rc;
}

static int next_row(struct db *db, int64_t *ret_next_row)
{
    struct db_stmt *q = db_query(db, "SELECT max(id) FROM message_row");
    *ret_next_row = db_step(q) ? db_int(q, 0) + 1 : 1;
    return db_done(q);
}

int queue_load_summaries(struct db *db, queue_summary_cb cb, void *arg, int64_t *ret_next_row)
{
    struct db_stmt *q =
        db_query(db, "SELECT id, (SELECT sum(count) FROM queue_page WHERE session = id), "
                     "(SELECT sum(bytes) FROM queue_page WHERE session = id), "
                     "(SELECT max(last_seq) FROM queue_page WHERE session = id) FROM session");
    int rc = 0;
    while (db_step(q)) {
        struct queue_summary summary = { db_int(q, 0), (size_t)db_int(q, 1), (size_t)db_int(q, 2),
                                         db_int(q, 3) + 1 };
        rc = finish_summary(db, &summary);
        if (rc < 0) break;
        cb(arg, &summary);
    }
    int done = db_done(q);
    if (rc == 0) rc = done;
    return rc < 0 ? rc : next_row(db, ret_next_row);
}

static int run_mark_crashed(struct store_req *req, struct db *db)
{
    struct db_stmt *q =
        db_query(db, "INSERT INTO queue_state (session, head, flight_end, unsent, maybe_sent) "
                     "SELECT id, 0, 0, 0, coalesce((SELECT max(last_seq) FROM queue_page "
                     "WHERE session = id), 0) + 1 FROM session WHERE disconnected_at IS NULL "
                     "ON CONFLICT (session) DO UPDATE SET maybe_sent = excluded.maybe_sent");
    return db_exec(q);
}

int64_t queue_mark_crashed(struct store *store)
{
    struct store_req *req = xnew(struct store_req);
    *req = (struct store_req){ .run = run_mark_crashed, .single = true };
    return store_submit(store, req);
}

/* ---- one queue ---- */

struct load_req {
    struct store_req req; /* first */
    struct queue_load load;
    int64_t from;
    queue_load_cb cb;
    void *arg;
    struct buf bits; /* of the state */
    struct buf data; /* the messages as they were saved, one behind the other */
    struct saved {   /* of each entry, in data */
        size_t at, len;
    } * saved;
    size_t cap;
    size_t bytes;
};

/* The row that was looked at last: neighbours stand in one. */
struct row_reader {
    struct db *db;
    int64_t id;
    int rc; /* of the disk: it says nothing of the message */
    struct buf data;
};

static struct slice find_message(struct row_reader *row, const struct queue_ref *ref)
{
    struct slice saved = slice_of(NULL, 0);
    if (row->id != ref->row) {
        struct db_stmt *q = db_query(row->db, "SELECT data FROM message_row WHERE id = ?1");
        db_bind_int(q, 1, ref->row);
        buf_clear(&row->data);
        row->id = ref->row;
        if (db_step(q)) buf_put_slice(&row->data, db_blob(q, 0));
        row->rc = db_done(q);
        if (row->rc < 0) row->id = 0;
    }
    msg_find_framed(buf_slice(&row->data), ref->offset, &saved);
    return saved;
}

static void add_entry(struct load_req *load, const struct queue_ref *ref, struct slice saved)
{
    if (load->load.count == load->cap) {
        load->cap = load->cap ? load->cap * 2 : QUEUE_PAGE_ENTRIES;
        load->load.entries = xrealloc(load->load.entries, load->cap * sizeof *load->load.entries);
        load->saved = xrealloc(load->saved, load->cap * sizeof *load->saved);
    }
    load->saved[load->load.count] = (struct saved){ load->data.len, saved.len };
    struct queue_loaded *entry = &load->load.entries[load->load.count++];
    *entry = (struct queue_loaded){ .ref = *ref, .ids = queue_ids_read(ref) };
    entry->ref.ids = slice_of(NULL, 0); /* of the page, which goes */
    buf_put_slice(&load->data, saved);
}

static void read_page(struct load_req *load, struct row_reader *row, int64_t first_seq,
                      struct slice data)
{
    struct queue_page_reader reader;
    struct queue_ref ref;
    int rc = 0;
    queue_page_read(&reader, first_seq, data);
    while (row->rc == 0 && (rc = queue_page_next(&reader, &ref)) == 1) {
        if (ref.seq >= load->from)
            add_entry(load, &ref, ref.row ? find_message(row, &ref) : slice_of(NULL, 0));
    }
    if (rc < 0) complain(load->load.session, first_seq);
}

static int read_pages(struct load_req *load, struct db *db)
{
    struct row_reader row = { .db = db };
    struct db_stmt *q = db_query(db, "SELECT first_seq, last_seq, bytes, data FROM queue_page "
                                     "WHERE session = ?1 AND last_seq >= ?2 ORDER BY first_seq");
    db_bind_int(q, 1, load->load.session);
    db_bind_int(q, 2, load->from);
    load->load.end = load->from;
    while (load->load.count < LOAD_ENTRIES && load->bytes < LOAD_BYTES && row.rc == 0) {
        load->load.last = !db_step(q);
        if (load->load.last) break;
        load->bytes += (size_t)db_int(q, 2);
        load->load.end = db_int(q, 1) + 1;
        read_page(load, &row, db_int(q, 0), db_blob(q, 3));
    }
    buf_deinit(&row.data);
    int rc = db_done(q);
    return rc < 0 ? rc : row.rc;
}

static int run_load(struct store_req *req, struct db *db)
{
    struct load_req *load = container_of(req, struct load_req, req);
    int rc = 0;
    if (load->load.with_state)
        rc = read_state(db, load->load.session, &load->load.state, &load->bits);
    return rc < 0 ? rc : read_pages(load, db);
}

static void make_message(struct load_req *load, size_t i)
{
    struct saved *saved = &load->saved[i];
    struct queue_loaded *entry = &load->load.entries[i];
    if (msg_load(slice_of(load->data.data + saved->at, saved->len), &entry->msg) < 0)
        entry->msg = NULL;
}

static void on_loaded(struct store_req *req, int rc)
{
    struct load_req *load = container_of(req, struct load_req, req);
    load->load.rc = rc;
    for (size_t i = 0; i < load->load.count && rc == 0; i++)
        make_message(load, i);
    load->cb(load->arg, &load->load);
    for (size_t i = 0; i < load->load.count; i++) {
        msg_unref(load->load.entries[i].msg);
        free(load->load.entries[i].ids);
    }
    buf_deinit(&load->bits);
    buf_deinit(&load->data);
    free(load->load.entries);
    free(load->saved);
    free(load);
}

void queue_load(struct store *store, int64_t session, int64_t from, bool with_state, uint64_t round,
                queue_load_cb cb, void *arg)
{
    struct load_req *load = xnew(struct load_req);
    load->req = (struct store_req){ .run = run_load, .done = on_loaded };
    load->load.session = session;
    load->load.with_state = with_state;
    load->load.round = round;
    load->from = from;
    load->cb = cb;
    load->arg = arg;
    store_peek(store, &load->req);
}

/* ---- the end ---- */

struct delete_req {
    struct store_req req; /* first */
    int64_t session;
};

struct unref_run {
    struct db *db;
    int64_t row;
    int64_t count;
    int rc;
};

static void flush_unrefs(struct unref_run *run)
{
    if (run->count && run->rc == 0) run->rc = queue_row_unref(run->db, run->row, run->count);
    run->count = 0;
}

static void unref_page(struct unref_run *run, const struct queue_state *state, int64_t first_seq,
                       struct slice data)
{
    struct queue_page_reader reader;
    struct queue_ref ref;
    queue_page_read(&reader, first_seq, data);
    while (queue_page_next(&reader, &ref) == 1) {
        if (!ref.row || ref.released || queue_state_is_gone(state, ref.seq) ||
            queue_state_is_released(state, ref.seq))
            continue;
        if (ref.row != run->row) flush_unrefs(run);
        run->row = ref.row;
        run->count++;
    }
}

static int unref_pages(struct db *db, int64_t session, const struct queue_state *state)
{
    struct unref_run run = { .db = db };
    struct db_stmt *q = db_query(
        db, "SELECT first_seq, data FROM queue_page WHERE session = ?1 ORDER BY first_seq");
    db_bind_int(q, 1, session);
    while (run.rc == 0 && db_step(q))
        unref_page(&run, state, db_int(q, 0), db_blob(q, 1));
    flush_unrefs(&run);
    int rc = db_done(q);
    return rc < 0 ? rc : run.rc;
}

static int delete_from(struct db *db, const char *sql, int64_t session)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_int(q, 1, session);
    return db_exec(q);
}

static int run_delete(struct store_req *req, struct db *db)
{
    int64_t session = container_of(req, struct delete_req, req)->session;
    struct queue_state state;
    struct buf bits = { 0 };
    int rc = read_state(db, session, &state, &bits);
    if (rc == 0) rc = unref_pages(db, session, &state);
    buf_deinit(&bits);
    if (rc == 0) rc = delete_from(db, "DELETE FROM queue_page WHERE session = ?1", session);
    if (rc == 0) rc = delete_from(db, "DELETE FROM queue_state WHERE session = ?1", session);
    if (rc == 0) rc = delete_from(db, "DELETE FROM session WHERE id = ?1", session);
    return rc;
}

int64_t session_row_delete(struct store *store, int64_t session)
{
    struct delete_req *delete = xnew(struct delete_req);
    delete->req = (struct store_req){ .run = run_delete };
    delete->session = session;
    return store_submit(store, &delete->req);
}
