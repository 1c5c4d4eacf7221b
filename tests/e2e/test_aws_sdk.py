"""The AWS IoT Device SDK v2 speaks MQTT 5 with a certificate, as devices of AWS IoT do: see js/aws_sdk.js.

Its MQTT client is native code, which is in the package `aws-crt` for each platform; so nothing needs to be built.
"""

import json
import os
import socket
import subprocess

import pytest

import nodelib
from conftest import end
from hublib import TIMEOUT, Hub

SCRIPT, PACKAGE = "aws_sdk.js", "aws-iot-device-sdk-v2"
APART = ("negotiates_with_aws_strict", "hub_restarts")  # with a hub of their own


def setting(hub):
    things = [hub.add_thing(f"sdk-{i}") for i in (1, 2)]
    return json.dumps({"port": hub.port("mqtts"), "ca": hub.ca,
                       "things": [{"name": t.name, "cert": t.cert, "key": t.key} for t in things]})


@pytest.fixture(scope="module")
def usual(module_hub):
    """The same two things for all scenarios, which leave nothing behind."""
    return setting(module_hub)


@pytest.fixture(scope="module")
def strict():
    hub = Hub(sets=["hub.profile=aws-strict"]).start()
    yield setting(hub)
    end(hub)


def test_scenarios_are_all_here():
    assert nodelib.node(SCRIPT, "--list", package=PACKAGE).stdout.split() == nodelib.scenarios(SCRIPT)
    assert len(nodelib.scenarios(SCRIPT)) >= 13


@pytest.mark.parametrize("scenario", [s for s in nodelib.scenarios(SCRIPT) if s not in APART])
def test_aws_sdk(hub, usual, scenario):
    """Its user name is what it tells about itself, without a password; the certificate says who it is."""
    nodelib.play(SCRIPT, scenario, usual, package=PACKAGE)


@pytest.mark.parametrize("scenario", ["negotiates_with_aws_strict", "publishes_and_receives", "denied",
                                      "session_is_rejoined", "newcomer_takes_over"])
def test_aws_sdk_with_aws_strict(strict, scenario):
    nodelib.play(SCRIPT, scenario, strict, package=PACKAGE)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def test_hub_restarts(make_hub):
    """It is told why, connects again by itself, and has its session."""
    hub = make_hub(sets=[f"listener.mqtts.port={free_port()}"]).start()
    words = ["node", os.path.join(nodelib.FOLDER, SCRIPT), "hub_restarts", setting(hub)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "connected\n", process.stderr.read()
            hub.restart()
            out, err = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert process.returncode == 0 and out == "done hub_restarts\n", out + err
