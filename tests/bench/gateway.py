"""The gateway: MQTT over WebSocket beside MQTT over TCP on one hub, what an idle connection takes, and a shadow over
HTTP beside a file from nginx. Over loopback, as ratios per CPU second of the server.

usage: gateway.py THINGD [ROUNDS] [-k WORD]... [-l] [--cpu SECONDS] [--set KEY=VALUE]... [--json FILE]

A round is a hub of its own and two runs of `thingd bench` against the same port of it, one of each transport; which
comes first changes from round to round. Both write the same packets with the same system calls (32 KB of a
publisher at a time); only what stands between the packets differs: nothing, or the head of a frame after every so
many of them, and the mask. What counts is the median of the rounds' ratios. Memory is of a hub that has had no other
connections, so there each run has its own.
"""
import shutil
import statistics
import sys

import arguments
import run

SHARED, ALONE = 0.8, 0.5  # goals: packets that share frames, one packet a frame
IDLE = 5000
# name, scenario of `thingd bench`, packets that share a frame (0: all that are written together), goal
ROWS = [
    ("fan-in QoS 0, 16 packets a frame", "fan-in-0", 16, SHARED),
    ("fan-in QoS 0, 64 packets a frame", "fan-in-0", 64, None),
    ("fan-in QoS 0, a frame for each write", "fan-in-0", 0, None),
    ("fan-in QoS 0, 1 packet a frame", "fan-in-0", 1, ALONE),
    ("the same, and a write for each frame", "fan-in-0-single", 1, ALONE),
    ("fan-in QoS 1, 16 packets a frame", "fan-in-1", 16, SHARED),
    ("fan-in QoS 1, 1 packet a frame", "fan-in-1", 1, ALONE),
    ("fan-out 1 to 100, QoS 0", "fan-out-100-0", 0, SHARED),
    ("fan-out 1 to 100, QoS 1", "fan-out-100-1", 0, SHARED),
    (f"memory of each of {IDLE:,} idle connections", "idle", 0, 8192),
    ("GET of a shadow, beside a file from nginx", "shadow", 0, 0.5),
]
TRANSPORTS = ("tcp", "ws")

HEAD = ("scenario", "TCP or nginx", "gateway", "ratio", "least", "most", "goal", "")
WIDTHS = (42, 12, 10, 6, 6, 6, 9, 7)


def words_of(transport, frame):
    return [] if transport == "tcp" else ["--ws", "--frame", str(frame)] if frame else ["--ws"]


def in_turn(i):
    return TRANSPORTS if i % 2 == 0 else TRANSPORTS[::-1]


def run_flow(scenario, frame, rounds, brokers, cpu):
    """Messages per CPU second of each round, by transport."""
    rates = {transport: [] for transport in TRANSPORTS}
    for i in range(rounds):
        with brokers.thingd(False) as hub:
            for transport in in_turn(i):
                cell = run.measure(brokers.thingd_binary, hub, scenario, False, cpu, None, *words_of(transport, frame))
                rates[transport].append(cell["perBrokerCpuSecond"])
                if cell["generatorIsBottleneck"]:
                    print(f"  {scenario} over {transport}: the generator was the bottleneck", file=sys.stderr)
    return rates


def run_idle(rounds, brokers, cpu):
    """Bytes of a connection of each round, by transport."""
    sizes = {transport: [] for transport in TRANSPORTS}
    for i in range(rounds):
        for transport in in_turn(i):
            with brokers.thingd(False) as hub:
                cell = run.measure(brokers.thingd_binary, hub, "idle", False, cpu, None, "--scale",
                                   str(IDLE // 100), *words_of(transport, 0))
                if cell["count"] != IDLE:
                    raise run.Failed(f"{cell['count']} connections, not {IDLE}")
                sizes[transport].append(cell["bytesPerConnection"])
    return sizes


def run_shadow(rounds, brokers):
    import nginx_row  # needs more programs than the other rows
    folder = brokers.folder / "nginx"
    folder.mkdir(exist_ok=True)
    return nginx_row.measure(brokers.thingd_binary, folder, rounds)


def run_row(row, rounds, brokers, cpu):
    _, scenario, frame, _ = row
    if scenario == "idle":
        return run_idle(rounds, brokers, cpu)
    if scenario == "shadow":
        return run_shadow(rounds, brokers)
    return run_flow(scenario, frame, rounds, brokers, cpu)


def cells_of(beside, ours, ratios, unit=""):
    ratio = statistics.median(ratios)
    return (run.number(beside) + unit, run.number(ours) + unit, f"{ratio:.3f}", f"{min(ratios):.3f}",
            f"{max(ratios):.3f}")


def line_of(row, got):
    name, scenario, _, goal = row
    if scenario == "shadow":
        return (name, *cells_of(got["nginx"], got["thingd"], got["ratios"]), f"≥ {goal}",
                "reached" if got["ratio"] >= goal else "short")
    tcp, ws = (got[transport] for transport in TRANSPORTS)
    middle = statistics.median(ws)
    if scenario == "idle":
        ratios = [b / a if a > 0 else 0 for a, b in zip(tcp, ws)]
        return (name, *cells_of(statistics.median(tcp), middle, ratios, " B"), f"< {goal} B",
                "reached" if middle < goal else "short")
    ratios = [b / a for a, b in zip(tcp, ws)]
    verdict = "" if goal is None else "reached" if statistics.median(ratios) >= goal else "short"
    return (name, *cells_of(statistics.median(tcp), middle, ratios), f"≥ {goal}" if goal else "", verdict)


def without_what_is_missing(chosen):
    """The rows for which all is there; what is left out is told."""
    missing = [name for name in ("wrk", "nginx") if not shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")]
    if missing and any(row[1] == "shadow" for row in chosen):
        print(f"the row of the shadow is left out: there is no {' and no '.join(missing)} here", file=sys.stderr)
        chosen = [row for row in chosen if row[1] != "shadow"]
    if run.raise_limit() < IDLE + 100 and any(row[1] == "idle" for row in chosen):
        print("the row of memory is left out: the limit of open files is too low", file=sys.stderr)
        chosen = [row for row in chosen if row[1] != "idle"]
    return chosen


def main():
    args = arguments.read("gateway")
    chosen = arguments.choose(ROWS, args)
    if not chosen:
        return 0 if args.l else 2
    return run.fill(HEAD, WIDTHS, without_what_is_missing(chosen), args, run_row, line_of)


if __name__ == "__main__":
    sys.exit(main())
