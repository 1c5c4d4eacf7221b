/* session_inbound.c — QoS 2 from the client, between PUBLISH and PUBREL. MQTT 3.1.1, section 4.3.3.
 *
 * A clean session delivers at once and remembers the identifier. A persistent one commits
 * identifier and message first, delivers then, and clears the message in the same commit as the
 * effects of the delivery: a crash at any moment delivers exactly once to all who are persistent.
 * While a subscriber holds its decision the message stays, marked as routed: after a crash it goes to
 * those who hold again, and not to sessions.
 *
 *   PUBLISH ─► (commit) put ─► deliver ─┬─► delivered ─► (PUBREL) gone
 *                                       └─► held ─┬─► (decision) delivered ─► (PUBREL) gone
 *                                                 └─► (PUBREL) parked ─► (decision) gone
 *
 *  I1  A persistent session's PUBREC leaves only after identifier and message are committed, its
 *      PUBCOMP only after the release is (conn waits for the numbers).
 *  I2  A message is here as long as somebody may still have to get it, and no longer.
 *  I3  A packet identifier that the client may use again is the key of nothing: what is parked has
 *      a key below zero. */
#include "hub/session_priv.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/session_store.h"

#include <stdlib.h>

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

static struct inbound *inbound_find(const struct session *session, int64_t key)
{
    return map_get(&session->inbound, session_key(&key));
}

static struct inbound *inbound_add(struct session *session, int64_t key, struct msg *msg)
{
    struct inbound *inbound = xnew(struct inbound);
    *inbound = (struct inbound){ .session = session, .key = key, .msg = msg ? msg_ref(msg) : NULL };
    list_init(&inbound->link);
    map_put(&session->inbound, session_key(&key), inbound);
    return inbound;
}

static void inbound_remove(struct inbound *inbound)
{
    list_remove(&inbound->link);
    map_del(&inbound->session->inbound, session_key(&inbound->key));
    msg_unref(inbound->msg);
    free(inbound);
}

void session_inbound_deinit(struct session *session)
{
    map_for_each(it, &session->inbound)
        inbound_remove(it->value);
    map_deinit(&session->inbound);
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
    struct session *session = map_get(&late->all->by_id, session_key(&late->session));
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
    if (!inbound->msg) BUG("a message from the client is delivered twice");
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
    struct session *session = map_get(&all->by_id, session_key(&id));
    struct inbound *inbound = session ? inbound_find(session, key) : NULL;
    if (!inbound || inbound->put || rc < 0) return;
    inbound->put = true;
    deliver_inbound(inbound);
}

/* For its PUBREC, which leaves before it is routed; below level 5 it says nothing of that. */
static void look_for_wanted(struct session *session, struct msg *msg)
{
    if (session->level == MQTT_LEVEL_5) msg->wanted = hub_wants(session->all->hub, msg->topic);
}

int64_t session_receive(struct session *session, uint16_t id, struct msg *msg, hub_held_cb held,
                        void *arg)
{
    struct sessions *all = session->all;
    struct inbound *known = inbound_find(session, id);
    if (known) {
        look_for_wanted(session, msg);
        return known->commit;
    }
    int rc = session_may_publish(session, msg->topic, msg->retain);
    if (rc < 0) return rc;
    if (session_persistent(session) && store_busy(all->store)) return ERR_STORE;

    if (!session_persistent(session)) {
        struct inbound *inbound = inbound_add(session, id, NULL);
        inbound->put = true;
        int64_t commit = hub_route(all->hub, msg, held, arg);
        inbound->commit = commit > 0 ? commit : 0;
        return commit;
    }
    look_for_wanted(session, msg);
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
    map_del(&session->inbound, session_key(&was));
    inbound->key = inbound->late->key = -(++session->parked);
    map_put(&session->inbound, session_key(&inbound->key), inbound);
    return session_changed(session,
                           inbound_row_park(session->all->store, session->id, was, inbound->key));
}

int64_t session_release(struct session *session, uint16_t id, bool *ret_found)
{
    struct inbound *inbound = inbound_find(session, id);
    if (inbound && !inbound->put) return ERR_MALFORMED; /* there was no PUBREC yet */
    *ret_found = inbound != NULL;
    if (!inbound) return session->changed_in;
    if (inbound->msg) return park(inbound);
    inbound_remove(inbound);
    if (!session_persistent(session)) return 0;
    return session_changed(session, inbound_row_delete(session->all->store, session->id, id));
}

/* ---- what the last process has left ---- */

void session_inbound_load(struct session *session, int64_t key, struct msg *msg, bool routed)
{
    struct inbound *inbound = inbound_add(session, key, msg);
    inbound->put = true;
    inbound->routed = routed;
    if (msg) list_push_back(&session->all->left, &inbound->link);
    if (-key > session->parked) session->parked = -key;
}

void session_inbound_start(struct sessions *all)
{
    for (struct list *link; (link = list_pop_front(&all->left));)
        deliver_inbound(container_of(link, struct inbound, link));
}
