"""Bulk actions and what they changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.bulk.kinds import KINDS
from crm.bulk.kinds.kind import Kind
from crm.database import BigId, Identified, Model, reference
from crm.lib import clock
from crm.users.models import User

WORKING = ("waiting", "running", "undoing")
STATUSES = {
    "waiting": "Waiting", "running": "Running", "done": "Done", "stopped": "Stopped", "failed": "Failed", "undoing": "Undoing", "undone": "Undone",
}  # fmt: skip
UNDO_WITHIN = timedelta(days=1)


class BulkAction(Identified, Model):
    """One change to many. `query` is the list it is for (nothing: those written down at once), `checkpoint` the last contact dealt with."""

    __tablename__ = "bulk_actions"

    kind_key: Mapped[str] = mapped_column("kind", sa.String(20))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    title: Mapped[str] = mapped_column(sa.String(255))
    query: Mapped[dict[str, Any] | None]
    status: Mapped[str] = mapped_column(sa.String(12), default="waiting", index=True)
    total: Mapped[int | None]
    """How many contacts it is for, once they are written down."""
    done: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    checkpoint: Mapped[int] = mapped_column(BigId, default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL", index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]

    creator: Mapped[User | None] = relationship()

    @property
    def kind(self) -> Kind:
        return KINDS[self.kind_key]

    @property
    def is_working(self) -> bool:
        return self.status in WORKING

    @property
    def status_label(self) -> str:
        return STATUSES[self.status]

    def can_be_undone(self, now: datetime) -> bool:
        """Whether there is something to undo, and it is not too late."""
        is_over = self.status in {"done", "stopped", "failed"} and bool(self.changed)
        return is_over and self.kind.is_undoable and now - (self.finished_at or self.created_at) < UNDO_WITHIN


class BulkActionChange(Model):
    """A contact the action is for; `before` is what undoing needs to know of one who was changed."""

    __tablename__ = "bulk_action_changes"

    action_id: Mapped[int] = reference("bulk_actions.id", on_delete="CASCADE", primary_key=True)
    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", primary_key=True, index=True)
    is_changed: Mapped[bool] = mapped_column(default=False)
    before: Mapped[Any] = mapped_column(sa.JSON, nullable=True)
