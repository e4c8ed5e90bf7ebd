"""The processes: the web server, the worker, and the pair of them kept alive together."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from huey.consumer import Consumer

from crm.database import after_commit, commit
from crm.queue import nudge

log = logging.getLogger(__name__)
GRACE = 8.0
"""Seconds a process has to finish what it is doing once it is told to stop; jobs take at most five."""


def web(host: str, port: int) -> None:
    """Serve pages until told to stop: one process, eight threads."""
    Granian(
        "crm:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=8,
        websockets=False,
        workers_kill_timeout=int(GRACE) - 2,  # before it is killed itself, and what it started would be left behind
        respawn_failed_workers=True,
        respawn_interval=0.5,
    ).serve()


def worker(app: Flask) -> None:
    """Do background work until told to stop. Begins with every job of the clock, to catch up."""
    consumer: Consumer = app.extensions["huey"].create_consumer(
        workers=2,
        max_delay=0.2,
        flush_locks=True,
        graceful_signal="TERM",
        shutdown_timeout=4,
    )
    with app.app_context():
        for line in app.extensions["clock"]:
            after_commit(nudge, line.job.name)
        commit()
    consumer.run()


def together(commands: dict[str, Sequence[str]], anew: Path | None = None) -> int:
    """Run these programs side by side until a signal, starting again whichever dies. Returns the exit status.

    All are started again when the file `anew` changes: the data were replaced under them. One that dies three times within ten seconds ends them all: something is wrong that a restart does not mend.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    running = {name: _start(command) for name, command in commands.items()}
    deaths: list[float] = []
    seen = _changed_at(anew)
    while not stopping.wait(0.2):
        if seen != _changed_at(anew):
            seen = _changed_at(anew)
            log.warning("the data were replaced; starting everything again")
            _stop(running.values())
            running = {name: _start(command) for name, command in commands.items()}
        for name, process in running.items():
            if process.poll() is None:
                continue
            log.error("%s ended with status %s; starting it again", name, process.returncode)
            deaths = [each for each in deaths if time.monotonic() - each < 10] + [time.monotonic()]
            running[name] = _start(commands[name])
        if len(deaths) >= 3:
            break
    _stop(running.values())
    return 0 if stopping.is_set() else 1


def _changed_at(path: Path | None) -> float:
    return path.stat().st_mtime if path and path.exists() else 0.0


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "crm.cli", *command])  # noqa: S603


def _stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    alive = [each for each in processes if each.poll() is None]
    for process in alive:
        process.terminate()
    end = time.monotonic() + GRACE
    for process in alive:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
