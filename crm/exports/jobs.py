"""Exports in the worker."""

from __future__ import annotations

from crm.database import commit
from crm.exports import operations, runs
from crm.queue import job


@job
def run_exports() -> None:
    """Write every file that is asked for."""
    ids = runs.due()
    commit()
    for each in ids:
        runs.run(each)


@job
def sweep_exports() -> None:
    """Remove files nobody fetched for a week."""
    operations.sweep()
    commit()
