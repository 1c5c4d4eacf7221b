"""What MQTT 5 adds is there again after the hub was killed, or ended in peace."""

import time

import pytest

from hublib import CONNACK, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, Client, Message
from mqtt5 import FOREVER, UNKNOWN_ID, Client5, Raw5, ack5, publish5, raw_session

PROPERTIES = {"PayloadFormatIndicator": 1, "ContentType": "text/plain", "ResponseTopic": "r",
              "CorrelationData": b"\0\1", "UserProperty": [("b", "1"), ("a", "2"), ("b", "3")]}


@pytest.fixture(params=["kill9", "terminate"])
def again(request, fresh_hub):
    """Ends the hub in this way, and starts it."""

    def restart():
        getattr(fresh_hub, request.param)()
        fresh_hub.start()

    return restart


def publish(hub, topic, payload, qos=1, retain=False, **words):
    with Client5(hub, "publisher") as client:
        client.publish(topic, payload, qos, retain, **words)


def away(hub, client_id, seconds=FOREVER, *subscriptions, **words):
    """A session whose client is gone without a word."""
    with raw_session(hub, client_id, seconds, **words) as raw:
        for topic, qos, options in subscriptions:
            assert raw.subscribe(topic, qos, **options) == qos
        raw.hang_up()


def test_session_comes_back(fresh_hub, again):
    """Subscriptions with their options and identifiers, and messages with their properties."""
    away(fresh_hub, "kept", 60, ("a/+", 2, {"sub_id": 268435455, "as_published": True}),
         ("a/b", 1, {"sub_id": 5, "as_published": True}), ("own", 1, {"no_local": True}))
    for qos in (1, 2):
        publish(fresh_hub, f"a/{qos}", f"before {qos}", qos, MessageExpiryInterval=100, **PROPERTIES)
    publish(fresh_hub, "a/b", "both", 2, True)
    again()
    publish(fresh_hub, "a/c", "after", 1, **PROPERTIES)
    with raw_session(fresh_hub, "kept", 60, ReceiveMaximum=10) as raw:
        assert raw.connack.present
        got = [raw.message()[0] for _ in range(4)]
        assert got == [Message("a/1", b"before 1", 1), Message("a/2", b"before 2", 2), Message("a/b", b"both", 2, True),
                       Message("a/c", b"after", 1)]
        for message in got[:2]:
            assert 70 <= message.properties["MessageExpiryInterval"] <= 100
            assert message.without_expiry() == {**PROPERTIES, "SubscriptionIdentifier": [268435455]}
        assert sorted(got[2].properties.pop("SubscriptionIdentifier")) == [5, 268435455]
        assert got[2].properties == {}
        assert got[3].properties == {**PROPERTIES, "SubscriptionIdentifier": [268435455]}
        raw.send(publish5("own", "not to me", 1, mid=1))
        assert raw.expect5(PUBACK).mid == 1 and raw.pending5() == []
        publish(fresh_hub, "own", "from others")
        assert raw.message()[0] == Message("own", b"from others", 1)


def test_retained_messages_come_back(fresh_hub, again):
    publish(fresh_hub, "kept", "x", 1, True, MessageExpiryInterval=100, **PROPERTIES)
    publish(fresh_hub, "bare", "x", 1, True)
    publish(fresh_hub, "short", "x", 1, True, MessageExpiryInterval=1)
    again()
    with Client5(fresh_hub, "reader") as client:
        client.subscribe("kept", 1)
        got = client.expect("kept", "x", qos=1, retain=True)
        assert 70 <= got.properties["MessageExpiryInterval"] <= 100 and got.without_expiry() == PROPERTIES
        client.subscribe("bare", 1)
        assert client.expect("bare", "x", retain=True).properties == {}

        def expired():
            client.subscribe("short", 1)
            return client.fence() == []

        fresh_hub.eventually(expired, "a retained message expires")
    with fresh_hub.mqtt("old") as old:
        old.subscribe("#", 1)
        assert sorted(m.topic for m in old.fence()) == ["bare", "kept"]


def test_delayed_will_comes_after_all(fresh_hub, again):
    """[MQTT-3.1.3-9]: the hub was away while the delay went on."""
    will = Message("will", b"gone", 1, True)
    away(fresh_hub, "dead", 3600, will=will, will_properties={"WillDelayInterval": 2, **PROPERTIES})
    again()
    with Client5(fresh_hub, "watcher") as watcher:
        watcher.subscribe("will", 1)
        message = watcher.next()
        assert (message.topic, message.payload, message.properties) == ("will", b"gone", PROPERTIES)


def test_delayed_will_does_not_come(fresh_hub, again):
    """The client is back in time, and leaves in peace; the will of another one shows that its time has passed."""
    since = time.monotonic()
    for client_id in ("back", "dead"):
        away(fresh_hub, client_id, 3600, will=Message(f"will/{client_id}", b"gone", 1, True),
             will_properties={"WillDelayInterval": 3})
    again()
    with raw_session(fresh_hub, "back", 3600) as raw, Client5(fresh_hub, "watcher") as watcher:
        in_time = time.monotonic() - since < 2.5
        assert raw.connack.present
        watcher.subscribe("will/+", 1)
        raw.leave()
        topics = {watcher.next().topic}
        if topics == {"will/back"}:
            topics.add(watcher.next().topic)
        assert topics == {"will/dead"} or not in_time


def test_session_expires_all_the_same(fresh_hub, again):
    """On time, not so long after the start; and with its will."""
    will = Message("will", b"gone", 1, True)
    away(fresh_hub, "short", 2, ("a", 1, {}), will=will, will_properties={"WillDelayInterval": 3600})
    away(fresh_hub, "long", 3600, ("a", 1, {}))
    again()
    fresh_hub.eventually(lambda: fresh_hub.cli("session", "show", "short", check=False).returncode, "the session ends")
    with Client5(fresh_hub, "watcher") as watcher:
        watcher.subscribe("will", 1)
        watcher.expect("will", "gone", retain=True)
    for client_id, present in (("short", False), ("long", True)):
        with raw_session(fresh_hub, client_id) as raw:
            assert raw.connack.present is present


def test_session_without_an_interval_is_gone(fresh_hub, again):
    """It was connected when the hub went, so nobody could end it."""
    with raw_session(fresh_hub, "gone", 0) as gone, raw_session(fresh_hub, "kept", 60) as kept:
        for raw in (gone, kept):
            raw.subscribe("a", 1)
        again()
    publish(fresh_hub, "a", "x")
    with raw_session(fresh_hub, "gone") as raw:
        assert not raw.connack.present
    with raw_session(fresh_hub, "kept") as raw:
        assert raw.connack.present and raw.message()[0] == Message("a", b"x", 1)


def test_exchanges_go_on(fresh_hub, again):
    """[MQTT-4.4.0-1]: QoS 2 in both directions, and a QoS 1 message which was not acknowledged."""
    with raw_session(fresh_hub, "kept", ReceiveMaximum=3) as raw:
        raw.subscribe("down", 2)
        for qos in (1, 2, 2):
            publish(fresh_hub, "down", f"q{qos}", qos, **PROPERTIES)
        sent = raw.take(3)
        assert [p.message.qos for p in sent] == [1, 2, 2]
        raw.send(ack5(PUBREC, sent[1].mid))
        assert raw.expect5(PUBREL).mid == sent[1].mid
        assert raw.publish("up", "once", 2, mid=9, **PROPERTIES).kind == PUBREC
        again()
    with Client5(fresh_hub, "reader", clean=False, connect={"SessionExpiryInterval": 60}) as reader:
        reader.subscribe("up", 2)
        with raw_session(fresh_hub, "kept", ReceiveMaximum=3) as raw:
            assert raw.connack.present
            came = raw.take(3)
            assert sorted((p.kind, p.mid) for p in came) == sorted(
                [(PUBLISH, sent[0].mid), (PUBREL, sent[1].mid), (PUBLISH, sent[2].mid)])
            assert all(p.message.dup and p.properties == PROPERTIES for p in came if p.kind == PUBLISH)
            raw.send(ack5(PUBREL, 9))
            assert raw.expect5(PUBCOMP).code == 0
            raw.send(ack5(PUBREL, 10))
            assert raw.expect5(PUBCOMP).code in (0, UNKNOWN_ID)
            assert raw.send(ack5(PUBREC, sent[2].mid)).expect5(PUBREL).mid == sent[2].mid
            raw.send(ack5(PUBACK, sent[0].mid), ack5(PUBCOMP, sent[1].mid), ack5(PUBCOMP, sent[2].mid))
            assert raw.pending5() == []
        assert len(reader.fence()) <= 1, "twice"


def test_shared_group_comes_back(fresh_hub, again):
    """Members of both versions, all away: each message waits for one of them."""
    away(fresh_hub, "five", 3600, ("$share/g/jobs/+", 1, {"sub_id": 3}))
    away(fresh_hub, "other", 3600, ("$share/g/jobs/+", 2, {}))
    with fresh_hub.mqtt("old", clean=False) as old:
        old.subscribe("$share/g/jobs/+", 1)
    for i in range(10):
        publish(fresh_hub, "jobs/1", str(i), 1, **PROPERTIES)
    again()
    for i in range(10, 20):
        publish(fresh_hub, "jobs/1", str(i), 2, **PROPERTIES)
    got = []
    lasting = {"clean": False, "connect": {"SessionExpiryInterval": 3600}}
    for client_id, kind, words in (("five", Client5, lasting), ("other", Client5, lasting),
                                   ("old", Client, {"clean": False})):
        with kind(fresh_hub, client_id, **words) as client:
            assert client.session_present
            share = client.fence()
            numbers = [int(m.payload) for m in share]
            assert client_id == "other" or numbers == sorted(numbers)
            got += numbers
            for m in share if kind is Client5 else ():
                expected = {**PROPERTIES, **({"SubscriptionIdentifier": [3]} if client_id == "five" else {})}
                assert m.properties == expected
    assert sorted(got) == list(range(20))


def test_versions_after_a_restart(fresh_hub, again):
    """A session begun in one version goes on in another one."""
    away(fresh_hub, "five", 3600, ("a", 1, {"sub_id": 3}))
    with fresh_hub.mqtt("old", clean=False) as old:
        old.subscribe("a", 1)
    publish(fresh_hub, "a", "x", 1, **PROPERTIES)
    again()
    with fresh_hub.mqtt("five", clean=False) as client:
        assert client.session_present
        client.expect("a", "x", qos=1)
    with raw_session(fresh_hub, "old") as raw:
        assert raw.connack.present
        message, _ = raw.message()
        assert message == Message("a", b"x", 1) and message.properties == PROPERTIES


def test_assigned_ids_do_not_come_twice(fresh_hub, again):
    ids = set()
    for _ in range(2):
        for _ in range(3):
            with Raw5.to(fresh_hub) as raw:
                connack = raw.connect("", clean=False, SessionExpiryInterval=3600)
                assert connack.kind == CONNACK and not connack.present
                ids.add(connack.properties["AssignedClientIdentifier"])
        again()
    assert len(ids) == 6
