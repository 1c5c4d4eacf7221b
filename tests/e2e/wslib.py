"""MQTT over WebSocket, step by step: the protocol of Python's `websockets` over a socket of ours.

So each frame is of the test's making, and what the hub answers is judged by a stranger. What no library would send
goes to the socket as bytes.
"""

import contextlib
import dataclasses
import socket
import ssl
import struct

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Opcode
from websockets.uri import parse_uri

try:
    from websockets.client import ClientProtocol
except ImportError:  # before version 11
    from websockets.client import ClientConnection as ClientProtocol

import hublib
from hublib import HOST, Closed, Failure, RawMqtt

NORMAL, GOING_AWAY, PROTOCOL, UNSUPPORTED, POLICY, TOO_BIG = 1000, 1001, 1002, 1003, 1008, 1009
TLS = ("mqtts", "https")


class Refused(Failure):
    """The hub has answered with something else than 101."""

    def __init__(self, response):
        super().__init__(f"{response.status_code} {response.body!r}")
        self.status, self.headers, self.body = response.status_code, response.headers, response.body or b""


@dataclasses.dataclass(frozen=True)
class Asked:
    """How the upgrade is asked for."""

    target: str = "/mqtt"
    subprotocols: tuple = ("mqtt",)
    origin: str = None
    headers: tuple = ()  # pairs, which replace those of the same name
    deflate: bool = False


def url_of(hub, listener="mqtt", target="/mqtt"):
    return f"{'wss' if listener in TLS else 'ws'}://{HOST}:{hub.port(listener)}{target}"


class Ws(RawMqtt):
    """An open WebSocket; what hublib's RawMqtt sends leaves in one binary frame a call."""

    def __init__(self, hub, listener="mqtt", identity=None, **asked):
        super().__init__(hub.raw(listener, identity).sock)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.frames = []  # all that came: (opcode, length)
        self.pongs = []
        self.answer = None
        asked = Asked(**asked)
        uri = parse_uri(url_of(hub, listener, asked.target))
        self.protocol = ClientProtocol(
            uri, origin=asked.origin, subprotocols=asked.subprotocols or None, max_size=None,
            extensions=[ClientPerMessageDeflateFactory()] if asked.deflate else None)
        try:
            self._shake_hands(asked)
        except BaseException:
            self.close()
            raise

    def _shake_hands(self, asked):
        request = self.protocol.connect()
        for key, value in asked.headers:
            if key in request.headers:
                del request.headers[key]
            request.headers[key] = value
        self.protocol.send_request(request)
        self.flush()
        deadline = hublib._deadline(None)
        while self.answer is None and self.protocol.handshake_exc is None:
            if not self._receive(deadline) and self.protocol.handshake_exc is None:
                raise Closed("the connection was closed in the handshake")
        refusal = self.protocol.handshake_exc
        if refusal is not None:
            if getattr(refusal, "response", None) is None:
                raise refusal
            raise Refused(refusal.response)

    # -- frames

    def flush(self):
        for data in self.protocol.data_to_send():
            if data:
                super().send(data)
        return self

    def send(self, *packets):
        self.protocol.send_binary(b"".join(packets))
        return self.flush()

    def send_fragments(self, *parts):
        """A message of so many frames."""
        for i, part in enumerate(parts):
            more = {"fin": i == len(parts) - 1}
            if i == 0:
                self.protocol.send_binary(part, **more)
            else:
                self.protocol.send_continuation(part, **more)
        return self.flush()

    def say_ping(self, data=b""):
        self.protocol.send_ping(data)
        return self.flush()

    def say_close(self, code=None, reason=""):
        self.protocol.send_close(code, reason)
        return self.flush()

    # -- what comes

    def _take(self, event):
        if not hasattr(event, "opcode"):
            self.answer = event
            return
        self.frames.append((event.opcode, len(event.data)))
        if event.opcode in (Opcode.BINARY, Opcode.CONT):
            self.pending += event.data
        elif event.opcode is Opcode.PONG:
            self.pongs.append(bytes(event.data))

    def _receive(self, deadline):
        """Waits for bytes and takes them; False at the end of the connection."""
        self.sock.settimeout(max(0.01, hublib._left(deadline)))
        try:
            data = self.sock.recv(1 << 16)
        except TimeoutError:
            raise Failure("nothing more came") from None
        except (ConnectionError, ssl.SSLError):
            data = b""
        if data:
            self.protocol.receive_data(data)
        else:
            with contextlib.suppress(EOFError):  # within the handshake
                self.protocol.receive_eof()
        self.flush()
        for event in self.protocol.events_received():
            self._take(event)
        return bool(data)

    def _fill(self, count, deadline):
        while len(self.pending) < count:
            if not self._receive(deadline):
                raise Closed("the connection was closed")

    def wait_pong(self):
        deadline = hublib._deadline(None)
        while not self.pongs:
            if not self._receive(deadline):
                raise Closed("the connection was closed")
        return self.pongs.pop(0)

    def wait_closed(self, timeout=None):
        """Until the hub has ended the connection; returns the bytes of MQTT that nobody has read."""
        deadline = hublib._deadline(timeout)
        while self._receive(deadline):
            pass
        self.sock.close()
        return self.pending

    def wait_code(self):
        """The code of the hub's Close frame, when the connection has ended; None without one."""
        self.wait_closed()
        return self.protocol.close_rcvd and self.protocol.close_rcvd.code


def raw_frame(opcode, payload=b"", fin=True, mask=b"\1\2\3\4", length=None, reserved=0):
    """The bytes of a frame, which may be as wrong as one likes. mask None: without; length: what the head says."""
    length = len(payload) if length is None else length
    bit = 0x80 if mask is not None else 0
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    if length < 126:
        head += bytes([bit | length])
    elif length < 1 << 16:
        head += struct.pack(">BH", bit | 126, length)
    else:
        head += struct.pack(">BQ", bit | 127, length)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
