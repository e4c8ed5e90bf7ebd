"""The worker's sign of life, once a minute."""

from __future__ import annotations

from crm.database import commit
from crm.health import operations
from crm.queue import job


@job
def heartbeat() -> None:
    """Note that the worker is at work."""
    operations.beat()
    commit()
