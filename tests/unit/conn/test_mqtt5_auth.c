/* test_mqtt5_auth.c — MQTT 5.0, sections 3.15 and 4.12, statement by statement: there is no authentication method here,
 * so whoever names one is refused, and nobody is asked anything. */
#include "mqtt_peer5.h"

#define UP "connack:0{maximum_packet_size=4096} "

/* Names of methods that others have. */
static const char *const methods[] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "GS2-KRB5", "PLAIN", "x" };

/* [MQTT-4.12.0-1]: a method that there is not is told with 0x8c and closed, whoever asks, and before anybody is asked
 * who it is; data of no method break the protocol. */
static void unknown_method_is_refused(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    char properties[128];
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        for (int with_data = 0; with_data <= 1; with_data++) {
            snprintf(properties, sizeof properties, "auth_method=%s%s", methods[i],
                     with_data ? " auth_data=n,,n=user,r=nonce" : "");
            peer_open(f, &lamp);
            peer5_connect(&lamp, "lamp", true, properties);
            assert_peer(&lamp, "connack:8c{why} end");
            peer_close(&lamp);
        }
    }
    peer_open(f, &lamp);
    peer5_connect(&lamp, "lamp", true, "auth_data=n,,n=user,r=nonce");
    assert_peer(&lamp, "connack:82{why} end");
    peer_close(&lamp);
    peer_open(f, &lamp); /* a login beside it does not help */
    peer5_connect_as(&lamp, &(struct mqtt_connect){ .client_id = SLICE_LIT("lamp"),
                                                    .properties = props("auth_method=x"),
                                                    .has_username = true,
                                                    .has_password = true,
                                                    .username = SLICE_LIT(AUTH_FAKE_USER),
                                                    .password = SLICE_LIT(AUTH_FAKE_PASSWORD) });
    assert_peer(&lamp, "connack:8c{why} end");
    peer_close(&lamp);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
}

/* [MQTT-3.1.2-30]: what stands behind such a CONNECT is not looked at: AUTH neither, nor what else comes. */
static void nothing_is_processed_behind_a_method(void **state)
{
    struct fixture *f = *state;
    struct service all = { 0 };
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    service_start(f, &all, "#");
    mqtt_encode_connect(&packets, &(struct mqtt_connect){ .level = MQTT_LEVEL_5,
                                                          .client_id = SLICE_LIT("lamp"),
                                                          .properties = props("auth_method=x") });
    buf_append(&packets, BYTES("\xf0\x06\x18\x04\x15\x00\x01x")); /* AUTH that goes on */
    buf_append(&packets, BYTES("\x31\x06\x00\x01t\x00xy"));
    peer_open(f, &lamp);
    lamp.level = MQTT_LEVEL_5;
    peer_send_buf(&lamp, &packets);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:8c{why} end");
    assert_int_equal(all.count, 0);
    assert_int_equal(hub_retained_count(f->hub), 0);
    service_stop(&all);
    peer_close(&lamp);
}

/* [MQTT-4.12.0-6]: who has not named a method is told of none, and is not sent AUTH, whatever happens. [MQTT-4.12.0-7],
 * [MQTT-4.12.1-1]: nor may it send one, to go on or to begin again. */
static void no_auth_without_a_method(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t code;
        const char *properties;
    } cases[] = { { 0x00, "" }, { 0x00, "auth_method=x" },
                  { 0x18, "" }, { 0x18, "auth_method=x auth_data=y" },
                  { 0x19, "" }, { 0x19, "auth_method=x auth_data=y" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct service wills = { 0 };
        struct peer lamp = { 0 };
        service_start(f, &wills, "will");
        peer_open(f, &lamp);
        peer5_connect_will(&lamp, "lamp", "", "");
        peer5_subscribe(&lamp, 1, "t", "2", "");
        peer5_publish(&lamp, "t", "x", 1, 2, "");
        peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
        auth_fake_changed(f->auth);
        turns(f, 5);
        assert_peer(&lamp, UP "suback#1:2 t=x/1#2 puback#2 ");
        peer5_auth(&lamp, cases[i].code, cases[i].properties);
        assert_peer(&lamp, "disconnect:82{why} end");
        assert_int_equal(wills.count, 1);
        peer_close(&lamp);
        service_stop(&wills);
    }
}

/* [MQTT-3.15.1-1]: AUTH has no flags. As the first packet it is as any other but CONNECT: not answered. */
static void flags_of_auth(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    for (int flags = 1; flags <= 15; flags++) {
        const char packet[] = { (char)(0xf0 | flags), 6, 0x18, 4, 0x15, 0, 1, 'x' };
        peer5_start(f, &lamp, "lamp", true, "");
        peer_send(&lamp, packet, sizeof packet);
        assert_peer(&lamp, "disconnect:81{why} end");
        assert_non_null(strstr(lamp.why, "MQTT-3.15.1-1"));
        peer_close(&lamp);
    }
    peer_open(f, &lamp);
    peer5_auth(&lamp, 0x18, "auth_method=x");
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

/* It comes while somebody else is asked who the client is: then too it is not heard before CONNACK. */
static void auth_while_the_login_is_asked(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct stream *server = peer_pair(f, &lamp);
    front_accept(NULL, server, &closed_listener);
    turns(f, 3);
    auth_fake_hold(f->auth, true);
    peer5_connect_as(&lamp, &(struct mqtt_connect){ .client_id = SLICE_LIT("lamp"),
                                                    .has_username = true,
                                                    .has_password = true,
                                                    .username = SLICE_LIT(AUTH_FAKE_USER),
                                                    .password = SLICE_LIT(AUTH_FAKE_PASSWORD) });
    peer5_auth(&lamp, 0x18, "auth_method=x");
    assert_peer(&lamp, "");
    auth_fake_hold(f->auth, false);
    turns(f, 8);
    assert_peer(&lamp, UP "disconnect:82{why} end");
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(unknown_method_is_refused),     TEST(nothing_is_processed_behind_a_method),
        TEST(no_auth_without_a_method),      TEST(flags_of_auth),
        TEST(auth_while_the_login_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
