/* client.c — see client.h.
 *
 *   DOWN ──open──► CONNECTING ──CONNACK 0──► UP ──lost──► DOWN
 *
 * A publish with QoS 1 or 2 is a flight: it waits, is sent, is released (QoS 2: PUBREC has come), is
 * gone. Flights stand in one list in the order in which they were published; those that wait are at
 * its end. After a loss the list is sent again from the front, with DUP or as PUBREL [MQTT-4.4.0-1],
 * whether or not the hub has kept the session: to repeat is the lesser evil for QoS 1, and for
 * QoS 2 a released message is never repeated.
 *
 *  I1  A message is given to on_message before its acknowledgement is in the buffer.
 *  I2  A QoS 2 message is given once: its id is noted until PUBREL, and forgotten with the session.
 *  I3  At most `window` flights have an id, and no two the same. */
#include "cli/mqtt/client.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"

#include <stdlib.h>

enum { CONNACK_WAIT_MS = 30000, PING_WAIT_MS = 10000, IDS = 65536 };

enum client_state { CLIENT_DOWN, CLIENT_CONNECTING, CLIENT_UP };
enum flight_state { FLIGHT_WAITING, FLIGHT_SENT, FLIGHT_RELEASED };

struct flight {
    struct list link;
    enum flight_state state;
    uint16_t id; /* 0 while it waits */
    uint8_t qos;
    size_t id_at;
    size_t len;
    uint8_t packet[];
};

struct mqtt_client {
    struct mqtt_client_opts opts;
    const struct mqtt_client_cbs *cbs;
    void *arg;
    enum client_state state;
    struct buf in, out;
    struct list flights;
    size_t flying;  /* flights with an id */
    size_t waiting; /* those without */
    size_t waiting_bytes;
    uint16_t last_id;
    uint16_t subscribe_id, unsubscribe_id; /* 0: none is open */
    size_t subscribe_count;
    uint8_t received[IDS / 8]; /* QoS 2 ids whose PUBREL has not come */
    size_t received_count;
    size_t pings;
    int64_t opened_at, sent_at, ping_at; /* ping_at: the oldest open one */
};

/* ---- life ----------------------------------------------------------------------------------- */

struct mqtt_client *mqtt_client_create(const struct mqtt_client_opts *opts,
                                       const struct mqtt_client_cbs *cbs, void *arg)
{
    struct mqtt_client *c = xnew(struct mqtt_client);
    c->opts = *opts;
    c->cbs = cbs;
    c->arg = arg;
    list_init(&c->flights);
    return c;
}

static void flight_free(struct mqtt_client *c, struct flight *flight)
{
    if (flight->id) c->flying--;
    list_remove(&flight->link);
    free(flight);
}

void mqtt_client_destroy(struct mqtt_client *c)
{
    if (!c) return;
    while (!list_empty(&c->flights))
        flight_free(c, container_of(c->flights.next, struct flight, link));
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    free(c);
}

/* ---- sending -------------------------------------------------------------------------------- */

/* Everything that is sent ends here: `from` is where it begins in the buffer. */
static void note_sent(struct mqtt_client *c, size_t from)
{
    const uint8_t type = (uint8_t)c->out.data[from] >> 4;
    c->sent_at = clock_mono_ms();
    if (c->cbs->on_packet)
        c->cbs->on_packet(c->arg, true, mqtt_type_info(type)->name, c->out.len - from);
}

static void send_ack(struct mqtt_client *c, uint8_t type, uint16_t id)
{
    size_t from = c->out.len;
    const struct mqtt_ack ack = { .level = c->opts.connect.level, .type = type, .id = id };
    mqtt_encode_ack(&c->out, &ack);
    note_sent(c, from);
}

static void send_flight(struct mqtt_client *c, struct flight *flight)
{
    size_t from = c->out.len;
    if (flight->state == FLIGHT_RELEASED) {
        send_ack(c, MQTT_TYPE_pubrel, flight->id);
        return;
    }
    if (flight->state == FLIGHT_SENT) flight->packet[0] |= MQTT_PUBLISH_DUP;
    flight->state = FLIGHT_SENT;
    buf_append(&c->out, flight->packet, flight->len);
    note_sent(c, from);
}

static struct flight *find_flight(const struct mqtt_client *c, uint16_t id)
{
    list_for_each(it, &c->flights) {
        struct flight *flight = container_of(it, struct flight, link);
        if (flight->id == id) return flight;
        if (!flight->id) return NULL; /* the rest waits */
    }
    return NULL;
}

static uint16_t next_id(struct mqtt_client *c)
{
    do
        c->last_id++;
    while (c->last_id == 0 || c->last_id == c->subscribe_id || c->last_id == c->unsubscribe_id ||
           find_flight(c, c->last_id));
    return c->last_id;
}

static void launch(struct mqtt_client *c, struct flight *flight)
{
    uint16_t id = next_id(c);
    c->waiting--;
    c->waiting_bytes -= flight->len;
    c->flying++;
    flight->id = id;
    flight->packet[flight->id_at] = (uint8_t)(id >> 8);
    flight->packet[flight->id_at + 1] = (uint8_t)id;
    send_flight(c, flight);
}

static void pump(struct mqtt_client *c)
{
    if (c->state != CLIENT_UP || !c->waiting) return;
    list_for_each(it, &c->flights) {
        struct flight *flight = container_of(it, struct flight, link);
        if (c->flying >= c->opts.window || !c->waiting) return;
        if (flight->state == FLIGHT_WAITING) launch(c, flight);
    }
}

int mqtt_client_publish(struct mqtt_client *c, const struct mqtt_publish *publish)
{
    size_t size = mqtt_publish_size(publish);
    if (size == 0) return ERR_INVALID;
    if (publish->qos == 0) {
        if (c->state != CLIENT_UP) return ERR_STATE;
        size_t from = c->out.len;
        mqtt_encode_publish((uint8_t *)buf_reserve(&c->out, size), publish, NULL);
        c->out.len += size;
        c->out.data[c->out.len] = '\0';
        note_sent(c, from);
        return 0;
    }
    if (c->waiting && c->waiting_bytes + size > c->opts.max_waiting) return ERR_LIMIT;
    struct flight *flight = xcalloc(1, sizeof *flight + size);
    flight->qos = publish->qos;
    flight->len = size;
    mqtt_encode_publish(flight->packet, publish, &flight->id_at);
    list_push_back(&c->flights, &flight->link);
    c->waiting++;
    c->waiting_bytes += size;
    if (c->state == CLIENT_UP && c->flying < c->opts.window && c->waiting == 1) launch(c, flight);
    return 0;
}

int mqtt_client_subscribe(struct mqtt_client *c, const struct mqtt_filter *filters, size_t count)
{
    size_t from = c->out.len;
    uint16_t id = next_id(c);
    int rc = mqtt_encode_subscribe(&c->out, c->opts.connect.level, MQTT_TYPE_subscribe, id,
                                   (struct slice){ 0 }, filters, count);
    if (rc < 0) return rc;
    c->subscribe_id = id;
    c->subscribe_count = count;
    note_sent(c, from);
    return 0;
}

int mqtt_client_unsubscribe(struct mqtt_client *c, const struct mqtt_filter *filters, size_t count)
{
    size_t from = c->out.len;
    uint16_t id = next_id(c);
    int rc = mqtt_encode_subscribe(&c->out, c->opts.connect.level, MQTT_TYPE_unsubscribe, id,
                                   (struct slice){ 0 }, filters, count);
    if (rc < 0) return rc;
    c->unsubscribe_id = id;
    note_sent(c, from);
    return 0;
}

void mqtt_client_ping(struct mqtt_client *c)
{
    size_t from = c->out.len;
    mqtt_encode_empty(&c->out, MQTT_TYPE_pingreq);
    note_sent(c, from);
    if (c->pings++ == 0) c->ping_at = c->sent_at;
}

void mqtt_client_disconnect(struct mqtt_client *c)
{
    const struct mqtt_farewell farewell = { .code = MQTT_REASON_SUCCESS };
    size_t from = c->out.len;
    mqtt_encode_farewell(&c->out, c->opts.connect.level, MQTT_TYPE_disconnect, &farewell);
    note_sent(c, from);
}

/* ---- the connection ------------------------------------------------------------------------- */

int mqtt_client_open(struct mqtt_client *c)
{
    int rc = mqtt_encode_connect(&c->out, &c->opts.connect);
    if (rc < 0) return rc;
    c->state = CLIENT_CONNECTING;
    note_sent(c, 0);
    c->opened_at = c->sent_at;
    return 0;
}

void mqtt_client_lost(struct mqtt_client *c)
{
    c->state = CLIENT_DOWN;
    buf_clear(&c->in);
    buf_clear(&c->out);
    c->subscribe_id = c->unsubscribe_id = 0;
    c->pings = 0;
}

struct buf *mqtt_client_out(struct mqtt_client *c)
{
    return &c->out;
}

static int64_t keep_alive_ms(const struct mqtt_client *c)
{
    return SECONDS(c->opts.connect.keep_alive);
}

/* An answer may take as long as the keep alive, and ten seconds at least. */
static int64_t ping_end(const struct mqtt_client *c)
{
    int64_t wait = keep_alive_ms(c);
    return c->ping_at + (wait > PING_WAIT_MS ? wait : PING_WAIT_MS);
}

int64_t mqtt_client_deadline(const struct mqtt_client *c)
{
    if (c->state == CLIENT_DOWN) return INT64_MAX;
    if (c->state == CLIENT_CONNECTING) return c->opened_at + CONNACK_WAIT_MS;
    int64_t next = keep_alive_ms(c) ? c->sent_at + keep_alive_ms(c) : INT64_MAX;
    return c->pings && ping_end(c) < next ? ping_end(c) : next;
}

int mqtt_client_tick(struct mqtt_client *c)
{
    int64_t now = clock_mono_ms();
    if (now < mqtt_client_deadline(c)) return 0;
    if (c->state == CLIENT_CONNECTING) return ERR_TIMEOUT;
    if (c->pings && now >= ping_end(c)) return ERR_TIMEOUT;
    mqtt_client_ping(c);
    return 0;
}

/* ---- receiving ------------------------------------------------------------------------------ */

static const struct {
    int code;
    const char *text;
} refusals[] = {
    [MQTT_REFUSED_LEVEL] = { ERR_UNSUPPORTED, "the hub does not speak this version of MQTT" },
    [MQTT_REFUSED_CLIENT_ID] = { ERR_DENIED, "the hub refuses the client id" },
    [MQTT_REFUSED_UNAVAILABLE] = { ERR_BUSY, "the hub cannot serve now" },
    [MQTT_REFUSED_BAD_LOGIN] = { ERR_AUTH, "the hub refuses user name and password" },
    [MQTT_REFUSED_NOT_AUTHORIZED] = { ERR_DENIED, "not authorized to connect" },
};

static int on_connack(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_connack ack;
    const char *why = NULL;
    int rc = mqtt_decode_connack(frame, c->opts.connect.level, &ack, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    if (ack.code >= ARRAY_LEN(refusals))
        return diag_set(diag, ERR_DENIED, "the hub refuses the connection, code %d", ack.code);
    if (ack.code) return diag_set(diag, refusals[ack.code].code, "%s", refusals[ack.code].text);
    c->state = CLIENT_UP;
    if (!ack.session_present) {
        memset(c->received, 0, sizeof c->received);
        c->received_count = 0;
    }
    list_for_each(it, &c->flights) {
        struct flight *flight = container_of(it, struct flight, link);
        if (flight->id) send_flight(c, flight);
    }
    c->cbs->on_connected(c->arg, ack.session_present);
    pump(c);
    return 0;
}

static bool is_received(const struct mqtt_client *c, uint16_t id)
{
    return c->received[id / 8] >> (id % 8) & 1;
}

static void set_received(struct mqtt_client *c, uint16_t id, bool received)
{
    if (is_received(c, id) == received) return;
    c->received[id / 8] ^= (uint8_t)(1U << (id % 8));
    c->received_count += received ? 1 : SIZE_MAX;
}

static int on_publish(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_publish p;
    const char *why = NULL;
    int rc = mqtt_decode_publish(frame, c->opts.connect.level, false, &p, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    bool repeated = p.qos == 2 && is_received(c, p.id);
    if (!repeated && !c->cbs->on_message(c->arg, &p)) return 0;
    if (p.qos == 2) set_received(c, p.id, true);
    if (p.qos) send_ack(c, p.qos == 1 ? MQTT_TYPE_puback : MQTT_TYPE_pubrec, p.id);
    return 0;
}

static void complete(struct mqtt_client *c, struct flight *flight)
{
    flight_free(c, flight);
    c->cbs->on_delivered(c->arg);
    pump(c);
}

/* An answer to what is not under way is no error: it may belong to an earlier life of the session. */
static int on_ack(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_ack ack;
    const char *why = NULL;
    int rc = mqtt_decode_ack(frame, c->opts.connect.level, &ack, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    struct flight *flight = find_flight(c, ack.id);
    bool two = flight && flight->qos == 2;
    switch (ack.type) {
    case MQTT_TYPE_puback:
        if (flight && !two) complete(c, flight);
        break;
    case MQTT_TYPE_pubrec:
        if (two) flight->state = FLIGHT_RELEASED;
        send_ack(c, MQTT_TYPE_pubrel, ack.id);
        break;
    case MQTT_TYPE_pubcomp:
        if (two) complete(c, flight);
        break;
    case MQTT_TYPE_pubrel:
        set_received(c, ack.id, false);
        send_ack(c, MQTT_TYPE_pubcomp, ack.id);
        break;
    default:
        if (ack.id == c->unsubscribe_id) c->unsubscribe_id = 0;
        break;
    }
    return 0;
}

static int on_suback(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_suback ack;
    const char *why = NULL;
    int rc = mqtt_decode_suback(frame, c->opts.connect.level, &ack, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    if (ack.id != c->subscribe_id || ack.codes.len != c->subscribe_count)
        return diag_set(diag, ERR_MALFORMED, "[MQTT-3.8.4-2] SUBACK that answers no SUBSCRIBE");
    c->subscribe_id = 0;
    c->cbs->on_granted(c->arg, ack.codes);
    return 0;
}

static int on_pingresp(struct mqtt_client *c)
{
    if (c->pings) c->pings--;
    c->ping_at = clock_mono_ms();
    return 0;
}

static int dispatch(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    const struct mqtt_type_info *info = mqtt_type_info(frame->type);
    if (c->cbs->on_packet) c->cbs->on_packet(c->arg, false, info->name, frame->size);
    bool is_answer = info->server && frame->type != MQTT_TYPE_disconnect; /* below level 5 */
    if (!is_answer)
        return diag_set(diag, ERR_MALFORMED, "the hub has sent a packet of a client: %s",
                        info->name);
    if ((c->state == CLIENT_CONNECTING) != (frame->type == MQTT_TYPE_connack))
        return diag_set(diag, ERR_MALFORMED, "[MQTT-3.2.0-1] CONNACK must come first, and once");
    switch (frame->type) {
    case MQTT_TYPE_connack:
        return on_connack(c, frame, diag);
    case MQTT_TYPE_publish:
        return on_publish(c, frame, diag);
    case MQTT_TYPE_suback:
        return on_suback(c, frame, diag);
    case MQTT_TYPE_pingresp:
        return on_pingresp(c);
    default:
        return on_ack(c, frame, diag);
    }
}

int mqtt_client_feed(struct mqtt_client *c, const void *data, size_t len, struct diag *diag)
{
    size_t at = 0;
    int rc;
    buf_append(&c->in, data, len);
    for (;;) {
        struct mqtt_frame frame;
        const char *why = NULL;
        rc = mqtt_frame((const uint8_t *)c->in.data + at, c->in.len - at, SIZE_MAX,
                        c->opts.connect.level, &frame, &why);
        if (rc < 0) return diag_set(diag, rc, "%s", why);
        if (rc == 0) break;
        rc = dispatch(c, &frame, diag);
        if (rc < 0) return rc;
        at += frame.size;
    }
    buf_consume(&c->in, at);
    return 0;
}

/* ---- questions ------------------------------------------------------------------------------ */

bool mqtt_client_is_up(const struct mqtt_client *c)
{
    return c->state == CLIENT_UP;
}

bool mqtt_client_has_room(const struct mqtt_client *c)
{
    return c->flying + c->waiting < c->opts.window;
}

size_t mqtt_client_unfinished(const struct mqtt_client *c)
{
    return c->flying + c->waiting;
}

bool mqtt_client_is_idle(const struct mqtt_client *c)
{
    return !c->flying && !c->waiting && !c->received_count && !c->pings && !c->subscribe_id &&
           !c->unsubscribe_id;
}
