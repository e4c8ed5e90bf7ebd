"""Keeping the spellings of names in order."""

from __future__ import annotations

from crm.contacts.spelling import sweep
from crm.database import commit
from crm.queue import job


@job
def sweep_names() -> None:
    """Forget the names that no contact has any more, a few at a time."""
    last = sweep("")
    commit()
    while last:
        last = sweep(last)
        commit()
