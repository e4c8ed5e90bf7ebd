"""Opt-outs: a history per address, of which the newest row rules."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock


class EmailUnsubscribe(Identified, Model):
    """An address left, or came back (`resubscribed_at`)."""

    __tablename__ = "email_unsubscribes"

    contact_id: Mapped[int | None] = reference("contacts.id", on_delete="SET NULL", index=True)
    email: Mapped[str] = mapped_column(sa.String(255), index=True)
    reason: Mapped[str | None] = mapped_column(sa.String(100))
    feedback: Mapped[str | None] = mapped_column(sa.Text)
    email_message_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    unsubscribed_at: Mapped[datetime] = mapped_column(default=clock.now)
    resubscribed_at: Mapped[datetime | None]
