/* session.c — sessions: queues, windows, the state machines of QoS 1 and 2.
 *
 * Outgoing QoS 1 and 2. Entries stand in one list in the order of their sequence numbers:
 *
 *     [ sent, waiting for the client … ][ not yet sent … ]
 *       ▲ queue.next                      ▲ unsent
 *
 *   QUEUED ─► SENT ─► (PUBACK) gone                           QoS 1
 *             SENT ─► (PUBREC) RELEASING ─► (commit) RELEASED ─► (PUBCOMP) gone     QoS 2
 *
 * The packet identifier is the sequence number modulo 65535, plus one: so a redelivery after a restart
 * carries the identifier it had [MQTT-4.4.0-1], without a table of identifiers.
 *
 * Incoming QoS 2. A clean session delivers at once and remembers the identifier. A persistent one commits
 * identifier and message first, delivers then, and clears the message in the same commit as the effects of
 * the delivery: a crash at any moment delivers exactly once to all who are persistent. While a subscriber
 * holds its decision the message stays, marked as routed: after a crash it goes to those who hold again,
 * and not to sessions.
 *
 *  I1  Entries are sent in order; at most max_inflight are between SENT and gone; identifiers of those
 *      differ, since their sequence numbers span less than 65535.
 *  I2  A persistent session's entry has a row in the store or a write on its way; its message has one too.
 *  I3  PUBREL leaves only after the PUBREC is committed, PUBCOMP only after the release is (conn waits
 *      for the number).
 *  I4  A session without a link is persistent.
 *  I5  Whatever says "it is so already" (session present, subscribed, released) waits for the commit that
 *      made it so. */
#include "hub/session.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "hub/presence.h"
#include "hub/session_store.h"
#include "loop/loop.h"
#include "store/store.h"
#include "topic/topic_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FILTER_BYTES: what the filters of a session may have in all, for each that it may have */
enum {
    FILTER_BYTES = 256,
    RETAINED_BUDGET = 2000,
    RETAINED_PAUSE_MS = 1,
    SEQ_SPAN = 65535,
    SWEEP_MS = 60000,
    COMPLAIN_MS = 60000
};

struct sessions {
    struct hub *hub;
    struct store *store;
    const struct hub_opts *opts;
    struct msg_rows *rows;
    struct presence *presence;
    struct map by_client;
    struct map by_id; /* persistent ones, by their row id (8 bytes) */
    int64_t next_id;
    int64_t budget_at;
    size_t budget;
    struct list blocked; /* sessions whose next message waits for its row */
    struct store_listener on_commit;
    struct list
        left; /* inbound messages which the last process has not delivered, the oldest first */
    struct loop_timer sweep;
};

struct session_sub {
    struct subscription subscription; /* first */
    size_t len;                       /* of the filter */
    uint8_t qos;
};

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

/* A QoS 2 message from the client between PUBLISH and PUBREL, or longer, while a subscriber holds its
 * decision: then PUBREL frees the identifier, and the message is parked under a key below zero. */
struct inbound {
    struct list link; /* in sessions.left, from loading to the start */
    struct session *session;
    int64_t key;       /* packet identifier, or below zero */
    bool put;          /* its row is committed, or it needs none */
    bool routed;       /* sessions have it, who holds the decision has not */
    int64_t commit;    /* what PUBREC waits for */
    struct msg *msg;   /* until delivered */
    struct late *late; /* while a decision is held */
};

/* Finds the message again when the decision falls: its session may be gone by then. */
struct late {
    struct sessions *all;
    int64_t session;
    int64_t key;
};

struct session {
    struct subscriber subscriber; /* first */
    struct sessions *all;
    char *client_id;
    struct principal *principal;
    struct auth_conn conn;
    char source_ip[48];
    bool clean;
    int64_t id; /* row; 0 for clean sessions */
    int64_t expiry_ms;
    int64_t disconnected_at; /* 0 while connected */
    int64_t changed_in;      /* commit of its last change that was, or will be, acknowledged */

    struct session_link *link;
    struct msg *will;
    char connection_id[37];
    int64_t version;

    struct map subs; /* filter to session_sub */
    size_t filter_bytes;
    struct list queue;
    struct list *unsent; /* first entry that was not sent; the head of the list if none */
    size_t queued;
    size_t queued_bytes;
    size_t inflight;
    int64_t next_seq;
    int64_t sent_seq;
    bool ready; /* CONNACK is out */
    bool pumping;
    struct list blocked;
    struct list
        retained; /* of struct retained_job: filters whose retained messages are still to come */
    struct loop_timer more_retained;

    struct map inbound; /* key (8 bytes) to struct inbound */
    int64_t parked;     /* how many keys below zero were used */

    int64_t complained_at;
    int64_t refused_at;
    int64_t dropped; /* since then */
};

static const char *const end_names[] = {
#define X(name, word, will) word,
    SESSION_END_LIST(X)
#undef X
};
static const bool end_sends_will[] = {
#define X(name, word, will) will,
    SESSION_END_LIST(X)
#undef X
};

const char *session_end_name(enum session_end why)
{
    return end_names[why];
}

const char *session_client_id(const struct session *session)
{
    return session->client_id;
}

struct principal *session_principal(const struct session *session)
{
    return session->principal;
}

const struct auth_conn *session_auth_conn(const struct session *session)
{
    return &session->conn;
}

static bool persistent(const struct session *session)
{
    return !session->clean;
}

static struct slice id_key(const int64_t *id)
{
    return slice_of((const char *)id, sizeof *id);
}

static uint16_t packet_id(const struct entry *entry)
{
    return (uint16_t)(entry->seq % SEQ_SPAN + 1);
}

/* ---- the queue ---- */

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
    if (persistent(session)) msg_row_unref(session->all->rows, entry->msg);
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
    if (persistent(session))
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

static bool may_receive(struct session *session, const struct msg *msg)
{
    return auth_check(hub_auth(session->all->hub), session->principal, &session->conn,
                      POLICY_ACTION_RECEIVE, AUTH_TOPIC, msg->topic, NULL) == 0;
}

static void send_next(struct session *session)
{
    struct entry *entry = entry_of(session->unsent);
    if (entry->unchecked && !may_receive(session, entry->msg)) {
        entry_finish(session, entry);
        return;
    }
    session->unsent = entry->link.next;
    entry->state = ENTRY_SENT;
    session->inflight++;
    if (entry->seq > session->sent_seq) session->sent_seq = entry->seq;
    send_entry(session, entry);
}

static void pump_retained(struct session *session);

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
    pump_retained(session);
    pump_queue(session); /* what that has queued */
    session->pumping = false;
}

static void on_commit(struct store_listener *listener, int64_t committed)
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
        if (entry->state == ENTRY_SENT && entry->unchecked && !may_receive(session, entry->msg))
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

/* ---- delivery ---- */

static void complain(struct session *session)
{
    metrics_inc(METRIC_DROPS);
    session->dropped++;
    int64_t now = clock_mono_ms();
    if (session->complained_at && now - session->complained_at < COMPLAIN_MS) return;
    LOG(LOG_WARN, "hub", "messages dropped for a slow or absent client",
        LOG_S("client", session->client_id), LOG_I("dropped", session->dropped),
        LOG_I("queued", session->queued), LOG_I("queued_bytes", session->queued_bytes));
    session->complained_at = now;
    session->dropped = 0;
}

static int64_t enqueue(struct session *session, struct msg *msg, uint8_t qos, bool retain,
                       bool promised)
{
    struct sessions *all = session->all;
    if (session->queued >= all->opts->max_queued ||
        session->queued_bytes + msg_size(msg) > all->opts->max_queued_bytes) {
        complain(session);
        return 0;
    }
    if (persistent(session) && !promised && store_busy(all->store)) return ERR_STORE;
    struct entry *entry = entry_append(session, msg, qos, retain, session->next_seq++);
    entry->unchecked = session->principal->kind == PRINCIPAL_SYSTEM;
    int64_t commit = 0;
    if (persistent(session)) {
        msg_row_ref(all->rows, msg);
        commit = queue_row_put(all->store, session->id, entry->seq, msg_row_id(msg), qos, retain,
                               &entry->write);
        if (!session->link) store_hurry(all->store);
    }
    session_pump(session);
    return commit;
}

static void send_qos0(struct session *session, struct msg *msg, bool retain)
{
    if (!session->link || !session->ready) return;
    if (session->link->ops->congested(session->link)) {
        complain(session);
        return;
    }
    metrics_inc(METRIC_MESSAGES_OUT);
    session->link->ops->publish(session->link, msg, 0, retain, false, 0);
}

static int64_t deliver(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    struct session *session = container_of(subscriber, struct session, subscriber);
    uint8_t qos = how->qos < msg->qos ? how->qos : msg->qos;
    if (how->again) return 0;
    if (qos > 0) return enqueue(session, msg, qos, false, how->promised);
    send_qos0(session, msg, false);
    return 0;
}

static const struct subscriber_ops session_ops = { deliver };

/* ---- subscriptions ---- */

struct retained_job {
    struct list link;
    struct topic_map_iter iter;
    uint8_t qos;
};

static void job_free(struct retained_job *job)
{
    list_remove(&job->link);
    topic_map_iter_deinit(&job->iter);
    free(job);
}

static struct retained_job *job_of(struct list *link)
{
    return container_of(link, struct retained_job, link);
}

static void drop_retained(struct session *session, struct slice filter)
{
    list_for_each_safe(it, &session->retained) {
        if (slice_eq(buf_slice(&job_of(it)->iter.filter), filter)) job_free(job_of(it));
    }
}

static void sub_free(struct session *session, struct session_sub *sub)
{
    session->filter_bytes -= sub->len;
    hub_unsubscribe(session->all->hub, &sub->subscription);
    metrics_add(METRIC_SUBSCRIPTIONS, -1);
    free(sub);
}

static int sub_add(struct session *session, struct slice filter, uint8_t qos)
{
    struct session_sub *sub = xnew(struct session_sub);
    int rc =
        hub_subscribe(session->all->hub, &session->subscriber, filter, qos, &sub->subscription);
    if (rc < 0) {
        free(sub);
        return rc;
    }
    sub->qos = qos;
    sub->len = filter.len;
    session->filter_bytes += filter.len;
    map_put(&session->subs, filter, sub);
    metrics_inc(METRIC_SUBSCRIPTIONS);
    return 0;
}

/* Somebody waits for this commit, now or when it asks again. */
static int64_t changed(struct session *session, int64_t commit)
{
    store_hurry(session->all->store);
    return session->changed_in = commit;
}

/* Once a minute: one packet may ask for a thousand filters. */
static void refuse_filter(struct session *session, struct slice filter)
{
    int64_t now = clock_mono_ms();
    if (session->refused_at && now - session->refused_at < COMPLAIN_MS) return;
    session->refused_at = now;
    LOG(LOG_WARN, "hub", "subscription refused: mqtt.max_subscriptions is reached",
        LOG_S("client", session->client_id), LOG_SLICE("filter", filter),
        LOG_I("subscriptions", session->subs.count));
}

int64_t session_subscribe(struct session *session, struct slice filter, uint8_t qos)
{
    struct session_sub *old = map_get(&session->subs, filter);
    size_t most = session->all->opts->max_subscriptions;
    if (!old &&
        (session->subs.count >= most || session->filter_bytes + filter.len > most * FILTER_BYTES)) {
        refuse_filter(session, filter);
        return ERR_LIMIT;
    }
    if (old && old->qos == qos) return session->changed_in;
    if (old) {
        map_del(&session->subs, filter);
        sub_free(session, old);
    }
    int rc = sub_add(session, filter, qos);
    if (rc < 0) return rc;
    if (!persistent(session)) return 0;
    return changed(session, subscription_row_put(session->all->store, session->id, filter, qos));
}

int64_t session_unsubscribe(struct session *session, struct slice filter)
{
    struct session_sub *sub = map_del(&session->subs, filter);
    if (!sub) return session->changed_in;
    sub_free(session, sub);
    drop_retained(session, filter);
    if (!persistent(session)) return 0;
    return changed(session, subscription_row_delete(session->all->store, session->id, filter));
}

/* ---- retained messages for a new subscription ----
 * There may be a great many: so they are looked up in portions, a bounded number in a turn of the loop for all
 * sessions together, and no faster than the client takes them. None is cut off by the queue's limit. */

static void send_one_retained(struct session *session, struct msg *msg, uint8_t most)
{
    if (!may_receive(session, msg)) return;
    uint8_t qos = most < msg->qos ? most : msg->qos;
    if (qos == 0)
        send_qos0(session, msg, true);
    else
        enqueue(session, msg, qos, true, true); /* SUBACK has promised it */
}

/* As long as the client takes them: the window, and a window in the queue. */
static bool may_take_retained(const struct session *session)
{
    return session->queued < 2 * session->all->opts->max_inflight &&
           !session->link->ops->congested(session->link);
}

/* Names that may be looked at in this turn, by all sessions together. */
static size_t *retained_budget(struct sessions *all)
{
    int64_t now = loop_now(hub_loop(all->hub));
    if (now != all->budget_at) {
        all->budget_at = now;
        all->budget = RETAINED_BUDGET;
    }
    return &all->budget;
}

static void pump_retained(struct session *session)
{
    size_t *budget = retained_budget(session->all);
    while (!list_empty(&session->retained) && may_take_retained(session)) {
        struct retained_job *job = job_of(session->retained.next);
        struct msg *msg;
        int rc =
            *budget ? hub_retained_step(session->all->hub, &job->iter, budget, &msg) : ERR_BUSY;
        if (rc == ERR_BUSY) {
            loop_timer_start(&session->more_retained, RETAINED_PAUSE_MS);
            return;
        }
        if (rc == 0)
            job_free(job);
        else
            send_one_retained(session, msg, job->qos);
    }
}

static void on_more_retained(struct loop_timer *timer)
{
    session_pump(container_of(timer, struct session, more_retained));
}

void session_send_retained(struct session *session, struct slice filter, uint8_t qos)
{
    drop_retained(session, filter); /* subscribed again: from the start */
    struct retained_job *job = xnew(struct retained_job);
    topic_map_iter_init(&job->iter, filter);
    job->qos = qos;
    list_push_back(&session->retained, &job->link);
    session_pump(session);
}

static void forget_retained(struct session *session)
{
    while (!list_empty(&session->retained))
        job_free(job_of(session->retained.next));
    loop_timer_stop(&session->more_retained);
    list_remove(&session->blocked);
}

/* ---- acknowledgements of what we have sent ---- */

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
    struct session *session = map_get(&all->by_id, id_key(&id));
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
    if (!persistent(session)) {
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

/* ---- QoS 2 from the client ---- */

static struct inbound *inbound_find(const struct session *session, int64_t key)
{
    return map_get(&session->inbound, id_key(&key));
}

static struct inbound *inbound_add(struct session *session, int64_t key, struct msg *msg)
{
    struct inbound *inbound = xnew(struct inbound);
    *inbound = (struct inbound){ .session = session, .key = key, .msg = msg ? msg_ref(msg) : NULL };
    list_init(&inbound->link);
    map_put(&session->inbound, id_key(&key), inbound);
    return inbound;
}

static void inbound_remove(struct inbound *inbound)
{
    list_remove(&inbound->link);
    map_del(&inbound->session->inbound, id_key(&inbound->key));
    msg_unref(inbound->msg);
    free(inbound);
}

/* The message is through: said in the same commit as its effects. */
static void inbound_delivered(struct inbound *inbound)
{
    struct session *session = inbound->session;
    msg_unref(inbound->msg);
    inbound->msg = NULL;
    inbound->late = NULL;
    if (inbound->key >= 0) {
        inbound_row_delivered(session->all->store, session->id, inbound->key);
    } else {
        inbound_row_delete(session->all->store, session->id, inbound->key);
        inbound_remove(inbound);
    }
}

static void on_late(void *arg, int64_t commit)
{
    struct late *late = arg;
    struct session *session = map_get(&late->all->by_id, id_key(&late->session));
    struct inbound *inbound = session ? inbound_find(session, late->key) : NULL;
    if (inbound && inbound->late == late) {
        inbound->late = NULL;
        if (commit != ERR_CLOSED) inbound_delivered(inbound); /* else the next process goes on */
    }
    free(late);
}

static void complain_lost(const struct inbound *inbound, int64_t rc)
{
    LOG(LOG_ERROR, "hub", "a message that was acknowledged is not kept by all",
        LOG_S("client", inbound->session->client_id), LOG_SLICE("topic", inbound->msg->topic),
        LOG_ERR((int)rc));
}

static void deliver_inbound(struct inbound *inbound)
{
    struct session *session = inbound->session;
    struct late *late = xnew(struct late);
    *late = (struct late){ session->all, session->id, inbound->key };
    int64_t rc =
        hub_route_promised(session->all->hub, inbound->msg, inbound->routed, on_late, late);
    if (rc == HUB_HELD) {
        inbound->late = late;
        if (!inbound->routed) inbound_row_routed(session->all->store, session->id, inbound->key);
        inbound->routed = true;
        return;
    }
    if (rc < 0) complain_lost(inbound, rc);
    free(late);
    inbound_delivered(inbound);
}

static void on_inbound_put(void *arg, int64_t id, int64_t key, int rc)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, id_key(&id));
    struct inbound *inbound = session ? inbound_find(session, key) : NULL;
    if (!inbound || inbound->put || rc < 0) return;
    inbound->put = true;
    deliver_inbound(inbound);
}

int64_t session_receive(struct session *session, uint16_t id, struct msg *msg, hub_held_cb held,
                        void *arg)
{
    struct sessions *all = session->all;
    struct inbound *known = inbound_find(session, id);
    if (known) return known->commit;
    int rc = hub_authorize_publish(all->hub, session->principal, &session->conn, msg->topic,
                                   msg->retain);
    if (rc < 0) return rc;
    if (persistent(session) && store_busy(all->store)) return ERR_STORE;

    if (!persistent(session)) {
        struct inbound *inbound = inbound_add(session, id, NULL);
        inbound->put = true;
        int64_t commit = hub_route(all->hub, msg, held, arg);
        inbound->commit = commit > 0 ? commit : 0;
        return commit;
    }
    struct inbound *inbound = inbound_add(session, id, msg);
    inbound->commit = inbound_row_put(all->store, session->id, id, msg, on_inbound_put, all);
    store_hurry(all->store);
    return inbound->commit;
}

/* The client may use the identifier again while the decision on its message is still held. */
static int64_t park(struct inbound *inbound)
{
    struct session *session = inbound->session;
    int64_t was = inbound->key;
    map_del(&session->inbound, id_key(&was));
    inbound->key = inbound->late->key = -(++session->parked);
    map_put(&session->inbound, id_key(&inbound->key), inbound);
    return changed(session, inbound_row_park(session->all->store, session->id, was, inbound->key));
}

int64_t session_release(struct session *session, uint16_t id)
{
    struct inbound *inbound = inbound_find(session, id);
    if (!inbound) return session->changed_in;
    if (!inbound->put) return ERR_MALFORMED; /* there was no PUBREC yet */
    if (inbound->msg) return park(inbound);
    inbound_remove(inbound);
    if (!persistent(session)) return 0;
    return changed(session, inbound_row_delete(session->all->store, session->id, id));
}

/* ---- life ---- */

static struct session *session_new(struct sessions *all, const char *client_id, bool clean)
{
    struct session *session = xnew(struct session);
    session->subscriber.ops = &session_ops;
    session->subscriber.conn = &session->conn;
    session->all = all;
    session->client_id = xstrdup(client_id);
    session->conn.client_id = session->client_id;
    session->conn.source_ip = session->source_ip;
    session->clean = clean;
    session->next_seq = 1;
    list_init(&session->queue);
    list_init(&session->blocked);
    list_init(&session->retained);
    loop_timer_init(&session->more_retained, hub_loop(all->hub), on_more_retained);
    session->unsent = &session->queue;
    map_put(&all->by_client, slice_str(client_id), session);
    metrics_set(METRIC_SESSIONS, (int64_t)all->by_client.count);
    return session;
}

static void set_principal(struct session *session, struct principal *principal)
{
    principal_ref(principal);
    principal_unref(session->principal);
    session->principal = principal;
    session->subscriber.principal = principal;
}

/* Frees the memory; rows of the database stay. */
static void session_free(struct session *session)
{
    struct sessions *all = session->all;
    map_for_each(it, &session->subs)
        sub_free(session, it->value);
    map_deinit(&session->subs);
    map_for_each(it, &session->inbound)
        inbound_remove(it->value);
    map_deinit(&session->inbound);
    map_del(&all->by_client, slice_str(session->client_id));
    if (session->id) map_del(&all->by_id, id_key(&session->id));
    metrics_set(METRIC_SESSIONS, (int64_t)all->by_client.count);
    principal_unref(session->principal);
    free(session->client_id);
    free(session);
}

/* The session ends for good: its rows go too. Returns the commit of that, 0 if it had none. */
static int64_t session_end(struct session *session)
{
    struct list *link;
    while ((link = session->queue.next) != &session->queue) {
        struct entry *entry = entry_of(link);
        queue_write_forget(&entry->write);
        entry_drop_msg(session, entry);
        entry_unlink(session, entry);
        free(entry);
    }
    int64_t commit = session->id ? session_row_delete(session->all->store, session->id) : 0;
    session_free(session);
    return commit;
}

static struct presence_event presence_of(const struct session *session)
{
    return (struct presence_event){
        .client_id = session->client_id,
        .session_id = session->connection_id,
        .principal = principal_identifier(session->principal),
        .source_ip = session->source_ip,
        .version = session->version,
    };
}

/* What ends with the connection, whether the session goes on or not. */
static void connection_ended(struct session *session, enum session_end why)
{
    struct hub *hub = session->all->hub;
    session->link = NULL;
    forget_retained(session);
    struct msg *will = session->will;
    session->will = NULL;
    metrics_add(METRIC_MQTT_CLIENTS, -1);
    if (will && end_sends_will[why])
        hub_publish(hub, session->principal, &session->conn, will, NULL, NULL);
    msg_unref(will);
    struct presence_event event = presence_of(session);
    presence_disconnected(session->all->presence, &event, why);
}

static void go_offline(struct session *session)
{
    session->disconnected_at = clock_real_ms();
    session_row_offline(session->all->store, session->id, session->disconnected_at,
                        session->sent_seq);
}

void session_detach(struct session *session, enum session_end why)
{
    connection_ended(session, why);
    if (session->clean)
        session_end(session);
    else
        go_offline(session);
}

static void take_over(struct session *session)
{
    struct session_link *link = session->link;
    LOG(LOG_INFO, "hub", "client id taken over by a new connection",
        LOG_S("client", session->client_id));
    connection_ended(session, SESSION_END_DUPLICATE);
    link->ops->end(link, SESSION_END_DUPLICATE);
}

/* What waits was queued under the rights of somebody else. */
static void distrust_queue(struct session *session)
{
    list_for_each(it, &session->queue)
        entry_of(it)->unchecked = true;
}

static void attach(struct session *session, const struct session_open_opts *opts)
{
    if (session->principal && strcmp(session->principal->label, opts->principal->label) != 0)
        distrust_queue(session);
    set_principal(session, opts->principal);
    if (session->subs.count) hub_forget_decisions(session->all->hub);
    snprintf(session->source_ip, sizeof session->source_ip, "%s", opts->source_ip);
    session->link = opts->link;
    session->ready = false;
    session->will = opts->will ? msg_ref(opts->will) : NULL;
    session->disconnected_at = 0;
    rand_uuid(session->connection_id);
    session->version = presence_next_version(session->all->presence, session->client_id);
    metrics_inc(METRIC_MQTT_CLIENTS);
    metrics_inc(METRIC_MQTT_CONNECTS);
}

static int64_t make_persistent(struct session *session)
{
    struct sessions *all = session->all;
    session->id = all->next_id++;
    session->expiry_ms = all->opts->session_expiry_ms;
    map_put(&all->by_id, id_key(&session->id), session);
    return changed(session, session_row_create(all->store, session->id, session->client_id,
                                               session->principal->label, clock_real_ms(),
                                               session->expiry_ms));
}

static bool is_over(const struct session *session, int64_t now)
{
    if (session->link || !session->disconnected_at || !session->expiry_ms) return false;
    return now - session->disconnected_at >= session->expiry_ms;
}

static int64_t expire(struct session *session)
{
    LOG(LOG_INFO, "hub", "session expired", LOG_S("client", session->client_id),
        LOG_I("queued", session->queued));
    return session_end(session);
}

int64_t session_open(struct hub *hub, const struct session_open_opts *opts,
                     struct session **ret_session, bool *ret_present)
{
    struct sessions *all = hub_sessions(hub);
    struct session *session = map_get(&all->by_client, opts->client_id);
    int64_t ended_in = 0;
    if (session && is_over(session, clock_real_ms())) { /* the sweep has not come by yet */
        ended_in = expire(session);
        session = NULL;
    }
    if (!session && all->by_client.count >= all->opts->max_sessions) return ERR_LIMIT;
    if (!opts->clean && store_busy(all->store)) return ERR_STORE;
    if (session && session->link) {
        bool ends = session->clean;
        take_over(session);
        if (ends) {
            ended_in = session->changed_in; /* may still be waiting for the end of another */
            session_end(session);
            session = NULL;
        }
    }
    if (session && opts->clean) {
        ended_in = session_end(session);
        session = NULL;
    }
    bool present = session != NULL;
    if (!session) {
        char *client_id = xstrndup(opts->client_id.ptr, opts->client_id.len);
        session = session_new(all, client_id, opts->clean);
        free(client_id);
    }
    attach(session, opts);
    if (ended_in) changed(session, ended_in); /* CONNACK says that the old one is gone */
    if (present)
        session_row_online(all->store, session->id, session->principal->label);
    else if (!opts->clean)
        make_persistent(session);
    int64_t commit = session->changed_in;
    struct presence_event event = presence_of(session);
    presence_connected(all->presence, &event);
    *ret_session = session;
    *ret_present = present;
    return commit;
}

/* ---- all sessions ---- */

static void on_sweep(struct loop_timer *timer)
{
    struct sessions *all = container_of(timer, struct sessions, sweep);
    int64_t now = clock_real_ms();
    map_for_each(it, &all->by_client) {
        struct session *session = it->value;
        if (is_over(session, now)) expire(session);
    }
    loop_timer_start(timer, SWEEP_MS);
}

static void load_session(void *arg, int64_t id, const char *client_id, const char *principal,
                         int64_t created_at, int64_t disconnected_at, int64_t expiry_ms,
                         int64_t sent_seq)
{
    struct sessions *all = arg;
    struct session *session = session_new(all, client_id, false);
    session->id = id;
    session->expiry_ms = expiry_ms;
    session->next_seq = sent_seq + 1;
    session->sent_seq = disconnected_at ? sent_seq : INT64_MAX;
    session->disconnected_at = disconnected_at ? disconnected_at : clock_real_ms();
    set_principal(session, principal_system()); /* decided when the client is back: see unchecked */
    map_put(&all->by_id, id_key(&id), session);
    if (id >= all->next_id) all->next_id = id + 1;
}

static void load_subscription(void *arg, int64_t id, const char *filter, uint8_t qos)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, id_key(&id));
    if (session) sub_add(session, slice_str(filter), qos);
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

/* What was sent before the end counts as in flight, and goes out again with DUP. After a crash nobody
 * knows how far that was: the first window is taken for sent. */
static void load_queued(void *arg, int64_t id, int64_t seq, struct msg *msg, uint8_t qos,
                        bool retain)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, id_key(&id));
    entry_append(session, msg, qos, retain, seq)->unchecked = true;
    if (seq >= session->next_seq) session->next_seq = seq + 1;
    bool crashed = session->sent_seq == INT64_MAX;
    if (!msg || (crashed ? session->inflight < all->opts->max_inflight : seq <= session->sent_seq))
        mark_sent(session);
}

static void load_inbound(void *arg, int64_t id, int64_t key, struct msg *msg, bool routed)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, id_key(&id));
    struct inbound *inbound = inbound_add(session, key, msg);
    inbound->put = true;
    inbound->routed = routed;
    if (msg) list_push_back(&all->left, &inbound->link);
    if (-key > session->parked) session->parked = -key;
}

static const struct session_load_ops load_ops = { load_session, load_subscription, load_queued,
                                                  load_inbound };

int sessions_create(struct sessions **ret_sessions, struct hub *hub, struct diag *diag)
{
    struct sessions *all = xnew(struct sessions);
    all->hub = hub;
    all->store = hub_store(hub);
    all->opts = hub_opts(hub);
    all->rows = msg_rows_create(all->store);
    all->presence = presence_create(hub);
    all->next_id = 1;
    list_init(&all->left);
    list_init(&all->blocked);
    all->on_commit.on_commit = on_commit;
    store_listen(all->store, &all->on_commit);
    loop_timer_init(&all->sweep, hub_loop(hub), on_sweep);
    int rc = session_load(all->store, all->rows, &load_ops, all, diag);
    if (rc < 0) {
        sessions_destroy(all);
        return rc;
    }
    loop_timer_start(&all->sweep, SWEEP_MS);
    *ret_sessions = all;
    return 0;
}

static void start_session(struct session *session)
{
    if (session->sent_seq != INT64_MAX) return;
    /* it was connected when the process ended */
    struct entry *last =
        session->unsent == session->queue.next ? NULL : entry_of(session->unsent->prev);
    session->sent_seq = last ? last->seq : session->next_seq - 1;
    session_row_offline(session->all->store, session->id, session->disconnected_at,
                        session->sent_seq);
}

void sessions_start(struct sessions *all)
{
    map_for_each(it, &all->by_id)
        start_session(it->value);
    for (struct list *link; (link = list_pop_front(&all->left));)
        deliver_inbound(container_of(link, struct inbound, link));
}

void sessions_destroy(struct sessions *all)
{
    if (!all) return;
    loop_timer_stop(&all->sweep);
    store_unlisten(&all->on_commit);
    map_for_each(it, &all->by_client) {
        struct session *session = it->value;
        list_for_each_safe(link, &session->queue) {
            struct entry *entry = entry_of(link);
            queue_write_forget(&entry->write);
            if (entry->msg) msg_row_forget(entry->msg);
            msg_unref(entry->msg);
            free(entry);
        }
        session_free(session);
    }
    map_deinit(&all->by_client);
    map_deinit(&all->by_id);
    presence_destroy(all->presence);
    msg_rows_destroy(all->rows);
    free(all);
}

size_t sessions_count(const struct sessions *all)
{
    return all->by_client.count;
}
