"""`thingd pub` and `thingd sub`: against the hub, and in cross with mosquitto's clients and broker."""

import json
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

import hublib
from hublib import (HOST, SANITIZER, TIMEOUT, Failure, Hub, Log, MosqSub, mosq_pub, mosq_sub,
                    mosquitto_words)


def thingd(hub, *words, stdin=None, code=0):
    """Runs `thingd -d DIR words...` with bytes in and out; the finished process."""
    line = [hub.program, "-d", str(hub.dir), *map(str, words)]
    done = subprocess.run(line, input=stdin, stdin=None if stdin is not None
                          else subprocess.DEVNULL, capture_output=True, env=Hub.environment(),
                          timeout=TIMEOUT * 2, check=False)
    error = done.stderr.decode("utf-8", "replace")
    if SANITIZER.search(error) or done.returncode != code:
        raise Failure(f"{' '.join(line)}: exit {done.returncode}\n{error}")
    return done


def reason(hub, *words, code=1, **more):
    """Why a command failed, without its name."""
    done = thingd(hub, *words, code=code, **more)
    assert done.stdout == b""
    return done.stderr.decode().splitlines()[0].split(": ", 1)[1]


class Sub:
    """A running `thingd sub`; the constructor returns once the subscription is acknowledged."""

    def __init__(self, hub, *words, ready="receives suback"):
        self.words = [hub.program, "-d", str(hub.dir), "sub", "--debug", *map(str, words)]
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=Hub.environment())
        self.out, self.err = Log(), Log()
        self.threads = [threading.Thread(target=log.follow, args=(stream,), daemon=True)
                        for log, stream in ((self.out, self.process.stdout),
                                            (self.err, self.process.stderr))]
        for thread in self.threads:
            thread.start()
        self.wait_err(ready)

    def wait_err(self, text, since=0):
        if self.err.wait(lambda line: line if text in line else None, since=since) is None:
            self.close()
            raise Failure(f"{self.words}: no '{text}':\n" + "\n".join(self.err.since()))

    def wait_line(self, text):
        if self.out.wait(lambda line: line if line == text else None) is None:
            self.close()
            raise Failure(f"{self.words}: no '{text}':\n" + "\n".join(self.out.since()))

    def signal(self, number):
        self.process.send_signal(number)
        return self

    def ends(self, code=0):
        """The lines, once it has ended by itself."""
        try:
            got = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.close()
            raise Failure(f"{self.words} does not end") from None
        for thread in self.threads:
            thread.join(TIMEOUT)
        self.close()
        assert got == code, (self.words, got, self.err.since())
        assert not [line for line in self.err.since() if SANITIZER.search(line)]
        return self.out.since()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def kept(hub, client_id, topic, *words):
    """A session that stays, subscribed."""
    thingd(hub, "sub", "-c", "-i", client_id, "-q", 2, "-E", topic, *words)


def fetch(hub, client_id, topic, count, *words):
    """What a kept session has, as bytes."""
    return thingd(hub, "sub", "-c", "-i", client_id, "-q", 2, "-C", count, "-W", int(TIMEOUT),
                  topic, *words).stdout


# ---- messages


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message(hub, name, qos):
    with Sub(hub, "-v", "-q", qos, "-C", 3, f"{name}/+") as sub:
        thingd(hub, "pub", f"{name}/a", "-m", "one", "-q", qos)
        thingd(hub, "pub", "-t", f"{name}/b", "--message", "two  words", "--qos", qos)
        thingd(hub, "pub", f"{name}/c", "-n", "-q", qos)
        assert sub.ends() == [f"{name}/a one", f"{name}/b two  words", f"{name}/c (null)"]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mosquitto_in_cross(hub, name, qos):
    sub = MosqSub(hub, name, qos=qos)
    thingd(hub, "pub", name, "-m", "ours", "-q", qos)
    assert [(m.topic, m.payload, m.qos) for m in sub.messages()] == [(name, b"ours", qos)]
    with Sub(hub, "-F", "%t %p %q %r", "-q", qos, "-C", 1, name) as ours:
        mosq_pub(hub, name, "theirs", qos=qos)
        assert ours.ends() == [f"{name} theirs {qos} 0"]


@pytest.mark.parametrize("place", ["unix", "socket", "tcp", "url", "tls"])
def test_every_way_in(hub, name, place):
    words = {"unix": [],
             "socket": ["-S", hub.socket_path],
             "tcp": ["-h", HOST, "-p", hub.port("mqtt")],
             "url": ["-L", f"mqtt://localhost:{hub.port('mqtt')}/{name}"],
             "tls": ["-h", HOST, "-p", hub.port("mqtts"), "--cafile", hub.ca]}[place]
    if place == "tls":
        hub.cli("user", "add", name, "--password-stdin", stdin="secret")
        words += ["-u", name, "-P", "secret"]
    topic = [] if place == "url" else [name]
    with Sub(hub, *words, *topic, "-C", 1) as sub:
        thingd(hub, "pub", *words, *topic, "-m", "hello", "-q", 1)
        assert sub.ends() == ["hello"]


def test_a_thing_with_its_certificate(hub, name):
    thing = hub.add_thing(name)
    words = ["-L", f"mqtts://localhost:{hub.port('mqtts')}", "--cafile", thing.ca,
             "--cert", thing.cert, "--key", thing.key]
    topic = f"device/{name}/data"
    with Sub(hub, *words, "-i", name, topic, "-q", 1, "-C", 1) as sub:
        mosq_pub(hub, topic, "x")
        assert sub.ends() == ["x"]
    # the hub's own CA is trusted without being named
    thingd(hub, "pub", *words[:2], *words[4:], "-i", name, topic, "-m", "y", "-q", 1)
    said = reason(hub, "sub", *words, "-i", name, f"device/{name}-other/data")
    assert said == f"the hub refuses the subscription to 'device/{name}-other/data'"
    assert "end" in reason(hub, "pub", *words, "-i", name, "elsewhere", "-m", "x")


def test_whom_tls_refuses(hub, name, tmp_path):
    port = hub.port("mqtts")
    foreign = hublib.self_made_identity(tmp_path, "other", hub.ca).cert
    said = reason(hub, "pub", name, "-n", "-h", HOST, "-p", port, "--cafile", foreign)
    assert "not correctly signed by the trusted CA" in said
    said = reason(hub, "pub", name, "-n", "-h", "127.1", "-p", port, "--cafile", hub.ca)
    assert said == "the server's certificate is not made for '127.1'"
    said = reason(hub, "pub", name, "-n", "-h", "127.1", "-p", port, "--insecure")
    assert said == "not authorized to connect"


def test_bytes_are_kept(hub, name, tmp_path):
    data = bytes(range(256)) * 5000
    file = tmp_path / "data"
    file.write_bytes(data)
    kept(hub, name, name)
    thingd(hub, "pub", name, "-f", file, "-q", 1)
    thingd(hub, "pub", name, "-s", "-q", 2, stdin=data[::-1])
    assert fetch(hub, name, name, 2, "-N") == data + data[::-1]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_lines_in_order(hub, name, qos):
    lines = [b"%d \x00\xff" % i for i in range(3000)]
    with Sub(hub, "-q", qos, "-C", len(lines), name, "-F", "%x") as sub:
        done = thingd(hub, "pub", name, "-l", "-q", qos, "--json", stdin=b"\n".join(lines))
        assert json.loads(done.stdout) == {"published": len(lines)}
        assert sub.ends() == [line.hex() for line in lines]


def test_an_empty_line_is_an_empty_message(hub, name):
    with Sub(hub, "-F", "[%p]", "-C", 3, name) as sub:
        thingd(hub, "pub", name, "-l", stdin=b"a\n\nb\n")
        assert sub.ends() == ["[a]", "[]", "[b]"]


def test_a_message_several_times(hub, name):
    with Sub(hub, "-C", 7, name) as sub:
        thingd(hub, "pub", name, "-m", "x", "--repeat", 3, "--repeat-delay", "0.01", "-q", 1)
        thingd(hub, "pub", name, "-m", "y", "--repeat", 2, "--repeat-delay", "0.01")
        thingd(hub, "pub", name, "-m", "z", "--repeat", 2, "-q", 2, "-M", 1)
        assert sub.ends() == ["x", "x", "x", "y", "y", "z", "z"]


@pytest.mark.parametrize("pub, sub", [("5", "5"), ("5", "311"), ("311", "5"), ("31", "5")])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_versions_in_cross(hub, name, pub, sub, qos):
    lines = [b"%d \x00\xff" % i for i in range(300)]
    with Sub(hub, "-V", sub, "-q", qos, "-C", len(lines), name, "-F", "%x") as receiver:
        thingd(hub, "pub", "-V", pub, "-i", "short", name, "-l", "-q", qos, stdin=b"\n".join(lines))
        assert receiver.ends() == [line.hex() for line in lines]


def test_a_topic_alias(hub, name):
    with Sub(hub, "-q", 1, "-C", 50, name, "-v", "-D", "connect", "topic-alias-maximum", 5) as sub:
        lines = [str(i) for i in range(50)]
        done = thingd(hub, "pub", name, "-l", "-q", 1, "--debug", "-D", "publish", "topic-alias", 2,
                      stdin="\n".join(lines).encode())
        assert sub.ends() == [f"{name} {line}" for line in lines]
    sizes = [int(size) for size in re.findall(rb"sends publish \((\d+) bytes\)", done.stderr)]
    assert sizes[0] > len(name) and max(sizes[1:]) < sizes[0] - len(name) + 3
    assert reason(hub, "pub", name, "-n", "-D", "publish", "topic-alias", 65535).startswith(
        "the hub takes topic aliases up to ")


def test_mqtt_3_1(hub, name):
    with Sub(hub, "-V", "31", "-i", "short", "-q", 2, "-C", 1, name) as sub:
        thingd(hub, "pub", "-V", "mqttv31", "-i", "other", name, "-m", "old", "-q", 2)
        assert sub.ends() == ["old"]


# ---- what sub prints


FORMATS = ["%t %p", "[%20t][%-20t][%.3t][%2.1t]", "[%5l][%05l][%-5l][%q][%r]", "[%20p][%-9p]",
           "%x %X", "%%@@\\\\a\\t|\\e|\\0|\\v", "@Y", "[%.4I]"]


def test_formats_are_those_of_mosquitto_sub(hub, name):
    payloads = [b"plain", b'h"i {', b"\xc3\xa4\x01"]
    for i, payload in enumerate(payloads):
        thingd(hub, "pub", f"{name}/{i}", "-r", "-s", "-q", 1, stdin=payload)
    for chosen in [["-F", text] for text in FORMATS] + [[], ["-v"], ["-N"], ["-v", "-N"]]:
        words = ["-t", f"{name}/+", "-q", "1", "-C", str(len(payloads)), *chosen]
        theirs = subprocess.run(["mosquitto_sub", *mosquitto_words(hub), *words],
                                capture_output=True, timeout=TIMEOUT, check=True).stdout
        ours = thingd(hub, "sub", *words).stdout
        assert sorted(ours.split(b"\n")) == sorted(theirs.split(b"\n")), chosen


PROPERTIES = {"user-property": ["k", "v w"], "content-type": ["text/plain"], "correlation-data": ["id-1"],
              "payload-format-indicator": ["1"], "response-topic": ["re/ply"], "message-expiry-interval": ["600"]}
FORMATS_5 = ["%P", "%C|%D|%F|%R|%S|%A", "[%20C][%-20C][%.4C][%20.4R]", "[%3F][%03F][%-3F][%5S][%05S]"]


def given(command="publish", **more):
    """The words of -D for PROPERTIES and more of them."""
    every = dict(PROPERTIES, **more)
    return [word for prop, values in every.items() for word in ("-D", command, prop, *values)]


def test_properties_are_those_of_mosquitto(hub, name):
    """Published by each of both, printed by each of both."""
    thingd(hub, "pub", f"{name}/0", "-r", "-m", "ours", "-q", 1, *given())
    subprocess.run(["mosquitto_pub", *mosquitto_words(hub), "-t", f"{name}/1", "-r", "-m", "theirs", "-q", "1",
                    "-V", "5", *given()], timeout=TIMEOUT, check=True)
    for text in FORMATS_5:
        words = ["-t", f"{name}/+", "-q", "1", "-C", "2", "-F", f"%p {text}", "-V", "5",
                 "-D", "subscribe", "subscription-identifier", "17"]
        theirs = subprocess.run(["mosquitto_sub", *mosquitto_words(hub), *words], capture_output=True,
                                timeout=TIMEOUT, check=True).stdout
        ours = thingd(hub, "sub", *words).stdout
        assert sorted(ours.split(b"\n")) == sorted(theirs.split(b"\n")), text


def test_properties_in_json(hub, name):
    with Sub(hub, name, "-V", "5", "--json", "-C", 1, "-D", "subscribe", "subscription-identifier", 7) as sub:
        thingd(hub, "pub", name, "-m", "x", *given(), "-D", "publish", "user-property", "k", "again")
        message = json.loads(sub.ends()[0])
    assert 590 < message["properties"].pop("message-expiry-interval") <= 600
    assert message["properties"] == {
        "user-properties": {"k": ["v w", "again"]}, "content-type": "text/plain", "correlation-data": "id-1",
        "payload-format-indicator": 1, "response-topic": "re/ply", "subscription-identifier": 7}


def test_json(hub, name):
    thingd(hub, "pub", name, "-r", "-m", '{"a": 1.50}', "-q", 1)
    text = thingd(hub, "sub", name, "--json", "-C", 1, "-q", 1).stdout
    message = json.loads(text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}", message.pop("tst"))
    assert message.pop("mid") > 0
    assert message == {"topic": name, "qos": 1, "retain": 1, "payloadlen": 11,
                       "payload": '{"a": 1.50}'}
    text = thingd(hub, "sub", name, "-F", "%J", "--pretty", "-C", 1).stdout.decode()
    assert '"a": 1.50' in text and text.count("\n") > 5
    thingd(hub, "pub", name, "-r", "-m", "no json")
    done = thingd(hub, "sub", name, "-F", "%J", "-C", 1)
    assert (done.stdout, done.stderr) == (
        b"", f"thingd sub: the message on topic '{name}' is no JSON\n".encode())


def test_filters_are_left_out(hub, name):
    with Sub(hub, "-t", f"{name}/a/#", "-t", f"{name}/b", f"{name}/c", "-T", f"{name}/a/+",
             "-v", "-C", 3) as sub:
        for topic in ["a/x", "b", "c", "a/x/y", "d"]:
            thingd(hub, "pub", f"{name}/{topic}", "-m", topic)
        assert sub.ends() == [f"{name}/b b", f"{name}/c c", f"{name}/a/x/y a/x/y"]


# ---- retained messages


def test_retained(hub, name):
    for topic in "abc":
        thingd(hub, "pub", f"{name}/{topic}", "-m", topic, "--retain")
    with Sub(hub, "-R", "-C", 1, f"{name}/+") as fresh, \
            Sub(hub, "--retained-only", f"{name}/+") as stale:
        for topic in "abc":
            stale.wait_line(topic)
        thingd(hub, "pub", f"{name}/a", "-m", "new")
        assert fresh.ends() == ["new"]
        assert sorted(stale.ends()) == ["a", "b", "c"]
    assert len(thingd(hub, "sub", f"{name}/+", "-C", 3).stdout.split()) == 3
    thingd(hub, "pub", f"{name}/b", "-r", "-n")
    assert sorted(thingd(hub, "sub", f"{name}/+", "-C", 2).stdout.split()) == [b"a", b"c"]


def test_retained_messages_are_removed(hub, name):
    with hub.mqtt(f"{name}-pub") as client:
        for i in range(300):
            client.publish(f"{name}/{'keep' if i == 7 else i}", str(i), 1, True)
    done = thingd(hub, "sub", f"{name}/#", "-T", f"{name}/keep", "--remove-retained", "-C", 299)
    assert len(done.stdout.split()) == 299
    assert thingd(hub, "sub", f"{name}/#", "-C", 1, "-v").stdout == f"{name}/keep 7\n".encode()
    assert thingd(hub, "sub", f"{name}/#", "--remove-retained", "-R", "-W", 1).stdout == b""
    assert thingd(hub, "sub", f"{name}/#", "-W", 1).stdout == b""


# ---- kept sessions


def test_a_kept_session_loses_nothing_behind_the_count(hub, name):
    kept(hub, name, name)
    thingd(hub, "pub", name, "-l", "-q", 2, stdin=b"1\n2\n3\n4\n5\n")
    assert fetch(hub, name, name, 1) == b"1\n"
    assert fetch(hub, name, name, 3) == b"2\n3\n4\n"
    assert fetch(hub, name, name, 1) == b"5\n"
    thingd(hub, "sub", "-i", name, "-E", name)  # and away with it


def test_a_session_of_mqtt_5_is_kept(hub, name):
    kept(hub, name, name, "-V", "5")
    kept(hub, f"{name}-brief", name, "-x", 0)
    thingd(hub, "pub", name, "-m", "x", "-q", 1)
    assert fetch(hub, name, name, 1, "-x", 60) == b"x\n"
    done = thingd(hub, "sub", "-c", "-i", f"{name}-brief", "-x", 0, "-W", 1, name)
    assert done.stdout == b""


def test_retain_as_published(hub, name):
    with Sub(hub, name, "-V", "5", "-F", "%r", "-C", 1) as plain, \
            Sub(hub, name, "--retain-as-published", "-F", "%r", "-C", 1) as kept_flag:
        thingd(hub, "pub", name, "-r", "-m", "x")
        assert (plain.ends(), kept_flag.ends()) == (["0"], ["1"])


def test_a_will_with_delay_and_properties(hub, name):
    words = ["--will-topic", f"{name}/will", "--will-payload", "gone", "-i", name, "-x", 60,
             "-D", "will", "will-delay-interval", 1, *given("will")]
    with Sub(hub, f"{name}/will", "-V", "5", "-F", "%p %P %C", "-C", 1) as watcher, \
            Sub(hub, name, *words) as sub:
        sub.process.kill()
        assert watcher.ends() == ["gone k:v w text/plain"]


def test_unsubscribe(hub, name):
    kept(hub, name, f"{name}/a")
    kept(hub, name, f"{name}/b", "-U", f"{name}/a")
    thingd(hub, "pub", f"{name}/a", "-m", "a", "-q", 1)
    thingd(hub, "pub", f"{name}/b", "-m", "b", "-q", 1)
    assert fetch(hub, name, f"{name}/c", 1) == b"b\n"


def test_what_is_not_printed_is_not_acknowledged(hub, name):
    kept(hub, name, name)
    thingd(hub, "pub", name, "-m", "precious", "-q", 2)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([hub.program, "-d", str(hub.dir), "sub", "-c", "-i", name, "-q", "2",
                               "-C", "1", name], stdout=full, stderr=subprocess.PIPE, check=False,
                              env=Hub.environment(), timeout=TIMEOUT)
    assert done.returncode == 1
    assert done.stderr.startswith(b"thingd sub: standard output: ")
    assert fetch(hub, name, name, 1) == b"precious\n"


def test_a_reader_that_leaves_ends_it(hub, name):
    """As in `thingd sub ... | head -1`."""
    line = [hub.program, "-d", str(hub.dir), "sub", name, "--debug"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=Hub.environment()) as sub:
        sub.stdout.close()
        while b"receives suback" not in sub.stderr.readline():
            assert sub.poll() is None
        thingd(hub, "pub", name, "-m", "x")
        assert sub.wait(TIMEOUT) == 1
        assert b"standard output: " in sub.stderr.read()


# ---- refusals


def test_refused_publishes_are_told(hub, name):
    for qos in 0, 1, 2:
        said = reason(hub, "pub", "$SYS/x", "-m", "x", "-q", qos)
        assert said == "the hub has ended the connection: a message may be refused, see the hub's log"


def test_refused_lines_end_the_run(hub, name):
    done = thingd(hub, "pub", "$SYS/x", "-l", "-q", 1, stdin=b"a\nb\n", code=1)
    said = done.stderr.decode().splitlines()
    ended = "thingd pub: the hub has ended the connection"
    assert said == [f"{ended}; connecting again"] * 2 + \
        [f"{ended}: a message may be refused, see the hub's log"]


def test_refused_connections_are_told(hub, name):
    hub.cli("user", "add", name, "--password-stdin", stdin="right")
    place = ["-h", HOST, "-p", hub.port("mqtt"), "-u", name]
    assert reason(hub, "sub", name, *place, "-P", "wrong") == \
        "the hub refuses user name and password"
    done = thingd(hub, "sub", name, *place, "-P", "wrong", "--quiet", code=1)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_mqtt_5_tells_reasons(hub, name):
    hub.cli("user", "add", name, "--password-stdin", stdin="right")
    place = ["-h", HOST, "-p", hub.port("mqtt"), "-u", name]
    said = reason(hub, "sub", name, *place, "-P", "wrong", "-V", "5")
    assert said.startswith("the hub refuses the connection: bad user name or password")
    thing = hub.add_thing(name)
    words = ["-L", f"mqtts://localhost:{hub.port('mqtts')}", "--cafile", thing.ca, "--cert", thing.cert,
             "--key", thing.key, "-i", name, "-V", "5"]
    said = reason(hub, "sub", *words, f"device/{name}-other/data")
    assert said.startswith(f"the hub refuses the subscription to 'device/{name}-other/data': not authorized")
    for qos in 1, 2:
        assert reason(hub, "pub", *words, "elsewhere", "-m", "x", "-q", qos).startswith(
            "the hub refuses a message: not authorized")
    thingd(hub, "pub", *words, "elsewhere", "-m", "x")  # with QoS 0 there is no answer, and no end
    # what is refused does not stop the others
    done = thingd(hub, "pub", *words, "elsewhere", "-l", "-q", 1, stdin=b"a\nb\n", code=1)
    assert done.stderr.count(b"the hub refuses a message: not authorized") == 2


def test_nobody_there(hub, name, tmp_path):
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    assert reason(hub, "pub", name, "-n", "-h", HOST, "-p", port) == \
        f"{HOST}:{port}: Connection refused"
    assert reason(hub, "pub", name, "-n", "-S", tmp_path / "no") == \
        f"the hub is not running (nobody listens on {tmp_path}/no)"
    assert reason(hub, "pub", name, "-n", "-h", "no.such.host.invalid").startswith("no.such.host")


def test_a_silent_hub_is_given_up(hub, name):
    with socket.create_server((HOST, 0)) as silent:
        words = ["-h", HOST, "-p", silent.getsockname()[1], "-W", 1]
        assert reason(hub, "pub", name, "-n", *words) == "timed out"
        assert reason(hub, "sub", name, "-C", 1, *words) == "timed out"


@pytest.mark.parametrize("words", [["-q", 0], ["-q", 1], ["-q", 0, "-l"]])
def test_a_hub_that_falls_silent_is_given_up(hub, name, words):
    """It accepts the connection, reads, and says nothing more."""
    with socket.create_server((HOST, 0)) as server:
        def accept():
            peer, _ = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(bytes.fromhex("20020000"))
                while peer.recv(1000):
                    pass

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        payload = [] if "-l" in words else ["-m", "x"]
        assert reason(hub, "pub", name, *words, *payload, "-W", 1, "-h", HOST, "-p",
                      server.getsockname()[1], stdin=b"x\n") == "timed out"
        thread.join(TIMEOUT)


@pytest.mark.parametrize("words, said", [
    (["pub"], "needs TOPIC"),
    (["pub", "a"], "needs one of --message, --file"),
    (["pub", "a", "-m", "x", "-n"], "needs one of --message, --file"),
    (["pub", "a", "-t", "b", "-n"], "more than one topic"),
    (["pub", "a/#", "-n"], "topic 'a/#': [MQTT-4.7.1-1]"),
    (["pub", "a", "-l", "--repeat", "2"], "flag '--repeat' does not go with --stdin-line"),
    (["pub", "a", "-n", "--repeat-delay", "1"], "flag '--repeat-delay' needs --repeat N"),
    (["pub", "a", "-n", "--repeat", "2", "--repeat-delay", "x"], "'x' is not a number of seconds"),
    (["pub", "a", "-n", "-M", "0"], "'0' is not a number from 1 to 65535"),
    (["pub", "a", "-n", "-V", "4"], "'4' is none of 5, 311 and 31"),
    (["pub", "a", "-n", "-V", "311", "-D", "publish", "content-type", "x"], "'--property' is for MQTT 5"),
    (["pub", "a", "-n", "-D", "publish", "will-delay-interval", "1"], "a property which this packet cannot have"),
    (["pub", "a", "-n", "--proxy", "x"], "unknown flag '--proxy'"),
    (["sub"], "needs FILTER"),
    (["sub", "a/#/b"], "filter 'a/#/b': [MQTT-4.7.1-2]"),
    (["sub", "a", "-T", "+x"], "filter '+x': [MQTT-4.7.1-3]"),
    (["sub", "a", "-F", "%z"], "flag '--format': '%z' is no sequence"),
    (["sub", "a", "-F", "%t", "--json"], "either --json or --format"),
    (["sub", "a", "--pretty"], "flag '--pretty' is for JSON"),
    (["sub", "a", "-R", "--retained-only"], "either --no-retained or --retained-only"),
    (["sub", "a", "-C", "0"], "'0' is not a number from 1"),
])
def test_bad_usage(hub, words, said):
    assert said in reason(hub, *words, code=2)


# ---- the end


def test_a_time_limit(hub, name):
    assert reason(hub, "sub", name, "-C", 1, "-W", 1) == "timed out"
    assert thingd(hub, "sub", name, "-W", 1).stdout == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_disconnects(hub, name, number):
    mark = hub.mark()
    with Sub(hub, "-i", name, "--will-topic", f"{name}/will", name) as sub:
        sub.signal(number).ends(0)
        sub.wait_err("sends disconnect")
    hub.wait_log("client disconnected", since=mark, client=name,
                 reason="CLIENT_INITIATED_DISCONNECT")
    with Sub(hub, "-i", name, "-C", 1, name) as sub:  # what was asked for has not come
        sub.signal(number).ends(1)
        sub.wait_err("interrupted")


def test_a_will(hub, name):
    with Sub(hub, f"{name}/will", "-F", "%p %r", "-C", 1) as watcher, \
            Sub(hub, name, "--will-topic", f"{name}/will", "--will-payload", "gone",
                "--will-qos", 1, "--will-retain") as sub:
        sub.process.kill()
        assert watcher.ends() == ["gone 0"]
    assert thingd(hub, "sub", f"{name}/will", "-C", 1, "-F", "%p %r").stdout == b"gone 1\n"


# ---- connections that are lost


def test_sub_connects_again(fresh_hub, name):
    with Sub(fresh_hub, name, "-C", 2, "-q", 1) as sub:
        thingd(fresh_hub, "pub", name, "-m", "before", "-q", 1)
        sub.wait_line("before")
        mark = sub.err.mark()
        fresh_hub.kill9()
        fresh_hub.start()
        sub.wait_err("receives suback", since=mark)
        thingd(fresh_hub, "pub", name, "-m", "after", "-q", 1)
        assert sub.ends() == ["before", "after"]
        assert [line for line in sub.err.since() if "; connecting again" in line]


@pytest.mark.parametrize("qos", [1, 2])
def test_pub_connects_again(fresh_hub, name, qos):
    """Every line arrives, though the hub dies between; with QoS 2 none twice."""
    hub = fresh_hub
    kept(hub, f"{name}-sub", name)
    with subprocess.Popen([hub.program, "-d", str(hub.dir), "pub", name, "-l", "-q", str(qos),
                           "-c", "-i", name, "--debug"], stdin=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=Hub.environment()) as pub:
        log = Log()
        thread = threading.Thread(target=log.follow, args=(pub.stderr,), daemon=True)
        thread.start()
        for life in range(3):
            mark = log.mark()
            pub.stdin.write(b"".join(b"%d.%d\n" % (life, i) for i in range(100)))
            pub.stdin.flush()
            assert log.wait(lambda line: line if "receives pub" in line else None, since=mark)
            hub.kill9()
            hub.start()
        pub.stdin.close()
        assert pub.wait(TIMEOUT) == 0, log.since()
        thread.join(TIMEOUT)
    assert not [line for line in log.since() if SANITIZER.search(line)]
    wanted = [f"{life}.{i}" for life in range(3) for i in range(100)]
    thingd(hub, "pub", name, "-m", "end", "-q", 2)
    got = thingd(hub, "sub", "-c", "-i", f"{name}-sub", "-q", 2, name, "-W", 2).stdout
    got = got.decode().split()
    assert got[-1] == "end"
    if qos == 2:
        assert got == wanted + ["end"]
    else:
        assert list(dict.fromkeys(got)) == wanted + ["end"]


# ---- Debian's mosquitto


MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


@pytest.fixture
def mosquitto(tmp_path):
    """The port of a mosquitto that serves this test."""
    if not MOSQUITTO:
        pytest.skip("no mosquitto here")
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} {HOST}\nallow_anonymous true\n")
    with subprocess.Popen([MOSQUITTO, "-c", str(conf), "-v"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        log = Log()
        threading.Thread(target=log.follow, args=(process.stderr,), daemon=True).start()
        assert log.wait(lambda line: line if "running" in line else None), log.since()
        yield port
        process.terminate()
        process.wait(TIMEOUT)


@pytest.mark.parametrize("version", ["311", "5"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_against_mosquitto(hub, name, mosquitto, qos, version):
    place = ["-h", HOST, "-p", mosquitto, "-q", qos, "-V", version]
    lines = [f"line {i}" for i in range(500)]
    with Sub(hub, *place, name, "-C", len(lines)) as sub:
        thingd(hub, "pub", *place, name, "-l", stdin="\n".join(lines).encode())
        assert sub.ends() == lines
    thingd(hub, "pub", *place, name, "-r", "-m", "kept")
    assert thingd(hub, "sub", *place, name, "--remove-retained", "-C", 1).stdout == b"kept\n"
    assert thingd(hub, "sub", *place, name, "-W", 1).stdout == b""
