"""MQTT 5 clients beside MQTT 3.1.1 clients on one hub, over loopback, as ratios per CPU second of the hub.

usage: mqtt5.py THINGD [ROUNDS] [-k WORD]... [-l] [--cpu SECONDS] [--set KEY=VALUE]... [--json FILE]

A round is a hub of its own and two runs of `thingd bench` against it, one with clients of each version; which
comes first changes from round to round. Nothing of MQTT 5 is in use: blocks of properties are empty. What counts
is the median of the rounds' ratios.
"""
import statistics
import sys

import arguments
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


def run_row(row, rounds, brokers, cpu):
    """Messages per CPU second of each round, by version."""
    cells = {version: [] for version in VERSIONS}
    for i in range(rounds):
        with brokers.thingd(False) as hub:
            for version in VERSIONS if i % 2 == 0 else reversed(VERSIONS):
                cell = run.measure(brokers.thingd_binary, hub, row[1], False, cpu, None, "-V", version)
                cells[version].append(cell["perBrokerCpuSecond"])
    return cells


def line_of(row, cells):
    old, new = (cells[version] for version in VERSIONS)
    ratios = [b / a for a, b in zip(old, new)]
    ratio = statistics.median(ratios)
    return (row[0], run.number(statistics.median(old)), run.number(statistics.median(new)), f"{ratio:.3f}",
            f"{min(ratios):.3f}", f"{max(ratios):.3f}", f"≥ {GOAL}", "reached" if ratio >= GOAL else "short")


def main():
    args = arguments.read("mqtt5")
    chosen = arguments.choose(ROWS, args)
    if not chosen:
        return 0 if args.l else 2
    run.raise_limit()
    return run.fill(HEAD, WIDTHS, chosen, args, run_row, line_of)


if __name__ == "__main__":
    sys.exit(main())
