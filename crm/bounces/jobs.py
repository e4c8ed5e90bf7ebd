"""Reports that had to wait, subscriptions to confirm, the mailbox."""

from __future__ import annotations

from crm.bounces import confirming, effects, operations
from crm.database import commit
from crm.lib import clock
from crm.queue import job


@job
def apply_reports() -> None:
    """Carry out reports whose message was being sent when they came."""
    effects.apply_waiting(clock.now())
    commit()


@job
def confirm_subscriptions() -> None:
    """Confirm the subscriptions of topics we listen to."""
    confirming.confirm_all(clock.now())


@job
def forget_reports() -> None:
    """Remove reports that nobody repeats any more."""
    while operations.forget_reports(clock.now()):
        commit()
    commit()
