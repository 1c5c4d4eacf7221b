"""Peers who mean harm: they get an error or an end, and the others are served meanwhile.

Malformed MQTT, input by input with the statement that it breaks: tests/unit/conn/hostile_tbl.h.

Every test ends with the same questions: does the hub still serve, do its figures tell of it?
"""

import contextlib
import json
import os
import random
import re
import socket
import sqlite3
import ssl
import struct
import threading
import time

import pytest

import hublib
from hublib import (CONNACK, HOST, PUBACK, PUBCOMP, PUBLISH, PUBREC, SUBACK, TIMEOUT, Closed,
                    Failure, Message, RawMqtt, ack_packet, connect_packet, packet, publish_packet,
                    subscribe_packet, text16)
from test_broker import MALFORMED

# bounds of time and memory are those of an address-sanitized build; others may need more
SLACK = float(os.environ.get("THINGD_TEST_SLACK", "1"))
MIB = int((1 << 20) * SLACK)
# memory that was freed is to be reused, or its growth would tell nothing
LEAN = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:quarantine_size_mb=4:"
                        "thread_local_quarantine_size_kb=64"}
numbers = iter(range(1, 1 << 30))


def serves(hub):
    """A whole round: connect, subscribe, publish, receive, and REST."""
    name = f"serves-{next(numbers)}"
    with hub.raw() as raw:
        raw.connect(name)
        raw.subscribe(name, 1)
        raw.send(publish_packet(name, "x", 1, mid=7))
        assert sorted(raw.read()[0] >> 4 for _ in range(2)) == [PUBLISH, PUBACK]
    assert hub.request("GET", "/readyz", "http").status_code == 200


@contextlib.contextmanager
def counted(hub, **least):
    """These counters rise by so much at least, and no connection is left over."""
    before = hub.metrics()
    yield
    for name, rise in least.items():
        hub.eventually(lambda n=name, r=rise: hub.metric(n) >= before[f"thingd_{n}"] + r,
                       f"{name} rises by {rise}")
    hub.eventually(lambda: hub.metric("connections") <= before["thingd_connections"],
                   "connections are closed")
    serves(hub)


class Pulse(threading.Thread):
    """A client at peace: publishes to itself all the time, and measures how long that takes."""

    def __init__(self, hub, qos=0):
        super().__init__(daemon=True)
        self.name = f"pulse-{next(numbers)}"
        self.qos = qos
        self.raw = hub.raw()
        self.raw.connect(self.name)
        self.raw.subscribe(self.name, 0)
        self.times = []
        self.error = None
        self.over = threading.Event()

    def run(self):
        try:
            while not self.over.is_set():
                start = time.monotonic()
                self.raw.send(publish_packet(self.name, "x", self.qos,
                                             mid=1 if self.qos else None))
                for _ in range(2 if self.qos else 1):
                    self.raw.read()
                self.times.append(time.monotonic() - start)
                self.over.wait(0.005)
        except (Failure, OSError) as error:
            self.error = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(TIMEOUT)
        self.raw.close()

    def check(self, most=1.0):
        """A second is far above what is promised, and far below a loop that waits for somebody."""
        assert self.error is None, self.error
        assert self.times, "it was not served at all"
        assert max(self.times) < most * SLACK, f"{max(self.times):.2f} s of {len(self.times)} rounds"


def connect_to(hub, listener):
    sock = socket.create_connection((HOST, hub.port(listener)), TIMEOUT)
    sock.settimeout(TIMEOUT)
    return sock


# ---- slow and silent


@pytest.fixture(scope="module")
def impatient():
    hub = hublib.Hub(sets=["mqtt.connect_timeout=1s", "http.header_timeout=1s",
                           "http.request_timeout=1s", "tls.handshake_timeout=1s"]).start()
    yield hub
    try:
        hub.terminate()
        assert not hub.sanitizer_reports(), hub.tail(80)
    finally:
        hub.remove()


def client_hello():
    """The first flight of a real TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


SLOW = {
    "CONNECT": ("mqtt", connect_packet("x" * 500)),
    "request line": ("http", b"GET /" + b"a" * 500),
    "header": ("http", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 500),
    "many headers": ("http", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100),
    "body": ("http", b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n"
             + b"x" * 400),
    "chunks": ("http", b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100),
    "ClientHello": ("mqtts", client_hello()),
    "CONNECT on the HTTP port": ("http", connect_packet("x" * 500)),
}


@pytest.mark.parametrize("case", SLOW)
def test_byte_by_byte(impatient, case):
    """Each byte is a sign of life, and none renews the time for the whole."""
    listener, data = SLOW[case]
    quick = len(data) - 300 if case in ("body", "chunks") else 20
    with counted(impatient), connect_to(impatient, listener) as sock:
        start = time.monotonic()
        sock.sendall(data[:quick])
        raw = RawMqtt(sock)
        for i in range(quick, len(data)):
            if not raw.is_silent(0.05):
                break
            with contextlib.suppress(ConnectionError):
                sock.sendall(data[i:i + 1])
        got = raw.wait_closed()
        assert 0.5 < time.monotonic() - start < 5
        if listener == "http" and data[0] != 0x10:
            assert got.startswith(b"HTTP/1.1 408 "), got[:100]


def test_connections_that_say_nothing(impatient):
    with counted(impatient, connections_total=500), Pulse(impatient) as pulse:
        socks = [connect_to(impatient, ("mqtt", "http", "mqtts", "https")[i % 4])
                 for i in range(500)]
        with hublib.contextlib.ExitStack() as stack:
            for sock in socks:
                stack.enter_context(sock)
            for sock in socks:
                RawMqtt(sock).wait_closed()
    pulse.check()


def test_silence_after_the_accept_of_an_idle_request(impatient):
    """Half of a second request after a whole first one."""
    first = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with counted(impatient), connect_to(impatient, "http") as sock:
        sock.sendall(first + b"GET /liv")
        got = RawMqtt(sock).wait_closed(10)
        assert got.startswith(b"HTTP/1.1 200 ") and b"HTTP/1.1 408 " in got


# ---- half-open


def test_half_closed(hub, name):
    """The end of the peer's sending is the end of an MQTT connection, with its will."""
    with hub.mqtt(f"{name}-watch") as watch:
        watch.subscribe(f"{name}/will")
        with counted(hub), hub.raw() as raw:
            raw.connect(name, will=Message(f"{name}/will", b"gone"))
            raw.sock.shutdown(socket.SHUT_WR)
            raw.wait_closed()
            watch.expect(f"{name}/will", "gone")


def test_reset(hub, name):
    with hub.mqtt(f"{name}-watch") as watch:
        watch.subscribe(f"{name}/will")
        with counted(hub):
            for i in range(20):
                raw = hub.raw()
                raw.connect(name, will=Message(f"{name}/will", b"%d" % i))
                raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raw.close()
                watch.expect(f"{name}/will", str(i))


def test_peer_that_went_away_silently(hub, name):
    with counted(hub), hub.raw() as raw:
        raw.connect(name, keepalive=1)
        raw.subscribe(f"{name}/t", 1)
        for i in range(5):
            with hub.mqtt(f"{name}-pub") as client:
                client.publish(f"{name}/t", str(i), 1)
        raw.wait_closed(5)


@pytest.mark.parametrize("listener", ["mqtt", "http", "mqtts", "https"])
def test_connect_and_close(hub, listener):
    with counted(hub, connections_total=100):
        for i in range(100):
            sock = connect_to(hub, listener)
            if i % 3 == 1:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif i % 3 == 2:
                sock.shutdown(socket.SHUT_WR)
            sock.close()


def test_answer_to_somebody_who_has_left(hub, name):
    """The request is carried out, the answer goes nowhere."""
    with counted(hub, http_requests_total=50):
        for i in range(50):
            body = json.dumps({"state": {"reported": {"n": i}}}).encode()
            sock = connect_to(hub, "http")
            sock.sendall(b"POST /things/%s/shadow HTTP/1.1\r\nHost: localhost\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (name.encode(), len(body), body))
            if i % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()


# ---- more connections than there may be


def test_flood_of_connections(make_hub, name):
    hub = make_hub(sets=["limits.connections=40"]).start()
    with Pulse(hub, 1) as pulse:
        socks = []
        for i in range(400):
            try:
                socks.append(connect_to(hub, ("mqtt", "http", "mqtts", "https")[i % 4]))
            except OSError:
                pass
        hub.eventually(lambda: sum(map(is_closed, socks)) > 300, "most are closed")
        with contextlib.suppress(Closed, OSError), hub.raw() as raw:
            raw.connect(name)
            pytest.fail("one more than there may be")
        assert hub.cli("status").returncode == 0, "who is on the machine is locked out"
        for sock in socks:
            sock.close()
        hub.eventually(lambda: works(hub), "room again")
    pulse.check()
    metrics = hub.metrics()
    assert metrics["thingd_connections_refused_total"] >= 360
    lines = [line for line in hub.log.since() if "the limit is reached" in line]
    assert 0 < len(lines) < 50, "a flood of lines"
    serves(hub)


def is_closed(sock):
    if RawMqtt(sock).is_silent(0):
        return False
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def works(hub):
    try:
        return hub.request("GET", "/livez", "http").status_code == 200
    except OSError:
        return False


# ---- malformed packets on live sessions


MORE = {
    "DISCONNECT with a body": packet(0xe0, b"x"),
    "UNSUBSCRIBE with packet id 0": packet(0xa2, b"\0\0" + text16("a")),
    "UNSUBSCRIBE with a filter cut short": packet(0xa2, b"\0\1\0\7ab"),
    "UNSUBSCRIBE from an empty filter": packet(0xa2, b"\0\1\0\0"),
    "SUBSCRIBE with a filter cut short": packet(0x82, b"\0\1\0\7ab"),
    "SUBSCRIBE whose second filter is cut": packet(0x82, b"\0\1" + text16("a") + b"\0\0\x09b"),
    "SUBSCRIBE whose second QoS is missing": packet(0x82, b"\0\1" + text16("a") + b"\0"
                                                    + text16("b")),
    "SUBSCRIBE of one byte": packet(0x82, b"\0"),
    "SUBSCRIBE to NUL": subscribe_packet(1, (b"a\0", 0)),
    "SUBSCRIBE to overlong UTF-8": subscribe_packet(1, (b"\xf0\x80\x80\xaf", 0)),
    "PUBLISH of one byte": packet(0x30, b"\0"),
    "PUBLISH whose topic ends beyond it": packet(0x30, b"\xff\xffabc"),
    "PUBLISH whose id is half": packet(0x32, text16("a") + b"\0"),
    "PUBLISH beyond Unicode": publish_packet(b"\xf4\x90\x80\x80", "x"),
    "PUBLISH to half a character": publish_packet(b"ab\xc3", "x"),
    "PUBREC too long": packet(0x50, b"\0\1\0\0"),
    "PUBREL with id 0": packet(0x62, b"\0\0"),
    "PUBACK with id 0": packet(0x40, b"\0\0"),
    "PUBCOMP with flags": packet(0x7f, b"\0\1"),
    "UNSUBACK from a client": packet(0xb0, b"\0\1"),
    "HTTP in the middle": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS in the middle": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160),
    "zeroes": bytes(64),
    "ones": b"\xff" * 64,
    "the largest length": packet(0x30, b"", length=b"\xff\xff\xff\x7f"),
}
assert not set(MORE) & set(MALFORMED)


@pytest.mark.parametrize("case", [*MALFORMED, *MORE])
def test_malformed_on_a_live_session(hub, name, case):
    """The connection ends, its will comes, its session is kept, its neighbour notices nothing."""
    data = MALFORMED.get(case) or MORE[case]
    with hub.mqtt(f"{name}-watch") as watch, hub.raw() as neighbour:
        watch.subscribe(f"{name}/will")
        neighbour.connect(f"{name}-n")
        with counted(hub, mqtt_malformed_total=1), hub.raw() as raw:
            raw.connect(name, clean=False, will=Message(f"{name}/will", b"bad"))
            raw.subscribe(f"{name}/t", 1)
            raw.send(publish_packet(f"{name}/t", "before", 1, mid=1), data,
                     publish_packet(f"{name}/after", "after", 0))
            got = raw.wait_closed()
            assert b"after" not in got
            watch.expect(f"{name}/will", "bad")
        assert neighbour.ping() == []
        with hub.raw() as raw:
            assert raw.connect(name, clean=False), "the session is lost"
            assert raw.expect_publish()[0].payload == b"before"


HARMLESS = {
    "PUBACK of nothing": ack_packet(PUBACK, 77),
    "PUBREC of nothing": ack_packet(PUBREC, 77),
    "PUBCOMP of nothing": ack_packet(PUBCOMP, 77),
    "UNSUBSCRIBE from what is not": packet(0xa2, b"\0\7" + text16("never")),
    "PUBREL of nothing": ack_packet(hublib.PUBREL, 77),
    "empty payload": publish_packet("empty", b""),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_odd_but_allowed(hub, name, case):
    with hub.raw() as raw:
        raw.connect(name)
        raw.send(HARMLESS[case])
        assert all(first >> 4 != PUBLISH for first, _ in raw.ping())


SEED = random.SystemRandom().randrange(1 << 32)


def test_flood_of_malformed_packets(hub, name):
    """Hundreds at once, each gone after its first wrong packet."""
    with counted(hub, mqtt_malformed_total=400), Pulse(hub) as pulse, \
            contextlib.ExitStack() as stack:
        raws = [stack.enter_context(hub.raw()) for _ in range(400)]
        for i, raw in enumerate(raws):
            raw.send(connect_packet(f"{name}-{i}", clean=False), publish_packet("a/#", "x", 1, mid=1))
        for raw in raws:
            raw.wait_closed()
    pulse.check()
    serves(hub)


@pytest.mark.parametrize("listener", ["mqtt", "http"])
def test_damaged_sessions(hub, name, listener):
    """A session of all packets with some bytes changed, left out or repeated."""
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    whole = b"".join([
        connect_packet(name, clean=False, will=Message("will", b"w", 1), username="u",
                       password="p") if listener == "http" else connect_packet(name),
        subscribe_packet(1, (f"{name}/#", 2), ("+/x", 1)),
        publish_packet(f"{name}/a", "b", 1, mid=2),
        publish_packet(f"{name}/a", "b" * 200, 2, mid=3), ack_packet(hublib.PUBREL, 3),
        packet(0xa2, b"\0\4" + text16("+/x")), packet(0xc0), packet(0xe0)])
    with counted(hub):
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(dice.randrange(1, 4)):
                at = dice.randrange(len(data))
                if dice.random() < 0.6:
                    data[at] = dice.randrange(256)
                elif dice.random() < 0.5:
                    del data[at:at + dice.randrange(1, 9)]
                else:
                    data[at:at] = data[at:at + dice.randrange(1, 9)]
            with connect_to(hub, listener) as sock, contextlib.suppress(ConnectionError):
                sock.sendall(bytes(data))
                sock.shutdown(socket.SHUT_WR)
                RawMqtt(sock).wait_closed()


@pytest.mark.parametrize("listener", ["mqtt", "http", "mqtts", "https"])
def test_noise(hub, listener):
    print(f"seed {SEED}")
    dice = random.Random(SEED + 1)
    with counted(hub):
        for i in range(60):
            first = (b"\x10", b"GET ", b"\x16\x03\x03", b"")[i % 4]
            with connect_to(hub, listener) as sock, contextlib.suppress(ConnectionError):
                sock.sendall(first + dice.randbytes(dice.randrange(1, 3000)))
                sock.shutdown(socket.SHUT_WR)
                RawMqtt(sock).wait_closed()


# ---- TLS


def test_client_hello_cut_at_each_place(hub):
    hello = client_hello()
    with counted(hub):
        for size in range(1, len(hello), max(1, len(hello) // 60)):
            with connect_to(hub, "mqtts") as sock, contextlib.suppress(ConnectionError):
                sock.sendall(hello[:size])
                sock.shutdown(socket.SHUT_WR)
                got = RawMqtt(sock).wait_closed()
                assert not got or got[0] == 21, got[:20]


def test_damaged_client_hello(hub):
    print(f"seed {SEED}")
    dice, hello = random.Random(SEED + 2), client_hello()
    with counted(hub, tls_failures_total=1):
        for _ in range(100):
            data = bytearray(hello)
            for _ in range(dice.randrange(1, 5)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            with connect_to(hub, "https") as sock, contextlib.suppress(ConnectionError):
                sock.sendall(bytes(data))
                sock.shutdown(socket.SHUT_WR)
                RawMqtt(sock).wait_closed()


def test_garbage_after_the_handshake(hub, name):
    """Records which nobody can decrypt, beneath a session at work."""
    thing = hub.add_thing(name)
    for junk in (b"\x17\x03\x03\x00\x20" + bytes(32), b"\x16\x03\x03\x00\x04" + bytes(4),
                 b"\x15\x03\x03\x00\x02\x02\x50", b"\x17\x03\x03\xff\xff" + bytes(1000),
                 b"GET / HTTP/1.1\r\n\r\n", bytes(5)):
        with counted(hub):
            plain = connect_to(hub, "mqtts")
            context = hublib.tls_context(hub.ca, thing)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
            with plain:
                shake_hands(tls, incoming, outgoing, plain)
                tls.write(connect_packet(name))
                plain.sendall(outgoing.read())
                plain.sendall(junk)
                plain.shutdown(socket.SHUT_WR)
                RawMqtt(plain).wait_closed()


def shake_hands(tls, incoming, outgoing, sock):
    while True:
        try:
            tls.do_handshake()
            sock.sendall(outgoing.read())
            return
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(1 << 16))


# ---- HTTP


SECOND = b"GET /hub/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"0\r\n\r\n"
SMUGGLED = {
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                         + CHUNKED,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                         + CHUNKED,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 48\r\n\r\n",
    "same lengths twice": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "list of lengths": POST + b"Content-Length: 1, 1\r\n\r\nx",
    "length with a sign": POST + b"Content-Length: +1\r\n\r\nx",
    "length in hex": POST + b"Content-Length: 0x1\r\n\r\nx",
    "length with a space": POST + b"Content-Length: 1 1\r\n\r\nx",
    "length of nothing": POST + b"Content-Length: \r\n\r\n",
    "length beyond 64 bits": POST + b"Content-Length: 18446744073709551617\r\n\r\nx",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                     + CHUNKED,
    "chunked and identity": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n" + CHUNKED,
    "gzip and chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED,
    "almost chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunked behind a tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + CHUNKED,
    "space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "header line of a NUL": POST + b"Transfer-Encoding: chunked\0\r\n\r\n" + CHUNKED,
    "folded": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED,
    "bare line feeds": b"POST /topics/a HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n",
    "bare carriage return": POST + b"X: a\rContent-Length: 48\r\n\r\n",
    "chunk size too long": POST + b"Transfer-Encoding: chunked\r\n\r\n"
                           + b"f" * 17 + b"\r\nx\r\n0\r\n\r\n",
    "chunk size with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    "chunk without its end": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
    "chunk of bare line feeds": POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
    "HTTP 1.0 with chunks": b"POST /topics/a HTTP/1.0\r\nHost: localhost\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "HTTP 0.9": b"GET /livez\r\n\r\n",
    "HTTP 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP 1.2": b"GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n",
    "a tunnel": b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two hosts": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "space in the target": b"GET /livez /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "header without a name": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "header without a colon": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n",
    "name with a space": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX A: b\r\n\r\n",
    "leading space": b"GET /livez HTTP/1.1\r\n Host: localhost\r\nHost: localhost\r\n\r\n",
    "expectation": POST + b"Content-Length: 1\r\nExpect: miracles\r\n\r\nx",
    "host with a path": b"GET /livez HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
}


@pytest.mark.parametrize("case", SMUGGLED)
def test_no_second_request_is_smuggled(hub, case):
    """What two readers could understand in two ways is refused, and nothing after it is read."""
    with counted(hub), connect_to(hub, "http") as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(SMUGGLED[case] + SECOND)
            sock.shutdown(socket.SHUT_WR)
        got = RawMqtt(sock).wait_closed()
        assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", got)) <= 1, got
        assert not got or 400 <= int(got[9:12]) < 600, got[:100]


def test_requests_that_are_two(hub):
    """The counterpart: a chunked request, and one right behind it, are answered both."""
    with connect_to(hub, "http") as sock:
        sock.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nX-T: y\r\n\r\n"
                     + SECOND)
        sock.shutdown(socket.SHUT_WR)
        got = RawMqtt(sock).wait_closed()
    assert got.count(b"HTTP/1.1 200 ") == 1 and got.count(b"HTTP/1.1 404 ") == 1, got


HUGE = {
    "header": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * (1 << 20),
    "header name": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"a" * (1 << 20),
    "request line": b"GET /" + b"a" * (1 << 20),
    "headers": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 50_000,
    "method": b"G" * (1 << 20),
    "trailers": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 50_000,
    "chunk extension": POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * (1 << 20),
    "empty lines": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"\r\n" * 500_000 + b"x",
}


@pytest.mark.parametrize("case", HUGE)
def test_huge_heads(hub, case):
    with counted(hub), connect_to(hub, "http") as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(HUGE[case])
            sock.shutdown(socket.SHUT_WR)
        got = RawMqtt(sock).wait_closed()
        codes = [got[i + 9:i + 12] for i in range(len(got)) if got.startswith(b"HTTP/1.1 ", i)]
        assert len(codes) <= (2 if case == "empty lines" else 1)
        assert not codes or codes[-1][:1] in b"45" or case == "empty lines", codes


def test_pipeline_that_is_never_read(make_hub, name):
    """Answers which nobody takes stop the reading of requests."""
    hub = make_hub(env=LEAN, sets=["http.idle_timeout=2s"]).start()
    with hub.mqtt(name) as client:
        client.publish(f"{name}/big", b"x" * 500_000, 1, retain=True)
    before = hub.memory()
    request = f"GET /retainedMessage/{name}%2Fbig HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with Pulse(hub) as pulse, connect_to(hub, "http") as sock:
        sock.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(200):
                sock.sendall(request * 100)
        assert hub.memory() - before < 60 * MIB
    pulse.check()
    serves(hub)


# ---- who sends and never reads


ANSWERED = {
    "pings": lambda name: packet(0xc0) * 50_000,
    "publishes": lambda name: publish_packet(f"{name}/nobody", b"", 1, mid=1) * 4000,
    "subscriptions": lambda name: subscribe_packet(1, *[(f"{name}/{i}", 0) for i in range(200)])
    * 200,
    "releases": lambda name: ack_packet(hublib.PUBREL, 9) * 25_000,
    "exchanges": lambda name: publish_packet(f"{name}/n", b"", 2, mid=1) * 4000,
}


@pytest.mark.parametrize("case", ANSWERED)
def test_answers_that_are_never_read(make_hub, name, case):
    """Who asks without end and takes no answer is held back, not served from memory."""
    hub = make_hub(env=LEAN, sets=["mqtt.output_buffer=64k"]).start()
    data = ANSWERED[case](name)
    with Pulse(hub) as pulse, hub.raw() as raw:
        raw.connect(name)
        raw.sock.settimeout(0.5)
        before = hub.memory()
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 48 << 20:
                raw.sock.sendall(data)
                sent += len(data)
        grown = hub.memory() - before
    assert grown < 16 * MIB, f"{grown >> 20} MB more after {sent >> 20} MB"
    pulse.check()
    serves(hub)


def test_keepalive_ends_who_takes_no_answers(make_hub, name):
    """Held back is not forgotten: a peer that reads nothing any more is as good as gone."""
    hub = make_hub(sets=["mqtt.output_buffer=64k"]).start()
    with hub.mqtt(f"{name}-watch") as watch, hub.raw() as raw:
        watch.subscribe(f"{name}/will")
        raw.connect(name, keepalive=1, will=Message(f"{name}/will", b"gone"))
        raw.sock.settimeout(0.5)
        with contextlib.suppress(OSError):
            while True:
                raw.sock.sendall(packet(0xc0) * 50_000)
        watch.expect(f"{name}/will", "gone")
    serves(hub)


def test_slow_reader_is_not_taken_for_dead(make_hub, name):
    """Who takes its answers in small sips lives, though it is held back meanwhile."""
    hub = make_hub(sets=["mqtt.output_buffer=64k"]).start()
    pings = 6_000_000  # more than the system's buffers take
    with hub.raw() as raw:
        raw.connect(name, keepalive=1)
        sender = threading.Thread(target=raw.send, args=(packet(0xc0) * pings,), daemon=True)
        sender.start()
        left = 2 * pings
        raw.sock.settimeout(TIMEOUT)
        while left:
            threading.Event().wait(0.02)
            got = raw.sock.recv(min(left, 100_000), socket.MSG_WAITALL)
            assert got, f"it was closed, {left} bytes before the end"
            left -= len(got)
        sender.join(TIMEOUT)
        assert raw.ping() == []
    serves(hub)


# ---- who subscribes and never reads


@pytest.mark.parametrize("qos", [0, 1])
def test_subscriber_that_never_reads(make_hub, name, qos):
    """200 MB for somebody who takes nothing; others get all of theirs, at once."""
    hub = make_hub(env=LEAN, sets=["mqtt.max_queued_bytes=16m", "mqtt.output_buffer=2m"]).start()
    payload, count = b"x" * 200_000, 1000
    with hub.raw() as idle, hub.raw() as reader, hub.raw() as sender, Pulse(hub) as pulse:
        idle.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        idle.connect(f"{name}-idle")
        idle.subscribe(f"{name}/#", qos)
        reader.connect(f"{name}-reader")
        reader.subscribe(f"{name}/t", qos)
        sender.connect(f"{name}-sender")
        before, most = hub.memory(), 0
        for i in range(count):
            sender.send(publish_packet(f"{name}/t", payload, qos, mid=i + 1 if qos else None))
            message, mid = reader.expect_publish()
            assert len(message.payload) == len(payload)
            if qos:
                reader.send(ack_packet(PUBACK, mid))
                sender.expect(PUBACK)
            if i % 100 == 99:
                most = max(most, hub.memory() - before)
        assert most < 64 * MIB, f"{most >> 20} MB more"
        pulse.check()
        assert hub.metric("messages_dropped_total") >= count - 200
        got = 0
        with contextlib.suppress(Failure):  # what was kept for it is whole
            while True:
                first, _ = idle.read(2)
                got += first >> 4 == PUBLISH
        assert got > 5
    serves(hub)


def test_hundred_subscribers_that_never_read(make_hub, name):
    """A message is kept once, however many wait for it."""
    hub = make_hub(env=LEAN, sets=["mqtt.output_buffer=1m"]).start()
    with contextlib.ExitStack() as stack:
        pulse = stack.enter_context(Pulse(hub))
        sender = stack.enter_context(hub.raw())
        sender.connect(f"{name}-sender")
        for i in range(100):
            idle = stack.enter_context(hub.raw())
            idle.connect(f"{name}-{i}")
            idle.subscribe(f"{name}/t", 0)
        before = hub.memory()
        for i in range(100):
            sender.send(publish_packet(f"{name}/t", b"x" * 200_000))
        sender.ping()
        assert hub.memory() - before < 100 * MIB, hub.memory() - before
    pulse.check()
    serves(hub)


# ---- passwords


def test_storm_of_passwords(make_hub, name):
    """Each costs a hash, which takes long by design; it delays those alone who ask for one. After too many of a
    user, none is looked at."""
    hub = make_hub(sets=["auth.delay=5m"]).start()
    hub.cli("user", "add", f"{name}-bob", "--password-stdin", stdin="the right one, after all")
    hub.cli("user", "add", f"{name}-ann", "--password-stdin", stdin="the right one, after all")
    refused = hub.metric("mqtt_connects_refused_total")
    with counted(hub, auth_failures_total=20), Pulse(hub, 1) as pulse, \
            contextlib.ExitStack() as stack:
        raws = [stack.enter_context(hub.raw()) for _ in range(60)]
        for i, raw in enumerate(raws):
            raw.send(connect_packet(f"{name}-{i}", username=f"{name}-ann" if i % 2 else "nobody",
                                    password=f"guess {i}"))
        for raw in raws:
            code, _ = raw.expect(CONNACK)[1], raw.wait_closed()
            assert code in (3, 4, 5)
        with hub.raw() as raw:
            raw.connect(f"{name}-bob", username=f"{name}-bob", password="the right one, after all")
        with hub.raw() as raw:  # whoever guesses learns nothing more for a while
            code, _ = raw.try_connect(f"{name}-ann", username=f"{name}-ann",
                                      password="the right one, after all")
            assert code in (4, 5)
    pulse.check()
    assert hub.metric("mqtt_connects_refused_total") >= refused + 60


# ---- documents


def nested(depth, opening="[", closing="]"):
    return opening * depth + closing * depth


DOCUMENTS = {
    "deep arrays": '{"state":{"reported":{"a":' + nested(50_000) + "}}}",
    "deep objects": '{"state":{"reported":' + '{"a":' * 20_000 + "1" + "}" * 20_000 + "}}",
    "never closed": '{"state":{"reported":' + '{"a":' * 20_000,
    "only brackets": "[" * 100_000,
    "many members": '{"state":{"reported":{' + ",".join(f'"k{i}":0' for i in range(9000)) + "}}}",
    "many numbers": '{"state":{"reported":{"a":[' + ",".join("0" * 1 for _ in range(60_000))
                    + "]}}}",
    "long number": '{"state":{"reported":{"a":' + "9" * 100_000 + "}}}",
    "large exponent": '{"state":{"reported":{"a":1e' + "9" * 1000 + "}}}",
    "long key": '{"state":{"reported":{"' + "k" * 100_000 + '":1}}}',
    "same key": '{"state":{"reported":{' + ",".join('"k":0' for _ in range(9000)) + "}}}",
    "bad escape": '{"state":{"reported":{"a":"\\ud800"}}}',
    "NUL": '{"state":{"reported":{"a\\u0000b":1}}}',
    "bad UTF-8": b'{"state":{"reported":{"a":"\xff\xfe"}}}',
    "two documents": '{"state":{}}{"state":{}}',
    "comment": '{"state":/* */{}}',
    "not a number": '{"state":{"reported":{"a":NaN}}}',
    "spaces": " " * 120_000 + "{}",
    "above the limit": '{"state":{"reported":{"a":"' + "x" * 200_000 + '"}}}',
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_hostile_documents(hub, name, case):
    """Through all doors: shadows over MQTT and REST, a rule, its dry run."""
    document = DOCUMENTS[case]
    document = document.encode() if isinstance(document, str) else document
    topic = f"$aws/things/{name}/shadow/update"
    rule = f"hostile_{next(numbers)}"
    hub.cli("rule", "create", rule, "--sql",
            f"SELECT *, state.reported.a.b[0] AS x FROM '{name}/in' WHERE state.reported <> 7",
            "--republish", f"{name}/out")
    with hub.mqtt(name) as client, Pulse(hub) as pulse:
        client.subscribe(f"{topic}/+", 0)
        client.publish(topic, document, 1)
        answer = client.next()
        assert answer.topic in (f"{topic}/rejected", f"{topic}/accepted", f"{topic}/documents")
        if answer.topic.endswith("rejected"):
            assert 400 <= answer.json()["code"] < 500, answer.payload[:200]
        status = hub.request("POST", f"/things/{name}-r/shadow", "http", data=document).status_code
        assert status in (200, 400, 413, 415), status
        client.publish(f"{name}/in", document, 1)
        client.publish(f"{name}/in", document, 0)
        token = hub.admin["token"]
        body = b'{"sql":"SELECT * FROM \'a\'","topic":"a","payload":' + document + b"}"
        tried = hub.request("POST", "/hub/rules/test", token=token, data=body)
        assert tried.status_code < 500, tried.text
    pulse.check()
    hub.cli("rule", "delete", rule)
    serves(hub)


STATEMENTS = {
    "deep brackets": "SELECT " + nested(20_000, "(", ")") + " FROM 'a'",
    "deep functions": "SELECT " + "abs(" * 5000 + "1" + ")" * 5000 + " AS x FROM 'a'",
    "long chain": "SELECT " + "1+" * 20_000 + "1 AS x FROM 'a'",
    "nots": "SELECT * FROM 'a' WHERE " + "NOT " * 20_000 + "true",
    "many columns": "SELECT " + ",".join(f"a AS c{i}" for i in range(5000)) + " FROM 'a'",
    "long text": "SELECT '" + "x" * 100_000 + "' AS x FROM 'a'",
    "long regex": "SELECT regexp_matches(a, '" + "(a+)+" * 2000 + "') AS x FROM 'a'",
    "slow regex": "SELECT regexp_matches('" + "a" * 60 + "b', '(a+)+$') AS x FROM 'a'",
    "long path": "SELECT a" + ".a" * 20_000 + " AS x FROM 'a'",
    "subselects": "SELECT " + "(SELECT " * 500 + "1" + " FROM a)" * 500 + " AS x FROM 'a'",
    "growing": "SELECT " + "concat(" * 24 + "'xxxxxxxx'" + ", 'xxxxxxxx')" * 24 + " AS x FROM 'a'",
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_hostile_statements(hub, case):
    with Pulse(hub) as pulse:
        body = {"sql": STATEMENTS[case], "topic": "a", "payload": {"a": "aaaaaaaaaaaaaaaaaaaaaaab"}}
        tried = hub.request("POST", "/hub/rules/test", token=hub.admin["token"], json=body)
        assert tried.status_code < 500, tried.text
    pulse.check()
    serves(hub)


# ---- floods of topics and filters


def test_flood_of_wildcards(make_hub, name):
    """Filters which all match, and topics that never come twice. What another client publishes in the middle
    of it comes back before its end: the hub does not stay with the flood."""
    hub = make_hub(env=LEAN).start()
    levels, count = [name, "l1", "l2", "l3", "l4", "l5"], 3000
    # one read of the hub, 64 KiB, is a fraction of the flood
    topics = ["/".join([*levels, f"{i:0100}"]) for i in range(count)]
    with contextlib.ExitStack() as stack:
        raws = [stack.enter_context(hub.raw()) for _ in range(10)]
        for i, raw in enumerate(raws):
            raw.connect(f"{name}-{i}")
            heads = ["/".join("+" if bits >> at & 1 else level for at, level in enumerate(levels))
                     for bits in range(64)]
            raw.send(subscribe_packet(1, *[(f"{head}/{last}", 0) for head in heads
                                           for last in ("+", "#")]))
            assert set(raw.expect(SUBACK)[2:]) == {0}
        sender = stack.enter_context(hub.raw())
        sender.connect(f"{name}-sender")
        other = stack.enter_context(hub.raw())
        other.connect(f"{name}-other")
        other.send(subscribe_packet(1, (f"{name}/#", 0)))
        other.expect(SUBACK)
        before = hub.memory()
        for topic in topics[:count // 2]:
            sender.send(publish_packet(topic, "x"))
        other.send(publish_packet(f"{name}/other", "x"))
        for topic in topics[count // 2:]:
            sender.send(publish_packet(topic, "x"))
        sender.ping()
        for raw in raws:  # once each, whatever matches
            assert len(raw.ping()) == count
        seen = [body.startswith(text16(f"{name}/other")) for _, body in other.ping()]
        assert len(seen) == count + 1 and seen.index(True) < count
        assert hub.memory() - before < 100 * MIB
    hub.eventually(lambda: hub.metric("subscriptions") == 0, "no subscriptions")
    serves(hub)


def test_topics_of_very_many_levels(hub, name):
    for topic in ("/" * 65535, "a/" * 32767, "/".join("+" * 30_000), "+/" * 32767 + "#",
                  "a" * 65535):
        with counted(hub), hub.raw() as raw:
            raw.connect(name)
            raw.send(subscribe_packet(1, (topic, 0)))
            with contextlib.suppress(Closed):
                code = raw.expect(SUBACK)[2]
                assert code == 0x80 or topic == "a" * 65535, topic[:10]
            raw.close()
        with counted(hub), hub.raw() as raw:
            raw.connect(name)
            raw.send(publish_packet(topic, "x", 1, mid=1), packet(0xe0))
            got = raw.wait_closed()
            assert not got or topic == "a" * 65535, topic[:10]


def test_thousands_of_subscriptions(make_hub, name):
    hub = make_hub(env=LEAN).start()
    with contextlib.ExitStack() as stack:
        pulse = stack.enter_context(Pulse(hub))
        for i in range(20):
            raw = stack.enter_context(hub.raw())
            raw.connect(f"{name}-{i}", clean=False)
            for part in range(4):
                raw.send(subscribe_packet(1, *[(f"{name}/{i}/{part}/{n}/+", n % 3)
                                               for n in range(250)]))
                assert 0x80 not in raw.expect(SUBACK)[2:]
            raw.send(subscribe_packet(2, (f"{name}/one-more", 0)))
            assert raw.expect(SUBACK)[2:] == b"\x80"
    pulse.check()
    assert hub.metric("subscriptions") >= 20_000
    hub.restart()
    assert hub.metric("subscriptions") == 20_000
    for i in range(20):
        with hub.raw() as raw:
            raw.connect(f"{name}-{i}", clean=True)
            raw.send(packet(0xe0)).wait_closed()
    hub.eventually(lambda: hub.metric("subscriptions") == 0, "no subscriptions")
    serves(hub)


def test_clients_without_end(hub, name):
    """Sessions come and go; nothing of a clean one stays."""
    sessions = hub.metric("sessions")
    with counted(hub, mqtt_connects_total=300):
        for i in range(300):
            with hub.raw() as raw:
                raw.send(connect_packet(f"{name}-{i}", will=Message(f"{name}/w", b"x", 1)),
                         subscribe_packet(1, (f"{name}/#", 1)),
                         publish_packet(f"{name}/{i}", "x", 2, mid=1),
                         packet(0xe0) if i % 2 else b"")
                if i % 2:
                    raw.wait_closed()
                else:
                    raw.expect(CONNACK)
    hub.eventually(lambda: hub.metric("sessions") == sessions, "no session is left")


# ---- two with one name


@pytest.mark.parametrize("clean", [True, False])
def test_fight_for_a_client_id(hub, name, clean):
    """Two who connect again whenever the other has thrown them out."""
    clients, connects = hub.metric("mqtt_clients"), 60
    errors = []

    def fight():
        try:
            for _ in range(connects):
                with hub.raw() as raw:
                    with contextlib.suppress(Closed):  # perhaps before CONNACK
                        raw.connect(name, clean=clean)
                        raw.subscribe(f"{name}/t", 1)
                        raw.wait_closed()
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)

    with counted(hub, mqtt_connects_total=2 * connects), Pulse(hub) as pulse:
        threads = [threading.Thread(target=fight, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + TIMEOUT
        while any(thread.is_alive() for thread in threads):
            assert time.monotonic() < deadline, "the fight hangs"
            with hub.raw() as third:  # ends the last round of whoever is left
                if sum(thread.is_alive() for thread in threads) == 1:
                    third.connect(name, clean=clean)
            threads[0].join(0.05)
        assert not errors, errors
    pulse.check()
    hub.eventually(lambda: hub.metric("mqtt_clients") == clients, "nobody is left")
    with hub.raw() as raw:
        assert raw.connect(name, clean=clean) == (not clean)


def test_fight_for_a_session_with_messages(hub, name):
    """What waits is delivered in the end, whoever has the session at the moment."""
    with hub.mqtt(name, clean=False) as client:
        client.subscribe(f"{name}/t", 1)
    with hub.mqtt(f"{name}-pub") as sender:
        for i in range(50):
            sender.publish(f"{name}/t", str(i), 1)
    got, raws = set(), []
    for _ in range(30):
        raw = hub.raw()
        raws.append(raw)
        raw.connect(name, clean=False)
        message, mid = raw.expect_publish()
        got.add(int(message.payload))
        raw.send(ack_packet(PUBACK, mid))
    with hub.mqtt(name, clean=False) as client:
        got |= {int(m.payload) for m in client.fence()}
    for raw in raws:
        raw.wait_closed()
        raw.close()
    assert got == set(range(50))


# ---- the store is slow


@contextlib.contextmanager
def locked(hub):
    """Another process has the database: whoever writes must wait."""
    db = sqlite3.connect(hub.dir / "thingd.db", isolation_level=None)
    db.execute("PRAGMA busy_timeout = 5000")
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        db.execute("ROLLBACK")
        db.close()


def test_storm_while_the_store_is_slow(make_hub, name):
    """Publishers are held back, nothing is lost, and who needs no disk is not delayed."""
    hub = make_hub(env=LEAN).start()
    with hub.mqtt(f"{name}-absent", clean=False) as client:
        client.subscribe(f"{name}/t/#", 1)
    count, publishers = 6000, 3

    def storm(raw, number):
        for first in range(1, count + 1, 100):
            raw.send(*[publish_packet(f"{name}/t/{number}", b"%d" % i, 1, mid=i)
                       for i in range(first, first + 100)])

    with contextlib.ExitStack() as stack:
        pulse = stack.enter_context(Pulse(hub))
        raws = [stack.enter_context(hub.raw()) for _ in range(publishers)]
        for i, raw in enumerate(raws):
            raw.connect(f"{name}-{i}")
        before = hub.memory()
        with locked(hub):
            threads = [threading.Thread(target=storm, args=(raw, i), daemon=True)
                       for i, raw in enumerate(raws)]
            for thread in threads:
                thread.start()
            hub.eventually(lambda: hub.metric("store_pending_requests") > 3000, "a storm")
            assert all(raw.is_silent(0.1) for raw in raws), "acknowledged, and not kept"
            assert hub.memory() - before < 100 * MIB
        for raw in raws:
            for i in range(1, count + 1):
                assert raw.expect(PUBACK) == struct.pack(">H", i)
        for thread in threads:
            thread.join(TIMEOUT)
        pulse.check()
    hub.kill9()
    hub.start()
    got = {}
    with hub.raw() as raw:
        assert raw.connect(f"{name}-absent", clean=False)
        while sum(map(len, got.values())) < count * publishers:
            message, mid = raw.expect_publish()
            got.setdefault(message.topic, []).append(int(message.payload))
            raw.send(ack_packet(PUBACK, mid))
    assert got == {f"{name}/t/{i}": list(range(1, count + 1)) for i in range(publishers)}
    serves(hub)


def test_storm_above_what_may_wait(make_hub, name):
    """store.max_pending: further publishes are refused, aloud, and those before are kept."""
    hub = make_hub(env=LEAN, sets=["store.max_pending=500"]).start()
    with hub.mqtt(f"{name}-absent", clean=False) as client:
        client.subscribe(f"{name}/t", 1)
    with Pulse(hub) as pulse, hub.raw() as raw:
        raw.connect(f"{name}-pub")
        mark = hub.mark()
        with locked(hub):
            raw.send(*[publish_packet(f"{name}/t", b"%d" % i, 1, mid=i) for i in range(1, 2001)])
            got = raw.wait_closed()
            assert got == b"", "acknowledged, and not kept"
            hub.wait_line("store", "refused", since=mark)
            answer = hub.request("POST", "/things/x", token=hub.admin["token"], json={})
            assert answer.status_code in (429, 503), answer.text
    pulse.check()
    hub.eventually(lambda: hub.metric("store_pending_requests") == 0, "the store catches up")
    with hub.mqtt(f"{name}-absent", clean=False) as client:
        numbers_kept = [int(m.payload) for m in client.fence()]
    assert numbers_kept == list(range(1, len(numbers_kept) + 1)) and len(numbers_kept) > 100
    serves(hub)
