/* session_priv.h — between the files of session.h: session.c and session_away.c (the life of one),
 * sessions.c (all of them), session_queue.c and session_paging.c, session_inbound.c, session_publish.c and session_subs.c (the
 * parts of one). A part's members are written by its files alone; the others call its functions. Loop thread
 * only. */
#ifndef HUB_SESSION_PRIV_H
#define HUB_SESSION_PRIV_H

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "hub/queue_journal.h"
#include "hub/queue_ring.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "mqtt/mqtt.h"
#include "store/store.h"

struct fights;
struct presence;

struct sessions {
    struct hub *hub;
    struct store *store;
    const struct hub_opts *opts;
    struct queue_journal *journal;
    struct presence *presence;
    struct fights *fights;
    struct map by_client;
    struct list order; /* of struct session: the oldest first, and in between a tally */
    struct map by_id;  /* persistent ones, by their row id (8 bytes) */
    int64_t next_id;
    int64_t budget_at; /* see retained_budget */
    size_t budget;
    struct map shares; /* "$share/GROUP/FILTER" to struct share_group */
    struct list
        left; /* inbound messages which the last process has not delivered, the oldest first */
    struct loop_timer sweep;
};

/* What a client has asked for that 3.1.1 has no words for. */
struct session_terms {
    int64_t expiry_ms; /* see session_open_opts */
    int64_t will_delay_ms;
    int64_t will_at;          /* when the will goes out, ms since the epoch; 0: it does not wait */
    uint16_t receive_maximum; /* 0: no limit */
};

/* What a delivery asks for comes first, so that it lies together. */
struct session {
    struct subscriber subscriber; /* first */
    struct sessions *all;
    struct session_link *link;
    struct session_terms *terms; /* NULL: 3.1.1 says it all */
    int64_t id;                  /* row; 0 for sessions that are not persistent */
    bool ready;                  /* CONNACK is out */
    uint8_t level;               /* of the last connection, */
    uint16_t keep_alive_s;       /* and as its client has asked */

    struct list in_order;
    char *client_id;
    struct principal *principal;
    struct auth_conn conn;
    char *where;       /* one block, for conn: the address, the name by which the hub was called */
    int64_t expiry_ms; /* what holds: as asked for, and as configured at most */
    int64_t disconnected_at; /* 0 while connected */
    int64_t changed_in;      /* commit of its last change that was, or will be, acknowledged */

    /* the connection */
    struct msg *will;
    int64_t connected_at; /* ms since the epoch; the last time, 0: not since the start */
    char connection_id[37];
    bool passing; /* the hub has made the client id up: nobody comes back under it */
    int64_t version;
    struct loop_timer later; /* session_pump_later; while there is no link, session_attend */

    /* session_publish.c; NULL: nothing was published since CONNECT */
    struct msg_origin *origin;

    /* session_queue.c and session_paging.c: see there */
    struct queue_ring flight;
    struct queue_ring waiting;
    struct queue_ring spill;
    int64_t next_seq;
    int64_t sealed_end;  /* all below are in a batch that was taken, or were never written */
    int64_t stored_end;  /* all below are committed */
    int64_t maybe_sent;  /* below it, a hub that has died may have sent it: DUP; 0: none */
    int64_t suspect_end; /* iot:Receive decides again about those below when they are sent */
    size_t queued;
    size_t queued_bytes;
    size_t inflight;
    struct buf recs;    /* sequence numbers whose PUBREC is not committed, as they came */
    size_t recs_sealed; /* bytes of it that are in the batch under way */
    struct queue_tail tail;
    struct list touched; /* in the journal being built */
    bool dirty;          /* its state is to be written in that */
    bool unloaded;       /* nothing of the queue is in memory, its state neither */
    bool loading;        /* a page is on its way */
    bool pumping;
    uint32_t due;        /* entries of the flight that are */
    uint64_t load_round; /* what was asked for before does not count any more */
    int64_t load_end;    /* stored_end when it was asked for */
    int64_t noted_end;   /* the first number not sent, as the database has it */
    int64_t written_in;  /* the last commit that has something of it */
    int64_t
        front_until; /* when the first one not sent expires, ms since the epoch, noted while it is
                            not in memory; 0: not known */
    struct saved_state
        *saved; /* what the database knows of entries in flight that are not loaded */
    struct log_pace drops;

    /* session_inbound.c */
    struct map inbound; /* key (8 bytes) to struct inbound */
    int64_t parked;     /* how many keys below zero were used */

    /* session_subs.c */
    struct map subs; /* filter to session_sub */
    size_t filter_bytes;
    struct list shares; /* of struct share_member */
    struct list
        retained; /* of struct retained_job: filters whose retained messages are still to come */
    struct log_pace refusals;
};

/* It has rows, and promises wait for them. */
static inline bool session_persistent(const struct session *session)
{
    return session->id != 0;
}

/* With its connection, whether it has rows or not. */
static inline bool session_ends(const struct session *session)
{
    return session->expiry_ms == SESSION_EXPIRY_ENDS;
}

/* Messages of QoS 1 and 2 that the client takes at a time. */
static inline size_t session_receive_maximum(const struct session *session)
{
    const struct session_terms *terms = session->terms;
    return terms && terms->receive_maximum ? terms->receive_maximum : SIZE_MAX;
}

/* RETAIN of a message for a subscription that is there: only a client of MQTT 5 can have asked for it as it was
 * published, though its session may go on with 3.1.1 [MQTT 3.1.1: MQTT-3.3.1-9]. */
static inline bool session_retain_flag(const struct session *session, bool as_published)
{
    return as_published && session->level != MQTT_LEVEL_311 && session->level != MQTT_LEVEL_31;
}

/* Those that may be in flight to it. */
static inline size_t session_window(const struct session *session)
{
    size_t most = session->all->opts->max_inflight, takes = session_receive_maximum(session);
    return takes < most ? takes : most;
}

/* A number as the key of a map. Borrows it. */
static inline struct slice session_key(const int64_t *number)
{
    return slice_of((const char *)number, sizeof *number);
}

/* ---- session.c ---- */

/* A new one, in by_client; without a principal, a link and terms. id: of its row, 0 for none. */
struct session *session_create(struct sessions *all, const char *client_id, int64_t id);
/* Frees the memory of a session whose queue is empty; rows of the database stay. */
void session_destroy(struct session *session);
void session_set_principal(struct session *session, struct principal *principal);
/* iot:Receive, for what was not decided in the match. */
bool session_may_receive(struct session *session, const struct msg *msg);
/* Somebody waits for this commit, now or when it asks again. Returns it. */
int64_t session_changed(struct session *session, int64_t commit);
/* session_pump after a while, unless the link is gone by then. */
void session_pump_later(struct session *session, int64_t delay_ms);
/* It is over: sends a will that waits, and its rows go too. The pointer is dead afterwards. Returns the commit
 * of that, or of the last change of it that somebody waits for. */
int64_t session_end(struct session *session);

/* ---- session_away.c ---- */

enum { SESSION_SWEEP_MS = 60000 };

/* Takes up what the client has asked for; terms that 3.1.1 has too are not kept. */
void session_set_terms(struct session *session, const struct session_terms *terms);
/* As in session_open_opts. */
int64_t session_expiry_asked(const struct session *session);
/* The configuration may say something else now. */
void session_bound_expiry(struct session *session);
/* It has been alone for longer than it may. */
bool session_is_over(const struct session *session, int64_t now);
/* session_end, counted and logged. */
int64_t session_expire(struct session *session);
/* Without a connection: does what is due by `now`, then session_arm. The pointer is dead afterwards if
 * session_is_over has said so. */
void session_attend(struct session *session, int64_t now);
/* Sets the timer for what is due next, if that is before the next sweep. Nothing while it is connected. */
void session_arm(struct session *session);
/* The connection has ended and the will, if there is one, is due: after its delay, or now. */
void session_leave_will(struct session *session);
/* Sends the will, if there is one, unless the client may not do so any more. */
void session_send_will(struct session *session);
/* When a will that waits is sent; 0: none does. */
int64_t session_will_at(const struct session *session);

/* ---- session_publish.c ---- */

int session_may_publish(struct session *session, struct slice topic, bool retain);
/* Of the connection that has ended: the next one may do otherwise, and be somebody else. */
void session_forget_publishing(struct session *session);

/* ---- session_queue.c ---- */

void session_queue_init(struct session *session);
/* The session is over: lets go of all messages. What stands in the database is left to
 * session_row_delete, which must be submitted after it. */
void session_queue_clear(struct session *session);
/* The process ends: frees the memory, and leaves the database as it is. */
void session_queue_forget(struct session *session);
/* What waits was queued under the rights of somebody else: iot:Receive decides again when it is
 * sent. */
void session_queue_distrust(struct session *session);

/* The deliver of struct subscriber_ops. */
int64_t session_queue_deliver(struct subscriber *subscriber, struct msg *msg,
                              const struct delivery *how);
struct queue_put {
    uint8_t qos;
    bool retain;
    bool promised;  /* keep it even while the store is behind */
    uint32_t share; /* number of the group whose turn it was; 0: none */
    size_t id_count;
    const uint32_t *ids; /* subscription identifiers; copied */
};
/* QoS 0: sends it now or never. Else queues it, and sends it if it may be sent. Takes its own reference. Returns
 * the commit of its row, 0 if it needs none or was dropped (counted and logged), or ERR_STORE. */
int64_t session_queue_put(struct session *session, struct msg *msg, const struct queue_put *how);
/* Whether it would take the message, with so many subscription identifiers, without dropping one. */
bool session_queue_has_room(const struct session *session, const struct msg *msg, size_t id_count);
/* What was loaded may be too much, or have expired: see mqtt.queue_full. */
void session_queue_drop_excess(struct session *session);
/* Whether the client would get a message of QoS 1 at once. */
bool session_queue_takes(const struct session *session);
/* The connection has ended: what came by a shared subscription goes to other members, if it can. */
void session_queue_pass_on(struct session *session);

/* ---- between session_queue.c and session_paging.c ---- */

struct queue_load;
struct queue_summary;
struct saved_state;

/* Sends again what an entry in flight needs, or notes that it is due; the link is ready. */
void session_queue_resend(struct session *session, int64_t seq);
/* An entry goes; it may be in any of the rings. It keeps its place as a gone one. */
void session_queue_finish(struct session *session, struct queue_entry *entry, int64_t seq);
/* The PUBRECs of the batch under way are committed. */
void session_queue_release(struct session *session);
/* Something of the state in the database is not so any more: it is written with the batch. */
void session_queue_soil(struct session *session);
/* Whether all of the queue is in memory. */
static inline bool session_queue_is_whole(const struct session *session)
{
    return !session->unloaded && session->waiting.end == session->next_seq;
}

/* ---- session_paging.c ---- */

/* A new entry goes where its place is. */
void session_queue_add(struct session *session, const struct queue_entry *entry);
/* Brings more of the queue into memory, if it is time; for a queue that is not whole. */
void session_queue_bring(struct session *session);
static inline void session_queue_refill(struct session *session)
{
    if (!session_queue_is_whole(session)) session_queue_bring(session);
}
/* The link is gone: what is safe in the database goes out of memory. */
void session_queue_detach(struct session *session);
/* Forgets what is on its way. */
void session_queue_stop_loading(struct session *session);
/* For the journal: says what is new of the session, and what has changed. */
void session_queue_seal(struct session *session, struct queue_part *part, int64_t commit);
void session_queue_committed(struct session *session, int64_t sealed_end);
/* At start: the queue stands in the database, so long. */
void session_queue_restore(struct session *session, const struct queue_summary *summary,
                           bool crashed);

/* ---- session_inbound.c ---- */

/* Forgets all, in memory only. */
void session_inbound_deinit(struct session *session);
/* At start: msg NULL when it was delivered. */
void session_inbound_load(struct session *session, int64_t key, struct msg *msg, bool routed);
/* Delivers what was loaded, once all subscribers are in place. */
void session_inbound_start(struct sessions *all);

/* ---- session_subs.c ---- */

void session_subs_init(struct session *session);
/* Unsubscribes, in memory only. */
void session_subs_deinit(struct session *session);
/* Subscribes, in memory only. The filter must not be there. 0 or ERR_TOPIC. */
int session_subs_add(struct session *session, struct slice filter, const struct sub_opts *opts);
void session_subs_each(const struct session *session, session_sub_cb cb, void *arg);
/* Sends of the retained messages as many as may be sent. */
void session_subs_pump(struct session *session);

#endif
