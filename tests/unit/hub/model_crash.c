/* model_crash.c — see model.h: what an orderly end leaves, and what a crash leaves. What was not committed is
 * gone or not; what was acknowledged is there: by its own row, or since the new process does again what was
 * promised. */
#include "model_priv.h"

#include "base/mem.h"

#include <string.h>

static void session_begin_anew(struct model_session *s)
{
    s->attached = false;
    s->will = 0;
    s->old_count = 0;
    memset(s->old_wills, 0, sizeof s->old_wills);
    s->structural = s->offline = 0;
    for (int i = 0; i < MODEL_FILTERS; i++)
        s->subs[i].commit = 0;
    for (size_t i = 0; i < s->count; i++)
        s->items[i].commit = s->items[i].ack_commit = 0;
    for (size_t i = 0; i < s->job_count; i++)
        s->jobs[i].must = false;
    for (int i = 0; i < MODEL_PENDING; i++)
        if (s->pubs[i].commit != INT64_MAX) s->pubs[i].commit = 0;
}

static void settled(const struct model *m, int64_t *commit)
{
    if (*commit > m->committed && *commit != INT64_MAX) *commit = m->committed;
}

static void session_settled(const struct model *m, struct model_session *s)
{
    settled(m, &s->structural);
    settled(m, &s->offline);
    for (size_t i = 0; i < s->count; i++) {
        settled(m, &s->items[i].commit);
        settled(m, &s->items[i].ack_commit);
    }
    for (int i = 0; i < MODEL_FILTERS; i++)
        settled(m, &s->subs[i].commit);
    for (size_t i = 0; i < ARRAY_LEN(s->old_wills); i++)
        settled(m, &s->old_wills[i].until);
}

void model_settled(struct model *m)
{
    for (int i = 0; i < MODEL_CLIENTS; i++)
        session_settled(m, &m->sessions[i]);
    for (int i = 0; i < MODEL_TOPICS; i++)
        for (size_t k = 0; k < m->retained[i].count; k++)
            settled(m, &m->retained[i].commits[k]);
    for (int i = 1; i <= m->messages; i++)
        settled(m, &m->msgs[i].effects);
}

void model_restart(struct model *m)
{
    for (int i = 0; i < MODEL_CLIENTS; i++)
        session_begin_anew(&m->sessions[i]);
    for (int i = 0; i < MODEL_TOPICS; i++)
        for (size_t k = 0; k < m->retained[i].count; k++)
            m->retained[i].commits[k] = 0;
    for (int i = 1; i <= m->messages; i++)
        m->msgs[i].effects = 0;
    m->committed = 0;
}

static void crash_item(const struct model *m, struct model_item *item, bool was_online)
{
    bool will = m->msgs[item->number].will && !item->retained;
    if (item->commit > m->committed && will && item->qos > 0) {
        *item = (struct model_item){ .number = item->number, /* may be published once more */
                                     .qos = item->qos,
                                     .any_qos = item->any_qos,
                                     .order = item->order,
                                     .commit = item->commit,
                                     .may_dup = true,
                                     .maybe = true };
        return;
    }
    bool acked = item->ack_commit <= m->committed;
    if (item->qos == 0) item->state = ITEM_GONE;
    if (item->state == ITEM_GONE && acked) return; /* for good */
    if (item->was_sent) item->crashed = true;
    if (was_online) item->may_dup = true;
    if (item->state == ITEM_GONE) {
        item->state = item->qos == 2 ? ITEM_RELEASED : ITEM_SENT;
        item->maybe = true;
    } else if (item->state == ITEM_RELEASING && !acked) {
        item->state = ITEM_SENT;
        item->rec_doubt = true;
    }
    if (item->commit > m->committed) item->maybe = true;
}

static void crash_subs(const struct model *m, struct model_session *s)
{
    for (int i = 0; i < MODEL_FILTERS; i++) {
        struct model_sub *sub = &s->subs[i];
        if (sub->commit > m->committed && sub->possible & ~(1 << sub->qos)) sub->doubt = true;
    }
}

static void crash_session(const struct model *m, struct model_session *s)
{
    bool chaos = s->chaos || s->structural > m->committed;
    bool was_online = s->attached || s->offline > m->committed;
    if (chaos || s->clean) {
        model_session_clear(s);
        s->chaos = chaos;
        return;
    }
    for (size_t i = 0; i < s->count; i++)
        crash_item(m, &s->items[i], was_online);
    crash_subs(m, s);
    for (int i = 0; i < MODEL_PENDING; i++)
        if (s->pubs[i].commit > m->committed) s->pubs[i].commit = INT64_MAX;
    session_begin_anew(s);
    if (was_online) s->offline = INT64_MAX; /* the new process says so in its first commit */
}

static void crash_retained(const struct model *m, struct model_retained *r)
{
    for (size_t i = 0; i < r->count; i++)
        r->commits[i] = r->commits[i] <= m->committed ? 0 : INT64_MAX;
}

/* QoS 2 that was acknowledged, and whose effects the crash has taken: the new process delivers it again,
 * as if for the first time. */
static void deliver_again(struct model *m, struct model_session *s, int number)
{
    uint8_t qos;
    bool doubt, there = model_match(m, s, &m->msgs[number], &qos, &doubt);
    struct model_item *item = model_item_find(s, number);
    if (!item) {
        if (qos > 0) model_route_to(m, s, number, m->next, false);
        return;
    }
    if (item->qos == 0 || (item->qos == 2 && item->was_sent)) return;
    bool again = item->state == ITEM_GONE || item->was_sent;
    *item = (struct model_item){ .number = number,
                                 .qos = there && qos ? qos : item->qos,
                                 .order = item->order,
                                 .commit = m->next,
                                 .any_qos = doubt,
                                 .may_dup = true,
                                 .maybe_full = item->maybe_full,
                                 .maybe = again || !there || doubt || item->maybe_full };
}

/* Wills of persistent sessions that the crash may have left in the store. */
static void collect_wills(const struct model *m, const struct model_session *s, int *wills,
                          int *count)
{
    if (s->clean) return;
    if (s->attached && s->will) wills[(*count)++] = s->will;
    for (size_t i = 0; i < ARRAY_LEN(s->old_wills); i++) {
        const struct model_old_will *old = &s->old_wills[i];
        bool open = old->number && old->until > m->committed;
        if (open && !m->msgs[old->number].routed) wills[(*count)++] = old->number;
    }
}

void model_crash(struct model *m, int64_t next)
{
    int wills[MODEL_CLIENTS * 5], count = 0;
    int64_t committed = m->committed;
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        struct model_session *s = &m->sessions[i];
        collect_wills(m, s, wills, &count);
        crash_session(m, s);
        if (s->offline) s->offline = next;
    }
    for (int i = 0; i < MODEL_TOPICS; i++)
        crash_retained(m, &m->retained[i]);
    m->committed = 0;
    m->next = next;
    for (int i = 1; i <= m->messages; i++) {
        bool lost = m->msgs[i].effects > committed;
        m->msgs[i].effects = lost ? next : 0;
        if (lost && m->msgs[i].retain)
            model_retain(m, m->msgs[i].topic, m->msgs[i].empty ? 0 : i, 0);
        for (int k = 0; lost && k < MODEL_CLIENTS; k++)
            deliver_again(m, &m->sessions[k], i);
    }
    for (int i = 0; i < count; i++)
        model_route(m, wills[i], next, true);
}
