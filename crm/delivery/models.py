"""The ledger columns of a message, and suppressed addresses."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model
from crm.lib import clock

STATUSES = {
    "pending": "Waiting",
    "claimed": "Being prepared",
    "sending": "Being sent",
    "sent": "Sent",
    "delivered": "Delivered",
    "failed": "Failed",
    "unknown": "Not known",
    "skipped": "Skipped",
    "cancelled": "Cancelled",
}


class Ledger:
    """A message that is a row before it is sent. One row per (purpose, parent_id, contact_id, visit_no), ever.

    pending → claimed → sending → sent, failed or unknown; `fence` grows with each claim, and a result is written only
    by the holder of the newest one.
    """

    purpose: Mapped[str] = mapped_column(sa.String(20))
    parent_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    visit_no: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(sa.String(12), default="pending")
    reason: Mapped[str | None] = mapped_column(sa.String(255))
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Suppression(Identified, Model):
    """An address nothing is sent to: it bounced for good, or complained."""

    __tablename__ = "suppressions"

    channel: Mapped[str] = mapped_column(sa.String(12), default="email")
    address: Mapped[str] = mapped_column(sa.String(255))
    reason: Mapped[str] = mapped_column(sa.String(255))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (sa.UniqueConstraint("channel", "address"),)
