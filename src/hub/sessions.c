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
#include "hub/fights.h"
#include "hub/presence.h"
#include "hub/queue_load.h"
#include "hub/session_store.h"

#include <stdlib.h>

/* What is due before the next sweep gets a timer: see session_away.c. */
static void on_sweep(struct loop_timer *timer)
{
    struct sessions *all = container_of(timer, struct sessions, sweep);
    map_for_each(it, &all->by_id) {
        struct session *session = it->value;
        session_arm(session);
    }
    loop_timer_start(timer, SESSION_SWEEP_MS);
}

static void load_session(void *arg, const struct session_row *row)
{
    struct sessions *all = arg;
    struct session *session = session_create(all, row->client_id, row->id);
    session->disconnected_at = row->disconnected_at;
    if (row->will) session->will = msg_ref(row->will);
    session_set_terms(session, &(struct session_terms){ .expiry_ms = row->expiry_ms,
                                                        .will_delay_ms = row->will_delay_ms,
                                                        .will_at = row->will_at });
    /* whose iot:Receive decides is known when the client is back: see suspect_end */
    session_set_principal(session, principal_system());
    if (row->id >= all->next_id) all->next_id = row->id + 1;
}

static void load_subscription(void *arg, int64_t id, const char *filter,
                              const struct sub_opts *opts)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, session_key(&id));
    if (session) session_subs_add(session, slice_str(filter), opts);
}

static void load_inbound(void *arg, int64_t id, int64_t key, struct msg *msg, bool routed)
{
    struct sessions *all = arg;
    session_inbound_load(map_get(&all->by_id, session_key(&id)), key, msg, routed);
}

static const struct session_load_ops load_ops = { load_session, load_subscription, load_inbound };

static void load_queue(void *arg, const struct queue_summary *summary)
{
    struct sessions *all = arg;
    struct session *session = map_get(&all->by_id, session_key(&summary->session));
    if (session) session_queue_restore(session, summary, session->disconnected_at == 0);
}

static int load_all(struct db *db, void *arg)
{
    struct sessions *all = arg;
    int64_t next_row = 1;
    int rc = session_load(db, &load_ops, all);
    if (rc == 0) rc = queue_load_summaries(db, load_queue, all, &next_row);
    queue_journal_set_next_row(all->journal, next_row);
    return rc;
}

int sessions_create(struct sessions **ret_sessions, struct hub *hub, struct diag *diag)
{
    struct sessions *all = xnew(struct sessions);
    all->hub = hub;
    all->store = hub_store(hub);
    all->opts = hub_opts(hub);
    all->journal = queue_journal_create(all);
    all->presence = presence_create(hub);
    all->fights = fights_create(hub_auth(hub));
    all->next_id = 1;
    list_init(&all->order);
    list_init(&all->left);
    loop_timer_init(&all->sweep, hub_loop(hub), on_sweep);
    int rc = store_read_now(all->store, load_all, all, diag);
    if (rc < 0) {
        sessions_destroy(all);
        return rc;
    }
    loop_timer_start(&all->sweep, SESSION_SWEEP_MS);
    *ret_sessions = all;
    return 0;
}

static bool any_connected(const struct sessions *all)
{
    map_for_each(it, &all->by_id) {
        const struct session *session = it->value;
        if (!session->disconnected_at) return true;
    }
    return false;
}

/* The hub has died while the client was there: that was the end of its connection. A session that ends with
 * it is over in the first turn, with its will, when what it has left behind is delivered. */
static void end_connection(struct session *session)
{
    session->disconnected_at = clock_real_ms();
    if (session_ends(session)) return;
    session_leave_will(session);
    session_row_offline(session->all->store, session->id, session->disconnected_at,
                        session_will_at(session));
}

void sessions_start(struct sessions *all)
{
    if (any_connected(all)) queue_mark_crashed(all->store);
    session_inbound_start(all); /* a will is younger than what its client has sent */
    map_for_each(it, &all->by_id) {
        struct session *session = it->value;
        if (!session->disconnected_at) end_connection(session);
        session_arm(session);
    }
}

void sessions_destroy(struct sessions *all)
{
    if (!all) return;
    loop_timer_stop(&all->sweep);
    map_for_each(it, &all->by_client) {
        struct session *session = it->value;
        session_queue_forget(session);
        session_destroy(session);
    }
    map_deinit(&all->by_client);
    map_deinit(&all->by_id);
    map_deinit(&all->shares);
    fights_destroy(all->fights);
    presence_destroy(all->presence);
    queue_journal_destroy(all->journal);
    free(all);
}

void sessions_set_opts(struct sessions *all)
{
    map_for_each(it, &all->by_client) {
        struct session *session = it->value;
        session_bound_expiry(session);
        session_arm(session);
    }
}

size_t sessions_count(const struct sessions *all)
{
    return all->by_client.count;
}
