"""Clients of MQTT 5 beside those of hublib: paho, mosquitto's programs, and bytes made by hand.

Properties are called as paho calls them (SessionExpiryInterval) and are keyword arguments here; what has come is a dict
of them. paho's table of properties makes and reads them for the bytes made by hand too: so what the hub sends is judged
by a stranger, who refuses a property which is not allowed in its packet, or is there twice.
"""

import dataclasses
import json
import socket
import struct

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

import hublib
from hublib import (CONNACK, CONNECT, DISCONNECT, HOST, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, SUBACK, SUBSCRIBE,
                    UNSUBACK, UNSUBSCRIBE, Client, Failure, Message, MosqSub, RawMqtt, mosq_pub, packet, text16)

V5 = ["-V", "5"]

# Reason codes, section 2.4.
NORMAL, WITH_WILL, NO_SUBSCRIBERS, NO_SUBSCRIPTION = 0x00, 0x04, 0x10, 0x11
MALFORMED, PROTOCOL_ERROR, BAD_LEVEL, BAD_LOGIN, NOT_AUTHORIZED = 0x81, 0x82, 0x84, 0x86, 0x87
SHUTTING_DOWN, BAD_AUTH_METHOD, KEEP_ALIVE_TIMEOUT, TAKEN_OVER = 0x8b, 0x8c, 0x8d, 0x8e
BAD_FILTER, BAD_TOPIC, UNKNOWN_ID, RECEIVE_MAXIMUM, BAD_ALIAS, TOO_LARGE = 0x8f, 0x90, 0x92, 0x93, 0x94, 0x95
ADMINISTRATIVE, BAD_QOS, ANOTHER_SERVER, NO_SUBSCRIPTION_IDS = 0x98, 0x9b, 0x9c, 0xa1
FOREVER = 0xffffffff


def properties(kind, **values):
    made = Properties(kind)
    for key, value in values.items():
        setattr(made, key, value)
    return made


def plain(props):
    """A dict of the properties that are there."""
    if props is None:
        return {}
    names = (name.replace(" ", "") for name in props.names)
    return {name: getattr(props, name) for name in names if hasattr(props, name)}


@dataclasses.dataclass(frozen=True)
class Message5(Message):
    """Equal to a Message of 3.1.1 with the same topic, payload and flags."""

    properties: dict = dataclasses.field(default_factory=dict)

    def __eq__(self, other):
        return all(getattr(self, f.name) == getattr(other, f.name) for f in dataclasses.fields(Message))

    __hash__ = Message.__hash__

    def without_expiry(self):
        return {key: value for key, value in self.properties.items() if key != "MessageExpiryInterval"}


# ---- paho


class Client5(Client):
    """hublib's Client at level 5. `connect` are the properties of CONNECT, `will_properties` those of the will."""

    def __init__(self, hub, client_id, clean=True, connect=None, will_properties=None, **words):
        self._clean = clean
        self._connect_properties = connect or {}
        self._will_properties = will_properties or {}
        self.connack = {}
        self.farewell = None  # reason of the hub's DISCONNECT
        super().__init__(hub, client_id, clean, **words)
        self._paho.on_subscribe = lambda c, u, mid, codes, _: self._ack(mid, [code.value for code in codes])
        self._paho.on_unsubscribe = lambda c, u, mid, _, codes: self._ack(mid, True)

    def _make(self, client_id, clean, transport):
        return paho.Client(client_id=client_id, protocol=paho.MQTTv5, transport=transport)

    def _set_will(self, will):
        self._paho.will_set(will.topic, will.payload, will.qos, will.retain,
                            properties(PacketTypes.WILLMESSAGE, **self._will_properties))

    def _open(self):
        self._paho.connect(HOST, self.hub.port(self.listener), self.keepalive, clean_start=self._clean,
                           properties=properties(PacketTypes.CONNECT, **self._connect_properties))

    def _on_connect(self, client, userdata, flags, rc, props=None):  # pylint: disable=arguments-differ
        self.connack = plain(props)
        super()._on_connect(client, userdata, flags, getattr(rc, "value", rc))

    def _on_disconnect(self, client, userdata, rc, props=None):  # pylint: disable=arguments-differ
        self.farewell = getattr(rc, "value", None)
        super()._on_disconnect(client, userdata, rc)

    def _on_message(self, client, userdata, m):
        self.messages.put(Message5(m.topic, bytes(m.payload), m.qos, bool(m.retain), bool(m.dup), plain(m.properties)))

    def try_subscribe(self, topic, qos=0, sub_id=None, **options):
        """The reason code. Options: noLocal, retainAsPublished, retainHandling."""
        return self.try_subscribe_all([(topic, SubscribeOptions(qos, **options))], sub_id)[0]

    def try_subscribe_all(self, pairs, sub_id=None):
        props = properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=sub_id) if sub_id else None
        rc, mid = self._paho.subscribe(pairs, properties=props)
        if rc != 0:
            raise Failure(f"{self.client_id}: cannot subscribe: {paho.error_string(rc)}")
        return self._await(mid, f"subscription to {pairs[0][0]}")

    def subscribe(self, topic, qos=0, sub_id=None, **options):
        granted = self.try_subscribe(topic, qos, sub_id, **options)
        if granted > 2:
            raise Failure(f"{self.client_id}: subscription to {topic} refused ({granted:#x})")
        return granted

    def publish(self, topic, payload=b"", qos=0, retain=False, **values):
        info = self._paho.publish(topic, payload, qos, retain, properties(PacketTypes.PUBLISH, **values))
        info.wait_for_publish(hublib.TIMEOUT)
        if not info.is_published():
            raise Failure(f"{self.client_id}: publish to {topic} was not acknowledged")


# ---- mosquitto's clients


def mosq5_pub(hub, topic, payload=None, props=(), **words):
    """props: (name as on the command line, value...)."""
    extra = V5 + [word for prop in props for word in ("-D", "publish", *map(str, prop))]
    return mosq_pub(hub, topic, payload, extra=[*words.pop("extra", ()), *extra], **words)


class Mosq5Sub(MosqSub):
    """A mosquitto_sub that prints JSON: its messages are dicts, as it writes them (the payload is a string).

    It writes user properties as an object, in which a name can be there twice: here they are pairs."""

    FORMAT = "%j"

    def __init__(self, hub, topic, extra=(), **words):
        super().__init__(hub, topic, extra=[*V5, *extra], **words)

    def _parse(self):
        return [self._message(line) for line in self.log.since() if line.startswith("{")]

    @staticmethod
    def _message(line):
        message = dict(json.loads(line, object_pairs_hook=list))
        message["properties"] = dict(message.get("properties", []))
        return message


# ---- bytes


@dataclasses.dataclass
class Packet5:
    """What has come. `code` is 0 where it may be left out; `codes` are those of SUBACK and UNSUBACK."""

    kind: int
    flags: int
    code: int = 0
    mid: int = 0
    codes: bytes = b""
    present: bool = False
    message: Message5 = None
    properties: dict = dataclasses.field(default_factory=dict)


def _block(kind, data):
    """(properties, what follows them)"""
    props, used = Properties(kind).unpack(data)
    return plain(props), data[used:]


def _parse_publish(flags, body):
    size = struct.unpack_from(">H", body)[0]
    topic, rest, mid, qos = body[2:2 + size].decode(), body[2 + size:], 0, flags >> 1 & 3
    if qos:
        mid, rest = struct.unpack_from(">H", rest)[0], rest[2:]
    props, payload = _block(PacketTypes.PUBLISH, rest)
    message = Message5(topic, payload, qos, bool(flags & 1), bool(flags & 8), props)
    return Packet5(PUBLISH, flags, mid=mid, message=message, properties=props)


def _parse_code(made, kind, body):
    """A reason code and properties, both of which may be missing at the end."""
    made.code = body[0] if body else 0
    if len(body) > 1:
        made.properties, rest = _block(kind, body[1:])
        assert rest == b"", rest
    return made


def parse5(first, body):
    kind, flags = first >> 4, first & 15
    if kind == PUBLISH:
        return _parse_publish(flags, body)
    made = Packet5(kind, flags)
    if kind == CONNACK:
        made.present = bool(body[0] & 1)
        return _parse_code(made, kind, body[1:])
    if kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
        made.mid = struct.unpack_from(">H", body)[0]
        return _parse_code(made, kind, body[2:])
    if kind in (SUBACK, UNSUBACK):
        made.mid = struct.unpack_from(">H", body)[0]
        made.properties, made.codes = _block(kind, body[2:])
        return made
    return _parse_code(made, kind, body)


def connect5(client_id, clean=True, keepalive=60, will=None, will_properties=None, username=None, password=None,
             level=5, **values):
    flags = (0x02 if clean else 0) | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    if will:
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
    body = text16("MQTT") + bytes([level, flags]) + struct.pack(">H", keepalive)
    body += properties(PacketTypes.CONNECT, **values).pack() + text16(client_id)
    if will:
        body += properties(PacketTypes.WILLMESSAGE, **(will_properties or {})).pack()
        body += text16(will.topic) + text16(will.payload)
    for value in (username, password):
        if value is not None:
            body += text16(value)
    return packet(CONNECT << 4, body)


def publish5(topic, payload=b"", qos=0, retain=False, mid=None, dup=False, **values):
    payload = payload.encode() if isinstance(payload, str) else payload
    first = PUBLISH << 4 | (0x08 if dup else 0) | qos << 1 | (1 if retain else 0)
    body = text16(topic) + (b"" if mid is None else struct.pack(">H", mid))
    return packet(first, body + properties(PacketTypes.PUBLISH, **values).pack() + payload)


def options5(qos=0, no_local=False, as_published=False, handling=0):
    """The byte after a filter."""
    return qos | (4 if no_local else 0) | (8 if as_published else 0) | handling << 4


def subscribe5(mid, *pairs, **values):
    """pairs: (filter, byte of options)"""
    return packet(SUBSCRIBE << 4 | 2, struct.pack(">H", mid) + properties(PacketTypes.SUBSCRIBE, **values).pack()
                  + b"".join(text16(topic) + bytes([options]) for topic, options in pairs))


def unsubscribe5(mid, *topics):
    return packet(UNSUBSCRIBE << 4 | 2, struct.pack(">H", mid) + b"\0" + b"".join(map(text16, topics)))


def ack5(kind, mid, code=0):
    return packet(kind << 4 | (2 if kind == PUBREL else 0), struct.pack(">H", mid) + (bytes([code]) if code else b""))


def disconnect5(code=0, **values):
    return packet(DISCONNECT << 4, bytes([code]) + properties(PacketTypes.DISCONNECT, **values).pack())


class Raw5(RawMqtt):
    """A connection of level 5 made of bytes."""

    @classmethod
    def to(cls, hub, listener="mqtt", identity=None):
        return cls(hub.raw(listener, identity).sock)

    def read5(self, timeout=None):
        return parse5(*self.read(timeout))

    def expect5(self, kind, timeout=None):
        came = self.read5(timeout)
        if came.kind != kind:
            raise Failure(f"wanted a packet of type {kind}, got {came}")
        return came

    def try_connect(self, client_id, **words):
        """The CONNACK."""
        return self.send(connect5(client_id, **words)).expect5(CONNACK)

    def connect(self, client_id, **words):
        """The CONNACK, which accepts."""
        connack = self.try_connect(client_id, **words)
        if connack.code != 0:
            raise Failure(f"{client_id}: connection refused, {connack}")
        return connack

    def subscribe(self, topic, qos=0, mid=1, sub_id=None, **options):
        """The reason code."""
        values = {"SubscriptionIdentifier": sub_id} if sub_id else {}
        suback = self.send(subscribe5(mid, (topic, options5(qos, **options)), **values)).expect5(SUBACK)
        assert suback.mid == mid
        return suback.codes[0]

    def publish(self, topic, payload=b"", qos=1, mid=1, **words):
        """The PUBACK or PUBREC."""
        return self.send(publish5(topic, payload, qos, mid=mid, **words)).expect5(PUBACK if qos == 1 else PUBREC)

    def message(self, timeout=None):
        """The next message, unacknowledged: (message, packet id)"""
        came = self.expect5(PUBLISH, timeout)
        return came.message, came.mid

    def take(self, count):
        """So many packets. What a session has waiting may come from the disk, so pending5 does not tell."""
        return [self.read5() for _ in range(count)]

    def pending5(self):
        """What came before the answer to a PINGREQ."""
        return [parse5(first, body) for first, body in self.ping()]

    def farewell(self):
        """The DISCONNECT which ends the connection, whatever came before it; None when there was none."""
        said = None
        while True:
            try:
                came = self.read5()
            except hublib.Closed:
                return said
            assert said is None, f"{came} after DISCONNECT"
            said = came if came.kind == DISCONNECT else None

    def hang_up(self):
        """Ends the connection without a DISCONNECT; returns when the hub has seen it."""
        self.sock.shutdown(socket.SHUT_WR)
        self.wait_closed()
        self.close()

    def leave(self, code=0, **values):
        """Ends it with a DISCONNECT; returns when the hub has seen it."""
        self.send(disconnect5(code, **values)).wait_closed()
        self.close()


def raw_session(hub, client_id, seconds=FOREVER, clean=False, **words):
    """A connection of a session which goes on for so long after it."""
    raw = Raw5.to(hub)
    raw.connack = raw.connect(client_id, clean=clean, SessionExpiryInterval=seconds, **words)
    return raw
