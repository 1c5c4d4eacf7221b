"""A disk that is full, and data directories that cannot be used.

The disk is filled for one process alone, by its limit on the size of files.
"""

import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

import hublib
from hublib import PUBACK, PUBCOMP, PUBREC, PUBREL, QUIET, ack_packet, publish_packet
from test_config import run_failing


@contextlib.contextmanager
def full_disk(hub):
    hub.limit_files(1)
    try:
        yield
    finally:
        if hub.alive():
            hub.limit_files(None)


def make_absent(hub, client_id, pattern, qos=1):
    with hub.mqtt(client_id, clean=False) as client:
        client.subscribe(pattern, qos)


def wait_ready(hub):
    hub.eventually(lambda: hub.request("GET", "/readyz", "http").status_code == 200, "readiness")


def make_fail(hub, name):
    """The store notices with the first write. Returns the connection which waits for it."""
    mark = hub.mark()
    raw = hub.raw()
    raw.connect(f"{name}-first")
    raw.send(publish_packet(f"{name}/first", "x", 1, mid=9))
    hub.wait_log("cannot commit", since=mark, level="error")
    return raw


# ---- a full disk


def test_what_must_be_kept_is_not_acknowledged(fresh_hub, name):
    hub = fresh_hub
    make_absent(hub, name, f"{name}/#", 2)
    with hub.raw() as one, hub.raw() as two:
        one.connect(f"{name}-1")
        two.connect(f"{name}-2", clean=False)
        mark = hub.mark()
        with full_disk(hub):
            for i in range(1, 21):
                one.send(publish_packet(f"{name}/1", str(i), 1, mid=i))
                two.send(publish_packet(f"{name}/2", str(i), 2, mid=i))
            hub.wait_log("cannot commit", since=mark, level="error")
            assert one.is_silent() and two.is_silent(0)
            assert one.ping() == [] and two.ping() == []  # served, and still nothing
        hub.wait_log("commits again", since=mark)
        for i in range(1, 21):
            assert one.expect(PUBACK) == i.to_bytes(2, "big")
        for i in range(1, 21):
            assert two.expect(PUBREC) == i.to_bytes(2, "big")
        for i in range(1, 21):
            two.send(ack_packet(PUBREL, i))
            assert two.expect(PUBCOMP) == i.to_bytes(2, "big")
    with hub.mqtt(name, clean=False) as client:
        assert client.session_present
        got = [client.next() for _ in range(40)]
        assert client.fence() == []
    for topic in (f"{name}/1", f"{name}/2"):
        payloads = [int(m.payload) for m in got if m.topic == topic]
        assert payloads == list(range(1, 21)), topic


def test_the_rest_goes_on(fresh_hub, name):
    """QoS 0, QoS 1 to those who keep nothing, reads, pings, new clean sessions."""
    hub = fresh_hub
    make_absent(hub, name, f"{name}/first", 1)
    thing = {"state": {"reported": {"on": True}}}
    assert hub.request("POST", f"/things/{name}/shadow", "http", json=thing).status_code == 200
    with hub.mqtt(f"{name}-online") as online, full_disk(hub):
        online.subscribe(f"{name}/live", 1)
        with make_fail(hub, name) as first:
            for i in range(50):
                online.publish(f"{name}/live", f"0-{i}", 0)
                online.expect(f"{name}/live", f"0-{i}", qos=0)
            for i in range(50):
                online.publish(f"{name}/live", f"1-{i}", 1)
                online.expect(f"{name}/live", f"1-{i}", qos=1)
            with hub.mqtt(f"{name}-new") as new:
                new.subscribe(f"{name}/live")
                answer = hub.request("POST", f"/topics/{name}/live", "http", data=b"rest")
                assert answer.status_code == 200
                new.expect(f"{name}/live", "rest")
            got = hub.request("GET", f"/things/{name}/shadow", "http")
            assert got.status_code == 200 and got.json()["state"] == thing["state"]
            listed = hub.request("GET", "/things", token=hub.admin["token"])
            assert listed.status_code == 200
            assert first.ping() == []


def test_health_and_figures_tell(fresh_hub, name):
    hub = fresh_hub
    make_absent(hub, name, f"{name}/#", 1)
    failures = hub.metric("store_failures_total")
    mark = hub.mark()
    with full_disk(hub):
        with make_fail(hub, name):
            ready = hub.request("GET", "/readyz", "http")
            assert ready.status_code == 503
            assert "store" in ready.json()["message"]
            assert hub.request("GET", "/livez", "http").status_code == 200
            assert hub.metric("store_failures_total") > failures
            assert hub.metric("store_pending_requests") > 0
            status = json.loads(hub.cli("status", "--json").stdout)
            assert status["ready"] is False
            assert status["store"]["failing"] is True and status["store"]["failure"]
            lines = [line for line in hub.log.since(mark) if "cannot commit" in line]
            assert len(lines) == 1, "once, not at every attempt"
            assert "thingd.db" in lines[0] and "reason" in lines[0]
    hub.wait_log("commits again", since=mark)
    wait_ready(hub)
    assert json.loads(hub.cli("status", "--json").stdout)["store"]["failing"] is False


def test_above_the_limit_it_closes_and_recovers(make_hub, name):
    """Held up to store.max_pending, then refused by closing; QoS 0 goes on; it recovers by itself."""
    hub = make_hub(sets=["store.max_pending=100"]).start()
    make_absent(hub, name, f"{name}/t", 1)
    with hub.mqtt(f"{name}-online") as online, hub.raw() as raw:
        online.subscribe(f"{name}/live", 1)
        raw.connect(f"{name}-pub")
        mark = hub.mark()
        with full_disk(hub):
            raw.send(*[publish_packet(f"{name}/t", b"%d" % i, 1, mid=i) for i in range(1, 501)])
            assert raw.wait_closed() == b"", "acknowledged, and not kept"
            hub.wait_log("publish refused", since=mark)
            hub.wait_log("cannot commit", since=mark, level="error")
            assert hub.request("GET", "/readyz", "http").status_code == 503
            for i in range(20):
                online.publish(f"{name}/live", str(i), 0)
                online.expect(f"{name}/live", str(i), qos=0)
            with hub.raw() as again:  # a publisher that comes again is refused again
                again.connect(f"{name}-pub")
                again.send(publish_packet(f"{name}/t", "x", 1, mid=1))
                assert again.wait_closed() == b""
        hub.wait_log("commits again", since=mark)
        wait_ready(hub)
    with hub.mqtt(f"{name}-pub") as client:
        client.publish(f"{name}/t", "last", 1)
    hub.kill9()
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        got = [m.payload.decode() for m in client.fence()]
    assert got[-1] == "last" and got[:-1] == [str(i) for i in range(1, len(got))], got


WRITES = [
    ("POST", "/things/{}", {}),
    ("POST", "/policies/{}", {"policyDocument": "{}"}),
    ("POST", "/keys-and-certificate?setAsActive=true", None),
    ("POST", "/rules/{}", {"sql": "SELECT * FROM 'a'", "actions": [
        {"republish": {"topic": "b", "roleArn": "arn:aws:iam::000000000000:role/r"}}]}),
    ("DELETE", "/things/there", None),
    ("POST", "/things/there/shadow", {"state": {"reported": {"a": 1}}}),
    ("DELETE", "/things/there/shadow", None),
]


def test_changes_over_rest_are_refused_at_once(fresh_hub, name):
    hub = fresh_hub
    token = hub.admin["token"]
    make_absent(hub, name, f"{name}/#", 1)
    hub.cli("thing", "add", "there", "--out", hub.dir.parent)
    hub.request("POST", "/things/there/shadow", token=token, json={"state": {"reported": {"a": 0}}})

    def ask(method, path, body):
        return hub.request(method, path.format(name), token=token, json=body)

    with full_disk(hub):
        with make_fail(hub, name):
            for method, path, body in WRITES:
                answer = ask(method, path, body)
                assert answer.status_code == 503, (method, path, answer.text)
                assert "ServiceUnavailable" in answer.headers["x-amzn-ErrorType"]
            done = hub.cli("thing", "add", f"{name}-cli", "--out", hub.dir.parent, check=False)
            assert done.returncode == 1 and "store" in done.stderr, done.stderr
            assert not list(hub.dir.parent.glob(f"{name}-cli*")), "a key without a thing"
    wait_ready(hub)
    got = hub.request("GET", "/things/there/shadow", token=token).json()
    assert got["state"] == {"reported": {"a": 0}}, "what was refused has happened"
    assert ask("POST", "/things/{}", {}).status_code == 200


def test_shadow_update_over_mqtt_waits(fresh_hub, name):
    hub = fresh_hub
    make_absent(hub, name, f"{name}/#", 1)
    topic = f"$aws/things/{name}/shadow/update"
    with hub.raw() as raw:
        raw.connect(f"{name}-device")
        raw.subscribe(f"{topic}/+", 0)
        with full_disk(hub):
            with make_fail(hub, name):
                raw.send(publish_packet(topic, '{"state":{"reported":{"n":1}}}', 1, mid=5))
                assert raw.is_silent(), "neither PUBACK nor accepted may come now"
        kinds = {}
        while len(kinds) < 2:
            first, body = raw.read()
            kinds[first >> 4] = body
            if first >> 4 == hublib.PUBLISH and b"/documents" in body[:80]:
                del kinds[hublib.PUBLISH]
        assert b"update/accepted" in kinds[hublib.PUBLISH]
        assert kinds[PUBACK] == b"\0\5"
    hub.kill9()
    hub.start()
    got = hub.request("GET", f"/things/{name}/shadow", "http").json()
    assert got["state"] == {"reported": {"n": 1}}


def test_retained_message_waits(fresh_hub, name):
    hub = fresh_hub
    with hub.raw() as raw:
        raw.connect(name)
        mark = hub.mark()
        with full_disk(hub):
            raw.send(publish_packet(name, "kept", 1, retain=True, mid=3))
            hub.wait_log("cannot commit", since=mark)
            assert raw.ping() == []
        assert raw.expect(PUBACK) == b"\0\3"
    hub.kill9()
    hub.start()
    with hub.mqtt(f"{name}-after") as client:
        client.subscribe(name, 1)
        client.expect(name, "kept", retain=True)


def test_new_persistent_session_waits(fresh_hub, name):
    hub = fresh_hub
    make_absent(hub, f"{name}-0", f"{name}/#", 1)
    with hub.raw() as raw:
        with full_disk(hub):
            with make_fail(hub, name):
                raw.send(hublib.connect_packet(name, clean=False))
                assert raw.is_silent(QUIET), "a session was promised which is not kept"
        body = raw.expect(hublib.CONNACK)
        assert body == b"\0\0"
        assert raw.ping() == []


def test_rule_to_a_file_catches_up(fresh_hub, name):
    hub = fresh_hub
    hub.cli("rule", "create", "lines", "--sql", f"SELECT * FROM '{name}/t'", "--file", "lines.log")
    path = hub.dir / "files" / "lines.log"
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(publish_packet(f"{name}/t", '{"n":0}', 1, mid=1))
        raw.expect(PUBACK)
        hub.eventually(path.exists, "the file")
        with full_disk(hub):
            for i in range(1, 6):
                raw.send(publish_packet(f"{name}/t", f'{{"n":{i}}}', 1, mid=i + 1))
            assert raw.is_silent(QUIET)
        for i in range(1, 6):
            assert raw.expect(PUBACK) == (i + 1).to_bytes(2, "big")

    def numbers():
        return [json.loads(line)["n"] for line in path.read_text().splitlines()]

    hub.eventually(lambda: set(numbers()) >= set(range(6)), "all lines")
    assert sorted(set(numbers())) == list(range(6))


def test_killed_on_a_full_disk(fresh_hub, name):
    """What was acknowledged before is there; what was not may be lost, and is not half there."""
    hub = fresh_hub
    make_absent(hub, name, f"{name}/#", 1)
    with hub.raw() as raw:
        raw.connect(f"{name}-pub")
        for i in range(1, 6):
            raw.send(publish_packet(f"{name}/t", str(i), 1, mid=i))
            raw.expect(PUBACK)
        with full_disk(hub):
            raw.send(*[publish_packet(f"{name}/t", str(i), 1, mid=i) for i in range(6, 30)])
            assert raw.ping() == []
            hub.kill9()
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        assert [int(m.payload) for m in client.fence()] == list(range(1, 6))


def test_stopping_on_a_full_disk(fresh_hub, name):
    hub = fresh_hub
    make_absent(hub, name, f"{name}/#", 1)
    mark = hub.mark()
    with full_disk(hub):
        with make_fail(hub, name) as raw:
            hub.process.send_signal(hublib.signal.SIGTERM)
            assert PUBACK << 4 not in raw.wait_closed()[:1]
        assert hub.wait_exit(hublib.STOP_TIMEOUT) == 0
    assert any("could not be committed" in line for line in hub.everything[mark:])
    hub.start()
    with hub.mqtt(name, clean=False) as client:
        assert client.session_present and client.fence() == []


@pytest.mark.parametrize("size", [1, 1000, 5000, 50_000, 150_000])
def test_first_start_on_a_full_disk(make_hub, tmp_path, size):
    script = tmp_path / "thingd"
    script.write_text(f'#!/bin/sh\nexec prlimit --fsize={size}: "{hublib.binary()}" "$@"\n')
    script.chmod(0o755)
    new = make_hub(program=str(script))
    code, log = run_failing(new)
    assert code == 1 and ("database" in log or str(new.dir) in log), log
    new.program = hublib.binary()
    new.start()  # what was left behind is no obstacle
    new.cli("thing", "add", "x", "--out", tmp_path)


# ---- data directories that are none


class UnprivilegedHub(hublib.Hub):
    """A hub without the right to pass over the modes of files."""

    def command(self):
        words = super().command()
        if os.geteuid() == 0:
            words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]
        return words

    def give_away(self, path):
        if os.geteuid() == 0:
            for folder, _, files in os.walk(path):
                for one in [folder, *[os.path.join(folder, file) for file in files]]:
                    os.chown(one, 65534, 65534, follow_symlinks=False)


@pytest.fixture
def unprivileged(tmp_path):
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is needed to run as another user")
        program = [hublib.binary(), "--version"]
        tried = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                *program], capture_output=True, check=False)
        if tried.returncode != 0:
            pytest.skip("another user cannot run the program where it is")
    home = pathlib.Path(hublib.tempfile.mkdtemp(prefix="thingd-"))
    home.chmod(0o755)
    hub = UnprivilegedHub(home / "data")
    yield hub
    hub.kill9()
    reports = hub.sanitizer_reports()
    shutil.rmtree(home, ignore_errors=True)
    assert not reports, hub.tail()


def filled(hub):
    """A data directory as a hub leaves it, which belongs to the user that is to use it."""
    with_rights = hublib.Hub(hub.dir)
    with_rights.cli("init")
    hub.give_away(hub.dir)


def no_place(hub):
    hub.dir.parent.chmod(0o555)


def read_only_directory(hub):
    filled(hub)
    hub.dir.chmod(0o500)


def unreadable_directory(hub):
    filled(hub)
    hub.dir.chmod(0)


def unreadable_database(hub):
    filled(hub)
    (hub.dir / "thingd.db").chmod(0)


def read_only_database(hub):
    filled(hub)
    for file in hub.dir.glob("thingd.db*"):
        file.chmod(0o400)


def unreadable_key(hub):
    filled(hub)
    (hub.dir / "master.key").chmod(0)


UNUSABLE = {
    "no place for it": (no_place, "data"),
    "directory is read-only": (read_only_directory, "data"),
    "directory is unreadable": (unreadable_directory, "data"),
    "database is unreadable": (unreadable_database, "thingd.db"),
    "database is read-only": (read_only_database, "thingd.db"),
    "key is unreadable": (unreadable_key, "master.key"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_directory_without_permission(unprivileged, case):
    prepare, named = UNUSABLE[case]
    hub = unprivileged
    prepare(hub)
    hub.spawn()
    assert hub.log.wait(lambda line: line if '"message":"ready"' in line else None) is None, \
        f"it serves, and can keep nothing:\n{hub.tail()}"
    assert hub.wait_exit() == 1, hub.tail()
    assert named in hub.tail()


def a_file(hub):
    hub.dir.parent.mkdir(exist_ok=True)
    hub.dir.write_text("no directory")
    return str(hub.dir)


def below_a_file(hub):
    hub.dir.write_text("no directory")
    hub.dir = hub.dir / "data"
    return str(hub.dir)


def database_is_a_directory(hub):
    hub.cli("init")
    (hub.dir / "thingd.db").rename(hub.dir / "kept.db")
    for side in hub.dir.glob("thingd.db-*"):
        side.unlink()
    (hub.dir / "thingd.db").mkdir()
    return "thingd.db"


def database_of_another_program(hub):
    hub.cli("init")
    for file in hub.dir.glob("thingd.db*"):
        file.unlink()
    with sqlite3.connect(hub.dir / "thingd.db") as db:
        db.execute("CREATE TABLE thing (x)")
    db.close()
    return "thingd.db"


def database_cut_short(hub):
    hub.cli("init")
    database = hub.dir / "thingd.db"
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    database.write_bytes(database.read_bytes()[:5000])
    return "thingd.db"


def key_of_another_hub(hub):
    hub.cli("init")
    (hub.dir / "master.key").write_text("0" * 64 + "\n")
    return "another master key"


def key_is_gone(hub):
    hub.cli("init")
    (hub.dir / "master.key").unlink()
    return "master.key"


BROKEN = [a_file, below_a_file, database_is_a_directory, database_of_another_program,
          database_cut_short, key_of_another_hub, key_is_gone]


@pytest.mark.parametrize("damage", BROKEN, ids=[f.__name__ for f in BROKEN])
def test_directory_that_is_none(make_hub, damage):
    hub = make_hub()
    named = damage(hub)
    code, log = run_failing(hub)
    assert code == 1, log
    assert named in log, log
