/* Unit tests of the encoders: round trips of every packet at every level, and what cannot be encoded. */
#include "decode_any.h"

#include "base/err.h"
#include "base/mem.h"

static void connect_round_trips(void **state)
{
    const struct mqtt_connect cases[] = {
        { .level = 4, .clean_session = true, .keep_alive = 0, .client_id = BYTES("") },
        { .level = 3, .keep_alive = 65535, .client_id = BYTES("old") },
        { .level = 4,
          .client_id = BYTES("c"),
          .will = true,
          .will_qos = 2,
          .will_retain = true,
          .will_topic = BYTES("t/\xc3\xa9"),
          .will_payload = BYTES("\0\xff") },
        { .level = 4,
          .client_id = BYTES("c"),
          .has_username = true,
          .username = BYTES("u"),
          .has_password = true,
          .password = BYTES("\0\1\2") },
        { .level = 4, .client_id = BYTES("c"), .has_username = true, .username = BYTES("") },
        { .level = 5, .client_id = BYTES("") },
        { .level = 5,
          .clean_session = true,
          .client_id = BYTES("c"),
          .properties = BYTES("\x11\0\0\0\7\x15\0\1m\x16\0\2\0\xff\x26\0\1k\0\1v"),
          .will = true,
          .will_qos = 1,
          .will_topic = BYTES("w"),
          .will_payload = BYTES(""),
          .will_properties = BYTES("\x18\0\0\0\5\x08\0\1r"),
          .has_password = true,
          .password = BYTES("p") },
        { .level = 5,
          .client_id = BYTES("c"),
          .will = true,
          .will_topic = BYTES("w"),
          .has_username = true,
          .username = BYTES("u") },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct mqtt_connect *in = &cases[i];
        struct mqtt_connect out;
        struct buf packet = { 0 };
        assert_int_equal(mqtt_encode_connect(&packet, in), 0);
        struct mqtt_frame frame = frame_of(&packet, 0);
        assert_int_equal(mqtt_decode_connect(&frame, &out, NULL), 0);
        assert_int_equal(out.level, in->level);
        assert_int_equal(out.clean_session, in->clean_session);
        assert_int_equal(out.keep_alive, in->keep_alive);
        assert_int_equal(out.will, in->will);
        assert_int_equal(out.will_qos, in->will_qos);
        assert_int_equal(out.will_retain, in->will_retain);
        assert_int_equal(out.has_username, in->has_username);
        assert_int_equal(out.has_password, in->has_password);
        assert_true(slice_eq(out.client_id, in->client_id));
        assert_true(slice_eq(out.will_topic, in->will_topic));
        assert_true(slice_eq(out.will_payload, in->will_payload));
        assert_true(slice_eq(out.username, in->username));
        assert_true(slice_eq(out.password, in->password));
        assert_true(slice_eq(out.properties, in->properties));
        assert_true(slice_eq(out.will_properties, in->will_properties));
        buf_deinit(&packet);
    }
}

static int put_request(struct buf *out, uint8_t type, uint16_t id,
                       const struct mqtt_filter *filters, size_t count)
{
    return mqtt_encode_subscribe(out, MQTT_LEVEL_311, type, id, (struct slice){ 0 }, filters,
                                 count);
}

static void what_does_not_fit_is_not_encoded(void **state)
{
    char *text = xmalloc(65536);
    memset(text, 'a', 65536);
    struct slice big = slice_of(text, 65536), id = slice_str("c");
    const struct mqtt_connect cases[] = {
        { .level = 2, .client_id = id },
        { .level = 6, .client_id = id },
        { .level = 5, .client_id = id, .will = true, .will_qos = 3, .will_topic = id },
        { .level = 5, .client_id = id, .has_password = true, .password = big },
        { .level = 5, .client_id = id, .properties = slice_of(text, MQTT_MAX_REMAINING) },
        { .level = 5, .client_id = id, .properties = slice_of(text, SIZE_MAX) },
        { .level = 5,
          .client_id = id,
          .will = true,
          .will_topic = id,
          .will_properties = slice_of(text, MQTT_MAX_REMAINING) },
        { .level = 4, .client_id = big },
        { .level = 4, .client_id = id, .will = true, .will_topic = big },
        { .level = 4, .client_id = id, .will = true, .will_topic = id, .will_payload = big },
        { .level = 4, .client_id = id, .will = true, .will_qos = 3, .will_topic = id },
        { .level = 4, .client_id = id, .has_password = true, .password = id },
        { .level = 4, .client_id = id, .has_username = true, .username = big },
    };
    struct buf out = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(mqtt_encode_connect(&out, &cases[i]), ERR_INVALID);
    struct mqtt_filter filters[2] = { { slice_str("a"), 1 }, { slice_str("b"), 3 } };
    const struct mqtt_filter handling = { .filter = id, .retain_handling = 3 };
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, &handling, 1), ERR_INVALID);
    assert_int_equal(mqtt_encode_subscribe(&out, 5, MQTT_TYPE_subscribe, 1,
                                           slice_of(text, MQTT_MAX_REMAINING - 5), filters, 1),
                     ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, filters, 2), ERR_INVALID);
    filters[1] = (struct mqtt_filter){ big, 0 };
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, filters, 2), ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_unsubscribe, 1, filters, 2), ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 0, filters, 1), ERR_INVALID);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, filters, 0), ERR_INVALID);
    struct mqtt_filter *many = xcalloc(4096, sizeof *many);
    for (size_t i = 0; i < 4096; i++)
        many[i].filter = slice_of(text, 65535);
    assert_int_equal(put_request(&out, MQTT_TYPE_subscribe, 1, many, 4096), ERR_INVALID);
    free(many);
    assert_int_equal(out.len, 0);
    struct mqtt_publish publish = { .topic = big };
    assert_int_equal(mqtt_publish_size(&publish), 0);
    publish.topic = id;
    publish.payload = slice_of(text, MQTT_MAX_REMAINING - 2);
    assert_int_equal(mqtt_publish_size(&publish), 0);
    assert_int_equal(mqtt_publish_head_size(&publish), 0);
    publish.payload.len--;
    assert_int_equal(mqtt_publish_size(&publish), (size_t)MQTT_MAX_REMAINING + 5);
    publish.level = 5;
    assert_int_equal(mqtt_publish_size(&publish), 0);
    publish.payload.len--;
    assert_int_equal(mqtt_publish_size(&publish), (size_t)MQTT_MAX_REMAINING + 5);
    publish.added.len = 1;
    assert_int_equal(mqtt_publish_size(&publish), 0);
    publish.payload.len--;
    assert_int_equal(mqtt_publish_size(&publish), (size_t)MQTT_MAX_REMAINING + 5);
    publish.properties.len = 1;
    assert_int_equal(mqtt_publish_size(&publish), 0);
    publish.added.len = SIZE_MAX;
    assert_int_equal(mqtt_publish_size(&publish), 0);
    publish.level = 4;
    assert_int_equal(mqtt_publish_size(&publish), (size_t)MQTT_MAX_REMAINING + 3);
    publish.payload.len = SIZE_MAX;
    assert_int_equal(mqtt_publish_size(&publish), 0);
    buf_deinit(&out);
    free(text);
}

static void publish_round_trips_at_every_length(void **state)
{
    static const size_t payloads[] = { 0,       1,       119,     120,    121,   122,
                                       123,     124,     16376,   16377,  16378, 16379,
                                       16380,   16381,   16382,   65535,  65536, 2097144,
                                       2097145, 2097146, 2097147, 2097148 };
    char *payload = xmalloc(2097148);
    memset(payload, 'p', 2097148);
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        for (int n = 0; n < 6; n++) {
            uint8_t qos = (uint8_t)(n % 3), level = n < 3 ? 4 : 5;
            struct mqtt_publish in = { .level = level,
                                       .dup = qos == 2,
                                       .qos = qos,
                                       .retain = qos == 1,
                                       .id = qos ? 0x1234 : 0,
                                       .topic = slice_str("a/b"),
                                       .payload = slice_of(payload, payloads[i]) };
            struct mqtt_publish out;
            struct buf packet = { 0 };
            size_t size = mqtt_publish_size(&in), id_at = 99;
            mqtt_encode_publish((uint8_t *)buf_reserve(&packet, size), &in, &id_at);
            packet.len = size;
            struct mqtt_frame frame = frame_of(&packet, level);
            assert_int_equal(mqtt_decode_publish(&frame, level, true, &out, NULL), 0);
            assert_true(slice_eq(out.topic, in.topic) && slice_eq(out.payload, in.payload));
            assert_int_equal(out.id, in.id);
            assert_int_equal(out.qos, in.qos);
            assert_int_equal(out.dup, in.dup);
            assert_int_equal(out.retain, in.retain);
            if (qos)
                assert_memory_equal(packet.data + id_at, "\x12\x34", 2);
            else
                assert_int_equal(id_at, 0);
            uint8_t head[32];
            assert_int_equal(mqtt_publish_head_size(&in) + payloads[i], size);
            mqtt_encode_publish_head(head, &in, NULL);
            assert_memory_equal(head, packet.data, mqtt_publish_head_size(&in));
            buf_deinit(&packet);
        }
    }
    free(payload);
}

static void shared_publish_is_patched(void **state)
{
    struct mqtt_publish in = { .qos = 1, .topic = slice_str("t"), .payload = slice_str("p") };
    uint8_t packet[16];
    size_t id_at = 0;
    mqtt_encode_publish(packet, &in, &id_at);
    packet[0] = mqtt_publish_first_byte(2, true, true);
    packet[id_at] = 0xab;
    packet[id_at + 1] = 0xcd;
    struct mqtt_frame frame;
    struct mqtt_publish out;
    assert_int_equal(mqtt_frame(packet, mqtt_publish_size(&in), 100, 4, &frame, NULL), 1);
    assert_int_equal(mqtt_decode_publish(&frame, 4, true, &out, NULL), 0);
    assert_int_equal(out.id, 0xabcd);
    assert_int_equal(out.qos, 2);
    assert_true(out.dup && out.retain);
}

static void subscribe_round_trips(void **state)
{
    static const struct mqtt_filter filters[] = { { BYTES("a"), 0 },
                                                  { BYTES("b/+"), 1 },
                                                  { BYTES("#"), 2 } };
    for (int n = 0; n < 6; n++) {
        bool with_qos = n % 2;
        uint8_t level = (uint8_t)(3 + n / 2),
                type = with_qos ? MQTT_TYPE_subscribe : MQTT_TYPE_unsubscribe;
        struct buf packet = { 0 };
        struct mqtt_subscribe sub;
        assert_int_equal(
            mqtt_encode_subscribe(&packet, level, type, 0x8001, (struct slice){ 0 }, filters, 3),
            0);
        struct mqtt_frame frame = frame_of(&packet, level);
        int rc = with_qos ? mqtt_decode_subscribe(&frame, level, &sub, NULL)
                          : mqtt_decode_unsubscribe(&frame, level, &sub, NULL);
        assert_int_equal(rc, 0);
        assert_int_equal(sub.id, 0x8001);
        assert_int_equal(sub.count, 3);
        size_t at = 0, i = 0;
        struct mqtt_filter filter;
        for (; mqtt_subscribe_next(&sub, &at, &filter); i++) {
            assert_true(slice_eq(filter.filter, filters[i].filter));
            assert_int_equal(filter.qos, with_qos ? filters[i].qos : 0);
        }
        assert_int_equal(i, 3);
        buf_deinit(&packet);
    }
}

/* [MQTT-2.2.2-1]: the decoder does not take other flags than those of the table. */
static void server_packets_round_trip(void **state)
{
    struct buf packet = { 0 };
    struct mqtt_connack connack;
    static const struct {
        uint8_t level;
        bool present;
        uint8_t code;
        struct slice bytes;
    } connacks[] = {
        { 4, false, 0, BYTES("\x20\2\0\0") },       { 4, true, 0, BYTES("\x20\2\1\0") },
        { 4, true, 5, BYTES("\x20\2\0\5") },        { 3, true, 0, BYTES("\x20\2\0\0") },
        { 0, false, 1, BYTES("\x20\2\0\1") },       { 5, false, 0x84, BYTES("\x20\3\0\x84\0") },
        { 6, true, 0x84, BYTES("\x20\3\0\x84\0") }, { 5, true, 0, BYTES("\x20\3\1\0\0") },
    };
    for (size_t i = 0; i < ARRAY_LEN(connacks); i++) {
        buf_clear(&packet);
        struct mqtt_connack in = { .session_present = connacks[i].present,
                                   .code = connacks[i].code };
        mqtt_encode_connack(&packet, connacks[i].level, &in);
        assert_true(slice_eq(buf_slice(&packet), connacks[i].bytes));
        if (connacks[i].level >= 5) continue;
        struct mqtt_frame frame = frame_of(&packet, 4);
        assert_int_equal(mqtt_decode_connack(&frame, 4, &connack, NULL), 0);
        assert_int_equal(connack.code, connacks[i].code);
    }

    static const uint8_t acks[] = { MQTT_TYPE_puback, MQTT_TYPE_pubrec, MQTT_TYPE_pubrel,
                                    MQTT_TYPE_pubcomp, MQTT_TYPE_unsuback };
    for (size_t i = 0; i < ARRAY_LEN(acks); i++) {
        struct mqtt_ack ack;
        buf_clear(&packet);
        mqtt_encode_ack(&packet, &(struct mqtt_ack){ .level = 4, .type = acks[i], .id = 0xfedc });
        struct mqtt_frame frame = frame_of(&packet, 4);
        assert_int_equal(mqtt_decode_ack(&frame, 4, &ack, NULL), 0);
        assert_int_equal(ack.id, 0xfedc);
        assert_int_equal(ack.type, acks[i]);
    }

    uint8_t codes[200] = { 0, 1, 2, MQTT_SUBACK_FAILURE };
    struct mqtt_suback suback;
    buf_clear(&packet);
    const struct mqtt_suback granted = { .id = 7, .codes = slice_of((char *)codes, sizeof codes) };
    mqtt_encode_suback(&packet, 4, MQTT_TYPE_suback, &granted);
    struct mqtt_frame frame = frame_of(&packet, 4);
    assert_int_equal(mqtt_decode_suback(&frame, 4, &suback, NULL), 0);
    assert_int_equal(suback.id, 7);
    assert_true(slice_eq(suback.codes, slice_of((char *)codes, sizeof codes)));

    buf_clear(&packet);
    mqtt_encode_empty(&packet, MQTT_TYPE_pingreq);
    mqtt_encode_empty(&packet, MQTT_TYPE_pingresp);
    mqtt_encode_empty(&packet, MQTT_TYPE_disconnect);
    assert_true(slice_eq(buf_slice(&packet), SLICE_LIT("\xc0\0\xd0\0\xe0\0")));
    buf_deinit(&packet);
}

/* `added` stands before the message's own; the payload begins where they end. */
static void publish_has_two_blocks(void **state)
{
    char *text = xmalloc(20000);
    memset(text, 't', 20000);
    static const size_t texts[] = { 0, 100, 113, 114, 115, 16367, 16368, 16369, 20000 };
    for (size_t i = 0; i < ARRAY_LEN(texts) * 3; i++) {
        struct buf own = { 0 }, added = { 0 }, packet = { 0 }, both = { 0 };
        uint8_t qos = (uint8_t)(i % 3);
        mqtt_put_number(&added, MQTT_PROP_topic_alias, 9);
        mqtt_put_number(&added, MQTT_PROP_subscription_id, 200);
        mqtt_put_text(&own, MQTT_PROP_correlation_data, slice_of(text, texts[i / 3]));
        mqtt_put_number(&own, MQTT_PROP_subscription_id, 5);
        struct mqtt_publish in = { .level = 5,
                                   .qos = qos,
                                   .id = qos ? 77 : 0,
                                   .added = buf_slice(&added),
                                   .properties = buf_slice(&own),
                                   .payload = slice_str("payload") };
        struct mqtt_publish out;
        size_t size = mqtt_publish_size(&in), id_at;
        mqtt_encode_publish((uint8_t *)buf_reserve(&packet, size), &in, &id_at);
        packet.len = size;
        assert_memory_equal(packet.data + size - 7 - own.len, own.data, own.len);
        struct mqtt_frame frame = frame_of(&packet, 5);
        assert_int_equal(mqtt_decode_publish(&frame, 5, false, &out, NULL), 0);
        buf_put_slice(&both, in.added);
        buf_put_slice(&both, in.properties);
        assert_true(slice_eq(out.properties, buf_slice(&both)));
        assert_true(slice_eq(out.payload, in.payload));
        assert_int_equal(out.topic.len, 0);
        assert_true(out.has_alias && out.alias == 9);
        assert_int_equal(out.id, in.id);
        in.level = 4; /* both are ignored */
        assert_int_equal(mqtt_publish_size(&in), qos ? 13 : 11);
        buf_deinit(&own);
        buf_deinit(&added);
        buf_deinit(&packet);
        buf_deinit(&both);
    }
    free(text);
}

static void properties_are_left_out_below_level_5(void **state)
{
    static const struct slice block = BYTES("\x26\0\1k\0\1v");
    struct buf out = { 0 };
    mqtt_encode_connack(&out, 4, &(struct mqtt_connack){ .code = 2, .properties = block });
    mqtt_encode_ack(
        &out,
        &(struct mqtt_ack){
            .level = 4, .type = MQTT_TYPE_puback, .id = 1, .code = 0x10, .properties = block });
    const struct mqtt_suback suback = { .id = 2, .codes = BYTES("\1"), .properties = block };
    mqtt_encode_suback(&out, 3, MQTT_TYPE_suback, &suback);
    mqtt_encode_suback(&out, 4, MQTT_TYPE_unsuback, &suback);
    const struct mqtt_farewell farewell = { .code = 4, .properties = block };
    mqtt_encode_farewell(&out, 4, MQTT_TYPE_disconnect, &farewell);
    const struct mqtt_filter filter = { .filter = BYTES("a"),
                                        .qos = 1,
                                        .no_local = true,
                                        .retain_as_published = true,
                                        .retain_handling = 2 };
    assert_int_equal(mqtt_encode_subscribe(&out, 4, MQTT_TYPE_subscribe, 3, block, &filter, 1), 0);
    assert_int_equal(mqtt_encode_connect(&out, &(struct mqtt_connect){ .level = 4,
                                                                       .client_id = BYTES("c"),
                                                                       .properties = block }),
                     0);
    assert_true(
        slice_eq(buf_slice(&out), SLICE_LIT("\x20\2\0\2\x40\2\0\1\x90\3\0\2\1\xb0\2\0\2\xe0\0"
                                            "\x82\6\0\3\0\1a\1\x10\x0d\0\4MQTT\4\0\0\0\0\1c")));
    buf_deinit(&out);
}

/* What stands behind the id is left out when it says nothing. */
static void acks_are_as_short_as_they_can_be(void **state)
{
    static const struct {
        struct mqtt_ack ack;
        struct slice bytes;
    } rows[] = {
        { { .type = MQTT_TYPE_puback, .id = 1 }, BYTES("\x40\2\0\1") },
        { { .type = MQTT_TYPE_puback, .id = 1, .code = 0x10 }, BYTES("\x40\3\0\1\x10") },
        { { .type = MQTT_TYPE_pubrec, .id = 2, .code = 0x97, .properties = BYTES("\x1f\0\1r") },
          BYTES("\x50\x08\0\2\x97\4\x1f\0\1r") },
        { { .type = MQTT_TYPE_pubrel, .id = 3, .properties = BYTES("\x1f\0\0") },
          BYTES("\x62\7\0\3\0\3\x1f\0\0") },
        { { .type = MQTT_TYPE_pubcomp, .id = 4, .code = 0x92 }, BYTES("\x70\3\0\4\x92") },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mqtt_ack in = rows[i].ack, ack;
        struct buf packet = { 0 };
        in.level = 5;
        mqtt_encode_ack(&packet, &in);
        assert_true(slice_eq(buf_slice(&packet), rows[i].bytes));
        struct mqtt_frame frame = frame_of(&packet, 5);
        assert_int_equal(mqtt_decode_ack(&frame, 5, &ack, NULL), 0);
        assert_int_equal(ack.level, 5);
        assert_int_equal(ack.type, in.type);
        assert_int_equal(ack.id, in.id);
        assert_int_equal(ack.code, in.code);
        assert_true(slice_eq(ack.properties, in.properties));
        buf_deinit(&packet);
    }
}

static void farewells_round_trip(void **state)
{
    static const struct {
        uint8_t type;
        struct mqtt_farewell farewell;
        struct slice bytes;
    } rows[] = {
        { MQTT_TYPE_disconnect, { 0 }, BYTES("\xe0\0") },
        { MQTT_TYPE_disconnect, { .code = 4 }, BYTES("\xe0\1\4") },
        { MQTT_TYPE_disconnect,
          { .properties = BYTES("\x11\0\0\0\0") },
          BYTES("\xe0\7\0\5\x11\0\0\0\0") },
        { MQTT_TYPE_disconnect,
          { .code = 0x81, .properties = BYTES("\x1f\0\1r") },
          BYTES("\xe0\6\x81\4\x1f\0\1r") },
        { MQTT_TYPE_auth, { 0 }, BYTES("\xf0\0") },
        { MQTT_TYPE_auth,
          { .code = 0x18, .properties = BYTES("\x15\0\1m") },
          BYTES("\xf0\6\x18\4\x15\0\1m") },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct mqtt_farewell *in = &rows[i].farewell;
        struct mqtt_farewell out;
        struct buf packet = { 0 };
        mqtt_encode_farewell(&packet, 5, rows[i].type, in);
        assert_true(slice_eq(buf_slice(&packet), rows[i].bytes));
        struct mqtt_frame frame = frame_of(&packet, 5);
        int rc = rows[i].type == MQTT_TYPE_auth
                     ? mqtt_decode_auth(&frame, &out, NULL)
                     : mqtt_decode_disconnect(&frame, 5, true, &out, NULL);
        assert_int_equal(rc, 0);
        assert_int_equal(out.code, in->code);
        assert_true(slice_eq(out.properties, in->properties));
        buf_deinit(&packet);
    }
}

static void answers_round_trip_at_level_5(void **state)
{
    struct buf packet = { 0 };
    const struct mqtt_connack in = { .session_present = true,
                                     .properties = BYTES("\x21\0\1\x24\1\x12\0\1i") };
    struct mqtt_connack connack;
    mqtt_encode_connack(&packet, 5, &in);
    struct mqtt_frame frame = frame_of(&packet, 5);
    assert_int_equal(mqtt_decode_connack(&frame, 5, &connack, NULL), 0);
    assert_true(connack.session_present && connack.code == 0);
    assert_true(slice_eq(connack.properties, in.properties));
    for (uint8_t type = MQTT_TYPE_suback; type <= MQTT_TYPE_unsuback; type += 2) {
        const struct mqtt_suback given = { .id = 0xabcd,
                                           .codes = BYTES("\0\x87\x80"),
                                           .properties = BYTES("\x1f\0\1r") };
        struct mqtt_suback suback;
        buf_clear(&packet);
        mqtt_encode_suback(&packet, 5, type, &given);
        frame = frame_of(&packet, 5);
        assert_int_equal(mqtt_decode_suback(&frame, 5, &suback, NULL), 0);
        assert_int_equal(suback.id, 0xabcd);
        assert_true(slice_eq(suback.codes, given.codes));
        assert_true(slice_eq(suback.properties, given.properties));
    }
    buf_deinit(&packet);
}

/* Every combination of the options. */
static void subscription_options_round_trip(void **state)
{
    for (unsigned n = 0; n < 3 * 2 * 2 * 3; n++) {
        const struct mqtt_filter in = { .filter = BYTES("a/#"),
                                        .qos = (uint8_t)(n % 3),
                                        .no_local = n / 3 % 2,
                                        .retain_as_published = n / 6 % 2,
                                        .retain_handling = (uint8_t)(n / 12) };
        static const struct slice block = BYTES("\x0b\x80\1");
        struct buf packet = { 0 };
        struct mqtt_subscribe sub;
        struct mqtt_filter out;
        size_t at = 0;
        assert_int_equal(mqtt_encode_subscribe(&packet, 5, MQTT_TYPE_subscribe, 1, block, &in, 1),
                         0);
        struct mqtt_frame frame = frame_of(&packet, 5);
        assert_int_equal(mqtt_decode_subscribe(&frame, 5, &sub, NULL), 0);
        assert_int_equal(mqtt_property_number(sub.properties, MQTT_PROP_subscription_id, 0), 128);
        assert_true(mqtt_subscribe_next(&sub, &at, &out));
        assert_int_equal(out.qos, in.qos);
        assert_int_equal(out.no_local, in.no_local);
        assert_int_equal(out.retain_as_published, in.retain_as_published);
        assert_int_equal(out.retain_handling, in.retain_handling);
        assert_false(mqtt_subscribe_next(&sub, &at, &out));
        buf_deinit(&packet);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_round_trips),
        cmocka_unit_test(what_does_not_fit_is_not_encoded),
        cmocka_unit_test(publish_round_trips_at_every_length),
        cmocka_unit_test(publish_has_two_blocks),
        cmocka_unit_test(shared_publish_is_patched),
        cmocka_unit_test(subscribe_round_trips),
        cmocka_unit_test(subscription_options_round_trip),
        cmocka_unit_test(server_packets_round_trip),
        cmocka_unit_test(answers_round_trip_at_level_5),
        cmocka_unit_test(properties_are_left_out_below_level_5),
        cmocka_unit_test(acks_are_as_short_as_they_can_be),
        cmocka_unit_test(farewells_round_trip),
    };
    return cmocka_run_group_tests_name("mqtt_encode", tests, NULL, NULL);
}
