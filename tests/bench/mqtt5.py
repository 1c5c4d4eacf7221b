"""MQTT 5 clients beside MQTT 3.1.1 clients on one hub, over loopback, as ratios per CPU second of the hub.

usage: mqtt5.py THINGD [ROUNDS] [-k WORD]... [-l] [--cpu SECONDS] [--set KEY=VALUE]... [--json FILE]

A round is a hub of its own and two runs of `thingd bench` against it, one with clients of each version; which
comes first changes from round to round. Nothing of MQTT 5 is in use: blocks of properties are empty. What counts
is the median of the rounds' ratios.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import run

GOAL = 0.95
# name, scenario of `thingd bench`
ROWS = [
    ("fan-in 10 to 1, QoS 0, batched writes", "fan-in-0"),
    ("fan-in QoS 1, window 100", "fan-in-1"),
    ("fan-out 1 to 100, QoS 0", "fan-out-100-0"),
    ("fan-out 1 to 100, QoS 1", "fan-out-100-1"),
]
VERSIONS = ("311", "5")

HEAD = ("scenario", "3.1.1 per CPU s", "5 per CPU s", "ratio", "least", "most", "goal", "")
WIDTHS = (38, 15, 13, 6, 6, 6, 6, 7)


def run_row(scenario, rounds, brokers, cpu):
    """Messages per CPU second of each round, by version."""
    cells = {version: [] for version in VERSIONS}
    for i in range(rounds):
        with brokers.thingd(False) as hub:
            for version in VERSIONS if i % 2 == 0 else reversed(VERSIONS):
                cell = run.measure(brokers.thingd_binary, hub, scenario, False, cpu, None, "-V", version)
                cells[version].append(cell["perBrokerCpuSecond"])
    return cells


def line_of(name, cells):
    old, new = (cells[version] for version in VERSIONS)
    ratios = [b / a for a, b in zip(old, new)]
    ratio = statistics.median(ratios)
    return (name, run.number(statistics.median(old)), run.number(statistics.median(new)), f"{ratio:.3f}",
            f"{min(ratios):.3f}", f"{max(ratios):.3f}", f"≥ {GOAL}", "reached" if ratio >= GOAL else "short")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench mqtt5")
    parser.add_argument("thingd")
    parser.add_argument("rounds", nargs="?", type=int, default=10)
    parser.add_argument("-k", action="append", default=[], metavar="WORD")
    parser.add_argument("-l", action="store_true", help="list the scenarios")
    parser.add_argument("--cpu", type=float, default=2.0, help="CPU seconds of the hub in each run")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of thingd")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures of all rounds here too")
    args = parser.parse_args()
    rows = [row for row in ROWS if not args.k or any(word in row[0] or word in row[1] for word in args.k)]
    if args.l or not rows or args.rounds < 1:
        print("\n".join(f"{scenario:18} {name}" for name, scenario in ROWS))
        return 0 if args.l else 2
    run.raise_limit()
    results = {}
    run.print_line(HEAD, WIDTHS)
    run.print_line(["-" * width for width in WIDTHS], WIDTHS)
    with tempfile.TemporaryDirectory(prefix="thingd-bench-") as folder:
        brokers = run.Brokers(args.thingd, None, pathlib.Path(folder), args.set)
        for name, scenario in rows:
            try:
                results[scenario] = run_row(scenario, args.rounds, brokers, args.cpu)
            except run.Failed as why:
                print(f"{scenario}: {why}", file=sys.stderr)
                continue
            run.print_line(line_of(name, results[scenario]), WIDTHS)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0 if len(results) == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
