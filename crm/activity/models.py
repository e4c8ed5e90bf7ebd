"""The activity log: the timeline of every contact and the queue of facts still to be reacted to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock


class ContactActivity(Identified, Model):
    """One thing that happened to a contact; `dispatched_at` is empty until it was handed out, and then nothing changes.

    But for the words of a note, which follow the note.
    """

    __tablename__ = "contact_activities"

    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE")
    activity_type: Mapped[str] = mapped_column(sa.String(50))
    subject_type: Mapped[str | None] = mapped_column(sa.String(100))
    subject_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    title: Mapped[str] = mapped_column(sa.String(255))
    description: Mapped[str | None] = mapped_column(sa.Text)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    performed_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    depth: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    dispatched_at: Mapped[datetime | None]
    dispatch_attempts: Mapped[int] = mapped_column(default=0)
    dispatch_error: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_contact_activities_timeline", "contact_id", "created_at", "id"),
        sa.Index("ix_contact_activities_type", "activity_type", "created_at"),
        sa.Index(
            "ix_contact_activities_waiting",
            "id",
            sqlite_where=sa.text("dispatched_at IS NULL"),
            postgresql_where=sa.text("dispatched_at IS NULL"),
        ),
    )


class Fact(NamedTuple):
    """What those who react to an activity are told of it: a row of the log as it was read, which nobody changes."""

    id: int
    contact_id: int
    activity_type: str
    subject_type: str | None
    subject_id: int | None
    metadata_: dict[str, Any]
    depth: int
    created_at: datetime
