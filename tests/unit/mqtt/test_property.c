/* Unit tests of the properties of MQTT 5.0: what each packet may carry, how often, with which values, and the
 * blocks that are made. The samples come from property_tbl.h, the rules from the sections of the standard. */
#include "decode_any.h"

#include "base/err.h"
#include "base/mem.h"

static const struct {
    uint8_t id, form;
    const char *name;
} kinds[] = {
#define PROPERTY(name, id, form, range, many, where) { (id), MQTT_FORM_##form, #name },
#include "mqtt/property_tbl.h"
};

/* A good value for each form. */
static const struct slice samples[] = {
    [MQTT_FORM_BYTE] = BYTES("\1"),
    [MQTT_FORM_U16] = BYTES("\0\7"),
    [MQTT_FORM_U32] = BYTES("\0\0\0\7"),
    [MQTT_FORM_VARINT] = BYTES("\x85\1"),
    [MQTT_FORM_TEXT] = BYTES("\0\3a\xc3\xa9"),
    [MQTT_FORM_BYTES] = BYTES("\0\3\0\xff\x80"),
    [MQTT_FORM_PAIR] = BYTES("\0\2k1\0\1v"),
};

static void put_sample(struct buf *block, size_t kind)
{
    buf_put_u8(block, kinds[kind].id);
    buf_put_slice(block, samples[kinds[kind].form]);
}

/* In memory of exactly its size. */
static int check(struct slice block, unsigned where, const char **ret_why)
{
    char *copy = xmalloc(block.len ? block.len : 1);
    memcpy(copy, block.ptr, block.len);
    int rc = mqtt_properties_check(slice_of(copy, block.len), where, ret_why);
    free(copy);
    return rc;
}

/* Sections 3.1.2.11, 3.1.3.2 and so on: the identifiers that a packet may have. */
static const struct slice allowed[MQTT_WILL_PROPERTIES + 1] = {
    [MQTT_TYPE_connect] = BYTES("\x11\x21\x27\x22\x19\x17\x26\x15\x16"),
    [MQTT_WILL_PROPERTIES] = BYTES("\x18\x01\x02\x03\x08\x09\x26"),
    [MQTT_TYPE_connack] =
        BYTES("\x11\x21\x24\x25\x27\x12\x22\x1f\x26\x28\x29\x2a\x13\x1a\x1c\x15\x16"),
    [MQTT_TYPE_publish] = BYTES("\x01\x02\x23\x08\x09\x26\x0b\x03"),
    [MQTT_TYPE_puback] = BYTES("\x1f\x26"),
    [MQTT_TYPE_pubrec] = BYTES("\x1f\x26"),
    [MQTT_TYPE_pubrel] = BYTES("\x1f\x26"),
    [MQTT_TYPE_pubcomp] = BYTES("\x1f\x26"),
    [MQTT_TYPE_subscribe] = BYTES("\x0b\x26"),
    [MQTT_TYPE_suback] = BYTES("\x1f\x26"),
    [MQTT_TYPE_unsubscribe] = BYTES("\x26"),
    [MQTT_TYPE_unsuback] = BYTES("\x1f\x26"),
    [MQTT_TYPE_disconnect] = BYTES("\x11\x1f\x26\x1c"),
    [MQTT_TYPE_auth] = BYTES("\x15\x16\x1f\x26"),
};

static bool is_allowed(uint8_t id, unsigned where)
{
    return allowed[where].len && memchr(allowed[where].ptr, id, allowed[where].len);
}

static void each_packet_carries_its_own(void **state)
{
    assert_int_equal(ARRAY_LEN(kinds), 27);
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        struct buf block = { 0 };
        put_sample(&block, kind);
        for (unsigned where = 1; where <= MQTT_WILL_PROPERTIES; where++) {
            const char *why = NULL;
            bool fine = is_allowed(kinds[kind].id, where);
            int rc = check(buf_slice(&block), where, &why);
            if (rc != (fine ? 0 : ERR_MALFORMED) || fine != !why)
                fail_msg("%s in packet type %u: %d, %s", kinds[kind].name, where, rc, why);
        }
        buf_deinit(&block);
    }
}

static bool may_repeat(uint8_t id, unsigned where)
{
    return id == MQTT_PROP_user_property ||
           (id == MQTT_PROP_subscription_id && where == MQTT_TYPE_publish);
}

/* Twice in a row, and with another property between. */
static void twice_is_a_protocol_error(void **state)
{
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        for (int between = 0; between <= 1; between++) {
            struct buf block = { 0 };
            put_sample(&block, kind);
            if (between) mqtt_put_pair(&block, slice_str("k"), slice_str("v"));
            put_sample(&block, kind);
            for (unsigned where = 1; where <= MQTT_WILL_PROPERTIES; where++) {
                uint8_t id = kinds[kind].id;
                if (!is_allowed(id, where)) continue;
                const char *why = "";
                int rc = check(buf_slice(&block), where, &why);
                if (rc != (may_repeat(id, where) ? 0 : ERR_PROTOCOL))
                    fail_msg("%s twice in packet type %u: %d, %s", kinds[kind].name, where, rc,
                             why);
            }
            buf_deinit(&block);
        }
    }
}

static void all_of_a_packet_fit_together(void **state)
{
    for (unsigned where = 1; where <= MQTT_WILL_PROPERTIES; where++) {
        struct buf block = { 0 };
        for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++)
            if (is_allowed(kinds[kind].id, where)) put_sample(&block, kind);
        assert_int_equal(check(buf_slice(&block), where, NULL), 0);
        buf_deinit(&block);
    }
}

static unsigned some_packet(uint8_t id)
{
    for (unsigned where = 1; where <= MQTT_WILL_PROPERTIES; where++)
        if (is_allowed(id, where)) return where;
    fail_msg("property %d is nowhere", id);
    return 0;
}

static void a_cut_anywhere_is_malformed(void **state)
{
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        unsigned where = some_packet(kinds[kind].id);
        struct buf block = { 0 };
        put_sample(&block, kind);
        for (size_t len = 1; len < block.len; len++) {
            const char *why = NULL;
            int rc = check(slice_of(block.data, len), where, &why);
            if (rc != ERR_MALFORMED || !why)
                fail_msg("%s, first %zu bytes: %d", kinds[kind].name, len, rc);
        }
        assert_int_equal(check(slice_of(block.data, 0), where, NULL), 0);
        buf_deinit(&block);
    }
}

static void unknown_identifiers_are_malformed(void **state)
{
    for (int id = 0; id < 256; id++) {
        bool known = false;
        for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++)
            known = known || kinds[kind].id == id;
        assert_int_equal(mqtt_property_name((unsigned)id) != NULL, known);
        if (known) continue;
        const char block[] = { (char)id, 0, 1, 0, 1, 0, 1 };
        for (unsigned where = 1; where <= MQTT_WILL_PROPERTIES; where++)
            assert_int_equal(check(slice_of(block, sizeof block), where, NULL), ERR_MALFORMED);
    }
}

/* Every value of the numbers that are small, the edges of the others. */
static void values_have_ranges(void **state)
{
    static const struct {
        uint8_t id;
        uint32_t number;
        bool fine;
    } rows[] = {
        { MQTT_PROP_receive_maximum, 0, false },
        { MQTT_PROP_receive_maximum, 1, true },
        { MQTT_PROP_receive_maximum, 65535, true },
        { MQTT_PROP_maximum_packet_size, 0, false },
        { MQTT_PROP_maximum_packet_size, 1, true },
        { MQTT_PROP_maximum_packet_size, UINT32_MAX, true },
        { MQTT_PROP_subscription_id, 0, false },
        { MQTT_PROP_subscription_id, 1, true },
        { MQTT_PROP_subscription_id, 268435455, true },
        { MQTT_PROP_topic_alias, 0, true }, /* the connection's: 0x94 */
        { MQTT_PROP_topic_alias, 65535, true },
        { MQTT_PROP_topic_alias_maximum, 0, true },
        { MQTT_PROP_server_keep_alive, 0, true },
        { MQTT_PROP_session_expiry, 0, true },
        { MQTT_PROP_session_expiry, UINT32_MAX, true },
        { MQTT_PROP_message_expiry, 0, true },
        { MQTT_PROP_will_delay, UINT32_MAX, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf block = { 0 };
        mqtt_put_number(&block, rows[i].id, rows[i].number);
        int rc = check(buf_slice(&block), some_packet(rows[i].id), NULL);
        if (rc != (rows[i].fine ? 0 : ERR_PROTOCOL)) fail_msg("row %zu: %d", i, rc);
        buf_deinit(&block);
    }
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        for (int value = 0; kinds[kind].form == MQTT_FORM_BYTE && value < 256; value++) {
            const char block[] = { (char)kinds[kind].id, (char)value };
            assert_int_equal(check(slice_of(block, 2), some_packet(kinds[kind].id), NULL),
                             value <= 1 ? 0 : ERR_PROTOCOL);
        }
    }
}

/* [MQTT-3.3.2-14], of a will too. */
static void response_topics_are_names(void **state)
{
    static const struct {
        const char *topic;
        bool fine;
    } rows[] = { { "a", true },  { "a/b", true }, { "$x", true },   { "/", true },  { "", false },
                 { "#", false }, { "+", false },  { "a/#", false }, { "a+", false } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf block = { 0 };
        mqtt_put_text(&block, MQTT_PROP_response_topic, slice_str(rows[i].topic));
        int want = rows[i].fine ? 0 : ERR_PROTOCOL;
        assert_int_equal(check(buf_slice(&block), MQTT_TYPE_publish, NULL), want);
        assert_int_equal(check(buf_slice(&block), MQTT_WILL_PROPERTIES, NULL), want);
        buf_deinit(&block);
    }
}

/* [MQTT-1.5.4-1, 1.5.4-2, 1.5.7-1]; data is any bytes. */
static void text_is_utf8(void **state)
{
    static const struct slice bad[] = { BYTES("\0"),           BYTES("a\0b"),
                                        BYTES("\x80"),         BYTES("\xc0\x80"),
                                        BYTES("\xed\xa0\x80"), BYTES("\xff"),
                                        BYTES("a\xc3"),        BYTES("\xf4\x90\x80\x80") };
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        uint8_t id = kinds[kind].id, form = kinds[kind].form;
        for (size_t i = 0; form >= MQTT_FORM_TEXT && i < ARRAY_LEN(bad); i++) {
            struct buf block = { 0 }, value = { 0 };
            if (form == MQTT_FORM_PAIR) {
                mqtt_put_pair(&block, bad[i], slice_str("v"));
                mqtt_put_pair(&value, slice_str("k"), bad[i]);
            } else {
                mqtt_put_text(&block, id, bad[i]);
                mqtt_put_text(&value, id, bad[i]);
            }
            int want = form == MQTT_FORM_BYTES ? 0 : ERR_MALFORMED;
            assert_int_equal(check(buf_slice(&block), some_packet(id), NULL), want);
            assert_int_equal(check(buf_slice(&value), some_packet(id), NULL), want);
            buf_deinit(&block);
            buf_deinit(&value);
        }
    }
}

/* [MQTT-1.5.5-1] */
static void numbers_are_in_their_shortest_form(void **state)
{
    static const struct {
        struct slice value;
        int rc;
    } rows[] = {
        { BYTES("\x01"), 0 },
        { BYTES("\x7f"), 0 },
        { BYTES("\x80\x01"), 0 },
        { BYTES("\xff\x7f"), 0 },
        { BYTES("\x80\x80\x01"), 0 },
        { BYTES("\xff\xff\xff\x7f"), 0 },
        { BYTES("\x00"), ERR_PROTOCOL },
        { BYTES("\x81\x00"), ERR_MALFORMED },
        { BYTES("\x80\x00"), ERR_MALFORMED },
        { BYTES("\xff\x80\x00"), ERR_MALFORMED },
        { BYTES("\x80\x80\x80\x00"), ERR_MALFORMED },
        { BYTES("\x80\x80\x80\x80\x01"), ERR_MALFORMED },
        { BYTES("\xff\xff\xff\xff"), ERR_MALFORMED },
        { BYTES("\xff\xff\xff"), ERR_MALFORMED },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf block = { 0 };
        buf_put_u8(&block, MQTT_PROP_subscription_id);
        buf_put_slice(&block, rows[i].value);
        int rc = check(buf_slice(&block), MQTT_TYPE_publish, NULL);
        if (rc != rows[i].rc) fail_msg("row %zu: %d", i, rc);
        buf_deinit(&block);
    }
}

static void blocks_are_walked_and_searched(void **state)
{
    struct buf block = { 0 }, rest = { 0 };
    mqtt_put_number(&block, MQTT_PROP_payload_format, 1);
    mqtt_put_number(&block, MQTT_PROP_topic_alias, 0x1234);
    mqtt_put_number(&block, MQTT_PROP_message_expiry, 0x89abcdef);
    mqtt_put_number(&block, MQTT_PROP_subscription_id, 300);
    mqtt_put_text(&block, MQTT_PROP_correlation_data, SLICE_LIT("\0\xff"));
    mqtt_put_pair(&block, SLICE_LIT("k"), SLICE_LIT(""));
    mqtt_put_number(&block, MQTT_PROP_subscription_id, 268435455);
    static const struct slice bytes =
        BYTES("\x01\x01\x23\x12\x34\x02\x89\xab\xcd\xef\x0b\xac\x02\x09\0\2\0\xff\x26\0\1k\0\0"
              "\x0b\xff\xff\xff\x7f");
    assert_true(slice_eq(buf_slice(&block), bytes));
    assert_int_equal(check(bytes, MQTT_TYPE_publish, NULL), 0);

    static const uint8_t order[] = { 0x01, 0x23, 0x02, 0x0b, 0x09, 0x26, 0x0b };
    struct mqtt_property prop;
    size_t at = 0, count = 0, sum = 0;
    for (; mqtt_property_next(bytes, &at, &prop); count++) {
        assert_int_equal(prop.id, order[count]);
        assert_int_equal(prop.at, sum);
        sum += prop.size;
        assert_int_equal(at, sum);
    }
    assert_int_equal(count, ARRAY_LEN(order));
    assert_int_equal(sum, bytes.len);

    assert_true(mqtt_property_find(bytes, MQTT_PROP_subscription_id, &prop));
    assert_int_equal(prop.number, 300);
    assert_true(mqtt_property_find(bytes, MQTT_PROP_user_property, &prop));
    assert_true(slice_eq_str(prop.text, "k") && prop.value.len == 0);
    prop.id = 99;
    assert_false(mqtt_property_find(bytes, MQTT_PROP_content_type, &prop));
    assert_int_equal(prop.id, 99);
    assert_int_equal(mqtt_property_number(bytes, MQTT_PROP_message_expiry, 5), 0x89abcdef);
    assert_int_equal(mqtt_property_number(bytes, MQTT_PROP_will_delay, 5), 5);
    assert_true(
        slice_eq(mqtt_property_text(bytes, MQTT_PROP_correlation_data), SLICE_LIT("\0\xff")));
    assert_null(mqtt_property_text(bytes, MQTT_PROP_content_type).ptr);
    assert_null(mqtt_property_text((struct slice){ 0 }, MQTT_PROP_content_type).ptr);

    mqtt_put_others(&rest, bytes, MQTT_PROP_subscription_id);
    assert_true(
        slice_eq(buf_slice(&rest), (struct slice)BYTES("\x01\x01\x23\x12\x34\x02\x89\xab\xcd\xef"
                                                       "\x09\0\2\0\xff\x26\0\1k\0\0")));
    buf_deinit(&block);
    buf_deinit(&rest);
}

static void names_are_those_of_the_standard(void **state)
{
    assert_non_null(mqtt_property_name(MQTT_PROP_user_property));
    assert_null(mqtt_property_name(0));
    assert_null(mqtt_property_name(0x2b));
    assert_null(mqtt_property_name(64));
    assert_null(mqtt_property_name(~0u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_carries_its_own),
        cmocka_unit_test(twice_is_a_protocol_error),
        cmocka_unit_test(all_of_a_packet_fit_together),
        cmocka_unit_test(a_cut_anywhere_is_malformed),
        cmocka_unit_test(unknown_identifiers_are_malformed),
        cmocka_unit_test(values_have_ranges),
        cmocka_unit_test(response_topics_are_names),
        cmocka_unit_test(text_is_utf8),
        cmocka_unit_test(numbers_are_in_their_shortest_form),
        cmocka_unit_test(blocks_are_walked_and_searched),
        cmocka_unit_test(names_are_those_of_the_standard),
    };
    return cmocka_run_group_tests_name("mqtt_property", tests, NULL, NULL);
}
