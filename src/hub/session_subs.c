/* session_subs.c — what a session wants to hear: its subscriptions, and the retained messages that
 * a new one asks for. MQTT 3.1.1, sections 3.3.1.3, 3.8, 3.10.
 *
 * There may be a great many retained messages: so they are looked up in portions, a bounded number
 * in a turn of the loop for all sessions together, and no faster than the client takes them. None is
 * cut off by the queue's limits: it waits for room. What is left when the connection ends waits for
 * the next one, as long as the process lives.
 *
 *  I1  filter_bytes is the sum of the lengths of the filters in subs.
 *  I2  At most one job is under way for a filter; nothing is looked up without a link. */
#include "hub/session_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/session_store.h"
#include "hub/share.h"
#include "topic/topic.h"
#include "topic/topic_map.h"

#include <stdlib.h>

/* FILTER_BYTES: what the filters of a session may have in all, for each that it may have */
enum { FILTER_BYTES = 256, RETAINED_BUDGET = 2000, RETAINED_PAUSE_MS = 1 };

struct session_sub {
    struct subscription subscription; /* unless it is shared */
    struct share_member member;       /* group NULL: it is not shared */
    size_t len;                       /* of the filter */
    uint8_t qos;
};

struct retained_job {
    struct list link;
    struct topic_map_iter iter;
    uint8_t qos;
    struct msg *next; /* found, and waits for room in the queue */
};

static void job_free(struct retained_job *job)
{
    list_remove(&job->link);
    msg_unref(job->next);
    topic_map_iter_deinit(&job->iter);
    free(job);
}

static struct retained_job *job_of(struct list *link)
{
    return container_of(link, struct retained_job, link);
}

static void drop_retained(struct session *session, struct slice filter)
{
    list_for_each_safe(it, &session->retained) {
        if (slice_eq(buf_slice(&job_of(it)->iter.filter), filter)) job_free(job_of(it));
    }
}

static void sub_free(struct session *session, struct session_sub *sub)
{
    session->filter_bytes -= sub->len;
    if (sub->member.group)
        share_leave(&sub->member);
    else
        hub_unsubscribe(session->all->hub, &sub->subscription);
    metrics_add(METRIC_SUBSCRIPTIONS, -1);
    metrics_add(METRIC_SHARED_SUBSCRIPTIONS, -(sub->member.group != NULL));
    free(sub);
}

static bool is_shared(struct slice filter)
{
    return slice_starts(filter, "$share/");
}

int session_subs_add(struct session *session, struct slice filter, uint8_t qos)
{
    struct session_sub *sub = xnew(struct session_sub);
    int rc = is_shared(filter) ? share_join(session, filter, qos, &sub->member)
                               : hub_subscribe(session->all->hub, &session->subscriber, filter, qos,
                                               &sub->subscription);
    if (rc < 0) {
        free(sub);
        return rc;
    }
    sub->qos = qos;
    sub->len = filter.len;
    session->filter_bytes += filter.len;
    map_put(&session->subs, filter, sub);
    metrics_inc(METRIC_SUBSCRIPTIONS);
    metrics_add(METRIC_SHARED_SUBSCRIPTIONS, sub->member.group != NULL);
    return 0;
}

void session_subs_each(const struct session *session, session_sub_cb cb, void *arg)
{
    map_for_each(it, &session->subs)
        cb(arg, slice_of(it->key, it->key_len), ((const struct session_sub *)it->value)->qos);
}

void session_subs_init(struct session *session)
{
    list_init(&session->retained);
    list_init(&session->shares);
}

void session_subs_deinit(struct session *session)
{
    while (!list_empty(&session->retained))
        job_free(job_of(session->retained.next));
    map_for_each(it, &session->subs)
        sub_free(session, it->value);
    map_deinit(&session->subs);
}

/* Once a minute: one packet may ask for a thousand filters. */
static void refuse_filter(struct session *session, struct slice filter)
{
    if (!log_pace(&session->refusals, MINUTES(1), clock_mono_ms())) return;
    LOG(LOG_WARN, "hub", "subscription refused: mqtt.max_subscriptions is reached",
        LOG_S("client", session->client_id), LOG_SLICE("filter", filter),
        LOG_I("subscriptions", session->subs.count));
}

int64_t session_subscribe(struct session *session, struct slice filter, uint8_t qos)
{
    struct session_sub *old = map_get(&session->subs, filter);
    size_t most = session->all->opts->max_subscriptions;
    if (!old &&
        (session->subs.count >= most || session->filter_bytes + filter.len > most * FILTER_BYTES)) {
        refuse_filter(session, filter);
        return ERR_LIMIT;
    }
    if (old && old->qos == qos) return session->changed_in;
    if (old) {
        map_del(&session->subs, filter);
        sub_free(session, old);
    }
    int rc = session_subs_add(session, filter, qos);
    if (rc < 0) return rc;
    if (!session_persistent(session)) return 0;
    return session_changed(session,
                           subscription_row_put(session->all->store, session->id, filter, qos));
}

int64_t session_unsubscribe(struct session *session, struct slice filter)
{
    struct session_sub *sub = map_del(&session->subs, filter);
    if (!sub) return session->changed_in;
    sub_free(session, sub);
    drop_retained(session, filter);
    if (!session_persistent(session)) return 0;
    return session_changed(session,
                           subscription_row_delete(session->all->store, session->id, filter));
}

/* ---- retained messages for a new subscription ---- */

static void send_one_retained(struct session *session, struct msg *msg, uint8_t most)
{
    if (!session_may_receive(session, msg)) return;
    uint8_t qos = most < msg->qos ? most : msg->qos;
    if (qos == 0)
        session_queue_send_qos0(session, msg, true);
    else
        session_queue_put(session, msg,
                          &(struct queue_put){ qos, true, .promised = true /* by SUBACK */ });
}

/* As long as the client takes them: the window, and a window in the queue. */
static bool may_take_retained(const struct session *session)
{
    return session->queued < 2 * session->all->opts->max_inflight &&
           !session->link->ops->congested(session->link);
}

/* Names that may be looked at in this turn, by all sessions together. */
static size_t *retained_budget(struct sessions *all)
{
    int64_t now = loop_now(hub_loop(all->hub));
    if (now != all->budget_at) {
        all->budget_at = now;
        all->budget = RETAINED_BUDGET;
    }
    return &all->budget;
}

/* Looks the next one up. 1, 0 at the end, or ERR_BUSY when the budget is spent. */
static int find_next(struct session *session, struct retained_job *job)
{
    size_t *budget = retained_budget(session->all);
    struct msg *msg;
    if (job->next) return 1;
    if (!*budget) return ERR_BUSY;
    int rc = hub_retained_step(session->all->hub, &job->iter, budget, &msg);
    if (rc == 1) job->next = msg_ref(msg);
    return rc;
}

/* What is larger than all that the queue may hold is for the queue to refuse. */
static bool has_room(const struct session *session, const struct msg *msg)
{
    const struct hub_opts *opts = session->all->opts;
    return !session->queued || (session->queued < opts->max_queued &&
                                session->queued_bytes + msg_size(msg) <= opts->max_queued_bytes);
}

/* It may have been replaced or removed while it waited. */
static void send_next(struct session *session, struct retained_job *job, bool waited)
{
    struct msg *msg = job->next;
    struct msg *now = waited ? hub_retained_get(session->all->hub, msg->topic) : msg;
    job->next = NULL;
    if (now) send_one_retained(session, now, job->qos);
    msg_unref(msg);
}

void session_subs_pump(struct session *session)
{
    while (!list_empty(&session->retained) && may_take_retained(session)) {
        struct retained_job *job = job_of(session->retained.next);
        bool waited = job->next;
        int rc = find_next(session, job);
        if (rc == ERR_BUSY) session_pump_later(session, RETAINED_PAUSE_MS);
        if (rc == 0) job_free(job);
        if (rc == ERR_BUSY || (rc == 1 && !has_room(session, job->next))) return;
        if (rc == 1) send_next(session, job, waited);
    }
}

void session_send_retained(struct session *session, struct slice filter, uint8_t qos)
{
    if (is_shared(filter)) return; /* MQTT 5.0, section 4.8.2 */
    if (!hub_profile(session->all->hub)->retained_for_wildcards && topic_has_wildcard(filter))
        return;
    drop_retained(session, filter); /* subscribed again: from the start */
    struct retained_job *job = xnew(struct retained_job);
    topic_map_iter_init(&job->iter, filter);
    job->qos = qos;
    list_push_back(&session->retained, &job->link);
    session_pump(session);
}
