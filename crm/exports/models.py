"""A file that was asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Identified, Model, reference
from crm.lib import clock
from crm.users.models import User

FORMATS = {"csv": "CSV", "xlsx": "Excel"}
STATUSES = {"pending": "Waiting", "running": "Being written", "done": "Ready", "failed": "Failed"}
UNDER_WAY = ("pending", "running")


class ContactExport(Identified, Model):
    """One file for one person. `wanted` are the parameters of the list's address, read with the rights of that person."""

    __tablename__ = "contact_exports"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE")
    format: Mapped[str] = mapped_column(sa.String(8))
    wanted: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(sa.String(12), default="pending")
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(sa.String(255))
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()

    __table_args__ = (
        sa.Index("ix_contact_exports_user", "user_id", "id"),
        sa.Index("ix_contact_exports_status", "status"),
    )

    @property
    def status_label(self) -> str:
        return STATUSES[self.status]

    @property
    def format_label(self) -> str:
        return FORMATS[self.format]

    @property
    def is_working(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def file_name(self) -> str:
        """What the browser saves it as: with the day on the clock of whose file it is."""
        return f"contacts-{clock.local(self.created_at, self.user.timezone):%Y-%m-%d}.{self.format}"

    @property
    def stored_as(self) -> str:
        """Its name in the folder of exports."""
        return f"{self.id}.{self.format}"
