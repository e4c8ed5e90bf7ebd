"""How much goes out: so many a day, more each day while a sender is new, and so many a minute to one domain. Nothing is dropped: it waits.

A tenth of the day's number is kept for single mails, and what is no marketing (a password, a receipt) goes whatever the number.
The counts stand in the database, so several workers keep them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

import sqlalchemy as sa
from flask import current_app

from crm.database import db, insert_new, is_postgresql, table_of
from crm.delivery.models import SendingDay
from crm.lib import clock
from crm.settings.queries import school_timezone

_days = table_of(SendingDay)
ENOUGH = 1_000_000
"""Warming up to this many a day is warm."""


_TAKING = 7_229_001  # a number of our own, so that nobody else means this lock


@dataclass(frozen=True)
class Room:
    """How many more messages may be taken today: of lanes, and of the ordinary lane."""

    lanes: int
    ordinary: int


def day_limit(now: datetime) -> int | None:
    """How many emails may go out today; None for any number."""
    config = current_app.config
    limits = [config["MAIL_PER_DAY"] or ENOUGH]
    start, day = config["MAIL_WARMUP_START"], _today(now)
    if start and day >= start:
        days = min((day - start).days, 1000)
        growth = 1 + config["MAIL_WARMUP_GROWTH"] / 100
        limits.append(int(min(config["MAIL_WARMUP_FIRST"] * growth ** min(days, 300), ENOUGH)))
    least = min(limits)
    return None if least == ENOUGH and not config["MAIL_PER_DAY"] else least


def room(now: datetime) -> Room | None:
    """What is left of today; None for any number."""
    limit = day_limit(now)
    if limit is None:
        return None
    used = db.session.scalar(sa.select(_days.c.count).where(_days.c.day == _today(now))) or 0
    return Room(max(0, limit - max(1, limit // 10) - used), max(0, limit - used))


def room_to_take(now: datetime) -> Room | None:
    """The same for whoever takes messages: until the commit no other worker takes any, so that two do not use up the same room.

    SQLite has one writer anyway. A lock on the day's row would be in the way of those who only note results.
    """
    if day_limit(now) is None:
        return None
    if is_postgresql():
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_TAKING)))
    return room(now)


def count(now: datetime, messages: int) -> None:
    """Note that so many messages were taken at that moment, or, below nothing, given back."""
    if not messages or day_limit(now) is None:
        return
    insert_new(_days, [{"day": _today(now), "count": 0}], returning=_days.c.count)
    more = sa.update(_days).where(_days.c.day == _today(now)).values(count=_days.c.count + messages)
    db.session.connection().execute(more)


def uncount(taken_at: Iterable[datetime]) -> None:
    """Count messages that were given back no longer: each for the day it was taken on, which may be over by now."""
    for _, moments in groupby(sorted(taken_at), _today):
        some = [*moments]
        count(some[0], -len(some))


def why_waiting(lane_id: int, now: datetime) -> tuple[str, datetime] | None:
    """Why messages of a lane that are due do not go today, in words, and when they will."""
    left = room(now)
    if left is None or (left.lanes if lane_id else left.ordinary):
        return None
    return f"The day's number of {day_limit(now):,} emails is used up", tomorrow(now)


def tomorrow(now: datetime) -> datetime:
    """The next midnight of the school."""
    after = datetime.combine(_today(now) + timedelta(days=1), time())
    return clock.moment_of(after, school_timezone())


def _today(now: datetime) -> date:
    return clock.local(now, school_timezone()).date()
