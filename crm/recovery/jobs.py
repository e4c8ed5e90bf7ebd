"""Forgetting what was deleted long ago."""

from __future__ import annotations

from crm.database import commit
from crm.queue import job
from crm.recovery.operations import forget_old


@job
def forget_deleted() -> None:
    """Remove for good what was deleted DELETED_KEPT_DAYS ago, a few hundred at a time."""
    while forget_old():
        commit()
    commit()
