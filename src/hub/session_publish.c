/* session_publish.c — what a client publishes with QoS 0 or 1, and in whose name. Whether it may is not remembered
 * here: auth does that, for all sessions together (auth/decisions.h).
 *  I1  A session that publishes nothing has no memory for it. */
#include "hub/session_priv.h"

void session_forget_publishing(struct session *session)
{
    msg_origin_unref(session->origin);
    session->origin = NULL;
}

int session_may_publish(struct session *session, struct slice topic, bool retain)
{
    return hub_authorize_publish(session->all->hub, session->principal, &session->conn, topic,
                                 retain);
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
