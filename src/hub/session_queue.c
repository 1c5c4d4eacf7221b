/* session_queue.c — messages to the client: the queue, the window, the states of outgoing QoS 1 and
 * 2. MQTT 3.1.1, sections 4.3, 4.4, 4.6. Entries stand in one list, by sequence number:
 *
 *     [ sent, waiting for the client … ][ not yet sent … ]
 *       ▲ queue.next                      ▲ unsent
 *
 *   QUEUED ─► SENT ─► (PUBACK) gone                           QoS 1
 *             SENT ─► (PUBREC) RELEASING ─► (commit) RELEASED ─► (PUBCOMP) gone     QoS 2
 *
 * The packet identifier is the sequence number modulo 65535, plus one: so a redelivery after a
 * restart carries the identifier it had [MQTT-4.4.0-1], without a table of identifiers.
 *
 *  I1  Entries are sent in order; at most max_inflight are between SENT and gone; identifiers of
 *      those differ, since their sequence numbers span less than 65535.
 *  I2  A persistent session's entry has a row in the store or a write on its way; its message has
 *      one too.
 *  I3  PUBREL leaves only after the PUBREC is committed. */
#include "hub/session_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/session_store.h"

#include <stdlib.h>

enum { SEQ_SPAN = 65535 };

/* sent_seq after a crash, while the queue is loaded: nobody knows. */
#define SENT_UNKNOWN INT64_MAX

enum entry_state { ENTRY_QUEUED, ENTRY_SENT, ENTRY_RELEASING, ENTRY_RELEASED };

struct entry {
    struct list link;
    struct msg *msg; /* NULL from PUBREC on */
    int64_t seq;
    struct queue_write *write; /* the row's insertion, while it is under way */
    uint8_t qos;
    bool retain;
    bool dup;       /* may have been sent before */
    bool unchecked; /* queued while nobody knew whose iot:Receive decides */
    enum entry_state state;
};

static uint16_t packet_id(const struct entry *entry)
{
    return (uint16_t)(entry->seq % SEQ_SPAN + 1);
}

static struct entry *entry_of(struct list *link)
{
    return container_of(link, struct entry, link);
}

static size_t entry_bytes(const struct entry *entry)
{
    return sizeof *entry + (entry->msg ? msg_size(entry->msg) : 0);
}

/* Lets go of the message; the row of the queue stays. */
static void entry_drop_msg(struct session *session, struct entry *entry)
{
    if (!entry->msg) return;
    session->queued_bytes -= msg_size(entry->msg);
    if (session_persistent(session)) msg_row_unref(session->all->rows, entry->msg);
    msg_unref(entry->msg);
    entry->msg = NULL;
}

static void entry_unlink(struct session *session, struct entry *entry)
{
    if (session->unsent == &entry->link) session->unsent = entry->link.next;
    if (entry->state != ENTRY_QUEUED) session->inflight--;
    session->queued_bytes -= entry_bytes(entry);
    session->queued--;
    list_remove(&entry->link);
}

/* The client has it: entry, row and message go. */
static void entry_finish(struct session *session, struct entry *entry)
{
    if (session_persistent(session))
        queue_row_delete(session->all->store, session->id, entry->seq, &entry->write);
    entry_drop_msg(session, entry);
    entry_unlink(session, entry);
    free(entry);
}

static struct entry *find_entry(struct session *session, uint16_t id)
{
    for (struct list *it = session->queue.next; it != session->unsent; it = it->next)
        if (packet_id(entry_of(it)) == id) return entry_of(it);
    return NULL;
}

static struct entry *entry_append(struct session *session, struct msg *msg, uint8_t qos,
                                  bool retain, int64_t seq)
{
    struct entry *entry = xmalloc(sizeof *entry);
    *entry = (struct entry){
        .msg = msg ? msg_ref(msg) : NULL, .seq = seq, .qos = qos, .retain = retain
    };
    list_push_back(&session->queue, &entry->link);
    if (session->unsent == &session->queue) session->unsent = &entry->link;
    session->queued++;
    session->queued_bytes += entry_bytes(entry);
    return entry;
}

void session_queue_init(struct session *session)
{
    session->next_seq = 1;
    list_init(&session->queue);
    list_init(&session->blocked);
    session->unsent = &session->queue;
}

void session_queue_clear(struct session *session)
{
    struct list *link;
    while ((link = session->queue.next) != &session->queue) {
        struct entry *entry = entry_of(link);
        queue_write_forget(&entry->write);
        entry_drop_msg(session, entry);
        entry_unlink(session, entry);
        free(entry);
    }
}

void session_queue_forget(struct session *session)
{
    list_for_each_safe(link, &session->queue) {
        struct entry *entry = entry_of(link);
        queue_write_forget(&entry->write);
        if (entry->msg) msg_row_forget(entry->msg);
        msg_unref(entry->msg);
        free(entry);
    }
}

/* ---- sending ---- */

static void send_entry(struct session *session, struct entry *entry)
{
    session->link->ops->publish(session->link, entry->msg, entry->qos, entry->retain, entry->dup,
                                packet_id(entry));
    entry->dup = true;
    metrics_inc(METRIC_MESSAGES_OUT);
}

/* QoS 2 waits for its row: after a crash the identifier must not be given to another message, which the
 * client would take for a repetition. */
static bool window_open(const struct session *session, const struct entry *next)
{
    if (next->qos == 2 && next->write) return false;
    return session->inflight < session->all->opts->max_inflight &&
           next->seq - entry_of(session->queue.next)->seq < SEQ_SPAN &&
           !session->link->ops->congested(session->link);
}

static void send_next(struct session *session)
{
    struct entry *entry = entry_of(session->unsent);
    if (entry->unchecked && !session_may_receive(session, entry->msg)) {
        entry_finish(session, entry);
        return;
    }
    session->unsent = entry->link.next;
    entry->state = ENTRY_SENT;
    session->inflight++;
    if (entry->seq > session->sent_seq) session->sent_seq = entry->seq;
    send_entry(session, entry);
}

static void pump_queue(struct session *session)
{
    while (session->unsent != &session->queue && window_open(session, entry_of(session->unsent)))
        send_next(session);
    struct list *next = session->unsent;
    if (next == &session->queue || !entry_of(next)->write || entry_of(next)->qos < 2) return;
    if (list_empty(&session->blocked)) list_push_back(&session->all->blocked, &session->blocked);
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

void session_queue_on_commit(struct store_listener *listener, int64_t committed)
{
    struct sessions *all = container_of(listener, struct sessions, on_commit);
    struct list blocked;
    list_init(&blocked);
    list_splice(&blocked, &all->blocked);
    for (struct list *link; (link = list_pop_front(&blocked));)
        session_pump(container_of(link, struct session, blocked));
}

/* After a reconnect: everything in flight again, in the original order [MQTT-4.4.0-1]. */
static void resend(struct session *session)
{
    for (struct list *it = session->queue.next, *next; it != session->unsent; it = next) {
        struct entry *entry = entry_of(it);
        next = it->next;
        if (entry->state == ENTRY_SENT && entry->unchecked &&
            !session_may_receive(session, entry->msg))
            entry_finish(session, entry);
        else if (entry->state == ENTRY_SENT)
            send_entry(session, entry);
        else if (entry->state == ENTRY_RELEASED)
            session->link->ops->pubrel(session->link, packet_id(entry));
    }
}

void session_ready(struct session *session)
{
    session->ready = true;
    resend(session);
    session_pump(session);
}

void session_queue_detach(struct session *session)
{
    list_remove(&session->blocked);
}

void session_queue_distrust(struct session *session)
{
    list_for_each(it, &session->queue)
        entry_of(it)->unchecked = true;
}

/* ---- delivery ---- */

static void complain(struct session *session)
{
    metrics_inc(METRIC_DROPS);
    session->dropped++;
    int64_t now = clock_mono_ms();
    if (session->complained_at && now - session->complained_at < SESSION_COMPLAIN_MS) return;
    LOG(LOG_WARN, "hub", "messages dropped for a slow or absent client",
        LOG_S("client", session->client_id), LOG_I("dropped", session->dropped),
        LOG_I("queued", session->queued), LOG_I("queued_bytes", session->queued_bytes));
    session->complained_at = now;
    session->dropped = 0;
}

int64_t session_queue_put(struct session *session, struct msg *msg, uint8_t qos, bool retain,
                          bool promised)
{
    struct sessions *all = session->all;
    if (session->queued >= all->opts->max_queued ||
        session->queued_bytes + msg_size(msg) > all->opts->max_queued_bytes) {
        complain(session);
        return 0;
    }
    if (session_persistent(session) && !promised && store_busy(all->store)) return ERR_STORE;
    struct entry *entry = entry_append(session, msg, qos, retain, session->next_seq++);
    entry->unchecked = session->principal->kind == PRINCIPAL_SYSTEM;
    int64_t commit = 0;
    if (session_persistent(session)) {
        msg_row_ref(all->rows, msg);
        commit = queue_row_put(all->store, session->id, entry->seq, msg_row_id(msg), qos, retain,
                               &entry->write);
        if (!session->link) store_hurry(all->store);
    }
    session_pump(session);
    return commit;
}

void session_queue_send_qos0(struct session *session, struct msg *msg, bool retain)
{
    if (!session->link || !session->ready) return;
    if (session->link->ops->congested(session->link)) {
        complain(session);
        return;
    }
    metrics_inc(METRIC_MESSAGES_OUT);
    session->link->ops->publish(session->link, msg, 0, retain, false, 0);
}

int64_t session_queue_deliver(struct subscriber *subscriber, struct msg *msg,
                              const struct delivery *how)
{
    struct session *session = container_of(subscriber, struct session, subscriber);
    uint8_t qos = how->qos < msg->qos ? how->qos : msg->qos;
    if (how->again) return 0;
    if (qos > 0) return session_queue_put(session, msg, qos, false, how->promised);
    session_queue_send_qos0(session, msg, false);
    return 0;
}

/* ---- what the client acknowledges ---- */

void session_puback(struct session *session, uint16_t id)
{
    struct entry *entry = find_entry(session, id);
    if (!entry || entry->qos != 1 || entry->state != ENTRY_SENT) return;
    entry_finish(session, entry);
    session_pump(session);
}

static void release_entry(struct session *session, struct entry *entry)
{
    entry->state = ENTRY_RELEASED;
    if (session->link && session->ready)
        session->link->ops->pubrel(session->link, packet_id(entry));
}

static void on_released(void *arg, int64_t id, int64_t seq, int rc)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, session_key(&id));
    if (!session || rc < 0) return;
    for (struct list *it = session->queue.next; it != session->unsent; it = it->next) {
        struct entry *entry = entry_of(it);
        if (entry->seq == seq && entry->state == ENTRY_RELEASING) {
            release_entry(session, entry);
            return;
        }
    }
}

void session_pubrec(struct session *session, uint16_t id)
{
    struct entry *entry = find_entry(session, id);
    if (!entry || entry->qos != 2) {
        /* not known, perhaps from before our time: let the client finish [MQTT-4.3.3] */
        session->link->ops->pubrel(session->link, id);
        return;
    }
    if (entry->state == ENTRY_RELEASED) session->link->ops->pubrel(session->link, id);
    if (entry->state != ENTRY_SENT) return;
    entry_drop_msg(session, entry);
    if (!session_persistent(session)) {
        release_entry(session, entry);
        return;
    }
    entry->state = ENTRY_RELEASING;
    queue_write_forget(&entry->write);
    queue_row_released(session->all->store, session->id, entry->seq, on_released, session->all);
    store_hurry(session->all->store);
}

void session_pubcomp(struct session *session, uint16_t id)
{
    struct entry *entry = find_entry(session, id);
    if (!entry || entry->state != ENTRY_RELEASED) return;
    entry_finish(session, entry);
    session_pump(session);
}

/* ---- loading ---- */

void session_queue_load(struct session *session, int64_t sent_seq, bool crashed)
{
    session->next_seq = sent_seq + 1;
    session->sent_seq = crashed ? SENT_UNKNOWN : sent_seq;
}

/* It and all before it. */
static void mark_sent(struct session *session)
{
    for (struct list *it = session->unsent; it != &session->queue; it = it->next) {
        struct entry *entry = entry_of(it);
        entry->state = entry->msg ? ENTRY_SENT : ENTRY_RELEASED;
        entry->dup = true;
        session->inflight++;
    }
    session->unsent = &session->queue;
}

void session_queue_load_entry(struct session *session, int64_t seq, struct msg *msg, uint8_t qos,
                              bool retain)
{
    entry_append(session, msg, qos, retain, seq)->unchecked = true;
    if (seq >= session->next_seq) session->next_seq = seq + 1;
    bool crashed = session->sent_seq == SENT_UNKNOWN;
    if (!msg ||
        (crashed ? session->inflight < session->all->opts->max_inflight : seq <= session->sent_seq))
        mark_sent(session);
}

bool session_queue_settle(struct session *session)
{
    if (session->sent_seq != SENT_UNKNOWN) return false;
    struct entry *last =
        session->unsent == session->queue.next ? NULL : entry_of(session->unsent->prev);
    session->sent_seq = last ? last->seq : session->next_seq - 1;
    return true;
}
