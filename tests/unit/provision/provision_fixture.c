/* provision_fixture.c — see provision_fixture.h. */
#include "unit/provision/provision_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

static struct provision_fixture *current; /* whose hook is asked */

/* ---- the hook ---- */

static void answer(struct fake_hook *hook)
{
    struct diag diag = DIAG_INIT;
    if (hook->rc < 0) diag_set(&diag, hook->rc, "%s", err_text(hook->rc));
    hook->done(hook->arg, hook->rc, hook->status, slice_str(hook->body), &diag);
}

static void fake_send(struct webhooks *hooks, const struct webhook_request *request,
                      webhook_done_cb done, void *arg)
{
    struct fake_hook *hook = &current->hook;
    hook->asked++;
    hook->done = done;
    hook->arg = arg;
    free(hook->url);
    hook->url = xstrndup(request->url.ptr, request->url.len);
    json_free(hook->event);
    assert_string_equal(request->method, "POST");
    assert_int_equal(request->timeout_ms, 5000);
    assert_int_equal(json_parse(request->body, NULL, &hook->event, NULL), 0);
}

/* ---- peers ---- */

static int64_t on_message(struct subscriber *subscriber, struct msg *msg,
                          const struct delivery *how)
{
    struct peer *peer = container_of(subscriber, struct peer, subscriber);
    if (msg->over_mqtt) return 0; /* a request */
    struct json *pair = json_push(peer->heard, json_new_array());
    json_push(pair, json_new_slice(msg->topic));
    struct buf text = { 0 };
    if (msg->payload.len && (unsigned char)*msg->payload.ptr == 0xa3) { /* CBOR: as hexadecimal */
        for (size_t i = 0; i < msg->payload.len; i++)
            buf_printf(&text, "%02x", (unsigned char)msg->payload.ptr[i]);
    } else {
        buf_put_slice(&text, msg->payload);
    }
    json_push(pair, json_new_slice(buf_slice(&text)));
    buf_deinit(&text);
    return 0;
}

static const struct subscriber_ops peer_ops = { on_message };

static void peer_open(struct provision_fixture *f, int number)
{
    static const char *const names[] = { "a", "b" };
    struct peer *peer = &f->peers[number];
    peer->subscriber = (struct subscriber){ .ops = &peer_ops, .principal = principal_system() };
    if (number < 2) {
        peer->principal = (struct principal){ .refs = 1, .kind = PRINCIPAL_LOCAL, .valid = true };
        peer->principal.id = (char *)"same"; /* a claim is shared */
        peer->principal.label = (char *)"local:same";
        peer->principal.admin = true;
        list_init(&peer->principal.watches);
        peer->conn.client_id = names[number];
        peer->subscriber.principal = &peer->principal;
        peer->subscriber.conn = &peer->conn;
    }
    if (!peer->heard) peer->heard = json_new_array();
    assert_int_equal(hub_subscribe(f->hub, &peer->subscriber, SLICE_LIT("$aws/#"),
                                   &(struct sub_opts){ .qos = 1 }, &peer->subscription),
                     0);
}

/* ---- life ---- */

static void up(struct provision_fixture *f)
{
    static const struct auth_opts auth_opts = { .region = "local", .account = "000000000000" };
    static const struct hub_opts hub_opts = { .max_topic_levels = 32,
                                              .match_cache = 100,
                                              .max_retained = 100,
                                              .max_hops = 10,
                                              .max_queued = 1000,
                                              .max_queued_bytes = 1 << 20,
                                              .max_inflight = 100,
                                              .max_subscriptions = 100,
                                              .max_sessions = 100 };
    struct registry_fixture *r = f->registry;
    struct diag diag = DIAG_INIT;
    current = f;
    f->auth = auth_create(r->loop, r->registry, &auth_opts);
    assert_int_equal(hub_create(&f->hub, r->loop, r->store, f->auth, &hub_opts, &diag), 0);
    int rc = provisions_create(&f->provisions, f->hub, r->registry,
                               &(struct provisions_opts){
                                   .max_pending = f->max_pending,
                                   .hook_timeout_ms = 5000,
                                   .send = f->no_hooks ? NULL : fake_send,
                               },
                               &diag);
    if (rc < 0) fail_msg("%s", diag.text);
    for (int i = 0; i < PEERS; i++)
        peer_open(f, i);
    hub_start(f->hub);
}

static void down(struct provision_fixture *f)
{
    struct registry_fixture *r = f->registry;
    provisions_stop(f->provisions);
    registry_stop(r->registry);
    auth_stop(f->auth);
    hub_flush(f->hub);
    store_stop(r->store);
    while (loop_turn(r->loop))
        ;
    provisions_destroy(f->provisions);
    for (int i = 0; i < PEERS; i++)
        hub_unsubscribe(f->hub, &f->peers[i].subscription);
    hub_destroy(f->hub);
    auth_destroy(f->auth);
}

void provision_fixture_restart(struct provision_fixture *f)
{
    down(f);
    registry_fixture_restart(f->registry);
    up(f);
}

int provision_fixture_setup(void **state)
{
    struct provision_fixture *f = xnew(struct provision_fixture);
    f->registry = registry_fixture_create();
    f->max_pending = 3;
    up(f);
    *state = f;
    return 0;
}

int provision_fixture_teardown(void **state)
{
    struct provision_fixture *f = *state;
    down(f);
    registry_fixture_destroy(f->registry);
    for (int i = 0; i < PEERS; i++)
        json_free(f->peers[i].heard);
    json_free(f->hook.event);
    free(f->hook.url);
    free(f);
    return 0;
}

/* ---- doing ---- */

static void on_held(void *arg, int64_t commit)
{
    struct peer *peer = arg;
    peer->decided++;
    peer->last_commit = commit;
}

int64_t provision_send(struct provision_fixture *f, int number, const char *topic,
                       const char *payload)
{
    struct peer *peer = &f->peers[number];
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = slice_str(topic),
        .payload = slice_str(payload),
        .client_id = slice_str(peer->conn.client_id),
        .principal = slice_str(principal_identifier(&peer->principal)),
        .qos = 1,
        .over_mqtt = true,
    });
    int64_t rc = hub_publish(f->hub, &peer->principal, &peer->conn, msg, on_held, peer);
    msg_unref(msg);
    return rc;
}

void provision_settle(struct provision_fixture *f)
{
    for (int i = 0; i < 2000 && f->provisions->requests; i++) {
        loop_turn_wait(f->registry->loop, 50);
        webhook_done_cb done = f->hook.body || f->hook.rc ? f->hook.done : NULL;
        if (!done) continue;
        answer(&f->hook);
        f->hook.done = NULL;
    }
    assert_int_equal(f->provisions->requests, 0);
    loop_turn(f->registry->loop); /* decisions that were held */
}

void provision_forget(struct provision_fixture *f)
{
    for (int i = 0; i < PEERS; i++) {
        json_free(f->peers[i].heard);
        f->peers[i].heard = json_new_array();
    }
}

void provision_ask(struct provision_fixture *f, int peer, const char *topic, const char *payload)
{
    provision_forget(f);
    int decided = f->peers[peer].decided;
    assert_int_equal(provision_send(f, peer, topic, payload), HUB_HELD);
    assert_int_equal(f->peers[peer].decided, decided); /* never from within */
    provision_settle(f);
    assert_int_equal(f->peers[peer].decided, decided + 1);
    assert_int_equal(f->peers[peer].last_commit, 0);
}

const char *provision_heard(struct provision_fixture *f, int number, const char *topic)
{
    const struct json *heard = f->peers[number].heard;
    if (json_count(heard) != 1) fail_msg("%zu answers, not one", json_count(heard));
    const char *have = json_str(json_at(json_at(heard, 0), 0));
    size_t len = strlen(have), end = strlen(topic);
    if (len < end || strcmp(have + len - end, topic) != 0) fail_msg("%s, not %s", have, topic);
    for (int i = 0; i < PEERS; i++)
        if (i != number) assert_int_equal(json_count(f->peers[i].heard), 0);
    return json_str(json_at(json_at(heard, 0), 1));
}

static struct json *heard_json(struct provision_fixture *f, int peer, const char *topic)
{
    struct json *body = NULL;
    assert_int_equal(json_parse(slice_str(provision_heard(f, peer, topic)), NULL, &body, NULL), 0);
    return body;
}

struct json *provision_accepted(struct provision_fixture *f, int peer)
{
    const char *have = json_str(json_at(json_at(f->peers[peer].heard, 0), 1));
    size_t len = have ? strlen(json_str(json_at(json_at(f->peers[peer].heard, 0), 0))) : 0;
    if (len > 9 && strstr(json_str(json_at(json_at(f->peers[peer].heard, 0), 0)), "/rejected"))
        fail_msg("%s", have);
    return heard_json(f, peer, "/accepted");
}

void provision_rejected(struct provision_fixture *f, int peer, int status, const char *code,
                        const char *says)
{
    struct json *body = heard_json(f, peer, "/rejected");
    const char *message = json_get_str(body, "errorMessage");
    if ((int)json_number(json_get(body, "statusCode")) != status ||
        strcmp(json_get_str(body, "errorCode"), code) != 0 || !strstr(message, says))
        fail_msg("%s", json_str(json_at(json_at(f->peers[peer].heard, 0), 1)));
    assert_int_equal(json_count(body), 3);
    json_free(body);
}
