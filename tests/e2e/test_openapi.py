"""/openapi.json: is it an OpenAPI document, is it what the hub does, and is it what AWS has?

The second question is asked with real requests: every operation is called, and what comes is held against the
schema of its answer, in which no member may be that the schema does not name.
"""

import json
import re

import botocore.exceptions
import botocore.session
import jsonschema
import pytest

import hublib
import provlib
from hublib import ROOT, make_csr
from openapilib import STRUCTURE, Comparison, Document
from pkilib import Authority, leaf
from test_disk import full_disk, make_absent, make_fail

ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]})
ARN = "arn:aws:iot:local:000000000000"


@pytest.fixture(scope="module")
def document(module_hub):
    return Document(module_hub.request("GET", "/openapi.json", token=module_hub.admin["token"]).json())


# ---- the document


def test_structure(document):
    jsonschema.Draft202012Validator.check_schema(STRUCTURE)
    wrong = jsonschema.Draft202012Validator(STRUCTURE).iter_errors(document.json)
    assert [f"{e.json_path}: {e.message[:200]}" for e in wrong] == []
    schemes = set(document.json["components"]["securitySchemes"])
    tags = {tag["name"] for tag in document.json["tags"]}
    for one in document.operations.values():
        assert {name for choice in one.body["security"] for name in choice} <= schemes
        assert set(one.body["tags"]) <= tags
        assert set(re.findall(r"{(\w+)}", one.path)) == set(one.parameters("path"))
        assert all(p["required"] for p in one.parameters("path").values())


@pytest.mark.parametrize("break_it", [
    lambda json: json.pop("info"),
    lambda json: json["paths"]["/livez"]["get"].pop("summary"),
    lambda json: json["paths"]["/livez"]["get"].update(sumary="x"),
    lambda json: json["paths"]["/things"]["get"]["parameters"][0].update({"in": "body"}),
    lambda json: json["paths"]["/things"]["get"]["responses"].update({"2xx": {"description": "x"}}),
    lambda json: json["paths"].update(nowhere={"get": json["paths"]["/livez"]["get"]}),
    lambda json: json["components"]["securitySchemes"]["bearer"].pop("scheme"),
], ids=["info", "summary", "spelling", "place", "status", "path", "scheme"])
def test_structure_is_not_always_fine(document, break_it):
    """The schema of the test above refuses what it should."""
    broken = json.loads(json.dumps(document.json))
    break_it(broken)
    assert not jsonschema.Draft202012Validator(STRUCTURE).is_valid(broken)


def test_schemas_are_schemas(document):
    found = document.schemas()
    assert len(found) > 300
    for where, schema in found:
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            pytest.fail(f"{where}: {error.message}")
        for pattern in re.findall(r'"pattern": "(.*?)"[,}]', json.dumps(schema)):
            re.compile(json.loads(f'"{pattern}"'))


def test_document_is_made_once(hub, document):
    words = {"token": hub.admin["token"]}
    first = hub.request("GET", "/openapi.json", **words)
    assert first.json() == document.json
    assert document.json["info"]["version"] in hub.cli("--version").stdout
    same = hub.request("GET", "/openapi.json", headers={"If-None-Match": first.headers["ETag"]}, **words)
    assert (same.status_code, same.content) == (304, b"")
    head = hub.request("HEAD", "/openapi.json", **words)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(first.content))
    assert head.headers["ETag"] == first.headers["ETag"]


def test_who_may_read_it(hub, tmp_path):
    """Whoever has a credential, and whoever is here."""
    thing = hub.add_thing("reader", out=tmp_path)
    assert hub.request("GET", "/openapi.json", "http").status_code == 200
    assert hub.request("GET", "/openapi.json", cert=(thing.cert, thing.key)).status_code == 200
    assert hub.request("GET", "/openapi.json").status_code == 403
    assert hub.request("GET", "/openapi.json", token="thd_none").status_code == 403
    shown = hublib.run("curl", "--silent", "--fail-with-body", "--unix-socket", hub.socket_path,
                       "http://localhost/openapi.json")
    assert json.loads(shown.stdout)["openapi"] == "3.1.0"


# ---- real answers


class Recorder:
    """Asks, and holds every answer against the document."""

    def __init__(self, hub, document):
        self.hub, self.document = hub, document
        self.answered = set()  # operations that were answered 200
        self.failed = set()  # (operation, status)
        self.checked = 0

    def boto3(self, service):
        client = self.hub.boto3(service)
        client.meta.events.register("after-call", self._after_call)
        return client

    def _after_call(self, http_response, model, **_):
        self._check(model.name, http_response.status_code, http_response.headers, http_response.content)

    def ask(self, method, path, body=None, status=200, listener="https", **words):
        """A request with the administrator's token; returns what it was answered."""
        words.setdefault("token", self.hub.admin["token"])
        answer = self.hub.request(method, path, listener, json=body, **words)
        assert answer.status_code == status, answer.text
        operation = self.document.find(method, path.split("?")[0])
        self._check(operation.name, status, answer.headers, answer.content)
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.text

    def _check(self, name, status, headers, content):
        answer = self.document.operations[name].answer(status)
        assert answer, f"{name}: {status} is not in the document"
        self.checked += 1
        type_ = headers["Content-Type"].split(";")[0]
        value = json.loads(content) if type_ == "application/json" else content.decode()
        wrong = self.document.complaints(answer["content"][type_]["schema"], value, closed=True)
        for header, one in answer.get("headers", {}).items():
            wrong += self.document.complaints(one["schema"], headers[header])
        assert not wrong, f"{name} {status}: {wrong}\n{value}"
        if status == 200:
            self.answered.add(name)
        else:
            self.failed.add((name, status))

    def fails(self, call, *words, **named):
        with pytest.raises(botocore.exceptions.ClientError):
            call(*words, **named)


@pytest.fixture(scope="module")
def recorder(module_hub, document):
    return Recorder(module_hub, document)


def call_things(iot):
    iot.describe_endpoint(endpointType="iot:Data-ATS")
    iot.create_thing_type(thingTypeName="lamp", thingTypeProperties={
        "thingTypeDescription": "gives light", "searchableAttributes": ["watt"]})
    iot.create_thing_type(thingTypeName="plain")
    iot.describe_thing_type(thingTypeName="lamp")
    iot.list_thing_types(maxResults=1)
    iot.list_thing_types(thingTypeName="plain")
    iot.create_thing(thingName="a", thingTypeName="lamp", attributePayload={"attributes": {"watt": "5", "at": "x/[y]"}})
    iot.create_thing(thingName="b")
    for name in ("a", "b"):
        iot.describe_thing(thingName=name)
    iot.update_thing(thingName="a", expectedVersion=1, attributePayload={"attributes": {"watt": ""}, "merge": True})
    iot.list_things(maxResults=1)
    iot.list_things(attributeName="at", attributeValue="x", usePrefixAttributeValue=True)
    iot.update_thing(thingName="a", removeThingType=True)
    iot.deprecate_thing_type(thingTypeName="lamp")
    iot.describe_thing_type(thingTypeName="lamp")
    iot.delete_thing_type(thingTypeName="lamp")


def call_groups(iot):
    iot.create_thing_group(thingGroupName="g", thingGroupProperties={
        "thingGroupDescription": "d", "attributePayload": {"attributes": {"a": "b"}}})
    iot.create_thing_group(thingGroupName="h", parentGroupName="g")
    for name in ("g", "h"):
        iot.describe_thing_group(thingGroupName=name)
    iot.update_thing_group(thingGroupName="g", thingGroupProperties={}, expectedVersion=1)
    iot.add_thing_to_thing_group(thingGroupName="h", thingName="a")
    iot.list_things_in_thing_group(thingGroupName="g", recursive=True)
    iot.list_thing_groups_for_thing(thingName="a")
    iot.list_thing_groups(maxResults=1)
    iot.list_thing_groups(parentGroup="g", namePrefixFilter="h", recursive=False)
    iot.update_thing_groups_for_thing(thingName="a", thingGroupsToAdd=["g"], thingGroupsToRemove=["h"])
    iot.remove_thing_from_thing_group(thingGroupName="g", thingName="a")
    iot.delete_thing_group(thingGroupName="h")


def call_certificates(iot, folder):
    made = iot.create_keys_and_certificate(setAsActive=True)
    arn, cert = made["certificateArn"], made["certificateId"]
    iot.create_certificate_from_csr(certificateSigningRequest=make_csr(folder, "csr")[1])
    foreign = hublib.self_made_identity(folder, "foreign", None)
    iot.register_certificate_without_ca(certificatePem=open(foreign.cert, encoding="ascii").read(), status="ACTIVE")
    iot.describe_certificate(certificateId=cert)
    iot.list_certificates(pageSize=1, ascendingOrder=True)
    iot.attach_thing_principal(thingName="a", principal=arn)
    iot.list_thing_principals(thingName="a")
    iot.list_principal_things(principal=arn)
    iot.attach_policy(policyName="p", target=arn)
    iot.list_attached_policies(target=arn)
    iot.list_targets_for_policy(policyName="p")
    iot.get_effective_policies(principal=arn, thingName="a")
    iot.detach_policy(policyName="p", target=arn)
    iot.attach_principal_policy(policyName="p", principal=arn)
    iot.list_principal_policies(principal=arn, pageSize=1)
    iot.list_policy_principals(policyName="p")
    iot.detach_principal_policy(policyName="p", principal=arn)
    iot.detach_thing_principal(thingName="a", principal=arn)
    iot.update_certificate(certificateId=cert, newStatus="INACTIVE")
    iot.delete_certificate(certificateId=cert)
    for status in ("ACTIVE", "INACTIVE", "REVOKED"):
        cert = iot.create_keys_and_certificate()["certificateId"]
        iot.update_certificate(certificateId=cert, newStatus=status)
        iot.describe_certificate(certificateId=cert)
    iot.list_certificates()
    iot.delete_thing(thingName="b")


def call_authorities(iot, ask, hub, folder):
    iot.get_registration_code()
    iot.delete_registration_code()
    ca = Authority(folder, "signer")
    proof = ca.proof(iot.get_registration_code()["registrationCode"])
    ca_id = iot.register_ca_certificate(
        caCertificate=ca.pem, verificationCertificate=proof, setAsActive=True,
        registrationConfig={"templateBody": provlib.body("jit", parameters=()), "roleArn": provlib.ROLE})["certificateId"]
    iot.describe_ca_certificate(certificateId=ca_id)
    iot.update_ca_certificate(certificateId=ca_id, newAutoRegistrationStatus="ENABLE", removeAutoRegistration=True)
    iot.describe_ca_certificate(certificateId=ca_id)
    iot.register_ca_certificate(caCertificate=Authority(folder, "other").pem, certificateMode="SNI_ONLY")
    iot.list_ca_certificates(pageSize=1)
    device = ca.device(hub, "signed")
    made = iot.register_certificate(certificatePem=leaf(device), caCertificatePem=ca.pem, status="ACTIVE")
    iot.describe_certificate(certificateId=made["certificateId"])
    iot.list_certificates_by_ca(caCertificateId=ca_id, pageSize=1)
    ask("PUT", f"/hub/cas/{ca_id}/crl", {"crlPem": ca.revoke(device)})
    ask("GET", f"/hub/cas/{ca_id}/crl?maxResults=1")
    ask("DELETE", f"/hub/cas/{ca_id}/crl")
    iot.update_ca_certificate(certificateId=ca_id, newStatus="INACTIVE")
    iot.delete_ca_certificate(certificateId=ca_id)
def call_provisioning(iot, folder):
    hook = {"targetArn": "https://hooks.local/x", "payloadVersion": "2020-04-01"}
    provlib.make_template(iot, "t", provlib.fleet_body("t"), description="d", preProvisioningHook=hook)
    provlib.make_template(iot, "j", provlib.body("j"), type="JITP", enabled=False)
    iot.create_provisioning_template_version(templateName="t", templateBody=provlib.fleet_body("u"), setAsDefault=True)
    iot.update_provisioning_template(templateName="t", enabled=True, defaultVersionId=1)
    for name in ("t", "j"):
        iot.describe_provisioning_template(templateName=name)
    iot.describe_provisioning_template_version(templateName="t", versionId=2)
    iot.list_provisioning_template_versions(templateName="t", maxResults=1)
    iot.list_provisioning_templates(maxResults=1)
    iot.create_provisioning_claim(templateName="t")
    iot.delete_provisioning_template_version(templateName="t", versionId=2)
    iot.delete_provisioning_template(templateName="j")
    text = provlib.body({"Ref": "Name"}, {"CertificateSigningRequest": {"Ref": "Csr"}}, ("Name", "Csr"))
    iot.register_thing(templateBody=text, parameters={"Name": "made", "Csr": make_csr(folder, "thing")[1]})


def call_policies(iot):
    iot.create_policy(policyName="p", policyDocument=ALLOW_ALL)
    iot.create_policy_version(policyName="p", policyDocument=ALLOW_ALL)
    iot.list_policies(pageSize=1)
    iot.get_policy(policyName="p")
    iot.get_policy_version(policyName="p", policyVersionId="2")
    iot.list_policy_versions(policyName="p")
    iot.set_default_policy_version(policyName="p", policyVersionId="2")
    iot.delete_policy_version(policyName="p", policyVersionId="1")
    iot.create_policy(policyName="q", policyDocument=ALLOW_ALL)
    iot.delete_policy(policyName="q")
    who = iot.create_keys_and_certificate()["certificateArn"]
    topic = "arn:aws:iot:local:000000000000:topic/t"
    iot.test_authorization(principal=who, authInfos=[{"actionType": "PUBLISH", "resources": [topic]}],
                           policyNamesToAdd=["p"], clientId="c")


def call_rules(iot, recorder):
    republish = {"republish": {"roleArn": "arn:aws:iam::0:role/r", "topic": "to", "qos": 1, "headers": {
        "contentType": "a/b", "userProperties": [{"key": "k", "value": "${v}"}]}}}
    payload = {"sql": "SELECT * FROM 'from/+'", "description": "d", "awsIotSqlVersion": "2016-03-23",
               "actions": [republish], "ruleDisabled": False, "errorAction": republish}
    iot.create_topic_rule(ruleName="r", topicRulePayload=payload)
    iot.get_topic_rule(ruleName="r")
    iot.create_topic_rule(ruleName="s", topicRulePayload={"sql": "SELECT 1 AS one FROM 'x'", "actions": []})
    iot.list_topic_rules(maxResults=1)
    iot.disable_topic_rule(ruleName="r")
    iot.enable_topic_rule(ruleName="r")
    filed = {"sql": "SELECT 1 AS one", "actions": [{"file": {"path": "f", "maxBytes": 4096, "maxFiles": 2}}]}
    recorder.ask("PATCH", "/rules/r", filed)  # an action that AWS's SDK does not know
    recorder.ask("GET", "/rules/r")
    posted = {"http": {"url": "https://hooks.example/${topic()}", "headers": [{"key": "x-a", "value": "${v}"}]}}
    iot.replace_topic_rule(ruleName="r", topicRulePayload={"sql": "SELECT 1 AS one", "actions": [posted],
                                                           "errorAction": {"http": {"url": "http://hooks.example"}}})
    iot.get_topic_rule(ruleName="r")
    iot.list_topic_rules()
    iot.delete_topic_rule(ruleName="s")


def call_data_plane(data):
    data.publish(topic="kept/1", qos=1, retain=True, payload=b"\x00\xff", contentType="a/b",
                 userProperties=[{"k": "v"}], correlationData="AA==", messageExpiry=60)
    data.publish(topic="kept/2", retain=True, payload=b"x")
    data.get_retained_message(topic="kept/1")
    data.get_retained_message(topic="kept/2")
    data.list_retained_messages(maxResults=1)
    for words in ({}, {"shadowName": "s"}):
        data.update_thing_shadow(thingName="a", payload=json.dumps(
            {"state": {"desired": {"on": True, "gone": None}, "reported": {"on": False}}, "clientToken": "t"}), **words)
        data.get_thing_shadow(thingName="a", **words)
        data.update_thing_shadow(thingName="a", payload='{"state":{"desired":null},"version":1}', **words)
        data.update_thing_shadow(thingName="a", payload='{"state":null}', **words)
        data.get_thing_shadow(thingName="a", **words)
    data.update_thing_shadow(thingName="a", shadowName="t", payload='{"state":{"desired":{"on":1}}}')
    data.list_named_shadows_for_thing(thingName="a", pageSize=1)
    data.list_named_shadows_for_thing(thingName="a")
    data.delete_thing_shadow(thingName="a", shadowName="s")


def call_credentials(ask):
    made = ask("POST", "/hub/keys", {"name": "k", "policyName": "p"})
    ask("GET", "/hub/keys")
    ask("PUT", f"/hub/keys/{made['accessKeyId']}", {"status": "INACTIVE"})
    ask("DELETE", f"/hub/keys/{made['accessKeyId']}")
    made = ask("POST", "/hub/tokens", {"admin": True, "expiresInSeconds": 60})
    ask("POST", "/hub/tokens")
    ask("GET", "/hub/tokens")
    ask("PUT", f"/hub/tokens/{made['tokenId']}", {"status": "INACTIVE"})
    ask("DELETE", f"/hub/tokens/{made['tokenId']}")
    ask("POST", "/hub/users", {"userName": "u", "password": "secret word"})
    ask("PUT", "/hub/users/u", {"status": "INACTIVE"})
    ask("POST", "/hub/users/import", {"users": [{"userName": "v", "passwordHash": "none"}]})
    ask("GET", "/hub/users")
    ask("DELETE", "/hub/users/u")


def call_role_aliases(iot, ask, hub, folder):
    thing = hub.add_thing("assuming", out=folder)
    (cert,) = iot.list_thing_principals(thingName="assuming")["principals"]
    role = "arn:aws:iam::000000000000:role/telemetry"
    iot.create_policy(policyName="roles", policyDocument=ALLOW_ALL)
    for target in (role, cert):
        iot.attach_policy(policyName="roles", target=target)
    iot.create_role_alias(roleAlias="telemetry", roleArn=role)
    iot.update_role_alias(roleAlias="telemetry", credentialDurationSeconds=900)
    iot.describe_role_alias(roleAlias="telemetry")
    iot.list_role_aliases(pageSize=1)
    words = {"token": None, "cert": (thing.cert, thing.key)}
    ask("GET", "/role-aliases/telemetry/credentials", **words)
    ask("GET", "/role-aliases/nothing/credentials", status=404, **words)
    iot.delete_role_alias(roleAlias="telemetry")


def call_hub(ask, hub):
    ask("POST", "/hub/rules/test", {"sql": "SELECT *", "topic": "a", "payload": {"v": [1, None]}})
    ask("POST", "/hub/rules/test", {"sql": "SELECT * WHERE v > 1", "topic": "a", "payload": {"v": 1}})
    ask("POST", "/hub/rules/test", {"sql": "SELECT *", "topic": "a", "payloadBase64": "eyJ2IjoxfQ=="})
    with hub.mqtt("seen/1", clean=False) as client:
        client.subscribe("a/+", 1)
        ask("GET", "/hub/sessions/seen/1")
        ask("GET", "/hub/sessions?connected=true&maxResults=1")
    client.wait_gone()
    ask("GET", "/hub/sessions/seen%2F1")
    ask("GET", "/hub/sessions?clientIdPrefix=seen")
    ask("DELETE", "/hub/sessions/seen/1")
    ask("GET", "/hub/retained?maxResults=1")
    ask("GET", "/hub/retained?filter=kept%2F1")
    ask("DELETE", "/hub/retained?filter=kept%2F%23&dryRun=true")
    ask("DELETE", "/hub/retained?filter=kept%2F%23")
    hub.request("GET", "/things", "http")  # refused, and noted
    hub.request("GET", "/things", token="thd_nobody")
    ask("GET", "/hub/denials?maxResults=1")
    ask("GET", "/hub/denials")
    ask("POST", "/hub/explain", {"principal": "anonymous:ThingDefault", "action": "iot:Publish", "resource": "topic/a"})
    ask("GET", "/hub/status")


def call_health(ask):
    for path in ("/livez", "/readyz", "/healthz", "/metrics", "/openapi.json"):
        ask("GET", path, listener="http", token=None)


def call_what_fails(recorder, iot, data):
    fails, ask = recorder.fails, recorder.ask
    iot.create_thing(thingName="taken")
    fails(iot.create_thing, thingName="taken", attributePayload={"attributes": {"a": "b"}})
    fails(iot.create_thing, thingName="not so")
    fails(iot.update_thing, thingName="taken", expectedVersion=7)
    fails(iot.describe_thing, thingName="nobody")
    fails(iot.get_topic_rule, ruleName="nobody")
    fails(iot.create_policy, policyName="bad", policyDocument="{}")
    fails(iot.create_topic_rule, ruleName="bad", topicRulePayload={"sql": "SELEKT", "actions": []})
    fails(iot.delete_certificate, certificateId=iot.create_keys_and_certificate(setAsActive=True)["certificateId"])
    for _ in range(4):
        iot.create_policy_version(policyName="p", policyDocument=ALLOW_ALL)
    fails(iot.create_policy_version, policyName="p", policyDocument=ALLOW_ALL)
    for _ in range(4):
        iot.create_provisioning_template_version(templateName="t", templateBody=provlib.fleet_body("t"))
    fails(iot.create_provisioning_template_version, templateName="t", templateBody=provlib.fleet_body("t"))
    fails(iot.register_thing, parameters={}, templateBody=provlib.body("b", {"CertificateId": "0" * 64}, ()))
    fails(data.get_thing_shadow, thingName="nobody")
    fails(data.update_thing_shadow, thingName="taken", payload='{"state":{},"version":9}')
    fails(data.update_thing_shadow, thingName="taken", payload="{")
    fails(data.get_retained_message, topic="nobody")
    fails(data.publish, topic="a/#")
    ask("GET", "/hub/sessions/nobody", status=404)
    ask("GET", "/things", status=403, token="thd_none")
    ask("GET", "/things/taken/shadow", status=403, token=None)
    ask("GET", "/metrics", status=403, token=None)
    ask("POST", "/hub/rules/test", {"sql": "SELEKT", "topic": "a"}, status=400)


def test_answers_are_what_the_document_says(hub, recorder, document, tmp_path):
    iot, data = recorder.boto3("iot"), recorder.boto3("iot-data")
    call_things(iot)
    call_policies(iot)
    call_groups(iot)
    call_certificates(iot, tmp_path)
    call_authorities(iot, recorder.ask, hub, tmp_path)
    call_provisioning(iot, tmp_path)
    call_rules(iot, recorder)
    call_data_plane(data)
    call_credentials(recorder.ask)
    call_role_aliases(iot, recorder.ask, hub, tmp_path)
    call_hub(recorder.ask, hub)
    call_health(recorder.ask)
    call_what_fails(recorder, iot, data)
    whole = {one.name for one in document.operations.values() if one.answers_at_once()}
    assert whole - recorder.answered == set(), "not called"
    assert len({status for _, status in recorder.failed}) >= 6
    assert recorder.checked > 120


def test_an_answer_with_an_unknown_member_is_wrong(document):
    """What the test above would say, if the hub answered more or less than the document tells."""
    schema = document.operations["DescribeThing"].answer_schema()
    good = {"defaultClientId": "a", "thingName": "a", "thingArn": "x", "thingId": "y", "attributes": {}, "version": 1}
    assert document.complaints(schema, good, closed=True) == []
    for bad in ({**good, "more": 1}, {**good, "version": "1"}, {k: v for k, v in good.items() if k != "thingId"},
                {**good, "attributes": {"a": 1}}):
        assert document.complaints(schema, bad, closed=True) != []
    assert document.complaints(schema, {**good, "more": 1}) == []  # a client may meet a newer hub


def test_failing_store(fresh_hub):
    """Health has another body than errors have, and changes are refused with an error."""
    hub = fresh_hub
    recorder = Recorder(hub, Document(hub.request("GET", "/openapi.json", "http").json()))
    make_absent(hub, "absent", "failing/#")
    mark = hub.mark()
    with full_disk(hub), make_fail(hub, "failing"):
        recorder.ask("GET", "/readyz", status=503)
        recorder.ask("GET", "/healthz", status=503)
        recorder.ask("POST", "/things/b", {}, status=503)
        recorder.ask("GET", "/hub/status")
    hub.wait_log("commits again", since=mark)


# ---- requests that the document refuses


# operation, path, parameters (those of the path too, where they are wrong), body
REFUSED = [
    ("ListThings", "/things", {"maxResults": 0}, None),
    ("ListThings", "/things", {"maxResults": 251}, None),
    ("ListThings", "/things", {"maxResults": "many"}, None),
    ("ListThings", "/things", {"nextToken": "?"}, None),
    ("ListThingTypes", "/thing-types", {"maxResults": 300}, None),
    ("ListCertificates", "/certificates", {"pageSize": 0}, None),
    ("ListCertificates", "/certificates", {"marker": "-"}, None),
    ("ListTopicRules", "/rules", {"maxResults": 10001}, None),
    ("ListRetainedMessages", "/retainedMessage", {"maxResults": 201}, None),
    ("ListNamedShadowsForThing", "/api/things/shadow/ListNamedShadowsForThing/a", {"pageSize": 101}, None),
    ("ListSessions", "/hub/sessions", {"connected": "perhaps"}, None),
    ("ListSessions", "/hub/sessions", {"maxResults": 1001}, None),
    ("ListDenials", "/hub/denials", {"maxResults": 0}, None),
    ("PurgeRetained", "/hub/retained", {}, None),
    ("PurgeRetained", "/hub/retained", {"filter": "a", "dryRun": "perhaps"}, None),
    ("DescribeEndpoint", "/endpoint", {"endpointType": "iot:Data"}, None),
    ("DescribeThing", "/things/a%20b", {"thingName": "a b"}, None),
    ("CreateThing", "/things/" + "a" * 129, {"thingName": "a" * 129}, {}),
    ("CreateThing", "/things/new", {}, {"attributePayload": {"attributes": {"a b": "c"}}}),
    ("CreateThing", "/things/new", {}, {"attributePayload": {"attributes": {"a": "b c"}}}),
    ("CreateThing", "/things/new", {}, {"attributePayload": {"attributes": {"a": 1}}}),
    ("CreateThing", "/things/new", {}, {"attributePayload": []}),
    ("CreateThing", "/things/new", {}, {"attributePayload": {"attributes": {f"a{i}": "x" for i in range(51)}}}),
    ("UpdateThing", "/things/refused", {}, {"expectedVersion": -1}),
    ("UpdateThing", "/things/refused", {}, {"expectedVersion": "x"}),
    ("DeleteThing", "/things/refused", {"expectedVersion": "x"}, None),
    ("AttachThingPrincipal", "/things/refused/principals", {}, None),
    ("AttachThingPrincipal", "/things/refused/principals", {"x-amzn-principal": f"{ARN}:thing/x"}, None),
    ("CreateThingType", "/thing-types/t", {}, {"thingTypeProperties": {"searchableAttributes": ["a"] * 4}}),
    ("CreateThingType", "/thing-types/t", {}, {"thingTypeProperties": {"thingTypeDescription": "x" * 2029}}),
    ("CreateCertificateFromCsr", "/certificates", {}, {}),
    ("RegisterCertificateWithoutCA", "/certificate/register-no-ca", {}, {"status": "ACTIVE"}),
    ("DescribeCertificate", "/certificates/abc", {"certificateId": "abc"}, None),
    ("UpdateCertificate", "/certificates/" + "a" * 64, {}, None),
    ("UpdateCertificate", "/certificates/" + "a" * 64, {"newStatus": "PENDING_TRANSFER"}, None),
    ("RegisterCertificate", "/certificate/register", {}, {"status": "ACTIVE"}),
    ("RegisterCACertificate", "/cacertificate", {}, {"certificateMode": "SNI_ONLY"}),
    ("RegisterCACertificate", "/cacertificate", {}, {"caCertificate": "x", "certificateMode": "OTHER"}),
    ("ListCACertificates", "/cacertificates", {"pageSize": 251}, None),
    ("ListCertificatesByCA", "/certificates-by-ca/abc", {"caCertificateId": "abc"}, None),
    ("DescribeCACertificate", "/cacertificate/abc", {"caCertificateId": "abc"}, None),
    ("UpdateCACertificate", "/cacertificate/" + "a" * 64, {"newStatus": "REVOKED"}, {}),
    ("UpdateCACertificate", "/cacertificate/" + "a" * 64, {"newAutoRegistrationStatus": "ON"}, {}),
    ("UpdateCACertificate", "/cacertificate/" + "a" * 64, {}, {"registrationConfig": {"templateName": "a b"}}),
    ("CreatePolicy", "/policies/refused", {}, {}),
    ("CreatePolicy", "/policies/refused", {}, {"policyDocument": {}}),
    ("GetPolicyVersion", "/policies/ThingDefault/version/one", {"policyVersionId": "one"}, None),
    ("AttachPolicy", "/target-policies/ThingDefault", {}, {"target": "me"}),
    ("CreateTopicRule", "/rules/refused", {}, {"actions": []}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1"}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [{}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [{"republish": {}}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [], "awsIotSqlVersion": "1"}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [
        {"republish": {"topic": "t", "qos": 2}}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [
        {"republish": {"topic": "t"}, "file": {"path": "f"}}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [{"file": {"path": "f", "maxFiles": 0}}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [{"http": {}}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [
        {"http": {"url": "http://a.example", "headers": [{"key": "", "value": "v"}]}}]}),
    ("CreateTopicRule", "/rules/refused", {}, {"sql": "SELECT 1", "actions": [{"republish": {"topic": "t"}}] * 11}),
    ("CreateTopicRule", "/rules/not-so", {"ruleName": "not-so"}, {"sql": "SELECT 1", "actions": []}),
    ("CreateTopicRule", "/rules/refused", {"x-amz-tagging": "a=b"}, {"sql": "SELECT 1", "actions": []}),
    ("Publish", "/topics/a", {"qos": 2}, None),
    ("Publish", "/topics/a", {"retain": "perhaps"}, None),
    ("Publish", "/topics/a", {"messageExpiry": 604801}, None),
    ("Publish", "/topics/a", {"x-amz-mqtt5-payload-format-indicator": "TEXT"}, None),
    ("UpdateThingShadow", "/things/a/shadow", {}, {}),
    ("UpdateThingShadow", "/things/a/shadow", {}, {"state": []}),
    ("UpdateThingShadow", "/things/a/shadow", {}, {"state": {"delta": {}}}),
    ("UpdateThingShadow", "/things/a/shadow", {}, {"state": {"desired": 1}}),
    ("UpdateThingShadow", "/things/a/shadow", {}, {"state": {}, "version": "1"}),
    ("UpdateThingShadow", "/things/a/shadow", {}, {"state": {}, "clientToken": 1}),
    ("GetThingShadow", "/things/a/shadow", {"name": "a/b"}, None),
    ("CreateAccessKey", "/hub/keys", {}, {"name": "x" * 129}),
    ("CreateToken", "/hub/tokens", {}, {"expiresInSeconds": -1}),
    ("PutUser", "/hub/users", {}, {"userName": "u", "password": 5}),
    ("PutUser", "/hub/users", {}, {"userName": "a b", "password": "secret word"}),
    ("TestTopicRule", "/hub/rules/test", {}, {"sql": "SELECT 1"}),
    ("TestTopicRule", "/hub/rules/test", {}, {"sql": "SELECT 1", "topic": "a", "payloadBase64": 1}),
]


def labels(operation, path):
    """What stands in the path, unless a case says it, as it was before it was escaped."""
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(operation.path))
    return re.fullmatch(pattern, path).groupdict()


@pytest.fixture(scope="module")
def refused(module_hub):
    """A thing of this name: what is refused is refused for what is wrong with it, not for what is not there."""
    module_hub.boto3("iot").create_thing(thingName="refused")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{str(case[2] or case[3])[:40]}")
@pytest.mark.usefixtures("refused")
def test_what_the_document_refuses_the_hub_refuses(hub, document, case):
    name, path, parameters, body = case
    operation = document.operations[name]
    assert document.refuses(operation, {**labels(operation, path), **parameters}, body)
    query = {k: v for k, v in parameters.items() if k in operation.parameters("query")}
    headers = {k: v for k, v in parameters.items() if k in operation.parameters("header")}
    answer = hub.request(operation.method, path, token=hub.admin["token"], params=query, headers=headers, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["x-amzn-ErrorType"].endswith("Exception")


def test_what_the_document_does_not_refuse(hub, document):
    """The counterpart: the same helper finds nothing wrong with a good request."""
    for name, path, parameters, body in [
            ("ListThings", "/things", {"maxResults": 1}, None),
            ("CreateThing", "/things/fine", {}, {"attributePayload": {"attributes": {"a": "b"}, "merge": True}}),
            ("CreateThing", "/things/fine", {}, None),
            ("UpdateThingShadow", "/things/fine/shadow", {"name": "s"}, {"state": {"desired": None}}),
            ("PutUser", "/hub/users", {}, {"userName": "fine", "password": "secret word", "unknown": 1})]:
        operation = document.operations[name]
        assert document.refuses(operation, {**labels(operation, path), **parameters}, body) == []


# ---- the limits of numbers


def limited(document):
    """(operation, parameter) of all numbers in queries that have two limits."""
    return [(one, p) for one in document.operations.values() for p in one.parameters("query").values()
            if one.answers_at_once() and {"minimum", "maximum"} <= set(p["schema"])]


def test_limits_of_numbers_are_those_of_the_hub(hub, document, tmp_path):
    """Both ends are taken, what is beyond them is not."""
    arn = hub.boto3("iot").create_keys_and_certificate(setAsActive=True)["certificateArn"]
    hub.boto3("iot").create_thing(thingName="limits")
    hub.boto3("iot").create_thing_group(thingGroupName="limits")
    ca = Authority(tmp_path, "limits")
    ca_id = ca.register(hub)
    hub.cli("crl", "put", ca_id, "-", stdin=ca.revoke())
    values = {"thingName": "limits", "thingGroupName": "limits", "policyName": "ThingDefault",
              "templateName": "limits", "target": arn.replace("/", "%2F"), "topic": "limits",
              "caCertificateId": ca_id}
    sent = {"x-amzn-principal": arn, "x-amzn-iot-principal": arn, "x-amzn-iot-policy": "ThingDefault"}
    provlib.make_template(hub.boto3("iot"), "limits", provlib.fleet_body("limits"))
    seen = 0
    for operation, parameter in limited(document):
        low, high = parameter["schema"]["minimum"], parameter["schema"]["maximum"]
        for number, status in ((low, 200), (high, 200), (low - 1, 400), (high + 1, 400)):
            answer = hub.request(
                operation.method, operation.path.format(**values), token=hub.admin["token"],
                params={parameter["name"]: number},
                headers={name: sent[name] for name in operation.parameters("header") if name in sent})
            assert answer.status_code == status, f"{operation.name} {parameter['name']}={number}: {answer.text}"
        seen += 1
    assert seen >= 15


# ---- AWS's models, and our own tables


DIFFERENT = {
    # newer than the oldest botocore that these tests run with
    "AttachThingPrincipal.thingPrincipalType": "of 2024",
    "GetRetainedMessage().userProperties": "of 2023",
    # what is here, and not there
    "CreateTopicRule.actions[].file": "an action of this hub",
    "ReplaceTopicRule.actions[].file": "an action of this hub",
    "CreateTopicRule.errorAction.file": "an action of this hub",
    "ReplaceTopicRule.errorAction.file": "an action of this hub",
    "GetTopicRule().rule.actions[].file": "an action of this hub",
    "GetTopicRule().rule.errorAction.file": "an action of this hub",
    "CreateTopicRule.actions[].republish.roleArn": "there are no roles here",
    "ReplaceTopicRule.actions[].republish.roleArn": "there are no roles here",
    "CreateTopicRule.errorAction.republish.roleArn": "there are no roles here",
    "ReplaceTopicRule.errorAction.republish.roleArn": "there are no roles here",
    "Publish().message": "AWS answers it too; its model does not say so",
    "Publish().traceId": "AWS answers it too; its model does not say so",
}


def of_aws(operation):
    return set(operation.body["tags"]) & {"control", "data"} and operation.answers_at_once()


def models():
    session = botocore.session.get_session()
    for service in ("iot", "iot-data"):
        model = session.get_service_model(service)
        for name in model.operation_names:
            yield model.operation_model(name)


def test_members_are_those_of_aws(document):
    comparison, count = Comparison(document), 0
    for model in models():
        operation = document.operations.get(model.name)
        if not operation or not of_aws(operation):
            continue
        assert (operation.method, operation.path) == (model.http["method"], model.http["requestUri"].split("?")[0])
        comparison.request(operation, model.input_shape)
        comparison.answer(operation, model.output_shape)
        count += 1
    unknown = {k: v for k, v in comparison.wrong.items() if k not in DIFFERENT}
    assert unknown == {}
    assert count == sum(bool(of_aws(one)) for one in document.operations.values())
    assert count >= 49 and comparison.compared > 300


def test_differences_are_still_there(document):
    """A reason that stands for nothing is removed. Those of newer members may be either way."""
    comparison = Comparison(document)
    for model in models():
        if model.name in document.operations:
            comparison.request(document.operations[model.name], model.input_shape)
            comparison.answer(document.operations[model.name], model.output_shape)
    assert {k for k, v in DIFFERENT.items() if not v.startswith("of 20")} <= set(comparison.wrong)


def test_actions_are_those_of_the_manual(document):
    """docs/manual/actions.md is printed from the table of actions: members, numbers, what is required."""
    schemas = document.json["components"]["schemas"]
    page = (ROOT / "docs" / "manual" / "actions.md").read_text(encoding="utf-8")
    actions = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    assert [text.split("\n", 1)[0] for text in actions] == list(schemas["Action"]["properties"])
    for text in actions:
        name, rest = text.split("\n", 1)
        schema = document.follow(schemas["Action"]["properties"][name]["$ref"])
        rows = re.findall(r"^\| `([\w.]+)` \| (\S+?),? ?(?:template)? \| (\d+)–(\d+)(?: bytes)? \| (\S+) \|", rest,
                          re.MULTILINE)
        refused = re.findall(r"^\| `(\w+)` \| – \|  \| refused \|", rest, re.MULTILINE)
        assert len(rows) + len(refused) == len(re.findall(r"^\| `", rest, re.MULTILINE))
        assert not set(refused) & set(schema["properties"])
        for path, type_, low, high, fallback in rows:
            at, one = schema, None
            for member in path.split("."):
                one = at["properties"][member]
                assert (member in at.get("required", [])) == (fallback == "required")
                at = document.follow(one["$ref"]) if "$ref" in one else one
            limits = {"integer": ("minimum", "maximum"), "pairs": ("minItems", "maxItems")}.get(
                type_, ("minLength", "maxLength"))
            assert (one[limits[0]], one[limits[1]]) == (int(low), int(high)), path
