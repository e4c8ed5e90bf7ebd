"""How the product is doing."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.database import db
from crm.health.models import Heartbeat

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
