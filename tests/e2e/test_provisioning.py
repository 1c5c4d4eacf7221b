"""Provisioning: templates over REST (boto3), fleet provisioning over MQTT (paho), its hook, and just in time."""

import contextlib
import http.server
import json
import queue
import threading

import pytest

import hublib
import provlib
from hublib import run
from test_rest import error

KEYS = "$aws/certificates/create/json"
CSR = "$aws/certificates/create-from-csr/json"


@pytest.fixture
def iot(hub):
    return hub.boto3("iot")


@pytest.fixture
def template(iot, name):
    """Its name; the things that it makes are called NAME-SERIAL."""
    provlib.make_template(iot, name[:36], provlib.fleet_body(name))
    return name[:36]


@pytest.fixture
def claim(hub, iot, template, tmp_path):
    return provlib.claim(hub, iot, tmp_path, template)


def ask(client, topic, payload):
    """(accepted or rejected, the answer)"""
    for end in ("accepted", "rejected"):
        client.subscribe(f"{topic}/{end}", 1)
    client.publish(topic, payload if isinstance(payload, (str, bytes)) else json.dumps(payload), 1)
    answer = client.next()
    return answer.topic.rsplit("/", 1)[1], answer


def accepted(client, topic, payload):
    end, answer = ask(client, topic, payload)
    assert end == "accepted", answer.payload
    return answer.json()


def rejected(client, topic, payload):
    end, answer = ask(client, topic, payload)
    assert end == "rejected", answer.payload
    return answer.json()


def provision(template, token, **parameters):
    return (f"$aws/provisioning-templates/{template}/provision/json",
            {"certificateOwnershipToken": token, "parameters": parameters})


# ---- templates


def test_template_from_creation_to_deletion(iot, name):
    short = name[:36]
    made = provlib.make_template(iot, short, provlib.fleet_body("x"), enabled=False, description="first")
    assert made["templateArn"] == f"arn:aws:iot:local:000000000000:provisioningtemplate/{short}"
    assert made["defaultVersionId"] == 1
    with error("ResourceAlreadyExistsException", 409):
        provlib.make_template(iot, short, provlib.fleet_body("x"))
    iot.create_provisioning_template_version(templateName=short, templateBody=provlib.fleet_body("y"),
                                             setAsDefault=True)
    iot.update_provisioning_template(templateName=short, enabled=True)
    seen = iot.describe_provisioning_template(templateName=short)
    assert (seen["defaultVersionId"], seen["enabled"], seen["description"]) == (2, True, "first")
    assert seen["templateBody"] == provlib.fleet_body("y")
    assert seen["type"] == "FLEET_PROVISIONING"
    with error("DeleteConflictException", 409):
        iot.delete_provisioning_template_version(templateName=short, versionId=2)
    iot.delete_provisioning_template_version(templateName=short, versionId=1)
    versions = iot.list_provisioning_template_versions(templateName=short)["versions"]
    assert [(one["versionId"], one["isDefaultVersion"]) for one in versions] == [(2, True)]
    for _ in range(4):
        iot.create_provisioning_template_version(templateName=short, templateBody=provlib.fleet_body("z"))
    with error("VersionsLimitExceededException", 409):
        iot.create_provisioning_template_version(templateName=short, templateBody=provlib.fleet_body("z"))
    pages = iot.get_paginator("list_provisioning_templates").paginate(PaginationConfig={"PageSize": 1})
    assert short in [one["templateName"] for page in pages for one in page["templates"]]
    iot.delete_provisioning_template(templateName=short)
    with error("ResourceNotFoundException", 404):
        iot.describe_provisioning_template(templateName=short)


def test_what_is_wrong_is_refused_with_its_place(iot, name):
    with error("InvalidRequestException", 400, r"Resources: thing: Properties: Color: unknown member"):
        provlib.make_template(iot, name[:36], json.dumps({"Resources": {"thing": {
            "Type": "AWS::IoT::Thing", "Properties": {"ThingName": "a", "Color": "red"}}}}))
    with error("InvalidRequestException", 400, r"billing groups are not supported"):
        provlib.make_template(iot, name[:36], json.dumps({"Resources": {"thing": {
            "Type": "AWS::IoT::Thing", "Properties": {"ThingName": "a", "BillingGroup": "b"}}}}))
    with error("InvalidRequestException", 400, r"runs no Lambda functions"):
        provlib.make_template(iot, name[:36], provlib.fleet_body("x"), preProvisioningHook={
            "targetArn": "arn:aws:lambda:local:000000000000:function:hook"})


def test_register_thing_by_a_request(hub, iot, name, tmp_path):
    _, csr = hublib.make_csr(tmp_path, name)
    text = provlib.body({"Ref": "ThingName"}, {"CertificateSigningRequest": {"Ref": "Csr"}}, ("ThingName", "Csr"))
    made = iot.register_thing(templateBody=text, parameters={"ThingName": name, "Csr": csr})
    key = (tmp_path / f"{name}.key").read_text()
    assert made["resourceArns"]["thing"] == f"arn:aws:iot:local:000000000000:thing/{name}"
    assert set(made["resourceArns"]) == {"thing", "certificate", "policy"}
    identity = provlib.identity_of(hub, tmp_path, name, made["certificatePem"], key)
    with hub.mqtt(name, identity=identity) as client:
        client.subscribe(f"device/{name}/x")
        client.publish(f"device/{name}/x", "works")
        client.expect(f"device/{name}/x", b"works")


def test_register_thing_leaves_nothing_when_it_fails(iot, name, tmp_path):
    _, csr = hublib.make_csr(tmp_path, name)
    text = json.loads(provlib.body({"Ref": "ThingName"}, {"CertificateSigningRequest": {"Ref": "Csr"}},
                                   ("ThingName", "Csr")))
    text["Resources"]["policy"]["Properties"]["PolicyName"] = "nobody-has-made-it"
    with error("ResourceRegistrationFailureException", 400, "nobody-has-made-it"):
        iot.register_thing(templateBody=json.dumps(text), parameters={"ThingName": name, "Csr": csr})
    with error("ResourceNotFoundException", 404):
        iot.describe_thing(thingName=name)


# ---- fleet provisioning


def check_works(hub, iot, thing, identity):
    assert iot.describe_thing(thingName=thing)["attributes"] == {"made": "by-template"}
    with hub.mqtt(thing, identity=identity) as client:
        client.subscribe(f"device/{thing}/x")
        client.publish(f"device/{thing}/x", "works")
        client.expect(f"device/{thing}/x", b"works")


def test_by_claim_with_keys(hub, iot, name, template, claim, tmp_path):
    with hub.mqtt(f"{name}-claim", identity=claim) as client:
        made = accepted(client, KEYS, "")
        done = accepted(client, *provision(template, made["certificateOwnershipToken"], SerialNumber="1"))
        assert done == {"thingName": f"{name}-1", "deviceConfiguration": {"url": "https://local/1"}}
    identity = provlib.identity_of(hub, tmp_path, "own", made["certificatePem"], made["privateKey"])
    check_works(hub, iot, f"{name}-1", identity)


def test_by_claim_with_a_request(hub, iot, name, template, claim, tmp_path):
    key, csr = hublib.make_csr(tmp_path, name)
    with hub.mqtt(f"{name}-claim", identity=claim) as client:
        made = accepted(client, CSR, {"certificateSigningRequest": csr})
        assert "privateKey" not in made
        accepted(client, *provision(template, made["certificateOwnershipToken"], SerialNumber="2"))
        again = rejected(client, *provision(template, made["certificateOwnershipToken"], SerialNumber="3"))
        assert (again["statusCode"], again["errorCode"]) == (400, "InvalidCertificateOwnershipToken")
    with open(key, encoding="ascii") as file:
        identity = provlib.identity_of(hub, tmp_path, "own", made["certificatePem"], file.read())
    check_works(hub, iot, f"{name}-2", identity)


def test_a_private_key_reaches_nobody_else(hub, name, claim):
    with hub.mqtt(f"{name}-a", identity=claim) as asks, hub.mqtt(f"{name}-b", identity=claim) as other:
        other.subscribe(f"{KEYS}/accepted", 1)
        accepted(asks, KEYS, "{}")
        other.subscribe(f"{CSR}/rejected", 1)
        other.publish(CSR, "{}", 1)
        assert other.next().topic == f"{CSR}/rejected"  # and nothing came before


def test_rejections(hub, iot, name, template, claim):
    with hub.mqtt(f"{name}-claim", identity=claim) as client:
        empty = rejected(client, *provision(template, "", SerialNumber="1"))
        assert empty == {"statusCode": 400, "errorCode": "InvalidCertificateOwnershipToken",
                         "errorMessage": "Certificate ownership token cannot be empty."}
        token = accepted(client, KEYS, "")["certificateOwnershipToken"]
        missing = rejected(client, *provision(template, token))
        assert (missing["statusCode"], missing["errorCode"]) == (400, "InvalidParameters")
        end, answer = ask(client, "$aws/certificates/create/cbor", b"\xa0")
        assert end == "rejected" and b"UnsupportedPayloadFormat" in answer.payload
        iot.update_provisioning_template(templateName=template, enabled=False)
        disabled = rejected(client, *provision(template, token, SerialNumber="1"))
        assert (disabled["statusCode"], disabled["errorCode"]) == (403, "AccessDenied")


def test_a_claim_is_for_its_template(hub, iot, name, claim):
    other = f"o{name}"[:36]
    provlib.make_template(iot, other, provlib.fleet_body(name))
    with hub.mqtt(f"{name}-claim", identity=claim) as client:
        token = accepted(client, KEYS, "")["certificateOwnershipToken"]
        assert rejected(client, *provision(other, token, SerialNumber="1"))["statusCode"] == 403


def test_a_claim_ends_in_five_minutes(iot, template):
    made = iot.create_provisioning_claim(templateName=template)
    left = made["expiration"].timestamp() - _not_before(made["certificatePem"])
    assert left == pytest.approx(3600 + 300, abs=5)  # certificates begin an hour ago


def _not_before(pem):
    import email.utils

    text = run("openssl", "x509", "-noout", "-startdate", stdin=pem).stdout.strip().split("=", 1)[1]
    month, day, clock, year, _ = text.split()
    return email.utils.parsedate_to_datetime(f"{day} {month} {year} {clock} GMT").timestamp()


# ---- the hook


class Hook:
    """A server of one answer; what it was asked is in `asked`."""

    def __init__(self):
        self.asked = queue.Queue()
        self.status, self.answer = 200, {"allowProvisioning": True}
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                hook.asked.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                payload = json.dumps(hook.answer).encode()
                self.send_response(hook.status)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer((hublib.HOST, 0), Handler)
        self.url = f"http://{hublib.HOST}:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hooked(make_hub, name, tmp_path):
    """(hub, hook, client, template): a template that asks the hook, and a claim that is connected."""
    hub, hook = make_hub(sets=["webhook.allow=127.0.0.0/8"]).start(), Hook()
    iot = hub.boto3("iot")
    text = provlib.body({"Fn::Join": ["", [name, "-", {"Ref": "SerialNumber"}]]})
    provlib.make_template(iot, name[:36], text, preProvisioningHook={"targetArn": hook.url})
    identity = provlib.claim(hub, iot, tmp_path, name[:36])
    with contextlib.closing(hook), hub.mqtt(f"{name}-claim", identity=identity) as client:
        yield hub, hook, client, name[:36]


def test_a_hook_allows_and_overrides(hooked, name):
    hub, hook, client, template = hooked
    hook.answer = {"allowProvisioning": True, "parameterOverrides": {"SerialNumber": "better"}}
    made = accepted(client, KEYS, "")
    done = accepted(client, *provision(template, made["certificateOwnershipToken"], SerialNumber="1"))
    assert done["thingName"] == f"{name}-better"
    event = hook.asked.get(timeout=hublib.TIMEOUT)
    assert event["certificateId"] == made["certificateId"]
    assert event["certificatePem"] == made["certificatePem"]
    assert event["clientId"] == f"{name}-claim"
    assert event["parameters"] == {"SerialNumber": "1"}
    assert event["templateArn"].endswith(f":provisioningtemplate/{template}")
    assert len(event["claimCertificateId"]) == 64


@pytest.mark.parametrize("status, answer", [(200, {"allowProvisioning": False}), (200, {}),
                                            (500, {"allowProvisioning": True})])
def test_a_hook_denies(hooked, status, answer):
    hub, hook, client, template = hooked
    hook.status, hook.answer = status, answer
    token = accepted(client, KEYS, "")["certificateOwnershipToken"]
    no = rejected(client, *provision(template, token, SerialNumber="1"))
    assert (no["statusCode"], no["errorCode"]) == (403, "AccessDenied")
    assert hook.asked.get(timeout=hublib.TIMEOUT)
    assert hub.boto3("iot").list_things()["things"] == []


# ---- just in time


def openssl_ca(folder, code):
    """(PEM of a CA, PEM of its proof that we have its key)"""
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
        folder / "ca.key", "-out", folder / "ca.pem", "-days", "30", "-subj", "/CN=Maker",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl_cert(folder, "proof", f"/CN={code}")
    return (folder / "ca.pem").read_text(), (folder / "proof.pem").read_text()


def openssl_cert(folder, name, subject):
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
        folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj", subject)
    run("openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey",
        folder / "ca.key", "-CAcreateserial", "-days", "10", "-out", folder / f"{name}.pem")


@pytest.mark.parametrize("named", [False, True])
def test_just_in_time_provisioning(fresh_hub, name, tmp_path, named):
    """The first connection provisions and ends, the next one works."""
    hub, iot = fresh_hub, fresh_hub.boto3("iot")
    text = provlib.body({"Ref": "AWS::IoT::Certificate::CommonName"},
                        parameters=("AWS::IoT::Certificate::CommonName", "AWS::IoT::Certificate::Id"))
    config = {"templateBody": text, "roleArn": provlib.ROLE}
    if named:
        provlib.make_template(iot, "jit", text, type="JITP")
        config = {"templateName": "jit", "roleArn": provlib.ROLE}
    ca, proof = openssl_ca(tmp_path, iot.get_registration_code()["registrationCode"])
    iot.register_ca_certificate(caCertificate=ca, verificationCertificate=proof, setAsActive=True,
                                allowAutoRegistration=True, registrationConfig=config)
    openssl_cert(tmp_path, name, f"/CN={name}")
    identity = hublib.Identity(name, str(tmp_path / f"{name}.pem"), str(tmp_path / f"{name}.key"), hub.ca)
    assert hub.mqtt(name, identity=identity).try_connect() != 0
    check_works(hub, iot, name, identity)
