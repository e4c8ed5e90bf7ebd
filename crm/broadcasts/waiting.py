"""Broadcasts whose hour has come, for the hold and the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.broadcasts.models import Broadcast
from crm.broadcasts.telling import tell_missed
from crm.database import db, table_of
from crm.health.waiting import Waiting

_broadcasts = table_of(Broadcast)


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    due = _broadcasts.c.status == "scheduled", _broadcasts.c.scheduled_at <= now
    return sa.select(_broadcasts.c.scheduled_at).where(*due).order_by(_broadcasts.c.scheduled_at)


def _skip(before: datetime, _reason: str) -> int:
    """They have missed their hour: each asks by itself what is to become of it."""
    late = sa.select(Broadcast).where(Broadcast.status == "scheduled", Broadcast.scheduled_at < before)
    found = list(db.session.scalars(late))
    for each in found:
        each.status = "missed"
    tell_missed(found)
    return len(found)


WAITING = Waiting("broadcasts", "broadcast", "broadcasts", _due, _skip, "broadcasts.index")
