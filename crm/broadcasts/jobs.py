"""Broadcasts in the worker."""

from __future__ import annotations

import threading

from crm.broadcasts import link_checking, running
from crm.database import rollback
from crm.lib import clock
from crm.queue import job, nudge

_one_at_a_time = threading.Lock()


@job
def run_broadcasts() -> None:
    """Go on with broadcasts for some seconds, then ask to be run again. One run per process."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        more = running.run()
        running.refresh_counts(clock.now())
    finally:
        _one_at_a_time.release()
    if more:
        nudge("run_broadcasts")
    rollback()


@job
def check_broadcast_links() -> None:
    """Look whether the links of drafts lead somewhere."""
    while link_checking.check_next():
        pass
    rollback()
