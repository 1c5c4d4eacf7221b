/* session_subs.c — what a session wants to hear: its subscriptions, and the retained messages that
 * a new one asks for. MQTT 3.1.1, sections 3.3.1.3, 3.8, 3.10; MQTT 5.0, section 3.8.3.1.
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
};

struct retained_job {
    struct list link;
    struct topic_map_iter iter;
    struct sub_opts opts;
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

static struct sub_opts *opts_of(struct session_sub *sub)
{
    return sub->member.group ? &sub->member.opts : &sub->subscription.opts;
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

int session_subs_add(struct session *session, struct slice filter, const struct sub_opts *opts)
{
    struct session_sub *sub = xnew(struct session_sub);
    int rc = topic_is_shared(filter) ? share_join(session, filter, opts, &sub->member)
                                     : hub_subscribe(session->all->hub, &session->subscriber,
                                                     filter, opts, &sub->subscription);
    if (rc < 0) {
        free(sub);
        return rc;
    }
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
        cb(arg, slice_of(it->key, it->key_len), opts_of(it->value));
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

static bool has_room_for(const struct session *session, struct slice filter)
{
    size_t most = session->all->opts->max_subscriptions;
    return session->subs.count < most && session->filter_bytes + filter.len <= most * FILTER_BYTES;
}

static bool same_opts(const struct sub_opts *a, const struct sub_opts *b)
{
    return a->qos == b->qos && a->no_local == b->no_local &&
           a->retain_as_published == b->retain_as_published &&
           a->retain_handling == b->retain_handling && a->id == b->id;
}

/* In place, so that no message is lost meanwhile [MQTT-3.8.4-3]; also for what is still to come of its
 * retained messages. */
static void replace(struct session *session, struct session_sub *sub, struct slice filter,
                    const struct sub_opts *opts)
{
    *opts_of(sub) = *opts;
    list_for_each(it, &session->retained) {
        if (slice_eq(buf_slice(&job_of(it)->iter.filter), filter)) job_of(it)->opts = *opts;
    }
}

int64_t session_subscribe(struct session *session, struct slice filter, const struct sub_opts *opts,
                          bool *ret_new)
{
    struct session_sub *old = map_get(&session->subs, filter);
    if (!old && !has_room_for(session, filter)) {
        refuse_filter(session, filter);
        return ERR_LIMIT;
    }
    bool same = old && same_opts(opts_of(old), opts);
    int rc = 0;
    if (!old)
        rc = session_subs_add(session, filter, opts);
    else if (!same)
        replace(session, old, filter, opts);
    if (rc < 0) return rc;
    *ret_new = !old;
    if (same) return session->changed_in;
    if (!session_persistent(session)) return 0;
    return session_changed(session,
                           subscription_row_put(session->all->store, session->id, filter, opts));
}

int64_t session_unsubscribe(struct session *session, struct slice filter, bool *ret_existed)
{
    struct session_sub *sub = map_del(&session->subs, filter);
    *ret_existed = sub != NULL;
    if (!sub) return session->changed_in;
    sub_free(session, sub);
    drop_retained(session, filter);
    if (!session_persistent(session)) return 0;
    return session_changed(session,
                           subscription_row_delete(session->all->store, session->id, filter));
}

/* ---- retained messages for a new subscription ---- */

/* With RETAIN, however the subscription wants it of others [MQTT-3.3.1-8]. */
static void send_one_retained(struct session *session, struct msg *msg, const struct sub_opts *opts)
{
    if (opts->no_local && hub_is_own(&session->subscriber, msg)) return;
    if (!session_may_receive(session, msg)) return;
    session_queue_put(session, msg,
                      &(struct queue_put){ .qos = opts->qos < msg->qos ? opts->qos : msg->qos,
                                           .retain = true,
                                           .promised = true /* by SUBACK */,
                                           .id_count = opts->id ? 1 : 0,
                                           .ids = &opts->id });
}

/* As long as the client takes them: the window, and a window in the queue. */
static bool may_take_retained(const struct session *session)
{
    return session->queued < 2 * session_window(session) &&
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
static bool has_room(const struct session *session, const struct retained_job *job)
{
    return !session->queued || session_queue_has_room(session, job->next, job->opts.id ? 1 : 0);
}

/* It may have been replaced or removed while it waited. */
static void send_next(struct session *session, struct retained_job *job, bool waited)
{
    struct msg *msg = job->next;
    struct msg *now = waited ? hub_retained_get(session->all->hub, msg->topic) : msg;
    job->next = NULL;
    if (now) send_one_retained(session, now, &job->opts);
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
        if (rc == ERR_BUSY || (rc == 1 && !has_room(session, job))) return;
        if (rc == 1) send_next(session, job, waited);
    }
}

static bool wants_retained(const struct session *session, struct slice filter,
                           const struct sub_opts *opts, bool is_new)
{
    const struct hub *hub = session->all->hub;
    if (hub_opts(hub)->no_retain || topic_is_shared(filter))
        return false; /* MQTT 5.0, section 4.8.2 */
    if (!hub_profile(hub)->retained_for_wildcards && topic_has_wildcard(filter)) return false;
    return opts->retain_handling == 0 || (opts->retain_handling == 1 && is_new);
}

void session_send_retained(struct session *session, struct slice filter,
                           const struct sub_opts *opts, bool is_new)
{
    if (!wants_retained(session, filter, opts, is_new)) return;
    drop_retained(session, filter); /* subscribed again: from the start */
    struct retained_job *job = xnew(struct retained_job);
    topic_map_iter_init(&job->iter, filter);
    job->opts = *opts;
    list_push_back(&session->retained, &job->link);
    session_pump(session);
}
