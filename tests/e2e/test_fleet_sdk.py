"""AWS's device SDK v2 for JavaScript over mutual TLS, and its client for fleet provisioning: see js/fleet_sdk.js."""

import json

import pytest

import hublib
import nodelib
import provlib

SCRIPT, PACKAGE = "fleet_sdk.js", "aws-iot-device-sdk-v2"


@pytest.fixture
def setting(hub, name, tmp_path):
    iot = hub.boto3("iot")
    template = name[:36]
    provlib.make_template(iot, template, provlib.fleet_body(name))
    claim = provlib.claim(hub, iot, tmp_path, template)
    key, csr = hublib.make_csr(tmp_path, name)
    with open(key, encoding="ascii") as file:
        return json.dumps({"port": hub.port("mqtts"), "ca": hub.ca, "template": template, "csr": csr,
                           "key": file.read(), "claim": {"cert": claim.cert, "key": claim.key}})


def test_scenarios_are_all_here():
    assert nodelib.node(SCRIPT, "--list", package=PACKAGE).stdout.split() == nodelib.scenarios(SCRIPT)
    assert len(nodelib.scenarios(SCRIPT)) == 3


@pytest.mark.parametrize("scenario", nodelib.scenarios(SCRIPT))
def test_fleet_sdk(setting, name, scenario):
    nodelib.play(SCRIPT, scenario, setting, name, package=PACKAGE)
