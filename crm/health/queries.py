"""How the product is doing."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from crm.database import db
from crm.health.models import HealthTrouble, Heartbeat

SILENCE = timedelta(minutes=3)
"""A worker not seen for this long is taken for gone; it beats every minute."""


def last_seen(name: str = "worker") -> datetime | None:
    """When the process last beat, if ever."""
    heartbeat = db.session.get(Heartbeat, name)
    return heartbeat.seen_at if heartbeat else None


def is_alive(now: datetime, name: str = "worker") -> bool:
    """Whether the process has beaten lately."""
    seen = last_seen(name)
    return seen is not None and now - seen < SILENCE


def has_trouble(now: datetime) -> bool:
    """Whether the last look found something wrong, or nobody looks any more."""
    return bool(db.session.scalar(sa.select(sa.exists(sa.select(HealthTrouble.subject))))) or not is_alive(now)


def troubles_since() -> dict[str, datetime]:
    """Since when each thing has been wrong."""
    return {each.subject: each.since for each in db.session.scalars(sa.select(HealthTrouble))}
