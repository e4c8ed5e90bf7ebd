"""Looking up sending domains."""

from __future__ import annotations

from crm.delivery import domains
from crm.lib import clock
from crm.queue import job


@job
def check_domains() -> None:
    """Look up the domains somebody asked about."""
    domains.run_checks(clock.now())
