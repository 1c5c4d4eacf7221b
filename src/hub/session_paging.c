/* session_paging.c — where the entries of a queue are: in memory as far as the client is about to take
 * them, the rest in the database alone. The picture is in session_queue.c.
 *
 *   put ─► waiting   while the client is there and all of the queue is in memory
 *       └► spill ─► (seal) database ─► (commit) ─► refill ─► waiting
 *
 *  I1  flight.end <= waiting.from; the numbers between are gone. Whatever is below waiting.end and not
 *      gone is in flight or waiting, unless the queue is unloaded.
 *  I2  Entries from waiting.end to the front of the spill are in the database, or in a batch under way.
 *  I3  The state in the database is true whenever nothing is dirty, so an unloaded queue needs nothing
 *      but its place.
 *  I4  While entries that were sent are not loaded, `saved` has what the database says of them: the
 *      state is written with it.
 *  I5  front_until is of the first entry not sent while that is not in memory: it is noted when the entry
 *      goes out of memory, and forgotten when more comes in. So a queue that is full is read for what has
 *      expired only when something has. */
#include "hub/session_priv.h"

#include "base/budget.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/queue_load.h"

#include <stdlib.h>
#include <string.h>

/* WAITING_*: above it, new entries go by the database. REFILL: below it, more is brought. */
enum { WAITING_ENTRIES = 1024, WAITING_BYTES = 1 << 20, REFILL_BELOW = 256, RETRY_MS = 1000 };

/* As front_until: the front does not expire; there is none, all was sent (of unloaded queues only). */
static const int64_t front_stays = INT64_MAX - 1, front_none = INT64_MAX;

struct saved_state {
    struct queue_state state;
    char bits[];
};

/* ---- new entries ---- */

static bool takes_more(const struct session *session)
{
    size_t count = queue_ring_count(&session->waiting);
    if (!session_persistent(session)) return true;
    if (!session->link || !session_queue_is_whole(session)) return false;
    return count == 0 ||
           (count < WAITING_ENTRIES && session->queued_bytes < WAITING_BYTES && !budget_over());
}

void session_queue_add(struct session *session, const struct queue_entry *entry)
{
    queue_ring_push_at(takes_more(session) ? &session->waiting : &session->spill, session->next_seq,
                       entry);
    session->next_seq++;
}

/* ---- more into memory ---- */

static void take_from_spill(struct session *session)
{
    while (!queue_ring_empty(&session->spill) &&
           queue_ring_count(&session->waiting) < WAITING_ENTRIES) {
        int64_t seq = session->spill.from;
        struct queue_entry entry = queue_ring_pop(&session->spill);
        queue_ring_push_at(&session->waiting, seq, &entry);
    }
}

static void on_loaded(void *arg, struct queue_load *load);

static void load_more(struct session *session)
{
    session->loading = true;
    session->load_round++;
    session->load_end = session->stored_end;
    queue_load(session->all->store, session->id, session->unloaded ? 0 : session->waiting.end,
               session->unloaded, session->load_round, on_loaded, session->all);
}

/* Few large messages are enough: by what those of the queue have on average. */
static bool front_is_enough(const struct session *session)
{
    size_t count = queue_ring_count(&session->waiting);
    size_t average = session->queued ? session->queued_bytes / session->queued : 0;
    return count >= REFILL_BELOW || (count && count * average >= WAITING_BYTES);
}

void session_queue_bring(struct session *session)
{
    if (session->loading || front_is_enough(session)) return;
    if (session->unloaded ||
        (session->waiting.end < session->stored_end && !session_queue_is_whole(session)))
        load_more(session);
    else if (!queue_ring_empty(&session->spill) && session->waiting.end == session->spill.from)
        take_from_spill(session);
}

bool session_is_loading(const struct session *session)
{
    return session->loading;
}

/* ---- what was loaded ---- */

static void forget_saved(struct session *session)
{
    free(session->saved);
    session->saved = NULL;
}

static void take_state(struct session *session, const struct queue_state *state)
{
    size_t done = state->done.len, released = state->released.len;
    struct saved_state *saved = xmalloc(sizeof *saved + done + released);
    saved->state = *state;
    if (done) memcpy(saved->bits, state->done.ptr, done);
    if (released) memcpy(saved->bits + done, state->released.ptr, released);
    saved->state.done = slice_of(saved->bits, done);
    saved->state.released = slice_of(saved->bits + done, released);
    session->saved = saved;
    session->unloaded = false;
    queue_ring_move(&session->flight, state->head);
    queue_ring_move(&session->waiting, state->head);
}

static bool was_sent(const struct session *session, int64_t seq)
{
    return session->saved && seq < session->saved->state.flight_end;
}

static void put_in_flight(struct session *session, int64_t seq, struct queue_entry *entry)
{
    entry->dup = true;
    queue_ring_push_at(&session->flight, seq, entry);
    session->inflight++;
    if (session->link && session->ready) session_queue_resend(session, seq);
}

static void put_loaded(struct session *session, struct queue_loaded *loaded)
{
    int64_t seq = loaded->ref.seq;
    const struct queue_state *state = session->saved ? &session->saved->state : NULL;
    if (state && queue_state_is_gone(state, seq)) return;
    bool released = loaded->ref.released || (state && queue_state_is_released(state, seq));
    struct queue_entry entry = { .msg = loaded->msg,
                                 .row = loaded->ref.row,
                                 .qos = loaded->ref.qos,
                                 .retain = loaded->ref.retain,
                                 .dup = seq < session->maybe_sent,
                                 .share = loaded->ref.share };
    queue_entry_give_ids(&entry, loaded->ids);
    loaded->msg = NULL;
    loaded->ids = NULL;
    if (released) queue_entry_clear(&entry);
    entry.state = released ? ENTRY_RELEASED : ENTRY_SENT;
    if (released || (entry.msg && was_sent(session, seq))) {
        put_in_flight(session, seq, &entry);
        return;
    }
    entry.state = ENTRY_QUEUED;
    queue_ring_push_at(&session->waiting, seq, &entry);
    if (entry.msg) return;
    LOG(LOG_ERROR, "hub", "a queued message in the database is damaged, removed",
        LOG_S("client", session->client_id), LOG_I("sequence", seq));
    session_queue_finish(session, queue_ring_at(&session->waiting, seq), seq);
}

/* All below is in memory now, or gone. */
static void loaded_up_to(struct session *session, int64_t end)
{
    static const struct queue_entry gone = { .state = ENTRY_GONE };
    struct queue_ring *waiting = &session->waiting;
    if (queue_ring_empty(waiting) && waiting->end < end) queue_ring_move(waiting, end);
    while (waiting->end < end)
        queue_ring_push(waiting, &gone);
    const struct saved_state *saved = session->saved;
    if (saved && saved->state.flight_end <= end && saved->state.unsent <= end)
        forget_saved(session);
}

static void count_ring(const struct queue_ring *ring, size_t *count, size_t *bytes)
{
    queue_ring_for_each(entry, ring)
    {
        if (entry->state == ENTRY_GONE) continue;
        ++*count;
        *bytes += queue_entry_size(entry);
    }
}

/* What was never in memory was counted by the pages' word. */
static void count_again(struct session *session)
{
    session->queued = session->queued_bytes = 0;
    count_ring(&session->flight, &session->queued, &session->queued_bytes);
    count_ring(&session->waiting, &session->queued, &session->queued_bytes);
}

static void take_load(struct session *session, struct queue_load *load)
{
    int64_t end = load->last && session->load_end > load->end ? session->load_end : load->end;
    session->front_until = 0;
    if (load->with_state) take_state(session, &load->state);
    for (size_t i = 0; i < load->count; i++)
        put_loaded(session, &load->entries[i]);
    loaded_up_to(session, end);
    if (session_queue_is_whole(session)) count_again(session);
}

static void unload(struct session *session);

/* Nobody is there to take more than the front. */
static void front_was_seen(struct session *session)
{
    if (queue_ring_empty(&session->waiting)) session_queue_refill(session);
    unload(session);
}

/* For who is away, when it is needed again. */
static void try_again(struct session *session)
{
    if (session->link)
        session_pump_later(session, RETRY_MS);
    else
        unload(session);
}

static void on_loaded(void *arg, struct queue_load *load)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, session_key(&load->session));
    if (!session || !session->loading || load->round != session->load_round) return;
    session->loading = false;
    if (load->rc < 0) {
        LOG(LOG_ERROR, "hub", "a queue cannot be read, trying again",
            LOG_S("client", session->client_id), LOG_ERR(load->rc));
        try_again(session);
        return;
    }
    take_load(session, load);
    session_queue_drop_excess(session);
    if (session->link)
        session_pump(session);
    else
        front_was_seen(session);
}

void session_queue_stop_loading(struct session *session)
{
    session->loading = false;
    forget_saved(session);
}

/* ---- out of memory ---- */

/* The next message will need the oldest one. */
static bool is_crowded(const struct session *session)
{
    const struct hub_opts *opts = session->all->opts;
    return opts->drop_oldest && (session->queued > opts->max_queued / 4 * 3 ||
                                 session->queued_bytes > opts->max_queued_bytes / 4 * 3);
}

static bool may_unload(const struct session *session)
{
    if (is_crowded(session) || session->loading) return false;
    return session_persistent(session) && !session->link && !session->dirty && !session->unloaded &&
           session->queued > 0 && session->sealed_end == session->next_seq &&
           session->stored_end == session->next_seq &&
           session->written_in <= store_committed(session->all->store);
}

/* What front_until is if the front is in this ring. */
static int64_t front_of(const struct queue_ring *ring)
{
    queue_ring_for_each(entry, ring)
    {
        if (entry->state == ENTRY_GONE) continue;
        return entry->msg->expires_at && !entry->dup ? entry->msg->expires_at : front_stays;
    }
    return front_none;
}

static void note_waiting(struct session *session)
{
    int64_t until = front_of(&session->waiting);
    if (until != front_none || session_queue_is_whole(session)) session->front_until = until;
}

/* Unless the front is elsewhere. */
static void note_spill(struct session *session)
{
    const struct queue_ring *waiting = &session->waiting, *spill = &session->spill;
    int64_t until = front_of(spill);
    bool first = session->unloaded ? session->front_until == front_none
                                   : queue_ring_empty(waiting) && waiting->end == spill->from;
    if (first && until != front_none) session->front_until = until;
}

static void unload(struct session *session)
{
    if (!may_unload(session)) return;
    note_waiting(session);
    queue_ring_drop(&session->flight);
    queue_ring_drop(&session->waiting);
    session_queue_stop_loading(session);
    session->inflight = 0;
    buf_deinit(&session->recs);
    session->recs_sealed = 0;
    session->unloaded = true;
}

void session_queue_detach(struct session *session)
{
    if (!session_persistent(session)) return;
    session->loading = false;
    if (session->unloaded) return;
    if (session->noted_end != session->next_seq || !queue_ring_empty(&session->flight))
        session_queue_soil(session); /* how far it was sent, and which numbers were used */
    unload(session);
    if (queue_ring_empty(&session->flight)) queue_ring_free(&session->flight);
    if (queue_ring_empty(&session->waiting)) queue_ring_free(&session->waiting);
}

/* ---- into the database ---- */

/* Bits of what is not loaded, from the sequence number on, counted from head. */
static void copy_bits(struct buf *out, struct slice bits, int64_t bits_head, int64_t from,
                      int64_t end, int64_t head)
{
    for (int64_t seq = from; seq < end; seq++)
        if (queue_bit(bits, seq - bits_head)) queue_bit_set(out, seq - head);
}

static void put_state(struct session *session, struct queue_part *part)
{
    const struct queue_ring *flight = &session->flight, *waiting = &session->waiting;
    bool empty = queue_ring_empty(flight);
    struct buf done = { 0 }, released = { 0 };
    struct queue_state state = { .head = empty ? waiting->from : flight->from,
                                 .flight_end = empty ? waiting->from : flight->end,
                                 .unsent = waiting->from,
                                 .maybe_sent = session->maybe_sent };
    if (state.head >= state.maybe_sent) session->maybe_sent = state.maybe_sent = 0;
    queue_ring_for_each(entry, flight)
    {
        if (entry->state == ENTRY_GONE) queue_bit_set(&done, entry_seq - state.head);
        if (entry->state >= ENTRY_RELEASING) queue_bit_set(&released, entry_seq - state.head);
    }
    if (session->saved) {
        const struct queue_state *saved = &session->saved->state;
        for (int64_t seq = state.flight_end; seq < waiting->end && seq < saved->flight_end; seq++)
            queue_bit_set(&done, seq - state.head);
        copy_bits(&done, saved->done, saved->head, waiting->end, saved->flight_end, state.head);
        copy_bits(&released, saved->released, saved->head, waiting->end, saved->flight_end,
                  state.head);
        if (saved->flight_end > state.flight_end) state.flight_end = saved->flight_end;
        if (saved->unsent > state.unsent) state.unsent = saved->unsent;
    }
    state.done = buf_slice(&done);
    state.released = buf_slice(&released);
    queue_part_state(part, &state);
    session->noted_end = state.unsent;
    buf_deinit(&done);
    buf_deinit(&released);
}

static struct queue_entry *entry_at(struct session *session, int64_t seq)
{
    struct queue_entry *entry = queue_ring_get(&session->flight, seq);
    if (!entry) entry = queue_ring_get(&session->waiting, seq);
    return entry ? entry : queue_ring_get(&session->spill, seq);
}

void session_queue_seal(struct session *session, struct queue_part *part, int64_t commit)
{
    if (session->dirty) put_state(session, part);
    session->dirty = false;
    for (int64_t seq = session->sealed_end; seq < session->next_seq; seq++) {
        struct queue_entry *entry = entry_at(session, seq);
        if (entry && entry->state != ENTRY_GONE) entry->row = queue_part_put(part, seq, entry);
    }
    session->sealed_end = session->next_seq;
    session->written_in = commit;
    session->recs_sealed = session->recs.len;
    note_spill(session);
    queue_ring_drop(&session->spill);
}

void session_queue_committed(struct session *session, int64_t sealed_end)
{
    if (sealed_end > session->stored_end) session->stored_end = sealed_end;
    session_queue_release(session);
    if (session->link)
        session_pump(session);
    else
        unload(session);
}

void session_queue_restore(struct session *session, const struct queue_summary *summary,
                           bool crashed)
{
    session->next_seq = session->sealed_end = session->stored_end = summary->end;
    session->noted_end = summary->end;
    session->maybe_sent = crashed ? summary->end : summary->maybe_sent;
    session->queued = summary->count;
    session->queued_bytes = summary->bytes;
    session->unloaded = summary->count > 0;
    queue_ring_move(&session->flight, summary->end);
    queue_ring_move(&session->waiting, summary->end);
    queue_ring_move(&session->spill, summary->end);
}
