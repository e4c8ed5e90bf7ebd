"""Keeping audiences up to date in the worker."""

from __future__ import annotations

import threading
import time

from crm.audiences import refreshing
from crm.database import rollback
from crm.queue import job, nudge

SECONDS = 3.5
_one_at_a_time = threading.Lock()


@job
def settle_audiences() -> None:
    """Look again at those to whom something happened, for a few seconds, then ask to be run again."""
    end = time.monotonic() + SECONDS
    while refreshing.settle_touched():
        if time.monotonic() > end:
            nudge("settle_audiences")
            return
    rollback()


@job
def refresh_audiences() -> None:
    """Look at everyone in the audiences that are due, for a few seconds, then ask to be run again. One run per process."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    end = time.monotonic() + SECONDS
    try:
        is_done = refreshing.refresh_due(goes_on=lambda: time.monotonic() < end)
    finally:
        _one_at_a_time.release()
    if not is_done:
        nudge("refresh_audiences")
    rollback()
