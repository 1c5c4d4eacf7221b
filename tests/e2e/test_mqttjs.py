"""mqtt.js, the client of browsers and Node, over TCP: see js/scenarios.js."""

import pytest

import nodelib
from hublib import HOST

SCRIPT = "scenarios.js"


def test_scenarios_are_all_here():
    assert nodelib.node(SCRIPT, "--list").stdout.split() == nodelib.scenarios(SCRIPT)
    assert len(nodelib.scenarios(SCRIPT)) >= 13


@pytest.mark.parametrize("scenario", nodelib.scenarios(SCRIPT))
def test_mqttjs(hub, name, scenario):
    """[MQTT-7.0.0-2], [MQTT-4.6.0-6]: a foreign client needs nothing but the standard."""
    nodelib.play(SCRIPT, scenario, f"mqtt://{HOST}:{hub.port('mqtt')}", name)
