"""HTTP/1.1 as bytes on a socket, and as curl speaks it: pipelines, smuggling, slow clients, HEAD, interim answers,
uploads, headers for browsers, and the end of the hub. The whole table of hostile requests is in
tests/unit/http/hostile_tbl.h; here is a choice of it over true sockets."""

import contextlib
import re
import signal
import socket
import subprocess

import pytest

import hublib
from hublib import HOST, TIMEOUT, RawMqtt, curl

ALL_BYTES = bytes(range(256))
PAGE = "https://console.example"


def open_http(hub, **words):
    sock = socket.create_connection((HOST, hub.port("http")), TIMEOUT)
    for option, value in words.items():
        sock.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
    return RawMqtt(sock)


def post(path, body=b"", *headers):
    head = "".join(f"{line}\r\n" for line in (f"POST {path} HTTP/1.1", "Host: localhost", *headers))
    return head.encode() + b"\r\n" + body


def get(path, *headers, method="GET"):
    head = "".join(f"{line}\r\n" for line in (f"{method} {path} HTTP/1.1", "Host: localhost", *headers))
    return head.encode() + b"\r\n"


def with_length(path, body, *headers):
    return post(path, body, f"Content-Length: {len(body)}", *headers)


def chunked(path, body, size=100):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return post(path, coded + b"0\r\n\r\n", "Transfer-Encoding: chunked")


def read_answer(raw, head_only=False):
    """(status, headers in lower case, body) of the next answer."""
    text = b""
    while not text.endswith(b"\r\n\r\n"):
        byte = raw.sock.recv(1)
        assert byte, f"closed within a head: {text}"
        text += byte
    first, *lines = text.decode().split("\r\n")[:-2]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body, left = b"", 0 if head_only else int(headers.get("content-length", 0))
    while len(body) < left:
        part = raw.sock.recv(left - len(body))
        assert part, "closed within a body"
        body += part
    return int(first.split()[1]), headers, body


def shadow(hub, name):
    path = f"/things/{name.replace('/', '-')}/shadow"
    assert hub.request("POST", path, "http", json={"state": {"reported": {"on": True}}}).status_code == 200
    return path


# ---- bodies


@pytest.mark.parametrize("kind", [None, "application/json", "text/plain; charset=utf-16", "image/png",
                                  "application/x-www-form-urlencoded", "multipart/form-data; boundary=0",
                                  "application/octet-stream", "x/y; z=\"a, b\"", "nonsense"])
def test_every_byte_of_any_type(hub, name, kind):
    """What is published is what came, whatever it is said to be."""
    headers = [f"Content-Type: {kind}"] if kind else []
    with hub.mqtt(f"{name}-sub") as client:
        client.subscribe(f"{name}/#")
        with open_http(hub) as raw:
            raw.send(with_length(f"/topics/{name}/a", ALL_BYTES, *headers), chunked(f"/topics/{name}/b", ALL_BYTES))
            assert [read_answer(raw)[0] for _ in range(2)] == [200, 200]
        client.expect(f"{name}/a", ALL_BYTES)
        client.expect(f"{name}/b", ALL_BYTES)


def test_chunks_of_one_byte(hub, name):
    with hub.mqtt(f"{name}-sub") as client, open_http(hub) as raw:
        client.subscribe(name)
        raw.send(chunked(f"/topics/{name}", ALL_BYTES * 4, 1))
        assert read_answer(raw)[0] == 200
        client.expect(name, ALL_BYTES * 4)


def test_upload_by_curl_in_chunks(hub, name, tmp_path):
    body = ALL_BYTES * 300
    (tmp_path / "body").write_bytes(body)
    with hub.mqtt(f"{name}-sub") as client:
        client.subscribe(name)
        done = curl(hub, f"/topics/{name}", "-v", "-H", "Transfer-Encoding: chunked", "--data-binary",
                    f"@{tmp_path}/body", scheme="http")
        assert '"OK"' in done.stdout
        client.expect(name, body)


def test_curl_waits_for_a_word(hub, name, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * 50000)
    done = curl(hub, f"/topics/{name}", "-v", "-H", "Expect: 100-continue", "--expect100-timeout", str(TIMEOUT),
                "--data-binary", f"@{tmp_path}/body", scheme="http")
    assert "HTTP/1.1 100 Continue" in done.stderr and '"OK"' in done.stdout


def test_curl_does_not_send_what_is_refused(hub, name, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * (3 << 20))
    done = curl(hub, f"/topics/{name}", "-H", "Expect: 100-continue", "--expect100-timeout", str(TIMEOUT),
                "--data-binary", f"@{tmp_path}/body", "-w", "%{http_code} %{size_upload}", scheme="http", check=False)
    assert done.stdout.endswith("413 0"), done.stdout


# ---- answers


def test_head_is_get_without_the_body(hub, name):
    path = shadow(hub, name)
    with open_http(hub) as raw:
        raw.send(get(path, method="HEAD"), get(path), get("/nowhere", method="HEAD"), get("/livez"))
        head, got = read_answer(raw, head_only=True), read_answer(raw)
        assert head[0] == got[0] == 200 and b'"reported"' in got[2]
        changing = ("date", "x-amzn-requestid")
        assert ({k: v for k, v in head[1].items() if k not in changing} ==
                {k: v for k, v in got[1].items() if k not in changing})
        assert int(head[1]["content-length"]) == len(got[2])
        assert read_answer(raw, head_only=True)[0] == 404
        assert read_answer(raw)[0] == 200


def test_a_pipeline_of_all_sorts(hub, name):
    """Reads, publishes and failures, of which some wait for the disk: answers come in the order of requests."""
    path, times = shadow(hub, name), 50
    round_of = [(get(path), 200), (with_length(f"/topics/{name}?qos=1&retain=true", b"x"), 200), (get("/nowhere"), 404),
                (chunked(path, b'{"state":{"desired":{"n":1}}}'), 200), (get("/livez"), 200),
                (with_length(path, b"{"), 400), (get(f"/retainedMessage/{name}"), 200)]
    with open_http(hub) as raw:
        raw.send(b"".join(request for request, _ in round_of) * times)
        got = [read_answer(raw) for _ in range(times * len(round_of))]
    assert [status for status, _, _ in got] == [status for _, status in round_of] * times
    assert len({headers["x-amzn-requestid"] for _, headers, _ in got}) == len(got)


@pytest.mark.parametrize("request_of", [lambda path: get(path), lambda path: get("/nowhere"),
                                        lambda path: get("/livez"), lambda path: get(path, "Broken"),
                                        lambda path: get("/things")])
def test_what_browsers_may_do(hub, name, request_of):
    with open_http(hub) as raw:
        raw.send(request_of(shadow(hub, name)))
        _, headers, _ = read_answer(raw)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-amzn-requestid"])
    assert not [name for name in headers if name.startswith("access-control")]


def test_pages_of_listed_origins(make_hub, name):
    hub = make_hub(sets=[f"http.allowed_origins={PAGE}"]).start()
    path = shadow(hub, name)
    asks = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,x-evil")
    with open_http(hub) as raw:
        raw.send(get(path, f"Origin: {PAGE}", *asks, method="OPTIONS"), get(path, f"Origin: {PAGE}"),
                 get(path, "Origin: https://evil.example", *asks, method="OPTIONS"), get(path))
        question, answer, evil, other = (read_answer(raw) for _ in range(4))
    assert question[0] == 204 and answer[0] == 200
    assert question[1]["access-control-allow-origin"] == answer[1]["access-control-allow-origin"] == PAGE
    assert question[1]["access-control-allow-methods"] == "GET, HEAD, POST, DELETE"
    assert question[1]["access-control-allow-headers"] == "authorization"
    assert evil[0] == 403 and other[0] == 200
    for _, headers, _ in (evil, other):
        assert headers["vary"] == "Origin" and "access-control-allow-origin" not in headers


def test_a_refusal_is_in_the_log_by_its_id(hub, name):
    for request, line in ((get("/livez", "Host: two"), "request refused"),
                          (get("/things"), "not authorized"),
                          (get("/things", "Authorization: Bearer thd_wrong"), "credential refused")):
        with open_http(hub) as raw:
            raw.send(request)
            status, headers, _ = read_answer(raw)
        assert status >= 400
        hub.wait_log(line, request=headers["x-amzn-requestid"])


# ---- smuggling


def smuggled(name):
    return with_length(f"/topics/{name}/smuggled", b"x")


SMUGGLING = {
    "length, then chunks": lambda more: post("/topics/a", b"0\r\n\r\n" + more, f"Content-Length: {len(more) + 5}",
                                             "Transfer-Encoding: chunked"),
    "chunks, then length": lambda more: post("/topics/a", b"%x\r\n%s\r\n0\r\n\r\n" % (len(more), more),
                                             "Transfer-Encoding: chunked", "Content-Length: 4"),
    "two lengths": lambda more: post("/topics/a", more, f"Content-Length: {len(more)}", "Content-Length: 0"),
    "coding with a space": lambda more: post("/topics/a", more, f"Content-Length: {len(more)}",
                                             "Transfer-Encoding : chunked"),
    "coding by a bare line feed": lambda more: post("/topics/a", more, f"Content-Length: {len(more)}",
                                                    "X: a\nTransfer-Encoding: chunked"),
    "coding folded": lambda more: post("/topics/a", b"0\r\n\r\n" + more, "Transfer-Encoding:\r\n chunked"),
    "two codings": lambda more: post("/topics/a", b"0\r\n\r\n" + more, "Transfer-Encoding: chunked",
                                     "Transfer-Encoding: identity"),
    "chunk longer than its size": lambda more: post("/topics/a", b"1\r\nab" + more, "Transfer-Encoding: chunked"),
    "size with 0x": lambda more: post("/topics/a", b"0x0\r\n\r\n" + more, "Transfer-Encoding: chunked"),
    "coding in 1.0": lambda more: post("/topics/a", b"0\r\n\r\n" + more, "Transfer-Encoding: chunked").replace(
        b"HTTP/1.1", b"HTTP/1.0", 1),
    "two hosts": lambda more: get("/livez", "Host: evil") + more,
    "line feeds only": lambda more: b"GET /livez HTTP/1.1\nHost: localhost\n\n" + more,
    "a request in the target": lambda more: b"GET /livez\r\n\r\n" + more,
    "behind a close": lambda more: get("/livez", "Connection: close") + more,
    "behind an upgrade": lambda more: get("/livez", "Connection: Upgrade", "Upgrade: h2c") + more,
    "preface of HTTP/2": lambda more: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + more,
}


@pytest.mark.parametrize("case", SMUGGLING)
@pytest.mark.parametrize("step", [None, 1])
def test_nothing_is_smuggled(hub, name, case, step):
    """One answer, the end, and what was hidden is not published."""
    data = SMUGGLING[case](smuggled(name))
    with hub.mqtt(f"{name}-sub") as client:
        client.subscribe(f"{name}/#")
        with open_http(hub, SO_SNDBUF=100000) as raw, contextlib.suppress(ConnectionError):
            raw.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(data), step or len(data)):
                raw.sock.sendall(data[at:at + (step or len(data))])
            got = raw.wait_closed()
            assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", got)) == 1, got
            assert b"\r\nConnection: close\r\n" in got
        hub.request("POST", f"/topics/{name}/last", "http", data=b"y")
        client.expect(f"{name}/last", "y")


# ---- slow clients


def test_each_kind_of_slowness(make_hub, name):
    hub = make_hub(sets=["http.header_timeout=200ms", "http.request_timeout=200ms", "http.idle_timeout=1s",
                         "mqtt.connect_timeout=5s"]).start()
    half = {
        "a head": get("/livez")[:-2],
        "a body": post(f"/topics/{name}", b"123", "Content-Length: 9"),
        "chunks": post(f"/topics/{name}", b"3\r\n123\r\n", "Transfer-Encoding: chunked"),
        "trailers": post(f"/topics/{name}", b"0\r\nX: y\r\n", "Transfer-Encoding: chunked"),
        "a body after 100": post(f"/topics/{name}", b"", "Content-Length: 9", "Expect: 100-continue"),
    }
    for what, data in half.items():
        with open_http(hub) as raw:
            raw.send(data)
            got = raw.wait_closed()
        assert re.findall(rb"HTTP/1\.1 (\d+)", got)[-1] == b"408", (what, got)
    assert hub.metric("http_slow_total") == len(half)


def test_answers_that_are_not_read(make_hub, name):
    """The rest of the requests is not read, and at last the connection is closed."""
    hub = make_hub(sets=["http.idle_timeout=1s"]).start()
    with open_http(hub, SO_RCVBUF=4096) as raw:
        raw.sock.setblocking(False)
        requests = get("/metrics") * 2000
        with contextlib.suppress(BlockingIOError, ConnectionError):
            raw.sock.send(requests)
        hub.wait_log("closed: an answer is not read")
        assert hub.metric("http_requests_total") < 1000
        assert hub.metric("http_slow_total") == 1


# ---- the end of the hub


def test_drain(make_hub, name):
    """On SIGTERM: what is idle is closed, what is on its way is answered, and told that it was the last."""
    hub = make_hub().start()
    with open_http(hub) as idle, open_http(hub) as silent, open_http(hub) as busy:
        for raw in (idle, busy):
            raw.send(get("/livez"))
            assert read_answer(raw)[:1] == (200,)
        busy.send(post(f"/topics/{name}", b"12345", "Content-Length: 10", "Expect: 100-continue"))
        assert read_answer(busy)[0] == 100
        hub.process.send_signal(signal.SIGTERM)
        assert idle.wait_closed() == silent.wait_closed() == b""
        busy.send(b"67890" + get("/livez"))
        status, headers, body = read_answer(busy)
        assert status == 200 and headers["connection"] == "close" and b'"OK"' in body
        assert busy.wait_closed() == b""
    assert hub.wait_exit(hublib.STOP_TIMEOUT) == 0


# ---- many at once


PIPELINE = """
init = function()
   local one = wrk.format(nil, "%s")
   request_ = string.rep(one, 8)
end
request = function() return request_ end
"""


@pytest.mark.parametrize("pipelined", [False, True])
def test_wrk(hub, name, tmp_path, pipelined):
    """A load that keeps its connections sees no error, one by one and eight requests in a write."""
    path = shadow(hub, name)
    command = ["wrk", "-t1", "-c16", "-d1s", "--timeout", "10s"]
    if pipelined:
        script = tmp_path / "pipeline.lua"
        script.write_text(PIPELINE % path)
        command += ["-s", str(script)]
    out = subprocess.run([*command, f"http://{HOST}:{hub.port('http')}{path}"], capture_output=True, text=True,
                         timeout=TIMEOUT, check=True).stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    assert int(re.search(r"(\d+) requests in", out).group(1)) >= 16, out
