/* test_mqtt_subscribe.c — MQTT 3.1.1, sections 1.5.3, 3.8 to 3.12 and 4.7, statement by statement: subscribing and
 * unsubscribing, what retained messages do then, filters and what they match. */
#include "mqtt_peer.h"

#include "base/err.h"

static const char ping[] = { (char)0xc0, 0 };

static void send_filters(struct peer *peer, uint16_t id, const struct mqtt_filter *filters,
                         size_t count)
{
    struct buf packet = { 0 };
    put_request(&packet, MQTT_TYPE_subscribe, id, filters, count);
    peer_send_buf(peer, &packet);
}

static void send_unsubscribe(struct peer *peer, uint16_t id, const struct mqtt_filter *filters,
                             size_t count)
{
    struct buf packet = { 0 };
    put_request(&packet, MQTT_TYPE_unsubscribe, id, filters, count);
    peer_send_buf(peer, &packet);
}

/* ---- SUBSCRIBE and SUBACK ---- */

/* [MQTT-3.8.4-1], [MQTT-3.8.4-2], [MQTT-2.3.1-7]: each SUBSCRIBE has its SUBACK, with its identifier. */
static void subscribe_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    peer_start(f, &lamp, "lamp", true);
    put_subscribe(&packets, 1, "a", 0);
    put_subscribe(&packets, 256, "b", 1);
    put_subscribe(&packets, 65535, "c", 2);
    put_subscribe(&packets, 1, "d", 0);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "suback#1:0 suback#256:1 suback#65535:2 suback#1:0 ");
    peer_close(&lamp);
    peer_start(f, &lamp, "kept", false);
    put_subscribe(&packets, 7, "a", 0);
    put_subscribe(&packets, 8, "b", 1);
    peer_send_buf(&lamp, &packets);
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#7:0 suback#8:1 ");
    peer_close(&lamp);
}

/* [MQTT-3.8.4-5], [MQTT-3.9.3-1], [MQTT-3.9.3-2]: a code for each filter, in their order: the QoS that was asked for,
 * or 0x80, and nothing else. */
static void codes_are_in_the_order_of_the_filters(void **state)
{
    struct fixture *f = *state;
    static const struct mqtt_filter filters[] = {
        { SLICE_LIT("a"), 2 },
        { SLICE_LIT("denied"), 2 },
        { SLICE_LIT("b/+"), 0 },
        { SLICE_LIT("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"), 1 }, /* too deep */
        { SLICE_LIT("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"), 1 },
        { SLICE_LIT("$aws/rules/x"), 0 }, /* nobody may */
        { SLICE_LIT("#"), 1 },
    };
    struct peer lamp = { 0 };
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_SUBSCRIBE, "denied");
    peer_start(f, &lamp, "lamp", true);
    send_filters(&lamp, 5, filters, ARRAY_LEN(filters));
    assert_peer(&lamp, "suback#5:2:80:0:80:1:80:1 ");
    peer_send(&lamp, ping, 2);
    assert_peer(&lamp, "pingresp ");
    peer_close(&lamp);
}

/* Above mqtt.max_subscriptions the rest of the filters is refused, one by one; the place of another is free again. */
static void subscriptions_above_the_limit_are_refused(void **state)
{
    struct fixture *f = *state;
    struct mqtt_filter filters[22];
    char names[ARRAY_LEN(filters)][8];
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        snprintf(names[i], sizeof names[i], "t/%zu", i);
        filters[i] = (struct mqtt_filter){ slice_str(names[i]), 1 };
    }
    send_filters(&lamp, 1, filters, ARRAY_LEN(filters));
    assert_peer(&lamp, "suback#1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:80:80 ");
    peer_subscribe(&lamp, 2, "t/3", 2); /* it is there */
    peer_unsubscribe(&lamp, 3, "t/4");
    peer_subscribe(&lamp, 4, "t/21", 1);
    peer_subscribe(&lamp, 5, "t/4", 1);
    assert_peer(&lamp, "suback#2:2 unsuback#3 suback#4:1 suback#5:80 ");
    peer_close(&lamp);
}

/* [MQTT-3.8.4-3]: the same filter again takes the place of the old one, with its QoS; what is retained comes again,
 * each time, also when nothing is different; and no message is missed or doubled meanwhile. */
static void subscribing_again_replaces(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t qos;
        const char *answer, *next;
    } steps[] = {
        { 1, "suback#1:1 t/1=kept/1r#2 ", "t/2=x/1#3 " },
        { 1, "suback#1:1 t/1=kept/1r#4 ", "t/2=x/1#5 " },
        { 2, "suback#1:2 t/1=kept/1r#6 ", "t/2=x/2#7 " },
        { 0, "suback#1:0 t/1=kept/0r ", "t/2=x/0 " },
        { 0, "suback#1:0 t/1=kept/0r ", "t/2=x/0 " },
        { 2, "suback#1:2 t/1=kept/1r#8 ", "t/2=x/2#9 " },
    };
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "t/1", "kept", 1, 1);
    peer_settle(&lamp);
    peer_log(&lamp);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        peer_subscribe(&lamp, 1, "t/+", steps[i].qos);
        assert_peer(&lamp, steps[i].answer);
        publish(f, "t/2", "x", 2);
        turns(f, 3);
        assert_peer(&lamp, steps[i].next);
    }
    peer_close(&lamp);
}

/* [MQTT-3.8.4-3]: the flow of messages is not interrupted. */
static void flow_goes_on_while_subscribing_again(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    struct buf packets = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "t", 0);
    put_publish(&packets, "t", "1", 0, 0, false);
    put_subscribe(&packets, 2, "t", 2);
    put_publish(&packets, "t", "2", 0, 0, false);
    put_subscribe(&packets, 3, "t", 0);
    put_publish(&packets, "t", "3", 0, 0, false);
    peer_send_buf(&lamp, &packets);
    assert_peer(&lamp, "suback#1:0 t=1/0 suback#2:2 t=2/0 suback#3:0 t=3/0 ");
    peer_close(&lamp);
}

/* [MQTT-3.8.4-4]: several filters in one packet are as many packets, with one answer. */
static void many_filters_are_as_many_requests(void **state)
{
    struct fixture *f = *state;
    static const struct mqtt_filter filters[] = {
        { SLICE_LIT("t"), 0 },
        { SLICE_LIT("u"), 1 },
        { SLICE_LIT("t"), 2 } /* the last one counts */
    };
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "u", "kept", 0, 0);
    send_filters(&lamp, 5, filters, ARRAY_LEN(filters));
    assert_peer(&lamp, "suback#5:0:1:2 u=kept/0r ");
    publish(f, "t", "x", 2);
    publish(f, "u", "y", 2);
    turns(f, 3);
    assert_peer(&lamp, "t=x/2#2 u=y/1#3 ");
    peer_close(&lamp);
}

/* [MQTT-3.8.4-6]: a message has the lesser of the publisher's QoS and the granted one, retained ones too. */
static void qos_is_the_lesser_of_both(void **state)
{
    struct fixture *f = *state;
    for (uint8_t granted = 0; granted <= 2; granted++) {
        for (uint8_t sent = 0; sent <= 2; sent++) {
            struct peer lamp = { 0 };
            uint8_t least = granted < sent ? granted : sent;
            char expected[128];
            peer_start(f, &lamp, "lamp", true);
            peer_retain(&lamp, "t", "kept", sent, 1);
            peer_settle(&lamp);
            peer_log(&lamp);
            peer_subscribe(&lamp, 1, "t", granted);
            publish(f, "t", "live", sent);
            turns(f, 3);
            snprintf(expected, sizeof expected, "suback#1:%d t=kept/%dr%s t=live/%d%s ", granted,
                     least, least ? "#2" : "", least, least ? "#3" : "");
            assert_peer(&lamp, expected);
            peer_close(&lamp);
        }
    }
}

/* A retained message comes to those only who may have it, and with a kept session whenever it subscribes. */
static void retained_messages_at_subscribe(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    const char *log;
    peer_start(f, &lamp, "lamp", false);
    peer_retain(&lamp, "t/open", "1", 1, 1);
    peer_retain(&lamp, "t/secret", "2", 1, 2);
    peer_settle(&lamp);
    peer_log(&lamp);
    auth_fake_deny(f->auth, NULL, POLICY_ACTION_RECEIVE, "t/secret");
    peer_subscribe(&lamp, 3, "t/#", 1);
    peer_settle(&lamp);
    log = peer_log(&lamp); /* SUBACK may wait for its commit, the message does not */
    assert_non_null(strstr(log, "suback#3:1 "));
    assert_non_null(strstr(log, "t/open=1/1r#2 "));
    assert_null(strstr(log, "secret"));
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ "); /* coming back is not subscribing */
    peer_subscribe(&lamp, 4, "t/#", 1);
    peer_settle(&lamp);
    log = peer_log(&lamp);
    assert_non_null(strstr(log, "suback#4:1 "));
    assert_non_null(strstr(log, "t/open=1/1r#3 "));
    peer_close(&lamp);
}

enum { RETAINED = 12 };

static void retain_some(struct fixture *f, const char *payload)
{
    for (int i = 0; i < RETAINED; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "r/%d", i);
        struct msg *msg = message(topic, payload, 1, true);
        hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
        msg_unref(msg);
    }
    settle(f);
}

/* Acknowledges what comes; returns how many of the retained topics have come. */
static int take_retained(struct peer *peer)
{
    bool got[RETAINED] = { false };
    struct mqtt_frame frame;
    struct mqtt_publish one;
    int count = 0;
    for (int round = 0; round < 3 * RETAINED; round++) {
        peer_settle(peer);
        if (mqtt_frame((const uint8_t *)peer->in.data, peer->in.len, 9999, 4, &frame, NULL) != 1)
            break;
        if (mqtt_decode_publish(&frame, 4, false, &one, NULL) == 0 &&
            slice_starts(one.topic, "r/")) {
            int which = atoi(one.topic.ptr + 2);
            count += !got[which];
            got[which] = true;
            uint16_t id = one.id;
            buf_consume(&peer->in, frame.size);
            peer_ack(peer, MQTT_TYPE_puback, id);
        } else {
            buf_consume(&peer->in, frame.size);
        }
    }
    return count;
}

/* [MQTT-3.3.1-6]: all retained messages come, also when the queue takes fewer at a time. */
static void retained_messages_wait_for_room(void **state)
{
    struct fixture *f = *state;
    char payload[301];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    retain_some(f, payload);
    for (int clean = 0; clean <= 1; clean++) {
        for (int bytes = 0; bytes <= 1; bytes++) {
            struct peer lamp = { 0 };
            f->opts.max_inflight = 5;
            f->opts.max_queued = bytes ? 1000 : 3;
            f->opts.max_queued_bytes = bytes ? 1500 : 1 << 20;
            hub_set_opts(f->hub, &f->opts);
            int64_t drops = metrics_get(METRIC_DROPS);
            peer_start(f, &lamp, clean ? "clean" : "kept", clean);
            peer_subscribe(&lamp, 1, "r/#", 1);
            assert_int_equal(take_retained(&lamp), RETAINED);
            assert_int_equal(metrics_get(METRIC_DROPS), drops);
            peer_unsubscribe(&lamp, 2, "r/#");
            peer_close(&lamp);
        }
    }
}

/* What was found, and waits, may be another by the time that there is room. */
static void retained_message_that_waits_may_change(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    f->opts.max_inflight = f->opts.max_queued = 1;
    hub_set_opts(f->hub, &f->opts);
    peer_start(f, &lamp, "lamp", true);
    peer_retain(&lamp, "a", "old", 1, 1);
    peer_retain(&lamp, "b", "old", 1, 2);
    peer_retain(&lamp, "c", "old", 1, 3);
    peer_settle(&lamp);
    peer_log(&lamp);
    peer_subscribe(&lamp, 1, "+", 1);
    assert_peer(&lamp, "suback#1:1 a=old/1r#2 ");
    struct msg *changed = message("b", "", 1, true);
    hub_publish(f->hub, principal_system(), NULL, changed, NULL, NULL);
    msg_unref(changed);
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    assert_peer(&lamp, "c=old/1r#3 ");
    peer_close(&lamp);
}

/* [MQTT-3.3.1-6]: the rest of them comes when a kept session has come back. */
static void retained_messages_go_on_after_a_reconnect(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    retain_some(f, "kept");
    f->opts.max_inflight = 2;
    hub_set_opts(f->hub, &f->opts);
    peer_start(f, &lamp, "lamp", false);
    peer_subscribe(&lamp, 1, "r/#", 1);
    peer_settle(&lamp);
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    assert_int_equal(take_retained(&lamp), RETAINED);
    peer_subscribe(&lamp, 1, "r/#", 1);
    peer_settle(&lamp);
    peer_unsubscribe(&lamp, 2, "r/#"); /* takes them back */
    peer_settle(&lamp);
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    assert_true(take_retained(&lamp) < RETAINED);
    peer_close(&lamp);
}

/* ---- UNSUBSCRIBE ---- */

/* [MQTT-3.10.4-1]: filters are compared character by character, wildcards are characters. */
static void unsubscribe_compares_characters(void **state)
{
    struct fixture *f = *state;
    static const char *const near[] = { "A/b",
                                        "a/b/",
                                        "/a/b",
                                        "a/+",
                                        "#",
                                        "+/b",
                                        "a//b",
                                        "a/b/#",
                                        "a/b ",
                                        "a",
                                        "\xef\xbb\xbf"
                                        "a/b" };
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "a/b", 0);
    peer_log(&lamp);
    for (size_t i = 0; i < ARRAY_LEN(near); i++) {
        peer_unsubscribe(&lamp, 2, near[i]);
        publish(f, "a/b", "x", 0);
        turns(f, 3);
        assert_peer(&lamp, "unsuback#2 a/b=x/0 ");
    }
    peer_unsubscribe(&lamp, 3, "a/b");
    publish(f, "a/b", "x", 0);
    turns(f, 3);
    assert_peer(&lamp, "unsuback#3 ");
    peer_subscribe(&lamp, 4, "a/+", 0);
    peer_unsubscribe(&lamp, 5, "a/b");
    publish(f, "a/b", "y", 0);
    turns(f, 3);
    peer_unsubscribe(&lamp, 6, "a/+");
    publish(f, "a/b", "z", 0);
    turns(f, 3);
    assert_peer(&lamp, "suback#4:0 unsuback#5 a/b=y/0 unsuback#6 ");
    peer_close(&lamp);
}

/* [MQTT-3.10.4-2], [MQTT-3.10.4-3]: nothing new comes, but what was under way is brought to its end, also over a
 * reconnect. */
static void unsubscribe_completes_what_is_under_way(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", false);
    peer_subscribe(&lamp, 1, "t", 2);
    peer_settle(&lamp);
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 2);
    publish(f, "t", "3", 2);
    peer_settle(&lamp);
    assert_peer(&lamp, "suback#1:2 t=1/1#2 t=2/2#3 t=3/2#4 ");
    peer_ack(&lamp, MQTT_TYPE_pubrec, 4);
    peer_unsubscribe(&lamp, 2, "t");
    peer_settle(&lamp);
    publish(f, "t", "new", 2);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#4 unsuback#2 ");
    peer_close(&lamp);
    settle(f);
    peer_open(f, &lamp);
    peer_connect(&lamp, "lamp", false);
    peer_settle(&lamp);
    assert_peer(&lamp, "connack:0+ t=1/1d#2 t=2/2d#3 pubrel#4 ");
    peer_ack(&lamp, MQTT_TYPE_puback, 2);
    peer_ack(&lamp, MQTT_TYPE_pubrec, 3);
    peer_ack(&lamp, MQTT_TYPE_pubcomp, 4);
    peer_settle(&lamp);
    assert_peer(&lamp, "pubrel#3 ");
    peer_close(&lamp);
}

/* [MQTT-3.10.4-4], [MQTT-3.10.4-5], [MQTT-3.10.4-6], [MQTT-2.3.1-7]: one UNSUBACK, whatever was subscribed, with the
 * identifier; each filter is looked at. */
static void unsubscribe_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    static const struct mqtt_filter filters[] = { { SLICE_LIT("a"), 0 },
                                                  { SLICE_LIT("never"), 0 },
                                                  { SLICE_LIT("b/#"), 0 },
                                                  { SLICE_LIT("a"), 0 } };
    for (int clean = 0; clean <= 1; clean++) {
        struct peer lamp = { 0 };
        peer_start(f, &lamp, clean ? "clean" : "kept", clean);
        peer_unsubscribe(&lamp, 65535, "never");
        peer_subscribe(&lamp, 1, "a", 0);
        peer_subscribe(&lamp, 2, "b/#", 0);
        peer_subscribe(&lamp, 3, "c", 0);
        send_unsubscribe(&lamp, 4, filters, ARRAY_LEN(filters));
        send_unsubscribe(&lamp, 5, filters, ARRAY_LEN(filters));
        peer_settle(&lamp);
        assert_peer(&lamp,
                    "unsuback#65535 suback#1:0 suback#2:0 suback#3:0 unsuback#4 unsuback#5 ");
        publish(f, "a", "x", 0);
        publish(f, "b", "x", 0);
        publish(f, "c", "x", 0);
        turns(f, 3);
        assert_peer(&lamp, "c=x/0 ");
        peer_close(&lamp);
    }
}

/* ---- filters and names ---- */

/* [MQTT-3.8.3-2], [MQTT-4.7.1-2], [MQTT-4.7.1-3]: wildcards are supported, as the standard's own examples have it. */
static void wildcards_match(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *filter, *yes, *no;
    } cases[] = {
        { "sport/tennis/player1/#", "sport/tennis/player1", "sport/tennis/player2" },
        { "sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", "sport/tennis" },
        { "sport/#", "sport", "sports" },
        { "#", "/", "$SYS/x" },
        { "sport/tennis/+", "sport/tennis/player1", "sport/tennis/player1/ranking" },
        { "sport/+", "sport/", "sport" },
        { "+", "finance", "/finance" },
        { "+/+", "/finance", "finance" },
        { "/+", "/finance", "/finance/x" },
        { "+/tennis/#", "sport/tennis/x", "sport/x/tennis" },
        { "sport/+/player1", "sport/tennis/player1", "sport/tennis/player11" },
        { "$SYS/#", "$SYS/monitor/Clients", "SYS/monitor/Clients" },
        { "$SYS/monitor/+", "$SYS/monitor/Clients", "monitor/Clients" },
        { "a", "a", "A" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer lamp = { 0 };
        char expected[128];
        peer_start(f, &lamp, "lamp", true);
        peer_subscribe(&lamp, 1, cases[i].filter, 0);
        publish(f, cases[i].no, "no", 0);
        publish(f, cases[i].yes, "yes", 0);
        turns(f, 3);
        snprintf(expected, sizeof expected, "suback#1:0 %s=yes/0 ", cases[i].yes);
        assert_peer(&lamp, expected);
        peer_close(&lamp);
    }
}

/* [MQTT-4.7.2-1]: no filter that begins with a wildcard meets a name that begins with '$', live or retained. */
static void leading_wildcards_miss_dollar_names(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "$SYS/broker/uptime", "$aws/events/x", "$", "$/x" };
    static const char *const filters[] = { "#",          "+",   "+/#",   "+/broker/uptime",
                                           "+/events/+", "+/+", "+/+/#", "+/x" };
    struct peer lamp = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct msg *msg = message(names[i], "kept", 1, true);
        hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL);
        msg_unref(msg);
    }
    settle(f);
    assert_int_equal(hub_retained_count(f->hub), ARRAY_LEN(names));
    peer_start(f, &lamp, "lamp", true);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        peer_subscribe(&lamp, 1, filters[i], 0);
        assert_peer(&lamp, "suback#1:0 ");
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        publish(f, names[i], "live", 0);
    publish(f, "plain", "live", 0);
    turns(f, 3);
    assert_peer(&lamp, "plain=live/0 ");
    peer_subscribe(&lamp, 2, "$SYS/#", 0);
    peer_subscribe(&lamp, 3, "$aws/+/x", 0);
    publish(f, "$SYS/broker/uptime", "live", 0);
    turns(f, 3);
    assert_peer(&lamp, "suback#2:0 $SYS/broker/uptime=kept/0r suback#3:0 $aws/events/x=kept/0r "
                       "$SYS/broker/uptime=live/0 ");
    peer_close(&lamp);
}

/* [MQTT-1.5.3-3], [MQTT-4.7.3-4]: U+FEFF is a character as any other; nothing is normalised. */
static void text_is_taken_as_it_is(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "t",
                                         "\xef\xbb\xbft", /* U+FEFF before, */
                                         "t\xef\xbb\xbf", /* behind, */
                                         "\xef\xbb\xbf",  /* alone */
                                         "\xc3\xbc",      /* composed and decomposed */
                                         "u\xcc\x88",
                                         "T", /* case */
                                         "t ",
                                         " t",
                                         "t/",
                                         "/t",               /* spaces, empty levels */
                                         "\xf0\x9f\x92\xa1", /* beyond the first plane */
                                         "\x01\x7f",         /* discouraged, not forbidden */
                                         "\xef\xbf\xbf",
                                         "%74" }; /* U+FFFF; no escapes */
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char expected[64];
        peer_subscribe(&lamp, 1, names[i], 0);
        for (size_t j = 0; j < ARRAY_LEN(names); j++)
            peer_publish(&lamp, names[j], "x", 0, 0);
        peer_unsubscribe(&lamp, 2, names[i]);
        snprintf(expected, sizeof expected, "suback#1:0 %s=x/0 unsuback#2 ", names[i]);
        assert_peer(&lamp, expected);
    }
    peer_close(&lamp);
}

/* A name deeper than mqtt.max_topic_levels is refused as a publish is, its filter as a subscription is. */
static void topic_levels_are_limited(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_subscribe(&lamp, 1, "#", 0);
    peer_publish(&lamp, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "x", 0, 0);
    peer_publish(&lamp, "///////////////", "y", 0, 0);
    assert_peer(&lamp,
                "suback#1:0 1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16=x/0 ///////////////=y/0 ");
    peer_publish(&lamp, "////////////////", "z", 0, 0);
    assert_peer(&lamp, "end");
    peer_close(&lamp);
}

/* ---- PINGREQ ---- */

/* [MQTT-3.12.4-1]: each PINGREQ has its PINGRESP. */
static void each_ping_is_answered(void **state)
{
    struct fixture *f = *state;
    struct peer lamp = { 0 };
    peer_start(f, &lamp, "lamp", true);
    peer_send(&lamp, BYTES("\xc0\x00\xc0\x00\xc0\x00"));
    assert_peer(&lamp, "pingresp pingresp pingresp ");
    peer_close(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(subscribe_is_acknowledged),
        TEST(codes_are_in_the_order_of_the_filters),
        TEST(subscriptions_above_the_limit_are_refused),
        TEST(subscribing_again_replaces),
        TEST(flow_goes_on_while_subscribing_again),
        TEST(many_filters_are_as_many_requests),
        TEST(qos_is_the_lesser_of_both),
        TEST(retained_messages_at_subscribe),
        TEST(retained_messages_wait_for_room),
        TEST(retained_message_that_waits_may_change),
        TEST(retained_messages_go_on_after_a_reconnect),
        TEST(unsubscribe_compares_characters),
        TEST(unsubscribe_completes_what_is_under_way),
        TEST(unsubscribe_is_acknowledged),
        TEST(wildcards_match),
        TEST(leading_wildcards_miss_dollar_names),
        TEST(text_is_taken_as_it_is),
        TEST(topic_levels_are_limited),
        TEST(each_ping_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
