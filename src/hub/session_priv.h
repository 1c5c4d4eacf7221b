/* session_priv.h — between the files of session.h: session.c (the life of one), sessions.c (all of
 * them), session_queue.c, session_inbound.c and session_subs.c (the parts of one). A part's members
 * are written by its file alone; the others call its functions. Loop thread only. */
#ifndef HUB_SESSION_PRIV_H
#define HUB_SESSION_PRIV_H

#include "base/list.h"
#include "base/map.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "store/store.h"

/* The log says the same of a session no more often than this. */
enum { SESSION_COMPLAIN_MS = 60000 };

struct msg_rows;
struct presence;

struct sessions {
    struct hub *hub;
    struct store *store;
    const struct hub_opts *opts;
    struct msg_rows *rows;
    struct presence *presence;
    struct map by_client;
    struct map by_id; /* persistent ones, by their row id (8 bytes) */
    int64_t next_id;
    int64_t budget_at; /* see retained_budget */
    size_t budget;
    struct list blocked; /* sessions whose next message waits for its row */
    struct store_listener on_commit;
    struct list
        left; /* inbound messages which the last process has not delivered, the oldest first */
    struct loop_timer sweep;
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

    /* the connection */
    struct session_link *link;
    bool ready; /* CONNACK is out */
    struct msg *will;
    char connection_id[37];
    int64_t version;

    /* session_queue.c */
    struct list queue;
    struct list *unsent; /* first entry that was not sent; the head of the list if none */
    size_t queued;
    size_t queued_bytes;
    size_t inflight;
    int64_t next_seq;
    int64_t sent_seq;
    bool pumping;
    struct list blocked;
    int64_t complained_at;
    int64_t dropped; /* since then */

    /* session_inbound.c */
    struct map inbound; /* key (8 bytes) to struct inbound */
    int64_t parked;     /* how many keys below zero were used */

    /* session_subs.c */
    struct map subs; /* filter to session_sub */
    size_t filter_bytes;
    struct list
        retained; /* of struct retained_job: filters whose retained messages are still to come */
    struct loop_timer more_retained;
    int64_t refused_at;
};

static inline bool session_persistent(const struct session *session)
{
    return !session->clean;
}

/* A number as the key of a map. Borrows it. */
static inline struct slice session_key(const int64_t *number)
{
    return slice_of((const char *)number, sizeof *number);
}

/* ---- session.c ---- */

/* A new one, in by_client; without a principal, a link and a row. */
struct session *session_create(struct sessions *all, const char *client_id, bool clean);
/* Frees the memory of a session whose queue is empty; rows of the database stay. */
void session_destroy(struct session *session);
void session_set_principal(struct session *session, struct principal *principal);
/* iot:Receive, for what was not decided in the match. */
bool session_may_receive(struct session *session, const struct msg *msg);
/* Somebody waits for this commit, now or when it asks again. Returns it. */
int64_t session_changed(struct session *session, int64_t commit);
/* It has been alone for longer than it may. */
bool session_is_over(const struct session *session, int64_t now);
/* Ends it, its rows too: the pointer is dead afterwards. Returns the commit of that. */
int64_t session_expire(struct session *session);

/* ---- session_queue.c ---- */

void session_queue_init(struct session *session);
/* The session is over: lets go of all messages. The queue's rows are left to session_row_delete. */
void session_queue_clear(struct session *session);
/* The process ends: frees the memory, and leaves the database as it is. */
void session_queue_forget(struct session *session);
/* The link is gone: no commit wakes the session any more. */
void session_queue_detach(struct session *session);
/* What waits was queued under the rights of somebody else: iot:Receive decides again when it is
 * sent. */
void session_queue_distrust(struct session *session);

/* The deliver of struct subscriber_ops. */
int64_t session_queue_deliver(struct subscriber *subscriber, struct msg *msg,
                              const struct delivery *how);
/* Queues a message of QoS 1 or 2, and sends it if it may be sent. Takes its own reference.
 * promised: keep it even while the store is behind. Returns the commit of its row, 0 if it needs none
 * or was dropped for want of room (counted and logged), or ERR_STORE. */
int64_t session_queue_put(struct session *session, struct msg *msg, uint8_t qos, bool retain,
                          bool promised);
/* Sends it now or never. */
void session_queue_send_qos0(struct session *session, struct msg *msg, bool retain);
/* The listener of struct sessions: wakes the blocked. */
void session_queue_on_commit(struct store_listener *listener, int64_t committed);

/* At start, in this order: how far the last process had sent; the entries, by sequence (msg NULL:
 * PUBREC had come); the end of them. What was sent counts as in flight, and goes out again with
 * DUP. After a crash nobody knows how far that was: the first window is taken for sent, and settle
 * returns true, for sent_seq to be written. */
void session_queue_load(struct session *session, int64_t sent_seq, bool crashed);
void session_queue_load_entry(struct session *session, int64_t seq, struct msg *msg, uint8_t qos,
                              bool retain);
bool session_queue_settle(struct session *session);

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
/* The link is gone: nobody waits for retained messages any more. */
void session_subs_detach(struct session *session);
/* Subscribes, in memory only. The filter must not be there. 0 or ERR_TOPIC. */
int session_subs_add(struct session *session, struct slice filter, uint8_t qos);
/* Sends of the retained messages as many as may be sent. */
void session_subs_pump(struct session *session);

#endif
