"""The worker's sign of life, once a minute."""

from __future__ import annotations

from crm.database import commit, reading
from crm.health import checks, hold, operations
from crm.queue import job


@job
def heartbeat() -> None:
    """Note that the worker is at work; after a long silence, hold back what is late."""
    hold.begin_after_silence()
    operations.beat()
    commit()


@job
def look_after_health() -> None:
    """Look whether anything is wrong, for the mark in the navigation."""
    with reading():
        findings = checks.run()
    operations.note_troubles(findings)
    commit()
