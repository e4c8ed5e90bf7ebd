"""A real worker in a process of its own, to be killed. Modules are loaded once and forked, so that a start takes a moment."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from crm import create_app, processes, wiring  # noqa: F401

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


class Worker:
    """The consumer that `cohort worker` runs, over the instance folder and mail server given."""

    def __init__(self, instance: Path, smtp_url: str):
        self.process: ForkServerProcess = _context.Process(target=_work, args=(str(instance), smtp_url), daemon=True)
        self.process.start()

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def kill(self) -> None:
        """SIGKILL: no handler, no clean-up, no goodbye."""
        if self.process.pid and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(10)


def _work(instance: str, smtp_url: str) -> None:
    logging.disable(logging.ERROR)
    app = create_app(Path(instance), SMTP_URL=smtp_url)
    processes.worker(app)
