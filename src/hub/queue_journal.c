/* queue_journal.c — see queue_journal.h.
 *
 *   add ─► (sessions touched) ─► seal: rows, pages, states ─► store thread: run ─► done: sessions told
 *     ▲            │
 *     └── cancel ◄─┘  the last one takes the whole request out of the batch
 *
 * Messages of a commit stand together in rows of some 32 KB, each once, however many sessions wait for
 * it: SQLite takes ten times as many of them so as with a row for each. The store thread copies them
 * together; messages are immutable, and the journal holds references until it is done.
 *
 *  I1  A request is in the batch exactly while `changes` is above 0.
 *  I2  A row's references (message_ref) are the entries in pages that are not gone by the state of
 *      their session. So an unref and the state that tells of it are in the same journal.
 *  I3  After seal nothing of it changes; run may be repeated. */
#include "hub/queue_journal.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/session_priv.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

enum { ROW_BYTES = 32 << 10 };

/* A row to be. */
struct row {
    int64_t id;
    int64_t refs;
    size_t first; /* in msgs */
    size_t count;
    size_t bytes;
};

/* Entries for one page. */
struct page {
    struct queue_tail tail; /* as it is afterwards */
    uint32_t count;         /* added by this */
    size_t bytes;
    bool append;    /* the page is there */
    size_t at, end; /* in the part's data */
};

struct queue_part {
    struct journal *journal;
    int64_t session;
    struct queue_tail *tail; /* the session's; while sealing */
    int64_t sealed_end;
    bool has_state;
    struct queue_state state;
    struct buf bits; /* of the state: done, then released */
    struct buf data;
    struct page *pages;
    size_t page_count, page_cap;
};

/* So many entries less point into the row. */
struct unref {
    int64_t row;
    int64_t count;
};

/* One batch's. */
struct journal {
    struct store_req req; /* first */
    struct queue_journal *all;
    int64_t commit;
    size_t changes;
    size_t bytes;
    struct list touched; /* sessions, until sealed */
    struct queue_part *parts;
    size_t part_count, part_cap;
    struct row *rows;
    size_t row_count, row_cap;
    struct msg **msgs;
    size_t msg_count, msg_cap;
    struct unref *unrefs;
    size_t unref_count, unref_cap;
};

struct queue_journal {
    struct sessions *sessions;
    struct journal *building; /* NULL: nothing to write yet */
    int64_t next_row;
};

/* Room for one more in an array that grows by doubling. */
static void *room(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap) return array;
    *cap = *cap ? *cap * 2 : 4;
    return xrealloc(array, *cap * size);
}

/* ---- on the store thread ---- */

static int insert_row(struct db *db, const struct journal *journal, const struct row *row,
                      struct buf *data)
{
    buf_clear(data);
    for (size_t i = 0; i < row->count; i++)
        msg_save_framed(journal->msgs[row->first + i], data);
    struct db_stmt *q = db_query(db, "INSERT INTO message_row (id, data) VALUES (?1, ?2)");
    db_bind_int(q, 1, row->id);
    db_bind_blob(q, 2, buf_slice(data));
    int rc = db_exec(q);
    if (rc < 0) return rc;
    q = db_query(db, "INSERT INTO message_ref (id, refs) VALUES (?1, ?2)");
    db_bind_int(q, 1, row->id);
    db_bind_int(q, 2, row->refs);
    return db_exec(q);
}

static int insert_rows(struct db *db, const struct journal *journal)
{
    struct buf data = { 0 };
    int rc = 0;
    for (size_t i = 0; i < journal->row_count && rc == 0; i++)
        rc = insert_row(db, journal, &journal->rows[i], &data);
    buf_deinit(&data);
    return rc;
}

static int write_state(struct db *db, const struct queue_part *part)
{
    const struct queue_state *state = &part->state;
    struct db_stmt *q = db_query(
        db, "INSERT INTO queue_state "
            "(session, head, flight_end, unsent, done, released, maybe_sent) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (session) DO UPDATE SET head = ?2, "
            "flight_end = ?3, unsent = ?4, done = ?5, released = ?6, maybe_sent = ?7");
    db_bind_int(q, 1, part->session);
    db_bind_int(q, 2, state->head);
    db_bind_int(q, 3, state->flight_end);
    db_bind_int(q, 4, state->unsent);
    if (state->done.len) db_bind_blob(q, 5, state->done);
    if (state->released.len) db_bind_blob(q, 6, state->released);
    db_bind_int(q, 7, state->maybe_sent);
    return db_exec(q);
}

/* Pages that lie wholly in from..end. */
static int delete_pages(struct db *db, int64_t session, int64_t from, int64_t end)
{
    struct db_stmt *q = db_query(db, "DELETE FROM queue_page WHERE session = ?1 AND "
                                     "first_seq >= ?2 AND first_seq < ?3 AND last_seq < ?3");
    db_bind_int(q, 1, session);
    db_bind_int(q, 2, from);
    db_bind_int(q, 3, end);
    return db_exec(q);
}

static int write_page(struct db *db, const struct queue_part *part, const struct page *page)
{
    struct db_stmt *q = db_query(
        db, page->append
                ? "UPDATE queue_page SET last_seq = ?3, count = count + ?4, bytes = bytes + ?5, "
                  "data = CAST(data || ?6 AS BLOB) WHERE session = ?1 AND first_seq = ?2"
                : "INSERT INTO queue_page (session, first_seq, last_seq, count, bytes, data) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    db_bind_int(q, 1, part->session);
    db_bind_int(q, 2, page->tail.first_seq);
    db_bind_int(q, 3, page->tail.last_seq);
    db_bind_int(q, 4, page->count);
    db_bind_int(q, 5, (int64_t)page->bytes);
    db_bind_blob(q, 6, slice_of(part->data.data + page->at, page->end - page->at));
    return db_exec(q);
}

static int write_part(struct db *db, const struct queue_part *part)
{
    const struct queue_state *state = &part->state;
    int rc = 0;
    if (part->has_state) rc = write_state(db, part);
    if (rc == 0 && part->has_state) rc = delete_pages(db, part->session, 0, state->head);
    if (rc == 0 && part->has_state && state->unsent > state->flight_end)
        rc = delete_pages(db, part->session, state->flight_end, state->unsent);
    for (size_t i = 0; i < part->page_count && rc == 0; i++)
        rc = write_page(db, part, &part->pages[i]);
    return rc;
}

int queue_row_unref(struct db *db, int64_t row, int64_t count)
{
    struct db_stmt *q =
        db_query(db, "UPDATE message_ref SET refs = refs - ?2 WHERE id = ?1 RETURNING refs");
    db_bind_int(q, 1, row);
    db_bind_int(q, 2, count);
    bool last = db_step(q) && db_int(q, 0) <= 0;
    int rc = db_exec(q);
    if (rc < 0 || !last) return rc;
    q = db_query(db, "DELETE FROM message_ref WHERE id = ?1");
    db_bind_int(q, 1, row);
    rc = db_exec(q);
    if (rc < 0) return rc;
    q = db_query(db, "DELETE FROM message_row WHERE id = ?1");
    db_bind_int(q, 1, row);
    return db_exec(q);
}

static int run_journal(struct store_req *req, struct db *db)
{
    struct journal *journal = container_of(req, struct journal, req);
    int rc = insert_rows(db, journal);
    for (size_t i = 0; i < journal->part_count && rc == 0; i++)
        rc = write_part(db, &journal->parts[i]);
    for (size_t i = 0; i < journal->unref_count && rc == 0; i++)
        rc = queue_row_unref(db, journal->unrefs[i].row, journal->unrefs[i].count);
    return rc;
}

/* ---- sealing ---- */

static struct queue_part *part_add(struct journal *journal, struct session *session)
{
    journal->parts =
        room(journal->parts, journal->part_count, &journal->part_cap, sizeof *journal->parts);
    struct queue_part *part = &journal->parts[journal->part_count++];
    *part = (struct queue_part){ .journal = journal,
                                 .session = session->id,
                                 .tail = &session->tail,
                                 .sealed_end = session->next_seq };
    return part;
}

static bool page_goes(const struct queue_tail *page, const struct queue_state *state)
{
    if (page->last_seq < state->head) return true;
    return page->first_seq >= state->flight_end && page->last_seq < state->unsent;
}

void queue_part_state(struct queue_part *part, const struct queue_state *state)
{
    buf_append(&part->bits, state->done.ptr, state->done.len);
    buf_append(&part->bits, state->released.ptr, state->released.len);
    const char *bits = part->bits.data;
    part->state = *state;
    part->state.done = slice_of(bits, state->done.len);
    part->state.released = slice_of(bits + (bits ? state->done.len : 0), state->released.len);
    part->has_state = true;
    if (page_goes(part->tail, state)) part->tail->count = 0; /* takes no more entries */
}

static void place(struct journal *journal, struct msg *msg)
{
    if (msg->journal == journal->commit) return;
    size_t size = msg_saved_size(msg) + 4;
    struct row *row = journal->row_count ? &journal->rows[journal->row_count - 1] : NULL;
    if (!row || row->bytes + size > ROW_BYTES) {
        journal->rows =
            room(journal->rows, journal->row_count, &journal->row_cap, sizeof *journal->rows);
        row = &journal->rows[journal->row_count++];
        *row = (struct row){ .id = journal->all->next_row++, .first = journal->msg_count };
    }
    journal->msgs =
        room(journal->msgs, journal->msg_count, &journal->msg_cap, sizeof(struct msg *));
    journal->msgs[journal->msg_count++] = msg_ref(msg);
    msg->journal = journal->commit;
    msg->row = row->id;
    msg->row_at = (uint32_t)row->bytes;
    row->bytes += size;
    row->count++;
}

static struct page *page_for_next(struct queue_part *part)
{
    struct queue_tail *tail = part->tail;
    if (queue_page_full(tail)) tail->count = 0;
    if (!tail->count) *tail = (struct queue_tail){ 0 };
    if (part->page_count && tail->count) return &part->pages[part->page_count - 1];
    part->pages = room(part->pages, part->page_count, &part->page_cap, sizeof *part->pages);
    struct page *page = &part->pages[part->page_count++];
    *page = (struct page){ .append = tail->count > 0, .at = part->data.len };
    return page;
}

int64_t queue_part_put(struct queue_part *part, int64_t seq, const struct queue_entry *entry)
{
    struct journal *journal = part->journal;
    const struct msg *msg = entry->msg;
    place(journal, entry->msg);
    journal->rows[msg->row - journal->rows[0].id].refs++;
    struct page *page = page_for_next(part);
    struct buf ids = { 0 };
    queue_ids_write(&ids, entry->ids);
    struct queue_ref ref = { .seq = seq,
                             .row = msg->row,
                             .offset = msg->row_at,
                             .qos = entry->qos,
                             .retain = entry->retain,
                             .share = entry->share,
                             .id_count = entry->ids ? entry->ids->count : 0,
                             .ids = buf_slice(&ids) };
    size_t size = queue_entry_size(entry);
    queue_page_put(&part->data, part->tail, &ref, size);
    buf_deinit(&ids);
    page->tail = *part->tail;
    page->count++;
    page->bytes += size;
    page->end = part->data.len;
    return msg->row;
}

static struct session *session_of(struct list *touched)
{
    return container_of(touched, struct session, touched);
}

static int compare_unrefs(const void *a, const void *b)
{
    int64_t x = ((const struct unref *)a)->row, y = ((const struct unref *)b)->row;
    return x < y ? -1 : x > y;
}

/* One for each row. */
static void merge_unrefs(struct journal *journal)
{
    size_t count = 0;
    if (!journal->unref_count) return;
    qsort(journal->unrefs, journal->unref_count, sizeof *journal->unrefs, compare_unrefs);
    for (size_t i = 1; i < journal->unref_count; i++) {
        if (journal->unrefs[i].row == journal->unrefs[count].row)
            journal->unrefs[count].count += journal->unrefs[i].count;
        else
            journal->unrefs[++count] = journal->unrefs[i];
    }
    journal->unref_count = count + 1;
}

static void seal(struct store_req *req)
{
    struct journal *journal = container_of(req, struct journal, req);
    journal->all->building = NULL;
    merge_unrefs(journal);
    for (struct list *link; (link = list_pop_front(&journal->touched));) {
        struct session *session = session_of(link);
        session_queue_seal(session, part_add(journal, session), journal->commit);
    }
}

/* ---- the life of one ---- */

static void journal_free(struct journal *journal)
{
    for (size_t i = 0; i < journal->part_count; i++) {
        buf_deinit(&journal->parts[i].bits);
        buf_deinit(&journal->parts[i].data);
        free(journal->parts[i].pages);
    }
    for (size_t i = 0; i < journal->msg_count; i++)
        msg_unref(journal->msgs[i]);
    while (list_pop_front(&journal->touched))
        ;
    free(journal->parts);
    free(journal->rows);
    free(journal->msgs);
    free(journal->unrefs);
    free(journal);
}

static void on_done(struct store_req *req, int rc)
{
    struct journal *journal = container_of(req, struct journal, req);
    struct sessions *sessions = journal->all->sessions;
    if (journal->all->building == journal) journal->all->building = NULL; /* the store stops */
    if (rc < 0 && rc != ERR_CLOSED)
        LOG(LOG_ERROR, "hub", "queued messages were refused by the database", LOG_ERR(rc));
    for (size_t i = 0; i < journal->part_count && rc == 0; i++) {
        const struct queue_part *part = &journal->parts[i];
        struct session *session = map_get(&sessions->by_id, session_key(&part->session));
        if (session) session_queue_committed(session, part->sealed_end);
    }
    journal_free(journal);
}

static struct journal *building(struct queue_journal *all)
{
    if (all->building) return all->building;
    struct journal *journal = xnew(struct journal);
    journal->all = all;
    journal->req = (struct store_req){ .run = run_journal, .done = on_done, .seal = seal };
    list_init(&journal->touched);
    all->building = journal;
    journal->commit = store_submit(all->sessions->store, &journal->req);
    return journal;
}

static void weigh(struct journal *journal)
{
    store_weigh(journal->all->sessions->store, &journal->req,
                journal->changes ? journal->changes - 1 : 0, journal->bytes);
}

int64_t queue_journal_add(struct session *session, struct msg *msg)
{
    struct journal *journal = building(session->all->journal);
    journal->changes++;
    if (msg && msg->waits_in != journal->commit) { /* once for all who wait for it */
        msg->waits_in = journal->commit;
        journal->bytes += msg_size(msg);
    }
    weigh(journal);
    if (list_empty(&session->touched)) list_push_back(&journal->touched, &session->touched);
    return journal->commit;
}

void queue_journal_cancel(struct session *session, size_t changes)
{
    struct queue_journal *all = session->all->journal;
    struct journal *journal = all->building;
    if (!journal) return; /* the store has stopped */
    journal->changes -= changes;
    weigh(journal);
    if (journal->changes || !store_cancel(all->sessions->store, &journal->req)) return;
    all->building = NULL;
    journal_free(journal);
}

void queue_journal_unref(struct session *session, int64_t row)
{
    struct journal *journal = session->all->journal->building;
    size_t count = journal->unref_count;
    if (count && journal->unrefs[count - 1].row == row) {
        journal->unrefs[count - 1].count++;
        return;
    }
    journal->unrefs = room(journal->unrefs, count, &journal->unref_cap, sizeof *journal->unrefs);
    journal->unrefs[count].row = row;
    journal->unrefs[count].count = 1;
    journal->unref_count++;
}

void queue_journal_end(struct session *session)
{
    struct journal *journal = session->all->journal->building;
    if (!journal || list_empty(&session->touched)) return;
    list_remove(&session->touched);
    if (session->dirty) session_queue_seal(session, part_add(journal, session), journal->commit);
}

struct queue_journal *queue_journal_create(struct sessions *sessions)
{
    struct queue_journal *journal = xnew(struct queue_journal);
    journal->sessions = sessions;
    journal->next_row = 1;
    return journal;
}

void queue_journal_set_next_row(struct queue_journal *journal, int64_t next_row)
{
    journal->next_row = next_row;
}

void queue_journal_destroy(struct queue_journal *journal)
{
    free(journal);
}
