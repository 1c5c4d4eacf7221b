"""MQTT over WebSocket with the clients that people have: mqtt.js, paho, curl."""

import json
import re
import subprocess

import pytest

import nodelib
from conftest import end
from hublib import TIMEOUT, Client, Hub, Message, mosq_pub, mosq_sub, run
from mqtt5 import Client5
from wslib import TLS, url_of

PASSWORD = "long enough for all"
SCRIPT = "scenarios_ws.js"


# ---- mqtt.js


def setting(hub, strict=False):
    hub.cli("user", "add", "page", "--password-stdin", stdin=PASSWORD)
    thing = hub.add_thing("page-thing")
    ports = {listener: hub.port(listener) for listener in ("mqtt", "http", "mqtts", "https")}
    return json.dumps({"ports": ports, "ca": hub.ca, "closeFrameIsDisconnect": strict,
                       "thing": {"name": thing.name, "cert": thing.cert, "key": thing.key},
                       "user": "page", "password": PASSWORD,
                       "key": hub.admin["accessKeyId"], "secret": hub.admin["secretAccessKey"]})


@pytest.fixture(scope="module")
def usual(module_hub):
    return setting(module_hub)


@pytest.fixture(scope="module")
def strict():
    hub = Hub(sets=["hub.profile=aws-strict"]).start()
    yield setting(hub, strict=True)
    end(hub)


def test_scenarios_are_all_here():
    assert nodelib.node(SCRIPT, "--list").stdout.split() == nodelib.scenarios(SCRIPT)
    assert len(nodelib.scenarios(SCRIPT)) >= 12


@pytest.mark.parametrize("scenario", nodelib.scenarios(SCRIPT))
def test_mqttjs(hub, name, usual, scenario):
    """[MQTT-6.0.0-1], [MQTT-6.0.0-2]: a foreign client's frames are as it likes."""
    nodelib.play(SCRIPT, scenario, usual, name)


@pytest.mark.parametrize("scenario", ["will_of_a_lost_socket", "will_of_a_close_frame"])
def test_mqttjs_with_aws_strict(strict, name, scenario):
    nodelib.play(SCRIPT, scenario, strict, name)


SLOW = ("will_is_delayed", "messages_expire", "session_expires")  # they wait for seconds, which no transport changes


@pytest.mark.parametrize("script, scenario", [(script, scenario) for script in ("scenarios.js", "scenarios5.js")
                                              for scenario in nodelib.scenarios(script) if scenario not in SLOW])
def test_all_of_mqttjs_over_websocket(hub, name, script, scenario):
    """What test_mqttjs.py and test_mqtt5_js.py do over TCP."""
    nodelib.play(script, scenario, url_of(hub, "http"), name)


# ---- paho


BOTH = {"3.1.1": Client, "5": Client5}


@pytest.fixture(params=BOTH)
def make(request, hub):
    """Makes a paho client over WebSocket, which says an Origin as it does: that of its Host."""
    return lambda client_id, **words: BOTH[request.param](hub, client_id, transport="websockets", **words)


@pytest.fixture(scope="module")
def login(module_hub):
    module_hub.cli("user", "add", "paho", "--password-stdin", stdin=PASSWORD)
    return {"username": "paho", "password": PASSWORD}


@pytest.mark.parametrize("path", ["/mqtt", "/"])
@pytest.mark.parametrize("listener", ["mqtt", "http", "mqtts", "https"])
def test_paho(name, make, login, listener, path):
    """Every QoS, sent and granted, and a message that is longer than a frame of 64 KB."""
    words = {"listener": listener, "path": path, **(login if listener in TLS else {})}
    with make(f"{name}-sub", **words) as sub, make(f"{name}-pub", **words) as pub:
        for granted in (0, 1, 2):
            assert sub.subscribe(f"{name}/t", granted) in (granted, [granted])
            for qos in (0, 1, 2):
                payload = b"x" * 300_000 if qos == granted else b"%d" % qos
                pub.publish(f"{name}/t", payload, qos)
                sub.expect(f"{name}/t", payload, qos=min(qos, granted), retain=False)
        sub.unsubscribe(f"{name}/t")
        pub.publish(f"{name}/t", "unheard", 1)
        assert sub.fence() == []


def test_paho_with_a_certificate(hub, name):
    thing = hub.add_thing(name)
    with Client(hub, name, identity=thing, listener="https", transport="websockets") as client:
        client.subscribe(f"device/{name}/t", 1)
        client.publish(f"device/{name}/t", "x", 1)
        client.expect(f"device/{name}/t", "x", qos=1)


def test_paho_is_refused(hub, name, make):
    assert make(name, listener="https").try_connect() in (5, 0x87)
    assert make(name, listener="https", username="nobody", password="x").try_connect() in (4, 5, 0x86)
    client = make(name, path="/nothing")
    assert client.try_connect() is None
    assert "handshake" in str(client.error)


def test_paho_session_and_will(hub, name):
    words = {"transport": "websockets", "listener": "http"}
    with hub.mqtt(f"{name}-watch") as watch:
        watch.subscribe(f"{name}/will", 1)
        client = hub.mqtt(name, clean=False, will=Message(f"{name}/will", b"gone", 1), **words).connect()
        client.subscribe(f"{name}/t", 2)
        client.drop()
        watch.expect(f"{name}/will", "gone", qos=1)
        for qos in (1, 2):
            watch.publish(f"{name}/t", b"%d" % qos, qos)
        with hub.mqtt(name, clean=False, **words) as again:
            assert again.session_present
            for qos in (1, 2):
                again.expect(f"{name}/t", b"%d" % qos, qos=qos)
        with hub.mqtt(name, **words):
            pass


def test_home_assistant(hub, name, make, login):
    """Its integration with transport: websockets. A device announces itself, tells, obeys; the house is restarted."""
    base, device = f"{name}/homeassistant", f"{name}/zigbee/lamp"
    announce = {"name": "Lamp", "unique_id": name, "state_topic": device, "command_topic": f"{device}/set",
                "availability_topic": f"{name}/zigbee/status"}
    will = Message(f"{base}/status", b"offline", 0, True)
    with mosq_sub(hub, f"{device}/set", count=2, qos=1) as lamp, hub.mqtt(f"{name}-watch") as watch:
        watch.subscribe(f"{base}/status", 0)
        for topic, payload in ((f"{base}/light/{name}/config", json.dumps(announce)),
                               (f"{name}/zigbee/status", "online"), (device, '{"state": "OFF"}')):
            mosq_pub(hub, topic, payload, qos=1, retain=True)
        for command in ("ON", "OFF"):
            house = make(f"{name}-house", will=will, path="/", listener="https", **login).connect()
            house.publish(f"{base}/status", "online", 0, retain=True)
            watch.expect(f"{base}/status", "online")
            house.subscribe(f"{base}/+/+/config", 0)
            found = house.next()
            assert found.retain and found.json() == announce
            for topic in ("availability_topic", "state_topic"):
                house.subscribe(announce[topic], 0)
                assert house.next().retain
            house.publish(announce["command_topic"], json.dumps({"state": command}), 1)
            house.drop()
            watch.expect(f"{base}/status", "offline")
        assert [message.json()["state"] for message in lamp.messages()] == ["ON", "OFF"]
    for topic in (f"{base}/light/{name}/config", f"{name}/zigbee/status", device, f"{base}/status"):
        mosq_pub(hub, topic, retain=True)


# ---- curl


UPGRADE = ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


def curl_words(hub, *words, listener="http"):
    # with stdbuf, since curl keeps the lines of a 101 until the end
    return ["stdbuf", "-oL", "curl", "--silent", "--http1.1", "--include", "--no-buffer", "--noproxy", "*",
            "--cacert", hub.ca, "--max-time", str(int(TIMEOUT)), *words, url_of(hub, listener).replace("ws", "http", 1)]


@pytest.mark.parametrize("listener", ["http", "https"])
def test_curl_upgrades(hub, listener):
    """The example of RFC 6455, section 1.3."""
    words = curl_words(hub, *UPGRADE, "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Protocol: chat, mqtt",
                       listener=listener)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = []
            for line in process.stdout:
                if line == "\n":
                    break
                lines.append(line.strip())
        finally:
            process.kill()
    assert lines[0] == "HTTP/1.1 101 Switching Protocols"
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    assert "Sec-WebSocket-Protocol: mqtt" in lines
    assert not [line for line in lines if re.match("content-length|transfer-encoding", line, re.I)]


def test_curl_without_an_upgrade(hub):
    plain = run(*curl_words(hub)).stdout
    assert plain.startswith("HTTP/1.1 426 ")
    assert re.search(r"^Upgrade: websocket$", plain, re.M | re.I)
    assert '"message"' in plain
    old = run(*curl_words(hub, *UPGRADE, "-H", "Sec-WebSocket-Version: 8")).stdout
    assert old.startswith("HTTP/1.1 426 ")
    assert re.search("^Sec-WebSocket-Version: 13$", old, re.M)
