/* test_mqtt5_subscribe.c — MQTT 5.0, sections 3.8 to 3.12 and 4.7, statement by statement: the codes of SUBACK and
 * UNSUBACK, what a subscription asks for, filters and names. */
#include "mqtt_steps5.h"

#include "base/err.h"

/* A client, with no session that is kept, which has subscribed so. */
static void start_subscribed(struct fixture *f, struct peer *peer, const char *id,
                             const char *filter, const char *options)
{
    peer5_start(f, peer, id, true, NULL);
    peer5_subscribe(peer, 1, filter, options, NULL);
    peer_log(peer);
}

/* ---- SUBACK ---- */

/* [MQTT-3.8.4-1], [MQTT-3.8.4-2], [MQTT-2.2.1-6]: each SUBSCRIBE has its SUBACK, with its identifier, once what it
 * promises is committed. */
static void subscribe_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", NULL, NULL);
    store_hold();
    peer5_subscribe(&lamp, 1, "a", "0", NULL);
    assert_peer(&lamp, "");
    store_go(f);
    assert_peer(&lamp, "suback#1:0 ");
    peer5_subscribe(&lamp, 65535, "b", "1", "subscription_id=268435455 user_property=a:b");
    peer5_subscribe(&lamp, 256, "a", "0", "user_property=: user_property=a:b");
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#65535:1 suback#256:0 ");
    peer_close(&lamp);
}

static const struct mqtt_filter four[] = { { .filter = { "a", 1 }, .qos = 2 },
                                           { .filter = { "denied", 6 }, .qos = 1 },
                                           { .filter = { "b", 1 }, .qos = 0 },
                                           { .filter = { "c", 1 }, .qos = 1 } };

/* [MQTT-3.8.4-5], [MQTT-3.8.4-6], [MQTT-3.9.3-1]: one SUBACK, with a code for each filter in their order; what is denied
 * is 0x87 in its place, with the sentence of the log, and takes nothing from the others. */
static void codes_are_in_the_order_of_the_filters(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, curt = { 0 }, old = { 0 };
    auth_fake_note(f->auth);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe_all(&lamp, 7, four, ARRAY_LEN(four), NULL);
    assert_peer(&lamp, "suback#7:2:87:0:1{why} ");
    assert_string_equal(lamp.why, AUTH_FAKE_WHY);
    publish_settled(f, "denied", "x", 1);
    publish_settled(f, "a", "x", 1);
    publish_settled(f, "c", "x", 1);
    assert_peer(&lamp, "a=x/1#2 c=x/1#3 ");
    peer5_start(f, &curt, "curt", true, "request_problem_info=0");
    peer5_subscribe_all(&curt, 7, four, ARRAY_LEN(four), NULL);
    assert_peer(&curt, "suback#7:2:87:0:1 "); /* [MQTT-3.1.2-29] */
    peer_start(f, &old, "old", true);
    struct buf packet = { 0 };
    put_request(&packet, MQTT_TYPE_subscribe, 7, four, ARRAY_LEN(four));
    peer_send_buf(&old, &packet);
    assert_peer(&old, "suback#7:2:80:0:1 ");
    peer_close(&lamp);
    peer_close(&curt);
    peer_close(&old);
}

/* [MQTT-3.8.4-7], [MQTT-3.9.3-2]: the QoS that is granted, or why it is not: 0x87, or 0x97 above
 * mqtt.max_subscriptions. */
static void codes_of_suback(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_note(f->auth);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    f->opts.max_subscriptions = 3;
    hub_set_opts(f->hub, &f->opts);
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "a", "0", NULL);
    peer5_subscribe(&lamp, 2, "b", "1", NULL);
    peer5_subscribe(&lamp, 3, "c", "2", NULL);
    peer5_subscribe(&lamp, 4, "denied", "2", NULL);
    assert_peer(&lamp, "suback#1:0 suback#2:1 suback#3:2 suback#4:87{why} ");
    assert_string_equal(lamp.why, AUTH_FAKE_WHY);
    peer5_subscribe(&lamp, 5, "d", "2", NULL);
    assert_peer(&lamp, "suback#5:97{why} "); /* not why the one before was refused */
    assert_string_equal(lamp.why, "mqtt.max_subscriptions is reached");
    peer5_subscribe(&lamp, 6, "c", "1", NULL); /* replaces */
    assert_peer(&lamp, "suback#6:1 ");
    peer_send(&lamp, BYTES("\xc0\x00"));
    assert_peer(&lamp, "pingresp ");
    peer_close(&lamp);
}

/* [MQTT-3.9.2-1]: the reason string is left out where the client does not take so much; a SUBACK that it does not take
 * at all is the end. */
static void suback_for_little_room(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_note(f->auth);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    front_opts.max_packet = MQTT_MAX_REMAINING + MQTT_MAX_HEADER; /* CONNACK does not mention it */
    front_again();
    peer5_start(f, &lamp, "lamp", true, "maximum_packet_size=8");
    peer5_subscribe(&lamp, 1, "denied", "1", NULL);
    assert_peer(&lamp, "suback#1:87 ");
    peer5_subscribe_all(&lamp, 2, four, 3, NULL);
    assert_peer(&lamp, "suback#2:2:87:0 ");
    peer5_subscribe_all(&lamp, 3, four, 4, NULL);
    assert_peer(&lamp, "disconnect:83 end");
    peer_close(&lamp);
}

/* A filter of too many levels is 0x8f, what is reserved for rules 0x87. */
static void filter_that_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_note(f->auth);
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe(&lamp, 1, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/#", "1", NULL);
    assert_peer(&lamp, "suback#1:8f{why} ");
    assert_string_equal(lamp.why, "more levels than mqtt.max_topic_levels");
    peer5_subscribe(&lamp, 2, "$aws/rules/r", "1", NULL);
    assert_peer(&lamp, "suback#2:87{why} ");
    peer_close(&lamp);
}

/* What is not offered: 0xa2, 0x9e, whatever else the packet asks for; CONNACK has said so. */
static void what_is_not_offered(void **state)
{
    static const struct mqtt_filter filters[] = { { .filter = { "a", 1 } },
                                                  { .filter = { "a/#", 3 }, .qos = 1 },
                                                  { .filter = { "$share/g/a", 10 }, .qos = 1 },
                                                  { .filter = { "$share/g/+", 10 }, .qos = 1 },
                                                  { .filter = { "b", 1 }, .qos = 2 } };
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    auth_fake_note(f->auth);
    f->opts.no_wildcards = true;
    hub_set_opts(f->hub, &f->opts);
    peer_open(f, &lamp);
    peer5_connect(&lamp, "lamp", true, NULL);
    assert_peer(&lamp, "connack:0{maximum_packet_size=4096 wildcard_available=0} ");
    peer5_subscribe_all(&lamp, 1, filters, 2, NULL);
    assert_peer(&lamp, "suback#1:0:a2{why} ");
    assert_string_equal(lamp.why, "mqtt.wildcard_subscriptions is off");
    peer5_subscribe_all(&lamp, 1, filters + 2, 2, NULL);
    assert_peer(&lamp, "suback#1:1:a2{why} ");
    peer_close(&lamp);
    f->opts.no_shared = true;
    hub_set_opts(f->hub, &f->opts);
    peer_open(f, &lamp);
    peer5_connect(&lamp, "lamp", true, "request_problem_info=0");
    assert_peer(&lamp,
                "connack:0{maximum_packet_size=4096 wildcard_available=0 shared_available=0} ");
    peer5_subscribe_all(&lamp, 1, filters, ARRAY_LEN(filters), NULL);
    assert_peer(&lamp, "suback#1:0:a2:9e:9e:2 ");
    publish_settled(f, "a", "x", 1);
    assert_peer(&lamp, "a=x/0 ");
    peer_close(&lamp);
    peer_start(f, &lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "a/#", 1);
    peer_subscribe(&lamp, 2, "$share/g/a", 1);
    assert_peer(&lamp, "suback#1:80 suback#2:80 ");
    peer_close(&lamp);
}

/* hub.profile = aws-strict: QoS 2 is granted as 1 [MQTT-3.2.2-10], a subscription identifier is the end. */
static void what_the_profile_does_not_allow(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    f->opts.profile = &mqtt_profile_aws_strict;
    hub_again(f);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer5_subscribe_all(&lamp, 1, four, ARRAY_LEN(four), NULL);
    assert_peer(&lamp, "suback#1:1:87:0:1 "); /* below level 5 it would be the end */
    publish_settled(f, "a", "x", 2);
    assert_peer(&lamp, "a=x/1#2 ");
    peer5_subscribe(&lamp, 2, "a", "1", "subscription_id=1");
    assert_peer(&lamp, "disconnect:a1{why} end");
    peer_close(&lamp);
}

/* ---- again ---- */

/* [MQTT-3.8.4-3]: the same filter again takes the place of the first in all that it asks for, and stays so. */
static void subscribing_again_replaces(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", NULL, NULL);
    peer5_subscribe(&lamp, 1, "a", "2 rap nl", "subscription_id=1");
    peer5_subscribe(&lamp, 2, "a", "1", NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#1:2 suback#2:1 ");
    peer5_publish(&lamp, "a", "x", 2, 1, NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "a=x/1#2 pubrec#1 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
    drop5(&lamp);
    hub_again(f);
    back5(f, &lamp, "lamp", KEPT);
    publish_settled(f, "a", "y", 2);
    assert_peer(&lamp, "a=y/1#3 ");
    peer5_subscribe(&lamp, 3, "a", "0", "subscription_id=5");
    peer_settle(&lamp);
    drop5(&lamp);
    hub_again(f);
    back5(f, &lamp, "lamp", KEPT);
    peer_log(&lamp);
    publish_settled(f, "a", "z", 2);
    assert_peer(&lamp, "a=z/0{subscription_id=5} ");
    peer_close(&lamp);
}

/* [MQTT-3.8.4-4], [MQTT-3.3.1-9]: subscribing again brings what is retained once more, and loses nothing that comes
 * meanwhile. */
static void nothing_is_lost_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_retain(&pump, "a", "kept", 0, 0, NULL);
    kept5_with(f, &lamp, "lamp", "a", "1", KEPT " receive_maximum=2");
    for (int i = 0; i < 4; i++) {
        char payload[2] = { (char)('1' + i), '\0' };
        peer5_publish(&pump, "a", payload, 1, (uint16_t)(i + 1), NULL);
        peer5_subscribe(&lamp, 2, "a", i % 2 ? "1" : "2", NULL);
    }
    peer_settle(&lamp);
    for (uint16_t id = 2; id < 6; id++)
        take5(&lamp, id, 1);
    const char *log = peer_log(&lamp);
    for (int i = 0; i < 4; i++) {
        char word[32];
        snprintf(word, sizeof word, "a=%d/1#%d ", i + 1, i + 2);
        assert_non_null(strstr(log, word));
    }
    int retained = 0, subacks = 0;
    for (const char *at = log; (at = strstr(at, "a=kept/0r ")); at++)
        retained++;
    for (const char *at = log; (at = strstr(at, "suback#2:")); at++)
        subacks++;
    assert_int_equal(subacks, 4);
    assert_true(retained >= 1 && retained <= 4); /* those still to come begin anew */
    peer5_subscribe(&lamp, 3, "a", "1", NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#3:1 a=kept/0r ");
    peer_close(&lamp);
    peer_close(&pump);
}

/* [MQTT-3.8.4-8]: a message comes with the lesser of its QoS and the granted one. */
static void qos_is_the_lesser_of_both(void **state)
{
    struct fixture *f = *state;
    for (int granted = 0; granted <= 2; granted++) {
        struct peer lamp = { 0 };
        char options[] = { (char)('0' + granted), '\0' };
        start_subscribed(f, &lamp, "lamp", "a", options);
        for (uint8_t qos = 0; qos <= 2; qos++) {
            char expected[32];
            snprintf(expected, sizeof expected, "a=x/%d", qos < granted ? qos : granted);
            publish_settled(f, "a", "x", qos);
            assert_int_equal(strncmp(peer_log(&lamp), expected, 5), 0);
        }
        peer_close(&lamp);
    }
}

/* ---- what is retained ---- */

static void retain_by(struct fixture *f, const char *topic, const char *payload)
{
    struct msg *msg = message(topic, payload, 1, true);
    hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    settle(f);
}

static void check_retained(struct peer *peer, const char *options, bool comes)
{
    peer5_subscribe(peer, 2, "a", options, NULL);
    peer_settle(peer);
    const char *log = peer_log(peer); /* in any order: SUBACK may wait for its commit */
    assert_non_null(strstr(log, "suback#2:0 "));
    assert_int_equal(strstr(log, "a=kept/0r ") != NULL, comes);
}

/* [MQTT-3.3.1-9] 0: each time, [MQTT-3.3.1-10] 1: to a new subscription, [MQTT-3.3.1-11] 2: never. */
static void retain_handling(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    retain_by(f, "a", "kept");
    peer5_start(f, &lamp, "lamp", true, NULL);
    check_retained(&lamp, "0 rh2", false);
    check_retained(&lamp, "0 rh2", false);
    check_retained(&lamp, "0 rh1", false); /* it is there */
    check_retained(&lamp, "0 rh0", true);
    check_retained(&lamp, "0 rh0", true);
    check_retained(&lamp, "0 rh1", false);
    peer5_unsubscribe(&lamp, 3, "a");
    assert_peer(&lamp, "unsuback#3:0 ");
    check_retained(&lamp, "0 rh1", true);
    check_retained(&lamp, "0 rh1", false);
    peer5_unsubscribe(&lamp, 3, "a");
    assert_peer(&lamp, "unsuback#3:0 ");
    check_retained(&lamp, "0 rh2", false);
    peer_close(&lamp);
}

/* [MQTT-3.3.1-10]: a subscription of a session that goes on is there, after a restart too. */
static void retain_handling_of_a_session(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    retain_by(f, "a", "kept");
    kept5(f, &lamp, "lamp", NULL, NULL);
    check_retained(&lamp, "0 rh1", true);
    drop5(&lamp);
    hub_again(f);
    back5(f, &lamp, "lamp", KEPT);
    assert_peer(&lamp, "");
    check_retained(&lamp, "0 rh1", false);
    drop5(&lamp);
    peer5_start(f, &lamp, "lamp", true, KEPT);
    check_retained(&lamp, "0 rh1", true);
    peer_close(&lamp);
}

/* Shared subscriptions get nothing of what is retained (section 4.8.2). */
static void shared_ones_get_nothing_retained(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    retain_by(f, "a", "kept");
    start_subscribed(f, &lamp, "lamp", "$share/g/a", "1");
    turns(f, 5);
    publish_settled(f, "a", "x", 1);
    assert_peer(&lamp, "a=x/1#2 ");
    peer_close(&lamp);
}

/* [MQTT-3.3.1-12], [MQTT-3.3.1-13]: RETAIN as it was published, or 0; what comes because of the subscription has it in
 * any case, and so has a copy that one of several subscriptions wants so. */
static void retain_as_published(void **state)
{
    struct fixture *f = *state;
    struct peer plain = { 0 }, as_is = { 0 }, both = { 0 }, member = { 0 }, old = { 0 };
    start_subscribed(f, &plain, "plain", "a", "1");
    start_subscribed(f, &as_is, "as_is", "a", "1 rap");
    start_subscribed(f, &both, "both", "a", "1");
    peer5_subscribe(&both, 2, "+", "0 rap", NULL);
    peer_log(&both);
    start_subscribed(f, &member, "member", "$share/g/a", "1 rap");
    peer_start(f, &old, "old", true);
    peer_subscribe(&old, 1, "a", 1);
    peer_log(&old);
    retain_by(f, "a", "x");
    publish_settled(f, "a", "y", 1);
    assert_peer(&plain, "a=x/1#2 a=y/1#3 ");
    assert_peer(&as_is, "a=x/1r#2 a=y/1#3 ");
    assert_peer(&both, "a=x/1r#2 a=y/1#3 ");
    assert_peer(&member, "a=x/1r#2 a=y/1#3 ");
    assert_peer(&old, "a=x/1#2 a=y/1#3 ");
    peer5_subscribe(&plain, 2, "a", "1", NULL);
    turns(f, 5);
    assert_peer(&plain, "suback#2:1 a=x/1r#4 ");
    peer_close(&plain);
    peer_close(&as_is);
    peer_close(&both);
    peer_close(&member);
    peer_close(&old);
}

/* [MQTT-3.3.1-13]: the flag stays with what waits in the queue, over a restart. */
static void retain_as_published_in_a_queue(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "a", "1 rap rh2");
    drop5(&lamp);
    retain_by(f, "a", "x");
    publish_settled(f, "a", "y", 1);
    hub_again(f);
    retain_by(f, "a", "z");
    back5(f, &lamp, "lamp", KEPT);
    assert_peer(&lamp, "a=x/1r#2 a=y/1#3 a=z/1r#4 ");
    peer_close(&lamp);
}

/* ---- no local ---- */

/* [MQTT-3.8.3-3]: not what the client itself has published, by any connection of its identifier, its will and what is
 * retained among it; what others publish comes, and its own by another subscription. */
static void no_local(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 }, pump = { 0 };
    peer_open(f, &lamp);
    peer5_connect_will(&lamp, "lamp", KEPT, NULL);
    peer_settle(&lamp);
    peer5_subscribe(&lamp, 1, "#", "1 nl", "subscription_id=1");
    peer_settle(&lamp);
    peer_log(&lamp);
    for (uint8_t qos = 0; qos <= 2; qos++)
        peer5_publish(&lamp, "a", "own", qos, 1, NULL);
    peer_settle(&lamp);
    peer5_ack(&lamp, MQTT_TYPE_pubrel, 1, 0);
    peer5_retain(&lamp, "a", "own", 1, 2, NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "puback#1 pubrec#1 pubcomp#1 puback#2 ");
    peer5_start(f, &pump, "pump", true, NULL);
    peer5_publish(&pump, "a", "other's", 1, 1, NULL);
    publish_settled(f, "a", "the hub's", 1);
    assert_peer(&lamp, "a=other's/1#2{subscription_id=1} a=the hub's/1#3{subscription_id=1} ");
    take5(&lamp, 2, 1);
    take5(&lamp, 3, 1);
    drop5(&lamp); /* its will goes out */
    peer5_publish(&pump, "a", "late", 1, 2, NULL);
    again311(&lamp, "lamp", "a=late/1#4 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 4);
    peer_publish(&lamp, "a", "own", 1, 1);
    peer_settle(&lamp);
    assert_peer(&lamp, "puback#1 ");
    drop5(&lamp);
    peer_close(&pump);
    hub_again(f);
    back5(f, &lamp, "lamp", KEPT);
    peer5_publish(&lamp, "a", "own", 1, 1, NULL);
    assert_peer(&lamp, "puback#1 ");
    peer5_subscribe(&lamp, 2, "+", "0", "subscription_id=2");
    peer_settle(&lamp);
    assert_non_null(strstr(peer_log(&lamp), "a=own/0r{subscription_id=2} "));
    peer5_publish(&lamp, "a", "own", 1, 2, NULL);
    peer_settle(&lamp);
    assert_peer(&lamp, "a=own/0{subscription_id=2} puback#2 ");
    peer_close(&lamp);
}

/* ---- UNSUBSCRIBE ---- */

static void unsubscribe_all(struct peer *peer, uint16_t id, const struct mqtt_filter *filters,
                            size_t count)
{
    struct buf packet = { 0 };
    mqtt_encode_subscribe(&packet, MQTT_LEVEL_5, MQTT_TYPE_unsubscribe, id,
                          props("user_property=a:b"), filters, count);
    peer_send_buf(peer, &packet);
}

/* [MQTT-3.10.4-1], [MQTT-3.10.4-2]: the filter as it was written, and no other; then no more messages.
 * [MQTT-3.10.4-4], [MQTT-3.10.4-5], [MQTT-2.2.1-6]: UNSUBACK with the same identifier, also when nothing was there.
 * [MQTT-3.10.4-6], [MQTT-3.11.3-1], [MQTT-3.11.3-2]: one of them, with a code for each filter in their order. */
static void unsubscribe(void **state)
{
    static const struct mqtt_filter filters[] = { { .filter = { "x", 1 } },
                                                  { .filter = { "a/+", 3 } },
                                                  { .filter = { "y", 1 } } };
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "a/+", "1");
    peer5_unsubscribe(&lamp, 65535, "a/b");
    peer5_unsubscribe(&lamp, 1, "$share/g/a/+");
    peer_settle(&lamp);
    assert_peer(&lamp, "unsuback#65535:11 unsuback#1:11 ");
    publish_settled(f, "a/b", "x", 1);
    assert_peer(&lamp, "a/b=x/1#2 ");
    take5(&lamp, 2, 1);
    store_hold();
    unsubscribe_all(&lamp, 7, filters, ARRAY_LEN(filters));
    assert_peer(&lamp, "");
    store_go(f);
    assert_peer(&lamp, "unsuback#7:11:0:11 ");
    publish_settled(f, "a/b", "y", 1);
    assert_peer(&lamp, "");
    again5(&lamp, "lamp", "");
    unsubscribe_all(&lamp, 8, filters, ARRAY_LEN(filters));
    assert_peer(&lamp, "unsuback#8:11:11:11 ");
    peer_close(&lamp);
}

/* [MQTT-3.10.4-3]: what was sent is completed, over a reconnect too. */
static void what_is_under_way_is_completed(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    kept5(f, &lamp, "lamp", "a", "2");
    publish_settled(f, "a", "1", 1);
    publish_settled(f, "a", "2", 2);
    publish_settled(f, "a", "3", 2);
    assert_peer(&lamp, "a=1/1#2 a=2/2#3 a=3/2#4 ");
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 4, 0);
    peer_settle(&lamp);
    peer5_unsubscribe(&lamp, 2, "a");
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#4 unsuback#2:0 ");
    again5(&lamp, "lamp", "a=1/1d#2 a=2/2d#3 pubrel#4 ");
    peer5_ack(&lamp, MQTT_TYPE_puback, 2, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubrec, 3, 0);
    peer5_ack(&lamp, MQTT_TYPE_pubcomp, 4, 0);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#3 ");
    peer5_ack(&lamp, MQTT_TYPE_pubcomp, 3, 0);
    again5(&lamp, "lamp", "");
    peer_close(&lamp);
}

/* ---- filters and names ---- */

/* [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.2-1]: the examples of section 4.7. */
static void wildcards_match(void **state)
{
    static const struct {
        const char *filter;
        const char *matching[6]; /* up to NULL */
        const char *others[6];
    } cases[] = {
        { "sport/tennis/player1/#",
          { "sport/tennis/player1", "sport/tennis/player1/ranking",
            "sport/tennis/player1/score/wimbledon" },
          { "sport/tennis/player12", "sport/tennis" } },
        { "sport/#", { "sport", "sport/", "sport/tennis" }, { "sports", "/sport" } },
        { "#", { "a", "/", "a/b", "/a" }, { "$t/x", "$SYS/x", "$t" } },
        { "sport/tennis/+",
          { "sport/tennis/player1", "sport/tennis/" },
          { "sport/tennis/player1/ranking", "sport/tennis" } },
        { "sport/+", { "sport/" }, { "sport" } },
        { "+", { "finance", "a" }, { "/finance", "a/", "$t" } },
        { "+/+", { "/finance", "a/b", "a/", "/" }, { "finance", "a/b/c", "$t/x" } },
        { "/+", { "/finance", "/" }, { "finance", "/a/b" } },
        { "a/+/c", { "a/b/c", "a//c" }, { "a/c", "a/b/c/d" } },
        { "+/x", { "a/x", "/x" }, { "$t/x" } },
        { "$t/#", { "$t/x", "$t", "$t/x/y" }, { "t/x", "$u/x" } },
        { "$t/+", { "$t/x" }, { "$t", "$t/x/y" } },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        struct buf expected = { 0 };
        start_subscribed(f, &lamp, "lamp", cases[i].filter, "0");
        for (size_t k = 0; cases[i].others[k]; k++)
            publish(f, cases[i].others[k], "no", 0);
        for (size_t k = 0; cases[i].matching[k]; k++) {
            publish(f, cases[i].matching[k], "yes", 0);
            buf_printf(&expected, "%s=yes/0 ", cases[i].matching[k]);
        }
        turns(f, 5);
        assert_peer(&lamp, buf_str(&expected));
        buf_deinit(&expected);
        peer_close(&lamp);
    }
}

/* [MQTT-1.5.4-3]: U+FEFF is a character like others, wherever text stands. [MQTT-4.7.3-4]: and no two texts are the
 * same but by their bytes. */
static void text_is_taken_as_it_is(void **state)
{
    static const char *const names[] = { "a",
                                         "\xef\xbb\xbf"
                                         "a",
                                         "A",
                                         "\xc3\xa9", /* composed */
                                         "e\xcc\x81",
                                         "\xef\xbf\xbf",
                                         "a ",
                                         " a",
                                         "a/",
                                         "\xc3\x89" };
    struct fixture *f = *state;
    struct peer pump = { 0 };
    peer5_start(f, &pump, "pump", true, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct peer lamp = { 0 };
        char expected[128];
        start_subscribed(f, &lamp, "lamp", names[i], "0");
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            peer5_publish(&pump, names[k], names[k], 0, 0,
                          "content_type=\xef\xbb\xbfx user_property=\xef\xbb\xbf:\xef\xbb\xbf"
                          "b");
        snprintf(expected, sizeof expected,
                 "%s=%s/0{content_type=\xef\xbb\xbfx user_property=\xef\xbb\xbf:\xef\xbb\xbf"
                 "b} ",
                 names[i], names[i]);
        assert_peer(&lamp, expected);
        peer_close(&lamp);
    }
    peer_close(&pump);
}

/* [MQTT-3.12.4-1] */
static void each_ping_is_answered(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer5_start(f, &lamp, "lamp", true, NULL);
    peer_send(&lamp, BYTES("\xc0\x00\xc0\x00"));
    assert_peer(&lamp, "pingresp pingresp ");
    peer_send(&lamp, BYTES("\xc0\x00"));
    assert_peer(&lamp, "pingresp ");
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(subscribe_is_acknowledged),
        TEST(codes_are_in_the_order_of_the_filters),
        TEST(codes_of_suback),
        TEST(suback_for_little_room),
        TEST(filter_that_is_not_taken),
        TEST(what_is_not_offered),
        TEST(what_the_profile_does_not_allow),
        TEST(subscribing_again_replaces),
        TEST(nothing_is_lost_meanwhile),
        TEST(qos_is_the_lesser_of_both),
        TEST(retain_handling),
        TEST(retain_handling_of_a_session),
        TEST(shared_ones_get_nothing_retained),
        TEST(retain_as_published),
        TEST(retain_as_published_in_a_queue),
        TEST(no_local),
        TEST(unsubscribe),
        TEST(what_is_under_way_is_completed),
        TEST(wildcards_match),
        TEST(text_is_taken_as_it_is),
        TEST(each_ping_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
