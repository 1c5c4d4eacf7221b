"""thingd beside mosquitto and a bare relay, over loopback, as ratios per CPU second of the broker.

usage: run.py THINGD RELAY [ROUNDS] [-k WORD]... [-l] [--cpu SECONDS] [--set KEY=VALUE]... [--json FILE]

Every cell is a broker of its own, started for it, and one run of `thingd bench`, which stops when the broker
has used --cpu seconds of CPU and counts to the last message. The brokers take turns within a round. What
counts are the ratios of the medians: the machine may be shared, and an absolute time means little.
"""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import arguments

NEAR = 0.85  # a row counts as reached from this share of its goal on
LONGEST = 60  # seconds of a cell
CONNECTIONS = 10100  # that the scenarios need

# name, scenario of `thingd bench`, goal of thingd ÷ mosquitto, mode of the relay if there is one for it
ROWS = [
    ("fan-in 10 to 1, QoS 0, batched writes", "fan-in-0", 11, "fan"),
    ("the same, one packet for each write", "fan-in-0-single", "relay", "fan"),
    ("fan-in QoS 1, window 100", "fan-in-1", 10, None),
    ("fan-in QoS 2", "fan-in-2", 13, None),
    ("fan-out 1 to 100, QoS 0", "fan-out-100-0", 13, "fan"),
    ("fan-out 1 to 100, QoS 1", "fan-out-100-1", 16, None),
    ("fan-out 1 to 1000, QoS 0", "fan-out-1000-0", 22, "fan"),
    ("fan-out 1 to 1000, QoS 1", "fan-out-1000-1", 15, None),
    ("50 pairs, QoS 0", "pairs-50-0", 11, "pairs"),
    ("50 pairs, QoS 1", "pairs-50-1", 9, None),
    ("500 pairs, QoS 1, window 1", "pairs-500-1", 1.2, None),
    ("10,000 wildcard subscriptions", "filters-10k", 6, None),
    ("100,000 wildcard subscriptions", "filters-100k", 5, None),
    ("subscribing 100,000 filters", "subscribe", 1.5, None),
    ("connects over TCP", "connect", 1.3, None),
    ("offline queue: enqueue 60,000", "queue-in", 3, None),
    ("offline queue: drain of those", "queue-out", 6, None),
    ("10,000 wildcard subscriptions, guests", "guests", 5, None),
    ("fan-in QoS 0 over TLS 1.2", "fan-in-0 tls", 4.5, None),
    ("latency at 20,000 messages/s, p50", "latency", 1.0, None),
    ("memory of an idle connection", "idle", 1536, None),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Failed(Exception):
    """A cell that has no figure, and why."""


class Broker:
    """A process that listens on loopback; ends with the `with`."""

    def __init__(self, name, command, port):
        self.name, self.command, self.port = name, command, port

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.__exit__()
        raise Failed(f"{self.name} does not listen on port {self.port}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Brokers:
    """The commands that start them, with what they need below `folder`."""

    def __init__(self, thingd, relay, folder, sets=()):
        self.thingd_binary, self.relay_binary, self.folder, self.sets = thingd, relay, folder, list(sets)
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        self.key.chmod(0o644)  # mosquitto gives up being root before it reads

    def thingd(self, tls):
        port = free_port()
        sets = ["log.level=error", f"limits.connections={CONNECTIONS}", "listener.http.enabled=false",
                "listener.https.enabled=false", f"tls.cert={self.cert}", f"tls.key={self.key}"]
        here, other = ("mqtts", "mqtt") if tls else ("mqtt", "mqtts")
        sets += [f"listener.{here}.port={port}", f"listener.{here}.address=127.0.0.1",
                 f"listener.{here}.anonymous=true", f"listener.{other}.enabled=false"]
        sets += self.sets
        command = [self.thingd_binary, "-d", self.folder / "data", "serve"]
        for one in sets:
            command += ["--set", one]
        return Broker("thingd", command, port)

    def mosquitto(self, tls):
        port = free_port()
        conf = self.folder / "mosquitto.conf"
        # no limit of the number and bytes of queued messages; as many in flight as thingd's default
        conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                        "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 100\nlog_type none\n" +
                        (f"certfile {self.cert}\nkeyfile {self.key}\n" if tls else ""))
        binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        return Broker("mosquitto", [binary, "-c", conf], port)

    def relay(self, mode):
        port = free_port()
        return Broker("relay", [self.relay_binary, str(port), mode], port)


def measure(generator, broker, scenario, tls, cpu, cert, *words):
    """One cell: the object that `thingd bench --json` prints; `words` are more of its flags."""
    command = [generator, "bench", scenario, "--json", "--pid", str(broker.process.pid), "-p", str(broker.port),
               *words]
    # latency and memory are no question of CPU
    command += ["-s", "5"] if scenario == "latency" else ["-s", str(LONGEST), "--cpu", str(cpu)]
    if tls:
        command += ["--cafile", cert]
    out = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST + 600)
    if out.returncode:
        raise Failed(f"{broker.name}: {out.stderr.strip()}")
    result = json.loads(out.stdout)[0]
    if result["lost"]:
        print(f"  {broker.name} lost {result['lost']} of {result['count']} messages", file=sys.stderr)
    return result


def median(cells, member):
    return statistics.median(cell[member] for cell in cells)


def run_row(row, rounds, brokers, cpu):
    """Medians by broker: {"thingd": {member: value}, ...}."""
    scenario, _, tls = row[1].partition(" ")
    starts = [("thingd", lambda: brokers.thingd(tls)), ("mosquitto", lambda: brokers.mosquitto(tls))]
    if row[3]:
        starts.append(("relay", lambda: brokers.relay(row[3])))
    cells = {name: [] for name, _ in starts}
    for _ in range(rounds):
        for name, start in starts:
            with start() as broker:
                cells[name].append(measure(brokers.thingd_binary, broker, scenario, tls, cpu, brokers.cert))
    numbers = [m for m, value in cells["thingd"][0].items() if isinstance(value, (int, float))]
    return {name: {m: median(got, m) for m in numbers if all(m in cell for cell in got)}
            for name, got in cells.items()}


def verdict(goal, value, less=False):
    share = goal / value if less else value / goal
    return "reached" if share >= 1 else "reached at 0.85" if share >= NEAR else "short"


def number(value):
    return f"{value:,.0f}"


def lines_of(row, got):
    """The rows of the table: name, thingd, mosquitto, per CPU second of both, ratio, goal, verdict, relay."""
    ours, theirs, relay = got["thingd"], got["mosquitto"], got.get("relay")
    name, scenario, goal = row[:3]
    if scenario == "latency":
        for p, most in ("p50", goal), ("p99", 1.5):
            a, b = ours[p + "Microseconds"], theirs[p + "Microseconds"]
            yield (name.replace("p50", p), f"{a:.0f} µs", f"{b:.0f} µs", "", "", f"{a / b:.2f}", f"≤ {most}",
                   verdict(most, a / b, less=True), "")
        return
    if scenario == "idle":
        a, b = ours["bytesPerConnection"], theirs["bytesPerConnection"]
        yield (name, f"{number(a)} B", f"{number(b)} B", "", "", f"{a / b:.2f}" if b > 0 else "–",
               f"≤ {number(goal)} B", verdict(goal, a, less=True) if a > 0 else "reached", "")
        return
    a, b = ours["perBrokerCpuSecond"], theirs["perBrokerCpuSecond"]
    if goal == "relay":
        goal = relay["perBrokerCpuSecond"] / b
    yield (name, number(ours["perSecond"]), number(theirs["perSecond"]), number(a), number(b), f"{a / b:.1f}",
           f"≥ {goal:.3g}", verdict(goal, a / b), number(relay["perBrokerCpuSecond"]) if relay else "")


HEAD = ("scenario", "thingd /s", "mosquitto /s", "thingd per CPU s", "mosquitto", "ratio", "goal", "", "relay")
WIDTHS = (38, 11, 12, 16, 11, 5, 9, 15, 11)


def print_line(cells, widths=WIDTHS):
    print("| " + " | ".join(cell.ljust(width) if i in (0, 7) else cell.rjust(width)
                            for i, (cell, width) in enumerate(zip(cells, widths))) + " |", flush=True)


def raise_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def fill(head, widths, rows, args, run_row, line_of):
    """A table of two things on one hub, row by row: run_row(row, rounds, brokers, cpu), line_of(row, figures). The
    exit code."""
    results = {}
    print_line(head, widths)
    print_line(["-" * width for width in widths], widths)
    with tempfile.TemporaryDirectory(prefix="thingd-bench-") as folder:
        pathlib.Path(folder).chmod(0o755)  # nginx serves as another user
        brokers = Brokers(args.thingd, None, pathlib.Path(folder), args.set)
        for row in rows:
            try:
                results[row[0]] = run_row(row, args.rounds, brokers, args.cpu)
            except Failed as why:
                print(f"{row[0]}: {why}", file=sys.stderr)
                continue
            print_line(line_of(row, results[row[0]]), widths)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0 if len(results) == len(rows) else 1


def main():
    args = arguments.read("broker", ("thingd", "relay"), 5, "broker")
    rows = arguments.choose(ROWS, args)
    if not rows:
        return 0 if args.l else 2
    if raise_limit() < CONNECTIONS + 100:
        print("the limit of open files is too low for the row of idle connections", file=sys.stderr)
        rows = [row for row in rows if row[1] != "idle"]
    results = {}
    print_line(HEAD)
    print_line(["-" * width for width in WIDTHS])
    with tempfile.TemporaryDirectory(prefix="thingd-bench-") as folder:
        os.chmod(folder, 0o755)
        brokers = Brokers(args.thingd, args.relay, pathlib.Path(folder), args.set)
        for row in rows:
            try:
                results[row[1]] = run_row(row, args.rounds, brokers, args.cpu)
            except Failed as why:
                print(f"{row[1]}: {why}", file=sys.stderr)
                continue
            for cells in lines_of(row, results[row[1]]):
                print_line(cells)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0 if len(results) == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
