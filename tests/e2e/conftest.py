"""Fixtures of the system tests: hubs to talk to, and the checks that every test ends with.

    THINGD_BIN=build/test/thingd python3 -m pytest tests/e2e

`hub` is one process for all tests of a file, so these use topics and client ids of their own;
`fresh_hub` is one for the test alone, to be stopped, killed and started again.
"""

import itertools
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import hublib  # noqa: E402

PROGRAMS = ["mosquitto_pub", "mosquitto_sub", "curl", "openssl", "stdbuf"]


def pytest_configure(config):
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        pytest.exit(f"missing programs: {', '.join(missing)}", returncode=3)


def must_be_clean(hub):
    reports = hub.sanitizer_reports()
    if reports:
        pytest.fail("the sanitizer reports:\n" + "\n".join(hub.all_lines()[-80:]))


def end(hub):
    """The last check of a hub: it ends when asked to, with 0, and no sanitizer has spoken."""
    try:
        if hub.alive():
            hub.terminate()
        elif hub.process is not None:
            code = hub.wait_exit()
            pytest.fail(f"thingd ended by itself with {code}:\n{hub.tail()}")
        must_be_clean(hub)
    finally:
        hub.remove()


@pytest.fixture(scope="module")
def module_hub():
    hub = hublib.Hub().start()
    yield hub
    end(hub)


@pytest.fixture
def hub(module_hub):
    assert module_hub.alive(), f"an earlier test ended the hub:\n{module_hub.tail()}"
    yield module_hub
    must_be_clean(module_hub)
    assert module_hub.alive(), f"this test ended the hub:\n{module_hub.tail()}"


@pytest.fixture
def fresh_hub():
    hub = hublib.Hub().start()
    yield hub
    end(hub)


@pytest.fixture
def make_hub():
    """Hubs with settings of their own: make_hub(sets=[...]).start()."""
    made = []

    def make(**words):
        hub = hublib.Hub(**words)
        made.append(hub)
        return hub

    yield make
    for hub in made:
        end(hub)


numbers = itertools.count(1)


@pytest.fixture
def name(request):
    """A client id and topic prefix that no other test of the run has."""
    return f"{request.node.originalname.replace('test_', '', 1)[:50]}-{next(numbers)}"
