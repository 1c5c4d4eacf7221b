"""Why: what was refused, with the closest statement and what would help; and what policies would say."""

import json
import socket
import ssl

from hublib import HOST, TIMEOUT, mosq_pub


def why(hub, *words):
    """Entries of `thingd why`, the last first."""
    return json.loads(hub.cli("why", *words, "--json").stdout)["denials"]


def explain(hub, principal, action, resource, *words):
    done = hub.cli("policy", "explain", "--principal", principal, "--action", action, "--resource",
                   resource, *words, "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def test_a_publish_that_no_statement_allows(hub, name):
    thing = hub.add_thing(name)
    for _ in range(3):
        mosq_pub(hub, f"elsewhere/{name}", "x", qos=1, identity=thing, check=False)
    entry = why(hub, name)[0]
    assert (entry["kind"], entry["action"], entry["resource"], entry["thingName"], entry["count"]) == \
        ("denied", "iot:Publish", f"topic/elsewhere/{name}", name, 3)
    assert entry["reason"] == "no statement allows it"
    assert entry["closest"].startswith("policy ThingDefault, Statement[")
    change = json.loads(entry["change"])
    assert change["Action"] == "iot:Publish"
    assert change["Resource"].endswith(f":topic/elsewhere/{name}")
    text = hub.cli("why", name).stdout
    assert "would help" in text and "closest" in text

    document = json.dumps({"Version": "2012-10-17", "Statement": [change]})
    hub.cli("policy", "create", name, "-", stdin=document)
    hub.cli("policy", "attach", name, name)
    mosq_pub(hub, f"elsewhere/{name}", "x", qos=1, identity=thing)


def test_what_policies_would_say(hub, name):
    hub.add_thing(name)
    code, said = explain(hub, name, "iot:Connect", f"client/{name}", "--client-id", name)
    assert (code, said["decision"], said["policyName"]) == (0, "allowed", "ThingDefault")
    code, said = explain(hub, name, "iot:Connect", "client/other", "--client-id", "other")
    assert (code, said["decision"]) == (1, "implicitDeny")
    assert json.loads(said["change"])["Action"] == "iot:Connect"


def test_a_client_that_does_not_trust_the_hub(hub):
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT) as sock:
        try:
            context.wrap_socket(sock, server_hostname=HOST)
            raise AssertionError("the hub's own CA is trusted")
        except ssl.SSLError:
            pass
    hub.wait_log("handshake failed", reason="the client does not trust the hub's certificate (alert "
                 "unknown_ca): give it ca.cert.pem of the data directory as its root CA, or "
                 "ca-rsa.cert.pem when it knows RSA alone")
    entries = [e for e in why(hub, "--address", HOST) if e["kind"] == "handshake"]
    assert "ca.cert.pem" in entries[0]["reason"]
    assert entries[0]["resource"] == "listener/mqtts"


def test_plain_mqtt_on_a_tls_port(hub):
    mosq_pub(hub, "t", "x", listener="mqtts", check=False)
    entries = [e for e in why(hub, "--address", HOST) if e["kind"] == "handshake"]
    assert "use mqtts://" in entries[0]["reason"]
