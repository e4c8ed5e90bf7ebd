"""Reports about messages, and where reading the mailbox stands."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model
from crm.lib import clock


class MailReport(Identified, Model):
    """One thing a carrier or mailbox told, kept once however often it is told. `applied_at` is empty while its message is being sent."""

    __tablename__ = "email_reports"

    source: Mapped[str] = mapped_column(sa.String(12))
    event_id: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(12))
    address: Mapped[str] = mapped_column(sa.String(255), default="")
    email_message_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    digest: Mapped[str | None] = mapped_column(sa.String(64))
    """Of the whole report, where a signature must not be used again with another one."""
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    applied_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("source", "event_id"),
        sa.Index("ix_email_reports_source", "source", "id"),
        sa.Index("ix_email_reports_message", "email_message_id"),
        sa.Index("ix_email_reports_address", "address", "kind", "happened_at"),
        sa.Index("ix_email_reports_received", "received_at"),
        sa.Index(
            "ix_email_reports_waiting",
            "id",
            sqlite_where=sa.text("applied_at IS NULL"),
            postgresql_where=sa.text("applied_at IS NULL"),
        ),
    )


class Mailbox(Identified, Model):
    """A folder that is read for bounces and replies: how far, by whom just now, and what went wrong last."""

    __tablename__ = "mailboxes"

    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Stands for user, host and folder without telling them."""
    uid_validity: Mapped[int | None] = mapped_column(sa.BigInteger)
    last_uid: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    lease_until: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(sa.String(255))
    bounces: Mapped[int] = mapped_column(default=0)
    replies: Mapped[int] = mapped_column(default=0)
