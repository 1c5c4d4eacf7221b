"""mqtt.js speaks MQTT 5, as zigbee2mqtt does and as others do: see js/scenarios5.js."""

import pytest

import nodelib
from hublib import HOST

SCRIPT = "scenarios5.js"


def test_scenarios_are_all_here():
    assert nodelib.node(SCRIPT, "--list").stdout.split() == nodelib.scenarios(SCRIPT)
    assert len(nodelib.scenarios(SCRIPT)) >= 22


@pytest.mark.parametrize("scenario", nodelib.scenarios(SCRIPT))
def test_mqtt5_js(hub, name, scenario):
    nodelib.play(SCRIPT, scenario, f"mqtt://{HOST}:{hub.port('mqtt')}", name)
