"""Limits that can be set: each is honoured, says so, and is counted."""

import json
import pathlib
import re
import resource
import socket
import struct
import threading

import pytest

import hublib
from hublib import (CONNACK, HOST, PUBACK, PUBLISH, PUBREC, PUBREL, SUBACK, TIMEOUT, Closed,
                    Failure, RawMqtt, ack_packet, connect_packet, packet, publish_packet,
                    subscribe_packet, text16)


def publish_all(hub, client_id, pairs, qos=1, retain=False):
    with hub.mqtt(client_id) as client:
        for topic, payload in pairs:
            client.publish(topic, payload, qos, retain)


# ---- mqtt.max_packet


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_packet_of_exactly_the_limit(make_hub, name, qos):
    hub = make_hub(sets=["mqtt.max_packet=2k"]).start()
    malformed = hub.metric("mqtt_malformed_total")
    overhead = 3 + 2 + len(name) + (2 if qos else 0)  # fixed header, topic, packet id
    with hub.mqtt(f"{name}-sub") as sub:
        sub.subscribe(name, qos)
        with hub.raw() as raw:
            raw.connect(f"{name}-pub")
            payload = b"x" * (2048 - overhead)
            raw.send(publish_packet(name, payload, qos, mid=1 if qos else None))
            sub.expect(name, payload)
            raw.ping()
            mark = hub.mark()
            raw.send(publish_packet(name, payload + b"x", qos, mid=2 if qos else None))
            raw.wait_closed()
        hub.wait_line("mqtt.max_packet", since=mark)
        assert sub.fence() == []
    assert hub.metric("mqtt_malformed_total") == malformed + 1


def test_long_packet_is_refused_by_its_header(make_hub, name):
    hub = make_hub(sets=["mqtt.max_packet=2k"]).start()
    for header in (b"\x30\xff\xff\xff\x7f", b"\x10\xff\xff\xff\x7f", b"\x10\x81\x10"):
        with hub.raw() as raw:
            if header[0] != 0x10:
                raw.connect(name)
            raw.send(header)
            raw.wait_closed()


# ---- mqtt.max_subscriptions


@pytest.mark.parametrize("clean", [True, False])
def test_subscriptions(make_hub, name, clean):
    hub = make_hub(sets=["mqtt.max_subscriptions=10"]).start()
    with hub.mqtt(name, clean=clean) as client:
        for i in range(10):
            assert client.try_subscribe(f"{name}/{i}", 1) == 1
        mark = hub.mark()
        assert client.try_subscribe(f"{name}/more", 1) == 0x80
        hub.wait_line("mqtt.max_subscriptions", since=mark)
        assert client.try_subscribe(f"{name}/3", 0) == 0  # another QoS is no further one
        client.unsubscribe(f"{name}/0")
        assert client.try_subscribe(f"{name}/more", 1) == 1
        client.publish(f"{name}/more", "x", 1)
        client.expect(f"{name}/more", "x")
        assert hub.metric("subscriptions") == 10
    if clean:
        hub.eventually(lambda: hub.metric("subscriptions") == 0, "no subscriptions")


def test_subscriptions_within_one_packet(make_hub, name):
    hub = make_hub(sets=["mqtt.max_subscriptions=5"]).start()
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(subscribe_packet(1, *[(f"{name}/{i}", i % 3) for i in range(8)]))
        assert raw.expect(SUBACK)[2:] == bytes([0, 1, 2, 0, 1, 0x80, 0x80, 0x80])


# ---- mqtt.max_queued, mqtt.max_queued_bytes


@pytest.mark.parametrize("qos", [1, 2])
def test_queue(make_hub, name, qos):
    hub = make_hub(sets=["mqtt.max_queued=20"]).start()
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/#", qos)
    mark = hub.mark()
    publish_all(hub, f"{name}-pub", [(f"{name}/t", str(i)) for i in range(30)], qos)
    assert hub.metric("messages_dropped_total") == 10
    hub.wait_log("messages dropped", since=mark, client=name)
    assert len([line for line in hub.log.since(mark) if "messages dropped" in line]) == 1
    hub.kill9()
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        for i in range(20):
            client.expect(f"{name}/t", str(i), qos=qos)
        assert client.fence() == []
    publish_all(hub, f"{name}-pub", [(f"{name}/t", "there is room again")], qos)
    with hub.mqtt(name, clean=False) as client:
        client.expect(f"{name}/t", "there is room again")


def test_queue_in_bytes(make_hub, name):
    hub = make_hub(sets=["mqtt.max_queued_bytes=64k"]).start()
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/#", 1)
    publish_all(hub, f"{name}-pub", [(f"{name}/t", b"x" * 10_000) for _ in range(10)])
    assert hub.metric("messages_dropped_total") == 4
    publish_all(hub, f"{name}-pub", [(f"{name}/small", b"x" * 100)])  # still fits
    with hub.mqtt(name, clean=False) as client:
        got = client.fence()
    assert [len(m.payload) for m in got] == [10_000] * 6 + [100]


def test_one_full_queue_does_not_touch_another(make_hub, name):
    hub = make_hub(sets=["mqtt.max_queued=20"]).start()
    with hub.mqtt(f"{name}-absent", clean=False) as client:
        client.subscribe(f"{name}/#", 1)
    with hub.mqtt(name) as online:
        online.subscribe(f"{name}/#", 1)
        for first in range(0, 60, 10):  # who is online may be late by less than its queue
            publish_all(hub, f"{name}-pub", [(f"{name}/t", str(i)) for i in range(first, first + 10)])
            for i in range(first, first + 10):
                online.expect(f"{name}/t", str(i))
    assert hub.metric("messages_dropped_total") == 40


# ---- mqtt.max_retained


def test_retained_messages(make_hub, name):
    hub = make_hub(sets=["mqtt.max_retained=5"]).start()
    with hub.mqtt(f"{name}-live") as live:
        live.subscribe(f"{name}/#", 1)
        mark = hub.mark()
        publish_all(hub, f"{name}-pub", [(f"{name}/{i}", str(i)) for i in range(8)], retain=True)
        for i in range(8):
            live.expect(f"{name}/{i}", str(i), retain=False)  # delivered, though not kept
        hub.wait_line("mqtt.max_retained", since=mark)
        assert hub.metric("messages_dropped_total") == 3
        assert hub.metric("retained_messages") == 5
        publish_all(hub, f"{name}-pub", [(f"{name}/0", "new"), (f"{name}/1", ""),
                                         (f"{name}/7", "7")], retain=True)
    hub.restart()
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#", 1)
        kept = {m.topic: m.payload for m in client.fence()}
    assert kept == {f"{name}/0": b"new", f"{name}/7": b"7",
                    **{f"{name}/{i}": str(i).encode() for i in (2, 3, 4)}}


def test_no_retained_messages_at_all(make_hub, name):
    hub = make_hub(sets=["mqtt.max_retained=0"]).start()
    publish_all(hub, f"{name}-pub", [(name, "x")], retain=True)
    with hub.mqtt(name) as client:
        client.subscribe(name, 1)
        assert client.fence() == []


# ---- mqtt.max_inflight


@pytest.mark.parametrize("qos", [1, 2])
def test_inflight(make_hub, name, qos):
    hub = make_hub(sets=["mqtt.max_inflight=4"]).start()
    with hub.raw() as raw:
        raw.connect(name)
        raw.subscribe(name, qos)
        publish_all(hub, f"{name}-pub", [(name, str(i)) for i in range(10)], qos)
        mids = []
        for i in range(4):
            message, mid = raw.expect_publish()
            assert message.payload == str(i).encode()
            mids.append(mid)
        assert raw.ping() == [], "more than four are under way"
        for i in range(4, 10):
            mid = mids.pop(0)
            if qos == 1:
                raw.send(ack_packet(PUBACK, mid))
            else:
                raw.send(ack_packet(PUBREC, mid))
                assert raw.expect(PUBREL) == struct.pack(">H", mid)
                assert raw.ping() == [], "the exchange is not over before PUBCOMP"
                raw.send(ack_packet(hublib.PUBCOMP, mid))
            message, mid = raw.expect_publish()
            assert message.payload == str(i).encode()
            mids.append(mid)
            assert raw.ping() == []
        assert len(set(mids)) == 4


# ---- mqtt.session_expiry, mqtt.max_sessions


def test_session_expiry(make_hub, name):
    hub = make_hub(sets=["mqtt.session_expiry=1s"]).start()
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/t", 1)
        assert hub.metric("sessions") == 1

    def fresh_after(seconds):
        """Whether a session left so long ago is gone. Asks once: asking renews it."""
        hub.eventually(lambda: hublib.time.monotonic() > seconds, "the time", 5)
        with hub.mqtt(name, clean=False) as again:
            return not again.session_present

    left = hublib.time.monotonic()
    publish_all(hub, f"{name}-pub", [(f"{name}/t", "too late")])
    assert fresh_after(left + 1.3), "a session which is over its time was taken up"
    with hub.mqtt(name, clean=False) as client:
        assert client.fence() == [], "the old queue came with the new session"


def test_session_expiry_by_client(make_hub, tmp_path, name):
    """The configuration decides, for those too that are away when it changes."""
    conf = tmp_path / "thingd.conf"
    conf.write_text('mqtt: { session_expiry = "1s"; session_expiry_by_client = [ "*-keep=1h", "x=1s" ]; };')
    hub = make_hub(config=conf).start()
    for kind in ("keep", "other"):
        hub.mqtt(f"{name}-{kind}", clean=False).connect().disconnect()
    left = hublib.time.monotonic()
    hub.eventually(lambda: hublib.time.monotonic() > left + 1.2, "the time", 5)
    assert hub.mqtt(f"{name}-keep", clean=False).connect().session_present
    assert not hub.mqtt(f"{name}-other", clean=False).connect().session_present
    hub.kill9()
    conf.write_text('mqtt: { session_expiry = 0; };')
    hub.start()
    mark = hub.mark()
    conf.write_text('mqtt: { session_expiry = "1s"; };')
    hub.reload()
    hub.wait_log("reloaded", since=mark)
    left = hublib.time.monotonic()
    hub.eventually(lambda: hublib.time.monotonic() > left + 1.2, "the time", 5)
    with hub.mqtt(f"{name}-keep", clean=False) as client:
        assert not client.session_present


def test_session_within_its_time(make_hub, name):
    hub = make_hub(sets=["mqtt.session_expiry=60s"]).start()
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/t", 1)
    hub.kill9()
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        assert client.session_present


def test_session_expires_while_the_hub_is_down(make_hub, name):
    hub = make_hub(sets=["mqtt.session_expiry=1s"]).start()
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/t", 1)
    hub.terminate()
    left = hublib.time.monotonic()
    hub.eventually(lambda: hublib.time.monotonic() > left + 1.2, "the time", 5)
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        assert not client.session_present


def test_sessions(make_hub, name):
    hub = make_hub(sets=["mqtt.max_sessions=3"]).start()
    for i in range(2):
        hub.mqtt(f"{name}-{i}", clean=False).connect().disconnect()
    with hub.mqtt(f"{name}-2"):
        refused = hub.metric("mqtt_connects_refused_total")
        mark = hub.mark()
        with hub.raw() as raw:
            assert raw.try_connect(f"{name}-3")[0] == 3  # server unavailable
        hub.wait_refused(f"{name}-3", since=mark)
        assert hub.metric("mqtt_connects_refused_total") == refused + 1
        assert hub.mqtt(f"{name}-0", clean=False).connect().session_present  # one that is there
        hub.mqtt(f"{name}-1", clean=True).connect().disconnect()  # gives its place back
    with hub.mqtt(f"{name}-3"):
        pass


# ---- mqtt.max_topic_levels, mqtt.max_keepalive, mqtt.connect_timeout


def test_topic_levels(make_hub, name):
    hub = make_hub(sets=["mqtt.max_topic_levels=5"]).start()
    with hub.mqtt(name) as client:
        assert client.try_subscribe("a/b/c/d/e", 1) == 1
        assert client.try_subscribe("a/b/c/d/e/f", 1) == 0x80
        assert client.try_subscribe("a/b/c/d/e/#", 1) == 0x80
        assert client.try_subscribe("/////", 1) == 0x80
        client.publish("a/b/c/d/e", "x", 1)
        client.expect("a/b/c/d/e", "x")
    mark = hub.mark()
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(publish_packet("a/b/c/d/e/f", "x", 1, mid=1))
        raw.wait_closed()
    hub.wait_line("mqtt.max_topic_levels", since=mark)
    answer = hub.request("POST", "/topics/a/b/c/d/e/f", "http", data=b"x")
    assert 400 <= answer.status_code < 500, answer.text


def test_keepalive_of_the_hub_counts(make_hub, name):
    hub = make_hub(sets=["mqtt.max_keepalive=1"]).start()
    for asked in (0, 600):
        with hub.raw() as raw:
            raw.connect(name, keepalive=asked)
            mark = hub.mark()
            raw.wait_closed(5)
            hub.wait_log("keep-alive", since=mark, client=name)


def test_connect_in_time(make_hub):
    hub = make_hub(sets=["mqtt.connect_timeout=300ms"]).start()
    whole = connect_packet("too slow")
    for part in (b"", whole[:1], whole[:-1]):
        with hub.raw() as raw:
            raw.send(part)
            raw.wait_closed(5)


# ---- shadows, json


def update(hub, thing, state, name=None):
    path = f"/things/{thing}/shadow" + (f"?name={name}" if name else "")
    return hub.request("POST", path, "http", json={"state": state})


def test_shadow_size(make_hub, name):
    hub = make_hub(sets=["shadow.max_bytes=1k"]).start()
    assert update(hub, name, {"reported": {"a": "x" * 900}}).status_code == 200
    rejects = hub.metric("shadow_rejects_total")
    answer = update(hub, name, {"desired": {"b": "x" * 200}})
    assert answer.status_code == 413, answer.text
    assert answer.headers["x-amzn-ErrorType"].startswith("RequestEntityTooLarge")
    assert hub.metric("shadow_rejects_total") == rejects + 1
    got = hub.request("GET", f"/things/{name}/shadow", "http").json()
    assert got["version"] == 1 and "desired" not in got["state"]
    assert update(hub, name, {"reported": None, "desired": {"b": "x" * 900}}).status_code == 200


def test_shadow_size_over_mqtt(make_hub, name):
    hub = make_hub(sets=["shadow.max_bytes=1k"]).start()
    topic = f"$aws/things/{name}/shadow/update"
    with hub.mqtt(name) as client:
        client.subscribe(f"{topic}/+", 1)
        client.publish(topic, json.dumps({"state": {"reported": {"a": "x" * 1100}},
                                          "clientToken": "t"}), 1)
        message = client.next()
        assert message.topic == f"{topic}/rejected"
        assert message.json()["code"] == 413 and message.json()["clientToken"] == "t"
        assert client.fence() == []


def test_shadow_depth(make_hub, name):
    hub = make_hub(sets=["shadow.max_depth=3"]).start()
    assert update(hub, name, {"reported": {"a": {"b": {"c": 1}}}}).status_code == 200
    answer = update(hub, name, {"reported": {"a": {"b": {"c": {"d": 1}}}}})
    assert answer.status_code == 400, answer.text


def test_json_size(make_hub, name):
    """Above json.max_bytes a payload is no JSON for rules; for shadows it is too large."""
    hub = make_hub(sets=["json.max_bytes=2k", "shadow.max_bytes=1k"]).start()
    hub.cli("rule", "create", "r", "--sql", f"SELECT n FROM '{name}/in'", "--republish",
            f"{name}/out")
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/out", 1)
        client.publish(f"{name}/in", json.dumps({"n": 1, "x": "x" * 1500}), 1)
        client.expect(f"{name}/out", '{"n":1}')
        client.publish(f"{name}/in", json.dumps({"n": 2, "x": "x" * 2100}), 1)
        client.publish(f"{name}/in", json.dumps({"n": 3}), 1)
        got = client.fence()
    assert b'{"n":2}' not in [m.payload for m in got] and got[-1].payload == b'{"n":3}'
    padded = '{"state":{"reported":{"a":1}}' + " " * 2100 + "}"
    answer = hub.request("POST", f"/things/{name}/shadow", "http", data=padded)
    assert answer.status_code == 413, answer.text


def test_json_depth(make_hub, name):
    hub = make_hub(sets=["json.max_depth=8"]).start()
    hub.cli("rule", "create", "r", "--sql", f"SELECT n FROM '{name}/in'", "--republish",
            f"{name}/out")

    def nested(n, depth):
        return f'{{"n":{n},"x":' + "[" * depth + "]" * depth + "}"

    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/out", 1)
        client.publish(f"{name}/in", nested(1, 7), 1)
        client.expect(f"{name}/out", '{"n":1}')
        client.publish(f"{name}/in", nested(2, 8), 1)
        client.publish(f"{name}/in", nested(3, 1), 1)
        got = client.fence()
    assert b'{"n":2}' not in [m.payload for m in got] and got[-1].payload == b'{"n":3}'


# ---- http


def http_bytes(hub, data):
    """What a request of bytes is answered."""
    with socket.create_connection((HOST, hub.port("http")), TIMEOUT) as sock:
        with hublib.contextlib.suppress(ConnectionError):
            sock.sendall(data)
        return RawMqtt(sock).wait_closed()


def test_body(make_hub, name):
    hub = make_hub(sets=["http.max_body=4k"]).start()
    assert hub.request("POST", f"/topics/{name}", "http", data=b"x" * 4096).status_code == 200
    errors = hub.metric("http_errors_total")
    assert hub.request("POST", f"/topics/{name}", "http", data=b"x" * 4097).status_code == 413
    head = f"POST /topics/{name} HTTP/1.1\r\nHost: localhost\r\n".encode()
    declared = http_bytes(hub, head + b"Content-Length: 99999999999\r\n\r\n")
    assert declared.startswith(b"HTTP/1.1 413 "), declared
    chunks = b"".join(b"400\r\n" + b"x" * 1024 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    chunked = http_bytes(hub, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert chunked.startswith(b"HTTP/1.1 413 "), chunked
    expecting = http_bytes(hub, head + b"Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
    assert expecting.startswith(b"HTTP/1.1 413 "), "a body was asked for that will be refused"
    assert hub.metric("http_errors_total") == errors + 4


@pytest.mark.parametrize("kind", ["one header", "many headers", "path"])
def test_header(make_hub, kind):
    hub = make_hub(sets=["http.max_header=2k", "http.max_target=2k"]).start()
    close = b"Host: localhost\r\nConnection: close\r\n"

    def request(size):
        if kind == "path":
            return b"GET /livez?" + b"a" * size + b" HTTP/1.1\r\n" + close + b"\r\n"
        if kind == "one header":
            return b"GET /livez HTTP/1.1\r\n" + close + b"X-A: " + b"a" * size + b"\r\n\r\n"
        return (b"GET /livez HTTP/1.1\r\n" + close
                + b"".join(b"X-%d: aaaaaaaaaaaa\r\n" % i for i in range(size // 20)) + b"\r\n")

    assert http_bytes(hub, request(1000)).startswith(b"HTTP/1.1 200 ")
    long = http_bytes(hub, request(3000))
    assert long.startswith(b"HTTP/1.1 414 " if kind == "path" else b"HTTP/1.1 431 "), long[:200]
    assert hub.metric("http_too_large_total") == 1


def test_number_of_headers(make_hub):
    hub = make_hub(sets=["http.max_header_count=10"]).start()
    head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert http_bytes(hub, head + b"X: a\r\n" * 8 + b"\r\n").startswith(b"HTTP/1.1 200 ")
    assert http_bytes(hub, head + b"X: a\r\n" * 9 + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_time_for_headers_and_body(make_hub, name):
    hub = make_hub(sets=["http.header_timeout=300ms", "http.request_timeout=300ms",
                         "http.idle_timeout=1s", "mqtt.connect_timeout=5s"]).start()
    assert http_bytes(hub, b"GET /livez HTTP/1.1\r\nHost: local").startswith(b"HTTP/1.1 408 ")
    begun = (f"POST /topics/{name} HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Length: 10\r\n\r\n12345").encode()
    assert http_bytes(hub, begun).startswith(b"HTTP/1.1 408 ")
    idle = http_bytes(hub, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert idle.startswith(b"HTTP/1.1 200 ") and idle.count(b"HTTP/1.1") == 1


# ---- limits.connections


def test_connections(make_hub, name):
    hub = make_hub(sets=["limits.connections=12"]).start()
    with hub.raw() as first:
        first.connect(name)
        others = [hub.raw() for _ in range(30)]
        open_ones = 0
        for raw in others:
            try:
                raw.connect(f"{name}-{open_ones}")
                open_ones += 1
            except (Closed, Failure):
                pass
        assert open_ones == 11
        first.ping()
        hub.wait_log("the limit is reached", limit=12)
        for raw in others:
            raw.close()
        hub.eventually(lambda: "thingd_connections " in hub_metrics_or_nothing(hub), "room again")
        assert hub.metric("connections_refused_total") >= 19
        denials = hub.request("GET", "/hub/denials", token=hub.admin["token"]).json()["denials"]
        told = [one for one in denials if "limits.connections" in one["reason"]]
        assert [(one["kind"], one["sourceIp"]) for one in told] == [("handshake", HOST)]
    with hub.mqtt(name):
        pass


def test_limits_of_addresses_spare_loopback(make_hub, name):
    hub = make_hub(sets=["limits.connections_per_address=1", "limits.connect_rate=1",
                         "limits.connect_burst=1"]).start()
    with hublib.contextlib.ExitStack() as stack:
        for i in range(20):
            stack.enter_context(hub.raw()).connect(f"{name}-{i}")
    assert hub.metric("address_refused_total") == 0


def hub_metrics_or_nothing(hub):
    try:
        return hub.request("GET", "/metrics", "http").text
    except OSError:  # refused as well, as long as the others are there
        return ""


# ---- descriptors


class Watch:
    """A connection made in time, to read the figures when no other can be made."""

    def __init__(self, hub):
        self.sock = socket.create_connection((HOST, hub.port("http")), TIMEOUT)
        self.file = self.sock.makefile("rb")
        self.metric("connections")  # a connection that says nothing is closed soon

    def metric(self, name):
        self.sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = {}
        assert b" 200 " in self.file.readline()
        while line := self.file.readline().strip():
            key, _, value = line.partition(b":")
            head[key.lower()] = value.strip()
        body = self.file.read(int(head[b"content-length"])).decode()
        return int(re.search(rf"^thingd_{name} (-?\d+)$", body, re.MULTILINE)[1])

    def close(self):
        self.file.close()
        self.sock.close()


def test_without_descriptors(make_hub, name):
    """Accepting waits, and does not spin; it goes on by itself, and those who are in notice nothing."""
    hub = make_hub().start()
    watch = Watch(hub)
    with hub.mqtt(name) as client:
        client.subscribe(name, 1)
        pid = hub.process.pid
        used = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
        _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        mark = hub.mark()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 3, most))
        raws = [hub.raw() for _ in range(10)]
        for i, raw in enumerate(raws):
            raw.send(connect_packet(f"{name}-{i}"))
        hub.wait_log("cannot accept connections", since=mark, listener="mqtt")
        for i in range(50):
            client.publish(name, str(i), 1)
            client.expect(name, str(i))
        hub.eventually(lambda: watch.metric("accept_pauses_total") >= 3, "it tries again")
        assert watch.metric("accept_pauses_total") < 100
        lines = [line for line in hub.log.since(mark) if "cannot accept" in line]
        assert len(lines) == 1, lines
        for raw in raws[:3]:  # give theirs to three others
            raw.expect(CONNACK)
            raw.close()
        for raw in raws[3:6]:
            raw.expect(CONNACK)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        for raw in raws[6:]:
            raw.expect(CONNACK)
        for raw in raws[3:]:
            raw.close()
    watch.close()
    assert len([line for line in hub.log.since(mark) if "cannot accept" in line]) == 1


# ---- mqtt.max_packet_rate, mqtt.max_byte_rate, limits.memory


@pytest.mark.parametrize("sets", [["mqtt.max_packet_rate=100"], ["mqtt.max_byte_rate=10k"]])
def test_rates(make_hub, name, sets):
    """A flood is slowed, and nothing of it is lost; its neighbour is not slowed."""
    hub = make_hub(sets=sets).start()
    with hub.mqtt(f"{name}-sub") as sub, hub.raw() as raw, hub.mqtt(f"{name}-other") as other:
        sub.subscribe(f"{name}/#", 0)
        raw.connect(name)
        mark = hub.mark()
        raw.send(*[publish_packet(f"{name}/t", b"%03d" % i + b"x" * 100) for i in range(250)])
        hub.wait_log("sends faster", since=mark, client=name)
        other.publish(f"{name}/other", "quick", 1)
        got = []
        while len(got) < 251:
            got.append(sub.next().payload[:3])
        place = got.index(b"qui")
        assert place < 250, "a neighbour waited for the flood"
        got.pop(place)
        assert got == [b"%03d" % i for i in range(250)]
        assert hub.metric("mqtt_throttled_total") > 0
        assert len([line for line in hub.log.since(mark) if "sends faster" in line]) == 1


def test_output_that_is_never_taken(make_hub, name):
    """Without a keep-alive, and with output that is far below its limit."""
    hub = make_hub(sets=["mqtt.output_timeout=1s", "mqtt.output_buffer=1g"]).start()
    with hub.mqtt(f"{name}-sub") as sub, hub.raw() as deaf:
        sub.subscribe(f"{name}/will")
        deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(f"{name}-deaf", keepalive=0, will=hublib.Message(f"{name}/will", b"gone"))
        deaf.subscribe(f"{name}/t", 0)
        mark = hub.mark()
        publish_all(hub, f"{name}-pub", [(f"{name}/t", b"x" * 1_000_000)] * 10, 0)
        sub.expect(f"{name}/will", "gone")
        hub.wait_log("takes no output", since=mark, client=f"{name}-deaf")


def test_memory(make_hub, name):
    """A subscriber that takes nothing uses the memory up; all is well again when it goes."""
    hub = make_hub(sets=["limits.memory=4m", "mqtt.output_buffer=64m"]).start()
    watch = Watch(hub)

    def used():
        return sum(watch.metric(f"memory_{use}_bytes") for use in ("messages", "queues", "output"))

    with hub.mqtt(f"{name}-sub") as sub, hub.raw() as deaf, hub.raw() as raw:
        sub.subscribe(f"{name}/small", 1)
        deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(f"{name}-deaf")
        deaf.subscribe(f"{name}/large", 1)
        raw.connect(f"{name}-pub")
        mark = hub.mark()
        flood = threading.Thread(target=raw.send, daemon=True, args=[
            publish_packet(f"{name}/large", b"x" * 100_000, 1, mid=i) for i in range(1, 101)])
        flood.start()
        hub.wait_log("limits.memory is reached", since=mark)
        assert 4 << 20 < used() < 6 << 20
        raw.expect(PUBACK)
        assert watch.metric("memory_waits_total") >= 1
        floods = [hub.raw() for _ in range(30)]
        hub.wait_log("connections refused, the limit is reached", since=mark, of="limits.memory")
        for one in floods:
            one.close()
        assert hub.cli("status").returncode == 0, "who is on the machine is locked out"
        deaf.close()
        flood.join(TIMEOUT)
        assert not flood.is_alive()
        raw.send(publish_packet(f"{name}/small", "x", 1, mid=101))
        sub.expect(f"{name}/small", "x")
        for mid in range(2, 102):  # late, and none is missing
            assert raw.expect(PUBACK) == struct.pack(">H", mid)
    hub.eventually(lambda: used() < 1 << 20, "the memory is free")
    with hub.mqtt(f"{name}-new"):
        pass
    watch.close()


# ---- rules


def test_rules(make_hub):
    hub = make_hub(sets=["rules.max_rules=2"]).start()
    words = ["--sql", "SELECT * FROM 'a'", "--republish", "b"]
    for rule in ("one", "two"):
        hub.cli("rule", "create", rule, *words)
    done = hub.cli("rule", "create", "three", *words, check=False)
    assert done.returncode == 1 and "rules" in done.stderr, done.stderr
    hub.cli("rule", "delete", "one")
    hub.cli("rule", "create", "three", *words)


def test_hops(make_hub, name):
    hub = make_hub(sets=["rules.max_hops=3"]).start()
    hub.cli("rule", "create", "loop", "--sql", f"SELECT * FROM '{name}/loop'", "--republish",
            f"{name}/loop")
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/loop", 1)
        client.publish(f"{name}/loop", '{"a":1}', 1)
        assert len(client.fence()) == 4  # the first, and three that came of it
    assert hub.metric("hops_exceeded_total") == 1


# ---- several at once


def test_limits_do_not_hold_for_the_hub_itself(make_hub, name):
    """Services' subscriptions and messages count for nobody's limits."""
    hub = make_hub(sets=["mqtt.max_subscriptions=1", "mqtt.max_topic_levels=3",
                         "mqtt.max_retained=0"]).start()
    assert update(hub, name, {"reported": {"a": 1}}).status_code == 200
    with hub.raw() as raw:
        raw.send(connect_packet(name))
        raw.expect(CONNACK)
        raw.send(packet(0x82, b"\0\1" + text16(f"{name}/t") + b"\1"))
        assert raw.expect(SUBACK) == b"\0\1\1"
        raw.send(publish_packet(f"{name}/t", "x", 1, mid=1))
        kinds = sorted(raw.read()[0] >> 4 for _ in range(2))
        assert kinds == [PUBLISH, PUBACK]
