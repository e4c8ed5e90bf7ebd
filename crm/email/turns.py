"""Whose turn it is: which lanes messages are taken from, and how many from each.

The ordinary lane comes first and takes half of a batch, or all of it while nobody else waits; what is left is shared among the
open lanes, in turn. A lane's own pace is kept in its row, so that several workers together keep it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from crm.database import db, table_of
from crm.delivery import ledger
from crm.email import limits
from crm.email.lanes import ORDINARY
from crm.email.models import EmailLane, EmailMessage
from crm.health import hold

_messages, _lanes = table_of(EmailMessage), table_of(EmailLane)
Taken = namedtuple(
    "Taken",
    (
        "id", "fence", "attempts", "contact_id", "content_id", "template_id", "purpose", "parent_id", "lane_id", "is_marketing",
        "kind", "topic_id", "sender_id", "to_address", "merge_values", "actor", "depth", "due_at", "slot_at", "failing_since", "resent_at",
    ),
)  # fmt: skip
"""What sending needs to know of a message; of all forty columns a third of the time went into reading them.

A field of a SQLAlchemy row takes thirty times as long to read, and each of these is read some thirty times.
"""
_TAKEN = tuple(_messages.c[name] for name in Taken._fields)
_BURST = timedelta(seconds=1)
"""How much a lane that was slow, or had nothing to send, may catch up on."""


@dataclass
class Turns:
    """The order in which lanes are asked. Each batch begins with the lane after the one that began the batch before."""

    begun: int = 0

    def claim(self, now: datetime, limit: int) -> list[Taken]:
        """Take up to `limit` messages that are due, in the open transaction; no more than the day has room for."""
        lanes = _open_lanes(now)  # first: whoever else takes from lanes waits here, and then finds the day counted
        room = limits.room_to_take(now) or limits.Room(limit, limit)
        lanes = lanes if room.lanes else []
        rows = [*_claim_ordinary(now, limit - limit // 2 if lanes else limit, room)]
        for lane, left in self._in_turn(lanes):
            share = -(-(limit - len(rows)) // left)
            rows += self._claim_from(lane, now, min(share, room.lanes - len(rows)))
        if lanes and len(rows) < limit:
            rows += _claim_ordinary(now, limit - len(rows), limits.Room(0, room.ordinary - len(rows)))
        return rows

    def _in_turn(self, lanes: Sequence[sa.Row[Any]]) -> Iterator[tuple[sa.Row[Any], int]]:
        """The lanes, each with how many are still to come."""
        first = next((at for at, lane in enumerate(lanes) if lane.id > self.begun), 0)
        turned = [*lanes[first:], *lanes[:first]]
        self.begun = turned[0].id if turned else 0
        for at, lane in enumerate(turned):
            yield lane, len(turned) - at

    def _claim_from(self, lane: sa.Row[Any], now: datetime, limit: int) -> list[Taken]:
        if limit <= 0:
            return []
        if not lane.per_minute:
            return _claim(now, limit, lane.id)
        step = timedelta(minutes=1) / lane.per_minute
        start = max(lane.next_at or now, now - _BURST)
        allowed = min(limit, int((now - start) / step) + 1) if start <= now else 0
        rows = _claim(now, allowed, lane.id) if allowed else []
        if rows:
            paced = sa.update(_lanes).where(_lanes.c.id == lane.id).values(next_at=start + len(rows) * step)
            db.session.execute(paced, execution_options={"synchronize_session": False})
        return rows


def next_turn(now: datetime) -> datetime | None:
    """The soonest moment at which something can be taken, of what is due now; None when nothing waits that may go."""
    if hold.current() is not None:
        return None
    room = limits.room(now) or limits.Room(1, 1)
    if db.session.scalar(sa.select(_due(ORDINARY, now, only_needed=not room.ordinary))):
        return now
    lanes = _open_lanes(now) if room.lanes else []
    return min((max(lane.next_at or now, now) if lane.per_minute else now for lane in lanes), default=None)


def _open_lanes(now: datetime) -> Sequence[sa.Row[Any]]:
    """The lanes that are not held and have something due. Found from the messages: lanes of long ago cost nothing.

    Locked until the commit where the database locks rows, so that holding a lane waits for a claim that had begun.
    """
    return db.session.execute(_opening(), {"now": now}).all()


@cache
def _opening() -> sa.Select[Any]:
    is_due = _due(_lanes.c.id, sa.bindparam("now"))
    found = sa.select(_lanes.c.id, _lanes.c.per_minute, _lanes.c.next_at).where(
        _lanes.c.id.in_(sa.select(_waiting().c.lane_id)), _lanes.c.is_held.is_(False), is_due
    )
    return found.order_by(_lanes.c.id).with_for_update(of=_lanes)


def _waiting() -> sa.CTE:
    """The lanes of all waiting messages, one look into the index for each."""
    first = sa.select(sa.func.min(_messages.c.lane_id).label("lane_id")).where(_messages.c.status == "pending")
    lane = first.cte("waiting", recursive=True)
    after = sa.select(sa.func.min(_messages.c.lane_id)).where(
        _messages.c.status == "pending", _messages.c.lane_id > lane.c.lane_id
    )
    return lane.union_all(sa.select(after.scalar_subquery()).where(lane.c.lane_id.is_not(None)))


def _due(lane_id: Any, now: Any, *, only_needed: bool = False) -> sa.ColumnElement[bool]:
    waits = sa.select(1).where(
        _messages.c.status == "pending", _messages.c.lane_id == lane_id, _messages.c.due_at <= now
    )
    return sa.exists(waits.where(_messages.c.is_marketing.is_(False)) if only_needed else waits)


def _claim_ordinary(now: datetime, limit: int, room: limits.Room) -> list[Taken]:
    """Of the ordinary lane; once the day is used up, only what is no marketing."""
    if room.ordinary > 0:
        return _claim(now, min(limit, room.ordinary), ORDINARY)
    return _claim(now, limit, ORDINARY, _NEEDED)


_OF_LANE = _messages.c.lane_id == sa.bindparam("lane")
_NEEDED = sa.and_(_OF_LANE, _messages.c.is_marketing.is_(False))


def _claim(now: datetime, limit: int, lane_id: int, wanted: sa.ColumnElement[bool] = _OF_LANE) -> list[Taken]:
    return [Taken._make(each) for each in ledger.claim_due(_messages, now, limit, wanted, _TAKEN, lane=lane_id)]
