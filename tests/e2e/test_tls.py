"""Mutual TLS, passed by whom the hub knows and by nobody else."""

import hashlib
import pathlib
import re
import socket
import ssl
import subprocess

import pytest

import hublib
from hublib import (HOST, TIMEOUT, Failure, RawMqtt, connect_packet, mosq_pub, mosq_sub, run,
                    self_made_identity, tls_context)


def fingerprint(identity):
    """The certificate id: SHA-256 of the DER form, in hexadecimal."""
    with open(identity.cert, encoding="ascii") as file:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()


def try_tls(hub, listener="mqtts", identity=None, ca=None, **words):
    """A TLS socket, or None when the handshake or the connection ended."""
    context = tls_context(ca or hub.ca, identity, words.pop("alpn", None))
    for key, value in words.items():
        setattr(context, key, value)
    sock = socket.create_connection((HOST, hub.port(listener)), TIMEOUT)
    try:
        return context.wrap_socket(sock, server_hostname=HOST)
    except (ssl.SSLError, ConnectionError):
        sock.close()
        return None


def refused(hub, client_id, identity=None, listener="mqtts"):
    """Whether a CONNECT over this TLS connection is refused: by code, or by the end of it."""
    sock = try_tls(hub, listener, identity)
    if sock is None:
        return True
    with RawMqtt(sock) as raw:
        try:
            code, _ = raw.try_connect(client_id)
        except (hublib.Closed, OSError):
            return True
        if code == 0:
            return False
        raw.wait_closed()
        return True


def test_thing_connects_with_its_certificate(hub, name):
    thing = hub.add_thing(name)
    topic = f"device/{name}/telemetry"
    with hub.mqtt(name, identity=thing) as client:
        client.subscribe(topic, 1)
        client.publish(topic, "21.5", 1)
        client.expect(topic, "21.5", qos=1)


def test_mosquitto_with_a_certificate(hub, name):
    thing = hub.add_thing(name)
    with mosq_sub(hub, f"device/{name}/#", qos=1) as sub:
        mosq_pub(hub, f"device/{name}/t", "x", qos=1, identity=thing)
        assert sub.messages()[0].payload == b"x"


def test_files_of_a_thing(hub, name):
    thing = hub.add_thing(name)
    assert (pathlib.Path(thing.key).stat().st_mode & 0o077) == 0
    run("openssl", "verify", "-CAfile", thing.ca, thing.cert)
    cert_key = run("openssl", "x509", "-in", thing.cert, "-noout", "-pubkey").stdout
    assert run("openssl", "pkey", "-in", thing.key, "-pubout").stdout == cert_key
    cert = hub.boto3("iot").describe_certificate(certificateId=fingerprint(thing))
    assert cert["certificateDescription"]["status"] == "ACTIVE"


def test_server_certificate_names_this_host(hub):
    for host in (HOST, "localhost"):
        sock = socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT)
        with tls_context(hub.ca).wrap_socket(sock, server_hostname=host) as tls:
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


def test_unregistered_certificate_is_refused(hub, name, tmp_path):
    stranger = self_made_identity(tmp_path, name, hub.ca)
    mark = hub.mark()
    assert refused(hub, name, stranger)
    hub.wait_refused("certificate", since=mark)


def test_unregistered_certificate_is_refused_to_mosquitto(hub, name, tmp_path):
    stranger = self_made_identity(tmp_path, name, hub.ca)
    mark = hub.mark()
    done = mosq_pub(hub, "a", "x", qos=1, identity=stranger, check=False)
    assert done.returncode != 0
    hub.wait_refused("certificate", since=mark)


def test_certificate_of_the_same_subject_is_refused(hub, name, tmp_path):
    hub.add_thing(name)
    assert refused(hub, name, self_made_identity(tmp_path, name, hub.ca))


def test_no_credential_is_refused(hub, name):
    mark = hub.mark()
    assert refused(hub, name)
    hub.wait_refused(name, since=mark)


def test_unknown_user_is_refused(hub, name):
    sock = try_tls(hub)
    with RawMqtt(sock) as raw:
        code, _ = raw.try_connect(name, username="nobody", password="secret")
        assert code in (4, 5)
        raw.wait_closed()
    assert not [line for line in hub.all_lines() if "secret" in line]


def test_client_id_other_than_the_thing_is_refused(hub, name):
    thing = hub.add_thing(name)
    mark = hub.mark()
    assert refused(hub, f"{name}-other", thing)
    hub.wait_refused(f"{name}-other", since=mark)


def test_denied_publish_ends_the_connection(hub, name):
    thing = hub.add_thing(name)
    mark = hub.mark()
    with hub.mqtt("watcher-" + name) as watcher, hub.raw("mqtts", thing) as raw:
        watcher.subscribe("device/somebody-else/#")
        raw.connect(name)
        raw.send(hublib.publish_packet("device/somebody-else/t", "x", 1, mid=1))
        assert raw.wait_closed() == b""
        hub.wait_refused("device/somebody-else/t", name, "iot:Publish", since=mark)
        assert watcher.fence() == []


def test_denied_subscription_is_answered(hub, name):
    thing = hub.add_thing(name)
    with hub.mqtt(name, identity=thing) as client:
        assert client.try_subscribe("device/+/telemetry") == 0x80
        assert client.try_subscribe("#") == 0x80
        assert client.try_subscribe(f"$aws/things/{name}/shadow/update/+") == 0
        assert client.try_subscribe("$aws/things/somebody-else/shadow/#") == 0x80


def test_two_things_side_by_side(hub, name):
    one, two = hub.add_thing(f"{name}-1"), hub.add_thing(f"{name}-2")
    with hub.mqtt(one.name, identity=one) as first, hub.mqtt(two.name, identity=two) as second:
        first.subscribe(f"device/{one.name}/#", 1)
        second.publish(f"device/{two.name}/t", "mine", 1)
        first.publish(f"device/{one.name}/t", "x", 1)
        first.expect(f"device/{one.name}/t", "x")  # and not the other's, which came before


def test_client_with_a_foreign_ca_does_not_trust_the_hub(hub, name, tmp_path):
    thing = hub.add_thing(name)
    foreign = self_made_identity(tmp_path, "foreign", "")
    done = mosq_pub(hub, "a", "x", check=False,
                    identity=hublib.Identity(name, thing.cert, thing.key, foreign.cert))
    assert done.returncode != 0
    assert try_tls(hub, ca=foreign.cert) is None
    # and the hub has not suffered
    assert not refused(hub, name, thing)


@pytest.mark.parametrize("listener", ["mqtts", "https"])
@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_old_tls_is_refused(hub, listener, version):
    done = run("openssl", "s_client", f"-{version}", "-cipher", "ALL@SECLEVEL=0", "-connect",
               f"{HOST}:{hub.port(listener)}", "-CAfile", hub.ca, stdin="", check=False)
    assert done.returncode != 0
    assert "Cipher is (NONE)" in done.stdout or "no peer certificate" in done.stdout


@pytest.mark.parametrize("listener", ["mqtts", "https"])
def test_tls_12_is_spoken_and_verified(hub, listener):
    done = run("openssl", "s_client", "-tls1_2", "-verify_return_error", "-verify_ip", HOST,
               "-connect", f"{HOST}:{hub.port(listener)}", "-CAfile", hub.ca, stdin="", check=False)
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
    assert "Acceptable client certificate CA names" in done.stdout or \
        "Client Certificate Types" in done.stdout, "no certificate is asked for"


@pytest.mark.parametrize("suites", ["NULL", "aNULL", "RC4", "3DES", "EXPORT", "DES", "MD5"])
def test_weak_suites_are_refused(hub, suites):
    done = run("openssl", "s_client", "-tls1_2", "-cipher", f"{suites}@SECLEVEL=0", "-connect",
               f"{HOST}:{hub.port('mqtts')}", stdin="", check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("protocol", ["x-amzn-mqtt-ca", "mqtt"])
@pytest.mark.parametrize("listener", ["mqtts", "https"])
def test_alpn_for_mqtt(hub, name, listener, protocol):
    thing = hub.add_thing(name)
    sock = try_tls(hub, listener, thing, alpn=[protocol])
    assert sock is not None and sock.selected_alpn_protocol() == protocol
    with RawMqtt(sock) as raw:
        raw.connect(name)
        assert raw.ping() == []


@pytest.mark.parametrize("protocol", ["x-amzn-http-ca", "http/1.1"])
def test_alpn_for_http(hub, name, protocol):
    thing = hub.add_thing(name)
    sock = try_tls(hub, "mqtts", thing, alpn=[protocol])
    assert sock is not None and sock.selected_alpn_protocol() == protocol
    with sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert sock.recv(12) == b"HTTP/1.1 200"


def test_deactivated_certificate_is_cut_off_at_once(hub, name):
    thing = hub.add_thing(name)
    iot = hub.boto3("iot")
    cert_id = fingerprint(thing)
    with hub.raw("mqtts", thing) as raw:
        raw.connect(name)
        iot.update_certificate(certificateId=cert_id, newStatus="INACTIVE")
        raw.wait_closed()
    mark = hub.mark()
    assert refused(hub, name, thing)
    hub.wait_refused("certificate", since=mark)
    iot.update_certificate(certificateId=cert_id, newStatus="ACTIVE")
    assert not refused(hub, name, thing)
    iot.update_certificate(certificateId=cert_id, newStatus="REVOKED")
    assert refused(hub, name, thing)


def s_client(hub, identity, *words):
    """One connection of `openssl s_client` with TLS 1.2 that ends at once; what it has to say."""
    return run("openssl", "s_client", "-tls1_2", "-connect", f"{HOST}:{hub.port('mqtts')}", "-CAfile", hub.ca,
               "-cert", identity.cert, "-key", identity.key, *words, stdin="", check=False).stdout


def resumes(hub, identity, session, *words):
    said = s_client(hub, identity, "-sess_in", str(session), *words)
    assert "New, TLSv1.2" in said or "Reused, TLSv1.2" in said, said
    return "Reused, TLSv1.2" in said


@pytest.mark.parametrize("words", [[], ["-no_ticket"]], ids=["ticket", "id"])
def test_sessions_are_taken_up(hub, name, tmp_path, words):
    thing = hub.add_thing(name)
    session = tmp_path / "session.pem"
    said = s_client(hub, thing, "-sess_out", str(session), *words)
    assert ("TLS session ticket:" in said) != bool(words), said
    assert resumes(hub, thing, session, *words)
    assert resumes(hub, thing, session, *words)
    assert not resumes(hub, thing, session, "-servername", "other.example", *words)


@pytest.mark.parametrize("words", [[], ["-no_ticket"]], ids=["ticket", "id"])
def test_openssl_reconnects_five_times(hub, name, words):
    said = s_client(hub, hub.add_thing(name), "-reconnect", *words)
    assert said.count("Reused, TLSv1.2") == 5, said


def resume_and_connect(hub, client_id, context, session):
    """Whether a CONNECT over a resumed connection, which shows no certificate again, is refused."""
    sock = socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT)
    with RawMqtt(context.wrap_socket(sock, server_hostname=HOST, session=session)) as raw:
        assert raw.sock.session_reused
        try:
            code, _ = raw.try_connect(client_id)
        except (hublib.Closed, OSError):
            return True
        return code != 0


def test_a_resumed_session_is_judged_by_the_registry(hub, name):
    thing = hub.add_thing(name)
    iot = hub.boto3("iot")
    context = tls_context(hub.ca, thing)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT) as sock:
        with context.wrap_socket(sock, server_hostname=HOST) as tls:
            session = tls.session
    assert not resume_and_connect(hub, name, context, session)
    iot.update_certificate(certificateId=fingerprint(thing), newStatus="REVOKED")
    mark = hub.mark()
    assert resume_and_connect(hub, name, context, session)
    hub.wait_refused("certificate", since=mark)
    iot.update_certificate(certificateId=fingerprint(thing), newStatus="ACTIVE")
    assert not resume_and_connect(hub, name, context, session)


def test_a_restart_and_a_reload(fresh_hub, name, tmp_path):
    hub = fresh_hub
    thing = hub.add_thing(name)
    session = tmp_path / "session.pem"
    s_client(hub, thing, "-sess_out", str(session))
    mark = hub.mark()
    hub.reload()
    hub.wait_line("reloaded", since=mark)
    assert resumes(hub, thing, session)
    hub.restart()
    assert not resumes(hub, thing, session)


def test_policy_change_counts_at_once(hub, name):
    thing = hub.add_thing(name)
    iot = hub.boto3("iot")
    arn = iot.describe_certificate(
        certificateId=fingerprint(thing))["certificateDescription"]["certificateArn"]
    iot.create_policy(policyName=name, policyDocument="""{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["iot:Publish","iot:Subscribe","iot:Receive"],
         "Resource":"arn:aws:iot:*:*:*/common/*"}]}""")
    with hub.mqtt(name, identity=thing) as client:
        assert client.try_subscribe("common/news") == 0x80
        iot.attach_policy(policyName=name, target=arn)
        assert client.try_subscribe("common/news") == 0
        client.publish("common/news", "x", 1)
        client.expect("common/news", "x")


def test_shadow_over_https_with_a_certificate(hub, name):
    thing = hub.add_thing(name)
    words = ["--cert", thing.cert, "--key", thing.key]
    path = f"/things/{name}/shadow"
    hublib.curl(hub, path, *words, "--data", '{"state":{"reported":{"a":1}}}')
    assert '"reported":{"a":1}' in hublib.curl(hub, path, *words).stdout
    other = hublib.curl(hub, "/things/somebody-else/shadow", *words, "--write-out", "%{http_code}",
                        check=False)
    assert other.stdout.endswith("403")


def test_plain_bytes_on_a_tls_port_are_refused(hub, name):
    for noise in (connect_packet(name), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                  bytes(4096), b"\x16\x03\x01\xff\xff" + bytes(100)):
        with socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT) as sock:
            sock.sendall(noise)
            sock.shutdown(socket.SHUT_WR)
            got = RawMqtt(sock).wait_closed()
            if noise.startswith(b"GET"):
                assert got.startswith(b"HTTP/1.1 400 ") and b"https://" in got
            else:
                assert not got or got[0] == 21, got[:20]  # nothing, or a TLS alert


def test_handshakes_cut_short(hub, name):
    thing = hub.add_thing(name)
    for _ in range(50):
        sock = socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT)
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40))
        sock.close()
    assert not refused(hub, name, thing)


def test_many_handshakes_at_once(hub, name):
    thing = hub.add_thing(name)
    words = hublib.mosquitto_words(hub, thing)
    # all have the same client id: the last one wins, and each handshake counts
    running = [subprocess.Popen(["mosquitto_pub", *words, "-t", f"device/{name}/t", "-m", "x"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for _ in range(20)]
    with hub.mqtt("watcher-" + name) as watcher:
        assert watcher.fence() == []  # a session at peace is served meanwhile
    for process in running:
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure("a handshake hangs") from None
    assert not refused(hub, name, thing)


def test_restart_keeps_the_ca_and_the_server_certificate(fresh_hub, name):
    hub = fresh_hub
    thing = hub.add_thing(name)
    hub.restart()
    assert not refused(hub, name, thing)


# ---- the hub's own certificates


def served(hub, ciphers):
    """The DER of the certificate that a client of these suites is shown."""
    context = tls_context(hub.ca)
    context.load_verify_locations(hub.rsa_ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    with socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT) as sock, \
            context.wrap_socket(sock, server_hostname=HOST) as tls:
        return tls.getpeercert(binary_form=True)


def own_certificate(hub, file):
    return ssl.PEM_cert_to_DER_cert((hub.dir / file).read_text())


ECDSA, RSA = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"


def test_two_kinds_of_certificates_stand_side_by_side(hub):
    ecdsa, rsa = (own_certificate(hub, f) for f in ("server.cert.pem", "server-rsa.cert.pem"))
    assert served(hub, ECDSA) == ecdsa
    assert served(hub, f"{RSA}:{ECDSA}") == ecdsa
    assert served(hub, RSA) == rsa


def verified(hub, ca, *words):
    """Whether openssl verifies the hub by this CA alone; what it has to say."""
    done = run("openssl", "s_client", "-verify_return_error", "-verify_ip", HOST, "-connect",
               f"{HOST}:{hub.port('mqtts')}", "-no-CApath", "-no-CAstore", "-CAfile", str(ca), *words, stdin="",
               check=False)
    return done.returncode == 0 and "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr


RSA_ALONE = ["-tls1_2", "-cipher", RSA, "-sigalgs", "RSA+SHA256"]


def test_a_client_that_knows_rsa_alone_verifies_the_hub(hub):
    is_good, said = verified(hub, hub.rsa_ca, *RSA_ALONE)
    assert is_good, said
    assert "Peer signature type: RSA" in said, said
    is_good, said = verified(hub, hub.ca, *RSA_ALONE)
    assert not is_good and "unable to get local issuer" in said, said
    text = run("openssl", "x509", "-in", hub.rsa_ca, "-noout", "-text").stdout
    assert "ecdsa" not in text.lower() and "sha256WithRSAEncryption" in text


def test_other_clients_verify_the_hub_by_its_first_ca(hub):
    is_good, said = verified(hub, hub.ca)
    assert is_good, said
    is_good, said = verified(hub, hub.rsa_ca)
    assert not is_good and "unable to get local issuer" in said, said


@pytest.mark.parametrize("suite", [ECDSA, RSA])
def test_the_root_file_of_a_thing_is_good_for_both(hub, name, suite):
    thing = hub.add_thing(name)
    both = pathlib.Path(hub.ca).read_text() + pathlib.Path(hub.rsa_ca).read_text()
    assert pathlib.Path(thing.ca).read_text() == both
    is_good, said = verified(hub, thing.ca, "-tls1_2", "-cipher", suite)
    assert is_good, said
    mosq_pub(hub, f"device/{name}/t", "x", qos=1, identity=thing,
             extra=["--ciphers", suite, "--tls-version", "tlsv1.2"])
    with socket.create_connection((HOST, hub.port("mqtts")), TIMEOUT) as sock:
        context = tls_context(thing.ca, thing)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suite)
        with RawMqtt(context.wrap_socket(sock, server_hostname=HOST)) as raw:
            raw.connect(name)


def test_our_own_client_reads_the_root_file_of_a_thing(hub, name):
    thing = hub.add_thing(name)
    hub.cli("pub", "-h", HOST, "-p", hub.port("mqtts"), "--cafile", thing.ca, "--cert", thing.cert, "--key", thing.key,
            "-i", name, "-t", f"device/{name}/t", "-m", "x", "-q", 1)


def test_another_certificate_ends_no_connection(fresh_hub, name):
    hub = fresh_hub
    thing = hub.add_thing(name)
    with hublib.Client(hub, name, identity=thing) as client:
        before = served(hub, ECDSA), served(hub, RSA)
        for file in ("server.cert.pem", "server-rsa.cert.pem"):
            (hub.dir / file).unlink()
        hub.reload()
        hub.wait_log("reloaded")
        client.publish(f"device/{name}/x", b"still here", qos=1)
        after = served(hub, ECDSA), served(hub, RSA)
        assert after == tuple(own_certificate(hub, f)
                              for f in ("server.cert.pem", "server-rsa.cert.pem"))
        assert not set(before) & set(after)
        client.publish(f"device/{name}/x", b"still here", qos=1)


def test_ends_of_certificates_are_in_the_metrics(fresh_hub, name):
    import time

    fresh_hub.boto3("iot").create_keys_and_certificate(setAsActive=True)
    fresh_hub.restart()

    def ends():
        text = fresh_hub.request("GET", "/metrics", "http").text
        found = dict(re.findall(
            r'^thingd_certificate_expiry_timestamp_seconds\{kind="(\w+)"\} (\d+)$', text, re.M))
        return found if all(int(end) for end in found.values()) else None

    found = fresh_hub.eventually(ends, "ends of certificates")
    days = {kind: round((int(end) - time.time()) / 86400) for kind, end in found.items()}
    assert days["server"] == 825
    assert days["ca"] == 3653
    assert days["device"] > 3653
