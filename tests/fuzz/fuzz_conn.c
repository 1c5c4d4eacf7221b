/* fuzz_conn.c — a whole MQTT connection fed with arbitrary bytes: front, mqtt_conn, sessions, the hub and a
 * store in memory. Link with tests/unit/hub/auth_fake.c.
 *
 * Input: a byte of options, a byte for the size of the pieces, and what the client sends.
 *   1  a CONNECT is sent before      2  … of a persistent session
 *   4  everything is committed between the pieces
 *   8  the client does not read      16  it comes back once, with the same bytes
 *   32 the listener wants a login    64  time passes between the pieces */
#include "../unit/hub/auth_fake.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conn/front.h"
#include "conn/http_conn.h"
#include "hub/hub.h"
#include "hub/session.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"
#include "mqtt/mqtt.h"
#include "store/store.h"

#include <stdlib.h>

enum { CONNECT = 1, PERSISTENT = 2, COMMIT = 4, DEAF = 8, AGAIN = 16, LOGIN = 32, TIME = 64 };
enum { MOST_TURNS = 200, EXPIRY_MS = 3600 * 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop *loop;
static struct auth *auth;
static struct store *store;
static struct hub *hub;
static struct http_server *http; /* for what looks like HTTP at first sight */
static struct front *front;
static struct front_listener listener, login_listener;

static void no_line(const char *line, size_t len)
{
}

/* ---- who listens to everything ---- */

static int64_t see(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    static volatile uint8_t sum;
    for (size_t i = 0; i < msg->payload.len; i++)
        sum = (uint8_t)(sum + (uint8_t)msg->payload.ptr[i]);
    if (how->qos > 2 || msg->qos > 2) abort();
    if (msg->payload.len % 5 == 4) hub_release(hub_hold(how->pub), 0);
    return 0;
}

static const struct subscriber_ops watcher_ops = { see };
static struct subscriber watcher;
static struct subscription watching;

static void answer(void *arg, struct http_exchange *exchange)
{
    http_respond(exchange, 404, "text/plain", SLICE_LIT("no"), NULL, 0);
}

static void start(void)
{
    struct diag diag = DIAG_INIT;
    log_set_sink(no_line);
    clock_fake_install();
    rand_fake_install(1);
    struct store_opts store_opts = {
        .path = "/fuzz.db", .vfs = "memdb", .linger_ms = 10, .max_pending = 200
    };
    struct hub_opts hub_opts = { .max_topic_levels = 8,
                                 .match_cache = 16,
                                 .max_retained = 8,
                                 .max_hops = 3,
                                 .max_queued = 16,
                                 .max_queued_bytes = 4096,
                                 .max_inflight = 4,
                                 .max_subscriptions = 8,
                                 .max_sessions = 8,
                                 .session_expiry_ms = EXPIRY_MS };
    struct front_opts front_opts = { .max_packet = 2048,
                                     .connect_timeout_ms = 5000,
                                     .output_buffer = 1024,
                                     .output_timeout_ms = 5000,
                                     .packet_rate = { .rate = 50 },
                                     .byte_rate = { .rate = 1024 } };
    struct http_server_opts http_opts = { .max_body = 1024,
                                          .max_header = 1024,
                                          .header_timeout_ms = 5000,
                                          .body_timeout_ms = 5000,
                                          .idle_timeout_ms = 5000,
                                          .handler = answer };
    if (loop_create(&loop, &diag) < 0) abort();
    front_opts.http = http = http_server_create(loop, &http_opts);
    auth = auth_fake_create(loop);
    if (store_open(&store, loop, &store_opts, &diag) < 0) BUG("%s", diag.text);
    if (hub_create(&hub, loop, store, auth, &hub_opts, &diag) < 0) BUG("%s", diag.text);
    hub_start(hub);
    hub_allow_reserved(hub, "$aws/things/+/shadow/update");
    auth_fake_deny(auth, NULL, POLICY_ACTION_PUBLISH, "no");
    auth_fake_deny(auth, NULL, POLICY_ACTION_SUBSCRIBE, "no");
    auth_fake_deny(auth, NULL, POLICY_ACTION_RECEIVE, "not/me");
    front = front_create(hub, &front_opts);
    listener = (struct front_listener){ front, "open", "policy" };
    login_listener = (struct front_listener){ front, "login", NULL };
    watcher = (struct subscriber){ &watcher_ops, principal_system(), NULL };
    hub_subscribe(hub, &watcher, SLICE_LIT("#"), &(struct sub_opts){ .qos = 2 }, &watching);
}

/* ---- the client ---- */

struct client {
    struct stream *stream;
    struct buf in;
    bool ended;
    bool mqtt; /* its first byte was that of a CONNECT */
};

/* What a server sends to an MQTT client must be whole packets. */
static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    struct client *client = stream->owner;
    struct mqtt_frame frame;
    int rc;
    if (!client->mqtt) return len;
    buf_append(&client->in, data, len);
    while ((rc = mqtt_frame((const uint8_t *)client->in.data, client->in.len, 1 << 20,
                            MQTT_LEVEL_311, &frame, NULL)) == 1)
        buf_consume(&client->in, frame.size);
    if (rc < 0) abort();
    return len;
}

static void on_end(struct stream *stream, int rc)
{
    ((struct client *)stream->owner)->ended = true;
}

static const struct stream_cbs client_cbs = { .on_read = on_read, .on_end = on_end };

static void turn(void)
{
    for (int i = 0; i < MOST_TURNS && loop_turn(loop); i++)
        ;
}

static void send_piece(struct client *client, uint8_t options, const uint8_t *data, size_t len)
{
    stream_write(client->stream, data, len);
    turn();
    if (options & COMMIT) store_sync(store);
    if (options & TIME) clock_fake_advance(700);
    turn();
}

static void send_connect(struct client *client, uint8_t options)
{
    struct buf packet = { 0 };
    struct mqtt_connect connect = { .level = MQTT_LEVEL_311,
                                    .clean_session = !(options & PERSISTENT),
                                    .keep_alive = 5,
                                    .client_id = SLICE_LIT("fuzz"),
                                    .will = true,
                                    .will_qos = 1,
                                    .will_retain = true,
                                    .will_topic = SLICE_LIT("a"),
                                    .will_payload = SLICE_LIT("gone") };
    if (options & LOGIN) {
        connect.has_username = connect.has_password = true;
        connect.username = slice_str(AUTH_FAKE_USER);
        connect.password = slice_str(AUTH_FAKE_PASSWORD);
    }
    mqtt_encode_connect(&packet, &connect);
    send_piece(client, options, (const uint8_t *)packet.data, packet.len);
    store_sync(store);
    turn();
    buf_deinit(&packet);
}

static void run(uint8_t options, size_t piece, const uint8_t *data, size_t size)
{
    struct client client = { 0 };
    struct stream *server;
    stream_pair_create(loop, &client.stream, &server);
    client.stream->owner = &client;
    client.stream->cbs = &client_cbs;
    client.mqtt = (options & CONNECT) || (size && data[0] == 0x10);
    if (options & DEAF) stream_pair_set_window(server, 64);
    front_accept(NULL, server, options & LOGIN ? &login_listener : &listener);
    if (options & CONNECT) send_connect(&client, options);
    if (options & DEAF) stream_pause(client.stream);
    for (size_t at = 0; at < size && !client.ended; at += piece)
        send_piece(&client, options, data + at, piece < size - at ? piece : size - at);
    stream_close(client.stream, false, NULL);
    turn();
    for (int i = 0; i < 4; i++) { /* time-outs: of CONNECT, of the keep-alive also while paused */
        clock_fake_advance(10000);
        turn();
    }
    buf_deinit(&client.in);
}

static void collect(void *arg, struct msg *msg)
{
    struct msg **first = arg;
    if (!*first) *first = msg_ref(msg);
}

/* A connection whose CONNACK waited goes on when the session is committed. */
static void finish(void)
{
    for (int i = 0; i < 4; i++) {
        store_sync(store);
        turn();
    }
}

static void clean(void)
{
    finish();
    for (;;) {
        struct msg *one = NULL;
        hub_retained_match(hub, SLICE_LIT("#"), collect, &one);
        if (!one) break;
        struct msg *gone = msg_create(&(struct msg_opts){ .topic = one->topic, .retain = true });
        hub_publish(hub, principal_system(), NULL, gone, NULL, NULL);
        msg_unref(gone);
        msg_unref(one);
    }
    finish();
    if (front_count(front) || http_server_count(http)) abort();
    clock_fake_advance(EXPIRY_MS + 60000);
    turn();
    finish();
    if (sessions_count(hub_sessions(hub)) || hub_retained_count(hub)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!loop) start();
    if (size < 2) return 0;
    size_t piece = data[1] ? data[1] : size;
    run(data[0], piece, data + 2, size - 2);
    if (data[0] & AGAIN) run(data[0], piece, data + 2, size - 2);
    clean();
    return 0;
}
