/* msg.c — see msg.h. One allocation holds the struct and all its bytes. They begin with the packet in
 * which the message leaves, so that a small one is sent without being encoded or shared first.
 *  I1  Nothing that msg_create has set changes afterwards; caches are filled at most once. */
#include "hub/msg.h"

#include "base/budget.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"
#include "mqtt/property.h"
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, SAVED_RETAIN = 1, SAVED_MQTT = 2, SAVED_WILL = 4, SAVED_FIVE = 8 };
/* what msg_save writes: numbers and flags, and the length of each part */
enum { SAVED_HEAD = 12, SAVED_PARTS = 5, SAVED_LENGTH = 4 };

static struct slice place(char **at, struct slice from)
{
    struct slice placed = slice_of(*at, from.len);
    if (from.len) memcpy(*at, from.ptr, from.len);
    *at += from.len;
    return placed;
}

struct msg_origin *msg_origin_create(struct slice client_id, struct slice principal)
{
    struct msg_origin *origin = xmalloc(sizeof *origin + client_id.len + principal.len);
    char *at = origin->data;
    origin->refs = 1;
    origin->client_id = place(&at, client_id);
    origin->principal = place(&at, principal);
    return origin;
}

void msg_origin_unref(struct msg_origin *origin)
{
    if (origin && --origin->refs == 0) free(origin);
}

/* The head of the packet, topic and properties in it; without one these two alone. */
static void place_head(char **at, const struct mqtt_publish *publish, size_t size, struct msg *msg)
{
    if (!size) {
        msg->topic = place(at, publish->topic);
        msg->properties = place(at, publish->properties);
        return;
    }
    mqtt_encode_publish_head((uint8_t *)*at, publish, NULL);
    const char *topic_end = *at + mqtt_publish_id_at((const uint8_t *)*at);
    msg->packet = slice_of(*at, size + publish->payload.len);
    *at += size;
    msg->topic = slice_of(topic_end - publish->topic.len, publish->topic.len);
    msg->properties = slice_of(*at - publish->properties.len, publish->properties.len);
}

static void note_expiry(struct msg *msg)
{
    struct mqtt_property expiry;
    if (!mqtt_property_find(msg->properties, MQTT_PROP_message_expiry, &expiry)) return;
    msg->expiry_at = (uint32_t)expiry.at + 1;
    if (__builtin_add_overflow(msg->at_ms, SECONDS((int64_t)expiry.number), &msg->expires_at))
        msg->expires_at = INT64_MAX;
}

static void place_origin(char **at, const struct msg_opts *opts, struct msg *msg)
{
    msg->origin = opts->origin;
    if (msg->origin) {
        msg->origin->refs++;
        msg->client_id = msg->origin->client_id;
        msg->principal = msg->origin->principal;
        return;
    }
    msg->client_id = place(at, opts->client_id);
    msg->principal = place(at, opts->principal);
}

struct msg *msg_create(const struct msg_opts *opts)
{
    bool five = opts->level == MQTT_LEVEL_5 || opts->properties.len;
    const struct mqtt_publish publish = { .level = five ? MQTT_LEVEL_5 : MQTT_LEVEL_311,
                                          .qos = opts->qos,
                                          .topic = opts->topic,
                                          .properties = opts->properties,
                                          .payload = opts->payload };
    size_t head = mqtt_publish_head_size(&publish);
    size_t len = (head ? head : opts->topic.len + opts->properties.len) + opts->payload.len;
    if (!opts->origin) len += opts->client_id.len + opts->principal.len;
    struct msg *msg = xmalloc(sizeof *msg + len);
    budget_add(BUDGET_MESSAGES, sizeof *msg + len);
    char *at = msg->data;
    *msg = (struct msg){
        .refs = 1,
        .qos = opts->qos,
        .retain = opts->retain,
        .hops = opts->hops,
        .over_mqtt = opts->over_mqtt,
        .will = opts->will,
        .keep = opts->keep,
        .fleeting = opts->fleeting,
        .level = publish.level,
        .at_ms = opts->at_ms ? opts->at_ms : clock_real_ms(),
    };
    place_head(&at, &publish, head, msg);
    msg->payload = place(&at, opts->payload);
    place_origin(&at, opts, msg);
    if (opts->properties.len) note_expiry(msg);
    return msg;
}

struct msg *msg_published_now(const struct msg *msg)
{
    return msg_create(&(struct msg_opts){
        .topic = msg->topic,
        .payload = msg->payload,
        .properties = msg->properties,
        .client_id = msg->client_id,
        .principal = msg->principal,
        .origin = msg->origin,
        .qos = msg->qos,
        .retain = msg->retain,
        .hops = msg->hops,
        .over_mqtt = msg->over_mqtt,
        .will = msg->will,
        .keep = msg->keep,
        .fleeting = msg->fleeting,
        .level = msg->level,
    });
}

/* What msg_create has allocated. */
static size_t own_size(const struct msg *msg)
{
    size_t shared = msg->origin ? msg->client_id.len + msg->principal.len : 0;
    return msg_size(msg) - shared;
}

size_t msg_size(const struct msg *msg)
{
    size_t packet =
        msg->packet.len ? msg->packet.len : msg->topic.len + msg->properties.len + msg->payload.len;
    return sizeof *msg + packet + msg->client_id.len + msg->principal.len;
}

struct msg *msg_ref(struct msg *msg)
{
    msg->refs++;
    return msg;
}

void msg_unref(struct msg *msg)
{
    if (!msg || --msg->refs) return;
    struct chunk *const *wire = &msg->wire[0][0];
    for (size_t i = 0; i < sizeof msg->wire / sizeof *wire; i++)
        if (wire[i]) chunk_unref(wire[i]);
    budget_sub(BUDGET_MESSAGES, own_size(msg));
    msg_origin_unref(msg->origin);
    free(msg);
}

uint32_t msg_expiry_left(const struct msg *msg, int64_t now_ms)
{
    int64_t left = msg->expires_at - now_ms;
    int64_t most = msg->expires_at - msg->at_ms; /* the clock may have been set back */
    if (left > most) left = most;
    return left > 0 ? (uint32_t)((left + 999) / 1000) : 0;
}

static void put(struct buf *out, struct slice part)
{
    buf_put_u32(out, (uint32_t)part.len);
    buf_put_slice(out, part);
}

void msg_save(const struct msg *msg, struct buf *out)
{
    buf_put_u8(out, FORMAT);
    buf_put_u8(out, msg->qos);
    buf_put_u8(out, (uint8_t)((msg->retain ? SAVED_RETAIN : 0) | (msg->over_mqtt ? SAVED_MQTT : 0) |
                              (msg->will ? SAVED_WILL : 0) |
                              (msg->level == MQTT_LEVEL_5 ? SAVED_FIVE : 0)));
    buf_put_u8(out, msg->hops);
    buf_put_u32(out, (uint32_t)((uint64_t)msg->at_ms >> 32));
    buf_put_u32(out, (uint32_t)msg->at_ms);
    put(out, msg->topic);
    put(out, msg->payload);
    put(out, msg->properties);
    put(out, msg->client_id);
    put(out, msg->principal);
}

size_t msg_saved_size(const struct msg *msg)
{
    return SAVED_HEAD + SAVED_PARTS * SAVED_LENGTH + msg->topic.len + msg->payload.len +
           msg->properties.len + msg->client_id.len + msg->principal.len;
}

void msg_save_framed(const struct msg *msg, struct buf *out)
{
    buf_put_u32(out, (uint32_t)msg_saved_size(msg));
    msg_save(msg, out);
}

int msg_find_framed(struct slice data, size_t at, struct slice *ret_saved)
{
    if (at > data.len) return ERR_MALFORMED;
    struct cursor cur = cursor_init(data.ptr + at, data.len - at);
    struct slice saved = cursor_bytes(&cur, cursor_u32(&cur));
    if (cursor_error(&cur)) return ERR_MALFORMED;
    *ret_saved = saved;
    return 0;
}

static struct slice get(struct cursor *cur)
{
    return cursor_bytes(cur, cursor_u32(cur));
}

int msg_load(struct slice data, struct msg **ret_msg)
{
    struct cursor cur = cursor_init(data.ptr, data.len);
    if (cursor_u8(&cur) != FORMAT) return ERR_MALFORMED;
    struct msg_opts opts = { .qos = cursor_u8(&cur) };
    uint8_t flags = cursor_u8(&cur);
    opts.retain = flags & SAVED_RETAIN;
    opts.over_mqtt = flags & SAVED_MQTT;
    opts.will = flags & SAVED_WILL;
    opts.level = flags & SAVED_FIVE ? MQTT_LEVEL_5 : MQTT_LEVEL_311;
    opts.hops = cursor_u8(&cur);
    uint64_t high = cursor_u32(&cur);
    opts.at_ms = (int64_t)(high << 32 | cursor_u32(&cur));
    opts.topic = get(&cur);
    opts.payload = get(&cur);
    opts.properties = get(&cur);
    opts.client_id = get(&cur);
    opts.principal = get(&cur);
    if (cursor_error(&cur) || cursor_left(&cur) || opts.qos > 2) return ERR_MALFORMED;
    if (mqtt_properties_check(opts.properties, MQTT_TYPE_publish, NULL) < 0) return ERR_MALFORMED;
    *ret_msg = msg_create(&opts);
    return 0;
}
