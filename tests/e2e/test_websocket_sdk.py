"""AWS's device SDKs for JavaScript over WebSocket, with SigV4 from an access key: see js/websocket_sdk.js.

v1 is `aws-iot-device-sdk`, whose MQTT is an old mqtt.js; v2 is native code, which AWS's SDKs for C++, Java and Python
have too.
"""

import json

import pytest

import nodelib

SCRIPT, PACKAGES = "websocket_sdk.js", {"v1": "aws-iot-device-sdk", "v2": "aws-iot-device-sdk-v2"}


@pytest.fixture(scope="module")
def setting(module_hub):
    hub = module_hub
    ports = {listener: hub.port(listener) for listener in ("http", "mqtts", "https")}
    return json.dumps({"ports": ports, "ca": hub.ca, "token": hub.admin["token"],
                       "key": hub.admin["accessKeyId"], "secret": hub.admin["secretAccessKey"]})


def test_scenarios_are_all_here():
    assert nodelib.node(SCRIPT, "--list", package=PACKAGES["v2"]).stdout.split() == nodelib.scenarios(SCRIPT)
    assert len(nodelib.scenarios(SCRIPT)) >= 13


@pytest.mark.parametrize("scenario", nodelib.scenarios(SCRIPT))
def test_websocket_sdk(hub, name, setting, scenario):
    """A TLS port serves nobody without a credential: that they are served shows that their signature is right."""
    mark = hub.mark()
    nodelib.play(SCRIPT, scenario, setting, name, package=PACKAGES[scenario[:2]])
    if scenario.endswith("is_refused"):
        hub.wait_refused("signature does not match", since=mark)
