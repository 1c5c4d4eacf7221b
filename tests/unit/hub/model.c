/* model.c — see model.h: what clients do, and what follows for their queues.
 *
 * Nothing here follows from how the hub does it. What a crash may take is known from commit numbers alone:
 * what is committed must be there afterwards; what is not may be there or not. So an item is either demanded
 * or `maybe`, a subscription is known or in `doubt`, and a session of which a crash has left open whether
 * it was made or ended is in `chaos` until its client begins anew.
 *
 *  I1  A live item has its index in by_number; one with the retained flag has not, since the same message
 *      may come by several subscriptions.
 *  I2  Commit numbers are those of the present process; what is older has 0. */
#include "model_priv.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const model_topics[MODEL_TOPICS] = { "t/1", "t/2", "u/1", "u", "u/1/x" };
const char *const model_filters[MODEL_FILTERS] = { "t/1", "t/+", "t/#", "#",    "+/1",
                                                   "u/#", "u/1", "+",   "u/1/x" };

void model_fail(struct model *m, const char *fmt, ...)
{
    if (m->failure[0]) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(m->failure, sizeof m->failure, fmt, args);
    va_end(args);
}

bool model_matches(const char *filter, const char *topic)
{
    for (;;) {
        if (strcmp(filter, "#") == 0) return true;
        size_t f = strcspn(filter, "/"), t = strcspn(topic, "/");
        bool plus = f == 1 && filter[0] == '+';
        if (!plus && (f != t || memcmp(filter, topic, f) != 0)) return false;
        filter += f;
        topic += t;
        if (!*topic) return !*filter || strcmp(filter, "/#") == 0;
        if (!*filter) return false;
        filter++;
        topic++;
    }
}

/* ---- sessions ---- */

void model_session_clear(struct model_session *s)
{
    struct model_session keep = *s;
    memset(s, 0, sizeof *s);
    s->items = keep.items;
    s->capacity = keep.capacity;
    s->by_number = keep.by_number;
    s->jobs = keep.jobs;
    s->job_capacity = keep.job_capacity;
    s->connection = keep.connection;
    memset(s->by_number, 0, MODEL_MESSAGES * sizeof *s->by_number);
    for (int i = 0; i < MODEL_FILTERS; i++)
        s->subs[i].qos = MODEL_NONE;
}

void model_init(struct model *m, size_t window, size_t limit)
{
    memset(m, 0, sizeof *m);
    m->window = window;
    m->limit = limit;
    m->next = 1;
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        m->sessions[i].by_number = xcalloc(MODEL_MESSAGES, sizeof *m->sessions[i].by_number);
        model_session_clear(&m->sessions[i]);
    }
}

void model_deinit(struct model *m)
{
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        free(m->sessions[i].items);
        free(m->sessions[i].by_number);
        free(m->sessions[i].jobs);
    }
    for (int i = 0; i < MODEL_TOPICS; i++) {
        free(m->retained[i].history);
        free(m->retained[i].commits);
    }
}

static void session_check_present(struct model *m, int client, bool clean, bool present)
{
    const struct model_session *s = &m->sessions[client];
    bool expected = s->exists && !s->clean && !clean;
    if (!s->chaos && present != expected)
        model_fail(m, "client %c: session present is %d", 'a' + client, present);
}

void model_connect(struct model *m, int client, bool clean, bool present, int will, int64_t commit)
{
    struct model_session *s = &m->sessions[client];
    session_check_present(m, client, clean, present);
    if (!present || s->chaos) {
        bool changes = !clean || s->chaos || (s->exists && !s->clean);
        int64_t structural = changes && commit > s->structural ? commit : s->structural;
        model_session_clear(s);
        s->exists = true;
        s->clean = clean;
        s->structural = structural;
    }
    s->attached = true;
    s->congested = false;
    s->will = will;
    m->msgs[will].will = true;
    s->connection++;
    memset(s->last, 0, sizeof s->last);
}

int model_detach(struct model *m, int client, bool will)
{
    struct model_session *s = &m->sessions[client];
    int due = will ? s->will : 0;
    if (s->will)
        s->old_wills[s->old_count++ % ARRAY_LEN(s->old_wills)] =
            (struct model_old_will){ s->will, m->next };
    s->will = 0;
    s->attached = false;
    s->offline = m->next;
    for (size_t i = 0; i < s->job_count; i++)
        s->jobs[i].must = false;
    if (s->clean) {
        int64_t structural = s->structural;
        model_session_clear(s);
        s->structural = structural; /* the end of the one before may not be durable */
    }
    return due;
}

void model_expire(struct model *m)
{
    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (!m->sessions[i].attached && !m->sessions[i].chaos) model_session_clear(&m->sessions[i]);
}

/* ---- subscriptions ---- */

static void sub_change(struct model *m, struct model_sub *sub, uint8_t qos, int64_t commit)
{
    if (sub->commit <= m->committed && !sub->doubt) sub->possible = 0;
    sub->possible |= (uint8_t)(1 << sub->qos);
    sub->doubt = false;
    sub->qos = qos;
    sub->commit = commit;
}

/* The filter's own retained messages are asked for anew, or no more. */
static void forget_jobs(struct model_session *s, int filter)
{
    for (size_t i = 0; i < s->job_count; i++)
        if (s->jobs[i].filter == filter) s->jobs[i].must = false;
}

static void add_job(struct model *m, struct model_session *s, int filter, int topic, uint8_t qos)
{
    const struct model_retained *r = &m->retained[topic];
    if (s->job_count == s->job_capacity) {
        s->job_capacity = s->job_capacity ? 2 * s->job_capacity : 16;
        s->jobs = xrealloc(s->jobs, s->job_capacity * sizeof *s->jobs);
    }
    s->jobs[s->job_count++] = (struct model_job){
        .filter = (uint8_t)filter,
        .topic = (uint8_t)topic,
        .qos = qos,
        .must = r->count && r->history[r->count - 1],
        .since = r->count ? r->count - 1 : 0,
    };
}

void model_subscribe(struct model *m, int client, int filter, uint8_t qos, int64_t commit)
{
    struct model_session *s = &m->sessions[client];
    struct model_sub *sub = &s->subs[filter];
    if (sub->qos != qos || sub->doubt) sub_change(m, sub, qos, commit);
    forget_jobs(s, filter);
    for (int i = 0; i < MODEL_TOPICS; i++)
        if (model_matches(model_filters[filter], model_topics[i])) add_job(m, s, filter, i, qos);
}

void model_unsubscribe(struct model *m, int client, int filter, int64_t commit)
{
    struct model_session *s = &m->sessions[client];
    struct model_sub *sub = &s->subs[filter];
    if (sub->qos != MODEL_NONE || sub->doubt) sub_change(m, sub, MODEL_NONE, commit);
    forget_jobs(s, filter);
}

/* ---- messages ---- */

int model_message(struct model *m, int publisher, int topic, uint8_t qos, bool retain, bool empty)
{
    if (m->messages + 1 == MODEL_MESSAGES) return 0;
    m->msgs[++m->messages] = (struct model_msg){ .topic = (uint8_t)topic,
                                                 .qos = qos,
                                                 .publisher = (uint8_t)publisher,
                                                 .retain = retain,
                                                 .empty = empty };
    return m->messages;
}

struct model_item *model_item_add(struct model *m, struct model_session *s, int number, uint8_t qos)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->items = xrealloc(s->items, s->capacity * sizeof *s->items);
    }
    struct model_item *item = &s->items[s->count++];
    *item = (struct model_item){ .number = number, .qos = qos, .order = m->routed };
    return item;
}

struct model_item *model_item_find(struct model_session *s, int number)
{
    return s->by_number[number] ? &s->items[s->by_number[number] - 1] : NULL;
}

size_t model_in_flight(const struct model_session *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct model_item *item = &s->items[i];
        if (item->maybe) continue;
        count += item->state == ITEM_RELEASING || item->state == ITEM_RELEASED ||
                 (item->state == ITEM_SENT && item->sent_on == s->connection);
    }
    return count;
}

/* The queue's limit: is it reached for certain, is it perhaps? What is in flight may count or not. */
static void queue_limit(const struct model *m, const struct model_session *s, bool *full,
                        bool *perhaps)
{
    size_t least = 0, most = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct model_item *item = &s->items[i];
        if (item->state == ITEM_GONE || item->qos == 0) continue;
        most++;
        least += item->state == ITEM_QUEUED && !item->maybe;
    }
    for (size_t i = 0; i < s->job_count; i++)
        most += !s->jobs[i].done;
    *full = least >= m->limit;
    *perhaps = most >= m->limit;
}

/* What the session's subscriptions make of the message: false if nothing. */
bool model_match(const struct model *m, const struct model_session *s, const struct model_msg *msg,
                 uint8_t *qos, bool *doubt)
{
    bool any = false;
    *qos = 0;
    *doubt = false;
    for (int i = 0; i < MODEL_FILTERS; i++) {
        const struct model_sub *sub = &s->subs[i];
        if (sub->qos == MODEL_NONE && !sub->doubt) continue;
        if (!model_matches(model_filters[i], model_topics[msg->topic])) continue;
        any = true;
        if (sub->doubt)
            *doubt = true;
        else if (sub->qos > *qos)
            *qos = sub->qos;
    }
    if (*qos > msg->qos) *qos = msg->qos;
    if (*doubt) *qos = msg->qos;
    return any;
}

void model_route_to(struct model *m, struct model_session *s, int number, int64_t commit,
                    bool maybe)
{
    uint8_t qos;
    bool doubt, full, perhaps;
    if (!s->exists || s->chaos || !model_match(m, s, &m->msgs[number], &qos, &doubt)) return;
    if (qos == 0 && !s->attached) return;
    queue_limit(m, s, &full, &perhaps);
    if (qos > 0 && full && !doubt) return;
    struct model_item *item = model_item_add(m, s, number, qos);
    s->by_number[number] = (int)s->count;
    item->commit = commit;
    item->any_qos = doubt;
    item->maybe_full = qos > 0 && perhaps;
    item->maybe = maybe || doubt || (qos == 0 ? s->congested : perhaps);
}

void model_retain(struct model *m, int topic, int number, int64_t commit)
{
    struct model_retained *r = &m->retained[topic];
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 16;
        r->history = xrealloc(r->history, r->capacity * sizeof *r->history);
        r->commits = xrealloc(r->commits, r->capacity * sizeof *r->commits);
    }
    r->history[r->count] = number;
    r->commits[r->count++] = commit;
}

void model_route(struct model *m, int number, int64_t commit, bool maybe)
{
    struct model_msg *msg = &m->msgs[number];
    m->routed++;
    msg->routed = true;
    if (msg->retain)
        model_retain(m, msg->topic, msg->empty ? 0 : number,
                     maybe || msg->qos == 0 ? INT64_MAX : commit);
    for (int i = 0; i < MODEL_CLIENTS; i++)
        model_route_to(m, &m->sessions[i], number, commit, maybe);
}

/* Of all clients the publish that the store has and nobody has got yet; the oldest. Forgets those that are
 * complete. */
static struct model_pub *first_committed(struct model *m)
{
    struct model_pub *first = NULL;
    for (int i = 0; i < MODEL_CLIENTS * MODEL_PENDING; i++) {
        struct model_pub *pub = &m->sessions[i / MODEL_PENDING].pubs[i % MODEL_PENDING];
        if (!pub->id || pub->commit > m->committed) continue;
        if (pub->state == PUB_RELEASED) pub->id = 0;
        if (pub->state == PUB_SENT && (!first || pub->number < first->number)) first = pub;
    }
    return first;
}

void model_advance(struct model *m, int64_t committed, int64_t next)
{
    m->committed = committed;
    m->next = next;
    for (struct model_pub *pub; (pub = first_committed(m));) {
        pub->state = PUB_RECEIVED;
        if (m->msgs[pub->number].routed) continue;
        m->msgs[pub->number].effects = next;
        model_route(m, pub->number, next, false);
    }
}

/* ---- what clients acknowledge ---- */

struct model_item *model_pick(struct model *m, int client, enum item_state state, size_t n)
{
    struct model_session *s = &m->sessions[client];
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0, at = 0; i < s->count; i++) {
            struct model_item *item = &s->items[i];
            if (item->state != state || item->sent_on != s->connection || item->qos == 0) continue;
            if (pass == 1 && at++ == n % count) return item;
            if (pass == 0) count++;
        }
        if (!count) return NULL;
    }
    return NULL;
}

void model_puback(struct model *m, int client, struct model_item *item)
{
    item->state = ITEM_GONE;
    item->ack_commit = m->next;
}

void model_pubrec(struct model *m, int client, struct model_item *item)
{
    item->state = ITEM_RELEASING;
    item->ack_commit = m->next;
}

void model_pubcomp(struct model *m, int client, struct model_item *item)
{
    item->state = ITEM_GONE;
    item->ack_commit = m->next;
}

void model_let_go(struct model_session *s, uint16_t id)
{
    for (size_t i = 0; i < s->held_count; i++)
        if (s->held[i].id == id) {
            s->held[i] = s->held[--s->held_count];
            return;
        }
}
