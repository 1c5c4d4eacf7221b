/* client.c — see client.h.
 *
 *   DOWN ──open──► CONNECTING ──CONNACK 0──► UP ──lost──► DOWN
 *
 * A publish with QoS 1 or 2 is a flight: it waits, is sent, is released (QoS 2: PUBREC has come), is
 * gone. Flights stand in one list in the order in which they were published; those that wait are at
 * its end. After a loss the list is sent again from the front, with DUP or as PUBREL [MQTT-4.4.0-1],
 * whether or not the hub has kept the session: to repeat is the lesser evil for QoS 1, and for
 * QoS 2 a released message is never repeated. A hub may take fewer of them now than before: those beyond
 * are held, with their ids, until there is room.
 *
 * A flight is kept with its topic. Where a topic alias stands for it on this connection, it is decoded and
 * encoded again without.
 *
 *  I1  A message is given to on_message before its acknowledgement is in the buffer.
 *  I2  A QoS 2 message is given once: its id is noted until PUBREL, and forgotten with the session.
 *  I3  At most c->window flights are under way on a connection. No two flights have the same id. */
#include "cli/mqtt/client.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "cli/mqtt/alias.h"
#include "cli/mqtt/limits.h"
#include "cli/mqtt/outcome.h"

#include <stdlib.h>

enum { CONNACK_WAIT_MS = 30000, PING_WAIT_MS = 10000, IDS = 65536 };

enum client_state { CLIENT_DOWN, CLIENT_CONNECTING, CLIENT_UP };
enum flight_state { FLIGHT_WAITING, FLIGHT_SENT, FLIGHT_RELEASED };

struct flight {
    struct list link;
    enum flight_state state;
    bool held;   /* has an id, but was not sent again yet */
    uint16_t id; /* 0 while it waits */
    size_t id_at;
    struct mqtt_outline outline;
    uint8_t packet[];
};

struct mqtt_client {
    struct mqtt_client_opts opts;
    const struct mqtt_client_cbs *cbs;
    void *arg;
    enum client_state state;
    struct buf in, out;
    struct list flights;
    size_t flying;  /* flights that are under way */
    size_t held;    /* those that are to be sent again */
    size_t waiting; /* those without id */
    size_t waiting_bytes;
    uint16_t last_id;
    uint16_t subscribe_id, unsubscribe_id; /* 0: none is open */
    size_t subscribe_count, unsubscribe_count;
    uint8_t received[IDS / 8]; /* QoS 2 ids whose PUBREL has not come */
    size_t received_count;
    size_t pings;
    int64_t opened_at, sent_at, ping_at; /* ping_at: the oldest open one */
    struct buf id;                       /* that the hub has made */
    /* of the connection */
    struct mqtt_limits limits;
    size_t window;
    int64_t keep_alive_ms;
    struct mqtt_aliases ours, theirs;
};

/* ---- life ----------------------------------------------------------------------------------- */

struct mqtt_client *mqtt_client_create(const struct mqtt_client_opts *opts,
                                       const struct mqtt_client_cbs *cbs, void *arg)
{
    struct mqtt_client *c = xnew(struct mqtt_client);
    c->opts = *opts;
    c->cbs = cbs;
    c->arg = arg;
    c->window = opts->window;
    c->limits = mqtt_limits_of((struct slice){ 0 });
    list_init(&c->flights);
    return c;
}

static void flight_free(struct mqtt_client *c, struct flight *flight)
{
    if (flight->held)
        c->held--;
    else if (flight->id)
        c->flying--;
    list_remove(&flight->link);
    free(flight);
}

void mqtt_client_destroy(struct mqtt_client *c)
{
    if (!c) return;
    while (!list_empty(&c->flights))
        flight_free(c, container_of(c->flights.next, struct flight, link));
    mqtt_aliases_clear(&c->ours);
    mqtt_aliases_clear(&c->theirs);
    buf_deinit(&c->id);
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

static uint16_t alias_of(const struct mqtt_publish *publish)
{
    return (uint16_t)mqtt_property_number(publish->properties, MQTT_PROP_topic_alias, 0);
}

static void put_publish(struct mqtt_client *c, const struct mqtt_publish *publish)
{
    size_t from = c->out.len;
    struct mqtt_publish sent = *publish;
    uint16_t alias = alias_of(publish);
    if (alias && mqtt_aliases_set(&c->ours, alias, publish->topic)) sent.topic = slice_of("", 0);
    size_t size = mqtt_publish_size(&sent);
    mqtt_encode_publish((uint8_t *)buf_reserve(&c->out, size), &sent, NULL);
    c->out.len += size;
    c->out.data[c->out.len] = '\0';
    note_sent(c, from);
}

/* What a flight's packet says. */
static struct mqtt_publish publish_of(const struct mqtt_client *c, const struct flight *flight)
{
    struct mqtt_frame frame;
    struct mqtt_publish publish;
    const uint8_t level = c->opts.connect.level;
    if (mqtt_frame(flight->packet, flight->outline.size, SIZE_MAX, level, &frame, NULL) != 1 ||
        mqtt_decode_publish(&frame, level, true, &publish, NULL) < 0)
        BUG("a flight that is no PUBLISH");
    return publish;
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
    if (flight->outline.alias) {
        const struct mqtt_publish publish = publish_of(c, flight);
        put_publish(c, &publish);
        return;
    }
    buf_append(&c->out, flight->packet, flight->outline.size);
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
    c->waiting_bytes -= flight->outline.size;
    c->flying++;
    flight->id = id;
    flight->packet[flight->id_at] = (uint8_t)(id >> 8);
    flight->packet[flight->id_at + 1] = (uint8_t)id;
    send_flight(c, flight);
}

static void send_again(struct mqtt_client *c, struct flight *flight)
{
    flight->held = false;
    c->held--;
    c->flying++;
    send_flight(c, flight);
}

/* In order: first those that are held. */
static void pump(struct mqtt_client *c, bool held_only)
{
    list_for_each(it, &c->flights) {
        struct flight *flight = container_of(it, struct flight, link);
        if (c->flying >= c->window || (!c->held && (!c->waiting || held_only))) return;
        if (flight->held)
            send_again(c, flight);
        else if (flight->state == FLIGHT_WAITING)
            launch(c, flight);
    }
}

static int check_publish(const struct mqtt_client *c, const struct mqtt_outline *outline,
                         struct diag *diag)
{
    if (outline->size == 0) return diag_set(diag, ERR_INVALID, "a message is too long for MQTT");
    if (c->state == CLIENT_UP) return mqtt_limits_check(&c->limits, outline, diag);
    if (outline->qos == 0) return diag_set(diag, ERR_STATE, "there is no connection");
    return 0;
}

static void add_flight(struct mqtt_client *c, const struct mqtt_publish *publish,
                       const struct mqtt_outline *outline)
{
    struct flight *flight = xcalloc(1, sizeof *flight + outline->size);
    flight->outline = *outline;
    mqtt_encode_publish(flight->packet, publish, &flight->id_at);
    list_push_back(&c->flights, &flight->link);
    c->waiting++;
    c->waiting_bytes += outline->size;
    if (c->state == CLIENT_UP && c->flying < c->window && c->waiting == 1 && !c->held)
        launch(c, flight);
}

int mqtt_client_publish(struct mqtt_client *c, const struct mqtt_publish *publish,
                        struct diag *diag)
{
    const struct mqtt_outline outline = { .qos = publish->qos,
                                          .retain = publish->retain,
                                          .alias = alias_of(publish),
                                          .size = mqtt_publish_size(publish) };
    int rc = check_publish(c, &outline, diag);
    if (rc < 0) return rc;
    if (publish->qos == 0) {
        put_publish(c, publish);
        return 0;
    }
    if (c->waiting && c->waiting_bytes + outline.size > c->opts.max_waiting)
        return diag_set(diag, ERR_LIMIT, "too many messages wait to be sent");
    add_flight(c, publish, &outline);
    return 0;
}

/* SUBSCRIBE or UNSUBSCRIBE. The id, or the error. */
static int send_request(struct mqtt_client *c, uint8_t type, struct slice properties,
                        const struct mqtt_filter *filters, size_t count)
{
    size_t from = c->out.len;
    uint16_t id = next_id(c);
    int rc =
        mqtt_encode_subscribe(&c->out, c->opts.connect.level, type, id, properties, filters, count);
    if (rc == 0 && c->out.len - from > c->limits.packet) {
        c->out.len = from;
        rc = ERR_TOO_LARGE;
    }
    if (rc < 0) return rc;
    note_sent(c, from);
    return id;
}

int mqtt_client_subscribe(struct mqtt_client *c, const struct mqtt_filter *filters, size_t count)
{
    int id = send_request(c, MQTT_TYPE_subscribe, c->opts.subscribe, filters, count);
    if (id < 0) return id;
    c->subscribe_id = (uint16_t)id;
    c->subscribe_count = count;
    return 0;
}

int mqtt_client_unsubscribe(struct mqtt_client *c, const struct mqtt_filter *filters, size_t count)
{
    int id = send_request(c, MQTT_TYPE_unsubscribe, c->opts.unsubscribe, filters, count);
    if (id < 0) return id;
    c->unsubscribe_id = (uint16_t)id;
    c->unsubscribe_count = count;
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
    const struct mqtt_farewell farewell = { .properties = c->opts.disconnect };
    size_t from = c->out.len;
    mqtt_encode_farewell(&c->out, c->opts.connect.level, MQTT_TYPE_disconnect, &farewell);
    note_sent(c, from);
}

/* ---- the connection ------------------------------------------------------------------------- */

int mqtt_client_open(struct mqtt_client *c)
{
    struct mqtt_connect connect = c->opts.connect;
    connect.client_id = mqtt_client_id(c);
    int rc = mqtt_encode_connect(&c->out, &connect);
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
    mqtt_aliases_clear(&c->ours);
    mqtt_aliases_clear(&c->theirs);
}

struct buf *mqtt_client_out(struct mqtt_client *c)
{
    return &c->out;
}

/* An answer may take as long as the keep alive, and ten seconds at least. */
static int64_t ping_end(const struct mqtt_client *c)
{
    int64_t wait = c->keep_alive_ms;
    return c->ping_at + (wait > PING_WAIT_MS ? wait : PING_WAIT_MS);
}

int64_t mqtt_client_deadline(const struct mqtt_client *c)
{
    if (c->state == CLIENT_DOWN) return INT64_MAX;
    if (c->state == CLIENT_CONNECTING) return c->opened_at + CONNACK_WAIT_MS;
    int64_t next = c->keep_alive_ms ? c->sent_at + c->keep_alive_ms : INT64_MAX;
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

/* A hub that does not know this level may answer as 3.1.1 has it. */
static bool is_old_refusal(const struct mqtt_client *c, const struct mqtt_frame *frame)
{
    return c->opts.connect.level >= MQTT_LEVEL_5 && frame->body.len == 2 &&
           frame->body.ptr[1] >= MQTT_REFUSED_LEVEL &&
           frame->body.ptr[1] <= MQTT_REFUSED_NOT_AUTHORIZED;
}

static void take_connack(struct mqtt_client *c, const struct mqtt_connack *ack)
{
    struct slice id = mqtt_property_text(ack->properties, MQTT_PROP_assigned_client_id);
    uint32_t keep_alive = mqtt_property_number(ack->properties, MQTT_PROP_server_keep_alive,
                                               c->opts.connect.keep_alive);
    if (id.len) {
        buf_clear(&c->id);
        buf_put_slice(&c->id, id);
    }
    c->keep_alive_ms = SECONDS(keep_alive);
    c->limits = mqtt_limits_of(ack->properties);
    c->window = c->limits.under_way < c->opts.window ? c->limits.under_way : c->opts.window;
    if (ack->session_present) return;
    memset(c->received, 0, sizeof c->received);
    c->received_count = 0;
}

/* What waits may have been published for another hub, or for this one with other limits. */
static int check_flights(const struct mqtt_client *c, struct diag *diag)
{
    int rc = 0;
    list_for_each(it, &c->flights) {
        const struct flight *flight = container_of(it, struct flight, link);
        if (flight->state == FLIGHT_RELEASED || rc < 0) continue;
        rc = mqtt_limits_check(&c->limits, &flight->outline, diag);
    }
    return rc;
}

static void hold_flights(struct mqtt_client *c)
{
    c->flying = c->held = 0;
    list_for_each(it, &c->flights) {
        struct flight *flight = container_of(it, struct flight, link);
        flight->held = flight->id;
        if (flight->held) c->held++;
    }
}

static int on_connack(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_connack ack;
    const char *why = NULL;
    uint8_t level = is_old_refusal(c, frame) ? MQTT_LEVEL_311 : c->opts.connect.level;
    int rc = mqtt_decode_connack(frame, level, &ack, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    if (ack.code) return mqtt_connack_outcome(level, &ack, diag);
    take_connack(c, &ack);
    rc = check_flights(c, diag);
    if (rc < 0) return rc;
    c->state = CLIENT_UP;
    hold_flights(c);
    pump(c, true);
    c->cbs->on_connected(c->arg, ack.session_present);
    pump(c, false);
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

/* Of the hub: what we have allowed it. */
static uint32_t most_aliases(const struct mqtt_client *c)
{
    return mqtt_property_number(c->opts.connect.properties, MQTT_PROP_topic_alias_maximum, 0);
}

static int on_publish(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_publish p;
    const char *why = NULL;
    int rc = mqtt_decode_publish(frame, c->opts.connect.level, false, &p, &why);
    if (rc == 0 && p.has_alias) rc = mqtt_aliases_resolve(&c->theirs, most_aliases(c), &p, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    bool repeated = p.qos == 2 && is_received(c, p.id);
    if (!repeated && !c->cbs->on_message(c->arg, &p)) return 0;
    if (p.qos == 2) set_received(c, p.id, true);
    if (p.qos) send_ack(c, p.qos == 1 ? MQTT_TYPE_puback : MQTT_TYPE_pubrec, p.id);
    return 0;
}

static void complete(struct mqtt_client *c, struct flight *flight, const struct mqtt_ack *ack)
{
    flight_free(c, flight);
    if (ack->code < MQTT_REFUSED || ack->type == MQTT_TYPE_pubcomp)
        c->cbs->on_delivered(c->arg);
    else
        c->cbs->on_refused(c->arg, ack);
    pump(c, false);
}

/* With a PUBREC that refuses, the message is done [MQTT-4.3.3-4]. */
static void on_pubrec(struct mqtt_client *c, struct flight *flight, const struct mqtt_ack *ack)
{
    if (ack->code >= MQTT_REFUSED) {
        if (flight) complete(c, flight, ack);
        return;
    }
    if (flight) flight->state = FLIGHT_RELEASED;
    send_ack(c, MQTT_TYPE_pubrel, ack->id);
}

/* An answer to what is not under way is no error: it may belong to an earlier life of the session. */
static int on_ack(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_ack ack;
    const char *why = NULL;
    int rc = mqtt_decode_ack(frame, c->opts.connect.level, &ack, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    struct flight *flight = find_flight(c, ack.id);
    bool two = flight && flight->outline.qos == 2;
    switch (ack.type) {
    case MQTT_TYPE_puback:
        if (flight && !two) complete(c, flight, &ack);
        break;
    case MQTT_TYPE_pubrec:
        on_pubrec(c, two ? flight : NULL, &ack);
        break;
    case MQTT_TYPE_pubcomp:
        if (two) complete(c, flight, &ack);
        break;
    default:
        set_received(c, ack.id, false);
        send_ack(c, MQTT_TYPE_pubcomp, ack.id);
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
    c->cbs->on_granted(c->arg, &ack);
    return 0;
}

/* Below level 5 it has no codes, and is decoded as an acknowledgement. */
static int decode_unsuback(const struct mqtt_client *c, const struct mqtt_frame *frame,
                           struct mqtt_suback *ret_ack, const char **ret_why)
{
    const uint8_t level = c->opts.connect.level;
    struct mqtt_ack plain;
    if (level >= MQTT_LEVEL_5) return mqtt_decode_suback(frame, level, ret_ack, ret_why);
    int rc = mqtt_decode_ack(frame, level, &plain, ret_why);
    if (rc == 0) *ret_ack = (struct mqtt_suback){ .id = plain.id };
    return rc;
}

static int on_unsuback(struct mqtt_client *c, const struct mqtt_frame *frame, struct diag *diag)
{
    struct mqtt_suback ack = { 0 };
    const char *why = NULL;
    int rc = decode_unsuback(c, frame, &ack, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    if (ack.id != c->unsubscribe_id) return 0;
    if (ack.codes.len && ack.codes.len != c->unsubscribe_count)
        return diag_set(diag, ERR_MALFORMED, "[MQTT-3.11.3-1] UNSUBACK that answers otherwise");
    c->unsubscribe_id = 0;
    c->cbs->on_released(c->arg, &ack);
    return 0;
}

static int on_disconnect(const struct mqtt_client *c, const struct mqtt_frame *frame,
                         struct diag *diag)
{
    struct mqtt_farewell farewell;
    const char *why = NULL;
    int rc = mqtt_decode_disconnect(frame, c->opts.connect.level, false, &farewell, &why);
    if (rc < 0) return diag_set(diag, rc, "%s", why);
    return mqtt_farewell_outcome(&farewell, diag);
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
    if (!mqtt_server_sends(frame->type, c->opts.connect.level))
        return diag_set(diag, ERR_MALFORMED, "the hub has sent a packet of a client: %s",
                        info->name);
    if (frame->type == MQTT_TYPE_auth)
        return diag_set(diag, ERR_UNSUPPORTED, "the hub asks for authentication by AUTH");
    if ((c->state == CLIENT_CONNECTING) != (frame->type == MQTT_TYPE_connack))
        return diag_set(diag, ERR_MALFORMED, "[MQTT-3.2.0-1] CONNACK must come first, and once");
    switch (frame->type) {
    case MQTT_TYPE_connack:
        return on_connack(c, frame, diag);
    case MQTT_TYPE_publish:
        return on_publish(c, frame, diag);
    case MQTT_TYPE_suback:
        return on_suback(c, frame, diag);
    case MQTT_TYPE_unsuback:
        return on_unsuback(c, frame, diag);
    case MQTT_TYPE_disconnect:
        return on_disconnect(c, frame, diag);
    case MQTT_TYPE_pingresp:
        return on_pingresp(c);
    default:
        return on_ack(c, frame, diag);
    }
}

int mqtt_client_feed(struct mqtt_client *c, const void *data, size_t len, struct diag *diag)
{
    const uint32_t most =
        mqtt_property_number(c->opts.connect.properties, MQTT_PROP_maximum_packet_size, UINT32_MAX);
    size_t at = 0;
    int rc;
    buf_append(&c->in, data, len);
    for (;;) {
        struct mqtt_frame frame;
        const char *why = NULL;
        rc = mqtt_frame((const uint8_t *)c->in.data + at, c->in.len - at, most,
                        c->opts.connect.level, &frame, &why);
        if (rc == ERR_TOO_LARGE)
            return diag_set(diag, rc, "the hub sends a packet above %u bytes", most);
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

struct slice mqtt_client_id(const struct mqtt_client *c)
{
    return c->id.len ? buf_slice(&c->id) : c->opts.connect.client_id;
}

bool mqtt_client_is_up(const struct mqtt_client *c)
{
    return c->state == CLIENT_UP;
}

bool mqtt_client_has_room(const struct mqtt_client *c)
{
    return mqtt_client_unfinished(c) < c->window;
}

size_t mqtt_client_unfinished(const struct mqtt_client *c)
{
    return c->flying + c->held + c->waiting;
}

bool mqtt_client_is_idle(const struct mqtt_client *c)
{
    return !mqtt_client_unfinished(c) && !c->received_count && !c->pings && !c->subscribe_id &&
           !c->unsubscribe_id;
}
