/* session.c — the life of a session: opened by a connection, taken over by another, left alone,
 * over. What it does meanwhile has a file each: session_queue.c (messages to the client),
 * session_inbound.c (QoS 2 from the client), session_subs.c (what it wants to hear), session_away.c (how
 * long it is alone, and its will). sessions.c has all of them together. MQTT 3.1.1, sections 3.1.2.4
 * and 4.1.
 *
 *     ─► attached ─► (detach) alone ─► (open) attached …          it is kept
 *                                   └► (expiry, open with clean_start) over
 *     ─► attached ─► (detach, take-over) over                     it ends with its connection
 *
 * Whether it is kept is what the client asks for when it connects, and again when it disconnects; 3.1.1 says
 * so by "clean session". One that was kept, and ends with its present connection, has its rows until then.
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
#include "hub/fights.h"
#include "hub/presence.h"
#include "hub/queue_load.h"
#include "hub/session_store.h"
#include "hub/share.h"
#include "mqtt/mqtt.h"

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
    return auth_may_receive(hub_auth(session->all->hub), session->principal, &session->conn,
                            msg->topic);
}

int64_t session_changed(struct session *session, int64_t commit)
{
    store_hurry(session->all->store);
    return session->changed_in = commit;
}

static void on_later(struct loop_timer *timer)
{
    struct session *session = container_of(timer, struct session, later);
    if (session->link)
        session_pump(session);
    else
        session_attend(session, clock_real_ms());
}

void session_pump_later(struct session *session, int64_t delay_ms)
{
    loop_timer_start(&session->later, delay_ms);
}

static const struct subscriber_ops session_ops = { session_queue_deliver };

struct session *session_create(struct sessions *all, const char *client_id, int64_t id)
{
    struct session *session = xnew(struct session);
    session->subscriber.ops = &session_ops;
    session->subscriber.conn = &session->conn;
    session->all = all;
    session->client_id = xstrdup(client_id);
    session->conn.client_id = session->client_id;
    session->conn.source_ip = "";
    session->id = id;
    if (id) map_put(&all->by_id, session_key(&session->id), session);
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
    free(session->terms);
    session_forget_publishing(session);
    principal_unref(session->principal);
    free(session->client_id);
    free(session->where);
    free(session);
}

int64_t session_end(struct session *session)
{
    int64_t commit = session->changed_in; /* may still be waiting for the end of another */
    session_subs_deinit(session);         /* its will is not for itself */
    session_send_will(session);
    session_queue_clear(session);
    if (session->id) commit = session_row_delete(session->all->store, session->id);
    session_destroy(session);
    return commit;
}

static struct presence_event presence_of(const struct session *session)
{
    return (struct presence_event){
        .client_id = session->client_id,
        .session_id = session->connection_id,
        .principal = principal_identifier(session->principal),
        .source_ip = session->conn.source_ip,
        .version = session->version,
        .level = session->level,
    };
}

const char *session_protocol_version(uint8_t level)
{
    static const char *const versions[] = {
        [MQTT_LEVEL_31] = "3.1", [MQTT_LEVEL_311] = "3.1.1", [MQTT_LEVEL_5] = "5.0"
    };
    return level < ARRAY_LEN(versions) ? versions[level] : NULL;
}

void session_forget_will(struct session *session)
{
    msg_unref(session->will);
    session->will = NULL;
}

/* What ends with the connection, whether the session goes on or not. */
static void connection_ended(struct session *session, enum session_end why)
{
    session->link = NULL;
    loop_timer_stop(&session->later);
    share_offline(session);
    session_forget_publishing(session);
    session_queue_detach(session);
    metrics_add(METRIC_MQTT_CLIENTS, -1);
    if (end_sends_will[why])
        session_leave_will(session);
    else
        session_forget_will(session);
    struct presence_event event = presence_of(session);
    presence_disconnected(session->all->presence, &event, why);
    if (!session->passing)
        presence_leave(session->all->presence, session->client_id, session->version);
}

static void go_offline(struct session *session)
{
    session->disconnected_at = clock_real_ms();
    session_row_offline(session->all->store, session->id, session->disconnected_at,
                        session_will_at(session));
    session_arm(session);
}

void session_detach(struct session *session, enum session_end why)
{
    connection_ended(session, why);
    if (session_ends(session))
        session_end(session);
    else
        go_offline(session);
}

static void take_over(struct session *session, const struct session_open_opts *opts)
{
    struct session_link *link = session->link;
    LOG(LOG_INFO, "hub", "client id taken over by a new connection",
        LOG_S("client", session->client_id));
    fights_note(session->all->fights, &(struct take_over){ .client_id = session->client_id,
                                                           .old_address = session->conn.source_ip,
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

static void take_terms(struct session *session, const struct session_open_opts *opts)
{
    session_forget_will(
        session); /* one that waits: this connection was made in time [MQTT-3.1.3-9] */
    session->will = opts->will ? msg_ref(opts->will) : NULL;
    session_set_terms(
        session, &(struct session_terms){ .expiry_ms = opts->expiry_ms,
                                          .will_delay_ms = opts->will ? opts->will_delay_ms : 0,
                                          .receive_maximum = opts->receive_maximum });
}

static void take_place(struct session *session, const char *address, const char *domain)
{
    size_t len = strlen(address) + 1, domain_len = domain ? strlen(domain) + 1 : 0;
    free(session->where);
    session->where = xmalloc(len + domain_len);
    memcpy(session->where, address, len);
    if (domain) memcpy(session->where + len, domain, domain_len);
    session->conn.source_ip = session->where;
    session->conn.domain = domain ? session->where + len : NULL;
}

static void attach(struct session *session, const struct session_open_opts *opts)
{
    if (session->principal && strcmp(session->principal->label, opts->principal->label) != 0)
        session_queue_distrust(session);
    session_set_principal(session, opts->principal);
    if (session->subs.count) hub_forget_decisions(session->all->hub);
    take_place(session, opts->source_ip, opts->domain);
    session->link = opts->link;
    session->ready = false;
    loop_timer_stop(&session->later);
    take_terms(session, opts);
    session->disconnected_at = 0;
    session->connected_at = clock_real_ms();
    session->level = opts->level;
    session->keep_alive_s = opts->keep_alive_s;
    rand_uuid(session->connection_id);
    /* a client of MQTT 5 is told, and may come back */
    session->passing = opts->made_up && opts->level < MQTT_LEVEL_5;
    session->version = presence_enter(session->all->presence, session->client_id);
    count_client();
}

static struct session_row row_of(const struct session *session)
{
    return (struct session_row){
        .id = session->id,
        .client_id = session->client_id,
        .principal = session->principal->label,
        .created_at = clock_real_ms(),
        .expiry_ms = session_expiry_asked(session),
        .will = session->will,
        .will_delay_ms = session->terms ? session->terms->will_delay_ms : 0,
    };
}

static struct session *begin(struct sessions *all, const struct session_open_opts *opts)
{
    char *client_id = xstrndup(opts->client_id.ptr, opts->client_id.len);
    bool kept = opts->expiry_ms != SESSION_EXPIRY_ENDS;
    struct session *session = session_create(all, client_id, kept ? all->next_id++ : 0);
    free(client_id);
    attach(session, opts);
    if (!kept) return session;
    struct session_row row = row_of(session);
    session_changed(session, session_row_create(all->store, &row));
    return session;
}

/* After a crash it must be known that what waits now may have been sent, that a will was cancelled, and how
 * long the session is kept: then CONNACK waits for it. What comes later is written later. */
static void resume(struct session *session, const struct session_open_opts *opts)
{
    struct store *store = session->all->store;
    bool promises = session->queued > 0 || session_will_at(session) ||
                    session_expiry_asked(session) != opts->expiry_ms;
    attach(session, opts);
    struct session_row row = row_of(session);
    int64_t commit = session_row_online(store, &row);
    if (promises && !store_failing(store)) session_changed(session, commit);
}

/* NULL: there is none. What is due comes before the new connection, though no timer has come by yet. */
static struct session *find_current(struct sessions *all, struct slice client_id, int64_t *ended_in)
{
    struct session *session = map_get(&all->by_client, client_id);
    if (!session || session->link) return session;
    int64_t now = clock_real_ms();
    if (session_is_over(session, now)) {
        *ended_in = session_expire(session);
        return NULL;
    }
    if (session_will_at(session)) session_attend(session, now);
    return session;
}

/* The old connection ends, and the session too if it does not outlive that. */
static struct session *take_from_others(struct session *session,
                                        const struct session_open_opts *opts, int64_t *ended_in)
{
    if (opts->clean_start) session->expiry_ms = SESSION_EXPIRY_ENDS;
    if (session->link) take_over(session, opts);
    if (!session_ends(session)) return session;
    *ended_in = session_end(session);
    return NULL;
}

static bool needs_store(const struct session *session, const struct session_open_opts *opts)
{
    bool goes_on = session && !opts->clean_start && !session_ends(session);
    return goes_on || opts->expiry_ms != SESSION_EXPIRY_ENDS;
}

int64_t session_open(struct hub *hub, const struct session_open_opts *opts,
                     struct session **ret_session, bool *ret_present)
{
    struct sessions *all = hub_sessions(hub);
    int64_t ended_in = 0;
    struct session *session = find_current(all, opts->client_id, &ended_in);
    if (!session && all->by_client.count >= all->opts->max_sessions) return ERR_LIMIT;
    if (needs_store(session, opts) && store_busy(all->store)) return ERR_STORE;
    if (session) session = take_from_others(session, opts, &ended_in);
    bool present = session != NULL;
    if (present)
        resume(session, opts);
    else
        session = begin(all, opts);
    /* CONNACK says that the old one is gone */
    if (ended_in > session->changed_in) session_changed(session, ended_in);
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
    session->expiry_ms = SESSION_EXPIRY_ENDS;
    if (link) {
        connection_ended(session, SESSION_END_SERVER_INITIATED);
        link->ops->end(link, SESSION_END_SERVER_INITIATED);
    }
    int64_t commit = session_end(session);
    store_hurry(hub_store(hub));
    return commit;
}
