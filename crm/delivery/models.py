"""The ledger columns of a message, suppressed addresses, and whom email is from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, Numbered, Timestamped, reference
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


SUPPRESSED_FOR = {
    "hard": "No such address",
    "soft": "Bounced three times",
    "complaint": "Complaint",
    "manual": "Added by hand",
    "import": "Imported",
    "erased": "Erased",
}
"""Why nothing is sent to an address. Those above come from mail servers, those below from people."""


class Suppression(Numbered, Model):
    """An address nothing is sent to: it bounced for good, complained, or somebody put it here."""

    __tablename__ = "suppressions"

    channel: Mapped[str] = mapped_column(sa.String(12), default="email")
    address: Mapped[str] = mapped_column(sa.String(255))
    kind: Mapped[str] = mapped_column(sa.String(12), default="hard")
    reason: Mapped[str] = mapped_column(sa.String(255))
    source: Mapped[str] = mapped_column(sa.String(120), default="")
    """Who or what said so: a carrier, a file, a person."""
    email_message_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.UniqueConstraint("channel", "address"),
        sa.Index("ix_suppressions_kind", "channel", "kind", "id"),
    )


class SuppressionRelease(Identified, Model):
    """An address that is written to again, with what held it back, who let it go and why."""

    __tablename__ = "suppression_releases"

    channel: Mapped[str] = mapped_column(sa.String(12), default="email")
    address: Mapped[str] = mapped_column(sa.String(255))
    kind: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(255))
    why: Mapped[str] = mapped_column(sa.String(255))
    released_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    released_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (sa.Index("ix_suppression_releases_address", "address", "released_at"),)


class EmailSender(Numbered, Timestamped, Model):
    """Somebody emails can be from. One is the default; without any it is MAIL_FROM."""

    __tablename__ = "email_senders"

    name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(255), unique=True)
    reply_to: Mapped[str | None] = mapped_column(sa.String(255))
    is_default: Mapped[bool] = mapped_column(default=False)


class DomainCheck(Identified, Model):
    """What the DNS of a sending domain was found to say, and when; `asked_at` is set while a look is wanted."""

    __tablename__ = "domain_checks"

    domain: Mapped[str] = mapped_column(sa.String(255), unique=True)
    findings: Mapped[list[Any] | None]
    checked_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]


class SendingDomain(Model):
    """How a recipients' domain has taken mail lately: refusals in a row, whether it is left alone for a while, and its pace."""

    __tablename__ = "sending_domains"

    domain: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    refusals: Mapped[int] = mapped_column(default=0)
    held_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(255))
    next_at: Mapped[datetime | None]
    """When the next message of a lane may go there, if mail to one domain is slowed down."""
    next_single_at: Mapped[datetime | None]
    """The same for messages of the ordinary lane, which have a share of their own."""


class SendingDay(Model):
    """How many emails were taken to be sent on a day of the school's."""

    __tablename__ = "sending_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
