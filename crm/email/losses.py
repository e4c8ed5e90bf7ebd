"""Opens and clicks that could not be kept, counted by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa

from crm.database import db, table_of
from crm.email.models import LostHits

_table = table_of(LostHits)


def add(connection: sa.Connection, lost: Mapping[tuple[date, str], int]) -> None:
    """Count these."""
    for (day, kind), number in lost.items():
        mine = sa.and_(_table.c.day == day, _table.c.kind == kind)
        done = connection.execute(sa.update(_table).where(mine).values(count=_table.c.count + number))
        if not done.rowcount:
            connection.execute(sa.insert(_table).values(day=day, kind=kind, count=number))


def lost_since(today: date, days: int = 7) -> int:
    """How many were lost in the last days."""
    since = _table.c.day > today - timedelta(days=days)
    return db.session.scalar(sa.select(sa.func.sum(_table.c.count)).where(since)) or 0
