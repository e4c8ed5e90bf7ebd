"""Rules of tags in the worker."""

from __future__ import annotations

import time

from crm.queue import job, nudge
from crm.tags import past

SECONDS = 4.0


@job
def go_back() -> None:
    """Go on giving tags for what happened before, for at most four seconds, then ask to be run again."""
    end = time.monotonic() + SECONDS
    while past.go_back():
        if time.monotonic() > end:
            nudge("go_back")
            return
