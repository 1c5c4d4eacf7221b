#!/usr/bin/python3
"""A home's own cloud in a minute: the hub is started in an empty folder, a thermostat is added,
talks with its certificate, trips a rule, follows its shadow, and all of it survives a kill.

    THINGD_BIN=build/test/thingd tests/demo/demo.py

Each step says what is done and gets a check mark when it came out as promised. Exit code 0: all
did.
Needs mosquitto-clients, curl, openssl, and Debian's python3-boto3 and python3-paho-mqtt."""

import json
import os
import pathlib
import shlex
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import hublib  # noqa: E402
from hublib import Failure, curl, mosq_pub, mosq_sub  # noqa: E402

THING = "thermostat-1"
TELEMETRY = f"device/{THING}/telemetry"
SHADOW = f"$aws/things/{THING}/shadow"
SQL = ("SELECT temperature, topic(2) AS device FROM 'device/+/telemetry' "
       "WHERE temperature > 30")
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
GREEN, RED, DIM, PLAIN = ("\033[32m", "\033[31m", "\033[2m", "\033[0m") if COLOUR else ("",) * 4


def say(text):
    print(text, flush=True)


def shell(*words):
    """Shows a command as one would type it."""
    say(f"    {DIM}$ {shlex.join(map(str, words))}{PLAIN}")


def must(truth, text):
    if not truth:
        raise Failure(text)


class Demo:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.hub = hublib.Hub(self.folder / "data")
        self.thing = None

    def command(self, *words):
        """Runs and shows a thingd command."""
        shell("thingd", *words)
        return self.hub.cli(*words)

    def hot_lines(self):
        path = self.hub.dir / "files" / "hot.jsonl"
        return path.read_text().splitlines() if path.exists() else []

    def read_shadow(self):
        payload = self.hub.boto3("iot-data").get_thing_shadow(thingName=THING)["payload"]
        return json.loads(payload.read())

    # the steps, in order

    def starts(self):
        """The hub starts in an empty folder and makes its own CA, certificates and administrator"""
        shell("thingd", "serve")
        begin = time.monotonic()
        self.hub.start()
        ports = {name: self.hub.port(name) for name in ("mqtt", "http", "mqtts", "https")}
        return f"ready after {time.monotonic() - begin:.2f} s: " + \
            ", ".join(f"{name} {port}" for name, port in ports.items())

    def adds_thing(self):
        """A thermostat is registered and gets a certificate of its own"""
        shell("thingd", "thing", "add", THING, "--type", "thermostat", "--attr", "room=attic",
              "--out", "thermostat")
        self.thing = self.hub.add_thing(THING, "--type", "thermostat", "--attr", "room=attic",
                                        out=self.folder / "thermostat")
        files = sorted(p.name for p in (self.folder / "thermostat").iterdir())
        return "files: " + ", ".join(files)

    def creates_rule(self):
        """A rule picks the hot readings out, writes them to a file and republishes them"""
        self.command("rule", "create", "hot", "--sql", SQL, "--file", "hot.jsonl",
                     "--republish", "hot/alerts")

    def sends_readings(self):
        """The thermostat sends 100 readings over mutual TLS, of which 40 are hot"""
        readings = [{"temperature": 31 + i / 10 if i % 5 in (0, 2) else 20 + i / 10}
                    for i in range(100)]
        hot = [r for r in readings if r["temperature"] > 30]
        must(len(hot) == 40, "the demo cannot count")
        shell("mosquitto_pub", "--cafile", "root-ca.pem", "--cert", f"{THING}.cert.pem", "--key",
              f"{THING}.private.key", "-i", THING, "-t", TELEMETRY, "-q", 1, "-l")
        with mosq_sub(self.hub, "hot/alerts", count=40, qos=1) as alerts:
            mosq_pub(self.hub, TELEMETRY, qos=1, identity=self.thing,
                     lines=[json.dumps(r) for r in readings])
            got = [m.json() for m in alerts.messages()]
        wanted = [{**r, "device": THING} for r in hot]
        must(got == wanted, f"other alerts than expected: {got[:3]} ...")
        self.hub.eventually(lambda: len(self.hot_lines()) >= 40, "40 lines in hot.jsonl")
        must([json.loads(line) for line in self.hot_lines()] == wanted, "other lines in hot.jsonl")
        return f"40 alerts on hot/alerts, 40 lines in hot.jsonl; the last: {self.hot_lines()[-1]}"

    def reports(self):
        """The thermostat reports its state to its shadow"""
        with mosq_sub(self.hub, f"{SHADOW}/update/accepted", qos=1) as accepted:
            mosq_pub(self.hub, f"{SHADOW}/update", '{"state":{"reported":{"target":20}}}', qos=1,
                     identity=self.thing)
            answer = accepted.messages()[0].json()
        must(answer["state"] == {"reported": {"target": 20}}, f"odd answer: {answer}")
        return f"accepted as version {answer['version']}"

    def wants_warmth(self):
        """Somebody wants 23 degrees, and the thermostat is told the difference"""
        with mosq_sub(self.hub, f"{SHADOW}/update/delta", qos=1, identity=self.thing) as delta:
            self.command("shadow", "update", THING, '{"state":{"desired":{"target":23}}}')
            message = delta.messages()[0].json()
        must(message["state"] == {"target": 23}, f"odd delta: {message}")
        return f"delta at the thermostat: {json.dumps(message['state'])}"

    def reads_back(self):
        """curl with a token and boto3 with a key read the same shadow"""
        shell("curl", "--cacert", "root-ca.pem", "-H", "Authorization: Bearer ...",
              f"https://127.0.0.1:{self.hub.port('https')}/things/{THING}/shadow")
        by_curl = json.loads(curl(self.hub, f"/things/{THING}/shadow",
                                  token=self.hub.admin["token"]).stdout)
        by_boto3 = self.read_shadow()
        for document in (by_curl, by_boto3):
            document.pop("timestamp")
        must(by_curl == by_boto3, f"they differ: {by_curl} {by_boto3}")
        return json.dumps(by_curl["state"])

    def refuses_stranger(self):
        """A certificate that nobody registered is refused, and the log says why"""
        stranger = hublib.self_made_identity(self.folder / "stranger", THING, self.hub.ca)
        mark = self.hub.mark()
        done = mosq_pub(self.hub, TELEMETRY, "{}", qos=1, identity=stranger, check=False)
        must(done.returncode != 0, "the stranger was let in")
        return told(self.hub.wait_refused("certificate", since=mark))

    def refuses_publish(self):
        """The thermostat speaks in another's name: refused, and the log says why"""
        mark = self.hub.mark()
        with self.hub.raw("mqtts", self.thing) as raw:
            raw.connect(THING)
            raw.send(hublib.publish_packet("device/oven/telemetry", "{}", 1, mid=1))
            must(raw.wait_closed() == b"", "it was acknowledged")
        return told(self.hub.wait_refused("device/oven/telemetry", since=mark))

    def survives(self):
        """kill -9, and start again: nothing that was acknowledged is lost"""
        before = self.read_shadow()
        shell("kill", "-9", self.hub.process.pid)
        self.hub.kill9()
        shell("thingd", "serve")
        self.hub.start()
        iot = self.hub.boto3("iot")
        thing = iot.describe_thing(thingName=THING)
        must(thing["attributes"] == {"room": "attic"}, "the thing has changed")
        must(iot.get_topic_rule(ruleName="hot")["rule"]["sql"] == SQL, "the rule has changed")
        after = self.read_shadow()
        must(after["state"] == before["state"] and after["version"] == before["version"],
             f"the shadow has changed: {before} {after}")
        with mosq_sub(self.hub, "hot/alerts", qos=1) as alerts:
            mosq_pub(self.hub, TELEMETRY, '{"temperature":35}', qos=1, identity=self.thing)
            alerts.messages()
        self.hub.eventually(lambda: len(self.hot_lines()) == 41, "41 lines in hot.jsonl")
        return f"thing, rule and shadow (version {after['version']}) are there, and the rule fires"

    def stops(self):
        """SIGTERM: the hub says goodbye to its clients and ends with 0"""
        self.hub.terminate()
        must(not self.hub.sanitizer_reports(), "a sanitizer has something to report")

    STEPS = (starts, adds_thing, creates_rule, sends_readings, reports, wants_warmth, reads_back,
             refuses_stranger, refuses_publish, survives, stops)


def told(line):
    """A JSON log line as its values."""
    record = json.loads(line) if line.startswith("{") else {"message": line}
    record.pop("time", None)
    return "log: " + " ".join(f"{k}={v}" for k, v in record.items() if v != "")


def main():
    with tempfile.TemporaryDirectory(prefix="thingd-demo-") as folder:
        demo = Demo(folder)
        try:
            for number, step in enumerate(Demo.STEPS, 1):
                say(f"{number:2}. {step.__doc__}.")
                outcome = step(demo)
                say(f"  {GREEN}✓{PLAIN} {outcome or 'done'}")
        except Exception as error:  # whatever it is, the demo has failed and says where
            say(f"  {RED}✗{PLAIN} {type(error).__name__}: {error}")
            return 1
        finally:
            demo.hub.remove()
    say(f"{GREEN}All {len(Demo.STEPS)} steps came out as promised.{PLAIN}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
