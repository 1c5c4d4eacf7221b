"""Server-sent events: GET /hub/subscribe by curl -N and by a reader that goes by the standard."""

import base64
import http.client
import json
import socket
import subprocess
import urllib.parse

import pytest

import hublib
from hublib import HOST, TIMEOUT, mosq_pub

ALLOW = {"Effect": "Allow"}


def query(*filters, **more):
    pairs = [("filter", one) for one in filters] + list(more.items())
    return "/hub/subscribe?" + urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote, safe="")


class Ended(hublib.Failure):
    """The hub has ended the stream."""


class Events:
    """A stream, read as WHATWG HTML says."""

    def __init__(self, hub, *filters, token=None, identity=None, scheme="http", **more):
        if scheme == "https":
            context = hublib.tls_context(hub.ca, identity)
            self.conn = http.client.HTTPSConnection(HOST, hub.port(scheme), timeout=TIMEOUT,
                                                    context=context)
        else:
            self.conn = http.client.HTTPConnection(HOST, hub.port(scheme), timeout=TIMEOUT)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.conn.request("GET", query(*filters, **more), headers=headers)
        self.answer = self.conn.getresponse()
        self.status = self.answer.status
        if self.status == 200:
            assert self.answer.readline() == b"retry: 3000\n"  # it has subscribed by now

    def next(self):
        """(event, id, data), the comments before it left out."""
        found = {}
        while True:
            line = self.answer.readline()
            if not line:
                raise Ended("the stream has ended")
            line = line.decode().rstrip("\n")
            if line:
                field, _, value = line.partition(": ")
                if field:
                    found[field] = value
            elif "data" in found:
                return found["event"], found.get("id"), json.loads(found["data"])
            else:
                found = {}

    def message(self):
        event, _, data = self.next()
        assert event == "message", (event, data)
        return data

    def end(self):
        """The reason; nothing may come behind it."""
        event, _, data = self.next()
        assert event == "end", (event, data)
        with pytest.raises(Ended):
            self.next()
        return data["reason"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.conn.close()


def make_token(hub, name, *statements):
    """A token with a policy of these statements: (id, token)."""
    document = {"Version": "2012-10-17", "Statement": [{**ALLOW, **one} for one in statements]}
    hub.cli("policy", "create", name, "-", stdin=json.dumps(document))
    made = hub.request("POST", "/hub/tokens", token=hub.admin["token"],
                       json={"name": name, "policyName": name})
    assert made.status_code == 200, made.text
    return made.json()["tokenId"], made.json()["token"]


def subscribe_and_receive(name):
    return [{"Action": "iot:Subscribe", "Resource": f"arn:aws:iot:*:*:topicfilter/{name}/*"},
            {"Action": "iot:Receive", "Resource": f"arn:aws:iot:*:*:topic/{name}/open/*"}]


# ---- live


def test_curl_shows_live_messages(hub, name):
    mosq_pub(hub, f"{name}/r", "kept", qos=1, retain=True)
    line = ["curl", "-sN", "--noproxy", "*", "--max-time", str(int(TIMEOUT)),
            hub.url("http") + query(f"{name}/#")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as curl:
        try:
            assert curl.stdout.readline() == "retry: 3000\n"
            assert curl.stdout.readline() == "\n"
            lines = [curl.stdout.readline() for _ in range(4)]
            assert lines[:2] == ["event: message\n", "id: 1\n"]
            assert '"payload":"kept","qos":1,"retain":true' in lines[2]
            mosq_pub(hub, f"{name}/t", '{"t": 21.5}', qos=1)
            lines = [curl.stdout.readline() for _ in range(4)]
            assert lines[1] == "id: 2\n" and lines[3] == "\n"
            data = json.loads(lines[2].removeprefix("data: "))
            assert data.pop("timestamp") > 1.6e12
            assert data == {"topic": f"{name}/t", "payload": '{"t": 21.5}', "qos": 1,
                            "retain": False}
        finally:
            curl.kill()
    hub.eventually(lambda: hub.metric("event_streams") == 0, "the stream is gone")


def test_the_head(hub, name):
    with Events(hub, f"{name}/#") as events:
        head = events.answer.headers
        assert head["Content-Type"] == "text/event-stream"
        assert head["Cache-Control"] == "no-store"
        assert head["X-Accel-Buffering"] == "no"
        assert head["Transfer-Encoding"] == "chunked"
        assert head["x-amzn-RequestId"]
    answer = hub.request("HEAD", query(f"{name}/#"), "http")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/event-stream"


def test_http_1_0_is_read_to_the_end_of_the_connection(hub, name):
    with socket.create_connection((HOST, hub.port("http")), TIMEOUT) as sock:
        sock.sendall(f"GET {query(name)} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        file = sock.makefile("rb")
        head = list(iter(file.readline, b"\r\n"))
        assert head[0].startswith(b"HTTP/1.1 200 ")
        assert not [one for one in head if one.lower().startswith(b"transfer-encoding")]
        assert file.readline() == b"retry: 3000\n"
        assert file.readline() == b"\n"
        mosq_pub(hub, name, "x")
        assert file.readline() == b"event: message\n"


def test_payloads_of_all_kinds(hub, name):
    payloads = [b"", b"two\nlines\r\n", "grün \u2028 \U0001f525".encode(), b"\x00\xff", bytes(range(256)),
                b"\n\nevent: end\ndata: {}\n\n", b"x" * 1_000_000]
    with Events(hub, name) as events, hub.mqtt(f"{name}-pub") as client:
        for payload in payloads:
            client.publish(name, payload, qos=1)
            data = events.message()
            if "payload" in data:
                assert data["payload"].encode() == payload
            else:
                assert base64.b64decode(data["payloadBase64"]) == payload


def test_what_comes_over_http_and_properties(hub, name):
    with Events(hub, f"{name}/+", f"{name}/#") as events:
        hub.request("POST", f"/topics/{name}/a?qos=1&contentType=text%2Fplain&responseTopic=r", "http",
                    data=b"x")
        data = events.message()
        assert (data["payload"], data["contentType"], data["responseTopic"]) == ("x", "text/plain",
                                                                                  "r")
        hub.request("POST", f"/topics/{name}/b", "http", data=b"y")
        assert events.message()["topic"] == f"{name}/b"  # the first came once


def test_without_retained(hub, name):
    mosq_pub(hub, f"{name}/r", "kept", qos=1, retain=True)
    with Events(hub, f"{name}/#", retained="false") as events:
        mosq_pub(hub, f"{name}/t", "live", qos=1)
        assert events.message()["payload"] == "live"


# ---- who may


def test_a_policy_decides(hub, name):
    _, token = make_token(hub, name, *subscribe_and_receive(name))
    with Events(hub, f"{name}/#", token=token, scheme="https") as events:
        mosq_pub(hub, f"{name}/shut/1", "no", qos=1)
        mosq_pub(hub, f"{name}/open/1", "yes", qos=1)
        data = events.message()
        assert (data["topic"], data["payload"]) == (f"{name}/open/1", "yes")
    for refused in ("#", f"{name}", "$SYS/#", f"{name}-other/#"):
        with Events(hub, refused, token=token, scheme="https") as events:
            assert events.status == 403
            body = json.loads(events.answer.read())
            assert refused in body["message"] and "iot:Subscribe" in body["message"], body
    with Events(hub, "#", scheme="https") as events:
        assert events.status == 403  # nobody


def test_what_is_no_filter(hub):
    for bad in ("a/#/b", "$share/g/a", ""):
        with Events(hub, bad) as events:
            assert events.status == 400, bad
            assert events.answer.headers["x-amzn-ErrorType"] == "InvalidRequestException"


def test_a_certificate(hub, name):
    thing = hub.add_thing(name)
    statements = [{**ALLOW, **one} for one in subscribe_and_receive(name)]
    hub.cli("policy", "create", name, "-",
            stdin=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    iot = hub.boto3("iot")
    cert = iot.list_thing_principals(thingName=name)["principals"][0]
    iot.attach_policy(policyName=name, target=cert)
    with Events(hub, f"{name}/open/#", identity=thing, scheme="https") as events:
        mosq_pub(hub, f"{name}/open/1", "yes", qos=1)
        assert events.message()["payload"] == "yes"
        iot.detach_policy(policyName=name, target=cert)
        assert events.end() == "iot:Subscribe is not allowed any more"
    iot.attach_policy(policyName=name, target=cert)
    with Events(hub, f"{name}/open/#", identity=thing, scheme="https") as events:
        iot.update_certificate(certificateId=cert.rsplit("/")[-1], newStatus="INACTIVE")
        assert events.end() == "The credential is not valid any more"


def test_a_token_that_is_deleted(hub, name):
    token_id, token = make_token(hub, name, *subscribe_and_receive(name))
    with Events(hub, f"{name}/#", token=token, scheme="https") as events:
        hub.request("DELETE", f"/hub/tokens/{token_id}", token=hub.admin["token"])
        assert events.end() == "The credential is not valid any more"


# ---- limits


def test_a_reader_that_does_not_read(hub, name):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(TIMEOUT)
    sock.connect((HOST, hub.port("http")))
    sock.sendall(f"GET {query(name)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = http.client.HTTPResponse(sock)
    answer.begin()
    events = Events.__new__(Events)
    events.answer = answer
    assert answer.readline() == b"retry: 3000\n"
    before, sent = hub.metric("events_dropped_total"), 0
    with hub.mqtt(f"{name}-pub") as client:
        while hub.metric("events_dropped_total") < before + 10:
            for _ in range(20):
                client.publish(name, f"{sent:06}" + "x" * 50_000, qos=1)
                sent += 1
        expected, dropped = 0, 0
        while expected < sent:
            event, number, data = events.next()
            if event == "dropped":
                expected += data["count"]
                dropped += data["count"]
                assert data["total"] == dropped
            else:
                assert event == "message" and int(data["payload"][:6]) == expected
                expected += 1
                assert int(number) == expected
        assert dropped >= 10
        client.publish(name, "000000after", qos=1)
        _, number, data = events.next()
        assert data["payload"] == "000000after" and int(number) == sent + 1
    assert hub.metric("events_dropped_total") == before + dropped
    sock.close()


def test_more_streams_than_there_may_be(make_hub, name):
    hub = make_hub(sets=["http.max_event_streams=2"]).start()
    with Events(hub, name), Events(hub, name):
        with Events(hub, name) as third:
            assert third.status == 503
            assert "http.max_event_streams" in json.loads(third.answer.read())["message"]
        assert hub.metric("event_streams") == 2
    hub.eventually(lambda: hub.metric("event_streams") == 0, "both are gone")


def test_heartbeats_and_the_time_of_requests(make_hub, name):
    hub = make_hub(sets=["http.events_heartbeat=1s", "http.request_timeout=1s",
                         "http.idle_timeout=1s", "http.header_timeout=1s"]).start()
    with Events(hub, name) as events:
        lines = [events.answer.readline() for _ in range(7)]
        assert lines == [b"\n", b":\n", b"\n", b":\n", b"\n", b":\n", b"\n"]
        mosq_pub(hub, name, "x", qos=1)
        assert events.message()["payload"] == "x"


# ---- the end


def test_sigterm_ends_streams_cleanly(fresh_hub, name):
    hub = fresh_hub
    line = ["curl", "-sSN", "--noproxy", "*", hub.url("http") + query(name)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as curl, \
            Events(hub, name) as events:
        assert curl.stdout.readline() == "retry: 3000\n"
        mosq_pub(hub, name, "x", qos=1)
        assert events.message()["payload"] == "x"
        hub.terminate()
        assert events.end() == "The hub stops"
        assert curl.stdout.read().endswith('event: end\ndata: {"reason":"The hub stops"}\n\n')
        assert curl.wait(TIMEOUT) == 0  # with the last chunk


def test_the_connection_goes_on_after_a_stream(hub, name):
    token_id, token = make_token(hub, name, *subscribe_and_receive(name))
    with Events(hub, f"{name}/#", token=token, scheme="https") as events:
        hub.request("DELETE", f"/hub/tokens/{token_id}", token=hub.admin["token"])
        assert events.end()
        events.conn.request("GET", "/livez")
        answer = events.conn.getresponse()
        assert answer.status == 200 and json.loads(answer.read()) == {"status": "live"}
