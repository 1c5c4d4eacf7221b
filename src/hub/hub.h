/* hub.h — where all messages pass: the one entry, the one topic tree.
 * Loop thread only.
 *
 * A subscriber is a filter, a deliver function and a context. Sessions, rules and the shadow service are
 * subscribers; the hub does not know their names. */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "auth/auth.h"
#include "base/diag.h"
#include "base/list.h"
#include "base/slice.h"
#include "hub/msg.h"
#include "hub/profile.h"
#include "topic/tree.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;
struct loop;
struct store;
struct session;

/* hub_publish: the decision is open; `held` tells it later. */
enum { HUB_HELD = -4999 };

/* How long the sessions of some clients are kept. */
struct session_expiry {
    struct slice pattern; /* of client ids: text_glob */
    int64_t ms;           /* 0: for ever */
};

struct hub_opts {
    const struct mqtt_profile *profile; /* NULL: mqtt_profile_standard */
    size_t max_topic_levels;
    size_t match_cache;
    size_t max_retained;
    size_t max_retained_bytes; /* of memory; 0: no limit */
    uint8_t max_hops;
    /* of each session */
    size_t max_queued;
    size_t max_queued_bytes;
    bool drop_oldest; /* of a queue that is full; else the new one is dropped */
    size_t max_inflight;
    size_t max_subscriptions;
    size_t max_sessions;
    int64_t session_expiry_ms; /* 0: never */
    /* before it, for some: the first that matches. Borrowed until other options are set */
    const struct session_expiry *expiries;
    size_t expiry_count;
    /* what is not offered at all: ERR_UNSUPPORTED */
    bool no_retain;    /* nothing is retained, and nobody may publish with RETAIN */
    bool no_wildcards; /* filters have none */
    bool no_shared;    /* shared subscriptions */
    bool
        keep_shared_qos2; /* what was sent to a member of a group with QoS 2 stays with it; else it goes to
                              another one like QoS 1 */
};

/* Loads sessions and retained messages. */
int hub_create(struct hub **ret_hub, struct loop *loop, struct store *store, struct auth *auth,
               const struct hub_opts *opts, struct diag *diag);
/* Delivers what a crash has left between "committed" and "delivered": call it once, when all subscribers
 * are in place. */
void hub_start(struct hub *hub);
/* Other limits from now on; match_cache and profile stay. */
void hub_set_opts(struct hub *hub, const struct hub_opts *opts);
/* Submits to the store what still waits to be coalesced. */
void hub_flush(struct hub *hub);
/* After store_stop; all connections and all subscribers that hold decisions must be gone: what they have
 * not released is decided as ERR_CLOSED. */
void hub_destroy(struct hub *hub);

/* ---- publishing ---- */

/* commit >= 0: what must be durable before the message is acknowledged; < 0: not kept, ERR_CLOSED when
 * the hub ends before the decision. */
typedef void (*hub_held_cb)(void *arg, int64_t commit);

/* Publishes msg in the name of `by`. Takes its own reference to msg; borrows the rest; conn may be NULL.
 * Returns
 *   >= 0                   the commit which must be durable before msg is acknowledged (0: none);
 *   HUB_HELD               a subscriber must decide first; `held` fires once, on the loop, later;
 *   ERR_TOPIC, ERR_DENIED, ERR_LIMIT, ERR_TOO_LARGE, ERR_UNSUPPORTED   nothing has happened (logged and
 *                          counted);
 *   ERR_STORE              the store is too far behind: delivered to those online, but not kept by all
 *                          that should keep it. Do not acknowledge. */
int64_t hub_publish(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                    struct msg *msg, hub_held_cb held, void *arg);

/* The first half of hub_publish alone: may `by` publish this? 0 or the error. */
int hub_authorize_publish(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                          struct slice topic, bool retain);
/* The limit of hub.profile on the payload. 0 or ERR_TOO_LARGE (logged and counted). */
int hub_limit_payload(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                      const struct msg *msg);
/* The second half alone, for what was authorised before. held NULL: nobody waits for the decision. Sets
 * msg->wanted: whether anybody has subscribed to its topic, even one who does not get this message (no-local,
 * iot:Receive). */
int64_t hub_route(struct hub *hub, struct msg *msg, hub_held_cb held, void *arg);
/* The same for what was acknowledged already: kept even while the store is behind. again: after a crash,
 * for what sessions have had, while somebody who held the decision has not. */
int64_t hub_route_promised(struct hub *hub, struct msg *msg, bool again, hub_held_cb held,
                           void *arg);

/* In the system's name to one client alone: of the subscriptions that match, those of a connection of this client by this
 * principal count (msg.client_id and msg.principal of its request). For what nobody else may read. */
void hub_publish_to(struct hub *hub, struct slice client_id, struct slice principal,
                    struct msg *msg);

/* Whether anybody has subscribed to it: a message that nobody wants need not be made. */
bool hub_wants(struct hub *hub, struct slice topic);

/* ---- subscribing ---- */

struct hub_pub; /* a publish while it is delivered */
struct subscriber;

/* What a subscription asks for. MQTT 5.0, section 3.8.3.1; below level 5 only the QoS. */
struct sub_opts {
    uint8_t qos;
    bool no_local;            /* not what the subscriber itself has published */
    bool retain_as_published; /* RETAIN as the publisher has set it, else 0 */
    uint8_t
        retain_handling; /* when retained messages are sent: 0 always, 1 if the subscription is new, 2 never */
    uint32_t id; /* subscription identifier, 0: none */
};

/* Of a subscriber's subscriptions that match; those that are no-local do not count for its own messages. */
struct delivery {
    uint8_t qos;   /* the highest granted; the message's own not yet applied */
    bool retain;   /* the message's flag, if one of them wants it as published */
    bool promised; /* acknowledged already: must be kept, even while store_busy() */
    bool again;    /* routed before a crash: whoever answered at once then has had it */
    size_t id_count;
    const uint32_t *ids; /* one for each of them that has one; borrowed for the call */
    struct hub_pub *pub;
};

struct subscriber_ops {
    /* Returns the commit number that its effects wait for, 0 for none, or ERR_STORE. Must not subscribe,
     * unsubscribe or publish; it may call hub_hold and hub_publish_nested. */
    int64_t (*deliver)(struct subscriber *subscriber, struct msg *msg, const struct delivery *how);
};

struct subscriber {
    const struct subscriber_ops *ops;
    const struct principal *principal; /* whose iot:Receive decides; the system's is not asked */
    const struct auth_conn *conn;      /* for policy variables; may be NULL */
};

/* One filter of one subscriber; embedded in the user's struct. */
struct subscription {
    struct topic_entry entry; /* entry.owner is the subscriber */
    struct sub_opts opts;     /* may be changed at any time but within deliver */
};

/* 0 or ERR_TOPIC. Does not authorise: sessions do by hub_authorize_subscribe. */
int hub_subscribe(struct hub *hub, struct subscriber *subscriber, struct slice filter,
                  const struct sub_opts *opts, struct subscription *subscription);
void hub_unsubscribe(struct hub *hub, struct subscription *subscription);
/* Messages to a name of Basic Ingest are for the rule alone, whatever filters match it. */
bool hub_is_basic_ingest(struct slice topic);
/* MQTT 5.0, No Local: whether the subscriber's own client has published it over MQTT. */
bool hub_is_own(const struct subscriber *subscriber, const struct msg *msg);
/* iot:Subscribe, and what nobody may subscribe to. 0, ERR_TOPIC, ERR_DENIED, ERR_LIMIT or ERR_UNSUPPORTED
 * (logged and counted). */
int hub_authorize_subscribe(struct hub *hub, const struct principal *by,
                            const struct auth_conn *conn, struct slice filter);

/* Within deliver: the publish is not decided before the hold is released. */
struct hub_hold;
struct hub_hold *hub_hold(struct hub_pub *pub);
/* commit: what the decision waits for (0: nothing), or < 0: the message was not kept. */
void hub_release(struct hub_hold *hold, int64_t commit);
/* Within deliver: publishes msg in the system's name once the present message is delivered; its effects
 * count for the commit of the present one. msg->hops must be set; above the limit it is dropped, logged
 * and counted. Takes its own reference. */
void hub_publish_nested(struct hub_pub *pub, struct msg *msg);
uint8_t hub_max_hops(const struct hub *hub);
/* What iot:Receive has decided before may come out otherwise now. O(1). */
void hub_forget_decisions(struct hub *hub);

/* Clients may publish to names that match this reserved filter ("$aws/things/+/shadow/update"): the
 * service behind it says so. All other names that begin with '$' are refused. */
void hub_allow_reserved(struct hub *hub, const char *filter);

/* ---- retained messages ---- */

/* One that has expired is not there, for anybody; it is counted until it was looked for or swept. */
typedef void (*hub_retained_cb)(void *arg, struct msg *msg);
/* All retained messages whose topic the filter matches. */
void hub_retained_match(struct hub *hub, struct slice filter, hub_retained_cb cb, void *arg);
/* The same in portions: see topic_map_iter_step. Returns 1 and a message (borrowed), 0 at the end, ERR_BUSY
 * when the budget is spent. */
struct topic_map_iter;
int hub_retained_step(struct hub *hub, struct topic_map_iter *iter, size_t *budget,
                      struct msg **ret_msg);
struct msg *hub_retained_get(struct hub *hub, struct slice topic); /* borrowed; NULL if none */
/* Removes one, without telling subscribers. Returns the commit of the removal; of the last removal, when
 * there is none of this topic. */
int64_t hub_retained_remove(struct hub *hub, struct slice topic);
/* Neither counts those that are in memory only. */
size_t hub_retained_count(const struct hub *hub);
size_t hub_retained_bytes(const struct hub *hub);

/* ---- parts ---- */
struct loop *hub_loop(struct hub *hub);
struct store *hub_store(struct hub *hub);
struct auth *hub_auth(struct hub *hub);
const struct mqtt_profile *hub_profile(const struct hub *hub);
const struct hub_opts *hub_opts(const struct hub *hub);
struct sessions *hub_sessions(struct hub *hub);

#endif
