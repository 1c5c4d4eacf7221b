#!/usr/bin/python3
"""Writes botocore.case: requests as botocore signs them, at one fixed moment.

Needs python3-botocore. Requests go through the whole client (models, serialisation, endpoint), and
are caught before they leave; unsigned headers that differ from run to run are left out. What other
clients sent is in clients.case, which is kept by hand. test_sigv4.c describes the lines of a case.
"""
import datetime
import os
import sys
import types

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session

MOMENT = datetime.datetime(2026, 11, 24, 6, 34, 50)
KEY = "AKIAIOSFODNN7EXAMPLE"
UNSTABLE = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request"}
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEXAMPLE//////////wEaDE+token/with=signs&more=="


class FixedTime(datetime.datetime):
    now_is = MOMENT

    @classmethod
    def utcnow(cls):
        return cls.now_is


botocore.auth.datetime = types.SimpleNamespace(datetime=FixedTime, timedelta=datetime.timedelta)


class Writer:
    def __init__(self, file):
        self.file = file

    def case(self, name, method, url, headers, body, secret=SECRET, moment=MOMENT, key=KEY,
             region="local", service="iot", token=""):
        target = url.split("://", 1)[1]
        host, slash, rest = target.partition("/")
        path, _, query = (slash + rest).partition("?")
        names = [n.lower() for n, _ in headers]
        if "host" not in names:
            headers = [("Host", host)] + headers
        lines = [f"== {name}", f"method {method}", f"path {path}"]
        if query:
            lines.append(f"query {query}")
        lines += [f"header {n}: {v}" for n, v in headers]
        if body:
            lines.append(f"body-hex {body.hex()}")
        lines += [f"now {moment.strftime('%Y%m%dT%H%M%SZ')}", f"secret {secret}", "",
                  "expect ok", f"key {key}", f"region {region}", f"service {service}"]
        if token:
            lines.append(f"token {token}")
        self.file.write("\n".join(lines) + "\n\n")


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def client_cases(out, token):
    session = botocore.session.Session()
    session.set_credentials(KEY, SECRET, token or None)
    suffix = ", temporary key" if token else ""

    def call(name, service, endpoint, operation, **arguments):
        client = session.create_client(service, region_name="local", endpoint_url=endpoint,
                                       config=botocore.config.Config(retries={"max_attempts": 0}))
        caught = []

        def catch(request, **_):
            caught.append(request)
            return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw())

        client.meta.events.register("before-send", catch)
        getattr(client, operation)(**arguments)
        request = caught[0]
        body = request.body or b""
        if hasattr(body, "read"):
            body.seek(0)
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        headers = [(n, text(v)) for n, v in request.headers.items() if n.lower() not in UNSTABLE]
        authorization = dict(headers)["Authorization"]
        signed_for = authorization.split("/")[3]
        out.case(f"botocore {service} {name}{suffix}", request.method, request.url, headers, body,
                 service=signed_for, token=token)

    plain, tls = "http://127.0.0.1:8080", "https://hub.local:8443"
    call("without a body", "iot", plain, "list_things")
    call("with a query", "iot", tls, "list_things", attributeName="roof & wall", maxResults=7,
         nextToken="a+b/c==")
    call("with a body", "iot", "https://hub.local", "create_thing", thingName="lamp:1",
         attributePayload={"attributes": {"colour": "gr\u00fcn"}})
    call("with an ARN in the path", "iot", tls, "list_attached_policies",
         target="arn:aws:iot:local:000000000000:cert/abc")
    call("with a header of its own", "iot", tls, "attach_principal_policy", policyName="p",
         principal="arn:aws:iot:local:000000000000:cert/abc")
    call("patch", "iot", tls, "update_thing", thingName="x", expectedVersion=1)
    call("delete", "iot", tls, "delete_thing", thingName="x", expectedVersion=3)
    call("put", "iot", tls, "attach_policy", policyName="A", target="t")
    call("publish", "iot-data", tls, "publish", topic="room/1/te mp", qos=1,
         payload=bytes(range(256)))
    call("publish, dots and slashes", "iot-data", tls, "publish", topic="a/../b//c/./d",
         payload=b"x")
    call("publish, retained", "iot-data", plain, "publish", topic="\u00e9/%2F/+", retain=True)
    call("publish, user properties", "iot-data", tls, "publish", topic="t", payload=b"1",
         contentType="text/plain", responseTopic="a/b c", userProperties='[{"k": "v"}]')
    call("get shadow", "iot-data", tls, "get_thing_shadow", thingName="lamp", shadowName="a:b")
    call("update shadow", "iot-data", tls, "update_thing_shadow", thingName="lamp",
         payload=b'{"state":{"desired":{"on":true}}}')
    call("list retained", "iot-data", tls, "list_retained_messages")
    call("pending jobs", "iot-jobs-data", tls, "get_pending_job_executions", thingName="x")
    call("start next job", "iot-jobs-data", tls, "start_next_pending_job_execution", thingName="x",
         statusDetails={"a": "b"})


class Raw:
    def stream(self, *_, **__):
        yield b"{}"

    def read(self, *_, **__):
        return b"{}"


def direct_cases(out):
    """Headers and targets which no client of today sends, but the rules have words for."""

    def sign(name, method, url, headers, body=b"", service="iotdata", region="local", secret=SECRET,
             key=KEY, moment=MOMENT):
        FixedTime.now_is = moment
        request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body)
        for n, v in headers:
            request.headers.add_header(n, v)
        credentials = botocore.credentials.Credentials(key, secret)
        botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
        FixedTime.now_is = MOMENT
        out.case(name, method, url, list(request.headers.items()), body, secret=secret, key=key,
                 service=service, region=region, moment=moment)
        return dict(request.headers.items())["Authorization"].rsplit("=", 1)[1]

    sign("dot segments", "GET", "https://hub.local/a/b/../c/./d/", [])
    sign("dot segments to the root", "GET", "https://hub.local/../..", [])
    sign("empty segments", "GET", "https://hub.local//a///b//", [])
    sign("encoded once on the wire", "GET", "https://hub.local/topics/a%2Fb%20c%25", [])
    sign("characters left raw", "GET", "https://hub.local/topics/a:b@c$d,e;f=g(h)'i!j*k~l", [])
    sign("order of parameters", "GET", "https://hub.local/x?b=2&a=2&a=1&B=0&a-b=1&ab=", [])
    sign("parameter without value", "GET", "https://hub.local/x?retain&qos=1", [])
    sign("spaces in values", "GET", "https://hub.local/x",
         [("My-Header1", "  a   b   c "), ("My-Header2", '"a  b"')])
    sign("a header twice", "GET", "https://hub.local/x", [("X-Two", "b"), ("X-Two", "a , c")])
    sign("host with port", "GET", "https://hub.local:8443/x", [])
    sign("host with port, sent as header", "GET", "https://hub.local:8443/x",
         [("Host", "hub.local:8443")])
    sign("IPv6 host", "GET", "https://[::1]:8443/x", [])
    sign("date in Date", "GET", "https://hub.local/x",
         [("Date", "Tue, 24 Nov 2026 06:34:50 GMT")])
    sign("unsigned payload", "POST", "https://hub.local/x",
         [("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")], b"anything")
    sign("29 February", "GET", "https://hub.local/x", [],
         moment=datetime.datetime(2028, 2, 29, 23, 59, 59))

    # Published by AWS: the test suite of the protocol, and the walk through ListUsers.
    suite = datetime.datetime(2015, 8, 30, 12, 36, 0)
    example = dict(service="service", region="us-east-1", key="AKIDEXAMPLE", moment=suite,
                   secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    published = [
        ("get-vanilla", "GET", "/", [],
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("post-vanilla", "POST", "/", [],
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", [],
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("get-unreserved", "GET",
         "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", [],
         "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        ("get-header-value-trim", "GET", "/",
         [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')],
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ]
    for name, method, target, headers, signature in published:
        got = sign(f"AWS test suite {name}", method, "https://example.amazonaws.com" + target,
                   headers, **example)
        if got != signature:
            sys.exit(f"{name}: {got}, published {signature}")
    example["service"] = "iam"
    got = sign("AWS ListUsers", "GET",
               "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
               [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")], **example)
    if got != "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7":
        sys.exit(f"ListUsers: {got}")


class WebSocketAuth(botocore.auth.SigV4QueryAuth):
    """As the AWS device SDKs presign: the token behind the signature, the host without its port."""

    def __init__(self, *arguments, host=None, token=None, has_expires=True):
        super().__init__(*arguments)
        self.host, self.token, self.has_expires = host, token, has_expires

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        if self.host:
            del headers["host"]
            headers["host"] = self.host
        return headers

    def _modify_request_before_signing(self, request):
        super()._modify_request_before_signing(request)
        if not self.has_expires:
            request.url = request.url.replace("&X-Amz-Expires=3600", "")

    def _inject_signature_to_request(self, request, signature):
        super()._inject_signature_to_request(request, signature)
        if self.token:
            request.url += "&X-Amz-Security-Token=" + botocore.auth.quote(self.token, safe="")


class UnsignedPayload(botocore.auth.SigV4QueryAuth):
    def payload(self, request):
        return botocore.auth.UNSIGNED_PAYLOAD


def presigned_cases(out):
    def presign(name, auth, url, method="GET", body=b"", service="iotdevicegateway", token="",
                **more):
        request = botocore.awsrequest.AWSRequest(method=method, url=url)
        auth.add_auth(request)
        out.case(name, method, request.url, [], body, service=service, token=token, **more)
        return request.url.rsplit("X-Amz-Signature=", 1)[1]

    plain = botocore.credentials.Credentials(KEY, SECRET)
    temporary = botocore.credentials.Credentials(KEY, SECRET, TOKEN)
    mqtt = "https://hub.local:8443/mqtt"
    gateway = ("iotdevicegateway", "local")
    presign("presigned", botocore.auth.SigV4QueryAuth(plain, *gateway), mqtt)
    presign("presigned, token signed", botocore.auth.SigV4QueryAuth(temporary, *gateway), mqtt,
            token=TOKEN)
    presign("presigned, own parameters",
            botocore.auth.SigV4QueryAuth(plain, "iotdata", "local", 604800),
            "https://hub.local/topics/x?qos=1&Z=a%20b&a=%2B", service="iotdata",
            moment=MOMENT + datetime.timedelta(days=7))
    presign("presigned, token appended", WebSocketAuth(plain, *gateway, token=TOKEN), mqtt,
            token=TOKEN)
    presign("presigned, host without port", WebSocketAuth(plain, *gateway, host="hub.local"), mqtt)
    presign("presigned, as browsers do",
            WebSocketAuth(plain, *gateway, host="hub.local", token=TOKEN, has_expires=False), mqtt,
            token=TOKEN)
    presign("presigned, unsigned payload", UnsignedPayload(plain, *gateway), mqtt)

    FixedTime.now_is = datetime.datetime(2013, 5, 24)
    s3 = UnsignedPayload(plain, "s3", "us-east-1", 86400)
    s3._normalize_url_path = lambda path: path
    got = presign("AWS presigned GET of S3", s3, "https://examplebucket.s3.amazonaws.com/test.txt",
                  service="s3", region="us-east-1", moment=FixedTime.now_is)
    FixedTime.now_is = MOMENT
    if got != "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404":
        sys.exit(f"S3: {got}")


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "botocore.case")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Written by generate.py.\n\n")
        out = Writer(file)
        client_cases(out, "")
        client_cases(out, TOKEN)
        direct_cases(out)
        presigned_cases(out)


main()
