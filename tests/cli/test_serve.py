"""Web and worker run side by side, and outlive each other."""

import os
import signal

import pytest

from tests.processes import run_here, serving, wait_until


@pytest.fixture
def instance(tmp_path):
    return tmp_path / "school"


def children(instance, word):
    """The processes of this school whose command line has the word."""
    found = []
    for each in os.listdir("/proc"):
        if each.isdigit():
            try:
                with open(f"/proc/{each}/environ") as environ, open(f"/proc/{each}/cmdline") as command:
                    if str(instance) in environ.read() and f"crm.cli\0{word}" in command.read():
                        found.append(int(each))
            except OSError:
                continue
    return found


def test_a_killed_worker_is_started_again(instance):
    with serving(instance):
        (first,) = children(instance, "worker")
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: [each for each in children(instance, "worker") if each != first], 20)
    assert not children(instance, "worker")
    assert not children(instance, "web")


def test_doctor_names_what_is_wrong(instance):
    reply = run_here(instance, "doctor")
    assert reply.exit_code == 1
    assert "WRONG worker: never seen" in reply.stdout
