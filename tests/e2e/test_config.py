"""Starting, stopping, settings and the data directory."""

import json
import os
import re
import signal
import socket
import sqlite3
import stat

import pytest

import hublib
from hublib import HOST, TIMEOUT, Hub, mosq_pub


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def run_failing(hub):
    """Exit code and log of a hub that is not to start."""
    hub.spawn()
    code = hub.wait_exit()
    return code, "\n".join(hub.everything)


# ---- a first start


def test_first_start_makes_what_it_needs(fresh_hub):
    hub = fresh_hub
    assert mode(hub.dir) & 0o077 == 0
    for name in ("admin.json", "master.key"):
        assert mode(hub.dir / name) == 0o600, name
    assert stat.S_ISSOCK(os.stat(hub.socket_path).st_mode)
    assert mode(hub.socket_path) == 0o600
    assert (hub.dir / "thingd.db").exists()
    for member in ("accessKeyId", "secretAccessKey", "token", "caFile", "dataDir"):
        assert hub.admin[member], member
    assert os.path.realpath(hub.admin["dataDir"]) == os.path.realpath(hub.dir)
    assert "BEGIN CERTIFICATE" in open(hub.ca, encoding="ascii").read()
    for listener in ("mqtt", "http", "mqtts", "https"):
        with socket.create_connection((HOST, hub.port(listener)), TIMEOUT):
            pass
    hub.wait_line("admin.json")
    assert hub.admin["token"] not in "\n".join(hub.all_lines())


def test_second_start_keeps_everything(fresh_hub):
    hub = fresh_hub
    before, ca = dict(hub.admin), open(hub.ca, encoding="ascii").read()
    hub.restart()
    assert hub.admin == before
    assert open(hub.ca, encoding="ascii").read() == ca
    assert hub.request("GET", "/things", token=before["token"]).status_code == 200


def test_init(tmp_path):
    hub = Hub(tmp_path / "data")
    made = json.loads(hub.cli("init", "--json").stdout)
    assert sorted(made) == ["accessKeyId", "caFile", "dataDir", "secretAccessKey", "token"]
    hub.admin = made
    hub.start()
    try:
        assert hub.request("GET", "/things", token=made["token"]).status_code == 200
        hub.terminate()
    finally:
        hub.kill9()


# ---- settings


def write_config(folder, text, name="thingd.conf"):
    path = folder / name
    path.write_text(text)
    return path


BAD_CONFIGS = {
    # text, what the message must have
    "unknown key": ('hub = { region = "home"; };\n\nmqtt = {\n  max_pakcet = "2m";\n};\n',
                    [r"thingd\.conf:4", r"mqtt\.max_pakcet", r"max_packet"]),
    "unknown group": ('mqqt = { max_packet = "2m"; };\n', [r"thingd\.conf:1", "mqqt", "mqtt"]),
    "wrong type": ('listener = { mqtt = { port = "many"; }; };\n',
                   [r"thingd\.conf:1", r"listener\.mqtt\.port"]),
    "out of range": ("listener = { mqtt = {\n port = 70000; }; };\n",
                     [r"thingd\.conf:2", r"listener\.mqtt\.port", "65535"]),
    "syntax": ("mqtt = {\n max_packet = ;\n};\n", [r"thingd\.conf:2"]),
    "no such choice": ('log = { level = "loud"; };\n',
                       [r"thingd\.conf:1", r"log\.level", "loud"]),
    "bad unit": ('mqtt = { max_packet = "2 parsec"; };\n',
                 [r"thingd\.conf:1", r"mqtt\.max_packet"]),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_bad_config_is_refused_by_name(make_hub, tmp_path, case):
    text, wanted = BAD_CONFIGS[case]
    hub = make_hub(config=write_config(tmp_path, text))
    code, log = run_failing(hub)
    assert code == 2, log
    for pattern in wanted:
        assert re.search(pattern, log), f"{pattern} is not in:\n{log}"


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_check_tells_the_same(tmp_path, case):
    text, wanted = BAD_CONFIGS[case]
    path = write_config(tmp_path, text)
    done = Hub(tmp_path / "data").cli("check", "-c", path, check=False)
    assert done.returncode in (1, 2)
    for pattern in wanted:
        assert re.search(pattern, done.stdout + done.stderr), done.stdout + done.stderr


def test_check_tells_all_errors(tmp_path):
    path = write_config(tmp_path,
                        'mqtt = {\n one = 1;\n two = 2;\n};\nlog = { level = "loud"; };\n')
    done = Hub(tmp_path / "data").cli("check", "-c", path, check=False)
    said = done.stdout + done.stderr
    for line in (2, 3, 5):
        assert f"thingd.conf:{line}" in said, said


def test_check_accepts_a_good_file(tmp_path):
    path = write_config(tmp_path, 'mqtt = { max_packet = "4m"; };\n')
    Hub(tmp_path / "data").cli("check", "-c", path)


@pytest.mark.parametrize("setting", ["mqtt.max_pakcet=1m", "mqtt.max_packet", "=1", "a.b.c.d=1"])
def test_bad_set(make_hub, setting):
    code, log = run_failing(make_hub(sets=[setting]))
    assert code == 2, log
    assert setting.split("=")[0] in log


def test_missing_config_file(make_hub, tmp_path):
    code, log = run_failing(make_hub(config=tmp_path / "none.conf"))
    assert code == 2, log
    assert "none.conf" in log


def test_file_environment_and_set_in_this_order(make_hub, tmp_path, monkeypatch):
    path = write_config(tmp_path, 'hub = { region = "file"; account = "111111111111"; };\n')
    hub = make_hub(config=path, sets=["hub.account=333333333333"])
    environment = hub.environment() | {"THINGD_HUB__REGION": "environment",
                                       "THINGD_HUB__ACCOUNT": "222222222222"}
    monkeypatch.setattr(hub, "environment", lambda: environment)
    hub.start()
    made = hub.boto3("iot").create_thing(thingName="x")
    assert made["thingArn"] == "arn:aws:iot:environment:333333333333:thing/x"


def test_unknown_command(tmp_path):
    hub = Hub(tmp_path / "data")
    for words in (["nonsense"], ["thing", "nonsense"], ["thing", "add"], ["rule", "create"]):
        done = hub.cli(*words, check=False)
        assert done.returncode == 2, (words, done.stderr)
        assert done.stderr.strip()


def test_command_without_a_hub(tmp_path):
    done = Hub(tmp_path / "data").cli("thing", "list", check=False)
    assert done.returncode == 1
    assert done.stderr.strip()


def test_refused_command(hub):
    done = hub.cli("rule", "create", "broken", "--sql", "SELECT nosuch(1) FROM 'a'", "--republish",
                   "b", check=False)
    assert done.returncode == 1
    assert "nosuch" in done.stderr


# ---- one hub a directory


def test_second_hub_on_the_same_directory_is_refused(fresh_hub, make_hub, name):
    second = make_hub(data_dir=fresh_hub.dir)
    code, log = run_failing(second)
    assert code == 1, log
    assert re.search(r"lock|in use|another", log, re.IGNORECASE), log
    mosq_pub(fresh_hub, name, "still here", qos=1)
    assert fresh_hub.cli("thing", "list").returncode == 0


def test_stale_socket_and_lock_of_a_killed_hub(fresh_hub, name):
    fresh_hub.kill9()
    assert os.path.exists(fresh_hub.socket_path)
    fresh_hub.start()
    mosq_pub(fresh_hub, name, "x", qos=1, listener="unix")


def test_taken_port_is_named(fresh_hub, make_hub):
    port = fresh_hub.port("mqtt")
    code, log = run_failing(make_hub(sets=[f"listener.mqtt.port={port}"]))
    assert code == 1, log
    assert str(port) in log and "mqtt" in log


def test_too_long_socket_path_is_named(make_hub, tmp_path):
    deep = tmp_path / ("d" * 120)
    code, log = run_failing(make_hub(data_dir=deep))
    assert code in (1, 2), log
    assert "thingd.sock" in log


# ---- stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_with_clients(fresh_hub, name, number):
    hub = fresh_hub
    clients = [hub.raw(listener) for listener in ("mqtt", "http", "unix")]
    for i, raw in enumerate(clients):
        raw.connect(f"{name}-{i}")
    thing = hub.add_thing(name)
    clients.append(hub.raw("mqtts", thing))
    clients[-1].connect(name)
    clients += [hub.raw("mqtt"), hub.raw("mqtts", thing)]  # connected, and silent
    hub.process.send_signal(number)
    assert hub.wait_exit(hublib.STOP_TIMEOUT) == 0, hub.tail()
    for raw in clients:
        raw.wait_closed()
        raw.close()


def test_port_is_free_after_the_end(fresh_hub, make_hub):
    port = fresh_hub.port("mqtt")
    with fresh_hub.raw() as raw:
        raw.connect("x")
        fresh_hub.terminate()
        raw.wait_closed()
    hub = make_hub(sets=[f"listener.mqtt.port={port}"]).start()
    assert hub.port("mqtt") == port


# ---- reload


def test_reload_with_a_bad_config_changes_nothing(make_hub, tmp_path, name):
    path = write_config(tmp_path, 'log = { level = "info"; };\n')
    hub = make_hub(config=path).start()
    with hub.raw() as raw:
        raw.connect(name)
        raw.subscribe(name)
        mark = hub.mark()
        path.write_text('log = { level = "loud"; };\n')
        hub.reload()
        hub.wait_line(r"thingd\.conf:1", "loud", since=mark)
        mosq_pub(hub, name, "still here", qos=1)
        assert raw.expect_publish()[0].payload == b"still here"
    assert hub.alive()


def test_reload_changes_limits(make_hub, tmp_path, name):
    path = write_config(tmp_path, 'mqtt = { max_packet = "1m"; };\n')
    hub = make_hub(config=path).start()
    payload = "x" * 100_000
    with hub.mqtt(name) as client:
        client.publish(name, payload, 1)
    mark = hub.mark()
    path.write_text('mqtt = { max_packet = "10k"; };\n')
    hub.reload()
    hub.wait_line("reload", since=mark)
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(hublib.publish_packet(name, payload, 1, mid=1))
        assert raw.wait_closed() == b""


def test_reload_tells_what_needs_a_restart(make_hub, tmp_path):
    path = write_config(tmp_path, 'store = { linger = "5ms"; };\n')
    hub = make_hub(config=path).start()
    mark = hub.mark()
    path.write_text('store = { linger = "50ms"; };\n')
    hub.reload()
    hub.wait_line(r"store\.linger", since=mark)


# ---- health of the store


def test_damaged_database_is_refused(fresh_hub):
    hub = fresh_hub
    hub.terminate()
    database = hub.dir / "thingd.db"
    for side in ("-wal", "-shm"):
        (hub.dir / f"thingd.db{side}").unlink(missing_ok=True)
    good = database.read_bytes()
    database.write_bytes(b"this is no database" * 100)
    code, log = run_failing(hub)
    assert code == 1, log
    assert "thingd.db" in log
    database.write_bytes(good)
    hub.start()


def test_newer_database_is_refused(fresh_hub):
    hub = fresh_hub
    hub.terminate()
    with sqlite3.connect(hub.dir / "thingd.db") as db:
        known = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("PRAGMA user_version = 9999")
    db.close()
    code, log = run_failing(hub)
    assert code == 1, log
    assert re.search("newer", log), log
    with sqlite3.connect(hub.dir / "thingd.db") as db:
        db.execute(f"PRAGMA user_version = {known}")
    db.close()
    hub.start()
