"""Handing each recorded fact, once, to those who react to it.

A batch and everything its listeners write are one transaction: either all of it happened and the batch is marked, or none.
A batch that fails is taken one by one; an activity that fails five times is parked, shown on the health page, and blocks nobody.
A database that is busy or full counts against no activity.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Activity
from crm.database import commit, db, rollback
from crm.lib import clock

log = logging.getLogger(__name__)
ATTEMPTS = 5
BATCH = 500


@dataclass(frozen=True)
class Listener:
    """A reaction: `hear` gets the activities of these kinds, oldest first, and writes rows only. No kinds means every kind."""

    hear: Callable[[Sequence[ContactActivity]], None]
    kinds: tuple[type[Activity], ...] = ()

    def of_interest(self, activities: Sequence[ContactActivity]) -> list[ContactActivity]:
        """Those of `activities` this listener hears."""
        names = {each.kind for each in self.kinds}
        return [each for each in activities if not names or each.activity_type in names]


def dispatch(limit: int = BATCH) -> int:
    """Hand out one batch. Returns how many activities were taken; 0 means nothing is waiting."""
    batch = waiting(limit)
    if not batch:
        rollback()
        return 0
    ids = [each.id for each in batch]
    try:
        _hand_out(batch)
    except Exception:
        log.exception("a batch of %s activities failed; taking them one by one", len(batch))
        rollback()
        for each in ids:
            _hand_out_alone(each)
    return len(ids)


def waiting(limit: int = BATCH, only: int | None = None) -> Sequence[ContactActivity]:
    """Activities nobody has reacted to yet, oldest first, locked for this transaction."""
    found = sa.select(ContactActivity).where(
        ContactActivity.dispatched_at.is_(None), ContactActivity.dispatch_attempts < ATTEMPTS
    )
    if only is not None:
        found = found.where(ContactActivity.id == only)
    return db.session.scalars(found.order_by(ContactActivity.id).limit(limit).with_for_update(skip_locked=True)).all()


def parked() -> sa.Select[tuple[ContactActivity]]:
    """Activities given up on, with their last error."""
    return sa.select(ContactActivity).where(
        ContactActivity.dispatched_at.is_(None), ContactActivity.dispatch_attempts >= ATTEMPTS
    )


def _hand_out(batch: Sequence[ContactActivity]) -> None:
    listeners: Sequence[Listener] = current_app.extensions["listeners"]
    for listener in listeners:
        if heard := listener.of_interest(batch):
            listener.hear(heard)
    db.session.execute(
        sa.update(ContactActivity)
        .where(ContactActivity.id.in_([each.id for each in batch]))
        .values(dispatched_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    commit()


def _hand_out_alone(activity_id: int) -> None:
    try:
        if batch := waiting(1, only=activity_id):
            _hand_out(batch)
    except sa.exc.OperationalError:
        raise
    except Exception as error:
        log.exception("activity %s failed", activity_id)
        rollback()
        db.session.execute(
            sa.update(ContactActivity)
            .where(ContactActivity.id == activity_id)
            .values(
                dispatch_attempts=ContactActivity.dispatch_attempts + 1,
                dispatch_error=f"{type(error).__name__}: {error}"[:500],
            )
        )
        commit()
