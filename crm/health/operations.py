"""Keeping the heartbeat."""

from __future__ import annotations

import sqlalchemy as sa

from crm.database import db, insert_new, table_of
from crm.health.models import Heartbeat
from crm.lib import clock


def beat(name: str = "worker") -> None:
    """Note that this process is at work now."""
    insert_new(table_of(Heartbeat), [{"name": name, "seen_at": clock.now()}], returning=table_of(Heartbeat).c.name)
    db.session.execute(sa.update(Heartbeat).where(Heartbeat.name == name).values(seen_at=clock.now()))
