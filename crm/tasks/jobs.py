"""What the clock does with tasks."""

from __future__ import annotations

from crm.database import commit, rollback
from crm.lib import clock
from crm.queue import job
from crm.tasks.operations import purge_tasks as purge
from crm.tasks.reminders import remind


@job
def remind_of_tasks() -> None:
    """Send the reminders that are due."""
    while remind(clock.now()):
        commit()
    rollback()


@job
def purge_tasks() -> None:
    """Remove tasks deleted long ago."""
    purge(clock.now())
    commit()
