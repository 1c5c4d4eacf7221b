"""Who comes by WebSocket: SigV4 as botocore signs, in the query and in a header, bearer tokens, certificates, users,
whoever is on this machine; and the web pages which may not. mqtt-and-topics, section 7; security, section 9."""

import datetime
import json
import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import mqtt5
from conftest import end
from hublib import HOST, Closed, Hub, self_made_identity
from wslib import POLICY, PROTOCOL, Refused, Ws, url_of

GATEWAY = "iotdevicegateway"
MINUTES = 60
PASSWORD = "long enough for all"


class Ws5(Ws, mqtt5.Raw5):
    """At level 5."""


# ---- signatures


class Times:
    """Signs as if it were another moment, and another host."""

    moment = None
    host = None

    def _modify_request_before_signing(self, request):
        if self.moment:
            request.context["timestamp"] = self.moment.strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        if self.host:
            del headers["host"]
            headers["host"] = self.host
        return headers


class InHeader(Times, botocore.auth.SigV4Auth):
    """Authorization: AWS4-HMAC-SHA256 ..."""


class InQuery(Times, botocore.auth.SigV4QueryAuth):
    """A presigned URL; expires None: without X-Amz-Expires, as the device SDKs make it."""

    expires = 86400

    def _modify_request_before_signing(self, request):
        super()._modify_request_before_signing(request)
        request.url = re.sub("&X-Amz-Expires=[0-9]+", f"&X-Amz-Expires={self.expires}" if self.expires else "",
                             request.url)


def sign(hub, kind, listener="https", path="/mqtt", service=GATEWAY, region="local", key=None, secret=None, age=0,
         method="GET", **attributes):
    """What Ws needs to ask with: the target or the headers."""
    credentials = botocore.credentials.Credentials(key or hub.admin["accessKeyId"],
                                                   secret or hub.admin["secretAccessKey"])
    auth = kind(credentials, service, region)
    auth.moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    for attribute, value in attributes.items():
        setattr(auth, attribute, value)
    request = botocore.awsrequest.AWSRequest(method, url_of(hub, listener, path).replace("ws", "http", 1))
    auth.add_auth(request)
    target = "/" + request.url.split("/", 3)[3]
    return {"target": target, "headers": tuple(request.headers.items())}


def principal_of(hub, mark, client):
    return hub.wait_log("client connected", since=mark, client=client)["principal"]


ACCEPTED = {
    "as botocore does": {},
    "iotdata": {"service": "iotdata"},
    "iot": {"service": "iot"},
    "at the root": {"path": "/"},
    "with a question of its own": {"path": "/mqtt?tag=a%20b&Z=%2B&empty="},
    "host without port": {"host": HOST},
    "any region": {"region": "moon-base-1"},
    "a clock that is four minutes late": {"age": 4 * MINUTES},
    "a clock that is four minutes early": {"age": -4 * MINUTES},
}
ACCEPTED_URLS = {
    "without expiry": {"expires": None},
    "without expiry, host without port": {"expires": None, "host": HOST},
    "without expiry, four minutes old": {"expires": None, "age": 4 * MINUTES},
    "an hour old, a day to live": {"age": 60 * MINUTES},
    "a week": {"expires": 604800, "age": 6 * 24 * 60 * MINUTES},
}
CASES = [(InQuery, case, words) for case, words in {**ACCEPTED, **ACCEPTED_URLS}.items()] + \
    [(InHeader, case, words) for case, words in ACCEPTED.items()]


@pytest.mark.parametrize("kind, words", [(kind, words) for kind, _, words in CASES],
                         ids=[f"{kind.__name__}, {case}" for kind, case, _ in CASES])
def test_signed(hub, name, kind, words):
    """On a TLS port, where nobody is served without a credential."""
    mark = hub.mark()
    with Ws(hub, "https", **sign(hub, kind, **words)) as ws:
        ws.connect(name)
        assert ws.subscribe(f"{name}/t", 1) == 1
    assert principal_of(hub, mark, name) == f"key:{hub.admin['accessKeyId']}"


@pytest.mark.parametrize("listener", ["mqtt", "http", "mqtts"])
@pytest.mark.parametrize("kind", [InQuery, InHeader])
def test_signed_on_every_port(hub, name, listener, kind):
    """Where anonymous clients are served, the signature counts all the same."""
    mark = hub.mark()
    with Ws5(hub, listener, **sign(hub, kind, listener)) as ws:
        ws.connect(name)
    assert principal_of(hub, mark, name) == f"key:{hub.admin['accessKeyId']}"
    with pytest.raises(Refused):
        Ws(hub, listener, **sign(hub, kind, listener, secret="wrong"))


MISMATCH = ("InvalidSignatureException", "The request signature we calculated does not match")
LATE = ("InvalidSignatureException", "Signature expired")
EARLY = ("InvalidSignatureException", "Signature not yet current")
UNKNOWN = ("UnrecognizedClientException", "The security token included in the request is invalid.")
REFUSED = {
    "wrong secret": ({"secret": "wrong"}, MISMATCH),
    "unknown key": ({"key": "AKIAIOSFODNN7EXAMPLE"}, UNKNOWN),
    "another host": ({"host": "evil.example"}, MISMATCH),
    "another method": ({"method": "POST"}, MISMATCH),
    "ten minutes early": ({"age": -10 * MINUTES}, EARLY),
}
REFUSED_URLS = {
    "expired": ({"expires": 3600, "age": 66 * MINUTES}, LATE),
    "without expiry, ten minutes old": ({"expires": None, "age": 10 * MINUTES}, LATE),
}
REFUSED_HEADERS = {"ten minutes late": ({"age": 10 * MINUTES}, LATE)}
REFUSALS = [(kind, case, *row) for kind, rows in ((InQuery, {**REFUSED, **REFUSED_URLS}),
                                                  (InHeader, {**REFUSED, **REFUSED_HEADERS}))
            for case, row in rows.items()]


def must_be_refused(hub, status, error, message, **asked):
    """In the way that AWS's clients read."""
    mark = hub.mark()
    with pytest.raises(Refused) as refused:
        Ws(hub, "https", **asked)
    answer = refused.value
    body = json.loads(answer.body)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (status, error), answer
    assert body["message"].startswith(message), body
    assert body["traceId"] == answer.headers["x-amzn-RequestId"]
    assert answer.headers["Content-Type"] == "application/json"
    hub.wait_refused(since=mark)


@pytest.mark.parametrize("kind, words, told", [(kind, words, told) for kind, _, words, told in REFUSALS],
                         ids=[f"{kind.__name__}, {case}" for kind, case, _, _ in REFUSALS])
def test_signature_that_is_refused(hub, kind, words, told):
    must_be_refused(hub, 403, *told, **sign(hub, kind, **words))


TAMPERED = {
    "another parameter": lambda target: target + "&more=1",
    "one more letter": lambda target: target.replace("tag=a", "tag=ab"),
    "another path": lambda target: target.replace("/mqtt", "/", 1),
    "another lifetime": lambda target: target.replace("86400", "604800"),
    "another signature": lambda target: target[:-4] + ("0000" if target[-4:] != "0000" else "1111"),
}


@pytest.mark.parametrize("change", TAMPERED)
def test_tampered_url(hub, change):
    signed = sign(hub, InQuery, path="/mqtt?tag=a")
    target = TAMPERED[change](signed["target"])
    assert target != signed["target"]
    must_be_refused(hub, 403, *MISMATCH, target=target)


@pytest.mark.parametrize("missing", ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders",
                                     "X-Amz-Signature"])
def test_incomplete_url(hub, missing):
    """Who has begun to prove who it is, is not taken for nobody."""
    target = re.sub(f"&?{missing}=[^&]*", "", sign(hub, InQuery)["target"])
    with pytest.raises(Refused) as refused:
        Ws(hub, "http", target=target)
    assert refused.value.status in (400, 403), refused.value


def test_connection_outlives_its_signature(hub, name):
    """X-Amz-Expires limits when one may come, not how long one may stay; and a URL is good for another time."""
    signed = sign(hub, InQuery, expires=300)
    with Ws(hub, "https", **signed) as first, Ws(hub, "https", **signed) as second:
        first.connect(f"{name}-1")
        second.connect(f"{name}-2")
        assert first.ping() == second.ping() == []


def test_key_with_a_policy(hub, name, tmp_path):
    """iot:Connect is asked for with CONNECT: the upgrade does not know the client id yet."""
    document = tmp_path / "policy.json"
    document.write_text(json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iot:Connect", "Resource": f"arn:aws:iot:*:*:client/{name}-*"}]}))
    hub.cli("policy", "create", name, document)
    made = json.loads(hub.cli("key", "create", "--policy", name, "--json").stdout)
    words = {"key": made["accessKeyId"], "secret": made["secretAccessKey"]}
    with Ws(hub, "https", **sign(hub, InQuery, **words)) as ws:
        ws.connect(f"{name}-1")
        assert ws.subscribe("t") == 128
    with Ws(hub, "https", **sign(hub, InQuery, **words)) as ws:
        assert ws.try_connect("other") == (5, False)
        assert ws.wait_code() == POLICY
    with Ws(hub, "https", **sign(hub, InQuery, **words)) as ws:
        ws.connect(f"{name}-2")
        hub.cli("key", "delete", made["accessKeyId"])
        assert ws.wait_code() == POLICY
    must_be_refused(hub, 403, *UNKNOWN, **sign(hub, InQuery, **words))


# ---- the other ways


def bearer(token):
    return {"headers": (("Authorization", f"Bearer {token}"),)}


@pytest.mark.parametrize("listener", ["http", "https"])
def test_bearer_token(hub, name, listener):
    mark = hub.mark()
    with Ws(hub, listener, **bearer(hub.admin["token"])) as ws:
        ws.connect(name)
        assert ws.subscribe("#") == 0
    assert principal_of(hub, mark, name).startswith("token:")
    with pytest.raises(Refused) as refused:
        Ws(hub, listener, **bearer("x" * 43))
    assert refused.value.status == 403
    with pytest.raises(Refused) as refused:
        Ws(hub, listener, headers=(("Authorization", "Basic YTpi"),))
    assert refused.value.status in (400, 401, 403)


@pytest.mark.parametrize("listener", ["mqtts", "https"])
def test_certificate(hub, name, listener):
    thing = hub.add_thing(name)
    mark = hub.mark()
    with Ws(hub, listener, thing) as ws:
        ws.connect(name, username="?SDK=Python&Version=1")
        assert ws.subscribe(f"device/{name}/#", 1) == 1
    assert principal_of(hub, mark, name).startswith("cert:")
    with Ws(hub, listener, thing) as ws:
        assert ws.try_connect(f"{name}-other") == (5, False)
        assert ws.wait_code() == POLICY


def test_certificate_that_is_deactivated(hub, name):
    thing = hub.add_thing(name)
    with Ws(hub, "https", thing) as old, Ws5(hub, "https", thing) as new, Ws(hub, "https", thing) as waits:
        old.connect(name)
        iot = hub.boto3("iot")
        cert = iot.list_thing_principals(thingName=name)["principals"][0].rsplit("/", 1)[1]
        iot.update_certificate(certificateId=cert, newStatus="INACTIVE")
        assert old.wait_code() == POLICY
        assert new.try_connect(name).code == mqtt5.NOT_AUTHORIZED
        assert waits.try_connect(name) == (5, False)


def test_certificate_that_is_not_registered(hub, name, tmp_path):
    stranger = self_made_identity(tmp_path, name, hub.ca)
    mark = hub.mark()
    with pytest.raises((Closed, OSError)):
        Ws(hub, "https", stranger)
    hub.wait_refused("certificate", since=mark)


def test_anonymous_on_this_machine(hub, name):
    mark = hub.mark()
    with Ws(hub, "http") as ws:
        ws.connect(name)
    assert principal_of(hub, mark, name).startswith("anonymous:")


def test_users(hub, name):
    """Nobody has asked for the upgrade; CONNECT says who it is, and decides."""
    hub.cli("user", "add", name, "--password-stdin", stdin=PASSWORD)
    login = {"username": name, "password": PASSWORD}
    for asked in ({}, bearer(hub.admin["token"]), {"listener": "mqtts"}, {"listener": "http"}):
        mark = hub.mark()
        with Ws(hub, **{"listener": "https", **asked}) as ws:
            ws.connect(name, **login)
        assert principal_of(hub, mark, name) == f"user:{name}"
    with Ws(hub, "https") as ws:
        assert ws.try_connect(name, username=name, password="wrong") == (4, False)
        assert ws.wait_code() == POLICY
    with Ws5(hub, "https") as ws:
        assert ws.try_connect(name, username=name, password="wrong").code == mqtt5.BAD_LOGIN
    with Ws5(hub, "https") as ws:
        assert ws.try_connect(name).code == mqtt5.NOT_AUTHORIZED
    with Ws(hub, "https") as ws:
        assert ws.try_connect(name) == (5, False)


def test_token_as_password(hub, name):
    """MQTT 5 allows a password without a user name."""
    mark = hub.mark()
    with Ws5(hub, "https") as ws:
        ws.connect(name, password=hub.admin["token"])
    assert principal_of(hub, mark, name).startswith("token:")


def test_nobody_is_told_nothing(hub):
    """Before CONNECT there is no answer."""
    with Ws(hub, "https") as ws:
        ws.send(b"\xc0\0")
        assert ws.wait_code() == PROTOCOL
        assert ws.pending == b""


# ---- web pages


CONSOLE = "https://console.example"


@pytest.fixture(scope="module")
def listing():
    """A hub which lists an origin."""
    hub = Hub(sets=[f"http.allowed_origins={CONSOLE}"]).start()
    yield hub
    end(hub)


def test_listed_origin(listing, name):
    with Ws(listing, "http", origin=CONSOLE) as ws:
        ws.connect(name)
        assert ws.answer.headers["Upgrade"] == "websocket"
    for origin in ("http://console.example", f"{CONSOLE}:8443", "https://other.example", "null"):
        with pytest.raises(Refused) as refused:
            Ws(listing, "http", origin=origin)
        assert refused.value.status == 403, origin


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("listener", ["mqtt", "http"])
def test_own_origin(hub, name, listener, scheme):
    """As paho says, over TLS or not."""
    with Ws(hub, listener, origin=f"{scheme}://{HOST}:{hub.port(listener)}") as ws:
        ws.connect(name)


FOREIGN = {
    "Origin": ("Origin", "http://evil.example"), "null": ("Origin", "null"),
    "other port": ("Origin", f"http://{HOST}:1"), "no port": ("Origin", f"http://{HOST}"),
    "pointed here": ("Host", "evil.example"), "proxy": ("X-Forwarded-For", "192.0.2.1"), "Via": ("Via", "1.1 proxy"),
}


@pytest.mark.parametrize("header", FOREIGN)
def test_pages_and_proxies_are_not_local_users(hub, name, header):
    mark = hub.mark()
    with pytest.raises(Refused) as refused:
        Ws(hub, "http", headers=(FOREIGN[header],))
    answer = refused.value
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "ForbiddenException")
    assert json.loads(answer.body)["traceId"]
    hub.wait_refused(since=mark)
    # with a credential of its own it is another matter
    token = bearer(hub.admin["token"])["headers"]
    with Ws(hub, "http", headers=(FOREIGN[header], *token)) as ws:
        ws.connect(name)


def test_page_named_and_pointed_here(hub):
    """A page of a name that was pointed here has the origin of its Host; the name is not ours."""
    with pytest.raises(Refused) as refused:
        Ws(hub, "http", headers=(("Host", "evil.example"), ("Origin", "http://evil.example")))
    assert refused.value.status == 403


def test_page_does_not_use_a_certificate(hub, name):
    """A browser shows the certificate that it has, whatever page asks."""
    thing = hub.add_thing(name)
    with pytest.raises(Refused) as refused:
        Ws(hub, "https", thing, origin="https://evil.example")
    assert refused.value.status == 403
    with Ws(hub, "https", thing, origin=f"https://{HOST}:{hub.port('https')}") as ws:
        ws.connect(name)


def test_no_secret_is_logged(hub, name):
    signed = sign(hub, InQuery)
    with Ws(hub, "https", **signed) as ws, Ws(hub, "https", **bearer(hub.admin["token"])) as other:
        ws.connect(name)
        other.connect(f"{name}-2")
    must_be_refused(hub, 403, *MISMATCH, target=signed["target"] + "&more=1")
    log = "\n".join(hub.all_lines())
    for secret in (hub.admin["token"], hub.admin["secretAccessKey"], PASSWORD, signed["target"].rsplit("=", 1)[1]):
        assert secret not in log
