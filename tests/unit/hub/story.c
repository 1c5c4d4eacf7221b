/* story.c — see story.h. Message i is of QoS 1 when i % 3 == 0, of QoS 2 when it is 1, and retained when it
 * is 2. */
#include "story.h"

enum { LAG = 12 }; /* PUBREL of a message follows when so many more are published */

static bool is_retained(int i)
{
    return i % 3 == 2;
}

static bool is_qos2(int i)
{
    return i % 3 == 1;
}

/* ---- the receivers ---- */

static void on_pubrel(struct story_receiver *r, uint16_t id)
{
    for (int i = 0; i < STORY_MESSAGES; i++)
        if (r->held[i] == id) r->held[i] = 0;
    session_pubcomp(r->client.session, id);
}

static void on_message(struct story_receiver *r, int i, uint16_t id)
{
    if (!is_qos2(i)) {
        r->got[i]++;
        session_puback(r->client.session, id);
        return;
    }
    bool repeated = false; /* the client goes by the identifier alone */
    for (int k = 0; k < STORY_MESSAGES; k++)
        repeated |= r->held[k] == id;
    if (!repeated) {
        r->got[i]++;
        r->held[i] = id;
    }
    session_pubrec(r->client.session, id, 0);
}

/* Takes what has come, and answers it. */
static bool take(struct story_receiver *r)
{
    if (!r->client.log.len) return false;
    char *text = strdup(buf_str(&r->client.log)), *rest = text;
    buf_clear(&r->client.log);
    for (char *token; (token = strtok_r(rest, " ", &rest));) {
        uint16_t id = (uint16_t)atoi(strchr(token, '#') + 1);
        if (strncmp(token, "rel#", 4) == 0)
            on_pubrel(r, id);
        else
            on_message(r, atoi(strchr(token, '=') + 1), id);
    }
    free(text);
    return true;
}

static void receive_all(struct story *s, struct story_receiver *r, const char *id)
{
    client_open(s->f, &r->client, id, false);
    do
        settle(s->f);
    while (take(r));
    client_free(&r->client);
}

/* ---- the story ---- */

static void leave_receiver(struct story *s, struct client *c, const char *id)
{
    client_open(s->f, c, id, false);
    client_subscribe(c, "t", 2);
}

void story_begin(struct story *s, struct fixture *f)
{
    *s = (struct story){ .f = f };
    for (int i = 0; i < STORY_MESSAGES; i++)
        s->commits[i] = s->released[i] = -1;
    leave_receiver(s, &s->absent.client, "absent");
    client_free(&s->absent.client);
    leave_receiver(s, &s->online.client, "online");
    client_open(f, &s->pump, "pump", false);
    settle(f);
}

/* Used again as soon as PUBCOMP has come. */
static void choose_id(struct story *s, int i)
{
    int before = i - 2 * LAG;
    bool free_again = before < 0 || (s->released[before] >= 0 &&
                                     s->released[before] <= store_committed(s->f->store));
    s->ids[i] = (uint16_t)(free_again ? 1 + i % (2 * LAG) : 100 + i);
}

static void publish_one(struct story *s, int i)
{
    char payload[16], topic[16];
    snprintf(payload, sizeof payload, "%d.", i);
    snprintf(topic, sizeof topic, "r/%d", i / 3 % STORY_TOPICS);
    if (is_retained(i))
        s->commits[i] = client_retain(&s->pump, topic, payload, 1);
    else if (is_qos2(i))
        s->commits[i] = client_publish2(&s->pump, s->ids[i], "t", payload);
    else
        s->commits[i] = client_publish(&s->pump, "t", payload, 1);
}

void story_note(struct story *s)
{
    int64_t committed = store_committed(s->f->store);
    for (int i = 0; i < STORY_MESSAGES; i++)
        if (s->commits[i] >= 0 && s->commits[i] <= committed) s->acked[i] = true;
}

static void release_one(struct story *s, int i)
{
    if (i >= 0 && is_qos2(i) && s->acked[i]) s->released[i] = client_release(&s->pump, s->ids[i]);
}

void story_tell(struct story *s)
{
    for (int i = 0; i < STORY_MESSAGES; i++) {
        choose_id(s, i);
        publish_one(s, i);
        story_note(s);
        release_one(s, i - LAG);
        if (i % 4 == 3) store_hurry(s->f->store);
        loop_turn_wait(s->f->loop, i % 4 == 3 ? 2 : 0);
        take(&s->online);
    }
    story_note(s);
}

void story_receive_some(struct story *s)
{
    client_open(s->f, &s->absent.client, "absent", false);
    for (int i = 0; i < 10; i++) {
        take(&s->absent);
        store_hurry(s->f->store);
        loop_turn_wait(s->f->loop, 2);
    }
    take(&s->absent);
    client_free(&s->absent.client);
}

/* ---- what is left of it ---- */

static bool fails(struct story *s, const char *what, const char *who, int i)
{
    snprintf(s->failure, sizeof s->failure, "%s: message %d %s", who, i, what);
    return false;
}

/* What the publisher has no acknowledgement of it sends again: QoS 2 must come all the same once. */
static void repeat(struct story *s)
{
    client_open(s->f, &s->pump, "pump", false);
    for (int i = 0; i < STORY_MESSAGES; i++)
        if (is_qos2(i) && !s->acked[i]) publish_one(s, i);
    settle(s->f);
    for (int i = 0; i < STORY_MESSAGES; i++)
        if (is_qos2(i)) client_release(&s->pump, s->ids[i]);
    settle(s->f);
}

static bool check_receiver(struct story *s, const char *who, const int *got)
{
    for (int i = 0; i < STORY_MESSAGES; i++) {
        if (is_retained(i)) continue;
        if (is_qos2(i) && got[i] != 1) return fails(s, got[i] ? "comes twice" : "is lost", who, i);
        if (s->acked[i] && !got[i]) return fails(s, "is lost", who, i);
    }
    return true;
}

static bool check_retained(struct story *s)
{
    char topic[16];
    for (int k = 0; k < STORY_TOPICS; k++) {
        snprintf(topic, sizeof topic, "r/%d", k);
        struct msg *msg = hub_retained_get(s->f->hub, slice_str(topic));
        int last = -1;
        for (int i = 0; i < STORY_MESSAGES; i++)
            if (is_retained(i) && i / 3 % STORY_TOPICS == k && s->acked[i]) last = i;
        if (last >= 0 && (!msg || atoi(msg->payload.ptr) < last))
            return fails(s, "is lost", topic, last);
    }
    return true;
}

bool story_check(struct story *s)
{
    if (!check_retained(s)) return false;
    repeat(s);
    receive_all(s, &s->absent, "absent");
    receive_all(s, &s->online, "online");
    return check_receiver(s, "absent", s->absent.got) && check_receiver(s, "online", s->online.got);
}

void story_end(struct story *s)
{
    static const char *const ids[] = { "absent", "online", "pump" };
    char topic[16];
    client_free(&s->pump);
    client_free(&s->online.client);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        client_open(s->f, &s->pump, ids[i], true);
        client_free(&s->pump);
    }
    for (int k = 0; k < STORY_TOPICS; k++) {
        snprintf(topic, sizeof topic, "r/%d", k);
        struct msg *msg = message(topic, "", 1, true);
        hub_publish(s->f->hub, principal_system(), NULL, msg, NULL, NULL);
        msg_unref(msg);
    }
    settle(s->f);
}
