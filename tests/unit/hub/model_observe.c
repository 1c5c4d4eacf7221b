/* model_observe.c — see model.h: what clients get is judged here, packet by packet, and at rest for what
 * they have not got. Each failure names the rule that was broken. */
#include "model_priv.h"

#include <string.h>

/* [MQTT-3.3.1-1] also after a crash: what may have been sent is sent again with DUP. It is not demanded here,
 * since what was sent and not yet committed comes anew, if it comes at all: as another message. */
enum { DUP_AFTER_A_CRASH = 0 };

static char name_of(const struct model *m, const struct model_session *s)
{
    return (char)('a' + (s - m->sessions));
}

static struct model_item *find_id(struct model_session *s, uint16_t id,
                                  const struct model_item *but)
{
    for (size_t i = 0; i < s->count; i++) {
        struct model_item *item = &s->items[i];
        if (item != but && item->id == id && item->state != ITEM_GONE && item->state != ITEM_QUEUED)
            return item;
    }
    return NULL;
}

static void item_lost(struct model_item *item)
{
    item->state = ITEM_GONE;
    item->ack_commit = item->commit = 0;
}

/* ---- which item is it? ---- */

static int fits(const struct model_item *item, uint8_t qos)
{
    return 2 * (item->qos == qos) + !item->maybe;
}

/* A removal shows no number: the one with the identifier, else the oldest that can be it. */
static struct model_item *find_empty(struct model *m, struct model_session *s, int topic,
                                     uint8_t qos, bool dup, uint16_t id)
{
    struct model_item *best = NULL, *again = NULL;
    for (size_t i = 0; i < s->count; i++) {
        struct model_item *item = &s->items[i];
        const struct model_msg *msg = &m->msgs[item->number];
        if (item->retained || !msg->empty || msg->topic != topic || item->state == ITEM_GONE)
            continue;
        if (item->was_sent && item->id == id) again = item;
        if (item->was_sent || (item->qos != qos && !item->any_qos)) continue;
        if (!best || fits(item, qos) > fits(best, qos)) best = item;
    }
    if (!again || (again->maybe && again->qos != qos)) return best;
    /* if the crash has taken that one, this is another with its identifier */
    if (again->maybe && !dup && best) best->maybe = true;
    if (again->maybe) again->commit = m->next;
    return again;
}

static bool was_current(const struct model *m, const struct model_job *job, int number)
{
    const struct model_retained *r = &m->retained[job->topic];
    for (size_t i = job->since; i < r->count; i++)
        if (r->history[i] == number) return true;
    return false;
}

/* The job that the message answers: of several the one with the least choice. */
static struct model_job *find_job(struct model *m, struct model_session *s, int number, uint8_t qos)
{
    const struct model_msg *msg = &m->msgs[number];
    struct model_job *best = NULL, *must = NULL;
    for (size_t i = 0; i < s->job_count; i++) {
        struct model_job *job = &s->jobs[i];
        uint8_t granted = job->qos < msg->qos ? job->qos : msg->qos;
        if (job->done || job->topic != msg->topic || granted != qos) continue;
        if (!was_current(m, job, number)) continue;
        if (job->must) must = job;
        if (!best || job->since > best->since || (job->since == best->since && job->must))
            best = job;
    }
    if (must && !best->must) must->must = false; /* nobody knows which of them it was */
    return best;
}

static struct model_item *find_retained(struct model *m, struct model_session *s, int number,
                                        uint8_t qos, uint16_t id)
{
    struct model_job *job = find_job(m, s, number, qos);
    for (size_t i = 0; i < s->count; i++) {
        struct model_item *item = &s->items[i];
        if (!item->retained || item->number != number || item->qos != qos || item->id != id ||
            item->state == ITEM_GONE)
            continue;
        /* if the crash has taken that one, this is another with its identifier */
        if (item->maybe && job) job->must = false;
        if (item->maybe) item->commit = m->next;
        return item;
    }
    if (!job) {
        model_fail(m, "client %c: retained message %d came unasked", name_of(m, s), number);
        return NULL;
    }
    job->done = true;
    struct model_item *item = model_item_add(m, s, number, qos);
    item->retained = true;
    item->commit = m->next;
    item->may_dup = true; /* it may have waited in the queue since an earlier connection */
    return item;
}

static int topic_index(const char *topic)
{
    for (int i = 0; i < MODEL_TOPICS; i++)
        if (strcmp(model_topics[i], topic) == 0) return i;
    return -1;
}

static struct model_item *find_item(struct model *m, struct model_session *s, int number,
                                    const char *topic, uint8_t qos, bool retain, bool dup,
                                    uint16_t id)
{
    int at = topic_index(topic);
    if (at < 0 || (number && (number > m->messages || m->msgs[number].topic != at))) {
        model_fail(m, "client %c: message %d came on topic %s", name_of(m, s), number, topic);
        return NULL;
    }
    struct model_item *item = NULL;
    if (number && retain)
        return find_retained(m, s, number, qos, id);
    else if (number)
        item = model_item_find(s, number);
    else if (!retain)
        item = find_empty(m, s, at, qos, dup, id);
    if (!item)
        model_fail(m, "client %c: message %d on %s, for which nothing asks", name_of(m, s), number,
                   topic);
    return item;
}

/* ---- is it allowed? ---- */

static void check_again(struct model *m, struct model_session *s, const struct model_item *item,
                        bool dup, uint16_t id)
{
    char name = name_of(m, s);
    bool first = !item->was_sent;
    if (item->state == ITEM_GONE)
        model_fail(m, "client %c: message %d again, after the end of its exchange", name,
                   item->number);
    if ((item->state == ITEM_RELEASING || item->state == ITEM_RELEASED) && !item->rec_doubt)
        model_fail(m, "client %c: message %d again, after PUBREC", name, item->number);
    if (!first && item->sent_on == s->connection)
        model_fail(m, "client %c: message %d twice on a connection", name, item->number);
    if (!first && item->id != id)
        model_fail(m, "client %c: message %d again with identifier %d instead of %d", name,
                   item->number, id, item->id);
    bool known =
        !m->msgs[item->number].empty || item->retained; /* else it may be taken for another */
    if (first && dup && !item->may_dup && known)
        model_fail(m, "client %c: message %d with DUP at the first time", name, item->number);
    if (!first && !dup && (DUP_AFTER_A_CRASH || !item->crashed))
        model_fail(m, "client %c: message %d again without DUP", name, item->number);
}

static void check_id(struct model *m, struct model_session *s, const struct model_item *item,
                     uint16_t id)
{
    if (id == 0) model_fail(m, "client %c: identifier 0", name_of(m, s));
    struct model_item *other = find_id(s, id, item);
    if (!other) return;
    if (other->maybe)
        item_lost(other); /* so the crash has taken it */
    else
        model_fail(m, "client %c: identifier %d of message %d is still that of message %d",
                   name_of(m, s), id, item->number, other->number);
}

/* Exactly once, as the client sees it: an identifier that it holds is a repetition to it. */
static void check_held(struct model *m, struct model_session *s, const struct model_item *item,
                       uint16_t id)
{
    for (size_t i = 0; i < s->held_count; i++) {
        const struct model_held *held = &s->held[i];
        bool same = held->number == item->number;
        if (held->id == id && same) return;
        if (held->id == id)
            model_fail(m, "client %c: takes message %d for a repetition of %d", name_of(m, s),
                       item->number, held->number);
        if (same && !item->retained)
            model_fail(m, "client %c: message %d of QoS 2 twice", name_of(m, s), item->number);
    }
    if (s->held_count < sizeof s->held / sizeof s->held[0])
        s->held[s->held_count++] = (struct model_held){ id, item->number };
}

static void check_order(struct model *m, struct model_session *s, const struct model_item *item,
                        uint8_t qos)
{
    const struct model_msg *msg = &m->msgs[item->number];
    if (item->retained || msg->empty) return;
    int64_t *last = &s->last[msg->topic][msg->publisher][msg->qos][qos];
    if (item->order <= *last)
        model_fail(m, "client %c: message %d on %s after a younger one of its publisher",
                   name_of(m, s), item->number, model_topics[msg->topic]);
    *last = item->order;
}

void model_observe_publish(struct model *m, int client, int number, const char *topic, uint8_t qos,
                           bool retain, bool dup, uint16_t id)
{
    struct model_session *s = &m->sessions[client];
    struct model_item *item = find_item(m, s, number, topic, qos, retain, dup, id);
    if (!item) return;
    if (qos != item->qos && !(item->any_qos && qos <= item->qos))
        model_fail(m, "client %c: message %d with QoS %d", name_of(m, s), item->number, qos);
    check_again(m, s, item, dup, id);
    check_order(m, s, item, qos);
    item->qos = qos;
    item->any_qos = item->maybe = item->rec_doubt = item->crashed = false;
    item->was_sent = true;
    item->sent_on = s->connection;
    item->state = qos ? ITEM_SENT : ITEM_GONE;
    if (!qos) return;
    check_id(m, s, item, id);
    if (qos == 2) check_held(m, s, item, id);
    item->id = id;
    size_t count = model_in_flight(s);
    if (count > m->window)
        model_fail(m, "client %c: message %d makes %zu in flight", name_of(m, s), item->number,
                   count);
}

void model_observe_pubrel(struct model *m, int client, uint16_t id)
{
    struct model_session *s = &m->sessions[client];
    if (id == s->stray) return;
    struct model_item *item = find_id(s, id, NULL);
    bool due = item && item->qos == 2 && (item->state != ITEM_SENT || item->rec_doubt);
    if (!due) {
        model_fail(m, "client %c: PUBREL of %d, for which there was no PUBREC", name_of(m, s), id);
        return;
    }
    if (item->state == ITEM_RELEASING && !s->clean && item->ack_commit > m->committed)
        model_fail(m, "client %c: PUBREL of %d before its PUBREC is committed", name_of(m, s), id);
    item->state = ITEM_RELEASED;
    item->maybe = item->rec_doubt = false;
    item->sent_on = s->connection;
    model_let_go(s, id);
}

/* ---- what has not come ---- */

/* QoS 0 comes at once or never. */
void model_step_end(struct model *m)
{
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        struct model_session *s = &m->sessions[i];
        while (s->zeros < s->count) {
            struct model_item *item = &s->items[s->zeros++];
            if (item->qos > 0 || item->state == ITEM_GONE) continue;
            if (!item->maybe)
                model_fail(m, "client %c: message %d of QoS 0 has not come", 'a' + i, item->number);
            item_lost(item);
        }
    }
}

static void check_owed(struct model *m, struct model_session *s, const struct model_item *item,
                       bool room)
{
    if (item->maybe || item->state == ITEM_GONE) return;
    char name = name_of(m, s);
    bool here = item->sent_on == s->connection;
    if (item->state == ITEM_RELEASING || (item->state == ITEM_RELEASED && !here))
        model_fail(m, "client %c: PUBREL of message %d has not come", name, item->number);
    if (item->state == ITEM_SENT && !here && (room || !item->crashed))
        model_fail(m, "client %c: message %d has not come again", name, item->number);
    if (item->state == ITEM_QUEUED && room)
        model_fail(m, "client %c: message %d has not come", name, item->number);
}

/* There was room for all that waits: what has not come now does not exist. */
static void forget_maybes(struct model_session *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].maybe && s->items[i].state != ITEM_GONE) item_lost(&s->items[i]);
    s->job_count = 0;
}

static void session_at_rest(struct model *m, struct model_session *s)
{
    bool room = model_in_flight(s) < m->window;
    for (size_t i = 0; i < s->count; i++)
        check_owed(m, s, &s->items[i], room);
    for (size_t i = 0; room && i < s->job_count; i++) {
        const struct model_job *job = &s->jobs[i];
        if (job->must && !job->done && !was_current(m, job, 0))
            model_fail(m, "client %c: the retained message of %s has not come to %s", name_of(m, s),
                       model_topics[job->topic], model_filters[job->filter]);
    }
    if (room) forget_maybes(s);
}

void model_at_rest(struct model *m)
{
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        struct model_session *s = &m->sessions[i];
        if (s->attached && !s->congested && !s->chaos) session_at_rest(m, s);
    }
}

/* ---- retained ---- */

void model_check_retained(struct model *m, int topic, int number, bool after_crash)
{
    struct model_retained *r = &m->retained[topic];
    int current = r->count ? r->history[r->count - 1] : 0;
    bool found = number == current;
    for (size_t i = r->count; after_crash && !found && i > 0; i--) {
        found = r->history[i - 1] == number;
        if (r->commits[i - 1] == 0) break;
        if (i == 1 && number == 0) found = true;
    }
    if (!found)
        model_fail(m, "the retained message of %s is %d", model_topics[topic], number);
    else if (after_crash && number != current)
        model_retain(m, topic, number, m->next);
}
