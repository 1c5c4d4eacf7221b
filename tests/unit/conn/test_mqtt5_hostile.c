/* test_mqtt5_hostile.c — the rows of hostile5_tbl.h, by the ways of hostile.h; every code of AUTH and DISCONNECT; what
 * acknowledgements may say, the clients' and ours. */
#include "hostile.h"
#include "mqtt_peer5.h"

enum { RECEIVE_MAXIMUM = 3, MAX_TOPIC_ALIAS = 3 }; /* as hostile5_tbl.h says */

static const struct hostile inputs[] = {
#define HOSTILE(statement, title, state, bytes, outcome) \
    HOSTILE_ROW(statement, title, state, bytes, outcome),
#include "hostile5_tbl.h"
};

static const struct hostile strict_inputs[] = {
#define HOSTILE_STRICT(statement, title, state, bytes, outcome) \
    HOSTILE_ROW(statement, title, state, bytes, outcome),
#include "hostile5_tbl.h"
};

static int setup(void **state)
{
    peer_setup(state);
    front_opts.receive_maximum = RECEIVE_MAXIMUM;
    front_opts.max_topic_alias = MAX_TOPIC_ALIAS;
    front_set_opts(front, &front_opts);
    return 0;
}

static int setup_strict(void **state)
{
    setup(state);
    peer_become_strict(*state);
    return 0;
}

static void hostile_inputs(void **state)
{
    hostile_whole(*state, inputs, ARRAY_LEN(inputs));
}

static void hostile_inputs_split_everywhere(void **state)
{
    hostile_in_two(*state, inputs, ARRAY_LEN(inputs));
}

static void hostile_inputs_byte_by_byte(void **state)
{
    hostile_by_bytes(*state, inputs, ARRAY_LEN(inputs));
}

static void hostile_inputs_under_aws_strict(void **state)
{
    hostile_whole(*state, strict_inputs, ARRAY_LEN(strict_inputs));
    hostile_in_two(*state, strict_inputs, ARRAY_LEN(strict_inputs));
}

static void rows_differ(void **state)
{
    assert_true(ARRAY_LEN(inputs) >= 1000);
    hostile_differ(inputs, ARRAY_LEN(inputs));
    hostile_differ(strict_inputs, ARRAY_LEN(strict_inputs));
}

/* ---- every code ---- */

/* What comes when a client sends this; its will is counted by the caller. */
static const char *answer_to(struct fixture *f, const char *packet, size_t len)
{
    struct peer lamp = { 0 };
    static char kept[256];
    peer_open(f, &lamp);
    peer5_connect_will(&lamp, "lamp", "", "");
    peer_log(&lamp);
    peer_send(&lamp, packet, len);
    snprintf(kept, sizeof kept, "%s", peer_log(&lamp));
    peer_close(&lamp);
    return kept;
}

/* [MQTT-4.12.0-7], [MQTT-4.12.1-1]: there is no method here, so no AUTH is right, whatever its code. */
static void auth_of_every_code(void **state)
{
    struct fixture *f = *state;
    struct service wills = { 0 };
    service_start(f, &wills, "will");
    for (int code = 0; code <= 0xff; code++) {
        const char bare[] = { (char)0xf0, 1, (char)code };
        const char full[] = { (char)0xf0, 6, (char)code, 4, 0x15, 0, 1, 'm' };
        assert_string_equal(answer_to(f, bare, sizeof bare), "disconnect:82{why} end");
        assert_string_equal(answer_to(f, full, sizeof full), "disconnect:82{why} end");
    }
    assert_int_equal(wills.count, 2 * 256);
    service_stop(&wills);
}

/* [MQTT-3.14.2-1]: a client may say these, and is closed without a word; servers' codes and others break the protocol.
 * With code 0 alone there is no will. */
static void disconnect_of_every_code(void **state)
{
    struct fixture *f = *state;
    static const uint8_t good[] = { 0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90,
                                    0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99 };
    struct service wills = { 0 };
    service_start(f, &wills, "will");
    for (int code = 0; code <= 0xff; code++) {
        const char bare[] = { (char)0xe0, 1, (char)code };
        const char full[] = { (char)0xe0, 2, (char)code, 0 };
        const char *expected = memchr(good, code, sizeof good) ? "end" : "disconnect:82{why} end";
        assert_string_equal(answer_to(f, bare, sizeof bare), expected);
        assert_string_equal(answer_to(f, full, sizeof full), expected);
    }
    assert_int_equal(wills.count, 2 * 255);
    service_stop(&wills);
}

/* ---- acknowledgements ---- */

static bool may_say(uint8_t type, int code)
{
    static const uint8_t of_publish[] = { 0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99 };
    if (type == MQTT_TYPE_pubrel || type == MQTT_TYPE_pubcomp) return code == 0 || code == 0x92;
    return memchr(of_publish, code, sizeof of_publish) != NULL;
}

/* [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1]: each has codes of its own, and another one ends the
 * connection; and those that we send are of them too. */
static void acknowledgements_that_break_the_rules(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    for (uint8_t type = MQTT_TYPE_puback; type <= MQTT_TYPE_pubcomp; type++) {
        uint8_t first = (uint8_t)(type << 4 | mqtt_type_info(type)->flags);
        for (int code = 0; code <= 0xff; code++) {
            const char packet[] = { (char)first, 3, 0, 9, (char)code };
            const char *log = answer_to(f, packet, sizeof packet);
            if ((strcmp(log, "disconnect:82{why} end") == 0) == may_say(type, code))
                fail_msg("type %d, code %02x: %s", type, code, log);
        }
    }
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_PUBLISH, "denied");
    peer5_start(f, &lamp, "lamp", true, "");
    peer5_subscribe(&lamp, 1, "t", "0", "");
    peer5_publish(&lamp, "t", "x", 1, 1, "");
    peer5_publish(&lamp, "nobody", "x", 1, 2, "");
    peer5_publish(&lamp, "denied", "x", 1, 3, "");
    peer5_publish(&lamp, "t", "\xff", 1, 4, "payload_format=1");
    assert_peer(&lamp, "suback#1:0 t=x/0 puback#1 puback#2:10 puback#3:87 puback#4:99{why} ");
    peer5_publish(&lamp, "t", "x", 2, 1, "");
    peer5_publish(&lamp, "nobody", "x", 2, 2, "");
    peer5_publish(&lamp, "denied", "x", 2, 3, "");
    peer5_publish(&lamp, "t", "\xff", 2, 4, "payload_format=1");
    assert_peer(&lamp, "t=x/0 pubrec#1 pubrec#2:10 pubrec#3:87 pubrec#4:99{why} ");
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 1, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 77, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 77, 0);
    assert_peer(&lamp, "pubcomp#1 pubcomp#77:92 pubrel#77:92 ");
    peer_close(&lamp);
}

/* [MQTT-3.4.2-2], [MQTT-3.5.2-2]: a reason string is left out where the client takes no packet of that size. */
static void reason_strings_of_answers_that_fit(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    static const char connect[] = "maximum_packet_size=%d";
    char limit[64];
    for (int most = 30; most <= 200; most += 170) {
        const char *why = most < 100 ? "" : "{why}";
        char expected[64];
        snprintf(limit, sizeof limit, connect, most);
        peer5_start(f, &lamp, "lamp", true, limit);
        peer5_publish(&lamp, "t", "\xff", 1, 1, "payload_format=1");
        peer5_publish(&lamp, "t", "\xff", 2, 2, "payload_format=1");
        snprintf(expected, sizeof expected, "puback#1:99%s pubrec#2:99%s ", why, why);
        assert_peer(&lamp, expected);
        peer_close(&lamp);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(hostile_inputs),
        TEST(hostile_inputs_split_everywhere),
        TEST(hostile_inputs_byte_by_byte),
        cmocka_unit_test_setup_teardown(hostile_inputs_under_aws_strict, setup_strict,
                                        peer_teardown),
        cmocka_unit_test(rows_differ),
        TEST(auth_of_every_code),
        TEST(disconnect_of_every_code),
        TEST(acknowledgements_that_break_the_rules),
        TEST(reason_strings_of_answers_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
