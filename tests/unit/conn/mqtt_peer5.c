/* mqtt_peer5.c — see mqtt_peer5.h. */
#include "mqtt_peer5.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* ---- properties as text ---- */

static unsigned id_of(struct slice name)
{
    for (unsigned id = 0; id < 64; id++)
        if (mqtt_property_name(id) && slice_eq_str(name, mqtt_property_name(id))) return id;
    fail_msg("no such property: %.*s", (int)name.len, name.ptr);
    return 0;
}

static bool is_text(unsigned id)
{
    static const uint8_t ids[] = { MQTT_PROP_content_type,     MQTT_PROP_response_topic,
                                   MQTT_PROP_correlation_data, MQTT_PROP_assigned_client_id,
                                   MQTT_PROP_auth_method,      MQTT_PROP_auth_data,
                                   MQTT_PROP_response_info,    MQTT_PROP_server_reference,
                                   MQTT_PROP_reason_string };
    return memchr(ids, (int)id, sizeof ids) != NULL;
}

static void put_one(struct buf *block, const char *word)
{
    const char *equals = strchr(word, '=');
    assert_non_null(equals);
    unsigned id = id_of(slice_of(word, (size_t)(equals - word)));
    const char *value = equals + 1, *colon = strchr(value, ':');
    if (id == MQTT_PROP_user_property) {
        assert_non_null(colon);
        mqtt_put_pair(block, slice_of(value, (size_t)(colon - value)), slice_str(colon + 1));
    } else if (is_text(id)) {
        mqtt_put_text(block, (enum mqtt_prop)id, slice_str(value));
    } else {
        mqtt_put_number(block, (enum mqtt_prop)id, (uint32_t)strtoul(value, NULL, 10));
    }
}

struct slice props(const char *text)
{
    static char blocks[16][2048];
    static unsigned next;
    char *words = strdup(text ? text : ""), *rest = NULL;
    struct buf block = { 0 };
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        put_one(&block, word);
    char *kept = blocks[next++ % 16];
    assert_true(block.len <= sizeof blocks[0]);
    if (block.len) memcpy(kept, block.data, block.len);
    struct slice made = slice_of(kept, block.len);
    buf_deinit(&block);
    free(words);
    return made;
}

/* ---- what a client does ---- */

void peer5_connect_as(struct peer *peer, const struct mqtt_connect *connect)
{
    struct mqtt_connect five = *connect;
    struct buf packet = { 0 };
    five.level = peer->level = MQTT_LEVEL_5;
    assert_int_equal(mqtt_encode_connect(&packet, &five), 0);
    peer_send_buf(peer, &packet);
}

void peer5_connect(struct peer *peer, const char *id, bool clean_start, const char *properties)
{
    peer5_connect_as(peer, &(struct mqtt_connect){ .clean_session = clean_start,
                                                   .client_id = slice_str(id),
                                                   .properties = props(properties) });
}

void peer5_connect_will(struct peer *peer, const char *id, const char *properties,
                        const char *will_properties)
{
    peer5_connect_as(peer, &(struct mqtt_connect){ .client_id = slice_str(id),
                                                   .properties = props(properties),
                                                   .will = true,
                                                   .will_qos = 1,
                                                   .will_topic = SLICE_LIT("will"),
                                                   .will_payload = SLICE_LIT("bye"),
                                                   .will_properties = props(will_properties) });
}

void peer5_start(struct fixture *f, struct peer *peer, const char *id, bool clean_start,
                 const char *properties)
{
    peer_open(f, peer);
    peer5_connect(peer, id, clean_start, properties);
    peer_settle(peer);
    assert_non_null(strstr(peer_log(peer), "connack:0"));
}

void peer5_send_publish(struct peer *peer, const struct mqtt_publish *publish)
{
    struct mqtt_publish five = *publish;
    struct buf packet = { 0 };
    five.level = MQTT_LEVEL_5;
    size_t size = mqtt_publish_size(&five);
    mqtt_encode_publish((uint8_t *)buf_reserve(&packet, size), &five, NULL);
    packet.len += size;
    peer_send_buf(peer, &packet);
}

static void publish_one(struct peer *peer, struct mqtt_publish one, const char *topic,
                        const char *payload, const char *properties)
{
    one.topic = slice_str(topic);
    one.payload = slice_str(payload);
    one.properties = props(properties);
    peer5_send_publish(peer, &one);
}

void peer5_publish(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                   uint16_t id, const char *properties)
{
    publish_one(peer, (struct mqtt_publish){ .qos = qos, .id = id }, topic, payload, properties);
}

void peer5_retain(struct peer *peer, const char *topic, const char *payload, uint8_t qos,
                  uint16_t id, const char *properties)
{
    publish_one(peer, (struct mqtt_publish){ .qos = qos, .id = id, .retain = true }, topic, payload,
                properties);
}

void peer5_subscribe(struct peer *peer, uint16_t id, const char *filter, const char *options,
                     const char *properties)
{
    const char *handling = strstr(options, "rh");
    struct mqtt_filter one = { .filter = slice_str(filter),
                               .qos = (uint8_t)(options[0] - '0'),
                               .no_local = strstr(options, "nl"),
                               .retain_as_published = strstr(options, "rap"),
                               .retain_handling = handling ? (uint8_t)(handling[2] - '0') : 0 };
    struct buf packet = { 0 };
    mqtt_encode_subscribe(&packet, MQTT_LEVEL_5, MQTT_TYPE_subscribe, id, props(properties), &one,
                          1);
    peer_send_buf(peer, &packet);
}

void peer5_unsubscribe(struct peer *peer, uint16_t id, const char *filter)
{
    struct mqtt_filter one = { .filter = slice_str(filter) };
    struct buf packet = { 0 };
    mqtt_encode_subscribe(&packet, MQTT_LEVEL_5, MQTT_TYPE_unsubscribe, id, props(""), &one, 1);
    peer_send_buf(peer, &packet);
}

void peer5_ack(struct peer *peer, uint8_t type, uint16_t id, uint8_t code)
{
    struct buf packet = { 0 };
    mqtt_encode_ack(
        &packet, &(struct mqtt_ack){ .level = MQTT_LEVEL_5, .type = type, .id = id, .code = code });
    peer_send_buf(peer, &packet);
}

static void farewell(struct peer *peer, uint8_t type, uint8_t code, const char *properties)
{
    struct buf packet = { 0 };
    mqtt_encode_farewell(&packet, MQTT_LEVEL_5, type,
                         &(struct mqtt_farewell){ code, props(properties) });
    peer_send_buf(peer, &packet);
}

void peer5_disconnect(struct peer *peer, uint8_t code, const char *properties)
{
    farewell(peer, MQTT_TYPE_disconnect, code, properties);
}

void peer5_auth(struct peer *peer, uint8_t code, const char *properties)
{
    farewell(peer, MQTT_TYPE_auth, code, properties);
}
