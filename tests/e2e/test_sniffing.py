"""What a connection says first: TLS or not, a PROXY header or not, the name it asks for, ALPN."""

import contextlib
import hashlib
import json
import pathlib
import socket
import ssl
import struct

import pytest

import hublib
from hublib import HOST, TIMEOUT, RawMqtt, connect_packet, run, tls_context

CLIENT, OTHER = "192.0.2.7", "198.51.100.9"
GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"

# `proxied` and `proxieds` are behind a proxy on this machine, `foreign` behind one elsewhere
BEHIND = ["listener.proxied.port=0", "listener.proxied.proxy_protocol=true",
          "listener.proxieds.port=0", "listener.proxieds.proxy_protocol=true",
          "listener.proxieds.tls=true", "listener.proxieds.client_cert=optional",
          "listener.foreign.port=0", "listener.foreign.proxy_protocol=true",
          "listener.foreign.proxy_trusted=192.0.2.0/24, 2001:db8::1"]


@pytest.fixture(scope="module")
def module_hub():
    """The hub of all tests here that ask for no other."""
    from conftest import end

    hub = hublib.Hub(sets=BEHIND).start()
    yield hub
    end(hub)


def connect(hub, listener):
    return socket.create_connection((HOST, hub.port(listener)), TIMEOUT)


def read_to_end(sock):
    """All that comes until the peer ends the connection; a reset is an error."""
    got = b""
    while True:
        block = sock.recv(65536)
        if not block:
            return got
        got += block


def v1(address=CLIENT, port=40000, family="TCP4", to="192.0.2.1"):
    return f"PROXY {family} {address} {to} {port} 443\r\n".encode()


def v2(address=CLIENT, port=40000, tlvs=b""):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    ip = socket.inet_pton(family, address)
    block = ip + ip + struct.pack("!HH", port, 443) + tlvs
    kind = 0x21 if family == socket.AF_INET6 else 0x11
    return V2_SIGNATURE + struct.pack("!BBH", 0x21, kind, len(block)) + block


LOCAL = V2_SIGNATURE + b"\x20\0\0\0"


# ---- what is spoken to the wrong port


@pytest.mark.parametrize("listener", ["mqtt", "http"])
def test_tls_to_a_plain_port_ends_cleanly(hub, listener):
    mark = hub.mark()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="hub.test")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with connect(hub, listener) as sock:
        sock.sendall(outgoing.read())
        assert read_to_end(sock) == b""
    hub.wait_log("TLS was spoken to a port without TLS", since=mark, listener=listener, peer=HOST)


def test_openssl_at_a_plain_port_sees_the_end(hub):
    done = run("openssl", "s_client", "-connect", f"{HOST}:{hub.port('mqtt')}", stdin="",
               check=False)
    assert done.returncode != 0
    assert "reset" not in (done.stdout + done.stderr).lower(), done.stderr
    assert "alert" not in done.stderr.lower(), done.stderr


def test_curl_with_https_at_a_plain_port_sees_the_end(hub):
    done = run("curl", "--silent", "--show-error", "--noproxy", "*", "-k",
               f"https://{HOST}:{hub.port('http')}/livez", check=False)
    assert done.returncode == 35, done.stderr  # no TLS there
    assert "reset" not in done.stderr.lower(), done.stderr


@pytest.mark.parametrize("noise", [b"\x00", b"\x20\x02\x00\x00", b"hello\r\n", b"\xff" * 100_000],
                         ids=["zero", "connack", "text", "many"])
def test_other_bytes_at_a_plain_port_end_cleanly(hub, noise):
    mark = hub.mark()
    with connect(hub, "mqtt") as sock:
        sock.sendall(noise)
        assert read_to_end(sock) == b""
    hub.wait_log("neither MQTT nor HTTP", since=mark, listener="mqtt")


@pytest.mark.parametrize("listener", ["mqtts", "https"])
def test_plain_http_at_a_tls_port_is_told_the_scheme(hub, listener):
    mark = hub.mark()
    done = run("curl", "--silent", "--noproxy", "*", "--write-out", " %{http_code}",
               f"http://{HOST}:{hub.port(listener)}/things/x/shadow")
    assert done.stdout.endswith(" 400")
    assert "https://" in done.stdout and "wss://" in done.stdout
    hub.wait_line("plain HTTP", f'"listener":"{listener}"', since=mark)


def test_the_answer_to_plain_http_survives_a_body(hub, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(bytes(8_000_000))
    done = run("curl", "--silent", "--noproxy", "*", "--write-out", " %{http_code}", "--header",
               "Expect:", "--data-binary", f"@{body}", f"http://{HOST}:{hub.port('https')}/topics/a")
    assert done.stdout.endswith(" 400"), done.stderr
    assert "https://" in done.stdout


def test_plain_mqtt_at_a_tls_port_ends_cleanly(hub, name):
    mark = hub.mark()
    with connect(hub, "mqtts") as sock:
        sock.sendall(connect_packet(name))
        assert read_to_end(sock) == b""
    hub.wait_line("plain MQTT", "mqtts://", '"listener":"mqtts"', since=mark)


@pytest.mark.parametrize("header", [v1(), v2(), LOCAL], ids=["v1", "v2", "local"])
@pytest.mark.parametrize("listener", ["mqtt", "https"])
def test_a_header_that_nobody_expects(hub, listener, header):
    mark = hub.mark()
    with connect(hub, listener) as sock:
        sock.sendall(header + GET)
        assert read_to_end(sock) == b""
    hub.wait_line("PROXY header", "proxy_protocol", f'"listener":"{listener}"', since=mark)


# ---- behind a proxy


@pytest.mark.parametrize("header, address", [
    (v1(), CLIENT),
    (v1("2001:db8::7", family="TCP6", to="::1"), "2001:db8::7"),
    (v2(), CLIENT),
    (v2("2001:db8::7"), "2001:db8::7"),
    (v2(tlvs=b"\x02\0\x08hub.test"), CLIENT),
    (v1("127.0.0.1"), "127.0.0.1"),
    (b"PROXY UNKNOWN\r\n", HOST),
    (LOCAL, HOST),
])
def test_the_header_names_the_client(hub, name, header, address):
    mark = hub.mark()
    with connect(hub, "proxied") as sock:
        sock.sendall(header + connect_packet(name))
        with RawMqtt(sock) as raw:
            assert raw.wait_closed()[:1] == b"\x20"  # CONNACK: nobody is anonymous here
    hub.wait_log("connect refused", since=mark, client=name, peer=address)


def test_the_header_may_come_byte_by_byte(hub):
    for header in (v1(), v2()):
        with connect(hub, "proxied") as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header + GET:
                sock.sendall(bytes([byte]))
            assert read_to_end(sock).startswith(b"HTTP/1.1 200 ")


def test_curl_with_a_header(hub):
    for listener, scheme in (("proxied", "http"), ("proxieds", "https")):
        done = run("curl", "--silent", "--show-error", "--noproxy", "*", "--haproxy-protocol", "-k",
                   "--write-out", "%{http_code}", f"{scheme}://{HOST}:{hub.port(listener)}/livez")
        assert done.stdout.endswith("200")


@pytest.mark.parametrize("header", [v1(), v2()], ids=["v1", "v2"])
def test_the_header_comes_before_tls(hub, name, header):
    thing = hub.add_thing(name)
    mark = hub.mark()
    sock = connect(hub, "proxieds")
    sock.sendall(header)
    with RawMqtt(tls_context(hub.ca, thing).wrap_socket(sock, server_hostname=HOST)) as raw:
        raw.connect(name)
        assert raw.ping() == []
    hub.wait_log("connected", since=mark, client=name, peer=CLIENT)


def test_policies_see_the_address_of_the_header(hub, name):
    thing = hub.add_thing(name)
    iot = hub.boto3("iot")
    with open(thing.cert, encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    arn = iot.describe_certificate(certificateId=hashlib.sha256(der).hexdigest())[
        "certificateDescription"]["certificateArn"]
    iot.create_policy(policyName=name, policyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "iot:Connect", "Resource": "*",
                       "Condition": {"IpAddress": {"aws:SourceIp": f"{CLIENT}/32"}}}]}))
    iot.attach_policy(policyName=name, target=arn)
    for address, welcome in ((OTHER, True), (CLIENT, False)):
        sock = connect(hub, "proxieds")
        sock.sendall(v2(address))
        with RawMqtt(tls_context(hub.ca, thing).wrap_socket(sock, server_hostname=HOST)) as raw:
            code, _ = raw.try_connect(name)
            assert (code == 0) == welcome


@pytest.mark.parametrize("address", ["127.0.0.1", CLIENT])
def test_nobody_is_local_by_a_header(hub, address):
    for header in (v1(address), LOCAL):
        with connect(hub, "proxied") as sock:
            sock.sendall(header + b"GET /hub/sessions HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Connection: close\r\n\r\n")
            assert read_to_end(sock).split(b" ")[1] in (b"401", b"403")


@pytest.mark.parametrize("first, reason", [
    (GET, "does not begin with a PROXY header"),
    (connect_packet("x"), "does not begin with a PROXY header"),
    (b"\x16\x03\x01\x02\x00\x01\x00", "does not begin with a PROXY header"),
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 70000 443\r\n", "source port"),
    (b"PROXY TCP5 192.0.2.7 192.0.2.1 1 443\r\n", "none of TCP4"),
    (b"PROXY " + b"x" * 200, "no CRLF"),
    (V2_SIGNATURE + b"\x31\x11\0\x0c" + bytes(12), "another version"),
    (V2_SIGNATURE + b"\x21\x11\xff\xff", "longer than 4096"),
    (v2(tlvs=b"\x03\0\x04\0\0\0\0"), "checksum is wrong"),
])
@pytest.mark.parametrize("listener", ["proxied", "proxieds"])
def test_what_is_no_header_is_closed(hub, listener, first, reason):
    before = hub.metric("proxy_refused_total")
    mark = hub.mark()
    with connect(hub, listener) as sock:
        sock.sendall(first)
        assert read_to_end(sock) == b""
    hub.wait_line(reason, f'"listener":"{listener}"', '"proxy":"127.0.0.1"', since=mark)
    assert hub.metric("proxy_refused_total") == before + 1


def test_a_stranger_is_not_listened_to(hub):
    before = hub.metric("proxy_refused_total")
    mark = hub.mark()
    with connect(hub, "foreign") as sock, contextlib.suppress(ConnectionError):
        sock.sendall(v1() + GET)
        assert sock.recv(1) == b""
    hub.wait_log("not in proxy_trusted", since=mark, listener="foreign", address=HOST)
    assert hub.metric("proxy_refused_total") == before + 1


def test_the_header_is_not_waited_for_too_long(make_hub):
    hub = make_hub(sets=BEHIND + ["tls.handshake_timeout=200ms"]).start()
    with connect(hub, "proxied") as sock:
        sock.sendall(b"PROXY TCP4")
        assert read_to_end(sock) == b""
    hub.wait_line("PROXY header", "timed out")


def test_limits_are_those_of_the_client(make_hub):
    hub = make_hub(sets=BEHIND + ["limits.connections_per_address=1"]).start()
    mark = hub.mark()
    with connect(hub, "proxied") as first, connect(hub, "proxied") as second, \
            connect(hub, "proxied") as third:
        first.sendall(v1() + GET[:10])
        second.sendall(v1(OTHER) + GET)
        assert read_to_end(second).startswith(b"HTTP/1.1 200 ")  # the proxy's own does not count
        with contextlib.suppress(ConnectionError):
            third.sendall(v1() + GET)
            assert third.recv(1) == b""
    hub.wait_log("an address has reached its limit", since=mark, address=CLIENT)


def test_a_listener_behind_a_proxy_is_never_anonymous(make_hub, tmp_path):
    path = pathlib.Path(tmp_path) / "thingd.conf"
    path.write_text("listener: { http: { proxy_protocol = true; }; };\n")
    done = run(hublib.binary(), "check", "-c", path, check=False)
    assert done.returncode != 0
    assert "thingd.conf:1" in done.stderr + done.stdout
    assert "anonymous = false" in done.stderr + done.stdout


# ---- which certificate


def make_cert(folder, name, *names, kind="ec"):
    """Files of a certificate signed by itself: (certificate, key)."""
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    words = (["-newkey", "rsa:2048"] if kind == "rsa" else
             ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
    if names:
        words += ["-addext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names)]
    run("openssl", "req", "-x509", *words, "-nodes", "-keyout", key, "-out", cert, "-days", "30",
        "-subj", f"/CN={name}")
    return cert, key


def seen(hub, server_name, ciphers=None):
    """The subject of the certificate that a client sees who asks for that name (None: for none)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if ciphers:
        context.set_ciphers(ciphers)
    with connect(hub, "mqtts") as sock:
        with context.wrap_socket(sock, server_hostname=server_name) as tls:
            der = tls.getpeercert(binary_form=True)
    text = run("openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253",
               stdin=ssl.DER_cert_to_PEM_cert(der)).stdout
    return text.strip().removeprefix("subject=").removeprefix("CN=")


def write_certificates(path, *items):
    listed = ", ".join(f'"{cert}:{key}"' if key else f'"{cert}"' for cert, key in items)
    path.write_text(f"tls: {{ certificates = [ {listed} ]; }};\n")


def test_the_name_picks_the_certificate(make_hub, tmp_path):
    path = tmp_path / "thingd.conf"
    one = make_cert(tmp_path, "one", "one.example", "shared.example")
    rsa = make_cert(tmp_path, "rsa", "one.example", kind="rsa")
    wild, wild_key = make_cert(tmp_path, "wild", "*.example", "*.two.example")
    both = tmp_path / "both.pem"
    both.write_text(wild.read_text() + wild_key.read_text())
    write_certificates(path, one, rsa, (both, None))
    hub = make_hub(config=path).start()
    assert seen(hub, "one.example") == "one"
    assert seen(hub, "ONE.example") == "one"
    assert seen(hub, "one.example", "ECDHE-RSA-AES128-GCM-SHA256") == "rsa"
    assert seen(hub, "shared.example") == "one"
    assert seen(hub, "three.example") == "wild"
    assert seen(hub, "a.two.example") == "wild"
    own = seen(hub, None)
    assert own not in ("one", "rsa", "wild")
    for name in ("a.b.example", "example", "one.example.org", "localhost"):
        assert seen(hub, name) == own
    # openssl agrees, and the hub's own certificate is as good as before
    done = run("openssl", "s_client", "-connect", f"{HOST}:{hub.port('https')}", "-servername",
               "a.two.example", "-CAfile", wild, "-verify_hostname", "a.two.example", stdin="",
               check=False)
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout
    assert hub.request("GET", "/livez").status_code == 200


def test_files_beside_the_data(make_hub, tmp_path):
    hub = make_hub(sets=["tls.certificates=sites/one.pem:sites/one.key"])
    folder = hub.dir / "sites"
    folder.mkdir(parents=True)
    make_cert(folder, "one", "one.example")
    hub.start()
    assert seen(hub, "one.example") == "one"


def test_sighup_brings_new_certificates(make_hub, tmp_path, name):
    path = tmp_path / "thingd.conf"
    old, new = (make_cert(tmp_path, n, "one.example") for n in ("old", "new"))
    write_certificates(path, old)
    hub = make_hub(config=path).start()
    thing = hub.add_thing(name)
    context = tls_context(hub.ca, thing)
    with RawMqtt(context.wrap_socket(connect(hub, "mqtts"), server_hostname=HOST)) as raw:
        raw.connect(name)
        assert seen(hub, "one.example") == "old"
        write_certificates(path, new)
        mark = hub.mark()
        hub.reload()
        hub.wait_log("reloaded", since=mark)
        assert seen(hub, "one.example") == "new"
        assert raw.ping() == []
        # the same names, other files behind them
        old[0].replace(new[0])
        old[1].replace(new[1])
        mark = hub.mark()
        hub.reload()
        hub.wait_log("reloaded", since=mark)
        assert seen(hub, "one.example") == "old"
        # and what is wrong changes nothing
        new[1].write_text("no key\n")
        mark = hub.mark()
        hub.reload()
        hub.wait_line("reload refused", r"new\.key", "private key", since=mark)
        assert seen(hub, "one.example") == "old"
        assert raw.ping() == []


@pytest.mark.parametrize("fault, words", [
    ("missing", ["one.pem", "No such file"]),
    ("garbled", ["one.pem", "certificate is unreadable"]),
    ("mixed", ["other.key", "does not belong", "one.pem"]),
    ("nameless", ["one.pem", "no DNS name"]),
])
def test_a_bad_pair_is_named(make_hub, tmp_path, fault, words):
    names = [] if fault == "nameless" else ["one.example"]
    cert, key = make_cert(tmp_path, "one", *names)
    other = make_cert(tmp_path, "other", "other.example")
    if fault == "missing":
        cert.unlink()
    if fault == "garbled":
        cert.write_text("x")
    hub = make_hub(sets=[f"tls.certificates={cert}:{other[1] if fault == 'mixed' else key}"])
    hub.spawn()
    assert hub.wait_exit() != 0
    log = "\n".join(hub.all_lines())
    for word in words:
        assert word in log, log


# ---- ALPN


@pytest.mark.parametrize("offer, chosen", [
    (["x-amzn-mqtt-ca"], "x-amzn-mqtt-ca"),
    (["mqtt"], "mqtt"),
    (["x-amzn-http-ca"], "x-amzn-http-ca"),
    (["h2", "http/1.1"], "http/1.1"),
    (["http/1.1", "mqtt"], "mqtt"),
    (["h2"], None),
    (None, None),
])
@pytest.mark.parametrize("listener", ["mqtts", "https"])
def test_alpn_is_agreed_on(hub, listener, offer, chosen):
    with tls_context(hub.ca, alpn=offer).wrap_socket(connect(hub, listener),
                                                     server_hostname=HOST) as tls:
        assert tls.selected_alpn_protocol() == chosen


@pytest.mark.parametrize("protocol, mqtt, http", [
    ("mqtt", True, False), ("x-amzn-mqtt-ca", True, False),
    ("http/1.1", False, True), ("x-amzn-http-ca", False, True),
    ("h2", True, True), (None, True, True),
])
def test_what_alpn_names_is_what_may_be_spoken(hub, name, protocol, mqtt, http):
    context = tls_context(hub.ca, alpn=[protocol] if protocol else None)
    for first, welcome in ((connect_packet(name), mqtt), (GET, http)):
        mark = hub.mark()
        with context.wrap_socket(connect(hub, "mqtts"), server_hostname=HOST) as tls:
            tls.sendall(first)
            got = read_to_end(tls)
        assert got[:1] == ((b"H" if first is GET else b"\x20") if welcome else b""), got
        if not welcome:
            hub.wait_log("was spoken where ALPN has agreed on", since=mark, listener="mqtts")
