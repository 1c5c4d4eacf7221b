/* model.h — a small reference model of sessions, subscriptions, queues, packet identifiers and retained
 * messages: what MQTT 3.1.1 and "acknowledged means kept" allow the hub to do. It knows nothing of the
 * hub: a driver tells it what clients do and which commits are reached, and shows it every packet that a
 * client gets. Whatever is not allowed goes to model_fail.
 *
 * Messages are numbers from 1; the driver makes them payloads. An empty payload (a retained message is
 * removed) shows no number: model_observe_publish gets 0 and finds it by topic. */
#ifndef TESTS_UNIT_HUB_MODEL_H
#define TESTS_UNIT_HUB_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_CLIENTS = 3,
    MODEL_TOPICS = 5,
    MODEL_FILTERS = 9,
    MODEL_MESSAGES = 4096,
    MODEL_SYSTEM = MODEL_CLIENTS, /* a publisher that is no client */
    MODEL_PUBLISHERS,
    MODEL_PENDING = 8, /* QoS 2 publishes of a client that are under way */
    MODEL_NONE = 3,    /* instead of a QoS: not subscribed */
};

extern const char *const model_topics[MODEL_TOPICS];
extern const char *const model_filters[MODEL_FILTERS];

struct model_msg {
    uint8_t topic, qos, publisher;
    bool retain, empty, routed;
    bool will;
    int64_t effects; /* of QoS 2 from a persistent session: the commit that has them */
};

/* What one session owes its client, or may owe it. */
enum item_state {
    ITEM_QUEUED,
    ITEM_SENT,
    ITEM_RELEASING, /* the client has sent PUBREC */
    ITEM_RELEASED,  /* and has got PUBREL */
    ITEM_GONE,
};

struct model_item {
    int number;
    uint8_t qos;
    enum item_state state;
    bool any_qos;    /* nobody knows which subscriptions have survived */
    bool retained;   /* came by a subscription, with the flag */
    bool maybe;      /* it is allowed and not demanded */
    bool maybe_full; /* since the queue was perhaps full */
    bool was_sent;
    bool crashed; /* since it was sent */
    bool may_dup; /* the hub cannot know whether it was sent */
    bool rec_doubt;
    uint16_t id;
    int64_t commit;     /* of its row */
    int64_t ack_commit; /* of what the client has said last */
    int64_t order;
    uint32_t sent_on; /* connection */
};

struct model_sub {
    uint8_t qos;      /* or MODEL_NONE */
    uint8_t possible; /* after a crash: a bit for each QoS and for MODEL_NONE */
    bool doubt;
    int64_t commit;
};

/* A retained message that a subscription has asked for. */
struct model_job {
    uint8_t filter, topic, qos;
    bool must, done;
    size_t since; /* in the topic's history */
};

struct model_pub { /* QoS 2 from the client */
    uint16_t id;   /* 0: free */
    int number;
    enum { PUB_SENT, PUB_RECEIVED, PUB_RELEASED } state;
    int64_t commit; /* INT64_MAX: a crash has taken it, the client has to repeat it */
};

struct model_held { /* QoS 2 to the client: PUBLISH has come, PUBREL not yet */
    uint16_t id;
    int number;
};

/* A will that is settled; but a crash before that is committed may bring it back. */
struct model_old_will {
    int number;
    int64_t until;
};

struct model_session {
    bool exists, clean, attached, congested;
    bool chaos; /* a crash has left open which session this is: the client must begin anew */
    int64_t structural; /* the commit that made it, or ended the one before */
    int64_t offline;    /* the commit that tells of its last end */
    uint32_t connection;
    int will;
    struct model_old_will old_wills[4];
    int old_count; /* since the beginning */
    struct model_sub subs[MODEL_FILTERS];
    struct model_item *items;
    size_t count, capacity;
    int *by_number; /* index + 1 of the live item */
    size_t zeros;   /* items before it were looked at for QoS 0 */
    struct model_job *jobs;
    size_t job_count, job_capacity;
    struct model_pub pubs[MODEL_PENDING];
    struct model_held held[64];
    size_t held_count;
    uint16_t stray; /* PUBREL of this identifier is an answer to nonsense */
    /* order of the last message on this connection, by the QoS it came with and the QoS it went with */
    int64_t last[MODEL_TOPICS][MODEL_PUBLISHERS][3][3];
};

struct model_retained {
    int *history; /* numbers, 0 for removed; the last one is current */
    int64_t *commits;
    size_t count, capacity;
};

struct model {
    size_t window, limit;
    int64_t committed;
    int64_t next; /* the batch that is being built */
    int64_t routed;
    int messages;
    struct model_msg msgs[MODEL_MESSAGES];
    struct model_session sessions[MODEL_CLIENTS];
    struct model_retained retained[MODEL_TOPICS];
    char failure[512]; /* the first one; "" if none */
};

void model_init(struct model *m, size_t window, size_t limit);
void model_deinit(struct model *m);
void model_fail(struct model *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where the store stands. Delivers what QoS 2 of persistent sessions was waiting for. */
void model_advance(struct model *m, int64_t committed, int64_t next);

/* ---- what clients do; each before what it causes is shown ---- */
/* The number of a new message, or 0 when there were too many. */
int model_message(struct model *m, int publisher, int topic, uint8_t qos, bool retain, bool empty);
/* present: what CONNACK says. */
void model_connect(struct model *m, int client, bool clean, bool present, int will, int64_t commit);
/* Returns the will that is due, 0 if none. */
int model_detach(struct model *m, int client, bool will);
void model_subscribe(struct model *m, int client, int filter, uint8_t qos, int64_t commit);
void model_unsubscribe(struct model *m, int client, int filter, int64_t commit);
/* The message is delivered to all who want it; maybe: only a crash knows. */
void model_route(struct model *m, int number, int64_t commit, bool maybe);
void model_puback(struct model *m, int client, struct model_item *item);
void model_pubrec(struct model *m, int client, struct model_item *item);
void model_pubcomp(struct model *m, int client, struct model_item *item);
/* The n-th item (modulo their count) in this state that was sent on this connection; NULL if none. */
struct model_item *model_pick(struct model *m, int client, enum item_state state, size_t n);

/* ---- what clients get ---- */
void model_observe_publish(struct model *m, int client, int number, const char *topic, uint8_t qos,
                           bool retain, bool dup, uint16_t id);
void model_observe_pubrel(struct model *m, int client, uint16_t id);
/* All that the last step has caused was shown. */
void model_step_end(struct model *m);
/* All that was asked of the store so far is committed. */
void model_settled(struct model *m);
/* The hub has nothing more to do: everybody must have what he can have. */
void model_at_rest(struct model *m);
/* The retained message of a topic, 0 if none. after_crash: adopts it if it is allowed. */
void model_check_retained(struct model *m, int topic, int number, bool after_crash);

/* ---- what happens to the hub; clients are detached already ---- */
void model_expire(struct model *m);
void model_restart(struct model *m);
/* Clients need not be detached. Commit numbers begin anew: next is that of the new process. */
void model_crash(struct model *m, int64_t next);

#endif
