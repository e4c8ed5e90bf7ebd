"""Sending in the worker."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from flask import current_app

from crm.database import commit, rollback
from crm.delivery import ledger
from crm.email import account_mails, judging, notifying
from crm.email.claiming import messages
from crm.email.sending import new_delivery
from crm.email.turns import next_turn
from crm.email.writing import Writer
from crm.lib import clock
from crm.queue import job, nudge

log = logging.getLogger(__name__)
SECONDS = 3.5
THROUGH = "run_broadcasts"
"""Woken when nothing is left to send just now, so that a mailing that is through says so at once and not within a minute."""
_one_at_a_time = threading.Lock()


@job
def deliver() -> None:
    """Send what is due for a few seconds, then ask to be run again. One run per process, so that mail leaves room for the rest."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        goes_on = _deliver()
    finally:
        _one_at_a_time.release()
    nudge("deliver" if goes_on else THROUGH)
    rollback()


@job
def mail_notifications() -> None:
    """Write the emails of what staff were told."""
    while notifying.queue_mails(clock.now()):
        commit()
    rollback()


@job
def settle_clicks() -> None:
    """Judge the clicks that came right after the delivery."""
    while judging.settle_clicks(clock.now()):
        commit()
    rollback()


@job
def mail_accounts() -> None:
    """Write the emails of invitations and forgotten passwords."""
    while account_mails.queue_mails(clock.now()):
        commit()
    rollback()


def _deliver() -> bool:
    """Whether there is more to do soon. Meanwhile the connections are kept, and with them what still waits for an answer."""
    sweep()
    delivery = current_app.extensions.pop("delivery", None)
    try:
        if delivery is None:
            delivery = new_delivery()
        else:
            delivery.writer = Writer()
    except ValueError as error:
        log.error("no email can be sent: MAIL_FROM: %s", error)
        return False
    delivery.run(SECONDS)
    if delivery.provider.held or (not delivery.is_down and _is_more_due()):
        current_app.extensions["delivery"] = delivery
        return True
    delivery.close()
    return False


def _is_more_due() -> bool:
    now = clock.now()
    soonest = next_turn(now)
    return soonest is not None and soonest < now + timedelta(seconds=SECONDS)


def sweep() -> None:
    """Settle what a crash left behind."""
    now = clock.now()
    if ledger.needs_sweep(messages, now):
        ledger.sweep(messages, now)
        commit()
    else:
        rollback()
