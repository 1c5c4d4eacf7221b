"""Lifecycle events on $aws/events/presence/... as a watcher sees them."""

import re
import time

import pytest

from hublib import Message, mosq_pub, packet, publish_packet

CONNECTED = "$aws/events/presence/connected/"
DISCONNECTED = "$aws/events/presence/disconnected/"


@pytest.fixture
def watcher(hub, name):
    with hub.mqtt(f"{name}-watcher") as client:
        client.subscribe("$aws/events/presence/+/+", 1)
        yield client


def events_of(watcher, client_id, kind, count=1):
    """The next `count` events of this kind about this client; others are passed over."""
    found = []
    while len(found) < count:
        message = watcher.next()
        if message.topic == f"$aws/events/presence/{kind}/{client_id}":
            found.append(message.json())
    return found if count > 1 else found[0]


def test_connect_and_disconnect(hub, name, watcher):
    before = time.time() * 1000
    hub.mqtt(name).connect().disconnect()
    connected = events_of(watcher, name, "connected")
    disconnected = events_of(watcher, name, "disconnected")
    after = time.time() * 1000
    for event, kind in ((connected, "connected"), (disconnected, "disconnected")):
        assert event["clientId"] == name
        assert event["eventType"] == kind
        assert before - 1 <= event["timestamp"] <= after + 1
        assert isinstance(event["timestamp"], int)
        assert event["principalIdentifier"]
    assert connected["ipAddress"] == "127.0.0.1"
    assert "ipAddress" not in disconnected
    assert connected["sessionIdentifier"] == disconnected["sessionIdentifier"]
    assert re.fullmatch(r"[0-9a-f-]{32,36}", connected["sessionIdentifier"])
    assert connected["versionNumber"] == disconnected["versionNumber"]
    assert disconnected["clientInitiatedDisconnect"] is True
    assert disconnected["disconnectReason"] == "CLIENT_INITIATED_DISCONNECT"


def test_version_rises_with_each_connection(hub, name, watcher):
    for _ in range(3):
        hub.mqtt(name).connect().disconnect()
    events = events_of(watcher, name, "connected", count=3)
    versions = [e["versionNumber"] for e in events]
    assert versions == sorted(set(versions))
    assert versions[0] == 0
    assert len({e["sessionIdentifier"] for e in events}) == 3


def lost(raw):
    raw.close()


def protocol_error(raw):
    raw.send(packet(0xf0))
    raw.wait_closed()


def forbidden(raw):
    raw.send(publish_packet("$SYS/forged", "x", 1, mid=1))
    raw.wait_closed()


def silent(raw):
    raw.wait_closed()


REASONS = {
    "CONNECTION_LOST": (lost, 60),
    "CLIENT_ERROR": (protocol_error, 60),
    "FORBIDDEN_ACCESS": (forbidden, 60),
    "MQTT_KEEP_ALIVE_TIMEOUT": (silent, 1),
}


@pytest.mark.parametrize("reason", REASONS)
def test_reasons(hub, name, watcher, reason):
    end, keepalive = REASONS[reason]
    with hub.raw() as raw:
        raw.connect(name, keepalive=keepalive)
        end(raw)
    event = events_of(watcher, name, "disconnected")
    assert event["disconnectReason"] == reason
    assert event["clientInitiatedDisconnect"] is False


def test_duplicate_client_id(hub, name, watcher):
    with hub.raw() as old, hub.raw() as new:
        old.connect(name)
        new.connect(name)
        old.wait_closed()
        event = events_of(watcher, name, "disconnected")
        assert event["disconnectReason"] == "DUPLICATE_CLIENTID"
        assert event["clientInitiatedDisconnect"] is False


def test_certificate_is_the_principal(hub, name, watcher):
    thing = hub.add_thing(name)
    hub.mqtt(name, identity=thing).connect().disconnect()
    event = events_of(watcher, name, "connected")
    assert re.fullmatch(r"[0-9a-f]{64}", event["principalIdentifier"])


def test_rules_see_presence(hub, name):
    rule = name.replace("-", "_")
    hub.cli("rule", "create", rule, "--sql",
            f"SELECT clientId FROM '{CONNECTED}{name}'", "--republish", f"{name}/online")
    with hub.mqtt(f"{name}-watcher") as client:
        client.subscribe(f"{name}/online")
        hub.mqtt(name).connect().disconnect()
        assert client.next().json() == {"clientId": name}


def test_will_and_event_both_come(hub, name, watcher):
    watcher.subscribe(f"{name}/will", 1)
    with hub.raw() as raw:
        raw.connect(name, will=Message(f"{name}/will", b"gone", 1))
    topics = set()
    while len(topics) < 2:
        message = watcher.next()
        if message.topic in (f"{name}/will", DISCONNECTED + name):
            topics.add(message.topic)


def test_nobody_forges_events(hub, name, watcher):
    mosq_pub(hub, CONNECTED + name, "{}", qos=1, client_id=f"{name}-forger", check=False)
    seen = [m.topic for m in watcher.fence()]
    assert CONNECTED + name not in seen


def test_stopping_the_hub_ends_the_sessions(fresh_hub, name):
    hub = fresh_hub
    with hub.raw() as raw:
        raw.connect(name)
        hub.terminate()
        raw.wait_closed()
