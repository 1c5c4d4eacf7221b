"""The promise to a user, step by step: one thing, one rule, one shadow, and a power cut.

The tests of this file run in order on one hub, each going on where the last one stopped."""

import json

import pytest

import hublib
from hublib import curl, mosq_pub, mosq_sub, self_made_identity

THING = "thermostat-1"
TELEMETRY = f"device/{THING}/telemetry"
SHADOW = f"$aws/things/{THING}/shadow"
SQL = ("SELECT temperature, topic(2) AS device FROM 'device/+/telemetry' "
       "WHERE temperature > 30")
HOT = 40
READINGS = 100


class Scenario:
    """The hub and what the steps have learnt."""

    def __init__(self, hub):
        self.hub = hub
        self.done = set()
        self.thing = None
        self.version = None

    def needs(self, *steps):
        missing = [s for s in steps if s not in self.done]
        if missing:
            pytest.skip(f"needs the steps {', '.join(missing)}")

    @property
    def hot_file(self):
        return self.hub.dir / "files" / "hot.jsonl"

    def hot_lines(self):
        if not self.hot_file.exists():
            return []
        return self.hot_file.read_text().splitlines()


@pytest.fixture(scope="module")
def scenario():
    hub = hublib.Hub().start()
    yield Scenario(hub)
    try:
        hub.terminate()
        assert hub.sanitizer_reports() == []
    finally:
        hub.remove()


def readings():
    """A hundred, of which forty are above 30; 30 itself is not."""
    hot = [{"temperature": 30.5 + i, "n": i} for i in range(HOT)]
    cool = [{"temperature": 30 - i / 2, "n": HOT + i} for i in range(READINGS - HOT)]
    mixed = []
    for i in range(READINGS):
        take_hot = hot and (i % 5 in (1, 3) or not cool)
        mixed.append(json.dumps((hot if take_hot else cool).pop(0)))
    return mixed


def without_time(document):
    return {k: v for k, v in document.items() if k != "timestamp"}


def test_1_thing_is_added(scenario):
    hub = scenario.hub
    scenario.thing = hub.add_thing(THING, "--type", "thermostat", "--attr", "room=attic")
    thing = hub.boto3("iot").describe_thing(thingName=THING)
    assert thing["thingTypeName"] == "thermostat"
    assert thing["attributes"] == {"room": "attic"}
    assert thing["version"] == 1
    assert thing["thingArn"] == f"arn:aws:iot:local:000000000000:thing/{THING}"
    principals = hub.boto3("iot").list_thing_principals(thingName=THING)["principals"]
    assert len(principals) == 1 and ":cert/" in principals[0]
    scenario.done.add("thing")


def test_2_rule_is_created(scenario):
    hub = scenario.hub
    hub.cli("rule", "create", "hot", "--sql", SQL, "--file", "hot.jsonl",
            "--republish", "hot/alerts")
    rule = hub.boto3("iot").get_topic_rule(ruleName="hot")["rule"]
    assert rule["sql"] == SQL
    assert rule["ruleDisabled"] is False
    assert len(rule["actions"]) == 2
    scenario.done.add("rule")


def test_3_a_hundred_readings_make_forty_alerts(scenario):
    scenario.needs("thing", "rule")
    hub = scenario.hub
    with mosq_sub(hub, "hot/alerts", count=HOT, qos=1) as alerts, \
            hub.mqtt("counter") as counter:
        counter.subscribe("hot/alerts", 1)
        mosq_pub(hub, TELEMETRY, qos=1, lines=readings(), identity=scenario.thing)
        wanted = [{"temperature": 30.5 + i, "device": THING} for i in range(HOT)]
        got = alerts.messages()
        assert [m.json() for m in got] == wanted
        assert [m.json() for m in counter.fence()] == wanted  # and not one more
    hub.eventually(lambda: len(scenario.hot_lines()) >= HOT, "forty lines in hot.jsonl")
    assert [json.loads(line) for line in scenario.hot_lines()] == wanted
    scenario.done.add("readings")


def test_4_device_reports_and_receives_a_delta(scenario):
    scenario.needs("thing")
    hub, thing = scenario.hub, scenario.thing
    with mosq_sub(hub, f"{SHADOW}/update/accepted", qos=1) as accepted:
        mosq_pub(hub, f"{SHADOW}/update", json.dumps({"state": {"reported": {"target": 20}}}),
                 qos=1, identity=thing)
        answer = accepted.messages()[0].json()
        assert answer["state"] == {"reported": {"target": 20}}
        assert answer["version"] == 1
    with mosq_sub(hub, f"{SHADOW}/update/delta", qos=1, identity=thing) as delta:
        hub.cli("shadow", "update", THING, '{"state":{"desired":{"target":23}}}')
        message = delta.messages()[0].json()
        assert message["state"] == {"target": 23}
        assert message["version"] == 2
        assert list(message["metadata"]) == ["target"]
    scenario.version = 2
    scenario.done.add("shadow")


def test_5_curl_and_boto3_read_the_same_document(scenario):
    scenario.needs("shadow")
    hub = scenario.hub
    by_curl = json.loads(curl(hub, f"/things/{THING}/shadow", token=hub.admin["token"]).stdout)
    by_boto3 = json.loads(hub.boto3("iot-data").get_thing_shadow(thingName=THING)["payload"].read())
    assert without_time(by_curl) == without_time(by_boto3)
    assert by_curl["state"] == {"desired": {"target": 23}, "reported": {"target": 20},
                                "delta": {"target": 23}}
    assert by_curl["version"] == scenario.version


def test_6_device_takes_the_value_over(scenario):
    scenario.needs("shadow")
    hub = scenario.hub
    with hub.mqtt("watcher") as watcher:
        watcher.subscribe(f"{SHADOW}/update/+", 1)
        mosq_pub(hub, f"{SHADOW}/update", json.dumps({"state": {"reported": {"target": 23}}}),
                 qos=1, identity=scenario.thing)
        watcher.subscribe(f"{SHADOW}/get/accepted", 1)
        mosq_pub(hub, f"{SHADOW}/get", "", qos=1, identity=scenario.thing)
        topics, document = [], None
        while document is None:
            message = watcher.next()
            topics.append(message.topic)
            if message.topic.endswith("/get/accepted"):
                document = message.json()
    assert f"{SHADOW}/update/accepted" in topics
    assert f"{SHADOW}/update/documents" in topics
    assert f"{SHADOW}/update/delta" not in topics
    assert "delta" not in document["state"]
    assert document["version"] == 3
    scenario.version = 3


def test_7_stranger_is_refused(scenario, tmp_path):
    hub = scenario.hub
    mark = hub.mark()
    stranger = self_made_identity(tmp_path, THING, hub.ca)
    assert mosq_pub(hub, TELEMETRY, "{}", qos=1, identity=stranger, check=False).returncode != 0
    hub.wait_refused("certificate", since=mark)


def test_8_denied_publish_is_refused(scenario):
    scenario.needs("thing")
    hub = scenario.hub
    mark = hub.mark()
    with hub.raw("mqtts", scenario.thing) as raw:
        raw.connect(THING)
        raw.send(hublib.publish_packet("device/thermostat-2/telemetry", "{}", 1, mid=1))
        assert raw.wait_closed() == b""
    hub.wait_refused("device/thermostat-2/telemetry", THING, since=mark)


def test_9_everything_is_there_after_a_kill(scenario):
    scenario.needs("readings", "shadow")
    hub = scenario.hub
    before = without_time(hub.boto3("iot").describe_thing(thingName=THING))
    hub.kill9()
    hub.start()
    iot = hub.boto3("iot")
    after = without_time(iot.describe_thing(thingName=THING))
    for document in (before, after):
        document.pop("ResponseMetadata")
    assert after == before
    assert iot.get_topic_rule(ruleName="hot")["rule"]["sql"] == SQL
    payload = hub.boto3("iot-data").get_thing_shadow(thingName=THING)["payload"]
    document = json.loads(payload.read())
    assert document["version"] == scenario.version
    assert document["state"]["reported"] == {"target": 23}
    assert len(scenario.hot_lines()) == HOT
    # and it all still works
    with mosq_sub(hub, "hot/alerts", qos=1) as alerts:
        mosq_pub(hub, TELEMETRY, '{"temperature":99}', qos=1, identity=scenario.thing)
        assert alerts.messages()[0].json() == {"temperature": 99, "device": THING}
    hub.eventually(lambda: len(scenario.hot_lines()) == HOT + 1, "the forty-first line")
    hub.cli("shadow", "update", THING, '{"state":{"desired":{"target":18}}}')
    payload = hub.boto3("iot-data").get_thing_shadow(thingName=THING)["payload"]
    assert json.loads(payload.read())["version"] == scenario.version + 1


def test_10_files_hold_what_was_told_after_the_end(scenario):
    scenario.needs("readings")
    scenario.hub.restart()
    assert len(scenario.hot_lines()) in (HOT, HOT + 1)
    assert scenario.hub.boto3("iot").describe_thing(thingName=THING)["version"] == 1
