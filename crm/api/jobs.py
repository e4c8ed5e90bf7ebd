"""What the API does by the clock."""

from __future__ import annotations

from crm.api import idempotency
from crm.database import commit
from crm.lib import clock
from crm.queue import job


@job
def forget_keys() -> None:
    """Delete Idempotency-Keys older than a day."""
    idempotency.forget_old(clock.now())
    commit()
