/* mqtt_publish.c — messages to the client: the bytes of a PUBLISH, shared between receivers as far as they can be.
 *
 *   as it came        the packet that the message is kept as, where level and QoS are the publisher's
 *   shared            another form of it, made once for all receivers that need it (msg.wire)
 *   its own           level 5 only: topic alias, subscription identifiers, what is left of the message expiry
 *
 * Small packets are copied into the output; of a large one the beginning alone, up to the last byte that may
 * differ between receivers. */
#include "conn/mqtt_conn_priv.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>

enum {
    SMALL_PACKET = 1024, /* copied into the output rather than referenced */
    ALIAS_MOST = 8,      /* bytes by which an alias may make a packet longer */
};

/* ---- the same for all ---- */

/* NULL: no packet of that level can hold it. */
static struct chunk *shared(struct msg *msg, bool five, bool has_id)
{
    struct chunk *chunk = msg->wire[five][has_id];
    if (chunk) return chunk;
    struct mqtt_publish publish = { .level = five ? MQTT_LEVEL_5 : MQTT_LEVEL_311,
                                    .qos = has_id,
                                    .topic = msg->topic,
                                    .properties = msg->properties,
                                    .payload = msg->payload };
    size_t size = mqtt_publish_size(&publish);
    if (!size) return NULL;
    chunk = msg->wire[five][has_id] = chunk_create(size);
    mqtt_encode_publish(chunk->data, &publish, NULL);
    return chunk;
}

/* What differs between the receivers of a message. */
struct how {
    uint8_t first;
    bool has_id;
    uint16_t id;
};

/* The beginning of a packet: a copy of our own. */
static void write_head(struct stream *stream, struct slice head, const struct how *how)
{
    uint8_t small[SMALL_PACKET];
    uint8_t *copy = head.len <= sizeof small ? small : xmalloc(head.len);
    memcpy(copy, head.ptr, head.len);
    copy[0] = how->first;
    if (how->has_id) {
        size_t id_at = mqtt_publish_id_at(copy);
        copy[id_at] = (uint8_t)(how->id >> 8);
        copy[id_at + 1] = (uint8_t)how->id;
    }
    stream_write(stream, copy, head.len);
    if (copy != small) free(copy);
}

static void write_small(struct stream *stream, struct slice packet, const struct how *how)
{
    if (how->has_id || how->first != (uint8_t)packet.ptr[0])
        write_head(stream, packet, how);
    else
        stream_write(stream, packet.ptr, packet.len);
}

/* Up to the payload a copy of our own, if anything in it is. */
static void write_chunk(struct stream *stream, struct chunk *chunk, size_t payload,
                        const struct how *how)
{
    struct slice head = slice_of((const char *)chunk->data, chunk->len - payload);
    if (chunk->len <= SMALL_PACKET)
        head.len = chunk->len;
    else if (how->first == chunk->data[0] && !how->has_id)
        head.len = 0;
    if (head.len) write_head(stream, head, how);
    if (head.len < chunk->len) stream_write_chunk(stream, chunk, head.len, chunk->len - head.len);
}

/* False: larger than any packet can be. */
static bool send_shared(struct mqtt_conn *c, struct msg *msg, const struct session_out *out)
{
    struct how how = { mqtt_publish_first_byte(out->qos, out->dup, out->retain), out->qos > 0,
                       out->id };
    bool five = c->level == MQTT_LEVEL_5;
    bool as_it_came = (out->qos > 0) == (msg->qos > 0) && five == (msg->level == MQTT_LEVEL_5);
    if (as_it_came && msg->packet.len && msg->packet.len <= SMALL_PACKET) {
        write_small(c->stream, msg->packet, &how);
        return true;
    }
    struct chunk *chunk = shared(msg, five, how.has_id);
    if (!chunk) return false;
    write_chunk(c->stream, chunk, msg->payload.len, &how);
    return true;
}

/* ---- for this client alone ---- */

/* An alias instead of the topic, or with it for the first time; the latter only if the packet can be sent
 * then. */
static void choose_alias(struct mqtt_conn *c, struct mqtt_publish *publish, struct buf *added)
{
    struct alias_out *aliases = &c->five->aliases_out;
    size_t size = mqtt_publish_size(publish);
    bool known = true;
    uint16_t alias = size && mqtt_fits(c, size + ALIAS_MOST)
                         ? alias_out_next(aliases, publish->topic, &known)
                         : alias_out_known(aliases, publish->topic);
    if (!alias) return;
    if (known) publish->topic = slice_of("", 0);
    mqtt_put_number(added, MQTT_PROP_topic_alias, alias);
    publish->added = buf_slice(added);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(value >> shift);
}

/* rest: has the payload; NULL: it is copied with the head. */
static void write_own(struct mqtt_conn *c, struct msg *msg, const struct mqtt_publish *publish,
                      struct chunk *rest)
{
    uint8_t small[2 * SMALL_PACKET];
    size_t head = mqtt_publish_head_size(publish);
    size_t len = rest ? head : head + msg->payload.len;
    uint8_t *packet = len <= sizeof small ? small : xmalloc(len);
    if (rest)
        mqtt_encode_publish_head(packet, publish, NULL);
    else
        mqtt_encode_publish(packet, publish, NULL);
    if (msg->expires_at)
        put_u32(packet + head - publish->properties.len + msg->expiry_at,
                msg_expiry_left(msg, loop_real(hub_loop(c->env->hub))));
    stream_write(c->stream, packet, len);
    if (packet != small) free(packet);
    if (rest) stream_write_chunk(c->stream, rest, rest->len - msg->payload.len, msg->payload.len);
}

static bool send_own(struct mqtt_conn *c, struct msg *msg, const struct session_out *out)
{
    struct buf *added = &c->env->scratch;
    struct mqtt_publish publish = { .level = MQTT_LEVEL_5,
                                    .dup = out->dup,
                                    .qos = out->qos,
                                    .retain = out->retain,
                                    .id = out->id,
                                    .topic = msg->topic,
                                    .properties = msg->properties,
                                    .payload = msg->payload };
    buf_clear(added);
    for (size_t i = 0; i < out->id_count; i++)
        mqtt_put_number(added, MQTT_PROP_subscription_id, out->ids[i]);
    publish.added = buf_slice(added);
    if (c->five->aliases_out.max) choose_alias(c, &publish, added);
    size_t size = mqtt_publish_size(&publish);
    if (!size || !mqtt_fits(c, size)) return false;
    bool large = msg->payload.len > SMALL_PACKET;
    struct chunk *rest = large ? shared(msg, true, out->qos > 0) : NULL;
    if (large && !rest) return false; /* without the alias no packet could hold it */
    write_own(c, msg, &publish, rest);
    return true;
}

static bool is_its_own(const struct mqtt_conn *c, const struct msg *msg,
                       const struct session_out *out)
{
    return c->level == MQTT_LEVEL_5 && (c->picky || out->id_count || msg->expires_at);
}

bool mqtt_link_publish(struct session_link *link, struct msg *msg, const struct session_out *out)
{
    struct mqtt_conn *c = container_of(link, struct mqtt_conn, link);
    bool sent = is_its_own(c, msg, out) ? send_own(c, msg, out) : send_shared(c, msg, out);
    if (!sent) return false;
    metrics_inc(METRIC_MQTT_PACKETS_OUT);
    metrics_inc(METRIC_PUBLISHES_OUT);
    metrics_add(METRIC_PUBLISH_BYTES_OUT, (int64_t)msg->payload.len);
    return true;
}
