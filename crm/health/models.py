"""The worker's sign of life, and times when nothing may be sent."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock

CAUSES = {
    "restored": "A backup was restored",
    "stopped": "The worker stood still for long",
    "asked": "Somebody stopped all sending",
}


class Heartbeat(Model):
    """The last time the named process was seen at work."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    seen_at: Mapped[datetime]


class Hold(Identified, Model):
    """A time in which nothing is sent and no workflow moves, until a person decides. It stands while `ended_at` is empty.

    `since` is when things began to be late: the moment of the backup, or of the last sign of life.
    """

    __tablename__ = "holds"

    cause: Mapped[str] = mapped_column(sa.String(12))
    since: Mapped[datetime]
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_by: Mapped[str] = mapped_column(sa.String(120), default="")
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    decision: Mapped[str | None] = mapped_column(sa.String(12))
    skipped_before: Mapped[datetime | None]

    @property
    def cause_label(self) -> str:
        return CAUSES.get(self.cause, self.cause)


class HealthTrouble(Model):
    """What the last look found wrong, and since when; what is well again is gone."""

    __tablename__ = "health_troubles"

    subject: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(500))
    since: Mapped[datetime] = mapped_column(default=clock.now)
