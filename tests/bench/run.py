"""Throughput of thingd and mosquitto on loopback, alternately, in one run, as ratios.

usage: run.py THINGD LOAD [ROUNDS]

Each cell runs one scenario against one broker for SECONDS; the broker's CPU time is read from /proc. What
counts are the ratios: the machine may be shared, and an absolute time means little.
"""
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SECONDS = 3
SCENARIOS = [
    ("fan-in 10 to 1, QoS 0", ["--pubs", "10", "--subs", "1", "--qos", "0", "--window", "1000"]),
    ("fan-in 10 to 1, QoS 1, window 100", ["--pubs", "10", "--subs", "1", "--qos", "1"]),
    ("fan-in 10 to 1, QoS 2, window 100", ["--pubs", "10", "--subs", "1", "--qos", "2"]),
    ("fan-out 1 to 100, QoS 0", ["--pubs", "1", "--subs", "100", "--qos", "0", "--window", "200"]),
    ("fan-out 1 to 100, QoS 1", ["--pubs", "1", "--subs", "100", "--qos", "1"]),
    ("50 pairs, QoS 0", ["--shape", "pairs", "--pubs", "50", "--subs", "50", "--qos", "0"]),
    ("50 pairs, QoS 1", ["--shape", "pairs", "--pubs", "50", "--subs", "50", "--qos", "1"]),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Broker:
    def __init__(self, name, command, port):
        self.name = name
        self.port = port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(port)
        self.idle_kib = resident_kib(self.process.pid)

    def run(self, load, options):
        before = cpu_seconds(self.process.pid)
        out = subprocess.run([load, "127.0.0.1", str(self.port), *options, "--seconds", str(SECONDS)],
                             check=True, capture_output=True, text=True, timeout=120)
        if out.stderr:
            print(f"  {self.name}: {out.stderr.strip()}", file=sys.stderr)
        result = json.loads(out.stdout)
        cpu = cpu_seconds(self.process.pid) - before
        return result["received"] / result["seconds"], result["received"] / max(cpu, 0.01)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def start_thingd(binary, folder):
    port = free_port()
    sets = [f"listener.mqtt.port={port}", "listener.http.enabled=false", "listener.mqtts.enabled=false",
            "listener.https.enabled=false", "log.level=error"]
    command = [binary, "-d", os.path.join(folder, "data"), "serve"]
    for one in sets:
        command += ["--set", one]
    return Broker("thingd", command, port)


def start_mosquitto(folder):
    port = free_port()
    conf = os.path.join(folder, "mosquitto.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                   "max_queued_messages 0\nmax_inflight_messages 100\nlog_type none\n")
    binary = next(path for path in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto") if os.path.exists(path))
    return Broker("mosquitto", [binary, "-c", conf], port)


def main():
    thingd_binary, load = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory(prefix="thingd-bench-") as folder:
        brokers = [start_thingd(thingd_binary, folder), start_mosquitto(folder)]
        try:
            print(f"binary {os.path.getsize(thingd_binary) / 1024:.0f} KiB; resident when idle: " +
                  ", ".join(f"{b.name} {b.idle_kib} KiB" for b in brokers))
            print(f"{'scenario':36} {'thingd msg/s':>13} {'mosquitto':>11} {'ratio':>6} "
                  f"{'per CPU s':>12} {'mosquitto':>11} {'ratio':>6}")
            for title, options in SCENARIOS:
                cells = {b.name: [] for b in brokers}
                for _ in range(rounds):
                    for broker in brokers:
                        cells[broker.name].append(broker.run(load, options))
                ours, theirs = ([statistics.median(x) for x in zip(*cells[b.name])] for b in brokers)
                print(f"{title:36} {ours[0]:13.0f} {theirs[0]:11.0f} {ours[0] / theirs[0]:6.2f} "
                      f"{ours[1]:12.0f} {theirs[1]:11.0f} {ours[1] / theirs[1]:6.2f}", flush=True)
        finally:
            for broker in brokers:
                broker.stop()


if __name__ == "__main__":
    main()
