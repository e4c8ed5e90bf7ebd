"""The follow-up task."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.contacts.models import Contact
from crm.database import Model, Numbered, Timestamped, reference
from crm.users.models import User

PRIORITIES = {"low": "Low", "medium": "Medium", "high": "High", "urgent": "Urgent"}
STATUSES = {"pending": "To do", "in_progress": "In progress", "completed": "Done", "cancelled": "Cancelled"}
OPEN = ("pending", "in_progress")
_OPEN = sa.text("status IN ('pending', 'in_progress')")
_DONE = sa.text("status = 'completed'")
_TO_REMIND = sa.text("reminder_at IS NOT NULL AND reminded_at IS NULL")
_DELETED = sa.text("deleted_at IS NOT NULL")


class Task(Numbered, Timestamped, Model):
    """Something to do about a contact. `due_date` and `due_time` are on the assignee's clock."""

    __tablename__ = "contact_tasks"

    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE")
    assigned_to: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    title: Mapped[str] = mapped_column(sa.String(255))
    description: Mapped[str | None] = mapped_column(sa.Text)
    due_date: Mapped[date | None]
    due_time: Mapped[time | None]
    priority: Mapped[str] = mapped_column(sa.String(20), default="medium")
    status: Mapped[str] = mapped_column(sa.String(20), default="pending")
    completed_at: Mapped[datetime | None]
    reminder_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    """When the reminder went out; empty while it is still to come."""
    deleted_at: Mapped[datetime | None]
    """A deleted task is kept for thirty days."""

    contact: Mapped[Contact] = relationship()
    assignee: Mapped[User | None] = relationship(foreign_keys=[assigned_to])

    __table_args__ = (
        sa.Index("ix_contact_tasks_mine", "assigned_to", "status", "due_date"),
        sa.Index("ix_contact_tasks_contact", "contact_id", "status"),
        sa.Index("ix_contact_tasks_open", "due_date", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_contact_tasks_reminder", "reminder_at", sqlite_where=_TO_REMIND, postgresql_where=_TO_REMIND),
        sa.Index("ix_contact_tasks_deleted", "deleted_at", sqlite_where=_DELETED, postgresql_where=_DELETED),
        sa.Index("ix_contact_tasks_done", "completed_at", "id", sqlite_where=_DONE, postgresql_where=_DONE),
    )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def priority_label(self) -> str:
        return PRIORITIES.get(self.priority, self.priority)

    @property
    def status_label(self) -> str:
        return STATUSES.get(self.status, self.status)

    @property
    def took(self) -> timedelta | None:
        """The response time: from when the task was made until it was done."""
        return self.completed_at - self.created_at if self.completed_at else None

    def is_overdue(self, here: datetime) -> bool:
        """Whether the task should have been done before `here`, a moment on the clock of whom it is for."""
        if not self.is_open or self.due_date is None:
            return False
        return (self.due_date, self.due_time or time.max) < (here.date(), here.time())


class TaskCalendar(Model):
    """Says that a user's calendar feed is on. A new `serial` makes the old address worthless."""

    __tablename__ = "task_calendars"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True)
    serial: Mapped[int] = mapped_column(sa.BigInteger)
    is_on: Mapped[bool] = mapped_column(default=True)
