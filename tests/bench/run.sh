#!/bin/sh
# run.sh — the figures of `./dev bench`: thingd beside mosquitto, as ratios.
set -eu
ninja -C build/release --quiet tests/bench/load >/dev/null
exec python3 tests/bench/run.py build/release/src/thingd build/release/tests/bench/load "$@"
