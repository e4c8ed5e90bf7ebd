"""The real product in processes of its own, for tests that watch or kill them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from crm.cli import cli


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(instance: Path, **settings: str) -> dict[str, str]:
    """The settings of a school in `instance`, and nothing of the tester's own."""
    own = {key: value for key, value in os.environ.items() if not key.endswith(("_URL", "_KEY", "_PATH"))}
    return {**own, "PATH": os.environ["PATH"], "INSTANCE_PATH": str(instance), **settings}


def start(instance: Path, *command: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start `cohort COMMAND` for the school; its output goes to `cohort.log` beside the data."""
    instance.mkdir(exist_ok=True)
    with open(instance / "cohort.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "crm.cli", *command], env=environment(instance, **settings), stdout=log, stderr=log
        )


def run(instance: Path, *command: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `cohort COMMAND` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "crm.cli", *command],
        env=environment(instance, **settings), input=typed, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def run_here(instance: Path, *command: str, **settings: str) -> Result:
    """The same in this process, which saves starting Python anew: for commands of which another test has seen a real process."""
    gone = dict.fromkeys(os.environ.keys() - environment(instance).keys())
    return CliRunner().invoke(cli, command, env={**gone, **environment(instance, **settings)})


@contextmanager
def serving(instance: Path, **settings: str) -> Iterator[str]:
    """The school, web and worker, until the end of the block; its address."""
    port = free_port()
    process = start(instance, "serve", "--port", str(port), **settings)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{address}/readyz"), 60)
        yield address
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process in order; by force after 30 seconds."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(is_so: object, seconds: float) -> None:
    """Wait until `is_so()`; fail after that many seconds."""
    end = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False
