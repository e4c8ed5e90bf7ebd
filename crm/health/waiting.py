"""Work that waits for its moment: what each feature declares of its own, counted and, after a standstill, skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from crm.activity.dispatcher import ATTEMPTS
from crm.activity.models import ContactActivity
from crm.database import db

COUNTED = 10_000
"""So many are counted; more are “10,000+”."""
OVERDUE = timedelta(hours=1)
"""What is late by more than this is told apart."""


@dataclass(frozen=True)
class Waiting:
    """A kind of work that waits. `due` selects the moments its rows were due, oldest first, of those due by `now`.

    `skip(before, reason)` gives up one batch of what was due before that moment and says how many those were; 0 when nothing is left.
    It is None where nothing leaves the house by itself. `is_late_after`: older than this, something is wrong.
    """

    key: str
    one: str
    many: str
    due: Callable[[datetime], sa.Select[tuple[datetime]]]
    skip: Callable[[datetime, str], int] | None = None
    endpoint: str | None = None
    is_late_after: timedelta = timedelta(minutes=10)

    def words(self, count: int) -> str:
        """The count with its noun."""
        number = f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
        return f"{number} {self.one if count == 1 else self.many}"


@dataclass(frozen=True)
class Queue:
    """What of one kind is due now."""

    kind: Waiting
    count: int
    overdue: int
    oldest: datetime | None

    @property
    def words(self) -> str:
        return self.kind.words(self.count)


def _undispatched(now: datetime) -> sa.Select[tuple[datetime]]:
    waits = ContactActivity.dispatched_at.is_(None), ContactActivity.dispatch_attempts < ATTEMPTS
    return (
        sa.select(ContactActivity.created_at)
        .where(*waits, ContactActivity.created_at <= now)
        .order_by(ContactActivity.id)
    )


ACTIVITIES = Waiting("activities", "activity to hand out", "activities to hand out", _undispatched)


def kinds() -> Sequence[Waiting]:
    """Every kind of work the map lists."""
    return current_app.extensions.get("waiting", ())


def queues(now: datetime, *, held_only: bool = False) -> list[Queue]:
    """What is due now of each kind; `held_only`: of those a hold keeps back."""
    return [_queue(kind, now) for kind in kinds() if kind.skip or not held_only]


def is_anything_held_back(now: datetime) -> bool:
    """Whether something would leave the house now."""
    return any(db.session.execute(kind.due(now).order_by(None).limit(1)).first() for kind in kinds() if kind.skip)


def _queue(kind: Waiting, now: datetime) -> Queue:
    return Queue(kind, _count(kind.due(now)), _count(kind.due(now - OVERDUE)), _oldest(kind.due(now)))


def _count(found: sa.Select[tuple[datetime]]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).limit(COUNTED + 1).subquery()))


def _oldest(found: sa.Select[tuple[datetime]]) -> datetime | None:
    return db.session.scalar(found.limit(1))
