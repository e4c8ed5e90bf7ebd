"""Emails whose time has come, for the hold and the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.database import db, table_of
from crm.email.models import EmailLane, EmailMessage
from crm.health.waiting import Waiting

BATCH = 5_000
messages = table_of(EmailMessage)


def _open() -> sa.ColumnElement[bool]:
    """Waiting, and not in a lane that somebody holds."""
    held = sa.select(EmailLane.id).where(EmailLane.is_held)
    return sa.and_(messages.c.status == "pending", messages.c.lane_id.not_in(held))


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    return sa.select(messages.c.due_at).where(_open(), messages.c.due_at <= now).order_by(messages.c.due_at)


def _skip(before: datetime, reason: str) -> int:
    late = sa.select(messages.c.id).where(_open(), messages.c.due_at < before)
    taken = sa.update(messages).where(messages.c.id.in_(late.limit(BATCH)), messages.c.status == "pending")
    values = {"status": "cancelled", "reason": reason[:255], "lease_until": None}
    return db.session.execute(taken.values(values), execution_options={"synchronize_session": False}).rowcount


WAITING = Waiting("emails", "email", "emails", _due, _skip, "messages.index")
