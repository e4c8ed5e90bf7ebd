"""The worker's sign of life, once a minute."""

from __future__ import annotations

from crm.database import commit
from crm.health import hold, operations
from crm.queue import job


@job
def heartbeat() -> None:
    """Note that the worker is at work; after a long silence, hold back what is late."""
    hold.begin_after_silence()
    operations.beat()
    commit()
