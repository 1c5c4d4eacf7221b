"""hub.profile = aws-strict: what AWS IoT Core does not let pass does not pass here either."""

import pytest

from conftest import end
from hublib import PUBACK, SUBACK, Hub, mosq_pub, publish_packet, subscribe_packet


@pytest.fixture(scope="module")
def strict():
    hub = Hub(sets=["hub.profile=aws-strict"]).start()
    yield hub
    end(hub)


def closes(hub, name, *packets, line=None):
    """Sent after CONNACK these end the connection, and nothing answers them."""
    mark = hub.mark()
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(*packets)
        assert raw.wait_closed() == b""
    if line:
        hub.wait_line(line, since=mark)


def test_what_devices_do_passes(strict, name):
    """Connect, a shadow, a rule, QoS 1, a retained message of one topic, a session that waits."""
    strict.cli("rule", "create", "strict", "--sql", f"SELECT n FROM '{name}/in'", "--republish",
               f"{name}/out")
    with strict.mqtt(name, clean=False, keepalive=1200) as client:
        client.subscribe(f"{name}/out", 1)
        client.subscribe(f"$aws/things/{name}/shadow/name/n/update/accepted", 1)
        client.publish(f"{name}/in", '{"n":1}', 1)
        client.expect(f"{name}/out", '{"n":1}')
        client.publish(f"$aws/rules/strict/{'/'.join('12345678')}", '{"n":2}', 1)
        client.expect(f"{name}/out", '{"n":2}')
        client.publish(f"$aws/things/{name}/shadow/name/n/update", '{"state":{"reported":{"a":1}}}', 1)
        assert client.next().json()["state"] == {"reported": {"a": 1}}
        client.publish(f"{name}/kept", b"x" * 131072, 1, retain=True)
    with strict.mqtt(name, clean=False) as client:
        assert client.session_present
        client.subscribe(f"{name}/kept", 1)
        client.expect(f"{name}/kept", b"x" * 131072, retain=True)
        client.subscribe(f"{name}/#", 1)
        assert client.fence(1) == [], "retained messages for a wildcard"


def test_payload(strict, name):
    closes(strict, name, publish_packet(name, b"x" * 131073, 1, mid=1), line="payload larger")
    answer = strict.request("POST", f"/topics/{name}", "http", data=b"x" * 131073)
    assert answer.status_code == 413, answer.text
    assert strict.request("POST", f"/topics/{name}", "http", data=b"x" * 131072).status_code == 200


def test_qos2(strict, name):
    closes(strict, name, publish_packet(name, "x", 2, mid=1), line="QoS that hub.profile")
    closes(strict, name, subscribe_packet(1, (name, 2)), line="does not allow this QoS")
    mark = strict.mark()
    assert mosq_pub(strict, name, "x", qos=2, check=False).returncode != 0
    strict.wait_line("QoS that hub.profile", since=mark)


@pytest.mark.parametrize("topic", ["a" * 257, "1/2/3/4/5/6/7/8/9", "$aws/rules/r/1/2/3/4/5/6/7/8/9"])
def test_topics(strict, name, topic):
    closes(strict, name, publish_packet(topic, "x", 1, mid=1), line="more levels|longer than")
    closes(strict, name, subscribe_packet(1, (topic, 1)), line="more levels|longer than|basic ingest")


def test_filters_of_a_subscribe(strict, name):
    with strict.raw() as raw:
        raw.connect(name)
        raw.send(subscribe_packet(1, *[(f"{name}/{i}", 1) for i in range(8)]))
        assert raw.expect(SUBACK)[2:] == b"\1" * 8
    closes(strict, name, subscribe_packet(1, *[(f"{name}/{i}", 1) for i in range(9)]),
           line="more filters in one SUBSCRIBE")


def test_subscriptions_of_a_connection(strict, name):
    with strict.raw() as raw:
        raw.connect(name)
        for i in range(50):
            raw.subscribe(f"{name}/{i}", 1)
        raw.send(subscribe_packet(1, (f"{name}/more", 1)))
        assert raw.wait_closed() == b""


@pytest.mark.parametrize("topic", ["$SYS/#", "$other/x", "$aws/rules/r/x"])
def test_reserved_topics(strict, name, topic):
    closes(strict, name, subscribe_packet(1, (topic, 0)))


def test_client_ids(strict, name):
    for client_id, code in ((name.ljust(128, "x"), 0), (name.ljust(129, "x"), 2), (f"${name}", 2)):
        with strict.raw() as raw:
            assert raw.try_connect(client_id)[0] == code


def test_parent_of_a_wildcard(strict, name):
    with strict.mqtt(name) as client:
        client.subscribe(f"{name}/#", 1)
        for topic in (name, f"{name}/", f"{name}/a", f"{name}/a/b"):
            client.publish(topic, "x", 1)
        assert [m.topic for m in client.fence(1)] == [f"{name}/", f"{name}/a", f"{name}/a/b"]


def test_publishes_a_second(strict, name):
    """The 101st waits, and is not lost."""
    throttled = strict.metric("mqtt_throttled_total")
    with strict.raw() as raw:
        raw.connect(name)
        raw.send(*[publish_packet(name, "x", 1, mid=i) for i in range(1, 151)])
        for _ in range(150):
            raw.expect(PUBACK)
    assert strict.metric("mqtt_throttled_total") > throttled


def test_what_is_set_goes_before(make_hub, name):
    hub = make_hub(sets=["hub.profile=aws-strict", "mqtt.max_topic_levels=9"]).start()
    with hub.mqtt(name) as client:
        client.subscribe("1/2/3/4/5/6/7/8/9", 1)
    closes(hub, name, publish_packet("1/2/3/4/5/6/7/8/9/10", "x", 1, mid=1))


def test_the_other_profile_has_none_of_it(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#", 2)
        client.publish(name, b"x" * 131073, 2)
        client.expect(name, b"x" * 131073)
