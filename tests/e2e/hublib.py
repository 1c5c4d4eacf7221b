"""A hub under test, and the clients that talk to it. Used by the tests here and by tests/demo.

Nothing in here sleeps: what happens in the hub is awaited through its log, what happens in a
client through events, and files through `eventually`, which looks again whenever a line is logged.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import queue
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import paho.mqtt.client as paho

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
TIMEOUT = float(os.environ.get("THINGD_TEST_TIMEOUT", "20"))
STOP_TIMEOUT = float(os.environ.get("THINGD_TEST_STOP_TIMEOUT", "5"))
QUIET = 0.3  # how long silence is watched where no fence can prove it

SANITIZER = re.compile(r"ERROR: (Address|Leak|Memory|Thread)Sanitizer|"
                       r"WARNING: ThreadSanitizer|runtime error:")


def binary():
    """The program under test: $THINGD_BIN or $THINGD, else the newest build of it."""
    named = os.environ.get("THINGD_BIN") or os.environ.get("THINGD")
    if named:
        return str(pathlib.Path(named).resolve())
    default = ROOT / "build" / "test" / "thingd"
    if default.exists():
        return str(default)
    built = [p for p in ROOT.glob("build/*/**/thingd") if p.is_file() and os.access(p, os.X_OK)]
    if not built:
        raise FileNotFoundError("no thingd: build it, or set THINGD_BIN")
    return str(max(built, key=lambda p: p.stat().st_mtime))


class Failure(AssertionError):
    """What was awaited did not happen."""


def _deadline(timeout):
    return time.monotonic() + (TIMEOUT if timeout is None else timeout)


def _left(deadline):
    return max(0.0, deadline - time.monotonic())


# ---- the process


@dataclasses.dataclass(frozen=True)
class Identity:
    """Files of a thing, or of any certificate for a client."""

    name: str
    cert: str
    key: str
    ca: str


class Log:
    """The lines of a process's stderr, as they come."""

    def __init__(self):
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False

    def follow(self, stream):
        for raw in stream:
            self._add(raw.decode("utf-8", "replace").rstrip("\n"))
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _add(self, line):
        with self.changed:
            self.lines.append(line)
            self.changed.notify_all()

    def mark(self):
        with self.changed:
            return len(self.lines)

    def since(self, mark=0):
        with self.changed:
            return self.lines[mark:]

    def wait(self, wanted, timeout=None, since=0):
        """The first value that `wanted(line)` gives and is not None."""
        deadline, at = _deadline(timeout), since
        with self.changed:
            while True:
                while at < len(self.lines):
                    found = wanted(self.lines[at])
                    at += 1
                    if found is not None:
                        return found
                if self.ended or not _left(deadline):
                    return None
                self.changed.wait(_left(deadline))


def _record(line):
    """A JSON log line as a dict; None for anything else, such as a sanitizer's report."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


class Hub:
    """One data directory and the hub that serves it, which may be killed and started again."""

    def __init__(self, data_dir=None, sets=(), config=None, program=None, env=None):
        self._own_dir = None
        if data_dir is None:
            # short, since the path of a Unix socket may have 107 bytes only
            self._own_dir = tempfile.mkdtemp(prefix="thingd-")
            data_dir = os.path.join(self._own_dir, "data")
        self.dir = pathlib.Path(data_dir)
        self.program = program or binary()
        self.sets = list(sets)
        self.config = config
        self.env = dict(env or {})  # beside those of environment()
        self.process = None
        self.log = Log()
        self.ready = {}
        self.admin = {}
        self.everything = []  # logs of earlier lives
        self._follower = None

    # -- life

    def command(self):
        words = [self.program, "serve", "-d", str(self.dir)]
        if self.config:
            words += ["-c", str(self.config)]
        for setting in self.default_sets() + self.sets:
            words += ["--set", setting]
        return words

    @staticmethod
    def default_sets():
        return ["listener.mqtt.port=0", "listener.http.port=0",
                "listener.mqtts.port=0", "listener.mqtts.address=127.0.0.1",
                "listener.https.port=0", "listener.https.address=127.0.0.1",
                "log.format=json"]

    @staticmethod
    def environment():
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("THINGD_") and k not in ("JOURNAL_STREAM", "NOTIFY_SOCKET")}
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0")
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        return env

    def spawn(self):
        """Starts the process without waiting for it to be ready."""
        assert self.process is None, "the hub runs already"
        self.log = Log()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={**self.environment(), **self.env})
        self._follower = threading.Thread(target=self.log.follow, args=(self.process.stderr,),
                                          daemon=True)
        self._follower.start()
        return self

    def start(self):
        self.spawn()
        try:
            self.ready = self._wait_ready()
            written = self.dir / "admin.json"
            if written.exists():
                self.admin = json.loads(written.read_text())
        except BaseException:
            self.kill9()
            raise
        return self

    def _wait_ready(self):
        def wanted(line):
            record = _record(line)
            return record if record and record.get("message") == "ready" else None

        record = self.log.wait(wanted)
        if record is None:
            raise Failure(f"thingd is not ready; the last lines:\n{self.tail()}")
        return record

    def port(self, listener):
        if listener not in self.ready:
            raise Failure(f"the line `ready` does not name the listener {listener}: {self.ready}")
        return int(self.ready[listener])

    @property
    def socket_path(self):
        return str(self.dir / "thingd.sock")

    @property
    def ca(self):
        path = pathlib.Path(self.admin["caFile"])
        return str(path if path.is_absolute() else self.dir / path)

    @property
    def rsa_ca(self):
        return str(self.dir / "ca-rsa.cert.pem")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def wait_exit(self, timeout=None):
        """The exit code, once the process is gone and its whole log is read."""
        try:
            code = self.process.wait(TIMEOUT if timeout is None else timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"thingd did not end; the last lines:\n{self.tail()}") from None
        self._follower.join(TIMEOUT)
        self.process.stderr.close()
        self.process = None
        self.everything += self.log.since()
        return code

    def kill9(self):
        if self.process is None:
            return
        self.process.kill()
        self.wait_exit()

    def terminate(self, timeout=STOP_TIMEOUT):
        """SIGTERM; the hub must end by itself, in time and with 0."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.wait_exit(timeout)
        except Failure:
            self.kill9()
            raise
        if code != 0:
            raise Failure(f"thingd ended with {code}; the last lines:\n{self.tail()}")

    def restart(self):
        self.terminate()
        return self.start()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def remove(self):
        """Ends the hub, whatever it does, and removes the directory if it was made here."""
        self.kill9()
        if self._own_dir:
            shutil.rmtree(self._own_dir, ignore_errors=True)

    # -- the log

    def all_lines(self):
        return self.everything + ([] if self.process is None else self.log.since())

    def tail(self, count=30):
        return "\n".join((self.everything + self.log.since())[-count:])

    def mark(self):
        return self.log.mark()

    def wait_log(self, message, timeout=None, since=0, **fields):
        """The first record whose message contains `message` and whose fields have these values."""

        def wanted(line):
            record = _record(line)
            if record is None or message not in str(record.get("message", "")):
                return None
            same = all(str(record.get(k)) == str(v) for k, v in fields.items())
            return record if same else None

        found = self.log.wait(wanted, timeout, since)
        if found is None:
            raise Failure(f"no log line '{message}' with {fields}; the last lines:\n{self.tail()}")
        return found

    def wait_line(self, *patterns, timeout=None, since=0):
        """The first line in which each of the regular expressions is found, in any case."""
        compiled = [re.compile(p, re.IGNORECASE) for p in patterns]
        found = self.log.wait(
            lambda line: line if all(p.search(line) for p in compiled) else None, timeout, since)
        if found is None:
            raise Failure(f"no log line with {patterns}; the last lines:\n{self.tail()}")
        return found

    def wait_refused(self, *patterns, since=0):
        """The line that tells of a refusal, with its reason."""
        return self.wait_line(r"refus|denied|reject|not auth", *patterns, since=since)

    def sanitizer_reports(self):
        return [line for line in self.all_lines() if SANITIZER.search(line)]

    def eventually(self, check, what, timeout=None):
        """Calls check() until it is true: again after each log line, and now and then besides."""
        deadline = _deadline(timeout)
        while True:
            value = check()
            if value:
                return value
            if not _left(deadline):
                raise Failure(f"{what}: not within {TIMEOUT if timeout is None else timeout} s")
            with self.log.changed:
                self.log.changed.wait(min(0.05, _left(deadline)))

    # -- figures

    def metrics(self):
        """All figures of /metrics: name to number."""
        answer = self.request("GET", "/metrics", "http")
        assert answer.status_code == 200, answer.text
        return {name: int(value) for name, value in
                re.findall(r"^(thingd_\w+) (-?\d+)$", answer.text, re.MULTILINE)}

    def metric(self, name):
        return self.metrics()[f"thingd_{name}"]

    def memory(self):
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024

    def limit_files(self, size):
        """No file may grow beyond so many bytes from now on, as on a full disk; None: any size."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY if size is None else size,
                          resource.RLIM_INFINITY))

    # -- the command line

    def cli(self, *words, check=True, stdin=None, timeout=None):
        """Runs `thingd -d DIR words...`; raises Failure on an exit code other than 0."""
        done = subprocess.run([self.program, "-d", str(self.dir), *map(str, words)], input=stdin,
                              capture_output=True, text=True, env=self.environment(),
                              timeout=timeout or TIMEOUT * 2, check=False)
        if SANITIZER.search(done.stderr):
            raise Failure(f"thingd {' '.join(map(str, words))}:\n{done.stderr}")
        if check and done.returncode != 0:
            raise Failure(f"thingd {' '.join(map(str, words))}: exit {done.returncode}\n"
                          f"{done.stdout}{done.stderr}")
        return done

    def add_thing(self, name, *words, out=None):
        out = pathlib.Path(out) if out else self.dir.parent / "things" / name
        out.mkdir(parents=True, exist_ok=True)
        self.cli("thing", "add", name, *words, "--out", out)
        return Identity(name, str(out / f"{name}.cert.pem"), str(out / f"{name}.private.key"),
                        str(out / "root-ca.pem"))

    # -- clients of this hub

    def url(self, scheme="https"):
        return f"{scheme}://{HOST}:{self.port(scheme)}"

    def boto3(self, service, scheme="https", key=None, secret=None, **config):
        """A client of `iot` or `iot-data` with the administrator's key, and no retries."""
        import boto3
        import botocore.config

        settings = {"retries": {"total_max_attempts": 1}, "connect_timeout": TIMEOUT,
                    "read_timeout": TIMEOUT, "proxies": {}}
        settings.update(config)
        return boto3.session.Session().client(
            service, region_name="local", endpoint_url=self.url(scheme), verify=self.ca,
            aws_access_key_id=key or self.admin["accessKeyId"],
            aws_secret_access_key=secret or self.admin["secretAccessKey"],
            config=botocore.config.Config(**settings))

    def request(self, method, path, scheme="https", token=None, **words):
        """One HTTP request with `requests`, without any proxy of the environment."""
        import requests

        session = requests.Session()
        session.trust_env = False
        headers = dict(words.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        with session:
            return session.request(method, self.url(scheme) + path, headers=headers,
                                   verify=self.ca, timeout=TIMEOUT, **words)

    def raw(self, listener="mqtt", identity=None):
        """A connection of bytes: to a listener's port, or to the Unix socket ("unix")."""
        if listener == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(TIMEOUT)
            sock.connect(self.socket_path)
            return RawMqtt(sock)
        sock = socket.create_connection((HOST, self.port(listener)), TIMEOUT)
        if listener in ("mqtts", "https"):
            sock = tls_context(self.ca, identity).wrap_socket(sock, server_hostname=HOST)
        return RawMqtt(sock)

    def mqtt(self, client_id, clean=True, **words):
        """A paho client, not yet connected."""
        return Client(self, client_id, clean, **words)


def tls_context(ca, identity=None, alpn=None):
    context = ssl.create_default_context(cafile=ca)
    if identity:
        context.load_cert_chain(identity.cert, identity.key)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


# ---- mosquitto's clients


def mosquitto_words(hub, identity=None, client_id=None, listener=None, extra=()):
    """Host, port and credentials for mosquitto_pub and mosquitto_sub."""
    if listener == "unix":
        words = ["--unix", hub.socket_path]
    else:
        words = ["-h", HOST, "-p", str(hub.port(listener or ("mqtts" if identity else "mqtt")))]
    if identity:
        words += ["--cafile", identity.ca, "--cert", identity.cert, "--key", identity.key]
    client_id = client_id or (identity.name if identity else None)
    if client_id:
        words += ["-i", client_id]
    return words + list(extra)


def mosq_pub(hub, topic, payload=None, qos=0, retain=False, identity=None, client_id=None,
             lines=None, listener=None, extra=(), check=True):
    """Publishes one payload, or each of `lines`. Returns the finished process."""
    words = ["mosquitto_pub", *mosquitto_words(hub, identity, client_id, listener, extra),
             "-t", topic, "-q", str(qos)]
    if retain:
        words.append("-r")
    stdin = None
    if lines is not None:
        words.append("-l")
        stdin = "".join(line + "\n" for line in lines)
    elif payload is None:
        words.append("-n")
    else:
        words += ["-m", payload]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=TIMEOUT * 2,
                          check=False)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


@dataclasses.dataclass(frozen=True)
class Message:
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False

    def json(self):
        return json.loads(self.payload)


class MosqSub:
    """A running mosquitto_sub that ends after `count` messages or `timeout` seconds.

    The constructor returns once the subscription is acknowledged."""

    FORMAT = "MSG %q %r %x %t"

    def __init__(self, hub, topic, count=1, qos=0, identity=None, client_id=None, listener=None,
                 timeout=None, extra=()):
        wait = int(TIMEOUT if timeout is None else timeout)
        # with stdbuf, since a pipe would keep the lines until the end
        self.words = ["stdbuf", "-oL", "mosquitto_sub",
                      *mosquitto_words(hub, identity, client_id, listener, extra), "-d",
                      "-t", topic, "-q", str(qos), "-C", str(count), "-W", str(wait),
                      "-F", self.FORMAT]
        self.count = count
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.log = Log()
        self.errors = Log()
        self._threads = [threading.Thread(target=log.follow, args=(stream,), daemon=True)
                         for log, stream in ((self.log, self.process.stdout),
                                             (self.errors, self.process.stderr))]
        for thread in self._threads:
            thread.start()
        if self.log.wait(lambda line: line if line.startswith("Subscribed") else None) is None:
            self.close()
            raise Failure(f"{' '.join(self.words)}: no subscription\n"
                          + "\n".join(self.log.since() + self.errors.since()))

    def messages(self):
        """All messages, once the program has ended by itself; Failure if fewer than `count`."""
        try:
            code = self.process.wait(TIMEOUT * 2)
        except subprocess.TimeoutExpired:
            self.close()
            raise Failure(f"{' '.join(self.words)} did not end") from None
        for thread in self._threads:
            thread.join(TIMEOUT)
        found = self._parse()
        self.close()
        if code != 0 or len(found) < self.count:
            raise Failure(f"{' '.join(self.words)}: exit {code}, {len(found)} of {self.count} "
                          "messages\n" + "\n".join(self.errors.since()))
        return found

    def _parse(self):
        found = []
        for line in self.log.since():
            if line.startswith("MSG "):
                _, qos, retain, payload, topic = line.split(" ", 4)
                found.append(Message(topic, bytes.fromhex(payload), int(qos), retain == "1"))
        return found

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def mosq_sub(hub, topic, **words):
    return MosqSub(hub, topic, **words)


# ---- paho


class Client:
    """A paho client whose every step is awaited. As a context it connects and disconnects."""

    def __init__(self, hub, client_id, clean=True, listener=None, identity=None, keepalive=60,
                 username=None, password=None, will=None, transport="tcp", alpn=None, path="/mqtt"):
        self.hub = hub
        self.client_id = client_id
        self.listener = listener or ("mqtts" if identity else "mqtt")
        self.keepalive = keepalive
        self.messages = queue.Queue()
        self.session_present = None
        self._acks = {}
        self._early = {}
        self._lock = threading.Lock()
        self._connected = threading.Event()
        self._gone = threading.Event()
        self._rc = None
        self._fences = 0
        self._paho = self._make(client_id, clean, transport)
        if username is not None:
            self._paho.username_pw_set(username, password)
        if will:
            self._set_will(will)
        if self.listener in ("mqtts", "https"):
            self._paho.tls_set_context(tls_context(hub.ca, identity, alpn))
        if transport == "websockets":
            self._paho.ws_set_options(path)
        self._paho.on_connect = self._on_connect
        self._paho.on_disconnect = self._on_disconnect
        self._paho.on_message = self._on_message
        self._paho.on_subscribe = lambda c, u, mid, granted: self._ack(mid, list(granted))
        self._paho.on_unsubscribe = lambda c, u, mid: self._ack(mid, True)

    # what mqtt5.Client5 does in its own way

    def _make(self, client_id, clean, transport):
        return paho.Client(client_id=client_id, clean_session=clean, protocol=paho.MQTTv311, transport=transport)

    def _set_will(self, will):
        self._paho.will_set(will.topic, will.payload, will.qos, will.retain)

    def _open(self):
        self._paho.connect(HOST, self.hub.port(self.listener), self.keepalive)

    # callbacks, on paho's thread

    def _on_connect(self, client, userdata, flags, rc):
        self.session_present = bool(flags.get("session present"))
        self._rc = rc
        if rc != 0:
            self._paho._thread_terminate = True  # no second attempt
        self._connected.set()

    def _on_disconnect(self, client, userdata, rc):
        self._paho._thread_terminate = True  # paho would connect again
        self._gone.set()
        self._connected.set()

    def _on_message(self, client, userdata, m):
        self.messages.put(Message(m.topic, bytes(m.payload), m.qos, bool(m.retain), bool(m.dup)))

    def _ack(self, mid, value):
        with self._lock:
            box = self._acks.pop(mid, None)
            if box is None:
                self._early[mid] = value
        if box is not None:
            box.put(value)

    def _await(self, mid, what):
        box = queue.Queue()
        with self._lock:
            if mid in self._early:
                return self._early.pop(mid)
            self._acks[mid] = box
        try:
            return box.get(timeout=TIMEOUT)
        except queue.Empty:
            raise Failure(f"{self.client_id}: {what} was not acknowledged") from None

    # steps

    def try_connect(self):
        """The CONNACK's code; None when the connection ended without one."""
        self._connected.clear()
        self._gone.clear()
        self._rc = None
        try:
            self._open()
        except (OSError, ValueError) as error:  # ValueError: refused WebSocket handshake
            self.error = error
            return None
        self._paho._thread_terminate = False
        self._paho.loop_start()
        if not self._connected.wait(TIMEOUT):
            raise Failure(f"{self.client_id}: no CONNACK")
        return self._rc

    def connect(self):
        code = self.try_connect()
        if code != 0:
            raise Failure(f"{self.client_id}: connection refused, code {code}")
        return self

    def try_subscribe(self, topic, qos=0):
        """The granted QoS, or 128."""
        rc, mid = self._paho.subscribe(topic, qos)
        if rc != 0:
            raise Failure(f"{self.client_id}: cannot subscribe: {paho.error_string(rc)}")
        return self._await(mid, f"subscription to {topic}")[0]

    def subscribe(self, topic, qos=0):
        granted = self.try_subscribe(topic, qos)
        if granted > 2:
            raise Failure(f"{self.client_id}: subscription to {topic} refused ({granted})")
        return granted

    def unsubscribe(self, topic):
        _, mid = self._paho.unsubscribe(topic)
        self._await(mid, f"unsubscription from {topic}")

    def publish(self, topic, payload=b"", qos=0, retain=False):
        """Returns when the exchange is complete: PUBACK, PUBCOMP, or sent for QoS 0."""
        info = self._paho.publish(topic, payload, qos, retain)
        info.wait_for_publish(TIMEOUT)
        if not info.is_published():
            raise Failure(f"{self.client_id}: publish to {topic} was not acknowledged")

    def publish_blindly(self, topic, payload=b"", qos=0):
        """Without waiting, for what will be refused."""
        self._paho.publish(topic, payload, qos)

    def next(self, timeout=None):
        try:
            return self.messages.get(timeout=TIMEOUT if timeout is None else timeout)
        except queue.Empty:
            raise Failure(f"{self.client_id}: no message") from None

    def expect(self, topic, payload, qos=None, retain=None):
        message = self.next()
        payload = payload.encode() if isinstance(payload, str) else payload
        if (message.topic, message.payload) != (topic, payload):
            raise Failure(f"{self.client_id}: wanted {topic} {payload[:80]!r}, "
                          f"got {message.topic} {message.payload[:80]!r}")
        if qos is not None:
            assert message.qos == qos, message
        if retain is not None:
            assert message.retain == retain, message
        return message

    def fence(self, qos=2):
        """All messages so far: what came before one that this client has just sent to itself."""
        self._fences += 1
        topic = f"fence/{self.client_id}"
        if self._fences == 1:
            self.subscribe(topic, qos)
        self.publish(topic, str(self._fences), qos)  # paho hands QoS 2 over at PUBREL: so none is overtaken
        before = []
        while True:
            message = self.next()
            if message.topic == topic:
                if message.payload == str(self._fences).encode():
                    return before
                continue
            before.append(message)

    def wait_gone(self, timeout=None):
        if not self._gone.wait(TIMEOUT if timeout is None else timeout):
            raise Failure(f"{self.client_id}: the connection is still there")

    def gone(self):
        return self._gone.is_set()

    def disconnect(self):
        self._paho.disconnect()
        self._paho.loop_stop()

    def drop(self):
        """Ends the TCP connection without a DISCONNECT."""
        self._paho._thread_terminate = True
        sock = self._paho.socket()
        if sock is not None:
            sock = getattr(sock, "_socket", sock)  # beneath WebSocket
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._paho.loop_stop()

    def __enter__(self):
        return self.connect()

    def __exit__(self, *_):
        self.disconnect()


# ---- bytes

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(8, 15)


def packet(first, body=b"", length=None):
    """A packet from its first byte and body; `length` overrides the remaining length's bytes."""
    if length is None:
        length, left = b"", len(body)
        while True:
            left, digit = left >> 7, left & 0x7f
            length += bytes([digit | (0x80 if left else 0)])
            if not left:
                break
    return bytes([first]) + length + body


def text16(text):
    data = text.encode() if isinstance(text, str) else text
    return struct.pack(">H", len(data)) + data


def connect_packet(client_id, clean=True, keepalive=60, will=None, username=None, password=None,
                   name="MQTT", level=4, flags=None):
    if flags is None:
        flags = 0x02 if clean else 0
        if will:
            flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        flags |= 0x80 if username is not None else 0
        flags |= 0x40 if password is not None else 0
    body = text16(name) + bytes([level, flags]) + struct.pack(">H", keepalive) + text16(client_id)
    if will:
        body += text16(will.topic) + text16(will.payload)
    for value in (username, password):
        if value is not None:
            body += text16(value)
    return packet(0x10, body)


def publish_packet(topic, payload=b"", qos=0, retain=False, mid=None, dup=False):
    payload = payload.encode() if isinstance(payload, str) else payload
    first = 0x30 | (0x08 if dup else 0) | qos << 1 | (1 if retain else 0)
    return packet(first, text16(topic) + (b"" if mid is None else struct.pack(">H", mid)) + payload)


def subscribe_packet(mid, *pairs):
    return packet(0x82, struct.pack(">H", mid)
                  + b"".join(text16(topic) + bytes([qos]) for topic, qos in pairs))


def ack_packet(kind, mid):
    return packet(kind << 4 | (0x02 if kind == PUBREL else 0), struct.pack(">H", mid))


class Closed(Failure):
    """The other side ended the connection."""


class RawMqtt:
    """An MQTT connection made of bytes, for what no library would send."""

    def __init__(self, sock):
        self.sock = sock
        self.pending = b""

    def send(self, *packets):
        with contextlib.suppress(ConnectionError, ssl.SSLError):  # the next read tells
            self.sock.sendall(b"".join(packets))
        return self

    def _fill(self, count, deadline):
        while len(self.pending) < count:
            self.sock.settimeout(max(0.01, _left(deadline)))
            try:
                data = self.sock.recv(1 << 16)
            except TimeoutError:
                raise Failure("nothing more came") from None
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                raise Closed("the connection was closed")
            self.pending += data

    def read(self, timeout=None):
        """(first byte, body) of the next packet."""
        deadline = _deadline(timeout)
        self._fill(2, deadline)
        at, length, shift = 1, 0, 0
        while True:
            self._fill(at + 1, deadline)
            length |= (self.pending[at] & 0x7f) << shift
            at, shift = at + 1, shift + 7
            if not self.pending[at - 1] & 0x80:
                break
        self._fill(at + length, deadline)
        first, body = self.pending[0], self.pending[at:at + length]
        self.pending = self.pending[at + length:]
        return first, body

    def expect(self, kind, timeout=None):
        """Body of the next packet, which must be of this kind."""
        first, body = self.read(timeout)
        if first >> 4 != kind:
            raise Failure(f"wanted a packet of type {kind}, got {first:#x} {body[:60]!r}")
        return body

    def expect_publish(self, timeout=None):
        """(message, packet id or None)"""
        first, body = self.read(timeout)
        if first >> 4 != PUBLISH:
            raise Failure(f"wanted a PUBLISH, got {first:#x} {body[:60]!r}")
        size = struct.unpack_from(">H", body)[0]
        topic, rest, mid = body[2:2 + size].decode(), body[2 + size:], None
        qos = first >> 1 & 3
        if qos:
            mid, rest = struct.unpack_from(">H", rest)[0], rest[2:]
        return Message(topic, rest, qos, bool(first & 1), bool(first & 8)), mid

    def try_connect(self, client_id, **words):
        """(code, session present)"""
        body = self.send(connect_packet(client_id, **words)).expect(CONNACK)
        return body[1], bool(body[0] & 1)

    def connect(self, client_id, **words):
        """Session present."""
        code, present = self.try_connect(client_id, **words)
        if code != 0:
            raise Failure(f"{client_id}: connection refused, code {code}")
        return present

    def subscribe(self, topic, qos=0, mid=1):
        body = self.send(subscribe_packet(mid, (topic, qos))).expect(SUBACK)
        assert struct.unpack_from(">H", body)[0] == mid
        return body[2]

    def ping(self):
        """Returns what came before the PINGRESP."""
        self.send(packet(0xc0))
        before = []
        while True:
            first, body = self.read()
            if first >> 4 == PINGRESP:
                return before
            before.append((first, body))

    def wait_closed(self, timeout=None):
        """Reads and forgets until the other side ends the connection; returns the bytes."""
        deadline, got = _deadline(timeout), self.pending
        while True:
            self.sock.settimeout(max(0.01, _left(deadline)))
            try:
                data = self.sock.recv(1 << 16)
            except TimeoutError:
                raise Failure(f"the connection is still there; it sent {got[:80]!r}") from None
            except (ConnectionError, ssl.SSLError):
                return got
            if not data:
                return got
            got += data

    def is_silent(self, seconds=QUIET):
        """Nothing to read for a while."""
        pending = self.sock.pending() if isinstance(self.sock, ssl.SSLSocket) else 0
        return not self.pending and not pending and \
            not select.select([self.sock], [], [], seconds)[0]

    def close(self):
        """Without a DISCONNECT."""
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- other programs


def run(*words, check=True, stdin=None, timeout=None):
    done = subprocess.run(list(map(str, words)), input=stdin, capture_output=True, text=True,
                          timeout=timeout or TIMEOUT * 2, check=False)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, words))}: exit {done.returncode}\n"
                      f"{done.stdout}{done.stderr}")
    return done


def curl(hub, path, *words, token=None, scheme="https", check=True):
    """curl with the hub's CA; returns the finished process, whose stdout is the body."""
    line = ["curl", "--silent", "--show-error", "--noproxy", "*", "--fail-with-body",
            "--cacert", hub.ca, "--max-time", str(int(TIMEOUT)), *words]
    if token:
        line += ["-H", f"Authorization: Bearer {token}"]
    return run(*line, hub.url(scheme) + path, check=check)


def self_made_identity(folder, name, ca):
    """A key and a certificate signed by itself, which no hub knows."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/CN={name}")
    return Identity(name, str(cert), str(key), ca)


def make_csr(folder, name):
    """(path of the key, text of the request)"""
    folder = pathlib.Path(folder)
    key, csr = folder / f"{name}.key", folder / f"{name}.csr"
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-keyout", key, "-out", csr, "-subj", f"/CN={name}")
    return str(key), csr.read_text()
