/* model_watch.c — see model_run.h: shows the model what clients have got, and waits for the store.
 * A number becomes a payload with dots behind it: some are long, so that rows and pages of all sizes come
 * up. */
#include "model_run_priv.h"

#include "base/buf.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

enum { MOST_ROUNDS = 2000 };

struct client *run_client(struct run *r, int client)
{
    return &r->clients[client][r->now[client]];
}

struct msg *run_message(const struct model *m, int number)
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
    struct client *c = run_client(r, client);
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

void run_check_retained(struct run *r, bool after_crash)
{
    for (int i = 0; i < MODEL_TOPICS; i++)
        model_check_retained(&r->m, i, retained_number(r, i), after_crash);
}

/* What the store has reached, what follows from it, and what clients got. */
void run_observe(struct run *r)
{
    model_advance(&r->m, store_committed(r->f->store), store_next_commit(r->f->store));
    for (int i = 0; i < MODEL_CLIENTS; i++)
        observe_client(r, i);
    model_step_end(&r->m);
    run_check_retained(r, false);
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
void run_await_thread(struct run *r)
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
void run_idle(struct run *r)
{
    struct store *store = r->f->store;
    for (int i = 0; i < MOST_ROUNDS; i++) {
        run_await_thread(r);
        bool busy = loop_turn(r->f->loop);
        if (busy) continue;
        if (store_failing(store) || store_committed(store) + 1 == store_next_commit(store)) break;
    }
    run_observe(r);
}

void run_heal(struct run *r)
{
    vfs_fault_heal();
    if (store_failing(r->f->store)) clock_fake_advance(1000); /* it tries again by itself */
    while (store_failing(r->f->store)) {
        loop_turn(r->f->loop);
        if (store_failing(r->f->store)) loop_turn_wait(r->f->loop, 1);
    }
    run_observe(r);
}
