/* sessions.c — all sessions: what they share, the sweep of those that are overdue, the start and
 * the end of the process.
 *
 * Loading comes first, when no client is attached and nobody has subscribed but sessions;
 * sessions_start second, when all subscribers are in place: it delivers what the last process has
 * acknowledged and not delivered.
 *
 *  I1  by_client has every session; by_id has the persistent ones, and only those. */
#include "hub/session_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "hub/presence.h"
#include "hub/session_store.h"

#include <stdlib.h>

enum { SWEEP_MS = 60000 };

static void on_sweep(struct loop_timer *timer)
{
    struct sessions *all = container_of(timer, struct sessions, sweep);
    int64_t now = clock_real_ms();
    map_for_each(it, &all->by_client) {
        struct session *session = it->value;
        if (session_is_over(session, now)) session_expire(session);
    }
    loop_timer_start(timer, SWEEP_MS);
}

static void load_session(void *arg, int64_t id, const char *client_id, const char *principal,
                         int64_t created_at, int64_t disconnected_at, int64_t expiry_ms,
                         int64_t sent_seq)
{
    struct sessions *all = arg;
    struct session *session = session_create(all, client_id, false);
    session->id = id;
    session->expiry_ms = expiry_ms;
    session_queue_load(session, sent_seq, disconnected_at == 0);
    session->disconnected_at = disconnected_at ? disconnected_at : clock_real_ms();
    /* whose iot:Receive decides is known when the client is back: see unchecked */
    session_set_principal(session, principal_system());
    map_put(&all->by_id, session_key(&id), session);
    if (id >= all->next_id) all->next_id = id + 1;
}

static void load_subscription(void *arg, int64_t id, const char *filter, uint8_t qos)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, session_key(&id));
    if (session) session_subs_add(session, slice_str(filter), qos);
}

static void load_queued(void *arg, int64_t id, int64_t seq, struct msg *msg, uint8_t qos,
                        bool retain)
{
    struct sessions *all = arg;
    session_queue_load_entry(map_get(&all->by_id, session_key(&id)), seq, msg, qos, retain);
}

static void load_inbound(void *arg, int64_t id, int64_t key, struct msg *msg, bool routed)
{
    struct sessions *all = arg;
    session_inbound_load(map_get(&all->by_id, session_key(&id)), key, msg, routed);
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
    all->on_commit.on_commit = session_queue_on_commit;
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
    if (!session_queue_settle(session)) return;
    session_row_offline(session->all->store, session->id, session->disconnected_at,
                        session->sent_seq);
}

void sessions_start(struct sessions *all)
{
    map_for_each(it, &all->by_id)
        start_session(it->value);
    session_inbound_start(all);
}

void sessions_destroy(struct sessions *all)
{
    if (!all) return;
    loop_timer_stop(&all->sweep);
    store_unlisten(&all->on_commit);
    map_for_each(it, &all->by_client) {
        struct session *session = it->value;
        session_queue_forget(session);
        session_destroy(session);
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
