"""GET /things/NAME/shadow beside nginx, which serves a file of the same size: requests per CPU second of the server.

nginx is Debian's, with the configuration it is installed with, but for one worker, no log of accesses, and a site that
is one folder. Both are asked by wrk, one thread, with connections that are kept, turn by turn.

usage, for this row alone: nginx_row.py THINGD [ROUNDS] [-c CONNECTIONS] [-s SECONDS]
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request

import run

GOAL = 0.5
CONNECTIONS = 32
SECONDS = 3
THING = "lamp"
SHADOW = {"state": {"desired": {"power": "on", "colour": {"hue": 210, "saturation": 80}},
                    "reported": {"power": "off", "firmware": "1.4.2", "temperature": 21.5}}}
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Of a process and its children: nginx works in one."""
    total = 0.0
    for one in [pid, *map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def wrk(url, connections, seconds):
    """The number of answers, all of them 200."""
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url], capture_output=True, text=True,
                         timeout=seconds + 60)
    wrong = re.search(r"Non-2xx.*|Socket errors: connect [1-9].*", out.stdout)
    found = re.search(r"(\d+) requests in", out.stdout)
    if out.returncode or wrong or not found:
        raise run.Failed(f"wrk {url}: {wrong.group() if wrong else out.stdout + out.stderr}")
    return int(found.group(1))


def per_cpu_second(server, path, connections, seconds):
    before = cpu_seconds(server.process.pid)
    answers = wrk(f"http://127.0.0.1:{server.port}{path}", connections, seconds)
    used = cpu_seconds(server.process.pid) - before
    if used <= 0:
        raise run.Failed(f"{server.name} used no CPU for {answers} requests")
    return answers / used


def nginx_conf(folder, port):
    """Debian's, with what a run of its own needs put in its place."""
    text = pathlib.Path("/etc/nginx/nginx.conf").read_text()
    site = f"server {{ listen 127.0.0.1:{port}; root {folder}/site; }}"
    for pattern, instead in ((r"worker_processes .*;", "worker_processes 1;"),
                             (r"pid .*;", f"pid {folder}/nginx.pid;"),
                             (r"error_log .*;", f"error_log {folder}/nginx.log;"),
                             (r"access_log .*;", "access_log off;"),
                             (r"include /etc/nginx/(conf\.d|modules-enabled)/.*;", ""),
                             (r"include /etc/nginx/sites-enabled/.*;", site)):
        text = re.sub(rf"(?m)^(\s*){pattern}", lambda found: found.group(1) + instead, text)
    return text


def nginx(folder):
    port = run.free_port()
    conf = folder / "nginx.conf"
    conf.write_text(nginx_conf(folder, port))
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    return run.Broker("nginx", [binary, "-c", conf, "-g", "daemon off;"], port)


def thingd(binary, folder):
    port = run.free_port()
    sets = ["log.level=error", f"listener.http.port={port}", "listener.http.address=127.0.0.1",
            "listener.http.anonymous=true", "listener.https.enabled=false", "listener.mqtt.enabled=false",
            "listener.mqtts.enabled=false", f"limits.connections={run.CONNECTIONS}"]
    command = [binary, "-d", folder / "shadow-data", "serve"]
    for one in sets:
        command += ["--set", one]
    return run.Broker("thingd", command, port)


def put_shadow(port, path):
    """The document as it is served."""
    url = f"http://127.0.0.1:{port}{path}"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(SHADOW).encode(), method="POST")):
        pass
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def measure(thingd_binary, folder, rounds, connections=CONNECTIONS, seconds=SECONDS):
    """{"bytes": of the body, "thingd": requests per CPU second, "nginx": the same, "ratio": the median of the rounds',
    "ratios": all of them}; raises run.Failed. folder: an empty one, that every user may look into."""
    folder = pathlib.Path(folder)
    (folder / "site").mkdir(exist_ok=True)
    path = f"/things/{THING}/shadow"
    rates = {"thingd": [], "nginx": []}
    with thingd(thingd_binary, folder) as ours, nginx(folder) as theirs:
        body = put_shadow(ours.port, path)
        (folder / "site" / "shadow.json").write_bytes(body)
        turns = [(ours, path), (theirs, "/shadow.json")]
        for server, at in turns:
            wrk(f"http://127.0.0.1:{server.port}{at}", connections, 1)
        for i in range(rounds):
            for server, at in turns if i % 2 == 0 else reversed(turns):
                rates[server.name].append(per_cpu_second(server, at, connections, seconds))
    ratios = [a / b for a, b in zip(rates["thingd"], rates["nginx"])]
    return {"bytes": len(body), **{name: statistics.median(values) for name, values in rates.items()},
            "ratio": statistics.median(ratios), "ratios": ratios}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("thingd")
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("-c", type=int, default=CONNECTIONS)
    parser.add_argument("-s", type=int, default=SECONDS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thingd-bench-") as folder:
        os.chmod(folder, 0o755)
        got = measure(args.thingd, folder, args.rounds, args.c, args.s)
    print(f"{got['bytes']} bytes: thingd {run.number(got['thingd'])}, nginx {run.number(got['nginx'])} requests per "
          f"CPU second; ratio {got['ratio']:.3f} ({min(got['ratios']):.3f} to {max(got['ratios']):.3f}), "
          f"goal {GOAL}: {run.verdict(GOAL, got['ratio'])}")
    return 0 if got["ratio"] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
