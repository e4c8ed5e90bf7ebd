"""Broadcasts, whom they are for, and the wordings that are tried against each other."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.audiences.models import Audience
from crm.database import BigId, Identified, Model, Timestamped, reference
from crm.email.models import EmailContent
from crm.users.models import User

PURPOSE = "broadcast"
STATUSES = {
    "draft": "Draft", "scheduled": "Scheduled", "missed": "Missed", "launching": "Being launched", "sending": "Being sent",
    "paused": "Paused", "finished": "Sent", "cancelled": "Cancelled",
}  # fmt: skip
WRITABLE = ("draft", "scheduled", "missed")
"""Until it is launched it can be changed."""
UNDER_WAY = ("launching", "sending", "paused")
LAUNCHED = ("launching", "sending", "paused", "finished", "cancelled")
TESTS = {"subject": "Subject", "content": "Content"}
WINNERS = {"opens": "Most opens by people", "clicks": "Most clicks by people", "hand": "I choose"}
MOST_VARIANTS = 5
LETTERS = "ABCDE"
LATE = timedelta(hours=2)
"""A broadcast that is later than this does not go out by itself."""


class Broadcast(Identified, Timestamped, Model):
    """One email to many. `checkpoint` is the last contact looked at while its recipients are written down."""

    __tablename__ = "broadcasts"

    name: Mapped[str] = mapped_column(sa.String(120))
    status: Mapped[str] = mapped_column(sa.String(12), default="draft")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    template_id: Mapped[int | None] = reference("email_templates.id", on_delete="SET NULL", index=True)
    sender_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    topic_id: Mapped[int | None] = mapped_column(sa.BigInteger)

    is_for_everyone: Mapped[bool] = mapped_column(default=False)
    is_for_chosen: Mapped[bool] = mapped_column(default=False)
    """For contacts chosen by hand, in `broadcast_contacts`."""
    condition: Mapped[dict[str, Any] | None]
    """Narrows the audiences; without any it means everyone of whom it is true."""

    scheduled_at: Mapped[datetime | None]
    """When it is to be launched."""
    local_time: Mapped[str | None] = mapped_column(sa.String(16))
    """The hour on each contact's own clock, as 2026-12-24T09:00."""
    per_minute: Mapped[int | None]
    test_on: Mapped[str | None] = mapped_column(sa.String(10))
    test_share: Mapped[int] = mapped_column(default=20)
    test_minutes: Mapped[int] = mapped_column(default=240)
    winner_by: Mapped[str] = mapped_column(sa.String(10), default="opens")
    test_ends_at: Mapped[datetime | None]
    winner_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    decided_at: Mapped[datetime | None]
    decided_because: Mapped[str | None] = mapped_column(sa.String(255))
    is_rolled_out: Mapped[bool] = mapped_column(default=False)

    links_due_at: Mapped[datetime | None] = mapped_column(index=True)
    link_checks: Mapped[dict[str, Any] | None]

    launched_at: Mapped[datetime | None]
    launched_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    audience_words: Mapped[str | None] = mapped_column(sa.Text)
    """Whom it was for, in the words of the day it was launched."""
    expected: Mapped[int | None]
    frozen: Mapped[int] = mapped_column(default=0)
    checkpoint: Mapped[int] = mapped_column(BigId, default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lane_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    rest_lane_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    sending_since: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))

    sent_count: Mapped[int] = mapped_column(default=0)
    opened_count: Mapped[int] = mapped_column(default=0)
    clicked_count: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[datetime | None]
    """When the three counts were taken; they serve the list."""

    creator: Mapped[User | None] = relationship(foreign_keys="Broadcast.created_by")
    audiences: Mapped[list[BroadcastAudience]] = relationship(
        order_by="BroadcastAudience.id", cascade="all, delete-orphan", passive_deletes=True
    )
    variants: Mapped[list[Variant]] = relationship(
        order_by="Variant.position", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        sa.Index("ix_broadcasts_status", "status", "id"),
        sa.Index("ix_broadcasts_scheduled", "status", "scheduled_at"),
        sa.Index("ix_broadcasts_counted", "counted_at"),
        {"sqlite_autoincrement": True},
    )
    """The number of one that was deleted is never given again: its messages keep it, and nobody is written to twice under one number."""

    @property
    def local_day(self) -> date | None:
        """The day of `local_time`."""
        return date.fromisoformat(self.local_time[:10]) if self.local_time else None

    @property
    def is_writable(self) -> bool:
        return self.status in WRITABLE

    @property
    def is_launched(self) -> bool:
        return self.status in LAUNCHED

    @property
    def is_working(self) -> bool:
        """Whether something may still happen to its messages by itself."""
        return self.status in UNDER_WAY or (self.status == "cancelled" and self.finished_at is None)

    @property
    def is_test_open(self) -> bool:
        """Whether the winner of its test is not known yet."""
        return self.test_on is not None and self.decided_at is None

    @property
    def status_label(self) -> str:
        return STATUSES[self.status]

    @property
    def included(self) -> list[BroadcastAudience]:
        return [each for each in self.audiences if not each.is_excluded]

    @property
    def excluded(self) -> list[BroadcastAudience]:
        return [each for each in self.audiences if each.is_excluded]

    @property
    def has_audience(self) -> bool:
        """Whether anybody was chosen at all."""
        return bool(self.is_for_everyone or self.is_for_chosen or self.included or self.has_condition)

    @property
    def has_condition(self) -> bool:
        return bool((self.condition or {}).get("conditions"))

    @property
    def content(self) -> EmailContent | None:
        """What the first wording says."""
        return self.variants[0].content if self.variants else None

    @property
    def lane_ids(self) -> list[int]:
        return [each for each in (self.lane_id, self.rest_lane_id) if each]

    @property
    def winner(self) -> Variant | None:
        return next((each for each in self.variants if each.id == self.winner_id), None)


class BroadcastAudience(Identified, Model):
    """An audience a broadcast is for, or not for. One that was deleted keeps its name, so that nobody is addressed by mistake."""

    __tablename__ = "broadcast_audiences"

    broadcast_id: Mapped[int] = reference("broadcasts.id", on_delete="CASCADE", index=True)
    audience_id: Mapped[int | None] = reference("audiences.id", on_delete="SET NULL", index=True)
    is_excluded: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(sa.String(100))

    audience: Mapped[Audience | None] = relationship()

    @property
    def is_gone(self) -> bool:
        return self.audience_id is None


class BroadcastContact(Model):
    """A contact who was chosen by hand."""

    __tablename__ = "broadcast_contacts"

    broadcast_id: Mapped[int] = reference("broadcasts.id", on_delete="CASCADE", primary_key=True)
    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", primary_key=True, index=True)


class Variant(Identified, Model):
    """A wording of a broadcast; `position` 0 is A. Without a test there is one."""

    __tablename__ = "broadcast_variants"

    broadcast_id: Mapped[int] = reference("broadcasts.id", on_delete="CASCADE")
    position: Mapped[int] = mapped_column(default=0)
    content_id: Mapped[int] = reference("email_contents.id", on_delete="RESTRICT", index=True)

    content: Mapped[EmailContent] = relationship()

    __table_args__ = (sa.UniqueConstraint("broadcast_id", "position"),)

    @property
    def letter(self) -> str:
        return LETTERS[self.position]
