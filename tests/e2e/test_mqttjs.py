"""mqtt.js, the client of browsers and Node, over TCP: see js/scenarios.js.

What it needs comes from npm by js/package-lock.json, into build/js (./dev does that). Without it these tests
fail: a client that nobody has tried is none.
"""

import os
import re
import subprocess

import pytest

from hublib import HOST

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js", "scenarios.js")
SECONDS = 60


def scenarios():
    with open(SCRIPT, encoding="utf-8") as file:
        return re.findall(r"^  async (\w+)\(\) \{$", file.read().split("const scenarios", 1)[1], re.M)


def node(*words):
    env = dict(os.environ)
    if not os.path.isdir(os.path.join(env.get("NODE_PATH", ""), "mqtt")):
        pytest.fail("mqtt.js is not installed: ./dev test says why")
    try:
        return subprocess.run(["node", SCRIPT, *words], capture_output=True, text=True, timeout=SECONDS,
                              env=env, check=False)
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"{words[0]} has waited too long: {error.stdout} {error.stderr}")


def test_scenarios_are_all_here():
    assert node("--list").stdout.split() == scenarios()
    assert len(scenarios()) >= 13


@pytest.mark.parametrize("scenario", scenarios())
def test_mqttjs(hub, name, scenario):
    """[MQTT-7.0.0-2], [MQTT-4.6.0-6]: a foreign client needs nothing but the standard."""
    done = node(scenario, f"mqtt://{HOST}:{hub.port('mqtt')}", name)
    assert done.returncode == 0 and done.stdout == f"done {scenario}\n", done.stdout + done.stderr
