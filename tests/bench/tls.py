"""Mutual TLS 1.2 beside mosquitto: handshakes with P-256 keys, sessions that go on, the round trip of who is connected
while a thousand others come, and what an idle connection takes. Over loopback.

usage: tls.py THINGD TLS_LOAD TLS_PRIMITIVES [ROUNDS] [-k WORD]... [-l] [--set KEY=VALUE]... [--json FILE]

Both brokers have the same certificates, ask for the client's, and speak TLS 1.2 with ECDHE on P-256, ECDSA and
AES-128-GCM to clients of OpenSSL (tls_load.c). A round starts each of them anew. The hub's certificate of a device
is registered, so a handshake here ends with a look-up in the registry; mosquitto verifies the chain. CPU time is of
the whole process, from /proc. What mbedTLS's operations with keys take by themselves is measured in each round.
"""
import http.client
import json
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import arguments
import run

AT_ONCE, SECONDS, STORM, IDLE = 16, 4, 1000, 1000
# name, what is measured, goal, the goal in words
ROWS = [
    ("full handshakes per CPU second, beside the primitives", "primitives", 0.85, "≥ 0.85"),
    ("full handshakes per CPU second, beside mosquitto", "full-cpu", 1 / 3, "≥ 0.333"),
    ("full handshakes per second, beside mosquitto", "full-wall", 0.55, "≥ 0.55"),
    ("resumed by ticket, beside our full ones, CPU", "ticket", 5, "≥ 5"),
    ("resumed by session id, beside our full ones, CPU", "id", 5, "≥ 5"),
    (f"p99 of a round trip while {STORM:,} come, ms", "storm", 50, "< 50"),
    ("memory of an idle connection, bytes", "idle", 50 << 10, "≤ 51,200"),
]
LESS = ("storm", "idle")  # where less is better
MODES = {"primitives": "full", "full-cpu": "full", "full-wall": "full"}
HEAD = ("what", "thingd", "beside it", "ratio", "least", "most", "goal", "")
WIDTHS = (54, 9, 10, 6, 6, 6, 8, 7)


class Local(http.client.HTTPConnection):
    """The hub's Unix socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def call(self, method, path, body):
        self.request(method, path, json.dumps(body))
        answer = self.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise run.Failed(f"{method} {path}: {answer.status} {text}")
        return json.loads(text or b"{}")


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True).stdout


class Brokers(run.Brokers):
    """With client certificates: the device's is made by the hub, from a key made here."""

    def __init__(self, thingd, folder, sets):
        super().__init__(thingd, None, folder, sets)
        self.device_key, self.device_cert, self.ca = folder / "device.key", folder / "device.pem", folder / "data/ca.cert.pem"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.device_key)
        with super().thingd(True):
            self.register()

    def register(self):
        hub = Local(self.folder / "data/thingd.sock")
        csr = openssl("req", "-new", "-key", self.device_key, "-subj", "/CN=device")
        made = hub.call("POST", "/certificates?setAsActive=true", {"certificateSigningRequest": csr})
        self.device_cert.write_text(made["certificatePem"])
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
        hub.call("POST", "/policies/bench", {"policyDocument": json.dumps(document)})
        hub.call("PUT", "/target-policies/bench", {"target": made["certificateArn"]})

    def mosquitto(self, tls=True):
        port = run.free_port()
        conf = self.folder / "mosquitto.conf"
        readable = self.folder / "ca.pem"
        shutil.copyfile(self.ca, readable)
        conf.write_text(f"listener {port} 127.0.0.1\nset_tcp_nodelay true\nlog_type none\ncertfile {self.cert}\n"
                        f"keyfile {self.key}\ncafile {readable}\nrequire_certificate true\n"
                        "use_identity_as_username true\ntls_version tlsv1.2\n")
        binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        return run.Broker("mosquitto", [binary, "-c", conf], port)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def private_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private")) * 1024


class Generator:
    def __init__(self, load, brokers):
        self.load, self.brokers = load, brokers

    def command(self, broker, *words):
        return [self.load, str(broker.port), self.brokers.device_cert, self.brokers.device_key, *map(str, words)]

    def handshakes(self, broker, mode):
        pid = broker.process.pid
        before = cpu_seconds(pid)
        done = subprocess.run(self.command(broker, mode, AT_ONCE, SECONDS), capture_output=True, text=True)
        if done.returncode:
            raise run.Failed(f"{broker.name}: {done.stderr.strip()}")
        time.sleep(0.2)  # what it still has to do for those that have left
        got = json.loads(done.stdout)
        if got["resumed"] != (0 if mode == "full" else got["handshakes"]):
            raise run.Failed(f"{broker.name}: {got['resumed']} of {got['handshakes']} handshakes were resumed")
        return {"cpu": got["handshakes"] / (cpu_seconds(pid) - before), "wall": got["handshakes"] / got["seconds"]}

    def storm(self, broker):
        done = subprocess.run(self.command(broker, "storm", STORM), capture_output=True, text=True)
        if done.returncode:
            raise run.Failed(f"{broker.name}: {done.stderr.strip()}")
        return {"storm": json.loads(done.stdout)["p99Microseconds"] / 1000}

    def idle(self, broker):
        before = private_bytes(broker.process.pid)
        with subprocess.Popen(self.command(broker, "idle", IDLE), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as load:
            if not load.stdout.readline():
                raise run.Failed(f"{broker.name}: the idle connections were not made")
            took = (private_bytes(broker.process.pid) - before) / IDLE
            load.stdin.close()
        return {"idle": took}

    def measure(self, broker, mode):
        if mode in LESS:
            return getattr(self, mode)(broker)
        return self.handshakes(broker, mode)


def round_of(modes, brokers, generator, primitives):
    """{mode: {broker: figures}}, and what the primitives allow."""
    got = {"primitives": json.loads(subprocess.run([primitives], check=True, capture_output=True).stdout)}
    for mode in modes:
        got[mode] = {}
        for start in (brokers.thingd, brokers.mosquitto):
            with start(True) as broker:
                got[mode][broker.name] = generator.measure(broker, mode)
    return got


def pair_of(what, got):
    """Ours and what stands beside it in one round."""
    if what in LESS:
        return tuple(got[what][name][what] for name in ("thingd", "mosquitto"))
    full = got["full"]["thingd"]
    if what == "primitives":
        return full["cpu"], got["primitives"]["handshakes"]
    if what in ("ticket", "id"):
        return got[what]["thingd"]["cpu"], full["cpu"]
    unit = what.partition("-")[2]
    return full[unit], got["full"]["mosquitto"][unit]


def line_of(row, rounds):
    name, what, goal, text = row
    pairs = [pair_of(what, got) for got in rounds]
    ours, beside = (statistics.median(values) for values in zip(*pairs))
    ratios = [a / b if b > 0 else 0 for a, b in pairs]
    reached = ours <= goal if what in LESS else statistics.median(ratios) >= goal
    form = ".1f" if what == "storm" else ",.0f"
    return (name, f"{ours:{form}}", f"{beside:{form}}", f"{statistics.median(ratios):.3f}", f"{min(ratios):.3f}",
            f"{max(ratios):.3f}", text, "reached" if reached else "short")


def main():
    args = arguments.read("tls", ("thingd", "load", "primitives"), 5)
    chosen = arguments.choose(ROWS, args)
    if not chosen:
        return 0 if args.l else 2
    run.raise_limit()
    modes = dict.fromkeys(["full", *(MODES.get(row[1], row[1]) for row in chosen)])
    with tempfile.TemporaryDirectory(prefix="thingd-bench-") as folder:
        pathlib.Path(folder).chmod(0o755)  # mosquitto gives up being root
        brokers = Brokers(args.thingd, pathlib.Path(folder), args.set)
        generator = Generator(args.load, brokers)
        rounds = [round_of(modes, brokers, generator, args.primitives) for _ in range(args.rounds)]
    run.print_line(HEAD, WIDTHS)
    run.print_line(["-" * width for width in WIDTHS], WIDTHS)
    for row in chosen:
        run.print_line(line_of(row, rounds), WIDTHS)
    if args.json:
        args.json.write_text(json.dumps(rounds, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
