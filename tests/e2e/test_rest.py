"""The REST door: boto3 unmodified, error names and status codes of AWS, and who is let in."""

import base64
import contextlib
import hashlib
import json
import re
import socket
import ssl

import botocore.exceptions
import pytest

import hublib
from hublib import HOST, TIMEOUT, curl, make_csr

ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]})
ROLE = "arn:aws:iam::000000000000:role/none"


@contextlib.contextmanager
def error(code, status, text=None):
    """The block must end with this error of AWS."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    response = caught.value.response
    got = (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
    assert got == (code, status), response
    assert response["Error"]["Message"], response
    if text:
        assert re.search(text, response["Error"]["Message"]), response


@pytest.fixture
def iot(hub):
    return hub.boto3("iot")


@pytest.fixture
def data(hub):
    return hub.boto3("iot-data")


# ---- things


def test_thing_from_creation_to_deletion(iot, name):
    made = iot.create_thing(thingName=name, attributePayload={"attributes": {"room": "attic"}})
    assert made["thingName"] == name
    assert made["thingArn"] == f"arn:aws:iot:local:000000000000:thing/{name}"
    assert re.fullmatch(r"[0-9a-f-]{36}", made["thingId"])
    seen = iot.describe_thing(thingName=name)
    assert seen["thingId"] == made["thingId"]
    assert seen["defaultClientId"] == name
    assert seen["attributes"] == {"room": "attic"}
    assert seen["version"] == 1
    iot.update_thing(thingName=name, attributePayload={"attributes": {"floor": "2"}, "merge": True})
    seen = iot.describe_thing(thingName=name)
    assert seen["attributes"] == {"room": "attic", "floor": "2"}
    assert seen["version"] == 2
    iot.update_thing(thingName=name, attributePayload={"attributes": {"only": "this"}})
    assert iot.describe_thing(thingName=name)["attributes"] == {"only": "this"}
    iot.delete_thing(thingName=name)
    with error("ResourceNotFoundException", 404):
        iot.describe_thing(thingName=name)


def test_merge_removes_empty_attributes(iot, name):
    iot.create_thing(thingName=name, attributePayload={"attributes": {"a": "1", "b": "2"}})
    iot.update_thing(thingName=name, attributePayload={"attributes": {"a": ""}, "merge": True})
    assert iot.describe_thing(thingName=name)["attributes"] == {"b": "2"}


def test_creating_the_same_thing_again(iot, name):
    words = {"thingName": name, "attributePayload": {"attributes": {"a": "1"}}}
    made = iot.create_thing(**words)
    assert iot.create_thing(**words)["thingId"] == made["thingId"]
    with error("ResourceAlreadyExistsException", 409):
        iot.create_thing(thingName=name, attributePayload={"attributes": {"a": "2"}})
    assert iot.describe_thing(thingName=name)["attributes"] == {"a": "1"}


def test_stale_version_of_a_thing(iot, name):
    iot.create_thing(thingName=name)
    iot.update_thing(thingName=name, expectedVersion=1,
                     attributePayload={"attributes": {"a": "1"}})
    with error("VersionConflictException", 409):
        iot.update_thing(thingName=name, expectedVersion=1,
                         attributePayload={"attributes": {"a": "2"}})
    with error("VersionConflictException", 409):
        iot.delete_thing(thingName=name, expectedVersion=1)
    iot.delete_thing(thingName=name, expectedVersion=2)


def test_deleting_an_unknown_thing_succeeds(iot, name):
    iot.delete_thing(thingName=name)


def test_updating_an_unknown_thing(iot, name):
    with error("ResourceNotFoundException", 404):
        iot.update_thing(thingName=name, attributePayload={"attributes": {"a": "1"}})


@pytest.mark.parametrize("bad", ["a b", "a/b", "ä", "a" * 129, "a#", "a%"])
def test_bad_thing_names(iot, bad):
    with error("InvalidRequestException", 400):
        iot.create_thing(thingName=bad)


@pytest.mark.parametrize("attributes", [{"a b": "1"}, {"a": "x y"}, {"a": "x" * 801},
                                        {str(i): "x" for i in range(51)}],
                         ids=["name", "value", "length", "number"])
def test_bad_attributes(iot, name, attributes):
    with error("InvalidRequestException", 400):
        iot.create_thing(thingName=name, attributePayload={"attributes": attributes})
    with error("ResourceNotFoundException", 404):
        iot.describe_thing(thingName=name)


def test_listing_things_by_page_and_attribute(iot, name):
    names = sorted(f"{name}-{i:02}" for i in range(25))
    for i, thing in enumerate(names):
        iot.create_thing(thingName=thing, attributePayload={
            "attributes": {"batch": name, "parity": "odd" if i % 2 else "even"}})
    found, token, pages = [], None, 0
    while True:
        words = {"nextToken": token} if token else {}
        page = iot.list_things(attributeName="batch", attributeValue=name, maxResults=10, **words)
        found += [t["thingName"] for t in page["things"]]
        pages, token = pages + 1, page.get("nextToken")
        if not token:
            break
    assert sorted(found) == names and pages == 3
    prefix = iot.list_things(attributeName="batch", attributeValue=name[:-1],
                             usePrefixAttributeValue=True, maxResults=250)["things"]
    assert set(names) <= {t["thingName"] for t in prefix}
    assert iot.list_things(attributeName="batch", attributeValue="none")["things"] == []


@pytest.mark.parametrize("words", [{"maxResults": 251}, {"nextToken": "nonsense"}])
def test_bad_pages(hub, words):
    iot = hub.boto3("iot", parameter_validation=False)
    with error("InvalidRequestException", 400):
        iot.list_things(**words)


# ---- certificates


def test_certificate_with_a_key_of_the_hub(iot, name, tmp_path, hub):
    made = iot.create_keys_and_certificate(setAsActive=True)
    der = ssl.PEM_cert_to_DER_cert(made["certificatePem"])
    assert made["certificateId"] == hashlib.sha256(der).hexdigest()
    assert made["certificateArn"] == \
        f"arn:aws:iot:local:000000000000:cert/{made['certificateId']}"
    assert "PRIVATE KEY" in made["keyPair"]["PrivateKey"]
    assert "PUBLIC KEY" in made["keyPair"]["PublicKey"]
    seen = iot.describe_certificate(certificateId=made["certificateId"])["certificateDescription"]
    assert seen["status"] == "ACTIVE"
    assert seen["certificatePem"].strip() == made["certificatePem"].strip()
    assert seen["validity"]["notBefore"] < seen["validity"]["notAfter"]

    # what its policy allows, it may
    iot.create_policy(policyName=name, policyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
            {"Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"],
             "Resource": f"arn:aws:iot:*:*:topic/{name}/*"},
            {"Effect": "Allow", "Action": "iot:Subscribe",
             "Resource": f"arn:aws:iot:*:*:topicfilter/{name}/*"}]}))
    iot.attach_policy(policyName=name, target=made["certificateArn"])
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_text(made["certificatePem"])
    key.write_text(made["keyPair"]["PrivateKey"])
    identity = hublib.Identity(name, str(cert), str(key), hub.ca)
    with hub.mqtt("any-id-" + name, identity=identity) as client:
        assert client.try_subscribe(f"{name}/#", 1) == 1
        client.publish(f"{name}/t", "x", 1)
        client.expect(f"{name}/t", "x")
        assert client.try_subscribe("elsewhere") == 0x80


def test_certificate_from_a_request(iot, name, tmp_path, hub):
    key, csr = make_csr(tmp_path, name)
    made = iot.create_certificate_from_csr(certificateSigningRequest=csr)
    seen = iot.describe_certificate(certificateId=made["certificateId"])["certificateDescription"]
    assert seen["status"] == "INACTIVE"
    cert = tmp_path / "cert.pem"
    cert.write_text(made["certificatePem"])
    hublib.run("openssl", "verify", "-CAfile", hub.ca, cert)
    of_cert = hublib.run("openssl", "x509", "-in", cert, "-noout", "-pubkey").stdout
    assert of_cert == hublib.run("openssl", "pkey", "-in", key, "-pubout").stdout
    again = iot.create_certificate_from_csr(certificateSigningRequest=csr, setAsActive=True)
    assert again["certificateId"] != made["certificateId"]


@pytest.mark.parametrize("csr", ["nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
                                 "-----END CERTIFICATE REQUEST-----\n"])
def test_bad_certificate_request(iot, csr):
    with error("InvalidRequestException", 400):
        iot.create_certificate_from_csr(certificateSigningRequest=csr)


def test_deleting_certificates(iot):
    made = iot.create_keys_and_certificate(setAsActive=True)
    cert = made["certificateId"]
    with error("CertificateStateException", 406, cert):
        iot.delete_certificate(certificateId=cert)
    iot.update_certificate(certificateId=cert, newStatus="INACTIVE")
    iot.delete_certificate(certificateId=cert)
    with error("ResourceNotFoundException", 404):
        iot.describe_certificate(certificateId=cert)


def test_unknown_certificate(iot):
    with error("ResourceNotFoundException", 404):
        iot.describe_certificate(certificateId="0" * 64)
    with error("InvalidRequestException", 400):
        iot.describe_certificate(certificateId="x" * 64)


def test_listing_certificates(iot):
    made = {iot.create_keys_and_certificate()["certificateId"] for _ in range(3)}
    found, words = set(), {"pageSize": 2}
    while True:
        page = iot.list_certificates(**words)
        assert len(page["certificates"]) <= 2
        found |= {c["certificateId"] for c in page["certificates"]}
        if not page.get("nextMarker"):
            break
        words["marker"] = page["nextMarker"]
    assert made <= found


def test_attaching_principals(iot, name):
    iot.create_thing(thingName=name)
    made = iot.create_keys_and_certificate(setAsActive=True)
    arn, cert = made["certificateArn"], made["certificateId"]
    for _ in range(2):
        iot.attach_thing_principal(thingName=name, principal=arn)
    assert iot.list_thing_principals(thingName=name)["principals"] == [arn]
    assert iot.list_principal_things(principal=arn)["things"] == [name]
    with error("InvalidRequestException", 400,
               f"Cannot delete. Thing {name} is still attached to one or more principals"):
        iot.delete_thing(thingName=name)
    iot.update_certificate(certificateId=cert, newStatus="INACTIVE")
    with error("DeleteConflictException", 409):
        iot.delete_certificate(certificateId=cert)
    iot.detach_thing_principal(thingName=name, principal=arn)
    iot.delete_thing(thingName=name)
    iot.delete_certificate(certificateId=cert)
    with error("ResourceNotFoundException", 404):
        iot.attach_thing_principal(thingName=name, principal=arn)


# ---- policies


def test_policy_from_creation_to_deletion(iot, name):
    made = iot.create_policy(policyName=name, policyDocument=ALLOW_ALL)
    assert made["policyDocument"] == ALLOW_ALL
    assert made["policyVersionId"] == "1"
    assert made["policyArn"] == f"arn:aws:iot:local:000000000000:policy/{name}"
    seen = iot.get_policy(policyName=name)
    assert (seen["policyDocument"], seen["defaultVersionId"]) == (ALLOW_ALL, "1")
    assert name in {p["policyName"] for p in iot.list_policies(pageSize=250)["policies"]}
    with error("ResourceAlreadyExistsException", 409,
               re.escape(f"Policy cannot be created - name already exists (name={name})")):
        iot.create_policy(policyName=name, policyDocument=ALLOW_ALL)
    iot.delete_policy(policyName=name)
    with error("ResourceNotFoundException", 404):
        iot.get_policy(policyName=name)


def test_policy_versions(iot, name):
    iot.create_policy(policyName=name, policyDocument=ALLOW_ALL)
    for i in range(2, 6):
        made = iot.create_policy_version(policyName=name, policyDocument=ALLOW_ALL,
                                         setAsDefault=i == 3)
        assert made["policyVersionId"] == str(i)
    with error("VersionsLimitExceededException", 409, re.escape(name)):
        iot.create_policy_version(policyName=name, policyDocument=ALLOW_ALL)
    versions = iot.list_policy_versions(policyName=name)["policyVersions"]
    assert sorted(v["versionId"] for v in versions) == ["1", "2", "3", "4", "5"]
    assert [v["versionId"] for v in versions if v["isDefaultVersion"]] == ["3"]
    with error("DeleteConflictException", 409):
        iot.delete_policy_version(policyName=name, policyVersionId="3")
    with error("DeleteConflictException", 409):
        iot.delete_policy(policyName=name)
    iot.set_default_policy_version(policyName=name, policyVersionId="5")
    for i in range(1, 5):
        iot.delete_policy_version(policyName=name, policyVersionId=str(i))
    made = iot.create_policy_version(policyName=name, policyDocument=ALLOW_ALL)
    assert made["policyVersionId"] == "6"


@pytest.mark.parametrize("document", [
    "{", "[]", "{}", '{"Version":"2012-10-17"}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}',
    '{"Version":"1999-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
])
def test_malformed_policies(hub, name, document):
    iot = hub.boto3("iot", parameter_validation=False)
    with error("MalformedPolicyException", 400):
        iot.create_policy(policyName=name, policyDocument=document)
    with error("ResourceNotFoundException", 404):
        iot.get_policy(policyName=name)


def test_attaching_policies(iot, name):
    iot.create_policy(policyName=name, policyDocument=ALLOW_ALL)
    arn = iot.create_keys_and_certificate()["certificateArn"]
    for _ in range(2):
        iot.attach_policy(policyName=name, target=arn)
    attached = iot.list_attached_policies(target=arn)["policies"]
    assert [p["policyName"] for p in attached] == [name]
    assert iot.list_targets_for_policy(policyName=name)["targets"] == [arn]
    with error("DeleteConflictException", 409, "attached to one or more principals"):
        iot.delete_policy(policyName=name)
    iot.detach_policy(policyName=name, target=arn)
    iot.detach_policy(policyName=name, target=arn)
    assert iot.list_attached_policies(target=arn)["policies"] == []
    iot.delete_policy(policyName=name)
    with error("ResourceNotFoundException", 404):
        iot.attach_policy(policyName=name, target=arn)


# ---- rules


def rule_payload(sql, topic="out", **words):
    return {"sql": sql, "actions": [{"republish": {"roleArn": ROLE, "topic": topic}}], **words}


@pytest.fixture
def rule(name):
    return name.replace("-", "_")


def test_rule_from_creation_to_deletion(iot, rule, name, hub):
    sql = f"SELECT *, topic(2) AS who FROM '{name}/+/in'"
    iot.create_topic_rule(ruleName=rule,
                          topicRulePayload=rule_payload(sql, f"{name}/out/${{topic(2)}}",
                                                        description="of a test"))
    seen = iot.get_topic_rule(ruleName=rule)
    assert seen["ruleArn"] == f"arn:aws:iot:local:000000000000:rule/{rule}"
    assert seen["rule"]["sql"] == sql
    assert seen["rule"]["description"] == "of a test"
    assert seen["rule"]["ruleDisabled"] is False
    assert seen["rule"]["actions"][0]["republish"]["roleArn"] == ROLE
    listed = [r for r in iot.list_topic_rules()["rules"] if r["ruleName"] == rule]
    assert listed[0]["topicPattern"] == f"{name}/+/in"

    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/out/#", 1)
        client.publish(f"{name}/lamp/in", '{"v":1}', 1)
        message = client.next()
        assert message.topic == f"{name}/out/lamp"
        assert message.json() == {"v": 1, "who": "lamp"}

        iot.disable_topic_rule(ruleName=rule)
        client.publish(f"{name}/lamp/in", '{"v":2}', 1)
        assert client.fence() == []
        iot.enable_topic_rule(ruleName=rule)
        iot.replace_topic_rule(ruleName=rule, topicRulePayload=rule_payload(
            f"SELECT v FROM '{name}/+/in' WHERE v > 5", f"{name}/out"))
        client.publish(f"{name}/lamp/in", '{"v":5}', 1)
        client.publish(f"{name}/lamp/in", '{"v":6}', 1)
        client.expect(f"{name}/out", '{"v":6}')
        iot.delete_topic_rule(ruleName=rule)
        client.publish(f"{name}/lamp/in", '{"v":7}', 1)
        assert client.fence() == []
    with error("UnauthorizedException", 401):
        iot.get_topic_rule(ruleName=rule)


def test_rule_with_headers(iot, data, rule, name, hub):
    headers = {"contentType": "${get_mqtt_property('content_type')}", "messageExpiry": "${60 * 2}",
               "userProperties": [{"key": "from", "value": "${topic(1)}"},
                                  {"key": "k", "value": "${get_user_properties('k')}"}]}
    made = rule_payload(f"SELECT get_user_properties() AS u, get_mqtt_property('response_topic') AS r "
                        f"FROM '{name}/in'", f"{name}/out")
    made["actions"][0]["republish"]["headers"] = headers
    iot.create_topic_rule(ruleName=rule, topicRulePayload=made)
    seen = iot.get_topic_rule(ruleName=rule)["rule"]["actions"][0]["republish"]
    assert seen["headers"] == headers
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/out", 1)
        data.publish(topic=f"{name}/in", payload=b"x", contentType="a/b", responseTopic="to",
                     userProperties=[{"k": "v"}])
        assert client.next().json() == {"u": [{"k": "v"}], "r": "to"}
    made["actions"][0]["republish"]["headers"] = {"responseTopic": "a/+"}
    with error("InvalidRequestException", 400, "headers: responseTopic"):
        iot.replace_topic_rule(ruleName=rule, topicRulePayload=made)


def test_rule_of_a_taken_name(iot, rule, name):
    iot.create_topic_rule(ruleName=rule, topicRulePayload=rule_payload(f"SELECT * FROM '{name}'"))
    with error("ResourceAlreadyExistsException", 409):
        iot.create_topic_rule(ruleName=rule,
                              topicRulePayload=rule_payload(f"SELECT * FROM '{name}'"))


@pytest.mark.parametrize("sql", [
    "SELECT", "SELECT * FROM", "SELECT * FROM a", "SELECT a FROM 'a' WHERE", "DELETE FROM 'a'",
    "SELECT nosuchfunction(1) FROM 'a'", "SELECT * FROM 'a' WHERE (1 = 1", "SELECT 'a FROM 'b'"])
def test_bad_sql(hub, rule, sql):
    iot = hub.boto3("iot", parameter_validation=False)
    with error("SqlParseException", 400):
        iot.create_topic_rule(ruleName=rule, topicRulePayload=rule_payload(sql))
    with error("UnauthorizedException", 401):
        iot.get_topic_rule(ruleName=rule)


def test_bad_sql_leaves_the_rule_as_it_was(iot, rule, name):
    sql = f"SELECT * FROM '{name}'"
    iot.create_topic_rule(ruleName=rule, topicRulePayload=rule_payload(sql))
    with error("SqlParseException", 400):
        iot.replace_topic_rule(ruleName=rule, topicRulePayload=rule_payload("SELECT"))
    assert iot.get_topic_rule(ruleName=rule)["rule"]["sql"] == sql


@pytest.mark.parametrize("bad", ["a-b", "a b", "a.b", "a" * 129])
def test_bad_rule_names(iot, bad):
    with error("InvalidRequestException", 400):
        iot.create_topic_rule(ruleName=bad, topicRulePayload=rule_payload("SELECT * FROM 'a'"))


def test_rule_loop_is_cut(iot, rule, name, hub):
    iot.create_topic_rule(ruleName=rule, topicRulePayload=rule_payload(f"SELECT * FROM '{name}'",
                                                                       name))
    with hub.mqtt(name) as client:
        client.subscribe(name, 1)
        client.publish(name, "{}", 1)
        hub.wait_line("republish|hops", name)
        assert 1 < len(client.fence()) <= 20


# ---- endpoint


def test_endpoint(iot):
    for kind in ("iot:Data-ATS", "iot:CredentialProvider"):
        address = iot.describe_endpoint(endpointType=kind)["endpointAddress"]
        assert address and "/" not in address
    with error("InvalidRequestException", 400):
        iot.describe_endpoint(endpointType="iot:Data")
    with error("InvalidRequestException", 400):
        iot.describe_endpoint(endpointType="iot:Nothing")


# ---- data plane


def test_shadow_over_rest(data, name, hub):
    with hub.mqtt(name) as watcher:
        watcher.subscribe(f"$aws/things/{name}/shadow/#", 1)
        answer = json.loads(data.update_thing_shadow(thingName=name, payload=json.dumps(
            {"state": {"desired": {"a": 1}}, "clientToken": "t"}))["payload"].read())
        assert answer["state"] == {"desired": {"a": 1}}
        assert (answer["version"], answer["clientToken"]) == (1, "t")
        topics = sorted(m.topic.rsplit("/", 1)[1] for m in watcher.fence())
        assert topics == ["accepted", "delta", "documents"]
        document = json.loads(data.get_thing_shadow(thingName=name)["payload"].read())
        assert document["state"] == {"desired": {"a": 1}, "delta": {"a": 1}}
        with error("ConflictException", 409, "Version conflict"):
            data.update_thing_shadow(thingName=name, payload='{"state":{},"version":7}')
        assert watcher.fence() == []  # neither a get nor a refusal is told
        answer = json.loads(data.delete_thing_shadow(thingName=name)["payload"].read())
        assert answer["version"] == 1
        assert sorted(answer) == ["timestamp", "version"]
        assert [m.topic for m in watcher.fence()] == [f"$aws/things/{name}/shadow/delete/accepted"]
    with error("ResourceNotFoundException", 404, f"No shadow exists with name: '{name}'"):
        data.get_thing_shadow(thingName=name)
    with error("ResourceNotFoundException", 404):
        data.delete_thing_shadow(thingName=name)
    answer = json.loads(data.update_thing_shadow(thingName=name,
                                                 payload='{"state":{}}')["payload"].read())
    assert answer["version"] == 2


@pytest.mark.parametrize("payload, code, status, text", [
    ("{", "InvalidRequestException", 400, "Invalid JSON"),
    ("{}", "InvalidRequestException", 400, "Missing required node: state"),
    ('{"state":1}', "InvalidRequestException", 400, "State node must be an object"),
    (b'{"state":{"reported":{"a":"\xff"}}}', "UnsupportedDocumentEncodingException", 415, "UTF-8"),
    (json.dumps({"state": {"reported": {"a": "x" * 9000}}}), "RequestEntityTooLargeException", 413,
     "exceeds the maximum size"),
])
def test_bad_shadow_requests(data, name, payload, code, status, text):
    with error(code, status, text):
        data.update_thing_shadow(thingName=name, payload=payload)
    with error("ResourceNotFoundException", 404):
        data.get_thing_shadow(thingName=name)


def test_named_shadows(data, name, hub):
    with hub.mqtt(name) as watcher:
        watcher.subscribe(f"$aws/things/{name}/shadow/#", 1)
        for shadow in ("b", "a"):
            data.update_thing_shadow(thingName=name, shadowName=shadow,
                                     payload=json.dumps({"state": {"reported": {"n": shadow}}}))
        told = {m.topic for m in watcher.fence()}
        assert told == {f"$aws/things/{name}/shadow/name/{s}/update/{w}"
                        for s in "ab" for w in ("accepted", "documents")}
    assert sorted(data.list_named_shadows_for_thing(thingName=name)["results"]) == ["a", "b"]
    document = json.loads(data.get_thing_shadow(thingName=name, shadowName="b")["payload"].read())
    assert document["state"] == {"reported": {"n": "b"}}
    with error("ResourceNotFoundException", 404):
        data.get_thing_shadow(thingName=name)
    data.delete_thing_shadow(thingName=name, shadowName="a")
    assert data.list_named_shadows_for_thing(thingName=name)["results"] == ["b"]


def test_shadow_over_mqtt(hub, name):
    base = f"$aws/things/{name}/shadow"
    with hub.mqtt(name) as client:
        for kind in ("get", "update", "delete"):
            client.subscribe(f"{base}/{kind}/accepted", 1)
            client.subscribe(f"{base}/{kind}/rejected", 1)
        client.publish(f"{base}/get", '{"clientToken":"1"}', 1)
        message = client.next()
        assert message.topic == f"{base}/get/rejected"
        assert message.json()["code"] == 404
        assert message.json()["clientToken"] == "1"
        client.publish(f"{base}/update", '{"state":{"reported":{"n":9007199254740993}}}', 1)
        message = client.next()
        assert message.topic == f"{base}/update/accepted"
        assert b"9007199254740993" in message.payload
        assert not message.retain
        client.publish(f"{base}/update", "nonsense", 1)
        assert client.next().json()["message"] == "Invalid JSON"
        client.publish(f"{base}/get", b"", 1)
        message = client.next()
        assert message.topic == f"{base}/get/accepted"
        assert message.json()["state"] == {"reported": {"n": 9007199254740993}}
        client.publish(f"{base}/delete", b"", 1)
        assert client.next().json()["version"] == 1
        client.publish(f"{base}/delete", b"", 1)
        assert client.next().topic == f"{base}/delete/rejected"


def test_publishing_over_rest(data, name, hub):
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#", 1)
        data.publish(topic=f"{name}/a b/ü", qos=1, payload=b"\x00\xff")
        client.expect(f"{name}/a b/ü", b"\x00\xff", qos=1)
        data.publish(topic=f"{name}/q0", payload=b"")
        client.expect(f"{name}/q0", b"", qos=0)


def test_retained_messages_over_rest(data, name, hub):
    hublib.mosq_pub(hub, name, "kept", qos=1, retain=True)
    seen = data.get_retained_message(topic=name)
    assert (seen["payload"], seen["qos"]) == (b"kept", 1)
    listed = data.list_retained_messages(maxResults=200)["retainedTopics"]
    assert name in {t["topic"] for t in listed}
    hublib.mosq_pub(hub, name, None, qos=1, retain=True)
    with error("ResourceNotFoundException", 404):
        data.get_retained_message(topic=name)


def user_properties(hub, topic):
    """Of a retained message; None when it has none. Older service models of botocore leave the member out."""
    answer = hub.request("GET", f"/retainedMessage/{topic}", token=hub.admin["token"])
    assert answer.status_code == 200
    text = answer.json().get("userProperties")
    return text and json.loads(base64.b64decode(text, validate=True))


def test_properties_over_rest(data, name, hub):
    pairs = [{"k": "1"}, {"é": 'a "b"'}, {"k": "2"}]
    data.publish(topic=name, qos=1, retain=True, payload="ü".encode(), contentType="text/plain; a=b",
                 responseTopic=f"{name}/a b/ü", messageExpiry=60, userProperties=pairs,
                 payloadFormatIndicator="UTF8_DATA",
                 correlationData=base64.b64encode(b"\x00\xff").decode())
    assert user_properties(hub, name) == pairs
    assert data.get_retained_message(topic=name)["payload"] == "ü".encode()
    data.publish(topic=name, qos=1, retain=True, payload=b"x", contentType="text/plain")
    assert user_properties(hub, name) is None


@pytest.mark.parametrize("words", [
    {"responseTopic": "a/#"}, {"messageExpiry": 604801}, {"correlationData": "?"},
    {"payloadFormatIndicator": "UTF8_DATA"}, {"userProperties": {"k": "v"}},
    {"userProperties": [{"k": 1}]}], ids=lambda words: next(iter(words)))
def test_bad_properties_over_rest(data, name, words):
    with error("InvalidRequestException", 400, next(iter(words))):
        data.publish(topic=name, payload=b"\xff", **words)


@pytest.mark.parametrize("topic", ["$aws/events/presence/connected/x", "$SYS/x", "$other/x"])
def test_publishing_to_reserved_topics(data, topic):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        data.publish(topic=topic, qos=1, payload=b"{}")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_raw_slashes_in_topics(hub, name):
    with hub.mqtt(name) as client:
        client.subscribe(f"{name}/#")
        answer = hub.request("POST", f"/topics/{name}/a/b?qos=1", data=b"x",
                             token=hub.admin["token"])
        assert answer.status_code == 200
        assert answer.json()["message"] == "OK"
        client.expect(f"{name}/a/b", "x")


# ---- who is let in


def test_wrong_secret(hub):
    with error("InvalidSignatureException", 403):
        hub.boto3("iot", secret="wrong").list_things()


def test_unknown_key(hub):
    with error("UnrecognizedClientException", 403):
        hub.boto3("iot", key="AKIAAAAAAAAAAAAAAAAA").list_things()


def test_boto3_over_plain_http(hub):
    assert "things" in hub.boto3("iot", scheme="http").list_things()


@pytest.mark.parametrize("token", ["wrong", "", "a b", "x" * 10000])
def test_wrong_token_is_not_anonymous(hub, name, token):
    hub.request("POST", f"/things/{name}/shadow", "http", json={"state": {}})
    answer = hub.request("GET", f"/things/{name}/shadow", "http",
                         headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (400, 401, 403, 431), answer.text


def test_token(hub, name):
    for scheme in ("http", "https"):
        answer = hub.request("GET", "/things", scheme, token=hub.admin["token"])
        assert answer.status_code == 200, answer.text
        assert "things" in answer.json()


REGISTRY = [("GET", "/things"), ("POST", "/things/x"), ("GET", "/policies"), ("GET", "/rules"),
            ("POST", "/keys-and-certificate"), ("GET", "/certificates"), ("DELETE", "/things/x")]


@pytest.mark.parametrize("method, path", REGISTRY)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_registry_needs_a_credential(hub, scheme, method, path):
    answer = hub.request(method, path, scheme)
    assert answer.status_code in (401, 403), answer.text
    assert answer.json()["message"]
    assert answer.headers["x-amzn-RequestId"]
    assert answer.headers["x-amzn-ErrorType"]


def test_anonymous_on_the_data_plane(hub, name):
    made = hub.request("POST", f"/things/{name}/shadow", "http", json={"state": {"reported": {}}})
    assert made.status_code == 200, made.text
    assert hub.request("GET", f"/things/{name}/shadow", "http").status_code == 200
    assert hub.request("GET", f"/things/{name}/shadow", "https").status_code in (401, 403)


FOREIGN = [
    {"Host": "evil.example"}, {"Host": "evil.example:8080"}, {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
    {"Origin": "http://localhost"}, {"X-Forwarded-For": "192.0.2.1"},
    {"Forwarded": "for=192.0.2.1"}, {"X-Real-IP": "192.0.2.1"}, {"Via": "1.1 proxy"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=[": ".join(*h.items()) for h in FOREIGN])
def test_pages_and_proxies_are_not_local_users(hub, name, headers):
    path = f"/things/{name}/shadow"
    assert hub.request("POST", path, "http", json={"state": {}}).status_code == 200
    mark = hub.mark()
    answer = hub.request("GET", path, "http", headers=headers)
    assert answer.status_code in (401, 403, 421), answer.text
    hub.wait_refused(since=mark)
    # with a credential it is another matter
    assert hub.request("GET", path, "http", headers=headers,
                       token=hub.admin["token"]).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:1"])
def test_names_of_this_host(hub, name, host):
    answer = hub.request("POST", f"/things/{name}/shadow", "http", json={"state": {}},
                         headers={"Host": host})
    assert answer.status_code == 200, answer.text


def test_websocket_upgrade_of_a_page_is_refused(hub):
    answer = hub.request("GET", "/mqtt", "http", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "mqtt",
        "Origin": "http://evil.example"})
    assert answer.status_code in (401, 403)


def test_unix_socket_is_the_administrator(hub):
    done = hublib.run("curl", "--silent", "--fail-with-body", "--unix-socket", hub.socket_path,
                      "http://localhost/things")
    assert "things" in json.loads(done.stdout)


def test_no_secret_is_logged(hub):
    hub.boto3("iot").list_things()
    hub.request("GET", "/things", token=hub.admin["token"])
    log = "\n".join(hub.all_lines())
    assert hub.admin["token"] not in log
    assert hub.admin["secretAccessKey"] not in log


# ---- health, odd requests


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health(hub, path):
    assert hub.request("GET", path, "http").status_code == 200


def test_metrics(hub):
    text = curl(hub, "/metrics", token=hub.admin["token"]).stdout
    assert re.search(r"^# TYPE \w+ (counter|gauge)$", text, re.MULTILINE)
    assert re.search(r"^thingd_\w+(\{[^}]*\})? [0-9.e+]+$", text, re.MULTILINE)


def test_unknown_path(hub):
    answer = hub.request("GET", "/no/such/path", token=hub.admin["token"])
    assert answer.status_code == 404
    assert answer.json()["message"]


def test_wrong_method(hub):
    answer = hub.request("PATCH", "/things", token=hub.admin["token"])
    assert answer.status_code in (404, 405)


def test_body_that_is_no_json(hub, name):
    answer = hub.request("POST", f"/things/{name}", token=hub.admin["token"], data=b"{nonsense")
    assert answer.status_code == 400
    assert answer.headers["x-amzn-ErrorType"].startswith("InvalidRequestException")


def test_body_above_the_limit(hub, name):
    answer = hub.request("POST", f"/topics/{name}", "http", data=b"x" * (2 * 1024 * 1024 + 1))
    assert answer.status_code == 413


ODD = {
    "two lengths": b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                   b"Content-Length: 2\r\n\r\nxx",
    "length and chunks": b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "folded header": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n",
    "space before the colon": b"GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "NUL in a header": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
    "bare line feed in the path": b"GET /li\nvez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "negative length": b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "bad escape": b"GET /things/%zz/shadow HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bad chunk": b"POST /topics/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"zz\r\n",
    "long header": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 70000 + b"\r\n\r\n",
    "noise": b"GET " + bytes(range(1, 256)) + b"\r\n\r\n",
}


@pytest.mark.parametrize("case", ODD)
def test_odd_requests_are_refused(hub, case):
    with socket.create_connection((HOST, hub.port("http")), TIMEOUT) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(ODD[case])
            sock.shutdown(socket.SHUT_WR)
        got = hublib.RawMqtt(sock).wait_closed()
        assert not got or re.match(rb"HTTP/1\.1 [45]\d\d ", got), got[:100]
    assert hub.request("GET", "/livez", "http").status_code == 200


def test_requests_on_one_connection(hub):
    """Pipelined, answered in order."""
    one = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection((HOST, hub.port("http")), TIMEOUT) as sock:
        sock.sendall(one * 5 + last)
        codes = re.findall(rb"HTTP/1\.1 (\d\d\d) ", hublib.RawMqtt(sock).wait_closed())
    assert codes[:5] == [b"200"] * 5 and len(codes) == 6


def test_what_was_changed_survives_a_kill(fresh_hub, name):
    hub = fresh_hub
    iot, data = hub.boto3("iot"), hub.boto3("iot-data")
    for i in range(20):
        iot.create_thing(thingName=f"{name}-{i}")
        data.update_thing_shadow(thingName=f"{name}-{i}",
                                 payload=json.dumps({"state": {"reported": {"i": i}}}))
    cert = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_policy(policyName=name, policyDocument=ALLOW_ALL)
    iot.attach_policy(policyName=name, target=cert["certificateArn"])
    hub.kill9()
    hub.start()
    iot, data = hub.boto3("iot"), hub.boto3("iot-data")
    for i in range(20):
        assert iot.describe_thing(thingName=f"{name}-{i}")["version"] == 1
        payload = data.get_thing_shadow(thingName=f"{name}-{i}")["payload"]
        assert json.loads(payload.read())["state"] == {"reported": {"i": i}}
    assert iot.list_targets_for_policy(policyName=name)["targets"] == [cert["certificateArn"]]
