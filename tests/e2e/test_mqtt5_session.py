"""Sessions of MQTT 5: how long they last, what waits in them, their wills, and how the hub takes its leave."""

import pytest

import mqtt5
from hublib import PUBACK, PUBLISH, PUBREC, PUBREL, Client, Message, mosq_pub, mosq_sub, mosquitto_words, run
from mqtt5 import FOREVER, Client5, Mosq5Sub, Raw5, ack5, disconnect5, mosq5_pub, raw_session

PROPERTIES = {"ContentType": "text/plain", "ResponseTopic": "r", "CorrelationData": b"\0\1",
              "UserProperty": [("b", "1"), ("a", "2"), ("b", "3")]}


def there(raw, topic):
    """Whether a retained message comes with a new subscription."""
    raw.subscribe(topic, 0)
    return bool(raw.pending5())


def until_seconds_pass(hub, name, seconds=2):
    """Returns when what the hub gets now with so many seconds to live has expired: by then, whatever way the hub
    counts seconds, so has all that had a second less."""
    with Raw5.to(hub) as raw:
        raw.connect(f"{name}-clock")
        raw.publish(f"{name}/clock", "x", retain=True, MessageExpiryInterval=seconds)
        assert there(raw, f"{name}/clock")
        hub.eventually(lambda: not there(raw, f"{name}/clock"), "a retained message expires")


def publish(hub, topic, payload, qos=1, **words):
    with Client5(hub, f"publisher-of-{topic}") as client:
        client.publish(topic, payload, qos, **words)


# ---- how long a session lasts


def test_session_ends_with_the_connection(hub, name):
    """[MQTT-3.1.2-23]: without an interval, whatever clean start was."""
    with raw_session(hub, name, 0) as raw:
        assert not raw.connack.present
        raw.subscribe(name, 1)
        raw.leave()
    with raw_session(hub, name) as raw:
        assert not raw.connack.present


def test_session_goes_on(hub, name):
    """[MQTT-3.1.2-5], [MQTT-3.2.2-3]: what came meanwhile is delivered, with its properties and subscription ids."""
    with raw_session(hub, name, 60) as raw:
        raw.subscribe(f"{name}/+", 2, sub_id=11)
        raw.subscribe(f"{name}/a", 1, sub_id=12)
        raw.hang_up()
    for qos in (0, 1, 2):
        publish(hub, f"{name}/{'abc'[qos]}", str(qos), qos, retain=True, **PROPERTIES)
    with raw_session(hub, name, 60) as raw:
        assert raw.connack.present
        kept = []
        while len(kept) < 2:  # the hub may keep QoS 0 too, or not
            message, _ = raw.message()
            kept += [message] if message.qos else []
        assert kept == [Message(f"{name}/b", b"1", 1), Message(f"{name}/c", b"2", 2)]
        for message in kept:
            assert message.properties == {**PROPERTIES, "SubscriptionIdentifier": [11]}


def test_clean_start_ends_a_session(hub, name):
    """[MQTT-3.1.2-4]: and the new one may last."""
    with raw_session(hub, name, 60) as raw:
        raw.subscribe(name, 1)
        raw.leave()
    publish(hub, name, "x")
    with raw_session(hub, name, 60, clean=True) as raw:
        assert not raw.connack.present and raw.pending5() == []
        raw.leave()
    with raw_session(hub, name, 60) as raw:
        assert raw.connack.present


def test_session_expires(hub, name):
    """[MQTT-4.1.0-2]; its will, though delayed for longer, is sent at its end [MQTT-3.1.2-8]."""
    will = Message(f"{name}/will", b"gone", 1)
    with Client5(hub, f"{name}-watcher") as watcher:
        watcher.subscribe(f"{name}/will", 1)
        with raw_session(hub, name, 1, will=will, will_properties={"WillDelayInterval": 3600}) as raw:
            raw.hang_up()
        watcher.expect(f"{name}/will", "gone", qos=1)
    with raw_session(hub, name, 1) as raw:
        assert not raw.connack.present


def test_interval_is_changed_at_the_end(hub, name):
    """Section 3.14.2.2.2"""
    with raw_session(hub, name, 60) as raw:
        raw.leave(SessionExpiryInterval=0)
    with raw_session(hub, name, 60) as raw:
        assert not raw.connack.present
        raw.leave(SessionExpiryInterval=FOREVER)
    with raw_session(hub, name, 0) as raw:
        assert raw.connack.present
        raw.send(disconnect5(SessionExpiryInterval=60))
        assert raw.farewell().code == mqtt5.PROTOCOL_ERROR, "there was none in CONNECT"
    with raw_session(hub, name, 0) as raw:
        assert not raw.connack.present


def test_session_of_paho(hub, name):
    """paho keeps what it has not finished, and goes on with it."""
    words = {"clean": False, "connect": {"SessionExpiryInterval": 60, "ReceiveMaximum": 10}}
    with Client5(hub, name, **words) as client:
        assert not client.session_present
        client.subscribe(name, 2, 4)
    for i in range(50):
        publish(hub, name, str(i), 1 + i % 2, UserProperty=[("i", str(i))])
    with Client5(hub, name, **words) as client:
        assert client.session_present
        got = [client.next() for _ in range(50)]
        for qos in (1, 2):  # paho hands QoS 2 over at PUBREL
            numbers = [int(m.payload) for m in got if m.qos == qos]
            assert numbers == list(range(qos - 1, 50, 2))
        for m in got:
            assert m.properties == {"UserProperty": [("i", m.payload.decode())], "SubscriptionIdentifier": [4]}


def test_session_of_mosquitto(hub, name):
    lasting = ["-c", "-x", "60"]
    run("mosquitto_sub", *mosquitto_words(hub, client_id=name), *mqtt5.V5, *lasting, "-q", 2, "-t", name, "-E")
    for qos in (1, 2):
        mosq5_pub(hub, name, f"{qos}", [("user-property", "a", "b")], qos=qos)
    with Mosq5Sub(hub, name, count=2, qos=2, client_id=name, extra=lasting) as sub:
        got = sub.messages()
    assert [(m["payload"], m["qos"]) for m in got] == [("1", 1), ("2", 2)]
    assert all(m["properties"] == {"user-properties": [("a", "b")]} for m in got)


def test_messages_under_way_are_sent_again(hub, name):
    """[MQTT-4.4.0-1], -2: with DUP, the same identifiers and properties, in the same order, and only then."""
    with raw_session(hub, name, 60, ReceiveMaximum=2) as raw:
        raw.subscribe(name, 2)
        for qos in (1, 2, 1):
            publish(hub, name, f"q{qos}", qos, **PROPERTIES)
        before = raw.take(2)
        assert [p.message.payload for p in before] == [b"q1", b"q2"] and raw.pending5() == []
        raw.hang_up()
    with raw_session(hub, name, 60, ReceiveMaximum=2) as raw:
        again = raw.take(2)
        assert [(p.mid, p.message) for p in again] == [
            (p.mid, Message(name, p.message.payload, p.message.qos, dup=True)) for p in before]
        assert all(p.properties == PROPERTIES for p in again)
        assert raw.send(ack5(PUBREC, again[1].mid)).expect5(PUBREL).mid == again[1].mid
        raw.hang_up()
    with raw_session(hub, name, 60, ReceiveMaximum=2) as raw:
        again = raw.take(2)
        assert sorted((p.kind, p.mid) for p in again) == sorted([(PUBLISH, before[0].mid), (PUBREL, before[1].mid)])
        assert raw.pending5() == []
        raw.send(ack5(PUBACK, before[0].mid))
        message, _ = raw.message()
        assert message == Message(name, b"q1", 1), "the third, which is new"


# ---- messages expire


def test_waiting_message_expires(hub, name):
    """[MQTT-3.3.2-5], -6: and the others are told how long they still have."""
    with raw_session(hub, name, 60) as raw:
        raw.subscribe(name, 1)
        raw.hang_up()
    publish(hub, name, "short", MessageExpiryInterval=1)
    publish(hub, name, "long", MessageExpiryInterval=100, UserProperty=[("a", "b")])
    publish(hub, name, "for ever")
    until_seconds_pass(hub, name)
    with raw_session(hub, name, 60) as raw:
        long, _ = raw.message()
        assert long.payload == b"long" and 70 <= long.properties["MessageExpiryInterval"] <= 99
        assert long.without_expiry() == {"UserProperty": [("a", "b")]}
        last, _ = raw.message()
        assert last.payload == b"for ever" and last.properties == {}


def test_retained_message_expires(hub, name):
    publish(hub, f"{name}/short", "x", retain=True, MessageExpiryInterval=1)
    publish(hub, f"{name}/long", "x", retain=True, MessageExpiryInterval=100)
    until_seconds_pass(hub, name)
    with Client5(hub, name) as client:
        client.subscribe(f"{name}/#", 1)
        got = client.fence()
        assert [m.topic for m in got] == [f"{name}/long"]
        assert 70 <= got[0].properties["MessageExpiryInterval"] <= 99


def test_live_message_says_its_time(hub, name):
    with Client5(hub, name) as client:
        client.subscribe(name, 1)
        client.publish(name, "x", 1, MessageExpiryInterval=FOREVER)
        assert client.expect(name, "x").properties["MessageExpiryInterval"] >= FOREVER - 1


# ---- wills


def test_will_has_properties(hub, name):
    """[MQTT-3.1.3-9] and section 3.1.3.2: all but the delay go with it."""
    will = Message(f"{name}/will", b"gone", 1, True)
    with Client5(hub, f"{name}-watcher") as watcher:
        watcher.subscribe(f"{name}/will", 1, retainAsPublished=True)
        leaving = Client5(hub, name, will=will, will_properties={**PROPERTIES, "WillDelayInterval": 0,
                                                                 "MessageExpiryInterval": 100}).connect()
        leaving.drop()
        got = watcher.expect(f"{name}/will", "gone", qos=1, retain=True)
        assert 95 <= got.properties["MessageExpiryInterval"] <= 100
        assert got.without_expiry() == PROPERTIES


@pytest.mark.parametrize("code, comes", [(mqtt5.NORMAL, False), (mqtt5.WITH_WILL, True), (0x80, True)])
def test_will_and_the_reason_of_disconnect(hub, name, code, comes):
    """[MQTT-3.1.2-10], [MQTT-3.14.4-3]"""
    with Client5(hub, f"{name}-watcher") as watcher:
        watcher.subscribe(f"{name}/will", 1)
        with Raw5.to(hub) as raw:
            raw.connect(name, will=Message(f"{name}/will", b"gone"))
            raw.leave(code)
        assert [m.payload for m in watcher.fence()] == ([b"gone"] if comes else [])


def test_will_is_delayed(hub, name):
    """[MQTT-3.1.3-9]: not while the client may come back, and not when it does."""
    will = Message(f"{name}/will", b"gone", 1)
    words = {"will": will, "will_properties": {"WillDelayInterval": 1}}
    with Client5(hub, f"{name}-watcher") as watcher:
        watcher.subscribe(f"{name}/will", 1)
        with raw_session(hub, name, 60, **words) as raw:
            raw.hang_up()
        assert watcher.fence() == [], "too soon"
        with raw_session(hub, name, 60, **words) as raw:
            assert raw.connack.present
            until_seconds_pass(hub, name)
            assert watcher.fence() == [], "the client is there again"
            raw.hang_up()
        watcher.expect(f"{name}/will", "gone")


def test_delayed_will_goes_with_the_session(hub, name):
    """[MQTT-3.1.3-9]: a clean start ends it."""
    with Client5(hub, f"{name}-watcher") as watcher:
        watcher.subscribe(f"{name}/will", 1)
        words = {"will": Message(f"{name}/will", b"gone"), "will_properties": {"WillDelayInterval": 3600}}
        with raw_session(hub, name, 3600, **words) as raw:
            raw.hang_up()
        with raw_session(hub, name, 3600, clean=True) as raw:
            assert not raw.connack.present
            watcher.expect(f"{name}/will", "gone")


def test_will_of_mosquitto(hub, name):
    with mosq_sub(hub, f"{name}/will") as sub:
        dying = Client5(hub, name, will=Message(f"{name}/will", b"gone")).connect()
        dying.drop()
        assert sub.messages()[0].payload == b"gone"


# ---- how the hub takes its leave


@pytest.mark.parametrize("young", [Client5, Client], ids=["5", "3.1.1"])
def test_taken_over(hub, name, young):
    """[MQTT-3.1.4-3]"""
    with Raw5.to(hub) as old:
        old.connect(name)
        with young(hub, name) as client:
            assert old.farewell().code == mqtt5.TAKEN_OVER
            assert not client.session_present and not client.gone()


def test_five_takes_over_from_311(hub, name):
    with hub.mqtt(name) as old:
        with Client5(hub, name) as young:
            old.wait_gone()
            assert not young.gone()


def test_keep_alive_runs_out(hub, name):
    """[MQTT-3.1.2-22]"""
    with Raw5.to(hub) as raw:
        raw.connect(name, keepalive=1)
        assert raw.farewell().code == mqtt5.KEEP_ALIVE_TIMEOUT


def test_administrator_ends_a_session(hub, name):
    with raw_session(hub, name, 60) as raw:
        hub.cli("session", "delete", name)
        assert raw.farewell().code == mqtt5.ADMINISTRATIVE
    with raw_session(hub, name, 60) as raw:
        assert not raw.connack.present


def test_hub_ends(fresh_hub, name):
    """Everybody is told, in the words of the own version; wills of those whose session ends are sent or kept."""
    with Raw5.to(fresh_hub) as five, fresh_hub.raw() as old, Raw5.to(fresh_hub, "unix") as local:
        five.connect(name)
        local.connect(f"{name}-local")
        old.connect(f"{name}-old")
        fresh_hub.terminate()
        for raw in (five, local):
            said = raw.farewell()
            assert said.code == mqtt5.SHUTTING_DOWN and "ServerReference" not in said.properties
        assert old.wait_closed() == b""


def test_hub_ends_and_there_is_another(make_hub, name):
    hub = make_hub(sets=["mqtt.server_reference=other.example:1883"]).start()
    with Raw5.to(hub) as raw:
        raw.connect(name)
        hub.terminate()
        said = raw.farewell()
        assert said.code == mqtt5.ANOTHER_SERVER
        assert said.properties["ServerReference"] == "other.example:1883"


# ---- clients of other versions

BYTES = [b"", b"\0", bytes(range(256)), "grüße ∞".encode(), b"x" * 100_000]


@pytest.mark.parametrize("qos", (0, 1, 2))
@pytest.mark.parametrize("sender, receiver", [(Client, Client5), (Client5, Client)], ids=["311-to-5", "5-to-311"])
def test_between_versions(hub, name, sender, receiver, qos):
    """Live and retained: the same bytes, QoS and flags."""
    with sender(hub, f"{name}-pub") as pub, receiver(hub, name) as sub:
        sub.subscribe(f"{name}/live", qos)
        for payload in BYTES:
            pub.publish(f"{name}/live", payload, qos)
        for payload in BYTES:
            sub.expect(f"{name}/live", payload, qos=qos, retain=False)
        for i, payload in enumerate(BYTES[1:]):
            pub.publish(f"{name}/kept/{i}", payload, qos, retain=True)
            pub.fence()
            sub.subscribe(f"{name}/kept/{i}", qos)
            sub.expect(f"{name}/kept/{i}", payload, qos=qos, retain=True)


@pytest.mark.parametrize("retain", [False, True], ids=["live", "retained"])
def test_properties_are_lost_only_towards_311(hub, name, retain):
    with Client5(hub, f"{name}-pub") as pub, Client5(hub, f"{name}-5") as five, hub.mqtt(name) as old:
        if not retain:
            five.subscribe(name, 1, 9)
            old.subscribe(name, 1)
        pub.publish(name, "x", 1, retain, MessageExpiryInterval=100, **PROPERTIES)
        if retain:
            five.subscribe(name, 1, 9)
            old.subscribe(name, 1)
        old.expect(name, "x", qos=1, retain=retain)
        got = five.expect(name, "x", qos=1, retain=retain)
        assert got.without_expiry() == {**PROPERTIES, "SubscriptionIdentifier": [9]}
        assert 95 <= got.properties["MessageExpiryInterval"] <= 100


def test_message_to_311_expires(hub, name):
    """What waits for a client of 3.1.1 has a time too, of which only the hub knows."""
    with hub.mqtt(name, clean=False) as old:
        old.subscribe(name, 1)
    publish(hub, name, "short", MessageExpiryInterval=1)
    publish(hub, name, "long", MessageExpiryInterval=100)
    until_seconds_pass(hub, name)
    with hub.mqtt(name, clean=False) as old:
        assert old.session_present
        assert [m.payload for m in old.fence()] == [b"long"]


def test_message_of_311_never_expires(hub, name):
    mosq_pub(hub, name, "kept", qos=1, retain=True)
    with Client5(hub, name) as five:
        five.subscribe(name, 1)
        assert five.expect(name, "kept", retain=True).properties == {}


@pytest.mark.parametrize("first, second", [(Client, Client5), (Client5, Client)], ids=["311-then-5", "5-then-311"])
def test_session_goes_on_in_another_version(hub, name, first, second):
    """Subscriptions and what waits stay; a QoS 2 exchange too."""
    lasting = {"connect": {"SessionExpiryInterval": 60}}
    with first(hub, name, clean=False, **(lasting if first is Client5 else {})) as client:
        client.subscribe(f"{name}/#", 2)
    publish(hub, f"{name}/a", "1", 1, **PROPERTIES)
    mosq_pub(hub, f"{name}/b", "2", qos=2)
    with second(hub, name, clean=False, **(lasting if second is Client5 else {})) as client:
        assert client.session_present
        got = client.expect(f"{name}/a", "1", qos=1)
        if second is Client5:
            assert got.properties == PROPERTIES
        client.expect(f"{name}/b", "2", qos=2)
        assert client.fence() == []


@pytest.mark.parametrize("qos", (0, 1, 2))
def test_shared_group_of_both_versions(hub, name, qos):
    """Each message goes to one member, every member has its share, and the order of each publisher is kept."""
    members = [Client5(hub, f"{name}-1"), hub.mqtt(f"{name}-2"), Client5(hub, f"{name}-3"), hub.mqtt(f"{name}-4")]
    for member in members:
        member.connect()
        member.subscribe(f"$share/group/{name}/t", qos)
    with Client5(hub, name) as five, hub.mqtt(f"{name}-old") as old:
        for i in range(40):
            (five, old)[i % 2].publish(f"{name}/t", str(i), qos)
    got = [[int(m.payload) for m in member.fence()] for member in members]
    assert sorted(number for share in got for number in share) == list(range(40))
    assert all(got)
    for share in got:
        for odd in (0, 1):
            numbers = [number for number in share if number % 2 == odd]
            assert numbers == sorted(numbers)
    for member in members:
        member.disconnect()


def test_will_between_versions(hub, name):
    will = Message(f"{name}/will", b"gone", 1)
    with Client5(hub, f"{name}-5") as five, hub.mqtt(f"{name}-311") as old:
        for watcher in (five, old):
            watcher.subscribe(f"{name}/will", 1)
        for dying in (Client5(hub, name, will=will, will_properties=PROPERTIES), hub.mqtt(name, will=will)):
            dying.connect()
            dying.drop()
            old.expect(f"{name}/will", "gone", qos=1)
            got = five.expect(f"{name}/will", "gone", qos=1)
            assert got.properties == (PROPERTIES if isinstance(dying, Client5) else {})


# ---- Home Assistant


class HomeAssistant:
    """paho as the MQTT integration of Home Assistant uses it when told to speak MQTT 5.

    Keep alive of 60 s, clean start at the first connection only and no properties at all, so its session ends with
    the connection; no reconnecting by paho: it does so itself and subscribes anew, all filters in one packet; then
    it says that it is there. It ends without DISCONNECT, so that the hub publishes its will."""

    STATUS = "homeassistant/status"

    def __init__(self, hub, client_id, prefix):
        self.hub, self.prefix = hub, prefix
        self.client = Client5(hub, client_id, clean=mqtt5.paho.MQTT_CLEAN_START_FIRST_ONLY,
                              will=Message(f"{prefix}/{self.STATUS}", b"offline", 0, True))
        self.client._paho.enable_logger()
        self.client._paho.suppress_exceptions = True
        self.filters = [(f"{prefix}/{topic}", qos) for topic, qos in (
            (self.STATUS, 0), ("homeassistant/+/+/config", 0), ("homeassistant/+/+/+/config", 0),
            ("+/state", 0), ("+/availability", 1), ("tele/+/LWT", 2))]

    def arrive(self):
        self.client.connect()
        codes = self.client.try_subscribe_all(self.filters)
        assert codes == [qos for _, qos in self.filters]
        self.client.publish(f"{self.prefix}/{self.STATUS}", "online", 0, True)
        return self

    def vanish(self):
        self.client.drop()


def test_home_assistant(hub, name):
    devices = [f"{name}/homeassistant/sensor/{i}/config" for i in range(30)]
    for topic in devices:
        publish(hub, topic, '{"name":"x"}', retain=True)
    with Client5(hub, f"{name}-watcher") as watcher:
        watcher.subscribe(f"{name}/{HomeAssistant.STATUS}", 1)
        home = HomeAssistant(hub, name, name)
        for times in range(3):
            home.arrive()
            assert not home.client.session_present
            got = [home.client.next() for _ in range(31 + bool(times))]
            status = [m.payload for m in got if m.topic.endswith("status")]
            configs = [m for m in got if m.topic.endswith("config")]
            assert sorted(m.topic for m in configs) == sorted(devices) and all(m.retain for m in configs)
            assert status == [b"offline", b"online"][not times:], "its will was retained"
            watcher.expect(f"{name}/{HomeAssistant.STATUS}", "online")
            publish(hub, f"{name}/tv/availability", "online")
            home.client.expect(f"{name}/tv/availability", "online", qos=1)
            home.vanish()
            watcher.expect(f"{name}/{HomeAssistant.STATUS}", "offline")
