/* model_run.c — see model_run.h. After each step the packets that clients have got, and the retained
 * messages, are shown to the model. A number becomes a payload with dots behind it: some are long, so that
 * rows and pages of all sizes come up. */
#include "model_run.h"

#include "base/buf.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

#include <sqlite3.h>

enum { MOST_ROUNDS = 2000, STRAY_ID = 30000 };

struct run {
    struct fixture *f;
    struct model m;
    struct client clients[MODEL_CLIENTS][2]; /* the second one, for take-overs */
    int now[MODEL_CLIENTS];                  /* which of them is the present one */
    struct principal *principals[MODEL_CLIENTS];
};

static struct client *client_of_step(struct run *r, int client)
{
    return &r->clients[client][r->now[client]];
}

static struct msg *message_of(const struct model *m, int number)
{
    const struct model_msg *msg = &m->msgs[number];
    struct buf payload = { 0 };
    if (!msg->empty) buf_printf(&payload, "%d.", number);
    size_t dots = number % 101 == 0 ? 70000 : number % 13 == 0 ? 3000 : 0;
    for (size_t i = 0; !msg->empty && i < dots; i++)
        buf_putc(&payload, '.');
    struct msg *made = message(model_topics[msg->topic], buf_str(&payload), msg->qos, msg->retain);
    buf_deinit(&payload);
    return made;
}

/* ---- looking ---- */

static void observe_token(struct run *r, int client, char *token)
{
    if (strncmp(token, "rel#", 4) == 0) {
        model_observe_pubrel(&r->m, client, (uint16_t)atoi(token + 4));
        return;
    }
    char *payload = strchr(token, '=');
    char *flags = strchr(payload, '/');
    *payload++ = '\0';
    *flags++ = '\0';
    const char *id = strchr(flags, '#');
    model_observe_publish(&r->m, client, atoi(payload), token, (uint8_t)(flags[0] - '0'),
                          strchr(flags, 'r'), strchr(flags, 'd'), id ? (uint16_t)atoi(id + 1) : 0);
}

static void observe_client(struct run *r, int client)
{
    struct client *c = client_of_step(r, client);
    if (!c->log.len) return;
    char *text = xstrdup(buf_str(&c->log)), *rest = text;
    buf_clear(&c->log);
    for (char *token; (token = strtok_r(rest, " ", &rest));)
        observe_token(r, client, token);
    free(text);
}

static int retained_number(struct run *r, int topic)
{
    struct msg *msg = hub_retained_get(r->f->hub, slice_str(model_topics[topic]));
    return msg ? atoi(msg->payload.ptr) : 0;
}

static void check_retained(struct run *r, bool after_crash)
{
    for (int i = 0; i < MODEL_TOPICS; i++)
        model_check_retained(&r->m, i, retained_number(r, i), after_crash);
}

/* What the store has reached, what follows from it, and what clients got. */
static void observe(struct run *r)
{
    model_advance(&r->m, store_committed(r->f->store), store_next_commit(r->f->store));
    for (int i = 0; i < MODEL_CLIENTS; i++)
        observe_client(r, i);
    model_step_end(&r->m);
    check_retained(r, false);
}

struct fence {
    struct store_req req; /* first */
    bool done;
};

static int run_fence(struct store_req *req, struct db *db)
{
    return 0;
}

static void on_fence(struct store_req *req, int rc)
{
    container_of(req, struct fence, req)->done = true;
}

/* The store's thread has nothing to do: all that it was given is committed, or has failed. */
static void await_thread(struct run *r)
{
    struct store *store = r->f->store;
    while (!store_failing(store) && store_committed(store) + 1 < store_next_commit(store))
        loop_turn_wait(r->f->loop, 100);
    if (!store_failing(store)) return;
    struct fence fence = { .req = { .run = run_fence, .done = on_fence } };
    store_read(store, &fence.req);
    loop_turn(r->f->loop);
    while (!fence.done)
        loop_turn_wait(r->f->loop, 100);
}

/* Until nothing happens by itself; what nobody waits for stays in its batch. */
static void run_idle(struct run *r)
{
    struct store *store = r->f->store;
    for (int i = 0; i < MOST_ROUNDS; i++) {
        await_thread(r);
        bool busy = loop_turn(r->f->loop);
        if (busy) continue;
        if (store_failing(store) || store_committed(store) + 1 == store_next_commit(store)) break;
    }
    observe(r);
}

static void heal(struct run *r)
{
    vfs_fault_heal();
    if (store_failing(r->f->store)) clock_fake_advance(1000); /* it tries again by itself */
    while (store_failing(r->f->store)) {
        loop_turn(r->f->loop);
        if (store_failing(r->f->store)) loop_turn_wait(r->f->loop, 1);
    }
    observe(r);
}

/* ---- steps ---- */

static void do_run(struct run *r, const struct step *step)
{
    run_idle(r);
}

static void do_fill(struct run *r, const struct step *step)
{
    vfs_fault_fail_from(1, SQLITE_FULL);
}

static void do_heal(struct run *r, const struct step *step)
{
    heal(r);
    run_idle(r);
}

static void do_sync(struct run *r, const struct step *step)
{
    heal(r);
    settle(r->f);
    observe(r);
    model_at_rest(&r->m);
}

static void route_now(struct run *r, int number)
{
    r->m.next = store_next_commit(r->f->store);
    if (number) model_route(&r->m, number, r->m.next, false);
}

static void detach(struct run *r, int client, enum session_end why)
{
    struct client *c = client_of_step(r, client);
    client_drop(c, why);
    route_now(r, model_detach(&r->m, client, why != SESSION_END_CLIENT_INITIATED));
    run_idle(r);
}

static void do_disconnect(struct run *r, const struct step *step)
{
    detach(r, step->client, SESSION_END_CLIENT_INITIATED);
}

static void do_drop(struct run *r, const struct step *step)
{
    detach(r, step->client, SESSION_END_CONNECTION_LOST);
}

static bool waits_for_commit(const struct model_session *s)
{
    for (int i = 0; i < MODEL_PENDING; i++)
        if (s->pubs[i].id && s->pubs[i].state == PUB_SENT && s->pubs[i].commit != INT64_MAX)
            return true;
    return false;
}

static void do_connect(struct run *r, const struct step *step)
{
    struct model_session *s = &r->m.sessions[step->client];
    struct client *c = client_of_step(r, step->client);
    bool clean = step->flags & FLAG_CLEAN || s->chaos;
    if (clean && waits_for_commit(s)) run_idle(r); /* or nobody knows whether it was delivered */
    int number = step->flags & FLAG_WILL
                     ? model_message(&r->m, step->client, step->topic, step->qos,
                                     step->flags & FLAG_RETAIN, false)
                     : 0;
    struct msg *will = number ? message_of(&r->m, number) : NULL;
    if (c->session) {
        route_now(r, model_detach(&r->m, step->client, true));
        r->now[step->client] ^= 1;
    }
    struct client *next = client_of_step(r, step->client);
    next->congested = false;
    char id[2] = { (char)('a' + step->client), '\0' };
    int64_t commit = client_open_will(r->f, next, id, clean, will);
    msg_unref(will);
    if (commit < 0)
        model_fail(&r->m, "connect is refused: %d", (int)commit);
    else
        model_connect(&r->m, step->client, clean, next->present, number, commit);
    if (next != c && !c->ended) model_fail(&r->m, "the old connection is not ended");
    if (next != c) buf_clear(&c->log);
}

static void do_subscribe(struct run *r, const struct step *step)
{
    int filter = step->n % MODEL_FILTERS;
    int64_t commit =
        client_subscribe(client_of_step(r, step->client), model_filters[filter], step->qos);
    if (commit < 0) model_fail(&r->m, "subscribe is refused: %d", (int)commit);
    model_subscribe(&r->m, step->client, filter, step->qos, commit);
}

static void do_unsubscribe(struct run *r, const struct step *step)
{
    int filter = step->n % MODEL_FILTERS;
    int64_t commit = session_unsubscribe(client_of_step(r, step->client)->session,
                                         slice_str(model_filters[filter]));
    if (commit < 0) model_fail(&r->m, "unsubscribe is refused: %d", (int)commit);
    model_unsubscribe(&r->m, step->client, filter, commit);
}

static void do_publish(struct run *r, const struct step *step)
{
    struct client *c = client_of_step(r, step->client);
    bool retain = step->flags & FLAG_RETAIN;
    int number = model_message(&r->m, c->session ? step->client : MODEL_SYSTEM, step->topic,
                               step->qos % 2, retain, retain && step->flags & FLAG_EMPTY);
    if (!number) return;
    struct msg *msg = message_of(&r->m, number);
    int64_t commit =
        hub_publish(r->f->hub, c->session ? c->principal : principal_system(),
                    c->session ? session_auth_conn(c->session) : NULL, msg, NULL, NULL);
    msg_unref(msg);
    if (commit < 0) model_fail(&r->m, "publish is refused: %d", (int)commit);
    model_route(&r->m, number, commit, false);
}

static int64_t receive(struct run *r, int client, const struct model_pub *pub)
{
    struct msg *msg = message_of(&r->m, pub->number);
    int64_t commit = session_receive(client_of_step(r, client)->session, pub->id, msg, NULL, NULL);
    msg_unref(msg);
    if (commit < 0) model_fail(&r->m, "publish of QoS 2 is refused: %d", (int)commit);
    return commit;
}

static void do_publish2(struct run *r, const struct step *step)
{
    struct model_session *s = &r->m.sessions[step->client];
    int slot = 0;
    while (slot < MODEL_PENDING && s->pubs[slot].id)
        slot++;
    if (slot == MODEL_PENDING) return;
    bool retain = step->flags & FLAG_RETAIN;
    int number = model_message(&r->m, step->client, step->topic, 2, retain,
                               retain && step->flags & FLAG_EMPTY);
    if (!number) return;
    struct model_pub *pub = &s->pubs[slot];
    *pub = (struct model_pub){ .id = (uint16_t)(slot + 1), .number = number };
    pub->commit = receive(r, step->client, pub);
    if (!s->clean) return;
    pub->state = PUB_RECEIVED;
    model_route(&r->m, number, pub->commit, false);
}

static struct model_pub *pick_pub(struct run *r, const struct step *step, bool to_release)
{
    struct model_session *s = &r->m.sessions[step->client];
    for (int i = 0; i < MODEL_PENDING; i++) {
        struct model_pub *pub = &s->pubs[(i + step->n) % MODEL_PENDING];
        bool received = pub->state == PUB_RECEIVED && pub->commit <= r->m.committed;
        bool again = pub->state == PUB_RELEASED && pub->commit == INT64_MAX;
        if (pub->id && (to_release ? received || again : pub->state != PUB_RELEASED)) return pub;
    }
    return NULL;
}

static void do_repeat(struct run *r, const struct step *step)
{
    struct model_pub *pub = pick_pub(r, step, false);
    if (!pub) return;
    int64_t commit = receive(r, step->client, pub);
    if (pub->commit == INT64_MAX) pub->commit = commit;
}

static void do_release(struct run *r, const struct step *step)
{
    struct model_pub *pub = pick_pub(r, step, true);
    if (!pub) return;
    pub->commit = session_release(client_of_step(r, step->client)->session, pub->id);
    pub->state = PUB_RELEASED;
    if (pub->commit < 0) model_fail(&r->m, "PUBREL is refused: %d", (int)pub->commit);
}

static bool ack(struct run *r, int client, size_t n)
{
    struct session *session = client_of_step(r, client)->session;
    struct model_item *item = model_pick(&r->m, client, ITEM_SENT, n);
    if (!item) return false;
    r->m.next = store_next_commit(r->f->store);
    if (item->qos == 1) {
        model_puback(&r->m, client, item);
        session_puback(session, item->id);
    } else {
        model_pubrec(&r->m, client, item);
        session_pubrec(session, item->id);
    }
    return true;
}

static bool comp(struct run *r, int client, size_t n)
{
    struct model_item *item = model_pick(&r->m, client, ITEM_RELEASED, n);
    if (!item) return false;
    r->m.next = store_next_commit(r->f->store);
    model_pubcomp(&r->m, client, item);
    session_pubcomp(client_of_step(r, client)->session, item->id);
    return true;
}

static void do_ack(struct run *r, const struct step *step)
{
    ack(r, step->client, step->n);
}

static void do_comp(struct run *r, const struct step *step)
{
    comp(r, step->client, step->n);
}

static void do_stray(struct run *r, const struct step *step)
{
    struct session *session = client_of_step(r, step->client)->session;
    struct model_item *item = model_pick(&r->m, step->client, ITEM_SENT, step->n);
    uint16_t *stray = &r->m.sessions[step->client].stray;
    *stray = STRAY_ID;
    if (item && item->qos == 1) {
        *stray = item->id;
        session_pubcomp(session, item->id);
        session_pubrec(session, item->id);
    } else if (item) {
        session_puback(session, item->id);
        session_pubcomp(session, item->id);
    } else {
        session_puback(session, STRAY_ID);
        session_pubrec(session, STRAY_ID);
        session_pubcomp(session, STRAY_ID);
    }
    observe(r);
    *stray = 0;
}

static void do_congest(struct run *r, const struct step *step)
{
    client_of_step(r, step->client)->congested = true;
    r->m.sessions[step->client].congested = true;
}

static void do_clear(struct run *r, const struct step *step)
{
    struct client *c = client_of_step(r, step->client);
    c->congested = r->m.sessions[step->client].congested = false;
    session_pump(c->session);
}

static void do_clock(struct run *r, const struct step *step)
{
    clock_fake_advance(1000);
    run_idle(r);
}

static void do_expire(struct run *r, const struct step *step)
{
    do_sync(r, step);
    clock_fake_advance(2 * r->f->opts.session_expiry_ms);
    settle(r->f);
    model_expire(&r->m);
    observe(r);
}

static void do_restart(struct run *r, const struct step *step)
{
    heal(r);
    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (client_of_step(r, i)->session) detach(r, i, SESSION_END_CONNECTION_LOST);
    fixture_restart(r->f);
    model_restart(&r->m);
    observe(r);
}

static void do_crash(struct run *r, const struct step *step)
{
    await_thread(r);
    observe(r);
    vfs_fault_heal();
    fixture_crash(r->f);
    for (int i = 0; i < MODEL_CLIENTS; i++)
        buf_clear(&client_of_step(r, i)->log);
    model_crash(&r->m, store_next_commit(r->f->store));
    check_retained(r, true);
}

static void do_burst(struct run *r, const struct step *step)
{
    for (int i = 0; i < step->n; i++) {
        do_publish(r, step);
        observe(r); /* what was sent no longer waits in the queue */
    }
}

static void do_drain(struct run *r, const struct step *step)
{
    for (size_t got = 0; got < step->n;) {
        size_t before = got;
        while (ack(r, step->client, 0) || comp(r, step->client, 0))
            got++;
        if (got == before) return;
        run_idle(r);
    }
}

static const struct {
    const char *name;
    void (*run)(struct run *r, const struct step *step);
    bool attached;
} kinds[] = {
#define X(name, weight, attached) { #name, do_##name, attached },
    STEP_LIST(X)
#undef X
};

static void run_step(struct run *r, const struct step *step)
{
    const struct client *c = client_of_step(r, step->client);
    if (kinds[step->kind].attached && !c->session) return;
    r->m.next = store_next_commit(r->f->store);
    kinds[step->kind].run(r, step);
    observe(r);
}

/* In the end everybody comes, and gets all that is left. */
static void run_out(struct run *r)
{
    for (uint8_t i = 0; i < MODEL_CLIENTS && !r->m.failure[0]; i++) {
        if (!client_of_step(r, i)->session)
            run_step(r, &(struct step){ .kind = STEP_connect, .client = i });
        run_step(r, &(struct step){ .kind = STEP_clear, .client = i });
        run_step(r, &(struct step){ .kind = STEP_sync });
        run_step(r, &(struct step){ .kind = STEP_drain, .client = i, .n = UINT16_MAX });
        run_step(r, &(struct step){ .kind = STEP_sync });
    }
}

/* Leaves the hub as it was found: without sessions and retained messages. */
static void clean_up(struct run *r)
{
    heal(r);
    for (uint8_t i = 0; i < MODEL_CLIENTS; i++) {
        struct client *c = client_of_step(r, i);
        char id[2] = { (char)('a' + i), '\0' };
        c->congested = false;
        if (c->session) client_drop(c, SESSION_END_CLIENT_INITIATED);
        client_open(r->f, c, id, true);
        for (int k = 0; k < 2; k++)
            client_free(&r->clients[i][k]);
    }
    for (int i = 0; i < MODEL_TOPICS; i++) {
        struct msg *msg = message(model_topics[i], "", 1, true);
        hub_publish(r->f->hub, principal_system(), NULL, msg, NULL, NULL);
        msg_unref(msg);
    }
    settle(r->f);
}

bool script_run(struct fixture *f, const struct script *script, char failure[512], size_t *ret_at)
{
    struct run *r = xnew(struct run);
    r->f = f;
    f->opts.max_inflight = script->window;
    f->opts.max_queued = script->limit;
    hub_set_opts(f->hub, &f->opts);
    model_init(&r->m, script->window, script->limit);
    model_advance(&r->m, store_committed(f->store), store_next_commit(f->store));
    size_t at = 0;
    for (; at < script->count && !r->m.failure[0]; at++)
        run_step(r, &script->steps[at]);
    if (!r->m.failure[0]) run_out(r);
    snprintf(failure, 512, "%s", r->m.failure);
    *ret_at = at;
    clean_up(r);
    model_deinit(&r->m);
    free(r);
    return !failure[0];
}

/* ---- for the reader ---- */

static void print_publish(const struct step *step)
{
    printf(" %s%s%s", model_topics[step->topic], step->flags & FLAG_RETAIN ? " retain" : "",
           step->flags & FLAG_RETAIN && step->flags & FLAG_EMPTY ? " empty" : "");
}

static void print_step(const struct step *step)
{
    printf("%-11s %c", kinds[step->kind].name, 'a' + step->client);
    if (step->kind == STEP_connect)
        printf(" %s", step->flags & FLAG_CLEAN ? "clean" : "persistent");
    if (step->kind == STEP_connect && step->flags & FLAG_WILL) {
        printf(" will qos %d", step->qos);
        print_publish(step);
    }
    if (step->kind == STEP_subscribe || step->kind == STEP_unsubscribe)
        printf(" %s", model_filters[step->n % MODEL_FILTERS]);
    if (step->kind == STEP_subscribe) printf(" qos %d", step->qos);
    if (step->kind == STEP_publish || step->kind == STEP_burst) printf(" qos %d", step->qos % 2);
    if (step->kind == STEP_publish || step->kind == STEP_burst || step->kind == STEP_publish2)
        print_publish(step);
    if (step->kind >= STEP_repeat && step->kind != STEP_congest && step->kind != STEP_clear &&
        kinds[step->kind].attached)
        printf(" %d", step->n);
    if (step->kind == STEP_burst) printf(" %d times", step->n);
    putchar('\n');
}

void script_print(const struct script *script, size_t at)
{
    printf("window %zu, limit %zu\n", script->window, script->limit);
    for (size_t i = 0; i < script->count; i++) {
        printf("%s %3zu  ", i + 1 == at ? "→" : " ", i + 1);
        print_step(&script->steps[i]);
    }
    if (at == script->count) printf("(the last step, or after it)\n");
}
