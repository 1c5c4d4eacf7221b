/* mqtt_peer.c — see mqtt_peer.h. A peer keeps what it has read as bytes, and tells it packet by packet when
 * it is asked, so that a test may look at the bytes too. */
#include "mqtt_peer.h"

#include "base/budget.h"
#include "conn/ws_stream.h"

struct front *front;
struct front_opts front_opts;
struct front_listener open_listener, closed_listener;

/* ---- the line ---- */

/* With PEER_WEBSOCKET in the environment, WebSocket lies between: the server's end is a ws_stream, what the peer sends
 * is one frame, and it answers a Close frame. */
static bool over_websocket;
static struct ws_env ws_env;

static const struct ws_reader_cbs no_pings;
static const struct ws_limits no_limits;

static void send_frame(struct peer *peer, enum ws_opcode opcode, const void *data, size_t len)
{
    static const uint8_t key[4] = { 0x12, 0x34, 0x56, 0x78 };
    uint8_t head[WS_HEAD_MAX];
    stream_write(peer->stream, head, ws_put_masked_head(ws_env.writer, opcode, len, key, head));
    uint8_t *payload = xmalloc(len + 1);
    ws_mask(payload, data, len, key, 0);
    stream_write(peer->stream, payload, len);
    free(payload);
}

static void take_frames(struct peer *peer, const uint8_t *data, size_t len)
{
    uint8_t *payload = xmalloc(len);
    size_t got = 0;
    int rc = ws_read(peer->frames, data, len, payload, &got);
    buf_append(&peer->in, payload, got);
    free(payload);
    assert_true(rc == WS_MORE || rc == WS_CLOSED);
    if (rc == WS_CLOSED && !peer->closes) {
        peer->closes = true;
        send_frame(peer, WS_CLOSE, "", 0);
    }
}

static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    struct peer *peer = stream->owner;
    if (over_websocket)
        take_frames(peer, data, len);
    else
        buf_append(&peer->in, data, len);
    return len;
}

static void on_end(struct stream *stream, int rc)
{
    ((struct peer *)stream->owner)->ended = true;
}

static const struct stream_cbs peer_cbs = { .on_read = on_read, .on_end = on_end };

struct stream *peer_pair(struct fixture *f, struct peer *peer)
{
    struct stream *server;
    peer->f = f;
    stream_pair_create(f->loop, &peer->stream, &server);
    peer->stream->owner = peer;
    peer->stream->cbs = &peer_cbs;
    peer->far = server;
    if (!over_websocket) return server;
    peer->frames = xnew(struct ws_reader);
    ws_reader_init(peer->frames, WS_CLIENT, &no_limits, &no_pings, NULL);
    return ws_stream_create(&ws_env, server);
}

void peer_take_slowly(struct peer *peer, size_t window)
{
    stream_pair_set_window(peer->far, window);
}

void peer_open(struct fixture *f, struct peer *peer)
{
    struct stream *server = peer_pair(f, peer);
    front_accept(NULL, server, &open_listener);
    turns(f, 3);
}

void peer_close(struct peer *peer)
{
    if (peer->stream) stream_close(peer->stream, false, NULL);
    turns(peer->f, 5);
    if (peer->frames) ws_reader_deinit(peer->frames);
    free(peer->frames);
    buf_deinit(&peer->in);
    *peer = (struct peer){ 0 };
}

void peer_put(struct peer *peer, const void *data, size_t len)
{
    if (over_websocket)
        send_frame(peer, WS_BINARY, data, len);
    else
        stream_write(peer->stream, data, len);
}

void peer_send(struct peer *peer, const void *data, size_t len)
{
    peer_put(peer, data, len);
    turns(peer->f, 6);
}

void peer_send_buf(struct peer *peer, struct buf *packet)
{
    peer_send(peer, packet->data, packet->len);
    buf_deinit(packet);
}

void peer_settle(struct peer *peer)
{
    settle(peer->f);
    turns(peer->f, 3);
}

/* ---- packets ---- */

void put_connect(struct buf *out, const char *id, bool clean, uint16_t keep_alive)
{
    mqtt_encode_connect(out, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                     .clean_session = clean,
                                                     .keep_alive = keep_alive,
                                                     .client_id = slice_str(id) });
}

void put_publish(struct buf *out, const char *topic, const char *payload, uint8_t qos, uint16_t id,
                 bool retain)
{
    struct mqtt_publish publish = { .level = MQTT_LEVEL_311,
                                    .qos = qos,
                                    .id = id,
                                    .retain = retain,
                                    .topic = slice_str(topic),
                                    .payload = slice_str(payload) };
    size_t size = mqtt_publish_size(&publish);
    mqtt_encode_publish((uint8_t *)buf_reserve(out, size), &publish, NULL);
    if (qos) { /* the id is written by the sender */
        size_t at = size - publish.payload.len - 2;
        out->data[out->len + at] = (char)(id >> 8);
        out->data[out->len + at + 1] = (char)id;
    }
    out->len += size;
}

void put_request(struct buf *out, uint8_t type, uint16_t id, const struct mqtt_filter *filters,
                 size_t count)
{
    mqtt_encode_subscribe(out, MQTT_LEVEL_311, type, id, (struct slice){ 0 }, filters, count);
}

void put_ack(struct buf *out, uint8_t type, uint16_t id)
{
    const struct mqtt_ack ack = { .level = MQTT_LEVEL_311, .type = type, .id = id };
    mqtt_encode_ack(out, &ack);
}

void put_disconnect(struct buf *out)
{
    const struct mqtt_farewell farewell = { .code = MQTT_REASON_SUCCESS };
    mqtt_encode_farewell(out, MQTT_LEVEL_311, MQTT_TYPE_disconnect, &farewell);
}

void put_subscribe(struct buf *out, uint16_t id, const char *filter, uint8_t qos)
{
    struct mqtt_filter one = { slice_str(filter), qos };
    put_request(out, MQTT_TYPE_subscribe, id, &one, 1);
}

void put_unsubscribe(struct buf *out, uint16_t id, const char *filter)
{
    struct mqtt_filter one = { slice_str(filter), 0 };
    put_request(out, MQTT_TYPE_unsubscribe, id, &one, 1);
}

/* ---- what a client does ---- */

void peer_connect(struct peer *peer, const char *id, bool clean)
{
    struct buf packet = { 0 };
    put_connect(&packet, id, clean, 0);
    peer_send_buf(peer, &packet);
}

void peer_connect_will(struct peer *peer, const char *id, bool clean, uint8_t qos, bool retain)
{
    struct buf packet = { 0 };
    mqtt_encode_connect(&packet, &(struct mqtt_connect){ .level = MQTT_LEVEL_311,
                                                         .clean_session = clean,
                                                         .client_id = slice_str(id),
                                                         .will = true,
                                                         .will_qos = qos,
                                                         .will_retain = retain,
                                                         .will_topic = SLICE_LIT("will"),
                                                         .will_payload = SLICE_LIT("bye") });
    peer_send_buf(peer, &packet);
}

void peer_start(struct fixture *f, struct peer *peer, const char *id, bool clean)
{
    peer_open(f, peer);
    peer_connect(peer, id, clean);
    peer_settle(peer);
    assert_non_null(strstr(peer_log(peer), "connack:0"));
}

void peer_again(struct peer *peer, const char *id)
{
    struct fixture *f = peer->f;
    peer_close(peer);
    settle(f);
    peer_start(f, peer, id, false);
}

void peer_publish(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                  uint16_t id)
{
    struct buf packet = { 0 };
    put_publish(&packet, topic, payload, qos, id, false);
    peer_send_buf(peer, &packet);
}

void peer_retain(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                 uint16_t id)
{
    struct buf packet = { 0 };
    put_publish(&packet, topic, payload, qos, id, true);
    peer_send_buf(peer, &packet);
}

void peer_subscribe(struct peer *peer, uint16_t id, const char *filter, uint8_t qos)
{
    struct buf packet = { 0 };
    put_subscribe(&packet, id, filter, qos);
    peer_send_buf(peer, &packet);
}

void peer_unsubscribe(struct peer *peer, uint16_t id, const char *filter)
{
    struct buf packet = { 0 };
    put_unsubscribe(&packet, id, filter);
    peer_send_buf(peer, &packet);
}

void peer_ack(struct peer *peer, uint8_t type, uint16_t id)
{
    struct buf packet = { 0 };
    put_ack(&packet, type, id);
    peer_send_buf(peer, &packet);
}

/* ---- what it has heard ---- */

static uint8_t level_of(const struct peer *peer)
{
    return peer->level ? peer->level : MQTT_LEVEL_311;
}

static void describe_property(const struct mqtt_property *prop, struct peer *peer, struct buf *out)
{
    if (prop->id == MQTT_PROP_reason_string) {
        snprintf(peer->why, sizeof peer->why, "%.*s", (int)prop->text.len, prop->text.ptr);
        buf_puts(out, "why");
        return;
    }
    buf_printf(out, "%s=", mqtt_property_name(prop->id));
    if (prop->form <= MQTT_FORM_VARINT) buf_printf(out, "%u", prop->number);
    buf_put_slice(out, prop->text);
    if (prop->form == MQTT_FORM_PAIR) buf_putc(out, ':');
    buf_put_slice(out, prop->value);
}

static void describe_block(struct slice block, struct peer *peer, struct buf *out)
{
    struct mqtt_property prop;
    peer->why[0] = '\0';
    if (block.len) buf_putc(out, '{');
    for (size_t at = 0; mqtt_property_next(block, &at, &prop);) {
        describe_property(&prop, peer, out);
        buf_putc(out, at < block.len ? ' ' : '}');
    }
}

static void describe_publish(const struct mqtt_frame *frame, struct peer *peer, struct buf *out)
{
    struct mqtt_publish publish;
    assert_int_equal(mqtt_decode_publish(frame, level_of(peer), false, &publish, NULL), 0);
    buf_put_slice(out, publish.topic);
    buf_putc(out, '=');
    buf_put_slice(out, publish.payload);
    buf_printf(out, "/%d%s%s", publish.qos, publish.retain ? "r" : "", publish.dup ? "d" : "");
    if (publish.qos) buf_printf(out, "#%d", publish.id);
    describe_block(publish.properties, peer, out);
}

static void describe_codes(const struct mqtt_frame *frame, struct peer *peer, struct buf *out)
{
    struct mqtt_suback suback;
    assert_int_equal(mqtt_decode_suback(frame, level_of(peer), &suback, NULL), 0);
    buf_printf(out, "%s#%d", mqtt_type_info(frame->type)->name, suback.id);
    for (size_t i = 0; i < suback.codes.len; i++)
        buf_printf(out, ":%x", (uint8_t)suback.codes.ptr[i]);
    describe_block(suback.properties, peer, out);
}

static void describe_ack(const struct mqtt_frame *frame, struct peer *peer, struct buf *out)
{
    struct mqtt_ack ack;
    assert_int_equal(mqtt_decode_ack(frame, level_of(peer), &ack, NULL), 0);
    buf_printf(out, "%s#%d", mqtt_type_info(frame->type)->name, ack.id);
    if (ack.code) buf_printf(out, ":%x", ack.code);
    describe_block(ack.properties, peer, out);
}

static void describe_farewell(const struct mqtt_frame *frame, struct peer *peer, struct buf *out)
{
    struct mqtt_farewell farewell;
    int rc = frame->type == MQTT_TYPE_auth
                 ? mqtt_decode_auth(frame, &farewell, NULL)
                 : mqtt_decode_disconnect(frame, level_of(peer), false, &farewell, NULL);
    assert_int_equal(rc, 0);
    buf_printf(out, "%s:%x", mqtt_type_info(frame->type)->name, farewell.code);
    describe_block(farewell.properties, peer, out);
}

static void describe_connack(const struct mqtt_frame *frame, struct peer *peer, struct buf *out)
{
    struct mqtt_connack connack;
    assert_int_equal(mqtt_decode_connack(frame, level_of(peer), &connack, NULL), 0);
    buf_printf(out, peer->level ? "connack:%x%s" : "connack:%d%s", connack.code,
               connack.session_present ? "+" : "");
    describe_block(connack.properties, peer, out);
}

static void describe(const struct mqtt_frame *frame, struct peer *peer, struct buf *out)
{
    switch (frame->type) {
    case MQTT_TYPE_connack:
        describe_connack(frame, peer, out);
        break;
    case MQTT_TYPE_suback:
        describe_codes(frame, peer, out);
        break;
    case MQTT_TYPE_unsuback:
        if (peer->level)
            describe_codes(frame, peer, out);
        else
            describe_ack(frame, peer, out);
        break;
    case MQTT_TYPE_publish:
        describe_publish(frame, peer, out);
        break;
    case MQTT_TYPE_pingresp:
        buf_puts(out, "pingresp");
        break;
    case MQTT_TYPE_disconnect:
    case MQTT_TYPE_auth:
        describe_farewell(frame, peer, out);
        break;
    default:
        describe_ack(frame, peer, out);
    }
    buf_putc(out, ' ');
}

/* What came since the last call, and "end" when the server has closed. */
const char *peer_log(struct peer *peer)
{
    static char text[1 << 20];
    struct buf out = { 0 };
    struct mqtt_frame frame;
    while (mqtt_frame((const uint8_t *)peer->in.data, peer->in.len, 1 << 20, level_of(peer), &frame,
                      NULL) == 1) {
        describe(&frame, peer, &out);
        buf_consume(&peer->in, frame.size);
    }
    if (peer->ended) buf_puts(&out, "end");
    snprintf(text, sizeof text, "%s", buf_str(&out));
    buf_deinit(&out);
    return text;
}

/* ---- the fixture ---- */

int peer_setup(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    over_websocket = getenv("PEER_WEBSOCKET") != NULL;
    ws_env_init(&ws_env, no_limits, (struct bucket_limit){ 0 });
    front_opts = (struct front_opts){ .max_packet = MAX_PACKET,
                                      .connect_timeout_ms = CONNECT_MS,
                                      .output_buffer = OUTPUT_BUFFER };
    front = front_create(f->hub, &front_opts);
    open_listener = (struct front_listener){ front, "open", "AnonymousLocal" };
    closed_listener = (struct front_listener){ front, "closed", NULL };
    return 0;
}

void peer_become_strict(struct fixture *f)
{
    front_destroy(front);
    f->opts.profile = &mqtt_profile_aws_strict;
    f->opts.max_topic_levels = 8;
    fixture_restart(f);
    front = front_create(f->hub, &front_opts);
    open_listener.front = closed_listener.front = front;
}

int peer_teardown(void **state)
{
    struct fixture *f = *state;
    vfs_fault_reset();
    budget_set_limit(0);
    front_close_all(front);
    for (int i = 0; i < 1000 && front_count(front); i++) {
        clock_fake_advance(1000);
        loop_turn(f->loop);
    }
    assert_int_equal(front_count(front), 0);
    hub_flush(f->hub);
    store_stop(f->store);
    front_destroy(front);
    ws_env_deinit(&ws_env);
    int rc = fixture_teardown(state);
    assert_int_equal(budget_used(), 0); /* whatever was counted has gone again */
    return rc;
}
