"""MQTT 5: what is negotiated, what comes with a message, and the reasons that are given.

With paho, mosquitto's programs and bytes made by hand. Statements in brackets are those of MQTT 5.0.
"""

import pytest

import mqtt5
from conftest import end
from hublib import DISCONNECT, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, SUBACK, UNSUBACK, Hub, Message, packet, text16
from mqtt5 import (FOREVER, NOT_AUTHORIZED, Client5, Mosq5Sub, Raw5, ack5, connect5, mosq5_pub, options5, publish5,
                   subscribe5, unsubscribe5)

QOS = (0, 1, 2)

EVERYTHING = {
    "PayloadFormatIndicator": 1,
    "ContentType": "application/json; charset=utf-8",
    "ResponseTopic": "answers/to/me",
    "CorrelationData": bytes(range(256)),
    "UserProperty": [("z", "1"), ("a", "2"), ("z", "3"), ("", ""), ("größe", "∞"), ("z", "1")],
}


# ---- what is negotiated


def test_what_connack_announces(hub, name):
    with Raw5.to(hub) as raw:
        connack = raw.connect(name)
        assert not connack.present
        said = connack.properties
        assert said.pop("ReceiveMaximum") == 1000
        assert said.pop("TopicAliasMaximum") == 32
        assert said.pop("MaximumPacketSize") == 2 << 20
        assert "MaximumQoS" not in said, "QoS 2 is the default, and its value is not allowed [MQTT-3.2.2-9]"
        for available in ("Retain", "WildcardSubscription", "SubscriptionIdentifier", "SharedSubscription"):
            assert said.pop(f"{available}Available", 1) == 1
        assert said == {}, "what is as asked is not said"


@pytest.fixture(scope="module")
def narrow():
    """A hub with little of everything."""
    hub = Hub(sets=["mqtt.receive_maximum=2", "mqtt.max_topic_alias=0", "mqtt.max_packet=4k", "mqtt.max_keepalive=30",
                    "mqtt.session_expiry=1h"]).start()
    yield hub
    end(hub)


def test_connack_follows_the_options(narrow, name):
    with Raw5.to(narrow) as raw:
        said = raw.connect(name, keepalive=60, clean=False, SessionExpiryInterval=FOREVER).properties
        assert said["ReceiveMaximum"] == 2
        assert said.get("TopicAliasMaximum", 0) == 0
        assert said["MaximumPacketSize"] == 4096
        assert said["ServerKeepAlive"] == 30
        assert said["SessionExpiryInterval"] == 3600


@pytest.mark.parametrize("asked, told", [(0, 30), (20, None), (30, None), (31, 30)])
def test_keep_alive_of_the_server(narrow, name, asked, told):
    """[MQTT-3.2.2-21]"""
    with Raw5.to(narrow) as raw:
        assert raw.connect(name, keepalive=asked).properties.get("ServerKeepAlive") == told


@pytest.mark.parametrize("asked, told", [(0, None), (60, None), (604800, None), (604801, 604800), (FOREVER, 604800)])
def test_session_expiry_is_bounded(hub, name, asked, told):
    """[MQTT-3.2.2-10] and section 3.2.2.3.2: told only when it is not what was asked for."""
    with Raw5.to(hub) as raw:
        assert raw.connect(name, SessionExpiryInterval=asked).properties.get("SessionExpiryInterval") == told


def test_assigned_client_id(hub, name):
    """[MQTT-3.1.3-7], [MQTT-3.2.2-16]: the client can come again with it."""
    with Raw5.to(hub) as one, Raw5.to(hub) as two:
        ids = [raw.connect("", clean=False, SessionExpiryInterval=60).properties["AssignedClientIdentifier"]
               for raw in (one, two)]
        assert len(set(ids)) == 2 and all(ids)
        assert one.subscribe(name, 1) == 1
        one.leave()
        assert two.publish(name, "kept").code == 0
    with Raw5.to(hub) as again:
        connack = again.connect(ids[0], clean=False, SessionExpiryInterval=0)
        assert connack.present and "AssignedClientIdentifier" not in connack.properties
        assert again.message()[0].payload == b"kept"


def test_assigned_client_id_of_paho(hub, name):
    client = Client5(hub, "").connect()
    assert client.connack["AssignedClientIdentifier"]
    client.subscribe(name, 1)
    client.publish(name, "x", 1)
    client.expect(name, "x", qos=1)
    client.disconnect()


def test_unknown_authentication_method(hub, name):
    """[MQTT-4.12.0-1]"""
    with Raw5.to(hub) as raw:
        assert raw.try_connect(name, AuthenticationMethod="SCRAM-SHA-1").code == mqtt5.BAD_AUTH_METHOD
        raw.wait_closed()


def test_level_6(hub, name):
    """[MQTT-3.1.2-2]"""
    with Raw5.to(hub) as raw:
        assert raw.try_connect(name, level=6).code == mqtt5.BAD_LEVEL
        raw.wait_closed()


def test_unknown_user(hub, name):
    with Raw5.to(hub, "mqtts") as raw:
        assert raw.try_connect(name, username="nobody", password="x").code in (mqtt5.BAD_LOGIN, NOT_AUTHORIZED)
        raw.wait_closed()


@pytest.mark.parametrize("listener", ["mqtt", "http", "unix", "mqtts", "https"])
def test_every_transport(hub, name, listener):
    """[MQTT-4.2.0-1]"""
    identity = hub.add_thing(name) if listener.endswith("s") else None
    topic = f"device/{name}/t"
    with Raw5.to(hub, listener, identity) as raw:
        raw.connect(name)
        assert raw.subscribe(topic, 1) == 1
        raw.send(publish5(topic, "x", 1, mid=7, ContentType="text/plain"))
        message = next(p.message for p in (raw.read5(), raw.read5()) if p.message)
        assert message == Message(topic, b"x", 1) and message.properties == {"ContentType": "text/plain"}


def test_paho_with_a_certificate(hub, name):
    topic = f"device/{name}/t"
    with Client5(hub, name, identity=hub.add_thing(name)) as client:
        client.subscribe(topic, 1)
        client.publish(topic, "x", 1, UserProperty=[("a", "b")])
        assert client.expect(topic, "x", qos=1).properties == {"UserProperty": [("a", "b")]}


# ---- delivery


@pytest.mark.parametrize("sent", QOS)
@pytest.mark.parametrize("granted", QOS)
def test_quality_is_the_lesser_of_the_two(hub, name, sent, granted):
    with Client5(hub, name) as client:
        assert client.subscribe(name, granted) == granted
        client.publish(name, "21.5", sent)
        client.expect(name, "21.5", qos=min(sent, granted), retain=False)


@pytest.mark.parametrize("qos", QOS)
def test_payloads_are_bytes(hub, name, qos):
    payloads = [b"", b"\0", bytes(range(256)), b"\xff" * 1000, "grüße ∞".encode(), b"x" * 300_000]
    with Client5(hub, name) as client:
        client.subscribe(name, qos)
        for payload in payloads:
            client.publish(name, payload, qos)
        for payload in payloads:
            assert client.expect(name, payload, qos=qos).properties == {}


@pytest.mark.parametrize("qos", QOS)
def test_order_is_kept(hub, name, qos):
    with Client5(hub, name, connect={"ReceiveMaximum": 5}) as receiver, Client5(hub, name + "-pub") as sender:
        receiver.subscribe(name, qos)
        for i in range(300):
            sender.publish_blindly(name, str(i), qos)
        for i in range(300):
            receiver.expect(name, str(i), qos=qos)


@pytest.mark.parametrize("retained", [False, True], ids=["live", "retained"])
@pytest.mark.parametrize("qos", QOS)
def test_properties_pass_unaltered(hub, name, qos, retained):
    """[MQTT-3.3.2-4], -15, -16, -17, -18, -20"""
    with Client5(hub, name) as client:
        if not retained:
            client.subscribe(name, qos)
        client.publish(name, '{"t":1}', qos, retained, **EVERYTHING)
        if retained:
            client.subscribe(name, qos)
        assert client.expect(name, '{"t":1}', qos=qos, retain=retained).properties == EVERYTHING


def test_properties_of_mosquitto(hub, name):
    props = [("user-property", "b", "1"), ("user-property", "a", "2"), ("user-property", "b", "3"),
             ("message-expiry-interval", 90), ("content-type", "text/plain"), ("response-topic", "r/t"),
             ("correlation-data", "me"), ("payload-format-indicator", 1), ("topic-alias", 3)]
    sub_id = ["-D", "subscribe", "subscription-identifier", "268435455"]
    with Mosq5Sub(hub, f"{name}/+", count=2, qos=1, extra=sub_id) as sub:
        mosq5_pub(hub, f"{name}/a", "bare", qos=1)
        mosq5_pub(hub, f"{name}/b", "full", props, qos=1)
        bare, full = sub.messages()
    assert (bare["topic"], bare["payload"], bare["qos"]) == (f"{name}/a", "bare", 1)
    assert bare["properties"] == {"subscription-identifier": 268435455}
    got = dict(full["properties"])
    assert 85 <= got.pop("message-expiry-interval") <= 90
    assert got.pop("user-properties") == [("b", "1"), ("a", "2"), ("b", "3")]
    assert got == {"content-type": "text/plain", "response-topic": "r/t", "correlation-data": "me",
                   "payload-format-indicator": 1, "subscription-identifier": 268435455}


def test_mosquitto_publishes_many_lines(hub, name):
    """With its own receive maximum, and an alias for the topic."""
    with Mosq5Sub(hub, name, count=200, qos=2, extra=["-D", "connect", "receive-maximum", "3"]) as sub:
        mosq5_pub(hub, name, lines=[str(i) for i in range(200)], qos=2)
        assert [m["payload"] for m in sub.messages()] == [str(i) for i in range(200)]


def test_mosquitto_asks_and_is_answered(hub, name):
    with Client5(hub, name) as server, Mosq5Sub(hub, f"{name}/answers", qos=1) as sub:
        server.subscribe(f"{name}/questions", 1)
        mosq5_pub(hub, f"{name}/questions", "2+2", [("response-topic", f"{name}/answers"), ("correlation-data", "17")],
                  qos=1)
        asked = server.next()
        server.publish(asked.properties["ResponseTopic"], "4", 1, CorrelationData=asked.properties["CorrelationData"])
        answer, = sub.messages()
        assert answer["payload"] == "4" and answer["properties"] == {"correlation-data": "17"}


# ---- subscriptions


def test_no_local(hub, name):
    """[MQTT-3.8.3-3]"""
    with Client5(hub, name) as one, Client5(hub, f"{name}-2") as two:
        one.subscribe(name, 1, noLocal=True)
        two.subscribe(name, 1)
        one.publish(name, "one", 1)
        two.publish(name, "two", 1)
        assert [m.payload for m in one.fence()] == [b"two"]
        assert [m.payload for m in two.fence()] == [b"one", b"two"]
        one.subscribe(name, 1)
        one.publish(name, "now", 1)
        assert [m.payload for m in one.fence()] == [b"now"]


def test_subscriptions_are_listed_with_their_options(hub, name):
    with Client5(hub, name) as client:
        client.subscribe("a", 1)
        client.subscribe("b", 2, sub_id=7, noLocal=True, retainAsPublished=True, retainHandling=2)
        answer = hub.request("GET", f"/hub/sessions/{name}", token=hub.admin["token"]).json()
    assert answer["protocolVersion"] == "5.0"
    assert answer["subscriptions"] == [
        {"filter": "a", "qos": 1},
        {"filter": "b", "qos": 2, "noLocal": True, "retainAsPublished": True, "retainHandling": 2,
         "subscriptionIdentifier": 7},
    ]


def test_retain_as_published(hub, name):
    """[MQTT-3.3.1-12], -13"""
    with Client5(hub, f"{name}-1") as plain, Client5(hub, f"{name}-2") as faithful:
        plain.subscribe(name, 1)
        faithful.subscribe(name, 1, retainAsPublished=True)
        for retain in (True, False):
            plain.publish(name, f"{retain}", 1, retain)
            plain.expect(name, f"{retain}", retain=False)
            faithful.expect(name, f"{retain}", retain=retain)


@pytest.mark.parametrize("handling, comes", [(0, [True, True]), (1, [True, False]), (2, [False, False])])
def test_retain_handling(hub, name, handling, comes):
    """[MQTT-3.3.1-9], -10, -11: at a new subscription, and at one that was there."""
    with Client5(hub, name) as client:
        client.publish(name, "kept", 1, True, UserProperty=[("a", "b")])
        for there in comes:
            client.subscribe(name, 1, retainHandling=handling)
            got = client.fence()
            assert [m.payload for m in got] == ([b"kept"] if there else [])
            assert all(m.retain and m.properties == {"UserProperty": [("a", "b")]} for m in got)


def test_subscription_ids(hub, name):
    """[MQTT-3.3.4-3], -4: a message says which subscriptions it matches."""
    with Client5(hub, name) as client:
        client.subscribe(f"{name}/#", 0, 7)
        client.subscribe(f"{name}/a", 1, 268435455)
        client.subscribe(f"{name}/+", 0)
        for topic, ids in ((f"{name}/a", [7, 268435455]), (f"{name}/a/b", [7])):
            client.publish(topic, "x", 1)
            got = client.fence()
            assert sorted(i for m in got for i in m.properties.get("SubscriptionIdentifier", [])) == ids
        client.subscribe(f"{name}/a", 1)  # again, without one
        client.publish(f"{name}/a", "x", 1)
        got = client.fence()
        assert [i for m in got for i in m.properties.get("SubscriptionIdentifier", [])] == [7]


def test_subscription_id_of_a_retained_message(hub, name):
    with Client5(hub, name) as client:
        client.publish(name, "kept", 1, True)
        client.subscribe(name, 1, 5)
        assert client.expect(name, "kept", retain=True).properties == {"SubscriptionIdentifier": [5]}


def test_subscription_id_of_a_shared_subscription(hub, name):
    with Client5(hub, name) as client:
        client.subscribe(f"$share/g/{name}", 1, 6)
        client.publish(name, "x", 1)
        assert client.expect(name, "x").properties == {"SubscriptionIdentifier": [6]}


def test_codes_of_subscriptions(hub, name):
    """[MQTT-3.9.3-1], [MQTT-3.11.3-1], [MQTT-3.11.3-2]"""
    with Raw5.to(hub) as raw:
        raw.connect(name)
        raw.send(subscribe5(9, (f"{name}/a", 0), (f"{name}/b", 1), (f"{name}/c", options5(2, True, True, 2))))
        suback = raw.expect5(SUBACK)
        assert (suback.mid, suback.codes) == (9, b"\0\1\2")
        raw.send(unsubscribe5(10, f"{name}/a", f"{name}/never", f"{name}/c"))
        unsuback = raw.expect5(UNSUBACK)
        assert (unsuback.mid, unsuback.codes) == (10, bytes([0, mqtt5.NO_SUBSCRIPTION, 0]))


# ---- reasons in acknowledgements


def test_nobody_has_subscribed(hub, name):
    with Raw5.to(hub) as raw:
        raw.connect(name)
        assert raw.publish(name, "x", 1).code == mqtt5.NO_SUBSCRIBERS
        assert raw.publish(name, "x", 2, mid=2).code in (0, mqtt5.NO_SUBSCRIBERS)
        assert raw.send(ack5(PUBREL, 2)).expect5(PUBCOMP).code == 0
        raw.subscribe(name, 0)
        raw.send(publish5(name, "x", 1, mid=3))
        assert {p.kind: p.code for p in (raw.read5(), raw.read5())} == {PUBLISH: 0, PUBACK: 0}


@pytest.fixture(scope="module")
def thing(module_hub):
    return module_hub.add_thing("thing-of-mqtt5")


@pytest.fixture
def device(hub, thing):
    with Raw5.to(hub, "mqtts", thing) as raw:
        raw.connect(thing.name)
        yield raw


@pytest.mark.parametrize("qos", (1, 2))
def test_denied_publish(hub, name, device, qos):
    """The connection stays, and the identifier is free again [MQTT-4.3.3-2]."""
    with hub.mqtt(name) as watcher:
        watcher.subscribe("device/#")
        assert device.publish("device/somebody-else/t", "no", qos, mid=3).code == NOT_AUTHORIZED
        assert device.publish(f"device/{name}/t", "no", qos, mid=3).code == NOT_AUTHORIZED
        assert device.publish("device/thing-of-mqtt5/t", "yes", 1, mid=3).code == 0
        assert [m.payload for m in watcher.fence()] == [b"yes"]


def test_denied_publish_without_acknowledgement(hub, name, device):
    with hub.mqtt(name) as watcher:
        watcher.subscribe("device/#")
        device.send(publish5("device/somebody-else/t", "no"), packet(0xc0))
        first, _ = device.read()
        assert first >> 4 in (13, DISCONNECT)
        assert watcher.fence() == []


def test_denied_publish_of_mosquitto(hub, thing):
    done = mosq5_pub(hub, "device/somebody-else/t", "x", qos=1, identity=thing, check=False)
    assert "not authorized" in (done.stdout + done.stderr).lower(), done


def test_denied_subscription(device):
    device.send(subscribe5(3, ("device/somebody-else/#", 1), ("device/thing-of-mqtt5/#", 1)))
    assert device.expect5(SUBACK).codes == bytes([NOT_AUTHORIZED, 1])


def test_problem_information_is_not_wanted(hub, thing):
    """[MQTT-3.1.2-29]"""
    with Raw5.to(hub, "mqtts", thing) as raw:
        raw.connect(thing.name, RequestProblemInformation=0)
        puback = raw.publish("device/somebody-else/t", "x")
        assert (puback.code, puback.properties) == (NOT_AUTHORIZED, {})
        suback = raw.send(subscribe5(2, ("device/somebody-else/#", 1))).expect5(SUBACK)
        assert (suback.codes, suback.properties) == (bytes([NOT_AUTHORIZED]), {})


def test_release_of_what_there_is_not(hub, name):
    """It is answered; section 3.7.2.1 lets the hub say that it does not know it."""
    with Raw5.to(hub) as raw:
        raw.connect(name)
        assert raw.send(ack5(PUBREL, 77)).expect5(PUBCOMP).code in (0, mqtt5.UNKNOWN_ID)


# ---- flow control and sizes


@pytest.mark.parametrize("qos", (1, 2))
def test_receive_maximum_of_the_client(hub, name, qos):
    """[MQTT-3.3.4-9]; a QoS 0 message passes [MQTT-4.9.0-3]."""
    with Raw5.to(hub) as raw, Client5(hub, f"{name}-pub") as sender:
        raw.connect(name, ReceiveMaximum=2)
        raw.subscribe(f"{name}/+", qos)
        for i in range(5):
            sender.publish(f"{name}/t", str(i), qos)
        sender.publish(f"{name}/t", "0th", 0)
        sender.fence()
        held = raw.take(3)
        assert raw.pending5() == []
        assert [p.message.payload for p in held if p.message.qos] == [b"0", b"1"]
        assert [p.message.payload for p in held if not p.message.qos] == [b"0th"]
        mids = [p.mid for p in held if p.message.qos]
        for i in range(2, 5):
            release(raw, qos, mids.pop(0))
            message, mid = raw.message()
            assert message.payload == str(i).encode()
            assert raw.pending5() == []
            mids.append(mid)


def release(raw, qos, mid):
    if qos == 1:
        raw.send(ack5(PUBACK, mid))
    else:
        assert raw.send(ack5(PUBREC, mid)).expect5(PUBREL).mid == mid
        raw.send(ack5(PUBCOMP, mid))


def test_error_in_pubrec_ends_the_exchange(hub, name):
    """Section 4.3.3: what is refused with PUBREC takes no place any more."""
    with Raw5.to(hub) as raw, Client5(hub, f"{name}-pub") as sender:
        raw.connect(name, ReceiveMaximum=1)
        raw.subscribe(name, 2)
        for i in range(3):
            sender.publish(name, str(i), 2)
        for i in range(3):
            message, mid = raw.message()
            assert message.payload == str(i).encode() and raw.pending5() == []
            raw.send(ack5(PUBREC, mid, 0x83))
        assert raw.pending5() == []


def test_receive_maximum_of_the_hub(narrow, name):
    """[MQTT-3.3.4-7] and section 4.9: two may wait for PUBREL, a third may not."""
    with Raw5.to(narrow) as raw:
        raw.connect(name)
        for mid in (1, 2):
            assert raw.publish(name, "x", 2, mid=mid).code in (0, mqtt5.NO_SUBSCRIBERS)
        assert raw.send(ack5(PUBREL, 1)).expect5(PUBCOMP).code == 0
        raw.publish(name, "x", 2, mid=3)
        raw.send(publish5(name, "x", 2, mid=4))
        assert raw.farewell().code == mqtt5.RECEIVE_MAXIMUM


def test_largest_packet_of_the_client(hub, name):
    """[MQTT-3.1.2-24], -25: dropped as if it had been sent."""
    with Raw5.to(hub) as raw, Client5(hub, f"{name}-pub") as sender:
        raw.connect(name, MaximumPacketSize=200, ReceiveMaximum=1)
        raw.subscribe(name, 1)
        sender.publish(name, "x" * 300, 1)
        sender.publish(name, "short", 1, UserProperty=[("k", "v" * 300)])
        sender.publish(name, "short", 1)
        message, _ = raw.message()
        assert message == Message(name, b"short", 1) and message.properties == {}


@pytest.mark.parametrize("qos", QOS)
def test_packet_too_large_for_the_hub(narrow, name, qos):
    with Raw5.to(narrow) as raw:
        raw.connect(name)
        raw.send(publish5(name, b"x" * 5000, qos, mid=1 if qos else None))
        assert raw.farewell().code == mqtt5.TOO_LARGE


# ---- aliases


def test_alias_of_the_client(hub, name):
    """[MQTT-3.3.2-12]: each connection has its own."""
    with Client5(hub, name) as watcher, Raw5.to(hub) as raw, Raw5.to(hub) as other:
        watcher.subscribe(f"{name}/+", 1)
        most = raw.connect(f"{name}-1").properties["TopicAliasMaximum"]
        other.connect(f"{name}-2")
        raw.send(publish5(f"{name}/a", "1", TopicAlias=1), publish5("", "2", TopicAlias=1),
                 publish5(f"{name}/b", "3", TopicAlias=most), publish5(f"{name}/c", "4", TopicAlias=1),
                 publish5("", "5", TopicAlias=1), publish5("", "6", 1, mid=1, TopicAlias=most))
        assert raw.expect5(PUBACK).code == 0
        got = watcher.fence()
        assert [(m.topic[-1], m.payload) for m in got] == [
            ("a", b"1"), ("a", b"2"), ("b", b"3"), ("c", b"4"), ("c", b"5"), ("b", b"6")]
        assert all(m.properties == {} for m in got)
        other.send(publish5("", "7", TopicAlias=1))
        assert other.farewell().code in (mqtt5.PROTOCOL_ERROR, mqtt5.BAD_ALIAS)


def test_alias_that_may_not_be(hub, narrow, name):
    """[MQTT-3.3.2-8], -9"""
    alias_0 = packet(0x30, text16(name) + b"\3\x23\0\0" + b"x")
    for where, bad in ((hub, publish5(name, "x", TopicAlias=33)), (hub, alias_0),
                       (narrow, publish5(name, "x", TopicAlias=1))):
        with Raw5.to(where) as raw:
            raw.connect(name)
            assert raw.send(bad).farewell().code == mqtt5.BAD_ALIAS


@pytest.mark.parametrize("most", (0, 1, 3))
def test_alias_of_the_hub(hub, name, most):
    """[MQTT-3.1.2-26], -27: within the bounds, and used."""
    with Raw5.to(hub) as raw, Client5(hub, f"{name}-pub") as sender:
        raw.connect(name, TopicAliasMaximum=most)
        raw.subscribe(f"{name}/#", 0)
        topics = [f"{name}/{t}" for t in "aabababcacdeabcdeaaa"]
        for i, topic in enumerate(topics):
            sender.publish(topic, str(i), 0)
        sender.fence()
        known, got = {}, []
        for came in raw.pending5():
            alias = came.properties.get("TopicAlias")
            assert alias is None or 1 <= alias <= most
            if came.message.topic and alias:
                known[alias] = came.message.topic
            got.append((came.message.topic or known[alias], int(came.message.payload)))
        assert got == [(topic, i) for i, topic in enumerate(topics)]
        assert len(known) == most


# ---- the hub says why it goes


ENDS = [
    ("the reserved type", packet(0x00), mqtt5.MALFORMED),
    ("flags of SUBSCRIBE", packet(0x80, b"\0\1\0\0\1a\0"), mqtt5.MALFORMED),
    ("QoS 3", packet(0x36, b"\0\1a\0\1\0"), mqtt5.MALFORMED),
    ("a property that there is not", packet(0x30, b"\0\1a\1\x7fx"), mqtt5.MALFORMED),
    ("a property twice", packet(0x30, b"\0\1a\4\1\1\1\1x"), mqtt5.PROTOCOL_ERROR),
    ("a subscription id from a client", packet(0x30, b"\0\1a\2\x0b\5x"), mqtt5.PROTOCOL_ERROR),
    ("no topic and no alias", packet(0x30, b"\0\0\0x"), mqtt5.PROTOCOL_ERROR),
    ("no filter", packet(0x82, b"\0\1\0"), mqtt5.PROTOCOL_ERROR),
    ("a second CONNECT", connect5("other"), mqtt5.PROTOCOL_ERROR),
    ("no local, shared", subscribe5(1, ("$share/g/a", options5(1, no_local=True))), mqtt5.PROTOCOL_ERROR),
    ("a wildcard in a name", publish5("a/+", "x"), mqtt5.BAD_TOPIC),
    ("AUTH without a method", packet(0xf0, b"\x18\0"), mqtt5.PROTOCOL_ERROR),
]


@pytest.mark.parametrize("bad, code", [e[1:] for e in ENDS], ids=[e[0] for e in ENDS])
def test_reason_for_the_end(hub, name, bad, code):
    """[MQTT-4.13.1-1]. The standard leaves open which of the two it is when a packet is both."""
    with Raw5.to(hub) as raw:
        raw.connect(name)
        said = raw.send(bad).farewell()
        assert said is not None and said.code == code, said


def test_filter_that_is_none(hub, name):
    with Raw5.to(hub) as raw:
        raw.connect(name)
        came = raw.send(subscribe5(1, ("a/#/b", 1))).read5()
        assert came.code == mqtt5.BAD_FILTER if came.kind == DISCONNECT else came.codes == bytes([mqtt5.BAD_FILTER])


# ---- hub.profile = aws-strict


@pytest.fixture(scope="module")
def strict():
    hub = Hub(sets=["hub.profile=aws-strict"]).start()
    yield hub
    end(hub)


def test_strict_connack(strict, name):
    with Raw5.to(strict) as raw:
        said = raw.connect(name).properties
        assert said["MaximumQoS"] == 1
        assert said["SubscriptionIdentifierAvailable"] == 0
        assert said["TopicAliasMaximum"] == 8
        assert said["ReceiveMaximum"] == 100


def test_strict_refuses_what_it_does_not_have(strict, name):
    """[MQTT-3.2.2-11] and sections 3.2.2.3.4, 3.2.2.3.12"""
    for bad, code in ((publish5(name, "x", 2, mid=1), mqtt5.BAD_QOS),
                      (subscribe5(1, (name, 1), SubscriptionIdentifier=1), mqtt5.NO_SUBSCRIPTION_IDS),
                      (publish5(name, "x", TopicAlias=9), mqtt5.BAD_ALIAS)):
        with Raw5.to(strict) as raw:
            raw.connect(name)
            assert raw.send(bad).farewell().code == code


def test_strict_does_the_rest(strict, name):
    with Client5(strict, name) as client:
        client.subscribe(name, 1, noLocal=False, retainAsPublished=True)
        client.publish(name, "x", 1, **EVERYTHING)
        assert client.expect(name, "x", qos=1).properties == EVERYTHING
