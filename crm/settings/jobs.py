"""The nightly removal of what is kept no longer."""

from __future__ import annotations

import time

from crm.queue import job
from crm.settings import pruning


@job
def prune() -> None:
    """Remove it."""
    pruning.run(time.sleep)
