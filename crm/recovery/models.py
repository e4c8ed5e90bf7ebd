"""What was deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Model, Numbered, reference
from crm.lib import clock


def kept_for() -> timedelta:
    """How long deleted records are kept, as set; 0 days keep them for good."""
    return timedelta(days=current_app.config["DELETED_KEPT_DAYS"] or 36_500)


class DeletedRecord(Numbered, Model):
    """A record that was deleted, with everything that hung on it, packed; gone for good after `kept_for()`.

    `email` and `name` are kept beside the packed rows to show and to erase by.
    """

    __tablename__ = "deleted_records"

    table_name: Mapped[str] = mapped_column(sa.String(60))
    record_id: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(255), default="")
    email: Mapped[str | None] = mapped_column(sa.String(255))
    packed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    deleted_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    deleted_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.Index("ix_deleted_records_newest", "table_name", "id"),
        sa.Index("ix_deleted_records_deleted_at", "deleted_at"),
        sa.Index("ix_deleted_records_email", "email"),
    )

    @property
    def gone_at(self) -> datetime:
        """When it is removed for good."""
        return self.deleted_at + kept_for()
