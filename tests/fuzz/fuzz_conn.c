/* fuzz_conn.c — a whole MQTT connection fed with arbitrary bytes: front, mqtt_conn, sessions, the hub and a
 * store in memory. Link with tests/unit/hub/auth_fake.c.
 *
 * Input: a byte of options, a byte for the size of the pieces, and what the client sends.
 *   1  a CONNECT is sent before      2  … of a persistent session
 *   4  everything is committed between the pieces
 *   8  the client does not read      16  it comes back once, with the same bytes; if the size of the pieces is odd, at
 *                                        another level
 *   32 the listener wants a login    64  time passes between the pieces
 *   128 MQTT 5, with properties
 * What comes back must be packets that a server of that level may send, none longer than the client takes, with
 * aliases that it knows. */
#include "../unit/hub/auth_fake.h"

#include "auth/principal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conn/front.h"
#include "conn/http_conn.h"
#include "http/request.h"
#include "hub/hub.h"
#include "hub/session.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"
#include "mqtt/mqtt.h"
#include "store/store.h"

#include <stdlib.h>

enum {
    CONNECT = 1,
    PERSISTENT = 2,
    COMMIT = 4,
    DEAF = 8,
    AGAIN = 16,
    LOGIN = 32,
    TIME = 64,
    FIVE = 128,
};
enum { MOST_TURNS = 200, EXPIRY_MS = 3600 * 1000 };
enum { MAX_PACKET = 2048, MAX_ALIAS = 3, TAKES = 256, ANY = 1 << 20 };

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
    struct principal *who = exchange->transport;
    if (exchange->request->upgrade.len)
        http_accept(exchange, who ? principal_ref(who) : NULL);
    else
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
    struct front_opts front_opts = { .max_ws_frame = 2 * MAX_PACKET,
                                     .max_ws_message = 4 * MAX_PACKET,
                                     .max_packet = MAX_PACKET,
                                     .connect_timeout_ms = 5000,
                                     .output_buffer = 1024,
                                     .output_timeout_ms = 5000,
                                     .packet_rate = { .rate = 50 },
                                     .byte_rate = { .rate = 1024 },
                                     .receive_maximum = 3,
                                     .max_topic_alias = MAX_ALIAS,
                                     .response_info = "answers/${clientId}" };
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
    uint8_t level;
    size_t takes;   /* no packet longer than that */
    unsigned known; /* the aliases that it has been told, as bits */
};

static int see_publish(struct client *client, const struct mqtt_frame *frame)
{
    struct mqtt_publish publish;
    int rc = mqtt_decode_publish(frame, client->level, false, &publish, NULL);
    if (rc < 0 || !publish.has_alias) return rc;
    if (publish.alias == 0 || publish.alias > MAX_ALIAS) abort();
    if (!publish.topic.len && !(client->known >> publish.alias & 1)) abort();
    client->known |= 1u << publish.alias;
    return 0;
}

static int see_answer(struct client *client, const struct mqtt_frame *frame)
{
    struct mqtt_ack ack;
    struct mqtt_suback suback;
    bool codes = frame->type == MQTT_TYPE_suback ||
                 (frame->type == MQTT_TYPE_unsuback && client->level >= MQTT_LEVEL_5);
    return codes ? mqtt_decode_suback(frame, client->level, &suback, NULL)
                 : mqtt_decode_ack(frame, client->level, &ack, NULL);
}

static int see_packet(struct client *client, const struct mqtt_frame *frame)
{
    struct mqtt_connack connack;
    struct mqtt_farewell farewell;
    switch (frame->type) {
    case MQTT_TYPE_connack:
        return mqtt_decode_connack(frame, client->level, &connack, NULL);
    case MQTT_TYPE_publish:
        return see_publish(client, frame);
    case MQTT_TYPE_pingresp:
        return mqtt_decode_empty(frame, NULL);
    case MQTT_TYPE_disconnect:
        if (client->level < MQTT_LEVEL_5) abort();
        return mqtt_decode_disconnect(frame, client->level, false, &farewell, NULL);
    default:
        if (!mqtt_type_info(frame->type)->server || frame->type == MQTT_TYPE_auth) abort();
        return see_answer(client, frame);
    }
}

/* What a server sends to an MQTT client must be whole packets. */
static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    struct client *client = stream->owner;
    struct mqtt_frame frame;
    int rc;
    if (!client->mqtt) return len;
    buf_append(&client->in, data, len);
    while ((rc = mqtt_frame((const uint8_t *)client->in.data, client->in.len, client->takes,
                            client->level, &frame, NULL)) == 1) {
        if (see_packet(client, &frame) < 0) abort();
        buf_consume(&client->in, frame.size);
    }
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

/* A will that waits, and everything that a client may ask for. */
static void put_properties(struct mqtt_connect *connect, struct buf *own, struct buf *will)
{
    if (!connect->clean_session) mqtt_put_number(own, MQTT_PROP_session_expiry, 600);
    mqtt_put_number(own, MQTT_PROP_receive_maximum, 2);
    mqtt_put_number(own, MQTT_PROP_maximum_packet_size, TAKES);
    mqtt_put_number(own, MQTT_PROP_topic_alias_maximum, 2);
    mqtt_put_number(own, MQTT_PROP_request_response_info, 1);
    mqtt_put_number(will, MQTT_PROP_will_delay, 1);
    mqtt_put_number(will, MQTT_PROP_message_expiry, 5);
    mqtt_put_pair(will, SLICE_LIT("name"), SLICE_LIT("value"));
    connect->level = MQTT_LEVEL_5;
    connect->properties = buf_slice(own);
    connect->will_properties = buf_slice(will);
}

static void send_connect(struct client *client, uint8_t options)
{
    struct buf packet = { 0 }, own = { 0 }, will = { 0 };
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
    if (options & FIVE) put_properties(&connect, &own, &will);
    mqtt_encode_connect(&packet, &connect);
    send_piece(client, options, (const uint8_t *)packet.data, packet.len);
    store_sync(store);
    turn();
    buf_deinit(&packet);
    buf_deinit(&own);
    buf_deinit(&will);
}

/* The level of the answers, and how long they may be. */
static void expect(struct client *client, uint8_t options, const uint8_t *data, size_t size)
{
    struct mqtt_frame frame;
    struct mqtt_connect connect;
    client->mqtt = (options & CONNECT) || (size && data[0] == 0x10);
    client->takes = ANY;
    client->level = options & FIVE ? MQTT_LEVEL_5 : MQTT_LEVEL_311;
    if (options & CONNECT) {
        if (options & FIVE) client->takes = TAKES;
        return;
    }
    if (mqtt_frame(data, size, MAX_PACKET, 0, &frame, NULL) != 1) return;
    uint8_t level = mqtt_connect_level(&frame);
    client->level = level >= MQTT_LEVEL_5 ? MQTT_LEVEL_5 : MQTT_LEVEL_311;
    if (mqtt_decode_connect(&frame, &connect, NULL) < 0) return;
    client->takes =
        mqtt_property_number(connect.properties, MQTT_PROP_maximum_packet_size, UINT32_MAX);
}

static void run(uint8_t options, size_t piece, const uint8_t *data, size_t size)
{
    struct client client = { 0 };
    struct stream *server;
    stream_pair_create(loop, &client.stream, &server);
    client.stream->owner = &client;
    client.stream->cbs = &client_cbs;
    expect(&client, options, data, size);
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
    uint8_t then = data[1] & 1 ? data[0] ^ FIVE : data[0];
    if (data[0] & AGAIN) run(then, piece, data + 2, size - 2);
    clean();
    return 0;
}
