"""MQTT over WebSocket from the frames up: RFC 6455, and chapter 6 of MQTT, as Python's `websockets` sees them."""

import asyncio
import socket
import threading

import pytest
import websockets
from websockets.frames import Opcode

import hublib
import mqtt5
from hublib import (CONNACK, DISCONNECT, HOST, PUBACK, TIMEOUT, Message, ack_packet, connect_packet, packet,
                    publish_packet, subscribe_packet)
from wslib import GOING_AWAY, NORMAL, POLICY, PROTOCOL, TLS, TOO_BIG, UNSUPPORTED, Refused, Ws, raw_frame, url_of

LARGE = 2_000_000  # of the 2 MB that a packet may have


class Ws5(Ws, mqtt5.Raw5):
    """The same at level 5."""


BOTH = {"3.1.1": Ws, "5": Ws5}


@pytest.fixture(params=BOTH)
def level(request):
    return BOTH[request.param]


@pytest.fixture(scope="module")
def ann(module_hub):
    module_hub.cli("user", "add", "ann", "--password-stdin", stdin="long enough for all")
    return {"username": "ann", "password": "long enough for all"}


# ---- the opening handshake


@pytest.mark.parametrize("target", ["/mqtt", "/"])
@pytest.mark.parametrize("listener", ["mqtt", "http", "mqtts", "https"])
def test_every_port_at_both_paths(hub, name, ann, listener, target):
    with Ws(hub, listener, target=target) as ws:
        ws.connect(name, **(ann if listener in TLS else {}))
        assert ws.subscribe(f"{name}/t", 1) == 1
        ws.send(publish_packet(f"{name}/t", b"\0\xff", 1, mid=7))
        message, mid = ws.expect_publish()
        assert (message.payload, message.qos) == (b"\0\xff", 1)
        ws.send(ack_packet(PUBACK, mid))
        assert ws.expect(PUBACK) == b"\0\7"
        assert ws.ping() == []


CHOICES = [(["mqtt"], "mqtt"), (["mqttv3.1"], "mqttv3.1"), (["mqttv3.1.1"], "mqttv3.1.1"), (["mqttv3.11"], "mqttv3.11"),
           (["chat", "mqttv3.1", "mqtt"], "mqttv3.1"), (["mqtt", "mqttv3.1"], "mqtt"), ([], None)]


@pytest.mark.parametrize("offered, chosen", CHOICES, ids=["+".join(offered) or "none" for offered, _ in CHOICES])
def test_subprotocol(hub, name, level, offered, chosen):
    """[MQTT-6.0.0-3], [MQTT-6.0.0-4]: mqtt, and what clients say for it. The level is CONNECT's to say."""
    with level(hub, subprotocols=tuple(offered)) as ws:
        assert ws.protocol.subprotocol == chosen
        ws.connect(name)
        assert ws.subscribe("t", 1) == 1


@pytest.mark.parametrize("offered", [["chat"], ["MQTT"], ["mqttv5", "soap"]], ids="+".join)
def test_foreign_subprotocols(hub, offered):
    """[MQTT-6.0.0-3]"""
    with pytest.raises(Refused) as refused:
        Ws(hub, subprotocols=tuple(offered))
    assert refused.value.status == 400
    assert b"mqttv3.1.1" in refused.value.body


WRONG = {
    "version 8": ({"Sec-WebSocket-Version": "8"}, 426),
    "no version": ({"Sec-WebSocket-Version": ""}, 426),
    "short key": ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400),
    "no base64": ({"Sec-WebSocket-Key": "?" * 24}, 400),
    "another protocol": ({"Upgrade": "h2c"}, 426),
    "nothing to upgrade": ({"Connection": "keep-alive"}, 426),
}


@pytest.mark.parametrize("case", WRONG)
def test_upgrade_that_is_wrong(hub, case):
    """Sections 4.2.1 and 4.4 of RFC 6455."""
    headers, status = WRONG[case]
    with pytest.raises(Refused) as refused:
        Ws(hub, headers=tuple(headers.items()))
    assert refused.value.status == status, refused.value
    assert refused.value.headers["x-amzn-ErrorType"] == "InvalidRequestException"
    if "version" in case:
        assert refused.value.headers["Sec-WebSocket-Version"] == "13"


def test_other_paths(hub):
    for target, status in (("/mqtt/x", 404), ("/nothing", 404), ("/things", 403), ("/livez", 200)):
        with pytest.raises(Refused) as refused:
            Ws(hub, target=target)
        assert refused.value.status == status, target


def test_compression_is_not_taken(hub, name):
    with Ws(hub, deflate=True) as ws:
        assert "Sec-WebSocket-Extensions" not in ws.answer.headers
        ws.connect(name)
        ws.subscribe("t")
        ws.send(publish_packet("t", b"a" * 1000))
        assert ws.expect_publish()[0].payload == b"a" * 1000


UPGRADE = (f"GET /mqtt HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").encode()


def read_until(raw, end):
    """What has come, which ends so."""
    while not raw.pending.endswith(end):
        raw._fill(len(raw.pending) + 1, hublib._deadline(None))
    return raw.pending


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_handshake_and_frames_in_pieces(hub, name, size):
    """Byte by byte; and all at once: frames right behind the request are not lost."""
    sent = UPGRADE + raw_frame(Opcode.BINARY, connect_packet(name) + packet(0xc0))
    with hub.raw("http") as raw:
        raw.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(sent), size):
            raw.send(sent[at:at + size])
        head, _, frames = read_until(raw, b"\xd0\0").partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert frames in (b"\x82\6\x20\2\0\0\xd0\0", b"\x82\4\x20\2\0\0\x82\2\xd0\0"), frames
        raw.send(raw_frame(Opcode.CLOSE, b"\3\xe8"))
        assert raw.wait_closed().endswith(b"\x88\2\3\xe8")


def test_slow_handshakes(make_hub):
    """Neither a request nor a CONNECT is waited for without end."""
    hub = make_hub(sets=["http.header_timeout=200ms", "mqtt.connect_timeout=200ms"]).start()
    with hub.raw("http") as raw:
        raw.send(b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: webs")
        assert raw.wait_closed().startswith(b"HTTP/1.1 408 ")
    with Ws(hub) as idle, Ws(hub) as slow:
        slow.send(connect_packet("slow")[:-1])
        assert [ws.wait_code() for ws in (idle, slow)] == [POLICY] * 2


# ---- frames and packets


def test_the_library_as_it_is(hub, name):
    """Its own client, which offers compression, cuts messages into frames, and waits for Pongs."""

    async def client():
        sock = socket.create_connection((HOST, hub.port("http")), TIMEOUT)
        sock.setblocking(False)
        async with websockets.connect(url_of(hub, "http"), sock=sock, subprotocols=["mqtt"]) as ws:
            assert ws.subprotocol == "mqtt"
            await ws.send(connect_packet(name))
            assert await ws.recv() == b"\x20\x02\0\0"
            await ws.send([subscribe_packet(1, ("t", 0))[:3], b"", subscribe_packet(1, ("t", 0))[3:]])
            assert await ws.recv() == b"\x90\3\0\1\0"
            await (await ws.ping(b"are you there"))
            await ws.send(publish_packet("t", b"x" * 100_000))
            got = b""
            while len(got) < 100_007:
                got += await ws.recv()
            assert got == publish_packet("t", b"x" * 100_000)
            await ws.send("text")
            with pytest.raises(websockets.ConnectionClosed):
                await ws.recv()
            return ws.close_code

    assert asyncio.run(asyncio.wait_for(client(), TIMEOUT)) == UNSUPPORTED


@pytest.mark.parametrize("way", ["frames", "fragments", "fragments with Pings"])
def test_packets_in_single_bytes(hub, name, level, way):
    """[MQTT-6.0.0-2]: a packet spans frames."""
    with level(hub) as ws:
        five = level is Ws5
        connect = mqtt5.connect5(name) if five else connect_packet(name)
        subscribe = mqtt5.subscribe5(1, ("t", 1)) if five else subscribe_packet(1, ("t", 1))
        for data in (connect, subscribe):
            parts = [bytes([byte]) for byte in data]
            if way == "fragments":
                ws.send_fragments(*parts)
                continue
            for i, part in enumerate(parts):
                if way == "frames":
                    ws.send(part)
                    continue
                head = Opcode.CONT if i else Opcode.BINARY
                hublib.RawMqtt.send(ws, raw_frame(head, part, fin=i == len(parts) - 1))
                if i < len(parts) - 1:
                    hublib.RawMqtt.send(ws, raw_frame(Opcode.PING, bytes([i % 251])))
                    assert ws.wait_pong() == bytes([i % 251])
        assert ws.expect(CONNACK)[1] == 0
        assert ws.expect(hublib.SUBACK)[:2] == b"\0\1"


def test_packet_cut_anywhere(hub, name):
    """[MQTT-6.0.0-2]: into two frames, with the end of the one before and the beginning of the next."""
    whole = publish_packet("cut", b"0123456789" * 20, 1, mid=300)
    with Ws(hub) as ws:
        ws.connect(name)
        for at in range(1, len(whole)):
            ws.send(packet(0xc0), whole[:at])
            ws.send(whole[at:], packet(0xc0))
            assert ws.expect(hublib.PINGRESP) == b""
            assert ws.expect(PUBACK) == b"\1\x2c"
            assert ws.expect(hublib.PINGRESP) == b""


def test_many_packets_in_one_frame(hub, name, level):
    """[MQTT-6.0.0-2]: and the answers gather in few frames too."""
    five = level is Ws5
    publish = mqtt5.publish5 if five else publish_packet
    with level(hub) as sub, level(hub) as pub:
        sub.connect(f"{name}-sub")
        sub.subscribe(f"{name}/t", 0)
        pub.connect(f"{name}-pub")
        pub.send(*[publish(f"{name}/t", b"%d" % i, 1, mid=i) for i in range(1, 501)])
        for mid in range(1, 501):
            assert pub.expect(PUBACK)[:2] == mid.to_bytes(2, "big")
        for i in range(1, 501):
            message = sub.message()[0] if five else sub.expect_publish()[0]
            assert message.payload == b"%d" % i
        assert len(sub.frames) < 250 and len(pub.frames) < 250, (len(sub.frames), len(pub.frames))


def test_empty_frames_are_nothing(hub, name):
    with Ws(hub) as ws:
        ws.send()
        ws.send_fragments(b"", connect_packet(name), b"")
        ws.send()
        assert ws.expect(CONNACK) == b"\0\0"
        assert ws.ping() == []


@pytest.mark.parametrize("listener", ["mqtt", "https"])
def test_large_messages(hub, name, ann, listener):
    """2 MB less a little, in one frame and in pieces of odd lengths; none that comes is above a megabyte."""
    payload = bytes(i * 7 & 0xff for i in range(256)) * (LARGE // 256)
    with Ws(hub, listener) as ws:
        ws.connect(name, **(ann if listener in TLS else {}))
        ws.subscribe("large", 0)
        whole = publish_packet("large", payload)
        ws.send(whole)
        assert ws.expect_publish()[0].payload == payload
        ws.send_fragments(*[whole[i:i + 99_991] for i in range(0, len(whole), 99_991)])
        assert ws.expect_publish()[0].payload == payload
        assert max(length for _, length in ws.frames) <= 1 << 20


# ---- what is not allowed


@pytest.mark.parametrize("greeted", [False, True], ids=["at first", "later"])
def test_text(hub, name, greeted):
    """[MQTT-6.0.0-1]: data that is not binary closes the connection."""
    mark = hub.mark()
    with Ws(hub) as ws:
        if greeted:
            ws.connect(name)
        ws.protocol.send_text(connect_packet(name))
        assert ws.flush().wait_code() == UNSUPPORTED
        assert ws.pending == b""
    hub.wait_log("WebSocket protocol error", since=mark, code=UNSUPPORTED)


MISTAKES = {
    "no mask": raw_frame(Opcode.BINARY, packet(0xc0), mask=None),
    "no mask on a Ping": raw_frame(Opcode.PING, mask=None),
    "a reserved bit": raw_frame(Opcode.BINARY, packet(0xc0), reserved=4),
    "an unknown opcode": raw_frame(3, packet(0xc0)),
    "a Ping in fragments": raw_frame(Opcode.PING, b"a", fin=False),
    "a long Ping": raw_frame(Opcode.PING, b"a" * 126),
    "an end without a beginning": raw_frame(Opcode.CONT, packet(0xc0)),
    "a message within a message": raw_frame(Opcode.BINARY, b"\xc0", fin=False) + raw_frame(Opcode.BINARY, b"\0"),
    "half a code": raw_frame(Opcode.CLOSE, b"\3"),
    "a code that is never sent": raw_frame(Opcode.CLOSE, b"\3\xed"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(hub, name, mistake):
    mark, errors = hub.mark(), hub.metric("websocket_errors_total")
    with Ws(hub) as ws:
        ws.connect(name)
        hublib.RawMqtt.send(ws, MISTAKES[mistake])
        assert ws.wait_code() == PROTOCOL
        assert ws.pending == b""
    hub.wait_log("WebSocket protocol error", since=mark, code=PROTOCOL)
    assert hub.metric("websocket_errors_total") == errors + 1


def test_limits_of_frames_and_messages(make_hub, name):
    hub = make_hub(sets=["websocket.max_frame=64k", "websocket.max_message=128k", "mqtt.max_packet=100k"]).start()
    pings = packet(0xc0) * (32 << 10)
    with Ws(hub) as ws:
        ws.connect(name)
        ws.send(pings)  # 64k
        ws.send_fragments(pings, pings)
        for _ in range(3 * (32 << 10)):
            assert ws.expect(hublib.PINGRESP) == b""
        hublib.RawMqtt.send(ws, raw_frame(Opcode.BINARY, length=(64 << 10) + 1))
        assert ws.wait_code() == TOO_BIG
    with Ws(hub) as ws:
        ws.connect(name)
        ws.send_fragments(pings, pings, packet(0xc0))
        assert ws.wait_code() == TOO_BIG
    with Ws5(hub) as ws:
        ws.connect(name)
        ws.send_fragments(*[mqtt5.publish5("t", b"x" * (120 << 10))[i:i + 60000] for i in (0, 60000, 120000)])
        assert ws.expect5(DISCONNECT).code == mqtt5.TOO_LARGE
        assert ws.wait_code() == TOO_BIG


# ---- control frames and the end


def test_ping_anywhere(hub, name):
    """Before CONNECT, within a packet, and many of them."""
    with Ws(hub) as ws:
        assert ws.say_ping().wait_pong() == b""
        whole = connect_packet(name)
        ws.send(whole[:5])
        assert ws.say_ping(b"a" * 125).wait_pong() == b"a" * 125
        ws.send(whole[5:])
        assert ws.expect(CONNACK) == b"\0\0"
        ws.protocol.send_pong(b"that nobody has asked for")
        for i in range(100):
            ws.protocol.send_ping(b"%d" % i)
        ws.flush()
        assert [ws.wait_pong() for _ in range(100)] == [b"%d" % i for i in range(100)]
        assert ws.ping() == []


@pytest.mark.parametrize("code", [None, 1000, 1001, 1003, 1011, 3000, 4999])
def test_code_of_the_client_comes_back(hub, name, code):
    mark = hub.mark()
    with Ws(hub) as ws:
        ws.connect(name)
        assert ws.say_close(code, "enough" if code else "").wait_code() == (code or 1005)
    hub.wait_log("client disconnected", since=mark, client=name)


def test_nothing_is_read_behind_a_close_frame(hub, name):
    with hub.mqtt(f"{name}-sub") as sub, Ws(hub) as ws:
        sub.subscribe(f"{name}/#")
        ws.connect(name)
        hublib.RawMqtt.send(ws, raw_frame(Opcode.BINARY, publish_packet(f"{name}/first", b"1"))
                            + raw_frame(Opcode.CLOSE, b"\3\xe8")
                            + raw_frame(Opcode.BINARY, publish_packet(f"{name}/second", b"2")))
        assert ws.wait_code() == NORMAL
        sub.expect(f"{name}/first", "1")
        assert sub.fence() == []


def test_end_of_the_client_in_mqtt(hub, name, level):
    """DISCONNECT is answered by a Close frame."""
    with level(hub) as ws:
        ws.connect(name)
        ws.send(packet(0xe0))
        assert ws.wait_code() == NORMAL


def test_end_of_the_hub(make_hub, name):
    hub = make_hub().start()
    with Ws(hub) as old, Ws5(hub) as new, Ws(hub) as unknown:
        old.connect(f"{name}-old")
        new.connect(f"{name}-new")
        ended = threading.Thread(target=hub.terminate)
        ended.start()
        assert new.expect5(DISCONNECT).code == mqtt5.SHUTTING_DOWN
        assert [ws.wait_code() for ws in (new, old, unknown)] == [GOING_AWAY] * 3
        ended.join(TIMEOUT)


def test_misuse_of_mqtt(hub, name):
    with Ws(hub) as ws:
        ws.connect(name)
        ws.send(connect_packet(name))
        assert ws.wait_code() == PROTOCOL
    with Ws5(hub) as ws:
        ws.connect(name)
        ws.send(mqtt5.connect5(name))
        assert ws.expect5(DISCONNECT).code == mqtt5.PROTOCOL_ERROR
        assert ws.wait_code() == PROTOCOL
    with Ws(hub) as ws:
        ws.send(b"GET / HTTP/1.1\r\n\r\n")
        assert ws.wait_code() == PROTOCOL


def test_refused_connect(hub, name):
    with Ws(hub, "https") as ws:
        assert ws.try_connect(name) == (5, False)
        assert ws.wait_code() == POLICY
    with Ws5(hub, "https") as ws:
        assert ws.try_connect(name).code == mqtt5.NOT_AUTHORIZED
        assert ws.wait_code() == POLICY


def test_ended_by_others(hub, name):
    """An administrator, and a newcomer with the same client id."""
    with Ws(hub) as old, Ws5(hub) as new:
        old.connect(f"{name}-old")
        new.connect(f"{name}-new")
        for which in ("old", "new"):
            answer = hub.request("DELETE", f"/hub/sessions/{name}-{which}", token=hub.admin["token"])
            assert answer.status_code in (200, 204), answer.text
        assert new.expect5(DISCONNECT).code == mqtt5.ADMINISTRATIVE
        assert {ws.wait_code() for ws in (old, new)} == {GOING_AWAY}
    with Ws5(hub) as first, Ws(hub) as second:
        first.connect(name)
        second.connect(name)
        assert first.expect5(DISCONNECT).code == mqtt5.TAKEN_OVER
        assert first.wait_code() == POLICY
        assert second.ping() == []


# ---- back-pressure


def test_subscriber_that_does_not_read(make_hub, name):
    """It holds up nobody, and loses nothing of QoS 1."""
    hub = make_hub(sets=["mqtt.output_buffer=64k", "mqtt.max_inflight=40"]).start()
    topic, count, large = f"{name}/t", 80, b"x" * 100_000
    with Ws(hub) as deaf, Ws(hub) as sub, Ws(hub) as pub:
        for i, ws in enumerate((deaf, sub, pub)):
            ws.connect(f"{name}-{i}")
        deaf.subscribe(topic, 1)
        sub.subscribe(topic, 1)
        for i in range(1, count + 1):
            pub.send(publish_packet(topic, b"%d " % i + large, 1, mid=i))
            message, mid = sub.expect_publish()
            assert message.payload.startswith(b"%d " % i)
            sub.send(ack_packet(PUBACK, mid))
            assert pub.expect(PUBACK) == i.to_bytes(2, "big")
        for i in range(1, count + 1):
            message, mid = deaf.expect_publish()
            assert message.payload.startswith(b"%d " % i)
            deaf.send(ack_packet(PUBACK, mid))
        assert deaf.ping() == []
    assert hub.metric("messages_dropped_total") == 0


def test_qos_0_is_dropped_for_who_does_not_read(make_hub, name):
    """It costs no more than mqtt.output_buffer, and what it gets is whole."""
    hub = make_hub(sets=["mqtt.output_buffer=64k"]).start()
    topic, count, ended = f"{name}/t", 0, 0
    with Ws(hub) as deaf, Ws(hub) as pub:
        deaf.connect(f"{name}-deaf")
        deaf.subscribe(topic)
        pub.connect(f"{name}-pub")
        while not ended or count < ended + 20:
            pub.send(publish_packet(topic, b"%d " % count + b"x" * 100_000))
            assert pub.ping() == []
            count += 1
            if not ended and hub.metric("messages_dropped_total"):
                ended = count
        dropped = hub.metric("messages_dropped_total")
        assert hub.metric("memory_output_bytes") < 300_000
        before = [int(body[len(topic) + 2:].split(b" ")[0]) for _, body in deaf.ping()]
        assert before == list(range(count - dropped))


def test_pings_of_who_does_not_read(make_hub, name):
    """Section 5.5.3: while output is not taken Pongs make no queue, and the last Ping is answered."""
    hub = make_hub().start()
    burst = raw_frame(Opcode.PING, b"a" * 125) * 5000
    with Ws(hub) as deaf, Ws(hub) as other:
        deaf.connect(name)
        other.connect(f"{name}-other")

        def send(frames):
            hublib.RawMqtt.send(deaf, frames)
            for _ in range(60):  # turns of the hub: in each it reads 64 KB of them
                assert other.ping() == []

        unanswered = 0
        for _ in range(100):  # until the sockets are full
            send(burst)
            unanswered += 5000
            if hub.metric("memory_output_bytes") >= 60_000:
                break
        for _ in range(3):
            send(burst)
            unanswered += 5000
        send(raw_frame(Opcode.PING, b"last"))
        assert hub.metric("memory_output_bytes") < 300_000
        while deaf.wait_pong() != b"last":
            unanswered -= 1
        assert unanswered > 4000


# ---- wills


@pytest.mark.parametrize("profile", ["standard", "aws-strict"])
def test_wills(make_hub, name, profile):
    """[MQTT-3.1.2-8]: only DISCONNECT takes a will back; to AWS, a Close frame does too."""
    hub = make_hub(sets=[f"hub.profile={profile}"]).start()
    ends = {
        "socket": (lambda ws: ws.close(), True),
        "close frame": (lambda ws: ws.say_close(1000).wait_code(), profile == "standard"),
        "text": (lambda ws: hublib.RawMqtt.send(ws, raw_frame(Opcode.TEXT, b"x")).wait_code(), True),
        "DISCONNECT": (lambda ws: ws.send(packet(0xe0)).wait_code(), False),
    }
    with hub.mqtt(f"{name}-sub") as sub:
        sub.subscribe(f"{name}/+", 1)
        for way, (end, comes) in ends.items():
            ws = Ws(hub)
            ws.connect(f"{name}-{way.split()[0]}", will=Message(f"{name}/{way}", b"gone"))
            mark = hub.mark()
            end(ws)
            ws.close()
            hub.wait_log("client disconnected", since=mark)
            if comes:
                sub.expect(f"{name}/{way}", "gone")
        assert sub.fence(1) == []
