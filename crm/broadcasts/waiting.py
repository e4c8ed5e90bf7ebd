"""Broadcasts whose time has come, for the hold and the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.broadcasts.models import Broadcast
from crm.database import db
from crm.health.waiting import Waiting


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    due = Broadcast.status == "scheduled", Broadcast.scheduled_at <= now
    return sa.select(Broadcast.scheduled_at).where(*due).order_by(Broadcast.scheduled_at)


def _skip(before: datetime, _reason: str) -> int:
    """Mark them as missed: each asks by itself what is to become of it."""
    late = sa.update(Broadcast).where(Broadcast.status == "scheduled", Broadcast.scheduled_at < before)
    return db.session.execute(late.values(status="missed")).rowcount


WAITING = Waiting("broadcasts", "scheduled broadcast", "scheduled broadcasts", _due, _skip, "broadcasts.index")
