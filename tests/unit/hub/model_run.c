/* model_run.c — see model_run.h: the steps. After each of them model_watch.c shows the model what has come of
 * it. */
#include "model_run_priv.h"

#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

#include <sqlite3.h>

enum { STRAY_ID = 30000 };

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
    run_heal(r);
    run_idle(r);
}

static void do_sync(struct run *r, const struct step *step)
{
    run_heal(r);
    settle(r->f);
    run_observe(r);
    model_settled(&r->m);
    model_at_rest(&r->m);
}

static void route_now(struct run *r, int number)
{
    r->m.next = store_next_commit(r->f->store);
    if (number) model_route(&r->m, number, r->m.next, false);
}

static void detach(struct run *r, int client, enum session_end why)
{
    struct client *c = run_client(r, client);
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
    struct client *c = run_client(r, step->client);
    bool clean = step->flags & FLAG_CLEAN || s->chaos;
    if (clean && waits_for_commit(s)) run_idle(r); /* or nobody knows whether it was delivered */
    int number = step->flags & FLAG_WILL
                     ? model_message(&r->m, step->client, step->topic, step->qos,
                                     step->flags & FLAG_RETAIN, false)
                     : 0;
    struct msg *will = number ? run_message(&r->m, number) : NULL;
    if (c->session) {
        route_now(r, model_detach(&r->m, step->client, true));
        r->now[step->client] ^= 1;
    }
    struct client *next = run_client(r, step->client);
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
        client_subscribe(run_client(r, step->client), model_filters[filter], step->qos);
    if (commit < 0) model_fail(&r->m, "subscribe is refused: %d", (int)commit);
    model_subscribe(&r->m, step->client, filter, step->qos, commit);
}

static void do_unsubscribe(struct run *r, const struct step *step)
{
    int filter = step->n % MODEL_FILTERS;
    int64_t commit = client_unsubscribe(run_client(r, step->client), model_filters[filter]);
    if (commit < 0) model_fail(&r->m, "unsubscribe is refused: %d", (int)commit);
    model_unsubscribe(&r->m, step->client, filter, commit);
}

static void do_publish(struct run *r, const struct step *step)
{
    struct client *c = run_client(r, step->client);
    bool retain = step->flags & FLAG_RETAIN;
    int number = model_message(&r->m, c->session ? step->client : MODEL_SYSTEM, step->topic,
                               step->qos % 2, retain, retain && step->flags & FLAG_EMPTY);
    if (!number) return;
    struct msg *msg = run_message(&r->m, number);
    int64_t commit =
        hub_publish(r->f->hub, c->session ? c->principal : principal_system(),
                    c->session ? session_auth_conn(c->session) : NULL, msg, NULL, NULL);
    msg_unref(msg);
    if (commit < 0) model_fail(&r->m, "publish is refused: %d", (int)commit);
    model_route(&r->m, number, commit, false);
}

static int64_t receive(struct run *r, int client, const struct model_pub *pub)
{
    struct msg *msg = run_message(&r->m, pub->number);
    int64_t commit = session_receive(run_client(r, client)->session, pub->id, msg, NULL, NULL);
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
    pub->commit = client_release(run_client(r, step->client), pub->id);
    pub->state = PUB_RELEASED;
    if (pub->commit < 0) model_fail(&r->m, "PUBREL is refused: %d", (int)pub->commit);
}

static bool ack(struct run *r, int client, size_t n)
{
    struct session *session = run_client(r, client)->session;
    struct model_item *item = model_pick(&r->m, client, ITEM_SENT, n);
    if (!item) return false;
    r->m.next = store_next_commit(r->f->store);
    if (item->qos == 1) {
        model_puback(&r->m, client, item);
        session_puback(session, item->id);
    } else {
        model_pubrec(&r->m, client, item);
        session_pubrec(session, item->id, 0);
    }
    return true;
}

static bool comp(struct run *r, int client, size_t n)
{
    struct model_item *item = model_pick(&r->m, client, ITEM_RELEASED, n);
    if (!item) return false;
    r->m.next = store_next_commit(r->f->store);
    model_pubcomp(&r->m, client, item);
    session_pubcomp(run_client(r, client)->session, item->id);
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
    struct session *session = run_client(r, step->client)->session;
    struct model_item *item = model_pick(&r->m, step->client, ITEM_SENT, step->n);
    uint16_t *stray = &r->m.sessions[step->client].stray;
    *stray = STRAY_ID;
    if (item && item->qos == 1) {
        *stray = item->id;
        session_pubcomp(session, item->id);
        session_pubrec(session, item->id, 0);
    } else if (item) {
        session_puback(session, item->id);
        session_pubcomp(session, item->id);
    } else {
        session_puback(session, STRAY_ID);
        session_pubrec(session, STRAY_ID, 0);
        session_pubcomp(session, STRAY_ID);
    }
    run_observe(r);
    *stray = 0;
}

static void do_congest(struct run *r, const struct step *step)
{
    run_client(r, step->client)->congested = true;
    r->m.sessions[step->client].congested = true;
}

static void do_clear(struct run *r, const struct step *step)
{
    struct client *c = run_client(r, step->client);
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
    run_observe(r);
}

static void do_restart(struct run *r, const struct step *step)
{
    run_heal(r);
    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (run_client(r, i)->session) detach(r, i, SESSION_END_CONNECTION_LOST);
    fixture_restart(r->f);
    model_restart(&r->m);
    run_observe(r);
}

static void do_crash(struct run *r, const struct step *step)
{
    run_await_thread(r);
    run_observe(r);
    vfs_fault_heal();
    fixture_crash(r->f);
    for (int i = 0; i < MODEL_CLIENTS; i++)
        buf_clear(&run_client(r, i)->log);
    model_crash(&r->m, store_next_commit(r->f->store));
    run_check_retained(r, true);
}

static void do_burst(struct run *r, const struct step *step)
{
    for (int i = 0; i < step->n; i++) {
        do_publish(r, step);
        run_observe(r); /* what was sent no longer waits in the queue */
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
    const struct client *c = run_client(r, step->client);
    if (kinds[step->kind].attached && !c->session) return;
    r->m.next = store_next_commit(r->f->store);
    kinds[step->kind].run(r, step);
    run_observe(r);
}

/* In the end everybody comes, and gets all that is left. */
static void run_out(struct run *r)
{
    for (uint8_t i = 0; i < MODEL_CLIENTS && !r->m.failure[0]; i++) {
        if (!run_client(r, i)->session)
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
    run_heal(r);
    for (uint8_t i = 0; i < MODEL_CLIENTS; i++) {
        struct client *c = run_client(r, i);
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
