"""Scenarios in JavaScript: each is a function of an object in a file of js/, and a test of its own.

What they need comes from npm by js/package-lock.json, into build/js (./dev does that). Without it these tests fail: a
client that nobody has tried is none.
"""

import os
import re
import subprocess

import pytest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js")
SECONDS = 60


def scenarios(script):
    with open(os.path.join(FOLDER, script), encoding="utf-8") as file:
        return re.findall(r"^  async (\w+)\(\) \{$", file.read().split("const scenarios", 1)[1], re.M)


def node(script, *words, package="mqtt"):
    """The finished process."""
    if not os.path.isdir(os.path.join(os.environ.get("NODE_PATH", ""), package)):
        pytest.fail(f"{package} is not installed: ./dev test says why")
    try:
        return subprocess.run(["node", os.path.join(FOLDER, script), *map(str, words)], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"{words[0]} has waited too long: {error.stdout} {error.stderr}")


def play(script, scenario, *words, **more):
    done = node(script, scenario, *words, **more)
    assert done.returncode == 0 and done.stdout == f"done {scenario}\n", done.stdout + done.stderr
