"""After an erasure."""

from __future__ import annotations

from crm.privacy.wiping import wipe
from crm.queue import job


@job
def wipe_erased() -> None:
    """Leave nothing of what was erased in the files of the database."""
    wipe()
