"""Every command of `thingd help`, against a hub that runs, and some against one that does not.

Exit codes: 0 done, 1 refused or failed with the reason on stderr, 2 bad usage.
"""

import json
import os
import pathlib
import re
import stat

import pytest

import hublib
import provlib
from hublib import Failure, Hub, curl, mosq_pub, mosq_sub

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["iot:Connect", "iot:Publish", "iot:Subscribe", "iot:Receive"],
     "Resource": "*"}]})


def done(hub, *words, **more):
    """The lines of what a command prints; it must be readable, and end with 0."""
    text = hub.cli(*words, **more).stdout
    assert text.endswith("\n") or not text
    assert "\x1b" not in text and "(null)" not in text and "\t" not in text, text
    assert not [line for line in text.splitlines() if line != line.rstrip()], text
    return text.splitlines()


def object_of(hub, *words, **more):
    """What a command prints with --json: one value."""
    return json.loads(hub.cli(*words, "--json", **more).stdout)


def refused(hub, *words, code=1, **more):
    """Why a command was refused: a line that begins with the command, nothing on stdout."""
    result = hub.cli(*words, check=False, **more)
    assert result.returncode == code, (words, result.stdout, result.stderr)
    assert result.stdout == "", result.stdout
    first = result.stderr.splitlines()[0]
    assert first.startswith("thingd"), result.stderr
    return result.stderr


def table(lines):
    """Rows of a table as dicts; columns are told by the places of the titles."""
    places = [(m.group(), m.start()) for m in re.finditer(r"[A-Z]+", lines[0])]
    ends = [start for _, start in places[1:]] + [None]
    return [{title: line[start:end].strip() for (title, start), end in zip(places, ends)}
            for line in lines[1:]]


def fields(lines):
    """Lines of "title  value" as a dict."""
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines)


@pytest.fixture
def policy_file(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(POLICY)
    return path


# ---- help, usage


def commands():
    """Names of all commands, from the program's own help."""
    text = hublib.run(hublib.binary(), "help").stdout
    part = text.split("commands:\n")[1].split("\n\n")[0]
    return [re.match(r"  ((?:[a-z-]+ ?)+)", line)[1].strip() for line in part.splitlines()]


def test_help_names_the_commands():
    names = commands()
    assert len(names) == len(set(names)) > 30
    for group in ("serve", "init", "check", "status", "thing add", "type list", "cert list",
                  "policy create", "rule create", "shadow get", "key create", "token create",
                  "user add"):
        assert group in names


@pytest.mark.parametrize("command", commands())
def test_help_of_each_command(command):
    ways = [["help", *command.split()], [*command.split(), "--help"], [*command.split(), "-h"]]
    if command in ("pub", "sub"):
        ways[2] = [*command.split(), "--qos", "0", "--help"]  # -h is the host, as with mosquitto
    texts = [hublib.run(hublib.binary(), *way).stdout for way in ways]
    assert texts[0] == texts[1] == texts[2]
    assert texts[0].startswith(f"usage: thingd {command}")
    for flag in ("--data", "--json"):
        assert flag in texts[0] or command in ("serve",)


BAD_USAGE = [
    ["nonsense"], ["thing"], ["thing", "nonsense"], ["thing", "add"], ["thing", "add", "a", "b"],
    ["thing", "list", "superfluous"], ["thing", "list", "--nonsense"], ["thing", "list", "-x"],
    ["thing", "list", "--type"], ["thing", "add", "a", "--attr", "x"], ["thing", "add", "a b"],
    ["policy", "create", "p"], ["policy", "attach", "p"], ["rule", "create", "r"],
    ["rule", "create", "r", "--sql", "SELECT * FROM 'a'"], ["rule", "test", "--topic", "a"],
    ["rule", "test", "--sql", "SELECT * FROM 'a'"], ["shadow", "update", "x"],
    ["key", "delete"], ["key", "list", "--name", "x"], ["token", "create", "--expires", "soon"],
    ["token", "create", "--expires", "-1h"], ["user", "add"], ["check"], ["serve", "superfluous"],
    ["serve", "--set"], ["serve", "--set", "nonsense"], ["serve", "--set", "no.such=1"],
    ["help", "nonsense"], ["--nonsense"], ["-d"], ["status", "--json=yes"],
    ["rule", "create", "r", "--sql", "x", "--republish", "t", "--qos", "7"],
    ["rule", "create", "r", "--sql", "x", "--republish", "t", "--qos", "one"],
]


@pytest.mark.parametrize("words", BAD_USAGE, ids=" ".join)
def test_bad_usage(tmp_path, words):
    hub = Hub(tmp_path / "data")
    result = hub.cli(*words, check=False)
    assert result.returncode == 2, (result.returncode, result.stdout, result.stderr)
    assert result.stdout == "" and result.stderr.startswith("thingd"), result.stderr
    assert not hub.dir.exists()


def test_close_words_are_suggested(tmp_path):
    result = hublib.run(hublib.binary(), "thing", "lsit", check=False)
    assert result.returncode == 2 and "lsit" in result.stderr
    result = hublib.run(hublib.binary(), "thing", "list", "--tpye", "x", check=False)
    assert result.returncode == 2 and "--tpye" in result.stderr


def test_version():
    text = hublib.run(hublib.binary(), "--version").stdout
    assert re.fullmatch(r"thingd \d+\.\d+\.\d+\S*\n", text)
    assert hublib.run(hublib.binary(), "-V").stdout == text


@pytest.mark.parametrize("command", [
    "status", "thing list", "type list", "cert list", "policy list", "rule list", "shadow get x"])
def test_without_a_hub(tmp_path, command):
    hub = Hub(tmp_path / "data")
    assert str(hub.dir) in refused(hub, *command.split())
    assert not hub.dir.exists()


def test_output_that_nobody_reads(hub, name):
    """A full pipe, or none, ends a command; it does not crash it."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = hublib.subprocess.run(
            [hub.program, "-d", str(hub.dir), "policy", "list"], stdout=full,
            stderr=hublib.subprocess.PIPE, env=hub.environment(), check=False, text=True)
    assert result.returncode == 1 and result.stderr, "it says that it is done, and nothing is"
    assert not hublib.SANITIZER.search(result.stderr)


# ---- status, check, init


def test_status(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe(name, 1)
        shown = fields(done(hub, "status"))
        told = object_of(hub, "status")
    assert shown["version"] == told["version"] and shown["ready"] == "true"
    assert shown["dataDir"] == told["dataDir"] == str(hub.dir)
    assert told["ready"] is True and told["store"]["failing"] is False
    assert told["mqttClients"] == 1 and told["subscriptions"] == 1
    assert int(shown["connections"]) >= 1


def test_data_directory_from_the_environment(hub):
    environment = {**hub.environment(), "THINGD_DATA": str(hub.dir)}
    result = hublib.subprocess.run([hub.program, "status", "--json"], env=environment, check=False,
                                   capture_output=True, text=True)
    assert result.returncode == 0 and json.loads(result.stdout)["dataDir"] == str(hub.dir)


def test_check(tmp_path):
    good, bad = tmp_path / "good.conf", tmp_path / "bad.conf"
    good.write_text('mqtt = { max_packet = "1m"; };\n')
    bad.write_text('mqtt = {\n  max_packet = "loud";\n  nonsense = 1;\n};\n')
    hub = Hub(tmp_path / "data")
    assert hub.cli("check", "-c", good).returncode == 0
    reason = hub.cli("check", "-c", bad, check=False)
    assert reason.returncode == 2
    assert "bad.conf:2" in reason.stderr and "bad.conf:3" in reason.stderr
    assert hub.cli("check", "-c", good, "--set", "log.level=debug").returncode == 0
    assert hub.cli("check", "-c", good, "--set", "log.level=loud", check=False).returncode == 2
    missing = hub.cli("check", "-c", tmp_path / "missing.conf", check=False)
    assert missing.returncode in (1, 2) and "missing.conf" in missing.stderr
    assert not hub.dir.exists()


def test_init(make_hub):
    hub = make_hub()
    told = object_of(hub, "init")
    assert set(told) >= {"dataDir", "caFile", "accessKeyId", "secretAccessKey", "token"}
    assert os.path.exists(told["caFile"]) and told["dataDir"] == str(hub.dir)
    again = hub.cli("init", check=False)
    assert again.returncode in (0, 1)
    assert told["token"] not in again.stdout and told["secretAccessKey"] not in again.stdout
    hub.start()
    hub.admin = told
    assert hub.boto3("iot").list_things()["things"] == []
    answer = hub.request("GET", "/things", token=told["token"])
    assert answer.status_code == 200


def test_init_for_people(make_hub):
    hub = make_hub()
    text = "\n".join(done(hub, "init"))
    for word in ("CA", "key", "token", str(hub.dir)):
        assert word in text


def test_second_hub(hub):
    command = hub.command()
    result = hublib.subprocess.run(command, env=hub.environment(), capture_output=True, text=True,
                                   check=False, timeout=hublib.TIMEOUT)
    assert result.returncode == 1 and str(hub.dir) in result.stderr
    assert refused(hub, "init")
    assert done(hub, "status")


# ---- things, types, certificates


def test_thing(hub, name, tmp_path):
    added = fields(done(hub, "thing", "add", name, "--type", f"{name}-type", "--attr", "room=hall",
                        "--attr", "floor=1", "--out", tmp_path))
    assert added["thing"] == name and len(added["certificate id"]) == 64
    files = {f"{name}.cert.pem", f"{name}.private.key", "root-ca.pem"}
    assert {p.name for p in tmp_path.iterdir()} == files
    assert stat.S_IMODE((tmp_path / f"{name}.private.key").stat().st_mode) == 0o600

    assert "exists" in refused(hub, "thing", "add", name, "--out", tmp_path)

    row = [r for r in table(done(hub, "thing", "list")) if r["NAME"] == name][0]
    assert row["TYPE"] == f"{name}-type"
    assert set(row["ATTRIBUTES"].split()) == {"room=hall", "floor=1"}
    listed = object_of(hub, "thing", "list", "--type", f"{name}-type")["things"]
    assert [t["thingName"] for t in listed] == [name]
    assert listed[0]["attributes"] == {"room": "hall", "floor": "1"}
    assert object_of(hub, "thing", "list", "--attr", "room=attic")["things"] == []

    shown = fields(done(hub, "thing", "show", name))
    assert shown["name"] == name and shown["type"] == f"{name}-type"
    assert added["certificate id"] in shown["principals"]
    told = object_of(hub, "thing", "show", name)
    assert told["principals"] == [shown["principals"]]
    assert "does not exist" in refused(hub, "thing", "show", f"{name}-nobody")

    identity = hublib.Identity(name, str(tmp_path / f"{name}.cert.pem"),
                               str(tmp_path / f"{name}.private.key"),
                               str(tmp_path / "root-ca.pem"))
    mosq_pub(hub, f"device/{name}/t", "x", qos=1, identity=identity)

    assert "attached" in refused(hub, "thing", "delete", name)
    done(hub, "thing", "delete", name, "--certs")
    assert refused(hub, "thing", "show", name)
    assert refused(hub, "cert", "show", added["certificate id"])
    assert mosq_pub(hub, f"device/{name}/t", "x", identity=identity, check=False).returncode != 0


def test_thing_as_json(hub, name, tmp_path):
    told = object_of(hub, "thing", "add", name, "--out", tmp_path)
    assert told["thingName"] == name and told["thingArn"].endswith(f":thing/{name}")
    for member in ("certificateFile", "privateKeyFile", "caFile"):
        assert os.path.exists(told[member])
    again = object_of(hub, "thing", "add", name, "--out", tmp_path, "--force")
    assert again["certificateId"] != told["certificateId"] and again["thingId"] == told["thingId"]
    assert len(object_of(hub, "thing", "show", name)["principals"]) == 2


def test_failed_thing_leaves_nothing(hub, name, tmp_path):
    certificates = len(object_of(hub, "cert", "list")["certificates"])
    tmp_path.joinpath("file").write_text("no directory")
    reason = refused(hub, "thing", "add", name, "--out", tmp_path / "file")
    assert str(tmp_path / "file") in reason
    assert refused(hub, "thing", "show", name)
    assert len(object_of(hub, "cert", "list")["certificates"]) == certificates


def test_types_and_certificates(hub, name, tmp_path):
    told = object_of(hub, "thing", "add", name, "--type", name, "--out", tmp_path)
    cert = told["certificateId"]
    assert name in [row["NAME"] for row in table(done(hub, "type", "list"))]
    assert name in [t["thingTypeName"] for t in object_of(hub, "type", "list")["thingTypes"]]
    rows = {row["ID"]: row for row in table(done(hub, "cert", "list"))}
    assert rows[cert]["STATUS"] == "ACTIVE"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[cert]["CREATED"])
    assert cert in "\n".join(done(hub, "cert", "show", cert))
    shown = object_of(hub, "cert", "show", cert)["certificateDescription"]
    assert shown["status"] == "ACTIVE" and "BEGIN CERTIFICATE" in shown["certificatePem"]
    assert refused(hub, "cert", "show", "0" * 64)
    assert refused(hub, "cert", "show", "no id")
    assert refused(hub, "cert", "delete", cert)  # active, attached
    done(hub, "cert", "deactivate", cert)
    assert object_of(hub, "cert", "show", cert)["certificateDescription"]["status"] == "INACTIVE"
    assert refused(hub, "cert", "delete", cert)  # still attached to the thing
    done(hub, "thing", "delete", name, "--certs")
    assert refused(hub, "cert", "show", cert)


# ---- policies


def test_policy(hub, name, policy_file, tmp_path):
    assert done(hub, "policy", "create", name, policy_file) == [f"policy {name} created"]
    assert "exists" in refused(hub, "policy", "create", name, policy_file)
    told = object_of(hub, "policy", "create", f"{name}-2", "-", stdin=POLICY)
    assert told["policyName"] == f"{name}-2"
    assert {name, f"{name}-2"} <= {row["NAME"] for row in table(done(hub, "policy", "list"))}
    assert name in [p["policyName"] for p in object_of(hub, "policy", "list")["policies"]]

    thing = object_of(hub, "thing", "add", f"{name}-thing", "--out", tmp_path)
    user = f"{name}-user"
    done(hub, "user", "add", user, "--password-stdin", stdin="long enough for anybody")
    key = object_of(hub, "key", "create")["accessKeyId"]
    token = object_of(hub, "token", "create")["tokenId"]
    targets = {f"{name}-thing": thing["certificateArn"], user: f":user/{user}", key: f":key/{key}",
               token: f":token/{token}", thing["certificateId"]: thing["certificateArn"]}
    for target, arn in targets.items():
        done(hub, "policy", "attach", name, target)
        assert any(t.endswith(arn) for t in object_of(hub, "policy", "show", name)["targets"])
        assert "attached" in refused(hub, "policy", "delete", name)
        done(hub, "policy", "detach", name, target)
        assert object_of(hub, "policy", "show", name)["targets"] == []
    assert "nobody" in refused(hub, "policy", "attach", name, "nobody")
    assert refused(hub, "policy", "attach", f"{name}-none", user)

    document = object_of(hub, "policy", "show", name)["policyDocument"]
    assert json.loads(document) == json.loads(POLICY)
    shown = "\n".join(done(hub, "policy", "show", name))
    assert json.loads(shown[shown.index("{"):]) == json.loads(POLICY)
    done(hub, "policy", "delete", name)
    assert refused(hub, "policy", "show", name)


def test_bad_policy_is_explained(hub, name, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps"}]}')
    assert refused(hub, "policy", "create", name, bad)
    bad.write_text("{")
    assert hub.cli("policy", "create", name, bad, check=False).returncode in (1, 2)
    missing = hub.cli("policy", "create", name, tmp_path / "missing", check=False)
    assert missing.returncode in (1, 2) and "missing" in missing.stderr
    assert refused(hub, "policy", "show", name)


# ---- rules


def test_rule(hub, name):
    rule = re.sub(r"\W", "_", name)
    assert done(hub, "rule", "create", rule, "--sql", f"SELECT t FROM '{name}/in'", "--republish",
                f"{name}/out", "--qos", "1", "--file", f"{name}.log", "--description",
                "for a test") == [f"rule {rule} created"]
    assert "exists" in refused(hub, "rule", "create", rule, "--sql", "SELECT * FROM 'a'",
                               "--republish", "b")
    rows = {row["NAME"]: row for row in table(done(hub, "rule", "list"))}
    assert rows[rule]["TOPIC"] == f"{name}/in" and rows[rule]["DISABLED"] == ""
    shown = fields(done(hub, "rule", "show", rule))
    assert shown["description"] == "for a test" and "republish" in shown["actions"]
    told = object_of(hub, "rule", "show", rule)["rule"]
    assert {next(iter(a)) for a in told["actions"]} == {"republish", "file"}

    with mosq_sub(hub, f"{name}/out", count=1, qos=1) as sub:
        mosq_pub(hub, f"{name}/in", '{"t":1}', qos=1)
        assert sub.messages()[0].payload == b'{"t":1}'
    path = hub.dir / "files" / f"{name}.log"
    hub.eventually(lambda: path.exists() and path.read_text(), "the line")
    assert json.loads(path.read_text()) == {"t": 1}

    done(hub, "rule", "disable", rule)
    assert object_of(hub, "rule", "show", rule)["rule"]["ruleDisabled"] is True
    rows = {row["NAME"]: row for row in table(done(hub, "rule", "list"))}
    assert rows[rule]["DISABLED"] == "yes"
    mosq_pub(hub, f"{name}/in", '{"t":2}', qos=1)
    done(hub, "rule", "enable", rule)
    with mosq_sub(hub, f"{name}/out", count=1, qos=1) as sub:
        mosq_pub(hub, f"{name}/in", '{"t":3}', qos=1)
        assert sub.messages()[0].payload == b'{"t":3}', "it ran while it was disabled"
    done(hub, "rule", "delete", rule)
    assert refused(hub, "rule", "show", rule)
    assert rule not in [r["ruleName"] for r in object_of(hub, "rule", "list")["rules"]]


def test_disabled_rule_and_error_action(hub, name):
    rule = re.sub(r"\W", "_", name)
    done(hub, "rule", "create", rule, "--sql", f"SELECT * FROM '{name}/in'", "--file",
         "${nosuch}/x", "--error-republish", f"{name}/error", "--disabled")
    assert object_of(hub, "rule", "show", rule)["rule"]["ruleDisabled"] is True
    done(hub, "rule", "enable", rule)
    with mosq_sub(hub, f"{name}/error", count=1, qos=1) as sub:
        mosq_pub(hub, f"{name}/in", "{}", qos=1)
        report = sub.messages()[0].json()
    assert report["ruleName"] == rule and report["failures"]
    done(hub, "rule", "delete", rule)


def test_bad_rules_are_explained(hub, name):
    rule = re.sub(r"\W", "_", name)
    for words, reason in (
            (["--sql", "SELECT avgg(x) FROM 'a'", "--republish", "b"], "avgg"),
            (["--sql", "SELECT", "--republish", "b"], "column"),
            (["--sql", "SELECT * FROM 'a/#/b'", "--republish", "b"], "a/#/b"),
            (["--sql", "SELECT * FROM 'a'", "--republish", "b/#"], "wildcard"),
            (["--sql", "SELECT * FROM 'a'", "--file", "../x"], "path"),
            (["--sql", "SELECT * FROM 'a'", "--file", "/etc/x"], "path")):
        assert reason in refused(hub, "rule", "create", rule, *words), words
    assert refused(hub, "rule", "create", "bad name", "--sql", "SELECT * FROM 'a'", "--republish",
                   "b")
    for verb in ("show", "enable", "disable"):
        assert refused(hub, "rule", verb, f"{rule}_none")


def test_rule_dry_run(hub, tmp_path):
    words = ["rule", "test", "--sql", "SELECT a + 1 AS b, topic(2) AS t FROM 'x/+' WHERE a > 1",
             "--topic", "x/y", "--payload"]
    assert json.loads("\n".join(done(hub, *words, "-", stdin='{"a":2}'))) == {"b": 3, "t": "y"}
    assert object_of(hub, *words, "-", stdin='{"a":2}') == {"fired": True,
                                                            "output": {"b": 3, "t": "y"}}
    payload = tmp_path / "payload.json"
    payload.write_text('{"a":1}')
    assert object_of(hub, *words, payload) == {"fired": False}
    assert done(hub, *words, payload) == []
    assert hub.cli(*words, tmp_path / "missing", check=False).returncode in (1, 2)
    assert refused(hub, "rule", "test", "--sql", "SELECT FROM", "--topic", "x")


# ---- shadows


def test_shadow(hub, name, tmp_path):
    assert name in refused(hub, "shadow", "get", name)
    done(hub, "shadow", "update", name, '{"state":{"desired":{"on":true}}}')
    document = tmp_path / "document.json"
    document.write_text('{"state":{"reported":{"on":false}}}')
    done(hub, "shadow", "update", name, f"@{document}")
    told = object_of(hub, "shadow", "update", name, "-", stdin='{"state":{"reported":{"n":1}}}')
    assert told["version"] == 3
    printed, compact = json.loads("\n".join(done(hub, "shadow", "get", name))), object_of(hub, "shadow", "get", name)
    assert 0 <= compact.pop("timestamp") - printed.pop("timestamp")  # when it was asked for
    assert printed == compact
    assert object_of(hub, "shadow", "get", name)["state"] == {
        "desired": {"on": True}, "reported": {"on": False, "n": 1}, "delta": {"on": True}}
    assert refused(hub, "shadow", "get", name, "--name", "other")
    done(hub, "shadow", "update", name, "--name", "other", '{"state":{"reported":{"a":1}}}')
    assert object_of(hub, "shadow", "get", name, "--name", "other")["version"] == 1
    done(hub, "shadow", "delete", name)
    assert refused(hub, "shadow", "get", name)
    assert object_of(hub, "shadow", "get", name, "--name", "other")["version"] == 1
    assert refused(hub, "shadow", "update", name, '{"state":{"desired":{}},"version":77}')
    assert refused(hub, "shadow", "update", name, '{"state":7}')
    assert hub.cli("shadow", "update", name, "nonsense", check=False).returncode == 2
    assert hub.cli("shadow", "update", name, f"@{tmp_path}/missing", check=False).returncode \
        in (1, 2)


# ---- credentials, with a hub and without


@pytest.fixture(params=["running", "stopped"])
def either(request, make_hub):
    hub = make_hub().start()
    admin = hub.admin
    if request.param == "stopped":
        hub.terminate()
    yield hub, request.param == "running"
    if hub.process is None:
        hub.start()
    hub.admin = admin


def running(hub):
    if hub.process is None:
        hub.start()
    return hub


def test_key(either):
    hub, _ = either
    shown = fields(done(hub, "key", "create", "--name", "ci", "--admin"))
    told = object_of(hub, "key", "create", "--name", "other", "--policy", "UserDefault")
    assert told["arn"].endswith(f":key/{told['accessKeyId']}")
    rows = {row["ID"]: row for row in table(done(hub, "key", "list"))}
    assert rows[shown["access key id"]]["NAME"] == "ci"
    assert rows[shown["access key id"]]["ADMIN"] == "yes"
    assert rows[told["accessKeyId"]]["ADMIN"] == ""
    listed = object_of(hub, "key", "list")["accessKeys"]
    assert len(listed) == len(rows) == 3
    assert not any("secret" in member.lower() for one in listed for member in one)
    done(hub, "key", "disable", told["accessKeyId"])
    rows = {row["ID"]: row for row in table(done(hub, "key", "list"))}
    assert rows[told["accessKeyId"]]["STATUS"] == "INACTIVE"
    done(hub, "key", "enable", told["accessKeyId"])
    done(hub, "key", "delete", told["accessKeyId"])
    assert refused(hub, "key", "delete", told["accessKeyId"])
    assert refused(hub, "key", "create", "--policy", "no-such-policy")
    hub = running(hub)
    secret = shown["secret access key"]
    assert hub.boto3("iot", key=shown["access key id"], secret=secret).list_things()
    with pytest.raises(Exception, match="UnrecognizedClient|InvalidClient|403|Forbidden"):
        hub.boto3("iot", key=told["accessKeyId"], secret=told["secretAccessKey"]).list_things()


def test_token(either):
    hub, _ = either
    shown = fields(done(hub, "token", "create", "--name", "ci", "--admin"))
    told = object_of(hub, "token", "create", "--expires", "1h", "--policy", "UserDefault")
    ids = [row["ID"] for row in table(done(hub, "token", "list"))]
    assert {shown["token id"], told["tokenId"]} <= set(ids)
    listed = {one["tokenId"]: one for one in object_of(hub, "token", "list")["tokens"]}
    lasts = listed[told["tokenId"]]["expirationDate"] - listed[told["tokenId"]]["creationDate"]
    assert abs(lasts - 3600) < 2
    assert shown["token"] not in json.dumps(listed)
    done(hub, "token", "disable", told["tokenId"])
    done(hub, "token", "enable", told["tokenId"])
    done(hub, "token", "delete", told["tokenId"])
    assert refused(hub, "token", "delete", told["tokenId"])
    hub = running(hub)
    assert curl(hub, "/things", token=shown["token"]).returncode == 0
    assert curl(hub, "/things", token=told["token"], check=False).returncode != 0


def test_user(either):
    hub, _ = either
    made = object_of(hub, "user", "add", "ann")["password"]
    assert len(made) >= 16
    done(hub, "user", "add", "bob", "--password-stdin", stdin="correct horse battery\n")
    shown = fields(done(hub, "user", "add", "eve"))
    assert shown["user"] == "eve" and shown["password"]
    assert refused(hub, "user", "add", "dan", "--password-stdin", stdin="")
    names = {row["NAME"] for row in table(done(hub, "user", "list"))}
    assert names == {"ann", "bob", "eve"}
    assert "horse" not in hub.cli("user", "list", "--json").stdout
    done(hub, "user", "disable", "eve")
    done(hub, "user", "enable", "eve")
    done(hub, "user", "delete", "eve")
    assert refused(hub, "user", "delete", "eve")
    done(hub, "user", "add", "bob", "--password-stdin", stdin="another one, and longer")
    hub = running(hub)
    logins = [("ann", made, 0), ("bob", "another one, and longer", 0),
              ("bob", "correct horse battery", 4), ("eve", shown["password"], 4), ("bob", "", 4)]
    for user, password, code in logins:
        client = hub.mqtt(f"c-{user}", listener="mqtts", username=user, password=password)
        got = client.try_connect()
        assert got == code if code == 0 else got in (4, 5, None), (user, password, got)
        if got == 0:
            client.disconnect()


def test_template(hub, name):
    text = provlib.fleet_body(name)
    done(hub, "template", "create", name[:36], "-", stdin=text)
    shown = object_of(hub, "template", "show", name[:36])
    assert shown["enabled"] and json.loads(shown["templateBody"]) == json.loads(text)
    done(hub, "template", "disable", name[:36])
    rows = {row["NAME"]: row for row in table(done(hub, "template", "list"))}
    assert rows[name[:36]]["ENABLED"] == "" and rows[name[:36]]["TYPE"] == "FLEET_PROVISIONING"
    done(hub, "template", "enable", name[:36])
    assert refused(hub, "template", "create", name[:36], "-", stdin=text)
    assert "Resources" in refused(hub, "template", "create", "other", "-", stdin='{"Resources": 1}')
    done(hub, "template", "delete", name[:36])
    assert refused(hub, "template", "show", name[:36])


def test_what_was_made_offline_and_online_is_one(make_hub):
    """The two ways write the same rows."""
    hub = make_hub()
    hub.cli("init")
    offline = [object_of(hub, "key", "create", "--name", "off")["accessKeyId"],
               object_of(hub, "token", "create", "--name", "off")["tokenId"]]
    hub.start()
    online = [object_of(hub, "key", "create", "--name", "on")["accessKeyId"],
              object_of(hub, "token", "create", "--name", "on")["tokenId"]]
    while_running = [hub.cli(kind, "list", "--json").stdout for kind in ("key", "token", "user")]
    hub.terminate()
    while_stopped = [hub.cli(kind, "list", "--json").stdout for kind in ("key", "token", "user")]
    assert while_running == while_stopped
    for kind, one in zip(("key", "token"), offline):
        hub.cli(kind, "delete", one)
    hub.start()
    for kind, one in zip(("key", "token"), online):
        hub.cli(kind, "delete", one)
    assert len(object_of(hub, "key", "list")["accessKeys"]) == 1


def test_credentials_need_a_data_directory(tmp_path):
    hub = Hub(tmp_path / "data")
    for words in (["key", "create"], ["token", "list"], ["user", "add", "x"]):
        assert str(hub.dir) in refused(hub, *words)
    assert not hub.dir.exists()


def test_killed_hub_is_a_stopped_hub(fresh_hub):
    """Its socket is still there."""
    fresh_hub.kill9()
    assert os.path.exists(fresh_hub.socket_path)
    key = object_of(fresh_hub, "key", "create", "--admin")
    assert fresh_hub.cli("thing", "list", check=False).returncode == 1
    fresh_hub.start()
    assert fresh_hub.boto3("iot", key=key["accessKeyId"],
                           secret=key["secretAccessKey"]).list_things()


def test_names_that_look_like_something_else(hub, name, tmp_path):
    """Arguments after `--`, and those which would be paths or queries."""
    for odd in ("..", "a/b", "a?x=y", "a%2fb", "a b", "", "ü", "x" * 200, "-"):
        for command in (["thing", "show"], ["cert", "show"], ["policy", "show"], ["rule", "show"],
                        ["shadow", "get"], ["key", "delete"], ["user", "delete"]):
            result = hub.cli(*command, "--", odd, check=False)
            assert result.returncode in (1, 2), (command, odd, result.stdout)
            assert result.stderr.startswith("thingd"), (command, odd, result.stderr)


def test_many_things_are_listed_whole(hub, name):
    """More than one page."""
    iot = hub.boto3("iot")
    for i in range(260):
        iot.create_thing(thingName=f"{name}-{i:03}")
    listed = [t["thingName"] for t in object_of(hub, "thing", "list")["things"]]
    assert [t for t in listed if t.startswith(name)] == [f"{name}-{i:03}" for i in range(260)]
    assert len([line for line in done(hub, "thing", "list") if line.startswith(name)]) == 260


def test_bench_lists_its_scenarios(hub):
    listed = object_of(hub, "bench")
    names = [row["scenario"] for row in listed]
    assert "fan-in-0" in names and "latency" in names and len(set(names)) == len(names)
    assert [row["SCENARIO"] for row in table(done(hub, "bench"))] == names


def test_every_command_was_used():
    """The files here know all commands of the program."""
    folder = pathlib.Path(__file__).parent
    text = "".join(file.read_text(encoding="utf-8") for file in folder.glob("test_*.py"))
    for command in commands():
        words = ", ".join(f'"{word}"' for word in command.split())
        used = words in text or '"rule", verb' in text and command.startswith("rule ")
        elsewhere = ("pub", "sub", "serve", "key list", "token list", "user list")
        if command not in elsewhere and not used:
            raise Failure(f"no test uses 'thingd {command}'")
