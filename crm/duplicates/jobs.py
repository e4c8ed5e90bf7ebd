"""Duplicates in the worker."""

from __future__ import annotations

from crm.database import commit
from crm.duplicates import finder, operations
from crm.queue import job


@job
def find_duplicates() -> None:
    """Look through all contacts."""
    finder.look_through()


@job
def forget_merges() -> None:
    """Forget how to undo what was merged long ago."""
    operations.forget_old()
    commit()
