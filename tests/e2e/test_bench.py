"""`thingd bench` against the hub: counts only, since time means nothing under sanitizers."""

import http.server
import json
import threading

import pytest


def bench(hub, *words, **more):
    return hub.cli("bench", "-p", str(hub.port("mqtt")), *words, **more)


def rows_of(hub, *words):
    return json.loads(bench(hub, *words, "--json").stdout)


@pytest.fixture
def http_alone():
    """The port of a server that has no /mqtt."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


QUICK = ("--scale", "1", "--seconds", "0.2")


@pytest.mark.parametrize("scenario", ["fan-in-0", "fan-in-0-single", "fan-in-1", "fan-in-2", "fan-out-100-1",
                                      "pairs-50-1", "filters-10k", "queue-in", "queue-out"])
def test_every_message_arrives(hub, scenario):
    [row] = rows_of(hub, scenario, *QUICK)
    assert row["scenario"] == scenario and row["unit"] == "messages"
    assert row["count"] > 0 and row["lost"] == 0 and row["perSecond"] > 0


@pytest.mark.parametrize("scenario", ["fan-in-0", "fan-in-0-single", "fan-in-1", "fan-in-2", "fan-out-100-1",
                                      "pairs-50-1", "filters-10k", "queue-in", "queue-out", "guests"])
def test_every_message_arrives_by_mqtt_5(hub, scenario):
    [row] = rows_of(hub, scenario, *QUICK, "-V", "5")
    assert row["count"] > 0 and row["lost"] == 0


@pytest.mark.parametrize("scenario", ["fan-in-0", "fan-in-0-single", "fan-in-1", "fan-in-2", "fan-out-100-1",
                                      "pairs-50-1", "filters-10k", "queue-in", "queue-out", "guests"])
@pytest.mark.parametrize("frame", [(), ("--frame", "1"), ("--frame", "16")], ids=["all", "1", "16"])
def test_every_message_arrives_over_websocket(hub, scenario, frame):
    [row] = rows_of(hub, scenario, *QUICK, "--ws", *frame)
    assert row["count"] > 0 and row["lost"] == 0


def test_connections_subscriptions_and_latency_over_websocket(hub):
    connect, subscribe, latency = rows_of(hub, "connect", "subscribe", "latency", *QUICK, "--rate", "200", "--ws")
    assert connect["count"] > 0 and subscribe["count"] % 1000 == 0 < subscribe["count"]
    assert latency["lost"] == 0 < latency["count"] <= 41


def test_memory_of_connections_over_websocket(hub):
    [idle] = rows_of(hub, "idle", *QUICK, "--pid", str(hub.process.pid), "--ws")
    assert idle["count"] == 100 and "bytesPerConnection" in idle


def test_connections_and_subscriptions_by_mqtt_5(hub):
    connect, subscribe = rows_of(hub, "connect", "subscribe", *QUICK, "--protocol-version", "mqttv5")
    assert connect["count"] > 0 and subscribe["count"] % 1000 == 0 < subscribe["count"]


def test_connections_subscriptions_and_guests(hub):
    connect, subscribe, guests = rows_of(hub, "connect", "subscribe", "guests", *QUICK)
    assert connect["unit"] == "connections" and connect["count"] > 0
    assert subscribe["unit"] == "subscriptions" and subscribe["count"] % 1000 == 0 < subscribe["count"]
    assert guests["guests"] > 0 and guests["lost"] == 0


def test_latency(hub):
    [row] = rows_of(hub, "latency", "--rate", "200", "--seconds", "0.2")
    assert row["lost"] == 0 < row["count"] <= 41
    assert 0 < row["p50Microseconds"] <= row["p99Microseconds"]


def test_the_process_of_the_hub_is_looked_at(hub):
    pid = ("--pid", str(hub.process.pid))
    flow, idle = rows_of(hub, "fan-in-0", "idle", *QUICK, *pid)
    assert flow["brokerCpuSeconds"] > 0 and flow["perBrokerCpuSecond"] > 0
    assert idle["count"] == 100 and "bytesPerConnection" in idle


def test_over_tls_as_a_user(hub, name):
    hub.cli("user", "add", name, "--password-stdin", stdin="a-long-password")
    who = ("-p", str(hub.port("mqtts")), "-u", name, "-P", "a-long-password")
    rows = json.loads(hub.cli("bench", "fan-in-1", *QUICK, *who, "--cafile", hub.ca, "--json").stdout)
    assert rows[0]["lost"] == 0 < rows[0]["count"]
    wrong = hub.cli("bench", "fan-in-1", *QUICK, *who[:-1], "wrong", "--cafile", hub.ca, check=False)
    assert wrong.returncode == 1 and "refused to connect" in wrong.stderr


def test_over_websocket_and_tls_by_mqtt_5_as_a_user(hub, name):
    hub.cli("user", "add", name, "--password-stdin", stdin="a-long-password")
    who = ("-p", str(hub.port("https")), "-u", name, "-P", "a-long-password", "-V", "5", "--ws", "--cafile", hub.ca)
    flow, single = json.loads(hub.cli("bench", "fan-in-1", "fan-in-0-single", *QUICK, *who, "--json").stdout)
    assert flow["lost"] == 0 < flow["count"] and single["lost"] == 0 < single["count"]


def test_http_without_mqtt_is_told(hub, http_alone):
    result = hub.cli("bench", "fan-in-0", "-p", str(http_alone), "--ws", check=False)
    assert result.returncode == 1 and "the broker refused WebSocket: 404 " in result.stderr


def test_the_table_for_people(hub):
    out = bench(hub, "pairs-50-0", *QUICK).stdout.splitlines()
    assert out[0].split()[0] == "SCENARIO" and out[1].startswith("pairs-50-0  ")
    assert "messages a second" in out[1]


@pytest.mark.parametrize("words, why", [
    (["nonsense"], "there is no scenario 'nonsense'"),
    (["fan-in-0", "--seconds", "0"], "'0' is not a number from 0.05 to 3600"),
    (["fan-in-0", "--seconds", "1e9"], "'1e9' is not a number"),
    (["fan-in-0", "--seconds", "nan"], "'nan' is not a number"),
    (["fan-in-0", "--payload", "8"], "'8' is not a number from 16 to 65536"),
    (["fan-in-0", "--scale", "101"], "'101' is not a number from 1 to 100"),
    (["fan-in-0", "--rate", "0"], "'0' is not a number from 1 to 1000000"),
    (["fan-in-0", "--cpu", "1"], "its process is known"),
    (["fan-in-0", "-V", "4"], "'4' is neither 311 nor 5"),
    (["fan-in-0", "-V", "31"], "'31' is neither 311 nor 5"),
    (["fan-in-0", "-P", "secret"], "a password needs a user name"),
    (["fan-in-0", "--host", ""], "the host is empty"),
    (["fan-in-0", "--frame", "2"], "only WebSocket has frames that packets could share"),
    (["fan-in-0", "--ws", "--frame", "0"], "'0' is not a number from 1 to 65535"),
])
def test_silly_options_are_refused(hub, words, why):
    result = bench(hub, *words, check=False)
    assert result.returncode == 2 and result.stdout == "" and why in result.stderr


def test_a_broker_that_is_not_there(hub):
    result = hub.cli("bench", "fan-in-0", "-p", "1", check=False)
    assert result.returncode == 1 and "127.0.0.1 port 1" in result.stderr


def test_a_process_that_is_not_there(hub):
    result = bench(hub, "fan-in-0", "--pid", "4194304", check=False)
    assert result.returncode == 1 and "process 4194304" in result.stderr


def test_a_file_that_is_no_certificate(hub, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    result = bench(hub, "fan-in-0", "--cafile", str(path), check=False)
    assert result.returncode == 1 and str(path) in result.stderr
