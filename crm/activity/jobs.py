"""Dispatching in the worker."""

from __future__ import annotations

import time

from crm.activity import dispatcher
from crm.queue import job, nudge

SECONDS = 4.0


@job
def dispatch() -> None:
    """Hand out what is waiting, for at most four seconds, then ask to be run again."""
    end = time.monotonic() + SECONDS
    while dispatcher.dispatch():
        if time.monotonic() > end:
            nudge("dispatch")
            return
