"""Requests that the hub makes: the rules' action http, and a registration just in time that it completes."""

import contextlib
import http.server
import json
import queue
import shutil
import socket
import ssl
import tempfile
import threading

import botocore.exceptions
import pytest

import hublib
from hublib import HOST, TIMEOUT, run

LOCAL = "webhook.allow=127.0.0.0/8"


class Receiver:
    """A web server on loopback. `answer(request)` gives the status."""

    def __init__(self, answer=lambda request: 200, context=None):
        self.requests = queue.Queue()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(answer(self))
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.requests.put(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self.server.server_port
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def next(self):
        return self.requests.get(timeout=TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def make_rule(hub, url, sql="SELECT * FROM 'in/+'", headers=()):
    hub.boto3("iot").create_topic_rule(ruleName="post", topicRulePayload={
        "sql": sql,
        "actions": [{"http": {"url": url, "headers": list(headers)}}],
        "errorAction": {"republish": {"topic": "errors", "roleArn": "arn:aws:iam::1:role/x"}}})


@contextlib.contextmanager
def errors(hub):
    with hub.mqtt("watcher") as client:
        client.subscribe("errors", 1)
        yield lambda: json.loads(client.next().payload)["failures"][0]


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="thingd-")
    yield path
    shutil.rmtree(path)


def test_a_rule_posts(make_hub):
    hub = make_hub(sets=[LOCAL]).start()
    with Receiver() as receiver, hub.mqtt("device") as device:
        make_rule(hub, f"http://{HOST}:{receiver.port}/a/${{topic(2)}}?v=${{v}}",
                  headers=[{"key": "X-V", "value": "${v}"}])
        device.publish("in/x", b'{"v": 7}', qos=1)
        request = receiver.next()
        assert request.path == "/a/x?v=7"
        assert json.loads(request.body) == {"v": 7}
        assert request.headers["X-V"] == "7"
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Host"] == f"{HOST}:{receiver.port}"
    assert hub.metric("webhook_requests_total") == 1
    assert hub.metric("webhook_failures_total") == 0


def test_a_status_that_is_no_success(make_hub):
    hub = make_hub(sets=[LOCAL]).start()
    with Receiver(lambda request: 503) as receiver, errors(hub) as failure, \
            hub.mqtt("device") as device:
        make_rule(hub, f"http://{HOST}:{receiver.port}/")
        device.publish("in/x", b"{}", qos=1)
        told = failure()
        assert told["failedAction"] == "HttpAction"
        assert told["failedResource"] == f"http://{HOST}:{receiver.port}/"
        assert "answered 503" in told["errorMessage"]


@pytest.mark.parametrize("host", [HOST, "localhost", "[::1]", "0.0.0.0"])
def test_this_machine_is_refused(make_hub, host):
    hub = make_hub().start()
    with Receiver() as receiver, errors(hub) as failure, hub.mqtt("device") as device:
        make_rule(hub, f"http://{host}:{receiver.port}/")
        device.publish("in/x", b"{}", qos=1)
        assert "webhook.allow" in failure()["errorMessage"]
        assert receiver.requests.empty()


def own_address():
    """Of this machine, and not loopback; None where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = sock.getsockname()[0]
        return None if address.startswith("127.") else address


def test_the_hubs_own_listeners_are_refused(make_hub):
    address = own_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    hub = make_hub(sets=["listener.https.address=0.0.0.0"]).start()
    with errors(hub) as failure, hub.mqtt("device") as device:
        make_rule(hub, f"https://{address}:{hub.port('https')}/")
        device.publish("in/x", b"{}", qos=1)
        assert "is a listener of this hub" in failure()["errorMessage"]


def test_a_stop_leaves_the_request_for_the_next_start(make_hub):
    """The receiver is deaf; the hub ends in time all the same, and asks again when it is back."""
    hub = make_hub(sets=[LOCAL, "webhook.timeout=10m"]).start()
    with socket.create_server((HOST, 0)) as deaf, hub.mqtt("device") as device:
        make_rule(hub, f"http://{HOST}:{deaf.getsockname()[1]}/later")
        device.publish("in/x", b"{}", qos=1)
        deaf.settimeout(TIMEOUT)
        with deaf.accept()[0]:
            hub.restart()
        with deaf.accept()[0] as again:
            again.settimeout(TIMEOUT)
            assert again.recv(4096).startswith(b"POST /later HTTP/1.1\r\n")
            again.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_hosts_are_no_templates(make_hub):
    hub = make_hub().start()
    with pytest.raises(botocore.exceptions.ClientError, match="path and the query only"):
        make_rule(hub, "http://${topic(2)}/")


def server_context(folder, name):
    """Of a server with this name, whose CA is folder/ca.pem."""
    ca, key, csr, cert = (f"{folder}/{part}" for part in ("ca", "key.pem", "csr.pem", "cert.pem"))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{ca}.key", "-out",
        f"{ca}.pem", "-days", "30", "-subj", "/CN=a CA")
    run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", csr,
        "-subj", "/CN=server")
    extensions = f"{folder}/ext"
    with open(extensions, "w") as file:
        file.write(f"subjectAltName=DNS:{name}\n")
    run("openssl", "x509", "-req", "-in", csr, "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
        "-CAcreateserial", "-out", cert, "-days", "30", "-extfile", extensions)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_tls_with_a_ca_of_ones_own(make_hub, folder):
    context = server_context(folder, "localhost")
    hub = make_hub(sets=[LOCAL, f"webhook.ca_file={folder}/ca.pem"]).start()
    with Receiver(context=context) as receiver, errors(hub) as failure, \
            hub.mqtt("device") as device:
        make_rule(hub, f"https://localhost:{receiver.port}/", sql="SELECT * FROM 'in/good'")
        device.publish("in/good", b"{}", qos=1)
        assert receiver.next().body == b"{}"
        hub.boto3("iot").delete_topic_rule(ruleName="post")
        make_rule(hub, f"https://{HOST}:{receiver.port}/")
        device.publish("in/x", b"{}", qos=1)
        assert f"not made for '{HOST}'" in failure()["errorMessage"]


def test_the_systems_cas_do_not_know_it(make_hub, folder):
    context = server_context(folder, "localhost")
    hub = make_hub(sets=[LOCAL]).start()
    with Receiver(context=context) as receiver, errors(hub) as failure, \
            hub.mqtt("device") as device:
        make_rule(hub, f"https://localhost:{receiver.port}/")
        device.publish("in/x", b"{}", qos=1)
        assert "certificate is refused" in failure()["errorMessage"]


# ---- registration just in time


def device_of_own_ca(hub, folder):
    """A CA that is registered, and the identity of a device that it has signed."""
    iot = hub.boto3("iot")
    ca_key, ca = f"{folder}/ca.key", f"{folder}/ca.pem"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "30",
        "-subj", "/CN=owner's CA")

    def signed(name, common_name):
        key, csr, cert = (f"{folder}/{name}.{end}" for end in ("key", "csr", "pem"))
        run("openssl", "req", "-new", *curve, "-keyout", key, "-out", csr, "-subj",
            f"/CN={common_name}")
        run("openssl", "x509", "-req", "-in", csr, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-out", cert, "-days", "30")
        return key, cert

    _, proof = signed("proof", iot.get_registration_code()["registrationCode"])
    with open(ca) as ca_file, open(proof) as proof_file:
        made = iot.register_ca_certificate(caCertificate=ca_file.read(),
                                           verificationCertificate=proof_file.read(),
                                           setAsActive=True, allowAutoRegistration=True)
    key, cert = signed("device", "device")
    with open(cert, "a") as chain, open(ca) as ca_file:
        chain.write(ca_file.read())  # the device shows its CA, as AWS asks of it
    return made["certificateId"], hublib.Identity("device", cert, key, hub.ca)


def test_a_webhook_completes_a_registration(make_hub, folder):
    """The first connection registers the certificate and is closed; the rule tells the receiver, which
    activates it over REST; the next connection is let in."""
    hub = make_hub(sets=[LOCAL]).start()
    iot = hub.boto3("iot")
    iot.create_policy(policyName="all", policyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}))

    def activate(request):
        event = json.loads(request.body)
        arn = iot.describe_certificate(
            certificateId=event["certificateId"])["certificateDescription"]["certificateArn"]
        iot.attach_policy(policyName="all", target=arn)
        iot.update_certificate(certificateId=event["certificateId"], newStatus="ACTIVE")
        return 200

    ca_id, identity = device_of_own_ca(hub, folder)
    with Receiver(activate) as receiver:
        make_rule(hub, f"http://{HOST}:{receiver.port}/registered",
                  sql="SELECT * FROM '$aws/events/certificates/registered/#'")
        client = hublib.Client(hub, "device", listener="mqtts", identity=identity)
        client.try_connect()
        client.drop()
        event = json.loads(receiver.next().body)
        assert event["caCertificateId"] == ca_id
        assert event["certificateStatus"] == "PENDING_ACTIVATION"
        with hublib.Client(hub, "device", listener="mqtts", identity=identity) as device:
            device.publish("in/x", b"{}", qos=1)
        described = iot.describe_certificate(certificateId=event["certificateId"])
        assert described["certificateDescription"]["status"] == "ACTIVE"
