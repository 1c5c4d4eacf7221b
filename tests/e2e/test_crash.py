"""Killed at a random moment, again and again: what was acknowledged is there.

    ./dev crash 100
    THINGD_CRASH_ROUNDS=100 THINGD_CRASH_SEED=7 python3 -m pytest tests/e2e/test_crash.py -s

Each round lets loose on one hub: publishers of QoS 1 and 2, retained messages, shadow updates over
REST and MQTT, subscriptions, new things, a rule which writes a file and republishes. It ends the
hub with SIGKILL and starts it again. Publishers then finish what was under way, as the standard
has them do: so QoS 1 may repeat, QoS 2 may not. They use the lowest free packet identifier, so an
identifier is used again as soon as its PUBCOMP has come.
"""

import json
import os
import random
import struct
import threading
import time

import pytest

import hublib
from hublib import (PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, TIMEOUT, UNSUBACK, Closed, Failure,
                    ack_packet, packet, publish_packet, text16)

ROUNDS = int(os.environ.get("THINGD_CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("THINGD_CRASH_SEED", str(random.SystemRandom().randrange(1 << 32))))
WINDOW = 20


class Worker(threading.Thread):
    """Something that goes on until the hub is gone, or until it has done what it had to."""

    def __init__(self):
        super().__init__(daemon=True)
        self.error = None
        self.last = None  # to be done, then stop

    def run(self):
        try:
            self.work()
        except (Closed, OSError):
            pass
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error

    def finished(self):
        self.join(TIMEOUT)
        assert not self.is_alive(), f"{self} hangs"
        if self.error:
            raise self.error


class Publisher:
    """A persistent session which publishes numbers, WINDOW of them under way."""

    def __init__(self, name, topic, qos, retain=False):
        self.name, self.topic, self.qos, self.retain = name, topic, qos, retain
        self.next = 1
        self.sent = {}  # number to what it waits for, in order
        self.mids = {}  # number to packet identifier, while it is under way
        self.acked = []  # completed ones
        self.raw = None

    def payload(self, number):
        return json.dumps({"n": number, "who": self.name})

    def begin(self):
        number, used = self.next, set(self.mids.values())
        self.next += 1
        self.mids[number] = next(mid for mid in range(1, 1 << 16) if mid not in used)
        self.sent[number] = PUBACK if self.qos == 1 else PUBREC
        self.send(number)

    def send(self, number, dup=False):
        self.raw.send(publish_packet(self.topic, self.payload(number), self.qos, self.retain,
                                     mid=self.mids[number], dup=dup))

    def connect(self, hub):
        self.raw = hub.raw()
        self.raw.connect(self.name, clean=False)

    def resend(self):
        """[MQTT-4.4.0-1]"""
        for number, state in self.sent.items():
            if state == PUBCOMP:
                self.raw.send(ack_packet(PUBREL, self.mids[number]))
            else:
                self.send(number, dup=True)

    def handle(self, first, body):
        """Each kind of acknowledgement comes in the order of what it acknowledges [MQTT-4.6.0-2], -3."""
        kind, mid = first >> 4, struct.unpack(">H", body)[0]
        number = next((n for n, waits_for in self.sent.items() if waits_for == kind), None)
        assert number is not None and self.mids[number] == mid, \
            f"{self.name}: {first:#x} of {mid} instead of {self.mids.get(number)}"
        if kind == PUBREC:
            self.sent[number] = PUBCOMP
            self.raw.send(ack_packet(PUBREL, mid))
            return
        del self.sent[number], self.mids[number]
        self.acked.append(number)

    def promised(self):
        """What the hub has to deliver, though it were never sent again."""
        return set(self.acked) | {n for n, state in self.sent.items() if state == PUBCOMP}

    def pump(self, stop=lambda: False):
        """Publishes until stop(), then completes what is under way."""
        while True:
            while len(self.sent) < WINDOW and not stop():
                self.begin()
            if not self.sent:
                return
            self.handle(*self.raw.read())


class PublisherLife(Worker):
    """A publisher in one life of the hub."""

    def __init__(self, publisher, more):
        super().__init__()
        self.publisher, self.more = publisher, more

    def work(self):
        try:
            self.publisher.pump(lambda: not self.more)
        finally:
            self.publisher.raw.close()


class Receiver:
    """A persistent session which counts what it gets, as the standard wants it for QoS 2."""

    def __init__(self, name, pattern, qos):
        self.name, self.pattern, self.qos = name, pattern, qos
        self.got = {}  # topic to the list of numbers
        self.unreleased = {}  # packet identifier to what came with it
        self.raw = None

    def connect(self, hub, subscribe=False):
        self.raw = hub.raw()
        present = self.raw.connect(self.name, clean=False)
        if subscribe:
            self.raw.subscribe(self.pattern, self.qos)
        else:
            assert present, f"the session of {self.name} is lost"

    def handle(self, first, body):
        kind = first >> 4
        if kind == PUBREL:
            self.unreleased.pop(body, None)
            self.raw.send(ack_packet(PUBCOMP, struct.unpack(">H", body)[0]))
            return
        assert kind == PUBLISH, kind
        size = struct.unpack_from(">H", body)[0]
        topic, mid, payload = body[2:2 + size].decode(), body[2 + size:4 + size], body[4 + size:]
        qos = first >> 1 & 3
        assert qos > 0
        known = self.unreleased.get(mid)
        assert known in (None, (topic, payload)), f"{known} is still unreleased: {topic} {payload}"
        if not known:
            self.got.setdefault(topic, []).append(json.loads(payload)["n"])
        if qos == 2:
            self.unreleased[mid] = topic, payload
        self.raw.send(ack_packet(PUBACK if qos == 1 else PUBREC, struct.unpack(">H", mid)[0]))

    def drain(self, enough):
        """Until enough(), and until nothing more is on its way."""
        while not enough():
            self.handle(*self.raw.read())
        while True:
            before = self.raw.ping()
            for one in before:
                self.handle(*one)
            if not before:
                return


class ReceiverLife(Worker):
    def __init__(self, receiver):
        super().__init__()
        self.receiver = receiver

    def work(self):
        try:
            while True:
                first, body = self.receiver.raw.read(TIMEOUT * 3)
                self.receiver.handle(first, body)
        finally:
            self.receiver.raw.close()


class RestShadow(Worker):
    """Counts up in a shadow over REST, and remembers the last version that was acknowledged."""

    def __init__(self, hub, thing, number):
        super().__init__()
        self.port, self.thing = hub.port("http"), thing
        self.number, self.version = number, 0

    def work(self):
        import http.client

        connection = http.client.HTTPConnection(hublib.HOST, self.port, TIMEOUT)
        try:
            while True:
                body = json.dumps({"state": {"reported": {"n": self.number + 1}}})
                connection.request("POST", f"/things/{self.thing}/shadow", body)
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, text
                self.number += 1
                self.version = json.loads(text)["version"]
        except http.client.HTTPException:
            pass
        finally:
            connection.close()


class MqttShadow(Worker):
    """The same over MQTT: accepted and PUBACK are two promises."""

    def __init__(self, hub, thing, number):
        super().__init__()
        self.topic = f"$aws/things/{thing}/shadow/update"
        self.raw = hub.raw()
        self.raw.connect(f"{thing}-device")
        self.raw.subscribe(f"{self.topic}/accepted", 0)
        self.number, self.version = number, 0

    def work(self):
        try:
            while True:
                wanted = self.number + 1
                self.raw.send(publish_packet(
                    self.topic, json.dumps({"state": {"reported": {"n": wanted}}}), 1, mid=1))
                for _ in range(2):
                    first, body = self.raw.read()
                    if first >> 4 == PUBLISH:
                        document = json.loads(body[2 + struct.unpack_from(">H", body)[0]:])
                        assert document["state"]["reported"]["n"] == wanted
                        self.version = document["version"]
                    self.number = wanted  # promised, whichever of the two it was
        finally:
            self.raw.close()


class Registrar(Worker):
    """Creates things over REST, and remembers those that were acknowledged."""

    def __init__(self, hub, first):
        super().__init__()
        self.port, self.token = hub.port("http"), hub.admin["token"]
        self.next, self.made = first, []

    def work(self):
        import http.client

        connection = http.client.HTTPConnection(hublib.HOST, self.port, TIMEOUT)
        try:
            while True:
                name = f"thing-{self.next}"
                self.next += 1
                connection.request("POST", f"/things/{name}", "{}",
                                   {"Authorization": f"Bearer {self.token}"})
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, text
                self.made.append(name)
        except http.client.HTTPException:
            pass
        finally:
            connection.close()


class Subscriptions(Worker):
    """A persistent session which subscribes and unsubscribes; `has` is what was acknowledged."""

    TOPICS = 30

    def __init__(self, hub, has):
        super().__init__()
        self.raw = hub.raw()
        self.raw.connect("subscriptions", clean=False)
        self.has = has
        self.doubt = None  # the topic whose acknowledgement has not come

    def work(self):
        number = 0
        try:
            while True:
                topic = f"s/{number * 7 % self.TOPICS}"
                number += 1
                self.doubt = topic
                if topic in self.has:
                    self.raw.send(packet(0xa2, b"\0\1" + text16(topic))).expect(UNSUBACK)
                    self.has.discard(topic)
                else:
                    assert self.raw.subscribe(topic, 1) == 1
                    self.has.add(topic)
                self.doubt = None
        finally:
            self.raw.close()

    def check(self, hub):
        """The session has these subscriptions and no others."""
        with hub.mqtt("subscriptions", clean=False) as client, hub.mqtt("asks") as asks:
            assert client.session_present
            for i in range(self.TOPICS):
                asks.publish(f"s/{i}", "?", 1)
            got = {m.topic for m in client.fence()}
            client.unsubscribe("fence/subscriptions")
        assert got ^ self.has <= {self.doubt}, (got, self.has, self.doubt)
        self.has.clear()
        self.has.update(got)


class Storm:
    """All of it, over the lives of one hub."""

    def __init__(self, hub):
        self.hub = hub
        self.publishers = [Publisher(f"q{qos}-{i}", f"c/q{qos}/{i}", qos)
                           for qos in (1, 2) for i in range(2)]
        self.keeper = Publisher("keeper", "kept/t", 1, retain=True)
        self.receivers = {(qos, kind): Receiver(f"{kind}-q{qos}", f"c/q{qos}/#", qos)
                          for qos in (1, 2) for kind in ("absent", "online")}
        self.receivers[1, "rule"] = Receiver("absent-rule", "r/#", 1)
        self.shadows = {"rest": (0, 0), "mqtt": (0, 0)}  # number, version
        self.registrar, self.made = None, []
        self.subscriptions, self.subscribed = None, set()
        hub.cli("rule", "create", "crash", "--sql", "SELECT n, who FROM 'c/q1/#'",
                "--file", "crash.log", "--max-bytes", str(1 << 30),
                "--republish", "r/${topic(3)}", "--qos", "1")
        for receiver in self.receivers.values():
            receiver.connect(hub, subscribe=True)
            receiver.raw.send(b"\xe0\0").wait_closed()

    def everyone(self):
        return [*self.publishers, self.keeper]

    def acked(self):
        return sum(len(p.acked) for p in self.everyone())

    def until_killed(self, dice):
        """One life. The end comes after so many acknowledgements, and a moment."""
        hub = self.hub
        for receiver in self.receivers.values():
            if receiver.name.startswith("online"):
                receiver.connect(hub)
        for publisher in self.everyone():
            publisher.connect(hub)
            publisher.resend()
        rest = RestShadow(hub, "rest", self.shadows["rest"][0])
        mqtt = MqttShadow(hub, "mqtt", self.shadows["mqtt"][0])
        workers = [ReceiverLife(r) for r in self.receivers.values() if r.name.startswith("online")]
        workers += [PublisherLife(p, True) for p in self.everyone()]
        self.registrar = Registrar(hub, self.registrar.next if self.registrar else 0)
        self.subscriptions = Subscriptions(hub, self.subscribed)
        workers += [rest, mqtt, self.registrar, self.subscriptions]
        enough = self.acked() + dice.randrange(10, 600)
        for worker in workers:
            worker.start()
        end = time.monotonic() + TIMEOUT
        while self.acked() < enough:
            for worker in workers:
                assert worker.is_alive(), (worker, worker.error, hub.tail())
            assert time.monotonic() < end, hub.tail()
            threading.Event().wait(0.001)
        threading.Event().wait(dice.random() * 0.02)
        hub.kill9()
        for worker in workers:
            worker.finished()
        self.made += self.registrar.made
        self.shadows = {"rest": (rest.number, max(rest.version, self.shadows["rest"][1])),
                        "mqtt": (mqtt.number, max(mqtt.version, self.shadows["mqtt"][1]))}

    # -- after the start

    def check_kept(self):
        """At once, before anybody repeats anything."""
        hub = self.hub
        with hub.raw() as raw:
            raw.connect("look")
            raw.subscribe("kept/#", 1)
            kept = json.loads(raw.expect_publish()[0].payload)["n"]
            assert self.keeper.acked[-1] <= kept < self.keeper.next, "retained"
        for thing, (number, version) in self.shadows.items():
            got = hub.request("GET", f"/things/{thing}/shadow", "http").json()
            assert got["version"] >= version, thing
            assert number <= got["state"]["reported"]["n"] <= number + 1, thing

        listed = json.loads(hub.cli("thing", "list", "--json").stdout)["things"]
        names = {thing["thingName"] for thing in listed}
        assert set(self.made) <= names, "things"
        self.subscriptions.check(hub)

    def check_acknowledged(self):
        """The absent have all that was acknowledged before the kill, though nobody repeats it."""
        for qos in (1, 2):
            absent = self.receivers[qos, "absent"]
            absent.connect(self.hub)
            wanted = {p.topic: p.promised() for p in self.publishers if p.qos == qos}
            absent.drain(lambda got=absent.got, wanted=wanted: all(
                numbers <= set(got.get(topic, ())) for topic, numbers in wanted.items()))
            absent.raw.close()

    def finish(self):
        """Publishers complete what was under way."""
        lives = []
        for publisher in self.everyone():
            publisher.connect(self.hub)
            publisher.resend()
            lives.append(PublisherLife(publisher, False))
            lives[-1].start()
        for life in lives:
            life.finished()

    def check_all(self):
        for receiver in self.receivers.values():
            mine = [(p, self.topic_for(receiver, p)) for p in self.publishers
                    if p.qos == receiver.qos]
            receiver.connect(self.hub)
            receiver.drain(lambda r=receiver, m=mine: all(
                len(r.got.get(topic, ())) >= len(p.acked) and
                (not p.acked or p.acked[-1] in r.got[topic]) for p, topic in m))
            receiver.raw.close()
            for publisher, topic in mine:
                self.check_stream(receiver, publisher, topic)

    @staticmethod
    def topic_for(receiver, publisher):
        """Where the receiver gets what the publisher sends."""
        if receiver.pattern == "r/#":
            return "r/" + publisher.topic.split("/")[2]
        return publisher.topic

    @staticmethod
    def check_stream(receiver, publisher, topic):
        where = f"{receiver.name} from {publisher.topic}"
        got = receiver.got.get(topic, [])
        wanted = list(range(1, publisher.next))
        assert sorted(publisher.acked) == wanted, where
        if receiver.qos == 2:
            assert got == wanted, f"{where}: {difference(got, wanted)}"
            return
        first_seen = list(dict.fromkeys(got))
        assert first_seen == wanted, f"{where}: {difference(first_seen, wanted)}"

    def check_file(self):
        path = self.hub.dir / "files" / "crash.log"
        wanted = {(p.name, n) for p in self.publishers if p.qos == 1 for n in p.acked}

        def lines():
            found = set()
            for line in path.read_text().splitlines():
                try:
                    value = json.loads(line)
                except ValueError:
                    continue  # cut off by a kill; it is written again
                found.add((value["who"], value["n"]))
            return found

        self.hub.eventually(lambda: wanted <= lines(), "every acknowledged message in the file")
        assert lines() == wanted, "the file has what nobody has sent"


def difference(got, wanted):
    missing = sorted(set(wanted) - set(got))
    doubled = sorted({n for n in got if got.count(n) > 1})
    return f"missing {missing[:10]}, repeated {doubled[:10]}, {len(got)} of {len(wanted)}"


def test_nothing_acknowledged_is_lost(fresh_hub):
    print(f"THINGD_CRASH_SEED={SEED}")
    hub, dice = fresh_hub, random.Random(SEED)
    storm = Storm(hub)
    try:
        for _ in range(ROUNDS):
            storm.until_killed(dice)
            hub.start()
            storm.check_kept()
            storm.check_acknowledged()
            storm.finish()
            storm.check_all()
            storm.check_file()
    except Failure as failure:
        raise Failure(f"THINGD_CRASH_SEED={SEED}: {failure}\n{hub.tail()}") from failure


def test_killed_again_while_it_recovers(fresh_hub):
    """Kills right after the start, while old messages are on their way."""
    print(f"THINGD_CRASH_SEED={SEED}")
    hub, dice = fresh_hub, random.Random(SEED ^ 1)
    storm = Storm(hub)
    storm.until_killed(dice)
    for _ in range(min(ROUNDS, 5)):
        hub.start()
        for publisher in storm.everyone():
            publisher.connect(hub)
            publisher.resend()
        hub.kill9()
    hub.start()
    storm.check_kept()
    storm.finish()
    storm.check_all()
    storm.check_file()


@pytest.mark.parametrize("moment", range(8))
def test_killed_between_the_steps_of_qos_2(fresh_hub, name, moment):
    """A window of eight, each at another step when the hub dies; all arrive once."""
    hub = fresh_hub
    receiver = Receiver(name, f"{name}/t", 2)
    receiver.connect(hub, subscribe=True)
    receiver.raw.close()
    publisher = Publisher(f"{name}-pub", f"{name}/t", 2)
    publisher.connect(hub)
    for _ in range(8):
        publisher.begin()
    recs = 0
    while recs < moment:
        first, body = publisher.raw.read()
        recs += first >> 4 == PUBREC
        publisher.handle(first, body)
    hub.kill9()
    publisher.raw.close()
    hub.start()
    publisher.connect(hub)
    publisher.resend()
    publisher.pump(lambda: True)
    publisher.raw.close()
    receiver.connect(hub)
    receiver.drain(lambda: len(receiver.got.get(f"{name}/t", ())) >= 8)
    receiver.raw.close()
    assert receiver.got[f"{name}/t"] == list(range(1, 9))


def unacknowledged(hub, client_id, count=20):
    """A persistent session takes so many and answers nothing: {payload: (packet identifier, DUP)}"""
    with hub.raw() as raw:
        assert raw.connect(client_id, clean=False)
        got = {}
        while len(got) < count:
            first, body = raw.read()
            assert first >> 4 == PUBLISH, first
            size = struct.unpack_from(">H", body)[0]
            mid = struct.unpack_from(">H", body, 2 + size)[0]
            got[body[4 + size:]] = mid, bool(first & 8)
        return got


def queue_twenty(hub, name):
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/#", 2)
    with hub.mqtt(f"{name}-pub") as publisher:
        for i in range(20):
            publisher.publish(f"{name}/t", str(i), 1 + i % 2)


def test_redelivered_with_its_identifier(fresh_hub, name):
    """[MQTT-4.4.0-1] over kills and orderly ends."""
    hub = fresh_hub
    queue_twenty(hub, name)
    first = unacknowledged(hub, name)
    assert len(first) == 20 and not any(dup for _, dup in first.values()), first
    for end in (hub.kill9, hub.terminate, hub.kill9):
        end()
        hub.start()
        again = unacknowledged(hub, name)
        assert {k: mid for k, (mid, _) in again.items()} == \
            {k: mid for k, (mid, _) in first.items()}


def test_redelivered_with_dup(make_hub, name):
    """[MQTT-3.3.1-1] what a connection has got is a redelivery on the next one, whenever the kill came."""
    hub = make_hub(sets=["store.linger=1s"]).start()
    queue_twenty(hub, name)
    assert len(unacknowledged(hub, name)) == 20
    hub.kill9()
    hub.start()
    assert all(dup for _, dup in unacknowledged(hub, name).values())


@pytest.mark.parametrize("retain", [False, True])
def test_will_of_a_persistent_client(fresh_hub, name, retain):
    """A hub that was killed while the client was connected publishes its will when it is back, once."""
    hub = fresh_hub
    with hub.mqtt(f"{name}-absent", clean=False) as absent:
        absent.subscribe(f"{name}/will", 1)
    will = hublib.Message(f"{name}/will", b"gone", 1, retain)
    with hub.raw() as raw:
        raw.connect(name, clean=False, will=will)
        hub.kill9()
    hub.start()
    with hub.mqtt(f"{name}-absent", clean=False) as absent:
        assert absent.session_present
        assert [(m.payload, m.qos) for m in absent.fence()] == [(b"gone", 1)]
    with hub.mqtt(f"{name}-look") as look:
        look.subscribe(f"{name}/will", 1)
        assert [m.payload for m in look.fence()] == ([b"gone"] if retain else [])
    hub.kill9()
    hub.start()
    with hub.mqtt(f"{name}-absent", clean=False) as absent:
        assert [m for m in absent.fence() if m.topic == will.topic] == [], "the will, again"


def test_no_will_of_who_has_said_goodbye(fresh_hub, name):
    """An orderly DISCONNECT discards it [MQTT-3.1.2-10], also for the next process."""
    hub = fresh_hub
    with hub.mqtt(f"{name}-absent", clean=False) as absent:
        absent.subscribe(f"{name}/will", 1)
    with hub.raw() as raw:
        raw.connect(name, clean=False, will=hublib.Message(f"{name}/will", b"gone", 1))
        raw.send(b"\xe0\0").wait_closed()
    with hub.mqtt(f"{name}-next") as client:  # behind the end, in order
        client.publish(f"{name}/will", "next", 1)
    hub.kill9()
    hub.start()
    with hub.mqtt(f"{name}-absent", clean=False) as absent:
        absent.expect(f"{name}/will", "next")
        assert absent.fence() == []
