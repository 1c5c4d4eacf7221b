"""The arguments of the benches that print a table, and which of its rows they ask for. A row begins with its name and
the scenario of `thingd bench`."""
import argparse
import pathlib


def read(what, binaries=("thingd",), rounds=10, of="hub"):
    parser = argparse.ArgumentParser(prog=f"./dev bench {what}")
    for binary in binaries:
        parser.add_argument(binary)
    parser.add_argument("rounds", nargs="?", type=int, default=rounds)
    parser.add_argument("-k", action="append", default=[], metavar="WORD")
    parser.add_argument("-l", action="store_true", help="list the rows")
    parser.add_argument("--cpu", type=float, default=2.0, help=f"CPU seconds of the {of} in each run")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of thingd")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    return parser.parse_args()


def choose(rows, args):
    """The rows that are wanted; none when they were only to be listed, or the arguments are of no use."""
    chosen = [row for row in rows if not args.k or any(word in row[0] or word in row[1] for word in args.k)]
    if not args.l and chosen and args.rounds >= 1:
        return chosen
    print("\n".join(f"{row[1]:18} {row[0]}" for row in rows))
    return []
