"""Handing each recorded fact, once, to those who react to it.

A batch and everything its listeners write are one transaction: either all of it happened and the batch is marked, or none.
Of a batch that fails each half is taken alone, and so on down to those that fail: one bad fact among a thousand costs twenty tries. An
activity that fails five times is parked, shown on the health page, and blocks nobody. A database that is busy or full counts against no activity.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from flask import current_app

from crm.activity.models import ContactActivity, Fact
from crm.activity.vocabulary import Activity
from crm.database import commit, db, is_busy, is_full, rollback, table_of
from crm.lib import clock
from crm.lib.bulk import among

log = logging.getLogger(__name__)
ATTEMPTS = 5
BATCH = 1_000

_activities = table_of(ContactActivity)
_FACT = [
    sa.cast(_activities.c.metadata, sa.Text) if name == "metadata_" else _activities.c[name] for name in Fact._fields
]


@dataclass(frozen=True)
class Listener:
    """A reaction: `hear` gets the activities of these kinds, oldest first, and writes rows only. No kinds means every kind."""

    hear: Callable[[Sequence[Fact]], None]
    kinds: tuple[type[Activity], ...] = ()

    def of_interest(self, activities: Sequence[Fact]) -> list[Fact]:
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
    if (error := _failure(batch)) is not None:
        log.error("a batch of %s activities failed; taking it by halves", len(batch), exc_info=error)
        _hand_out_halved(ids, error)
    return len(ids)


def waiting(limit: int = BATCH, only: Sequence[int] | None = None) -> list[Fact]:
    """Activities nobody has reacted to yet, oldest first, locked for this transaction."""
    c = _activities.c
    found = sa.select(*_FACT).where(c.dispatched_at.is_(None), c.dispatch_attempts < ATTEMPTS)
    if only is not None:
        found = found.where(among(c.id, only))
    asked = found.order_by(c.id).limit(limit).with_for_update(skip_locked=True)
    read = cache(json.loads)
    return [
        Fact(number, contact_id, kind, about, about_id, read(details), depth, at)
        for number, contact_id, kind, about, about_id, details, depth, at in db.session.connection().execute(asked)
    ]


def parked() -> sa.Select[tuple[ContactActivity]]:
    """Activities given up on, with their last error."""
    return sa.select(ContactActivity).where(
        ContactActivity.dispatched_at.is_(None), ContactActivity.dispatch_attempts >= ATTEMPTS
    )


def _hand_out(batch: Sequence[Fact]) -> None:
    listeners: Sequence[Listener] = current_app.extensions["listeners"]
    for listener in listeners:
        if heard := listener.of_interest(batch):
            listener.hear(heard)
    db.session.execute(
        sa.update(ContactActivity)
        .where(among(ContactActivity.id, [each.id for each in batch]))
        .values(dispatched_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    commit()


def _failure(batch: Sequence[Fact]) -> Exception | None:
    """Hand these out; what went wrong, in which case nothing has happened."""
    try:
        _hand_out(batch)
    except Exception as error:
        rollback()
        return error
    return None


def _hand_out_halved(ids: Sequence[int], error: Exception) -> None:
    """Hand these out, oldest first, that failed together."""
    if isinstance(error, sa.exc.OperationalError) and (len(ids) == 1 or is_busy(error) or is_full(error)):
        raise error
    if len(ids) == 1:
        _note(ids[0], error)
        return
    middle = len(ids) // 2
    for half in (ids[:middle], ids[middle:]):
        batch = waiting(len(half), only=half)
        if batch and (wrong := _failure(batch)) is not None:
            _hand_out_halved(half, wrong)


def _note(activity_id: int, error: Exception) -> None:
    log.error("activity %s failed", activity_id, exc_info=error)
    failed = {
        "dispatch_attempts": ContactActivity.dispatch_attempts + 1,
        "dispatch_error": f"{type(error).__name__}: {error}"[:500],
    }
    db.session.execute(sa.update(ContactActivity).where(ContactActivity.id == activity_id).values(failed))
    commit()
