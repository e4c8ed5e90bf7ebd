"""What the clock does with notes."""

from __future__ import annotations

from crm.database import commit
from crm.lib import clock
from crm.notes.operations import purge_notes as purge
from crm.queue import job


@job
def purge_notes() -> None:
    """Remove notes deleted long ago."""
    purge(clock.now())
    commit()
