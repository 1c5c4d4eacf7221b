"""Credentials of programs that end: temporary keys for devices, as AWS's credential provider gives them, and JSON Web
Tokens of a foreign issuer. security, sections 9 and 10."""

import base64
import json
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from conftest import end
from hublib import Client, Hub
from wslib import Ws

ACCOUNT = "000000000000"
ARN = f"arn:aws:iot:local:{ACCOUNT}:"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]})


# ---- temporary keys


@pytest.fixture
def role(hub, name):
    """A role, its alias, and a policy that lets certificates assume it."""
    iot = hub.boto3("iot")
    iot.create_policy(policyName=name, policyDocument=policy(
        ("iot:Connect", f"{ARN}client/{name}-*"), (["iot:Publish", "iot:Subscribe", "iot:Receive"], "*"),
        ("iot:DescribeThing", "*")))
    iot.create_policy(policyName=f"{name}-assume", policyDocument=policy(
        ("iot:AssumeRoleWithCertificate", f"{ARN}rolealias/{name}")))
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    iot.attach_policy(policyName=name, target=arn)
    alias = iot.create_role_alias(roleAlias=name, roleArn=arn, credentialDurationSeconds=900)
    assert alias["roleAliasArn"] == f"{ARN}rolealias/{name}"
    return name


@pytest.fixture
def device(hub, role):
    """A thing whose certificate may assume the role."""
    thing = hub.add_thing(role)
    (arn,) = hub.boto3("iot").list_thing_principals(thingName=role)["principals"]
    hub.boto3("iot").attach_policy(policyName=f"{role}-assume", target=arn)
    thing_cert = arn.rsplit("/", 1)[1]
    return thing, thing_cert


def ask(hub, thing, alias, **headers):
    return hub.request("GET", f"/role-aliases/{alias}/credentials", cert=(thing.cert, thing.key),
                       headers={k.replace("_", "-"): v for k, v in headers.items()})


def keys_of(hub, thing, alias):
    answer = ask(hub, thing, alias, x_amzn_iot_thingname=thing.name)
    assert answer.status_code == 200, answer.text
    return answer.json()["credentials"]


def client(hub, service, keys, token=...):
    import boto3

    return boto3.session.Session().client(
        service, region_name="local", endpoint_url=hub.url(), verify=hub.ca,
        aws_access_key_id=keys["accessKeyId"], aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"] if token is ... else token,
        config=botocore.config.Config(retries={"total_max_attempts": 1}, proxies={}))


def refused(call, **words):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**words)
    return error.value.response["Error"]["Code"]


def websocket_path(hub, keys, token_last):
    """A presigned URL; IoT's clients append the session token after signing."""
    credentials = botocore.credentials.Credentials(keys["accessKeyId"], keys["secretAccessKey"],
                                                   None if token_last else keys["sessionToken"])
    request = botocore.awsrequest.AWSRequest("GET", f"{hub.url()}/mqtt")
    botocore.auth.SigV4QueryAuth(credentials, "iotdevicegateway", "local").add_auth(request)
    token = f"&X-Amz-Security-Token={urllib.parse.quote(keys['sessionToken'], safe='')}"
    return "/" + request.url.split("/", 3)[3] + (token if token_last else "")


def test_a_device_gets_keys_that_carry_the_role(hub, role, device):
    thing, _ = device
    keys = keys_of(hub, thing, role)
    assert keys["accessKeyId"].startswith("ASIA")
    left = time.mktime(time.strptime(keys["expiration"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time()
    assert 880 < left <= 900
    with hub.mqtt(f"{role}-watch") as watch:
        watch.subscribe(f"{role}/t")
        client(hub, "iot-data", keys).publish(topic=f"{role}/t", qos=1, payload=b"x")
        watch.expect(f"{role}/t", b"x")
    assert client(hub, "iot", keys).describe_thing(thingName=role)["thingName"] == role
    assert refused(client(hub, "iot", keys).list_things) == "AccessDeniedException"
    assert refused(client(hub, "iot", keys, token="x").list_things) == "UnrecognizedClientException"
    assert refused(client(hub, "iot", keys, token=None).list_things) == "UnrecognizedClientException"


@pytest.mark.parametrize("token_last", [True, False], ids=["token appended", "token signed"])
def test_websocket_ends_with_the_certificate(hub, role, device, token_last):
    """The connection goes when the certificate is revoked, and the key with it."""
    thing, cert = device
    keys = keys_of(hub, thing, role)
    mqtt = Client(hub, f"{role}-ws", listener="https", transport="websockets",
                  path=websocket_path(hub, keys, token_last)).connect()
    mqtt.subscribe(f"{role}/t", 1)
    mqtt.publish(f"{role}/t", "x", 1)
    mqtt.expect(f"{role}/t", "x", qos=1)
    hub.boto3("iot").update_certificate(certificateId=cert, newStatus="REVOKED")
    mqtt.wait_gone()
    assert refused(client(hub, "iot", keys).list_things) == "UnrecognizedClientException"


def test_order_of_refusals(hub, role, device):
    thing, _ = device
    other = hub.add_thing(f"{role}-other")
    cases = [
        (other, role, {"x_amzn_iot_thingname": role}, 403, "Invalid thing name passed"),
        (other, role, {}, 403, "Access Denied"),
        (thing, f"{role}-none", {}, 403, "Access Denied"),
    ]
    for who, alias, headers, status, message in cases:
        answer = ask(hub, who, alias, **headers)
        assert (answer.status_code, answer.json()) == (status, {"message": message})
        assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"
    iot = hub.boto3("iot")
    iot.detach_policy(policyName=role, target=f"arn:aws:iam::{ACCOUNT}:role/{role}")
    answer = ask(hub, thing, role)
    assert (answer.status_code, answer.json()["message"]) == (
        400, "Unable to assume the role, or the role to assume does not exist")
    iot.delete_role_alias(roleAlias=role)
    answer = ask(hub, thing, role)
    assert (answer.status_code, answer.json()) == (404, {"message": "Role alias does not exist"})
    assert hub.request("GET", f"/role-aliases/{role}/credentials").status_code == 403


# ---- JSON Web Tokens


class Issuer:
    """Makes tokens by each algorithm, and writes its key set."""

    name = "https://issuer.example"

    def __init__(self, file):
        self.file = file
        self.keys = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
                     "EdDSA": ed25519.Ed25519PrivateKey.generate()}
        self.write("RS256", "ES256", "EdDSA")

    @staticmethod
    def b64(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def jwk(self, alg):
        public = self.keys[alg].public_key()
        if alg == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {"kty": "OKP", "crv": "Ed25519", "kid": alg, "x": self.b64(raw)}
        numbers = public.public_numbers()
        if alg == "ES256":
            return {"kty": "EC", "crv": "P-256", "kid": alg, "x": self.b64(numbers.x.to_bytes(32, "big")),
                    "y": self.b64(numbers.y.to_bytes(32, "big"))}
        return {"kty": "RSA", "kid": alg, "use": "sig", "n": self.b64(numbers.n.to_bytes(256, "big")),
                "e": self.b64(numbers.e.to_bytes(3, "big"))}

    def write(self, *algs):
        self.file.write_text(json.dumps({"keys": [self.jwk(alg) for alg in algs]}))

    def sign(self, alg, text):
        key = self.keys[alg]
        if alg == "RS256":
            return key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        if alg == "ES256":
            r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return key.sign(text)

    def token(self, alg="EdDSA", lives=600, **claims):
        head = {"alg": alg, "kid": alg, "typ": "JWT"}
        body = {"iss": self.name, "aud": "thingd", "sub": "alice", "exp": time.time() + lives, **claims}
        text = ".".join(self.b64(json.dumps(part).encode()) for part in (head, body))
        return f"{text}.{self.b64(self.sign(alg, text.encode()))}"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("issuer") / "keys.json")


@pytest.fixture(scope="module")
def jwt_hub(issuer):
    hub = Hub(sets=[f"jwt.keys_file={issuer.file}", f"jwt.issuer={issuer.name}", "jwt.audience=thingd",
                    "jwt.leeway=0ms", "jwt.policies=use=UserDefault,look=Look"]).start()
    hub.boto3("iot").create_policy(policyName="Look", policyDocument=policy(("iot:ListThings", "*")))
    yield hub
    end(hub)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_bearer(jwt_hub, issuer, alg):
    token = issuer.token(alg, scope="look use")
    for _ in range(2):  # verified, remembered
        assert jwt_hub.request("GET", "/things", token=token).json() == {"things": []}
    assert jwt_hub.request("GET", "/hub/keys", token=token).status_code == 403
    other = jwt_hub.request("GET", "/things", token=issuer.token(alg, scope="use"))
    assert other.headers["x-amzn-ErrorType"] == "AccessDeniedException"
    assert "jwt/alice is not authorized" in other.json()["message"]


def test_wrong_tokens_are_refused(jwt_hub, issuer):
    good = issuer.token(scope="look")
    cases = {"altered": (good[:-8] + "AAAAAAAA", "UnrecognizedClientException"),
             "expired": (issuer.token(lives=-1), "ExpiredTokenException"),
             "for others": (issuer.token(aud="others"), "UnrecognizedClientException"),
             "of others": (issuer.token(iss="others"), "UnrecognizedClientException")}
    for token, error in cases.values():
        answer = jwt_hub.request("GET", "/things", token=token)
        assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, error)
    assert jwt_hub.wait_log("credential refused", kind="jwt", name="alice")


def test_a_connection_ends_with_its_token(jwt_hub, issuer):
    """WebSocket takes it as any request does; when it expires, the connection goes."""
    token = issuer.token("ES256", lives=3, scope="use")
    with Ws(jwt_hub, "https", headers=(("Authorization", f"Bearer {token}"),)) as ws:
        ws.connect("short")
        assert ws.subscribe("t") == 0
        ws.wait_closed()
    assert jwt_hub.wait_log("credential ended", principal="jwt:alice")


def test_key_set_is_read_again(jwt_hub, issuer):
    token = issuer.token("RS256", scope="look")
    kept = issuer.token("EdDSA", scope="look")
    assert jwt_hub.request("GET", "/things", token=token).status_code == 200
    issuer.file.write_text('{"keys":[{"kty":"RSA","kid":"bad","n":"AQAB","e":"AQAB"}]}')
    mark = jwt_hub.mark()
    jwt_hub.reload()
    line = jwt_hub.wait_log("reload refused, nothing has changed", since=mark)
    assert "key 1 of the set (kid 'bad')" in line["reason"]
    assert jwt_hub.request("GET", "/things", token=token).status_code == 200
    issuer.write("ES256", "EdDSA")
    mark = jwt_hub.mark()
    jwt_hub.reload()
    assert jwt_hub.wait_log("reloaded", since=mark)
    assert jwt_hub.request("GET", "/things", token=token).status_code == 403
    assert jwt_hub.request("GET", "/things", token=kept).status_code == 200
    issuer.write("RS256", "ES256", "EdDSA")
    jwt_hub.reload()
