"""The broker over its plain listener, with foreign clients and with bytes made by hand.

Statements in brackets are those of MQTT 3.1.1.
"""

import struct
import time

import pytest

from hublib import (CONNACK, PINGRESP, PUBACK, PUBCOMP, PUBREC, PUBREL, SUBACK, UNSUBACK, Closed,
                    Failure, Message, ack_packet, connect_packet, mosq_pub, mosq_sub, packet,
                    publish_packet, subscribe_packet, text16)

QOS = (0, 1, 2)


# ---- delivery


@pytest.mark.parametrize("sent", QOS)
@pytest.mark.parametrize("granted", QOS)
def test_quality_is_the_lesser_of_the_two(hub, name, sent, granted):
    with hub.mqtt(name) as client:
        assert client.subscribe(name, granted) == granted
        client.publish(name, "21.5", sent)
        client.expect(name, "21.5", qos=min(sent, granted), retain=False)


@pytest.mark.parametrize("qos", QOS)
def test_mosquitto_to_mosquitto(hub, name, qos):
    with mosq_sub(hub, f"{name}/+", count=3, qos=qos) as sub:
        for i in range(3):
            mosq_pub(hub, f"{name}/{i}", f"value {i}", qos=qos)
        assert sub.messages() == [Message(f"{name}/{i}", f"value {i}".encode(), qos)
                                  for i in range(3)]


@pytest.mark.parametrize("qos", QOS)
def test_payloads_are_bytes(hub, name, qos):
    payloads = [b"", b"\0", bytes(range(256)), b"\xff" * 1000, "grüße ∞".encode()]
    with hub.mqtt(name) as client:
        client.subscribe(name, qos)
        for payload in payloads:
            client.publish(name, payload, qos)
        for payload in payloads:
            client.expect(name, payload)


@pytest.mark.parametrize("qos", QOS)
def test_order_is_kept(hub, name, qos):
    with hub.mqtt(name) as receiver, hub.mqtt(name + "-pub") as sender:
        receiver.subscribe(name, qos)
        for i in range(300):
            sender.publish_blindly(name, str(i), qos)
        for i in range(300):
            receiver.expect(name, str(i))


@pytest.mark.parametrize("qos", QOS)
def test_large_payload(hub, name, qos):
    payload = bytes(i * 31 % 251 for i in range(1_500_000))
    with hub.mqtt(name) as client:
        client.subscribe(name, qos)
        client.publish(name, payload, qos)
        client.expect(name, payload)


def test_packet_above_the_limit_closes_the_connection(hub, name):
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(packet(0x30, b"", length=b"\x81\x80\x80\x01"))  # 2 MB and one byte to come
        raw.wait_closed()


def test_many_receivers(hub, name):
    receivers = [hub.mqtt(f"{name}-{i}").connect() for i in range(20)]
    try:
        for receiver in receivers:
            receiver.subscribe(f"{name}/#", 1)
        mosq_pub(hub, f"{name}/x", "to all", qos=1)
        for receiver in receivers:
            receiver.expect(f"{name}/x", "to all")
            assert receiver.fence() == []
    finally:
        for receiver in receivers:
            receiver.disconnect()


def test_overlapping_filters_deliver_the_best_quality(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#", 0)
        client.subscribe(f"{name}/a", 1)
        client.publish(f"{name}/a", "x", 1)
        got = client.fence()
        assert got and {m.payload for m in got} == {b"x"}
        assert max(m.qos for m in got) == 1  # [MQTT-3.3.5-1]


def test_unsubscribe_ends_the_delivery(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe(name)
        client.subscribe(f"{name}/other")
        client.unsubscribe(name)
        client.unsubscribe("never/subscribed")  # [MQTT-3.10.4-5]
        client.publish(name, "no")
        client.publish(f"{name}/other", "yes")
        client.expect(f"{name}/other", "yes")
        assert client.fence() == []


def test_subscribing_again_replaces(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe(name, 0)
        client.subscribe(name, 2)
        client.publish(name, "once", 2)
        got = client.fence()
        assert [(m.payload, m.qos) for m in got] == [(b"once", 2)]  # [MQTT-3.8.4-3]


def test_several_filters_in_one_packet(hub, name):
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(subscribe_packet(7, (f"{name}/a", 0), (f"{name}/b", 1), (f"{name}/c", 2)))
        assert raw.expect(SUBACK) == struct.pack(">H", 7) + bytes([0, 1, 2])
        raw.send(packet(0xa2, struct.pack(">H", 8) + text16(f"{name}/a") + text16(f"{name}/b")))
        assert raw.expect(UNSUBACK) == struct.pack(">H", 8)


# ---- wildcards


WILDCARDS = [
    # filter, matching topics, others
    ("+", ["a", "b"], ["a/b", "/a", "a/"]),
    ("a/+", ["a/b", "a/"], ["a", "a/b/c", "b/a"]),
    ("+/+", ["a/b", "/a", "a/", "/"], ["a", "a/b/c"]),
    ("/+", ["/a", "/"], ["a", "a/b"]),
    ("a/#", ["a", "a/b", "a/b/c", "a/"], ["ab", "b"]),
    ("a/+/c", ["a/b/c", "a//c"], ["a/c", "a/b/c/d", "a/b/b/c"]),
    ("+/b/#", ["a/b", "a/b/c", "/b"], ["b", "a/c"]),
    ("a b/ü", ["a b/ü"], ["a b/u", "a b"]),
    ("a", ["a"], ["A", "a/", "/a"]),  # [MQTT-4.7.3-4]: case-sensitive
]


@pytest.mark.parametrize("pattern, matching, others", WILDCARDS, ids=[w[0] for w in WILDCARDS])
def test_wildcards(hub, name, pattern, matching, others):
    # below one level of the test's own, so that the tests do not see each other's topics
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/{pattern}", 1)
        for topic in others + matching:
            client.publish(f"{name}/{topic}", topic, 1)
        assert [m.payload.decode() for m in client.fence()] == matching


def test_hash_alone_leaves_dollar_topics_out(hub, name):
    with hub.raw("unix") as watcher, hub.mqtt(name) as client:
        watcher.connect(f"{name}-watcher")
        assert watcher.subscribe("$aws/events/presence/connected/+") == 0
        client.subscribe("#")
        client.subscribe("+/events/presence/connected/+")  # [MQTT-4.7.2-1]
        hub.mqtt(f"{name}-other").connect().disconnect()
        seen, _ = watcher.expect_publish()
        assert seen.topic == f"$aws/events/presence/connected/{name}-other"
        assert [m.topic for m in client.fence() if m.topic.startswith("$")] == []


# ---- retained messages


def test_retained_message_comes_with_the_subscription(hub, name):
    mosq_pub(hub, name, "kept", qos=1, retain=True)
    with hub.mqtt(name) as client:
        client.subscribe(name, 1)
        client.expect(name, "kept", qos=1, retain=True)
        client.publish(name, "live", 1, retain=True)
        client.expect(name, "live", qos=1, retain=False)  # [MQTT-3.3.1-9]
        client.subscribe(name, 0)
        client.expect(name, "live", qos=0, retain=True)  # sent again [MQTT-3.8.4-3]


def test_retained_message_is_removed_by_an_empty_one(hub, name):
    mosq_pub(hub, name, "kept", retain=True, qos=1)
    with hub.mqtt(name) as client:
        client.subscribe(name)
        client.expect(name, "kept", retain=True)
        mosq_pub(hub, name, None, retain=True, qos=1)
        client.expect(name, "", retain=False)
        client.subscribe(name)
        assert client.fence() == []


def test_retained_messages_for_wildcards(hub, name):
    topics = [f"{name}/{t}" for t in ("a", "b", "b/c")]
    for topic in topics:
        mosq_pub(hub, topic, topic, retain=True, qos=1)
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#", 1)
        assert sorted(m.topic for m in client.fence()) == topics
        client.subscribe(f"{name}/+", 1)
        assert sorted(m.topic for m in client.fence()) == topics[:2]


def test_retained_messages_survive(fresh_hub, name):
    hub = fresh_hub
    mosq_pub(hub, name, "one", retain=True, qos=1)
    hub.restart()
    mosq_pub(hub, f"{name}/2", "two", retain=True, qos=1)
    hub.kill9()
    hub.start()
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#", 1)
        got = {m.topic: m.payload for m in client.fence()}
        assert got == {name: b"one", f"{name}/2": b"two"}


# ---- wills


def test_will_after_an_abnormal_end(hub, name):
    will = Message(f"{name}/will", b"gone", 1)
    with hub.mqtt(name) as watcher:
        watcher.subscribe(will.topic, 1)
        with hub.raw() as raw:
            raw.connect(f"{name}-dying", will=will)
        watcher.expect(will.topic, "gone", qos=1, retain=False)


def test_will_of_a_dropped_paho_client(hub, name):
    will = Message(f"{name}/will", b"gone", 2)
    with hub.mqtt(name) as watcher:
        watcher.subscribe(will.topic, 2)
        hub.mqtt(f"{name}-dying", will=will).connect().drop()
        watcher.expect(will.topic, "gone", qos=2)


def test_no_will_after_a_disconnect(hub, name):
    will = Message(f"{name}/will", b"gone", 1)
    with hub.mqtt(name) as watcher:
        watcher.subscribe(will.topic, 1)
        with hub.raw() as raw:
            raw.connect(f"{name}-leaving", will=will)
            raw.send(packet(0xe0))  # [MQTT-3.14.4-3]
            raw.wait_closed()
        assert watcher.fence() == []


def test_retained_will(hub, name):
    """[MQTT-3.1.2-17]"""
    will = Message(f"{name}/will", b"gone", 1, retain=True)
    with hub.mqtt(name) as watcher:
        watcher.subscribe(will.topic, 1)
        with hub.raw() as raw:
            raw.connect(f"{name}-dying", will=will)
        watcher.expect(will.topic, "gone", retain=False)
        watcher.subscribe(will.topic, 1)
        watcher.expect(will.topic, "gone", retain=True)


def test_will_after_a_protocol_error(hub, name):
    will = Message(f"{name}/will", b"gone", 0)
    with hub.mqtt(name) as watcher:
        watcher.subscribe(will.topic)
        with hub.raw() as raw:
            raw.connect(f"{name}-bad", will=will)
            raw.send(packet(0x36, text16("x") + b"\0\1"))  # QoS 3
            raw.wait_closed()
        watcher.expect(will.topic, "gone")


def test_will_when_the_hub_takes_the_client_id_away(hub, name):
    will = Message(f"{name}/will", b"gone", 0)
    with hub.mqtt(name) as watcher:
        watcher.subscribe(will.topic)
        with hub.raw() as old, hub.raw() as new:
            old.connect(f"{name}-twin", will=will)
            new.connect(f"{name}-twin")
            old.wait_closed()
            watcher.expect(will.topic, "gone")


# ---- sessions


def test_second_connection_takes_the_client_id_over(hub, name):
    with hub.raw() as old, hub.raw() as new:
        old.connect(name)
        new.connect(name)  # [MQTT-3.1.4-2]
        old.wait_closed()
        assert new.ping() == []


def test_taking_over_a_persistent_session(hub, name):
    with hub.raw() as old, hub.raw() as new:
        assert old.connect(name, clean=False) is False
        old.subscribe(f"{name}/t", 1)
        assert new.connect(name, clean=False) is True
        old.wait_closed()
        mosq_pub(hub, f"{name}/t", "x", qos=1)
        message, mid = new.expect_publish()
        assert message.payload == b"x"
        new.send(ack_packet(PUBACK, mid))
        new.ping()
        # leave nothing behind
        with hub.raw() as last:
            last.connect(name, clean=True)


def test_session_present(hub, name):
    steps = [(True, False), (False, False), (False, True), (True, False), (False, False)]
    for clean, present in steps:  # [MQTT-3.2.2-1], [MQTT-3.2.2-2], [MQTT-3.2.2-3]
        with hub.mqtt(name, clean=clean) as client:
            assert client.session_present is present, (clean, present)
    with hub.mqtt(name, clean=True):
        pass


@pytest.mark.parametrize("qos", (1, 2))
def test_messages_wait_for_a_persistent_session(hub, name, qos):
    """[MQTT-3.1.2-5]"""
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/#", qos)
    for i in range(50):
        mosq_pub(hub, f"{name}/{i}", str(i), qos=qos)
    mosq_pub(hub, f"{name}/qos0", "perhaps", qos=0)
    with hub.mqtt(name, clean=False) as client:
        assert client.session_present
        for i in range(50):
            client.expect(f"{name}/{i}", str(i), qos=qos)
        assert {m.topic for m in client.fence()} <= {f"{name}/qos0"}
    with hub.mqtt(name, clean=True):
        pass


def test_clean_session_forgets(hub, name):
    """[MQTT-3.1.2-6]"""
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(name, 1)
    with hub.mqtt(name, clean=True):
        pass
    mosq_pub(hub, name, "x", qos=1)
    with hub.mqtt(name, clean=False) as client:
        assert not client.session_present
        assert client.fence() == []
    with hub.mqtt(name, clean=True):
        pass


@pytest.mark.parametrize("end", ["restart", "kill9"])
@pytest.mark.parametrize("qos", (1, 2))
def test_queued_messages_survive(fresh_hub, name, end, qos):
    """[MQTT-3.1.2-4], [MQTT-4.1.0-1]: state is kept, whatever the process does."""
    hub = fresh_hub
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/#", qos)
    with hub.mqtt(f"{name}-pub") as sender:
        for i in range(200):
            sender.publish(f"{name}/{i}", str(i), qos)  # each acknowledged
    if end == "restart":
        hub.terminate()
    else:
        hub.kill9()
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        assert client.session_present
        for i in range(200):
            client.expect(f"{name}/{i}", str(i), qos=qos)
        assert client.fence() == []
        client.publish(f"{name}/still", "subscribed", qos)
        client.expect(f"{name}/still", "subscribed")


def test_acknowledged_messages_do_not_come_back_after_kill(fresh_hub, name):
    hub = fresh_hub
    with hub.raw() as raw:
        raw.connect(name, clean=False)
        raw.subscribe(name, 1)
        mosq_pub(hub, name, "one", qos=1)
        message, mid = raw.expect_publish()
        raw.send(ack_packet(PUBACK, mid))
        raw.ping()
        # the acknowledgement is durable once something later is
        mosq_pub(hub, f"{name}/other", "x", qos=1, retain=True)
        raw.send(packet(0xe0))
        raw.wait_closed()
    hub.restart()
    with hub.mqtt(name, clean=False) as client:
        assert client.session_present
        assert client.fence() == []


def test_unacknowledged_message_is_sent_again(hub, name):
    with hub.raw() as raw:
        raw.connect(name, clean=False)
        raw.subscribe(name, 1)
        mosq_pub(hub, name, "again", qos=1)
        first, first_id = raw.expect_publish()
        assert (first.payload, first.dup) == (b"again", False)
    with hub.raw() as raw:
        assert raw.connect(name, clean=False)
        second, second_id = raw.expect_publish()
        assert (second.payload, second.dup) == (b"again", True)
        assert second_id == first_id  # [MQTT-4.4.0-1]
        raw.send(ack_packet(PUBACK, second_id))
        assert raw.ping() == []
    with hub.raw() as raw:
        assert raw.connect(name, clean=False)
        assert raw.ping() == []
        raw.send(packet(0xe0))
    with hub.raw() as raw:
        raw.connect(name, clean=True)


def test_redelivery_after_kill_keeps_the_packet_id(fresh_hub, name):
    """[MQTT-4.4.0-1]"""
    hub = fresh_hub
    with hub.raw() as raw:
        raw.connect(name, clean=False)
        raw.subscribe(name, 1)
        with hub.mqtt(f"{name}-pub") as sender:
            for i in range(3):
                sender.publish(name, str(i), 1)
        ids = [raw.expect_publish()[1] for _ in range(3)]
        hub.kill9()
    hub.start()
    with hub.raw() as raw:
        assert raw.connect(name, clean=False)
        again = [raw.expect_publish() for _ in range(3)]
        assert [m.payload for m, _ in again] == [b"0", b"1", b"2"]
        assert [mid for _, mid in again] == ids
        assert all(m.dup for m, _ in again)


def test_inflight_is_bounded_by_acknowledgements_only(hub, name):
    with hub.raw() as raw:
        raw.connect(name, clean=True)
        raw.subscribe(name, 1)
        with hub.mqtt(f"{name}-pub") as sender:
            for i in range(250):
                sender.publish(name, str(i), 1)
        got = []
        while len(got) < 250:
            message, mid = raw.expect_publish()
            got.append(int(message.payload))
            raw.send(ack_packet(PUBACK, mid))
        assert got == list(range(250))


# ---- exactly once


def test_qos2_in_is_delivered_once(hub, name):
    with hub.mqtt(name) as watcher, hub.raw() as raw:
        watcher.subscribe(name, 2)
        raw.connect(f"{name}-pub")
        for dup in (False, True, True):
            raw.send(publish_packet(name, "once", 2, mid=5, dup=dup))
            assert raw.expect(PUBREC) == b"\0\5"
        for _ in range(2):
            raw.send(ack_packet(PUBREL, 5))
            assert raw.expect(PUBCOMP) == b"\0\5"
        assert [m.payload for m in watcher.fence()] == [b"once"]
        raw.send(publish_packet(name, "twice", 2, mid=5))  # the id is free again
        assert raw.expect(PUBREC) == b"\0\5"
        raw.send(ack_packet(PUBREL, 5))
        assert raw.expect(PUBCOMP) == b"\0\5"
        assert [m.payload for m in watcher.fence()] == [b"twice"]


def test_qos2_in_survives_a_kill_between_the_steps(fresh_hub, name):
    """[MQTT-4.3.3-2]"""
    hub = fresh_hub
    with hub.mqtt(name, clean=False) as watcher:
        watcher.subscribe(f"{name}/t", 2)
    with hub.raw() as raw:
        raw.connect(f"{name}-pub", clean=False)
        raw.send(publish_packet(f"{name}/t", "once", 2, mid=9))
        assert raw.expect(PUBREC) == b"\0\x09"
        hub.kill9()
    hub.start()
    with hub.raw() as raw:
        assert raw.connect(f"{name}-pub", clean=False)
        raw.send(publish_packet(f"{name}/t", "once", 2, mid=9, dup=True))
        assert raw.expect(PUBREC) == b"\0\x09"
        raw.send(ack_packet(PUBREL, 9))
        assert raw.expect(PUBCOMP) == b"\0\x09"
    with hub.mqtt(name, clean=False) as watcher:
        assert watcher.session_present
        assert [m.payload for m in watcher.fence()] == [b"once"]


def test_qos2_out_goes_on_where_it_stopped(hub, name):
    """[MQTT-4.3.3-1]"""
    with hub.raw() as raw:
        raw.connect(name, clean=False)
        raw.subscribe(name, 2)
        mosq_pub(hub, name, "x", qos=2)
        message, mid = raw.expect_publish()
        assert message.qos == 2
        raw.send(ack_packet(PUBREC, mid))
        assert raw.expect(PUBREL) == struct.pack(">H", mid)
    with hub.raw() as raw:
        assert raw.connect(name, clean=False)
        assert raw.expect(PUBREL) == struct.pack(">H", mid)  # not the PUBLISH
        raw.send(ack_packet(PUBCOMP, mid))
        assert raw.ping() == []
        raw.send(packet(0xe0))
    with hub.raw() as raw:
        raw.connect(name, clean=True)


# ---- keep-alive, client ids


def test_keepalive_ends_a_silent_connection(hub, name):
    will = Message(f"{name}/will", b"gone", 0)
    with hub.mqtt(name) as watcher, hub.raw() as raw:
        watcher.subscribe(will.topic)
        begin = time.monotonic()
        raw.connect(f"{name}-silent", keepalive=1, will=will)
        raw.wait_closed()
        took = time.monotonic() - begin
        assert 1.4 <= took < 5, took  # [MQTT-3.1.2-24]: one and a half times
        watcher.expect(will.topic, "gone")


def test_ping_keeps_a_connection(hub, name):
    with hub.raw() as raw:
        raw.connect(name, keepalive=1)
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            assert raw.ping() == []
            assert raw.is_silent(0.5)


def test_connection_without_connect_is_closed(make_hub):
    hub = make_hub(sets=["mqtt.connect_timeout=500ms", "http.header_timeout=500ms"]).start()
    with hub.raw() as raw:
        raw.send(b"\x10")
        raw.wait_closed()
    with hub.raw() as raw:
        raw.wait_closed()


def test_empty_client_id(hub, name):
    with hub.raw() as one, hub.raw() as two:
        assert one.try_connect("", clean=True) == (0, False)  # [MQTT-3.1.3-6]
        assert two.try_connect("", clean=True) == (0, False)
        assert one.ping() == [] and two.ping() == []
    with hub.raw() as raw:
        assert raw.try_connect("", clean=False)[0] == 2  # [MQTT-3.1.3-8]
        raw.wait_closed()


def test_mqtt_31(hub, name):
    with hub.raw() as raw:
        assert raw.try_connect(name[:23], name="MQIsdp", level=3)[0] == 0
        raw.subscribe(name, 1)
        mosq_pub(hub, name, "old", qos=1)
        assert raw.expect_publish()[0].payload == b"old"


@pytest.mark.parametrize("level", (6, 127))
def test_unknown_protocol_level(hub, name, level):
    with hub.raw() as raw:
        body = connect_packet(name, level=level)
        raw.send(body)
        try:
            assert raw.expect(CONNACK)[1] in (1, 0x84)  # [MQTT-3.1.2-2]
            raw.wait_closed()
        except Closed:
            pass


# ---- hostile bytes


MALFORMED = {
    # after a CONNECT
    "second CONNECT": connect_packet("again"),
    "reserved type 0": packet(0x00),
    "reserved type 15": packet(0xf0),
    "CONNACK from a client": packet(0x20, b"\0\0"),
    "SUBACK from a client": packet(0x90, b"\0\1\0"),
    "PINGRESP from a client": packet(0xd0),
    "PINGREQ with flags": packet(0xc1),
    "PINGREQ with a body": packet(0xc0, b"x"),
    "DISCONNECT with flags": packet(0xe2),
    "length of five bytes": packet(0x30, b"", length=b"\x80\x80\x80\x80\x01"),
    "QoS 3": packet(0x36, text16("a") + b"\0\1"),
    "PUBLISH without a topic": packet(0x30, b""),
    "PUBLISH with an empty topic": publish_packet("", "x"),
    "PUBLISH with a topic cut short": packet(0x30, b"\0\5ab"),
    "PUBLISH to a wildcard": publish_packet("a/+", "x"),
    "PUBLISH to a hash": publish_packet("#", "x"),
    "PUBLISH with packet id 0": publish_packet("a", "x", 1, mid=0),
    "PUBLISH without its packet id": packet(0x32, text16("a")),
    "PUBLISH to a topic with NUL": publish_packet(b"a\0b", "x"),
    "PUBLISH to a topic that is not UTF-8": publish_packet(b"a\xff", "x"),
    "PUBLISH to a surrogate": publish_packet(b"\xed\xa0\x80", "x"),
    "SUBSCRIBE with wrong flags": packet(0x80, b"\0\1" + text16("a") + b"\0"),
    "SUBSCRIBE to nothing": packet(0x82, b"\0\1"),
    "SUBSCRIBE with packet id 0": subscribe_packet(0, ("a", 0)),
    "SUBSCRIBE without its QoS": packet(0x82, b"\0\1" + text16("a")),
    "SUBSCRIBE with QoS 3": subscribe_packet(1, ("a", 3)),
    "SUBSCRIBE with reserved bits": subscribe_packet(1, ("a", 0x80)),
    "SUBSCRIBE to an empty filter": subscribe_packet(1, ("", 0)),
    "SUBSCRIBE to bytes": subscribe_packet(1, (b"\xc0\x80", 0)),
    "UNSUBSCRIBE from nothing": packet(0xa2, b"\0\1"),
    "UNSUBSCRIBE with wrong flags": packet(0xa0, b"\0\1" + text16("a")),
    "PUBREL with wrong flags": packet(0x60, b"\0\1"),
    "PUBACK cut short": packet(0x40, b"\0"),
    "PUBACK too long": packet(0x40, b"\0\1x"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_packet_closes_the_connection(hub, name, case):
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(MALFORMED[case])
        raw.wait_closed()  # [MQTT-4.8.0-1]


BAD_FIRST = {
    "PINGREQ": packet(0xc0),
    "PUBLISH": publish_packet("a", "x"),
    "SUBSCRIBE": subscribe_packet(1, ("a", 0)),
    "PUBREC": ack_packet(PUBREC, 1),
    "another protocol": packet(0x10, text16("AMQP") + b"\4\2\0\0" + text16("x")),
    "reserved flag": connect_packet("x", flags=0x03),
    "will QoS 3": packet(0x10, text16("MQTT") + b"\4\x1e\0\0" + text16("x") * 3),
    "will flags without a will": connect_packet("x", flags=0x0a),
    "password without user": packet(0x10, text16("MQTT") + b"\4\x42\0\0" + text16("x") * 2),
    "client id cut short": packet(0x10, text16("MQTT") + b"\4\2\0\0\0\x09abc"),
    "bytes after the payload": packet(0x10, text16("MQTT") + b"\4\2\0\0" + text16("x") + b"more"),
    "nothing": packet(0x10),
    "CONNECT with flags": packet(0x11, text16("MQTT") + b"\4\2\0\0" + text16("x")),
    "client id with NUL": connect_packet(b"a\0b"),
    "client id that is not UTF-8": connect_packet(b"a\xff"),
    "noise": bytes(range(128, 256)) * 8,
    "a TLS hello": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160),
}


@pytest.mark.parametrize("case", BAD_FIRST)
def test_bad_first_packet_closes_the_connection(hub, case):
    with hub.raw() as raw:
        raw.send(BAD_FIRST[case])
        got = raw.wait_closed()
        assert got[:2] != b"\x20\x02" or got[3:4] != b"\0", "it was accepted"


def test_packets_in_single_bytes(hub, name):
    stream = (connect_packet(name) + subscribe_packet(1, (name, 1))
              + publish_packet(name, "bit by bit", 1, mid=2))
    with hub.raw() as raw:
        for i in range(len(stream)):
            raw.send(stream[i:i + 1])
        raw.expect(CONNACK)
        raw.expect(SUBACK)
        kinds = sorted(raw.read()[0] >> 4 for _ in range(2))
        assert kinds == [3, 4]


def test_packets_in_one_write(hub, name):
    with hub.raw() as raw:
        raw.send(connect_packet(name), subscribe_packet(1, (name, 0)),
                 *[publish_packet(name, str(i)) for i in range(100)], packet(0xc0))
        raw.expect(CONNACK)
        raw.expect(SUBACK)
        for i in range(100):
            assert raw.expect_publish()[0].payload == str(i).encode()
        raw.expect(PINGRESP)


@pytest.mark.parametrize("pattern", ["a/#/b", "a#", "a+/b", "#/a", "a/b#", "+a"])
def test_invalid_filter_is_not_granted(hub, name, pattern):
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(subscribe_packet(1, (pattern, 0)))
        try:
            assert raw.expect(SUBACK)[2] == 0x80
        except Closed:
            pass


# ---- what nobody may do


@pytest.mark.parametrize("topic", ["$SYS/broker/uptime", "$aws/events/presence/connected/x",
                                   "$aws/things/x/shadow/update/accepted", "$thingd/x", "$other"])
def test_reserved_topics_are_not_for_clients(hub, name, topic):
    mark = hub.mark()
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(publish_packet(topic, "{}", 1, mid=1))
        raw.wait_closed()
    hub.wait_refused(topic.replace("$", r"\$"), name, since=mark)


def test_refused_subscription_keeps_the_connection(hub, name):
    thing = hub.add_thing(name)
    mark = hub.mark()
    with hub.mqtt(name, identity=thing) as client:
        assert client.try_subscribe("device/somebody-else/#") == 0x80
        assert client.try_subscribe(f"device/{name}/#", 1) == 1
        client.publish(f"device/{name}/t", "x", 1)
        client.expect(f"device/{name}/t", "x")
    hub.wait_refused("device/somebody-else/#", name, since=mark)


# ---- other ways in


def test_unix_socket(hub, name):
    with mosq_sub(hub, name, listener="unix", qos=1) as sub:
        mosq_pub(hub, name, "through the file", qos=1, listener="unix")
        assert sub.messages()[0].payload == b"through the file"


def test_http_listener_speaks_mqtt_too(hub, name):
    with hub.mqtt(name, listener="http") as client:
        client.subscribe(name)
        mosq_pub(hub, name, "x")
        client.expect(name, "x")


def test_slow_reader_does_not_hold_the_others(hub, name):
    payload = b"x" * 100_000
    with hub.raw() as slow, hub.mqtt(name) as quick, hub.mqtt(f"{name}-pub") as sender:
        slow.connect(f"{name}-slow")
        slow.subscribe(f"{name}/#", 0)
        quick.subscribe(f"{name}/#", 0)
        for i in range(200):  # 20 MB, and `slow` reads nothing
            sender.publish(f"{name}/{i}", payload, 1)
            quick.expect(f"{name}/{i}", payload)
        try:
            slow.ping()  # what it missed may be dropped, the connection may be closed
        except (Failure, OSError):
            pass
