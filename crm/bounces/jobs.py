"""Reports that had to wait, subscriptions to confirm, the mailbox."""

from __future__ import annotations

from crm.bounces import confirming, effects, mailbox, operations
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


@job
def read_mailbox() -> None:
    """Read bounces and replies from the mailbox, if one is set."""
    mailbox.read_mailbox(clock.now())
