/* session.c — the life of a session: opened by a connection, taken over by another, left alone,
 * over. What it does meanwhile has a file each: session_queue.c (messages to the client),
 * session_inbound.c (QoS 2 from the client), session_subs.c (what it wants to hear). sessions.c has
 * all of them together. MQTT 3.1.1, sections 3.1.2.4 and 4.1.
 *
 *     ─► attached ─► (detach) alone ─► (open) attached …          clean = false
 *                                   └► (expiry, open with clean = true) over
 *     ─► attached ─► (detach, take-over) over                     clean = true
 *
 *  I1  A session without a link is persistent.
 *  I2  Whatever says "it is so already" (session present, subscribed, released) waits for the commit
 *      that made it so: changed_in.
 *  I3  Whoever attaches under another name than the one before gets nothing that was queued under
 *      the rights of the other, unless iot:Receive allows it to the new one too. */
#include "hub/session_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "base/text.h"
#include "hub/fights.h"
#include "hub/presence.h"
#include "hub/queue_load.h"
#include "hub/session_store.h"
#include "hub/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

const struct auth_conn *session_auth_conn(const struct session *session)
{
    return &session->conn;
}

bool session_may_receive(struct session *session, const struct msg *msg)
{
    return auth_check(hub_auth(session->all->hub), session->principal, &session->conn,
                      POLICY_ACTION_RECEIVE, AUTH_TOPIC, msg->topic, NULL) == 0;
}

int64_t session_changed(struct session *session, int64_t commit)
{
    store_hurry(session->all->store);
    return session->changed_in = commit;
}

static void on_later(struct loop_timer *timer)
{
    session_pump(container_of(timer, struct session, later));
}

void session_pump_later(struct session *session, int64_t delay_ms)
{
    loop_timer_start(&session->later, delay_ms);
}

int64_t session_expiry_of(const struct hub_opts *opts, const char *client_id)
{
    for (size_t i = 0; i < opts->expiry_count; i++)
        if (text_glob(opts->expiries[i].pattern, slice_str(client_id))) return opts->expiries[i].ms;
    return opts->session_expiry_ms;
}

static const struct subscriber_ops session_ops = { session_queue_deliver };

struct session *session_create(struct sessions *all, const char *client_id, bool clean)
{
    struct session *session = xnew(struct session);
    session->subscriber.ops = &session_ops;
    session->subscriber.conn = &session->conn;
    session->all = all;
    session->client_id = xstrdup(client_id);
    session->conn.client_id = session->client_id;
    session->conn.source_ip = session->source_ip;
    session->clean = clean;
    session->expiry_ms = session_expiry_of(all->opts, client_id);
    session_queue_init(session);
    session_subs_init(session);
    loop_timer_init(&session->later, hub_loop(all->hub), on_later);
    map_put(&all->by_client, slice_str(client_id), session);
    list_push_back(&all->order, &session->in_order);
    metrics_set(METRIC_SESSIONS, (int64_t)all->by_client.count);
    return session;
}

void session_set_principal(struct session *session, struct principal *principal)
{
    principal_ref(principal);
    principal_unref(session->principal);
    session_forget_publishing(session);
    session->principal = principal;
    session->subscriber.principal = principal;
}

void session_destroy(struct session *session)
{
    struct sessions *all = session->all;
    loop_timer_stop(&session->later);
    session_subs_deinit(session);
    session_inbound_deinit(session);
    map_del(&all->by_client, slice_str(session->client_id));
    list_remove(&session->in_order);
    if (session->id) map_del(&all->by_id, session_key(&session->id));
    metrics_set(METRIC_SESSIONS, (int64_t)all->by_client.count);
    msg_unref(session->will);
    session_forget_publishing(session);
    principal_unref(session->principal);
    free(session->client_id);
    free(session);
}

/* The session ends for good: its rows go too. Returns the commit of that, 0 if it had none. */
static int64_t end_for_good(struct session *session)
{
    session_queue_clear(session);
    int64_t commit = session->id ? session_row_delete(session->all->store, session->id) : 0;
    session_destroy(session);
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

/* Nobody sends a will again: it is kept as if it were acknowledged, also while the store is behind. */
static void publish_will(struct session *session, struct msg *will)
{
    struct hub *hub = session->all->hub;
    if (hub_authorize_publish(hub, session->principal, &session->conn, will->topic, will->retain) ==
        0)
        hub_route_promised(hub, will, false, NULL, NULL);
}

/* What ends with the connection, whether the session goes on or not. */
static void connection_ended(struct session *session, enum session_end why)
{
    session->link = NULL;
    loop_timer_stop(&session->later);
    share_offline(session);
    session_forget_publishing(session);
    session_queue_detach(session);
    struct msg *will = session->will;
    session->will = NULL;
    metrics_add(METRIC_MQTT_CLIENTS, -1);
    if (will && end_sends_will[why]) publish_will(session, will);
    msg_unref(will);
    struct presence_event event = presence_of(session);
    presence_disconnected(session->all->presence, &event, why);
    if (!session->passing)
        presence_leave(session->all->presence, session->client_id, session->version);
}

static void go_offline(struct session *session)
{
    session->disconnected_at = clock_real_ms();
    session_row_offline(session->all->store, session->id, session->disconnected_at);
}

void session_detach(struct session *session, enum session_end why)
{
    connection_ended(session, why);
    if (session->clean)
        end_for_good(session);
    else
        go_offline(session);
}

static void take_over(struct session *session, const struct session_open_opts *opts)
{
    struct session_link *link = session->link;
    LOG(LOG_INFO, "hub", "client id taken over by a new connection",
        LOG_S("client", session->client_id));
    fights_note(session->all->fights, &(struct take_over){ .client_id = session->client_id,
                                                           .old_address = session->source_ip,
                                                           .new_address = opts->source_ip,
                                                           .principal = opts->principal });
    connection_ended(session, SESSION_END_DUPLICATE);
    link->ops->end(link, SESSION_END_DUPLICATE);
}

static void count_client(void)
{
    metrics_inc(METRIC_MQTT_CONNECTS);
    metrics_inc(METRIC_MQTT_CLIENTS);
    int64_t clients = metrics_get(METRIC_MQTT_CLIENTS);
    if (clients > metrics_get(METRIC_MQTT_CLIENTS_MAX))
        metrics_set(METRIC_MQTT_CLIENTS_MAX, clients);
}

static void attach(struct session *session, const struct session_open_opts *opts)
{
    if (session->principal && strcmp(session->principal->label, opts->principal->label) != 0)
        session_queue_distrust(session);
    session_set_principal(session, opts->principal);
    if (session->subs.count) hub_forget_decisions(session->all->hub);
    snprintf(session->source_ip, sizeof session->source_ip, "%s", opts->source_ip);
    session->link = opts->link;
    session->ready = false;
    session->will = opts->will ? msg_ref(opts->will) : NULL;
    session->disconnected_at = 0;
    session->connected_at = clock_real_ms();
    session->level = opts->level;
    session->keep_alive_s = opts->keep_alive_s;
    rand_uuid(session->connection_id);
    session->passing = opts->made_up;
    session->version = presence_enter(session->all->presence, session->client_id);
    count_client();
}

static int64_t make_persistent(struct session *session)
{
    struct sessions *all = session->all;
    session->id = all->next_id++;
    map_put(&all->by_id, session_key(&session->id), session);
    return session_changed(session, session_row_create(all->store, session->id, session->client_id,
                                                       session->principal->label, clock_real_ms(),
                                                       session->expiry_ms, session->will));
}

bool session_is_over(const struct session *session, int64_t now)
{
    if (session->link || !session->disconnected_at || !session->expiry_ms) return false;
    return now - session->disconnected_at >= session->expiry_ms;
}

int64_t session_expire(struct session *session)
{
    metrics_inc(METRIC_SESSIONS_EXPIRED);
    LOG(LOG_INFO, "hub", "session expired", LOG_S("client", session->client_id),
        LOG_I("queued", session->queued));
    return end_for_good(session);
}

/* After a crash it must be known that what waits now may have been sent: then CONNACK waits for it. What
 * comes later is written later. */
static void come_online(struct session *session)
{
    struct store *store = session->all->store;
    int64_t commit =
        session_row_online(store, session->id, session->principal->label, session->will);
    if (session->queued > 0 && !store_failing(store)) session_changed(session, commit);
}

int64_t session_open(struct hub *hub, const struct session_open_opts *opts,
                     struct session **ret_session, bool *ret_present)
{
    struct sessions *all = hub_sessions(hub);
    struct session *session = map_get(&all->by_client, opts->client_id);
    int64_t ended_in = 0;
    if (session && session_is_over(session, clock_real_ms())) { /* the sweep has not come by yet */
        ended_in = session_expire(session);
        session = NULL;
    }
    if (!session && all->by_client.count >= all->opts->max_sessions) return ERR_LIMIT;
    if (!opts->clean && store_busy(all->store)) return ERR_STORE;
    if (session && session->link) {
        bool ends = session->clean;
        take_over(session, opts);
        if (ends) {
            ended_in = session->changed_in; /* may still be waiting for the end of another */
            end_for_good(session);
            session = NULL;
        }
    }
    if (session && opts->clean) {
        ended_in = end_for_good(session);
        session = NULL;
    }
    bool present = session != NULL;
    if (!session) {
        char *client_id = xstrndup(opts->client_id.ptr, opts->client_id.len);
        session = session_create(all, client_id, opts->clean);
        free(client_id);
    }
    attach(session, opts);
    if (ended_in) session_changed(session, ended_in); /* CONNACK says that the old one is gone */
    if (present)
        come_online(session);
    else if (!opts->clean)
        make_persistent(session);
    int64_t commit = session->changed_in;
    struct presence_event event = presence_of(session);
    presence_connected(all->presence, &event);
    *ret_session = session;
    *ret_present = present;
    return commit;
}

int64_t session_remove(struct hub *hub, struct slice client_id)
{
    struct session *session = map_get(&hub_sessions(hub)->by_client, client_id);
    if (!session) return ERR_NOT_FOUND;
    struct session_link *link = session->link;
    if (link) {
        connection_ended(session, SESSION_END_SERVER_INITIATED);
        link->ops->end(link, SESSION_END_SERVER_INITIATED);
    }
    int64_t before = session->changed_in; /* a clean one may still wait for the end of another */
    int64_t commit = end_for_good(session);
    store_hurry(hub_store(hub));
    return commit > before ? commit : before;
}
