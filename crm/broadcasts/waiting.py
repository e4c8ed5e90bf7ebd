"""Broadcasts whose hour has come, for the hold and the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.broadcasts.models import Broadcast
from crm.database import db, table_of
from crm.health.waiting import Waiting

_broadcasts = table_of(Broadcast)


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    due = _broadcasts.c.status == "scheduled", _broadcasts.c.scheduled_at <= now
    return sa.select(_broadcasts.c.scheduled_at).where(*due).order_by(_broadcasts.c.scheduled_at)


def _skip(before: datetime, _reason: str) -> int:
    """They have missed their hour: each asks by itself what is to become of it."""
    late = _broadcasts.c.status == "scheduled", _broadcasts.c.scheduled_at < before
    missed = sa.update(_broadcasts).where(*late).values(status="missed")
    return db.session.execute(missed, execution_options={"synchronize_session": False}).rowcount


WAITING = Waiting("broadcasts", "broadcast", "broadcasts", _due, _skip, "broadcasts.index")
