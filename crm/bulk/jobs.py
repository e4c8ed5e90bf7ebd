"""Bulk actions in the worker."""

from __future__ import annotations

from crm.bulk import runs
from crm.database import commit
from crm.queue import job, nudge


@job
def run_bulk_actions() -> None:
    """Go on with every action that nobody holds; ask to be run again when one is not done within a minute."""
    ids = runs.due()
    commit()
    unfinished = [each for each in ids if runs.run(each)]
    if unfinished:
        nudge("run_bulk_actions")
