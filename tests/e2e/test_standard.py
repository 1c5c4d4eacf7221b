"""What MQTT 3.1.1 asks of the whole program, with foreign clients: see docs/mqtt-conformance.md."""

import contextlib
import struct

import paho.mqtt.client as paho
import pytest

from hublib import (HOST, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, TIMEOUT, Message, ack_packet, mosq_pub, mosq_sub,
                    packet, publish_packet)


@pytest.mark.parametrize("listener", ["mqtt", "http", "unix", "mqtts", "https"])
def test_every_transport(hub, name, listener):
    """[MQTT-7.1.1-1]: ordered and without loss, over whatever it runs."""
    identity = hub.add_thing(name) if listener.endswith("s") else None
    topic = f"device/{name}/t"
    with hub.raw(listener, identity) as raw:
        raw.connect(name)
        raw.subscribe(topic, 0)
        for i in range(500):
            raw.send(publish_packet(topic, b"%d " % i + b"x" * (i * 7 % 1000)))
        for i in range(500):
            assert raw.expect_publish()[0].payload.split(b" ")[0] == b"%d" % i


@pytest.mark.parametrize("qos", (0, 1, 2))
def test_clients_of_mqtt_31(hub, name, qos):
    """[MQTT-7.0.0-2]: nothing but the protocol is needed, here that of 3.1."""
    old = ["-V", "mqttv31"]
    with mosq_sub(hub, f"{name}/+", count=2, qos=qos, extra=old) as sub:
        mosq_pub(hub, f"{name}/a", "old", qos=qos, extra=old)
        mosq_pub(hub, f"{name}/b", "new", qos=qos)
        assert sub.messages() == [Message(f"{name}/a", b"old", qos), Message(f"{name}/b", b"new", qos)]


def test_mqtt_31_of_paho(hub, name):
    """A session that goes on, though CONNACK of 3.1 cannot tell."""
    got = []

    def client():
        made = paho.Client(name, clean_session=False, protocol=paho.MQTTv31)
        made.on_message = lambda _c, _u, m: got.append((m.topic, m.payload, m.qos))
        made.on_connect = lambda c, _u, _f, _rc: c.subscribe(f"{name}/t", 2)
        made.connect(HOST, hub.port("mqtt"))
        return made

    def until(made, check):
        made.loop_start()
        hub.eventually(check, "the client is as far")
        made.disconnect()
        made.loop_stop()

    first = client()
    subscribed = []
    first.on_subscribe = lambda _c, _u, _mid, granted: subscribed.append(granted)
    until(first, lambda: subscribed)
    for qos in (1, 2):
        mosq_pub(hub, f"{name}/t", str(qos), qos=qos)
    until(client(), lambda: len(got) == 2)
    assert got == [(f"{name}/t", b"1", 1), (f"{name}/t", b"2", 2)]
    with hub.raw() as raw:
        raw.connect(name)


@pytest.mark.parametrize("steps", range(4))
def test_exactly_once_both_ways_over_a_restart(fresh_hub, name, steps):
    """[MQTT-4.3.3-1], [MQTT-4.3.3-2], [MQTT-4.4.0-1]: a flow of QoS 2 through the hub is broken by `kill -9` behind
    each of its steps, on both sides."""
    hub = fresh_hub
    topic, out = f"{name}/t", None
    with contextlib.ExitStack() as stack:
        pump, lamp = (stack.enter_context(hub.raw()) for _ in range(2))
        pump.connect(f"{name}-pump", clean=False)
        lamp.connect(f"{name}-lamp", clean=False)
        lamp.subscribe(topic, 2)
        pump.send(publish_packet(topic, "once", 2, mid=9))
        assert pump.expect(PUBREC) == b"\0\x09"
        if steps > 0:
            pump.send(ack_packet(PUBREL, 9))
            assert pump.expect(PUBCOMP) == b"\0\x09"
        if steps > 1:
            message, out = lamp.expect_publish()
            assert (message.payload, message.qos, message.dup) == (b"once", 2, False)
        if steps > 2:
            lamp.send(ack_packet(PUBREC, out))
            assert lamp.expect(PUBREL) == struct.pack(">H", out)
        hub.kill9()
    hub.start()
    with hub.raw() as pump, hub.raw() as lamp:
        assert pump.connect(f"{name}-pump", clean=False)
        assert lamp.connect(f"{name}-lamp", clean=False)
        if steps == 0:
            pump.send(publish_packet(topic, "once", 2, mid=9, dup=True))
            assert pump.expect(PUBREC) == b"\0\x09"
        pump.send(ack_packet(PUBREL, 9))
        assert pump.expect(PUBCOMP) == b"\0\x09"
        if steps < 3:
            message, again = lamp.expect_publish()
            assert (message.payload, message.qos) == (b"once", 2)
            assert out in (None, again), "another identifier than before"
            out = again
            lamp.send(ack_packet(PUBREC, out))
        assert lamp.expect(PUBREL) == struct.pack(">H", out)
        lamp.send(ack_packet(PUBCOMP, out))
        assert lamp.ping() == []
        pump.send(publish_packet(topic, "next", 2, mid=9))  # the identifier is free
        assert pump.expect(PUBREC) == b"\0\x09"
        assert lamp.expect_publish()[0].payload == b"next"


def test_hundred_publishers_keep_their_order(hub, name):
    """[MQTT-4.6.0-6], with all of them at once."""
    with contextlib.ExitStack() as stack:
        lamp = stack.enter_context(hub.raw())
        lamp.connect(f"{name}-lamp")
        lamp.subscribe(f"{name}/t", 1)
        pumps = [stack.enter_context(hub.raw()) for _ in range(100)]
        for i, pump in enumerate(pumps):
            pump.connect(f"{name}-{i}")
        for n in range(20):
            for i, pump in enumerate(pumps):
                pump.send(publish_packet(f"{name}/t", f"{i} {n}", 1, mid=n + 1))
        got = {i: [] for i in range(100)}
        for _ in range(2000):
            message, mid = lamp.expect_publish(TIMEOUT)
            lamp.send(ack_packet(PUBACK, mid))
            i, n = map(int, message.payload.split())
            got[i].append(n)
        assert all(numbers == list(range(20)) for numbers in got.values())
        for pump in pumps:
            assert [struct.unpack(">H", pump.expect(PUBACK))[0] for _ in range(20)] == list(range(1, 21))
        lamp.send(packet(0xe0))
        assert all(first >> 4 != PUBLISH for first, _ in pumps[0].ping())
