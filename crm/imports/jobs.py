"""Imports in the worker."""

from __future__ import annotations

from crm.database import commit
from crm.imports import loading, operations, runs
from crm.queue import job, nudge


@job
def run_imports() -> None:
    """Go on with every import that nobody holds; ask to be run again when one is not done within a minute."""
    ids = runs.due()
    commit()
    unfinished = [each for each in ids if runs.run(each)]
    if unfinished:
        nudge("run_imports")
    loading.build_missing_unless_loading()


@job
def sweep_imports() -> None:
    """Delete forgotten uploads."""
    operations.sweep()
    commit()
