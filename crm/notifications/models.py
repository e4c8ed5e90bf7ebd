"""A notification, and what each user wants by email."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock
from crm.notifications.kinds import BY_KEY


class Notification(Identified, Model):
    """Something a user is told. `action_url` is a path of ours; `email_due_at` is set until it was handed to email."""

    __tablename__ = "user_notifications"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE")
    type: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str] = mapped_column(sa.String(255))
    message: Mapped[str] = mapped_column(sa.Text, default="")
    action_url: Mapped[str | None] = mapped_column(sa.Text)
    icon: Mapped[str | None] = mapped_column(sa.String(50))
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    email_due_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_user_notifications_list", "user_id", "created_at", "id"),
        sa.Index("ix_user_notifications_unread", "user_id", "read_at"),
        sa.Index(
            "ix_user_notifications_email",
            "email_due_at",
            sqlite_where=sa.text("email_due_at IS NOT NULL"),
            postgresql_where=sa.text("email_due_at IS NOT NULL"),
        ),
    )

    @property
    def kind_label(self) -> str:
        return BY_KEY[self.type].label if self.type in BY_KEY else self.type


class NotificationChoice(Identified, Model):
    """Whether a user wants one kind by email; without a row the kind's own rule holds."""

    __tablename__ = "user_notification_choices"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE")
    kind: Mapped[str] = mapped_column(sa.String(50))
    by_email: Mapped[bool]

    __table_args__ = (sa.UniqueConstraint("user_id", "kind"),)
