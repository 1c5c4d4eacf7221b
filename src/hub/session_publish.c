/* session_publish.c — what a client publishes with QoS 0 or 1, the topics to which it may, and in whose name.
 *
 * A client publishes to few topics, many times. What hub_authorize_publish has allowed on a topic is
 * remembered by the session, for its last few topics, until anything changes that the answer depends on:
 *
 *   policies, attachments, things, limits   hub_permits_epoch() has moved on
 *   the principal, the connection           the session forgets (session.c)
 *   the time                                is never remembered (principal.timed)
 *
 *  I1  Only what was allowed is remembered: a refusal is decided, logged and counted each time.
 *  I2  A session that publishes nothing has no memory for it. */
#include "hub/session_priv.h"

#include "base/mem.h"

#include <stdlib.h>

enum { PERMITS = 4, TOPIC_MOST = 256 };

struct permit {
    struct buf topic; /* empty: none */
    bool retain;      /* with the flag, too */
};

struct permits {
    uint64_t epoch;
    unsigned next; /* to be replaced */
    struct permit items[PERMITS];
};

static struct permit *find(struct permits *permits, struct slice topic)
{
    for (size_t i = 0; i < PERMITS; i++)
        if (slice_eq(buf_slice(&permits->items[i].topic), topic)) return &permits->items[i];
    return NULL;
}

/* Empty ones of this epoch. */
static void begin(struct permits *permits, uint64_t epoch)
{
    for (size_t i = 0; i < PERMITS; i++)
        buf_clear(&permits->items[i].topic);
    permits->epoch = epoch;
}

static void remember(struct session *session, struct slice topic, bool retain)
{
    if (session->principal->timed || topic.len > TOPIC_MOST) return;
    if (!session->permits) session->permits = xnew(struct permits);
    struct permits *permits = session->permits;
    uint64_t epoch = hub_permits_epoch(session->all->hub);
    if (permits->epoch != epoch) begin(permits, epoch);
    struct permit *permit = find(permits, topic);
    if (!permit) {
        permit = &permits->items[permits->next++ % PERMITS];
        buf_clear(&permit->topic);
        buf_put_slice(&permit->topic, topic);
        permit->retain = false;
    }
    permit->retain |= retain;
}

static bool is_remembered(const struct session *session, struct slice topic, bool retain)
{
    struct permits *permits = session->permits;
    if (!permits || permits->epoch != hub_permits_epoch(session->all->hub)) return false;
    const struct permit *permit = find(permits, topic);
    return permit && (permit->retain || !retain) && session->principal->valid;
}

void session_forget_publishing(struct session *session)
{
    for (size_t i = 0; session->permits && i < PERMITS; i++)
        buf_deinit(&session->permits->items[i].topic);
    free(session->permits);
    session->permits = NULL;
    msg_origin_unref(session->origin);
    session->origin = NULL;
}

int session_may_publish(struct session *session, struct slice topic, bool retain)
{
    if (is_remembered(session, topic, retain)) return 0;
    int rc =
        hub_authorize_publish(session->all->hub, session->principal, &session->conn, topic, retain);
    if (rc == 0) remember(session, topic, retain);
    return rc;
}

struct msg_origin *session_origin(struct session *session)
{
    if (!session->origin)
        session->origin = msg_origin_create(slice_str(session->client_id),
                                            slice_str(principal_identifier(session->principal)));
    return session->origin;
}

int64_t session_publish(struct session *session, struct msg *msg, hub_held_cb held, void *arg)
{
    struct hub *hub = session->all->hub;
    int rc = session_may_publish(session, msg->topic, msg->retain);
    if (rc == 0) rc = hub_limit_payload(hub, session->principal, &session->conn, msg);
    return rc < 0 ? rc : hub_route(hub, msg, held, arg);
}
