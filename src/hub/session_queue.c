/* session_queue.c — messages to the client: the window, the states of outgoing QoS 1 and 2, what it
 * acknowledges. MQTT 3.1.1, sections 4.3, 4.4, 4.6. Where entries are is session_paging.c's matter:
 *
 *     flight            waiting           in the database      spill
 *     [ sent … ][ gone ][ not yet sent … ][ not in memory … ][ not in a batch yet … ]
 *       ▲ from    ▲ end   ▲ from            ▲ waiting.end       ▲ from               ▲ next_seq
 *
 *   QUEUED ─► SENT ─► (PUBACK) gone                           QoS 1
 *             SENT ─► (PUBREC) RELEASING ─► (commit) RELEASED ─► (PUBCOMP) gone     QoS 2
 *
 * The packet identifier is the sequence number modulo 65535, plus one: so a redelivery after a
 * restart carries the identifier it had [MQTT-4.4.0-1], without a table of identifiers.
 *
 *  I1  Entries are sent in order; at most session_window() are in flight; identifiers of those differ,
 *      since their sequence numbers span less than 65535.
 *  I2  A persistent session's entry is in the database, in a batch under way, or in the journal.
 *  I3  PUBREL leaves only after the PUBREC is committed; QoS 2 is sent only after it is: after a crash
 *      its identifier must not be given to another message, which the client would take for a
 *      repetition.
 *  I4  queued counts the entries that are not gone, wherever they are.
 *  I5  What is in flight goes out again when the client is back, as much of it as the client takes at a time,
 *      which may be less than before [MQTT-3.3.4-9]; the rest is due, and nothing new is sent before it. */
#include "hub/session_priv.h"

#include "base/budget.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/share.h"

#include <stdlib.h>
#include <string.h>

/* EXCESS*: how much longer a queue may be while its oldest messages are brought in to be dropped */
enum { SEQ_SPAN = 65535, EXCESS = 1024, EXCESS_BYTES = 4 << 20 };
enum { REFUSED = 0x80 }; /* reason codes from here on are refusals */

static const char slow[] = "messages dropped for a slow or absent client";
static const char too_large[] = "messages dropped: larger than the client takes";

static uint16_t packet_id(int64_t seq)
{
    return (uint16_t)(seq % SEQ_SPAN + 1);
}

/* In flight, by its identifier; NULL if there is none. */
static struct queue_entry *find_entry(struct session *session, uint16_t id, int64_t *ret_seq)
{
    const struct queue_ring *flight = &session->flight;
    if (id == 0) return NULL;
    int64_t ahead = (id - packet_id(flight->from) + SEQ_SPAN) % SEQ_SPAN;
    *ret_seq = flight->from + ahead;
    struct queue_entry *entry = queue_ring_get(flight, *ret_seq);
    return entry && entry->state != ENTRY_GONE ? entry : NULL;
}

/* ---- an entry's end ---- */

void session_queue_soil(struct session *session)
{
    if (session->unloaded) BUG("the state of a queue changes while it is not in memory");
    if (session->dirty) return;
    session->dirty = true;
    queue_journal_add(session, NULL);
}

/* Lets go of the message, and of its place in the store. */
static void drop_msg(struct session *session, struct queue_entry *entry)
{
    size_t size = queue_entry_size(entry);
    session->queued_bytes -= size < session->queued_bytes ? size : session->queued_bytes;
    queue_entry_clear(entry);
}

static void forget_row(struct session *session, struct queue_entry *entry, int64_t seq)
{
    if (!session_persistent(session)) return;
    if (seq >= session->sealed_end) {
        queue_journal_cancel(session, 1);
        return;
    }
    session_queue_soil(session);
    if (entry->state < ENTRY_RELEASING && entry->row) queue_journal_unref(session, entry->row);
}

static void trim_ring(struct queue_ring *ring)
{
    while (!queue_ring_empty(ring) && queue_ring_at(ring, ring->from)->state == ENTRY_GONE)
        ring->from++;
}

static void trim_front(struct session *session)
{
    struct queue_ring *waiting = &session->waiting, *spill = &session->spill;
    trim_ring(&session->flight);
    trim_ring(waiting);
    if (queue_ring_empty(waiting) && waiting->end == spill->from) {
        trim_ring(spill);
        queue_ring_move(waiting, spill->from);
    }
    if (session->queued > 0) return;
    session->queued_bytes = 0; /* was about right for what was never in memory */
    if (queue_ring_empty(spill)) session->sealed_end = session->next_seq;
}

static void not_due(struct session *session, struct queue_entry *entry)
{
    if (entry->due) session->due--;
    entry->due = false;
}

void session_queue_finish(struct session *session, struct queue_entry *entry, int64_t seq)
{
    not_due(session, entry);
    forget_row(session, entry, seq);
    drop_msg(session, entry);
    if (entry->state > ENTRY_QUEUED) session->inflight--;
    entry->state = ENTRY_GONE;
    session->queued--;
    trim_front(session);
}

/* ---- sending ---- */

static bool is_late(const struct queue_entry *entry)
{
    return !entry->dup && msg_has_expired(entry->msg);
}

/* Not to be sent any more: it has expired before it was sent once [MQTT-3.3.2-5], or the client that is there
 * now may not have it. */
static bool is_void(struct session *session, const struct queue_entry *entry, int64_t seq)
{
    if (!is_late(entry))
        return seq < session->suspect_end && !session_may_receive(session, entry->msg);
    metrics_inc(METRIC_EXPIRED);
    return true;
}

static void complain(struct session *session, const char *what)
{
    metrics_inc(METRIC_DROPS);
    int64_t dropped = log_pace(&session->drops, MINUTES(1), clock_mono_ms());
    if (!dropped) return;
    LOG(LOG_WARN, "hub", what, LOG_S("client", session->client_id), LOG_I("dropped", dropped),
        LOG_I("queued", session->queued), LOG_I("queued_bytes", session->queued_bytes));
}

/* What the link does not take for its size counts as delivered: false. */
static bool hand_over(struct session *session, struct msg *msg, const struct session_out *out)
{
    bool sent = session->link->ops->publish(session->link, msg, out);
    if (sent)
        metrics_inc(METRIC_MESSAGES_OUT);
    else
        complain(session, too_large);
    return sent;
}

static void send_entry(struct session *session, struct queue_entry *entry, int64_t seq)
{
    struct session_out out = {
        .qos = entry->qos, .retain = entry->retain, .dup = entry->dup, .id = packet_id(seq)
    };
    if (entry->ids) {
        out.ids = entry->ids->at;
        out.id_count = entry->ids->count;
    }
    if (hand_over(session, entry->msg, &out))
        entry->dup = true;
    else
        session_queue_finish(session, entry, seq);
}

static bool is_safe(const struct session *session, int64_t seq)
{
    return !session_persistent(session) || seq < session->stored_end;
}

static bool window_open(const struct session *session)
{
    int64_t seq = session->waiting.from;
    const struct queue_ring *flight = &session->flight;
    if (session->inflight >= session_window(session)) return false; /* also while some are due */
    if (!queue_ring_empty(flight) && seq - flight->from >= SEQ_SPAN) return false;
    if (queue_ring_at(&session->waiting, seq)->qos == 2 && !is_safe(session, seq)) return false;
    return !session->link->ops->congested(session->link);
}

static void send_next(struct session *session)
{
    int64_t seq = session->waiting.from;
    struct queue_entry *next = queue_ring_at(&session->waiting, seq);
    if (next->state == ENTRY_GONE) {
        session->waiting.from++;
        return;
    }
    if (is_void(session, next, seq)) {
        session_queue_finish(session, next, seq);
        return;
    }
    next->state = ENTRY_SENT;
    struct queue_entry entry = queue_ring_pop(&session->waiting);
    queue_ring_push_at(&session->flight, seq, &entry);
    session->inflight++;
    send_entry(session, queue_ring_at(&session->flight, seq), seq);
}

static void resend(struct session *session, struct queue_entry *entry, int64_t seq)
{
    if (is_void(session, entry, seq))
        session_queue_finish(session, entry, seq);
    else
        send_entry(session, entry, seq);
}

static void mark_due(struct session *session, struct queue_entry *entry)
{
    if (entry->state != ENTRY_SENT || entry->due) return;
    entry->due = true;
    session->due++;
}

/* What it needs now; NULL is fine. */
static void go_on(struct session *session, struct queue_entry *entry, int64_t seq)
{
    if (entry && entry->state == ENTRY_RELEASED)
        session->link->ops->pubrel(session->link, packet_id(seq), true);
    if (!entry || !entry->due ||
        session->inflight - session->due >= session_receive_maximum(session))
        return;
    not_due(session, entry);
    resend(session, entry, seq);
}

void session_queue_resend(struct session *session, int64_t seq)
{
    struct queue_entry *entry = queue_ring_at(&session->flight, seq);
    mark_due(session, entry);
    go_on(session, entry, seq);
}

static void send_due(struct session *session)
{
    for (int64_t seq = session->flight.from; seq < session->flight.end && session->due; seq++) {
        struct queue_entry *entry = queue_ring_get(&session->flight, seq);
        if (entry && entry->due) go_on(session, entry, seq);
        if (entry && entry->due) return;
    }
}

static void pump_queue(struct session *session)
{
    if (session->due) send_due(session);
    while (!queue_ring_empty(&session->waiting) && window_open(session)) {
        send_next(session);
        if (queue_ring_empty(&session->waiting)) session_queue_refill(session);
    }
    session_queue_refill(session);
    const struct queue_ring *waiting = &session->waiting;
    if (!queue_ring_empty(waiting) && queue_ring_at(waiting, waiting->from)->qos == 2 &&
        !is_safe(session, waiting->from))
        store_hurry(session->all->store);
}

void session_pump(struct session *session)
{
    if (!session->link || !session->ready || session->pumping) return;
    session->pumping = true;
    pump_queue(session);
    session_subs_pump(session);
    pump_queue(session); /* what that has queued */
    session->pumping = false;
}

/* After a reconnect: everything in flight again, in the original order [MQTT-4.4.0-1]. */
void session_ready(struct session *session)
{
    int64_t end = session->flight.end;
    session->ready = true;
    session->due = 0;
    share_online(session);
    queue_ring_for_each(entry, &session->flight)
    {
        entry->due = false;
        mark_due(session, entry);
    }
    for (int64_t seq = session->flight.from; seq < end; seq++)
        go_on(session, queue_ring_get(&session->flight, seq), seq);
    session_pump(session);
}

void session_queue_distrust(struct session *session)
{
    session->suspect_end = session->next_seq;
}

/* ---- delivery ---- */

/* The front of what was not sent; NULL: it is not in memory, or there is none. */
static struct queue_entry *oldest_unsent(struct session *session, int64_t *ret_seq)
{
    struct queue_ring *waiting = &session->waiting, *spill = &session->spill;
    if (session->unloaded) return NULL;
    trim_front(session); /* what is gone is not the oldest */
    struct queue_ring *ring = queue_ring_empty(waiting) ? spill : waiting;
    if (queue_ring_empty(ring) || (ring == spill && waiting->end != spill->from)) return NULL;
    *ret_seq = ring->from;
    return queue_ring_at(ring, ring->from);
}

/* The oldest message that was not sent goes, if it is in memory, and, when only_late, has expired. */
static bool drop_oldest(struct session *session, bool only_late)
{
    int64_t seq;
    struct queue_entry *oldest = oldest_unsent(session, &seq);
    if (!oldest) return false;
    bool late = is_late(oldest);
    if (only_late && !late) return false;
    session_queue_finish(session, oldest, seq);
    if (late)
        metrics_inc(METRIC_EXPIRED);
    else
        complain(session, slow);
    return true;
}

/* With one more of this size it would be above its limits and this excess. */
static bool is_above(const struct session *session, size_t size, size_t count, size_t bytes)
{
    const struct hub_opts *opts = session->all->opts;
    if (budget_over() && !session_persistent(session) && session->queued > session->inflight)
        return true; /* a persistent one waits in the database */
    return session->queued + 1 > opts->max_queued + count ||
           session->queued_bytes + size > opts->max_queued_bytes + bytes;
}

/* The front is not in memory, and for all that is known it has expired. */
static bool front_may_be_late(struct session *session)
{
    int64_t seq;
    return !oldest_unsent(session, &seq) && clock_real_ms() > session->front_until;
}

/* More than it may have: what has expired goes, then mqtt.queue_full decides. What is to go, and in the database
 * or in a batch under way, is brought in first, and dropped then. Until then the queue may be a little longer, if
 * it is certain that something goes. */
static bool make_room(struct session *session, size_t size)
{
    bool only_late = !session->all->opts->drop_oldest;
    while (is_above(session, size, 0, 0))
        if (!drop_oldest(session, only_late)) break;
    if (!is_above(session, size, 0, 0)) return true;
    if (only_late && !front_may_be_late(session)) return false;
    session_queue_refill(session);
    bool comes = session->loading || session->waiting.end < session->sealed_end;
    bool goes = !only_late || session->front_until;
    return comes && goes && !is_above(session, size, EXCESS, EXCESS_BYTES);
}

bool session_queue_has_room(const struct session *session, const struct msg *msg, size_t id_count)
{
    return !is_above(session, msg_size(msg) + queue_ids_bytes(id_count), 0, 0);
}

void session_queue_drop_excess(struct session *session)
{
    const struct hub_opts *opts = session->all->opts;
    bool only_late = !opts->drop_oldest;
    while (only_late || session->queued > opts->max_queued ||
           session->queued_bytes > opts->max_queued_bytes)
        if (!drop_oldest(session, only_late)) return;
}

static int64_t enqueue(struct session *session, struct msg *msg, const struct queue_put *how)
{
    struct sessions *all = session->all;
    bool persistent = session_persistent(session);
    if (persistent && !how->promised && store_busy(all->store)) return ERR_STORE;
    struct queue_entry entry = { .msg = msg_ref(msg),
                                 .qos = how->qos,
                                 .state = ENTRY_QUEUED,
                                 .retain = how->retain,
                                 .share = how->share };
    if (how->id_count) queue_entry_give_ids(&entry, queue_ids_create(how->ids, how->id_count));
    size_t size = queue_entry_size(&entry);
    if (!make_room(session, size)) {
        queue_entry_clear(&entry);
        complain(session, slow);
        return 0;
    }
    session->queued++;
    session->queued_bytes += size;
    session_queue_add(session, &entry);
    int64_t commit = persistent ? queue_journal_add(session, msg) : 0;
    if (persistent && !session->link) store_hurry(all->store);
    session_pump(session);
    return commit;
}

/* Now or never. */
static void send_qos0(struct session *session, struct msg *msg, const struct queue_put *how)
{
    struct session_out out = { .retain = how->retain, .id_count = how->id_count, .ids = how->ids };
    if (!session->link || !session->ready) return;
    if (msg_has_expired(msg))
        metrics_inc(METRIC_EXPIRED);
    else if (session->link->ops->congested(session->link))
        complain(session, slow);
    else
        hand_over(session, msg, &out);
}

int64_t session_queue_put(struct session *session, struct msg *msg, const struct queue_put *how)
{
    if (how->qos) return enqueue(session, msg, how);
    send_qos0(session, msg, how);
    return 0;
}

int64_t session_queue_deliver(struct subscriber *subscriber, struct msg *msg,
                              const struct delivery *how)
{
    struct session *session = container_of(subscriber, struct session, subscriber);
    uint8_t qos = how->qos < msg->qos ? how->qos : msg->qos;
    bool retain = session_retain_flag(session, how->retain);
    if (how->again) return 0;
    return session_queue_put(session, msg,
                             &(struct queue_put){ .qos = qos,
                                                  .retain = retain,
                                                  .promised = how->promised,
                                                  .id_count = how->id_count,
                                                  .ids = how->ids });
}

/* ---- shared subscriptions ---- */

bool session_queue_takes(const struct session *session)
{
    return session->link && session->ready && session_queue_is_whole(session) &&
           queue_ring_empty(&session->waiting) && session->inflight < session_window(session) &&
           !session->link->ops->congested(session->link);
}

/* It was sent, or may have been, and the option has it completed there [MQTT-4.8.2-4, 4.8.2-5]. */
static bool stays(const struct session *session, const struct queue_entry *entry)
{
    return session->all->opts->keep_shared_qos2 && entry->qos == 2 &&
           (entry->state == ENTRY_SENT || entry->dup);
}

/* Not what the client has confirmed already: PUBREC. */
static void pass_on_from(struct session *session, struct queue_ring *ring, bool over)
{
    for (int64_t seq = ring->from, end = ring->end; seq < end; seq++) {
        struct queue_entry *entry = queue_ring_get(ring, seq);
        if (!entry || !entry->share || entry->state == ENTRY_GONE ||
            entry->state >= ENTRY_RELEASING || stays(session, entry))
            continue;
        if (share_pass_on(session, entry->share, entry->msg, entry->qos, over))
            session_queue_finish(session, entry, seq);
    }
}

void session_queue_pass_on(struct session *session)
{
    if (list_empty(&session->shares)) return;
    bool over = session_ends(session);
    pass_on_from(session, &session->flight, over);
    pass_on_from(session, &session->waiting, over);
    pass_on_from(session, &session->spill, over);
}

/* ---- what the client acknowledges ---- */

void session_puback(struct session *session, uint16_t id)
{
    int64_t seq;
    struct queue_entry *entry = find_entry(session, id, &seq);
    if (!entry || entry->qos != 1 || entry->state != ENTRY_SENT) return;
    session_queue_finish(session, entry, seq);
    session_pump(session);
}

static void release_entry(struct session *session, struct queue_entry *entry, int64_t seq)
{
    entry->state = ENTRY_RELEASED;
    if (session->link && session->ready)
        session->link->ops->pubrel(session->link, packet_id(seq), true);
}

/* In the order of the PUBRECs [MQTT-4.6.0-4]. */
void session_queue_release(struct session *session)
{
    if (!session->recs_sealed) return;
    for (size_t at = 0; at < session->recs_sealed; at += sizeof(int64_t)) {
        int64_t seq;
        memcpy(&seq, session->recs.data + at, sizeof seq);
        struct queue_entry *entry = queue_ring_get(&session->flight, seq);
        if (entry && entry->state == ENTRY_RELEASING) release_entry(session, entry, seq);
    }
    buf_consume(&session->recs, session->recs_sealed);
    session->recs_sealed = 0;
    if (!session->recs.len) buf_deinit(&session->recs);
}

/* Not known: from before our time, or not loaded yet. */
static void pubrec_unknown(struct session *session, uint16_t id)
{
    /* let the client finish [MQTT-4.3.3]; what is still to be sent again is not finished */
    if (session->saved || session->unloaded) return;
    session->link->ops->pubrel(session->link, id, false);
}

static void refused(struct session *session, struct queue_entry *entry, int64_t seq)
{
    session_queue_finish(session, entry, seq);
    session_pump(session);
}

void session_pubrec(struct session *session, uint16_t id, uint8_t code)
{
    int64_t seq;
    struct queue_entry *entry = find_entry(session, id, &seq);
    bool known = entry && entry->qos == 2;
    if (known && code >= REFUSED) refused(session, entry, seq);
    if (!known && code < REFUSED) pubrec_unknown(session, id);
    if (!known || code >= REFUSED) return;
    if (entry->state == ENTRY_RELEASED) session->link->ops->pubrel(session->link, id, true);
    if (entry->state != ENTRY_SENT) return;
    not_due(session, entry);
    if (session_persistent(session)) {
        forget_row(session, entry, seq);
        entry->state = ENTRY_RELEASING;
        session_queue_soil(session);
        buf_append(&session->recs, &seq, sizeof seq);
        store_hurry(session->all->store);
    }
    drop_msg(session, entry);
    if (!session_persistent(session)) release_entry(session, entry, seq);
}

void session_pubcomp(struct session *session, uint16_t id)
{
    int64_t seq;
    struct queue_entry *entry = find_entry(session, id, &seq);
    if (!entry || entry->state != ENTRY_RELEASED) return;
    session_queue_finish(session, entry, seq);
    session_pump(session);
}

/* ---- life ---- */

void session_queue_init(struct session *session)
{
    session->next_seq = session->sealed_end = session->stored_end = 1;
    session->flight.from = session->flight.end = 1;
    session->waiting = session->spill = session->flight;
    list_init(&session->touched);
}

void session_queue_forget(struct session *session)
{
    session_queue_stop_loading(session);
    list_remove(&session->touched);
    queue_ring_drop(&session->flight);
    queue_ring_drop(&session->waiting);
    queue_ring_drop(&session->spill);
    buf_deinit(&session->recs);
}

static size_t count_unsealed(const struct session *session, const struct queue_ring *ring)
{
    size_t count = 0;
    queue_ring_for_each(entry, ring) count +=
        entry->state != ENTRY_GONE && entry_seq >= session->sealed_end;
    return count;
}

void session_queue_clear(struct session *session)
{
    size_t unsealed = count_unsealed(session, &session->flight) +
                      count_unsealed(session, &session->waiting) +
                      count_unsealed(session, &session->spill);
    if (session_persistent(session) && unsealed) queue_journal_cancel(session, unsealed);
    session->sealed_end = session->next_seq;
    queue_journal_end(session);
    session_queue_forget(session);
}
