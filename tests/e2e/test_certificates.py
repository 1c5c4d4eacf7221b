"""Certificates and their authorities: every operation with boto3, and chains that openssl has made."""

import json
import socket
import ssl

import botocore.exceptions
import pytest

import hublib
from hublib import HOST, TIMEOUT, RawMqtt, mosq_pub, tls_context
from pkilib import Authority, leaf

NOBODY = "0" * 64
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="module")
def owner(module_hub, folder):
    """A CA that is registered, ACTIVE, and registers nothing just in time."""
    ca = Authority(folder, "owner")
    ca.id = ca.register(module_hub)
    return ca


@pytest.fixture(scope="module", autouse=True)
def policy(module_hub):
    module_hub.boto3("iot").create_policy(policyName="devices", policyDocument=POLICY)


def refusal(call, **words):
    """(name of the error, status, message)"""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**words)
    response = caught.value.response
    return (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"],
            response["Error"]["Message"])


def enlist(hub, identity, status="ACTIVE", **words):
    """Registers a device's certificate under its CA, with a policy; returns its id."""
    iot = hub.boto3("iot")
    made = iot.register_certificate(certificatePem=leaf(identity), status=status, **words)
    iot.attach_policy(policyName="devices", target=made["certificateArn"])
    return made["certificateId"]


def status_of(hub, cert_id):
    return hub.boto3("iot").describe_certificate(
        certificateId=cert_id)["certificateDescription"]["status"]


def connects(hub, identity):
    try:
        with hub.raw("mqtts", identity) as raw:
            code, _ = raw.try_connect(identity.name)
            return code == 0
    except (hublib.Closed, ssl.SSLError, OSError):
        return False


def must_be_refused(hub, identity, why):
    mark = hub.mark()
    assert not connects(hub, identity)
    hub.wait_line(why, since=mark)


# ---- the operations


def test_registration_code_is_one_until_it_is_deleted(hub):
    iot = hub.boto3("iot")
    code = iot.get_registration_code()["registrationCode"]
    assert len(code) == 64 and iot.get_registration_code()["registrationCode"] == code
    iot.delete_registration_code()
    assert iot.get_registration_code()["registrationCode"] != code


def test_life_of_a_ca(hub, name, folder):
    iot = hub.boto3("iot")
    ca = Authority(folder, name)
    ca_id = ca.register(hub, active=False)
    about = iot.describe_ca_certificate(certificateId=ca_id)["certificateDescription"]
    assert about["status"] == "INACTIVE" and about["autoRegistrationStatus"] == "DISABLE"
    assert about["certificateMode"] == "DEFAULT" and about["customerVersion"] == 1
    assert about["certificateArn"].endswith(f":cacert/{ca_id}")
    assert about["certificatePem"].split() == ca.pem.split()
    assert ca_id in [one["certificateId"] for one in iot.list_ca_certificates()["certificates"]]
    error = refusal(iot.register_ca_certificate, caCertificate=ca.pem, certificateMode="SNI_ONLY")
    assert error[:2] == ("ResourceAlreadyExistsException", 409)
    iot.update_ca_certificate(certificateId=ca_id, newStatus="ACTIVE",
                              newAutoRegistrationStatus="ENABLE")
    about = iot.describe_ca_certificate(certificateId=ca_id)["certificateDescription"]
    assert about["status"] == "ACTIVE" and about["autoRegistrationStatus"] == "ENABLE"
    assert about["customerVersion"] == 2
    assert refusal(iot.update_ca_certificate, certificateId=ca_id, newStatus="LOST")[:2] == (
        "InvalidRequestException", 400)
    assert refusal(iot.delete_ca_certificate, certificateId=ca_id)[:2] == (
        "CertificateStateException", 406)
    iot.update_ca_certificate(certificateId=ca_id.upper(), newStatus="INACTIVE")
    iot.delete_ca_certificate(certificateId=ca_id)
    for call in (iot.describe_ca_certificate, iot.delete_ca_certificate):
        assert refusal(call, certificateId=ca_id)[:2] == ("ResourceNotFoundException", 404)
    assert refusal(iot.update_ca_certificate, certificateId=ca_id, newStatus="ACTIVE")[:2] == (
        "ResourceNotFoundException", 404)


def test_registration_of_a_ca_is_refused(hub, name, folder, owner):
    iot = hub.boto3("iot")
    ca = Authority(folder, name)
    proof = ca.proof(iot.get_registration_code()["registrationCode"])
    cases = [
        ({"caCertificate": ca.pem}, "InvalidRequestException"),
        ({"caCertificate": ca.pem, "verificationCertificate": proof, "certificateMode": "SNI_ONLY"},
         "InvalidRequestException"),
        ({"caCertificate": ca.pem, "verificationCertificate": proof, "certificateMode": "OTHER"},
         "InvalidRequestException"),
        ({"caCertificate": ca.pem, "verificationCertificate": ca.proof("something else")},
         "RegistrationCodeValidationException"),
        ({"caCertificate": ca.pem, "verificationCertificate": owner.proof("something else")},
         "CertificateValidationException"),
        ({"caCertificate": proof, "certificateMode": "SNI_ONLY"}, "CertificateValidationException"),
        ({"caCertificate": "x", "certificateMode": "SNI_ONLY"}, "CertificateValidationException"),
        ({"caCertificate": ca.pem, "verificationCertificate": proof,
          "registrationConfig": {"templateName": "none"}}, "ResourceNotFoundException"),
        ({"caCertificate": ca.pem, "verificationCertificate": proof,
          "registrationConfig": {"templateBody": "{}"}}, "InvalidRequestException"),
    ]
    for words, error in cases:
        assert refusal(iot.register_ca_certificate, **words)[0] == error, words


def test_lists_come_in_pages(hub, name, folder):
    iot = hub.boto3("iot")
    ids = [iot.register_ca_certificate(caCertificate=Authority(folder, f"{name}-{i}").pem,
                                       certificateMode="SNI_ONLY",
                                       setAsActive=i == 0)["certificateId"] for i in range(3)]
    for order in (True, False):
        pages = iot.get_paginator("list_ca_certificates").paginate(
            ascendingOrder=order, PaginationConfig={"PageSize": 1})
        listed = [one["certificateId"] for page in pages for one in page["certificates"]]
        assert [one for one in listed if one in ids] == (ids if order else ids[::-1])
    ca = Authority(folder, f"{name}-signer")
    ca_id = ca.register(hub)
    made = [enlist(hub, ca.device(hub, f"{name}-d{i}")) for i in range(3)]
    for order in (True, False):
        pages = iot.get_paginator("list_certificates_by_ca").paginate(
            caCertificateId=ca_id, ascendingOrder=order, PaginationConfig={"PageSize": 2})
        listed = [one["certificateId"] for page in pages for one in page["certificates"]]
        assert listed == (made if order else made[::-1])
    assert iot.list_certificates_by_ca(caCertificateId=NOBODY)["certificates"] == []


def test_life_of_a_certificate(hub, name, owner):
    iot = hub.boto3("iot")
    device = owner.device(hub, name)
    made = iot.register_certificate(certificatePem=leaf(device), setAsActive=True)
    cert_id = made["certificateId"]
    about = iot.describe_certificate(certificateId=cert_id.upper())["certificateDescription"]
    assert about["caCertificateId"] == owner.id and about["status"] == "ACTIVE"
    assert about["certificateMode"] == "DEFAULT" and about["customerVersion"] == 1
    error = refusal(iot.register_certificate, certificatePem=leaf(device))
    assert error == ("ResourceAlreadyExistsException", 409,
                     "The certificate is already provisioned or registered")
    for status in ("PENDING_TRANSFER", "PENDING_ACTIVATION", "LOST"):
        error = refusal(iot.update_certificate, certificateId=cert_id, newStatus=status)
        assert error[:2] == ("InvalidRequestException", 400) and status in error[2]
    assert refusal(iot.delete_certificate, certificateId=cert_id) == (
        "CertificateStateException", 406,
        f"Certificate must be deactivated (not ACTIVE) before deletion. Id: {cert_id}")
    iot.update_certificate(certificateId=cert_id, newStatus="INACTIVE")
    iot.update_certificate(certificateId=cert_id, newStatus="REVOKED")
    about = iot.describe_certificate(certificateId=cert_id)["certificateDescription"]
    assert about["status"] == "REVOKED" and about["customerVersion"] == 3
    iot.attach_policy(policyName="devices", target=made["certificateArn"])
    assert refusal(iot.delete_certificate, certificateId=cert_id)[:2] == (
        "DeleteConflictException", 409)
    iot.delete_certificate(certificateId=cert_id, forceDelete=True)
    assert refusal(iot.describe_certificate, certificateId=cert_id)[:2] == (
        "ResourceNotFoundException", 404)


def test_registration_of_a_certificate_is_refused(hub, name, folder, owner):
    iot = hub.boto3("iot")
    unknown, idle = Authority(folder, f"{name}-unknown"), Authority(folder, f"{name}-idle")
    idle.register(hub, active=False)
    mine = leaf(owner.device(hub, name))
    cases = [
        ({"certificatePem": leaf(unknown.device(hub, "a"))}, "CertificateValidationException"),
        ({"certificatePem": mine, "caCertificatePem": unknown.pem},
         "CertificateValidationException"),
        ({"certificatePem": mine, "caCertificatePem": idle.pem}, "CertificateValidationException"),
        ({"certificatePem": leaf(idle.device(hub, "b"))}, "CertificateStateException"),
        ({"certificatePem": mine, "status": "PENDING_ACTIVATION"}, "CertificateStateException"),
        ({"certificatePem": mine, "status": "LOST"}, "InvalidRequestException"),
        ({"certificatePem": "x"}, "CertificateValidationException"),
    ]
    for words, error in cases:
        assert refusal(iot.register_certificate, **words)[0] == error, words
    error = refusal(iot.register_certificate_without_ca, certificatePem=mine,
                    status="PENDING_ACTIVATION")
    assert error == ("CertificateStateException", 406,
                     "Not allowed to register certificate with PENDING_ACTIVATION status")
    made = iot.register_certificate_without_ca(certificatePem=mine)
    about = iot.describe_certificate(certificateId=made["certificateId"])["certificateDescription"]
    assert about["status"] == "INACTIVE" and about["certificateMode"] == "SNI_ONLY"


def test_cas_of_one_name_need_to_be_told_apart(hub, name, folder):
    iot = hub.boto3("iot")
    first = Authority(folder / f"{name}-1", name)
    second = Authority(folder / f"{name}-2", name)
    first.register(hub)
    second.register(hub)
    device = leaf(second.device(hub, name))
    assert refusal(iot.register_certificate, certificatePem=device)[:2] == (
        "CertificateConflictException", 409)
    assert refusal(iot.register_certificate, certificatePem=device,
                   caCertificatePem=first.pem)[0] == "CertificateValidationException"
    iot.register_certificate(certificatePem=device, caCertificatePem=second.pem)


@pytest.mark.parametrize("extensions, word", [("server", "extended key usage"), ("ca", "key usage")])
def test_certificates_for_other_uses_are_refused(hub, name, owner, extensions, word):
    iot = hub.boto3("iot")
    pem = leaf(owner.device(hub, name, extensions=extensions))
    for call in (iot.register_certificate, iot.register_certificate_without_ca):
        error = refusal(call, certificatePem=pem)
        assert error[0] == "CertificateValidationException" and word in error[2]


# ---- devices


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "rsa4096", "p256", "p384"])
def test_device_of_a_registered_ca_connects(hub, name, owner, kind):
    device = owner.device(hub, name, kind)
    enlist(hub, device)
    with hub.mqtt("watcher-" + name) as watcher:
        watcher.subscribe(f"owner/{name}", 1)
        mosq_pub(hub, f"owner/{name}", kind, qos=1, identity=device)
        watcher.expect(f"owner/{name}", kind)


@pytest.mark.parametrize("kind", ["rsa2048", "p384"])
def test_ca_with_another_key(hub, name, folder, kind):
    ca = Authority(folder, name, kind)
    ca.register(hub)
    device = ca.device(hub, name)
    enlist(hub, device)
    assert connects(hub, device)


@pytest.mark.parametrize("chain", [False, True], ids=["leaf", "leaf and signer"])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_secure_element(hub, name, folder, chain, version):
    """As an ATECC508 has it: a P-256 key that never leaves the chip, under a signer which is registered as CA."""
    signer = Authority(folder, f"{name}-signer", signer=Authority(folder, f"{name}-root"))
    signer_id = signer.register(hub)
    device = signer.device(hub, name, chain=chain)
    cert_id = enlist(hub, device)
    about = hub.boto3("iot").describe_certificate(certificateId=cert_id)["certificateDescription"]
    assert about["caCertificateId"] == signer_id
    context = tls_context(hub.ca, device)
    context.maximum_version = getattr(ssl.TLSVersion, version)
    sock = socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT)
    with RawMqtt(context.wrap_socket(sock, server_hostname=HOST)) as raw:
        raw.connect(name)
        assert raw.ping() == []


def test_paho_with_a_device_of_the_owner(hub, name, owner):
    device = owner.device(hub, name)
    enlist(hub, device)
    with hub.mqtt(name, identity=device) as client:
        client.subscribe(f"owner/{name}", 1)
        client.publish(f"owner/{name}", "x", 1)
        client.expect(f"owner/{name}", "x")


@pytest.mark.parametrize("first, last, why", [(-10, -1, "expired"), (1, 10, "not yet valid")])
def test_device_out_of_its_time_is_refused(hub, name, owner, first, last, why):
    device = owner.device(hub, name, first=first, last=last)
    enlist(hub, device)
    must_be_refused(hub, device, why)


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_device_that_is_not_active_is_refused(hub, name, owner, status):
    device = owner.device(hub, name)
    enlist(hub, device, status)
    must_be_refused(hub, device, status)


def test_unknown_device_is_refused(hub, name, owner):
    must_be_refused(hub, owner.device(hub, name), "auto registration of the CA")


def test_device_of_another_ca_is_refused(hub, name, folder):
    must_be_refused(hub, Authority(folder, name).device(hub, name), "no registered CA")


def test_registered_devices_outlive_their_ca(hub, name, folder):
    iot = hub.boto3("iot")
    ca = Authority(folder, name)
    ca_id = ca.register(hub)
    device = ca.device(hub, name)
    enlist(hub, device)
    iot.update_ca_certificate(certificateId=ca_id, newStatus="INACTIVE")
    assert connects(hub, device)
    iot.delete_ca_certificate(certificateId=ca_id)
    assert connects(hub, device)


@pytest.mark.parametrize("how", ["INACTIVE", "REVOKED", "list"])
def test_revocation_closes_the_live_connection(hub, name, folder, how):
    ca = Authority(folder, name)
    ca_id = ca.register(hub)
    device, other = ca.device(hub, name), ca.device(hub, f"{name}-other")
    cert_id, other_id = enlist(hub, device), enlist(hub, other)
    with hub.raw("mqtts", device) as raw, hub.raw("mqtts", other) as neighbour:
        raw.connect(device.name)
        neighbour.connect(other.name)
        if how == "list":
            hub.cli("crl", "put", ca_id, "-", stdin=ca.revoke(device))
        else:
            hub.boto3("iot").update_certificate(certificateId=cert_id, newStatus=how)
        raw.wait_closed()
        assert neighbour.ping() == []
    assert status_of(hub, cert_id) == ("REVOKED" if how == "list" else how)
    assert status_of(hub, other_id) == "ACTIVE"
    assert not connects(hub, device)


# ---- revocation lists


def crl_request(hub, method, ca_id, crl=None, query=""):
    answer = hub.request(method, f"/hub/cas/{ca_id}/crl{query}", token=hub.admin["token"],
                         json={"crlPem": crl} if crl else None)
    return answer.status_code, answer.json()


def test_revocation_list(hub, name, folder):
    ca = Authority(folder, name)
    ca_id = ca.register(hub)
    device, late = ca.device(hub, name), ca.device(hub, f"{name}-late")
    cert_id = enlist(hub, device)
    assert crl_request(hub, "GET", ca_id)[0] == 404
    empty = ca.revoke()
    status, about = crl_request(hub, "PUT", ca_id, empty)
    assert status == 200 and about["entryCount"] == 0 and about["crlNumber"] == "10"
    status, about = crl_request(hub, "PUT", ca_id, ca.revoke(device, late))
    assert status == 200 and about["entryCount"] == 2 and about["revokedCount"] == 1
    assert not about["overdue"] and about["nextUpdate"] > about["thisUpdate"]
    assert status_of(hub, cert_id) == "REVOKED"
    assert crl_request(hub, "PUT", ca_id, empty)[0] == 409
    iot = hub.boto3("iot")
    error = refusal(iot.register_certificate, certificatePem=leaf(late))
    assert error[0] == "CertificateValidationException" and "revocation list" in error[2]
    assert refusal(iot.update_certificate, certificateId=cert_id, newStatus="ACTIVE")[:2] == (
        "CertificateStateException", 406)
    seen, token = [], ""
    for _ in range(2):
        status, page = crl_request(hub, "GET", ca_id, query=f"?maxResults=1{token}")
        seen += [one["serialNumber"] for one in page["revoked"]]
        token = f"&nextToken={page.get('nextToken', '').replace('+', '%2B').replace('=', '%3D')}"
    assert len(set(seen)) == 2 and "nextToken" not in page
    assert crl_request(hub, "DELETE", ca_id)[0] == 200
    assert crl_request(hub, "DELETE", ca_id)[0] == 404
    iot.update_certificate(certificateId=cert_id, newStatus="ACTIVE")
    assert connects(hub, device)


def test_revocation_list_is_refused(hub, name, folder, owner):
    ca = Authority(folder, name)
    ca_id = ca.register(hub)
    status, answer = crl_request(hub, "PUT", ca_id, owner.revoke())
    assert status == 400 and "another issuer" in answer["message"]
    assert crl_request(hub, "PUT", ca_id, "x")[0] == 400
    assert crl_request(hub, "PUT", NOBODY, ca.revoke())[0] == 404


# ---- the command line


def test_command_line(hub, name, folder):
    ca = Authority(folder, name)
    code = hub.cli("ca", "registration-code").stdout.split()[-1]
    proof = ca.dir / "given-proof.pem"
    proof.write_text(ca.proof(code))
    ca_id = json.loads(hub.cli("--json", "ca", "register", ca.cert, "--proof", proof).stdout)[
        "certificateId"]
    assert ca_id in hub.cli("ca", "list").stdout
    hub.cli("ca", "update", ca_id, "--active", "--auto-registration")
    shown = hub.cli("ca", "show", ca_id).stdout
    assert "ACTIVE" in shown and "ENABLE" in shown
    device = ca.device(hub, name)
    cert_id = json.loads(hub.cli("--json", "cert", "register", device.cert).stdout)["certificateId"]
    assert cert_id in hub.cli("ca", "certs", ca_id).stdout
    for words, status in ((("cert", "activate"), "ACTIVE"), (("cert", "deactivate"), "INACTIVE"),
                          (("cert", "revoke"), "REVOKED")):
        hub.cli(*words, cert_id)
        assert status_of(hub, cert_id) == status
    foreign = hublib.self_made_identity(ca.dir, "foreign", hub.ca)
    made = hub.cli("--json", "cert", "register-no-ca", foreign.cert, "--active").stdout
    assert status_of(hub, json.loads(made)["certificateId"]) == "ACTIVE"
    crl = ca.dir / "crl.pem"
    ca.revoke(device)
    assert "entries" in hub.cli("crl", "put", ca_id, crl).stdout
    assert "SERIAL" in hub.cli("crl", "show", ca_id).stdout
    hub.cli("crl", "delete", ca_id)
    hub.cli("cert", "delete", cert_id)
    assert hub.cli("ca", "delete", ca_id, check=False).returncode == 1
    hub.cli("ca", "update", ca_id, "--inactive")
    hub.cli("ca", "delete", ca_id)
    assert ca_id not in hub.cli("ca", "list").stdout
