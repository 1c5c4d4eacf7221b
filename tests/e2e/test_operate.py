"""Operation: $SYS, sessions, retained messages, what was refused, fights for a client id."""

import json

import pytest

import hublib
from hublib import HOST, curl, mosq_pub, mosq_sub

WATCH = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
    {"Effect": "Allow", "Action": ["iot:Subscribe", "iot:Receive"],
     "Resource": ["arn:aws:iot:*:*:topicfilter/${$}SYS/*", "arn:aws:iot:*:*:topic/${$}SYS/*"]}]}


def table(text):
    """Rows of a table as dicts; a cell begins where its title does."""
    lines = text.splitlines()
    titles = [t for t in lines[0].split("  ") if t.strip()]
    starts, at = [], 0
    for title in titles:
        at = lines[0].index(title.strip(), at)
        starts.append(at)
        at += len(title.strip())
    ends = starts[1:] + [None]
    return [{t.strip(): line[a:b].strip() for t, a, b in zip(titles, starts, ends)}
            for line in lines[1:]]


def fields(text):
    """The lines "name  value" before an empty one."""
    found = {}
    for line in text.splitlines():
        if not line:
            break
        key, _, value = line.partition("  ")
        found[key] = value.strip()
    return found


def rest(hub, path, *words, check=True):
    done = curl(hub, path, *words, token=hub.admin["token"], check=check)
    return json.loads(done.stdout)


# ---- $SYS


def test_sys_comes_at_once_to_mosquitto_sub(hub):
    with mosq_sub(hub, "$SYS/broker/clients/+", count=5) as sub:
        got = {m.topic: m for m in sub.messages()}
    assert set(got) == {f"$SYS/broker/clients/{n}" for n in
                        ("connected", "disconnected", "total", "maximum", "expired")}
    assert all(m.retain and m.payload.isdigit() for m in got.values())
    with mosq_sub(hub, "$SYS/broker/version") as sub:
        assert sub.messages()[0].payload.startswith(b"thingd version ")
    with mosq_sub(hub, "$SYS/broker/load/+/received/1min", count=3) as sub:
        assert len(sub.messages()) == 3


def test_wildcards_at_the_front_do_not_see_sys(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe("#")
        client.subscribe("+/broker/uptime")
        assert not [m for m in client.fence() if m.topic.startswith("$")]
    assert not [one for one in rest(hub, "/hub/retained")["retained"]
                if one["topic"].startswith("$")]
    assert rest(hub, "/hub/retained?filter=%24SYS%2Fbroker%2Fuptime")["retained"]
    assert rest(hub, "/retainedMessage/%24SYS/broker/uptime")["payload"]


def next_number(client, topic, wanted):
    """The next value of the topic that is `wanted` or more."""
    while True:
        message = client.next()
        if message.topic == topic and int(message.payload) >= wanted:
            return int(message.payload)


def test_sys_follows_what_happens(make_hub, name):
    hub = make_hub(sets=["mqtt.sys_interval=100ms"]).start()
    base = "$SYS/broker/publish/"
    with hub.mqtt(name) as watcher:
        watcher.subscribe(base + "#")
        before = {m.topic: int(m.payload) for m in (watcher.next() for _ in range(5))}
        mosq_pub(hub, "x", qos=1, lines=["12345", "123", "1"])
        got = next_number(watcher, base + "messages/received",
                          before[base + "messages/received"] + 3)
        assert got == before[base + "messages/received"] + 3
    with hub.mqtt(f"{name}-bytes") as watcher:
        watcher.subscribe(base + "bytes/received")
        assert next_number(watcher, base + "bytes/received", 0) == \
            before[base + "bytes/received"] + 9


def counted(hub):
    """Packets, PUBLISHes and bytes of payload, each received and sent."""
    figures = hub.metrics()
    return [figures[f"thingd_mqtt_{what}_{way}_total"] for way in ("received", "sent")
            for what in ("packets", "publishes", "publish_bytes")]


@pytest.mark.parametrize("clean", [True, False])  # what waits for a commit is counted too
def test_every_packet_is_counted(fresh_hub, name, clean):
    hub = fresh_hub
    with hub.raw() as raw:
        assert raw.try_connect(name, level=2)[0] == 1
    before = counted(hub)
    assert before == [1, 0, 0, 1, 0, 0]
    with hub.raw() as raw:
        raw.connect(name, clean=clean)
        raw.subscribe(name, 1)
        raw.send(hublib.publish_packet(name, "abc", 1, mid=7))
        got = {first >> 4: body for first, body in (raw.read() for _ in range(2))}
        assert set(got) == {hublib.PUBLISH, hublib.PUBACK}
        mid = int.from_bytes(got[hublib.PUBLISH][2 + len(name):][:2], "big")
        raw.send(hublib.ack_packet(hublib.PUBACK, mid))
        assert raw.ping() == []
        assert counted(hub) == [1 + 5, 1, 3, 1 + 5, 1, 3]


def test_sys_is_never_stored_and_can_be_off(make_hub, name):
    hub = make_hub(sets=["mqtt.sys_interval=0s"]).start()
    with hub.mqtt(name) as client:
        client.subscribe("$SYS/#")
        assert client.fence() == []
    hub.sets = ["mqtt.sys_interval=100ms"]
    hub.restart()
    with mosq_sub(hub, "$SYS/broker/uptime", count=2) as sub:
        assert len(sub.messages()) == 2
    hub.kill9()
    hub.sets = ["mqtt.sys_interval=0s"]
    hub.start()
    assert rest(hub, "/hub/retained?filter=%24SYS%2F%23")["retained"] == []


def test_who_may_read_sys(hub, name, tmp_path):
    document = tmp_path / "watch.json"
    document.write_text(json.dumps(WATCH))
    hub.cli("policy", "create", f"Watch-{name}", document)
    hub.cli("user", "add", f"{name}-plain", "--password-stdin", stdin="long enough for all")
    hub.cli("user", "add", f"{name}-watch", "--password-stdin", "--policy", f"Watch-{name}",
            stdin="long enough for all")
    for user, granted in ((f"{name}-plain", 128), (f"{name}-watch", 0)):
        with hub.mqtt(user, listener="mqtts", username=user,
                      password="long enough for all") as client:
            assert client.try_subscribe("$SYS/#") == granted
            if granted == 0:
                assert client.next().topic.startswith("$SYS/broker/")


# ---- sessions


def test_sessions_are_listed_and_shown(hub, name):
    mosq_sub(hub, f"{name}/#", client_id=f"{name}/away", qos=1, extra=["-c"]).close()
    hub.eventually(lambda: not rest(hub, f"/hub/sessions/{name}%2Faway")["connected"], "it went")
    with hub.mqtt(f"{name}/here", keepalive=45) as client:
        client.subscribe(f"{name}/a", 1)
        mosq_pub(hub, f"{name}/b", "waits", qos=1)
        page = rest(hub, f"/hub/sessions?clientIdPrefix={name}&maxResults=1")
        assert [s["clientId"] for s in page["sessions"]] == [f"{name}/away"]
        token = page["nextToken"]
        page = rest(hub, f"/hub/sessions?clientIdPrefix={name}&maxResults=1", "--get",
                    "--data-urlencode", f"nextToken={token}")
        assert [s["clientId"] for s in page["sessions"]] == [f"{name}/here"]
        assert "nextToken" not in page
        away = rest(hub, f"/hub/sessions/{name}%2Faway")
        assert away["persistent"] and away["queued"] == 1 and away["inFlight"] == 0
        assert away["expiresAt"] == pytest.approx(away["disconnectedAt"] + 7 * 86400)
        assert away["subscriptions"] == [{"filter": f"{name}/#", "qos": 1}]
        here = rest(hub, f"/hub/sessions/{name}%2Fhere")
        assert here["connected"] and not here["persistent"]
        assert (here["protocolLevel"], here["keepAlive"]) == (4, 45)
        assert here["sourceIp"] == HOST and here["principal"] == "anonymous:AnonymousLocal"
        rows = table(hub.cli("session", "list", "--prefix", name).stdout)
        assert [(r["CLIENT"], r["CONNECTED"], r["PERSISTENT"], r["QUEUED"]) for r in rows] == \
            [(f"{name}/away", "", "yes", "1"), (f"{name}/here", "yes", "", "0")]
        rows = table(hub.cli("session", "list", "--prefix", name, "--connected").stdout)
        assert [r["CLIENT"] for r in rows] == [f"{name}/here"]
        shown = hub.cli("session", "show", f"{name}/here").stdout
        assert fields(shown)["keep-alive"] == "45"
        assert table(shown.split("\n\n")[1]) == [{"FILTER": f"{name}/a", "QOS": "1"}]
        listed = json.loads(hub.cli("session", "list", "--prefix", name, "--json").stdout)
        assert len(listed["sessions"]) == 2


def test_a_deleted_session_is_gone_for_good(fresh_hub, name):
    hub = fresh_hub
    client = hub.mqtt(name, clean=False).connect()
    client.subscribe("a", 1)
    hub.cli("session", "delete", name)
    client.wait_gone()
    hub.kill9()
    hub.start()
    with hub.raw() as raw:
        assert raw.connect(name, clean=False) is False
    failed = hub.cli("session", "delete", f"{name}-none", check=False)
    assert failed.returncode == 1 and "no session" in failed.stderr
    answer = hub.request("DELETE", f"/hub/sessions/{name}", token=hub.admin["token"])
    assert (answer.status_code, answer.json()) == (200, {})
    answer = hub.request("GET", f"/hub/sessions/{name}", token=hub.admin["token"])
    assert answer.status_code == 404


# ---- retained messages


def test_retained_messages_are_purged_for_good(fresh_hub, name):
    hub = fresh_hub
    for topic in ("a/1", "a/2", "b"):
        mosq_pub(hub, f"{name}/{topic}", "value", qos=1, retain=True)
    rows = table(hub.cli("retained", "list", f"{name}/a/+").stdout)
    assert [(r["TOPIC"], r["BYTES"], r["QOS"]) for r in rows] == \
        [(f"{name}/a/1", "5", "1"), (f"{name}/a/2", "5", "1")]
    dry = hub.cli("retained", "purge", f"{name}/a/#", "--dry-run").stdout
    assert dry == f"{name}/a/1\n{name}/a/2\n2 retained messages would be removed\n"
    assert len(rest(hub, f"/hub/retained?filter={name}%2F%23")["retained"]) == 3
    assert hub.cli("retained", "purge", f"{name}/a/#").stdout == "2 retained messages removed\n"
    hub.kill9()
    hub.start()
    left = rest(hub, "/hub/retained")["retained"]
    assert [one["topic"] for one in left] == [f"{name}/b"]
    purged = rest(hub, "/hub/retained?filter=%23", "-X", "DELETE")
    assert purged == {"dryRun": False, "count": 1, "truncated": False, "topics": [f"{name}/b"]}
    refused = rest(hub, "/hub/retained?filter=%24SYS%2F%23", "-X", "DELETE", check=False)
    assert "$SYS" in refused["message"]


def test_a_large_purge_lets_others_work(fresh_hub, name):
    hub = fresh_hub
    with hub.raw() as raw:
        raw.connect(name)
        for i in range(3000):
            raw.send(hublib.publish_packet(f"{name}/{i:04d}", "x", retain=True))
        raw.ping()
        assert hub.metric("retained_messages") == 3000
        purged = json.loads(hub.cli("retained", "purge", f"{name}/#", "--json").stdout)
        assert (purged["count"], purged["truncated"], len(purged["topics"])) == (3000, True, 1000)
        assert raw.ping() == []
    assert hub.metric("retained_messages") == 0


# ---- refusals and fights


def test_why_a_client_was_refused(hub, name):
    hub.cli("user", "add", name, "--password-stdin", stdin="long enough for all")
    login = {"listener": "mqtts", "username": name, "password": "long enough for all"}
    with hub.mqtt(name, **login) as client:
        assert client.try_subscribe("$SYS/#") == 128
        client.publish_blindly("$aws/events/forged", "x", 1)
        client.wait_gone()
    assert hub.mqtt(f"{name}-nobody", listener="mqtts").try_connect() == 5
    rows = json.loads(hub.cli("why", name, "--json").stdout)["denials"]
    assert [(r["kind"], r["action"], r["principal"], r["sourceIp"]) for r in rows] == \
        [("denied", "iot:Publish", f"user:{name}", HOST),
         ("denied", "iot:Subscribe", f"user:{name}", HOST)]
    assert rows[1]["resource"] == "topicfilter/$SYS/#"
    assert "UserDefault" in rows[1]["reason"]
    denials = rest(hub, f"/hub/denials?clientId={name}-nobody")["denials"]
    assert [(d["kind"], d["action"], d["sourceIp"]) for d in denials] == \
        [("credential", "iot:Connect", HOST)]
    assert "certificate or a user name" in denials[0]["reason"]
    assert len(rest(hub, "/hub/denials?maxResults=1")["denials"]) == 1


def test_two_clients_that_fight_for_one_id(hub, name):
    mark = hub.mark()
    raws = []
    for _ in range(5):
        raw = hub.raw()
        raw.connect(name)
        raws.append(raw)
    for raw in raws[:-1]:
        raw.wait_closed()
    line = hub.wait_log("two clients fight for one client id", since=mark, client=name)
    assert line["first"] == HOST and line["second"] == HOST and line["take_overs"] == 3
    assert raws[-1].ping() == []
    told = [one for one in hub.log.since(mark) if "fight for one" in one]
    assert len(told) == 1
    told = fields(hub.cli("why", name).stdout)
    assert (told["kind"], told["resource"]) == ("fight", f"client/{name}")
    for raw in raws:
        raw.close()
